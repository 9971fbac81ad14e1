"""The value from its lines and the bridge between two reports, for whatever client Hypothesis makes."""

from __future__ import annotations

import copy
import json
from datetime import date, timedelta

import pytest
from any_client import client_of, parts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_compare import all_taken, moved, record_of, steps, worths

from lepton_nb import value_model
from lepton_nb.value_model import line_values, tables

few = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def close(found: dict[str, float], expected: dict[str, float]) -> None:
    size = max(1.0, *(abs(value) for value in expected.values()))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * size)


@settings(few, max_examples=40)
@given(parts())
def test_lines_give_the_value_of_every_client(found):
    plan = value_model.plan(client_of(found))
    read = tables.Lines.of(json.loads(json.dumps(value_model.line_tables(plan).tables())))
    close(line_values.group_values(read), worths(plan))


@few
@given(parts(most=8), st.integers(-200, 400))
def test_a_later_date_is_time_and_nothing_is_lost(found, days):
    later = copy.deepcopy(found)
    day = date.fromisoformat(found["valuation"]["date"]) + timedelta(days=days)
    later["valuation"]["date"] = day.isoformat()
    try:
        after = record_of(client_of(later))
    except ValueError:  # the earlier rows are no valid client on that day
        return
    before = record_of(client_of(found))
    told = steps(before, after)
    assert told["code"] == pytest.approx(0.0, abs=1e-4)
    assert moved(told) <= {"time", "law", "uncertainty"}
    close(all_taken(before, after), {row["name"]: row["most_likely"] for row in after["tables"]["groups"]})


@few
@given(parts(most=5), parts(most=5))
def test_between_any_two_clients_the_steps_add_up(one, two):
    before, after = record_of(client_of(one)), record_of(client_of(two))
    steps(before, after)  # opening, steps and closing sum, whatever no input explains included
