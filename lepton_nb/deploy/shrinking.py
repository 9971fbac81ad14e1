"""Smaller networks: weights left out, filters left out, numbers of 8 or 4 bits."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lepton_nb.deploy import exporting  # first: it starts Keras quietly

import keras  # isort: skip


# ---------------------------------------------------------------- weights left out


def leave_out_weights(model: keras.Model, share: float) -> dict[str, np.ndarray]:
    """Set the smallest weights of each kernel to zero, and keep them there when training goes on.

    share: of each kernel's weights, by size. Biases stay. Gives the masks by layer: true where a weight is left.
    Raises ValueError for a share outside 0..1.

    Reference: Han and others, Learning both Weights and Connections for Efficient Neural Networks, NeurIPS 2015.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share must be at least 0 and below 1. Received: {share=}")
    masks = {}
    for layer in _with_kernel(model):
        kernel = layer.get_weights()[0]
        mask = np.ones(kernel.size, bool)
        mask[np.argsort(np.abs(kernel), axis=None, kind="stable")[: round(share * kernel.size)]] = False
        masks[layer.name] = mask = mask.reshape(kernel.shape)
        layer.kernel.assign(kernel * mask)
        layer.kernel.constraint = _Kept(mask)
    return masks


class _Kept(keras.constraints.Constraint):
    """After each step, what was left out is zero again."""

    def __init__(self, mask: np.ndarray):
        self.mask = mask

    def __call__(self, weights):
        return weights * keras.ops.cast(self.mask, weights.dtype)


def _with_kernel(model: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)]


def packed_bytes(path: str | Path) -> int:
    """Size of a file as it is sent: packed by DEFLATE, which makes zeros small.

    Of an archive (a .keras file) its parts are packed, but for the one that says when it was saved.
    """
    content = Path(path).read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as parts:
            content = b"".join(parts.read(name) for name in sorted(parts.namelist()) if name != "metadata.json")
    return len(zlib.compress(content, 9))


# ---------------------------------------------------------------- filters left out


def leave_out_filters(model: keras.Model, smaller: keras.Model) -> keras.Model:
    """Fill a network of the same layers and fewer filters with the strongest filters of a trained one.

    model: trained, a chain of convolutions and dense layers with biases. smaller: the same chain with fewer outputs
    in some layers; the last layer keeps its outputs. A filter's strength is the sum of its absolute weights. Gives
    ``smaller``. Raises ValueError where the chains do not fit.

    Reference: Li and others, Pruning Filters for Efficient ConvNets, ICLR 2017.
    """
    pairs = list(zip(_with_kernel(model), _with_kernel(smaller), strict=False))
    if len(_with_kernel(model)) != len(_with_kernel(smaller)) or any(type(a) is not type(b) for a, b in pairs):
        raise ValueError("The two networks must have the same chain of convolutions and dense layers.")
    coming: np.ndarray | None = None  # inputs of the layer that are left
    for number, (from_layer, to_layer) in enumerate(pairs):
        kernel, bias = from_layer.get_weights()
        if coming is not None:
            inputs = kernel.shape[-2]
            places = inputs // pairs[number - 1][0].kernel.shape[-1]  # after flattening, each filter has several
            before = pairs[number - 1][0].kernel.shape[-1]
            rows = (np.arange(places)[:, None] * before + coming).ravel()
            kernel = kernel[..., rows, :]
        wanted = to_layer.kernel.shape[-1]
        strength = np.abs(kernel).reshape(-1, kernel.shape[-1]).sum(axis=0)
        coming = np.sort(np.argsort(-strength, kind="stable")[:wanted])
        if wanted > kernel.shape[-1] or to_layer.kernel.shape != (*kernel.shape[:-1], wanted):
            raise ValueError(f"{to_layer.name}: {to_layer.kernel.shape} does not fit {kernel.shape}.")
        to_layer.kernel.assign(kernel[..., coming])
        to_layer.bias.assign(bias[coming])
    return smaller


# ---------------------------------------------------------------- fewer bits


def quantised(values: np.ndarray, bits: int = 8) -> tuple[np.ndarray, float, int]:
    """Numbers as whole numbers of so many bits: (codes, scale, zero), values ≈ scale · (codes − zero).

    The range is widened to hold 0, which gets a code of its own: padding and ReLU must stay exact.

    >>> codes, scale, zero = quantised(np.array([-1.0, 0.0, 1.5]), bits=8)
    >>> codes.tolist(), zero, round(scale, 4)
    ([0, 102, 255], 102, 0.0098)
    """
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    most = 2**bits - 1
    scale = (high - low) / most or 1.0
    zero = round(-low / scale)
    return np.clip(np.round(values / scale) + zero, 0, most).astype(int), scale, zero


#: Operators that go on with codes where they get some; all else, as the softmax, computes in 32 bits.
IN_CODES = ["Conv", "Gemm", "MatMul", "MaxPool", "Relu", "Reshape", "Transpose"]


def int8_onnx(path: str | Path, out: str | Path, samples: np.ndarray, per_channel: bool = False) -> Path:
    """An ONNX file whose weights and activations are 8-bit numbers; the ranges of activations come from samples (n, …).

    Unsigned activations and signed weights with one step a layer, as onnxruntime advises for processors of the x86
    family; with per_channel each filter has a step of its own.
    """
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready = Path(out).with_suffix(".ready.onnx")
    with exporting.quietly():
        quant_pre_process(str(path), str(ready), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(ready), str(out), _samples(ready, samples), per_channel=per_channel, op_types_to_quantize=IN_CODES,
            activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
        )  # fmt: skip
    ready.unlink()
    exporting.shorten(out)
    return Path(out)


def _samples(path: Path, samples: np.ndarray, size: int = 100):
    """Samples in pieces, as the calibration of onnxruntime asks for them."""
    import onnxruntime
    from onnxruntime.quantization import CalibrationDataReader

    name = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).get_inputs()[0].name
    pieces: Sequence[np.ndarray] = [samples[start : start + size] for start in range(0, len(samples), size)]

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = iter(pieces)

        def get_next(self):
            piece = next(self.left, None)
            return None if piece is None else {name: piece}

    return Reader()


def int4_onnx(path: str | Path, out: str | Path, block: int = 32) -> Path:
    """An ONNX file whose dense layers hold 4-bit weights, ``block`` of them with one scale; the rest is as it was.

    onnxruntime 1.32 has 4 bits for products of matrices alone, not for convolutions.
    """
    import onnx as onnx_package
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    with exporting.quietly():
        made = MatMulNBitsQuantizer(onnx_package.load(str(path)), bits=4, block_size=block, is_symmetric=True)
        made.process()
        made.model.save_model_to_file(str(out))
    exporting.shorten(out)
    return Path(out)


def keras_quantised(model: keras.Model, mode: str) -> keras.Model:
    """A copy of the network with weights of 8 or 4 bits in its dense layers. mode: int8 or int4.

    Keras 3.15 has no convolution of whole numbers: these layers stay as they are.
    """
    copy = exporting.untrained_copy(model)
    with exporting.quietly():
        copy.quantize(mode)
    return copy
