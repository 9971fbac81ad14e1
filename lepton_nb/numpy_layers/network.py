"""Optimisers, and layers put one after the other as a network that trains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from lepton_nb.numpy_layers.layers import FUNCTIONS, conv2d, conv2d_backward, dense, dense_backward
from lepton_nb.numpy_layers.losses import LOSSES

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


def glorot(shape: tuple[int, ...], generator: np.random.Generator, dtype) -> Array:
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
        self.parameters = [glorot((shape[-1], self.units), generator, dtype), np.zeros(self.units, dtype)]

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
        kernel = glorot((self.size, self.size, shape[-1], self.filters), generator, dtype)
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
