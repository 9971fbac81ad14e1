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
        else f"The value concluded is {money(total['value'], within=ends)}, with nine cases in ten between {money.range(ends)}."
    )
    told = [
        f"{concluded} It holds on {scope['Valuation date']}, for the purpose and on the basis above, and for the intended users alone.",
        f"Ties to the client or to the assets: {scope['Independence']}.",
        "The figures follow from the client's files, named with their digests on the page on this run, by the rules printed in this "
        "appendix. Whoever has the same files gets the same figures.",
        "What was measured in this report, what was typed, and the grade of each input are listed above; typed figures were not verified.",
        "The departures listed below are known to the valuer.",
    ]
    return render.join(
        render.definitions(scope), render.sentences(told, "The valuer states"), signature(scope["Valuer"])
    )


def signature(name: str) -> Html:
    """Lines for place, date and signature."""
    lines = ["Place and date", "Signature", f"Name: {name}"]
    return render.blanks(lines)


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


def rates(register: Sequence[Any], groups: Sequence[Any], returns: Mapping[str, tuple[float, float]]) -> Html:
    """The cost of capital, its parts and premiums with their sources, and the rate of each group.

    returns: asset → return asked and its weight in the rate of its group.
    """
    names = ("cost of capital", "in it: ", "premium")
    rows = [
        {"Part": row.input, "For": row.asset, "Figure": words.figure(row.likely) if row.unit == "times" else words.rate(row.likely),
         "Unit": row.unit, "Source": row.source}
        for row in register if row.input.startswith(names)
    ]  # fmt: skip
    for group in groups:
        of = ", ".join(
            f"{name} {words.share(returns[name][1])} × {words.rate(returns[name][0])}" for name in group.assets
        )
        rows.append(
            {"Part": "rate of the group", "For": group.name, "Figure": words.rate(group.rate), "Unit": "a year",
             "Source": f"mean of its assets' returns, weighted by their most likely values: {of}"}
        )  # fmt: skip
    return render.table(rows, {"Figure": str}, "Evidence for the discount rate. Source: client.yml, discount.")
