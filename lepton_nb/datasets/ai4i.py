"""AI4I 2020: 10,000 parts cut on a machine, and whether it failed; made-up parts that fail by the same rules in its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn
from lepton_nb.datasets._tables import pick, read_columns

__all__ = ["AI4I", "COLUMNS", "TARGET", "by_the_rules"]

TARGET = "failure"
#: Columns of the file → plain names. What kind of failure it was (TWF, HDF, …) is no feature: it is known afterwards.
COLUMNS = {
    "Type": "quality",
    "Air temperature [K]": "air",
    "Process temperature [K]": "process",
    "Rotational speed [rpm]": "speed",
    "Torque [Nm]": "torque",
    "Tool wear [min]": "wear",
    "Machine failure": TARGET,
}
#: Torque times wear (N m min) from which a tool is overstrained, by the quality of the part.
STRAIN_LIMITS = {"L": 11_000, "M": 12_000, "H": 13_000}
MADE_ROWS = 2_400


def read(path: Path) -> dict[str, np.ndarray]:
    """The columns of :data:`COLUMNS`, in the order of the file. Kelvin, turns a minute, newton metres, minutes."""
    arrays = read_columns(path)
    return {name: arrays[column] for column, name in COLUMNS.items()}


def by_the_rules(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which parts fail by those three of the author's rules that leave nothing to chance: (n,) bool.

    Heat that is not shed (a temperature difference under 8.6 K at under 1,380 turns a minute), power outside 3,500 to
    9,000 W, a strain above :data:`STRAIN_LIMITS`. Tools that wear out and failures at random come on top: no model can
    foretell them from these columns. parts: columns quality (L, M, H), air, process, speed, torque, wear, each (n,).

    Reference: S. Matzka, Explainable Artificial Intelligence for Predictive Maintenance Applications, AI4I 2020.
    """
    quality, speed, torque = (np.asarray(parts[name]) for name in ("quality", "speed", "torque"))
    # temperatures have one decimal: without the rounding 8.6 would be below 8.6 in half of the cases
    difference = np.round(np.asarray(parts["process"]) - parts["air"], 1)
    power = torque * speed * (2 * np.pi / 60)
    limit = np.select([quality == name for name in STRAIN_LIMITS], list(STRAIN_LIMITS.values()))
    return (
        ((difference < 8.6) & (speed < 1380))
        | (power < 3_500)
        | (power > 9_000)
        | (torque * np.asarray(parts["wear"]) > limit)
    )


def made_parts() -> dict[str, np.ndarray]:
    """2,400 made-up parts in the same columns; a few per cent fail, by :func:`by_the_rules` or from wear, by chance."""
    generator, n = np.random.default_rng(34), MADE_ROWS
    air = 300.0 + 2.0 * np.sin(np.arange(n) / 180.0) + generator.normal(0, 0.4, n)
    process = air + 10.0 + generator.normal(0, 1.0, n)
    speed = np.round(1180.0 + generator.gamma(2.2, 160.0, n)).astype(np.int64)
    torque = np.maximum(5.0, 40.0 - 0.03 * (speed - 1500) + generator.normal(0, 7.0, n))
    quality = pick(generator, {"L": 60, "M": 30, "H": 10}, n)
    used = np.select([quality == "H", quality == "M"], [5, 3], 2)  # minutes of wear a part
    wear, worn = np.zeros(n, np.int64), 0
    for at in range(n):
        wear[at] = worn
        worn = 0 if worn > 200 + generator.integers(0, 40) else worn + int(used[at])
    made = {
        "quality": quality, "air": np.round(air, 1), "process": np.round(process, 1), "speed": speed,
        "torque": np.round(torque, 1), "wear": wear,
    }  # fmt: skip
    failed = by_the_rules(made) | ((wear > 200) & (generator.random(n) < 0.1))
    return made | {TARGET: failed.astype(np.int64)}


_KINDS = {
    "quality": "<U1", "air": "float64", "process": "float64", "speed": "int64", "torque": "float64", "wear": "int64",
    TARGET: "int64",
}  # fmt: skip

AI4I = Entry(
    title="AI4I 2020 predictive maintenance",
    file="ai4i2020_predictive_maintenance.csv.gz",
    size=134_310,
    sha256="d9cd61667102091fcb6fa79d0cadd82f30627bba58c180071fe7d4649e294342",
    source="S. Matzka, Explainable AI for Predictive Maintenance Applications, AI4I 2020; UCI; made by its author",
    licence="CC BY 4.0",
    read=read,
    arrays={name: (dtype, (10_000,)) for name, dtype in _KINDS.items()},
    stand_in=StandIn.own("Made-up parts cut on a machine", made_parts),
    spoken="AI4I",
    meanings={TARGET: "the machine failed"},
)
