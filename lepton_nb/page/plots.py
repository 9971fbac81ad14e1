"""Plots: axes in, axes out; one style, readable on a light and on a dark page.

A finished figure becomes inline SVG. Ink (text, axes) is drawn in the page's own text colour,
so one drawing serves both themes; data colours are the colour-blind safe set of Okabe and Ito (2008).
"""

from __future__ import annotations

import base64
import io
import re
import warnings
import weakref
from collections.abc import Sequence

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatterSciNotation
from PIL import Image

from lepton_nb.page import render, words

BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "#3a8bc9", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7"
#: Order in which series take their colours.
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
#: Stands for the page's text colour; replaced by ``currentColor`` in the finished SVG.
INK = "#010203"
#: Quiet grey, visible on white and on black.
GREY = "#8a8f98"

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=CYCLE),
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "text.color": INK,
    # What a client typed is text: a dollar sign opens no formula. A drawing's own formula says parse_math=True.
    "text.parse_math": False,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "figure.constrained_layout.use": True,
    # The same figure gives the same bytes, whenever it is drawn.
    "svg.hashsalt": "lepton",
    "svg.fonttype": "path",
}


# For the whole process: what is drawn on the axes later takes its style then.
matplotlib.rcParams.update(STYLE)


def axes(rows: int = 1, columns: int = 1, width: float = 7.2, height: float | None = None, **options):
    """A figure in the book's style and its axes, as ``matplotlib.pyplot.subplots`` gives them.

    width, height in inches; the default height suits one row of plots.
    """
    return plt.subplots(rows, columns, figsize=(width, height or 3.1 * rows), **options)


class PowersOfTen(LogFormatterSciNotation):
    """Ticks of a logarithmic axis as plain text, not as a formula: 0.5 and 200, or 10⁻⁸ where the axis is long."""

    def __call__(self, x, pos=None) -> str:
        text = super().__call__(x, pos)
        if text and max(map(abs, self.axis.get_view_interval())) < 1e5 and (x == 0 or abs(x) >= 1e-4):
            return f"{x:g}".replace("-", "\N{MINUS SIGN}")
        text = re.sub(r"\$|\\mathdefault|[{}]", "", text.replace(r"\times", "·"))
        raised = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
        text = re.sub(r"\^([-−]?\d+)", lambda power: power[1].translate(raised), text)
        return text.replace("-", "\N{MINUS SIGN}")


def _plain_ticks(figure: Figure) -> None:
    """Matplotlib writes the ticks of logarithmic axes as formulas; here they are text, as all else."""
    for axis in figure.axes:
        for line in (axis.xaxis, axis.yaxis):
            for get, put in (
                (line.get_major_formatter, line.set_major_formatter),
                (line.get_minor_formatter, line.set_minor_formatter),
            ):
                old = get()
                if type(old) is LogFormatterSciNotation:
                    put(PowersOfTen(old._base, old.labelOnlyBase, old.minor_thresholds, old._linthresh))


_told: weakref.WeakKeyDictionary[Axes, str] = weakref.WeakKeyDictionary()


def describe(axis: Axes, text: str) -> Axes:
    """What a drawing shows, in words, for who cannot see it; :func:`show` hands it on with the figure."""
    _told[axis] = text
    return axis


def description(figure: Figure) -> str:
    """What the axes of a figure say about themselves."""
    return " ".join(_told[axis] for axis in figure.axes if axis in _told)


def _known() -> frozenset[int]:
    """Characters that the font has."""
    return frozenset(font_manager.get_font(font_manager.findfont(STYLE["font.family"])).get_charmap())


def _foreign(figure: Figure) -> bool:
    """True where a text holds a character that the font lacks; the reader's own fonts may have it."""
    known = _known() | {10}
    return any(not known.issuperset(map(ord, text.get_text())) for text in figure.findobj(Text))


def show(drawn: Figure | Axes, caption: str, name: str = "", alt: str = "") -> render.Html:
    """Close the figure and return it as inline SVG with its caption; ``name`` is its anchor.

    alt: what the drawing shows; without it the axes' own descriptions, else the caption.
    """
    figure = drawn.figure if isinstance(drawn, Axes) else drawn
    alt = alt or description(figure)
    _plain_ticks(figure)
    buffer = io.StringIO()
    letters = "none" if _foreign(figure) else STYLE["svg.fonttype"]
    with matplotlib.rc_context({"svg.fonttype": letters}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = _lighter(words.opened(buffer.getvalue())).replace(INK, "currentColor")
    return render.figure(svg, caption, name, alt)


#: Where a drawing places its lines and marks, and the digits of a place that nobody sees: under a hundredth of a point.
_PLACES = re.compile(r'(?<= d=")[^"]*(?=")|(?<=<use )[^>]*')
_FINE = re.compile(r"(\.\d\d)\d+")
#: A picture in a drawing with a name made of its content: two equal pictures would have one name.
_NAMED = re.compile(r'(<image\b[^>]*?) id="([^"]*)"')
_PICTURE = re.compile(r"data:image/png;base64,\s*([^\"']*)")


def _lighter(svg: str) -> str:
    """The same drawing in fewer bytes: half for one of many lines, a third for one of many pictures."""
    svg = _PLACES.sub(lambda match: _FINE.sub(r"\1", match[0]), svg)
    svg = _NAMED.sub(lambda match: match[1] if f"#{match[2]}" not in svg else match[0], svg)
    return _PICTURE.sub(lambda match: _webp(base64.b64decode("".join(match[1].split()))), svg)


def _webp(png: bytes) -> str:
    """A picture as the address that holds it, in the shorter form of two: without loss, or as a photograph is kept."""
    picture = Image.open(io.BytesIO(png))
    forms = []
    for options in ({"lossless": True}, {"quality": 90}):
        buffer = io.BytesIO()
        picture.save(buffer, "webp", **options)
        forms.append(buffer.getvalue())
    return f"data:image/webp;base64,{base64.b64encode(min(forms, key=len)).decode()}"


def image(axis: Axes, pixels: np.ndarray, title: str = "", colour_map: str = "gray_r") -> Axes:
    """One picture without axes. pixels: (height, width) or (height, width, 3)."""
    axis.imshow(pixels, cmap=colour_map if pixels.ndim == 2 else None, interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    if title:
        axis.set_title(title, fontsize=8, fontweight="normal", loc="center", color=INK)
    return axis


def image_grid(pictures: Sequence[np.ndarray], titles: Sequence[str] = (), columns: int = 10) -> Figure:
    """Pictures side by side, each with its own short title."""
    rows = -(-len(pictures) // columns)
    figure, grid = axes(rows, columns, width=0.78 * columns, height=rows * (1.05 if titles else 0.8), squeeze=False)
    for position, axis in enumerate(grid.flat):
        if position < len(pictures):
            image(axis, pictures[position], titles[position] if titles else "")
        else:
            axis.set_visible(False)
    return figure
