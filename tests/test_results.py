"""Records: what may go in, and that it comes out the same."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest

from lepton_nb import paths, results
from lepton_nb.valuation.performance import wilson_interval


def record():
    made = results.Record("mnist", "quick")
    made.add("accuracy", np.float64(0.5), "share", low=0.4, high=0.6, interval="95 % Wilson", n=np.int64(100), seed=0)
    made.add_table("classes", pd.DataFrame({"digit": [0, 1], "recall": [0.5, 0.75]}))
    made.seconds["training"] = 1.23456
    return made


def test_a_record_comes_back_as_it_was(tmp_path):
    path = record().save(tmp_path)
    back = results.load("mnist", tmp_path)
    assert path.name == "mnist.json"
    assert back.to_dict() == record().to_dict()
    assert back["accuracy"].n == 100
    assert back.tables["classes"][1] == {"digit": 1, "recall": 0.75}
    assert [file.name for file in tmp_path.iterdir()] == ["mnist.json"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="not a finite number"):
        results.Record("x").add("bad", value, "1")


def test_an_undefined_figure_says_why():
    with pytest.raises(ValueError, match="must say why"):
        results.Record("x").add("irr", None, "1 per year")
    assert results.Record("x").add("irr", None, "1 per year", note="The flows do not change sign.").value is None


def test_a_second_figure_of_one_name_is_refused():
    made = record()
    with pytest.raises(ValueError, match="added already"):
        made.add("accuracy", 1.0, "share")


def test_a_missing_record_is_an_error_in_a_report(tmp_path):
    with pytest.raises(FileNotFoundError):
        results.need("value", tmp_path)


def test_a_reader_gets_a_record_by_executing_its_chapter(project, capsys):
    project.chapter("01_first.ipynb", add="record.add('x', factor * 21, unit='1')")
    assert results.need("first", "", factor=3)["x"].value == 63
    assert "01_first.ipynb" in capsys.readouterr().out


def test_a_record_of_another_schema_is_refused(tmp_path):
    path = record().save(tmp_path)
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 0'))
    with pytest.raises(ValueError, match="schema 0"):
        results.load("mnist", tmp_path)


def test_a_mean_over_trainings_has_their_range_and_a_single_one_keeps_its_own_interval():
    record = results.Record("digits")
    for seed, value in enumerate((0.8, 0.9)):
        rate = wilson_interval(int(1000 * value), 1000)
        record.add_rate(f"seed{seed}", rate, seed=seed, source="made up")
    both, one = record.add_mean("both", ["seed0", "seed1"]), record.add_mean("one", ["seed1"])
    assert (both.low, both.value, both.high, both.n) == (0.8, pytest.approx(0.85), 0.9, 1000)
    assert both.interval == "lowest and highest of 2 seeds"
    assert (one.low, one.high, one.interval, one.seed) == (
        *[record["seed1"].low, record["seed1"].high],
        "95 % Wilson",
        1,
    )


@pytest.mark.parametrize("path", sorted(paths.measured("any").parent.glob("*.json")), ids=lambda path: path.stem)
def test_on_record_one_training_has_no_range_over_seeds_and_a_mean_is_that_of_its_trainings(path):
    record = results.recorded(path.stem)
    assert not [name for name, figure in record.figures.items() if "of 1 seeds" in figure.interval]
    for name, figure in record.figures.items():
        if "seeds" in figure.interval:
            rounding = 1e-12  # of a mean of equal figures
            assert figure.low - rounding <= figure.value <= figure.high + rounding, name
            extremes = re.search(r" of (\d+) seeds", figure.interval)  # lowest and highest; others are of an error
            if not extremes:
                continue
            trained = int(extremes[1])
            stem = name.replace("ours_mean_", "ours_")
            alone = [{one.replace(f"_seed{seed}_", "_"): one for one in record.figures if f"_seed{seed}_" in one}
                     for seed in range(trained)]  # fmt: skip
            parts = [record[of_seed.get(stem, stem)] for of_seed in alone]
            assert figure.value == pytest.approx(sum(part.value for part in parts) / trained), name
