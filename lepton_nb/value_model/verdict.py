"""The word for the value of a group: from probabilities, from what the test set shows, from law and method."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from lepton_nb import terms
from lepton_nb.value_model import tested
from lepton_nb.value_model.gains import NOT_CONCLUDED, gain
from lepton_nb.value_model.lines import STOPPED, Group, Plan
from lepton_nb.value_model.times import years_later

#: Upper limits of P(value < 0) for each word, in order.
VERDICTS = ((0.01, "almost surely positive"), (0.10, "likely positive"), (0.50, "open"), (1.0, "not supported"))
#: So near to one half a chance is a coin toss.
COIN_TOSS = 0.02
NOT_SHOWN, WITHHELD = "not shown", "withheld"
#: An evaluation older than this many years carries no conclusion.
OLDEST_EVALUATION = 2


@dataclass(frozen=True)
class Verdict:
    """One word and its reason. concluded: whether a number stands behind it (else a range)."""

    word: str
    reason: str

    @property
    def concluded(self) -> bool:
        return self.word not in (NOT_SHOWN, WITHHELD)


def verdict(below_zero: float | None, withheld: str = "", not_shown: str = "", losing: float = 0.0) -> Verdict:
    """The word by P(value < 0), unless a reason withholds it or the test set does not tell the sign.

    losing: the share of the draws that lose at the group's rate or without discounting, where that is more: a higher
    rate makes late losses small and must not make the word better.

    >>> verdict(0.01).word, verdict(0.3).word, verdict(0.0, not_shown="the test set holds zero").word
    ('almost surely positive', 'open', 'not shown')
    """
    if withheld or below_zero is None:
        return Verdict(WITHHELD, withheld or "the client gives no benefit and no cost after the valuation date")
    if not_shown:
        return Verdict(NOT_SHOWN, not_shown)
    limit, word = _word(max(below_zero, losing))
    bound = f"at most {100 * limit:g} %" if word != "not supported" else "above 50 %"
    if word == _word(below_zero)[1]:
        toss = ", by so little that it is a coin toss" if abs(below_zero - 0.5) <= COIN_TOSS else ""
        return Verdict(word, f"P(value < 0) is {bound}{toss}")
    words = (
        f"{100 * losing:.2g} % of the draws lose money, with discounting or without it, which is {bound}: "
        "late losses count, however small a rate makes them today"
    )
    return Verdict(word, words)


def _word(share: float) -> tuple[float, str]:
    return next(item for item in VERDICTS if share <= item[0])


def group_verdict(plan: Plan, group: Group, below_zero: float | None, losing: float = 0.0) -> Verdict:
    """The verdict on one group (rule Verdict). losing: :meth:`~lepton_nb.value_model.worlds.Distribution.losing`."""
    idle = never_run(plan, group)
    touched = idle or any(name in plan.benefits_of or name in plan.costs_of for name in group.assets)
    withheld = "; ".join(dict.fromkeys(_withheld(plan, group)))
    shown = "" if withheld else "; ".join(_not_shown(plan, group))
    found = verdict(below_zero if touched else None, withheld, shown, losing)
    if found.concluded and idle:
        return Verdict(VERDICTS[-1][1], "it is worth more not begun than run: what is planned earns less than it costs")
    return found


def never_run(plan: Plan, group: Group) -> bool:
    """Whether all that a group would earn is cut because it is worth more stopped (rule Economic life)."""
    cut = any(
        row.reason == STOPPED and row.asset_id in group.assets and row.what.startswith("benefit")
        for row in plan.left_out
    )
    lines = (line for name in group.assets for line in plan.benefits_of.get(name, ()))
    return cut and not any(line.weight * line.volume.mode for line in lines)


def counts(plan: Plan, group: Group) -> bool:
    """Whether a group is part of every total: a number stands behind it, or a cost of stopping that is due.

    What decides it is law, age and the test set, never the draws.
    """
    return group_verdict(plan, group, 0.0).concluded or stopped(plan, group)


def stopped(plan: Plan, group: Group) -> bool:
    """Prohibited: nothing goes on, and what stopping costs is due."""
    return plan.asset(group.assets[0]).eu_ai_act_class == "prohibited"


def counted(plan: Plan) -> tuple[str, ...]:
    """The groups that every total holds, by name; where no group has a number there is no headline, and all are held."""
    return tuple(group.name for group in plan.groups if counts(plan, group)) or tuple(one.name for one in plan.groups)


def _withheld(plan: Plan, group: Group) -> Iterable[str]:
    client = plan.client
    every = {asset.asset_id: asset for asset in client.assets}
    earning = {row.asset_id for row in client.benefits if row.asset_id in group.assets}
    needed = set(group.assets) if not earning else {name for asset in earning for name in plan.needs[asset]} | earning
    for name in (name for name in every if name in needed):
        asset = every[name]
        if asset.eu_ai_act_class == "prohibited":
            if name in group.assets:
                yield f"{name} is prohibited by the EU AI Act: no going-concern value, only the cost of stopping"
            else:
                yield f"needs {name}, which is prohibited by the EU AI Act"
        elif asset.legal_control == "unclear":
            yield f"legal control of {name} is unclear: the value may not be recognised"
    for key, day in _tested(plan, group):
        if years_later(day, OLDEST_EVALUATION) < plan.date:
            yield f"evaluation {key} of {day} is older than {OLDEST_EVALUATION} years"


def _tested(plan: Plan, group: Group) -> Iterable[tuple[str, date]]:
    for name in group.assets:
        for line in plan.benefits_of.get(name, ()):
            measured = line.evaluation or line.tested
            if measured is not None:
                yield line.link_id, measured.evaluated_on


def _not_shown(plan: Plan, group: Group) -> Iterable[str]:
    seen, trials = {}, {}
    for name in group.assets:
        for line in plan.benefits_of.get(name, ()):
            if line.evaluation is not None:
                seen[line.link_id] = line.evaluation
            elif line.link == "trial" and tested.ends(line.tested)[0] <= 0 <= tested.ends(line.tested)[1]:
                trials[line.link_id] = line.tested
    for key, trial in trials.items():
        yield (
            f"the trial {key} (n = {trial.n:,}) alone does not tell whether the model gains or loses on its baseline: the "
            "90 % interval of the gain per unit holds zero"
        )
    for key, evaluation in seen.items():
        word = gain(plan, evaluation).word
        if word == NOT_CONCLUDED:
            yield (
                f"the test of the case behind {key} (n = {evaluation.n:,}) holds fewer than {terms.FEWEST_OF_A_CLASS} rows of a "
                "class: no conclusion is drawn from it"
            )
        elif word == "not shown":
            yield (
                f"the test set {key} (n = {evaluation.n:,}) alone does not tell whether the model gains or loses on its "
                "baseline: the 90 % interval of the gain per case holds zero"
            )


def unclear_assets(plan: Plan) -> tuple[str, ...]:
    """Assets whose legal control is unclear."""
    return tuple(asset.asset_id for asset in plan.client.assets if asset.legal_control == "unclear")
