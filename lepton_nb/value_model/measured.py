"""What a client's cases measured, beside what was typed, and which of the two counts (rule Measured)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lepton_nb.client import Evaluation, MetricLink, Monitoring, Trial
from lepton_nb.terms import CLIENT_FILE, MEASURED, WEIGHTED
from lepton_nb.value_model.gains import gain_per_case
from lepton_nb.value_model.tested import is_trial


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of the gain of one asset that has a case. counts: ids of the evaluations that benefits rest on.

    typed: evaluations of the client's files. months, typed_months: monitored rows of the case and of the files.
    stand_ins: data sets of the case in whose place made-up data stood; public: real ones that are not the client's own.
    rests: on how many cases, of when and from where the value rests, in one sentence; "" where the case counts nowhere.
    """

    asset_id: str
    evaluation: Evaluation | Trial
    typed: tuple[Evaluation | Trial, ...]
    counts: tuple[str, ...]
    months: int
    typed_months: int
    stand_ins: tuple[str, ...]
    public: tuple[str, ...]
    sentence: str
    rests: str
    dated: bool = True  # whether its rows have a day; else the valuation date stands as that of the test


class AsMeasured:
    """A client whose benefits, evaluations and monitoring are those that count; everything else as it was given."""

    def __init__(self, client: Any, **changed: Any):
        self._client, self._changed = client, changed

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._changed[name] if name in self._changed else getattr(self._client, name)


def evaluations(measured: Mapping[str, Any]) -> tuple[Evaluation | Trial, ...]:
    """The evaluation of each case, or its trial. measured: of :func:`lepton_nb.results.measured`. Raises ValueError in a sentence."""
    return tuple(_evaluation(asset_id, item) for asset_id, item in measured.items())


def with_measured(client: Any, measured: Mapping[str, Any]) -> tuple[Any, tuple[Evidence, ...], tuple[str, ...]]:
    """The client as the value reads it, what stands behind each case, and notes (rule Measured).

    measured: by asset, of :func:`lepton_nb.results.measured`. Raises ValueError in a sentence where a benefit rests on a
    case that gave nothing and nothing was typed.
    """
    linked = dict.fromkeys(row.metric_link.id for row in client.benefits if row.metric_link.kind == "measured")
    if not linked and not measured:
        return client, (), ()
    found = {item.asset_id: item for item in evaluations(measured)}
    notes, links = [], {}
    for name in linked:
        if name in found:
            links[name] = _link(found[name])
        else:
            links[name] = _link(_typed_in_place(client, name))
            notes.append(
                f"{name}: its case was not executed here (metric_link measured:{name}), so its typed evaluation "
                f"{links[name].id} counts."
            )
    benefits = tuple(
        row.model_copy(update={"metric_link": links[row.metric_link.id]}) if row.metric_link.kind == "measured" else row
        for row in client.benefits
    )
    counting = [name for name in linked if name in found]
    for name in counting:
        doubts = getattr(measured[name], "doubts", ())
        notes += [f"{name}: what its case measured is in doubt. {words}" for words in doubts]
    months = {name: _months(name, measured[name]) for name in found}
    evidence = tuple(_evidence(client, benefits, item, months, measured) for item in found.values())
    kept = {row.metric_link.id for row in benefits if row.metric_link.kind in ("confusion", "trial")}
    counted = [
        *(found[name] for name in counting),
        *(item for item in _typed(client) if item.asset_id not in counting or item.evaluation_id in kept),
    ]
    replaced = {name for name in counting if months[name]}
    monitoring = [row for row in client.monitoring if row.asset_id not in replaced]
    changed = {
        "benefits": benefits,
        "evaluations": tuple(item for item in counted if not is_trial(item)),
        "trials": tuple(item for item in counted if is_trial(item)),
        "monitoring": (*monitoring, *(row for name in counting for row in months[name])),
        "monte_carlo": _correlated_alike(client, {name: link.id for name, link in links.items()}, kept),
    }
    scored = getattr(client, "predictions", None)  # not every chapter takes them
    if scored is not None:  # typed scores are those of the typed evaluation
        changed["predictions"] = tuple(item for item in scored if item.asset_id not in counting)
    return AsMeasured(client, **changed), evidence, tuple(notes)


def _link(item: Evaluation | Trial) -> MetricLink:
    return MetricLink("trial" if is_trial(item) else "confusion", item.evaluation_id)


def _typed(client: Any) -> tuple[Evaluation | Trial, ...]:
    return (*client.evaluations, *client.trials)


def _correlated_alike(client: Any, links: Mapping[str, str], kept: set[str]) -> Any:
    """The simulation's settings, with correlations of one model's money named by the evaluation of it that counts."""
    named = {MEASURED + name: link for name, link in links.items()}
    named |= {
        item.evaluation_id: links[item.asset_id]
        for item in _typed(client)
        if item.asset_id in links and item.evaluation_id not in kept
    }

    def name_of(figure: str) -> str:
        evaluation, dot, outcome = figure.rpartition(".")
        return f"{named.get(evaluation, evaluation)}{dot}{outcome}"

    entries = (
        item.model_copy(update={"a": name_of(item.a), "b": name_of(item.b)}) for item in client.monte_carlo.correlations
    )
    return client.monte_carlo.model_copy(update={"correlations": tuple(entries)})


#: Times by which the share of positive cases may differ between two tests before a reader is told.
OTHER_SHARE = 1.5


def _other_share(found: Evaluation | Trial, typed: tuple[Evaluation | Trial, ...]) -> str:
    """A sentence where positive cases are much rarer, or commoner, in the case than in a typed evaluation."""
    if is_trial(found):
        return ""
    weighted = WEIGHTED in found.sample
    own = found.share_in_use if weighted else found.model.positives / found.n
    for item in (one for one in typed if not is_trial(one)):
        share = item.share_in_use
        if own and share and max(own / share, share / own) > OTHER_SHARE:
            if weighted:
                return (
                    f" Its gain is weighted to {100 * own:.1f} % positive cases in use; {100 * share:.1f} % were positive in "
                    f"{item.evaluation_id}: which of the two the benefits meet decides."
                )
            return (
                f" {100 * own:.1f} % of its cases are positive, {100 * share:.1f} % in {item.evaluation_id}: a gain per case "
                "holds where they are as frequent as in the test (positive_share in its case weights it)."
            )
    return ""


def _typed_in_place(client: Any, asset_id: str) -> Evaluation | Trial:
    """The typed evaluation that counts where a case gave nothing: the asset's first with money per outcome, or its trial."""
    typed = [
        item
        for item in _typed(client)
        if item.asset_id == asset_id and (is_trial(item) or item.outcome_value is not None)
    ]
    if not typed:
        raise ValueError(
            f"benefits.csv: metric_link measured:{asset_id} rests on what the case of {asset_id} measures. No record of "
            f"that case was given (value_model.plan(client, measured=results.measured(folder))), and no evaluation of "
            f"{asset_id} with money per outcome was typed that could stand in its place."
        )
    return typed[0]


def _trial(asset_id: str, item: Any) -> Trial:
    row = {name: value for name, value in item.evaluation.items() if name in Trial.model_fields}
    try:
        return Trial.model_validate(row | {"trial_id": MEASURED + asset_id, "asset_id": asset_id})
    except ValueError as problem:
        raise ValueError(f"{item.task}.json: its table trial cannot be read. Received: {problem}") from None


def _evaluation(asset_id: str, item: Any) -> Evaluation | Trial:
    if getattr(item, "trial", False):
        return _trial(asset_id, item)
    row = {name: value for name, value in item.evaluation.items() if name in Evaluation.model_fields}
    try:
        found = Evaluation.model_validate(row | {"evaluation_id": MEASURED + asset_id, "asset_id": asset_id})
    except ValueError as problem:
        raise ValueError(f"{item.task}.json: its table evaluation cannot be read. Received: {problem}") from None
    for policy, counts in (("model", found.model), ("baseline", found.baseline)):
        if counts.n != found.n:
            raise ValueError(
                f"{item.task}.json: the {policy}'s counts sum to {counts.n}, the evaluation has {found.n} cases."
            )
    return found


def _months(asset_id: str, item: Any) -> tuple[Monitoring, ...]:
    names = Monitoring.model_fields
    rows = [{name: value for name, value in row.items() if name in names} for row in item.monitoring]
    try:
        return tuple(Monitoring.model_validate(row | {"asset_id": asset_id}) for row in rows)
    except ValueError as problem:
        raise ValueError(f"{item.task}.json: its table monitoring cannot be read. Received: {problem}") from None


def _evidence(
    client: Any, benefits: tuple, found: Evaluation | Trial, months: Mapping[str, tuple], measured: Mapping
) -> Evidence:
    name = found.asset_id
    typed = tuple(item for item in _typed(client) if item.asset_id == name)
    own = {found.evaluation_id, *(item.evaluation_id for item in typed)}
    used = dict.fromkeys(row.metric_link.id for row in benefits if row.metric_link.kind in ("confusion", "trial"))
    counts = tuple(sorted((link for link in used if link in own), key=lambda link: link != found.evaluation_id))
    typed_months = sum(row.asset_id == name for row in client.monitoring)
    stand_ins = tuple(data.get("spoken") or data["name"] for data in measured[name].data if data["stand_in"])
    public = tuple(
        data.get("spoken") or data["name"]
        for data in measured[name].data
        if not data["stand_in"] and not data["source"].startswith(CLIENT_FILE)
    )
    beside = [item.evaluation_id for item in typed if item.evaluation_id not in counts]
    if found.evaluation_id in counts:
        told = f"{name} rests on what its case measured in this report on {found.n:,} cases ({found.sample})"
        told += f"; what was typed ({', '.join(beside)}) stands beside it and counts nowhere." if beside else "."
        if len(counts) > 1:
            told += f" Other benefits of it rest on what was typed ({', '.join(counts[1:])})."
        if months[name] and typed_months:
            told += f" The months of the case give the decay, the {typed_months} typed rows of monitoring do not."
    elif counts:
        told = f"{name} rests on what was typed ({', '.join(counts)}); what its case measured stands beside it and counts nowhere."
    else:
        told = f"No benefit rests on an evaluation of {name}; what its case measured is shown and counts nowhere."
    told += _other_share(found, typed)
    if stand_ins:
        told += f" Measured on a stand-in for {', '.join(stand_ins)}: not evidence of the real model."
    if public:
        told += f" Measured on public data ({', '.join(public)}), which stand for the client's own."
    return Evidence(
        asset_id=name,
        evaluation=found,
        typed=typed,
        counts=counts,
        months=len(months[name]),
        typed_months=typed_months,
        stand_ins=stand_ins,
        public=public,
        sentence=told,
        rests=_rests(
            client,
            found,
            months[name],
            measured[name].data,
            stand_ins,
            _own_tests(client, found, typed) if public else None,
        )
        if found.evaluation_id in counts
        else "",
        dated=_dated(client, found, months[name]),
    )


def _dated(client: Any, found: Evaluation, months: tuple[Monitoring, ...]) -> bool:
    """Whether a case knows the day of its test: without one it takes the valuation date."""
    return bool(months) or found.evaluated_on != client.valuation.date


def rests_on(plan: Any) -> tuple[str, ...]:
    """On which cases, of when and from where the value rests: of what a case measured, and of typed tests on public data."""
    of_cases = [item.rests for item in plan.evidence if item.rests]
    tests = (line.evaluation or line.tested for line in plan.benefits if line.link_id in plan.on_public)
    typed = {one.evaluation_id: one for one in tests if not one.evaluation_id.startswith(MEASURED)}
    return (*of_cases, *map(_rests_on_typed, typed.values()))


def _rests_on_typed(found: Evaluation | Trial) -> str:
    when = f"as of {found.evaluated_on.day} {found.evaluated_on:%B %Y}"
    return _rests_on_public(found, when, found.sample.partition(";")[0], _untested(found))


def _rests_on_public(found: Evaluation | Trial, when: str, where: str, own_tests: str) -> str:
    told = f"The value of {found.asset_id} rests on public data in place of the client: {found.n:,} test cases {when} ({where})."
    return f"{told} {own_tests}"


def _rests(
    client: Any,
    found: Evaluation | Trial,
    months: tuple[Monitoring, ...],
    data: Iterable[Mapping],
    stand_ins: tuple,
    own_tests: str | None,
) -> str:
    """On how many cases, of when and from where a value rests. own_tests: beside public data, what the client's own say."""
    last = f"{found.evaluated_on:%B %Y}"
    first = f"{min(row.period for row in months):%B %Y}" if months else last
    when = f"of {last}" if first == last else f"from {first} to {last}"
    if not months:
        when = f"as of {found.evaluated_on.day} {last}"
        if not _dated(client, found, months):
            when = "without a day, taken as tested on the valuation date"
    where = ", ".join(dict.fromkeys(item["source"] for item in data))
    if stand_ins:
        where = f"a stand-in for {', '.join(stand_ins)}, which is no evidence"
    if own_tests is not None:
        return _rests_on_public(found, when, where, own_tests)
    return f"The value of {found.asset_id} rests on its measured case: {found.n:,} test cases {when} ({where})."


def _untested(found: Evaluation | Trial) -> str:
    return f"{found.asset_id} itself was not tested on cases of the client."


def _own_tests(client: Any, found: Evaluation | Trial, typed: tuple[Evaluation | Trial, ...]) -> str:
    """What the client's own tests of an asset found, which count nowhere where public data stand in their place."""
    own = [item for item in typed if not is_trial(item) and item.outcome_value is not None and not item.public]
    if is_trial(found) or not own:
        return _untested(found)
    last = max(own, key=lambda item: item.evaluated_on)
    gains = [f"{gain_per_case(item):,.3g} {client.valuation.currency}" for item in (last, found)]
    return (
        f"The client's own test of {found.asset_id} counts nowhere: {last.n:,} cases of {last.evaluated_on.day} "
        f"{last.evaluated_on:%B %Y}, {gains[0]} a case in place of {gains[1]}."
    )
