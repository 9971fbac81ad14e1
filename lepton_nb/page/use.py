"""Drawings of models in use (cost, waiting, the front of both), of shares in a joint benefit, and of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import plots, render, words


def _side_by_side(items: Sequence[Any], height: float):
    figure, grid = plots.axes(1, len(items), height=height, squeeze=False)
    return figure, grid[0]


def _legend_below(row: Sequence[Any], title: str = "") -> None:
    """One legend for all panels of a row, under them: within one it would lie on its lines."""
    named = {name: handle for axis in row for handle, name in zip(*axis.get_legend_handles_labels(), strict=True)}
    names = sorted(named, key=int) if all(name.isdecimal() for name in named) else list(named)
    handles, look = [named[name] for name in names], {"fontsize": 8, "title": title, "title_fontsize": 8}
    row[0].figure.legend(handles, names, loc="outside lower center", ncols=8, **look)


def cost_curves(services: Sequence[Any], prices: Mapping[str, Sequence[float]], currency: str) -> render.Html:
    """Own cost per thousand against the volume, with today's volume and what is bought instead.

    services: with asset_id, requests_a_year and full_cost (low, mode, high; money a year). prices: by asset, money per
    1,000 requests at today's volume.
    """
    figure, row = _side_by_side(services, 2.8)
    for axis, item in zip(row, services, strict=True):
        today = item.requests_a_year
        volume = np.geomspace(today / 30, today * 30, 120)
        low, middle, high = (1000 * amount / volume for amount in item.full_cost)
        axis.fill_between(volume, low, high, color=plots.BLUE, alpha=0.2, linewidth=0)
        axis.loglog(volume, middle, color=plots.BLUE, label="own")
        axis.plot(
            [today], [1000 * item.full_cost.mode / today], "o", color=plots.BLUE, markersize=7, label="own, today"
        )
        if prices.get(item.asset_id):
            bought = list(prices[item.asset_id])
            axis.plot([today] * len(bought), bought, "s", color=plots.ORANGE, markersize=7, label="bought, today")
        axis.set(xlabel="requests a year")
        axis.set_title(item.asset_id, fontsize=9)
        axis.minorticks_off()
    row[0].set_ylabel(f"{currency} per 1,000")
    _legend_below(row)
    words = "Own cost per 1,000 requests against the volume, hardware replaced; band: costs from low to high."
    return plots.show(figure, words, "volume")


def response_curves(
    lines: Sequence[Any], curves: Mapping[str, Mapping[int, tuple[Any, Any]]], name: str = "waiting"
) -> render.Html:
    """Response time against load by number of servers, with the busiest hour and the limit.

    lines: with name, arrivals and target. curves: by name and number of servers, arrivals per second and the 95 %
    response time in seconds. name: the anchor in the page.
    """
    figure, row = _side_by_side(lines, 3.0)
    counts = sorted({servers for line in lines for servers in curves[line.name]})
    colours = {servers: plots.CYCLE[at % len(plots.CYCLE)] for at, servers in enumerate(counts)}
    for axis, line in zip(row, lines, strict=True):
        for servers, (load, times) in curves[line.name].items():
            axis.plot(3600 * np.asarray(load), times, color=colours[servers], label=str(servers))
        axis.axvline(3600 * line.arrivals, color=plots.INK, linewidth=1, linestyle=(0, (3, 2)))
        axis.axhline(line.target, color=plots.GREY, linewidth=1)
        axis.set(xlabel="requests an hour", xscale="log", ylim=(0, 4 * line.target))
        axis.minorticks_off()
        axis.set_title(line.name, fontsize=9)
    row[0].set_ylabel("95 % answered within, seconds")
    _legend_below(row, "servers")
    words = "Response time against load by number of servers; dashed: busiest hour; grey: the limit. Service times taken as exponential."
    return plots.show(figure, words, name)


def speed_fronts(lines: Sequence[Any], currency: str) -> render.Html:
    """Cost and response time of each number of servers, and the choices that no other beats.

    lines: with name, choices (servers, pooled, name, cost per 1,000, p95 in seconds) and front (names).
    """
    figure, row = _side_by_side(lines, 3.0)
    for axis, line in zip(row, lines, strict=True):
        for pooled, colour, marker in ((True, plots.BLUE, "o"), (False, plots.ORANGE, "s")):
            some = [item for item in line.choices if item.pooled is pooled]
            points = [item.cost for item in some], [1000 * item.p95 for item in some]
            label = "one queue" if pooled else "a queue each"
            axis.scatter(*points, color=colour, marker=marker, s=26, label=label, zorder=3)
            for item in some if pooled else []:
                axis.annotate(str(item.servers), (item.cost, 1000 * item.p95), xytext=(0, -11),
                              textcoords="offset points", fontsize=8, ha="center", color=plots.INK)  # fmt: skip
        best = sorted((item.cost, 1000 * item.p95) for item in line.choices if item.name in line.front)
        if best:
            axis.step(*zip(*best, strict=True), where="post", color=plots.BLUE, linewidth=1.2)
        axis.margins(0.15)
        axis.set(xlabel=f"{currency} per 1,000")
        axis.set_title(line.name, fontsize=9)
    row[0].set_ylabel("95 % answered within, ms")
    _legend_below(row)
    words = "Cost and 95 % response time in the busiest hour by number of servers (figures at the dots); line: the Pareto front."
    return plots.show(figure, words, "front")


def shares(players: Sequence[tuple[str, float, float]], currency: str, caption: str) -> render.Html:
    """Shares of a joint benefit as bars, with two standard errors where there are any.

    players: name, share, standard error.
    """
    figure, axis = plots.axes(height=0.34 * len(players) + 1.0)
    names, values, errors = zip(*players, strict=True)
    axis.barh(range(len(names)), values, height=0.6, color=plots.BLUE)
    if any(errors):
        spread = [2 * error for error in errors]
        axis.errorbar(values, range(len(names)), xerr=spread, fmt="none", ecolor=plots.INK, elinewidth=1, capsize=2)
    axis.axvline(0, color=plots.GREY, linewidth=0.8)
    labels = [words.elided(name, 28) for name in names]
    axis.set(yticks=range(len(names)), yticklabels=labels, xlabel=f"share of the group's value ({currency})")
    axis.invert_yaxis()
    axis.xaxis.set_major_formatter(lambda value, _: words.money(value, "").strip())
    return plots.show(figure, caption, "shares")


def share_table(found: Mapping[str, Any], head: str, money: words.Money, caption: str) -> render.Html:
    """Who gets which part of each group's joint benefit, with what each would cost, earn alone and be missed for.

    found: group → split with players, replacing, alone, lost, shares, errors (by player), sampled, standing_still, total
    and method.
    """
    rows, sampled = [], any(split.sampled for split in found.values())
    for name, split in found.items():
        rows += [
            {
                head: player, "Replacing it costs": "it earns itself" if split.replacing[player] is None else money(split.replacing[player]),
                "Alone": split.alone[player], "Lost without it": split.lost[player], "Share": split.shares[player],
                "Standard error": split.errors[player] if split.sampled else None,
            }
            for player in split.players
        ]  # fmt: skip
        whole = {head: name, "Replacing it costs": "the group", "Alone": "", "Lost without it": ""}
        whole |= {"Standard error": "" if sampled else None}
        if split.standing_still < 0:
            rows.append(
                whole | {head: "costs of what would better stand still", "Replacing it costs": "", "Share": split.standing_still}
            )  # fmt: skip
        if len(split.players) > 1 or split.standing_still < 0:
            rows.append(whole | {"Share": split.total})
    forms = dict.fromkeys(("Alone", "Lost without it", "Share", "Standard error"), money) | {"Replacing it costs": str}
    methods = words.once(f"{words.groups(name)}: {split.method}" for name, split in found.items())
    how = next(iter(found.values())).method if len(methods) == 1 else "; ".join(methods)
    return render.table(
        rows, forms, f"{words.sentence(how)} {caption}", unless_zero=() if sampled else ("Standard error",)
    )


def score_parts(rows: Sequence[tuple[str, Mapping[str, float]]], caption: str, highest: float = 5.0) -> render.Html:
    """What each dimension adds to a score, as stacked bars. rows: name, and the part of each dimension."""
    figure, axis = plots.axes(height=0.5 * len(rows) + 1.3)
    for place, (_, parts) in enumerate(rows):
        left = 0.0
        for (name, part), colour in zip(parts.items(), plots.CYCLE, strict=False):
            axis.barh(
                place, part, left=left, color=colour, height=0.55, label=words.label(name) if place == 0 else None
            )
            left += part
    labels = [words.elided(name, 28) for name, _ in rows]
    axis.set(
        yticks=range(len(rows)), yticklabels=labels, xlim=(0, highest), xlabel=f"weighted score (0 to {highest:g})"
    )
    axis.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return plots.show(figure, caption, "score-parts")
