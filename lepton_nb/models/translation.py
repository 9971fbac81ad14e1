"""Translation: the article's network made into a translator, and an encoder-decoder with and without attention.

Each builder gives a :class:`Translator`: three Keras models that share one set of weights. ``trainee`` is trained,
``encoder`` and ``step`` write a translation piece by piece. Token 0 is padding, 1 begins a sentence, 2 ends it,
3 is the unknown piece; the network never writes 0, 1 or 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers, ops

#: Reserved tokens.
PAD, BEGIN, END, UNKNOWN = 0, 1, 2, 3
#: Added to the score of what must not be written.
NEVER = -1e9


@dataclass(frozen=True)
class Translator:
    """One set of weights, three ways in.

    trainee: (source (b, s), shifted target (b, t), target (b, t)) → loss of each piece in nats (b, t).
    encoder: source (b, s) → ``memories`` arrays (b, s, …) that every step may look at, then ``states`` arrays (b, …)
    that each step replaces.
    step: (source mask (b, s), token (b, k), the memories (b, s, …), the states (b·k, …)) → logarithms of the ``best``
    largest probabilities (b, k, best), their tokens (b, k, best), the new states. k hypotheses share one memory.
    attention: (source, shifted target) → weights (b, t, s), mean over the heads; None for a network without.
    """

    trainee: keras.Model
    encoder: keras.Model
    step: keras.Model
    memories: int
    states: int
    best: int
    attention: keras.Model | None = None


@keras.saving.register_keras_serializable("lepton_nb")
class TiedEmbedding(layers.Embedding):
    r"""One matrix $E$ (vocabulary, d) read both ways: token → row of $E$, and vector $o$ → scores $E o + b$.

    The scores are one matrix product in the layer's compute type, and leave in 32 bits.

    Reference: Press and Wolf, Using the Output Embedding to Improve Language Models, EACL 2017.
    """

    def build(self, input_shape=None):
        super().build(input_shape)
        self.bias = self.add_weight(shape=(self.input_dim,), initializer="zeros", name="bias")

    def save_own_variables(self, store):
        store["embeddings"], store["bias"] = (ops.convert_to_numpy(part) for part in (self.embeddings, self.bias))

    def load_own_variables(self, store):  # Embedding's own knows of no second array
        self.embeddings.assign(store["embeddings"])
        self.bias.assign(store["bias"])

    def call(self, inputs, reverse: bool = False):
        if not reverse:
            return super().call(inputs)
        kernel = ops.transpose(ops.cast(self.embeddings, self.compute_dtype))
        scores = ops.matmul(ops.cast(inputs, self.compute_dtype), kernel) + ops.cast(self.bias, self.compute_dtype)
        return ops.cast(scores, "float32")

    def compute_output_spec(self, inputs, reverse: bool = False):
        size, dtype = (self.input_dim, "float32") if reverse else (self.output_dim, self.compute_dtype)
        shape = inputs.shape[:-1] if reverse else inputs.shape
        return keras.KerasTensor((*shape, size), dtype=dtype)


@keras.saving.register_keras_serializable("lepton_nb")
class DotAttention(layers.Layer):
    r"""Scaled dot-product attention over a memory, in several heads, without weights of its own.

    $$ \alpha_{ij} = \mathrm{softmax}_j \left( q_i^\top k_j / \sqrt d \right), \qquad c_i = \sum_j \alpha_{ij} v_j $$

    Call with queries (b, t, u), keys and values (b, s, u), mask (b, s); gives the contexts (b, t, u), heads side by
    side, and the weights (b, heads, t, s).

    References: Luong, Pham and Manning, EMNLP 2015 (dot); Vaswani et al., NeurIPS 2017 (scaled, heads).
    """

    def __init__(self, heads: int, **options):
        super().__init__(**options)
        self.heads = heads
        self.supports_masking = True  # takes the mask as an argument, and hands none on

    def compute_mask(self, *inputs, **options):
        return None

    def call(self, queries, keys, values, mask):
        def split(x):  # (b, t, u) → (b, heads, t, u / heads)
            return ops.transpose(
                ops.reshape(x, (*ops.shape(x)[:2], self.heads, x.shape[-1] // self.heads)), (0, 2, 1, 3)
            )

        width = queries.shape[-1]
        scores = ops.matmul(split(queries), ops.transpose(split(keys), (0, 1, 3, 2))) / (width / self.heads) ** 0.5
        hidden = ops.cast(ops.logical_not(mask), scores.dtype)[:, None, None, :]
        weights = ops.softmax(scores + NEVER * hidden)
        context = ops.transpose(ops.matmul(weights, split(values)), (0, 2, 1, 3))
        return ops.reshape(context, (*ops.shape(context)[:2], width)), weights

    def compute_output_spec(self, queries, keys, values, mask):
        context = keras.KerasTensor(queries.shape, dtype=self.compute_dtype)
        shape = (queries.shape[0], self.heads, queries.shape[1], keys.shape[1])
        return context, keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "heads": self.heads}


@keras.saving.register_keras_serializable("lepton_nb")
class SmoothedLoss(layers.Layer):
    r"""Cross-entropy of each piece with label smoothing, in nats: hidden (b, t, d), target (b, t) → (b, t).

    $$ L = -\ln p_y + \varepsilon \Big( z_y - \frac1V \sum_j z_j \Big), \qquad z = E o + b $$

    which is the cross-entropy with $1 - \varepsilon$ on the right piece $y$ and $\varepsilon$ spread evenly over all V.
    The two scores in brackets are taken from $o$ directly, $z_y = e_y^\top o + b_y$ and the mean as $\bar e^\top o +
    \bar b$, so that no second array of the vocabulary's size is made.

    Reference: Szegedy et al., CVPR 2016.
    """

    def __init__(self, table: TiedEmbedding, smoothing: float, **options):
        super().__init__(**options)
        self.table, self.smoothing = table, smoothing

    def call(self, hidden, target):
        scores = self.table(hidden, reverse=True)
        each = ops.sparse_categorical_crossentropy(target, scores, from_logits=True)
        rows, bias = ops.convert_to_tensor(self.table.embeddings), ops.convert_to_tensor(self.table.bias)
        right = ops.sum(ops.take(rows, target, axis=0) * hidden, axis=-1) + ops.take(bias, target)
        middle = ops.matmul(hidden, ops.mean(rows, axis=0)) + ops.mean(bias)
        return each + self.smoothing * (right - middle)

    def compute_output_spec(self, hidden, target):
        return keras.KerasTensor(target.shape, "float32")

    def get_config(self):
        return {**super().get_config(), "table": self.table, "smoothing": self.smoothing}


@keras.saving.register_keras_serializable("lepton_nb")
class Hypotheses(layers.Layer):
    """(b·k, 1, u) back to (b, k, u), where the tokens (b, k) say how many hypotheses a sentence has."""

    def call(self, inputs, token):
        return ops.reshape(inputs, (*ops.shape(token), inputs.shape[-1]))

    def compute_output_spec(self, inputs, token):
        return keras.KerasTensor((*token.shape, inputs.shape[-1]), inputs.dtype)


@keras.saving.register_keras_serializable("lepton_nb")
class Best(layers.Layer):
    """The ``count`` most probable tokens: scores (…, vocabulary) → log-probabilities (…, count), tokens (…, count)."""

    def __init__(self, count: int, **options):
        super().__init__(dtype="float32", **options)
        self.count = count

    def call(self, scores):
        banned = ops.sum(ops.one_hot(ops.array([PAD, BEGIN, UNKNOWN]), scores.shape[-1]), axis=0)
        scores = ops.cast(scores, "float32") + NEVER * banned
        values, tokens = ops.top_k(scores, self.count)
        return values - ops.logsumexp(scores, axis=-1, keepdims=True), ops.cast(tokens, "int32")

    def compute_output_spec(self, scores):
        shape = (*scores.shape[:-1], self.count)
        return keras.KerasTensor(shape, "float32"), keras.KerasTensor(shape, "int32")

    def get_config(self):
        return {**super().get_config(), "count": self.count}


def build_translation_article(
    vocabulary: int = 10_000,
    embedding: int = 512,
    units: int = 512,
    activation: str = "tanh",
    best: int = 5,
    name: str = "article",
) -> Translator:
    """The article's three layers: embedding, LSTM, one softmax layer at each position. No layer is added.

    The LSTM reads the source to its end and goes on over the translation written so far; the scores after each piece
    of it are those of the next piece. So one recurrent layer is encoder and decoder in turn, and its last state is
    all that the second half knows of the first. ``best``: see :class:`Translator`.

    Raises ValueError for sizes below 1.
    """
    _check(vocabulary, embedding=embedding, units=units, best=best)
    table = layers.Embedding(vocabulary, embedding, name="embedding")
    lstm = layers.LSTM(units, activation=activation, return_sequences=True, return_state=True, name="lstm")
    scores = layers.Dense(vocabulary, name="scores")  # on every position at once: no TimeDistributed is needed
    source, before, target = _sentences()

    def read(tokens, mask=None, state=None):
        return lstm(table(tokens), mask=mask, initial_state=state)

    _, *last = read(source, mask=ops.not_equal(source, PAD))
    losses = ops.sparse_categorical_crossentropy(target, scores(read(before, state=last)[0]), from_logits=True)
    trainee = keras.Model([source, before, target], losses, name=name)
    mask, token = _step_inputs()
    state = [keras.Input((units,), name=f"state_{number}") for number in (1, 2)]
    output, *after = read(ops.reshape(token, (-1, 1)), state=state)
    chances = Best(best, name="best")(scores(Hypotheses(name="hypotheses")(output, token)))
    return Translator(
        trainee,
        keras.Model(source, last, name=f"{name}_encoder"),
        keras.Model([mask, token, *state], [*chances, *after], name=f"{name}_step"),
        memories=0,
        states=2,
        best=best,
    )


def build_translation(
    vocabulary: int,
    units: int = 256,
    heads: int = 4,
    dropout: float = 0.2,
    smoothing: float = 0.1,
    attention: bool = True,
    best: int = 5,
    dtype: str = "float32",
    name: str = "translation",
) -> Translator:
    r"""Encoder and decoder of gated recurrent units, with attention between them or without.

    Encoder: one GRU reads the source forwards, one backwards. Decoder: a first GRU reads the translation so far; its
    states are the queries; what attention brings, beside them, is read by a second GRU; a dense layer and the embedding
    matrix, read backwards, give the scores. No step of the attention feeds back into the first GRU, so that while
    training each of the layers runs once over whole sentences.

    attention=False: the same network, but each query gets the same answer, a dense layer of the encoder's last states.
    units: of each GRU, and size of the embedding. dropout: on embeddings, memory and the last hidden layer.
    dtype: Keras policy of the scores over the vocabulary; the recurrent layers always run in 32 bits.
    Raises ValueError for sizes below 1, and for units that the heads do not divide.

    References: Bahdanau, Cho and Bengio, ICLR 2015; Luong, Pham and Manning, EMNLP 2015 (attention after the decoder's
    state); Sennrich et al., Nematus, EACL 2017 (two recurrent units with attention between them).
    """
    _check(vocabulary, units=units, heads=heads, best=best)
    if units % heads:
        raise ValueError(f"heads must divide units. Received: {units=}, {heads=}")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1. Received: {dropout=}")
    table = TiedEmbedding(vocabulary, units, embeddings_initializer=_normal(units), dtype=dtype, name="embedding")
    drop = layers.Dropout(dropout, name="dropout")
    reader = layers.Bidirectional(
        layers.GRU(units, return_sequences=True, return_state=True), merge_mode="concat", name="encoder"
    )
    grus = [layers.GRU(units, return_sequences=True, return_state=True, name=f"decoder_{n}") for n in (1, 2)]
    first_state = layers.Dense(2 * units, activation="tanh", name="first_state")
    make_keys, make_values, make_queries = (layers.Dense(units, name=part) for part in ("keys", "values", "queries"))
    attend = DotAttention(heads, name="attention")
    last_hidden = layers.Dense(units, activation="tanh", name="last_hidden")

    def embed(tokens):
        return drop(ops.cast(table(tokens), "float32") * units**0.5)

    def encode(source):
        memory, forwards, backwards = reader(embed(source), mask=ops.not_equal(source, PAD))
        summary = ops.concatenate([forwards, backwards], axis=-1)
        states = ops.split(first_state(summary), 2, axis=-1)
        if not attention:
            return [make_values(drop(summary))[:, None, :]], states
        memory = drop(memory)
        return [make_keys(memory), make_values(memory)], states

    def look(queries, memories, mask):
        """Contexts (b, t, units) and weights for the queries (b, t, units)."""
        if not attention:
            return memories[0] + ops.zeros_like(queries), None
        return attend(make_queries(queries), *memories, mask=mask)

    source, before, target = _sentences()
    mask = ops.not_equal(source, PAD)
    memories, states = encode(source)
    written = embed(before)
    hidden, _ = grus[0](written, initial_state=states[0])
    context, weights = look(hidden, memories, mask)
    hidden, _ = grus[1](ops.concatenate([hidden, context], axis=-1), initial_state=states[1])
    last = last_hidden(ops.concatenate([hidden, context, written], axis=-1))
    losses = SmoothedLoss(table, smoothing, name="smoothed_loss")(drop(last), target)
    trainee = keras.Model([source, before, target], losses, name=name)

    mask, token = _step_inputs()
    kept = [keras.Input((None, units), name=f"memory_{n + 1}") for n in range(len(memories))]
    state = [keras.Input((units,), name=f"state_{n}") for n in (1, 2)]
    written = embed(token)  # (b, k, units)

    group = Hypotheses(name="hypotheses")

    def one(gru, inputs, state):  # one step for b·k hypotheses
        output, state = gru(ops.reshape(inputs, (-1, 1, inputs.shape[-1])), initial_state=state)
        return group(output, token), state

    hidden, first = one(grus[0], written, state[0])
    context, _ = look(hidden, kept, mask)
    hidden, second = one(grus[1], ops.concatenate([hidden, context], axis=-1), state[1])
    last = last_hidden(ops.concatenate([hidden, context, written], axis=-1))
    chances = Best(best, name="best")(table(drop(last), reverse=True))
    return Translator(
        trainee,
        keras.Model(source, [*memories, *states], name=f"{name}_encoder"),
        keras.Model([mask, token, *kept, *state], [*chances, first, second], name=f"{name}_step"),
        memories=len(memories),
        states=2,
        best=best,
        attention=keras.Model([source, before], ops.mean(weights, axis=1), name=f"{name}_attention")
        if attention
        else None,
    )


def _sentences():
    """Source, shifted target and target, each (b, length)."""
    return [keras.Input((None,), dtype="int32", name=part) for part in ("source", "before", "target")]


def _step_inputs():
    return keras.Input((None,), dtype="bool", name="mask"), keras.Input((None,), dtype="int32", name="token")


def _normal(units: int):
    # rows of norm about 1, so that scores start small; embeddings are multiplied by √units on their way in
    return keras.initializers.RandomNormal(stddev=units**-0.5)


def _check(vocabulary: int, **sizes: int) -> None:
    if vocabulary <= UNKNOWN + 1:
        raise ValueError(f"vocabulary must hold more than the four reserved tokens. Received: {vocabulary=}")
    for size, value in sizes.items():
        if value < 1:
            raise ValueError(f"{size} must be at least 1. Received: {size}={value}")
