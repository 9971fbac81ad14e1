r"""All real zeros of many sums of exponentials at once: the search behind every rate of return.

One problem is $f(x) = \sum_i a_i e^{-x t_i}$ with $x = \ln(1 + r)$: f is the net present value. Arrays are
(flows, problems), so that one operation serves all problems.

**Descartes, step by step.** With tau between the times of one change of sign, $(e^{x\tau} f)' e^{-x\tau}$ has the
coefficients $a_i (\tau - t_i)$: that change of sign is gone, the others stay. After as many steps as there are
changes no zero is left. Going back up, $e^{x\tau} f$ is monotone between the zeros found one level below, so each gap
holds at most one zero, and none is missed. Hence: never more zeros than changes of sign.

**One change.** With D_1 and D_2 the mean times of the flows before and after the change, weighted by their present
values, $h(x) = \ln(PV_{after} / PV_{before})$ has the slope $D_1 - D_2 < 0$ everywhere and runs from infinity to minus
infinity: exactly one zero. h is nearly straight, so Newton's method needs few steps.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CHUNK = 1024  # problems at a time: their arrays stay in the processor's cache
EPSILON = np.finfo(float).eps
NOTHING = -1e300  # the logarithm of an amount of 0, which padding holds
SMALL_STEP = 1e-10  # Newton's error after a step of this size is its square
LARGEST_POWER = 600.0  # exp beyond this needs a shift
ROUNDING = 8 * EPSILON  # a flow of this share of all flows together is what additions leave behind


def merged(times: np.ndarray, amounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both (flows, problems): times ascending from 0, flows of one time added up, flows of 0 moved to the end.

    A flow that is below the rounding of all flows together is none: 0.3 - 0.1 - 0.2 is not 0 in the computer's numbers,
    and would add a rate next to -100 %.
    """
    if np.any(times[1:] < times[:-1]):
        order = np.argsort(times, axis=0, kind="stable")
        times, amounts = np.take_along_axis(times, order, axis=0), np.take_along_axis(amounts, order, axis=0)
    later = times[1:] > times[:-1]
    if not later.all():
        flows, problems = times.shape
        group = np.concatenate([np.zeros((1, problems), dtype=int), np.cumsum(later, axis=0)])
        cell = (group * problems + np.arange(problems)).ravel()
        sizes = np.bincount(cell, np.abs(amounts).ravel(), flows * problems).reshape(flows, problems)
        amounts = np.bincount(cell, amounts.ravel(), flows * problems).reshape(flows, problems)
        amounts[np.abs(amounts) <= 4 * EPSILON * sizes] = 0.0  # 0.1 + 0.2 - 0.3 is no flow, and would add a zero
        first = np.zeros(flows * problems)
        first[cell] = times.ravel()
        times = first.reshape(flows, problems)
    size = np.abs(amounts)
    small = size <= ROUNDING * size.sum(axis=0)
    if (small & (amounts != 0)).any():
        amounts = np.where(small, 0.0, amounts)
    empty = amounts == 0
    if empty.any():
        order = np.argsort(empty, axis=0, kind="stable")
        times, amounts = np.take_along_axis(times, order, axis=0), np.take_along_axis(amounts, order, axis=0)
        last = np.maximum((amounts != 0).sum(axis=0) - 1, 0)
        times = np.where(amounts == 0, np.take_along_axis(times, last[None, :], axis=0), times)
    return times - times[0], amounts


def zeros(times: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """All x with f(x) = 0, ascending, (zeros, problems), NaN where a problem has fewer. Arguments from ``merged``.

    A zero that f touches without crossing is listed once.
    """
    size = np.abs(amounts)
    empty = amounts == 0
    logs = np.log(size + empty)
    logs[empty] = NOTHING
    plus = amounts > 0
    if empty.any():  # padding takes the sign of the last flow: no change there
        last = np.maximum((~empty).sum(axis=0) - 1, 0)
        plus = np.where(empty, np.take_along_axis(plus, last[None, :], axis=0), plus)
    changes = (plus[1:] != plus[:-1]).sum(axis=0)
    found = np.full((max(int(changes.max(initial=0)), 1), times.shape[1]), np.nan)
    for chosen, solve in ((np.flatnonzero(changes == 1), _only_zeros), (np.flatnonzero(changes > 1), _several_zeros)):
        # problems with as many changes side by side: the levels of a chunk are then as full as can be
        chosen = chosen[np.argsort(-changes[chosen], kind="stable")]
        for begin in range(0, len(chosen), CHUNK):
            part = chosen[begin : begin + CHUNK]
            whole = len(part) == times.shape[1] and changes.max() == 1
            here = [array if whole else array[:, part] for array in (times, logs, plus)]
            rows = solve(*here)
            found[: len(rows), part] = rows
    return found


def _only_zeros(times: np.ndarray, logs: np.ndarray, plus: np.ndarray) -> np.ndarray:
    """(1, problems): the zero of each problem with one change of sign."""
    after = plus != plus[0]
    at_zero, _ = _log_ratio(np.zeros(times.shape[1]), times, logs, after)
    first_after = np.argmax(after, axis=0)[None, :]
    gap = np.take_along_axis(times, first_after, axis=0)[0] - np.take_along_axis(times, first_after - 1, axis=0)[0]
    # the slope lies between -span and -gap, and so does the zero
    near, far = at_zero / times.max(axis=0), at_zero / gap
    low, high = np.minimum(near, far), np.maximum(near, far)
    slack = 1e-9 * (np.abs(far) + np.abs(near)) + 1e-12  # rounding of the bounds
    return _bracketed(low - slack, high + slack, np.zeros_like(low), times, logs, after)[None, :]


def _several_zeros(times: np.ndarray, logs: np.ndarray, plus: np.ndarray) -> np.ndarray:
    """(zeros, problems), NaN where there are fewer; problems in falling order of their changes of sign."""
    levels = []
    left = (plus[1:] != plus[:-1]).sum(axis=0)
    most = int(left[0])
    columns = np.arange(times.shape[1])
    for changes in range(most, 1, -1):
        count = int(np.count_nonzero(left >= changes))  # these, the first ones, have this many changes now
        levels.append((logs[:, :count].copy(), plus[:, :count].copy()))
        turns = np.cumsum(plus[1:, :count] != plus[:-1, :count], axis=0)
        middle = np.argmax(turns == changes // 2 + 1, axis=0)
        tau = (times[middle, columns[:count]] + times[middle + 1, columns[:count]]) / 2
        factors = tau - times[:, :count]
        logs, plus = logs.copy(), plus.copy()
        # logarithms of sizes: the products of many tau - t_i leave the range of floats
        logs[:, :count] = np.maximum(logs[:, :count] + np.log(np.abs(factors)), NOTHING)
        plus[:, :count] ^= factors < 0
    found = _only_zeros(times, logs, plus)
    for logs, plus in reversed(levels):
        count = logs.shape[1]
        above = _zeros_between(found[:, :count], times[:, :count], logs, plus)
        kept = np.full((max(len(above), len(found)), found.shape[1]), np.nan)
        kept[: len(found)] = found
        kept[:, :count] = np.nan
        kept[: len(above), :count] = above
        found = kept
    return found


def _zeros_between(corners: np.ndarray, times: np.ndarray, logs: np.ndarray, plus: np.ndarray) -> np.ndarray:
    """The zeros where at most one lies left of, between and right of ``corners`` (corners, problems), NaN padded."""
    count = (~np.isnan(corners)).sum(axis=0)
    problems = np.arange(len(count))
    lowest = np.where(count > 0, corners[0], 0.0)
    highest = np.where(count > 0, corners[np.maximum(count - 1, 0), problems], 0.0)
    # as x falls the last flow rules, as x grows the first one does
    low_sign, high_sign = np.where(plus[-1], 1, -1), np.where(plus[0], 1, -1)
    points = np.full((len(corners) + 2, len(count)), np.nan)
    at_points = np.zeros(points.shape, dtype=int)
    points[0], at_points[0] = _beyond(lowest, -1.0, low_sign, times, logs, plus), low_sign
    points[1:-1] = corners
    points[count + 1, problems] = _beyond(highest, 1.0, high_sign, times, logs, plus)
    row, problem = np.nonzero(~np.isnan(corners))
    at_points[row + 1, problem] = _sign(corners[row, problem], *(each[:, problem] for each in (times, logs, plus)))
    touched = np.where((at_points[1:-1] == 0) & ~np.isnan(corners), corners, np.nan)
    at_points[count + 1, problems] = high_sign

    row, problem = np.nonzero(at_points[:-1] * at_points[1:] < 0)
    low, high = points[row, problem], points[row + 1, problem]
    falling = np.where(at_points[row, problem] > 0, 1, -1)  # h falls from low to high where f does
    crossed = np.full((len(points) - 1, len(count)), np.nan)
    here = [each[:, problem] for each in (times, logs, plus)]
    here[2] = here[2] == (falling > 0)  # turned so that h falls everywhere
    crossed[row, problem] = _bracketed(low, high, (low + high) / 2, *here)
    found = np.sort(np.concatenate([touched, crossed]), axis=0)  # NaN last
    return found[: max(int((~np.isnan(found)).sum(axis=0).max(initial=0)), 1)]


def _beyond(start: np.ndarray, direction: float, wanted: np.ndarray, *problem: np.ndarray) -> np.ndarray:
    """A point outside ``start`` where f has the sign that it has at infinity."""
    step = np.ones_like(start)
    open_ = np.arange(len(start))
    while len(open_):
        here = start[open_] + direction * step[open_]
        open_ = open_[_sign(here, *(each[:, open_] for each in problem)) != wanted[open_]]
        step[open_] *= 2
    return start + direction * step


def _sign(x: np.ndarray, times: np.ndarray, logs: np.ndarray, plus: np.ndarray) -> np.ndarray:
    """The sign of f at x, (problems,); 0 where f is not above the rounding error that it may have."""
    powers = logs - x * times
    size = np.exp(powers - powers.max(axis=0))
    real = logs > NOTHING / 2
    doubt = real.sum(axis=0) + np.abs(logs) + np.abs(x * times)
    noise = 4 * EPSILON * np.where(real, size * doubt, 0.0).sum(axis=0)
    value = np.where(plus, size, -size).sum(axis=0)
    return np.where(np.abs(value) <= noise, 0, np.sign(value)).astype(int)


def _log_ratio(x: np.ndarray, times: np.ndarray, logs: np.ndarray, plus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """h(x) = ln(sum of the terms in ``plus`` / sum of the others) and its slope, each (problems,)."""
    powers = logs - x * times
    shift = 0.0
    if powers.max() > LARGEST_POWER or np.abs(x).max() * times.max() > LARGEST_POWER / 2:
        top = np.where(plus, powers, -np.inf).max(axis=0), np.where(plus, -np.inf, powers).max(axis=0)
        powers -= np.where(plus, *top)
        shift = top[0] - top[1]
    terms = np.exp(powers)
    moments, chosen = terms * times, terms * plus
    above, below = chosen.sum(axis=0), (terms - chosen).sum(axis=0)
    chosen = moments * plus
    moment_above, moment_below = chosen.sum(axis=0), (moments - chosen).sum(axis=0)
    return shift + np.log(above / below), moment_below / below - moment_above / above


def _bracketed(low: np.ndarray, high: np.ndarray, start: np.ndarray, *problem: np.ndarray) -> np.ndarray:
    """The zero of h in each low..high, (problems,), where h is positive at low and negative at high.

    Newton's method inside a shrinking bracket; halving where a step leaves it or does not halve the step before.
    """
    found = start.copy()
    open_ = np.arange(len(start))
    x, before = np.clip(start, low, high), high - low
    for _ in range(200):
        if not len(open_):
            break
        height, slope = _log_ratio(x, *problem)
        low, high = np.where(height > 0, x, low), np.where(height < 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = -height / slope
        new = x + step
        halve = ~((new > low) & (new < high) & (2 * np.abs(step) <= before))
        small = np.abs(step) <= SMALL_STEP * (1 + np.abs(x))
        done = small | (height == 0) | (high - low <= 2 * EPSILON * np.abs(x))
        new = np.where(done, np.where(small, new, x), np.where(halve, (low + high) / 2, new))
        before = np.abs(new - x)
        x = new
        found[open_] = x
        if done.any():
            keep = ~done
            open_, x, before, low, high = open_[keep], x[keep], before[keep], low[keep], high[keep]
            if len(open_):
                problem = tuple(each[:, keep] for each in problem)
    return found


def columns(matrix: np.ndarray) -> Iterator[tuple[float, ...]]:
    """The numbers of each column, without its NaN."""
    if len(matrix) == 1:
        yield from ((value,) if value == value else () for value in matrix[0].tolist())
        return
    for column in matrix.T.tolist():
        yield tuple(value for value in column if value == value)
