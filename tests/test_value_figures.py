"""Single figures that pages take from the value layer: each is held against another way to it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from test_value_model import asset, benefit, cost, evaluation, linked, make, plan_of, spent

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.page import summary_tables
from lepton_nb.page.words import Money
from lepton_nb.value_model import World, approaches, books, decay, information, records, stages, worlds
from lepton_nb.value_model.gains import gain_per_case
from lepton_nb.value_model.line_values import group_values

CLIENTS = Path(__file__).resolve().parent.parent / "clients"
ACCEPTED = [
    {"asset_id": "M1", "evaluated_on": date(2025, 6, 30), "n": 50, "accepted_without_edit": 40, "unit": "drafts"}
]


@pytest.fixture(scope="module", params=["manufacturer", "bank"])
def plan(request):
    return value_model.plan(clients.load(CLIENTS / request.param))


# ---------------------------------------------------------------- from when a benefit decays


@pytest.mark.parametrize(
    ("in_use_from", "valued", "begins"),
    [
        (2027, "2025-12-31", date(2026, 12, 31)),  # the start of the first year in use is the later
        (2025, "2026-06-30", date(2026, 6, 30)),  # the valuation date is the later
        (2026, "2025-12-31", date(2025, 12, 31)),
    ],
)
def test_without_an_evaluation_decay_begins_at_the_later_of_valuation_and_first_year_in_use(
    in_use_from, valued, begins
):
    rows = [benefit(year, 100, adoption=float(year >= in_use_from)) for year in range(2025, 2029)]
    lines = plan_of([asset(half_life_years=1.0)], rows, valuation={"date": valued}).benefits
    assert {line.begins for line in lines} == {begins}


def test_with_an_evaluation_decay_begins_on_its_day():
    rows = [benefit(2027, 100, metric_link="acceptance:M1")]
    (line,) = plan_of(benefits=rows, acceptance=ACCEPTED).benefits
    assert line.begins == date(2025, 6, 30)


def test_a_model_is_trained_anew_counted_from_its_own_last_test_and_not_from_another_models():
    counted = [row | {"asset_id": name, "evaluated_on": day} for row in ACCEPTED for name, day in
               (("M1", date(2025, 3, 31)), ("M2", date(2025, 11, 30)))]  # fmt: skip
    made = [asset(half_life_years=1, retrain_every_months=12, retrain_cost=10), asset("M2")]
    rows = [benefit(year, 100, name, metric_link=f"acceptance:{name}")
            for name in ("M1", "M2") for year in (2026, 2027, 2028)]  # fmt: skip
    paid = plan_of(made, rows, acceptance=counted).costs
    assert [(line.asset_id, line.date) for line in paid if line.category == "retraining"] == [
        ("M1", date(year, 3, 31)) for year in (2026, 2027, 2028)
    ]


def test_without_a_test_trainings_are_counted_from_first_use_or_from_the_valuation_date_if_that_is_later():
    for used, begins in (("2025-03-31", date(2025, 12, 31)), ("2026-03-31", date(2026, 3, 31))):
        made = [asset(in_service_date=used, retrain_every_months=12, retrain_cost=10)]
        plan = plan_of(made, [benefit(year, 100) for year in (2026, 2027, 2028)])
        days = [line.date for line in plan.costs if line.category == "retraining"]
        assert days[0] == date(begins.year + 1, begins.month, begins.day)


def test_what_a_life_cuts_off_a_running_cost_is_listed_with_its_days_and_its_money():
    costs = [cost(None, 365, year=2026), cost(None, 365, year=2027), cost("2027-03-31", 50)]
    plan = plan_of([asset(useful_life_years=0.5)], [benefit(2026, 9000)], costs, rate=0.0)
    end = plan.ends["M1"]
    days = (end - date(2025, 12, 31)).days
    (line,) = plan.costs
    assert line.share == pytest.approx(days / 365) and 180 < days < 185
    told = {(row.what, row.when): row.amount for row in plan.left_out if "cost" in row.what}
    assert told["part of operation cost labour", f"after {end}"] == pytest.approx(365 - days)
    assert [what for what, _ in told].count("operation cost labour") == len(told) - 1 == 2
    assert {when for what, when in told if what == "operation cost labour"} == {"2027-12-31", "2027-03-31"}


# ---------------------------------------------------------------- the ends of the assumptions


def test_an_acceptance_share_is_moved_to_the_5_and_95_percent_points_of_its_counts():
    plan = plan_of(benefits=[benefit(2026, 100, metric_link="acceptance:M1")], acceptance=ACCEPTED, rate=0.0)
    (move,) = [one for one in worlds.assumptions(plan) if one.name == "M1.acceptance"]
    posterior = stats.beta(40.5, 10.5)
    for world, words, share in ((move.low, move.low_words, 0.05), (move.high, move.high_words, 0.95)):
        assert float(value_model.evaluate(plan, world).total) == pytest.approx(100 * posterior.ppf(share))
        assert words == f"{posterior.ppf(share):.4g}"


def test_an_assumption_moves_only_the_groups_that_it_touches():
    """The gain of a test set moves those whose benefit rests on it, and nobody else's."""
    made = [asset("M1"), asset("M2", in_service_date="2025-06-30")]
    rows = [linked(2026), benefit(2026, (50, 100, 200), "M2")]
    plan = plan_of(made, rows, evaluations=[evaluation()], rate=0.0)
    moves = {move.name: move for move in worlds.assumptions(plan)}
    assert moves["E1"].assets == {"M1"} and moves["M2.saving.unit_value"].assets == {"M2"}
    base = value_model.evaluate(plan).groups
    for name, group, still in (("E1", "M1", "M2"), ("M2.saving.unit_value", "M2", "M1")):
        low, high = (value_model.evaluate(plan, world).groups for world in (moves[name].low, moves[name].high))
        assert float(low[group]) < float(base[group]) < float(high[group])
        assert float(low[still]) == float(base[still]) == float(high[still])


def test_a_decay_is_moved_to_the_ends_of_its_interval_the_fastest_first():
    rows = [
        {"asset_id": "M1", "period": f"2025-{month:02d}", "metric": "recall", "value": value, "n": 2000}
        for month, value in ((1, 0.8), (4, 0.77), (7, 0.75), (10, 0.72))
    ]
    plan = plan_of(benefits=[linked(2027)], evaluations=[evaluation()], monitoring=rows, rate=0.0)
    (move,) = [one for one in worlds.assumptions(plan) if one.name == "M1.decay"]
    drawn = plan.decays["M1"].drawn
    for world, words, rate in ((move.low, move.low_words, drawn.high), (move.high, move.high_words, drawn.low)):
        left = _mean_left(np.log(2) / rate, 1, 2)
        assert float(value_model.evaluate(plan, world).total) == pytest.approx(1000 * 0.78 * left)
        assert words == f"{np.log(2) / rate:.4g}"
    assert (move.label, move.unit) == ("half-life of the gain of M1", "years") and drawn.low < drawn.high


def test_success_is_moved_to_failure_and_to_success_and_the_rate_by_a_point():
    plan = plan_of([asset(p_technical_success=0.6)], [benefit(2026, 110)])
    moves = {move.name: move for move in worlds.assumptions(plan)}
    low, high = (float(value_model.evaluate(plan, moves["M1.success"].ends[at]).total) for at in (-1, 1))
    assert (low, high) == pytest.approx((0, 100)) and moves["M1.success"].low_words == "fails"
    less, more = (float(value_model.evaluate(plan, moves["rate"].ends[at]).total) for at in (-1, 1))
    assert (less, more) == pytest.approx((66 / 1.09, 66 / 1.11))
    assert (moves["rate"].low_words, moves["rate"].high_words) == ("−1", "+1")


# ---------------------------------------------------------------- the register of inputs


def test_the_register_gives_a_drivers_mean_of_the_years_within_its_least_and_most():
    rows = [benefit(2026, (10, 20, 30)), benefit(2027, (40, 60, 90)), benefit(2028, (5, 10, 120))]
    found = {row.input: row for row in value_model.register(plan_of(benefits=rows))}
    row = found["unit value: saving"]
    assert (row.low, row.likely, row.high) == (5, 30, 120)
    assert (found["attribution: saving"].likely, found["volume: saving"].likely) == (1, 1)


def test_the_register_of_a_single_year_is_that_year():
    rows = [benefit(2026, (10, 20, 30), adoption=0.5), benefit(2026, 7, driver_id="other", unit="tonnes")]
    found = {row.input: row for row in value_model.register(plan_of(benefits=rows, costs=[cost("2026-06-30", 5)]))}
    row = found["unit value: saving"]
    assert (row.low, row.likely, row.high, row.unit, row.source) == (10, 20, 30, "EUR a unit", "benefits.csv")
    assert (found["volume: saving"].unit, found["volume: other"].unit) == ("plants", "tonnes")
    assert (found["adoption: saving"].likely, found["attribution: saving"].likely) == (0.5, 1)
    paid = found["operation cost: labour"]
    assert (paid.likely, paid.unit, paid.asset) == (5, "EUR a payment", "M1")
    assert (found["cost of capital"].likely, found["tax rate"].likely) == (0.1, 0)
    assert (found["useful life"].likely, found["useful life"].source) == (20, "technical")


def test_months_are_counted_in_years_from_the_first_that_was_monitored():
    rows = [
        {"asset_id": "M1", "period": month, "metric": "recall", "value": 0.8, "n": 100}
        for month in ("2025-04", "2024-10", "2025-10")
    ]
    (series,) = decay.monitored(make(monitoring=rows))
    assert series.years == (0, 0.5, 1) and series.months == ("2024-10", "2025-04", "2025-10")


def monitored(**metrics):
    """Months of these metrics, n = 1,000,000, with a test set behind them."""
    rows = [
        {"asset_id": "M1", "period": f"2025-{1 + 3 * place:02d}", "metric": metric, "value": value, "n": 10**6}
        for metric, values in metrics.items()
        for place, value in enumerate(values)
    ]
    return decay.monitored(make(benefits=[linked(2026)], evaluations=[evaluation()], monitoring=rows))


def test_two_months_of_hits_and_alarms_are_enough_to_read_money_and_one_is_not():
    first, *_ = monitored(recall=(0.8, 0.7), false_alarm_rate=(0.12, 0.12))
    assert first.what == "money" and first.values == pytest.approx(
        [0.25 * 10 * (recall - 0.48) - 0.75 * (0.12 - 7 / 75) for recall in (0.8, 0.7)]
    )
    assert first.ns == (10**6, 10**6) and first.floor is None and first.shown
    assert {item.what for item in monitored(recall=(0.8, 0.7), false_alarm_rate=(0.12,))} == {"margin", "metric"}
    clear, *_ = monitored(recall=(0.8, 0.7), specificity=(0.88, 0.88))
    assert clear.values == pytest.approx(first.values) and clear.half_life == pytest.approx(first.half_life)


def test_a_decay_weighs_each_month_by_the_error_of_what_it_reads():
    """Money: the error of hits and of false alarms, and of the baseline's own rates; a metric: that of its scatter."""
    rows = [
        {"asset_id": "M1", "period": period, "metric": metric, "value": value, "n": n}
        for period, recall, alarm, n in (
            ("2025-01", 0.8, 0.10, 400),
            ("2025-07", 0.78, 0.14, 90),
            ("2026-01", 0.7, 0.13, 900),
        )
        for metric, value in (("recall", recall), ("false_alarm_rate", alarm))
    ]
    paid = {"tp": (2, 2, 2), "fp": (-3, -3, -3), "fn": (-10, -10, -10), "tn": (1, 1, 1)}
    money, recall, _ = decay.monitored(
        make(benefits=[linked(2026)], evaluations=[evaluation(outcome_value=paid)], monitoring=rows)
    )

    def error(share, n):
        near = (share * n + 0.5) / (n + 1)
        return near * (1 - near) / n

    hit, alarm = 0.25 * 12, 0.75 * -4
    months = [(0.8, 0.10, 400), (0.78, 0.14, 90), (0.7, 0.13, 900)]
    gains = [hit * (r - 0.48) + alarm * (a - 7 / 75) for r, a, _ in months]
    errors = [hit**2 * error(r, n) + alarm**2 * error(a, n) for r, a, n in months]
    shared = hit**2 * error(0.48, 25) + alarm**2 * error(7 / 75, 75)
    assert money.values == pytest.approx(gains)
    reach = stats.norm.ppf(0.95) * np.sqrt(errors)  # of the months, the baseline taken as known
    assert (np.array(money.lows), np.array(money.highs)) == (pytest.approx(gains - reach), pytest.approx(gains + reach))
    assert (money.rate, money.rates) == _close(decay.fitted((0, 0.5, 1), gains, errors, shared))
    margins, errors = [r - 0.48 for r, _, _ in months], [error(r, n) for r, _, n in months]
    assert (recall.rate, recall.rates) == _close(decay.fitted((0, 0.5, 1), margins, errors, error(0.48, 25)))
    (auc,) = monitored(auc=(0.9, 0.83, 0.8))
    rest = np.array([0.9, 0.83, 0.8]) - np.polyval(np.polyfit((0, 0.25, 0.5), (0.9, 0.83, 0.8), 1), (0, 0.25, 0.5))
    scatter = rest @ rest * (stats.t.ppf(0.95, 1) / stats.norm.ppf(0.95)) ** 2
    assert (auc.rate, auc.rates) == _close(decay.fitted((0, 0.25, 0.5), (0.4, 0.33, 0.3), [scatter] * 3))
    assert auc.lows == (None,) * 3 and recall.lows[0] < 0.8 < recall.highs[0]


def test_the_scatter_of_months_has_two_degrees_of_freedom_less_than_months():
    times, values = [0, 1, 2, 3, 4], [0.9, 0.91, 0.85, 0.86, 0.8]
    fit = stats.linregress(times, values)
    rest = np.asarray(values) - (fit.intercept + fit.slope * np.asarray(times))
    wider = (stats.t.ppf(0.95, 3) / stats.norm.ppf(0.95)) ** 2
    assert decay._scatter(times, values) == pytest.approx(rest @ rest / 3 * wider)


def _close(found):
    rate, ends = found
    return pytest.approx(rate, abs=1e-6), pytest.approx(ends, abs=1e-6)


def test_sentences_of_a_decay_say_what_fell():
    told = {item.metric: item.sentence for item in monitored(recall=(0.8, 0.7), false_alarm_rate=(0.12, 0.12))}
    assert told["gain in money"].startswith("A fall of the gain in money is shown: half-life ")
    assert told["recall"].startswith("A fall of the margin of recall over the baseline is shown: half-life ")
    (auc,) = monitored(auc=(0.9, 0.8, 0.7))
    assert auc.sentence.startswith("A fall of AUC ") and auc.floor == 0.5 and auc.what == "metric"
    assert "mapped to money" in auc.sentence and not any("mapped to money" in text for text in told.values())
    for name in ("AUC", "auroc", "roc_auc"):
        assert monitored(**{name: (0.9, 0.8, 0.7)})[0].half_life == pytest.approx(auc.half_life)
    assert monitored(f1=(0.9, 0.8, 0.7))[0].floor == 0 and monitored(bleu=(0.9, 0.8, 0.7))[0].half_life > auc.half_life
    (rises,) = monitored(recall=(0.6, 0.8))
    assert rises.sentence.startswith("The margin of recall over the baseline did not fall") and rises.half_life is None


def test_only_inputs_of_a_group_are_worth_learning_for_it():
    rows = [benefit(2026, (-300, 100, 300), name) for name in ("M1", "M2")]
    plan = plan_of([asset("M1"), asset("M2")], rows, rate=0.0)
    distribution = value_model.simulate(plan, draws=2048)
    for group in plan.groups:
        found = information.learning(plan, distribution, group, lambda value: f"{value:.0f}")
        assert [row.name for row in found.inputs] == [f"{group.name}.saving.unit_value"]


def test_the_share_of_an_assets_benefits_that_is_measured():
    rows = [benefit(2026, 0.25), benefit(2026, 0.75, driver_id="other", evidence="expert"), benefit(2026, 9, "M2")]
    plan = plan_of([asset("M1"), asset("M2"), asset("M3")], rows)
    assert [approaches.measured_share(plan, name) for name in ("M1", "M2", "M3")] == pytest.approx([0.25, 1, 0])


# ---------------------------------------------------------------- the right to refuse


def test_what_a_right_to_refuse_adds_is_measured_against_the_better_of_the_plan_and_nothing():
    known = {"asset_id": "M1", "group": "M1", "chance": 0.5, "volatility": 0.4, "rate": 0.05}
    for worth in (50.0, 150.0):  # a plan that loses, one that pays
        stage = stages.Stage(**known, worth=worth, payments=((1.0, 100.0),))
        rigid = worth - 100 / 1.05
        assert stage.rigid == pytest.approx(rigid)
        assert stage.option_value == pytest.approx(stage.flexible - (rigid if rigid > 0 else 0.0))
        assert 0 < stage.option_value < stage.flexible + 1e-9
        assert stage.after_success == 2 * worth
    assert stage.option_value < stage.flexible - 50


def test_only_years_without_a_benefit_are_noted_and_none_where_nothing_is_given():
    def years(*rows):
        return [note[24:28] for note in plan_of(benefits=rows).notes if note.startswith("No benefit is given for")]

    assert years(benefit(2026, 1), benefit(2028, 1)) == ["2027"] and years() == []


def test_weak_evidence_widens_what_a_test_set_leaves_open_and_not_what_it_counted():
    """The gain as counted, plus the grade's factor times how far other cells would move it (rule Evidence)."""
    plan = plan_of(benefits=[linked(2026, evidence="vendor")], evaluations=[evaluation()], rate=0.0)
    others = World(drawn={"E1.pairs": np.full(8, 1 / 8)})
    counted = float(value_model.evaluate(plan).total)
    drawn = float(gain_per_case(plan.client.evaluations[0], others))
    moved = float(value_model.evaluate(plan, others).total)
    assert counted == pytest.approx(780) and moved == pytest.approx(780 + 2 * (1000 * drawn - 780))


def test_what_is_noted_of_prices_and_of_whole_years_in_a_short_period():
    def noted(*costs, word, **named):
        return sum(word in note for note in plan_of(benefits=[benefit(2026, 900)], costs=costs, **named).notes)

    for prices, count in (("real", 1), ("nominal", 0)):
        given = make(valuation={"price_basis": prices})
        given = given.model_copy(update={"discount": given.discount.model_copy(update={"rate_basis": prices})})
        assert sum("Prices are real" in note for note in value_model.plan(given).notes) == count
    half = {"valuation": {"date": "2026-06-30"} | KEPT}
    twice = [cost("2026-12-31", 40), cost("2027-12-31", 40)]
    assert noted(*twice, word="equals that of the year after", **half) == 1
    other = [cost("2026-12-31", 40), cost("2027-12-31", 41)]
    early = [cost("2026-11-30", 40), cost("2027-12-31", 40)]
    built = [one | {"phase": "development"} for one in twice]
    for costs in (other, early, built):
        assert noted(*costs, word="equals that of the year after", **half) == 0
    assert noted(*twice, word="equals that of the year after", valuation=KEPT) == 0  # a whole first year


KEPT = {"loss_years": "run", "loss_years_reason": "the test looks at costs alone"}


# ---------------------------------------------------------------- verdict


@pytest.mark.parametrize(
    ("below", "bound"),
    [
        (0.005, "at most 1 %"),
        (0.05, "at most 10 %"),
        (0.4, "at most 50 %"),
        (0.6, "above 50 %"),
        (0.5, "at most 50 %, by so little that it is a coin toss"),
        (0.507, "above 50 %, by so little that it is a coin toss"),
    ],
)
def test_a_verdict_says_the_limit_that_it_keeps(below, bound):
    assert value_model.verdict(below).reason == f"P(value < 0) is {bound}"


def test_the_total_is_that_of_the_groups_that_count_draw_by_draw():
    assets = [asset("M1"), asset("M2"), asset("M3", legal_control="unclear")]
    rows = [benefit(2026, (low, 100, 190), name) for name, low in (("M1", -90), ("M2", 40), ("M3", 10))]
    found = value_model.conclude(plan_of(assets, rows, rate=0.0), 2048)
    draws = [np.asarray(found.distribution.groups[name].values) for name in ("M1", "M2")]
    together = sum(draws)
    assert [item.name for item in found.left_out] == ["M3"] and found.left_out[0].verdict.word == "withheld"
    assert found.value == pytest.approx(together.mean()) and found.most_likely == pytest.approx(200)
    assert found.interval == pytest.approx(tuple(np.quantile(together, (0.05, 0.95))))
    assert found.below_zero == (together < 0).mean() and found.distribution.draws == 2048
    for item, values in zip(found.groups, draws, strict=False):
        assert item.value == pytest.approx(values.mean()) and item.below_zero == (values < 0).mean()
        assert item.interval == pytest.approx(tuple(np.quantile(values, (0.05, 0.95)))) and item.counts
    assert found.asset_values == pytest.approx({"M1": found.groups[0].value, "M2": found.groups[1].value})
    assert found.group("M2") is found.groups[1]


def test_draws_and_seed_are_the_clients_unless_given():
    plan = plan_of(benefits=[benefit(2026, (0, 100, 200))])  # 1,000 draws, seed 7
    assert plan.client.monte_carlo.draws == 1000
    for found in (value_model.conclude(plan), books.worths(plan).conclusion):
        drawn = found.distribution
        assert drawn.draws == value_model.simulate(plan).draws >= 1000 and drawn.seed == 7
    assert value_model.simulate(plan, 512).draws == 512 and value_model.simulate(plan, seed=0).seed == 0
    own, other = (value_model.simulate(plan, seed=seed).total.values for seed in (7, 8))
    assert np.array_equal(own, value_model.simulate(plan).total.values) and not np.array_equal(own, other)


def test_the_lines_give_the_value_of_what_may_fail_and_is_written_off():
    """What was spent and what is planned before success counts for tax times the chance; benefits and running too."""
    made = [
        asset(
            in_service_date=None, lifecycle_stage="algorithm_development", p_technical_success=0.6, useful_life_years=4
        )
    ]
    rows = [benefit(year, 400) for year in (2026, 2027, 2028)]
    costs = [spent("2025-06-30", 300), cost("2026-03-31", 100, phase="development"), cost("2027-06-30", 20)]
    plan = plan_of(made, rows, costs, tax=0.3)
    lines = value_model.line_tables(plan)
    assert sum(row.capitalised * row.share for row in lines.amortisation) == pytest.approx(
        0.6 * 300 * 34 / 48
    )  # from March 2026
    assert group_values(lines) == pytest.approx({"M1": float(value_model.evaluate(plan).total)})


# ---------------------------------------------------------------- one quantity, one figure


def test_the_half_life_is_one_on_every_page(plan):
    """Value (record and register), what is monitored, workbook: one figure and one interval."""
    bars = dict.fromkeys([*(group.name for group in plan.groups), "total"], ())
    written = records.tables(value_model.conclude(plan), bars)
    recorded = {row["asset"]: row for row in written["decays"]}
    registered = {row.asset: row for row in value_model.register(plan) if row.input == "half-life of the gain"}
    lines = {(row["asset"], row["half_life"]) for row in written["benefits"]}
    assert recorded and lines == {(name, row["half_life"]) for name, row in recorded.items()}
    for name, row in recorded.items():
        series = [item for item in decay.monitored(plan.client, name) if item.what != "metric" and item.rates]
        first = series[0] if series else None
        assert row["measured"] == (first and first.half_life)
        assert (row["fastest"], row["slowest"]) == ((first.fastest, first.slowest) if first else (None, None))
        if row["half_life"] is not None:
            told = registered[name]
            assert (told.likely, told.low, told.high) == (row["half_life"], row["fastest"], row["slowest"])


def test_the_share_that_rests_on_experts_and_vendors_is_that_of_the_lines(plan):
    """The finding of the value page against the lines that the workbook shows."""
    lines = value_model.line_tables(plan)
    rates, times = {row.group: row.rate for row in lines.groups}, {row.year: row.time for row in lines.periods}
    by_grade: dict[str, float] = {}
    by_year: dict[tuple[str, int], list] = {}
    for row in lines.benefits:
        left = 1.0 if row.half_life is None else _mean_left(row.half_life, row.young, row.old)
        money = row.volume * row.unit_value * row.attribution * row.adoption * row.share * left * row.chance
        by_year.setdefault((row.asset, row.year), []).append((row, money))
    shares = {row.year: row.share for row in lines.periods}
    for (_, year), found in by_year.items():
        row, total = found[0][0], sum(money for _, money in found)
        kept = 1.0 if row.cap is None else min(1.0, row.cap * shares[year] * row.chance / total)
        for row, money in found:
            present = kept * money / (1 + rates[row.group]) ** times[row.year]
            by_grade[row.grade] = by_grade.get(row.grade, 0.0) + present
    weak = (by_grade.get("expert", 0.0) + by_grade.get("vendor", 0.0)) / sum(by_grade.values())
    assert 0 <= weak < 1 and value_model.weak_share(plan) == pytest.approx(weak)
    said = [text for text in value_model.findings(plan) if "experts' or vendors' figures" in text]
    assert said == ([f"{100 * weak:.0f} % of the present value of benefits rests on experts' or vendors' figures."]
                    if weak > 0.5 else [])  # fmt: skip


def _mean_left(half_life: float, young: float, old: float) -> float:
    """By the middles of ten thousand parts."""
    ages = young + (old - young) * (np.arange(10_000) + 0.5) / 10_000
    return float(np.mean(2 ** (-ages / half_life)))


def test_a_weak_share_of_more_than_half_is_said_and_of_half_is_not():
    def said(vendor):
        rows = [benefit(2026, 100), benefit(2026, vendor, driver_id="other", evidence="vendor")]
        return [
            text for text in value_model.findings(value_model.plan(make(benefits=rows, rate=0.0))) if "vendors" in text
        ]

    assert said(100) == [] and said(300) == [
        "75 % of the present value of benefits rests on experts' or vendors' figures."
    ]


# ---------------------------------------------------------------- the first page


def first_page(plan):
    found = value_model.conclude(plan, draws=1024)
    made = SimpleNamespace(tables=records.tables(found, {item.name: () for item in found.groups} | {"total": ()}))
    return made, Money("EUR")


def test_where_what_serves_takes_all_one_sentence_says_where_to_look():
    things = [asset("I1", kind="infrastructure", feeds=["M1"], in_service_date="2025-12-31"), asset("M1")]
    rows = [spent("2025-06-30", 900, "I1")]
    for earned, said in ((100, True), (5000, False)):
        plan = value_model.plan(make(things, [benefit(2026, earned)], rows))
        made, money = first_page(plan)
        assert ("joint benefit" in summary_tables.assets(made, plan.client.assets, money)) == said


def test_one_scenario_is_no_row_and_a_cost_by_year_is_told_a_year():
    base = {"name": "base", "p": 1.0, "benefit_multiplier": 1.0, "cost_multiplier": 1.0}
    rows = [cost("2026-12-31", 30), cost(None, 20, category="licence") | {"year": 2026}]
    for p, said in ((1.0, False), (0.5, True)):
        cases = [base | {"p": p}, *([base | {"name": "low", "p": 1 - p}] if p < 1 else [])]
        plan = value_model.plan(make(benefits=[benefit(2026, 100)], costs=rows, scenarios=cases))
        made, money = first_page(plan)
        assert ("scenario, probability" in summary_tables.decides(made, money)) == said
    units = {row.input: row.unit for row in value_model.register(plan) if "cost:" in row.input}
    assert sorted(unit.partition(" ")[2] for unit in units.values()) == ["a payment", "a year"]


def test_the_register_says_whether_the_cost_of_capital_is_given_or_built_up():
    for name, told in (("manufacturer", "built up from client.yml"), ("", "given in client.yml")):
        plan = value_model.plan(clients.load(CLIENTS / name)) if name else plan_of(benefits=[benefit(2026, 100)])
        row = value_model.register(plan)[0]
        assert row.input == "cost of capital" and told in row.source
