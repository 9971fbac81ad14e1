"""Trained Keras networks as files that other runtimes open: ONNX, LiteRT, and the .keras file itself."""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lepton_nb import training  # first: it starts Keras quietly

import keras  # isort: skip


def with_preparation(model: keras.Model, scale: float = 1 / 255) -> keras.Model:
    """A copy of the network that takes raw bytes, so that no caller can forget to divide them.

    model: takes (batch, …) within 0..1, and begins with a convolution or a dense layer. The division goes into the
    kernel of that layer, where it costs no time: w · (scale · x) = (scale · w) · x.
    """
    copy = untrained_copy(model, "net")  # short: the name goes into those of all operators, and so into the file
    first = next(layer for layer in copy.layers if layer.get_weights())
    kernel, *rest = first.get_weights()
    first.set_weights([scale * kernel, *rest])
    raw = keras.Input(model.input_shape[1:], name="image", dtype="uint8")
    made = keras.Model(raw, copy(keras.ops.cast(raw, "float32")), name="of_bytes")
    made(np.zeros((1, *model.input_shape[1:]), "uint8"))  # Keras exports nothing that has never been called
    return made


def untrained_copy(model: keras.Model, name: str = "") -> keras.Model:
    """The same layers and weights, without what training keeps (optimizer, loss), which would go into the file."""
    copy = model.__class__.from_config(model.get_config() | {"name": name or model.name})
    copy.set_weights(model.get_weights())
    return copy


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Converters tell their steps on standard error, in Python and in C++; a page has no use for them."""
    loggers = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow", "absl", "root")]
    levels = [logger.level for logger in loggers]
    with training.silence(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def onnx(model: keras.Model, path: str | Path) -> Path:
    """An ONNX file, for any number of rows. Needs tf2onnx, of the extra ``serve``, where Keras runs on TensorFlow."""
    with quietly():
        model.export(str(path), format="onnx", verbose=False)
    shorten(path)
    return Path(path)


def shorten(path: str | Path) -> None:
    """The same ONNX graph with short names, the same in every process; operators keep the name of their layer.

    Converters number what they name through the life of a process, and of a small 8-bit file names are a tenth.
    """
    import onnx as onnx_package

    model = onnx_package.load(str(path))
    graph = model.graph
    outer = {value.name for value in (*graph.input, *graph.output)}
    inner = dict.fromkeys(tensor.name for tensor in graph.initializer)
    inner |= dict.fromkeys(name for node in graph.node for name in node.output)
    short = {name: f"t{number}" for number, name in enumerate(inner) if name and name not in outer}
    for tensor in graph.initializer:
        tensor.name = short.get(tensor.name, tensor.name)
    for number, node in enumerate(graph.node):
        node.input[:] = [short.get(name, name) for name in node.input]
        node.output[:] = [short.get(name, name) for name in node.output]
        between = node.op_type in ("QuantizeLinear", "DequantizeLinear")
        node.name = "" if between else f"{re.sub(r'__[0-9]+', '', node.name).rpartition('/net')[2]}/{number}"
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "rows"
    del graph.value_info[:]  # shapes inside: the runtime works them out itself
    onnx_package.save(model, str(path))


def litert(model: keras.Model, path: str | Path, samples: np.ndarray | None = None) -> Path:
    """A LiteRT file. samples (n, …): what the ranges of whole numbers are taken from; None: it stays in 32-bit floats."""
    options: dict[str, Any] = {}
    with quietly():
        if samples is not None:
            import tensorflow as tf

            options["optimizations"] = [tf.lite.Optimize.DEFAULT]
            options["representative_dataset"] = lambda: ([sample[None]] for sample in samples)
        model.export(str(path), format="litert", verbose=False, **options)
    return Path(path)


def keras_file(model: keras.Model, path: str | Path) -> Path:
    """The .keras file."""
    with quietly():
        model.save(str(path))
    return Path(path)
