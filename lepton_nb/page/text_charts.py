"""Tables, charts and sentences on texts: who tells praise from blame, who stands typing errors, what filters answer to.

Rates have value, low, high and n; gains (``paired_gain``) mean, low and high; names of methods come from the chapter. A
sentence follows the figures: where an interval holds zero, no difference is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lepton_nb.page import charts, classifiers, plots, render, words


def points(gain: Any) -> str:
    """A paired gain in accuracy as points with its interval: ``+1.2 (0.4 to 2.0)``."""
    ends = words.range_of((100 * gain.low, 100 * gain.high), digits=1)
    return f"{words.number(100 * gain.mean, 1, sign=True)} ({ends})"


def rights(
    found: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
    caption: str,
    published: Mapping[str, Mapping[str, float]] | None = None,
) -> render.Html:
    """Share of right answers, a row a method, a column a set; a dash where a method was not tried on a set.

    published: set → whose figure → share of right answers, rows of their own.
    """
    rows = [
        {"method": told} | {title: classifiers.rate_words(rates.get(name)) for title, rates in found.items()}
        for name, told in names.items()
    ]
    for whose in dict.fromkeys(name for figures in (published or {}).values() for name in figures):
        shares = {title: published.get(title, {}).get(whose) for title in found}
        cells = {title: render.MISSING if share is None else words.percent(share) for title, share in shares.items()}
        rows.append({"method": f"published: {whose}"} | cells)
    return render.table(rows, dict.fromkeys(found, str), caption)


def rights_drawn(
    found: Mapping[str, Mapping[str, Any]], names: Mapping[str, str], caption: str, name: str
) -> render.Html:
    """The interval of every method, a panel a set."""
    axes = charts.panels(len(found), 2.4, list(found))
    for axis, rates in zip(axes, found.values(), strict=True):
        rows = [
            charts.Range(names[method], *(100 * part for part in (rate.value, rate.low, rate.high)))
            for method, rate in rates.items()
        ]
        charts.ranges(rows, what="right answers (%)", zero=False, axis=axis)
    return plots.show(axes[0].figure, caption, name)


def against(gain: Any, one: str, other: str, place: str) -> str:
    """Whether one method is right more often than another on the same texts, by the interval of the paired difference."""
    if gain.low > 0:
        return f"{place}: {one} is right more often than {other}, {points(gain)} points."
    if gain.high < 0:
        return f"{place}: {one} loses to {other}, {points(gain)} points."
    return f"{place}: between {one} and {other} no difference is shown, {points(gain)} points."


def published_told(
    found: Mapping[str, Mapping[str, Any]], published: Mapping[str, Mapping[str, float]], names: Mapping[str, str]
) -> list[str]:
    """How the best method here stands to the best published figure of the same set, by its own interval."""
    told = []
    for title, figures in published.items():
        method = max(found[title], key=lambda name: found[title][name].value)
        whose = max(figures, key=figures.__getitem__)
        best, stated = found[title][method], figures[whose]
        how = "above" if best.low > stated else "below" if best.high < stated else "not told apart from"
        told.append(
            f"{title}: right most often here is {names[method]}, {classifiers.rate_words(best)}, {how} the highest published "
            f"figure named here, {words.percent(stated)} ({whose})."
        )
    return told


def alone_right(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Of each pair: texts that only the one answers rightly, and only the other. rows: first, second, only_first, …"""
    shown = [
        {"first": row["first"], "second": row["second"], "only the first right": row["only_first"]}
        | {"only the second right": row["only_second"], "points more (95 %)": points(row["gain"])}
        for row in rows
    ]
    return render.table(shown, {"points more (95 %)": str}, caption)


# ---------------------------------------------------------------- typing errors


def typing_drawn(
    rates: Sequence[float], right: Mapping[str, Sequence[float]], names: Mapping[str, str], caption: str, name: str
) -> render.Html:
    """Right answers over the share of letters that changed places, a line a method."""
    series = {names[method]: [100 * share for share in shares] for method, shares in right.items()}
    axis = charts.lines([100 * rate for rate in rates], series, "letters that changed places (%)", "right answers (%)")
    return plots.show(axis, caption, name)


def typing_table(
    rates: Sequence[float], right: Mapping[str, Sequence[Any]], lost: Mapping[str, Any], names: Mapping[str, str],
    caption: str,
) -> render.Html:  # fmt: skip
    """Right answers at each rate, and what the highest takes away, paired. lost: method → gain of mistyped over clean."""
    rows = [
        {"method": names[method]}
        | {words.percent(rate): found.value for rate, found in zip(rates, shares, strict=True)}
        | {"points at the highest (95 %)": points(lost[method])}
        for method, shares in right.items()
    ]
    shares = dict.fromkeys((words.percent(rate) for rate in rates), words.percent)
    return render.table(rows, shares | {"points at the highest (95 %)": str}, caption)


def typing_words(worst: float, right: Mapping[str, Any], ahead: Any, names: Mapping[str, str]) -> str:
    """Who stands typing errors best. right: method → rate at the worst; ahead: gain of the first over the second."""
    first, second = sorted(right, key=lambda method: -right[method].value)[:2]
    told = (
        f"With {words.percent(worst)} of the letters moved, {names[first]} is right most often, "
        f"{classifiers.rate_words(right[first])}"
    )
    if ahead.low > 0:
        return f"{told}, ahead of {names[second]} by {points(ahead)} points."
    return f"{told}, but is not told apart from {names[second]}: {points(ahead)} points."


# ---------------------------------------------------------------- what filters answer to


def filters_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """rows: side, width, pull (of one unit of the answer on the log-odds of praise), runs [(words, answer), …]."""
    shown = [
        {"pulls towards": row["side"], "words wide": row["width"], "pull": words.number(row["pull"], 2, sign=True)}
        | {"answers most to": "; ".join(f"{run} ({words.number(answer, 1)})" for run, answer in row["runs"])}
        for row in rows
    ]
    return render.table(shown, {"pull": str}, caption)


#: Words that turn round what stands behind them.
TURNS = frozenset(
    ("not", "no", "never", "nothing", "nor", "neither", "without", "hardly", "nobody", "none", "anything")
)


def turns_told(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many of the runs shown hold a word that turns their meaning, and what is answered most. rows as in the table."""
    wide = [run for row in rows if row["width"] > 1 for run, _ in row["runs"]]
    turned = [run for run in wide if any(word in TURNS or word.endswith(("n't", "n’t")) for word in run.split())]
    most, answer = max((pair for row in rows for pair in row["runs"]), key=lambda pair: pair[1], default=("", 0.0))
    held = words.listed((f"“{run}”" for run in dict.fromkeys(turned)), most=6)
    told = f"Of {words.plural(len(wide), 'run')} of two words and more, {words.count(len(turned))} hold a word that turns the meaning"
    return f"{told}{f': {held}' if turned else ''}. The largest answer, {words.number(answer, 1)}, is to “{most}”."


# ---------------------------------------------------------------- what single words say


def words_table(spoken: Sequence[tuple[str, float]], what: str, most: int = 10) -> render.Html:
    """The words that speak most for and against. spoken: (word, log-odds), the highest first; what: the class that is 1."""
    count = min(most, len(spoken) // 2)
    rows = [
        {f"for {what}": first, "log-odds": high, f"against {what}": last, "log-odds of it": low}
        for (first, high), (last, low) in zip(spoken[:count], spoken[::-1][:count], strict=True)
    ]
    shown = dict.fromkeys(("log-odds", "log-odds of it"), words.decimals(2))
    caption = f"Log-odds of {what} by the model of a text that is one word, {words.plural(len(spoken), 'word')} tried."
    return render.table(rows, shown, caption, none="Fewer than two words were tried.")


def strongest_told(spoken: Sequence[tuple[str, float]], read: Sequence[set[str]], what: str, most: int = 10) -> str:
    """How many of the flagged texts hold one of the words that speak most for it. read: the words of each flagged text."""
    first = [word for word, _ in spoken[:most]]
    held = sum(bool(one & set(first)) for one in read)
    flagged = words.plural(len(read), "flagged test text")
    return f"For {what} speak most: {words.listed(first)}. Of {flagged}, {words.count(held)} hold one of these words."
