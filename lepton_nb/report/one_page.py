"""Built pages of a site, made ready to stand in one document: own anchors, nothing fetched, no drawing twice.

Tags are copied as they stand but for the attributes that name or fetch something: a parser that builds a tree and
writes it again would lose the capitals of SVG (``viewBox``).
"""

from __future__ import annotations

import base64
import html
import mimetypes
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from lepton_nb.report.editions import TO_BOOK

#: Classes of what has no place in one document: links to a heading itself, the way to the book.
DROPPED = {"headerlink", TO_BOOK}
#: Elements without an end tag.
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

_ARTICLE = re.compile(r'<article class="bd-article">(.*?)</article>', re.S)
_TITLE = re.compile(r"<h1[^>]*>(.*?)</h1>", re.S)
_NAMES = re.compile(r'(\s(?:id|for|headers|aria-labelledby|aria-describedby|aria-controls)=")([^"]*)(")')
_HREF = re.compile(r'(\s(?:xlink:)?href=")([^"]*)(")')
_SRC = re.compile(r'(\ssrc=")([^"]*)(")')
_URL = re.compile(r"url\((['\"]?)#([^)'\"]+)\1\)")
_DEFS = re.compile(r"<defs>.*?</defs>", re.S)
_OUTLINE = re.compile(r'<path id="([^"]+)"([^<>]*)/>')
#: What a page's banner says of its data.
_STAND_IN = re.compile(r"<strong>Stand-in data</strong>[^<]*")
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.S)
_SELECTED = re.compile(r"#([\w-]+)")
_POINTED_AT = re.compile(r'(?:href|headers|for|aria-[a-z]+)="#?([^"]*)"|url\(["\']?#([^)"\']+)')


@dataclass(frozen=True)
class Section:
    """A page of the site in one document. title, words of headings: plain text as HTML.

    headings: anchor and words of those of the second level."""

    document: str
    anchor: str
    title: str
    body: str
    headings: tuple[tuple[str, str], ...] = ()


@dataclass
class Outlines:
    """Shapes that drawings share, most of all letters: each stands once, under a short name."""

    names: dict[str, str] = field(default_factory=dict)  # what a shape is → its name

    def take(self, article: str) -> str:
        """The article without its shapes, its drawings pointing at the shared ones."""
        renamed: dict[str, str] = {}

        def taken(match: re.Match) -> str:
            renamed[match[1]] = self.names.setdefault(" ".join(match[2].split()), f"o{len(self.names)}")
            return ""

        def in_defs(match: re.Match) -> str:
            left = _OUTLINE.sub(taken, match[0])
            return "" if re.fullmatch(r"<defs>\s*</defs>", left) else left

        article = _DEFS.sub(in_defs, article)

        def pointed(match: re.Match) -> str:
            return f"{match[1]}#{renamed.get(match[2], match[2])}{match[3]}"

        return re.sub(r'(<use [^<>]*?href=")#([^"]+)(")', pointed, article)

    def drawn(self) -> str:
        """One drawing that shows nothing and holds them all."""
        shapes = "".join(f'<path id="{name}" {shape}/>' for shape, name in self.names.items())
        return f'<svg class="lepton-outlines" width="0" height="0" aria-hidden="true"><defs>{shapes}</defs></svg>'


def read(site: Path, documents: Iterable[str]) -> tuple[list[Section], Outlines]:
    """The pages of these documents, in their order, as sections of one document, and the shapes that they share."""
    anchors = {document: anchor_of(document) for document in documents}
    outlines, styles, sections = Outlines(), set(), []
    for document in anchors:
        page = (site / f"{document}.html").read_text(encoding="utf-8")
        found = _ARTICLE.search(page)
        if found is None:
            raise ValueError(f"{document}.html: holds no article.")
        article = outlines.take(found[1])
        rewriter = _Rewriter(article, site, document, anchors, styles)
        rewriter.feed(article)
        rewriter.close()
        body = re.sub(r"\n\s+", "\n", "".join(rewriter.out)).strip()
        title = _TITLE.search(body)
        if told := _STAND_IN.search(page):
            body = body.replace("</h1>", f'</h1>\n<p class="lepton-cover-note">{told[0]}</p>', 1)
        sections.append(
            Section(
                document,
                anchors[document],
                re.sub(r"<[^>]*>", "", title[1]) if title else document,
                body,
                tuple(rewriter.headings),
            )
        )
    return sections, outlines


def anchor_of(document: str) -> str:
    """The name of a page in one document.

    >>> anchor_of("notebooks/36_inspection@M1")
    'inspection-M1'
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", re.sub(r"^\d+_", "", PurePosixPath(document).name)).strip("-")


def data_address(content: bytes, name: str) -> str:
    """A file as an address that holds it; its kind by the name."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


class _Rewriter(HTMLParser):
    """Copies an article: names of its own in front, links inside the document, pictures inside, what is dropped left out.

    anchors: document → its name, of all that the document holds; a link to another page becomes plain words.
    styles: those that stand in the document already.
    """

    def __init__(self, article: str, site: Path, document: str, anchors: Mapping[str, str], styles: set[str]):
        super().__init__(convert_charrefs=False)
        self.site, self.document, self.anchors, self.styles = site, document, anchors, styles
        self.out: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.prefix = anchors[document]
        self.ids = set(re.findall(r'\sid="([^"]+)"', article))
        pointed = {word for pair in _POINTED_AT.findall(article) for words in pair for word in words.split()}
        self.pointed = pointed | {name for style in _STYLE.findall(article) for name in _SELECTED.findall(style)}
        self.links: list[bool] = []  # of those that are open, whether each is copied
        self.dropped = self.drawing = 0  # how many elements deep
        self.style = self.section = ""
        self.heading = -1

    # Names ------------------------------------------------------------------------------------------------------

    def _own(self, name: str) -> str:
        return f"{self.prefix}--{name}" if name in self.ids else name

    def _named(self, raw: str) -> str:
        """A start tag with names of its own, and without one that only a program gave and nothing points at."""

        def names(match: re.Match) -> str:
            if self.drawing and match[1].strip() == 'id="' and match[2] not in self.pointed:
                return ""
            return match[1] + " ".join(map(self._own, match[2].split())) + match[3]

        raw = _NAMES.sub(names, raw)
        return _URL.sub(lambda match: f"url(#{self._own(match[2])})", raw)

    def _target(self, address: str) -> str | None:
        """Where a link leads in this document; None where it leads to a page that is not here."""
        parts = urlsplit(html.unescape(address))
        if parts.scheme or parts.netloc:
            return address
        if not parts.path:
            return f"#{self._own(unquote(parts.fragment))}"
        there = posixpath.normpath(posixpath.join(posixpath.dirname(self.document), unquote(parts.path)))
        anchor = self.anchors.get(there.removesuffix(".html"))
        if anchor is None:
            return None
        return html.escape(f"#{anchor}--{unquote(parts.fragment)}" if parts.fragment else f"#{anchor}")

    def _inside(self, match: re.Match) -> str:
        """A picture's address as its content."""
        address = html.unescape(match[2])
        if urlsplit(address).scheme == "data":
            return match[0]
        file = self.site / posixpath.normpath(posixpath.join(posixpath.dirname(self.document), unquote(address)))
        return match[1] + data_address(file.read_bytes(), file.name) + match[3]

    # What the parser meets --------------------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self.dropped or tag == "script" or DROPPED & set((given.get("class") or "").split()):
            self.dropped += tag not in VOID
            return
        raw = self.get_starttag_text() or ""
        if tag == "style":
            self.style = raw
            return
        self.drawing += tag == "svg"
        if tag == "section":
            self.section = self._own(given.get("id") or "")
        if tag == "a":
            target = self._target(given.get("href") or "")
            self.links.append(target is not None)
            if target is not None:
                self.out.append(_HREF.sub(lambda match: match[1] + target + match[3], self._named(raw), count=1))
        else:
            self.out.append(self._copied(tag, raw))
        if tag == "h2":
            self.heading = len(self.out)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.dropped:
            self.out.append(self._copied(tag, self.get_starttag_text() or ""))

    def _copied(self, tag: str, raw: str) -> str:
        """A start tag that is no link: a picture with its content, a drawing's references with names of its own."""
        if tag == "img":
            return self._named(_SRC.sub(self._inside, raw))
        return self._named(_HREF.sub(lambda m: f"{m[1]}#{self._own(m[2][1:])}{m[3]}" if m[2][:1] == "#" else m[0], raw))

    def handle_endtag(self, tag: str) -> None:
        if self.dropped:
            self.dropped -= tag not in VOID
            return
        if tag == "style" or (tag == "a" and self.links and not self.links.pop()):
            return
        self.drawing -= tag == "svg"
        if tag == "h2" and self.heading >= 0 and self.section:
            self.headings.append((self.section, re.sub(r"<[^>]*>", "", "".join(self.out[self.heading :])).strip()))
            self.heading = -1
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.style:
            own = _SELECTED.sub(lambda match: f"#{self._own(match[1])}", data)
            if own not in self.styles:
                self.styles.add(own)
                self.out.append(f"{self.style}{own}</style>")
            self.style = ""
        elif not self.dropped:
            self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        if not self.dropped:
            self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        if not self.dropped:
            self.out.append(f"&#{name};")
