"""Tables: how a file of comma-separated values becomes arrays, and what made-up rows are drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

# pandas and SciPy are loaded where they are used: a report is planned without them


def read_columns(path: Path, leave_out: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """A gzipped CSV file with a header: one (n,) array a column, whole numbers, decimals or texts as they stand.

    Nothing is taken for a missing value: "None" and "NA" stay texts.
    """
    import pandas as pd

    table = pd.read_csv(path, keep_default_na=False, encoding="utf-8")
    return {
        str(name): table[name].to_numpy(str if pd.api.types.is_string_dtype(table[name]) else None)
        for name in table
        if name not in leave_out
    }


def pick(generator: np.random.Generator, shares: Mapping, count: int) -> np.ndarray:
    """``count`` values, each with its share of the draws; shares need not sum to 1."""
    weights = np.array(list(shares.values()), float)
    return generator.choice(np.array(list(shares)), count, p=weights / weights.sum())


def happens(generator: np.random.Generator, log_odds: np.ndarray, share: float) -> np.ndarray:
    """1 or 0 for each row, with the chance that its log-odds give; all moved so that the mean chance is ``share``."""
    from scipy import optimize, special

    move = optimize.brentq(lambda by: special.expit(log_odds + by).mean() - share, -50, 50)
    return (generator.random(len(log_odds)) < special.expit(log_odds + move)).astype(np.int64)
