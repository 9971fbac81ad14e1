"""Translation: pieces of words, batches by length, training, beam search, scores.

Sentences enter and leave as plain text; between, they are lists of whole numbers. BLEU and chrF are sacrebleu's.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import sentencepiece
from keras import ops

from lepton_nb.models.translation import BEGIN, END, NEVER, PAD, UNKNOWN, Translator
from lepton_nb.training import Diverged


class Pieces:
    """Subword pieces: text → tokens → text, without loss of case, accents or spaces.

    Learned from ``sentences`` with the unigram model or byte-pair encoding ("bpe"); one joint vocabulary of ``size``
    pieces for both languages, the four reserved tokens included.

    References: Kudo, Subword Regularization, ACL 2018; Sennrich, Haddow and Birch, ACL 2016 (byte pairs).
    """

    def __init__(self, sentences: Sequence[str], size: int, kind: str = "unigram"):
        if kind not in ("unigram", "bpe"):
            raise ValueError(f"kind must be unigram or bpe. Received: {kind=}")
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(map(str, sentences)),
            model_writer=written,
            vocab_size=size,
            model_type=kind,
            character_coverage=1.0,
            normalization_rule_name="identity",  # the text comes back exactly as it went in
            hard_vocab_limit=False,  # few sentences hold fewer pieces
            num_threads=1,  # the same pieces on every machine
            minloglevel=2,
            pad_id=PAD,
            bos_id=BEGIN,
            eos_id=END,
            unk_id=UNKNOWN,
        )
        self._model = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())

    def __len__(self) -> int:
        return self._model.get_piece_size()

    def split(self, sentence: str) -> list[str]:
        """The pieces as they are written; ▁ stands for a space."""
        return self._model.encode(str(sentence), out_type=str)

    def encode(self, sentences: Sequence[str], sampling: float = 0.0) -> list[list[int]]:
        """Tokens of each sentence, without begin and end. sampling > 0: a random segmentation, the smaller the value
        the more random (exponent of the unigram model; chance of a merge left out for byte pairs)."""
        given = [str(sentence) for sentence in sentences]
        if not sampling:
            return self._model.encode(given)
        return self._model.encode(given, enable_sampling=True, alpha=sampling, nbest_size=-1)

    def decode(self, tokens: Sequence[Sequence[int]]) -> list[str]:
        """Text of each list of tokens."""
        return [self._model.decode([int(token) for token in line]) for line in tokens]


def padded(lines: Sequence[Sequence[int]]) -> np.ndarray:
    """(n, longest) int32, filled up with PAD."""
    result = np.full((len(lines), max(map(len, lines), default=0)), PAD, "int32")
    for row, line in zip(result, lines, strict=True):
        row[: len(line)] = line
    return result


class Batches(keras.utils.PyDataset):
    """Sentence pairs of like length together, ``tokens`` target positions a batch, in a new random order each epoch.

    Gives ((source (b, s), shifted target (b, t)), target (b, t)); the source ends with END, the shifted target begins
    with BEGIN, the target ends with END. Order and segmentation depend on the seed and the epoch's number alone, so
    that a resumed training sees what an unbroken one would have seen.
    ``pairs``: epoch number → source tokens and target tokens.
    """

    def __init__(self, pairs: Callable[[int], tuple[list, list]], tokens: int, seed: int, epoch: int = 0):
        super().__init__(workers=1, use_multiprocessing=False)
        self._pairs, self._tokens, self._seed = pairs, tokens, seed
        self.begin(epoch)

    def begin(self, epoch: int) -> None:
        """Make the batches of one epoch."""
        self.epoch = epoch
        self._sources, self._targets = self._pairs(epoch)
        generator = np.random.default_rng([self._seed, epoch])
        lengths = np.array([(len(t) + 1, len(s) + 1) for s, t in zip(self._sources, self._targets, strict=True)])
        noisy = lengths + generator.uniform(0, 1.5, lengths.shape)
        order = np.lexsort((noisy[:, 1], np.floor(noisy[:, 0])))
        groups, start = [], 0
        while start < len(order):
            count = 1  # grow while the padded target stays within the budget
            while start + count < len(order):
                longest = lengths[order[start : start + count + 1], 0].max()
                if longest * (count + 1) > self._tokens:
                    break
                count += 1
            groups.append(order[start : start + count])
            start += count
        shuffled = generator.permutation(len(groups))
        self._groups = [groups[position] for position in shuffled]
        # Keras takes a dimension for fixed that the first two batches share
        for later in range(1, len(self._groups)):
            if all(a != b for a, b in zip(self._shape(0), self._shape(later), strict=True)):
                self._groups[1], self._groups[later] = self._groups[later], self._groups[1]
                break

    def _shape(self, position: int) -> tuple[int, int]:
        rows = self._groups[position]
        return max(len(self._sources[row]) for row in rows), max(len(self._targets[row]) for row in rows)

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, position: int):
        rows = self._groups[position]
        source = padded([[*self._sources[row], END] for row in rows])
        before = padded([[BEGIN, *self._targets[row]] for row in rows])
        after = padded([[*self._targets[row], END] for row in rows])
        return (source, before), after

    def on_epoch_end(self) -> None:
        self.begin(self.epoch + 1)


def smoothed_loss(smoothing: float = 0.1):
    r"""Cross-entropy of each piece with label smoothing, mean over the pieces that are not padding, in nats.

    $$ L = \ln \sum_j e^{z_j} - (1 - \varepsilon) z_y - \frac{\varepsilon}{V} \sum_j z_j $$

    Reference: Szegedy et al., CVPR 2016.
    """

    def loss(target, scores):
        counted = ops.cast(ops.not_equal(target, PAD), "float32")
        each = ops.sparse_categorical_crossentropy(target, scores, from_logits=True)
        if smoothing:
            right = ops.squeeze(ops.take_along_axis(scores, ops.cast(target, "int32")[..., None], axis=-1), -1)
            each = each + smoothing * (right - ops.mean(scores, axis=-1))
        return ops.sum(each * counted) / ops.sum(counted)

    return loss


def beam_search(
    translator: Translator,
    sources: Sequence[Sequence[int]],
    beam: int = 4,
    normalisation: float = 1.0,
    batch: int = 256,
) -> list[list[int]]:
    r"""Translations with the highest $\ln p(y|x) / |y|^\alpha$ that a beam of hypotheses finds; α = ``normalisation``.

    sources: tokens without END. All sentences of a batch take each step together: the encoder runs once, the step
    model once a piece, and sentences that are done leave. A sentence is done when ``beam`` hypotheses have ended or
    1.5 times its source's length + 10 pieces are written. beam 1 is greedy. Gives tokens without END.

    Raises ValueError for a beam that the step model's ``best`` does not allow (beam < best).
    """
    if not 1 <= beam < translator.best:
        raise ValueError(f"beam must be at least 1 and below best={translator.best}. Received: {beam=}")
    results: list[list[int]] = [[] for _ in sources]
    order = sorted(range(len(sources)), key=lambda row: -len(sources[row]))
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        source = padded([[*sources[row], END] for row in rows])
        for row, tokens in zip(rows, _search(translator, source, beam, normalisation), strict=True):
            results[row] = tokens
    return results


def _search(translator: Translator, source: np.ndarray, beam: int, normalisation: float) -> list[list[int]]:
    count = len(source)
    encoded = translator.encoder.predict_on_batch(source)
    encoded = [np.asarray(part) for part in (encoded if isinstance(encoded, list | tuple) else [encoded])]
    memories, states = encoded[: translator.memories], encoded[translator.memories :]
    states = [np.repeat(state, beam, axis=0) for state in states]  # (n·beam, …)
    mask = source != PAD
    limits = (1.5 * mask.sum(axis=1) + 10).astype(int)
    rows = np.arange(count)  # sentences that are still being written
    scores = np.full((count, beam), NEVER)
    scores[:, 0] = 0  # all hypotheses are equal at first: one of them stands for all
    written = np.full((count, beam, 1), BEGIN, "int32")
    best_score, best_tokens, ended = np.full(count, -np.inf), [[] for _ in range(count)], np.zeros(count, int)
    while len(rows):
        log, tokens, *states = map(
            np.asarray, translator.step.predict_on_batch([mask, written[:, :, -1], *memories, *states])
        )
        length = written.shape[2]  # pieces after this step, END included
        each = scores[:, :, None] + log  # (n, beam, best)
        flat, names = each.reshape(len(rows), -1), tokens.reshape(len(rows), -1)
        ranked = np.argsort(-flat, axis=1, kind="stable")
        values = np.take_along_axis(flat, ranked, axis=1)
        ends = np.take_along_axis(names, ranked, axis=1) == END
        # an end counts when it is among the best `beam` continuations
        for sentence, place in zip(*np.nonzero(ends[:, :beam]), strict=True):
            if values[sentence, place] <= NEVER / 2:
                continue
            row, found = rows[sentence], values[sentence, place] / length**normalisation
            ended[row] += 1
            if found > best_score[row]:
                origin = ranked[sentence, place] // log.shape[2]
                best_score[row], best_tokens[row] = found, written[sentence, origin, 1:].tolist()
        # the best `beam` that have not ended go on; each hypothesis has one end at the most, so there are enough
        going = np.argsort(ends, axis=1, kind="stable")[:, :beam]
        chosen = np.take_along_axis(ranked, going, axis=1)
        scores = np.take_along_axis(values, going, axis=1)
        origin = chosen // log.shape[2]
        new = np.take_along_axis(names, chosen, axis=1)
        written = np.concatenate([np.take_along_axis(written, origin[:, :, None], axis=1), new[:, :, None]], axis=2)
        picked = (np.arange(len(rows))[:, None] * beam + origin).ravel()
        done = (ended[rows] >= beam) | (length >= limits[rows])
        for sentence in np.flatnonzero(done & (ended[rows] == 0)):  # never came to an end: cut off
            best_tokens[rows[sentence]] = written[sentence, 0, 1:].tolist()
        live = np.flatnonzero(~done)
        picked = picked.reshape(len(rows), beam)[live].ravel()
        states = [state[picked] for state in states]
        rows, scores, written, mask = rows[live], scores[live], written[live], mask[live]
        memories = [memory[live] for memory in memories]
    return best_tokens
