"""Data sets by name: the real file when it is there, an embedded stand-in otherwise.

One registry says what each file is, how it is checked and what stands in for it. To add a data set,
add one :class:`Entry` to :data:`REGISTRY`; nothing else changes. Every array of every data set has the
items in its first axis: images (n, height, width[, channels]), texts (n,) of str, tables one (n,) array a column.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

__all__ = ["REGISTRY", "DataProblem", "Dataset", "Entry", "entry", "fingerprint", "load", "locate"]


class DataProblem(ValueError):
    """A data folder or file that cannot be used: which one, what was found, what to do."""


@dataclass(frozen=True)
class Dataset:
    """What :func:`load` gives. ``source`` and ``licence`` speak of what was really loaded."""

    name: str
    title: str
    stand_in: bool
    source: str
    licence: str
    sha256: str  # of the file; of a stand-in "stand-in:<name>:<version>"
    arrays: dict[str, np.ndarray] = field(repr=False)


@dataclass(frozen=True)
class StandIn:
    """Data made from what the libraries carry, for a machine without the real file."""

    title: str
    source: str
    licence: str
    make: Callable[[], dict[str, np.ndarray]]
    version: int = 1  # a new number whenever ``make`` gives other arrays


@dataclass(frozen=True)
class Entry:
    """One data set: facts of its file, how to read it, what stands in for it."""

    title: str
    file: str
    size: int  # bytes
    sha256: str
    source: str
    licence: str
    read: Callable[[Path], dict[str, np.ndarray]]
    arrays: Mapping[str, tuple[str, tuple[int, ...]]]  # name: (dtype, shape)
    stand_in: StandIn


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an ``.npz`` file; pickled objects are refused."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def digits_as_mnist() -> dict[str, np.ndarray]:
    """scikit-learn's 8×8 digits in MNIST's form: 1,437 for training, 360 for testing.

    Each 8×8 image (17 grey levels) is enlarged to 20×20 by bicubic interpolation and set in the middle of
    28×28 zeros: MNIST's digits fill the same 20×20 box. The images keep their order. They stand in blocks
    by writer, so the last fifth, which is the test part, holds writers that are rare in the training part.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.zeros((len(digits.images), 28, 28), np.uint8)
    for position, small in enumerate(np.round(digits.images * (255 / 16)).astype(np.uint8)):
        images[position, 4:24, 4:24] = np.asarray(Image.fromarray(small).resize((20, 20), Image.Resampling.BICUBIC))
    labels = digits.target.astype(np.uint8)
    cut = 1437
    return {"x_train": images[:cut], "y_train": labels[:cut], "x_test": images[cut:], "y_test": labels[cut:]}


REGISTRY: dict[str, Entry] = {
    "mnist": Entry(
        title="MNIST handwritten digits",
        file="mnist.npz",
        size=11_490_519,
        sha256="06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
        source="Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits; "
        "LeCun et al., Proc. IEEE 86(11), 1998",
        licence="CC BY-SA 3.0 as commonly stated; the original page names no licence",
        read=read_npz,
        arrays={
            "x_train": ("uint8", (60_000, 28, 28)),
            "y_train": ("uint8", (60_000,)),
            "x_test": ("uint8", (10_000, 28, 28)),
            "y_test": ("uint8", (10_000,)),
        },
        stand_in=StandIn(
            title="scikit-learn's 8×8 digits enlarged to 28×28",
            source="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning "
            "Repository, 1998 (its test part, 1,797 images, as shipped with scikit-learn)",
            licence="CC BY 4.0",
            make=digits_as_mnist,
        ),
    ),
}


def entry(name: str) -> Entry:
    """The registry's entry. Raises ValueError for a name that it does not hold."""
    if name not in REGISTRY:
        raise ValueError(f"Unknown data set. Known: {', '.join(REGISTRY)}. Received: name={name!r}")
    return REGISTRY[name]


def locate(name: str, data_folder: str | Path = "") -> Path | None:
    """The real file, or None when the stand-in has to serve.

    data_folder: empty means the environment variable ``LEPTON_DATA``; when that is unset too, the stand-in.
    Raises DataProblem when a folder is named that does not exist.
    """
    wanted = entry(name)
    given = str(data_folder) or os.environ.get("LEPTON_DATA", "")
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        whence = "data_folder" if str(data_folder) else "LEPTON_DATA"
        raise DataProblem(
            f"{whence} names the folder {given!r}, which does not exist. "
            "Name an existing folder with the data files, or leave it empty to use the stand-in."
        )
    path = folder / wanted.file
    return path if path.is_file() else None


def fingerprint(name: str, data_folder: str | Path = "") -> str:
    """What would be loaded, in one word: the file's SHA-256, or ``stand-in:<name>:<version>``.

    Raises DataProblem as :func:`locate` does, and for a file of the wrong size or checksum.
    """
    path = locate(name, data_folder)
    return _stand_in_fingerprint(name) if path is None else _checked(path, entry(name))


def load(name: str, data_folder: str | Path = "") -> Dataset:
    """The data set with its arrays, checked; the stand-in when the real file is not there.

    Raises DataProblem for a folder that does not exist and for a file with the wrong size, checksum or arrays.
    """
    wanted, path = entry(name), locate(name, data_folder)
    if path is None:
        made = wanted.stand_in
        return Dataset(name, made.title, True, made.source, made.licence, _stand_in_fingerprint(name), made.make())
    checksum = _checked(path, wanted)
    arrays = wanted.read(path)
    for array, (dtype, shape) in wanted.arrays.items():
        found = f"{arrays[array].dtype} {arrays[array].shape}" if array in arrays else "no such array"
        if found != f"{dtype} {shape}":
            raise DataProblem(f"{path.name}: array {array!r} must be {dtype} {shape}. Found: {found}. {_REMEDY}")
    return Dataset(name, wanted.title, False, wanted.source, wanted.licence, checksum, arrays)


_REMEDY = "Get the file again from its source, or take it out of the folder to use the stand-in."


def _stand_in_fingerprint(name: str) -> str:
    return f"stand-in:{name}:{entry(name).stand_in.version}"


def _checked(path: Path, wanted: Entry) -> str:
    """The file's SHA-256, or DataProblem when size or checksum is not the registry's."""
    size = path.stat().st_size
    if size != wanted.size:
        state = "cut short" if size < wanted.size else "another file"
        raise DataProblem(f"{path.name}: {size:,} bytes, expected {wanted.size:,}: the file is {state}. {_REMEDY}")
    with path.open("rb") as stream:
        checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    if checksum != wanted.sha256:
        raise DataProblem(f"{path.name}: SHA-256 {checksum}, expected {wanted.sha256}: the content differs. {_REMEDY}")
    return checksum
