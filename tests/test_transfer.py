"""Transfer: labels drawn step by step, a trunk carried over, pulls and gaps, labels saved, a teacher's answers, sentences."""

from __future__ import annotations

import csv
import io
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from test_client import Folder

from lepton_nb import training  # first: it starts Keras quietly

import keras  # isort: skip

from lepton_nb import client, inspection, metrics, transfer  # isort: skip
from lepton_nb.models import build_tasks, trunk_of
from lepton_nb.page import render, transfer_charts, words
from lepton_nb.valuation.performance import auc

RNG = np.random.default_rng(71)
SIDE = 12


def plain(shown) -> str:
    text = shown if isinstance(shown, str) else shown._repr_mimebundle_()["text/plain"]
    return text.replace(words.THIN, " ").replace("\N{MINUS SIGN}", "-")


def gap(value: float, half: float, n: int = 100) -> transfer.Gap:
    return transfer.Gap(value, value - half, value + half, n, n)


# ------------------------------------------------------------------ pictures and labels


def test_pictures_become_grey_and_small_by_means_and_keep_their_level():
    images = np.zeros((3, 8, 8, 3), np.uint8)
    images[0], images[1, :, :4], images[2] = 90, 200, (30, 60, 90)
    found = transfer.at_side(images, 4)
    assert found.shape == (3, 4, 4, 1) and found.dtype == np.uint8
    assert (found[0] == 90).all() and (found[2] == 60).all()
    assert found[1].mean() == pytest.approx(100, abs=1) and found[1, 0, 0, 0] > 180 > 20 > found[1, 0, 3, 0]


def test_a_ladder_ends_with_all_labels_and_has_no_step_twice():
    assert transfer.ladder([100, 20, 20, 500, 0], 300) == [20, 100, 300]
    assert transfer.ladder([20, 300], 300, bought=300) == [20, 300]
    with pytest.raises(ValueError, match=r"bought must be one of .* \[20, 300\]. Received: bought=100"):
        transfer.ladder([20], 300, bought=100)


def test_more_labels_hold_those_of_fewer_and_every_class_has_its_share():
    labels = np.repeat([0, 1, 2], [500, 300, 10])
    rows = RNG.permutation(len(labels))[:700]
    drawn = {count: transfer.labelled(labels, rows, count, seed=3) for count in (3, 20, 200, 700)}
    assert set(labels[drawn[3]]) == {0, 1, 2}, "with as many labels as classes each class is there"
    assert set(drawn[3]) <= set(drawn[20]) <= set(drawn[200]) <= set(drawn[700]) == set(rows)
    assert len(set(drawn[200])) == 200
    share = np.mean(labels[rows] == 0)
    assert np.mean(labels[drawn[200]] == 0) == pytest.approx(share, abs=0.02)
    assert not np.array_equal(drawn[20], transfer.labelled(labels, rows, 20, seed=4))
    for bad in (2, 701):
        with pytest.raises(ValueError, match=rf"must be within 3 .classes. and 700 .rows.*count={bad}"):
            transfer.labelled(labels, rows, bad)


def test_each_labelled_picture_is_shown_as_often_as_any_other_to_one():
    rows = np.array([4, 8, 15])
    times = np.unique(transfer.shown(rows, 11, seed=1), return_counts=True)
    assert times[0].tolist() == rows.tolist() and sorted(times[1]) == [3, 4, 4]


def test_targets_of_a_task_stand_in_its_own_columns():
    assert transfer.one_of((2, 3), 1, [0, 2]).tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 0, 1]]


# ------------------------------------------------------------------ networks


@pytest.fixture(scope="module")
def two_tasks() -> keras.Model:
    model = build_tasks((SIDE, SIDE, 1), (2, 3), (3, 4))
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def test_each_task_has_probabilities_of_its_own_and_a_picture_moves_no_other_head(two_tasks):
    model = transfer.carried(two_tasks, 0)
    images = RNG.integers(0, 255, (8, SIDE, SIDE, 1)).astype("uint8")
    chance = training.predict(model, images)
    assert chance[:, :2].sum(axis=1) == pytest.approx(1) and chance[:, 2:].sum(axis=1) == pytest.approx(1)
    before = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    targets = transfer.one_of((2, 3), 1, RNG.integers(0, 3, 8))
    training.train(model, images, targets, epochs=1, batch_size=8, seed=0)
    moved = {name: any(np.abs(a - b).max() > 1e-7 for a, b in zip(model.get_layer(name).get_weights(), old, strict=True))
             for name, old in before.items()}  # fmt: skip
    assert moved["task_2"] and moved["convolution_1"] and not moved["task_1"]
    own = -np.log(chance[np.arange(8), targets.argmax(axis=1)])
    whole = keras.ops.convert_to_numpy(keras.losses.categorical_crossentropy(targets, chance))
    assert whole == pytest.approx(own + math.log(2), rel=1e-4), (
        "the loss is the own head's, and log 2 that moves nothing"
    )


def test_a_network_begins_anew_by_its_seed_and_with_the_trunk_of_another(two_tasks):
    first = [weight.copy() for weight in transfer.carried(two_tasks, 0).get_weights()]
    trunk = transfer.trunk_weights(transfer.carried(two_tasks, 1))
    assert trunk and not any(name.startswith("task_") for name in trunk)
    again = transfer.carried(two_tasks, 0)
    assert all(np.array_equal(a, b) for a, b in zip(first, again.get_weights(), strict=True))
    assert int(again.optimizer.iterations.numpy()) == 0
    carried = transfer.carried(two_tasks, 0, trunk)
    assert np.array_equal(carried.get_layer("convolution_1").get_weights()[0], trunk["convolution_1"][0])
    assert np.array_equal(carried.get_layer("task_1").get_weights()[0], build_weights(first, two_tasks, "task_1"))
    with pytest.raises(ValueError, match="a layer that the network lacks"):
        transfer.carried(two_tasks, 0, {"elsewhere": []})


def build_weights(weights, model, name):
    place = {id(variable): number for number, variable in enumerate(model.weights)}
    return weights[place[id(model.get_layer(name).kernel)]]


def test_a_reader_says_what_the_trunk_says(two_tasks):
    reader = trunk_of(build_tasks((SIDE, SIDE, 1), (2,), (3, 4)))
    images = RNG.integers(0, 255, (5, SIDE, SIDE, 1)).astype("uint8")
    model = transfer.carried(two_tasks, 2)
    found = transfer.features(reader, transfer.trunk_weights(model), images)
    kernel, bias = model.get_layer("task_1").get_weights()
    score = found @ kernel + bias
    chance = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    assert training.predict(model, images)[:, :2] == pytest.approx(chance, abs=1e-5)


def test_tasks_of_one_class_and_none_are_refused():
    for tasks in ((), (1,), (2, 1)):
        with pytest.raises(ValueError, match="Received"):
            build_tasks((SIDE, SIDE, 1), tasks)


def test_a_line_learns_from_its_labelled_rows_alone():
    numbers = np.r_[RNG.normal(-1, 1, (80, 3)), RNG.normal(1, 1, (80, 3))]
    labels, groups = np.repeat([0, 1], 80), np.arange(160) // 2
    rows = transfer.labelled(labels, np.arange(160), 30)
    chance = transfer.linear(numbers, labels, rows, groups)
    rest = np.setdiff1d(np.arange(160), rows)
    assert np.mean(chance[rest].argmax(axis=1) == labels[rest]) > 0.9
    turned = labels.copy()
    turned[rest] = 1 - turned[rest]
    assert np.array_equal(chance, transfer.linear(numbers, turned, rows, groups)), "labels of other rows say nothing"
    few = transfer.linear(numbers, labels, np.array([0, 159]), groups)
    assert few.shape == (160, 2)


# ------------------------------------------------------------------ figures and gaps


def test_figures_and_pulls_worked_by_hand():
    chance = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]])
    right = transfer.judged(np.array([0, 1, 1, 1]), chance)
    assert right.value == 0.75 and right.pull == pytest.approx([1 / 16, 1 / 16, -3 / 16, 1 / 16])
    area = transfer.judged(np.array([0, 1, 0, 1]), chance[:, ::1] @ np.eye(2), area=True)
    assert area.value == 1.0 and not area.pull.any()
    mixed = transfer.judged(
        np.array([0, 1, 1, 0]), chance, area=True
    )  # scores .6, .3 against .1, .8: above half the time
    assert mixed.value == 0.5 and mixed.pull == pytest.approx([0.25, 0, 0, -0.25])
    with pytest.raises(ValueError, match="both classes"):
        transfer.judged(np.ones(4, int), chance, area=True)


def test_the_area_and_its_error_are_delongs():
    truth, score = RNG.integers(0, 2, 300), RNG.random(300)
    score = score + 0.4 * truth
    chance = np.c_[1 - score, score]
    found, known = transfer.judged(truth, chance, area=True), auc(truth, score)
    flat = transfer.Judged(0.0, np.zeros(300))
    ends = transfer.gap([found], [flat])
    assert found.value == pytest.approx(known.value) and found.pull.sum() == pytest.approx(0)
    assert ends.value - ends.low == pytest.approx(
        stats.t.ppf(0.975, 299) * math.sqrt(np.sum(found.pull**2) * 300 / 299)
    )
    delong = math.sqrt(
        sum(
            np.var(found.pull[truth == side] * (truth == side).sum(), ddof=1) / (truth == side).sum() for side in (0, 1)
        )
    )
    assert ends.high - ends.value == pytest.approx(1.96 * delong, rel=0.02)


def test_a_gap_worked_by_hand_and_siblings_count_once():
    truth = np.array([0, 1, 1, 1])
    ours, theirs = (transfer.judged(truth, np.eye(2)[said]) for said in ([0, 1, 1, 1], [0, 1, 0, 0]))
    alone, together = transfer.gap([ours], [theirs]), transfer.gap([ours], [theirs], np.array([5, 6, 7, 7]))
    pull = np.array([-0.125, -0.125, 0.125, 0.125])  # (d - 1/2) / 4
    assert alone.value == together.value == 0.5 and (alone.groups, together.groups) == (4, 3)
    assert alone.high - 0.5 == pytest.approx(3.182446 * math.sqrt(4 / 3 * np.sum(pull**2)))
    assert together.high - 0.5 == pytest.approx(4.302653 * math.sqrt(3 / 2 * (2 * 0.125**2 + 0.25**2)))
    both = transfer.gap([ours, theirs], [theirs, ours])
    assert (both.value, both.low, both.high) == (0, 0, 0), "over the seeds they are equal"
    scaled = together.times(4)
    assert scaled.value == 2 and scaled.low == pytest.approx(4 * together.low)


def test_a_gap_of_single_rows_is_mcnemars():
    truth = RNG.integers(0, 2, 2000)
    said = [np.where(RNG.random(2000) < share, truth, 1 - truth) for share in (0.9, 0.86)]
    known = inspection.gain(truth, *said)
    found = transfer.gap(*([transfer.judged(truth, np.eye(2)[one])] for one in said))
    assert (found.value, found.low, found.high) == pytest.approx((known.mean, known.low, known.high), rel=5e-3)


# ------------------------------------------------------------------ labels saved


def test_labels_of_the_other_way_are_read_on_its_curve():
    counts, curve = [20, 200, 2000], [0.6, 0.5, 0.9]  # falls by chance: held at .6
    assert transfer.head_start(counts, curve, 0.75) == (pytest.approx(math.sqrt(200 * 2000)), True)
    assert transfer.head_start(counts, curve, 0.6) == (20, True)
    assert transfer.head_start(counts, curve, 0.9) == (2000, True)
    assert transfer.head_start(counts, curve, 0.91) == (2000, False)
    assert transfer.head_start(counts, curve, 0.1) == (20, True)


def test_labels_saved_over_the_seeds_and_at_least_where_it_is_not_reached():
    counts = [10, 100, 1000]
    theirs, ours = [[0.5, 0.7, 0.9], [0.5, 0.7, 0.8]], [[0, 0.8, 0], [0, 0.85, 0]]
    found = transfer.saved(counts, ours, theirs, 100)
    assert found.labels == (pytest.approx(1000 / math.sqrt(10) - 100), 900) and found.reached == (True, False)
    assert found.open and (found.low, found.high) == (pytest.approx(216.2, abs=0.1), 900)
    worse = transfer.saved(counts, [[0, 0.5, 0]], theirs[:1], 100)
    assert worse.labels == (-90,) and not worse.open
    assert transfer.better_of(theirs, [[0.6, 0.6, 0.6]] * 2) == [[0.6, 0.7, 0.9], [0.6, 0.7, 0.8]]


def test_a_row_is_taken_by_a_clients_folder_and_brings_its_money(tmp_path):
    row = transfer.benefit_row("D1", "labelling steel", 2027, "labels", (80.04, 120, 200), (0.35, 0.35, 0.35))
    text = transfer.rows_as_csv([row])
    (read,) = csv.DictReader(io.StringIO(text))
    folder = Folder(tmp_path)
    head = folder.rows("benefits.csv")[0]
    assert set(read) == set(head), "the columns are those of the sample"
    folder.write("benefits.csv", [*folder.rows("benefits.csv"), [read[name] for name in head]])
    found = [one for one in client.load(folder.path).benefits if one.driver_id == "labelling steel"]
    assert [(one.volume_low, one.volume_mode, one.unit_value_mode) for one in found] == [(80.0, 120, 0.35)]
    assert transfer.rows_as_csv([]) == ""


# ------------------------------------------------------------------ a student


def test_the_loss_of_a_student_worked_by_hand():
    q, p = np.array([[0.7, 0.2, 0.1]]), np.array([[0.5, 0.25, 0.25]], "float32")
    temperature, weight = 2.0, 0.6
    targets = transfer.soft_targets(q, np.array([0]), temperature, weight)
    assert targets.shape == (1, 7) and targets[0, -1] == 0.5
    soft_q = np.sqrt(q) / np.sqrt(q).sum()
    soft_p = np.sqrt(p) / np.sqrt(p).sum()
    wanted = -weight * 4 * np.sum(soft_q * np.log(soft_p)) - (1 - weight) * math.log(0.5)
    loss = keras.ops.convert_to_numpy(
        transfer.distillation_loss(keras.ops.convert_to_tensor(targets), keras.ops.convert_to_tensor(p))
    )
    assert loss == pytest.approx([wanted], rel=1e-5)
    assert soft_q == pytest.approx(metrics.at_temperature(q, 2.0))


def test_without_weight_the_loss_is_the_ordinary_one_and_the_label_is_found_again():
    chance = RNG.dirichlet(np.ones(4), 6).astype("float32")
    labels = np.array([0, 3, 1, 2, 2, 0])
    targets = transfer.soft_targets(chance, labels, 4.0, 0.0)
    given = keras.ops.convert_to_tensor(targets), keras.ops.convert_to_tensor(chance)
    assert keras.ops.convert_to_numpy(transfer.distillation_loss(*given)) == pytest.approx(
        -np.log(chance[np.arange(6), labels]), rel=1e-4
    )
    assert (
        keras.ops.convert_to_numpy(transfer.right_class(*given)).tolist() == (chance.argmax(axis=1) == labels).tolist()
    )
    for temperature, weight in ((0, 0.5), (2, 1), (2, -0.1)):
        with pytest.raises(ValueError, match="temperature must be above 0 and weight within"):
            transfer.soft_targets(chance, labels, temperature, weight)


# ------------------------------------------------------------------ what is told


def saved(*labels: float, at: int = 100, reached: bool = True) -> transfer.Saved:
    return transfer.Saved(at, tuple(at + one for one in labels), (reached,) * len(labels))


#: What is told: a function, figures and the phrase they must bring, figures and phrase of another outcome.
TOLD = [
    (transfer_charts.source_told, ("steel", {"photographs": [0.8], "r": [0.7]}, "r"), "10.0 points better",
     ("steel", {"photographs": [0.6], "r": [0.7]}, "r"), "no trained trunk"),
    (transfer_charts.helps_told, ("steel", "fine-tuned", gap(0.05, 0.02), 100), "is ahead of a network from scratch, by +5.0 (3.0 to 7.0) points",
     ("steel", "fine-tuned", gap(-0.05, 0.02), 100), "does not help"),
    (transfer_charts.helps_told, ("steel", "fine-tuned", gap(0.05, 0.02), 1), "1 label:",
     ("steel", "fine-tuned", gap(0.01, 0.02), 100), "the interval holds zero"),
    (transfer_charts.with_all_told, ("steel", gap(0.05, 0.02), 700, "x"), "still ahead", ("steel", gap(-0.05, 0.02), 700, "x"), "has overtaken x"),
    (transfer_charts.with_all_told, ("steel", gap(0.05, 0.02), 700, "x"), "all 700", ("steel", gap(0.0, 0.02), 700, "x"), "nothing is left"),
    (transfer_charts.saved_told, ("steel", "x", saved(100, 300), gap(0.1, 0.05), 0.5, "EUR"), "saves 200 labels or 100 EUR (50 to 150 EUR) beside",
     ("steel", "x", saved(100, 300), gap(0.1, 0.2), 0.5, "EUR"), "no saving is concluded"),
    (transfer_charts.saved_told, ("steel", "x", saved(600, reached=False), gap(0.1, 0.05), 0.5, "EUR"), "at least 600 labels or 300 EUR",
     ("steel", "x", saved(-20), gap(-0.1, 0.05), 0.5, "EUR"), "is behind"),
    (transfer_charts.saved_told, ("steel", "x", saved(-20, 500), gap(0.1, 0.05), 0.5, "EUR"), "With one of the seeds or more it saves none.",
     ("steel", "x", saved(20, 500), gap(0.1, 0.05), 0.5, "EUR"), "20 to 500 labels over the seeds."),
    (transfer_charts.aim_told, ("the student", gap(-10, 3, 10_000), 15, 0.09, 0.1), "so does the whole interval: reached",
     ("the student", gap(-30, 3, 10_000), 15, 0.09, 0.1), "does not keep within 15 errors, and no part of the interval does: missed"),
    (transfer_charts.aim_told, ("the student", gap(-10, 9, 10_000), 15, 0.09, 0.1), "but the interval holds the limit",
     ("the student", gap(-10, 3, 10_000), 15, 0.2, 0.1), "missed"),
    (transfer_charts.teacher_told, (gap(10, 3),), "help: -10.0 (-13.0 to -7.0) errors", (gap(-10, 3),), "harm"),
    (transfer_charts.teacher_told, (gap(10, 3),), "help", (gap(1, 3),), "do not show that they help"),
    (transfer_charts.faster_told, (SimpleNamespace(value=3.0, low=2.5, high=3.5, n=5), 100), "is faster: with 100 images",
     (SimpleNamespace(value=1.0, low=0.9, high=1.1, n=5), 100), "neither faster nor slower"),
]  # fmt: skip


@pytest.mark.parametrize(("tell", "first", "phrase", "second", "other"), TOLD)
def test_a_sentence_follows_its_figures(tell, first, phrase, second, other):
    assert phrase in plain(tell(*first)), plain(tell(*first))
    assert other in plain(tell(*second)), plain(tell(*second))


def test_what_a_student_saves_is_weighed_against_its_errors():
    few = " ".join(transfer_charts.student_money_told(0.002, gap(-10, 3, 10_000), 5e6, "EUR"))
    assert "10.00 EUR less" in plain(
        few
    ) and "5 000 errors more a year: where one costs as little as 0.01 EUR" in plain(few)
    dear = " ".join(transfer_charts.student_money_told(2.0, gap(-10, 3, 10_000), 5e6, "EUR"))
    assert "where one costs 2.00 EUR or more" in plain(dear)
    assert "too little for a row" in " ".join(transfer_charts.student_money_told(1e-7, gap(-10, 3, 10_000), 5e6, "EUR"))
    assert "no more errors" in " ".join(transfer_charts.student_money_told(2.0, gap(1, 3, 10_000), 5e6, "EUR"))
    assert "cost no less" in " ".join(transfer_charts.student_money_told(-2.0, gap(1, 3, 10_000), 5e6, "EUR"))


def test_tables_and_curves_of_one_seed_and_of_three_are_drawn_and_described():
    counts = {"steel": [20, 100], "blood cells": [20, 3000]}
    for seeds in (1, 3):
        curves = {name: {way: [[0.5, 0.9]] * seeds for way in ("simple", "from scratch")} for name in counts}
        drawn = transfer_charts.curves_drawn(
            counts, curves, dict.fromkeys(counts, "accuracy"), "Caption.", f"a-{seeds}"
        )
        assert isinstance(drawn, render.Html) and "from 20 to 3 000 labels" in str(drawn).replace(words.THIN, " ")
        table = plain(transfer_charts.ladder_table("steel", [20, 100], curves["steel"], "Points."))
        assert ("50.0 (50.0–50.0)" in table) == (seeds == 3)
        rows = [{"set": "steel", "way": "x", "figure": [0.9] * seeds, "scratch": saved(*[50.0] * seeds), "best": None}]
        assert "25.00 EUR" in plain(transfer_charts.saved_table(rows, 0.5, "EUR", "Saved."))
    rows = [
        {"set": "steel", "way": "x", "labels": count, "all": count == 750, "gap": gap(0.05, 0.02)}
        for count in (20, 750)
    ]
    table = plain(transfer_charts.gaps_table(rows, "Gaps."))
    assert "20 labels" in table and "all labels" in table and table.count("+5.0 (3.0 to 7.0)") == 2
    assert plain(transfer_charts.equal_words(saved(600, reached=False))) == "not reached with 700"
    partly = transfer.Saved(100, (700, 300), (False, True))
    assert plain(transfer_charts.equal_words(partly)) == "over 500 (300–700)"
