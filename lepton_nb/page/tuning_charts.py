"""Tables, drawings and conclusions of tuning: one change at a time, searches at equal budgets, luck, costs, a training's log.

A way is how one comes to a network, by a search or without one. Figures are shares of right answers, one a seed; gaps are
tuning.Beside, told in points (hundredths) with the interval over seeds and test pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.layer_charts import power_of_ten
from lepton_nb.page.transfer_charts import ahead, points

Row = Mapping[str, Any]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sign(gap: Any) -> int:
    """1 where the whole interval is above zero, -1 where it is below, 0 where zero is in it."""
    return int(gap.low > 0) - int(gap.high < 0)


def _of_seeds(gap: Any) -> str:
    return render.MISSING if gap is None or gap.seeds is None else ahead(gap.seeds)


def _brief(seconds: float | None) -> str:
    return words.rounded(seconds, digits=2)


def settings_words(setting: Row) -> str:
    """A setting in one line: ``rate 0.003, L2 0.0001, dropout 0.2, 8 channels, 3 blocks, turned 15°, …``."""
    told = [f"rate {words.rounded(setting['learning_rate'], digits=2)}", f"{setting['width']} channels",
            words.plural(setting["blocks"], "block")]  # fmt: skip
    if setting["l2"] > 0:
        told.append(f"L2 {power_of_ten(setting['l2'])}")
    if setting["dropout"] > 0:
        told.append(f"dropout {words.number(setting['dropout'], 2)}")
    if setting["turn"] > 0:
        told.append(f"turned {words.number(setting['turn'], 0)}°")
    if setting["scale"] > 0:
        told.append(f"scaled {words.percent(setting['scale'], 0)}")
    if setting["crop"] > 0:
        told.append(f"cropped {words.plural(round(setting['crop'], 1), 'pixel')}")
    return ", ".join(told)


# ---------------------------------------------------------------- one change at a time


def changes_table(rows: Sequence[Row], caption: str) -> render.Html:
    """A change a line. rows: change, right (one a seed), gap (None of the setting that all begin from), seconds, epochs."""
    shown = [
        {"change": row["change"], "right (points)": points(row["right"]), "s.d. of seeds": 100 * float(np.std(row["right"], ddof=1)) if len(row["right"]) > 1 else None}
        | {"ahead (95 %)": render.MISSING if row["gap"] is None else ahead(row["gap"]), "seeds alone (95 %)": _of_seeds(row["gap"])}
        | {"core-seconds": row["seconds"], "epochs": row["epochs"]}
        for row in rows
    ]  # fmt: skip
    formats = {
        "right (points)": str,
        "s.d. of seeds": words.decimals(2),
        "ahead (95 %)": str,
        "seeds alone (95 %)": str,
    }
    return render.table(shown, {**formats, "core-seconds": _brief, "epochs": words.decimals(1)}, caption)


def changes_told(rows: Sequence[Row]) -> list[str]:
    """Which changes are told apart from the setting that all begin from. rows: as in :func:`changes_table`."""
    changed = [row for row in rows if row["gap"] is not None]
    parts = {sign: [f"{row['change']} ({ahead(row['gap'])})" for row in changed if _sign(row["gap"]) == sign] for sign in (1, -1, 0)}  # fmt: skip
    told = [f"Of {words.plural(len(changed), 'change')}, each alone, help by the whole interval: {words.listed(parts[1])}. Harm: {words.listed(parts[-1])}."]  # fmt: skip
    if parts[0]:
        told.append(f"Not told apart from the default, whatever their mean says: {words.listed(parts[0])}.")
    return told


# ---------------------------------------------------------------- searches at equal budgets


def fair_table(rows: Sequence[Row], caption: str) -> render.Html:
    """A way a line. rows: way, trainings, seconds (of one search), validation (of what was taken), right, gap, networks."""
    shown = [
        {"way": row["way"], "trainings": row["trainings"], "core-seconds": row["seconds"]}
        | {"validation (points)": points(row["validation"]), "test (points)": points(row["right"])}
        | {"ahead of the default (95 %)": render.MISSING if row["gap"] is None else ahead(row["gap"])}
        | {"seeds alone (95 %)": _of_seeds(row["gap"]), "networks an answer": row["networks"]}
        for row in rows
    ]
    texts = ("validation (points)", "test (points)", "ahead of the default (95 %)", "seeds alone (95 %)")
    return render.table(shown, dict.fromkeys(texts, str) | {"core-seconds": _brief}, caption)


def ways_told(gaps: Mapping[str, Any], other: str = "the default") -> str:
    """Which ways are ahead of another one on the test digits, by the whole interval. gaps: way → gap over it."""
    return f"Beside {other}, on the test digits, in points, {_by_sign(gaps, 'ahead:', 'not told apart:', 'behind:')}."


def taken_told(way: str, gaps: Mapping[str, Any]) -> str:
    """How the search that validation takes stands beside rivals that search nothing. gaps: rival → gap of the search over it."""
    parts = _by_sign(gaps, "ahead of", "not told apart from", "behind")
    return f"Validation takes {way}. On the test digits, in points, it is {parts}."


def _by_sign(gaps: Mapping[str, Any], *names: str) -> str:
    """Ways with their gaps under three names: for those above zero, those told apart by nothing, those below."""
    parts = [[f"{way} ({ahead(gap)})" for way, gap in gaps.items() if _sign(gap) == sign] for sign in (1, 0, -1)]
    return "; ".join(f"{name} {words.listed(part)}" for name, part in zip(names, parts, strict=True) if part)


def between_told(gaps: Mapping[tuple[str, str], Any]) -> str:
    """Whether the searches differ among themselves. gaps: (way, other) → gap of the first over the second."""
    apart = [f"{first} over {second} {ahead(gap)}" if _sign(gap) > 0 else f"{second} over {first} {ahead_turned(gap)}"
             for (first, second), gap in gaps.items() if _sign(gap)]  # fmt: skip
    if apart:
        return f"At the same budget searches are told apart: {words.listed(apart)}, points."
    widest = max(abs(gap.value) for gap in gaps.values())
    return f"At the same budget no search is told apart from another; their means are at most {words.number(100 * widest, 1)} points apart."


def ahead_turned(gap: Any) -> str:
    """A gap told from the other side."""
    ends = words.range_of((-100 * gap.high, -100 * gap.low), digits=1)
    return f"{words.number(-100 * gap.value, 1, sign=True)} ({ends})"


def luck_told(deviation: float, gap: Any, seeds: int) -> str:
    """The noise of seeds against the gain of a search. deviation: s.d. of right answers over the seeds, of one setting."""
    noise, gain = words.number(100 * deviation, 2), ahead(gap)
    begin = f"The same setting with another seed differs by {noise} points (standard deviation, {words.plural(seeds, 'training')})"
    if gap.value <= 0:
        return f"{begin}; the search gains nothing beside it, {gain}."
    if not deviation:
        return f"{begin}; the gain of the search is {gain} points."
    times = gap.value / deviation
    if times < 2:
        return f"{begin}, and the gain of the search is {gain}: {words.number(times, 1)} times that. One training beside one other would not show it."
    return f"{begin}; the gain of the search, {gain}, is {words.number(times, 1)} times that, so one training beside one other would mostly show it."


def curse_told(way: str, rows: Mapping[str, Sequence[float]]) -> str:
    """What a search promised on validation, kept on the test, and kept with another seed. rows: promised, kept, again (gains over the default, one a seed)."""
    promised, kept, again = (100 * float(np.mean(rows[name])) for name in ("promised", "kept", "again"))
    begin = f"{_upper(way)} promised {words.number(promised, 1, sign=True)} points over the default on validation pictures; the test kept {words.number(kept, 1, sign=True)}"
    more = f"the same setting trained with another seed {words.number(again, 1, sign=True)}"
    if promised > kept:
        return f"{begin}, {more}. The best of many looks better than it is: {words.number(promised - kept, 1)} points of the promise were luck of the choice, or lay in these digits."
    return f"{begin}, {more}. Here the choice promised no more than it kept."


def search_drawn(curves: Mapping[str, np.ndarray], caption: str, name: str) -> render.Html:
    """Best validation figure so far over the trainings of each search; way → (seeds, trainings) of shares."""
    (axis,), told = charts.panels(1, 3.2), []
    for number, (way, found) in enumerate(curves.items()):
        so_far = 100 * np.maximum.accumulate(np.asarray(found, float), axis=1)
        ends = np.stack([so_far.min(axis=0), so_far.mean(axis=0), so_far.max(axis=0)], axis=1)
        charts.banded(axis, range(1, len(ends) + 1), ends, number, way)
        told.append(f"{way} {words.number(ends[0, 1], 1)} to {words.number(ends[-1, 1], 1)}")
    axis.set(xlabel="trainings", ylabel="best so far (points)")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend(labelcolor=plots.INK, fontsize=8, loc="lower right")
    plots.describe(
        axis, f"Best validation figure so far, from the first training to the last, in points: {'; '.join(told)}."
    )
    return plots.show(axis, caption, name)


def gains_drawn(rows: Sequence[Row], caption: str, name: str) -> render.Html:
    """Points ahead of the default on the test pictures, with the whole interval; rows as in :func:`fair_table`."""
    shown = [charts.Range(row["way"], 100 * row["gap"].value, 100 * row["gap"].low, 100 * row["gap"].high)
             for row in rows if row["gap"] is not None]  # fmt: skip
    return plots.show(charts.ranges(shown, "points", "ahead of the default"), caption, name)


# ---------------------------------------------------------------- early stopping


def stopping_told(stopped: Sequence[int], whole: int, gap: Any, seconds: tuple[float, float]) -> str:
    """What early stopping saved and what it did to the answers; with it a training takes the weights of its best epoch.

    stopped: epochs of each training that might stop; whole: epochs of one that might not; gap: of the stopped ones
    over the others; seconds: core-seconds of a training with and without.
    """
    saved = 1 - float(np.sum(stopped)) / (whole * len(stopped))
    begin = f"Early stopping ended {words.plural(len(stopped), 'training')} of the default after {words.number(np.mean(stopped), 1)} of {whole} epochs in the mean"
    harm = {1: "gave better answers", -1: "cost right answers", 0: "had no effect on the answers that is told apart from none"}[_sign(gap)]  # fmt: skip
    best = f"To take the weights of the best epoch by validation {harm}: {ahead(gap)} points."
    if saved <= 0:
        return f"{begin}: it saved nothing. {best}"
    spent = f"{words.number(seconds[0], 1)} core-seconds a training in place of {words.number(seconds[1], 1)}"
    return f"{begin} and saved {words.share(saved)} of them ({spent}). {best}"


# ---------------------------------------------------------------- what it brings and costs


def worth_table(rows: Mapping[str, Any], currency: str, caption: str) -> render.Html:
    """What a search brings in a year and cost once. rows: beside what → tuning.Worth."""
    money = words.Money(currency)
    shown = [
        {"beside": name, "errors avoided in a year": f"{words.count(one.errors[1])} ({words.range_of((one.errors[0], one.errors[2]), digits=0)})"}
        | {"worth": f"{money(one.yearly[1])} ({money.range((one.yearly[0], one.yearly[2]))})"}
        | {"core-hours": small_money(one.computing, currency), "labour": money(one.labour)}
        | {"first year": f"{money(one.first_year[1])} ({money.range((one.first_year[0], one.first_year[2]))})"}
        for name, one in rows.items()
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(list(shown[0])[1:], str) if shown else {}, caption)


def small_money(amount: float, currency: str) -> str:
    """Money, also where it is less than a hundredth of the currency."""
    if 0 < amount < 0.01:
        return f"below 0.01 {currency}"
    return words.Money(currency)(amount)


def worth_told(way: str, found: Any, core_hours: float, pictures: float, currency: str, beside: str) -> list[str]:
    """Whether tuning is worth its core-hours, and whether it is worth the hours of who lays it out. found: tuning.Worth."""
    money = words.Money(currency)
    spent = f"{words.rounded(core_hours, digits=2)} core-hours, {small_money(found.computing, currency)}"
    low, middle, high = found.yearly
    begin = f"{_upper(way)} beside {beside}"
    if low <= 0:
        what = "loses" if high < 0 else "shows no gain"
        return [f"{begin} {what} ({money(middle)} a year, {money.range((low, high))}): its {spent}, are not shown to be worth it, and no row goes to the valuation."]  # fmt: skip
    told = [
        f"{begin} brings {money(middle)} a year ({money.range((low, high))}) and took {spent}: it is worth its core-hours."
    ]
    need = found.cost / (middle / pictures)
    least = found.cost / (low / pictures)
    more = f"With the {money(found.labour)} of who lays it out it is paid back after {words.count(need)} digits read, at the low end of the gain after {words.count(least)}"
    verdict = "within the first year" if least <= pictures else "not surely within the first year" if need <= pictures else "not within the first year"  # fmt: skip
    return [*told, f"{more}: {verdict}."]


# ---------------------------------------------------------------- a training's log


def log_drawn(log: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]], caption: str, name: str) -> render.Html:
    """Loss and share of right answers over the epochs, as a log of TensorBoard holds them (tuning.scalars)."""
    panels, told = charts.panels(2, 2.4, ("Cross-entropy", "Right answers (points)")), []
    for axis, key, factor in zip(panels, ("epoch_loss", "epoch_accuracy"), (1, 100), strict=True):
        for number, (part, scalars) in enumerate(log.items()):
            steps, values = np.array(scalars[key], float).T
            charts.banded(axis, steps + 1, np.stack([factor * values] * 3, axis=1), number, part)
            told.append(
                f"{part}, {key.replace('_', ' ')}: {words.number(factor * values[0])} to {words.number(factor * values[-1])}"
            )
        axis.xaxis.get_major_locator().set_params(integer=True)
    panels[-1].set_xlabel("epochs")
    panels[-1].legend(labelcolor=plots.INK, fontsize=8, loc="lower right")
    plots.describe(panels[-1], f"{'. '.join(told)}.")
    return plots.show(panels[-1].figure, caption, name)


def log_told(log: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]) -> str:
    """What the log says of learning by heart: where the validation loss was lowest, and what became of it."""
    values = [value for _, value in log["validation"]["epoch_loss"]]
    place = int(np.argmin(values))
    begin = f"The log holds {words.plural(len(values), 'epoch', 'epochs')}"
    low = f"the loss on validation pictures is lowest after epoch {place + 1}, {words.number(values[place], 3)}"
    if place == len(values) - 1:
        return f"{begin}: {low}, and still falling: nothing was learnt by heart yet."
    return f"{begin}: {low}, and ends at {words.number(values[-1], 3)}, while that on training pictures ends at {words.number(log['train']['epoch_loss'][-1][1], 3)}."
