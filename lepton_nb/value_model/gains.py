"""What a test set says about the gain of a model over its baseline, in money per case."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lepton_nb import terms
from lepton_nb.valuation import performance, uncertainty
from lepton_nb.value_model.inputs import (
    OUTCOMES,
    outcome_name,
    outcome_ranges,
    sample_counts,
    sample_name,
    share_in_use_name,
)
from lepton_nb.value_model.lines import Plan
from lepton_nb.value_model.tested import PRIOR
from lepton_nb.value_model.world import MOST_LIKELY, World

LEVEL = 0.90
DRAWS = 16384
#: Of every posterior of a gain: it belongs to the test and not to a simulation, so that each page has one interval of it.
SEED = 0
#: The word where a case has too few rows of a class.
NOT_CONCLUDED = "no conclusion"
FLAGGED = {(1, 1): "tp", (1, 0): "fn", (0, 1): "fp", (0, 0): "tn"}


def most_likely_money(evaluation) -> dict[str, float]:
    """Money per outcome at its most likely value."""
    return {outcome: three.mode for outcome, three in outcome_ranges(evaluation).items()}


def gain_per_case(evaluation, world: World = MOST_LIKELY, client=None, grade: str = "measured", cells: bool = True):
    r"""Money per case by which the model beats its baseline.

    Paired: Σ p(y, m, b) (v(y, m) − v(y, b)), where p is a cell's share of the cases, y the truth, m and b what
    model and baseline flagged, and v the money of that outcome. Without pairs: Σ p_model v − Σ p_baseline v.
    client, grade: of the benefit, where ranges of money are widened; cells: False leaves the cells as they were counted.
    Where the share of positive cases in use has a range, the money of each class follows the share of this world.
    """
    value = {
        outcome: world.read(outcome_name(evaluation, outcome), three)
        for outcome, three in outcome_ranges(evaluation, client, grade).items()
    }
    if evaluation.share_range is not None:  # the money is weighted to its most likely figure
        share, likely = world.read(share_in_use_name(evaluation), evaluation.share_range), evaluation.positive_share
        positive, negative = share / likely, (1 - share) / (1 - likely)
        value = {name: each * (positive if name in ("tp", "fn") else negative) for name, each in value.items()}

    def mean(sample: str, counts, money):
        shares = world.drawn.get(sample_name(evaluation, sample)) if cells else None
        if shares is None:
            shares = np.asarray(counts) / sum(counts)
        return sum(np.asarray(shares)[..., cell] * each for cell, each in enumerate(money))

    samples = sample_counts(evaluation)
    if evaluation.paired:
        won = [value[FLAGGED[c.y_true, c.model]] - value[FLAGGED[c.y_true, c.baseline]] for c in evaluation.paired]
        return mean("pairs", samples["pairs"], won)
    return mean("model", samples["model"], value.values()) - mean("baseline", samples["baseline"], value.values())


def drawn_recall(evaluation, world: World = MOST_LIKELY):
    """(share of positive cases, recall of the model), as counted or as this world draws the cells of the test set."""
    sample, counts = next(iter(sample_counts(evaluation).items()))
    shares = world.drawn.get(sample_name(evaluation, sample))
    shares = np.asarray(counts) / sum(counts) if shares is None else np.asarray(shares)
    flags = [(c.y_true, c.model) for c in evaluation.paired] if evaluation.paired else [(1, 1), (0, 1), (1, 0), (0, 0)]
    positive = sum(shares[..., cell] for cell, (truth, _) in enumerate(flags) if truth)
    found = sum(shares[..., cell] for cell, flag in enumerate(flags) if flag == (1, 1))
    return positive, found / positive


def recall_per_case(evaluation, world: World = MOST_LIKELY, client=None, grade: str = "measured"):
    """Money per case that a recall of 1 brings over one of 0, false alarms as they are: π (v_tp − v_fn).

    A part of it is what a rise by that part brings. client, grade: as of :func:`gain_per_case`.
    """
    value = {
        outcome: world.read(outcome_name(evaluation, outcome), three)
        for outcome, three in outcome_ranges(evaluation, client, grade).items()
    }
    each = value["tp"] - value["fn"]
    if evaluation.share_range is not None:  # the money is weighted to its most likely figure
        each = each * world.read(share_in_use_name(evaluation), evaluation.share_range) / evaluation.positive_share
    return drawn_recall(evaluation, world)[0] * each


@dataclass(frozen=True, kw_only=True)
class Gain:
    """What one evaluation says about the gain per case. Money per case at the most likely money per outcome.

    interval, below_zero: of the posterior of the counts that decide (pairs where given, else both margins as
    independent): cells Dirichlet with counts + ½. margins, margins_below_zero: of the margins alone.
    """

    evaluation: object
    per_case: float
    interval: tuple[float, float]  # 90 %
    below_zero: float
    standard_error: float  # of the same posterior
    margins: tuple[float, float]
    margins_below_zero: float
    model: performance.ExpectedValue
    baseline: performance.ExpectedValue
    agreement: float | None  # share of the cases on which both decided alike; None without pairs
    correlation: float | None  # of the money of a case under model and baseline
    yearly: float | None  # most likely cases of a year on which it is earned; None: no benefit rests on it
    unit: str
    sentence: str

    @property
    def evaluation_id(self) -> str:
        return self.evaluation.evaluation_id

    @property
    def asset_id(self) -> str:
        return self.evaluation.asset_id

    @property
    def n(self) -> int:
        return self.evaluation.n

    @property
    def paired(self) -> bool:
        return bool(self.evaluation.paired)

    @property
    def word(self) -> str:
        return gain_word(self.interval, self.evaluation)


def gain_word(interval, evaluation=None) -> str:
    """Rule Gain: whether the test set alone tells the sign at 90 %; no conclusion from a case with too few rows of a class.

    >>> gain_word((0.1, 0.2)), gain_word((-0.1, 0.2)), gain_word((-0.2, -0.1))
    ('shown', 'not shown', 'against')
    """
    low, high = interval
    if evaluation is not None and evaluation.evaluation_id.startswith(terms.MEASURED):
        classes = evaluation.model.positives, evaluation.n - evaluation.model.positives
        if any(map(terms.too_few, classes)):
            return NOT_CONCLUDED
    return "shown" if low > 0 else "against" if high < 0 else "not shown"


def gains(plan: Plan, draws: int = DRAWS) -> tuple[Gain, ...]:
    """Every evaluation with money per outcome."""
    return tuple(gain(plan, item, draws) for item in plan.client.evaluations if item.outcome_value is not None)


def gain(plan: Plan, evaluation, draws: int = DRAWS) -> Gain:
    """One evaluation (rules Which table decides, Gain)."""
    money = most_likely_money(evaluation)
    counts = [{key: getattr(item, key) for key in OUTCOMES} for item in (evaluation.model, evaluation.baseline)]
    model, baseline = (performance.expected_value(item, money, level=LEVEL) for item in counts)
    margins = gain_draws(evaluation, paired=False, draws=draws)
    decides, agreement, correlation = margins, None, None
    if evaluation.paired:
        decides = gain_draws(evaluation, draws=draws)
        pairs = performance.paired_gain(evaluation.paired, money, level=LEVEL)
        agreement = 1 - pairs.discordant / pairs.n
        errors = 2 * model.standard_error * baseline.standard_error
        if errors > 0:
            explained = model.standard_error**2 + baseline.standard_error**2 - pairs.standard_error**2
            correlation = explained / errors
    lines = [line for line in plan.benefits if line.link_id == evaluation.evaluation_id]
    return Gain(
        evaluation=evaluation,
        per_case=float(gain_per_case(evaluation)),
        interval=decides.interval,
        below_zero=decides.probability_below(0).value,
        standard_error=float(decides.sd),
        margins=margins.interval,
        margins_below_zero=margins.probability_below(0).value,
        model=model,
        baseline=baseline,
        agreement=agreement,
        correlation=correlation,
        yearly=yearly_cases(plan, evaluation.evaluation_id),
        unit=lines[-1].unit if lines else "cases",
        sentence=_sentence(evaluation, decides.interval, margins.interval),
    )


def _sentence(evaluation, interval, margins) -> str:
    word = gain_word(interval, evaluation)
    told = {
        NOT_CONCLUDED: f"the test of the case holds fewer than {terms.FEWEST_OF_A_CLASS} rows of a class",
        "shown": "the model beats its baseline",
        "not shown": "the interval holds zero, so the test set does not show that the model beats its baseline",
        "against": "the baseline beats the model",
    }[word]
    table = "paired table" if evaluation.paired else "two margins, taken as independent"
    sentence = f"{word}: {told} (by the {table})."
    if evaluation.paired and word != NOT_CONCLUDED and gain_word(margins) != word:
        sentence += f" By the margins alone the answer would be: {gain_word(margins)}."
    return sentence


def gain_draws(evaluation, seed: int = SEED, paired: bool = True, money: bool = False, draws: int = DRAWS, client=None):
    """Posterior of the gain per case as a Simulation: cells as Dirichlet, with ``money`` the outcomes' money too.

    Whatever shows an interval of a gain leaves seed and draws as they are. The draws of one evaluation are kept, since
    verdict, tornado, pages and records all ask for them.
    """
    if not money:  # then money stands at its most likely figure, whatever its range
        return _kept_draws(evaluation, seed, paired, draws)
    return _gain_draws(evaluation, seed, paired, draws, True, client)


@lru_cache(maxsize=128)
def _kept_draws(evaluation, seed: int, paired: bool, draws: int):
    return _gain_draws(evaluation, seed, paired, draws, False, None)


def _gain_draws(evaluation, seed: int, paired: bool, draws: int, money: bool, client):
    if not paired:
        evaluation = evaluation.model_copy(update={"paired": None})
    inputs = {
        sample_name(evaluation, key): uncertainty.dirichlet(seen, PRIOR)
        for key, seen in sample_counts(evaluation).items()
    }
    if money:
        ranges = outcome_ranges(evaluation, client).items()
        inputs |= {
            outcome_name(evaluation, key): uncertainty.uniform(0, 1) for key, three in ranges if three.low < three.high
        }
    return uncertainty.simulate(
        lambda drawn: gain_per_case(evaluation, World(drawn=drawn), client), inputs, draws, seed
    )


def yearly_cases(plan: Plan, evaluation_id: str) -> float | None:
    """Most likely cases of a year on which the gain is earned: volume × attribution × adoption of the last whole year."""
    lines = [line for line in plan.benefits if line.evaluation is not None and line.link_id == evaluation_id]
    whole = [line for line in lines if line.share == 1] or lines
    if not whole:
        return None
    last = max(line.period for line in whole)
    return sum(line.volume.mode * line.attribution.mode * line.adoption.mode for line in whole if line.period == last)
