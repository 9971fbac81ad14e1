"""Fewer numbers, and what is odd: the linear case is the components', measures of rare rows, sentences that follow."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score, f1_score

from lepton_nb import training  # first: it starts Keras quietly

import keras  # isort: skip
from lepton_nb import datasets, oddity, results  # isort: skip
from lepton_nb.datasets import ai4i
from lepton_nb.models import build_autoencoder, encoder_of
from lepton_nb.page import autoencoder_charts as shown

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = os.environ.get("LEPTON_DATA", "")


def end(value, low, high):
    return SimpleNamespace(value=value, low=low, high=high, n=100)


def plain(found) -> str:
    text = found if isinstance(found, str) else found._repr_mimebundle_()["text/plain"]
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


def rare(seed: int, n: int = 600, share: float = 0.1):
    generator = np.random.default_rng(seed)
    y = (generator.random(n) < share).astype(int)
    return y, np.round(generator.normal(size=n) + 1.5 * y, 1)  # with ties


# ------------------------------------------------------------------ the network


def test_a_linear_bottleneck_finds_the_error_of_the_components_and_no_smaller_one():
    generator = np.random.default_rng(0)
    rows = (generator.normal(size=(600, 5)) @ np.diag([3.0, 2.0, 1.0, 0.5, 0.2])).astype("float32")
    components = PCA(2).fit(rows)
    least = float(np.mean((rows - components.inverse_transform(components.transform(rows))) ** 2))
    training.set_seed(1)
    model = build_autoencoder(5, 2, units=(), output="linear")
    model.compile(keras.optimizers.Adam(0.02), "mse", steps_per_execution=6)
    model.fit(rows, rows, epochs=100, batch_size=100, verbose=0)
    reached = float(oddity.squared_error(rows, training.predict(model, rows)).mean())
    assert least <= reached + 1e-6 and reached < 1.03 * least


def test_the_encoder_is_the_first_half_and_shares_the_weights():
    model = build_autoencoder(20, 3, units=(8, 4))
    encoder = encoder_of(model)
    rows = np.random.default_rng(2).random((5, 20)).astype("float32")
    before = training.predict(encoder, rows)
    assert before.shape == (5, 3) and training.predict(model, rows).shape == (5, 20)
    model.get_layer("code").set_weights([2 * weight for weight in model.get_layer("code").get_weights()])
    assert training.predict(encoder, rows) == pytest.approx(2 * before, rel=1e-4, abs=1e-5)
    assert model.count_params() == sum(a * b + b for a, b in ((20, 8), (8, 4), (4, 3), (3, 4), (4, 8), (8, 20)))


@pytest.mark.parametrize("given", [{"code": 0}, {"code": 20}, {"units": (0,)}, {"output": "tanh"}])
def test_sizes_that_cannot_be_are_refused(given):
    with pytest.raises(ValueError, match="Received"):
        build_autoencoder(**{"features": 20, "code": 3, "units": (8,)} | given)


def test_the_variational_network_of_the_solutions_runs_learns_and_is_pulled_to_the_middle():
    cells = json.loads((ROOT / "notebooks" / "34_autoencoder.ipynb").read_text(encoding="utf-8"))["cells"]
    (text,) = ["".join(cell["source"]) for cell in cells if cell["id"] == "solutions"]
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    spread = []
    rows = np.repeat(np.random.default_rng(4).random((16, 784)), 20, axis=0).round().astype("float32")
    for beta in ("0.001", "10.0"):
        training.set_seed(0)
        names: dict = {"keras": keras}
        exec(code.replace("beta=0.001", f"beta={beta}"), names)
        before = names["variational"].evaluate(rows, rows, verbose=0)
        names["variational"].fit(rows, rows, epochs=3, batch_size=32, verbose=0)
        assert names["variational"].evaluate(rows, rows, verbose=0) < before
        spread.append(names["variational"].predict(rows, verbose=0).std(axis=0).mean())
    assert spread[1] < spread[0]  # with a heavy second loss every picture becomes the mean picture


# ------------------------------------------------------------------ figures


def test_average_precision_and_f1_are_scikit_learns_under_every_weight():
    y, score = rare(1)
    weight = np.random.default_rng(2).integers(0, 4, (5, len(y)))
    wanted = [average_precision_score(y, score, sample_weight=one) for one in weight]
    assert oddity.weighted_precision(y, score, weight) == pytest.approx(wanted)
    flagged = (score > 1).astype(int)
    assert oddity.weighted_f1(y, flagged, weight) == pytest.approx(
        [f1_score(y, flagged, sample_weight=one) for one in weight]
    )
    assert oddity.average_precision(y, score).value == pytest.approx(average_precision_score(y, score))
    assert oddity.f1(y, flagged).value == pytest.approx(f1_score(y, flagged))


def test_an_interval_repeats_and_rows_of_one_class_are_refused():
    y, score = rare(3)
    assert oddity.average_precision(y, score) == oddity.average_precision(y, score)
    with pytest.raises(ValueError, match="both"):
        oddity.average_precision(np.zeros(5), np.zeros(5))


def test_the_interval_of_an_average_precision_covers_that_of_endless_rows():
    truth = average_precision_score(*rare(9, 300_000))
    found = [oddity.average_precision(*rare(100 + number)) for number in range(40)]
    assert sum(one.low <= truth <= one.high for one in found) >= 33  # 95 % of 40 are 38


def test_two_ways_on_the_same_rows_are_compared_more_sharply_than_two_intervals():
    y, score = rare(5)
    nearly = score + np.random.default_rng(6).normal(0, 0.1, len(y))
    apart, alone = oddity.average_precision(y, score, nearly), oddity.average_precision(y, score)
    assert apart.high - apart.low < (alone.high - alone.low) / 2
    assert oddity.f1(y, score > 1, score > 1).high == 0


def test_the_cut_for_f1_is_the_best_of_all_cuts():
    y, score = rare(7, 300)
    best = max(f1_score(y, score >= cut) for cut in np.unique(score))
    assert f1_score(y, score >= oddity.best_f1_cut(y, score)) == pytest.approx(best)


def test_a_mean_has_the_interval_of_student():
    values = np.random.default_rng(8).normal(2, 1, (300, 12))
    found = [oddity.mean_of(row) for row in values]
    assert 0.91 < np.mean([one.low <= 2 <= one.high for one in found]) < 0.985
    with pytest.raises(ValueError, match="at least two"):
        oddity.mean_of(np.array([1.0]))


# ------------------------------------------------------------------ the machine


def test_the_three_physical_columns_by_hand():
    rows = pd.DataFrame({"air": [300.0], "process": [310.5], "speed": [1500], "torque": [40.0], "wear": [100]})
    found = oddity.physical(rows).iloc[0]
    assert found["difference"] == 10.5 and found["strain"] == 4000
    assert found["power"] == pytest.approx(40 * 157.0796, rel=1e-5)


def test_the_rules_by_hand():
    usual = {"quality": "M", "air": 300.0, "process": 310.0, "speed": 1500, "torque": 40.0, "wear": 100}
    odd = [{"process": 308.5, "speed": 1379}, {"torque": 20.0}, {"torque": 60.0}, {"torque": 50.0, "wear": 241}]
    fine = [{"process": 308.6, "speed": 1379}, {"process": 308.5, "speed": 1380}, {"torque": 50.0, "wear": 239}]
    parts = pd.DataFrame([usual | change for change in ({}, *fine, *odd)])
    assert ai4i.by_the_rules(parts).tolist() == [False] * 4 + [True] * 4
    strained = pd.DataFrame([usual | {"quality": quality, "torque": 50.0, "wear": 230} for quality in "LMH"])
    assert ai4i.by_the_rules(strained).tolist() == [True, False, False]


def test_made_parts_fail_as_rarely_as_real_ones_by_the_rules_and_a_little_by_chance(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    made = datasets.load("ai4i").arrays
    ruled = ai4i.by_the_rules(made)
    assert 0.02 < made[ai4i.TARGET].mean() < 0.08 and made[ai4i.TARGET][ruled].all()
    assert 0 < made[ai4i.TARGET][~ruled].sum() < ruled.sum() / 5
    assert all(made["wear"][made[ai4i.TARGET].astype(bool) & ~ruled] > 200)


@pytest.mark.skipif(not REAL_DATA, reason="LEPTON_DATA names no folder with the real data")
def test_the_real_parts_are_those_published_and_follow_the_rules():
    arrays = datasets.load("ai4i", REAL_DATA).arrays
    failed, ruled = arrays[ai4i.TARGET].astype(bool), ai4i.by_the_rules(arrays)
    assert (len(failed), failed.sum(), (ruled & failed).sum(), (ruled & ~failed).sum()) == (10_000, 339, 275, 0)


# ------------------------------------------------------------------ sentences


def size(low, high, number=2):
    readers = {
        "five": {"components": end(0.5, 0.4, 0.6), "network": end(0.7, 0.6, 0.8), "difference": end(0, low, high)}
    }
    return {"size": number, "difference": end((low + high) / 2, low, high), "components": end(0.05, 0, 1)} | {
        "network": end(0.03, 0, 1), "readers": readers, "depth": "512"
    }  # fmt: skip


def test_who_rebuilds_better_follows_the_intervals():
    told = [plain(text) for text in shown.error_words([size(-3, -1), size(-1, 1, 8), size(1, 3, 32)])]
    assert told[0] == "Through 2 numbers the network loses less: its error is 60 % of the components'."
    assert "not told apart" in told[1] and "loses more" in told[2]


def test_who_is_read_better_follows_the_intervals_and_all_pixels():
    (told,) = shown.reading_words([size(0.1, 0.2), size(-0.2, -0.1, 8)], {"five": end(0.9, 0.75, 0.95)})
    assert "more from the network's 2 numbers and more from the 8 components" in told
    assert "2 numbers are enough" in told
    (told,) = shown.reading_words([size(-0.1, 0.2)], {"five": end(0.9, 0.85, 0.95)})
    assert "no more from one code" in told and "no code is read as well" in told


def test_the_depth_is_the_one_with_the_smallest_error():
    assert "at 8 numbers 256 (256 1.0 and 512 2.0)" in shown.depth_words({8: {"256": 1.0, "512": 2.0}})


def test_whether_the_network_ranks_best_follows_the_differences():
    rows = [{"way": "forest", "columns": "all", "precision": end(0.3, 0.2, 0.4)}]
    gains = {("all", "forest"): end(-0.1, -0.2, -0.05), ("all", "near"): end(0, -1, 1), ("all", "pca"): end(1, 0.5, 2)}
    told = shown.network_words(rows, gains, "the network")
    assert (
        told[0]
        == "Columns all: the network ranks failures better than pca, loses to forest and is not told apart from near."
    )
    assert "Highest without labels: forest" in told[1]


@pytest.mark.parametrize(("ends", "words"), [((0.1, 0.2), "help"), ((-0.2, -0.1), "harm"), ((-0.1, 0.1), "nothing")])
def test_what_physics_and_labels_bring_follows_the_intervals(ends, words):
    told = shown.physics_words(end(sum(ends) / 2, *ends), end(0.8, 0.7, 0.85), end(0.9, 0.8, 1))
    assert words in told[0] and "something is left to learn" in told[1]
    assert "within that interval" in shown.physics_words(end(0, *ends), end(0.9, 0.8, 0.95), end(0.9, 0.8, 1))[1]
    labels = {"help": "are worth", "harm": "do not pay", "nothing": "no difference"}[words]
    assert labels in shown.labels_words(end(0, *ends), "the forest")


def test_from_which_price_on_a_detector_pays():
    told = plain(shown.pays_from({"tp": 10, "fp": 50}, 100, 20, 150, "EUR", "the forest"))
    assert told.startswith(
        "The forest raises 5.0 false alarms for each failure that it catches, so it pays from 200 EUR"
    )
    assert told.endswith("assumed is 150 EUR, not more.")
    assert "at no price" in shown.pays_from({"tp": 0, "fp": 5}, 1, 1, 1, "EUR", "it")


def test_how_often_columns_were_preferred_is_counted():
    assert "in 1 of 2 outer folds" in plain(shown.preferred_words(["a", "b"], "a"))


# ------------------------------------------------------------------ on record


def test_the_recorded_run_keeps_below_the_components_and_reaches_the_known_f1():
    figures = results.recorded("autoencoder").figures
    for number in (2, 8, 32):
        assert figures[f"error_difference_{number}"].high < 0
    assert figures["boosting_physics_f1"].value >= 0.82 > figures["boosting_plain_f1"].value
    assert figures["physics_f1_gain"].low > 0
