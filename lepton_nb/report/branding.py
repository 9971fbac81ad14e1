"""A client's look: its logo and its two colours, on the pages of its part, on the cover, in the file to mail.

The first colour is for headings, the second for links and marks. On dark pages stand the colours that the client gives
for them, or lighter shades of the same, as light as text needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lepton_nb.page.words import escaped
from lepton_nb.report.one_page import data_address
from lepton_nb.terms import DARK_GROUNDS, DARK_TINT, LEAST_CONTRAST, LIGHT_GROUNDS, LIGHT_TINT, mixed, worst_ground

#: Names of the files in the site.
SHEET, LOGO = "brand.css", "brand-logo"


@dataclass(frozen=True)
class Brand:
    """Logo and colours. light, dark: main and accent, for light and for dark pages; empty: the report's own."""

    name: str  # of the client, for who does not see the logo
    file: str = ""  # the logo's name
    logo: bytes = b""
    light: tuple[str, ...] = ()
    dark: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the look is, as a hash."""
        parts = (self.name, self.file, hashlib.sha256(self.logo).hexdigest(), *self.light, *self.dark)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def picture(self, address: str = "") -> str:
        """The logo as an element; without an address it holds the picture itself."""
        source = address or data_address(self.logo, self.file)
        return f'<img class="lepton-brand" src="{source}" alt="{escaped(self.name)}">'

    def style(self) -> str:
        """The colours as a style sheet; empty where the client names none."""
        if not self.light:
            return ""
        return "\n".join(
            f"html{theme} {{ --lepton-main: {main}; --lepton-accent: {accent}; --lepton-node-line: {accent}; "
            f"--lepton-accent-soft: {mixed(accent, ground, tint)}; --lepton-node: {mixed(accent, ground, tint)}; }}"
            for theme, (main, accent), ground, tint in (
                (':not([data-theme="dark"])', self.light, LIGHT_GROUNDS[0], LIGHT_TINT),
                ('[data-theme="dark"]', self.dark, DARK_GROUNDS[0], DARK_TINT),
            )
        )


def of(client: Any, folder: Path) -> Brand | None:
    """The look that a client asks for; None where it asks for none. folder: where the client is read from."""
    asked = client.branding
    if not asked.logo and not asked.colours:
        return None
    logo = (folder / asked.logo).read_bytes() if asked.logo else b""
    dark = asked.colours_dark or tuple(map(lightened, asked.colours))
    return Brand(client.client.name, Path(asked.logo or "").name, logo, tuple(asked.colours), tuple(dark))


def lightened(colour: str) -> str:
    """The nearest shade of a colour, mixed with white in steps of a hundredth, that can be read on dark pages.

    >>> lightened("#14532d"), lightened("#ffffff")
    ('#779b85', '#ffffff')
    """
    shades = (mixed("#ffffff", colour, step / 100) for step in range(101))
    return next(shade for shade in shades if worst_ground(shade, dark=True)[0] >= LEAST_CONTRAST)


def put(site: Path, documents: Iterable[str], brand: Brand) -> None:
    """Give the pages of these documents the look: a style sheet of their own, and the logo over the client's name."""
    static = site / "_static"
    (static / SHEET).write_text(brand.style() + "\n", encoding="utf-8")
    name = f"{LOGO}{Path(brand.file).suffix.lower()}"
    if brand.logo:
        (static / name).write_bytes(brand.logo)
    for document in documents:
        page = site / f"{document}.html"
        up = "../" * document.count("/")
        text = page.read_text(encoding="utf-8")
        text = text.replace("</head>", f'  <link rel="stylesheet" href="{up}_static/{SHEET}" />\n  </head>', 1)
        if brand.logo:
            mark = '<span class="lepton-client">'
            text = text.replace(mark, f"{brand.picture(f'{up}_static/{name}')}{mark}", 1)
        page.write_text(text, encoding="utf-8")
