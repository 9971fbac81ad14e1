"""A figure that a test gave as a mean with its error: a share accepted (Beta), or a gain of a trial (normal)."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, betaincinv, ndtr, ndtri

from lepton_nb import terms
from lepton_nb.client import Trial

#: Jeffreys prior added to every count of a test set.
PRIOR = 0.5
#: Of a trial: its quantiles end here, since a level of 0 or 1 would lie at infinity.
LAST_LEVEL = 1e-9
LEVEL = 0.90


def is_trial(item) -> bool:
    return isinstance(item, Trial)


def link(item) -> str:
    """Kind of link by which a benefit rests on it."""
    return "trial" if is_trial(item) else "acceptance"


def link_id(item) -> str:
    return item.trial_id if is_trial(item) else item.asset_id


def name(item) -> str:
    """Name of the input that is drawn."""
    return f"{item.trial_id}.gain" if is_trial(item) else f"{item.asset_id}.acceptance"


def label(item) -> str:
    """The same in words, without the name of what was tested."""
    return "gain per unit by the trial" if is_trial(item) else "share accepted"


def unit(item, currency: str) -> str:
    """Unit of the figure: a share, money per unit, or the effect that was counted per unit."""
    return f"{item.effect or currency} per {terms.singular(item.unit)}" if is_trial(item) else "share"


def law(item) -> tuple[str, tuple[float, ...]]:
    """How it is drawn, and by which parameters: beta (accepted, n), normal (gain, standard error)."""
    return ("normal", (item.gain, item.standard_error)) if is_trial(item) else ("beta", (item.accepted, item.n))


def mean(item) -> float:
    """The figure as it was measured."""
    return item.gain if is_trial(item) else item.accepted / item.n


def quantile(item, level):
    """The figure at a level in 0..1 of what the test leaves open. level: a number or (draws,)."""
    if is_trial(item):
        return item.gain + item.standard_error * ndtri(np.clip(level, LAST_LEVEL, 1 - LAST_LEVEL))
    return betaincinv(item.accepted + PRIOR, item.n - item.accepted + PRIOR, level)


def level(item) -> float:
    """The level of :func:`quantile` at which the measured figure lies."""
    if is_trial(item):
        return 0.5
    return float(betainc(item.accepted + PRIOR, item.n - item.accepted + PRIOR, item.accepted / item.n))


def level_at(trial: Trial, gain: float) -> float:
    """The level of :func:`quantile` at which the gain of a trial is ``gain``."""
    return float(ndtr((gain - trial.gain) / trial.standard_error))


def ends(item) -> tuple[float, float]:
    """The 5 % and the 95 % point of what the test leaves open."""
    if is_trial(item):
        return item.interval
    return tuple(float(quantile(item, (1 + side * LEVEL) / 2)) for side in (-1, 1))


def widened(item, drawn, factor: float):
    """A drawn figure, as much farther from the measured one as its grade of evidence asks; a share stays one."""
    far = mean(item) + factor * (drawn - mean(item))
    return far if is_trial(item) else np.clip(far, 0.0, 1.0)
