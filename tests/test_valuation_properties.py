"""What must hold for any numbers: properties and closed forms."""

import datetime
import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

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
    simulation,
    uncertainty,
)
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
def test_npv_agrees_with_years_of_365_days(amounts, rate):
    expected = cashflows.npv(rate, amounts)
    near = 1e-9 * (1 + cashflows.npv(rate, np.abs(amounts)))
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


@pytest.mark.parametrize("day_count", ["act/365f", "act/act", "30/360"])
def test_many_series_at_once_have_the_rates_that_each_has_alone(day_count):
    generator = np.random.default_rng(7)
    amounts = generator.normal(0, 1000, (60, 10))
    amounts[::4] = np.abs(amounts[::4]) * [-5, *[1] * 9]  # one change of sign
    amounts[::7, 4:] = 0.0  # short series
    amounts[5] = np.abs(amounts[5])  # no rate
    dates = np.datetime64("2023-11-30") + generator.integers(0, 4000, (60, 10))
    found = cashflows.xirr_batch(amounts, dates, day_count)
    assert len(found) == 60
    assert found[5] == ()
    for i in range(60):
        try:
            alone = cashflows.xirr_all(amounts[i], dates[i], day_count)
        except NoRateOfReturn:
            alone = ()
        except cashflows.Undefined:
            assert i in found.beyond
            continue
        assert i not in found.beyond
        assert found[i] == pytest.approx(alone, rel=1e-9, abs=1e-12)


def test_many_series_may_share_their_dates_and_come_as_lists():
    amounts = [[-100, 60, 60], [-1600, 10000, -10000], [1, 2, 3], [0, 0, 0], [-100, 110, 0]]
    dates = ["2025-01-01", "2026-01-01", "2027-01-01"]
    shared = cashflows.xirr_batch(amounts, dates)
    days = [datetime.date.fromisoformat(day) for day in dates]
    assert shared == cashflows.xirr_batch(np.array(amounts), [days] * 5)
    assert shared.roots[1] == pytest.approx((0.25, 4.0))
    assert shared.roots[2:4] == ((), ())
    assert shared.roots[4] == pytest.approx((0.1,))
    beyond = cashflows.xirr_batch([[-1, 1000], [-1, 1]], ["2025-01-01", "2025-01-02"])
    assert (beyond.roots, beyond.beyond) == (((), (0.0,)), (0,))
    for wrong in ([-1, 2], [[]], [[-1, 2, 3, 4]]):
        with pytest.raises(ValueError, match=r"\(series, flows\)"):
            cashflows.xirr_batch(wrong, dates)


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


@few
@given(
    st.floats(0, 0.1),
    st.floats(0, 0.1),
    st.floats(0, 2),
    st.floats(0, 3),
    st.floats(0, 0.5),
    st.floats(0.001, 0.15),
)
def test_cost_of_capital_lies_between_its_parts(risk_free, premium, beta, debt_to_equity, tax, cost_of_debt):
    result = cashflows.wacc_build_up(risk_free, premium, beta, debt_to_equity, tax, cost_of_debt)
    parts = result.cost_of_equity, result.after_tax_cost_of_debt
    assert min(parts) - 1e-12 <= result.wacc <= max(parts) + 1e-12
    assert result.weight_of_equity + result.weight_of_debt == pytest.approx(1)
    assert result.relevered_beta >= beta
    without = cashflows.wacc_build_up(risk_free, premium, beta)
    assert without.wacc == pytest.approx(risk_free + beta * premium)


@few
@given(st.floats(-0.3, 0.5), st.floats(-0.2, 0.3), flows)
def test_real_flows_at_the_real_rate_are_nominal_flows_at_the_nominal_rate(nominal, inflation, amounts):
    deflated = [amount / (1 + inflation) ** year for year, amount in enumerate(amounts)]
    near = 1e-7 * (1 + cashflows.npv(nominal, np.abs(amounts)))
    real = cashflows.real_rate(nominal, inflation)
    assert cashflows.npv(real, deflated) == pytest.approx(cashflows.npv(nominal, amounts), rel=1e-7, abs=near)


@few
@given(st.floats(0, 0.6), st.floats(0.01, 0.4), st.integers(1, 20), st.sampled_from(["end", "mid"]))
def test_tax_amortisation_saves_what_it_adds(tax, rate, years, timing):
    """The value with the benefit is the value before plus the tax saved by writing off the whole of it."""
    factor = approaches.tax_amortisation_factor(tax, rate, years, timing)
    shift = 0.0 if timing == "end" else 0.5
    saved = sum(tax * factor / years * (1 + rate) ** -(year - shift) for year in range(1, years + 1))
    assert factor == pytest.approx(1 + saved)
    assert factor >= 1
    income = approaches.relief_from_royalty([100.0] * 3, 0.1, tax, rate, timing, tab_years=years)
    assert income.with_tab == pytest.approx(income.pre_tab * factor)


@few
@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8), st.floats(0, 0.5), st.floats(0, 1))
def test_income_methods_are_present_values(amounts, rate, share):
    def value(flows_):
        return cashflows.npv(rate, [0.0, *flows_])

    near = 1e-9 * (1 + value(np.abs(amounts)))
    zero = [0.0] * len(amounts)
    split = approaches.income_split(amounts, share, rate).value
    assert split == pytest.approx(share * value(amounts), abs=near)
    assert approaches.income_split(amounts, 1.0, rate).value == pytest.approx(value(amounts), abs=near)
    assert approaches.greenfield(amounts, 7.0, rate).value == pytest.approx(value(amounts) - 7, abs=near)
    gain = approaches.with_and_without(amounts, zero, rate, probability_of_effect=share).value
    assert gain == pytest.approx(split, abs=near)
    swapped = approaches.with_and_without(zero, amounts, rate, probability_of_effect=share).value
    assert swapped == pytest.approx(-gain, abs=near)
    earned = approaches.excess_earnings(amounts, 0.0, rate, survival=share).value
    assert earned == pytest.approx(split, abs=near)
    middle = approaches.income_split(amounts, 1.0, rate, "mid").value
    assert middle == pytest.approx(value(amounts) * math.sqrt(1 + rate), abs=2 * near)


@few
@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(0.01, 1)), min_size=1, max_size=9))
def test_comparables_lie_within_their_prices(rows):
    prices, weights = zip(*rows, strict=True)
    result = approaches.comparable_prices(prices, weights=weights)
    assert min(prices) <= result.low <= result.value <= result.high <= max(prices)
    doubled = approaches.comparable_prices(prices, adjustments=[2.0] * len(prices), weights=weights)
    assert doubled.value == pytest.approx(2 * result.value)
    # as many cases of weight one as the weight says
    tens = [round(10 * weight) for weight in weights]
    if all(tens):
        repeated = approaches.comparable_prices(np.repeat(prices, tens)).value
        assert repeated == pytest.approx(approaches.comparable_prices(prices, weights=tens).value)


@few
@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(0, 0.3)), min_size=1, max_size=6), st.floats(0.02, 0.2))
def test_return_on_all_assets_with_goodwill_is_the_cost_of_capital(rows, wacc):
    assets = {f"a{i}": row for i, row in enumerate(rows)}
    total = sum(value for value, _ in rows)
    result = approaches.weighted_average_return_on_assets(assets, wacc, total * 1.5)
    earned = sum(value * rate for value, rate in rows) + result.goodwill * result.implied_goodwill_return
    assert earned / (1.5 * total) == pytest.approx(wacc)


@few
@given(st.dictionaries(st.text("abcd", min_size=1), st.floats(1, 1e6), min_size=1, max_size=4), st.randoms())
def test_reconciliation_lies_within_its_indications(indications, chance):
    raw = {name: chance.random() + 0.01 for name in indications}
    weights = {name: weight / sum(raw.values()) for name, weight in raw.items()}
    result = approaches.reconcile(indications, weights)
    assert result.low * (1 - 1e-9) <= result.value <= result.high * (1 + 1e-9)


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


def test_inputs_beyond_the_even_dimensions_are_independent_uniform_and_repeat():
    inputs = {f"x{n}": uncertainty.uniform(0, 1) for n in range(1100)}
    pairs = {("x1", "x1099"): 0.8}
    results = [uncertainty.simulate(lambda x: sum(x.values()), inputs, 2048, 3, pairs) for _ in range(2)]
    first = results[0]
    assert np.array_equal(first.values, results[1].values)
    drawn = np.array([first.inputs[name] for name in inputs])
    assert 0 < drawn.min() < 1e-4 and 1 - 1e-4 < drawn.max() < 1
    assert drawn[1024:].mean(axis=1) == pytest.approx(0.5, abs=4.5 / math.sqrt(12 * 2048))
    scores = stats.norm.ppf(drawn)
    tied = np.corrcoef(scores)
    assert tied[1, 1099] == pytest.approx(0.8, abs=0.03)
    assert np.abs(tied - np.eye(1100))[1024:1099].max() < 6 / math.sqrt(2048)
    assert abs(first.mean - 550) < 4 * first.standard_error
    variance = 1100 / 12 + 2 / 12 * 6 / math.pi * math.asin(0.4)  # Spearman's correlation of the two uniforms
    assert first.sd**2 == pytest.approx(variance, rel=0.12)


def test_a_simulation_without_its_inputs_has_the_same_values():
    kept, spared = (
        uncertainty.simulate(lambda x: x["a"] * x["b"], INPUTS, 1024, 1, keep_inputs=k) for k in (True, False)
    )
    assert np.array_equal(kept.values, spared.values) and spared.inputs == {} and set(kept.inputs) == set(INPUTS)


def test_draws_without_a_value_are_counted_over_all_blocks():
    with pytest.raises(uncertainty.Undefined, match=r"no finite value in 8192 of 32768 draws, first at a=0\.\d+\."):
        uncertainty.simulate(
            lambda x: np.where(x["a"] < 0.25, np.nan, 1.0),
            {"a": uncertainty.uniform(0, 1)},
            32768,
            1,
            keep_inputs=False,
        )


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


@pytest.mark.parametrize("seed", range(3))
def test_monte_carlo_finds_closed_forms_within_its_error(seed):
    """A product of correlated lognormals and a discounted option: both have closed forms."""
    a, b, rho = uncertainty.lognormal(10, 4), uncertainty.lognormal(5, 1), 0.5
    product = uncertainty.simulate(
        lambda x: x["a"] * x["b"], {"a": a, "b": b}, draws=8192, seed=seed, correlations={("a", "b"): rho}
    )
    exact = a.mean * b.mean * math.exp(rho * a.sigma * b.sigma)
    assert abs(product.mean - exact) < 4.5 * product.standard_error
    assert product.standard_error < 0.01 * exact

    call = uncertainty.simulate(
        lambda x: np.maximum(100 * np.exp(0.03 - 0.045 + 0.3 * x["z"]) - 95, 0) * math.exp(-0.03),
        {"z": uncertainty.normal(0, 1)},
        draws=8192,
        seed=seed,
    )
    assert abs(call.mean - options.black_scholes(100, 95, 0.03, 0.3, 1)) < 4.5 * call.standard_error


def test_many_draws_are_made_in_blocks_and_stay_the_same_points():
    """More draws than fit into one block: every scramble is whole, in its order."""
    inputs = {"a": uncertainty.uniform(0, 1), "b": uncertainty.normal(0, 1), "cells": uncertainty.dirichlet([3, 4])}
    result = uncertainty.simulate(lambda x: x["a"] + x["b"], inputs, 70_000, 1, {("a", "b"): 0.4})
    assert result.draws > 2 * simulation.BLOCK_ROWS
    for block in np.split(result.inputs["a"], result.replicates):
        counts = np.bincount((block * 64).astype(int), minlength=64)
        assert np.ptp(counts) <= 1  # a Sobol sequence fills equal intervals equally
    assert result.inputs["cells"].sum(axis=1) == pytest.approx(np.ones(result.draws))
    assert abs(result.mean - 0.5) < 5 * result.standard_error


@few
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=6), st.floats(0.1, 5))
def test_tornado_of_a_linear_model_is_symmetric_and_sorted(slopes, reach):
    base = {f"x{i}": 1.0 for i in range(len(slopes))}
    ranges = dict.fromkeys(base, (1 - reach, 1 + reach))
    rows = uncertainty.tornado(
        lambda x: sum(slope * x[name] for slope, name in zip(slopes, base, strict=True)), base, ranges
    )
    for row in rows:
        assert row.value_at_low + row.value_at_high == pytest.approx(2 * row.base_value, abs=1e-9)
        assert row.swing == pytest.approx(2 * reach * abs(slopes[int(row.name[1:])]), abs=1e-9)
    assert [row.swing for row in rows] == sorted((row.swing for row in rows), reverse=True)


@few
@given(st.dictionaries(st.text("abcd", min_size=1), st.floats(-1e6, 1e6), min_size=1, max_size=4), st.randoms())
def test_scenarios_are_a_mean(values, chance):
    raw = {name: chance.random() + 0.01 for name in values}
    shares = {name: weight / sum(raw.values()) for name, weight in raw.items()}
    result = uncertainty.scenarios(values, shares)
    assert result.low - 1e-6 <= result.mean <= result.high + 1e-6
    moved = uncertainty.scenarios({name: value + 100 for name, value in values.items()}, shares)
    assert (moved.mean - 100, moved.sd) == (pytest.approx(result.mean, abs=1e-6), pytest.approx(result.sd, abs=1e-3))


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


@few
@given(st.integers(2, 6), st.integers(0, 10_000), st.floats(-3, 3))
def test_shapley_and_banzhaf_are_additive(n, seed, factor):
    generator = np.random.default_rng(seed)
    groups = [frozenset(group) for k in range(n + 1) for group in itertools.combinations(range(n), k)]
    first, second = ({group: float(generator.normal()) for group in groups} for _ in range(2))
    both = {group: first[group] + factor * second[group] for group in groups}
    for method in (data_value.shapley, data_value.banzhaf, data_value.leave_one_out):
        one, other, joint = (method(range(n), game).values for game in (first, second, both))
        for player in range(n):
            assert joint[player] == pytest.approx(one[player] + factor * other[player], abs=1e-9)


def test_errors_of_sampled_shapley_shares_cover():
    """Over many seeds, about 95 % of the shares lie within two standard errors, and none far outside."""
    needs = [1, 2, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10]
    exact = np.cumsum(np.diff([0, *needs]) / np.arange(13, 0, -1)) / 10
    scores = []
    for seed in range(15):
        result = data_value.shapley(range(13), lambda group: max((needs[i] for i in group), default=0), 400, seed)
        assert sum(result.shares.values()) == pytest.approx(1)
        scores += [(result.shares[i] - exact[i]) / result.share_errors[i] for i in range(13)]
    inside = np.mean(np.abs(scores) < 2)
    assert 0.88 < inside < 0.99
    assert np.abs(scores).max() < 5
    assert 0.8 < np.std(scores) < 1.2
    certain = data_value.shapley("ab", {"a": 1, "b": 2, "a+b": 4})
    assert certain.share_errors == {"a": 0.0, "b": 0.0}


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


@few
@given(option, st.floats(0.01, 0.3))
def test_options_gain_by_volatility_and_lose_by_strike(given_, more):
    s, k, r, sigma, t, q = given_
    for kind in ("call", "put"):
        calm, wild = (options.black_scholes(s, k, r, vol, t, kind, q) for vol in (sigma, sigma + more))
        assert wild >= calm - 1e-9
    call, dearer = (options.black_scholes(s, strike, r, sigma, t, "call", q) for strike in (k, k * (1 + more)))
    assert dearer <= call + 1e-9


@settings(few, max_examples=15)
@given(option)
def test_one_stage_is_a_call_and_more_stages_are_worth_less(given_):
    s, k, r, sigma, t, q = given_
    call = options.black_scholes(s, k, r, sigma, t, "call", q)
    one = options.stage(s, [(t, k)], r, sigma, q)
    assert one.with_option == pytest.approx(call, abs=4e-3 * s)
    assert one.with_option >= max(one.static_npv, 0) - 1e-6 * s
    two = options.stage(s, [(t / 2, 0.1 * k), (t, k)], r, sigma, q)
    assert max(two.static_npv, 0) - 1e-6 * s <= two.with_option <= one.with_option + 1e-9
    certain = options.stage(s, [(0, 1.0), (t, k)], r, 0.0, q)
    worth = max(max(s * math.exp(-q * t) - k * math.exp(-r * t), 0) - 1, 0)
    assert certain.with_option == pytest.approx(worth, abs=1e-6 * (s + k))


def test_stages_now_and_refusals():
    assert options.stage(100, [(0, 60)], 0.05, 0.3).with_option == 40
    assert options.stage(50, [(0, 60)], 0.05, 0.3).with_option == 0
    for wrong in ([], [(1, 5), (1, 6)], [(-1, 5)], [(1, -5)], [1, 2]):
        with pytest.raises(ValueError, match="costs"):
            options.stage(100, wrong, 0.05, 0.3)


def test_volatility_is_found_again_within_its_error():
    for seed in range(4):
        scores = np.random.default_rng(seed).standard_normal(5000)
        result = options.volatility_of_value(80, 80 * np.exp(0.02 + 0.4 * math.sqrt(2) * scores), years=2)
        assert abs(result.value - 0.4) < 4 * result.standard_error
        assert result.standard_error == pytest.approx(0.4 / math.sqrt(2 * 5000), rel=0.1)
    assert options.volatility_of_value(80, [90, 90]).value == 0
    few = np.log(np.array([80, 95, 110, 130]) / 100)  # the moments of few draws belong together: no error of 0
    squares = (few - few.mean()) ** 2
    expected = np.sqrt((np.mean(squares**2) - np.mean(squares) ** 2) / 4) / (2 * few.std(ddof=1))
    assert options.volatility_of_value(100, [80, 95, 110, 130]).standard_error == pytest.approx(expected)
    assert expected > 0.03
    with pytest.raises(options.Undefined, match="1 of 3 draws"):
        options.volatility_of_value(80, [90, 70, -5])


@pytest.mark.parametrize(("s", "volatility"), [(36, 0.2), (40, 0.4)])
def test_simulated_early_exercise_agrees_with_the_tree(s, volatility):
    paths = options.price_paths(s, 0.06, volatility, 1, steps=10, paths=20_000, seed=3)
    found = options.least_squares_monte_carlo(paths, 40, 0.06, 1)
    tree = options.crr(s, 40, 0.06, volatility, 1, 400, "put", exercise_dates=10)
    # antithetic pairs make the stated error an upper bound; the rule found costs up to half a percent
    assert found.american == pytest.approx(tree, abs=4 * found.standard_error + 0.005 * tree)
    late = options.black_scholes(s, 40, 0.06, volatility, 1, "put")
    assert abs(found.european - late) < 4 * found.european_standard_error
    assert found.american >= found.european


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


def test_large_knapsack_agrees_with_the_textbook_recursion():
    generator = np.random.default_rng(0)
    values = {f"p{i}": float(value) for i, value in enumerate(generator.integers(1, 50, 24))}
    costs = {f"p{i}": float(cost) for i, cost in enumerate(generator.integers(1, 30, 24))}
    result = decisions.knapsack(values, costs, 100)
    best = np.zeros(101)  # the textbook recursion over budgets
    for name in values:
        cost = int(costs[name])
        best[cost:] = np.maximum(best[cost:], best[: 101 - cost] + values[name])
    assert result.method.startswith("dynamic")
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


@settings(few, max_examples=15)
@given(st.floats(-40, 40), st.floats(5, 60), st.floats(0, 60), st.floats(10, 300), st.integers(1, 500))
def test_a_study_is_worth_less_than_an_answer_and_that_less_than_all_answers(mean, known, other, noise, n):
    """EVSI <= EVPPI <= EVPI: the study is about one of two sources of doubt."""
    draws = uncertainty.simulate(
        lambda x: x["known"] + x["other"],
        {"known": uncertainty.normal(mean, known), "other": uncertainty.normal(0, other)},
        draws=4096,
        seed=1,
    )
    benefits = {"use": draws.values, "leave": np.zeros(draws.draws)}
    perfect, partial = decisions.evpi_samples(benefits), decisions.evppi(draws.inputs["known"], benefits)
    assert 0 <= partial.value <= perfect.value
    assert partial.best == perfect.best
    study = decisions.evsi(mean, known, noise, n)
    assert study.value <= study.perfect
    assert study.value <= partial.value + 0.03 * known  # the regression and the draws have their own error
    assert study.perfect == pytest.approx(partial.value, abs=0.03 * known)


@few
@given(st.integers(2, 4), st.integers(2, 4), st.integers(0, 10_000))
def test_perfect_information_is_never_worth_less_than_nothing(actions, states, seed):
    generator = np.random.default_rng(seed)
    chances = generator.dirichlet(np.ones(states))
    prior = {f"s{i}": float(chance) for i, chance in enumerate(chances)}
    table = generator.normal(0, 100, (actions, states))
    payoffs = {f"a{i}": {f"s{j}": float(table[i, j]) for j in range(states)} for i in range(actions)}
    result = decisions.evpi(prior, payoffs)
    assert result.value == pytest.approx(chances @ table.max(axis=0) - (table @ chances).max(), abs=1e-9)
    # the tree says the same: first learn the state, then act
    tree = {"chance": {s: (prior[s], {"decide": {a: payoffs[a][s] for a in payoffs}}) for s in prior}}
    blind = {"decide": {a: {"chance": {s: (prior[s], payoffs[a][s]) for s in prior}} for a in payoffs}}
    knowing, guessing = decisions.decision_tree(tree), decisions.decision_tree(blind)
    assert knowing.value - guessing.value == pytest.approx(result.value, abs=1e-9)
    assert guessing.policy["start"] == result.best


@few
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=9).filter(lambda values: sum(values) > 1))
def test_concentration_counts_equal_assets(values):
    result = decisions.concentration({str(i): value for i, value in enumerate(values)})
    assert 1 / len(values) - 1e-12 <= result.herfindahl <= 1 + 1e-12
    equal = decisions.concentration(dict.fromkeys(range(len(values)), 3.0))
    assert equal.effective_number == pytest.approx(len(values))


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
@given(st.lists(st.floats(0.6, 5), min_size=2, max_size=7))
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


# ---------------------------------------------------------------- economics, accounting


@few
@given(st.floats(0.1, 100), st.floats(0.1, 50), st.integers(1, 12))
def test_queues_obey_littles_law_and_more_servers_wait_less(arrivals, service, servers):
    assume(arrivals < 0.99 * servers * service)
    queue, more = economics.erlang_c(arrivals, service, servers), economics.erlang_c(arrivals, service, servers + 1)
    assert queue.mean_time == pytest.approx(queue.mean_wait + 1 / service)
    assert 0 <= more.probability_of_waiting <= queue.probability_of_waiting <= 1
    assert more.mean_wait <= queue.mean_wait
    assert queue.p95_time >= queue.p95_wait
    # the chain of births and deaths, state by state
    load, shares = arrivals / service, [1.0]
    for state in range(1, 6000):
        shares.append(shares[-1] * load / min(state, servers))
    shares = np.array(shares) / np.sum(shares)
    assume(shares[-1] < 1e-13)
    waiting = np.maximum(np.arange(6000) - servers, 0) @ shares
    assert queue.mean_wait == pytest.approx(waiting / arrivals, rel=1e-6, abs=1e-12)


@few
@given(st.floats(0.1, 10), st.floats(1, 1e5), st.floats(0, 10))
def test_at_the_break_even_volume_both_ways_cost_the_same(buy, fixed, own):
    assume(own < buy * 0.99)
    volume = economics.break_even_volume(buy, fixed, own)
    assert fixed + own * volume / 1000 == pytest.approx(buy * volume / 1000)


@few
@given(st.floats(1, 1e5), st.floats(0.5, 1), st.floats(1, 1000))
def test_each_doubling_costs_the_learning_rate(first, rate, n):
    one, two = (economics.learning_curve_cost(first, units, rate) for units in (n, 2 * n))
    assert two == pytest.approx(rate * one)


@few
@given(st.floats(1, 1e6), st.floats(0.5, 12), st.dates(datetime.date(2020, 1, 1), datetime.date(2026, 12, 31)))
def test_amortisation_uses_up_the_cost_and_no_more(cost, life, days_in):
    years = [accounting.amortise(cost, life, days_in, f"{year}-12-31", 0.1 * cost) for year in range(2019, 2041)]
    assert sum(year.charge for year in years) == pytest.approx(0.9 * cost)
    assert all(year.charge >= 0 for year in years)
    for before, after in itertools.pairwise(years):
        assert after.carrying_amount == pytest.approx(before.carrying_amount - after.charge)


@few
@given(st.floats(0, 1e6), st.floats(0, 1e6), st.lists(st.floats(0, 1e6), min_size=1, max_size=6), st.floats(0, 0.4))
def test_impairment_brings_the_books_to_what_can_be_recovered(carrying, fair, amounts, rate):
    result = accounting.impairment(carrying, fair, amounts, rate)
    assert result.recoverable == max(result.value_in_use, fair)
    assert result.carrying_after == pytest.approx(min(carrying, result.recoverable), abs=1e-6)
    assert result.impairment_loss >= 0


@few
@given(st.floats(0, 1e6), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.3), st.floats(0, 4))
def test_obsolescence_only_lowers_replacement_cost(direct, functional, economic, rate, years):
    new = approaches.replacement_cost(direct, 0.2, 0.1, rate, years)
    old = approaches.replacement_cost(direct, 0.2, 0.1, rate, years, functional, economic)
    assert old.value == pytest.approx(new.value * (1 - functional) * (1 - economic))
    assert new.value == pytest.approx(new.with_profit * (1 + rate) ** (years / 2))
    assert new.opportunity_cost == pytest.approx(approaches.opportunity_cost(new.with_profit, rate, years))


@few
@given(st.floats(0.55, 0.99), st.floats(0.1, 0.95), st.floats(1, 60))
def test_after_one_half_life_half_the_excess_is_left(start, kept, elapsed):
    end = 0.5 + (start - 0.5) * kept
    found = performance.half_life(start, end, elapsed, floor=0.5)
    assert 0.5 + (start - 0.5) * 0.5 ** (elapsed / found) == pytest.approx(end)


@few
@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.1, 100), st.floats(0.1, 100))
def test_a_threshold_moves_with_the_share_of_positive_cases(seen, used, false_alarm, miss):
    """Money weighted to the cases in use gives the same cut as the plain money, shifted to the share of the test."""
    plain = performance.cost_sensitive_threshold(false_alarm, miss)
    weighted = performance.cost_sensitive_threshold(false_alarm * (1 - used) / (1 - seen), miss * used / seen)
    assert performance.prior_shift(plain, used, seen) == pytest.approx(weighted)
    assert performance.prior_shift(weighted, seen, used) == pytest.approx(plain)
