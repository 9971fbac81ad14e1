"""Valid clients of all kinds for Hypothesis: 1 to 40 assets, every option of the schema."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st
from test_value_model import asset, make

KINDS = ("data", "model", "infrastructure")
GOING = ("high", "limited", "minimal", "gpai", "not_ai", "outside_scope")
money = st.floats(1, 1e6).map(lambda value: round(value, 2))


@st.composite
def three_points(draw, low=0.0, high=1e6):
    ends = sorted(draw(st.tuples(*[st.floats(low, high).map(lambda value: round(value, 4))] * 3)))
    return tuple(ends)


def spread(name: str, three) -> dict[str, float]:
    return {f"{name}_{part}": value for part, value in zip(("low", "mode", "high"), three, strict=True)}


@st.composite
def shares(draw, name: str) -> dict[str, Any]:
    """attribution or adoption: one figure or three."""
    if draw(st.booleans()):
        return {name: round(draw(st.floats(0.05, 1)), 3)}
    return {name: None} | spread(name, draw(three_points(0.05, 1.0)))


@st.composite
def evaluations(draw, asset_id: str, pairs: bool | None = None) -> dict[str, Any]:
    """A test set on which the model repeats most of the baseline's decisions; pairs: None means either."""
    positives, negatives = draw(st.integers(5, 400)), draw(st.integers(20, 4000))
    cells = {}
    for truth, n in ((1, positives), (0, negatives)):
        alike = draw(st.floats(0.6, 1.0))
        flagged = draw(st.floats(0.05, 0.95)) if truth else draw(st.floats(0.0, 0.4))
        both, neither = int(n * alike * flagged), int(n * alike * (1 - flagged))
        left = n - both - neither
        gained = int(left * draw(st.floats(0.0, 1.0)))
        new, old = (gained, left - gained) if truth else (left - gained, gained)
        cells |= {(truth, 1, 1): both, (truth, 1, 0): new, (truth, 0, 1): old, (truth, 0, 0): neither}
    counts = {}
    for place, name in ((1, "model"), (2, "baseline")):
        table = dict.fromkeys(("tp", "fp", "fn", "tn"), 0)
        for key, n in cells.items():
            table[{(1, 1): "tp", (1, 0): "fn", (0, 1): "fp", (0, 0): "tn"}[key[0], key[place]]] += n
        counts[name] = table
    paired = draw(st.booleans()) if pairs is None else pairs
    loss = [-value for value in reversed(draw(three_points(1, 500)))]
    alarm = [-value for value in reversed(draw(three_points(0, 20)))]
    return {
        "evaluation_id": f"E_{asset_id}",
        "asset_id": asset_id,
        "evaluated_on": draw(st.dates(date(2023, 6, 1), date(2025, 12, 31))),
        "sample": "cases",
        "n": positives + negatives,
        **counts,
        "paired": [{"y_true": y, "model": m, "baseline": b, "count": n} for (y, m, b), n in cells.items()] if paired else None,
        "outcome_value": {"tp": [0, 0, 0], "tn": [0, 0, 0], "fn": loss, "fp": alarm},
    }  # fmt: skip


@st.composite
def assets(draw, n: int) -> list[dict[str, Any]]:
    found = []
    for place in range(n):
        before = draw(st.integers(0, 5)) == 0
        changes: dict[str, Any] = {
            "kind": draw(st.sampled_from(KINDS)),
            "useful_life_years": draw(st.sampled_from((0.7, 2, 3.5, 8, 15))),
            "half_life_years": draw(st.sampled_from((None, 0.8, 2.0, 6.0))),
            "acquisition": draw(st.sampled_from(("internal", "internal", "purchased", "licensed", "leased"))),
            "legal_control": draw(st.sampled_from(("owned", "owned", "owned", "shared", "unclear"))),
            "eu_ai_act_class": "prohibited" if draw(st.integers(0, 24)) == 24 else draw(st.sampled_from(GOING)),
            "in_service_date": draw(st.dates(date(2022, 1, 1), date(2025, 12, 31))),
            "feeds": ";".join(
                f"A{other}"
                for other in sorted(
                    draw(st.sets(st.integers(place + 1, n - 1), max_size=2)) if place < n - 1 else set()
                )
            ),
        }
        if before:
            changes |= {"lifecycle_stage": "algorithm_development", "in_service_date": None}
            changes |= {"p_technical_success": draw(st.sampled_from((None, 0.3, 0.8)))}
        if draw(st.integers(0, 5)) == 0:
            changes |= {"retrain_every_months": draw(st.sampled_from((3, 7, 18))), "retrain_cost": draw(money)}
        found.append(asset(f"A{place}", **changes))
    return found


@st.composite
def benefits(draw, owner: str, linked: str = "", tested: bool = False) -> list[dict[str, Any]]:
    rows = []
    for driver in draw(st.sampled_from((("saving",), ("saving", "speed")))):
        first, years = draw(st.integers(2025, 2027)), draw(st.integers(1, 5))
        grade = draw(st.sampled_from(("measured", "pilot", "expert", "vendor")))
        kind = draw(st.sampled_from(("revenue", "cost_saving", "efficiency", "risk_reduction", "indirect")))
        worth = spread("unit_value", draw(three_points(0, 1000)))
        link = "none"
        if linked and driver == "saving":
            worth, link = dict.fromkeys(worth), f"confusion:{linked}"
        elif tested and driver == "saving":
            link = f"acceptance:{owner}"
        same = draw(shares("attribution")), draw(shares("adoption"))
        volume = spread("volume", draw(three_points(0, 1e4)))
        rows += [
            {"asset_id": owner, "driver_id": driver, "year": year, "benefit_type": kind, "unit": "units", "metric_link": link,
             "evidence": grade} | volume | worth | same[0] | same[1]
            for year in range(first, first + years)
        ]  # fmt: skip
    return rows


@st.composite
def costs(draw, owner: str) -> list[dict[str, Any]]:
    rows = []
    for category in draw(st.sampled_from((("labour",), ("labour", "hardware")))):
        three = dict(zip(("low", "mode", "high"), draw(three_points(0, 2e5)), strict=True))
        base = {"asset_id": owner, "phase": "operation", "category": category, "kind": "forecast"} | three
        for year in range(2026, 2026 + draw(st.integers(0, 4))):
            dated = category == "hardware" or draw(st.booleans())
            rows.append(base | ({"date": f"{year}-12-31"} if dated else {"date": None, "year": year}))
    if draw(st.booleans()):
        rows.append({"asset_id": owner, "date": draw(st.dates(date(2022, 1, 1), date(2025, 12, 30))), "phase": "development",
                     "category": "labour", "kind": "actual", "amount": draw(money)})  # fmt: skip
    if draw(st.integers(0, 3)) == 0:
        three = dict(zip(("low", "mode", "high"), draw(three_points(0, 2e5)), strict=True))
        phase = draw(st.sampled_from(("research", "development", "decommission")))
        rows.append({"asset_id": owner, "date": draw(st.dates(date(2026, 1, 1), date(2028, 6, 30))), "phase": phase,
                     "category": "labour", "kind": "forecast"} | three)  # fmt: skip
    return rows


SCENARIOS = st.sampled_from(
    (
        [{"name": "base", "p": 1, "benefit_multiplier": 1, "cost_multiplier": 1}],
        [
            {"name": "bad", "p": 0.3, "benefit_multiplier": 0.6, "cost_multiplier": 1.1,
             "assets": [{"asset_id": "A0", "benefit_multiplier": 1.2, "cost_multiplier": 1.0}]},
            {"name": "base", "p": 0.7, "benefit_multiplier": 1, "cost_multiplier": 1},
        ],
    )
)  # fmt: skip


@st.composite
def parts(draw, most: int = 40) -> dict[str, Any]:
    """The arguments of ``make`` for a valid client."""
    n = (
        draw(st.one_of(st.integers(1, 5), st.integers(1, 5), st.integers(6, most)))
        if most > 5
        else draw(st.integers(1, most))
    )
    made = draw(assets(n))
    earning = draw(st.sets(st.integers(0, n - 1), max_size=min(n, 6)))
    found: dict[str, Any] = {"assets": made, "benefits": [], "costs": [], "evaluations": [], "acceptance": [],
                             "comparables": [], "monitoring": [], "usage": [], "options": []}  # fmt: skip
    for place in sorted(earning):
        name, door = f"A{place}", draw(st.integers(0, 3))
        if door == 0:
            found["evaluations"].append(draw(evaluations(name)))
            if draw(st.booleans()):
                rates = draw(st.lists(st.floats(0.3, 0.99), min_size=2, max_size=5))
                found["monitoring"] += [
                    {
                        "asset_id": name,
                        "period": f"2025-{month:02d}",
                        "metric": "recall",
                        "value": round(rate, 3),
                        "n": 300,
                    }
                    for month, rate in enumerate(rates, 1)
                ]
        if door == 1:
            accepted = draw(st.integers(0, 50))
            found["acceptance"].append({"asset_id": name, "evaluated_on": "2025-10-31", "n": 50,
                                        "accepted_without_edit": accepted, "unit": "letters"})  # fmt: skip
        found["benefits"] += draw(benefits(name, f"E_{name}" if door == 0 else "", door == 1))
        if draw(st.integers(0, 4)) == 0:
            found["comparables"].append(
                {"comparable": "service", "asset_id": name, "date": "2025-06-30", "price": draw(money), "basis": "offer",
                 "similarity": 0.5, "adjustment": 1, "unit": draw(st.sampled_from(("per year", "per month", "per thousand"))),
                 "source": "list", "substitute": True}
            )  # fmt: skip
            if draw(st.booleans()):
                price = found["comparables"][-1]["price"]
                found["comparables"][-1] |= {"price_low": 0.8 * price, "price_high": 1.5 * price}
        if draw(st.integers(0, 4)) == 0:
            found["usage"].append({"asset_id": name, "month": "2025-11", "requests": 1000, "p50_ms": 10, "p95_ms": 30,
                                   "gpu_hours": 3, "energy_kwh": 5})  # fmt: skip
    for place in range(n):
        if draw(st.integers(0, 2)):
            found["costs"] += draw(costs(f"A{place}"))
    for kind in draw(st.sets(st.sampled_from(("defer", "expand", "abandon", "switch", "stage")), max_size=3)):
        size = (
            {"salvage": draw(money)} if kind == "abandon" else {"scale": 1.5 if kind in ("expand", "switch") else 0.6}
        )
        found["options"].append(
            {"asset_id": f"A{draw(st.integers(0, n - 1))}", "kind": kind, "cost": draw(money), "deadline_years": 1.5,
             "volatility": draw(st.sampled_from((0.0, 0.3))), "volatility_source": "expert"} | size
        )  # fmt: skip
    found |= {
        "tax": draw(st.sampled_from((0.0, 0.25, 0.4))),
        "rate": draw(st.sampled_from((0.0, 0.04, 0.11))),
        "premium": draw(st.sampled_from((0.0, 0.05, {"data": 0.02, "model": 0.06, "infrastructure": 0.0}))),
        "scenarios": draw(SCENARIOS),
        "valuation": {
            "date": draw(st.sampled_from(("2025-12-31", "2026-06-30", "2026-03-31"))),
            "timing": draw(st.sampled_from(("end", "mid_year"))),
            "horizon_years": draw(st.integers(1, 8)),
            "basis_of_value": draw(st.sampled_from(("investment_value", "value_in_use_ias36", "market_value", "fair_value_ifrs13"))),
            "purpose": draw(st.sampled_from(("management", "financial_reporting", "transaction"))),
        },
    }  # fmt: skip
    return found


def client_of(found: dict[str, Any]):
    return make(**found)
