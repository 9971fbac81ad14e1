"""The samples with all their money in another unit: every word stays, every amount is in the new unit.

But for sentences that write amounts themselves, or round them.

The unit is so large that all amounts lie between 0 and 1: a limit that should be 0 and is some money shows here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from shown import everything

from lepton_nb import client as clients
from lepton_nb.client import ThreePoint

CLIENTS = Path(__file__).resolve().parent.parent / "clients"
UNIT = 2.0**40  # a power of 2: no digit changes
MONEY = {
    "benefits": ("unit_value_low", "unit_value_mode", "unit_value_high"),
    "costs": ("actual", "low", "mode", "high"),
    "options": ("cost", "salvage"),
    "comparables": ("price", "price_low", "price_high"),
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
