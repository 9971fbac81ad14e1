"""What ``cases`` in ``client.yml`` may say of each case."""

# No "from __future__ import annotations" here: pydantic would compile each annotation from its text,
# which doubles the time of the import.

from typing import Literal

from lepton_nb.client.case_cells import CaseSource, CaseTable, ModelPath, OneOrThree, PredictionsPath
from lepton_nb.client.cells import AssetId, Day, Positive, Score, Share, Steps, Text, Texts, YesNo
from lepton_nb.client.schema.base import MONEY, Frozen, column


class Split(Frozen):
    """Which rows of a case's data are kept for the test: from a day on, or a share drawn at random."""

    by: Text = column(
        "Column that holds the day of a row; or random; or a column whose rows of one value stay together."
    )
    test_from: Day | None = column("First day of the test rows; with a column of days.", default=None)
    test_share: Share | None = column(
        "Share of the rows for the test; with random, or rows kept together.", default=None
    )


class CaseMoney(Frozen):
    """Money per case for each outcome; costs are negative. With an amount_column: per unit of the amount."""

    tp: OneOrThree = column("A positive case that was flagged.", MONEY)
    fn: OneOrThree = column("A positive case that was missed.", MONEY)
    fp: OneOrThree = column("A negative case that was flagged.", MONEY)
    tn: OneOrThree = column("A negative case that was left alone.", MONEY)


class Case(Frozen):
    """A model that is trained or scored on the client's own data; its measured, paired result is valued."""

    asset_id: AssetId = column("The model.")
    case: Literal[
        "risk_classifier",
        "forecaster",
        "image_classifier",
        "audio_classifier",
        "text_classifier",
        "anomaly_detector",
        "recommender",
        "translator",
    ] = column("Kind of case.")
    data: CaseSource = column(
        "File or folder inside the client's folder, or public:NAME for a public data set. Tables and series: .csv or "
        ".parquet. Images: .npz with arrays x and y, or a folder with a folder of PNG or JPEG files for each class. "
        "Sounds: a folder with a folder of .wav files for each class. Series: a table, a row for each step and series. "
        "Events of a recommender: a table, one choice a row. Measurements of an anomaly_detector: a table, one moment a row, "
        "in the order of time. Texts with a class: a table. Translations: .tsv, source and target."
    )
    target: Text | None = column(
        "Column to be predicted. Of an anomaly_detector: of a failure; without it nothing is measured.", default=None
    )
    positive: Text | None = column(
        "Value of the target that counts as 1, where the classes are not 0 and 1; several with ; between.", default=None
    )
    baseline_column: Text | None = column(
        "Column or array of what was done before: 0 or 1; of a forecaster a number. Missing: all alike, or last season.",
        default=None,
    )
    amount_column: Text | None = column("Column with the amount that is at stake in a row.", default=None)
    block_column: Text | None = column("Column that names the block (source, year, site) of a row.", default=None)
    group_column: Text | None = column("Column that names the group by which results are shown too.", default=None)
    user_column: Text | None = column("Column that says who chose; of a recommender.", default=None)
    item_column: Text | None = column("Column that says what was chosen; of a recommender.", default=None)
    time_column: Text | None = column(
        "Column that says when, YYYY-MM-DD or YYYY-MM-DD HH:MM:SS; of a recommender, a forecaster or an anomaly_detector.",
        default=None,
    )
    series_column: Text | None = column("Column that names the series of a row; of a forecaster.", default=None)
    known_columns: Texts | None = column(
        "Columns of numbers that are fixed before their time, as holidays are; of a forecaster.", default=None
    )
    horizon: Steps | None = column("Steps that are foretold; of a forecaster.", default=None)
    season: Steps | None = column(
        "Steps after which the series looks alike; of a forecaster; missing: 24 hours, 7 days, 52 weeks, 12 months, else 1.",
        default=None,
    )
    cost_too_low: Positive | None = column("Of each unit that a forecast is too low.", MONEY, default=None)
    cost_too_high: Positive | None = column("Of each unit that it is too high.", MONEY, default=None)
    text_column: Text | None = column("Column of the texts; of a text classifier.", default=None)
    mix_channels: YesNo | None = column(
        "Sounds of several channels are read as their mean; missing: refused.", default=None
    )
    clips: CaseTable | None = column(
        "Table with a row a sound: file (class/name.wav), and columns that other keys name; of an audio_classifier.",
        default=None,
    )
    leave_out_columns: Texts | None = column(
        "Columns that no model sees; missing: columns of whole numbers that look like ids are left out by themselves. [] "
        "leaves out none.",
        default=None,
    )
    split: Split | None = column(
        "Which rows are kept for the test; missing: three in ten, drawn at random class by class.", default=None
    )
    predictions: PredictionsPath | None = column(
        "Scores or decisions made elsewhere, by a model that has not seen the test rows: one row a row of the test, or of "
        "all data, with the same id column, or without any other column in the same order.",
        default=None,
    )
    score_column: Text | None = column("Column of the predictions; missing: score, else decision.", default=None)
    model: ModelPath | None = column(
        "File of a model that has not seen the test rows; missing, and no predictions: a model is trained.",
        default=None,
    )
    threshold: Score | None = column(
        "Score from which on a case is flagged; missing: the one that pays most.", default=None
    )
    positive_share: Share | None = column(
        "Share of positive cases among the decisions in use; missing: as in the test rows. Data for training often hold "
        "more of them: the money of each class is then weighted to this share.",
        default=None,
    )
    positive_share_low: Share | None = column("Lowest share in use that is credible.", default=None)
    positive_share_high: Share | None = column("Highest share in use that is credible.", default=None)
    positive_share_source: Text | None = column("Where the share in use comes from.", default=None)
    outcome_value: CaseMoney | None = column("Money per outcome; missing: that of the evaluation.", default=None)
    evaluated_on: Day | None = column(
        "Day of the measurement; missing: the last day of the test rows, else the valuation date.", default=None
    )
