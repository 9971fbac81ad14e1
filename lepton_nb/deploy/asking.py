"""Who asks a service: requests in NumPy's format, answers as probabilities, and what is done with them."""

from __future__ import annotations

import io

import numpy as np
import requests
from scipy import stats

from lepton_nb.deploy.door import JSON, NPY

KIND = NPY
#: Requests that are no requests: what is sent, as what. For a model that takes pictures.
BAD: tuple[tuple[str, bytes, str], ...] = (
    ("no JSON", b"{rows: 1}", JSON),
    ("rows of another shape", b'{"rows": [[1, 2, 3, 4, 5]]}', JSON),
    ("texts in place of numbers", b'{"rows": [[["a"]]]}', JSON),
    ("a picture file", b"\x89PNG\r\n", "image/png"),
    ("half an array", b"\x93NUMPY\x01\x00", NPY),
)


def packed(array: np.ndarray) -> bytes:
    """An array as the body of a request."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def ask(address: str, rows: np.ndarray, size: int = 500) -> np.ndarray:
    """The first output of a service for rows (n, …), ``size`` of them a request. Raises RuntimeError with what it says."""
    found = []
    with requests.Session() as session:
        for start in range(0, len(rows), size):
            headers = {"content-type": KIND, "accept": KIND}
            body = packed(rows[start : start + size])
            answer = session.post(f"{address}/predict", body, headers=headers, timeout=30)
            if answer.status_code != 200:
                raise RuntimeError(f"The service answers {answer.status_code}: {answer.json()['error']}")
            found.append(np.load(io.BytesIO(answer.content), allow_pickle=False))
    return np.concatenate(found)


def refusal(address: str, body: bytes, kind: str) -> dict[str, object]:
    """What a service says to a bad request: status and said."""
    answer = requests.post(f"{address}/predict", body, headers={"content-type": kind}, timeout=30)
    return {"status": answer.status_code, "said": answer.json().get("error", "")}


def metric(address: str, name: str) -> float:
    """One figure that a service tells Prometheus. Raises KeyError."""
    for line in requests.get(f"{address}/metrics", timeout=30).text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    raise KeyError(name)


def cut(chances: np.ndarray, truth: np.ndarray, most_wrong: float) -> float:
    """The lowest confidence from which on at most this share of the answers is wrong.

    chances: (n, classes); truth: (n,). Every answer of that confidence or more is counted. Above 1 where no confidence
    is enough.
    """
    confidence, wrong = chances.max(axis=1), chances.argmax(axis=1) != truth
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)
    last = np.append(np.diff(confidence[order]) != 0, True)  # of equal confidences the last one counts
    fits = np.flatnonzero(last & (shares <= most_wrong))
    return float(confidence[order[fits[-1]]]) if len(fits) else float(np.nextafter(1.0, 2.0))


def alarm_limit(share: float, n: int, window: int, level: float = 0.999) -> float:
    """The share of a window above which an alarm rings, where ``share`` was seen on n cases and nothing has changed.

    The next window's count given the earlier one is beta-binomial (with Jeffreys' prior): the limit also allows for
    not knowing the true share.

    Reference: Brown, Cai and DasGupta, Interval Estimation for a Binomial Proportion, Statistical Science 16, 2001.

    >>> alarm_limit(0.02, 5000, 500)
    0.044
    """
    seen = round(share * n)
    return float(stats.betabinom.ppf(level, window, seen + 0.5, n - seen + 0.5)) / window
