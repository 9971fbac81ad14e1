"""Tables and conclusions of the five industries: what full runs measured, what the samples are worth, and what would turn it.

A ``line`` is one measurement on public data, a mapping with: what (task and measure, within a sentence), record (name of
the full run on record), ours and simple (a pair each: name, figure of the record), gain (figure of ours less simple, empty
where the record has none), less (whether less is better). Figures have value, low, high, unit, interval and n.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.words import Money

Line = Mapping[str, Any]
#: How ours stands beside the simple method.
AHEAD, BEHIND, OPEN = "ahead", "behind", "not told apart"


def compared(line: Line, record: Any) -> str:
    """AHEAD, BEHIND or OPEN: by the interval of the difference where the record has it, else by whether both intervals overlap."""
    if line["gain"]:
        gain = record[line["gain"]]
        low, high = (-gain.high, -gain.low) if line["less"] else (gain.low, gain.high)
    else:
        ours, simple = record[line["ours"][1]], record[line["simple"][1]]
        ours, simple = (simple, ours) if line["less"] else (ours, simple)
        low, high = ours.low - simple.high, ours.high - simple.low
    return AHEAD if low > 0 else BEHIND if high < 0 else OPEN


def _said(figure: Any, sign: bool = False) -> str:
    """A figure with its interval, a share as a percentage; with digits enough that no end that is not zero is told as zero."""
    share, parts = figure.unit == "fraction", (figure.value, figure.low, figure.high)
    largest = max(map(abs, parts))
    digits = 1 if share else 0 if largest >= 100 else 1 if largest >= 10 else 4 if sign else 3
    value, low, high = (words.number(100 * part if share else part, digits, sign=sign) for part in parts)
    return f"{value}{' points' if share and sign else ' %' if share else ''} ({low} to {high})"


def measured(lines: Sequence[Line], records: Mapping[str, Any]) -> render.Html:
    """What full runs on public data gave, each beside the simple method on the same cases."""
    rows = []
    for line in lines:
        record = records[line["record"]]
        (name, ours), (other, simple) = line["ours"], line["simple"]
        gain = record[line["gain"]] if line["gain"] else None
        rows.append({
            "Task": words.sentence(line["what"]).rstrip("."), "Model": f"{name}: {_said(record[ours])}", "Simple method": f"{other}: {_said(record[simple])}",
            "Difference": render.MISSING if gain is None else _said(gain, sign=True), "n": record[ours].n,
            "Model is": compared(line, record), "Full run": f"{words.label(line['record'])}, {words.date(record.made['date'])}",
        })  # fmt: skip
    caption = (
        "Full runs on public data, on record. In brackets 95 %, or lowest and highest of the seeds. Difference: model less simple, paired; without "
        "one the two intervals are compared. Of an error, less is better."
    )
    return render.table(rows, caption=caption)


def measured_told(lines: Sequence[Line], records: Mapping[str, Any]) -> list[str]:
    """One sentence a measurement: who is ahead, by how much."""
    told = []
    for line in lines:
        record = records[line["record"]]
        (name, ours), (other, _) = line["ours"], line["simple"]
        gain, how = line["gain"] and record[line["gain"]], compared(line, record)
        by = f", difference {_said(gain, sign=True)}" if gain else ", by intervals that do not overlap"
        ends = {
            AHEAD: f"{name} is ahead of {other}{by}",
            BEHIND: f"{name} loses against {other}{by}: the simple method is the better one",
            OPEN: f"{name} and {other} are not told apart{by if gain else ''}: the simple method does as well",
        }
        told.append(words.sentence(f"{line['what']}: {ends[how]}; n = {words.count(record[ours].n)}"))
    return told


def worth_told(found: Any, kinds: Mapping[str, float], money: Money) -> list[str]:
    """What the sample is worth, how sure that is and on what it rests. found: value_model.Conclusion; kinds: rests_on_kinds."""
    about = found.plan.client.client
    if not found.concluded:
        told = f"No value of {about.name} is concluded."
    else:
        sure = f"probability below zero {words.chance(found.below_zero, found.distribution.draws)}"
        ends = money.range(found.interval)
        told = f"{about.name} expects {money(found.value)} of its AI assets, nine in ten from {ends}, {sure}."
    without = [f"{words.groups(one.name)} ({one.verdict.word})" for one in found.groups if not one.counts]
    left = [f"No number is concluded for {words.listed(without)}."] if without else []
    invented = {"the client's own tests": " (invented with it)"} if about.synthetic else {}
    parts = words.listed(f"{words.share(share)} on {name}{invented.get(name, '')}" for name, share in kinds.items())
    return [told, *left, *([f"Its benefits rest to {parts}."] if kinds else [])]


def needed(
    limits: Sequence[Any], trials: Sequence[tuple[Any, float | None]], turns: Iterable[Mapping[str, Any]]
) -> render.Html:
    """Where one figure alone turns a decision. limits: break-evens of rates; trials: with the gain of no value; turns: of signs."""
    rows = [
        {"Figure": f"{item.what} of {item.asset_id}", "Today": words.percent(item.measured.value), "90 %": words.percent_range(item.measured.interval),
         "n": words.count(item.measured.n), "Turns at": words.percent(item.no_use, why="no rate"), "Then": "the group is worth more without it"}
        for item in limits
    ]  # fmt: skip
    rows += [
        {"Figure": f"gain of {trial.asset_id} by its trial", "Today": words.rounded(trial.gain, trial.effect), "90 %": words.range_of(trial.interval, trial.effect),
         "n": words.count(trial.n), "Turns at": words.rounded(at, trial.effect, why="nowhere"), "Then": "the group is worth nothing"}
        for trial, at in trials
    ]  # fmt: skip
    rows += [
        {"Figure": row["assumption"], "Today": "most likely", "90 %": render.MISSING, "n": render.MISSING,
         "Turns at": words.rounded(row["turns_at"], row["unit"]), "Then": f"{words.groups(row['group'])} changes sign"}
        for row in turns if row["turns_at"] is not None
    ]  # fmt: skip
    caption = "One figure alone is moved, all else is drawn: where the expected value turns."
    return render.table(rows, caption=caption, none="No single figure turns a decision within its range.")


def needed_told(
    limits: Sequence[Any], trials: Sequence[tuple[Any, float | None]], turns: Iterable[Mapping[str, Any]]
) -> list[str]:
    """What would have to be true for more, and what may fail before it is less, in sentences."""
    told = [_rate_told(item) for item in limits]
    for trial, at in trials:
        gave = f"its trial gave {words.rounded(trial.gain, trial.effect)}"
        if at is None:
            told.append(f"{trial.asset_id}: {gave}, and at no gain from there down to none is its group worth nothing.")
        else:
            told.append(
                f"{trial.asset_id} has to gain {words.rounded(at, trial.effect)}, else its group is worth nothing; {gave}."
            )
    for row in turns:
        if row["turns_at"] is not None:
            at = words.rounded(row["turns_at"], row["unit"])
            told.append(f"{words.groups(row['group'])} changes sign where the {row['assumption']} comes to {at}.")
    return told or ["No single figure turns a decision within its range."]


def _rate_told(item: Any) -> str:
    """What is left between a measured rate and that at which the model no longer pays."""
    if item.no_use is None:
        return f"{item.asset_id}: {item.sentence or 'its group is worth more with it at any rate.'}"
    room = 100 * (item.measured.value - item.no_use)
    left = f"{words.number(abs(room), 1)} points {'of room' if room > 0 else 'are missing'}"
    sure = (
        "the whole 90 % interval lies above it"
        if item.measured.low > item.no_use
        else "the 90 % interval reaches it, so more cases would have to be judged"
    )
    return f"{item.asset_id} pays above a {item.what} of {words.percent(item.no_use)}: {left}, and {sure}."


def told(
    found: Any,
    kinds: Mapping[str, float],
    lines: Sequence[Line],
    records: Mapping[str, Any],
    limits: Sequence[Any],
    trials: Sequence[tuple[Any, float | None]],
    turns: Iterable[Mapping[str, Any]],
) -> render.Html:
    """What was measured in an industry, what its sample is worth, and what would turn that."""
    money = Money(found.plan.currency)
    return render.sentences(
        [*measured_told(lines, records), *worth_told(found, kinds, money), *needed_told(limits, trials, turns)]
    )


def side_by_side(
    found: Mapping[str, Any],
    kinds: Mapping[str, Mapping[str, float]],
    lines: Mapping[str, Sequence[Line]],
    records: Mapping[str, Any],
) -> render.Html:
    """The five beside each other: value, range, on what it rests, and how often a model is ahead of its simple method."""
    rows = []
    for name, one in found.items():
        money, stands = Money(one.plan.currency), [compared(line, records[line["record"]]) for line in lines[name]]
        rows.append({
            "Client": one.plan.client.client.name, "Industry": one.plan.client.client.industry, "Value": money(one.value),
            "Nine in ten": money.range(one.interval), "On public data": words.share(kinds[name].get("public data", 0.0)),
            "On no test": words.share(kinds[name].get("no test", 0.0)), "Models ahead": f"{stands.count(AHEAD)} of {len(stands)}",
        })  # fmt: skip
    caption = "The five samples. Shares: of the present value of benefits. Models ahead: of their simple method, in the full runs above."
    return render.table(rows, caption=caption)


def ranges_drawn(found: Mapping[str, Any]) -> render.Html:
    """Nine in ten draws of each client as times its expected value, so that currencies can stand side by side."""
    rows = [
        (one.plan.client.client.name.partition(" ")[0], one.interval[0] / one.value, 1.0, one.interval[1] / one.value)
        for one in found.values()
        if one.concluded and one.value > 0
    ]
    axis = charts.ranges(rows, "times", "the expected value")
    return plots.show(
        axis, "Nine in ten draws of each client, as times its expected value. Left of zero it loses.", "industry-ranges"
    )
