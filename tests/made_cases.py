"""Small cases with a known truth, for the tests of casework: loans with days, amounts, groups and blocks; pictures."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
from test_client import B, Folder

from lepton_nb import casework
from lepton_nb.client import OutcomeValue, ThreePoint

ENTRY = (
    "asset_id: C1, case: risk_classifier, data: data/loans.csv, target: defaulted, baseline_column: scorecard_flag, "
    "amount_column: exposure, block_column: branch, group_column: region, split: {by: day, test_from: 2025-01-01}"
)
WORTH = "outcome_value: {tp: 0, fn: [-0.55, -0.45, -0.35], fp: -0.07, tn: 0}"


def outcome_value(tp: float = 0.0, fp: float = -620.0, fn: float = -4275.0, tn: float = 0.0) -> OutcomeValue:
    return OutcomeValue(**{name: ThreePoint(v, v, v) for name, v in {"tp": tp, "fp": fp, "fn": fn, "tn": tn}.items()})


def loans(n: int = 1600, seed: int = 3, drift: float = 0.0, fade: float = 0.0) -> dict[str, np.ndarray]:
    """Loans of 2023 to 2025 in the order of time; about a fifth default. drift: how far income loses its meaning in 2025;
    fade: and how far it does so within that year."""
    draw = np.random.default_rng(seed)
    days = np.datetime64("2023-01-01") + np.sort(draw.integers(0, 3 * 365, n))
    income, load = draw.normal(40, 12, n).round(2), draw.beta(2, 4, n).round(4)
    sector = draw.choice(["trade", "craft", "farm"], n, p=[0.5, 0.3, 0.2])
    late = days >= np.datetime64("2025-01-01")
    age = np.clip((days - np.datetime64("2025-01-01")).astype(float) / 365, 0, None)
    odds = (
        -1.6
        - 0.07 * (income - 40) * (np.where(late, 1 - drift, 1.0) - fade * age)
        + 4 * (load - 0.33)
        + 0.6 * (sector == "farm")
    )
    return {
        "loan": np.array([f"L{row:05d}" for row in range(n)]),
        "day": days.astype(str),
        "income": income,
        "load": load,
        "sector": sector,
        "exposure": np.exp(draw.normal(9, 0.5, n)).round(2),
        "region": draw.choice(["north", "south"], n),
        "branch": draw.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
        "defaulted": (draw.random(n) < 1 / (1 + np.exp(-odds))).astype(np.int64),
        "scorecard_flag": (load > 0.45).astype(np.int64),
    }


def table(columns: dict[str, np.ndarray] | None = None, **changes) -> casework.CaseSet:
    """The loans as a case of no client."""
    given = {
        "target": "defaulted", "baseline": "scorecard_flag", "group": "region", "block": "branch", "leave_out": ("exposure",),
        "split": {"by": "day", "test_from": "2025-01-01"}, "money": outcome_value(), "currency": "EUR", "yearly": 120_000.0,
        "asset_id": "C1",
    }  # fmt: skip
    return casework.table(loans() if columns is None else columns, **given | changes)


def written(path: Path, columns: dict[str, np.ndarray]) -> Path:
    """The columns as a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(columns)
        rows.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))
    return path


def bank(path: Path, entry: str = ENTRY, columns: dict[str, np.ndarray] | None = None, sample: str = B) -> Folder:
    """A copy of a sample client with one case and its table."""
    folder = Folder(path, sample)
    file = folder.path / "client.yml"
    file.write_text(without_cases(file.read_text(encoding="utf-8")) + f"cases:\n  - {{{entry}}}\n", encoding="utf-8")
    written(folder.path / "data" / "loans.csv", loans() if columns is None else columns)
    return folder


def without_cases(text: str) -> str:
    """A client.yml without its cases."""
    return re.sub(r"(?ms)^cases:.*?(?=^\w|\Z)", "", text)


def pictures(n: int = 240, side: int = 16, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Grey pictures; half of them have a bright spot."""
    draw = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = draw.integers(60, 120, (n, side, side))
    for place in np.flatnonzero(y):
        row, column = draw.integers(2, side - 4, 2)
        x[place, row : row + 3, column : column + 3] = 230
    return x.astype(np.uint8), y
