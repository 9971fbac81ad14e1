"""What must hold for any numbers: properties, closed forms, and agreement with other libraries."""

import datetime
import itertools
import math

import numpy as np
import numpy_financial
import pytest
import pyxirr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from lepton_nb.valuation import cashflows, data_value, decisions, options, performance, scoring, uncertainty
from lepton_nb.valuation.cashflows import NoRateOfReturn, SeveralRatesOfReturn

few = settings(max_examples=40, deadline=None, derandomize=True)
money = st.floats(-1e6, 1e6, allow_nan=False)
rates = st.floats(-0.5, 2.0)
flows = st.lists(money, min_size=2, max_size=12)
whole_flows = st.lists(st.integers(-100, 100), min_size=2, max_size=9)


def scaled_npv(log_rate, times, amounts):
    """Net present value over the sum of its terms' sizes, at r = e^log_rate - 1; within -1..1."""
    terms = np.asarray(amounts) * np.exp(-log_rate * np.asarray(times))
    return terms.sum() / np.abs(terms).sum()


def check_all_roots(roots, times, amounts):
    """Every root zeroes the value, and between two points of a dense grid no change of sign is missed."""
    logs = [math.log1p(root) for root in roots]
    assert sorted(roots) == list(roots)
    for log, root in zip(logs, roots, strict=True):
        # next to -1, 1 + r keeps only part of its digits
        assert abs(scaled_npv(log, times, amounts)) < 1e-12 + 1e-15 * max(times) / (1 + root) + 1e-7 * (len(roots) > 1)
    grid = np.linspace(-6, 12, 3001)
    values = np.array([scaled_npv(x, times, amounts) for x in grid])
    sure = np.abs(values) > 1e-9
    grid, values = grid[sure], values[sure]
    for left in np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1])):
        inside = sum(grid[left] < log < grid[left + 1] for log in logs)
        assert inside % 2 == 1, (grid[left], grid[left + 1], logs)


# ---------------------------------------------------------------- discounting


@few
@given(flows, rates, st.floats(-10, 10))
def test_npv_is_linear_and_additive(first, rate, factor):
    second = first[::-1]
    size = cashflows.npv(rate, np.abs(first)) + cashflows.npv(rate, np.abs(second))
    whole = cashflows.npv(rate, factor * np.array(first) + np.array(second))
    parts = factor * cashflows.npv(rate, first) + cashflows.npv(rate, second)
    assert whole == pytest.approx(parts, rel=1e-9, abs=1e-9 * (1 + 10 * size))


@few
@given(flows, rates)
def test_npv_agrees_with_numpy_financial_and_with_years_of_365_days(amounts, rate):
    expected = cashflows.npv(rate, amounts)
    near = 1e-9 * (1 + cashflows.npv(rate, np.abs(amounts)))
    assert numpy_financial.npv(rate, amounts) == pytest.approx(expected, rel=1e-9, abs=near)
    start = datetime.date(2025, 1, 1)
    dates = [start + datetime.timedelta(days=365 * year) for year in range(len(amounts))]
    assert cashflows.xnpv(rate, amounts, dates) == pytest.approx(expected, rel=1e-9, abs=near)
    mid = cashflows.npv_mid_year(rate, [0, *amounts[1:]])
    assert mid == pytest.approx(math.sqrt(1 + rate) * cashflows.npv(rate, [0, *amounts[1:]]), rel=1e-9, abs=near)


@few
@given(flows, st.lists(st.floats(0.0, 0.5), min_size=3, max_size=3))
def test_npv_takes_draws(amounts, several):
    table = np.array([amounts, amounts[::-1], [2 * amount for amount in amounts]])
    together = cashflows.npv(several, table)
    alone = [cashflows.npv(rate, row) for rate, row in zip(several, table, strict=True)]
    assert together == pytest.approx(alone, rel=1e-12, abs=1e-6)


@few
@given(whole_flows)
def test_all_rates_of_return_are_found(amounts):
    times = np.arange(len(amounts))
    try:
        roots = cashflows.irr_all(amounts)
    except NoRateOfReturn:
        roots = ()
        assume(any(amounts))
    except cashflows.Undefined:
        assume(False)
    check_all_roots(roots, times, amounts)
    changes = np.sign([amount for amount in amounts if amount])
    assert len(roots) <= np.count_nonzero(changes[1:] != changes[:-1])  # Descartes


@pytest.mark.parametrize("seed", range(8))
def test_all_rates_of_return_of_dated_flows_are_found(seed):
    generator = np.random.default_rng(seed)
    days = np.sort(generator.integers(0, 9000, 30))
    amounts = generator.normal(0, 1000, 30)
    order = generator.permutation(30)
    dates = np.datetime64("2025-01-01") + days
    try:
        roots = cashflows.xirr_all(amounts[order], dates[order])
    except NoRateOfReturn:
        roots = ()
    times, where = np.unique((days - days[0]) / 365, return_inverse=True)
    check_all_roots(roots, times, np.bincount(where, weights=amounts))


@few
@given(st.lists(st.integers(2, 40), min_size=1, max_size=5, unique=True))
def test_rates_built_in_are_found_again(tenths):
    """Flows with known roots: the polynomial in 1 / (1 + r) that vanishes at r = tenths / 10."""
    known = sorted(tenth / 10 for tenth in tenths)
    amounts = np.array([1.0])
    for rate in known:
        amounts = np.convolve(amounts, [-1.0, 1 + rate])
    assert cashflows.irr_all(amounts) == pytest.approx(known, rel=1e-5)


@pytest.mark.parametrize(
    ("amounts", "roots"),
    [
        ([-100, 220, -121], [0.1]),  # touches zero
        ([-100, 220, -120.99], [0.09, 0.11]),  # a pair that a coarse grid misses
        ([0, 0, -100, 110, 0], [0.1]),
        ([-1e-9, 1.1e-9], [0.1]),
        ([100, -110], [0.1]),
    ],
)
def test_close_double_and_padded_roots(amounts, roots):
    assert cashflows.irr_all(amounts) == pytest.approx(roots, rel=1e-6)


def test_long_alternating_flows_end():
    amounts = [(-1) ** month * (1 + month % 7) for month in range(700)]
    for root in cashflows.irr_all(amounts):
        assert abs(scaled_npv(math.log1p(root), np.arange(700), amounts)) < 1e-9


@few
@given(
    st.floats(10, 1e5), st.lists(st.floats(1, 1e5), min_size=1, max_size=8), st.lists(st.integers(1, 900), min_size=8)
)
def test_one_change_of_sign_agrees_with_other_libraries(outlay, incomes, gaps):
    amounts = [-outlay, *incomes]
    assume(0.05 < sum(incomes) / outlay < 20)
    rate = cashflows.irr(amounts)
    assert abs(scaled_npv(math.log1p(rate), np.arange(len(amounts)), amounts)) < 1e-12
    assert numpy_financial.irr(amounts) == pytest.approx(rate, rel=1e-6, abs=1e-8)
    assert numpy_financial.mirr(amounts, 0.05, 0.08) == pytest.approx(cashflows.mirr(amounts, 0.05, 0.08), rel=1e-9)
    day, dates = datetime.date(2024, 2, 28), []
    for gap in [0, *gaps[: len(incomes)]]:
        day += datetime.timedelta(days=gap)
        dates.append(day)
    try:
        dated = cashflows.xirr(amounts, dates)
    except cashflows.Undefined:
        assume(False)  # e.g. a hundredfold in a day: beyond the computer's numbers
    other = pyxirr.xirr(dates, amounts, silent=True)
    assume(other is not None and math.isfinite(other) and abs(dated) < 1e6)
    assert other == pytest.approx(dated, rel=1e-6, abs=1e-8)
    assert pyxirr.xnpv(0.07, dates, amounts) == pytest.approx(cashflows.xnpv(0.07, amounts, dates), rel=1e-9)


@few
@given(st.lists(st.floats(1, 1000), min_size=2, max_size=8), st.floats(0.0, 0.4))
def test_paybacks_and_index_agree_with_the_value(incomes, rate):
    amounts = [-0.6 * sum(incomes), *incomes]
    worth = cashflows.npv(rate, amounts)
    assert (cashflows.profitability_index(rate, amounts) >= 1) == (worth >= 0)
    time = cashflows.payback(amounts)
    assert 0 < time <= len(incomes)
    if worth > 1e-9:
        assert cashflows.discounted_payback(rate, amounts) >= time - 1e-12
    elif worth < -1e-9:
        with pytest.raises(cashflows.Undefined, match="does not come back"):
            cashflows.discounted_payback(rate, amounts)


@few
@given(st.floats(0.02, 0.4), st.floats(0.5, 20))
def test_decay_for_n_years_tends_to_the_perpetuity(rate, half_life):
    for_ever = cashflows.terminal_value_decay(100, rate, half_life)
    assert cashflows.pv_with_half_life(100, rate, half_life, 2000) == pytest.approx(for_ever, rel=1e-9)
    assert cashflows.pv_with_half_life(100, rate, half_life, 5) < for_ever
    assert cashflows.pv_with_half_life(100, rate, None, 5) == pytest.approx(100 * cashflows.annuity(rate, 5))


# ---------------------------------------------------------------- performance

cells = st.lists(st.integers(0, 500), min_size=8, max_size=8).filter(lambda counts: sum(counts) > 0)


@few
@given(cells, st.lists(st.floats(-1000, 1000), min_size=4, max_size=4))
def test_paired_gain_is_the_moments_of_the_gains(counts, worth):
    values = dict(zip(("tp", "fp", "fn", "tn"), worth, strict=True))
    table = np.array(counts).reshape(2, 2, 2)
    outcome = {(1, 1): "tp", (0, 1): "fp", (1, 0): "fn", (0, 0): "tn"}
    gains = np.repeat(
        [values[outcome[y, m]] - values[outcome[y, b]] for y, m, b in itertools.product((0, 1), repeat=3)], counts
    )
    result = performance.paired_gain(table, values)
    assert result.mean == pytest.approx(gains.mean(), abs=1e-9)
    assert result.standard_error == pytest.approx(gains.std() / math.sqrt(len(gains)), abs=1e-9)
    assert result.discordant == table[:, 0, 1].sum() + table[:, 1, 0].sum()

    model = {"tp": table[1, 1].sum(), "fp": table[0, 1].sum(), "fn": table[1, 0].sum(), "tn": table[0, 0].sum()}
    base = {
        "tp": table[1, :, 1].sum(),
        "fp": table[0, :, 1].sum(),
        "fn": table[1, :, 0].sum(),
        "tn": table[0, :, 0].sum(),
    }
    unpaired = performance.expected_value_gain(model, base, values)
    assert unpaired.mean == pytest.approx(result.mean, abs=1e-9)
    assert unpaired.method.startswith("unpaired")

    shares = (table.ravel() / table.sum())[None, :]
    assert performance.paired_gain_of_shares(shares, values) == pytest.approx([result.mean], abs=1e-9)


@few
@given(cells)
def test_posterior_draws_agree_with_its_exact_moments(counts):
    values = {"tp": 0.0, "fp": -620.0, "fn": -4275.0, "tn": 0.0}
    table = np.array(counts).reshape(2, 2, 2)
    result = performance.expected_value_posterior(table, values, draws=4000, seed=3)
    assert abs(result.draws.mean() - result.mean) < 5 * result.sd / math.sqrt(4000)
    assert result.draws.std() == pytest.approx(result.sd, rel=0.2)
    assert result.low <= result.high
    if sum(counts) > 1000:
        plug_in = performance.paired_gain(table, values)
        assert result.sd == pytest.approx(plug_in.standard_error, rel=0.2, abs=2.0)


@few
@given(st.integers(1, 3000), st.floats(0, 1), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_intervals_agree_with_statsmodels(n, share, level):
    successes = round(share * n)
    for own, name in ((performance.wilson_interval, "wilson"), (performance.clopper_pearson_interval, "beta")):
        low, high = proportion_confint(successes, n, alpha=1 - level, method=name)
        found = own(successes, n, level)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
        assert 0 <= found.low <= found.value <= found.high <= 1


@few
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=4, max_size=30))
def test_auc_counts_pairs(rows):
    truth, score = [y for y, _ in rows], [s / 6 for _, s in rows]
    ones = [s for y, s in zip(truth, score, strict=True) if y]
    zeros = [s for y, s in zip(truth, score, strict=True) if not y]
    if min(len(ones), len(zeros)) < 2:
        with pytest.raises(performance.Undefined):
            performance.auc(truth, score)
        return
    pairs = np.mean([(a > b) + 0.5 * (a == b) for a in ones for b in zeros])
    result = performance.auc(truth, score)
    assert result.value == pytest.approx(pairs)
    # DeLong: the variances of the placements, straight from their definition
    psi = np.array([[(a > b) + 0.5 * (a == b) for b in zeros] for a in ones])
    error = math.sqrt(psi.mean(axis=1).var(ddof=1) / len(ones) + psi.mean(axis=0).var(ddof=1) / len(zeros))
    assert result.standard_error == pytest.approx(error, abs=1e-12)


@few
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=1, max_size=20))
def test_profit_curve_is_the_best_of_all_cuts(rows):
    truth, score = np.array([y for y, _ in rows]), np.array([float(s) for _, s in rows])
    result = performance.profit_curve(truth, score, 100, -30, value_fn=-10, value_tn=1)

    def total(cut):
        flagged = score >= cut
        return np.where(flagged, np.where(truth, 100, -30), np.where(truth, -10, 1)).sum()

    totals = [total(cut) for cut in [*np.unique(score), math.inf]]
    assert result.best_profit == pytest.approx(max(totals))
    assert total(math.inf if result.score_cut is None else result.score_cut) == pytest.approx(max(totals))
    assert result.profit_of_all == pytest.approx(totals[0])


@few
@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_threshold_is_where_both_decisions_cost_the_same(false_alarm, miss):
    p = performance.cost_sensitive_threshold(false_alarm + 1, miss + 2, cost_tp=2, cost_tn=1)
    flagged, left = p * 2 + (1 - p) * (false_alarm + 1), p * (miss + 2) + (1 - p) * 1
    assert flagged == pytest.approx(left)


@few
@given(st.integers(20, 200), st.floats(0.05, 0.5))
def test_conformal_quantile_is_the_order_statistic_asked_for(n, alpha):
    scores = np.random.default_rng(n).permutation(n) + 1.0
    found = performance.split_conformal_quantile(scores, alpha)
    assert found / (n + 1) >= 1 - alpha - 1e-9  # enough
    assert (found - 1) / (n + 1) < 1 - alpha + 1e-9  # and not one too many


# ---------------------------------------------------------------- uncertainty

INPUTS = {
    "a": uncertainty.triangular(2, 5, 12),
    "b": uncertainty.pert(-1, 0, 4),
    "c": uncertainty.lognormal(10, 4),
    "d": uncertainty.normal(3, 2),
    "e": uncertainty.uniform(-2, 1),
    "f": uncertainty.constant(7),
}


@pytest.mark.parametrize("seed", range(5))
def test_monte_carlo_mean_is_within_its_standard_error(seed):
    weights = {"a": 3.0, "b": -2.0, "c": 1.0, "d": 0.5, "e": 4.0, "f": 1.0}
    result = uncertainty.simulate(
        lambda x: sum(weights[name] * x[name] for name in x),
        INPUTS,
        draws=2000,
        seed=seed,
        correlations={("a", "c"): 0.6, ("d", "a"): -0.3},
    )
    exact = sum(weights[name] * INPUTS[name].mean for name in INPUTS)
    assert result.draws == 2048
    assert 0 < abs(result.mean - exact) < 4 * result.standard_error
    assert result.standard_error < 0.3 * result.sd / math.sqrt(result.draws)  # what Sobol points are for
    for name, distribution in INPUTS.items():
        assert result.inputs[name].mean() == pytest.approx(distribution.mean, rel=0.01, abs=0.01)
        assert result.inputs[name].std() == pytest.approx(distribution.sd, rel=0.02, abs=0.01)


def test_monte_carlo_errors_cover():
    """The standard errors of mean, percentiles and probabilities are of the size of the true errors."""
    exact = uncertainty.normal(0, 1)
    scores = []
    for seed in range(40):
        result = uncertainty.simulate(lambda x: x["z"], {"z": exact}, draws=1024, seed=seed)
        median, below = result.percentile(50), result.probability_below(-1.0)
        scores.append(
            [
                result.mean / result.standard_error,
                median.value / median.standard_error,
                (below.value - stats.norm.cdf(-1)) / below.standard_error,
            ]
        )
    spread = np.std(scores, axis=0)
    assert np.all(spread > 0.5)
    assert np.all(spread < 2.0)


@pytest.mark.parametrize("rho", [-0.8, 0.3, 0.95])
def test_copula_gives_the_rank_correlations(rho):
    result = uncertainty.simulate(
        lambda x: x["a"], {"a": INPUTS["a"], "c": INPUTS["c"]}, draws=4096, seed=5, correlations={("a", "c"): rho}
    )
    exact = uncertainty.rank_correlation(rho)
    assert stats.spearmanr(result.inputs["a"], result.inputs["c"]).statistic == pytest.approx(exact.spearman, abs=0.02)
    assert stats.kendalltau(result.inputs["a"], result.inputs["c"]).statistic == pytest.approx(exact.kendall, abs=0.02)


@pytest.mark.parametrize("rho", [-1.0, 1.0])
def test_perfect_correlation_is_allowed(rho):
    result = uncertainty.simulate(
        lambda x: x["a"] - rho * x["b"],
        {"a": uncertainty.normal(0, 1), "b": uncertainty.normal(0, 1)},
        draws=256,
        seed=0,
        correlations={("a", "b"): rho},
    )
    assert np.abs(result.values).max() < 1e-6


def test_dirichlet_input_agrees_with_the_posterior():
    counts = np.array([8778, 112, 60, 630, 226, 18, 46, 130])
    values = {"tp": 0.0, "fp": -620.0, "fn": -4275.0, "tn": 0.0}
    table = counts.reshape(2, 2, 2)
    exact = performance.expected_value_posterior(table, values, draws=10, seed=0)
    result = uncertainty.simulate(
        lambda x: performance.paired_gain_of_shares(x["cells"], values),
        {"cells": uncertainty.dirichlet(performance.paired_table(table).ravel()), "other": INPUTS["a"]},
        draws=4096,
        seed=2,
    )
    assert result.inputs["cells"].shape == (4096, 8)
    assert result.inputs["cells"].sum(axis=1) == pytest.approx(np.ones(4096))
    assert abs(result.mean - exact.mean) < 4 * result.standard_error
    assert result.sd == pytest.approx(exact.sd, rel=0.03)


@few
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50), st.sampled_from([0.5, 0.9, 0.95]))
def test_tail_mean_is_never_above_the_tail_point(draws, level):
    tail = uncertainty.conditional_value_at_risk(draws, level).value
    assert tail <= uncertainty.value_at_risk(draws, level).value + 1e-9
    assert tail >= min(draws) - 1e-9


def test_tail_of_any_distribution_is_its_integral():
    own = uncertainty.conditional_value_at_risk(uncertainty.normal(100, 30), 0.9).value
    assert uncertainty.conditional_value_at_risk(stats.norm(100, 30), 0.9).value == pytest.approx(own, rel=1e-7)


@few
@given(flows, st.floats(0, 0.5), st.floats(0, 1))
def test_risk_adjusted_value_is_the_expectation(amounts, rate, chance):
    certain = [1.0] * len(amounts)
    assert uncertainty.risk_adjusted_npv(rate, amounts, certain) == pytest.approx(
        cashflows.npv(rate, amounts), rel=1e-9, abs=1e-6
    )
    risky = [1.0, chance, *certain[2:]]
    stopped = cashflows.npv(rate, [amounts[0]])
    expected = chance * cashflows.npv(rate, amounts) + (1 - chance) * stopped
    assert uncertainty.risk_adjusted_npv(rate, amounts, risky) == pytest.approx(expected, rel=1e-9, abs=1e-6)


# ---------------------------------------------------------------- data value


@few
@given(st.integers(2, 6), st.integers(0, 10_000))
def test_shapley_axioms(n, seed):
    generator = np.random.default_rng(seed)
    players = list(range(n))
    table = {
        frozenset(group): float(generator.normal())
        for k in range(n + 1)
        for group in itertools.combinations(players, k)
    }

    # player 0 and 1 made alike, the last one ("idle") adds nothing
    def worth(group):
        core = frozenset(group) - {"idle"}
        swapped = frozenset({0: 1, 1: 0}.get(player, player) for player in core)
        return table[core] + table[swapped]

    result = data_value.shapley([*players, "idle"], worth)
    assert sum(result.values.values()) == pytest.approx(result.total)
    assert result.total == pytest.approx(worth(players) - worth([]))
    assert result[0] == pytest.approx(result[1])
    assert result["idle"] == pytest.approx(0.0, abs=1e-12)
    alone = data_value.leave_one_out([*players, "idle"], worth)
    assert alone["idle"] == pytest.approx(0.0, abs=1e-12)
    assert data_value.banzhaf([*players, "idle"], worth)["idle"] == pytest.approx(0.0, abs=1e-12)

    orders = dict.fromkeys(players, 0.0)
    for order in itertools.permutations(players):
        for i, player in enumerate(order):
            orders[player] += worth(order[: i + 1]) - worth(order[:i])
    for player in players:
        assert result[player] == pytest.approx(orders[player] / math.factorial(n))


def test_sampled_shapley_is_right_within_its_error():
    """The airport game has a closed form: each stretch of runway is shared by those who need it."""
    needs = [1, 2, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10, 12]
    result = data_value.shapley(range(14), lambda group: max((needs[i] for i in group), default=0), 600, seed=4)
    steps = np.diff([0, *needs])
    exact = np.cumsum(steps / np.arange(14, 0, -1))
    assert sum(result.values.values()) == pytest.approx(12)
    assert result.seed == 4
    for player in range(14):
        assert abs(result[player] - exact[player]) < 4 * result.standard_errors[player] + 1e-12


def test_sampled_banzhaf_is_right_within_its_error():
    players = range(13)
    result = data_value.banzhaf(players, lambda group: float(len(group) ** 2), samples=800, seed=1)
    exact = 13.0  # E[(s + 1)^2 - s^2] with s binomial(12, 1/2)
    for player in players:
        assert abs(result[player] - exact) < 4 * result.standard_errors[player]


@few
@given(st.integers(1, 7), st.integers(1, 9), st.integers(1, 3), st.integers(0, 10_000))
def test_knn_shapley_is_the_shapley_value(n, k, tests, seed):
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(n, 2)), generator.integers(0, 2, n)
    x_test, y_test = generator.normal(size=(tests, 2)), generator.integers(0, 2, tests)
    exact = data_value.shapley(range(n), data_value.knn_utility(x, y, x_test, y_test, k))
    assert data_value.knn_shapley(x, y, x_test, y_test, k) == pytest.approx(list(exact.values.values()), abs=1e-12)


# ---------------------------------------------------------------- options

option = st.tuples(
    st.floats(1, 200),
    st.floats(1, 200),
    st.floats(0, 0.15),
    st.floats(0.05, 0.9),
    st.floats(0.05, 5),
    st.floats(0, 0.1),
)


@few
@given(option)
def test_put_call_parity_and_bounds(given_):
    s, k, r, sigma, t, q = given_
    call, put = (options.black_scholes(s, k, r, sigma, t, kind, q) for kind in ("call", "put"))
    assert call - put == pytest.approx(s * math.exp(-q * t) - k * math.exp(-r * t), abs=1e-9 * (s + k))
    assert max(s * math.exp(-q * t) - k * math.exp(-r * t), 0) - 1e-9 <= call <= s
    # an exchange for a certain payment is a call
    exchange = options.margrabe(s, k * math.exp(-r * t), sigma, 0.0, 0.0, t, q)
    assert exchange == pytest.approx(call, abs=1e-9 * (s + k))


@settings(few, max_examples=15)
@given(option)
def test_tree_tends_to_the_closed_form_and_early_exercise_never_hurts(given_):
    s, k, r, sigma, t, q = given_
    exact = options.black_scholes(s, k, r, sigma, t, "put", q)
    european = options.crr(s, k, r, sigma, t, 500, "put", dividend_yield=q)
    bermudan = options.crr(s, k, r, sigma, t, 500, "put", dividend_yield=q, exercise_dates=5)
    american = options.crr(s, k, r, sigma, t, 500, "put", american=True, dividend_yield=q)
    assert european == pytest.approx(exact, abs=0.004 * s)
    assert european - 1e-9 <= bermudan <= american + 1e-9
    assert american >= max(k - s, 0) - 1e-9
    # without payouts a call is never exercised early
    calls = [options.crr(s, k, r, sigma, t, 200, "call", american=early) for early in (False, True)]
    assert calls[0] == pytest.approx(calls[1], rel=1e-9, abs=1e-9)


@few
@given(st.floats(10, 200), st.floats(0.01, 0.2), st.floats(0.01, 0.2), st.floats(0.05, 0.8))
def test_perpetual_investment_joins_smoothly(value, r, q, sigma):
    result = options.perpetual_investment(value, 100, r, q, sigma)
    assert result.threshold > 100
    assert result.option_value >= max(value - 100, 0) - 1e-9
    at = options.perpetual_investment(result.threshold * (1 - 1e-9), 100, r, q, sigma)
    assert at.option_value == pytest.approx(result.threshold - 100, rel=1e-6)
    # beta solves the fundamental quadratic
    beta = result.beta
    assert 0.5 * sigma**2 * beta * (beta - 1) + (r - q) * beta - r == pytest.approx(0, abs=1e-9)


# ---------------------------------------------------------------- decisions, scoring


@few
@given(st.lists(st.tuples(st.integers(-5, 30), st.integers(0, 20)), min_size=1, max_size=9), st.integers(0, 60))
def test_knapsack_is_the_best_set(items, budget):
    values = {str(i): float(value) for i, (value, _) in enumerate(items)}
    costs = {str(i): float(cost) for i, (_, cost) in enumerate(items)}
    best = 0.0
    for k in range(len(items) + 1):
        for group in itertools.combinations(values, k):
            if sum(costs[name] for name in group) <= budget:
                best = max(best, sum(values[name] for name in group))
    result = decisions.knapsack(values, costs, budget)
    assert result.value == pytest.approx(best)
    assert result.cost <= budget


def test_large_knapsack_uses_integer_programming_and_agrees():
    generator = np.random.default_rng(0)
    values = {f"p{i}": float(value) for i, value in enumerate(generator.integers(1, 50, 24))}
    costs = {f"p{i}": float(cost) for i, cost in enumerate(generator.integers(1, 30, 24))}
    result = decisions.knapsack(values, costs, 100)
    best = np.zeros(101)  # the textbook recursion over budgets
    for name in values:
        cost = int(costs[name])
        best[cost:] = np.maximum(best[cost:], best[: 101 - cost] + values[name])
    assert result.method.startswith("integer")
    assert result.value == best[-1]


@few
@given(st.floats(-50, 50), st.floats(0.1, 50), st.floats(0.1, 300), st.integers(1, 1000))
def test_a_sample_is_worth_less_than_certainty_and_more_than_a_smaller_one(mean, sd, noise, n):
    more, less = decisions.evsi(mean, sd, noise, 2 * n), decisions.evsi(mean, sd, noise, n)
    assert 0 <= less.value <= more.value + 1e-12
    assert more.value <= decisions.evpi_normal(mean, sd).value + 1e-12


def test_information_from_draws_agrees_with_the_closed_form():
    draws = uncertainty.simulate(
        lambda x: x["known"] + x["other"],
        {"known": uncertainty.normal(20, 40), "other": uncertainty.normal(0, 30)},
        draws=16384,
        seed=1,
    )
    benefits = {"use": draws.values, "leave": np.zeros(draws.draws)}
    perfect = decisions.evpi_samples(benefits)
    partial = decisions.evppi(draws.inputs["known"], benefits)
    assert perfect.value == pytest.approx(decisions.evpi_normal(20, 50).value, rel=0.02)
    assert partial.value == pytest.approx(decisions.evpi_normal(20, 40).value, rel=0.02)
    both = decisions.evppi(np.column_stack([draws.inputs["known"], draws.inputs["other"]]), benefits)
    assert both.value == pytest.approx(perfect.value, rel=0.01)


@few
@given(st.integers(2, 5), st.integers(0, 10_000))
def test_minimum_variance_is_not_beaten(n, seed):
    generator = np.random.default_rng(seed)
    matrix = np.corrcoef(generator.normal(size=(n, 30)))
    spread = generator.uniform(0.05, 0.5, n)
    result = decisions.minimum_variance_weights(spread, matrix)
    covariance = matrix * np.outer(spread, spread)
    assert sum(result.weights) == pytest.approx(1)
    for _ in range(20):
        other = generator.normal(size=n)
        other = np.array(result.weights) + other - other.mean()
        assert math.sqrt(other @ covariance @ other) >= result.sd - 1e-12


@few
@given(st.lists(st.floats(0.2, 5), min_size=2, max_size=7))
def test_ahp_finds_the_weights_behind_consistent_judgements(raw):
    weights = np.array(raw) / sum(raw)
    result = scoring.ahp(weights[:, None] / weights[None, :])
    assert result.weights == pytest.approx(weights, rel=1e-6)
    assert result.consistency_ratio == pytest.approx(0, abs=1e-9)
    assert result.consistent


def test_several_roots_are_listed_in_the_refusal():
    with pytest.raises(SeveralRatesOfReturn, match=r"0\.25, 4") as caught:
        cashflows.irr([-1600, 10000, -10000])
    assert caught.value.roots == pytest.approx((0.25, 4.0))
