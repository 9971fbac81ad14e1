"""A client's folder becomes one frozen, checked :class:`Client`, or a list of everything that is wrong with it.

``load`` for chapters, ``check`` for people, ``new`` for a template. Where to change what: a column or
key in ``schema.py``, what one value may be in ``cells.py``, a rule over several values in ``rules.py``,
encodings and file formats in ``reading.py``, the template in ``template.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

from lepton_nb import paths
from lepton_nb.client import reading, rules
from lepton_nb.client.cells import MetricLink
from lepton_nb.client.rules import RULES, Report, report_text
from lepton_nb.client.schema import (
    Acceptance,
    Asset,
    Benefit,
    Client,
    ClientProblems,
    Cost,
    Counts,
    Evaluation,
    Monitoring,
    OutcomeValue,
    PairedCount,
    Predictions,
    Problem,
    Scenario,
    ScoreRow,
    ThreePoint,
    Usage,
    View,
)
from lepton_nb.client.template import new

__all__ = [
    "RULES",
    "Acceptance",
    "Asset",
    "Benefit",
    "Client",
    "ClientProblems",
    "Cost",
    "Counts",
    "Evaluation",
    "MetricLink",
    "Monitoring",
    "OutcomeValue",
    "PairedCount",
    "Predictions",
    "Problem",
    "Report",
    "Scenario",
    "ScoreRow",
    "ThreePoint",
    "Usage",
    "View",
    "check",
    "load",
    "new",
    "report_text",
]


def check(folder: str | os.PathLike[str] = "") -> Report:
    """Read a client's folder and find everything that is wrong with it.

    Returns a report with ``client`` (None if anything was refused), ``problems`` and ``warnings``. A path is
    looked up from the working folder, then from the project; empty: the sample manufacturer. Warnings never
    block; they are complete only when there is no problem. Raises nothing for bad input.
    """
    try:
        root = paths.client(os.fspath(folder))
    except (OSError, ValueError):  # outside a project; a path with a zero byte
        root = Path(os.fspath(folder))
    return rules.judge(reading.read(root))


def load(folder: str | os.PathLike[str] = "") -> Client:
    """The client in a folder, complete and checked; see :func:`check` for the path.

    Raises ClientProblems (a ValueError) with every problem found.
    """
    report = check(folder)
    if report.client is None:
        raise ClientProblems(report.problems)
    return report.client
