"""What an AI asset is worth: numbers in, a frozen result or a number out.

Nothing here reads a file, draws a picture or knows a client. Modules:
``cashflows`` (discounting), ``approaches`` (cost, market, income), ``performance`` (metrics to money),
``uncertainty`` (Monte Carlo, sensitivity), ``options`` (flexibility), ``decisions`` (value of information,
portfolios), ``data_value`` (Shapley), ``scoring`` (judgements), ``economics`` (speed and cost),
``accounting`` (IAS 38, IAS 36).

Conventions: rates are fractions; cash flows are signed, money out is negative; costs given as costs are
positive money out; ``cashflows`` takes the flow at t = 0 first. What is undefined is an exception with a
sentence (``Undefined`` and its subclasses in ``cashflows``), never None, NaN or infinity.

Every public name is to be had from here too, ``from lepton_nb.valuation import irr``; its module is read when it is first
asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lepton_nb.valuation.accounting import *  # noqa: F403
    from lepton_nb.valuation.approaches import *  # noqa: F403
    from lepton_nb.valuation.cashflows import *  # noqa: F403
    from lepton_nb.valuation.data_value import *  # noqa: F403
    from lepton_nb.valuation.decisions import *  # noqa: F403
    from lepton_nb.valuation.economics import *  # noqa: F403
    from lepton_nb.valuation.options import *  # noqa: F403
    from lepton_nb.valuation.performance import *  # noqa: F403
    from lepton_nb.valuation.scoring import *  # noqa: F403
    from lepton_nb.valuation.uncertainty import *  # noqa: F403

#: The modules and what each gives to this package.
PUBLIC = {
    "accounting": ("Amortisation Capitalisation Impairment Posting amortise capitalise impairment"),
    "approaches": (
        "ComparablePrices IncomeValue Reconciliation ReplacementCost ReturnOnAssets Undefined "
        "comparable_prices contributory_charge economic_value_of_information excess_earnings "
        "functional_obsolescence greenfield improved_cost_cn income_split opportunity_cost reconcile "
        "relief_from_royalty replacement_cost tax_amortisation_benefit tax_amortisation_factor "
        "weighted_average_return_on_assets with_and_without"
    ),
    "cashflows": (
        "NoRateOfReturn Rates RatesOfReturn ReturnOnInvestment SeveralRatesOfReturn TerminalValue Wacc annuity "
        "discounted_payback equivalent_annual_cost irr irr_all mirr npv npv_mid_year payback "
        "profitability_index pv_with_half_life real_rate relevered_beta roi tco terminal_value "
        "terminal_value_decay wacc_build_up xirr xirr_all xirr_batch xnpv"
    ),
    "data_value": ("Attribution banzhaf knn_shapley knn_utility leave_one_out shapley"),
    "decisions": (
        "Concentration Decision Information MinimumVariance SampleInformation Selection StudyInformation "
        "concentration decision_tree evpi evpi_normal evpi_samples evppi evppi_states evsi evsi_states "
        "knapsack minimum_variance_weights"
    ),
    "economics": ("Queue break_even_volume cost_per_thousand erlang_c learning_curve_cost mm1 pareto_front"),
    "options": (
        "LeastSquares PerpetualInvestment RealOption Volatility abandon abandon_one_period binomial_tree "
        "black_scholes crr defer defer_one_period expand expand_one_period flexible_tree "
        "least_squares_monte_carlo margrabe perpetual_investment price_paths stage switch volatility_of_value"
    ),
    "performance": (
        "Drift ExpectedValue FairnessRates Interval NetBenefit PairedGain PosteriorValue ProfitCurve Score auc "
        "break_even_rate brier cases_to_see clopper_pearson_interval cost_sensitive_threshold decision_curve expected_value "
        "expected_value_gain expected_value_posterior fairness_rates half_life ks_statistic net_benefit "
        "paired_gain paired_gain_of_shares paired_table paired_values population_stability_index prior_shift profit_curve "
        "split_conformal_quantile wilson_interval"
    ),
    "scoring": ("Ahp RankStability Topsis WeightedScore ahp ahp_of_pairs rank_stability topsis weighted_score"),
    "uncertainty": (
        "Constant Dirichlet Estimate LogNormal Normal Pert RankCorrelation ScenarioValue Simulation "
        "SobolIndices TailValue TornadoRow Triangular Uniform conditional_value_at_risk constant dirichlet "
        "lognormal normal pert rank_correlation risk_adjusted_npv scenarios simulate sobol_indices tornado "
        "triangular uniform value_at_risk"
    ),
}
_HOME = {name: module for module, names in PUBLIC.items() for name in names.split()}

__all__ = [*PUBLIC, *_HOME]


def __getattr__(name: str) -> Any:
    if name in PUBLIC:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
