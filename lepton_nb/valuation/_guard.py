"""One guard around every public function: what goes in is of the kind its annotation says, what comes out is a number.

A function keeps its own rules (ranges, shapes, what fits together) and its own sentences; the guard holds what all have
in common, so that no function can forget it.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from lepton_nb.valuation._base import Record, Result, Undefined, flag, number, plain, shown

Function = TypeVar("Function", bound=Callable[..., Any])

LARGEST_INPUT = 64  # numbers of an array that ``inputs`` shows in full


def guarded(function: Function) -> Function:
    """The function, with its arguments and its result guarded.

    In: a number, whole number, text, flag, mapping or function where the annotation says so; else ValueError with the
    caller's own name of the argument. Out: no infinity and no NaN, wherever in the result; else Undefined. A result
    that lacks ``inputs`` gets them.
    """
    parameters = inspect.signature(function).parameters
    names = tuple(parameters)
    checks = {name: _check_of(str(parameter.annotation)) for name, parameter in parameters.items()}
    checks = {name: check for name, check in checks.items() if check is not None}
    asks_back = any("Callable" in str(parameter.annotation) for parameter in parameters.values())
    called = function.__name__.replace("_", " ")
    defaults = {n: p.default for n, p in parameters.items() if p.default is not inspect.Parameter.empty}

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(names, args, strict=False))
        given.update(kwargs)
        for name, check in checks.items():
            if name in given:
                check(name, given[name])
        if asks_back:  # the caller's own function keeps its warnings and errors
            result = function(*args, **kwargs)
        else:
            try:
                with np.errstate(all="ignore"):
                    result = function(*args, **kwargs)
            except (OverflowError, ZeroDivisionError, FloatingPointError):
                raise Undefined(_too_large(called)) from None
        if not _is_finite(result):
            raise Undefined(_too_large(called))
        if isinstance(result, Result) and not result.inputs:
            object.__setattr__(result, "inputs", {n: _summary(v) for n, v in {**defaults, **given}.items()})
        return result

    return wrapper  # type: ignore[return-value]


def _too_large(called: str) -> str:
    return f"At these inputs {called} has no value within the computer's numbers: they are too large or too small."


def _check_of(annotation: str) -> Callable[[str, Any], Any] | None:
    """The check of an argument by its annotation as text."""
    optional = annotation.endswith(" | None")
    kind = annotation.removesuffix(" | None").partition("[")[0].rpartition(".")[2]
    check = {
        "float": number,
        "int": _whole,
        "str": _text,
        "bool": flag,
        "Mapping": _mapping,
        "Callable": _function,
        "Sequence": _sequence,
        "Numbers": _numbers,
    }.get(kind)
    if check is None or not optional:
        return check
    return lambda name, value: None if value is None else check(name, value)


def _whole(name: str, value: Any) -> None:
    if number(name, value) % 1:
        raise ValueError(f"{name} must be a whole number. Received: {name}={shown(value)}")


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text. Received: {name}={shown(value)}")


def _mapping(name: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a mapping from names to values. Received: {name}={shown(value)}")


def _function(name: str, value: Any) -> None:
    if not callable(value):
        raise ValueError(f"{name} must be a function. Received: {name}={shown(value)}")


def _sequence(name: str, value: Any) -> None:
    if isinstance(value, (Mapping, set, frozenset)) or not isinstance(value, Iterable):
        raise ValueError(f"{name} must be a list. Received: {name}={shown(value)}")


def _numbers(name: str, value: Any) -> None:
    """Containers that numpy would take for one thing, in silence or with a message of its own."""
    if value is None or isinstance(value, (str, bytes, Mapping, set, frozenset)) or callable(value):
        raise ValueError(f"{name} must hold numbers only. Received: {name}={shown(value)}")


def _is_finite(result: Any) -> bool:
    if isinstance(result, (float, complex, np.floating)):
        return math.isfinite(result)
    if isinstance(result, np.ndarray):
        return result.dtype.kind not in "fc" or bool(np.isfinite(result).all())
    if isinstance(result, Record):
        return result.is_finite or all(_is_finite(item) for name, item in vars(result).items() if name != "inputs")
    if isinstance(result, Mapping):
        return all(_is_finite(item) for item in result.values())
    if isinstance(result, (tuple, list)):
        return all(_is_finite(item) for item in result)
    return True


def _summary(value: Any) -> Any:
    """An argument as a record shows it: long arrays by their shape, functions by their name."""
    if isinstance(value, np.ndarray) and value.size > LARGEST_INPUT:
        return f"array of shape {value.shape}"
    if isinstance(value, Mapping) and len(value) <= LARGEST_INPUT:
        return {str(key): _summary(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and len(value) <= LARGEST_INPUT:
        return [_summary(item) for item in value]
    if isinstance(value, (Record, np.ndarray, np.generic)):
        return plain(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if hasattr(value, "__len__"):
        return f"{type(value).__name__} of {len(value)}"
    return shown(value)
