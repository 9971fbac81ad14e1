"""From sound to a picture of it: short-time Fourier transform, mel filters, decibels, and what may vary in a voice.

Sound is a row of samples; a picture is (columns of time, bands of pitch), in decibels below its own largest value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = [
    "FLOOR", "cepstrum", "frames", "hertz", "in_decibels", "mel", "mel_filters", "picture", "pictures", "stft", "stretched", "varied",
    "window",
]  # fmt: skip

#: Decibels below a picture's largest value that are taken for silence.
FLOOR = -60.0
#: Samples of a window and between two windows, length of the transform.
WINDOW, HOP, LENGTH = 256, 64, 512


def window(size: int = WINDOW) -> np.ndarray:
    r"""Hann's window, $w_n = \frac12 - \frac12 \cos(2 \pi n / N)$: (N,). Its ends are 0, so a piece has no edges."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)


def frames(sound: np.ndarray, size: int = WINDOW, hop: int = HOP) -> np.ndarray:
    """Pieces of ``size`` samples, each ``hop`` after the one before: (m, size). Shorter sound gets silence at its end."""
    sound = np.asarray(sound, float)
    if sound.ndim != 1 or not len(sound):
        raise ValueError(f"sound must be a row of samples. Received: shape {sound.shape}")
    if size < 1 or hop < 1:
        raise ValueError(f"size and hop must be at least 1. Received: {size=}, {hop=}")
    padded = np.pad(sound, (0, max(0, size - len(sound))))
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]


def stft(sound: np.ndarray, size: int = WINDOW, hop: int = HOP, length: int = LENGTH) -> np.ndarray:
    r"""The short-time Fourier transform: (m, length // 2 + 1) complex.

    $$ X_{mk} = \sum_{n=0}^{N-1} w_n \, x_{n + mH} \, e^{-2 \pi i k n / F} $$

    N: size; H: hop; F: length, at least N; w: :func:`window`. Row m starts at sample mH, column k is the frequency
    k · rate / F. Real sound needs the first half of the frequencies only.

    Reference: Allen and Rabiner, A unified approach to short-time Fourier analysis and synthesis, Proc. IEEE 65(11), 1977.
    """
    if length < size:
        raise ValueError(f"length must be at least size. Received: {length=}, {size=}")
    return np.fft.rfft(frames(sound, size, hop) * window(size), length)


def mel(frequency):
    r"""Hertz as mel, a scale on which equal steps sound alike: $2595 \log_{10}(1 + f / 700)$.

    Reference: O'Shaughnessy, Speech Communication: Human and Machine, 1987, p. 150.

    >>> round(float(mel(1000)), 1)
    1000.0
    """
    return 2595 * np.log10(1 + np.asarray(frequency, float) / 700)


def hertz(pitch):
    """Mel as hertz.

    >>> round(float(hertz(mel(440))), 6)
    440.0
    """
    return 700 * (10 ** (np.asarray(pitch, float) / 2595) - 1)


def mel_filters(
    bands: int, length: int = LENGTH, rate: float = 8000, low: float = 60.0, high: float = 4000.0
) -> np.ndarray:
    """Triangles that add up frequencies to bands of equal width in mel: (bands, length // 2 + 1).

    Each rises from the middle of the band before to 1 in its own and falls to 0 in the middle of the next. low, high:
    hertz, the outermost feet. Raises ValueError where a band is so narrow that no frequency of the transform lies in it.

    Reference: Davis and Mermelstein, IEEE Transactions on Acoustics, Speech, and Signal Processing 28(4), 1980.
    """
    if bands < 1 or not 0 <= low < high <= rate / 2:
        raise ValueError(
            f"bands must be at least 1, 0 <= low < high <= rate / 2. Received: {bands=}, {low=}, {high=}, {rate=}"
        )
    feet = hertz(np.linspace(mel(low), mel(high), bands + 2))
    at = np.arange(length // 2 + 1) * rate / length
    rising = (at - feet[:-2, None]) / (feet[1:-1] - feet[:-2])[:, None]
    falling = (feet[2:, None] - at) / (feet[2:] - feet[1:-1])[:, None]
    found = np.maximum(0, np.minimum(rising, falling))
    if not found.any(axis=1).all():
        raise ValueError(
            f"a band holds no frequency of the transform: fewer bands or a longer one. Received: {bands=}, {length=}"
        )
    return found


# ---------------------------------------------------------------- pictures


def hats(positions: np.ndarray, size: int) -> np.ndarray:
    """Weights that read a row of ``size`` values at places between them, in straight lines: (..., size).

    positions: (...,), counted from 0; what lies outside is read at the nearest end.
    """
    inside = np.clip(positions, 0, size - 1)[..., None]
    return np.maximum(0, 1 - np.abs(inside - np.arange(size, dtype=inside.dtype)))


def stretched(found: np.ndarray, columns: int, reach: float = 35.0) -> np.ndarray:
    """The spoken part of a picture of any length, in so many columns: (columns, bands).

    The spoken part lasts from the first to the last column that comes within ``reach`` decibels of the loudest.
    """
    loud = np.flatnonzero(found.max(axis=1) >= found.max() - reach)
    place = np.linspace(loud[0], loud[-1], columns)
    before = np.minimum(place.astype(int), max(len(found) - 2, 0))
    after, share = np.minimum(before + 1, len(found) - 1), (place - before)[:, None]
    return (1 - share) * found[before] + share * found[after]


def in_decibels(power: np.ndarray, columns: int) -> np.ndarray:
    """Power of the bands, (m, bands), as a picture, (columns, bands); silence is 0 all over."""
    top = power.max()
    if not top > 0:
        return np.zeros((columns, power.shape[1]))
    return stretched(np.maximum(10 * np.log10(np.maximum(power / top, 1e-12)), FLOOR), columns)


def picture(sound: np.ndarray, filters: np.ndarray, columns: int = 32) -> np.ndarray:
    """Sound as a picture, (columns, bands) in decibels, its largest value 0, none below ``FLOOR``. Silence is 0 all over.

    filters: :func:`mel_filters`. Fast and slow words fill as many columns.
    """
    return in_decibels(np.abs(stft(sound)) ** 2 @ filters.T, columns)


def pictures(
    sound: np.ndarray, samples: Sequence[int], bands: int = 24, columns: int = 32, rate: float = 8000
) -> np.ndarray:
    """A picture of each recording: (n, columns, bands, 1) float32. sound: (n, longest); samples: (n,), how many count."""
    filters, found = mel_filters(bands, rate=rate), []
    for start in range(0, len(sound), 200):  # one product of matrices for many recordings: small ones are slow
        spectra = [np.abs(stft(row[:count])) ** 2 for row, count in zip(sound[start : start + 200], samples[start : start + 200], strict=True)]  # fmt: skip
        ends = np.cumsum([len(one) for one in spectra])[:-1]
        found += [in_decibels(power, columns) for power in np.split(np.concatenate(spectra) @ filters.T, ends)]
    return np.array(found, "float32")[..., None]


def cepstrum(found: np.ndarray, count: int = 13) -> np.ndarray:
    r"""Mel-frequency cepstral coefficients of each column: (..., count).

    $$ c_q = \sum_{j=0}^{J-1} E_j \cos\Bigl(\frac{\pi q}{J} \bigl(j + \tfrac12\bigr)\Bigr) $$

    found: (..., J), decibels of the bands; q from 0. The first few say what the tract does, the rest follows the pitch.
    Scaled as the orthonormal transform.

    Reference: Davis and Mermelstein, 1980, as in :func:`mel_filters`.
    """
    from scipy import fft

    return fft.dct(found, type=2, norm="ortho", axis=-1)[..., :count]


# ---------------------------------------------------------------- what may vary


def varied(
    shown: np.ndarray, epoch: int, seed: int = 0, tempo: float = 0.12, tract: float = 0.12, tilt: float = 8.0,
    noise: float = 0.3, masks: int = 3,
) -> np.ndarray:  # fmt: skip
    """Pictures as other voices, rooms and microphones might have given them, each by its own chance.

    shown: (n, columns, bands, 1), decibels. The draws depend on (seed, epoch) alone.
    tempo: share of the length by which the word starts and ends earlier or later, and its middle moves.
    tract: share by which all pitches are raised or lowered, as a shorter or longer vocal tract does, and a band more or less.
    tilt: decibels from the lowest band to the highest, up or down, and bumps of half that.
    noise: share of the pictures that get a floor of noise, 5 to 60 decibels below their largest value.
    masks: columns and bands, at most, that are blotted out with the mean.

    References: Jaitly and Hinton, Vocal Tract Length Perturbation, ICML workshop 2013; Ko and others, Audio
    Augmentation for Speech Recognition, Interspeech 2015; Park and others, SpecAugment, Interspeech 2019.
    """
    if shown.ndim != 4 or shown.shape[-1] != 1:
        raise ValueError(f"shown must be (n, columns, bands, 1). Received: shape {shown.shape}")
    generator = np.random.default_rng((seed, epoch, 37))
    found = _moved(shown[..., 0].astype("float32"), generator, tempo, tract)
    count, _, bands = found.shape
    place = np.linspace(-1, 1, bands, dtype="float32")
    slope, bump, where = (generator.uniform(-1, 1, (count, 1)).astype("float32") for _ in range(3))
    found += (tilt / 2 * (slope * place + bump * np.cos(np.pi * (1.5 * place + where))))[:, None, :]
    noisy = generator.random(count) < noise
    found[noisy] = _noisy(found[noisy], generator)
    if masks:
        found = _masked(found, generator, masks)
    return found[..., None]


def _moved(found: np.ndarray, generator: np.random.Generator, tempo: float, tract: float) -> np.ndarray:
    """Time and pitch read at other places."""
    count, columns, bands = found.shape
    ends = generator.uniform(-tempo, tempo, (2, count, 1)).astype("float32")
    bow = generator.uniform(-tempo / 2, tempo / 2, (count, 1)).astype("float32")
    along = np.linspace(0, 1, columns, dtype="float32")
    when = (columns - 1) * (along + ends[0] * (1 - along) + ends[1] * along + bow * np.sin(np.pi * along))
    factor = 1 + generator.uniform(-tract, tract, (count, 1)).astype("float32")
    step = generator.uniform(-1, 1, (count, 1)).astype("float32") if tract else np.float32(0)
    which = np.arange(bands, dtype="float32") * factor + step
    return hats(when, columns) @ found @ hats(which, bands).transpose(0, 2, 1)


def _noisy(found: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A floor of noise, added as power; wider bands, the higher ones, get more of it."""
    count, columns, bands = found.shape
    level = generator.uniform(-60, -5, (count, 1, 1)).astype("float32")
    width = np.linspace(-8, 0, bands, dtype="float32")  # decibels: 10 log10((700 + 60) / (700 + 4000)), straight in mel
    grain = generator.standard_gamma(4, (count, columns, bands), dtype="float32") / 4
    top = found.max(axis=(1, 2), keepdims=True)
    power = 10 ** ((found - top) / 10) + grain * 10 ** ((level + width) / 10)
    power /= power.max(axis=(1, 2), keepdims=True)
    return np.maximum(10 * np.log10(power), FLOOR)


def _masked(found: np.ndarray, generator: np.random.Generator, most: int) -> np.ndarray:
    """One strip of columns and one of bands in each picture gets the picture's mean."""
    count, columns, bands = found.shape
    hidden = np.zeros(found.shape, bool)
    for size, shape in ((columns, (count, columns, 1)), (bands, (count, 1, bands))):
        wide = generator.integers(0, most + 1, (count, 1))
        start = generator.integers(0, size, (count, 1))
        at = np.arange(size)
        hidden |= ((at >= start) & (at < start + wide)).reshape(shape)
    return np.where(hidden, found.mean(axis=(1, 2), keepdims=True), found)
