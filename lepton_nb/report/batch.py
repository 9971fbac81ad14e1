"""Many clients in one run: what they share is executed once, and no client's failure stops another's report.

One graph of tasks for all: a chapter of the book, equal for all clients by its key, is executed for the first and
reused for the others. Clients are planned one after the other, when there is room for more, so that memory does not
grow with their number. A report is published by a process of its own as soon as its chapters are there, while the
chapters of others are executed. After each client the page and the tables of all clients are written anew; the same
command goes on from what is there.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lepton_nb import paths
from lepton_nb.client import ClientProblems
from lepton_nb.report import cleaning, contents, ledger, lodging, placing, planning, progress, run, workers, writing
from lepton_nb.report.clusters import NoCluster
from lepton_nb.report.executing import FINISHED
from lepton_nb.report.forms import Forms

#: What can become of a client.
PUBLISHED, UNCHANGED, FAILED, REFUSED = "published", "nothing changed", "failed", "refused"
#: The page and the tables of all clients, in the folder that holds their reports.
PAGE, TABLE, EVERYTHING = "index.html", "clients.csv", "clients.json"
#: Seconds that a publishing process has to clean up when the run is interrupted.
PATIENCE = 10.0


@dataclass
class Row:
    """One client: what became of it. seconds: of its own chapters and of its pages; what others executed first is free."""

    folder: str
    client: str = ""
    state: str = "waiting"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    interval: str = ""
    unit: str = ""
    seconds: float = 0.0
    executed: int = 0
    reused: int = 0
    pages: int = 0
    report: str = ""  # where its first page is, from the page of all clients
    sentences: list[str] = field(default_factory=list)


Watch = Callable[[Row], None]


@dataclass(frozen=True)
class Options:
    """What is asked of all clients alike."""

    out: Path
    profile: str = "quick"
    data: Path | None = None
    fresh: bool = False
    code: str = "folded"
    edition: str = "both"
    pdf: bool = False
    single_file: bool = False


def batch(
    folders: Iterable[Path], options: Options, jobs: int = 2, scheduler: str = "", watch: Watch = lambda row: None
) -> list[Row]:
    """Make the reports of these clients in folders of their names under ``options.out``; a row a client.

    watch is told of each client that is over. Raises ValueError where the folder cannot be written, Timeout where
    another run writes to it, clusters.NoCluster and clusters.ClusterGone, printing.NoBrowser.
    """
    Forms(options.pdf, options.single_file).check()
    out = options.out.resolve()
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / ".lock", timeout=0)
        lock.acquire()
    except OSError as problem:
        raise ValueError(f"{out}: cannot be written ({problem.strerror}); give another --out.") from None
    state = paths.state_folder()
    try:
        with cleaning.run_folder(state) as folder, _Batch(list(folders), options, jobs, folder, watch) as clients:
            clients.run(scheduler)
            return clients.rows
    finally:
        lock.release()
        contents.keep(state)


class _Batch:
    """The clients of one run: which are on their way, which are being published, which are over."""

    def __init__(self, folders: list[Path], options: Options, jobs: int, folder: Path, watch: Watch):
        self.options, self.jobs, self.folder, self.watch = options, jobs, folder, watch
        self.out = options.out.resolve()
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self.folders = folders
        self.rows = [Row(_name(path)) for path in folders]
        self.going: dict[int, _Client] = {}
        self.told: dict[str, Any] | None = None
        # Forked from a process with the site's tools: 2 s saved for each client, and no memory left behind.
        self.processes = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
        if sys.platform == "linux":
            self.processes.set_forkserver_preload(["lepton_nb.report.warm"])

    def __enter__(self) -> _Batch:
        return self

    def __exit__(self, kind: type | None, *_) -> None:
        left = [client for client in self.going.values() if client.process]
        for client in left:
            os.kill(client.process.pid, signal.SIGINT)  # it takes back what it has begun
        for client in left:
            client.process.join(PATIENCE)
            client.process.kill()
        for client in self.going.values():
            client.close()
        if kind is None or not issubclass(kind, NoCluster):
            self._write()

    def run(self, scheduler: str) -> None:
        works = self._works()
        first = next(works, None)
        while first and not first.waiting:
            # Nothing to execute: no cluster is started for clients whose chapters are all kept.
            self.over(first)
            while self.running() >= self.jobs:
                time.sleep(workers.LOOK_SECONDS / 10)
            first = next(works, None)
        if first:
            with run.servers(first) as places:

                def all_works() -> Iterator[workers.Work]:
                    first.places = places
                    yield first
                    for work in works:
                        work.places = dataclasses.replace(work.places, forks=places.forks)
                        yield work

                workers.run(all_works(), places, self.jobs, scheduler, self)
        while self.running():
            time.sleep(workers.LOOK_SECONDS / 10)
        self._write()

    # What workers.run asks while it works ---------------------------------------------------------------------------

    def running(self) -> int:
        """How many processes publish now; what they have finished is entered."""
        for number, client in list(self.going.items()):
            if client.process and client.over():
                del self.going[number]
                client.enter()
                self._is_over(client.row)
        return sum(client.process is not None for client in self.going.values())

    def over(self, work: workers.Work) -> None:
        """All chapters of a client have an outcome: its report is published, if they finished."""
        client = next(client for client in self.going.values() if client.going.outcomes is work.outcomes)
        client.publish(self.processes)

    # ----------------------------------------------------------------------------------------------------------------

    def _works(self) -> Iterator[workers.Work]:
        """What is to be executed for one client after the other; those that are refused are over at once."""
        names: dict[str, Path] = {}
        for number, (row, folder) in enumerate(zip(self.rows, self.folders, strict=True)):
            client = None
            try:
                if names.setdefault(row.folder, folder) is not folder:
                    raise ValueError(f"{folder}: another client of this run has the name {row.folder}; rename one.")
                client = _Client(row, folder, self.options, self.told)
                self.told = client.going.told
                self.going[number] = client
                yield client.work(self.folder / f"client-{number}")
                continue
            except ClientProblems as problem:
                row.state, row.sentences = REFUSED, [found.sentence for found in problem.problems]
            except Timeout:
                row.state, row.sentences = REFUSED, [f"{folder}: another run is writing to its report; wait for it."]
            except (ValueError, FileNotFoundError, FileExistsError, NotADirectoryError) as problem:
                row.state, row.sentences = REFUSED, [str(problem)]
            except OSError as problem:
                row.state, row.sentences = FAILED, [f"{problem.filename or folder}: {problem.strerror or problem}"]
            if self.going.pop(number, None):
                client.close()
            self._is_over(row)

    def _is_over(self, row: Row) -> None:
        self._write()
        self.watch(row)

    def _write(self) -> None:
        write(self.rows, self.out, self.started, self.options.profile)


class _Client:
    """One client on its way, from its plan to its report."""

    def __init__(self, row: Row, folder: Path, options: Options, like: dict[str, Any] | None):
        """Raises what planning raises, and Timeout where another run holds the report."""
        self.row, self.process, self.answer = row, None, None
        self.started = run.Started(time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds"))
        out = options.out / row.folder
        asked = {name: getattr(options, name) for name in ("fresh", "code", "edition", "pdf", "single_file")}
        self.plan = planning.plan(folder, out, options.profile, options.data, **asked)
        row.client = self.plan.client.client.name
        run.check_folders(self.plan)
        self.lock = FileLock(self.plan.out / ".lock", timeout=0)
        self.lock.acquire()
        try:
            placing.recover(self.plan.out)
            lodging.note(self.plan)
            running = self.plan.out / run.RUNNING
            told = ledger.about(self.plan, like)
            self.going = run.Going(self.plan, lambda event: None, running, told)
        except BaseException:
            self.close()
            raise

    def work(self, folder: Path) -> workers.Work:
        if self.going.waiting:
            folder.mkdir()
            return self.going.work(folder)
        return workers.Work([], self.plan.places, self.going.outcomes, self.going.watch, self.going.finished)

    def publish(self, processes: Any) -> None:
        """Begin to publish, in a process of its own."""
        self.answer, there = processes.Pipe(duplex=False)
        # The process that it is forked from may be that of an earlier batch, in another environment.
        given = self.plan, self.going.told, self.going.outcomes, self.started, there, dict(os.environ)
        self.process = processes.Process(target=_publish, args=given, daemon=True)
        self.process.start()
        there.close()

    def over(self) -> bool:
        return self.answer.poll() or not self.process.is_alive()

    def enter(self) -> None:
        """Take what the publishing process answered."""
        row, outcomes = self.row, self.going.outcomes.values()
        try:
            answer = self.answer.recv()
        except EOFError:
            answer = {"problem": f"the process that publishes ended by itself ({self.process.exitcode})"}
        self.process.join(PATIENCE)
        self.answer.close()
        self.process = None
        failed = [line for line in ledger.lines(self.plan, self.going.outcomes) if line["state"] not in FINISHED]
        row.executed = sum(outcome.state == "completed" for outcome in outcomes)
        row.reused = sum(outcome.state == "reused" for outcome in outcomes)
        spent = sum(outcome.seconds for outcome in outcomes if outcome.state != "reused")
        row.seconds = round(spent + answer.get("seconds", 0.0), 2)
        row.pages = answer.get("pages", 0)
        row.sentences = [progress.explain(line) for line in failed]
        if "problem" in answer:
            row.sentences.append(answer["problem"])
        if progress.refused(failed) and "problem" not in answer:
            row.state = REFUSED
        else:
            row.state = FAILED if row.sentences else PUBLISHED if row.pages else UNCHANGED
        if lodging.stands(self.plan.out):
            row.report = f"{row.folder}/site/index.html"
        if not row.sentences:
            _take_value(row, self.plan.out)
        self.close()

    def close(self) -> None:
        (self.plan.out / run.RUNNING).unlink(missing_ok=True)
        self.lock.release()


def _publish(
    plan: planning.Plan, told: dict, outcomes: dict, started: run.Started, answer: Any, environment: Mapping[str, str]
) -> None:
    """In a process of its own: publish one report, and say how that went. environment: of the batch."""
    from lepton_nb.report.publish import PublishError

    os.environ.clear()
    os.environ.update(environment)
    contents.remember(plan.places.state)
    before = time.monotonic()
    try:
        made = run.conclude(plan, told, outcomes, started)
        answer.send({"pages": len(made["pages_changed"]), "seconds": time.monotonic() - before})
    except PublishError as problem:
        answer.send({"problem": f"The site could not be built: {problem}"})
    except OSError as problem:
        answer.send({"problem": f"{problem.filename or plan.out}: {problem.strerror or problem}"})
    except KeyboardInterrupt:
        os._exit(130)


def _name(folder: Path) -> str:
    """The name of a client's report: that of its folder or workbook."""
    whole = folder.resolve()
    return whole.stem if whole.is_file() else whole.name


def _take_value(row: Row, report: Path) -> None:
    """The value of a finished report, with its interval; nothing where its chapters give none."""
    record = json.loads((report / "results.json").read_text(encoding="utf-8"))["chapters"].get("value")
    figure = record and record["figures"].get("value")
    if figure:
        row.value, row.low, row.high = figure["value"], figure["low"], figure["high"]
        row.interval, row.unit = figure["interval"] or "", figure["unit"]


# The page and the tables of all clients --------------------------------------------------------------------------------


def write(rows: list[Row], out: Path, started: str, profile: str) -> None:
    """The page, the table and the record of all clients."""
    content = {"started": started, "profile": profile, "clients": [asdict(row) for row in rows]}
    writing.write_json(out / EVERYTHING, content)
    writing.write_text(out / TABLE, _table(rows))
    writing.write_text(out / PAGE, _page(rows, started, profile))


def _table(rows: list[Row]) -> str:
    text = io.StringIO()
    names = [name for name in asdict(Row("")) if name != "sentences"]
    writer = csv.DictWriter(text, [*names, "sentences"], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells = asdict(row) | {"sentences": " ".join(row.sentences)}
        writer.writerow({name: _no_formula(cell) for name, cell in cells.items()})
    return text.getvalue()


def _no_formula(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula, as a text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _page(rows: list[Row], started: str, profile: str) -> str:
    from lepton_nb.page import render, words

    def shown(row: Row) -> dict[str, Any]:
        money = words.Money(row.unit)
        known = row.value is not None
        ends = row.low is not None and row.high is not None
        return {
            "Client": render.link(row.client or row.folder, row.report) if row.report else row.client or row.folder,
            "State": row.state,
            "Value": money(row.value, within=(row.low, row.high) if ends else None) if known else "",
            "Interval": f"{money.range((row.low, row.high))} ({row.interval})" if known and ends else "",
            "Chapters executed": row.executed,
            "Seconds": row.seconds,
        }

    count = {state: sum(row.state == state for row in rows) for state in dict.fromkeys(row.state for row in rows)}
    told = "; ".join(f"{number} {state}" for state, number in count.items())
    parts = [
        render.definitions({"Started": started[:16].replace("T", " "), "Profile": profile, "Clients": told or "none"}),
        render.table([shown(row) for row in rows], {"Seconds": words.decimals(1)}, "All clients of this run."),
    ]
    for row in rows:
        if row.sentences:
            parts += [render.heading(row.client or row.folder), render.sentences(row.sentences)]
    style = (paths.project() / "book" / "_static" / "lepton.css").read_text(encoding="utf-8")
    return render.page("Reports of all clients", render.join(*parts), style)
