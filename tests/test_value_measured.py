"""What a client's case measured, beside what was typed: which of the two counts, and what moves when it changes."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from lepton_nb import client, results, terms, value_model
from lepton_nb.casework import checks
from lepton_nb.page import summary_tables, value_tables, words
from lepton_nb.report import compare
from lepton_nb.value_model import approaches, changes, measured, records, worlds
from lepton_nb.value_model.gains import gain, gain_per_case
from lepton_nb.value_model.verdict import group_verdict

BANK = Path(__file__).resolve().parent.parent / "clients" / "bank"
MONEY = {"tp": [0, 0, 0], "fp": [-760, -620, -480], "fn": [-5300, -4275, -3300], "tn": [0, 0, 0]}
#: y, model, baseline → cases
PAIRS = {(1, 1, 1): 150, (1, 1, 0): 70, (1, 0, 1): 20, (1, 0, 0): 60,
         (0, 1, 1): 200, (0, 1, 0): 60, (0, 0, 1): 90, (0, 0, 0): 1350}  # fmt: skip


def evaluation(pairs=PAIRS, **changed) -> dict:
    """A row of the table evaluation in a case's record, as plain JSON values."""

    def count(place: int, y: int, flagged: int) -> int:
        return sum(n for key, n in pairs.items() if key[0] == y and key[place] == flagged)

    sides = {
        name: {"tp": count(at, 1, 1), "fp": count(at, 0, 1), "fn": count(at, 1, 0), "tn": count(at, 0, 0)}
        for name, at in (("model", 1), ("baseline", 2))
    }
    found = {
        "evaluation_id": "measured:C1", "asset_id": "C1", "evaluated_on": "2026-05-31", "sample": "test rows",
        "n": sum(pairs.values()), "model_policy": "boosting", "baseline_policy": "scorecard", "outcome_value": MONEY,
        "paired": [{"y_true": y, "model": m, "baseline": b, "count": n} for (y, m, b), n in pairs.items()], **sides,
    }  # fmt: skip
    return json.loads(json.dumps(found | changed))


def months(recalls=(0.80, 0.74, 0.70, 0.66)) -> list[dict]:
    rows = []
    for place, recall in enumerate(recalls):
        period = {"asset_id": "C1", "period": f"2026-0{place + 1}-01"}
        rows += [
            {**period, "metric": "recall", "value": recall, "n": 4000, "baseline_value": None},
            {**period, "metric": "false_alarm_rate", "value": 0.15, "n": 20000, "baseline_value": None},
        ]
    return rows


def case(folder: Path, row: dict | None = None, monitoring=(), stand_in: bool = False) -> dict:
    """The record of a case as the engine lays it into a chapter's results folder, read back."""
    record = results.Record(results.task_name("risk_classifier", "C1"))
    record.add("auc", 0.8, "AUC")
    record.add_table("evaluation", [row or evaluation()])
    if monitoring:
        record.add_table("monitoring", monitoring)
    record.data.append({"name": "credit_card_default", "stand_in": stand_in, "source": "UCI", "sha256": "ab"})
    record.save(folder)
    return results.measured(folder)


@pytest.fixture
def linked():
    """The bank, with the benefits of C1 linked to what its case measures."""
    typed, link = client.load(BANK), client.MetricLink("measured", "C1")
    rows = (row.model_copy(update={"metric_link": link}) if row.asset_id == "C1" else row for row in typed.benefits)
    return typed.model_copy(update={"benefits": tuple(rows)})


def typed_bank(company):
    """The same company with its benefits of C1 on the typed evaluation."""
    name = next(item.evaluation_id for item in company.evaluations if item.asset_id == "C1")
    rows = tuple(
        row.model_copy(update={"metric_link": client.MetricLink("confusion", name)})
        if row.metric_link.kind == "measured"
        else row
        for row in company.benefits
    )
    return company.model_copy(update={"benefits": rows}), name


def test_a_benefit_that_links_to_a_case_takes_what_the_case_measured(linked, tmp_path):
    plan = value_model.plan(linked, measured=case(tmp_path))
    lines = plan.benefits_of["C1"]
    assert {line.link_id for line in lines if line.link == "confusion"} == {"measured:C1"}
    # By hand: 70 more hits and 20 fewer, 60 more false alarms and 90 fewer, of 2 000 cases.
    by_hand = ((70 - 20) * 4275 + (90 - 60) * 620) / 2000
    gains = {gain.evaluation_id: gain for gain in value_model.gains(plan)}
    assert gains["measured:C1"].per_case == pytest.approx(by_hand) and gains["measured:C1"].paired
    assert lines[0].begins == date(2026, 5, 31)
    assert float(value_model.evaluate(plan).total) != pytest.approx(
        float(value_model.evaluate(value_model.plan(linked)).total)
    )


def test_what_was_typed_stands_beside_it_and_counts_nowhere(linked, tmp_path):
    plan = value_model.plan(linked, measured=case(tmp_path))
    (found,) = plan.evidence
    _, name = typed_bank(linked)
    assert (found.asset_id, found.counts) == ("C1", ("measured:C1",))
    assert [item.evaluation_id for item in found.typed] == [name]
    assert name not in {item.evaluation_id for item in plan.client.evaluations}
    assert found.sentence in plan.notes and f"what was typed ({name}) stands beside it" in found.sentence
    assert all(item.asset_id != "C1" for item in plan.client.predictions)  # typed scores are of the typed evaluation


def test_both_count_where_benefits_link_to_both(linked, tmp_path):
    company, name = typed_bank(linked)
    one, *rest = company.benefits
    both = company.model_copy(
        update={"benefits": (one.model_copy(update={"metric_link": client.MetricLink("measured", "C1")}), *rest)}
    )
    plan = value_model.plan(both, measured=case(tmp_path))
    assert plan.evidence[0].counts == ("measured:C1", name)
    assert f"Other benefits of it rest on what was typed ({name})." in plan.evidence[0].sentence
    assert {line.link_id for line in plan.benefits_of["C1"]} == {"measured:C1", name}


def test_a_reader_is_told_where_positive_cases_are_much_commoner_than_in_what_was_typed(linked, tmp_path):
    told = "15.0 % of its cases are positive, 4.2 % in C1_vs_scorecard: a gain per case holds where"
    assert told in value_model.plan(linked, measured=case(tmp_path)).evidence[0].sentence
    weighted = evaluation(sample="rows; money weighted from 15.0 % positive cases in the test to 4.2 % in use")
    assert (
        "a gain per case holds" not in value_model.plan(linked, measured=case(tmp_path, weighted)).evidence[0].sentence
    )
    rare = evaluation({key: n * (1 if key[0] else 4) for key, n in PAIRS.items()})
    assert "4.2 %" not in value_model.plan(linked, measured=case(tmp_path, rare)).evidence[0].sentence


def test_a_case_that_no_benefit_links_to_is_shown_and_moves_nothing(linked, tmp_path):
    company, name = typed_bank(linked)
    with_case, without = (
        value_model.plan(company, measured=case(tmp_path, monitoring=months())),
        value_model.plan(company),
    )
    (found,) = with_case.evidence
    assert found.counts == (name,) and "counts nowhere" in found.sentence
    assert float(value_model.evaluate(with_case).total) == float(value_model.evaluate(without).total)
    assert with_case.decays == without.decays and with_case.costs == without.costs


def test_months_that_a_case_measured_give_the_decay_in_place_of_the_typed_ones(linked, tmp_path):
    typed = len([row for row in linked.monitoring if row.asset_id == "C1"])
    bare = linked.model_copy(
        update={
            "assets": tuple(
                a.model_copy(update={"half_life_years": None, "half_life_basis": ""}) for a in linked.assets
            )
        }
    )
    plan = value_model.plan(bare, measured=case(tmp_path, monitoring=months()))
    decay = plan.decays["C1"]
    assert decay.source == "measured" and decay.measured.what == "money" and decay.measured.months[0] == "2026-01"
    assert (plan.evidence[0].months, plan.evidence[0].typed_months) == (8, typed)
    without = value_model.plan(bare, measured=case(tmp_path)).decays["C1"]
    assert without != decay and (
        typed == 0 or without.measured is None or without.measured.months != decay.measured.months
    )


def test_without_a_record_the_typed_evaluation_counts_and_a_note_says_so(linked):
    company, name = typed_bank(linked)
    plan = value_model.plan(linked)
    assert float(value_model.evaluate(plan).total) == float(value_model.evaluate(value_model.plan(company)).total)
    assert (
        f"C1: its case was not executed here (metric_link measured:C1), so its typed evaluation {name} counts."
        in plan.notes
    )


def test_without_a_record_and_without_a_typed_evaluation_a_sentence_says_what_to_do(linked):
    bare = linked.model_copy(update={"evaluations": ()})
    with pytest.raises(ValueError, match=r"metric_link measured:C1 rests on .*measured=results\.measured\(folder\)"):
        value_model.plan(bare)


def test_a_stand_in_is_named_wherever_its_result_counts(linked, tmp_path):
    found = value_model.plan(linked, measured=case(tmp_path, stand_in=True)).evidence[0]
    assert found.stand_ins == ("credit_card_default",)
    assert "Measured on a stand-in for credit_card_default: not evidence of the real model." in found.sentence


def test_what_a_stand_in_measured_is_graded_so_on_every_page_and_does_not_count_as_measured(linked, tmp_path):
    real = value_model.plan(linked, measured=case(tmp_path / "real"))
    made = value_model.plan(linked, measured=case(tmp_path / "made", stand_in=True))
    own = replace(real, evidence=tuple(replace(item, public=()) for item in real.evidence))
    for plan, grade in ((real, "public data"), (made, "stand-in")):
        (row,) = (
            row for row in value_model.register(plan) if row.input.startswith("gain per case") and row.asset == "C1"
        )
        drawn = {item.grade for item in plan.inputs.values() if item.category == "gain" and item.asset_id == "C1"}
        (move,) = (move for move in worlds.assumptions(plan, str) if move.name == "measured:C1")
        assert {row.grade, move.grade} | drawn == {grade}
    assert [approaches.measured_share(plan, "C1") for plan in (own, real, made)] == [1, 0, 0]
    reason = approaches.asset_values(real, real.group("C1"), 1e6).assets["C1"].indications[0].reason
    assert "public data stand for them" in reason
    weights = [
        item.weight
        for item in approaches.asset_values(made, made.group("C1"), 1e6).assets["C1"].indications
        if item.weight
    ]
    assert weights == list(approaches.UNMEASURED)


def test_the_heading_over_what_was_measured_says_on_whose_data():
    made, own = {"asset": "A", "stand_ins": ["x"], "public": []}, {"asset": "B", "stand_ins": [], "public": []}
    public = {"asset": "C", "stand_ins": [], "public": ["y"]}
    told = {name: summary_tables.measured_on([row]) for name, row in (("made", made), ("own", own), ("public", public))}
    assert "on a stand-in" in told["made"] and "no evidence" in told["made"] and "own data" not in told["made"]
    assert "on the client's own data;" in told["own"]
    assert "on public data that stand for the client's own;" in told["public"]
    both = summary_tables.measured_on([made, own])
    assert "A on a stand-in" in both and "B on the client's own data" in both


def test_data_that_are_not_the_clients_are_named_public(linked, tmp_path):
    found = value_model.plan(linked, measured=case(tmp_path)).evidence[0]
    assert found.public == ("credit_card_default",) and "stand for the client's own" in found.sentence


def test_the_other_basis_keeps_what_was_measured(linked, tmp_path):
    plan = value_model.plan(linked, measured=case(tmp_path))
    other = value_model.on_basis(plan, "market" if plan.basis == "owner" else "owner")
    assert other.evidence == plan.evidence and other.evaluation("measured:C1") == plan.evaluation("measured:C1")


def test_another_result_of_the_case_moves_a_step_of_its_own(linked, tmp_path):
    one = record_of(value_model.plan(linked, measured=case(tmp_path / "1")))
    better = evaluation({**PAIRS, (1, 1, 0): 90, (1, 0, 0): 40})
    two = record_of(value_model.plan(linked, measured=case(tmp_path / "2", better)))
    found = changes.bridge(one, two)
    rows = {row["step"]: row["amount"] for row in found.rows()}
    own = rows["measured evidence of C1: what its case gave, on other data or by another model"]
    assert own > 0 and own == pytest.approx(found.closing - found.opening, rel=0.02)
    assert all(abs(amount) < 0.02 * own for step, amount in found.steps.items() if step != "measured:C1")
    assert found.opening + sum(found.steps.values()) + found.code == pytest.approx(found.closing)


def test_from_a_typed_to_a_measured_evaluation_is_a_step_of_the_case(linked, tmp_path):
    company, _ = typed_bank(linked)
    found = changes.bridge(
        record_of(value_model.plan(company)), record_of(value_model.plan(linked, measured=case(tmp_path)))
    )
    assert abs(found.steps["measured:C1"]) > 1000 and found.steps["evidence"] == 0
    assert found.opening + sum(found.steps.values()) + found.code == pytest.approx(found.closing)


def test_a_comparison_names_the_case_whose_files_are_others():
    line = {"chapter": "risk_classifier@C1", "title": "Risk: PD model (C1)", "inputs": {"client: case C1": "1"}}
    one, two = ({"chapters": [line | {"inputs": {"client: case C1": sha}}], "versions": {}} for sha in "12")
    (row,) = compare.causes(one, two)
    assert (row["kind"], row["what"], row["change"]) == ("input", "case C1", "changed")
    assert row["chapters"] == "Risk: PD model (C1)"


def record_of(plan) -> dict:
    """The parts of the value chapter's record that a comparison reads."""
    found = value_model.conclude(plan, draws=2000)
    tables = records.tables(found, value_model.tornado(plan, value_model.assumptions(plan)))
    return {
        "figures": {"value": {"value": found.value, "unit": plan.currency}},
        "tables": json.loads(json.dumps(tables)),
    }


def test_the_record_of_the_value_holds_both_results_and_which_counts(linked, tmp_path):
    (row,) = record_of(value_model.plan(linked, measured=case(tmp_path)))["tables"]["evidence"]
    _, name = typed_bank(linked)
    assert row["counts"] == ["measured:C1"] and [gain["evaluation"] for gain in row["gains"]] == ["measured:C1", name]
    assert row["gains"][0]["per_case"] != row["gains"][1]["per_case"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda row: row.update(n=1999), "the model's counts sum to 2000, the evaluation has 1999 cases"),
        (lambda row: row.pop("model"), r"risk_classifier@C1\.json: its table evaluation cannot be read"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_by_name(linked, tmp_path, spoil, words):
    row = evaluation()
    spoil(row)
    with pytest.raises(ValueError, match=words):
        value_model.plan(linked, measured=case(tmp_path, row))


def test_a_case_without_an_evaluation_is_refused(tmp_path):
    record = results.Record("risk_classifier@C1")
    record.add("auc", 0.8, "AUC")
    record.save(tmp_path)
    with pytest.raises(ValueError, match=r"risk_classifier@C1\.json: has 0 rows in its table evaluation, must be 1"):
        results.measured(tmp_path)


def test_a_folder_without_cases_has_measured_nothing(tmp_path):
    assert results.measured(tmp_path) == {}
    company = client.load(BANK)
    assert measured.with_measured(company, {})[1:] == ((), ()) or any(
        row.metric_link.kind == "measured" for row in company.benefits
    )


@pytest.mark.parametrize("written", ["C1_vs_scorecard", "measured:C1"])
def test_a_correlation_of_a_models_money_holds_for_the_evaluation_that_counts(linked, tmp_path, written):
    pair = linked.monte_carlo.correlations[0].model_copy(
        update={"a": f"{written}.fn", "b": f"{written}.fp", "rho": 0.4}
    )
    company = linked.model_copy(update={"monte_carlo": linked.monte_carlo.model_copy(update={"correlations": (pair,)})})
    for found, name in ((case(tmp_path), "measured:C1"), ({}, "C1_vs_scorecard")):
        plan = value_model.plan(company, measured=found)
        assert plan.correlations == {(f"{name}.fn", f"{name}.fp"): 0.4}
        assert not any("is not applied" in note for note in plan.notes)


def test_the_range_of_a_measured_gain_is_among_the_assumptions(linked, tmp_path):
    plan = value_model.plan(linked, measured=case(tmp_path))
    assert any("measured:C1" in item.label for item in worlds.assumptions(plan))


@pytest.mark.parametrize("name", ["manufacturer", "bank", "retailer"])
def test_an_input_has_one_grade_on_every_page(name):
    plan = value_model.plan(client.load(BANK.parent / name))
    grades = {(item.category, item.asset_id): item.grade for item in plan.inputs.values()}
    grades |= {item.label.replace("test set", "gain per case"): item.grade for item in plan.inputs.values()}
    moves = {move.label: move.grade for move in worlds.assumptions(plan)}
    shown = str(value_tables.decays(plan))
    seen = 0
    for row in value_model.register(plan):
        if row.input == "half-life of the gain" and ("decay", row.asset) in grades:
            assert row.grade == grades["decay", row.asset] == moves[f"half-life of the gain of {row.asset}"]
            assert row.asset not in plan.benefits_of or (row.grade in shown and row.source in shown)
        elif row.input.startswith("gain per case") or row.input == "share accepted":
            assert row.grade == grades[row.input if "case" in row.input else ("gain", row.asset)]
            moved = moves.get(row.input.replace("gain per case:", "gain per case by the test set"), row.grade)
            assert moved == row.grade
        else:
            continue
        seen += 1
    assert seen >= 2


def test_a_life_by_measured_drift_says_where_the_months_show_none():
    plan = value_model.plan(client.load(BANK.parent / "manufacturer"))
    (row,) = (row for row in value_model.register(plan) if (row.input, row.asset) == ("useful life", "M1"))
    assert (
        plan.decays["M1"].measured.shown is False
        and row.source == "measured drift, as the client says; the months show no fall"
    )
    (half,) = (row for row in value_model.register(plan) if (row.input, row.asset) == ("half-life of the gain", "M1"))
    assert (half.grade, half.source) == (
        "stated, range measured",
        "assets.csv, no basis given; range: recall as monitored",
    )


def test_a_case_with_too_few_of_a_class_has_one_verdict_here_and_on_its_own_page(linked, tmp_path):
    few = {(1, 1, 1): 4, (1, 1, 0): 24, (1, 0, 1): 1, (0, 1, 1): 40, (0, 1, 0): 2, (0, 0, 1): 90, (0, 0, 0): 1350}
    enough = {**few, (1, 1, 1): 5}
    for pairs, word in ((few, "no conclusion"), (enough, "shown")):
        row = evaluation({key: pairs.get(key, 0) for key in PAIRS})
        plan = value_model.plan(linked, measured=case(tmp_path / word, row))
        found = gain(plan, plan.evaluation("measured:C1"))
        assert found.interval[0] > 0 and found.word == word and found.sentence.startswith(word)
        concluded = group_verdict(plan, plan.group("C1"), 0.0)
        assert (concluded.word == "not shown") == (word == "no conclusion")
        assert ("fewer than 30 rows of a class" in concluded.reason) == (word == "no conclusion")
    assert checks.FEWEST_POSITIVES == terms.FEWEST_OF_A_CLASS == 30


def test_the_low_end_of_a_volume_is_written_alike_in_the_register_the_inputs_and_the_tornado():
    plan = value_model.plan(client.load(BANK.parent / "manufacturer"))
    (row,) = (
        asdict(row) for row in value_model.register(plan) if (row.input, row.asset) == ("volume: energy saving", "M2")
    )
    (item,) = (item for item in plan.inputs.values() if item.label == "volume: energy saving (M2)")
    (move,) = (move for move in worlds.assumptions(plan, words.figure) if move.name == item.name)
    low = summary_tables.figure(row, "low")
    assert low == move.low_words == "0.0025" and f"({low} to " in words.estimate(item.range)


def test_money_is_shown_as_it_was_stated_and_counts_as_it_is_weighted(linked, tmp_path):
    times = terms.class_weights(300 / 2000, 0.06)
    weighted = {name: [each * times[name] for each in three] for name, three in MONEY.items()}
    plan = value_model.plan(linked, measured=case(tmp_path, evaluation(outcome_value=weighted, positive_share=0.06)))
    by_hand = 0.06 * (70 - 20) * 4275 / 300 + 0.94 * (90 - 60) * 620 / 1700
    gains = {gain.evaluation_id: gain for gain in value_model.gains(plan)}
    assert gains["measured:C1"].per_case == pytest.approx(by_hand)
    register = {row.input: row for row in value_model.register(plan)}
    miss = register["money per false negative: measured:C1"]
    assert (miss.low, miss.likely, miss.high) == pytest.approx((-5300, -4275, -3300))
    assert "client.yml" in miss.source and "6 % positive cases in use" in miss.source
    moved = {move.name: move for move in worlds.assumptions(plan, lambda value: f"{value:.0f}")}
    assert (moved["measured:C1.fn"].low_words, moved["measured:C1.fn"].high_words) == ("-5300", "-3300")


def test_the_share_of_positive_cases_in_use_is_drawn_within_its_ends(linked, tmp_path):
    """At another share the money of each class is that of the case weighted to that share."""
    times = terms.class_weights(300 / 2000, 0.06)
    weighted = {name: [each * times[name] for each in three] for name, three in MONEY.items()}
    ranged = {"positive_share": 0.06, "share_range": [0.03, 0.06, 0.12], "share_source": "the book of a year"}
    plan = value_model.plan(linked, measured=case(tmp_path, evaluation(outcome_value=weighted, **ranged)))
    (name,) = (name for name, item in plan.inputs.items() if item.category == "positive_share")
    counted = plan.evaluation("measured:C1")
    for level, share in ((0.0, 0.03), (1.0, 0.12)):
        by_hand = share * (70 - 20) * 4275 / 300 + (1 - share) * (90 - 60) * 620 / 1700
        assert float(gain_per_case(counted, value_model.World(drawn={name: level}))) == pytest.approx(by_hand)
    (row,) = (row for row in value_model.register(plan) if row.input.startswith("share of positive cases in use"))
    assert (row.low, row.likely, row.high, row.source) == (0.03, 0.06, 0.12, "the book of a year")
    (move,) = (move for move in worlds.assumptions(plan, words.figure) if move.name == name)
    assert move.low_words == "0.03" and move.high_words == "0.12"
    drawn = {row.figure: row.parameters for row in value_model.line_tables(plan).drawn}
    assert drawn[name] == (0.03, 0.06, 0.12)


def test_a_share_without_ends_is_a_finding(linked, tmp_path):
    plan = value_model.plan(linked, measured=case(tmp_path, evaluation(positive_share=0.06)))
    assert any(
        "C1: the share of positive cases in use, 6 %, has no range" in told for told in value_model.findings(plan)
    )
