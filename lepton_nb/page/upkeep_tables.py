"""Tables of what whoever runs a model asks: points of a rate in money, training again, how soon a fall is seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from lepton_nb.page import render, words
from lepton_nb.page.evidence_words import months_from, sources
from lepton_nb.page.render import Html
from lepton_nb.page.words import Money

#: Share of a group's value from which another schedule is worth saying.
WORTH_SAYING = 0.01


def points(found: Sequence[Any], money: Money, limited: Mapping[str, Any] | None = None) -> Html:
    """What one point of recall and one of false alarms is worth. limited: assets whose benefits a substitute's price cuts."""
    if not found:
        return render.join()
    rows = [
        {"One point": f"{words.label(one.evaluation_id)}: {'more' if one.rate == 'recall' else 'fewer'} {one.rate}",
         "Measured": words.percent(one.measured.value), "90 %": words.percent_range(one.measured.interval),
         "n": one.measured.n, "A case": money(one.per_case), "A year": money(one.yearly, why="no benefit rests on it")}
        for one in found
    ]  # fmt: skip
    caption = (
        "At the most likely money per outcome and the share of positive cases in use. n: positive cases for recall, negative "
        "ones for false alarms. " + sources(found, "benefits.csv")
    )
    held = [name for name in dict.fromkeys(one.asset_id for one in found if one.yearly) if name in (limited or {})]
    table = render.table(rows, caption=caption)
    told = f"{words.listed(held)}: a year before the cap of the substitute's price; while it holds, one point more brings nothing."
    return render.join(table, render.note(told)) if held else table


def trainings(found: Sequence[Any], money: Money) -> Html:
    """What training again would bring, and what one training may cost: a column a schedule."""
    rows, told = [], []
    for name, group in groupby(found, key=lambda one: one.asset_id):
        ways = list(group)
        if all(one.at_most is None for one in ways):
            told.append(f"{name}: training again brings its group nothing more: something else limits what is earned.")
            continue
        lines = {
            "value of its group": [money(one.value) for one in ways],
            "trainings": [len(one.days) for one in ways],
            "one may cost at most": [money(one.at_most, why="brings nothing") if one.months else "" for one in ways],
            "left at its cost": [money(one.kept) if one.months else "" for one in ways],
        }
        known = [what for what in lines if what != "left at its cost" or any(one.kept is not None for one in ways)]
        rows += [
            {"Asset": name if what == known[0] else "", "Trained again": what} | dict(zip(map(_schedule, ways), lines[what], strict=True))
            for what in known
        ]  # fmt: skip
        told += _other_schedule(name, ways, money)
    caption = (
        "Most likely figures, the trainings free of charge and each restoring the gain as measured; at most: before tax, with nothing left of what they bring"
        + (
            "; left: at the client's own cost of a training (assets.csv)."
            if any(one.kept is not None for one in found)
            else "."
        )
    )
    often = dict.fromkeys(_schedule(one) for one in sorted(found, key=lambda one: -(one.months or math.inf)))
    columns = ("Asset", "Trained again", *(name for name in often if any(name in row for row in rows)))
    whole = [dict.fromkeys(columns, "") | row for row in rows]
    table = render.table(
        whole, dict.fromkeys(often, str), caption, columns=columns if rows else (),
        none="No model in use gains by being trained again.",
    )  # fmt: skip
    return render.join(table, *map(render.note, words.once(told)))


def _schedule(one: Any) -> str:
    return "never" if one.months is None else f"every {words.plural(one.months, 'month')}"


def _other_schedule(name: str, ways: Sequence[Any], money: Money) -> list[str]:
    """That another schedule leaves more than the one that is planned, where it does by one part in a hundred of the value."""
    planned = next((one for one in ways if one.planned), None)
    if planned is None or planned.kept is None:
        return []
    best = max((one for one in ways if one.kept is not None), key=lambda one: one.kept)
    if best.kept - planned.kept <= WORTH_SAYING * abs(planned.value):
        return []
    every = words.plural(best.months, "month")
    more = money(best.kept - planned.kept)
    return [
        f"{name}: planned is a training every {words.plural(planned.months, 'month')}; one every {every} would leave {more} more."
    ]


def watches(
    found: Sequence[Any], worth: Sequence[Any], money: Money, evidence: Sequence[Any] = (), blind: Sequence[Any] = ()
) -> Html:
    """How many months it takes until a change for the worse is seen, and what it costs in the meantime.

    worth: of points; evidence: of the plan; blind: of unwatched. Nothing is lost beyond the useful life.
    """
    yearly = {(one.asset_id, one.rate): one.yearly for one in worth if one.yearly}
    rows = []
    for one in found:
        rate = "false alarms" if "false" in one.metric else "recall"
        lost = yearly.get((one.asset_id, rate)) if one.metric.lower() in ("recall", "false_alarm_rate") else None
        rows.append({
            "Asset": one.asset_id, "Monitored": words.label(one.metric), "At first": f"{words.percent(one.rate)} (n = {words.count(one.n)})",
            "Cases needed": one.cases, "Cases a time": one.each, "Measurements": one.measurements,
            "Seen after": words.missing("measured once") if one.seen is None
            else words.plural(one.months, "month") if one.seen else "not within the useful life",
            "Lost by then": money(2 * lost * _months(one) / 12 if lost and one.months else None, why="no money hangs on it here"),
        })  # fmt: skip
    caption = (
        "A change of two points for the worse, one-sided test at 5 %, seen with a chance of 80 %. Lost: two points over these months, at most "
        f"to the end of the useful life. {months_from((one.asset_id for one in found), evidence)}"
    )
    table = render.table(
        rows, caption=caption, none="No rate of hits or false alarms is monitored: a fall would not be seen."
    )
    told = []
    for one in blind:
        lost = yearly.get((one.asset_id, "recall"))
        costs = f" Until then they cost {money(2 * lost)} a year." if lost else ""
        told.append(
            f"{one.asset_id}: its recall is not monitored. To see a fall of two points from {words.percent(one.recall)} takes "
            f"{words.count(one.cases)} positive cases, {words.plural(one.months, 'month')} of those attributed to it, after their "
            f"outcomes are known.{costs}"
        )
    return render.join(table, *map(render.note, told))


def _months(one: Any) -> int:
    """Months over which a fall is lost: until it is seen, or to the end of the useful life."""
    return one.months if one.left is None else min(one.months, one.left)
