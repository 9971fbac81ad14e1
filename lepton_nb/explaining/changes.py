"""The smallest change of a row that turns a model's decision, within what a person can change."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Change", "Lever", "of_few_columns", "smallest"]

MOST_CANDIDATES = 100_000


@dataclass(frozen=True)
class Lever:
    """A column that a person can change. values: those it may take; up: only rising ones, else only falling ones.

    least: the smallest share of today's value that a change may leave (of an amount: half of it, say).
    """

    column: int
    values: tuple[float, ...]
    up: bool
    least: float = 0.0

    def reachable(self, now: float, backwards: bool = False) -> list[float]:
        """Values that it may take from here, the nearest first. backwards: in the direction that nobody would take."""
        if self.up != backwards:
            return sorted(value for value in self.values if value > now)
        lowest = 0.0 if backwards else self.least * now
        return sorted((value for value in self.values if lowest <= value < now), reverse=True)


@dataclass(frozen=True)
class Change:
    """What would have turned the decision. to: column → (from, to); distance: sum of the steps in spreads of the column."""

    to: dict[int, tuple[float, float]]
    distance: float
    row: np.ndarray


def of_few_columns(row: np.ndarray, levers: Sequence[Lever], most: int, backwards: bool = False):
    """Candidates that change 1, 2, … ``most`` columns: for each number an array (n, k). ValueError for too many."""
    row = np.asarray(row, float)
    for count in range(1, most + 1):
        found = []
        for chosen in itertools.combinations(levers, count):
            values = [lever.reachable(row[lever.column], backwards) for lever in chosen]
            for one in itertools.product(*values):
                candidate = row.copy()
                candidate[[lever.column for lever in chosen]] = one
                found.append(candidate)
            if len(found) > MOST_CANDIDATES:
                raise ValueError(
                    f"{count} columns at a time give more than {MOST_CANDIDATES:,} changes: give fewer values, or a lower "
                    f"most. Received: {most=}, {len(levers)} levers"
                )
        if found:
            yield np.array(found)


def smallest(
    granted: Callable[[np.ndarray], np.ndarray], row: np.ndarray, levers: Sequence[Lever], spreads: np.ndarray,
    most: int = 2, backwards: bool = False,
) -> Change | None:  # fmt: skip
    r"""The change of fewest columns that turns a refusal into a grant, and among those the nearest; None: there is none.

    granted: (n, k) → (n,) bool, the model's own decision. spreads: (k,), above 0; the distance is
    $\sum_j |x'_j - x_j| / d_j$. Every candidate within the levers is asked, so what is found is the smallest. backwards:
    only changes for the worse, which must not turn anything.

    Reference: Wachter, Mittelstadt and Russell, Counterfactual Explanations without Opening the Black Box, Harvard
    Journal of Law & Technology 31, 2018, pp. 841-887; Ustun, Spangher and Liu, Actionable Recourse in Linear
    Classification, FAT* 2019 (what a person can change).
    """
    row, spreads = np.asarray(row, float), np.asarray(spreads, float)
    if not (spreads > 0).all():
        raise ValueError(f"spreads must be above 0. Received: {spreads.tolist()}")
    for candidates in of_few_columns(row, levers, most, backwards):
        turned = candidates[granted(candidates)]
        if len(turned):
            far = (np.abs(turned - row) / spreads).sum(axis=1)
            best = turned[far.argmin()]
            to = {int(j): (float(row[j]), float(best[j])) for j in np.flatnonzero(best != row)}
            return Change(to, float(far.min()), best)
    return None
