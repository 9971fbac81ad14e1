"""A gain measured in money per unit, by a trial: read, refused, valued, drawn, judged, shown, compared, in the workbook."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from test_compare import moved, record_of, steps
from test_value_model import asset, benefit, cost, linked, make, plan_of, total
from test_workbook import by_libreoffice
from test_workbook import record_of as workbook_record

from lepton_nb import client, results, value_model
from lepton_nb.page import evidence_tables, origin, upkeep_tables, value_tables, words
from lepton_nb.report import workbook
from lepton_nb.value_model import records, tested, worlds
from lepton_nb.value_model.verdict import group_verdict

CLIENTS = Path(__file__).resolve().parent.parent / "clients"
MONEY = words.Money("EUR")


def trial(gain=0.5, error=0.1, **changes):
    return {
        "trial_id": "T1", "asset_id": "M1", "policy": "forecast", "baseline": "last week's sales", "evaluated_on": date(2025, 12, 31),
        "sample": "weeks", "n": 400, "unit": "orders", "gain": gain, "standard_error": error,
    } | changes  # fmt: skip


def rows(**changes):
    return [linked(2026, metric_link="trial:T1", unit="orders", **changes)]


def test_the_gain_of_a_trial_is_the_unit_value():
    assert total(benefits=rows(), trials=[trial()], rate=0.0) == pytest.approx(1000 * 0.5)
    assert total(benefits=rows(), trials=[trial(gain=-0.25)], rate=0.0) == pytest.approx(-250)


def test_it_is_drawn_from_the_normal_distribution_of_its_standard_error_and_widened_by_its_grade():
    for grade, factor in (("measured", 1.0), ("vendor", 2.0)):
        plan = plan_of(benefits=rows(evidence=grade), trials=[trial()], rate=0.0)
        drawn = value_model.simulate(plan, draws=20_000).total.values
        assert drawn.mean() == pytest.approx(500, abs=4)
        assert drawn.std() == pytest.approx(factor * 100, rel=0.03)
    assert tested.ends(plan.client.trials[0]) == pytest.approx((0.5 - 1.6449 * 0.1, 0.5 + 1.6449 * 0.1), abs=1e-4)


def test_no_level_makes_it_infinite():
    assert np.isfinite(tested.quantile(client.Trial(**trial()), np.array([0.0, 1.0]))).all()


def effect(**changes):
    return trial(effect="hits", **changes), [
        benefit(2026, (1, 2, 3), volume_low=1000, volume_mode=1000, volume_high=1000, metric_link="trial:T1")
    ]


def test_an_effect_is_multiplied_by_the_money_of_one_and_both_are_drawn():
    counted, priced = effect()
    assert total(benefits=priced, trials=[counted], rate=0.0) == pytest.approx(1000 * 0.5 * 2)
    drawn = value_model.simulate(plan_of(benefits=priced, trials=[counted], rate=0.0), draws=40_000).total.values
    spread = 1000 * np.sqrt(
        (2 * 0.1) ** 2 + (0.5**2 + 0.1**2) / 6
    )  # of a product: the triangle 1, 2, 3 has variance 1/6
    assert drawn.std() == pytest.approx(spread, rel=0.03)
    plan = plan_of(benefits=priced, trials=[counted])
    assert "hits</td>" in str(evidence_tables.trials(plan.client.trials, MONEY))
    assert plan.inputs["T1.gain"].unit == "hits per order"


def test_the_money_of_an_effect_is_a_plan_and_the_effect_is_evidence():
    def found(gain, price):
        counted, priced = effect(gain=gain)
        priced = [
            row | {f"unit_value_{point}": price * row[f"unit_value_{point}"] for point in ("low", "mode", "high")}
            for row in priced
        ]
        return record_of(make(benefits=priced, trials=[counted]))

    assert moved(steps(found(0.5, 1), found(0.6, 1))) == {"evidence"}
    assert moved(steps(found(0.5, 1), found(0.5, 2))) == {"plans"}


def test_two_benefits_that_rest_on_one_trial_are_drawn_together():
    two = [*rows(), linked(2026, driver_id="speed", metric_link="trial:T1")]
    drawn = value_model.simulate(plan_of(benefits=two, trials=[trial()], rate=0.0), draws=20_000).total.values
    assert drawn.std() == pytest.approx(200, rel=0.03)


@pytest.mark.parametrize(
    ("error", "word"), [(0.1, "almost surely positive"), (0.4, "not shown")]
)  # a trial whose interval holds zero gives no number, as a test set's does not
def test_the_verdict_asks_whether_the_trial_alone_tells_the_sign(error, word):
    plan = plan_of(benefits=rows(), costs=[cost("2026-12-31", 1)], trials=[trial(error=error)])
    found = group_verdict(plan, plan.groups[0], 0.0)
    assert found.word == word
    assert ("trial T1 (n = 400)" in found.reason) == (word == "not shown")


def test_an_old_trial_gives_no_number():
    plan = plan_of(benefits=rows(), trials=[trial(evaluated_on=date(2023, 6, 30))])
    assert group_verdict(plan, plan.groups[0], 0.0).word == "withheld"


def test_the_tornado_moves_it_to_its_5_and_95_percent_points():
    plan = plan_of(benefits=rows(), trials=[trial()], rate=0.0)
    (move,) = [one for one in worlds.assumptions(plan) if one.name == "T1.gain"]
    values = [float(value_model.evaluate(plan, world).total) for world in (move.low, move.high)]
    assert values == pytest.approx([1000 * end for end in tested.ends(plan.client.trials[0])])


def test_it_decays_from_the_day_of_the_trial():

    fresh = total([asset(half_life_years=1.0)], rows(), trials=[trial()], rate=0.0)
    older = total([asset(half_life_years=1.0)], rows(), trials=[trial(evaluated_on=date(2024, 12, 31))], rate=0.0)
    assert older == pytest.approx(fresh / 2, rel=1e-3)


def test_a_page_shows_each_trial_with_unit_interval_and_source():
    shown = str(evidence_tables.trials(plan_of(benefits=rows(), trials=[trial()]).client.trials, MONEY))
    for word in ("400", "order<", "measured on: weeks", "last week", "metrics/trials.csv", "0.34", "0.66"):
        assert word in shown
    assert not str(evidence_tables.trials((), MONEY))


def test_who_has_trials_alone_is_told_so_once_and_what_needs_counts_shows_nothing():
    plan, money = plan_of(benefits=rows(), trials=[trial()]), words.Money("EUR")
    parts = SimpleNamespace(
        evaluations=(), predictions=(), trials=plan.client.trials, client=SimpleNamespace(synthetic=False)
    )
    told = str(evidence_tables.evaluations(parts))
    assert told.count("measured by a trial, as a mean per unit: ") == 1 and "Hits and false alarms" in told
    parts.trials = ()
    assert "trial" not in str(evidence_tables.evaluations(parts))
    empty = [
        evidence_tables.why_they_differ([]), evidence_tables.posteriors({}, money, 1), evidence_tables.cuts({}, money),
        evidence_tables.prevalence([], None, None, money), evidence_tables.profit_and_calibration({}, money),
        evidence_tables.decision_curves([], None, {}), evidence_tables.break_evens([], [], money),
        evidence_tables.break_even_chart([], "EUR"), value_tables.gains([], money), upkeep_tables.points([], money),
    ]  # fmt: skip
    assert not any(map(str, empty))


def test_a_trial_on_public_data_has_their_grade_and_its_value_says_so():
    own, public = (plan_of(benefits=rows(), trials=[trial(data=data)]) for data in ("own", "public"))
    line = public.benefits[0]
    assert (own.gain_grade(line), public.gain_grade(line)) == (line.grade, "public data")
    assert value_model.rests_on(own) == ()
    (told,) = value_model.rests_on(public)
    assert "rests on public data in place of the client: " in told and "was not tested on cases of the client" in told
    for plan, said in ((own, " cases)"), (public, " cases of public data)")):
        found = value_model.conclude(plan, draws=64)
        tables = records.tables(found, value_model.tornado(plan, worlds.assumptions(plan)))
        assert [row["text"] for row in tables["rests_on"]] == list(value_model.rests_on(plan))
        assert said in origin._tested(SimpleNamespace(tables=tables))
    assert value_model.evaluate(own).total == value_model.evaluate(public).total


def test_another_gain_is_evidence_in_a_comparison():
    one, two = (record_of(make(benefits=rows(), trials=[trial(gain=gain)])) for gain in (0.5, 0.6))
    assert moved(steps(one, two)) == {"evidence"}


def test_the_workbook_computes_it(tmp_path):
    counted, priced = effect(trial_id="T2")
    priced = [row | {"driver_id": "hits", "metric_link": "trial:T2"} for row in priced]
    plan = plan_of(benefits=rows() + priced, costs=[cost("2026-06-30", 40)], trials=[trial(), counted])
    worth = value_model.evaluate(plan)
    workbook.write(tmp_path / "workbook.xlsx", workbook_record(plan, float(worth.total)), "x")
    assert by_libreoffice(tmp_path / "workbook.xlsx")["All groups"] == pytest.approx(float(worth.total), abs=0.005)


# ---------------------------------------------------------------- files


HEAD = "trial_id,asset_id,policy,baseline,evaluated_on,sample,n,unit,gain,standard_error\n"


@pytest.fixture
def folder(tmp_path):
    """The retailer, whose forecast M1 takes its unit value from a trial."""
    made = tmp_path / "retailer"
    shutil.copytree(CLIENTS / "retailer", made)
    text = (made / "benefits.csv").read_text(encoding="utf-8")
    lines = [
        line.replace(",19500,23000,26500,", ",,,,").replace(",none,pilot", ",trial:T1,measured")
        if line.startswith("M1,fresh_food_waste")
        else line
        for line in text.splitlines()
    ]
    (made / "benefits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made


def problems(folder, row, head=HEAD):
    (folder / "metrics" / "trials.csv").write_text(f"{head}{row}\n", encoding="utf-8")
    return [one.sentence for one in client.check(folder).problems]


GOOD = "T1,M1,v4,seasonal naive,2026-06-30,310 shops in turn,310,tonnes,23000,1900"


def test_a_trial_of_a_folder_is_read_and_valued(folder):
    assert not problems(folder, GOOD)
    found = client.load(folder)
    assert found.trials[0].gain == 23000
    assert float(value_model.evaluate(value_model.plan(found)).total)


def test_an_effect_needs_the_money_of_one(folder):
    head, row = HEAD.replace("unit,", "unit,effect,"), GOOD.replace("tonnes,", "tonnes,kg,")
    assert any('the money of one of "kg"' in sentence for sentence in problems(folder, row, head))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (GOOD.replace("T1", "T2"), 'trial "T1" is not in metrics/trials.csv'),
        (GOOD.replace(",1900", ",0"), "standard deviation"),
        (GOOD.replace(",310,", ",1,"), "n = 1"),
        (GOOD.replace("23000", "NaN"), "a number is needed"),
        (GOOD.replace("M1", "M9"), '"M9" is not in assets.csv'),
        (f"{GOOD}\n{GOOD}", "appears twice"),
    ],
)
def test_what_is_wrong_with_a_trial_is_said(folder, row, words):
    assert any(words in sentence for sentence in problems(folder, row)), problems(folder, row)


def test_a_unit_value_beside_a_trial_is_refused(folder):
    text = (folder / "benefits.csv").read_text(encoding="utf-8")
    (folder / "benefits.csv").write_text(text.replace(",,,,", ",1,2,3,", 1), encoding="utf-8")
    assert any("beside a link to a trial" in sentence for sentence in problems(folder, GOOD))


# ---------------------------------------------------------------- cases


def record(folder, gain=24_000.0) -> dict:
    found = results.Record(results.task_name("forecasting", "M1"))
    found.add("gain", gain, "EUR per order")
    row = trial(gain=gain, error=100.0, trial_id="measured:M1")
    found.add_table("trial", [row | {"evaluated_on": row["evaluated_on"].isoformat()}])
    found.data.append({"name": "walmart_sales", "stand_in": False, "source": "Walmart", "sha256": "ab"})
    found.save(folder)
    return results.measured(folder)


def test_a_case_that_measured_a_trial_counts_in_place_of_what_was_typed(tmp_path):
    company = make(benefits=[linked(2026, metric_link="measured:M1")], trials=[trial()])
    plan = value_model.plan(company, measured=record(tmp_path))
    assert plan.benefits[0].link_id == "measured:M1"
    assert float(value_model.evaluate(plan).total) == pytest.approx(1000 * 24_000 / 1.1, rel=1e-6)
    assert plan.evidence[0].counts == ("measured:M1",)
    assert plan.gain_grade(plan.benefits[0]) == "public data"
    shown = str(evidence_tables.measured(plan.evidence, lambda one: value_model.gain(plan, one), MONEY))
    assert "measured" in shown and "typed" in shown
    assert (
        value_model.plan(company).benefits[0].link_id == "T1"
    )  # not executed: what was typed counts, and a note says so
