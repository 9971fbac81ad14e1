"""Tables and conclusions of one case of series: ways to foretell it beside what was done before, in money or in errors.

``one`` is a casework.foretelling Series or anything like it; a mean over origins is anything with value, low, high and n.
``unit`` is a currency, or what is counted where no money of an error is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lepton_nb.page import render, words
from lepton_nb.terms import singular


def brought(one: Any) -> render.Html:
    """Which series, and by what an error of them is priced."""
    task = one.task
    told = f"{words.plural(len(task.names), 'series', 'series')} of {words.count(len(task.times))} steps ({one.source}); the test begins on {one.test_from}."
    price = (
        f" A unit too few costs {words.figure(one.too_low)} {one.currency}, one too many {words.figure(one.too_high)} {one.currency}: the quantile of {words.percent(one.level)} is ordered."
        if one.currency
        else " No money of an error is given: errors are counted, a unit each."
    )
    more = f" {words.count(one.left_out)} rows outside the time when all series run are left out." * bool(one.left_out)
    return render.note(f"{told}{price}{more}")


def parts_table(one: Any) -> render.Html:
    """The parts in the order of time. Each forecast sees and foretells so many steps."""
    task, first = one.task, 0
    rows = []
    for part, end in zip(("training", "validation", "test"), task.cuts, strict=True):
        days = (str(task.times[at].astype("datetime64[D]")) for at in (first, end - 1))
        rows.append({"part": part, "from": next(days), "to": next(days), "steps": end - first})
        first = end
    caption = f"Parts in the order of time. A forecast sees {words.count(task.history)} steps and foretells {words.count(task.horizon)}; a season has {words.count(task.season)}."
    return render.table(rows, {"steps": words.count, "from": str, "to": str}, caption)


def ways_table(rows: Sequence[Mapping[str, Any]], one: Any) -> render.Html:
    """Cost and errors of each way. rows: way, validation (number or None), cost (mean), figures (of foretelling.figures, or None)."""
    money = words.Money(one.money)
    shown = []
    for row in rows:
        cost, more = row["cost"], row["figures"]
        digits = 0 if more and more["error"].value >= 1000 else 2
        shown.append(
            {"way": row["way"], "validation": render.MISSING if row["validation"] is None else money(row["validation"])}
            | {"test": money(cost.value)}
            | {"MAE": words.number(more["error"].value, digits) if more else render.MISSING}
            | {"90 % intervals hold": words.percent(more["coverage"].value) if more else render.MISSING}
        )
    what = "Cost" if one.currency else "Error"
    caption = f"{what} per {singular(one.unit)}, a mean over forecasts from {words.count(rows[0]['cost'].n)} origins of the test, each {words.count(one.task.horizon)} steps ahead. MAE: of the middle quantile, in {one.target}."
    return render.table(
        shown, dict.fromkeys(("validation", "test", "MAE", "90 % intervals hold"), str), caption, none="No way."
    )


def gain_told(gain: Any, policy: str, before: str, one: Any) -> str:
    """What the way that validation chose brings beside another, in a sentence that follows the 90 % interval."""
    money = words.Money(one.money)
    ends = f"90 %: {money.range((gain.low, gain.high))}"
    what = singular(one.unit)
    if gain.low <= 0 <= gain.high:
        return f"Beside {before}, the test does not tell whether {policy} costs less: {money(gain.value, sign=True)} per {what} ({ends})."
    how = "saves" if gain.value > 0 else "loses"
    return f"Beside {before}, {policy} {how} {money(abs(gain.value))} per {what} ({ends})."


def margin_told(as_it_was: Any, with_margin: Any, one: Any) -> str:
    """How much of a gain is owed to the quantile alone: what was done before, as it was and moved to that level."""
    saved = as_it_was.value - with_margin.value
    money = words.Money(one.money)
    how = "would have saved" if saved > 0 else "would have cost"
    return f"What was done before, moved to the quantile that the costs ask for, {how} {money(abs(saved))} per {singular(one.unit)} beside itself as it was."


def held_told(coverage: Any) -> str:
    """Whether the 90 % intervals hold what they promise."""
    low, high = coverage.low, coverage.high
    how = "as promised" if low <= 0.9 <= high else "too few" if high < 0.9 else "too many"
    ends = words.percent_range((low, high), 1)
    return f"The 90 % intervals hold {words.percent(coverage.value)} of what came (90 %: {ends}), {how}."
