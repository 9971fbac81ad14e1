"""Rows of a case: which are for training, validation and test, which class is 1, which columns a model may see.

One function each for the reader and for the chapters, so that what was examined is what is judged. The draw does not depend on a chapter's seed: predictions made elsewhere must meet the same test rows every time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lepton_nb.client.words import did_you_mean, quoted

#: A text with more different values than this is no feature.
MOST_CATEGORIES = 50
#: Why a column of days is no feature.
HOLDS_DAYS = "it holds days"
#: Why a column that tells the rows apart is no feature; of whole numbers that do not count up, it is a guess.
NUMBERS_ROWS = "it numbers the rows: every value is another"
LIKE_IDS = f"{NUMBERS_ROWS}, or nearly"
#: Share of different values from which on whole numbers are taken for ids, and fewest rows for that: of fewer, amounts
#: may all differ by chance.
ALL_DIFFERENT, FEWEST_IDS = 0.999, 1000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
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
        found[generator.permutation(own)[: max(round(share * len(own)), min(1, len(own) - 1))]] = name


# --- classes


def classes(values: Any, positive: str = "") -> Any:
    """Classes as 0 and 1. positive: which value is 1, or several separated by ``;``. Raises ValueError.

    >>> import numpy as np
    >>> classes(np.array(["good", "bad", "good"]), "bad").tolist(), classes(np.array([1.0, 0.0])).tolist()
    ([0, 1, 0], [1, 0])
    """
    import numpy as np

    values = np.asarray(values)
    different = np.unique(values)
    if positive:
        wanted = {part.strip() for part in positive.split(";")}
        known = {word(value) for value in different}
        if not wanted <= known:
            missing = sorted(wanted - known)[0]
            near = did_you_mean(missing, known) or f"there are {', '.join(sorted(known)[:20])}"
            raise ValueError(f"positive names {quoted(missing)}, which is no class of the target; {near}")
        found = np.isin([word(value) for value in values], list(wanted)).astype(np.int64)
    elif set(different.tolist()) <= {0, 1}:
        found = values.astype(np.int64)
    else:
        shown = ", ".join(word(value) for value in different[:10])
        raise ValueError(f"the classes are {shown}; say in positive which counts as 1")
    if found.min() == found.max():
        raise ValueError("every row is of one class; nothing can be told apart without rows of both")
    return found


def word(value: Any) -> str:
    """A class, group or id as a text: 1.0 and 1 are the same.

    >>> word(1.0), word(2000123.0), word("bad")
    ('1', '2000123', 'bad')
    """
    import numpy as np

    return f"{value:.15g}" if isinstance(value, float | np.floating) else str(value)


# --- columns


def features(
    columns: Mapping[str, Any], used: Mapping[str, str], guess: bool = True
) -> tuple[dict[str, str], dict[str, str]]:
    """The columns that a model may see, as number or text; and why each other may not.

    columns: {name: (n,) array}, numbers as numbers and all else as texts; used: column → what it is used for. guess:
    whether whole numbers that are nearly all different are taken for ids (``LIKE_IDS``), whatever their order and gaps.

    >>> import numpy as np
    >>> data = {"id": np.arange(4.0), "kind": np.array(list("abab")), "sum": np.array([1.5, 2, 2, 3]), "y": np.zeros(4)}
    >>> features(data, {"y": "the target"})
    ({'kind': 'text', 'sum': 'number'}, {'y': 'the target', 'id': 'it numbers the rows: every value is another'})
    """
    import numpy as np

    kept, left_out = {}, dict(used)
    for name, given in columns.items():
        if name in left_out:
            continue
        values = np.asarray(given)
        text = values.dtype.kind not in "biuf"
        filled = values[~np.isnan(values)] if values.dtype.kind == "f" else values
        different = len(np.unique(filled))
        whole = not text and len(filled) == len(values) and bool((values == np.floor(values)).all())
        if different < 2:
            left_out[name] = "it holds one value"
        elif text and all(_DAY.match(str(value)) for value in np.unique(filled)):
            left_out[name] = HOLDS_DAYS
        elif different == len(values) and (text or whole) and _numbers_rows(values, text):
            left_out[name] = NUMBERS_ROWS
        elif guess and whole and len(values) >= FEWEST_IDS and different > ALL_DIFFERENT * len(values):
            left_out[name] = LIKE_IDS
        elif text and different > MOST_CATEGORIES:
            left_out[name] = f"it is a text with {different} different values"
        else:
            kept[name] = "text" if text else "number"
    return kept, left_out


def _numbers_rows(values: Any, text: bool) -> bool:
    """Whether different values are names of rows: texts, or whole numbers one after another."""
    return text or bool(values.max() - values.min() == len(values) - 1)


def same(one: Any, other: Any) -> bool:
    """Whether two columns say the same: the classes of one tell those of the other and the other way round.

    >>> same(["0", "1", "1"], ["no", "yes", "yes"]), same(["0", "1", "1"], ["no", "yes", "no"])
    (True, False)
    """
    pairs = set(zip(one, other, strict=True))
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
