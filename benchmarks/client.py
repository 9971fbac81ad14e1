"""How long a large client takes to be read and checked, beside a plain loop over the same file.

The bank's folder gets a predictions file of 1,000,000 rows (or --rows), as CSV, as Parquet and with one wrong score; a
second client has 500 assets in groups of 30, 20,000 rows of costs and 2,500 of benefits. The plain loop is ``csv.DictReader`` with
``int`` and ``float`` on each row, and checks nothing. Asked of the processor: 8 seconds for a million rows.

``--chapters`` executes the chapters about the client for the second one instead, by Papermill, each in a kernel of its
own. Asked: 60 seconds each on two idle cores.

    python benchmarks/client.py [--rows 1000000] [--repeat 3] [--chapters]
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lepton_nb import client

ROOT = Path(__file__).resolve().parent.parent
PREDICTIONS = "metrics/predictions_C1.csv"
ASKED = 8.0  # seconds of the processor for a million rows
#: In an order in which each finds what it needs.
CHAPTERS = (
    "80_value", "81_approaches", "82_metric_to_money", "83_uncertainty", "84_options", "85_speed_and_cost",
    "86_joint_benefit", "87_scorecard", "88_portfolio", "00_summary",
)  # fmt: skip


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


def many_assets(folder: Path, assets: int = 500, costs: int = 20_000) -> None:
    """The bank's settings with many models, each with benefits of five years and many small costs."""
    shutil.copytree(ROOT / "clients" / "bank", folder)
    for name in ("metrics", "usage.csv", "market.csv", "scores.csv", "data_quality.csv", "data_blocks.csv"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    settings = (folder / "client.yml").read_text(encoding="utf-8").partition("\ncases:")[0] + "\n"
    for line in settings.splitlines():
        if line.startswith(("monte_carlo", "market")):
            settings = settings.replace(line, "monte_carlo: {draws: 20000, seed: 1}" if line[:2] == "mo" else "")
    (folder / "client.yml").write_text(settings, encoding="utf-8")

    def table(name: str, header: str, rows) -> None:
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header.split(","), *rows])

    table(
        "assets.csv",
        "asset_id,name,kind,lifecycle_stage,owner,in_service_date,useful_life_years,useful_life_basis,half_life_years,"
        "acquisition,legal_control,eu_ai_act_class,privacy_class,feeds",
        (
            [f"M{n}", f"Model {n}", "model", "deployment", f"Unit {n % 9}", "2025-01-01", 6, "technical", 3, "internal",
             "owned", "minimal", "none", f"M{n + 1}" if (n + 1) % 30 and n + 1 < assets else ""]
            for n in range(assets - 1, -1, -1)
        ),
    )  # fmt: skip
    table(
        "costs.csv",
        "asset_id,date,phase,category,kind,low,mode,high,source",
        (
            [f"M{n % assets}", f"{2026 + n // assets % 5}-{4 + n % 9:02d}-15", "operation", f"item {n // assets}",
             "forecast", 90, 100 + n % 7, 130, "budget"]
            for n in range(costs)
        ),
    )  # fmt: skip
    table(
        "benefits.csv",
        "asset_id,driver_id,year,benefit_type,volume_low,volume_mode,volume_high,unit,unit_value_low,unit_value_mode,"
        "unit_value_high,attribution,adoption,metric_link,evidence",
        (
            [f"M{n}", f"driver {n}", year, "cost_saving", 80, 100, 120, "cases", 90, 100 + n % 11, 120, 0.9, 1, "none", "pilot"]
            for n in range(assets) for year in range(2026, 2031)
        ),
    )  # fmt: skip


def plain_loop(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            int(row["y_true"]), float(row["score"]), float(row["amount"])


def chapters(folder: Path, work: Path) -> None:
    """Each chapter about the client: seconds on the clock and of the processor, and the memory at its highest."""
    print("chapter                  clock  processor   memory so far")
    for chapter in CHAPTERS:
        given = ("-p", "client_folder", str(folder), "-p", "results_folder", str(work))
        notebook = ROOT / "notebooks" / f"{chapter}.ipynb"
        command = [sys.executable, "-m", "papermill", "--no-progress-bar", notebook, work / "executed.ipynb", *given]
        before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        clock, after = time.perf_counter() - clock, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{chapter:22s} {clock:5.1f} s {used:8.1f} s {after.ru_maxrss / 2**20:10.1f} GiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--chapters", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        if given.chapters:
            many_assets(Path(work) / "large")
            chapters(Path(work) / "large", Path(work))
            return
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
        large = Path(work) / "large"
        many_assets(large)
        lines.append(("500 assets, 20,000 cost rows", best(given.repeat, lambda: client.load(large))))
    print(f"{given.rows} rows, best of {given.repeat}; asked: {ASKED:g} s of the processor for a million")
    for name, (clock, processor) in lines:
        ratio = processor / plain[1]
        print(f"{name:36s} {clock:6.2f} s, processor {processor:6.2f} s, {ratio:5.1f} times the plain loop's")


if __name__ == "__main__":
    main()
