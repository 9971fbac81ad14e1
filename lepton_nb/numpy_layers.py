"""The mathematics of convolutional networks in NumPy, forward and backward.

Every forward function ``f(x, …)`` has a partner ``f_backward(gradient, x, …)``. ``gradient`` is the
derivative of the loss by the output of ``f`` and has its shape; what comes back is the derivative by
each input of ``f``. This is the chain rule, one link at a time. All functions are pure and keep the
dtype they are given. Images are ``(batch, height, width, channels)``, as in Keras.

Letters in the equations: ``b`` batch, ``i j`` position in the output, ``u v`` position in the window,
``c`` input channel, ``f`` filter, ``s`` stride, ``k`` window size, ``n`` image size.

References: Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, chapters 6 and 9;
Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray as Array
from numpy.lib.stride_tricks import sliding_window_view

#: Probabilities are kept this far from 0 and 1 before a logarithm is taken, as in Keras.
EPSILON = 1e-7


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

    With ``g = dL/dz`` of shape (batch, units): ``dL/dx = g Wᵀ``, ``dL/dW = xᵀ g``, ``dL/db = Σ_b g``.
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

    ``z[b,i,j,f] = Σ_u Σ_v Σ_c x[b, s·i+u, s·j+v, c] · K[u,v,c,f] + bias[f]``

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

    - ``dL/dK[u,v,c,f] = Σ_b Σ_i Σ_j g[b,i,j,f] · x[b, s·i+u, s·j+v, c]``: the input, correlated with g;
    - ``dL/dbias[f] = Σ_b Σ_i Σ_j g[b,i,j,f]``;
    - ``dL/dx[b,p,q,c] = Σ_u Σ_v Σ_f g[b, (p−u)/s, (q−v)/s, f] · K[u,v,c,f]``, over those u, v for which
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
    """Largest value of each window: ``y[b,i,j,c] = max_u,v x[b, s·i+u, s·j+v, c]``.

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
    """Mean of each window: ``y[b,i,j,c] = 1/k² Σ_u Σ_v x[b, s·i+u, s·j+v, c]``.

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


# Losses: mean over the batch ------------------------------------------------------------------------


def _same_shape(name: str, output: Array, target: Array) -> None:
    if output.shape != target.shape:
        raise ValueError(
            f"{name} needs targets in the shape of the outputs (class numbers: one_hot first). "
            f"Received: output={output.shape}, target={target.shape}"
        )


def one_hot(labels: Array, num_classes: int, dtype=np.float32) -> Array:
    """Class numbers as rows with a single 1: ``(batch,) -> (batch, num_classes)``.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    if labels.ndim != 1 or (len(labels) and not 0 <= labels.min() <= labels.max() < num_classes):
        raise ValueError(f"labels are whole numbers from 0 to {num_classes - 1}. Received: {labels!r}")
    return np.eye(num_classes, dtype=dtype)[labels]


def mean_squared_error(output: Array, target: Array) -> np.floating:
    """``1/N Σ (a − y)²`` over all N entries of the batch."""
    _same_shape("mean_squared_error", output, target)
    return np.mean((output - target) ** 2)


def mean_squared_error_backward(output: Array, target: Array) -> Array:
    """``2 (a − y) / N``."""
    return 2 * (output - target) / output.size


def binary_cross_entropy(output: Array, target: Array) -> np.floating:
    """``−1/N Σ [y log p + (1 − y) log(1 − p)]`` over all N entries; p = output is a probability.

    p is kept within [1e-7, 1 − 1e-7], as in Keras. Goodfellow et al. 2016, section 6.2.2.2.
    """
    _same_shape("binary_cross_entropy", output, target)
    p = np.clip(output, EPSILON, 1 - EPSILON)
    return -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))


def binary_cross_entropy_backward(output: Array, target: Array) -> Array:
    """``(p − y) / (p (1 − p)) / N``; zero where p was clipped."""
    p = np.clip(output, EPSILON, 1 - EPSILON)
    return (output == p) * (p - target) / (p * (1 - p)) / output.size


def categorical_cross_entropy(output: Array, target: Array) -> np.floating:
    """``−1/n Σ_b Σ_i y_i log p_i`` over a batch of n; rows of output are probabilities, of target one-hot.

    p is kept within [1e-7, 1 − 1e-7], as in Keras. Goodfellow et al. 2016, section 6.2.2.3.
    """
    _same_shape("categorical_cross_entropy", output, target)
    return -np.sum(target * np.log(np.clip(output, EPSILON, 1 - EPSILON))) / output.dtype.type(len(output))


def categorical_cross_entropy_backward(output: Array, target: Array) -> Array:
    """``−y / p / n``; zero where p was clipped.

    Keras first divides each row by its sum, which adds a constant to the row's gradient; after
    :func:`softmax_backward`, which removes constants, both are the same.
    """
    p = np.clip(output, EPSILON, 1 - EPSILON)
    return np.where(output == p, -target / p, 0) / len(output)


def softmax_cross_entropy(logits: Array, target: Array) -> np.floating:
    """Softmax and categorical cross-entropy in one: ``1/n Σ_b [log Σ_j e^{z_j} − Σ_i y_i z_i]``.

    Holds when each row of target sums to 1. No probability is formed, so nothing is clipped.
    """
    _same_shape("softmax_cross_entropy", logits, target)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.sum(target * log_probability) / logits.dtype.type(len(logits))


def softmax_cross_entropy_backward(logits: Array, target: Array) -> Array:
    """``(p − y) / n`` with ``p = softmax(z)``: softmax's derivative and the logarithm's cancel."""
    return (softmax(logits) - target) / len(logits)


# Optimisers -----------------------------------------------------------------------------------------


class SGD:
    """Gradient descent, with momentum where it is given.

    ``v ← μ v − η g``; ``w ← w + v``. With μ = 0 this is ``w ← w − η g``: gradient descent when g comes
    from all cases, stochastic gradient descent when it comes from a batch. Parameters change in place.
    Robbins and Monro 1951; Polyak 1964; the form is that of ``keras.optimizers.SGD``.
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0):
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocities: list[Array] = []

    def step(self, parameters: Sequence[Array], gradients: Sequence[Array]) -> None:
        """Move each parameter once, by its gradient of the same shape."""
        if not self.velocities:
            self.velocities = [np.zeros_like(parameter) for parameter in parameters]
        for parameter, gradient, velocity in zip(parameters, gradients, self.velocities, strict=True):
            velocity *= self.momentum
            velocity -= self.learning_rate * gradient
            parameter += velocity


class Adam:
    """Adaptive moments, in the form that ``keras.optimizers.Adam`` uses.

    ``m ← β₁ m + (1−β₁) g``; ``v ← β₂ v + (1−β₂) g²``; ``w ← w − η √(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)``.
    Keras adds ε to √v before the correction for the start ("ε-hat"; Kingma and Ba, ICLR 2015, end of
    section 2), where algorithm 1 of the paper adds it after. Parameters change in place.
    """

    def __init__(self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.iterations = 0
        self.means: list[Array] = []
        self.squares: list[Array] = []

    def step(self, parameters: Sequence[Array], gradients: Sequence[Array]) -> None:
        """Move each parameter once, by its gradient of the same shape."""
        if not self.means:
            self.means = [np.zeros_like(parameter) for parameter in parameters]
            self.squares = [np.zeros_like(parameter) for parameter in parameters]
        self.iterations += 1
        start = (1 - self.beta_2**self.iterations) ** 0.5 / (1 - self.beta_1**self.iterations)
        for parameter, gradient, mean, square in zip(parameters, gradients, self.means, self.squares, strict=True):
            mean += (1 - self.beta_1) * (gradient - mean)
            square += (1 - self.beta_2) * (gradient**2 - square)
            parameter -= self.learning_rate * start * mean / (np.sqrt(square) + self.epsilon)


# Network --------------------------------------------------------------------------------------------

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

#: Losses with their backward partners.
LOSSES: dict[str, tuple[Callable, Callable]] = {
    "mean_squared_error": (mean_squared_error, mean_squared_error_backward),
    "binary_cross_entropy": (binary_cross_entropy, binary_cross_entropy_backward),
    "categorical_cross_entropy": (categorical_cross_entropy, categorical_cross_entropy_backward),
    "softmax_cross_entropy": (softmax_cross_entropy, softmax_cross_entropy_backward),
}


class Function:
    """A layer without parameters: ``Function("relu")``, ``Function("max_pool2d", size=2)``."""

    parameters: Sequence[Array] = ()
    gradients: Sequence[Array] = ()

    def __init__(self, name: str, **options):
        if name not in FUNCTIONS:
            raise ValueError(f"A layer is one of {', '.join(FUNCTIONS)}. Received: name={name!r}")
        self.name, self.options = name, options

    def build(self, shape: tuple[int, ...], generator: np.random.Generator, dtype) -> None:
        """Nothing to make."""

    def forward(self, x: Array) -> Array:
        """The output; x is kept for the way back."""
        self.x = x
        return FUNCTIONS[self.name][0](x, **self.options)

    def backward(self, gradient: Array) -> Array:
        """Gradient by x of the last forward pass."""
        return FUNCTIONS[self.name][1](gradient, self.x, **self.options)


def _glorot(shape: tuple[int, ...], generator: np.random.Generator, dtype) -> Array:
    """Uniform in ±√(6 / (fan in + fan out)), the default of Keras. Glorot and Bengio, AISTATS 2010."""
    window = int(np.prod(shape[:-2]))
    limit = (6 / (window * (shape[-2] + shape[-1]))) ** 0.5
    return generator.uniform(-limit, limit, shape).astype(dtype)


class Dense(Function):
    """Layer around :func:`dense` with its weights and bias."""

    def __init__(self, units: int):
        self.name, self.units = "dense", units

    def build(self, shape: tuple[int, ...], generator: np.random.Generator, dtype) -> None:
        """Weights (inputs, units) by Glorot's rule, bias zero."""
        self.parameters = [_glorot((shape[-1], self.units), generator, dtype), np.zeros(self.units, dtype)]

    def forward(self, x: Array) -> Array:
        """The output; x is kept for the way back."""
        self.x = x
        return dense(x, *self.parameters)

    def backward(self, gradient: Array) -> Array:
        """Gradient by x; those by weights and bias are kept in ``gradients``."""
        x_gradient, *self.gradients = dense_backward(gradient, self.x, self.parameters[0])
        return x_gradient


class Conv2D(Function):
    """Layer around :func:`conv2d` with its kernel and bias."""

    def __init__(self, filters: int, size: int = 3, stride: int = 1, padding: str = "valid"):
        self.name, self.filters, self.size = "conv2d", filters, size
        self.options = {"stride": stride, "padding": padding}

    def build(self, shape: tuple[int, ...], generator: np.random.Generator, dtype) -> None:
        """Kernel (size, size, channels, filters) by Glorot's rule, bias zero."""
        kernel = _glorot((self.size, self.size, shape[-1], self.filters), generator, dtype)
        self.parameters = [kernel, np.zeros(self.filters, dtype)]

    def forward(self, x: Array) -> Array:
        """The output; x is kept for the way back."""
        self.x = x
        return conv2d(x, *self.parameters, **self.options)

    def backward(self, gradient: Array) -> Array:
        """Gradient by x; those by kernel and bias are kept in ``gradients``."""
        x_gradient, *self.gradients = conv2d_backward(gradient, self.x, self.parameters[0], **self.options)
        return x_gradient


class Sequential:
    """Layers one after the other, with one loss at the end.

    input_shape: one case without the batch, e.g. ``(8, 8, 1)``. The same seed gives the same parameters.

    >>> network = Sequential([Conv2D(4), Function("flatten"), Dense(10)], input_shape=(8, 8, 1))
    >>> network.num_parameters
    1490
    """

    def __init__(
        self,
        layers: Sequence[Function],
        input_shape: tuple[int, ...],
        loss: str = "softmax_cross_entropy",
        seed: int = 0,
        dtype=np.float32,
    ):
        if loss not in LOSSES:
            raise ValueError(f"loss is one of {', '.join(LOSSES)}. Received: loss={loss!r}")
        self.layers, self.loss = list(layers), loss
        self.output_shapes: list[tuple[int, ...]] = []
        generator = np.random.default_rng(seed)
        x = np.zeros((1, *input_shape), dtype)
        for layer in self.layers:
            layer.build(x.shape[1:], generator, dtype)
            x = layer.forward(x)
            self.output_shapes.append(x.shape[1:])

    @property
    def parameters(self) -> list[Array]:
        """The arrays themselves: changing one in place changes the network."""
        return [parameter for layer in self.layers for parameter in layer.parameters]

    @property
    def gradients(self) -> list[Array]:
        """Gradients of the last backward pass, in the order of ``parameters``."""
        return [gradient for layer in self.layers for gradient in layer.gradients]

    @property
    def num_parameters(self) -> int:
        """How many numbers are learnt."""
        return sum(parameter.size for parameter in self.parameters)

    def forward(self, x: Array) -> Array:
        """Output of the last layer for a batch."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, gradient: Array) -> Array:
        """From the gradient by the output to the gradient by the input, through all layers in reverse."""
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def step(self, x: Array, target: Array, optimiser: SGD | Adam) -> float:
        """One step of training on a batch: forward, loss, backward, update. The loss before the update."""
        loss, loss_backward = LOSSES[self.loss]
        output = self.forward(x)
        value = loss(output, target)
        self.backward(loss_backward(output, target))
        optimiser.step(self.parameters, self.gradients)
        return float(value)


# Checks ---------------------------------------------------------------------------------------------


def relative_difference(found: Array, expected: Array) -> float:
    """``max |found − expected| / max |expected|``: the largest error on the scale of the largest entry."""
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        raise ValueError(f"Shapes differ. Received: found={found.shape}, expected={expected.shape}")
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), np.finfo(float).tiny))


def numerical_gradient(function: Callable[..., float], inputs: Sequence[Array], step: float = 1e-5) -> list[Array]:
    """Gradient of a function with one number as its value, by central differences.

    ``df/dx_i ≈ (f(x + h e_i) − f(x − h e_i)) / 2h`` for every entry of every input: the error falls with
    h², until rounding takes over, hence float64. Costs two calls an entry: for checks, not for training.

    >>> numerical_gradient(lambda x: float(np.sum(x**3)), [np.array([1.0, 2.0])])[0].round(6)
    array([ 3., 12.])
    """
    inputs = [np.array(value) for value in inputs]
    if any(value.dtype != np.float64 for value in inputs):
        raise ValueError(f"Central differences need float64. Received: {[str(value.dtype) for value in inputs]}")
    gradients = []
    for value in inputs:
        gradient = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            kept = value[index]
            value[index] = kept + step
            above = function(*inputs)
            value[index] = kept - step
            below = function(*inputs)
            value[index] = kept
            gradient[index] = (above - below) / (2 * step)
        gradients.append(gradient)
    return gradients


def gradient_error(function: Callable[..., float], inputs: Sequence[Array], gradients: Sequence[Array]) -> float:
    """Largest :func:`relative_difference` between derived gradients and numerical ones."""
    numerical = numerical_gradient(function, inputs)
    return max(relative_difference(found, check) for found, check in zip(gradients, numerical, strict=True))
