"""From a client's figures to dated money: the rules by which they are read, and nothing else.

:data:`RULES` says in words what the functions do; the value chapter prints it. A formula that is not a rule of
reading (net present value, rates of return, paired gain, simulation) is in :mod:`lepton_nb.valuation`.

The way of a figure: ``plan(client)`` lays benefits and costs on dated lines and names every uncertain figure
(``reading``); ``evaluate(plan, world)`` turns the lines into money, all uncertain figures at their most likely
value unless the world says otherwise (``money``); ``simulate``, ``tornado`` and ``scenario_values`` are many worlds
(``worlds``); gains, half-lives, findings and the verdict stand beside the value (``beside``).

Units: money in the client's currency, positive = to the owner; rates and shares are fractions; times are years
of 365 days (ACT/365F) from the valuation date.
"""

from lepton_nb.value_model.beside import (
    Bridge,
    Gain,
    Verdict,
    asset_verdict,
    bridge,
    findings,
    gains,
    measured_half_lives,
    present_benefits,
    speed_and_cost,
    sunk_costs,
    verdict,
    verdict_on,
)
from lepton_nb.value_model.lines import lines, register
from lepton_nb.value_model.money import (
    MOST_LIKELY,
    Returns,
    World,
    Worth,
    Year,
    benefit,
    cash_flows,
    cost,
    evaluate,
    gain_per_case,
    returns,
    shapley_weights,
)
from lepton_nb.value_model.reading import (
    RULES,
    Group,
    Period,
    Plan,
    decay_factor,
    discount_rate,
    periods,
    plan,
    widened,
    years_between,
)
from lepton_nb.value_model.worlds import Assumption, Distribution, assumptions, scenario_values, simulate, tornado

__all__ = [
    "MOST_LIKELY",
    "RULES",
    "Assumption",
    "Bridge",
    "Distribution",
    "Gain",
    "Group",
    "Period",
    "Plan",
    "Returns",
    "Verdict",
    "World",
    "Worth",
    "Year",
    "asset_verdict",
    "assumptions",
    "benefit",
    "bridge",
    "cash_flows",
    "cost",
    "decay_factor",
    "discount_rate",
    "evaluate",
    "findings",
    "gain_per_case",
    "gains",
    "lines",
    "measured_half_lives",
    "periods",
    "plan",
    "present_benefits",
    "register",
    "returns",
    "scenario_values",
    "shapley_weights",
    "simulate",
    "speed_and_cost",
    "sunk_costs",
    "tornado",
    "verdict",
    "verdict_on",
    "widened",
    "years_between",
]
