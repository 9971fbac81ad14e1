"""The doors by which a model comes in: predictions made elsewhere, an ONNX file, a Keras file, or trained here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lepton_nb.casework.forms import CaseSet, Scores


def scores(case_set: CaseSet, seed: int = 0, budget_seconds: float = 120.0) -> Scores:
    """The scores of a client's case by the door that it names."""
    raise NotImplementedError


def given(case_set: CaseSet, name: str, test: Any, validation: Any = None, **about: Any) -> Scores:
    """Scores of the test rows (and of the validation rows) that were made elsewhere, e.g. by a chapter's own model.

    about: other fields of Scores (training_seconds, seconds_a_thousand, fit, model, notes).
    """
    raise NotImplementedError


def predictions(case_set: CaseSet, path: str | Path, score_column: str = "") -> Scores:
    """Scores (0..1) or decisions (0 or 1) in a CSV or Parquet file: one row a row of the test part, or of all rows."""
    raise NotImplementedError


def onnx_model(case_set: CaseSet, path: str | Path) -> Scores:
    """A model in ONNX, through onnxruntime."""
    raise NotImplementedError


def keras_model(case_set: CaseSet, path: str | Path) -> Scores:
    """A Keras model, opened in safe mode."""
    raise NotImplementedError


def fit(case_set: CaseSet, kind: str, seed: int = 0, **settings: Any) -> Scores:
    """One model trained here. kind: logistic, boosting, network; settings: of its maker."""
    raise NotImplementedError


def trained(
    case_set: CaseSet,
    seed: int = 0,
    budget_seconds: float = 120.0,
    kinds: tuple[str, ...] = ("logistic", "boosting", "network"),
) -> Scores:
    """The best of several models, chosen on the validation rows within a budget of seconds."""
    raise NotImplementedError


def reference(case_set: CaseSet, seed: int = 0) -> Scores:
    """A gradient boosting with default settings: what a model must beat to be worth its work."""
    raise NotImplementedError


def seconds_a_thousand(predict: Any, rows: np.ndarray) -> float:
    """Seconds that a thousand predictions take on this machine: the best of three."""
    raise NotImplementedError
