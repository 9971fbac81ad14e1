"""Rules on the correlations of the simulation's inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from lepton_nb import terms
from lepton_nb.client.drafts import Draft
from lepton_nb.client.schema import (
    BENEFITS,
    CONFUSION,
    COSTS,
    OUTCOMES,
    Problem,
)
from lepton_nb.client.words import quoted

KNOWN_INPUTS = ("volume", "unit_value", "outcome_value", "cost", "gain")

MOST_INPUTS = 500  # names in one correlation matrix


def correlation_pairs(draft: Draft) -> Iterator[Problem]:
    """Rule 24: a pair is given once, and is a pair."""
    settings = draft.sections.get("monte_carlo")
    seen: set[frozenset[str]] = set()
    for index, item in enumerate(settings.correlations if settings else ()):
        pair = frozenset((item.a, item.b))
        place = ("monte_carlo", "correlations", index)
        if len(pair) == 1 and item.rho < 0:
            yield draft.in_yml(place, f"{quoted(item.a)} with itself has rho {item.rho:g}", 24, "rho must be >= 0")
        if pair in seen:
            yield draft.in_yml(place, f"{quoted(item.a)} with {quoted(item.b)} stands here twice", 24, "keep one")
        seen.add(pair)


class Free(NamedTuple):
    """An uncertain input of the simulation."""

    name: str
    category: str
    asset_id: str
    driver_id: str


def uncertain_inputs(draft: Draft) -> list[Free]:
    """The inputs that a correlation can name, as the value chapter makes them from the client's ranges."""
    found: dict[str, Free] = {}

    def add(name: str, category: str, asset_id: str, driver_id: str, low: float | None, high: float | None) -> None:
        if low is not None and high is not None and low < high:
            found.setdefault(name, Free(name, category, asset_id, driver_id))

    outcomes: dict[str, list[Any]] = {}
    for row in draft.rows(OUTCOMES):
        outcomes.setdefault(row.value.evaluation_id, []).append(row.value)
    for row in draft.rows(BENEFITS):
        item = row.value
        place = (item.asset_id, item.driver_id)
        add(f"{item.asset_id}.{item.driver_id}.volume", "volume", *place, item.volume_low, item.volume_high)
        add(
            f"{item.asset_id}.{item.driver_id}.unit_value",
            "unit_value",
            *place,
            item.unit_value_low,
            item.unit_value_high,
        )
        kind, target = item.metric_link
        if kind == "acceptance":
            add(f"{target}.acceptance", "gain", *place, 0, 1)
        if kind == "trial":
            add(f"{target}.gain", "gain", *place, 0, 1)
        if kind == "measured":
            for outcome, three in _money_of_case(draft, target, outcomes).items():
                add(f"measured:{target}.{outcome}", "outcome_value", *place, three[0], three[-1])
        for outcome in outcomes.get(target, ()) if kind == "confusion" else ():
            add(f"{target}.{outcome.outcome}", "outcome_value", *place, outcome.low, outcome.high)
    for row in draft.rows(COSTS):
        item = row.value
        if item.kind == "forecast":
            add(f"{item.asset_id}.{item.phase}.{item.category}", "cost", item.asset_id, "", item.low, item.high)
    return list(found.values())


def _money_of_case(draft: Draft, asset_id: str, outcomes: dict[str, list[Any]]) -> dict[str, tuple]:
    """Money per outcome that a case is judged by: its own, else that of the first typed evaluation of its asset."""
    for case in draft.sections.get("cases", ()):
        if case.asset_id == asset_id and case.outcome_value is not None:
            return {name: tuple(case.outcome_value[name]) for name in terms.OUTCOMES}
    typed = [row.value.evaluation_id for row in draft.rows(CONFUSION) if row.value.asset_id == asset_id]
    found = next((outcomes[name] for name in typed if name in outcomes), [])
    return {item.outcome: (item.low, item.mode, item.high) for item in found}


def correlation_matrix(draft: Draft) -> Iterator[Problem]:
    """Rule 23: the correlations can hold together: no eigenvalue of their matrix is negative.

    Looked at twice: as they are written, name by name, and laid on the inputs of each driver, where a category with
    itself ties all its inputs together.
    """
    settings = draft.sections.get("monte_carlo")
    entries = settings.correlations if settings else ()
    written = {(item.a, item.b): item.rho for item in entries if item.a != item.b}
    laid: dict[tuple[str, str], float] = {}
    inputs = uncertain_inputs(draft)
    for item in entries if len(inputs) <= MOST_INPUTS else ():
        for one in inputs:
            for other in inputs:
                named = item.a in (one.name, one.category) and item.b in (other.name, other.category)
                within = one.asset_id == other.asset_id and (
                    one.driver_id == other.driver_id or "cost" in (one.category, other.category)
                )
                together = within or item.a == item.b or (item.a, item.b) == (one.name, other.name)
                if one.name != other.name and named and together and (other.name, one.name) not in laid:
                    laid[one.name, other.name] = item.rho
    for pairs in (written, laid):
        smallest = _smallest_eigenvalue(pairs)
        if smallest < -1e-9:
            found = f"the correlation matrix is not positive semi-definite (smallest eigenvalue {smallest:.2g})"
            first, second = min(pairs, key=lambda pair: -abs(pairs[pair]))
            remedy = f"change rho({quoted(first)}, {quoted(second)}): these cannot all hold together"
            yield draft.in_yml(("monte_carlo", "correlations"), found, 23, remedy)
            return


def _smallest_eigenvalue(pairs: dict[tuple[str, str], float]) -> float:
    """Of the matrix with ones on the diagonal and these correlations; 1 where there is none, or too many."""
    smallest = 1.0
    for names in connected([{*pair} for pair in pairs]):
        inside = {pair: rho for pair, rho in pairs.items() if pair[0] in names}
        if len(names) == 2:
            smallest = min(smallest, *(1 - abs(rho) for rho in inside.values()))
        elif len(names) <= MOST_INPUTS:
            import numpy as np  # costs a tenth of a second

            places = {name: place for place, name in enumerate(names)}
            matrix = np.eye(len(names))
            for (first, second), rho in inside.items():
                matrix[places[first], places[second]] = matrix[places[second], places[first]] = rho
            smallest = min(smallest, float(np.linalg.eigvalsh(matrix)[0]))
    return smallest


def connected(links: Iterable[set[str]]) -> list[set[str]]:
    """Sets of names that hang together over any number of links.

    >>> [sorted(group) for group in connected([{"a", "b"}, {"c"}, {"b", "d"}])]
    [['c'], ['a', 'b', 'd']]
    """
    groups: list[set[str]] = []
    for link in links:
        touched = [group for group in groups if group & link]
        groups = [group for group in groups if not group & link] + [link.union(*touched)]
    return groups
