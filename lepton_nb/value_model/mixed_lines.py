"""Lines between two reports: those of the earlier one with some kinds of input taken from the later one.

Each field of a line, and each line that only one report has, belongs to one kind of input (:data:`KINDS`). What follows
from the values themselves (the weights in a group's rate, years that are no longer worth running) belongs to
:data:`FOLLOWS`. With all kinds and that taken, the lines are those of the later report; with none, those of the earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Any

from lepton_nb.value_model.measured import MEASURED
from lepton_nb.value_model.tables import UNIT_VALUE, BenefitRow, CostRow, GroupRow, Lines, PeriodRow
from lepton_nb.value_model.times import years_between

#: Kinds of input, in the order in which a bridge takes them.
KINDS = ("time", "drift", "evidence", "rates", "plans", "costs", "substitutes", "assets", "basis")
FOLLOWS = "follows"
#: The kind after which stand the cases that a client measured, each a kind of its own: measured:C1.
BEFORE_CASES = "evidence"
#: What places a benefit in time.
PLACE = ("share", "begins", "starts", "ends", "life_ends", "young", "old")

Row = Any


def years_from(first: str, last: str) -> float:
    """Years between two days in ISO form."""
    return years_between(date.fromisoformat(first), date.fromisoformat(last))


@dataclass(frozen=True)
class Side:
    """One of two reports, and what the other asks about it."""

    lines: Lines

    @cached_property
    def spans(self) -> dict[int, PeriodRow]:
        return {span.year: span for span in self.lines.periods}

    @cached_property
    def groups(self) -> dict[str, GroupRow]:
        return {group.group: group for group in self.lines.groups}

    @cached_property
    def group_of(self) -> dict[str, str]:
        """Asset → its group."""
        return {name: group.group for group in self.lines.groups for name in group.assets.split(", ")}

    @cached_property
    def benefits(self) -> dict[tuple, tuple[BenefitRow, ...]]:
        """Benefit lines, each with its parts between two retrainings, by asset, driver, year and number."""
        found: list[list[BenefitRow]] = []
        for row in self.lines.benefits:
            last = found[-1][-1] if found else None
            same = last is not None and (last.asset, last.driver, last.year, last.ends) == (
                row.asset,
                row.driver,
                row.year,
                row.starts,
            )
            found[-1].append(row) if same else found.append([row])
        keyed: dict[tuple, tuple[BenefitRow, ...]] = {}
        for parts in found:
            key, number = (parts[0].asset, parts[0].driver, parts[0].year), 0
            while (*key, number) in keyed:
                number += 1
            keyed[(*key, number)] = tuple(parts)
        return keyed

    @cached_property
    def lives(self) -> dict[str, set[str]]:
        """Group → last days of the useful lives in it; nothing that earns: absent."""
        found: dict[str, set[str]] = {}
        for row in self.lines.benefits:
            found.setdefault(row.group, set()).add(row.life_ends)
        return found

    @cached_property
    def last_years(self) -> dict[str, int]:
        """Group → the last year in which it is run."""
        found: dict[str, int] = {}
        for row in (*self.lines.benefits, *(row for row in self.lines.costs if row.phase != "decommission")):
            found[row.group] = max(row.year, found.get(row.group, row.year))
        return found

    @cached_property
    def tested(self) -> dict[str, tuple[float, ...]]:
        return {row.figure: row.parameters for row in self.lines.drawn if row.law in ("beta", "normal")}

    @cached_property
    def offers(self) -> dict[str, set[tuple[float, str]]]:
        """Asset → price and unit of each of its substitutes."""
        found: dict[str, set[tuple[float, str]]] = {}
        for row in self.lines.substitutes:
            found.setdefault(row.asset, set()).add((row.price, row.unit))
        return found

    def whole_year(self, row: CostRow) -> bool:
        """Whether a cost is given by its year: it falls on the day of the year's benefits."""
        return row.time == self.spans[row.year].time

    @property
    def start(self) -> str:
        return self.lines.settings["valuation date"]

    @property
    def horizon(self) -> str:
        return self.lines.settings["horizon"]


def placed(parts: Sequence[BenefitRow], span: PeriodRow, life_ends: str) -> tuple[BenefitRow, ...]:
    """A benefit line on the days of a period, up to the end of a life ("": none)."""
    last = min(span.end, life_ends or span.end)
    kept = [row for row in parts if row.starts < last] if last > span.start else []
    found = []
    for at, row in enumerate(kept):
        starts, ends = span.start if at == 0 else row.starts, last if at == len(kept) - 1 else row.ends
        young = max(row.young + years_from(row.starts, starts), 0.0)
        share = span.share * years_from(starts, ends) / years_from(span.start, span.end)
        found.append(
            replace(
                row,
                starts=starts,
                ends=ends,
                life_ends=life_ends,
                young=young,
                old=young + years_from(starts, ends),
                share=share,
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class Mixing:
    """Two reports. premiums: whether the client changed a risk premium (its weight in a group's rate is no input)."""

    before: Side
    after: Side
    premiums: bool = False

    @cached_property
    def moved(self) -> bool:
        """Whether the date, the horizon or the timing is another."""
        one, two = self.before.lines, self.after.lines
        return one.periods != two.periods or self.before.start != self.after.start

    @cached_property
    def other_basis(self) -> bool:
        return self.before.lines.settings["basis"] != self.after.lines.settings["basis"]

    def other(self, side: Side) -> Side:
        return self.after if side is self.before else self.before

    def lines(self, taken: Iterable[str]) -> Lines:
        """The lines of the earlier report with the kinds ``taken`` of the later one."""
        return Taking(self, frozenset(taken)).lines()

    # --- to which kind a line belongs that only one report has ---

    def absent(self, side: Side, row: Row) -> str:
        """Kind of a row that only ``side`` has; "": its own kind of figure decides."""
        other = self.other(side)
        if row.asset not in other.group_of:
            return "assets"
        return "time" if row.year not in other.spans else ""

    def absent_benefit(self, side: Side, parts: Sequence[BenefitRow]) -> str:
        row, other = parts[0], self.other(side)
        known = self.absent(side, row)
        if known:
            return known
        if row.life_ends and row.life_ends <= other.spans[row.year].start:
            return "time"
        if self.other_life(side, row):
            return "plans"
        if self.stopped(side, row):
            return FOLLOWS
        drivers = {(key[0], key[1]) for key in other.benefits}
        return "plans" if (row.asset, row.driver) in drivers else "assets"

    def absent_cost(self, side: Side, row: CostRow) -> str:
        other = self.other(side)
        known = self.absent(side, row)
        if known:
            return known
        if row.category == "retraining":
            return "time" if self.moved else "drift"
        if not side.whole_year(row) and not other.start <= row.date <= other.horizon:
            return "time"
        if row.phase == "operation" and row.date == other.start and not side.whole_year(row):
            return "time"
        if row.phase == "operation" and self.other_life(side, row):
            return "plans"
        ends = other.lives.get(other.group_of[row.asset], {""})
        if row.phase == "operation" and "" not in ends and max(ends) <= other.spans[row.year].start:
            return "time"
        if row.phase != "decommission" and self.stopped(side, row):
            return FOLLOWS
        return "costs"

    def stopped(self, side: Side, row: Row) -> bool:
        """Whether the other report does not run the row's group in that year any more."""
        other = self.other(side)
        return other.last_years.get(other.group_of[row.asset], 0) < row.year

    def other_life(self, side: Side, row: Row) -> bool:
        """Whether the useful lives in the row's group are others in the other report."""
        other = self.other(side)
        one, two = side.lives.get(row.group), other.lives.get(other.group_of[row.asset])
        return one is not None and two is not None and one != two

    # --- to which kind the fields of a line belong that both have ---

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of input in their order, each case on which a benefit of either report rests being one of its own."""
        rows = (*self.before.lines.benefits, *self.after.lines.benefits)
        cases = dict.fromkeys(row.evaluation for row in rows if row.evaluation.startswith(MEASURED))
        place = KINDS.index(BEFORE_CASES) + 1
        return (*KINDS[:place], *cases, *KINDS[place:])

    def evidence_kind(self, one: BenefitRow, two: BenefitRow) -> str:
        """The case that either rests on, the later report's first, else what was typed."""
        return next((row.evaluation for row in (two, one) if row.evaluation.startswith(MEASURED)), BEFORE_CASES)

    def unit_value_kind(self, one: BenefitRow, two: BenefitRow) -> str:
        kinds = {one.unit_value_is, two.unit_value_is}
        if {UNIT_VALUE["confusion"], UNIT_VALUE["trial"]} & kinds or len(kinds) > 1:
            return self.evidence_kind(one, two)
        figures = [f"{two.evaluation}.{what}" for what in ("acceptance", "gain")]
        same = all(self.before.tested.get(figure) == self.after.tested.get(figure) for figure in figures)
        return "plans" if kinds == {UNIT_VALUE["none"]} or same else "evidence"

    def cap_kind(self, asset: str) -> str:
        """An offer priced by volume costs another amount when the volume changes, or the year whose volume counts."""
        one, two = self.before.offers.get(asset), self.after.offers.get(asset)
        return "substitutes" if one != two or one is None else "time" if self.moved else "plans"

    def place_kind(self, one: Sequence[BenefitRow], two: Sequence[BenefitRow]) -> str:
        if self.moved:
            return "time"
        if one[0].life_ends != two[0].life_ends:
            return "plans"
        return "drift" if len(one) != len(two) else self.evidence_kind(one[0], two[0])

    def cost_kinds(self, one: CostRow, two: CostRow) -> dict[str, str]:
        """Field → kind, of two rows that are the same cost."""
        kinds = dict.fromkeys(("amount", "committed", "deductible", "phase", "category"), "costs")
        kinds |= {"group": "assets", "asset": "assets", "chance": "plans"}
        charged = "basis" if self.other_basis else "time" if self.moved else "plans"
        whole = self.before.whole_year(one) and self.after.whole_year(two)
        place = "time" if self.moved and (whole or one.date == two.date) else "costs"
        if one.category == "retraining":
            place = "time" if self.moved else "drift"
        elif one.date == two.date and not self.moved:
            place = "plans"  # the share of a year that a life leaves
        return kinds | {"charged": charged} | dict.fromkeys(("date", "year", "time", "share"), place)


@dataclass(frozen=True)
class Taking:
    """One mixture of two reports."""

    mixing: Mixing
    taken: frozenset[str]

    @cached_property
    def late(self) -> Side:
        """Whose periods count."""
        return self.mixing.after if "time" in self.taken else self.mixing.before

    @cached_property
    def named(self) -> Side:
        """Whose groups count."""
        return self.mixing.after if "assets" in self.taken else self.mixing.before

    def lines(self) -> Lines:
        rates = (self.mixing.after if "rates" in self.taken else self.mixing.before).lines.settings
        settings = dict(self.late.lines.settings) | {name: rates[name] for name in ("tax rate", "cost of capital")}
        benefits = tuple(self._grouped(row) for parts in self._benefits() for row in parts)
        return Lines(
            settings=settings,
            periods=self.late.lines.periods,
            groups=tuple(self._group(group, settings) for group in self.named.lines.groups),
            benefits=tuple(row for row in benefits if row is not None),
            costs=tuple(row for row in map(self._grouped, self._costs()) if row is not None),
            amortisation=tuple(row for row in map(self._grouped, self._amortisation()) if row is not None),
        )

    def _grouped(self, row: Row) -> Row | None:
        """A row in the group that its asset has here; None: not here, or outside the periods."""
        name = self.named.group_of.get(row.asset)
        return None if name is None or row.year not in self.late.spans else replace(row, group=name)

    def _group(self, group: GroupRow, settings: Mapping[str, Any]) -> GroupRow:
        one, two = self.mixing.before.groups.get(group.group), self.mixing.after.groups.get(group.group)
        if one is None or two is None:
            return group
        if FOLLOWS in self.taken:
            return replace(two, tax_benefit_factor=self._factor(one, two))
        premium = two.premium if self.mixing.premiums and "rates" in self.taken else one.premium
        rate = settings["cost of capital"] + premium
        return replace(one, rate=rate, premium=premium, tax_benefit_factor=self._factor(one, two))

    def _factor(self, one: GroupRow, two: GroupRow) -> float:
        """A buyer's tax benefit: with the basis where that is another, with the rates where these are, else with the values."""
        if self.mixing.other_basis:
            kind = "basis"
        else:
            settings = self.mixing.before.lines.settings, self.mixing.after.lines.settings
            same = all(settings[0][name] == settings[1][name] for name in ("tax rate", "cost of capital"))
            kind = FOLLOWS if same and not self.mixing.premiums and one.rate != two.rate else "rates"
        return (two if kind in self.taken else one).tax_benefit_factor

    def _benefits(self) -> Iterable[Sequence[BenefitRow]]:
        old, new = self.mixing.before, self.mixing.after
        for key in dict.fromkeys([*old.benefits, *new.benefits]):
            one, two = old.benefits.get(key), new.benefits.get(key)
            if one is None:
                if self.mixing.absent_benefit(new, two) in self.taken:
                    yield two
            elif two is None:
                if self.mixing.absent_benefit(old, one) not in self.taken:
                    yield self._kept(one)
            else:
                yield self._benefit(one, two)

    def _kept(self, parts: Sequence[BenefitRow]) -> Sequence[BenefitRow]:
        span = self.late.spans.get(parts[0].year)
        if span is None or self.late is self.mixing.before or not self.mixing.moved:
            return parts
        return placed(parts, span, parts[0].life_ends)

    def _benefit(self, one: Sequence[BenefitRow], two: Sequence[BenefitRow]) -> Sequence[BenefitRow]:
        mixing, first, second = self.mixing, one[0], two[0]
        parts = two if mixing.place_kind(one, two) in self.taken else one
        if mixing.moved and parts is two and "plans" not in self.taken and first.life_ends != second.life_ends:
            parts = placed(two, self.late.spans[second.year], first.life_ends)
        figure = mixing.unit_value_kind(first, second)
        kinds = dict.fromkeys(("volume", "attribution", "adoption", "chance"), "plans")
        kinds |= dict.fromkeys(("unit_value", "unit_value_is", "evaluation", "unit", "grade", "benefit_type"), figure)
        kinds |= {"half_life": "drift", "cap": mixing.cap_kind(first.asset)}
        values = {name: getattr(second if kind in self.taken else first, name) for name, kind in kinds.items()}
        return [replace(row, **values) for row in parts]

    def _costs(self) -> Iterable[CostRow]:
        old, new = self.mixing.before, self.mixing.after
        for one, two in paired(old, new):
            if one is None:
                if self.mixing.absent_cost(new, two) in self.taken:
                    yield two
                continue
            if two is None:
                if self.mixing.absent_cost(old, one) in self.taken:
                    continue
                row, whole = one, old.whole_year(one)
            else:
                kinds = self.mixing.cost_kinds(one, two)
                names = [item.name for item in fields(CostRow)]
                row = CostRow(**{name: getattr(two if kinds[name] in self.taken else one, name) for name in names})
                whole = old.whole_year(one) and new.whole_year(two)
            yield row if whole else replace(row, time=years_from(self.late.start, row.date))

    def _amortisation(self) -> Iterable[Row]:
        old, new = (
            {(row.asset, row.year): row for row in side.lines.amortisation}
            for side in (self.mixing.before, self.mixing.after)
        )
        share = "basis" if self.mixing.other_basis else "time" if self.mixing.moved else "plans"
        for key in dict.fromkeys([*old, *new]):
            one, two = old.get(key), new.get(key)
            if one is not None and two is not None:
                booked = (two if "costs" in self.taken else one).capitalised
                yield replace(one, capitalised=booked, share=(two if share in self.taken else one).share)
                continue
            row, side = (two, self.mixing.after) if one is None else (one, self.mixing.before)
            others = {name for name, _ in (old if one is None else new)}
            kind = self.mixing.absent(side, row) or (share if row.asset in others or share == "basis" else "costs")
            if (kind in self.taken) == (one is None):
                yield row


def paired(before: Side, after: Side) -> Iterable[tuple[CostRow | None, CostRow | None]]:
    """Costs of two reports: the same asset, phase, category and year; of several those of one day, then in their order."""
    keyed: dict[tuple, tuple[list[CostRow], list[CostRow]]] = {}
    for place, side in enumerate((before, after)):
        for row in side.lines.costs:
            keyed.setdefault((row.asset, row.phase, row.category, row.year), ([], []))[place].append(row)
    for old, new in keyed.values():
        left = []
        for row in old:
            same = next((other for other in new if other.date == row.date), None)
            if same is None:
                left.append(row)
            else:
                new.remove(same)
                yield row, same
        gone = [row for row in left if not before.whole_year(row) and row.date < after.start]
        came = [row for row in new if not after.whole_year(row) and row.date > before.horizon]
        left, new = [row for row in left if row not in gone], [row for row in new if row not in came]
        pairs = min(len(left), len(new))
        yield from zip(left, new, strict=False)
        yield from ((row, None) for row in (*gone, *left[pairs:]))
        yield from ((None, row) for row in (*came, *new[pairs:]))
