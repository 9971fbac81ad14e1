"""Tables, drawings and conclusions of decisions: a better version to buy, a team to hire, a partner to share with.

Money is of today. What is not there, because a client has no test that money rests on, is None: then one sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.evidence_words import sources
from lepton_nb.page.words import Money

NOTHING = "No benefit of this client rests, for long enough, on a measured recall with money per outcome, so there is nothing to decide on here."


def nothing() -> render.Html:
    """Where a client has no model to decide on."""
    return render.banner("Nothing to decide on.", NOTHING, "note")


def model(gain: Any, rise: Any, money: Money) -> render.Html:
    """The model that is decided on, and what a point of its recall brings. rise: of the points that are asked for."""
    if gain is None:
        return nothing()
    told = {
        "Model": f"{gain.asset_id}, by {words.label(gain.evaluation_id)}",
        "Recall today": f"{words.percent(rise.recall.value)} ({words.percent_range(rise.recall.interval)}, 90 % Wilson, n = {words.count(rise.recall.n)} positive cases)",
        "In the draws": f"{words.percent(float(rise.before.mean()))} ({words.percent_range(np.quantile(rise.before, (0.05, 0.95)))}, 5 to 95 %): each cell of the test counts half a case more",
        "One case more or less": f"{words.number(100 / rise.recall.n, 2)} points",
        "A rise of": f"{points_told(rise.points)}, to {words.percent(rise.recall.value + rise.points)}",
        "Brings a year": f"{money(rise.yearly)} before tax and ageing, on the cases of the last whole year",
        "From, to": f"{words.date(rise.start)}, {words.date(rise.end)}",
    }
    return render.join(render.definitions(told), render.note(sources([gain], "benefits.csv")))


def points_told(points: float) -> str:
    """A difference of two rates: ``2 points``, ``1 point``."""
    shown = words.figure(round(100 * points, 2))
    return f"{shown} {'point' if shown == '1' else 'points'}"


def _ends(ends: Sequence[float], money: Money) -> str:
    return f"{money.range(ends)}, 90 %"


# ---------------------------------------------------------------- an investment


def limits(rows: Sequence[Mapping[str, Any]], n: int, money: Money) -> render.Html:
    """What recall may be worth. rows: points, level, brings, most, by_points, by_level (ends of the most), counted."""
    if not rows:
        return nothing()
    shown = [
        {"Recall reached": words.percent(row["level"]), "Rise": points_told(row["points"]), "Brings after tax": money(row["brings"]),
         "Most to pay": money(row["most"]), "5 to 95 %, points promised": money.range(row["by_points"]),
         "5 to 95 %, level promised": money.range(row["by_level"]),
         "The value would rise by": money(row["counted"])}
        for row in rows
    ]  # fmt: skip
    caption = (
        f"Money of today. Brings: mean of {words.count(n)} draws. Most to pay: at once, before tax. 5 to 95 %: of money, volumes, ageing and scenarios; "
        "where a level is promised, of today's recall too. The value: as the report counts it, most likely."
    )
    return render.table(shown, caption=caption)


def capped(counted: float, likely: float, offer: Any, money: Money) -> render.Html:
    """Why the value would rise by less than what is brought. offer: the substitute that caps the benefits, or None."""
    if offer is None or counted >= likely * (1 - 1e-6):
        return render.join()
    return render.note(
        f"The value would rise by less: it counts no more than the price of a substitute ({offer.offer}, {money(offer.price.mode)} {offer.unit}). "
        "That price says what losing the model would cost. It does not stop a better model from saving money; but if the substitute has the "
        "better recall already, nobody should pay more for the rise than for going over to it. Have it judged on the same cases first."
    )


def limit_drawn(levels: Any, most: Any, today: float, price: float, currency: str) -> render.Html:
    """The most to pay against the recall that is promised. levels: (n,); most: (3, n) 5 %, mean, 95 %; price: asked."""
    axis = charts.lines(
        100 * np.asarray(levels), {"most to pay": np.asarray(most) / 1e3}, "recall reached, %", f"thousand {currency}",
        uprights={"today, as measured": 100 * today}, levels={"price asked": price / 1e3},
    )  # fmt: skip
    caption = (
        "The most to pay for a level of recall, before tax; band: 5 to 95 % of the draws, today's recall among them."
    )
    return plots.show(axis, caption, "decision-limit")


def purchase_told(found: Mapping[str, Any], reason: str, money: Money) -> render.Html:
    """Whether to buy at the price. found: price, limit, by_points, by_level (draws), points, level, today, today_high,
    break_even, back, end; reason: why nothing is concluded."""
    if not found:
        return nothing()
    above = float(np.mean(found["by_level"] < found["price"]))
    low, high = (float(end) for end in np.quantile(found["by_level"], (0.05, 0.95)))
    sure = np.quantile(found["by_points"], (0.05, 0.95))
    how = "buy" if low >= found["price"] else "do not buy" if high < found["price"] else "open"
    told = [
        f"At most {money(found['limit'])} ({_ends(sure, money)}) for {points_told(found['points'])} more, whatever recall is today. A promised level of "
        f"{words.percent(found['level'])} is worth {_ends((low, high), money)}: the test set leaves today's recall open.",
        f"At a price of {money(found['price'])}: {how}. The price is more than the level is worth in {words.percent(above, 0)} of the draws.",
    ]
    if found["break_even"] < 1:
        told.append(f"Break-even lies at a recall of {words.percent(found['break_even'])}, {_side(found)}.")
    else:
        told.append("No recall is worth that price.")
    back = (
        "it does not come back"
        if found["back"] is None
        else f"the price has come back after {words.years(found['back'])}"
    )
    told.append(f"With the points as promised {back}; the model is used until {words.date(found['end'])}.")
    return render.sentences(_reasoned(told, reason))


def _side(found: Mapping[str, Any]) -> str:
    more = found["break_even"] - found["today"]
    inside = found["break_even"] < found["today_high"]
    where = "inside" if inside else "above"
    return f"{points_told(more)} above today's, and {where} the interval of today's"


def _reasoned(told: list[str], reason: str) -> list[str]:
    return [f"No conclusion is drawn: {reason}. What follows shows what it would be.", *told] if reason else told


def waiting(found: Mapping[str, Any], money: Money) -> render.Html:
    """Buying now beside buying later and beside knowing more. found: now, right (Valued), years, sigma, source, perfect, known, cases, months."""
    if not found:
        return nothing()
    told = {
        "Bought now": f"{money(found['now'], sign=True)} over its cost, on average and after tax",
        f"Right to buy within {words.years(found['years'])}": f"{money(found['right'].worth)}, at a volatility of {words.share(found['sigma'])} a year ({found['source']})",
        "Knowing everything before buying": f"worth up to {money(found['perfect'].value)}",
        "Of it, knowing today's recall exactly": f"worth up to {money(found['known'].value)}",
        "Positive cases to see such a rise": words.missing("the rates do not allow it") if found["cases"] is None
        else f"{words.count(found['cases'])}, one-sided at 5 %, seen with a chance of 80 %",
        "At the pace of monitoring": words.missing("recall is not monitored") if found["months"] is None else words.plural(found["months"], "month"),
    }  # fmt: skip
    return render.definitions(told)


def waiting_told(found: Mapping[str, Any], money: Money) -> render.Html:
    """What to do with the right to wait, and whether a study before buying can pay."""
    if not found:
        return nothing()
    more = found["right"].worth - max(found["now"], 0.0)
    first = {
        "wait": f"Wait: the right to buy later is worth {money(more)} more than buying now.",
        "exercise now": f"Do not wait: each month costs what the rise would bring in it, and waiting adds {_little(more, found['price'], money)}.",
        "nothing to win": "Nothing to win: at this price neither buying now nor waiting brings more than a hundredth of what the rise brings.",
    }[found["right"].word]
    known, all_ = found["known"].value, found["perfect"].value
    if all_ < 0.005 * abs(found["price"]):
        second = f"Learning more first hardly pays: even to know everything is worth no more than {money(all_)} to this decision."
    else:
        share = words.percent(known / all_, 0)
        second = f"A test on more cases before signing may cost up to {money(known)}, {share} of what knowing everything would be worth."
    return render.sentences([first, second])


def _little(more: float, price: float, money: Money) -> str:
    return "next to nothing" if more < 0.01 * price else f"no more than {money(more)}"


# ---------------------------------------------------------------- a hire


def team(found: Mapping[str, Any], money: Money) -> render.Html:
    """A team as a decision. found: crew, work (rise), chance, limit, limits (draws), pay, tree, least, trial, seen."""
    if not found:
        return nothing()
    crew, work = found["crew"], found["work"]
    told = {
        "If it succeeds": f"{points_told(work.points)} from {words.date(work.start)} to {words.date(work.end)}: {money(work.mean)} after tax ({_ends(np.quantile(work.draws, (0.05, 0.95)), money)})",
        "If it does not": f"let go after {words.plural(crew.months, 'month')}: {_trial(found)}",
        "Chance of success": f"{words.percent(found['chance'], 0)}, assumed",
        "Most to pay a year": f"{money(found['limit'])} ({_ends(np.quantile(found['limits'], (0.05, 0.95)), money)})",
        "If success were certain": money(crew.pay(work.mean, 1.0)),
        f"At a pay of {money(found['pay'])} a year": f"{found['tree'].policy['start']}; expected {money(found['tree'].value, sign=True)}",
        "Least chance at that pay": words.missing("not even certain success brings it") if found["least"] is None else words.percent(found["least"], 0),
    }  # fmt: skip
    return render.definitions(told)


def _trial(found: Mapping[str, Any]) -> str:
    if found["seen"] is None:
        return "the work itself, and a notice that is assumed, since recall is not monitored"
    return f"the work itself, and {words.plural(found['seen'], 'month')} until monitoring would show such a rise"


def team_drawn(chances: Any, most: Any, chance: float, pay: float, currency: str) -> render.Html:
    """The most to pay a year against the chance of success. chances: (n,); most: (3, n) 5 %, mean, 95 %."""
    axis = charts.lines(
        100 * np.asarray(chances), {"most to pay a year": np.asarray(most) / 1e3}, "chance of success, %", f"thousand {currency} a year",
        uprights={"chance assumed": 100 * chance}, levels={"pay asked": pay / 1e3},
    )  # fmt: skip
    caption = "The most to pay a team a year, all its costs together, against the chance that it succeeds; band: 5 to 95 % of the draws."
    return plots.show(axis, caption, "decision-team")


def team_told(found: Mapping[str, Any], reason: str, money: Money) -> render.Html:
    """What the chance and the trial do to the pay."""
    if not found:
        return nothing()
    sure = found["crew"].pay(found["work"].mean, 1.0)
    told = [
        f"The most to pay the whole team is {money(found['limit'])} a year, {words.percent(found['limit'] / sure, 0)} of what it would be if success were certain."
    ]
    if found["least"] is None:
        told.append(f"At {money(found['pay'])} a year not even certain success would pay for it.")
    else:
        side = "below" if found["least"] <= found["chance"] else "above"
        told.append(
            f"At {money(found['pay'])} a year it needs a chance of {words.percent(found['least'], 0)}, {side} the {words.percent(found['chance'], 0)} assumed: "
            f"{'hire' if side == 'below' else 'do not hire'}."
        )
    return render.sentences(_reasoned(told, reason))


# ---------------------------------------------------------------- a partner


def deal(found: Any, one: float, limits_: Any, data: Sequence[str], typed: bool, money: Money) -> render.Html:
    """Floor, ceiling and fair share of a partner. one: after-tax cost of 1; limits_: (draws,) what the gain may turn out to be.

    data: the client's own data whose cost stands for collecting them anew; typed: that cost is a parameter.
    """
    if found is None:
        return nothing()
    replaced = words.missing("cannot be had otherwise")
    if found.replaced_for is not None:
        replaced = f"{money(found.replaced_for)} ({'as assumed' if typed else 'what ' + words.listed(data) + ' would cost anew'})"
    part = found.share / found.gain
    told = {
        "The gain to share": f"{money(found.gain)} before tax ({_ends(np.quantile(limits_, (0.05, 0.95)), money)})",
        "The same data otherwise": replaced,
        "Floor: what the partner has without a deal": money(found.floor),
        "Ceiling: what the owner loses without him": money(found.ceiling),
        "Shapley value": f"{money(found.share)}, {words.percent(part)} of the gain"
        if found.possible
        else words.missing("no deal"),
        "As a fixed sum, the owner loses in": f"{words.percent(float(np.mean(limits_ < found.share)), 0)} of the draws",
        "As a share of the gain, it comes to": _ends(part * np.quantile(limits_, (0.05, 0.95)), money),
    }
    return render.definitions(told)


def deal_told(found: Any, rivals: int, reason: str, money: Money) -> render.Html:
    """Where the deal lies and which side it hangs on."""
    if found is None:
        return nothing()
    if not found.possible:
        told = [
            f"No deal: the partner has {money(found.floor)} without one, and is worth {money(found.ceiling)} to the owner."
        ]
        return render.sentences(_reasoned(told, reason))
    told = [
        f"Between {money(found.floor)} and {money(found.ceiling)} both are better off; the Shapley value gives the partner {money(found.share)}, "
        f"{words.percent(found.share / found.gain)} of the gain."
    ]
    if rivals and found.ceiling <= found.floor:
        told.append(
            f"With {words.plural(rivals, 'rival')} who can bring the same, the owner needs no single one of them: the price falls to the floor, whatever the share says."
        )
    elif found.replaced_for is not None and found.replaced_for < found.gain:
        told.append(
            "The ceiling is the cost of collecting the data anew, not the gain: who can be replaced gets no more than replacing him costs."
        )
    else:
        told.append("Nothing else gives the owner these data for less than the gain: the whole gain can be asked for.")
    return render.sentences(_reasoned(told, reason))


def blocks(found: Mapping[str, Any], money: Money) -> render.Html:
    """What was measured on blocks of data. found: name → joint.BlockWorth."""
    rows = []
    for name, one in found.items():
        gained = one.whole - one.nothing if one.nothing is not None else None
        if not one.shares or not gained:
            continue
        rows += [
            {"Block": f"{name}: {block}", "Fair share of what the data add": words.percent(one.shares[block] / gained),
             "Lost without it": words.percent(one.left_out[block] / gained), "Test cases": one.n}
            for block in one.blocks
        ]  # fmt: skip
    caption = "If one block belonged to a partner: the share says who contributed, what is lost without it is the most that it is worth to the owner. Source: data_blocks.csv."
    return render.table(
        rows,
        caption=caption,
        none="The client gives no blocks of data with every combination measured (data_blocks.csv).",
    )


def blocks_told(found: Mapping[str, Any]) -> list[str]:
    """Whether a fair share of a block would be more than its owner's partner should pay."""
    told = []
    for name, one in found.items():
        gained = one.whole - one.nothing if one.nothing is not None else 0.0
        dear = [block for block in one.blocks if one.shares and one.shares[block] > one.left_out[block]]
        if gained > 0 and dear:
            told.append(
                f"{name}: of {words.listed(dear)} the fair share is more than what is lost without it: as a price it would be too much, since the other blocks stand in for it."
            )
    return told


# ---------------------------------------------------------------- what would change it


def changes(rows: Sequence[Any], one: float, price: float, money: Money) -> render.Html:
    """Which assumption moves the most to pay, and where it meets the price. rows: deals.Change; one: after-tax cost of 1."""
    shown = [
        {"Assumption": row.label, "Low": row.low_words, "High": row.high_words, "Unit": row.unit, "Most to pay, low": money(row.at_low / one),
         "High end": money(row.at_high / one), "Meets the price at": words.missing("nowhere in its range") if row.turns_at is None else words.figure(row.turns_at)}
        for row in rows
    ]  # fmt: skip
    caption = f"One assumption at a time, all else most likely; the price is {money(price)}. The same assumptions move the pay of a team and the gain that a partner shares, in the same proportion."
    return render.table(shown, caption=caption, none="Nothing that moves the worth of the rise has a range.")


def changes_drawn(rows: Sequence[Any], one: float, most: float, currency: str) -> render.Html:
    """The same as a tornado. most: to pay, at the most likely figures."""
    bars = [charts.Bar(row.label, row.at_low / one, row.at_high / one, row.low_words, row.high_words) for row in rows]
    caption = "The most to pay with one assumption at its low end (hatched) and at its high end, all else most likely."
    return plots.show(charts.tornado(bars, most, currency, "most to pay"), caption, "decision-tornado")


def levers(rows: Sequence[Mapping[str, Any]], money: Money) -> render.Html:
    """What the parties can change themselves. rows: decision, lever, now, then (money, None: no such case)."""
    shown = [
        {"Decision": row["decision"], "If": row["lever"], "Limit as it is": money(row["now"]), "Limit then": money(row["then"], why="no such case")}
        for row in rows
    ]  # fmt: skip
    caption = "Limit: the most to pay for the better version, a year for the team, the partner's Shapley value. Means of the draws."
    return render.table(shown, caption=caption, none="Nothing to change.")


def changes_told(rows: Sequence[Any], levers_: Sequence[Mapping[str, Any]], price: float, money: Money) -> render.Html:
    """Which assumption matters most and which turns the decision alone."""
    if not rows:
        return render.note("No assumption behind the rise has a range, so none can change the decision.")
    turning = [f"{row.label} ({words.figure(row.turns_at)} {row.unit})" for row in rows if row.turns_at is not None]
    told = [f"Most moves with: {rows[0].label}."]
    if turning:
        told.append(
            f"Alone and inside its range, any of these takes the most to pay across {money(price)}: {'; '.join(turning)}."
        )
    else:
        told.append(f"No single assumption inside its range takes the most to pay across {money(price)}.")
    known = [row for row in levers_ if row["then"] is not None and row["now"]]
    if known:
        best = max(known, key=lambda row: abs(row["then"] / row["now"] - 1))
        told.append(
            f"Of what the parties can change themselves, this moves its limit most: {best['lever']} ({best['decision']}), from {money(best['now'])} to {money(best['then'])}."
        )
    return render.sentences(told)
