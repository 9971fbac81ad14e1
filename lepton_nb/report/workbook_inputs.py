"""The workbook's settings, years and assets: the inputs from which everything else is dated and discounted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from lepton_nb.report import workbook_moves as moves
from lepton_nb.report.workbook_cells import (
    DAY,
    RATE,
    Text,
    add,
    forms,
    head,
    shade,
    sheet_of,
    text,
    widths,
)

TAX_BENEFIT = "buyer's tax benefit"
SETTINGS = {
    "valuation date": ("Valuation date", "present values refer to it", DAY),
    "horizon years": ("Horizon, years", "valued from the valuation date on", "0"),
    "timing": ("Timing", "mid_year or end: when the money of a year is discounted", "@"),
    "basis": ("Basis", "owner: with the tax that his books save. market: a buyer's", "@"),
    "beyond useful life": ("Beyond the useful life", "cut, or keep the benefits", "@"),
    "tax rate": ("Tax rate", "of benefits less running costs and amortisation, losses carried forward", "0.0%"),
    TAX_BENEFIT: ("Buyer's tax benefit", "yes where a buyer may write off the price", "@"),
    "years of it": ("Years of that write-off", "", "0.0"),
    "wacc": ("Cost of capital, given", "before premiums", RATE),
    "risk_free": ("Risk-free rate", "", RATE),
    "equity_risk_premium": ("Equity risk premium", "", RATE),
    "beta_unlevered": ("Beta without debt", "", "0.00"),
    "debt_to_equity": ("Debt divided by equity", "", "0.00"),
    "size_premium": ("Premium for a small company", "", RATE),
    "pre_tax_cost_of_debt": ("Interest before tax", "", RATE),
    "inflation": (
        "Inflation",
        "used where rates and prices differ in kind, and on what is written off in real prices",
        RATE,
    ),
    "rates": ("Rates are", "nominal or real", "@"),
    "prices": ("Prices are", "nominal or real", "@"),
}
YEARS_MORE = 3  # rows of years beyond the horizon, for a later valuation date
FIRST = 5  # first row of years on the sheets Years and Group


def day(value: str) -> date | None:
    return date.fromisoformat(value) if value else None


class Inputs:
    """The sheets Settings, Years and Assets: what all others refer to."""

    def __init__(self, book, value: dict[str, Any], client: str, names: Mapping[str, str]):
        self.book, self.tables, self.client = book, value["tables"], client
        self.names = names  # asset → what it is called
        self.figures = value["figures"]
        self.currency = self.figures["value"]["unit"]
        self.given = {row["name"]: row["value"] for row in self.tables["sheet_settings"]}
        self.groups = self.tables["lines_groups"]
        self.asset_row = {row["asset"]: at for at, row in enumerate(self.tables["sheet_assets"], start=2)}
        self.group_of = {row["asset"]: row["group"] for row in self.tables["sheet_assets"]}
        self.span = int(self.given["horizon years"]) + YEARS_MORE
        self.set: dict[str, str] = {}  # setting → its cell
        self.moves: moves.Moves  # the sheet by which everything is moved at once

    def _settings(self) -> None:
        sheet = sheet_of(self.book, "Settings")
        head(sheet, ("Setting", "Value", "What it is"))
        for name, value in self.given.items():
            if name not in SETTINGS:
                continue
            label, words, form = SETTINGS[name]
            value = (
                day(value)
                if name == "valuation date"
                else {True: "yes", False: "no"}.get(value, value)
                if isinstance(value, bool)
                else value
            )
            row = add(sheet, (label, value, words))
            self.set[name] = f"Settings!$B${row}"
            sheet.cell(row, 2).number_format = form
            shade(sheet, f"B{row}")
        add(sheet, ())
        self.set["days"] = self._computed(sheet, "Days in a year", 365, "ACT/365F", "0")
        self.rise = f'IF({self.set["prices"]}="real",{self.set["inflation"]},0)'
        last = f"=EDATE({self.set['valuation date']},12*{self.set['horizon years']})"
        self.set["last day"] = self._computed(sheet, "Last day that is valued", last, "", DAY)
        self.set["capital"] = self._computed(
            sheet, "Cost of capital", self._capital(), "in the prices of the figures", RATE
        )
        add(sheet, ())
        head(sheet, ("Premium by kind of asset", "A year", ""))
        self.premium = {}
        for item in self.tables["sheet_premiums"]:
            row = add(sheet, (item["kind"], item["premium"], "on top of the cost of capital"))
            self.premium[item["kind"]] = f"Settings!$B${row}"
            sheet.cell(row, 2).number_format = RATE
            shade(sheet, f"B{row}")
        add(sheet, ())
        head(sheet, ("Group", "Discount rate", "The returns asked of its assets, weighted by what they are worth"))
        self.rate = {}
        count = len(self.tables["sheet_assets"]) + 1
        for group in self.groups:
            row = sheet.filled + 1
            same = f"(Assets!$B$2:$B${count}=A{row})"
            weighed = f"SUMPRODUCT({same}*Assets!$G$2:$G${count}*(Assets!$D$2:$D${count}+Assets!$E$2:$E${count}))"
            rate = f"={self.set['capital']}+{weighed}+{self.moves.cells[moves.RATES]}"
            add(sheet, (text(group["group"]), rate, text(group["assets"])))
            self.rate[group["group"]] = f"Settings!$B${row}"
            sheet.cell(row, 2).number_format = RATE
        widths(sheet, (34, 16, 70))

    def _computed(self, sheet, label: str, value: Any, words: str, form: str) -> str:
        row = add(sheet, (label, value, words))
        sheet.cell(row, 2).number_format = form
        return f"Settings!$B${row}"

    def _capital(self) -> str:
        at = self.set
        if "wacc" in at:
            found = at["wacc"]
        else:
            debt, tax = at["debt_to_equity"], at["tax rate"]
            beta = f"{at['beta_unlevered']}*(1+(1-{tax})*{debt})"
            equity = f"({at['risk_free']}+{beta}*{at['equity_risk_premium']}+{at['size_premium']})"
            found = f"({equity}+{debt}*{at['pre_tax_cost_of_debt']}*(1-{tax}))/(1+{debt})"
        alike, real = f"{at['rates']}={at['prices']}", f'{at["prices"]}="real"'
        return (
            f"=IF({alike},{found},IF({real},(1+{found})/(1+{at['inflation']})-1,(1+{found})*(1+{at['inflation']})-1))"
        )

    def _years(self) -> None:
        sheet = sheet_of(self.book, "Years")
        add(sheet, ("The part of each calendar year that counts: after the first day, up to and with the last.",))
        add(sheet, ())
        add(sheet, ())
        head(
            sheet,
            (
                "Year",
                "Starts after",
                "Ends",
                "Days",
                "Share of the year",
                "Middle, years",
                "Benefits and tax at, years",
            ),
        )
        at = self.set
        for row in range(FIRST, FIRST + self.span):
            year = f"=YEAR({at['valuation date']})" if row == FIRST else f"=A{row - 1}+1"
            middle = f"=(B{row}-{at['valuation date']}+D{row}/2)/{at['days']}"
            end = f'=IF({at["timing"]}="mid_year",F{row},(C{row}-{at["valuation date"]})/{at["days"]})'
            add(sheet, (year, f"=MAX({at['valuation date']},DATE(A{row}-1,12,31))", f"=MIN({at['last day']},DATE(A{row},12,31))",
                        f"=MAX(0,C{row}-B{row})", f"=MIN(1,D{row}/{at['days']})", middle, end))  # fmt: skip
        self.last = FIRST + self.span - 1
        forms(sheet, {"A": "0", "B": DAY, "C": DAY, "D": "0", "E": "0.0000", "F": "0.0000", "G": "0.0000"}, FIRST)
        widths(sheet, (10, 14, 14, 10, 16, 16, 22))

    def _of_year(self, column: str, year: str) -> str:
        """The entry of a year on the sheet Years; 0 for a year that is not there."""
        table = f"Years!${column}${FIRST}:${column}${self.last}"
        return f"IFERROR(INDEX({table},MATCH({year},Years!$A${FIRST}:$A${self.last},0)),0)"

    def _assets(self) -> None:
        sheet = sheet_of(self.book, "Assets")
        head(sheet, ("Asset", "Group", "Kind", "Premium of its kind", "Own premium", "Return asked", "Weight in the group's rate",
                     "First day of use", "Useful life, years", "Life ends", "Half-life of the gain, years", "Chance of success",
                     "Chance with all that it needs", "Running costs end", "Last year that it is run",
                     f"Price of the substitute ({self.currency})", f"Capitalised ({self.currency})", "Benefits times, now",
                     "Costs times, now", "The price is", "Name"))  # fmt: skip
        for row, item in enumerate(self.tables["sheet_assets"], start=2):
            ends = [f"J{self.asset_row[name]}" for name in item["serves"].split(";") if name]
            needs = "*".join(f"L{self.asset_row[name]}" for name in item["needs"].split(";"))
            kept = f'OR(H{row}="",{self.set["beyond useful life"]}="keep")'
            life = f'=IF({kept},"",EDATE(H{row},12*INT(I{row}))+ROUND((I{row}-INT(I{row}))*365.25,0)-1)'
            running = f'=IF(COUNT({",".join(ends)})<{len(ends)},"",MAX({",".join(ends)}))' if ends else Text("")
            add(sheet, (text(item["asset"]), text(item["group"]), item["kind"], f"={self.premium[item['kind']]}", item["premium"],
                        f"={self.set['capital']}+D{row}+E{row}", item["weight"], self._first_use(row, item), item["life"], life,
                        item["half_life"], item["chance"], f"={needs}", running, item["last_year"], item["substitute"],
                        item["capitalised"], self.moves.factor(moves.BENEFITS, f"A{row}"),
                        self.moves.factor(moves.COSTS, f"A{row}"), text(item["substitute_unit"]),
                        text(self.names.get(item["asset"], ""))))  # fmt: skip
        last = len(self.asset_row) + 1
        shade(sheet, f"E2:E{last}", f"G2:G{last}", f"I2:I{last}", f"K2:L{last}", f"O2:Q{last}")
        shade(
            sheet, *(f"H{self.asset_row[item['asset']]}" for item in self.tables["sheet_assets"] if not item["planned"])
        )
        forms(sheet, {"D": RATE, "E": RATE, "F": RATE, "G": "0.0000", "H": DAY, "I": "0.0#", "J": DAY, "K": "0.00", "L": "0.00",
                      "M": "0.00", "N": DAY, "O": "0", "P": "#,##0.00", "Q": "#,##0", "R": "0.00", "S": "0.00"})  # fmt: skip
        widths(sheet, (12, 18, 14, *[13] * 17, 40))
        sheet.freeze_panes = "B2"

    def _first_use(self, row: int, item: Mapping[str, Any]) -> Any:
        """Of an asset in use its day; else that of the plan, or of the last planned development of that year."""
        first = day(item["used_from"])
        if not item["planned"] or first is None:
            return first
        last = max(len(self.tables["sheet_costs"]) + 1, 2)
        made = f'(Costs!$B$2:$B${last}=A{row})*(Costs!$E$2:$E${last}="development")*(YEAR(Costs!$C$2:$C${last})={first.year})'
        return f"=MAX(DATE({first.year},{first.month},{first.day}),SUMPRODUCT(MAX({made}*Costs!$C$2:$C${last})))"
