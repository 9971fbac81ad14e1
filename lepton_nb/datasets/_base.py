"""The form of a data set: facts of its file, how to read it, what stands in for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, wraps
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
    spoken: str = ""  # its name within a sentence, the same for the file and what stands in for it


@dataclass(frozen=True)
class StandIn:
    """Data made from what the libraries carry, for a machine without the real file."""

    title: str
    source: str
    licence: str
    make: Callable[[], dict[str, np.ndarray]]
    version: int = 1  # a new number whenever ``make`` gives other arrays

    @classmethod
    def own(cls, title: str, make: Callable[[], dict[str, np.ndarray]]) -> StandIn:
        """One that this project's code makes."""
        return cls(title, "made by code of this project", "that of this project", make)


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
    spoken: str = ""  # its name within a sentence; empty: the title
    research_only: bool = False  # its terms forbid business use: no case of a client may rest on it
    meanings: Mapping[str, str] = field(default_factory=dict)  # array → what it says, within a sentence

    @property
    def in_words(self) -> str:
        """Its name within a sentence."""
        return self.spoken or self.title

    def meaning(self, array: str) -> str:
        """What an array says, within a sentence; where that is not told, its name."""
        return self.meanings.get(array, array)


class Packed(dict[str, np.ndarray]):
    """Arrays of a file by name. One that is not there raises DataProblem, with the names of those that are."""

    def __init__(self, file: str, arrays: Mapping[str, np.ndarray]):
        super().__init__(arrays)
        self.file = file

    def __missing__(self, name: str) -> np.ndarray:
        raise DataProblem(f"{self.file}: no array {name!r}. Found: {', '.join(sorted(self))}.")


def read_npz(path: Path) -> Packed:
    """All arrays of an ``.npz`` file; pickled objects are refused."""
    with np.load(path, allow_pickle=False) as file:
        return Packed(path.name, {name: file[name] for name in file.files})


def made_once(make: Callable[[], dict[str, np.ndarray]]) -> Callable[[], dict[str, np.ndarray]]:
    """Arrays that are made at the first call and copied at each: what a caller does to his reaches no other."""
    kept = cache(make)

    @wraps(make)
    def copies() -> dict[str, np.ndarray]:
        return {name: array.copy() for name, array in kept().items()}

    return copies
