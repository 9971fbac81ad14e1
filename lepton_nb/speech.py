"""Spoken words: who may be judged by whom, a simple recogniser, noise, and what an answer or a question costs.

Recordings are rows (n, longest) of samples with their lengths; pictures of them are those of ``spectrogram``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lepton_nb import folds, spectrogram

__all__ = [
    "NOISES", "Simple", "Trial", "asking", "babble", "enter_mean", "in_parts", "latency", "noisy", "over_voices", "priced",
    "tally", "trials", "views",
]  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """Who learns from what and is judged on what: numbers of recordings. The rows that choose learn too, once it is chosen."""

    name: str
    learn: np.ndarray = field(repr=False)
    choose: np.ndarray = field(repr=False)
    judge: np.ndarray = field(repr=False)
    voice: str = ""  # whose recordings judge, where one speaker is left out

    @property
    def train(self) -> np.ndarray:
        """What the final recogniser learns from."""
        return np.concatenate([self.learn, self.choose])


def trials(speaker: np.ndarray, take: np.ndarray, left_out: int = 6, seed: int = 0) -> list[Trial]:
    """The splits: at random, by take, and each of the first ``left_out`` speakers left out.

    speaker, take: (n,). At random a fifth judges and a tenth chooses; by take the first tenth of all takes judges (the
    publishers' split of the real recordings) and the next tenth chooses. Where a speaker is left out the next one in
    the order of names chooses. Raises ValueError for fewer than three speakers or two takes.
    """
    names, takes = np.unique(speaker), np.unique(take)
    if len(names) < 3 or len(takes) < 3 or left_out < 1:
        raise ValueError(
            "at least three speakers, three takes and one speaker left out are needed. "
            f"Received: {len(names)} speakers, {len(takes)} takes, {left_out=}"
        )
    order = np.random.default_rng((seed, 38)).permutation(len(speaker))
    fifth, tenth = len(order) // 5, len(order) // 10
    some = max(1, len(takes) // 10)
    place = np.searchsorted(takes, take)
    found = [
        Trial("at random", *map(np.sort, (order[fifth + tenth :], order[fifth : fifth + tenth], order[:fifth]))),
        Trial("by take", *(np.flatnonzero(rows) for rows in (place >= 2 * some, (place >= some) & (place < 2 * some), place < some))),
    ]  # fmt: skip
    for number, name in enumerate(names[:left_out]):
        next_one = names[(number + 1) % len(names)]
        others = (speaker != name) & (speaker != next_one)
        parts = (np.flatnonzero(rows) for rows in (others, speaker == next_one, speaker == name))
        found.append(Trial(f"without {name}", *parts, voice=str(name)))
    return found


def over_voices(values: Sequence[float], voices: int = 6, within: tuple[float, float] = (-1.0, 1.0)) -> folds.FoldMean:
    """Mean over the voices that were left out, with the interval of a further voice's mean; ``n`` is the number of voices.

    values: one a voice. voices: how many speakers there are, so that 1 of them is held out each time. within: what
    the ends may be, 0 and 1 for a share. The voices share most of their training recordings, which widens it.
    """
    found = folds.corrected_mean(values, 1 / voices)
    return replace(found, low=max(found.low, within[0]), high=min(found.high, within[1]))


def enter_mean(record: Any, name: str, found: Any, unit: str = "fraction", **conditions) -> None:
    """Put a mean over voices on record (results.Record)."""
    ends = {"low": found.low, "high": found.high, "interval": f"95 %, {found.n} voices", "n": found.n}
    record.add(name, found.value, unit, **ends | conditions)


# ---------------------------------------------------------------- a simple recogniser


def in_parts(pictures: np.ndarray, parts: int = 8, count: int = 13) -> np.ndarray:
    """Cepstral coefficients of equal parts of each word, one after the other: (n, parts · count - 1).

    pictures: (n, columns, bands, 1). One part is the mean over the whole word, with the spread of each coefficient
    beside it: (n, 2 · count - 1). The mean loudness is left out.
    """
    found = spectrogram.cepstrum(pictures[..., 0].astype(float), count)  # (n, columns, count)
    found[..., 0] -= found[..., 0].mean(axis=1, keepdims=True)
    if parts == 1:
        return np.concatenate([found.mean(axis=1)[:, 1:], found.std(axis=1)], axis=1)
    pieces = np.array_split(found, parts, axis=1)
    return np.concatenate([piece.mean(axis=1) for piece in pieces], axis=1)[:, 1:]


@dataclass(frozen=True)
class Simple:
    """A recogniser without a network: a few cepstral numbers, then logistic regression or a support-vector machine."""

    parts: int  # of a word
    curved: bool  # a support-vector machine with radial kernel; else logistic regression
    copies: int  # varied copies of each recording that it learns from, beside the recording itself
    model: Any = field(repr=False, default=None)

    def fit(self, pictures: np.ndarray, labels: np.ndarray, seed: int = 0) -> Simple:
        """The same, trained. pictures: (n, columns, bands, 1)."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC

        shown = [pictures, *(spectrogram.varied(pictures, copy + 1, seed, masks=0) for copy in range(self.copies))]
        ending = SVC(C=10.0) if self.curved else LogisticRegression(C=0.1, max_iter=2000)
        model = make_pipeline(StandardScaler(), ending)
        model.fit(np.concatenate([in_parts(one, self.parts) for one in shown]), np.tile(labels, len(shown)))
        return replace(self, model=model)

    def answers(self, pictures: np.ndarray) -> np.ndarray:
        """The class that it takes each word for: (n,)."""
        return self.model.predict(in_parts(pictures, self.parts))

    def chances(self, pictures: np.ndarray) -> np.ndarray:
        """Probability of each class, of a logistic regression: (n, classes)."""
        return self.model.predict_proba(in_parts(pictures, self.parts))

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        where = "means of the whole word" if self.parts == 1 else f"{self.parts} parts of the word"
        return f"{'support vectors' if self.curved else 'logistic regression'}, {where}, {self.copies} varied copies"


# ---------------------------------------------------------------- views and noise


def views(pictures: np.ndarray, tract: float = 0.06) -> list[np.ndarray]:
    """Each picture as it is, and as a voice with a somewhat longer and a somewhat shorter vocal tract would give it."""
    bands = np.arange(pictures.shape[2])
    found = [pictures]
    for factor in (1 - tract, 1 + tract):
        weights = spectrogram.hats(bands * factor, len(bands)).astype(pictures.dtype)
        found.append((pictures[..., 0] @ weights.T)[..., None])
    return found


def babble(
    sound: np.ndarray, samples: np.ndarray, length: int, generator: np.random.Generator, talkers: int = 6
) -> np.ndarray:
    """Several people at once: recordings drawn at random, one after the other, ``talkers`` such rows added up: (length,)."""
    found = np.zeros(length)
    for _ in range(talkers):
        row: list[np.ndarray] = []
        while sum(map(len, row)) < length:
            one = int(generator.integers(len(sound)))
            spoken = sound[one, : samples[one]].astype(float)
            row.append(spoken / max(np.sqrt(np.mean(spoken**2)), 1e-9))
        found += np.concatenate(row)[:length]
    return found


#: Kinds of noise: the same power at all frequencies, and voices.
NOISES = ("white noise", "voices")


def noisy(
    sound: np.ndarray, samples: np.ndarray, ratio: float, kind: str = NOISES[0], seed: int = 0, talk: Any = None
) -> np.ndarray:
    r"""Recordings with noise added to each, (n, longest) float, the signal-to-noise ratio being ``ratio`` decibels.

    $$ R = 10 \log_{10} \frac{\sum_n x_n^2}{\sum_n v_n^2} $$

    x: the recording; v: the noise, drawn anew for each. talk: sound and samples that voices are drawn from.
    """
    if kind not in NOISES:
        raise ValueError(f"kind must be one of {', '.join(NOISES)}. Received: {kind=}")
    generator = np.random.default_rng((seed, 39))
    found = np.zeros(sound.shape, "float32")
    for row, clip, count in zip(found, sound, samples, strict=True):
        spoken = clip[:count].astype(float)
        drawn = generator.standard_normal(count) if kind == NOISES[0] else babble(*talk, count, generator)
        power = np.mean(spoken**2) / 10 ** (ratio / 10)
        row[:count] = spoken + drawn * np.sqrt(power / max(np.mean(drawn**2), 1e-12))
    return found


# ---------------------------------------------------------------- time and money


def latency(answer: Callable[[], Any], repetitions: int = 50) -> dict[str, float]:
    """Seconds that one answer takes: the middle and the 95th of 100, after three that are not counted."""
    taken = []
    for _ in range(repetitions + 3):
        start = time.perf_counter()
        answer()
        taken.append(time.perf_counter() - start)
    return {"median": float(np.median(taken[3:])), "late": float(np.quantile(taken[3:], 0.95))}


def asking(chance: np.ndarray, price_of_error: float, price_of_asking: float) -> np.ndarray:
    r"""Which answers are not given, because asking is cheaper: (n,) bool.

    $$ \text{ask where} \quad \max_k p_k < 1 - \frac{a}{b} $$

    chance: (n, classes), p; a: price_of_asking, b: price_of_error, money out. Needs probabilities that are calibrated.

    Reference: Chow, On optimum recognition error and reject tradeoff, IEEE Transactions on Information Theory 16(1), 1970.

    >>> asking(np.array([[0.95, 0.05], [0.85, 0.15]]), price_of_error=1.0, price_of_asking=0.1).tolist()
    [False, True]
    """
    if not (price_of_error > 0 and price_of_asking >= 0):
        raise ValueError(f"prices must be positive money. Received: {price_of_error=}, {price_of_asking=}")
    return chance.max(axis=1) < 1 - price_of_asking / price_of_error


def tally(
    truth: np.ndarray, said: np.ndarray, prices: Mapping[str, float], asked: np.ndarray | None = None
) -> dict[str, float]:
    """What the answers to one voice cost: money for 1,000 words, share of wrong answers, share asked instead.

    prices: ``error``, of a wrong answer, and ``asking``; asked: (n,) bool, which answers were not given; None: none.
    """
    silent = np.zeros(len(truth), bool) if asked is None else asked
    wrong = (said != truth) & ~silent
    return {
        "cost": float(1000 * (prices["error"] * wrong + prices["asking"] * silent).mean()),
        "wrong": float(wrong.mean()), "asked": float(silent.mean()),
    }  # fmt: skip


def priced(found: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]] | None) -> dict[str, Any]:
    """Means over voices of :func:`tally`, the cost with its interval, and how much less it is than another way's.

    found, other: one tally a voice, the same voices; None: there is no other way.
    """
    endless = np.inf
    cost = [one["cost"] for one in found]
    less = None if other is None else [one["cost"] - mine for one, mine in zip(other, cost, strict=True)]
    return {
        "wrong": float(np.mean([one["wrong"] for one in found])), "asked": float(np.mean([one["asked"] for one in found])),
        "cost": over_voices(cost, within=(0, endless)), "less": None if less is None else over_voices(less, within=(-endless, endless)),
    }  # fmt: skip
