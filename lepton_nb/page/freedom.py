"""Drawings of options: tree against closed form, when to use a right, what freedom adds at other volatilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import plots, render, words

#: Of a normal distribution: nine cases in ten lie within so many standard deviations.
NINE_IN_TEN = 1.645


def worth(amount: float, money: words.Money) -> str:
    """What a right is worth; under half a unit of the currency it is worth nothing.

    >>> worth(0.00589, words.Money("SEK")), worth(-1200.0, words.Money("SEK")).replace(words.THIN, " ")
    ('nothing', '−1 200 SEK')
    """
    return "nothing" if abs(amount) < 0.5 else money(amount)


def right_row(choice: Any, one: Any, volatility: str, riskless: float, money: words.Money) -> dict[str, str]:
    """What an option is worth at one of its volatilities, used in four ways, and with payments at the riskless rate."""
    ways = {
        "Used today": choice.right.now, "Best fixed date": choice.right.rigid, "At the deadline only": one.at_deadline,
        "At any time": one.worth, "At the riskless rate": riskless,
    }  # fmt: skip
    amounts = {way: worth(amount, money) for way, amount in ways.items()}
    return {"Option": choice.name, "Volatility": volatility} | amounts | {"Best": one.word}


def tree_error(told: str, steps: Sequence[int], trees: Sequence[float], closed: float, currency: str) -> render.Html:
    """The value on trees of so many steps beside the closed form, and the distance between them."""
    figure, (left, right) = plots.axes(1, 2, height=2.9)
    left.semilogx(steps, np.array(trees) / 1e3, "o-", color=plots.BLUE, markersize=4, label="tree")
    left.axhline(closed / 1e3, color=plots.ORANGE, linestyle="--", label="closed form")
    left.set(xlabel="steps", ylabel=f"value, thousand {currency}")
    left.legend(fontsize=8.5)
    gaps = np.maximum(np.abs(np.array(trees) - closed), 1e-9)
    right.loglog(steps, gaps, "o-", color=plots.BLUE, markersize=4)
    right.loglog(steps, gaps[0] * steps[0] / np.array(steps), "--", color=plots.GREY)
    right.set(xlabel="steps", ylabel=f"distance, {currency}")
    for axis in (left, right):
        axis.set_xticks([10, 100, max(steps)], ["10", "100", str(max(steps))])
        axis.minorticks_off()
    caption = f"{told}: tree against closed form (use at the deadline only); dashed on the right: one over the number of steps."
    worst = f"With {max(steps)} steps the tree is {words.money(gaps[-1], currency)} from the closed form."
    return plots.show(figure, caption, "tree", alt=worst)


def use_region(told: str, region: Any, volatility: float, gives_up: bool, reached: float | None = None) -> render.Html:
    """From which level of the business on a right is best used at once, and where the level will be.

    region: with times (years), boundary (levels, today 1) and now. reached: the level below which nineteen draws in twenty
    stay.
    """
    figure, axis = plots.axes(height=3.1)
    reach = NINE_IN_TEN * volatility * np.sqrt(region.times)
    middle, low, high = (np.exp(-(volatility**2) * region.times / 2 + side * reach) for side in (0, -1, 1))
    top = 1.15 * max(np.nanmax(np.append(region.boundary, 1.0)), high.max())
    axis.fill_between(region.times, low, high, color=plots.GREY, alpha=0.22, linewidth=0, label="nine paths in ten")
    axis.plot(region.times, middle, color=plots.GREY, label="median path")
    axis.plot(region.times, region.boundary, color=plots.BLUE, label="from here on: use it")
    if reached is not None:
        axis.axhline(reached, color=plots.ORANGE, linestyle=":", label="19 draws in 20 lie below")
    edge = 0 if gives_up else top
    axis.fill_between(region.times, region.boundary, edge, color=plots.BLUE, alpha=0.15, linewidth=0)
    axis.plot([0], [1.0], "o", color=plots.ORANGE, markersize=7, label="today", clip_on=False, zorder=5)
    axis.set(xlabel="years from the valuation date", ylabel="level of the business, today = 1", ylim=(0, top))
    axis.set_xlim(0, region.times[-1])
    axis.legend(fontsize=8, loc="upper right", ncols=2)
    today = "Today lies inside: use it." if region.now else "Today lies outside: wait."
    caption = f"{told}: when to use the right, at a volatility of {words.share(volatility)} a year. {today}"
    return plots.show(figure, caption, "region", alt=today)


def freedom_curves(
    curves: Mapping[str, Any], volatilities: Sequence[float], chosen: Mapping[str, float], currency: str
) -> render.Html:
    """What each project is worth with payments that may be refused, at other volatilities, above the fixed plan.

    curves: by name, (values at ``volatilities``, fixed plan); chosen: the volatility used.
    """
    figure, axis = plots.axes(height=2.8)
    told = []
    for (name, (values, fixed)), colour in zip(curves.items(), plots.CYCLE * len(curves), strict=False):
        axis.plot(100 * np.array(volatilities), np.array(values) / 1e3, color=colour, label=f"{name}, may be refused")
        axis.axhline(fixed / 1e3, color=colour, linestyle="--", linewidth=1.2, label=f"{name}, fixed plan")
        used = float(np.interp(chosen[name], volatilities, values))
        axis.plot([100 * chosen[name]], [used / 1e3], "o", color=plots.ORANGE, markersize=7)
        told.append(f"{name}: {words.money(used, currency)} beside {words.money(fixed, currency)} as a fixed plan.")
    axis.set(xlabel="volatility, % a year", ylabel=f"thousand {currency}")
    axis.legend(fontsize=8.5)
    caption = "What the right to refuse a payment adds at other volatilities; dot: the volatility used. The curve starts on the "
    caption += "fixed plan, or on nothing where that loses, and never falls below it."
    return plots.show(figure, caption, "stages", alt=" ".join(told))


def side_by_side(told: Mapping[str, Sequence[Any]], currency: str) -> render.Html:
    """What developing each asset costs and brings, in every way in which the report tells it. told: asset → its ways."""
    rows = [
        {"Asset": name if number == 0 else "", "Figure": words.money(way.figure, currency), "What it is": way.what, "Told under": way.page,
         "Leaves out": way.lacks}
        for name, ways in told.items()
        for number, way in enumerate(ways)
    ]  # fmt: skip
    caption = "One development in several figures: each answers another question."
    return render.table(
        rows, caption=caption, none="No development is still to be paid: nothing is told in several ways."
    )
