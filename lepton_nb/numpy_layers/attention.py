"""Attention in NumPy: a weighted sum whose weights are computed.

References: Bahdanau, Cho and Bengio 2015; Luong, Pham and Manning 2015 (scores as a product); Vaswani et
al. 2017 (the scale 1/√d).
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from lepton_nb.numpy_layers.layers import softmax, softmax_backward


def _scores(query: Array, key: Array, scale: float, mask: Array | None) -> Array:
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"query and key need equal last axes. Received: query={query.shape}, key={key.shape}")
    scores = scale * (query @ key.mT)  # (…, queries, keys)
    if mask is None:
        return scores
    if not mask.any(axis=-1).all():
        raise ValueError("Every case needs a key that may be looked at. Received: mask with a row of False")
    return np.where(mask[..., None, :], scores, -np.inf)


def attention_weights(query: Array, key: Array, scale: float = 1.0, mask: Array | None = None) -> Array:
    """Share of each key for each query: ``A = softmax(scale · Q Kᵀ)``; each row sums to 1.

    query: (…, queries, d); key: (…, keys, d); mask: (…, keys), False where a key must get no weight (padding).
    """
    return softmax(_scores(query, key, scale, mask))


def attention(query: Array, key: Array, value: Array, scale: float = 1.0, mask: Array | None = None) -> Array:
    """Weighted sum of the values: ``O = softmax(scale · Q Kᵀ) V``: (…, queries, values' width).

    scale = 1 is ``keras.layers.Attention()``; 1/√d is the scaled form of Vaswani et al. 2017.

    >>> attention(np.array([[9.0, 0.0]]), np.eye(2), np.array([[1.0], [5.0]])).round(3)
    array([[1.]])
    """
    return attention_weights(query, key, scale, mask) @ value


def attention_backward(
    gradient: Array, query: Array, key: Array, value: Array, scale: float = 1.0, mask: Array | None = None
) -> tuple[Array, Array, Array]:
    """Gradients of :func:`attention` by query, key and value.

    With ``g = dL/dO``: ``dL/dV = Aᵀ g``; ``dL/dA = g Vᵀ``; through the softmax to ``dL/dS``; then
    ``dL/dQ = scale · dL/dS K`` and ``dL/dK = scale · (dL/dS)ᵀ Q``.
    """
    scores = _scores(query, key, scale, mask)
    by_scores = softmax_backward(gradient @ value.mT, scores)
    return scale * (by_scores @ key), scale * (by_scores.mT @ query), softmax(scores).mT @ gradient
