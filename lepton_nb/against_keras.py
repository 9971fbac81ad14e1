"""The layers, losses and optimisers of ``numpy_layers`` beside their partners in Keras: the cases of a comparison.

A case is a name, a function of Keras, ours forward and backward, and random inputs; what is compared, and how
closely, the chapters say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from lepton_nb import numpy_layers as layers
from lepton_nb.training import keras

__all__ = [
    "attention_case",
    "layer_cases",
    "loss_cases",
    "optimiser_differences",
    "recurrent_case",
    "recurrent_to_differences",
]

#: Name, function of Keras, ours forward, ours backward (gradient and inputs → gradients by the inputs), inputs.
Case = tuple[str, Callable, Callable, Callable, list[np.ndarray]]


def layer_cases(generator: np.random.Generator) -> Iterator[Case]:
    """The affine layer, convolutions of both strides and paddings, and every function without weights."""
    flat, weights, bias = (generator.normal(size=shape) for shape in [(6, 8), (8, 3), (3,)])
    images, kernel = generator.normal(size=(2, 7, 6, 2)), generator.normal(size=(3, 3, 2, 3))

    def dense_back(gradient, x, weights, bias):
        return layers.dense_backward(gradient, x, weights)

    yield "dense", lambda x, w, b: x @ w + b, layers.dense, dense_back, [flat, weights, bias]

    def conv_in_keras(x, kernel, bias, stride, padding):
        return keras.ops.conv(x, kernel, strides=stride, padding=padding) + bias

    def conv_back(gradient, x, kernel, bias, **options):
        return layers.conv2d_backward(gradient, x, kernel, **options)

    for stride, padding in ((1, "valid"), (2, "valid"), (1, "same"), (2, "same")):
        functions = (partial(f, stride=stride, padding=padding) for f in (conv_in_keras, layers.conv2d, conv_back))
        yield f"conv2d, stride {stride}, {padding}", *functions, [images, kernel, bias]

    partners = {
        "max_pool2d": keras.layers.MaxPooling2D(2),
        "average_pool2d": keras.layers.AveragePooling2D(2),
        "flatten": keras.layers.Flatten(),
        "leaky_relu": keras.layers.LeakyReLU(),
    }
    for name, (forward, backward) in layers.FUNCTIONS.items():
        partner = partners.get(name) or getattr(keras.ops, name)
        yield name, partner, forward, lambda gradient, x, back=backward: [back(gradient, x)], [images]


def loss_cases(generator: np.random.Generator) -> Iterator[Case]:
    """Every loss, as a function of the scores before it: a sigmoid or softmax makes them the probabilities it wants."""
    scores, target = generator.normal(size=(6, 8)), np.eye(8)[generator.integers(0, 8, 6)]
    partners = {
        "mean_squared_error": keras.losses.MeanSquaredError(),
        "binary_cross_entropy": keras.losses.BinaryCrossentropy(),
        "categorical_cross_entropy": keras.losses.CategoricalCrossentropy(),
        "softmax_cross_entropy": keras.losses.CategoricalCrossentropy(from_logits=True),
    }
    before = {"binary_cross_entropy": "sigmoid", "categorical_cross_entropy": "softmax"}
    for name, (loss, loss_back) in layers.LOSSES.items():
        squash = before.get(name)
        to_output, back_from_output = layers.FUNCTIONS[squash] if squash else (lambda z: z, lambda g, z: g)

        def in_keras(z, partner=partners[name], squash=squash):
            return partner(target, getattr(keras.ops, squash)(z) if squash else z)

        def ours(z, loss=loss, to_output=to_output):
            return loss(to_output(z), target.astype(z.dtype))

        def ours_back(gradient, z, back=loss_back, to_output=to_output, from_output=back_from_output):
            return [gradient * from_output(back(to_output(z), target.astype(z.dtype)), z)]

        yield f"{name} after {squash}" if squash else name, in_keras, ours, ours_back, [scores]


def optimiser_differences(generator: np.random.Generator, steps: int = 20) -> dict[str, float]:
    """Name → relative difference of the weights to those of Keras after the same gradients, in float32."""
    found = {}
    for name, options in (("SGD", {}), ("SGD", {"momentum": 0.9}), ("Adam", {})):
        start = generator.normal(size=(8, 3)).astype(np.float32)
        ours, theirs = start.copy(), keras.Variable(start)
        optimiser, reference = getattr(layers, name)(0.05, **options), getattr(keras.optimizers, name)(0.05, **options)
        for gradient in generator.normal(size=(steps, 8, 3)).astype(np.float32):
            optimiser.step([ours], [gradient])
            reference.apply([gradient], [theirs])
        title = f"{name}, {steps} steps" + (", momentum 0.9" if options else "")
        found[title] = layers.relative_difference(ours, keras.ops.convert_to_numpy(theirs.value))
    return found


def recurrent_case(cell: str, dtype, generator: np.random.Generator, reset_after: bool = False):
    """A sequence through one of our cells, and back: x, parameters, gradient by the output, [output, gradients]."""
    gates = layers.CELLS[cell][2]
    bias = (2, 3 * 8) if reset_after else (gates * 8,)
    shapes = [(4, 12, 5), (5, gates * 8), (8, gates * 8), bias, (4, 12, 8)]
    x, *parameters, gradient = (0.5 * generator.normal(size=shape).astype(dtype) for shape in shapes)
    states = layers.unroll(cell, x, parameters)
    by_x, _, by_parameters = layers.unroll_backward(gradient, cell, x, parameters, states)
    output = np.stack([state[0] for state in states[1:]], axis=1)
    return x, parameters, gradient, [output, by_x, *by_parameters]


def recurrent_to_differences(cell: str, generator: np.random.Generator, reset_after: bool = False) -> float:
    """Largest relative difference of our gradients through time to central differences, in float64."""
    x, parameters, gradient, _ = recurrent_case(cell, np.float64, generator, reset_after)
    x, gradient = x[:2, :5], gradient[:2, :5]
    states = layers.unroll(cell, x, parameters)
    by_x, _, by_parameters = layers.unroll_backward(gradient, cell, x, parameters, states)

    def total(x, *parameters):
        after = layers.unroll(cell, x, parameters)[1:]
        return sum(np.sum(gradient[:, t] * state[0]) for t, state in enumerate(after))

    return layers.gradient_error(total, [x, *parameters], [by_x, *by_parameters])


def attention_case(generator: np.random.Generator) -> Case:
    """Attention with a scale of one: Keras wants the value before the key."""

    def in_keras(query, key, value):
        return keras.layers.Attention()([query, value, key])

    arrays = [generator.normal(size=shape) for shape in [(2, 3, 5), (2, 7, 5), (2, 7, 4)]]
    return "Attention", in_keras, layers.attention, layers.attention_backward, arrays
