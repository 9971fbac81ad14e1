"""The client's part as one document: a file to mail, and what the PDF is printed from.

It holds its styles, drawings, pictures and the letters of its formulas, asks nobody for anything, and says so to the
browser by its security policy. It is read on a screen, in both themes, with its contents beside; on paper it has a
cover, contents with page numbers, and a running head.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lepton_nb import paths
from lepton_nb.page.words import escaped
from lepton_nb.report import formulas, marks
from lepton_nb.report.branding import Brand
from lepton_nb.report.one_page import Outlines, Section

#: Letters that a running head has room for, and those of them that a name may take.
LONGEST_HEAD, LONGEST_NAME = 115, 60
#: Class of the page that is printed on the sheets that a board reads.
FIRST = " lepton-first"

_THEME = """
const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
const button = document.querySelector(".lepton-theme");
let chosen = "";
const show = () => { root.dataset.theme = chosen || (dark.matches ? "dark" : "light"); };
button.hidden = false;
button.addEventListener("click", () => { chosen = root.dataset.theme === "dark" ? "light" : "dark"; show(); });
dark.addEventListener("change", show);
addEventListener("beforeprint", () => { root.dataset.theme = "light"; });
addEventListener("afterprint", show);
show();
"""
_CITATION = re.compile(r'<div class="citation" id="([^"]+)".*?</div>\s*', re.S)
_MATH = re.compile(r"<math\b.*?</math>", re.S)


@dataclass(frozen=True)
class Cover:
    """What stands before the contents. scope: what was valued, as a paragraph of HTML; facts: what it is → plain text.

    day: of the valuation, in words. notes: what a reader must know first, plain text. mark: what stands at the foot of
    each sheet. made: by what and when.
    """

    name: str
    day: str
    scope: str
    facts: Mapping[str, str]
    notes: Sequence[str] = ()
    mark: str = ""
    made: str = ""


def document(
    cover: Cover,
    sections: Sequence[Section],
    outlines: Outlines,
    captions: Mapping[str, str],
    brand: Brand | None = None,
    numbers: Mapping[str, int] | None = None,
    scales: Mapping[str, float] | None = None,
) -> str:
    """The whole document as HTML.

    captions: document → caption of the part that begins with it. numbers: anchor → page, for the contents on paper.
    scales: anchor of a page → how much smaller it is printed.
    """
    bodies = _with_cited_only([section.body for section in sections])
    pages = "\n".join(
        f'<section class="lepton-page{"" if position else FIRST}" id="{one.anchor}" data-page="{position}"'
        f"{_scaled(one, scales)}>\n{body}\n</section>"
        for position, (one, body) in enumerate(zip(sections, bodies, strict=True))
    )
    contents = _contents(sections, captions, numbers or {})
    body = (
        '<a class="lepton-skip" href="#content">Skip to the content</a>\n'
        f"{outlines.drawn()}\n{_cover(cover, brand)}\n"
        f'<div class="lepton-frame">\n{contents}\n<main class="bd-main" id="content"><div class="bd-content">'
        f'<div class="bd-article-container"><article class="bd-article">\n{pages}\n</article></div></div></main>\n</div>'
    )
    styles = _styles(body, running_heads(cover, sections), brand)
    return _around(marks.titled(cover.name), cover, styles, body)


def _scaled(section: Section, scales: Mapping[str, float] | None) -> str:
    scale = (scales or {}).get(section.anchor)
    return f' style="zoom: {scale}"' if scale else ""


def alone(
    cover: Cover,
    section: Section,
    outlines: Outlines,
    brand: Brand | None = None,
    scales: Mapping[str, float] | None = None,
) -> str:
    """The first page of the report alone, as HTML to print: the board's. scales: as of the whole document."""
    logo = f'<p class="lepton-logo">{brand.picture()}</p>\n' if brand and brand.logo else ""
    notes = "".join(f'<p class="lepton-cover-note">{escaped(note)}</p>' for note in cover.notes)
    body = (
        f'{outlines.drawn()}\n<main class="bd-main lepton-alone"><div class="bd-content">'
        f'<div class="bd-article-container"><article class="bd-article">{logo}'
        f'<section class="lepton-page{FIRST}" id="{section.anchor}"{_scaled(section, scales)}>\n{section.body}\n</section>'
        f"{notes}</article></div></div></main>"
    )
    body = re.sub(r'<a\b[^>]*href="#(?!' + re.escape(section.anchor) + r'--)[^"]*"[^>]*>(.*?)</a>', r"\1", body)
    styles = _styles(body, running_heads(cover, []), brand)
    return _around(marks.titled(cover.name), cover, styles, body)


def _around(title: str, cover: Cover, styles: str, body: str) -> str:
    script = base64.b64encode(hashlib.sha256(_THEME.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; script-src 'sha256-{script}'; "
        "base-uri 'none'; form-action 'none'"
    )
    told = escaped(f"{cover.name}: report on the value of its AI assets, {cover.day}.")
    scripted = f"<script>{_THEME}</script>\n" if "lepton-theme" in body else ""
    return (
        '<!DOCTYPE html>\n<html lang="en" data-theme="light">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="description" content="{told}">\n<meta name="generator" content="Lepton NB">\n'
        f"<title>{escaped(title)}</title>\n<style>\n{styles}\n</style>\n</head>\n<body>\n{body}\n{scripted}</body>\n</html>\n"
    )


def _cover(cover: Cover, brand: Brand | None) -> str:
    facts = "".join(
        f"<div><dt>{escaped(what)}</dt><dd>{escaped(text)}</dd></div>" for what, text in cover.facts.items()
    )
    notes = "".join(f'<p class="lepton-cover-note">{escaped(note)}</p>' for note in cover.notes)
    logo = f'<p class="lepton-logo">{brand.picture()}</p>' if brand and brand.logo else ""
    return (
        f'<header class="lepton-cover">{logo}<div class="lepton-title"><p class="lepton-cover-name">'
        f'{escaped(cover.name)}</p><p class="lepton-cover-subject">{marks.SUBJECT}</p></div>{cover.scope}'
        f'{f"<dl>{facts}</dl>" if facts else ""}{notes}<p class="lepton-made">{escaped(cover.made)}</p>'
        '<button class="lepton-theme" type="button" hidden>Light or dark</button></header>'
    )


def _contents(sections: Sequence[Section], captions: Mapping[str, str], numbers: Mapping[str, int]) -> str:
    def entry(anchor: str, words: str) -> str:
        leaf = f'<span class="lepton-leaf">{numbers[anchor]}</span>' if anchor in numbers else ""
        return f'<a href="#{anchor}"><span class="lepton-entry">{words}</span>{leaf}</a>'

    lines = []
    for one in sections:
        if one.document in captions:
            lines.append(f'<li class="lepton-caption">{escaped(captions[one.document])}</li>')
        below = "".join(f"<li>{entry(anchor, words)}</li>" for anchor, words in one.headings)
        lines.append(f"<li>{entry(one.anchor, one.title)}{f'<ul>{below}</ul>' if below else ''}</li>")
    return (
        '<nav class="lepton-contents" aria-label="Contents"><p class="lepton-contents-title">Contents</p>'
        f"<ul>{''.join(lines)}</ul></nav>"
    )


def _with_cited_only(bodies: Iterable[str]) -> list[str]:
    """The pages, of the references only those that something in them points at."""
    bodies = list(bodies)
    pointed = {name for body in bodies for name in re.findall(r'href="#([^"]+)"', body)}

    def cited(match: re.Match) -> str:
        return match[0] if html.unescape(match[1]) in pointed else ""

    return [_CITATION.sub(cited, body) for body in bodies]


# Styles ---------------------------------------------------------------------------------------------------------


def _styles(body: str, heads: str, brand: Brand | None) -> str:
    folder = paths.project() / "book" / "_static"
    sheets = [(folder / name).read_text(encoding="utf-8") for name in ("lepton.css", "one_file.css")]
    letters = "".join(re.sub(r"<[^>]*>", "", html.unescape(formula)) for formula in _MATH.findall(body))
    if letters.strip():
        with tempfile.TemporaryDirectory() as scratch:
            sheet = Path(scratch) / "font.css"
            formulas.math_font(sheet, letters)
            sheets.append(sheet.read_text(encoding="utf-8"))
    if brand:
        sheets.append(brand.style())
    return "\n".join([_smaller(sheet) for sheet in sheets] + [heads])


def _smaller(sheet: str) -> str:
    """A style sheet without remarks (of the font's licence one is kept) and without indentation."""
    sheet = re.sub(r"/\*(?!.*Copyright).*?\*/", "", sheet)
    return re.sub(r"\n\s*", "\n", sheet).strip()


def running_heads(cover: Cover, sections: Sequence[Section]) -> str:
    """The margins of each sheet: whose report, which page of it, which of how many. Without sections: no cover either."""
    name, day = _shorter(cover.name, LONGEST_NAME), _quoted(f"{marks.SUBJECT}, {cover.day}")
    rules = [
        f"@page {{ @top-left {{ content: {_quoted(name)}; }} @bottom-left {{ content: {day}; }} "
        f"@bottom-center {{ content: {_quoted(cover.mark)}; }} "
        '@bottom-right { content: counter(page) " / " counter(pages); } }'
    ]
    for position, one in enumerate(sections):
        title = _quoted(_shorter(html.unescape(one.title), LONGEST_HEAD - len(name)))
        rules.append(f"@page leaf{position} {{ @top-right {{ content: {title}; }} }}")
        rules.append(f'@media print {{ .lepton-page[data-page="{position}"] {{ page: leaf{position}; }} }}')
    if sections:
        boxes = ("@top-left", "@top-right", "@bottom-left", "@bottom-center", "@bottom-right")
        rules.append(f"@page cover {{ {' '.join(f'{box} {{ content: none; }}' for box in boxes)} }}")
    return "\n".join(rules)


def _shorter(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _quoted(text: str) -> str:
    """A text as a string of CSS; what is not a letter or a digit cannot end it, nor the style sheet.

    >>> _quoted('</style>"')
    '"\\\\3c \\\\2f style\\\\3e \\\\22 "'
    """
    return '"' + "".join(sign if sign.isalnum() or sign == " " else f"\\{ord(sign):x} " for sign in text) + '"'
