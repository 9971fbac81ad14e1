"""The value as a workbook with live formulas: from the date, the rates, the counts and the money to each group's value.

Every yellow cell is an input. Formulas lay benefits and costs on the days that count, as the rules of the value chapter
say it; nothing between an input and the value is a pasted number, but for the weights of the assets in a group's rate
and the last year that a group is run, which the report solves (yellow too, and named).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lepton_nb.report import workbook_moves as moves
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

MOST_DRAWN = 8  # groups in the chart of the summary


class Value(Inputs):
    """The sheets Summary, What if, Settings, Years, Assets, Gains, Benefits, Costs, Amortisation and Groups."""

    def build(self) -> None:
        self.blocks: list[int] = []  # first row of each group on the sheet Groups
        summary = sheet_of(self.book, "Summary")
        self.moves = moves.Moves(self.book, self.tables.get("sheet_scenarios", ()))
        self._settings()
        self._years()
        self._assets()
        self._gains()
        self._benefits()
        self._costs()
        self._amortisation()
        values = self._groups()
        self.moves.tables(self._summary(summary, values), self.currency)
        cells = {f"value of group {at}": cell for at, cell in enumerate(values.values(), start=1)}
        named(self.book, self.set | self.moves.cells | cells)

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
        for item in self.tables["sheet_trials"]:
            what = f"gain a {item['unit']}, n = {item['n']:,}, standard error {item['error']:.4g}"
            row = add(sheet, (text(item["trial"]), text(what), item["gain"]))
            self.gain["trial", item["trial"]] = f"Gains!$C${row}"
            shade(sheet, f"C{row}")
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
                     f"Money ({self.currency})", f"Substitute, a whole year ({self.currency})"))  # fmt: skip
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
                        _left(row, f"Assets!$K${asset}", self.moves.cells[moves.LIVES]), f"=Assets!$M${asset}",
                        f"=E{row}*G{row}*I{row}*J{row}*O{row}*R{row}*S{row}*Assets!$R${asset}",
                        self._capped(row), self._substitute(item, f"Assets!$P${asset}")))  # fmt: skip
            sheet.cell(row, 5).number_format = plain_form(item["volume"])
            shade(sheet, f"E{row}", f"I{row}:J{row}", *([f"G{row}"] if item["link"] == "none" else []))
        self.last_benefit = len(self.tables["sheet_benefits"]) + 1
        forms(sheet, {"D": "0", "G": "#,##0.00##", "I": "0.00", "J": "0.00", "K": DAY, "L": DAY, "M": DAY, "N": DAY, "O": "0.0000",
                      "P": "0.000", "Q": "0.000", "R": "0.0000", "S": "0.00", "T": MONEY, "U": MONEY, "V": MONEY})  # fmt: skip
        widths(sheet, (14, 10, 18, 8, 14, 16, 14, 26, *[12] * 11, 16, 16, 16))
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
        if item["link"] == "trial" and item["unit_value"] is None:
            return f"={found}", "gain a unit (sheet Gains)"
        what = "effect a unit" if item["link"] == "trial" else "share accepted"
        return f"={item['unit_value']!r}*{found}", f"given × {what} (sheet Gains)"

    def _substitute(self, item: Mapping[str, Any], price: str) -> Any:
        """What a whole year of the asset's substitute costs, by the volume of that year's benefits or of none."""
        if item["units"] is None:
            return Text("")
        same = (
            f"E{row}*J{row}/{other['counted']!r}"
            for row, other in enumerate(self.tables["sheet_benefits"], start=2)
            if (other["asset"], other["year"]) == (item["asset"], item["year"]) and other["counted"]
        )
        taken, otherwise = "+".join(same), f"{item['units']!r}"
        return f"={price}*" + (f"IF({taken}>0,{taken},{otherwise})" if taken else otherwise)

    def _capped(self, row: int) -> str:
        last = len(self.tables["sheet_benefits"]) + 1
        same = f"($B$2:$B${last}=B{row})*($D$2:$D${last}=D{row})"
        total = f"SUMPRODUCT({same}*$T$2:$T${last})"
        most = f"V{row}*S{row}*SUMPRODUCT({same}*($C$2:$C${last}=C{row})*$O$2:$O${last})"
        return f'=IF(V{row}="",T{row},IF({total}>{most},T{row}*{most}/{total},T{row}))'

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
            held = f"{self.set['capital']}+{self.moves.cells[moves.RATES]}"  # what is committed bears no premium
            rate = held if item["committed"] else self.rate[group]
            add(sheet, (text(group), text(item["asset"]), when, item["year"], item["phase"], text(item["category"]), item["amount"],
                        year, self._counted(row, item, asset), f"={time}", f"=Assets!$L${asset}" if item["needs_success"] else 1,
                        f"={rate}", f"=G{row}*I{row}*K{row}*Assets!$S${asset}", f"=M{row}*(1+L{row})^(-J{row})",
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

    def _groups(self) -> dict[str, str]:
        """The cash-flow table of each group, one below the other; group → the address of its value."""
        sheet = sheet_of(self.book, "Groups")
        found = {group["group"]: self._group(sheet, group["group"]) for group in self.groups}
        forms(sheet, dict.fromkeys("CDEFGHIJL", MONEY) | {"A": "0", "B": "0.0000", "K": "0.0000"}, 1)
        for block in self.blocks:
            sheet[f"B{block + 1}"].number_format = RATE
        widths(sheet, (22, 14, *[16] * 10))
        return found

    def _group(self, sheet, group: str) -> str:
        """The cash-flow table of one group below what the sheet holds, and the address of its value."""
        top = add(sheet, ("Group", text(group)))
        name, rate = f"$B${top}", f"$B${top + 1}"
        self.blocks.append(top)
        add(sheet, ("Discount rate", f"={self.rate[group]}"))
        head(sheet, ("Year", "Benefits and tax at, years", "Benefits", "Running costs", "Development", "Amortisation",
                     "Taxable, losses carried in", "Tax", "Loss carried on", "Net", "Discount factor", "Present value"))  # fmt: skip
        benefits, costs, charges = self.last_benefit, self.last_cost, self.last_charge
        first = sheet.filled + 1
        for place, year in enumerate(range(FIRST, self.last + 1)):
            row = first + place
            where = f"Costs!$A$2:$A${costs},{name},Costs!$H$2:$H${costs},A{row}"
            deducted, column = f"SUMIFS(Costs!$M$2:$M${costs},{where},Costs!$O$2:$O${costs},", self.charge_column[place]
            carried = f"I{row - 1}*(1+{self.rise})^(B{row - 1}-B{row})" if place else "0"
            add(sheet, (f"=Years!A{year}", f"=Years!G{year}",
                        f"=SUMIFS(Benefits!$U$2:$U${benefits},Benefits!$A$2:$A${benefits},{name},Benefits!$D$2:$D${benefits},A{row})",
                        f'={deducted}"yes")', f'={deducted}"no")',
                        f"=SUMIFS(Amortisation!{column}$2:{column}${charges},Amortisation!$A$2:$A${charges},{name})",
                        f"=C{row}-D{row}-F{row}+{carried}", f"=MAX(G{row},0)*{self.set['tax rate']}",
                        f"=MIN(G{row},0)", f"=C{row}-D{row}-E{row}-H{row}", f"=(1+{rate})^(-B{row})",
                        f"=K{row}*(C{row}-H{row})-SUMIFS(Costs!$N$2:$N${costs},{where})"))  # fmt: skip
        last = sheet.filled
        total = last + 1
        sums = {column: f"=SUM({column}{first}:{column}{last})" for column in "CDEFHJL"}
        add(sheet, ("Sum", *(sums.get(column) for column in "BCDEFGHIJKL")))
        nominal = f"((1+{rate})*(1+{self.rise})-1)"
        timing = f'IF({self.set["timing"]}="mid_year",(1+{nominal})^0.5,1)'
        years, tax = self.set["years of it"], self.set["tax rate"]
        saved = f"{tax}/{years}*(1-(1+{nominal})^(-{years}))/({nominal})*{timing}"
        applies = f'AND({self.set[TAX_BENEFIT]}="yes",L{total}>0)'
        add(sheet, ("A buyer's tax benefit", *[None] * 10, f"=IF({applies},L{total}*(1/(1-{saved})-1),0)"))
        add(sheet, ("Value", *[None] * 10, f"=L{total}+L{total + 1}"))
        bold(sheet, total, total + 2)
        add(sheet, ())
        return f"Groups!L{total + 2}"

    def _summary(self, sheet, values: Mapping[str, str]) -> str:
        """The value of each group and of those that count; the address of their sum."""
        add(sheet, ("Value of the AI assets", text(self.client)))
        add(sheet, ("Valuation date", f"={self.set['valuation date']}"))
        add(sheet, ("Currency", self.currency))
        add(sheet, ())
        what = ("Its assets",) if self.names else ()
        head(sheet, ("Group, at the most likely figures", "Computed here", "The report says", "Difference", *what))
        first, counted = sheet.filled + 1, []
        without = [row["name"] for row in self.tables.get("groups", ()) if not row["counts"]]
        for group in self.groups:
            row = add(sheet, (text(group["group"]), f"={values[group['group']]}", group["value"]))
            put(sheet.cell(row, 4), f"=ROUND(B{row}-C{row},2)")
            self._named_assets(sheet[row], group["group"])
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
                      "report solved them; a report of the changed figures solves them again.",
                      "The sheet What if moves everything at once, and shows the value under such moves."):  # fmt: skip
            add(sheet, (words,))
        for row in range(first, total + 4):
            for column in (2, 3, 4):
                sheet.cell(row, column).number_format = MONEY
        sheet["B2"].number_format = DAY
        widths(sheet, (44, 24, 18, 14, 64))
        self._chart(sheet)
        return f"Summary!$B${total}"

    def _named_assets(self, row, group: str) -> None:
        """What the assets of a group are called, beside its codes. row: its cells of the summary."""
        from openpyxl.styles import Alignment

        sheet, at = row[0].parent, row[0].row
        called = (self.names.get(name, "") for name, of in self.group_of.items() if of == group)
        put(sheet.cell(at, 5), text("; ".join(filter(None, called))))
        for column in range(1, 6):
            sheet.cell(at, column).alignment = Alignment(wrap_text=column == 5, vertical="top")

    def _chart(self, sheet) -> None:
        """Net cash flow by year of the groups, one upon the other."""
        from openpyxl.chart import BarChart, Reference, Series

        flows = self.book["Groups"]
        chart = BarChart()
        chart.type, chart.grouping, chart.overlap = "col", "stacked", 100
        chart.title, chart.height, chart.width = f"Net cash flow by year, {self.currency}", 8, 19
        for block in self.blocks[:MOST_DRAWN]:
            first = block + 3
            net = Reference(flows, min_col=10, min_row=first, max_row=first + self.span - 1)
            chart.series.append(Series(net, title=str(flows.cell(block, 2).value)))
        first = self.blocks[0] + 3
        chart.set_categories(Reference(flows, min_col=1, min_row=first, max_row=first + self.span - 1))
        chart.legend.position, chart.y_axis.numFmt = "b", "#,##0"
        chart.x_axis.delete = chart.y_axis.delete = False
        sheet.add_chart(chart, f"A{sheet.filled + 2}")


def _left(row: int, half_life: str, times: str) -> str:
    """Mean of 2^(−age / half-life) over the ages P to Q."""
    decay = f"LN(2)/({half_life}*{times})"
    grown = f"{decay}*(Q{row}-P{row})"
    mean = f"IF({grown}<0.000000001,1-{grown}/2,(1-EXP(-{grown}))/({grown}))"
    return f'=IF({half_life}="",1,EXP(-{decay}*P{row})*{mean})'
