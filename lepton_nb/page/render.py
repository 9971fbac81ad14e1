"""The only module that makes HTML. Everything that enters as text is escaped.

Notebooks hand over numbers and words; they get back an :class:`Html`, which JupyterLab
and the published site show alike. No colour is set that would fight a dark theme:
lines and shades are mixed from the page's own text colour.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
import wave
from collections import UserString
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from lepton_nb import paths
from lepton_nb.page import words
from lepton_nb.page.words import (
    MINUS,
    MISSING,
    THIN,
    count,
    decimals,
    escaped,
    listed,
    measured,
    money,
    number,
    percent,
    percents,
)

__all__ = [
    "MINUS",
    "MISSING",
    "THIN",
    "Html",
    "audio",
    "banner",
    "beside",
    "bullets",
    "count",
    "decimals",
    "definitions",
    "figure",
    "heading",
    "join",
    "key_figures",
    "link",
    "listed",
    "measured",
    "money",
    "note",
    "notices",
    "number",
    "paragraph",
    "percent",
    "percents",
    "plain",
    "sentences",
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
        text = re.sub(r"</(t[dh]|dt|dd)>\s*<(t[dh]|dd)[^>]*>", "  ", text)
        text = re.sub(r"</(tr|p|div|figcaption)>", "\n", text)
        plain = html.unescape(re.sub(r"<[^>]+>", "", text)).strip()
        return {"text/html": str(self), "text/plain": plain}


def _text(value: Any) -> str:
    return str(value) if isinstance(value, Html) else escaped(words.regrouped(str(value)))


#: A word that a column may not be wide enough for, and where it may be broken: after a sign that joins, or anywhere in
#: a word of a length that no column has.
LONG, BREAKS = re.compile(r"\S{16,}"), re.compile(r"(?<=[/_=?&-])(?=[^\s/])")
ENDLESS = re.compile(r"([^\s\0]{20})(?=[^\s\0]{8})")


def _cell(value: Any) -> str:
    """A text for a table: addresses and names of files may go on in the next line."""
    if isinstance(value, Html):
        return str(value)
    shown = words.groups(words.regrouped(str(value)).replace("\0", ""))
    parted = LONG.sub(lambda word: ENDLESS.sub("\\1\0", BREAKS.sub("\0", word[0])), shown)
    return "<wbr>".join(map(escaped, parted.split("\0")))


def _missing(value: Any) -> bool:
    """None, NaN and pandas' NaT."""
    return value is None or value != value


Format = Callable[[Any], str]


#: JupyterLab sets every cell to the right; the site's own style sheet is stronger than this.
SIDES = "<style>.lepton-table :is(td,th){text-align:left}.lepton-table .num{text-align:right}</style>"


def table(
    rows: Any,
    formats: Mapping[str, Format] | None = None,
    caption: str = "",
    total: bool = False,
    *,
    columns: Sequence[str] = (),
    sums: Sequence[str] = (),
    unless_zero: Sequence[str] = (),
    none: str = "None.",
) -> Html:
    """A table: one column a key, numbers to the right, texts to the left.

    rows: mappings from column to value, or a DataFrame, which is shown without its index; without a row
    the sentence ``none`` stands in its place. ``formats`` maps a column to a function that turns its value
    into text; ``columns`` chooses and orders, ``unless_zero`` names columns that are left out where all
    is zero or missing; ``sums`` names columns whose sum makes a last row, ``total=True`` sets a last row
    that is there already apart.
    """
    names, lines = _lines(rows, columns)
    if not lines:
        return note(none)
    keep = [at for at, name in enumerate(names)
            if name not in unless_zero or any(not _missing(line[at]) and line[at] != 0 for line in lines)]  # fmt: skip
    names, lines = [names[at] for at in keep], [[line[at] for at in keep] for line in lines]
    if sums:
        added = [sum(line[at] for line in lines if not _missing(line[at])) if name in sums else ""
                 for at, name in enumerate(names)]  # fmt: skip
        first = next((at for at, name in enumerate(names) if name not in sums), 0)
        added[first] = "Total"
        lines, total = [*lines, added], True
    return _table(names, lines, formats or {}, caption, total)


def _lines(rows: Any, columns: Sequence[str]) -> tuple[list[str], list[list[Any]]]:
    """Names of the columns, and the rows as lists."""
    if hasattr(rows, "itertuples"):  # a DataFrame; pandas itself takes a second to import
        names, lines = list(rows.columns), [list(line) for line in rows.itertuples(index=False, name=None)]
        chosen = [names.index(name) for name in columns] if columns else range(len(names))
        return [names[at] for at in chosen], [[line[at] for at in chosen] for line in lines]
    rows = list(rows)
    names = list(columns or dict.fromkeys(column for row in rows for column in row))
    return names, [[row.get(name) for name in names] for row in rows]


def _table(
    columns: list[str], lines: list[list[Any]], formats: Mapping[str, Format], caption: str, total: bool
) -> Html:
    present = {
        column: [line[at] for line in lines if not _missing(line[at]) and line[at] != ""]
        for at, column in enumerate(columns)
    }

    def all_are(kind: type, column: str) -> bool:
        values = present[column]
        return bool(values) and all(isinstance(value, kind) and not isinstance(value, bool) for value in values)

    numeric = {column for column in columns if all_are(Real, column)}
    counted = {column for column in columns if all_are(Integral, column)}

    def cell(column: str, value: Any) -> str:
        if isinstance(value, str) and not value:
            return ""
        if column in formats:
            return _cell(formats[column](value))
        if _missing(value):
            return MISSING
        if isinstance(value, bool | np.bool_):
            return "yes" if value else "no"
        if isinstance(value, Real):
            return count(value) if column in counted else number(value)
        return _cell(value)

    def side(column: str) -> str:
        return ' class="num"' if column in numeric or (column in formats and column != columns[0]) else ""

    # A heading without words is no heading.
    head = "".join(f'<th{side(c)} scope="col">{_text(c)}</th>' if str(c).strip() else "<td></td>" for c in columns)
    body = []
    for position, values in enumerate(lines):
        last = ' class="total"' if total and position == len(lines) - 1 else ""
        cells = "".join(f"<td{side(c)}>{cell(c, v)}</td>" for c, v in zip(columns, values, strict=True))
        body.append(f"<tr{last}>{cells}</tr>")
    title = f"<caption>{_text(caption)}</caption>" if caption else ""
    return _box(f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>",
                caption or "Table: " + ", ".join(str(c) for c in columns if str(c).strip()))  # fmt: skip


def _box(inner: str, name: str, kind: str = "") -> Html:
    """A table in a box that scrolls where it is too wide, and takes the keyboard's focus for it."""
    label = escaped(words.elided(name, 120))
    return Html(f'<div class="lepton-table{kind}" role="group" aria-label="{label}" tabindex="0">{SIDES}{inner}</div>')


def definitions(pairs: Mapping[str, Any], none: str = "None.") -> Html:
    """A short list of names and what they are (date, basis, currency)."""
    if not pairs:
        return note(none)
    rows = "".join(
        f'<tr><th scope="row">{_text(k)}</th><td>{MISSING if _missing(v) else _cell(v)}</td></tr>'
        for k, v in pairs.items()
    )
    return _box(f"<table><tbody>{rows}</tbody></table>", f"{words.elided(next(iter(pairs)))} and more", KEYED)


#: The class of a table whose first column names its rows.
KEYED = " lepton-definitions"
#: Colours of the banners where the site's style sheet is not there; they are mixed with the page's own.
TONES = {"note": "#3a8bc9", "good": "#009e73"}


def banner(title: str, text: str | Html, kind: str = "warning") -> Html:
    """A box that cannot be missed. kind: warning, stand-in, synthetic, note, good."""
    tone = TONES.get(kind, "#c98a00")
    style = (
        f"border-left:4px solid {tone};background:color-mix(in srgb,{tone} 12%,transparent);"
        "padding:.6em 1em;margin:1em 0"
    )
    return Html(
        f'<div class="lepton-banner lepton-{_text(kind)}" role="note" style="{style}">'
        f"<p>{f'<strong>{_text(title)}</strong> ' if title else ''}{_text(text)}</p></div>"
    )


def notices(synthetic: bool = False, data: Iterable[Mapping[str, Any]] = ()) -> Html:
    """The banners that a page must carry: the client is made up; data are a stand-in for the real ones.

    data: sources as a record lists them (name, source, stand_in). Nothing to say gives an empty piece.
    """
    parts = []
    if synthetic:
        parts.append(banner("Synthetic client.", "Invented for demonstration; no real company.", "synthetic"))
    for one in data:
        if one.get("stand_in"):
            parts.append(banner("Stand-in data.", f"{one['name']}: {one['source']}.", "stand-in"))
    return join(*parts)


def key_figures(items: Iterable[tuple[str, Any]] | Mapping[str, Any]) -> Html:
    """The few figures that a page is about, large: words and figure, or words, figure and a remark."""
    boxes = []
    for words_, shown, *remark in items.items() if isinstance(items, Mapping) else items:
        more = f"<dd class='lepton-remark'>{_text(remark[0])}</dd>" if remark and remark[0] else ""
        value = MISSING if _missing(shown) else _text(shown)
        boxes.append(f"<div><dt>{_text(words_)}</dt><dd>{value}</dd>{more}</div>")
    return Html(f'<dl class="lepton-key">{"".join(boxes)}</dl>') if boxes else Html("")


def sentences(texts: Iterable[Any], heading: str = "", none: str = "None.") -> Html:
    """Sentences one below the other, what is the same of several subjects once: under a heading as a table, else as notes."""
    told = words.once(texts)
    if not told:
        return note(none)
    return table([{heading: text} for text in told]) if heading else join(*map(note, told))


def note(text: str) -> Html:
    """A small line under a table or plot: source, n, interval."""
    return Html(f'<p class="lepton-note"><small>{_text(text)}</small></p>')


def blanks(labels: Iterable[str]) -> Html:
    """Lines to be filled in by hand on the printed page."""
    lines = "".join(f'<p class="lepton-blank"><span></span>{_text(label)}</p>' for label in labels)
    return Html(f'<div class="lepton-blanks">{lines}</div>')


def join(*parts: Html) -> Html:
    """Several pieces as one output."""
    for part in parts:
        if not isinstance(part, Html):
            raise TypeError(f"join takes finished Html only. Received: {type(part).__name__}")
    return Html("".join(map(str, parts)))


def beside(record: Any, recorded: Any, names: Mapping[str, str]) -> Html:
    """Figures of this run beside those of the recorded full run.

    record, recorded: :class:`lepton_nb.results.Record`; recorded may be None. names: figure (or entry of
    ``seconds``) → words for it. A figure that this run does not give is a dash.

    Raises LookupError for a name that the recorded run does not hold: no page shows a dash for what is on record.
    """

    def pair(source: Any, name: str) -> tuple[str, str]:
        if source is not None and name in source.figures:
            found = source.figures[name]
            ends = [measured(end, found.unit) for end in (found.low, found.high) if end is not None]
            return measured(found.value, found.unit), f"{' to '.join(ends)} ({found.interval})" if ends else ""
        if source is not None and name in source.seconds:
            return words.seconds(source.seconds[name]), ""
        if source is recorded and source is not None:
            raise LookupError(f"the record of {recorded.chapter!r} has no figure {name!r}, which its page shows")
        return MISSING, ""

    rows = []
    for name, told in names.items():
        (here, here_range), (there, there_range) = pair(record, name), pair(recorded, name)
        rows.append({"figure": told, "this run": here, "its interval": here_range}
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


#: The reader's light or dark theme, for a page of its own: the one script that its policy lets run.
CHOOSE = "document.documentElement.dataset.theme=matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light'"


def page(title: str, body: Html, style: str) -> str:
    """A whole page of its own: finished pieces and a style sheet; it asks nobody for anything."""
    known = base64.b64encode(hashlib.sha256(CHOOSE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{known}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    alone = (
        "body{background:var(--lepton-page);color:var(--lepton-ink);font-family:system-ui,sans-serif;"
        "max-width:58rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}"
        "th,td{padding:.3rem .7rem .3rem 0;text-align:left;vertical-align:top}.num{text-align:right}"
        "caption{text-align:left;color:var(--lepton-muted)}.lepton-table{overflow-x:auto;margin:1rem 0}"
    )
    return (
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>{_text(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><script>{CHOOSE}</script>'
        f"<style>{style}\n{alone}</style></head><body><article class='bd-article'><h1>{_text(title)}</h1>{body}"
        "</article></body></html>\n"
    )


def plain(text: str) -> Html:
    """Words as they are, to stand beside links in one cell or sentence."""
    return Html(_text(text))


def paragraph(*parts: str | Html) -> Html:
    """Words and links as one paragraph."""
    return Html(f"<p>{''.join(map(_text, parts))}</p>")


def bullets(items: Iterable[Html], none: str = "None.") -> Html:
    """Sentences as a list."""
    told = "".join(f"<li>{_text(item)}</li>" for item in items)
    return Html(f"<ul>{told}</ul>") if told else note(none)


def link(text: str, address: str) -> Html:
    """Words that lead to a page of the same site."""
    return Html(f'<a href="{escaped(address)}">{_text(text)}</a>')


def heading(text: str) -> Html:
    """A heading of a page's section."""
    return Html(f"<h2>{_text(text)}</h2>")


def figure(svg: str, caption: str, name: str = "", alt: str = "") -> Html:
    """A drawing made by :mod:`lepton_nb.page.plots` with its caption; ``name`` is its anchor in the page.

    alt: what the drawing shows, for who cannot see it; without it the caption says so. Identifiers inside
    the drawing get the figure's own name, so that two drawings on one page share none.
    """
    svg = svg[svg.index("<svg") :]
    own = name or hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(IDENTIFIED, rf"\g<1>{_prefix(own)}", svg)
    anchor = f' id="fig-{_text(name)}"' if name else ""
    label = escaped(alt or caption)
    wide = re.match(r'<svg [^>]*?\bwidth="([\d.]+)pt"', svg)
    kind, reach = (" lepton-narrow", "") if wide and float(wide[1]) <= NARROW else ("", ' tabindex="0"')
    size = "max-width:100%;height:auto" + (f";--width:{float(wide[1]):.0f}pt" if wide else "")
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" style="{size}" ', 1)
    return Html(
        f'<figure class="lepton-figure{kind}"{anchor}{reach}>{svg}'
        f'<figcaption data-figure="{_text(name)}">{_text(caption)}</figcaption></figure>'
    )


#: Most samples of a sound that a page carries in itself: 8 seconds on a telephone line.
LONGEST_SOUND = 64_000


def audio(sound: np.ndarray, rate: int, caption: str) -> Html:
    """A sound to listen to, carried in the page itself. sound: (n,), brought to its largest value; rate: samples a second.

    The policy of the site lets sounds of this kind play and no others (``lepton_nb.report.page_head``).
    """
    sound = np.asarray(sound, float)
    if sound.ndim != 1 or not 0 < len(sound) <= LONGEST_SOUND or not np.isfinite(sound).all():
        raise ValueError(f"sound must be a row of 1 to {LONGEST_SOUND:,} finite samples. Received: shape {sound.shape}")
    level = np.round(32_000 * sound / max(np.abs(sound).max(), 1e-9)).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(level.tobytes())
    address = f"data:audio/wav;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Html(
        f'<figure class="lepton-audio"><audio controls preload="metadata" src="{address}" '
        f'aria-label="{escaped(caption)}"></audio><figcaption>{_text(caption)}</figcaption></figure>'
    )


#: Where a drawing names or uses an identifier.
IDENTIFIED = r'(\bid="|href="#|url\(#)'


def _prefix(name: str) -> str:
    return re.sub(r"\W+", "-", name) + "--"


#: Widest drawing, in points, whose text can still be read when a telephone shows it whole.
NARROW = 390


def drawings(finished: str) -> dict[str, tuple[str, str]]:
    """Anchor → SVG and caption of the drawings in finished HTML: what :func:`figure` was given."""
    made = (
        r'<figure class="lepton-figure[^"]*" id="fig-([^"]+)"[^>]*><svg role="img" aria-label="[^"]*" style="[^"]*" '
        r"(.*?</svg>)\s*<figcaption[^>]*>(.*?)</figcaption>"
    )
    found = {}
    for name, rest, caption in re.findall(made, finished, re.S):
        own = html.unescape(name)
        rest = re.sub(IDENTIFIED + re.escape(_prefix(own)), r"\g<1>", rest)
        found[own] = f"<svg {rest}\n", html.unescape(re.sub(r"<[^>]+>", "", caption))
    return found
