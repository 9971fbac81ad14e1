"""Rules on ids, and on what the assets are and refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from lepton_nb import terms
from lepton_nb.client.cells import ASSET_ID
from lepton_nb.client.drafts import Draft, Row, repeated
from lepton_nb.client.roots import word_of
from lepton_nb.client.schema import (
    ACCEPTANCE,
    ASSETS,
    BENEFITS,
    BLOCKS,
    CONFUSION,
    OUTCOMES,
    PAIRED,
    QUALITY,
    TABLES,
    TRIALS,
    Problem,
)
from lepton_nb.client.words import quoted, with_article
from lepton_nb.terms import years_later


def unique_ids(draft: Draft) -> Iterator[Problem]:
    """Rule 16: the key of a row comes once."""
    for file, table in TABLES.items():
        if table.key:
            yield from repeated(draft.tables.get(file, ()), table.key)


def known_assets(draft: Draft) -> Iterator[Problem]:
    """Rule 17: an asset that is named anywhere is in assets.csv."""
    known = _asset_ids(draft)
    if not known:
        return
    for file in TABLES:
        for row in draft.tables.get(file, ()):
            name = row.cells.get("asset_id", "")
            if file != ASSETS and name not in known and ASSET_ID.fullmatch(name):
                yield row.problem("asset_id", *_dangling(name, known))
    for row in draft.rows(ASSETS):
        for name in row.value.feeds:
            if name not in known:
                yield row.problem("feeds", *_dangling(name, known))
    for name in draft.predictions:
        if name not in known:
            file = f"metrics/predictions_{name}.csv"
            found, rule, remedy = _dangling(name, known)
            yield Problem(file=file, row=None, column="", found=found, rule=rule, remedy=remedy)
    market, discount = draft.sections.get("market"), draft.sections.get("discount")
    items: dict[tuple, Iterable[Any]] = {
        ("market", "royalty_rates"): market.royalty_rates if market else (),
        ("discount", "specific_premiums"): discount.specific_premiums if discount else (),
    }
    for part in ("options", "cases"):
        items[part,] = draft.sections.get(part, ())
    for index, scenario in enumerate(draft.sections.get("scenarios", ())):
        items["scenarios", index, "assets"] = scenario.assets
    for path, entries in items.items():
        for index, entry in enumerate(entries):
            if entry.asset_id is not None and entry.asset_id not in known:
                yield draft.in_yml((*path, index, "asset_id"), *_dangling(entry.asset_id, known))
    for row in draft.rows(BLOCKS):
        if row.value.model_id and row.value.model_id not in known:
            yield row.problem("model_id", *_dangling(row.value.model_id, known))


def kinds_of_assets(draft: Draft) -> Iterator[Problem]:
    """Rule 17: quality and blocks are those of data; blocks train a model, and a case is a model's."""
    kinds = {row.value.asset_id: row.value.kind for row in draft.rows(ASSETS)}
    for file, column, needed in (
        (QUALITY, "asset_id", "data"),
        (BLOCKS, "asset_id", "data"),
        (BLOCKS, "model_id", "model"),
    ):
        for row in draft.rows(file):
            name = row.value[column]
            if kinds.get(name, needed) != needed:
                found = f"{name} is {kinds[name]}, not {needed}"
                yield row.problem(column, found, 17, f"name an asset of kind {needed}")
    for index, case in enumerate(draft.sections.get("cases", ())):
        if kinds.get(case.asset_id, "model") != "model":
            found = f"{case.asset_id} is {kinds[case.asset_id]}, not model"
            yield draft.in_yml(("cases", index, "asset_id"), found, 17, "name an asset of kind model")


def _asset_ids(draft: Draft) -> set[str]:
    """The ids of the register; empty when one of them is refused, since others may refer to it."""
    ids = {row.cells.get("asset_id", "") for row in draft.tables.get(ASSETS, ())}
    return ids if all(ASSET_ID.fullmatch(name) for name in ids) else set()


def _dangling(name: str, known: set[str]) -> tuple[str, int, str]:
    found = f"asset_id {quoted(name)} is not in assets.csv"
    return found, 17, word_of(name, known) or "add the asset or correct the id"


def known_measurements(draft: Draft) -> Iterator[Problem]:
    """Rule 17: linked evaluations, trials and acceptance tests exist, an evaluation with a value of each outcome."""
    evaluations, accepted = draft.names(CONFUSION, "evaluation_id"), draft.names(ACCEPTANCE, "asset_id")
    if accepted and not accepted <= _asset_ids(draft):
        accepted = None  # an id in that file is refused already
    kinds = {
        "confusion": (evaluations, CONFUSION),
        "trial": (draft.names(TRIALS, "trial_id"), TRIALS),
        "acceptance": (accepted, ACCEPTANCE),
    }
    linked: dict[str, Row] = {}
    for row in draft.rows(BENEFITS):
        kind, name = row.value.metric_link
        known, file = kinds.get(kind, (None, ""))
        if known is None:
            continue
        if name not in known:
            found = f"{kind} {quoted(name)} is not in {file}"
            yield row.problem("metric_link", found, 17, word_of(name, known) or f"add it to {file}, or write none")
        elif kind == "confusion":
            linked.setdefault(name, row)
    for file in (OUTCOMES, PAIRED):
        for row in draft.tables.get(file, ()):
            name = row.cells.get("evaluation_id")
            if evaluations is not None and name and name not in evaluations:
                found = f"evaluation {quoted(name)} is not in {CONFUSION}"
                yield row.problem("evaluation_id", found, 17, word_of(name, evaluations) or "correct the id")
    if OUTCOMES in draft.unreadable:
        return
    given: dict[str, set[str]] = {name: set() for name in linked}
    for row in draft.tables.get(OUTCOMES, ()):
        given.setdefault(row.cells.get("evaluation_id", ""), set()).add(row.cells.get("outcome", ""))
    for name, outcomes in given.items():
        lacking = [outcome for outcome in terms.OUTCOMES if outcome not in outcomes]
        if not lacking or not outcomes <= {*terms.OUTCOMES} or name not in (evaluations or ()):
            continue  # a misspelt outcome is reported as such
        why = f"row {linked[name].line} of benefits.csv rests on it" if name in linked else "all four are needed"
        found = f"evaluation {quoted(name)} has no value of {', '.join(lacking)} in {OUTCOMES}"
        remedy = f"give low, mode and high of each outcome; {why}"
        row = linked.get(name)
        if row is not None:
            yield row.problem("metric_link", found, 17, remedy)
        else:
            yield Problem(file=OUTCOMES, row=None, column="outcome", found=found, rule=17, remedy=remedy)


#: Kinds of cases that give an evaluation of a model over its baseline.
EVALUATED = ("risk_classifier", "image_classifier", "text_classifier", "audio_classifier", "anomaly_detector")
#: Kinds of cases that give a trial: a mean gain per unit.
TRIED = ("recommender", "forecaster")


def counted(case: Any) -> str | None:
    """What the trial of a case counts, whose money the benefit gives; empty: its gain is money; None: it gives no trial."""
    if case.case == "recommender":
        return "hits"
    if case.case == "forecaster":
        return "" if case.cost_too_low is not None else f"{case.target} of error"
    return None


def measured_by_cases(draft: Draft) -> Iterator[Problem]:
    """Rule 17: a benefit that takes the evaluation of a case finds the case, and money per outcome."""
    sound = "cases" in draft.sections or not draft.settings.get("cases")
    cases = {case.asset_id: case for case in draft.sections.get("cases", ())}
    known = draft.names(ASSETS, "asset_id")
    dangling = known is not None and any(name not in known for name in cases)
    linked: dict[str, list[Row]] = {}
    for row in draft.rows(BENEFITS) if sound else ():
        if row.value.metric_link.kind == "measured":
            linked.setdefault(row.value.metric_link.id, []).append(row)
    for name, rows in linked.items():
        row, case = rows[0], cases.get(name)
        more = f" (nor for {len(rows) - 1} more row{'s' * (len(rows) > 2)})" if len(rows) > 1 else ""
        if case is None and dangling:
            continue  # the id of a case is said to be wrong
        if case is None:
            remedy = word_of(name, set(cases)) or "list it under cases in client.yml, or link what was typed"
            yield row.problem("metric_link", f"no case measures {quoted(name)}{more}", 17, remedy)
        elif case.case in TRIED:
            continue
        elif case.case not in EVALUATED:
            kinds = (*EVALUATED, *TRIED)
            remedy = f"link a case of kind {', '.join(kinds[:-1])} or {kinds[-1]}, or write none"
            yield row.problem(
                "metric_link", f"the case of {name}, {with_article(case.case)}, gives no evaluation", 17, remedy
            )
        elif case.case == "anomaly_detector" and case.target is None:
            remedy = "name the column that says whether a row led to a failure (target of the case), or write none"
            yield row.problem("metric_link", f"the case of {name} has no target, so it gives no evaluation", 17, remedy)
        elif case.outcome_value is None and not _has_money(draft, name):
            remedy = (
                f"give outcome_value in the case, or an evaluation of {name} with money of each outcome in {OUTCOMES}"
            )
            yield row.problem("metric_link", f"the case of {name} has no money per outcome", 17, remedy)


def _has_money(draft: Draft, asset_id: str) -> bool:
    """Whether a typed evaluation of the asset has money per outcome, or may have, for all that can be read."""
    if {CONFUSION, OUTCOMES} & draft.unreadable:
        return True
    own = {
        row.cells.get("evaluation_id")
        for row in draft.tables.get(CONFUSION, ())
        if row.cells.get("asset_id") == asset_id
    }
    return any(row.cells.get("evaluation_id") in own for row in draft.tables.get(OUTCOMES, ()))


def no_cycle(draft: Draft) -> Iterator[Problem]:
    """Rule 18: nothing feeds itself, not even by a detour. Each cycle is reported once."""
    rows = {row.value.asset_id: row for row in draft.rows(ASSETS)}
    order = list(rows)
    fed_by: dict[str, set[str]] = {name: set() for name in order}
    for name in order:
        for user in rows[name].value.feeds:
            fed_by.setdefault(user, set()).add(name)
    while True:
        try:
            TopologicalSorter(fed_by).prepare()
        except CycleError as error:
            cycle = error.args[1][:-1]  # each feeds the next, the last the first
            start = cycle.index(min(cycle, key=order.index))
            cycle = cycle[start:] + cycle[:start]
            remedy = "remove one of these feeds: value flows one way"
            yield rows[cycle[-1]].problem("feeds", f"{' -> '.join([*cycle, cycle[0]])} is a cycle", 18, remedy)
            fed_by[cycle[0]].discard(cycle[-1])
        else:
            return


def success_before_deployment(draft: Draft) -> Iterator[Problem]:
    """Rule 2: a probability of technical success belongs to what is still in development."""
    for row in draft.rows(ASSETS):
        asset = row.value
        if asset.p_technical_success is not None and (asset.deployed or asset.lifecycle_stage == "retired"):
            found = f"is given for an asset in stage {asset.lifecycle_stage}"
            yield row.problem("p_technical_success", found, 2, "leave it empty: the asset exists")


def life_within_horizon(draft: Draft) -> Iterator[Problem]:
    """Rule 22: no useful life reaches beyond the horizon, unless the cut is said on purpose."""
    valuation = draft.sections.get("valuation")
    if not valuation or valuation.terminal_treatment or valuation.purpose == "accounting_only":
        return
    end = years_later(valuation.date, valuation.horizon_years)
    for row in draft.rows(ASSETS):
        asset = row.value
        if asset.lifecycle_stage == "retired":
            continue
        start = asset.in_service_date or valuation.date
        last = years_later(start, asset.useful_life_years)
        if last > end:
            found = (
                f"{asset.asset_id}: useful life {asset.useful_life_years:g} years from {start} ends on {last}, "
                f"the horizon of {valuation.horizon_years} years on {end}"
            )
            remedy = "extend horizon_years, or write terminal_treatment: none (what lies after it counts nothing)"
            yield row.problem("useful_life_years", found, 22, remedy)


def retraining(draft: Draft) -> Iterator[Problem]:
    """Rule 2: what is trained again has a cost for it, and the other way round."""
    for row in draft.rows(ASSETS):
        cost = any(name.startswith("retrain_cost") for name in row.cells)
        if row.value.retrain_every_months is not None and not cost:
            remedy = "give what one training costs, or three points; 0 if it costs nothing"
            yield row.problem("retrain_cost", "is missing", 2, remedy)
        if row.value.retrain_every_months is None and cost:
            yield row.problem("retrain_every_months", "is missing", 2, "say how often, or leave retrain_cost empty")


def one_case_a_model(draft: Draft) -> Iterator[Problem]:
    """Rule 16: a model has one case."""
    seen = set()
    for index, case in enumerate(draft.sections.get("cases", ())):
        if case.asset_id in seen:
            found = f"asset_id {quoted(case.asset_id)} stands here twice"
            yield draft.in_yml(("cases", index, "asset_id"), found, 16, "keep one case a model")
        seen.add(case.asset_id)


#: What one row of a file, and several, are called.
NAMED = {"events": ("an event", "events"), "series": ("a step", "steps")}


def events_lie_in_the_past(draft: Draft) -> Iterator[Problem]:
    """Rule 21: what users chose, or a series was, or machines measured, after the valuation date was not known on it."""
    valuation = draft.sections.get("valuation")
    places = {case.asset_id: index for index, case in enumerate(draft.sections.get("cases", ()))}
    for case in draft.cases if valuation is not None else ():
        if case.kind in ("events", "series", "measurements") and case.last_day and case.last_day > valuation.date:
            one, many = NAMED.get(case.kind, ("a row", "rows"))
            found = f"{one} of {quoted(case.path)} is of {case.last_day}, after the valuation date {valuation.date}"
            path = ("cases", places[case.asset_id], "time_column")
            yield draft.in_yml(path, found, 21, f"leave out later {many}, or correct the date")
