"""The sections of ``client.yml``."""

# No "from __future__ import annotations" here: pydantic would compile each annotation from its text,
# which doubles the time of the import.

from typing import ClassVar, Literal

from lepton_nb.client.cells import (
    AssetId,
    AtLeastOne,
    AtLeastZero,
    CostAmount,
    Country,
    Currency,
    DataPath,
    Day,
    Draws,
    Fraction,
    Growth,
    Label,
    LongYears,
    OneToNine,
    Positive,
    Rho,
    Seed,
    Share,
    Text,
    Texts,
    Years,
    YesNo,
)
from lepton_nb.client.looks import TwoColours, TwoLightColours
from lepton_nb.client.schema.base import MONEY, Dimension, Frozen, ThreePoint, column


class ClientInfo(Frozen):
    """Who the client is."""

    name: Label = column("Name as the report prints it.")
    synthetic: YesNo = column(
        "true for an invented client: every page of the report then says so. false for a real one."
    )
    industry: Label = column("Industry, with its NACE code if there is one.")
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
    signatory: Text = column(
        "Who is to sign for the valuer: name, and role or qualification. Left out: lines to fill in.", default=""
    )
    intended_users: Text = column("For whom the report is made; nobody else may rely on it.", default="")
    premise: Literal["current_use", "highest_and_best_use", "orderly_liquidation", "forced_sale"] | None = column(
        "Premise of value: how the assets are assumed to be used.", default=None
    )
    independence: Text = column(
        "Ties of the valuer to the client or to the assets, or that there are none.", default=""
    )
    report_date: Day | None = column("Day of the report; not before the valuation date.", default=None)
    background: Text = column("What the client does and how its market stands, in the valuer's words.", default="")
    fee: Text = column("How the valuer is paid, and that it does not hang on the result.", default="")
    inspection: Text = column("Who looked at the assets at work, when, or that nobody did.", default="")
    subsequent_events: Text = column(
        "What happened between the valuation date and the report that a reader must know; it moves no figure.",
        default="",
    )
    limiting_conditions: Texts = column("What limits the report: scope, sources that were not checked, ….", default=())


class Branding(Frozen):
    """How the report looks: the client's logo and colours."""

    logo: DataPath | None = column(
        "PNG, JPEG or SVG file inside the client's folder, at most 1 MB; an SVG only draws: no script, no "
        "animation, nothing from elsewhere. A workbook has none.",
        default=None,
    )
    colours: TwoColours = column(
        "Two colours, the first for headings, the second for links and marks. Each has a contrast of 4.5 : 1 on light pages.",
        default=(),
    )
    colours_dark: TwoLightColours = column(
        "The same two for dark pages, with a contrast of 4.5 : 1 there. Left out: lighter shades of them are made.",
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

    name: Label = column("Name of the risk.")
    rate: Fraction = column("Premium.", "per year")
    asset_id: AssetId | None = column("Asset that bears the risk; left out: every asset.", default=None)
    source: Text = column("Why that much.", default="")


class RateSources(Frozen):
    """Where each part of the discount rate comes from; a part that is left out has the one source of all."""

    risk_free: Text = column("Of the risk-free rate.", default="")
    equity_risk_premium: Text = column("Of the equity risk premium.", default="")
    beta_unlevered: Text = column("Of the beta without debt.", default="")
    debt_to_equity: Text = column("Of debt divided by equity.", default="")
    size_premium: Text = column("Of the premium for a small company.", default="")
    pre_tax_cost_of_debt: Text = column("Of the interest before tax.", default="")
    asset_premium: Text = column("Of the premiums by kind of asset.", default="")


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
    sources: RateSources | None = column("Where each part of them comes from.", default=None)

    def source_of(self, part: str) -> str:
        """Where one part of the rate comes from: its own source, else that of all."""
        return (self.sources and self.sources[part]) or self.source

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

    name: Label = column("Name of the scenario.")
    p: Share = column("Probability; those of all scenarios sum to 1.")
    benefit_multiplier: AtLeastZero = column("Factor on all benefits.")
    cost_multiplier: AtLeastZero = column("Factor on all costs.")
    assets: tuple[AssetScenario, ...] = column("Assets for which other factors hold.", default=())

    def multipliers(self, asset_id: str) -> tuple[float, float]:
        """Factors on the benefits and on the costs of one asset: its own where given, else those for all."""
        own = next((item for item in self.assets if item.asset_id == asset_id), self)
        return own.benefit_multiplier, own.cost_multiplier


class Correlation(Frozen):
    """A correlation between two inputs of the simulation."""

    a: Text = column(
        "One input: volume, unit_value, outcome_value, cost or gain, of each driver; or one by its name: M1.energy.volume, "
        "C1_vs_scorecard.fn."
    )
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


class ScorecardComparison(Frozen):
    """How many times one dimension of the scorecard outweighs another; every pair of those named is compared once."""

    more: Dimension = column("The dimension that counts more, or the same.")
    less: Dimension = column("The dimension that counts less, or the same.")
    times: OneToNine = column("How many times: 1 the same, 3 somewhat more, 5 clearly, 7 much, 9 far more.")
