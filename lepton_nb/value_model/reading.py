"""Names that moved: this module goes as soon as nothing asks for them here."""

from lepton_nb.value_model.inputs import OUTCOMES, PRIOR, Input, outcome_ranges, sample_counts
from lepton_nb.value_model.lines import (
    AFTER_SUCCESS,
    BenefitLine,
    CostLine,
    Group,
    LeftOut,
    Plan,
    needs_of,
    widened,
    without_amortisation,
)
from lepton_nb.value_model.planning import discount_rate, plan
from lepton_nb.value_model.rules import RULES
from lepton_nb.value_model.times import Period, periods, years_between
from lepton_nb.value_model.times import years_later as horizon_end

__all__ = [
    "AFTER_SUCCESS", "OUTCOMES", "PRIOR", "RULES", "BenefitLine", "CostLine", "Group", "Input", "LeftOut", "Period", "Plan",
    "discount_rate", "horizon_end", "needs_of", "outcome_ranges", "periods", "plan", "sample_counts", "widened",
    "without_amortisation", "years_between",
]  # fmt: skip
