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


def hours_from(day: str, count: int) -> np.ndarray:
    """``count`` hours from the midnight of a day on, as texts: YYYY-MM-DD HH:MM:SS."""
    hours = np.datetime64(f"{day}T00:00:00") + np.arange(count) * np.timedelta64(1, "h")
    return np.char.replace(hours.astype(str), "T", " ")


def daily_shape(hours: np.ndarray, work: np.ndarray) -> np.ndarray:
    """What share of its highest a made-up traffic has at each hour: two peaks on days of work, one hill on free days.

    hours: (n,) datetime64; work: (n,) bool.
    """
    hour = (hours - hours.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    peaks = np.exp(-(((hour - 8) / 1.8) ** 2)) + 0.95 * np.exp(-(((hour - 17) / 2.2) ** 2))
    hill = 0.8 * np.exp(-(((hour - 14) / 4.5) ** 2))
    return 0.05 + np.where(work, 0.85 * peaks + 0.35 * hill, hill)
