"""Every figure that can be otherwise, by name: what the simulation draws, the tornado moves, the client correlates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lepton_nb import terms
from lepton_nb.client import ThreePoint
from lepton_nb.value_model import tested
from lepton_nb.value_model.lines import BenefitLine, CostLine, Plan, widened

OUTCOMES = {"tp": "true positive", "fp": "false positive", "fn": "false negative", "tn": "true negative"}
#: The one draw that picks a scenario.
SCENARIO = "scenario"


@dataclass(frozen=True, kw_only=True)
class Input:
    """One uncertain figure.

    category: volume, unit_value, attribution, adoption, outcome_value, positive_share, cost, substitute, gain (the cells of a test set, a trial, a share
    accepted), success, decay or scenario. range: as used, after widening; None where counts, a chance or the scenarios
    say what is drawn. evaluation, sample: of a test set.
    """

    name: str
    category: str
    label: str
    asset_id: str = ""
    driver_id: str = ""
    range: ThreePoint | None = None
    unit: str = ""
    grade: str = ""
    by_year: bool = False  # the range differs from year to year; ``range`` is that of the last
    evaluation: Any = None
    sample: str = ""  # pairs, model or baseline
    tested: Any = None  # a trial or an acceptance test

    @property
    def counts(self) -> tuple[int, ...]:
        """The counted cells of a test set; empty for all else."""
        return sample_counts(self.evaluation)[self.sample] if self.sample else ()


def volume_name(line: BenefitLine) -> str:
    return f"{line.asset_id}.{line.driver_id}.volume"


def unit_value_name(line: BenefitLine) -> str:
    return f"{line.asset_id}.{line.driver_id}.unit_value"


def share_name(line: BenefitLine, what: str) -> str:
    """what: attribution or adoption."""
    return f"{line.asset_id}.{line.driver_id}.{what}"


def cost_name(line: CostLine) -> str:
    return f"{line.asset_id}.{line.phase}.{line.category}"


def outcome_name(evaluation, outcome: str) -> str:
    return f"{evaluation.evaluation_id}.{outcome}"


def sample_name(evaluation, sample: str) -> str:
    """sample: pairs, model or baseline."""
    return f"{evaluation.evaluation_id}.{sample}"


def success_name(asset_id: str) -> str:
    return f"{asset_id}.success"


def share_in_use_name(evaluation) -> str:
    return f"{evaluation.evaluation_id}.positive_share"


def substitute_name(asset_id: str) -> str:
    return f"{asset_id}.substitute"


def decay_name(asset_id: str) -> str:
    return f"{asset_id}.decay"


def outcome_ranges(evaluation, client=None, grade: str = "measured") -> dict[str, ThreePoint]:
    """Money per outcome. client: widened by its own grade of evidence, else by that of the benefit (``grade``)."""
    found = {outcome: getattr(evaluation.outcome_value, outcome) for outcome in OUTCOMES}
    if client is None:
        return found
    return {
        o: widened(three, getattr(client.evidence_widening, outcome_grade(evaluation, o, grade)))
        for o, three in found.items()
    }


def outcome_grade(evaluation, outcome: str, grade: str) -> str:
    """Grade of evidence of the money of one outcome: its own, else that of the benefit that rests on it."""
    return evaluation.outcome_value.grade(outcome) or grade


def grade_of_gain(plan: Plan, evaluation) -> str:
    """Grade of a gain per case on every page: that of its test set where it is drawn."""
    return plan.inputs[sample_name(evaluation, next(iter(sample_counts(evaluation))))].grade


def sample_counts(evaluation) -> dict[str, tuple[int, ...]]:
    """The counted cells of a test set: its eight pairs where given, else the four of each margin."""
    if evaluation.paired:
        return {"pairs": tuple(cell.count for cell in evaluation.paired)}
    return {
        policy: tuple(getattr(counts, outcome) for outcome in OUTCOMES)
        for policy, counts in (("model", evaluation.model), ("baseline", evaluation.baseline))
    }


def uncertain(plan: Plan) -> dict[str, Input]:
    """Every uncertain figure of a plan by its name."""
    found: dict[str, Input] = {}
    for item in (*_of_benefits(plan), *_of_substitutes(plan), *_of_costs(plan), *_of_assets(plan)):
        before = found.get(item.name, item)
        grades = dict.fromkeys((*before.grade.split(", "), item.grade))  # of each row that rests on it
        found[item.name] = replace(
            item,
            by_year=before.by_year or before.range != item.range,
            grade=item.grade if item.category == "decay" else ", ".join(filter(None, grades)),
        )
    if len({(s.benefit_multiplier, s.cost_multiplier, s.assets) for s in plan.client.scenarios if s.p > 0}) > 1:
        found[SCENARIO] = Input(name=SCENARIO, category="scenario", label="scenario")
    return found


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """How one figure is drawn: what two reports must share for their draws to differ by the most likely figures alone.

    year: 0 for all. law: triangular (low, most likely, high; of each payment), counts, beta (accepted, n), chance, scenario (its
    probability; its factor on benefits and on costs), normal (mean, standard error) or simulation (draws, seed).
    """

    figure: str
    year: int
    law: str
    parameters: tuple[float, ...]


def drawn(plan: Plan) -> tuple[Drawn, ...]:
    """Everything that the simulation draws, by figure and year; ranges of one point are named too."""
    found: dict[tuple[str, int, str], tuple[float, ...]] = {}
    for line in plan.costs:
        key = (cost_name(line), plan.periods[line.period].year, "triangular")
        found[key] = (*found.get(key, ()), *line.amount)
    for line in plan.benefits:
        year = plan.periods[line.period].year
        for what in ("attribution", "adoption"):
            found[share_name(line, what), year, "triangular"] = getattr(line, what)
        found[volume_name(line), year, "triangular"] = line.volume
        if line.unit_value is not None:
            found[unit_value_name(line), year, "triangular"] = line.unit_value
        if line.tested is not None:
            law, parameters = tested.law(line.tested)
            found[tested.name(line.tested), 0, law] = parameters
        if line.evaluation is not None:
            for outcome, three in outcome_ranges(line.evaluation, plan.client, line.grade).items():
                found[outcome_name(line.evaluation, outcome), 0, "triangular"] = three
            if line.evaluation.share_range is not None:
                found[share_in_use_name(line.evaluation), 0, "triangular"] = line.evaluation.share_range
            for sample, counts in sample_counts(line.evaluation).items():
                found[sample_name(line.evaluation, sample), 0, "counts"] = counts
    for name, substitute in plan.caps.items():
        found[substitute_name(name), 0, "triangular"] = substitute.price
    for asset in plan.client.assets:
        if asset.p_technical_success is not None:
            found[success_name(asset.asset_id), 0, "chance"] = (asset.p_technical_success,)
        decay = plan.decays.get(asset.asset_id)
        if decay is not None and decay.drawn is not None:
            found[decay_name(asset.asset_id), 0, "triangular"] = decay.drawn
        for item in plan.client.scenarios:
            name = f"{SCENARIO} {item.name}: {asset.asset_id}"
            found[name, 0, "scenario"] = (item.p, *item.multipliers(asset.asset_id))
    simulation = plan.client.monte_carlo
    found["simulation", 0, "simulation"] = (simulation.draws, simulation.seed)
    for pair in simulation.correlations:
        found[f"correlation {pair.a}, {pair.b}", 0, "simulation"] = (pair.rho,)
    return tuple(
        Drawn(figure=name, year=year, law=law, parameters=tuple(float(each) for each in parameters))
        for (name, year, law), parameters in found.items()
    )


def _of_benefits(plan: Plan) -> Iterable[Input]:
    currency = plan.currency
    for line in plan.benefits:
        driver = terms.spoken(line.driver_id)
        where = {"asset_id": line.asset_id, "driver_id": line.driver_id, "grade": line.grade}
        figures = [
            ("volume", volume_name(line), line.volume, line.unit),
            ("unit_value", unit_value_name(line), line.unit_value, f"{currency} per unit"),
            ("attribution", share_name(line, "attribution"), line.attribution, "share"),
            ("adoption", share_name(line, "adoption"), line.adoption, "share"),
        ]
        for category, name, three, unit in figures:
            if three is not None and three.low < three.high:
                label = f"{terms.spoken(category)}: {driver} ({line.asset_id})"
                yield Input(name=name, category=category, label=label, range=three, unit=unit, **where)
        if line.tested is not None:
            yield Input(
                name=tested.name(line.tested),
                category="gain",
                label=f"{tested.label(line.tested)}: {terms.spoken(line.link_id)}",
                unit=tested.unit(line.tested, currency),
                tested=line.tested,
                **where | {"grade": plan.gain_grade(line)},
            )
        if line.evaluation is not None:
            yield from _of_evaluation(plan, line, where)


def _of_evaluation(plan: Plan, line: BenefitLine, where) -> Iterable[Input]:
    evaluation, words = line.evaluation, terms.spoken(line.link_id)
    for outcome, three in outcome_ranges(evaluation, plan.client, line.grade).items():
        if three.low < three.high:
            yield Input(
                name=outcome_name(evaluation, outcome),
                category="outcome_value",
                label=f"money per {OUTCOMES[outcome]}: {words}",
                range=three,
                unit=plan.currency,
                evaluation=evaluation,
                **where | {"grade": outcome_grade(evaluation, outcome, line.grade)},
            )
    share = evaluation.share_range
    if share is not None and share.low < share.high:
        yield Input(
            name=share_in_use_name(evaluation),
            category="positive_share",
            label=f"share of positive cases in use: {words}",
            range=share,
            unit="of cases",
            evaluation=evaluation,
            **where | {"grade": ""},
        )
    for sample in sample_counts(evaluation):
        yield Input(
            name=sample_name(evaluation, sample),
            category="gain",
            label=f"test set: {words}",
            evaluation=evaluation,
            sample=sample,
            **where | {"grade": plan.gain_grade(line)},
        )


def _of_substitutes(plan: Plan) -> Iterable[Input]:
    for name, substitute in plan.caps.items():
        if substitute.price.low < substitute.price.high and plan.benefits_of.get(name):
            yield Input(
                name=substitute_name(name),
                category="substitute",
                label=f"price of the substitute: {substitute.offer} ({name})",
                asset_id=name,
                range=substitute.price,
                unit=f"{plan.currency} {substitute.unit}",
            )


def _of_costs(plan: Plan) -> Iterable[Input]:
    for line in plan.costs:
        if line.amount.low < line.amount.high:
            words = f"{line.phase} cost of {line.asset_id}: {terms.spoken(line.category)}"
            yield Input(
                name=cost_name(line),
                category="cost",
                label=words,
                asset_id=line.asset_id,
                range=line.amount,
                unit=plan.currency,
            )


def _of_assets(plan: Plan) -> Iterable[Input]:
    touched = {line.asset_id for line in plan.costs if line.needs_success}
    touched |= {name for line in plan.benefits for name in plan.needs[line.asset_id]}
    for asset in plan.client.assets:
        name = asset.asset_id
        if asset.p_technical_success is not None and 0 < asset.p_technical_success < 1 and name in touched:
            yield Input(
                name=success_name(name), category="success", label=f"technical success of {name}", asset_id=name
            )
        decay = plan.decays.get(name)
        if decay is not None and decay.drawn is not None:
            yield Input(
                name=decay_name(name),
                category="decay",
                label=f"decay of the gain of {name}",
                asset_id=name,
                range=decay.drawn,
                unit="a year (ln 2 / half-life)",
                grade=decay.grade,
            )


def correlated(client, inputs: Mapping[str, Input]) -> tuple[dict[tuple[str, str], float], list[str]]:
    """The client's correlations on pairs of inputs, and a sentence for each that finds none.

    A name is a category (volume, unit_value, outcome_value, cost, gain) or the full name of an input. Two
    categories are paired within a driver, a cost with the drivers of its asset; one category with itself
    pairs all its inputs. The counts of a test set are not correlated: sampling knows nothing of money.
    """
    free = {name: item for name, item in inputs.items() if item.range is not None or item.tested is not None}
    pairs: dict[tuple[str, str], float] = {}
    notes = []
    for entry in client.monte_carlo.correlations:
        found = 0
        firsts = [item for item in free.values() if entry.a in (item.name, item.category)]
        seconds = [item for item in free.values() if entry.b in (item.name, item.category)]
        for one in firsts:
            for other in seconds:
                exact = entry.a == one.name and entry.b == other.name
                within = one.asset_id == other.asset_id and (
                    one.driver_id == other.driver_id or "cost" in (one.category, other.category)
                )
                together = exact or within or entry.a == entry.b
                if one.name != other.name and together and (other.name, one.name) not in pairs:
                    pairs[one.name, other.name] = entry.rho
                    found += 1
        if not found:
            known = {*free, *(item.category for item in free.values())}
            unknown = [name for name in (entry.a, entry.b) if name not in known]
            why = "no pair of such figures belongs to one driver"
            if unknown:
                why = f"no figure named {' or '.join(unknown)} can be correlated here"
            notes.append(f"Correlation {entry.a} with {entry.b} ({entry.rho:g}) is not applied: {why}.")
    return pairs, notes
