"""Sounds of an audio classifier's case: read, counted, and refused with the file and the remedy."""

from __future__ import annotations

import io
import shutil
import wave

import numpy as np
import pytest
from test_client import B, Folder
from test_client_data import case

from lepton_nb import casework, client, paths
from lepton_nb.client import case_sounds
from lepton_nb.report import cases, chapters

ENTRY = "asset_id: C1, case: audio_classifier, data: data/calls, positive: angry"
CLIPS = ", clips: data/clips.csv"
FILES = tuple(f"{mood}/{letter}.wav" for mood in ("angry", "calm") for letter in "abcdefghij")


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
    assert (found.case, found.kind, found.n, found.classes) == ("audio_classifier", "sounds", 20, ("angry", "calm"))
    assert (found.rate, found.seconds, found.positives) == (8000, 2.0, 10)
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
    "one of a class": (ENTRY, {"angry_b.wav": None}, "data", 'has 9 sounds of "angry"; bring 10 sounds of each class at least'),
    "silent": (ENTRY, {"angry_b.wav": sound().replace(sound()[44:], b"\x05\0" * 800)}, "data", 'file "angry/b.wav" is silent from its beginning to its end; leave the file out'),
    "too slow": (ENTRY, {name.replace("/", "_"): sound(rate=1000) for name in FILES}, "data", "has 1,000 samples a second; bring sounds of 2,000 or more"),
    "no positive class": (ENTRY.removesuffix(", positive: angry"), {}, "positive", "the classes are angry, calm; say in positive which counts as 1"),
    "another positive class": (ENTRY.replace("positive: angry", "positive: angri"), {}, "positive", 'did you mean "angry"?'),
    "a baseline without a table": (ENTRY + ", baseline_column: flagged", {}, "baseline_column", "give a table of clips with the columns file and flagged, or leave it out"),
    "a table that is not there": (ENTRY + CLIPS, {}, "clips", "not found"),
    "a table of another kind": ("asset_id: C1, case: image_classifier, data: data/calls" + CLIPS, {}, "clips", "an image_classifier has none"),
    "predictions": (ENTRY + ", predictions: data/p.csv", {}, "predictions", "an audio_classifier has none"),
    "a target": (ENTRY + ", target: mood", {}, "target", "an audio_classifier has none"),
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


def test_the_plan_says_which_chapter_measures_it(bank):
    (told,) = cases.plans_in_words(chapters.read_all(paths.project()), client.load(bank().path))
    assert told.startswith(
        "C1: sounds@C1 (43_sounds.ipynb) will measure it on data/calls, trained here; no split is given"
    )


def with_clips(folder: Folder, change=lambda rows: rows) -> Folder:
    """A table with who speaks, five sounds each, and what was decided before."""
    rows = [["file", "speaker", "flagged", "day"]]
    rows += [[name, f"s{place % 4}", str(place % 2), f"2025-01-{place % 9 + 1:02}"] for place, name in enumerate(FILES)]
    text = "\n".join(",".join(row) for row in change(rows)) + "\n"
    return folder.data("data/clips.csv", text.encode())


SPOKEN = ENTRY + CLIPS + ", baseline_column: flagged, group_column: speaker"


def test_a_table_of_clips_says_who_speaks_and_what_was_decided(bank):
    folder = with_clips(bank(SPOKEN), lambda rows: [rows[0], *reversed(rows[1:])])
    (found,) = client.load(folder.path).cases
    columns = client.clip_columns(folder.path, found)
    assert columns["file"].tolist() == list(FILES)
    assert columns["flagged"].tolist() == [place % 2 for place in range(20)]
    assert (found.groups, found.heard_before) == (4, 3)
    (note,) = [one for one in folder.check().warnings if one.rule == 129]
    assert '3 of 4 values of "speaker" have sounds in the test and before it' in note.sentence
    assert "write split: {by: speaker, test_share: 0.3}" in note.sentence
    before = found.sha256
    with_clips(folder, lambda rows: [*rows[:1], [*rows[1][:2], "1", rows[1][3]], *rows[2:]])
    assert client.load(folder.path).cases[0].sha256 != before


@pytest.mark.parametrize("split", ["{by: speaker, test_share: 0.3}", "{by: day, test_from: 2025-01-07}"])
def test_whole_speakers_or_later_days_are_kept_for_the_test(bank, split):
    folder = with_clips(bank(f"{SPOKEN}, split: {split}"))
    company = client.load(folder.path)
    made = casework.of_client(company, folder.path, "C1", kind="audio_classifier")
    assert made.kind == "sounds" and made.test.x.shape[1:] == (32, 24, 1)
    if "speaker" in split:
        assert company.cases[0].heard_before == 0
        assert not set(made.test.groups.tolist()) & set(made.train.groups.tolist())
    else:
        assert company.cases[0].last_day.day == 9 and made.in_time
        assert made.test.days.min() >= np.datetime64("2025-01-07")


UNFIT_CLIPS = {
    "no file column": (lambda rows: [["path", *rows[0][1:]], *rows[1:]], "clips", 'has no column "file"'),
    "a row too many": (lambda rows: [*rows, ["calm/z.wav", "s1", "0", "2025-01-01"]], "clips", '"data/clips.csv" row 22: "calm/z.wav" is no sound of "data/calls"'),
    "twice": (lambda rows: [*rows, rows[1]], "clips", "stands in row 2 too; one row a sound"),
    "a row too few": (lambda rows: rows[:-2], "clips", 'sound "calm/i.wav" has no row in "data/clips.csv" (nor have 1 more)'),
    "no such column": (lambda rows: [[*rows[0][:2], "flag", rows[0][3]], *rows[1:]], "baseline_column", '"flagged" is not a column of "data/clips.csv"'),
    "a decision of words": (lambda rows: [*rows[:3], ["angry/c.wav", "s2", "no", "2025-01-03"], *rows[4:]], "baseline_column", '"data/clips.csv", column "flagged", row 4: "no"'),
    "no speaker": (lambda rows: [*rows[:3], ["angry/c.wav", "", "0", "2025-01-03"], *rows[4:]], "group_column", '"data/clips.csv", column "speaker", row 4: empty'),
}  # fmt: skip


@pytest.mark.parametrize(("change", "key", "words"), UNFIT_CLIPS.values(), ids=list(UNFIT_CLIPS))
def test_a_table_of_clips_that_does_not_fit_is_refused(bank, change, key, words):
    problems = with_clips(bank(SPOKEN), change).check().problems
    assert [problem.column for problem in problems] == [f"cases.{key}"]
    assert words in problems[0].sentence


@pytest.mark.parametrize(("width", "error"), [(1, 0.01), (2, 1e-4), (3, 1e-6), (4, 1e-6)])
def test_samples_are_read_whatever_their_width(tmp_path, width, error):
    wanted = np.sin(np.arange(800) / 7) * 0.9
    whole = np.round(wanted * (2 ** (8 * width - 1) - 1)).astype(np.int64) + (128 if width == 1 else 0)
    held = b"".join(int(one).to_bytes(width, "little", signed=width > 1) for one in whole for _ in range(2))
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(held)
    found = case_sounds.samples(tmp_path / "a.wav")
    assert found.shape == (800,) and np.abs(found - wanted).max() < error + 2 ** -(8 * width - 1)
