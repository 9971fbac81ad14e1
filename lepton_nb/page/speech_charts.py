"""Tables, drawings and conclusions of speech: sounds and their pictures, voices that were left out, noise, money.

A share is anything with value, low, high and n. A ``line`` is one split as the chapter judged it, a mapping with: split,
voice (empty where none was left out), simple (share), ours (list of shares, one a seed), together (share: the mean of the
networks' probabilities), gain (paired, in accuracy, of these).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, classifiers, plots, render, words

Line = Mapping[str, Any]


def counts_table(label: np.ndarray, speaker: np.ndarray, samples: np.ndarray, rate: int) -> render.Html:
    """How many recordings each speaker made and how long they are."""
    rows = [
        {"speaker": name, "recordings": int(here.sum()), "digits": len(np.unique(label[here]))}
        | {"seconds, shortest": samples[here].min() / rate, "mean": samples[here].mean() / rate, "longest": samples[here].max() / rate}
        for name in np.unique(speaker) for here in [speaker == name]
    ]  # fmt: skip
    seconds = dict.fromkeys(("seconds, shortest", "mean", "longest"), words.decimals(2))
    return render.table(rows, seconds, "Recordings, each of one digit.")


def trials_table(trials: Sequence[Any]) -> render.Html:
    """How many recordings move weights, choose and judge in each split."""
    rows = [
        {"split": one.name, "learns from": len(one.learn), "chooses on": len(one.choose), "judged on": len(one.judge)}
        for one in trials
    ]
    return render.table(rows, caption="Recordings of each part. What chose learns too, once the choice is made.")


# ---------------------------------------------------------------- sounds and pictures


def sound_drawn(
    sound: np.ndarray, rate: int, power: np.ndarray, shown: np.ndarray, caption: str, name: str
) -> render.Html:
    """A recording, its spectrogram, and the picture that the network gets.

    sound: (n,); power: (m, frequencies) decibels, from 0 to half the rate; shown: (columns, bands) decibels.
    """
    figure, (top, middle, last) = plots.axes(3, 1, width=charts.WIDTH, height=5.6)
    seconds = len(sound) / rate
    top.plot(np.arange(len(sound)) / rate, sound / max(np.abs(sound).max(), 1e-9), color=plots.BLUE, linewidth=0.7)
    top.set(xlim=(0, seconds), ylabel="pressure")
    for axis, pixels, extent, labels in (
        (middle, power, (0, seconds, 0, rate / 2000), ("seconds", "kHz")),
        (last, shown, (0, shown.shape[0], 0, shown.shape[1]), ("column of time", "band")),
    ):
        axis.imshow(
            pixels.T,
            origin="lower",
            aspect="auto",
            extent=extent,
            cmap="viridis",
            vmin=-60,
            vmax=0,
            interpolation="nearest",
        )
        axis.set(xlabel=labels[0], ylabel=labels[1])
        axis.grid(False)
    strongest = np.unravel_index(shown.argmax(), shown.shape)
    plots.describe(top, f"A sound of {words.number(seconds, 2)} seconds; its picture is loudest in column {strongest[0] + 1} of "
                        f"{shown.shape[0]}, band {strongest[1] + 1} of {shown.shape[1]}.")  # fmt: skip
    return plots.show(figure, caption, name)


def pictures_drawn(shown: np.ndarray, titles: Sequence[str], caption: str, name: str, columns: int = 5) -> render.Html:
    """Pictures of sounds side by side, time to the right, pitch upwards. shown: (n, columns, bands, 1)."""
    rows = -(-len(shown) // columns)
    figure, grid = plots.axes(rows, columns, width=charts.WIDTH, height=1.25 * rows, squeeze=False)
    for axis, one, title in zip(grid.flat, shown, titles, strict=False):
        plots.image(axis, one[..., 0].T[::-1], title, colour_map="viridis")
    for axis in list(grid.flat)[len(shown) :]:
        axis.set_visible(False)
    plots.describe(grid.flat[0], f"Pictures of sounds: {words.listed(titles)}.")
    return plots.show(figure, caption, name)


# ---------------------------------------------------------------- who is right how often


def points(gain: Any) -> str:
    """A paired gain in accuracy as points with its interval."""
    ends = words.range_of((100 * gain.low, 100 * gain.high), digits=1)
    value = gain.mean if hasattr(gain, "mean") else gain.value
    return f"{words.number(100 * value, 1, sign=True)} ({ends})"


def results_table(lines: Sequence[Line]) -> render.Html:
    """Accuracy of the simple recogniser, of each seed's network and of all together, split by split."""
    rows = []
    for line in lines:
        over = classifiers.over_seeds(line["ours"])
        rows.append(
            {"split": line["split"], "recordings": line["simple"].n, "simple": classifiers.rate_words(line["simple"])}
            | {"one network": words.percent(over["measured"]), "from": words.percent(over["from"]), "to": words.percent(over["to"])}
            | {"networks together": classifiers.rate_words(line["together"]), "points more (95 %)": points(line["gain"])}
        )  # fmt: skip
    seeds = len(lines[0]["ours"])
    ends = f"lowest and highest of {seeds} seeds" if seeds > 1 else "95 % Wilson, one seed"
    texts = {name: str for name in rows[0] if name not in ("split", "recordings")}
    return render.table(
        rows, texts, f"Accuracy on recordings that judged once; 95 % Wilson. One network: mean, and from, to ({ends}). "
        "Together: the probabilities averaged. Points more: together less simple, paired.",
    )  # fmt: skip


def voices_table(found: Mapping[str, Any], lines: Sequence[Line]) -> render.Html:
    """Means over the voices that were left out, with lowest and highest. found: way → mean over voices."""
    rows = []
    for way, mean in found.items():
        each = [line["simple" if way == "simple" else "together"].value for line in lines if line["voice"]]
        rows.append(
            {"way": way, "mean of the voices": words.percent(mean.value), "lowest": words.percent(min(each))}
            | {"highest": words.percent(max(each)), "95 % interval": words.percent_range((mean.low, mean.high), 1)}
        )  # fmt: skip
    return render.table(
        rows,
        dict.fromkeys(rows[0], str),
        f"A voice that was never heard, {next(iter(found.values())).n} times. The interval counts voices, not recordings.",
    )


def voices_drawn(lines: Sequence[Line], caption: str, name: str) -> render.Html:
    """Accuracy of each split with its interval, simple and networks together."""
    figure, axis = plots.axes(1, 1, width=charts.WIDTH, height=1.1 + 0.5 * len(lines))
    for place, line in enumerate(lines):
        for offset, rate, colour, label, mark in (
            (-0.14, line["simple"], plots.ORANGE, "simple", "s"), (0.14, line["together"], plots.BLUE, "networks together", "o"),
        ):  # fmt: skip
            value, low, high = (100 * end for end in (rate.value, rate.low, rate.high))
            axis.errorbar(value, place + offset, xerr=[[max(value - low, 0)], [max(high - value, 0)]], fmt=mark, color=colour, capsize=3,
                          label=None if place else label)  # fmt: skip
    axis.set(xlabel="right answers (%), with 95 % Wilson interval")
    axis.set_yticks(range(len(lines)), [line["split"] for line in lines])
    axis.set_ylim(len(lines) - 0.5, -0.5)  # the first on top, and room for its dot
    figure.legend(loc="outside lower center", ncols=2, labelcolor=plots.INK)
    told = "; ".join(
        f"{line['split']}: simple {words.percent(line['simple'].value)}, networks {words.percent(line['together'].value)}"
        for line in lines
    )
    plots.describe(axis, f"{told}.")
    return plots.show(figure, caption, name)


def upper(text: str) -> str:
    """The first letter large."""
    return text[:1].upper() + text[1:]


def against_simple(line: Line) -> str:
    """Whether the networks beat the simple recogniser on one split, in a sentence that follows the interval."""
    gain = line["gain"]
    how = "the networks are right more often" if gain.low > 0 else "the simple recogniser is right more often"
    if gain.low <= 0 <= gain.high:
        how = "no difference between the networks and the simple recogniser is shown"
    return f"{upper(line['split'])}: {how}, {points(gain)} points."


def new_voices_told(lines: Sequence[Line], found: Mapping[str, Any], gain: Any, aim: float = 0.9) -> list[str]:
    """What leaving a speaker out takes away, and whether the network is worth it for a voice that is new."""
    known = next(line for line in lines if not line["voice"])["together"]
    left = [line for line in lines if line["voice"]]
    ours = found["networks together"]
    lost = 100 * (known.value - ours.value)
    less = f"{words.number(lost, 1)} points less" if lost > 0 else "no less"
    told = [
        f"{upper(lines[0]['split'])} the networks are right in {words.percent(known.value)}; "
        f"for a voice that they never heard, in {words.percent(ours.value)}: {less}."
    ]
    worst = min(left, key=lambda line: line["together"].value)
    told.append(f"The hardest voice is {worst['voice']}: {classifiers.rate_words(worst['together'])}.")
    over = "above" if ours.value >= aim else "below"
    told.append(
        f"The mean of {len(left)} voices is {over} the aim of {words.rate(aim)}; its interval, {words.percent_range((ours.low, ours.high), 1)}, counts voices."
    )
    won = sum(line["gain"].low > 0 for line in left)
    how = "more" if gain.low > 0 else "less" if gain.high < 0 else "not shown to be more"
    told.append(
        f"Against the simple recogniser, on new voices: {how}, {points(gain)} points over {gain.n} voices; ahead by its own interval in {won} of {len(left)}."
    )
    return told


def variation_told(chosen: Sequence[Mapping[str, Any]]) -> str:
    """What variation is worth on the recordings that choose. chosen: split, voice, recipe → accuracy, with "plain" and "varied"."""
    gaps = [100 * (row["varied"] - row["plain"]) for row in chosen if row["voice"] and "plain" in row]
    if not gaps:
        return "What the variation of the pictures is worth was not tried in this run."
    more = sum(gap > 0 for gap in gaps)
    return (
        f"On the voices that choose, learning from varied pictures gives {words.number(np.mean(gaps), 1, sign=True)} points in the mean of "
        f"{words.plural(len(gaps), 'voice')}, and is better for {more} of them."
    )


def chosen_table(rows: Sequence[Mapping[str, Any]]) -> render.Html:
    """What was chosen for each split, and what each candidate reached there. rows: split and texts."""
    return render.table(
        rows,
        dict.fromkeys(rows[0], str),
        "Chosen by the share of right answers on the recordings that choose; those that judge had no part in it.",
    )


# ---------------------------------------------------------------- noise


def noise_drawn(
    curves: Mapping[str, Mapping[str, Sequence[Any]]], ratios: Sequence[float], caption: str, name: str
) -> render.Html:
    """Accuracy over the signal-to-noise ratio, a panel each kind of noise. curves: kind → way → a share a ratio."""
    figure, grid = plots.axes(1, len(curves), height=3.0, sharey=True, squeeze=False)
    told = []
    for axis, (kind, ways) in zip(grid[0], curves.items(), strict=True):
        for place, (way, shares) in enumerate(ways.items()):
            values = np.array([[share.low, share.value, share.high] for share in shares]) * 100
            charts.banded(axis, ratios, values, place, way)
            told.append(
                f"{kind}, {way}: "
                + ", ".join(
                    f"{words.percent(share.value)} at {words.number(ratio, 0)} dB"
                    for ratio, share in zip(ratios, shares, strict=True)
                )
            )
        axis.set(title=kind, xlabel="signal to noise (dB)")
        axis.invert_xaxis()
    grid[0][0].set_ylabel("right answers (%)")
    grid[0][0].legend(labelcolor=plots.INK)
    plots.describe(grid[0][0], f"{'; '.join(told)}.")
    return plots.show(figure, caption, name)


def noise_told(
    curves: Mapping[str, Mapping[str, Sequence[Any]]], ratios: Sequence[float], clean: Mapping[str, float]
) -> list[str]:
    """How far each way falls, and who is ahead in the loudest noise. clean: way → share of right answers without noise."""
    loudest = int(np.argmin(ratios))
    told = []
    for kind, ways in curves.items():
        falls = [
            f"{way} from {words.percent(clean[way])} to {words.percent(shares[loudest].value)}"
            for way, shares in ways.items()
        ]
        (first, one), (second, other) = ((way, shares[loudest]) for way, shares in ways.items())
        ahead = (
            f"{first if one.value > other.value else second} ahead"
            if one.low > other.high or one.high < other.low
            else "the intervals overlap"
        )
        told.append(f"{upper(kind)} at {words.number(ratios[loudest], 0)} dB: {words.listed(falls)}; {ahead}.")
    return told


# ---------------------------------------------------------------- time and money


def latency_table(rows: Mapping[str, Mapping[str, float]], caption: str) -> render.Html:
    """Seconds to an answer. rows: way → median and late."""
    shown = [
        {"step": way, "middle": one["median"] * 1000, "95 of 100 within": one["late"] * 1000}
        for way, one in rows.items()
    ]
    form = dict.fromkeys(("middle", "95 of 100 within"), _milliseconds)
    return render.table(shown, form, caption)


def _milliseconds(value: Any) -> str:
    return words.rounded(value, "ms", 2)


def latency_told(seconds: float, of_sound: float = 1.0) -> str:
    """Whether an answer comes before a caller notices."""
    how = "faster than it is spoken" if seconds < of_sound else "slower than it is spoken"
    notice = (
        "a pause that nobody notices"
        if seconds < 0.1
        else "a pause that is noticed"
        if seconds < 1
        else "too slow for a talk"
    )
    return f"From the sound to the answer of all networks together: {words.rounded(1000 * seconds, 'ms', 2)}, {how}; {notice}."


def money_table(rows: Sequence[Mapping[str, Any]], currency: str, caption: str) -> render.Html:
    """Cost of 1,000 digits. rows: way, wrong and asked (shares), cost (mean over voices, of 1,000), less (the same, saved)."""
    money = words.Money(currency)
    shown = [
        {"way": row["way"], "wrong": words.percent(row["wrong"]), "asked": words.percent(row["asked"])}
        | {"cost": f"{money(row['cost'].value)} ({money.range((row['cost'].low, row['cost'].high))})"}
        | {"less than the simple one": render.MISSING if row["less"] is None else f"{money(row['less'].value)} ({money.range((row['less'].low, row['less'].high))})"}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(shown[0], str), caption)


def money_told(less: Any, way: str, currency: str) -> str:
    """What one way saves beside the simple recogniser, in a sentence that follows the interval."""
    money = words.Money(currency)
    ends = f"95 % over {less.n} voices: {money.range((less.low, less.high))}"
    if less.low <= 0 <= less.high:
        return f"{upper(way)}: no saving on 1,000 digits is shown ({ends})."
    return f"{upper(way)}: 1,000 digits of a new voice cost {money(abs(less.value))} {'less' if less.low > 0 else 'more'} than with the simple recogniser ({ends})."
