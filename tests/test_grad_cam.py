"""Grad-CAM against hand cases and finite differences; the measures of overlap against counted pixels."""

from __future__ import annotations

import numpy as np
import pytest

from lepton_nb import training  # first: it starts Keras quietly
from lepton_nb.grad_cam import area_share, enlarged, grad_cam, overlap, pointing_game
from lepton_nb.models import build_inspection

keras = training.keras


def small_network(outputs: int = 2):
    """One convolution 1×1 with two filters, the mean over places, one dense layer: all weights by hand."""
    inputs = keras.Input((2, 2, 1), name="image")
    hidden = keras.layers.Conv2D(2, 1, use_bias=False, name="convolution")(inputs)
    hidden = keras.layers.GlobalAveragePooling2D(name="mean")(hidden)
    return keras.Model(inputs, keras.layers.Dense(outputs, activation="softmax", name="probabilities")(hidden))


def test_a_map_worked_out_by_hand():
    model = small_network()
    model.get_layer("convolution").set_weights([np.array([[[[2.0, -1.0]]]], "float32")])
    model.get_layer("probabilities").set_weights(
        [np.array([[1.0, 3.0], [0.5, 2.0]], "float32"), np.zeros(2, "float32")]
    )
    picture = np.array([[[[1.0], [-2.0]], [[0.0], [4.0]]]], "float32")
    # score of class 1 = mean(2x)·3 + mean(-x)·2, so alpha = (3/4, 2/4) and L = max(0, 2x·3/4 - x·2/4) = max(0, x)
    assert grad_cam(model, picture, 1, "convolution")[0] == pytest.approx(np.array([[1, 0], [0, 4]]), abs=1e-6)
    # class 0: alpha = (1/4, 0.5/4), L = max(0, 2x/4 - x/8) = max(0, 3x/8)
    assert grad_cam(model, picture, 0, "convolution")[0] == pytest.approx(np.array([[3, 0], [0, 12]]) / 8, abs=1e-6)


def test_the_weights_of_the_channels_are_the_slopes_that_finite_differences_give():
    training.set_seed(3)
    model = build_inspection((16, 16, 1), 3, widths=(4, 6))
    pictures = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 1)).astype("uint8")
    inner = keras.Model(model.input, model.get_layer("relu_2").output)
    maps = np.asarray(inner(pictures, training=False), "float64")  # (2, 8, 8, 6)
    kernel = np.asarray(model.layers[-1].kernel, "float64")[:, 2]

    def score(values):
        return np.concatenate([values.mean(axis=(1, 2)), values.max(axis=(1, 2))], axis=1) @ kernel

    slopes, step = np.zeros((2, 6)), 1e-6
    for channel in range(6):
        for row in range(8):
            for column in range(8):
                moved = maps.copy()
                moved[:, row, column, channel] += step
                lower = maps.copy()
                lower[:, row, column, channel] -= step
                if np.ptp(np.sort(maps[..., channel].reshape(2, -1))[:, -2:], axis=1).min() > step:  # one maximum
                    slopes[:, channel] += (score(moved) - score(lower)) / (2 * step)
                else:
                    slopes[:, channel] = np.nan
    assert np.isfinite(slopes).any()
    expected = np.maximum(np.einsum("nijk,nk->nij", maps, slopes / 64), 0)
    found = grad_cam(model, pictures, 2, "relu_2")
    whole = np.isfinite(expected).all(axis=(1, 2))
    assert whole.any()
    assert found[whole] == pytest.approx(expected[whole], rel=1e-3, abs=1e-5)


def test_a_network_that_looks_at_a_spot_is_seen_to_look_there():
    model = small_network()
    model.get_layer("convolution").set_weights([np.array([[[[1.0, 0.0]]]], "float32")])
    model.get_layer("probabilities").set_weights(
        [np.array([[-1.0, 1.0], [0.0, 0.0]], "float32"), np.zeros(2, "float32")]
    )
    pictures = np.zeros((4, 2, 2, 1), "float32")
    masks = np.zeros((4, 2, 2), int)
    for number in range(4):
        pictures[number, number // 2, number % 2] = 5
        masks[number, number // 2, number % 2] = 1
    maps = grad_cam(model, pictures, 1, "convolution", batch_size=3)
    assert pointing_game(maps, masks).value == 1
    assert overlap(maps, masks).value == 1
    # the other class is spoken against everywhere: no heat, and a map without heat points nowhere
    cold = grad_cam(model, pictures, 0, "convolution")
    assert not cold.any()
    assert pointing_game(cold, masks).value == overlap(cold, masks).value == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": 2, "layer": "convolution"}, r"target must be a class, 0\.\.1. Received: target=2"),
        ({"target": 0, "layer": "mean"}, "layer must be one of .*convolution.* Received: layer='mean'"),
    ],
)
def test_a_class_or_a_layer_that_is_not_there_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        grad_cam(small_network(), np.zeros((1, 2, 2, 1), "float32"), **arguments)


def test_a_network_that_does_not_end_in_a_dense_layer_is_refused():
    model = small_network()
    with pytest.raises(ValueError, match=r"must be dense\. Received: GlobalAveragePooling2D"):
        grad_cam(keras.Model(model.input, model.get_layer("mean").output), np.zeros((1, 2, 2, 1)), 0, "convolution")


def test_enlarged_maps_keep_their_places_and_their_range():
    maps = np.zeros((1, 4, 4), "float32")
    maps[0, 1, 2] = 8
    large = enlarged(maps, 16, 16)
    assert large.shape == (1, 16, 16)
    assert large.max() <= 8 and large.min() >= 0
    row, column = np.unravel_index(large[0].argmax(), (16, 16))
    assert row // 4 == 1 and column // 4 == 2  # in the patch of its own place
    assert np.array_equal(enlarged(maps, 4, 4), maps)
    assert np.allclose(enlarged(np.full((2, 3, 5), 7.0), 9, 10), 7)


def test_overlap_and_the_blind_area_are_counted_pixel_by_pixel():
    maps = np.zeros((2, 4, 4))
    maps[0, :2, :2] = 1.0  # 4 hot pixels, 2 of them drawn, 4 drawn: IoU 2 / 6
    maps[0, 3, 3] = 0.49  # below half of the maximum
    maps[1, 0, 0] = 3.0  # beside the drawn pixel
    masks = np.zeros((2, 4, 4), int)
    masks[0, 1:3, :2] = 1
    masks[1, 3, 3] = 1
    found = overlap(maps, masks)
    assert found.value == pytest.approx((2 / 6 + 0) / 2)
    assert found.low < found.value < found.high and found.n == 2
    a, b = np.array([4, 1]) / 16, np.array([4, 1]) / 16
    assert found.blind == pytest.approx(np.mean(a * b / (a + b - a * b)))


def test_a_blind_spot_hits_as_often_as_its_area_says():
    generator = np.random.default_rng(1)
    masks = np.zeros((2000, 10, 10), int)
    masks[:, 2:6, 3:8] = 1  # 20 of 100 pixels
    hits = pointing_game(generator.random(masks.shape), masks)
    assert area_share(masks) == 0.2
    assert hits.low <= 0.2 <= hits.high


def test_reach_widens_the_drawn_area_by_pixels():
    masks = np.zeros((1, 9, 9), int)
    masks[0, 4, 4] = 1
    maps = np.zeros((1, 9, 9))
    maps[0, 4, 6] = 1
    assert [pointing_game(maps, masks, reach).value for reach in (0, 1.9, 2)] == [0, 0, 1]
    assert area_share(masks, 1) == pytest.approx(5 / 81)


def test_an_empty_mask_and_unlike_shapes_are_refused():
    for use in (pointing_game, overlap):
        with pytest.raises(ValueError, match="leave out the images without an area"):
            use(np.ones((1, 2, 2)), np.zeros((1, 2, 2)))
        with pytest.raises(ValueError, match="alike"):
            use(np.ones((1, 2, 2)), np.ones((1, 3, 2)))
    with pytest.raises(ValueError, match="share=0"):
        overlap(np.ones((1, 2, 2)), np.ones((1, 2, 2)), 0)
