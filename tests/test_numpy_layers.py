"""The NumPy layers against hand calculation, central differences and Keras."""

import os
from functools import partial

import numpy as np
import pytest

from lepton_nb import numpy_layers as nl

FLOAT32_TOLERANCE = 1e-5  # relative, against Keras
FLOAT64_TOLERANCE = 1e-6  # relative, against central differences


@pytest.fixture
def generator():
    return np.random.default_rng(7)


# By hand --------------------------------------------------------------------------------------------


def test_convolution_by_hand():
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    kernel = np.array([[1.0, 0, -1], [1, 0, -1], [1, 0, -1]]).reshape(3, 3, 1, 1)
    # Each row rises by 1 a column: left minus right column of a window is -2, three rows: -6.
    assert np.array_equal(nl.conv2d(x, kernel, np.zeros(1))[0, :, :, 0], [[-6, -6], [-6, -6]])
    assert nl.conv2d(x, kernel, np.zeros(1), padding="same").shape == (1, 4, 4, 1)


def test_convolution_equals_its_definition_written_as_loops(generator):
    x, kernel, bias = generator.normal(size=(2, 5, 6, 3)), generator.normal(size=(3, 2, 3, 4)), generator.normal(size=4)
    expected = np.zeros((2, 3, 5, 4))
    for b, i, j, f in np.ndindex(expected.shape):
        expected[b, i, j, f] = np.sum(x[b, i : i + 3, j : j + 2] * kernel[..., f]) + bias[f]
    assert np.allclose(nl.conv2d(x, kernel, bias), expected, rtol=1e-12)


def test_pooling_by_hand():
    x = np.array([[1.0, 2, 5, 6], [3, 4, 7, 8], [1, 1, 0, 0], [1, 5, 0, 4]]).reshape(1, 4, 4, 1)
    gradient = np.array([[1.0, 2], [3, 4]]).reshape(1, 2, 2, 1)
    assert np.array_equal(nl.max_pool2d(x)[0, :, :, 0], [[4, 8], [5, 4]])
    assert np.array_equal(nl.average_pool2d(x)[0, :, :, 0], [[2.5, 6.5], [2, 1]])
    won = nl.max_pool2d_backward(gradient, x)[0, :, :, 0]
    assert np.array_equal(won, [[0, 0, 0, 0], [0, 1, 0, 2], [0, 0, 0, 0], [0, 3, 0, 4]])
    shared = nl.average_pool2d_backward(gradient, x)[0, :, :, 0]
    assert np.array_equal(shared, np.kron([[0.25, 0.5], [0.75, 1]], np.ones((2, 2))))


def test_softmax_does_not_overflow_and_its_gradient_is_p_minus_y():
    logits, target = np.array([[1000.0, 1000, 0]]), np.array([[1.0, 0, 0]])
    assert np.allclose(nl.softmax(logits), [[0.5, 0.5, 0]])
    assert nl.softmax_cross_entropy(logits, target) == pytest.approx(np.log(2))
    assert np.allclose(nl.softmax_cross_entropy_backward(logits, target), [[-0.5, 0.5, 0]])


@pytest.mark.parametrize("x", [-1000.0, -1.0, 0.0, 1.0, 1000.0])
def test_sigmoid_is_stable_and_symmetric(x):
    assert nl.sigmoid(np.array([x]))[0] + nl.sigmoid(np.array([-x]))[0] == pytest.approx(1)


def test_undecided_model_loses_the_logarithm_of_the_number_of_classes():
    half = np.full((4, 1), 0.5)
    assert nl.binary_cross_entropy(half, np.array([[0.0], [1], [1], [0]])) == pytest.approx(np.log(2))
    tenth = np.full((3, 10), 0.1)
    assert nl.categorical_cross_entropy(tenth, np.eye(10)[:3]) == pytest.approx(np.log(10))


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_size_falls_by_k_minus_1_with_each_layer(layers):
    x = np.zeros((1, 12, 12, 1))
    for _ in range(layers):
        x = nl.conv2d(x, np.zeros((3, 3, 1, 1)), np.zeros(1))
    assert x.shape[1] == 12 - layers * (3 - 1)


def test_first_of_equal_cells_wins():
    gradient = nl.max_pool2d_backward(np.ones((1, 1, 1, 1)), np.ones((1, 2, 2, 1)))
    assert np.array_equal(gradient[0, :, :, 0], [[1, 0], [0, 0]])


# Central differences (float64) ----------------------------------------------------------------------


CONVOLUTIONS = [(1, "valid"), (2, "valid"), (1, "same"), (2, "same"), (3, "same")]


@pytest.mark.parametrize(("stride", "padding"), CONVOLUTIONS)
@pytest.mark.parametrize("size", [(6, 7), (5, 5)])
def test_convolution_gradients(generator, stride, padding, size):
    inputs = generator.normal(size=(2, *size, 2)), generator.normal(size=(3, 2, 2, 3)), generator.normal(size=3)
    options = {"stride": stride, "padding": padding}
    gradient = generator.normal(size=nl.conv2d(*inputs, **options).shape)
    derived = nl.conv2d_backward(gradient, *inputs[:2], **options)
    error = nl.gradient_error(lambda *i: np.sum(gradient * nl.conv2d(*i, **options)), inputs, derived)
    assert error < FLOAT64_TOLERANCE


def test_dense_gradients(generator):
    inputs = generator.normal(size=(4, 5)), generator.normal(size=(5, 3)), generator.normal(size=3)
    gradient = generator.normal(size=(4, 3))
    derived = nl.dense_backward(gradient, *inputs[:2])
    assert nl.gradient_error(lambda *i: np.sum(gradient * nl.dense(*i)), inputs, derived) < FLOAT64_TOLERANCE


OPTIONS = {
    "max_pool2d": [{}, {"size": 3}, {"size": 3, "stride": 1}, {"size": 2, "stride": 3}],
    "average_pool2d": [{}, {"size": 3}, {"size": 3, "stride": 1}, {"size": 2, "stride": 3}],
    "leaky_relu": [{}, {"negative_slope": 0.1}],
}


@pytest.mark.parametrize(("name", "options"), [(name, o) for name in nl.FUNCTIONS for o in OPTIONS.get(name, [{}])])
def test_function_gradients(generator, name, options):
    forward, backward = (partial(function, **options) for function in nl.FUNCTIONS[name])
    x = generator.normal(size=(2, 7, 6, 3))
    gradient = generator.normal(size=forward(x).shape)
    error = nl.gradient_error(lambda x: np.sum(gradient * forward(x)), [x], [backward(gradient, x)])
    assert error < FLOAT64_TOLERANCE


def loss_case(name, generator, dtype=np.float64):
    logits = generator.normal(size=(6, 4)).astype(dtype)
    if name == "binary_cross_entropy":
        return nl.sigmoid(logits), (generator.random((6, 4)) < 0.5).astype(dtype)
    target = nl.one_hot(generator.integers(0, 4, 6), 4, dtype)
    return (nl.softmax(logits), target) if name == "categorical_cross_entropy" else (logits, target)


@pytest.mark.parametrize("name", nl.LOSSES)
def test_loss_gradients(generator, name):
    loss, backward = nl.LOSSES[name]
    output, target = loss_case(name, generator)
    error = nl.gradient_error(lambda output: loss(output, target), [output], [backward(output, target)])
    assert error < FLOAT64_TOLERANCE


def test_fused_loss_is_the_chain_of_its_two_parts(generator):
    logits, target = loss_case("softmax_cross_entropy", generator)
    chained = nl.softmax_backward(nl.categorical_cross_entropy_backward(nl.softmax(logits), target), logits)
    assert np.allclose(nl.softmax_cross_entropy_backward(logits, target), chained, atol=1e-15)


def small_network(dtype, loss="softmax_cross_entropy", pooling="max_pool2d"):
    layers = [
        nl.Conv2D(3, padding="same"),
        nl.Function("tanh"),
        nl.Function(pooling, size=2),
        nl.Conv2D(4, size=2, stride=2),
        nl.Function("leaky_relu"),
        nl.Function("flatten"),
        nl.Dense(5),
        nl.Function("sigmoid"),
        nl.Dense(3),
    ]
    return nl.Sequential(layers, (9, 8, 2), loss=loss, seed=3, dtype=dtype)


@pytest.mark.parametrize("pooling", ["max_pool2d", "average_pool2d"])
def test_whole_network_gradients(generator, pooling):
    network = small_network(np.float64, pooling=pooling)
    x, target = generator.normal(size=(2, 9, 8, 2)), np.eye(3)[:2]
    loss, backward = nl.LOSSES[network.loss]

    def value(x, *parameters):
        for kept, new in zip(network.parameters, parameters, strict=True):
            kept[...] = new
        return loss(network.forward(x), target)

    start = [parameter.copy() for parameter in network.parameters]
    x_gradient = network.backward(backward(network.forward(x), target))
    assert nl.gradient_error(value, [x, *start], [x_gradient, *network.gradients]) < FLOAT64_TOLERANCE


def test_numerical_gradient_refuses_float32():
    with pytest.raises(ValueError, match="float64"):
        nl.numerical_gradient(np.sum, [np.ones(2, np.float32)])


# Recurrent networks, attention, slopes ----------------------------------------------------------------

RECURRENT = [("rnn", True), ("lstm", True), ("gru", True), ("gru", False)]


def recurrent_case(cell, reset_after, generator, dtype, networks=(), steps=5):
    """x, the parameters with random biases, a start, and a weighting of all outputs."""
    sums = nl.CELLS[cell][2]
    bias = (2, 12) if cell == "gru" and reset_after else (4 * sums,)
    shapes = [(2, steps, 3), (3, 4 * sums), (4, 4 * sums), bias, (2, steps, 4)]
    x, *parameters, weighting = (generator.normal(size=(*networks, *shape)).astype(dtype) for shape in shapes)
    start = tuple(generator.normal(size=part.shape).astype(dtype) for part in nl.start_state(cell, x, 4))
    return x, parameters, start, weighting


@pytest.mark.parametrize(("cell", "reset_after"), RECURRENT)
def test_back_propagation_through_time(generator, cell, reset_after):
    x, parameters, start, weighting = recurrent_case(cell, reset_after, generator, np.float64)

    def total(x, kernel, recurrent, bias, *start):
        states = nl.unroll(cell, x, [kernel, recurrent, bias], start)
        return sum(np.sum(weighting[:, t] * state[0]) for t, state in enumerate(states[1:]))

    states = nl.unroll(cell, x, parameters, start)
    by_x, by_states, by_parameters = nl.unroll_backward(weighting, cell, x, parameters, states)
    derived = [by_x, *by_parameters, *by_states[0]]
    assert nl.gradient_error(total, [x, *parameters, *start], derived) < FLOAT64_TOLERANCE
    assert len(by_states) == len(states) == 6


@pytest.mark.parametrize("cell", nl.CELLS)
def test_gradient_by_a_state_is_that_of_starting_there(generator, cell):
    x, parameters, _, weighting = recurrent_case(cell, True, generator, np.float64)
    states = nl.unroll(cell, x, parameters)
    only_last = np.zeros_like(weighting)
    only_last[:, -1] = weighting[:, -1]
    by_states = nl.unroll_backward(only_last, cell, x, parameters, states)[1]

    def total(*state):
        return np.sum(weighting[:, -1] * nl.unroll(cell, x[:, 2:], parameters, state)[-1][0])

    assert nl.gradient_error(total, list(states[2]), list(by_states[2])) < FLOAT64_TOLERANCE


@pytest.mark.parametrize(("cell", "reset_after"), RECURRENT)
def test_networks_side_by_side_equal_networks_one_by_one(generator, cell, reset_after):
    x, parameters, start, weighting = recurrent_case(cell, reset_after, generator, np.float32, networks=(3,))
    states = nl.unroll(cell, x, parameters, start)
    together = nl.unroll_backward(weighting, cell, x, parameters, states)
    for at in range(3):
        mine, own_start = [parameter[at] for parameter in parameters], tuple(part[at] for part in start)
        own = nl.unroll(cell, x[at], mine, own_start)
        alone = nl.unroll_backward(weighting[at], cell, x[at], mine, own)
        assert_agree([states[-1][0][at], together[0][at]], [own[-1][0], alone[0]])
        assert_agree([gradient[at] for gradient in together[2]], alone[2])


def test_open_gates_carry_a_gradient_and_a_plain_cell_loses_it(generator):
    x = np.zeros((1, 60, 1))
    lengths = {}
    for cell in nl.CELLS:
        kernel, recurrent, bias = nl.recurrent_parameters(cell, 1, 8, generator, gate_bias=6.0)
        parameters = [kernel, 0.8 * recurrent if cell == "rnn" else recurrent, bias]
        weighting = np.zeros((1, 60, 8))
        weighting[:, -1] = 1
        by_states = nl.unroll_backward(weighting, cell, x, parameters, nl.unroll(cell, x, parameters))[1]
        lengths[cell] = nl.global_norm(by_states[0]) / nl.global_norm(by_states[-1])
    assert lengths["rnn"] == pytest.approx(0.8**60, rel=1e-6)  # h is 0, so tanh is the line h itself
    assert lengths["lstm"] > 0.3 and lengths["gru"] > 0.3


@pytest.mark.parametrize("cell", nl.CELLS)
def test_start_values_are_those_of_keras(cell, generator):
    kernel, recurrent, bias = nl.recurrent_parameters(cell, 5, 6, generator)
    assert np.allclose(recurrent @ recurrent.T, np.eye(6))
    assert np.abs(kernel).max() <= (6 / (5 + kernel.shape[1])) ** 0.5
    assert bias.sum() == (6 if cell == "lstm" else 0)
    wanted = nl.recurrent_parameters(cell, 5, 6, generator, gate_bias=2.5)[2]
    assert wanted.sum() == (0 if cell == "rnn" else 15)


def test_clipping_keeps_the_direction(generator):
    gradients = [generator.normal(size=(3, 4)), generator.normal(size=5)]
    clipped = nl.clip_by_norm(gradients, 0.1)
    assert nl.global_norm(clipped) == pytest.approx(0.1)
    assert np.allclose(clipped[0] / gradients[0], clipped[1][0] / gradients[1][0])
    assert all(np.array_equal(a, b) for a, b in zip(nl.clip_by_norm(gradients, np.inf), gradients, strict=True))
    two = [np.stack([gradient, 0.001 * gradient]) for gradient in gradients]
    lengths = nl.global_norm(nl.clip_by_norm(two, 0.1, axes_in_front=1), axes_in_front=1)
    assert lengths == pytest.approx([0.1, 0.001 * nl.global_norm(gradients)])


MASK = np.array([[True, True, False, True], [True, False, False, False]])


@pytest.mark.parametrize("mask", [None, MASK])
def test_attention_gradients(generator, mask):
    query, key, value = (generator.normal(size=shape) for shape in [(2, 3, 5), (2, 4, 5), (2, 4, 6)])
    weighting = generator.normal(size=(2, 3, 6))
    derived = nl.attention_backward(weighting, query, key, value, 0.7, mask)
    error = nl.gradient_error(lambda *x: np.sum(weighting * nl.attention(*x, 0.7, mask)), [query, key, value], derived)
    assert error < FLOAT64_TOLERANCE


def test_attention_weights_are_shares_and_masked_keys_get_none(generator):
    query, key = generator.normal(size=(2, 3, 5)), generator.normal(size=(2, 4, 5))
    weights = nl.attention_weights(query, key, mask=MASK)
    assert np.allclose(weights.sum(axis=-1), 1)
    assert (weights[0, :, 2] == 0).all() and np.array_equal(weights[1], [[1, 0, 0, 0]] * 3)
    even = nl.attention(np.zeros((2, 3, 5)), key, key)
    assert np.allclose(even, key.mean(axis=1, keepdims=True))


def perceptron_case(generator, dtype=np.float64, networks=()):
    shapes = [(7, 2), (2, 6), (6,), (6, 5), (5,), (5, 1), (1,)]
    x, *parameters = (generator.normal(size=(*networks, *shape)).astype(dtype) for shape in shapes)
    return x, parameters


def test_perceptron_gradients(generator):
    x, parameters = perceptron_case(generator)
    weighting = generator.normal(size=(7, 1))
    by_x, by_parameters = nl.perceptron_backward(weighting, x, parameters)
    error = nl.gradient_error(
        lambda x, *p: np.sum(weighting * nl.perceptron(x, p)), [x, *parameters], [by_x, *by_parameters]
    )
    assert error < FLOAT64_TOLERANCE
    ones = np.ones((7, 1))
    assert np.allclose(nl.slope(x, parameters), nl.perceptron_backward(ones, x, parameters)[0])


def test_gradient_of_the_gradient_penalty(generator):
    """The second derivative, against differences of the first: E|∇D|² and E(|∇D| − 1)²."""
    x, parameters = perceptron_case(generator)
    s = nl.slope(x, parameters)
    length = np.linalg.norm(s, axis=-1, keepdims=True)
    for penalty, by_slope in [
        (lambda s: np.sum(s**2) / 7, 2 * s / 7),
        (lambda s: np.sum((np.linalg.norm(s, axis=-1) - 1) ** 2) / 7, 2 * (length - 1) * s / length / 7),
    ]:
        derived = nl.slope_backward(by_slope, x, parameters)
        numerical = nl.numerical_gradient(lambda *p, f=penalty: f(nl.slope(x, p)), parameters)
        for found, expected in zip(derived[::2], numerical[::2], strict=True):
            assert nl.relative_difference(found, expected) < FLOAT64_TOLERANCE
        # Not a relative difference: both are zero.
        assert all(
            np.abs(found).max() == 0 and np.abs(e).max() < 1e-9
            for found, e in zip(derived[1::2], numerical[1::2], strict=True)
        )


def test_perceptrons_side_by_side(generator):
    x, parameters = perceptron_case(generator, networks=(3,))
    together = nl.slope_backward(nl.slope(x, parameters), x, parameters)
    for at in range(3):
        mine = [parameter[at] for parameter in parameters]
        alone = nl.slope_backward(nl.slope(x[at], mine), x[at], mine)
        assert all(np.allclose(a[at], b) for a, b in zip(together, alone, strict=True))
        assert np.allclose(nl.perceptron(x, parameters)[at], nl.perceptron(x[at], mine))


# Training -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimiser", [nl.SGD(0.1), nl.SGD(0.05, momentum=0.9), nl.Adam(0.01)])
def test_training_lowers_the_loss_and_repeats_exactly(optimiser, generator):
    x, target = generator.normal(size=(30, 9, 8, 2)), nl.one_hot(generator.integers(0, 3, 30), 3, np.float64)
    network, again = small_network(np.float64), small_network(np.float64)
    losses = [network.step(x, target, optimiser) for _ in range(60)]
    assert losses[-1] < losses[0]
    assert again.step(x, target, nl.SGD(0.1)) == losses[0]


@pytest.mark.parametrize("loss", nl.LOSSES)
def test_every_loss_trains_and_keeps_float32(loss, generator):
    layers = [nl.Conv2D(2), nl.Function("relu"), nl.Function("flatten"), nl.Dense(3)]
    if loss in ("categorical_cross_entropy", "binary_cross_entropy"):
        layers.append(nl.Function("softmax" if loss.startswith("cat") else "sigmoid"))
    network = nl.Sequential(layers, (5, 5, 1), loss=loss)
    x, target = generator.normal(size=(8, 5, 5, 1)).astype(np.float32), nl.one_hot(np.arange(8) % 3, 3)
    optimiser = nl.Adam(0.01)
    losses = [network.step(x, target, optimiser) for _ in range(40)]
    assert losses[-1] < losses[0]
    assert {array.dtype for array in [*network.parameters, *network.gradients]} == {np.dtype(np.float32)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_keep_the_dtype(dtype, generator):
    x = generator.normal(size=(2, 6, 6, 2)).astype(dtype)
    for forward, backward in nl.FUNCTIONS.values():
        assert forward(x).dtype == backward(forward(x), x).dtype == dtype
    for name, (loss, backward) in nl.LOSSES.items():
        case = loss_case(name, generator, dtype)
        assert loss(*case).dtype == backward(*case).dtype == dtype


def test_sizes_are_counted():
    network = nl.Sequential(
        [
            nl.Conv2D(32),
            nl.Function("max_pool2d"),
            nl.Conv2D(64),
            nl.Function("max_pool2d"),
            nl.Function("flatten"),
            nl.Dense(64),
            nl.Dense(10),
        ],
        (28, 28, 1),
    )
    assert network.output_shapes[:5] == [(26, 26, 32), (13, 13, 32), (11, 11, 64), (5, 5, 64), (1600,)]
    assert network.num_parameters == 320 + 18_496 + 102_464 + 650


@pytest.mark.parametrize(
    "call",
    [
        lambda: nl.dense(np.ones((2, 3)), np.ones((4, 2)), np.ones(2)),
        lambda: nl.conv2d(np.ones((1, 4, 4, 2)), np.ones((3, 3, 1, 1)), np.ones(1)),
        lambda: nl.conv2d(np.ones((1, 2, 4, 1)), np.ones((3, 3, 1, 1)), np.ones(1)),
        lambda: nl.conv2d(np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1)), np.ones(1), padding="full"),
        lambda: nl.conv2d(np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1)), np.ones(1), stride=0),
        lambda: nl.max_pool2d(np.ones((4, 4))),
        lambda: nl.one_hot(np.array([0, 3]), 3),
        lambda: nl.categorical_cross_entropy(np.ones((2, 10)), np.array([3, 7])),
        lambda: nl.Function("dropout"),
        lambda: nl.Sequential([nl.Dense(1)], (2,), loss="hinge"),
        lambda: nl.unroll("elman", np.ones((1, 2, 3)), [np.ones((3, 2)), np.ones((2, 2)), np.ones(2)]),
        lambda: nl.unroll("lstm", np.ones((1, 2, 3)), [np.ones((3, 2)), np.ones((2, 2)), np.ones(2)]),
        lambda: nl.clip_by_norm([np.ones(2)], 0.0),
        lambda: nl.attention(np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 4))),
        lambda: nl.attention(np.ones((1, 2, 3)), np.ones((1, 2, 3)), np.ones((1, 2, 3)), mask=np.zeros((1, 2), bool)),
        lambda: nl.perceptron(np.ones((2, 3)), [np.ones((2, 1)), np.ones(1)]),
        lambda: nl.slope(np.ones((2, 3)), [np.ones((3, 2)), np.ones(2)]),
    ],
)
def test_wrong_calls_are_refused_with_what_was_received(call):
    with pytest.raises(ValueError, match="Received: "):
        call()


# Keras (float32) ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("the gradients are taken with TensorFlow's tape")
    return keras


def tape_gradients(function, *inputs):
    """Output of a function of tensors and, for a random weighting of it, the gradients by each input."""
    import tensorflow as tf

    variables = [tf.Variable(value) for value in inputs]
    with tf.GradientTape() as tape:
        output = function(*variables)
        gradient = np.random.default_rng(1).normal(size=output.shape).astype(np.float32)
        total = tf.reduce_sum(output * gradient)
    return output.numpy(), gradient, [g.numpy() for g in tape.gradient(total, variables)]


def assert_agree(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == np.float32
        assert nl.relative_difference(ours, theirs) < FLOAT32_TOLERANCE


@pytest.mark.parametrize(("stride", "padding"), CONVOLUTIONS)
def test_convolution_agrees_with_keras(keras, generator, stride, padding):
    arrays = [generator.normal(size=s).astype(np.float32) for s in [(4, 11, 10, 3), (3, 3, 3, 5), (5,)]]
    layer = keras.ops.conv
    output, gradient, gradients = tape_gradients(
        lambda x, kernel, bias: layer(x, kernel, strides=stride, padding=padding) + bias, *arrays
    )
    options = {"stride": stride, "padding": padding}
    assert_agree([nl.conv2d(*arrays, **options)], [output])
    assert_agree(nl.conv2d_backward(gradient, *arrays[:2], **options), gradients)


def test_layers_hold_what_keras_layers_hold(keras, generator):
    x = generator.normal(size=(4, 9, 9, 2)).astype(np.float32)
    for layer, shape in [
        (keras.layers.Conv2D(3, 3, strides=2, padding="same"), x.shape),
        (keras.layers.Dense(5), (4, 162)),
    ]:
        values = x.reshape(shape)
        expected = keras.ops.convert_to_numpy(layer(values))
        weights, bias = layer.get_weights()
        found = (
            nl.conv2d(values, weights, bias, 2, "same")
            if layer.name.startswith("conv")
            else nl.dense(values, weights, bias)
        )
        assert_agree([found], [expected])


def test_dense_agrees_with_keras(keras, generator):
    arrays = [generator.normal(size=s).astype(np.float32) for s in [(8, 20), (20, 6), (6,)]]
    output, gradient, gradients = tape_gradients(lambda x, w, b: keras.ops.matmul(x, w) + b, *arrays)
    assert_agree([nl.dense(*arrays)], [output])
    assert_agree(nl.dense_backward(gradient, *arrays[:2]), gradients)


def keras_function(keras, name, options):
    layers, size = keras.layers, options.get("size", 2)
    return {
        "max_pool2d": lambda: layers.MaxPooling2D(size, options.get("stride")),
        "average_pool2d": lambda: layers.AveragePooling2D(size, options.get("stride")),
        "flatten": layers.Flatten,
        "relu": layers.ReLU,
        "leaky_relu": lambda: layers.LeakyReLU(**options),
        "sigmoid": lambda: layers.Activation("sigmoid"),
        "tanh": lambda: layers.Activation("tanh"),
        "softmax": layers.Softmax,
    }[name]()


@pytest.mark.parametrize(("name", "options"), [(name, o) for name in nl.FUNCTIONS for o in OPTIONS.get(name, [{}])])
def test_functions_agree_with_keras(keras, generator, name, options):
    x = generator.normal(size=(2, 7, 6, 3)).astype(np.float32)
    output, gradient, gradients = tape_gradients(keras_function(keras, name, options), x)
    forward, backward = nl.FUNCTIONS[name]
    assert_agree([forward(x, **options)], [output])
    assert_agree([backward(gradient, x, **options)], gradients)


def test_ties_in_max_pooling_go_where_tensorflow_sends_them(keras, generator):
    x = nl.relu(generator.normal(size=(3, 8, 8, 4)).astype(np.float32) - 1)  # most cells are 0
    _, gradient, gradients = tape_gradients(keras.layers.MaxPooling2D(2), x)
    assert_agree([nl.max_pool2d_backward(gradient, x)], gradients)


def keras_loss(keras, name):
    losses = keras.losses
    return {
        "mean_squared_error": losses.MeanSquaredError(),
        "binary_cross_entropy": losses.BinaryCrossentropy(),
        "categorical_cross_entropy": losses.CategoricalCrossentropy(),
        "softmax_cross_entropy": losses.CategoricalCrossentropy(from_logits=True),
    }[name]


@pytest.mark.parametrize("name", nl.LOSSES)
def test_losses_agree_with_keras(keras, generator, name):
    import tensorflow as tf

    loss, backward = nl.LOSSES[name]
    output, target = loss_case(name, generator, np.float32)
    logits = np.log(output) if name == "categorical_cross_entropy" else output
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        prediction = tf.nn.softmax(variable) if name == "categorical_cross_entropy" else variable
        value = keras_loss(keras, name)(target, prediction)
    found = backward(output, target)
    if name == "categorical_cross_entropy":  # Keras divides each row by its sum: compare behind the softmax
        found = nl.softmax_backward(found, logits)
    assert_agree([loss(output, target), found], [value.numpy(), tape.gradient(value, variable).numpy()])


@pytest.mark.parametrize(("name", "options"), [("SGD", {}), ("SGD", {"momentum": 0.9}), ("Adam", {})])
def test_optimisers_step_as_in_keras(keras, generator, name, options):
    start = [generator.normal(size=shape).astype(np.float32) for shape in [(4, 3), (3,)]]
    ours = [value.copy() for value in start]
    theirs = [keras.Variable(value) for value in start]
    optimiser, reference = getattr(nl, name)(0.05, **options), getattr(keras.optimizers, name)(0.05, **options)
    for _ in range(20):
        gradients = [generator.normal(size=value.shape).astype(np.float32) for value in start]
        optimiser.step(ours, gradients)
        reference.apply(gradients, theirs)
    moves = [our - value for our, value in zip(ours, start, strict=True)]
    assert all(np.abs(move).max() > 0.1 for move in moves)
    assert_agree(ours, [value.value.numpy() for value in theirs])


def test_network_agrees_with_keras(keras, generator):
    """One network, the same parameters: loss, output and all gradients."""
    import tensorflow as tf

    network = small_network(np.float32)
    model = keras.Sequential(
        [
            keras.layers.Input((9, 8, 2)),
            keras.layers.Conv2D(3, 3, padding="same", activation="tanh"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(4, 2, strides=2),
            keras.layers.LeakyReLU(),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="sigmoid"),
            keras.layers.Dense(3),
        ]
    )
    model.set_weights(network.parameters)
    x, target = generator.normal(size=(8, 9, 8, 2)).astype(np.float32), nl.one_hot(np.arange(8) % 3, 3)
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        value = keras.losses.CategoricalCrossentropy(from_logits=True)(target, logits)
    expected = [gradient.numpy() for gradient in tape.gradient(value, model.trainable_variables)]
    output = network.forward(x)
    network.backward(nl.softmax_cross_entropy_backward(output, target))
    assert_agree([output, nl.softmax_cross_entropy(output, target)], [logits.numpy(), value.numpy()])
    assert_agree(network.gradients, expected)


@pytest.mark.parametrize(("cell", "reset_after"), RECURRENT)
def test_recurrent_layers_agree_with_keras(keras, generator, cell, reset_after):
    """Outputs and gradients by input, kernel, recurrent kernel and bias, with the same parameters."""
    import tensorflow as tf

    x, parameters, _, weighting = recurrent_case(cell, reset_after, generator, np.float32, steps=9)
    options = {"reset_after": reset_after} if cell == "gru" else {}
    layer = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    layer = layer(4, return_sequences=True, **options)
    layer.build(x.shape)
    layer.set_weights(parameters)
    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        output = layer(variable)
        total = tf.reduce_sum(output * weighting)
    expected = tape.gradient(total, [variable, *(weight.value for weight in layer.trainable_weights)])
    states = nl.unroll(cell, x, parameters)
    found = np.stack([state[0] for state in states[1:]], axis=1)
    by_x, _, by_parameters = nl.unroll_backward(weighting, cell, x, parameters, states)
    assert_agree([found, by_x, *by_parameters], [output.numpy(), *(gradient.numpy() for gradient in expected)])


@pytest.mark.parametrize("mask", [None, MASK])
def test_attention_agrees_with_keras(keras, generator, mask):
    arrays = [generator.normal(size=s).astype(np.float32) for s in [(2, 3, 5), (2, 4, 5), (2, 4, 6)]]
    layer, masks = keras.layers.Attention(), None if mask is None else [None, mask]

    def theirs(*variables):
        query, key, value = (keras.ops.convert_to_tensor(variable.value()) for variable in variables)
        return layer([query, value, key], mask=masks)

    output, gradient, gradients = tape_gradients(theirs, *arrays)
    assert_agree([nl.attention(*arrays, mask=mask)], [output])
    assert_agree(nl.attention_backward(gradient, *arrays, mask=mask), gradients)


def test_gradient_penalty_agrees_with_tensorflow(keras, generator):
    import tensorflow as tf

    x, parameters = perceptron_case(generator, np.float32)
    variables = [tf.Variable(parameter) for parameter in parameters]
    point = tf.constant(x)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(point)
            a = point
            for at in (0, 2):
                a = tf.nn.leaky_relu(a @ variables[at] + variables[at + 1], 0.2)
            output = a @ variables[4] + variables[5]
        slope = inner.gradient(output, point)
        penalty = tf.reduce_mean(tf.reduce_sum(slope**2, axis=1))
    expected = [gradient.numpy() for gradient in outer.gradient(penalty, variables[::2])]
    found = nl.slope(x, parameters)
    assert_agree([found, nl.perceptron(x, parameters)], [slope.numpy(), output.numpy()])
    assert_agree(nl.slope_backward(2 * found / np.float32(7), x, parameters)[::2], expected)
