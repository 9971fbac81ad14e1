"""A model file as a service takes it: opened by the door of the cases, asked in rows, refused in sentences.

A request is JSON, ``{"rows": [...]}`` for a model with one input and ``{"inputs": {"name": [...]}}`` for one with
several, or for one input an array in NumPy's format (``application/x-npy``), which holds no code.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lepton_nb.client import case_models

JSON, NPY = "application/json", "application/x-npy"
#: What ONNX calls a number → NumPy's name of it.
TYPES = {"float": "float32", "double": "float64"}


class Refused(Exception):
    """A request that is not answered: HTTP status, and a sentence that says what was found and what to do."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Model:
    """An ONNX file, opened. Raises ValueError, in a sentence, for a file that may not be opened or cannot be served.

    threads: of the runtime, for one batch. ``name``, ``digest`` (SHA-256), ``ports`` (inputs) and ``outputs`` (names)
    say what it is; ``rows`` reads a request, ``run`` answers it.
    """

    def __init__(self, path: str | Path, threads: int = 1):
        path = Path(path)
        self.name = path.name
        self.ports = _opened(path)
        self.digest = case_models.digest(path)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # whatever the runtime finds wrong
            reason = str(error).splitlines()[0]
            raise ValueError(f"{self.name} cannot be opened by onnxruntime: {reason}") from None
        self.outputs = tuple(one.name for one in self._session.get_outputs())
        self._try()

    def run(self, inputs: Mapping[str, np.ndarray]) -> list[Any]:
        """The outputs, each with one entry a row."""
        return self._session.run(None, dict(inputs))

    def _try(self) -> None:
        """Two rows of nothing: does the model answer, with one answer a row?"""
        if any(port.shape is None or None in port.shape[1:] for port in self.ports):
            return  # a size that only a request tells
        try:
            outputs = self.run({port.name: np.zeros((2, *port.shape[1:]), type_of(port)) for port in self.ports})
        except Exception as error:
            raise ValueError(f"{self.name} does not answer two rows of zeros: {str(error).splitlines()[0]}") from None
        for name, output in zip(self.outputs, outputs, strict=True):
            if np.ndim(output) == 0 or len(output) != 2:
                raise ValueError(
                    f"{self.name} gives {name!r} of shape {np.shape(output)} for two rows; export it so that each "
                    "output has one entry a row."
                )

    def rows(self, body: bytes, kind: str, most: int) -> tuple[dict[str, np.ndarray], int]:
        """The inputs of a request and how many rows they are. kind: media type; most: rows. Raises Refused."""
        if kind == NPY:
            if len(self.ports) > 1:
                raise Refused(
                    415,
                    f"{NPY} fits a model with one input; this one has {len(self.ports)}: send JSON, inputs by name.",
                )
            found = {self.ports[0].name: array(body)}
        elif kind == JSON:
            found = self._listed(body)
        else:
            raise Refused(415, f"Content-Type is {kind or 'missing'}; it must be {JSON} or {NPY}.")
        found = {port.name: fitted(found[port.name], port) for port in self.ports}
        counts = {len(values) for values in found.values()}
        if len(counts) > 1:
            raise Refused(422, f"The inputs have different numbers of rows: {', '.join(map(str, sorted(counts)))}.")
        count = counts.pop()
        if not 1 <= count <= most:
            raise Refused(422 if not count else 413, f"The request has {count} rows; from 1 to {most} are answered.")
        return found, count

    def _listed(self, body: bytes) -> dict[str, Any]:
        """The inputs of a request in JSON."""
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, 'The body is no JSON; send {"rows": [...]}.') from None
        names = [port.name for port in self.ports]
        if isinstance(asked, dict) and len(names) == 1 and "rows" in asked:
            return {names[0]: asked["rows"]}
        inputs = asked.get("inputs") if isinstance(asked, dict) else None
        if not isinstance(inputs, dict):
            form = '{"rows": [...]}' if len(names) == 1 else '{"inputs": {"' + names[0] + '": [...], …}}'
            raise Refused(422, f"The body must be {form}.")
        if wrong := sorted(set(names) ^ set(inputs)):
            raise Refused(422, f"The inputs are {', '.join(names)}; missing or too many: {', '.join(wrong[:12])}.")
        return inputs


def _opened(path: Path) -> tuple[case_models.Port, ...]:
    """The inputs of a file that may be served."""
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; name a model in ONNX.")
    if path.suffix.lower() != ".onnx":
        raise ValueError(
            f"{path.name} is no .onnx file; only ONNX is served, which holds no code. "
            "Keras: model.export('model.onnx', format='onnx'); scikit-learn: skl2onnx.to_onnx(model, rows)."
        )
    if path.stat().st_size > case_models.LARGEST_UNPACKED:
        most = case_models.LARGEST_UNPACKED // case_models.MEGABYTE
        raise ValueError(
            f"{path.name} has {path.stat().st_size // case_models.MEGABYTE} MB; at most {most} are opened."
        )
    try:
        ports = case_models.opened(path, scores=False)
        for port in ports:
            type_of(port)
        return ports
    except case_models.Wrong as stop:
        raise ValueError(f"{path.name} {stop} (rule {stop.rule})") from None
    except TypeError:
        raise ValueError(f"{path.name} takes {port.type} as {port.name!r}, which no request can hold.") from None


def type_of(port: case_models.Port) -> np.dtype:
    """The numbers that an input takes."""
    return np.dtype(object if port.holds == "text" else TYPES.get(port.type, port.type))


def array(body: bytes) -> np.ndarray:
    """An array in NumPy's format; its size is checked before anything is allocated. Raises Refused."""
    stream = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, in_columns, kind = read(stream)
    except Exception:  # what is no header makes its parser raise almost anything
        raise Refused(400, "The body is no array in NumPy's format; write it with numpy.save.") from None
    if kind.kind not in "biuf":
        raise Refused(422, f"The array holds {kind}; numbers alone are taken, nothing that could be code.")
    start, count = stream.tell(), int(np.prod(shape, dtype=object)) if shape else 1
    if in_columns or len(body) - start != count * kind.itemsize:
        raise Refused(400, "The array is not whole, or is stored by columns; write it with numpy.save, in C order.")
    return np.frombuffer(body, kind, count, start).reshape(shape)


def fitted(values: Any, port: case_models.Port) -> np.ndarray:
    """Values as an input takes them, (rows, …). Raises Refused."""
    wanted, where = type_of(port), f"input {port.name!r}"
    try:
        found = values if isinstance(values, np.ndarray) else np.array(values, object if port.holds == "text" else None)
    except (ValueError, OverflowError):
        raise Refused(422, f"The rows of {where} have different lengths.") from None
    found = _shaped(found, port, where)
    if port.holds != "text":
        return _numbers(found, wanted, where)
    if not all(isinstance(value, str) for value in found.flat):
        raise Refused(422, f"The {where} takes texts.")
    return found


def _shaped(found: np.ndarray, port: case_models.Port, where: str) -> np.ndarray:
    """The same values, in the shape that is asked for: a column may come as a plain list."""
    if port.shape is None:
        if found.ndim == 0:
            raise Refused(422, f"The {where} takes rows; one value was given.")
        return found
    if found.ndim == 1 and tuple(port.shape[1:]) == (1,):
        found = found[:, None]
    if found.ndim != len(port.shape) or any(
        size not in (None, given) for size, given in zip(port.shape[1:], found.shape[1:], strict=True)
    ):
        wanted = ", ".join("rows" if place == 0 else str(size or "any") for place, size in enumerate(port.shape))
        raise Refused(422, f"The {where} must be ({wanted}). Received: {found.shape}")
    return found


def _numbers(found: np.ndarray, wanted: np.dtype, where: str) -> np.ndarray:
    """The same numbers in the type of the model, where nothing is lost but digits."""
    if found.dtype.kind not in "biuf":
        raise Refused(422, f"The {where} takes numbers.")
    if wanted.kind == "f":
        with np.errstate(over="ignore"):  # becomes infinite, and is refused as that
            found = found.astype(wanted, copy=False)
        if not np.isfinite(found).all():
            row = int(np.argwhere(~np.isfinite(found))[0][0])
            raise Refused(422, f"Row {row} of {where} holds a value that is no finite number.")
        return found
    if found.dtype != wanted:
        ends = (0, 1) if wanted.kind == "b" else (np.iinfo(wanted).min, np.iinfo(wanted).max)
        if found.dtype.kind == "f" or (found.size and not ends[0] <= found.min() <= found.max() <= ends[1]):
            raise Refused(422, f"The {where} takes whole numbers from {ends[0]} to {ends[1]}.")
    return found.astype(wanted, copy=False)
