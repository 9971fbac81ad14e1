"""Three doors, one evaluation, one value: a client's case trained here, by its scores, and as ONNX; then the data move."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from made_cases import bank, loans
from test_casework_doors import all_rows, linked, of_folder, onnx_of, predictions
from test_value_measured import record_of

from lepton_nb import client, datasets, results, value_model
from lepton_nb.casework import doors, judging
from lepton_nb.value_model import changes

REAL = os.environ.get("LEPTON_DATA", "")
ENTRY = "asset_id: C1, case: risk_classifier, data: data/loans.csv, target: {}, baseline_column: {}, split: {{by: random, test_share: 0.3}}"
FILES = {"trained": "", "predictions": ", predictions: data/scores.csv", "onnx": ", model: data/model.onnx"}
STEP = "measured:C1"


def made() -> tuple[dict[str, np.ndarray], str]:
    """Loans made for the tests, with texts among their columns."""
    columns = {name: values for name, values in loans().items() if name not in ("exposure", "region", "branch", "day")}
    return columns, ENTRY.format("defaulted", "scorecard_flag")


def german() -> tuple[dict[str, np.ndarray], str]:
    """A thousand real loans; the old rule flags those whose account is overdrawn."""
    if not REAL or datasets.locate("german_credit", REAL) is None:
        pytest.skip("german_credit.csv.gz is not in LEPTON_DATA: the chain was tried on made loans alone")
    taken = ("checking_status", "duration_months", "credit_amount", "credit_history", "savings", "bad_credit")
    arrays = datasets.load("german_credit", REAL).arrays
    columns = {name: arrays[name] for name in taken} | {"flag": (arrays["checking_status"] == "A11").astype(int)}
    return columns, ENTRY.format("bad_credit", "flag")


class Door:
    """A client's folder whose case comes by one door: what it measures, and what the client is worth by it."""

    def __init__(self, folder, scores=None):
        self.case = of_folder(folder)
        self.scores = doors.scores(self.case) if scores is None else scores
        judged = judging.judge(self.case, self.scores, learning=False, blocks=False)
        self.evaluation = judged.evaluation.model_dump(exclude={"model_policy"})
        self.pairs = [cell.count for cell in judged.evaluation.paired]
        self.figures = (judged.auc.value, judged.brier.value, judged.cutoff.value, judged.gain.value)
        record = results.Record(results.task_name("risk_classifier", "C1"))
        record.add_data(self.case)
        judging.enter(record, judged)
        out = folder.path / "out"
        record.save(out)
        self.record = record_of(value_model.plan(client.load(folder.path), measured=results.measured(out)))
        self.value = self.record["figures"]["value"]["value"]


@pytest.fixture(scope="module", params=[made, german], ids=["made loans", "German credit"])
def chain(request, tmp_path_factory):
    """Door → what came of it, for the data as they are and for the data after they moved."""
    columns, entry = request.param()
    folder = tmp_path_factory.mktemp("doors")
    target = entry.split("target: ")[1].split(",")[0]
    draw = np.random.default_rng(7)
    later = columns | {target: np.where(draw.random(len(columns[target])) < 0.15, 1, columns[target])}
    return {"before": by_doors(folder / "before", columns, entry), "after": by_doors(folder / "after", later, entry)}


def by_doors(folder: Path, columns, entry: str) -> dict[str, Door]:
    first = linked(bank(folder / "trained", entry, columns))
    case = of_folder(first)
    scores = doors.fit(case, "logistic")
    found = {"trained": Door(first, scores)}
    for door in ("predictions", "onnx"):
        other = linked(bank(folder / door, entry, columns))
        if door == "predictions":
            predictions(other.path / "data/scores.csv", all_rows(case, scores))
        else:
            numbers = {name: np.float32 for name in case.train.x if case.train.x[name].dtype.kind in "biuf"}
            onnx_of(scores.model, case.train.x.astype(numbers), other.path / "data/model.onnx")
        settings = other.path / "client.yml"
        settings.write_text(settings.read_text("utf-8").replace(entry, entry + FILES[door]), encoding="utf-8")
        found[door] = Door(other)
        assert found[door].case.door == door
    return found


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_door_gives_the_same_pairs_and_the_same_value(chain, when):
    trained, by_scores, by_file = (chain[when][door] for door in FILES)
    assert by_scores.evaluation == trained.evaluation and by_scores.figures == trained.figures
    assert by_scores.value == trained.value
    assert by_file.pairs == trained.pairs and by_file.evaluation == trained.evaluation
    assert by_file.figures == pytest.approx(trained.figures, rel=1e-5)  # scores of single precision
    assert by_file.value == trained.value


@pytest.mark.parametrize("door", FILES)
def test_the_value_moves_with_the_data_and_the_comparison_says_by_what(chain, door):
    before, after = chain["before"][door], chain["after"][door]
    assert after.pairs != before.pairs and after.value != before.value
    found = changes.bridge(before.record, after.record)
    moved = found.closing - found.opening
    assert found.steps[STEP] == pytest.approx(moved, abs=0.02 * abs(moved))
    assert found.opening + sum(found.steps.values()) + found.code == pytest.approx(found.closing)
    assert "measured evidence of C1" in changes.said(STEP)
