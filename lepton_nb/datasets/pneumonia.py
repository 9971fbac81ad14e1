"""Chest X-rays of children, pneumonia or not, 28×28 (PneumoniaMNIST); drawn chests in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once, read_npz
from lepton_nb.datasets._drawn import grey

__all__ = ["PNEUMONIA"]

PARTS = ("train", "val", "test")
#: Images of the stand-in in the three parts.
DRAWN = (400, 100, 200)


def read_pneumonia(path: Path) -> dict[str, np.ndarray]:
    """``chest_xray_pneumonia28.npz``: images (n, 28, 28, 1), label (1 = pneumonia), part (0 train, 1 val, 2 test).

    The parts are those of the publishers. Raises DataProblem for a file without them.
    """
    packed = read_npz(path)
    images = np.concatenate([packed[f"x_{part}"] for part in PARTS])[..., None]
    labels = [packed[f"y_{part}"] for part in PARTS]
    return {"images": images, "label": np.concatenate(labels), "part": _part([len(found) for found in labels])}


def _part(sizes) -> np.ndarray:
    return np.repeat(np.arange(3, dtype=np.uint8), sizes)


@made_once
def drawn_chests() -> dict[str, np.ndarray]:
    """Seven hundred drawings of two lungs, 28×28, seven in ten with haze in them."""
    from scipy import ndimage

    generator = np.random.default_rng(39)
    count, side = sum(DRAWN), 28
    labels = (generator.random(count) < 0.7).astype(np.uint8)
    down, right = np.mgrid[:side, :side] / (side - 1) * 2 - 1
    images = []
    for ill in labels:
        middle, width = generator.uniform(0.38, 0.48), generator.uniform(0.22, 0.3)
        lungs = ((np.abs(right) - middle) / width) ** 2 + ((down - generator.uniform(-0.1, 0.1)) / 0.65) ** 2 < 1
        seen = 150 + generator.uniform(-20, 20) - 80 * ndimage.gaussian_filter(lungs.astype(float), 1)
        haze = ndimage.gaussian_filter(generator.standard_normal((side, side)), 2.5)
        strength = generator.uniform(20, 60) if ill else generator.uniform(0, 25)  # the two overlap
        seen = seen + strength * lungs * np.clip(haze / haze.std(), 0, None)
        images.append(grey(seen + generator.normal(0, 5, (side, side))))
    return {"images": np.stack(images)[..., None], "label": labels, "part": _part(DRAWN)}


PNEUMONIA = Entry(
    title="PneumoniaMNIST, chest X-rays of children",
    file="chest_xray_pneumonia28.npz",
    size=4_170_952,
    sha256="33d78bcbd6119bf5dbde7a56eca11192baa332328be6eb5256f9c1dc3c093cd1",
    source="J. Yang et al., MedMNIST v2, Scientific Data 10, 2023; images: D. Kermany et al., Cell 172, 2018",
    licence="CC BY 4.0",
    read=read_pneumonia,
    arrays={
        "images": ("uint8", (5856, 28, 28, 1)),
        "label": ("uint8", (5856,)),
        "part": ("uint8", (5856,)),
    },
    stand_in=StandIn.own("Drawn chests, 28×28", drawn_chests),
    spoken="chest X-rays",
    meanings={"label": "pneumonia"},
)
