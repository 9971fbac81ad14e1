"""From a client's figures to dated money: the rules by which they are read, and nothing else.

:data:`RULES` says in words what the functions do; the value chapter prints it. A formula that is not a rule of
reading (net present value, rates of return, simulation) is in :mod:`lepton_nb.valuation`.

The way of a figure: ``plan(client)`` lays benefits and costs on dated lines (``lines``), names every uncertain figure
(``inputs``) and finds the rates (``planning``); ``evaluate(plan, world)`` turns the lines into money, all uncertain
figures at their most likely value unless the world says otherwise (``money``); ``simulate`` is many worlds (``worlds``);
``conclude(plan)`` is the conclusion of a report: value, range and verdict of each group, one value for each asset.

Units: money in the client's currency, positive = to the owner; rates and shares are fractions; times are years
of 365 days (ACT/365F) from the valuation date.
"""

from lepton_nb.value_model.approaches import asset_values
from lepton_nb.value_model.conclusion import Conclusion, GroupConclusion, conclude
from lepton_nb.value_model.decay import Decay, Series, decay_of, monitored
from lepton_nb.value_model.findings import findings, rests_on_kinds, sunk_costs, weak_share
from lepton_nb.value_model.gains import Gain, gain, gain_per_case, gains
from lepton_nb.value_model.inputs import Input
from lepton_nb.value_model.line_money import benefit, benefits, cost
from lepton_nb.value_model.lines import BenefitLine, CostLine, Group, LeftOut, Plan
from lepton_nb.value_model.measured import Evidence, rests_on, with_measured
from lepton_nb.value_model.measured import evaluations as measured_evaluations
from lepton_nb.value_model.money import Bridge, Worth, Year, bridge, cash_flows, evaluate, group_value, present_benefits
from lepton_nb.value_model.planning import discount_rate, on_basis, plan
from lepton_nb.value_model.registered import register
from lepton_nb.value_model.returns import Returns, returns
from lepton_nb.value_model.rules import RULES
from lepton_nb.value_model.tables import line_tables
from lepton_nb.value_model.verdict import Verdict, group_verdict, verdict
from lepton_nb.value_model.world import MOST_LIKELY, World
from lepton_nb.value_model.worlds import Assumption, Distribution, assumptions, scenario_values, simulate, tornado

__all__ = [
    "MOST_LIKELY",
    "RULES",
    "Assumption",
    "BenefitLine",
    "Bridge",
    "Conclusion",
    "CostLine",
    "Decay",
    "Distribution",
    "Evidence",
    "Gain",
    "Group",
    "GroupConclusion",
    "Input",
    "LeftOut",
    "Plan",
    "Returns",
    "Series",
    "Verdict",
    "World",
    "Worth",
    "Year",
    "asset_values",
    "assumptions",
    "benefit",
    "benefits",
    "bridge",
    "cash_flows",
    "conclude",
    "cost",
    "decay_of",
    "discount_rate",
    "evaluate",
    "findings",
    "gain",
    "gain_per_case",
    "gains",
    "group_value",
    "group_verdict",
    "line_tables",
    "measured_evaluations",
    "monitored",
    "on_basis",
    "plan",
    "present_benefits",
    "register",
    "rests_on",
    "rests_on_kinds",
    "returns",
    "scenario_values",
    "simulate",
    "sunk_costs",
    "tornado",
    "verdict",
    "weak_share",
    "with_measured",
]
