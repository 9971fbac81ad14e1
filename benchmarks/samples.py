"""What the trials of the sample clients measured, on public data: ``python benchmarks/samples.py --data FOLDER``.

Prints n, mean gain and standard error as metrics/trials.csv of each sample has them. A trial that names a record in
book/measured/ has its figures there, and a test compares them.
"""

from __future__ import annotations

import argparse
from statistics import NormalDist

from lepton_nb import datasets, forecasting, ranking, series

#: Standard errors in a 95 % interval, from one end to the other.
WIDTH = 2 * NormalDist().inv_cdf(0.975)
#: Hours that a forecast sees: two weeks, as in the full run of chapter 33.
HISTORY = 336
SETTINGS = [{"penalty": penalty, "base": base} for base in ("last", "season") for penalty in (0.03, 0.1, 1.0, 10.0)]


def traffic(data_folder: str) -> ranking.Mean:
    """Cars an hour by which a line in closed form errs less than last week, for the days of the test of metro_traffic.

    The middle quantile of each, set right on validation and by the latest days, as in chapter 33; blocks of seven days.
    """
    task = series.traffic(datasets.load("metro_traffic", data_folder).arrays, HISTORY)
    check, judged = series.windows(task, "validation"), series.windows(task, "test")
    errors = {}
    for way, recipe, settings in (
        ("last week", lambda task, part: forecasting.seasonal_naive(task), [{}]),
        ("line", forecasting.linear, SETTINGS),
    ):
        best = forecasting.choose(recipe, task, settings, check).setting
        early, late = (recipe(task, part, **best)(given) for part, given in (("train", check), ("learnt", judged)))
        found = forecasting.as_time_runs(check, early, judged, late, task.cuts[1] - task.cuts[0], every=task.step)
        off = task.spread[judged.series][:, None] * abs(judged.truth - found.at(0.5))
        errors[way] = forecasting.by_origin(off, judged)
    return forecasting.over_blocks(errors["last week"] - errors["line"], 7, "days")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of the public data sets")
    found = traffic(parser.parse_args().data)
    error = (found.high - found.low) / WIDTH
    print(f"carrier, F1_on_a_public_road: n = {found.n} days, gain {found.value:.4g}, standard error {error:.4g}")


if __name__ == "__main__":
    main()
