r"""Where a network looked: maps of the places that speak for a class, and how well they meet a known area.

A map tells which places of the last convolution raise the class's score, at that layer's coarse resolution. It is an
aid for finding a network that looks at the wrong thing; it proves nothing about the right one. So it is measured here
against drawn areas, with an interval, and against a spot that knows nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lepton_nb.valuation.performance import Interval, wilson_interval

__all__ = ["Overlap", "area_share", "enlarged", "grad_cam", "overlap", "pointing_game"]


def grad_cam(model, images: np.ndarray, target: int, layer: str, batch_size: int = 200) -> np.ndarray:
    r"""Grad-CAM of one class: (n, rows, columns) float32, at least 0, at the resolution of ``layer``.

    With the outputs $A^k_{ij}$ of the layer (channel k, place i, j, of Z places) and the class's score $y^c$ before
    the softmax,

    $$ \alpha^c_k = \frac1Z \sum_{i,j} \frac{\partial y^c}{\partial A^k_{ij}}, \qquad
       L^c_{ij} = \max\Bigl(0, \sum_k \alpha^c_k A^k_{ij}\Bigr) $$

    model: a Keras model on TensorFlow whose last layer is dense (its softmax is left off). images: (n, …) as the
    model takes them. target: the class. layer: name of a layer whose output is (batch, rows, columns, channels).
    Raises ValueError for a class or a layer that the model does not have.

    Reference: Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization,
    ICCV 2017, equations 1 and 2.
    """
    import keras
    import tensorflow as tf

    last = model.layers[-1]
    if not isinstance(last, keras.layers.Dense):
        raise ValueError(f"The model's last layer must be dense. Received: {type(last).__name__}")
    if not 0 <= target < last.units:
        raise ValueError(f"target must be a class, 0..{last.units - 1}. Received: target={target}")
    names = [one.name for one in model.layers if len(getattr(one.output, "shape", ())) == 4]
    if layer not in names:
        raise ValueError(f"layer must be one of {', '.join(names)}. Received: layer={layer!r}")
    inner = keras.Model(model.input, [model.get_layer(layer).output, last.input])
    kernel = tf.convert_to_tensor(last.kernel)[:, target]
    found = []
    for start in range(0, len(images), batch_size):
        with tf.GradientTape() as tape:
            maps, features = inner(images[start : start + batch_size], training=False)
            # the class's bias has no gradient
            score = tf.reduce_sum(tf.cast(features, "float32") * kernel, axis=1)
        gradient = tf.cast(tape.gradient(score, maps), "float32")
        weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
        found.append(np.maximum(tf.reduce_sum(weights * tf.cast(maps, "float32"), axis=-1).numpy(), 0))
    return np.concatenate(found)


def enlarged(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Maps (n, rows, columns) at the size of the images, (n, height, width): each place is a patch, between them linear."""
    rows, columns = maps.shape[1:]
    down = np.clip((np.arange(height) + 0.5) * rows / height - 0.5, 0, rows - 1)
    right = np.clip((np.arange(width) + 0.5) * columns / width - 0.5, 0, columns - 1)
    grid = np.meshgrid(down, right, indexing="ij")
    return np.stack([ndimage.map_coordinates(one, grid, order=1) for one in np.asarray(maps, "float32")])


def _pairs(maps, masks) -> tuple[np.ndarray, np.ndarray]:
    heat, area = np.asarray(maps, "float64"), np.asarray(masks) > 0
    if heat.ndim != 3 or heat.shape != area.shape or not len(heat):
        raise ValueError(f"maps and masks must be (n, height, width), alike. Received: {heat.shape}, {area.shape}")
    if not area.any(axis=(1, 2)).all():
        raise ValueError("Every mask must hold a pixel: leave out the images without an area.")
    return heat, area


def _within(area: np.ndarray, reach: float) -> np.ndarray:
    """The areas (n, height, width), and every pixel that lies at most ``reach`` pixels from one of them."""
    if not reach:
        return area
    return np.stack([ndimage.distance_transform_edt(~one) <= reach for one in area])


def pointing_game(maps: np.ndarray, masks: np.ndarray, reach: float = 0.0, level: float = 0.95) -> Interval:
    """Share of maps whose highest place lies in the drawn area, or at most ``reach`` pixels from it; Wilson interval.

    maps, masks: (n, height, width); of equal maxima the first counts. A map without any heat is a miss: it points
    nowhere. ``area_share`` with the same reach is what a spot chosen blindly gets.

    Reference: Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016, section 4.3.

    >>> hot = [[[0, 9], [0, 0]], [[0, 0], [5, 0]]]
    >>> pointing_game(hot, [[[0, 1], [0, 0]], [[0, 1], [0, 0]]]).value
    0.5
    """
    heat, area = _pairs(maps, masks)
    area = _within(area, reach).reshape(len(area), -1)
    flat = heat.reshape(len(heat), -1)
    hits = area[np.arange(len(flat)), flat.argmax(axis=1)] & (flat.max(axis=1) > 0)
    return wilson_interval(int(hits.sum()), len(hits), level)


def area_share(masks: np.ndarray, reach: float = 0.0) -> float:
    """Mean share of an image that its drawn area covers, widened by ``reach`` pixels: the blind spot's chance."""
    area = np.asarray(masks) > 0
    return float(_within(area, reach).mean())


@dataclass(frozen=True)
class Overlap:
    """Mean intersection over union of hot and drawn areas, with its normal interval over the images."""

    value: float
    low: float
    high: float
    n: int
    blind: float  # the same where the hot area has its size and lies at random


def overlap(maps: np.ndarray, masks: np.ndarray, share: float = 0.5) -> Overlap:
    r"""How well the hot area, from ``share`` of a map's maximum on, covers the drawn one.

    $$ IoU = \frac{|hot \cap drawn|}{|hot \cup drawn|} $$

    maps, masks: (n, height, width). A map without any heat has no hot area: its IoU is 0. The interval is that of
    the mean over the images, 1.96 standard errors, cut at 0 and 1. blind: for areas a and b of an image of one
    pixel each, thrown independently, $ab / (a + b - ab)$.

    Reference: Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016, section 3 (the hot
    area as a share of the maximum; there 0.2).

    >>> overlap([[[9, 9], [0, 0]]], [[[0, 1], [0, 0]]]).value
    0.5
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1. Received: {share=}")
    heat, area = _pairs(maps, masks)
    top = heat.max(axis=(1, 2), keepdims=True)
    hot = (heat >= share * top) & (top > 0)
    ratios = (hot & area).sum(axis=(1, 2)) / (hot | area).sum(axis=(1, 2))
    a, b = hot.mean(axis=(1, 2)), area.mean(axis=(1, 2))
    mean = float(ratios.mean())
    reach = 1.959964 * float(ratios.std(ddof=1)) / math.sqrt(len(ratios)) if len(ratios) > 1 else 1.0
    return Overlap(
        mean, max(0.0, mean - reach), min(1.0, mean + reach), len(ratios), float(np.mean(a * b / (a + b - a * b)))
    )
