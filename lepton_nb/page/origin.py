"""Where the number of the first page comes from: the sums that lead to it, cash by year, rates, payback, state."""

from __future__ import annotations

from typing import Any

from lepton_nb.page import render, words
from lepton_nb.page.first_page import Sums, beyond_likely, lead
from lepton_nb.page.render import Html

#: What is told as taken off, without a minus.
DEDUCTED = ("less costs", "and tax")


def derivation(value: Any, sums: Sums, signed: str) -> Html:
    """From the most likely benefits to the value, each sum with a link; below it a box of key figures and cash by year.

    value: record of the value chapter; signed: who values; empty: nobody.
    """
    total = value.tables["total"][0]
    if total["value"] is None:
        return render.join()
    parts: list[Html] = []
    for number, (told, amount) in enumerate(one for one in lead(value) if abs(one[1]) >= 0.5):
        shown = -amount if told in DEDUCTED else amount
        before = f"Most likely: {told} " if number == 0 else f"{'' if told.startswith(',') else ' '}{told} "
        parts += [render.plain(before), sums(shown, "value")]
    parts += [render.plain(": "), sums(total["most_likely"], "value")]
    for told, amount in beyond_likely(value):
        if abs(amount) >= 0.5:
            parts += [render.plain(f"; {told}: "), sums(amount, "uncertainty")]
    parts += [
        render.plain("; mean of the draws: "),
        sums(total["value"], "uncertainty"),
        render.plain(f".{_tested(value)}"),
    ]
    return render.join(render.paragraph(*parts), render.key_figures(_key(value, signed)), _cash(value, sums.currency))


def _tested(value: Any) -> str:
    """Which share of the benefits of the groups with a number rests on how many test cases, and on what the rest; nothing where none does."""
    rows = value.tables["rests"]
    whole, tested = sum(row["present"] for row in rows), sum(row["present"] for row in rows if row["evaluation"])
    cases = sum({row["evaluation"]: row["n"] for row in rows if row["evaluation"]}.values())
    if not cases or whole <= 0:
        return ""
    public = " of public data" if any(row["public"] for row in rows) else ""
    typed = dict.fromkeys(row["grade"] for row in rows if not row["evaluation"] and row["present"] > 0)
    rest = f"; else {words.listed(typed)}" if typed else ""
    counted = "counted " if value.tables["total"][0].get("left_out") else ""
    return f" {words.share(tested / whole)} of {counted}benefits tested ({words.count(cases)} cases{public}){rest}."


def _key(value: Any, signed: str) -> list[tuple[str, str]]:
    """The few figures of the box: rates of the groups with a number, payback of all, state of the report."""
    rates = [row["rate"] for row in value.tables["groups"] if row["counts"]]
    one = len(set(map(words.rate, rates))) == 1
    shown = words.rate(rates[0]) if one else words.percent_range((min(rates), max(rates)), 1)
    return [
        ("Discount rate", shown),
        ("Payback", _payback(value)),
        ("State", "for signature" if signed else "draft, unsigned"),
    ]


def _payback(value: Any) -> str:
    """Payback of all groups together; where they need no outlay first, of those that do by themselves.

    Of a group that may fail it is the payback if it succeeds, with the chance of that.
    """
    cash = value.tables["cash"][0]
    if cash["payback"] is not None or cash["outlay"]:
        return "none" if cash["payback"] is None else words.years(cash["payback"])
    paid = [row for row in value.tables["returns"] if row["outlay"]]
    if len(paid) != 1:
        return "by group" if paid else "no outlay first"
    back, sure = paid[0]["payback"], paid[0].get("chance", 1.0)
    if sure < 1:
        back = paid[0]["success"]
    told = "none" if back is None else words.years(back)
    if sure < 1:
        told += f" if it succeeds ({words.share(sure)})"
    return f"{words.groups(paid[0]['group'])}: {told}; else no outlay first"


def _cash(value: Any, currency: str) -> Html:
    """Cash after tax of each year, most likely, of the groups with a number, up to the last year in which any flows.

    As planned, what of that is time of people, and below it as the value counts it where a substitute's price caps it.
    """
    rows = value.tables["cash"]
    last = max((at for at, row in enumerate(rows) if round(row["planned"] / 1000)), default=0)
    shown = {"Cash after tax, planned": "planned", "capped": "net"}
    if all(abs(row["planned"] - row["net"]) < 0.5 for row in rows):
        shown = {"Cash after tax": "net"}
    if abs(value.tables["bridge"][0]["tax_benefit"]) >= 0.5:
        first = next(iter(shown))
        shown = {f"{first}, before buyer's tax benefit": shown.pop(first)} | shown
    if any(round(row.get("time", 0.0) / 1000) for row in rows):
        told = next(iter(shown))
        shown = {told: shown.pop(told), "of it time: cash if posts go": "time"} | shown
    lines = [
        {f"Thousand {currency}": told} | {str(row["year"]): row.get(what, 0.0) for row in rows[: last + 1]}
        for told, what in shown.items()
    ]
    return render.table(lines, dict.fromkeys(list(lines[0])[1:], lambda net: words.number(net / 1000, 0)))
