"""The page of five industries: what is measured beside a simple method, what turns a decision, samples that a chapter reads."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest
from conftest import ROOT

from lepton_nb import client, paths, results, value_model
from lepton_nb.page import industry_tables, words
from lepton_nb.page.words import Money
from lepton_nb.report import chapters, record, store
from lepton_nb.report.writing import write_json
from lepton_nb.value_model import break_even, tested
from lepton_nb.value_model.turning import drawn_world, expected
from lepton_nb.value_model.world import World


def run(ours=(0.9, 0.88, 0.92), simple=(0.8, 0.78, 0.82), gain=None, unit="fraction"):
    made = results.Record("inspection", "full", made={"date": "2026-11-29"})
    for name, found in (("ours", ours), ("simple", simple), ("gain", gain)):
        if found:
            made.add(name, found[0], unit, low=found[1], high=found[2], interval="95 %", n=334)
    return made


def line(gain="", less=False):
    pairs = {"ours": ("a network", "ours"), "simple": ("a line", "simple")}
    return {"what": "faults, right answers", "record": "inspection", "gain": gain, "less": less} | pairs


@pytest.mark.parametrize(
    ("made", "of", "stands", "told"),
    [
        (run(), line(), "ahead", "a network is ahead of a line, by intervals that do not overlap; n = 334."),
        (run((0.7, 0.68, 0.72)), line(), "behind", "loses against a line"),
        (run((0.81, 0.79, 0.83)), line(), "not told apart", "are not told apart: the simple method does as well"),
        (run(gain=(0.1, 0.05, 0.15)), line("gain"), "ahead", "difference +10.0 points (+5.0 to +15.0)"),
        (run(gain=(0.1, -0.05, 0.25)), line("gain"), "not told apart", "difference +10.0 points"),
        (run((200, 190, 210), (300, 280, 320), (-100, -120, -80), "cars"), line("gain", True), "ahead", "difference −100 (−120 to −80)"),
        (run((200, 190, 210), (100, 90, 110), unit="cars"), line(less=True), "behind", "the simple method is the better one"),
    ],
)  # fmt: skip
def test_a_model_is_ahead_only_where_the_interval_says_so(made, of, stands, told):
    assert industry_tables.compared(of, made) == stands
    (sentence,) = industry_tables.measured_told([of], {"inspection": made})
    assert told in sentence and sentence.startswith("Faults, right answers: ")
    assert f">{stands}<" in str(industry_tables.measured([of], {"inspection": made}))


def test_no_end_of_an_interval_that_is_not_zero_is_told_as_zero():
    told = industry_tables.measured_told(
        [line("gain")], {"inspection": run(gain=(-0.0157, -0.0314, -0.0002), unit="nDCG")}
    )
    assert "(−0.0314 to −0.0002)" in told[0]


def test_at_the_gain_at_which_a_trial_turns_its_group_is_worth_nothing():
    made = value_model.plan(client.load(paths.sample("carrier")))
    (one,) = made.client.trials
    at = break_even.break_even_trial(made, one)
    assert 0 < at < one.gain
    (group,) = made.groups
    item = made.inputs[f"{one.trial_id}.gain"].tested
    value = expected(made, group, drawn_world(made))(frozenset(["F1"]))
    assert value(World(drawn={f"{one.trial_id}.gain": tested.level_at(item, at)})) == pytest.approx(0, abs=200)
    more = value(World(drawn={f"{one.trial_id}.gain": tested.level_at(item, at + 10)}))
    assert more > 10_000
    told = industry_tables.needed_told([], [(one, at)], [])
    assert f"has to gain {words.rounded(at, one.effect)}" in told[0]
    assert "worth nothing" in industry_tables.needed_told([], [(one, None)], [])[0] != told[0]


def test_what_would_have_to_be_true_follows_rates_and_signs():
    def rate(low, no_use):
        return SimpleNamespace(
            asset_id="M1",
            what="recall",
            measured=SimpleNamespace(value=0.9, low=low, interval=(low, 0.95), n=90),
            no_use=no_use,
            sentence="At no rate.",
        )

    assert (
        "10.0 points of room, and the whole 90 % interval lies above it"
        in industry_tables.needed_told([rate(0.85, 0.8)], [], [])[0]
    )
    assert "the 90 % interval reaches it" in industry_tables.needed_told([rate(0.75, 0.8)], [], [])[0]
    assert "5.0 points are missing" in industry_tables.needed_told([rate(0.85, 0.95)], [], [])[0]
    assert industry_tables.needed_told([rate(0.85, None)], [], []) == ["M1: At no rate."]
    turn = {"group": "M2", "assumption": "volume", "unit": "labels", "turns_at": 1_111_821.0}
    told = industry_tables.needed_told([], [], [turn, turn | {"turns_at": None}])
    assert told == [f"M2 changes sign where the volume comes to {words.rounded(1_111_821, 'labels')}."]
    assert industry_tables.needed_told([], [], []) == ["No single figure turns a decision within its range."]


@pytest.mark.parametrize("name", paths.SAMPLES)
def test_on_what_the_benefits_of_a_sample_rest(name):
    kinds = value_model.rests_on_kinds(
        value_model.plan(client.load(paths.sample(name)), measured=results.measured_on_record(name))
    )
    assert sum(kinds.values()) == pytest.approx(1)
    public = {"bank": 0.5, "clinic": 0.99, "carrier": 0.9}
    assert (kinds.get("public data", 0.0) > public[name]) if name in public else "public data" not in kinds
    about = SimpleNamespace(client=SimpleNamespace(client=SimpleNamespace(name="A", synthetic=True)))
    told = industry_tables.worth_told(SimpleNamespace(plan=about, concluded=False, groups=()), kinds, Money("EUR"))
    assert told[0] == "No value of A is concluded." and ("(invented with it)" in told[-1]) == (
        "the client's own tests" in kinds
    )


def test_what_is_on_record_of_a_samples_case_is_whole_and_on_public_data():
    files = [file for name in paths.SAMPLES for file in paths.measured_cases(name).glob("*.json")]
    assert files
    for file in files:
        company = client.load(paths.sample(file.parent.name))
        (case,) = [one for one in company.cases if file.stem.endswith(f"@{one.asset_id}")]
        found = results.measured_on_record(file.parent.name)[case.asset_id]
        assert case.public and not any(data["stand_in"] for data in found.data)
        assert found.evaluation["positive_share"] == case.positive_share


def test_a_chapter_that_shows_samples_is_executed_anew_when_one_of_them_changes(project):
    shutil.copytree(ROOT / "clients" / "carrier", project.folder / "clients" / "carrier")
    path = project.chapter("01_first.ipynb")
    without = store.code_of(chapters.read(path))
    assert "samples" not in without
    notebook = json.loads(path.read_text("utf-8"))
    notebook["metadata"]["lepton"]["reads"]["samples"] = ["carrier"]
    path.write_text(json.dumps(notebook), "utf-8")
    before = store.code_of(chapters.read(path))["samples"]
    assert "clients/carrier/metrics/trials.csv" in before
    (project.folder / "clients" / "carrier" / "costs.csv").write_text("other", "utf-8")
    after = store.code_of(chapters.read(path))["samples"]
    assert {name for name in before if before[name] != after[name]} == {"clients/carrier/costs.csv"}
    notebook["metadata"]["lepton"]["reads"]["samples"] = ["carriers"]
    path.write_text(json.dumps(notebook), "utf-8")
    with pytest.raises(chapters.ChapterProblem, match="reads the samples carriers; there are manufacturer"):
        chapters.read(path)


def test_a_case_goes_on_record_only_of_a_sample_and_on_public_data(project):
    project.chapter("01_first.ipynb")
    found = results.Record("risk_classifier@C1", "full").to_dict() | {
        "data": [{"name": "german_credit", "stand_in": False, "source": "", "sha256": ""}]
    }
    out = project.folder / "out"
    line = {"chapter": "risk_classifier@C1", "state": "completed", "executed_at": "2026-11-30T05:00:00", "settings": {}, "threads": 2,
            "seconds": 1.0, "peak_memory_gib": 1.0, "seeds": [0], "parameters": {}, "results": store.results_digest(found)}  # fmt: skip
    ledger = {"profile": "full", "git": "abc", "processor": "P", "cores": 2, "versions": {}, "chapters": [line],
              "client": {"folder_name": "bank", "synthetic": True, "name": "B"}}  # fmt: skip

    def kept(found, **changes):
        write_json(out / "results" / "risk_classifier@C1.json", found)
        write_json(out / "ledger.json", ledger | changes)
        return record.record(out, ["risk_classifier@C1"])

    (out / "results").mkdir(parents=True)
    assert kept(found) == [project.folder / "book" / "measured" / "bank" / "risk_classifier@C1.json"]
    assert results._read(kept(found)[0]).made["command"].startswith("lepton-nb report clients/bank --profile full")
    for data, client_ in (
        (
            [{"name": "loans.csv", "stand_in": False, "source": "the client's file loans.csv", "sha256": ""}],
            ledger["client"],
        ),
        (found["data"], ledger["client"] | {"synthetic": False}),
        (found["data"], ledger["client"] | {"folder_name": "mine"}),
    ):
        with pytest.raises(record.RecordProblem, match="is measured for one client"):
            kept(found | {"data": data}, client=client_)
