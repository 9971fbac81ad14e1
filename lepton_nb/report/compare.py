"""What changed between two reports, by value and by cause: one page.

The value's bridge replaces one kind of input after the other by the later run's, in the order of :data:`STEPS`,
and computes the value each time from the lines in the records (the same lines as ``workbook.xlsx``). What two
steps do together falls to the later one. What no input explains is the code's or the libraries'.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from lepton_nb import paths
from lepton_nb.page import render
from lepton_nb.report.store import digest

#: Kind of input → words for it. The order is the order of the bridge.
STEPS = {
    "time": "time passed: nearer flows, years gone by, new years in the horizon",
    "drift": "drift: half-lives",
    "evidence": "new evidence: measured gains and accepted shares",
    "rates": "rates: discount and tax",
    "plans": "plans: volumes, prices, adoption, chances of success",
    "costs": "costs",
    "assets": "assets, groups and drivers added or gone",
}

Row = dict[str, Any]


class CompareProblem(ValueError):
    """A folder that is not a finished report, or two reports that cannot be compared."""


# --- the value from its lines ----------------------------------------------------------------------------


def value(tables: Mapping[str, list[Row]]) -> dict[str, float]:
    """Present value after tax by group, from the lines of a record (rules in the value chapter).

    Per period: taxable = benefits − deductible costs − amortisation + loss carried in; present = (benefits − tax) (1 + r)^−t
    − Σ costs (1 + r)^−time. Money in the report's currency.
    """
    tax_rate = _settings(tables)["tax rate"]
    found = {}
    for group in tables["lines_groups"]:
        name, growth = group["group"], 1.0 + group["rate"]
        benefits = [line for line in tables["benefits"] if line["group"] == name]
        costs = [line for line in tables["costs"] if line["group"] == name]
        capitalised = [line for line in tables.get("amortisation", []) if line["group"] == name]
        total, carried = 0.0, 0.0
        for span in tables["periods"]:
            earned = sum(_benefit(line) for line in benefits if line["year"] == span["year"])
            due = [line for line in costs if line["year"] == span["year"]]
            taxable = earned + carried - sum(line["amount"] * line["chance"] for line in due if line["deductible"])
            taxable -= sum(
                line["amount"] * line["chance"] * (line.get(f"charged_{span['year']}") or 0.0) for line in costs
            )
            taxable -= sum(line["capitalised"] * line["share"] for line in capitalised if line["year"] == span["year"])
            carried, tax = min(taxable, 0.0), tax_rate * max(taxable, 0.0)
            total += (earned - tax) * growth ** -span["time"]
            total -= sum(line["amount"] * line["chance"] * growth ** -line["time"] for line in due)
        found[name] = total
    return found


def _benefit(line: Row) -> float:
    decay = 1.0 if line["half_life"] is None else 2.0 ** (-line["age"] / line["half_life"])
    return line["volume"] * line["unit_value"] * line["weight"] * decay * line["chance"]


def _settings(tables) -> dict[str, Any]:
    return {row["name"]: row["value"] for row in tables["settings"]}


def mixed(
    before: Mapping[str, list[Row]], after: Mapping[str, list[Row]], taken: Iterable[str]
) -> dict[str, list[Row]]:
    """The lines of ``before`` with some kinds of input (of :data:`STEPS`) taken from ``after``.

    With all kinds taken the result has the lines of ``after``; with none, those of ``before``.
    """
    taken = set(taken)
    kinds = {
        "time": ("share", "age", "time", "charged"),
        "drift": ("half_life",),
        "evidence": ("measured",),
        "plans": ("volume", "given", "use", "chance"),
        "costs": ("amount", "cost_chance", "capitalised"),
    }
    fields = {name: kind for kind, names in kinds.items() for name in names}
    late = after if "time" in taken else before
    years = [span["year"] for span in late["periods"]]
    old_years = [span["year"] for span in before["periods"]]

    def choose(old: dict[str, Row], new: dict[str, Row], year_of) -> list[Row]:
        rows = []
        for key in dict.fromkeys([*old, *new]):
            one, two = old.get(key), new.get(key)
            if year_of(two or one) not in years:
                continue
            if one is None:  # a line of a year that only now lies inside the horizon comes with the time
                if "assets" in taken or ("time" in taken and year_of(two) not in old_years):
                    rows.append(two)
            elif two is None:  # gone: with its year, or because it was taken out
                if "assets" not in taken:
                    rows.append(one)
            else:
                rows.append({name: (two if fields.get(name, "assets") in taken else one)[name] for name in two})
        return rows

    benefits = choose(*(_apart(tables) for tables in (before, after)), lambda row: row["year"])
    costs = choose(*(_keyed_costs(tables) for tables in (before, after)), lambda row: row["year"])
    amortised = choose(*(_by_year(tables) for tables in (before, after)), lambda row: row["year"])
    start = _settings(late)["valuation date"]
    rates = {row["group"]: row for row in before["lines_groups"]}
    new_rates = {row["group"]: row for row in after["lines_groups"]}
    named = new_rates if "assets" in taken else rates
    return {
        "settings": [
            {"name": "valuation date", "value": start},
            {"name": "tax rate", "value": _settings(after if "rates" in taken else before)["tax rate"]},
        ],
        "periods": late["periods"],
        "lines_groups": [
            row | {"rate": (new_rates if "rates" in taken else rates).get(name, row)["rate"]}
            for name, row in named.items()
        ],
        "benefits": [_together(row, named) for row in benefits],
        "costs": [
            {name: row[name] for name in ("group", "asset", "date", "year", "deductible", "amount")}
            | {"chance": row["cost_chance"], "time": _years(start, row["date"])}
            | row["charged"]
            for row in costs
            if row["date"] >= start and row["group"] in named
        ],
        "amortisation": amortised,
    }


def _apart(tables) -> dict[str, Row]:
    """Benefit lines by asset, driver and year, with what belongs to different causes in different fields."""
    shares = {span["year"]: span["share"] for span in tables["periods"]}
    found = {}
    for line in tables["benefits"]:
        measured = line["unit_value_is"] != "given"
        share = shares[line["year"]]
        found[f"{line['asset']}|{line['driver']}|{line['year']}"] = {
            "group": line["group"], "asset": line["asset"], "year": line["year"], "volume": line["volume"],
            "measured": line["unit_value"] if measured else None, "given": None if measured else line["unit_value"],
            "use": line["weight"] / share, "share": share, "age": line["age"], "half_life": line["half_life"],
            "chance": line["chance"],
        }  # fmt: skip
    return found


def _together(row: Row, groups) -> Row:
    unit = row["measured"] if row["measured"] is not None else row["given"]
    return row | {"unit_value": unit, "weight": row["use"] * row["share"]}


def _keyed_costs(tables) -> dict[str, Row]:
    """Cost lines by asset, phase, category and date; several of one key are numbered."""
    found: dict[str, Row] = {}
    for line in tables["costs"]:
        key, number = f"{line['asset']}|{line['phase']}|{line['category']}|{line['date']}", 1
        while f"{key}|{number}" in found:
            number += 1
        fields = {name: line[name] for name in ("group", "asset", "date", "year", "deductible", "amount")}
        charged = {name: share for name, share in line.items() if name.startswith("charged_")}
        found[f"{key}|{number}"] = fields | {"cost_chance": line["chance"], "charged": charged}
    return found


def _by_year(tables) -> dict[str, Row]:
    """Amortisation by asset and year; the share that is charged moves with the time."""
    fields = ("group", "asset", "year", "capitalised")
    return {
        f"{line['asset']}|{line['year']}": {name: line[name] for name in fields} | {"share": line["share"]}
        for line in tables.get("amortisation", [])
    }


def _years(start: str, end: str) -> float:
    return (date.fromisoformat(end) - date.fromisoformat(start)).days / 365.0


# --- what changed ----------------------------------------------------------------------------------------


def bridge(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    """From the opening value to the closing value: one row a step with its amount. records of the value chapter."""
    opening, closing = before["figures"]["value"]["value"], after["figures"]["value"]["value"]
    rows = [{"step": "opening value", "amount": opening}]
    done: list[str] = []
    last = sum(value(before["tables"]).values())
    base = last
    for kind, words in STEPS.items():
        done.append(kind)
        now = sum(value(mixed(before["tables"], after["tables"], done)).values())
        rows.append({"step": words, "amount": now - last})
        last = now
    rows.append({"step": "code and libraries: what no input explains", "amount": (closing - opening) - (last - base)})
    rows.append({"step": "closing value", "amount": closing})
    return rows


def causes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    """What differs between two manifests: inputs, data, parameters, code, versions, each with the chapters it reaches."""
    rows: dict[tuple[str, str, str], list[str]] = {}

    def note(kind: str, what: str, change: str, chapter: str = "") -> None:
        rows.setdefault((kind, what, change), []).extend([chapter] if chapter else [])

    lines = {line["chapter"]: line for line in before["chapters"]}
    for line in after["chapters"]:
        old = lines.pop(line["chapter"], None)
        if old is None:
            note("code", f"chapter {line['chapter']}", "added", line["title"])
            continue
        for kind, part in (("input", "inputs"), ("code", "code"), ("parameter", "parameters")):
            one, two = old.get(part, {}), line.get(part, {})
            for name in dict.fromkeys([*one, *two]):
                if one.get(name) != two.get(name) and not name.startswith("record:"):
                    real = "data" if name.startswith("data:") else kind
                    words = f"{one.get(name, '–')} → {two.get(name, '–')}" if kind == "parameter" else "changed"
                    what = name.removeprefix("client: ").removeprefix("data: ")
                    note(real, f"notebook {line['chapter']}" if name == "notebook" else what, words, line["title"])
    for name in lines:
        note("code", f"chapter {name}", "gone")
    one, two = before["versions"], after["versions"]
    for name in dict.fromkeys([*one, *two]):
        if one.get(name) != two.get(name):
            note("version", name, f"{one.get(name, '–')} → {two.get(name, '–')}")
    for name in ("profile", "processor", "cores"):
        if before.get(name) != after.get(name):
            note("run", name, f"{before.get(name)} → {after.get(name)}")
    return [
        {"kind": kind, "what": what, "change": change, "chapters": ", ".join(dict.fromkeys(chapters))}
        for (kind, what, change), chapters in rows.items()
    ]


def figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    """Every figure that differs, with whether the later value lies inside the earlier interval."""
    rows = []
    for chapter in dict.fromkeys([*before, *after]):
        one = before.get(chapter, {"figures": {}})["figures"]
        two = after.get(chapter, {"figures": {}})["figures"]
        for name in dict.fromkeys([*one, *two]):
            old, new = one.get(name), two.get(name)
            if old is not None and new is not None and old["value"] == new["value"]:
                continue
            inside = None
            if old and new and old["low"] is not None and isinstance(new["value"], int | float):
                inside = "inside" if old["low"] <= new["value"] <= old["high"] else "outside"
            rows.append(
                {"chapter": chapter, "figure": name}
                | {"before": render.measured(old["value"], old["unit"]) if old else render.MISSING}
                | {"after": render.measured(new["value"], new["unit"]) if new else render.MISSING}
                | {"the earlier interval": inside or render.MISSING}
            )
    return rows


# --- the page --------------------------------------------------------------------------------------------


def compare(before: Path, after: Path, out: Path) -> list[Row]:
    """Write the page that compares two finished reports; returns the bridge. Raises CompareProblem."""
    (old, old_run), (new, new_run) = read(before), read(after)
    unit, other = (
        _value_record(found, folder)["figures"]["value"]["unit"] for found, folder in ((old, before), (new, after))
    )
    if unit != other:
        raise CompareProblem(f"{before} is in {unit}, {after} in {other}: amounts of two currencies are not compared.")
    steps = bridge(old["chapters"]["value"], new["chapters"]["value"])
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    part.write_text(_page(old, new, old_run, new_run, steps, unit), encoding="utf-8")
    os.replace(part, out)
    return steps


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """results.json and manifest.json of a finished report."""
    found = []
    for name in ("results.json", "manifest.json"):
        try:
            found.append(json.loads((folder / name).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise CompareProblem(
                f"{folder}: no {name}. A report that lepton-nb report finished has one; name that folder."
            ) from None
        except (json.JSONDecodeError, UnicodeDecodeError) as problem:
            raise CompareProblem(f"{folder / name}: not JSON ({problem}). Make that report again.") from None
    return found[0], found[1]


def _value_record(found: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    record = found["chapters"].get("value")
    if record is None or "benefits" not in record["tables"]:
        raise CompareProblem(f"{folder}: its value chapter left no lines to compare. Make that report again.")
    return record


def _page(old, new, old_run, new_run, steps: list[Row], unit: str) -> str:
    def money(amount: float) -> str:
        return render.money(amount, unit)

    def interval(found) -> str:
        figure = found["chapters"]["value"]["figures"]["value"]
        return f"{money(figure['value'])} ({money(figure['low'])} to {money(figure['high'])}, {figure['interval']})"

    about = {
        "Client": f"{old['client']}" if old["client"] == new["client"] else f"{old['client']} → {new['client']}",
        "Earlier report": f"{_date(old_run)}, {interval(old)}, revision {old_run['git'] or 'unknown'}",
        "Later report": f"{_date(new_run)}, {interval(new)}, revision {new_run['git'] or 'unknown'}",
    }
    moved = [row for row in steps if abs(row["amount"]) >= 0.005 or row in (steps[0], steps[-1])]
    why = causes(old_run, new_run)
    changed = figures(old["chapters"], new["chapters"])
    parts = [render.definitions(about)]
    if digest(old) == digest(new):
        parts.append(render.banner("No number differs.", "Both reports hold the same figures.", "good"))
    parts += [
        render.heading("From the opening to the closing value"),
        _waterfall(moved, unit),
        render.table(
            [{"step": row["step"], "amount": row["amount"]} for row in moved],
            {"amount": money},
            "Steps without an amount are left out. Each step takes one more kind of input from the later report; what "
            "two steps do together falls to the later one.",
            total=True,
        ),
        render.heading("Causes"),
        render.table(why, caption="What differs in what the reports were made from.")
        if why
        else render.note("Inputs, data, parameters, code and versions are the same."),
        render.heading("Figures"),
        render.table(changed, dict.fromkeys(("before", "after"), str), f"{len(changed)} figures differ.")
        if changed
        else render.note("No figure differs."),
    ]
    style = (paths.project() / "book" / "_static" / "lepton.css").read_text(encoding="utf-8")
    return render.page("What changed between two reports", render.join(*parts), style)


def _date(run: Mapping[str, Any]) -> str:
    return str(run.get("started", ""))[:16].replace("T", " ")


def _waterfall(rows: list[Row], unit: str) -> render.Html:
    from lepton_nb.page import plots

    figure, axis = plots.axes(height=0.45 * len(rows) + 0.9)
    level = 0.0
    for place, row in enumerate(rows):
        ends = place in (0, len(rows) - 1)
        start = 0.0 if ends else level
        level = row["amount"] if ends else level + row["amount"]
        colour = plots.BLUE if ends else plots.GREEN if row["amount"] >= 0 else plots.RED
        axis.barh(place, level - start, left=start, color=colour, height=0.6)
    axis.set(yticks=range(len(rows)), xlabel=unit)
    axis.set_yticklabels([row["step"].partition(":")[0] for row in rows])
    axis.invert_yaxis()
    axis.axvline(0, color=plots.GREY, linewidth=0.8)
    axis.xaxis.set_major_formatter(lambda amount, _: render.money(amount, "").strip())
    return plots.show(
        figure, f"Opening value, steps, closing value, in {unit}. Source: records of both reports.", "bridge"
    )
