"""The conclusion as plain tables: what the value chapter puts on record and every other page reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from lepton_nb.value_model import measured, tested
from lepton_nb.value_model.conclusion import Conclusion, GroupConclusion
from lepton_nb.value_model.findings import findings, held
from lepton_nb.value_model.gains import gain, gains, most_likely_money
from lepton_nb.value_model.laying import whole_year_costs
from lepton_nb.value_model.lines import Plan
from lepton_nb.value_model.money import bridge, cash_flows, group_value, present_benefits
from lepton_nb.value_model.profits import planned, relief, without_time
from lepton_nb.value_model.registered import register
from lepton_nb.value_model.returns import if_it_succeeds, returns
from lepton_nb.value_model.sheets import sheets
from lepton_nb.value_model.tables import line_tables
from lepton_nb.value_model.turning import decisive
from lepton_nb.value_model.verdict import counted
from lepton_nb.value_model.worlds import rate_and_half_life, scenario_values

Row = dict[str, Any]

#: What no figure of the report holds.
NOT_IN_THE_NUMBER = (
    "Sunk costs and their book value; only the tax that their amortisation still saves is in it, on the owner's basis.",
    "Rights to defer, expand, abandon or switch.",
    "Anything after the horizon, after the useful life, and any year for which the client gives no figure.",
    "Scores of judgement: they stand beside the number.",
    "Benefits to which nobody gave a figure: what has no row in benefits.csv, such as knowledge, reputation, later products.",
)


def tables(found: Conclusion, bars: Mapping[str, Sequence[Any]]) -> dict[str, list[Row]]:
    """Every table of the value chapter. bars: of :func:`~lepton_nb.value_model.worlds.tornado`.

    groups: value (mean of the draws), low, high (5 and 95 %), most_likely, below_zero, verdict, reason, counts (part of the
    total), together, and the assumption that moves it most. assets: value, earned (within the group), group, counts, earns (has benefits of its own).
    total: the same figures of all groups that count. The lines behind the value: settings, periods, lines_groups,
    benefits, costs, amortisation; cash: the net flow of each year, most likely, of the groups that every total holds,
    planned: the same without the caps of substitutes, and payback, years (None: none), outlay: whether money has to be
    paid first, time: what of planned is time of people; returns: the same by group, with chance and payback if what may fail
    succeeds; whole_years: what counting running costs of the first year by days would add; the inputs of the workbook: sheet_….
    """
    plan = found.plan
    return {
        "groups": [_group(item, plan, bars) for item in found.groups],
        "assets": [
            {
                "name": name,
                "group": item.name,
                "value": part.value,
                "earned": part.earned,
                "counts": item.counts,
                "earns": name in plan.benefits_of,
            }
            for item in found.groups
            for name, part in item.assets.assets.items()
        ],
        "total": [_total(found, bars)],
        "bridge": [asdict(bridge(plan)) | {"value": bridge(plan).value}],
        "cash": _cash(plan),
        "returns": _returns(plan),
        "whole_years": _whole_years(plan),
        "gains": [_gain(item, plan) for item in gains(plan)],
        "rests": _rests(plan),
        "rests_on": [{"text": text} for text in measured.rests_on(plan)],
        "decays": [_decay(item) for item in plan.decays.values()],
        "scenarios": [
            {"name": item.name, "p": item.p, "value": float(worth.total)}
            | {f"group {name}": float(value) for name, value in worth.groups.items()}
            for item, worth in zip(plan.client.scenarios, scenario_values(plan).values(), strict=True)
        ],
        "matrix": _matrix(plan),
        "decisive": decisive(plan, bars),
        "tornado": [_bar(move, bar) for move, bar in bars["total"]],
        "held": [asdict(one) for one in held(plan)],
        "register": [asdict(row) for row in register(plan)],
        "evidence": [_evidence(item, plan) for item in plan.evidence],
        "findings": [{"finding": sentence} for sentence in findings(plan)],
        "not_in_the_number": [{"text": text} for text in NOT_IN_THE_NUMBER],
        **line_tables(plan).tables(),
        **sheets(plan),
    }


def _bar(move, bar) -> Row:
    return {
        "name": move.name,
        "assets": sorted(move.assets or ()),
        "assumption": move.label,
        "unit": move.unit,
        "low": move.low_words,
        "high": move.high_words,
        "grade": move.grade,
        "value_at_low": bar.value_at_low,
        "value_at_high": bar.value_at_high,
    }


def _group(item: GroupConclusion, plan: Plan, bars) -> Row:
    first = _bar(*bars[item.name][0]) if bars.get(item.name) else {}
    return {
        "name": item.name,
        "assets": list(item.group.assets),
        "rate": item.group.rate,
        "value": item.value,
        "low": item.interval[0],
        "high": item.interval[1],
        "most_likely": item.most_likely,
        "below_zero": item.below_zero,
        "verdict": item.verdict.word,
        "reason": item.verdict.reason,
        "counts": item.counts,
        "together": item.assets.together,
        "relief": relief(plan, item.group),
        "moved_by": first,
    }


def _total(found: Conclusion, bars) -> Row:
    low, high = found.interval or (None, None)
    return {
        "name": "total",
        "groups": [item.name for item in found.groups if item.counts],
        "left_out": [item.name for item in found.left_out],
        "value": found.value,
        "low": low,
        "high": high,
        "most_likely": found.most_likely,
        "below_zero": found.below_zero,
        "draws": found.distribution.draws,
        "moved_by": _bar(*bars["total"][0]) if bars.get("total") else {},
    }


def _cash(plan: Plan) -> list[Row]:
    groups = [group for group in plan.groups if group.name in counted(plan)]
    found = returns(plan, *groups)
    net, free, cash = (
        [
            float(sum(one.net for one in year))
            for year in zip(*(cash_flows(laid, group) for group in groups), strict=True)
        ]
        for laid in (plan, planned(plan), planned(without_time(plan)))
    )
    return [
        {"year": span.year, "share": span.share, "net": flow, "planned": more, "payback": found.payback_years,
         "outlay": found.outlay, "time": more - bare}
        for span, flow, more, bare in zip(plan.periods, net, free, cash, strict=True)
    ]  # fmt: skip


def _rests(plan: Plan) -> list[Row]:
    """On which test ("": none of its gain) and grade the benefits of the groups rest that every total holds; present value before tax.

    n: cases of that test; public: whether they are not the client's own.
    """
    inside = counted(plan)
    n = {
        line.link_id: (line.evaluation or line.tested).n
        for line in plan.benefits
        if line.link in ("confusion", "trial")
    }
    by = present_benefits(
        plan,
        lambda line: (
            plan.group(line.asset_id).name,
            line.link_id if line.link in ("confusion", "trial") else "",
            plan.gain_grade(line),
        ),
    )
    return [
        {"group": group, "evaluation": evaluation, "grade": grade, "present": present, "n": n.get(evaluation, 0),
         "public": evaluation in plan.on_public}
        for (group, evaluation, grade), present in by.items()
        if group in inside
    ]  # fmt: skip


def _returns(plan: Plan) -> list[Row]:
    """Payback of each group that every total holds, years (None: none), and whether money has to be paid first."""
    groups = [group for group in plan.groups if group.name in counted(plan)]
    found = {group.name: returns(plan, group) for group in groups}
    rows = []
    for name, one in found.items():
        chance, back = if_it_succeeds(plan, next(group for group in groups if group.name == name))
        rows.append(
            {"group": name, "payback": one.payback_years, "outlay": one.outlay, "chance": chance, "success": back}
        )
    return rows


def _whole_years(plan: Plan) -> list[Row]:
    """What the groups that every total holds are worth more, most likely, if the running costs that may be a whole year's count by days."""
    first = plan.periods[0]
    lines = whole_year_costs(plan.costs, first)
    costs = tuple(replace(line, share=line.share * first.share) if line in lines else line for line in plan.costs)
    cut = replace(plan, costs=costs)
    more = sum(
        float(group_value(cut, group)) - float(group_value(plan, group))
        for group in plan.groups
        if group.name in counted(plan)
    )
    return [{"year": first.year, "days": first.days, "more": more}] if lines else []


def _gain(item, plan) -> Row:
    return {
        "evaluation": item.evaluation_id,
        "asset": item.asset_id,
        "evaluated_on": item.evaluation.evaluated_on.isoformat(),
        "n": item.n,
        "paired": item.paired,
        "per_case": item.per_case,
        "low": item.interval[0],
        "high": item.interval[1],
        "below_zero": item.below_zero,
        "word": item.word,
        "yearly_cases": item.yearly,
        "a_year": None if item.yearly is None else item.yearly * item.per_case,
        "unit": item.unit,
    }


def _idle(evaluation) -> Row:
    """A word that takes the place of the one on the gain where a model does no better than to flag nothing; else nothing."""
    model, money = evaluation.model, most_likely_money(evaluation)
    if not model.tp + model.fp:
        return {"word": "flags nothing"}
    return (
        {}
        if model.tp * (money["tp"] - money["fn"]) + model.fp * (money["fp"] - money["tn"]) > 0
        else {"word": "no better than to flag nothing"}
    )


def _evidence(item, plan) -> Row:
    """A case: what it measured beside what was typed, each with its gain per case; counts: those that benefits rest on."""
    whole = [found for found in (item.evaluation, *item.typed) if not tested.is_trial(found)]
    shown = [found for found in whole if found.outcome_value is not None]
    return {
        "asset": item.asset_id,
        "counts": list(item.counts),
        "months": item.months,
        "typed_months": item.typed_months,
        "stand_ins": list(item.stand_ins),
        "public": list(item.public),
        "sentence": item.sentence,
        "rests": item.rests,
        "gains": [_gain(gain(plan, found), plan) | _idle(found) for found in shown],
    }


def _decay(item) -> Row:
    seen = item.measured
    return {
        "asset": item.asset_id,
        "half_life": item.half_life,
        "source": item.source,
        "measured": None if seen is None else seen.half_life,
        "fastest": None if seen is None else seen.fastest,
        "slowest": None if seen is None else seen.slowest,
        "shown": None if seen is None else seen.shown,
        "sentence": item.sentence,
    }


def _matrix(plan) -> list[Row]:
    found = rate_and_half_life(plan)
    return [
        {"rate_change": change, "half_life_factor": factor, "value": float(value)}
        for change, row in zip(found.rate_changes, found.values, strict=True)
        for factor, value in zip(found.factors, row, strict=True)
    ]
