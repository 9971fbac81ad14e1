"""What the first page shows, from the records of the chapters that derive it. Nothing is computed anew but differences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lepton_nb.page import charts, first_page, plots, render, words
from lepton_nb.page.render import Html
from lepton_nb.page.words import Money


def groups(value: Any, learned: Any, names: Mapping[str, str], money: Money) -> Html:
    """Each group with its verdict and what follows. learned: record of the chapter on uncertainty."""
    rows, follow = [], []
    for row in value.tables["groups"]:
        key = re.sub(r"\W+", "_", row["name"]).strip("_")
        told = learned.figures.get(f"{key}_evpi")
        if told is not None and told.note:
            follow.append(words.sentence(told.note))
        # A reason that only says the limit repeats the chance beside it.
        plain = row["reason"].startswith("P(value") and not re.search("discounting|coin", row["reason"])
        because = "" if plain else f": {row['reason']}"
        shown = money(row["value"]) if row["counts"] else "a range only"
        rows.append({
            "Group": row["name"], "Value": shown, "5 % to 95 %": money.range(row),
            "P(value < 0)": words.chance(row["below_zero"], value.tables["total"][0]["draws"]), "Verdict": f"{row['verdict']}{because}",
            "What": words.listed(names[asset] for asset in row["assets"]),
        })  # fmt: skip
    caption = "Groups are decided on whole: their assets earn together. Total: the figure above."
    none = "The client gives no benefit and no cost after the valuation date."
    shown = [render.table(rows, caption=caption, none=none)]
    shown += [
        render.note(f"{words.groups(row['Group'])} stands for {row['Group']}.")
        for row in rows
        if words.groups(row["Group"]) != row["Group"]
    ]
    return render.join(*shown, render.sentences(follow, "What follows")) if follow else render.join(*shown)


def bridge(value: Any, sums: first_page.Sums, name: str = "bridge") -> Html:
    """From benefits to the value: most likely figures, then what else may happen, with the amounts of the text beside it."""
    found, total = value.tables["bridge"][0], value.tables["total"][0]
    if total["value"] is None:
        return render.note("No value is concluded, so there is nothing to lead to it.")
    steps = [("Benefits", found["benefits"]), ("Running costs", -found["running"]), ("Development", -found["development"]),
             ("Tax", -found["tax"]), ("Tax that a buyer saves", found["tax_benefit"]),
             ("Groups without a number", total["most_likely"] - found["value"]),
             *((words.sentence(told)[:-1], amount) for told, amount in first_page.beyond_likely(value))]  # fmt: skip
    steps = [(told, amount) for told, amount in steps if abs(amount) >= 0.5]
    axis = charts.waterfall(steps, sums.currency, within=total, tell=sums.bare)
    caption = "Present values; line: nine in ten."
    return plots.show(axis, caption, name)


def assets(value: Any, register: Sequence[Any], money: Money) -> Html:
    """The one value of each asset, and what belongs to none alone."""
    by_name = {asset.asset_id: asset for asset in register}
    rows = []
    for group in value.tables["groups"]:
        own = [row for row in value.tables["assets"] if row["group"] == group["name"]]
        for row in own:
            asset = by_name[row["name"]]
            rows.append({
                "Asset": row["name"], "What": asset.name, "Kind": asset.kind, "Stage": words.label(asset.lifecycle_stage),
                "Group": group["name"], "Value": money(row["value"]) if row["counts"] else "not concluded",
            })  # fmt: skip
        if group["counts"] and abs(group["together"]) >= 0.5:
            rows.append({"Asset": "together", "What": "what the weight of cost takes from earnings", "Kind": "", "Stage": "", "Group": group["name"],
                         "Value": money(group["together"])})  # fmt: skip
    valued = {row["name"] for row in value.tables["assets"]}
    rows += [
        {"Asset": asset.asset_id, "What": asset.name, "Kind": asset.kind, "Stage": words.label(asset.lifecycle_stage), "Group": "none",
         "Value": "no flows ahead"}
        for asset in register if asset.asset_id not in valued
    ]  # fmt: skip
    # On a telephone the first three columns are seen at once.
    columns = ("Asset", "What", "Value", "Group", "Kind", "Stage")
    shown = render.table(
        rows,
        caption="The values of the assets, and what the weight of cost takes from what they earn, sum to their group.",
        columns=columns,
    )
    return render.join(shown, *map(render.note, _taken(value)))


def _taken(value: Any) -> list[str]:
    """A sentence for each group above zero in which what serves takes all that its earning assets bring."""
    told = []
    for group in value.tables["groups"]:
        own = [row for row in value.tables["assets"] if row["group"] == group["name"] and row["counts"]]
        bare = [row["name"] for row in own if row.get("earns") and row["earned"] <= 1e-6 * abs(group["value"])]
        if bare and group["value"] > 0 and any(row["value"] > 0 for row in own if not row.get("earns")):
            told.append(
                f"{words.listed(bare)} {'has' if len(bare) == 1 else 'have'} nothing left here, because what replacing the assets "
                "that serve would cost takes all of it; the page Data and joint benefit shows what each is worth to the others."
            )
    return told


def _either(low: str, high: str, unit: str) -> str:
    """Both ends of an assumption, the unit beside a number and not beside a word: ``1.02 years or no decay``."""
    if any(sign.isdigit() for sign in high):
        return f"{low} or {high} {unit}".strip()
    return f"{low} {unit} or {high}" if unit and any(sign.isdigit() for sign in low) else f"{low} or {high}"


def decides(value: Any, money: Money, most: int = 3) -> Html:
    """What alone would turn the sign of a group."""
    rows = []
    for group in value.tables["groups"]:
        turning = [row for row in value.tables["decisive"] if row["group"] == group["name"]][:most]
        rows += [
            {
                "Group": group["name"],
                "If": row["assumption"],
                "Is": f"{row['at']} {row['unit']}".strip() if any(map(str.isdigit, row["at"])) else row["at"],
                "Its value then": money(row["value"]),
            }
            for row in turning
        ]
        moved = group["moved_by"]
        if not turning and moved and abs(moved["value_at_high"] - moved["value_at_low"]) >= 0.5:
            rows.append({
                "Group": group["name"], "If": f"nothing alone turns the sign within its range; the strongest is {moved['assumption']}",
                "Is": _either(moved["low"], moved["high"], moved["unit"]),
                "Its value then": f"{money(moved['value_at_low'])} or {money(moved['value_at_high'])}",
            })  # fmt: skip
    scenarios = value.tables["scenarios"]
    for row in scenarios if len(scenarios) > 1 else ():
        rows.append(
            {
                "Group": "all that count",
                "If": f"scenario, probability {words.share(row['p'])}",
                "Is": row["name"],
                "Its value then": money(row["value"]),
            }
        )
    return render.table(
        rows, caption="One change at a time, everything else at its most likely figure.", none="Nothing is uncertain."
    )


def carries(value: Any, currency: str, most: int = 5, name: str = "carries") -> Html:
    """The assumptions that carry the value, as a tornado."""
    rows = value.tables["tornado"][:most]
    bars = [
        charts.Bar(
            f"{row['assumption']}, {row['unit']}".strip(", "),
            row["value_at_low"],
            row["value_at_high"],
            row["low"],
            row["high"],
        )
        for row in rows
    ]
    if not bars:
        return render.note("No input is uncertain.")
    likely = value.tables["total"][0]["most_likely"]
    base = value.tables["bridge"][0]["value"] if likely is None else likely  # no group counts: all are drawn
    axis = charts.tornado(bars, base, currency)
    return plots.show(
        axis,
        "Value of all groups that count with one assumption at its low end (hatched) and at its high end, most likely otherwise.",
        name,
    )


def beside(options: Any, scorecard: Any, withheld: Sequence[str]) -> Html:
    """Options, scores, and what was withheld: never added to the value."""
    told = [row["sentence"] for row in options.tables.get("sentences", [])]
    first = scorecard.figures.get("first")
    told.append(
        f"Scorecard: {first.value} first ({first.note})." if first else f"Scorecard: {scorecard['ranked'].note}"
    )
    return render.sentences([*told, *withheld], "Beside the value, and never added to it")


def findings(value: Any, warnings: Sequence[Any]) -> Html:
    """What a reader must know of the figures. warnings: of the client's files, without those that another part says."""
    listed = [row["finding"] for row in value.tables["findings"]]
    left_out = [text for text in listed if "left out:" in text]
    told = [text for text in listed if text not in left_out]
    told += [words.sentence(f"{item.where}: {item.found}; {item.remedy}") for item in warnings]
    shown = [render.sentences(told, "Findings", none="Nothing stands out.")]
    if left_out:
        shown.append(
            render.note(
                f"{words.plural(len(left_out), 'kind of row', 'kinds of rows')} of the client's files are left out of the value; the value chapter lists them."
            )
        )
    outside = " ".join(row["text"] for row in value.tables["not_in_the_number"])
    return render.join(*shown, render.note(f"Not in the number: {outside}"))


def evidence(value: Any) -> Html:
    """What the values rest on where a case measured it: one sentence a case, and the gains side by side."""
    rows, told = [], []
    for item in value.tables.get("evidence", ()):
        told.append(item["sentence"])
        for gain in item["gains"]:
            counts = gain["evaluation"] in item["counts"]
            rows.append({
                "Asset": item["asset"], "Evaluation": words.label(gain["evaluation"]), "Cases": gain["n"],
                "Gain per case": words.Money(value["value"].unit)(gain["per_case"]), "Word": gain["word"],
                "Counts": "yes" if counts else "no",
            })  # fmt: skip
    if not told:
        return render.note(
            "No case measures a model of this client: what counts as measured is stated so by the client."
        )
    return render.join(render.table(rows, caption=measured_on(value.tables["evidence"])), *map(render.note, told))


def measured_on(items: Iterable[Mapping[str, Any]]) -> str:
    """The heading over what cases measured: on whose data each was. items: rows of the table evidence."""
    kinds: dict[str, list[str]] = {}
    for item in items:
        kind = (
            "on a stand-in for data that are not there, which is no evidence" if item["stand_ins"]
            else "on public data that stand for the client's own" if item.get("public")
            else "on the client's own data"
        )  # fmt: skip
        kinds.setdefault(kind, []).append(item["asset"])
    told = list(kinds) if len(kinds) == 1 else [f"{words.listed(names)} {kind}" for kind, names in kinds.items()]
    return f"Measured in this report {'; '.join(told)}; beside what was typed."


#: A source that is a code of the client's files, such as ``measured_drift``, not the name of a file.
SLUG = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")


def figure(row: Mapping[str, Any], name: str) -> str:
    """One input of the register in its own form."""
    # a share of something is an amount in its unit, written as where it is drawn and moved; a bare share is a percentage
    rate = row["unit"] == "share" or row["unit"].startswith(("a year", "of profit"))
    return (words.rate if rate else words.figure)(row[name]) if row[name] is not None else ""


def register(value: Any) -> Html:
    """Every input with its range, grade and source."""
    rows = [
        {"Input": row["input"], "Asset": row["asset"], "Low": figure(row, "low"), "Likely": figure(row, "likely"), "High": figure(row, "high"),
         "Unit": row["unit"], "Grade": row["grade"], "Source": words.label(row["source"]) if SLUG.fullmatch(row["source"] or "") else row["source"]}
        for row in value.tables["register"]
    ]  # fmt: skip
    caption = (
        f"{words.plural(len(rows), 'input')}. Several years of one driver share a line: the smallest low, the mean, the largest high. "
        "Grade: measured, pilot, expert or vendor; public data: measured on data that stand for the client's own; stand-in: on made-up data, no evidence."
    )
    return render.table(rows, dict.fromkeys(("Low", "Likely", "High"), str), caption)
