"""What stands in for photographs of surfaces: textures with defects drawn into them, each with its mask.

All is drawn by a seeded generator, so a stand-in is the same on every machine.
"""

from __future__ import annotations

import numpy as np

__all__ = ["disc", "grey", "random_line", "texture"]


def texture(
    generator: np.random.Generator, side: int, coarse: tuple[float, float] = (6, 6), fine: tuple[float, float] = (0, 2)
) -> np.ndarray:
    """One surface (side, side) of mean 0 and standard deviation 1: a coarse pattern and a fine one, half and half.

    coarse, fine: how far, in pixels down and to the right, each pattern is smoothed; (0, 2) gives brushed metal.
    """
    from scipy import ndimage

    layers = []
    for width in (coarse, fine):
        layer = ndimage.gaussian_filter(generator.standard_normal((side, side)), width, mode="wrap")
        layers.append((layer - layer.mean()) / layer.std())
    mixed = layers[0] + layers[1]
    return mixed / mixed.std()


def disc(side: int, row: float, column: float, radius: float) -> np.ndarray:
    """Which pixels of a square lie within ``radius`` of a place: (side, side) bool."""
    down, right = np.mgrid[:side, :side]
    return np.hypot(down - row, right - column) <= radius


def random_line(generator: np.random.Generator, side: int, length: int, width: float = 0.8) -> np.ndarray:
    """Which pixels a line covers that wanders from a random place: (side, side) bool, at least one of them true."""
    place = generator.uniform(0.25 * side, 0.75 * side, 2)
    angle, found = generator.uniform(0, 2 * np.pi), np.zeros((side, side), bool)
    for _ in range(length):
        found |= disc(side, *place, width)
        angle += generator.normal(0, 0.3)
        place = np.clip(place + np.array([np.sin(angle), np.cos(angle)]), 1, side - 2)
    return found


def grey(values: np.ndarray) -> np.ndarray:
    """Values as whole grey levels 0..255, what lies outside brought to the nearest end."""
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
