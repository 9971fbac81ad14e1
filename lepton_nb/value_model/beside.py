"""Names that moved: this module goes as soon as nothing asks for them here."""

from lepton_nb.value_model.findings import findings, sunk_costs
from lepton_nb.value_model.gains import Gain, gains
from lepton_nb.value_model.money import Bridge, bridge, present_benefits
from lepton_nb.value_model.verdict import Verdict, group_verdict, verdict


def verdict_on(plan, assets, below_zero):
    """The verdict on the group of these assets."""
    return group_verdict(plan, plan.group(next(iter(assets))), below_zero)


__all__ = [
    "Bridge", "Gain", "Verdict", "bridge", "findings", "gains", "present_benefits", "sunk_costs", "verdict", "verdict_on",
]  # fmt: skip
