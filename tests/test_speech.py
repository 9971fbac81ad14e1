"""Speech: sound and its pictures, who is judged by whom, noise, when to ask, the network, a sound on a page, sentences."""

from __future__ import annotations

import base64
import io
import os
import re
import wave
from types import SimpleNamespace

import browser
import numpy as np
import pytest
from scipy import signal

from lepton_nb import training  # first: it starts Keras quietly

from lepton_nb import datasets, folds, results, spectrogram, speech  # isort: skip
from lepton_nb.datasets.spoken_digits import RATE
from lepton_nb.models import build_speech
from lepton_nb.page import render, speech_charts
from lepton_nb.report import page_head
from lepton_nb.valuation.performance import wilson_interval

RNG = np.random.default_rng(37)
REAL_DATA = os.environ.get("LEPTON_DATA", "")


def plain(shown) -> str:
    text = shown if isinstance(shown, str) else shown._repr_mimebundle_()["text/plain"]
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


@pytest.fixture(scope="module")
def made():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LEPTON_DATA", raising=False)
        return datasets.load("spoken_digits")


def tone(frequency: float, seconds: float = 0.4) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(int(RATE * seconds)) / RATE)


# ------------------------------------------------------------------ data


def test_the_stand_in_has_the_columns_of_the_real_recordings_repeats_and_is_named_as_made(made, monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    wanted = datasets.entry("spoken_digits").arrays
    assert made.stand_in and set(made.arrays) == set(wanted) and "by code" in made.title
    assert {name: array.dtype.kind for name, array in made.arrays.items()} == {
        name: np.dtype(kind).kind for name, (kind, _) in wanted.items()
    }
    again = datasets.load("spoken_digits").arrays
    assert all(np.array_equal(array, again[name]) for name, array in made.arrays.items())
    who = list(zip(made.arrays["label"], made.arrays["speaker"], made.arrays["take"], strict=True))
    assert len(set(who)) == len(who) == 480
    for row, count in zip(made.arrays["sound"], made.arrays["samples"], strict=True):
        assert np.abs(row[:count]).max() > 5_000 and not row[count:].any()


@pytest.mark.skipif(not REAL_DATA, reason="LEPTON_DATA is not set")
def test_the_real_recordings_are_those_published():
    if datasets.locate("spoken_digits", REAL_DATA) is None:
        pytest.skip("the recordings are not in LEPTON_DATA")
    found = datasets.load("spoken_digits", REAL_DATA).arrays
    assert found["samples"].sum() == 10_498_424 and np.bincount(found["label"]).tolist() == [300] * 10
    assert np.unique(found["speaker"], return_counts=True)[1].tolist() == [500] * 6


# ------------------------------------------------------------------ from sound to a picture


@pytest.mark.parametrize(
    ("size", "hop", "length", "count"), [(256, 64, 512, 3000), (100, 30, 128, 777), (64, 64, 64, 640)]
)
def test_the_short_time_transform_is_that_of_scipy(size, hop, length, count):
    sound = RNG.standard_normal(count)
    ours = spectrogram.stft(sound, size, hop, length)
    theirs = signal.stft(sound, RATE, "hann", size, size - hop, length, boundary=None, padded=False)[2].T
    assert ours == pytest.approx(theirs * spectrogram.window(size).sum(), abs=1e-9)


def test_a_sound_shorter_than_a_window_gets_silence_and_none_is_refused():
    short = RNG.standard_normal(50)
    assert spectrogram.frames(short).shape == (1, 256)
    assert np.array_equal(spectrogram.frames(short)[0], np.r_[short, np.zeros(206)])
    with pytest.raises(ValueError, match="must be a row of samples"):
        spectrogram.stft(np.zeros((2, 300)))
    with pytest.raises(ValueError, match="length must be at least size"):
        spectrogram.stft(short, 256, 64, 128)
    with pytest.raises(ValueError, match="size and hop must be at least 1"):
        spectrogram.frames(short, hop=0)


def test_bands_share_each_frequency_between_two_neighbours_and_are_equally_wide_in_mel():
    filters = spectrogram.mel_filters(32)
    at = np.arange(257) * RATE / 512
    middles = spectrogram.hertz(np.linspace(spectrogram.mel(60), spectrogram.mel(4000), 34))[1:-1]
    inside = (at >= middles[0]) & (at <= middles[-1])
    assert filters[:, inside].sum(axis=0) == pytest.approx(1)
    assert np.abs(at[filters.argmax(axis=1)] - middles).max() <= RATE / 512
    assert np.diff(spectrogram.mel(middles)) == pytest.approx(np.diff(spectrogram.mel(middles))[0])
    for bad in ({"bands": 0}, {"bands": 8, "high": 5000}, {"bands": 8, "low": 900, "high": 800}):
        with pytest.raises(ValueError, match="low < high <= rate / 2"):
            spectrogram.mel_filters(**bad)
    with pytest.raises(ValueError, match="holds no frequency"):
        spectrogram.mel_filters(120, length=256)


@pytest.mark.parametrize("frequency", [300, 1000, 2500])
def test_a_tone_is_brightest_in_its_own_band_at_all_times_however_loud(frequency):
    filters = spectrogram.mel_filters(32)
    found = spectrogram.picture(tone(frequency), filters)
    own = filters[:, round(frequency * 512 / RATE)].argmax()
    assert found.shape == (32, 32) and (found.argmax(axis=1) == own).all()
    assert found.max() == pytest.approx(0, abs=1e-9) and found.min() >= spectrogram.FLOOR
    assert spectrogram.picture(17 * tone(frequency), filters) == pytest.approx(found)


def test_silence_around_a_word_and_its_pace_change_little_and_silence_alone_is_a_picture():
    filters = spectrogram.mel_filters(32)
    word = np.r_[tone(400, 0.2), tone(1500, 0.2)]
    found = spectrogram.picture(word, filters)
    quiet = np.zeros(1600)
    for other in (np.r_[quiet, word, quiet], np.r_[tone(400, 0.4), tone(1500, 0.4)]):
        assert np.mean(np.abs(spectrogram.picture(other, filters) - found)) < 4
    assert np.mean(np.abs(spectrogram.picture(word[::-1], filters) - found)) > 8, "the order of sounds is kept"
    assert not spectrogram.picture(np.zeros(3000), filters).any()


def test_cepstral_coefficients_are_their_sum_of_cosines():
    bands = RNG.standard_normal((5, 32))
    j = np.arange(32)
    written = np.array([(bands * np.cos(np.pi * q / 32 * (j + 0.5))).sum(axis=1) for q in range(13)]).T
    scale = np.where(np.arange(13) == 0, np.sqrt(1 / 32), np.sqrt(2 / 32))
    assert spectrogram.cepstrum(bands) == pytest.approx(written * scale)


# ------------------------------------------------------------------ what may vary

SHOWN = np.maximum(RNG.normal(-25, 12, (6, 40, 32, 1)), -60).astype("float32")


def test_variations_repeat_by_seed_and_epoch_and_none_leaves_a_picture_as_it_is():
    one = spectrogram.varied(SHOWN, 3, seed=5)
    assert (
        np.array_equal(one, spectrogram.varied(SHOWN, 3, seed=5))
        and one.dtype == SHOWN.dtype
        and one.shape == SHOWN.shape
    )
    assert not np.allclose(one, spectrogram.varied(SHOWN, 4, seed=5)) and not np.allclose(
        one, spectrogram.varied(SHOWN, 3, seed=6)
    )
    same = spectrogram.varied(SHOWN, 1, tempo=0, tract=0, tilt=0, noise=0, masks=0)
    assert same == pytest.approx(SHOWN, abs=1e-4)
    with pytest.raises(ValueError, match="columns, bands, 1"):
        spectrogram.varied(SHOWN[..., 0], 1)


def test_a_shorter_tract_moves_pitches_and_never_times_noise_fills_silence_and_masks_blot_out():
    low = np.full((200, 40, 32, 1), -60, "float32")
    low[:, :, 16] = 0
    moved = spectrogram.varied(low, 1, tempo=0, tilt=0, noise=0, masks=0)
    assert 12 <= moved.argmax(axis=2).min() < 15 and 17 < moved.argmax(axis=2).max() <= 20
    assert np.ptp(moved, axis=1).max() < 1e-3
    noisy = spectrogram.varied(low, 1, tempo=0, tract=0, tilt=0, noise=1, masks=0)
    assert (noisy[..., 0].mean(axis=(1, 2)) >= low[..., 0].mean(axis=(1, 2)) - 1e-3).all() and noisy.max() <= 1e-4
    assert noisy[:, :, 0].mean() < noisy[:, :, 31].mean(), "wider bands take more noise"
    hidden = spectrogram.varied(SHOWN, 1, tempo=0, tract=0, tilt=0, noise=0, masks=5)
    changed = np.abs(hidden - SHOWN)[..., 0] > 1e-3
    assert 0 < changed.mean() < 0.3
    assert hidden[0][changed[0]] == pytest.approx(float(SHOWN[0].mean()), abs=1e-3)


# ------------------------------------------------------------------ who is judged by whom


def test_no_recording_stands_on_two_sides_and_a_speaker_left_out_neither_trains_nor_chooses(made):
    speaker, take = made.arrays["speaker"], made.arrays["take"]
    found = speech.trials(speaker, take)
    assert [one.name for one in found[:2]] == ["at random", "by take"] and len(found) == 8
    for one in found:
        parts = [set(rows) for rows in (one.learn, one.choose, one.judge)]
        assert all(parts) and sum(map(len, parts)) == len(set.union(*parts)) == len(speaker)
        assert set(one.train) == parts[0] | parts[1]
    assert set(take[found[1].judge]) == {0} and set(take[found[1].choose]) == {1}
    for one in found[2:]:
        assert set(speaker[one.judge]) == {one.voice} and len(set(speaker[one.choose])) == 1
        assert one.voice not in set(speaker[one.train]) and len(set(speaker[one.learn])) == 4
    assert len({one.voice for one in found[2:]}) == 6
    assert np.array_equal(speech.trials(speaker, take, seed=1)[0].judge, speech.trials(speaker, take, seed=1)[0].judge)
    with pytest.raises(ValueError, match="at least three speakers"):
        speech.trials(speaker[speaker < "made c"], take[speaker < "made c"])


def test_takes_of_the_publishers_split_are_the_first_tenth():
    speaker, take = np.repeat(["a", "b", "c"], 50), np.tile(np.arange(50), 3)
    assert set(take[speech.trials(speaker, take, 1)[1].judge]) == set(range(5))


def test_the_interval_counts_voices():
    shares = [0.9, 0.8, 0.95, 0.7, 0.85, 0.9]
    found, wider = speech.over_voices(shares), folds.corrected_mean(shares, 1 / 6)
    assert (found.value, found.low, found.high, found.n) == (wider.value, wider.low, wider.high, 6)
    assert speech.over_voices([0.99, 0.7, 1.0], within=(0, 1)).high == 1
    record = results.Record("speech")
    speech.enter_mean(record, "x", found)
    assert record["x"].interval == "95 %, 6 voices" and record["x"].n == 6


def test_the_simple_recogniser_learns_words_and_says_what_it_is(made):
    pictures = spectrogram.pictures(made.arrays["sound"], made.arrays["samples"])
    one, label = speech.trials(made.arrays["speaker"], made.arrays["take"])[1], made.arrays["label"]
    for simple in (speech.Simple(8, True, 0), speech.Simple(8, False, 1)):
        heard = simple.fit(pictures[one.train], label[one.train]).answers(pictures[one.judge])
        assert np.mean(heard == label[one.judge]) > 0.8
    assert speech.Simple(1, False, 0).words == "logistic regression, means of the whole word, 0 varied copies"
    assert speech.in_parts(pictures[:3], 1).shape == (3, 25) and speech.in_parts(pictures[:3]).shape == (3, 103)
    assert speech.in_parts(pictures[:3] + 7) == pytest.approx(speech.in_parts(pictures[:3]), abs=1e-3), (
        "loudness says nothing"
    )


# ------------------------------------------------------------------ noise, views, time, money


@pytest.mark.parametrize("kind", speech.NOISES)
@pytest.mark.parametrize("ratio", [10, 0, -5])
def test_noise_has_the_strength_that_was_asked_for(made, kind, ratio):
    sound, samples = made.arrays["sound"][:8], made.arrays["samples"][:8]
    found = speech.noisy(sound, samples, ratio, kind, seed=2, talk=(made.arrays["sound"], made.arrays["samples"]))
    for row, clip, count in zip(found, sound, samples, strict=True):
        noise = row[:count] - clip[:count]
        assert 10 * np.log10(np.sum(clip[:count].astype(float) ** 2) / np.sum(noise**2)) == pytest.approx(
            ratio, abs=0.01
        )
        assert not row[count:].any()
    with pytest.raises(ValueError, match="white noise, voices"):
        speech.noisy(sound, samples, ratio, "rain")


def test_three_views_hear_a_picture_as_it_is_higher_and_lower():
    one = np.full((1, 40, 32, 1), -60, "float32")
    one[:, :, 16] = 0
    same, higher, lower = speech.views(one)
    assert np.array_equal(same, one)
    assert higher.argmax(axis=2).max() > 16 > lower.argmax(axis=2).max()


def test_an_answer_takes_time_and_late_ones_longer():
    found = speech.latency(lambda: sum(range(2000)), repetitions=20)
    assert 0 < found["median"] <= found["late"]


def test_with_honest_probabilities_no_other_threshold_costs_less_than_the_one_of_the_prices():
    chance = RNG.dirichlet(np.full(10, 0.2), 20_000)
    truth = (chance.cumsum(axis=1) > RNG.random((20_000, 1))).argmax(axis=1)
    prices = {"error": 0.6, "asking": 0.15}

    def mean(asked):
        return speech.tally(truth, chance.argmax(axis=1), prices, asked)["cost"]

    best = mean(speech.asking(chance, 0.6, 0.15))
    assert all(best < mean(chance.max(axis=1) < cut) for cut in (0.0, 0.5, 0.65, 0.85, 0.95))
    assert speech.tally(truth, truth, prices) == {"cost": 0, "wrong": 0, "asked": 0}
    with pytest.raises(ValueError, match="prices must be positive"):
        speech.asking(chance, 0, 0.1)


def test_what_a_way_costs_is_the_mean_over_voices_and_less_than_anothers_on_the_same_voices():
    truth, said = np.array([1, 2, 3, 4]), np.array([1, 2, 3, 0])
    prices = {"error": 0.6, "asking": 0.1}
    one = speech.tally(truth, said, prices)
    other = speech.tally(truth, said, prices, asked=np.array([True, False, False, True]))
    assert one == pytest.approx({"cost": 150, "wrong": 0.25, "asked": 0})
    assert other == pytest.approx({"cost": 50, "wrong": 0, "asked": 0.5})
    found = speech.priced([other, other], [one, one])
    assert (found["cost"].value, found["less"].value, found["asked"]) == pytest.approx((50, 100, 0.5))
    assert speech.priced([one, one], None)["less"] is None


# ------------------------------------------------------------------ the network


def test_the_network_hears_no_loudness_and_its_parameters_can_be_counted_by_hand():
    model = build_speech(8, 8, 3, widths=(4, 6))
    by_hand = 9 * 4 + 4 * 4 + 9 * 4 * 6 + 4 * 6 + (2 * 6 * 3 + 3)
    assert model.count_params() == by_hand and model.output.shape == (None, 3)
    one = RNG.standard_normal((2, 8, 8, 1)).astype("float32")
    assert training.predict(model, 30 * one - 20) == pytest.approx(training.predict(model, one), abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"columns": 4, "widths": (2, 2, 2)}, "too small for 3 blocks"), ({"classes": 1}, "classes must be at least 2"),
     ({"dropout": 1.0}, "below 1"), ({"widths": (0,)}, "widths")],
)  # fmt: skip
def test_bad_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_speech(**arguments)


# ------------------------------------------------------------------ a sound on a page


def test_a_sound_is_carried_in_the_page_sample_by_sample():
    sound = tone(500, 0.1)
    shown = render.audio(sound, RATE, 'Seven <said> by "x".')
    (address,) = re.findall(r'src="data:audio/wav;base64,([^"]*)"', str(shown))
    with wave.open(io.BytesIO(base64.b64decode(address))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes()) == (RATE, 1, 2, 800)
        level = np.frombuffer(file.readframes(800), "<i2")
    assert level / 32_000 == pytest.approx(sound / np.abs(sound).max(), abs=1e-4)
    assert plain(shown) == 'Seven <said> by "x".' and "<said>" not in str(shown)
    for bad in (np.zeros(0), np.zeros((2, 5)), np.zeros(render.LONGEST_SOUND + 1), np.array([np.nan])):
        with pytest.raises(ValueError, match="finite samples"):
            render.audio(bad, RATE, "x")


def test_the_policy_of_the_site_lets_the_sounds_of_a_page_play_and_no_others(tmp_path):
    assert "media-src data:;" in page_head.POLICY
    own = str(render.audio(tone(500, 0.2), RATE, "a tone"))
    other = '<audio src="https://example.invalid/a.wav" preload="auto"></audio>'
    page = tmp_path / "page.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{page_head.POLICY}">{own}{other}',
        encoding="utf-8",
    )
    with browser.chromium() as chromium:
        view = chromium.new_page()
        refused = []
        view.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        view.goto(page.as_uri())
        seconds = view.evaluate("""async () => {
            const sound = document.querySelector('audio');
            if (sound.readyState < 1) await new Promise(done => { sound.onloadedmetadata = sound.onerror = done; });
            return sound.duration; }""")
    assert seconds == pytest.approx(0.2, abs=0.01)
    assert len(refused) == 1 and "example.invalid" in refused[0] and "media-src" in refused[0]


# ------------------------------------------------------------------ sentences, tables, drawings


def mean(value, low, high, n=6):
    return SimpleNamespace(value=value, mean=value, low=low, high=high, n=n)


def line(split, simple, ours, low, high, voice=""):
    return {"split": split, "voice": voice, "simple": wilson_interval(simple, 500), "ours": [wilson_interval(ours, 500)],
            "together": wilson_interval(ours, 500), "gain": mean((ours - simple) / 500, low, high)}  # fmt: skip


LINES = [line("at random", 480, 495, 0.01, 0.05), line("by take", 490, 491, -0.01, 0.014),
         line("without a", 350, 450, 0.15, 0.25, "a"), line("without b", 460, 440, -0.06, -0.02, "b")]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "phrase"),
    [
        (0, "At random: the networks are right more often, +3.0"),
        (1, "By take: no difference"),
        (3, "the simple recogniser is right more often"),
    ],
)
def test_a_comparison_follows_the_interval(place, phrase):
    assert phrase in plain(speech_charts.against_simple(LINES[place]))


def test_what_is_said_of_new_voices_follows_the_figures():
    means = {"simple": mean(0.81, 0.5, 1), "networks together": mean(0.89, 0.8, 0.98, 2)}
    told = " ".join(map(plain, speech_charts.new_voices_told(LINES, means, mean(0.08, -0.1, 0.26, 2))))
    assert "At random the networks are right in 99.0 %" in told and "in 89.0 %: 10.0 points less" in told
    assert (
        "hardest voice is b" in told
        and "below the aim of 90 %" in told
        and "not shown to be more" in told
        and "in 1 of 2" in told
    )
    better = " ".join(
        map(
            plain,
            speech_charts.new_voices_told(
                LINES, means | {"networks together": mean(0.93, 0.9, 0.96, 2)}, mean(0.1, 0.05, 0.15, 2)
            ),
        )
    )
    assert "above the aim of 90 %" in better and "on new voices: more, +10.0" in better


def test_a_variation_that_was_not_tried_is_said_not_to_be():
    assert "was not tried" in speech_charts.variation_told([{"voice": "a"}])
    told = plain(
        speech_charts.variation_told(
            [{"voice": "a", "plain": 0.7, "varied": 0.9}, {"voice": "b", "plain": 0.8, "varied": 0.78}]
        )
    )
    assert "gives +9.0 points in the mean of 2 voices, and is better for 1" in told


def test_what_is_said_of_noise_time_and_money_follows_the_figures():
    curves = {
        "white noise": {
            "simple": [wilson_interval(400, 500), wilson_interval(100, 500)],
            "networks": [wilson_interval(450, 500), wilson_interval(300, 500)],
        }
    }
    (told,) = speech_charts.noise_told(curves, [10, 0], {"simple": 0.9, "networks": 0.95})
    assert (
        plain(told)
        == "White noise at 0 dB: simple from 90.0 % to 20.0 % and networks from 95.0 % to 60.0 %; networks ahead."
    )
    curves["white noise"]["networks"][1] = wilson_interval(105, 500)
    assert "the intervals overlap" in speech_charts.noise_told(curves, [10, 0], {"simple": 0.9, "networks": 0.95})[0]
    assert "nobody notices" in speech_charts.latency_told(0.01) and "that is noticed" in speech_charts.latency_told(0.4)
    assert "too slow" in speech_charts.latency_told(1.5) and "slower than" in speech_charts.latency_told(1.5)
    assert "cost 20.00 EUR less" in plain(speech_charts.money_told(mean(20, 10, 30), "x", "EUR"))
    assert "cost 20.00 EUR more" in plain(speech_charts.money_told(mean(-20, -30, -10), "x", "EUR"))
    assert "no saving" in speech_charts.money_told(mean(5, -10, 20), "x", "EUR")


def test_tables_and_drawings_hold_what_they_are_given(made):
    arrays = made.arrays
    assert "made a" in plain(speech_charts.counts_table(arrays["label"], arrays["speaker"], arrays["samples"], RATE))
    assert "without made b" in plain(speech_charts.trials_table(speech.trials(arrays["speaker"], arrays["take"])))
    assert "99.0 % (97.7–99.6)" in plain(speech_charts.results_table(LINES))
    means = {"simple": mean(0.81, 0.5, 1), "networks together": mean(0.89, 0.8, 0.98)}
    assert "88.0 %" in plain(speech_charts.voices_table(means, LINES))
    assert "without b: simple 92.0 %, networks 88.0 %" in plain(str(speech_charts.voices_drawn(LINES, "c", "n")))
    sound = arrays["sound"][0, : arrays["samples"][0]]
    power = np.maximum(RNG.normal(-20, 10, (50, 257)), -60)
    assert "its picture is loudest in column" in str(
        speech_charts.sound_drawn(sound, RATE, power, SHOWN[0, ..., 0], "c", "n")
    )
    assert "<svg" in speech_charts.pictures_drawn(SHOWN, ["x"] * 6, "c", "n")
    curves = {"white noise": {"simple": [wilson_interval(400, 500)], "networks": [wilson_interval(450, 500)]}}
    assert "white noise, networks: 90.0 % at 10 dB" in plain(str(speech_charts.noise_drawn(curves, [10], "c", "n")))
    assert "0.012 ms" in plain(speech_charts.latency_table({"x": {"median": 0.000012, "late": 0.001}}, "c"))
    row = {"way": "simple", "wrong": 0.1, "asked": 0.0, "cost": mean(60, 50, 70), "less": None}
    assert "60.00 EUR (50 to 70 EUR)" in plain(speech_charts.money_table([row], "EUR", "c"))
    assert "varied" in plain(speech_charts.chosen_table([{"split": "by take", "network": "varied"}]))
