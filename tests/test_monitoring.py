"""Watching a model in use: alarms against figures worked by hand and another library, policies step by step, later months."""

from __future__ import annotations

import csv
import io
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lepton_nb import hard_scenes, monitoring, vintages
from lepton_nb.client.schema.metric_rows import Monitoring
from lepton_nb.datasets.credit_card_default import made_customers
from lepton_nb.page import monitoring_charts, words
from lepton_nb.valuation.performance import wilson_interval

DRAW = np.random.default_rng


# ---------------------------------------------------------------- pictures


def pictures(channels: int = 3, side: int = 32) -> np.ndarray:
    return DRAW(0).integers(0, 256, (4, side, side, channels)).astype(np.uint8)


@pytest.mark.parametrize("kind", hard_scenes.KINDS)
@pytest.mark.parametrize(("channels", "side"), [(3, 32), (1, 64)])
def test_each_strength_takes_a_picture_further_from_itself(kind, channels, side):
    plain = np.repeat(
        np.repeat(pictures(channels, side // 8), 8, axis=1), 8, axis=2
    )  # even fields, which JPEG can spoil
    apart = [
        np.abs(hard_scenes.spoilt(plain, kind, step) - plain.astype(float)).mean() for step in hard_scenes.STRENGTHS
    ]
    assert all(np.diff(apart) > 0) and apart[0] > 0
    found = hard_scenes.spoilt(plain, kind, 5)
    assert found.shape == plain.shape and found.dtype == np.uint8


def test_harm_is_what_it_says():
    plain = pictures()
    noise = hard_scenes.spoilt(np.full((8, 32, 32, 3), 128, np.uint8), "noise", 3).astype(float) - 128
    assert noise.std() == pytest.approx(255 * 0.08, rel=0.02)
    dull = hard_scenes.spoilt(plain, "contrast", 2).astype(float)
    mean = plain.mean(axis=(1, 2), keepdims=True)
    assert np.abs(dull - (mean + (plain - mean) / 2)).max() <= 0.5
    even = np.full((1, 32, 32, 1), 77, np.uint8)
    assert (hard_scenes.spoilt(even, "blur", 5) == 77).all()
    assert (hard_scenes.spoilt(plain, "noise", 1, seed=1) != hard_scenes.spoilt(plain, "noise", 1, seed=2)).any()


@pytest.mark.parametrize(
    ("images", "kind", "strength", "said"),
    [
        (pictures(), "fog", 1, "kind must be one of noise"),
        (pictures(), "noise", 6, "strength 1 to 5"),
        (pictures().astype(float), "noise", 1, "uint8"),
        (pictures(2), "blur", 1, "1 or 3"),
    ],
)
def test_other_pictures_and_harms_are_refused(images, kind, strength, said):
    with pytest.raises(ValueError, match=said):
        hard_scenes.spoilt(images, kind, strength)


# ---------------------------------------------------------------- alarms


def test_holm_and_benjamini_hochberg_agree_with_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = DRAW(3).random(25) ** 2
    assert monitoring.holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert monitoring.holm([0.2]).tolist() == [0.2]
    found = monitoring.Moves({"a": 0.0}, dict(zip(map(str, range(25)), p, strict=True)))
    for level in (0.01, 0.2, 0.6):
        rung = monitoring.rings(found, level)
        assert rung[monitoring.KS_BH] == multipletests(p, level, method="fdr_bh")[0].any()
        assert rung[monitoring.KS_HOLM] == multipletests(p, level, method="holm")[0].any()


def test_the_index_of_a_month_is_worked_by_hand():
    reference = monitoring.Reference.of({"a": np.arange(8.0), "one": np.ones(8)}, bins=2)
    assert reference.counts["a"].tolist() == [4, 4]
    found = monitoring.moves(reference, {"a": np.array([0.0, 7, 7, 7]), "one": np.ones(4)})
    assert found.psi["a"] == pytest.approx((0.25 - 0.5) * np.log(0.25 / 0.5) + (0.75 - 0.5) * np.log(0.75 / 0.5))
    assert found.psi["one"] == 0 and found.p["one"] == 1  # a column that never varies moves nowhere
    assert monitoring.rings(found, 0.05)[monitoring.PSI_ACT]


def test_the_index_by_chance_is_what_months_without_a_change_have_in_the_mean():
    draw = DRAW(1)
    seen = []
    for _ in range(300):
        reference = monitoring.Reference.of({"a": draw.normal(size=3000)})
        month = draw.normal(size=200)
        counts = np.bincount(np.searchsorted(reference.cuts["a"], month), minlength=10)
        shares = counts / 200, reference.counts["a"] / 3000
        seen.append(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))
    assert np.mean(seen) == pytest.approx(monitoring.index_by_chance(10, 3000, 200), rel=0.08)


def test_a_correction_for_many_tests_keeps_false_alarms_at_the_level():
    draw = DRAW(2)
    rung = {name: [] for name in monitoring.RULES}
    for _ in range(60):
        columns = {str(place): draw.normal(size=1001) for place in range(10)}
        month = {name: draw.normal(size=150) for name in columns}
        for name, loud in monitoring.rings(monitoring.moves(monitoring.Reference.of(columns), month), 0.05).items():
            rung[name].append(loud)
    share = {name: np.mean(loud) for name, loud in rung.items()}
    assert share[monitoring.KS_EACH] > 0.2 and share[monitoring.PSI_WATCH] > 0.2
    assert share[monitoring.KS_HOLM] <= share[monitoring.KS_BH] <= 0.15


@pytest.mark.parametrize(
    ("rung", "rate", "seen", "median"),
    [
        ([[0, 0], [0, 0]], 0.0, 0.0, None),
        ([[1, 0], [0, 1]], 0.5, 1.0, 1.5),
        ([[0, 1], [0, 0], [0, 0]], 1 / 6, 1 / 3, None),
        ([[0, 0, 1], [1, 1, 1], [0, 1, 0]], 5 / 9, 1.0, 2.0),
    ],
)
def test_rate_and_delay_are_counted(rung, rate, seen, median):
    found = monitoring.watched(np.array(rung, bool))
    assert (found.rate.value, found.seen.value, found.median) == (pytest.approx(rate), pytest.approx(seen), median)


# ---------------------------------------------------------------- costs, estimates, policies


def test_costs_as_expected_are_those_of_labels_drawn_from_the_chances():
    chance, flagged = np.array([0.1, 0.6, 0.3]), np.array([0, 1, 1])
    assert monitoring.costs([1, 0, 1], flagged, 100, 10).tolist() == [100, 10, 0]
    expected = monitoring.expected_cost(chance, flagged, 100, 10)
    assert expected.value == pytest.approx((10 + 4 + 7) / 3)
    spread = np.sqrt(0.09 * 100**2 + 0.24 * 100 + 0.21 * 100) / 3
    assert expected.high - expected.value == pytest.approx(1.6449 * spread, rel=1e-4)
    draw = DRAW(0).random((20_000, 3)) < chance
    assert np.mean([monitoring.costs(y, flagged, 100, 10).mean() for y in draw]) == pytest.approx(
        expected.value, rel=0.03
    )


@pytest.mark.parametrize(
    ("days", "reference", "rings"),
    [
        ([9.0, 10, 11, 10], [1.0, 2, 1, 2], True),
        ([1.0, 2, 1, 2], [9.0, 10, 11, 10], False),  # cheaper days are no alarm
        ([5.0], [1.0, 2], False),
        ([3.0, 3], [3.0, 3], False),
        ([4.0, 4], [3.0, 3], True),
    ],
)
def test_days_that_cost_more_ring(days, reference, rings):
    assert monitoring.dearer(np.array(days), np.array(reference), 0.01) is rings


def months_of(count: int, turn: int):
    """So many months of ten days; from month ``turn`` on what was right is wrong."""
    months = np.repeat(np.datetime64("2020-01") + np.arange(count), 10)
    times = months.astype("datetime64[D]") + np.tile(np.arange(10), count)
    x = pd.DataFrame({"a": np.tile([0, 1], 5 * count)})
    return x, np.where(np.arange(len(x)) // 10 < turn, x["a"], 1 - x["a"]), times


def of_latest(x, y):
    """Learns whether a says yes or no, by the last ten rows that it is given."""

    def learn(rows):
        right = np.mean(x["a"].to_numpy()[rows][-10:] == y[rows][-10:])
        learnt.append(rows)
        return monitoring.Model(
            lambda some: np.where(right > 0.5, some["a"], 1 - some["a"]), 0.5, np.array([0.0, 0.1, 0.0])
        )

    learnt = []
    return learn, learnt


def test_policies_train_when_they_say_and_not_before():
    x, y, times = months_of(8, turn=4)
    run = {}
    for name, options in {"never": {}, "yearly": {"every": 3}, "alarm": {"level": 0.01}}.items():
        learn, learnt = of_latest(x, y)
        run[name] = monitoring.in_use(name, x, y, times, learn, 2, miss=3, alarm=1, **options), learnt
    never, yearly, alarm = (run[name][0] for name in run)
    assert never.trained == () and never.cost.reshape(6, 10).mean(axis=1).tolist() == [0, 0, 2, 2, 2, 2]
    assert yearly.trained == ("2020-06",) and yearly.cost.reshape(6, 10).mean(axis=1).tolist() == [0, 0, 2, 0, 0, 0]
    assert alarm.rung == ("2020-05",) and alarm.trained == ("2020-06",)  # the month after the one that rang
    assert [len(rows) for rows in run["yearly"][1]] == [20, 50]  # all months until then
    learn, learnt = of_latest(x, y)
    monitoring.in_use("latest", x, y, times, learn, 2, every=3, forget=True)
    assert [rows.tolist() for rows in learnt] == [list(range(20)), list(range(30, 50))]  # the last two months alone
    gain = monitoring.saved(alarm, never, price=12.0, block=10)
    assert gain.value == pytest.approx(1000 * (3 * 20 - 12) / 60)  # three months saved, one training paid
    assert monitoring.worth_of_training(alarm, never, block=10).value == pytest.approx(60)
    assert monitoring.worth_of_training(never, never) is None


def test_a_gap_in_the_months_counts_for_the_calendar():
    x, y, times = months_of(5, turn=9)
    times = np.where(np.arange(len(times)) < 30, times, times + np.timedelta64(366, "D"))
    learn, _ = of_latest(x, y)
    assert monitoring.in_use("y", x, y, times, learn, 2, every=12).trained == ("2021-04",)
    with pytest.raises(ValueError, match="memory must leave months"):
        monitoring.in_use("y", x, y, times, learn, 5)


# ---------------------------------------------------------------- later months


def test_customers_come_once_a_month_with_what_was_known_the_month_before():
    cards = made_customers()
    table = vintages.credit_months(cards)
    n = len(cards["AGE"])
    assert {len(values) for values in table.values()} == {4 * n}
    september = table["day"] == "2005-09-01"
    assert (table["late"][september] == (cards["PAY_0"] >= 2)).all()
    assert (table["delay"][september] == cards["PAY_2"]).all() and (
        table["bill_before"][september] == cards["BILL_AMT3"]
    ).all()
    june = table["day"] == "2005-06-01"
    assert (table["late"][june] == (cards["PAY_4"] >= 2)).all() and (table["paid"][june] == cards["PAY_AMT5"]).all()
    assert not {"SEX", "EDUCATION", "MARRIAGE"} & set(table)


def test_hours_are_counted_once_and_last_week_skips_what_is_lost():
    start = np.datetime64("2020-01-06T08", "h")
    weeks = [start + np.timedelta64(168 * week, "h") for week in (0, 1, 3)]  # the third week is lost
    texts = [str(when).replace("T", " ") + ":00:00" for when in (weeks[0], weeks[0], *weeks[1:])]
    found = vintages.traffic_hours(
        {"date_time": np.array(texts), "traffic_volume": np.array([900, 900, 100, 900]),
         "holiday": np.array(["None", "None", "None", "None"])}, 500,
    )  # fmt: skip
    assert found["busy"].tolist() == [1, 0, 1] and found["last_week"].tolist() == [0, 1, 0]
    assert found["weekday"].tolist() == [0, 0, 0] and found["hour"].tolist() == [8, 8, 8] and found["free"].sum() == 0


def test_rows_for_a_clients_folder_are_read_by_its_own_rules():
    rows = [{"asset_id": "T1", "period": "2016-07", "metric": "recall", "value": 2 / 3, "n": 30, "baseline_value": 0.5},
            {"asset_id": "T1", "period": "2016-08", "metric": "recall", "value": 0.5, "n": 4, "baseline_value": None}]  # fmt: skip
    told = list(csv.DictReader(io.StringIO(monitoring.as_csv(rows))))
    read = [
        Monitoring(
            **{name: value or None for name, value in row.items()}
            | {"period": date.fromisoformat(f"{row['period']}-01")}
        )
        for row in told
    ]
    assert [one.value for one in read] == [0.666667, 0.5] and [one.n for one in read] == [30, 4]
    assert read[0].baseline_value == 0.5 and read[1].baseline_value is None
    assert monitoring.a_month(0.0) == 0 and 1 - (1 - monitoring.a_month(0.6)) ** 12 == pytest.approx(-np.expm1(-0.6))


# ---------------------------------------------------------------- what the page says


def mean(value: float, half: float = 1.0):
    return SimpleNamespace(value=value, low=value - half, high=value + half, n=50)


def scene(strength: int, lost: float, gap: float, harm: str = "noise"):
    return {
        "set": "tiles",
        "harm": harm,
        "strength": strength,
        "right": mean(0.7, 0.1),
        "lost": mean(lost),
        "gap": mean(gap),
        "sure": 0.7,
    }


def seen(rate: int, runs: int, median: float | None):
    return SimpleNamespace(rate=wilson_interval(rate, 100), seen=wilson_interval(runs, 10), median=median, months=10)


def alarms(calm: int, world: int):
    return {(200, "KS", "none"): seen(calm, 1, None), (200, "KS", "world"): seen(world, 9, 1.0)}


def policy(trained: int, gain: float):
    used = SimpleNamespace(trained=("2020-01",) * trained, rung=())
    return [{"name": "old", "policy": None, "cost": mean(10), "saved": None, "at_most": None},
            {"name": "yearly", "policy": used, "cost": mean(gain + 20), "saved": mean(gain), "at_most": None}]  # fmt: skip


def estimates(guess: float):
    return [{"what": "credit", "when": "2005-09", "estimated": mean(guess), "measured": mean(0.0)}]


TOLD = {
    "harm": (monitoring_charts.scenes_told, ([scene(0, 0, 0), scene(5, -9, 0)],), ([scene(0, 0, 0), scene(5, 0.2, 0)],), "noise costs most", "no harm is shown"),
    "sure": (monitoring_charts.sure_told, ([scene(0, 0, 0), scene(5, -9, 8)],), ([scene(0, 0, 0), scene(5, -9, -8)],), "too much at 1", "too little at 1"),
    "simple": (monitoring_charts.simple_told, ({"blur": (mean(0.5), mean(0.4), mean(5))},), ({"blur": (mean(0.5), mean(0.6), mean(-5))},), "is ahead", "is behind"),
    "false": (monitoring_charts.false_told, (alarms(40, 90), "none", 0.05), (alarms(5, 90), "none", 0.05), "ring KS (40 %)", "stated ring none"),
    "blind": (monitoring_charts.blind_told, (alarms(5, 90), ("none", "world")), (alarms(5, 8), ("none", "world")), "by KS (month 1)", "no alarm shows it"),
    "estimates": (monitoring_charts.unlabelled_told, (estimates(5),), (estimates(0.5),), "too much was promised in 2005-09", "meet in 1 of 1"),
    "too little": (monitoring_charts.unlabelled_told, (estimates(-5),), (estimates(5),), "too little in 2005-09", "too much"),
    "policies": (monitoring_charts.policies_told, (policy(2, 5), 9.0, "EUR"), (policy(2, -5), 9.0, "EUR"), "saves money", "loses money"),
    "no training": (monitoring_charts.policies_told, (policy(0, 0), 9.0, "EUR"), (policy(1, 0), 9.0, "EUR"), "the same as never", "not told apart"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_a_sentence_follows_its_figures(name):
    tell, first, second, phrase, other = TOLD[name]
    told = ["\n".join(tell(*given)).replace(words.THIN, " ") for given in (first, second)]
    assert phrase in told[0] and other in told[1] and told[0] != told[1]


def test_tables_stand_what_is_missing():
    assert "No rate lies far enough inside" in monitoring_charts.powers_table([], "x")._repr_html_()
    found = monitoring_charts.decays_table({"a": (None, None)}, "x")
    assert words.MISSING in found._repr_html_()
    assert "do not tell" in monitoring_charts.decay_told({"a": (None, None)})[0]
