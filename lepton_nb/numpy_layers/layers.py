"""Affine layer, convolution, pooling and activations, forward and backward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import ndarray as Array
from numpy.lib.stride_tricks import sliding_window_view

# Affine layer ---------------------------------------------------------------------------------------


def dense(x: Array, weights: Array, bias: Array) -> Array:
    """Affine layer ``z = x W + b``: ``(batch, inputs) -> (batch, units)``.

    weights: (inputs, units), bias: (units,). Goodfellow et al. 2016, section 6.1.

    >>> dense(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, 3.0], [0.0, 1.0, -1.0]]), np.array([0.5, 0.0, 0.0]))
    array([[1.5, 2. , 1. ]])
    """
    if x.ndim != 2 or weights.shape[:1] != x.shape[1:] or bias.shape != weights.shape[1:]:
        raise ValueError(
            "dense needs x (batch, inputs), weights (inputs, units), bias (units,). "
            f"Received: x={x.shape}, weights={weights.shape}, bias={bias.shape}"
        )
    return x @ weights + bias


def dense_backward(gradient: Array, x: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Gradients of :func:`dense` by x, weights and bias.

    With ``g = dL/dz`` of shape (batch, units): ``dL/dx = g Wᵀ``, ``dL/dW = xᵀ g``, ``dL/db = Σ_r g``.
    """
    return gradient @ weights.T, x.T @ gradient, gradient.sum(axis=0)


# Convolution ----------------------------------------------------------------------------------------


def output_size(size: int, window: int, stride: int = 1, padding: str = "valid") -> int:
    """Positions of a window on a line of ``size`` cells.

    valid: ``⌊(n − k) / s⌋ + 1``; same: ``⌈n / s⌉``. Dumoulin and Visin 2016, section 2.

    >>> output_size(28, 3), output_size(28, 3, padding="same"), output_size(26, 2, stride=2)
    (26, 28, 13)
    """
    if padding not in ("valid", "same"):
        raise ValueError(f'padding is "valid" or "same". Received: padding={padding!r}')
    if stride < 1 or window < 1:
        raise ValueError(f"window and stride are at least 1. Received: window={window}, stride={stride}")
    if padding == "valid" and window > size:
        raise ValueError(f"The window does not fit. Received: size={size}, window={window}")
    return (size - window) // stride + 1 if padding == "valid" else -(-size // stride)


def _margins(size: int, window: int, stride: int, padding: str) -> tuple[int, int]:
    """Zeros before and after one axis. An odd one goes after, as in Keras on TensorFlow."""
    if padding == "valid":
        return 0, 0
    total = max((output_size(size, window, stride, padding) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def _pad(x: Array, rows: tuple[int, int], columns: tuple[int, int]) -> Array:
    return np.pad(x, ((0, 0), rows, columns, (0, 0))) if any(rows + columns) else x


def _windows(x: Array, height: int, width: int, stride: int) -> Array:
    """View of all windows, no copy: (batch, out_height, out_width, channels, height, width)."""
    return sliding_window_view(x, (height, width), axis=(1, 2))[:, ::stride, ::stride]


def conv2d(x: Array, kernel: Array, bias: Array, stride: int = 1, padding: str = "valid") -> Array:
    """Convolution as Keras computes it: cross-correlation, the kernel is not flipped.

    ``z[r,i,j,f] = Σ_u Σ_v Σ_c x[r, s·i+u, s·j+v, c] · K[u,v,c,f] + bias[f]``

    x: (batch, height, width, channels); kernel: (window height, window width, channels, filters);
    bias: (filters,). Output: (batch, out height, out width, filters), see :func:`output_size`.
    Goodfellow et al. 2016, equation 9.6.

    >>> conv2d(np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1)), np.zeros(1))[0, :, :, 0]
    array([[9., 9.],
           [9., 9.]])
    """
    if x.ndim != 4 or kernel.ndim != 4 or x.shape[3] != kernel.shape[2] or bias.shape != kernel.shape[3:]:
        raise ValueError(
            "conv2d needs x (batch, height, width, channels), kernel (height, width, channels, filters), "
            f"bias (filters,). Received: x={x.shape}, kernel={kernel.shape}, bias={bias.shape}"
        )
    height, width = kernel.shape[:2]
    output_size(x.shape[1], height, stride, padding), output_size(x.shape[2], width, stride, padding)
    rows, columns = _margins(x.shape[1], height, stride, padding), _margins(x.shape[2], width, stride, padding)
    windows = _windows(_pad(x, rows, columns), height, width, stride)
    return np.tensordot(windows, kernel, axes=((3, 4, 5), (2, 0, 1))) + bias  # sum over c, u, v


def conv2d_backward(
    gradient: Array, x: Array, kernel: Array, stride: int = 1, padding: str = "valid"
) -> tuple[Array, Array, Array]:
    """Gradients of :func:`conv2d` by x, kernel and bias.

    With ``g = dL/dz``:

    - ``dL/dK[u,v,c,f] = Σ_r Σ_i Σ_j g[r,i,j,f] · x[r, s·i+u, s·j+v, c]``: the input, correlated with g;
    - ``dL/dbias[f] = Σ_r Σ_i Σ_j g[r,i,j,f]``;
    - ``dL/dx[r,p,q,c] = Σ_u Σ_v Σ_f g[r, (p−u)/s, (q−v)/s, f] · K[u,v,c,f]``, over those u, v for which
      the index is whole and inside g. This is a full correlation: s − 1 zeros between the cells of g,
      k − 1 zeros around it, and the kernel turned by 180 degrees with its channels and filters exchanged.

    Goodfellow et al. 2016, section 9.5; Dumoulin and Visin 2016, section 4.
    """
    height, width = kernel.shape[:2]
    rows, columns = _margins(x.shape[1], height, stride, padding), _margins(x.shape[2], width, stride, padding)
    padded = _pad(x, rows, columns)
    windows = _windows(padded, height, width, stride)
    kernel_gradient = np.tensordot(windows, gradient, axes=((0, 1, 2), (0, 1, 2)))  # (c, u, v, f)

    batch, out_height, out_width, filters = gradient.shape
    # Every output gradient stands where its window began; windows reach k − 1 cells further on both sides.
    spread = np.zeros((batch, padded.shape[1] + height - 1, padded.shape[2] + width - 1, filters), gradient.dtype)
    spread[:, height - 1 :: stride, width - 1 :: stride][:, :out_height, :out_width] = gradient
    turned = kernel[::-1, ::-1].swapaxes(2, 3)  # (u, v, filters, channels)
    padded_gradient = np.tensordot(_windows(spread, height, width, 1), turned, axes=((3, 4, 5), (2, 0, 1)))
    x_gradient = padded_gradient[:, rows[0] : rows[0] + x.shape[1], columns[0] : columns[0] + x.shape[2]]
    return x_gradient, kernel_gradient.transpose(1, 2, 0, 3), gradient.sum(axis=(0, 1, 2))


# Pooling --------------------------------------------------------------------------------------------


def _pool_windows(x: Array, size: int, stride: int | None) -> tuple[Array, int]:
    if x.ndim != 4:
        raise ValueError(f"Pooling needs x (batch, height, width, channels). Received: x={x.shape}")
    stride = size if stride is None else stride
    output_size(x.shape[1], size, stride), output_size(x.shape[2], size, stride)
    return _windows(x, size, size, stride), stride


def _scatter(cells: Array, shape: tuple[int, ...], stride: int) -> Array:
    """Add window cells back onto their image. cells: (batch, i, j, channels, u, v); overlaps add up."""
    image = np.zeros(shape, cells.dtype)
    out_height, out_width, _, height, width = cells.shape[1:]
    for u in range(height):
        for v in range(width):
            rows = slice(u, u + stride * out_height, stride)
            columns = slice(v, v + stride * out_width, stride)
            image[:, rows, columns][:, :out_height, :out_width] += cells[..., u, v]
    return image


def max_pool2d(x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Largest value of each window: ``y[r,i,j,c] = max_u,v x[r, s·i+u, s·j+v, c]``.

    Without weights; each channel for itself. stride defaults to size (windows side by side);
    cells that fill no whole window are left out. Goodfellow et al. 2016, section 9.3.
    """
    return _pool_windows(x, size, stride)[0].max(axis=(4, 5))


def max_pool2d_backward(gradient: Array, x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Gradient of :func:`max_pool2d` by x: all of it goes to the cell that won, the others get zero.

    Of equal cells the first in reading order wins, as in TensorFlow.
    """
    windows, stride = _pool_windows(x, size, stride)
    winner = windows.reshape(*windows.shape[:4], size * size).argmax(axis=4)
    won = (winner[..., None] == np.arange(size * size)).reshape(windows.shape)
    return _scatter(won * gradient[..., None, None], x.shape, stride)


def average_pool2d(x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Mean of each window: ``y[r,i,j,c] = 1/k² Σ_u Σ_v x[r, s·i+u, s·j+v, c]``.

    Without weights; each channel for itself. stride defaults to size.
    """
    return _pool_windows(x, size, stride)[0].mean(axis=(4, 5))


def average_pool2d_backward(gradient: Array, x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Gradient of :func:`average_pool2d` by x: each cell of a window gets the same share, 1/k²."""
    windows, stride = _pool_windows(x, size, stride)
    return _scatter(np.broadcast_to(gradient[..., None, None] / size**2, windows.shape), x.shape, stride)


def flatten(x: Array) -> Array:
    """All cells of a case in one row: ``(batch, …) -> (batch, features)``. Order as in Keras (row by row)."""
    return x.reshape(len(x), -1)


def flatten_backward(gradient: Array, x: Array) -> Array:
    """Gradient of :func:`flatten` by x: back into the shape it came in."""
    return gradient.reshape(x.shape)


# Activations ----------------------------------------------------------------------------------------


def relu(x: Array) -> Array:
    """Rectified linear unit ``max(0, x)``. Nair and Hinton, ICML 2010."""
    return np.maximum(x, 0)


def relu_backward(gradient: Array, x: Array) -> Array:
    """``g · [x > 0]``. The derivative at 0, where there is none, is taken as 0, as in Keras."""
    return gradient * (x > 0)


def leaky_relu(x: Array, negative_slope: float = 0.3) -> Array:
    """``x`` for x > 0, else ``negative_slope · x``; 0.3 is the default of Keras. Maas, Hannun and Ng, ICML 2013."""
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_backward(gradient: Array, x: Array, negative_slope: float = 0.3) -> Array:
    """``g`` for x > 0, else ``negative_slope · g``."""
    return np.where(x > 0, gradient, negative_slope * gradient)


def sigmoid(x: Array) -> Array:
    """Logistic function ``σ(x) = 1 / (1 + e⁻ˣ)``, written so that no exponential overflows."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def sigmoid_backward(gradient: Array, x: Array) -> Array:
    """``g · σ(x) · (1 − σ(x))``."""
    y = sigmoid(x)
    return gradient * y * (1 - y)


def tanh(x: Array) -> Array:
    """Hyperbolic tangent; ``tanh(x) = 2 σ(2x) − 1``."""
    return np.tanh(x)


def tanh_backward(gradient: Array, x: Array) -> Array:
    """``g · (1 − tanh²(x))``."""
    return gradient * (1 - np.tanh(x) ** 2)


def softmax(x: Array) -> Array:
    """Class probabilities along the last axis: ``p_i = e^{x_i} / Σ_j e^{x_j}``.

    The largest entry is subtracted first: p stays the same and no exponential overflows.
    """
    power = np.exp(x - x.max(axis=-1, keepdims=True))
    return power / power.sum(axis=-1, keepdims=True)


def softmax_backward(gradient: Array, x: Array) -> Array:
    """``dL/dx_i = p_i (g_i − Σ_j g_j p_j)``, from ``dp_j/dx_i = p_j ([i = j] − p_i)``."""
    p = softmax(x)
    return p * (gradient - (gradient * p).sum(axis=-1, keepdims=True))


# By name -------------------------------------------------------------------------------------------

#: Functions without parameters that a network may apply, with their backward partners.
FUNCTIONS: dict[str, tuple[Callable, Callable]] = {
    "max_pool2d": (max_pool2d, max_pool2d_backward),
    "average_pool2d": (average_pool2d, average_pool2d_backward),
    "flatten": (flatten, flatten_backward),
    "relu": (relu, relu_backward),
    "leaky_relu": (leaky_relu, leaky_relu_backward),
    "sigmoid": (sigmoid, sigmoid_backward),
    "tanh": (tanh, tanh_backward),
    "softmax": (softmax, softmax_backward),
}
