"""CIFAR-10: the JPEG copies, the drawings in their place, both networks, and the first layer that whitens."""

import hashlib
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lepton_nb import datasets, training
from lepton_nb.datasets import cifar10
from lepton_nb.models import build_cifar10, build_cifar10_article, whitening_kernel

# ---------------------------------------------------------------- data


def packed(images):
    """Images as the file holds them: JPEG files one after another, and where each one ends."""
    files = []
    for image in images:
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "JPEG", quality=95, subsampling="4:4:4")
        files.append(np.frombuffer(stream.getvalue(), np.uint8))
    return np.concatenate(files), np.cumsum([0, *map(len, files)])


@pytest.fixture(autouse=True)
def drawings(monkeypatch):
    """These tests are about the stand-in and small files of their own, whatever data the machine holds."""
    monkeypatch.delenv("LEPTON_DATA", raising=False)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A file of the real one's form with three training pictures and two test pictures, each of one colour."""
    colours = np.array([[250, 10, 10], [10, 250, 10], [10, 10, 250], [200, 200, 20], [20, 200, 200]], np.uint8)
    images = np.broadcast_to(colours[:, None, None], (5, 32, 32, 3))
    arrays = {}
    for part, piece in (("train", images[:3]), ("test", images[3:])):
        arrays[f"{part}_jpeg"], arrays[f"{part}_offsets"] = packed(piece)
        arrays[f"y_{part}"] = np.arange(len(piece), dtype=np.uint8)
    path = tmp_path / "small.npz"

    def write(**changed):
        np.savez(path, **{name: array for name, array in (arrays | changed).items() if array is not None})
        sizes = {"size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        shapes = {"x_train": ("uint8", (3, 32, 32, 3)), "x_test": ("uint8", (2, 32, 32, 3))}
        entry = replace(datasets.REGISTRY["cifar10"], file=path.name, arrays=shapes, **sizes)
        monkeypatch.setitem(datasets.REGISTRY, "small", entry)
        return tmp_path

    return write, colours, arrays


def test_jpeg_pictures_are_decoded_in_their_order(small):
    write, colours, _ = small
    data = datasets.load("small", write())
    shown = np.concatenate([data.arrays["x_train"], data.arrays["x_test"]])
    assert np.abs(shown.mean(axis=(1, 2)) - colours).max() < 3
    assert data.arrays["y_test"].tolist() == [0, 1]


def test_a_broken_picture_is_refused_by_name_and_number(small):
    write, _, arrays = small
    broken = arrays["train_jpeg"].copy()
    start = arrays["train_offsets"][1]
    broken[start : start + 40] = 0
    with pytest.raises(datasets.DataProblem, match=r"small\.npz: picture 1 cannot be decoded"):
        datasets.load("small", write(train_jpeg=broken))


def test_a_file_without_its_arrays_is_refused(small):
    write, _, _ = small
    with pytest.raises(datasets.DataProblem, match=r"small\.npz: no array 'test_offsets'"):
        datasets.load("small", write(test_offsets=None))


def test_drawings_have_the_form_of_the_real_data():
    copies, whole = datasets.load("cifar10").arrays, datasets.load("cifar10_lossless").arrays
    assert copies["x_train"].shape == (1600, 32, 32, 3) and copies["x_test"].shape == (500, 32, 32, 3)
    assert whole["x_train"].shape == whole["x_test"].shape == (200, 32, 32, 3)
    assert all(array.dtype == np.uint8 for array in (*copies.values(), *whole.values()))
    assert np.bincount(copies["y_train"], minlength=10).min() > 100
    assert np.all(np.diff(copies["y_test"].astype(int)) >= 0)  # sorted by kind, as the real test part
    cifar10._drawings.cache_clear()
    assert np.array_equal(cifar10.drawings_as_cifar10()["x_test"], copies["x_test"])


def test_each_lossless_drawing_has_its_jpeg_copy():
    copies, whole = datasets.load("cifar10").arrays, datasets.load("cifar10_lossless").arrays
    place, decibels = cifar10.nearest(whole["x_test"], copies["x_test"])
    assert len(set(place.tolist())) == 200
    assert np.array_equal(copies["y_test"][place], whole["y_test"])
    assert 15 < decibels.min() < decibels.max() < 45
    assert np.array_equal(cifar10.nearest(whole["x_train"], copies["x_train"])[0], np.arange(200))


def test_a_simple_rule_does_not_tell_the_drawings_apart():
    """The mean colours of a picture say nothing of its kind: whoever is right has looked at shapes."""
    copies = datasets.load("cifar10").arrays
    means = {part: copies[f"x_{part}"].mean(axis=(1, 2)) for part in ("train", "test")}
    nearest = ((means["test"][:, None] - means["train"][None]) ** 2).sum(axis=2).argmin(axis=1)
    assert np.mean(copies["y_train"][nearest] == copies["y_test"]) < 0.25


def test_nearest_in_decibels():
    among = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    images = among[[4, 1]].copy()
    images[1, 0, 0, 0] ^= 16  # one of 48 numbers is off by 16
    place, decibels = cifar10.nearest(images, among)
    assert place.tolist() == [4, 1]
    assert decibels[0] == np.inf and decibels[1] == pytest.approx(10 * np.log10(255**2 * 48 / 256))
    with pytest.raises(ValueError, match="of one size"):
        cifar10.nearest(images, among[:, :2])


# ---------------------------------------------------------------- networks


def test_article_network():
    model = build_cifar10_article()
    # 3·3·3·32 + 32, 3·3·32·64 + 64, 3·3·64·64 + 64, 4·4·64·64 + 64, 64·10 + 10
    assert model.count_params() == 896 + 18_496 + 36_928 + 65_600 + 650
    sizes = [model.get_layer(name).output.shape[1] for name in ("convolution_1", "pooling_1", "convolution_2")]
    sizes += [model.get_layer(name).output.shape[1] for name in ("pooling_2", "convolution_3")]
    assert sizes == [30, 15, 13, 6, 4]
    # 30²·27·32, 13²·288·64, 4²·576·64, 1024·64, 640
    assert training.multiply_adds(model) == 777_600 + 3_115_008 + 589_824 + 65_536 + 640


def test_our_network():
    training.set_seed(0)
    model = build_cifar10(np.zeros((2, 2, 3, 24)), widths=(4, 6), dtype="mixed_bfloat16")
    assert [model.get_layer(f"gelu_{name}").output.shape[1:] for name in ("1a", "1b", "2a", "2b")] == [
        (15, 15, 4), (15, 15, 4), (7, 7, 6), (7, 7, 6),
    ]  # fmt: skip
    # whitening 288; kernels 9·24·4, 9·4·4, 9·4·6, 9·6·6; three numbers a channel for each normalisation; 6·10
    assert model.count_params() == 288 + 9 * (96 + 16 + 24 + 36) + 3 * (4 + 4 + 6 + 6) + 60
    assert not model.get_layer("whitening").trainable_weights
    assert build_cifar10(None, widths=(4, 6)).get_layer("whitening").trainable_weights
    chance = model.predict(np.zeros((3, 32, 32, 3), np.uint8), verbose=0)
    assert chance.dtype == np.float32 and chance.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert model.get_layer("convolution_1a").compute_dtype == "bfloat16"


def test_convolutions_start_near_the_identity():
    training.set_seed(0)
    kernel = build_cifar10(None, widths=(32, 48)).get_layer("convolution_2a").get_weights()[0]
    identity = np.zeros((3, 3, 32, 32))
    identity[1, 1] = np.eye(32)
    assert np.array_equal(kernel[..., :32], identity)
    others = kernel[..., 32:]
    assert np.abs(others).max() <= 1 / np.sqrt(9 * 32) and others.std() == pytest.approx(
        1 / np.sqrt(3 * 9 * 32), rel=0.05
    )
    narrow = build_cifar10(None, widths=(8, 8)).get_layer("convolution_1a").get_weights()[0]  # 24 channels to 8
    assert np.array_equal(narrow[1, 1, :, :8], np.eye(24)[:, :8])


def test_whitening_makes_patches_uncorrelated():
    images = datasets.load("cifar10").arrays["x_train"][:300]
    model = build_cifar10(whitening_kernel(images, epsilon=0.0), widths=(4,))
    first = training.keras.Model(model.inputs, model.get_layer("whitening").output)
    outputs = first.predict(images, verbose=0).reshape(-1, 24)
    second_moments = outputs[:, :12].T @ outputs[:, :12] / len(outputs)
    assert np.abs(second_moments - np.eye(12)).max() < 0.05
    assert outputs[:, 12:] == pytest.approx(-outputs[:, :12], abs=1e-3)


def test_whitening_does_not_blow_up_what_is_only_noise():
    """Patches of one grey level each: one pattern has all the variance, eleven have none."""
    grey = np.random.default_rng(0).integers(0, 256, (50, 1, 1, 1), dtype=np.uint8)
    kernel = np.asarray(whitening_kernel(np.broadcast_to(grey, (50, 8, 8, 3)), epsilon=1e-4)).reshape(12, 24)
    assert np.abs(kernel[:, 0]).std() < 1e-4  # the strongest pattern: all pixels alike
    assert np.linalg.norm(kernel, axis=0).max() < 101  # 1 / sqrt(epsilon)


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (build_cifar10_article, {"filters": (4, 0)}, r"filters must be .* Received: filters=\(4, 0\)"),
        (build_cifar10_article, {"dense_units": 0}, "dense_units must be"),
        (build_cifar10_article, {"image_shape": (8, 8, 3)}, "too small for 3 convolutions"),
        (build_cifar10, {"widths": ()}, "widths must be"),
        (build_cifar10, {"classes": 1}, "classes=1"),
        (build_cifar10, {"momentum": 1.0}, "momentum=1.0"),
        (build_cifar10, {"image_shape": (8, 8, 3)}, "too small for 3 blocks"),
        (build_cifar10, {"image_shape": (32, 32)}, "height, width, channels"),
        (build_cifar10, {"whitening": np.zeros((2, 2, 1, 8))}, r"whitening must be \(k, k, 3, filters\)"),
    ],
)
def test_bad_sizes_are_refused(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_whitening_refuses_flat_images():
    with pytest.raises(ValueError, match=r"Received: shape \(5, 8, 8\)"):
        whitening_kernel(np.zeros((5, 8, 8), np.uint8))


def test_our_recipe_learns_the_drawings():
    """Two epochs of the recipe, in small: far above one in ten on drawings that it has not seen."""
    arrays, keras = datasets.load("cifar10").arrays, training.keras
    training.set_seed(0)
    images, labels = arrays["x_train"][:1000], keras.utils.to_categorical(arrays["y_train"][:1000], 10)
    model = build_cifar10(whitening_kernel(images), widths=(8, 24))
    rate = keras.optimizers.schedules.PolynomialDecay(0.2, 80, 0.0)
    model.compile(training.Muon(rate), keras.losses.CategoricalCrossentropy(label_smoothing=0.2), metrics=["accuracy"])
    training.train(model, images, labels, epochs=2, batch_size=25, augment=training.flip_and_shift, seed=0)
    right = model.predict(arrays["x_test"], verbose=0).argmax(axis=1) == arrays["y_test"]
    assert right.mean() > 0.4
