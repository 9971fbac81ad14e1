"""Wrong formulas of the articles: as written, what that gives, what holds, and what that gives."""

from __future__ import annotations

from lepton_nb.page.render import Html, table

COLUMNS = ("Article", "As written", "It gives", "What holds", "That gives")


class Corrections(list):
    """The corrections of a chapter, one row each, in the order in which it makes them."""

    def add(self, article: str, subject: str, written: str, gives: str, holds: str, instead: str) -> None:
        """Note one wrong formula with the numbers that show it."""
        row = (f"{article}, {subject}", written, gives, holds, instead)
        self.append(dict(zip(COLUMNS, row, strict=True)))

    def newest(self, count: int) -> Html:
        """The last ones as a small table: the formulas are in the text above it."""
        names = {"Article": "Article", "It gives": "As written it gives", "That gives": "What holds gives"}
        return table([{name: row[column] for column, name in names.items()} for row in self[-count:]])

    def by_article(self) -> list[dict[str, str]]:
        return sorted(self, key=lambda row: row["Article"])
