"""Sounds of a case: a folder with a folder of WAV files for each class, all of one rate, each of one channel unless said."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

from lepton_nb.client import case_splits
from lepton_nb.client.case_images import Unfit, digest, files_by_class
from lepton_nb.client.schema import Case
from lepton_nb.client.words import quoted, with_article

#: Keys that need columns, which sounds have none of.
OF_COLUMNS = ("target", "baseline_column", "block_column")


def keys(case: Case) -> None:
    """Raises Unfit where a case names what its kind does not have."""
    if case.case != "audio_classifier":
        if case.mix_channels is not None:
            raise Unfit("mix_channels", f"{with_article(case.case)} has none", 41, "leave it out")
        return
    for key in OF_COLUMNS:
        if case[key] is not None:
            raise Unfit(key, quoted(case[key]), 41, "sounds have no columns; leave it out")
    if case.split is not None and case.split.by != "random":
        raise Unfit("split", f"by {quoted(case.split.by)}", 41, "sounds have no columns; write random")
    if case.split is not None:
        case_splits.drawn(case.split, "by random")


def sound_files(source: Any, name: str):
    """The sound files of a folder, class by class. Raises Unfit."""
    return files_by_class(source, name, lambda start: start.startswith(b"RIFF"), "WAV", "is no WAV file")


def examined(source: Any, case: Case) -> dict[str, Any]:
    """What was found in the sounds. Raises Unfit."""
    files = list(sound_files(source, case.data))
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
            raise Unfit(
                "data", found, 41, "bring sounds of one channel, or write mix_channels: true to read their mean"
            )
        seconds += length / rate
    if len(rates) > 1:
        told = ", ".join(
            f"{quoted(f'{path.parent.name}/{path.name}')} {rate}" for rate, path in list(rates.items())[:3]
        )
        found = f"{quoted(case.data)} has sounds of {len(rates)} rates in hertz ({told})"
        raise Unfit("data", found, 41, "bring all sounds to one rate")
    few = [name for name in names if sum(path.parent.name == name for path in files) < 2]
    if few:
        raise Unfit(
            "data", f"{quoted(case.data)} has one sound of {quoted(few[0])}", 41, "two sounds of each class at least"
        )
    return {
        "sha256": digest(files),
        "n": len(files),
        "classes": tuple(names),
        "rate": next(iter(rates)),
        "seconds": round(seconds, 3),
    }


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
            held = len(file.readframes(length)) // max(channels * width, 1)
    except (wave.Error, EOFError, OSError, ValueError) as error:
        found = f"{_file(case, path)} cannot be read as sound ({str(error) or type(error).__name__})"
        raise Unfit("data", found, 41, "save it as WAV with whole numbers (PCM)") from None
    if not held or rate < 1:
        raise Unfit("data", f"{_file(case, path)} holds no sound", 41, "leave the file out, or record it again")
    if held < length:
        raise Unfit("data", f"{_file(case, path)} is cut short: {held} of {length} samples", 41, "copy the file again")
    return rate, channels, length
