"""Every chart draws what a client may have: nothing, one row, forty, gaps, losses, long names, foreign letters."""

from __future__ import annotations

import inspect
import math
import re
import warnings
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lepton_nb.page import charts, inspection_charts, plots, speech_charts

LONG = "Prevented loss at the customer, including goodwill and the repeated visits of a technician $5 to $10"
NAN = math.nan
RNG = np.random.default_rng(0)
YEARS = list(range(2026, 2033))
X = np.linspace(0, 5, 20)

#: Name of a chart → arguments that it must draw: ordinary first, then awkward.
DATA = {
    "waterfall": [
        ([("Benefits", 3.1e6), ("Running costs", -1.2e6), ("Development", -4e5), ("Tax", -3.6e5)], "EUR", "Value", (2e5, 2.4e6)),
        ([(LONG, -5.0)], "EUR"),
        ([], "EUR"),
        ([("a", None), ("b", 0.0), ("c", NAN), ("铸造", -3e9)], "CNY", "Value", (None, None)),
        ([(f"step {n}", (-1) ** n * n * 1e4) for n in range(40)], "EUR", LONG, (-1e6, 1e6), ("Old value", -2e5)),
    ],
    "ranges": [
        ([("replacement cost, 30 %", 4e5, 3e5, 5e5, "cost"), ("with and without, 70 %", 7e5, -1e5, 1.4e6, "income"),
          ("royalty, 0 %", 2e5, 1e5, 3e5, "income", False)], "EUR", "indication", 6.1e5),
        ([(LONG, 0.0, 0.0, 0.0)], "EUR"),
        ([],),
        ([("gap", None, None, None), ("one end", 5, None, 6), ("only a range", None, -4, 6)], "kWh"),
        ([(f"{LONG} {n}", n, n - 3, n + 3, f"kind {n % 9}") for n in range(40)], ""),
    ],
    "tornado": [
        ([("Volume of castings, a year", 2e5, 1.9e6, "3.9 m", "4.6 m"), ("Half-life of the gain", 8e5, 1.3e6, "2 years", "5 years")],
         1.08e6, "EUR"),
        ([(LONG, -3.0, -3.0, LONG, LONG)], -3.0, "EUR"),
        ([], 5.0, "EUR"),
        ([("gap", NAN, 2.0), ("none", NAN, NAN)], 0.0),
        ([(f"{LONG} {n}", -n * 1e5, n * 1e5, "low", "high") for n in range(40)], 0.0, "EUR"),
    ],
    "cash_by_year": [
        (YEARS, {"benefits": [0, 5e5, 9e5, 9e5, 8e5, 6e5, 4e5], "running": [-1e5] * 7, "development": [-9e5, -2e5, 0, 0, 0, 0, 0]}, "EUR"),
        ([2026], {LONG: [0.0]}, "EUR"),
        ([], {}, "EUR"),
        (YEARS, {"a": [None, NAN, -1, 0, 1, 2, 3]}, "EUR", False),
        (range(40), {f"{LONG} {n}": RNG.normal(size=40) * 1e9 for n in range(9)}, "CNY"),
    ],
    "bars": [
        (["M1", "D1", "I1"], {"own costs": [5e5, 3e5, -1e5], "avoidable costs": [4e5, 2e5, 0.0]}, "EUR", "share of the group's value"),
        ([LONG], {LONG: [None]}, "EUR"),
        ([], {}),
        (["a", "b"], {"x": [NAN, -2], "y": [0, -3]}, "", "", True, (-5, 5)),
        ([f"{LONG} {n}" for n in range(40)], {str(k): RNG.normal(size=40) for k in range(8)}, "", "score", True),
    ],
    "lines": [
        (X, {"own": [X**2, X**2 + 2, X**2 + 4], "bought": X * 3}, "requests a year", "EUR per 1,000", [("today", 2.0, 6.0)],
         {"busiest hour": 3.0}, {"limit": 10.0}),
        ([1.0], {"": [2.0]}),
        ([], {}),
        (X + 1, {LONG: np.where(X > 2, NAN, X + 1)}, LONG, LONG, (), {"": NAN}, None, "xy", True),
        (X, {f"{LONG} {n}": X * n for n in range(12)}),
    ],
    "histogram": [
        (RNG.normal(1e6, 8e5, 4096), "EUR", {"5 %": -2e5, "mean": 1e6, "95 %": 2.3e6}),
        ([5.0], "EUR", {LONG: 5.0}),
        ([], "EUR"),
        ([NAN, None, 0.0, 0.0], "EUR", {"mean": NAN}),
        (-np.abs(RNG.normal(size=4000)), "", {f"mark {n}": -n / 10 for n in range(12)}, None),
    ],
    "densities": [
        ({"paired table": RNG.normal(0.2, 0.05, 4000), "margins": RNG.normal(0.2, 0.2, 4000)}, "EUR", "gain per case"),
        ({LONG: [1.0, 1.0]}, "EUR"),
        ({}, "EUR"),
        ({"a": [NAN], "b": [0.0]}, "EUR"),
        ({f"{LONG} {n}": RNG.normal(n, 1, 500) for n in range(12)},),
    ],
    "decay": [
        ([0, 0.25, 0.5, 0.75], [0.93, 0.92, 0.9, 0.89], [(0.9, 0.95), (0.89, 0.94), (0.87, 0.93), (0.85, 0.92)],
         {"half-life 2.9 years": lambda t: 0.5 + 0.43 * 2 ** (-t / 2.9)}, 0.5, "years", "recall", ["2025-01", "2025-04", "2025-07", "2025-10"]),
        ([0.0], [0.5]),
        ([], []),
        ([0, 1, 2], [NAN, None, 0.2], [(NAN, NAN), (None, None), (0.3, 0.1)]),
        (range(40), RNG.normal(size=40), None, {LONG: lambda t: t * NAN}, None, LONG, LONG, [f"month {n}" for n in range(40)]),
    ],
    "matrix": [
        ([[-2e5, 1e5, 4e5], [-3e5, 0, 2e5]], ["8 %", "12 %"], ["1 year", "3 years", "5 years"],
         lambda value: plots.render.money(value, ""), "discount rate", "half-life", 0.0, None, (1, 1)),
        ([[NAN]], [LONG], [LONG]),
        ([], [], []),
        ([[0.0, 0.0]], ["a"], ["b", "c"]),
        (RNG.normal(size=(40, 14)), [f"{LONG} {n}" for n in range(40)], [f"{LONG} {n}" for n in range(14)]),
    ],
    "correlations": [
        (["M1 + D1", "M2", "M3"], [[1, 0.3, -0.4], [0.3, 1, NAN], [-0.4, NAN, 1]]),
        ([LONG], [[1.0]]),
        ([], []),
    ],
    "calibration": [
        ([0.01, 0.05, 0.2, 0.6], [0.02, 0.04, 0.3, 0.5], [(0.01, 0.03), (0.02, 0.07), (0.2, 0.4), (0.4, 0.6)]),
        ([0.0], [0.0]),
        ([], []),
        ([NAN, 0.5], [0.5, NAN], [(NAN, NAN), (0.1, 0.9)]),
    ],
    "profit_curve": [
        (X / 5, -((X / 5 - 0.3) ** 2), "EUR", [("in use", 0.2, -0.01), ("from the money", 0.3, 0.0)]),
        ([0.5], [NAN], "EUR"),
        ([], [], "EUR"),
        (X / 5, [X - 3, X - 2, X - 1], "EUR", [(LONG, 0.5, -1.0)]),
    ],
    "confusion": [
        ({"tp": 101, "fn": 7, "fp": 71, "tn": 5821}, ("defect", "sound")),
        ([[0, 0], [0, 0]],),
        ([[NAN, 1], [2, None]], (LONG, LONG)),
        (RNG.integers(0, 900, (10, 10)), [f"class {n}" for n in range(10)]),
    ],
    "scatter": [
        ([("1", 2.0, 300), ("2", 3.1, 120), ("4", 6.0, 80), ("2 apart", 3.3, 190)], "EUR per 1,000", "ms", ["1", "2", "4"],
         {"2 apart": "a queue each"}),
        ([(LONG, 0, 0)], LONG, LONG),
        ([],),
        ([("a", NAN, 1), ("b", 1, -1)], "x", "y", ["a", "b"]),
        ([(f"{LONG} {n}", n, -n) for n in range(40)],),
    ],
    "timeline": [
        ([("EU AI Act, high risk", "2026-08-02", None), ("Licence ends", "2027-03-31", None), ("Pilot", "2026-01-01", "2026-06-30")],
         "2025-12-31", {"Pilot": "project"}),
        ([(LONG, "2026-01-01", "2025-01-01")],),
        ([],),
        ([("gap", None, None), ("not a day", "soon", None), ("day", "2026-02-28", None)], "never"),
        ([(f"{LONG} {n}", f"20{26 + n % 30}-01-01", f"20{27 + n % 30}-01-01") for n in range(40)],),
    ],
}  # fmt: skip
CASES = [(name, at) for name, found in DATA.items() for at in range(len(found))]


def draw(name: str, at: int):
    return getattr(charts, name)(*DATA[name][at])


def test_every_chart_is_tried():
    drawn = {name for name in charts.__all__ if inspect.isfunction(getattr(charts, name))}
    assert drawn - {"panels"} == set(DATA)


@pytest.mark.parametrize(("name", "at"), CASES, ids=[f"{name}-{at}" for name, at in CASES])
def test_a_chart_draws_whatever_it_is_given_without_a_warning_and_says_what_it_shows(name, at):
    open_before = plt.get_fignums()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        axis = draw(name, at)
        alt = plots.description(axis.figure)
        shown = str(plots.show(axis, "Caption.", f"{name}-{at}"))
    assert len(alt) > 5 and alt.endswith((".", "…")) and "nan" not in alt.lower() and "None" not in alt, alt
    assert 'aria-label="Caption."' not in shown and "lepton-narrow" in shown
    assert plt.get_fignums() == open_before


def colours(svg: str) -> set[str]:
    return set(re.findall(r"#[0-9a-f]{6}\b", svg))


@pytest.mark.parametrize("name", DATA)
def test_text_and_lines_are_in_the_colour_of_the_page_so_that_both_themes_can_be_read(name):
    axis = draw(name, 0)
    texts = [text for text in axis.findobj(plt.Text) if text.get_text().strip()]
    fields = name in ("matrix", "correlations", "confusion")  # these write on fields of their own colour
    for text in texts:
        own = plt.matplotlib.colors.to_hex(text.get_color())
        assert own in ({plots.INK, "#16202a"} if fields else {plots.INK}), (text.get_text(), own)
        assert text.get_fontsize() >= 7
        assert not text.get_parse_math()
    shown = str(plots.show(axis, "Caption."))
    assert "currentColor" in shown and not colours(shown) & {"#000000", plots.INK}


@pytest.mark.parametrize("name", DATA)
def test_a_chart_draws_on_axes_that_it_is_given(name):
    first, second = charts.panels(2, titles=[LONG, "Second"])
    assert getattr(charts, name)(*DATA[name][0], axis=second) is second
    assert not first.lines and not first.patches
    plt.close(first.figure)


def luminance(colour: str) -> float:
    parts = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
             for value in plt.matplotlib.colors.to_rgb(colour)]  # fmt: skip
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", ["#ffffff", "#12161b"])
def test_data_colours_stand_out_on_a_light_and_on_a_dark_page(page):
    for colour in plots.CYCLE:
        assert contrast(colour, page) > 1.9
    ends = [charts.DIVERGING(share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all(contrast("#16202a", plt.matplotlib.colors.to_hex(end)) > 4.5 for end in ends)


def test_panels_are_at_least_one_and_cut_long_titles():
    (only,) = charts.panels(0)
    plt.close(only.figure)
    found = charts.panels(3, titles=[LONG * 3, "b", "c"], heights=[1, 2, 3])
    assert len(found) == 3 and found[0].get_title(loc="left").count("\n") <= 1
    plt.close(found[0].figure)


def test_a_waterfall_ends_where_its_steps_lead():
    axis = charts.waterfall([("in", 5.0), ("out", -2.0)], "EUR", start=("before", 10.0), total="after")
    widths = [patch.get_width() for patch in axis.patches]
    assert widths == [10.0, 5.0, -2.0, 13.0]
    assert [patch.get_x() for patch in axis.patches] == [0.0, 10.0, 15.0, 0.0]
    plt.close(axis.figure)
    assert "after 13.00" in plots.description(axis.figure)


def test_money_in_and_out_is_stacked_away_from_zero_and_summed():
    axis = charts.cash_by_year([1, 2], {"in": [3.0, 4.0], "out": [-1.0, -1.0], "tax": [-1.0, -0.5]})
    bottoms = [patch.get_y() for patch in axis.patches]
    assert bottoms == [0.0, 0.0, 0.0, 0.0, -1.0, -1.0]
    assert list(axis.lines[0].get_ydata()) == [1.0, 3.5]
    plt.close(axis.figure)


def test_no_dot_lies_on_the_edge_of_its_axes():
    one_price = charts.Range("comparable prices", 9e6, 9e6, 9e6, strong=False)  # quartiles of one price
    axis = charts.ranges([charts.Range("replacement cost", 3e6, 3e6, 5e6), one_price], "SEK", line=-1e6)
    low, high = axis.get_xlim()
    dots = [line.get_xdata()[0] for line in axis.lines if line.get_marker() == "o"]
    assert sorted(dots) == [3.0, 9.0] and high - 9.0 > 0.03 * (high - low) and -1.0 - low > 0.03 * (high - low)
    plt.close(axis.figure)


def test_the_dots_of_a_single_row_lie_within_its_axes(monkeypatch):
    seen = []
    monkeypatch.setattr(plots, "show", lambda figure, caption, name="", alt="": seen.append(figure))
    one, two = (SimpleNamespace(value=value, low=value - 0.1, high=value + 0.1) for value in (0.6, 0.8))
    inspection_charts.accuracies(
        [{"set": "tiles", "baseline": one, "together": two, "published": None, "stand_in": False}], "Accuracy.", "x"
    )
    speech_charts.voices_drawn([{"split": "new voices", "simple": one, "together": two}], "Accuracy.", "y")
    for figure in seen:
        (axis,) = figure.axes
        dots = [line.get_ydata()[0] for line in axis.lines if len(line.get_ydata()) == 1]
        foot, top = axis.get_ylim()
        assert len(dots) >= 2 and all(top + 0.2 < dot < foot - 0.2 for dot in dots)
        assert figure.legends and axis.get_legend() is None, "a legend within would lie on the dots"
        plt.close(figure)
    assert len(seen) == 2
