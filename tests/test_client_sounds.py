"""Sounds of an audio classifier's case: read, counted, and refused with the file and the remedy."""

from __future__ import annotations

import io
import shutil
import wave

import numpy as np
import pytest
from test_client import B, Folder
from test_client_data import case

from lepton_nb import client, paths
from lepton_nb.report import cases, chapters

ENTRY = "asset_id: C1, case: audio_classifier, data: data/calls"
FILES = ("angry/a.wav", "angry/b.wav", "calm/a.wav", "calm/b.wav", "calm/c.wav")


def sound(samples: int = 800, rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    """A WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.arange(samples * channels * width, dtype=np.uint8).tobytes())
    return buffer.getvalue()


@pytest.fixture
def bank(tmp_path):
    def make(entry: str = ENTRY, **changed: bytes | None) -> Folder:
        """changed: name of a file, with _ for / → its content; None takes it away."""
        folder = case(Folder(tmp_path, B), entry)
        for name in (*FILES, *(name.replace("_", "/") for name in changed)):
            path = folder.path / "data/calls" / name
            content = changed.get(name.replace("/", "_"), sound())
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                path.write_bytes(content)
        return folder

    return make


def test_sounds_are_read_and_counted(bank):
    folder = bank()
    (found,) = client.load(folder.path).cases
    assert (found.case, found.kind, found.n, found.classes) == ("audio_classifier", "sounds", 5, ("angry", "calm"))
    assert (found.rate, found.seconds) == (8000, 0.5)
    listed = client.case_data(folder.path, found)
    assert [(path.name, name) for path, name in listed][:2] == [("a.wav", "angry"), ("b.wav", "angry")]


def test_another_sample_is_another_case(bank):
    folder = bank()
    before = client.load(folder.path).cases[0].sha256
    (folder.path / "data/calls/calm/a.wav").write_bytes(sound(801))
    assert client.load(folder.path).cases[0].sha256 != before


def test_several_channels_are_read_where_the_case_says_so(bank):
    folder = bank(ENTRY + ", mix_channels: true", **{"calm_a.wav": sound(channels=2)})
    assert client.load(folder.path).cases[0].mix_channels is True


HALF = sound()[:-400]
REFUSED = {
    "another rate": (ENTRY, {"calm_b.wav": sound(rate=16_000)}, "data", 'of 2 rates in hertz ("angry/a.wav" 8000, "calm/b.wav" 16000)'),
    "stereo": (ENTRY, {"calm_b.wav": sound(channels=2)}, "data", 'file "calm/b.wav" has 2 channels; bring sounds of one channel, or write mix_channels'),
    "stereo, and said not to be": (ENTRY + ", mix_channels: false", {"calm_b.wav": sound(channels=2)}, "data", "has 2 channels"),
    "empty": (ENTRY, {"angry_b.wav": sound(0)}, "data", 'file "angry/b.wav" holds no sound'),
    "no bytes": (ENTRY, {"angry_b.wav": b""}, "data", 'file "angry/b.wav" is no WAV file'),
    "cut short": (ENTRY, {"angry_b.wav": HALF}, "data", "is cut short: 600 of 800 samples; copy the file again"),
    "not whole numbers": (ENTRY, {"angry_b.wav": sound().replace(b"\x10\0\0\0\x01\0", b"\x10\0\0\0\x03\0")}, "data", "save it as WAV with whole numbers"),
    "another form": (ENTRY, {"angry_b.wav": b"OggS" + bytes(60)}, "data", "is no WAV file; a folder for each class, with WAV files in it"),
    "a head alone": (ENTRY, {"angry_b.wav": b"RIFF" + bytes(8)}, "data", "cannot be read as sound"),
    "one of a class": (ENTRY, {"angry_b.wav": None}, "data", 'has one sound of "angry"; two sounds of each class at least'),
    "predictions": (ENTRY + ", predictions: data/p.csv", {}, "predictions", "an audio_classifier has none"),
    "a target": (ENTRY + ", target: mood", {}, "target", "sounds have no columns"),
    "a split by date": (ENTRY + ", split: {by: day, test_share: 0.2}", {}, "split", "write random"),
    "a day": (ENTRY + ", split: {by: random, test_from: 2025-01-01}", {}, "split.test_from", "beside by random"),
    "a file": (ENTRY.replace("calls", "calls.wav"), {}, "data", "an audio_classifier is read from a folder"),
    "a public set": (ENTRY.replace("data/calls", '"public:spoken_digits"'), {}, "data", "is no folder of sounds; bring a folder of WAV files"),
    "channels of another kind": ("asset_id: C1, case: image_classifier, data: data/calls, mix_channels: true", {}, "mix_channels", "none"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "changed", "key", "words"), REFUSED.values(), ids=list(REFUSED))
def test_sounds_that_do_not_fit_are_refused_with_place_and_remedy(bank, entry, changed, key, words):
    problems = bank(entry, **changed).check().problems
    assert [problem.column for problem in problems] == [f"cases.{key}"]
    assert words in problems[0].sentence


def test_one_class_is_refused(bank):
    folder = bank()
    shutil.rmtree(folder.path / "data/calls/angry")
    (problem,) = folder.check().problems
    assert "has sounds of 1 class; put the sounds of each class into a folder of its own" in problem.sentence


def test_the_plan_says_that_no_chapter_measures_it(bank):
    told = cases.plans_in_words(chapters.read_all(paths.project()), client.load(bank().path))
    assert told == ["C1: no chapter measures an audio_classifier; its data were examined, and nothing rests on them."]
