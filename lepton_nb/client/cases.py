"""The data that a client brings for its models: examined by the reader, loaded by the case's chapter.

Tables and series are CSV or Parquet (in a workbook: a sheet), images are arrays (.npz, no pickles) or folders of PNG
and JPEG files by class, translations are two columns of a TSV file. :func:`examine` looks at all of it without
building anything, and gives its checksum; :func:`load` gives the values.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lepton_nb.client import privacy
from lepton_nb.client.case_cells import PUBLIC
from lepton_nb.client.cells import calendar_date, number, zero_or_one
from lepton_nb.client.files import MEGABYTE, Unreadable
from lepton_nb.client.schema import Case, CaseData
from lepton_nb.client.words import Refused, did_you_mean, quoted

#: Endings (or "folder") by kind of case, and what each kind of data is called.
FORMATS = {
    "risk_classifier": {".csv": "table", ".parquet": "table"},
    "forecaster": {".csv": "table", ".parquet": "table"},
    "image_classifier": {".npz": "arrays", "": "images"},
    "translator": {".tsv": "translations"},
}
MOST_IMAGES, LARGEST_IMAGES = 100_000, 1024 * MEGABYTE
LARGEST_ARRAYS = 2048 * MEGABYTE  # unpacked
_IMAGE_SIGNS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


class Unfit(Exception):
    """The data of a case cannot be used: key of the case, what was found, rule, what to do."""

    def __init__(self, key: str, found: str, rule: int, remedy: str):
        super().__init__(f"{found}; {remedy}")
        self.key, self.found, self.rule, self.remedy = key, found, rule, remedy


#: What a case says beside its data, kept as it is said.
SAID = (
    "asset_id", "case", "target", "positive", "baseline_column", "amount_column", "block_column", "group_column", "split",
    "predictions", "score_column", "model", "threshold", "evaluated_on",
)  # fmt: skip


def examine(source: Any, case: Case) -> CaseData:
    """Look at the data of one case, its predictions and its model. source: the folder or workbook. Raises Unfit."""
    if case.data.startswith(PUBLIC):
        return CaseData(path=case.data, **{name: case[name] for name in SAID}, **_public(case))
    kind = FORMATS[case.case].get(Path(case.data).suffix.lower())
    if kind is None:
        endings = " or ".join(ending or "a folder" for ending in FORMATS[case.case])
        raise Unfit("data", quoted(case.data), 41, f"a {case.case} is read from {endings}")
    if source.holder == "workbook" and kind != "table":
        raise Unfit("data", quoted(case.data), 41, "a workbook holds tables only; use a folder for images and texts")
    try:
        facts = {"table": _table, "arrays": _arrays, "images": _images, "translations": _translations}[kind](
            source, case
        )
    except Unreadable as stop:
        problem = stop.problem
        place = f"row {problem.row}: " if problem.row else ""
        raise Unfit("data", f"{quoted(case.data)} {place}{problem.found}", problem.rule, problem.remedy) from None
    return CaseData(path=case.data, kind=kind, **{name: case[name] for name in SAID}, **facts)


def _public(case: Case) -> dict[str, Any]:
    """What is known of a public data set without reading it."""
    from lepton_nb import datasets

    name = case.data.removeprefix(PUBLIC)
    if name not in datasets.REGISTRY:
        remedy = did_you_mean(name, datasets.REGISTRY) or f"there are {', '.join(datasets.REGISTRY)}"
        raise Unfit("data", f"{quoted(name)} is not a public data set", 17, remedy)
    arrays = datasets.entry(name).arrays
    kind = "arrays" if case.case == "image_classifier" else "table"
    for key in ("target", "baseline_column", "amount_column", "block_column", "group_column"):
        if case[key] is not None and case[key] not in arrays:
            remedy = did_you_mean(case[key], arrays) or f"there are {', '.join(list(arrays)[:30])}"
            raise Unfit(key, f"{quoted(case[key])} is not in the public data set {quoted(name)}", 17, remedy)
    digest = hashlib.sha256(case.data.encode()).hexdigest()
    n = max((shape[0] for _, shape in arrays.values() if shape), default=0)
    return {"kind": kind, "sha256": digest, "n": n, "columns": tuple(arrays)}


def load(source: Any, case: CaseData) -> Any:
    """The data of an examined case.

    Tables and arrays: {column: NumPy array}, numbers as float64, other texts as str. Translations: two lists of
    texts. Images: a list of (path, class). Raises ValueError when the data changed since they were examined.
    """
    import numpy as np

    plain = Case(**{name: case[name] for name in SAID}, data=case.path)
    try:
        now = examine(source, plain)
    except Unfit as stop:
        raise ValueError(f"The data of case {case.asset_id} changed. Received: {stop}") from None
    if now.sha256 != case.sha256:
        raise ValueError(f"The data of case {case.asset_id} changed since the client was read. Received: {case.path}")
    if case.kind == "arrays":
        with np.load(source.path(case.path, case.path), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    if case.kind == "images":
        return [(path, path.parent.name) for path in _image_files(source, case.path)]
    if case.kind == "translations":
        pairs = _pairs(source.text(case.path))
        return [pair[0] for _, pair in pairs], [pair[1] for _, pair in pairs]
    header, *rows = source.table(case.path)
    texts = dict(zip(header, zip(*rows, strict=True), strict=True))
    return {name: _values(column) for name, column in texts.items()}


def _values(texts: tuple[str, ...]) -> Any:
    """A column as numbers where every cell is one, else as texts; an empty cell among numbers is NaN."""
    import numpy as np

    try:
        if not any(text.strip() for text in texts):
            raise Refused("empty", 35, "")
        return np.array([number(text) if text.strip() else np.nan for text in texts])
    except Refused:
        return np.array(texts)


# --- tables and series


def _table(source: Any, case: Case) -> dict[str, Any]:
    records = source.table(case.data)
    header = [name.strip() for name in records[0]] if records else []
    rows = records[1:]
    if len(rows) < 2 or not all(header) or len(set(header)) < len(header):
        found = "has fewer than 2 rows" if len(rows) < 2 else "has a header with empty or repeated names"
        raise Unfit(
            "data", f"{quoted(case.data)} {found}", 41, "write a header of different names, and the rows under it"
        )
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            found = f"{quoted(case.data)} row {line}: {len(row)} cells, the header has {len(header)}"
            raise Unfit("data", found, 35, "one cell a column")
    for problem in privacy.findings(case.data, records):
        raise Unfit("data", f"{quoted(case.data)} column {quoted(problem.column)}: {problem.found}", 36, problem.remedy)
    if case.target is None:
        raise Unfit("target", "is missing", 2, f"name the column to be predicted; there are {', '.join(header[:20])}")
    columns = {name: [row[place].strip() for row in rows] for place, name in enumerate(header)}
    for key in ("target", "baseline_column", "block_column"):
        name = case[key]
        if name is not None and name not in columns:
            remedy = did_you_mean(name, columns) or f"the columns are {', '.join(header[:20])}"
            raise Unfit(key, f"{quoted(name)} is not a column of {quoted(case.data)}", 17, remedy)
    _each("target", columns[case.target], zero_or_one if case.case == "risk_classifier" else number)
    if case.baseline_column:
        _each(
            "baseline_column", columns[case.baseline_column], zero_or_one if case.case == "risk_classifier" else number
        )
    if case.block_column:
        _each("block_column", columns[case.block_column], _given)
    _split(case, columns)
    digest = hashlib.sha256()
    for row in records:
        digest.update("\x1f".join(row).encode() + b"\x1e")
    return {"sha256": digest.hexdigest(), "n": len(rows), "columns": tuple(header)}


def _given(text: str) -> str:
    if not text:
        raise Refused("empty", 41, "name the block of each row")
    return text


def _each(key: str, cells: list[str], read: Callable[[str], Any]) -> list[Any]:
    """Every cell, read; the first that is refused is named by its row."""
    values = []
    for line, cell in enumerate(cells, start=2):
        try:
            values.append(read(cell))
        except Refused as stop:
            raise Unfit(key, f"row {line}: {stop.found}", stop.rule, stop.remedy) from None
    return values


def _split(case: Case, columns: dict[str, list[str]]) -> None:
    split = case.split
    if split is None:
        return
    if split.by == "random":
        if split.test_share is None or split.test_from is not None or not 0 < split.test_share < 1:
            raise Unfit("split", "by random", 41, "give test_share between 0 and 1, and no test_from")
        return
    if split.by not in columns:
        remedy = did_you_mean(split.by, columns) or "name the column with the day of a row, or write random"
        raise Unfit("split", f"{quoted(split.by)} is not a column of {quoted(case.data)}", 17, remedy)
    if split.test_from is None or split.test_share is not None:
        raise Unfit(
            "split", f"by {quoted(split.by)}", 41, "give test_from, the first day of the test, and no test_share"
        )
    days = _each("split", columns[split.by], calendar_date)
    test = sum(day >= split.test_from for day in days)
    if not 0 < test < len(days):
        found = f"{test} of {len(days)} rows lie on or after {split.test_from}"
        raise Unfit("split", found, 41, "both sides of the split need rows")


# --- images


def _arrays(source: Any, case: Case) -> dict[str, Any]:
    import numpy as np

    def unfit(found: str, key: str = "data") -> Unfit:
        remedy = "write arrays x (images first) and y of equal length, with numpy.savez_compressed and without objects"
        return Unfit(key, f"{quoted(case.data)} {found}", 41, remedy)

    path = source.path(case.data, case.data)
    if case.split is not None and case.split.by != "random":
        raise Unfit("split", f"by {quoted(case.split.by)}", 41, "arrays have no columns; write random")
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(item.file_size for item in packed.infolist())
            if size > LARGEST_ARRAYS:
                raise unfit(f"has {size // MEGABYTE} MB unpacked; at most {LARGEST_ARRAYS // MEGABYTE} MB are read")
            if broken := packed.testzip():
                raise unfit(f"is damaged at {quoted(broken)}")
        with np.load(path, allow_pickle=False) as stored:
            lengths, shapes = {}, {}
            for name in stored.files:
                values = stored[name]
                if values.dtype.kind not in "biufUS":
                    raise unfit(f"array {quoted(name)} holds {values.dtype}")
                if values.dtype.kind == "f" and not np.isfinite(values).all():
                    raise unfit(f"array {quoted(name)} holds NaN or infinite values")
                lengths[name], shapes[name] = (len(values) if values.ndim else 0), values.ndim
            labels = stored["y"] if "y" in stored.files else np.zeros(0)
            baseline = stored[case.baseline_column] if case.baseline_column in stored.files else None
    except Unfit:
        raise
    except Exception as error:  # damaged files make the zip and the array reader raise almost anything
        raise unfit(f"cannot be read as arrays ({type(error).__name__})") from None
    if not {"x", "y"} <= set(lengths) or lengths["x"] != lengths["y"] or lengths["x"] < 2 or shapes["x"] < 2:
        raise unfit(
            f"holds {', '.join(f'{quoted(name)} of length {lengths[name]}' for name in sorted(lengths)) or 'nothing'}"
        )
    for key in ("baseline_column", "block_column"):
        if case[key] is not None and lengths.get(case[key]) != lengths["x"]:
            raise unfit(f"has no array {quoted(case[key])} as long as x", key)
    if baseline is not None and not set(np.unique(baseline).tolist()) <= {0, 1}:
        raise unfit(f"array {quoted(case.baseline_column)} holds other values than 0 and 1", "baseline_column")
    classes = tuple(str(name) for name in np.unique(labels)[:1000].tolist())
    return {"sha256": _digest([path]), "n": lengths["x"], "columns": tuple(sorted(lengths)), "classes": classes}


def _images(source: Any, case: Case) -> dict[str, Any]:
    for key in ("baseline_column", "block_column", "target"):
        if case[key] is not None:
            raise Unfit(key, quoted(case[key]), 41, "a folder of images has no columns; use .npz with such an array")
    files = list(_image_files(source, case.data))
    classes = sorted({path.parent.name for path in files})
    if len(classes) < 2:
        found = f"{quoted(case.data)} has images of {len(classes)} classes"
        raise Unfit("data", found, 41, "put the images of each class into a folder of its own, two classes at least")
    return {"sha256": _digest(files), "n": len(files), "classes": tuple(classes)}


def _image_files(source: Any, name: str) -> Iterator[Path]:
    """The image files of a folder, class by class. Raises Unfit."""
    root, folder = source.root.resolve(), source.root / name

    def unfit(found: str, rule: int = 41) -> Unfit:
        return Unfit("data", f"{quoted(name)} {found}", rule, "a folder for each class, with PNG or JPEG files in it")

    count = size = 0
    try:
        if not folder.resolve().is_relative_to(root):
            raise unfit("leads out of the client's folder", 1)
        if not folder.is_dir():
            raise unfit("is not a folder" if folder.exists() else "not found in the folder", 1)
        for group in sorted(folder.iterdir()):
            if not group.is_dir() or not group.resolve().is_relative_to(root):
                raise unfit(f"holds {quoted(group.name)}, which is not a class folder inside it")
            for path in sorted(group.iterdir()):
                if not path.is_file() or not path.resolve().is_relative_to(root):
                    raise unfit(f"holds {quoted(path.name)}, which is not a file inside it")
                count, size = count + 1, size + path.stat().st_size
                if count > MOST_IMAGES or size > LARGEST_IMAGES:
                    most = f"at most {MOST_IMAGES} files and {LARGEST_IMAGES // MEGABYTE} MB are read"
                    raise unfit(f"has more than {count - 1} files or {size // MEGABYTE} MB; {most}")
                with path.open("rb") as stream:
                    if not stream.read(8).startswith(_IMAGE_SIGNS):
                        raise unfit(f"file {quoted(group.name + '/' + path.name)} is neither PNG nor JPEG")
                yield path
    except (OSError, RuntimeError, ValueError) as error:
        raise unfit(f"cannot be opened ({getattr(error, 'strerror', None) or type(error).__name__})", 1) from None


def _digest(files: list[Path]) -> str:
    """Checksum over names and contents, without the path of the client's folder."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.parent.name}/{path.name}\n{os.path.getsize(path)}\n".encode(errors="surrogateescape"))
        with path.open("rb") as stream:
            while piece := stream.read(MEGABYTE):
                digest.update(piece)
    return digest.hexdigest()


# --- translations


def _translations(source: Any, case: Case) -> dict[str, Any]:
    for key in ("target", "baseline_column", "block_column"):
        if case[key] is not None:
            raise Unfit(
                key, quoted(case[key]), 41, "a translation file has two columns without names: source and target"
            )
    if case.split is not None and case.split.by != "random":
        raise Unfit("split", f"by {quoted(case.split.by)}", 41, "translations have no other column; write random")
    text = source.text(case.data)
    pairs = []
    for line, pair in _pairs(text):
        if len(pair) != 2 or not all(part.strip() for part in pair):
            found = f"{quoted(case.data)} row {line}: {len(pair)} columns, or an empty one"
            raise Unfit("data", found, 41, "two texts a line, source and target, with one tab between them")
        pairs.append(pair)
    if len(pairs) < 2:
        raise Unfit("data", f"{quoted(case.data)} has {len(pairs)} lines", 41, "two texts a line, two lines at least")
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "n": len(pairs)}


def _pairs(text: str) -> list[tuple[int, list[str]]]:
    """The parts of each line that is not empty, with its number."""
    lines = enumerate(text.split("\n"), start=1)
    return [(number, line.rstrip("\r").split("\t")) for number, line in lines if line.strip()]
