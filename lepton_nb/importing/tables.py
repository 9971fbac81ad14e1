"""Counts of a model and of what was done before: from the metrics of a run, or row by row from a predictions table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lepton_nb import terms
from lepton_nb.client import files
from lepton_nb.client.cells import calendar_date, number, probability_score, zero_or_one
from lepton_nb.client.schema import Dialect
from lepton_nb.client.words import Refused, quoted
from lepton_nb.importing.rest import Unusable

#: Names of a predictions table at the top of a run's artifacts.
NAMES = ("predictions.csv", "predictions.parquet", "predictions.json")
#: What a column is called, whatever the case of its letters. Only these columns are taken: others may name persons.
COLUMNS = {
    "target": ("target", "y_true", "label", "actual", "outcome"),
    "score": ("score", "y_score", "probability", "proba"),
    "decision": ("decision", "prediction", "predicted", "y_pred"),
    "baseline": ("baseline", "baseline_decision", "baseline_prediction"),
    "amount": ("amount",),
    "group": ("group",),
    "day": ("date", "day"),
}
#: How a run calls the cells of a confusion matrix: ours, and those of mlflow.models.evaluate.
LONG = {"tp": "true_positives", "fp": "false_positives", "fn": "false_negatives", "tn": "true_negatives"}
BASELINE = "baseline_"
_BOOLEAN = {"true": "1", "false": "0", "1.0": "1", "0.0": "0"}


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Rows scored by a model. Columns that the table does not have are empty."""

    file: str
    target: tuple[int, ...]
    score: tuple[float, ...] = ()
    decision: tuple[int, ...] = ()
    baseline: tuple[int, ...] = ()
    amount: tuple[float, ...] = ()
    group: tuple[str, ...] = ()
    day: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.target)

    def decisions(self, threshold: float | None) -> tuple[int, ...]:
        """What the model flagged: its own decisions, else scores from a threshold on; empty: neither is known."""
        if self.decision or threshold is None:
            return self.decision
        return tuple(int(score >= threshold) for score in self.score)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A model's confusion counts beside the baseline's. paired: (y_true, model, baseline) → cases; empty: not known."""

    model: Mapping[str, int]
    baseline: Mapping[str, int]
    sample: str
    paired: Mapping[tuple[int, int, int], int]

    @property
    def n(self) -> int:
        """Cases of the model."""
        return sum(self.model.values())

    @property
    def same_classes(self) -> bool:
        """Whether both met as many positive cases, and as many negative ones."""
        return all(
            sum(self.model[cell] for cell in cells) == sum(self.baseline[cell] for cell in cells)
            for cells in (("tp", "fn"), ("fp", "tn"))
        )


def read(path: Path, name: str, said: Mapping[str, str]) -> Predictions | str:
    """A predictions table, or a sentence on why it is none.

    path: the file; name: as the run calls it. said: ``column.target`` and so on name a column that is called otherwise.
    Raises Unusable for one that cannot be read, or holds other values than it should.
    """
    records = _records(path, name)
    header = [cell.strip() for cell in records[0]] if records else []
    places: dict[str, int] = {}
    for part, names in COLUMNS.items():
        if given := said.get(f"column.{part}"):
            if given not in header:
                raise Unusable(f"{name} has no column {quoted(given)}, which the tag lepton.column.{part} names.")
            places[part] = header.index(given)
            continue
        known = [place for place, cell in enumerate(header) if cell.lower() in names]
        if len(known) > 1:
            both = " and ".join(quoted(header[place]) for place in known)
            raise Unusable(f"{name} has {both}: name the one that is meant in the tag lepton.column.{part}.")
        if known:
            places[part] = known[0]
    for part in ("target", "score"):
        if part not in places and (part == "target" or "decision" not in places):
            wanted = "the true class" if part == "target" else "scores or decisions"
            return f"it has no column of {wanted} (called {', '.join(COLUMNS[part])}; or named in a tag lepton.column.{part})"
    rows = [record for record in records[1:] if any(cell.strip() for cell in record)]
    if len(rows) < 2:
        raise Unusable(f"{name} has {len(rows)} rows; two are needed at least.")
    cells = {part: [record[place].strip() if place < len(record) else "" for record in rows] for part, place in places.items()}  # fmt: skip
    if "score" not in cells and any(_BOOLEAN.get(cell.lower(), cell) not in ("0", "1") for cell in cells["decision"]):
        cells["score"] = cells.pop("decision")  # a column "prediction" of numbers between: they are scores
        places["score"] = places.pop("decision")

    def column(part: str, reader: Callable[[Any], Any]) -> tuple:
        values = []
        for line, cell in enumerate(cells.get(part, ()), start=2):
            try:
                values.append(reader(cell))
            except Refused as stop:
                where = f"{name} row {line}, {header[places[part]]}"
                raise Unusable(f"{where}: {stop.found}; {stop.remedy}.") from None
        return tuple(values)

    def flag(cell: str) -> int:
        return zero_or_one(_BOOLEAN.get(cell.lower(), cell))

    return Predictions(
        file=name,
        target=column("target", flag),
        score=column("score", probability_score),
        decision=column("decision", flag),
        baseline=column("baseline", flag),
        amount=column("amount", number),
        group=column("group", str),
        day=column("day", lambda cell: calendar_date(cell[:10]).isoformat()),
    )


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A table on which a model is judged: its cells, the header first, and the columns that are known."""

    records: list[list[str]]
    target: str
    baseline: str  # empty: it has none


def labelled(path: Path, name: str, said: Mapping[str, str]) -> Labelled:
    """A table of features with the true class. Raises Unusable."""
    records = _records(path, name)
    header = [cell.strip() for cell in records[0]] if records else []
    found = {}
    for part in ("target", "baseline"):
        wanted = (given,) if (given := said.get(f"column.{part}")) else COLUMNS[part]
        known = [cell for cell in header if cell in wanted or (not given and cell.lower() in wanted)]
        if len(known) != 1 and (part == "target" or given or known):
            what = " and ".join(map(quoted, known)) or f"no column {' or '.join(map(quoted, wanted))}"
            raise Unusable(f"{name} has {what}: name the one column that is meant in the tag lepton.column.{part}.")
        found[part] = known[0] if known else ""
    return Labelled(records=[header, *records[1:]], **found)


def _records(path: Path, name: str) -> list[list[str]]:
    """The cells of a table as texts, the header first. Raises Unusable."""
    try:
        if name.lower().endswith(".parquet"):
            return files.parquet_records(name, path, files.size_of(name))
        text = path.read_bytes().decode("utf-8-sig")
        if name.lower().endswith(".csv"):
            return files.csv_records(name, text, Dialect())
        found = json.loads(text)
        if isinstance(found, list):  # pandas: orient="records"
            found = {"columns": list(found[0]) if found else [], "data": [list(item.values()) for item in found]}
        return [
            [str(column) for column in found["columns"]],
            *([files.cell_text(cell) for cell in row] for row in found["data"]),
        ]
    except files.Unreadable as stop:
        raise Unusable(f"{name}: {stop.problem.found}; {stop.problem.remedy}.") from None
    except UnicodeDecodeError:
        raise Unusable(f"{name} is not UTF-8; log it again as UTF-8, or with mlflow.log_table.") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise Unusable(
            f"{name} cannot be read as a table; log it with mlflow.log_table, or as CSV or Parquet."
        ) from None


def of_predictions(table: Predictions, threshold: float | None, sample: str) -> Counted | str:
    """The paired counts of a table, or a sentence on why there are none."""
    decisions = table.decisions(threshold)
    if not table.baseline:
        return f"{table.file} does not say what was done before (a column {', '.join(COLUMNS['baseline'])})"
    if not decisions:
        return f"{table.file} has scores and no decisions, and the run no param or metric called threshold"
    paired = Counter(zip(table.target, decisions, table.baseline, strict=True))
    whole = {(y, m, b): paired[y, m, b] for y in (1, 0) for m in (1, 0) for b in (1, 0)}
    sides = ({}, {})
    for place, side in enumerate(sides, start=1):
        for cell, y, flagged in (("tp", 1, 1), ("fp", 0, 1), ("fn", 1, 0), ("tn", 0, 0)):
            side[cell] = sum(n for key, n in whole.items() if (key[0], key[place]) == (y, flagged))
    return Counted(model=sides[0], baseline=sides[1], sample=sample, paired=whole)


def of_metrics(metrics: Mapping[str, float], sample: str) -> Counted | str:
    """The counts that a run logged as metrics, or a sentence on why there are none; empty: it logged none.

    tp, fp, fn, tn or true_positives …, each also with test_ before it; the baseline's with baseline_ before it.
    """
    sides = []
    for before in ("", BASELINE):
        sets = [
            {cell: metrics.get(f"{before}{first}{name}") for cell, name in names.items()}
            for first in ("test_", "")
            for names in ({cell: cell for cell in terms.OUTCOMES}, LONG)
        ]
        whole = [found for found in sets if None not in found.values()]
        if not whole:
            told = "" if before == "" else f"its metrics count no baseline ({BASELINE}tp, {BASELINE}fp, …)"
            return told
        found = whole[0]
        if any(value < 0 or value != int(value) for value in found.values()):
            return "its metrics are rates where counts are needed (the uncertainty needs the number of cases)"
        sides.append({cell: int(value) for cell, value in found.items()})
    if not sides[0]["tp"] + sides[0]["fn"]:
        return "its metrics count no positive case"
    if not sum(sides[1].values()):
        return "its metrics count no case of the baseline"
    return Counted(model=sides[0], baseline=sides[1], sample=sample, paired={})
