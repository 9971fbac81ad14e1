"""Tables, drawings and conclusions of recommendation: ways to recommend beside each other and a published figure.

A mean over users is anything with value, low, high and n. ``found`` maps protocol → way → its figures: ndcg, recall
(means over users) and, of the protocol by time, gini, coverage, best_known (shares) and variety (mean).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words

Means = Mapping[str, Mapping[str, Mapping[str, Any]]]


def three(mean: Any, sign: bool = False) -> str:
    """A mean with its interval, three digits: ``0.482 (0.465–0.499)``."""
    if mean is None:
        return render.MISSING
    ends = words.range_of((mean.low, mean.high), digits=3)
    return f"{words.number(mean.value, 3, sign=sign)} ({ends})"


def brought(one: Any) -> render.Html:
    """What a client brought: a casework Choices."""
    events = one.events
    told = f"{words.count(len(events.user))} choices of {words.count(events.items)} items by {words.count(events.users)} users ({one.source}); the test begins on {one.test_from}."
    more = (
        f" {words.count(one.repeated)} further choices of what a user had chosen before are left out."
        if one.repeated
        else ""
    )
    return render.note(told + more)


def trial_table(rows: Sequence[Mapping[str, Any]]) -> render.Html:
    """Hits in the lists of each way on the test. rows: way, validation (nDCG@10), hits, more (means over users or None)."""
    shown = [
        {"way": row["way"], "validation nDCG@10": words.number(row["validation"], 3), "hits a list": three(row["hits"]),
         "more than best sellers": three(row["more"], sign=True) if row["more"] else render.MISSING}
        for row in rows
    ]  # fmt: skip
    caption = "Hits in a list of ten on the test, judged once; 95 % bootstrap over users, paired where compared."
    return render.table(
        shown, dict.fromkeys(("validation nDCG@10", "hits a list", "more than best sellers"), str), caption
    )


def trial_told(way: str, more: Any) -> str:
    """What the value takes: the way that validation chose, against the best sellers."""
    verdict = (
        "it hits more often"
        if more.low > 0
        else "it hits less often"
        if more.high < 0
        else "the test does not tell which hits more often"
    )
    return (
        f"Validation chose {way}. On the test of {words.count(more.n)} users, against a list of best sellers, {verdict}: "
        f"{three(more, sign=True)} hits a list."
    )


def protocols_table(rows: Sequence[Mapping[str, Any]]) -> render.Html:
    """Who learns from what, who is judged on what. rows: protocol, learns from, … as the chapter names them."""
    caption = "Three ways to split the same events. Wanted: items that a judged user chose afterwards."
    return render.table(rows, {"wanted by one": words.decimals(1)}, caption)


def chosen_table(rows: Sequence[Mapping[str, Any]]) -> render.Html:
    """What validation chose. rows: protocol, way, chosen (texts, one a seed), ndcg (the first seed's, on validation)."""
    caption = "Settings with the highest nDCG@10 on validation events; the test had no part in it."
    return render.table(rows, {"of settings": words.count, "validation nDCG@10": words.decimals(3)}, caption)


def results_table(found: Means, published: Mapping[str, Mapping[str, float]], real: bool) -> render.Html:
    """nDCG@10 and recall@10 under each protocol, and what others published under the same one."""
    rows = []
    for protocol, ways in found.items():
        rows += [
            {"protocol": protocol, "way": way, "nDCG@10": three(one["ndcg"]), "recall@10": three(one["recall"])}
            | {"users": one["ndcg"].n}
            for way, one in ways.items()
        ]
        rows += [
            {"protocol": protocol, "way": f"published: {name}", "nDCG@10": words.number(value, 3)}
            | {"recall@10": render.MISSING, "users": None}
            for name, value in published.get(protocol, {}).items()
            if real
        ]
    caption = "Test events, judged once. Means over users and seeds, with 95 % intervals from a bootstrap over users."
    return render.table(rows, {"nDCG@10": str, "recall@10": str}, caption)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def against(gain: Any, first: str, second: str, protocol: str) -> str:
    """Which of two ways is better on the same users, in a sentence that follows the interval of the difference."""
    how = "better" if gain.low > 0 else "worse" if gain.high < 0 else "not told apart"
    ends = words.range_of((gain.low, gain.high), digits=3)
    return f"{_upper(protocol)}, {first} against {second}: {how}, {words.number(gain.value, 3, sign=True)} nDCG@10 (95 %: {ends})."


def network_told(gains: Mapping[str, Any], network: str, other: str) -> render.Html:
    """Whether the network is worth its trouble, protocol by protocol and then in one sentence."""
    told = [against(gain, network, other, protocol) for protocol, gain in gains.items()]
    lost = [protocol for protocol, gain in gains.items() if gain.high < 0]
    won = [protocol for protocol, gain in gains.items() if gain.low > 0]
    name = _upper(network)
    if won and not lost:
        told.append(f"{name} wins {words.listed(won)}, and loses under no protocol.")
    elif lost and not won:
        told.append(
            f"{name} loses {words.listed(lost)}, and wins under no protocol: here it is not worth its training."
        )
    elif won and lost:
        told.append(f"{name} wins {words.listed(won)} and loses {words.listed(lost)}: the protocol decides.")
    else:
        told.append(f"{name} is told apart from {other} under no protocol: the simpler one will do.")
    return render.sentences(told)


def published_told(found: Means, published: Mapping[str, Mapping[str, float]]) -> list[str]:
    """How the best way here stands to each published figure of the same protocol, by its own interval."""
    told = []
    for protocol, figures in published.items():
        ways = found[protocol]
        way = max(ways, key=lambda name: ways[name]["ndcg"].value)
        best = ways[way]["ndcg"]
        for name, value in figures.items():
            if best.low > value:
                how = "above"
            elif best.high < value:
                how = "below"
            else:
                how = "not told apart from"
            told.append(
                f"{_upper(protocol)}: the best here is {way} with {three(best)}, {how} the published {words.number(value, 3)} of {name}."
            )
    return told


def order_told(found: Means) -> str:
    """Whether the same way is best whatever the protocol."""
    best = {protocol: max(ways, key=lambda name: ways[name]["ndcg"].value) for protocol, ways in found.items()}
    if len(set(best.values())) == 1:
        return f"Highest under every protocol: {next(iter(best.values()))}."
    each = words.listed(f"{way} ({protocol})" for protocol, way in best.items())
    return f"The protocol decides who is highest: {each}."


def means_drawn(
    found: Means, published: Mapping[str, Mapping[str, float]], real: bool, caption: str, name: str
) -> render.Html:
    """nDCG@10 of each way with its interval, one panel a protocol, the published figures as lines across."""
    figure, panels = plots.axes(1, len(found), height=2.9, sharey=True, squeeze=False)
    told = []
    for axis, (protocol, ways) in zip(panels[0], found.items(), strict=True):
        for place, one in enumerate(ways.values()):
            mean = one["ndcg"]
            axis.errorbar(mean.value, place, xerr=[[mean.value - mean.low], [mean.high - mean.value]], fmt="o",
                          color=charts.CYCLE[place % len(charts.CYCLE)], capsize=3)  # fmt: skip
        for value in published.get(protocol, {}).values() if real else ():
            axis.axvline(value, color=plots.INK, linewidth=0.9, linestyle=":")
        axis.set_title(protocol, fontsize=9)
        axis.set_xlabel("nDCG@10")
        axis.margins(x=0.1, y=0.12)
        each = ", ".join(f"{way} {words.number(one['ndcg'].value, 3)}" for way, one in ways.items())
        lines = [
            f"published {name} {words.number(value, 3)}" for name, value in published.get(protocol, {}).items() if real
        ]
        told.append(f"{protocol}: {', '.join([each, *lines])}")
    panels[0][0].set_yticks(range(len(ways)), list(ways))
    panels[0][0].invert_yaxis()
    plots.describe(panels[0][0], f"{'; '.join(told)}.")
    return plots.show(figure, caption, name)


# ---------------------------------------------------------------- catalogue


def catalogue_table(ways: Mapping[str, Mapping[str, Any]], caption: str) -> render.Html:
    """What each way shows of the catalogue, beside how well it hits."""
    rows = [
        {"way": way, "nDCG@10": one["ndcg"].value, "catalogue shown": one["coverage"], "Gini": one["gini"]}
        | {"places of the best-known tenth": one["best_known"], "variety of kinds": one["variety"].value}
        for way, one in ways.items()
    ]
    shares = dict.fromkeys(("catalogue shown", "places of the best-known tenth"), words.percent)
    return render.table(
        rows, shares | dict.fromkeys(("nDCG@10", "Gini", "variety of kinds"), words.decimals(3)), caption
    )


def exposure_drawn(counts: Mapping[str, np.ndarray], caption: str, name: str) -> render.Html:
    """Lorenz curves: what share of all places the least shown share of the items gets. counts: way → (items,)."""
    figure, axis = plots.axes(1, 1, height=3.4)
    told = []
    for place, (way, shown) in enumerate(counts.items()):
        rising = np.sort(np.asarray(shown, float))
        share = np.concatenate([[0.0], np.cumsum(rising) / rising.sum()])
        at = np.linspace(0, 100, len(share))
        axis.plot(at, 100 * share, color=charts.CYCLE[place % len(charts.CYCLE)], label=way,
                  linestyle=charts.DASHES[place % len(charts.DASHES)])  # fmt: skip
        top = 100 * (1 - np.interp(90, at, share))
        told.append(f"{way}: the most shown tenth of the items has {words.number(top, 0)} % of the places")
    axis.plot([0, 100], [0, 100], color=plots.GREY, linewidth=0.9, label="all alike")
    axis.set(xlabel="items, from the least shown on (%)", ylabel="their share of all places (%)")
    axis.legend(labelcolor=plots.INK)
    plots.describe(axis, f"{'; '.join(told)}.")
    return plots.show(figure, caption, name)


def trade_drawn(curve: Sequence[Mapping[str, float]], caption: str, name: str) -> render.Html:
    """nDCG@10 against the Gini coefficient while the score of best-known items is lowered more and more."""
    figure, axis = plots.axes(1, 1, height=3.0)
    gini, reached = [row["gini"] for row in curve], [row["ndcg"] for row in curve]
    axis.plot(gini, reached, "o-", color=plots.BLUE, markersize=4)
    for row in curve:
        label = words.number(row["strength"], 1)
        axis.annotate(
            label,
            (row["gini"], row["ndcg"]),
            xytext=(-3, 5),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=plots.INK,
        )
    axis.set(xlabel="Gini coefficient of the places (0: all items alike)", ylabel="nDCG@10")
    each = "; ".join(f"strength {words.number(row['strength'], 1)}: nDCG {words.number(row['ndcg'], 3)}, Gini {words.number(row['gini'], 3)}"
                     for row in curve)  # fmt: skip
    plots.describe(axis, f"{each}.")
    return plots.show(figure, caption, name)


def trade_told(curve: Sequence[Mapping[str, float]]) -> str:
    """What the fairest list within one hundredth of the best nDCG costs and gives."""
    best = max(row["ndcg"] for row in curve)
    start = curve[0]
    near = min((row for row in curve if row["ndcg"] >= best - 0.01), key=lambda row: row["gini"])
    if near["strength"] == start["strength"]:
        return "Every step towards items that are less known costs more than 0.01 nDCG@10 here."
    return (
        f"At strength {words.number(near['strength'], 1)} nDCG@10 is {words.number(near['ndcg'], 3)} instead of {words.number(start['ndcg'], 3)}, and "
        f"{words.percent(near['coverage'])} of the catalogue is shown instead of {words.percent(start['coverage'])}."
    )


# ---------------------------------------------------------------- new items, money


def cold_table(ways: Mapping[str, Any], caption: str) -> render.Html:
    """nDCG@10 among items that nobody has chosen yet, way by way."""
    rows = [{"way": way, "nDCG@10": three(mean), "users": mean.n} for way, mean in ways.items()]
    return render.table(rows, {"nDCG@10": str}, caption)


def money_table(rows: Sequence[Mapping[str, Any]], currency: str, caption: str) -> render.Html:
    """Contribution of 1,000 lists. rows: way, hits (mean a list), money and more (means over users, 1,000 lists)."""
    money = words.Money(currency)
    shown = [
        {"way": row["way"], "hits a list": row["hits"].value}
        | {"contribution": f"{money(row['money'].value)} ({money.range((row['money'].low, row['money'].high))})"}
        | {"more than popularity": render.MISSING if row["more"] is None
           else f"{money(row['more'].value)} ({money.range((row['more'].low, row['more'].high))})"}
        for row in rows
    ]  # fmt: skip
    return render.table(
        shown, {"hits a list": words.decimals(2), "contribution": str, "more than popularity": str}, caption
    )


def money_told(more: Any, way: str, other: str, currency: str) -> str:
    """What one way brings beside another, in a sentence that follows the interval."""
    money = words.Money(currency)
    ends = f"95 %: {money.range((more.low, more.high))}"
    if more.low <= 0 <= more.high:
        return f"Between {way} and {other} no difference in money is shown on 1,000 lists ({ends})."
    how = "more" if more.low > 0 else "less"
    return f"Under these assumptions 1,000 lists bring {money(abs(more.value))} {how} with {way} than with {other} ({ends})."
