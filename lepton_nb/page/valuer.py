"""What a valuer signs: scope and statement, departures from the standards, and the place for the signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lepton_nb.page import render, words
from lepton_nb.page.first_page import PAGES
from lepton_nb.page.render import Html
from lepton_nb.page.words import Money


def statement(scope: Mapping[str, str], value: Any, not_stated: str) -> Html:
    """What the valuer named in client.yml states; where nobody is named, that the report is unsigned. value: its record."""
    if scope["Valuer"] == not_stated:
        return render.note("Nobody is named as the valuer (client.yml, engagement.valuer): this report is unsigned.")
    total = value.tables["total"][0]
    money = Money(value["value"].unit)
    ends = (total["low"], total["high"])
    concluded = (
        "No number is concluded."
        if total["value"] is None
        else f"The value concluded is {money(total['value'], within=ends)}, with nine cases in ten from {money.range(ends)}."
    )
    told = [
        f"{concluded}{_identified(value, money)} It holds on {scope['Valuation date']}, for the purpose and on the basis above, and for the intended users alone.",
        f"Ties to the client or to the assets: {scope['Independence']}.",
        "The figures follow from the client's files, named with their digests on the page on this run, by the rules printed in this "
        "appendix. Whoever has the same files gets the same figures.",
        "What was measured in this report, what was typed, and the grade of each input are listed above; typed figures were not verified.",
        "The departures listed above are known to the valuer.",
    ]
    return render.join(
        render.definitions(scope),
        render.sentences(told, "The valuer states"),
        signature(scope["Valuer"], scope.get("To be signed by", "")),
    )


def _identified(value: Any, money: Money) -> str:
    """Which assets the value concluded leaves out, what of it belongs to no asset, and what it would be without what loses."""
    total, groups = value.tables["total"][0], value.tables["groups"]
    if total["value"] is None:
        return ""
    out = [row for row in groups if not row["counts"]]
    held = sum(row["together"] for row in groups if row["counts"])
    told = ""
    if out:
        named = words.listed(f"{row['name']} ({row['verdict']})" for row in out)
        every, left = (sum(len(row["assets"]) for row in rows) for rows in (groups, out))
        told += f" It is the value of {every - left} of {words.plural(every, 'asset')}; not in it, without a number: {named}."
    if abs(held) >= 0.5:
        told += f" {money(held)} of it is identified to no asset (together)."
    given = value.figures.get("given_up")
    if given is not None and given.value is not None:
        told += f" In current use {given.note} runs on at a loss; given up, with what ending it costs, the value would be {money(given.value)}."
    return told


def signature(valuer: str, signatory: str) -> Html:
    """Lines for place, date and signature. signatory: who is to sign for the valuer; empty: lines for that as well."""
    who = [f"To be signed by: {signatory}"] if signatory else ["Name of who signs", "Role and qualification"]
    return render.blanks(["Place and date", f"Signature, for {valuer}", *who])


def departures(found: Sequence[Any]) -> Html:
    """What is done otherwise, or is missing, by standard."""
    rows = [{"Standard": one.standard, "Asks for": one.asks, "Here": one.here} for one in found]
    caption = (
        f"{words.plural(len(rows), 'departure')} that a valuer weighs before signing. Numbers of the International Valuation "
        "Standards effective 31 January 2025; their wording was not checked for this table."
    )
    return render.table(rows, caption=caption)


def standards(found: Sequence[Any]) -> Html:
    """The standards that apply to the client, each with links to the pages that meet it."""

    def where(page: str) -> Html:
        return (
            render.plain("this page") if page == "summary" else render.link(words.label(page), f"{PAGES[page]}.ipynb")
        )

    rows = []
    for one in found:
        links = [where(page) for page in one.pages]
        parts = [piece for link in links for piece in (render.plain(", "), link)][1:]
        rows.append({"Standard": one.name, "What it asks for": one.asks, "Where": render.join(*parts)})
    return render.table(
        rows, caption="Standards that apply to this client, by its accounts, basis, country and assets."
    )


#: Why a premium and the draws do not count one risk twice.
TWICE = (
    "Draws and premium look at different things: failure, test sets, decay and estimates are drawn, and the value is their mean; the premium is "
    "the return asked for bearing what is left. A premium that also pays for a chance of failure counts it twice: that is for the valuer to rule out."
)


def rates(
    register: Sequence[Any],
    groups: Sequence[Any],
    returns: Mapping[str, tuple[float, float]],
    steps: Sequence[Any] = (),
) -> Html:
    """The cost of capital, its parts and premiums with their sources, the steps to it, and the rate of each group.

    returns: asset → return asked and its weight in the rate of its group. steps: from the parts to the cost of capital.
    """

    def row(part: str, about: str, figure: float, unit: str, source: str) -> dict[str, str]:
        shown = words.figure(figure) if unit == "times" else words.rate(figure)
        return {"Part": part, "For": about, "Figure": shown, "Unit": unit, "Source": source}

    parts, premiums = (
        [row(one.input, one.asset, one.likely, one.unit, one.source) for one in register if one.input.startswith(names)]
        for names in (("cost of capital", "in it: "), "premium")
    )
    whole, found = parts[:1], [row(f"step: {one.name}", "all", one.figure, one.unit, one.how) for one in steps]
    rows = [*whole, *parts[1:], *found, *premiums]
    for group in groups:
        of = ", ".join(
            f"{name} {words.share(returns[name][1])} × {words.rate(returns[name][0])}" for name in group.assets
        )
        rows.append(
            {"Part": "rate of the group", "For": group.name, "Figure": words.rate(group.rate), "Unit": "a year",
             "Source": f"mean of its assets' returns, weighted by their most likely values: {of}"}
        )  # fmt: skip
    table = render.table(rows, {"Figure": str}, "Evidence for the discount rate. Source: client.yml, discount.")
    return render.join(table, render.note(TWICE))
