"""Training helpers: schedule, averages, augmentation, precision, and the stop when the loss is lost."""

import gc
import math
import platform
import shutil
import subprocess
import sys
import weakref

import numpy as np
import pytest

from lepton_nb import processor, training

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


@pytest.mark.parametrize(
    ("flags", "unit", "policy"),
    [
        ("fpu avx512f avx512_bf16 amx_bf16", "AMX", "mixed_bfloat16"),
        ("fpu avx512f avx512_bf16", "AVX-512 BF16", "mixed_bfloat16"),
        ("fpu avx2 avx512f", "", "float32"),
        (None, "", "float32"),
    ],
)
def test_precision_follows_what_the_processor_can_do(monkeypatch, flags, unit, policy):
    described = "" if flags is None else f"model name\t: P\nflags\t\t: {flags}\n\nmodel name\t: P\n"
    monkeypatch.setattr(processor, "_described", lambda: described)
    found = training.choose_precision("auto", repetitions=0)
    assert (found.policy, found.unit, found.speed_up) == (policy, unit, None)
    assert policy in found.sentence and unit in found.sentence
    assert processor.name() == ("P" if flags else platform.processor() or platform.machine())


@pytest.mark.parametrize("ratio", [0.01, 1.0, 3.12, 100.0])
def test_no_measurement_of_time_changes_the_precision(monkeypatch, ratio):
    asked = training.choose_precision("auto", repetitions=0).policy
    monkeypatch.setattr(training, "_speed_up", lambda repetitions: ratio)
    found = training.choose_precision("auto")
    assert (found.policy, found.speed_up) == (asked, ratio)
    assert f"{1 / ratio:.2f} times" in found.sentence


def test_the_speed_of_a_step_is_measured():
    assert 0 < training._speed_up(1) < 1000


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


# ---------------------------------------------------------------- divergence


def test_divergence_is_noticed_at_the_step_where_it_happens_and_the_last_good_weights_come_back():
    """One image of the second epoch has a value that no number holds; ten batches an epoch, it sits in one of them."""
    model = slope_model()
    images = np.ones((10, 1), "float32")

    def spoil(given, epoch):
        return given if epoch == 1 else np.where(np.arange(10)[:, None] == 4, np.inf, given).astype("float32")

    with pytest.raises(
        training.Diverged, match=r"Spoilt: the loss is -inf in epoch 2 of 3, after (\d+) steps"
    ) as error:
        training.train(
            model, images, np.zeros(10), epochs=3, batch_size=1, augment=spoil, seed=0, label="Spoilt"
        )  # fmt: skip
    place = int(np.flatnonzero(np.random.default_rng((0, 2)).permutation(10) == 4)[0])
    assert f"after {place + 1} steps" in str(error.value)
    assert float(model.weights[0][0, 0]) == pytest.approx(1 - 0.5 * 10)  # as after epoch 1, ten steps of 0.5


def test_weights_lost_in_the_very_last_step_are_noticed():
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(inputs))
    model.compile(keras.optimizers.SGD(1e38), lambda truth, output: keras.ops.mean(output), metrics=["accuracy"])
    with pytest.raises(training.Diverged, match="a weight is no longer finite in epoch 1 of 1, after 1 steps"):
        training.train(model, np.full((2, 1), 1e3, "float32"), np.zeros(2), epochs=1, batch_size=2)
    assert float(model.weights[0][0, 0]) == 1


# ---------------------------------------------------------------- resuming


def small_net(seed=1, units=5, **options):
    """Convolution, normalisation, dropout: weights of every kind that has to come back."""
    training.set_seed(seed)
    inputs = keras.Input((6, 6, 1))
    hidden = keras.layers.Conv2D(4, 3, use_bias=False)(inputs)
    hidden = keras.layers.BatchNormalization(momentum=0.5)(hidden)
    hidden = keras.layers.Flatten()(keras.layers.Activation("relu")(hidden))
    hidden = keras.layers.Dropout(0.3)(keras.layers.Dense(units, activation="relu")(hidden))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))
    optimizer = options.get("optimizer") or training.Muon(training.one_cycle(0.1, 20), momentum=0.6)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


generator = np.random.default_rng(0)
PICTURES, KINDS = generator.uniform(size=(40, 6, 6, 1)).astype("float32"), generator.integers(0, 3, 40)


def shaken(images, epoch):
    return images + np.random.default_rng((5, epoch)).normal(0, 0.1, images.shape).astype("float32")


def train_small(model, folder="", epochs=4, augment=shaken, seed=3, **options):
    return training.train(
        model, PICTURES, KINDS, epochs=epochs, batch_size=8, augment=augment, seed=seed, resume_folder=folder,
        validation=(PICTURES, KINDS), **options,
    )  # fmt: skip


class Interrupted(Exception):
    pass


def interrupt_at(last):
    def augment(images, epoch):
        if epoch > last:
            raise Interrupted
        return shaken(images, epoch)

    return augment


@pytest.mark.parametrize("with_average", [False, True], ids=["muon", "adam with averaged weights"])
def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path, capsys, with_average):
    def net():
        average = keras.optimizers.Adam(training.one_cycle(0.01, 20), use_ema=True, ema_momentum=0.9)
        return small_net(optimizer=average if with_average else None)

    whole = net()
    expected = train_small(whole)
    for last in (1, 3):  # interrupted twice, in a new model each time
        with pytest.raises(Interrupted):
            train_small(net(), tmp_path / "run", augment=interrupt_at(last))
    assert sorted(file.name for file in (tmp_path / "run").iterdir()) == ["epoch3.weights.h5", "state.json"]
    resumed = net()
    run = train_small(resumed, tmp_path / "run", label="Small")
    assert "Small: goes on after epoch 3." in capsys.readouterr().out
    for here, there in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        assert np.array_equal(here, there)
    values = [(epoch.number, epoch.loss, epoch.accuracy, epoch.validation_accuracy) for epoch in run.epochs]
    assert values == [
        (epoch.number, epoch.loss, epoch.accuracy, epoch.validation_accuracy) for epoch in expected.epochs
    ]
    assert not list((tmp_path / "run").iterdir())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A training that is through and was kept: its folder, its run, its first weights."""
    folder, model = tmp_path_factory.mktemp("finished"), small_net()
    return folder, train_small(model, folder, keep=True), model.get_weights()[0]


def test_a_kept_training_is_given_back_without_training(finished):
    folder, expected, weights = finished
    model = small_net()
    assert train_small(model, folder, augment=interrupt_at(0), keep=True) == expected
    assert np.array_equal(model.get_weights()[0], weights)


@pytest.mark.parametrize(
    "other",
    [
        (lambda: small_net(units=6), {}),
        (lambda: small_net(seed=2), {}),
        (small_net, {"epochs": 5}),
        (small_net, {"seed": 4}),
        (lambda: small_net(optimizer=keras.optimizers.Adam(0.1)), {}),
    ],
    ids=["network", "start", "epochs", "order", "optimizer"],
)
def test_what_another_training_left_is_not_used(finished, tmp_path, capsys, other):
    make, settings = other
    folder = shutil.copytree(finished[0], tmp_path / "run")
    with pytest.raises(Interrupted):  # it begins with the first epoch
        train_small(make(), folder, augment=interrupt_at(0), **settings)
    assert "starts anew; what lies in its folder is of another network, data or settings" in capsys.readouterr().out


@pytest.mark.parametrize("harm", ["state", "weights", "gone"])
def test_a_damaged_folder_is_not_used(finished, tmp_path, capsys, harm):
    folder = shutil.copytree(finished[0], tmp_path / "run")
    weights = folder / "epoch4.weights.h5"
    if harm == "state":
        (folder / "state.json").write_text("{", encoding="utf-8")
    elif harm == "weights":
        weights.write_bytes(weights.read_bytes()[:100])
    else:
        weights.unlink()
    model = small_net()
    train_small(model, folder)
    assert "starts anew; what lies in its folder cannot be read" in capsys.readouterr().out
    assert np.array_equal(model.get_weights()[0], finished[2])


def test_resuming_needs_draws_that_can_be_repeated(tmp_path):
    with pytest.raises(ValueError, match="resume_folder needs seed"):
        train_small(small_net(), tmp_path, seed=None)
    with pytest.raises(ValueError, match="resume_folder needs seed"):
        train_small(small_net(), tmp_path, augment=lambda images: images)


# ---------------------------------------------------------------- flip and shift, Muon, cost


def test_flip_and_shift_moves_by_whole_pixels_with_mirrored_rims():
    image = np.arange(25, dtype=np.uint8).reshape(1, 5, 5, 1)
    padded = np.pad(image[0, ..., 0], 2, "reflect")
    whole = {padded[row : row + 5, column : column + 5].tobytes() for row in range(5) for column in range(5)}
    moved = training.flip_and_shift(np.repeat(image, 2000, axis=0), 1, flip=False)
    assert moved.dtype == np.uint8 and {part.tobytes() for part in moved} == whole
    both = whole | {np.frombuffer(part, np.uint8).reshape(5, 5)[:, ::-1].tobytes() for part in whole}
    assert {part.tobytes() for part in training.flip_and_shift(np.repeat(image, 2000, axis=0), 1)} == both


def test_alternating_flip_shows_both_forms_in_two_epochs():
    images = np.random.default_rng(0).integers(0, 255, (200, 4, 4, 3), dtype=np.uint8)
    epochs = [training.flip_and_shift(images, epoch, shift=0) for epoch in (1, 2, 3)]
    mirrored = [(epoch != images).any(axis=(1, 2, 3)) for epoch in epochs]
    assert np.array_equal(mirrored[0], ~mirrored[1]) and np.array_equal(mirrored[0], mirrored[2])
    assert 60 < mirrored[0].sum() < 140
    anew = [training.flip_and_shift(images, epoch, shift=0, alternating=False) for epoch in (1, 2)]
    same = [(epoch == images).all(axis=(1, 2, 3)) for epoch in anew]
    assert not np.array_equal(same[0], ~same[1])


def test_flip_and_shift_repeats_and_refuses():
    images = np.random.default_rng(0).integers(0, 255, (9, 8, 8, 3), dtype=np.uint8)
    assert np.array_equal(training.flip_and_shift(images, 4, seed=2), training.flip_and_shift(images, 4, seed=2))
    assert not np.array_equal(training.flip_and_shift(images, 4, seed=2), training.flip_and_shift(images, 5, seed=2))
    for arguments in ({"images": images[0]}, {"images": images, "shift": 8}, {"images": images, "epoch": -1}):
        with pytest.raises(ValueError, match="larger than shift"):
            training.flip_and_shift(**{"epoch": 1} | arguments)


@pytest.mark.parametrize("shape", [(30, 12), (12, 30), (9, 9)])
def test_orthogonal_brings_singular_values_near_one(shape):
    matrix = np.random.default_rng(0).normal(size=shape).astype("float32")
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    found = keras.ops.convert_to_numpy(training.orthogonal(matrix, steps=5))
    assert np.all(np.abs(np.linalg.svd(found, compute_uv=False) - 1) < 0.45)
    # the same directions: the left and right vectors still belong together, and to no other pair
    inner = left.T @ found @ right.T
    assert np.abs(inner - np.diag(np.diag(inner))).max() < 1e-3 and np.diag(inner).min() > 0


def test_muon_steps_change_a_kernel_by_the_learning_rate():
    inputs = keras.Input((6, 6, 2))
    model = keras.Model(inputs, keras.layers.Conv2D(3, 3, use_bias=False)(inputs))
    model.compile(training.Muon(0.2, momentum=0.0), "mse")
    before = model.get_weights()[0]
    images = np.random.default_rng(0).normal(size=(4, 6, 6, 2)).astype("float32")
    model.train_on_batch(images, np.ones((4, 4, 4, 3), "float32"))
    step = before * np.sqrt(3) / np.linalg.norm(before) - model.get_weights()[0]
    values = np.linalg.svd(step.reshape(-1, 3), compute_uv=False) / 0.2
    assert np.all(values > 0.3) and np.all(values < 1.5)


def test_muon_gives_biases_adams_first_step():
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(2, kernel_initializer="ones")(inputs))
    model.compile(training.Muon(0.5, others=0.1), "mse")
    model.train_on_batch(np.ones((1, 1)), np.array([[9.0, -9.0]]))
    # Adam's first step has the size of its rate, whatever the gradient: here 0.5 · 0.1, against the gradient's sign
    assert model.get_weights()[1] == pytest.approx([0.05, -0.05], rel=1e-4)


def test_muon_refuses_and_comes_back_from_its_settings():
    for wrong in ({"momentum": 1.0}, {"others": 0.0}):
        with pytest.raises(ValueError, match="momentum must be"):
            training.Muon(**wrong)
    made = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(training.Muon(0.3, 0.7, 0.2)))
    assert (float(made.learning_rate), made.momentum, made.others) == (pytest.approx(0.3), 0.7, 0.2)


def test_multiply_adds_by_hand():
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(5, 3)(inputs)  # 6·6 places, 3·3·3·5 each
    hidden = keras.layers.Flatten()(keras.layers.MaxPooling2D(2)(hidden))
    model = keras.Model(inputs, keras.layers.Dense(7)(hidden))  # 3·3·5 inputs
    assert training.multiply_adds(model) == 36 * 135 + 45 * 7


# ---------------------------------------------------------------- batches


def test_rows_come_in_an_order_that_depends_on_seed_and_epoch_alone():
    inputs, targets = np.arange(10), np.arange(10) * 2.0
    rows = training.Rows(inputs, targets, batch_size=4, seed=3)
    assert [len(batch[0]) for batch in rows] == [4, 4, 2]
    first = np.concatenate([batch[0] for batch in rows])
    assert sorted(first) == list(range(10)) and list(first) != list(range(10))
    assert all((batch[1] == 2 * batch[0]).all() and batch[1].dtype == "float32" for batch in rows)
    rows.on_epoch_end()
    second = np.concatenate([batch[0] for batch in rows])
    again = training.Rows(inputs, targets, batch_size=4, seed=3, epoch=2)
    assert (second == np.concatenate([batch[0] for batch in again])).all() and (second != first).any()
    assert (np.concatenate([batch[0] for batch in training.Rows(inputs, batch_size=3)]) == inputs).all()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.data feeds TensorFlow alone")
def test_fed_batches_are_the_same_epoch_by_epoch_and_nothing_tunes_them():
    rows, same = (training.Rows(np.arange(10), np.zeros((10, 3)), batch_size=4, seed=3) for _ in range(2))
    fed = training.feed(rows)
    assert fed.options().autotune.enabled is False and len(fed) == 3
    assert fed.element_spec[1].shape.as_list() == [None, 3]
    for _ in range(2):
        for ours, theirs in zip(fed, same, strict=True):
            assert all((a.numpy() == b).all() for a, b in zip(ours, theirs, strict=True))
        same.on_epoch_end()


def test_without_a_seed_of_its_own_the_order_repeats_with_that_of_set_seed():
    def losses(seed):
        training.set_seed(seed)
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(2, activation="softmax", kernel_initializer="ones")]
        )
        model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
        generator = np.random.default_rng(1)
        run = training.train(
            model, generator.normal(size=(32, 3)), generator.integers(0, 2, 32), epochs=2, batch_size=4
        )
        return [epoch.loss for epoch in run.epochs]

    assert losses(1) == losses(1) != losses(2)


def test_predictions_are_those_of_the_model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    inputs = np.random.default_rng(0).normal(size=(7, 3))
    assert np.allclose(training.predict(model, inputs, 3), model.predict_on_batch(inputs), atol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.data feeds TensorFlow alone")
def test_arrays_that_were_fed_are_let_go():
    rows = training.Rows(np.zeros((8, 3)), batch_size=4)
    left, fed = weakref.ref(rows), training.feed(rows)
    del rows
    assert sum(1 for _ in fed) == 2 and left() is not None
    del fed
    gc.collect()
    assert left() is None
