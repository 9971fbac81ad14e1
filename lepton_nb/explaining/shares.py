r"""What each column of a row adds to a model's answer: Shapley values of columns, exact and sampled.

The game is that of :func:`lepton_nb.valuation.data_value.shapley`; here columns are its players. A coalition S keeps its
columns, the others come from rows of a background, all at once:

$$ v(S) = \frac1m \sum_{b} f(x_S, b_{\bar S}) $$

So the columns are taken as if they could be set by themselves ("interventional"): what is explained is the model, not what
goes with what in the world.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation import data_value

__all__ = ["Game", "game", "of_line"]

MOST_COLUMNS = 12  # 2^12 coalitions, each asked with the whole background
AT_ONCE = 200_000  # rows that a model is asked for together


@dataclass(frozen=True)
class Game:
    """What every coalition of columns answers for one row. values: (2^k,), coalition = sum of 2^position of its columns."""

    names: tuple[str, ...]
    values: np.ndarray

    def __call__(self, group: frozenset) -> float:
        """The answer where these columns are the row's own and the others the background's."""
        return float(self.values[sum(1 << self.names.index(name) for name in group)])

    def exact(self) -> data_value.Attribution:
        """Shapley values over all coalitions."""
        return data_value.shapley(self.names, self, exact_players=len(self.names))

    def sampled(self, permutations: int, seed: int = 0) -> data_value.Attribution:
        """Shapley values from so many orders of joining, in pairs, with standard errors."""
        return data_value.shapley(self.names, self, permutations, seed, exact_players=0)

    def left(self, order: Sequence[int]) -> np.ndarray:
        """Answers (k + 1,) while columns go over to the background, one after the other, in this order of positions."""
        gone = np.concatenate([[0], np.cumsum(1 << np.asarray(order))])
        return self.values[len(self.values) - 1 - gone]


def game(
    predict: Callable[[np.ndarray], np.ndarray], row: np.ndarray, background: np.ndarray, names: Sequence[str]
) -> Game:
    """Ask a model for all coalitions of the columns of one row.

    predict: (n, k) → (n,). row: (k,). background: (m, k). 2^k times m rows are asked. Raises ValueError for more than
    12 columns.
    """
    row, background = np.asarray(row, float), np.asarray(background, float)
    k, m = len(row), len(background)
    if not 0 < k <= MOST_COLUMNS or background.shape[1:] != (k,) or len(names) != k or not m:
        raise ValueError(
            f"1 to {MOST_COLUMNS} columns with a name each, and a background of as many. "
            f"Received: {k} columns, {len(names)} names, background {background.shape}"
        )
    members = (np.arange(2**k)[:, None] >> np.arange(k)) & 1 > 0
    together, values = max(AT_ONCE // m, 1), []
    for start in range(0, len(members), together):
        mixed = np.where(members[start : start + together, None, :], row, background)
        values.append(predict(mixed.reshape(-1, k)).reshape(-1, m).mean(axis=1))
    return Game(tuple(names), np.concatenate(values))


def of_line(slopes: np.ndarray, rows: np.ndarray, background: np.ndarray) -> np.ndarray:
    r"""Shapley values of a line, without any coalition: $\phi_j = \beta_j (x_j - \bar b_j)$, (n, k).

    slopes: (k,). rows: (n, k). background: (m, k).

    Reference: Lundberg and Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017, corollary 1.

    >>> of_line(np.array([2.0, -1.0]), np.array([[3.0, 4.0]]), np.array([[1.0, 1.0], [3.0, 1.0]])).tolist()
    [[2.0, -3.0]]
    """
    return np.asarray(slopes) * (np.asarray(rows) - np.asarray(background).mean(axis=0))
