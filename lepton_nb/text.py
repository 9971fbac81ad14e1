"""Texts as rows of numbers: words, vectors learnt from texts, and simple classifiers that count words.

What a chapter on text needs beside a network. A text is a str; cut into words, a list of them; as numbers of words,
an array of whole numbers in which 0 is no word (the rest of a row) and 1 a word that the vocabulary does not hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.special import logit

__all__ = [
    "NONE",
    "UNKNOWN",
    "RunCounts",
    "Vocabulary",
    "WordLine",
    "co_occurrences",
    "count_ratios",
    "cut_rows",
    "learn_vectors",
    "log_odds",
    "passages",
    "positive_information",
    "shares_run",
    "strongest_runs",
    "swap_letters",
    "together",
    "without_some",
    "words_of",
]

NONE, UNKNOWN = 0, 1
#: A word with what an apostrophe joins to it, or one sign.
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\s\w]")
BREAK = re.compile(r"<br\s*/?>")


def words_of(text: str) -> list[str]:
    """A text cut into words and signs, in lower case; line breaks of HTML are left out.

    >>> words_of("It's GREAT!<br />Not dull.")
    ["it's", 'great', '!', 'not', 'dull', '.']
    """
    return WORD.findall(BREAK.sub(" ", text).lower())


@dataclass(frozen=True)
class Vocabulary:
    """Words by number; numbers 0 and 1 are :data:`NONE` and :data:`UNKNOWN`."""

    words: tuple[str, ...]
    numbers: dict[str, int] = field(repr=False)

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]], least: int = 1, most: int | None = None) -> Vocabulary:
        """The words that occur at least ``least`` times, the most frequent first, at most ``most``; ties by spelling."""
        counts = Counter(word for text in texts for word in text)
        kept = sorted((word for word, times in counts.items() if times >= least), key=lambda w: (-counts[w], w))[:most]
        words = ("", "?unknown", *kept)
        return cls(words, {word: number for number, word in enumerate(words)})

    def __len__(self) -> int:
        return len(self.words)

    def row(self, text: Sequence[str]) -> np.ndarray:
        """A text's words as numbers, (words,) int32."""
        return np.array([self.numbers.get(word, UNKNOWN) for word in text], np.int32)


def cut_rows(texts: Sequence[np.ndarray], length: int) -> np.ndarray:
    """Rows of one length (n, length) int32: short ones are filled up with 0, long ones lose their middle.

    Verdicts stand at the beginning and at the end of a text, so half of the room goes to each.

    >>> cut_rows([np.array([5, 6, 7, 8, 9]), np.array([5])], 4).tolist()
    [[5, 6, 8, 9], [5, 0, 0, 0]]
    """
    if length < 2:
        raise ValueError(f"length must be at least 2. Received: {length=}")
    rows = np.zeros((len(texts), length), np.int32)
    for row, text in zip(rows, texts, strict=True):
        kept = text if len(text) <= length else np.concatenate([text[: length - length // 2], text[-(length // 2) :]])
        row[: len(kept)] = kept
    return rows


def passages(texts: Sequence[np.ndarray], length: int, seed: int, epoch: int) -> np.ndarray:
    """One passage of at most ``length`` words from a place of each text: (n, length) int32, filled up with 0.

    The draws depend on (seed, epoch) alone.
    """
    places = np.random.default_rng((seed, epoch)).random(len(texts))
    starts = [int(place * (max(len(text) - length, 0) + 1)) for place, text in zip(places, texts, strict=True)]
    return cut_rows([text[at : at + length] for at, text in zip(starts, texts, strict=True)], length)


def without_some(rows: np.ndarray, share: float, seed: int, epoch: int) -> np.ndarray:
    """The rows with a share of their words, drawn anew in each epoch, put as unknown. rows: (n, length)."""
    hidden = np.random.default_rng((seed, epoch, 1)).random(rows.shape) < share
    return np.where(hidden & (rows != NONE), UNKNOWN, rows)


# ---------------------------------------------------------------- vectors of words


def co_occurrences(texts: Sequence[np.ndarray], size: int, window: int) -> sparse.csr_array:
    """How often two words stand near each other in one text: (size, size), symmetric.

    texts: numbers of words. window: how many places apart at most; a pair ``k`` places apart counts 1/k. Numbers 0 and
    1 are no words and count nothing.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1. Received: {window=}")
    gap = np.zeros(window, np.int32)  # no window reaches from one text into the next
    stream = np.concatenate([piece for text in texts for piece in (text, gap)] or [gap])
    found = sparse.csr_array((size, size), dtype=np.float32)
    for apart in range(1, window + 1):
        left, right = stream[:-apart], stream[apart:]
        real = (left > UNKNOWN) & (right > UNKNOWN)
        weights = np.full(int(real.sum()), 1 / apart, np.float32)
        found = found + sparse.coo_array((weights, (left[real], right[real])), shape=(size, size)).tocsr()
    return (found + found.T).tocsr()


def positive_information(counts: sparse.csr_array, smoothing: float = 0.75) -> sparse.csr_array:
    r"""Positive pointwise mutual information of pairs of words, from how often they stand together.

    $$ M_{wc} = \max\left(0, \ln \frac{n_{wc} / n}{p(w) \, q(c)}\right), \qquad q(c) \propto n_c^{0.75} $$

    The power takes from rare words the large values that chance gives them.

    Reference: Levy, Goldberg and Dagan, Improving Distributional Similarity with Lessons Learned from Word Embeddings,
    TACL 3, 2015.
    """
    found = counts.tocoo()
    times = np.asarray(counts.sum(axis=1), np.float64).ravel()
    total, smooth = times.sum(), times**smoothing
    expected = times[found.row] * smooth[found.col] / smooth.sum()
    values = np.log(np.maximum(found.data, 1e-12) / np.maximum(expected, 1e-12)) if total else found.data
    kept = values > 0
    shape = counts.shape
    return sparse.coo_array((values[kept].astype(np.float32), (found.row[kept], found.col[kept])), shape=shape).tocsr()


def learn_vectors(
    counts: sparse.csr_array, dimensions: int, seed: int = 0, neighbours: int = 10_000, steps: int = 2
) -> np.ndarray:
    r"""Vectors of words (size, dimensions) float32 from how often they stand together; 0 for a word that stands nowhere.

    The largest singular values of :func:`positive_information`, $M \approx U \Sigma V^\top$: the rows of
    $U \Sigma^{1/2}$ less their mean, which all words share, each brought to the length $\sqrt{d}/4$, so that a number
    is about a quarter in size. Two words that stand among the same words get similar ones. neighbours: only words with
    smaller numbers count as such; a vocabulary has its frequent words first. steps: of the randomised search for the
    singular vectors; ``seed`` is its start.

    References: Levy, Goldberg and Dagan 2015; Halko, Martinsson and Tropp, SIAM Review 53(2), 2011; Mu and Viswanath,
    All-but-the-Top, ICLR 2018 (the mean).
    """
    from sklearn.utils.extmath import randomized_svd

    limit = min(counts.shape[0], neighbours) - 1
    if not 1 <= dimensions <= limit:
        raise ValueError(f"dimensions must be within 1..{limit}. Received: {dimensions=}")
    matrix = positive_information(counts)[:, :neighbours]
    left, values, _ = randomized_svd(
        matrix, dimensions, n_iter=steps, power_iteration_normalizer="QR", random_state=seed
    )
    rows, stands = left * np.sqrt(values), np.diff(matrix.indptr) > 0
    if stands.any():
        rows = np.where(stands[:, None], rows - rows[stands].mean(axis=0), 0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 1e-6)
    return (rows * np.sqrt(dimensions) / 4).astype(np.float32)


# ---------------------------------------------------------------- counting words


def count_ratios(counts: sparse.csr_array, labels, smoothing: float = 1.0) -> np.ndarray:
    r"""How much more often each word stands in praise than in blame, as a logarithm: (words,).

    $$ r_j = \ln \frac{(\alpha + \sum_{y_i = 1} f_{ij}) / \|p\|_1}{(\alpha + \sum_{y_i = 0} f_{ij}) / \|q\|_1} $$

    counts: (n, words), f; labels: (n,) of 0 and 1; p and q: the two numerators, over all words.

    Reference: Wang and Manning, Baselines and Bigrams, ACL 2012.

    >>> counts = sparse.csr_array([[1, 0], [1, 1], [0, 1], [0, 1]])
    >>> count_ratios(counts, [1, 1, 0, 0]).round(3).tolist()
    [0.875, -0.629]
    """
    labels = np.asarray(labels)
    sums = [np.asarray(counts[labels == side].sum(axis=0), float).ravel() + smoothing for side in (1, 0)]
    return np.log(sums[0] / sums[0].sum()) - np.log(sums[1] / sums[1].sum())


class RunCounts:
    """How often runs of one to ``longest`` words stand in texts: a column for each run of the texts it was fitted to.

    ``least``: in how many of these texts a run must stand. Rows count what they hold of these runs, (texts, runs).

    >>> counter = RunCounts(2)
    >>> counter.fit_transform([["not", "dull"], ["dull", "dull"]]).sum(axis=1).tolist()
    [3.0, 3.0]
    >>> counter.transform([["dull", "new", "dull"]]).sum(axis=1).tolist()
    [2.0]
    """

    def __init__(self, longest: int, least: int = 1):
        self.longest, self.least = longest, least

    def fit_transform(self, texts: Sequence[Sequence[str]]) -> sparse.csr_array:
        """Learn the runs of these texts, and count them there."""
        self.vocabulary = Vocabulary.of(texts)
        self.known, place, owner = self._found(texts)
        counts = _counted(owner, place, (len(texts), len(self.known)))
        kept = np.bincount(counts.indices, minlength=len(self.known)) >= self.least
        self.known = self.known[kept]
        return sparse.csr_array(counts[:, kept])

    def transform(self, texts: Sequence[Sequence[str]]) -> sparse.csr_array:
        """Count the runs that are known in these texts."""
        found, place, owner = self._found(texts)
        column = np.minimum(np.searchsorted(self.known, found), max(len(self.known) - 1, 0))
        known = self.known[column] == found if len(self.known) else np.zeros(len(found), bool)
        held = known[place]
        return _counted(owner[held], column[place[held]], (len(texts), len(self.known)))

    def _found(self, texts: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The different runs in rising order of their numbers, which of them stands at each place, and in which text."""
        rows = [self.vocabulary.row(text) for text in texts]
        keys, owners = zip(*(_runs(rows, length) for length in range(1, self.longest + 1)), strict=True)
        found, place = np.unique(np.concatenate(keys), return_inverse=True)
        return found, place, np.concatenate(owners)


def _counted(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    places = rows.astype(np.int32), columns.astype(np.int32)  # liblinear reads no wider ones
    return sparse.coo_array((np.ones(len(rows), np.float32), places), shape=shape).tocsr()


def _runs(rows: Sequence[np.ndarray], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (runs,) of all runs of ``length`` known words, and the row (runs,) that each stands in.

    Two different runs share a number with a chance of about 2**-64.
    """
    factors = np.random.default_rng(8).integers(1, 2**63, length, dtype=np.uint64) * 2 + 1
    gap = np.zeros(length, np.int32)  # no run reaches from one text into the next
    stream = np.concatenate([np.zeros(0, np.int32), *(piece for row in rows for piece in (row, gap))])
    owner = np.repeat(np.arange(len(rows)), [len(row) + length for row in rows])
    count = max(len(stream) - length + 1, 0)
    total, whole = np.zeros(count, np.uint64), np.ones(count, bool)
    for at, factor in enumerate(factors):
        part = stream[at : at + count]
        total += part.astype(np.uint64) * factor
        whole &= part > UNKNOWN
    return total[whole], owner[:count][whole]


class WordLine:
    """Which runs of words a text holds, each with a weight, and a logistic regression with a penalty on top.

    weights: "tf-idf", or "ratios": NB-SVM, whether a run occurs times its :func:`count_ratios`; its line has the
    logistic loss in place of the hinge, so that it gives probabilities. runs: the longest run of words that counts;
    least: in how many texts a run must stand; penalties: of scikit-learn's C, among which other rows choose.

    Reference: Wang and Manning, Baselines and Bigrams: Simple, Good Sentiment and Topic Classification, ACL 2012.
    """

    def __init__(self, weights: str, runs: int = 2, least: int = 1, penalties: Sequence[float] = (0.1, 1.0, 10.0)):
        if weights not in ("tf-idf", "ratios") or runs < 1 or not penalties:
            raise ValueError(
                f"weights must be tf-idf or ratios, runs at least 1, penalties some. Received: {weights=}, {runs=}, {penalties=}"
            )
        self.weights, self.runs, self.least, self.penalties = weights, runs, least, tuple(penalties)

    def fit(self, texts: Sequence[Sequence[str]], labels, check=None, beside=None) -> WordLine:
        """texts: (n,) lists of words; labels: (n,) of 0 and 1; beside: (n, columns) of further numbers, or None.

        check: texts and labels that choose the penalty and are not trained on. Without them every tenth text chooses,
        and the line is fitted once more to all.
        """
        if check is not None and beside is not None:
            raise ValueError("check comes without numbers beside the words, so beside must be None.")
        labels = np.asarray(labels)
        if check is not None:
            self._choose((texts, labels, None), (*check, None))
            return self
        held = np.arange(len(labels)) % 10 == 9
        self._choose(*(
            ([text for text, one in zip(texts, chosen, strict=True) if one], labels[chosen],
             None if beside is None else beside[chosen]) for chosen in (~held, held)
        ))  # fmt: skip
        return self.refit(texts, labels, beside)

    def refit(self, texts: Sequence[Sequence[str]], labels, beside=None) -> WordLine:
        """The same penalty, fitted to these texts: those that chose it may come in now."""
        self.line = self._line(self._learnt(texts, labels, beside), np.asarray(labels), self.penalty)
        return self

    def _choose(self, inside: tuple, outside: tuple) -> None:
        """Fit a line for each penalty and keep the one with the smallest cross-entropy outside."""
        from sklearn.metrics import log_loss

        texts, labels, beside = inside
        others, truth, more = outside
        inputs = self._learnt(texts, labels, beside)
        asked = self._weighted(self.counter.transform(others), more)
        lines = [self._line(inputs, labels, penalty) for penalty in self.penalties]
        best = int(np.argmin([log_loss(truth, line.predict_proba(asked), labels=[0, 1]) for line in lines]))
        self.penalty, self.line = self.penalties[best], lines[best]

    def _line(self, inputs, labels, penalty: float):
        from sklearn.linear_model import LogisticRegression

        line = LogisticRegression(C=penalty, solver="liblinear", dual=True, max_iter=1000, tol=1e-3, random_state=0)
        return line.fit(inputs, labels)

    def _learnt(self, texts, labels, beside):
        """Learn the runs and their weights from these texts, and give their rows."""
        from sklearn.feature_extraction.text import TfidfTransformer

        self.counter = RunCounts(self.runs, self.least)
        counts = self.counter.fit_transform(texts)
        if self.weights == "tf-idf":
            self.damped = TfidfTransformer(sublinear_tf=True).fit(counts)
        else:
            self.ratios = count_ratios(_once(counts), labels).astype(np.float32)
        return self._weighted(counts, beside)

    def _weighted(self, counts, beside):
        if self.weights == "tf-idf":
            rows = self.damped.transform(counts)
        else:
            rows = _once(counts).multiply(self.ratios)
        return sparse.csr_array(rows if beside is None else sparse.hstack([rows, beside.astype(np.float32)]))

    def predict_proba(self, texts: Sequence[Sequence[str]], beside=None) -> np.ndarray:
        """Probabilities of blame and praise (n, 2)."""
        return self.line.predict_proba(self._weighted(self.counter.transform(texts), beside))


def _once(counts: sparse.csr_array) -> sparse.csr_array:
    """1 where a run occurs, however often."""
    return sparse.csr_array((np.ones_like(counts.data), counts.indices, counts.indptr), shape=counts.shape)


def log_odds(chance) -> np.ndarray:
    """ln(p / (1 - p)) of probabilities, kept within 1e-6 of 0 and 1.

    >>> log_odds([0.5, 0.8]).round(3).tolist()
    [0.0, 1.386]
    """
    return logit(np.clip(np.asarray(chance, float), 1e-6, 1 - 1e-6))


def together(chances: Sequence[np.ndarray], labels):
    """A function that puts the probabilities of several methods together: a logistic regression on their log-odds.

    chances: a method each, (n,) probabilities of praise of texts that trained none of them; labels: (n,). So the rows
    that choose say how much each method counts, and how sure it may be. The function takes the same methods'
    probabilities of other texts, and gives one (n,).

    Reference: Wolpert, Stacked Generalization, Neural Networks 5(2), 1992.
    """
    from sklearn.linear_model import LogisticRegression

    def beside(given: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack([log_odds(one) for one in given], axis=1)

    line = LogisticRegression().fit(beside(chances), labels)
    return lambda given: line.predict_proba(beside(given))[:, 1]


# ---------------------------------------------------------------- what was seen before, and what was mistyped


def shares_run(texts: Sequence[np.ndarray], others: Sequence[np.ndarray], length: int = 8) -> np.ndarray:
    """Which texts hold ``length`` words in a row that one of the others holds too: (n,) bool.

    Both are numbers of one vocabulary; runs with an unknown word count for nothing.
    """
    found, owner = _runs(texts, length)
    known = np.unique(_runs(others, length)[0])
    place = np.minimum(np.searchsorted(known, found), max(len(known) - 1, 0))
    shared = np.zeros(len(texts), bool)
    if len(known):
        shared[owner[known[place] == found]] = True
    return shared


def swap_letters(text: str, rate: float, generator: np.random.Generator) -> str:
    """The text as a hasty hand types it: each letter changes places with the next one of its word with chance ``rate``.

    A letter that was moved stays; signs, numbers and the ends of words are never crossed.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be within 0..1. Received: {rate=}")
    letters, at = list(text), 0
    draws = generator.random(len(letters))
    while at < len(letters) - 1:
        if draws[at] < rate and letters[at].isalpha() and letters[at + 1].isalpha():
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
            at += 1
        at += 1
    return "".join(letters)


# ---------------------------------------------------------------- what a filter answers to


def strongest_runs(
    answers: np.ndarray, rows: np.ndarray, words: Sequence[str], width: int, filters: Sequence[int], most: int = 5
) -> list[list[tuple[str, float]]]:
    """For each filter the runs of words that it answers most, each once, with the answer.

    answers: (n, length - width + 1, all filters) of a convolution over ``rows`` (n, length) of numbers of ``words``.
    Runs that reach beyond the end of a text are left out.
    """
    shown = np.lib.stride_tricks.sliding_window_view(rows, width, axis=1)
    whole = (shown != NONE).all(axis=2)
    found = []
    for number in filters:
        values = np.where(whole, answers[:, :, number], -np.inf)
        kept: dict[str, float] = {}
        for place in np.argsort(-values, axis=None, kind="stable"):
            at = np.unravel_index(place, values.shape)
            if len(kept) == most or not np.isfinite(values[at]):
                break
            kept.setdefault(" ".join(words[word] for word in shown[at]), float(values[at]))
        found.append(list(kept.items()))
    return found
