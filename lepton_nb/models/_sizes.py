"""What builders of picture networks refuse."""

from __future__ import annotations

from collections.abc import Sequence


def check_sizes(image_shape, classes: int, **sizes: int | Sequence[int]) -> None:
    """Raise ValueError for an image shape that is none, fewer than 2 classes, and sizes below 1."""
    if len(image_shape) != 3 or min(image_shape) < 1:
        raise ValueError(f"image_shape must be (height, width, channels), each above 0. Received: {image_shape=}")
    if classes < 2:
        raise ValueError(f"classes must be at least 2. Received: {classes=}")
    for name, given in sizes.items():
        values = [given] if isinstance(given, int) else given
        if len(values) < 1 or min(values) < 1:
            raise ValueError(f"{name} must be one or more whole numbers above 0. Received: {name}={given}")


def check_shrinking(image_shape, convolutions: int, kernel_size: int, pooled: int) -> None:
    """Raise ValueError where unpadded convolutions, the first ``pooled`` of them followed by a halving, leave no pixel."""
    size = min(image_shape[:2])
    for number in range(1, convolutions + 1):
        size = size - kernel_size + 1
        size = size // 2 if number <= pooled else size
    if size < 1:
        raise ValueError(
            f"image_shape is too small for {convolutions} convolutions of {kernel_size}×{kernel_size} with pooling. "
            f"Received: image_shape={image_shape}"
        )
