"""CIFAR-10 as JPEG copies, a lossless part of it, and drawings in their place."""

from __future__ import annotations

import io
import itertools
from functools import cache
from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import DataProblem, Entry, StandIn, read_npz

__all__ = ["CIFAR10", "CIFAR10_LOSSLESS", "CLASSES", "DRAWINGS", "nearest"]

#: Names of the labels 0..9.
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
#: Names of the labels 0..9 of the stand-in.
DRAWINGS = ("disc", "square", "triangle", "cross", "ring", "star", "stripes", "checks", "crescent", "dots")

#: Images of the stand-in: for training and for testing, and how many of each the lossless part holds.
DRAWN_TRAIN, DRAWN_TEST, DRAWN_LOSSLESS = 1600, 500, 200


# ---------------------------------------------------------------- the real files


def read_jpeg(path: Path) -> dict[str, np.ndarray]:
    """The images of ``cifar10_jpeg.npz``, decoded: x_train, y_train, x_test, y_test. About 6 s.

    Raises DataProblem for a file without the expected arrays or with a picture that cannot be decoded.
    """
    packed = read_npz(path)
    arrays = {}
    for part in ("train", "test"):
        blob, ends, labels = packed[f"{part}_jpeg"], packed[f"{part}_offsets"], packed[f"y_{part}"]
        arrays[f"x_{part}"] = decode(blob, ends, path.name)
        arrays[f"y_{part}"] = labels
    return arrays


def decode(blob: np.ndarray, offsets: np.ndarray, name: str, mode: str = "RGB") -> np.ndarray:
    """JPEG files one after another, image i in bytes offsets[i]..offsets[i + 1], as (n, height, width, 3) uint8.

    mode: "RGB", or "L" for grey levels, (n, height, width) uint8.

    Raises DataProblem, with ``name`` and the picture's number, where a picture is broken.
    """
    from PIL import Image, UnidentifiedImageError

    content, pictures = blob.tobytes(), []
    for number, (start, stop) in enumerate(itertools.pairwise(offsets)):
        try:
            pictures.append(np.asarray(Image.open(io.BytesIO(content[start:stop])).convert(mode)))
        except (UnidentifiedImageError, OSError) as error:
            raise DataProblem(f"{name}: picture {number} cannot be decoded as JPEG.") from error
    return np.stack(pictures)


def nearest(images: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each image the most similar one of ``among``, and how similar it is.

    images: (n, …), among: (m, …), both uint8. Gives positions in ``among`` (n,) and the peak signal-to-noise
    ratio (n,) in decibels, 20 log10(255 / root mean square difference); equal images have infinity. Around 30 dB
    is a good JPEG copy, around 10 dB another picture.
    """
    if images.shape[1:] != among.shape[1:] or len(images) == 0 or len(among) == 0:
        raise ValueError(f"images and among must hold images of one size. Received: {images.shape}, {among.shape}")
    ours, theirs = (part.reshape(len(part), -1).astype("float32") - 128 for part in (images, among))
    # |a - b|² = |a|² - 2 a·b + |b|²; |a|² does not change which b is nearest
    apart = np.sum(theirs**2, axis=1) - 2 * ours @ theirs.T
    place = apart.argmin(axis=1)
    squares = np.mean((ours - theirs[place]) ** 2, axis=1, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return place, 10 * np.log10(255**2 / squares)


# ---------------------------------------------------------------- the stand-in


def drawn(count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ten kinds of drawings: images (count, 32, 32, 3) uint8 and labels (count,) uint8.

    Each has its own place, size, turn, and colours; a slope of light and some noise lie over all of it. A disc,
    for example, is everything within a distance r of the centre. Drawn at twice the size and averaged.
    """
    labels = generator.integers(0, 10, count).astype(np.uint8)
    low, high = np.array([[-0.6, 0.38, -0.3, -0.3], [0.6, 0.8, 0.3, 0.3]])
    turn, size, centre, middle = generator.uniform(low, high, (count, 4)).astype("float32").T[..., None, None]
    grid = ((np.arange(64) + 0.5) / 32 - 1).astype("float32")
    right, down = (grid[None, None, :] - centre) / size, (grid[None, :, None] - middle) / size
    x, y = np.cos(turn) * right + np.sin(turn) * down, np.cos(turn) * down - np.sin(turn) * right
    inside = np.zeros((count, 64, 64), bool)
    for kind in range(10):
        here = labels == kind
        inside[here] = _shape(kind, x[here], y[here])
    share = inside.reshape(count, 32, 2, 32, 2).mean(axis=(2, 4))[..., None]  # (count, 32, 32, 1)
    paper, ink = generator.uniform(0, 255, (2, count, 1, 1, 3))
    # where paper and ink are too alike, the ink goes to the other end of the scale
    alike = np.abs(paper - ink).mean(axis=-1, keepdims=True) < 60
    ink = np.where(alike, (paper + 127.5) % 255, ink)
    small = (np.arange(32) / 31 - 0.5)[None, :, None, None]
    light = generator.uniform(-50, 50, (count, 1, 1, 1)) * small + generator.normal(0, 4, (count, 32, 32, 3))
    return np.clip(paper + share * (ink - paper) + light, 0, 255).astype(np.uint8), labels


def _shape(kind: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points belong to the drawing; x to the right, y down, the drawing within about -1..1."""
    square = np.maximum(abs(x), abs(y))
    match DRAWINGS[kind]:
        case "disc":
            return np.hypot(x, y) < 0.9
        case "square":
            return square < 0.8
        case "triangle":  # the distance from the middle, measured along the nearest of three directions
            return np.maximum(y, abs(x) * np.sin(np.pi / 3) - y / 2) < 0.5
        case "cross":
            return (np.minimum(abs(x), abs(y)) < 0.25) & (square < 0.95)
        case "ring":
            return abs(np.hypot(x, y) - 0.72) < 0.22
        case "star":
            return np.hypot(x, y) < 0.65 + 0.35 * np.cos(5 * np.arctan2(y, x))
        case "stripes":
            return (np.sin(7 * y) > 0) & (square < 0.95)
        case "checks":
            return (np.sin(5 * x) * np.sin(5 * y) > 0) & (square < 0.95)
        case "crescent":
            return (np.hypot(x, y) < 0.95) & (np.hypot(x - 0.45, y) > 0.75)
        case _:
            return (abs(np.sin(6 * x) * np.sin(6 * y)) > 0.45) & (square < 1.1)


def as_jpeg(images: np.ndarray) -> np.ndarray:
    """Each image saved as JPEG (quality 75, colour at half the resolution) and read again, as the real copies were."""
    from PIL import Image

    result = np.empty_like(images)
    for position, picture in enumerate(images):
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "JPEG", quality=75, subsampling="4:2:0")
        result[position] = np.asarray(Image.open(stream))
    return result


@cache
def _drawings() -> tuple[np.ndarray, ...]:
    generator = np.random.default_rng(10)
    return *drawn(DRAWN_TRAIN, generator), *drawn(DRAWN_TEST, generator)


def drawings_as_cifar10() -> dict[str, np.ndarray]:
    """The drawings as JPEG copies: 1,600 for training, 500 for testing; the test part sorted by class, as the real one."""
    x_train, y_train, x_test, y_test = _drawings()
    order = np.argsort(y_test, kind="stable")
    return {
        "x_train": as_jpeg(x_train),
        "y_train": y_train.copy(),
        "x_test": as_jpeg(x_test[order]),
        "y_test": y_test[order],
    }


def drawings_lossless() -> dict[str, np.ndarray]:
    """The first 200 of the same training and test drawings before JPEG, in the order in which they were drawn."""
    names = ("x_train", "y_train", "x_test", "y_test")
    return {name: array[:DRAWN_LOSSLESS].copy() for name, array in zip(names, _drawings(), strict=True)}


_SOURCE = "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, University of Toronto, 2009"
_LICENCE = "no licence stated by the authors; free use with citation is the usual reading"

CIFAR10 = Entry(
    title="CIFAR-10, JPEG copies",
    file="cifar10_jpeg.npz",
    size=18_410_878,
    sha256="e579558dc285c2665fc6824e30049a1a7cb96dbbb17985f0bdcf01efb26d6561",
    source=f"{_SOURCE}; copies as JPEG, quality 75, chroma 4:2:0",
    licence=_LICENCE,
    read=read_jpeg,
    arrays={
        "x_train": ("uint8", (50_000, 32, 32, 3)),
        "y_train": ("uint8", (50_000,)),
        "x_test": ("uint8", (10_000, 32, 32, 3)),
        "y_test": ("uint8", (10_000,)),
    },
    stand_in=StandIn.own("Drawings of ten kinds, 32×32, JPEG copies", drawings_as_cifar10),
)

CIFAR10_LOSSLESS = Entry(
    title="CIFAR-10, 4,000 training and 1,000 test images without loss",
    file="cifar10_lossless_5000.npz",
    size=14_163_561,
    sha256="5e81f99fe5af185b32d0cb5efbf72c956a858f8e684fdfba6995f9e197878f5c",
    source=_SOURCE,
    licence=_LICENCE,
    read=read_npz,
    arrays={
        "x_train": ("uint8", (4_000, 32, 32, 3)),
        "y_train": ("uint8", (4_000,)),
        "x_test": ("uint8", (1_000, 32, 32, 3)),
        "y_test": ("uint8", (1_000,)),
    },
    stand_in=StandIn.own("Drawings of ten kinds, 32×32, before JPEG", drawings_lossless),
)
