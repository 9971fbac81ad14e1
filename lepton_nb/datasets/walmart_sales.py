"""Weekly sales of 45 stores, and made-up ones in their place."""

from __future__ import annotations

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once
from lepton_nb.datasets._tables import read_columns

__all__ = ["WALMART_SALES"]

MADE_STORES, WEEKS = 12, 143


@made_once
def made_sales() -> dict[str, np.ndarray]:
    """143 weeks of twelve made-up stores: each with a level of its own, a peak before Christmas, and a slow drift.

    Fuel has a price in each of three regions, which walks at random.
    """
    generator = np.random.default_rng(3_301)
    walks = np.cumsum(np.random.default_rng(3_303).normal(0.003, 0.05, (3, WEEKS)), axis=1)
    days = np.datetime64("2010-02-05") + 7 * np.arange(WEEKS)
    year = (days - days.astype("datetime64[Y]")).astype(int) / 365.25
    festive = np.isin((year * 52).astype(int), (6, 36, 47, 51))
    peak = 0.5 * np.exp(-(((year - 0.965) / 0.02) ** 2)) + 0.15 * festive + 0.05 * np.sin(2 * np.pi * year)
    rows = []
    for store in range(1, MADE_STORES + 1):
        level = generator.uniform(3e5, 2e6)
        drift = np.cumsum(generator.normal(0, 0.008, WEEKS))
        sales = level * (1 + peak * generator.uniform(0.6, 1.4) + drift + generator.normal(0, 0.03, WEEKS))
        warm = 60 - 25 * np.cos(2 * np.pi * year) + generator.normal(0, 6, WEEKS)
        fuel, prices = 3.0 + walks[store % 3], 210 + 0.08 * np.arange(WEEKS)
        rows.append((np.full(WEEKS, store), days.astype(str), sales.round(2), festive.astype(np.int64), warm.round(2),
                     fuel.round(3), prices, np.full(WEEKS, 8.0)))  # fmt: skip
    names = ("Store", "Date", "Weekly_Sales", "Holiday_Flag", "Temperature", "Fuel_Price", "CPI", "Unemployment")
    return {name: np.concatenate(columns) for name, columns in zip(names, zip(*rows, strict=True), strict=True)}


WALMART_SALES = Entry(
    title="Walmart weekly sales of 45 stores",
    file="walmart_weekly_sales.csv.gz",
    size=118_090,
    sha256="b92f97a2c3d83b6e71cb4f05c57b6a3a53dc2c89bef018399613a12247d4063c",
    source="Walmart, Walmart Recruiting - Store Sales Forecasting (2014), store-level version",
    licence="unclear: data of a competition",
    read=read_columns,
    arrays={
        "Store": ("int64", (6_435,)), "Date": ("<U10", (6_435,)), "Weekly_Sales": ("float64", (6_435,)),
        "Holiday_Flag": ("int64", (6_435,)),
        **dict.fromkeys(("Temperature", "Fuel_Price", "CPI", "Unemployment"), ("float64", (6_435,))),
    },
    stand_in=StandIn.own("Made-up weekly sales of stores", made_sales),
    spoken="Walmart sales",
    meanings={"Weekly_Sales": "the sales of a week, in USD", "Holiday_Flag": "1 in a week with a great holiday"},
)  # fmt: skip
