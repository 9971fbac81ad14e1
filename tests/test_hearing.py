"""Sounds of a client's case: pictures of any rate and length, and recognisers that are judged on voices new to them."""

from __future__ import annotations

import os
import wave

import numpy as np
import pytest
from test_client import B, Folder
from test_client_data import case

from lepton_nb import casework, client, datasets, results
from lepton_nb.casework import checks, doors, hearing, judging

WORTH = ", outcome_value: {tp: 0, fn: -5, fp: -1, tn: 0}"
ENTRY = (
    "asset_id: C1, case: audio_classifier, data: data/words, positive: six, clips: data/clips.csv, "
    "baseline_column: flagged, group_column: speaker, split: {by: speaker, test_share: 0.3}" + WORTH
)


def test_a_tone_lies_in_the_same_place_at_every_rate_and_is_higher_when_it_is_higher():
    def band(pitch: float, rate: int) -> int:
        tone = np.sin(2 * np.pi * pitch * np.arange(rate // 2) / rate)
        return int(hearing.pictures([tone], rate)[0, :, :, 0].mean(axis=0).argmax())

    assert band(300, 8000) < band(1000, 8000) < band(3000, 8000)
    assert band(1000, 16_000) < band(1000, 8000)  # of a scale that reaches twice as high
    assert hearing.pictures([np.sin(np.arange(900))], 2000).shape == (1, 32, 24, 1)


def test_nothing_of_a_long_sound_is_skipped():
    generator = np.random.default_rng(3)
    long = 0.05 * generator.standard_normal(400_000)
    long[200_000:200_400] += np.sin(2 * np.pi * 1000 * np.arange(400) / 8000)  # a twentieth of a second in fifty
    picture = hearing.pictures([long], 8000)[0, :, :, 0]
    assert picture[14:18].max() == 255 and np.delete(picture, range(14, 18), axis=0).max() < 250


def test_bytes_keep_a_picture_to_a_quarter_of_a_decibel():
    sound = np.random.default_rng(0).standard_normal(4000)
    shown = hearing.decibels(hearing.pictures([sound], 8000))
    assert shown.max() <= 0 and shown.min() >= hearing.spectrogram.FLOOR
    exact = hearing.spectrogram.picture(sound, hearing.spectrogram.mel_filters(hearing.BANDS))
    assert np.abs(shown[0, :, :, 0] - exact).max() < 0.13


def words_of(folder: Folder, data: datasets.Dataset, each: int) -> Folder:
    """The digits six and four as WAV files by class, with a table of speakers and of a rule that flags what is long."""
    (folder.path / "data/words").mkdir(parents=True, exist_ok=True)
    arrays, rows = data.arrays, ["file,speaker,flagged"]
    for name, digit in (("six", 6), ("four", 4)):
        place = folder.path / "data/words" / name
        place.mkdir()
        for voice in np.unique(arrays["speaker"]):
            own = np.flatnonzero((arrays["label"] == digit) & (arrays["speaker"] == voice))[:each]
            for row in own:
                count = int(arrays["samples"][row])
                with wave.open(str(place / f"{row}.wav"), "wb") as file:
                    file.setparams((1, 2, 8000, count, "NONE", ""))
                    file.writeframes(arrays["sound"][row, :count].astype("<i2").tobytes())
                rows.append(f"{name}/{row}.wav,{str(voice).replace(' ', '_')},{int(count > 3400)}")
    return folder.data("data/clips.csv", "\n".join([*rows, ""]).encode())


def judged_words(tmp_path, data_folder: str, each: int) -> tuple:
    folder = words_of(case(Folder(tmp_path, B), ENTRY), datasets.load("spoken_digits", data_folder), each)
    one = casework.of_client(client.load(folder.path), folder.path, "C1", kind="audio_classifier")
    scores = doors.scores(one, passes=4)
    judged = judging.judge(one, scores, learning=False, blocks=False)
    line = judging.judge(one, doors.fit(one, hearing.SIMPLE), learning=False, blocks=False)
    return one, scores, judged, line


def test_words_of_the_stand_in_are_judged_on_new_voices_in_money(tmp_path):
    one, scores, judged, line = judged_words(tmp_path, "", 8)
    assert not set(one.test.groups.tolist()) & {*one.train.groups.tolist(), *one.validation.groups.tolist()}
    assert [tried.kind for tried in scores.tried] == list(hearing.KINDS) and sum(t.chosen for t in scores.tried) == 1
    best = max(scores.tried, key=lambda tried: tried.auc)
    assert next(tried for tried in scores.tried if tried.chosen).auc == best.auc
    assert sum(cell.count for cell in judged.evaluation.paired) == len(one.test) == judged.n
    assert judged.evaluation.evaluation_id == "measured:C1" and judged.gain is not None
    assert line.auc.value > 0.8 and judged.auc.value > 0.8  # a hiss at both ends against none
    record = results.Record(results.task_name("sounds", "C1"), "quick")
    record.add_data(one)
    judging.enter(record, judged, checks.findings(one, judged))
    assert {"recall", "false_alarm_rate"} <= set(record.figures)


@pytest.mark.skipif(not os.environ.get("LEPTON_DATA"), reason="LEPTON_DATA is not set")
def test_spoken_words_are_judged_on_speakers_that_nobody_heard(tmp_path):
    one, _, judged, line = judged_words(tmp_path, os.environ["LEPTON_DATA"], 20)
    assert one.test.positives >= 30 and line.auc.value > 0.9
    assert judged.gain.low > 0  # beside a rule by length


def test_of_sounds_a_cut_lies_in_the_middle_of_what_the_validation_leaves_open(tmp_path):
    from types import SimpleNamespace

    from lepton_nb.casework import money

    worth = client.OutcomeValue(tp=(0.0,) * 3, fn=(-5.0,) * 3, fp=(-1.0,) * 3, tn=(0.0,) * 3)
    part = casework.Part(rows=np.arange(4), x=None, y=np.array([0, 0, 1, 1]))
    scores = np.array([0.1, 0.3, 0.9, 0.95])
    of = {kind: SimpleNamespace(kind=kind, money=worth, positive_share=None) for kind in ("sounds", "table")}
    assert [money.best_cut(one, part, scores)[0] for one in of.values()] == pytest.approx([0.6, 0.9])
