"""Data sets: the stand-in, the real file, and every way in which a file can be wrong."""

import hashlib
import os
from dataclasses import replace

import numpy as np
import pytest

from lepton_nb import datasets
from lepton_nb.datasets._base import read_npz

#: Read before the fixture below takes it away.
REAL_DATA = os.environ.get("LEPTON_DATA", "")


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    """The tests say themselves which folder they mean."""
    monkeypatch.delenv("LEPTON_DATA", raising=False)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A small data set of its own in the registry, with its file in ``tmp_path``."""
    path = tmp_path / "small.npz"
    np.savez(path, x=np.arange(6, dtype=np.uint8).reshape(3, 2))
    found = replace(
        datasets.REGISTRY["mnist"],
        file=path.name,
        size=path.stat().st_size,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        arrays={"x": ("uint8", (3, 2))},
    )
    monkeypatch.setitem(datasets.REGISTRY, "small", found)
    return path


def test_stand_in_has_the_form_of_mnist():
    data = datasets.load("mnist")
    assert data.stand_in
    assert data.sha256 == datasets.fingerprint("mnist") == "stand-in:mnist:1"
    assert "digits" in data.title and data.licence
    assert {name: array.shape for name, array in data.arrays.items()} == {
        "x_train": (1437, 28, 28),
        "y_train": (1437,),
        "x_test": (360, 28, 28),
        "y_test": (360,),
    }
    assert all(array.dtype == np.uint8 for array in data.arrays.values())
    assert set(data.arrays["y_test"].tolist()) == set(range(10))


def test_stand_in_lies_in_the_middle_and_repeats():
    first, second = datasets.load("mnist").arrays["x_train"], datasets.load("mnist").arrays["x_train"]
    assert np.array_equal(first, second)
    assert first.max() > 200
    rim = np.ones((28, 28), bool)
    rim[4:24, 4:24] = False
    assert not first[:, rim].any()


def test_folder_without_the_file_gives_the_stand_in(tmp_path):
    assert datasets.locate("mnist", tmp_path) is None
    assert datasets.load("mnist", tmp_path).stand_in


def test_environment_names_the_folder(small, monkeypatch):
    monkeypatch.setenv("LEPTON_DATA", str(small.parent))
    assert datasets.locate("small") == small
    monkeypatch.setenv("LEPTON_DATA", str(small.parent / "gone"))
    with pytest.raises(datasets.DataProblem, match=r"LEPTON_DATA names the folder .*gone.* does not exist"):
        datasets.load("small")


def test_missing_folder_is_refused(tmp_path):
    for use in (datasets.locate, datasets.fingerprint, datasets.load):
        with pytest.raises(datasets.DataProblem, match="does not exist"):
            use("mnist", tmp_path / "gone")


def test_real_file_is_read_and_fingerprinted(small):
    data = datasets.load("small", small.parent)
    assert not data.stand_in
    assert data.arrays["x"].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert data.sha256 == datasets.fingerprint("small", small.parent) == datasets.REGISTRY["small"].sha256


def test_truncated_file(small):
    whole = small.read_bytes()
    small.write_bytes(whole[:-10])
    with pytest.raises(datasets.DataProblem, match=rf"small.npz: {len(whole) - 10} bytes.*{len(whole)}.*cut short"):
        datasets.load("small", small.parent)


def test_longer_file(small):
    small.write_bytes(small.read_bytes() + b"more")
    with pytest.raises(datasets.DataProblem, match="another file"):
        datasets.fingerprint("small", small.parent)


def test_one_changed_byte(small):
    content = bytearray(small.read_bytes())
    content[-1] ^= 1
    small.write_bytes(content)
    with pytest.raises(datasets.DataProblem, match=r"small.npz: SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}"):
        datasets.fingerprint("small", small.parent)


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ({"x": ("uint8", (4, 2))}, r"array 'x' must be uint8 \(4, 2\). Found: uint8 \(3, 2\)"),
        ({"x": ("float32", (3, 2))}, r"array 'x' must be float32 \(3, 2\). Found: uint8 \(3, 2\)"),
        ({"y": ("uint8", (3,))}, r"array 'y' must be .* Found: no such array"),
    ],
)
def test_wrong_arrays(small, monkeypatch, arrays, found):
    monkeypatch.setitem(datasets.REGISTRY, "small", replace(datasets.REGISTRY["small"], arrays=arrays))
    with pytest.raises(datasets.DataProblem, match=found):
        datasets.load("small", small.parent)


def test_pickled_objects_are_refused(tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, x=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_npz(path)


def test_unknown_name():
    with pytest.raises(ValueError, match=r"Known: .*mnist.*Received: name='minst'"):
        datasets.load("minst")


@pytest.mark.skipif(not REAL_DATA, reason="LEPTON_DATA is not set: no real data on this machine")
@pytest.mark.parametrize("name", sorted(datasets.REGISTRY))
def test_real_data(name):
    if datasets.locate(name, REAL_DATA) is None:
        pytest.skip(f"{datasets.REGISTRY[name].file} is not in LEPTON_DATA")
    data = datasets.load(name, REAL_DATA)
    assert not data.stand_in and data.sha256 == datasets.REGISTRY[name].sha256
    if name == "mnist":
        assert np.bincount(data.arrays["y_train"]).tolist() == [
            5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
        ]  # fmt: skip
