"""Images of a case: arrays in an .npz file, or a folder with a folder of PNG and JPEG files for each class."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lepton_nb.client import case_rows
from lepton_nb.client.files import MEGABYTE
from lepton_nb.client.schema import Case
from lepton_nb.client.words import did_you_mean, quoted

MOST_IMAGES, LARGEST_IMAGES = 100_000, 1024 * MEGABYTE
LARGEST_ARRAYS = 2048 * MEGABYTE  # unpacked
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


class Unfit(Exception):
    """The data of a case cannot be used: key of the case, what was found, rule, what to do."""

    def __init__(self, key: str, found: str, rule: int, remedy: str):
        super().__init__(f"{found}; {remedy}")
        self.key, self.found, self.rule, self.remedy = key, found, rule, remedy


def zero_one(labels: list[str], positive: str | None) -> list[Any]:
    """Names of class folders; 0 and 1 as numbers, where nothing else says which counts as 1."""
    return [int(label) for label in labels] if not positive and set(labels) == {"0", "1"} else labels


def classes(case: Case, labels: Any) -> Any:
    """The classes of an image case as 0 and 1. Raises Unfit."""
    try:
        return case_rows.classes(labels, case.positive or "")
    except ValueError as problem:
        found, _, remedy = str(problem).partition("; ")
        raise Unfit("positive" if case.positive else "data", found, 41, remedy) from None


def arrays(source: Any, case: Case) -> tuple[dict[str, Any], Any, Any, tuple[int, ...]]:
    """Facts of an .npz file; classes as 0 and 1; the array of the split, or None; the form of one image. Raises Unfit."""
    import numpy as np

    def unfit(found: str, key: str = "data") -> Unfit:
        remedy = "write arrays x (images first) and y of equal length, with numpy.savez_compressed and without objects"
        return Unfit(key, f"{quoted(case.data)} {found}", 41, remedy)

    path = source.path(case.data, case.data)
    by = None if case.split is None or case.split.by == "random" else case.split.by
    named = {
        key: case[key] for key in ("baseline_column", "block_column", "amount_column", "group_column") if case[key]
    }
    kept: dict[str, Any] = {}
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
                lengths[name], shapes[name] = (len(values) if values.ndim else 0), values.shape
                if name in ("y", by, *named.values()):
                    kept[name] = values
    except Unfit:
        raise
    except Exception as error:  # damaged files make the zip and the array reader raise almost anything
        raise unfit(f"cannot be read as arrays ({type(error).__name__})") from None
    if not {"x", "y"} <= set(lengths) or lengths["x"] != lengths["y"] or lengths["x"] < 2 or len(shapes["x"]) < 2:
        raise unfit(
            f"holds {', '.join(f'{quoted(name)} of length {lengths[name]}' for name in sorted(lengths)) or 'nothing'}"
        )
    for key, name in named.items():
        if lengths.get(name) != lengths["x"]:
            raise unfit(f"has no array {quoted(name)} as long as x", key)
    if by is not None and lengths.get(by) != lengths["x"]:
        remedy = did_you_mean(by, lengths) or "write random, or the name of an array as long as x"
        raise Unfit("split", f"by {quoted(by)}", 41, remedy)
    baseline = kept.get(case.baseline_column or "")
    if baseline is not None and not set(np.unique(baseline).tolist()) <= {0, 1}:
        raise unfit(f"array {quoted(case.baseline_column)} holds other values than 0 and 1", "baseline_column")
    amounts = kept.get(case.amount_column or "")
    if amounts is not None and (amounts.dtype.kind not in "iuf" or (amounts < 0).any() or amounts.sum() == 0):
        raise unfit(f"array {quoted(case.amount_column)} must hold amounts of at least 0", "amount_column")
    names = tuple(str(name) for name in np.unique(kept["y"])[:1000].tolist())
    facts = {"sha256": digest([path]), "n": lengths["x"], "columns": tuple(sorted(lengths)), "classes": names}
    return facts, classes(case, kept["y"]), kept.get(by or ""), tuple(shapes["x"][1:])


def folder(source: Any, case: Case) -> tuple[dict[str, Any], Any, tuple[int, ...] | None]:
    """Facts of a folder of images; classes as 0 and 1; the form of one image. Raises Unfit."""
    for key in ("baseline_column", "block_column", "target", "amount_column", "group_column"):
        if case[key] is not None:
            raise Unfit(key, quoted(case[key]), 41, "a folder of images has no columns; use .npz with such an array")
    if case.split is not None and case.split.by != "random":
        raise Unfit("split", f"by {quoted(case.split.by)}", 41, "a folder of images has no columns; write random")
    files = list(image_files(source, case.data))
    names = sorted({path.parent.name for path in files})
    if len(names) < 2:
        found = f"{quoted(case.data)} has images of {len(names)} classes"
        raise Unfit("data", found, 41, "put the images of each class into a folder of its own, two classes at least")
    forms: dict[tuple[int, ...], Path] = {}
    for path in files:
        form = size_of_image(path)
        if form is None:
            where = quoted(f"{path.parent.name}/{path.name}")
            raise Unfit("data", f"{quoted(case.data)} file {where} says no size", 41, "save the image again")
        forms.setdefault(form, path)
    if len(forms) > 1:
        told = ", ".join(
            f"{quoted(f'{path.parent.name}/{path.name}')} {' × '.join(map(str, form))}"
            for form, path in list(forms.items())[:3]
        )
        found = f"{quoted(case.data)} has images of {len(forms)} sizes ({told})"
        raise Unfit("data", found, 41, "bring all images to one size, one number of colours")
    y = classes(case, zero_one([path.parent.name for path in files], case.positive))
    return {"sha256": digest(files), "n": len(files), "classes": tuple(names)}, y, next(iter(forms))


def size_of_image(path: Path) -> tuple[int, ...] | None:
    """(height, width) of a grey PNG or JPEG, (height, width, 3) of a coloured one, from its header; None: not found."""
    with path.open("rb") as stream:
        start = stream.read(26)
        if len(start) < 26:
            return None
        if start.startswith(_PNG):
            width, height = int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")
            return (height, width) if start[25] == 0 else (height, width, 3)
        stream.seek(2)
        while marker := stream.read(4):
            if len(marker) < 4 or marker[0] != 0xFF:
                return None
            length = int.from_bytes(marker[2:4], "big")
            if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):  # start of a frame
                frame = stream.read(6)
                if len(frame) < 6:
                    return None
                height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
                return (height, width) if frame[5] == 1 else (height, width, 3)
            stream.seek(length - 2, 1)
    return None


def image_files(source: Any, name: str) -> Iterator[Path]:
    """The image files of a folder, class by class. Raises Unfit."""
    return files_by_class(
        source, name, lambda start: start.startswith((_PNG, _JPEG)), "PNG or JPEG", "is neither PNG nor JPEG"
    )


def files_by_class(source: Any, name: str, fits: Callable[[bytes], bool], forms: str, otherwise: str) -> Iterator[Path]:
    """The files of a folder with a folder for each class, class by class. Raises Unfit.

    fits: whether the first eight bytes of a file are those of its form; forms, otherwise: what it must be, and what it
    is where they are not, in words.
    """
    root, place = source.root.resolve(), source.root / name

    def unfit(found: str, rule: int = 41) -> Unfit:
        return Unfit("data", f"{quoted(name)} {found}", rule, f"a folder for each class, with {forms} files in it")

    count = size = 0
    try:
        if not place.resolve().is_relative_to(root):
            raise unfit("leads out of the client's folder", 1)
        if not place.is_dir():
            raise unfit("is not a folder" if place.exists() else "not found in the folder", 1)
        for group in sorted(place.iterdir()):
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
                    if not fits(stream.read(8)):
                        raise unfit(f"file {quoted(group.name + '/' + path.name)} {otherwise}")
                yield path
    except (OSError, RuntimeError, ValueError) as error:
        raise unfit(f"cannot be opened ({getattr(error, 'strerror', None) or type(error).__name__})", 1) from None


def digest(files: list[Path]) -> str:
    """Checksum over names and contents, without the path of the client's folder."""
    found = hashlib.sha256()
    for path in files:
        found.update(f"{path.parent.name}/{path.name}\n{os.path.getsize(path)}\n".encode(errors="surrogateescape"))
        with path.open("rb") as stream:
            while piece := stream.read(MEGABYTE):
                found.update(piece)
    return found.hexdigest()
