"""What maps of a picture are worth: inside the drawn fault, left out and put in, against a network that knows nothing.

Maps are (n, rows, columns), masks (n, rows, columns), above 0 where the fault was drawn. Several photographs of one piece
are siblings: intervals count pieces, not photographs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import ndimage, stats

from lepton_nb.valuation.intervals import Interval

__all__ = [
    "AT_RANDOM",
    "EDGES",
    "area_under",
    "blurred",
    "by_patch",
    "inside",
    "judged",
    "likeness",
    "looked_at",
    "mean_of_groups",
    "measured",
    "order_of",
    "taken",
]

#: Names of the two maps that know no network.
AT_RANDOM, EDGES = "at random", "edges of the picture"


def mean_of_groups(
    values: Sequence[float], groups: Sequence, level: float = 0.95, within: tuple[float, float] | None = None
) -> Interval:
    r"""The mean of n values, with an interval that knows which of them belong together.

    $$ \mathrm{se}^2 = \frac{G}{G - 1} \sum_g \Bigl( \frac1n \sum_{i \in g} (v_i - \bar v) \Bigr)^2 $$

    for G groups; the interval takes Student's t with G - 1 degrees of freedom, cut at the ends ``within`` which a value
    lies. n of the result counts the values.

    Reference: Cameron and Miller, A Practitioner's Guide to Cluster-Robust Inference, Journal of Human Resources 50,
    2015, section II.

    >>> found = mean_of_groups([1, 1, 3, 3], ["a", "a", "b", "b"])
    >>> found.value, round(found.high - found.value, 2)
    (2.0, 12.71)
    """
    found, names = np.asarray(values, float), np.unique(np.asarray(groups), return_inverse=True)[1]
    count = int(names.max()) + 1 if len(names) else 0
    if found.ndim != 1 or len(found) != len(names) or count < 2 or not np.isfinite(found).all():
        raise ValueError(
            f"A mean needs finite values of two groups or more. Received: {len(found)} values, {count} groups"
        )
    sums = np.bincount(names, found - found.mean()) / len(found)
    error = math.sqrt(count / (count - 1) * float(sums @ sums))
    reach = float(stats.t.ppf((1 + level) / 2, count - 1)) * error
    mean = float(found.mean())
    low, high = np.clip((mean - reach, mean + reach), *(within or (-math.inf, math.inf)))
    return Interval(mean, float(low), float(high), level, len(found), f"95 % over {count} pieces")


def inside(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Share (n,) of each map's positive part that lies in the drawn area; a map without one has no share in it: 0.

    >>> inside(np.array([[[3.0, -5.0], [1.0, 0.0]]]), np.array([[[1, 1], [0, 0]]])).tolist()
    [0.75]
    """
    heat = np.maximum(np.asarray(maps, float), 0)
    total = heat.sum(axis=(1, 2))
    return (heat * (np.asarray(masks) > 0)).sum(axis=(1, 2)) / np.where(total > 0, total, 1)


def by_patch(maps: np.ndarray, patches: int) -> np.ndarray:
    """Means over ``patches`` × ``patches`` squares: (n, patches²). The sides must be multiples of ``patches``."""
    n, height, width = maps.shape
    if height % patches or width % patches:
        raise ValueError(f"{height}×{width} pixels do not divide into {patches}×{patches} squares.")
    cut = np.asarray(maps, float).reshape(n, patches, height // patches, patches, width // patches)
    return cut.mean(axis=(2, 4)).reshape(n, -1)


def order_of(maps: np.ndarray, patches: int, seed: int = 0) -> np.ndarray:
    """The squares of each map from the hottest to the coldest, (n, patches²); equal ones in an order drawn by ``seed``."""
    heat = by_patch(maps, patches)
    drawn = np.random.default_rng(seed).random(heat.shape)
    return np.lexsort((drawn, -heat), axis=1)


def looked_at(order: np.ndarray, masks: np.ndarray, patches: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of the squares that is looked at until the first one with a pixel of the fault: in this order, and at random.

    order: (n, patches²). Both (n,). Of P squares with d that hold the fault, an order drawn at random takes
    (P + 1) / (d + 1) in the mean.
    """
    hit = by_patch(np.asarray(masks) > 0, patches) > 0
    if not hit.any(axis=1).all():
        raise ValueError("Every mask must hold a pixel: leave out the pictures without an area.")
    count = hit.shape[1]
    first = np.take_along_axis(hit, order, axis=1).argmax(axis=1) + 1
    return first / count, (count + 1) / (hit.sum(axis=1) + 1) / count


def blurred(images: np.ndarray, width: float) -> np.ndarray:
    """The pictures with nothing but their slow changes of brightness. width: of the smoothing, in pixels."""
    smooth = ndimage.gaussian_filter(images.astype("float32"), (0, width, width, 0))
    return np.clip(np.rint(smooth), 0, 255).astype(images.dtype)


def taken(
    odds: Callable[[np.ndarray], np.ndarray], images: np.ndarray, order: np.ndarray, patches: int, steps: int,
    put_in: bool = False,
) -> np.ndarray:  # fmt: skip
    """Probability of the class while squares are taken away in an order, or put in: (n, steps + 1).

    odds: pictures → log-odds. order: (n, patches²), hottest first. What is taken away leaves the blurred picture behind;
    ``put_in`` starts from that and puts the squares in.

    Reference: Petsiuk, Das and Saenko, RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018,
    section 4.3 (pixels there, squares here, so that maps of any fineness are asked for the same).
    """
    start, end = images, blurred(images, images.shape[1] / 8)
    if put_in:
        start, end = end, start
    side = (images.shape[1] // patches, images.shape[2] // patches)
    rank = np.argsort(order, axis=1).reshape(-1, patches, patches)
    rank = np.repeat(np.repeat(rank, side[0], axis=1), side[1], axis=2)[..., None]
    cuts = np.rint(np.linspace(0, patches**2, steps + 1))
    chances = [1 / (1 + np.exp(-odds(np.where(rank < cut, end, start)).astype(float))) for cut in cuts]
    return np.stack(chances, axis=1)


def area_under(curves: np.ndarray) -> np.ndarray:
    """Mean height (n,) of curves (n, steps + 1) over equal steps, by trapezia.

    >>> area_under(np.array([[1.0, 0.0, 0.0]])).tolist()
    [0.25]
    """
    return ((curves[:, 1:] + curves[:, :-1]) / 2).mean(axis=1)


def likeness(maps: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Rank correlation (n,) of two sets of values (n, places), row by row; 0 where one of them is the same everywhere."""
    ranks = [stats.rankdata(values, axis=1) for values in (maps, others)]
    ranks = [one - one.mean(axis=1, keepdims=True) for one in ranks]
    sizes = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    return (ranks[0] * ranks[1]).sum(axis=1) / np.where(sizes > 0, sizes, 1)


def measured(
    odds: Callable[[np.ndarray], np.ndarray], images: np.ndarray, masks: np.ndarray, maps: Mapping[str, np.ndarray],
    patches: int, steps: int, seed: int = 0,
) -> dict[str, dict[str, np.ndarray]]:  # fmt: skip
    """Of each map, a value a picture: share inside the fault, areas under both curves, share looked at until the fault.

    ``curve`` and ``put_in_curve`` are the curves themselves, (n, steps + 1).
    """
    found = {}
    for name, heat in maps.items():
        order = order_of(heat, patches, seed)
        curves = [taken(odds, images, order, patches, steps, put_in) for put_in in (False, True)]
        found[name] = {
            "inside": inside(heat, masks), "removed": area_under(curves[0]), "put_in": area_under(curves[1]),
            "looked": looked_at(order, masks, patches)[0], "curve": curves[0], "put_in_curve": curves[1],
        }  # fmt: skip
    if EDGES in found:
        same = np.ones(len(images))
        found[EDGES] |= {"last": same, "all": same, "unlearnt": found[EDGES]["inside"]}
    return found


def judged(
    values: Mapping[str, Mapping[str, np.ndarray]], method: str, chance: np.ndarray, blind: np.ndarray, groups: Sequence
) -> dict[str, Interval]:
    """A method against chance, against edges that know no network and against itself without learning, pair by pair.

    values: as ``measured`` gives them, of the method also ``unlearnt`` (inside, on a network without learning), ``last``
    and ``all`` (likeness to the map after the last layer, or all, lost what it had learnt): ``measured`` gives these for
    edges, which no learning changes. chance: (n,) share of the
    picture that the fault covers; blind: (n,) share looked at in an order drawn at random. Positive is good but for
    ``last`` and ``all``.
    """
    own, random = values[method], values[AT_RANDOM]
    differences = {
        "inside": own["inside"], "over_chance": own["inside"] - chance, "over_edges": own["inside"] - values[EDGES]["inside"],
        "over_unlearnt": own["inside"] - own["unlearnt"], "removed": random["removed"] - own["removed"],
        "put_in": own["put_in"] - random["put_in"], "looked": own["looked"], "saved": blind - own["looked"],
        "last": own["last"], "all": own["all"], "saved_over_edges": values[EDGES]["looked"] - own["looked"],
    }  # fmt: skip
    shares = ("inside", "looked")  # their intervals end at 0 and 1
    return {
        name: mean_of_groups(found, groups, within=(0, 1) if name in shares else None)
        for name, found in differences.items()
    }
