"""Pictures as a poor day makes them: noise, blur, little contrast, hard compression, each at five strengths."""

from __future__ import annotations

import io

import numpy as np

__all__ = ["KINDS", "STRENGTHS", "spoilt"]

#: Sides from which on a picture counts as large.
LARGE = 64
#: What each kind of harm is set by, at the strengths 1 to 5: of small pictures, and of large ones. Standard deviation of
#: the noise (grey levels from 0 to 1), of the blur (pixels), share of the contrast that is left, quality of the JPEG.
#: The numbers are those of CIFAR-10-C and of ImageNet-C; the blur of the latter, for pictures of 224 pixels, is halved.
#: Reference: Hendrycks and Dietterich, Benchmarking Neural Network Robustness to Common Corruptions and Perturbations,
#: ICLR 2019.
SETTINGS = {
    "noise": ((0.04, 0.06, 0.08, 0.09, 0.10), (0.08, 0.12, 0.18, 0.26, 0.38)),
    "blur": ((0.4, 0.6, 0.7, 0.8, 1.0), (0.5, 1.0, 1.5, 2.0, 3.0)),
    "contrast": ((0.75, 0.5, 0.4, 0.3, 0.15), (0.4, 0.3, 0.2, 0.1, 0.05)),
    "JPEG": ((80, 65, 58, 50, 40), (25, 18, 15, 10, 7)),
}
KINDS = tuple(SETTINGS)
STRENGTHS = (1, 2, 3, 4, 5)


def spoilt(images: np.ndarray, kind: str, strength: int, seed: int = 0) -> np.ndarray:
    """The same pictures with one kind of harm. images: (n, height, width, channels) uint8, and so is what comes back.

    kind: of KINDS; strength: 1 to 5. seed: of the noise; the others draw nothing. Contrast is drawn towards each
    picture's own mean of each channel. Raises ValueError for another kind, strength or form.
    """
    if kind not in SETTINGS or strength not in STRENGTHS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, strength 1 to 5. Received: {kind}, {strength}")
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3):
        raise ValueError(
            f"images must be (n, height, width, 1 or 3) of uint8. Received: {images.shape}, {images.dtype}"
        )
    amount = SETTINGS[kind][min(images.shape[1:3]) >= LARGE][strength - 1]
    if kind == "JPEG":
        return np.stack([_compressed(image, int(amount)) for image in images])
    x = images.astype("float32")
    if kind == "noise":
        x += np.random.default_rng(seed).normal(0, 255 * amount, x.shape).astype("float32")
    elif kind == "blur":
        from scipy import ndimage

        x = ndimage.gaussian_filter(x, (0, amount, amount, 0))
    else:
        mean = x.mean(axis=(1, 2), keepdims=True)
        x = (x - mean) * amount + mean
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


def _compressed(image: np.ndarray, quality: int) -> np.ndarray:
    """One picture (height, width, channels) saved as JPEG and read again."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream)).reshape(image.shape)
