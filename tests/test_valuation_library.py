"""The valuation library as a whole: what it exports, limits it keeps, intervals that cover, inputs it refuses."""

from __future__ import annotations

import datetime
import importlib
import inspect
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lepton_nb import valuation
from lepton_nb.valuation import (
    _base,
    _reference,
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

# ---------------------------------------------------------------- as a library


def test_every_public_name_is_to_be_had_from_the_package():
    for module, names in valuation.PUBLIC.items():
        found = importlib.import_module(f"lepton_nb.valuation.{module}")
        missing = set(found.__all__) - set(valuation.__all__) - {"REPLICATES"}
        assert not missing, (module, missing)
        for name in names.split():
            assert getattr(valuation, name) is getattr(found, name)
    with pytest.raises(AttributeError, match="no_such_name"):
        valuation.no_such_name  # noqa: B018
    assert "irr" in dir(valuation)


def test_the_package_itself_reads_no_numpy():
    code = "import sys, lepton_nb.valuation; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_types_are_there_to_be_checked():
    assert (Path(valuation.__file__).parent / "py.typed").is_file()
    for module in valuation.PUBLIC:
        found = importlib.import_module(f"lepton_nb.valuation.{module}")
        for name in found.__all__:
            if inspect.isfunction(thing := getattr(found, name)):
                signature = inspect.signature(thing)
                assert signature.return_annotation is not inspect.Signature.empty, name
                for parameter in signature.parameters.values():
                    assert parameter.annotation is not inspect.Parameter.empty, (name, parameter.name)


def test_every_result_has_a_method_or_a_value():
    for name in valuation.__all__:
        thing = getattr(valuation, name)
        if inspect.isclass(thing) and issubclass(thing, _base.Result):
            assert "inputs" in thing.__dataclass_fields__
            assert "method" in thing.__dataclass_fields__ or hasattr(thing, "value") or thing.__name__ in (
                "RankCorrelation", "MinimumVariance",
            ), name  # fmt: skip


def test_one_word_for_the_timing_in_every_module():
    for timing in ("mid", "mid_year"):
        assert cashflows.pv_with_half_life(100, 0.1, None, 1, timing) == pytest.approx(100 / 1.1**0.5)
        assert approaches.income_split([100], 1.0, 0.1, timing).value == pytest.approx(100 / 1.1**0.5)


# ---------------------------------------------------------------- dates


DAYS = ["2025-01-01", "2026-01-01", "2027-01-01"]
FORMS = {
    "text": DAYS,
    "tuple": tuple(DAYS),
    "date": [datetime.date.fromisoformat(day) for day in DAYS],
    "datetime": [datetime.datetime.fromisoformat(day) for day in DAYS],
    "numpy": [np.datetime64(day) for day in DAYS],
    "numpy array": np.array(DAYS, dtype="datetime64[ns]"),
    "Timestamp": [pd.Timestamp(day) for day in DAYS],
    "index": pd.DatetimeIndex(DAYS),
    "column": pd.Series(pd.to_datetime(DAYS)),
    "column of text": pd.Series(DAYS),
    "filtered column": pd.Series(pd.to_datetime(["2000-01-01", *DAYS]))[[False, True, True, True]],
    "filtered column of text": pd.Series(["2000-01-01", *DAYS])[[False, True, True, True]],
    "with a time zone": pd.Series(pd.to_datetime(DAYS).tz_localize("UTC")),
}


@pytest.mark.parametrize("form", FORMS)
def test_dates_of_every_form_are_alike(form):
    dates = FORMS[form]
    amounts = pd.Series([9, -100, 60, 60], index=[5, 6, 7, 8])[1:]
    assert cashflows.xirr(amounts, dates) == pytest.approx(0.130662, abs=1e-6)
    assert cashflows.xirr_batch([[-100, 60, 60]], dates).roots[0] == pytest.approx((0.130662,), abs=1e-6)
    first, second, third = list(dates)
    assert cashflows.xnpv(0.1, [-100, 60, 60], dates, valuation_date=first) == pytest.approx(4.132231)
    assert accounting.amortise(100, 4, first, second).charge == pytest.approx(25)
    assert accounting.capitalise([(second, "development", 5)], first, third).capitalised == 5


@pytest.mark.parametrize("wrong", ["2025-01-01", ["01.01.2025"] * 3, [None] * 3, [1, 2, 3], {"a": 1}, 5, [pd.NaT] * 3])
def test_dates_that_are_none_are_refused_in_a_sentence(wrong):
    with pytest.raises(ValueError, match=r"(?i)date"):
        cashflows.xirr([-100, 60, 60], wrong)


# ---------------------------------------------------------------- rules


def test_impairment_goes_no_deeper_than_the_books():
    result = accounting.impairment(100, -50, [-22], 0.1)
    assert (result.impairment_loss, result.carrying_after) == (100.0, 0.0)


def test_weights_that_miss_one_by_rounding_make_no_goodwill():
    parts = {"a": (0.1, 0.1), "b": (0.2, 0.1), "c": (0.7, 0.1)}
    for whole in (1.0, math.nextafter(1.0, 0), math.nextafter(1.0, 2), 0.1 + 0.2 + 0.7):
        result = approaches.weighted_average_return_on_assets(parts, 0.1, whole)
        assert result.goodwill == 0
        assert result.plausible


def test_income_shows_its_years():
    result = approaches.greenfield([-50, 100, 200], 150, 0.15, "mid_year")
    assert [line.year for line in result.lines] == [1, 2, 3]
    assert sum(line.present_value for line in result.lines) - 150 == pytest.approx(result.pre_tab)
    assert result.lines[1].discount_factor == pytest.approx(1.15**-1.5)


def test_risked_flows_may_fall_at_any_time():
    dated = uncertainty.risk_adjusted_npv(0.1, [-100, 242], [1.0, 0.6], times=[0, 2])
    assert dated == pytest.approx(20)
    assert uncertainty.risk_adjusted_npv(0.1, [-10, 11], [1, 1], [0.5, 1.5]) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="times must rise"):
        uncertainty.risk_adjusted_npv(0.1, [-10, 11], [1, 1], [1, 0])


@pytest.mark.parametrize("weight", [0.5, 4.0, 20.0])
def test_the_weight_of_the_mode_makes_the_beta_distribution(weight):
    own = uncertainty.pert(2, 5, 12, weight)
    beta = stats.beta(1 + weight * 0.3, 1 + weight * 0.7, 2, 10)
    assert own.mean == pytest.approx(beta.mean())
    assert own.sd == pytest.approx(beta.std())
    assert own.ppf([0.05, 0.5, 0.9]) == pytest.approx(beta.ppf([0.05, 0.5, 0.9]))


def test_a_game_may_be_won_or_lost():
    result = data_value.shapley("abc", lambda group: len(group) >= 2)
    assert list(result.values.values()) == pytest.approx([1 / 3] * 3)
    assert data_value.banzhaf("abc", lambda group: np.bool_(len(group) >= 2)).values["a"] == 0.5


def test_equal_alternatives_are_not_stable():
    result = scoring.rank_stability([[5, 4], [5, 4]], [0.5, 0.5], draws=200)
    assert (result.value, result.ties, result.first_counts) == (0.0, 200, (0, 0))
    result = scoring.rank_stability([[5, 4], [4, 4], [5, 4]], [0.5, 0.5], draws=200, method="topsis")
    assert result.value == 0.0


@pytest.mark.parametrize("heavy", [stats.cauchy(), stats.t(1), stats.t(0.7), stats.cauchy(3, 2)])
def test_a_tail_without_a_mean_is_undefined(heavy):
    with pytest.raises(uncertainty.Undefined, match="too heavy"):
        uncertainty.conditional_value_at_risk(heavy, 0.95)


@pytest.mark.parametrize(
    "fine",
    [stats.t(3), stats.norm(2, 3), stats.pareto(0.5), stats.levy(), stats.lognorm(1), stats.expon(), stats.gamma(2)],
)
def test_a_tail_with_a_mean_is_its_integral(fine):
    shares = (np.arange(400_000) + 0.5) / 400_000 * 0.05
    expected = fine.ppf(shares).mean()
    assert uncertainty.conditional_value_at_risk(fine, 0.95).value == pytest.approx(expected, rel=1e-3, abs=1e-6)


REFUSED = {
    "rows of another width": lambda: data_value.knn_shapley([[1, 2], [3, 4]], [0, 1], [[1, 2, 3, 4]], [0], 1),
    "more hits than positives": lambda: performance.net_benefit(100, 80, 0, 0.1, 0.1),
    "more alarms than negatives": lambda: performance.net_benefit(100, 0, 80, 0.1, 0.9),
    "a learning rate in percent": lambda: economics.learning_curve_cost(100, 2, 80),
    "a judgement off the scale": lambda: scoring.ahp([[1, 12], [1 / 12, 1]]),
    "a negative cost of ownership": lambda: cashflows.tco(0.1, [100, -5]),
    "a negative annual cost": lambda: cashflows.equivalent_annual_cost(0.1, [100, -5]),
    "an outcome named twice": lambda: performance.expected_value(
        {"TP": 1, "tp": 2, "fp": 0, "fn": 0, "tn": 0}, {"tp": 1, "fp": 0, "fn": 0, "tn": 0}
    ),
    "shares that do not sum to 1": lambda: performance.paired_gain_of_shares(
        [[0, 0, 0, 0, 0.5, 0, 0.6, 0]], {"tp": 1, "fp": 0, "fn": 0, "tn": 0}
    ),
    "bins that are neither counts nor shares": lambda: performance.population_stability_index([0.1, 0.2], [0.5, 0.5]),
    "a tree without end": lambda: decisions.decision_tree(_endless()),
    "a model that gives text": lambda: uncertainty.tornado(lambda x: "a", {"a": 1}, {"a": (0, 1)}),
    "a range of three": lambda: uncertainty.tornado(lambda x: x["a"], {"a": 1}, {"a": (0, 1, 2)}),
    "a branch without a chance": lambda: decisions.decision_tree({"chance": {"a": 5}}),
    "options in a list": lambda: decisions.decision_tree({"decide": ["a"]}),
    "a cost of two": lambda: accounting.capitalise([("2025-01-01", "development")]),
    "an asset of one number": lambda: approaches.weighted_average_return_on_assets({"a": 5}, 0.1),
    "an input that is no distribution": lambda: uncertainty.simulate(lambda x: x["a"], {"a": 5}, 100, 0),
    "too many steps": lambda: options.crr(100, 90, 0.05, 0.3, 1, 10**9),
    "too many servers": lambda: economics.erlang_c(1, 1, 10**9),
    "too many players": lambda: data_value.shapley(range(10**5), lambda group: 1.0),
    "a volatility that is none": lambda: options.crr(100, 90, math.nan, 0, 1),
    "a rate that is none": lambda: options.abandon(100, 90, math.nan, 0.0, 1),
}


def _endless():
    node = {"decide": {}}
    node["decide"]["again"] = node
    return node


@pytest.mark.parametrize("what", REFUSED)
def test_what_was_taken_in_silence_is_refused(what):
    with pytest.raises(ValueError, match=r"\w+ \w+") as caught:
        REFUSED[what]()
    assert not re.search("unpack|could not convert|object is not|subscriptable", str(caught.value))


# ---------------------------------------------------------------- choices


@pytest.mark.parametrize("kind", ["value and cost alike", "value is cost and a bonus", "near to cost"])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e6])
def test_the_knapsack_is_exact(kind, unit):
    generator = np.random.default_rng(5)
    for _ in range(8):
        count = int(generator.integers(21, 60))
        costs = generator.integers(1, 1000, count)
        extra = {"value and cost alike": 0, "value is cost and a bonus": 100}.get(
            kind, generator.integers(0, 20, count)
        )
        values, budget = costs + extra, int(costs.sum() * generator.uniform(0.2, 0.8))
        best = np.zeros(budget + 1)
        for value, cost in zip(values, costs, strict=True):
            best[cost:] = np.maximum(best[cost:], best[: budget + 1 - cost] + value)
        names = [str(i) for i in range(count)]
        found = decisions.knapsack(
            dict(zip(names, (values * unit).tolist(), strict=True)),
            dict(zip(names, (costs * unit).tolist(), strict=True)),
            budget * unit,
        )
        assert found.value == pytest.approx(best[-1] * unit, rel=1e-12)
        assert found.cost <= budget * unit * (1 + 1e-9)


def test_many_projects_of_odd_costs_are_chosen_quietly(capfd):
    generator = np.random.default_rng(0)
    costs = generator.random(24)
    values = costs * (1 + generator.normal(0, 0.01, 24))
    names = [str(i) for i in range(24)]
    table = dict(zip(names, values.tolist(), strict=True)), dict(zip(names, costs.tolist(), strict=True))
    found = decisions.knapsack(*table, float(costs.sum() / 2))
    best = decisions._every_set(values, costs, float(costs.sum() / 2))
    assert found.value == pytest.approx(values[best].sum(), rel=1e-12)
    program = decisions._integer_program(values, costs, float(costs.sum() / 2))
    assert values[program].sum() == pytest.approx(values[best].sum(), rel=1e-9)
    assert capfd.readouterr() == ("", "")
    tiny = decisions.knapsack(dict.fromkeys(map(str, range(30)), 1e-9), dict.fromkeys(map(str, range(30)), 1e-9), 3e-9)
    assert len(tiny.chosen) == 3


def test_a_study_in_a_table_is_the_decision_tree_of_it():
    prior = {"up": 0.5, "same": 0.3, "down": 0.2}
    payoffs = {"risky": {"up": 1500, "same": 100, "down": -1000}, "safe": dict.fromkeys(prior, 500)}
    signals = {
        "up": {"good": 0.8, "bad": 0.2},
        "same": {"good": 0.5, "bad": 0.5},
        "down": {"good": 0.1, "bad": 0.9},
    }
    found = decisions.evsi_states(prior, signals, payoffs, study_cost=10)
    tree = {"chance": {}}
    for signal in ("good", "bad"):
        chance = sum(prior[state] * signals[state][signal] for state in prior)
        options_ = {
            action: {"chance": {s: (prior[s] * signals[s][signal] / chance, payoffs[action][s]) for s in prior}}
            for action in payoffs
        }
        tree["chance"][signal] = (chance, {"decide": options_})
    without = max(sum(prior[s] * payoffs[a][s] for s in prior) for a in payoffs)
    assert found.value == pytest.approx(decisions.decision_tree(tree).value - without)
    assert found.net == pytest.approx(found.value - 10)
    assert found.value <= found.perfect
    certain = {state: {other: float(state == other) for other in prior} for state in prior}
    assert decisions.evsi_states(prior, certain, payoffs).value == pytest.approx(decisions.evpi(prior, payoffs).value)
    nothing = {state: {"a": 0.3, "b": 0.7} for state in prior}
    assert decisions.evsi_states(prior, nothing, payoffs).value == pytest.approx(0, abs=1e-9)


def test_learning_part_of_the_state_lies_between_nothing_and_all():
    prior = {"hc": 0.3, "hd": 0.2, "lc": 0.3, "ld": 0.2}
    payoffs = {"build": {"hc": 90, "hd": 40, "lc": -20, "ld": -70}, "leave": dict.fromkeys(prior, 0)}
    full = decisions.evppi_states(prior, payoffs, {state: state for state in prior}).value
    half = decisions.evppi_states(prior, payoffs, {state: state[0] for state in prior}).value
    assert full == pytest.approx(decisions.evpi(prior, payoffs).value)
    assert decisions.evppi_states(prior, payoffs, dict.fromkeys(prior, "all")).value == 0
    assert 0 < half <= full


# ---------------------------------------------------------------- options


def _american(spot, strike, rate, dividend, sigma, days, kind):
    ql = pytest.importorskip("QuantLib")
    today = ql.Date(1, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    curves = [ql.YieldTermStructureHandle(ql.FlatForward(today, level, count)) for level in (dividend, rate)]
    noise = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), sigma, count))
    process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(spot)), *curves, noise)
    side = ql.Option.Call if kind == "call" else ql.Option.Put
    option = ql.VanillaOption(ql.PlainVanillaPayoff(side, strike), ql.AmericanExercise(today, today + days))
    option.setPricingEngine(ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.highPrecisionScheme()))
    return option.NPV()


def test_american_options_are_converged_by_default():
    generator = np.random.default_rng(1)
    for i in range(40):
        strike, rate, dividend = generator.uniform(60, 140), generator.uniform(0, 0.12), generator.uniform(0, 0.1)
        sigma, days, kind = generator.uniform(0.05, 0.9), int(generator.integers(30, 1800)), ("call", "put")[i % 2]
        own = options.crr(100, strike, rate, sigma, days / 365, kind=kind, american=True, dividend_yield=dividend)
        assert own == pytest.approx(_american(100, strike, rate, dividend, sigma, days, kind), abs=0.005)


@pytest.mark.parametrize("dates", [1, 2, 3, 7, 12])
def test_exercise_on_dates_is_what_long_trees_tend_to(dates):
    terms = {"kind": "put", "dividend_yield": 0.02, "exercise_dates": dates}
    own = options.crr(100, 105, 0.06, 0.3, 2.0, **terms)
    long = [options.crr(100, 105, 0.06, 0.3, 2.0, dates * (3000 // dates) + more, **terms) for more in (0, dates)]
    assert own == pytest.approx(sum(long) / 2, abs=0.003)


def test_stages_are_what_long_trees_tend_to():
    for costs in ([(0, 5), (1, 20), (2, 80)], [(0.37, 10), (1.13, 60)], [(1, 30), (3, 90)], [(2, 80)]):
        own = options.stage(100, costs, 0.03, 0.5, 0.02).with_option
        assert own == pytest.approx(options.stage(100, costs, 0.03, 0.5, 0.02, 4000).with_option, abs=0.01)
    assert options.stage(100, [(2, 80)], 0.03, 0.4).with_option == pytest.approx(
        options.black_scholes(100, 80, 0.03, 0.4, 2), abs=1e-6
    )


def test_waiting_for_ever_has_a_limit_without_noise():
    result = options.perpetual_investment(1, 1, 0.05, 0.04, 1e-10)
    assert result.threshold == pytest.approx(5 * 0.25, rel=1e-12)
    assert not result.invest_now
    assert options.perpetual_investment(1, 1, 0.05, 0.04, 0.0).threshold == pytest.approx(result.threshold)
    assert options.perpetual_investment(1, 1, 0.03, 0.04, 1e-6).threshold == pytest.approx(1, abs=1e-5)
    assert options.perpetual_investment(1, 1, 0.05, 1e-9, 0.2).threshold > 1e6


def test_rights_on_a_tree():
    enlarge = options.expand_one_period(100, 180, 60, 0.5, 40, 0.08)
    assert enlarge.with_option == pytest.approx((0.4 * (1.5 * 180 - 40) + 0.6 * 60) / 1.08)
    leave = options.abandon_one_period(100, 180, 60, 90, 0.08)
    assert leave.with_option == pytest.approx((0.4 * 180 + 0.6 * 90) / 1.08)
    tree = {"value": 100, "up": 1.8, "down": 0.6, "rate": 0.08, "periods": 1}
    assert options.flexible_tree(**tree, expand=(0.5, 40)).with_option == pytest.approx(enlarge.with_option)
    assert options.flexible_tree(**tree, abandon=90).with_option == pytest.approx(leave.with_option)
    assert options.flexible_tree(**tree).option_value == pytest.approx(0, abs=1e-9)
    longer = {**tree, "up": 1.2, "down": 0.85, "periods": 6}
    both = options.flexible_tree(**longer, expand=(0.5, 40), abandon=90).option_value
    alone = [
        options.flexible_tree(**longer, **right).option_value for right in ({"expand": (0.5, 40)}, {"abandon": 90})
    ]
    assert max(alone) <= both <= sum(alone) + 1e-9
    late = options.flexible_tree(**longer, abandon=90, at_any_time=False).option_value
    assert 0 < late <= alone[1]
    put = options.binomial_tree(100, 90, math.log(1.08), 1.2, 0.85, 6, 6.0, "put")
    assert late == pytest.approx(put)


def test_antithetic_pairs_are_one_observation():
    found = [
        options.least_squares_monte_carlo(options.price_paths(36, 0.06, 0.2, 1, 20, 1000, seed), 40, 0.06, 1)
        for seed in range(60)
    ]
    assert all(result.antithetic for result in found)
    spread = np.std([result.european for result in found], ddof=1)
    assert np.mean([result.european_standard_error for result in found]) == pytest.approx(spread, rel=0.25)
    shuffled = options.price_paths(36, 0.06, 0.2, 1, 20, 1000, 1)[np.random.default_rng(0).permutation(1000)]
    assert not options.least_squares_monte_carlo(shuffled, 40, 0.06, 1).antithetic


# ---------------------------------------------------------------- intervals that cover


@pytest.mark.parametrize("percent", [5, 50, 95])
def test_intervals_of_percentiles_cover_what_they_say(percent):
    inputs = {f"x{i}": uncertainty.normal(0, 1) for i in range(8)}
    true = stats.norm.ppf(percent / 100) * math.sqrt(8)
    hits = 0
    for seed in range(400):
        found = uncertainty.simulate(lambda x: sum(x.values()), inputs, 512, seed).percentile(percent)
        hits += found.low <= true <= found.high
    assert 0.93 <= hits / 400 <= 0.98


def test_a_percentile_that_the_draws_cannot_bound_is_undefined():
    result = uncertainty.simulate(lambda x: x["a"], {"a": uncertainty.normal(0, 1)}, 256, 1)
    for percent in (0, 0.5, 100):
        with pytest.raises(uncertainty.Undefined, match="too few"):
            result.percentile(percent)
    certain = uncertainty.simulate(lambda x: x["a"], {"a": uncertainty.constant(3.0)}, 256, 1)
    assert (certain.percentile(1).low, certain.percentile(1).high) == (3.0, 3.0)


def test_no_interval_is_without_width_where_something_is_unknown():
    money = {"tp": 0, "fp": -620, "fn": -4275, "tn": 0}
    alike = performance.paired_gain({(1, 1, 1): 30, (0, 0, 0): 970}, money)
    assert alike.low < 0 < alike.high
    assert performance.auc([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1]).interval[0] < 0.5
    assert performance.brier([1, 0], [1, 0]).interval[1] > 0.5
    one = performance.expected_value([1, 0], [10, -1])
    assert one.low < 0
    assert one.high == 10


@pytest.mark.parametrize(("n", "share"), [(20, 0.05), (100, 0.02), (200, 0.02)])
def test_intervals_of_few_cases_cover(n, share):
    generator = np.random.default_rng(2)
    true = share * 10 - (1 - share)
    hits = 0
    for _ in range(400):
        seen = int(generator.binomial(n, share))
        found = performance.expected_value([seen, n - seen], [10, -1])
        hits += found.low <= true <= found.high
    assert hits / 400 >= 0.93


@pytest.mark.parametrize(("n", "distance"), [(5, 3.0), (10, 2.0), (30, 2.5), (30, 0.5)])
def test_intervals_of_an_area_cover(n, distance):
    generator = np.random.default_rng(4)
    true = stats.norm.cdf(distance / math.sqrt(2))
    hits = 0
    for _ in range(400):
        scores = np.concatenate([generator.normal(distance, 1, n), generator.normal(0, 1, n)])
        found = performance.auc([1] * n + [0] * n, scores)
        hits += found.low <= true <= found.high
    assert hits / 400 >= 0.92


# ---------------------------------------------------------------- the page in the book


def test_the_reference_page_is_made_from_the_docstrings():
    page = Path(__file__).parent.parent / "book" / "valuation_reference.md"
    assert page.read_text(encoding="utf-8") == _reference.page(), (
        "python -m lepton_nb.valuation._reference > book/valuation_reference.md"
    )
    for module, names in valuation.PUBLIC.items():
        found = importlib.import_module(f"lepton_nb.valuation.{module}")
        for name in names.split():
            if inspect.isfunction(getattr(found, name)):
                assert f"\n### {name}\n" in _reference.page()
