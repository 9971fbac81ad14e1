"""Sounds of a case: a folder with a folder of WAV files for each class, all of one rate, each of one channel unless said.

A table of clips may say more of each file: what was decided before, who speaks, on which day.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lepton_nb.client import case_columns, case_images, case_rows, case_splits, case_tables, case_values
from lepton_nb.client.case_images import Unfit, digest, files_by_class
from lepton_nb.client.cells import zero_or_one
from lepton_nb.client.schema import Case
from lepton_nb.client.words import did_you_mean, quoted, with_article

KIND = "audio_classifier"
#: Keys that name columns of the table of clips, and keys that sounds have no use for.
OF_CLIPS = ("baseline_column", "amount_column", "block_column", "group_column")
NONE_OF_SOUNDS = ("target", "predictions", "score_column", "model", "leave_out_columns")
#: The column of that table that names the file, as class/name.wav.
FILE = "file"
#: Fewest sounds of a class: seven to learn from and to choose by, three to judge.
FEWEST = 10
#: Samples a second, at least: of fewer, a band of pitch would hold no frequency.
LOWEST_RATE = 2000


def keys(case: Case) -> None:
    """Raises Unfit where a case names what its kind does not have."""
    if case.case != KIND:
        for key in ("mix_channels", "clips"):
            if case[key] is not None:
                raise Unfit(key, f"{with_article(case.case)} has none", 41, "leave it out")
        return
    for key in NONE_OF_SOUNDS:
        if case[key] is not None:
            raise Unfit(
                key,
                f"{with_article(case.case)} has none",
                41,
                "leave it out: classes are folders, and recognisers are trained here",
            )
    if case.clips is not None:
        return
    remedy = f"sounds have no columns: give a table of clips with the columns {FILE} and "
    for key in OF_CLIPS:
        if case[key] is not None:
            raise Unfit(key, quoted(case[key]), 41, f"{remedy}{case[key]}, or leave it out")
    if case.split is not None:
        if case.split.by != "random":
            raise Unfit("split", f"by {quoted(case.split.by)}", 41, f"{remedy}{case.split.by}, or write random")
        case_splits.drawn(case.split, "by random")


def sound_files(source: Any, name: str):
    """The sound files of a folder, class by class. Raises Unfit."""
    return files_by_class(source, name, lambda start: start.startswith(b"RIFF"), "WAV", "is no WAV file")


def examined(source: Any, case: Case) -> dict[str, Any]:
    """What was found in the sounds, and in their table of clips. Raises Unfit."""
    import numpy as np

    files = list(sound_files(source, case.data))
    facts = _heard(case, files)
    try:
        y = case_rows.classes(labels([path.parent.name for path in files], case.positive), case.positive or "")
    except ValueError as problem:
        found, _, remedy = str(problem).partition("; ")
        raise Unfit("positive", found, 41, remedy) from None
    table, columns, checksum = _clips(source, case, files)
    days, together = case_tables.split(table, columns, in_order=False) if case.split else (None, None)
    parts = case_rows.parts(
        len(y), y, test_share=case.split and case.split.test_share, days=days and np.array(days, "datetime64[D]"),
        test_from=case.split and case.split.test_from, together=together and np.array(together),
    )  # fmt: skip
    if case.group_column:
        groups, test = np.array(columns[case.group_column]), parts == "test"
        both = set(groups[test].tolist()) & set(groups[~test].tolist())
        facts |= {"groups": len(set(groups.tolist())), "heard_before": len(both)}
    if days:
        facts["last_day"] = max(days)
    facts["sha256"] = case_tables.joined(facts["sha256"], checksum) if checksum else facts["sha256"]
    return facts | case_tables.both_classes(y, parts == "test")


def labels(names: Sequence[str], positive: str | None) -> Any:
    """The class of each sound, by the names of its folder: (n,)."""
    import numpy as np

    return np.array(case_images.zero_one(list(names), positive))


def _heard(case: Case, files: Sequence[Path]) -> dict[str, Any]:
    """Checksum, classes, rate and length of the sounds. Raises Unfit."""
    names = sorted({path.parent.name for path in files})
    if len(names) < 2:
        found = f"{quoted(case.data)} has sounds of {len(names)} {'class' if len(names) == 1 else 'classes'}"
        raise Unfit("data", found, 41, "put the sounds of each class into a folder of its own, two classes at least")
    rates: dict[int, Path] = {}
    seconds = 0.0
    for path in files:
        rate, channels, length = _header(case, path)
        rates.setdefault(rate, path)
        if channels > 1 and not case.mix_channels:
            found = f"{_file(case, path)} has {channels} channels"
            remedy = "bring sounds of one channel, or write mix_channels: true to read their mean"
            raise Unfit("data", found, 41, remedy)
        seconds += length / rate
    if len(rates) > 1:
        few = list(rates.items())[:3]
        told = ", ".join(f"{quoted(f'{path.parent.name}/{path.name}')} {rate}" for rate, path in few)
        found = f"{quoted(case.data)} has sounds of {len(rates)} rates in hertz ({told})"
        raise Unfit("data", found, 41, "bring all sounds to one rate")
    rate = next(iter(rates))
    if rate < LOWEST_RATE:
        found = f"{quoted(case.data)} has {rate:,} samples a second"
        raise Unfit("data", found, 41, f"bring sounds of {LOWEST_RATE:,} or more: of fewer, bands of pitch are empty")
    counts = {name: sum(path.parent.name == name for path in files) for name in names}
    least = min(counts, key=counts.__getitem__)
    if counts[least] < FEWEST:
        one = "1 sound" if counts[least] == 1 else f"{counts[least]} sounds"
        remedy = f"bring {FEWEST} sounds of each class at least: they are parted into learning, choosing and judging"
        raise Unfit("data", f"{quoted(case.data)} has {one} of {quoted(least)}", 41, remedy)
    return {
        "sha256": digest(list(files)), "n": len(files), "classes": tuple(names), "rate": rate, "seconds": round(seconds, 3),
    }  # fmt: skip


def columns(source: Any, case: Case) -> dict[str, list[str]]:
    """The columns of the table of clips in the order of the sounds; {} without one. Raises Unfit."""
    return _clips(source, case, list(sound_files(source, case.data)))[1] if case.clips else {}


def _clips(source: Any, case: Case, files: Sequence[Path]) -> tuple[Case, dict[str, list[str]], str]:
    """The case with its table of clips as data, the columns in the order of the files, a checksum. Raises Unfit."""
    if case.clips is None:
        return case, {}, ""
    table = case.model_copy(update={"data": case.clips})
    try:
        header, found, checksum = case_tables.readable("clips", case.clips, case_tables.rows, source, table)
        case_columns.named(table, header)
    except Unfit as stop:
        raise Unfit("clips" if stop.key == "data" else stop.key, stop.found, stop.rule, stop.remedy) from None
    if FILE not in found:
        remedy = did_you_mean(FILE, header) or f"add a column {FILE} that names each sound, as class/name.wav"
        raise Unfit("clips", f"{quoted(case.clips)} has no column {quoted(FILE)}", 2, remedy)
    for key, read in (
        ("baseline_column", zero_or_one),
        ("amount_column", case_values.amount),
        ("block_column", case_values.given),
        ("group_column", case_values.given),
    ):
        if case[key]:
            case_values.each(key, found[case[key]], read)
    place = _places(case, found[FILE], [f"{path.parent.name}/{path.name}" for path in files])
    return table, {name: [cells[row] for row in place] for name, cells in found.items()}, checksum


def _places(case: Case, given: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """The row of each sound. given: names in the table; wanted: names of the files. Raises Unfit."""
    place: dict[str, int] = {}
    known = set(wanted)
    for row, name in enumerate(given):
        line = f"{quoted(case.clips)} row {row + 2}: {quoted(name)}"
        if name not in known:
            raise Unfit(
                "clips",
                f"{line} is no sound of {quoted(case.data)}",
                17,
                did_you_mean(name, wanted) or "name each file as class/name.wav",
            )
        if name in place:
            raise Unfit("clips", f"{line} stands in row {place[name] + 2} too", 16, "one row a sound")
        place[name] = row
    if lost := next((name for name in wanted if name not in place), None):
        more = f" (nor have {len(known) - len(place) - 1:,} more)" if len(known) - len(place) > 1 else ""
        raise Unfit("clips", f"sound {quoted(lost)} has no row in {quoted(case.clips)}{more}", 17, "one row a sound")
    return [place[name] for name in wanted]


def samples(path: Path) -> Any:
    """The sound of an examined file: (n,) float32 within -1..1, the mean of its channels."""
    import numpy as np

    with wave.open(str(path)) as file:
        channels, width, held = file.getnchannels(), file.getsampwidth(), file.readframes(file.getnframes())
    if width == 1:  # without a sign, 128 being silence
        found = np.frombuffer(held, np.uint8).astype(np.float32) - 128
    elif width == 3:
        bytes_ = np.frombuffer(held, np.uint8).reshape(-1, 3).astype(np.int32)
        found = (bytes_[:, 0] | bytes_[:, 1] << 8 | (bytes_[:, 2] ^ 128) << 16) - (128 << 16)
    else:
        found = np.frombuffer(held, {2: "<i2", 4: "<i4"}[width])
    return (found.reshape(-1, channels).mean(axis=1) / 2 ** (8 * width - 1)).astype(np.float32)


def _file(case: Case, path: Path) -> str:
    return f"{quoted(case.data)} file {quoted(f'{path.parent.name}/{path.name}')}"


def _header(case: Case, path: Path) -> tuple[int, int, int]:
    """Samples a second, channels and length in samples of a WAV file that holds sound. Raises Unfit."""
    try:
        with wave.open(str(path)) as file:
            rate, channels, length, width = (
                file.getframerate(),
                file.getnchannels(),
                file.getnframes(),
                file.getsampwidth(),
            )
            content, step = file.readframes(length), max(channels * width, 1)
            held = len(content) // step
    except (wave.Error, EOFError, OSError, ValueError) as error:
        found = f"{_file(case, path)} cannot be read as sound ({str(error) or type(error).__name__})"
        raise Unfit("data", found, 41, "save it as WAV with whole numbers (PCM)") from None
    if not held or rate < 1:
        raise Unfit("data", f"{_file(case, path)} holds no sound", 41, "leave the file out, or record it again")
    if held < length:
        raise Unfit("data", f"{_file(case, path)} is cut short: {held} of {length} samples", 41, "copy the file again")
    if content == content[:step] * held:
        raise Unfit(
            "data",
            f"{_file(case, path)} is silent from its beginning to its end",
            41,
            "leave the file out, or record it again",
        )
    return rate, channels, length
