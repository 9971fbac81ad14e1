"""An asset still to be developed is told in several ways in one report: each figure beside what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lepton_nb.value_model.line_money import cost
from lepton_nb.value_model.lines import Plan
from lepton_nb.value_model.money import cost_factor, group_value
from lepton_nb.value_model.portfolio import asks
from lepton_nb.value_model.stages import Stage, invested
from lepton_nb.value_model.stopping import Today


@dataclass(frozen=True)
class Way:
    """One figure of an asset, the chapter that tells it, and what it leaves out. Money; values and present values of today."""

    what: str
    figure: float
    page: str
    lacks: str


def side_by_side(plan: Plan, stage: Stage, value: float, today: Today) -> tuple[Way, ...]:
    """What developing an asset costs and brings, in every way in which the report tells it.

    value: of its group, the mean of the draws; today: what stopping the group today saves.
    """
    group, lines = plan.group(stage.asset_id), invested(plan, stage.asset_id)
    likely = [float(cost(plan, line)) for line in lines]
    present = sum(cost_factor(plan, group, line) * amount for line, amount in zip(lines, likely, strict=True))
    spend = next(ask.spend for ask in asks(plan) if ask.group == group.name)
    return (
        Way("payments, most likely", sum(likely), "costs.csv", "their range, interest"),
        Way("payments, mean of the draws", sum(amount for _, amount in stage.payments), "decision at the gate", "interest"),
        Way("payments, most likely, today", present, "returns, bridge", "their range"),
        Way("payments, mean of the draws, today", stage.development, "options", "nothing"),
        Way("new money of its group", spend, "budget", "what falls due after twelve months; interest"),
        Way("value of its group, most likely", float(group_value(plan, group)), "cash flows", "what else may happen; that it may be stopped"),
        Way("value of its group, mean of the draws", value, "value", "that a payment may be refused"),
        Way("the asset as planned, mean", stage.rigid, "options", "that a payment may be refused; the rest of its group"),
        Way("the asset, payments may be refused", stage.flexible, "options", "the rest of its group"),
        Way("what the right to refuse adds", stage.option_value, "decision at the gate", "counts above the better of plan and stopping"),
        Way("what stopping the group today saves", today.saved, "options", "what is due in any case"),
    )  # fmt: skip


def every(
    plan: Plan, staged: Iterable[Stage], values: Mapping[str, float], today: Mapping[str, Today]
) -> dict[str, tuple[Way, ...]]:
    """The ways of each staged asset. values, today: by group."""
    return {one.asset_id: side_by_side(plan, one, values[one.group], today[one.group]) for one in staged}
