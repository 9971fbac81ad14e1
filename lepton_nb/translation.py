"""Translation: pieces of words, batches by length, training, beam search, scores.

Sentences enter and leave as plain text; between, they are lists of whole numbers. BLEU and chrF are sacrebleu's.
"""

from __future__ import annotations

import io
import json
import re
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import sacrebleu
import sentencepiece
from keras import ops

from lepton_nb.models.translation import BEGIN, END, NEVER, PAD, UNKNOWN, Translator
from lepton_nb.training import Diverged, feed

# ---------------------------------------------------------------- sentences in, tokens out


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
    """Sentence pairs of like length together, ``size`` of them a batch on average, in a new order each epoch.

    A batch of long sentences holds fewer of them, so that all batches cost about the same. Gives ((source (b, s),
    shifted target (b, t), target (b, t)), target again); the source ends with END, the shifted target begins with
    BEGIN, the target ends with END. Order and segmentation depend on the seed and the epoch's number alone, so that
    a resumed training sees what an unbroken one would have seen.
    ``pairs``: epoch number → source tokens and target tokens, the same sentences each time.
    """

    def __init__(self, pairs: Callable[[int], tuple[list, list]], size: int, seed: int = 0):
        super().__init__()
        self._pairs, self._seed = pairs, seed
        self.sentences = len(pairs(0)[0])
        if not 1 <= size <= self.sentences:
            raise ValueError(f"size must lie within 1..{self.sentences} sentence pairs. Received: {size=}")
        self._count = max(1, round(self.sentences / size))
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Make the batches of one epoch. Their number is the same in all epochs."""
        self._sources, self._targets = self._pairs(epoch)
        generator = np.random.default_rng([self._seed, epoch])
        longs, shorts = ([len(line) + 1 for line in side] for side in (self._targets, self._sources))
        order = np.lexsort((shorts + generator.uniform(0, 1, len(shorts)), longs))
        filled = np.cumsum(np.array(longs)[order])
        edges = np.searchsorted(filled, filled[-1] * np.arange(1, self._count) / self._count)
        groups = [group for group in np.split(order, edges) if len(group)]
        self._groups = [groups[position] for position in generator.permutation(len(groups))]
        self.pieces = int(filled[-1])  # of the target, END included
        # training.feed takes a dimension for fixed that the first two batches share
        for later in range(1, len(groups)):
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
        return (source, before, after), after


# ---------------------------------------------------------------- training


def mean_loss(target, losses):
    """Mean of the losses (b, t) over the pieces of the target (b, t) that are not padding."""
    counted = ops.cast(ops.not_equal(target, PAD), losses.dtype)
    return ops.sum(losses * counted) / ops.sum(counted)


@dataclass(frozen=True)
class Epoch:
    """State after one epoch; times of the training alone, from the start. bleu: of the validation part, if asked for."""

    number: int
    seconds: float  # on the clock
    core_seconds: float  # of processor time, all cores together: what other work on the machine does not change much
    loss: float
    bleu: float | None = None


@dataclass(frozen=True)
class Run:
    """One finished training."""

    epochs: tuple[Epoch, ...]
    pieces: int  # pieces of the target learned from, all epochs together

    @property
    def seconds(self) -> float:
        """Wall time of the training: building the graph, batches and steps; not the validation."""
        return self.epochs[-1].seconds

    @property
    def core_seconds(self) -> float:
        """Processor time of the training, all cores together."""
        return self.epochs[-1].core_seconds


def train(
    translator: Translator,
    batches: Batches,
    *,
    epochs: int,
    optimizer: keras.optimizers.Optimizer,
    validate: Callable[[], float] | None = None,
    every: int = 1,
    resume_folder: str = "",
    label: str = "",
) -> Run:
    """``fit`` with a clock that stands still while the validation part is translated.

    validate: gives BLEU; called after each ``every`` epochs and after the last. resume_folder: an interrupted training
    goes on after its last finished epoch, a finished one of as many epochs is read back, and one of another number is
    trained anew; empty: nothing is kept. label: name in the line of progress and in that folder.

    Raises Diverged at the first step after which the loss is not finite.
    """
    if epochs < 1 or every < 1:
        raise ValueError(f"epochs and every must be at least 1. Received: {epochs=}, {every=}")
    model = translator.trainee
    model.compile(optimizer, mean_loss)
    kept = Path(resume_folder) / (re.sub(r"\W+", "_", label) or model.name) if resume_folder else None
    watch = _Watch(batches, epochs, validate, every, kept, label or model.name)
    weights = kept and kept.with_suffix(".weights.h5")
    with warnings.catch_warnings():
        # Keras reads a TensorFlow variable for saving in a way that NumPy 2 has renamed
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy", DeprecationWarning)
        if kept and weights.exists() and watch.whole():
            model.optimizer.build(model.trainable_variables)  # its state lies in the same file
            model.load_weights(weights)
            watch.read()
        else:
            backup = [keras.callbacks.BackupAndRestore(str(kept))] if kept else []
            model.fit(feed(batches), epochs=epochs, shuffle=False, callbacks=[watch, *backup], verbose=0)
            if kept:
                model.save_weights(weights)
    return Run(tuple(watch.done), sum(watch.pieces))


class _Watch(keras.callbacks.Callback):
    """Clock, validation, one line of progress, and the end of a training that diverges."""

    def __init__(self, batches, epochs, validate, every, kept, label):
        super().__init__()
        self.batches, self.epochs, self.validate, self.every, self.label = batches, epochs, validate, every, label
        self.file = kept and kept.with_suffix(".json")
        self.done: list[Epoch] = []
        self.pieces: list[int] = []
        self.handle = None

    def whole(self) -> bool:
        """Whether what was kept is a training of as many epochs as are asked for now."""
        kept = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {"epochs": ()}
        return len(kept["epochs"]) == self.epochs

    def read(self) -> None:
        """What earlier parts of an interrupted training measured."""
        if self.file and self.file.exists():
            found = json.loads(self.file.read_text(encoding="utf-8"))
            self.done, self.pieces = [Epoch(**epoch) for epoch in found["epochs"]], found["pieces"]

    def on_epoch_begin(self, epoch, logs=None):
        if epoch and not self.done:
            self.read()
        self.done, self.pieces = self.done[:epoch], self.pieces[:epoch]
        self.start = time.perf_counter(), time.process_time()
        self.batches.begin(epoch)

    def on_train_batch_end(self, batch, logs=None):
        if not np.isfinite(logs["loss"]):
            raise Diverged(
                f"{self.label}: the loss is {logs['loss']} in epoch {len(self.done) + 1}, step {batch + 1}. "
                "The step is too large for this network: lower the learning rate."
            )

    def on_epoch_end(self, epoch, logs=None):
        before = (self.done[-1].seconds, self.done[-1].core_seconds) if self.done else (0.0, 0.0)
        now = time.perf_counter(), time.process_time()
        seconds, core_seconds = (b + n - s for b, n, s in zip(before, now, self.start, strict=True))
        asked = self.validate and ((epoch + 1) % self.every == 0 or epoch + 1 == self.epochs)
        found = self.validate() if asked else None
        self.done.append(Epoch(epoch + 1, seconds, core_seconds, float(logs["loss"]), found))
        self.pieces.append(self.batches.pieces)
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            content = {"epochs": [asdict(epoch) for epoch in self.done], "pieces": self.pieces}
            self.file.write_text(json.dumps(content), encoding="utf-8")
        self._show(self.done[-1])

    def _show(self, epoch: Epoch) -> None:
        from IPython.display import display

        checked = "" if epoch.bleu is None else f", validation BLEU {epoch.bleu:.1f}"
        line = f"{self.label}: epoch {epoch.number} of {self.epochs}, {epoch.seconds:.0f} s, loss {epoch.loss:.3f}"
        data = {"text/plain": line + checked}
        if self.handle is None:
            self.handle = display(data, raw=True, display_id=True)
        else:
            self.handle.update(data, raw=True)


# ---------------------------------------------------------------- beam search


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


# ---------------------------------------------------------------- scores


@dataclass(frozen=True)
class Score:
    """A corpus score, 0..100, with its 95 % bootstrap interval over the sentences and sacrebleu's signature."""

    value: float
    low: float
    high: float
    n: int
    signature: str


def bleu(translations: Sequence[str], references: Sequence[str], resamples: int = 1000) -> Score:
    r"""BLEU of plain text, cased; sacrebleu splits off punctuation ("13a") itself.

    $$ BLEU = 100 \cdot \min\left(1, e^{1 - r/c}\right) \Big( \prod_{n=1}^4 p_n \Big)^{1/4} $$

    $p_n$: share of the n-grams of the translations that the references hold; c, r: words of both. resamples: 0 gives
    no interval (low = high = value).
    References: Papineni et al., ACL 2002; Post, A Call for Clarity in Reporting BLEU Scores, WMT 2018.
    """
    return _scored(sacrebleu.metrics.BLEU(force=True), translations, references, resamples)


def chrf(translations: Sequence[str], references: Sequence[str], resamples: int = 1000) -> Score:
    """chrF2: F-score of character n-grams up to 6, recall weighted twice. Popović, WMT 2015."""
    return _scored(sacrebleu.metrics.CHRF(), translations, references, resamples)


def _scored(metric, translations: Sequence[str], references: Sequence[str], resamples: int) -> Score:
    ours, theirs = [str(line) for line in translations], [str(line) for line in references]
    if not ours or len(ours) != len(theirs):
        raise ValueError(f"One reference a translation, at least one. Received: {len(ours)} and {len(theirs)}")
    several = resamples > 1 and len(ours) > 1
    found = metric.corpus_score(ours, [theirs], n_bootstrap=resamples if several else 1)
    low = high = found.score
    if several:  # sacrebleu gives the middle and half the width of the resamples' central 95 %
        low, high = found._mean - found._ci, found._mean + found._ci
    return Score(found.score, low, high, len(ours), str(metric.get_signature()))


def sentence_chrf(translations: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """chrF2 of each sentence, 0..100: (n,)."""
    pairs = zip(translations, references, strict=True)
    return np.array([sacrebleu.sentence_chrf(str(ours), [str(theirs)]).score for ours, theirs in pairs])


def plain(sentence: str) -> str:
    """A sentence without what an editor would not call a change: case, punctuation marks, repeated spaces."""
    return " ".join(re.sub(r"[^\w\s]", " ", str(sentence).casefold()).split())


def usable(translations: Sequence[str], references: Sequence[str], threshold: float = 80.0) -> np.ndarray:
    """(n,) bool: equal to the reference but for case and punctuation, or sentence chrF of at least ``threshold``.

    A rule for a machine, in place of a person who reads the sentence: it refuses every good translation that the
    reference words otherwise, and lets pass a wrong one that differs by little.
    """
    equal = [plain(ours) == plain(theirs) for ours, theirs in zip(translations, references, strict=True)]
    return np.array(equal) | (sentence_chrf(translations, references) >= threshold)


# ---------------------------------------------------------------- texts


def mean_words(sentences: Sequence[str]) -> float:
    """Words a sentence, as spaces part them."""
    return float(np.mean([len(line.split()) for line in sentences]))


def unseen_share(sentences: Sequence[str], known: Sequence[str]) -> float:
    """Share of the words of ``sentences`` that ``known`` does not hold, but for case and punctuation.

    >>> unseen_share(["A blue dog."], ["a dog"])
    0.3333333333333333
    """
    marks = ".,;:!?\"'()"
    seen = {word.strip(marks).lower() for line in known for word in line.split()}
    found = [word.strip(marks).lower() for line in sentences for word in line.split()]
    return sum(word not in seen for word in found) / len(found)


def pieces_a_word(pieces: Pieces, sentences: Sequence[str]) -> float:
    """Into how many pieces a word is cut, in the mean."""
    return sum(map(len, pieces.encode(sentences))) / sum(len(line.split()) for line in sentences)
