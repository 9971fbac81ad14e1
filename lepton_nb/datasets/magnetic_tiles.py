"""Magnetic tiles, whole or with one of five defects, with the area of the defect; brushed plates in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once, read_npz
from lepton_nb.datasets._drawn import disc, grey, random_line, texture
from lepton_nb.datasets.cifar10 import decode

__all__ = ["MAGNETIC_TILES", "TYPES", "darkest_spot", "manual_flag"]

#: Names of the numbers 0..5 in ``type``.
TYPES = ("free", "blowhole", "break", "crack", "fray", "uneven")
#: From this many standard deviations on, a dark spot is flagged: about three tiles in ten (a rule of ours).
FLAGGED_FROM = 4.0
#: The stand-in: parts, and photographs of each.
DRAWN_PARTS, DRAWN_PHOTOGRAPHS, DRAWN_SIDE = 60, 5, 64


def darkest_spot(images: np.ndarray) -> np.ndarray:
    """How far the darkest spot of each image lies below its surroundings, in standard deviations of such distances.

    images: (n, height, width[, 1]), grey levels. A pixel's distance is its brightness, smoothed over one pixel, less
    that smoothed over eight; the outer six pixels are left out. An even image gives 0.
    """
    from scipy import ndimage

    plain = np.asarray(images, "float32").reshape(*images.shape[:3])
    apart = ndimage.gaussian_filter(plain, (0, 1, 1)) - ndimage.gaussian_filter(plain, (0, 8, 8))
    inside = apart[:, 6:-6, 6:-6].reshape(len(plain), -1)
    spread = inside.std(axis=1)
    return -inside.min(axis=1) / np.where(spread > 0, spread, 1)


def manual_flag(images: np.ndarray) -> np.ndarray:
    """The decision that a simple rule makes: 1 where the darkest spot stands out. (n,) uint8.

    It stands for an inspection without a network. No such decisions came with the photographs: the rule is ours.
    """
    return (darkest_spot(images) >= FLAGGED_FROM).astype(np.uint8)


def read_tiles(path: Path) -> dict[str, np.ndarray]:
    """Photographs, labels and masks of ``visual_inspection.npz``.

    images (n, 128, 128, 1), mask (n, 128, 128) uint8 (1 where the defect is; empty on whole tiles), label (1 = defect),
    type, group (the part: each was photographed several times), manual_flag. Raises DataProblem for a file without
    these or with a picture that cannot be decoded.
    """
    packed = read_npz(path)
    images = decode(packed["jpeg"], packed["offsets"], path.name, "L")[..., None]
    defect, kind, part, bits = (packed[name] for name in ("defect", "type", "part", "mask_bits_defect"))
    mask = np.zeros(images.shape[:3], np.uint8)
    mask[defect == 1] = np.unpackbits(bits, axis=2)
    return {"images": images, "mask": mask, "label": defect, "type": kind, "group": part} | {
        "manual_flag": manual_flag(images)
    }


@made_once
def drawn_plates() -> dict[str, np.ndarray]:
    """Sixty brushed plates, each in five lights, 64×64: some with a hole, a broken rim or a crack, and its mask."""
    generator, side = np.random.default_rng(36), DRAWN_SIDE
    images, masks, types, groups = [], [], [], []
    for part in range(DRAWN_PARTS):
        kind = int(generator.choice(4, p=(0.6, 0.15, 0.15, 0.1)))  # free, blowhole, break, crack
        surface, mask = 12 * texture(generator, side, (8, 8), (0, 3)), np.zeros((side, side), bool)
        row, column = generator.uniform(0.2 * side, 0.8 * side, 2)
        if kind == 1:
            mask = disc(side, row, column, generator.uniform(2, 4))
        elif kind == 2:
            mask = disc(side, row, column, generator.uniform(5, 9)) & ~disc(side, row - 4, column - 4, 4)
        elif kind == 3:
            mask = random_line(generator, side, int(generator.integers(20, 40)), 1.0)
        for _ in range(DRAWN_PHOTOGRAPHS):  # one part in another light
            slope = np.linspace(-1, 1, side) * generator.uniform(-25, 25)
            seen = 110 + generator.uniform(-25, 25) + slope + surface * generator.uniform(0.7, 1.3)
            seen = seen - mask * generator.uniform(35, 60) + generator.normal(0, 3, (side, side))
            images.append(grey(seen))
            masks.append(mask)
            types.append(kind)
            groups.append(part)
    pictures, kinds = np.stack(images)[..., None], np.array(types, np.uint8)
    return {
        "images": pictures,
        "mask": np.stack(masks).astype(np.uint8),
        "label": (kinds > 0).astype(np.uint8),
        "type": kinds,
        "group": np.array(groups, np.int16),
        "manual_flag": manual_flag(pictures),
    }


MAGNETIC_TILES = Entry(
    title="Magnetic tiles with surface defects",
    file="visual_inspection.npz",
    size=5_581_373,
    sha256="8d058b18c20d3faad45fdf0980ca585894871b866a7ff672d6928baf195c481c",
    source="Y. Huang, C. Qiu, K. Yuan, Surface defect saliency of magnetic tile, The Visual Computer 36, 2020; "
    "copies as JPEG of 128×128 pixels",
    licence="no licence stated; the authors welcome use and ask for citation",
    read=read_tiles,
    arrays={
        "images": ("uint8", (1344, 128, 128, 1)),
        "mask": ("uint8", (1344, 128, 128)),
        "label": ("uint8", (1344,)),
        "type": ("uint8", (1344,)),
        "group": ("int16", (1344,)),
        "manual_flag": ("uint8", (1344,)),
    },
    stand_in=StandIn.own("Drawn brushed plates with defects, 64×64", drawn_plates),
    spoken="magnetic tiles",
    meanings={"label": "a fault", "manual_flag": "a rule without a network (the darkest spot stands out)"},
)
