r"""Scattering: what Morlet wavelets of two scales see of a picture, with no number learnt from any.

$S_0 = x * \phi$, $S_1 = |x * \psi_{j,l}| * \phi$ and $S_2 = \bigl| |x * \psi_{j,l}| * \psi_{k,m} \bigr| * \phi$ for scales
$k > j$, sampled at every $2^J$-th place: with J = 2 scales and L = 8 angles 1 + 16 + 64 = 81 channels, 7×7 of a picture of
28×28. All products are taken after a fast Fourier transform; a product at half the places folds its spectrum.

Reference: Oyallon and Mallat, Deep Roto-Translation Scattering for Object Classification, CVPR 2015; Bruna and Mallat,
Invariant Scattering Convolution Networks, IEEE TPAMI 35(8), 2013.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from scipy import fft

__all__ = ["Filters", "filters", "group_normed", "rows_of", "scattered"]

#: Scales. With two of them the second order has the one pair of the first scale and the second.
SCALES = 2
#: Width of a wavelet of the first scale, its frequency and how much slimmer it is across: those of the references.
WIDTH, FREQUENCY = 0.8, 3 * np.pi / 4


@dataclass(frozen=True)
class Filters:
    """Spectra of the filters for one size of pictures. wavelets: scale → (angles, size, size); low: (size, size), all real."""

    size: int  # with the margin of 2^J mirrored pixels on each side, rounded up to a multiple of 2^J
    low: np.ndarray = field(repr=False)
    wavelets: tuple[np.ndarray, ...] = field(repr=False)

    @property
    def channels(self) -> int:
        """Channels of the answer."""
        angles = len(self.wavelets[0])
        return 1 + SCALES * angles + angles**2

    def energy(self) -> np.ndarray:
        """What the filters let through at each frequency of a real picture, (size, size): 1 everywhere loses nothing."""
        through = sum(np.sum(one**2, axis=0) for one in self.wavelets)
        mirrored = np.roll(through[::-1, ::-1], 1, axis=(0, 1))
        return self.low**2 + (through + mirrored) / 2


def _bump(size: int, width: float, angle: float, frequency: float, slant: float) -> np.ndarray:
    """A Gaussian bump times a wave, (size, size) complex, wrapped around the edge so that its spectrum is clean."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shape = turn.T @ np.diag([1.0, slant**2]) @ turn / (2 * width**2)
    found = np.zeros((size, size), complex)
    for up in (-2, -1, 0, 1, 2):
        for left in (-2, -1, 0, 1, 2):
            y, x = np.mgrid[up * size : (up + 1) * size, left * size : (left + 1) * size]
            far = shape[0, 0] * x * x + (shape[0, 1] + shape[1, 0]) * x * y + shape[1, 1] * y * y
            found += np.exp(-far + 1j * frequency * (x * np.cos(angle) + y * np.sin(angle)))
    return found * slant / (2 * np.pi * width**2)


def filters(side: int, angles: int = 8) -> Filters:
    """The filters for pictures of side×side pixels. A wavelet sums to nothing, so an even picture gives it nothing.

    Raises ValueError for pictures smaller than 8 pixels and fewer than 2 angles.
    """
    if side < 8 or angles < 2:
        raise ValueError(f"side must be 8 or more and angles 2 or more. Received: {side=}, {angles=}")
    step = 2**SCALES
    size = -(-(side + 2 * step) // step) * step
    slant, banks = 4.0 / angles, []
    for scale in range(SCALES):
        bank = []
        for turn in range(angles):
            given = (size, WIDTH * 2**scale, (turn - angles / 2) * np.pi / angles)
            wave = _bump(*given, FREQUENCY / 2**scale, slant)
            plain = _bump(*given, 0.0, slant)
            bank.append(fft.fft2(wave - plain * wave.sum() / plain.sum()).real)
        banks.append(np.array(bank, "float32"))
    low = fft.fft2(_bump(size, WIDTH * 2 ** (SCALES - 1), 0.0, 0.0, 1.0)).real
    return Filters(size, low.astype("float32") / low[0, 0].astype("float32"), tuple(banks))


def _folded(spectrum: np.ndarray) -> np.ndarray:
    """The spectrum of every second place: four copies fall on one another."""
    *rest, rows, columns = spectrum.shape
    cut = spectrum.reshape(*rest, 2, rows // 2, 2, columns // 2)
    found = cut[..., 0, :, 0, :] + cut[..., 0, :, 1, :]
    found += cut[..., 1, :, 0, :]
    found += cut[..., 1, :, 1, :]
    found *= 0.25
    return found


def _smoothing(bank: Filters, side: int, times: int) -> np.ndarray:
    """Low-pass of a picture at every ``times``-th place, read at every 2^J-th one, as a matrix (its pixels, places)."""
    low, step = fft.ifft2(bank.low).real, 2**SCALES
    first = (bank.size - side) // 2 // step
    read = step * np.arange(first, first + side // step)
    here = np.arange(0, bank.size, times)
    away = (read[:, None] - here[None, :]) % bank.size  # (places on a side, pixels on a side)
    found = low[away[:, None, :, None], away[None, :, None, :]] * times**2
    return np.ascontiguousarray(found.reshape(len(read) ** 2, len(here) ** 2).T, "float32")


def _some(pictures: np.ndarray, bank: Filters, smooth: Mapping[int, np.ndarray]) -> np.ndarray:
    """Scattering of some pictures (n, side, side) float32 0..1: (n, channels, side / 4, side / 4) float32."""
    n, side = pictures.shape[:2]
    margin = (bank.size - side) // 2
    rest = bank.size - side - margin
    padded = np.pad(pictures, ((0, 0), (margin, rest), (margin, rest)), "reflect")
    spectrum = fft.fft2(padded)[:, None]
    fine, coarse = bank.wavelets
    once = np.abs(fft.ifft2(spectrum * fine))  # (n, angles, size, size)
    found = [padded.reshape(n, 1, -1) @ smooth[1], once.reshape(n, len(fine), -1) @ smooth[1]]
    once = fft.fft2(once)
    for of in (spectrum, *(once[:, turn, None] for turn in range(len(fine)))):
        twice = np.abs(fft.ifft2(_folded(of * coarse)))  # (n, angles, size / 2, size / 2)
        found.append(twice.reshape(n, len(coarse), -1) @ smooth[2])
    return np.concatenate(found, axis=1)


def scattered(images: np.ndarray, angles: int = 8, threads: int = 1, at_once: int = 20) -> np.ndarray:
    """Scattering of pictures (n, side, side) uint8: (n, channels, side // 4, side // 4) float32.

    threads: batches that are computed side by side; the answer does not depend on it.
    """
    edge, bank = images.shape[1] // 2**SCALES, filters(images.shape[1], angles)
    found = np.empty((len(images), bank.channels, edge, edge), "float32")
    smooth = {times: _smoothing(bank, images.shape[1], times) for times in (1, 2)}

    def work(start: int) -> None:
        some = images[start : start + at_once].astype("float32") / 255
        found[start : start + at_once] = _some(some, bank, smooth).reshape(len(some), -1, edge, edge)

    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(work, range(0, len(images), at_once)))
    return found


def group_normed(features: np.ndarray, groups: int) -> np.ndarray:
    """Each picture's channels in groups, each group brought to mean 0 and spread 1, as rows: (n, numbers) float32.

    A picture is scaled by its own numbers alone: nothing is learnt from other pictures, so it costs no privacy.
    features: (n, channels, height, width). Raises ValueError where the channels cannot be parted evenly.

    Reference: Wu and He, Group Normalization, ECCV 2018.
    """
    n, channels = features.shape[:2]
    if groups < 1 or channels % groups:
        raise ValueError(f"groups must divide the {channels} channels. Received: {groups=}")
    rows = features.reshape(n, groups, -1)
    mean = rows.mean(axis=2, keepdims=True)
    spread = rows.std(axis=2, keepdims=True)
    return ((rows - mean) / (spread + 1e-5)).reshape(n, -1).astype("float32", copy=False)


def rows_of(images: np.ndarray, groups: int = 27, threads: int = 0, at_once: int = 2000) -> np.ndarray:
    """What a line reads of pictures: scattering, normed in groups, and a 1 behind, (n, numbers + 1) float32.

    threads: 0 takes as many as the environment allows numerical libraries (OMP_NUM_THREADS), else one. Made piece by
    piece, so that no second copy of all numbers is held.
    """
    threads = threads or int(os.environ.get("OMP_NUM_THREADS") or 1)
    side = images.shape[1]
    numbers = filters(side).channels * (side // 2**SCALES) ** 2
    found = np.ones((len(images), numbers + 1), "float32")
    for start in range(0, len(images), at_once):
        some = images[start : start + at_once]
        found[start : start + at_once, :-1] = group_normed(scattered(some, threads=threads), groups)
    return found
