"""Bicycles hired in each hour of two years, and made-up ones in their place."""

from __future__ import annotations

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once
from lepton_nb.datasets._tables import daily_shape, read_columns

__all__ = ["BIKE_SHARING"]

MADE_DAYS = 150
WHOLE = ("season", "yr", "mnth", "hr", "holiday", "weekday", "workingday", "weathersit")
PARTS = ("temp", "atemp", "hum", "windspeed")
COUNTS = ("casual", "registered", "cnt")


@made_once
def made_hires() -> dict[str, np.ndarray]:
    """150 made-up days; hours without a hire have no row, as in the real file."""
    generator = np.random.default_rng(3_302)
    hours = np.datetime64("2011-01-01T00", "h") + np.arange(24 * MADE_DAYS)
    days = hours.astype("datetime64[D]")
    weekday = (days.astype(int) + 4) % 7  # 0: Sunday
    number = (days - days[0]).astype(int)
    holiday = np.isin(number, (16, 51, 90, 149)).astype(np.int64)
    work = ((weekday > 0) & (weekday < 6) & (holiday == 0)).astype(np.int64)
    warm = 0.5 - 0.3 * np.cos(2 * np.pi * number / 365)
    weather = np.repeat(generator.choice([1, 2, 3], MADE_DAYS, p=[0.65, 0.25, 0.1]), 24)
    expected = (
        180 * daily_shape(hours, work == 1) * (0.3 + warm) * np.select([weather == 2, weather == 3], [0.85, 0.5], 1)
    )
    count = generator.poisson(expected * generator.lognormal(0, 0.2, len(hours)))
    casual = generator.binomial(count, np.where(work == 1, 0.15, 0.35))
    columns = {
        "dteday": days.astype(str), "season": 1 + (number // 91) % 4, "yr": number // 365, "mnth": 1 + (number // 30) % 12,
        "hr": (hours - days).astype(int), "holiday": holiday, "weekday": weekday, "workingday": work,
        "weathersit": weather, "temp": warm.round(2), "atemp": warm.round(4),
        "hum": generator.uniform(0.3, 0.9, len(hours)).round(2), "windspeed": generator.uniform(0, 0.5, len(hours)).round(4),
        "casual": casual, "registered": count - casual, "cnt": count,
    }  # fmt: skip
    kept = {name: column[count > 0] for name, column in columns.items()}
    return {"instant": np.arange(1, int((count > 0).sum()) + 1)} | kept


BIKE_SHARING = Entry(
    title="Capital Bikeshare, hires by the hour",
    file="bike_sharing_hourly.csv.gz",
    size=256_284,
    sha256="b8ac2279f7d4df4549cedf065c45dd4dfaf071d34f35da574187947fd01434e7",
    source="H. Fanaee-T, J. Gama, Event labeling combining ensemble detectors and background knowledge, 2013; UCI",
    licence="CC BY 4.0",
    read=read_columns,
    arrays={
        "instant": ("int64", (17_379,)), "dteday": ("<U10", (17_379,)),
        **dict.fromkeys(WHOLE, ("int64", (17_379,))), **dict.fromkeys(PARTS, ("float64", (17_379,))),
        **dict.fromkeys(COUNTS, ("int64", (17_379,))),
    },
    stand_in=StandIn.own("Made-up hires of bicycles", made_hires),
    spoken="bike sharing",
    meanings={"cnt": "bicycles hired in an hour"},
)  # fmt: skip
