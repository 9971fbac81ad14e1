"""What a model's decisions are worth: expected value, and the gain over what was done before.

A test set is a table of counts; an outcome has a value in money. Outcomes of a decision "flag or not" are named
tp, fp, fn, tn. Counts are counts, never rates: without n there is no uncertainty.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import Numbers, Result, Undefined, array, fraction, number, row, shown, whole
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.intervals import normal_reach

__all__ = [
    "ExpectedValue",
    "PairedGain",
    "PosteriorValue",
    "expected_value",
    "expected_value_gain",
    "expected_value_posterior",
    "paired_gain",
    "paired_gain_of_shares",
    "paired_table",
    "paired_values",
]

FEW = 10  # cases that differ
OUTCOMES = ("tp", "fp", "fn", "tn")
Outcomes: TypeAlias = Mapping[str, float] | ArrayLike | Any  # {tp, fp, fn, tn}, an object with these, or an array
JointCounts: TypeAlias = Mapping[tuple[int, int, int], int] | ArrayLike | Any  # see ``paired_table``


@dataclass(frozen=True)
class ExpectedValue(Result):
    """Money per case (times the scale asked for), with standard error and normal interval low..high."""

    mean: float
    standard_error: float
    low: float
    high: float
    n: int
    level: float
    method: str

    @property
    def value(self) -> float:
        """The mean."""
        return self.mean

    @property
    def interval(self) -> tuple[float, float]:
        """low and high."""
        return self.low, self.high

    @property
    def probability_negative(self) -> float:
        """Chance that the true mean is below zero, by the normal approximation."""
        if self.standard_error == 0:
            return float(self.mean < 0)
        return float(special.ndtr(-self.mean / self.standard_error))


@dataclass(frozen=True)
class PairedGain(ExpectedValue):
    """The gain of a model over its baseline on the same cases; ``discordant`` cases were decided differently."""

    discordant: int = 0


@guarded
def expected_value(counts: Outcomes, values: Outcomes, level: float = 0.95) -> ExpectedValue:
    r"""Value of one case under a model, from its confusion matrix.

    $$ EV = \sum_{cells} p_c v_c, \qquad se = \sqrt{\frac{\sum_c p_c v_c^2 - EV^2}{n}}, \qquad p_c = count_c / n $$

    counts: {tp, fp, fn, tn: count} (any case), an object with those attributes, or an array of cells. values:
    money per case in the same form, costs negative. se is the multinomial plug-in error (delta method).
    Where fewer than 10 cases differ in worth from the commonest, the normal interval is too narrow: it is then taken with
    one more case in each cell that differs (Agresti & Caffo), and where all are alike it is the exact bound of what was
    not seen.

    Reference: Provost & Fawcett, Data Science for Business, ch. 7, expected value framework; Agresti & Caffo (2000),
    Simple and effective confidence intervals for proportions, The American Statistician 54, pp. 280-288.

    >>> result = expected_value({"TP": 56, "FP": 7, "FN": 5, "TN": 42}, {"TP": 99, "FP": -1, "FN": 0, "TN": 0})
    >>> round(result.mean, 4), round(result.standard_error, 4), result.n
    (50.3364, 4.7251, 110)
    """
    seen, worth = _cells(counts, values)
    return _moments(ExpectedValue, seen, worth, level, "multinomial plug-in (delta method)")


@guarded
def expected_value_gain(
    model_counts: Outcomes,
    baseline_counts: Outcomes,
    values: Outcomes,
    *,
    volume: float = 1.0,
    adoption: float = 1.0,
    attribution: float = 1.0,
    level: float = 0.95,
) -> ExpectedValue:
    r"""Gain of a model over its baseline from two confusion matrices, taken as INDEPENDENT samples.

    $$ G = (EV_{model} - EV_{baseline}) \cdot volume \cdot adoption \cdot attribution, \qquad
       se = \sqrt{se_m^2 + se_b^2} \cdot volume \cdot adoption \cdot attribution $$

    Two policies run on the same cases are not independent: this interval is then far too wide, and
    ``paired_gain`` is the one to use. counts and values as in ``expected_value``; volume: cases a year;
    adoption, attribution: fractions. ``n`` is that of the smaller sample.

    Reference: Provost & Fawcett, ch. 7; the counterfactual is what was done before (IVS 210, with and without).

    >>> model, before = {"tp": 176, "fp": 690, "fn": 244, "tn": 8890}, {"tp": 148, "fp": 742, "fn": 272, "tn": 8838}
    >>> result = expected_value_gain(model, before, {"tp": 0, "fp": -620, "fn": -4275, "tn": 0})
    >>> round(result.mean, 3), round(result.standard_error, 2)
    (15.194, 9.75)
    """
    model, baseline = (
        _moments(ExpectedValue, *_cells(counts, values, name), level, "")
        for name, counts in (("model_counts", model_counts), ("baseline_counts", baseline_counts))
    )
    scale = number("volume", volume, 0.0) * fraction("adoption", adoption) * fraction("attribution", attribution)
    mean = (model.mean - baseline.mean) * scale
    error = math.hypot(model.standard_error, baseline.standard_error) * scale
    # each side's own distance to its ends, which is the normal reach where cases are many
    below = math.hypot(model.mean - model.low, baseline.high - baseline.mean) * scale
    above = math.hypot(model.high - model.mean, baseline.mean - baseline.low) * scale
    return ExpectedValue(
        mean,
        error,
        mean - below,
        mean + above,
        min(model.n, baseline.n),
        level,
        "unpaired: from the margins, independent standard errors added; too wide where both ran on the same cases",
    )


@guarded
def paired_gain(
    counts: JointCounts,
    values: Outcomes,
    *,
    volume: float = 1.0,
    adoption: float = 1.0,
    attribution: float = 1.0,
    level: float = 0.95,
) -> PairedGain:
    r"""Gain of a model over its baseline, both run on the SAME cases.

    With $g = v(y, model) - v(y, baseline)$ per cell of the joint table,

    $$ m = \sum p\, g, \qquad se = \sqrt{\frac{\sum p\, g^2 - m^2}{n}} $$

    Cases decided alike have g = 0: only the discordant pairs carry information (the structure of McNemar's test). With
    fewer than 10 of them the interval is widened as in ``expected_value``; without any it is the exact bound of what was
    not seen.

    counts: the joint table by (y_true, model, baseline), 1 = positive or flagged: an array (2, 2, 2) in that order
    of axes, a mapping {(y, m, b): count}, or objects with y_true, model, baseline, count. For K classes an array
    (K, K, K). values: {tp, fp, fn, tn: money}, or an array (K, K) of money by (y_true, decided). The result is
    money per case times volume (cases a year), adoption and attribution (fractions).

    Reference: McNemar (1947), Note on the sampling error of the difference between correlated proportions,
    Psychometrika 12, pp. 153-157; standard error by the multinomial delta method.

    >>> counts = {(1, 1, 1): 130, (1, 1, 0): 46, (1, 0, 1): 18, (1, 0, 0): 226,
    ...           (0, 1, 1): 630, (0, 1, 0): 60, (0, 0, 1): 112, (0, 0, 0): 8778}
    >>> result = paired_gain(counts, {"tp": 0, "fp": -620, "fn": -4275, "tn": 0})
    >>> round(result.mean, 3), round(result.standard_error, 3), result.n, result.discordant
    (15.194, 3.512, 10000, 236)
    """
    joint = paired_table(counts)
    gains = paired_values(values, joint.shape[0])
    scale = number("volume", volume, 0.0) * fraction("adoption", adoption) * fraction("attribution", attribution)
    same = np.eye(joint.shape[0], dtype=bool)
    return _moments(
        PairedGain,
        joint,
        gains * scale,
        level,
        "paired: discordant pairs, multinomial delta method",
        discordant=int(joint[:, ~same].sum()),
    )


@dataclass(frozen=True, eq=False)
class PosteriorValue(Result):
    """Draws of the expected value per case, with the exact posterior mean and standard deviation beside them."""

    draws: np.ndarray = field(repr=False)
    mean: float
    sd: float
    low: float
    high: float
    probability_negative: float
    n: int
    level: float
    seed: int
    prior: float
    method: str = "Dirichlet posterior of the cell shares"

    @property
    def value(self) -> float:
        """The exact posterior mean."""
        return self.mean

    @property
    def interval(self) -> tuple[float, float]:
        """low and high, percentiles of the draws."""
        return self.low, self.high


@guarded
def expected_value_posterior(
    counts: Outcomes | JointCounts,
    values: Outcomes,
    draws: int = 20000,
    seed: int = 0,
    prior: float = 0.5,
    level: float = 0.95,
) -> PosteriorValue:
    r"""What a finite test set leaves open about the expected value (or the paired gain) per case.

    $p \sim Dirichlet(counts + prior)$, value $= \sum p_c v_c$. With $\alpha$ the counts plus prior and $\alpha_0$
    their sum, exactly: $mean = \sum \alpha_c v_c/\alpha_0$, $var = (\sum \alpha_c v_c^2/\alpha_0 -
    mean^2)/(\alpha_0+1)$.

    counts and values as in ``expected_value``, or as in ``paired_gain`` (a joint table by y_true, model,
    baseline), whose gains are then valued. prior: added to every cell, 0.5 (Jeffreys) or 1 (uniform).

    Reference: Gelman et al., Bayesian Data Analysis (3rd ed.), section 3.4 and appendix A.

    >>> result = expected_value_posterior({"tp": 56, "fp": 7, "fn": 5, "tn": 42},
    ...                                   {"tp": 99, "fp": -1, "fn": 0, "tn": 0}, draws=2000, seed=1)
    >>> round(result.mean, 3), round(result.sd, 3), len(result.draws)
    (49.875, 4.663, 2000)
    """
    if _is_paired_table(counts):
        seen = paired_table(counts)
        worth = paired_values(values, seen.shape[0]).ravel()
        seen = seen.ravel()
    else:
        seen, worth = _cells(counts, values)
    alpha = seen + number("prior", prior, above=0.0)
    total = alpha.sum()
    mean = float(alpha @ worth / total)
    variance = float(alpha @ (worth - mean) ** 2 / total / (total + 1))
    generator = np.random.default_rng(whole("seed", seed))
    sample = generator.dirichlet(alpha, whole("draws", draws, 1)) @ worth
    tail = (1 - _base.level(level)) / 2
    low, high = np.quantile(sample, (tail, 1 - tail))
    return PosteriorValue(
        sample,
        mean,
        math.sqrt(variance),
        float(low),
        float(high),
        float(np.mean(sample < 0)),
        int(seen.sum()),
        level,
        seed,
        prior,
    )


@guarded
def paired_values(values: Outcomes, classes: int = 2) -> np.ndarray:
    r"""Gain of the model over the baseline in every cell: $g_{ymb} = v(y, m) - v(y, b)$; values as in ``paired_gain``.

    Returns money by (y_true, model, baseline).

    Reference: as for ``paired_gain``.

    >>> paired_values({"tp": 0, "fp": -2, "fn": -9, "tn": 0})[1, 1, 0].item()  # the model alone catches it
    9.0
    """
    if isinstance(values, np.ndarray) or (isinstance(values, (list, tuple)) and np.ndim(values) == 2):
        matrix = array("values", values)
    else:
        worth = _outcomes("values", values)
        matrix = np.array([[worth["tn"], worth["fp"]], [worth["fn"], worth["tp"]]])
    if matrix.shape != (classes, classes):
        raise ValueError(f"values must be by (y_true, decided), {classes} by {classes}. Received: shape {matrix.shape}")
    return matrix[:, :, None] - matrix[:, None, :]


@guarded
def paired_table(counts: JointCounts) -> np.ndarray:
    r"""The joint table of counts $n_{ymb}$ by (y_true, model, baseline), from any form that ``paired_gain`` takes.

    Flattened, cell (y, m, b) stands at 4y + 2m + b: ``dirichlet(paired_table(counts).ravel())`` is the uncertainty
    of a test set as an input of ``uncertainty.simulate``. Raises ValueError for cells named twice, labels other
    than 0 and 1, and counts that are no counts.

    Reference: as for ``paired_gain``.

    >>> paired_table({(1, 1, 0): 46, (1, 0, 1): 18}).ravel().tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 18.0, 46.0, 0.0]
    """
    if isinstance(counts, Mapping):
        form = "(y_true, model, baseline)"
        rows = [(*row("A cell of counts", key, 3, form), count) for key, count in counts.items()]
    elif isinstance(counts, (list, tuple)) and len(counts) and hasattr(counts[0], "y_true"):
        rows = [(item.y_true, item.model, item.baseline, item.count) for item in counts]
    else:
        table = array("counts", counts)
        if table.ndim != 3 or len(set(table.shape)) != 1:
            raise ValueError(f"Paired counts are by (y_true, model, baseline). Received: shape {table.shape}")
        return _counts(table)
    if not all(isinstance(label, Hashable) for item in rows for label in item[:3]):
        raise ValueError("y_true, model and baseline must be 0 or 1.")
    if len({item[:3] for item in rows}) < len(rows):
        raise ValueError("Paired counts name a cell twice.")
    table = np.zeros((2, 2, 2))
    for y_true, model, baseline, count in rows:
        if not {y_true, model, baseline} <= {0, 1}:
            raise ValueError(f"y_true, model and baseline must be 0 or 1. Received: {(y_true, model, baseline)}")
        table[int(y_true), int(model), int(baseline)] = number("count", count, 0.0)
    return _counts(table)


@guarded
def paired_gain_of_shares(shares: Numbers, values: Mapping[str, Numbers]) -> np.ndarray:
    r"""Gain of the model over the baseline per case, for draws of the joint shares and of the money.

    $g = \sum_{y,m,b} p_{ymb} (v(y, m) - v(y, b))$ in every draw. shares: (draws, 8) in the order of
    ``paired_table(...).ravel()``. values: {tp, fp, fn, tn}, each a number or (draws,), money per case. Returns
    (draws,).

    Reference: as for ``paired_gain``, before taking moments.

    >>> gains = paired_gain_of_shares([[0, 0, 0, 0, 0.5, 0, 0.5, 0]], {"tp": 0, "fp": -2, "fn": [-9], "tn": 0})
    >>> gains.tolist()
    [4.5]
    """
    cells = array("shares", shares)
    if cells.ndim != 2 or cells.shape[1] != 8:
        raise ValueError(f"shares must be (draws, 8). Received: shape {cells.shape}")
    if np.any(cells < -1e-9) or np.any(np.abs(cells.sum(axis=1) - 1) > 1e-6):
        raise ValueError("shares must be at least 0 and sum to 1 in every draw.")
    if sorted(str(key).lower() for key in values) != sorted(OUTCOMES):
        raise ValueError(f"values must give exactly tp, fp, fn and tn. Received: {', '.join(map(str, values))}")
    worth = {key.lower(): array(f"values.{key}", item, (0, 1)) for key, item in values.items()}
    for key, item in worth.items():
        if item.ndim and len(item) not in (1, len(cells)):
            raise ValueError(f"values.{key} must be one number or one a draw, {len(cells)}. Received: {len(item)}")
    catch = (cells[:, 6] - cells[:, 5]) * (worth["tp"] - worth["fn"])  # positives flagged by one alone
    alarm = (cells[:, 2] - cells[:, 1]) * (worth["fp"] - worth["tn"])  # negatives flagged by one alone
    return catch + alarm


def _moments(kind, seen: np.ndarray, worth: np.ndarray, level: float, method: str, **more):
    n = seen.sum()
    shares = seen / n
    mean = float(np.sum(shares * worth))
    error = math.sqrt(float(np.sum(shares * (worth - mean) ** 2)) / n)
    low, high, few = _interval(seen.ravel(), np.broadcast_to(worth, seen.shape).ravel(), mean, error, level)
    return kind(
        mean=mean,
        standard_error=error,
        low=low,
        high=high,
        n=int(n),
        level=level,
        method=f"{method}; {few}" if few else method,
        **more,
    )


def _interval(seen: np.ndarray, worth: np.ndarray, mean: float, error: float, level: float) -> tuple[float, float, str]:
    """low, high and, where it is not the plain normal interval, which one it is.

    The normal interval goes by the cases that differ from the commonest worth. Where there are few, it is too narrow,
    and where there is none it has no width at all.
    """
    n = seen.sum()
    reach = normal_reach(level) * error
    levels, cell = np.unique(worth, return_inverse=True)
    counts = np.bincount(cell, seen)
    common = levels[np.argmax(counts)]
    others = n - counts.max()
    if others >= FEW or len(levels) == 1:
        return mean - reach, mean + reach, ""
    if others == 0:
        unseen = 1 - ((1 - level) / 2) ** (1 / n)  # Clopper-Pearson at none of n
        low, high = common + unseen * (levels[0] - common), common + unseen * (levels[-1] - common)
        return float(low), float(high), "all cases alike: exact bound of what was not seen"
    padded = seen + np.where(worth == common, 0.0, 1.0)  # one case more in each cell that differs
    total = padded.sum()
    centre = float(padded @ worth / total)
    wide = normal_reach(level) * math.sqrt(float(padded @ (worth - centre) ** 2 / total) / total)
    low, high = max(min(centre - wide, mean), levels[0]), min(max(centre + wide, mean), levels[-1])
    return float(low), float(high), f"under {FEW} cases that differ: one more in each such cell"


def _outcomes(name: str, given) -> dict[str, float]:
    """tp, fp, fn, tn from a mapping (any case) or an object with those attributes."""
    if isinstance(given, Mapping):
        found = {str(key).lower(): item for key, item in given.items()}
        if len(found) < len(given):
            raise ValueError(f"{name} must name each of tp, fp, fn and tn once. Received: {', '.join(map(str, given))}")
    elif all(hasattr(given, key) for key in OUTCOMES):
        found = {key: getattr(given, key) for key in OUTCOMES}
    else:
        raise ValueError(f"{name} must give tp, fp, fn and tn. Received: {shown(given)}")
    if set(found) != set(OUTCOMES):
        raise ValueError(f"{name} must give exactly tp, fp, fn and tn. Received: {', '.join(sorted(found))}")
    return {key: number(f"{name}.{key}", found[key]) for key in OUTCOMES}


def _cells(counts, values, name: str = "counts") -> tuple[np.ndarray, np.ndarray]:
    if isinstance(counts, (np.ndarray, list, tuple)):
        seen, worth = array(name, counts), array("values", values)
        if seen.shape != worth.shape:
            raise ValueError(f"counts and values must have one shape. Received: {seen.shape} and {worth.shape}")
        seen, worth = seen.ravel(), worth.ravel()
    else:
        both = _outcomes(name, counts), _outcomes("values", values)
        seen, worth = (np.array([one[key] for key in OUTCOMES]) for one in both)
    return _counts(seen, name), worth


def _counts(seen: np.ndarray, name: str = "counts") -> np.ndarray:
    if np.any(seen < 0) or np.any(seen != np.floor(seen)):
        raise ValueError(
            f"Counts must be whole numbers of at least 0, not rates. Received: {name}={shown(seen.ravel().tolist())}"
        )
    if seen.sum() == 0:
        raise Undefined("A test set without cases has no expected value.")
    return seen


def _is_paired_table(counts) -> bool:
    if isinstance(counts, Mapping):
        return any(isinstance(key, tuple) for key in counts)
    if isinstance(counts, (list, tuple)) and len(counts) and hasattr(counts[0], "y_true"):
        return True
    return isinstance(counts, (list, tuple, np.ndarray)) and np.ndim(counts) == 3
