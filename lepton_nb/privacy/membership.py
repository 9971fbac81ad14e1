r"""Who was in the training data: two attacks on what a model says of a row, and how many members each finds.

The question that counts is not how often an attack is right in the mean, but how many members it names with next to no
false accusations: the true positive rate (TPR) at a low false positive rate (FPR).

Reference: Carlini and others, Membership Inference Attacks From First Principles, IEEE S&P 2022.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lepton_nb.valuation.intervals import Interval, clopper_pearson_interval

__all__ = ["Attack", "found_at", "halves", "likelihood_scores", "loss_scores", "sureness"]


@dataclass(frozen=True)
class Attack:
    """What an attack found: share of members at ``false_alarms``, over several attacked models."""

    found: Interval
    false_alarms: float
    area: float  # under the ROC curve: 0.5 is guessing
    models: int
    scores: np.ndarray = field(repr=False)  # (models, n)


def halves(models: int, rows: int, seed: int = 0) -> np.ndarray:
    """Which rows each model learns from, (models, rows) bool: a half each, and each row in half of the models.

    Raises ValueError for an odd number of models.
    """
    if models % 2 or models < 4:
        raise ValueError(f"models must be even and 4 or more. Received: {models=}")
    turns = np.argsort(np.random.default_rng((seed, 750)).random((models, rows)), axis=0)
    return turns < models // 2


def sureness(chances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Log-odds of the right class, (models, n). chances: (models, n, classes); labels: (n,)."""
    right = np.take_along_axis(chances, labels[None, :, None], axis=2)[..., 0].astype(float)
    others = np.maximum(chances.sum(axis=2) - right, 1e-12)
    return np.log(np.maximum(right, 1e-12)) - np.log(others)


def loss_scores(sure: np.ndarray) -> np.ndarray:
    """The simple attack (Yeom and others, 2018): the surer a model is of the right class, the likelier a member."""
    return np.asarray(sure, float)


def likelihood_scores(sure: np.ndarray, member: np.ndarray) -> np.ndarray:
    r"""The attack by likelihood: how much better what a model says of a row fits to models that learnt it, (models, n).

    Each model is attacked in turn with all others as shadows. A row's log-odds are taken as normal, with a mean of its own
    among the shadows with it and among those without, and one spread for all rows:
    $\log N(s; μ_{in}, σ_{in}) - \log N(s; μ_{out}, σ_{out})$. sure, member: (models, n).
    """
    models = len(sure)
    found = np.empty(sure.shape)
    for target in range(models):
        others = np.arange(models) != target
        told, within = sure[others], member[others]
        sides = []
        for side in (within, ~within):
            mean = (told * side).sum(axis=0) / np.maximum(side.sum(axis=0), 1)
            spread = np.sqrt(np.sum(((told - mean) * side) ** 2) / max(side.sum() - side.shape[1], 1))
            sides.append(-np.log(spread + 1e-9) - 0.5 * ((sure[target] - mean) / (spread + 1e-9)) ** 2)
        found[target] = sides[0] - sides[1]
    return found


def _share_found(scores: np.ndarray, member: np.ndarray, false_alarms: float) -> float:
    """Share of members above the cut that lets at most that share of the others through, over all models together."""
    others = np.sort(scores[~member])[::-1]
    allowed = int(np.floor(false_alarms * len(others)))
    return float(np.mean(scores[member] > others[allowed]))


def found_at(
    scores: np.ndarray, member: np.ndarray, false_alarms: float = 0.001, draws: int = 200, seed: int = 0
) -> Attack:
    """Share of members found at so few false alarms, with the interval over the attacked models.

    The models are drawn again and again, and the cut is set anew for each draw: rows of one model go together. The ends
    are no nearer than those of the exact binomial interval of the members, so that nobody found is not told as nobody to
    be found. scores, member: (models, n). Raises ValueError where the others are too few for one false alarm.
    """
    if false_alarms * np.sum(~member) < 1:
        raise ValueError(f"{np.sum(~member)} rows outside are too few for a share of {false_alarms:g} false alarms.")
    draw, models = np.random.default_rng((seed, 751)), len(scores)
    again = [draw.integers(0, models, models) for _ in range(draws)]
    shares = [_share_found(scores[here], member[here], false_alarms) for here in again]
    value = _share_found(scores, member, false_alarms)
    exact = clopper_pearson_interval(round(value * int(member.sum())), int(member.sum()))
    low, high = (float(end) for end in np.quantile(shares, (0.025, 0.975)))
    method = f"95 %, {models} models drawn again, no narrower than exact binomial"
    found = Interval(value, min(low, exact.low), max(high, exact.high), 0.95, int(member.sum()), method)
    return Attack(found, false_alarms, _area(scores, member), models, scores)


def _area(scores: np.ndarray, member: np.ndarray) -> float:
    """Area under the ROC curve over all models together."""
    from scipy.stats import rankdata

    ranks, inside = rankdata(scores), member.ravel()
    ours = int(inside.sum())
    return float((ranks.reshape(-1)[inside].sum() - ours * (ours + 1) / 2) / (ours * (inside.size - ours)))
