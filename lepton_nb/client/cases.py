"""The data that a client brings for its models: examined by the reader, loaded by the case's chapter.

Tables and series are CSV or Parquet (in a workbook: a sheet), images are arrays (.npz, no pickles) or folders of PNG
and JPEG files by class, sounds folders of WAV files by class, translations are two columns of a TSV file. :func:`examine` looks at all of it without
building anything, and gives its checksum; :func:`load` gives the values.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lepton_nb.client import (
    case_columns,
    case_events,
    case_images,
    case_measurements,
    case_models,
    case_predictions,
    case_rows,
    case_series,
    case_sounds,
    case_splits,
    case_tables,
    case_texts,
    case_values,
    case_wording,
    shares,
)
from lepton_nb.client.case_cells import PUBLIC
from lepton_nb.client.case_images import Unfit
from lepton_nb.client.cells import calendar_date, zero_or_one
from lepton_nb.client.schema import Case, CaseData
from lepton_nb.client.words import did_you_mean, quoted, with_article

#: Endings (or "folder") by kind of case, and what each kind of data is called.
FORMATS = {
    "risk_classifier": {".csv": "table", ".parquet": "table"},
    "forecaster": {".csv": "series", ".parquet": "series"},
    "anomaly_detector": {".csv": "measurements", ".parquet": "measurements"},
    "audio_classifier": {"": "sounds"},
    "image_classifier": {".npz": "arrays", "": "images"},
    "recommender": {".csv": "events", ".parquet": "events"},
    "text_classifier": {".csv": "table", ".parquet": "table"},
    "translator": {".tsv": "translations"},
}
#: Kinds of case with a class each row, whose answers are right or wrong and have money; all but sounds take a model.
CLASSIFIERS = ("risk_classifier", "image_classifier", "text_classifier", "audio_classifier", "anomaly_detector")
#: Kinds of case whose columns a model sees.
OF_COLUMNS = ("risk_classifier", "anomaly_detector")
#: Kinds of case that no public data set serves: why, and what to do.
OWN_ONLY = {
    "recommender": ("holds no choices of users", "bring a table of events of the client's own"),
    "audio_classifier": ("is no folder of sounds", "bring a folder of WAV files by class"),
    "anomaly_detector": ("holds no measurements with their times", "bring a table of measurements of the client's own"),
}
#: What a case says beside its data, kept as it is said.
SAID = (
    "asset_id", "case", "target", "positive", "baseline_column", "amount_column", "block_column", "group_column",
    "leave_out_columns", "user_column", "item_column", "time_column", "series_column", "known_columns", "horizon", "season",
    "cost_too_low", "cost_too_high",
    "text_column", "clips", "mix_channels", "split", "predictions", "score_column", "model",
    "threshold", "positive_share", "positive_share_low", "positive_share_high", "positive_share_source", "evaluated_on",
)  # fmt: skip
#: Keys that other kinds of case do not have.
OF_CLASSIFIERS = (
    "predictions", "model", "threshold", "outcome_value", "positive", *shares.SHARES, "amount_column", "group_column",
    "leave_out_columns",
)  # fmt: skip


def examine(source: Any, case: Case) -> CaseData:
    """Look at the data of one case, its predictions and its model. source: the folder or workbook. Raises Unfit."""
    for key in OF_CLASSIFIERS:
        if case[key] is not None and case.case not in CLASSIFIERS:
            raise Unfit(key, f"{with_article(case.case)} has none", 41, "leave it out")
    if case.leave_out_columns is not None and case.case not in OF_COLUMNS:
        found = "a text_classifier reads its texts alone" if case.text_column else "images have no columns"
        raise Unfit("leave_out_columns", found, 41, "leave it out")
    case_events.keys(case)
    case_wording.keys(case)
    case_sounds.keys(case)
    case_series.keys(case)
    case_measurements.keys(case)
    if wrong := shares.unfit(case):
        raise Unfit(*wrong)
    if case.predictions and case.model:
        raise Unfit("model", "stands beside predictions", 41, "keep one of the two: a model comes in by one door")
    said = {name: case[name] for name in SAID}
    if case.data.startswith(PUBLIC):
        return CaseData(path=case.data, **said, **_public(source, case))
    kind = FORMATS[case.case].get(Path(case.data).suffix.lower())
    if kind is None:
        endings = " or ".join(ending or "a folder" for ending in FORMATS[case.case])
        raise Unfit("data", quoted(case.data), 41, f"{with_article(case.case)} is read from {endings}")
    if source.holder == "workbook" and kind not in ("table", "events", "series", "measurements"):
        raise Unfit(
            "data", quoted(case.data), 41, "a workbook holds tables only; use a folder for images, sounds and texts"
        )
    examiner = {
        "table": _table,
        "events": _events,
        "series": _series,
        "measurements": _measurements,
        "arrays": _arrays,
        "images": _images,
        "sounds": case_sounds.examined,
        "translations": case_texts.examined,
    }[kind]
    try:
        return CaseData(
            path=case.data, kind=kind, **said | case_tables.readable("data", case.data, examiner, source, case)
        )
    except Unfit as stop:
        raise _placed(case, stop) from None


def _placed(case: Case, stop: Unfit) -> Unfit:
    """A finding on a row of the data, or on all, with their file, and with the column that its key names."""
    if not re.match(r"(row|all) \d", stop.found):
        return stop
    name = case.split.by if stop.key == "split" else case[stop.key]
    column = f", column {quoted(name)}" if isinstance(name, str) and name != case.data else ""
    column = "" if quoted(name) in stop.found else column
    return Unfit(stop.key, f"{quoted(case.clips or case.data)}{column}, {stop.found}", stop.rule, stop.remedy)


def _public(source: Any, case: Case) -> dict[str, Any]:
    """What is known of a public data set without reading it."""
    from lepton_nb import datasets

    name = case.data.removeprefix(PUBLIC)
    if name not in datasets.REGISTRY:
        remedy = did_you_mean(name, datasets.REGISTRY) or f"there are {', '.join(datasets.REGISTRY)}"
        raise Unfit("data", f"{quoted(name)} is not a public data set", 17, remedy)
    if datasets.entry(name).research_only:
        raise Unfit("data", f"{quoted(name)} may be used for research only", 41, "bring data of the client's own")
    if case.case in OWN_ONLY:
        raise Unfit("data", f"{quoted(name)} {OWN_ONLY[case.case][0]}", 41, OWN_ONLY[case.case][1])
    arrays = datasets.entry(name).arrays
    if case.case == "forecaster":
        case_series.named(case, list(arrays))
    listed = [(key, case[key]) for key in ("target", *case_columns.NAMED)]
    for key, column in [*listed, *(("leave_out_columns", column) for column in case.leave_out_columns or ())]:
        if column is not None and column not in arrays:
            remedy = did_you_mean(column, arrays) or f"there are {', '.join(list(arrays)[:30])}"
            raise Unfit(key, f"{quoted(column)} is not in the public data set {quoted(name)}", 17, remedy)
    case_columns.not_the_target(case)
    if case.case == "text_classifier":
        case_wording.named(case, list(arrays))
    if case.case in ("risk_classifier", "text_classifier") and case.target is None:
        remedy = f"name the column to be predicted; there are {', '.join(list(arrays)[:30])}"
        raise Unfit("target", "is missing", 2, remedy)
    digest = hashlib.sha256(case.data.encode())
    if case.predictions:
        digest.update(
            case_tables.readable(
                "predictions", case.predictions, case_tables.of_predictions, source, case.predictions
            ).encode()
        )
    if case.model:
        digest.update(_model(source, case)[1].encode())
    n = max((shape[0] for _, shape in arrays.values() if shape), default=0)
    kind = {"image_classifier": "arrays", "forecaster": "series"}.get(case.case, "table")
    return {"kind": kind, "sha256": digest.hexdigest(), "n": n, "columns": tuple(arrays)}


def _model(source: Any, case: Case) -> tuple[tuple[case_models.Port, ...], str]:
    """The inputs of the case's model file, and its checksum. Raises Unfit."""
    if source.holder == "workbook":
        raise Unfit("model", quoted(case.model), 44, "a workbook holds tables only; use a folder for a model")
    path = case_tables.readable("model", case.model, source.path, case.model, case.model)
    try:
        return case_models.opened(path), case_models.digest(path)
    except case_models.Wrong as stop:
        raise Unfit("model", f"{quoted(case.model)} {stop.found}", stop.rule, stop.remedy) from None


def _doors(
    source: Any, case: Case, facts: dict[str, Any], y: Any, parts: Any, columns: Mapping[str, list[str]],
    features: dict[str, str], left_out: dict[str, str], image: tuple[int, ...] | None,
) -> dict[str, Any]:  # fmt: skip
    """The facts with what the predictions or the model add; both are held against the data. Raises Unfit."""
    test = parts == "test"
    facts = facts | case_tables.both_classes(y, test)
    if case.predictions:
        records = case_tables.readable("predictions", case.predictions, source.table, case.predictions)
        case_tables.separated(source, "predictions", case.predictions, records)
        case_tables.impersonal("predictions", case.predictions, records)
        try:
            found = case_predictions.matched(records, case.score_column, len(y), test, columns)
        except case_predictions.Misfit as stop:
            raise Unfit(stop.key, f"{quoted(case.predictions)} {stop.found}", stop.rule, stop.remedy) from None
        return facts | {
            "sha256": case_tables.joined(facts["sha256"], case_tables.digest(records)),
            "joined_by": found.joined_by,
        }
    if case.model:
        ports, checksum = _model(source, case)
        try:
            case_models.fits(ports, features, image, left_out)
        except case_models.Wrong as stop:
            raise Unfit("model", f"{quoted(case.model)} {stop.found}", stop.rule, stop.remedy) from None
        return facts | {"sha256": case_tables.joined(facts["sha256"], checksum)}
    if image is None and not features:
        told = "; ".join(f"{name}: {why}" for name, why in list(left_out.items())[:6])
        remedy = "bring columns that were known before the decision, or give the model's predictions"
        raise Unfit("data", f"{quoted(case.data)} has no column that a model can learn from ({told})", 41, remedy)
    return facts


def load(source: Any, case: CaseData) -> Any:
    """The data of an examined case.

    Tables and arrays: {column: NumPy array}, numbers as float64, other texts as str. Translations: two lists of
    texts. Images and sounds: a list of (path, class). Raises ValueError when the data changed since they were examined.
    """
    import numpy as np

    plain = Case(**{name: case[name] for name in SAID}, data=case.path)
    try:
        now = examine(source, plain)
    except Unfit as stop:
        raise ValueError(f"The data of case {case.asset_id} changed. Received: {stop}") from None
    if now.sha256 != case.sha256:
        raise ValueError(f"The data of case {case.asset_id} changed since the client was read. Received: {case.path}")
    if case.kind == "arrays":
        with np.load(source.path(case.path, case.path), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    if case.kind == "images":
        return [(path, path.parent.name) for path in case_images.image_files(source, case.path)]
    if case.kind == "sounds":
        return [(path, path.parent.name) for path in case_sounds.sound_files(source, case.path)]
    if case.kind == "translations":
        pairs = case_texts.pairs(source.text(case.path))
        return [pair[0] for _, pair in pairs], [pair[1] for _, pair in pairs]
    header, *rows = source.table(case.path)
    texts = dict(zip(header, zip(*rows, strict=True), strict=True))
    found = {name: case_columns.values(column) for name, column in texts.items() if name != case.text_column}
    if case.text_column:  # of any length: a fixed width would take the longest one's room for each
        found[case.text_column] = np.array(texts[case.text_column], np.dtypes.StringDType())
    return found


# --- tables and series


def _events(source: Any, case: Case) -> dict[str, Any]:
    """A table of events, one choice a row."""
    header, columns, checksum = case_tables.rows(source, case)
    case_events.named(case, header)
    n = len(columns[header[0]])
    return {"sha256": checksum, "n": n, "columns": tuple(header)} | case_events.examined(case, columns)


def _series(source: Any, case: Case) -> dict[str, Any]:
    """A table of series, one step a row."""
    header, columns, checksum = case_tables.rows(source, case)
    case_series.named(case, header)
    n = len(columns[header[0]])
    return {"sha256": checksum, "n": n, "columns": tuple(header)} | case_series.examined(case, columns)


def _measurements(source: Any, case: Case) -> dict[str, Any]:
    """A table of measurements in the order of time, with the failures of its rows or without."""
    header, columns, checksum = case_tables.rows(source, case)
    case_columns.named(case, header)
    days, first = case_measurements.times(case, columns)
    facts = {"sha256": checksum, "n": len(days), "columns": tuple(header), "last_day": max(days), "test_from": first}
    facts["same_times"], facts["same_time_row"] = case_measurements.same_times(columns, case.time_column)
    features, left_out, like_ids = case_columns.features(case, columns)
    case_measurements.measured(case, features, left_out)
    if case.target is None:
        return facts | {"like_ids": like_ids, "texts": case_columns.texts(case, features)}
    return _rows_of_classes(source, case, columns, facts, (days, first))


def _table(source: Any, case: Case) -> dict[str, Any]:
    header, columns, checksum = case_tables.rows(source, case)
    if case.target is None:
        raise Unfit("target", "is missing", 2, f"name the column to be predicted; there are {', '.join(header[:20])}")
    case_columns.named(case, header)
    if case.case == "text_classifier":
        case_wording.named(case, header)
    facts = {"sha256": checksum, "n": len(columns[header[0]]), "columns": tuple(header)}
    return _rows_of_classes(source, case, columns, facts)


def _rows_of_classes(
    source: Any, case: Case, columns: dict[str, list[str]], facts: dict[str, Any], timed: tuple[Any, Any] | None = None
) -> dict[str, Any]:
    """A table of cases with a class each: classes, baseline, amounts, split, and what comes in by a door.

    timed: the day of each row and the first of the test, where they are known already.
    """
    import numpy as np

    if not case.positive:
        case_values.each("target", columns[case.target], case_values.class_of(columns[case.target]))
    elif "" in columns[case.target]:
        raise Unfit("target", f"row {columns[case.target].index('') + 2}: empty", 41, "give the class of every row")
    try:
        y = case_rows.classes(case_columns.values(tuple(columns[case.target])), case.positive or "")
    except ValueError as problem:
        found, _, remedy = str(problem).partition("; ")
        raise Unfit("positive" if case.positive and "every row" not in found else "target", found, 41, remedy) from None
    if case.baseline_column:
        case_values.each("baseline_column", columns[case.baseline_column], zero_or_one)
    if case.block_column:
        case_values.each("block_column", columns[case.block_column], case_values.given)
    if case.amount_column:
        amounts = case_values.each("amount_column", columns[case.amount_column], case_values.amount)
        if not any(amounts):
            raise Unfit("amount_column", "every amount is 0", 41, "name the column with what is at stake in a row")
    for name, cells in columns.items():
        if name != case.target and case_rows.same(cells, columns[case.target]):
            found = f"{quoted(case.target)} and {quoted(name)} say the same in every row"
            raise Unfit("target", found, 46, "take out the column that is known only afterwards, or correct the target")
    days, together = (timed[0], None) if timed else case_tables.split(case, columns)
    if days is not None:
        facts = facts | {"last_day": max(days)}
        days = np.array(days, "datetime64[D]")
    split = case.split
    parts = case_rows.parts(
        len(y), y, test_share=split and split.test_share, days=days,
        test_from=timed[1] if timed else split and split.test_from,
        together=together and np.array(together),
    )  # fmt: skip
    if case.case == "text_classifier":
        facts = facts | case_wording.examined(case, columns[case.text_column], parts)
    features, left_out, like_ids = case_columns.features(case, columns)
    facts = facts | {"like_ids": like_ids, "texts": case_columns.texts(case, features)}
    return _doors(source, case, facts, y, parts, columns, features, left_out, None)


def clip_columns(source: Any, case: CaseData) -> dict[str, Any]:
    """The columns of the table of clips of an examined case, {name: (n,) array} in the order of its sounds."""
    plain = Case(**{name: case[name] for name in SAID}, data=case.path)
    return {name: case_columns.values(tuple(cells)) for name, cells in case_sounds.columns(source, plain).items()}


# --- images


def _arrays(source: Any, case: Case) -> dict[str, Any]:
    import numpy as np

    facts, y, by, image = case_images.arrays(source, case)
    split, days = case.split, None
    if split is not None and (by is None or split.test_from is None):
        case_splits.drawn(split, f"by {split.by if by is None else quoted(split.by)}")
    elif split is not None:
        given = case_values.each("split", [str(day)[:10] for day in by], calendar_date)
        case_splits.both_sides("split", given, case_splits.by_day(split), "rows")
        days = np.array(given, "datetime64[D]")
    together = None if days is not None else by
    share = split and split.test_share
    parts = case_rows.parts(
        len(y), y, test_share=share, days=days, test_from=split and split.test_from, together=together
    )
    return _doors(source, case, facts, y, parts, {}, {}, {}, image)


def _images(source: Any, case: Case) -> dict[str, Any]:
    facts, y, image = case_images.folder(source, case)
    if case.split is not None:
        case_splits.drawn(case.split, "by random")
    parts = case_rows.parts(len(y), y, test_share=case.split and case.split.test_share)
    return _doors(source, case, facts, y, parts, {}, {}, {}, image)
