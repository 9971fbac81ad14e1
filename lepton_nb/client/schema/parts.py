"""What the chapters read: a client, its measurements, and what was found wrong with a folder."""

# No "from __future__ import annotations" here: pydantic would compile each annotation from its text,
# which doubles the time of the import.

import hashlib
import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from lepton_nb.client.schema.base import Frozen, Grade, ThreePoint
from lepton_nb.client.schema.metric_rows import (
    Acceptance,
    Monitoring,
    Trial,
)
from lepton_nb.client.schema.of_cases import Split
from lepton_nb.client.schema.rows import (
    Asset,
    Benefit,
    Comparable,
    Cost,
    DataQuality,
    ScoreRow,
    Usage,
)
from lepton_nb.client.schema.settings import (
    Branding,
    ClientInfo,
    Discount,
    Engagement,
    EvidenceWidening,
    Market,
    MonteCarlo,
    Option,
    Scenario,
    ScorecardComparison,
    ScorecardWeights,
    Tax,
    Valuation,
)
from lepton_nb.client.words import did_you_mean, printable
from lepton_nb.terms import OUTCOMES, class_weights


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
    """A model against what was done before. ``paired`` has 8 cells; None: only the margins are known.

    positive_share: of positive cases in use, to which ``outcome_value`` is weighted; None: as in the test. share_range: its
    credible ends; None: none are given. public: typed as measured on data that are not the client's own.
    """

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
    positive_share: float | None = None
    share_range: ThreePoint | None = None
    share_source: str = ""
    public: bool = False

    @property
    def share_in_use(self) -> float:
        """The share of positive cases for which the money per outcome holds."""
        return self.model.positives / self.model.n if self.positive_share is None else self.positive_share

    @property
    def class_weights(self) -> dict[str, float]:
        """What the stated money of each outcome was multiplied by."""
        seen = self.model.positives / self.model.n
        return dict.fromkeys(OUTCOMES, 1.0) if self.positive_share is None else class_weights(seen, self.positive_share)

    @property
    def stated_value(self) -> OutcomeValue | None:
        """The money of one case of each outcome, as the client stated it."""
        if self.outcome_value is None:
            return None
        stated = {
            name: ThreePoint(*(each / times for each in getattr(self.outcome_value, name)))
            for name, times in self.class_weights.items()
        }
        return self.outcome_value.model_copy(update=stated)


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
    """A case and what was found in its data; ``sha256`` changes with any byte of data, predictions or model.

    Money and dates are as the case is to be judged with: its own, else those of the asset's typed evaluation.
    """

    asset_id: str
    case: str
    path: str
    kind: Literal["table", "arrays", "images", "sounds", "events", "series", "measurements", "translations"]
    sha256: str
    n: int
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    target: str | None = None
    positive: str | None = None
    baseline_column: str | None = None
    amount_column: str | None = None
    block_column: str | None = None
    group_column: str | None = None
    user_column: str | None = None
    item_column: str | None = None
    time_column: str | None = None
    series_column: str | None = None
    known_columns: tuple[str, ...] | None = None
    horizon: int | None = None  # steps that a forecaster foretells
    season: int | None = None  # steps after which its series look alike
    cost_too_low: float | None = None  # of each unit that a forecast is too low; None: errors are counted
    cost_too_high: float | None = None
    series: int | None = None  # how many it has
    step: str = ""  # time between two rows, in words
    clips: str | None = None  # table with a row a sound
    groups: int | None = None  # different values of the group_column of sounds
    heard_before: int = 0  # of these, those with sounds in the test and before it
    mix_channels: bool | None = None
    rate: int | None = None  # samples a second of all sounds
    seconds: float | None = None  # of all sounds together
    users: int | None = None  # different ones, of a recommender
    items: int | None = None
    single_users: int = 0  # users who chose one item only
    unseen_items: int = 0  # items of the test that nobody chose before
    test_from: date | None = None  # first day of the test of a recommender, a forecaster or an anomaly_detector
    same_times: int = 0  # rows of an anomaly_detector with the time of the row before
    same_time_row: int | None = None  # the first of them
    text_column: str | None = None
    language: str | None = None  # of most texts, as far as it is recognised
    other_language: int = 0  # texts of another one
    other_language_row: int | None = None
    other_language_name: str | None = None
    leave_out_columns: tuple[str, ...] | None = None
    texts: tuple[str, ...] = ()  # columns that are features and no numbers
    like_ids: tuple[str, ...] = ()  # columns that are no features for they look like ids
    split: Split | None = None
    predictions: str | None = None
    score_column: str | None = None
    joined_by: str | None = None  # id column of the predictions; empty: by the order of rows
    positives: int | None = None  # rows of class 1, where the data were examined
    last_day: date | None = None  # of the rows, where they are split by days
    model: str | None = None
    threshold: float | None = None
    positive_share: float | None = None
    positive_share_low: float | None = None
    positive_share_high: float | None = None
    positive_share_source: str | None = None
    outcome_value: OutcomeValue | None = None
    outcome_source: str = ""  # client.yml, the id of a typed evaluation, or empty where no money is known
    evaluated_on: date | None = None
    valuation_date: date | None = None
    currency: str = ""
    yearly_cases: float | None = None  # most likely decisions of a year that the measured gain is earned on
    rests: bool = False  # whether a benefit rests on what the case measures
    hour_price: float | None = None  # money of an hour of the machines that feed the asset
    hour_source: str = ""  # where it comes from, or what is missing for it

    @property
    def public(self) -> str:
        """Name of the public data set; empty for the client's own data."""
        return self.path.removeprefix("public:") if self.path.startswith("public:") else ""

    @property
    def share_range(self) -> ThreePoint | None:
        """The share of positive cases in use with its credible ends; None where it has none."""
        ends = self.positive_share_low, self.positive_share_high
        return None if None in ends else ThreePoint(ends[0], self.positive_share, ends[1])

    @property
    def door(self) -> str:
        """How the model comes in: predictions, onnx, keras or trained."""
        if self.predictions:
            return "predictions"
        return self.model.rsplit(".", 1)[-1].lower() if self.model else "trained"


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
    trials: tuple[Trial, ...] = ()
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
