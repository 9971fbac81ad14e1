"""Photographs of faces, cut by person, and drawn faces in their place."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, read_npz

#: Parts of the persons, in this order.
PARTS = ("training", "validation", "test")


def decode(path: Path) -> dict[str, np.ndarray]:
    """The file's JPEG images as (n, 64, 64, 3) grey levels and the number of the person on each.

    The persons' names stay in the file: nothing needs them.
    """
    from PIL import Image

    raw = read_npz(path)
    stream, ends = raw["jpeg"].tobytes(), raw["offsets"]
    images = np.empty((len(ends) - 1, 64, 64, 3), np.uint8)
    for position in range(len(images)):
        images[position] = np.asarray(Image.open(io.BytesIO(stream[ends[position] : ends[position + 1]])))
    return {"images": images, "person_id": raw["person_id"]}


def split_by_person(person_id, shares: tuple[float, float, float] = (0.68, 0.16, 0.16), seed: int = 0):
    """Positions of the training, validation and test images; no person is in two parts.

    person_id: (n,). shares: of the persons, not of the images. The persons are shuffled once by ``seed``, and so are
    the images of each part, so that the first of them are of many persons. Returns {"training": (n,), …}.

    Raises ValueError for shares that are not positive or do not sum to 1, and for fewer persons than parts.

    >>> parts = split_by_person([7, 7, 8, 9, 9, 9], (0.34, 0.33, 0.33))
    >>> sorted(len(set(part.tolist())) for part in parts.values())
    [1, 2, 3]
    """
    found = np.asarray(person_id)
    if len(shares) != len(PARTS) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise ValueError(f"shares must be three positive numbers that sum to 1. Received: {shares=}")
    persons = np.unique(found)
    cuts = np.round(np.cumsum(shares)[:-1] * len(persons)).astype(int)
    generator = np.random.default_rng(seed)
    groups = np.split(generator.permutation(persons), cuts)
    if min(map(len, groups)) < 1:
        raise ValueError(f"every part needs at least one person. Received: {len(persons)} persons, {shares=}")
    members = (np.flatnonzero(np.isin(found, group)) for group in groups)
    return {name: generator.permutation(part) for name, part in zip(PARTS, members, strict=True)}


# ---------------------------------------------------------------- drawn faces

_SKIN = np.array([[244, 211, 184], [229, 184, 148], [208, 154, 112], [164, 110, 74], [122, 80, 54], [88, 58, 42]])
_HAIR = np.array([[28, 22, 20], [62, 42, 30], [112, 76, 46], [190, 152, 92], [150, 148, 146], [120, 52, 30]])
_EYES = np.array([[74, 48, 30], [92, 74, 44], [70, 104, 84], [84, 118, 152]])


def draw_faces(count: int = 1500, persons: int = 300, size: int = 64, seed: int = 0) -> dict[str, np.ndarray]:
    """Drawings of faces: ellipses, bands and shades from a random generator, no photograph behind them.

    A person has a skin, hair (colour, hairline, length), eyes, brows, a shape of face and mouth, perhaps glasses or a
    beard; a drawing adds pose (shift, tilt, turn), expression, light, background and noise. Drawing i shows person
    i mod ``persons``. Returns images (count, size, size, 3) uint8 and person_id (count,) int32; the same seed gives
    the same drawings.

    Raises ValueError for counts below 1 and for a size below 8.
    """
    if min(count, persons) < 1 or size < 8:
        raise ValueError(
            f"count and persons must be at least 1, size at least 8. Received: {count=}, {persons=}, {size=}"
        )
    generator = np.random.default_rng(seed)
    uniform = generator.uniform
    person = {
        "skin": _SKIN[generator.integers(0, len(_SKIN), persons)] * uniform(0.92, 1.06, (persons, 1)),
        "hair": _HAIR[generator.integers(0, len(_HAIR), persons)] * uniform(0.85, 1.15, (persons, 1)),
        "iris": _EYES[generator.integers(0, len(_EYES), persons)].astype(float),
        "cloth": uniform(20, 220, (persons, 3)),
        "width": uniform(0.50, 0.60, persons),
        "height": uniform(0.68, 0.78, persons),
        "hairline": uniform(-0.52, -0.30, persons),
        "length": np.where(uniform(size=persons) < 0.45, uniform(0.7, 1.1, persons), 0.0),
        "apart": uniform(0.20, 0.26, persons),
        "eye": uniform(0.085, 0.11, persons),
        "brow": uniform(0.020, 0.045, persons),
        "nose": uniform(0.07, 0.11, persons),
        "mouth": uniform(0.17, 0.25, persons),
        "lips": uniform(0.035, 0.065, persons),
        "glasses": (uniform(size=persons) < 0.18).astype(float),
        "beard": np.where(uniform(size=persons) < 0.2, uniform(0.4, 0.9, persons), 0.0),
    }
    person_id = (np.arange(count) % persons).astype(np.int32)
    images = np.empty((count, size, size, 3), np.uint8)
    for start in range(0, count, 64):  # a block's masks stay in the processor's cache
        block = person_id[start : start + 64]
        images[start : start + 64] = _draw({key: value[block] for key, value in person.items()}, size, generator)
    return {"images": images, "person_id": person_id}


def _draw(person: dict[str, np.ndarray], size: int, generator: np.random.Generator) -> np.ndarray:
    """One drawing of each person given. x runs right, y down, both from -1 to 1; masks are (n, rows, columns)."""
    count = len(person["width"])
    edge = size / 2  # pixels for a unit of length: edges are one pixel soft

    def one(low: float, high: float) -> np.ndarray:
        return generator.uniform(low, high, (count, 1, 1)).astype("float32")

    of = {key: value.astype("float32").reshape(count, 1, 1) for key, value in person.items() if value.ndim == 1}
    colour = {key: value.astype("float32")[:, :, None, None] for key, value in person.items() if value.ndim == 2}
    line = ((np.arange(size) + 0.5) / edge - 1).astype("float32")
    tilt, turn, zoom = one(-0.12, 0.12), one(-0.12, 0.12), one(0.95, 1.08)
    across, down = line[None, None, :] - one(-0.05, 0.05), line[None, :, None] - one(-0.05, 0.05)
    x, y = (across + tilt * down) * zoom, (down - tilt * across) * zoom  # a small tilt

    def ellipse(x, y, centre_x, centre_y, half_width, half_height):
        inside = 1 - ((x - centre_x) / half_width) ** 2 - ((y - centre_y) / half_height) ** 2
        return np.clip(inside * (np.minimum(half_width, half_height) * edge / 2) + 0.5, 0, 1)

    def below(distance):
        return np.clip(distance * edge + 0.5, 0, 1)

    def paint(target, mask, shade) -> None:
        target += mask[:, None] * (shade - target)

    # background and shoulders; colours stand first, (n, 3, rows, columns), until the drawing is finished
    ends = generator.uniform(30, 220, (2, count, 3, 1, 1)).astype("float32")
    share = np.clip(0.5 + 0.5 * (across * one(-1, 1) + down * one(-1, 1)), 0, 1)[:, None]
    picture = ends[0] + share * (ends[1] - ends[0])
    paint(picture, ellipse(x, y, 0, 1.25, 1.0, 0.45), colour["cloth"])
    # hair behind, neck, face with light from one side
    wide, high = of["width"], of["height"]
    top = ellipse(x, y, 0, -0.1, wide + 0.14, high + 0.14) * below(0.15 + of["length"] - y)
    paint(picture, top, colour["hair"])
    paint(picture, (of["length"] > 0) * ellipse(x, y, 0, 0.2, wide + 0.16, of["length"] + 0.01), colour["hair"])
    paint(picture, ellipse(x, y, 0, 0.85, 0.26, 0.4), 0.78 * colour["skin"])
    light = (1 + one(-0.28, 0.28) * x / wide + one(-0.12, 0.04) * y / high - 0.22 * (x / wide) ** 2)[:, None]
    face = ellipse(x, y, 0, 0, wide, high)
    skin = colour["skin"] * light
    paint(picture, face, skin)
    paint(picture, face * of["beard"] * below(y - 0.30 + 0.1 * (x / wide) ** 2), 0.8 * colour["hair"])
    fringe = below(of["hairline"] + 0.35 * x * one(-0.6, 0.6) + 0.5 * x**2 - y)
    paint(picture, np.minimum(fringe, ellipse(x, y, 0, -0.05, wide + 0.05, high + 0.06)), colour["hair"])

    # eyes, brows, glasses: rows of the upper middle alone
    rows = slice(int(0.24 * size), int(0.62 * size))
    part, u, v = picture[:, :, rows], x[:, rows], y[:, rows]
    middle, open_eye, look = 0.9 * turn, one(0.45, 0.8), one(-0.03, 0.03)
    for side in (-1, 1):
        at = middle + side * of["apart"]
        white = ellipse(u, v, at, -0.10, of["eye"], of["eye"] * open_eye)
        paint(part, white, np.float32(235))
        paint(part, white * ellipse(u, v, at + look, -0.10, 0.055, 0.055), colour["iris"])
        paint(part, white * ellipse(u, v, at + look, -0.10, 0.026, 0.026), np.float32(15))
        lid = below(of["brow"] - np.abs(v + 0.26 - 0.9 * (u - at) ** 2 + side * 0.1 * (u - at)))
        paint(part, lid * below(1.35 * of["eye"] - np.abs(u - at)), 0.75 * colour["hair"])
        rim = ellipse(u, v, at, -0.09, 0.185, 0.15) - ellipse(u, v, at, -0.09, 0.155, 0.12)
        paint(part, of["glasses"] * rim, np.float32(25))
    # nose and mouth: rows of the lower middle alone
    rows = slice(int(0.40 * size), int(0.88 * size))
    part, u, v, skin = picture[:, :, rows], x[:, rows] - 1.1 * turn, y[:, rows], skin[:, :, rows]
    paint(part, 0.30 * ellipse(u, v, 0.05 * np.sign(turn), 0.06, 0.045, 0.2), 0.6 * skin)
    paint(part, 0.45 * ellipse(u, v, 0, 0.225, of["nose"], 0.035), 0.5 * skin)
    bend, gap = one(-0.9, 1.6), np.maximum(one(-0.06, 0.07), 0)
    arc = v - 0.42 + bend * (u**2 - 0.02)
    reach = below(of["mouth"] + 0.03 * bend - np.abs(u))
    paint(part, below(of["lips"] + gap - np.abs(arc)) * reach, skin * np.float32([[[0.86]], [[0.52]], [[0.50]]]))
    paint(part, below(gap - np.abs(arc)) * reach, np.float32(225))
    paint(part, below(0.012 - np.abs(arc)) * reach * (gap == 0), 0.45 * skin)
    picture *= one(0.75, 1.1)[:, None]
    picture += 3 * generator.standard_normal((count, 1, size, size), "float32")
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


FACES = Entry(
    title="Labeled Faces in the Wild, 64×64",
    file="faces64.npz",
    size=33_043_686,
    sha256="8cd8c002367daea4bd8cf1ddbb0a224292d2ee91f4abfcb0a1818fcad0a9a472",
    source="G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, Labeled Faces in the Wild, University of Massachusetts, "
    "Technical Report 07-49, 2007 (aligned by deep funneling, 2012), central part at 64×64 pixels, JPEG quality 95",
    licence="unclear: news photographs, offered for research",
    read=decode,
    arrays={"images": ("uint8", (13_233, 64, 64, 3)), "person_id": ("int32", (13_233,))},
    stand_in=StandIn(
        title="1,500 drawn faces of 300 invented persons",
        source="drawn by this package from a random generator; no photograph, no living person",
        licence="MIT, as the package",
        make=draw_faces,
    ),
)
