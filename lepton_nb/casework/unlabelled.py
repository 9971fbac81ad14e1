"""Value of a model on rows that have no labels yet, estimated from calibrated scores; never a measured figure."""

from __future__ import annotations

from typing import Any

import numpy as np

from lepton_nb.casework.forms import Judged


def estimate(judged: Judged, scores: np.ndarray, baseline: np.ndarray | None = None, **settings: Any) -> Any:
    """Expected counts, rates and gain on rows without labels, with a band. scores: of the model on these rows."""
    raise NotImplementedError
