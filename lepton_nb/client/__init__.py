"""A client's folder or workbook becomes one frozen, checked :class:`Client`, or a list of everything wrong with it.

``load`` for chapters, ``check`` for people, ``new`` for a template. Where to change what: a column or
key in ``schema``, what one value may be in ``cells.py``, a rule over several values in ``rules`` (refuses) or
``advice.py`` (warns), encodings and file formats in ``files.py`` and ``workbook.py``, data of cases in ``cases.py``, the
template in ``template.py`` and ``workbook_writing.py``.

Imports go one way: schema, files, drafts, rules and advice, judging; a test holds it.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lepton_nb import paths
from lepton_nb.client import cases as case_files
from lepton_nb.client import judging, reading, sources
from lepton_nb.client.cells import MetricLink
from lepton_nb.client.judging import Report, report_text
from lepton_nb.client.rules import RULES
from lepton_nb.client.schema import (
    Acceptance,
    Asset,
    Benefit,
    Branding,
    CaseData,
    Client,
    ClientProblems,
    Coalition,
    Comparable,
    Cost,
    Counts,
    DataBlocks,
    DataQuality,
    Engagement,
    Evaluation,
    Monitoring,
    Option,
    OutcomeValue,
    PairedCount,
    Predictions,
    Problem,
    Scenario,
    ScoreRow,
    ThreePoint,
    Trial,
    Usage,
    View,
)
from lepton_nb.client.template import new

__all__ = [
    "RULES",
    "Acceptance",
    "Asset",
    "Benefit",
    "Branding",
    "CaseData",
    "Client",
    "ClientProblems",
    "Coalition",
    "Comparable",
    "Cost",
    "Counts",
    "DataBlocks",
    "DataQuality",
    "Engagement",
    "Evaluation",
    "MetricLink",
    "Monitoring",
    "Option",
    "OutcomeValue",
    "PairedCount",
    "Predictions",
    "Problem",
    "Report",
    "Scenario",
    "ScoreRow",
    "ThreePoint",
    "Trial",
    "Usage",
    "View",
    "case_data",
    "check",
    "clip_columns",
    "load",
    "new",
    "report_text",
]


def check(folder: str | os.PathLike[str] = "") -> Report:
    """Read a client's folder or workbook and find everything that is wrong with it.

    Returns a report with ``client`` (None if anything was refused), ``problems`` and ``warnings``. A path is
    looked up from the working folder, then from the project; empty: the sample manufacturer. Warnings never
    block; they are complete only when there is no problem. Raises nothing for bad input.
    """
    with _no_collector():
        return judging.judge(reading.read(_root(folder)))


@contextmanager
def _no_collector() -> Iterator[None]:
    """Without Python's collector of cycles: a million rows are a million lists, which it would walk again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _root(folder: str | os.PathLike[str]) -> Path:
    try:
        return paths.client(os.fspath(folder))
    except (OSError, ValueError):  # outside a project; a path with a zero byte
        return Path(os.fspath(folder))


def load(folder: str | os.PathLike[str] = "") -> Client:
    """The client in a folder, complete and checked; see :func:`check` for the path.

    Raises ClientProblems (a ValueError) with every problem found.
    """
    report = check(folder)
    if report.client is None:
        raise ClientProblems(report.problems)
    return report.client


def case_data(folder: str | os.PathLike[str], case: CaseData) -> Any:
    """The data of one of a client's ``cases``, examined again before they are loaded.

    Tables and arrays: {column: NumPy array}; a column of numbers is float64 (an empty cell NaN), any other str.
    Translations: a list of sources and a list of targets. Images: a list of (path, class). Raises ValueError when the
    data are no longer those that the client was read with.
    """
    return case_files.load(sources.opened(_root(folder)), case)


def clip_columns(folder: str | os.PathLike[str], case: CaseData) -> dict[str, Any]:
    """The columns of the table of an audio_classifier's clips, {name: (n,) array} in the order of its sounds; {} without one.

    :func:`case_data` says whether they are still those that the client was read with.
    """
    return case_files.clip_columns(sources.opened(_root(folder)), case)
