"""Tiles of printed circuit boards beside their template; drawn wiring in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once, read_npz
from lepton_nb.datasets._drawn import disc

__all__ = ["PCB_TILES", "TYPES"]

#: Names of the numbers 0..6 in ``type``.
TYPES = ("ok", "open", "short", "mousebite", "spur", "copper", "pin hole")
#: The stand-in: boards, and tiles of each; the last third of the boards judges.
DRAWN_BOARDS, DRAWN_TILES, DRAWN_SIDE = 60, 10, 32


def read_pcb(path: Path) -> dict[str, np.ndarray]:
    """Tiles of ``pcb_inspection.npz``.

    images (n, 64, 64, 2) uint8, 0 or 255: the tile and its faultless template (0 is copper); label (1 = defect), type,
    group (pair of board images), test (1 = the authors' test part), box (n, 4): x1, y1, x2, y2 of the defect inside the
    tile, -1 where there is none. Raises DataProblem for a file without these.
    """
    packed = read_npz(path)
    pair = [np.unpackbits(packed[name], axis=2) for name in ("tile", "template")]
    found = {"group": packed["pair"], "test": packed["test"], "type": packed["type"], "box": packed["box"]}
    images = np.stack(pair, axis=-1) * np.uint8(255)
    return {"images": images, "label": (found["type"] > 0).astype(np.uint8)} | found


@made_once
def drawn_wiring() -> dict[str, np.ndarray]:
    """Ten tiles, 32×32, of each of sixty boards, half of them with copper missing or too much."""
    generator, side = np.random.default_rng(37), DRAWN_SIDE
    images, types, groups, boxes = [], [], [], []
    for board in range(DRAWN_BOARDS):
        for number in range(DRAWN_TILES):
            template = np.full((side, side), 255, np.uint8)
            starts = np.cumsum(generator.integers(6, 10, 4)) - 4
            for start in starts[starts < side - 3]:
                template[start : start + 3] = 0
            template = template.T.copy() if generator.random() < 0.5 else template
            kind, box, tile = 0, (-1, -1, -1, -1), template.copy()
            if number % 2:
                kind = int(generator.choice((1, 5)))  # a piece of copper missing, or a piece too much
                place = generator.choice(np.argwhere(template[4:-4, 4:-4] == (0 if kind == 1 else 255))) + 4
                spot = disc(side, *place, 2.2)
                tile[spot] = 255 if kind == 1 else 0
                box = (place[1] - 2, place[0] - 2, place[1] + 3, place[0] + 3)
            rim = (np.roll(template, 1, 0) != template) | (np.roll(template, 1, 1) != template)
            rough = (generator.random((side, side)) < 0.15) & rim
            tile[rough] = 255 - tile[rough]  # the rims of etched copper are never quite where the drawing has them
            images.append(np.stack([tile, template], axis=-1))
            types.append(kind)
            groups.append(board)
            boxes.append(box)
    kinds, pairs = np.array(types, np.uint8), np.array(groups, np.int16)
    return {
        "images": np.stack(images),
        "label": (kinds > 0).astype(np.uint8),
        "group": pairs,
        "test": (pairs >= DRAWN_BOARDS * 2 // 3).astype(np.uint8),
        "type": kinds,
        "box": np.array(boxes, np.int16),
    }


PCB_TILES = Entry(
    title="DeepPCB, tiles of printed circuit boards",
    file="pcb_inspection.npz",
    size=1_720_214,
    sha256="67d1ba6f56364d570ff5364b4b150573856ee4283e4ec9343ec32986aee48c98",
    source="S. Tang, F. He, X. Huang, J. Yang, Online PCB Defect Detector On A New PCB Defect Dataset, "
    "arXiv:1902.06197, 2019; tiles of 64×64 pixels",
    licence="MIT licence file; the description adds: research purpose only",
    read=read_pcb,
    arrays={
        "images": ("uint8", (20_026, 64, 64, 2)),
        "label": ("uint8", (20_026,)),
        "group": ("int16", (20_026,)),
        "test": ("uint8", (20_026,)),
        "type": ("uint8", (20_026,)),
        "box": ("int16", (20_026, 4)),
    },
    stand_in=StandIn.own("Drawn wiring with defects, 32×32", drawn_wiring),
    spoken="circuit boards",
    meanings={"label": "a fault"},
)
