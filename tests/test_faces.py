"""Faces: drawn stand-ins, the split by person, the networks, and the training of a pair."""

import io
import itertools
import os

import numpy as np
import pytest

from lepton_nb import training  # first: it starts Keras quietly

import keras  # isort: skip

from lepton_nb import adversarial, datasets
from lepton_nb.datasets import faces
from lepton_nb.models import faces as networks

REAL_DATA = os.environ.get("LEPTON_DATA", "")


@pytest.fixture(scope="module")
def drawn():
    return faces.draw_faces(96, persons=24, size=32, seed=3)


# ---------------------------------------------------------------- data


def test_drawn_faces_repeat_and_differ(drawn):
    again = faces.draw_faces(96, persons=24, size=32, seed=3)
    assert np.array_equal(drawn["images"], again["images"])
    assert not np.array_equal(drawn["images"], faces.draw_faces(96, persons=24, size=32, seed=4)["images"])
    assert drawn["images"].dtype == np.uint8 and drawn["images"].shape == (96, 32, 32, 3)
    assert drawn["person_id"].dtype == np.int32
    assert np.bincount(drawn["person_id"]).tolist() == [4] * 24


def test_drawings_of_a_person_are_more_alike_than_those_of_two():
    made = faces.draw_faces(300, persons=60)
    centre = made["images"][:, 20:44, 20:44].astype(float)  # the face, without the background
    rounds = centre.reshape(5, 60, -1)
    same = np.abs(rounds[0] - rounds[1]).mean()
    other = np.abs(rounds[0] - np.roll(rounds[1], 1, axis=0)).mean()
    assert same < 0.75 * other


def test_drawn_faces_stand_in_for_photographs(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    data = datasets.load("faces")
    assert data.stand_in and "drawn" in data.title and "no photograph" in data.source
    assert data.arrays["images"].shape == (1500, 64, 64, 3)
    assert len(np.unique(data.arrays["person_id"])) == 300


def test_decoding_a_file(tmp_path, drawn):
    from PIL import Image

    blobs = []
    for image in drawn["images"][:3]:
        stream = io.BytesIO()
        Image.fromarray(image).resize((64, 64)).save(stream, "JPEG", quality=95)
        blobs.append(stream.getvalue())
    path = tmp_path / "faces64.npz"
    np.savez(
        path,
        jpeg=np.frombuffer(b"".join(blobs), np.uint8),
        offsets=np.cumsum([0, *map(len, blobs)]),
        person_id=np.array([5, 5, 6], np.int32),
        person_names=np.array(["A", "B"]),
    )
    found = faces.decode(path)
    assert set(found) == {"images", "person_id"}  # no names
    assert found["images"].shape == (3, 64, 64, 3)
    wanted = np.asarray(Image.fromarray(drawn["images"][0]).resize((64, 64)), float)
    assert np.abs(found["images"][0] - wanted).mean() < 6


@pytest.mark.skipif(not REAL_DATA, reason="LEPTON_DATA names no folder with the real file")
def test_the_real_file():
    data = datasets.load("faces", REAL_DATA)
    assert not data.stand_in
    assert data.arrays["images"].shape == (13_233, 64, 64, 3)
    parts = faces.split_by_person(data.arrays["person_id"])
    assert sum(map(len, parts.values())) == 13_233


def test_no_person_is_in_two_parts(drawn):
    parts = faces.split_by_person(drawn["person_id"], seed=1)
    persons = [set(drawn["person_id"][places].tolist()) for places in parts.values()]
    assert not (persons[0] & persons[1] or persons[0] & persons[2] or persons[1] & persons[2])
    everyone = np.sort(np.concatenate(list(parts.values())))
    assert np.array_equal(everyone, np.arange(96))
    again = faces.split_by_person(drawn["person_id"], seed=1)
    assert all(np.array_equal(parts[name], again[name]) for name in faces.PARTS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: faces.split_by_person([1, 2, 3], (0.5, 0.5, 0.5)), "sum to 1"),
        (lambda: faces.split_by_person([1, 1, 2]), "at least one person"),
        (lambda: faces.draw_faces(0), "at least 1"),
        (lambda: faces.draw_faces(5, size=4), "at least 8"),
    ],
)
def test_data_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---------------------------------------------------------------- networks


def test_the_article_pair_has_the_parameters_of_its_listing():
    generator = networks.build_faces_article_generator()
    sizes = [100, 1024, 512, 256, 128, 64 * 64 * 3]
    wanted = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    assert generator.count_params() == wanted == 2_377_600
    discriminator = networks.build_faces_article_discriminator()
    sizes = [64 * 64 * 3, 128, 256, 512, 1024, 1]
    wanted = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    assert discriminator.count_params() == wanted == 2_263_937
    assert generator.output_shape == discriminator.input_shape == (None, 64, 64, 3)
    assert discriminator.layers[-1].activation.__name__ == "sigmoid"


def test_two_by_two_pixels_go_there_and_back():
    images = np.random.default_rng(0).uniform(size=(2, 6, 4, 3)).astype("float32")
    deep = networks.SpaceToDepth()(images)
    assert deep.shape == (2, 3, 2, 12)
    assert np.allclose(deep[0, 0, 0], images[0, :2, :2].reshape(-1))
    assert np.array_equal(keras.ops.convert_to_numpy(networks.DepthToSpace()(deep)), images)


@pytest.mark.parametrize(("channels", "side"), [((16, 8), 16), ((16, 8, 4), 32), ((32, 16, 8, 4), 64)])
def test_our_pair_fits_together(channels, side):
    generator = networks.build_faces_generator(10, channels)
    discriminator = networks.build_faces_discriminator(channels[::-1], side)
    made = generator(np.random.default_rng(0).standard_normal((3, 10)).astype("float32"))
    assert made.shape == (3, side, side, 3)
    assert np.abs(made).max() <= 1
    assert discriminator(made).shape == (3, 1)


def test_our_pair_in_mixed_precision_ends_in_32_bits():
    generator = networks.build_faces_generator(10, (16, 8), dtype="mixed_bfloat16")
    discriminator = networks.build_faces_discriminator((8, 16), 16, dtype="mixed_bfloat16")
    made = generator(np.zeros((2, 10), "float32"))
    assert keras.backend.standardize_dtype(made.dtype) == "float32"
    assert keras.backend.standardize_dtype(discriminator(made).dtype) == "float32"
    assert all(keras.backend.standardize_dtype(weight.dtype) == "float32" for weight in generator.weights)


def test_a_score_does_not_depend_on_the_others_in_the_batch(drawn):
    discriminator = networks.build_faces_discriminator((4, 8, 8), 32)
    images = drawn["images"][:6].astype("float32") / 127.5 - 1
    together, alone = discriminator(images)[2], discriminator(images[2:3])[0]
    assert np.allclose(together, alone, atol=1e-4)


def test_features_are_means_of_the_middle_layers(drawn):
    autoencoder = networks.build_faces_autoencoder((4, 6, 8), 5, 32)
    images = drawn["images"][:4].astype("float32") / 127.5 - 1
    assert autoencoder(images).shape == (4, 32, 32, 3)
    middle, neck = networks.middle_layers(autoencoder)(images)
    assert middle.shape == (4, 14) and neck.shape == (4, 5)
    inner = keras.Model(autoencoder.input, autoencoder.get_layer("middle_3").output)(images)
    assert np.allclose(middle[:, 6:], keras.ops.convert_to_numpy(inner).mean(axis=(1, 2)), atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: networks.build_faces_generator(0), "latent_size"),
        (lambda: networks.build_faces_generator(8, (4,)), "at least two"),
        (lambda: networks.build_faces_discriminator((4, 4, 4), 20), "divisible by 8"),
        (lambda: networks.build_faces_autoencoder((4, 4), 0, 16), "bottleneck"),
        (lambda: networks.build_faces_article_generator(units=()), "units"),
    ],
)
def test_network_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---------------------------------------------------------------- the pair


def small_pair(seed: int = 0, rate: float = 0.001, **options):
    training.set_seed(seed)
    pair = adversarial.AdversarialPair(
        networks.build_faces_generator(8, (8, 8)), networks.build_faces_discriminator((4, 8), 16), seed=seed, **options
    )
    pair.compile(*(keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99) for _ in range(2)))
    return pair


@pytest.fixture(scope="module")
def tiny(drawn):
    images = drawn["images"].reshape(96, 16, 2, 16, 2, 3).mean(axis=(2, 4))
    return images.astype(np.uint8)


def test_one_pass_back_gives_both_players_their_own_gradient(tiny):
    """The factor −exp(Δ) on the discriminator's derivative is the generator's derivative, taken apart."""
    import tensorflow as tf

    pair = small_pair(penalty=0.0)
    real = tiny[:16].astype("float32") / 127.5 - 1
    latent = np.random.default_rng(0).standard_normal((16, 8)).astype("float32")
    with tf.GradientTape(persistent=True) as tape:
        made = pair.generator(latent)
        tape.watch(made)
        lead = (pair.discriminator(real) - pair.discriminator(made))[:, 0]
        first, second = tf.reduce_mean(tf.nn.softplus(-lead)), tf.reduce_mean(tf.nn.softplus(lead))
    by_first, by_second = tape.gradient(first, made), tape.gradient(second, made)
    assert np.abs(by_second).max() > 0
    assert np.allclose(by_second, -np.exp(lead)[:, None, None, None] * by_first, rtol=1e-3, atol=1e-8)


def test_a_step_moves_the_generator_along_its_own_gradient(tiny):
    import tensorflow as tf

    pair = small_pair(penalty=0.0, flip=False)
    pair.optimizer = keras.optimizers.SGD(0.5)
    pair.optimizer.build(pair.generator.trainable_variables)
    latent = tf.constant(np.random.default_rng(0).standard_normal((16, 8)), tf.float32)
    pair._latent = lambda like: latent
    real = tf.constant(tiny[:16], tf.float32) / 127.5 - 1
    with tf.GradientTape() as tape:
        lead = (pair.discriminator(real) - pair.discriminator(pair.generator(latent)))[:, 0]
        loss = tf.reduce_mean(tf.nn.softplus(lead))
    wanted = tape.gradient(loss, pair.generator.trainable_variables)
    before = [weight.numpy() for weight in pair.generator.trainable_variables]
    found = pair._relativistic_step(real)
    assert float(found["generator_loss"]) == pytest.approx(float(loss), rel=1e-5)
    for old, weight, gradient in zip(before, pair.generator.trainable_variables, wanted, strict=True):
        assert np.allclose(old - weight.numpy(), 0.5 * gradient, rtol=1e-3, atol=1e-6)


def test_the_penalty_is_the_mean_squared_slope(tiny):
    """Against differences: the score of an image moved a little along its gradient."""
    import tensorflow as tf

    pair = small_pair(penalty=0.5, penalty_every=4)
    images = tf.constant(tiny[:8], tf.float32) / 127.5 - 1
    gradients, slope = pair._penalty(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(pair.discriminator(images))
    by_image = tape.gradient(total, images)
    assert float(slope) == pytest.approx(float(np.mean(np.sum(np.square(by_image), axis=(1, 2, 3)))), rel=1e-4)
    # a step of a hair's breadth on one weight changes penalty · slope · every by gradient · breadth
    weight, breadth = pair.discriminator.trainable_variables[-2], 1e-3
    move = np.zeros(weight.shape, "float32")
    move[0] = breadth
    weight.assign_add(move)
    change = 0.5 * 4 * (float(pair._penalty(images)[1]) - float(slope))
    assert change == pytest.approx(float(gradients[-2][0, 0]) * breadth, rel=0.05, abs=1e-6)


def test_training_moves_both_and_averages_the_generator(tiny):
    pair = small_pair(memory=0.9)
    run = adversarial.train_pair(pair, tiny, epochs=3, batch_size=32, held_out=tiny[:10], snapshots=2)
    assert run.steps == 9 and [epoch.number for epoch in run.epochs] == [1, 2, 3]
    assert run.epochs[-1].slope > 0 and run.epochs[-1].score_held_out is not None
    assert len(run.snapshots) == 2 and all(images.shape == (6, 16, 16, 3) for images in run.snapshots.values())
    averaged, own = pair.sample(4, seed=1), pair.sample(4, seed=1, averaged=False)
    assert averaged.dtype == np.uint8 and averaged.shape == (4, 16, 16, 3)
    assert not np.array_equal(averaged, own)
    assert np.array_equal(averaged, pair.sample(4, seed=1))


def test_the_same_seed_trains_the_same_pair(tiny):
    ends = []
    for _ in range(2):
        pair = small_pair(seed=5)
        adversarial.train_pair(pair, tiny, epochs=1, batch_size=32)
        ends.append(pair.generator.get_weights())
    assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(*ends, strict=True))


def test_the_classic_pair_lowers_the_discriminators_loss(tiny):
    training.set_seed(0)
    pair = adversarial.AdversarialPair(
        networks.build_faces_article_generator(8, (16, 16), 16),
        networks.build_faces_article_discriminator((16, 16), 16),
        loss="classic",
        memory=0.0,
        flip=False,
    )
    pair.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(0.002))
    run = adversarial.train_pair(pair, tiny, epochs=14, batch_size=32)
    assert run.epochs[-1].discriminator_loss < 0.5 * run.epochs[0].discriminator_loss
    assert run.epochs[-1].score_real > 0.8 > 0.2 > run.epochs[-1].score_made
    assert np.array_equal(pair.sample(3, averaged=True), pair.sample(3, averaged=False))  # no averaging


# Keras, on writing weights: NumPy 2 would like its variables to take another argument.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_an_interrupted_training_goes_on(tiny, tmp_path, monkeypatch):
    class Interrupted(Exception):
        pass

    whole = adversarial._Watch.on_epoch_begin

    def breaks(self, epoch, logs=None):
        whole(self, epoch, logs)
        if epoch == 2:
            raise Interrupted

    monkeypatch.setattr(adversarial._Watch, "on_epoch_begin", breaks)
    first = small_pair()
    with pytest.raises(Interrupted):
        adversarial.train_pair(first, tiny, epochs=4, batch_size=32, resume_folder=tmp_path)
    monkeypatch.setattr(adversarial._Watch, "on_epoch_begin", whole)
    second = small_pair(seed=9)
    run = adversarial.train_pair(second, tiny, epochs=4, batch_size=32, resume_folder=tmp_path)
    assert [epoch.number for epoch in run.epochs] == [1, 2, 3, 4]
    assert run.steps == 12 and int(second.discriminator_optimizer.iterations.numpy()) == 12
    seconds = [epoch.seconds for epoch in run.epochs]
    assert seconds == sorted(seconds)
    # its end stays: the same call gives it back without a step
    third = small_pair(seed=9)
    again = adversarial.train_pair(third, tiny, epochs=4, batch_size=32, resume_folder=tmp_path)
    assert again.steps == 12 and len(again.epochs) == 4
    assert all(np.array_equal(a, b) for a, b in zip(second.get_weights(), third.get_weights(), strict=True))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_articles_pair_is_trained_in_parts_and_further_than_was_asked_for_at_first(tiny, tmp_path):
    def article_pair(epochs, folder=""):
        training.set_seed(3)
        pair = adversarial.AdversarialPair(
            networks.build_faces_article_generator(8, (16, 16), 16),
            networks.build_faces_article_discriminator((16, 16), 16),
            loss="classic", memory=0.0, flip=False,
        )  # fmt: skip
        pair.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
        return pair, adversarial.train_pair(pair, tiny, epochs=epochs, batch_size=32, resume_folder=folder)

    _, first = article_pair(2, tmp_path)
    pair, further = article_pair(5, tmp_path)
    steps = first.steps // 2
    assert [epoch.number for epoch in further.epochs] == [1, 2, 3, 4, 5]
    assert further.epochs[:2] == first.epochs and further.steps == 5 * steps
    assert further.epochs[-1].seconds > first.seconds
    for optimizer in (pair.optimizer, pair.discriminator_optimizer):
        assert int(optimizer.iterations.numpy()) == 5 * steps * (1 if optimizer is pair.optimizer else 2)
    assert not np.array_equal(pair.get_weights()[0], article_pair(2)[0].get_weights()[0])


def test_divergence_stops_the_training(tiny):
    pair = small_pair(rate=1e30)
    with pytest.raises(training.Diverged, match="loss is"):
        adversarial.train_pair(pair, tiny, epochs=20, batch_size=32)


def test_operations_of_a_step():
    pair = small_pair(penalty_every=4)
    # generator: 8·128 + 4·4 places × 4·4·8·8 (transposed) + 8·8 × 8·3 + 8·8 × 3·3·8·12
    generator = 8 * 128 + 16 * 16 * 64 + 64 * 24 + 64 * 9 * 96
    # discriminator: 8·8 × 3·3·12·4, 4·4 × 4·4·4·8, 4·4·8 × 1
    discriminator = 64 * 9 * 48 + 16 * 16 * 32 + 128
    wanted = 2 * 10 * (3 * generator + 6 * discriminator + 12 * discriminator / 4)
    assert adversarial.step_operations(pair, 10) == wanted
    bare = small_pair(penalty=0.0)
    assert adversarial.step_operations(bare, 10) == 2 * 10 * (3 * generator + 6 * discriminator)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "hinge"}, "loss must be"),
        ({"penalty": -1.0}, "penalty"),
        ({"memory": 1.0}, "memory"),
        ({"penalty_every": 0}, "penalty_every"),
    ],
)
def test_pair_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        small_pair(**options)


def test_a_pair_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="must make what"):
        adversarial.AdversarialPair(
            networks.build_faces_generator(8, (8, 8)), networks.build_faces_discriminator((4, 8, 8), 32)
        )


def test_train_refusals(tiny):
    with pytest.raises(ValueError, match="at least 1"):
        adversarial.train_pair(small_pair(), tiny, epochs=0, batch_size=8)
