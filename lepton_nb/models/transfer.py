"""One trunk for several tasks: what a network learnt on one set of pictures serves another."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from lepton_nb.models._sizes import check_sizes
from lepton_nb.models.inspection import build_inspection

__all__ = ["build_tasks", "trunk_of"]


def build_tasks(
    image_shape: tuple[int, int, int],
    tasks: Sequence[int] = (2,),
    widths: Sequence[int] = (8, 16, 32, 64),
    momentum: float = 0.9,
    name: str = "tasks",
) -> keras.Model:
    """The trunk of ``build_inspection`` with a head for each task: one dense layer and a softmax of its own.

    Input (batch, height, width, channels), uint8; output (batch, sum of tasks): the probabilities of the first task's
    classes, then of the second's, and so on. Those of each task sum to 1.

    tasks: classes of each task. With one task it is an ordinary classifier. Trained with one-hot targets over all
    columns, a picture moves the head of its own task alone: categorical cross-entropy reads the one probability whose
    target is 1 (Keras divides by the number of tasks, which adds a constant to the loss and nothing to its slope).
    momentum: as in ``build_inspection``, lower, because trainings with few labels are short.
    Raises ValueError for no task, a task of fewer than 2 classes, and images that the blocks shrink to nothing.

    Reference: Caruana, Multitask Learning, Machine Learning 28, 1997.
    """
    if not tasks:
        raise ValueError(f"tasks must name the classes of at least one task. Received: {tasks=}")
    for classes in tasks:
        check_sizes(image_shape, classes, widths=widths)
    whole = build_inspection(image_shape, tasks[0], widths, momentum=momentum)
    seen = whole.get_layer("both").output
    heads = [
        layers.Dense(classes, activation="softmax", name=f"task_{number}")(seen)
        for number, classes in enumerate(tasks, start=1)
    ]
    outputs = heads[0] if len(heads) == 1 else layers.Concatenate(name="probabilities")(heads)
    return keras.Model(whole.input, outputs, name=name)


def trunk_of(model: keras.Model) -> keras.Model:
    """The trunk of a network of ``build_tasks`` or ``build_inspection``: pictures in, (batch, 2 · last width) out."""
    return keras.Model(model.input, model.get_layer("both").output, name="trunk")
