"""How far made images are from real ones: several figures, because each single one can be deceived.

Images are (n, height, width, 3) within 0..255, features (n, d). "reference" is always the set of real images that
judges, "images" the set that is judged. Nothing here borrows a network: features come from the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage, spatial, stats

from lepton_nb.valuation.performance import Interval, wilson_interval

__all__ = [
    "BinTest",
    "Components",
    "CopyTest",
    "DensityCoverage",
    "LevelDistance",
    "bin_test",
    "blur",
    "copy_test",
    "density_coverage",
    "enter",
    "frechet_distance",
    "laplacian_pyramid",
    "nearest",
    "sliced_wasserstein",
    "spread",
    "two_sample_test",
]

#: The binomial filter of Burt and Adelson, one axis of it.
_FILTER = np.array([1, 4, 6, 4, 1], "float32") / 16


def _images(images, name: str) -> np.ndarray:
    found = np.asarray(images)
    if found.ndim != 4 or found.shape[3] != 3 or len(found) == 0:
        raise ValueError(f"{name} must be (n, height, width, 3) with n of at least 1. Received: shape {found.shape}")
    return found.astype("float32", copy=False)


def _features(features, name: str, least: int = 2) -> np.ndarray:
    found = np.asarray(features, "float64")
    if found.ndim != 2 or len(found) < least:
        raise ValueError(f"{name} must be (n, d) with n of at least {least}. Received: shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} must hold finite numbers. Received: nan or infinity")
    return found


def _same_width(first: np.ndarray, second: np.ndarray) -> None:
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"both sets need the same number of features. Received: {first.shape[1]}, {second.shape[1]}")


# ---------------------------------------------------------------- patches: the sliced Wasserstein distance


def _smooth(images: np.ndarray, gain: float = 1.0) -> np.ndarray:
    """The 5×5 binomial filter along both axes of the image, mirrored at the rims."""
    for axis in (1, 2):
        images = ndimage.convolve1d(images, _FILTER * gain, axis=axis, mode="mirror")
    return images


def _enlarge(images: np.ndarray) -> np.ndarray:
    count, height, width, channels = images.shape
    wide = np.zeros((count, 2 * height, 2 * width, channels), "float32")
    wide[:, ::2, ::2] = images
    return _smooth(wide, 2.0)


def laplacian_pyramid(images, smallest: int = 16) -> list[np.ndarray]:
    """What each size of an image adds to the next smaller one.

    Level k holds x_k − up(x_{k+1}), where x_{k+1} = down(x_k) is filtered by the 5×5 binomial filter and halved;
    the last level, of side ``smallest`` or less than twice that, is x itself. Adding the levels up again gives the
    image back. images: (n, side, side, 3). Returns (n, side, side, 3), (n, side/2, side/2, 3), … in float32.

    Raises ValueError for images that are not square or not a power of two times the smallest level.
    Reference: Burt and Adelson, The Laplacian Pyramid as a Compact Image Code, 1983.
    """
    found = _images(images, "images")
    if found.shape[1] != found.shape[2] or found.shape[1] < smallest:
        raise ValueError(f"images must be square with a side of at least {smallest}. Received: {found.shape[1:3]}")
    levels = []
    while found.shape[1] >= 2 * smallest and found.shape[1] % 2 == 0:
        small = _smooth(found)[:, ::2, ::2]
        levels.append(found - _enlarge(small))
        found = small
    return [*levels, found]


@dataclass(frozen=True)
class LevelDistance:
    """The sliced Wasserstein distance at one size, times 1000. low, high: of its repetitions."""

    side: int  # pixels
    value: float
    low: float
    high: float
    n: int  # images on each side


def _patches(level: np.ndarray, count: int, patch: int, generator: np.random.Generator):
    """Patches (n · count, patch · patch · 3), and the mean and deviation of each of their values' colour channels."""
    number, height, width, _ = level.shape
    top = generator.integers(0, height - patch + 1, (number, count, 1, 1))
    left = generator.integers(0, width - patch + 1, (number, count, 1, 1))
    step = np.arange(patch)
    cut = level[np.arange(number)[:, None, None, None], top + step[:, None], left + step]
    flat = cut.reshape(-1, 3)
    mean = np.ones(len(flat), "float32") @ flat / len(flat)
    variance = np.diag(flat.T @ flat) / len(flat) - mean**2
    deviation = np.where(variance > 1e-8, np.sqrt(np.maximum(variance, 1e-8)), 1)
    return cut.reshape(number * count, -1), np.tile(mean, patch * patch), np.tile(deviation, patch * patch)


def _projected(patches, theta: np.ndarray) -> np.ndarray:
    """Normalised patches on directions, sorted: (directions, patches). The directions are scaled, not the patches."""
    cut, mean, deviation = patches
    scaled = (theta / deviation).astype("float32")
    return np.sort(scaled @ cut.T - (scaled @ mean)[:, None], axis=1)


def sliced_wasserstein(
    reference,
    images,
    *,
    patches: int = 128,
    patch: int = 7,
    directions: int = 64,
    repeats: int = 4,
    smallest: int = 16,
    seed: int = 0,
) -> list[LevelDistance]:
    """Distance of two sets of images in their small patches, size by size.

    Each image is cut into its Laplacian pyramid. From each level ``patches`` patches of patch×patch×3 are drawn for
    each image, normalised for each colour channel over the whole set, and projected on random directions θ of length
    1. Between the projections, sorted, stands the Wasserstein distance in one dimension; the mean over all directions
    and patches, times 1000, is the figure:

        SWD = 1000 · mean_θ mean_i | sort(θ·A)_i − sort(θ·B)_i |

    0: the patches have the same distribution. Two sets of real images do not reach 0, because they are finite: quote
    their figure beside every other. Each of the ``repeats`` draws its own patches and directions; value is the mean,
    low and high are the lowest and highest. Units: thousandths of a standard deviation of the patches' values.
    The normalisation makes it blind to overall brightness and contrast, set by set.

    Raises ValueError unless both sets have the same number of images of the same size.
    Reference: Karras, Aila, Laine, Lehtinen, Progressive Growing of GANs, ICLR 2018, section 5; Rabin, Peyré, Delon,
    Bernot, Wasserstein Barycenter and its Application to Texture Mixing, 2011.
    """
    first, second = _images(reference, "reference"), _images(images, "images")
    if first.shape != second.shape:
        raise ValueError(
            f"both sets need as many images of the same size. Received: shapes {first.shape} and {second.shape}"
        )
    if min(patches, directions, repeats) < 1 or not 1 <= patch <= smallest:
        raise ValueError(
            "patches, directions and repeats must be at least 1, patch within 1..smallest. "
            f"Received: {patches=}, {directions=}, {repeats=}, {patch=}, {smallest=}"
        )
    results = []
    for level_a, level_b in zip(laplacian_pyramid(first, smallest), laplacian_pyramid(second, smallest), strict=True):
        generator = np.random.default_rng([seed, level_a.shape[1]])
        found = []
        for _ in range(repeats):
            theta = generator.standard_normal((directions, patch * patch * 3)).astype("float32")
            theta /= np.linalg.norm(theta, axis=1, keepdims=True)
            sides = [_patches(level, patches, patch, generator) for level in (level_a, level_b)]
            distance = 0.0
            for piece in np.array_split(theta, -(-directions // 16)):  # 16 directions at a time keep memory small
                first_sorted, second_sorted = (_projected(side, piece) for side in sides)
                distance += float(np.abs(first_sorted - second_sorted).mean(axis=1).sum())
            found.append(1000 * distance / directions)
        results.append(LevelDistance(level_a.shape[1], float(np.mean(found)), min(found), max(found), len(first)))
    return results


# ---------------------------------------------------------------- features: Fréchet, density, coverage, classifier


def frechet_distance(reference, images) -> float:
    """Distance of two sets of features, each taken for a Gaussian.

        FD = |μ_a − μ_b|² + tr(C_a + C_b − 2 (C_a C_b)^½)

    reference, images: (n, d) features. 0: same mean and covariance, whatever else differs. Units: those of the
    features, squared. With few images it is too large, by an amount that depends on n: compare only at equal n, and
    quote the distance of two sets of real images beside it.

    Raises ValueError for features of different widths, fewer than 2 rows, or numbers that are not finite.
    Reference: Dowson and Landau, The Fréchet distance between multivariate normal distributions, 1982; Heusel et al.,
    GANs Trained by a Two Time-Scale Update Rule, NeurIPS 2017 (the "FID", on a borrowed network's features).

    >>> import numpy as np
    >>> a = np.array([[-1.0], [1.0]])  # mean 0, variance 2
    >>> frechet_distance(a, 3 * a + 5)  # 25 + 2 + 18 - 2 · 6
    33.0
    """
    first, second = _features(reference, "reference"), _features(images, "images")
    _same_width(first, second)
    mean_a, mean_b = first.mean(axis=0), second.mean(axis=0)
    cov_a, cov_b = (np.atleast_2d(np.cov(found, rowvar=False)) for found in (first, second))
    # tr (C_a C_b)^½ from the symmetric matrix C_a^½ C_b C_a^½, which has the same eigenvalues
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    shared = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cov_b @ root), 0, None)).sum()
    distance = np.sum((mean_a - mean_b) ** 2) + np.trace(cov_a) + np.trace(cov_b) - 2 * shared
    return round(float(max(distance, 0.0)), 12)


@dataclass(frozen=True)
class DensityCoverage:
    """density: about 1 for real images, no upper end. coverage: a share, with its interval."""

    density: float
    coverage: Interval


def density_coverage(reference, images, k: int = 5) -> DensityCoverage:
    """How densely made images lie around real ones, and how many real ones have a made one beside them.

    Around each real feature stands a ball that just reaches its k-th nearest real neighbour.

        density  = (1 / (k m)) Σ_images Σ_balls [the image lies in the ball]
        coverage = (1 / n) Σ_balls [at least one image lies in the ball]

    Coverage of real against real is 1 − (n−1)…(n−k) / ((2n−1)…(2n−k)), about 1 − 2^−k, for equal numbers. Its
    interval is Wilson's over the n balls, at 95 %. **Density alone is a lost figure**: a generator that makes one
    typical image again and again puts all of them into many balls and scores far above 1. Coverage alone does not
    see blur: a blurred face still lies near the sharp one. reference (n, d), images (m, d).

    Raises ValueError for k outside 1..n−1 and for features that do not fit.
    Reference: Naeem, Oh, Uh, Choi, Yoo, Reliable Fidelity and Diversity Metrics for Generative Models, ICML 2020.
    """
    first, second = _features(reference, "reference"), _features(images, "images", least=1)
    _same_width(first, second)
    if not 1 <= k < len(first):
        raise ValueError(f"k must be at least 1 and below the number of real features. Received: {k=}, n={len(first)}")
    inner = spatial.distance.cdist(first, first)
    radius = np.partition(inner, k, axis=1)[:, k]  # position 0 is the feature itself
    inside = spatial.distance.cdist(first, second) < radius[:, None]  # (n, m)
    covered = int(inside.any(axis=1).sum())
    return DensityCoverage(float(inside.sum() / (k * len(second))), wilson_interval(covered, len(first)))


def two_sample_test(reference, images, *, folds: int = 5, seed: int = 0) -> Interval:
    """Can a simple classifier tell the two sets apart? Its accuracy on features that it was not fitted to.

    Logistic regression on standardised features, cross-validated; 0.5 means that it cannot, 1 that it always can.
    The interval is Wilson's at 95 % over all rows; rows of one fold share a classifier, so it is a little narrow.
    Sets of different size are cut to the smaller one, so that guessing gives 0.5. reference (n, d), images (m, d).

    Reference: Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    first, second = _features(reference, "reference"), _features(images, "images")
    _same_width(first, second)
    count = min(len(first), len(second))
    if not 2 <= folds <= count:
        raise ValueError(f"folds must be at least 2 and at most the number of rows. Received: {folds=}, n={count}")
    rows, labels = np.concatenate([first[:count], second[:count]]), np.repeat([0, 1], count)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    right = int(np.sum(cross_val_predict(classifier, rows, labels, cv=splits) == labels))
    return wilson_interval(right, len(rows))


@dataclass(frozen=True)
class BinTest:
    """different: share of the bins whose share of images differs from the real one beyond chance."""

    different: Interval
    missing: int  # bins with less than a quarter of the images that they should have
    bins: int


def bin_test(training, reference, images, *, bins: int = 50, level: float = 0.05, seed: int = 0) -> BinTest:
    """Are all kinds of faces made, and each as often as it occurs?

    The training features are cut into ``bins`` groups by k-means. In each group the share of made images is held
    against the share of the reference by the two-proportion z-test; ``level`` is the share of bins that would differ
    by chance alone. A group in which almost nothing is made is a mode that the generator has dropped.
    training, reference, images: (n, d) features.

    Reference: Richardson and Weiss, On GANs and GMMs, NeurIPS 2018 ("NDB").
    """
    from sklearn.cluster import KMeans

    stored, first, second = (
        _features(part, name) for part, name in ((training, "training"), (reference, "reference"), (images, "images"))
    )
    _same_width(stored, first)
    _same_width(first, second)
    if not 2 <= bins <= len(stored):
        raise ValueError(f"bins must be at least 2 and at most the training rows. Received: {bins=}, n={len(stored)}")
    groups = KMeans(bins, n_init=1, random_state=seed).fit(stored)
    real, made = (np.bincount(groups.predict(part), minlength=bins) for part in (first, second))
    share_real, share_made = real / len(first), made / len(second)
    pooled = (real + made) / (len(first) + len(second))
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(first) + 1 / len(second)))
    score = np.divide(share_real - share_made, error, out=np.zeros(bins), where=error > 0)
    different = int(np.sum(np.abs(score) > stats.norm.isf(level / 2)))
    return BinTest(wilson_interval(different, bins), int(np.sum(share_made < share_real / 4)), bins)


def spread(images) -> float:
    """Mean distance between two images of a set, as root mean square over pixels and channels, in grey levels.

    Over pairs (i, i + n/2), so each image is used once. A collapsed generator has a small one. images: (n, h, w, 3).
    """
    found = _images(images, "images")
    half = len(found) // 2
    if half < 1:
        raise ValueError(f"images must hold at least 2. Received: n={len(found)}")
    difference = (found[:half] - found[half : 2 * half]).reshape(half, -1)
    return float(np.sqrt(np.mean(difference**2, axis=1)).mean())


# ---------------------------------------------------------------- simple makers to compare with


def blur(images, sigma: float = 1.5) -> np.ndarray:
    """Real images, blurred by a Gaussian of ``sigma`` pixels: right in everything but detail. Returns float32."""
    if sigma <= 0:
        raise ValueError(f"sigma must be above 0 pixels. Received: {sigma=}")
    return ndimage.gaussian_filter(_images(images, "images"), (0, sigma, sigma, 0), mode="mirror")


class Components:
    """Principal components of training images, and the Gaussian that has their mean and variances.

    The plainest generator there is, x = μ + Σ_j √λ_j z_j v_j with z from a standard normal, where v_j are the first
    principal components of the training pixels and λ_j their variances. It knows which pixels move together and
    nothing else. images: (n, height, width, 3). Reference: Turk and Pentland, Eigenfaces for Recognition, 1991.
    """

    def __init__(self, images, components: int = 256, seed: int = 0):
        from sklearn.decomposition import PCA

        found = _images(images, "images")
        if not 1 <= components < min(len(found), found[0].size):
            raise ValueError(
                "components must be at least 1 and below both the number of images and of values in one. "
                f"Received: {components=}, shape {found.shape}"
            )
        self.shape = found.shape[1:]
        self.fitted = PCA(components, svd_solver="randomized", iterated_power=2, random_state=seed)
        self.fitted.fit(found.reshape(len(found), -1))

    @property
    def share(self) -> float:
        """Share of the pixels' variance that the components hold."""
        return float(self.fitted.explained_variance_ratio_.sum())

    def features(self, images, components: int | None = None) -> np.ndarray:
        """(n, components): the images in the first principal components, in grey levels."""
        found = _images(images, "images")
        return self.fitted.transform(found.reshape(len(found), -1))[:, :components]

    def sample(self, count: int, seed: int = 0) -> np.ndarray:
        """(count, height, width, 3) float32 within 0..255: images of the Gaussian."""
        deviation = np.sqrt(self.fitted.explained_variance_)
        drawn = np.random.default_rng(seed).standard_normal((count, len(deviation))) * deviation
        made = self.fitted.inverse_transform(drawn).reshape(count, *self.shape)
        return np.clip(made, 0, 255).astype("float32")


# ---------------------------------------------------------------- copies


def nearest(queries, stored, block: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """For each query the stored image nearest to it: (distances, positions), both (n,).

    Distance: root mean square over pixels and channels, in grey levels. Mirror images are not tried: pass them along.
    """
    first, second = _images(queries, "queries"), _images(stored, "stored")
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(f"images must be of one size. Received: {first.shape[1:]} and {second.shape[1:]}")
    size = first[0].size
    flat = second.reshape(len(second), -1)
    squares = np.einsum("nd,nd->n", flat, flat)
    distances, positions = np.empty(len(first)), np.empty(len(first), int)
    for start in range(0, len(first), block):
        part = first[start : start + block].reshape(-1, size)
        closest = np.argmin(squares - 2 * part @ flat.T, axis=1)
        positions[start : start + block] = closest
        # taken anew from the pixels: the difference of large squares has lost its last digits
        distances[start : start + block] = np.sqrt(np.mean((part - flat[closest]) ** 2, axis=1))
    return distances, positions


@dataclass(frozen=True)
class CopyTest:
    """What :func:`copy_test` gives. Distances in grey levels (root mean square)."""

    nearer: Interval  # share of samples whose nearest real image is a training image; 0.5 without copying
    closer: float  # chance that a sample lies nearer to its training image than a held-out face to its own
    closer_low: float
    closer_high: float
    sample_distances: np.ndarray  # to the nearest training image
    held_out_distances: np.ndarray
    positions: np.ndarray  # the nearest training image of each sample
    below: Interval  # share of samples below the first percentile of the held-out distances


def copy_test(training, held_out, samples, *, groups=None, draws: int = 500, seed: int = 0) -> CopyTest:
    """Does a generator give its training images away? Two questions, each with an interval.

    1. ``nearer``: a sample is offered as many training images as held-out ones (the larger set is thinned at random).
       Whose is its nearest neighbour? A generator that has learned faces and not images gives 0.5; one that copies,
       1. The question is fair to blurred samples, which lie near to everything. Wilson's interval at 95 %.
       groups: the persons of the training and of the held-out images, (n,) and (m,); then one image of each person is
       offered, and as many persons on both sides. Without them a side with more persons would be nearer by chance.
    2. ``closer``: the distance of a sample to its nearest training image against the same distance of a real held-out
       face: the chance that the first is smaller (Mann-Whitney, ties half). 0.5: as close as strangers are. Blur alone
       pushes it above 0.5, so read it after the first. Interval: bootstrap over samples and held-out faces, 95 %.

    ``below`` is the share of samples that lie nearer than 99 in 100 held-out faces do: 0.01 is what chance gives.
    A distance in pixels finds copies, not likeness: a face that is moved, mirrored or recoloured is missed.
    All images (n, height, width, 3) within 0..255. Reference: Meehan, Chaudhuri, Dasgupta, A Non-Parametric Test to
    Detect Data-Copying in Generative Models, AISTATS 2020 (the second question).
    """
    training, held_out, samples = (
        _images(part, name) for part, name in ((training, "training"), (held_out, "held_out"), (samples, "samples"))
    )
    generator = np.random.default_rng(seed)
    to_training, positions = nearest(samples, training)
    strangers, _ = nearest(held_out, training)
    if groups is None:
        groups = np.arange(len(training)), np.arange(len(held_out))
    offered = []
    for part, group, name in zip((training, held_out), groups, ("training", "held_out"), strict=True):
        if len(group) != len(part):
            raise ValueError(f"groups must name each {name} image. Received: {len(group)} names, {len(part)} images")
        shuffled = generator.permutation(len(part))
        _, first = np.unique(np.asarray(group)[shuffled], return_index=True)
        offered.append(part[generator.permutation(shuffled[first])])
    count = min(map(len, offered))
    near_training, near_held_out = (nearest(samples, part[:count])[0] for part in offered)
    chances = []
    for draw in range(draws + 1):
        first, second = to_training, strangers
        if draw:
            first, second = generator.choice(first, len(first)), generator.choice(second, len(second))
        chances.append(1 - stats.mannwhitneyu(first, second).statistic / (len(first) * len(second)))
    low, high = np.quantile(chances[1:], [0.025, 0.975]) if draws else (chances[0], chances[0])
    return CopyTest(
        nearer=wilson_interval(int(np.sum(near_training < near_held_out)), len(samples)),
        closer=float(chances[0]),
        closer_low=float(low),
        closer_high=float(high),
        sample_distances=to_training,
        held_out_distances=strangers,
        positions=positions,
        below=wilson_interval(int(np.sum(to_training < np.quantile(strangers, 0.01))), len(samples)),
    )


def enter(record: Any, key: str, found: Mapping[str, Any], **conditions) -> None:
    """Put all figures of one maker of images on record under ``key``.

    record: results.Record. found: ``swd<side>`` → LevelDistance, ``middle``, ``bottleneck`` and ``pixels`` → Fréchet
    distances, ``near`` and ``near_middle`` → DensityCoverage, ``judge``, ``kinds`` → BinTest, ``spread``.
    conditions: n, seed, source.
    """
    for name, level in found.items():
        if name.startswith("swd"):
            ends = {"low": level.low, "high": level.high, "interval": "lowest and highest of 4 repetitions"}
            record.add(f"{key}_{name}", level.value, "× 10⁻³", **ends, note="to the test persons", **conditions)
    for layer in ("middle", "bottleneck", "pixels"):
        record.add(f"{key}_frechet_{layer}", found[layer], "units²", **conditions)
    for near, words in (("near", ""), ("near_middle", "_middle")):
        record.add_rate(f"{key}_coverage{words}", found[near].coverage, **conditions)
        record.add(f"{key}_density{words}", found[near].density, "ratio", **conditions)
    record.add_rate(f"{key}_judge", found["judge"], **conditions | {"n": found["judge"].n})
    record.add_rate(f"{key}_kinds_off", found["kinds"].different, **conditions | {"n": found["kinds"].bins})
    record.add(f"{key}_spread", found["spread"], "grey levels", **conditions)
