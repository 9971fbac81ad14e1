"""What a case is made of: its parts, its money, scores for its rows, and what came of them. Frozen values, no work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from lepton_nb.client import Evaluation, OutcomeValue, ThreePoint
from lepton_nb.valuation.data_value import Attribution
from lepton_nb.valuation.performance import Interval, NetBenefit, ProfitCurve, Score

#: Level of every interval of a case: the same as that of the pages of value.
LEVEL = 0.90
#: Parts of a case in the order in which they are used.
PARTS = ("train", "validation", "test")


class NotUsable(ValueError):
    """What the client brought cannot be used, as is seen only when it runs. A report says this sentence and no more."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """The rows of one part of a case. All fields have one entry a row, in the order of the data.

    x: a pandas DataFrame with the features of a table, the images (n, height, width[, channels]) as uint8, or the texts (n,)
    as strings of any length.
    """

    rows: np.ndarray  # number of the row in the data, from 0
    x: Any = field(repr=False)
    y: np.ndarray = field(repr=False)  # 1: positive
    baseline: np.ndarray | None = field(default=None, repr=False)  # what was decided before: 1 flagged, 0 not
    amounts: np.ndarray | None = field(default=None, repr=False)  # what the money of a row is multiplied by
    days: np.ndarray | None = field(default=None, repr=False)  # datetime64[D]
    groups: np.ndarray | None = field(default=None, repr=False)  # str
    blocks: np.ndarray | None = field(default=None, repr=False)  # str

    def __len__(self) -> int:
        return len(self.y)

    @property
    def positives(self) -> int:
        """Rows of class 1."""
        return int(self.y.sum())

    def take(self, positions: Any) -> Part:
        """Some of the rows, by position or mask."""
        places = np.asarray(positions)
        x = self.x.iloc[places] if hasattr(self.x, "iloc") else self.x[places]
        others = {name: getattr(self, name) for name in ("baseline", "amounts", "days", "groups", "blocks")}
        taken = {name: None if values is None else values[places] for name, values in others.items()}
        return Part(rows=self.rows[places], x=x, y=self.y[places], **taken)


@dataclass(frozen=True, kw_only=True, eq=False)
class CaseSet:
    """One case, ready to be judged: a client's or that of a public data set. No row is in two parts.

    ``record.add_data(case_set)`` puts its name, source and checksum on record.
    """

    name: str  # of the data set, as it stands on record
    title: str
    source: str
    sha256: str
    stand_in: bool
    kind: str  # table, images, texts, sounds
    target: str  # what class 1 means
    train: Part = field(repr=False)
    validation: Part = field(repr=False)
    test: Part = field(repr=False)
    split: str  # how the parts came about, in words
    spoken: str = ""  # the data set's name within a sentence
    in_time: bool  # the test lies after the training
    features: tuple[str, ...] = ()  # columns of x; of texts the one that holds them; empty for images
    left_out: Mapping[str, str] = field(default_factory=dict)  # column → why it is no feature
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)  # columns that number all rows
    money: OutcomeValue | None = None  # per outcome; None: no money is known
    money_source: str = ""
    positive_share: float | None = None  # in use, to which the money is weighted; None: as in the test
    share_range: ThreePoint | None = None  # its credible ends; None: none are given
    share_source: str = ""
    amount_meaning: str = ""  # how the amounts of the rows enter; empty: every row counts the same
    currency: str = ""
    yearly: float | None = None  # decisions of a year that the gain is earned on, most likely
    asset_id: str = ""  # of the client's asset; empty: public data
    evaluated_on: date | None = None
    threshold: float | None = None  # from which score on a row is flagged, where it is given
    door: str = "trained"  # predictions, onnx, keras, trained
    baseline_name: str = "what was decided before"
    groups_by: str = ""  # column of the groups
    blocks_by: str = ""
    settings: Any = None  # client.CaseData of a client's case
    folder: str = ""  # of the client

    @property
    def n(self) -> int:
        """Rows of all parts."""
        return sum(len(part) for part in (self.train, self.validation, self.test))

    @property
    def parts(self) -> dict[str, Part]:
        """The parts by name, in the order in which they are used."""
        return {name: getattr(self, name) for name in PARTS}

    @property
    def learnable(self) -> bool:
        """Whether there is anything that a model can learn from: images, texts, or a column that is a feature."""
        return self.kind != "table" or bool(self.features)

    @property
    def evaluation_id(self) -> str:
        """``measured:C1``, to which a benefit's metric_link refers."""
        return f"measured:{self.asset_id or self.name}"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One model that was tried on the validation rows."""

    name: str
    kind: str  # of fitting.KINDS
    auc: float | None
    money: float | None  # per row at its best threshold; None where no money is known
    log_loss: float
    seconds: float
    chosen: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """What a model says of the rows, whatever the door. A score lies in 0..1: higher means more likely positive.

    validation None: no scores of the validation rows are known (decisions, or predictions of the test rows alone).
    fit: (Part of training rows, Part of validation rows, Part to be scored, seed) → its scores; None where the model
    was made elsewhere.
    """

    door: str  # predictions, onnx, keras, trained
    name: str
    test: np.ndarray = field(repr=False)
    validation: np.ndarray | None = field(default=None, repr=False)
    decisions: bool = False  # the scores are 0 and 1: decisions made elsewhere
    training_seconds: float | None = None
    seconds_a_thousand: float | None = None  # of predictions on this machine
    tried: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()
    fit: Callable[[Part, Part, Part, int], np.ndarray] | None = field(default=None, repr=False)
    model: Any = field(default=None, repr=False)  # fitted, where it was trained here


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """The threshold from which on a row is flagged, and where it comes from."""

    value: float
    source: str  # a sentence
    on: str  # validation, given, money, decisions


@dataclass(frozen=True, kw_only=True, eq=False)
class Repair:
    """Calibration before and after a repair that was fitted on the validation rows. bins: mean score, observed share,
    low, high, n."""

    method: str
    before: Score  # Brier of the test rows
    after: Score | None  # None: nothing to fit the repair on
    error_before: float  # mean distance of score and observed share over the bins, weighted by their rows
    error_after: float | None
    bins_before: tuple[tuple[float, float, float, float, int], ...]
    bins_after: tuple[tuple[float, float, float, float, int], ...]
    repaired: np.ndarray | None = field(repr=False)  # scores of the test rows
    repaired_validation: np.ndarray | None = field(repr=False)  # out of fold
    sentence: str
    interval_before: tuple[float, float]  # of error_before, by resampling the test rows
    interval_after: tuple[float, float] | None = None
    mend: Callable[[np.ndarray], np.ndarray] | None = field(default=None, repr=False)  # of other scores


@dataclass(frozen=True, kw_only=True)
class PerCase:
    """Money per row by which the model beats its baseline, with its interval. By rows: money of every row, its normal
    interval; by counts: of the paired table with the cells drawn (the interval that the valuation uses)."""

    value: float
    low: float
    high: float
    below_zero: float  # chance that it is below zero
    n: int
    method: str


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The rows of one group, or of one period: rates of the model with intervals, and the gain per row."""

    name: str
    n: int
    positives: int
    recall: Interval | None  # None without positives
    false_alarms: Interval | None
    baseline_recall: float | None
    baseline_found: Interval | None  # the same with its interval
    baseline_false_alarms: float | None
    flagged: Interval
    auc: Score | None
    gain: PerCase | None
    first: date | None = None  # of a period


@dataclass(frozen=True, kw_only=True)
class LearningPoint:
    """What is reached with so many labels: mean over the repeats."""

    labels: int
    auc: float
    money: float | None  # per row, the threshold chosen on validation
    spread: float | None  # standard deviation of the money over the repeats
    repeats: int


@dataclass(frozen=True, kw_only=True)
class Learning:
    """Learning curve in money, and what a thousand more labels are worth. Money a year where ``yearly`` is known, else
    per thousand decisions."""

    points: tuple[LearningPoint, ...]
    a_thousand_more: float | None
    low: float | None
    high: float | None
    unit: str
    further_test: float | None  # what a thousand further judged rows are worth to the decision (EVSI)
    model: str
    sentence: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """What a test says of one model, whatever the door it came in by."""

    case: CaseSet = field(repr=False)
    scores: Scores = field(repr=False)
    cutoff: Cutoff
    flagged: np.ndarray = field(repr=False)  # (n,) 0 or 1: decisions on the test rows
    evaluation: Evaluation | None  # None without a baseline: no gain can be said
    n: int
    positives: int
    confusion: Mapping[str, int]  # tp, fp, fn, tn of the model
    baseline_confusion: Mapping[str, int] | None
    rates: Mapping[str, Interval | None]  # recall, false_alarm_rate, precision, accuracy, specificity, flagged_share
    baseline_rates: Mapping[str, Interval | None] | None
    auc: Score | None
    baseline_auc: Score | None
    brier: Score | None
    repair: Repair | None
    gain: PerCase | None  # by counts: what the valuation uses
    gain_by_rows: PerCase | None  # each row with its own amount
    money_per_case: float | None  # of the model alone
    profit: ProfitCurve | None
    cuts: tuple[Any, ...]  # value_model.threshold.Cut: ways to cut the scores, in money
    decision_curve: tuple[NetBenefit, ...]
    baseline_curve: tuple[NetBenefit, ...]  # net benefit of the baseline's decisions at the same thresholds
    periods: tuple[Slice, ...]
    period_words: str  # month, quarter, year
    decay: Any  # value_model.decay.Series of the gain in money over the periods; None: cannot be read
    groups: tuple[Slice, ...]
    learning: Learning | None
    blocks: Attribution | None
    blocks_unit: str
    costs: Mapping[str, float | None]  # training, a_thousand: money; None where no price is given
    notes: tuple[str, ...]
    closed_form: float | None = None  # threshold by the money alone, on scores of the test; None: there is none
    in_use: float | None = None  # the same as a probability at the share of positive cases in use

    @property
    def looks(self) -> int:
        """Models that met the labels of the test rows in this report: its own, a default one beside it, those of the learning curve.

        The curve's model on all rows is trained once, whatever the repeats.
        """
        points = () if self.learning is None else self.learning.points
        curve = sum(1 if one.labels == len(self.case.train) else one.repeats for one in points)
        return 1 + int(self.case.learnable) + curve

    @property
    def yearly_gain(self) -> PerCase | None:
        """The gain of a year, where the decisions of a year are known."""
        if self.gain is None or self.case.yearly is None:
            return None
        scale, gain = self.case.yearly, self.gain
        return PerCase(
            value=gain.value * scale, low=gain.low * scale, high=gain.high * scale,
            below_zero=gain.below_zero, n=gain.n, method=gain.method,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found, in words and money. grade: stop (no conclusion rests on the result), warn, note."""

    check: str
    grade: str
    words: str
    money: float | None = None  # a year where the decisions of a year are known, else per thousand decisions
    low: float | None = None
    high: float | None = None
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a model is estimated to gain on rows without labels. Never a measured figure; low and high: 90 % band.

    measured, error: on the test rows, whose labels are known: what was measured there, and the estimate made there
    without the labels less that.
    """

    n: int
    flagged: int
    positives: float  # expected
    recall: float | None
    precision: float | None
    gain: PerCase | None  # per row
    measured: float | None
    on_test: PerCase | None  # the estimate on the test rows, without a look at their labels
    error: float | None
    within: bool | None  # whether the measured gain lies in the band of that estimate
    sentence: str
