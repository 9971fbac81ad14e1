"""Networks: shapes and parameter counts worked out by hand, and refusals."""

import numpy as np
import pytest

from lepton_nb import training  # first: it starts Keras quietly
from lepton_nb.models import build_inspection, build_mnist, build_mnist_article


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


# ------------------------------------------------------------------ inspection


def test_the_network_of_inspection():
    model = build_inspection((32, 32, 2), 3, widths=(4, 6, 8), first_stride=2)
    # 5×5 on every second pixel: 32 → 16, pooled 8; 3×3, pooled 4; the last block is not pooled
    assert {name: tuple(model.get_layer(name).output.shape[1:]) for name in ("relu_1", "relu_2", "relu_3", "both")} == {
        "relu_1": (8, 8, 4),
        "relu_2": (4, 4, 6),
        "relu_3": (4, 4, 8),
        "both": (16,),
    }
    convolutions = 25 * 2 * 4 + 9 * 4 * 6 + 9 * 6 * 8
    assert model.count_params() == convolutions + 4 * (4 + 6 + 8) + 16 * 3 + 3
    assert [layer.name for layer in model.layers if layer.name == "dropout"] == []
    assert build_inspection((32, 32, 1), dropout=0.5).get_layer("dropout").rate == 0.5


def test_the_network_of_inspection_sees_the_mean_and_the_largest_value_of_each_channel():
    training.set_seed(1)
    model = build_inspection((8, 8, 1), widths=(3,), dtype="mixed_bfloat16")
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1)).astype("uint8")
    inner = training.keras.Model(model.input, [model.get_layer("relu_1").output, model.get_layer("both").output])
    maps, both = (np.asarray(values, "float32") for values in inner(images))
    assert both == pytest.approx(np.concatenate([maps.mean(axis=(1, 2)), maps.max(axis=(1, 2))], axis=1), rel=0.02)
    chance = model.predict(images, verbose=0)
    assert chance.dtype == np.float32 and chance.sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": (4, 0)}, "widths must be"),
        ({"classes": 1}, "classes=1"),
        ({"first_stride": 0}, "first_stride=0"),
        ({"momentum": 1}, "momentum=1"),
        ({"dropout": 1.0}, "dropout=1.0"),
        ({"image_shape": (16, 16, 1), "widths": (4,) * 6}, "too small for 6 blocks"),
        ({"image_shape": (16, 16)}, "height, width, channels"),
    ],
)
def test_bad_sizes_of_the_network_of_inspection_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_inspection(**({"image_shape": (16, 16, 1), "widths": (4, 4)} | arguments))
