"""Tables, drawings and conclusions of privacy: promises and what they cost, attacks, sites that learn together, sealed records.

A share is anything with value, low, high and n; a gap is transfer.Gap (accuracy of one way less that of another, fractions);
an attack is privacy.membership.Attack. A promise is named by its ε; an endless one is none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.transfer_charts import ahead, points

NO_PROMISE = "no promise"


def promise(epsilon: float) -> str:
    """A promise in words: ``ε = 3``."""
    return NO_PROMISE if math.isinf(epsilon) else f"ε = {epsilon:g}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- what a promise costs in accuracy


def account_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """The account. rows: epsilon, noise, and for each kind of line its (rate, longest) chosen."""
    kinds = [name for name in rows[0] if name not in ("epsilon", "noise", "spent")]
    shown = [
        {"promise": promise(row["epsilon"]), "noise": words.number(row["noise"], 3) if row["noise"] else render.MISSING}
        | {"ε spent, as accounted": words.number(row["spent"], 3) if row["noise"] else render.MISSING}
        | {f"{kind}: rate": f"{row[kind][0]:g}" for kind in kinds}
        | {f"{kind}: longest pull": f"{row[kind][1]:g}" if math.isfinite(row[kind][1]) else "not cut" for kind in kinds}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(list(shown[0])[1:], str), caption)


def accuracy_table(found: Mapping[str, Mapping[float, Sequence[Any]]], caption: str) -> render.Html:
    """A way a line, a promise a column. found: way → ε → shares of right answers, one a seed."""
    names = sorted({epsilon for of_way in found.values() for epsilon in of_way})
    rows = [
        {"way": way} | {
            promise(epsilon): points([share.value for share in of_way[epsilon]]) if epsilon in of_way else render.MISSING
            for epsilon in names
        } | {"test digits": next(iter(of_way.values()))[0].n}
        for way, of_way in found.items()
    ]  # fmt: skip
    return render.table(rows, dict.fromkeys((promise(epsilon) for epsilon in names), str), caption)


def accuracy_drawn(found: Mapping[str, Mapping[float, Sequence[Any]]], caption: str, name: str) -> render.Html:
    """Accuracy over ε of each way, mean of the seeds with their lowest and highest; without a promise as a level."""
    (axis,) = charts.panels(1, 3.2)
    told, places = [], sorted({epsilon for of_way in found.values() for epsilon in of_way if math.isfinite(epsilon)})
    for number, (way, of_way) in enumerate(found.items()):
        here = [epsilon for epsilon in places if epsilon in of_way]
        values = {epsilon: 100 * np.array([share.value for share in shares]) for epsilon, shares in of_way.items()}
        if here:
            ends = [(values[epsilon].min(), values[epsilon].mean(), values[epsilon].max()) for epsilon in here]
            charts.banded(axis, here, ends, number, way)
            told.append(f"{way} from {words.number(ends[0][1], 1)} at {promise(here[0])} to {words.number(ends[-1][1], 1)} at {promise(here[-1])}")  # fmt: skip
        if math.inf in of_way:
            level, colour = values[math.inf].mean(), charts.CYCLE[number % len(charts.CYCLE)]
            label = None if here else f"{way}, {NO_PROMISE}"
            axis.axhline(level, color=colour, linewidth=1, linestyle=":", label=label)
            told.append(f"{way} without a promise {words.number(level, 1)}")
    axis.set(xscale="log", xlabel="ε of the promise: smaller is stronger", ylabel="right answers (%)")
    axis.set_xticks(places, [f"{epsilon:g}" for epsilon in places])
    axis.minorticks_off()
    axis.legend(labelcolor=plots.INK, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)
    plots.describe(axis, f"Right answers: {'; '.join(told)}. Dotted: without a promise.")
    return plots.show(axis, caption, name)


def _size(gap: Any) -> str:
    """A gap without its sign, in points with its interval: ``0.5 (0.3 to 0.7)``."""
    ends = sorted((100 * abs(gap.low), 100 * abs(gap.high)))
    return f"{words.number(100 * abs(gap.value), 1)} ({words.range_of(ends, digits=1)})"


def costs_told(way: str, epsilon: float, gap: Any) -> str:
    """What a promise costs in accuracy. gap: without a promise less with it."""
    begin = f"{_upper(way)}: the promise {promise(epsilon)}"
    if gap.low > 0:
        return f"{begin} costs {_size(gap)} points of accuracy."
    if gap.high < 0:
        return f"{begin} costs nothing; with it the line is {_size(gap)} points ahead."
    return f"{begin} is not shown to cost accuracy ({ahead(gap)} points without it, the interval holds zero)."


def beside_told(way: str, other: str, epsilon: float, gap: Any) -> str:
    """Whether one way is ahead of another under the same promise, or without one."""
    begin = f"At {promise(epsilon)}" if math.isfinite(epsilon) else "Without a promise"
    if gap.low > 0:
        return f"{begin} {way} are ahead of {other} by {_size(gap)} points."
    if gap.high < 0:
        return f"{begin} {way} are behind {other} by {_size(gap)} points."
    return f"{begin} {way} and {other} are not told apart ({ahead(gap)} points)."


def trade_told(found: Mapping[float, Sequence[Any]]) -> str:
    """Where along ε most is lost. found: ε → shares, of one way."""
    places = sorted(epsilon for epsilon in found if math.isfinite(epsilon))
    means = [100 * float(np.mean([share.value for share in found[epsilon]])) for epsilon in places]
    steps = [(after - before, left, right) for before, after, left, right in
             zip(means, means[1:], places, places[1:], strict=False)]  # fmt: skip
    if not steps:
        return "One promise was tried: where accuracy is lost is not seen."
    gained, left, right = max(steps)
    return f"From {promise(places[0])} to {promise(places[-1])} accuracy goes from {words.number(means[0], 1)} to {words.number(means[-1], 1)} %; the largest step, {words.number(gained, 1, sign=True)} points, lies between ε of {left:g} and {right:g}."


# ---------------------------------------------------------------- who was in the training data


def attack_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Attacks. rows: kind, epsilon, train, test (means of accuracy), simple, strong (attacks), most (share found at most)."""
    shown = [
        {"line of": row["kind"], "promise": promise(row["epsilon"]), "right, own digits": words.percent(row["train"])}
        | {"right, others": words.percent(row["test"])}
        | {f"found by {told}": _found(row[name].found) for told, name in (("loss", "simple"), ("likelihood", "strong"))}
        | {"at most, as promised": words.percent(row["most"]), "area, likelihood": words.number(row["strong"].area, 3)}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(list(shown[0])[2:], str), caption)


def _found(share: Any) -> str:
    return f"{words.percent(share.value, 2)} ({words.range_of((100 * share.low, 100 * share.high), digits=2)})"


def curves_drawn(rows: Sequence[Mapping[str, Any]], member: np.ndarray, caption: str, name: str) -> render.Html:
    """Share of members found over the share of false alarms, both on logarithmic axes; the diagonal is guessing."""
    (axis,) = charts.panels(1, 3.3)
    outside, told = int((~member).sum()), []
    places = np.unique(np.geomspace(max(1, outside / 2000), outside, 40).astype(int))
    for number, row in enumerate(rows):
        scores = row["strong"].scores
        cuts = np.sort(scores[~member])[::-1][places - 1]
        found = np.array([np.mean(scores[member] >= cut) for cut in cuts])
        look = {"color": charts.CYCLE[number % len(charts.CYCLE)], "linestyle": charts.DASHES[number % len(charts.DASHES)]}  # fmt: skip
        label = f"{row['kind']}, {promise(row['epsilon'])}"
        axis.plot(places / outside, np.maximum(found, 1e-4), label=label, **look)
        told.append(f"{label} {words.percent(row['strong'].found.value, 2)}")
    axis.plot([places[0] / outside, 1], [places[0] / outside, 1], color=plots.GREY, linewidth=1, label="guessing")
    axis.set(xscale="log", yscale="log", xlabel="others taken for members (share)", ylabel="members found (share)")
    axis.legend(labelcolor=plots.INK, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    plots.describe(axis, f"Members found at few false alarms: {'; '.join(told)}.")
    return plots.show(axis, caption, name)


def attack_told(row: Mapping[str, Any]) -> str:
    """Whether the attack by likelihood names members, beside guessing."""
    found, guess = row["strong"].found, row["strong"].false_alarms
    begin = f"{_upper(row['kind'])}, {promise(row['epsilon'])}: the attack by likelihood names {_found(found)} of the members at {words.percent(guess, 1)} false alarms"  # fmt: skip
    if found.low > guess:
        return f"{begin}, {words.figure(found.value / guess)} times what guessing names."
    return f"{begin}; that this is more than guessing is not shown."


def simple_attack_told(row: Mapping[str, Any]) -> str:
    """What the loss alone would have told about the same model."""
    simple, strong = row["simple"].found, row["strong"].found
    begin = f"{_upper(row['kind'])}, {promise(row['epsilon'])}: by its loss alone {_found(simple)}"
    if simple.high < strong.low:
        return f"{begin}. Whoever tests with that attack sees {words.figure(strong.value / simple.value) + ' times too little' if simple.value else 'nothing of it'}."
    return f"{begin}, which is not told apart from the attack by likelihood."


def bound_told(rows: Sequence[Mapping[str, Any]]) -> str:
    """Whether any attack found more than the promise allows: then the promise was not kept."""
    kept = [row for row in rows if math.isfinite(row["epsilon"])]
    broken = [row for row in kept if row["strong"].found.low > row["most"]]
    if broken:
        return f"More than promised was found: {words.listed(promise(row['epsilon']) for row in broken)}. The account or the training is wrong."
    binding = [row for row in kept if row["most"] < 0.5] or kept  # a bound near all members binds nobody
    nearest = max(binding, key=lambda row: row["strong"].found.value / row["most"])
    return f"No attack found more than the promise allows; nearest came {promise(nearest['epsilon'])}, {nearest['kind']}, with {words.percent(nearest['strong'].found.value, 2)} of {words.percent(nearest['most'], 2)}. That no attack of ours comes near does not show that none can."


def small_told(row: Mapping[str, Any], plain: Mapping[str, Any], members: int) -> str:
    """What the promise costs where few people are in the data."""
    lost = 100 * (plain["test"] - row["test"])
    begin = f"{_upper(row['kind'])}: with {words.count(members)} digits to learn from, the promise {promise(row['epsilon'])}"
    if lost > 0:
        return f"{begin} costs {words.number(lost, 1)} points of accuracy."
    return f"{begin} costs no accuracy ({words.number(-lost, 1)} points more)."


# ---------------------------------------------------------------- sites that learn together


def sites_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Sites. rows: site, rows, classes, alone, alone_own, common_own (accuracies)."""
    shown = [
        {"site": str(row["site"]), "digits": row["rows"], "kinds of digits": row["classes"]}
        | {"alone, all digits": words.percent(row["alone"]), "alone, own mix": words.percent(row["alone_own"])}
        | {"together, own mix": words.percent(row["common_own"])}
        for row in rows
    ]
    return render.table(shown, dict.fromkeys(list(shown[0])[3:], str), caption)


def rounds_drawn(
    rounds: Sequence[int], curves: Sequence[Sequence[float]], central: Sequence[float], caption: str, name: str
) -> render.Html:
    """Accuracy after each round, mean of the seeds with their lowest and highest; all digits in one place as a level."""
    (axis,) = charts.panels(1, 2.9)
    found = 100 * np.asarray(curves, float)
    charts.banded(axis, rounds, np.stack([found.min(axis=0), found.mean(axis=0), found.max(axis=0)], axis=1), 0, "together")  # fmt: skip
    level = 100 * float(np.mean(central))
    axis.axhline(level, color=plots.INK, linewidth=1, linestyle="--", label="all digits in one place")
    axis.set(xlabel="rounds", ylabel="right answers (%)")
    axis.locator_params(axis="x", integer=True)
    axis.legend(labelcolor=plots.INK, fontsize=8, loc="lower right")
    first, last = found.mean(axis=0)[[0, -1]]
    plots.describe(
        axis,
        f"Together from {words.number(first, 1)} % after round 1 to {words.number(last, 1)} %; all digits in one place {words.number(level, 1)} %.",
    )
    return plots.show(axis, caption, name)


def together_told(gap: Any, sites: int) -> str:
    """How far sites that learn together stay behind all digits in one place. gap: central less together."""
    begin = f"{words.count(sites)} sites that keep their digits and average their weights"
    if gap.low > 0:
        return f"{begin} stay {_size(gap)} points behind all digits in one place."
    if gap.high < 0:
        return f"{begin} come {_size(gap)} points ahead of all digits in one place."
    return f"{begin} are not told apart from all digits in one place ({ahead(gap)} points)."


def joining_told(rows: Sequence[Mapping[str, Any]]) -> str:
    """Who gains by joining, judged on each site's own mix of digits."""
    gains = [row["common_own"] - row["alone_own"] for row in rows]
    lose = sum(gain < 0 for gain in gains)
    mean = words.number(100 * float(np.mean(gains)), 1, sign=True)
    begin = f"On their own mix of digits the sites change by {mean} points in the mean when they join"
    if not lose:
        return f"{begin}, and none loses."
    return f"{begin}, and {lose} of {len(gains)} lose: the common line knows kinds of digits that they never meet."


def weights_told(megabytes: float, digits: float) -> str:
    """What goes over the wire, beside the digits themselves sent once. Both in megabytes."""
    begin = f"Together {words.figure(megabytes, 'MB')} of weights were sent; all digits as pictures are {words.figure(digits, 'MB')}."
    if megabytes > digits:
        return f"{begin} More goes over the wire than the digits themselves would: averaging is paid for with traffic."
    return f"{begin} Averaging sends less than the digits themselves."


# ---------------------------------------------------------------- sealed records


def readers_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Who may read what, found out by trying. rows: record, then role → bool."""
    shown = [{name: ("reads" if value else "refused") if isinstance(value, bool) else value for name, value in row.items()}
             for row in rows]  # fmt: skip
    return render.table(shown, caption=caption)


def trials_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """What was tried on sealed records and what came of it. rows: tried, must (what must happen), came (what did)."""
    shown = [
        {"tried": row["tried"], "must be": row["must"], "was": row["came"], "holds": "yes" if row["must"] == row["came"] else "no"}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, caption=caption)


def sealed_told(rows: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]) -> str:
    """Whether each trial came out as it must, and how many pairs of role and record are open."""
    wrong = [row["tried"] for row in rows if row["must"] != row["came"]]
    held = [value for row in pairs for value in row.values() if isinstance(value, bool)]
    opened = f"{sum(held)} of {len(held)} pairs of role and record are open"
    if wrong:
        return f"{opened}; not as it must be: {words.listed(wrong)}."
    return f"{opened}; all {len(rows)} trials came out as they must."


# ---------------------------------------------------------------- money


def price_table(rows: Sequence[Mapping[str, Any]], currency: str, caption: str) -> render.Html:
    """What each promise costs a year. rows: epsilon, gap (without less with), money (low, value, high)."""
    money = words.Money(currency)
    shown = [
        {"promise": promise(row["epsilon"]), "points of accuracy": ahead(row["gap"])}
        | {"more errors a year": words.count(row["errors"]), "money a year": f"{money(row['money'][1])} ({money.range((row['money'][0], row['money'][2]))})"}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(list(shown[0])[1:], str) if shown else {}, caption)


def stronger_told(epsilon: float, other: float, gap: Any, money: Sequence[float], currency: str) -> str:
    """What a stronger promise ε costs a year beside a weaker one. gap: accuracy of the weaker less the stronger; money: low, value, high."""
    show = words.Money(currency)
    begin, ends = f"From {promise(other)} to {promise(epsilon)}: ", show.range((money[0], money[2]))
    if gap.low > 0:
        return f"{begin}the stronger promise costs {show(money[1])} a year more ({ends})."
    if gap.high < 0:
        return f"{begin}the stronger promise costs nothing more; it came out better by {show(-money[1])} a year."
    return f"{begin}no price of the stronger promise is shown ({show(money[1])} a year, {ends})."
