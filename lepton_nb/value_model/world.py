"""One state of the uncertain figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lepton_nb.client import ThreePoint

Money = float | np.ndarray


@dataclass(frozen=True)
class World:
    """One state of the uncertain figures; what it does not name stands at its most likely value.

    drawn: by input, a quantile level 0..1 (a number or (draws,)), or the shares of a test set's cells
    ((draws, cells)); gains: gain per case by evaluation, in place of the measured one; chances: of success by
    asset; half_lives by asset (None: no decay); rate_change is added to every discount rate; the multipliers serve all
    lines but those of an asset in own_multipliers (asset: on benefits, on costs).
    """

    drawn: Mapping[str, Money] = field(default_factory=dict)
    gains: Mapping[str, float] = field(default_factory=dict)
    chances: Mapping[str, float] = field(default_factory=dict)
    half_lives: Mapping[str, float | None] = field(default_factory=dict)
    rate_change: float = 0.0
    benefit_multiplier: Money = 1.0
    cost_multiplier: Money = 1.0
    own_multipliers: Mapping[str, tuple[Money, Money]] = field(default_factory=dict)

    def multipliers(self, asset_id: str) -> tuple[Money, Money]:
        """Factors on the benefits and on the costs of one asset."""
        return self.own_multipliers.get(asset_id, (self.benefit_multiplier, self.cost_multiplier))

    def read(self, name: str, three: ThreePoint) -> Money:
        """The figure of that name: its most likely value, or the triangular quantile at its level."""
        level = self.drawn.get(name)
        if level is None or three.low == three.high:
            return three.mode
        return triangular_quantile(three, level)


MOST_LIKELY = World()


def triangular_quantile(three: ThreePoint, level) -> Money:
    r"""The quantile of a triangular distribution: $a + \sqrt{u (b-a)(c-a)}$ up to the mode c, mirrored above it.

    The same as ``valuation.uncertainty.triangular(...).ppf``, without making a distribution for each of many rows.

    >>> float(triangular_quantile(ThreePoint(0.0, 1.0, 2.0), 0.5)), float(triangular_quantile(ThreePoint(0.0, 0.0, 1.0), 0.0))
    (1.0, 0.0)
    """
    low, mode, high = three
    level = np.asarray(level, dtype=float)
    wide = high - low
    up, down = np.sqrt(level * (wide * (mode - low))), np.sqrt((1.0 - level) * (wide * (high - mode)))
    return np.where(level < likely_level(three), low + up, high - down)


def likely_level(three: ThreePoint) -> float:
    """The level at which the triangular quantile is the most likely figure; any level where there is no range."""
    return (three.mode - three.low) / (three.high - three.low) if three.high > three.low else 0.5
