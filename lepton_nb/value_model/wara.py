"""Whether the returns of the assets fit the rate of their group: WARA, the weighted average return on assets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lepton_nb.value_model.approaches import asset_values, rate_weights
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import group_value
from lepton_nb.value_model.replacement import kind_rate

#: How far the rate of a group may lie from the one that its parts would bear if what no asset takes earned most.
RATE_TOLERANCE = 0.005


@dataclass(frozen=True)
class ReturnCheck:
    """WARA of one group against its rate (rule Returns). Rates a year as fractions, money most likely.

    rest: what no asset takes; highest: the return asked of the least certain asset; fair: the group's rate with that
    return on the rest; worth: the group's value at it. None: nothing to weigh, or nothing is left.
    """

    group: Group
    wara: float | None
    rest: float
    highest: float | None
    fair: float | None
    worth: float | None
    passed: bool | None
    sentence: str


def returns_on_assets(plan: Plan, group: Group) -> ReturnCheck:
    """Rule Returns, at the most likely figures, at which rate and values are solved together."""
    values = asset_values(plan, group, float(group_value(plan, group)))
    rest = values.together
    rates = {name: kind_rate(plan, name) for name in values.assets}
    held = {name: (item.value, rates[name]) for name, item in values.assets.items() if item.value > 0}
    known = {"group": group, "rest": rest} | dict.fromkeys(("wara", "highest", "fair", "worth", "passed"))
    if len(group.assets) == 1 or not held or values.worth <= 0:
        return ReturnCheck(**known, sentence="Nothing to weigh: one asset alone, or no value above zero.")
    total = sum(value for value, _ in held.values())
    weights = rate_weights(values, rates)
    known["wara"] = wara = sum(weights[name] * rates[name] for name in weights)
    weightless = [name for name, item in values.assets.items() if name in plan.benefits_of and item.value <= 0]
    least_sure = max((rates[name] for name in weightless), default=0.0)
    if least_sure - group.rate > RATE_TOLERANCE:
        names = " and ".join(weightless)
        told = (
            f"After the charges nothing is left to {names}, so the return asked there, {100 * least_sure:.1f} %, counts only for the charges that are not paid in the "
            f"group's {100 * group.rate:.1f} %, though the benefits are as uncertain as that: the check fails."
        )
        at = float(group_value(plan, replace(group, rate=least_sure)))
        return ReturnCheck(
            **known | {"highest": least_sure, "fair": least_sure, "worth": at, "passed": False}, sentence=told
        )
    if rest <= 1e-9 * values.worth:
        known["passed"] = abs(wara - group.rate) <= RATE_TOLERANCE
        told = f"The assets take the whole value; WARA {100 * wara:.1f} % is the rate of the group ({100 * group.rate:.1f} %)."
        return ReturnCheck(**known, sentence=told)
    highest = max(rate for _, rate in held.values())
    fair = (wara * total + highest * rest) / values.worth
    passed = fair - group.rate <= RATE_TOLERANCE
    told = (
        f"What no asset takes bears the group's {100 * group.rate:.1f} % here. Asked to earn as much as the least certain asset, "
        f"{100 * highest:.1f} %, it would raise the rate of the group to {100 * fair:.1f} %, "
        f"{'within' if passed else 'more than'} {100 * RATE_TOLERANCE:.1f} points of the one used: the check {'passes' if passed else 'fails'}."
    )
    at = float(group_value(plan, replace(group, rate=fair)))
    return ReturnCheck(**known | {"highest": highest, "fair": fair, "worth": at, "passed": passed}, sentence=told)
