"""The samples with all their money in another unit: every word stays, every amount is in the new unit.

But for sentences that write amounts themselves, or round them.

The unit is so large that all amounts lie between 0 and 1: a limit that should be 0 and is some money shows here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.client import ThreePoint
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import (
    approaches,
    books,
    break_even,
    information,
    joint,
    ledger,
    market,
    options,
    portfolio,
    records,
    replacement,
    sensitivity,
    serving,
    stages,
    stopping,
    worlds,
)

CLIENTS = Path(__file__).resolve().parent.parent / "clients"
UNIT = 2.0**40  # a power of 2: no digit changes
MONEY = {
    "benefits": ("unit_value_low", "unit_value_mode", "unit_value_high"),
    "costs": ("actual", "low", "mode", "high"),
    "options": ("cost", "salvage"),
    "comparables": ("price",),
    "assets": ("retrain_one", "retrain_cost_low", "retrain_cost_mode", "retrain_cost_high"),
}


def in_units(client, unit: float):
    """The same client with its money in ``unit`` of its currency."""

    def less(row, names):
        return row.model_copy(update={n: getattr(row, n) / unit for n in names if getattr(row, n) is not None})

    def tested(one):
        if one.outcome_value is None:
            return one
        money = {o: ThreePoint(*(v / unit for v in getattr(one.outcome_value, o))) for o in ("tp", "fp", "fn", "tn")}
        return one.model_copy(update={"outcome_value": one.outcome_value.model_copy(update=money)})

    update = {part: tuple(less(row, names) for row in getattr(client, part)) for part, names in MONEY.items()}
    return client.model_copy(update=update | {"evaluations": tuple(map(tested, client.evaluations))})


def everything(client, unit: float) -> dict:
    """What the chapters show of a client; amounts in sentences in the first unit."""

    def money(value) -> str:
        return f"{value * unit:.4g}"

    plan = value_model.plan(client)
    found = value_model.conclude(plan, 512)
    distribution, costs, kept = found.distribution, replacement.replacement_costs(plan), ledger.books(client)
    owner = {name: float(value) for name, value in value_model.evaluate(plan).groups.items()}
    written = records.tables(found, worlds.tornado(plan, worlds.assumptions(plan, lambda value: "")))
    shown = {
        "conclusion": [(g.value, g.interval, g.most_likely, g.below_zero, g.verdict, g.assets.together) for g in found.groups],
        "assets": [{name: part.value for name, part in g.assets.assets.items()} for g in found.groups],
        "left out": plan.left_out,
        "caps": plan.caps,
        "register": value_model.register(plan),
        "tornado": worlds.tornado(plan, worlds.assumptions(plan, lambda value: "")),
        "scenarios": sensitivity.scenario_sentences(plan, worlds.scenario_values(plan), money),
        "shares": sensitivity.variance_shares(plan, 64),
        "replacement": {name: (item.new, item.functional, item.remaining_life) for name, item in costs.items()},
        "obsolescence": [replacement.economic_obsolescence(costs, g, owner[g.name]) for g in plan.groups],
        "charges": [approaches.charges(plan, group, costs) for group in plan.groups],
        "returns": [approaches.returns_on_assets(plan, group) for group in plan.groups],
        "measured": [approaches.measured_share(plan, asset.asset_id) for asset in client.assets],
        "splits": [joint.split(plan, group) for group in plan.groups],
        "learning": [
            replace(information.learning(plan, distribution, group, money), sentence="") for group in plan.groups
        ],
        "stages": stages.stages(plan, distribution, money),
        "stops": [stopping.right_to_stop(plan, distribution, group) for group in plan.groups],
        "services": [replace(item, hardware_words="") for item in serving.services(plan)[0]],
        "covers": serving.covers(plan, money),
        "offers": [offer.amount for offer in market.offers(plan)[0]],
        "books": {name: (book.capitalised, book.expensed, book.at(plan.date)) for name, book in kept.items()},
        "impairment": [(t.group, t.value, t.rate_before_tax) for t in books.impairment_tests(plan, kept, owner, owner)],
        "asks": portfolio.asks(plan, owner),
        "royalties": [approaches.relief_from_royalty(plan, asset.asset_id) for asset in client.assets],
        "decisive": [(row["group"], row["assumption"], row["value"]) for row in written["decisive"]],
        "stopped": [row["last_year"] for row in written["sheet_assets"]],
        "weights": [row["weight"] for row in written["sheet_assets"]],
        "break-even": [break_even.break_even_recall(plan, one) for one in client.evaluations if one.outcome_value],
        "lives": [break_even.economic_life(plan, asset.asset_id) for asset in client.assets],
        "money back": [value_model.returns(plan, group) for group in plan.groups],
    }  # fmt: skip
    businesses = []
    for item in client.options:
        try:
            base = stages.business(plan, distribution, item.asset_id, item.kind)
            right = options.right(plan, item, base)
            businesses.append(
                (base.value, base.by_time, options.at_deadline(right, 0.3), options.on_tree(right, 0.3, 20))
            )
        except Undefined:
            businesses.append(None)
    return shown | {"businesses": businesses}


def apart(one, other, where: str = ""):
    """Where two results differ by anything but the unit of money."""
    if isinstance(one, str) or one is None or isinstance(one, bool | int):
        if one != other:
            yield f"{where}: {one!r}, {other!r}"
    elif isinstance(one, float | np.floating):
        same = math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-12)
        if not same and not math.isclose(one, other * UNIT, rel_tol=1e-5, abs_tol=1e-2):
            yield f"{where}: {one!r}, {other!r}"
    elif isinstance(one, np.ndarray):
        yield from apart(one.tolist(), other.tolist(), where)
    elif isinstance(one, Mapping):
        if list(one) != list(other):
            yield f"{where}: {list(one)}, {list(other)}"
        for key in one:
            yield from apart(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, tuple | list):
        if len(one) != len(other):
            yield f"{where}: {one!r}, {other!r}"
        for place, (a, b) in enumerate(zip(one, other, strict=False)):
            yield from apart(a, b, f"{where}[{place}]")
    elif is_dataclass(one):
        for field in fields(one):
            yield from apart(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")


@pytest.mark.parametrize("name", ["manufacturer", "bank", "retailer"])
def test_another_unit_of_money_changes_no_word_and_no_share(name):
    client = clients.load(CLIENTS / name)
    assert list(apart(everything(client, 1.0), everything(in_units(client, UNIT), UNIT))) == []
