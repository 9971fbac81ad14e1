"""Two towers for recommendation: one turns what a user chose into a vector, the other turns an item into one."""

from __future__ import annotations

import keras
from keras import layers, ops

__all__ = ["ItemTower", "build_two_tower"]


@keras.saving.register_keras_serializable("lepton_nb")
class ItemTower(layers.Layer):
    r"""Vectors of all items, and their inner products with the users' vectors.

    $$ v_i = e_i + W^\top f_i, \qquad s_{ui} = u^\top v_i + b_i $$

    e_i: the item's own vector, learnt from who chose it; f_i: its known features, handed over by :meth:`tell`; W: what a
    feature says; b_i: how often the item is chosen at all. An item that nobody has chosen yet has its features
    alone (:meth:`of_features`).

    Input (batch, d), output (batch, items).
    """

    def __init__(self, items: int, features: int, **options):
        super().__init__(**options)
        self.items, self.features = items, features

    def build(self, input_shape):
        size = input_shape[-1]
        self.own = self.add_weight(shape=(self.items, size), initializer="glorot_uniform", name="own")
        self.mixture = self.add_weight(shape=(self.features, size), initializer="glorot_uniform", name="mixture")
        self.bias = self.add_weight(shape=(self.items,), initializer="zeros", name="bias")
        self.table = self.add_weight(
            shape=(self.items, self.features), initializer="zeros", trainable=False, name="features"
        )

    def tell(self, features) -> None:
        """Hand over the features of all items, (items, features). Raises ValueError for another shape."""
        if tuple(features.shape) != (self.items, self.features):
            raise ValueError(f"features must be {(self.items, self.features)}. Received: {tuple(features.shape)}")
        self.table.assign(features)

    def of_features(self, features):
        """Vectors (n, d) of items of which nothing is known but their features (n, features)."""
        return ops.matmul(ops.cast(features, self.mixture.dtype), self.mixture)

    def call(self, users):
        vectors = self.own + ops.matmul(self.table, self.mixture)
        return ops.matmul(users, ops.transpose(vectors)) + self.bias

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.items)

    def get_config(self):
        return super().get_config() | {"items": self.items, "features": self.features}


def build_two_tower(
    items: int, features: int, size: int = 32, dropout: float = 0.8, name: str = "two_tower"
) -> keras.Model:
    """What a user chose, as a vector; each item, as a vector; their inner product says how well they fit.

    The user's tower: his choices at length 1, of which a share is left out in training, through one dense layer with
    tanh. It needs no number of the user, so it serves users that came after the training. The items' tower is
    :class:`ItemTower`, the layer "items"; its features are handed over before the training with ``tell``.
    Input (batch, items), 0 or 1; output (batch, items), scores before a softmax over all items.

    size: length of the vectors. dropout: share of a user's choices that is left out in training. Raises ValueError for
    sizes below 1 and a share outside 0..1.

    References: Covington, Adams and Sargin, Deep Neural Networks for YouTube Recommendations, RecSys 2016 (both towers);
    Liang and others, Variational Autoencoders for Collaborative Filtering, WWW 2018 (softmax over all items, choices left
    out).
    """
    if min(items, features, size) < 1:
        raise ValueError(f"items, features and size must be at least 1. Received: {items=}, {features=}, {size=}")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1. Received: {dropout=}")
    inputs = keras.Input((items,), name="choices")
    hidden = layers.UnitNormalization(name="length_1")(inputs)
    hidden = layers.Dropout(dropout, name="left_out")(hidden)
    hidden = layers.Dense(size, activation="tanh", name="user")(hidden)
    outputs = ItemTower(items, features, name="items")(hidden)
    return keras.Model(inputs, outputs, name=name)
