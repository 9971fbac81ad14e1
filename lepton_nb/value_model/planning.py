"""From a client to its plan: dated lines, rates that the groups can bear, years that are worth running."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lepton_nb.valuation import cashflows
from lepton_nb.value_model.approaches import solved_rate
from lepton_nb.value_model.inputs import correlated, uncertain
from lepton_nb.value_model.laying import lay
from lepton_nb.value_model.line_money import benefits, cost
from lepton_nb.value_model.lines import PARTICIPANT, STOPPED, Group, LeftOut, Plan
from lepton_nb.value_model.market import caps
from lepton_nb.value_model.measured import AsMeasured, Evidence, with_measured
from lepton_nb.value_model.money import cash_flows, cost_factor
from lepton_nb.value_model.replacement import replacement_costs
from lepton_nb.value_model.times import periods


def discount_rate(client) -> float:
    """The client's weighted average cost of capital: given, or built up from its parts; in the prices of the figures.

    Where the rates hold inflation and the prices do not, or the other way round, it is converted (Fisher).
    """
    found = client.discount.wacc if client.discount.method == "given" else built_up(client).wacc
    return in_prices(client, found)


def in_prices(client, rate: float) -> float:
    """A rate of client.yml in the prices of the figures: real where they are real (Fisher)."""
    discount, prices = client.discount, client.valuation.price_basis
    if prices == discount.rate_basis:
        return rate
    if prices == "real":
        return cashflows.real_rate(rate, discount.inflation)
    return (1 + rate) * (1 + discount.inflation) - 1


def built_up(client):
    """The build-up of the cost of capital from client.yml, with its parts."""
    discount = client.discount
    return cashflows.wacc_build_up(
        risk_free=discount.risk_free,
        equity_risk_premium=discount.equity_risk_premium,
        unlevered_beta=discount.beta_unlevered,
        debt_to_equity=discount.debt_to_equity,
        tax=client.tax.rate,
        pre_tax_cost_of_debt=discount.pre_tax_cost_of_debt,
        size_premium=discount.size_premium,
    )


@dataclass(frozen=True)
class RateStep:
    """One step on the way to the cost of capital: a rate a year as a fraction, or a number of times; how it is found."""

    name: str
    figure: float
    unit: str
    how: str


def capital_steps(client) -> tuple[RateStep, ...]:
    """From the figures of client.yml to :func:`discount_rate`, which is the last step."""
    discount, prices, year = client.discount, client.valuation.price_basis, "a year"
    if discount.method == "given":
        whole = discount.wacc
        steps = [RateStep(f"cost of capital, {discount.rate_basis}", whole, year, "given")]
    else:
        found = built_up(client)
        whole = found.wacc
        steps = [
            RateStep("beta with debt", found.relevered_beta, "times", "beta unlevered × (1 + (1 − tax rate) × debt to equity)"),
            RateStep("cost of equity", found.cost_of_equity, year, "risk free + beta with debt × equity risk premium + size premium"),
            RateStep("cost of debt after tax", found.after_tax_cost_of_debt, year, "pre tax cost of debt × (1 − tax rate)"),
            RateStep("share of debt", found.weight_of_debt, "of capital", "debt to equity ÷ (1 + debt to equity)"),
            RateStep(f"cost of capital, {discount.rate_basis}", whole, year, "cost of equity and of debt, by their shares"),
        ]  # fmt: skip
    if prices != discount.rate_basis:
        sign = "÷" if prices == "real" else "×"
        steps += [
            RateStep("inflation", discount.inflation, year, "client.yml, discount"),
            RateStep(f"cost of capital, {prices}", in_prices(client, whole), year,
                     f"(1 + cost of capital, {discount.rate_basis}) {sign} (1 + inflation) − 1"),
        ]  # fmt: skip
    return tuple(steps)


def plan(client, basis: str = "", measured: Mapping[str, Any] | None = None) -> Plan:
    """Lay the client's figures on dated lines by :data:`~lepton_nb.value_model.rules.RULES`.

    basis: owner or market; empty: what the client's basis of value asks for. measured: what the client's cases gave, by
    asset, of :func:`lepton_nb.results.measured`; ``Plan.client`` is the client with what of it counts.
    """
    return _planned(*with_measured(client, measured or {}), basis)


def _planned(client, evidence: tuple[Evidence, ...], said: tuple[str, ...], basis: str) -> Plan:
    """The plan of a client with what of its cases counts. evidence: known from the start, since weights and so rates rest on it."""
    when = client.valuation
    basis = basis or ("market" if when.basis_of_value in PARTICIPANT else "owner")
    spans = periods(when.date, when.horizon_years, when.timing)
    laid = replace(lay(client, spans, basis), wacc=discount_rate(client), evidence=evidence)
    laid = replace(laid, caps=caps(laid))
    laid = with_rates(laid)
    if when.loss_years == "stop":
        for _ in range(5):  # rates depend on what is run, and what is run on the rates
            shorter = without_loss_years(laid)
            if shorter is laid:
                break
            laid = with_rates(shorter)
    inputs = uncertain(laid)
    correlations, notes = correlated(client, inputs)
    notes = (*(item.sentence for item in evidence), *said, *notes, *laid.notes)
    return replace(laid, inputs=inputs, correlations=correlations, notes=notes)


def on_basis(plan_: Plan, basis: str) -> Plan:
    """The same client on the other basis: owner or market."""
    return plan_ if plan_.basis == basis else _planned(plan_.client, plan_.evidence, (), basis)


def with_assets(plan_: Plan, assets: Sequence[Any]) -> Plan:
    """The same client with other rows of assets.csv, laid anew; what its cases measured stays."""
    return _planned(AsMeasured(plan_.client, assets=tuple(assets)), plan_.evidence, (), plan_.basis)


def run_through(plan_: Plan) -> Plan:
    """The same client with every planned year run, also those that lose (rule Economic life)."""
    valuation = plan_.client.valuation.model_copy(update={"loss_years": "run"})
    return _planned(AsMeasured(plan_.client, valuation=valuation), plan_.evidence, (), plan_.basis)


def with_rates(laid: Plan) -> Plan:
    """The plan with each group at the rate that its assets bear together."""
    costs = replacement_costs(laid)
    return replace(laid, groups=tuple(replace(group, rate=solved_rate(laid, group, costs)) for group in laid.groups))


def years_run(laid: Plan, group: Group) -> int:
    """How many periods a group is worth running (rule Economic life): the most valuable number, at least one."""
    present = np.array([float(year.present) for year in cash_flows(laid, group)])
    due = np.zeros(len(present))  # decommissioning is paid whenever it stops
    for name in group.assets:
        for line in laid.costs_of.get(name, ()):
            if line.phase == "decommission":
                due[line.period] += cost_factor(laid, group, line) * float(cost(laid, line))
    until = np.cumsum(present) - (due.sum() - np.cumsum(due))
    scale = max(float(np.abs(present).sum()), 1e-300)
    return int(np.flatnonzero(until >= until.max() - 1e-12 * scale)[-1]) + 1


def without_loss_years(laid: Plan) -> Plan:
    """The plan without the years after which each group is better stopped; the same plan where there are none."""
    stops = {name: years_run(laid, group) for group in laid.groups for name in group.assets}
    gone, paid = [], []
    for line in laid.costs:
        late = line.period >= stops[line.asset_id] and line.phase != "decommission"
        (gone if late else paid).append(line)
    lost = [(line, amount) for line, amount in benefits(laid) if line.period >= stops[line.asset_id]]
    if not gone and not lost:
        return laid
    why = STOPPED
    left_out = [
        *(
            LeftOut(line.asset_id, f"benefit {line.driver_id}", str(laid.periods[line.period].year), why)
            for line, _ in lost
        ),
        *(
            LeftOut(
                line.asset_id, f"{line.phase} cost {line.category}", str(line.date), why, line.amount.mode * line.share
            )
            for line in gone
        ),
    ]
    return replace(
        laid,
        benefits=tuple(line for line in laid.benefits if line.period < stops[line.asset_id]),
        costs=tuple(paid),
        left_out=(*laid.left_out, *left_out),
    )


__all__ = ["built_up", "discount_rate", "in_prices", "on_basis", "plan", "with_assets", "with_rates"]
