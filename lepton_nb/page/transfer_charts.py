"""Tables, drawings and conclusions of transfer: sources, curves over the labels, labels saved, a student and its teacher.

A way is how a network, or a simple method, comes to its answers. Its figures are points: hundredths of accuracy or of
the area under the ROC curve (AUC). Gaps are transfer.Gap, savings transfer.Saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words

Values = Mapping[str, Sequence[float]]  # way → one figure a seed


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]


def points(values: Sequence[float]) -> str:
    """Figures of several seeds in one cell, in points: ``84.2 (83.0–85.1)``; of one seed alone its value."""
    mean, low, high = (words.number(100 * one, 1) for one in (np.mean(values), min(values), max(values)))
    return mean if len(values) == 1 else f"{mean} ({low}–{high})"


def ahead(gap: Any) -> str:
    """A gap in points with its interval: ``+3.1 (1.0 to 5.2)``."""
    ends = words.range_of((100 * gap.low, 100 * gap.high), digits=1)
    return f"{words.number(100 * gap.value, 1, sign=True)} ({ends})"


# ---------------------------------------------------------------- which set to begin with


def sources_table(found: Mapping[str, Values], labels: int, measures: Mapping[str, str]) -> render.Html:
    """Validation figures of a head on each trunk. found: set → way to begin → one figure a seed."""
    names = list(dict.fromkeys(source for of_set in found.values() for source in of_set))
    rows = [
        {"set": target, "measure": measures[target]}
        | {source: points(of_set[source]) if source in of_set else render.MISSING for source in names}
        for target, of_set in found.items()
    ]
    caption = f"Points on validation pictures of a head alone, {words.plural(labels, 'label')}; mean, lowest and highest of the seeds. The best source is taken."
    return render.table(rows, dict.fromkeys(names, str), caption)


def source_told(target: str, found: Values, untrained: str) -> str:
    """Which source was taken, and whether it says more of the new pictures than weights drawn at random."""
    sources = {name: float(np.mean(values)) for name, values in found.items() if name != untrained}
    best, plain = max(sources, key=sources.__getitem__), float(np.mean(found[untrained]))
    gap = words.number(100 * abs(sources[best] - plain), 1)
    taken = f"{_upper(target)}: {best} {'are' if best.endswith('s') else 'is'} taken, by validation"
    if sources[best] > plain:
        return f"{taken}; a trunk trained on them reads {gap} points better than one of random weights."
    return f"{taken}, and yet no trained trunk reads these pictures better than random weights do ({gap} points less)."


# ---------------------------------------------------------------- figures over labels


def ladder_table(
    target: str, counts: Sequence[int], curves: Mapping[str, Sequence[Sequence[float]]], caption: str
) -> render.Html:
    """A way a line, a number of labels a column. curves: way → a curve over counts for each seed."""
    rows = [
        {"set": target, "way": way} | {words.count(count): points([curve[place] for curve in seeds]) for place, count in enumerate(counts)}
        for way, seeds in curves.items()
    ]  # fmt: skip
    return render.table(rows, {words.count(count): str for count in counts}, caption)


def curves_drawn(
    counts: Mapping[str, Sequence[int]], curves: Mapping[str, Mapping[str, Sequence[Sequence[float]]]],
    measures: Mapping[str, str], caption: str, name: str,
) -> render.Html:  # fmt: skip
    """A panel a set: points of each way over the labels, the mean of the seeds and a band from the lowest to the highest."""
    panels, told = charts.panels(len(curves), 2.9, [_upper(target) for target in curves]), []
    for axis, (target, ways) in zip(panels, curves.items(), strict=True):
        said = []
        for number, (way, seeds) in enumerate(ways.items()):
            found = 100 * np.asarray(seeds, float)
            ends = np.stack([found.min(axis=0), found.mean(axis=0), found.max(axis=0)], axis=1)
            charts.banded(axis, counts[target], ends, number, way)
            said.append(f"{way} {words.number(ends[0, 1], 1)} to {words.number(ends[-1, 1], 1)}")
        axis.set(xscale="log", ylabel=f"{measures[target]} (points)")
        axis.set_xticks(list(counts[target]), [words.count(count) for count in counts[target]])
        axis.minorticks_off()
        told.append(
            f"{_upper(target)}, from {counts[target][0]} to {words.count(counts[target][-1])} labels: {'; '.join(said)}"
        )
    panels[-1].set_xlabel("labels of the new set")
    panels[-1].legend(labelcolor=plots.INK, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=3)
    plots.describe(panels[-1], f"{'. '.join(told)}.")
    return plots.show(panels[-1].figure, caption, name)


def gaps_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Each way against the network from scratch, a number of labels a column. rows: set, way, labels, all (bool), gap."""
    names = {row["labels"]: words.plural(row["labels"], "label") for row in rows if not row["all"]}
    names["all"] = "all labels"
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        line = shown.setdefault((row["set"], row["way"]), {"set": row["set"], "way": row["way"]})
        line[names["all" if row["all"] else row["labels"]]] = ahead(row["gap"])
        line |= {"pictures": row["gap"].n, "groups": row["gap"].groups}
    order = ["set", "way", *names.values(), "pictures", "groups"]
    lines = [{name: line.get(name, render.MISSING) for name in order} for line in shown.values()]
    return render.table(lines, dict.fromkeys(names.values(), str), caption)


def helps_told(target: str, way: str, gap: Any, labels: int, other: str = "a network from scratch") -> str:
    """Whether a way is ahead of another with as many labels, by the whole interval."""
    begin = f"{_upper(target)}, {words.plural(labels, 'label')}: {way}"
    if gap.low > 0:
        return f"{begin} is ahead of {other}, by {ahead(gap)} points."
    if gap.high < 0:
        return f"{begin} does not help: it is behind {other}, {ahead(gap)} points."
    return f"{begin} does not show that it helps: {ahead(gap)} points beside {other}, and the interval holds zero."


def with_all_told(target: str, gap: Any, labels: int, way: str) -> str:
    """What is left of a head start once all labels are there."""
    begin = f"{_upper(target)}, all {words.count(labels)} labels: "
    if gap.low > 0:
        return f"{begin}{way} is still ahead of a network from scratch, {ahead(gap)} points."
    if gap.high < 0:
        return f"{begin}the network from scratch has overtaken {way}, {ahead(gap)} points."
    return f"{begin}nothing is left to see of the head start of {way}, {ahead(gap)} points."


# ---------------------------------------------------------------- labels and money saved


def equal_words(found: Any) -> str:
    """Labels with which the other way is as good, over the seeds: ``312 (280–401)``, ``over 756``, ``not reached``."""
    mean, low, high = (words.count(one) for one in (np.mean(found.equal), min(found.equal), max(found.equal)))
    if not any(found.reached):
        return f"not reached with {high}"
    ends = mean if len(found.equal) == 1 else f"{mean} ({low}–{high})"
    return f"over {ends}" if found.open else ends


def saved_words(found: Any, price: float, currency: str) -> str:
    """Money of the labels saved, over the seeds; where the other way is never as good, at least so much."""
    money = words.Money(currency)
    told = money(price * found.mean)
    if len(found.equal) > 1:
        told = f"{told} ({money.range((price * found.low, price * found.high))})"
    return f"at least {told}" if found.open else told


def saved_table(rows: Sequence[Mapping[str, Any]], price: float, currency: str, caption: str) -> render.Html:
    """What each way saves. rows: set, way, figure (one a seed), scratch, best (Saved beside a network from scratch, beside the best without transfer)."""
    shown = [
        {"set": row["set"], "way": row["way"], "points": points(row["figure"])}
        | {"labels from scratch": equal_words(row["scratch"]), "saved beside scratch": saved_words(row["scratch"], price, currency)}
        | {"saved beside the best without transfer": saved_words(row["best"], price, currency) if row["best"] else render.MISSING}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, {name: str for name in shown[0] if name not in ("set", "way")}, caption)


def saved_told(target: str, way: str, found: Any, gap: Any, price: float, currency: str) -> str:
    """What a way that validation chose saves beside the best that one can do without transfer.

    found: Saved beside that; gap: of the points beside the better of the two at the same labels. Without a gap whose
    whole interval is above zero, no saving is told.
    """
    begin, bought = f"{_upper(target)}: {way} with {words.plural(found.at, 'label')}", "the best without transfer"
    if gap.low <= 0:
        verdict = "is behind" if gap.high < 0 else "is not told apart from"
        return f"{begin} {verdict} {bought}, {ahead(gap)} points: no saving is concluded, and no row goes to the valuation."
    saving = f"{words.count(found.mean)} labels or {saved_words(found, price, currency).removeprefix('at least ')}"
    if not any(found.reached):
        return f"{begin} is better than {bought} with all labels there are: it saves at least {saving}."
    spread = (
        f", {words.count(found.low)} to {words.count(found.high)} labels over the seeds" if len(found.equal) > 1 else ""
    )
    least = "at least " if found.open else ""
    none = " With one of the seeds or more it saves none." if found.low <= 0 else ""
    return f"{begin} saves {least}{saving} beside {bought}{spread}.{none}"


# ---------------------------------------------------------------- a student and its teacher


def tried_table(rows: Sequence[Mapping[str, Any]], n: int, images: int) -> render.Html:
    """Settings that validation compared. rows: temperature, weight, errors, chosen."""
    shown = [row | {"chosen": "chosen" if row["chosen"] else ""} for row in rows]
    formats = {"temperature": words.decimals(0), "weight": words.decimals(2)}
    caption = f"Errors among {words.count(n)} validation images after a short training on {words.count(images)} images, one seed. Weight: of the teacher's answers."
    return render.table(shown, formats, caption)


def sizes_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Networks by size and errors. rows: network, weights, of (share of the teacher's), kilobytes, adds, errors (one a seed), n."""
    shown = [
        {"network": row["network"], "weights": row["weights"], "of the teacher": row["of"], "in 32 bits": words.number(row["kilobytes"], 0, "kB")}
        | {"multiplications": words.count(row["adds"]), "errors": errors(row["errors"]), "of": row["n"]}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, {"of the teacher": words.percents(1), "errors": str}, caption)


def errors(found: Sequence[int]) -> str:
    """Wrong answers, over the seeds: ``71.3 (66–75)``."""
    if len(found) == 1:
        return words.count(found[0])
    return f"{words.number(np.mean(found), 1)} ({words.count(min(found))}–{words.count(max(found))})"


def pairs_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Students beside another network, a seed a line. rows: seed, student, beside, gain (paired, in errors), only (wrong alone: student, other)."""
    shown = [
        {"seed": row["seed"], "student": row["student"], "beside": row["beside"]}
        | {"wrong alone": row["only"][0], "the other alone": row["only"][1], "errors more (95 %)": _more(row["gain"])}
        for row in rows
    ]
    return render.table(shown, {"errors more (95 %)": str}, caption)


def _more(gain: Any) -> str:
    """Errors more than another network: the gain is in right answers, so its sign turns."""
    value = gain.mean if hasattr(gain, "mean") else gain.value
    ends = words.range_of((-gain.high, -gain.low), digits=1)
    return f"{words.number(-value, 1, sign=True)} ({ends})"


def aim_told(student: str, gap: Any, limit: float, share: float, most: float) -> str:
    """Whether a student stays within so many errors of its teacher at so small a size. gap: of right answers, per ``gap.n`` images scaled to errors."""
    more = -gap.value
    verdict = "reached" if more <= limit and share <= most else "missed"
    sure = (
        "and so does the whole interval" if -gap.low <= limit else
        "and no part of the interval does" if -gap.high > limit else "but the interval holds the limit"
    )  # fmt: skip
    holds = "keeps" if more <= limit else "does not keep"
    return (
        f"{_upper(student)} has {words.percent(share)} of the teacher's weights (asked: {words.percent(most, 0)}) and "
        f"{_more(gap)} errors more in {words.count(gap.n)}, mean of the seeds. It {holds} within {words.rounded(limit, digits=2)} errors, {sure}: {verdict}."
    )


def teacher_told(gap: Any, with_teacher: str = "the teacher's answers") -> str:
    """Whether learning from a teacher beats learning from the labels alone. gap: of right answers scaled to errors."""
    told = (
        f"{_more(gap)} errors beside the same student trained on the labels alone, on the same images in the same order"
    )
    if gap.low > 0:
        return f"{_upper(with_teacher)} help: {told}."
    if gap.high < 0:
        return f"{_upper(with_teacher)} harm: {told}."
    return f"{_upper(with_teacher)} do not show that they help: {told}, and the interval holds zero."


def faster_told(ratio: Any, rows: int) -> str:
    """How much faster the student answers, by the interval of a race. ratio: deploy.timing.Ratio."""
    ends = f"{words.range_of((ratio.low, ratio.high), digits=1)}, 95 %, {words.plural(ratio.n, 'round')}"
    how = (
        "faster"
        if ratio.low > 1
        else "slower"
        if ratio.high < 1
        else "neither faster nor slower, as far as one can see"
    )
    return f"The student is {how}: with {words.plural(rows, 'image')} a call a second of one core answers {words.number(ratio.value, 1)} times as many ({ends})."


def student_money_told(cheaper: float, gap: Any, answers: float, currency: str) -> list[str]:
    """What the student's answers save in a year, and at which price of an error its further errors take all of it.

    cheaper: money for 1,000 answers; gap: of right answers, scaled to errors in ``gap.n``; answers: a year.
    """
    money, yearly = words.Money(currency), cheaper * answers / 1000
    if cheaper <= 0:
        return [f"The student's answers cost no less: {money(-yearly)} a year more for {words.count(answers)} answers."]
    worth = f"{words.count(answers)} answers a year cost {money(yearly)} less by the student, at the assumed price of a core's hour"
    told = [f"{worth}: too little for a row of the valuation." if yearly < 1 else f"{worth}."]
    more = -gap.value / gap.n * answers
    if more <= 0:
        return [*told, "It makes no more errors than its teacher on these digits, so nothing stands against that."]
    limit = f"{money(yearly / more)} or more" if yearly / more >= 0.01 else f"as little as {money(0.01)}"
    return [
        *told,
        f"It also makes {words.count(more)} errors more a year: where one costs {limit}, the large network is the cheaper one, if it fits.",
    ]
