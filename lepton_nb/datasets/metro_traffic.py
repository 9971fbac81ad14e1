"""Cars in each hour on a motorway beside a city, and made-up ones in their place.

The file has hours with several rows, one a weather, hours without a row, and marks a holiday at midnight alone.
"""

from __future__ import annotations

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once
from lepton_nb.datasets._tables import daily_shape, hours_from, read_columns

__all__ = ["METRO_TRAFFIC"]

MADE_DAYS = 150
_COLUMNS = {
    "holiday": "<U25", "temp": "float64", "rain_1h": "float64", "snow_1h": "float64", "clouds_all": "int64",
    "weather_main": "<U12", "weather_description": "<U35", "date_time": "<U19", "traffic_volume": "int64",
}  # fmt: skip


@made_once
def made_traffic() -> dict[str, np.ndarray]:
    """150 made-up days with the faults of the real file: double hours, lost hours, holidays marked at midnight."""
    generator = np.random.default_rng(3_303)
    hours = np.datetime64("2012-10-01T00", "h") + np.arange(24 * MADE_DAYS)
    days, number = hours.astype("datetime64[D]"), np.arange(24 * MADE_DAYS) // 24
    free = np.isin(number, (7, 42, 52, 85, 92, 140))
    work = (((days.astype(int) + 3) % 7) < 5) & ~free
    volume = 5200 * daily_shape(hours, work) * generator.lognormal(0, 0.08, len(hours))
    wet = np.repeat(generator.random(MADE_DAYS) < 0.2, 24)
    columns = {
        "holiday": np.where(free & (np.arange(len(hours)) % 24 == 0), "Columbus Day", "None"),
        "temp": 280 + 10 * np.sin(2 * np.pi * number / 365) + generator.normal(0, 2, len(hours)),
        "rain_1h": np.where(wet, 0.4, 0.0), "snow_1h": np.zeros(len(hours)), "clouds_all": np.where(wet, 90, 20),
        "weather_main": np.where(wet, "Rain", "Clear"),
        "weather_description": np.where(wet, "light rain", "sky is clear"),
        "date_time": hours_from("2012-10-01", len(hours)), "traffic_volume": volume.astype(np.int64),
    }  # fmt: skip
    lost = (generator.random(len(hours)) < 0.03) | ((number >= 30) & (number < 32))
    rows = np.repeat(np.arange(len(hours)), np.where(lost, 0, 1 + (wet & (generator.random(len(hours)) < 0.3))))
    return {name: column[rows] for name, column in columns.items()}


METRO_TRAFFIC = Entry(
    title="Metro Interstate traffic volume by the hour",
    file="metro_traffic.csv.gz",
    size=403_236,
    sha256="eeacf45038a3c5b5ae9813ac0c1f094c8a12c041600ec5489dc3434673693d7c",
    source="J. Hogue, Metro Interstate Traffic Volume, UCI Machine Learning Repository, 2019",
    licence="CC BY 4.0",
    read=read_columns,
    arrays={name: (dtype, (48_204,)) for name, dtype in _COLUMNS.items()},
    stand_in=StandIn.own("Made-up traffic by the hour", made_traffic),
    spoken="metro traffic",
    meanings={"traffic_volume": "cars in an hour", "holiday": "the name of a holiday, at its first hour"},
)
