"""Recommendation: who is judged on what, measures of lists, scores in closed form, the network, sentences that follow."""

from __future__ import annotations

import math
import os
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton_nb import training  # first: it starts Keras quietly

from lepton_nb import datasets, ranking, recommendation, results  # isort: skip
from lepton_nb.datasets.movielens import genre_table
from lepton_nb.models import build_two_tower
from lepton_nb.page import recommendation_charts, render
from lepton_nb.recommendation import Events, Split

RNG = np.random.default_rng(35)
REAL_DATA = os.environ.get("LEPTON_DATA", "")


def plain(shown) -> str:
    text = shown if isinstance(shown, str) else shown._repr_mimebundle_()["text/plain"]
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


@pytest.fixture
def made(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    return datasets.load("movielens"), datasets.load("movielens_films")


@pytest.fixture
def events(made):
    rows, films = made[0].arrays, made[1].arrays
    return Events.of(rows["user"], rows["item"], rows["timestamp"], rows["rating"], films["item"])


# ------------------------------------------------------------------ data


@pytest.mark.parametrize("name", ["movielens", "movielens_films"])
def test_a_stand_in_has_the_columns_of_the_real_file_repeats_and_cannot_be_spoilt(name, made):
    data, wanted = datasets.load(name), datasets.entry(name).arrays
    assert data.stand_in and list(data.arrays) == list(wanted)
    assert {column: array.dtype.kind for column, array in data.arrays.items()} == {
        column: np.dtype(dtype).kind for column, (dtype, _) in wanted.items()
    }
    kept = {column: array.copy() for column, array in data.arrays.items()}
    for array in data.arrays.values():
        array[:] = array[0]
    assert all(np.array_equal(kept[column], array) for column, array in datasets.load(name).arrays.items())


def test_made_up_ratings_are_of_made_up_films_in_the_order_of_time(made):
    rows, films = made[0].arrays, made[1].arrays
    assert set(rows["item"]) <= set(films["item"]) and set(rows["rating"]) == {1, 2, 3, 4, 5}
    assert np.bincount(rows["user"])[1:].min() >= 20
    assert (np.diff(rows["timestamp"]) >= 0).all()
    pairs = rows["user"] * 1_000 + rows["item"]
    assert len(np.unique(pairs)) == len(pairs)
    assert "made" in made[0].title.lower() and "this project" in made[0].source


def test_kinds_become_a_table():
    table, names = genre_table(np.array(["Drama|War", "Comedy", ""]))
    assert names == ("Comedy", "Drama", "War")
    assert table.tolist() == [[0, 1, 1], [1, 0, 0], [0, 0, 0]]


@pytest.mark.skipif(not REAL_DATA, reason="LEPTON_DATA is not set")
def test_the_real_ratings_are_those_published():
    if datasets.locate("movielens", REAL_DATA) is None:
        pytest.skip("the ratings are not in LEPTON_DATA")
    rows, films = (datasets.load(name, REAL_DATA).arrays for name in ("movielens", "movielens_films"))
    assert np.bincount(rows["rating"]).tolist() == [0, 6_110, 11_370, 27_145, 34_174, 21_201]
    found = Events.of(rows["user"], rows["item"], rows["timestamp"], rows["rating"], films["item"])
    assert (found.users, found.items) == (943, 1_682) and len(genre_table(films["genres"])[1]) == 19
    assert "no redistribution" in datasets.entry("movielens").licence


def test_events_number_users_and_items_by_the_catalogue():
    found = Events.of(["b", "a", "b"], [30, 10, 10], [3, 1, 2], catalogue=[30, 20, 10])
    assert found.user.tolist() == [1, 0, 1] and found.item.tolist() == [0, 2, 2]
    assert (found.users, found.items) == (2, 3) and found.rating.tolist() == [1, 1, 1]
    assert found.table(np.array([True, False, True])).tolist() == [[0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1, 1], [5, 5], [0, 1]), "1 further events of the same user and item"),
        (([1, 2], [5, 6], [0, 1], None, [5]), "in the catalogue. Received: .*6"),
        (([1, 2], [5], [0, 1]), r"one length above 0. Received: \[2, 1, 2, 2\]"),
        (([], [], []), "one length above 0"),
    ],
)
def test_events_that_cannot_be_used_are_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        Events.of(*columns)


# ------------------------------------------------------------------ who is judged on what


def test_by_time_nothing_is_learnt_from_after_the_day_and_what_is_known_of_a_user_came_before_what_he_wanted(events):
    cut = np.quantile(events.time, 0.8)
    split = recommendation.by_time(events, cut)
    assert np.array_equal(split.train, events.table(events.time < cut))
    for row, user in enumerate(split.judged):
        own = events.user == user
        late = own & (events.time >= cut)
        middle = np.median(events.time[late])
        assert set(np.flatnonzero(split.wanted[row])) == set(events.item[late & (events.time > middle)])
        assert set(np.flatnonzero(split.known[row])) == set(events.item[own & ~(late & (events.time > middle))])
    assert not (split.wanted & (split.known > 0)).any() and np.array_equal(split.left_out, split.known > 0)
    assert (split.train[split.judged].sum(axis=1) == 0).any(), "somebody is new"


def test_a_day_that_ends_the_time_leaves_out_what_comes_later(events):
    early, late = np.quantile(events.time, [0.6, 0.8])
    split = recommendation.by_time(events, early, late)
    assert not events.table(events.time >= late)[split.judged][split.wanted].any()


def test_a_user_whose_events_all_carry_one_second_is_not_judged():
    found = Events.of([1, 1, 2, 2, 3], [1, 2, 1, 2, 1], [9, 9, 8, 9, 1])
    assert recommendation.by_time(found, 5).judged.tolist() == [1]


def test_shares_are_those_asked_for_of_each_user_or_of_all(events):
    everything = np.ones(len(events.user), bool)
    mask = recommendation.of_each_user(events, everything, 0.75, seed=3)
    counts, chosen = np.bincount(events.user), np.bincount(events.user[mask])
    assert np.abs(chosen - 0.75 * counts).max() <= 0.5
    within = recommendation.of_each_user(events, mask, 0.5, seed=3)
    assert not (within & ~mask).any()
    everywhere = recommendation.at_random(events, everything, 0.8, seed=3)
    assert everywhere.sum() == round(0.8 * len(events.user))
    for draw in (recommendation.of_each_user, recommendation.at_random):
        assert np.array_equal(draw(events, everything, 0.5, 1), draw(events, everything, 0.5, 1))
        assert not np.array_equal(draw(events, everything, 0.5, 1), draw(events, everything, 0.5, 2))


def test_from_four_stars_on_only_what_was_liked_is_wanted_and_left_out():
    found = Events.of([1, 1, 1, 1, 2, 2], [1, 2, 3, 4, 1, 2], range(6), [5, 2, 4, 1, 3, 3])
    train = np.array([True, True, False, False, True, False])
    split = Split.of(found, train, ~train, liked=4)
    assert split.judged.tolist() == [0]
    assert split.wanted.tolist() == [[False, False, True, False]]
    assert split.known.tolist() == [[1, 1, 0, 0]]
    assert split.left_out.tolist() == [[True, False, False, False]], "what he disliked stays in the running"
    with pytest.raises(ValueError, match="nobody is left"):
        Split.of(found, train, ~train, liked=9)


def test_new_items_were_chosen_by_nobody_and_stand_alone_in_the_lists():
    found = Events.of([1, 1, 1, 2, 2, 2], [1, 2, 3, 1, 3, 4], range(6))
    train = np.array([True, True, False, True, True, False])
    new = np.array([False, False, True, False])
    split = recommendation.without_items(Split.of(found, train, ~train), new)
    assert split.judged.tolist() == [0] and split.train[:, 2].sum() == 0 and split.train.sum() == 3
    assert split.lists(recommendation.popularity(split.train), count=1).tolist() == [[2]]
    with pytest.raises(ValueError, match="nobody wanted"):
        recommendation.without_items(Split.of(found, train, ~train), np.array([True, False, False, False]))


# ------------------------------------------------------------------ measures


def test_a_list_has_the_highest_scores_without_what_is_left_out_and_equal_ones_by_their_number():
    scores = np.array([[1.0, 5.0, 3.0, 3.0]])
    assert ranking.lists(scores, np.array([[False, True, False, False]]), 3).tolist() == [[2, 3, 0]]
    with pytest.raises(ValueError, match="at least count items"):
        ranking.lists(scores, np.array([[True, True, True, False]]), 2)
    with pytest.raises(ValueError, match="finite"):
        ranking.lists(np.array([[np.nan, 1.0]]), np.zeros((1, 2), bool), 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10), st.sets(st.integers(0, 14), min_size=1), st.randoms())
def test_ndcg_and_recall_are_their_definitions(k, wanted, random):
    shown = random.sample(range(15), k)
    truth = np.isin(np.arange(15), list(wanted))[None]
    gain = sum(1 / math.log2(place + 1) for place, item in enumerate(shown, 1) if item in wanted)
    best = sum(1 / math.log2(place + 1) for place in range(1, min(k, len(wanted)) + 1))
    assert ranking.ndcg(np.array([shown]), truth)[0] == pytest.approx(gain / best)
    assert ranking.recall(np.array([shown]), truth)[0] == pytest.approx(len(wanted & set(shown)) / len(wanted))
    assert 0 <= ranking.ndcg(np.array([shown]), truth)[0] <= 1 + 1e-12


def test_a_hit_counts_the_more_the_higher_it_stands_and_a_user_who_wants_nothing_is_refused():
    wanted = np.array([[False, True, False, False]] * 3)
    found = ranking.ndcg(np.array([[1, 0, 2], [0, 1, 2], [0, 2, 1]]), wanted)
    assert found.tolist() == sorted(found, reverse=True) and found[0] == 1 and len(set(found)) == 3
    with pytest.raises(ValueError, match="1 who want none"):
        ranking.ndcg(np.array([[0]]), np.zeros((1, 2), bool))


def test_the_interval_over_users_is_that_of_a_mean_and_covers_it():
    values = RNG.normal(0.4, 0.2, 400)
    found = ranking.over_users(values)
    error = values.std(ddof=1) / math.sqrt(400)
    assert found.value == pytest.approx(values.mean()) and found.n == 400
    assert (found.low, found.high) == pytest.approx(
        (found.value - 1.96 * error, found.value + 1.96 * error), abs=0.15 * error
    )
    assert ranking.over_users(values) == found and ranking.over_users(values, seed=1) != found
    covered = [
        one.low <= 0.4 <= one.high
        for one in (ranking.over_users(RNG.normal(0.4, 0.2, 60), draws=500, seed=n) for n in range(300))
    ]
    assert 0.90 < np.mean(covered) < 0.98
    for bad in ([], [np.nan], [[1.0]]):
        with pytest.raises(ValueError, match="finite, one a user"):
            ranking.over_users(bad)


def test_pairs_of_the_same_users_are_compared_more_sharply_than_two_groups():
    hard = RNG.uniform(0, 1, 300)
    one, other = hard + 0.03, hard + RNG.normal(0, 0.01, 300)
    paired = ranking.over_users(one - other)
    assert paired.low > 0
    assert ranking.over_users(one).low < ranking.over_users(other).high, "the intervals of both overlap all the same"


def test_over_seeds_each_user_has_one_mean_over_the_trainings_that_judged_him():
    found = ranking.over_seeds(4, [np.array([0, 2]), np.array([2, 3])], [np.array([0.2, 0.4]), np.array([0.8, 1.0])])
    assert found == pytest.approx([0.2, 0.6, 1.0])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any))
def test_gini_is_half_the_relative_mean_difference(counts):
    found = np.array(counts, float)
    differences = np.abs(found[:, None] - found[None]).mean()
    assert ranking.gini(found) == pytest.approx(differences / (2 * found.mean()), abs=1e-12)


def test_what_lists_show_of_a_catalogue():
    shown = np.array([[0, 1], [0, 2]])
    assert ranking.exposure(shown, 4).tolist() == [2, 1, 1, 0]
    assert ranking.coverage(shown, 4) == 0.75
    assert ranking.share_of_best_known(shown, np.array([9, 1, 1, 5]), top=0.25) == 0.5
    features = np.array([[1, 0], [1, 1], [0, 2], [0, 0]])
    assert ranking.variety(shown, features) == pytest.approx([1 - 1 / math.sqrt(2), 1.0])
    assert ranking.variety(np.array([[0, 3]]), features)[0] == 1, "without a kind it is unlike all"
    with pytest.raises(ValueError, match="not all 0"):
        ranking.gini([0, 0])
    with pytest.raises(ValueError, match="needs two items"):
        ranking.variety(np.array([[0]]), features)


# ------------------------------------------------------------------ scores

TABLE = (RNG.random((40, 9)) < 0.35).astype(float)


def test_best_sellers_are_the_same_for_everybody():
    scores = recommendation.popularity(TABLE)(TABLE[:2])
    assert np.array_equal(scores, np.stack([TABLE.sum(axis=0)] * 2))


def test_neighbours_add_up_their_cosines_and_keep_the_largest():
    length = np.linalg.norm(TABLE, axis=0)
    cosines = TABLE.T @ TABLE / np.outer(length, length) - np.eye(9)
    assert recommendation.neighbours(TABLE, 100)(np.eye(9)) == pytest.approx(cosines)
    kept = recommendation.neighbours(TABLE, 3)(np.eye(9))
    assert ((kept > 0).sum(axis=0) == 3).all()
    assert kept.max(axis=0) == pytest.approx(cosines.max(axis=0))
    silent = np.c_[TABLE, np.zeros(40)]
    assert np.isfinite(recommendation.neighbours(silent, 3)(np.eye(10))).all()


def test_ease_foretells_each_item_from_the_others_as_ridge_regression_does():
    weights = recommendation.ease(TABLE, penalty=7.0)(np.eye(9))
    assert not np.diag(weights).any()
    for item in range(9):
        others = np.delete(np.arange(9), item)
        x = TABLE[:, others]
        ridge = np.linalg.solve(x.T @ x + 7.0 * np.eye(8), x.T @ TABLE[:, item])
        assert weights[others, item] == pytest.approx(ridge)


def test_more_rounds_of_alternating_least_squares_come_nearer_to_the_table():
    def loss(rounds):
        scores = recommendation.als(TABLE, 4, penalty=1.0, weight=3.0, rounds=rounds, seed=1)(TABLE)
        return ((1 + 3.0 * TABLE) * (TABLE - scores) ** 2).sum()

    assert loss(20) < loss(3) < loss(1)


def test_factors_without_weight_are_the_largest_singular_values_less_the_penalty():
    """Both penalties together are one on the sum of the singular values: each is lowered by lambda, or is gone."""
    left, sizes, right = np.linalg.svd(TABLE, full_matrices=False)
    kept = np.maximum(sizes[:3] - 1.0, 0)
    found = recommendation.als(TABLE, 3, penalty=1.0, weight=0.0, rounds=500)(TABLE)
    assert found == pytest.approx(left[:, :3] * kept @ right[:3], abs=1e-5)


def test_a_user_of_one_choice_gets_the_vector_that_the_weighted_sum_asks_for():
    weight, penalty = 4.0, 2.0
    scores = recommendation.als(TABLE, 1, penalty, weight, rounds=6)(np.eye(9))
    # u = (1 + a) v_i / (sum v^2 + a v_i^2 + l) and s_ij = u v_j: the squares of v follow from the diagonal
    ratio = np.diag(scores) / (1 + weight - weight * np.diag(scores))
    total = penalty * ratio.sum() / (1 - ratio.sum())
    squares = ratio * (total + penalty)
    user = (1 + weight) * np.sqrt(squares) / (total + weight * squares + penalty)
    assert np.abs(scores) == pytest.approx(np.outer(user, np.sqrt(squares)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recommendation.ease(TABLE, 0), "penalty=0"),
        (lambda: recommendation.neighbours(TABLE, 0), "count=0"),
        (lambda: recommendation.als(TABLE, 0, 1.0), "factors=0"),
        (lambda: recommendation.als(TABLE, 2, 0.0), "penalty=0.0"),
        (lambda: recommendation.less_known_first(None, None, -1), "strength=-1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_new_items_get_the_mean_of_their_relatives_and_known_ones_keep_their_scores():
    features, new = np.array([[1, 0], [0, 1], [1, 0], [1, 1]]), np.array([False, False, True, True])
    scorer = recommendation.by_relatives(
        lambda known: np.tile([4.0, 8.0, 0.0, 0.0], (len(known), 1)), features, new, 50.0
    )
    assert scorer(np.zeros((1, 4)))[0] == pytest.approx([4, 8, 4, 6])
    likes = recommendation.profile(features)(np.array([[1.0, 0, 0, 0]]))
    assert likes[0] == pytest.approx([1, 0, 1, 1 / math.sqrt(2)])


def test_holding_best_sellers_back_widens_what_is_shown(events):
    everything = np.ones(len(events.user), bool)
    train = recommendation.of_each_user(events, everything, 0.75, 0)
    split = Split.of(events, train, ~train)
    scorer, counts = recommendation.ease(split.train, 100), split.train.sum(axis=0)
    spread = [
        ranking.gini(
            ranking.exposure(split.lists(recommendation.less_known_first(scorer, counts, strength)), events.items)
        )
        for strength in (0.0, 0.3, 0.6)
    ]
    assert spread == sorted(spread, reverse=True)
    assert np.array_equal(split.lists(recommendation.less_known_first(scorer, counts, 0.0)), split.lists(scorer))


def test_what_learns_beats_the_best_sellers_on_the_stand_in(events):
    split = recommendation.by_time(events, np.quantile(events.time, 0.8))
    best_sellers = split.ndcg(recommendation.popularity(split.train))
    for scorer in (
        recommendation.neighbours(split.train, 100),
        recommendation.ease(split.train, 100),
        recommendation.als(split.train, 8, 10, 5),
    ):
        assert ranking.over_users(split.ndcg(scorer) - best_sellers).low > 0.05


def test_the_setting_that_is_best_on_validation_is_chosen_and_a_single_one_costs_nothing(events):
    split = recommendation.by_time(events, np.quantile(events.time, 0.8))
    found = recommendation.choose(recommendation.ease, [{"penalty": p} for p in (1, 100, 1e6)], [split])
    reached = {row["penalty"]: row["ndcg"] for row in found.tried}
    assert found.setting == {"penalty": max(reached, key=reached.get)} and len(reached) == 3
    assert reached[1] == pytest.approx(split.ndcg(recommendation.ease(split.train, 1)).mean())
    alone = recommendation.choose(lambda train: pytest.fail("nothing is to be tried"), [{}], [split])
    assert alone.setting == {} and alone.tried == ()


# ------------------------------------------------------------------ the network


def test_the_network_counts_and_scores_as_its_equation_says():
    training.set_seed(0)
    model = build_two_tower(items=7, features=3, size=4)
    assert model.count_params() == 7 * 4 + 4 + 7 * 4 + 3 * 4 + 7 + 7 * 3
    features, choices = RNG.random((7, 3)).astype("float32"), (RNG.random((5, 7)) < 0.5).astype("float32")
    choices[:, 0] = 1
    layer = model.get_layer("items")
    layer.tell(features)
    user = model.get_layer("user")
    weights, bias = (np.asarray(part) for part in user.get_weights())
    unit = choices / np.linalg.norm(choices, axis=1, keepdims=True)
    vectors = np.asarray(layer.own) + features @ np.asarray(layer.mixture)
    scores = np.tanh(unit @ weights + bias) @ vectors.T + np.asarray(layer.bias)
    assert training.predict(model, choices) == pytest.approx(scores, abs=1e-5)
    assert np.asarray(layer.of_features(features)) == pytest.approx(features @ np.asarray(layer.mixture), abs=1e-5)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_saved_network_gives_the_same_scores(tmp_path):
    model = build_two_tower(items=6, features=2, size=3)
    model.get_layer("items").tell(np.ones((6, 2), "float32"))
    model.save(tmp_path / "towers.keras")
    again = training.keras.models.load_model(tmp_path / "towers.keras")
    choices = np.eye(6, dtype="float32")
    assert training.predict(again, choices) == pytest.approx(training.predict(model, choices))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": 0}, "items=0"),
        ({"features": 0}, "features=0"),
        ({"size": 0}, "size=0"),
        ({"dropout": 1.0}, "dropout=1.0"),
    ],
)
def test_sizes_that_make_no_network_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_two_tower(**{"items": 4, "features": 2} | arguments)


def test_features_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"features must be \(4, 2\). Received: \(4, 3\)"):
        build_two_tower(4, 2).get_layer("items").tell(np.zeros((4, 3)))


# ------------------------------------------------------------------ sentences, tables, drawings


def mean(value, low, high, n=50):
    return SimpleNamespace(value=value, low=low, high=high, n=n, level=0.95, method="95 % bootstrap over users")


BETTER, WORSE, OPEN = mean(0.02, 0.01, 0.03), mean(-0.02, -0.03, -0.01), mean(0.001, -0.01, 0.012)


@pytest.mark.parametrize(
    ("gain", "words"), [(BETTER, "better, +0.020"), (WORSE, "worse, -0.020"), (OPEN, "not told apart")]
)
def test_a_comparison_follows_the_interval(gain, words):
    assert words in plain(recommendation_charts.against(gain, "a", "b", "by time"))


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        (
            {"by time": WORSE, "by user": WORSE},
            "loses by time and by user, and wins under no protocol: here it is not worth",
        ),
        ({"by time": BETTER, "by user": OPEN}, "wins by time, and loses under no protocol"),
        ({"by time": WORSE, "by user": BETTER}, "wins by user and loses by time: the protocol decides"),
        ({"by time": OPEN, "by user": OPEN}, "under no protocol: the simpler one will do"),
    ],
)
def test_a_network_that_loses_is_said_to_lose(gains, words):
    assert words in plain(recommendation_charts.network_told(gains, "the network", "EASE"))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (mean(80, 50, 110), "bring 80.00 EUR more with a than with b"),
        (mean(-80, -110, -50), "bring 80.00 EUR less with a than with b"),
        (mean(3, -20, 25), "no difference in money is shown"),
    ],
)
def test_a_sentence_on_money_follows_the_interval(more, words):
    assert words in plain(recommendation_charts.money_told(more, "a", "b", "EUR"))


FOUND = {
    "by time": {"EASE": {"ndcg": mean(0.25, 0.22, 0.28), "recall": mean(0.1, 0.08, 0.12)},
                "two towers": {"ndcg": mean(0.2, 0.17, 0.23), "recall": mean(0.09, 0.07, 0.11)}},
    "by user": {"EASE": {"ndcg": mean(0.48, 0.465, 0.495), "recall": mean(0.2, 0.19, 0.21)},
                "two towers": {"ndcg": mean(0.49, 0.475, 0.505), "recall": mean(0.2, 0.19, 0.21)}},
}  # fmt: skip


def test_published_figures_stand_beside_their_own_protocol_and_only_where_the_data_are_real():
    published = {"by user": {"low": 0.38, "near": 0.48, "high": 0.6}}
    told = " ".join(map(plain, recommendation_charts.published_told(FOUND, published)))
    assert "above the published 0.380 of low" in told and "not told apart from the published 0.480 of near" in told
    assert "below the published 0.600 of high" in told
    assert "published: near" in plain(recommendation_charts.results_table(FOUND, published, real=True))
    assert "published" not in plain(recommendation_charts.results_table(FOUND, published, real=False)).split("\n", 1)[1]
    assert "EASE (by time) and two towers (by user)" in recommendation_charts.order_told(FOUND)
    assert recommendation_charts.order_told({"by time": FOUND["by time"]}).endswith("EASE.")
    drawn = recommendation_charts.means_drawn(FOUND, published, True, "told", "n")
    assert "<svg" in drawn and "by time: EASE 0.250, two towers 0.200; by user" in str(drawn)
    assert "published near 0.480" in str(drawn)


def test_tables_and_drawings_hold_what_they_are_given():
    seen = FOUND["by time"]["EASE"] | {"gini": 0.9, "coverage": 0.18, "best_known": 0.8, "variety": mean(0.7, 0.6, 0.8)}
    assert "18.0 %" in plain(recommendation_charts.catalogue_table({"EASE": seen}, "c"))
    drawn = recommendation_charts.exposure_drawn({"a": np.array([0, 0, 10]), "b": np.array([3, 3, 3])}, "c", "n")
    assert "<svg" in drawn and "a: the most shown tenth" in str(drawn)
    curve = [{"strength": 0.0, "ndcg": 0.25, "gini": 0.9, "coverage": 0.2}, {"strength": 0.1, "ndcg": 0.249, "gini": 0.8, "coverage": 0.3},
             {"strength": 0.2, "ndcg": 0.2, "gini": 0.7, "coverage": 0.4}]  # fmt: skip
    assert "strength 0.2" in str(recommendation_charts.trade_drawn(curve, "c", "n"))
    told = plain(recommendation_charts.trade_told(curve))
    assert "At strength 0.1" in told and "30.0 % of the catalogue is shown instead of 20.0 %" in told
    assert "costs more than 0.01" in recommendation_charts.trade_told([curve[0], curve[2]])
    assert "0.250 (0.220 to 0.280)" in plain(recommendation_charts.cold_table({"a": mean(0.25, 0.22, 0.28)}, "c"))
    row = {"way": "EASE", "hits": mean(2.5, 2, 3), "money": mean(120, 100, 140), "more": None}
    assert "120 EUR (100 to 140 EUR)" in plain(recommendation_charts.money_table([row], "EUR", "c"))
    chosen = {
        "protocol": "by time",
        "way": "EASE",
        "chosen": "penalty 100",
        "of settings": 5,
        "validation nDCG@10": 0.2,
    }
    assert "penalty 100" in plain(recommendation_charts.chosen_table([chosen]))
    assert "78" in plain(
        recommendation_charts.protocols_table([{"protocol": "by time", "of them new": 78, "wanted by one": 14.5}])
    )


def test_a_mean_goes_on_record_with_its_interval():
    record = results.Record("recommendation")
    ranking.enter(record, "x", mean(0.2, 0.1, 0.3), "nDCG@10", seed=4, note="why")
    found = record["x"]
    assert (found.value, found.low, found.high, found.n, found.seed) == (0.2, 0.1, 0.3, 50, 4)
    assert found.interval == "95 % bootstrap over users" and isinstance(render.note("x"), render.Html)


def test_the_figures_of_a_protocol_go_on_record_beside_those_published():
    record = results.Record("recommendation")
    way = {"ndcg": ranking.Mean(0.25, 0.2, 0.3, 50), "gini": 0.9}
    recommendation.enter(record, "time", {"ease": way}, {"BPR": 0.15}, seed=1)
    assert record["time_ease_ndcg"].low == 0.2 and record["time_ease_ndcg"].unit == "nDCG"
    assert (
        record["time_ease_gini"].value == 0.9 and record["time_published_bpr"].source == "published, the same protocol"
    )


# ------------------------------------------------------------------ the recorded run


def test_the_recorded_run_reaches_the_published_figures_and_holds_no_row_of_the_data():
    record = results.recorded("recommendation")
    assert record.profile == "full" and not any(data["stand_in"] for data in record.data)
    assert record["user_ease_ndcg"].value >= record["user_published_bivae"].value == 0.475
    assert record["user_ease_ndcg"].low > record["user_published_bpr"].value == 0.442
    assert record["liked_factors_ndcg"].low > record["liked_published_bpr"].value == 0.150
    for way in ("neighbours", "ease", "factors", "towers"):
        assert record[f"time_{way}_ndcg"].low > record["time_popularity_ndcg"].value
        assert record[f"money_{way}_gain"].low > 0
    assert record["new_relatives_ndcg"].low > record["new_random_ndcg"].high
    assert {len(rows) for rows in record.tables.values()} == {6, 45}, (
        "strengths, and settings: no table of users or films"
    )
    assert record.made["seconds"] < 40 * 60 and record.made["peak_memory_gib"] < 6
