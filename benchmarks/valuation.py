"""How fast the valuation is, as ratios measured side by side within one run.

- Monte Carlo of 1,000,000 draws x 10 assets x 10 years: against a plain Python loop over the same model (timed on a
  few draws and scaled up) and against the bare NumPy arithmetic that it contains (random numbers, inverse
  distributions, correlation, discounting; no Sobol points, no checks, whole arrays at a time).
- Every rate of return of 10,000 series of 30 dated flows: against pyxirr, which gives one rate a series. Where the flows
  change sign once, one rate is all there are (``cashflows.xirr_batch`` says why); where they change sign often, pyxirr
  still gives one or none.
- Exact KNN-Shapley values of 1,000, 10,000 and 100,000 cases: time over n log2 n, which stays level.

Every figure is the median of --repeat rounds after one that is not counted; in a round both ways run one after the
other. Times are processor seconds: all of it runs in one thread, and other work on the machine does not count. Memory:
the most that NumPy held at once, measured in a run of its own.

    python benchmarks/valuation.py [--repeat 5] [--draws 1000000] [--out FILE]

Prints a table and, with --out, writes it as JSON with processor and versions.
"""

from __future__ import annotations

import argparse
import json
import math
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy comes in

import random
import statistics
import time
import tracemalloc
from pathlib import Path

import numpy as np
from scipy import special

from lepton_nb.valuation import cashflows, data_value, uncertainty

ASSETS, YEARS, RHO, TAX = 10, 10, 0.3, 0.25
BENEFIT, COST, KEPT, RATE, INFLATION = (100.0, 30.0), 20.0, (0.70, 0.95), (0.06, 0.12), (0.01, 0.03)
LOOP_DRAWS = 2_000
SERIES, FLOWS = 10_000, 30

#: What must be reached: at least (+) or at most (-) this ratio.
TARGETS = {
    "Monte Carlo, plain loop / vectorised": 50.0,
    "Monte Carlo, vectorised / bare NumPy": -3.0,
    "XIRR, one change of sign, all rates / pyxirr's one": -3.0,
    "XIRR, many changes of sign, all rates / pyxirr's one": -50.0,
}


def timed(repeat: int, *actions) -> list[float]:
    """Median processor seconds of each action; one after the other in each round, after a round not counted."""
    found = []
    for _ in range(repeat + 1):
        found.append([])
        for action in actions:
            before = time.process_time()
            action()
            found[-1].append(time.process_time() - before)
    return [statistics.median(column) for column in zip(*found[1:], strict=True)]


def peak(action) -> float:
    """The most bytes that were held at once, in MiB."""
    tracemalloc.start()
    action()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


# ---------------------------------------------------------------- Monte Carlo


def present_value(x: dict[str, np.ndarray]) -> np.ndarray:
    """Decaying benefits less rising costs of all assets over all years, after tax, discounted; (draws,)."""
    step, dearer = 1 / (1 + x["rate"]), 1 + x["inflation"]
    total = np.zeros_like(step)
    for asset in range(ASSETS):
        benefit, cost, factor = x[f"benefit{asset}"].copy(), np.full_like(step, COST), (1 - TAX) * step
        for _ in range(YEARS):
            total += (benefit - cost) * factor
            benefit *= x[f"kept{asset}"]
            cost *= dearer
            factor *= step
    return total


def distributions() -> dict[str, object]:
    found = {"rate": uncertainty.uniform(*RATE), "inflation": uncertainty.uniform(*INFLATION)}
    for asset in range(ASSETS):
        found[f"benefit{asset}"] = uncertainty.lognormal(*BENEFIT)
        found[f"kept{asset}"] = uncertainty.uniform(*KEPT)
    return found


CORRELATIONS = {(f"benefit{a}", f"benefit{b}"): RHO for a in range(ASSETS) for b in range(a)}


def simulated(draws: int) -> uncertainty.Simulation:
    return uncertainty.simulate(present_value, distributions(), draws, 0, CORRELATIONS)


def correlation_root() -> np.ndarray:
    return np.linalg.cholesky(np.full((ASSETS, ASSETS), RHO) + (1 - RHO) * np.eye(ASSETS))


def bare(draws: int) -> np.ndarray:
    """The same model as one would write it by hand: the least that NumPy has to do."""
    generator = np.random.default_rng(0)

    def uniform(low: float, high: float) -> np.ndarray:
        return low + (high - low) * generator.random(draws)

    benefit = uncertainty.lognormal(*BENEFIT)
    scores = correlation_root() @ special.ndtri(generator.random((ASSETS, draws)))
    x = {"rate": uniform(*RATE), "inflation": uniform(*INFLATION)}
    for asset in range(ASSETS):
        x[f"benefit{asset}"] = np.exp(benefit.mu + benefit.sigma * scores[asset])
        x[f"kept{asset}"] = uniform(*KEPT)
    return present_value(x)


def npv(rate: float, flows: list[float]) -> float:
    return sum(flow / (1 + rate) ** year for year, flow in enumerate(flows, start=1))


def looped(draws: int) -> list[float]:
    """The same model in plain Python, one draw after the other."""
    generator = random.Random(0)
    spread = uncertainty.lognormal(*BENEFIT)
    root = correlation_root().tolist()
    found = []
    for _ in range(draws):
        scores = [generator.gauss(0, 1) for _ in range(ASSETS)]
        rate, inflation = generator.uniform(*RATE), generator.uniform(*INFLATION)
        total = 0.0
        for asset in range(ASSETS):
            score = sum(weight * other for weight, other in zip(root[asset], scores, strict=True))
            benefit, cost, kept = math.exp(spread.mu + spread.sigma * score), COST, generator.uniform(*KEPT)
            flows = []
            for _ in range(YEARS):
                flows.append((benefit - cost) * (1 - TAX))
                benefit *= kept
                cost *= 1 + inflation
            total += npv(rate, flows)
        found.append(total)
    return found


def monte_carlo(draws: int, repeat: int) -> list[dict]:
    result, plain = simulated(draws), looped(LOOP_DRAWS)
    noise = 5 * statistics.stdev(plain) / math.sqrt(LOOP_DRAWS)
    assert abs(result.mean - statistics.fmean(plain)) < noise, "the two ways must give one mean"
    assert abs(result.mean - bare(draws).mean()) < noise
    ways = (lambda: simulated(draws), lambda: bare(draws), lambda: looped(LOOP_DRAWS))
    fast, numpy_only, slow = timed(repeat, *ways)
    slow *= result.draws / LOOP_DRAWS
    memory = peak(lambda: simulated(draws))
    what = f"{result.draws:,} draws x {ASSETS} assets x {YEARS} years"
    return [
        row("Monte Carlo, plain loop / vectorised", slow / fast, fast, slow, memory,
            f"{what}; loop timed on {LOOP_DRAWS:,} draws and scaled up"),
        row("Monte Carlo, vectorised / bare NumPy", fast / numpy_only, fast, numpy_only, memory, what),
    ]  # fmt: skip


# ---------------------------------------------------------------- rates of return


def rates_of_return(repeat: int) -> list[dict]:
    import pyxirr

    generator = np.random.default_rng(0)
    dates = np.datetime64("2025-01-01") + np.sort(generator.integers(0, 9000, (SERIES, FLOWS)), axis=1)
    once = np.abs(generator.normal(0, 1000, (SERIES, FLOWS)))
    once[:, :5] *= -1
    once[:, 0] -= 3000
    rows = []
    for name, amounts in (("one change", once), ("many changes", generator.normal(0, 1000, (SERIES, FLOWS)))):
        # in the form that it takes fastest: lists of dates and numbers
        lists = list(zip(dates.tolist(), amounts.tolist(), strict=True))
        own, other = timed(
            repeat,
            lambda amounts=amounts: cashflows.xirr_batch(amounts, dates),
            lambda lists=lists: [pyxirr.xirr(*pair, silent=True) for pair in lists],
        )
        found = cashflows.xirr_batch(amounts, dates)
        one = [pyxirr.xirr(*pair, silent=True) for pair in lists]
        agree = sum(
            rate is not None and any(math.isclose(rate, root, rel_tol=1e-6, abs_tol=1e-7) for root in roots)
            for rate, roots in zip(one, found.roots, strict=True)
        )
        total = sum(map(len, found.roots))
        told = (
            f"{SERIES:,} series of {FLOWS} flows; {total:,} rates in {sum(map(bool, found.roots)):,} series, "
            f"{len(found.beyond):,} series with one beyond floats; pyxirr: {sum(rate is not None for rate in one):,} "
            f"rates, {agree:,} of them among ours"
        )
        memory = peak(lambda amounts=amounts: cashflows.xirr_batch(amounts, dates))
        rows.append(row(f"XIRR, {name} of sign, all rates / pyxirr's one", own / other, own, other, memory, told))
    return rows


# ---------------------------------------------------------------- data


def nearest_neighbours(repeat: int) -> list[dict]:
    generator = np.random.default_rng(0)
    rows, first = [], None
    for n in (1_000, 10_000, 100_000):
        x, y = generator.normal(size=(n, 8)), generator.integers(0, 2, n)
        asked, labels = generator.normal(size=(20, 8)), generator.integers(0, 2, 20)

        def value(x=x, y=y, asked=asked, labels=labels):
            return data_value.knn_shapley(x, y, asked, labels, k=5)

        seconds = timed(repeat, value)[0] / len(asked)
        per_step = seconds / (n * math.log2(n))
        first = first or per_step
        told = f"20 test cases, 8 features; seconds for one test case; {per_step * 1e9:.2f} ns per n log2 n"
        rows.append(row(f"KNN-Shapley, {n:,} cases: per n log2 n / that at 1,000", per_step / first, seconds, None,
                        peak(value), told))  # fmt: skip
    return rows


def row(what: str, ratio: float, seconds: float, beside: float | None, memory: float, told: str) -> dict:
    target = TARGETS.get(what)
    met = None if target is None else ratio >= target if target > 0 else ratio <= -target
    return {
        "what": what,
        "ratio": round(ratio, 3),
        "target": None if target is None else f"{'at least' if target > 0 else 'at most'} {abs(target):g}",
        "met": met,
        "seconds": round(seconds, 5),
        "seconds_beside": None if beside is None else round(beside, 5),
        "memory_mib": round(memory, 1),
        "told": told,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--draws", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = [*monte_carlo(options.draws, options.repeat), *rates_of_return(options.repeat)]
    rows += nearest_neighbours(options.repeat)
    print(f"{'what':<60} {'ratio':>9} {'target':>12} {'met':>4} {'s':>9} {'beside, s':>10} {'MiB':>7}")
    for item in rows:
        beside = "" if item["seconds_beside"] is None else f"{item['seconds_beside']:.4f}"
        met = {True: "yes", False: "NO", None: ""}[item["met"]]
        print(
            f"{item['what']:<60} {item['ratio']:>9.2f} {item['target'] or '':>12} {met:>4} "
            f"{item['seconds']:>9.4f} {beside:>10} {item['memory_mib']:>7.1f}"
        )
        print(f"    {item['told']}")
    if options.out:
        from lepton_nb.report.run import _processor
        from lepton_nb.report.store import versions

        about = {"processor": _processor(), "cores": os.cpu_count(), "versions": versions(), "rows": rows}
        options.out.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
