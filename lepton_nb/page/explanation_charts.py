"""Tables, drawings and conclusions of explanations and of the checks that expose bad ones.

Figures of a method are a mapping from a check to an interval, as ``explaining.map_checks.judged`` gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, classifiers, plots, render, words

#: From this rank correlation on, by the whole interval, a map hardly depends on what the network has learnt.
ALIKE = 0.5
#: A network whose AUC lies below this, by the whole interval, is called weak.
WEAK = 0.8
#: In drawings this share of a map's places is below the brightest colour: a few single pixels would leave the rest dark.
BRIGHTEST = 0.995


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _points(found: Any, digits: int = 1) -> str:
    """A difference of shares in points, with its interval."""
    ends = words.range_of((100 * found.low, 100 * found.high), digits=digits)
    return f"{words.number(100 * found.value, digits, sign=True)} ({ends})"


def _plain(found: Any) -> str:
    return f"{words.number(found.value, 2)} ({words.range_of((found.low, found.high), digits=2)})"


def _side(found: Any) -> int:
    """1 where the whole interval lies above nothing, -1 where below, else 0."""
    return 1 if found.low > 0 else -1 if found.high < 0 else 0


# ---------------------------------------------------------------- maps of pictures


def network_told(seed: int, area: Any, n: int) -> str:
    """How well a network ranks the pictures that it is explained on; by the interval, whether it is a weak one."""
    ends = words.range_of((area.low, area.high), digits=3)
    told = f"Seed {seed}: AUC {words.number(area.value, 3)} ({ends}, 95 % DeLong, {words.count(n)} test pictures)"
    if area.high < WEAK:
        return f"{told}: a weak network, below {WEAK:g}. A map of it can be right and still miss the fault."
    return f"{told}: {'above' if area.low > WEAK else 'not told apart from'} {WEAK:g}, below which a network is called weak here."


def inside_table(judged: Mapping[str, Mapping[str, Any]], caption: str) -> render.Html:
    """How much of each map lies in the drawn fault, and against what knows nothing."""
    rows = [
        {"map": name, "inside the fault": classifiers.rate_words(found["inside"])}
        | {"points over its area": _points(found["over_chance"]), "over edges": _points(found["over_edges"])}
        | {"over a network without learning": _points(found["over_unlearnt"])}
        for name, found in judged.items()
    ]
    return render.table(rows, dict.fromkeys(list(rows[0])[1:], str), caption)


def inside_told(name: str, found: Mapping[str, Any], chance: float) -> str:
    """Whether a map meets the fault more than chance, edges and a network without learning do, by the intervals."""
    share = classifiers.rate_words(found["inside"])
    how = {1: "more than a blind one", -1: "less than a blind one", 0: "not told apart from a blind one"}
    told = f"{_upper(name)}: {share} of the map lies in the fault, whose area is {words.percent(chance)}: {how[_side(found['over_chance'])]}"
    beside = {1: "more", -1: "less", 0: "not told apart"}
    return (
        f"{told}; against the edges of the picture {beside[_side(found['over_edges'])]}, {_points(found['over_edges'])} points; "
        f"against the same map of a network without learning {beside[_side(found['over_unlearnt'])]}, "
        f"{_points(found['over_unlearnt'])} points."
    )


def checks_table(judged: Mapping[str, Mapping[str, Any]], caption: str) -> render.Html:
    """Taking away, putting in, and likeness to maps of networks that have lost what they had learnt."""
    rows = [
        {"map": name, "taken away: points gained": _points(found["removed"])}
        | {"put in: points gained": _points(found["put_in"]), "like it without the last layer": _plain(found["last"])}
        | {"like it without any learning": _plain(found["all"])}
        for name, found in judged.items()
    ]
    return render.table(rows, dict.fromkeys(list(rows[0])[1:], str), caption)


def curves_told(name: str, found: Mapping[str, Any]) -> str:
    """Whether the order of a map takes the probability away, and brings it back, sooner than an order at random."""
    told = []
    for what, check in (("taken away", "removed"), ("put in", "put_in")):
        how = {1: "sooner than at random", -1: "later than at random", 0: "not told apart from an order at random"}
        told.append(f"{what}, {how[_side(found[check])]}, {_points(found[check])} points of mean probability")
    return f"{_upper(name)}, squares in its order: {told[0]}; {told[1]}."


def blur_told(whole: float, blurred: float) -> str:
    """What the blurred picture, which squares give way to, says by itself: mean probabilities."""
    told = f"Mean probability of a fault: {words.percent(whole)} of the pictures as they are, {words.percent(blurred)} of the blurred ones"
    if blurred < whole:
        return f"{told}: the blur takes away what speaks for a fault."
    return f"{told}: the blur itself speaks for a fault, so only the difference from an order at random counts, not where a curve ends."


def likeness_told(name: str, found: Mapping[str, Any]) -> str:
    """Whether a map follows what the network has learnt: it must change when that is lost."""
    likeness = found["all"]
    if likeness.low > ALIKE:
        how = "it hardly depends on what was learnt"
    elif likeness.high < ALIKE:
        how = "it depends on what was learnt"
    else:
        how = "open, since the interval holds the limit"
    return f"{_upper(name)}: rank correlation {_plain(likeness)} with the map of a network without learning, limit {ALIKE:g}: {how}."


def path_told(behind: float, pixels: float, steps: int) -> str:
    """How much of the difference integrated gradients miss, from either start of their path."""
    how = "the path from the pixels loses more" if pixels > behind else "the path from the pixels loses no more"
    return (
        f"Missing in the sum of integrated gradients, {words.plural(steps, 'step')}: {words.percent(behind)} with the path behind the first step, "
        f"{words.percent(pixels)} with the path from the pixels on; {how}."
    )


def passed(found: Mapping[str, Any]) -> list[str]:
    """The checks that a map fails, in words; empty where it passes all of them."""
    failed = {
        "the area of the fault": _side(found["over_chance"]) < 1, "edges": _side(found["over_edges"]) < 1,
        "no learning": _side(found["over_unlearnt"]) < 1 or found["all"].high >= ALIKE, "taking away": _side(found["removed"]) < 1,
        "putting in": _side(found["put_in"]) < 1,
    }  # fmt: skip
    return [name for name, missed in failed.items() if missed]


def verdict_told(judged: Mapping[str, Mapping[str, Any]]) -> str:
    """Which maps pass every check, and where the others fail."""
    told = {name: passed(found) for name, found in judged.items()}
    good = [name for name, missed in told.items() if not missed]
    bad = [f"{name} ({words.listed(missed)})" for name, missed in told.items() if missed]
    first = f"Passes every check: {words.listed(good)}."
    return f"{first} Not shown to be better than what knows nothing: {words.listed(bad)}." if bad else first


def maps_drawn(
    pictures: np.ndarray,
    areas: np.ndarray,
    maps: Mapping[str, np.ndarray],
    titles: Sequence[str],
    caption: str,
    name: str,
) -> render.Html:
    """Each picture with its drawn fault, and under each map. pictures: (n, rows, columns), areas alike, maps: name → alike."""
    figure, grid = plots.axes(1 + len(maps), len(pictures), width=1.15 * len(pictures), height=1.3 * (1 + len(maps)), squeeze=False)  # fmt: skip
    for column, (picture, area) in enumerate(zip(pictures, areas, strict=True)):
        for row, heat in enumerate([None, *(found[column] for found in maps.values())]):
            axis = plots.image(grid[row][column], picture, "" if row else titles[column], "gray")
            if heat is None:
                axis.contour(area, levels=[0.5], colors=[plots.ORANGE], linewidths=1.2)
            else:
                hot = np.maximum(heat, 0)
                bright = max(float(np.quantile(hot, BRIGHTEST)), 1e-12)
                axis.imshow(hot, cmap="inferno", alpha=0.6, interpolation="nearest", vmin=0, vmax=bright)
    for row, label in enumerate(["drawn fault", *maps]):
        grid[row][0].set_ylabel(charts.wrapped(label, 14), fontsize=8)
    plots.describe(grid[0][0], f"{len(pictures)} pictures with the drawn fault, and their maps: {words.listed(maps)}.")
    return plots.show(figure, caption, name)


def curves_drawn(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], caption: str, name: str) -> render.Html:
    """Mean probability of a fault while squares are taken away, and while they are put in. curves: map → both, (steps + 1,)."""
    shown = charts.panels(2, titles=("squares taken away: lower is better", "squares put in: higher is better"))
    share = 100 * np.linspace(0, 1, len(next(iter(curves.values()))[0]))
    for axis, way in zip(shown, (0, 1), strict=True):
        series = {label: found[way] for label, found in curves.items()}
        charts.lines(share, series, "share of the squares (%)", "mean probability of a fault", axis=axis)
        ends = (f"{label} from {words.figure(own[0])} to {words.figure(own[-1])}" for label, own in series.items())
        plots.describe(axis, f"Squares {('taken away', 'put in')[way]}: {'; '.join(ends)}.")
    return plots.show(shown[0].figure, caption, name)


# ---------------------------------------------------------------- shares of columns


def sums_told(gaps: Mapping[str, float], line_gap: float, cases: int) -> list[str]:
    """Whether shares add up to what they explain, and agree with the closed form of a line; by the largest gap."""

    def how(gap: float) -> str:
        return f"{words.rounded(gap, digits=2)}, {'no more than rounding' if gap < 1e-9 else 'more than rounding'}"

    return [
        f"{_upper(words.listed(gaps))} shares add up to the answer less the mean answer: largest gap {how(max(gaps.values()))} ({words.plural(cases, 'row')}).",
        f"Exact shares of the line against its closed form: largest gap {how(line_gap)}.",
    ]


def sampling_told(numbers: Sequence[int], errors: Sequence[float], covered: Any, wanted: float) -> list[str]:
    """How the error of sampling falls, from how many orders on it is small enough, and whether its own error is honest."""
    slope = float(np.polyfit(np.log(numbers), np.log(np.maximum(errors, 1e-12)), 1)[0])
    first, last = (f"{words.percent(error)} with {words.plural(number, 'order')}" for number, error in ((numbers[0], errors[0]), (numbers[-1], errors[-1])))  # fmt: skip
    enough = next((number for number, error in zip(numbers, errors, strict=True) if error <= wanted), None)
    goal = f"At most {words.percent(wanted, 0)} is reached " + (f"with {words.count(enough)}." if enough else "with none of these numbers.")  # fmt: skip
    honest = "as often as it says" if covered.low <= 0.95 <= covered.high else "less often than it says" if covered.high < 0.95 else "more often than it says"  # fmt: skip
    return [
        f"Mean error of a sampled share against the mean size of the exact ones: {first}, {last}; it falls as the number to the "
        f"power {words.number(slope, 2)}. {goal}",
        f"Within 1.96 of its own standard errors with {words.count(numbers[-1])} orders: {classifiers.rate_words(covered)} of the shares, {honest}.",
    ]  # fmt: skip


def errors_drawn(numbers: Sequence[int], errors: Sequence[float], caption: str, name: str) -> render.Html:
    """Error of sampled shares over the number of orders, beside the fall with its square root."""
    fall = [errors[0] * (numbers[0] / number) ** 0.5 for number in numbers]
    series = {"measured": [100 * error for error in errors], "with the square root": [100 * error for error in fall]}
    axis = charts.lines(numbers, series, "orders of joining", "mean error (% of a mean share)", log="xy", markers=True)
    return plots.show(axis, caption, name)


def reasons_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """What speaks against one applicant and for him. rows: column, value (words), share (log-odds)."""
    return render.table(rows, {"share of the log-odds": words.decimals(2)}, caption)


def reasons_told(mean: float, own: float, limit: float) -> str:
    """Where a refused applicant stands beside the mean that his shares count from. All log-odds; from ``limit`` on refused."""
    told = f"Log-odds of a bad loan: mean of the background {words.number(mean, 2)}, this applicant {words.number(own, 2)}, refused from {words.number(limit, 2)} on."
    if own > mean:
        return f"{told} The shares say why he is riskier than the mean."
    return f"{told} He is less risky than the mean and refused all the same: the shares do not say why he was refused, but why he differs from the mean."


def orders_told(areas: Mapping[str, Any], random: Any) -> list[str]:
    """Whether an order of columns brings the answer back to the mean sooner than one at random. areas: name → gain."""
    how = {1: "sooner than at random", -1: "later than at random", 0: "not told apart from an order at random"}
    return [
        f"Columns taken away in the order of {name}: the answer falls {how[_side(found)]}, {_plain(found)} of log-odds lower in the mean "
        f"(at random: {words.number(random, 2)})."
        for name, found in areas.items()
    ]  # fmt: skip


# ---------------------------------------------------------------- changes that turn a decision


def said_of(columns: Sequence[str], ordered: Mapping[str, Mapping[str, str]]) -> Callable[[int, float], str]:
    """How a value of a column is read: the meaning of its code where it has one. ordered: column → code → meaning."""
    meanings = [list(ordered.get(name, {}).values()) for name in columns]

    def said(column: int, value: float) -> str:
        return meanings[column][int(value)] if meanings[column] else words.count(value)

    return said


def change_told(change: Any, spoken: Sequence[str], said: Any) -> str:
    """One change as a sentence for a letter. spoken: names of the columns; said: (column, value) → words."""
    if change is None:
        return "No change of this list would have turned the decision."
    parts = [
        f"{spoken[column]}: {said(column, new)} instead of {said(column, old)}"
        for column, (old, new) in change.to.items()
    ]
    return f"The loan would have been granted with: {'; '.join(parts)}."


def models_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """rows: model, auc, refused, turned, one, holds, worse (shares with intervals)."""
    shown = [
        {"model": row["model"], "AUC": _plain(row["auc"]), "refused": row["refused"]}
        | {"a change turns it": classifiers.rate_words(row["turned"]), "one column is enough": classifiers.rate_words(row["one"])}
        | {"holds after retraining": classifiers.rate_words(row["holds"]), "a change for the worse turns it": classifiers.rate_words(row["worse"])}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(("AUC", *list(shown[0])[3:]), str), caption)


def changes_told(row: Mapping[str, Any]) -> str:
    """What may be promised to a refused applicant, by the figures of one model."""
    told = f"{_upper(row['model'])}: a change within the list turns {classifiers.rate_words(row['turned'])} of the refusals."
    if row["holds"] is not None:
        told += (
            f" Given to a model of the same kind, trained on rows drawn anew, {classifiers.rate_words(row['holds'])} of these changes still "
            "turn it."
        )
    if row["worse"].value > 0:
        return f"{told} A change for the worse turns {classifiers.rate_words(row['worse'])}: nobody could explain that to an applicant."
    return f"{told} No refusal is turned by a change for the worse."


# ---------------------------------------------------------------- money


def cost_table(rows: Sequence[Mapping[str, Any]], currency: str, caption: str) -> render.Html:
    """rows: what, seconds (core-seconds a case), times (of an answer), thousand (money)."""
    money = words.Money(currency)
    shown = [
        {"what": row["what"], "core-time a case": words.duration(row["seconds"]) if row["seconds"] >= 1e-4 else words.rounded(1000 * row["seconds"], "ms", 2)}
        | {"times an answer": words.rounded(row["times"], digits=2), "1,000 cases": money(row["thousand"])}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(list(shown[0])[1:], str), caption)


def least_saved(found: Mapping[str, Any]) -> Any:
    """What a map saves beside the better of the two orders that need no network."""
    return min((found["saved"], found["saved_over_edges"]), key=lambda one: one.value)


def saved_told(name: str, found: Mapping[str, Any], blind: float, seconds: float, hourly: float, currency: str) -> str:
    """What an order of looking saves a person, by the interval, and what that is worth a picture."""
    looked, saved = found["looked"], found["saved"]
    told = (
        f"{_upper(name)}, chosen on validation pictures: a person who follows it looks at {classifiers.rate_words(looked)} of a faulty picture until the "
        f"fault, at {words.percent(blind)} in an order at random. Points less than at random: {_points(saved)}; than in the order of the "
        f"edges, which need no network: {_points(found['saved_over_edges'])}."
    )  # fmt: skip
    saved = least_saved(found)
    if _side(saved) < 1:
        return f"{told} That the network saves time is not shown: no row of benefits."
    low, high = (share * seconds / 3600 * hourly for share in (saved.low, saved.high))
    return f"{told} Of {seconds:g} s that is {words.number(saved.value * seconds, 1)} s, worth {words.money_range((low, high), currency)} a picture."
