"""A decision tree, rolled back: what each node is worth and which way is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from lepton_nb.page import plots, render, words

#: Sign of a node that chooses, that is left to chance, and that ends.
SIGNS = {"decide": "s", "chance": "o", "end": "|"}


#: Rolls a tree back to a result with value and policy: ``lepton_nb.valuation.decisions.decision_tree``.
Solve = Callable[[Any], Any]


class Branch(NamedTuple):
    """A node and the way to it."""

    label: str
    node: Any
    taken: bool | None  # None: chance takes it, nobody chooses


def kind_of(node: Any) -> str:
    return next((kind for kind in ("decide", "chance") if isinstance(node, dict) and kind in node), "end")


def branches(node: Any, solve: Solve) -> list[Branch]:
    """The ways on from a node, in their order."""
    kind = kind_of(node)
    if kind == "decide":
        best = solve(node).policy["start"]
        return [Branch(str(name), after, name == best) for name, after in node["decide"].items()]
    if kind == "chance":
        found = node["chance"].items()
        return [Branch(f"{name} ({words.share(odds)})", after, None) for name, (odds, after) in found]
    return []


def worth(node: Any, solve: Solve) -> float:
    """What a node is worth to whoever has reached it and still has to pay its cost."""
    return float(node) if kind_of(node) == "end" else solve(node).value


def tree(node: Any, solve: Solve, caption: str, name: str = "", unit: str = "") -> render.Html:
    """The tree from left to right: squares choose, circles are left to chance, figures are rolled back.

    node: as ``solve`` takes it. The way that is chosen is drawn thick.
    """
    ends = _ends(node, solve)
    figure, axis = plots.axes(height=0.42 * ends + 0.6)
    _draw(axis, node, 0, iter(range(ends)), solve)
    axis.set(xticks=[], yticks=[], ylim=(ends - 0.4, -0.6), xlim=(-0.4, _depth(node, solve) + 0.45))
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    found = solve(node)
    told = [f"Worth {words.figure(found.value, unit)}", *(f"{place}: {way}" for place, way in found.policy.items())]
    return plots.show(figure, caption, name, alt=". ".join(told) + ".")


def _ends(node: Any, solve: Solve) -> int:
    return sum(_ends(way.node, solve) for way in branches(node, solve)) or 1


def _depth(node: Any, solve: Solve) -> int:
    return 1 + max((_depth(way.node, solve) for way in branches(node, solve)), default=-1)


def _draw(axis: Axes, node: Any, depth: int, rows: Iterator[int], solve: Solve) -> float:
    """Draw a node and what follows; gives the height at which it stands."""
    ways = branches(node, solve)
    heights = [_draw(axis, way.node, depth + 1, rows, solve) for way in ways]
    here = (heights[0] + heights[-1]) / 2 if heights else float(next(rows))
    for way, there in zip(ways, heights, strict=True):
        colour = plots.GREY if way.taken is False else plots.BLUE if way.taken else plots.INK
        axis.plot([depth, depth + 0.25, depth + 1], [here, there, there], color=colour, zorder=1,
                  linewidth=2.6 if way.taken else 1.1, linestyle="--" if way.taken is False else "-")  # fmt: skip
        axis.annotate(way.label, (depth + 0.28, there), xytext=(0, 3), textcoords="offset points", fontsize=8)
    kind = kind_of(node)
    axis.plot([depth], [here], SIGNS[kind], color=plots.ORANGE, markersize=9, markeredgecolor=plots.INK, zorder=2)
    cost = node.get("cost") if kind != "end" else None
    text = words.figure(worth(node, solve)) + (f", costs {words.figure(cost)}" if cost else "")
    beside = {"xytext": (8, 0), "va": "center"} if kind == "end" else {"xytext": (-6, -14), "ha": "right"}
    axis.annotate(text, (depth, here), textcoords="offset points", fontsize=8, weight="bold", **beside)
    return here
