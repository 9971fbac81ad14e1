"""How long a client with many scored cases takes to be read and checked, beside a plain loop over the same file.

The bank's folder gets a predictions file of 100,000 rows (or --rows), as CSV, as Parquet and with one wrong score.
The plain loop is ``csv.DictReader`` with ``int`` and ``float`` on each row, and checks nothing. Asked: under 2 seconds.

    python benchmarks/client.py [--rows 100000] [--repeat 3]
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import tempfile
import time
from pathlib import Path

from lepton_nb import client

ROOT = Path(__file__).resolve().parent.parent
PREDICTIONS = "metrics/predictions_C1.csv"
ASKED = 2.0  # seconds


def best(repeat: int, action) -> tuple[float, float]:
    """The shortest of some runs: seconds on the clock, and of the processor, which a busy machine disturbs less."""
    times = []
    for _ in range(repeat):
        clock, processor = time.perf_counter(), time.process_time()
        action()
        times.append((time.perf_counter() - clock, time.process_time() - processor))
    return min(clock for clock, _ in times), min(processor for _, processor in times)


def write(path: Path, rows: int, wrong: bool = False) -> None:
    draw = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row_id", "y_true", "score", "group", "amount"])
        for number in range(rows):
            score = "1.7" if wrong and number == rows // 2 else f"{draw.random():.5f}"
            writer.writerow([number, int(draw.random() < 0.04), score, draw.choice("AB"), draw.randint(500, 40_000)])


def plain_loop(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            int(row["y_true"]), float(row["score"]), float(row["amount"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "bank"
        shutil.copytree(ROOT / "clients" / "bank", folder)
        file = folder / PREDICTIONS
        write(file, given.rows)
        plain = best(given.repeat, lambda: plain_loop(file))
        lines = [("csv.DictReader, nothing checked", plain)]
        lines.append(("CSV, read and checked", best(given.repeat, lambda: client.load(folder))))
        try:
            from pyarrow import csv as arrow_csv
            from pyarrow import parquet
        except ImportError:
            print("pyarrow is not installed: Parquet is left out")
        else:
            parquet.write_table(arrow_csv.read_csv(file), file.with_suffix(".parquet"))
            file.unlink()
            lines.append(("Parquet, read and checked", best(given.repeat, lambda: client.load(folder))))
            file.with_suffix(".parquet").unlink()
        write(file, given.rows, wrong=True)
        lines.append(("CSV with one wrong score, refused", best(given.repeat, lambda: client.check(folder))))
    print(f"{given.rows} rows, best of {given.repeat}; asked: under {ASKED:g} s")
    for name, (clock, processor) in lines:
        ratio = processor / plain[1]
        print(f"{name:36s} {clock:6.2f} s, processor {processor:6.2f} s, {ratio:5.1f} times the plain loop's")


if __name__ == "__main__":
    main()
