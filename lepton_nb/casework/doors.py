"""The doors by which a model comes in: predictions made elsewhere, an ONNX file, a Keras file, or trained here.

Whatever the door, it gives scores of the test rows, and of the validation rows where it can. Scores lie in 0..1.

**How to export a model**, so that it comes in by the door of ONNX. Name the inputs as the columns, one input a column:

- scikit-learn: ``skl2onnx.to_onnx(pipeline, frame[:1], options={"zipmap": False})`` of the whole pipeline with its
  ColumnTransformer; a DataFrame gives one input a column (whole numbers as float32, where gaps are filled). A bare model
  without a pipeline (``GradientBoostingClassifier``, …) takes one input of all columns, in the order of the data:
  ``skl2onnx.to_onnx(model, frame[:1].to_numpy("float32"), options={"zipmap": False})``.
  HistGradientBoosting goes out only beside a protobuf below 7 (skl2onnx 1.20).
- LightGBM: ``onnxmltools.convert_lightgbm(model, initial_types=[("x", FloatTensorType([None, k]))])``: one input with
  all columns, all numbers, in the order of the data.
- PyTorch: ``torch.onnx.export(model, (x,), path, dynamic_shapes=({0: "rows"},), external_data=False)`` with a last
  ``Sigmoid`` (and onnxscript installed): weights in the same file.
- Keras: ``model.save("model.keras")``, or ``model.export("model.onnx", format="onnx")`` (tf2onnx). Where the network
  holds an adapted ``Normalization``, tf2onnx 1.17 writes its figures as inputs; give the .keras file then.

The score is the last column of the probabilities. Images come as float32 in 0..1, or as they are where the input is
uint8; channels last or first, as the input says.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lepton_nb import paths
from lepton_nb.casework import fitting, hearing, money
from lepton_nb.casework.forms import Candidate, CaseSet, NotUsable, Part, Scores
from lepton_nb.client import case_models, case_predictions, case_rows
from lepton_nb.client.cells import number
from lepton_nb.client.files import Folder, Unreadable
from lepton_nb.client.sources import opened
from lepton_nb.client.words import Refused

DOORS = {
    "predictions": "predictions made elsewhere",
    "onnx": "a model file (ONNX)",
    "keras": "a model file (Keras)",
    "trained": "trained here",
}
#: Models that are tried where rare failures of a machine are to be found: one without their labels, two with them.
DETECTORS = ("isolation", "logistic", "boosting")
TIMED_ROWS, TIMED_RUNS = 1000, 3
#: What a table without features leaves out.
UNLEARNABLE = (
    "Nothing can be trained on these rows, for no column is a feature: no default model stands beside the scores, and there "
    "is no learning curve and no value of blocks."
)
#: What whoever brings a model answers for.
VOUCHED = "The model was made elsewhere. Whoever brought it vouches that it has not seen the test rows: no file can show that."


def scores(case_set: CaseSet, seed: int = 0, passes: int = fitting.PASSES) -> Scores:
    """The scores of a case by the door that it names. Raises NotUsable for a file or model that gives no scores."""
    if case_set.door == "trained" or case_set.settings is None:
        detects = case_set.settings is not None and case_set.settings.case == "anomaly_detector"
        kinds = tuple(hearing.KINDS) if case_set.kind == "sounds" else DETECTORS if detects else ()
        return trained(case_set, seed, min(passes, hearing.PASSES) if case_set.kind == "sounds" else passes, kinds)
    try:
        return _brought(case_set)
    except ValueError as problem:
        raise NotUsable(str(problem)) from None


def _brought(case_set: CaseSet) -> Scores:
    said = case_set.settings
    if case_set.door == "predictions":
        return predictions(case_set, said.predictions, said.score_column or "")
    path = paths.client(case_set.folder) / said.model
    return onnx_model(case_set, path) if case_set.door == "onnx" else keras_model(case_set, path)


def given(case_set: CaseSet, name: str, test: Any, validation: Any = None, **about: Any) -> Scores:
    """Scores of the test rows (and of the validation rows) that were made elsewhere, e.g. by a chapter's own model.

    about: other fields of Scores (door, training_seconds, seconds_a_thousand, fit, model, notes). Raises ValueError for
    another length, for what is not a number and for what lies outside 0..1.
    """
    found = _checked(name, test, len(case_set.test), "test")
    seen = None if validation is None else _checked(name, validation, len(case_set.validation), "validation")
    decisions = about.pop("decisions", bool(np.isin(found, (0.0, 1.0)).all()))
    return Scores(**({"door": "trained"} | about), name=name, test=found, validation=seen, decisions=decisions)


def _checked(name: str, values: Any, n: int, part: str) -> np.ndarray:
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (n,):
        raise ValueError(f"{name}: scores of the {part} rows must be one number a row, ({n},). Received: {found.shape}")
    if np.isnan(found).any():
        row = int(np.flatnonzero(np.isnan(found))[0])
        raise ValueError(f"{name}: the score of {part} row {row} is not a number; every row needs a score.")
    if found.min() < 0 or found.max() > 1:
        row = int(np.flatnonzero((found < 0) | (found > 1))[0])
        raise ValueError(
            f"{name}: the score of {part} row {row} is {found[row]:g}, outside 0..1; a score is a probability "
            "(a logit x becomes 1 / (1 + exp(-x)))."
        )
    return found


# --- predictions


def predictions(case_set: CaseSet, path: str | Path, score_column: str = "") -> Scores:
    """Scores (0..1) or decisions (0 or 1) in a CSV or Parquet file: one row a row of the test part, or of all rows.

    path: inside the client's folder, or anywhere for a case that is no client's. A column that the data have too, with
    another value in every row, is the id by which rows are matched; without one the rows are in the order of the data.
    Raises ValueError in a sentence.
    """
    try:
        records, known = _tables(case_set, path)
        test = np.zeros(case_set.n, dtype=bool)
        test[case_set.test.rows] = True
        found = case_predictions.matched(records, score_column or None, case_set.n, test, known)
    except Unreadable as stop:
        raise ValueError(stop.problem.sentence) from None
    except case_predictions.Misfit as stop:
        raise ValueError(f"{Path(path).name} {stop}") from None
    values = np.full(case_set.n, np.nan)
    values[found.rows] = found.values
    validation = values[case_set.validation.rows]
    return given(
        case_set, Path(path).name, values[case_set.test.rows], None if np.isnan(validation).any() else validation,
        door="predictions", decisions=found.decisions, notes=(joined_in_words(found.joined_by), VOUCHED),
    )  # fmt: skip


def joined_in_words(column: str) -> str:
    """How predictions were brought to the rows of the data."""
    if column:
        return f"The predictions were joined to the rows of the data by {column}."
    return "The predictions were joined by the order of rows: they name no id, so nothing else shows that they fit."


def _tables(case_set: CaseSet, path: str | Path) -> tuple[list[list[str]], Mapping[str, Sequence[str]]]:
    """The cells of the predictions, and the cells of the columns of the data that may stand there too."""
    if case_set.folder and case_set.settings is not None:
        source = opened(paths.client(case_set.folder))
        records = source.table(str(path))
        if not case_set.settings.public and case_set.kind != "images":
            header, *rows = source.table(case_set.settings.path)
            return records, {name.strip(): [row[place].strip() for row in rows] for place, name in enumerate(header)}
    else:
        records = Folder(Path(path).parent).table(Path(path).name)
    shared = _features(case_set, records) if case_set.kind == "table" else {}
    return _plain(records, case_set.ids), shared | dict(case_set.ids)


def _features(case_set: CaseSet, records: list[list[str]]) -> dict[str, list[str]]:
    """The features that a table of predictions repeats, as texts in the order of the data."""
    shared = [name.strip() for name in records[0] if name.strip() in case_set.features] if records else []
    order = np.argsort(np.concatenate([part.rows for part in case_set.parts.values()]))
    return {
        name: [
            case_rows.word(value)
            for value in np.concatenate([part.x[name].to_numpy() for part in case_set.parts.values()])[order]
        ]
        for name in shared
    }


def _plain(records: list[list[str]], ids: Mapping[str, Any]) -> list[list[str]]:
    """The records with numbers of rows written as the data set writes them: 7, not 7.0."""
    header = [name.strip() for name in records[0]] if records else []
    places = [place for place, name in enumerate(header) if name in ids]
    rows = [list(row) for row in records]
    for row in rows[1:]:
        for place in places:
            try:
                row[place] = case_rows.word(number(row[place]))
            except (Refused, IndexError):
                continue
    return rows


# --- model files


def onnx_model(case_set: CaseSet, path: str | Path) -> Scores:
    """A model in ONNX, through onnxruntime. Raises ValueError for a file that is not opened or does not fit."""
    ports = _ports(case_set, Path(path))
    try:
        import onnxruntime
    except ImportError:
        raise ValueError("A model in ONNX needs onnxruntime: pip install onnxruntime.") from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # sums in one order: the same scores every time
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # whatever the runtime finds wrong
        raise ValueError(f"{Path(path).name} cannot be opened by onnxruntime: {str(error).splitlines()[0]}") from None

    def score(x: Any) -> np.ndarray:
        return _positive(Path(path).name, session.run(None, _fed(ports, x)), len(x))

    return _scored(case_set, Path(path).name, "onnx", score)


def keras_model(case_set: CaseSet, path: str | Path) -> Scores:
    """A Keras model, opened in safe mode. Raises ValueError for a file that is not opened or does not fit."""
    if case_set.kind == "texts":
        raise ValueError(
            f"{Path(path).name} is a Keras model, and texts come in by ONNX only: export it, or give its scores."
        )
    ports = _ports(case_set, Path(path))
    import keras

    from lepton_nb import training  # starts Keras quietly

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)  # Keras with NumPy 2
            model = keras.saving.load_model(str(path), compile=False, safe_mode=True)
    except Exception as error:
        raise ValueError(f"{Path(path).name} cannot be opened by Keras: {str(error).splitlines()[0]}") from None

    def score(x: Any) -> np.ndarray:
        fed = _fed(ports, x)
        if len(fed) == 1:
            return _positive(Path(path).name, [training.predict(model, next(iter(fed.values())))], len(x))
        return _positive(Path(path).name, [model.predict(fed, batch_size=500, verbose=0)], len(x))

    return _scored(case_set, Path(path).name, "keras", score)


def _ports(case_set: CaseSet, path: Path) -> tuple[case_models.Port, ...]:
    """The inputs of a model file that may be opened and fits the case. Raises ValueError."""
    try:
        if not path.is_file():
            raise case_models.Wrong("is not there", "check the path", 1)
        ports = case_models.opened(path)
        if case_set.kind == "table":
            _, texts = fitting.columns_of(case_set.test.x)
            kinds = {name: "text" if name in texts else "number" for name in case_set.features}
            case_models.fits(ports, kinds, None)
        elif case_set.kind == "texts":
            case_models.fits(ports, dict.fromkeys(case_set.features, "text"), None)
        else:
            case_models.fits(ports, {}, case_set.test.x.shape[1:])
    except case_models.Wrong as stop:
        raise ValueError(f"{path.name} {stop} (rule {stop.rule})") from None
    return ports


def _fed(ports: tuple[case_models.Port, ...], x: Any) -> dict[str, np.ndarray]:
    """Rows in the form that the inputs of a model ask for."""
    if fitting.is_texts(x):
        values = np.array(x.tolist(), object)
        return {ports[0].name: values if ports[0].shape and len(ports[0].shape) == 1 else values[:, None]}
    if not hasattr(x, "columns"):
        return {ports[0].name: _image_fed(ports[0], x)}
    first = ports[0]
    if len(ports) == 1 and (first.name not in x.columns or first.shape not in ((None, 1), (1, 1))):
        return {first.name: x.to_numpy(_number_type(first))}
    fed = {}
    for port in ports:
        column = x[port.name]
        values = column.astype(str).to_numpy(object) if port.holds == "text" else column.to_numpy(_number_type(port))
        fed[port.name] = values.reshape(-1, 1) if port.shape is None or len(port.shape) == 2 else values
    return fed


def _number_type(port: case_models.Port) -> Any:
    return {"double": np.float64, "float64": np.float64, "int64": np.int64, "int32": np.int32}.get(
        port.type, np.float32
    )


def _image_fed(port: case_models.Port, x: np.ndarray) -> np.ndarray:
    values = np.asarray(x) if port.type == "uint8" else fitting.as_floats(x)
    values = values[..., None] if values.ndim == 3 else values
    height, width, channels = values.shape[1:]
    wanted = port.shape[1:] if port.shape else (height, width, channels)
    if len(wanted) == 2:
        return values[..., 0]
    last = all(a is None or a == b for a, b in zip(wanted, (height, width, channels), strict=True))
    return values if last else np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def _positive(name: str, outputs: list[Any], n: int) -> np.ndarray:
    """The score of the positive class among what a model gives: the last column of its probabilities."""
    for output in reversed(outputs):
        if isinstance(output, list) and output and isinstance(output[0], dict):  # skl2onnx with its zip map
            return np.array([row[max(row)] for row in output], dtype=np.float64)
        values = np.asarray(output)
        if values.dtype.kind == "f" and len(values) == n and values.size in (n, 2 * n):
            return values.reshape(n, -1)[:, -1].astype(np.float64)
    shapes = ", ".join(str(np.shape(output)) for output in outputs)
    raise ValueError(f"{name} must give one score a row, or the probabilities of two classes. Received: {shapes}")


def _scored(case_set: CaseSet, name: str, door: str, score: Callable[[Any], np.ndarray], **about: Any) -> Scores:
    return given(
        case_set, name, _quiet(name, score, case_set.test.x), _quiet(name, score, case_set.validation.x), door=door,
        decisions=False, seconds_a_thousand=seconds_a_thousand(score, case_set.test.x),
        **({} if door == "trained" else {"notes": (VOUCHED,)}) | about,
    )  # fmt: skip


def _quiet(name: str, score: Callable[[Any], np.ndarray], x: Any) -> np.ndarray:
    try:
        return score(x)
    except ValueError:
        raise
    except Exception as error:  # whatever a model file raises when it runs
        raise ValueError(f"{name} cannot score the rows: {str(error).splitlines()[0]}") from None


def seconds_a_thousand(score: Callable[[Any], np.ndarray], x: Any) -> float:
    """Seconds that a thousand predictions take on this machine: the best of three, rows given together."""
    some = x.iloc[:TIMED_ROWS] if hasattr(x, "iloc") else x[:TIMED_ROWS]
    taken = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        score(some)
        taken.append(time.perf_counter() - start)
    return min(taken) * 1000 / len(some)


# --- trained here


def fit(
    case_set: CaseSet, kind: str, seed: int = 0, passes: int = fitting.PASSES, trees: int = fitting.TREES
) -> Scores:
    """One model trained here. kind: of ``fitting.KINDS``; passes: of the network; trees: of the boosting."""
    if not case_set.learnable:
        raise ValueError(f"{case_set.title} has no column that a model can learn from; give the scores of a model.")
    start = time.perf_counter()
    score, model = fitting.make(kind, case_set.train, case_set.validation, seed, passes, trees)
    seconds = time.perf_counter() - start

    def again(train: Part, validation: Part, asked: Part, seed: int) -> np.ndarray:
        return fitting.make(kind, train, validation, seed, passes, trees)[0](asked.x)

    return _scored(
        case_set, fitting.KINDS[kind], "trained", score, training_seconds=seconds, fit=again, model=model
    )  # fmt: skip


def trained(
    case_set: CaseSet,
    seed: int = 0,
    passes: int = fitting.PASSES,
    kinds: tuple[str, ...] = (),
) -> Scores:
    """The best of several models, chosen by the AUC on the validation rows; the test rows choose nothing.

    kinds: of ``fitting.KINDS``; empty: all that can read the rows. The budget is the same for all: one training each, at
    most 300 trees or ``passes`` passes, or three penalties of a line over words. The area is what is
    chosen by, for threshold and calibration are set afterwards; money at the best threshold stands beside it.
    """
    kinds = kinds or fitting.kinds_of(case_set.train.x)
    return chosen(case_set, {kind: fit(case_set, kind, seed, passes) for kind in kinds}, passes)


def chosen(case_set: CaseSet, made: Mapping[str, Scores], passes: int = fitting.PASSES) -> Scores:
    """Of models trained here, by their kinds, the one with the largest AUC on the validation rows; of equals the simple line
    over sounds, else the one with the smallest loss."""
    found = {kind: money.area(case_set.validation.y, one.validation) for kind, one in made.items()}
    areas = {kind: None if area is None else area.value for kind, area in found.items()}
    losses = {kind: fitting.log_loss(case_set.validation.y, one.validation) for kind, one in made.items()}
    best = max(made, key=lambda kind: (areas[kind] or 0.0, kind == hearing.SIMPLE, -losses[kind]))
    tried = tuple(
        Candidate(
            name=one.name, kind=kind, auc=areas[kind], money=best_money(case_set, case_set.validation, one.validation),
            log_loss=losses[kind], seconds=one.training_seconds,
            chosen=kind == best,
        )
        for kind, one in made.items()
    )  # fmt: skip
    budget = f"one training, at most {fitting.TREES} trees or {passes} passes"
    if case_set.kind == "texts":
        budget = "three penalties, and the same words and pairs of words to weigh"
    words = (
        f"Of {len(made)} models the one with the largest area on the {len(case_set.validation)} validation rows; each had "
        f"{budget}. The test rows chose nothing."
    )
    total = sum(one.training_seconds for one in made.values())
    return replace(made[best], tried=tried, notes=(words,), training_seconds=total)


def best_money(case_set: CaseSet, part: Part, found: np.ndarray) -> float | None:
    """Most likely money per row at the threshold that is best on these rows; None where no money is known."""
    if case_set.money is None:
        return None
    return money.best_cut(case_set, part, found)[1]


def reference(case_set: CaseSet, seed: int = 0) -> Scores | None:
    """A model with default settings on the same rows (``fitting.default_model``): what a model must beat to be worth its work.

    None where the rows have no features to learn from.
    """
    if not case_set.learnable:
        return None
    start = time.perf_counter()
    score, model = fitting.default_model(case_set.train, seed)
    seconds = time.perf_counter() - start

    def again(train: Part, validation: Part, asked: Part, seed: int) -> np.ndarray:
        return fitting.default_model(train, seed)[0](asked.x)

    name = fitting.default_name(case_set.train.x)
    return _scored(case_set, name, "trained", score, training_seconds=seconds, fit=again, model=model)
