"""The only module that makes HTML. Everything that enters as text is escaped.

Notebooks hand over numbers and words; they get back an :class:`Html`, which JupyterLab
and the published site show alike. No colour is set that would fight a dark theme:
lines and shades are mixed from the page's own text colour.
"""

from __future__ import annotations

import html
import re
from collections import UserString
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from lepton_nb import paths
from lepton_nb.page.words import MINUS, MISSING, THIN, count, measured, money, number, percent

__all__ = [
    "MINUS",
    "MISSING",
    "THIN",
    "Html",
    "banner",
    "beside",
    "count",
    "definitions",
    "figure",
    "join",
    "measured",
    "money",
    "note",
    "number",
    "percent",
    "table",
]


class Html(UserString):
    """Finished, escaped HTML that a notebook displays. Only this module makes one.

    Not a ``str``: IPython would print a string's own form beside it, and store every table twice.
    """

    def _repr_html_(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        text = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", str(self), flags=re.S)
        text = re.sub(r"</t[dh]>\s*<t[dh][^>]*>", "  ", text)
        text = re.sub(r"</(tr|p|div|figcaption)>", "\n", text)
        plain = html.unescape(re.sub(r"<[^>]+>", "", text)).strip()
        return {"text/html": str(self), "text/plain": plain}


def _text(value: Any) -> str:
    return str(value) if isinstance(value, Html) else html.escape(str(value))


def _missing(value: Any) -> bool:
    """None, NaN and pandas' NaT."""
    return value is None or value != value


Format = Callable[[Any], str]


def table(
    rows: Any,
    formats: Mapping[str, Format] | None = None,
    caption: str = "",
    total: bool = False,
) -> Html:
    """A table: one column a key, numbers to the right, texts to the left.

    rows: mappings from column to value, or a DataFrame, which is shown without its index.
    ``formats`` maps a column to a function that turns its value into text; ``total=True``
    sets the last row apart.
    """
    if hasattr(rows, "itertuples"):  # a DataFrame; pandas itself takes a second to import
        columns, lines = list(rows.columns), [list(line) for line in rows.itertuples(index=False, name=None)]
    else:
        rows = list(rows)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        lines = [[row.get(column) for column in columns] for row in rows]
    formats = formats or {}
    present = {column: [line[at] for line in lines if not _missing(line[at])] for at, column in enumerate(columns)}

    def all_are(kind: type, column: str) -> bool:
        values = present[column]
        return bool(values) and all(isinstance(value, kind) and not isinstance(value, bool) for value in values)

    numeric = {column for column in columns if all_are(Real, column)}
    counted = {column for column in columns if all_are(Integral, column)}

    def cell(column: str, value: Any) -> str:
        if column in formats:
            return _text(formats[column](value))
        if _missing(value):
            return MISSING
        if isinstance(value, bool | np.bool_):
            return "yes" if value else "no"
        if isinstance(value, Real):
            return count(value) if column in counted else number(value)
        return _text(value)

    def side(column: str) -> str:
        return ' class="num"' if column in numeric or (column in formats and column != columns[0]) else ""

    head = "".join(f'<th{side(c)} scope="col">{_text(c)}</th>' for c in columns)
    body = []
    for position, values in enumerate(lines):
        last = ' class="total"' if total and position == len(lines) - 1 else ""
        cells = "".join(f"<td{side(c)}>{cell(c, v)}</td>" for c, v in zip(columns, values, strict=True))
        body.append(f"<tr{last}>{cells}</tr>")
    title = f"<caption>{_text(caption)}</caption>" if caption else ""
    return Html(
        f'<div class="lepton-table"><table>{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def definitions(pairs: Mapping[str, Any]) -> Html:
    """A short list of names and what they are (date, basis, currency)."""
    rows = "".join(f'<tr><th scope="row">{_text(k)}</th><td>{_text(v)}</td></tr>' for k, v in pairs.items())
    return Html(f'<div class="lepton-table lepton-definitions"><table><tbody>{rows}</tbody></table></div>')


def banner(title: str, text: str, kind: str = "warning") -> Html:
    """A box that cannot be missed. kind: warning, stand-in, synthetic, note, good."""
    style = "border-left:4px solid currentColor;padding:.6em 1em;margin:1em 0"
    return Html(
        f'<div class="lepton-banner lepton-{_text(kind)}" role="note" style="{style}">'
        f"<p><strong>{_text(title)}</strong> {_text(text)}</p></div>"
    )


def note(text: str) -> Html:
    """A small line under a table or plot: source, n, interval."""
    return Html(f'<p class="lepton-note"><small>{_text(text)}</small></p>')


def join(*parts: Html) -> Html:
    """Several pieces as one output."""
    for part in parts:
        if not isinstance(part, Html):
            raise TypeError(f"join takes finished Html only. Received: {type(part).__name__}")
    return Html("".join(map(str, parts)))


def beside(record: Any, recorded: Any, names: Mapping[str, str]) -> Html:
    """Figures of this run beside those of the recorded full run.

    record, recorded: :class:`lepton_nb.results.Record`; recorded may be None. names: figure (or entry of
    ``seconds``) → words for it. A figure that a record does not hold is a dash.
    """

    def pair(source: Any, name: str) -> tuple[str, str]:
        if source is not None and name in source.figures:
            found = source.figures[name]
            ends = [measured(end, found.unit) for end in (found.low, found.high) if end is not None]
            return measured(found.value, found.unit), f"{' to '.join(ends)} ({found.interval})" if ends else ""
        if source is not None and name in source.seconds:
            return number(source.seconds[name], 0, "s"), ""
        return MISSING, ""

    rows = []
    for name, words in names.items():
        (here, here_range), (there, there_range) = pair(record, name), pair(recorded, name)
        rows.append({"figure": words, "this run": here, "its interval": here_range}
                    | {"recorded run": there, "interval": there_range})  # fmt: skip
    stand_in = any(data["stand_in"] for data in record.data)
    caption = f"This run: profile {record.profile}, on {'stand-in' if stand_in else 'real'} data. "
    if recorded is None:
        caption += "No full run on real data is on record for this chapter."
    else:
        made = recorded.made
        caption += (
            f"Recorded run: profile {recorded.profile}, on real data, {made['date']}, {made['cores']} cores of "
            f"{made['processor']}, revision {made['revision']}. Again: {made['command']}"
        )
    texts = dict.fromkeys(("this run", "recorded run"), str)
    return join(table(rows, texts, caption), *_recorded_drawings(recorded))


def _recorded_drawings(recorded: Any) -> list[Html]:
    """The drawings that went on record with a full run."""
    pictures = recorded.made.get("pictures", ()) if recorded is not None else ()
    folder = paths.measured(recorded.chapter).parent if pictures else None
    return [
        figure((folder / picture["file"]).read_text(encoding="utf-8"), f"Recorded run. {picture['caption']}",
               f"recorded-{picture['file'].removesuffix('.svg')}")
        for picture in pictures
    ]  # fmt: skip


def page(title: str, body: Html, style: str) -> str:
    """A whole page of its own: finished pieces, a style sheet, and the reader's light or dark theme."""
    choose = "document.documentElement.dataset.theme=matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light'"
    alone = (
        "body{background:var(--lepton-page);color:var(--lepton-ink);font-family:system-ui,sans-serif;"
        "max-width:58rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}"
        "th,td{padding:.3rem .7rem .3rem 0;text-align:left;vertical-align:top}.num{text-align:right}"
        "caption{text-align:left;color:var(--lepton-muted)}.lepton-table{overflow-x:auto;margin:1rem 0}"
    )
    return (
        f'<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><script>{choose}</script>'
        f"<style>{style}\n{alone}</style></head><body><article class='bd-article'><h1>{_text(title)}</h1>{body}"
        "</article></body></html>\n"
    )


def heading(text: str) -> Html:
    """A heading of a page's section."""
    return Html(f"<h2>{_text(text)}</h2>")


def figure(svg: str, caption: str, name: str = "") -> Html:
    """A drawing made by :mod:`lepton_nb.page.plots` with its caption; ``name`` is its anchor in the page."""
    svg = svg[svg.index("<svg") :]
    anchor = f' id="fig-{_text(name)}"' if name else ""
    label = html.escape(caption, quote=True)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" style="max-width:100%;height:auto" ', 1)
    return Html(
        f'<figure class="lepton-figure"{anchor}>{svg}'
        f'<figcaption data-figure="{_text(name)}">{_text(caption)}</figcaption></figure>'
    )


def drawings(finished: str) -> dict[str, tuple[str, str]]:
    """Anchor → SVG and caption of the drawings in finished HTML: what :func:`figure` was given."""
    made = (
        r'<figure class="lepton-figure" id="fig-([^"]+)"><svg role="img" aria-label="([^"]*)" style="[^"]*" (.*?</svg>)'
    )
    return {
        html.unescape(name): (f"<svg {rest}\n", html.unescape(caption))
        for name, caption, rest in re.findall(made, finished, re.S)
    }
