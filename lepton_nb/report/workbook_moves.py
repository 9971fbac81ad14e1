"""What an analyst moves at once: a scenario, all rates, half-lives, benefits or costs; and the value under such moves.

The tables are what-if tables (in Excel: Data, What-If Analysis), which a spreadsheet computes anew with every change. Their
input cells have to stand on the same sheet. Excel and LibreOffice know them; elsewhere their cells stay what
``workbook_stored`` has put there. One column by scenario: LibreOffice reads no more than two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lepton_nb.report.workbook_cells import MONEY, RATE, add, head, put, shade, sheet_of, text, widths

SHEET, NO_SCENARIO, OTHERS = "What if", "none", "all others"
BESIDE = 5  # first column of the scenarios' factors, beside the moves


class Move(NamedTuple):
    """A cell that moves everything: its words, its value now, how it is shown, and the values that a table tries."""

    label: str
    value: Any
    form: str
    about: str
    tried: tuple[float, ...] = ()


SCENARIO, RATES, LIVES, BENEFITS, COSTS = (
    "scenario",
    "rate moved by",
    "half-lives times",
    "benefits times",
    "costs times",
)
FACTORS = (0.8, 0.9, 1.0, 1.1, 1.2)
MOVES = {
    SCENARIO: Move("Scenario", NO_SCENARIO, "@", "none, or the name of a scenario"),
    RATES: Move("Discount rates moved by", 0.0, RATE, "a year", (-0.03, -0.015, 0.0, 0.015, 0.03)),
    LIVES: Move("Half-lives times", 1.0, "0.00", "of all assets", (0.5, 0.75, 1.0, 1.5, 3.0)),
    BENEFITS: Move("Benefits times", 1.0, "0.00", "before a substitute caps them", FACTORS),
    COSTS: Move("Costs times", 1.0, "0.00", "those to come", FACTORS),
}


class Moves:
    """The sheet What if. cells: move → its cell."""

    def __init__(self, book, scenarios: Sequence[Mapping[str, Any]]):
        self.sheet = sheet_of(book, SHEET)
        self.names = list(dict.fromkeys(str(item["scenario"]) for item in scenarios))
        self.cells: dict[str, str] = {}
        factors = ("Scenario", "Asset", "Benefits times", "Costs times") if scenarios else ()
        head(self.sheet, ("Move", "Now", "What it is", None, *factors))
        for name, move in MOVES.items():
            row = add(self.sheet, (move.label, move.value, move.about))
            self.cells[name] = f"'{SHEET}'!$B${row}"
            self.sheet.cell(row, 2).number_format = move.form
            shade(self.sheet, f"B{row}")
        for row, item in enumerate(scenarios, start=2):
            told = (text(item["scenario"]), text(item["asset"] or OTHERS), item["benefits"], item["costs"])
            for at, value in enumerate(told):
                put(self.sheet.cell(row, BESIDE + at), value)
            shade(self.sheet, f"G{row}:H{row}")
        self.last = len(scenarios) + 1
        self.sheet.filled = max(self.sheet.filled, self.last) + 1
        widths(self.sheet, (34, 18, 26, *[18] * 6))

    def factor(self, name: str, asset: str) -> str:
        """A formula: what the benefits or the costs of an asset are multiplied by now. asset: its cell."""
        moved = self.cells[name]
        if not self.names:
            return f"={moved}"
        factors, of, assets = (
            f"'{SHEET}'!${c}$2:${c}${self.last}" for c in ("G" if name == BENEFITS else "H", "E", "F")
        )
        here = f"({of}={self.cells[SCENARIO]})"
        own, others = (f"SUMPRODUCT({here}*({assets}={which})*{factors})" for which in (asset, f'"{OTHERS}"'))
        has_own = f"SUMPRODUCT({here}*({assets}={asset}))>0"
        return f"={moved}*IF(SUMPRODUCT({here}*1)>0,IF({has_own},{own},{others}),1)"

    def tables(self, total: str, currency: str) -> None:
        """The value of the groups that count under moves. total: its cell."""
        if self.names:
            self._by_scenario(total, currency)
        self._by_two(RATES, LIVES, total, currency)
        self._by_two(COSTS, BENEFITS, total, currency)

    def _by_scenario(self, total: str, currency: str) -> None:
        from openpyxl.worksheet.datavalidation import DataValidation

        head(self.sheet, (f"Value of the groups that count, {currency}: scenario (down)",), wrap=False)
        top = self._what_if(total, [None], SCENARIO, map(text, (NO_SCENARIO, *self.names)), r1=self._input(SCENARIO))
        chosen = DataValidation(type="list", formula1=f"$A${top + 1}:$A${self.sheet.filled}")
        self.sheet.add_data_validation(chosen)
        chosen.add(self._input(SCENARIO))
        self.sheet[f"A{top}"], self.sheet[f"B{top}"] = None, f"={total}"
        self.sheet[f"B{top}"].number_format = MONEY
        add(self.sheet, ())

    def _by_two(self, down: str, across: str, total: str, currency: str) -> None:
        rows, columns = MOVES[down], MOVES[across]
        told = (
            f"Value of the groups that count, {currency}: {rows.label.lower()} (down), {columns.label.lower()} (across)"
        )
        head(self.sheet, (told,), wrap=False)
        inputs = {"r1": self._input(across), "r2": self._input(down), "dt2D": True, "dtr": True}
        top = self._what_if(total, columns.tried, down, rows.tried, **inputs)
        for cell in self.sheet[top][1 : 1 + len(columns.tried)]:
            cell.number_format = columns.form
        shade(
            self.sheet,
            f"A{top + 1}:A{self.sheet.filled}",
            f"B{top}:{self.sheet.cell(top, 1 + len(columns.tried)).coordinate}",
        )
        add(self.sheet, ())

    def _what_if(self, total: str, across: Sequence, down: str, values: Iterable[Any], **inputs: Any) -> int:
        """A what-if table of the total; the row of its head. down: the move whose values stand in the first column."""
        from openpyxl.worksheet.formula import DataTableFormula

        top = add(self.sheet, (f"={total}", *across))
        self.sheet.cell(top, 1).number_format = MONEY
        for value in values:
            row = add(self.sheet, (value, *[None] * len(across)))
            self.sheet.cell(row, 1).number_format = MOVES[down].form
            for cell in self.sheet[row][1 : 1 + len(across)]:
                cell.number_format = MONEY
        last = self.sheet.cell(self.sheet.filled, 1 + len(across)).coordinate
        self.sheet[f"B{top + 1}"] = DataTableFormula(ref=f"B{top + 1}:{last}", **inputs)
        return top

    def _input(self, name: str) -> str:
        return self.cells[name].rpartition("!")[2].replace("$", "")
