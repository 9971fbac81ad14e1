"""MNIST, and scikit-learn's digits in its place."""

from __future__ import annotations

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, read_npz


def digits_as_mnist() -> dict[str, np.ndarray]:
    """scikit-learn's 8×8 digits in MNIST's form: 1,437 for training, 360 for testing.

    Each 8×8 image (17 grey levels) is enlarged to 20×20 by bicubic interpolation and set in the middle of
    28×28 zeros: MNIST's digits fill the same 20×20 box. The images keep their order. They stand in blocks
    by writer, so the last fifth, which is the test part, holds writers that are rare in the training part.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.zeros((len(digits.images), 28, 28), np.uint8)
    for position, small in enumerate(np.round(digits.images * (255 / 16)).astype(np.uint8)):
        images[position, 4:24, 4:24] = np.asarray(Image.fromarray(small).resize((20, 20), Image.Resampling.BICUBIC))
    labels = digits.target.astype(np.uint8)
    cut = 1437
    return {"x_train": images[:cut], "y_train": labels[:cut], "x_test": images[cut:], "y_test": labels[cut:]}


MNIST = Entry(
    title="MNIST handwritten digits",
    file="mnist.npz",
    size=11_490_519,
    sha256="06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
    source="Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits; "
    "LeCun et al., Proc. IEEE 86(11), 1998",
    licence="CC BY-SA 3.0 as commonly stated; the original page names no licence",
    read=read_npz,
    arrays={
        "x_train": ("uint8", (60_000, 28, 28)),
        "y_train": ("uint8", (60_000,)),
        "x_test": ("uint8", (10_000, 28, 28)),
        "y_test": ("uint8", (10_000,)),
    },
    stand_in=StandIn(
        title="scikit-learn's 8×8 digits enlarged to 28×28",
        source="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning "
        "Repository, 1998 (its test part, 1,797 images, as shipped with scikit-learn)",
        licence="CC BY 4.0",
        make=digits_as_mnist,
    ),
)
