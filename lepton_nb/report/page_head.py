"""What stands in the head of every page: what the page may load, and what it says of itself to who shares it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lepton_nb.page.words import escaped

if TYPE_CHECKING:
    from docutils import nodes

#: What a page of the site may load: files of the same site, nothing inline but styles, which drawings need, and sounds
#: that the page itself carries. The search field is the one form. https://www.w3.org/TR/CSP3/
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "media-src data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'"
)
#: The picture that stands for a page where its address is shared, in ``_static``; pixels as Open Graph asks.
CARD, CARD_SIZE = "card.png", (1200, 630)
#: Letters of a description that a search engine shows.
LONGEST = 160


def tags(title: str, description: str, author: str, day: str, card: str, site: str) -> str:
    """The elements of a head as HTML. title, description, author, site: plain text; day: ISO 8601; card: its address."""
    said = {"description": description, "author": author, "date": day, "twitter:card": "summary_large_image"}
    shared = {"type": "article", "title": title, "description": description, "site_name": site, "image": card}
    shared |= dict(zip(("image:width", "image:height"), map(str, CARD_SIZE), strict=True)) | {"image:alt": site}
    lines = [f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />']
    lines += [f'<meta name="{name}" content="{escaped(text)}" />' for name, text in said.items() if text]
    lines += [f'<meta property="og:{name}" content="{escaped(text)}" />' for name, text in shared.items() if text]
    return "\n    ".join(lines)


def title_of(doctree: nodes.document | None) -> str:
    """The words of a page's first heading."""
    from docutils import nodes

    heading = next(iter(doctree.findall(nodes.title)), None) if doctree else None
    return heading.astext() if heading else ""


def description_of(doctree: nodes.document | None) -> str:
    """The words under a page's title, as many as are shown; empty where none stand there."""
    from docutils import nodes

    heading = next(iter(doctree.findall(nodes.title)), None) if doctree else None
    below = heading.next_node(descend=False, siblings=True) if heading else None
    return shortened(" ".join(below.astext().split())) if isinstance(below, nodes.paragraph) else ""


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text cut after a word.

    >>> shortened("What is it worth?", 12)
    'What is it…'
    """
    if len(text) <= longest:
        return text
    return (text[:longest].rpartition(" ")[0] or text[: longest - 1]).rstrip(" ,.;:") + "…"


def put(app: Any, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Sphinx, before a page is written: its head. A script in the page itself is left out, the policy allows none."""
    from docutils import nodes

    about = context.get("lepton_about", {})
    title = title_of(doctree) or pagename.rpartition("/")[2].capitalize()
    described = description_of(doctree) or f"{title}. {app.config.html_title}."
    card = context["pathto"](f"_static/{CARD}", True)
    if app.config.html_baseurl:
        card = f"{app.config.html_baseurl.rstrip('/')}/_static/{CARD}"
    # Sphinx has written the tags of the page's own before.
    own = tags(title, described, about.get("author", ""), about.get("day", ""), card, app.config.html_title)
    context["metatags"] = f"\n    {own}{context.get('metatags', '')}"
    if doctree is None or not any(doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block))):
        _drop(context["css_files"], "lepton-math.css")
    context["script_files"][:] = [file for file in context["script_files"] if getattr(file, "filename", file)]


def _drop(files: list, name: str) -> None:
    """Leave out a file that this page has no use for."""
    files[:] = [file for file in files if not str(getattr(file, "filename", file)).endswith(name)]


def draw_card(target: Path, client: str, subject: str, day: str) -> None:
    """Draw the picture of a report for who shares its address: the client, the subject, the day."""
    from PIL import Image, ImageDraw, ImageFont

    fonts = (
        Path(find_spec("matplotlib").origin).parent / "mpl-data" / "fonts" / "ttf"
    )  # not imported: it takes a second
    width, height = CARD_SIZE
    picture = Image.new("RGB", CARD_SIZE, "#ffffff")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 24, height), fill="#1b5e8c")

    def write(text: str, top: int, size: int, bold: bool, colour: str) -> int:
        font = ImageFont.truetype(str(fonts / f"DejaVuSans{'-Bold' if bold else ''}.ttf"), size)
        for line in _lines(text, lambda part: font.getlength(part) <= width - 180):
            pen.text((100, top), line, font=font, fill=colour)
            top += round(1.3 * size)
        return top

    below = write(client or "Lepton NB", 150, 64, True, "#1c232b")
    write(subject, below + 24, 40, False, "#1b5e8c")
    write(day, height - 110, 30, False, "#56616d")
    picture.save(target, optimize=True)


def _lines(text: str, fits: Any, most: int = 3) -> list[str]:
    """A text in lines that fit, the last one cut where there would be more."""
    lines: list[str] = [""]
    for word in shortened(" ".join(text.split()), 200).split():
        while not fits(word):
            word = word[: len(word) * 3 // 4] + ("" if fits(word[: len(word) * 3 // 4]) else "…")
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if fits(longer) else [*lines, word]
    return lines if len(lines) <= most else [*lines[: most - 1], shortened(lines[most - 1], len(lines[most - 1]) - 1)]
