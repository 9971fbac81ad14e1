"""Data sets by name: the real file when it is there, an embedded stand-in otherwise.

One registry says what each file is, how it is checked and what stands in for it. To add a data set, write a
module beside this one with its :class:`Entry` and name it in :data:`REGISTRY`; nothing else changes. Every array
of every data set has the items in its first axis: images (n, height, width[, channels]), texts (n,) of str,
tables one (n,) array a column.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from lepton_nb.datasets._base import DataProblem, Dataset, Entry, StandIn
from lepton_nb.datasets.ai4i import AI4I
from lepton_nb.datasets.bike_sharing import BIKE_SHARING
from lepton_nb.datasets.cifar10 import CIFAR10, CIFAR10_LOSSLESS
from lepton_nb.datasets.credit_card_default import CREDIT_CARD_DEFAULT
from lepton_nb.datasets.etth1 import ETTH1
from lepton_nb.datasets.faces import FACES
from lepton_nb.datasets.german_credit import GERMAN_CREDIT
from lepton_nb.datasets.magnetic_tiles import MAGNETIC_TILES
from lepton_nb.datasets.malaria_cells import MALARIA_CELLS
from lepton_nb.datasets.metro_traffic import METRO_TRAFFIC
from lepton_nb.datasets.mnist import MNIST
from lepton_nb.datasets.movielens import MOVIELENS, MOVIELENS_FILMS
from lepton_nb.datasets.multi30k import MULTI30K, NEWSTEST
from lepton_nb.datasets.pcb_tiles import PCB_TILES
from lepton_nb.datasets.pneumonia import PNEUMONIA
from lepton_nb.datasets.reviews import IMDB_REVIEWS, RT_POLARITY
from lepton_nb.datasets.spoken_digits import SPOKEN_DIGITS
from lepton_nb.datasets.steel_surface import STEEL_SURFACE
from lepton_nb.datasets.telco_churn import TELCO_CHURN
from lepton_nb.datasets.walmart_sales import WALMART_SALES

__all__ = ["REGISTRY", "DataProblem", "Dataset", "Entry", "StandIn", "entry", "fingerprint", "load", "locate"]

REGISTRY: dict[str, Entry] = {
    "ai4i": AI4I,
    "bike_sharing": BIKE_SHARING,
    "cifar10": CIFAR10,
    "cifar10_lossless": CIFAR10_LOSSLESS,
    "credit_card_default": CREDIT_CARD_DEFAULT,
    "etth1": ETTH1,
    "faces": FACES,
    "german_credit": GERMAN_CREDIT,
    "imdb_reviews": IMDB_REVIEWS,
    "magnetic_tiles": MAGNETIC_TILES,
    "malaria_cells": MALARIA_CELLS,
    "metro_traffic": METRO_TRAFFIC,
    "mnist": MNIST,
    "movielens": MOVIELENS,
    "movielens_films": MOVIELENS_FILMS,
    "multi30k": MULTI30K,
    "newstest": NEWSTEST,
    "pcb_tiles": PCB_TILES,
    "pneumonia": PNEUMONIA,
    "rt_polarity": RT_POLARITY,
    "spoken_digits": SPOKEN_DIGITS,
    "steel_surface": STEEL_SURFACE,
    "telco_churn": TELCO_CHURN,
    "walmart_sales": WALMART_SALES,
}


def entry(name: str) -> Entry:
    """The registry's entry. Raises ValueError for a name that it does not hold."""
    if name not in REGISTRY:
        raise ValueError(f"Unknown data set. Known: {', '.join(REGISTRY)}. Received: name={name!r}")
    return REGISTRY[name]


def locate(name: str, data_folder: str | Path = "") -> Path | None:
    """The real file, or None when the stand-in has to serve.

    data_folder: empty means the environment variable ``LEPTON_DATA``; when that is unset too, the stand-in.
    Raises DataProblem when a folder is named that does not exist.
    """
    wanted = entry(name)
    given = str(data_folder) or os.environ.get("LEPTON_DATA", "")
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        whence = "--data" if str(data_folder) else "LEPTON_DATA"
        raise DataProblem(
            f"{whence} names the folder {given!r}, which does not exist. "
            "Name an existing folder with the data files, or leave it empty to use the stand-in."
        )
    path = folder / wanted.file
    return path if path.is_file() else None


def fingerprint(name: str, data_folder: str | Path = "") -> str:
    """What would be loaded, in one word: the file's SHA-256, or ``stand-in:<name>:<version>``.

    Raises DataProblem as :func:`locate` does, and for a file of the wrong size or checksum.
    """
    path = locate(name, data_folder)
    return _stand_in_fingerprint(name) if path is None else _checked(path, entry(name))


def load(name: str, data_folder: str | Path = "") -> Dataset:
    """The data set with its arrays, checked; the stand-in when the real file is not there.

    Raises DataProblem for a folder that does not exist and for a file with the wrong size, checksum or arrays.
    """
    wanted, path = entry(name), locate(name, data_folder)
    if path is None:
        made = wanted.stand_in
        known = made.title, True, made.source, made.licence, _stand_in_fingerprint(name), made.make()
        return Dataset(name, *known, wanted.in_words)
    checksum = _checked(path, wanted)
    arrays = wanted.read(path)
    for array, (dtype, shape) in wanted.arrays.items():
        found = f"{arrays[array].dtype} {arrays[array].shape}" if array in arrays else "no such array"
        if found != f"{dtype} {shape}":
            raise DataProblem(f"{path.name}: array {array!r} must be {dtype} {shape}. Found: {found}. {_REMEDY}")
    return Dataset(name, wanted.title, False, wanted.source, wanted.licence, checksum, arrays, wanted.in_words)


_REMEDY = "Get the file again from its source, or take it out of the folder to use the stand-in."


def _stand_in_fingerprint(name: str) -> str:
    return f"stand-in:{name}:{entry(name).stand_in.version}"


def _checked(path: Path, wanted: Entry) -> str:
    """The file's SHA-256, or DataProblem when size or checksum is not the registry's."""
    size = path.stat().st_size
    if size != wanted.size:
        state = "cut short" if size < wanted.size else "another file"
        raise DataProblem(f"{path.name}: {size:,} bytes, expected {wanted.size:,}: the file is {state}. {_REMEDY}")
    with path.open("rb") as stream:
        checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    if checksum != wanted.sha256:
        raise DataProblem(f"{path.name}: SHA-256 {checksum}, expected {wanted.sha256}: the content differs. {_REMEDY}")
    return checksum
