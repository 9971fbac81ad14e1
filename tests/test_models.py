"""Networks: shapes and parameter counts worked out by hand, and refusals."""

import numpy as np
import pytest

from lepton_nb import training  # first: it starts Keras quietly
from lepton_nb.models import build_mnist, build_mnist_article


@pytest.mark.parametrize(
    ("dense_units", "parameters"),
    [
        # convolutions 3·3·1·32 + 32 and 3·3·32·64 + 64; dense 5·5·64·D + D; D·10 + 10
        (64, 320 + 18_496 + 1600 * 64 + 64 + 650),
        (128, 320 + 18_496 + 1600 * 128 + 128 + 1290),
    ],
)
def test_article_network(dense_units, parameters):
    model = build_mnist_article(dense_units)
    assert model.count_params() == parameters
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert shapes == {
        "image": (28, 28, 1),
        "convolution_1": (26, 26, 32),
        "pooling_1": (13, 13, 32),
        "convolution_2": (11, 11, 64),
        "pooling_2": (5, 5, 64),
        "flatten": (1600,),
        "dense": (dense_units,),
        "probabilities": (10,),
    }
    assert model.get_layer("dense").activation.__name__ == "relu"
    assert model.get_layer("probabilities").activation.__name__ == "softmax"


def test_our_network():
    model = build_mnist()
    # three convolutions without bias, four numbers a channel for each normalisation, dense 3·3·128·10 + 10
    convolutions = 9 * 32 + 9 * 32 * 64 + 9 * 64 * 128
    assert model.count_params() == convolutions + 4 * (32 + 64 + 128) + 1152 * 10 + 10 == 104_874
    assert model.get_layer("relu_1").output.shape == (None, 13, 13, 32)
    assert model.get_layer("relu_2").output.shape == (None, 5, 5, 64)
    assert model.get_layer("relu_3").output.shape == (None, 3, 3, 128)


def test_our_network_in_mixed_precision_gives_float32_probabilities():
    training.set_seed(0)
    model = build_mnist(filters=(4, 6), dtype="mixed_bfloat16")
    images = np.random.default_rng(0).uniform(size=(5, 28, 28, 1)).astype("float32")
    chance = model.predict(images, verbose=0)
    assert chance.dtype == np.float32 and chance.shape == (5, 10)
    assert chance.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert model.get_layer("convolution_1").compute_dtype == "bfloat16"
    assert model.get_layer("convolution_1").variable_dtype == "float32"


def test_other_sizes():
    model = build_mnist(filters=(4, 8), kernel_size=5, image_shape=(32, 24, 3), classes=3)
    # 32×24 → 28×20 → 14×10 → 10×6
    assert model.get_layer("relu_2").output.shape == (None, 10, 6, 8)
    assert model.output.shape == (None, 3)
    assert build_mnist_article(8, filters=(4,), classes=2).output.shape == (None, 2)


@pytest.mark.parametrize("build", [build_mnist, build_mnist_article])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": ()}, r"filters must be .* Received: filters=\(\)"),
        ({"filters": (4, 0)}, "filters must be"),
        ({"classes": 1}, "classes=1"),
        ({"kernel_size": 0}, "kernel_size=0"),
        ({"image_shape": (28, 28)}, "height, width, channels"),
        ({"image_shape": (5, 5, 1), "filters": (4, 4)}, "too small for 2 convolutions"),
    ],
)
def test_bad_sizes_are_refused(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_article_needs_a_dense_unit():
    with pytest.raises(ValueError, match="dense_units=0"):
        build_mnist_article(0)


def test_momentum_of_one_would_never_learn_the_averages():
    with pytest.raises(ValueError, match="momentum=1"):
        build_mnist(momentum=1)


def test_pooling_before_normalisation_changes_nothing_once_statistics_are_fixed_and_something_in_training():
    values = np.random.default_rng(0).normal(1.0, 2.0, (8, 6, 6, 4)).astype("float32")
    pool = training.keras.layers.MaxPooling2D(2)
    for learns in (False, True):
        first, second = (training.keras.layers.BatchNormalization() for _ in range(2))
        pooled_first = np.asarray(second(pool(values), training=learns))
        pooled_last = np.asarray(pool(first(values, training=learns)))
        assert np.allclose(pooled_first, pooled_last, atol=1e-5) is not learns
