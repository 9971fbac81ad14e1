"""Sounds of a case as pictures, and the recognisers that read them: a line over each sound's mean spectrum, and a network.

Sounds may be of any rate and length. A picture is (columns of time, bands of pitch, 1) as bytes: 0 is ``FLOOR`` decibels
below the sound's loudest place, 255 the loudest place itself. How loud a recording is as a whole is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from lepton_nb import spectrogram
from lepton_nb.casework.forms import Part

#: Kinds of models that read such pictures, and what each is called.
KINDS = {
    "spectrum": "logistic regression on the mean spectrum",
    "speech": "network over spectrograms",
    "varied": "network over spectrograms, trained on varied voices",
}
#: The simple one, which a network has to beat.
SIMPLE = "spectrum"
BANDS, COLUMNS, RATE = 24, 32, 8000  # the sizes of ``spectrogram`` are those of this rate
FRAMES = 4 * COLUMNS  # windows, about a second, from which on the power of neighbours is averaged
LARGEST = 4000  # windows that are transformed at once
PASSES, BATCH, PEAK, WIDTHS = 20, 16, 0.004, (8, 16, 32)

Score = Callable[[Any], np.ndarray]


def pictures(clips: Iterable[np.ndarray], rate: int) -> np.ndarray:
    """A picture of each sound: (n, COLUMNS, BANDS, 1) uint8. clips: rows of samples, none silent; rate: samples a second.

    Windows last as long at every rate (32 ms, one each 8 ms), and bands reach up to half the rate. Of a long sound, the
    power of neighbouring windows is averaged, so nothing of it is skipped.
    """
    size, hop, length = (round(one * rate / RATE) for one in (spectrogram.WINDOW, spectrogram.HOP, spectrogram.LENGTH))
    filters = spectrogram.mel_filters(BANDS, length, rate, high=rate / 2).T
    found = []
    for clip in clips:
        pieces = []
        for start in range(0, max(len(clip) - size, 0) + 1, LARGEST * hop):
            piece = clip[start : start + (LARGEST - 1) * hop + size]
            pieces.append(np.abs(spectrogram.stft(piece, size, hop, length)) ** 2 @ filters)
        power = np.concatenate(pieces)
        if len(power) > FRAMES:
            ends = np.linspace(0, len(power), COLUMNS + 1).astype(int)
            power = np.add.reduceat(power, ends[:-1]) / np.diff(ends)[:, None]
        found.append(spectrogram.in_decibels(power, COLUMNS))
    loudness = np.clip(1 - np.array(found) / spectrogram.FLOOR, 0, 1)
    return np.round(255 * loudness).astype(np.uint8)[..., None]


def decibels(x: np.ndarray) -> np.ndarray:
    """Pictures in decibels: (n, columns, bands, 1) float32, from ``spectrogram.FLOOR`` to 0."""
    return ((1 - x.astype(np.float32) / 255) * spectrogram.FLOOR).astype(np.float32)


def make(kind: str, train: Part, validation: Part, seed: int = 0, passes: int = PASSES) -> tuple[Score, Any]:
    """A fitted recogniser as a function from x of a Part to scores (n,), and the model itself. kind: of KINDS."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: {kind}")
    if kind == SIMPLE:
        from lepton_nb import speech

        line = speech.Simple(parts=1, curved=False, copies=0).fit(decibels(train.x), train.y)
        return lambda x: line.chances(decibels(x))[:, 1], line
    return _network(train, validation, seed, passes, kind == "varied")


def _network(train: Part, validation: Part, seed: int, passes: int, vary: bool) -> tuple[Score, Any]:
    """The network of chapter 37 with two classes; of its passes the one that the validation rows are scored best after."""
    from sklearn.metrics import log_loss

    from lepton_nb import training

    training.set_seed(seed)
    model = _built(train.x.shape[1:3], passes * -(-len(train) // BATCH))
    seen, chosen_on = decibels(train.x), decibels(validation.x)
    order = np.random.default_rng((seed, 43))
    best, least = model.get_weights(), np.inf
    for number in range(1, passes + 1):
        rows = order.permutation(len(train))
        shown = spectrogram.varied(seen, number, seed) if vary else seen
        model.fit(shown[rows], train.y[rows], batch_size=BATCH, shuffle=False, verbose=0)
        loss = log_loss(validation.y, training.predict(model, chosen_on)[:, 1].astype(np.float64), labels=[0, 1])
        if loss < least:
            best, least = model.get_weights(), loss
    model.set_weights(best)
    return lambda x: np.asarray(training.predict(model, decibels(x)), np.float64)[:, 1], model


def _built(shape: tuple[int, int], steps: int) -> Any:
    """The network, compiled for so many steps. shape: columns and bands."""
    import keras

    from lepton_nb import training
    from lepton_nb.models import build_speech

    model = build_speech(*shape, classes=2, widths=WIDTHS, momentum=0.9)
    model.compile(keras.optimizers.Adam(training.one_cycle(PEAK, steps)), "sparse_categorical_crossentropy")
    return model
