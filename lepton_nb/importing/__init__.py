"""A registry of models becomes a client's folder: ``lepton-nb import mlflow``.

``rest`` asks the server, ``entries`` says what a model is, ``tables`` counts, ``models`` fetches model files, ``folder``
writes, ``blanks`` says in sentences what a person fills in. Nothing is invented: what MLflow does not know stays empty, is
named in FILL_IN.md, and is refused by ``lepton-nb check`` until it is filled in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lepton_nb.client import ClientProblems, check, fields
from lepton_nb.client.files import CLIENT_YML, Unreadable, size_of
from lepton_nb.client.schema import ASSETS, TABLES
from lepton_nb.client.words import did_you_mean, quoted
from lepton_nb.importing import blanks, tables
from lepton_nb.importing import models as model_files
from lepton_nb.importing.entries import TAG, Entry, entries, run_of
from lepton_nb.importing.folder import FEWEST, Filling, placed, split_of
from lepton_nb.importing.rest import Down, Missing, Registry, Unusable

__all__ = ["Imported", "Taken", "Unusable", "from_mlflow", "sentence"]

MOST_VERSIONS = 20  # of a model, the newest, whose metrics are written down
OWN_TAGS = ("asset_id", "predictions", "data", "test_from", *(f"column.{part}" for part in tables.COLUMNS))


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was taken of one model. notes: what was not, and why."""

    entry: Entry
    evaluation: bool = False
    case: bool = False
    model: str = ""  # path of its file in the folder
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A folder that was written. blanks: values that a person fills in before check accepts it."""

    folder: Path
    taken: tuple[Taken, ...]
    blanks: int


def from_mlflow(
    uri: str,
    out: Path,
    *,
    models: Iterable[str] = (),
    experiments: Iterable[str] = (),
    keep: Path | None = None,
    entry_only: Iterable[str] = (),
    same: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Imported:
    """Write a client's folder from the registered models of an MLflow server.

    models, experiments: only these. keep: an earlier folder of the client, of which all that MLflow does not say is kept.
    entry_only: models of which no artifact is read; "*" is all. same: columns of assets.csv that are the same for each
    model, given by a person. Nothing half-written is left behind. Raises ValueError in sentences: a server that cannot
    be read, a model that is a pickle, a table with other values than it should have; ClientProblems where the folder
    would be refused for more than its blanks.
    """
    same = dict(same or {})
    columns = fields.columns(TABLES[ASSETS].type)
    for name in same:
        if name not in columns or name == "asset_id":
            near = did_you_mean(name, columns) or f"The columns are {', '.join(columns)}."
            raise Unusable(f"--asset {name}: assets.csv has no such column to be filled. {near[0].upper()}{near[1:]}")
    if keep is not None:
        _judge_kept(keep)
    registry = Registry(uri, os.environ if environment is None else environment)
    found = entries(registry, models, experiments)
    done: dict[str, Any] = {}

    def fill(part: Path) -> None:
        filling = Filling(part, keep)
        filling.assets(found, {entry.asset_id: same | _columns_said(entry, columns) for entry in found})
        taken, stops = [], []
        for entry in found:
            try:
                taken.append(_take(registry, entry, filling, {*entry_only} & {entry.name, "*"} != set(), columns))
            except Down:
                raise
            except Unusable as stop:
                stops.append(f"{quoted(entry.name)}, version {entry.chosen.number}: {stop}")
        if stops:
            raise Unusable(
                "\n".join(stops) + "\nNothing was written. With --entry-only MODEL, no artifact of that model is read."
            )
        _versions(registry, found, filling)
        filling.finish()
        report = check(part)
        if wrong := [problem for problem in report.problems if not blanks.blank(problem)]:
            raise ClientProblems(tuple(wrong))
        empty = filling.blank_cells(found)
        done["blanks"] = blanks.write(part, taken, report.problems, empty)
        done["taken"] = tuple(taken)

    try:
        placed(out, fill)
    except Unreadable as stop:
        raise ClientProblems((stop.problem,)) from None
    return Imported(folder=out, **done)


def sentence(taken: Taken) -> str:
    """What was taken of one model, in one line."""
    found = ["counts beside a baseline"] * taken.evaluation
    found += ["a case with the model's file" if taken.model else "a case with predictions"] * taken.case
    found += [f"the model's file {taken.model}"] * (bool(taken.model) and not taken.case)
    name = "" if taken.entry.label == taken.entry.asset_id else f" ({taken.entry.label})"
    return f"{taken.entry.asset_id}{name}: {taken.entry.why}. Taken: {', '.join(found) or 'the entry alone'}."


def _judge_kept(keep: Path) -> None:
    """Whether a folder can be kept: a client's, with nothing wrong but what is not filled in yet."""
    if not (keep / CLIENT_YML).is_file():
        raise Unusable(f"{keep} is not a client's folder: it holds no {CLIENT_YML}. Correct --keep.")
    if wrong := [problem for problem in check(keep.absolute()).problems if not blanks.blank(problem)]:
        raise ClientProblems(tuple(wrong))


def _columns_said(entry: Entry, columns: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in entry.said.items() if name in columns and name != "asset_id"}


def _take(registry: Registry, entry: Entry, filling: Filling, entry_only: bool, columns: Mapping[str, Any]) -> Taken:
    """Write what the run and the artifacts of a model give."""
    notes, before = [], filling.kept_of(entry)
    for name in entry.said:
        if name not in (*columns, *OWN_TAGS):
            near = did_you_mean(name, (*columns, *OWN_TAGS))
            notes.append(f"the tag {TAG}{name} is not known{'; ' + near.rstrip('?') if near else ''}")
    run = entry.run
    if run is None:
        notes.append("its run is not known, so there are no metrics and no predictions")
    threshold = _threshold(entry)
    counted: Any = tables.of_metrics(run.metrics, f"MLflow run {run.name}: metrics") if run else ""
    table = None
    if run and not entry_only:
        table = _table(registry, entry, filling, notes)
    path, case = "", False
    if table is not None:
        case = filling.predictions(entry, table, threshold)
        if not case:
            notes.append(f"no case: {table.file} has fewer than {FEWEST} rows of a class")
        of_rows = tables.of_predictions(table, threshold, f"MLflow run {run.name}: {table.file}")
        if isinstance(of_rows, str):
            notes.append(f"no counts from its rows: {of_rows}")
        elif not isinstance(counted, str) and counted.model != of_rows.model:
            notes.append("its rows and its metrics count differently; the rows are taken")
        counted = counted if isinstance(of_rows, str) else of_rows
    evaluated = not isinstance(counted, str)
    if evaluated:
        filling.evaluation(entry, counted)
    elif counted:
        notes.append(f"no counts from its metrics: {counted}")
    if not entry_only and table is None:
        try:
            path, case = _model(registry, entry, filling, notes)
        except Unusable as stop:
            if not evaluated or isinstance(stop, Down):
                raise
            notes.append(str(stop).removesuffix("."))
    for what in before:
        if {"case": case, "counts": evaluated}[what]:
            continue
        notes.append(f"version {entry.chosen.number} brings no {what}: what the kept folder holds is of an earlier one")
    return Taken(entry=entry, evaluation=evaluated, case=case, model=path, notes=tuple(notes))


def _threshold(entry: Entry) -> float | None:
    """The score from which the run says that it flags: a param or metric ``threshold`` between 0 and 1."""
    run = entry.run
    given = (run.params.get("threshold") or run.metrics.get("threshold")) if run else None
    try:
        value = float(given)
    except (TypeError, ValueError):
        return None
    return value if 0 <= value <= 1 else None


def _table(registry: Registry, entry: Entry, filling: Filling, notes: list[str]) -> tables.Predictions | None:
    """The predictions table of an entry's run; None: there is none, and a note says so where one was meant."""
    named = entry.said.get("predictions")
    if named == "none":
        return None
    if named is None:
        there = registry.artifacts(entry.run.run_id)
        named = next((name for name in tables.NAMES if name in there), None)
        if named is None:
            return None
    found = _fetched(registry, entry, filling, named)
    try:
        table = tables.read(found, named, entry.said)
    finally:
        found.unlink(missing_ok=True)
    if isinstance(table, str):
        notes.append(f"{named} is not taken: {table}")
        return None
    return table


def _fetched(registry: Registry, entry: Entry, filling: Filling, path: str) -> Path:
    """A table among the artifacts of the entry's run, on this disk for a moment. Raises Unusable."""
    ending = Path(path).suffix.lower()
    if ending not in (".csv", ".parquet", ".json"):
        raise Unusable(f"{quoted(path)} is no table: .csv, .parquet and .json (mlflow.log_table) are read.")
    target = filling.root / f"{entry.asset_id}{ending}.part"
    try:
        registry.run_file(entry.run.run_id, path, target, size_of("table.csv"))
    except Missing:
        raise Unusable(f"its run has no artifact {quoted(path)}. Correct the tag.") from None
    return target


def _model(registry: Registry, entry: Entry, filling: Filling, notes: list[str]) -> tuple[str, bool]:
    """The path of the model file in the folder, and whether there is a case for it: data named by a tag."""
    folder = filling.root / "models"
    folder.mkdir(exist_ok=True)
    try:
        path = f"models/{model_files.fetch(registry, entry, folder).name}"
    finally:
        if not any(folder.iterdir()):
            folder.rmdir()
    named = entry.said.get("data")
    if named is None or entry.run is None:
        notes.append(
            f"{path} has no data to be judged on: add a case to {CLIENT_YML}, or name a table in the tag {TAG}data"
        )
        return path, False
    found = _fetched(registry, entry, filling, named)
    try:
        case = tables.labelled(found, named, entry.said)
        data = f"data/{entry.asset_id}.csv"
        filling.records(data, case.records)
    finally:
        found.unlink(missing_ok=True)
    said = {"data": data, "target": case.target} | ({"baseline_column": case.baseline} if case.baseline else {})
    threshold = _threshold(entry)
    target = case.records[0].index(case.target)
    if split := split_of((row[target] for row in case.records[1:] if len(row) > target), threshold is not None):
        said["split"] = split
    said |= {"model": path} | ({} if threshold is None else {"threshold": f"{threshold:.10g}"})
    filling.case(entry, said | {"evaluated_on": entry.run.day.isoformat()})
    return path, True


def _versions(registry: Registry, found: Iterable[Entry], filling: Filling) -> None:
    """Write down all versions with their stages, and the metrics of the newest: for people, no value rests on them."""
    versions, metrics = [], []
    for entry in found:
        for version in entry.versions:
            taken = "yes" if version == entry.chosen else ""
            aliases = " ".join(version.aliases)
            versions.append(
                [entry.asset_id, version.number, version.stage, aliases, version.created, version.run_id, taken]
            )
        for version in entry.versions[-MOST_VERSIONS:]:
            try:
                known = entry.run if version == entry.chosen else run_of(registry, version.run_id)
            except Unusable as stop:
                if isinstance(stop, Down):
                    raise
                continue
            if known is not None:
                metrics += [
                    [entry.asset_id, version.number, name, value] for name, value in sorted(known.metrics.items())
                ]
    header = ["asset_id", "version", "stage", "aliases", "created", "run", "taken"]
    filling.evidence("mlflow_versions.csv", header, versions)
    filling.evidence("mlflow_metrics.csv", ["asset_id", "version", "metric", "value"], metrics)
