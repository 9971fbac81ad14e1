"""One valid call of every public function of ``lepton_nb.valuation``: arguments by name."""

from __future__ import annotations

import numpy as np

from lepton_nb.valuation import distributions

DATES = ["2025-01-01", "2026-01-01", "2027-01-01"]
STATES = {"up": 0.5, "down": 0.5}
PAYOFFS = {"go": {"up": 100.0, "down": -50.0}, "stay": {"up": 0.0, "down": 0.0}}
CELLS = {"tp": 56, "fp": 7, "fn": 5, "tn": 42}
MONEY = {"tp": 99.0, "fp": -1.0, "fn": -5.0, "tn": 0.0}
PAIRS = {(1, 1, 0): 20, (1, 0, 1): 12, (1, 1, 1): 40, (0, 0, 0): 200, (0, 1, 0): 9, (0, 0, 1): 14}
TRUTH, SCORES = [1, 0, 1, 0, 1], [0.9, 0.4, 0.7, 0.6, 0.3]
TERMS = {"rate": 0.05, "volatility": 0.3, "years": 1.0}
MATRIX = [[5.0, 4.0], [4.0, 4.5], [1.0, 1.0]]
DRAWN = np.random.default_rng(1).normal(size=400)
INPUTS = {"a": distributions.normal(0.0, 1.0), "b": distributions.uniform(1.0, 2.0)}


def worth(group) -> float:
    return float(len(group) ** 2)


def model(x):
    return x["a"] + 2 * x["b"]


EXAMPLES: dict[str, dict[str, dict]] = {
    "cashflows": {
        "npv": {"rate": 0.1, "cash_flows": [-100, 60, 60]},
        "npv_mid_year": {"rate": 0.1, "cash_flows": [-100, 60, 60]},
        "xnpv": {"rate": 0.1, "amounts": [-100, 60, 60], "dates": DATES, "day_count": "act/360", "valuation_date": "2025-01-01"},
        "irr": {"cash_flows": [-100, 60, 60]},
        "irr_all": {"cash_flows": [-100, 60, 60]},
        "xirr": {"amounts": [-100, 60, 60], "dates": DATES, "day_count": "act/365f"},
        "xirr_all": {"amounts": [-100, 60, 60], "dates": DATES, "day_count": "act/365f"},
        "xirr_batch": {"amounts": [[-100, 60, 60]], "dates": DATES, "day_count": "act/365f"},
        "mirr": {"cash_flows": [-100, 60, 60], "finance_rate": 0.1, "reinvest_rate": 0.1},
        "payback": {"cash_flows": [-100, 60, 60]},
        "discounted_payback": {"rate": 0.1, "cash_flows": [-100, 60, 60]},
        "profitability_index": {"rate": 0.1, "cash_flows": [-100, 60, 60]},
        "equivalent_annual_cost": {"rate": 0.1, "costs": [100, 5, 5], "years": 2.0},
        "annuity": {"rate": 0.1, "years": 5.0},
        "real_rate": {"nominal": 0.1, "inflation": 0.02},
        "relevered_beta": {"unlevered_beta": 0.9, "tax": 0.3, "debt_to_equity": 0.5},
        "wacc_build_up": {
            "risk_free": 0.02, "equity_risk_premium": 0.05, "unlevered_beta": 0.9, "debt_to_equity": 0.5, "tax": 0.3,
            "pre_tax_cost_of_debt": 0.04, "size_premium": 0.01, "specific_premium": 0.0,
        },
        "terminal_value": {"final_cash_flow": 100.0, "rate": 0.1, "growth": 0.02, "years": 5.0},
        "terminal_value_decay": {"first_cash_flow": 100.0, "rate": 0.1, "half_life": 3.0},
        "pv_with_half_life": {"first_cash_flow": 100.0, "rate": 0.1, "half_life": 3.0, "years": 5, "timing": "mid_year"},
        "tco": {"rate": 0.1, "costs": [100, 5, 5], "risk_adjustment": 0.1},
        "roi": {
            "rate": 0.1, "benefits": [0, 90, 90], "costs": [100, 5, 5], "benefit_risk_adjustment": 0.1,
            "cost_risk_adjustment": 0.1,
        },
    },
    "approaches": {
        "replacement_cost": {
            "direct_costs": {"labour": 100.0}, "overhead": 0.1, "developer_profit": 0.1, "opportunity_rate": 0.1,
            "build_years": 1.0, "functional_obsolescence": 0.1, "economic_obsolescence": 0.1,
        },
        "opportunity_cost": {"cost": 100.0, "rate": 0.1, "build_years": 1.0},
        "functional_obsolescence": {"metric": 0.86, "baseline": 0.8, "modern": 0.88},
        "improved_cost_cn": {
            "total_cost": 100.0, "return_rate": 0.1, "flow": 1.2, "quality": 0.9, "monopoly": 0.05,
            "realisation_risk": 0.2,
        },
        "economic_value_of_information": {
            "revenue_with": 100.0, "revenue_without": 80.0, "acquisition_cost": 1.0, "administration_cost": 1.0,
            "application_cost": 1.0, "trial_years": 0.5, "life_years": 2.0,
        },
        "comparable_prices": {"prices": [100, 120, 90], "adjustments": [1.1, 1.0, 1.2], "weights": [1, 1, 0.5]},
        "relief_from_royalty": {
            "revenue": [100, 110], "royalty_rate": 0.05, "tax": 0.25, "rate": 0.1, "timing": "mid", "tab_years": 5.0,
        },
        "excess_earnings": {
            "operating_profit_after_tax": [100, 110], "contributory_charges": [20, 22], "rate": 0.1,
            "survival": [1.0, 0.8], "timing": "end", "tax": 0.25, "tab_years": 5.0,
        },
        "contributory_charge": {"asset_base": 100.0, "rate": 0.1, "life_years": 5.0},
        "with_and_without": {
            "cash_flow_with": [100, 110], "cash_flow_without": [90, 95], "rate": 0.1, "timing": "end",
            "probability_of_effect": 0.7,
        },
        "greenfield": {"cash_flow": [-50, 100, 200], "build_up_cost": 150.0, "rate": 0.1, "timing": "end"},
        "income_split": {"income": [100, 120], "share": [0.3, 0.25], "rate": 0.1, "timing": "end"},
        "tax_amortisation_factor": {"tax": 0.25, "rate": 0.1, "years": 5.0, "timing": "end"},
        "tax_amortisation_benefit": {"present_value": 100.0, "tax": 0.25, "years": 5.0, "annuity_factor": 3.8},
        "weighted_average_return_on_assets": {"assets": {"plant": (600, 0.07)}, "wacc": 0.1, "enterprise_value": 1000.0},
        "reconcile": {"indications": {"cost": 400, "income": 600}, "weights": {"cost": 0.25, "income": 0.75}},
    },
    "performance": {
        "expected_value": {"counts": CELLS, "values": MONEY, "level": 0.95},
        "expected_value_gain": {
            "model_counts": CELLS, "baseline_counts": CELLS, "values": MONEY, "volume": 10.0, "adoption": 0.9,
            "attribution": 0.9, "level": 0.95,
        },
        "paired_gain": {
            "counts": PAIRS, "values": MONEY, "volume": 10.0, "adoption": 0.9, "attribution": 0.9, "level": 0.95,
        },
        "expected_value_posterior": {
            "counts": CELLS, "values": MONEY, "draws": 100, "seed": 1, "prior": 0.5, "level": 0.95,
        },
        "paired_values": {"values": MONEY, "classes": 2},
        "paired_table": {"counts": PAIRS},
        "paired_gain_of_shares": {"shares": [[0, 0, 0, 0, 0.5, 0, 0.5, 0]], "values": MONEY},
        "cost_sensitive_threshold": {"cost_fp": 10.0, "cost_fn": 90.0, "cost_tp": 1.0, "cost_tn": 0.0},
        "profit_curve": {
            "y_true": TRUTH, "scores": SCORES, "value_tp": 10.0, "value_fp": -3.0, "value_fn": 0.0, "value_tn": 0.0,
        },
        "net_benefit": {"n": 1000, "tp": 80, "fp": 150, "threshold": 0.1, "prevalence": 0.1},
        "decision_curve": {"y_true": TRUTH, "probabilities": SCORES, "thresholds": [0.2, 0.5]},
        "cases_to_see": {"rate": 0.9, "change": -0.05, "level": 0.05, "power": 0.8},
        "break_even_rate": {"cost_per_case": 0.05, "value_success": 0.4, "value_failure": -0.3},
        "wilson_interval": {"successes": 81, "n": 263, "level": 0.95},
        "clopper_pearson_interval": {"successes": 81, "n": 263, "level": 0.95},
        "split_conformal_quantile": {"scores": SCORES, "alpha": 0.25},
        "auc": {"y_true": TRUTH, "scores": SCORES, "level": 0.95},
        "brier": {"y_true": TRUTH, "probabilities": SCORES, "level": 0.95},
        "half_life": {"start": 0.86, "end": 0.8, "elapsed": 18.0, "floor": 0.5},
        "population_stability_index": {"expected": [0.5, 0.5], "actual": [0.4, 0.6], "floor": 0.001},
        "ks_statistic": {"first": [1, 2, 3], "second": [2, 3, 4]},
        "fairness_rates": {"groups": {"A": (60, 100), "B": (36, 100)}, "minimum_group": 30, "level": 0.95},
    },
    "uncertainty": {
        "triangular": {"low": 1.0, "mode": 2.0, "high": 4.0},
        "pert": {"low": 1.0, "mode": 2.0, "high": 4.0, "weight": 4.0},
        "lognormal": {"mean": 100.0, "sd": 30.0},
        "normal": {"mean": 100.0, "sd": 30.0},
        "uniform": {"low": 1.0, "high": 2.0},
        "constant": {"value": 3.0},
        "dirichlet": {"counts": [3, 4], "prior": 0.5},
        "simulate": {"model": model, "inputs": INPUTS, "draws": 256, "seed": 1, "keep_inputs": False, "correlations": {("a", "b"): 0.5}},
        "rank_correlation": {"rho": 0.5},
        "tornado": {"model": model, "base": {"a": 1.0, "b": 2.0}, "ranges": {"a": (0.0, 2.0)}},
        "sobol_indices": {"model": model, "inputs": INPUTS, "n": 256, "seed": 1},
        "scenarios": {"values": {"low": -1.0, "high": 2.0}, "probabilities": {"low": 0.5, "high": 0.5}},
        "value_at_risk": {"outcomes": DRAWN, "level": 0.95},
        "conditional_value_at_risk": {"outcomes": DRAWN, "level": 0.95},
        "risk_adjusted_npv": {
            "rate": 0.1, "cash_flows": [-100, 0, 242], "success_probabilities": [1.0, 0.6, 1.0], "times": [0.0, 1.0, 2.0],
        },
    },
    "options": {
        "black_scholes": {"spot": 100.0, "strike": 95.0, **TERMS, "kind": "put", "dividend_yield": 0.02},
        "margrabe": {
            "value_received": 100.0, "value_given": 95.0, "volatility_received": 0.2, "volatility_given": 0.3,
            "correlation": 0.5, "years": 1.0, "yield_received": 0.01, "yield_given": 0.02,
        },
        "binomial_tree": {
            "spot": 100.0, "strike": 95.0, "rate": 0.05, "up": 1.2, "down": 0.85, "steps": 3, "years": 1.0,
            "kind": "put", "american": True, "dividend_yield": 0.01, "exercise_dates": None,
        },
        "crr": {
            "spot": 100.0, "strike": 95.0, **TERMS, "steps": 20, "kind": "put", "american": True,
            "dividend_yield": 0.01, "exercise_dates": None,
        },
        "least_squares_monte_carlo": {
            "paths": [[1, 1.2, 0.9], [1, 0.8, 0.7], [1, 0.9, 1.3], [1, 0.7, 1.0]], "strike": 1.0, "rate": 0.05,
            "years": 2.0, "kind": "put",
        },
        "price_paths": {
            "spot": 100.0, **TERMS, "steps": 3, "paths": 4, "seed": 1, "dividend_yield": 0.01,
        },
        "perpetual_investment": {"value": 1.0, "cost": 1.0, "rate": 0.04, "dividend_yield": 0.04, "volatility": 0.2},
        "defer": {"value": 100.0, "cost": 95.0, **TERMS, "dividend_yield": 0.02},
        "defer_one_period": {
            "value": 100.0, "value_up": 180.0, "value_down": 60.0, "cost": 104.0, "rate": 0.08, "cost_grows": True,
        },
        "expand_one_period": {
            "value": 100.0, "value_up": 180.0, "value_down": 60.0, "scale": 0.5, "cost": 40.0, "rate": 0.08,
        },
        "abandon_one_period": {"value": 100.0, "value_up": 180.0, "value_down": 60.0, "salvage": 90.0, "rate": 0.08},
        "flexible_tree": {
            "value": 100.0, "up": 1.3, "down": 0.8, "rate": 0.05, "periods": 3, "expand": (0.5, 40.0),
            "contract": (0.25, 20.0), "abandon": 90.0, "at_any_time": True, "dividend_yield": 0.01,
        },
        "expand": {
            "value": 100.0, "scale": 0.5, "cost": 60.0, **TERMS, "dividend_yield": 0.02, "american": True, "steps": 20,
        },
        "abandon": {"value": 100.0, "salvage": 60.0, **TERMS, "dividend_yield": 0.02, "american": True, "steps": 20},
        "switch": {
            "value_now": 100.0, "value_other": 95.0, "volatility_now": 0.2, "volatility_other": 0.3,
            "correlation": 0.5, "years": 1.0, "switching_cost": 2.0,
        },
        "stage": {
            "value": 100.0, "costs": [(0, 5), (1, 20)], "rate": 0.03, "volatility": 0.5, "dividend_yield": 0.01,
            "steps": 20,
        },
        "volatility_of_value": {"value_now": 100.0, "values_after": [80, 95, 110], "years": 1.0},
    },
    "decisions": {
        "evpi": {"prior": STATES, "payoffs": PAYOFFS},
        "evpi_normal": {"mean": 20.0, "sd": 50.0, "threshold": 0.0},
        "evpi_samples": {"net_benefits": {"go": DRAWN, "stay": 0 * DRAWN}},
        "evppi": {"parameters": DRAWN, "net_benefits": {"go": DRAWN, "stay": 0 * DRAWN}, "degree": 3},
        "evppi_states": {"prior": STATES, "payoffs": PAYOFFS, "known": {"up": "good", "down": "bad"}},
        "evsi": {
            "mean": 20.0, "sd": 50.0, "sampling_sd": 200.0, "n": 100, "threshold": 0.0, "study_cost": 2.0, "scale": 1.0,
        },
        "evsi_states": {
            "prior": STATES, "likelihoods": {"up": {"yes": 0.9, "no": 0.1}, "down": {"yes": 0.2, "no": 0.8}},
            "payoffs": PAYOFFS, "study_cost": 1.0,
        },
        "decision_tree": {"tree": {"decide": {"stop": 0, "go": {"chance": {"good": (0.4, 100), "bad": (0.6, -50)}}}}},
        "knapsack": {"values": {"A": 21.4, "B": 16.1}, "costs": {"A": 10.0, "B": 5.0}, "budget": 10.0},
        "concentration": {"values": {"A": 60.0, "B": 40.0}},
        "minimum_variance_weights": {"standard_deviations": [0.2, 0.1], "correlations": 0.3},
    },
    "data_value": {
        "shapley": {"players": ["a", "b", "c"], "value": worth, "permutations": 10, "seed": 1, "exact_players": 12},
        "banzhaf": {"players": ["a", "b", "c"], "value": worth, "samples": 10, "seed": 1},
        "leave_one_out": {"players": ["a", "b", "c"], "value": worth},
        "knn_shapley": {"x_train": [0.1, 0.3, 0.5], "y_train": [1, 0, 1], "x_test": [0.0], "y_test": [1], "k": 2},
        "knn_utility": {"x_train": [0.1, 0.3, 0.5], "y_train": [1, 0, 1], "x_test": [0.0], "y_test": [1], "k": 2},
    },
    "scoring": {
        "weighted_score": {"scores": {"a": 4.0, "b": 2.0}, "weights": {"a": 0.75, "b": 0.25}},
        "ahp": {"matrix": [[1, 3, 5], ["1/3", 1, 3], ["1/5", "1/3", 1]]},
        "ahp_of_pairs": {"pairs": {("a", "b"): 3.0}},
        "topsis": {"matrix": MATRIX, "weights": [0.6, 0.4], "types": [1, -1]},
        "rank_stability": {
            "matrix": MATRIX, "weights": [0.6, 0.4], "types": [1, 1], "draws": 50, "concentration": 50.0, "seed": 1,
            "method": "topsis",
        },
    },
    "economics": {
        "cost_per_thousand": {"cost_per_hour": 3.6, "throughput_per_second": 50.0, "utilisation": 0.4},
        "break_even_volume": {"buy_per_thousand": 2.5, "fixed_cost": 9000.0, "own_per_thousand": 0.4},
        "mm1": {"arrival_rate": 80.0, "service_rate": 100.0},
        "erlang_c": {"arrival_rate": 2.0, "service_rate": 1.0, "servers": 3},
        "pareto_front": {"points": {"A": (1.0, 200.0), "B": (2.0, 120.0)}},
        "learning_curve_cost": {"first_cost": 100.0, "n": 4.0, "learning_rate": 0.8},
    },
    "accounting": {
        "capitalise": {
            "costs": [("2025-03-31", "development", 180.0)], "criteria_met_on": "2024-12-31",
            "available_for_use_on": "2025-06-30",
        },
        "amortise": {
            "cost": 180.0, "useful_life_years": 5.0, "in_service": "2025-07-01", "year_end": "2025-12-31",
            "residual": 10.0,
        },
        "impairment": {
            "carrying_amount": 600.0, "fair_value_less_costs": 500.0, "value_in_use_cash_flows": [300, 300],
            "rate": 0.12,
        },
    },
}  # fmt: skip
