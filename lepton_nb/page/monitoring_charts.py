"""Tables, drawings and conclusions of a model that is watched: hard scenes, alarms, performance without labels, training again.

A mean is anything with value, low, high and n (ranking.Mean, casework.PerCase), a share likewise; what an alarm did is
monitoring.Watched, a policy monitoring.Used, the fall of a gain value_model.decay.Series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.classifiers import rate_words
from lepton_nb.page.forecasting_charts import ends_of

#: An estimate of a share without labels within this many points of the truth is called close.
CLOSE = 2.0


# ---------------------------------------------------------------- hard scenes


def scenes_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Right answers under each harm. rows: set, harm, strength, right, lost, sure, gap (means; lost and gap in points)."""
    shown = [
        {"pictures": row["set"], "harm": row["harm"], "strength": str(row["strength"]), "right": rate_words(row["right"])}
        | {"points lost": ends_of(row["lost"], 1, sign=True), "right, as estimated": words.percent(row["sure"])}
        | {"points too many": ends_of(row["gap"], 1, sign=True)}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(list(shown[0])[2:], str) if shown else {}, caption)


def scenes_drawn(rows: Sequence[Mapping[str, Any]], caption: str, name: str) -> render.Html:
    """Share of right answers against the strength of each harm, a panel for each set of pictures."""
    sets = list(dict.fromkeys(row["set"] for row in rows))
    panels = charts.panels(len(sets), 3.0, [words.sentence(one)[:-1] for one in sets])
    for axis, one in zip(panels, sets, strict=True):
        mine = [row for row in rows if row["set"] == one]
        clean = next(row["right"] for row in mine if row["strength"] == 0)
        lines = {}
        for harm in dict.fromkeys(row["harm"] for row in mine if row["strength"]):
            found = [clean, *(row["right"] for row in mine if row["harm"] == harm)]
            lines[harm] = [[100 * getattr(share, end) for share in found] for end in ("low", "value", "high")]
        charts.lines(
            range(len(found)), lines, "strength (0: as they are)", "right answers (%)", markers=True, axis=axis
        )
    return plots.show(panels[0].figure, caption, name)


def scenes_told(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which harm costs most at the highest strength of each set, and which costs nothing that is shown."""
    told = []
    for one in dict.fromkeys(row["set"] for row in rows):
        worst = {row["harm"]: row["lost"] for row in rows if row["set"] == one and row["strength"] == 5}
        order = sorted(worst, key=lambda harm: worst[harm].value)
        shown = [harm for harm in order if worst[harm].high < 0]
        not_shown = [harm for harm in order if worst[harm].high >= 0]
        if not shown:
            told.append(
                f"{words.sentence(one)[:-1]}: at strength 5 no harm is shown to cost right answers; nearest to it is "
                f"{order[0]}, {ends_of(worst[order[0]], 1, sign=True)} points."
            )
            continue
        first = f"{words.sentence(one)[:-1]}: at strength 5 {order[0]} costs most, {ends_of(worst[order[0]], 1, sign=True)} points"
        rest = words.listed(f"{harm} {words.number(worst[harm].value, 1, sign=True)}" for harm in shown[1:])
        told.append(
            first
            + (f"; then {rest}" if shown[1:] else "")
            + (f". Not shown to cost any: {words.listed(not_shown)}." if not_shown else ".")
        )
    return told


def sure_told(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """How near the mean confidence comes to the true share, as they are and under harm; a sentence a set."""
    told = []
    for one in dict.fromkeys(row["set"] for row in rows):
        mine = [row for row in rows if row["set"] == one]
        clean = next(row["gap"] for row in mine if row["strength"] == 0)
        hard = [row for row in mine if row["strength"]]
        close = sum(abs(row["gap"].value) <= CLOSE for row in hard)
        over = sum(row["gap"].low > 0 for row in hard)
        under = sum(row["gap"].high < 0 for row in hard)
        worst = max(hard, key=lambda row: abs(row["gap"].value))
        told.append(
            f"{words.sentence(one)[:-1]}: the estimate without labels is off by {ends_of(clean, 1, sign=True)} points on the pictures as they are. "
            f"Of {len(hard)} harmed sets it lies within {CLOSE:g} points at {close}, is shown to promise too much at {over} and too little at {under}; "
            f"farthest off at {worst['harm']} of strength {worst['strength']}, {ends_of(worst['gap'], 1, sign=True)} points."
        )
    return told


def simple_told(pairs: Mapping[str, tuple[Any, Any, Any]]) -> list[str]:
    """The network beside the simple baseline. pairs: harm → right of the network, of the baseline, points more (paired)."""
    told = []
    for harm, (network, simple, more) in pairs.items():
        how = "is ahead" if more.low > 0 else "is behind" if more.high < 0 else "is not told apart"
        told.append(
            f"{words.sentence(harm)[:-1]}: the network is right on {rate_words(network)}, the simple baseline on {rate_words(simple)}; "
            f"the network {how}, {ends_of(more, 1, sign=True)} points."
        )
    return told


# ---------------------------------------------------------------- alarms


def alarms_table(found: Mapping[tuple[int, str, str], Any], changes: Sequence[str], caption: str) -> render.Html:
    """What each alarm did. found: (rows of a month, alarm, change) → Watched; the first change is none at all."""
    rows = []
    for size, alarm in dict.fromkeys((size, alarm) for size, alarm, _ in found):
        calm = found[size, alarm, changes[0]]
        row = {
            "rows a month": size,
            "alarm": alarm,
            "false alarms": rate_words(calm.rate),
            "a year": 12 * calm.rate.value,
        }
        for change in changes[1:]:
            seen = found[size, alarm, change]
            after = "" if seen.median is None else f", month {seen.median:g}"
            row[change] = f"{words.percent(seen.seen.value, 0)} ({_range(seen.seen)}){after}"
        rows.append(row)
    return render.table(
        rows, {"rows a month": words.count, "a year": words.decimals(1)} | dict.fromkeys(changes[1:], str), caption
    )


def _range(share: Any) -> str:
    return words.range_of((100 * share.low, 100 * share.high), digits=0)


def false_told(found: Mapping[tuple[int, str, str], Any], calm: str, level: float) -> list[str]:
    """Which alarms ring in calm months more often than at the stated level, by the whole interval; a sentence a size."""
    told = []
    for size in dict.fromkeys(size for size, *_ in found):
        mine = {alarm: one.rate for (rows, alarm, change), one in found.items() if rows == size and change == calm}
        loud = [f"{alarm} ({words.percent(rate.value, 0)})" for alarm, rate in mine.items() if rate.low > level]
        rest = [alarm for alarm, rate in mine.items() if rate.low <= level]
        n = next(iter(mine.values())).n
        told.append(
            f"Months of {words.count(size)} rows without any change, {words.count(n)} of them: more often than the {words.percent(level, 0)} stated ring "
            f"{words.listed(loud)}; not shown to ring more often: {words.listed(rest)}."
        )
    return told


def blind_told(found: Mapping[tuple[int, str, str], Any], changes: Sequence[str]) -> list[str]:
    """For each change, who sees it in most runs and who does not tell it from calm; at the largest month."""
    size, calm = max(size for size, *_ in found), changes[0]
    told = []
    for change in changes[1:]:
        mine = {alarm: one for (rows, alarm, what), one in found.items() if rows == size and what == change}
        quick = [
            f"{alarm} (month {one.median:g})"
            for alarm, one in mine.items()
            if one.median is not None and one.rate.low > found[size, alarm, calm].rate.high
        ]
        blind = [alarm for alarm, one in mine.items() if one.rate.low <= found[size, alarm, calm].rate.high]
        within = words.plural(next(iter(mine.values())).months, "month")
        seen = (
            f"half of the runs see it within {within} by {words.listed(quick)}"
            if quick
            else f"no alarm shows it in half of the runs within {within}"
        )
        told.append(
            f"Put in {change}, and in months of {words.count(size)} rows {seen}; not told from calm by {words.listed(blind)}."
        )
    return told


def powers_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """How long until a fall is seen. rows: what, rate, cases (needed), each (cases a month), months."""
    shown = [
        {"rate": row["what"], "as it was": words.percent(row["rate"]), "cases needed": row["cases"]}
        | {"cases a month": row["each"], "months": row["months"]}
        for row in rows
    ]
    return render.table(shown, {"as it was": str}, caption, none="No rate lies far enough inside 0 to 100 %.")


# ---------------------------------------------------------------- performance without labels


def unlabelled_table(rows: Sequence[Mapping[str, Any]], currency: str, caption: str) -> render.Html:
    """Gains as estimated and as measured. rows: what, when, estimated, measured (both with value, low, high), n."""
    shown = [
        {"rows": row["what"], "of": row["when"], "n": row["measured"].n}
        | {f"estimated, {currency} a case": ends_of(row["estimated"], 2), f"measured, {currency} a case": ends_of(row["measured"], 2)}
        | {"estimate less measured": words.number(row["estimated"].value - row["measured"].value, 2, sign=True)}
        | {"they meet": _meet(row)}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(list(shown[0])[3:6], str) if shown else {}, caption)


def _meet(row: Mapping[str, Any]) -> bool:
    """Whether the two 90 % intervals have a point in common."""
    one, other = row["estimated"], row["measured"]
    return bool(one.low <= other.high and other.low <= one.high)


def unlabelled_told(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where estimate and truth part, and in which direction; a sentence for each kind of rows."""
    told = []
    for what in dict.fromkeys(row["what"] for row in rows):
        mine = [row for row in rows if row["what"] == what]
        apart = [row for row in mine if not _meet(row)]
        high = [row["when"] for row in apart if row["estimated"].value > row["measured"].value]
        low = [row["when"] for row in apart if row["estimated"].value < row["measured"].value]
        start = f"{words.sentence(what)[:-1]}: estimate and truth meet in {len(mine) - len(apart)} of {len(mine)}"
        told.append(
            start
            + (f"; too much was promised in {words.listed(high)}" if high else "")
            + (f"; too little in {words.listed(low)}" if low else "")
            + "."
        )
    return told


# ---------------------------------------------------------------- training again, and decay


def policies_table(rows: Sequence[Mapping[str, Any]], currency: str, caption: str) -> render.Html:
    """Policies in money per 1,000 rows. rows: policy (Used or None for the baseline), name, cost, saved, at_most (means or None)."""
    shown = [
        {"trained again": row["name"], "times": len(row["policy"].trained) if row["policy"] else render.MISSING}
        | {"alarms": len(row["policy"].rung) if row["policy"] else render.MISSING}
        | {"wrong decisions cost": ends_of(row["cost"], 0)}
        | {"saved beside never, trainings paid": render.MISSING if row["saved"] is None else ends_of(row["saved"], 0, sign=True)}
        | {"a training may cost at most": render.MISSING if row["at_most"] is None else ends_of(row["at_most"], 0)}
        for row in rows
    ]  # fmt: skip
    return render.table(
        shown,
        dict.fromkeys(list(shown[0])[1:], str),
        f"{caption} {currency} per 1,000 hours but for the last column, {currency} a training.",
    )


def policies_told(rows: Sequence[Mapping[str, Any]], price: float, currency: str) -> list[str]:
    """Whether each policy saves money beside never training, by the whole interval; and who is beaten by the baseline."""
    told = []
    for row in rows:
        gain = row["saved"]
        if gain is None:
            continue
        times = words.plural(len(row["policy"].trained), "training")
        if not row["policy"].trained:
            told.append(f"{words.sentence(row['name'])[:-1]}: no training came of it, so it is the same as never.")
            continue
        how = "saves money" if gain.low > 0 else "loses money" if gain.high < 0 else "is not told apart from never"
        told.append(
            f"{words.sentence(row['name'])[:-1]}, {times} at {words.money(price, currency)}: {how}, "
            f"{ends_of(gain, 0, sign=True)} {currency} per 1,000 hours."
        )
    simple = next((row["cost"] for row in rows if row["policy"] is None), None)
    beaten = [
        row["name"]
        for row in rows
        if row["policy"] is not None and simple is not None and row["cost"].low > simple.high
    ]
    ahead = [
        row["name"]
        for row in rows
        if row["policy"] is not None and simple is not None and row["cost"].high < simple.low
    ]
    if simple is not None:
        told.append(
            f"Dearer than last week's answer: {words.listed(beaten)}; cheaper: {words.listed(ahead)} (intervals apart)."
        )
    return told


def policies_drawn(
    months: Sequence[str], gains: Mapping[str, np.ndarray], currency: str, caption: str, name: str
) -> render.Html:
    """What each policy has saved by the end of each month, its trainings paid. gains: policy → (months,) running sums."""
    axis = charts.lines(
        range(1, len(months) + 1),
        gains,
        "months that had rows, from the first one judged",
        f"saved beside never ({currency})",
        levels={"": 0.0},
    )
    told = "; ".join(f"{policy}: {words.number(float(sums[-1]), 0, currency)}" for policy, sums in gains.items())
    plots.describe(axis, f"Saved beside never by {months[-1]}: {told}.")
    return plots.show(axis.figure, caption, name)


def decays_table(found: Mapping[str, Any], caption: str) -> render.Html:
    """The decay of each gain as the valuation reads it. found: name → (Series or None, lost a month: value, low, high or None)."""
    rows = []
    for name, (series, month) in found.items():
        half = None if series is None else series.half_life
        rows.append(
            {"model": name, "periods": 0 if series is None else len(series.months)}
            | {"lost a month": render.MISSING if month is None else words.percent(month[0], 2, sign=True)}
            | {"90 %": render.MISSING if month is None else words.percent_range(month[1:], 2)}
            | {"half-life, years": render.MISSING if half is None else words.number(half, 1)}
            | {"90 %, years": render.MISSING if series is None or series.fastest is None else _lives(series)}
        )
    return render.table(rows, dict.fromkeys(list(rows[0])[2:], str), caption)


def _lives(series: Any) -> str:
    least = words.number(series.fastest, 1)
    return f"{least} or longer" if series.slowest is None else f"{least} to {words.number(series.slowest, 1)}"


def decay_told(found: Mapping[str, Any]) -> list[str]:
    """What the periods of each model say of its fall, in the words of the valuation."""
    return [
        f"{name}: {'the periods do not tell how fast the gain falls.' if series is None else series.sentence}"
        for name, (series, _) in found.items()
    ]
