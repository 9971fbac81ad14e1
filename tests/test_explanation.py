"""Explanations: maps, shares and changes against what is worked by hand, and the checks against maps that are known to be bad."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math

import numpy as np
import pytest
from test_client import B, Folder, M

from lepton_nb import client, datasets, training  # training first of those that need Keras: it starts it quietly
from lepton_nb.datasets import german_credit
from lepton_nb.explaining import changes, map_checks, maps, rows, shares
from lepton_nb.models import build_inspection
from lepton_nb.page import explanation_charts as told
from lepton_nb.page import words
from lepton_nb.valuation import data_value
from lepton_nb.valuation.intervals import Interval

keras = training.keras


def interval(value, low, high, n=10):
    return Interval(value, low, high, 0.95, n, "95 %")


# ------------------------------------------------------------------ maps


@pytest.fixture(scope="module")
def line():
    """A network that is a line: one channel, the picture halved, then weights by hand for each class."""
    inputs = keras.Input((2, 2, 1), name="image")
    hidden = keras.layers.Rescaling(0.5, name="halved")(inputs)
    hidden = keras.layers.Flatten(name="flat")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="probabilities")(hidden))
    kernel = np.array([[0.0, 2.0], [0.0, 4.0], [1.0, 0.0], [0.0, 0.0]], "float32")
    model.get_layer("probabilities").set_weights([kernel, np.array([0.5, 0.0], "float32")])
    return model


PICTURE = np.array([[[[1.0], [2.0]], [[4.0], [7.0]]]], "float32")


def test_the_log_odds_and_integrated_gradients_of_a_line_are_its_products(line):
    odds = maps.LogOdds(line, 1, "halved")
    assert odds(PICTURE) == pytest.approx([1 * 1 + 2 * 2 - 2 * 1 - 0.5])
    found = maps.integrated_gradients(odds, PICTURE, steps=3)
    assert found[0] == pytest.approx(np.array([[1, 4], [-2, 0]]), abs=1e-6)
    assert maps.LogOdds(line, 0, "halved")(PICTURE) == pytest.approx(-odds(PICTURE))


def test_the_sum_of_integrated_gradients_comes_nearer_with_steps_in_a_network_with_kinks():
    training.set_seed(1)
    model = build_inspection((16, 16, 1), 3, widths=(4, 8))
    pictures = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1)).astype("uint8")
    odds = maps.LogOdds(model, 2, "own_light")
    z = odds.prepared(pictures)
    whole = odds.of_prepared(z) - odds.of_prepared(np.zeros_like(z))
    gaps = [np.abs(maps.integrated_gradients(odds, pictures, n).sum(axis=(1, 2)) - whole).sum() for n in (1, 64)]
    assert gaps[1] < 0.02 * np.abs(whole).sum() and gaps[1] < gaps[0]


def test_hiding_a_square_of_a_line_takes_its_products_against_the_mean_away(line):
    odds = maps.LogOdds(line, 1, "halved")
    found = maps.occlusion(odds, PICTURE, patch=1, stride=1)  # the mean is 3.5
    assert found[0] == pytest.approx(np.array([[1 - 3.5, 2 * (2 - 3.5)], [-0.5 * (4 - 3.5), 0]]), abs=1e-5)
    whole = maps.occlusion(odds, PICTURE, patch=2, stride=2)
    assert whole[0] == pytest.approx(np.full((2, 2), 2.5 - (3.5 + 7 - 1.75 - 0.5)), abs=1e-5)


def test_a_network_without_learning_has_other_weights_and_one_without_its_last_layer_keeps_the_rest():
    training.set_seed(2)
    model = build_inspection((16, 16, 1), 2, widths=(4, 8))
    for only_last in (False, True):
        other = maps.with_random_weights(model, 5, only_last)
        same = [np.array_equal(*pair) for pair in zip(model.layers[-1].get_weights()[:1], other.layers[-1].get_weights()[:1], strict=True)]  # fmt: skip
        first = [one.get_layer("convolution_1").get_weights()[0] for one in (model, other)]
        assert not any(same) and np.array_equal(*first) is only_last


def test_edges_lie_where_brightness_changes():
    step = np.zeros((1, 8, 8, 1), "uint8")
    step[:, :, 4:] = 200
    found = maps.edges(step)[0]
    assert set(found.argmax(axis=1).tolist()) <= {3, 4} and found[:, 0].max() < 0.1 * found.max()


def test_what_cannot_be_explained_is_refused(line):
    for target, layer in ((2, "halved"), (1, "none"), (-1, "halved")):
        with pytest.raises(ValueError, match="Received"):
            maps.LogOdds(line, target, layer)
    with pytest.raises(ValueError, match="dense"):
        maps.LogOdds(keras.Model(line.input, line.get_layer("flat").output), 1, "halved")
    odds = maps.LogOdds(line, 1, "halved")
    for patch, stride in ((3, 1), (1, 2), (1, 0)):
        with pytest.raises(ValueError, match="stride"):
            maps.occlusion(odds, PICTURE, patch, stride)
    with pytest.raises(ValueError, match="steps"):
        maps.integrated_gradients(odds, PICTURE, 0)


# ------------------------------------------------------------------ checks of maps


def test_the_mean_of_groups_is_that_of_the_group_means_where_groups_are_equal():
    values, groups = [1.0, 2.0, 5.0, 6.0, 3.0, 4.0], [7, 7, 8, 8, 9, 9]
    found = map_checks.mean_of_groups(values, groups)
    error = np.std([1.5, 5.5, 3.5], ddof=1) / math.sqrt(3)
    assert found.value == 3.5 and found.high - found.value == pytest.approx(4.302653 * error, rel=1e-6)
    alone = map_checks.mean_of_groups(values, range(6))
    assert alone.high - alone.value == pytest.approx(2.570582 * np.std(values, ddof=1) / math.sqrt(6), rel=1e-6)
    assert map_checks.mean_of_groups([0.0, 1.0], [1, 2], within=(0, 1)).interval == (0.0, 1.0)
    for bad in (([1.0, 2.0], [1, 1]), ([1.0, math.nan], [1, 2]), ([1.0], [1, 2])):
        with pytest.raises(ValueError, match="two groups"):
            map_checks.mean_of_groups(*bad)


def test_the_interval_over_groups_covers_where_one_over_single_values_does_not():
    generator, hits = np.random.default_rng(0), np.zeros(2)
    for _ in range(300):
        groups = np.repeat(np.arange(20), 6)
        values = generator.normal(size=20)[groups] + 0.3 * generator.normal(size=120)
        for place, given in enumerate((groups, np.arange(120))):
            found = map_checks.mean_of_groups(values, given)
            hits[place] += found.low <= 0 <= found.high
    assert hits[0] / 300 > 0.92 and hits[1] / 300 < 0.75


def test_the_way_to_the_fault_is_the_mean_over_all_orders():
    masks = np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 0]]])
    orders = np.random.default_rng(3).permuted(np.tile(np.arange(9), (6000, 1)), axis=1)
    seen, blind = map_checks.looked_at(orders, np.repeat(masks, 6000, axis=0), 3)
    assert blind[0] == pytest.approx(10 / 27) and seen.mean() == pytest.approx(10 / 27, abs=0.01)
    with pytest.raises(ValueError, match="mask"):
        map_checks.looked_at(orders[:1], 0 * masks, 3)
    with pytest.raises(ValueError, match="divide"):
        map_checks.by_patch(np.zeros((1, 5, 5)), 2)


def test_taking_away_the_only_place_that_matters_ends_it_at_once_and_putting_it_in_brings_it_back():
    pictures = np.zeros((1, 8, 8, 1), "uint8")
    pictures[0, 0, 0] = 255

    def odds(shown):  # sure of a fault where the first pixel is bright
        return np.where(shown[:, 0, 0, 0] > 200, 20.0, -20.0)

    good, bad = np.zeros((1, 8, 8)), np.ones((1, 8, 8))
    good[0, 0, 0] = 1
    bad[0, 0, 0] = 0
    for heat, taken, put_in in ((good, [1, 0, 0, 0, 0], [0, 1, 1, 1, 1]), (bad, [1, 1, 1, 1, 0], [0, 0, 0, 0, 1])):
        order = map_checks.order_of(heat, 8)
        assert map_checks.taken(odds, pictures, order, 8, 4)[0] == pytest.approx(taken, abs=1e-6)
        assert map_checks.taken(odds, pictures, order, 8, 4, put_in=True)[0] == pytest.approx(put_in, abs=1e-6)
    assert map_checks.area_under(np.array([[1, 0, 0, 0, 0], [1.0, 1, 1, 1, 0]])).tolist() == [0.125, 0.875]


def test_equal_squares_come_in_an_order_drawn_by_the_seed():
    flat = np.zeros((1, 8, 8))
    first, again, other = (map_checks.order_of(flat, 8, seed)[0].tolist() for seed in (0, 0, 1))
    assert first == again != other and sorted(first) == list(range(64))


def test_likeness_is_the_rank_correlation_and_nothing_where_a_map_is_flat():
    maps_, others = (
        np.array([[1.0, 2, 3, 4], [1, 2, 3, 4], [1, 1, 1, 1]]),
        np.array([[1.0, 8, 9, 99], [4, 3, 2, 1], [1, 2, 3, 4]]),
    )
    assert map_checks.likeness(maps_, others) == pytest.approx([1, -1, 0])


def test_the_checks_pass_a_map_that_is_the_fault_and_fail_one_that_is_the_edges():
    masks, pieces = np.zeros((8, 8, 8)), np.repeat(np.arange(4), 2)
    pictures = np.full((8, 8, 8, 1), 90, "uint8")
    for at in range(8):
        masks[at, at % 6 : at % 6 + 2, 3:5] = 1
        pictures[at, at % 6 : at % 6 + 2, 3:5] = 250
        pictures[at, :, 0] = 0

    def odds(shown):  # counts bright pixels
        return (shown[..., 0] > 200).sum(axis=(1, 2)) - 2.5

    drawn = np.random.default_rng(0).random((8, 8, 8))
    given = {"fault": masks + 1e-3 * drawn, "rim": maps.edges(pictures, 0.5), map_checks.EDGES: maps.edges(pictures, 0.5), map_checks.AT_RANDOM: drawn}  # fmt: skip
    values = map_checks.measured(odds, pictures, masks, given, 8, 8)
    alike = map_checks.likeness(map_checks.by_patch(given["rim"], 8), map_checks.by_patch(given["rim"], 8))
    values["fault"] |= {"last": np.zeros(8), "all": np.zeros(8), "unlearnt": masks.mean(axis=(1, 2))}
    values["rim"] |= {"last": alike, "all": alike, "unlearnt": values["rim"]["inside"]}
    blind = map_checks.looked_at(map_checks.order_of(drawn, 8), masks, 8)[1]
    found = {name: map_checks.judged(values, name, masks.mean(axis=(1, 2)), blind, pieces) for name in ("fault", "rim")}
    assert told.passed(found["fault"]) == []
    assert {"edges", "no learning"} <= set(told.passed(found["rim"]))
    assert found["fault"]["saved"].low > 0 and found["fault"]["looked"].value == pytest.approx(1 / 64)


# ------------------------------------------------------------------ shares of columns

ROW, BEHIND = (
    np.array([1.0, 2.0, -1.0, 0.5]),
    np.array([[0.0, 1.0, 1.0, -1.0], [2.0, -1.0, 0.5, 1.0], [0.5, 0.0, 3.0, 2.0]]),
)
NAMES = ("a", "b", "c", "d")
#: shap 0.51.0, explainers.Exact with maskers.Independent on these rows
SHAP = [0.375, -5 / 12, 31 / 12, -13 / 24]


def bent(given):
    return 2 * given[:, 0] - given[:, 1] * given[:, 2] + np.maximum(given[:, 3], 0) * given[:, 0]


def test_exact_shares_are_those_of_the_library_shap():
    found = shares.game(bent, ROW, BEHIND, NAMES).exact()
    assert list(found.values.values()) == pytest.approx(SHAP, abs=1e-9)
    assert sum(found.values.values()) == pytest.approx(bent(ROW[None])[0] - bent(BEHIND).mean(), abs=1e-12)


def test_exact_shares_are_the_mean_over_all_orders_and_sampled_ones_come_near_and_add_up():
    def tied(given):  # three columns at once: pairs of an order and its reverse are exact for two
        return bent(given) + given[:, 0] * given[:, 1] * given[:, 2]

    played = shares.game(tied, ROW, BEHIND, NAMES)
    total = np.zeros(4)
    for order in itertools.permutations(range(4)):
        steps = np.diff([played(frozenset(NAMES[i] for i in order[:n])) for n in range(5)])
        total[list(order)] += steps / 24
    assert list(played.exact().values.values()) == pytest.approx(total)
    far = []
    for count in (2, 2000):
        found = played.sampled(count, seed=1)
        assert sum(found.values.values()) == pytest.approx(found.total)
        far.append(np.abs(np.array(list(found.values.values())) - total).max())
    assert far[1] < 0.05 < far[0] and max(found.standard_errors.values()) > 0


def test_the_closed_form_of_a_line_is_what_all_sets_give():
    slopes = np.array([2.0, -1.0, 0.5, 3.0])
    found = shares.game(lambda given: given @ slopes + 7, ROW, BEHIND, NAMES).exact()
    assert list(found.values.values()) == pytest.approx(shares.of_line(slopes, ROW[None], BEHIND)[0])


def test_columns_that_are_taken_away_go_over_to_the_background_one_by_one():
    played = shares.game(bent, ROW, BEHIND, NAMES)
    expected = [played(frozenset(NAMES)), played(frozenset("abd")), played(frozenset("bd")), played(frozenset("b")), played(frozenset())]  # fmt: skip
    assert played.left([2, 0, 3, 1]) == pytest.approx(expected)


def test_a_game_without_columns_or_with_too_many_is_refused():
    for row, behind, names in ((np.zeros(13), np.zeros((2, 13)), range(13)), (ROW, BEHIND[:, :3], NAMES), (ROW, BEHIND, "ab"), (ROW, BEHIND[:0], NAMES)):  # fmt: skip
        with pytest.raises(ValueError, match="12 columns"):
            shares.game(bent, row, behind, tuple(names))


# ------------------------------------------------------------------ changes

UP, DOWN = changes.Lever(0, (1, 2, 3), up=True), changes.Lever(1, tuple(range(0, 100, 10)), up=False, least=0.5)


def test_levers_reach_what_a_person_can_change_and_no_more():
    assert UP.reachable(1) == [2, 3] and UP.reachable(3) == [] and UP.reachable(3, backwards=True) == [2, 1]
    assert DOWN.reachable(60) == [50, 40, 30] and DOWN.reachable(85, backwards=True) == [90]


def test_the_smallest_change_has_the_fewest_columns_and_then_the_least_distance():
    row, spreads = np.array([0.0, 60.0]), np.array([1.0, 10.0])

    def granted(asked):
        return (asked[:, 0] >= 3) | ((asked[:, 0] >= 1) & (asked[:, 1] <= 50))

    found = changes.smallest(granted, row, [UP, DOWN], spreads)
    assert found.to == {0: (0.0, 3.0)} and found.distance == 3.0  # two columns would be nearer: 1 + 1
    two = changes.smallest(lambda asked: (asked[:, 0] >= 1) & (asked[:, 1] <= 50), row, [UP, DOWN], spreads)
    assert two.to == {0: (0.0, 1.0), 1: (60.0, 50.0)} and two.distance == 2.0
    assert granted(two.row[None]).all()
    assert changes.smallest(lambda asked: asked[:, 1] < 30, row, [UP, DOWN], spreads) is None


def test_a_change_for_the_worse_is_found_where_a_model_rises_and_falls():
    row, spreads = np.array([2.0, 60.0]), np.ones(2)
    odd = changes.smallest(lambda asked: asked[:, 0] == 1, row, [UP, DOWN], spreads, 1, backwards=True)
    assert odd.to == {0: (2.0, 1.0)}
    assert changes.smallest(lambda asked: asked[:, 0] >= 3, row, [UP, DOWN], spreads, 1, backwards=True) is None


def test_too_many_changes_and_columns_without_spread_are_refused():
    wide = [changes.Lever(column, tuple(range(1, 400)), up=True) for column in range(2)]
    with pytest.raises(ValueError, match="fewer values"):
        changes.smallest(lambda asked: asked[:, 0] > 999, np.zeros(2), wide, np.ones(2))
    with pytest.raises(ValueError, match="spreads"):
        changes.smallest(lambda asked: asked[:, 0] > 0, np.zeros(2), [UP], np.array([0.0, 1.0]))


def test_codes_of_the_loans_become_numbers_in_their_order():
    arrays = datasets.load("german_credit", "").arrays
    names = tuple(german_credit.ORDERED)
    found = german_credit.in_order(arrays, names)
    for column, name in enumerate(names):
        codes = list(german_credit.ORDERED[name])
        assert set(arrays[name].tolist()) <= set(codes)
        assert [codes[int(place)] for place in found[:50, column]] == arrays[name][:50].tolist()
    assert german_credit.in_order(arrays, ("credit_amount",))[:, 0].tolist() == arrays["credit_amount"].tolist()


# ------------------------------------------------------------------ money


def test_rows_are_taken_by_the_files_of_a_client_and_cost_and_bring_what_they_say(tmp_path):
    saved = interval(0.4, 0.3, 0.5)
    look = rows.benefit("M1", 2027, saved, 0.2, 60_000, "flagged castings")
    assert [look[f"unit_value_{end}"] for end in ("low", "mode", "high")] == [0.06, 0.08, 0.1]
    assert rows.benefit("M1", 2027, interval(0.1, -0.1, 0.3), 0.2, 60_000, "castings") is None
    letter = rows.cost("C1", 2027, (1.0, 2.0, 4.0), 40_000, "measured")
    assert [letter[end] for end in ("low", "mode", "high")] == [40, 80, 160]
    for place, name, row, columns in ((M, "benefits", look, rows.BENEFIT), (B, "costs", letter, rows.COST)):
        folder = Folder(tmp_path / name, place)
        path = folder.path / f"{name}.csv"
        before = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        (printed,) = csv.DictReader(io.StringIO(rows.as_csv(row, columns)))
        heads = list(dict.fromkeys([*before[0], *columns]))
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, heads, restval="")
            writer.writeheader()
            writer.writerows([*before, printed])
        found = getattr(client.load(folder.path), name)
        assert len(found) == len(before) + 1
        last = found[-1]
        assert (last.amount.mode if name == "costs" else last.unit_value_mode) == (80 if name == "costs" else 0.08)


# ------------------------------------------------------------------ what is said of it

GOOD = {name: interval(0.3, 0.2, 0.4) for name in ("inside", "over_chance", "over_edges", "over_unlearnt", "removed", "put_in", "looked", "saved", "saved_over_edges")} | {"last": interval(0.3, 0.2, 0.4), "all": interval(0.1, 0.0, 0.2)}  # fmt: skip
BAD = {name: interval(-0.3, -0.4, -0.2) for name in GOOD} | {"inside": interval(0.1, 0, 0.2), "looked": interval(0.6, 0.5, 0.7), "all": interval(0.8, 0.7, 0.9)}  # fmt: skip
OPEN = {name: interval(0.1, -0.2, 0.4) for name in GOOD} | {
    "inside": interval(0.1, 0, 0.4),
    "all": interval(0.5, 0.3, 0.7),
}

SAID = {
    "network": (told.network_told, (0, interval(0.9, 0.85, 0.95), 99), (0, interval(0.7, 0.6, 0.75), 99), "above 0.8", "a weak network"),
    "inside": (told.inside_told, ("x", GOOD, 0.1), ("x", BAD, 0.1), "more than a blind", "less than a blind"),
    "inside open": (told.inside_told, ("x", OPEN, 0.1), ("x", BAD, 0.1), "not told apart from a blind", "edges of the picture less"),
    "blur": (told.blur_told, (0.8, 0.2), (0.4, 0.7), "takes away what", "only the difference"),
    "curves": (told.curves_told, ("x", GOOD), ("x", BAD), "sooner than at random", "later than at random"),
    "likeness": (told.likeness_told, ("x", GOOD), ("x", BAD), "it depends on", "hardly depends"),
    "likeness open": (told.likeness_told, ("x", OPEN), ("x", BAD), "open", "hardly"),
    "verdict": (told.verdict_told, ({"x": GOOD, "y": BAD},), ({"x": BAD},), "Passes every check: x. Not shown", "Passes every check: none"),
    "path": (told.path_told, (0.01, 0.5, 8), (0.5, 0.01, 8), "loses more", "loses no more"),
    "sums": (told.sums_told, ({"exact": 1e-15}, 0.0, 3), ({"exact": 0.1}, 0.0, 3), "no more than rounding", "largest gap 0.1, more than rounding"),
    "sampling": (told.sampling_told, ([2, 8], [0.1, 0.005], interval(0.95, 0.9, 0.99), 0.01), ([2, 8], [0.1, 0.05], interval(0.8, 0.7, 0.9), 0.01), "reached with 8", "with none of these"),
    "honest": (told.sampling_told, ([2, 8], [0.1, 0.05], interval(0.99, 0.97, 1), 0.01), ([2, 8], [0.1, 0.05], interval(0.8, 0.7, 0.9), 0.01), "more often than it says", "less often than it says"),
    "orders": (told.orders_told, ({"them": interval(1, 0.5, 2)}, 0.3), ({"them": interval(-1, -2, -0.5)}, 0.3), "sooner than at random", "later than at random"),
    "reasons": (told.reasons_told, (-1.0, 0.5, -1.6), (-1.0, -1.3, -1.6), "why he is riskier", "refused all the same"),
    "changes": (told.changes_told, ({"model": "m", "turned": interval(0.5, 0.4, 0.6), "holds": None, "worse": interval(0.0, 0, 0.1)},),
                ({"model": "m", "turned": interval(0.5, 0.4, 0.6), "holds": interval(0.5, 0.4, 0.6), "worse": interval(0.1, 0, 0.2)},), "No refusal is turned", "nobody could explain"),
    "saved": (told.saved_told, ("x", GOOD, 0.5, 20, 36, "EUR"), ("x", OPEN, 0.5, 20, 36, "EUR"), "that is 6.0 s", "not shown"),
}  # fmt: skip


def test_what_does_not_turn_a_decision_is_not_given_to_another_model():
    row = {"model": "m", "turned": interval(0.0, 0, 0.1), "holds": None, "worse": interval(0.0, 0, 0.1)}
    assert told.changes_told(row).replace(words.THIN, " ") == (
        "M: a change within the list turns 0 % (0.0–10.0) of the refusals. No refusal is turned by a change for the worse."
    )
    assert "drawn anew" in told.changes_told(row | {"holds": interval(0.5, 0.4, 0.6)})


@pytest.mark.parametrize("name", SAID)
def test_a_sentence_follows_its_figures(name):
    tell, first, second, phrase, other = SAID[name]
    found = ["\n".join(one) if isinstance(one, list) else one for one in (tell(*first), tell(*second))]
    found = [text.replace(words.THIN, " ") for text in found]
    assert phrase in found[0] and other in found[1] and found[0] != found[1]


def test_a_letter_names_each_change_or_says_that_there_is_none():
    change = changes.Change({0: (36.0, 24.0), 1: (0.0, 2.0)}, 1.0, np.zeros(2))
    said = told.change_told(change, ("months", "savings"), lambda column, value: f"{value:g}")
    assert said == "The loan would have been granted with: months: 24 instead of 36; savings: 2 instead of 0."
    assert told.change_told(None, (), None).startswith("No change")
    named = told.said_of(("credit_amount", "savings"), german_credit.ORDERED)
    assert (named(0, 2500.0), named(1, 2.0)) == (words.count(2500), "500 to 1,000 DM")


def test_drawings_show_what_they_were_given():
    pictures, areas = np.zeros((2, 8, 8)), np.zeros((2, 8, 8))
    areas[:, 2:4, 2:4] = 1
    grid = told.maps_drawn(pictures, areas, {"one map": areas, "a flat map": 0 * areas}, ["90 %", "10 %"], "c", "n")
    assert str(grid).count(
        "<image"
    ) >= 4 and "2 pictures with the drawn fault, and their maps: one map and a flat map" in str(grid)
    curves = told.curves_drawn({"x": (np.array([1, 0.5, 0]), np.array([0, 0.5, 1]))}, "c", "n")
    assert "taken away: x from 1 to 0" in str(curves) and "put in: x from 0 to 1" in str(curves)
    assert "Measured from 10 to 5" in str(told.errors_drawn([2, 8], [0.1, 0.05], "c", "n"))


def test_the_record_of_the_full_run_holds_the_rule_of_each_check():
    """What the page says of maps follows from intervals that are on record; an interval holds its own value."""
    from lepton_nb import paths

    record = json.loads(paths.measured("explanation").read_text(encoding="utf-8"))["figures"]
    for figure in record.values():
        if figure["low"] is not None:
            assert figure["low"] - 1e-12 <= figure["value"] <= figure["high"] + 1e-12, figure["name"]
    assert record["shares_sum_gap"]["value"] < 1e-9 and record["line_gap"]["value"] < 1e-9
    assert record["bound_worse"]["value"] == 0


def test_exact_and_sampled_shares_are_one_function_with_a_limit():
    sure = data_value.shapley(NAMES, lambda group: float(len(group) ** 2))
    drawn = data_value.shapley(NAMES, lambda group: float(len(group) ** 2), 10, exact_players=0)
    assert sure.seed is None and drawn.seed == 0 and drawn.total == sure.total == 16
    with pytest.raises(ValueError, match="exact_players"):
        data_value.shapley(NAMES, len, exact_players=13)
