r"""Which places of a picture speak for a class: integrated gradients, occlusion, and edges that know no network.

What is explained is the log-odds $s = \ln(p / (1 - p))$ of the class. The third method of the chapter, Grad-CAM, is in
:mod:`lepton_nb.grad_cam`.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lepton_nb import training

__all__ = ["LogOdds", "edges", "integrated_gradients", "occlusion", "with_random_weights"]

keras = training.keras


class LogOdds:
    """The log-odds of one class, from the picture or from the output of one of the first layers.

    model: a Keras model on TensorFlow whose last layer is dense with a softmax. target: the class. layer: name of the
    layer from whose output on the network is explained; what comes before it is taken as preparation. Raises ValueError
    for a class or a layer that the model does not have, or a last layer that is not dense.
    """

    def __init__(self, model, target: int, layer: str):
        import tensorflow as tf

        last = model.layers[-1]
        if not isinstance(last, keras.layers.Dense):
            raise ValueError(f"The model's last layer must be dense. Received: {type(last).__name__}")
        if not (last.units > 1 and 0 <= target < last.units):
            raise ValueError(f"target must be a class of two or more, 0..{last.units - 1}. Received: {target=}")
        names = [one.name for one in model.layers[1:-1]]
        if layer not in names:
            raise ValueError(f"layer must be one of {', '.join(names)}. Received: {layer=}")
        inner = model.get_layer(layer).output
        front, rest = keras.Model(model.input, inner), keras.Model(inner, last.input)
        others = [number for number in range(last.units) if number != target]

        def score(prepared):
            logits = tf.cast(rest(prepared, training=False), "float32") @ last.kernel + last.bias
            return logits[:, target] - tf.reduce_logsumexp(tf.gather(logits, others, axis=1), axis=1)

        def slope(prepared):
            with tf.GradientTape() as tape:
                tape.watch(prepared)
                total = tf.reduce_sum(score(prepared))
            return tape.gradient(total, prepared)

        kinds = [tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in (model.input, inner)]
        self._prepare = tf.function(lambda images: front(images, training=False), input_signature=kinds[:1])
        self._score = tf.function(score, input_signature=kinds[1:])
        self._slope = tf.function(slope, input_signature=kinds[1:])
        self.model = model

    def prepared(self, images: np.ndarray) -> np.ndarray:
        """Pictures (n, …) as the layer hands them on."""
        return self._prepare(images).numpy()

    def of_prepared(self, prepared: np.ndarray) -> np.ndarray:
        """Log-odds (n,) of what the layer hands on."""
        return self._score(prepared).numpy()

    def slopes(self, prepared: np.ndarray) -> np.ndarray:
        """How the log-odds change with each value that the layer hands on, in its shape."""
        return self._slope(prepared).numpy()

    def __call__(self, images: np.ndarray, batch_size: int = 200) -> np.ndarray:
        """Log-odds (n,) of pictures (n, …)."""
        starts = range(0, len(images), batch_size)
        return np.concatenate([self._score(self._prepare(images[at : at + batch_size])).numpy() for at in starts])


def integrated_gradients(odds: LogOdds, images: np.ndarray, steps: int = 32, batch_size: int = 50) -> np.ndarray:
    r"""Integrated gradients: (n, rows, columns) float32, what each place adds to the log-odds, with its sign.

    With $z$, the picture as the layer of ``odds`` hands it on, the even picture $0$ as baseline and $T$ steps

    $$ I_{ij} = z_{ij} \, \frac1T \sum_{t=1}^{T} \frac{\partial s}{\partial z_{ij}}
       \Bigl( \frac{t - \frac12}{T} z \Bigr) $$

    summed over channels. As $T$ grows their sum goes to $s(z) - s(0)$.

    The layer matters: a network that first brings each picture to mean 0 and spread 1 sees nearly the same picture along
    most of a path from the pixels on, and what changes is crowded at its beginning.

    Reference: Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, ICML 2017, equations 1 and 3.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1. Received: {steps=}")
    found = []
    for start in range(0, len(images), batch_size):
        prepared = odds.prepared(images[start : start + batch_size])
        total = np.zeros_like(prepared)
        for step in range(steps):
            total += odds.slopes(prepared * np.float32((step + 0.5) / steps))
        found.append((prepared * total / steps).sum(axis=-1))
    return np.concatenate(found)


def occlusion(odds: LogOdds, images: np.ndarray, patch: int, stride: int) -> np.ndarray:
    """How much the log-odds fall when a square is hidden: (n, rows, columns) float32, with its sign.

    patch: side of the square in pixels. stride: from one place of it to the next; the last one ends at the rim. Hidden
    pixels take the picture's own mean in their channel. A pixel has the mean over the squares that cover it.

    Reference: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, section 4.2.
    """
    height, width = images.shape[1:3]
    if not 0 < stride <= patch <= min(height, width):
        raise ValueError(
            f"stride must be above 0 and at most patch, patch at most the side. Received: {patch=}, {stride=}"
        )
    whole, even = odds(images), images.mean(axis=(1, 2), keepdims=True).astype(images.dtype)
    fallen, covered = np.zeros(images.shape[:3], "float32"), np.zeros((height, width), "float32")
    downs, rights = ([*range(0, side - patch, stride), side - patch] for side in (height, width))
    for down in downs:
        for right in rights:
            place = np.s_[down : down + patch, right : right + patch]
            hidden = images.copy()
            hidden[:, *place] = even
            fallen[:, *place] += (whole - odds(hidden))[:, None, None]
            covered[place] += 1
    return fallen / covered


def edges(images: np.ndarray, width: float = 1.0) -> np.ndarray:
    """How strongly brightness changes at each place, (n, rows, columns): a map that knows no network.

    width: of the smoothing before, in pixels.
    """
    plain = images.astype("float32").mean(axis=-1)
    return np.stack([ndimage.gaussian_gradient_magnitude(one, width) for one in plain])


def with_random_weights(model, seed: int, only_last: bool = False):
    """A copy of a network that has learnt nothing, or whose last layer has learnt nothing.

    Reference: Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018, section 3.
    """
    kept = model.get_weights()
    keras.utils.set_random_seed(seed)
    copy = keras.models.clone_model(model)
    if only_last:
        own = copy.layers[-1].get_weights()
        copy.set_weights(kept)
        copy.layers[-1].set_weights(own)
    return copy
