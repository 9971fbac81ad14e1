"""Inspection of pictures: parts that share no piece, a simple baseline, thresholds in money, views to look from.

What a chapter on image classifiers needs beside a network. Pictures are (n, height, width, channels) uint8; labels are
whole numbers, in a decision "flag or not" 1 means a fault. A decision's values are {tp, fp, fn, tn: money}.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

from lepton_nb.terms import WEIGHTED
from lepton_nb.valuation.performance import PairedGain, paired_gain, profit_curve

__all__ = [
    "InspectionSet",
    "Simple",
    "best_cut",
    "counts",
    "difference_to_template",
    "enter",
    "enter_auc",
    "enter_gain",
    "gain",
    "leaked_rows",
    "of_case",
    "outlines",
    "same_picture",
    "split",
    "varied",
    "views",
]


@dataclass(frozen=True, kw_only=True)
class InspectionSet:
    """One set of pictures with what is to be found in them, and who judges whom."""

    name: str
    title: str
    images: np.ndarray = field(repr=False)  # (n, height, width, channels) uint8
    labels: np.ndarray = field(repr=False)  # (n,) whole numbers
    part: np.ndarray = field(repr=False)  # (n,) 0 training, 1 validation, 2 test
    classes: tuple[str, ...]
    split_by: str  # in words: "part photographed", "authors' split"
    stand_in: bool
    upright: bool = False  # pictures have a top: they are not turned
    template: bool = False  # the second channel is the faultless template of the first
    groups: np.ndarray | None = field(default=None, repr=False)
    areas: np.ndarray | None = field(default=None, repr=False)  # (n, height, width), where the fault is
    published: float | None = None  # accuracy, a fraction
    published_auc: float | None = None
    published_by: str = ""

    @property
    def binary(self) -> bool:
        """Whether the decision is flag or not."""
        return len(self.classes) == 2

    def rows(self, part: int) -> np.ndarray:
        """Positions of the rows of one part."""
        return np.flatnonzero(self.part == part)

    @classmethod
    def of(cls, data: Any, name: str, part: np.ndarray, split_by: str) -> InspectionSet:
        """A data set of ``lepton_nb.datasets`` that has images and labels, under a name for readers."""
        arrays, areas = data.arrays, data.arrays.get("mask")
        if "box" in arrays:
            areas = _boxes(arrays["box"], *arrays["images"].shape[1:3])
        accuracy, area, who = (None, None, "") if data.stand_in else PUBLISHED.get(data.name, (None, None, ""))
        return cls(
            name=name, title=data.title, images=arrays["images"], labels=arrays["label"].astype("int32"), part=part,
            classes=CLASSES.get(data.name, ("whole", "fault")), split_by=split_by, stand_in=data.stand_in,
            upright=data.name == "pneumonia", template=data.name == "pcb_tiles", groups=arrays.get("group"), areas=areas, published=accuracy,
            published_auc=area, published_by=who,
        )  # fmt: skip


#: Names of the classes, where they are not whole and fault.
CLASSES = {
    "steel_surface": ("crazing", "inclusion", "patches", "pitted surface", "rolled-in scale", "scratches"),
    "pneumonia": ("normal", "pneumonia"),
    "malaria_cells": ("healthy", "parasite"),
}
#: Accuracy, AUC and whose they are, on the split that is used here.
PUBLISHED = {
    "steel_surface": (0.958, None, "Song and Yan 2013, half of each kind for training"),
    "pneumonia": (0.854, 0.944, "ResNet-18 on 28×28 pixels, Yang et al. 2023"),
}


def _boxes(box: np.ndarray, height: int, width: int) -> np.ndarray:
    """Boxes x1, y1, x2, y2 (n, 4) as areas (n, height, width) uint8; one of -1 is empty."""
    left, top, right, bottom = (box[:, number, None, None].astype(int) for number in range(4))
    down, across = np.mgrid[:height, :width]
    inside = (down >= top) & (down < bottom) & (across >= left) & (across < right)
    return (inside & (box != -1).any(axis=1)[:, None, None]).astype(np.uint8)


def of_case(case_set: Any) -> InspectionSet:
    """A client's case (``casework.CaseSet`` of images) in the form of this module: rows of training, validation, test."""
    parts = [case_set.train, case_set.validation, case_set.test]
    images = np.concatenate([part.x for part in parts])
    groups = None if parts[0].groups is None else np.concatenate([part.groups for part in parts])
    return InspectionSet(
        name=case_set.spoken or case_set.title, title=case_set.title, images=images if images.ndim == 4 else images[..., None],
        labels=np.concatenate([part.y for part in parts]).astype("int32"),
        part=np.repeat(np.arange(3, dtype=np.uint8), [len(part) for part in parts]), classes=("0", "1"),
        split_by=case_set.split.partition(f"; {WEIGHTED}")[0], stand_in=case_set.stand_in, groups=groups,
    )  # fmt: skip


# ---------------------------------------------------------------- parts


def split(labels, groups, test, validation: float, seed: int = 0) -> np.ndarray:
    """Part of each row, 0 training, 1 validation, 2 test: no group is in two parts, the classes are spread evenly.

    labels, groups: (n,). validation: wanted share of all rows, met as nearly as whole groups allow; test: such a share,
    or (n,) of bool, the test rows that others fixed. The seed alone decides. Raises ValueError for shares that leave
    nothing.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    labels, groups = np.asarray(labels), np.asarray(groups)
    part, wanted = np.zeros(len(labels), np.uint8), [(2, test)]
    if np.ndim(test):
        part[np.asarray(test, bool)] = 2
        test, wanted = float(np.mean(test)), []
    if not (0 < test < 1 and 0 < validation < 1 and test + validation < 1):
        raise ValueError(f"test and validation must be above 0 and below 1 together. Received: {test=}, {validation=}")
    left = np.flatnonzero(part == 0)
    for number, share in (*wanted, (1, validation / (1 - test))):
        folds = StratifiedGroupKFold(max(2, round(1 / share)), shuffle=True, random_state=seed)
        _, chosen = next(folds.split(left, labels[left], groups[left]))
        part[left[chosen]] = number
        left = np.delete(left, chosen)
    return part


def same_picture(images: np.ndarray) -> np.ndarray:
    """A group for each picture, (n,): pictures that are equal in every pixel share one."""
    prints = [hashlib.sha256(np.ascontiguousarray(image)).hexdigest() for image in images]
    return np.unique(prints, return_inverse=True)[1]


def leaked_rows(part: np.ndarray, groups: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a split at random does, made measurable: rows to train on, rows to choose by, rows to judge by.

    Of each group kept for validation or test, half of the rows (drawn by ``seed``) move to the training rows, where as
    many rows drawn at random make room for them; the other half chooses or judges. So a network trained on the result
    and one trained on the honest rows have as many pictures, and the same ones choose and judge. Groups of one row
    move none.
    """
    generator = np.random.default_rng(seed)
    shown, left = [], {1: [], 2: []}
    for number, rest in left.items():
        for group in np.unique(groups[part == number]):
            rows = generator.permutation(np.flatnonzero((groups == group) & (part == number)))
            shown.extend(rows[: len(rows) // 2])
            rest.extend(rows[len(rows) // 2 :])
    honest = generator.permutation(np.flatnonzero(part == 0))
    kept = honest[: max(len(honest) - len(shown), 0)]
    return tuple(np.sort(np.array(rows, int)) for rows in ([*kept, *shown], left[1], left[2]))


# ---------------------------------------------------------------- a simple baseline


def outlines(images: np.ndarray, cells: int = 4, directions: int = 8) -> np.ndarray:
    """What a picture looks like in a few numbers: edges by place and direction, grey levels by place, darkest and lightest.

    images: (n, height, width, channels); channels are averaged. In each of ``cells``² fields: the strength of the edges
    in each of ``directions`` directions (a share of the picture's whole), the mean and the spread of the grey levels;
    then seven quantiles of all grey levels. (n, cells² · (directions + 2) + 7) float32.

    Reference: Dalal and Triggs, Histograms of Oriented Gradients for Human Detection, CVPR 2005, without its blocks.
    """
    plain = np.asarray(images, "float32").mean(axis=3)
    down, right = ndimage.sobel(plain, axis=1), ndimage.sobel(plain, axis=2)
    strength = np.hypot(down, right)
    direction = np.floor((np.arctan2(down, right) % np.pi) / np.pi * directions).astype(int) % directions
    found = []
    fields = [np.array_split(np.arange(size), cells) for size in plain.shape[1:]]
    for rows in fields[0]:
        for columns in fields[1]:
            place = np.s_[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            found += [(strength[place] * (direction[place] == k)).mean(axis=(1, 2)) for k in range(directions)]
            found += [plain[place].mean(axis=(1, 2)), plain[place].std(axis=(1, 2))]
    found += list(np.quantile(plain.reshape(len(plain), -1), (0, 0.02, 0.1, 0.5, 0.9, 0.98, 1), axis=1))
    return np.stack(found, axis=1).astype("float32")


def difference_to_template(images: np.ndarray) -> np.ndarray:
    """How a tile differs from its template: (n, 3) float32, the pixels that differ, the largest patch, its depth.

    images: (n, height, width, 2), tile and template. Rims one pixel wide differ on faultless boards too: only what
    stays after an opening by 2×2 pixels counts. The depth is the patch's largest distance from its rim.
    """
    apart = np.abs(images[..., 0].astype(int) - images[..., 1]) > 127
    square = np.ones((1, 2, 2), bool)
    opened = ndimage.binary_opening(apart, square)
    found = []
    for one in opened:
        labelled, patches = ndimage.label(one)
        sizes = np.bincount(labelled.ravel())[1:] if patches else np.zeros(1)
        found.append((one.sum(), sizes.max(), ndimage.distance_transform_cdt(one, "chessboard").max()))
    return np.array(found, "float32")


@dataclass(frozen=True)
class Simple:
    """Logistic regression on a few numbers of each picture: probabilities of all rows, and how it was chosen."""

    chance: np.ndarray = field(repr=False)  # (n, classes)
    penalty: float  # C, chosen on validation rows

    @classmethod
    def fit(cls, numbers: np.ndarray, labels, part, penalties: Sequence[float] = (0.01, 0.1, 1.0)) -> Simple:
        """Train on part 0, choose the penalty by the cross-entropy of part 1. numbers: (n, features)."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import log_loss
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        best = None
        for penalty in penalties:
            model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=2000))
            model.fit(numbers[part == 0], labels[part == 0])
            chance = model.predict_proba(numbers)
            loss = log_loss(labels[part == 1], chance[part == 1], labels=np.unique(labels))
            if best is None or loss < best[0]:
                best = loss, cls(chance, penalty)
        return best[1]


# ---------------------------------------------------------------- decisions and money


def best_cut(truth, scores, values: Mapping[str, float] | None = None) -> float:
    """The score from which to flag that is worth most on these rows, which must not be those that judge.

    values: money of tp, fp, fn, tn. None: both classes count alike, whatever their shares (the balanced accuracy).
    Infinity, where nothing should be flagged. Between the last score that is flagged and the first that is not, the
    middle is taken.
    """
    truth, scores = np.asarray(truth), np.asarray(scores, float)
    if values is None:
        ones = int(truth.sum())
        values = {"tp": 1 / max(ones, 1), "fp": 0.0, "fn": 0.0, "tn": 1 / max(len(truth) - ones, 1)}
    found = profit_curve(truth, scores, **{f"value_{name}": values[name] for name in ("tp", "fp", "fn", "tn")})
    if found.score_cut is None:
        return float("inf")
    below = scores[scores < found.score_cut]
    return float((found.score_cut + below.max()) / 2) if len(below) else float(found.score_cut)


def counts(truth, flagged) -> dict[str, int]:
    """tp, fp, fn, tn of decisions. truth, flagged: (n,) of 0 and 1."""
    truth, flagged = np.asarray(truth, bool), np.asarray(flagged, bool)
    return {
        "tp": int(np.sum(truth & flagged)),
        "fp": int(np.sum(~truth & flagged)),
        "fn": int(np.sum(truth & ~flagged)),
        "tn": int(np.sum(~truth & ~flagged)),
    }


def gain(truth, ours, theirs, values: Mapping[str, float] | None = None, volume: float = 1.0) -> PairedGain:
    """What our decisions are worth beside theirs on the same rows, a row times ``volume``.

    truth, ours, theirs: (n,) labels. values: money of tp, fp, fn, tn where the decision is flag or not; None: a right
    answer is worth 1, so the gain is one in accuracy.
    """
    truth, ours, theirs = (np.asarray(rows) for rows in (truth, ours, theirs))
    if values is None:
        truth, ours, theirs = np.ones(len(truth), int), (ours == truth).astype(int), (theirs == truth).astype(int)
        values = {"tp": 1.0, "fn": 0.0, "fp": 0.0, "tn": 0.0}
    table = np.zeros((2, 2, 2))
    np.add.at(table, (truth.astype(int), ours.astype(int), theirs.astype(int)), 1)
    return paired_gain(table, values, volume=volume)


# ---------------------------------------------------------------- on record


def enter_gain(record: Any, name: str, found: Any, unit: str, **conditions) -> None:
    """Put a gain with its interval on record (results.Record)."""
    ends = {"low": found.low, "high": found.high, "interval": "95 % paired", "n": found.n}
    record.add(name, found.mean, unit, **ends, **conditions)


def enter_auc(record: Any, name: str, found: Any, **conditions) -> None:
    """Put an area under the ROC curve with its interval on record."""
    ends = {"low": found.low, "high": found.high, "interval": "95 % DeLong", "n": found.n}
    record.add(name, found.value, "AUC", **ends, **conditions)


def enter(record: Any, key: str, line: Mapping[str, Any], runs: Mapping, seeds: Sequence[int], model: Any) -> None:
    """Put one set on record under ``key``: baseline, networks, gain, published figure, size and seconds."""
    record.add_rate(f"{key}_baseline_accuracy", line["baseline"])
    for number, rate in zip(seeds, line["ours"], strict=True):
        record.add_rate(f"{key}_seed{number}_accuracy", rate, seed=number)
        record.seconds[f"{key}_seed{number}"] = runs[line["set"], number].seconds
    record.add_mean(f"{key}_accuracy", [f"{key}_seed{number}_accuracy" for number in seeds])
    record.add_rate(f"{key}_together_accuracy", line["together"], note="mean of the probabilities of all seeds")
    enter_gain(record, f"{key}_gain", line["gain"], "fraction")
    for name in ("auc", "baseline_auc"):
        if line[name] is not None:
            enter_auc(record, f"{key}_{name}", line[name])
    if line["published"] is not None:
        record.add(f"{key}_published_accuracy", line["published"], "fraction", source=line["published_by"])
    record.add(f"{key}_parameters", model.count_params(), "parameters", source="counted")


# ---------------------------------------------------------------- pictures in training and in judging


def _turned(images: np.ndarray, times: int, mirrored: bool) -> np.ndarray:
    shown = images[:, :, ::-1] if mirrored else images
    return np.ascontiguousarray(np.rot90(shown, times, axes=(1, 2)))


def views(images: np.ndarray, upright: bool = False) -> list[np.ndarray]:
    """The pictures as they can lie: as they are and mirrored; all eight ways where they are square and have no top."""
    whole = not upright and images.shape[1] == images.shape[2]
    return [_turned(images, times, mirrored) for times in range(4 if whole else 1) for mirrored in (False, True)]


def varied(images: np.ndarray, epoch: int, seed: int = 0, shift: int = 4, upright: bool = False) -> np.ndarray:
    """Each picture as it might have lain: moved, mirrored, turned by quarters.

    The draws depend on (seed, epoch) alone. shift: at most so many pixels on each axis, the rims filled with the
    mirrored inside. upright: mirrored left to right, but not turned. uint8 in, uint8 out.
    """
    from lepton_nb.training import flip_and_shift

    generator = np.random.default_rng((seed, epoch, 36))
    shown = flip_and_shift(images, epoch, seed, shift=shift, alternating=False)
    if not upright and images.shape[1] == images.shape[2]:
        times = generator.integers(0, 4, len(shown))
        for quarter in (1, 2, 3):
            chosen = times == quarter
            shown[chosen] = np.rot90(shown[chosen], quarter, axes=(1, 2))
    return shown
