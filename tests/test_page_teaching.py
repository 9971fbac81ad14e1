"""Charts and tables of the chapters that teach: they hold what they are given, and say where a figure comes from."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lepton_nb import metrics, results
from lepton_nb.page import (
    adversarial_charts,
    classifiers,
    corrections,
    data_sets,
    decision_trees,
    face_charts,
    layer_charts,
    recurrent_charts,
    render,
    translation_charts,
)
from lepton_nb.valuation.decisions import decision_tree
from lepton_nb.valuation.performance import wilson_interval

RNG = np.random.default_rng(0)


def plain(shown: render.Html) -> str:
    """What a reader without pictures gets, thin spaces as spaces."""
    return shown._repr_mimebundle_()["text/plain"].replace("\N{NARROW NO-BREAK SPACE}", " ")


def run(*accuracies, seconds=2.0):
    epochs = [
        SimpleNamespace(number=n, seconds=n * seconds, validation_accuracy=share)
        for n, share in enumerate(accuracies, 1)
    ]

    def seconds_to(goal):
        return next((epoch.seconds for epoch in epochs if epoch.validation_accuracy >= goal), None)

    return SimpleNamespace(epochs=epochs, seconds=epochs[-1].seconds, images_per_second=100.0, seconds_to=seconds_to)


def report(n=200, classes=3):
    truth = np.arange(n) % classes
    chance = RNG.dirichlet(np.ones(classes), n)
    chance[np.arange(n), truth] += 0.5
    chance /= chance.sum(axis=1, keepdims=True)
    names = ["cat", "dog", "horse"][:classes]
    return truth, chance, names, metrics.classification_report(truth, chance.argmax(axis=1), names)


# ------------------------------------------------------------------ classifiers


def test_one_training_shows_its_wilson_interval_and_several_show_their_range():
    low, high = wilson_interval(90, 100), wilson_interval(95, 100)
    alone = classifiers.over_seeds([low])
    assert (alone["from"], alone["to"], alone["from, to"]) == (low.low, low.high, "95 % Wilson, one seed")
    both = classifiers.over_seeds([low, high])
    assert (both["from"], both["measured"], both["to"]) == (0.9, pytest.approx(0.925), 0.95)
    assert both["from, to"] == "lowest and highest of 2 seeds"


def test_a_rate_without_cases_is_a_dash():
    assert classifiers.rate_words(None) == render.MISSING
    assert "97.0" in classifiers.rate_words(wilson_interval(97, 100)).replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_a_stand_in_is_named_as_one_and_real_data_with_their_source():
    drawn = SimpleNamespace(title="drawn <digits>", source="code", stand_in=True, spoken="MNIST")
    told = "Stand-in data. Drawn <digits> in place of MNIST (code). No number on this page that rests on them is a result on MNIST."
    assert plain(data_sets.origin(drawn)) == told
    assert "<digits>" not in data_sets.origin(drawn)
    real = SimpleNamespace(title="Films", source="GroupLens", licence="research only", stand_in=False)
    assert plain(data_sets.origin(real)) == "Films: GroupLens. Terms: research only."
    own = SimpleNamespace(title="Loans", source="client.yml", stand_in=False)  # a case of a client has no terms
    assert plain(data_sets.origin(own)) == "Loans: client.yml."
    both = plain(
        data_sets.origin(drawn, real, SimpleNamespace(**vars(drawn) | {"title": "drawn tiles", "spoken": "tiles"}))
    )
    assert "of MNIST (code); drawn tiles in place of tiles (code). No number" in both
    assert "a result on the real data." in both and both.endswith("Films: GroupLens. Terms: research only.")


def test_times_are_compared_with_the_same_seeds_and_what_was_not_reached_is_a_dash():
    runs = {
        ("S12", 0): run(0.5, 0.9),
        ("ours", 0): run(0.95),
        ("S12", 1): run(0.4, 0.8, seconds=4),
        ("slow", 0): run(0.1),
    }
    lines = {
        line.split("  ")[0]: line.split("  ")[1:] for line in plain(classifiers.times_table(runs, "S12")).splitlines()
    }
    assert lines["ours"][:2] == ["2.0 s", "0.50 ×"]
    assert lines["ours"][3] == "2.0 s"
    assert lines["slow"][3] == render.MISSING


def test_the_parts_of_the_data_are_counted():
    shown = plain(classifiers.parts_table({"Training": np.array([0, 0, 1]), "Test": np.array([1, 1])}, "digit", 2))
    assert "Training  moves the weights  3  1  2" in shown
    assert "Test  judges, once  2  0  2" in shown


def test_charts_of_classifiers_are_drawn_with_their_captions():
    truth, chance, names, found = report()
    calibration = metrics.calibration(truth, chance)
    images = RNG.random((len(truth), 8, 8, 1))
    worst = metrics.worst_mistakes(truth, chance, 5)
    for shown in (
        classifiers.learning_curves(
            {("a", 0): run(0.5, 0.9), ("a", 1): run(0.6)}, {"a": "ours"}, 10, "told", "n", True
        ),
        classifiers.confusions({"ours": found, "theirs": found}, names, "told", "n"),
        classifiers.reliability({"a": calibration, "b": calibration}, "told", "n", 2),
        classifiers.worst_mistakes(worst, images, truth, chance, names, "ours", "told", "n"),
    ):
        assert "<svg" in shown
        assert "told" in plain(shown)
    assert not plt.get_fignums()


def test_without_a_mistake_there_is_a_sentence():
    truth, chance, names, _ = report()
    shown = classifiers.worst_mistakes(np.array([], int), np.zeros((200, 8, 8)), truth, chance, names, "a", "b", "c")
    assert plain(shown) == "No mistake in 200 test images: nothing to show."


def test_costs_that_were_never_reached_have_no_share():
    spent = SimpleNamespace(flop_image=2e6, flop=3e12, images=5, seconds=10.0, core_hours=0.01, watt_hours=0.1)
    shown = plain(
        classifiers.costs_table({"article": spent, "ours": spent}, {"article": 10.0, "ours": None}, "article", "c")
    )
    assert "share of the article's seconds  100 %  –" in shown


def test_a_classifier_goes_on_record_with_its_rates_its_tables_and_its_time():
    truth, chance, _, found = report()
    record = results.Record("digits")
    metrics.enter(
        record, "ours_seed0", found, metrics.calibration(truth, chance), run(0.5, 0.9), seed=0, source="made up"
    )
    assert {name.removeprefix("ours_seed0_") for name in record.figures} == {
        "accuracy",
        "macro_f1",
        "calibration_error",
        "brier",
    }
    assert record["ours_seed0_accuracy"].interval == "95 % Wilson"
    assert {figure.n for figure in record.figures.values()} == {200}
    assert sum(record.tables["ours_seed0_confusion"][0].values()) == found.classes[0].support
    assert record.seconds == {"ours_seed0": 4.0}


# ------------------------------------------------------------------ the mathematics


def test_corrections_are_kept_in_order_and_shown_by_article():
    kept = corrections.Corrections()
    kept.add("D", "pooling", "p", "one", "q", "two")
    kept.add("A", "loss", "l", "three", "m", "four")
    assert "three" in plain(kept.newest(1))
    assert "one" not in plain(kept.newest(1))
    assert [row["Article"] for row in kept.by_article()] == ["A, loss", "D, pooling"]
    assert [row["Article"] for row in kept] == ["D, pooling", "A, loss"]


@pytest.mark.parametrize(
    ("value", "text"), [(0, "exactly 0"), (None, "–"), (3.2e-7, "3.2 · 10⁻⁷"), (41.0, "4.1 · 10¹")]
)
def test_small_numbers_are_powers_of_ten(value, text):
    assert layer_charts.power_of_ten(value) == text


def test_a_cell_without_a_number_stays_empty():
    _, axis = layer_charts.canvas(4, 4)
    layer_charts.numbers(axis, [[1.5, np.nan], [-2, 0]], 0, 1)
    assert [text.get_text() for text in axis.texts] == ["1.5", "", "\N{MINUS SIGN}2", "0", ""]
    plt.close("all")


def test_drawings_of_the_mathematics_are_drawn():
    z, picture, kernel = np.linspace(-2, 2, 9), np.ones((4, 4)), np.ones((3, 3))
    band = RNG.random((2, 101)) + 0.1
    curve = RNG.random((30, 2, 2)) + 0.1
    path = np.linspace([0.0, 1.0], [0.0, 0.1], 6)
    still = lambda psi, theta: (-theta, psi)  # noqa: E731
    for shown in (
        layer_charts.activations(z, dict.fromkeys("abcd", (z, z))),
        layer_charts.backprop(),
        layer_charts.convolution(picture, kernel, np.ones((2, 2)), "told"),
        layer_charts.convolution_backward(picture, kernel, np.ones((2, 2)), np.ones((6, 6)), picture, kernel),
        layer_charts.pooling(picture, np.ones((2, 2)), dict.fromkeys(("max", "mean"), (np.ones((2, 2)), picture))),
        layer_charts.bars({"z": z, "p": z}, "told", "n"),
        layer_charts.two_losses(np.linspace(0.1, 0.9, 9)),
        layer_charts.valley_paths({"SGD": path, "Adam": path}, np.array([1.0, 20.0]), "told"),
        layer_charts.learning(np.abs(RNG.random((5, 3))) + 0.1, 0.95, "told"),
        recurrent_charts.sequence(RNG.random((21, 5)), list("abcde"), 20, "told"),
        recurrent_charts.bounded_lengths({0.8: band, 1.0: band}, "told"),
        recurrent_charts.lengths({"LSTM, open": band, "GRU": band}, "told"),
        recurrent_charts.clipping({np.inf: curve, 1.0: curve}, 1.39, "told"),
        recurrent_charts.attention_by_place(np.eye(8), "told"),
        recurrent_charts.answers({"RNN, ρ = 1, attention": RNG.random((2, 3))}, [5, 10], "told"),
        adversarial_charts.best_discriminator(z, z, z, z, z, "told"),
        adversarial_charts.possible_losses(np.arange(3.0), np.ones((3, 2)), (0.1, 0.2), "told"),
        adversarial_charts.pulls(np.linspace(-8, 8, 9), {"a": z, "b": z}),
        adversarial_charts.circles(dict.fromkeys("abcd", path), dict.fromkeys("abcd", still), "told"),
        adversarial_charts.ring(
            {n: {5: RNG.normal(size=(9, 2))} for n in "ab"}, {n: {5: 3} for n in "ab"}, [[0, 2]], "told"
        ),
        adversarial_charts.loss_curves(dict.fromkeys("abc", curve), {n: [0.69] for n in "abc"}, "told"),
    ):
        assert "<svg" in shown
    assert not plt.get_fignums()


def test_networks_that_start_open_or_attend_are_drawn_through_and_each_kind_has_its_colour():
    names = ("RNN, ρ = 0.8", "RNN, ρ = 1", "GRU", "LSTM", "GRU, open", "LSTM, open", "RNN, ρ = 1, attention")
    styles = [recurrent_charts.style_of(name) for name in names]
    assert len(set(styles)) == len(names)
    assert [dash for _, dash in styles] == ["--"] * 4 + ["-"] * 3


def test_a_mean_of_equal_values_has_no_range():
    text = lambda value: f"{value:.0f}"  # noqa: E731
    assert recurrent_charts.mean_and_range(np.array([3.0, 3.0]), text) == "3"
    assert recurrent_charts.mean_and_range(np.array([1.0, 3.0]), text) == "2 (1–3)"


# ------------------------------------------------------------------ translation and faces


def test_drawings_of_translators_are_drawn_with_one_attention_map_or_none():
    epochs = [SimpleNamespace(seconds=n, loss=2.0 / n, bleu=n if n % 2 else None) for n in (1, 2, 3)]
    rows = [{"network": "a", "words": "1–8", "n": 12, "bleu": 20.0, "low": 18.0, "high": 22.0}]
    for shown in (
        translation_charts.learning({"ours": SimpleNamespace(epochs=epochs)}, "told"),
        translation_charts.by_length(rows, {"a": "ours", "b": "not there"}, "told"),
        translation_charts.by_length([], {"a": "ours"}, "told"),
        translation_charts.attention([(np.eye(2), ["▁a", "end"], ["▁un", "end"])], "told"),
        translation_charts.attention([], "told"),
        translation_charts.usable_shares({"captions": np.array([50.0, 90.0])}, 80, "told"),
    ):
        assert "<svg" in shown
    assert not plt.get_fignums()


def maker(quality: float) -> dict:
    """Figures of a maker; 0 is as good as can be."""
    share = wilson_interval(round(100 * (1 - quality)), 100)
    near = SimpleNamespace(coverage=share, density=1 - quality)
    level = SimpleNamespace(value=quality, low=0.9 * quality, high=1.1 * quality)
    return {"swd16": level, "swd32": level, "middle": quality, "bottleneck": quality, "pixels": quality, "near": near,
            "near_middle": near, "judge": wilson_interval(round(50 + 50 * quality), 100), "spread": 60.0,
            "kinds": SimpleNamespace(different=share, bins=20)}  # fmt: skip


def test_a_measure_that_ranks_a_faulty_maker_as_real_is_named_with_it():
    found = {
        "real, other persons": maker(0.1),
        "real, blurred": maker(0.3),
        "Gaussian": maker(0.4),
        "noise": maker(0.9),
    }
    assert plain(face_charts.blind_spots(found, "c")).count("none of the three") == 8
    found["noise"]["near"] = SimpleNamespace(coverage=wilson_interval(10, 100), density=2.4)
    told = [line for line in plain(face_charts.blind_spots(found, "c")).splitlines() if "noise" in line]
    assert told == ["density  noise"]
    assert face_charts.sides(found) == [32, 16]
    assert "<svg" in face_charts.ranks(found, "c")
    assert "0.1000" in plain(face_charts.measures_tables(found, "c"))


def test_a_sheet_keeps_every_image_whole_between_transparent_rims():
    images = np.arange(6 * 4 * 4 * 3, dtype=np.uint8).reshape(6, 4, 4, 3)
    made = face_charts.sheet(images, 3)
    assert made.shape == (2 * 6, 3 * 6, 4)
    assert np.array_equal(made[7:11, 13:17, :3], images[5])
    assert made[0].max() == 0
    assert set(np.unique(made[..., 3])) == {0, 255}


# ------------------------------------------------------------------ decision trees

TRIAL = {
    "decide": {
        "stop": 0,
        "try, $5 or more: " + "a long name " * 3: {
            "cost": 10,
            "chance": {"good": (0.4, {"decide": {"build": 100, "stop": 0}}), "bad": (0.6, 0)},
        },
    }
}


def test_a_decision_tree_is_rolled_back_from_its_ends():
    first = decision_trees.branches(TRIAL, decision_tree)
    assert [way.taken for way in first] == [False, True]
    assert decision_trees.worth(first[1].node, decision_tree) == 30
    assert [way.taken for way in decision_trees.branches(first[1].node, decision_tree)] == [None, None]
    assert decision_trees.branches(5, decision_tree) == [] and decision_trees.worth(5, decision_tree) == 5


@pytest.mark.parametrize("node", [7, {"decide": {"only": -3}}, {"chance": {"sure": (1.0, 2)}}, TRIAL,
                                  {"chance": {f"case {n}": (1 / 40, -n) for n in range(40)}}])  # fmt: skip
def test_a_decision_tree_of_any_size_is_drawn_and_says_what_it_is_worth(node):
    shown = str(decision_trees.tree(node, decision_tree, "A tree.", "tree"))
    assert "<svg" in shown and 'aria-label="Worth ' in shown
    assert not plt.get_fignums()
