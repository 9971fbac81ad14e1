"""What a service was used for, month by month, as a client's folder takes it (``usage.csv``)."""

from __future__ import annotations

import csv
import datetime
import io
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

#: Columns of usage.csv that a service can fill.
COLUMNS = ("asset_id", "month", "requests", "p50_ms", "p95_ms", "gpu_hours", "energy_kwh")
#: Times are counted in classes, each 1 % wider than the one before, so that a month needs no list of them.
STEP = math.log(1.01)


@dataclass
class Month:
    """The requests of one month that were answered."""

    requests: int = 0
    seconds: float = 0.0  # that the service was up
    classes: Counter = field(default_factory=Counter)

    def quantile(self, share: float) -> float:
        """The time of answering in seconds, from the classes: right to 1 %. 0 without requests."""
        wanted, seen = share * self.requests, 0
        for number in sorted(self.classes):
            seen += self.classes[number]
            if seen >= wanted:
                return math.exp((number - 0.5) * STEP)
        return 0.0


class Use:
    """Counts answers by month. watts: power of the machine, an assumption; today: the clock, for tests."""

    def __init__(self, watts: float = 0.0, today: Callable[[], datetime.datetime] = datetime.datetime.now):
        self.months: dict[str, Month] = {}
        self._watts, self._now = watts, today
        self._seen = today()

    def answered(self, seconds: float) -> None:
        """One request was answered after so many seconds."""
        month = self._up()
        month.requests += 1
        month.classes[math.ceil(math.log(max(seconds, 1e-6)) / STEP)] += 1

    def _up(self) -> Month:
        """The month of now, with the time since the last look added to it."""
        now = self._now()
        month = self.months.setdefault(f"{now:%Y-%m}", Month())
        month.seconds += max((now - self._seen).total_seconds(), 0.0)
        self._seen = now
        return month

    def rows(self, asset_id: str) -> list[dict[str, object]]:
        """One row a month with requests, in the columns of usage.csv."""
        self._up()
        return [
            dict(zip(COLUMNS, (asset_id, name, month.requests, *(round(1000 * month.quantile(share), 3) for share in (0.5, 0.95)),
                               0, round(self._watts * month.seconds / 3.6e6, 6)), strict=True))
            for name, month in sorted(self.months.items()) if month.requests
        ]  # fmt: skip

    def csv(self, asset_id: str) -> str:
        """usage.csv as text."""
        return as_csv(self.rows(asset_id))


def as_csv(rows: list[dict[str, object]]) -> str:
    """Rows of usage.csv as text, with their heading."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
