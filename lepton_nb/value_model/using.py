"""From which level of a business on a right is best used, and whether the draws of its value come there.

A right is that of :mod:`lepton_nb.value_model.options`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lepton_nb.valuation._tree import even_factors, roll_back
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model.stages import STEPS

#: Quantile of the draws that a right to buy must be able to reach (rule Option).
UPPER = 0.95


@dataclass(frozen=True)
class Region:
    """Where using the right is best: from ``boundary`` up (down, for a right to give up); levels, today = 1."""

    times: np.ndarray  # years
    boundary: np.ndarray  # nan where no node of that time is exercised
    now: bool  # today lies inside


def region(found: Any, volatility: float, steps: int = STEPS) -> Region:
    """The boundary of the exercise region on the tree that values the right.

    Raises Undefined where there is none to draw: no volatility, a stage (used at its date), a switch (two levels).
    """
    if volatility <= 0 or found.kind in ("stage", "switch"):
        raise Undefined("There is no region to draw: without volatility, for a stage, and for two uncertain levels.")
    times = np.linspace(0.0, found.years, steps + 1)
    boundary, inside = np.full(steps + 1, math.nan), [False]
    side, wide = (-1 if found.kind == "abandon" else 1), 2 * math.ceil(2 * math.sqrt(steps))

    def decide(step: int, levels: np.ndarray, going_on: np.ndarray) -> np.ndarray:
        gain = found.gain(times[step], levels)
        lead = gain - going_on
        boundary[step] = _crossing(levels, lead, side)
        inside[0] = bool(step == 0 and gain[wide] > 0 and lead[wide] >= -1e-12 * found.business.value)
        return np.maximum(going_on, gain)

    up, down = even_factors(volatility, found.years / steps)
    roll_back(decide, steps, up=up, down=down, wide=wide)
    return Region(times, boundary, inside[0])


def _crossing(levels: np.ndarray, lead: np.ndarray, side: int) -> float:
    """The level at which using the right begins to lead, linear between two nodes; nan where it never does."""
    inside = np.flatnonzero(lead >= 0)
    if not len(inside):
        return math.nan
    at = inside[0] if side > 0 else inside[-1]
    before = at - side
    if not 0 <= before < len(lead):
        return float(levels[at])
    share = lead[at] / (lead[at] - lead[before])
    return float(levels[at] + share * (levels[before] - levels[at]))


@dataclass(frozen=True)
class Trigger:
    """From which level of the business on a right to buy is best used; levels, mean of the draws today = 1."""

    least: float  # the lowest over the dates until the deadline
    last: float  # at the deadline
    reached: float  # nineteen draws in twenty lie below this level

    @property
    def out_of_reach(self) -> bool:
        """Whether the draws' own upper end lies below every level from which the right is used."""
        return self.reached < self.least


def trigger(found: Any, volatility: float) -> Trigger | None:
    """What would have to be true for a right to buy to be used; None for other rights, and where no level is high enough."""
    if found.kind not in ("defer", "expand") or volatility <= 0:
        return None
    levels = region(found, volatility).boundary
    levels = levels[np.isfinite(levels)]
    if not len(levels):
        return None
    reached = float(np.quantile(found.business.draws, UPPER)) / found.business.value
    return Trigger(float(levels.min()), float(levels[-1]), reached)
