"""Six kinds of defects on hot-rolled steel; drawn surfaces in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once, read_npz
from lepton_nb.datasets._drawn import disc, grey, random_line, texture
from lepton_nb.datasets.cifar10 import decode

__all__ = ["STEEL_SURFACE", "TYPES"]

#: Names of the labels 0..5.
TYPES = ("crazing", "inclusion", "patches", "pitted surface", "rolled-in scale", "scratches")
#: The stand-in: images of each kind.
DRAWN_IMAGES, DRAWN_SIDE = 60, 48


def read_steel(path: Path) -> dict[str, np.ndarray]:
    """Images of ``steel_surface_defects.npz``: images (n, 100, 100, 1), label 0..5, number within its kind.

    Raises DataProblem for a file without these or with a picture that cannot be decoded.
    """
    packed = read_npz(path)
    images = decode(packed["jpeg"], packed["offsets"], path.name, "L")[..., None]
    return {"images": images, "label": packed["type"], "number": packed["number"]}


@made_once
def drawn_surfaces() -> dict[str, np.ndarray]:
    """Sixty surfaces, 48×48, of each of six kinds: two by their grain alone, four by marks."""
    from scipy import ndimage

    generator, side = np.random.default_rng(38), DRAWN_SIDE
    images, labels = [], []
    for kind in range(len(TYPES)):
        for _ in range(DRAWN_IMAGES):
            fine = {0: (0.7, 0.7), 4: (1.5, 1.5)}.get(kind, (0, 2))
            seen = 120 + generator.uniform(-20, 20) + 14 * texture(generator, side, (8, 8), fine)
            marks = np.zeros((side, side), bool)
            for _ in range(int(generator.integers(2, 5))):
                row, column = generator.uniform(6, side - 6, 2)
                if kind == 1:
                    marks |= random_line(generator, side, 8, 1.6)
                elif kind == 2:
                    marks |= disc(side, row, column, generator.uniform(6, 9))
                elif kind == 3:
                    marks |= generator.random((side, side)) < 0.02
                elif kind == 5:
                    marks[int(row) : int(row) + 1, 4 : int(generator.integers(20, side))] = True
            light = 45 if kind in (2, 5) else -45
            seen = seen + light * ndimage.gaussian_filter(marks.astype(float), 0.5)
            images.append(grey(seen + generator.normal(0, 4, (side, side))))
            labels.append(kind)
    return {
        "images": np.stack(images)[..., None],
        "label": np.array(labels, np.uint8),
        "number": np.tile(np.arange(1, DRAWN_IMAGES + 1, dtype=np.int16), len(TYPES)),
    }


STEEL_SURFACE = Entry(
    title="NEU surface defects of hot-rolled steel",
    file="steel_surface_defects.npz",
    size=4_627_844,
    sha256="76b3b3e9cef853d930bfd33fe8c88fd3d6de21d3e1281ba43bc843f195786cb5",
    source="K. Song, Y. Yan, A noise robust method based on completed local binary patterns for hot-rolled steel strip "
    "surface defects, Applied Surface Science 285, 2013; copies as JPEG of 100×100 pixels",
    licence="no licence stated; research, citation asked for",
    read=read_steel,
    arrays={
        "images": ("uint8", (1800, 100, 100, 1)),
        "label": ("uint8", (1800,)),
        "number": ("int16", (1800,)),
    },
    stand_in=StandIn.own("Drawn surfaces of six kinds, 48×48", drawn_surfaces),
    spoken="steel",
)
