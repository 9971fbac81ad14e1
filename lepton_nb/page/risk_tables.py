"""Tables, charts and sentences of classifiers of rows that were cross-validated: who is ahead, and what a cut is worth.

Rankings are those of ``folds``; names of models and captions come from the chapter. A sentence follows the figures:
nobody is said to be ahead whose lead the spread of the folds does not carry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lepton_nb.folds import FoldMean, Ranking
from lepton_nb.page import charts, plots, render, words


def with_ends(mean: FoldMean | Any, digits: int = 3) -> str:
    """A figure with its interval: ``0.783 (0.775 to 0.791)``."""
    value, low, high = (words.number(part, digits) for part in (mean.value, mean.low, mean.high))
    return f"{value} ({low} to {high})"


def before_after(before: float, after: float, digits: int = 4) -> str:
    """Two figures of one thing: ``0.1563 → 0.1548``."""
    return f"{words.number(before, digits)} → {words.number(after, digits)}"


# ---------------------------------------------------------------- who is ahead


def by_set(found: Mapping[str, Mapping[str, str]], names: Mapping[str, str], caption: str) -> render.Html:
    """A row a model, a column a set. found: title of the set → model → what its cell says."""
    rows = [{"model": word} | {title: cells[name] for title, cells in found.items()} for name, word in names.items()]
    return render.table(rows, dict.fromkeys(found, str), caption)


def aucs(rankings: Mapping[str, Ranking], names: Mapping[str, str], caption: str) -> render.Html:
    """AUC with its interval, a row a model. rankings: title of the set → Ranking."""
    cells = {
        title: {model: with_ends(mean) for model, mean in ranking.means.items()} for title, ranking in rankings.items()
    }
    return by_set(cells, names, caption)


def conclusions(found: Mapping[str, str]) -> render.Html:
    """What is concluded, a banner each: title → sentence."""
    return render.join(*(render.banner(f"{_first(title)}:", told, "note") for title, told in found.items()))


def auc_chart(rankings: Mapping[str, Ranking], names: Mapping[str, str], caption: str, name: str) -> render.Html:
    """The interval of every model, a panel a set."""
    axes = charts.panels(len(rankings), 1.75, list(rankings))
    for axis, ranking in zip(axes, rankings.values(), strict=True):
        rows = [
            charts.Range(names[model], mean.value, mean.low, mean.high, strong=model in ranking.leaders)
            for model, mean in ranking.means.items()
        ]
        charts.ranges(rows, what="AUC", zero=False, axis=axis)
        low, high = min(row.low for row in rows), max(row.high for row in rows)
        axis.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    return plots.show(axes[0].figure, caption, name)


def ahead(ranking: Ranking, names: Mapping[str, str]) -> str:
    """Who is ahead of whom, in a sentence or two that follow the figures."""
    leaders, first = ranking.leaders, ranking.order[0]
    behind = [name for name in ranking.order if name not in leaders]
    if leaders == (first,):
        return f"{_first(names[first])} is ahead of every other model here."
    rest = words.listed(names[name] for name in leaders if name != first)
    text = f"{_first(names[first])} has the highest mean, but is not told apart from {rest}: no ranking among them."
    if not behind:
        return text + " The spread of the folds carries no ranking at all."
    told = words.listed(names[name] for name in behind)
    return text + f" Behind one of them at least: {told}."


def on_the_network(ranking: Ranking, network: str, names: Mapping[str, str]) -> str:
    """Whether the network wins, said plainly, with the difference that decides."""
    first, it = ranking.order[0], _first(names[network])
    others = [name for name in ranking.order if name != network]
    if ranking.leaders == (network,):
        return f"{it} wins: it is ahead of every other model."
    if first == network:
        pair = ranking.pair(network, others[0])
        return (
            f"{it} has the highest mean but does not win: {names[others[0]]} is behind by {with_ends(pair.difference)}, "
            "an interval that holds zero."
        )
    best = next((name for name in others if ranking.pair(name, network).first == name
                 and ranking.told_apart(name, network)), None)  # fmt: skip
    if best is not None:
        pair = ranking.pair(best, network)
        return f"{it} does not win: {names[best]} is ahead of it by {with_ends(pair.difference)}."
    pair = ranking.pair(first, network)
    return (
        f"{it} does not win: its mean is below that of {names[first]} by {with_ends(pair.difference)}, and since this "
        "interval holds zero, it does not lose for certain either."
    )


def _first(text: str) -> str:
    """With a capital letter at the beginning; the others stay."""
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- the article's recipe


def recipe_words(stated: FoldMean, constant: float, difference: FoldMean) -> str:
    """What the recipe as it stands comes to beside the constant answer, and what the repair brings."""
    beside = f"who gives every row the more frequent answer is right in {words.percent(constant)}"
    if stated.low > constant:
        text = f"Right in {words.percent(stated.value)} of the rows; {beside}, so it has learnt something."
    elif stated.high < constant:
        text = f"Right in {words.percent(stated.value)} of the rows; {beside}: it is worse than no model."
    else:
        text = f"Right in {words.percent(stated.value)} of the rows; {beside}: no better than no model."
    gained = "raises" if difference.low > 0 else "lowers" if difference.high < 0 else "does not for certain change"
    return f"{text} The repair {gained} the AUC: by {with_ends(difference)}."


# ---------------------------------------------------------------- probabilities


def reliability(found: Mapping[str, Sequence[tuple]], caption: str, name: str) -> render.Html:
    """Share of positives against the mean probability, a panel each.

    found: title → bins of ``value_model.threshold.calibration_bins`` (mean probability, share, low, high, n).
    """
    columns = 2
    figure, grid = plots.axes(-(-len(found) // columns), columns, height=2.9 * -(-len(found) // columns), squeeze=False)
    for axis, (title, bins) in zip(grid.flat, found.items(), strict=False):
        means, shares, low, high, _ = zip(*bins, strict=True)
        charts.calibration(means, shares, list(zip(low, high, strict=True)), axis=axis)
        axis.set_title(charts.wrapped(title, 34))
    for axis in grid.flat[len(found) :]:
        axis.set_visible(False)
    return plots.show(figure, caption, name)


# ---------------------------------------------------------------- money


def cuts(rows: Sequence[Mapping[str, Any]], unit: str, caption: str) -> render.Html:
    """Ways to decide: rows with model, rule, flagged (share), the counts fn and fp, and money (ExpectedValue)."""
    shown = [
        {"decided by": f"{row['model']}, {row['rule']}".removesuffix(", "), "flagged": row["flagged"]}
        | {"missed": row["fn"], "false alarms": row["fp"], f"{unit} a row": with_ends(row["money"])}
        for row in rows
    ]
    return render.table(shown, {"flagged": words.percent, f"{unit} a row": str}, caption)


def threshold_words(cut: float, gain: Any, unit: str) -> str:
    """What it brings to cut at the threshold of the money instead of at one half."""
    ends = f"{with_ends(gain)} {unit} a row"
    if gain.low > 0:
        return f"Flagging from {words.number(cut, 3)} on instead of from 0.5 brings {ends}: the cut matters."
    if gain.high < 0:
        return f"Flagging from {words.number(cut, 3)} on instead of from 0.5 costs {ends}: these scores are no probabilities."
    return f"Flagging from {words.number(cut, 3)} on instead of from 0.5 brings {ends}: not told apart from nothing."
