"""Red blood cells of thin smears, with a malaria parasite or without; drawn cells in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once, read_npz
from lepton_nb.datasets._drawn import disc, grey, texture

__all__ = ["MALARIA_CELLS"]

#: The stand-in: smears, and cells of each.
DRAWN_SMEARS, DRAWN_CELLS, DRAWN_SIDE = 50, 10, 32


def read_cells(path: Path) -> dict[str, np.ndarray]:
    """``malaria_cells.npz``: images (n, 50, 50, 1), label (1 = parasite), group (the smear).

    Raises DataProblem for a file without these.
    """
    packed = read_npz(path)
    return {"images": packed["images"][..., None], "label": packed["parasitized"], "group": packed["case"]}


@made_once
def drawn_cells() -> dict[str, np.ndarray]:
    """Ten cells, 32×32, of each of fifty smears; a third of the smears is healthy."""
    from scipy import ndimage

    generator, side = np.random.default_rng(40), DRAWN_SIDE
    images, labels, groups = [], [], []
    for smear in range(DRAWN_SMEARS):
        stain, healthy = generator.uniform(150, 200), smear % 3 == 0  # each smear is stained in its own way
        for _ in range(DRAWN_CELLS):
            cell = disc(side, 15.5, 15.5, generator.uniform(11, 14))
            seen = stain + generator.uniform(-8, 8) + 6 * texture(generator, side, (5, 5), (1, 1))
            ill = not healthy and generator.random() < 0.75
            place = 15.5 + generator.uniform(-7, 7, 2)
            spot = disc(side, *place, generator.uniform(1.5, 2.8)) if ill else disc(side, *place, 1.0)
            depth = generator.uniform(30, 70) if ill else generator.choice((0, 35))  # dirt on healthy cells too
            seen = (seen - depth * ndimage.gaussian_filter(spot.astype(float), 0.6)) * cell
            images.append(grey(seen + generator.normal(0, 4, (side, side)) * cell))
            labels.append(ill)
            groups.append(smear)
    return {
        "images": np.stack(images)[..., None],
        "label": np.array(labels, np.uint8),
        "group": np.array(groups, np.int16),
    }


MALARIA_CELLS = Entry(
    title="Malaria, red blood cells of thin smears",
    file="malaria_cells.npz",
    size=6_374_995,
    sha256="663fa0aab8880a7ed7c2876e9eea7f60bfae79e70d6bf9910d25e2d793d346d4",
    source="S. Rajaraman et al., Pre-trained convolutional neural networks as feature extractors toward improved malaria "
    "parasite detection in thin blood smear images, PeerJ 6:e4568, 2018; 5,000 of its cells, grey, 50×50 pixels",
    licence="offered to the public by the U.S. National Library of Medicine; no licence seen",
    read=read_cells,
    arrays={
        "images": ("uint8", (5000, 50, 50, 1)),
        "label": ("uint8", (5000,)),
        "group": ("int16", (5000,)),
    },
    stand_in=StandIn.own("Drawn blood cells, 32×32", drawn_cells),
    spoken="blood cells",
    meanings={"label": "a parasite"},
)
