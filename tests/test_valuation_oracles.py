"""Every worked case of tests/oracles/valuation.json. A case whose method has no line in METHODS fails."""

import json
import math
from pathlib import Path

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

CASES = json.loads((Path(__file__).parent / "oracles" / "valuation.json").read_text(encoding="utf-8"))


def capital_budgeting_set(rate, cashflows_):
    return {
        "npv": cashflows.npv(rate, cashflows_),
        "irr": cashflows.irr(cashflows_),
        "mirr": cashflows.mirr(cashflows_, rate, rate),
        "payback": cashflows.payback(cashflows_),
        "discounted_payback": cashflows.discounted_payback(rate, cashflows_),
        "pi": cashflows.profitability_index(rate, cashflows_),
    }


def capital_rationing(rate, budget_t0, projects):
    values = {name: cashflows.npv(rate, flows) for name, flows in projects.items()}
    best = decisions.knapsack(values, {name: -flows[0] for name, flows in projects.items()}, budget_t0)
    return {
        "npv": values,
        "pi_npv_per_cost": {name: cashflows.profitability_index(rate, flows) - 1 for name, flows in projects.items()},
        "best_set": list(best.chosen),
        "best_npv": best.value,
    }


def equivalent_annual_cost(rate, costs_A, costs_B):
    return {
        "pv_A": cashflows.npv(rate, costs_A),
        "eac_A": cashflows.equivalent_annual_cost(rate, costs_A),
        "pv_B": cashflows.npv(rate, costs_B),
        "eac_B": cashflows.equivalent_annual_cost(rate, costs_B),
    }


def gordon(final_cashflow, rate, growth, years):
    result = cashflows.terminal_value(final_cashflow, rate, growth, years)
    return {"tv_at_end": result.at_end, "pv_tv": result.present_value}


def relief_from_royalty(**inputs):
    result = approaches.relief_from_royalty(**inputs)
    assert result.value == result.with_tab
    return {"pre_tab": result.pre_tab, "with_tab": result.with_tab}


def replacement_cost(
    hours,
    rate_per_hour,
    compute_cost,
    data_labels,
    cost_per_label,
    overhead,
    developer_profit,
    opportunity_cost_rate,
    build_years,
    functional_obsolescence,
    economic_obsolescence,
):
    direct = {"labour": hours * rate_per_hour, "computing": compute_cost, "labels": data_labels * cost_per_label}
    result = approaches.replacement_cost(
        direct,
        overhead,
        developer_profit,
        opportunity_cost_rate,
        build_years,
        functional_obsolescence,
        economic_obsolescence,
    )
    return {
        "direct_plus_overhead": result.with_overhead,
        "with_developer_profit": result.with_profit,
        "opportunity_cost_mid_build": result.opportunity_cost,
        "value": result.value,
    }


def tei(benefits_y1_3, benefit_risk_adjustment, costs_t0_3, cost_risk_adjustment, rate):
    costs = [-cost for cost in costs_t0_3]
    result = cashflows.roi(rate, [0, *benefits_y1_3], costs, benefit_risk_adjustment, cost_risk_adjustment)
    assert result.pv_costs == pytest.approx(cashflows.tco(rate, costs, cost_risk_adjustment))
    return {"pv_benefits": result.pv_benefits, "pv_costs": result.pv_costs, "npv": result.npv, "roi": result.roi}


def evpi_discrete(prior, payoffs):
    result = decisions.evpi(prior, payoffs)
    return {"emv": result.means, "evpi": result.value}


def triangular(low, mode, high):
    distribution = uncertainty.triangular(low, mode, high)
    points = {f"p{percent}": float(distribution.ppf(percent / 100)) for percent in (10, 50, 90)}
    return {"mean": distribution.mean, "sd": distribution.sd, **points}


def value_at_risk(mean, sd, level):
    outcome = uncertainty.normal(mean, sd)
    return {
        "p5": uncertainty.value_at_risk(outcome, level).value,
        "cvar_worst5": uncertainty.conditional_value_at_risk(outcome, level).value,
    }


def black_scholes(S, K, r, q, sigma, T, kind):
    return options.black_scholes(S, K, r, sigma, T, kind, q)


def margrabe(S1, S2, q1, q2, sigma1, sigma2, rho, T):
    return options.margrabe(S1, S2, sigma1, sigma2, rho, T, q1, q2)


def lsm_given_paths(paths, K, r, basis, in_the_money_only, exercise_at_t0):
    assert (basis, in_the_money_only, exercise_at_t0) == ("1,X,X^2", True, False)
    result = options.least_squares_monte_carlo(paths, K, r, years=len(paths[0]) - 1, kind="put")
    return {"american": result.american, "european": result.european}


def american_put(S, K, r, sigma, T, exercise_per_year):
    dates = exercise_per_year * T
    paths = options.price_paths(S, r, sigma, T, steps=dates, paths=50_000, seed=1)
    return {
        "bermudan_50_per_year": options.crr(S, K, r, sigma, T, steps=40 * dates, kind="put", exercise_dates=dates),
        "european_closed_form": options.black_scholes(S, K, r, sigma, T, "put"),
        "lsm_paper": options.least_squares_monte_carlo(paths, K, r, T).american,
        "american_continuous": options.crr(S, K, r, sigma, T, steps=2000, kind="put", american=True),
    }


def trigeorgis(V, V_up, V_down, r, I0, option):
    assert option == "defer one year, investment grows at r"
    result = options.defer_one_period(V, V_up, V_down, I0, r)
    return {
        "risk_neutral_p": ((1 + r) * V - V_down) / (V_up - V_down),
        "static_npv": result.static_npv,
        "project_with_option": result.with_option,
        "option_value": result.option_value,
    }


def ishigami(function, x_i):
    assert (function, x_i) == ("sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1", "U(-pi,pi)")
    inputs = {name: uncertainty.uniform(-math.pi, math.pi) for name in ("x1", "x2", "x3")}
    result = uncertainty.sobol_indices(
        lambda x: np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"]), inputs, n=8192
    )
    return {"S1": list(result.first.values()), "ST": list(result.total.values())}


def tornado(base, ranges, model):
    assert model == "(vol*gain*unit-cost)*annuity(r,3)"
    rows = uncertainty.tornado(
        lambda x: (x["vol"] * x["gain"] * x["unit"] - x["cost"]) * cashflows.annuity(x["r"], 3), base, ranges
    )
    return {
        "base_npv": rows[0].base_value,
        "low_high": {row.name: [row.value_at_low, row.value_at_high] for row in rows},
        "order": [row.name for row in rows],
    }


def minimum_variance(sd, rho):
    result = decisions.minimum_variance_weights(sd, rho)
    return {"w": list(result.weights), "sd": result.sd}


def shapley_exact(v, players=None):
    if isinstance(v, str):
        assert v == "100*min(#left,#right)"

        def worth(group):
            return 100 * min(sum(name[0] == "L" for name in group), sum(name[0] == "R" for name in group))

        return list(data_value.shapley(players, worth).values.values())
    players = [name for name in v if "+" not in name and name != "all"]
    table = {("+".join(players) if name == "all" else name): worth for name, worth in v.items()}
    return list(data_value.shapley(players, table).values.values())


def knn_shapley(X_train, y_train, x_test, y_test, K, utility):
    exact = data_value.shapley(
        range(len(X_train)), data_value.knn_utility(X_train, y_train, x_test, y_test, K)
    ).values.values()
    fast = data_value.knn_shapley(X_train, y_train, x_test, y_test, K)
    assert fast == pytest.approx(list(exact), abs=1e-12)
    return fast.tolist()


def leave_one_out(X_train, y_train, x_test, y_test, K):
    worth = data_value.knn_utility(X_train, y_train, x_test, y_test, K)
    return list(data_value.leave_one_out(range(len(X_train)), worth).values.values())


def expected_value(confusion, value):
    result = performance.expected_value(confusion, value)
    # the book's rounded rates: TPR 0.92, FPR 0.14, share of positives 0.55
    rounded = {"TP": 5500 * 92 / 100, "FN": 5500 * 8 / 100, "FP": 4500 * 14 / 100, "TN": 4500 * 86 / 100}
    return {
        "expected_profit_per_case": result.mean,
        "rounded_rates_book": performance.expected_value(rounded, value).mean,
    }


def standard_error(confusion, value):
    result = performance.expected_value(confusion, value)
    return {"mean": result.mean, "se": result.standard_error}


def profit_curve(y, score, value_TP, value_FP):
    result = performance.profit_curve(y, score, value_TP, value_FP)
    return {
        "best_k": result.best_flagged,
        "best_profit": result.best_profit,
        "profit_all": result.profit_of_all,
        "score_cut": result.score_cut,
    }


def net_benefit(n, TP, FP, threshold, prevalence):
    result = performance.net_benefit(n, TP, FP, threshold, prevalence)
    return {
        "net_benefit": result.net_benefit,
        "treat_all": result.treat_all,
        "net_reduction_per_100": result.net_reduction_per_100,
    }


def binomial_interval(successes, n, level):
    return {
        "wilson": list(performance.wilson_interval(successes, n, level)),
        "clopper_pearson": list(performance.clopper_pearson_interval(successes, n, level)),
    }


def fairness(**groups):
    result = performance.fairness_rates(groups)
    return {
        "selection_ratio": result.selection_ratio,
        "demographic_parity_difference": result.demographic_parity_difference,
        "passes_four_fifths": result.passes_four_fifths,
    }


def ahp(matrix, RI_3):
    assert scoring.RANDOM_INDEX[3] == RI_3
    result = scoring.ahp(matrix)
    return {"weights": list(result.weights), "lambda_max": result.lambda_max, "CR": result.consistency_ratio}


def topsis(matrix, weights, types, normalisation):
    return list(scoring.topsis(matrix, weights, types).closeness)


def mm1(arrival_per_s, service_rate_per_s):
    result = economics.mm1(arrival_per_s, service_rate_per_s)
    return {"utilisation": result.utilisation, "mean_time_s": result.mean_time, "p95_s": result.p95_time}


def pareto(points_cost_latency, minimise):
    assert minimise == "both"
    return list(economics.pareto_front(points_cost_latency))


def ias38(costs, criteria_met_on):
    result = accounting.capitalise(costs, criteria_met_on)
    return {"capitalised": result.capitalised, "expensed": result.expensed}


def amortise(cost, residual, useful_life_years, in_service, year_end, convention):
    assert convention == "monthly, from month available for use"
    result = accounting.amortise(cost, useful_life_years, in_service, year_end, residual)
    return {"charge": result.charge, "carrying": result.carrying_amount}


def impairment(carrying_amount, fair_value_less_costs, value_in_use_cashflows, rate):
    result = accounting.impairment(carrying_amount, fair_value_less_costs, value_in_use_cashflows, rate)
    return {"recoverable": result.recoverable, "impairment_loss": result.impairment_loss}


def scenario_value(npv, p):
    result = uncertainty.scenarios(npv, p)
    return {"mean": result.mean, "sd": result.sd}


def paired_gain(
    n,
    positives_model_only_caught,
    positives_baseline_only_caught,
    negatives_model_only_flagged,
    negatives_baseline_only_flagged,
    value_FN,
    value_FP,
    value_TP,
    value_TN,
):
    discordant = {
        (1, 1, 0): positives_model_only_caught,
        (1, 0, 1): positives_baseline_only_caught,
        (0, 1, 0): negatives_model_only_flagged,
        (0, 0, 1): negatives_baseline_only_flagged,
    }
    alike = {(0, 0, 0): n - sum(discordant.values())}
    values = {"tp": value_TP, "fp": value_FP, "fn": value_FN, "tn": value_TN}
    result = performance.paired_gain({**discordant, **alike}, values)
    assert result.n == n
    return {"mean_gain_per_case": result.mean, "se": result.standard_error}


def roots_of(find):
    def roots(**inputs):
        found = list(find(**inputs))
        return {"all_real_roots": found, "n_real_roots": len(found), "one_of_roots": found}

    return roots


METHODS = {
    "npv_end_of_period": lambda rate, cashflows_t1_onwards: cashflows.npv(rate, [0, *cashflows_t1_onwards]),
    "npv_from_t0": lambda rate, cashflows_t0_onwards: cashflows.npv(rate, cashflows_t0_onwards),
    "xnpv_act365f": cashflows.xnpv,
    "xirr_act365f": cashflows.xirr,
    "xirr_refusal": cashflows.xirr,
    "xirr_all_roots": roots_of(cashflows.xirr_all),
    "irr": lambda cashflows_: cashflows.irr(cashflows_),
    "irr_all_roots": roots_of(lambda cashflows_: cashflows.irr_all(cashflows_)),
    "irr_refusal": lambda cashflows_: cashflows.irr(cashflows_),
    "mirr": lambda cashflows_, finance_rate, reinvest_rate: cashflows.mirr(cashflows_, finance_rate, reinvest_rate),
    "capital_budgeting_set": capital_budgeting_set,
    "capital_rationing": capital_rationing,
    "equivalent_annual_cost": equivalent_annual_cost,
    "real_nominal": cashflows.real_rate,
    "terminal_value_gordon": gordon,
    "terminal_value_decay": lambda first_cashflow_t1, rate, half_life_years: cashflows.terminal_value_decay(
        first_cashflow_t1, rate, half_life_years
    ),
    "tax_amortisation_benefit_factor": approaches.tax_amortisation_factor,
    "tax_amortisation_benefit_amount": lambda pvcf, annuity, years, tax: approaches.tax_amortisation_benefit(
        pvcf, tax, years, annuity
    ),
    "relief_from_royalty": relief_from_royalty,
    "with_and_without": lambda cashflow_with, cashflow_without, **rest: (
        approaches.with_and_without(cashflow_with, cashflow_without, **rest).value
    ),
    "replacement_cost_new_less_obsolescence": replacement_cost,
    "gartner_economic_value_of_information": lambda revenue_with, revenue_without, acq_cost, admin_cost, apply_cost, trial_period_T, life_span_t: (
        approaches.economic_value_of_information(
            revenue_with, revenue_without, acq_cost, admin_cost, apply_cost, trial_period_T, life_span_t
        )
    ),
    "forrester_tei_style": tei,
    "evpi_discrete": evpi_discrete,
    "evpi_normal": lambda prior_mean, prior_sd, threshold: decisions.evpi_normal(prior_mean, prior_sd, threshold).value,
    "gaussian_copula_rank_correlation": lambda rho: uncertainty.rank_correlation(rho).to_dict(),
    "triangular_moments": triangular,
    "value_at_risk": value_at_risk,
    "black_scholes": black_scholes,
    "option_limits": black_scholes,
    "binomial_given_ud": lambda S, K, r, u, d, steps, T, kind, american: options.binomial_tree(
        S, K, r, u, d, steps, T, kind, american
    ),
    "crr": lambda S, K, r, q, sigma, T, steps, kind, american: options.crr(S, K, r, sigma, T, steps, kind, american, q),
    "margrabe_exchange": margrabe,
    "least_squares_monte_carlo_given_paths": lsm_given_paths,
    "american_put": american_put,
    "real_option_patent": lambda S, K, T, variance, r, cost_of_delay: (
        options.defer(S, K, r, math.sqrt(variance), T, cost_of_delay).with_option
    ),
    "real_option_one_period": trigeorgis,
    "sobol_indices": ishigami,
    "tornado_one_at_a_time": tornado,
    "minimum_variance_weights": minimum_variance,
    "shapley_exact": shapley_exact,
    "knn_shapley": knn_shapley,
    "leave_one_out": leave_one_out,
    "expected_value_framework": expected_value,
    "expected_value_standard_error": standard_error,
    "cost_sensitive_threshold": lambda cost_FP, cost_FN, cost_TP, cost_TN: performance.cost_sensitive_threshold(
        cost_FP, cost_FN, cost_TP, cost_TN
    ),
    "profit_curve": profit_curve,
    "decision_curve_net_benefit_counts": net_benefit,
    "binomial_confidence_interval": binomial_interval,
    "split_conformal_quantile": lambda calibration_scores, alpha: performance.split_conformal_quantile(
        calibration_scores, alpha
    ),
    "population_stability_index": lambda expected, actual: (
        performance.population_stability_index(expected, actual).value
    ),
    "fairness_rates": fairness,
    "ahp_eigenvector": ahp,
    "topsis": topsis,
    "weighted_sum_refusal": lambda weights: scoring.weighted_score(dict.fromkeys(weights, 1.0), weights),
    "break_even_volume": lambda api_cost_per_1k, self_fixed_per_month, self_variable_per_1k: (
        economics.break_even_volume(api_cost_per_1k, self_fixed_per_month, self_variable_per_1k)
    ),
    "cost_per_thousand": lambda gpu_hour_cost, throughput_per_s, utilisation: economics.cost_per_thousand(
        gpu_hour_cost, throughput_per_s, utilisation
    ),
    "mm1_latency": mm1,
    "pareto_front_cost_latency": pareto,
    "ias38_capitalisation": ias38,
    "straight_line_amortisation": amortise,
    "half_life_from_metric_decay": lambda auc_start, auc_end, floor, months: performance.half_life(
        auc_start, auc_end, months, floor
    ),
    "scenario_expected_value": scenario_value,
    "impairment": impairment,
    "paired_gain_standard_error": paired_gain,
}

# Tolerances that the file names otherwise than the value they belong to.
NAMED_TOLERANCES = {"lsm_paper": "lsm_100k_paths", "S1": "estimate_N8192", "ST": "estimate_N8192"}
REFUSALS = {
    "no rate of return exists": "No rate of return exists",
    "no real IRR": "No rate of return exists",
    "weights sum to 1.10, not 1": "weights sum to 1.10, not 1",
}


def check(found, expected, tolerance, name="value"):
    if isinstance(tolerance, dict) and not {"rel", "abs"} & set(tolerance):
        own = NAMED_TOLERANCES.get(name, name)
        if not isinstance(expected, dict):
            tolerance = tolerance[own]
    if isinstance(expected, dict):
        for key, item in expected.items():
            check(found[key], item, tolerance, key)
    elif name == "one_of_roots":
        assert any(root == pytest.approx(expected, **tolerance) for root in found)
    elif isinstance(expected, list) and isinstance(expected[0], str):
        assert found == expected, name
    elif isinstance(expected, bool):
        assert found is expected, name
    elif isinstance(tolerance, dict):
        assert found == pytest.approx(expected, **tolerance), name
    else:
        assert found == pytest.approx(expected, rel=0, abs=tolerance), name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_oracle(case):
    assert case["method"] in METHODS, f"no function is mapped to the method {case['method']!r}"
    method = METHODS[case["method"]]
    # "cashflows" is also the name of the module under test
    inputs = {("cashflows_" if key == "cashflows" else key): item for key, item in case["inputs"].items()}
    expected = case["expected"]
    if expected is None:
        with pytest.raises(performance.Undefined, match="too few"):
            method(**inputs)
    elif isinstance(expected, str):
        with pytest.raises(ValueError, match=REFUSALS[expected.removeprefix("REFUSE: ")]):
            method(**inputs)
    else:
        check(method(**inputs), expected, case["tolerance"])


def test_every_case_is_there():
    assert len({case["id"] for case in CASES}) == 84
