r"""Sites that learn together without showing each other a row: federated averaging of lines (softmax regressions).

Each round every site begins with the common weights, learns on its own rows, and sends its weights; the new common ones are
their mean, weighted by the rows of a site: $W \leftarrow \sum_k \frac{n_k}{n} W_k$.

Reference: McMahan and others, Communication-Efficient Learning of Deep Networks from Decentralized Data, AISTATS 2017.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lepton_nb.privacy import learning

__all__ = ["averaged", "own_mix", "sent", "site_line", "unequal"]


def unequal(
    labels: np.ndarray, sites: int, evenness: float, seed: int = 0, least: int = 20, classes: int = 10
) -> list[np.ndarray]:
    """Rows of each site: sizes and classes differ. labels: (n,); evenness: of the Dirichlet draws, small is uneven.

    Sizes are in proportion to a Dirichlet draw with twice that evenness, with ``least`` rows for each; a site's classes
    follow a draw of its own, as long as there are rows of a class left. Each row has one site. Raises ValueError for too
    few rows.
    """
    if sites < 2 or evenness <= 0 or sites * least > len(labels):
        raise ValueError(f"needs 2 sites or more, an evenness above 0 and {least} rows a site. Received: {sites=}, {evenness=}, {len(labels)} rows")  # fmt: skip
    draw = np.random.default_rng((seed, 760))
    shares = draw.dirichlet(np.full(sites, 2 * evenness))
    sizes = least + np.floor(shares * (len(labels) - sites * least)).astype(int)
    left = [list(draw.permutation(np.flatnonzero(labels == label))) for label in range(classes)]
    found = []
    for size in sizes:
        wish = draw.dirichlet(np.full(classes, evenness))
        rows: list[int] = []
        while len(rows) < size:
            there = np.array([bool(stock) for stock in left])
            chance = np.where(there, wish + 1e-9, 0)
            for label, count in enumerate(draw.multinomial(size - len(rows), chance / chance.sum())):
                rows += [left[label].pop() for _ in range(min(count, len(left[label])))]
        found.append(np.sort(np.array(rows, int)))
    return found


def site_line(
    rows: np.ndarray, labels: np.ndarray, weights: np.ndarray, passes: int, rate: float, batch: int, seed: Sequence[int]
) -> np.ndarray:
    """Weights (numbers + 1, classes) after some passes over these rows, from the weights given on. rows: with a 1 behind."""
    draw, weights = np.random.default_rng(seed), weights.copy()
    target = np.eye(weights.shape[1], dtype="float32")[labels]
    for _ in range(passes):
        order = draw.permutation(len(rows))
        for start in range(0, len(rows), batch):
            here = order[start : start + batch]
            shown = rows[here]
            missing = learning.chances(shown, weights[None])[0] - target[here]
            weights -= rate / len(here) * (shown.T @ missing)
    return weights


def averaged(
    rows: np.ndarray, labels: np.ndarray, sites: Sequence[np.ndarray], rounds: int, passes: int, rate: float, batch: int,
    seed: int = 0, classes: int = 10,
) -> np.ndarray:  # fmt: skip
    """Common weights of all sites after each round, (rounds, numbers + 1, classes)."""
    weights = np.zeros((rows.shape[1], classes), "float32")
    size, found = sum(map(len, sites)), []
    for turn in range(rounds):
        own = [
            site_line(rows[here], labels[here], weights, passes, rate, batch, (seed, 761, turn, number))
            for number, here in enumerate(sites)
        ]
        weights = sum(len(here) / size * one for here, one in zip(sites, own, strict=True)).astype("float32")
        found.append(weights)
    return np.stack(found)


def own_mix(right: np.ndarray, labels: np.ndarray, own: np.ndarray, classes: int = 10) -> float:
    """Accuracy on test rows weighted to a site's own mix of classes. right: (n,) bool of test rows with these labels.

    own: labels of the site's rows. Classes that it has never seen do not count.
    """
    share = np.bincount(own, minlength=classes) / len(own)
    of_class = [right[labels == label].mean() if (labels == label).any() else 0.0 for label in range(classes)]
    return float(share @ np.array(of_class, float))


def sent(weights: np.ndarray, sites: int, rounds: int) -> float:
    """Megabytes on the wire: each round each site receives the common weights and sends its own, four bytes a number."""
    return 2 * 4 * weights.size * sites * rounds / 1e6
