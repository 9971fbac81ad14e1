"""A board: columns of cards, laid out by the browser. It wraps on a phone, prints, and can be read aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lepton_nb.page.render import Html, plain

__all__ = ["Card", "board"]


@dataclass(frozen=True)
class Card:
    """One card. Its colour is that of its kind, which is written on it too."""

    title: str
    kind: str
    colour: str
    text: str = ""
    links: str = ""  # what it leads to
    mark: str = ""  # what is wrong with it; empty: nothing


def _card(card: Card) -> str:
    def line(text: str, style: str) -> str:
        return f'<div style="{style}">{plain(text)}</div>' if text else ""

    frame = (
        f"border:1.5px solid {card.colour};border-left-width:6px;border-radius:4px;padding:.35em .5em;margin:.45em 0;"
        "break-inside:avoid;overflow-wrap:anywhere"
    )
    return (
        f'<li style="{frame}"><strong>{plain(card.title)}</strong> <small>{plain(card.kind)}</small>'
        f"{line(card.text, '')}{line(card.links and f'→ {card.links}', '')}"
        f"{line(card.mark and f'▲ {card.mark}', 'font-weight:bold')}</li>"
    )


def board(columns: Mapping[str, Sequence[Card]], caption: str, name: str = "") -> Html:
    """Heading → its cards, side by side where there is room; ``name`` is the board's anchor."""
    lists = "".join(
        f'<div><div style="border-bottom:1px solid currentColor"><strong>{plain(heading)}</strong> '
        f'<small>n = {len(cards)}</small></div><ul style="list-style:none;margin:0;padding:0">'
        f"{''.join(map(_card, cards))}</ul></div>"
        for heading, cards in columns.items()
    )
    grid = (
        "display:grid;grid-template-columns:repeat(auto-fit,minmax(8.6em,1fr));gap:.9em;font-size:.86em;line-height:1.3"
    )
    anchor = f' id="fig-{plain(name)}"' if name else ""
    return Html(
        f'<figure class="lepton-figure lepton-board"{anchor}><div style="{grid}">{lists}</div>'
        f'<figcaption data-figure="{plain(name)}">{plain(caption)}</figcaption></figure>'
    )
