"""Spoken English digits; in their place words that code speaks, after the formants of the real ones."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once, read_npz

__all__ = ["RATE", "SPOKEN_DIGITS"]

#: Samples a second, of the recordings and of what stands in for them.
RATE = 8000
#: The stand-in: recordings of each digit by each voice.
MADE_TAKES = 8
#: Voices of the stand-in: pitch in Hz, length of the vocal tract (1: as in the table of sounds), pace.
MADE_VOICES = {
    "made a": (105.0, 1.00, 1.0),
    "made b": (125.0, 0.94, 0.9),
    "made c": (92.0, 1.05, 1.2),
    "made d": (140.0, 0.90, 0.85),
    "made e": (115.0, 1.08, 1.1),
    "made f": (180.0, 0.86, 1.0),
}
#: Sounds as three formants in Hz, how much the voice sounds, how much hiss is in it.
SOUNDS = {
    "z": (300, 1700, 2500, 0.3, 0.5), "ih": (400, 1990, 2550, 1, 0), "r": (420, 1300, 1600, 0.9, 0),
    "oh": (500, 900, 2400, 1, 0), "w": (300, 700, 2200, 0.8, 0), "ah": (640, 1190, 2390, 1, 0),
    "n": (300, 1400, 2400, 0.4, 0), "t": (400, 1800, 2600, 0, 0.7), "oo": (300, 870, 2240, 1, 0),
    "th": (400, 1400, 2500, 0, 0.25), "ee": (270, 2290, 3010, 1, 0), "f": (400, 1100, 2300, 0, 0.3),
    "aw": (570, 840, 2410, 1, 0), "v": (300, 1100, 2300, 0.4, 0.1), "s": (400, 1600, 2600, 0, 0.8),
    "k": (400, 1600, 2500, 0, 0), "eh": (530, 1840, 2480, 1, 0), "ey": (450, 2100, 2600, 1, 0),
}  # fmt: skip
#: The sounds of each digit, 0 to 9.
WORDS = ("z ih r oh", "w ah n", "t oo oo", "th r ee ee", "f aw aw r", "f ah ih v", "s ih k s", "s eh v eh n", "ey ih k t",
         "n ah ee n")  # fmt: skip


def _said(digit: int, voice: tuple[float, float, float], generator: np.random.Generator) -> np.ndarray:
    """One made recording, (n,) float within -1..1: the harmonics of a voice through three formants that glide, and hiss."""
    pitch, tract, pace = voice
    sounds = np.array([SOUNDS[name] for name in WORDS[digit].split()], np.float32)
    count = int(RATE * pace * generator.uniform(0.30, 0.46))
    along = np.linspace(0, len(sounds) - 1, count, dtype=np.float32)
    along = np.floor(along) + np.clip(3 * (along % 1) - 1, 0, 1)  # a sound is held, then glides into the next
    places = np.arange(len(sounds))
    *formants, voiced, hiss = (np.interp(along, places, column).astype(np.float32) for column in sounds.T)
    formants = [row / tract * generator.normal(1, 0.09) for row in formants]
    tone = pitch * generator.normal(1, 0.05) * np.linspace(1.06, 0.92, count, dtype=np.float32)
    phase = 2 * np.pi * np.cumsum(tone) / RATE
    number = np.arange(1, int(0.47 * RATE / tone.max()) + 1, dtype=np.float32)[:, None]  # of the harmonic
    height = sum(
        gain / (1 + ((number * tone - at) / 90) ** 2) for gain, at in zip((1, 0.6, 0.4), formants, strict=True)
    )
    voice_part = (height * np.sin(number * phase) / np.sqrt(number)).sum(axis=0)
    noise = np.diff(generator.standard_normal(count + 1))  # more of it at high frequencies
    found = voiced * voice_part + 0.5 * hiss * noise + generator.uniform(0.01, 0.3) * generator.standard_normal(count)
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.02 * RATE))
    return fade * found / np.abs(found).max() * generator.uniform(0.2, 0.8)


def _packed(clips: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Recordings of several lengths as rows: ``sound`` (n, longest) int16, silence after the end, and ``samples`` (n,)."""
    samples = np.array([len(clip) for clip in clips], np.int32)
    sound = np.zeros((len(clips), samples.max()), np.int16)
    for row, clip in zip(sound, clips, strict=True):
        row[: len(clip)] = clip
    return {"sound": sound, "samples": samples}


@made_once
def made_digits() -> dict[str, np.ndarray]:
    """480 made recordings: ten digits by six made voices, eight takes each, in the order of digit, voice, take."""
    generator = np.random.default_rng(37)
    who = [
        (digit, voice, take) for digit in range(10) for voice in range(len(MADE_VOICES)) for take in range(MADE_TAKES)
    ]
    voices = list(MADE_VOICES.values())
    clips = [np.round(32_000 * _said(digit, voices[voice], generator)).astype(np.int16) for digit, voice, _ in who]
    digit, voice, take = np.array(who, np.uint8).T
    return _packed(clips) | {"label": digit, "take": take, "speaker": np.array(list(MADE_VOICES))[voice]}


def read_digits(path: Path) -> dict[str, np.ndarray]:
    """The file's recordings, each a row of its own; the speakers by their names."""
    file = read_npz(path)
    ends = file["offsets"]
    clips = [file["audio"][start:end] for start, end in itertools.pairwise(ends)]
    return _packed(clips) | {name: file[name] for name in ("label", "take")} | {
        "speaker": file["speaker_names"][file["speaker"]]
    }  # fmt: skip


SPOKEN_DIGITS = Entry(
    title="Free Spoken Digit Dataset",
    file="spoken_digits.npz",
    size=15_426_087,
    sha256="d4a97e30eb287a3787fe3076875287e054588edf757104c2afbe07985bc91073",
    source="Z. Jackson and others, Free Spoken Digit Dataset, since 2016",
    licence="CC BY-SA 4.0",
    read=read_digits,
    arrays={
        "sound": ("int16", (3_000, 18_262)),
        "samples": ("int32", (3_000,)),
        "label": ("uint8", (3_000,)),
        "take": ("uint8", (3_000,)),
        "speaker": ("<U8", (3_000,)),
    },
    stand_in=StandIn.own("Digits spoken by code", made_digits),
    spoken="spoken digits",
    meanings={"sound": "the air pressure, 8,000 times a second", "take": "number of the recording"},
)
