"""What all valuation modules share: the exceptions, the result base class, the checks of inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

import numpy as np


class Undefined(ValueError):
    """The quantity asked for does not exist for these inputs; the message says why."""


class NoRateOfReturn(Undefined):
    """No rate above -100 % makes the net present value zero."""


class SeveralRatesOfReturn(Undefined):
    """More than one rate makes the net present value zero. ``roots`` holds them all, in ascending order."""

    def __init__(self, roots: tuple[float, ...]):
        self.roots = tuple(roots)
        listed = ", ".join(f"{root:.6g}" for root in self.roots)
        super().__init__(
            f"The flows have {len(self.roots)} rates of return: {listed}. None of them is the rate of return; "
            "use the net present value or the modified rate of return."
        )

    def __reduce__(self):
        return (type(self), (self.roots,))


@dataclass(frozen=True)
class Result:
    """Base of every result: frozen, with ``to_dict`` for records and tables."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values: arrays become lists, results become dictionaries, keys become text."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def _plain(item: Any) -> Any:
    if isinstance(item, Result):
        return item.to_dict()
    if isinstance(item, Mapping):
        return {str(key): _plain(value) for key, value in item.items()}
    if isinstance(item, np.ndarray):
        return item.tolist()
    if isinstance(item, np.generic):
        return item.item()
    if isinstance(item, (list, tuple)):
        return [_plain(part) for part in item]
    if isinstance(item, (set, frozenset)):
        return sorted(_plain(part) for part in item)
    return item


def number(
    name: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """``value`` as a finite float within low..high (inclusive), above and below (exclusive); else ValueError."""
    if isinstance(value, (bool, np.bool_)) or not (isinstance(value, Real) or _is_scalar_array(value)):
        raise ValueError(f"{name} must be a number. Received: {name}={value!r}")
    result = float(value)
    if not math.isfinite(result):
        raise ValueError(f"{name} must be finite. Received: {name}={value!r}")
    if result < low or result > high:
        raise ValueError(f"{name} must be {_range(low, high)}. Received: {name}={result:g}")
    if above is not None and result <= above:
        raise ValueError(f"{name} must be above {above:g}. Received: {name}={result:g}")
    if below is not None and result >= below:
        raise ValueError(f"{name} must be below {below:g}. Received: {name}={result:g}")
    return result


def _is_scalar_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 0 and np.issubdtype(value.dtype, np.number)


def _range(low: float, high: float) -> str:
    if math.isinf(high):
        return f"at least {low:g}"
    if math.isinf(low):
        return f"at most {high:g}"
    return f"within {low:g}..{high:g}"


def whole(name: str, value: Any, low: int = 0, high: int | None = None) -> int:
    """``value`` as a whole number of at least ``low``; else ValueError."""
    result = number(name, value, low, math.inf if high is None else high)
    if result != int(result):
        raise ValueError(f"{name} must be a whole number. Received: {name}={result:g}")
    return int(result)


def fraction(name: str, value: Any) -> float:
    """``value`` as a float in 0..1; else ValueError."""
    return number(name, value, 0.0, 1.0)


def level(value: Any) -> float:
    """A confidence level, strictly between 0 and 1; else ValueError."""
    return number("level", value, above=0.0, below=1.0)


def rate_of(value: Any, name: str = "rate") -> float:
    """A rate per period as a fraction, above -1 (at -1 nothing is left to discount); else ValueError."""
    return number(name, value, above=-1.0)


def vector(name: str, values: Any, minimum: int = 1) -> np.ndarray:
    """``values`` as a finite float vector of at least ``minimum`` numbers; else ValueError."""
    result = array(name, values)
    if result.ndim != 1:
        raise ValueError(f"{name} must be one row of numbers. Received: shape {result.shape}")
    if len(result) < minimum:
        raise ValueError(f"{name} must hold at least {minimum} number(s). Received: {len(result)}")
    return result


def array(name: str, values: Any) -> np.ndarray:
    """``values`` as a finite float array of any shape; else ValueError."""
    try:
        given = np.asarray(values)
        if given.dtype.kind not in "biufO":  # text would be parsed in silence
            raise TypeError
        result = given.astype(float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers only. Received: {values!r}") from None
    if not np.all(np.isfinite(result)):
        raise ValueError(f"{name} must be finite numbers. Received: {result[~np.isfinite(result)][0]} among them")
    return result


def labels(name: str, values: Any) -> np.ndarray:
    """``values`` as a vector of 0 and 1 in float; else ValueError."""
    result = vector(name, values)
    wrong = result[(result != 0) & (result != 1)]
    if len(wrong):
        raise ValueError(f"{name} must be 0 or 1. Received: {wrong[0]:g} among them")
    return result


def probabilities(values: Mapping[Any, float], what: str = "probabilities") -> dict[Any, float]:
    """A mapping of fractions that sum to 1 within 1e-6; else ValueError with their sum."""
    if not values:
        raise ValueError(f"{what} must not be empty.")
    result = {key: number(f"{what}[{key!r}]", value, 0.0) for key, value in values.items()}
    sums_to_one(what, sum(result.values()))
    return result


def sums_to_one(what: str, total: float) -> None:
    """Refuse a total that is not 1 within 1e-6."""
    if abs(total - 1.0) > 1e-6:
        shown = f"{total:.2f}" if abs(total - 1.0) >= 0.005 else f"{total:.7f}"
        raise ValueError(f"{what} sum to {shown}, not 1. Received: a total of {total:.10g}")


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """``value`` if it is one of ``allowed``; else ValueError with the list."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}. Received: {name}={value!r}")
    return value


def same_length(**vectors: np.ndarray) -> None:
    """Refuse vectors of different lengths."""
    if len({len(item) for item in vectors.values()}) > 1:
        lengths = ", ".join(f"{name} {len(item)}" for name, item in vectors.items())
        raise ValueError(f"These must have the same length. Received: {lengths}")


def same_names(first_name: str, first: Mapping, second_name: str, second: Mapping) -> None:
    """Refuse two mappings whose keys differ."""
    if set(first) != set(second):
        odd = sorted(map(str, set(first) ^ set(second)))
        raise ValueError(f"{first_name} and {second_name} must name the same things. Differing: {', '.join(odd)}")


def finite(name: str, value: float) -> float:
    """A computed value, refused as Undefined if it left the range of the computer's numbers."""
    if not math.isfinite(value):
        raise Undefined(f"{name} is too large for the computer's numbers at these inputs.")
    return float(value)
