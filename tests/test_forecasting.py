"""Forecasting: windows that never look ahead, ways without a network, quantiles set right, money, the network."""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton_nb import training  # first: it starts Keras quietly

from lepton_nb import datasets, forecasting, results, series  # isort: skip
from lepton_nb.datasets.etth1 import CHANNELS
from lepton_nb.models import build_forecaster, quantile_loss
from lepton_nb.page import forecasting_charts, render

RNG = np.random.default_rng(33)
REAL_DATA = os.environ.get("LEPTON_DATA", "")
SETS = ("etth1", "walmart_sales", "bike_sharing", "metro_traffic")


def plain(shown) -> str:
    text = shown if isinstance(shown, str) else shown._repr_mimebundle_()["text/plain"]
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


def mean(value: float, half: float, n: int = 40):
    return SimpleNamespace(value=value, low=value - half, high=value + half, n=n)


def task(values=None, **changes) -> series.Task:
    """A small task: two series of 200 steps that look alike every 8 steps."""
    steps = np.arange(200)
    raw = np.stack([np.sin(2 * np.pi * steps / 8), 5 + 2 * np.cos(2 * np.pi * steps / 8)]) if values is None else values
    raw = raw + (0.05 * np.random.default_rng(1).normal(size=np.shape(raw)) if values is None else 0)
    given = {"history": 16, "horizon": 8, "period": 8, "step": 4}
    known = np.zeros((raw.shape[1], 0))
    return series.Task.of(
        "made", "pieces", steps, [f"s{n}" for n in range(len(raw))], raw, known, (100, 150, 200), 8, **given | changes
    )


# ------------------------------------------------------------------ data


@pytest.mark.parametrize("name", SETS)
def test_a_stand_in_has_the_columns_of_the_real_file_repeats_and_cannot_be_spoilt(name, monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    data, wanted = datasets.load(name), datasets.entry(name).arrays
    assert data.stand_in and list(data.arrays) == list(wanted) and "this project" in data.source
    assert {column: array.dtype.kind for column, array in data.arrays.items()} == {
        column: np.dtype(dtype).kind for column, (dtype, _) in wanted.items()
    }
    kept = {column: array.copy() for column, array in data.arrays.items()}
    for array in data.arrays.values():
        array[:] = array[0]
    assert all(np.array_equal(kept[column], array) for column, array in datasets.load(name).arrays.items())


def tasks(folder: str = "") -> dict[str, series.Task]:
    arrays = {name: datasets.load(name, folder).arrays for name in SETS}
    return {
        "etth1": series.electricity(arrays["etth1"], CHANNELS, 168, 48),
        "walmart": series.sales(arrays["walmart_sales"]),
        "bikes": series.hires(arrays["bike_sharing"], 168),
        "traffic": series.traffic(arrays["metro_traffic"], 168),
    }


def test_the_stand_ins_hold_the_faults_of_the_real_files(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    bikes, cars = (datasets.load(name).arrays for name in ("bike_sharing", "metro_traffic"))
    made = tasks()
    assert len(bikes["cnt"]) < made["bikes"].values.size and bikes["cnt"].min() == 1
    assert len(np.unique(cars["date_time"])) < len(cars["date_time"])  # double hours
    assert 0.9 < made["traffic"].measured.mean() < 1  # lost hours
    assert made["bikes"].measured.all()


@pytest.mark.skipif(not REAL_DATA, reason="LEPTON_DATA is not set")
def test_the_real_series_are_as_described():
    if any(datasets.locate(name, REAL_DATA) is None for name in SETS):
        pytest.skip("the series are not in LEPTON_DATA")
    real = tasks(REAL_DATA)
    assert real["etth1"].cuts == (8_640, 11_520, 14_400)
    whole = replace(real["etth1"], history=336)
    assert [len(series.windows(whole.until(h), "test")) // 7 for h in (96, 192, 336, 720)] == [2785, 2689, 2545, 2161]
    raw = real["walmart"].values * real["walmart"].spread[:, None] + real["walmart"].centre[:, None]
    assert raw.sum() == pytest.approx(6_737_218_987, rel=1e-6)
    bikes = real["bikes"].values * real["bikes"].spread[:, None] + real["bikes"].centre[:, None]
    assert bikes.shape == (1, 17_544) and bikes.sum() == pytest.approx(3_292_679, rel=1e-5)
    assert real["traffic"].times[0] == np.datetime64("2015-06-12T00")
    assert int((~real["traffic"].measured[:, real["traffic"].cuts[0] :]).sum()) < 60


# ------------------------------------------------------------------ windows


@pytest.mark.parametrize("part", series.PARTS)
def test_no_window_sees_or_foretells_what_lies_beyond_its_part(part):
    made, first, end = (
        task(),
        *{"train": (0, 100), "validation": (100, 150), "learnt": (0, 150), "test": (150, 200)}[part],
    )
    found = series.windows(made, part)
    assert found.origin.min() >= max(first, 16) and (found.origin + 8).max() <= end
    for row in (0, len(found) // 2, len(found) - 1):
        one, at = made.values[found.series[row]], found.origin[row]
        assert np.array_equal(found.past[row], one[at - 16 : at]) and np.array_equal(found.ahead[row], one[at : at + 8])


@given(st.integers(100, 198), st.floats(-9, 9))
@settings(max_examples=20, deadline=None)
def test_what_comes_later_changes_no_input_and_no_learnt_way(place, value):
    made = task()
    raw = made.values * made.spread[:, None] + made.centre[:, None]
    raw[:, place:] += value
    changed = task(raw)
    before, after = series.windows(made, "test"), series.windows(changed, "test")
    early = before.origin <= place
    assert np.allclose(before.inputs[early], after.inputs[early], atol=1e-5)
    learnt = forecasting.linear(made, "train", 0.01), forecasting.linear(changed, "train", 0.01)
    assert np.allclose(*(way(before).mean for way in learnt), atol=1e-4)


def test_steps_beyond_the_end_or_not_measured_judge_nobody_and_are_zero_for_the_network():
    raw = np.sin(np.arange(200) / 3)[None].copy()
    raw[0, 160] = np.nan
    made = task(raw)
    found = series.windows(made, "test", step=1, least=2)
    assert found.origin.max() == 198 and found.judged[-1].tolist() == [True] * 2 + [False] * 6
    row = np.flatnonzero(found.origin == 158)[0]
    assert np.isnan(found.truth[row, 2]) and found.ahead[row, 2] == made.values[0, 152]
    assert (found.inputs[:, 16:, 0] == 0).all() and found.inputs.shape == (len(found), 24, 1)


def test_holes_take_the_value_of_a_season_before_and_the_first_season_looks_ahead():
    row = np.array([[np.nan, 1.0, 2.0, 3.0, np.nan, 5.0, np.nan, np.nan, np.nan]])
    assert series.filled(row, 2).tolist() == [[2.0, 1.0, 2.0, 3.0, 2.0, 5.0, 2.0, 5.0, 2.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: series.windows(task(), "later"), "part must be one of"),
        (lambda: series.windows(task(history=120), "train"), "holds no window"),
        (lambda: task(np.full((1, 200), np.nan)), "every series needs values"),
        (lambda: series.Task.of("x", "y", [1], ["a"], np.ones((1, 9)), np.zeros((9, 0)), (5, 4, 9), 2), "follow"),
        (lambda: series.sales({"Store": np.array([1, 1, 2]), "Date": np.array(["2010-02-05", "2010-02-12", "2010-02-05"]),
                               "Weekly_Sales": np.ones(3), "Holiday_Flag": np.zeros(3)}), "every week once"),
    ],
)  # fmt: skip
def test_what_makes_no_task_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_traffic_takes_the_first_of_double_hours_spreads_holidays_and_begins_after_the_longest_gap():
    first = np.datetime64("2012-10-01T05", "h") + np.arange(30)
    later = np.datetime64("2012-12-01T00", "h") + np.arange(24 * 40)
    hours = np.concatenate([first, later[:5], later[4:]])
    volume = np.arange(len(hours))
    texts = np.char.replace(np.char.add(hours.astype(str), ":00:00"), "T", " ")
    marked = np.where(hours == later[24], "Labor Day", "None")
    made = series.traffic({"date_time": texts, "holiday": marked, "traffic_volume": volume}, 168)
    raw = made.values * made.spread[:, None] + made.centre[:, None]
    assert made.times[0] == later[0] and raw[0, 3:6].round(3).tolist() == [33, 34, 36]  # 35 is the second of an hour
    assert made.known[24:48, -1].all() and made.known[:, -1].sum() == 24


# ------------------------------------------------------------------ ways


def test_last_season_repeats_what_was():
    made = task(np.tile(np.arange(8.0), 25)[None])
    found = series.windows(made, "test")
    assert np.allclose(forecasting.seasonal_naive(made)(found).mean, found.ahead)
    with pytest.raises(ValueError, match="history must hold a season"):
        forecasting.seasonal_naive(replace(made, season=30))


def test_the_line_is_the_least_squares_of_scikit_learn_and_finds_a_line():
    from sklearn.linear_model import Ridge

    made = task()
    learnt, test = series.windows(made, "train"), series.windows(made, "test")
    base, asked = learnt.past[:, -1:], test.past[:, -1:]
    theirs = Ridge(alpha=0.01 * len(learnt)).fit(learnt.past - base, learnt.ahead - base)
    ours = forecasting.linear(made, "train", 0.01)(test).mean
    assert np.allclose(ours, theirs.predict(test.past - asked) + asked, atol=1e-4)
    trend = task(np.stack([np.arange(200.0), 3 - 2 * np.arange(200.0)]))
    found = series.windows(trend, "test")
    assert np.allclose(forecasting.linear(trend, "train", 1e-9)(found).mean, found.ahead, atol=1e-2)


def test_the_line_uses_what_is_known_ahead():
    known = RNG.normal(size=200)
    made = replace(task((3 * known)[None], step=1), known=known[:, None].astype(np.float32))
    found = series.windows(made, "test")
    seen, blind = (
        np.mean((forecasting.linear(one, "train", 1e-3)(found).mean - found.ahead) ** 2) for one in (made, made.blind)
    )
    assert seen < 0.2 * blind


def test_trees_learn_a_season_and_their_quantiles_rise():
    made = task()
    found = forecasting.boosted(made, "train", trees=30, leaves=8, rate=0.2, levels=(0.1, 0.5, 0.9))(
        series.windows(made, "test")
    )
    truth = series.windows(made, "test").ahead
    assert np.mean((found.mean - truth) ** 2) < 0.1 * np.var(truth)
    assert (np.diff(found.quantiles, axis=-1) >= 0).all()


def test_the_setting_that_is_best_on_validation_is_chosen_and_a_single_one_costs_nothing():
    made = task()
    check = series.windows(made, "validation")
    chosen = forecasting.choose(forecasting.linear, made, [{"penalty": 1e3}, {"penalty": 1e-3}], check)
    assert chosen.setting == {"penalty": 1e-3} and len(chosen.tried) == 2
    assert forecasting.choose(None, made, [{"penalty": 1}], check).tried == ()


# ------------------------------------------------------------------ quantiles and measures


@pytest.mark.parametrize("own", [False, True], ids=["of errors", "of its own"])
@pytest.mark.parametrize("by_series", [False, True])
def test_quantiles_set_right_hold_their_share_on_new_windows_of_the_same_kind(own, by_series):
    raw = np.random.default_rng(7).exponential(size=(2, 22_000)) * np.array([[1.0], [4.0]])
    made = series.Task.of("made", "pieces", np.arange(22_000), "ab", raw, np.zeros((22_000, 0)), (2000, 12_000, 22_000), 8,
                          history=16, horizon=4, period=1, step=4)  # fmt: skip
    check, test = series.windows(made, "validation"), series.windows(made, "test")

    def wrong(given):  # far too narrow, and off
        middle = np.ones(given.ahead.shape)
        return forecasting.Forecast(middle, np.stack([middle - 0.1, middle, middle + 0.1], axis=-1), (0.05, 0.5, 0.95)) if own else forecasting.Forecast(middle)  # fmt: skip

    found = forecasting.set_right(check, wrong(check), (0.05, 0.5, 0.95), by_series=by_series)(test, wrong(test))
    assert np.mean(forecasting.inside(test.truth, found)) == pytest.approx(0.9, abs=0.02)
    assert np.mean(test.truth < found.at(0.5)) == pytest.approx(0.5, abs=0.03)


def test_as_time_runs_nothing_is_learnt_from_what_had_not_come():
    made = task(step=1)
    check, test = series.windows(made, "validation"), series.windows(made, "test")
    line = forecasting.linear(made, "train", 0.01)
    early, late = line(check), line(test)
    options = {"memory": 50, "levels": (0.2, 0.5, 0.8), "block": 8}
    before = forecasting.as_time_runs(check, early, test, late, **options)
    spoilt = replace(test, ahead=np.where(test.origin[:, None] + np.arange(8) >= 170, 99.0, test.ahead))
    after = forecasting.as_time_runs(check, early, spoilt, late, **options)
    same = test.origin <= 170
    assert np.allclose(before.quantiles[same], after.quantiles[same])
    assert not np.allclose(before.quantiles[test.origin > 172], after.quantiles[test.origin > 172])
    first = test.origin == test.origin.min()
    still = forecasting.set_right(check, early, options["levels"], block=8)(
        test.take(first), forecasting.Forecast(late.mean[first])
    )
    assert np.allclose(before.quantiles[first], still.quantiles)


def drifting() -> tuple:
    """One series of days that drifts away from its forecast after validation."""
    draw, days = np.random.default_rng(8), np.arange(8 * 300) / 8
    raw = (draw.normal(size=8 * 300) + 0.02 * np.maximum(days - 160, 0))[None]
    made = replace(task(raw, step=8), cuts=(8 * 80, 8 * 160, 8 * 300))
    check, test = series.windows(made, "validation"), series.windows(made, "test")
    way = forecasting.Forecast
    return check, way(np.zeros_like(check.ahead)), test, way(np.zeros_like(test.ahead))


def test_outer_quantiles_that_learn_from_what_came_hold_what_they_promise_where_the_world_changes():
    given = drifting()
    still, learnt = (
        forecasting.as_time_runs(*given, memory=8 * 80, every=8, block=8, rate=rate) for rate in (0.0, 0.1)
    )
    held = [np.mean(forecasting.inside(given[2].truth, found)) for found in (still, learnt)]
    assert held[0] < 0.87 and held[1] == pytest.approx(0.9, abs=0.02)
    assert np.mean(still.at(0.5) == learnt.at(0.5)) > 0.9  # the middle is no bound; only one that is crossed moves it
    later = replace(given[2], ahead=np.where(given[2].origin[:, None] >= 8 * 200, 99.0, given[2].ahead))
    spoilt = forecasting.as_time_runs(*given[:2], later, given[3], memory=8 * 80, every=8, block=8, rate=0.1)
    same = given[2].origin <= 8 * 200
    assert np.array_equal(spoilt.quantiles[same], learnt.quantiles[same])
    assert not np.allclose(spoilt.quantiles[~same], learnt.quantiles[~same])


def test_of_what_a_forecast_adds_to_a_line_so_much_is_kept_as_errs_least():
    made = task()
    found = series.windows(made, "validation")
    line, draw = np.zeros_like(found.ahead), np.random.default_rng(3)
    added = found.ahead + draw.normal(0, 1, found.ahead.shape)  # half of it is true
    kept = forecasting.share_kept(found, added, line, block=8)
    tried = np.linspace(0, 1, 201)
    best = tried[np.argmin([np.mean((found.ahead - share * added) ** 2) for share in tried])]
    assert len(set(kept)) == 1 and kept[0] == pytest.approx(best, abs=0.005) and 0.1 < best < 0.99
    assert forecasting.share_kept(found, line, line).tolist() == [0.0] * 8
    assert forecasting.share_kept(found, found.ahead, line).tolist() == [1.0] * 8
    assert forecasting.share_kept(found, -found.ahead, line).tolist() == [0.0] * 8


def test_prices_are_paths_that_differ_and_their_last_season_is_the_last_price(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    made = series.prices(datasets.load("walmart_sales").arrays)
    assert len(made.names) == 3 and (made.season, made.horizon) == (1, 8)
    found = series.windows(made, "test")
    assert np.array_equal(forecasting.seasonal_naive(made)(found).mean, np.repeat(found.past[:, -1:], 8, axis=1))


def test_a_line_does_not_know_in_how_many_pieces_its_windows_came():
    made = task()
    alone = [forecasting.line_weights(one, "train", 0.1) for one in forecasting._each_series(made)]
    learnt = series.windows(made, "train")
    rows = np.hstack([learnt.past - learnt.past[:, -1:].astype(float), np.ones((len(learnt), 1))])
    keep = 0.1 * len(learnt) * np.diag([*[1.0] * 16, 0.0])
    theirs = np.linalg.solve(rows.T @ rows + keep, rows.T @ (learnt.ahead - learnt.past[:, -1:]))
    assert np.allclose(forecasting.line_weights(made, "train", 0.1), theirs, atol=1e-6)
    assert not np.allclose(*alone, atol=1e-3)
    spoilt = replace(made, values=made.values[:, ::-1].copy())  # nothing is kept for values that are others
    assert not np.allclose(forecasting.line_weights(spoilt, "train", 0.1), theirs, atol=1e-3)
    assert np.allclose(forecasting.line_weights(made, "train", 0.1), theirs, atol=1e-6)


def test_a_level_lies_between_its_neighbours_and_none_lies_beyond_the_outer_two():
    found = forecasting.Forecast(np.zeros((1, 1)), np.array([[[1.0, 3.0]]]), (0.1, 0.9))
    assert [found.at(level)[0, 0] for level in (0.1, 0.5, 0.9)] == [1.0, 2.0, 3.0]
    for level in (0.05, 0.95):
        with pytest.raises(ValueError, match="must lie within"):
            found.at(level)


def test_the_pinball_loss_is_least_at_the_quantile():
    drawn = RNG.normal(size=(20_000, 1))
    for level in (0.1, 0.75):
        places = np.linspace(-2, 2, 81)
        losses = [
            forecasting.pinball(drawn, forecasting.Forecast(drawn, np.full((20_000, 1, 1), at), (level,))).mean()
            for at in places
        ]
        assert places[np.argmin(losses)] == pytest.approx(np.quantile(drawn, level), abs=0.06)


@given(st.floats(0.05, 2), st.floats(0.05, 2))
@settings(max_examples=20, deadline=None)
def test_the_order_that_costs_least_is_the_quantile_that_the_prices_ask_for(short, over):
    demand = np.random.default_rng(2).gamma(3, 20, 4000)
    orders = np.quantile(demand, np.linspace(0.01, 0.99, 99))
    costs = [forecasting.stock_cost(demand, order, short, over).mean() for order in orders]
    assert (
        forecasting.stock_cost(demand, np.quantile(demand, short / (short + over)), short, over).mean()
        <= min(costs) * 1.01
    )
    with pytest.raises(ValueError, match="above 0"):
        forecasting.stock_cost(demand, demand, 0.0, over)


def test_errors_are_averaged_by_origin_and_holes_count_nowhere():
    made = series.windows(task(), "test")
    values = np.where(made.series[:, None] == 0, 1.0, 3.0) * np.ones(made.ahead.shape)
    assert np.allclose(forecasting.by_origin(values, made), 2.0)
    values[made.series == 1] = np.nan
    assert np.allclose(forecasting.by_origin(values, made), 1.0)


def test_blocks_widen_the_interval_of_what_hangs_together_and_cover_it():
    walk = np.repeat(RNG.normal(size=50), 10)
    alone, blocks = (forecasting.over_blocks(walk, length, "days") for length in (1, 10))
    assert alone.value == blocks.value == pytest.approx(walk.mean())
    assert blocks.high - blocks.low > 2 * (alone.high - alone.low)
    assert "blocks of 10 days" in blocks.method
    hits = 0
    for number in range(100):
        drawn = np.repeat(np.random.default_rng(number).normal(size=40), 5)
        one = forecasting.over_blocks(drawn, 10, "days", draws=400)
        hits += one.low <= 0 <= one.high
    assert 85 <= hits <= 99
    with pytest.raises(ValueError, match="row in time"):
        forecasting.over_blocks([], 3, "days")


# ------------------------------------------------------------------ the network


def test_the_loss_is_its_equation_and_leaves_holes_out():
    truth = np.array([[[1.0], [np.nan]]], "float32")
    found = np.array([[[0.0, -1.0, 3.0], [9.0, 9.0, 9.0]]], "float32")
    expected = 1.0 + 0.1 * 2.0 + (0.9 - 1) * (1.0 - 3.0)
    assert float(quantile_loss((0.1, 0.9))(truth, found)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("period", "features"), [(4, 0), (1, 3)], ids=["days", "weeks"])
def test_the_network_moves_with_its_window_and_sees_nothing_of_the_future(period, features):
    model = build_forecaster(16, 8, features, period, quantiles=2, units=3, width=2)
    model.set_weights([RNG.normal(0, 0.4, one.shape) for one in model.get_weights()])
    window = RNG.normal(size=(2, 24, 1 + features)).astype("float32")
    first = training.predict(model, window)
    assert first.shape == (2, 8, 3)
    moved = window.copy()
    moved[:, 16:, 0] = 99.0  # the series after the origin
    assert np.allclose(training.predict(model, moved), first, atol=1e-5)
    moved = window.copy()
    moved[:, :16, 0] += 7.0
    assert np.allclose(training.predict(model, moved), first + 7.0, atol=1e-4)
    if features:
        moved = window.copy()
        moved[:, 20, 1:] += 1.0
        changed = np.abs(training.predict(model, moved) - first).max(axis=(0, 2)) > 1e-6
        assert changed.tolist() == [False] * 4 + [True] + [False] * 3


def test_an_untrained_network_is_the_line_in_closed_form():
    made = task()
    weights, found = forecasting.line_weights(made, "train", 0.01), series.windows(made, "test")
    model = build_forecaster(16, 8, 0, 8, quantiles=2, units=3, width=2)
    model.get_layer("line").set_weights([weights[:-1], weights[-1]])
    line = forecasting.linear(made, "train", 0.01)(found).mean
    assert np.allclose(training.predict(model, found.inputs), line[..., None], atol=1e-4)
    assert model.get_layer("line").trainable_weights == []


@pytest.mark.parametrize("arguments", [(16, 8, 0, 5), (16, 0, 0, 4), (16, 8, -1, 4)])
def test_sizes_that_make_no_network_are_refused(arguments):
    with pytest.raises(ValueError, match="Received"):
        build_forecaster(*arguments)


# ------------------------------------------------------------------ what is told


def electric(gap: float):
    return {h: {"closed form": {"mse": mean(0.4, 0.01), "mae": mean(0.4, 0.01)},
                "network": {"mse": mean(0.4 + gap, 0.01), "mae": mean(0.4, 0.01)}} for h in (96, 192)}  # fmt: skip


#: A function that tells, two sets of figures, and a phrase of each.
TOLD = {
    "better": (forecasting_charts.against, (mean(-2.0, 1), "the network", "a line", "bikes", "bicycles"),
               (mean(2.0, 1), "the network", "a line", "bikes", "bicycles"), "errs less than a line", "errs more than"),
    "open": (forecasting_charts.against, (mean(-0.5, 1), "a", "b", "c", "d"), (mean(-1.5, 1), "a", "b", "c", "d"),
             "is not told apart from b", "errs less"),
    "won": (forecasting_charts.network_told, ({"x": mean(-2, 1), "y": mean(0, 1)}, "the network", "trees"),
            ({"x": mean(2, 1), "y": mean(0, 1)}, "the network", "trees"), "better than trees on x; not told apart on y.",
            "loses to trees on x; not told apart on y: here the simpler one will do."),
    "lost": (forecasting_charts.network_told, ({"x": mean(-2, 1), "y": mean(2, 1)}, "the network", "trees"),
             ({"x": mean(0, 1)}, "the network", "trees"), "it loses on y", "not told apart on x: here the simpler"),
    "floor": (forecasting_charts.floor_told, (electric(-0.01), "network", "closed form"), (electric(0.004), "network", "closed form"),
              "network below that", "above by at most 0.005"),
    "above": (forecasting_charts.floor_told, (electric(0.02), "network", "closed form"), (electric(-0.02), "network", "closed form"),
              "above by more than 0.005", "below"),
    "published": (forecasting_charts.published_told, (electric(0.0), {"N": {96: 0.5, 192: 0.3}}, "network"),
                  (electric(0.0), {"N": {96: 0.3}}, "network"), "at 96 h, of 2", "no horizon, of 1"),
    "covered": (forecasting_charts.coverage_told, ({"x": mean(0.9, 0.01)}, "network"), ({"x": mean(0.8, 0.01)}, "network"),
                "within 88 to 92", "too few"),
    "too wide": (forecasting_charts.coverage_told, ({"x": mean(0.97, 0.01)}, "network"), ({"x": mean(0.9, 0.01)}, "network"),
                 "too many", "within"),
    "narrow": (forecasting_charts.narrower_told, ({"x": {"a": 1.0, "b": 2.0}}, "a", "b"), ({"x": {"a": 3.0, "b": 2.0}}, "a", "b"),
               "50 %", "150 %"),
    "saves": (forecasting_charts.money_told, (mean(50, 20), "network", "line", "USD", "a week"),
              (mean(-50, 20), "network", "line", "USD", "a week"), "less than the line", "more than the line"),
    "no money": (forecasting_charts.money_told, (mean(5, 20), "network", "line", "USD", "a week"),
                 (mean(50, 20), "network", "line", "USD", "a week"), "no difference in money", "less"),
    "order": (forecasting_charts.order_told, (mean(50, 5), mean(80, 5), 0.76, "USD"), (mean(80, 5), mean(50, 5), 0.76, "USD"),
              "saves", "costs"),
    "seeds": (forecasting_charts.seeds_told, ({96: [0.4, 0.42]}, {96: 0.39}), ({96: [0.4, 0.42]}, {96: 0.41}), "below each", "not below"),
    "walk": (forecasting_charts.walk_told, ({"line": mean(0.01, 0.02), "trees": mean(0.05, 0.02)}, "USD"),
             ({"line": mean(-0.05, 0.02), "trees": mean(0.0, 0.02)}, "USD"), "Worse than the last price: trees", "beaten by line"),
    "one seed": (forecasting_charts.seeds_told, ({96: [0.4]}, {96: 0.4}), ({96: [0.5, 0.6]}, {96: 0.4}), "one training", "2 trainings"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_a_sentence_follows_its_figures(name):
    tell, first, second, phrase, other = TOLD[name]
    told = [plain("\n".join(found) if isinstance(found, list) else found) for found in (tell(*first), tell(*second))]
    assert phrase in told[0] and other in told[1] and told[0] != told[1]


def test_tables_and_drawings_hold_what_they_are_given():
    published = {"NLinear": {96: 0.374}}
    table = forecasting_charts.electric_table(electric(0.0), published, True)
    assert "published: NLinear" in plain(table)
    assert "NLinear" not in plain(forecasting_charts.electric_table(electric(0.0), published, False))
    drawn = forecasting_charts.electric_drawn(electric(0.0), published, True, "Caption.", "x")
    assert "published NLinear 0.374" in str(drawn)
    found = {
        "bikes": {
            "network": {
                "error": mean(30.0, 2),
                "pinball": mean(9.0, 1),
                "coverage": mean(0.9, 0.01),
                "width": 120.0,
                "unit": "bicycles",
            }
        }
    }
    assert "30.0 (28.0 to 32.0)" in plain(forecasting_charts.errors_table(found))
    priced = [{"way": "last season", "cost": mean(100, 5), "missing": mean(60, 5), "too_many": mean(40, 5), "saved": None},
              {"way": "network", "cost": mean(80, 5), "missing": mean(50, 5), "too_many": mean(30, 5), "saved": mean(20, 3)}]  # fmt: skip
    assert "network" in plain(forecasting_charts.money_table(priced, "USD", "Caption."))
    one = {
        "title": "t",
        "unit": "u",
        "past": np.ones(5),
        "truth": np.array([1.0, 5.0]),
        "low": np.zeros(2),
        "middle": np.ones(2),
        "high": 2 * np.ones(2),
    }
    assert "50 % of what came" in plain(str(forecasting_charts.fan_drawn([one], "Caption.", "y")))
    ahead = {"last season": np.arange(8) / 100, "trees": np.arange(8) / 50}
    shown = plain(forecasting_charts.prices_table(ahead, "USD", 32, 10))
    assert "last price" in shown and "0.140" in shown and "10 paths" in shown
    assert [forecasting_charts.digits_of({"error": mean(size, 0)}) for size in (2000, 30, 0.1)] == [0, 1, 3]
    levels = {"bikes": {0.05: 0.06, 0.95: 0.93}}
    assert "95 % stated 93 % reached" in plain(str(forecasting_charts.levels_drawn(levels, levels, "Caption.", "z")))
    rows = [
        {
            "what": "bikes",
            "series": 1,
            "measured": 1.0,
            "sees": 336,
            "foretells": 24,
            "in training": 9,
            "in validation": 9,
            "in the test": 9,
        }
    ]
    assert isinstance(forecasting_charts.tasks_table(rows), render.Html)


# ------------------------------------------------------------------ the recorded run


def test_the_recorded_run_stays_near_the_line_and_its_intervals_hold_what_they_promise():
    record = results.recorded("forecasting")
    assert record.profile == "full" and not any(data["stand_in"] for data in record.data)
    for horizon in (96, 192, 336, 720):
        line, network = (record[f"etth1_{horizon}_{way}_mse"].value for way in ("line", "network"))
        assert network <= line + 0.01
        assert line < record[f"etth1_{horizon}_naive_mse"].value
    assert record["etth1_96_line_mse"].value == pytest.approx(0.370, abs=0.003)  # as measured elsewhere on this file
    assert len(record.tables["cost_by_week"]) == 32
