"""From a client's data and model to a measured, paired result: one way for every door.

    case_set = casework.of_client(client.load(folder), folder, "C1")       # or casework.table(data, target=…)
    scores = doors.scores(case_set)                                        # predictions, ONNX, .keras or trained here
    judged = judging.judge(case_set, scores)
    findings = checks.findings(case_set, judged)
    judging.enter(record, judged, findings)

``forms`` holds the frozen values, ``data`` brings rows in, ``doors`` models, ``judging`` measures, ``checks`` finds what
speaks against a conclusion, ``unlabelled`` estimates the value on rows without labels. Nothing here draws or writes HTML.
"""

from __future__ import annotations

from lepton_nb.casework import choices
from lepton_nb.casework.data import images, of_case, of_client, sounds, table, texts
from lepton_nb.casework.forms import (
    LEVEL,
    Candidate,
    CaseSet,
    Cutoff,
    Estimate,
    Finding,
    Judged,
    Learning,
    LearningPoint,
    NotUsable,
    Part,
    PerCase,
    Repair,
    Scores,
    Slice,
)

__all__ = [
    "LEVEL",
    "Candidate",
    "CaseSet",
    "Cutoff",
    "Estimate",
    "Finding",
    "Judged",
    "Learning",
    "LearningPoint",
    "NotUsable",
    "Part",
    "PerCase",
    "Repair",
    "Scores",
    "Slice",
    "choices",
    "images",
    "of_case",
    "of_client",
    "sounds",
    "table",
    "texts",
]
