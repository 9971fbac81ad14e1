"""The form of a data set: facts of its file, how to read it, what stands in for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


class DataProblem(ValueError):
    """A data folder or file that cannot be used: which one, what was found, what to do."""


@dataclass(frozen=True)
class Dataset:
    """What :func:`load` gives. ``source`` and ``licence`` speak of what was really loaded."""

    name: str
    title: str
    stand_in: bool
    source: str
    licence: str
    sha256: str  # of the file; of a stand-in "stand-in:<name>:<version>"
    arrays: dict[str, np.ndarray] = field(repr=False)


@dataclass(frozen=True)
class StandIn:
    """Data made from what the libraries carry, for a machine without the real file."""

    title: str
    source: str
    licence: str
    make: Callable[[], dict[str, np.ndarray]]
    version: int = 1  # a new number whenever ``make`` gives other arrays


@dataclass(frozen=True)
class Entry:
    """One data set: facts of its file, how to read it, what stands in for it."""

    title: str
    file: str
    size: int  # bytes
    sha256: str
    source: str
    licence: str
    read: Callable[[Path], dict[str, np.ndarray]]
    arrays: Mapping[str, tuple[str, tuple[int, ...]]]  # name: (dtype, shape)
    stand_in: StandIn


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an ``.npz`` file; pickled objects are refused."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
