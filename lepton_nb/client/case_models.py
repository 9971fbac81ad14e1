"""Model files of a case: is it what its name says, can it be opened without running what is in it, does it fit the data?

Nothing is executed here. An ONNX file is parsed as the message that it is, a .keras file as the archive of settings and
weights that it is. What a door may open later is decided here.
"""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lepton_nb.client.case_cells import HOW_TO_EXPORT
from lepton_nb.client.case_rows import LIKE_IDS
from lepton_nb.client.files import MEGABYTE
from lepton_nb.client.words import quoted

RULE = 44
LARGEST_UNPACKED = 1024 * MEGABYTE
#: Domains of operators that onnxruntime brings itself.
KNOWN_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
#: Layers that run code or read files of their own when a Keras model is opened or used.
RUNS_CODE = ("Lambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "function")
#: Families of Python modules that the settings of a .keras file may name.
KERAS_MODULES = ("keras",)


class Wrong(Exception):
    """A model file that is not opened: what was found, what to do."""

    def __init__(self, found: str, remedy: str, rule: int = RULE):
        super().__init__(f"{found}; {remedy}")
        self.found, self.remedy, self.rule = found, remedy, rule


class Port(NamedTuple):
    """An input of a model: its name, what it holds (number or text), its shape; None: any length."""

    name: str
    holds: str
    shape: tuple[int | None, ...] | None
    type: str = ""  # of its numbers, e.g. float, uint8


def opened(path: Path, scores: bool = True) -> tuple[Port, ...]:
    """The inputs of a model file that may be opened. scores: it must give the score of each row. Raises Wrong."""
    with path.open("rb") as stream:
        start = stream.read(16)
    if not start:
        raise Wrong("is empty", HOW_TO_EXPORT)
    what = "ONNX" if path.suffix.lower() == ".onnx" else "a .keras file"
    try:
        if pickled(start, path):
            raise Wrong("is a pickle under another name: it runs any code when it is opened", HOW_TO_EXPORT)
        return _onnx(path, scores) if what == "ONNX" else _keras(path, start, scores)
    except Wrong:
        raise
    except Exception as error:  # damaged files make parsers raise almost anything
        raise Wrong(f"cannot be read as {what} ({type(error).__name__})", HOW_TO_EXPORT) from None


def digest(path: Path) -> str:
    """SHA-256 of the file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pickled(start: bytes, path: Path) -> bool:
    """Whether a file begins as a pickle does, bare or packed: protocol 2 and up, a compressed one, or one of PyTorch."""
    if start[:1] == b"\x80" and 2 <= start[1] <= 5:
        return True
    if start.startswith((b"ZF", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")):
        return True  # what joblib packs into
    if start.startswith(b"PK") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return any(name.endswith((".pkl", ".pickle")) for name in packed.namelist())
    # protocol 0 and 1 begin with an opcode and are text
    return start[:2] in (b"(d", b"(l", b"(i", b"]q", b"}q") or (start[:1] == b"c" and b"\n" in start)


# --- ONNX


def _onnx(path: Path, scores: bool) -> tuple[Port, ...]:
    try:
        import onnx
    except ImportError:
        raise Wrong("is an ONNX file, and onnx is not installed", "pip install onnx onnxruntime", 1) from None
    model = onnx.load(str(path), load_external_data=False)
    if not model.graph.node or not model.opset_import:
        raise Wrong("cannot be read as ONNX: it holds no graph", HOW_TO_EXPORT)
    own = {function.domain for function in model.functions}
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise Wrong(
                f"keeps its weights in another file ({quoted(tensor.name)})",
                "save it as one file: onnx.save(model, path, save_as_external_data=False)",
            )
    for node in _nodes(model.graph):
        if node.domain not in KNOWN_DOMAINS and node.domain not in own:
            raise Wrong(
                f"uses the operator {quoted(node.op_type)} of {quoted(node.domain)}, which onnxruntime does not have",
                "export it with operators of ONNX alone",
            )
    weights = {tensor.name for tensor in model.graph.initializer}
    ports = tuple(_port(value, onnx) for value in model.graph.input if value.name not in weights)
    for port in ports:
        if port.shape and port.shape[0] is not None:
            remedy = (
                'export it for any number of rows (PyTorch: dynamic_shapes=({0: "rows"},); Keras and skl2onnx do so)'
            )
            raise Wrong(
                f"takes exactly {port.shape[0]} row{'s' * (port.shape[0] != 1)} at a time: its input is {_shown((port,))}",
                remedy,
            )
    if scores:
        _gives_scores(model.graph.output, onnx)
    return ports


def _gives_scores(outputs: Any, onnx: Any) -> None:
    """Whether an output can be the scores of rows, by the shapes that are stated. Raises Wrong."""
    stated = []
    for value in outputs:
        if not value.type.HasField("tensor_type"):
            return  # the maps of scores that skl2onnx writes by default
        port = _port(value, onnx)
        stated.append(port)
        if port.type not in ("float", "double", "float16", "bfloat16"):
            continue
        inner = None if port.shape is None else port.shape[1:]
        if inner is None or (port.shape and (None in inner or math.prod(inner) in (1, 2))):
            return
    remedy = "one output must be the score of each row, (n, 1), or the probabilities of two classes, (n, 2)"
    raise Wrong(f"gives {_shown(tuple(stated))}", remedy)


def _port(value: Any, onnx: Any) -> Port:
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type"):
        raise Wrong(f"its input {quoted(value.name)} is no tensor", HOW_TO_EXPORT)
    holds = "text" if kind.elem_type == onnx.TensorProto.STRING else "number"
    shape = None
    if kind.HasField("shape"):
        shape = tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim)
    return Port(value.name, holds, shape, onnx.TensorProto.DataType.Name(kind.elem_type).lower())


def _nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


# --- Keras


def _keras(path: Path, start: bytes, scores: bool) -> tuple[Port, ...]:
    remedy = "save the model with model.save('model.keras')"
    if start.startswith(b"\x89HDF"):
        raise Wrong("is an HDF5 file, which can hold code", remedy)
    if not zipfile.is_zipfile(path):
        raise Wrong("is no zip archive, so it is no .keras file", remedy)
    with zipfile.ZipFile(path) as packed:
        size = sum(item.file_size for item in packed.infolist())
        if size > LARGEST_UNPACKED:
            most = f"at most {LARGEST_UNPACKED // MEGABYTE} MB are read"
            raise Wrong(f"has {size // MEGABYTE} MB unpacked", most, 1)
        if broken := packed.testzip():
            raise Wrong(f"is damaged at {quoted(broken)}", remedy)
        if not {"config.json", "model.weights.h5"} <= set(packed.namelist()):
            raise Wrong("holds no config.json or no model.weights.h5, so it is no .keras file", remedy)
        config = json.loads(packed.read("config.json"))
    if isinstance(config, dict):
        config.pop("compile_config", None)  # how it was trained; the door does not read it
    for part in _parts(config):
        name, module = str(part.get("class_name", "")), part.get("module")
        if name in RUNS_CODE:
            raise Wrong(
                f"holds a {quoted(name)}, which runs code of its own",
                "write it with layers of Keras (keras.ops, Rescaling, …), or give the scores as predictions",
            )
        if part.get("registered_name") or (module is not None and str(module).split(".")[0] not in KERAS_MODULES):
            where = part.get("registered_name") or f"{module}.{name}"
            if str(part.get("registered_name") or name) != name or str(module).split(".")[0] not in KERAS_MODULES:
                raise Wrong(f"holds {quoted(where)}, which is not of Keras", "write it with layers of Keras")
        inner = part.get("config")
        if isinstance(inner, dict) and isinstance(inner.get("vocabulary"), str):
            raise Wrong("names a vocabulary in another file", "give the vocabulary as a list")
    if scores:
        _keras_scores(config)
    return tuple(_keras_ports(config))


def _keras_scores(config: Any) -> None:
    """Whether the last layer can give the score of a row, where it says how many figures it gives. Raises Wrong."""
    settings = config.get("config", {}) if isinstance(config, dict) else {}
    layers = [layer for layer in settings.get("layers", ()) if isinstance(layer, dict)]
    last = layers[-1] if layers and config.get("class_name") == "Sequential" else {}
    outputs = settings.get("output_layers") or []
    if len(outputs) == 3 and isinstance(outputs[0], str):  # one output: its name, and two places
        last = next((layer for layer in layers if layer.get("config", {}).get("name") == outputs[0]), {})
    units = last.get("config", {}).get("units") if last.get("class_name") == "Dense" else None
    if units not in (None, 1, 2):
        remedy = "one figure, the score of a row, or the probabilities of two classes are needed"
        raise Wrong(f"gives {units} figures a row", remedy)


def _parts(config: Any) -> Iterator[dict]:
    """Every mapping in the settings that names a class."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield config
        for value in config.values():
            yield from _parts(value)
    elif isinstance(config, list):
        for value in config:
            yield from _parts(value)


def _keras_ports(config: Any) -> Iterator[Port]:
    settings = config.get("config", {}) if isinstance(config, dict) else {}
    for layer in settings.get("layers", ()):
        if layer.get("class_name") != "InputLayer":
            continue
        inner = layer.get("config", {})
        shape = inner.get("batch_shape") or inner.get("batch_input_shape")
        kind = inner.get("dtype", "float32")
        kind = kind if isinstance(kind, str) else "float32"
        yield Port(
            inner.get("name", ""), "text" if kind == "string" else "number", tuple(shape) if shape else None, kind
        )


# --- does it fit


def fits(
    ports: tuple[Port, ...],
    features: dict[str, str],
    image: tuple[int, ...] | None,
    left_out: Mapping[str, str] | None = None,
) -> None:
    """Whether a model's inputs are those of the data. Raises Wrong.

    features: {column: number or text} of a table; left_out: its other columns, and why each is no feature; image: (height, width[, channels]) of images. A table is given as one
    input of all its columns (all numbers), or as one input a column by its name; images as (n, height, width, channels),
    (n, channels, height, width) or without the axis of channels.
    """
    if not ports:
        raise Wrong("has no input", HOW_TO_EXPORT)
    if image is not None:
        wanted = image_shapes(image)
        if len(ports) != 1 or ports[0].holds != "number" or (ports[0].shape and not _one_of(ports[0].shape, wanted)):
            shown = " or ".join("(n, " + ", ".join(map(str, shape)) + ")" for shape in wanted)
            raise Wrong(f"has the input {_shown(ports)}", f"the images of the case are {shown}")
        return
    names = [port.name for port in ports]
    for name in names:
        if name not in features and name in (left_out or {}):
            why, remedy = left_out[name], "take it out of the model, or correct the case"
            if why == LIKE_IDS:
                remedy = "write leave_out_columns: [] in the case if it is a quantity; else take it out of the model"
            raise Wrong(f"has the input {quoted(name)}, a column that no model sees: {why}", remedy)
    if len(ports) == 1 and (names[0] not in features or ports[0].shape not in ((None, 1), (1, 1))):
        port = ports[0]
        width = port.shape[1] if port.shape and len(port.shape) == 2 else None
        texts = [name for name, holds in features.items() if holds == "text"]
        if port.holds == "text" or (port.shape and len(port.shape) != 2) or width not in (None, len(features)):
            remedy = f"the case has {len(features)} columns: {', '.join(list(features)[:12])}"
            if width is not None and width < len(features):
                remedy += f"; leave out {len(features) - width} that the model does not take: leave_out_columns: [{next(iter(features))}, …]"
            ids = [name for name, why in (left_out or {}).items() if why == LIKE_IDS]
            if ids and width == len(features) + len(ids):
                remedy += f"; {', '.join(map(quoted, ids))} is taken for an id: leave_out_columns: [] in the case brings it back"
            raise Wrong(f"has the input {_shown(ports)}", remedy)
        if texts:
            raise Wrong(
                f"takes numbers alone, and {quoted(texts[0])} is a text",
                "export the whole pipeline with one input a column, by the names of the columns",
            )
        return
    unknown = [name for name in names if name not in features]
    if unknown:
        raise Wrong(
            f"has the input {quoted(unknown[0])}",
            f"name the inputs as the columns: {', '.join(list(features)[:12])}",
        )
    for port in ports:
        if port.holds == "number" and features[port.name] == "text":
            raise Wrong(
                f"takes numbers as {quoted(port.name)}, and the column holds texts", "export it with texts there"
            )
        if port.shape and (len(port.shape) not in (1, 2) or (len(port.shape) == 2 and port.shape[1] not in (None, 1))):
            raise Wrong(f"has the input {_shown((port,))}", "one column is (n, 1)")


def image_shapes(image: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The forms in which an image may be given to a model.

    >>> image_shapes((64, 64)), image_shapes((32, 32, 3))
    ([(64, 64, 1), (1, 64, 64), (64, 64)], [(32, 32, 3), (3, 32, 32)])
    """
    height, width, *channels = image
    if channels and channels[0] > 1:
        return [(height, width, channels[0]), (channels[0], height, width)]
    return [(height, width, 1), (1, height, width), (height, width)]


def _one_of(shape: tuple[int | None, ...], wanted: list[tuple[int, ...]]) -> bool:
    return any(
        len(shape) == len(one) + 1 and all(a is None or a == b for a, b in zip(shape[1:], one, strict=True))
        for one in wanted
    )


def _shown(ports: tuple[Port, ...]) -> str:
    return ", ".join(
        f"{quoted(port.name)} {port.type} "
        + (
            "of any shape"
            if port.shape is None
            else "(" + ", ".join("n" if d is None else str(d) for d in port.shape) + ")"
        )
        for port in ports[:5]
    )
