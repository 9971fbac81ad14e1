"""How many clients an hour a batch makes, beside a shell loop over single reports and beside Papermill in a loop.

Generated clients: copies of a sample with another name, tax rate and seed each. The project is a copy with the value
chapters alone (profile quick), with all pages of the book. Ways, each from an empty store after one client that warms
nothing:

* Papermill, chapter after chapter, then ``jupyter-book build``, for each client (measured on --plain clients: the time
  a client takes does not depend on their number);
* a shell loop over ``lepton-nb report`` with one store (of at most --loop clients: a client takes as long in it
  whatever their number);
* ``lepton-nb batch`` with the same;
* one client more, on the store that the batch has left.

    python benchmarks/batch.py --clients 1 3 [--plain 1] [--jobs 2] [--out FILE]     # minutes
    python benchmarks/batch.py --clients 1 10 100 --plain 3 --out FILE               # hours: for an idle machine
    python benchmarks/batch.py --clients 1 10 100 --loop 10 --plain 1 --out FILE     # an hour
    python benchmarks/batch.py … --record   # also puts the figures on record, for the page of the book that cites them

Prints seconds, processor seconds and clients an hour of each way, the largest memory of all processes together, and
the bytes that one client more takes on disk. Run it with an idle machine.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))

from report import BIN, ROOT, adopt, plain_way, seconds

#: What one client more may take on a store that is there, in seconds and processor seconds.
ASKED = {"seconds": 20.0, "processor": 25.0}
#: How much faster than its rivals a batch of 100 must be.
TIMES = {"shell loop": 1.5, "Papermill": 10.0}

#: Clients of the page of the book, and the seconds of a night: eight hours.
MANY, NIGHT = 10_000, 8 * 3600


class Memory:
    """The largest resident memory of a process and all that it starts, together (MiB); pages that are shared count once.

    Asked of the system twice a second, as proportional set size.
    """

    def __init__(self, process: psutil.Process):
        self.process, self.peak, self.over = process, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while not self.over.wait(0.5):
            total = 0.0
            try:
                for part in [self.process, *self.process.children(recursive=True)]:
                    try:
                        total += part.memory_full_info().pss / 2**20
                    except (psutil.Error, AttributeError):
                        continue
            except psutil.Error:
                return
            self.peak = max(self.peak, total)

    def end(self) -> float:
        self.over.set()
        self.thread.join()
        return round(self.peak)


def small_project(folder: Path) -> Path:
    """A copy of the project whose table of contents has the value chapters and the pages of the book."""
    for name in ("book", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "_config.yml", folder)
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    toc["parts"] = [part for part in toc["parts"] if part["caption"] in ("Value", "About")]
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), encoding="utf-8")
    listed = {Path(entry["file"]).name for part in toc["parts"] for entry in part["chapters"]}
    listed.add(Path(toc["root"]).name)
    link = re.compile(r"\[([^\]\n]+)\]\((?:\.\./notebooks/)?(\d\d_\w+)\.ipynb[^)\s]*\)")
    for file in [*(folder / "book").glob("*.md"), *(folder / "notebooks").glob("*.ipynb")]:
        # A link to a chapter that this project has not becomes plain words.
        text = file.read_text(encoding="utf-8")
        file.write_text(link.sub(lambda found: found[0 if found[2] in listed else 1], text), encoding="utf-8")
    return folder


def generated(folder: Path, sample: Path, number: int) -> list[Path]:
    """Clients that differ in name, tax rate and seed: each needs all of its chapters."""
    made = []
    for position in range(number):
        client = folder / f"client-{position:05d}"
        if not client.exists():
            shutil.copytree(sample, client)
            file = client / "client.yml"
            text = file.read_text(encoding="utf-8")
            changed = re.sub(r"tax: \{rate: [0-9.]+", f"tax: {{rate: {0.2 + position * 1e-5:.5f}", text)
            changed = re.sub(r'(client: \{name: ")', rf"\g<1>{position} ", changed)
            assert changed != text
            file.write_text(changed, encoding="utf-8")
        made.append(client)
    return made


def call(command: list, environment: dict[str, str]) -> float:
    """Run a command to its end; the largest memory of it and all that it starts. Ends this program where it fails."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=ROOT, env=os.environ | environment, stdout=said, stderr=said
        )
        memory = Memory(psutil.Process(process.pid))
        code = process.wait()
        peak = memory.end()
        if code:
            said.seek(0)
            sys.exit(f"{command[0]} ended with {code}:\n{said.read()[-3000:]}")
    return peak


def size(*folders: Path) -> int:
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    return sum(file.stat().st_size for file in files)


class Ways:
    """The ways to the same reports, each timed in folders of its own."""

    def __init__(self, work: Path, sample: Path, jobs: int):
        self.work, self.sample, self.jobs = work, sample, jobs
        self.project = small_project(work / "project")
        self.rows: list[dict] = []

    def environment(self, way: str) -> dict[str, str]:
        return {"LEPTON_PROJECT": str(self.project), "LEPTON_STATE": str(self.work / way / "state")}

    def plain(self, number: int) -> None:
        def loop() -> None:
            for client in generated(self.work / "clients", self.sample, number):
                folder = self.work / "plain" / client.name
                folder.mkdir(parents=True)
                plain_way(client, None, folder, self.project)

        self.enter("Papermill", number, seconds(loop))

    def shell_loop(self, number: int) -> None:
        way, peaks = f"loop-{number}", []

        def loop() -> None:
            for client in generated(self.work / "clients", self.sample, number):
                words = ["report", client, "--out", self.work / way / client.name, "--jobs", str(self.jobs)]
                peaks.append(call([BIN / "lepton-nb", *words], self.environment(way)))

        self.enter("shell loop", number, seconds(loop), max(peaks, default=0), self.work / way)

    def batch(self, number: int) -> None:
        way, peaks = f"batch-{number}", []
        clients = generated(self.work / "clients", self.sample, number)

        def go() -> None:
            words = ["batch", *clients, "--out", self.work / way / "reports", "--jobs", str(self.jobs)]
            peaks.append(call([BIN / "lepton-nb", *words], self.environment(way)))

        self.enter("batch", number, seconds(go), peaks[0], self.work / way)
        self.enter("batch again, nothing changed", number, seconds(go), peaks[1])

    def one_more(self, number: int) -> None:
        """One client more on the store of the batch."""
        way, peaks = f"batch-{number}", []
        client = generated(self.work / "clients", self.sample, number + 1)[-1]
        before = size(self.work / way)

        def go() -> None:
            words = ["report", client, "--out", self.work / way / "more", "--jobs", str(self.jobs)]
            peaks.append(call([BIN / "lepton-nb", *words], self.environment(way)))

        self.enter("one client more", 1, seconds(go), peaks[0])
        self.rows[-1]["megabytes"] = round((size(self.work / way) - before) / 1e6, 1)

    def enter(self, way: str, number: int, spent, memory: float = 0, folder: Path | None = None) -> None:
        clock, processor = spent
        row = {
            "way": way, "clients": number, "seconds": round(clock, 1), "processor_seconds": round(processor, 1),
            "clients_an_hour": round(number * 3600 / clock, 1), "memory_mib": memory or None,
            "megabytes": round(size(folder) / 1e6, 1) if folder else None,
        }  # fmt: skip
        self.rows.append(row)
        shown = {key: "" if value is None else value for key, value in row.items()}
        print(
            f"{shown['way']:<30} {shown['clients']:>7} {shown['seconds']:>10} {shown['processor_seconds']:>10} "
            f"{shown['clients_an_hour']:>10} {shown['memory_mib']:>10} {shown['megabytes']:>10}",
            flush=True,
        )


def growth(rows: list[dict]) -> dict[str, float] | None:
    """What one client more takes in a batch: from the smallest to the largest that was run; None where one was."""
    batches = [row for row in rows if row["way"] == "batch"]
    if len(batches) < 2:
        return None
    first, last = batches[0], batches[-1]
    names = {"seconds": "seconds", "processor": "processor_seconds", "mib": "memory_mib", "megabytes": "megabytes"}
    more = last["clients"] - first["clients"]
    found = {name: (last[key] - first[key]) / more for name, key in names.items()}
    return found | {"from": first["clients"], "to": last["clients"]}


def record(rows: list[dict], about: dict, command: str) -> Path:
    """Put on record what the page of the book cites; the file."""
    from datetime import date

    from lepton_nb import paths, results

    more, made = growth(rows), results.Record("batch", "quick")
    given = {"n": more["to"], "source": command}
    made.add("largest", more["to"], "clients", source=command)
    made.add(
        "loop",
        max((row["clients"] for row in rows if row["way"] == "shell loop"), default=None),
        "clients",
        source=command,
    )
    for name, unit in (("seconds", "s"), ("processor", "processor seconds"), ("mib", "MiB"), ("megabytes", "MB")):
        made.add(f"more_{name}", more[name], unit, **given)
    made.add("many_hours", MANY * more["seconds"] / 3600, "hours", **given)
    made.add("many_gigabytes", MANY * more["megabytes"] / 1000, "GB", **given)
    made.add("machines_a_night", math.ceil(MANY * more["seconds"] / NIGHT), "machines", **given)
    last = [row for row in rows if row["way"] == "batch"][-1]
    made.add("peak_mib", last["memory_mib"], "MiB", **given)
    for rival in TIMES:
        row = next((row for row in reversed(rows) if row["way"] == rival), None)
        times = last["clients_an_hour"] / row["clients_an_hour"] if row else None
        made.add(f"times_{rival.lower().replace(' ', '_')}", times, "times", **given)
    single = next(row for row in rows if row["way"] == "one client more")
    for name in ("seconds", "processor_seconds"):
        made.add(f"single_{name}", single[name], name.replace("_", " "), n=1, source=command)
    made.add_table("rows", rows)
    path = paths.measured("batch")
    content = made.to_dict() | {"made": about | {"command": command, "date": date.today().isoformat()}}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def conclusions(rows: list[dict]) -> list[str]:
    """What the rows say to what was asked."""

    def each(way: str, number: int | None = None) -> list[dict]:
        return [row for row in rows if row["way"] == way and number in (None, row["clients"])]

    found = []
    for batch in each("batch"):
        number = batch["clients"]
        for rival, asked in TIMES.items():
            beside = [row for row in each(rival) if row["clients"] <= number] or each(rival)
            for row in beside[-1:]:  # the largest run of the rival that is not larger
                ratio = batch["clients_an_hour"] / row["clients_an_hour"]
                used = row["processor_seconds"] / row["clients"] / (batch["processor_seconds"] / number)
                found.append(
                    f"{number} clients: {ratio:.2f} times as fast as {rival} ({row['clients']} clients), {used:.2f} times in processor time (asked {asked:g} at 100)"
                )
    if more := growth(rows):
        found.append(
            f"growth from {more['from']} to {more['to']} clients, a client: {more['seconds']:.1f} s, {more['processor']:.1f} "
            f"processor seconds, {more['mib']:+.1f} MiB of memory, {more['megabytes']:.1f} MB of disk"
        )
        found.append(
            f"10,000 clients at that growth: {MANY * more['seconds'] / 3600:.1f} hours on {os.cpu_count()} cores, "
            f"{MANY * more['megabytes'] / 1000:.0f} GB"
        )
    for row in each("one client more"):
        found.append(
            f"one client more: {row['seconds']} s (asked {ASKED['seconds']:g}), {row['processor_seconds']} processor seconds "
            f"(asked {ASKED['processor']:g}), {row['megabytes']} MB"
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 3], help="numbers of clients")
    parser.add_argument("--plain", type=int, default=1, help="clients of the plain way; 0 leaves it out")
    parser.add_argument("--loop", type=int, default=1_000, help="the most clients of the shell loop; 0 leaves it out")
    parser.add_argument("--sample", type=Path, default=ROOT / "clients" / "manufacturer")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--record", action="store_true", help="put the figures on record in book/measured/batch.json")
    given = parser.parse_args()
    os.environ.pop("LEPTON_DATA", None)
    from lepton_nb import processor
    from lepton_nb.report.store import versions

    adopt()
    with tempfile.TemporaryDirectory() as scratch:
        ways = Ways(Path(scratch), given.sample.resolve(), given.jobs)
        print(f"{'way':<30} {'clients':>7} {'seconds':>10} {'processor':>10} {'an hour':>10} {'MiB':>10} {'MB':>10}")
        if given.plain:
            ways.plain(given.plain)
        for number in given.clients:
            if number <= given.loop:
                ways.shell_loop(number)
            ways.batch(number)
        ways.one_more(given.clients[-1])
        found = conclusions(ways.rows)
        print(*found, sep="\n")
        about = {"processor": processor.name(), "cores": os.cpu_count(), "versions": versions()}
        if given.out:
            content = about | {"rows": ways.rows, "conclusions": found}
            given.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        if given.record:
            sizes = " ".join(map(str, given.clients))
            command = f"python benchmarks/batch.py --clients {sizes} --loop {given.loop} --plain {given.plain} --record"
            print(record(ways.rows, about, command))


if __name__ == "__main__":
    main()
