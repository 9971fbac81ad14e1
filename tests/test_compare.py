"""What changed between two reports: each kind of change moves its own step of the bridge, and nothing is lost."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from test_value_model import asset, benefit, cost, make

from lepton_nb import client as clients
from lepton_nb import results, value_model
from lepton_nb.page.words import THIN
from lepton_nb.page.words import money as as_money
from lepton_nb.report import compare, since
from lepton_nb.report.compare import CompareProblem
from lepton_nb.value_model import changes, line_values, records, tables
from lepton_nb.value_model.changes import STEPS
from lepton_nb.value_model.mixed_lines import FOLLOWS, KINDS, Mixing, Side

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = sorted(folder.name for folder in (ROOT / "clients").iterdir() if folder.is_dir())

#: Months that were counted on half the cases: the stated half-life stays, its interval is another.
MONTHS = [("0.951,410", "0.951,205"), ("0.945,388", "0.945,194"), ("0.941,402", "0.941,201"), ("0.93,397", "0.93,198")]


def record(folder: Path) -> dict:
    return record_of(clients.load(folder))


def record_of(client) -> dict:
    """What the value chapter puts on record, with fewer draws and without the tornado."""
    found = value_model.conclude(value_model.plan(client), draws=2000)
    low, high = found.interval or (None, None)
    made = results.Record("value")
    made.add("value", found.value, found.plan.currency, low=low, high=high, interval="5 % to 95 %", note="none")
    bars = dict.fromkeys((item.name for item in found.groups), ()) | {"total": ()}
    for name, rows in records.tables(found, bars).items():
        made.add_table(name, rows)
    return json.loads(json.dumps(made.to_dict()))


@cache
def sample(like: str) -> dict:
    return record(ROOT / "clients" / like)


def changed(folder: Path, like: str, *edits: tuple[str, str, str]) -> Path:
    shutil.copytree(ROOT / "clients" / like, folder)
    for file, old, new in edits:
        path = folder / file
        content = path.read_text(encoding="utf-8")
        assert old in content, f"{file} has no {old!r}"
        path.write_text(content.replace(old, new), encoding="utf-8")
    return folder


def steps(before: dict, after: dict) -> dict[str, float]:
    names = ["opening", *STEPS, "code", "closing"]
    found = dict(zip(names, (row["amount"] for row in changes.bridge(before, after).rows()), strict=True))
    parts = dict(found)
    assert parts.pop("opening") + sum(parts.values()) == pytest.approx(2 * parts["closing"], abs=1e-4)
    return found


def worths(plan) -> dict[str, float]:
    return {name: float(value) for name, value in value_model.evaluate(plan).groups.items()}


def moved(found: dict[str, float]) -> set[str]:
    return {kind for kind, amount in found.items() if kind not in ("opening", "closing") and abs(amount) > 1e-4}


def all_taken(before: dict, after: dict) -> dict[str, float]:
    """The values of the earlier lines with everything taken from the later ones."""
    sides = [Side(tables.Lines.of(found["tables"])) for found in (before, after)]
    return line_values.group_values(Mixing(*sides).lines((*KINDS, FOLLOWS)))


# --- the value from its lines ------------------------------------------------------------------------------


@pytest.mark.parametrize("like", SAMPLES)
def test_the_lines_of_a_record_give_its_value(like):
    plan = value_model.plan(clients.load(ROOT / "clients" / like))
    worth = worths(plan)
    lines = value_model.line_tables(plan)
    assert line_values.group_values(lines) == pytest.approx(worth, rel=1e-9)
    read = tables.Lines.of(json.loads(json.dumps(lines.tables())))
    assert read == tables.Lines.of(lines.tables())
    assert line_values.group_values(read) == pytest.approx(worth, rel=1e-9)
    assert line_values.group_values(Mixing(Side(lines), Side(lines)).lines(())) == pytest.approx(worth, rel=1e-9)


def test_a_line_of_no_days_takes_nothing_from_the_share_of_its_year():
    row = next(row for row in tables.Lines.of(sample("manufacturer")["tables"]).benefits if row.share == 1)
    empty = replace(row, ends=row.starts, share=0.0)
    assert line_values.year_share([empty, row]) == line_values.year_share([row, empty]) == 1
    assert line_values.year_share([empty]) == 0


def test_lines_give_the_value_of_retrained_capped_taxed_and_risky_assets():
    client = make(
        assets=[
            asset(
                "M1",
                half_life_years=2.0,
                retrain_every_months=7,
                retrain_cost=900,
            ),
            asset("M2", p_technical_success=0.4, in_service_date=None, lifecycle_stage="algorithm_development"),
        ],
        benefits=[
            *(benefit(year, (40_000, 60_000, 70_000)) for year in (2026, 2027, 2028)),
            *(benefit(year, 50_000, "M2") for year in (2027, 2028)),
        ],
        costs=[
            *(cost(f"{year}-06-30", (9_000, 10_000, 14_000)) for year in (2026, 2027, 2028)),
            cost("2026-03-31", 30_000, "M2", phase="development"),
        ],
        tax=0.3,
        premium=0.04,
        valuation={"date": "2026-02-10"},
        comparables=[
            {
                "comparable": "hosted",
                "asset_id": name,
                "date": "2026-01-01",
                "price": 30_000,
                "basis": "offer",
                "similarity": 1,
                "adjustment": 1,
                "unit": "per year",
                "source": "list",
                "substitute": True,
            }
            for name in ("M1", "M2")
        ],
    )
    plan = value_model.plan(client)
    lines = value_model.line_tables(plan)
    assert {row.asset for row in lines.benefits if row.cap} == {"M1", "M2"} and len(lines.benefits) > len(plan.benefits)
    found = line_values.group_values(tables.Lines.of(json.loads(json.dumps(lines.tables()))))
    assert found == pytest.approx(worths(plan), rel=1e-9)


def test_a_table_of_other_rules_is_said_to_be_one():
    old = sample("bank")["tables"] | {"benefits": [{"age": 1.0, "weight": 0.5, "asset": "C1"}]}
    with pytest.raises(ValueError, match=r"benefits has no column .*attribution.*: it was made by other rules"):
        tables.Lines.of(old)


# --- the bridge --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "like", "edit"),
    [
        ("rates", "manufacturer", ("client.yml", "risk_free: 0.026", "risk_free: 0.036")),
        ("rates", "manufacturer", ("client.yml", "tax: {rate: 0.30", "tax: {rate: 0.25")),
        ("rates", "manufacturer", ("client.yml", "model: 0.05", "model: 0.07")),
        ("time", "manufacturer", ("client.yml", "timing: mid_year", "timing: end")),
        ("drift", "manufacturer", ("assets.csv", "measured_drift,3.5", "measured_drift,2.5")),
        ("plans", "manufacturer", ("benefits.csv", "0.9,0.95", "0.9,0.90")),
        ("plans", "manufacturer", ("assets.csv", "2025-07-01,5,", "2025-07-01,4,")),
        ("plans", "manufacturer", ("assets.csv", "0.6", "0.9")),
        ("evidence", "manufacturer", ("metrics/outcome_value.csv", "fn,-85,-48,-30", "fn,-85,-52,-30")),
        ("costs", "manufacturer", ("costs.csv", "M1,2026-12-31,operation", "M1,2026-12-15,operation")),
        ("costs", "bank", ("costs.csv", "195000", "185000")),
        # after the life of one of two models of its group: no cost that time alone takes away
        (
            "costs",
            "retailer",
            ("costs.csv", "D1,,2029,operation,storage_and_checks,,forecast,260000,320000,420000,budget\n", ""),
        ),
        ("substitutes", "manufacturer", ("market.csv", "410000", "380000")),
        ("basis", "bank", ("client.yml", "fair_value_ifrs13", "investment_value")),
        ("law", "bank", ("assets.csv", "model_policy,3,internal,owned", "model_policy,3,internal,unclear")),
        ("uncertainty", "manufacturer", ("client.yml", "benefit_multiplier: 1.25", "benefit_multiplier: 1.5")),
        ("assets", "manufacturer", ("assets.csv", "owned,not_ai,none,,,M1,", "owned,not_ai,none,,,,")),
    ],
)
def test_one_changed_input_moves_one_step(tmp_path, kind, like, edit):
    before, after = sample(like), record(changed(tmp_path / "after", like, edit))
    found = steps(before, after)
    assert moved(found) == {kind}
    assert abs(found[kind]) > 100
    if kind != "assets":
        assert all_taken(before, after) == pytest.approx(
            {row["name"]: row["most_likely"] for row in after["tables"]["groups"]}, rel=1e-9
        )


@pytest.mark.parametrize(
    ("like", "old", "new"),
    [
        ("manufacturer", "2026-06-30", "2026-12-30"),  # a day before the first costs, at the end of a year
        ("manufacturer", "2026-06-30", "2027-02-14"),  # a year gone by, a new one in the horizon
        ("manufacturer", "2026-06-30", "2026-02-28"),  # back
        ("bank", "2026-03-31", "2026-09-30"),
        ("bank", "2026-03-31", "2027-01-31"),
        ("retailer", "2026-09-30", "2026-10-20"),  # costs by year, retraining, offers priced by volume
        ("retailer", "2026-09-30", "2027-04-01"),
    ],
)
def test_what_a_changed_date_alone_does_is_time(tmp_path, like, old, new):
    before = sample(like)
    after = record_of(clients.load(ROOT / "clients" / like).model_copy(update=_dated(like, new)))
    found = steps(before, after)
    assert before["tables"]["settings"][0]["value"] == old and after["tables"]["settings"][0]["value"] == new
    assert moved(found) == {"time"}
    assert found["time"] == pytest.approx(found["closing"] - found["opening"], rel=1e-9)


def _dated(like: str, day: str) -> dict:
    from datetime import date

    valuation = clients.load(ROOT / "clients" / like).valuation
    return {"valuation": valuation.model_copy(update={"date": date.fromisoformat(day)})}


def test_a_date_and_a_life_are_told_apart(tmp_path):
    dated = ("client.yml", "date: 2026-06-30", "date: 2026-12-30")
    lived = ("assets.csv", "2025-07-01,5,", "2025-07-01,4,")
    before = sample("manufacturer")
    both = steps(before, record(changed(tmp_path / "both", "manufacturer", dated, lived)))
    only = steps(before, record(changed(tmp_path / "date", "manufacturer", dated)))
    assert moved(both) == {"time", "plans"}
    assert both["time"] == pytest.approx(only["time"], rel=0.5)  # the spread of the draws is shared by both
    assert both["plans"] < -1000


def test_a_benefit_that_goes_while_the_date_moves_leaves_the_time_as_it_is():
    rows = [benefit(year, 100) for year in (2026, 2027, 2028)]
    more = [benefit(year, 40, driver_id="extra") for year in (2026, 2027, 2028)]
    later = {"date": "2026-06-30"}
    before = record_of(make(benefits=rows + more))
    only = steps(before, record_of(make(benefits=rows + more, valuation=later)))
    both = steps(before, record_of(make(benefits=rows, valuation=later)))
    assert moved(only) == {"time"} and both["time"] == pytest.approx(only["time"])


def test_a_cost_that_is_put_off_while_the_date_moves_is_a_cost():
    rows = [benefit(year, 100) for year in (2026, 2027, 2028)]
    early, late = ([cost(day, 30)] for day in ("2027-03-31", "2028-09-30"))
    before = record_of(make(benefits=rows, costs=early))
    found = steps(before, record_of(make(benefits=rows, costs=late, valuation={"date": "2026-06-30"})))
    only = steps(before, record_of(make(benefits=rows, costs=early, valuation={"date": "2026-06-30"})))
    assert moved(found) == {"time", "costs"} and found["time"] == pytest.approx(only["time"])


def test_an_asset_that_is_added_is_no_verdict(tmp_path):
    before = sample("manufacturer")
    rows = (ROOT / "clients" / "manufacturer" / "assets.csv").read_text(encoding="utf-8").splitlines()
    row = next(line for line in rows if line.startswith("D1,"))
    new = row.replace("D1,", "D9,", 1).replace(",M1,", ",,")
    folder = changed(tmp_path / "after", "manufacturer", ("assets.csv", row, f"{row}\n{new}"))
    with (folder / "costs.csv").open("a", encoding="utf-8") as file:
        file.write("D9,2026-09-30,development,labelling,,forecast,10000,10000,10000,plan\n")
    found = steps(before, record(folder))
    assert moved(found) == {"assets"}
    assert -10_500 < found["assets"] < -8_000


@pytest.mark.parametrize("day", ["2025-12-31", "2028-12-31"])
def test_a_cost_on_the_first_or_the_last_day_is_a_cost_and_not_time(day):
    rows = [benefit(year, 100) for year in (2026, 2027, 2028)]
    bare, paid = (
        record_of(make(benefits=rows, costs=[cost(day, 20, phase="development")] * count)) for count in (0, 1)
    )
    assert moved(steps(bare, paid)) == moved(steps(paid, bare)) == {"costs"}


def test_a_benefit_that_goes_in_a_year_that_is_run_is_a_plan():
    rows = [benefit(year, 100) for year in (2026, 2027)]
    more = [benefit(year, 10, driver_id="extra") for year in (2026, 2027)]
    before, after = (record_of(make(benefits=rows + taken)) for taken in (more, more[:1]))
    assert moved(steps(before, after)) == {"plans"}


def test_a_unit_value_that_an_accepted_share_multiplies_is_a_plan_and_the_share_is_evidence():
    def found(amount, share):
        tested = [
            {"asset_id": "M1", "evaluated_on": "2025-11-30", "n": 50, "accepted_without_edit": share, "unit": "x"}
        ]
        return record_of(make(benefits=[benefit(2026, amount, metric_link="acceptance:M1")], acceptance=tested))

    assert moved(steps(found(100, 40), found(120, 40))) == {"plans"}
    assert moved(steps(found(100, 40), found(100, 44))) == {"evidence"}


def test_the_chance_of_success_is_a_plan_for_costs_as_for_benefits():
    def found(chance):
        coming = asset(p_technical_success=chance, lifecycle_stage="algorithm_development", in_service_date=None)
        rows = [benefit(year, 100) for year in (2027, 2028)]
        return record_of(make([coming], rows, [cost("2027-06-30", 20), cost("2028-06-30", 20)]))

    assert moved(steps(found(0.7), found(0.5))) == {"plans"}


def test_what_no_input_explains_is_the_codes():
    before = sample("manufacturer")
    after = json.loads(json.dumps(before))
    after["figures"]["value"]["value"] += 1234.5
    found = steps(before, after)
    assert found["code"] == pytest.approx(1234.5)
    assert moved(found) == {"code"}


def test_several_changes_add_up(tmp_path):
    edits = (
        ("client.yml", "tax: {rate: 0.33", "tax: {rate: 0.28"),
        ("client.yml", "date: 2026-03-31", "date: 2026-05-31"),
        ("benefits.csv", "0.6,1.0", "0.5,1.0"),
    )
    found = steps(sample("bank"), record(changed(tmp_path / "after", "bank", *edits)))
    assert moved(found) == {"time", "rates", "plans"}
    assert found["rates"] > 0 > found["plans"]


def test_opening_and_closing_are_the_headlines():
    found, bank = steps(sample("bank"), sample("bank")), sample("bank")
    assert found["opening"] == found["closing"] == bank["figures"]["value"]["value"]
    assert found["opening"] != pytest.approx(sum(row["most_likely"] for row in bank["tables"]["groups"]), rel=1e-3)


def test_no_concluded_group_counts_as_nothing(tmp_path):
    unclear = ("assets.csv", ",owned,", ",unclear,")
    found = steps(sample("manufacturer"), record(changed(tmp_path / "after", "manufacturer", unclear)))
    assert found["closing"] == 0.0
    assert {"law"} < moved(found)  # what is not controlled is not booked either, which moves its amortisation
    assert found["law"] < -0.9 * found["opening"]


def earlier_rules(found: dict) -> dict:
    """A record as the earlier rules left it: other columns, no groups' means, the headline at the most likely figures."""
    old = json.loads(json.dumps(found))
    columns = {"half_life", "volume", "unit_value", "asset", "driver", "group", "year", "chance"}
    old["tables"]["benefits"] = [
        {name: row[name] for name in columns} | {"age": row["young"], "weight": row["share"]}
        for row in found["tables"]["benefits"]
    ]
    old["tables"]["groups"] = [
        {"name": row["name"], "value": row["most_likely"], "mean": row["value"]} for row in old["tables"]["groups"]
    ]
    old["figures"]["value"]["value"] = 2e6
    return old


def test_a_record_of_earlier_rules_has_one_step_for_what_cannot_be_taken_apart(tmp_path):
    after = sample("manufacturer")
    bridge = changes.bridge(earlier_rules(after), after)
    assert not bridge.readable
    found = steps(earlier_rules(after), after)
    assert moved(found) == {"uncertainty", "code"}
    groups = after["tables"]["groups"]
    assert found["uncertainty"] == pytest.approx(sum(row["value"] - row["most_likely"] for row in groups))
    assert found["code"] == pytest.approx(sum(row["most_likely"] for row in groups) - 2e6)
    one, two = report(tmp_path / "one", earlier_rules(after)), report(tmp_path / "two", after)
    compare.compare(one, two, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Inputs and rules are not told apart." in page and "made by different rules" in page


def test_a_group_that_counts_no_more_is_law_where_lines_cannot_be_compared(tmp_path):
    edit = ("assets.csv", "model_policy,3,internal,owned", "model_policy,3,internal,unclear")
    after = record(changed(tmp_path / "bank", "bank", edit))
    out = [row for row in after["tables"]["groups"] if not row["counts"]]
    assert out
    found = steps(earlier_rules(sample("bank")), after)
    assert found["law"] == pytest.approx(-sum(row["most_likely"] for row in out))


# --- the page ---------------------------------------------------------------------------------------------


def report(folder: Path, value: dict, **manifest) -> Path:
    folder.mkdir()
    line = {
        "chapter": "value",
        "title": "Value",
        "inputs": {"client: tax": "a"},
        "parameters": {"draws": 1},
        "code": {},
    }
    run = {"chapters": [line], "versions": {"numpy": "1"}, "git": "abc", "started": "2026-01-01T10:00:00"}
    run |= {"profile": "quick", "processor": "P", "cores": 2} | manifest
    (folder / "results.json").write_text(
        json.dumps({"client": "A & <b>", "profile": "quick", "chapters": {"value": value}})
    )
    (folder / "manifest.json").write_text(json.dumps(run))
    return folder


def test_the_page_names_steps_causes_and_figures(tmp_path):
    before = sample("manufacturer")
    after = record(changed(tmp_path / "after", "manufacturer", ("client.yml", "risk_free: 0.026", "risk_free: 0.036")))
    line = {
        "chapter": "value",
        "title": "Value",
        "inputs": {"client: discount": "b"},
        "parameters": {"draws": 2},
        "code": {},
    }
    one = report(tmp_path / "one", before)
    two = report(tmp_path / "two", after, chapters=[line], versions={"numpy": "2"})
    out = tmp_path / "page.html"
    compare.compare(one, two, out)
    page = out.read_text(encoding="utf-8")
    for words in ("rates: discount and tax", "discount", "numpy", "1 → 2", "A &amp; &lt;b&gt;", "<svg", "inside"):
        assert words in page
    assert "<b>" not in page
    assert "cost of capital" in page and "cost of capital" in page.partition("Inputs of the value that differ")[0]
    assert "Two different clients." not in page
    assert not list(tmp_path.glob("*.part"))


def test_figures_have_words_for_names_and_what_looks_alike_is_not_listed():
    def made(wara, value):
        figures = {
            "D1_M1_wara": {"value": wara, "unit": "fraction", "low": None},
            "M1_auc": {"value": value, "unit": "", "low": 0.5, "high": 0.9},
        }
        return {"value": {"figures": figures, "tables": {"groups": [{"name": "D1 + M1"}], "assets": [{"name": "M1"}]}}}

    (row,) = compare.figures(made(0.10, 0.8), made(0.12, 0.80000001))
    assert row["figure"].startswith("D1 + M1: ") and "_" not in row["figure"]
    assert (row["before"], row["after"]) != (row["after"], row["before"])
    (row,) = compare.figures(made(0.10, 0.8), made(0.10, 0.95))
    assert row["figure"] == "M1: AUC" and row["the earlier interval"] == "outside"


def test_reports_on_two_clients_are_compared_with_a_warning(tmp_path):
    value = sample("bank")
    one, two = report(tmp_path / "one", value), report(tmp_path / "two", value)
    found = json.loads((two / "results.json").read_text(encoding="utf-8"))
    (two / "results.json").write_text(json.dumps(found | {"client": "Another"}), encoding="utf-8")
    compare.compare(one, two, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Two different clients." in page and "Another" in page


def test_two_equal_reports_are_said_to_be_equal(tmp_path):
    value = sample("bank")
    one, two = report(tmp_path / "one", value), report(tmp_path / "two", value)
    compare.compare(one, two, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "No number differs." in page and "No figure differs." in page


def test_what_is_no_report_is_refused_in_a_sentence(tmp_path):
    value = sample("bank")
    one = report(tmp_path / "one", value)
    with pytest.raises(CompareProblem, match=r"no results\.json"):
        compare.compare(one, tmp_path / "gone", tmp_path / "page.html")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "results.json").write_text("{")
    with pytest.raises(CompareProblem, match="not JSON"):
        compare.compare(one, tmp_path / "broken", tmp_path / "page.html")
    other = json.loads(json.dumps(value))
    other["figures"]["value"]["unit"] = "CNY"
    with pytest.raises(CompareProblem, match="two currencies"):
        compare.compare(one, report(tmp_path / "other", other), tmp_path / "page.html")
    bare = json.loads(json.dumps(value))
    bare["tables"] = {}
    with pytest.raises(CompareProblem, match="left no lines"):
        compare.compare(one, report(tmp_path / "bare", bare), tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_what_only_left_is_no_whole_report_and_the_sentence_says_so(tmp_path):
    one = report(tmp_path / "one", sample("bank"))
    few = tmp_path / "few"
    (few / "results").mkdir(parents=True)
    with pytest.raises(CompareProblem, match=r"report --only left.*again without --only"):
        compare.compare(one, few, tmp_path / "page.html")


def test_inputs_have_their_unit_and_an_open_end_is_told_in_words():
    row = {"input": "half-life of the gain", "asset": "C1", "likely": 3.0, "low": 0.9586, "high": None, "unit": "years"}
    gain = {
        "input": "gain per case: E1",
        "asset": "C1",
        "likely": 28.335,
        "low": None,
        "high": None,
        "unit": "EUR a case",
    }
    before, after = (
        {"tables": {"register": rows}} for rows in ([row, gain], [row | {"low": None}, gain | {"likely": 1}])
    )
    found = {item["input"]: (item["before"], item["after"]) for item in compare.inputs(before, after)}
    assert found["half-life of the gain"] == (f"3{THIN}years (0.9586 to no decay)", f"3{THIN}years")
    assert found["gain per case: E1"] == (f"28.34{THIN}EUR a case", f"1{THIN}EUR a case")


def test_one_change_that_two_figures_hold_is_listed_once():
    def of(value: float, ends: tuple[float, float], rows: tuple[float, float]) -> dict:
        figure = {"value": value, "unit": "EUR per decision", "low": ends[0], "high": ends[1], "note": ""}
        again = figure | {"value": value * (1 + 1e-15), "low": rows[0], "high": rows[1]}
        return {"case": {"figures": {"gain": figure, "gain_by_rows": again, "threshold": figure | {"unit": "score"}}}}

    before, after = of(28.0, (20.0, 36.3), (20.1, 36.1)), of(36.2, (30.0, 42.0), (30.0, 42.0))
    assert [row["figure"] for row in compare.figures(before, after)] == ["gain", "threshold"]
    after["case"]["figures"]["gain_by_rows"]["value"] = 35.0  # rows with amounts of their own
    assert [row["figure"] for row in compare.figures(before, after)] == ["gain", "gain by rows", "threshold"]


def test_another_interval_of_a_half_life_is_drift_and_no_mere_uncertainty(tmp_path):
    edits = [("metrics/monitoring.csv", old, new) for old, new in MONTHS]
    before, after = sample("manufacturer"), record(changed(tmp_path / "after", "manufacturer", *edits))
    lives = [{row["half_life"] for row in one["tables"]["benefits"]} for one in (before, after)]
    assert lives[0] == lives[1]  # the half-life itself is stated
    found = steps(before, after)
    assert abs(found["drift"]) > 1000 and abs(found["uncertainty"]) < 1e-6 and moved(found) == {"drift"}


def test_a_gain_that_moves_with_the_interval_of_its_half_life_is_told_apart(tmp_path):
    gain = ("metrics/outcome_value.csv", "fn,-85,-48,-30", "fn,-170,-96,-60")
    months = [("metrics/monitoring.csv", old, new) for old, new in MONTHS]
    before = sample("manufacturer")
    alone = steps(before, record(changed(tmp_path / "gain", "manufacturer", gain)))
    drift = steps(before, record(changed(tmp_path / "months", "manufacturer", *months)))
    both = steps(before, record(changed(tmp_path / "both", "manufacturer", gain, *months)))
    assert moved(both) == {"drift", "evidence"}
    assert both["evidence"] == pytest.approx(alone["evidence"], rel=0.02)
    assert drift["drift"] * both["drift"] > 0  # the same way, of a larger gain


def test_a_report_leads_on_from_an_earlier_one(tmp_path):
    value = sample("manufacturer")
    after = record(changed(tmp_path / "after", "manufacturer", ("client.yml", "risk_free: 0.026", "risk_free: 0.036")))
    folder = report(tmp_path / "one", value)
    previous = since.read(folder, "EUR")
    new = compare.read(report(tmp_path / "two", after))
    page = since.notebook(previous, *new)
    assert [cell["source"].splitlines()[0] for cell in page["cells"] if cell["cell_type"] == "markdown"] == [
        "# Since the last report", "## From the opening to the closing value", "## Causes", "## Figures",
    ]  # fmt: skip
    shown = "".join(cell["outputs"][0]["data"]["text/html"] for cell in page["cells"] if cell["cell_type"] == "code")
    bridge = changes.bridge(value, after).rows()
    assert "rates: discount and tax" in shown and "<b>" not in shown
    assert as_money(bridge[-1]["amount"], "EUR") in shown and as_money(bridge[0]["amount"], "EUR") in shown
    assert since.read(folder, "EUR").digest == previous.digest
    with pytest.raises(CompareProblem, match="two currencies"):
        since.read(folder, "CNY")
    with pytest.raises(CompareProblem, match="no results"):
        since.read(tmp_path, "EUR")
