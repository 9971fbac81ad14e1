r"""A line (softmax regression) learnt under a promise: DP-SGD, where the length of each row's pull needs no extra work.

The pull of row i on the weights is $x_i (p_i - y_i)^T$, and its length $\lVert x_i \rVert \lVert p_i - y_i \rVert$. So
cutting it to the longest length C is a factor a row. Several models are learnt at once on the same draws of rows, each
with its own noise: what one of them promises holds for it alone.

Reference: Abadi and others, Deep Learning with Differential Privacy, CCS 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Lesson", "chances", "learn", "pull_lengths", "with_one"]


@dataclass(frozen=True)
class Lesson:
    """How a line learns. noise: in units of ``longest``; 0 and an endless ``longest``: without a promise."""

    rate: float  # of learning, for the mean pull of a step
    noise: float = 0.0
    longest: float = np.inf  # length to which a row's pull is cut


def with_one(rows: np.ndarray) -> np.ndarray:
    """The rows (n, numbers) with a 1 behind them, float32: the weight of the 1 is the constant of a class."""
    return np.hstack([rows, np.ones((len(rows), 1))]).astype("float32", copy=False)


def _softmax(score: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis, in place."""
    score -= score.max(axis=-1, keepdims=True)
    np.exp(score, out=score)
    score /= score.sum(axis=-1, keepdims=True)
    return score


def chances(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Probabilities (models, n, classes) of lines with these weights (models, numbers + 1, classes). rows: with a 1."""
    return np.stack([_softmax(rows @ one) for one in weights])


def pull_lengths(lengths: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Length of each row's pull. lengths: (n,) of the rows; missing: (n, …, classes), p − y. Gives (n, …)."""
    norms = np.sqrt(np.einsum("...c,...c->...", missing, missing))
    return norms * lengths.reshape(-1, *[1] * (norms.ndim - 1))


def learn(
    rows: np.ndarray, labels: np.ndarray, lessons: Sequence[Lesson], sample: float, steps: int, seed: int,
    momentum: float = 0.9, settled: float = 0.5, part: np.ndarray | None = None, classes: int = 10,
) -> np.ndarray:  # fmt: skip
    """Weights (models, numbers + 1, classes) of one line a lesson, learnt side by side.

    rows: (n, numbers + 1) float32 with a 1 behind; labels: (n,); sample: chance of a row to be in a step, the ``rate`` of
    the account. The weights told are the mean of those of the last ``settled`` share of the steps, which costs no
    privacy. part: (models, n) bool, the rows that each model may see; None: all. A line sees its own rows alone.
    Raises ValueError for a sample outside 0..1, labels that do not fit and a promise without a longest length.
    """
    if not 0 < sample <= 1 or len(rows) != len(labels) or not 0 < settled <= 1:
        raise ValueError(f"sample and settled must be within 0..1 and each row has a label. Received: {sample=}, {settled=}, {len(rows)} rows, {len(labels)} labels")  # fmt: skip
    if any(lesson.noise and not np.isfinite(lesson.longest) for lesson in lessons):
        raise ValueError("a lesson with noise needs a longest length. Received: longest=inf")
    models, draw = len(lessons), np.random.default_rng((seed, 75))
    rate, noise, longest = (
        np.array([getattr(one, name) for one in lessons], "float32") for name in ("rate", "noise", "longest")
    )
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    mine = np.ones((models, len(rows)), bool) if part is None else np.asarray(part, bool)
    expected = (sample * mine.sum(axis=1)).astype("float32")  # how many rows there are is taken as public
    weights = np.zeros((rows.shape[1], models, classes), "float32")
    speed, mean, first = np.zeros_like(weights), np.zeros_like(weights), int(steps * (1 - settled))
    for step in range(steps):
        here = np.flatnonzero(draw.random(len(rows)) < sample) if sample < 1 else np.arange(len(rows))
        shown = rows[here] if sample < 1 else rows
        missing = _softmax((shown @ weights.reshape(len(weights), -1)).reshape(len(here), models, classes))
        missing[np.arange(len(here)), :, labels[here]] -= 1
        missing *= (_cut(pull_lengths(lengths[here], missing), longest) * mine[:, here].T)[..., None]
        pull = (shown.T @ missing.reshape(len(here), -1)).reshape(weights.shape)
        for model in np.flatnonzero(noise):
            errors = draw.standard_normal(pull[:, model].shape, "float32")
            pull[:, model] += noise[model] * longest[model] * errors
        speed *= momentum
        speed -= (rate / expected)[None, :, None] * pull
        weights += speed
        if step >= first:
            mean += weights
    return np.moveaxis(mean / (steps - first), 1, 0)


def _cut(lengths: np.ndarray, longest: np.ndarray) -> np.ndarray:
    """Factor that makes each pull no longer than the longest: (n, models)."""
    return np.minimum(1, longest / np.maximum(lengths, 1e-12))
