"""What changed between two reports: each kind of change moves its own step of the bridge, and nothing is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lepton_nb import client as clients
from lepton_nb import results, value_model
from lepton_nb.report import compare
from lepton_nb.report.compare import STEPS, CompareProblem

ROOT = Path(__file__).resolve().parent.parent


def record(folder: Path) -> dict:
    plan = value_model.plan(clients.load(folder))
    total = value_model.evaluate(plan).total
    made = results.Record("value")
    made.add("value", total, plan.currency, low=total - 1e5, high=total + 1e5, interval="5 % to 95 %")
    for name, rows in value_model.line_tables(plan).items():
        made.add_table(name, rows)
    return made.to_dict()


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
    return dict(zip(names, (row["amount"] for row in compare.bridge(before, after)), strict=True))


@pytest.mark.parametrize("like", ["manufacturer", "bank"])
def test_the_lines_of_a_record_give_its_value(like):
    plan = value_model.plan(clients.load(ROOT / "clients" / like))
    worth = value_model.evaluate(plan)
    assert compare.value(value_model.line_tables(plan)) == pytest.approx(worth.groups)
    found = value_model.line_tables(plan)
    for kinds in ((), STEPS):
        assert compare.value(compare.mixed(found, found, kinds)) == pytest.approx(worth.groups)


@pytest.mark.parametrize(
    ("kind", "edit"),
    [
        ("rates", ("client.yml", "risk_free: 0.026", "risk_free: 0.036")),
        ("rates", ("client.yml", "tax: {rate: 0.30", "tax: {rate: 0.25")),
        ("drift", ("assets.csv", "measured_drift,3.5", "measured_drift,2.5")),
        ("plans", ("benefits.csv", "0.9,0.95", "0.9,0.90")),
        ("evidence", ("metrics/outcome_value.csv", "fn,-85,-48,-30", "fn,-85,-52,-30")),
    ],
)
def test_one_changed_input_moves_one_step(tmp_path, kind, edit):
    before = record(ROOT / "clients" / "manufacturer")
    after = record(changed(tmp_path / "after", "manufacturer", edit))
    found = steps(before, after)
    moved = found.pop(kind)
    assert abs(moved) > 1
    assert moved == pytest.approx(found.pop("closing") - found.pop("opening"), abs=1e-6)
    assert list(found.values()) == pytest.approx([0.0] * len(found), abs=1e-6)


def test_time_passing_and_an_asset_gone_are_told_apart(tmp_path):
    before = record(ROOT / "clients" / "manufacturer")
    later = record(changed(tmp_path / "later", "manufacturer", ("client.yml", "date: 2026-06-30", "date: 2026-09-30")))
    found = steps(before, later)
    assert abs(found["time"]) > 1
    assert found["time"] == pytest.approx(found["closing"] - found["opening"], rel=1e-6)


def test_what_no_input_explains_is_the_codes(tmp_path):
    before = record(ROOT / "clients" / "manufacturer")
    after = json.loads(json.dumps(before))
    after["figures"]["value"]["value"] += 1234.5
    found = steps(before, after)
    assert found["code"] == pytest.approx(1234.5)
    assert all(found[kind] == pytest.approx(0.0, abs=1e-6) for kind in STEPS)


def test_several_changes_add_up(tmp_path):
    before = record(ROOT / "clients" / "bank")
    after = record(
        changed(
            tmp_path / "after",
            "bank",
            ("client.yml", "tax: {rate: 0.33", "tax: {rate: 0.28"),
            ("client.yml", "date: 2026-03-31", "date: 2026-05-31"),
            ("benefits.csv", "0.6,1.0", "0.5,1.0"),
        )
    )
    found = steps(before, after)
    closing, opening = found.pop("closing"), found.pop("opening")
    assert sum(found.values()) == pytest.approx(closing - opening)
    assert {kind for kind, amount in found.items() if abs(amount) > 1} == {"time", "rates", "plans"}


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
    before = record(ROOT / "clients" / "manufacturer")
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
    assert not list(tmp_path.glob("*.part"))


def test_two_equal_reports_are_said_to_be_equal(tmp_path):
    value = record(ROOT / "clients" / "bank")
    one, two = report(tmp_path / "one", value), report(tmp_path / "two", value)
    compare.compare(one, two, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "No number differs." in page and "No figure differs." in page


def test_what_is_no_report_is_refused_in_a_sentence(tmp_path):
    value = record(ROOT / "clients" / "bank")
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
