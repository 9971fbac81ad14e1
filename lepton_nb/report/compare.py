"""What changed between two reports, by value and by cause: one page.

The bridge of the value is :mod:`lepton_nb.value_model.changes`; here stand what differs in what the reports were made
from, every figure that differs, and the page.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lepton_nb import paths
from lepton_nb.page import render, words
from lepton_nb.report.store import digest

Row = dict[str, Any]


#: Said of reports on two clients.
DIFFERENT = "The earlier report is on {}, the later one on {}: the steps are no changes of one client over time."


class CompareProblem(ValueError):
    """A folder that is not a finished report, or two reports that cannot be compared."""


# --- what changed ----------------------------------------------------------------------------------------


def causes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    """What differs between two manifests: inputs, data, parameters, code, versions, each with the chapters it reaches."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for kind, what, change, chapter in (*_of_chapters(before, after), *_of_runs(before, after)):
        rows.setdefault((kind, what, change), []).extend([chapter] if chapter else [])
    return [
        {"kind": kind, "what": what, "change": change, "chapters": ", ".join(dict.fromkeys(chapters))}
        for (kind, what, change), chapters in rows.items()
    ]


def _of_chapters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    lines = {line["chapter"]: line for line in before["chapters"]}
    for line in after["chapters"]:
        old = lines.pop(line["chapter"], None)
        if old is None:
            yield "code", f"chapter {line['chapter']}", "added", line["title"]
            continue
        for kind, part in (("input", "inputs"), ("code", "code"), ("parameter", "parameters")):
            one, two = old.get(part, {}), line.get(part, {})
            for name in dict.fromkeys([*one, *two]):
                if one.get(name) != two.get(name) and not name.startswith("record:"):
                    real = "data" if name.startswith("data:") else kind
                    change = _change(one, two, name) if kind == "parameter" else "changed"
                    what = name.removeprefix("client: ").removeprefix("data: ")
                    yield real, f"notebook {line['chapter']}" if name == "notebook" else what, change, line["title"]
    for name in lines:
        yield "code", f"chapter {name}", "gone", ""


def _of_runs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    one, two = before["versions"], after["versions"]
    for name in dict.fromkeys([*one, *two]):
        if one.get(name) != two.get(name):
            yield "version", name, _change(one, two, name), ""
    for name in ("profile", "processor", "cores"):
        if before.get(name) != after.get(name):
            yield "run", name, _change(before, after, name), ""


def _change(one: Mapping[str, Any], two: Mapping[str, Any], name: str) -> str:
    return f"{one.get(name, words.MISSING)} → {two.get(name, words.MISSING)}"


def figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    """Every figure that differs as a page shows it, with whether the later value lies inside the earlier interval."""
    rows, names = [], _spoken_keys(before) | _spoken_keys(after)
    for chapter in dict.fromkeys([*before, *after]):
        one = before.get(chapter, {"figures": {}})["figures"]
        two = after.get(chapter, {"figures": {}})["figures"]
        for name in dict.fromkeys([*one, *two]):
            old, new = one.get(name), two.get(name)
            if old is not None and new is not None and old["value"] == new["value"]:
                continue
            shown = [words.measured(one["value"], one["unit"]) if one else words.MISSING for one in (old, new)]
            if (old and new and shown[0] == shown[1]) or _told_already(name, one, two):
                continue
            inside = None
            if old and new and old["low"] is not None and isinstance(new["value"], int | float):
                inside = "inside" if old["low"] <= new["value"] <= old["high"] else "outside"
            rows.append(
                {"chapter": words.label(chapter), "figure": _in_words(name, names)}
                | {"before": shown[0], "after": shown[1]}
                | {"the earlier interval": inside or words.MISSING}
            )
    return rows


def _told_already(name: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Whether a figure is another's in both reports, read another way: ``gain_by_rows`` where that is ``gain``."""

    def same(figures: Mapping[str, Any], other: str) -> bool:
        pair = figures.get(name), figures.get(other)
        if None in pair or pair[0]["unit"] != pair[1]["unit"]:
            return False
        values = [item["value"] for item in pair]
        return all(isinstance(value, int | float) for value in values) and math.isclose(*values, rel_tol=1e-9)

    starts = (name[: match.start()] for match in re.finditer("_", name))
    return any(same(one, start) and same(two, start) for start in starts)


def _spoken_keys(chapters: Mapping[str, Any]) -> dict[str, str]:
    """Beginning of a figure's key → the group or asset that it stands for."""
    tables = chapters.get("value", {}).get("tables", {})
    found = [row["name"] for part in ("groups", "assets") for row in tables.get(part, ())]
    return {re.sub(r"\W+", "_", name).strip("_"): name for name in found}


def _in_words(key: str, names: Mapping[str, str]) -> str:
    """``D1_M1_wara`` of the group D1 + M1 gives ``D1 + M1: WARA``."""
    for start in sorted(names, key=len, reverse=True):
        if key == start:
            return names[start]
        if key.startswith(f"{start}_"):
            return f"{names[start]}: {words.label(key[len(start) + 1 :])}"
    return words.label(key)


def inputs(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    """The lines of the registers of two records of the value chapter whose figures differ, old and new."""
    sides = []
    for record in (before, after):
        sides.append({(row["input"], row["asset"]): row for row in record["tables"].get("register", ())})
    rows = []
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        old, new = (_told(side.get(key)) for side in sides)
        if old != new:
            rows.append({"input": key[0], "asset": key[1], "before": old, "after": new})
    return rows


#: Part of client.yml → how its lines in the register begin.
REGISTERED = {"discount": ("cost of capital", "premium"), "tax": ("tax rate",)}


def _with_figures(rows: Iterable[Row], differing: Iterable[Row]) -> list[Row]:
    """Causes in which a changed part of client.yml tells its old and its new figures, where the register has them."""
    told, differing = [], list(differing)
    for row in rows:
        starts = REGISTERED.get(row["what"], ()) if row["kind"] == "input" else ()
        found = [
            f"{one['input']} {one['before']} → {one['after']}"
            for one in differing
            if starts and one["input"].startswith(starts)
        ]
        told.append(row | {"change": "; ".join(found) or row["change"]})
    return told


def _told(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return words.MISSING
    rate = row["unit"].startswith(("share", "a year", "of profit"))
    likely, low, high = (
        None if row[end] is None else (words.rate if rate else words.figure)(row[end])
        for end in ("likely", "low", "high")
    )
    unit = "" if rate or likely is None else f"{words.THIN}{row['unit']}"
    if low is high is None or low == high:
        return f"{likely or words.MISSING}{unit}"
    none = "no decay" if row["input"].startswith("half-life") else "no end"
    return f"{likely or words.MISSING}{unit} ({low or none} to {high or none})"


# --- the page --------------------------------------------------------------------------------------------


def compare(before: Path, after: Path, out: Path) -> list[Row]:
    """Write the page that compares two finished reports; returns the bridge. Raises CompareProblem."""
    from lepton_nb.value_model.changes import bridge

    (old, old_run), (new, new_run) = read(before), read(after)
    unit, other = (
        value_record(found, folder)["figures"]["value"]["unit"] for found, folder in ((old, before), (new, after))
    )
    if unit != other:
        raise CompareProblem(f"{before} is in {unit}, {after} in {other}: amounts of two currencies are not compared.")
    found = bridge(old["chapters"]["value"], new["chapters"]["value"])
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    part.write_text(_page(old, new, old_run, new_run), encoding="utf-8")
    os.replace(part, out)
    return found.rows()


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """results.json and manifest.json of a finished report."""
    found = []
    for name in ("results.json", "manifest.json"):
        try:
            found.append(json.loads((folder / name).read_text(encoding="utf-8")))
        except FileNotFoundError:
            few = "It holds what report --only left, which is no whole report: make it again without --only. "
            few = few if (folder / "results").is_dir() and not (folder / "manifest.json").exists() else ""
            raise CompareProblem(
                f"{folder}: no {name}. {few}A report that lepton-nb report finished has one; name that folder."
            ) from None
        except (json.JSONDecodeError, UnicodeDecodeError) as problem:
            raise CompareProblem(f"{folder / name}: not JSON ({problem}). Make that report again.") from None
    return found[0], found[1]


def value_record(found: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """The record of the value chapter of a report's results. Raises CompareProblem where it cannot be compared."""
    record = found["chapters"].get("value")
    if record is None or "value" not in record["figures"] or "benefits" not in record["tables"]:
        raise CompareProblem(f"{folder}: its value chapter left no lines to compare. Make that report again.")
    return record


def _page(old, new, old_run, new_run) -> str:
    style = (paths.project() / "book" / "_static" / "lepton.css").read_text(encoding="utf-8")
    pieces = []
    for heading, found in sections(old, new, old_run, new_run):
        pieces += [render.heading(heading)] if heading else []
        pieces += found
    return render.page("What changed between two reports", render.join(*pieces), style)


def sections(old, new, old_run, new_run) -> list[tuple[str, list[render.Html]]]:
    """(heading, pieces) of the comparison of two reports, the first without a heading: results and manifest of each."""
    from lepton_nb.value_model.changes import bridge

    unit = new["chapters"]["value"]["figures"]["value"]["unit"]
    found = bridge(old["chapters"]["value"], new["chapters"]["value"])
    changed = figures(old["chapters"], new["chapters"])
    given = inputs(old["chapters"]["value"], new["chapters"]["value"])
    about = [render.definitions(_about(old, new, old_run, new_run, unit))]
    if old["client"] != new["client"]:
        about.insert(0, render.banner("Two different clients.", DIFFERENT.format(old["client"], new["client"])))
    if digest(old) == digest(new):
        about.append(render.banner("No number differs.", "Both reports hold the same figures.", "good"))
    reasons = [
        render.table(
            _with_figures(causes(old_run, new_run), given),
            caption="What differs in what the reports were made from.",
            none="Inputs, data, parameters, code and versions are the same.",
        ),
        render.table(
            given,
            caption="Inputs of the value that differ: likely (low to high). Source: the registers of both reports.",
            none="No input of the value differs as the register shows it.",
        ),
    ]
    every = render.table(
        changed,
        dict.fromkeys(("before", "after"), str),
        f"{words.plural(len(changed), 'figure differs', 'figures differ')}.",
        none="No figure differs.",
    )
    steps = list(_bridge(found, new, unit))
    return [
        ("", about),
        ("From the opening to the closing value", steps),
        ("Causes", reasons),
        ("Figures", [every]),
    ]


def _about(old, new, old_run, new_run, unit: str) -> dict[str, str]:
    money = words.Money(unit)

    def told(results, run) -> str:
        figure = results["chapters"]["value"]["figures"]["value"]
        ends = f" ({money.range(figure)}, {figure['interval']})" if figure["low"] is not None else ""
        made = str(run.get("started", ""))[:16].replace("T", " ")
        revision = run["git"] or "unknown"
        return f"{made}, {money(figure['value'], within=figure, why=figure['note'])}{ends}, revision {revision}"

    return {
        "Client": old["client"] if old["client"] == new["client"] else f"{old['client']} → {new['client']}",
        "Earlier report": told(old, old_run),
        "Later report": told(new, new_run),
    }


def _bridge(found, new, unit: str) -> Iterable[render.Html]:
    from lepton_nb.page import charts, plots

    money, rows = words.Money(unit), found.rows()
    moved = [row for row in rows if abs(row["amount"]) >= 0.005 or row in (rows[0], rows[-1])]
    if not found.readable:
        yield render.banner(
            "Inputs and rules are not told apart.",
            "One of the reports was made by other rules, and its record does not hold the lines that these need. What "
            "inputs, rules and code did together is one step. Make the earlier report again with this version to tell "
            "its causes apart.",
        )
    drawing = charts.waterfall(
        [(row["step"].partition(":")[0], row["amount"]) for row in moved[1:-1]],
        unit,
        total="closing value",
        within=new["chapters"]["value"]["figures"]["value"],
        start=("opening value", found.opening),
        what="mean of the draws",
    )
    yield plots.show(
        drawing, f"Opening value, steps, closing value, in {unit}. Source: records of both reports.", "bridge"
    )
    yield render.table(
        moved,
        {"amount": money},
        "Values are the headline: the mean of the draws of the groups that count. Steps without an amount are left out. "
        "Each step takes one more kind of input from the later report; what two steps do together falls to the later one. "
        "What follows from the values (the weights in a group's rate, years that are no longer run, the spread of the "
        "draws) is shared among a group's steps in proportion to what they move.",
        total=True,
    )
