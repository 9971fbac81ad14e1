"""The rows of the CSV files, one type a file."""

# No "from __future__ import annotations" here: pydantic would compile each annotation from its text,
# which doubles the time of the import.

from typing import ClassVar, Literal

from lepton_nb.client.cells import (
    AssetId,
    AssetIds,
    AtLeastZero,
    Blocks,
    CaseNumber,
    CostAmount,
    Count,
    Currency,
    Day,
    Fraction,
    Label,
    Link,
    Month,
    Number,
    OneToFive,
    Positive,
    PricedUnit,
    Privacy,
    Share,
    Text,
    Year,
    YesNo,
    ZeroToFive,
)
from lepton_nb.client.schema.base import MONEY, Dimension, Frozen, Grade, ThreePoint, column, one_or_three
from lepton_nb.terms import PERSONAL


def _given(name: str, points: ThreePoint | None) -> ThreePoint:
    if points is None:  # no checked client has such a row
        raise ValueError(f"A benefit needs its {name}, as one figure or as low, mode and high. Received: none")
    return points


class Asset(Frozen):
    """An asset of the register: data, a model or infrastructure."""

    asset_id: AssetId = column("Short id, used in all other files.")
    name: Label = column("Name as the report prints it.")
    kind: Literal["data", "model", "infrastructure"] = column("Kind of asset.")
    lifecycle_stage: Literal[
        "data_management",
        "algorithm_development",
        "deployment",
        "business_integration",
        "monitoring_evaluation",
        "retired",
    ] = column("Where the asset stands in the life cycle.")
    owner: Label = column("Who answers for it. Empty: nobody does, and the report says so.", default="")
    industry: Label = column("Industry in which it is used.", default="")
    in_service_date: Day | None = column("First day of use; empty before deployment.", default=None)
    useful_life_years: Positive = column(
        "Useful life from the first day of use; before deployment, from the valuation date.", "years"
    )
    useful_life_basis: Label = column("Why that long: technical, legal_retention, measured_drift, model_policy, ….")
    half_life_years: Positive | None = column(
        "Years in which the benefit halves; empty: it does not decay.", "years", default=None
    )
    half_life_basis: Text = column(
        "Why that half-life; without one, a fall that the months show is used in its place.", default=""
    )
    retrain_every_months: Positive | None = column(
        "Months after which it is trained again, so that its decay starts anew; empty: it is not.",
        "months",
        default=None,
    )
    retrain_one: CostAmount | None = column(
        "Cost of one training, as one figure; or low, mode and high below.", MONEY, default=None, alias="retrain_cost"
    )
    retrain_cost_low: CostAmount | None = column("Lowest credible cost of one training.", MONEY, default=None)
    retrain_cost_mode: CostAmount | None = column("Most likely cost of one training.", MONEY, default=None)
    retrain_cost_high: CostAmount | None = column("Highest credible cost of one training.", MONEY, default=None)
    acquisition: Literal["internal", "purchased", "licensed", "leased"] = column("How the client came by it.")
    legal_control: Literal["owned", "licensed", "shared", "unclear"] = column("What right the client holds.")
    eu_ai_act_class: Literal["prohibited", "high", "limited", "minimal", "gpai", "not_ai", "outside_scope"] = column(
        "Class under the EU AI Act (2024/1689); outside_scope: an AI system to which the Act does not apply (Article 2)."
    )
    privacy_classes: Privacy = column("Personal data in it.", alias="privacy_class")
    explainability_1_5: OneToFive | None = column("How well its answers can be explained.", "1..5", default=None)
    robustness_1_5: OneToFive | None = column("How well it holds on new data.", "1..5", default=None)
    feeds: AssetIds = column("Assets that use it.", default=())
    p_technical_success: Fraction | None = column(
        "Probability that development succeeds; only before deployment.", default=None
    )
    licence: Text = column("Licence or contract under which data of others may be used.", default="")
    documentation: Text = column("Model card or data sheet: where it is.", default="")

    IN_USE: ClassVar = ("deployment", "business_integration", "monitoring_evaluation")

    @property
    def retrain_cost(self) -> ThreePoint | None:
        """Money for one training; None: none is given."""
        return one_or_three(self.retrain_one, self.retrain_cost_low, self.retrain_cost_mode, self.retrain_cost_high)

    @property
    def privacy_class(self) -> str:
        """The classes of personal data as the file writes them, separated by semicolons."""
        return ";".join(self.privacy_classes)

    @property
    def personal(self) -> bool:
        """Whether data protection law applies to any of it."""
        return any(name in PERSONAL for name in self.privacy_classes)

    @property
    def deployed(self) -> bool:
        """Whether the asset is in use: deployed, integrated or monitored, and not retired."""
        return self.lifecycle_stage in self.IN_USE

    @property
    def withheld(self) -> str:
        """Why no income value is concluded for this asset (rules 19 and 20); empty when nothing stands against it."""
        if self.eu_ai_act_class == "prohibited":
            return "class prohibited under the EU AI Act: not valued as a going asset, only its salvage"
        if self.legal_control == "unclear":
            return (
                "legal control unclear: control (IAS 38) and lawful ownership are not met, "
                "the income value is not recognisable"
            )
        return ""


class Cost(Frozen):
    """A cost: an actual amount, or a forecast with low, mode and high."""

    asset_id: AssetId = column("Asset that the cost belongs to.")
    date: Day | None = column("Day of the payment; empty where the row has a year.", default=None)
    year: Year | None = column(
        "In place of the date, for a forecast running cost (phase operation): the calendar year of which this is the "
        "whole figure; of the first and last year only the days that are valued count.",
        default=None,
    )
    phase: Literal["research", "development", "operation", "decommission"] = column("Phase that it serves.")
    category: Label = column("What was bought: labour, compute, labelling, hardware, ….")
    actual: CostAmount | None = column("Amount paid; only for kind actual.", MONEY, default=None, alias="amount")
    kind: Literal["actual", "forecast"] = column("actual: amount is given. forecast: low, mode and high are given.")
    low: CostAmount | None = column("Lowest credible amount; only for kind forecast.", MONEY, default=None)
    mode: CostAmount | None = column("Most likely amount; only for kind forecast.", MONEY, default=None)
    high: CostAmount | None = column("Highest credible amount; only for kind forecast.", MONEY, default=None)
    source: Text = column("Where the amount comes from.", default="")
    currency: Currency | None = column("May be left out; if given, the client's currency.", default=None)

    @property
    def amount(self) -> ThreePoint:
        """Money out; an actual amount has low = mode = high."""
        if self.kind == "actual":
            return ThreePoint(self.actual, self.actual, self.actual)
        return ThreePoint(self.low, self.mode, self.high)


class Benefit(Frozen):
    """The benefit of one asset by one driver in one calendar year: volume x unit value x attribution x adoption."""

    asset_id: AssetId = column("Asset that brings the benefit.")
    driver_id: Label = column("What the benefit comes from; the same word in each year.")
    year: Year = column("Calendar year; the figures are those of the whole year.")
    benefit_type: Literal["revenue", "cost_saving", "efficiency", "risk_reduction", "indirect"] = column(
        "Type of benefit; efficiency is time of people, which is cash only where posts go."
    )
    volume_low: AtLeastZero = column("Lowest credible volume.", "unit per year")
    volume_mode: AtLeastZero = column("Most likely volume.", "unit per year")
    volume_high: AtLeastZero = column("Highest credible volume.", "unit per year")
    unit: Label = column("What is counted: castings, applications, words, ….")
    unit_value_low: Number | None = column(
        "Lowest credible value of one unit; empty with a link to an evaluation or a trial.",
        f"{MONEY} per unit",
        default=None,
    )
    unit_value_mode: Number | None = column("Most likely value of one unit.", f"{MONEY} per unit", default=None)
    unit_value_high: Number | None = column("Highest credible value of one unit.", f"{MONEY} per unit", default=None)
    attribution_one: Share | None = column(
        "Share of the benefit that is due to this asset, at most 1; as one figure, or low, mode and high below.",
        default=None,
        alias="attribution",
    )
    attribution_low: Share | None = column("Lowest credible share.", default=None)
    attribution_mode: Share | None = column("Most likely share.", default=None)
    attribution_high: Share | None = column("Highest credible share.", default=None)
    adoption_one: Share | None = column(
        "Share of the volume on which the asset is used in that year; as one figure, or low, mode and high below.",
        default=None,
        alias="adoption",
    )
    adoption_low: Share | None = column("Lowest credible share.", default=None)
    adoption_mode: Share | None = column("Most likely share.", default=None)
    adoption_high: Share | None = column("Highest credible share.", default=None)
    metric_link: Link = column("Measurement behind the benefit.")
    evidence: Grade = column("Grade of evidence; it widens the range.")
    currency: Currency | None = column("May be left out; if given, the client's currency.", default=None)

    def shares(self, name: str) -> ThreePoint | None:
        """``attribution`` or ``adoption``; None while none is given."""
        return one_or_three(self[f"{name}_one"], *(self[f"{name}_{point}"] for point in ThreePoint._fields))

    @property
    def attribution(self) -> ThreePoint:
        """Share of the benefit that is due to this asset; one figure has low = mode = high."""
        return _given("attribution", self.shares("attribution"))

    @property
    def adoption(self) -> ThreePoint:
        """Share of the volume on which the asset is used; one figure has low = mode = high."""
        return one_or_three(self.adoption_one, self.adoption_low, self.adoption_mode, self.adoption_high) or ThreePoint(
            1.0, 1.0, 1.0
        )

    @property
    def volume(self) -> ThreePoint:
        """Units per year."""
        return ThreePoint(self.volume_low, self.volume_mode, self.volume_high)

    @property
    def unit_value(self) -> ThreePoint | None:
        """Money per unit; None when an evaluation gives it."""
        if self.unit_value_mode is None:
            return None
        return ThreePoint(self.unit_value_low, self.unit_value_mode, self.unit_value_high)


class Usage(Frozen):
    """Use of a model in one month."""

    asset_id: AssetId = column("The model.")
    month: Month = column("Month.")
    requests: AtLeastZero = column("Number of requests.", "requests per month")
    p50_ms: AtLeastZero = column("Median time of an answer.", "ms")
    p95_ms: AtLeastZero = column("95th percentile of the time of an answer.", "ms")
    gpu_hours: AtLeastZero = column("GPU time.", "hours per month")
    energy_kwh: AtLeastZero = column("Energy.", "kWh per month")
    uptime: Share | None = column("Share of the month in which it answered.", default=None)


class ScoreRow(Frozen):
    """One rater's score of one asset on one dimension. Scores stand beside the money and are never turned into it."""

    asset_id: AssetId = column("The asset.")
    dimension: Dimension = column("Dimension.")
    score_0_5: ZeroToFive = column("Score.", "0..5")
    rater: Label = column("Who gave it.")
    date: Day = column("Day of the rating.")


class Comparable(Frozen):
    """A price that was paid or asked for something like an asset of the client."""

    comparable: Label = column("What was sold, licensed or offered.")
    asset_id: AssetId | None = column(
        "Asset that it is comparable to; empty: it is shown and no value rests on it.", default=None
    )
    date: Day = column("Day of the price.")
    price: CostAmount = column("Price as it was paid or asked.", MONEY)
    price_low: CostAmount | None = column("Lowest price that is credible; of a substitute.", MONEY, default=None)
    price_high: CostAmount | None = column("Highest price that is credible; of a substitute.", MONEY, default=None)
    basis: Label = column("Kind of price: transaction, licence_agreement, exchange_listing, offer, api_list_price, ….")
    similarity: Share = column("How similar it is: 1 the same, 0 not at all; the weight of the price.")
    adjustment: Positive = column(
        "Factor that turns the price into one for the client's asset on the valuation date; empty: 1.", default=1.0
    )
    unit: PricedUnit = column(
        "What the price is for; empty: the whole asset, for good. per unit and per thousand: units of its benefit, or as "
        "named (per 1,000 requests).",
        default="",
    )
    substitute: YesNo = column(
        "true: an offer that would do the asset's work, so that the owner loses at most its price. It has a unit.",
        default=False,
    )
    source: Text = column("Where the price comes from.")
    currency: Currency | None = column("May be left out; if given, the client's currency.", default=None)

    @property
    def price_range(self) -> ThreePoint:
        """Price times adjustment with its credible ends, in money of the client for one ``unit``."""
        low, high = (self.price if end is None else end for end in (self.price_low, self.price_high))
        return ThreePoint(*(self.adjustment * price for price in (low, self.price, high)))

    @property
    def adjusted_price(self) -> float:
        """Price times adjustment, in money of the client."""
        return self.price * self.adjustment


class DataQuality(Frozen):
    """One dimension of the quality of a data asset (the dimensions of GB/T 36344-2018)."""

    asset_id: AssetId = column("The data.")
    dimension: Literal["conformity", "completeness", "accuracy", "consistency", "timeliness", "accessibility"] = column(
        "Dimension of quality."
    )
    score: Share = column("Share of what was checked that is in order.")
    n: CaseNumber | None = column("Number of records checked.", "records", default=None)
    checked_on: Day = column("Day of the check.")
    method: Text = column("How it was checked.", default="")


class BlockRow(Frozen):
    """What a model reaches that is trained on some blocks (sources, years, sites) of a data asset and on no others.

    Needed: all blocks together. All but one: what is lost without that one. All combinations: exact Shapley values.
    """

    asset_id: AssetId = column("The data.")
    model_id: AssetId | None = column("The model that was trained on them.", default=None)
    blocks: Blocks = column("Blocks that were used; empty: none, what is reached without data.", default=())
    rows: Count | None = column("Rows in these blocks.", "rows", default=None)
    metric: Label = column("Name of the metric: auc, recall, …; higher is better.")
    value: Number = column("Its value on the test cases.")
    n: CaseNumber = column("Number of test cases; the same for all rows.", "cases")
