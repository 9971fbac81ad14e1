"""``workbook.xlsx``: the value chapter's cash flows with live formulas, and every figure of the report.

Made from records alone. An analyst changes a volume, a rate or a half-life in the yellow cells and sees the value
move; with nothing changed, the workbook gives the report's number to a cent.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

INPUT, HEAD = "FFF4CC", "D9E2EC"


def write(path: Path, records: Mapping[str, dict[str, Any]], client: str) -> None:
    """Write the workbook in one step. records: by chapter, as in results.json; without a value chapter, figures only."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    value = records.get("value")
    if value and "benefits" in value["tables"]:
        _Cash(book, value, client).build()
    _figures(book, records)
    part = path.with_name(path.name + ".part")
    book.save(part)
    os.replace(part, path)


def text(value: Any) -> Any:
    """A client's words as text, never as a formula."""
    return "'" + value if isinstance(value, str) and value.startswith("=") else value


class _Cash:
    """The sheets Summary, Settings, Benefits, Costs, Amortisation and one for each group."""

    def __init__(self, book, value: dict[str, Any], client: str):
        self.book, self.tables, self.client = book, value["tables"], client
        self.reported = value["figures"]["value"]
        self.settings = {row["name"]: row["value"] for row in self.tables["settings"]}
        self.groups = self.tables["lines_groups"]
        self.currency = self.reported["unit"]

    def build(self) -> None:
        summary = self.book.create_sheet("Summary")
        self._settings()
        self._benefits()
        self._costs()
        self._amortisation()
        values = [(group["group"], self._group(number, group)) for number, group in enumerate(self.groups, start=1)]
        self._summary(summary, values)

    def _settings(self) -> None:
        sheet = self.book.create_sheet("Settings")
        _head(sheet, ("Setting", "Value", "What it is"))
        rows = (
            ("Valuation date", date.fromisoformat(self.settings["valuation date"]), "present values refer to it"),
            (
                "Tax rate",
                self.settings["tax rate"],
                "of benefits less running costs and amortisation, losses carried forward",
            ),
            ("Days in a year", 365, "ACT/365F"),
        )
        for row in rows:
            sheet.append(row)
        _shade(sheet, "B2:B4")
        sheet["B2"].number_format, sheet["B3"].number_format = "yyyy-mm-dd", "0.0%"
        sheet.append(())
        sheet.append(("Group", "Discount rate", "Assets"))
        _bold(sheet, sheet.max_row)
        self.rate_row = {}
        for group in self.groups:
            sheet.append((text(group["group"]), group["rate"], text(group["assets"])))
            self.rate_row[group["group"]] = sheet.max_row
            sheet.cell(sheet.max_row, 2).number_format = "0.00%"
            _shade(sheet, f"B{sheet.max_row}")
        _widths(sheet, (24, 16, 60))

    def _benefits(self) -> None:
        sheet = self.book.create_sheet("Benefits")
        _head(sheet, ("Group", "Asset", "Driver", "Year", "Volume", "Unit", f"Unit value ({self.currency})", "Unit value is",
                      "Attribution × adoption × share of year", "Age (years)", "Half-life (years)",
                      "Chance of success", f"Money ({self.currency})"))  # fmt: skip
        for number, row in enumerate(self.tables["benefits"], start=2):
            decay = f'IF(K{number}="",1,2^(-J{number}/K{number}))'
            sheet.append((text(row["group"]), text(row["asset"]), text(row["driver"]), row["year"], row["volume"],
                          text(row["unit"]), row["unit_value"], row["unit_value_is"], row["weight"], row["age"],
                          row["half_life"], row["chance"],
                          f"=E{number}*G{number}*I{number}*{decay}*L{number}"))  # fmt: skip
        self.last_benefit = max(len(self.tables["benefits"]) + 1, 2)
        _shade(sheet, f"E2:E{self.last_benefit}", f"G2:G{self.last_benefit}", f"I2:L{self.last_benefit}")
        _formats(sheet, {"E": "#,##0", "G": "#,##0.0000", "I": "0.0000", "J": "0.000", "M": "#,##0.00"})
        _widths(sheet, (14, 10, 16, 8, 14, 18, 16, 30, 18, 12, 12, 12, 18))
        sheet.freeze_panes = "A2"

    def _costs(self) -> None:
        sheet = self.book.create_sheet("Costs")
        _head(sheet, ("Group", "Asset", "Date", "Year", "Phase", "Category", "Deducted at once", f"Amount ({self.currency})",
                      "Chance", "Years from valuation date", f"Money ({self.currency})",
                      f"Present value ({self.currency})"))  # fmt: skip
        for number, row in enumerate(self.tables["costs"], start=2):
            rate = f"Settings!$B${self.rate_row[row['group']]}"
            sheet.append((text(row["group"]), text(row["asset"]), date.fromisoformat(row["date"]), row["year"],
                          text(row["phase"]), text(row["category"]), "yes" if row["deductible"] else "no",
                          row["amount"], row["chance"], f"=(C{number}-Settings!$B$2)/Settings!$B$4",
                          f"=H{number}*I{number}", f"=K{number}*(1+{rate})^(-J{number})"))  # fmt: skip
        self.last_cost = max(len(self.tables["costs"]) + 1, 2)
        _shade(sheet, f"H2:I{self.last_cost}")
        _formats(sheet, {"C": "yyyy-mm-dd", "H": "#,##0.00", "J": "0.000", "K": "#,##0.00", "L": "#,##0.00"})
        _widths(sheet, (14, 10, 12, 8, 14, 16, 12, 16, 10, 14, 16, 18))
        sheet.freeze_panes = "A2"

    def _amortisation(self) -> None:
        """What is charged in each year of what was capitalised before the valuation date and of planned costs."""
        sheet = self.book.create_sheet("Amortisation")
        _head(sheet, ("Group", "Asset", "Year", "Of", f"Capitalised ({self.currency})", "Share charged",
                      f"Charge ({self.currency})"))  # fmt: skip
        rows = [(row, "before the valuation date", row["year"], row["capitalised"], row["share"])
                for row in self.tables["amortisation"]]  # fmt: skip
        for place, cost in enumerate(self.tables["costs"], start=2):
            for span in self.tables["periods"]:
                share = cost[f"charged_{span['year']}"]
                if share:
                    rows.append((cost, f"planned, {cost['date']}", span["year"], f"=Costs!K{place}", share))
        for number, (row, of, year, amount, share) in enumerate(rows, start=2):
            sheet.append((text(row["group"]), text(row["asset"]), year, of, amount, share, f"=E{number}*F{number}"))
        self.last_charge = max(len(rows) + 1, 2)
        _shade(sheet, f"E2:F{len(self.tables['amortisation']) + 1}" if self.tables["amortisation"] else "F2:F2")
        _formats(sheet, {"E": "#,##0.00", "F": "0.0000", "G": "#,##0.00"})
        _widths(sheet, (14, 10, 8, 28, 18, 14, 18))
        sheet.freeze_panes = "A2"

    def _group(self, number: int, group: Mapping[str, Any]) -> str:
        """The cash-flow table of one group; the address of its value."""
        name = f"Group {number}"
        sheet = self.book.create_sheet(name)
        sheet.append(("Group", text(group["group"])))
        sheet.append(("Discount rate", f"=Settings!$B${self.rate_row[group['group']]}"))
        sheet.append(())
        sheet.append(("Year", "Years to benefits and tax", "Benefits", "Running costs", "Development",
                      "Amortisation", "Taxable, losses carried in", "Tax", "Loss carried on", "Net", "Discount factor",
                      "Present value"))  # fmt: skip
        _bold(sheet, 1, 4)
        first = 5
        for row, span in enumerate(self.tables["periods"], start=first):
            benefits, costs = self.last_benefit, self.last_cost
            where = f"Costs!$A$2:$A${costs},$B$1,Costs!$D$2:$D${costs},A{row}"
            deducted = f"SUMIFS(Costs!$K$2:$K${costs},{where},Costs!$G$2:$G${costs},"
            carried = f"I{row - 1}" if row > first else "0"
            charges = self.last_charge
            sheet.append((span["year"], span["time"],
                          f"=SUMIFS(Benefits!$M$2:$M${benefits},Benefits!$A$2:$A${benefits},$B$1,"
                          f"Benefits!$D$2:$D${benefits},A{row})",
                          f'={deducted}"yes")', f'={deducted}"no")',
                          f"=SUMIFS(Amortisation!$G$2:$G${charges},Amortisation!$A$2:$A${charges},$B$1,"
                          f"Amortisation!$C$2:$C${charges},A{row})",
                          f"=C{row}-D{row}-F{row}+{carried}", f"=MAX(G{row},0)*Settings!$B$3", f"=MIN(G{row},0)",
                          f"=C{row}-D{row}-E{row}-H{row}", f"=(1+$B$2)^(-B{row})",
                          f"=K{row}*(C{row}-H{row})-SUMIFS(Costs!$L$2:$L${costs},{where})"))  # fmt: skip
        last = first + len(self.tables["periods"]) - 1
        total = last + 1
        sheet.append(("Sum", None, *(f"=SUM({c}{first}:{c}{last})" for c in "CDEF"), None, f"=SUM(H{first}:H{last})",
                      None, f"=SUM(J{first}:J{last})", None, f"=SUM(L{first}:L{last})"))  # fmt: skip
        _bold(sheet, total)
        _formats(sheet, dict.fromkeys("CDEFGHIJL", "#,##0.00") | {"B": "0.0000", "K": "0.0000"}, first)
        sheet["B2"].number_format = "0.00%"
        _widths(sheet, (14, 14, *[16] * 10))
        return f"'{name}'!L{total}"

    def _summary(self, sheet, values) -> None:
        sheet.append(("Value of the AI assets", text(self.client)))
        sheet.append(("Valuation date", "=Settings!B2"))
        sheet.append(("Currency", self.currency))
        sheet.append(())
        sheet.append(("Group", "Value, computed here"))
        first = 6
        for name, address in values:
            sheet.append((text(name), f"={address}"))
        last = first + len(values) - 1
        sheet.append(("All groups", f"=SUM(B{first}:B{last})"))
        total = last + 1
        sheet.append(("The report says", self.reported["value"]))
        sheet.append(("Difference", f"=ROUND(B{total}-B{total + 1},2)"))
        sheet.append(())
        sheet.append(
            ("Yellow cells are inputs: change one, and the value moves. All amounts at their most likely value.",)
        )
        sheet.append(("The report's 5 % and 95 % points", self.reported["low"], self.reported["high"]))
        _bold(sheet, 1, 5, total)
        for row in (*range(first, total + 3), total + 5):
            sheet.cell(row, 2).number_format = sheet.cell(row, 3).number_format = "#,##0.00"
        sheet["B2"].number_format = "yyyy-mm-dd"
        _widths(sheet, (44, 24, 18))


def _figures(book, records: Mapping[str, dict[str, Any]]) -> None:
    sheet = book.create_sheet("Figures")
    _head(sheet, ("Chapter", "Figure", "Value", "Unit", "Low", "High", "Interval", "n", "Seed", "Source", "Note"))
    for chapter, record in records.items():
        for figure in record["figures"].values():
            sheet.append([text(item) for item in (chapter, figure["name"], figure["value"], figure["unit"], figure["low"],
                          figure["high"], figure["interval"], figure["n"], figure["seed"], figure["source"],
                          figure["note"])])  # fmt: skip
    _widths(sheet, (18, 40, 18, 16, 14, 14, 18, 10, 8, 40, 60))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _head(sheet, names) -> None:
    sheet.append(names)
    _bold(sheet, 1)


def _bold(sheet, *rows: int) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    for row in rows:
        for cell in sheet[row]:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=HEAD)
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _shade(sheet, *ranges: str) -> None:
    from openpyxl.styles import PatternFill

    for area in ranges:
        cells = sheet[area]
        for row in cells if isinstance(cells, tuple) else ((cells,),):
            for cell in row:
                cell.fill = PatternFill("solid", fgColor=INPUT)


def _formats(sheet, formats: Mapping[str, str], first: int = 2) -> None:
    for column, form in formats.items():
        for cell in sheet[column][first - 1 :]:
            cell.number_format = form


def _widths(sheet, widths) -> None:
    from openpyxl.utils import get_column_letter

    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
