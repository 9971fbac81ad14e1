"""Several senses for one question: pairs of a written and a spoken digit, early and late fusion, a table with a text.

A sense is missing where its part of a pair is None; probabilities are (n, classes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lepton_nb import training  # first: it starts Keras quietly

import keras  # isort: skip

from lepton_nb import ranking, spectrogram  # isort: skip

__all__ = [
    "Clips", "Pairs", "Tempering", "begin_with", "chances", "clip_parts", "enter_cells", "enter_promise", "mean_rule", "noise_seen", "over_clips", "partners", "pixels", "product_rule",
    "rated_films", "table_and_text",
]  # fmt: skip


# ---------------------------------------------------------------- pairs


def clip_parts(take: np.ndarray) -> dict[str, np.ndarray]:
    """Recordings by number of their take: the first fifth of all takes judges, the next tenth chooses, the rest trains."""
    takes = np.unique(take)
    judging, choosing = max(1, len(takes) // 5), max(1, len(takes) // 10)
    if len(takes) < judging + choosing + 1:
        raise ValueError(f"at least three takes are needed. Received: {len(takes)}")
    place = np.searchsorted(takes, take)
    rows = {"train": place >= judging + choosing, "judge": place < judging}
    rows["choose"] = ~(rows["train"] | rows["judge"])
    return {name: np.flatnonzero(found) for name, found in rows.items()}


def partners(labels: np.ndarray, image_labels: np.ndarray, each: int, seed: int = 0) -> np.ndarray:
    """Numbers of images of the same digit for each recording, (n, each), none of them twice.

    labels: (n,) of the recordings; image_labels: (m,). Raises ValueError where a digit has too few images.
    """
    generator, found = np.random.default_rng((seed, 40)), np.zeros((len(labels), each), int)
    for digit in np.unique(labels):
        rows, images = np.flatnonzero(labels == digit), np.flatnonzero(image_labels == digit)
        if len(images) < len(rows) * each:
            raise ValueError(
                f"digit {digit}: {len(rows)} recordings with {each} images each, but only {len(images)} images"
            )
        found[rows] = generator.permutation(images)[: len(rows) * each].reshape(len(rows), each)
    return found


def pixels(images: np.ndarray, noise: float | np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Images (n, height, width) uint8 as (n, height, width, 1) float32 within 0..1, with noise of this standard deviation added.

    noise: one number, or one an image; it may carry values out of 0..1, as a sensor in the dark does.
    """
    found = images[..., None].astype("float32") / 255
    spread = np.broadcast_to(np.asarray(noise, "float32"), len(images)).reshape(-1, 1, 1, 1)
    return found + spread * generator.standard_normal(found.shape, dtype="float32")


@dataclass(frozen=True)
class Clips:
    """Recordings as pictures, each several times with noise of its own: (n, copies, columns, bands, 1)."""

    pictures: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)  # (n,)


class Pairs(keras.utils.PyDataset):
    """Pairs of an image and a recording of the same digit, drawn anew each epoch: which image, how much noise, what is missing.

    images: (m, height, width) uint8 with their labels. clips: recordings with noise. senses: those that the network
    has. repeats: pairs a recording and epoch. loudest: largest noise of an image, each has its own between 0 and that.
    missing: share of the pairs that lose one sense, each as often as the other. Draws depend on seed and epoch alone.
    """

    def __init__(
        self, images: np.ndarray, image_labels: np.ndarray, clips: Clips, senses: Sequence[str], *, batch_size: int, seed: int,
        loudest: float, missing: float = 0.0, repeats: int = 1,
    ):  # fmt: skip
        super().__init__()
        self._images, self._clips, self._senses = images, clips, tuple(senses)
        self._of_digit = {digit: np.flatnonzero(image_labels == digit) for digit in np.unique(clips.labels)}
        self._size, self._seed, self._loudest, self._missing, self._repeats = (
            batch_size,
            seed,
            loudest,
            missing,
            repeats,
        )
        self._epoch = 0
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        self._epoch += 1
        generator = np.random.default_rng((self._seed, self._epoch, 41))
        clips = generator.permutation(np.tile(np.arange(len(self._clips.labels)), self._repeats))
        labels = self._clips.labels[clips]
        self._given = {}
        if "written" in self._senses:
            chosen = np.array([generator.choice(self._of_digit[digit]) for digit in labels])
            shown = pixels(self._images[chosen], 0.0, generator)
            shown = training.random_affine(shown, generator, rotation=8, zoom=0.08, shear=0.08, shift=1.5)
            spread = generator.uniform(0, self._loudest, (len(shown), 1, 1, 1)).astype("float32")
            self._given["written"] = shown + spread * generator.standard_normal(shown.shape, dtype="float32")
        if "spoken" in self._senses:
            copy = generator.integers(0, self._clips.pictures.shape[1], len(clips))
            shown = self._clips.pictures[clips, copy]
            self._given["spoken"] = spectrogram.varied(shown, self._epoch, self._seed, tract=0.06, tilt=4.0, noise=0.0)
        lost = generator.random(len(labels)) < self._missing
        which = generator.integers(0, 2, len(labels))
        for number, sense in enumerate(self._senses):
            self._given[f"{sense}_present"] = 1.0 - (lost & (which == number)).astype("float32")[:, None]
        self._targets = np.eye(10, dtype="float32")[labels]

    def __len__(self) -> int:
        return -(-len(self._targets) // self._size)

    def __getitem__(self, position: int):
        rows = slice(position * self._size, (position + 1) * self._size)
        return {name: array[rows] for name, array in self._given.items()}, self._targets[rows]


class _Given(keras.utils.PyDataset):
    """Inputs by name, as they stand."""

    def __init__(self, inputs: Mapping[str, np.ndarray], batch_size: int):
        super().__init__()
        self._inputs, self._size = dict(inputs), batch_size

    def __len__(self) -> int:
        return -(-len(next(iter(self._inputs.values()))) // self._size)

    def __getitem__(self, position: int):
        rows = slice(position * self._size, (position + 1) * self._size)
        return ({name: array[rows] for name, array in self._inputs.items()},)


def chances(model: keras.Model, batch_size: int = 500, **senses: np.ndarray | None) -> np.ndarray:
    """Probabilities of a network of senses, (n, classes). senses: name → pictures (n, …), or None for one that is missing."""
    known = {name: found for name, found in senses.items() if found is not None}
    if not known or len({len(found) for found in known.values()}) > 1:
        raise ValueError(
            f"at least one sense must be given, all of one length. Received: { {name: len(found) for name, found in known.items()} }"
        )
    count = len(next(iter(known.values())))
    inputs = {}
    for tensor in model.inputs:
        sense = tensor.name.removesuffix("_present")
        if sense not in senses:
            raise ValueError(
                f"the network has the sense {sense!r}: give its pictures, or None. Received: {', '.join(senses)}"
            )
        there = senses[sense] is not None
        if tensor.name.endswith("_present"):
            inputs[tensor.name] = np.full((count, 1), float(there), "float32")
        else:
            inputs[tensor.name] = senses[sense] if there else np.zeros((count, *tensor.shape[1:]), "float32")
    return model.predict(training.feed(_Given(inputs, batch_size)), verbose=0)


def begin_with(model: keras.Model, others: Sequence[keras.Model]) -> int:
    """Let the towers of a joined network begin where those of networks of one sense ended; gives how many layers did.

    Layers are known by their names, ``<sense>_…``; what reads the towers together begins at random.
    """
    senses = tuple(f"{tensor.name}_" for tensor in model.inputs if not tensor.name.endswith("_present"))
    known = {layer.name: layer for other in others for layer in other.layers if layer.name.startswith(senses)}
    taken = [layer for layer in model.layers if layer.name in known and layer.weights]
    for layer in taken:
        layer.set_weights(known[layer.name].get_weights())
    return len(taken)


# ---------------------------------------------------------------- late fusion


def noise_seen(pictures: np.ndarray, sense: str) -> np.ndarray:
    """How noisy each picture looks, from itself alone: (n,).

    written: the spread of the pixels in a rim three wide, where no digit is. spoken: decibels of its quiet fifth.
    """
    if sense == "written":
        rim = np.ones(pictures.shape[1:3], bool)
        rim[3:-3, 3:-3] = False
        return pictures[:, rim, 0].std(axis=1)
    return np.quantile(pictures.reshape(len(pictures), -1), 0.2, axis=1)


@dataclass(frozen=True)
class Tempering:
    """A temperature that follows the noise that is seen: its logarithm is a polynomial of degree 2 of the noise."""

    coefficients: tuple[float, ...]
    middle: float  # of the noise that it was fitted on
    spread: float

    def temperature(self, noise: np.ndarray) -> np.ndarray:
        """The temperature at each noise, within 0.2..20: (n,)."""
        place = (np.asarray(noise, float) - self.middle) / self.spread
        return np.exp(np.clip(np.polyval(self.coefficients, np.clip(place, -2.5, 2.5)), np.log(0.2), np.log(20)))

    def __call__(self, chance: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Probabilities made as sure as they are right at this noise. chance: (n, classes); noise: (n,)."""
        from scipy import special

        logarithms = np.log(np.clip(np.asarray(chance, float), 1e-12, 1))
        return special.softmax(logarithms / self.temperature(noise)[:, None], axis=1)

    @classmethod
    def fit(cls, truth: np.ndarray, chance: np.ndarray, noise: np.ndarray) -> Tempering:
        """The one with the smallest cross-entropy. truth, noise: (n,); chance: (n, classes), of pairs that choose.

        Reference: Guo and others, On Calibration of Modern Neural Networks, ICML 2017, for one temperature for all.
        """
        from scipy import optimize

        middle, spread = float(np.mean(noise)), float(np.std(noise)) or 1.0

        def cross_entropy(coefficients) -> float:
            said = cls(tuple(coefficients), middle, spread)(chance, noise)
            return -np.log(np.clip(said[np.arange(len(truth)), truth], 1e-12, 1)).mean()

        found = optimize.minimize(cross_entropy, np.zeros(3), method="Nelder-Mead", options={"maxiter": 120})
        return cls(tuple(map(float, found.x)), middle, spread)


def product_rule(*found: np.ndarray, prior: np.ndarray | None = None) -> np.ndarray:
    r"""Probabilities of several senses as one, where the senses are independent once the class is known: (n, classes).

    $$ p(y \mid x_1, \dots, x_S) \propto p(y) \prod_s \frac{p(y \mid x_s)}{p(y)} $$

    found: one (n, classes) a sense. prior: p(y), (classes,); None: all classes alike.

    Reference: Kittler and others, On Combining Classifiers, IEEE TPAMI 20(3), 1998, equation 7.

    >>> product_rule(np.array([[0.8, 0.2]]), np.array([[0.8, 0.2]])).round(3).tolist()
    [[0.941, 0.059]]
    """
    from scipy import special

    each = [np.log(np.clip(one, 1e-12, 1)) for one in found]
    before = 0.0 if prior is None else np.log(np.asarray(prior, float))
    return special.softmax(before + sum(one - before for one in each), axis=1)


def mean_rule(*found: np.ndarray) -> np.ndarray:
    """The mean of the probabilities of several senses: (n, classes).

    >>> mean_rule(np.array([[0.8, 0.2]]), np.array([[0.4, 0.6]])).round(3).tolist()
    [[0.6, 0.4]]
    """
    return np.mean(found, axis=0)


def over_clips(values: np.ndarray, each: int) -> ranking.Mean:
    """Mean of a figure of pairs; its interval draws recordings, with all their pairs.

    values: (n · each,), the pairs of one recording side by side.
    """
    found = ranking.over_users(np.asarray(values, float).reshape(-1, each).mean(axis=1))
    return replace(found, method="95 % bootstrap over recordings")


def enter_cells(record: Any, cells: Sequence[Mapping[str, Any]], **conditions) -> None:
    """Put what was reached at each pair of noise levels on record (results.Record): each way's share, each fusion's gain.

    cells: pixels and ratio (the levels), better (the better sense), shares and gains (way → mean over recordings).
    """
    for cell in cells:
        name = f"image{cell['pixels']:g}_sound{cell['ratio']:g}db".replace("-", "minus").replace(".", "p")
        for way, found in cell["shares"].items():
            ranking.enter(record, f"{name}_{way}", found, **conditions)
        for way, found in cell["gains"].items():
            told = f"less {cell['better']}, the better sense on the pairs that choose"
            ranking.enter(record, f"{name}_{way}_gain", found, note=told, **conditions)


def enter_promise(record: Any, way: str, found: Mapping[str, Any], levels: int) -> None:
    """Put on record whether a way to fuse keeps its promise: its worst gain, and at how many of ``levels`` it is behind or above.

    found: worst (a cell), behind, both, above (cells).
    """
    worst = found["worst"]
    ranking.enter(
        record, f"{way}_worst_gain", worst["gains"][way], note=f"at {worst['pixels']:g} and {worst['ratio']:g} dB"
    )
    for part in ("behind", "both", "above"):
        record.add(f"{way}_{part}", len(found[part]), "pairs of levels", n=levels)


# ---------------------------------------------------------------- a table with a text


def rated_films(
    ratings: Mapping[str, np.ndarray], films: Mapping[str, np.ndarray], least: int = 20
) -> dict[str, np.ndarray]:
    """Films with at least so many ratings: what is known before anybody rates them, and whether they were liked.

    Gives title (without its year), year (nan where it is not told), item, and liked: 1 where the film's mean rating is
    at or above the median of these films.
    """
    place = np.searchsorted(films["item"], ratings["item"])
    count = np.bincount(place, minlength=len(films["item"]))
    mean = np.bincount(place, ratings["rating"], minlength=len(count)) / np.maximum(count, 1)
    rows = np.flatnonzero(count >= least)
    if len(rows) < 20:
        raise ValueError(f"at least 20 films with {least} ratings are needed. Received: {len(rows)}")
    titles = films["title"][rows]
    years = [re.search(r"\((\d{4})\)\s*$", title) for title in titles]
    return {
        "item": rows, "title": np.array([re.sub(r"\s*\(\d{4}\)\s*$", "", title) for title in titles]),
        "year": np.array([float(found[1]) if found else np.nan for found in years]),
        "liked": (mean[rows] >= np.median(mean[rows])).astype(int),
    }  # fmt: skip


def table_and_text(
    table: np.ndarray,
    texts: np.ndarray,
    truth: np.ndarray,
    seed: int = 0,
    parts: int = 5,
    penalties=(0.01, 0.1, 1.0, 10.0),
):
    """Probability of 1 for each row, judged by models that did not learn from it: way → (n,).

    table: (n, columns); texts: (n,). Each of ``parts`` folds is held out once; strength of the penalty by folds within the
    rest. Ways: table, text (pieces of two to four letters), early (all columns side by side), late (product rule).
    """
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.preprocessing import StandardScaler

    found = {way: np.zeros(len(truth)) for way in ("table", "text", "early", "late")}
    for train, test in StratifiedKFold(parts, shuffle=True, random_state=seed).split(table, truth):
        words = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True).fit(texts[train])
        scaled = StandardScaler().fit(table[train])
        views = {"table": sparse.csr_matrix(scaled.transform(table)), "text": words.transform(texts).tocsr()}
        views["early"] = sparse.hstack(list(views.values())).tocsr()
        for way, view in views.items():
            search = GridSearchCV(
                LogisticRegression(max_iter=2000), {"C": list(penalties)}, scoring="neg_log_loss", cv=3
            )
            found[way][test] = search.fit(view[train], truth[train]).predict_proba(view[test])[:, 1]
        two = [np.stack([1 - found[way][test], found[way][test]], axis=1) for way in ("table", "text")]
        share = truth[train].mean()
        found["late"][test] = product_rule(*two, prior=np.array([1 - share, share]))[:, 1]
    return found
