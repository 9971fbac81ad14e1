"""Conventions, limits and refusals of the valuation functions."""

import dataclasses
import datetime
import importlib
import inspect
import json
import math
import pickle

import numpy as np
import pytest

from lepton_nb.valuation import (
    accounting,
    approaches,
    cashflows,
    data_value,
    decisions,
    economics,
    options,
    performance,
    scoring,
    uncertainty,
)
from lepton_nb.valuation.cashflows import NoRateOfReturn, SeveralRatesOfReturn, Undefined

NAMES = {
    "cashflows": "npv xnpv npv_mid_year irr irr_all xirr xirr_all mirr payback discounted_payback profitability_index "
    "equivalent_annual_cost real_rate wacc_build_up relevered_beta terminal_value terminal_value_decay "
    "pv_with_half_life tco roi",
    "approaches": "replacement_cost opportunity_cost improved_cost_cn comparable_prices relief_from_royalty "
    "excess_earnings with_and_without tax_amortisation_factor weighted_average_return_on_assets "
    "economic_value_of_information reconcile",
    "performance": "expected_value expected_value_gain paired_gain expected_value_posterior cost_sensitive_threshold "
    "profit_curve decision_curve wilson_interval clopper_pearson_interval split_conformal_quantile break_even_rate "
    "half_life population_stability_index ks_statistic auc brier fairness_rates",
    "uncertainty": "simulate triangular pert lognormal tornado sobol_indices scenarios value_at_risk "
    "conditional_value_at_risk risk_adjusted_npv",
    "options": "black_scholes binomial_tree crr margrabe least_squares_monte_carlo perpetual_investment defer expand "
    "abandon switch",
    "decisions": "evpi evppi evsi decision_tree knapsack concentration minimum_variance_weights",
    "data_value": "shapley knn_shapley leave_one_out banzhaf",
    "scoring": "weighted_score ahp topsis rank_stability",
    "economics": "cost_per_thousand break_even_volume mm1 erlang_c pareto_front learning_curve_cost",
    "accounting": "capitalise amortise impairment",
}


@pytest.mark.parametrize("module", NAMES)
def test_names_are_there_with_their_theory(module):
    found = importlib.import_module(f"lepton_nb.valuation.{module}")
    for name in NAMES[module].split():
        assert name in found.__all__
    for name in found.__all__:
        thing = getattr(found, name)
        text = inspect.getdoc(thing)
        assert text, name
        if inspect.isfunction(thing):
            assert ">>> " in text, f"{name} has no example"
            assert "Reference: " in text, f"{name} has no reference"
            assert "$" in text or name == "constant", f"{name} has no equation"
        elif dataclasses.is_dataclass(thing):
            assert thing.__dataclass_params__.frozen, name


def test_results_become_plain_json():
    simulation = uncertainty.simulate(
        lambda x: np.column_stack([x["a"], 2 * x["a"]]), {"a": uncertainty.uniform(0, 1)}, 256, 0
    )
    results = [
        cashflows.terminal_value(100, 0.1, 0.0),
        performance.profit_curve([1, 0], [0.9, 0.1], 1, -1),
        performance.fairness_rates({"A": (60, 100), "B": (36, 100)}),
        performance.expected_value_posterior([3, 4], [1, 2], draws=10, seed=1),
        data_value.shapley(["a", "b"], {"a": 1, "b": 2, "a+b": 4}),
        simulation,
    ]
    for result in results:
        assert json.loads(json.dumps(result.to_dict(), allow_nan=False))
        with pytest.raises(dataclasses.FrozenInstanceError):
            result.method = "changed"


# ---------------------------------------------------------------- cash flows


def test_time_zero_counts_in_full():
    assert cashflows.npv(0.5, [100]) == 100
    assert cashflows.npv_mid_year(0.5, [100]) == 100
    assert cashflows.tco(0.5, [100]) == 100
    assert cashflows.xnpv(0.5, [100, 0], ["2025-06-30", "2026-06-30"]) == 100
    assert cashflows.xnpv(0.1, [110], ["2026-06-30"], valuation_date="2025-06-30") == pytest.approx(100)
    assert cashflows.xnpv(0.1, [100], ["2024-07-01"], valuation_date="2025-07-01") == pytest.approx(110)


@pytest.mark.parametrize("rate", [-1, -2, math.nan, math.inf, "0.1", None])
def test_rates_at_or_below_minus_one_and_no_numbers_are_refused(rate):
    with pytest.raises(ValueError, match="rate"):
        cashflows.npv(rate, [-1, 2])


@pytest.mark.parametrize("flows", [[], [math.nan, 1], [None, 1], ["a"], 5])
def test_flows_that_are_no_numbers_are_refused(flows):
    with pytest.raises(ValueError, match="cash_flows"):
        cashflows.npv(0.1, flows)


def test_overflow_is_an_exception():
    with pytest.raises(Undefined, match="too large"):
        cashflows.npv(-0.9999, [0] * 400 + [1])
    with pytest.raises(Undefined, match="outside the computer's numbers"):
        cashflows.xirr([-1, 1000], ["2025-01-01", "2025-01-02"])


@pytest.mark.parametrize(
    "find", [cashflows.irr, cashflows.irr_all, lambda flows: cashflows.xirr(flows, ["2025-01-01"] * len(flows))]
)
@pytest.mark.parametrize("flows", [[100, 200], [-1, -2], [0, 0], [5]])
def test_flows_of_one_sign_have_no_rate(find, flows):
    with pytest.raises(NoRateOfReturn, match="No rate of return exists"):
        find(flows)


def test_rate_exceptions_are_value_errors_and_survive_a_process():
    assert issubclass(NoRateOfReturn, Undefined)
    assert issubclass(SeveralRatesOfReturn, Undefined)
    assert issubclass(Undefined, ValueError)
    copy = pickle.loads(pickle.dumps(SeveralRatesOfReturn((0.25, 4.0))))
    assert copy.roots == (0.25, 4.0)


def test_dates_come_in_several_forms_and_any_order():
    iso = ["2008-01-01", "2008-03-01", "2008-10-30"]
    amounts = [-100, 40, 70]
    expected = cashflows.xirr(amounts, iso)
    assert cashflows.xirr(amounts, [datetime.date.fromisoformat(day) for day in iso]) == expected
    assert cashflows.xirr(amounts, np.array(iso, dtype="datetime64[D]")) == expected
    assert cashflows.xirr(amounts[::-1], iso[::-1]) == pytest.approx(expected)
    assert cashflows.xirr(amounts, iso, day_count="act/360") == pytest.approx((1 + expected) ** (360 / 365) - 1)


@pytest.mark.parametrize("date", ["31/06/2026", "2026-06-31", "2026-6-1", "2026", 20260630, None, np.datetime64("NaT")])
def test_what_is_no_date_is_refused(date):
    with pytest.raises(ValueError, match="date"):
        cashflows.xnpv(0.1, [1, 2], ["2025-01-01", date])


def test_flows_that_cancel_on_a_date_are_no_flow():
    dates = ["2025-01-01"] * 3 + ["2026-01-01", "2027-01-01"]
    assert 0.1 + 0.2 - 0.3 != 0
    assert cashflows.xirr_all([0.1, 0.2, -0.3, -100, 110], dates) == pytest.approx([0.1])


def test_unknown_day_count_and_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="act/365f, act/360"):
        cashflows.xnpv(0.1, [1], ["2025-01-01"], day_count="30/365")
    with pytest.raises(ValueError, match="same length"):
        cashflows.xnpv(0.1, [1, 2], ["2025-01-01"])


def test_payback_edges():
    assert cashflows.payback([100, 5]) == 0.0
    assert cashflows.payback([0, -100, 50, 50]) == 3.0
    assert cashflows.payback([-100, 200, -300]) == 0.5  # the first return counts
    assert cashflows.payback([-0.6, 0.1, 0.2, 0.3]) == pytest.approx(3)  # back at 0 but for rounding
    assert cashflows.discounted_payback(0.1, [-100, 11, 108.9]) == pytest.approx(2)
    with pytest.raises(Undefined, match="40 is still out"):
        cashflows.payback([-100, 60])
    with pytest.raises(Undefined, match="t = 0"):
        cashflows.profitability_index(0.1, [0, 10])


def test_cash_flow_refusals():
    with pytest.raises(Undefined, match="infinite"):
        cashflows.terminal_value(100, 0.05, 0.05)
    with pytest.raises(Undefined, match="both signs"):
        cashflows.mirr([1, 2], 0.1, 0.1)
    with pytest.raises(Undefined, match="needs costs"):
        cashflows.roi(0.1, [0, 1], [0, 0])
    with pytest.raises(Undefined, match="life"):
        cashflows.equivalent_annual_cost(0.1, [10])
    with pytest.raises(ValueError, match="cost is missing"):
        cashflows.wacc_build_up(0.03, 0.05, 1.0, debt_to_equity=0.5, tax=0.3)
    with pytest.raises(ValueError, match="half_life"):
        cashflows.pv_with_half_life(1, 0.1, 0, 3)


def test_zero_rate_limits():
    assert cashflows.equivalent_annual_cost(0.0, [10, 2, 2]) == 7
    assert cashflows.annuity(0.0, 4) == 4
    assert cashflows.annuity(1e-12, 4) == pytest.approx(4)
    assert cashflows.pv_with_half_life(100, 0.0, 1, 2, timing="mid_year") == pytest.approx(150)


# ---------------------------------------------------------------- approaches


def test_tax_benefit_is_the_fixed_point_it_stands_for():
    """The amortisation of the raised value saves exactly the raise."""
    for timing, shift in (("end", 0.0), ("mid", 0.5)):
        factor = approaches.tax_amortisation_factor(0.3, 0.12, 6, timing)
        saved = sum(0.3 * factor / 6 / 1.12 ** (year - shift) for year in range(1, 7))
        assert factor == pytest.approx(1 + saved)
    assert approaches.tax_amortisation_factor(0.0, 0.12, 6) == 1.0
    with pytest.raises(Undefined, match="no factor exists"):
        approaches.tax_amortisation_factor(1.0, 0.0, 5)


def test_income_without_benefit_is_said():
    result = approaches.relief_from_royalty([100], 0.1, 0.2, 0.0)
    assert (result.value, result.with_tab, result.pre_tab) == (8.0, 8.0, 8.0)
    assert "no tax amortisation benefit" in result.method


def test_excess_earnings_with_everything_charged_is_nothing():
    charge = approaches.contributory_charge(1000, 0.08, 5)
    assert cashflows.npv(0.08, [0, *[charge] * 5]) == pytest.approx(1000)  # return on and of
    assert approaches.excess_earnings([charge] * 5, charge, 0.1).value == pytest.approx(0)


def test_few_comparables_carry_no_conclusion():
    result = approaches.comparable_prices([10, 30])
    assert (result.value, result.low, result.high, result.conclusive) == (20, 10, 30, False)
    assert not approaches.comparable_prices([10, 30, 50], weights=[1, 1, 0]).conclusive
    assert approaches.comparable_prices([10, 20, 90]).value == 20
    with pytest.raises(ValueError, match="positive"):
        approaches.comparable_prices([10, -1, 3])


def test_assets_worth_more_than_the_enterprise_are_refused():
    with pytest.raises(Undefined, match="worth more"):
        approaches.weighted_average_return_on_assets({"a": (500, 0.1), "b": (600, 0.1)}, 0.1, 1000)
    low = approaches.weighted_average_return_on_assets({"a": (500, 0.15), "b": (300, 0.1)}, 0.1, 1000)
    assert not low.plausible
    assert low.implied_goodwill_return == pytest.approx((100 - 75 - 30) / 200)
    exact = approaches.weighted_average_return_on_assets({"a": (500, 0.12), "b": (500, 0.08)}, 0.1, 1000)
    assert exact.plausible
    assert exact.implied_goodwill_return is None


def test_reconcile_needs_weights_that_sum_to_one():
    with pytest.raises(ValueError, match=r"weights sum to 1\.10, not 1"):
        approaches.reconcile({"a": 1, "b": 2}, {"a": 0.5, "b": 0.6})
    with pytest.raises(ValueError, match="Differing: b, c"):
        approaches.reconcile({"a": 1, "b": 2}, {"a": 0.5, "c": 0.5})


def test_functional_obsolescence_stays_a_fraction():
    assert approaches.functional_obsolescence(0.9, 0.8, 0.88) == 0.0
    assert approaches.functional_obsolescence(0.7, 0.8, 0.88) == 1.0
    with pytest.raises(Undefined, match="no better"):
        approaches.functional_obsolescence(0.9, 0.8, 0.8)


# ---------------------------------------------------------------- performance

BANK = {
    (1, 1, 1): 130,
    (1, 1, 0): 46,
    (1, 0, 1): 18,
    (1, 0, 0): 226,
    (0, 1, 1): 630,
    (0, 1, 0): 60,
    (0, 0, 1): 112,
    (0, 0, 0): 8778,
}
BANK_VALUES = {"tp": 0, "fp": -620, "fn": -4275, "tn": 0}


@dataclasses.dataclass
class Row:
    y_true: int
    model: int
    baseline: int
    count: int


@dataclasses.dataclass
class Margins:
    tp: int
    fp: int
    fn: int
    tn: int


def test_paired_table_decides_the_bank_case():
    """The same gain a year: the margins leave its sign open, the pairs do not (90 % intervals, money a year)."""
    scale = {"volume": 120_000, "level": 0.90}
    paired = performance.paired_gain(BANK, BANK_VALUES, **scale)
    model, baseline = Margins(176, 690, 244, 8890), Margins(148, 742, 272, 8838)
    unpaired = performance.expected_value_gain(model, baseline, BANK_VALUES, **scale)
    assert paired.mean == pytest.approx(unpaired.mean)
    assert paired.mean == pytest.approx(1.82e6, abs=0.01e6)
    assert (paired.low, paired.high) == pytest.approx((1.13e6, 2.52e6), abs=0.01e6)
    assert unpaired.low < 0 < unpaired.high
    assert unpaired.probability_negative == pytest.approx(0.06, abs=0.005)
    assert paired.probability_negative < 1e-4


def test_paired_counts_come_in_several_forms():
    expected = performance.paired_gain(BANK, BANK_VALUES)
    rows = [Row(*cell, count) for cell, count in BANK.items()]
    table = performance.paired_table(rows)
    values = Margins(**BANK_VALUES)
    for counts in (rows, tuple(rows), table, table.tolist()):
        assert performance.paired_gain(counts, values) == expected
    by_class = performance.paired_gain(table, np.array([[0, -620], [-4275, 0]]))
    assert by_class == expected


def test_paired_gain_of_several_classes():
    joint = np.zeros((3, 3, 3))
    joint[2, 2, 0] = 3  # the model right, the baseline wrong
    joint[1, 0, 1] = 1  # the reverse
    joint[0, 0, 0] = 6
    result = performance.paired_gain(joint, np.eye(3))
    assert (result.mean, result.n, result.discordant) == (pytest.approx(0.2), 10, 4)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"tp": 0.94, "fp": 0.01, "fn": 0.02, "tn": 0.03}, "not rates"),
        ({"tp": -1, "fp": 1, "fn": 1, "tn": 1}, "at least 0"),
        ({"tp": 1, "fp": 1, "fn": 1}, "exactly tp, fp, fn and tn"),
        ({"tp": 0, "fp": 0, "fn": 0, "tn": 0}, "without cases"),
        ("tp", "tp, fp, fn and tn"),
        ([1, 2], "one shape"),
    ],
)
def test_counts_that_are_none_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        performance.expected_value(counts, BANK_VALUES if not isinstance(counts, list) else [1, 2, 3])


def test_paired_refusals():
    with pytest.raises(ValueError, match="0 or 1"):
        performance.paired_gain({(2, 1, 0): 5}, BANK_VALUES)
    with pytest.raises(ValueError, match="twice"):
        performance.paired_gain([Row(1, 1, 0, 3), Row(1, 1, 0, 4)], BANK_VALUES)
    with pytest.raises(ValueError, match="y_true, model, baseline"):
        performance.paired_gain(np.ones((2, 2)), BANK_VALUES)


def test_posterior_of_two_cells_is_a_beta():
    result = performance.expected_value_posterior([3, 5], [1.0, 0.0], draws=10, seed=0, prior=1.0)
    a, b = 4, 6
    assert result.mean == pytest.approx(a / (a + b))
    assert result.sd == pytest.approx(math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1))))


def test_a_metric_that_did_not_fall_has_no_half_life():
    for end in (0.9, 0.95):
        with pytest.raises(Undefined, match="did not fall"):
            performance.half_life(0.9, end, 12, floor=0.5)
    with pytest.raises(Undefined, match="its floor"):
        performance.half_life(0.9, 0.5, 12, floor=0.5)
    with pytest.raises(Undefined, match="start above"):
        performance.half_life(0.4, 0.3, 12, floor=0.5)


def test_conformal_says_how_many_cases_are_needed():
    with pytest.raises(Undefined, match="at least 19"):
        performance.split_conformal_quantile(np.arange(18), 0.05)
    assert performance.split_conformal_quantile(np.arange(19), 0.05) == 18
    # (n + 1)(1 - alpha) = 57 but for rounding
    assert performance.split_conformal_quantile(np.arange(1, 100), 0.43) == 57


def test_empty_bins_need_a_stated_floor():
    with pytest.raises(Undefined, match="state a floor"):
        performance.population_stability_index([0.5, 0.5, 0.0], [0.4, 0.5, 0.1])
    result = performance.population_stability_index([0.5, 0.5, 0.0], [0.4, 0.5, 0.1], floor=0.0001)
    assert result.value == pytest.approx(-0.1 * math.log(0.8) + 0.0999 * math.log(1000))
    assert "0.0001" in result.method
    counts = performance.population_stability_index([10, 20, 30], [100, 200, 300])
    assert (counts.value, counts.reading) == (0, "stable")


def test_small_groups_are_withheld():
    with pytest.raises(Undefined, match="'B' has 12 cases"):
        performance.fairness_rates({"A": (50, 100), "B": (6, 12)})
    with pytest.raises(Undefined, match="Nobody"):
        performance.fairness_rates({"A": (0, 100), "B": (0, 50)})
    assert performance.fairness_rates({"A": (50, 100), "B": (40, 100)}).passes_four_fifths


def test_break_even_rate_and_threshold_refusals():
    assert performance.break_even_rate(1, 4, 0) == 0.25
    with pytest.raises(Undefined, match="any rate"):
        performance.break_even_rate(5, 4, 0)
    with pytest.raises(Undefined, match="every rate"):
        performance.break_even_rate(1, 4, 2)
    with pytest.raises(Undefined, match="best for every case"):
        performance.cost_sensitive_threshold(1, 1, cost_tn=2)


def test_a_shift_needs_both_classes():
    assert performance.prior_shift(0.3, 0.2, 0.2) == pytest.approx(0.3)
    assert (performance.prior_shift(0, 0.5, 0.1), performance.prior_shift(1, 0.5, 0.1)) == (0, 1)
    for seen, used in ((0, 0.1), (0.5, 1)):
        with pytest.raises(Undefined, match="one class only"):
            performance.prior_shift(0.3, seen, used)


def test_flag_nothing_where_nothing_pays():
    result = performance.profit_curve([0, 0], [0.9, 0.1], 10, -1)
    assert (result.best_flagged, result.best_profit, result.score_cut) == (0, 0, None)


def test_decision_curve_is_between_its_references():
    truth, chance = [1, 1, 0, 0, 0], [0.9, 0.8, 0.3, 0.2, 0.1]
    for point in performance.decision_curve(truth, chance, [0.15, 0.5]):
        assert point.net_benefit >= max(point.treat_all, 0)


def test_drift_of_two_samples():
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=400), generator.normal(0.6, 1, size=300)
    assert performance.ks_statistic(first, second).reading == "different at 5 %"
    assert performance.ks_statistic(first[:200], first[200:]).reading == "not told apart at 5 %"


# ---------------------------------------------------------------- uncertainty


def ab(**more):
    inputs = {"a": uncertainty.normal(0, 1), "b": uncertainty.normal(0, 1), "c": uncertainty.normal(0, 1)}
    return {"model": lambda x: x["a"] + x["b"], "inputs": inputs, "draws": 300, "seed": 1, **more}


@pytest.mark.parametrize(
    ("correlations", "message"),
    [
        ({("a", "b"): 1.2}, r"rho\('a', 'b'\) must be within -1..1"),
        ({("a", "z"): 0.2}, "unknown input.*'z'; known: a, b, c"),
        ({("a", "a"): 0.2}, "once"),
        ({("a", "b"): 0.2, ("b", "a"): 0.2}, "once"),
        ({("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}, "smallest eigenvalue -0.8"),
        ({"ab": 0.2}, r"\(a, b\): rho"),
    ],
)
def test_impossible_correlations_are_refused(correlations, message):
    with pytest.raises(ValueError, match=message):
        uncertainty.simulate(**ab(correlations=correlations))


def test_only_inputs_of_one_number_are_correlated():
    inputs = {"a": uncertainty.normal(0, 1), "cells": uncertainty.dirichlet([3, 4, 5])}
    with pytest.raises(ValueError, match="Only inputs of one number"):
        uncertainty.simulate(lambda x: x["a"], inputs, 256, 0, {("a", "cells"): 0.5})


def test_the_same_seed_gives_the_same_draws():
    first, second = uncertainty.simulate(**ab()), uncertainty.simulate(**ab())
    assert np.array_equal(first.values, second.values)
    assert not np.array_equal(first.values, uncertainty.simulate(**ab(seed=2)).values)
    assert (first.draws, first.replicates) == (304, 19)  # 19 scrambles of 16 points
    assert first.method
    assert set(first.percentiles) == set(first.percentile_errors) == {5, 25, 50, 75, 95}
    assert first.interval == (first.percentiles[5], first.percentiles[95])


def test_draws_without_a_finite_value_are_refused():
    with pytest.raises(Undefined, match=r"no finite value in \d+ of 304 draws, first at a="):
        uncertainty.simulate(**ab(model=lambda x: np.where(x["a"] > 1, np.inf, x["b"])))
    with pytest.raises(ValueError, match="one value"):
        uncertainty.simulate(**ab(model=lambda x: 3.0))


def test_columns():
    result = uncertainty.simulate(**ab(model=lambda x: np.column_stack([x["a"], 2 * x["a"] + 1])))
    assert result.mean == pytest.approx([0, 1], abs=0.05)
    assert result.percentiles[50].shape == (2,)
    assert result.standard_error.shape == (2,)
    with pytest.raises(ValueError, match="Choose a column"):
        result.probability_below(0)
    second = result.column(1)
    assert second.mean == pytest.approx(result.mean[1])
    assert second.probability_below(1.0).value == pytest.approx(0.5, abs=0.02)
    with pytest.raises(ValueError, match="one column only"):
        second.column(0)


def test_what_was_never_drawn_is_not_called_impossible():
    never = uncertainty.simulate(**ab()).probability_below(-100)
    assert (never.value, never.low) == (0, 0)
    assert 0 < never.high < 0.02
    always = uncertainty.simulate(**ab()).probability_below(100)
    assert (always.value, always.high) == (1, 1)
    assert 0.98 < always.low < 1


@pytest.mark.parametrize("make", [uncertainty.triangular, uncertainty.pert])
def test_three_points(make):
    with pytest.raises(ValueError, match="low <= mode <= high"):
        make(3, 2, 4)
    shares = np.array([1e-12, 0.3, 1 - 1e-12])
    assert make(2, 2, 2).ppf(shares) == pytest.approx([2, 2, 2])
    assert (make(2, 2, 2).mean, make(2, 2, 2).sd) == (2, 0)
    for three in ((0, 0, 1), (0, 1, 1), (0, 0.3, 1)):
        points = make(*three).ppf(np.linspace(0, 1, 20001))
        assert np.all(np.diff(points) >= 0)
        assert points.mean() == pytest.approx(make(*three).mean, abs=1e-3)
        assert points.std() == pytest.approx(make(*three).sd, abs=1e-3)


def test_sensitivity_refusals():
    with pytest.raises(ValueError, match="without a base value"):
        uncertainty.tornado(lambda x: x["a"], {"a": 1}, {"b": (0, 1)})
    with pytest.raises(Undefined, match="does not vary"):
        uncertainty.sobol_indices(lambda x: 0 * x["a"] + 3, {"a": uncertainty.normal(0, 1)}, n=256)
    with pytest.raises(ValueError, match="one number each"):
        uncertainty.sobol_indices(lambda x: x["a"], {"a": uncertainty.dirichlet([1, 2])}, n=256)
    assert "INDEPENDENT" in uncertainty.sobol_indices(lambda x: x["a"], {"a": uncertainty.normal(0, 1)}, n=256).method


def test_sobol_errors_are_of_the_size_of_the_errors():
    inputs = {name: uncertainty.uniform(-math.pi, math.pi) for name in ("x1", "x2", "x3")}
    result = uncertainty.sobol_indices(
        lambda x: np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"]), inputs, n=2048
    )
    first = dict(zip(inputs, (0.31390519, 0.44241114, 0.0), strict=True))
    total = dict(zip(inputs, (0.55758886, 0.44241114, 0.24368366), strict=True))
    for name in inputs:
        assert abs(result.first[name] - first[name]) < 4 * result.first_errors[name]
        assert abs(result.total[name] - total[name]) < 4 * result.total_errors[name]


def test_scenario_probabilities_must_sum_to_one():
    with pytest.raises(ValueError, match=r"sum to 1\.10, not 1"):
        uncertainty.scenarios({"a": 1, "b": 2}, {"a": 0.5, "b": 0.6})
    with pytest.raises(ValueError, match="same things"):
        uncertainty.scenarios({"a": 1}, {"b": 1.0})


# ---------------------------------------------------------------- options


@pytest.mark.parametrize("kind", ["call", "put"])
@pytest.mark.parametrize(("sigma", "years"), [(0.0, 1.0), (0.3, 0.0), (0.0, 0.0)])
def test_certain_options_are_their_intrinsic_value(kind, sigma, years):
    side = 1 if kind == "call" else -1
    intrinsic = max(side * (100 * math.exp(-0.02 * years) - 90 * math.exp(-0.05 * years)), 0)
    assert options.black_scholes(100, 90, 0.05, sigma, years, kind, 0.02) == pytest.approx(intrinsic)
    assert options.crr(100, 90, 0.05, sigma, years, 50, kind, dividend_yield=0.02) == pytest.approx(intrinsic)
    assert options.binomial_tree(100, 90, 0.05, 1.2, 0.8, 3, 0.0, kind) == max(side * 10, 0)
    early = options.crr(100, 110, 0.05, sigma, years, 50, "put", american=True)
    assert early == pytest.approx(10)  # exercised at once


def test_worthless_sides():
    assert options.black_scholes(0, 90, 0.05, 0.2, 1) == 0
    assert options.black_scholes(100, 0, 0.05, 0.2, 1) == 100
    assert options.margrabe(0, 10, 0.2, 0.2, 0, 1) == 0


def test_option_refusals():
    with pytest.raises(Undefined, match=r"outside 0\.\.1"):
        options.binomial_tree(100, 100, 0.5, 1.05, 0.95, 1, 1.0)
    with pytest.raises(ValueError, match="divide steps"):
        options.crr(100, 100, 0.05, 0.2, 1, steps=10, exercise_dates=3)
    with pytest.raises(ValueError, match="not both"):
        options.crr(100, 100, 0.05, 0.2, 1, steps=10, american=True, exercise_dates=5)
    with pytest.raises(ValueError, match="call, put"):
        options.black_scholes(100, 100, 0.05, 0.2, 1, "straddle")
    with pytest.raises(ValueError, match="volatility"):
        options.black_scholes(100, 100, 0.05, -0.2, 1)
    with pytest.raises(Undefined, match="never"):
        options.perpetual_investment(100, 100, 0.05, 0.0, 0.2)
    with pytest.raises(Undefined, match="nothing to wait for"):
        options.perpetual_investment(100, 100, 0.04, 0.05, 0.0)


def test_long_trees_do_not_overflow():
    assert options.crr(100, 100, 0.03, 0.5, 5, steps=4000, kind="put") == pytest.approx(
        options.black_scholes(100, 100, 0.03, 0.5, 5, "put"), abs=0.01
    )


def test_real_options_show_their_value_beside_the_static_one():
    results = [
        options.defer(100, 104, 0.05, 0.4, 1),
        options.defer_one_period(100, 180, 60, 104, 0.08, cost_grows=False),
        options.expand(100, 0.5, 40, 0.05, 0.3, 1),
        options.abandon(100, 80, 0.05, 0.3, 1),
        options.switch(100, 90, 0.2, 0.3, 0.1, 2, switching_cost=5),
    ]
    for result in results:
        assert result.option_value == pytest.approx(result.with_option - result.static_npv)
        assert result.value == result.option_value >= 0
    early, late = options.abandon(100, 120, 0.05, 0.3, 1), options.abandon(100, 120, 0.05, 0.3, 1, american=False)
    assert early.option_value > max(late.option_value, 20)
    with pytest.raises(ValueError, match="more than the other"):
        options.switch(100, 90, 0.2, 0.3, 0.1, 2, switching_cost=95)


def test_perpetual_investment_tends_to_its_certain_limit():
    certain = options.perpetual_investment(100, 100, 0.06, 0.03, 0.0)
    almost = options.perpetual_investment(100, 100, 0.06, 0.03, 0.01)
    assert certain.threshold == pytest.approx(200)
    assert almost.threshold == pytest.approx(certain.threshold, rel=0.01)
    assert almost.option_value == pytest.approx(certain.option_value, rel=0.01)


# ---------------------------------------------------------------- decisions


def test_information_without_doubt_is_worth_nothing():
    assert decisions.evpi_normal(20, 0).value == 0
    assert decisions.evsi(20, 50, 200, 0).value == 0
    assert decisions.evsi(20, 0, 200, 10).value == 0
    assert decisions.evpi({"a": 1.0}, {"x": {"a": 3}, "y": {"a": 2}}).value == 0
    assert decisions.evsi(20, 50, 0.0, 1).value == pytest.approx(decisions.evpi_normal(20, 50).value)
    with pytest.raises(ValueError, match="prior sum to"):
        decisions.evpi({"a": 0.5}, {"x": {"a": 3}})
    with pytest.raises(ValueError, match="lower the degree"):
        decisions.evppi(np.arange(50.0), {"x": np.arange(50.0)})


def test_tree_nodes_are_checked():
    with pytest.raises(ValueError, match="decide and chance"):
        decisions.decision_tree({"decide": {}, "chance": {}})
    with pytest.raises(ValueError, match=r"sum to 0\.90"):
        decisions.decision_tree({"chance": {"a": (0.5, 1), "b": (0.4, 2)}})
    with pytest.raises(ValueError, match="'start / a'"):
        decisions.decision_tree({"decide": {"a": "high"}})
    assert decisions.decision_tree(5).value == 5


def test_portfolio_edges():
    assert decisions.knapsack({"a": 5}, {"a": 10}, 3).chosen == ()
    assert decisions.knapsack({"a": 5, "b": 5}, {"a": 3, "b": 2}, 3).chosen == ("b",)  # equal value, cheaper
    tenths = dict.fromkeys("abc", 0.1)
    assert decisions.knapsack(dict.fromkeys("abc", 1.0), tenths, 0.3).value == 3
    with pytest.raises(Undefined, match="worth nothing"):
        decisions.concentration({"a": 0})
    with pytest.raises(ValueError, match="at least 0"):
        decisions.concentration({"a": -1, "b": 2})
    with pytest.raises(Undefined, match="singular"):
        decisions.minimum_variance_weights([0.1, 0.2], 1.0)
    with pytest.raises(ValueError, match="positive semi-definite"):
        decisions.minimum_variance_weights([1, 1, 1], -0.9)


# ---------------------------------------------------------------- data value, scoring


def test_shared_platform_is_split_like_a_runway():
    needs = {"small": 3, "middle": 5, "large": 9}
    shares = data_value.shapley(list(needs), lambda group: max((needs[name] for name in group), default=0))
    assert list(shares.values.values()) == pytest.approx([1, 1 + 1, 1 + 1 + 4])
    assert sum(shares.shares.values()) == pytest.approx(1)


def test_game_refusals():
    with pytest.raises(ValueError, match=r"coalition \['a', 'b'\] is missing"):
        data_value.shapley(["a", "b"], {"a": 1, "b": 2})
    with pytest.raises(ValueError, match="unknown player"):
        data_value.shapley(["a", "b"], {"a": 1, "b": 2, "a+c": 3})
    with pytest.raises(ValueError, match="different names"):
        data_value.shapley(["a", "a"], len)
    with pytest.raises(ValueError, match="must be finite"):
        data_value.shapley(["a"], lambda group: math.nan)
    with pytest.raises(Undefined, match="zero"):
        _ = data_value.shapley(["a"], lambda group: 0.0).shares


def test_coalitions_are_asked_once():
    asked = []
    data_value.shapley("abcd", lambda group: asked.append(group) or float(len(group)))
    assert len(asked) == len(set(asked)) == 16


def test_inconsistent_judgements_are_shown_but_not_ranked():
    result = scoring.ahp([[1, 9, "1/9"], ["1/9", 1, 9], [9, "1/9", 1]])
    assert not result.consistent
    assert sum(result.weights) == pytest.approx(1)
    with pytest.raises(Undefined, match="rate the pairs again"):
        _ = result.ranking
    assert scoring.ahp([[1, 4], [0.25, 1]]).ranking == (0, 1)
    assert scoring.ahp([[1]]).weights == (1.0,)


@pytest.mark.parametrize(
    "matrix", [[[1, 2], [2, 1]], [[1, 2, 3], [1, 1]], [[1, "x"], [1, 1]], [[1, -2], [-0.5, 1]], [[2, 1], [1, 1]]]
)
def test_judgements_that_are_none_are_refused(matrix):
    with pytest.raises(ValueError, match=r"udgements|inverse"):
        scoring.ahp(matrix)


def test_topsis_refusals():
    with pytest.raises(Undefined, match="do not differ"):
        scoring.topsis([[1, 2], [1, 2]], [0.5, 0.5])
    with pytest.raises(Undefined, match="is 0 for every"):
        scoring.topsis([[1, 0], [2, 0]], [0.5, 0.5])
    with pytest.raises(ValueError, match=r"weights sum to 0\.90"):
        scoring.topsis([[1, 2], [2, 1]], [0.5, 0.4])
    with pytest.raises(ValueError, match="types"):
        scoring.topsis([[1, 2], [2, 1]], [0.5, 0.5], [1, 0])


def test_rank_stability_sees_ties_and_reversals():
    close = scoring.rank_stability([[5, 1], [1, 5]], [0.51, 0.49], draws=2000, seed=3)
    assert 0.4 < close.value < 0.7
    assert close.low < close.value < close.high
    assert sum(close.first_counts) == close.n == 2000
    assert close == scoring.rank_stability([[5, 1], [1, 5]], [0.51, 0.49], draws=2000, seed=3)
    # with TOPSIS the absence of a poor third alternative can change who is first
    generator = np.random.default_rng(0)
    found = False
    for _ in range(300):
        matrix = generator.uniform(1, 10, (4, 3))
        found |= bool(scoring.rank_stability(matrix, [0.4, 0.3, 0.3], draws=1, method="topsis").reversals)
        assert scoring.rank_stability(matrix, [0.4, 0.3, 0.3], draws=1).reversals == ()
    assert found


# ---------------------------------------------------------------- economics


def test_queues_agree():
    one, general = economics.mm1(80, 100), economics.erlang_c(80, 100, 1)
    assert (one.mean_time, one.p95_time, one.mean_wait) == (general.mean_time, general.p95_time, general.mean_wait)
    assert one.probability_of_waiting == pytest.approx(0.8)
    idle = economics.erlang_c(0, 2, 3)
    assert (idle.probability_of_waiting, idle.mean_wait, idle.p95_wait) == (0, 0, 0)
    assert idle.p95_time == pytest.approx(math.log(20) / 2)
    # Erlang's C from its sum, 10 servers
    load, servers = 8.0, 10
    top = load**servers / math.factorial(servers) * servers / (servers - load)
    c = top / (sum(load**k / math.factorial(k) for k in range(servers)) + top)
    assert economics.erlang_c(8, 1, 10).probability_of_waiting == pytest.approx(c)
    with pytest.raises(Undefined, match="without end"):
        economics.mm1(100, 100)


def test_response_percentile_agrees_with_a_simulated_queue():
    generator = np.random.default_rng(2)
    queue = economics.erlang_c(5, 2, 3)  # c mu - lambda differs from mu by 1
    waits = (generator.random(400_000) < queue.probability_of_waiting) * generator.exponential(1 / (6 - 5), 400_000)
    times = waits + generator.exponential(1 / 2, 400_000)
    assert np.quantile(times, 0.95) == pytest.approx(queue.p95_time, rel=0.01)
    assert times.mean() == pytest.approx(queue.mean_time, rel=0.01)
    assert economics.erlang_c(4, 2, 3).p95_time == pytest.approx(economics.erlang_c(4 - 1e-7, 2, 3).p95_time, rel=1e-6)


def test_economics_refusals():
    with pytest.raises(Undefined, match="no volume breaks even"):
        economics.break_even_volume(0.4, 9000, 0.4)
    with pytest.raises(ValueError, match="utilisation"):
        economics.cost_per_thousand(3.6, 50, 0)
    with pytest.raises(ValueError, match="same coordinates"):
        economics.pareto_front({"a": (1, 2), "b": (1,)})
    assert economics.pareto_front({"a": (1, 1), "b": (1, 1), "c": (2, 2)}) == ("a", "b")
    assert economics.learning_curve_cost(100, 7, 1.0) == 100


# ---------------------------------------------------------------- accounting


def test_capitalisation_rules():
    rows = [
        ("2024-12-31", "development", 10),
        ("2025-06-30", "development", 20),
        ("2026-01-31", "development", 40),
        ("2025-06-30", "research", 80),
        (datetime.date(2025, 7, 1), "operation", 160),
    ]
    result = accounting.capitalise(rows, "2024-12-31", available_for_use_on="2025-12-31")
    assert (result.capitalised, result.expensed) == (30, 280)
    assert [posting.capitalised for posting in result.postings] == [True, True, False, False, False]
    assert accounting.capitalise(rows).capitalised == 0
    assert all("IAS 38" in posting.reason for posting in result.postings)
    with pytest.raises(ValueError, match="'marketing'"):
        accounting.capitalise([("2025-01-01", "marketing", 1)], "2024-01-01")
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        accounting.capitalise([("01.02.2025", "research", 1)])
    with pytest.raises(ValueError, match="amount"):
        accounting.capitalise([("2025-01-01", "research", -1)])


def test_amortisation_runs_out_exactly():
    charges = [accounting.amortise(180000, 5, "2025-07-01", f"{year}-12-31", 6000) for year in range(2024, 2033)]
    assert charges[0].charge == 0
    assert charges[0].carrying_amount == 180000
    assert charges[2].charge == pytest.approx(34800)
    assert charges[6].months == 6
    assert charges[-1].charge == 0
    assert charges[-1].carrying_amount == pytest.approx(6000)
    assert sum(item.charge for item in charges) == pytest.approx(174000)


def test_impairment_loss():
    result = accounting.impairment(800, 700, [300, 300, 300], 0.12)
    assert result.impairment_loss == pytest.approx(800 - 720.5493804664728)
    assert result.carrying_after == pytest.approx(result.recoverable)
    assert accounting.impairment(800, 750, [300, 300, 300], 0.12).recoverable == 750
