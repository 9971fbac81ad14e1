"""What a chapter measured, as a typed record on disk.

A chapter ends by saving a :class:`Record`. Later chapters read records, never another notebook's
variables. Everything but ``seconds`` repeats exactly when the chapter is executed again.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from lepton_nb import terms

SCHEMA = 1


@dataclass(frozen=True)
class Figure:
    """One number with its conditions. Shares and rates are fractions; money is in ``unit``.

    value None means undefined: ``note`` then says why, in a sentence.
    """

    name: str
    value: float | int | str | bool | None
    unit: str
    low: float | None = None
    high: float | None = None
    interval: str = ""  # what low..high is, e.g. "95 % Wilson"
    n: int | None = None  # cases behind the number
    seed: int | None = None
    source: str = ""
    note: str = ""


@dataclass
class Record:
    """The results of one chapter. ``add`` figures, ``add_table`` tables, then ``save``."""

    chapter: str
    profile: str = "quick"
    figures: dict[str, Figure] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    data: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)  # of a recorded run: command, date, processor, versions, …

    def add(self, name: str, value, unit: str, **conditions) -> Figure:
        """Add one figure. Raises ValueError for a second figure of that name or a number that is not finite."""
        if name in self.figures:
            raise ValueError(f"{self.chapter}: figure {name!r} was added already.")
        conditions = {key: _plain(item) for key, item in conditions.items()}
        figure = Figure(name, _plain(value), unit, **conditions)
        for part in (figure.value, figure.low, figure.high):
            if isinstance(part, float) and not math.isfinite(part):
                raise ValueError(
                    f"{self.chapter}: figure {name!r} is not a finite number. Received: {part}. "
                    "Give value=None and a note that says why it is undefined."
                )
        if figure.value is None and not figure.note:
            raise ValueError(f"{self.chapter}: figure {name!r} has no value; its note must say why.")
        self.figures[name] = figure
        return figure

    def add_rate(self, name: str, rate, unit: str = "fraction", **conditions) -> Figure:
        """Add a share with its interval: anything with value, low, high and n, as the Wilson interval has them."""
        ends = {"low": rate.low, "high": rate.high, "interval": "95 % Wilson", "n": rate.n}
        return self.add(name, rate.value, unit, **ends | conditions)

    def add_mean(self, name: str, parts: Sequence[str], **conditions) -> Figure:
        """Add the mean of figures of this record, one a training: their lowest and highest are its range.

        One training has no spread of its own: its figure's interval, where it has one, is kept as it is.
        """
        found = [self.figures[part] for part in parts]
        only, values = found[0], [figure.value for figure in found]
        if len(found) == 1:
            ends = {"low": only.low, "high": only.high, "interval": only.interval, "seed": only.seed}
        else:
            ends = {"low": min(values), "high": max(values), "interval": f"lowest and highest of {len(found)} seeds"}
        given = {"n": only.n, "source": only.source} | ends | conditions
        return self.add(name, sum(values) / len(values), only.unit, **given)

    def add_table(self, name: str, rows) -> None:
        """Add a table: a DataFrame or a sequence of mappings of plain values."""
        if hasattr(rows, "to_dict"):
            rows = rows.to_dict("records")
        self.tables[name] = [{str(key): _plain(item) for key, item in row.items()} for row in rows]

    def add_data(self, dataset) -> None:
        """Note which data set was used: anything with name, stand_in, source and sha256; its spoken name, if it has one."""
        noted = {key: getattr(dataset, key) for key in ("name", "stand_in", "source", "sha256")}
        spoken = getattr(dataset, "spoken", "")
        self.data.append(noted | ({"spoken": spoken} if spoken else {}))

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return {
            "schema": SCHEMA,
            "chapter": self.chapter,
            "profile": self.profile,
            "figures": {name: asdict(figure) for name, figure in self.figures.items()},
            "tables": self.tables,
            "data": self.data,
            "seconds": {name: _brief(float(value)) for name, value in self.seconds.items()},
        }

    def save(self, folder: str | Path = "") -> Path:
        """Write ``<chapter>.json`` in one step: a reader never sees half a record."""
        target = records_folder(folder) / f"{self.chapter}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.to_dict(), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
        os.replace(temporary, target)
        return target

    def __getitem__(self, name: str) -> Figure:
        return self.figures[name]


def _brief(seconds: float) -> float:
    """Wall times to a millisecond, those below a second to three digits: an answer of a network takes less than one."""
    return round(seconds, 3) if abs(seconds) >= 1 else float(f"{seconds:.3g}")


def _plain(value):
    """numpy scalars and arrays, dates and enums as JSON values."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


#: Between the name of a chapter and the asset for whose case it was executed.
OF_CASE = "@"


def task_name(chapter: str, case: str = "") -> str:
    """The name of a chapter's execution for the case of an asset; without a case, the chapter's own.

    >>> task_name("risk_classifier", "C1"), task_name("risk_classifier")
    ('risk_classifier@C1', 'risk_classifier')
    """
    return f"{chapter}{OF_CASE}{case}" if case else chapter


def records_folder(folder: str | Path = "") -> Path:
    """The folder given, or the reader's own: ``.lepton/reader`` in the project."""
    from lepton_nb import paths

    return Path(folder) if str(folder) else paths.state_folder() / "reader"


def load(chapter: str, folder: str | Path = "") -> Record:
    """Read one record. Raises FileNotFoundError when the chapter has not left one."""
    return _read(records_folder(folder) / f"{chapter}.json")


def recorded(chapter: str) -> Record | None:
    """The recorded full run of a chapter on real data (``book/measured/``), or None when there is none.

    Its ``made`` says how it came about: command, date, revision, processor, cores, versions, parameters, seconds.
    """
    from lepton_nb import paths

    path = paths.measured(chapter)
    return _read(path) if path.is_file() else None


def check(path: Path, chapter: str, profile: str = "") -> None:
    """Raise ValueError where a file is no whole record of this chapter (and profile, where one is given)."""
    found = _read(path)
    for what, has, wanted in (("chapter", found.chapter, chapter), ("profile", found.profile, profile)):
        if wanted and has != wanted:
            raise ValueError(f"{path.name}: is the record of {what} {has!r}, must be {wanted!r}.")


@dataclass(frozen=True)
class Measured:
    """What the case of one asset gave, as plain values; ``task`` is the record's name."""

    asset_id: str
    task: str
    evaluation: Mapping[str, Any]  # the fields of client.Evaluation, or of client.Trial where the case gave one
    monitoring: tuple[Mapping[str, Any], ...]  # rows as in metrics/monitoring.csv
    data: tuple[Mapping[str, Any], ...]  # data sets: name, stand_in, source, sha256
    doubts: tuple[str, ...] = ()  # what its checks found that makes the whole measurement doubtful, in sentences
    trial: bool = False  # money per unit, for what is no yes or no


def measured(folder: str | Path = "", client_folder: str | Path = "") -> dict[str, Measured]:
    """What the cases of a client gave, by asset.

    In a report (``folder`` given) the engine has put their records there. For a reader who opened a chapter first
    (``folder`` empty) the cases that a benefit rests on are executed now, each once for the same data and notebook, quietly.
    """
    if not str(folder):
        return {asset: _measured(record, asset) for asset, record in _measured_now(client_folder)}
    found = {}
    for path in sorted(Path(folder).glob(f"*{OF_CASE}*.json")):
        asset = path.stem.partition(OF_CASE)[2]
        found[asset] = _measured(_read(path), asset)
    return found


def measured_on_record(sample: str) -> dict[str, Measured]:
    """What the cases of a sample client gave in full runs on public data, by asset; none where none is on record."""
    from lepton_nb import paths

    return measured(paths.measured_cases(sample))


def _measured(record: Record, asset: str) -> Measured:
    trial = "trial" in record.tables and "evaluation" not in record.tables
    rows = record.tables.get("trial" if trial else "evaluation", [])
    if len(rows) != 1:
        raise ValueError(f"{record.chapter}.json: has {len(rows)} rows in its table evaluation, must be 1.")
    months = tuple(record.tables.get("monitoring", ()))
    doubts = tuple(row["words"] for row in record.tables.get("findings", ()) if row["check"] in terms.DOUBTS)
    return Measured(asset, record.chapter, rows[0], months, tuple(record.data), doubts, trial)


def _measured_now(client_folder: str | Path) -> Iterator[tuple[str, Record]]:
    """The records of a client's cases for a reader, kept beside his others under what they were made from."""
    import lepton_nb
    from lepton_nb import client, paths

    folder_of_client = paths.client(str(client_folder))
    company = client.load(folder_of_client)
    linked = {row.metric_link.id for row in company.benefits if row.metric_link.kind == "measured"}
    for case in company.cases:
        notebook = _notebook_of(case.case) if case.asset_id in linked else None
        if notebook is None:
            continue
        made_from = [case.model_dump_json(), company.client.name, notebook.read_text(encoding="utf-8")]
        made_from += [lepton_nb.__version__, os.environ.get("LEPTON_DATA", "")]
        name = task_name(re.sub(r"^\d+_", "", notebook.stem), case.asset_id)
        folder = records_folder() / hashlib.sha256("\n".join(made_from).encode()).hexdigest()[:16]
        if not (folder / f"{name}.json").is_file():
            record = _execute(notebook, name, {"client_folder": str(folder_of_client), "case": case.asset_id})
            record.save(folder)
        yield case.asset_id, load(name, folder)


def _notebook_of(kind: str) -> Path | None:
    """The chapter that measures a kind of case; None: there is none."""
    from lepton_nb import paths

    for path in sorted((paths.project() / "notebooks").glob("*.ipynb")):
        if json.loads(path.read_text(encoding="utf-8"))["metadata"].get("lepton", {}).get("case") == kind:
            return path
    return None


#: The parts of a record and what each must be.
_PARTS = {"chapter": str, "profile": str, "figures": dict, "tables": dict, "data": list, "seconds": dict}


def _read(path: Path) -> Record:
    """The record in a file. Raises FileNotFoundError, and ValueError for anything but a whole record."""

    def broken(found: str) -> ValueError:
        return ValueError(f"{path.name}: {found}. Execute the chapter again.")

    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise broken(f"is no JSON ({problem})") from None
    if not isinstance(raw, dict) or "schema" not in raw:
        raise broken("is no record: it names no schema")
    if raw["schema"] != SCHEMA:
        raise broken(f"schema {raw['schema']}, this package reads {SCHEMA}")
    for part, kind in _PARTS.items():
        if not isinstance(raw.get(part), kind):
            state = "is missing" if part not in raw else f"must be {kind.__name__}, is {type(raw[part]).__name__}"
            raise broken(f"is no whole record: {part!r} {state}")
    if bad := _bad_part(raw):
        raise broken(f"is no whole record: {bad}")
    figures = {name: Figure(**figure) for name, figure in raw["figures"].items()}
    return Record(
        raw["chapter"], raw["profile"], figures, raw["tables"], raw["data"], raw["seconds"], raw.get("made", {})
    )


def _bad_part(raw: Mapping[str, Any]) -> str:
    """Which figure, table or data set of a record is not as ``Record`` writes it; empty where all are."""
    names = {spec.name for spec in fields(Figure)}
    for name, figure in raw["figures"].items():
        if not isinstance(figure, dict) or not {"name", "value", "unit"} <= figure.keys() <= names:
            return f"figure {name!r} has not the parts of a figure"
        if any(
            isinstance(figure.get(part), float) and not math.isfinite(figure[part]) for part in ("value", "low", "high")
        ):
            return f"figure {name!r} is not a finite number"
    for name, rows in raw["tables"].items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return f"table {name!r} has not the form of a table"
    for data in raw["data"]:
        if not isinstance(data, dict) or not {"name", "stand_in", "source", "sha256"} <= data.keys():
            return "a data set has not the parts name, stand_in, source and sha256"
    for name, value in raw["seconds"].items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"seconds {name!r} is no number"
    return ""


def need(chapter: str, folder: str | Path = "", **parameters) -> Record:
    """The record of an earlier chapter.

    In a report (``folder`` given) the engine has put it there. For a reader who opened this chapter
    first (``folder`` empty), that chapter is executed now with ``parameters``, quietly, and its record returned.
    """
    if str(folder):
        return load(chapter, folder)
    from lepton_nb import paths

    return _execute(paths.notebook(chapter), chapter, parameters)


def _execute(notebook: Path, name: str, parameters: Mapping[str, Any]) -> Record:
    """Execute a notebook quietly and return the record of that name."""
    import papermill

    print(f"{notebook.name} is executed first, because this chapter reads its results …", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        papermill.execute_notebook(
            str(notebook),
            str(Path(scratch) / "executed.ipynb"),
            parameters=dict(parameters) | {"results_folder": scratch},
            cwd=str(notebook.parent),
            progress_bar=False,
            execution_timeout=3600,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        record = load(name, scratch)
    print(f"{notebook.name}: done.")
    return record
