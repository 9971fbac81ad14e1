"""What the chapters that teach say of their figures: sentences that follow them, whatever a run gives.

Functions take plain figures, or things with value, low and high, and give sentences. Two figures are said to differ
only where their intervals do not overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import words
from lepton_nb.page.layer_charts import power_of_ten


def _apart(first: Any, second: Any) -> bool:
    return first.low > second.high or first.high < second.low


def _ends(score: Any, digits: int = 1, by: float = 1.0) -> str:
    value, low, high = (words.number(by * part, digits) for part in (score.value, score.low, score.high))
    return f"{value} ({low} to {high})"


# ---------------------------------------------------------------- what was claimed, and how much of it was tried


def tried(done: int, stated: int, unit: str) -> str:
    """How much of what the article states was run; the rest is said not to have been tried.

    >>> tried(1, 100, "passes").replace(words.THIN, " ")
    'after 1 of the 100 passes that the article states (1.0 %); what the other 99 would bring was not tried'
    """
    if done >= stated:
        return f"after {words.count(done)} {unit}, all that the article states"
    part = f"after {words.count(done)} of the {words.count(stated)} {unit} that the article states"
    rest = f"what the other {words.count(stated - done)} would bring was not tried"
    return f"{part} ({words.share(done / stated)}); {rest}"


def claim(rates: Sequence[Any], stated: float, after: str = "") -> str:
    """Whether a claimed share holds, by the 95 % Wilson intervals of one network a seed.

    It holds where every interval lies at the claim or above, it does not where every one lies below; in any other
    case the sentence says that neither is shown.
    """
    low, high = min(rate.low for rate in rates), max(rate.high for rate in rates)
    if all(rate.high < stated for rate in rates):
        verdict = "does not hold"
    elif all(rate.low >= stated for rate in rates):
        verdict = "holds"
    else:
        verdict = "is neither borne out nor refuted, since an interval holds it"
    ends = "95 % Wilson" if len(rates) == 1 else f"95 % Wilson intervals of {len(rates)} seeds together"
    mean = words.percent(np.mean([rate.value for rate in rates]), 2)
    told = f"{mean} ({words.percent(low, 2)} to {words.percent(high, 2)}, {ends})"
    return f"{told}{f' {after}' if after else ''}: the claim of {words.rate(stated)} {verdict}."


def as_many_epochs(slow: Any, fast: Any, names: tuple[str, str], n: int) -> str:
    """Two trainings after the same number of epochs, by the validation images. slow, fast: training.Run."""
    epochs = min(len(slow.epochs), len(fast.epochs))
    shares = [run.epochs[epochs - 1].validation_accuracy for run in (slow, fast)]
    how = "behind" if shares[0] < shares[1] else "ahead" if shares[0] > shares[1] else "level"
    told = [f"{name} is right on {words.percent(share)}" for name, share in zip(names, shares, strict=True)]
    done = f"After {words.plural(epochs, 'epoch', 'epochs')} {told[0]} of {words.count(n)} validation images, {told[1]}"
    return f"{done}: {names[0]} is {how}{'' if how == 'level' else f' by {words.percent(abs(shares[1] - shares[0]))}'}."


# ---------------------------------------------------------------- classifiers


def sureness(found: Mapping[str, tuple[float, float]]) -> list[str]:
    """Whether networks are surer than they are right. found: name → mean confidence, share of right answers."""
    told = []
    for name, (sure, right) in found.items():
        gap = words.number(100 * abs(sure - right), 1)
        if abs(sure - right) < 0.005:
            told.append(f"{name}: as sure as it is right, to half a point.")
        elif sure > right:
            told.append(f"{name}: surer than it is right, by {gap} points.")
        else:
            told.append(f"{name}: more modest than it need be, by {gap} points.")
    return told


def parts_worth(whole: Any, without: Mapping[str, Any]) -> list[str]:
    """What each part of a recipe is worth. whole, without: share of right answers, with and without the part."""
    told = []
    for part, share in without.items():
        points = words.number(100 * abs(whole.value - share.value), 1)
        if not _apart(whole, share):
            told.append(f"Without {part}: not told apart from the whole recipe, the intervals overlap.")
        else:
            how = "fewer" if share.value < whole.value else "more"
            told.append(f"Without {part}: {points} points {how}.")
    return told


def overtaken(seconds: float | None, reference: float, who: str, whose: str) -> str:
    """Whether one recipe passed the final accuracy of another, and in what share of its time; None: not always."""
    if seconds is None:
        return f"{who} does not pass the final accuracy of {whose} with every seed of this run."
    share = words.share(seconds / reference)
    return f"{who} passes the final accuracy of {whose} after {words.duration(seconds)}, {share} of its time."


def resolution(rate: Any) -> str:
    """What a test set can tell apart at all."""
    width = words.number(100 * (rate.high - rate.low), 1)
    return f"One image of {words.count(rate.n)} is {words.number(100 / rate.n, 2)} points, and the interval is {width} points wide."


def choice(losses: Mapping[str, float], what: str) -> str:
    """Which candidate was taken, by its validation loss."""
    best = min(losses, key=losses.__getitem__)
    told = words.listed(f"{name} {words.number(loss, 3)}" for name, loss in losses.items())
    return f"{what}: {best} is taken, by the validation loss ({told}). One seed chose it; it shows no more."


def agreement(to_keras: Iterable[float], to_differences: Iterable[float]) -> str:
    """How far derived formulas are from Keras and from central differences, at most."""
    first, second = power_of_ten(max(to_keras)), power_of_ten(max(to_differences))
    return (
        f"The largest relative difference is {first} to Keras (float32) and {second} to central differences (float64)."
    )


# ---------------------------------------------------------------- sequences


def vanishing(kept: Mapping[str, float], steps: int) -> list[str]:
    """What is left of the error so many steps back. kept: name of a network → length, 1 at no distance."""
    order = sorted(kept, key=kept.__getitem__, reverse=True)
    told = words.listed(f"{name} {power_of_ten(kept[name])}" for name in order)
    first = f"Left of the error after {steps} steps back, the most first: {told}."
    more = [_against(kept, name, "RNN, ρ = 1") for name in ("LSTM", "GRU") if {name, "RNN, ρ = 1"} <= kept.keys()]
    opened = [name for name in ("LSTM", "GRU") if f"{name}, open" in kept]
    for name in opened:
        how = "keeps more" if kept[f"{name}, open"] > kept[name] else "keeps no more"
        more.append(f"With its gate open at the start the {name} {how} than as Keras starts it.")
    return [first, *more]


def _against(kept: Mapping[str, float], name: str, plain: str) -> str:
    ratio = kept[name] / kept[plain] if kept[plain] else float("inf")
    how = "about as much as" if 0.1 <= ratio <= 10 else "far less than" if ratio < 1 else "far more than"
    return f"As Keras starts it, the {name} keeps {how} the plain cell with ρ = 1."


def learnt(shares: Mapping[str, Any], kept: Mapping[str, float], distance: int, guessing: float) -> list[str]:
    """Who learnt the task at a distance, and whether the gradient foretold it.

    shares: name → share of right answers of each network (networks,). kept: name → what is left of the error there.
    Learnt is halfway from guessing to always right, in the mean.
    """
    means = {name: float(np.mean(found)) for name, found in shares.items()}
    can = [name for name, mean in means.items() if mean > (1 + guessing) / 2]
    cannot = [name for name in means if name not in can]
    told = [
        f"At {distance} steps learnt, more than halfway from guessing to always right: {words.listed(can)}. "
        f"Not learnt: {words.listed(cannot)}."
    ]
    least = min((kept[name] for name in can if name in kept), default=None)
    most = max((kept[name] for name in cannot if name in kept), default=None)
    if least is None or most is None:
        return [*told, "Whether the gradient foretells it cannot be seen at this distance: all of one kind."]
    if least > most:
        return [
            *told,
            "Each network that learnt it had kept more of the error, before training, than each that did not.",
        ]
    return [*told, "The gradient before training does not part the two here: one that did not learn had kept more."]


def attention(with_it: Any, without: Any, published: tuple[float, float]) -> str:
    """What attention is worth in BLEU here, beside the published difference (without, with)."""
    gap = with_it.value - without.value
    told = f"BLEU {_ends(with_it)} with attention, {_ends(without)} without: "
    if not _apart(with_it, without):
        told += "the intervals overlap, so this run shows no difference"
    else:
        told += f"{words.number(abs(gap), 1)} {'more' if gap > 0 else 'less'} with it"
    return f"{told}. Between the published ones, on other data, lie {words.number(published[1] - published[0], 1)}."


def by_length(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """BLEU of short and long sentences, network by network. rows: network, words, bleu, low, high, shortest first."""
    told = []
    for key, name in names.items():
        mine = [row for row in rows if row["network"] == key]
        if len(mine) < 2:
            continue
        short, long = mine[0], mine[-1]
        if short["low"] <= long["high"] and long["low"] <= short["high"]:
            how = "not told apart"
        else:
            how = "falls with length" if long["bleu"] < short["bleu"] else "rises with length"
        ends = [f"{words.number(row['bleu'], 1)} at {row['words']} words" for row in (short, long)]
        told.append(f"{words.sentence(name)[:-1]}: BLEU {ends[0]}, {ends[1]}: {how}.")
    return told


def two_texts(here: Any, there: Any) -> str:
    """BLEU on the kind of text that was learnt from, and on another."""
    how = "not told apart" if not _apart(here, there) else "less" if there.value < here.value else "more"
    return f"BLEU {_ends(here)} on captions, {_ends(there)} on news: {how}."


# ---------------------------------------------------------------- generators and discriminators


def ahead(discriminator: float, generator: float, levels: tuple[float, float]) -> str:
    """Which player is ahead, by losses and the levels at which nothing can be told apart."""
    if discriminator < levels[0] and generator > levels[1]:
        return "the discriminator is ahead"
    if discriminator > levels[0] and generator < levels[1]:
        return "the generator is ahead"
    return "neither is ahead by both losses"


def pair_losses(losses: Mapping[str, tuple[tuple[float, float], tuple[float, float]]]) -> list[str]:
    """Losses at the end of trainings. losses: name → (discriminator, generator), and their levels."""
    two = words.decimals(2)
    return [
        f"{name}: {two(found[0])} for the discriminator and {two(found[1])} for the generator, means of the last epoch; "
        f"where nothing can be told apart, {two(levels[0])} and {two(levels[1])}: {ahead(*found, levels)}."
        for name, (found, levels) in losses.items()
    ]


def modes(found: Mapping[str, np.ndarray], pairs: Mapping[str, tuple[str, str]]) -> list[str]:
    """How many starts found all eight modes, and what the penalty changes.

    found: training → modes found by each start. pairs: words → the training without and with the penalty.
    """
    whole = {name: int(np.sum(counts == 8)) for name, counts in found.items()}
    told = [f"{name}: {whole[name]} of {len(counts)} starts find all eight." for name, counts in found.items()]
    for name, (without, with_it) in pairs.items():
        how = "raises" if whole[with_it] > whole[without] else "lowers" if whole[with_it] < whole[without] else "leaves"
        told.append(f"{name}, the penalty {how} that number: {whole[without]} without, {whole[with_it]} with it.")
    return told


def equilibrium(
    losses: Mapping[str, tuple[float, float]],
    levels: Mapping[str, tuple[float, float]],
    found: Mapping[str, float],
    near: float = 0.2,
) -> list[str]:
    """Which trainings end near the losses of the equilibrium, and whether that says that the modes are there.

    losses, levels: training → (discriminator, generator), in nats; found: training → modes in the mean, of 8.
    """
    close = [name for name in losses if np.max(np.abs(np.subtract(losses[name], levels[name]))) <= near]
    far = [name for name in losses if name not in close]
    told = [f"Within {near:g} of the equilibrium end: {words.listed(close)}. Farther off: {words.listed(far)}."]
    poor = [name for name in close if found[name] < 7]
    if poor:
        missed = words.listed(f"{name} ({words.number(found[name], 1)} of 8)" for name in poor)
        told.append(f"Losses near the equilibrium are not enough: {missed} has them and lacks modes.")
    sure = [name for name in far if losses[name][0] < levels[name][0] and found[name] < 7.5]
    if sure:
        told.append(f"A discriminator's loss below the equilibrium, and modes missing: {words.listed(sure)}.")
    return told


def spreads(found: Mapping[str, float], real: float) -> list[str]:
    """How far the images of makers lie apart, beside real ones (mean distance of two, in grey levels)."""
    told = []
    for name, spread in found.items():
        ratio = spread / real
        how = "its images are nearly all alike" if ratio < 0.5 else "farther apart than real faces, as noise is"
        if 0.5 <= ratio <= 1.25:
            how = "about as far apart as real faces" if ratio >= 0.8 else "closer together than real faces"
        told.append(f"Spread of {name}: {words.number(spread, 1)}, of real faces {words.number(real, 1)}: {how}.")
    return told


def deceived(name: str, figures: Mapping[str, float], real: str) -> str:
    """Which makers of known fault a measure where more is better puts at or above real images."""
    fooled = [f"{maker} ({words.number(value, 2)})" for maker, value in figures.items()
              if maker != real and value >= figures[real]]  # fmt: skip
    if not fooled:
        return f"{words.sentence(name)[:-1]} is deceived by none of the known makers here."
    many = "have" if len(fooled) > 1 else "has"
    return f"{words.sentence(name)[:-1]} is deceived here: {words.listed(fooled)} {many} as much as real faces ({words.number(figures[real], 2)}) or more."


def judged(name: str, rate: Any) -> str:
    """Whether a judge can tell a maker's images from real ones. rate: its right answers with interval."""
    if rate.low <= 0.5:
        how = "it cannot tell them apart" if rate.high < 0.6 else "whether it can tell them apart is not shown"
    else:
        how = "it tells them apart nearly always" if rate.low > 0.95 else "it tells them apart more often than not"
    return f"The judge on {name}: right in {words.percent(rate.value, 0)} ({words.percent(rate.low, 0)} to {words.percent(rate.high, 0)}): {how}."
