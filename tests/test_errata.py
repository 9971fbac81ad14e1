"""The errata page: what the articles' listings really do, and that the page and these tests speak of the same."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from lepton_nb import training  # noqa: F401  starts Keras quietly

import keras  # isort: skip
from keras import layers  # isort: skip

PAGE = Path(__file__).resolve().parent.parent / "book" / "errata.md"


def one_step(model, inputs, targets, loss="categorical_crossentropy"):
    model.compile("sgd", loss)
    return model.fit(inputs, targets, verbose=0).history["loss"][0]


def one_hot(shape, classes=10):
    return np.eye(classes, dtype="float32")[np.zeros(shape, int)]


def test_every_entry_of_the_page_has_its_tests_here_and_the_other_way_round():
    on_page = set(re.findall(r"^### (E\d\d) ", PAGE.read_text(encoding="utf-8"), re.M))
    tested = set(re.findall(r"def test_(e\d\d)_", Path(__file__).read_text(encoding="utf-8")))
    run = set(re.findall(r"^### (E\d\d) .*\n\n(?:.*\n)*?\*\*Run\.\*\*", PAGE.read_text(encoding="utf-8"), re.M))
    assert {entry.upper() for entry in tested} <= on_page
    assert run <= {entry.upper() for entry in tested}


@pytest.mark.parametrize(("hidden", "last"), [(layers.LeakyReLU, layers.Softmax), (layers.LeakyReLU, "softmax")])
def test_e01_an_activation_class_fails_at_the_first_step(hidden, last):
    def network(hidden, last):
        image = keras.Input((28, 28, 1))
        features = layers.Flatten()(layers.MaxPooling2D()(layers.Conv2D(4, 3, activation=hidden)(image)))
        return keras.Model(image, layers.Dense(10, activation=last)(features))

    images = np.zeros((8, 28, 28, 1), "float32")
    with pytest.raises(Exception, match=r"Exception encountered when calling Conv2D\.call"):
        one_step(network(hidden, last), images, one_hot(8))
    assert one_step(network(layers.LeakyReLU(), layers.Softmax()), images, one_hot(8)) == pytest.approx(np.log(10))


def test_e02_an_lstm_that_gives_its_last_state_has_no_steps_to_distribute_over():
    words = keras.Input((None,))
    embedded = layers.Embedding(20, 8)(words)
    with pytest.raises(ValueError, match="at least 3 dimensions"):
        layers.TimeDistributed(layers.Dense(10))(layers.LSTM(8)(embedded))
    whole = layers.TimeDistributed(layers.Dense(10))(layers.LSTM(8, return_sequences=True)(embedded))
    assert whole.shape == (None, None, 10)


def test_e03_without_a_decoder_the_output_is_as_long_as_the_input():
    words = keras.Input((None,))
    hidden = layers.LSTM(8, return_sequences=True)(layers.Embedding(20, 8)(words))
    model = keras.Model(words, layers.TimeDistributed(layers.Dense(10, activation="softmax"))(hidden))
    assert model(np.zeros((2, 5), int)).shape == (2, 5, 10)
    with pytest.raises(ValueError, match="shape"):
        one_step(model, np.zeros((2, 5), int), one_hot((2, 7)))


def test_e04_a_discriminator_whose_input_was_overwritten_is_no_model():
    name = keras.Input((27,))
    name = layers.Dense(8)(name)
    name = layers.Dense(1, activation="sigmoid")(name)
    with pytest.raises(ValueError, match="not connected"):
        keras.Model(inputs=name, outputs=name)


def test_e05_a_generator_that_is_trained_towards_ones_never_meets_its_judge():
    noise = keras.Input((100,))
    generator = keras.Model(noise, layers.Reshape((3, 3, 3))(layers.Dense(27)(noise)))
    assert 3 * 3 * 3 != 64 * 64 * 3  # the listing's pictures are no faces
    with pytest.raises(ValueError, match="same rank"):
        one_step(generator, np.zeros((100, 100), "float32"), np.ones((100, 1)), "binary_crossentropy")


def test_e06_a_hundred_fakes_do_not_fit_as_many_zeros_as_there_are_real_images():
    image = keras.Input((27,))
    judge = keras.Model(image, layers.Dense(1, activation="sigmoid")(image))
    judge.compile("adam", "binary_crossentropy")
    with pytest.raises(ValueError, match="same shape"):
        judge.train_on_batch(np.zeros((100, 27), "float32"), np.zeros((64, 1), "float32"))


def test_e07_categorical_cross_entropy_refuses_whole_numbers():
    image = keras.Input((5,))
    model = keras.Model(image, layers.Dense(10, activation="softmax", kernel_initializer="zeros")(image))
    labels = np.arange(8)
    with pytest.raises(ValueError, match="same rank"):
        one_step(model, np.zeros((8, 5)), labels)
    sparse = one_step(model, np.zeros((8, 5)), labels, "sparse_categorical_crossentropy")
    assert sparse == pytest.approx(np.log(10), rel=1e-5)


def test_e08_a_dense_layer_behind_pooling_keeps_the_image_without_flatten():
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    assert model.output_shape == (None, 13, 13, 10)
    with pytest.raises(ValueError, match="same rank"):
        one_step(model, np.zeros((8, 28, 28, 1)), one_hot(8))


def test_e09_the_package_does_not_exist():
    assert find_spec("lepton_core") is None


def test_e10_a_coin_has_a_loss_of_ln_2():
    truth, coin = np.array([[0.0], [1.0]]), np.full((2, 1), 0.5)
    assert float(keras.losses.BinaryCrossentropy()(truth, coin)) == pytest.approx(np.log(2), abs=1e-6)
    # Over all constant answers p, half of the cases being positive, no loss is as low as 0.5.
    constants = np.linspace(0.001, 0.999, 999)
    assert np.min(-0.5 * np.log(constants) - 0.5 * np.log(1 - constants)) == pytest.approx(np.log(2), abs=1e-6)


def test_e11_at_the_equilibrium_of_the_game_the_losses_are_not_zero():
    half = np.full((4, 1), 0.5)
    entropy = keras.losses.BinaryCrossentropy()
    judge = float(entropy(np.ones((4, 1)), half)) + float(entropy(np.zeros((4, 1)), half))
    assert judge == pytest.approx(2 * np.log(2), abs=1e-6)
    # Losses of 1.2e-4 and 9e-6: what the judge and the generator would have to answer.
    fooled = np.exp(-9e-6)
    assert fooled > 0.99999 and -np.log(1 - fooled) > 11  # a judge fooled that well has a huge loss, not 1.2e-4


@pytest.mark.parametrize(("size", "kernel", "number"), [(28, 3, 1), (28, 3, 2), (32, 5, 3)])
def test_e13_each_layer_takes_off_its_kernel_less_one(size, kernel, number):
    image = keras.Input((size, size, 1))
    hidden = image
    for _ in range(number):
        hidden = layers.Conv2D(1, kernel)(hidden)
    assert hidden.shape[1] == size - number * (kernel - 1)
    assert number == 1 or hidden.shape[1] != (size - kernel + 1) ** number


def test_e14_average_pooling_divides_by_the_number_of_values():
    block = np.arange(1.0, 5.0, dtype="float32").reshape(1, 2, 2, 1)
    assert float(layers.AveragePooling2D(2)(block)[0, 0, 0, 0]) == block.sum() / 4
    assert block.sum() / block.sum() == 1  # divided by their own sum, all blocks would be alike


def test_e12_a_convolution_is_a_sum_over_a_window():
    generator = np.random.default_rng(0)
    image, kernel = generator.normal(size=(1, 6, 6, 1)), generator.normal(size=(3, 3, 1, 1))
    found = np.asarray(keras.ops.conv(image.astype("float32"), kernel.astype("float32")))[0, :, :, 0]
    by_hand = [
        [(image[0, r : r + 3, c : c + 3, 0] * kernel[:, :, 0, 0]).sum() for c in range(4)] for r in range(4)
    ]  # fmt: skip
    np.testing.assert_allclose(found, by_hand, atol=1e-5)
    assert found.shape != image[0, :, :, 0].shape  # a product, element by element, would keep the size


def test_e15_a_hidden_layer_is_corrected_by_what_is_passed_back_not_by_the_target():
    generator = np.random.default_rng(0)
    x, target = generator.normal(size=3), generator.normal(size=2)
    first, second = generator.normal(size=(4, 3)), generator.normal(size=(2, 4))

    def loss(first):
        return 0.5 * np.sum((second @ np.tanh(first @ x) - target) ** 2)

    hidden = np.tanh(first @ x)
    passed_back = second.T @ (second @ hidden - target) * (1 - hidden**2)  # the error of the hidden layer
    step = 1e-6
    for place in np.ndindex(first.shape):
        moved = np.zeros_like(first)
        moved[place] = step
        slope = (loss(first + moved) - loss(first - moved)) / (2 * step)
        assert slope == pytest.approx(np.outer(passed_back, x)[place], abs=1e-6)
    assert target.shape != (4,)  # "hidden minus target" cannot even be formed
