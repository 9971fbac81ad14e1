"""An electricity transformer, hour by hour: six loads and the temperature of its oil; made-up ones in their place."""

from __future__ import annotations

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once
from lepton_nb.datasets._tables import hours_from, read_columns

__all__ = ["CHANNELS", "ETTH1"]

CHANNELS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
MADE_HOURS = 24 * 100


@made_once
def made_loads() -> dict[str, np.ndarray]:
    """100 made-up days of seven columns: a wave of the day, a weaker one of the week, and a level that drifts."""
    generator = np.random.default_rng(33)
    hour = np.arange(MADE_HOURS)
    columns: dict[str, np.ndarray] = {"date": hours_from("2016-07-01", MADE_HOURS)}
    for place, name in enumerate(CHANNELS):
        day = 2 * np.sin(2 * np.pi * (hour - 2 * place) / 24) + np.sin(4 * np.pi * hour / 24)
        week = 0.8 * np.sin(2 * np.pi * hour / 168)
        drift = np.cumsum(generator.normal(0, 0.08, MADE_HOURS))
        columns[name] = 6 + place + day + week + drift + generator.normal(0, 0.7, MADE_HOURS)
    return columns


ETTH1 = Entry(
    title="ETTh1, an electricity transformer by the hour",
    file="etth1_electricity_transformer.csv.gz",
    size=405_601,
    sha256="f1141f82f9d46968f05afa77ba16abfc4f790fe07583f9de06bb685b29a5411f",
    source="H. Zhou and others, Informer, AAAI 2021",
    licence="CC BY-ND 4.0",
    read=read_columns,
    arrays={"date": ("<U19", (17_420,)), **dict.fromkeys(CHANNELS, ("float64", (17_420,)))},
    stand_in=StandIn.own("Made-up loads of a transformer", made_loads),
    spoken="ETTh1",
    meanings={"OT": "the temperature of the oil"},
)
