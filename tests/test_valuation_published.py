"""Published and hand-worked numbers beyond the acceptance cases: other rows of the same tables, other inputs.

Each test names its source. The numbers are those printed there; the tolerance is half a unit of the last digit printed,
or says what else it holds.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

from lepton_nb.valuation import (
    accounting,
    approaches,
    cashflows,
    decisions,
    economics,
    options,
    performance,
    scoring,
    uncertainty,
)


def test_brigham_and_ehrhardt_project_l():
    """Brigham & Ehrhardt, Financial Management, ch. 10, project L at 10 %."""
    flows = [-1000, 100, 300, 400, 600]
    assert cashflows.npv(0.10, flows) == pytest.approx(49.18, abs=0.005)
    assert cashflows.irr(flows) == pytest.approx(0.118, abs=0.0005)
    assert cashflows.mirr(flows, 0.10, 0.10) == pytest.approx(0.113, abs=0.0005)
    assert cashflows.payback(flows) == pytest.approx(3.33, abs=0.005)
    assert cashflows.discounted_payback(0.10, flows) == pytest.approx(3.88, abs=0.005)
    assert cashflows.profitability_index(0.10, flows) == pytest.approx(1.049, abs=0.0005)


@pytest.mark.parametrize(
    ("flows", "rate", "several"),
    [
        ([-100, 0, 0, 74], -0.0955, False),
        ([-100, 100, 0, 7], 0.06206, False),
        ([-100, 100, 0, -7], -0.0833, True),
        ([-5, 10.5, 1, -8, 1], 0.0886, True),
    ],
)
def test_rates_of_return_of_numpy_financial(flows, rate, several):
    """numpy-financial, documentation of irr; it prints one rate also where there are several."""
    found = cashflows.irr_all(flows)
    assert any(root == pytest.approx(rate, abs=5e-5) for root in found)
    assert (len(found) > 1) == several


@pytest.mark.parametrize(
    ("spot", "sigma", "years", "tree", "european"),
    [
        (36, 0.2, 2, 4.840, 3.763),
        (36, 0.4, 2, 8.508, 7.700),
        (38, 0.2, 1, 3.250, 2.852),
        (40, 0.2, 1, 2.314, 2.066),
        (40, 0.4, 2, 6.920, 6.326),
        (42, 0.2, 2, 2.212, 1.841),
        (44, 0.4, 1, 3.948, 3.783),
        (44, 0.4, 2, 5.647, 5.202),
    ],
)
def test_longstaff_and_schwartz_table_1(spot, sigma, years, tree, european):
    """Longstaff & Schwartz (2001), table 1: 50 exercise dates a year; K = 40, r = 6 %.

    The finite differences printed there have an error of their own, largest where the option is out of the money for long.
    """
    dates = 50 * years
    found = options.crr(spot, 40, 0.06, sigma, years, 20 * dates, "put", exercise_dates=dates)
    assert found == pytest.approx(tree, abs=0.006)
    assert options.black_scholes(spot, 40, 0.06, sigma, years, "put") == pytest.approx(european, abs=0.001)


@pytest.mark.parametrize(
    ("years", "sigma", "rho", "value"),
    [
        (0.1, 0.20, -0.5, 2.199),
        (0.1, 0.25, -0.5, 2.283),
        (0.1, 0.15, 0.0, 2.045),
        (0.1, 0.20, 0.5, 1.989),
        (0.5, 0.15, -0.5, 2.762),
        (0.5, 0.25, 0.0, 2.847),
        (0.5, 0.20, 0.5, 2.231),
    ],
)
def test_haug_table_of_exchange_options(years, sigma, rho, value):
    """Haug, The Complete Guide to Option Pricing Formulas, p. 52: S1 = 22, S2 = 20, yields 6 % and 4 %, sigma1 = 20 %."""
    assert options.margrabe(22, 20, 0.20, sigma, rho, years, 0.06, 0.04) == pytest.approx(value, abs=0.0006)


def test_hull_put_beside_his_call():
    """Hull, example 15.6: the put with the call of 4.76."""
    assert options.black_scholes(42, 40, 0.10, 0.20, 0.5, "put") == pytest.approx(0.81, abs=0.005)


def test_trigeorgis_expansion_by_hand():
    """The tree of the option to defer (100 to 180 or 60, 8 % a period) with half as much again for 40 next period.

    p = (1.08 x 100 - 60) / 120 = 0.4; up: 90 - 40 = 50, down: 30 < 40; 0.4 x 50 / 1.08.
    """
    call = options.binomial_tree(50, 40, math.log(1.08), 1.8, 0.6, 1, 1.0)
    assert call == pytest.approx(0.4 * 50 / 1.08)


def test_staged_project_by_hand():
    """One tree step a stage, worked on paper with chances of one half.

    r = q = 0, u, d = e^{+-s} / cosh s with s = sigma sqrt(1): after two steps the values are V u^2, V, V d^2 times the
    same; pay 50 at the end, 5 after one step.
    """
    s = 0.4
    up, down = math.exp(s) / math.cosh(s), math.exp(-s) / math.cosh(s)
    end = [max(100 * up * up - 95, 0), max(100 * up * down - 95, 0), max(100 * down * down - 95, 0)]
    middle = [max((end[0] + end[1]) / 2 - 5, 0), max((end[1] + end[2]) / 2 - 5, 0)]
    found = options.stage(100, [(1, 5), (2, 95)], 0.0, s, steps=2)
    assert found.with_option == pytest.approx(sum(middle) / 2)
    assert found.static_npv == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("successes", "n", "wilson", "exact"),
    [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ],
)
def test_newcombe_table_1(successes, n, wilson, exact):
    """Newcombe (1998), Statistics in Medicine 17, table I, methods 3 and 5."""
    assert tuple(performance.wilson_interval(successes, n)) == pytest.approx(wilson, abs=5e-5)
    assert tuple(performance.clopper_pearson_interval(successes, n)) == pytest.approx(exact, abs=5e-5)


@pytest.mark.parametrize("a", [(0.0, 1.0, 4.5, 9.0), (1.0, 1.0, 1.0)])
def test_sobol_indices_of_the_g_function(a):
    """Saltelli & Sobol (1995): V_i = 1 / (3 (1 + a_i)^2), V = prod(1 + V_i) - 1."""
    names = [f"x{i}" for i in range(len(a))]

    def model(x):
        return np.prod([(np.abs(4 * x[name] - 2) + ai) / (1 + ai) for name, ai in zip(names, a, strict=True)], axis=0)

    parts = 1 / (3 * (1 + np.array(a)) ** 2)
    variance = np.prod(1 + parts) - 1
    found = uncertainty.sobol_indices(model, {name: uncertainty.uniform(0, 1) for name in names}, n=8192)
    for name, part in zip(names, parts, strict=True):
        total = part * np.prod(1 + parts) / (1 + part) / variance
        assert found.first[name] == pytest.approx(part / variance, abs=0.02)
        assert found.total[name] == pytest.approx(total, abs=0.02)


def test_excess_earnings_by_hand():
    """Profit 300, 280, 260; survival 1, 0.85, 0.7; charges: 8 % on a base of 500, wasting base of 400 over 5 years."""
    charge = 500 * 0.08 + 400 * 0.07 / (1 - 1.07**-5)
    assert charge == pytest.approx(
        approaches.contributory_charge(500, 0.08) + approaches.contributory_charge(400, 0.07, 5)
    )
    earned = [300 - charge, 280 * 0.85 - charge, 260 * 0.7 - charge]
    before = sum(amount / 1.15 ** (year + 0.5) for year, amount in enumerate(earned))
    annuity = (1 - 1.15**-10) / 0.15 * 1.15**0.5
    result = approaches.excess_earnings(
        [300, 280, 260], charge, 0.15, [1, 0.85, 0.7], timing="mid", tax=0.25, tab_years=10
    )
    assert result.pre_tab == pytest.approx(before)
    assert result.with_tab == pytest.approx(before / (1 - 0.25 / 10 * annuity))


def test_goodwill_must_earn_more_than_what_was_identified():
    """WACC 11 % on 1000: 300 at 6 %, 200 at 8 %, 250 at 13 %: goodwill of 250 earns (110 - 18 - 16 - 32.5) / 250."""
    result = approaches.weighted_average_return_on_assets(
        {"working capital": (300, 0.06), "plant": (200, 0.08), "model": (250, 0.13)}, 0.11, 1000
    )
    assert result.implied_goodwill_return == pytest.approx(43.5 / 250)
    assert result.plausible
    assert result.wara == pytest.approx(66.5 / 750)


def test_decaying_benefit_by_hand():
    """100 a year that halves every two years, 12 %, three years, mid-year."""
    by_hand = sum(100 * 2 ** (-(year - 1) / 2) / 1.12 ** (year - 0.5) for year in (1, 2, 3))
    assert cashflows.pv_with_half_life(100, 0.12, 2, 3, "mid_year") == pytest.approx(by_hand)


def test_stopped_after_a_stage_by_hand():
    """100 now, 50 in year 1 if the first trial succeeds (60 %), 400 in year 2 if the second does too (50 %)."""
    by_hand = -100 - 0.6 * 50 / 1.1 + 0.6 * 0.5 * 400 / 1.21
    assert uncertainty.risk_adjusted_npv(0.10, [-100, -50, 400], [1, 0.6, 0.5]) == pytest.approx(by_hand)


def test_saaty_weights_of_four_criteria():
    """Weights and ratio of four criteria by the power method, with Saaty's random index of 0.90."""
    four = [[1, 5, 4, 7], ["1/5", 1, "1/2", 3], ["1/4", 2, 1, 3], ["1/7", "1/3", "1/3", 1]]
    table = np.array([[float(Fraction(item)) for item in row] for row in four])
    weights = np.ones(4)
    for _ in range(200):
        weights = table @ weights
        weights /= weights.sum()
    top = float((table @ weights / weights).mean())
    result = scoring.ahp(four)
    assert result.weights == pytest.approx(weights)
    assert result.lambda_max == pytest.approx(top)
    assert result.consistency_ratio == pytest.approx((top - 4) / 3 / 0.90)
    assert result.consistent
    assert result.ranking == (0, 2, 1, 3)


def test_erlang_c_by_its_sum():
    """Cooper, Introduction to Queueing Theory: 12 Erlang, 15 servers; wait for 180 s a call."""
    load, servers = 12.0, 15
    top = load**servers / math.factorial(servers) * servers / (servers - load)
    waiting = top / (sum(load**k / math.factorial(k) for k in range(servers)) + top)
    queue = economics.erlang_c(load / 180, 1 / 180, servers)
    assert queue.probability_of_waiting == pytest.approx(waiting)
    assert queue.mean_wait == pytest.approx(waiting * 180 / 3)
    assert queue.p95_wait == pytest.approx(60 * math.log(waiting / 0.05))


def test_what_ias_38_never_lets_into_an_asset():
    """IAS 38, paragraphs 54, 67 and 69, with the criteria met before all of it."""
    phases = ["research", "training_staff", "selling", "advertising", "start_up", "relocation", "administration"]
    rows = [("2025-05-01", phase, 10) for phase in phases] + [("2025-05-01", "development", 7)]
    result = accounting.capitalise(rows, "2025-01-01")
    assert (result.capitalised, result.expensed) == (7, 70)


def test_information_on_a_choice_of_three():
    """Worked by hand: prior 0.2, 0.3, 0.5; best without knowing 61; knowing 0.2 x 90 + 0.3 x 70 + 0.5 x 60 = 69."""
    result = decisions.evpi(
        {"a": 0.2, "b": 0.3, "c": 0.5},
        {"x": {"a": 90, "b": 50, "c": 56}, "y": {"a": 10, "b": 70, "c": 60}, "z": {"a": 55, "b": 55, "c": 55}},
    )
    assert (result.best, result.means["x"], result.value) == ("x", pytest.approx(61), pytest.approx(8))


def test_beta_of_a_company_with_debt():
    """Hamada (1972): half as much debt as equity at a tax rate of 40 % raises a beta of 0.8 by three tenths."""
    assert cashflows.relevered_beta(0.8, 0.40, 0.5) == pytest.approx(0.8 * 1.3)
    assert cashflows.relevered_beta(0.8, 0.40, 0.0) == 0.8
    with pytest.raises(ValueError, match="debt_to_equity"):
        cashflows.relevered_beta(0.8, 0.40, -0.5)


def test_improved_cost_factor_by_factor():
    """Cost 500, return 20 %, flow 1.5, quality 0.8, monopoly 10 %, risk 25 %."""
    result = approaches.improved_cost_cn(500, 0.20, 1.5, 0.8, 0.10, 0.25)
    assert result == pytest.approx(500 * 1.2 * 1.5 * 0.8 * 1.1 * 0.75)
    assert approaches.improved_cost_cn(500, 0.20, 1.5, 0.8, 0.10, 1.0) == 0
    with pytest.raises(ValueError, match="realisation_risk"):
        approaches.improved_cost_cn(500, 0.20, 1.5, 0.8, 0.10, 1.2)


def test_information_that_costs_more_than_it_brings():
    """Gain of 30 less costs of 45 in half a year, over a life of three years."""
    assert approaches.economic_value_of_information(130, 100, 20, 15, 10, 0.5, 3) == pytest.approx(-15 * 6)
    with pytest.raises(ValueError, match="trial_years"):
        approaches.economic_value_of_information(130, 100, 20, 15, 10, 0, 3)


def test_tax_benefit_for_a_given_annuity_is_the_factor():
    benefit = approaches.tax_amortisation_benefit(200, 0.25, 8, cashflows.annuity(0.12, 8))
    assert 200 + benefit == pytest.approx(200 * approaches.tax_amortisation_factor(0.25, 0.12, 8))
    with pytest.raises(approaches.Undefined, match="whole value"):
        approaches.tax_amortisation_benefit(200, 1.0, 5, 5.0)


def test_net_benefit_by_hand_and_its_refusals():
    """50 true and 30 false alarms of 400 cases at 20 %: 50/400 - 30/400 x 0.25; all flagged: 0.2 - 0.8 x 0.25 = 0."""
    found = performance.net_benefit(400, 50, 30, 0.2, 0.2)
    assert found.net_benefit == pytest.approx(0.125 - 0.075 * 0.25)
    assert found.treat_all == pytest.approx(0)
    assert found.net_reduction_per_100 == pytest.approx(100 * 0.10625 / 0.25)
    for wrong in ((400, 50, 30, 1.0, 0.2), (400, 50, 30, 0.0, 0.2), (400, 380, 30, 0.2, 0.2), (400, 50, 30, 0.2, 1.2)):
        with pytest.raises(ValueError, match="Received"):
            performance.net_benefit(*wrong)
