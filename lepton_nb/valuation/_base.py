"""What all valuation modules share: the exceptions, the result base class, the checks of inputs."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

Numbers: TypeAlias = ArrayLike  # one or more numbers: lists, arrays, columns of a table
Day: TypeAlias = str | datetime.date | np.datetime64  # ISO text, a date or date and time, a numpy date
Dates: TypeAlias = Sequence[Day] | np.ndarray
TIMINGS = ("end", "mid_year", "mid")


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
class Record:
    """Frozen fields, with ``to_dict`` for records and tables."""

    is_finite: ClassVar[bool] = False  # True where the maker has seen to it, so that the guard need not look again

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values: arrays become lists, results become dictionaries, keys become text."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True)
class Result(Record):
    """Base of every result: frozen, with the arguments it came from in ``inputs``, by their names."""

    inputs: dict[str, Any] = field(default_factory=dict, kw_only=True, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, ``inputs`` last."""
        found = super().to_dict()
        return {**{name: item for name, item in found.items() if name != "inputs"}, "inputs": found["inputs"]}


def plain(item: Any) -> Any:
    """Numbers, text, lists and dictionaries with keys of text, as JSON knows them."""
    if isinstance(item, Record):
        return item.to_dict()
    if isinstance(item, Mapping):
        return {str(key): plain(value) for key, value in item.items()}
    if isinstance(item, np.ndarray):
        return plain(item.tolist())
    if isinstance(item, np.generic):
        return plain(item.item())
    if isinstance(item, (list, tuple)):
        return [plain(part) for part in item]
    if isinstance(item, (set, frozenset)):
        return sorted(plain(part) for part in item)
    if isinstance(item, (datetime.date, np.datetime64)):
        return str(item)
    return item


def shown(value: Any, most: int = 90) -> str:
    """A value as a message shows it: short, whatever it is."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # what cannot even be shown still needs its sentence
        text = f"a {type(value).__name__}"
    return text if len(text) <= most else text[: most - 1] + "…"


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
        raise ValueError(f"{name} must be a number. Received: {name}={shown(value)}")
    try:
        result = float(value)
    except (OverflowError, ValueError, TypeError):
        raise ValueError(f"{name} must be within the computer's numbers. Received: {name}={shown(value)}") from None
    if not math.isfinite(result):
        raise ValueError(f"{name} must be finite. Received: {name}={shown(value)}")
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
        raise ValueError(f"{name} must be one row of numbers. Received: {_form(result)}")
    if len(result) < minimum:
        raise ValueError(f"{name} must hold at least {minimum} number(s). Received: {len(result)}")
    return result


def table(name: str, values: Any, rows: str, columns: str) -> np.ndarray:
    """``values`` as a finite float array of two dimensions, neither empty; else ValueError."""
    result = array(name, values)
    if result.ndim != 2 or result.size == 0:
        raise ValueError(f"{name} must be a table of numbers, {rows} by {columns}. Received: {_form(result)}")
    return result


def array(name: str, values: Any, dimensions: tuple[int, ...] | None = None) -> np.ndarray:
    """``values`` as a finite float array, of so many dimensions where told; else ValueError."""
    try:
        if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
            raise TypeError  # the masked numbers would count
        given = np.asarray(values)
        if given.dtype.kind not in "biufO":  # text would be parsed in silence
            raise TypeError
        if given.dtype.kind == "O" and any(isinstance(item, (str, bytes)) for item in given.flat):
            raise TypeError
        result = given.astype(float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must hold numbers only. Received: {shown(values)}") from None
    if not np.all(np.isfinite(result)):
        raise ValueError(f"{name} must be finite numbers. Received: {result[~np.isfinite(result)][0]} among them")
    if dimensions is not None and result.ndim not in dimensions:
        told = " or ".join({0: "one number", 1: "one row", 2: "a table of rows"}[count] for count in dimensions)
        raise ValueError(
            f"{name} must be {told} of numbers. Received: {_form(result)}".replace("number of numbers", "number")
        )
    return result


def given_by_model(values: Any) -> np.ndarray:
    """What the caller's own model gave, as floats of any size; else ValueError."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"The model must give numbers. Received: {shown(values)}") from None


def _form(given: np.ndarray) -> str:
    return "one number" if given.ndim == 0 else f"an array of shape {given.shape}"


def mapping(name: str, values: Any, least: int = 1) -> Mapping:
    """``values`` if it is a mapping of at least so many entries; else ValueError."""
    if not isinstance(values, Mapping):
        raise ValueError(f"{name} must be a mapping from names to values. Received: {name}={shown(values)}")
    if len(values) < least:
        raise ValueError(f"{name} must name at least {'one thing' if least == 1 else f'{least} things'}.")
    return values


def rows(name: str, values: Any, width: int, form: str) -> list[tuple]:
    """``values`` as a list of tuples of one width; else ValueError with the form that was wanted."""
    if isinstance(values, (str, bytes, Mapping, set, frozenset)) or not isinstance(values, Iterable):
        raise ValueError(f"{name} must be rows of {form}. Received: {name}={shown(values)}")
    return [row(name, item, width, form) for item in values]


def row(name: str, item: Any, width: int, form: str) -> tuple:
    """``item`` as a tuple of one width; else ValueError with the form that was wanted."""
    if isinstance(item, (str, bytes, Mapping, set, frozenset)) or not isinstance(item, Iterable):
        raise ValueError(f"{name} must be given as {form}. Received: {shown(item)}")
    found = tuple(item)
    if len(found) != width:
        raise ValueError(f"{name} must be given as {form}. Received: {shown(found)}")
    return found


def labels(name: str, values: Any) -> np.ndarray:
    """``values`` as a vector of 0 and 1 in float; else ValueError."""
    result = vector(name, values)
    wrong = result[(result != 0) & (result != 1)]
    if len(wrong):
        raise ValueError(f"{name} must be 0 or 1. Received: {wrong[0]:g} among them")
    return result


def probabilities(values: Mapping[Any, float], what: str = "probabilities") -> dict[Any, float]:
    """A mapping of fractions that sum to 1 within 1e-6; else ValueError with their sum."""
    mapping(what, values)
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
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}. Received: {name}={shown(value)}")
    return value


def shift_of(timing: str) -> float:
    """How much earlier than its end a year's flow falls: 0 for "end", half a year for "mid_year" (or "mid")."""
    return 0.0 if one_of("timing", timing, TIMINGS) == "end" else 0.5


def flag(name: str, value: Any) -> bool:
    """``value`` as True or False; else ValueError."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be True or False. Received: {name}={shown(value)}")
    return bool(value)


def same_length(**vectors: np.ndarray) -> None:
    """Refuse vectors of different lengths."""
    if len({len(item) for item in vectors.values()}) > 1:
        lengths = ", ".join(f"{name} {len(item)}" for name, item in vectors.items())
        raise ValueError(f"These must have the same length. Received: {lengths}")


def same_names(first_name: str, first: Mapping, second_name: str, second: Mapping) -> None:
    """Refuse two mappings whose keys differ."""
    mapping(first_name, first, least=0), mapping(second_name, second, least=0)
    if set(first) != set(second):
        odd = sorted(map(str, set(first) ^ set(second)))
        raise ValueError(f"{first_name} and {second_name} must name the same things. Differing: {', '.join(odd)}")


def finite(name: str, value: float) -> float:
    """A computed value, refused as Undefined where it left the range of the computer's numbers."""
    if not math.isfinite(value):
        raise Undefined(f"{name} is too large for the computer's numbers at these inputs.")
    return float(value)
