"""Where things are. The project folder is the one that holds ``_toc.yml``."""

from __future__ import annotations

import os
from pathlib import Path

#: Where an installed package carries chapters, book and sample clients with it.
BUNDLED = Path(__file__).resolve().parent / "project"


def project() -> Path:
    """The project folder: ``LEPTON_PROJECT``, or above this package, or inside it, or above the working folder.

    Inside it: an installation without a clone. Raises FileNotFoundError when none of them holds ``_toc.yml``.
    """
    given = os.environ.get("LEPTON_PROJECT")
    here = Path.cwd()
    for folder in [Path(given)] if given else [BUNDLED.parent.parent, BUNDLED, here, *here.parents]:
        if (folder / "_toc.yml").is_file():
            return folder.resolve()
    raise FileNotFoundError(
        f"LEPTON_PROJECT names {given}, which holds no _toc.yml."
        if given
        else "No _toc.yml found: run lepton-nb inside a clone of the project, or set LEPTON_PROJECT to its folder."
    )


def state_folder() -> Path:
    """Where executed chapters and build files are kept: ``LEPTON_STATE``, or ``.lepton`` in the project.

    Without a clone: ``.lepton`` in the working folder, for the package's own folder is not there to be written to.
    Where ``LEPTON_STATE`` is the address of a store that machines share, ``.lepton`` is its cache.
    """
    given = os.environ.get("LEPTON_STATE")
    if given and not shared_store():
        return Path(given).resolve()
    return (Path.cwd() if project() == BUNDLED else project()) / ".lepton"


def shared_store() -> str:
    """The address of a store of kept chapters that several machines share, as ``s3://bucket/folder``; empty: none."""
    given = os.environ.get("LEPTON_STATE", "")
    return given if "://" in given else ""


def measured(chapter: str) -> Path:
    """Where the recorded full run of a chapter stands, whether there is one or not."""
    return project() / "book" / "measured" / f"{chapter}.json"


#: Sample clients that a chapter of the book may show beside the client of the report; each is invented.
SAMPLES = ("manufacturer", "bank", "clinic", "retailer", "carrier")


def sample(name: str) -> Path:
    """The folder of a sample client. Raises ValueError for a name that is none of SAMPLES."""
    if name not in SAMPLES:
        raise ValueError(f"name must be a sample: {', '.join(SAMPLES)}. Received: {name!r}")
    return project() / "clients" / name


def measured_cases(sample: str) -> Path:
    """Where the recorded full runs of a sample's cases on public data stand, whether there are any or not."""
    return project() / "book" / "measured" / sample


def notebook(chapter: str) -> Path:
    """The notebook ``NN_<chapter>.ipynb``. Raises FileNotFoundError when there is none or more than one."""
    found = sorted((project() / "notebooks").glob(f"[0-9][0-9]_{chapter}.ipynb"))
    if len(found) != 1:
        raise FileNotFoundError(f"notebooks/NN_{chapter}.ipynb: found {len(found)} files of that name, need 1.")
    return found[0]


def client(folder: str = "") -> Path:
    """The client's folder as given, from the working folder or the project; empty: the sample manufacturer."""
    if not folder:
        return project() / "clients" / "manufacturer"
    path = Path(folder)
    return path if path.is_absolute() or path.exists() else project() / folder
