"""Which rows of a case are for training, validation and test. One function for the reader and for the chapters.

The draw does not depend on a chapter's seed: predictions made elsewhere must meet the same test rows every time.
"""

from __future__ import annotations

from typing import Any

VALIDATION_SHARE = 0.2  # of the rows that are not for the test
TEST_SHARE = 0.3  # where the case gives no split
SEED = 20_240_101


def parts(n: int, y: Any, *, test_share: float | None = None, days: Any = None, test_from: Any = None,
          together: Any = None, official: Any = None, validation_share: float = VALIDATION_SHARE) -> Any:  # fmt: skip
    """(n,) of "train", "validation" and "test".

    y: classes, kept in proportion by the random draw. days (datetime64[D]) and test_from: the test is what lies on or
    after that day, validation the last days before it. together: rows of one value stay in one part. official: (n,) of
    part names given by the authors of the data; where it knows no validation, it is drawn from their training rows.

    >>> import numpy as np
    >>> found = parts(10, np.array([0, 1] * 5), test_share=0.4)
    >>> {name: int((found == name).sum()) for name in ("train", "validation", "test")}
    {'train': 4, 'validation': 2, 'test': 4}
    """
    import numpy as np

    generator = np.random.default_rng(SEED)
    y = np.asarray(y)
    found = np.full(n, "train", dtype="<U10")
    if official is not None:
        found[:] = np.asarray(official)
        if not (found == "validation").any():
            _mark(found, found == "train", "validation", validation_share, y, together, generator)
        return found
    if test_from is not None:
        found[days >= np.datetime64(test_from)] = "test"
        before = np.sort(days[found == "train"])
        cut = before[min(round(len(before) * (1 - validation_share)), len(before) - 1)]
        if cut > before[0]:
            found[(found == "train") & (days >= cut)] = "validation"
        else:
            _mark(found, found == "train", "validation", validation_share, y, together, generator)
        return found
    _mark(found, found == "train", "test", TEST_SHARE if test_share is None else test_share, y, together, generator)
    _mark(found, found == "train", "validation", validation_share, y, together, generator)
    return found


def _mark(found: Any, free: Any, name: str, share: float, y: Any, together: Any, generator: Any) -> None:
    """Give a share of the free rows a name: class by class, or whole groups until the share is reached."""
    import numpy as np

    places = np.flatnonzero(free)
    if together is not None:
        keys = np.asarray(together)[places]
        names, inverse, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        order = generator.permutation(len(names))
        reached = np.cumsum(sizes[order])
        taken = order[: max(int(np.searchsorted(reached, share * len(places))) + 1, 1)]
        found[places[np.isin(inverse, taken)]] = name
        return
    for kind in np.unique(y[places]):
        own = places[y[places] == kind]
        found[generator.permutation(own)[: round(share * len(own))]] = name
