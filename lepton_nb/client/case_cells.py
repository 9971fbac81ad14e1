"""What one value of a case may be: where its data are, its model, its money per outcome."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from lepton_nb.client.cells import _text, data_path, number
from lepton_nb.client.schema.base import ThreePoint
from lepton_nb.client.words import Refused, quoted

PUBLIC = "public:"
MODEL_ENDINGS = (".onnx", ".keras")
#: Endings of files that can run any code when they are opened.
PICKLES = (".pkl", ".pickle", ".joblib", ".dill", ".sav", ".pt", ".pth", ".bin", ".ckpt", ".mar", ".h5", ".hdf5")
HOW_TO_EXPORT = (
    "export the model as ONNX (scikit-learn: skl2onnx.to_onnx, of a bare model with frame[:1].to_numpy('float32'), "
    "HistGradientBoosting with protobuf<7; LightGBM: "
    "onnxmltools.convert_lightgbm; PyTorch: torch.onnx.export with external_data=False) or as .keras (model.save), or give its scores as predictions"
)


def case_source(value: Any) -> str:
    """A path inside the client's folder, or ``public:NAME``.

    >>> case_source("data/loans.csv"), case_source("public: german_credit")
    ('data/loans.csv', 'public:german_credit')
    """
    text = _text(value) if isinstance(value, str) else value
    if isinstance(text, str) and text.startswith(PUBLIC):
        return PUBLIC + text.removeprefix(PUBLIC).strip()
    return data_path(value)


def model_path(value: Any) -> str:
    """The path of a model file that can be opened without running what is in it (rule 44)."""
    path = data_path(value)
    ending = "." + path.rsplit(".", 1)[-1].lower() if "." in path else ""
    if ending in PICKLES:
        raise Refused(quoted(path), 44, f"a file of this kind runs any code when it is opened; {HOW_TO_EXPORT}")
    if ending not in MODEL_ENDINGS:
        raise Refused(quoted(path), 44, f"a model is read from {' or '.join(MODEL_ENDINGS)}; {HOW_TO_EXPORT}")
    return path


def predictions_path(value: Any) -> str:
    path = data_path(value)
    if not path.lower().endswith((".csv", ".parquet")):
        raise Refused(quoted(path), 45, "predictions are read from .csv or .parquet")
    return path


def table_path(value: Any) -> str:
    path = data_path(value)
    if not path.lower().endswith((".csv", ".parquet")):
        raise Refused(quoted(path), 41, "a table is read from .csv or .parquet")
    return path


def one_or_three_numbers(value: Any) -> ThreePoint:
    """One number, or three: a list, or a text with ; between them (rules 8 and 35).

    >>> one_or_three_numbers("-620"), one_or_three_numbers(["-760", "-620", "-480"]), one_or_three_numbers("1; 2; 3").mode
    (ThreePoint(low=-620.0, mode=-620.0, high=-620.0), ThreePoint(low=-760.0, mode=-620.0, high=-480.0), 2.0)
    """
    if isinstance(value, ThreePoint):
        return value
    parts = value.split(";") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    if len(parts) not in (1, 3) or any(isinstance(part, dict | list) for part in parts):
        raise Refused(quoted(value), 2, "give one number, or low, most likely and high: [-760, -620, -480]")
    numbers = [number(part) for part in parts]
    if numbers != sorted(numbers):
        raise Refused(
            f"low {numbers[0]:g}, most likely {numbers[1]:g}, high {numbers[2]:g}", 8, "need low <= mode <= high"
        )
    return ThreePoint(*(numbers if len(numbers) == 3 else numbers * 3))


CaseSource = Annotated[str, BeforeValidator(case_source), "path inside the client's folder, or public:NAME"]
ModelPath = Annotated[str, BeforeValidator(model_path), "path of an .onnx or .keras file inside the client's folder"]
CaseTable = Annotated[str, BeforeValidator(table_path), "path of a .csv or .parquet file inside the client's folder"]
PredictionsPath = Annotated[
    str, BeforeValidator(predictions_path), "path of a .csv or .parquet file inside the client's folder"
]
OneOrThree = Annotated[ThreePoint, BeforeValidator(one_or_three_numbers), "number, or [low, mode, high]"]
