"""The types of a client: what a folder may say, and what the chapters read.

One field is one key of ``client.yml`` or one column of a CSV file; its ``description`` is what the
template prints. A new column is a new field here and needs nothing else: it is read, checked for its
type, explained in the template and counted in the fingerprint. ``SECTIONS`` and ``TABLES`` at the
end say which type stands in which file. Rules that look at more than one value are in ``rules.py``.
"""

# No "from __future__ import annotations" here: pydantic would compile each annotation from its text,
# which doubles the time of the import.

import hashlib
import json
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lepton_nb.client.cells import (
    AssetId,
    AssetIds,
    AtLeastOne,
    AtLeastZero,
    Blocks,
    CaseNumber,
    Class,
    CostAmount,
    Count,
    Country,
    Currency,
    DataPath,
    Day,
    Draws,
    Fraction,
    Growth,
    Link,
    LongYears,
    Month,
    Number,
    OneToFive,
    OneToNine,
    Positive,
    Privacy,
    Rho,
    Score,
    Seed,
    Text,
    Texts,
    TwoColours,
    Year,
    Years,
    YesNo,
    ZeroToFive,
    did_you_mean,
    printable,
)
from lepton_nb.terms import OTHER_METRICS, PERSONAL, RATES

MONEY = "money of the client"


class Frozen(BaseModel):
    """A typed value that cannot be changed; ``part["name"]`` reads the same as ``part.name``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


class ThreePoint(NamedTuple):
    """An uncertain number: the lowest, the most likely and the highest that is credible."""

    low: float
    mode: float
    high: float


#: Grade of evidence, from the strongest.
Grade = Literal["measured", "pilot", "expert", "vendor"]


def one_or_three(one: float | None, low: float | None, mode: float | None, high: float | None) -> ThreePoint | None:
    """One figure, or three; None when neither is given.

    >>> one_or_three(0.5, None, None, None), one_or_three(None, 1, 2, 3)
    (ThreePoint(low=0.5, mode=0.5, high=0.5), ThreePoint(low=1, mode=2, high=3))
    """
    if one is not None:
        return ThreePoint(one, one, one)
    return None if None in (low, mode, high) else ThreePoint(low, mode, high)


def _given(name: str, points: ThreePoint | None) -> ThreePoint:
    if points is None:  # no checked client has such a row
        raise ValueError(f"A benefit needs its {name}, as one figure or as low, mode and high. Received: none")
    return points


def column(description: str, unit: str = "", **settings: Any) -> Any:
    """A key or column with the words and the unit that the template prints. ``default=`` makes it optional."""
    return Field(description=description, json_schema_extra={"unit": unit}, **settings)


# --- client.yml


class ClientInfo(Frozen):
    """Who the client is."""

    name: Text = column("Name as the report prints it.")
    synthetic: YesNo = column(
        "true for an invented client: every page of the report then says so. false for a real one."
    )
    industry: Text = column("Industry, with its NACE code if there is one.")
    country: Country = column("Country whose tax and law apply.")


class Valuation(Frozen):
    """What is valued, for which purpose, on which day."""

    date: Day = column(
        "Valuation date. Costs before it are sunk, but for the tax that their amortisation saves; benefits and costs after it count."
    )
    purpose: Literal["management", "financial_reporting", "transaction", "cn_data_resources", "accounting_only"] = (
        column("What the report is for.")
    )
    basis_of_value: Literal["market_value", "fair_value_ifrs13", "value_in_use_ias36", "investment_value"] = column(
        "Basis of value: whose value it is."
    )
    currency: Currency = column("The one currency of all money in the folder.")
    price_basis: Literal["nominal", "real"] = column(
        "nominal: prices of each year. real: prices of the valuation date."
    )
    timing: Literal["end", "mid_year"] = column("Moment within a year at which its flow is discounted.")
    horizon_years: Years = column("Years after the valuation date that are valued.", "years")
    terminal_treatment: Literal["none"] | None = column(
        "none: said on purpose, what lies after the horizon counts nothing. Needed when a useful life reaches beyond it.",
        default=None,
    )

    beyond_useful_life: Literal["cut", "keep"] = column(
        "cut: benefits and running costs end with the useful life of the asset that earns them. keep: they go on to the "
        "horizon.",
        default="cut",
    )
    beyond_useful_life_reason: Text = column("Why they go on; needed with keep.", default="")
    loss_years: Literal["stop", "run"] = column(
        "stop: a group is run only as long as the rest of its flows is worth more than stopping. run: to the horizon.",
        default="stop",
    )
    loss_years_reason: Text = column("Why it is run at a loss; needed with run.", default="")


class Engagement(Frozen):
    """The valuer's engagement, as a valuation report states it (IVS 106). What is left out is not stated."""

    valuer: Text = column("Who values, with the qualification.", default="")
    intended_users: Text = column("For whom the report is made; nobody else may rely on it.", default="")
    premise: Literal["current_use", "highest_and_best_use", "orderly_liquidation", "forced_sale"] | None = column(
        "Premise of value: how the assets are assumed to be used.", default=None
    )
    independence: Text = column(
        "Ties of the valuer to the client or to the assets, or that there are none.", default=""
    )
    report_date: Day | None = column("Day of the report; not before the valuation date.", default=None)
    limiting_conditions: Texts = column("What limits the report: scope, sources that were not checked, ….", default=())


class Branding(Frozen):
    """How the report looks: the client's logo and colours."""

    logo: DataPath | None = column(
        "PNG or JPEG file inside the client's folder, at most 1 MB; a workbook has none.", default=None
    )
    colours: TwoColours = column(
        "Two colours, the first for headings, the second for accents. Each is readable on white and under white text.",
        default=(),
    )


class Dialect(Frozen):
    """How the folder's CSV files are written. It is declared here and never guessed; Parquet and Excel need none."""

    separator: Literal[",", ";", "tab", "|"] = column("Sign between the columns.", default=",")
    decimal: Literal[".", ","] = column("Sign before the decimals; nothing stands between thousands.", default=".")

    @property
    def delimiter(self) -> str:
        """The separator as one character."""
        return "\t" if self.separator == "tab" else self.separator


class AssetPremium(Frozen):
    """Addition to the cost of capital for the risk of each kind of asset. An assumption, so it has no default."""

    data: Fraction = column("Premium for data.", "per year")
    model: Fraction = column("Premium for models.", "per year")
    infrastructure: Fraction = column("Premium for infrastructure.", "per year")


class SpecificPremium(Frozen):
    """Addition to the discount rate for a risk that has a name."""

    name: Text = column("Name of the risk.")
    rate: Fraction = column("Premium.", "per year")
    asset_id: AssetId | None = column("Asset that bears the risk; left out: every asset.", default=None)
    source: Text = column("Why that much.", default="")


class Discount(Frozen):
    """The cost of capital: given, or built up from its parts."""

    method: Literal["build_up", "given"] = column("given: wacc below. build_up: from the parts below.")
    wacc: Fraction | None = column(
        "Weighted average cost of capital; only with method given.", "per year", default=None
    )
    risk_free: Fraction | None = column("Risk-free rate; with build_up.", "per year", default=None)
    equity_risk_premium: Fraction | None = column("Equity risk premium; with build_up.", "per year", default=None)
    beta_unlevered: AtLeastZero | None = column("Beta without debt; with build_up.", default=None)
    debt_to_equity: AtLeastZero | None = column("Debt divided by equity; with build_up.", default=None)
    size_premium: Fraction = column("Premium for a small company; with build_up.", "per year", default=0.0)
    pre_tax_cost_of_debt: Fraction | None = column("Interest before tax; with build_up.", "per year", default=None)
    asset_premium: AssetPremium = column("Premium by kind of asset, on top of the cost of capital.")
    specific_premiums: tuple[SpecificPremium, ...] = column("Premiums for risks of single assets.", default=())
    rate_basis: Literal["nominal", "real"] = column(
        "Whether the rates above hold inflation (nominal) or not (real).", default="nominal"
    )
    inflation: Growth | None = column(
        "Yearly inflation; needed when rate_basis and price_basis differ.", "per year", default=None
    )
    terminal_growth: Growth | None = column(
        "Yearly growth after the horizon; must stay below the discount rate. Not applied: the value ends at the horizon.",
        "per year",
        default=None,
    )
    source: Text = column("Where the rates come from.", default="")

    def specific_premium(self, asset_id: str) -> float:
        """Sum of the specific premiums that an asset bears, per year."""
        return sum(item.rate for item in self.specific_premiums if item.asset_id in (None, asset_id))

    #: What build_up needs.
    BUILD_UP: ClassVar = (
        "risk_free",
        "equity_risk_premium",
        "beta_unlevered",
        "debt_to_equity",
        "pre_tax_cost_of_debt",
    )


class Tax(Frozen):
    """Tax on the benefits."""

    rate: Fraction = column("Rate of tax on profit.")
    tax_amortisation_benefit: YesNo = column("Whether a buyer could amortise the price against tax.")
    tab_years: LongYears = column("Years of that amortisation.", "years")


class AssetScenario(Frozen):
    """Factors of one scenario for one asset, in place of those for all."""

    asset_id: AssetId = column("Asset.")
    benefit_multiplier: AtLeastZero = column("Factor on its benefits.")
    cost_multiplier: AtLeastZero = column("Factor on its costs.")


class Scenario(Frozen):
    """One state of the world."""

    name: Text = column("Name of the scenario.")
    p: Fraction = column("Probability; those of all scenarios sum to 1.")
    benefit_multiplier: AtLeastZero = column("Factor on all benefits.")
    cost_multiplier: AtLeastZero = column("Factor on all costs.")
    assets: tuple[AssetScenario, ...] = column("Assets for which other factors hold.", default=())

    def multipliers(self, asset_id: str) -> tuple[float, float]:
        """Factors on the benefits and on the costs of one asset: its own where given, else those for all."""
        own = next((item for item in self.assets if item.asset_id == asset_id), self)
        return own.benefit_multiplier, own.cost_multiplier


class Correlation(Frozen):
    """A correlation between two inputs of the simulation."""

    a: Text = column("One input: volume, unit_value, outcome_value, cost or gain.")
    b: Text = column("The other input.")
    rho: Rho = column("Rank correlation.")


class MonteCarlo(Frozen):
    """The simulation."""

    draws: Draws = column("Number of draws.")
    seed: Seed = column("Seed: the same seed gives the same report.")
    correlations: tuple[Correlation, ...] = column("Inputs that move together.", default=())


class EvidenceWidening(Frozen):
    """By how much the range around the mode is widened for each grade of evidence."""

    measured: AtLeastOne = column("Measured on the client's own cases.", default=1.0)
    pilot: AtLeastOne = column("From a pilot.", default=1.25)
    expert: AtLeastOne = column("An expert's estimate.", default=1.5)
    vendor: AtLeastOne = column("The vendor's own figure.", default=2.0)


class Option(Frozen):
    """A choice that can be made later. By kind: what it costs and what it brings.

    defer: cost is the investment, scale the share of the group's benefits that it brings (at most 1).
    expand: cost is the investment, scale the size afterwards as a multiple of today's; scale - 1 is what is added.
    abandon: cost is what stopping costs, salvage the money that it brings; no scale.
    switch: cost is what switching costs, scale the benefits afterwards as a multiple of today's.
    stage: cost is the next stage, scale the share of the group's benefits that it opens (at most 1).
    """

    asset_id: AssetId = column("Asset that the option belongs to.")
    kind: Literal["defer", "expand", "abandon", "switch", "stage"] = column("Kind of option.")
    cost: CostAmount = column(
        "Money to exercise it. defer, expand: the investment. stage: the next stage. switch: what switching costs. "
        "abandon: what stopping costs.",
        MONEY,
    )
    scale: Positive | None = column(
        "defer, stage: share of the group's benefits that it brings. expand: size afterwards, 2 doubles today's. "
        "switch: benefits afterwards as a multiple of today's. abandon: leave it out.",
        default=None,
    )
    salvage: CostAmount | None = column(
        "abandon: what stopping brings; other kinds: leave it out.", MONEY, default=None
    )
    deadline_years: Positive = column("Time until it lapses.", "years")
    volatility: AtLeastZero = column("Volatility of the value.", "per year")
    volatility_source: Text = column("Where the volatility comes from.")


class RoyaltyRate(Frozen):
    """What others pay for comparable rights, as a share of revenue."""

    asset_id: AssetId = column("Asset that the rate is comparable to.")
    low: Fraction = column("Lowest credible rate.")
    mode: Fraction = column("Most likely rate.")
    high: Fraction = column("Highest credible rate.")
    source: Text = column("Where the rate comes from.")

    @property
    def rate(self) -> ThreePoint:
        """The rate as low, mode, high."""
        return ThreePoint(self.low, self.mode, self.high)


class Market(Frozen):
    """Evidence from markets."""

    royalty_rates: tuple[RoyaltyRate, ...] = column("Royalty rates.", default=())


class ScorecardWeights(Frozen):
    """Weight of each dimension in the scorecard."""

    innovation: Fraction = column("Weight of capability to innovate.", default=0.0)
    market_potential: Fraction = column("Weight of market potential.", default=0.0)
    strategic_fit: Fraction = column("Weight of strategic fit.", default=0.0)
    explainability: Fraction = column("Weight of explainability.", default=0.0)
    robustness: Fraction = column("Weight of robustness.", default=0.0)


Dimension = Literal["innovation", "market_potential", "strategic_fit", "explainability", "robustness"]


class ScorecardComparison(Frozen):
    """How many times one dimension of the scorecard outweighs another; every pair of those named is compared once."""

    more: Dimension = column("The dimension that counts more, or the same.")
    less: Dimension = column("The dimension that counts less, or the same.")
    times: OneToNine = column("How many times: 1 the same, 3 somewhat more, 5 clearly, 7 much, 9 far more.")


class Split(Frozen):
    """Which rows of a case's data are kept for the test: from a day on, or a share drawn at random."""

    by: Text = column("Column that holds the day of a row; or random.")
    test_from: Day | None = column("First day of the test rows; with a column.", default=None)
    test_share: Fraction | None = column("Share of the rows for the test; with random.", default=None)


class Case(Frozen):
    """A model that is trained or scored on the client's own data; its measured, paired result is valued."""

    asset_id: AssetId = column("The model.")
    case: Literal["risk_classifier", "forecaster", "image_classifier", "translator"] = column("Kind of case.")
    data: DataPath = column(
        "File or folder inside the client's folder. Tables and series: .csv or .parquet. Images: .npz with arrays x and "
        "y, or a folder with a folder of PNG or JPEG files for each class. Translations: .tsv, source and target."
    )
    target: Text | None = column("Column to be predicted; for tables and series.", default=None)
    baseline_column: Text | None = column(
        "Column, or array of the .npz, with what was done before: 0 or 1.", default=None
    )
    block_column: Text | None = column("Column that names the block (source, year, site) of a row.", default=None)
    split: Split | None = column("Which rows are kept for the test.", default=None)


# --- CSV files: one type a row


class Asset(Frozen):
    """An asset of the register: data, a model or infrastructure."""

    asset_id: AssetId = column("Short id, used in all other files.")
    name: Text = column("Name as the report prints it.")
    kind: Literal["data", "model", "infrastructure"] = column("Kind of asset.")
    lifecycle_stage: Literal[
        "data_management",
        "algorithm_development",
        "deployment",
        "business_integration",
        "monitoring_evaluation",
        "retired",
    ] = column("Where the asset stands in the life cycle.")
    owner: Text = column("Who answers for it. Empty: nobody does, and the report says so.", default="")
    industry: Text = column("Industry in which it is used.", default="")
    in_service_date: Day | None = column("First day of use; empty before deployment.", default=None)
    useful_life_years: Positive = column(
        "Useful life from the first day of use; before deployment, from the valuation date.", "years"
    )
    useful_life_basis: Text = column("Why that long: technical, legal_retention, measured_drift, model_policy, ….")
    half_life_years: Positive | None = column(
        "Years in which the benefit halves; empty: it does not decay.", "years", default=None
    )
    half_life_basis: Text = column("Why that half-life; empty: the basis of the useful life.", default="")
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
                "legal control unclear: control (IAS 38) and lawful ownership or control (CAS guidance) are not met, "
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
    category: Text = column("What was bought: labour, compute, labelling, hardware, ….")
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
    driver_id: Text = column("What the benefit comes from; the same word in each year.")
    year: Year = column("Calendar year; the figures are those of the whole year.")
    benefit_type: Literal["revenue", "cost_saving", "efficiency", "risk_reduction", "indirect"] = column(
        "Type of benefit."
    )
    volume_low: AtLeastZero = column("Lowest credible volume.", "unit per year")
    volume_mode: AtLeastZero = column("Most likely volume.", "unit per year")
    volume_high: AtLeastZero = column("Highest credible volume.", "unit per year")
    unit: Text = column("What is counted: castings, applications, words, ….")
    unit_value_low: Number | None = column(
        "Lowest credible value of one unit; empty with a link to an evaluation.", f"{MONEY} per unit", default=None
    )
    unit_value_mode: Number | None = column("Most likely value of one unit.", f"{MONEY} per unit", default=None)
    unit_value_high: Number | None = column("Highest credible value of one unit.", f"{MONEY} per unit", default=None)
    attribution_one: Fraction | None = column(
        "Share of the benefit that is due to this asset, at most 1; as one figure, or low, mode and high below.",
        default=None,
        alias="attribution",
    )
    attribution_low: Fraction | None = column("Lowest credible share.", default=None)
    attribution_mode: Fraction | None = column("Most likely share.", default=None)
    attribution_high: Fraction | None = column("Highest credible share.", default=None)
    adoption_one: Fraction | None = column(
        "Share of the volume on which the asset is used in that year; as one figure, or low, mode and high below.",
        default=None,
        alias="adoption",
    )
    adoption_low: Fraction | None = column("Lowest credible share.", default=None)
    adoption_mode: Fraction | None = column("Most likely share.", default=None)
    adoption_high: Fraction | None = column("Highest credible share.", default=None)
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


class ConfusionRow(Frozen):
    """What a policy did on the cases of one evaluation. A row without asset_id is the baseline."""

    evaluation_id: Text = column("Id of the evaluation; two rows share it, the model's and the baseline's.")
    asset_id: AssetId | None = column("The model; empty: the baseline, what was done before.", default=None)
    policy: Text = column("Name of the policy.", default="")
    evaluated_on: Day = column("Day of the evaluation.")
    sample: Text = column("Which cases; \"same …\" in the baseline's row: the model's cases.", default="")
    n: CaseNumber = column("Number of cases; tp + fp + fn + tn.", "cases")
    tp: Count = column("True positives: flagged, and rightly.", "cases")
    fp: Count = column("False positives: flagged, and wrongly.", "cases")
    fn: Count = column("False negatives: not flagged, and wrongly.", "cases")
    tn: Count = column("True negatives: not flagged, and rightly.", "cases")


class OutcomeRow(Frozen):
    """What a case with this outcome is worth."""

    evaluation_id: Text = column("Id of the evaluation.")
    outcome: Literal["tp", "fp", "fn", "tn"] = column("Outcome.")
    low: Number = column("Lowest credible value; a loss is negative, so this is the worst.", f"{MONEY} per case")
    mode: Number = column("Most likely value.", f"{MONEY} per case")
    high: Number = column("Highest credible value.", f"{MONEY} per case")
    unit: Text = column("What the money is paid for.", default="")
    evidence: Grade | None = column(
        "Grade of evidence of these figures; it widens the range. Empty: that of the benefit.", default=None
    )

    @property
    def value(self) -> ThreePoint:
        """Money per case."""
        return ThreePoint(self.low, self.mode, self.high)


class PairedRow(Frozen):
    """How many cases of one class the model and the baseline flagged both, one of them, or neither."""

    evaluation_id: Text = column("Id of the evaluation.")
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
    unit: Text = column("What one answer is: segments, letters, ….")

    @property
    def accepted(self) -> int:
        """Number of answers accepted without a change."""
        return self.accepted_without_edit


class Monitoring(Frozen):
    """A metric measured in use."""

    asset_id: AssetId = column("The model.")
    period: Month = column("Month of the measurement.")
    metric: Text = column(
        f"Name of the metric. Shares of cases, which money can be computed from: {', '.join(RATES)}. Others, such as "
        f"{', '.join(OTHER_METRICS[:3])}, are shown. Several metrics of one month are several rows."
    )
    value: Number = column("Its value.")
    n: CaseNumber = column(
        "Number of cases behind it; of recall: positive cases, of false_alarm_rate: negative.", "cases"
    )
    baseline_value: Number | None = column("What the baseline reached on the same cases, if known.", default=None)


class Usage(Frozen):
    """Use of a model in one month."""

    asset_id: AssetId = column("The model.")
    month: Month = column("Month.")
    requests: AtLeastZero = column("Number of requests.", "requests per month")
    p50_ms: AtLeastZero = column("Median time of an answer.", "ms")
    p95_ms: AtLeastZero = column("95th percentile of the time of an answer.", "ms")
    gpu_hours: AtLeastZero = column("GPU time.", "hours per month")
    energy_kwh: AtLeastZero = column("Energy.", "kWh per month")
    uptime: Fraction | None = column("Share of the month in which it answered.", default=None)


class ScoreRow(Frozen):
    """One rater's score of one asset on one dimension. Scores stand beside the money and are never turned into it."""

    asset_id: AssetId = column("The asset.")
    dimension: Dimension = column("Dimension.")
    score_0_5: ZeroToFive = column("Score.", "0..5")
    rater: Text = column("Who gave it.")
    date: Day = column("Day of the rating.")


class Comparable(Frozen):
    """A price that was paid or asked for something like an asset of the client."""

    comparable: Text = column("What was sold, licensed or offered.")
    asset_id: AssetId | None = column(
        "Asset that it is comparable to; empty: it is shown and no value rests on it.", default=None
    )
    date: Day = column("Day of the price.")
    price: CostAmount = column("Price as it was paid or asked.", MONEY)
    basis: Text = column("Kind of price: transaction, licence_agreement, exchange_listing, offer, api_list_price, ….")
    similarity: Fraction = column("How similar it is: 1 the same, 0 not at all; the weight of the price.")
    adjustment: Positive = column(
        "Factor that turns the price into one for the client's asset on the valuation date; empty: 1.", default=1.0
    )
    unit: Literal["", "per unit", "per thousand", "per month", "per year"] = column(
        "What the price is for; empty: the whole asset, for good. per unit and per thousand: units of its benefit.",
        default="",
    )
    substitute: YesNo = column(
        "true: an offer that would do the asset's work, so that the owner loses at most its price. It has a unit.",
        default=False,
    )
    source: Text = column("Where the price comes from.")
    currency: Currency | None = column("May be left out; if given, the client's currency.", default=None)

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
    score: Fraction = column("Share of what was checked that is in order.")
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
    metric: Text = column("Name of the metric: auc, recall, …; higher is better.")
    value: Number = column("Its value on the test cases.")
    n: CaseNumber = column("Number of test cases; the same for all rows.", "cases")


class PredictionRow(Frozen):
    """One scored case."""

    row_id: Text = column("Id of the case; no name, address or account.")
    y_true: Class = column("True class.")
    score: Score = column("The model's probability of class 1.")
    group: Text | None = column("Group for rates by group.", default=None)
    amount: Number | None = column("Money at stake in the case.", MONEY, default=None)


# --- what the chapters read


class Counts(Frozen):
    """A confusion matrix in cases."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def n(self) -> int:
        """Number of cases."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def positives(self) -> int:
        """Number of cases of class 1."""
        return self.tp + self.fn


class OutcomeValue(Frozen):
    """Money per case for each outcome."""

    tp: ThreePoint
    fp: ThreePoint
    fn: ThreePoint
    tn: ThreePoint
    tp_evidence: Grade | None = None
    fp_evidence: Grade | None = None
    fn_evidence: Grade | None = None
    tn_evidence: Grade | None = None

    def grade(self, outcome: str) -> str | None:
        """Grade of evidence of the money of one outcome; None: that of the benefit that rests on it."""
        return self[f"{outcome}_evidence"]


class PairedCount(Frozen):
    """Cases of class ``y_true`` by what the model and the baseline said (0 or 1)."""

    y_true: int
    model: int
    baseline: int
    count: int


class Evaluation(Frozen):
    """A model against what was done before. ``paired`` has 8 cells; None: only the margins are known."""

    evaluation_id: str
    asset_id: str
    evaluated_on: date
    sample: str
    n: int
    model: Counts
    baseline: Counts
    model_policy: str = ""
    baseline_policy: str = ""
    paired: tuple[PairedCount, ...] | None = None
    outcome_value: OutcomeValue | None = None


class Predictions(Frozen):
    """The scored cases of one model, by column; ``group`` and ``amount`` are empty when the file has none."""

    asset_id: str
    row_id: tuple[str, ...]
    y_true: tuple[int, ...]
    score: tuple[float, ...]
    group: tuple[str | None, ...] = ()
    amount: tuple[float | None, ...] = ()


class Coalition(Frozen):
    """What is reached with some blocks of data. ``blocks`` is sorted."""

    blocks: tuple[str, ...]
    value: float
    rows: int | None = None


class DataBlocks(Frozen):
    """The blocks of one data asset, and what a model reaches with some of them.

    blocks: all names, sorted; coalitions: from the fewest blocks to the most, each set once; the last is the whole.
    """

    asset_id: str
    model_id: str | None
    metric: str
    n: int
    blocks: tuple[str, ...]
    coalitions: tuple[Coalition, ...]

    def value(self, *blocks: str) -> float | None:
        """The metric with these blocks alone; None where it was not measured."""
        wanted = tuple(sorted(blocks))
        return next((item.value for item in self.coalitions if item.blocks == wanted), None)

    @property
    def complete(self) -> bool:
        """Whether all 2^k combinations are given, so that Shapley values are exact."""
        return len(self.coalitions) == 2 ** len(self.blocks)


class CaseData(Frozen):
    """A case and what was found in its data; ``sha256`` changes with any byte of it."""

    asset_id: str
    case: str
    path: str
    kind: Literal["table", "arrays", "images", "translations"]
    sha256: str
    n: int
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    target: str | None = None
    baseline_column: str | None = None
    block_column: str | None = None
    split: Split | None = None


Line = Annotated[str, BeforeValidator(printable)]


class Problem(Frozen):
    """One finding: where, what was found, which rule, what to do.

    ``row`` is the line that a spreadsheet shows (the header is row 1), in client.yml the line of the
    file; None when the whole file is meant. The texts may quote the client's files: they hold no control
    character, but are to be escaped where they are shown as HTML or markup.
    """

    file: Line
    row: int | None
    column: Line
    found: Line
    rule: int
    remedy: Line

    @property
    def where(self) -> str:
        """``costs.csv row 4, amount``, ``client.yml line 12, discount.wacc`` or ``sheet "costs" row 4, amount``."""
        line = "line" if self.file.endswith(".yml") else "row"
        place = self.file + (f" {line} {self.row}" if self.row is not None else "")
        return f"{place}, {self.column}" if self.column else place

    @property
    def sentence(self) -> str:
        """The finding in one line."""
        return f"{self.where}: {self.found}; {self.remedy} (rule {self.rule})"


class ClientProblems(ValueError):
    """The folder was refused; ``problems`` holds every finding."""

    def __init__(self, problems: tuple[Problem, ...]):
        self.problems = problems
        super().__init__(problems)

    def __str__(self) -> str:
        return "\n".join(problem.sentence for problem in self.problems)


class Client(Frozen):
    """One client, complete and checked. Parts are read by name; a chapter takes ``only`` those that it declares."""

    client: ClientInfo
    valuation: Valuation
    discount: Discount
    tax: Tax
    scenarios: tuple[Scenario, ...]
    monte_carlo: MonteCarlo
    evidence_widening: EvidenceWidening = EvidenceWidening()
    engagement: Engagement = Engagement()
    branding: Branding = Branding()
    options: tuple[Option, ...] = ()
    market: Market = Market()
    scorecard_weights: ScorecardWeights | None = None
    scorecard_comparisons: tuple[ScorecardComparison, ...] = ()
    assets: tuple[Asset, ...]
    costs: tuple[Cost, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    acceptance: tuple[Acceptance, ...] = ()
    monitoring: tuple[Monitoring, ...] = ()
    usage: tuple[Usage, ...] = ()
    scores: tuple[ScoreRow, ...] = ()
    comparables: tuple[Comparable, ...] = ()
    data_quality: tuple[DataQuality, ...] = ()
    data_blocks: tuple[DataBlocks, ...] = ()
    cases: tuple[CaseData, ...] = ()
    predictions: tuple[Predictions, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def only(self, *parts: str) -> "View":
        """A view of these parts alone: reading any other raises AttributeError.

        Raises ValueError for a part that a client does not have.
        """
        return View(self, parts)

    def fingerprint(self, part: str) -> str:
        """SHA-256 of one part as canonical JSON: equal when and only when the part says the same.

        Raises ValueError for a part that a client does not have.
        """
        _need_part(part)
        plain = self.model_dump(mode="json", include={part})[part]
        text = json.dumps(plain, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _need_part(part: str) -> None:
    if part not in Client.model_fields:
        near = did_you_mean(str(part), Client.model_fields)
        raise ValueError(
            f"A client has no part of that name; {near or 'see Client.model_fields'} Received: part={part!r}"
        )


class View:
    """Some parts of a client, and no others."""

    __slots__ = ("_parts",)

    def __init__(self, client: Client, parts: tuple[str, ...]):
        for part in parts:
            _need_part(part)
        self._parts = {part: getattr(client, part) for part in parts}

    def __getattr__(self, name: str) -> Any:
        if name != "_parts" and name in self._parts:
            return self._parts[name]
        if name in Client.model_fields:
            raise AttributeError(
                f"The part {name!r} of the client is not among those taken here ({', '.join(sorted(self._parts))}). "
                "Name it in only(…) and in the notebook's metadata under lepton.reads.client."
            )
        raise AttributeError(f"A client has no part {name!r}.")

    def __dir__(self) -> list[str]:
        return sorted(self._parts)

    def __repr__(self) -> str:
        return f"View of a client: {', '.join(sorted(self._parts))}"


# --- which type stands in which file


class Section(NamedTuple):
    """A key at the top of client.yml; ``many``: a list of such sections."""

    type: type[Frozen]
    required: bool = True
    many: bool = False


class Table(NamedTuple):
    """A CSV file. ``key``: columns that together name a row and may not come twice (rule 16)."""

    type: type[Frozen]
    key: tuple[str, ...] = ()
    required: bool = False


SECTIONS = {
    "client": Section(ClientInfo),
    "valuation": Section(Valuation),
    "discount": Section(Discount),
    "tax": Section(Tax),
    "scenarios": Section(Scenario, many=True),
    "monte_carlo": Section(MonteCarlo),
    "evidence_widening": Section(EvidenceWidening, required=False),
    "options": Section(Option, required=False, many=True),
    "market": Section(Market, required=False),
    "scorecard_weights": Section(ScorecardWeights, required=False),
    "scorecard_comparisons": Section(ScorecardComparison, required=False, many=True),
    "cases": Section(Case, required=False, many=True),
    "engagement": Section(Engagement, required=False),
    "branding": Section(Branding, required=False),
    "csv": Section(Dialect, required=False),
}

TABLES = {
    "assets.csv": Table(Asset, ("asset_id",), required=True),
    "costs.csv": Table(Cost, required=True),
    "benefits.csv": Table(Benefit, required=True),
    "metrics/confusion.csv": Table(ConfusionRow),
    "metrics/outcome_value.csv": Table(OutcomeRow, ("evaluation_id", "outcome")),
    "metrics/paired_counts.csv": Table(
        PairedRow, ("evaluation_id", "y_true", "flagged_by_model", "flagged_by_baseline")
    ),
    "metrics/acceptance.csv": Table(Acceptance, ("asset_id",)),
    "metrics/monitoring.csv": Table(Monitoring, ("asset_id", "period", "metric")),
    "usage.csv": Table(Usage, ("asset_id", "month")),
    "market.csv": Table(Comparable, ("comparable", "date")),
    "scores.csv": Table(ScoreRow, ("asset_id", "dimension", "rater", "date")),
    "data_quality.csv": Table(DataQuality, ("asset_id", "dimension")),
    "data_blocks.csv": Table(BlockRow),
}

#: One such file a model: metrics/predictions_<asset_id>.csv
PREDICTIONS = Table(PredictionRow, ("row_id",))
