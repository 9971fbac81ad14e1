"""Tuning: a network whose strengths are set between trainings, trials, searches, intervals over seeds, luck, money, a log."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from lepton_nb import training  # first: it starts Keras quietly

import keras  # isort: skip

from lepton_nb import extras, transfer, tuning  # isort: skip
from lepton_nb.models import build_tuned
from lepton_nb.page import render, tuning_charts, words
from lepton_nb.valuation.intervals import Interval

tuned = pytest.mark.skipif(bool(extras.lacking("tuning")), reason=f"tuning {extras.lacking('tuning')}")
RNG = np.random.default_rng(70)
SIDE, CLASSES = 8, 3


def plain(shown) -> str:
    text = shown if isinstance(shown, str) else shown._repr_mimebundle_()["text/plain"]
    return text.replace(words.THIN, " ").replace("\N{MINUS SIGN}", "-")


def gap(value: float, half: float, seeds: float | None = 0.01) -> tuning.Beside:
    over = None if seeds is None else Interval(value, value - seeds, value + seeds, 0.95, 5, "")
    return tuning.Beside(value, value - half, value + half, over, transfer.Gap(value, value - half, value + half, 100, 100))  # fmt: skip


# ------------------------------------------------------------------ a network whose strengths can be set


@pytest.fixture(scope="module")
def bench():
    """A compiled network, its two strengths, pictures of three kinds and labels."""
    pull, dropped = (keras.Variable(0.0, trainable=False, name=name) for name in ("l2", "dropout"))
    model = build_tuned((SIDE, SIDE, 1), CLASSES, 2, 2, pull, dropped)
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(), loss, metrics=["accuracy"], jit_compile=False)
    labels = np.arange(36) % CLASSES
    images = RNG.integers(0, 60, (36, SIDE, SIDE, 1)).astype("uint8")
    for kind in range(CLASSES):
        images[labels == kind, 2 * kind : 2 * kind + 2] += 150
    return SimpleNamespace(model=model, pull=pull, dropped=dropped, images=images, labels=labels)


def fitted(bench, setting: tuning.Setting, seed: int = 0, epochs: int = 2) -> list[np.ndarray]:
    keras.utils.set_random_seed(seed)
    weights = build_tuned((SIDE, SIDE, 1), CLASSES, 2, 2, bench.pull, bench.dropped).get_weights()
    tuning.begin(bench.model, setting, seed, weights)
    bench.pull.assign(setting.l2)
    bench.dropped.assign(setting.dropout)
    shown = tuning.Shown(bench.images, bench.labels, setting, 12, seed)
    bench.model.fit(training.feed(shown), epochs=epochs, shuffle=False, verbose=0)
    return [weight.copy() for weight in bench.model.get_weights()]


def kernels(bench) -> float:
    return sum(float(np.sum(np.square(layer.kernel))) for layer in bench.model.layers if hasattr(layer, "kernel"))


def test_the_parameters_of_the_network_are_those_of_its_layers():
    model = build_tuned((28, 28, 1), 10, 8, 3)
    convolutions = 9 * 8 + 9 * 8 * 16 + 9 * 16 * 32
    assert model.count_params() == convolutions + 4 * (8 + 16 + 32) + 3 * 3 * 32 * 10 + 10
    with pytest.raises(ValueError, match=r"leave some of the image. Received: blocks=4"):
        build_tuned((8, 8, 1), 10, 8, 4)


def test_the_loss_holds_the_pull_of_all_kernels_and_nothing_of_it_at_zero(bench):
    bench.pull.assign(0.5)
    assert float(sum(bench.model.losses)) == pytest.approx(0.5 * kernels(bench), rel=1e-5)
    bench.pull.assign(0.0)
    assert float(sum(bench.model.losses)) == 0


def test_dropout_leaves_out_the_share_that_is_set_keeps_the_mean_and_sleeps_when_nothing_is_learnt(bench):
    layer, inputs = bench.model.get_layer("dropout"), np.ones((200, 50), "float32")
    for share in (0.25, 0.5):
        bench.dropped.assign(share)
        out = keras.ops.convert_to_numpy(layer(inputs, training=True))
        assert np.mean(out == 0) == pytest.approx(share, abs=0.03) and out.mean() == pytest.approx(1, abs=0.06)
        assert (keras.ops.convert_to_numpy(layer(inputs, training=False)) == 1).all()
    bench.dropped.assign(0.0)
    assert (keras.ops.convert_to_numpy(layer(inputs, training=True)) == 1).all()


def test_a_setting_and_a_seed_give_the_same_network_again_whatever_was_trained_between(bench):
    setting = tuning.Setting(learning_rate=0.01, dropout=0.4, turn=10.0, crop=1.0, width=2, blocks=2)
    first = fitted(bench, setting)
    others = [
        fitted(bench, other, seed)
        for other, seed in ((setting, 1), (tuning.Setting(learning_rate=0.03, l2=0.1, width=2, blocks=2), 0))
    ]
    again = fitted(bench, setting)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True)) for other in others)


def test_a_strong_pull_leaves_smaller_kernels(bench):
    sizes = []
    for strength in (0.0, 0.3):
        fitted(bench, tuning.Setting(learning_rate=0.01, l2=strength, width=2, blocks=2), epochs=6)
        sizes.append(kernels(bench))
    assert sizes[1] < 0.9 * sizes[0]


def test_pictures_are_varied_anew_each_epoch_in_their_own_order_and_not_at_all_without_strength():
    images, labels = RNG.integers(0, 255, (10, 9, 9, 1)).astype("uint8"), np.arange(10)

    def epochs(setting, seed=3):
        shown = tuning.Shown(images, labels, setting, 10, seed)
        found = [shown[0]]
        shown.on_epoch_end()
        return [*found, shown[0]]

    (first, first_labels), (second, second_labels) = epochs(tuning.Setting())
    assert not np.array_equal(first_labels, second_labels) and set(first_labels) == set(labels)
    assert np.array_equal(first, images[first_labels]) and np.array_equal(second, images[second_labels])
    (first, first_labels), (second, second_labels) = epochs(tuning.Setting(crop=2.0))
    assert first.dtype == np.uint8 and not np.array_equal(first, images[first_labels])
    assert not np.array_equal(first[np.argsort(first_labels)], second[np.argsort(second_labels)])
    assert np.array_equal(first, epochs(tuning.Setting(crop=2.0))[0][0])


def test_a_rim_is_mirrored_and_not_black_where_a_part_is_cut_off():
    images = np.full((6, 9, 9, 1), 200, "uint8")
    black, mirrored = (
        training.random_affine(images, np.random.default_rng(0), 0, 0, 0, 3, rims=rims)
        for rims in ("constant", "reflect")
    )
    assert black.min() < 100 and mirrored.min() == pytest.approx(200, abs=1)


# ------------------------------------------------------------------ trials and searches


def test_the_best_trial_is_right_most_often_then_surest_then_first():
    trials = [tuning.Trial(tuning.Setting(), number, right, loss, 1, 0.1)
              for number, (right, loss) in enumerate([(0.8, 0.1), (0.9, 0.5), (0.9, 0.4), (0.9, 0.4), (0.0, math.inf)])]  # fmt: skip
    assert tuning.best(trials).seed == 2


def test_a_training_that_came_to_nothing_is_judged_as_nothing():
    truth = np.array([0, 1])
    assert tuning.validated(np.array([[0.8, 0.2], [0.4, 0.6]]), truth) == (
        1.0, pytest.approx(-(math.log(0.8) + math.log(0.6)) / 2)
    )  # fmt: skip
    assert tuning.validated(np.full((2, 2), np.nan), truth) == (0.0, math.inf)


@tuned
def test_every_search_stays_in_its_space_and_spends_its_budget_and_the_grid_visits_each_point_once():
    optuna = tuning.optuna()
    space = {"learning_rate": (1e-3, 1e-1, "log"), "dropout": (0.0, 0.5), "width": [4, 8]}
    grid = {"learning_rate": [1e-3, 1e-2], "width": [4, 8]}
    seen = {}
    for name, sampler, asked in (
        ("grid", optuna.samplers.GridSampler(grid, seed=0), grid),
        ("random", optuna.samplers.RandomSampler(seed=0), space),
        ("Bayesian", optuna.samplers.TPESampler(seed=0, n_startup_trials=2), space),
    ):
        found = seen[name] = []
        study = optuna.create_study(direction="maximize", sampler=sampler)
        study.optimize(lambda trial, to=found, of=asked: to.append(tuning.asked(trial, of)) or -to[-1]["learning_rate"],
                       n_trials=tuning.grid_of(grid))  # fmt: skip
    assert sorted(map(tuple, (one.values() for one in seen["grid"]))) == [(1e-3, 4), (1e-3, 8), (1e-2, 4), (1e-2, 8)]
    for way in ("random", "Bayesian"):
        assert len(seen[way]) == 4
        assert all(1e-3 <= one["learning_rate"] <= 1e-1 and 0 <= one["dropout"] <= 0.5 and one["width"] in (4, 8) for one in seen[way])  # fmt: skip
    assert len({one["learning_rate"] for one in seen["random"]}) == 4, "chance tries a new value each time"


# ------------------------------------------------------------------ seeds, digits, money


def test_the_interval_over_seeds_is_students():
    values = RNG.normal(0.9, 0.02, 5)
    found, known = tuning.over_seeds(values), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    assert tuning.over_seeds([0.9]) is None
    assert tuning.spread(values) == pytest.approx(np.std(values, ddof=1)) and tuning.spread([0.9]) == 0


def test_the_whole_interval_holds_both_kinds_of_chance_and_one_seed_has_the_rows_alone():
    truth = np.arange(40) % 2
    said = [np.where(np.arange(40) < right, truth, 1 - truth) for right in (36, 32, 30, 28)]
    ours, theirs = ([transfer.judged(truth, np.eye(2)[one]) for one in part] for part in (said[:2], said[2:]))
    found = tuning.compared(ours, theirs)
    assert found.value == pytest.approx((36 - 30 + 32 - 28) / 80) and found.n == 40
    half = found.high - found.value
    assert half == pytest.approx(math.hypot(found.rows.high - found.value, found.seeds.high - found.value))
    assert half > max(found.rows.high - found.value, found.seeds.high - found.value)
    one = tuning.compared(ours[:1], theirs[:1])
    assert one.seeds is None and (one.low, one.high) == pytest.approx((one.rows.low, one.rows.high))


def test_several_networks_together_answer_with_their_mean():
    assert tuning.together([np.array([[0.9, 0.1]]), np.array([[0.2, 0.8]])]).tolist() == [[0.55, 0.45]]


def test_the_money_of_a_gain_is_errors_avoided_times_their_price_less_hours_of_cores_and_of_a_person():
    found = tuning.worth(gap(0.02, 0.01), 1e6, 0.5, core_hours=10, core_price=0.1, labour=100)
    assert found.errors == pytest.approx((10_000, 20_000, 30_000)) and found.yearly == pytest.approx((5000, 10_000, 15_000))  # fmt: skip
    assert found.cost == 101 and found.first_year == pytest.approx((4899, 9899, 14_899))


# ------------------------------------------------------------------ the log


@tuned
@pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras's callback reads its variables so
def test_the_log_of_tensorboard_gives_back_what_the_callback_was_told(bench, tmp_path):
    setting = tuning.Setting(learning_rate=0.01, width=2, blocks=2)
    keras.utils.set_random_seed(0)
    tuning.begin(bench.model, setting, 0, bench.model.get_weights())
    watch = tuning.Validation(bench.images[:12], bench.labels[:12])
    shown = tuning.Shown(bench.images, bench.labels, setting, 12, 0)
    board = keras.callbacks.TensorBoard(tmp_path, write_graph=False)
    history = bench.model.fit(
        training.feed(shown), epochs=3, shuffle=False, verbose=0, callbacks=[watch, board]
    ).history
    found = tuning.scalars(tmp_path)
    for part, key in (("train", "accuracy"), ("validation", "val_accuracy")):
        steps, values = zip(*found[part]["epoch_accuracy"], strict=True)
        assert steps == (0, 1, 2) and values == pytest.approx(history[key], abs=1e-6)
    assert [value for _, value in found["validation"]["epoch_loss"]] == pytest.approx(history["val_loss"], rel=1e-5)
    with pytest.raises(FileNotFoundError, match="no log of TensorBoard"):
        tuning.scalars(tmp_path / "train")


# ------------------------------------------------------------------ what is told


def worth(value: float, half: float, labour: float = 100.0) -> tuning.Worth:
    return tuning.worth(gap(value, half), 1e5, 0.5, 1.0, 0.05, labour)


CHANGES = [{"change": "default", "right": [0.8, 0.9], "gap": None}]
LOG = {"train": {"epoch_loss": [(0, 1.0), (1, 0.2)]}, "validation": {"epoch_loss": [(0, 1.0), (1, 0.5)]}}
LEARNT = LOG | {"validation": {"epoch_loss": [(0, 0.5), (1, 0.9)]}}

#: What is told, of which figures: two calls of one function, and what the first and the second must say.
TWICE = {
    "changes": (tuning_charts.changes_told, ([*CHANGES, {"change": "dropout", "right": [0.9, 0.9], "gap": gap(0.05, 0.02)}],),
                ([*CHANGES, {"change": "dropout", "right": [0.9, 0.9], "gap": gap(-0.05, 0.02)}],), "interval: dropout (+5.0", "Harm: dropout (-5.0"),
    "no change": (tuning_charts.changes_told, ([*CHANGES, {"change": "dropout", "right": [0.9, 0.9], "gap": gap(0.01, 0.02)}],),
                  ([*CHANGES, {"change": "dropout", "right": [0.9, 0.9], "gap": gap(0.05, 0.02)}],), "Not told apart", "Harm: none"),
    "ways": (tuning_charts.ways_told, ({"the grid": gap(0.05, 0.02)},), ({"the grid": gap(-0.05, 0.02)},), "points, ahead: the grid (+5.0", "points, behind: the grid"),
    "level ways": (tuning_charts.ways_told, ({"a": gap(0.01, 0.02), "b": gap(0.05, 0.01)}, "it"), ({"a": gap(0.05, 0.02)}, "it"), "ahead: b (+5.0 (4.0 to 6.0)); not told apart: a", "Beside it"),
    "taken": (tuning_charts.taken_told, ("the grid", {"a": gap(0.05, 0.02), "b": gap(0, 0.1)}), ("the grid", {"a": gap(-0.05, 0.02)}),
              "ahead of a (+5.0 (3.0 to 7.0)); not told apart from b", "it is behind a (-5.0"),
    "between": (tuning_charts.between_told, ({("b", "a"): gap(-0.05, 0.02)},), ({("b", "a"): gap(0.01, 0.02)},), "a over b +5.0 (3.0 to 7.0)", "at most 1.0 points"),
    "luck": (tuning_charts.luck_told, (0.02, gap(0.01, 0.01), 5), (0.01, gap(0.05, 0.01), 5), "0.5 times that. One training", "5.0 times that, so"),
    "no gain": (tuning_charts.luck_told, (0.02, gap(-0.01, 0.01), 5), (0.0, gap(0.05, 0.01), 5), "gains nothing", "is +5.0"),
    "curse": (tuning_charts.curse_told, ("the grid", {"promised": [0.05], "kept": [0.03], "again": [0.01]}),
              ("the grid", {"promised": [0.03], "kept": [0.05], "again": [0.01]}), "2.0 points of the promise", "no more than it kept"),
    "stopping": (tuning_charts.stopping_told, ([5, 7], 12, gap(0.0, 0.01), (1.0, 2.0)), ([12, 12], 12, gap(0.0, 0.01), (1.0, 2.0)), "saved 50", "saved nothing"),
    "stopping that costs": (tuning_charts.stopping_told, ([5, 7], 12, gap(-0.03, 0.01), (1.0, 2.0)), ([5, 7], 12, gap(0.03, 0.01), (1.0, 2.0)),
                            "cost right answers", "gave better answers"),
    "worth": (lambda *given: "\n".join(tuning_charts.worth_told(*given)), ("the grid", worth(0.02, 0.01), 1.0, 1e5, "EUR", "the default"),
              ("the grid", worth(0.01, 0.02), 1.0, 1e5, "EUR", "the default"), "is worth its core-hours", "shows no gain"),
    "worth too little": (lambda *given: "\n".join(tuning_charts.worth_told(*given)), ("the grid", worth(0.02, 0.01, 5000.0), 1.0, 1e5, "EUR", "the default"),
                         ("the grid", worth(-0.03, 0.02), 1.0, 1e5, "EUR", "the default"), "not within the first year", "loses"),
    "a log": (tuning_charts.log_told, (LOG,), (LEARNT,), "nothing was learnt by heart yet", "lowest after epoch 1, 0.500, and ends at 0.900"),
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
def test_a_sentence_follows_its_figures(name):
    tell, first, second, phrase, other = TWICE[name]
    told = [plain("\n".join(found) if isinstance(found, list) else found) for found in (tell(*first), tell(*second))]
    assert phrase in told[0]
    assert other in told[1]
    assert told[0] != told[1]


def test_every_function_that_tells_is_tried_on_two_sets_of_figures():
    tried = {case[0].__name__ for case in TWICE.values()} | {"worth_told"}
    telling = {name for name, found in vars(tuning_charts).items() if callable(found) and name.endswith("_told")}
    assert telling == tried - {"<lambda>"}


def test_tables_and_drawings_show_one_seed_and_several():
    rows = [{"way": "default", "trainings": 1, "seconds": 1.0, "validation": [0.9], "right": [0.9], "gap": None, "networks": 1},
            {"way": "grid", "trainings": 4, "seconds": None, "validation": [0.9, 0.95], "right": [0.9, 0.92], "gap": gap(0.05, 0.02), "networks": 1},
            {"way": "simple", "trainings": 1, "seconds": 0.1, "validation": [0.9], "right": [0.9], "gap": gap(-0.05, 0.02, None), "networks": None}]  # fmt: skip
    shown = plain(tuning_charts.fair_table(rows, "a"))
    assert "91.0 (90.0–92.0)" in shown and "+5.0 (3.0 to 7.0)" in shown and "+5.0 (4.0 to 6.0)" in shown
    changes = [{"change": "default", "right": [0.8, 0.9], "gap": None, "seconds": 1.0, "epochs": 3.5}]
    assert "7.07" in plain(tuning_charts.changes_table(changes, "b"))
    drawn = [
        tuning_charts.gains_drawn(rows, "c", "gain"),
        tuning_charts.search_drawn({"grid": np.array([[0.5, 0.9, 0.7]])}, "d", "search"),
        tuning_charts.log_drawn({part: LOG[part] | {"epoch_accuracy": [(0, 0.5), (1, 0.9)]} for part in LOG}, "e", "log"),
    ]  # fmt: skip
    assert all(isinstance(one, render.Html) and "<svg" in str(one) for one in drawn)
    assert "grid 50.0 to 90.0" in str(drawn[1]).replace(words.THIN, " "), "the best so far does not fall"
    table = plain(tuning_charts.worth_table({"the default": worth(0.02, 0.01)}, "EUR", "f"))
    assert "2 000 (1 000 to 3 000)" in table and "0.05 EUR" in table


def test_a_setting_is_told_in_one_line_and_what_is_off_is_left_out():
    told = plain(tuning_charts.settings_words(tuning.Setting(l2=0.0005, crop=1.0, blocks=1).to_dict()))
    assert told == "rate 0.001, 8 channels, 1 block, L2 5.0 · 10⁻⁴, cropped 1 pixel"
    assert tuning_charts.small_money(0.001, "EUR") == "below 0.01 EUR"
