"""The valuation functions against other libraries on random inputs.

The libraries are in the test extra. Where one is missing, its tests are skipped and say so.
"""

import datetime
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lepton_nb.valuation import cashflows, data_value, decisions, options, performance, scoring, uncertainty

few = settings(max_examples=30, deadline=None, derandomize=True)
money = st.floats(-1e6, 1e6, allow_nan=False)
flows = st.lists(money, min_size=2, max_size=12)
days = st.integers(0, 12_000).map(lambda day: datetime.date(2019, 12, 30) + datetime.timedelta(days=day))


def library(name):
    return pytest.importorskip(name, reason=f"{name} is not installed: pip install lepton-nb[test] brings it.")


# ---------------------------------------------------------------- numpy-financial, pyxirr


@few
@given(flows, st.floats(-0.5, 2.0))
def test_npv_agrees_with_numpy_financial(amounts, rate):
    near = 1e-9 * (1 + cashflows.npv(rate, np.abs(amounts)))
    own = cashflows.npv(rate, amounts)
    assert library("numpy_financial").npv(rate, amounts) == pytest.approx(own, rel=1e-9, abs=near)


@few
@given(st.floats(0.001, 0.5), st.integers(1, 30), st.lists(st.floats(0, 1e5), min_size=2, max_size=8))
def test_annuities_agree_with_numpy_financial(rate, years, costs):
    npf = library("numpy_financial")
    assert -npf.pv(rate, years, 1.0) == pytest.approx(cashflows.annuity(rate, years), rel=1e-9)
    level = -npf.pmt(rate, len(costs) - 1, npf.npv(rate, costs))
    assert level == pytest.approx(cashflows.equivalent_annual_cost(rate, costs), rel=1e-9, abs=1e-9)


@few
@given(st.floats(10, 1e5), st.lists(st.floats(1, 1e5), min_size=1, max_size=8))
def test_rates_of_return_agree_with_numpy_financial(outlay, incomes):
    npf, amounts = library("numpy_financial"), [-outlay, *incomes]
    assume(0.05 < sum(incomes) / outlay < 20)
    assert npf.irr(amounts) == pytest.approx(cashflows.irr(amounts), rel=1e-6, abs=1e-8)
    assert npf.mirr(amounts, 0.05, 0.08) == pytest.approx(cashflows.mirr(amounts, 0.05, 0.08), rel=1e-9)


def dated(gaps, count):
    day, dates = datetime.date(2024, 2, 28), []
    for gap in [0, *gaps[: count - 1]]:
        day += datetime.timedelta(days=gap)
        dates.append(day)
    return dates


@few
@given(
    st.floats(10, 1e5), st.lists(st.floats(1, 1e5), min_size=1, max_size=8), st.lists(st.integers(1, 900), min_size=8)
)
def test_dated_rates_agree_with_pyxirr_where_the_flows_change_sign_once(outlay, incomes, gaps):
    pyxirr, amounts = library("pyxirr"), [-outlay, *incomes]
    assume(0.05 < sum(incomes) / outlay < 20)
    dates = dated(gaps, len(amounts))
    try:
        own = cashflows.xirr(amounts, dates)
    except cashflows.Undefined:
        assume(False)  # e.g. a hundredfold in a day: beyond the computer's numbers
    other = pyxirr.xirr(dates, amounts, silent=True)
    assume(other is not None and math.isfinite(other) and abs(own) < 1e6)
    assert other == pytest.approx(own, rel=1e-6, abs=1e-8)
    assert pyxirr.xnpv(0.07, dates, amounts) == pytest.approx(cashflows.xnpv(0.07, amounts, dates), rel=1e-9)


def test_the_rate_of_pyxirr_is_one_of_all_rates():
    pyxirr = library("pyxirr")
    generator = np.random.default_rng(11)
    dates = np.datetime64("2025-01-01") + np.sort(generator.integers(0, 9000, (300, 12)), axis=1)
    amounts = generator.normal(0, 1000, (300, 12))
    found = cashflows.xirr_batch(amounts, dates)
    missed = 0
    for row in range(300):
        other = pyxirr.xirr(dates[row], amounts[row], silent=True)
        if row in found.beyond:
            continue
        if other is None or not math.isfinite(other):
            missed += bool(found[row])  # a rate that it does not find
        else:
            assert any(root == pytest.approx(other, rel=1e-6, abs=1e-7) for root in found[row]), row
    assert missed > 0


# ---------------------------------------------------------------- QuantLib


def quantlib_day_counts():
    ql = library("QuantLib")
    return {
        "act/365f": ql.Actual365Fixed(),
        "act/360": ql.Actual360(),
        "act/act": ql.ActualActual(ql.ActualActual.ISDA),
        "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
        "30e/360": ql.Thirty360(ql.Thirty360.European),
    }


@few
@given(st.lists(days, min_size=2, max_size=2))
@pytest.mark.parametrize("name", ["act/365f", "act/360", "act/act", "30/360", "30e/360"])
def test_day_counts_agree_with_quantlib(name, pair):
    ql = library("QuantLib")
    first, last = sorted(pair)
    years = quantlib_day_counts()[name].yearFraction(*(ql.Date(day.day, day.month, day.year) for day in (first, last)))
    found = cashflows.xnpv(math.e - 1, [1.0], [last], name, first)
    assert -math.log(found) == pytest.approx(years, abs=1e-12)
    # the other way round the flow is carried forward as far
    assert cashflows.xnpv(math.e - 1, [1.0], [first], name, last) * found == pytest.approx(1)


@few
@given(
    st.floats(10, 1e5), st.lists(st.floats(1, 1e5), min_size=2, max_size=8), st.lists(st.integers(1, 900), min_size=8)
)
@pytest.mark.parametrize("name", ["act/365f", "act/act", "30e/360"])
def test_present_values_and_yields_agree_with_quantlib(name, outlay, incomes, gaps):
    ql, count = library("QuantLib"), quantlib_day_counts()[name]
    dates = dated(gaps, len(incomes) + 1)
    asked = [ql.Date(day.day, day.month, day.year) for day in dates]
    leg = [ql.SimpleCashFlow(amount, day) for amount, day in zip(incomes, asked[1:], strict=True)]
    rate = ql.InterestRate(0.07, count, ql.Compounded, ql.Annual)
    present = ql.CashFlows.npv(leg, rate, False, asked[0], asked[0])
    assert present == pytest.approx(cashflows.xnpv(0.07, [0.0, *incomes], dates, name), rel=1e-9)
    price = sum(incomes) / 1.3
    try:
        own = cashflows.xirr([-price, *incomes], dates, name)
    except cashflows.Undefined:
        assume(False)
    assume(own < 5)
    other = ql.CashFlows.yieldRate(
        leg, price, count, ql.Compounded, ql.Annual, False, asked[0], asked[0], 1e-12, 500, own + 0.01
    )
    assert other == pytest.approx(own, rel=1e-7, abs=1e-9)


option = st.tuples(
    st.floats(20, 200),
    st.floats(20, 200),
    st.floats(0, 0.15),
    st.floats(0, 0.1),
    st.floats(0.05, 0.9),
    st.integers(30, 1500),
    st.sampled_from(["call", "put"]),
)


def quantlib_option(given_, american=False, steps=0):
    ql = library("QuantLib")
    spot, strike, rate, payout, volatility, length, kind = given_
    today, year = ql.Date(15, 1, 2025), ql.Actual365Fixed()
    ql.Settings.instance().evaluationDate = today
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, payout, year)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, rate, year)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), volatility, year)),
    )
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if kind == "call" else ql.Option.Put, strike)
    end = today + length
    exercise = ql.AmericanExercise(today, end) if american else ql.EuropeanExercise(end)
    contract = ql.VanillaOption(payoff, exercise)
    engine = ql.BinomialVanillaEngine(process, "crr", steps) if steps else ql.AnalyticEuropeanEngine(process)
    contract.setPricingEngine(engine)
    return contract.NPV()


@few
@given(option)
def test_black_scholes_agrees_with_quantlib(given_):
    spot, strike, rate, payout, volatility, length, kind = given_
    own = options.black_scholes(spot, strike, rate, volatility, length / 365, kind, payout)
    assert quantlib_option(given_) == pytest.approx(own, rel=1e-9, abs=1e-9 * (spot + strike))


@settings(few, max_examples=12)
@given(option)
@pytest.mark.parametrize("american", [False, True])
def test_trees_agree_with_quantlib(american, given_):
    """Its tree takes the chance of a rise to first order in the step: both tend to one value."""
    spot, strike, rate, payout, volatility, length, kind = given_
    own = options.crr(spot, strike, rate, volatility, length / 365, 401, kind, american, payout)
    assert quantlib_option(given_, american, steps=401) == pytest.approx(own, abs=2e-3 * spot)


@settings(few, max_examples=10)
@given(
    st.floats(50, 150),
    st.floats(50, 150),
    st.floats(0.05, 0.6),
    st.floats(0.05, 0.6),
    st.floats(-0.9, 0.9),
    st.integers(60, 1000),
)
def test_exchange_option_agrees_with_quantlib(first, second, sigma_1, sigma_2, rho, length):
    ql = library("QuantLib")
    today, year = ql.Date(15, 1, 2025), ql.Actual365Fixed()
    ql.Settings.instance().evaluationDate = today

    def process(spot, payout, sigma):
        return ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(spot)),
            ql.YieldTermStructureHandle(ql.FlatForward(today, payout, year)),
            ql.YieldTermStructureHandle(ql.FlatForward(today, 0.03, year)),
            ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), sigma, year)),
        )

    contract = ql.MargrabeOption(1, 1, ql.EuropeanExercise(today + length))
    engine = ql.AnalyticEuropeanMargrabeEngine(process(first, 0.02, sigma_1), process(second, 0.04, sigma_2), rho)
    contract.setPricingEngine(engine)
    own = options.margrabe(first, second, sigma_1, sigma_2, rho, length / 365, 0.02, 0.04)
    assert contract.NPV() == pytest.approx(own, rel=1e-7, abs=1e-7)


@settings(few, max_examples=10)
@given(
    st.floats(60, 160),
    st.floats(5, 40),
    st.floats(60, 120),
    st.floats(0, 0.1),
    st.floats(0.15, 0.7),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_two_stages_agree_with_quantlibs_compound_option(value, first, second, rate, sigma, early, more):
    ql = library("QuantLib")
    today, year = ql.Date(15, 1, 2025), ql.Actual365Fixed()
    ql.Settings.instance().evaluationDate = today
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(value)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, 0.02, year)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, rate, year)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), sigma, year)),
    )
    mother, daughter = (ql.PlainVanillaPayoff(ql.Option.Call, cost) for cost in (first, second))
    ends = [ql.EuropeanExercise(today + 365 * length) for length in (early, early + more)]
    contract = ql.CompoundOption(mother, ends[0], daughter, ends[1])
    contract.setPricingEngine(ql.AnalyticCompoundOptionEngine(process))
    own = options.stage(value, [(early, first), (early + more, second)], rate, sigma, 0.02, steps=840)
    assert own.with_option == pytest.approx(contract.NPV(), abs=4e-3 * value)


# ---------------------------------------------------------------- SALib


def salib_indices(model, bounds, n):
    library("SALib")
    from SALib.analyze import sobol
    from SALib.sample import sobol as sampling

    names = list(bounds)
    problem = {"num_vars": len(names), "names": names, "bounds": [list(ends) for ends in bounds.values()]}
    points = sampling.sample(problem, n, calc_second_order=False, seed=3)
    values = model({name: points[:, i] for i, name in enumerate(names)})
    found = sobol.analyze(problem, values, calc_second_order=False, num_resamples=20, seed=3)
    return dict(zip(names, found["S1"], strict=True)), dict(zip(names, found["ST"], strict=True))


def ishigami(x):
    return np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"])


def test_sobol_indices_of_ishigami_agree_with_salib():
    bounds = dict.fromkeys(("x1", "x2", "x3"), (-math.pi, math.pi))
    first, total = salib_indices(ishigami, bounds, 4096)
    own = uncertainty.sobol_indices(
        ishigami, {name: uncertainty.uniform(*ends) for name, ends in bounds.items()}, n=4096
    )
    for name in bounds:
        assert own.first[name] == pytest.approx(first[name], abs=0.02 + 4 * own.first_errors[name])
        assert own.total[name] == pytest.approx(total[name], abs=0.02 + 4 * own.total_errors[name])


@settings(few, max_examples=8)
@given(st.lists(st.floats(0.2, 5), min_size=2, max_size=5))
def test_sobol_indices_of_additive_models_agree_with_salib_and_sum_to_one(weights):
    names = [f"x{i}" for i in range(len(weights))]
    bounds = dict.fromkeys(names, (0.0, 1.0))

    def model(x):
        return sum(weight * x[name] for weight, name in zip(weights, names, strict=True))

    first, total = salib_indices(model, bounds, 1024)
    own = uncertainty.sobol_indices(model, {name: uncertainty.uniform(0, 1) for name in names}, n=4096)
    exact = np.square(weights) / np.sum(np.square(weights))
    for name, share in zip(names, exact, strict=True):
        for found, other, error in (
            (own.first[name], first[name], own.first_errors[name]),
            (own.total[name], total[name], own.total_errors[name]),
        ):
            assert found == pytest.approx(share, abs=0.005 + 5 * error)
            assert found == pytest.approx(other, abs=0.05)
    noise = 5 * math.sqrt(sum(error**2 for error in own.first_errors.values()))
    assert sum(own.first.values()) == pytest.approx(1, abs=0.01 + noise)


# ---------------------------------------------------------------- scikit-criteria, pymcdm

FIGHTERS = [
    [2.0, 1500, 20000, 5.5, 5, 9],
    [2.5, 2700, 18000, 6.5, 3, 5],
    [1.8, 2000, 21000, 4.5, 7, 7],
    [2.2, 1800, 20000, 5.0, 5, 5],
]
FIGHTER_WEIGHTS = [0.2, 0.1, 0.1, 0.1, 0.2, 0.3]


def random_choice(seed):
    generator = np.random.default_rng(seed)
    alternatives, criteria = generator.integers(2, 8), generator.integers(2, 6)
    matrix = generator.uniform(1, 10, (alternatives, criteria))
    return matrix, generator.dirichlet(np.ones(criteria)), generator.choice([-1, 1], criteria)


@pytest.mark.filterwarnings("ignore:Although TOPSIS can operate with minimization objectives:UserWarning")
@pytest.mark.parametrize("seed", range(12))
def test_topsis_agrees_with_scikit_criteria(seed):
    skcriteria = library("skcriteria")
    from skcriteria.agg.topsis import TOPSIS
    from skcriteria.preprocessing.scalers import VectorScaler

    matrix, weights, types = random_choice(seed)
    given_ = skcriteria.mkdm(matrix, [max if kind == 1 else min for kind in types], weights=weights)
    other = TOPSIS().evaluate(VectorScaler(target="matrix").transform(given_))
    own = scoring.topsis(matrix, weights, types)
    assert own.closeness == pytest.approx(other.e_.similarity, abs=1e-12)
    assert own.ranking == tuple(np.argsort(other.rank_))


@pytest.mark.parametrize("seed", range(12))
def test_weighted_sum_agrees_with_scikit_criteria(seed):
    skcriteria = library("skcriteria")
    from skcriteria.agg.simple import WeightedSumModel

    matrix, weights, _ = random_choice(seed)
    other = WeightedSumModel().evaluate(skcriteria.mkdm(matrix, [max] * len(weights), weights=weights))
    names = [f"c{i}" for i in range(len(weights))]
    own = [
        scoring.weighted_score(dict(zip(names, row, strict=True)), dict(zip(names, weights, strict=True))).value
        for row in matrix
    ]
    assert own == pytest.approx(other.e_.score)


@pytest.mark.filterwarnings("ignore:Alternatives with indices:UserWarning")
@pytest.mark.parametrize("seed", range(12))
def test_topsis_agrees_with_pymcdm_in_vector_normalisation(seed):
    library("pymcdm")
    from pymcdm.methods import TOPSIS
    from pymcdm.normalizations import vector_normalization

    matrix, weights, _ = random_choice(seed)
    other = TOPSIS(vector_normalization)(matrix, weights, np.ones(len(weights)))
    assert scoring.topsis(matrix, weights).closeness == pytest.approx(other, abs=1e-12)


def test_the_normalisation_decides_the_topsis_numbers():
    """The other library's default gives other numbers for the published example."""
    library("pymcdm")
    from pymcdm.methods import TOPSIS

    types = [1, 1, 1, -1, 1, 1]
    other = TOPSIS()(np.array(FIGHTERS), np.array(FIGHTER_WEIGHTS), np.array(types))
    assert other == pytest.approx([0.613, 0.366, 0.531, 0.352], abs=6e-4)
    own = scoring.topsis(FIGHTERS, FIGHTER_WEIGHTS, types).closeness
    assert own == pytest.approx([0.643, 0.268, 0.613, 0.312], abs=6e-4)


@pytest.mark.parametrize("seed", range(6))
def test_front_agrees_with_a_plain_search(seed):
    """Minimised in both coordinates: nothing beats a point of the front, and something beats every other."""
    generator = np.random.default_rng(seed)
    points = {f"p{i}": tuple(row) for i, row in enumerate(generator.integers(0, 8, (20, 2)).astype(float))}
    from lepton_nb.valuation.economics import pareto_front

    front = pareto_front(points)
    for name, (cost, time) in points.items():
        beaten = any((a <= cost and b <= time and (a, b) != (cost, time)) for a, b in points.values())
        assert (name in front) != beaten


# ---------------------------------------------------------------- statsmodels, scikit-learn


@few
@given(st.integers(1, 3000), st.floats(0, 1), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_intervals_agree_with_statsmodels(n, share, level):
    proportion = library("statsmodels.stats.proportion")
    successes = round(share * n)
    for own, name in ((performance.wilson_interval, "wilson"), (performance.clopper_pearson_interval, "beta")):
        low, high = proportion.proportion_confint(successes, n, alpha=1 - level, method=name)
        found = own(successes, n, level)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
        assert 0 <= found.low <= found.value <= found.high <= 1


@few
@given(st.lists(st.integers(0, 400), min_size=4, max_size=4).filter(lambda cells: cells[1] + cells[2] > 0))
def test_paired_gain_has_the_structure_of_mcnemars_test(cells):
    """With 1 for a right decision: z with the error under no difference is McNemar's statistic."""
    tables = library("statsmodels.stats.contingency_tables")
    both, model_only, baseline_only, neither = cells
    joint = {(1, 1, 1): both, (1, 1, 0): model_only, (1, 0, 1): baseline_only, (1, 0, 0): neither}
    result = performance.paired_gain(joint, {"tp": 1, "fp": 0, "fn": 0, "tn": 1})
    other = tables.mcnemar([[both, model_only], [baseline_only, neither]], exact=False, correction=False)
    no_difference = result.standard_error**2 + result.mean**2 / result.n
    assert result.mean**2 / no_difference == pytest.approx(other.statistic, rel=1e-9, abs=1e-12)
    assert result.discordant == model_only + baseline_only


@few
@given(st.integers(4, 60), st.integers(0, 10_000))
def test_scores_agree_with_scikit_learn(n, seed):
    metrics = library("sklearn.metrics")
    generator = np.random.default_rng(seed)
    truth, chance = np.array([0, 0, 1, 1, *generator.integers(0, 2, n)]), generator.integers(0, 21, n + 4) / 20
    assert performance.auc(truth, chance).value == pytest.approx(metrics.roc_auc_score(truth, chance))
    assert performance.brier(truth, chance).value == pytest.approx(metrics.brier_score_loss(truth, chance))
    for point in performance.decision_curve(truth, chance, [0.2, 0.5]):
        (_, fp), (_, tp) = metrics.confusion_matrix(truth, chance >= point.threshold, labels=[0, 1])
        odds = point.threshold / (1 - point.threshold)
        assert point.net_benefit == pytest.approx((tp - odds * fp) / (n + 4))


@few
@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 10_000))
def test_drift_statistics_agree_with_scipy(n, m, seed):
    stats = library("scipy.stats")
    generator = np.random.default_rng(seed)
    first, second = generator.normal(size=n), generator.normal(0.5, 1, m)
    both = np.sort(np.concatenate([first, second]))
    distance = max(abs(np.mean(first <= x) - np.mean(second <= x)) for x in both)
    assert performance.ks_statistic(first, second).value == pytest.approx(distance)
    before, after = generator.dirichlet(np.ones(5)), generator.dirichlet(np.ones(5))
    symmetrised = stats.entropy(before, after) + stats.entropy(after, before)
    assert performance.population_stability_index(before, after).value == pytest.approx(symmetrised)


@settings(few, max_examples=10)
@given(st.integers(0, 10_000))
def test_value_of_information_agrees_with_integration(seed):
    stats = library("scipy.stats")
    generator = np.random.default_rng(seed)
    mean, sd, noise, n = generator.normal(0, 20), generator.uniform(1, 50), generator.uniform(1, 300), 40
    grid = np.linspace(mean - 12 * sd, mean + 12 * sd, 200_001)
    density = stats.norm(mean, sd).pdf(grid)
    perfect = np.trapezoid(np.maximum(grid, 0) * density, grid) - max(mean, 0)
    assert decisions.evpi_normal(mean, sd).value == pytest.approx(perfect, abs=1e-5 * sd)
    # what the sample mean will make of the prior mean
    spread = sd**2 / math.sqrt(sd**2 + noise**2 / n)
    grid = np.linspace(mean - 12 * spread, mean + 12 * spread, 200_001)
    learned = np.trapezoid(np.maximum(grid, 0) * stats.norm(mean, spread).pdf(grid), grid) - max(mean, 0)
    assert decisions.evsi(mean, sd, noise, n).value == pytest.approx(learned, abs=1e-5 * sd)


@settings(few, max_examples=10)
@given(st.integers(0, 10_000))
def test_nearest_neighbours_of_the_utility_are_those_of_scikit_learn(seed):
    neighbors = library("sklearn.neighbors")
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(12, 3)), generator.integers(0, 2, 12)
    asked, label = generator.normal(size=(4, 3)), generator.integers(0, 2, 4)
    worth = data_value.knn_utility(x, y, asked, label, 3)
    nearest = neighbors.NearestNeighbors(n_neighbors=3).fit(x).kneighbors(asked, return_distance=False)
    assert worth(frozenset(range(12))) == pytest.approx(np.mean(y[nearest] == label[:, None]))
