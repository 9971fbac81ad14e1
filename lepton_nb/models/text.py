"""Networks for texts: convolutions over vectors of words, the article's and ours."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, ops

__all__ = ["build_text", "build_text_article"]


@keras.saving.register_keras_serializable("lepton_nb")
class Covered(layers.Layer):
    """Vectors (b, n, d) of words (b, n): zero where there is no word, whatever the table holds for number 0."""

    def call(self, vectors, words):
        return vectors * ops.cast(ops.not_equal(words, 0), vectors.dtype)[..., None]

    def compute_output_spec(self, vectors, words):
        return keras.KerasTensor(vectors.shape, vectors.dtype)


@keras.saving.register_keras_serializable("lepton_nb")
class MeanOfWords(layers.Layer):
    """Mean over the places (b, n, d) that hold a word (b, n): (b, d)."""

    def call(self, vectors, words):
        present = ops.cast(ops.not_equal(words, 0), vectors.dtype)
        total = ops.sum(vectors * present[..., None], axis=1)
        return total / ops.maximum(ops.sum(present, axis=1, keepdims=True), 1.0)

    def compute_output_spec(self, vectors, words):
        return keras.KerasTensor((vectors.shape[0], vectors.shape[2]), vectors.dtype)


@keras.saving.register_keras_serializable("lepton_nb")
class Frequent(layers.Layer):
    """Numbers of words (b, n), those from ``limit`` on as 1, the word that is not known."""

    def __init__(self, limit: int, **options):
        super().__init__(**options)
        self.limit = limit

    def call(self, words):
        return ops.where(words < self.limit, words, ops.ones_like(words))

    def compute_output_spec(self, words):
        return keras.KerasTensor(words.shape, words.dtype)

    def get_config(self):
        return super().get_config() | {"limit": self.limit}


def build_text_article(
    vocabulary: int,
    dimensions: int = 100,
    widths: Sequence[int] = (3, 4, 5),
    filters: int = 100,
    dropout: float = 0.5,
    name: str = "text_article",
) -> keras.Model:
    """The article's network (S18): vectors of words, convolutions, the largest answer of each filter, a dense layer.

    Input (batch, words) of whole numbers, 0 where there is no word, at least as many places as the widest filter;
    output (batch, 2), the probabilities of blame and praise. The article names no sizes; these filters and this dropout
    are the classic ones. The vectors start at random. Raises ValueError for sizes below 1, a vocabulary below 3 and a
    dropout outside 0..1.

    Reference: Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014 (with 300 dimensions).
    """
    _check(vocabulary, widths, dropout, dimensions=dimensions, filters=filters)
    words = keras.Input((None,), dtype="int32", name="words")
    vectors = layers.Embedding(vocabulary, dimensions, name="vectors")(words)
    return _answers(words, Covered(name="covered")(vectors, words), widths, filters, dropout, (), name)


def build_text(
    vocabulary: int,
    dimensions: int = 100,
    tuned: int = 10_000,
    widths: Sequence[int] = (1, 2, 3),
    filters: int = 100,
    word_dropout: float = 0.2,
    dropout: float = 0.5,
    name: str = "text",
) -> keras.Model:
    r"""Our network: fixed vectors of words plus what the labels add to them, convolutions, largest answers and a mean.

    A word $w$ enters as $v_w + u_w$. $v$, the layer "fixed", is set from outside and does not move; $u$, the layer
    "tuned", starts at zero and is learnt, one for each of the ``tuned`` most frequent words and one for all others.
    Filters that read both and add their answers, the two channels of Kim, read the sum: a convolution is linear. The
    mean of the vectors stands beside the largest answers: in a long text many small signs count too.

    Input (batch, words) of whole numbers, 0 where there is no word, at least as many places as the widest filter;
    output (batch, 2), the probabilities of blame and praise. Raises ValueError for sizes below 1, a vocabulary below 3
    and a dropout outside 0..1.

    Reference: Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014, section 2.1.
    """
    _check(vocabulary, widths, dropout, dimensions=dimensions, filters=filters, tuned=tuned)
    _check(vocabulary, widths, word_dropout)
    words = keras.Input((None,), dtype="int32", name="words")
    fixed = layers.Embedding(vocabulary, dimensions, trainable=False, name="fixed")(words)
    known = min(tuned + 2, vocabulary)
    table = layers.Embedding(known, dimensions, embeddings_initializer="zeros", name="tuned")
    vectors = layers.Add(name="sum")([fixed, table(Frequent(known, name="frequent")(words))])
    vectors = Covered(name="covered")(vectors, words)
    mean = MeanOfWords(name="mean")(vectors, words)
    shown = layers.Dropout(word_dropout, name="word_dropout")(vectors) if word_dropout else vectors
    return _answers(words, shown, widths, filters, dropout, (mean,), name)


def _answers(words, vectors, widths, filters, dropout, beside, name: str) -> keras.Model:
    """From vectors of words to probabilities: filters, their largest answers, what stands beside them, a softmax."""
    largest = []
    for width in widths:
        answers = layers.Conv1D(filters, width, activation="relu", name=f"filters_{width}")(vectors)
        largest.append(layers.GlobalMaxPooling1D(name=f"largest_{width}")(answers))
    parts = [*largest, *beside]
    hidden = layers.Concatenate(name="all")(parts) if len(parts) > 1 else parts[0]
    if dropout:
        hidden = layers.Dropout(dropout, name="dropout")(hidden)
    return keras.Model(words, layers.Dense(2, activation="softmax", name="probabilities")(hidden), name=name)


def _check(vocabulary: int, widths: Sequence[int], dropout: float, **sizes: int) -> None:
    if vocabulary < 3:
        raise ValueError(f"vocabulary must hold a word beside the numbers 0 and 1. Received: {vocabulary=}")
    if len(widths) < 1 or min(widths) < 1 or len(set(widths)) < len(widths):
        raise ValueError(f"widths must be different whole numbers of at least 1. Received: {widths=}")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1. Received: {dropout=}")
    for size, value in sizes.items():
        if value < 1:
            raise ValueError(f"{size} must be at least 1. Received: {size}={value}")
