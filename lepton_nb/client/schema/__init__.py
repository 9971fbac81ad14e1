"""The types of a client: what a folder may say, and what the chapters read.

One field is one key of ``client.yml`` or one column of a CSV file; its ``description`` is what the
template prints. A new column is a new field here and needs nothing else: it is read, checked for its
type, explained in the template and counted in the fingerprint. ``SECTIONS`` and ``TABLES`` say which type
stands in which file. Rules that look at more than one value are in ``rules``.
"""

from typing import NamedTuple

from lepton_nb.client.schema.base import MONEY, Dimension, Frozen, Grade, ThreePoint, column, one_or_three
from lepton_nb.client.schema.metric_rows import (
    Acceptance,
    ConfusionRow,
    Monitoring,
    OutcomeRow,
    PairedRow,
    PredictionRow,
    Trial,
)
from lepton_nb.client.schema.of_cases import Case, CaseMoney, Split
from lepton_nb.client.schema.parts import (
    CaseData,
    Client,
    ClientProblems,
    Coalition,
    Counts,
    DataBlocks,
    Evaluation,
    OutcomeValue,
    PairedCount,
    Predictions,
    Problem,
    View,
)
from lepton_nb.client.schema.rows import (
    Asset,
    Benefit,
    BlockRow,
    Comparable,
    Cost,
    DataQuality,
    ScoreRow,
    Usage,
)
from lepton_nb.client.schema.settings import (
    AssetPremium,
    AssetScenario,
    Branding,
    ClientInfo,
    Correlation,
    Dialect,
    Discount,
    Engagement,
    EvidenceWidening,
    Market,
    MonteCarlo,
    Option,
    RoyaltyRate,
    Scenario,
    ScorecardComparison,
    ScorecardWeights,
    SpecificPremium,
    Tax,
    Valuation,
)

__all__ = [
    "ACCEPTANCE",
    "ASSETS",
    "BENEFITS",
    "BLOCKS",
    "CONFUSION",
    "COSTS",
    "MARKET",
    "MONEY",
    "MONITORING",
    "OUTCOMES",
    "PAIRED",
    "PREDICTIONS",
    "QUALITY",
    "SCORES",
    "SECTIONS",
    "TABLES",
    "TRIALS",
    "USAGE",
    "Acceptance",
    "Asset",
    "AssetPremium",
    "AssetScenario",
    "Benefit",
    "BlockRow",
    "Branding",
    "Case",
    "CaseData",
    "CaseMoney",
    "Client",
    "ClientInfo",
    "ClientProblems",
    "Coalition",
    "Comparable",
    "ConfusionRow",
    "Correlation",
    "Cost",
    "Counts",
    "DataBlocks",
    "DataQuality",
    "Dialect",
    "Dimension",
    "Discount",
    "Engagement",
    "Evaluation",
    "EvidenceWidening",
    "Frozen",
    "Grade",
    "Market",
    "Monitoring",
    "MonteCarlo",
    "Option",
    "OutcomeRow",
    "OutcomeValue",
    "PairedCount",
    "PairedRow",
    "PredictionRow",
    "Predictions",
    "Problem",
    "RoyaltyRate",
    "Scenario",
    "ScoreRow",
    "ScorecardComparison",
    "ScorecardWeights",
    "Section",
    "SpecificPremium",
    "Split",
    "Table",
    "Tax",
    "ThreePoint",
    "Trial",
    "Usage",
    "Valuation",
    "View",
    "column",
    "one_or_three",
]

ASSETS, COSTS, BENEFITS = "assets.csv", "costs.csv", "benefits.csv"
CONFUSION, OUTCOMES, PAIRED = "metrics/confusion.csv", "metrics/outcome_value.csv", "metrics/paired_counts.csv"
ACCEPTANCE, TRIALS, MONITORING = "metrics/acceptance.csv", "metrics/trials.csv", "metrics/monitoring.csv"
USAGE, MARKET, QUALITY, BLOCKS = "usage.csv", "market.csv", "data_quality.csv", "data_blocks.csv"
SCORES = "scores.csv"


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
    ASSETS: Table(Asset, ("asset_id",), required=True),
    COSTS: Table(Cost, required=True),
    BENEFITS: Table(Benefit, required=True),
    CONFUSION: Table(ConfusionRow),
    OUTCOMES: Table(OutcomeRow, ("evaluation_id", "outcome")),
    PAIRED: Table(PairedRow, ("evaluation_id", "y_true", "flagged_by_model", "flagged_by_baseline")),
    ACCEPTANCE: Table(Acceptance, ("asset_id",)),
    TRIALS: Table(Trial, ("trial_id",)),
    MONITORING: Table(Monitoring, ("asset_id", "period", "metric")),
    USAGE: Table(Usage, ("asset_id", "month")),
    MARKET: Table(Comparable, ("comparable", "date")),
    SCORES: Table(ScoreRow, ("asset_id", "dimension", "rater", "date")),
    QUALITY: Table(DataQuality, ("asset_id", "dimension")),
    BLOCKS: Table(BlockRow),
}

#: One such file a model: metrics/predictions_<asset_id>.csv
PREDICTIONS = Table(PredictionRow, ("row_id",))
