"""How a client's report may look: colours that can be read, a logo that is a picture and nothing else (rule 43)."""

from __future__ import annotations

import re
from typing import Annotated, Any
from xml.etree import ElementTree

from pydantic import BeforeValidator

from lepton_nb.client.cells import Refused
from lepton_nb.client.words import quoted
from lepton_nb.terms import LEAST_CONTRAST, worst_ground

LARGEST_LOGO = 1024 * 1024  # bytes


def colour(value: Any, dark: bool = False) -> str:
    """A colour as ``#rrggbb`` that can be read as text on every ground of the report's light, or dark, pages (rule 43)."""
    text = str(value).strip().lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", text, re.ASCII):
        short = re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})", text, re.ASCII)
        digits = short[1] if short else ""
        whole = "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
        raise Refused(quoted(value), 43, f'write the colour in quotes as "{whole if short else "#1f3a5f"}"')
    ratio, ground = worst_ground(text, dark)
    if ratio < LEAST_CONTRAST:
        theme, shade = ("dark", "lighter") if dark else ("light", "darker")
        found = f"{quoted(text)} has a contrast of {int(10 * ratio) / 10:g} : 1 on {theme} pages (ground {ground})"
        raise Refused(found, 43, f"take a {shade} shade: {LEAST_CONTRAST:g} : 1 is needed for text (WCAG 2.2, 1.4.3)")
    return text


def two_colours(value: Any, dark: bool = False) -> tuple[str, str]:
    """Two colours, as a list."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise Refused(quoted(value), 43, 'give two colours as a list: ["#1f3a5f", "#9c3d10"]')
    return colour(value[0], dark), colour(value[1], dark)


def two_light_colours(value: Any) -> tuple[str, str]:
    """Two colours that can be read on dark pages, as a list."""
    return two_colours(value, dark=True)


TwoColours = Annotated[tuple[str, ...], BeforeValidator(two_colours), "two colours #rrggbb"]
TwoLightColours = Annotated[tuple[str, ...], BeforeValidator(two_light_colours), "two colours #rrggbb"]


# Logos ----------------------------------------------------------------------------------------------------------

_SVG = "{http://www.w3.org/2000/svg}"
#: Elements of SVG that draw, and of which none runs, moves or fetches anything.
_DRAWING = {
    "svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "path", "rect", "circle", "ellipse", "line",
    "polyline", "polygon", "text", "tspan", "textPath", "linearGradient", "radialGradient", "stop", "pattern", "clipPath",
    "mask", "marker", "filter", "feGaussianBlur", "feOffset", "feMerge", "feMergeNode", "feColorMatrix", "feBlend",
    "feComposite", "feFlood", "style",
}  # fmt: skip


#: Endings of a logo's name by what its file holds.
_ENDINGS = {"PNG": (".png",), "JPEG": (".jpg", ".jpeg"), "SVG": (".svg",)}


def fault_of_logo(data: bytes, name: str) -> tuple[str, str] | None:
    """What is wrong with a logo, and what to do; None for a picture that can be shown. data: at most a byte too many."""
    if len(data) > LARGEST_LOGO:
        return "has more than 1 MB", "save it smaller"
    kind = "PNG" if data.startswith(b"\x89PNG\r\n\x1a\n") else "JPEG" if data.startswith(b"\xff\xd8\xff") else "SVG"
    if kind == "SVG" and (found := _fault_of_svg(data)):
        return found, "save it as plain SVG, shapes only, or as PNG"
    if not name.lower().endswith(_ENDINGS[kind]):
        return f"holds {kind}", f"end its name in {_ENDINGS[kind][0]}"
    return None


def _fault_of_svg(data: bytes) -> str | None:
    """What of a text is no SVG, or is more than a drawing."""
    if re.search(rb"<!(DOCTYPE|ENTITY)|<\?xml-stylesheet", data, re.I):
        return "is an SVG with a document type or a style sheet"
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError, ValueError):
        return "is neither PNG nor JPEG nor SVG"
    if root.tag != f"{_SVG}svg":
        return "is neither PNG nor JPEG nor SVG"
    notes = {id(inside) for note in root.iter(f"{_SVG}metadata") for inside in note.iter() if inside is not note}
    for element in root.iter():
        if id(element) in notes:
            continue
        name = str(element.tag).removeprefix(_SVG)
        if name not in _DRAWING:
            return f"is an SVG that holds <{name.rpartition('}')[2]}>, which does not draw"
        if name == "style" and _fetches("".join(element.itertext())):
            return "is an SVG whose style asks for something outside of it"
        for key, value in element.attrib.items():
            word = key.rpartition("}")[2].lower()
            if word.startswith("on"):
                return f"is an SVG with a script ({word})"
            if (word in ("href", "src") and not value.startswith("#")) or _fetches(value):
                return f"is an SVG that asks for something outside of it ({word})"
    return None


def _fetches(value: str) -> bool:
    """Whether a value of an attribute, or a style, names something outside of the file; an escape in it could."""
    return "\\" in value or bool(re.search(r"url\((?!\s*['\"]?#)|@import|javascript:|image-set|src\(", value, re.I))
