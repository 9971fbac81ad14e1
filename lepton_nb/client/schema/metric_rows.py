"""The rows of the CSV files of ``metrics/``, one type a file."""

# No "from __future__ import annotations" here: see rows.py.

from statistics import NormalDist
from typing import Literal

from lepton_nb.client.cells import (
    AssetId,
    AtLeastZero,
    CaseNumber,
    Class,
    Count,
    Day,
    Label,
    Month,
    Number,
    Score,
    Share,
    Text,
)
from lepton_nb.client.schema.base import MONEY, Frozen, Grade, ThreePoint, column
from lepton_nb.terms import OTHER_METRICS, RATES

#: Whose cases a typed test judged.
TestedOn = Literal["own", "public"]
TESTED_ON = "Whose cases were tested: own, or public data that stand for them; of an evaluation in the model's row."


class ConfusionRow(Frozen):
    """What a policy did on the cases of one evaluation. A row without asset_id is the baseline."""

    evaluation_id: Label = column("Id of the evaluation; two rows share it, the model's and the baseline's.")
    asset_id: AssetId | None = column("The model; empty: the baseline, what was done before.", default=None)
    policy: Label = column("Name of the policy.", default="")
    evaluated_on: Day = column("Day of the evaluation.")
    sample: Text = column("Which cases; \"same …\" in the baseline's row: the model's cases.", default="")
    n: CaseNumber = column("Number of cases; tp + fp + fn + tn.", "cases")
    tp: Count = column("True positives: flagged, and rightly.", "cases")
    fp: Count = column("False positives: flagged, and wrongly.", "cases")
    fn: Count = column("False negatives: not flagged, and wrongly.", "cases")
    tn: Count = column("True negatives: not flagged, and rightly.", "cases")
    positive_share: Share | None = column("Share of positive cases in use; empty: as in the test.", default=None)
    positive_share_low: Share | None = column("Lowest share in use that is credible.", default=None)
    positive_share_high: Share | None = column("Highest share in use that is credible.", default=None)
    positive_share_source: Text = column("Where the share in use comes from.", default="")
    data: TestedOn = column(TESTED_ON, default="own")


class OutcomeRow(Frozen):
    """What a case with this outcome is worth."""

    evaluation_id: Label = column("Id of the evaluation.")
    outcome: Literal["tp", "fp", "fn", "tn"] = column("Outcome.")
    low: Number = column("Lowest credible value; a loss is negative, so this is the worst.", f"{MONEY} per case")
    mode: Number = column("Most likely value.", f"{MONEY} per case")
    high: Number = column("Highest credible value.", f"{MONEY} per case")
    unit: Label = column("What the money is paid for.", default="")
    evidence: Grade | None = column(
        "Grade of evidence of these figures; it widens the range. Empty: that of the benefit.", default=None
    )

    @property
    def value(self) -> ThreePoint:
        """Money per case."""
        return ThreePoint(self.low, self.mode, self.high)


class PairedRow(Frozen):
    """How many cases of one class the model and the baseline flagged both, one of them, or neither."""

    evaluation_id: Label = column("Id of the evaluation.")
    y_true: Class = column("True class.")
    flagged_by_model: Class = column("1: the model flagged the case.")
    flagged_by_baseline: Class = column("1: the baseline flagged the case.")
    count: Count = column("Number of such cases.", "cases")


class Acceptance(Frozen):
    """How many of a generating model's answers were accepted as they stood."""

    asset_id: AssetId = column("The model.")
    evaluated_on: Day = column("Day of the evaluation.")
    n: CaseNumber = column("Number of answers judged.", "answers")
    accepted_without_edit: Count = column("Number accepted without a change.", "answers")
    unit: Label = column("What one answer is: segments, letters, ….")

    @property
    def accepted(self) -> int:
        """Number of answers accepted without a change."""
        return self.accepted_without_edit


class Trial(Frozen):
    """What a paired test or an experiment measured of a model against what was done before, as a mean per unit.

    For results that are no yes or no: the error of a forecast, the hits in a list of recommendations. The mean is money,
    or the number of an effect whose money the benefit gives.
    """

    trial_id: Label = column("Id of the test.")
    asset_id: AssetId = column("The model.")
    policy: Label = column("Name of what was tested.", default="")
    baseline: Label = column("What it was held against on the same units, or in the other arm.")
    evaluated_on: Day = column("Day of the test.")
    sample: Text = column("Which units.", default="")
    n: CaseNumber = column("Number of units tested, or of independent blocks of them.", "units")
    unit: Label = column("What one unit is, as the benefit counts it: orders, lists, hours, ….")
    effect: Label = column(
        "What the gain counts: hits, pieces too many, minutes, …; the benefit's unit value is the money of one. Empty: the "
        "gain is money.",
        default="",
    )
    gain: Number = column("Mean gain over the baseline; a loss is negative.", f"{MONEY}, or the effect, per unit")
    standard_error: AtLeastZero = column(
        "Standard error of that mean, of blocks where units hang together.", f"{MONEY}, or the effect, per unit"
    )
    data: TestedOn = column(TESTED_ON, default="own")

    @property
    def public(self) -> bool:
        """Whether it was measured on data that are not the client's own."""
        return self.data == "public"

    @property
    def evaluation_id(self) -> str:
        """Its id, as an evaluation calls it."""
        return self.trial_id

    @property
    def interval(self) -> tuple[float, float]:
        """5 to 95 % of the gain, normal with the standard error."""
        drawn = NormalDist(self.gain, self.standard_error)
        return drawn.inv_cdf(0.05), drawn.inv_cdf(0.95)

    @property
    def below_zero(self) -> float:
        """Chance of a loss, of the same distribution."""
        return NormalDist(self.gain, self.standard_error).cdf(0.0)


class Monitoring(Frozen):
    """A metric measured in use."""

    asset_id: AssetId = column("The model.")
    period: Month = column("Month of the measurement.")
    metric: Label = column(
        f"Name of the metric. Shares of cases, which money can be computed from: {', '.join(RATES)}. Others, such as "
        f"{', '.join(OTHER_METRICS[:3])}, are shown. Several metrics of one month are several rows."
    )
    value: Number = column("Its value.")
    n: CaseNumber = column(
        "Number of cases behind it; of recall: positive cases, of false_alarm_rate: negative.", "cases"
    )
    baseline_value: Number | None = column("What the baseline reached on the same cases, if known.", default=None)


class PredictionRow(Frozen):
    """One scored case."""

    row_id: Label = column("Id of the case; no name, address or account.")
    y_true: Class = column("True class.")
    score: Score = column("The model's probability of class 1.")
    group: Label | None = column("Group for rates by group.", default=None)
    amount: Number | None = column("Money at stake in the case.", MONEY, default=None)
