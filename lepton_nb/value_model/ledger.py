"""What of an asset's cost is capitalised and how it is written off (IAS 38, IAS 16). Needs a client, no value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lepton_nb.valuation import accounting

HARDWARE = "hardware"


@dataclass(frozen=True)
class Book:
    """One asset's capitalised cost and what is left of it. Money in the client's currency."""

    asset_id: str
    intangible: accounting.Capitalisation
    hardware: float
    criteria_met_on: date | None
    in_service: date | None
    useful_life_years: float | None

    @property
    def capitalised(self) -> float:
        return self.intangible.capitalised + self.hardware

    def at(self, day: date) -> accounting.Amortisation:
        """Charge of the twelve months up to ``day`` and the carrying amount on it; nothing is charged before use."""
        if self.in_service is None or self.useful_life_years is None:
            return accounting.Amortisation(0.0, 0.0, self.capitalised, 0.0, "not in use: not amortised")
        return accounting.amortise(self.capitalised, self.useful_life_years, self.in_service, day)


def books(client, criteria_met_on: str = "", since: date | None = None) -> dict[str, Book]:
    """The books of every asset from its actual costs (rules Phase, Hardware, In use).

    criteria_met_on: one ISO day for all assets, or empty: the day of each asset's first development cost.
    since: costs before this day are left out (rule Data resources).
    """
    found = {}
    for asset in client.assets:
        rows = [
            row for row in client.costs
            if row.asset_id == asset.asset_id and row.kind == "actual" and (since is None or row.date >= since)
        ]  # fmt: skip
        machines = sum(row.amount.mode for row in rows if row.category == HARDWARE)
        own = [(row.date, row.phase, row.amount.mode) for row in rows if row.category != HARDWARE]
        first = min((day for day, phase, _ in own if phase == "development"), default=None)
        met = date.fromisoformat(criteria_met_on) if criteria_met_on else first
        used = asset.in_service_date
        # An asset in use before the criteria were met: all that was spent after that day is upkeep.
        made = accounting.capitalise(own, min(met, used) if met and used else met, used)
        found[asset.asset_id] = Book(asset.asset_id, made, machines, met, used, asset.useful_life_years)
    return found


def write_offs(book: Book, first_year: int, years: int) -> list[dict[str, float]]:
    """Charge and carrying amount at the end of each calendar year."""
    return [
        {"year": year, "charge": state.charge, "carrying": state.carrying_amount}
        for year in range(first_year, first_year + years)
        for state in [book.at(date(year, 12, 31))]
    ]


def first_use(client, asset) -> date | None:
    """Day from which an asset is written off: that of its first use; None: never used.

    Not yet in use: 1 January of the first year with a benefit that is adopted, or in that year the day of the last
    planned development, if later.
    """
    if asset.in_service_date is not None:
        return asset.in_service_date
    years = [row.year for row in client.benefits if row.asset_id == asset.asset_id and row.adoption.mode > 0]
    if not years:
        return None
    made = [row.date for row in client.costs if row.asset_id == asset.asset_id and row.phase == "development"]
    return max([date(min(years), 1, 1), *(day for day in made if day.year == min(years))])


def written_off(begin: date | None, life: float | None, spans) -> tuple[float, ...]:
    """Share of a capitalised cost that is charged in each span (``start`` excluded, ``end`` included), straight line."""
    if begin is None or life is None:
        return (0.0,) * len(spans)

    def left(day: date) -> float:
        return accounting.amortise(1.0, life, begin, day).carrying_amount

    return tuple(left(span.start) - left(span.end) for span in spans)


def planned_write_off(row, begin: date | None, life: float | None, spans) -> tuple[float, ...] | None:
    """Share of a forecast cost that is charged in each span; None: it is expensed at once (rules Phase, In use)."""
    if row.category == HARDWARE:
        return written_off(begin and max(begin, row.date), life, spans)
    if row.phase != "development" or (begin is not None and row.date > begin):
        return None
    return written_off(begin, life, spans)
