"""How an asset is booked: what of its cost is capitalised, under which standard, and how it is written off.

Needs a client, no value. Made by the company, bought or licensed, machine or leased: four ways into the books, decided by
the client's own words (:func:`treatment`). Which words those are is printed by the chapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lepton_nb.valuation import accounting

HARDWARE = "hardware"
#: Words of a category by which a cost is a payment under a lease.
RENT = frozenset({"lease", "leasing", "rent", "rental", "hire"})
MADE, BOUGHT, MACHINE, LEASED, NOT_HELD = "made", "bought", "machine", "leased", "not held"
INTANGIBLE, PROPERTY, EXPENSE = "intangible asset", "property, plant and equipment", "expense"

#: Words of a category by which a running cost is the fee of a period: a service, no asset.
FEES = frozenset({"licence", "license", "subscription", "api", "hosting", "cloud"})
#: Parts of a category by which a cost is one of running the asset, whatever its phase.
WATCHING = ("surveillance", "monitoring")


@dataclass(frozen=True)
class Treatment:
    """How one asset enters the books, and under which standard."""

    kind: str
    standard: str
    words: str


_TREATMENTS = {
    MADE: ("IAS 38.51-67", "made by the company: development once the six criteria are met, research expensed"),
    BOUGHT: ("IAS 38.25-32", "acquired separately: price and cost of preparing it, without the six criteria; a licence that only "
             "gives access to software at the supplier's is a service and no asset"),
    MACHINE: ("IAS 16", "machines: price and installation"),
    LEASED: ("IFRS 16", "leased: a right-of-use asset and a liability, unless for at most twelve months, of low value, or a "
             "service without an identified machine that the client directs"),
    NOT_HELD: ("IAS 38.13", "control is unclear: no asset in the books, all cost is expensed"),
}  # fmt: skip


def treatment(asset) -> Treatment:
    """How an asset is booked, from its acquisition, kind and legal control.

    >>> from types import SimpleNamespace as Asset
    >>> treatment(Asset(acquisition="licensed", kind="model", legal_control="licensed")).standard
    'IAS 38.25-32'
    """
    if asset.acquisition == "leased":
        kind = LEASED
    elif asset.kind == "infrastructure":
        kind = MACHINE
    elif asset.legal_control == "unclear":
        kind = NOT_HELD
    else:
        kind = MADE if asset.acquisition == "internal" else BOUGHT
    return Treatment(kind, *_TREATMENTS[kind])


@dataclass(frozen=True)
class Booking:
    """Where one cost went, and the rule."""

    date: date
    phase: str
    category: str
    amount: float
    where: str
    reason: str

    @property
    def capitalised(self) -> bool:
        return self.where != EXPENSE


@dataclass(frozen=True)
class Book:
    """One asset's capitalised cost and what is left of it. Money in the client's currency."""

    asset_id: str
    treatment: Treatment
    bookings: tuple[Booking, ...]
    criteria_met_on: date | None  # of an asset made by the company
    in_service: date | None
    useful_life_years: float | None

    def total(self, where: str) -> float:
        return sum((item.amount for item in self.bookings if item.where == where), 0.0)

    @property
    def intangible(self) -> float:
        return self.total(INTANGIBLE)

    @property
    def hardware(self) -> float:
        return self.total(PROPERTY)

    @property
    def capitalised(self) -> float:
        return self.intangible + self.hardware

    @property
    def expensed(self) -> float:
        return self.total(EXPENSE)

    def at(self, day: date) -> accounting.Amortisation:
        """Charge of the twelve months up to ``day`` and the carrying amount on it; nothing is charged before use."""
        if self.in_service is None or self.useful_life_years is None:
            return accounting.Amortisation(0.0, 0.0, self.capitalised, 0.0, "not in use: not amortised")
        return accounting.amortise(self.capitalised, self.useful_life_years, self.in_service, day)


def books(client, criteria_met_on: str = "", since: date | None = None) -> dict[str, Book]:
    """The books of every asset from its actual costs (rules Made, Bought, Machines, Leased, Running, In use).

    criteria_met_on: one ISO day for all assets that are made, or empty: the day of each asset's first development cost.
    since: costs before this day are left out (rule Data resources).
    """
    rows: dict[str, list] = {asset.asset_id: [] for asset in client.assets}
    for row in client.costs:
        if row.kind == "actual" and (since is None or row.date >= since):
            rows[row.asset_id].append(row)
    return {asset.asset_id: _book(rows[asset.asset_id], asset, criteria_met_on) for asset in client.assets}


def _book(rows, asset, criteria_met_on: str) -> Book:
    how, used = treatment(asset), asset.in_service_date
    made = [row.date for row in rows if row.phase == "development" and _serves(row) == "development"]
    met = date.fromisoformat(criteria_met_on) if criteria_met_on else min(made, default=None)
    # An asset in use before the criteria were met: all that was spent after that day is upkeep.
    begin = min(met, used) if met and used else met
    bookings = tuple(_booking(row, how, begin, used) for row in rows)
    return Book(asset.asset_id, how, bookings, met if how.kind == MADE else None, used, asset.useful_life_years)


def _booking(row, how: Treatment, met: date | None, used: date | None) -> Booking:
    where, reason = _where(row, how, met, used)
    return Booking(row.date, row.phase, row.category, row.amount.mode, where, reason)


def plain(category: str) -> str:
    """A category as one word with underscores, in small letters."""
    return "_".join(category.lower().replace("-", " ").replace("_", " ").split())


def _serves(row) -> str:
    """The word under which a cost is looked at: its category where that alone decides, else its phase."""
    category = plain(row.category)
    if category in accounting.NEVER_CAPITALISED:
        return category
    if any(part in category for part in WATCHING):
        return "operation"
    return row.phase


def _where(row, how: Treatment, met: date | None, used: date | None) -> tuple[str, str]:
    serves, fee = _serves(row), FEES.intersection(plain(row.category).split("_"))
    if serves == "operation" and fee and how.kind in (BOUGHT, LEASED):
        return EXPENSE, "fee of the period: a service, no asset"
    if how.kind == LEASED:
        return EXPENSE, "payment under a lease or a service: see the leases (IFRS 16)"
    if row.category == HARDWARE and serves != "decommission":
        return PROPERTY, "hardware (IAS 16)"
    if serves != "development":
        return EXPENSE, accounting.NEVER_CAPITALISED[serves]
    if how.kind == NOT_HELD:
        return EXPENSE, "legal control is unclear, so there is no asset to book (IAS 38.13)"
    if how.kind in (BOUGHT, MACHINE) and used is not None and row.date > used:
        return EXPENSE, "spending on an asset in use is taken as upkeep (IAS 38.20, 38.30; IAS 16.12)"
    if how.kind == BOUGHT:
        return INTANGIBLE, "acquired separately: price or cost of preparing it (IAS 38.25-28)"
    if how.kind == MACHINE:
        return PROPERTY, "cost of bringing the machine into use (IAS 16.16-17)"
    found = accounting.capitalise([(row.date, "development", row.amount.mode)], met, used).postings[0]
    return (INTANGIBLE if found.capitalised else EXPENSE), found.reason


def write_offs(book: Book, first_year: int, years: int) -> list[dict[str, float]]:
    """Charge and carrying amount at the end of each calendar year."""
    return [
        {"year": year, "charge": state.charge, "carrying": state.carrying_amount}
        for year in range(first_year, first_year + years)
        for state in [book.at(date(year, 12, 31))]
    ]


def first_uses(client) -> dict[str, date | None]:
    """Day from which each asset is written off: that of its first use; None: never used.

    Not yet in use: 1 January of the first year with a benefit that is adopted, or in that year the day of the last
    planned development, if later.
    """
    years: dict[str, int] = {}
    for row in client.benefits:
        if row.adoption.mode > 0:
            years[row.asset_id] = min(row.year, years.get(row.asset_id, row.year))
    last: dict[str, date] = {}
    for row in client.costs:
        if row.phase == "development" and row.date.year == years.get(row.asset_id):
            last[row.asset_id] = max(row.date, last.get(row.asset_id, row.date))
    found: dict[str, date | None] = {}
    for asset in client.assets:
        name = asset.asset_id
        found[name] = asset.in_service_date
        if asset.in_service_date is None and name in years:
            found[name] = max(date(years[name], 1, 1), last.get(name, date.min))
    return found


def first_use(client, asset) -> date | None:
    """Day from which one asset is written off (:func:`first_uses`)."""
    return asset.in_service_date or first_uses(client)[asset.asset_id]


def written_off(begin: date | None, life: float | None, spans) -> tuple[float, ...]:
    """Share of a capitalised cost that is charged in each span (``start`` excluded, ``end`` included), straight line."""
    if begin is None or life is None:
        return (0.0,) * len(spans)

    def left(day: date) -> float:
        return accounting.amortise(1.0, life, begin, day).carrying_amount

    return tuple(left(span.start) - left(span.end) for span in spans)


def planned_write_off(row, asset, begin: date | None, spans) -> tuple[float, ...] | None:
    """Share of a forecast cost that is charged in each span; None: it is expensed at once (rules Made to In use).

    begin: the day from which the asset is written off.
    """
    kind, life = treatment(asset).kind, asset.useful_life_years
    if kind == LEASED:
        return None
    if row.category == HARDWARE and _serves(row) != "decommission":
        return written_off(begin and max(begin, row.date or begin), life, spans)
    if kind == NOT_HELD:
        return None
    if _serves(row) != "development" or (begin is not None and row.date > begin):
        return None
    return written_off(begin, life, spans)
