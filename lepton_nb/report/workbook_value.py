"""The value as a workbook with live formulas: from the date, the rates, the counts and the money to each group's value.

Every yellow cell is an input. Formulas lay benefits and costs on the days that count, as the rules of the value chapter
say it; nothing between an input and the value is a pasted number, but for the weights of the assets in a group's rate
and the last year that a group is run, which the report solves (yellow too, and named).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lepton_nb.report.workbook_cells import (
    DAY,
    MONEY,
    RATE,
    Text,
    add,
    bold,
    forms,
    head,
    named,
    plain_form,
    put,
    shade,
    sheet_of,
    text,
    widths,
)
from lepton_nb.report.workbook_inputs import FIRST, TAX_BENEFIT, Inputs, day


class Value(Inputs):
    """The sheets Summary, Settings, Years, Assets, Gains, Benefits, Costs, Amortisation and one for each group."""

    def build(self) -> None:
        summary = sheet_of(self.book, "Summary")
        self._settings()
        self._years()
        self._assets()
        self._gains()
        self._benefits()
        self._costs()
        self._amortisation()
        values = [self._group(number, group) for number, group in enumerate(self.groups, start=1)]
        self._summary(summary, values)
        named(self.book, self.set | {f"value of group {at}": cell for at, (_, cell) in enumerate(values, start=1)})

    # --- gains, benefits --------------------------------------------------------------------------------

    def _gains(self) -> None:
        """Counts of each test set times the money of the outcomes: the gain per case."""
        sheet = sheet_of(self.book, "Gains")
        money: dict[tuple[str, str], str] = {}
        head(sheet, ("Test set", "Outcome", f"Money a case ({self.currency})"))
        for item in self.tables["sheet_money"]:
            row = add(sheet, (text(item["evaluation"]), item["outcome"], item["money"]))
            money[item["evaluation"], item["outcome"]] = f"C{row}"
            shade(sheet, f"C{row}")
        add(sheet, ())
        head(
            sheet,
            ("Test set", "Cells", "Cases", "Money under the model", "Money under the baseline", "Cases × difference"),
        )
        places: dict[tuple[str, str], list[int]] = {}
        for item in self.tables["sheet_counts"]:
            sides = [f"={money[item['evaluation'], item[side]]}" if item[side] else 0 for side in ("model", "baseline")]
            row = sheet.filled + 1
            add(sheet, (text(item["evaluation"]), item["cell"], item["count"], *sides, f"=C{row}*(D{row}-E{row})"))
            places.setdefault((item["evaluation"], item["sample"]), []).append(row)
            shade(sheet, f"C{row}")
        add(sheet, ())
        head(sheet, ("Test set", "", "Gain a case"))
        self.gain: dict[tuple[str, str], str] = {}
        for name in dict.fromkeys(item["evaluation"] for item in self.tables["sheet_counts"]):
            parts = [
                f"SUM(F{rows[0]}:F{rows[-1]})/SUM(C{rows[0]}:C{rows[-1]})"
                for (of, _), rows in places.items()
                if of == name
            ]
            row = add(sheet, (text(name), "model less baseline", "=" + "+".join(parts)))
            self.gain["confusion", name] = f"Gains!$C${row}"
        for item in self.tables["sheet_accepted"]:
            row = sheet.filled + 1
            add(
                sheet,
                (text(item["asset"]), "accepted / given / share", f"=E{row}/F{row}", "", item["accepted"], item["n"]),
            )
            self.gain["acceptance", item["asset"]] = f"Gains!$C${row}"
            shade(sheet, f"E{row}:F{row}")
        forms(sheet, {"C": "#,##0.00####", "D": "0.00", "E": "#,##0.00", "F": "#,##0.00"})
        widths(sheet, (24, 44, 18, 18, 18, 18))

    def _benefits(self) -> None:
        sheet = sheet_of(self.book, "Benefits")
        head(sheet, ("Group", "Asset", "Driver", "Year", "Volume", "Unit", f"Unit value ({self.currency})", "Unit value is",
                     "Attribution", "Adoption", "Decays from", "Until", "Starts after", "Ends", "Share of the year", "Age at start",
                     "Age at end", "What is left", "Chance", f"Before the substitute ({self.currency})",
                     f"Money ({self.currency})"))  # fmt: skip
        for row, item in enumerate(self.tables["sheet_benefits"], start=2):
            asset = self.asset_row[item["asset"]]
            begins, until = self._since(item)
            start = f"=MAX({self._of_year('B', f'D{row}')}{f',K{row}' if item['step'] else ''})"
            end = f'=MIN({self._of_year("C", f"D{row}")},IF(Assets!$J${asset}="",2958465,Assets!$J${asset}),IF(L{row}="",2958465,L{row}))'
            share = (f"=IF(OR(D{row}>Assets!$O${asset},{self._of_year('D', f'D{row}')}=0),0,"
                     f"{self._of_year('E', f'D{row}')}*MAX(0,N{row}-M{row})/{self._of_year('D', f'D{row}')})")  # fmt: skip
            add(sheet, (text(self.group_of[item["asset"]]), text(item["asset"]), text(item["driver"]), item["year"], item["volume"],
                        text(item["unit"]), *self._unit_value(item), item["attribution"], item["adoption"], begins, until, start,
                        end, share, f"=MAX(0,(M{row}-K{row})/{self.set['days']})", f"=MAX(0,(N{row}-K{row})/{self.set['days']})",
                        _left(row, f"Assets!$K${asset}"), f"=Assets!$M${asset}", f"=E{row}*G{row}*I{row}*J{row}*O{row}*R{row}*S{row}",
                        self._capped(row, f"Assets!$P${asset}")))  # fmt: skip
            sheet.cell(row, 5).number_format = plain_form(item["volume"])
            shade(sheet, f"E{row}", f"I{row}:J{row}", *([f"G{row}"] if item["link"] == "none" else []))
        self.last_benefit = len(self.tables["sheet_benefits"]) + 1
        forms(sheet, {"D": "0", "G": "#,##0.00##", "I": "0.00", "J": "0.00", "K": DAY, "L": DAY, "M": DAY, "N": DAY, "O": "0.0000",
                      "P": "0.000", "Q": "0.000", "R": "0.0000", "S": "0.00", "T": MONEY, "U": MONEY})  # fmt: skip
        widths(sheet, (14, 10, 18, 8, 14, 16, 14, 26, *[12] * 11, 16, 16))
        sheet.freeze_panes = "D2"

    def _since(self, item: Mapping[str, Any]) -> tuple[Any, Any]:
        """From when a benefit decays, or the retraining before this part of it, and the next retraining."""
        stated = day(item["begins"])
        first = f"DATE({stated.year},{stated.month},{stated.day})" if stated else ""
        if not first:
            least = day(item["not_before"])
            first = (
                f"MAX(DATE({least.year},{least.month},{least.day}),{self.set['valuation date']})"
                if least
                else self.set["valuation date"]
            )
        months, step = item["retrain_months"], item["step"]
        if not months:
            return stated or f"={first}", Text("")
        begins = f"=EDATE({first},{months * step})" if step else f"={first}"
        return begins, f"=EDATE({first},{months * (step + 1)})"

    def _unit_value(self, item: Mapping[str, Any]) -> tuple[Any, str]:
        if item["link"] == "none":
            return item["unit_value"], "given"
        found = self.gain[item["link"], item["link_id"]]
        if item["link"] == "confusion":
            return f"={found}", "gain a case (sheet Gains)"
        return f"={item['unit_value']!r}*{found}", "given × share accepted (sheet Gains)"

    def _capped(self, row: int, cap: str) -> str:
        last = len(self.tables["sheet_benefits"]) + 1
        same = f"($B$2:$B${last}=B{row})*($D$2:$D${last}=D{row})"
        total = f"SUMPRODUCT({same}*$T$2:$T${last})"
        most = f"{cap}*S{row}*SUMPRODUCT({same}*($C$2:$C${last}=C{row})*$O$2:$O${last})"
        return f'=IF({cap}="",T{row},IF({total}>{most},T{row}*{most}/{total},T{row}))'

    # --- costs, amortisation ----------------------------------------------------------------------------

    def _costs(self) -> None:
        sheet = sheet_of(self.book, "Costs")
        head(sheet, ("Group", "Asset", "Date", "Whole year", "Phase", "Category", f"Amount ({self.currency})", "Year", "Share",
                     "Years from the valuation date", "Chance", "Rate", f"Money ({self.currency})",
                     f"Present value ({self.currency})", "Deducted at once"))  # fmt: skip
        for row, item in enumerate(self.tables["sheet_costs"], start=2):
            asset, group = self.asset_row[item["asset"]], self.group_of[item["asset"]]
            when = self._since(item)[0] if item["retrain_months"] else day(item["date"])
            year = item["year"] or f"=YEAR(MAX(C{row},{self.set['valuation date']}+1))"
            time = (
                self._of_year("G", f"H{row}")
                if item["year"]
                else f"(C{row}-{self.set['valuation date']})/{self.set['days']}"
            )
            rate = self.set["capital"] if item["committed"] else self.rate[group]
            add(sheet, (text(group), text(item["asset"]), when, item["year"], item["phase"], text(item["category"]), item["amount"],
                        year, self._counted(row, item, asset), f"={time}", f"=Assets!$L${asset}" if item["needs_success"] else 1,
                        f"={rate}", f"=G{row}*I{row}*K{row}", f"=M{row}*(1+L{row})^(-J{row})",
                        self._deducted(row, item, asset)))  # fmt: skip
            shade(sheet, f"G{row}", *([] if item["retrain_months"] else [f"D{row}" if item["year"] else f"C{row}"]))
        self.last_cost = max(len(self.tables["sheet_costs"]) + 1, 2)
        forms(
            sheet,
            {
                "C": DAY,
                "D": "0",
                "G": MONEY,
                "H": "0",
                "I": "0.0000",
                "J": "0.000",
                "K": "0.00",
                "L": RATE,
                "M": MONEY,
                "N": MONEY,
            },
        )
        widths(sheet, (14, 10, 12, 10, 14, 22, 16, 8, 10, 14, 10, 10, 16, 18, 12))
        sheet.freeze_panes = "C2"

    def _deducted(self, row: int, item: Mapping[str, Any], asset: int) -> str:
        """Whether a cost is deducted at once: development is, once the asset is in use."""
        if item["written_off"] == "development" and not item["year"]:
            return f'=IF(Assets!$H${asset}="","no",IF(C{row}>Assets!$H${asset},"yes","no"))'
        return "no" if item["written_off"] else "yes"

    def _counted(self, row: int, item: Mapping[str, Any], asset: int) -> str:
        """The share of a cost that counts: within the horizon, the time of use and the years that are run."""
        first, last = self.set["valuation date"], self.set["last day"]
        run = "" if item["phase"] == "decommission" else f"*IF(H{row}>Assets!$O${asset},0,1)"
        if item["retrain_months"]:
            ends = f'MIN({last},IF(Assets!$J${asset}="",{last},Assets!$J${asset}))'
            return f"=IF(OR(C{row}<={first},C{row}>{ends}),0,1){run}"
        cut = ""
        if item["phase"] == "operation":
            start, end, days = (self._of_year(column, f"H{row}") for column in "BCD")
            part = f"IF({days}=0,0,MAX(0,Assets!$N${asset}-{start})/{days})"
            cut = f'*IF(Assets!$N${asset}="",1,IF(Assets!$N${asset}<{end},{part},1))'
        counts = self._of_year("E", f"H{row}") if item["year"] else f"IF(OR(C{row}<{first},C{row}>{last}),0,1)"
        if item["phase"] == "operation" and not item["year"]:
            counts = f"IF(OR(C{row}<={first},C{row}>{last}),0,1)"
        return f"={counts}{cut}{run}"

    def _amortisation(self) -> None:
        """What is charged in each year: of what was capitalised before the valuation date, and of planned costs."""
        from openpyxl.utils import get_column_letter

        sheet = sheet_of(self.book, "Amortisation")
        self.charge_column = [get_column_letter(8 + place) for place in range(self.span)]
        years = [f"=Years!A{row}" for row in range(FIRST, self.last + 1)]
        head(
            sheet,
            ("Group", "Asset", "Of", f"Amount ({self.currency})", "Charged from", "Life, years", "Chance", *years),
        )
        for item in self.tables["sheet_assets"]:
            if item["capitalised"] and item["used_from"]:
                asset = self.asset_row[item["asset"]]
                self._charge(
                    sheet,
                    item,
                    "before the valuation date",
                    f"=Assets!Q{asset}",
                    f"=Assets!H{asset}",
                    f"=Assets!L{asset}",
                )
        for place, item in enumerate(self.tables["sheet_costs"], start=2):
            if item["written_off"]:
                chance = 1 if item["needs_success"] else f"=Assets!L{self.asset_row[item['asset']]}"
                begin = f"Assets!H{self.asset_row[item['asset']]}"
                begin = f"=MAX({begin},Costs!C{place})" if item["written_off"] == "hardware" else f"={begin}"
                self._charge(
                    sheet,
                    item,
                    f"planned, row {place} of Costs",
                    f'=IF(Costs!O{place}="no",Costs!M{place},0)',
                    begin,
                    chance,
                    f"MAX(0,(Costs!C{place}-{self.set['valuation date']})/{self.set['days']})",
                )
        self.last_charge = max(sheet.filled, 2)
        forms(sheet, {"D": MONEY, "E": DAY, "F": "0.0#", "G": "0.00"} | dict.fromkeys(self.charge_column, MONEY))
        for column in self.charge_column:
            sheet[f"{column}1"].number_format = "0"
        widths(sheet, (14, 10, 30, 16, 12, 10, 10, *[13] * self.span))
        sheet.freeze_panes = "D2"

    def _charge(self, sheet, item, of: str, amount: str, begin: Any, chance: Any, paid: str = "0") -> None:
        """A row of charges. paid: years after the valuation date; real prices take the inflation since then out."""
        row = sheet.filled + 1
        life = f"=Assets!I{self.asset_row[item['asset']]}"
        owner = f'IF({self.set["basis"]}="owner",1,0)'

        def used(day_: str) -> str:
            months = f"(YEAR({day_})-YEAR($E{row}))*12+MONTH({day_})-MONTH($E{row})+1"
            return f"MIN(MAX({months},0),$F{row}*12)/($F{row}*12)"

        charges = [
            f"=IF(Years!$D${at}=0,0,$D{row}*$G{row}*{owner}*({used(f'Years!$C${at}')}-{used(f'Years!$B${at}')})"
            f"*(1+{self.rise})^-MAX(0,Years!$G${at}-{paid}))"
            for at in range(FIRST, self.last + 1)
        ]
        add(sheet, (text(self.group_of[item["asset"]]), text(item["asset"]), of, amount, begin, life, chance, *charges))

    # --- groups, summary --------------------------------------------------------------------------------

    def _group(self, number: int, group: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
        """The cash-flow table of one group, and the address of its value."""
        sheet = sheet_of(self.book, f"Group {number}")
        add(sheet, ("Group", text(group["group"])))
        add(sheet, ("Discount rate", f"={self.rate[group['group']]}"))
        add(sheet, ())
        head(sheet, ("Year", "Benefits and tax at, years", "Benefits", "Running costs", "Development", "Amortisation",
                     "Taxable, losses carried in", "Tax", "Loss carried on", "Net", "Discount factor", "Present value"))  # fmt: skip
        benefits, costs, charges = self.last_benefit, self.last_cost, self.last_charge
        for place, row in enumerate(range(FIRST, self.last + 1)):
            where = f"Costs!$A$2:$A${costs},$B$1,Costs!$H$2:$H${costs},A{row}"
            deducted, column = f"SUMIFS(Costs!$M$2:$M${costs},{where},Costs!$O$2:$O${costs},", self.charge_column[place]
            add(sheet, (f"=Years!A{row}", f"=Years!G{row}",
                        f"=SUMIFS(Benefits!$U$2:$U${benefits},Benefits!$A$2:$A${benefits},$B$1,Benefits!$D$2:$D${benefits},A{row})",
                        f'={deducted}"yes")', f'={deducted}"no")',
                        f"=SUMIFS(Amortisation!{column}$2:{column}${charges},Amortisation!$A$2:$A${charges},$B$1)",
                        f"=C{row}-D{row}-F{row}+{f'I{row - 1}*(1+{self.rise})^(B{row - 1}-B{row})' if place else '0'}", f"=MAX(G{row},0)*{self.set['tax rate']}",
                        f"=MIN(G{row},0)", f"=C{row}-D{row}-E{row}-H{row}", f"=(1+$B$2)^(-B{row})",
                        f"=K{row}*(C{row}-H{row})-SUMIFS(Costs!$N$2:$N${costs},{where})"))  # fmt: skip
        total = self.last + 1
        sums = {column: f"=SUM({column}{FIRST}:{column}{self.last})" for column in "CDEFHJL"}
        add(sheet, ("Sum", *(sums.get(column) for column in "BCDEFGHIJKL")))
        nominal = f"((1+$B$2)*(1+{self.rise})-1)"
        timing = f'IF({self.set["timing"]}="mid_year",(1+{nominal})^0.5,1)'
        years, tax = self.set["years of it"], self.set["tax rate"]
        saved = f"{tax}/{years}*(1-(1+{nominal})^(-{years}))/({nominal})*{timing}"
        applies = f'AND({self.set[TAX_BENEFIT]}="yes",L{total}>0)'
        add(sheet, ("A buyer's tax benefit", *[None] * 10, f"=IF({applies},L{total}*(1/(1-{saved})-1),0)"))
        add(sheet, ("Value", *[None] * 10, f"=L{total}+L{total + 1}"))
        bold(sheet, total, total + 2)
        forms(sheet, dict.fromkeys("CDEFGHIJL", MONEY) | {"A": "0", "B": "0.0000", "K": "0.0000"}, FIRST)
        sheet["B2"].number_format = RATE
        widths(sheet, (22, 14, *[16] * 10))
        _chart(sheet, total)
        return group, f"'Group {number}'!L{total + 2}"

    def _summary(self, sheet, values) -> None:
        add(sheet, ("Value of the AI assets", text(self.client)))
        add(sheet, ("Valuation date", f"={self.set['valuation date']}"))
        add(sheet, ("Currency", self.currency))
        add(sheet, ())
        head(sheet, ("Group, at the most likely figures", "Computed here", "The report says", "Difference"))
        first, counted = sheet.filled + 1, []
        without = [row["name"] for row in self.tables.get("groups", ()) if not row["counts"]]
        for group, address in values:
            row = add(sheet, (text(group["group"]), f"={address}", group["value"]))
            put(sheet.cell(row, 4), f"=ROUND(B{row}-C{row},2)")
            counted += [] if group["group"] in without else [row]
        total = sheet.filled + 1
        rows = counted or list(range(first, total))  # without a number for any group the sum is of all
        told = (
            f"All but {', '.join(without)}, for which no number is concluded" if counted and without else "All groups"
        )
        add(sheet, (text(told), *("=" + "+".join(f"{column}{row}" for row in rows) for column in "BCD")))
        bold(sheet, 1, total)
        add(sheet, ())
        headline = self.figures["value"]
        add(
            sheet,
            (
                "The report's value (mean of its draws)",
                headline["value"] if headline["value"] is not None else "not concluded",
            ),
        )
        add(sheet, ("Its 5 % and 95 % points", headline["low"], headline["high"]))
        add(sheet, ())
        for words in ("Yellow cells are inputs: change one, and the value moves.",
                      "The weights of the assets in a group's rate and the last year that a group is run (sheet Assets) are as the "
                      "report solved them; a report of the changed figures solves them again."):  # fmt: skip
            add(sheet, (words,))
        for row in range(first, total + 4):
            for column in (2, 3, 4):
                sheet.cell(row, column).number_format = MONEY
        sheet["B2"].number_format = DAY
        widths(sheet, (44, 24, 18, 14))


def _left(row: int, half_life: str) -> str:
    """Mean of 2^(−age / half-life) over the ages P to Q."""
    decay = f"LN(2)/{half_life}"
    grown = f"{decay}*(Q{row}-P{row})"
    mean = f"IF({grown}<0.000000001,1-{grown}/2,(1-EXP(-{grown}))/({grown}))"
    return f'=IF({half_life}="",1,EXP(-{decay}*P{row})*{mean})'


def _chart(sheet, total: int) -> None:
    from openpyxl.chart import BarChart, Reference

    chart = BarChart()
    chart.type, chart.title, chart.height, chart.width = "col", "Net cash flow by year", 7, 18
    chart.add_data(Reference(sheet, min_col=10, min_row=FIRST - 1, max_row=total - 1), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=FIRST, max_row=total - 1))
    chart.legend = None
    sheet.add_chart(chart, f"A{total + 5}")
