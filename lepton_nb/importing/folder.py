"""The client's folder: what a registry says is written into it, what a person filled in before is kept.

Rows that come from MLflow have their own key (the asset's id, the evaluation ``<asset_id>_mlflow``), so that a later import
replaces them and nothing else: money per outcome and benefits that refer to them stay.
"""

from __future__ import annotations

import csv
import errno
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lepton_nb import terms
from lepton_nb.client import fields, template
from lepton_nb.client.drafts import Draft
from lepton_nb.client.files import CLIENT_YML, Folder
from lepton_nb.client.schema import CONFUSION, PAIRED, TABLES, Dialect
from lepton_nb.client.words import PLAIN_NUMBER
from lepton_nb.importing.entries import Entry
from lepton_nb.importing.rest import Unusable
from lepton_nb.importing.tables import Counted, Predictions

TOP = """\
# A client's folder, filled by lepton-nb import mlflow. FILL_IN.md lists what a person writes in: MLflow does not know it.
# lepton-nb check <this folder> lists what is still missing. README.md explains every column of the CSV files.
# Money is in one currency, rates are fractions (0.095 is 9.5 %), dates are YYYY-MM-DD.
# A line that begins with "# key:" is optional; remove the "# " to use it."""

KIND = "risk_classifier"  # of a case whose rows have a class of 0 or 1


#: Fewest rows of each class for a case; and for one whose test takes most rows, since nothing is chosen on the others.
FEWEST, ENOUGH = 10, 25


def split_of(target: Iterable[Any], threshold_known: bool) -> dict[str, str] | None:
    """The split of rows that were all scored apart from training; None: too few of a class for a case.

    They are all fit to judge a model. Four fifths do, where the threshold comes with the model; half, where it is
    chosen here on the others.

    >>> split_of([0, 1] * 40, True), split_of([0, 1] * 40, False), split_of([0] * 99 + [1], True)
    ({'by': 'random', 'test_share': '0.8'}, {'by': 'random', 'test_share': '0.5'}, None)
    """
    classes = Counter(target)
    least = min(classes.values()) if len(classes) > 1 else 0
    if least < FEWEST:
        return None
    return {"by": "random", "test_share": "0.8" if threshold_known and least >= ENOUGH else "0.5"}


def evaluation_id(asset_id: str) -> str:
    """The evaluation that an import writes; the same for every version, so that what refers to it goes on."""
    return f"{asset_id}_mlflow"


class Filling:
    """A client's folder while it is filled. Write last: :meth:`finish`."""

    def __init__(self, root: Path, keep: Path | None):
        self.root = root
        if keep is None:
            template.new(root, template.BLANK)
        else:
            shutil.copytree(keep, root, symlinks=True)
        self.source = Folder(root)
        self.settings = _over(template.BLANK_SETTINGS, self.source.settings(Draft()))
        if isinstance(said := self.settings.get("csv"), dict):
            self.source.dialect = Dialect(**said)
        self.cases: list[dict[str, Any]] = []
        self.kept = keep is not None

    def rows(self, file: str, rows: Iterable[Mapping[str, Any]], ours: Callable[[Mapping[str, str]], bool]) -> None:
        """Write rows into a table, in place of those that are ours; other rows stay as they are."""
        if file in self.source.labels:
            raise Unusable(f"{self.source.labels[file]} is a Parquet file. Save it as CSV: rows are written into it.")
        records = self.source.records(file) if file in self.source.files else []
        header = [name.strip() for name in records[0]] if records else list(fields.columns(TABLES[file].type))
        kept = [dict(zip(header, record, strict=False)) for record in records[1:]]
        rows = [{name: self._cell(cell) for name, cell in row.items()} for row in rows]
        header += [name for row in rows for name in row if name not in header]
        header = list(dict.fromkeys(header))
        self._write(file, header, [*(row for row in kept if not ours(row)), *rows])

    def assets(self, entries: Iterable[Entry], said: Mapping[str, Mapping[str, str]]) -> None:
        """The assets: what MLflow says in place of what stood there, all other cells kept. said: by asset."""
        file = "assets.csv"
        records = self.source.records(file) if file in self.source.files else []
        header = [name.strip() for name in records[0]] if records else []
        before = {
            row["asset_id"].strip(): row
            for row in (dict(zip(header, record, strict=False)) for record in records[1:])
            if row.get("asset_id")
        }
        new = {
            entry.asset_id: {"kind": "model", **before.get(entry.asset_id, {})}
            | {
                "asset_id": entry.asset_id,
                "name": entry.label,
                "lifecycle_stage": entry.stage,
                "documentation": f"MLflow: {entry.label}, version {entry.chosen.number}",
            }
            | dict(said[entry.asset_id])
            for entry in entries
        }
        self.rows(file, new.values(), lambda row: row.get("asset_id", "").strip() in new)

    def evaluation(self, entry: Entry, counted: Counted) -> None:
        """The confusion counts of a model and of its baseline, with the paired counts where they are known."""
        name = evaluation_id(entry.asset_id)
        day = entry.run.day.isoformat()
        rows = []
        for asset_id, policy, cells in (
            (entry.asset_id, f"version {entry.chosen.number}", counted.model),
            ("", "baseline", counted.baseline),
        ):
            sample = counted.sample
            if not asset_id:
                sample = "same cases" if counted.same_classes else "other cases than the model's"
            rows.append(
                {"evaluation_id": name, "asset_id": asset_id, "policy": policy, "evaluated_on": day, "sample": sample}
                | {"n": sum(cells.values())}
                | {cell: cells[cell] for cell in terms.OUTCOMES}
            )
        self.rows(CONFUSION, rows, lambda row: row.get("evaluation_id", "").strip() == name)
        columns = ("y_true", "flagged_by_model", "flagged_by_baseline")
        paired = [
            {"evaluation_id": name} | dict(zip(columns, key, strict=True)) | {"count": count}
            for key, count in counted.paired.items()
        ]
        if paired or PAIRED in self.source.files:
            self.rows(PAIRED, paired, lambda row: row.get("evaluation_id", "").strip() == name)

    def predictions(self, entry: Entry, table: Predictions, threshold: float | None) -> bool:
        """The scored rows of a model, for the pages on thresholds, and as a case by the door of predictions.

        Whether there is a case: it needs rows enough of each class.
        """
        numbers = range(1, len(table) + 1)
        scored = "score" if table.score else "decision"
        columns = {"target": table.target, "baseline": table.baseline, "amount": table.amount, "group": table.group}
        columns = {name: cells for name, cells in (columns | {"day": table.day}).items() if cells}
        if table.score:
            rated = {"row_id": numbers, "y_true": table.target, "score": table.score}
            rated |= {name: columns[name] for name in ("group", "amount") if name in columns}
            self._columns(f"metrics/predictions_{entry.asset_id}.csv", rated)
        known = threshold is not None or not table.score
        split = split_of(table.target, known)
        if split is None:
            return False
        data, scores = f"data/{entry.asset_id}.csv", f"data/{entry.asset_id}_scores.csv"
        self._columns(data, {"row": numbers} | columns)
        self._columns(scores, {"row": numbers, scored: getattr(table, scored)})
        case: dict[str, Any] = {"data": data, "target": "target"}
        case |= {f"{name}_column": name for name in ("baseline", "amount", "group") if name in columns}
        case |= {"predictions": scores, "score_column": scored}
        if threshold is not None and table.score:
            case["threshold"] = f"{threshold:.10g}"
        if table.day and entry.said.get("test_from"):
            case["split"] = {"by": "day", "test_from": entry.said["test_from"]}
        else:
            case |= {"split": split, "evaluated_on": entry.run.day.isoformat()}
        self.case(entry, case)
        return True

    def kept_of(self, entry: Entry) -> list[str]:
        """What an earlier import or a person gave of a model, in words, that this one would leave as it is."""
        found = []
        if any(case.get("asset_id") == entry.asset_id for case in self.settings.get("cases") or ()):
            found.append("case")
        records = self.source.records(CONFUSION) if self.kept and CONFUSION in self.source.files else []
        if any(evaluation_id(entry.asset_id) in map(str.strip, record) for record in records):
            found.append("counts")
        return found

    def case(self, entry: Entry, said: Mapping[str, Any]) -> None:
        """A case of a model, in place of one that it had."""
        self.cases.append({"asset_id": entry.asset_id, "case": KIND, **said})

    def records(self, file: str, records: list[list[str]]) -> None:
        """A whole table, as it was found."""
        header, *rows = records
        decimal = self.source.dialect.decimal
        cells = [[cell.replace(".", decimal) if PLAIN_NUMBER.fullmatch(cell) else cell for cell in row] for row in rows]
        self._write(file, header, [dict(zip(header, row, strict=False)) for row in cells])

    def evidence(self, file: str, header: list[str], rows: list[list[Any]]) -> None:
        """A table beside the client's, for people: it is not read."""
        path = f"evidence/{file}"
        self._write(path, header, [dict(zip(header, map(self._cell, row), strict=True)) for row in rows])

    def finish(self) -> None:
        """Write client.yml, with the cases."""
        if self.kept and not self.cases:
            return
        own = {case["asset_id"] for case in self.cases}
        others = [case for case in self.settings.get("cases") or () if case.get("asset_id") not in own]
        self.settings["cases"] = [*others, *self.cases]
        (self.root / CLIENT_YML).write_text(template.client_yml(self.settings, "", TOP), encoding="utf-8")

    def blank_cells(self, entries: Iterable[Entry]) -> dict[str, list[str]]:
        """The required columns of assets.csv that are empty, with the assets."""
        header, *rows = self.source.records("assets.csv")
        own = {entry.asset_id for entry in entries}
        table = [dict(zip(header, row, strict=False)) for row in rows]
        needed = [name for name, info in fields.columns(TABLES["assets.csv"].type).items() if info.is_required()]
        found = {
            name: [row["asset_id"] for row in table if row["asset_id"] in own and not row[name]] for name in needed
        }
        return {name: assets for name, assets in found.items() if assets}

    # --- cells

    def _cell(self, cell: Any) -> str:
        """A value as the folder's tables write it: decimals after the sign that client.yml declares."""
        if isinstance(cell, float):
            return f"{cell!r}".removesuffix(".0").replace(".", self.source.dialect.decimal)
        return str(cell)

    def _columns(self, file: str, columns: Mapping[str, Iterable[Any]]) -> None:
        rows = zip(*columns.values(), strict=True)
        self._write(file, list(columns), [dict(zip(columns, map(self._cell, row), strict=True)) for row in rows])

    def _write(self, file: str, header: list[str], rows: Iterable[Mapping[str, str]]) -> None:
        path = self.root / file
        path.parent.mkdir(exist_ok=True)
        for other in (path, path.with_suffix(".parquet")):
            other.unlink(missing_ok=True)  # a link of the kept folder must not be written through
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(
                stream, header, restval="", delimiter=self.source.dialect.delimiter, lineterminator="\n"
            )
            writer.writeheader()
            writer.writerows(rows)
        self.source.files = sorted({*self.source.files, file})


def _over(blank: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that are given, and those that are still blank: the reader leaves keys without a value out."""
    whole = {**blank, **given}
    return {
        key: _over(blank[key], value) if isinstance(value, dict) and isinstance(blank.get(key), dict) else value
        for key, value in whole.items()
    }


def placed(out: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder beside ``out`` and put it there whole, or leave nothing behind.

    Raises FileExistsError where something is there already, ValueError where the place cannot be written.
    """
    target = out.absolute()
    part = target.parent / f".{target.name}.{os.getpid()}.part"
    try:
        empty = target.is_dir() and not target.is_symlink() and not any(target.iterdir())
        if os.path.lexists(target) and not empty:
            raise FileExistsError(
                f"{out} exists and is not empty; give a new name (what was filled in comes with --keep)."
            )
        os.makedirs(target.parent, exist_ok=True)
        fill(part)
        if empty:
            target.rmdir()
        part.rename(target)
    except OSError as error:
        if isinstance(error, FileExistsError) or error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ValueError(f"{out} cannot be written ({error.strerror or error}); give another place.") from error
    finally:
        with suppress(OSError):
            shutil.rmtree(part, ignore_errors=True)
