"""The dated lines of a client's figures, and the plan that holds them (:mod:`lepton_nb.value_model.laying` makes it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from lepton_nb import terms
from lepton_nb.client import ThreePoint
from lepton_nb.value_model import tested
from lepton_nb.value_model.decay import Decay
from lepton_nb.value_model.times import Period, years_between

#: Bases that look at a market participant; the others at the owner.
PARTICIPANT = frozenset({"market_value", "fair_value_ifrs13"})
#: What comes after technical success, and is only there if it happens.
AFTER_SUCCESS = frozenset({"operation", "decommission"})
#: What is paid whatever the benefits turn out to be (rule Rate).
COMMITTED = frozenset({"research", "development", "decommission"})
#: Why a year is cut that is not worth running (rule Economic life).
STOPPED = "the group is worth more stopped than run from then on"


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A part of a period in which a benefit ages without a break, after ``start`` up to ``end``.

    fresh: the evaluation, or the last retraining before it, from which ages count.
    """

    start: date
    end: date
    fresh: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def young(self) -> float:
        """Age at the start, years."""
        return max(years_between(self.fresh, self.start), 0.0)

    @property
    def old(self) -> float:
        """Age at the end, years."""
        return max(years_between(self.fresh, self.end), 0.0)


@dataclass(frozen=True, kw_only=True)
class BenefitLine:
    """One driver in one period: volume × unit value × attribution × adoption × share of the year × decay × success."""

    asset: Any
    driver_id: str
    benefit_type: str
    period: int  # position in Plan.periods
    volume: ThreePoint
    unit: str
    unit_value: ThreePoint | None  # None: the measured gain per case or unit
    attribution: ThreePoint
    adoption: ThreePoint
    grade: str
    widening: float
    share: float  # of the year's figure
    begins: date  # of decay
    segments: tuple[Segment, ...]
    evaluation: Any = None
    tested: Any = None  # a trial or an acceptance test

    @property
    def asset_id(self) -> str:
        return self.asset.asset_id

    @property
    def link(self) -> str:
        """confusion, trial, acceptance or none."""
        if self.evaluation is not None:
            return "confusion"
        return "none" if self.tested is None else tested.link(self.tested)

    @property
    def link_id(self) -> str:
        if self.evaluation is not None:
            return self.evaluation.evaluation_id
        return "" if self.tested is None else tested.link_id(self.tested)

    @property
    def gives_unit_value(self) -> bool:
        """Whether what was measured is the money per unit, and nothing was given."""
        return self.unit_value is None

    @property
    def weight(self) -> float:
        """Most likely attribution × adoption × share of the year."""
        return self.attribution.mode * self.adoption.mode * self.share


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One forecast cost at its date.

    share: of the amount that falls into the asset's time of use; written_off: share of the amount that amortisation
    charges in each period, None where it is expensed at once.
    """

    asset: Any
    date: date
    time: float
    period: int
    phase: str
    category: str
    amount: ThreePoint
    share: float
    written_off: tuple[float, ...] | None
    source: str = ""

    @property
    def asset_id(self) -> str:
        return self.asset.asset_id

    @property
    def committed(self) -> bool:
        """Paid whatever the benefits turn out to be."""
        return self.phase in COMMITTED

    @property
    def needs_success(self) -> bool:
        return self.phase in AFTER_SUCCESS


@dataclass(frozen=True)
class LeftOut:
    """A row of the client that does not enter the value, and why."""

    asset_id: str
    what: str
    when: str
    reason: str
    amount: float | None = None  # most likely cost; None for a benefit


@dataclass(frozen=True)
class Group:
    """Assets that feed each other, in the order of the client's list, and the rate that they bear together."""

    name: str
    assets: tuple[str, ...]
    rate: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Substitute:
    """The offer that caps what an asset earns: a price for a ``unit``, ``units`` of which a whole year takes.

    counted: unit and driver of the benefits whose volume the price is asked for, ``times`` of them a unit; empty: the
    price does not follow a volume of benefits.
    """

    asset_id: str
    offer: str
    price: ThreePoint
    unit: str
    units: float
    counted: frozenset[tuple[str, str]] = frozenset()
    times: float = 1.0

    def counts(self, line: Any) -> bool:
        """Whether the price is asked for the volume of this benefit."""
        return (line.unit, line.driver_id) in self.counted


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A client's figures laid on dated lines. Everything that :func:`evaluate` needs."""

    client: Any
    basis: str  # owner: investment value, value in use; market: market value, fair value
    date: date
    periods: tuple[Period, ...]
    wacc: float
    tax_rate: float
    inflation: float  # of real prices: what was paid, and losses carried forward, lose worth by it; 0 in nominal prices
    groups: tuple[Group, ...]
    needs: Mapping[str, frozenset[str]]  # an asset and all that feed it, directly or not
    benefits: tuple[BenefitLine, ...]
    costs: tuple[CostLine, ...]
    ends: Mapping[str, date | None]  # last day of the useful life of each asset; None: none
    capitalised: Mapping[str, float]  # by asset: what stood in the books at cost before the valuation date
    written_off: Mapping[str, tuple[float, ...]]  # by asset: share of that which is charged in each period
    decays: Mapping[str, Decay]
    caps: Mapping[str, Substitute] = field(default_factory=dict)  # by asset that earns: its cheapest substitute
    inputs: Mapping[str, Any] = field(default_factory=dict)
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: tuple[Any, ...] = ()  # measured.Evidence: of each case, what it measured, what was typed, which counts

    @property
    def currency(self) -> str:
        return self.client.valuation.currency

    @property
    def horizon(self) -> date:
        return self.periods[-1].end

    @cached_property
    def _assets(self) -> dict[str, Any]:
        return {asset.asset_id: asset for asset in self.client.assets}

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return {name: group for group in self.groups for name in group.assets}

    @cached_property
    def benefits_of(self) -> dict[str, list[BenefitLine]]:
        """The benefit lines of each asset; absent: none."""
        found: dict[str, list[BenefitLine]] = {}
        for line in self.benefits:
            found.setdefault(line.asset_id, []).append(line)
        return found

    @cached_property
    def costs_of(self) -> dict[str, list[CostLine]]:
        """The cost lines of each asset; absent: none."""
        found: dict[str, list[CostLine]] = {}
        for line in self.costs:
            found.setdefault(line.asset_id, []).append(line)
        return found

    @cached_property
    def stood_in(self) -> frozenset[str]:
        """Evaluations that a case measured on made-up data in place of those that are not there (rule Measured)."""
        return frozenset(item.evaluation.evaluation_id for item in self.evidence if item.stand_ins)

    @cached_property
    def undated(self) -> frozenset[str]:
        """Evaluations of cases whose rows have no day, so that the valuation date stands in its place."""
        return frozenset(item.evaluation.evaluation_id for item in self.evidence if not item.dated)

    @cached_property
    def on_public(self) -> frozenset[str]:
        """Tests on public data in place of the client's own: of a case, or typed as such (rule Measured)."""
        of_cases = (item.evaluation.evaluation_id for item in self.evidence if item.public)
        typed = (item.evaluation_id for item in (*self.client.evaluations, *self.client.trials) if item.public)
        return frozenset((*of_cases, *typed)) - self.stood_in

    def gain_grade(self, line: BenefitLine) -> str:
        """Grade of the gain, or of the share accepted, behind a benefit: that of its row, which widens it; ``stand-in``
        where it was measured on made-up data, ``public data`` where on data that are not the client's (rule Measured)."""
        if line.link not in ("confusion", "trial"):
            return line.grade
        return (
            terms.STAND_IN
            if line.link_id in self.stood_in
            else terms.PUBLIC
            if line.link_id in self.on_public
            else line.grade
        )

    def asset(self, asset_id: str):
        return self._assets[asset_id]

    def evaluation(self, evaluation_id: str):
        return next(item for item in self.client.evaluations if item.evaluation_id == evaluation_id)

    def accepted(self, asset_id: str):
        return next(item for item in self.client.acceptance if item.asset_id == asset_id)

    def group(self, asset_id: str) -> Group | None:
        """The group of an asset; None for an asset that is not valued."""
        return self._groups.get(asset_id)


def without_amortisation(plan: Plan) -> Plan:
    """The same plan with nothing written off for tax: what a buyer, who does not take over the books, looks at."""
    nothing = (0.0,) * len(plan.periods)
    return replace(
        plan,
        written_off=dict.fromkeys(plan.written_off, nothing),
        costs=tuple(replace(line, written_off=line.written_off and nothing) for line in plan.costs),
    )


# --- figures ---------------------------------------------------------------------------------------------


def widened(three: ThreePoint, factor: float, highest: float | None = None) -> ThreePoint:
    """The range around the most likely value times ``factor``; a range does not cross zero (rule Evidence).

    What is cut off at one end is taken from the other too, down to the range as given: a weak grade must not raise the
    mean of a benefit because its range cannot fall below zero.

    >>> widened(ThreePoint(2, 5, 6), 2), widened(ThreePoint(1, 5, 9), 2)
    (ThreePoint(low=0.0, mode=5, high=6.0), ThreePoint(low=0.0, mode=5, high=10.0))
    """
    low = three.low - (factor - 1) * (three.mode - three.low)
    high = three.high + (factor - 1) * (three.high - three.mode)
    least = 0.0 if three.low >= 0 else low
    most = 0.0 if three.high <= 0 else high if highest is None else highest
    over, under = max(high - most, 0.0), max(least - low, 0.0)
    low, high = min(max(low, least) + over, three.low), max(min(high, most) - under, three.high)
    return ThreePoint(low, three.mode, high)


def by_driver(lines: Iterable[BenefitLine]) -> dict[tuple[str, str], list[BenefitLine]]:
    """Benefit lines by asset and driver, in their order."""
    found: dict[tuple[str, str], list[BenefitLine]] = {}
    for line in lines:
        found.setdefault((line.asset_id, line.driver_id), []).append(line)
    return found
