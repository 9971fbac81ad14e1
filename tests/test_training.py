"""Training helpers: schedule, averages, augmentation, precision, and the stop when the loss is lost."""

import math
import subprocess
import sys

import numpy as np
import pytest

from lepton_nb import training

keras = training.keras


def slope_model(**options):
    """One weight w whose loss is w · x: the gradient is x, whatever w is."""
    inputs = keras.Input((1,))
    outputs = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(inputs)
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.SGD(0.5, **options), lambda truth, output: keras.ops.mean(output), metrics=["accuracy"]
    )
    return model


def test_one_cycle_rises_and_falls():
    schedule = training.one_cycle(peak=0.2, steps=100, warm_up=0.2, start=0.1)
    rates = [float(schedule(step)) for step in (0, 10, 20, 60, 100)]
    # straight from 0.02 to 0.2 in 20 steps, then half a cosine: half way down at step 60
    assert rates == pytest.approx([0.02, 0.11, 0.2, 0.1, 0.0], abs=1e-6)
    assert float(schedule(40)) == pytest.approx(0.1 * (1 + math.cos(math.pi * 20 / 80)), abs=1e-6)


@pytest.mark.parametrize("arguments", [(0, 10), (0.1, 1), (0.1, 10, 0.0), (0.1, 10, 1.0), (0.1, 10, 0.2, 2.0)])
def test_one_cycle_refuses(arguments):
    with pytest.raises(ValueError, match="one_cycle needs"):
        training.one_cycle(*arguments)


def test_moving_average_of_weights_is_the_closed_form():
    model = slope_model(use_ema=True, ema_momentum=0.8)
    training.train(model, np.ones((4, 1), "float32"), np.zeros(4), epochs=1, batch_size=1)
    weights = 1 - 0.5 * np.arange(1, 5)  # after steps 1 to 4
    # the average starts at the first weight; then a ← 0.8 a + 0.2 w
    expected = 0.8**3 * weights[0] + 0.2 * (0.8**2 * weights[1] + 0.8 * weights[2] + weights[3])
    assert float(model.weights[0][0, 0]) == pytest.approx(expected, rel=1e-4)


def test_train_measures_each_epoch(capsys):
    model = slope_model()
    images = np.ones((6, 1), "float32")
    seen = []

    def augment(given):
        seen.append(len(given))
        return given

    run = training.train(
        model, images, np.zeros(6), epochs=3, batch_size=2, validation=(images, np.zeros(6)), augment=augment
    )
    assert [epoch.number for epoch in run.epochs] == [1, 2, 3] and seen == [6, 6, 6]
    assert run.images == 18 and run.images_per_second == pytest.approx(18 / run.seconds)
    assert 0 < run.epochs[0].seconds < run.epochs[1].seconds < run.epochs[2].seconds == run.seconds
    assert float(model.weights[0][0, 0]) == pytest.approx(1 - 0.5 * 9)  # nine steps of 0.5
    assert run.epochs[-1].validation_accuracy == 1.0  # one output: its largest is number 0
    assert run.seconds_to(1.0) == run.epochs[0].seconds and run.seconds_to(1.1) is None
    assert capsys.readouterr().out == ""


def test_progress_is_one_line(capsys):
    training.train(slope_model(), np.ones((2, 1), "float32"), np.zeros(2), epochs=1, batch_size=2, label="Slope")
    shown = capsys.readouterr().out
    assert shown.startswith("Slope: epoch 1 of 1, ") and shown.endswith("loss 1.0000, accuracy 0.00%\n")


def test_diverging_training_stops():
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile(keras.optimizers.SGD(1e6), "mse", metrics=["accuracy"])
    images = np.full((64, 1), 100, "float32")
    with pytest.raises(training.Diverged, match=r"Steep: the loss is (nan|inf) in epoch \d of 9.*lower the learning"):
        training.train(model, images, np.ones(64, "float32"), epochs=9, batch_size=8, label="Steep")


def test_train_refuses():
    with pytest.raises(ValueError, match="epochs=0"):
        training.train(slope_model(), np.ones((2, 1)), np.zeros(2), epochs=0, batch_size=2)


def test_augmentation_without_width_changes_nothing():
    images = np.random.default_rng(0).uniform(size=(3, 9, 7, 2)).astype("float32")
    same = training.random_affine(images, np.random.default_rng(1), rotation=0, zoom=0, shear=0, shift=0)
    assert same == pytest.approx(images, abs=1e-5)


def test_augmentation_keeps_the_centre_and_repeats():
    images = np.zeros((50, 29, 29, 1), "float32")
    images[:, 12:17, 12:17] = 1
    turned = training.random_affine(images, np.random.default_rng(1), rotation=45, zoom=0.2, shear=0.2, shift=0)
    assert np.all(turned[:, 14, 14] > 0.99) and np.all(turned[:, :4] == 0)
    assert not np.allclose(turned[0], turned[1])
    again = training.random_affine(images, np.random.default_rng(1), rotation=45, zoom=0.2, shear=0.2, shift=0)
    assert np.array_equal(turned, again)


def test_augmentation_shifts_by_whole_pixels():
    class Two:  # a generator whose every draw is the upper end
        def uniform(self, low, high, size):
            return np.full(size, high)

    images = np.random.default_rng(0).uniform(size=(1, 8, 8, 1)).astype("float32")
    moved = training.random_affine(images, Two(), rotation=0, zoom=0, shear=0, shift=2)
    assert moved[0, :6, :6] == pytest.approx(images[0, 2:, 2:], abs=1e-5)
    assert np.all(moved[0, 6:] == 0)


def test_augmentation_refuses_flat_images():
    with pytest.raises(ValueError, match=r"Received: shape \(2, 9\)"):
        training.random_affine(np.zeros((2, 9)), np.random.default_rng(0))


def test_precision_by_name_is_not_measured():
    assert training.choose_precision("float32").sentence == "float32, as asked for."
    with pytest.raises(ValueError, match="precision='float8'"):
        training.choose_precision("float8")


def test_precision_by_measurement():
    found = training.choose_precision("auto", repetitions=3)
    assert found.speed_up > 0
    assert (found.policy == "mixed_bfloat16") == (found.speed_up >= training.MARGIN)
    assert f"{found.speed_up:.2f} times" in found.sentence


def test_seed_repeats():
    draws = []
    for _ in range(2):
        training.set_seed(3)
        draws.append(float(keras.ops.convert_to_numpy(keras.random.normal(()))))
    assert draws[0] == draws[1]
    with pytest.raises(ValueError, match="seed=-1"):
        training.set_seed(-1)


def test_start_is_quiet():
    """TensorFlow's C++ code writes to the process's standard error: nothing of it may reach a page."""
    code = "from lepton_nb import training; training.choose_precision('auto', 1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "" and done.stderr == ""
