"""One chapter: reused or executed by Papermill, with one true line for the ledger.

States: completed, reused, failed (a cell raised), timed out, kernel died, not run. Papermill's own
metadata says "completed" after a timeout, a dead kernel or sys.exit(), so it is not asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lepton_nb import datasets, results, terms
from lepton_nb.report import environment, forking, imports, private, snapshot
from lepton_nb.report.planning import Places, Task
from lepton_nb.report.store import Entry, Store

FINISHED = ("completed", "reused")
#: Said while another run executes the very same; the chapter's limit does not count then.
WAITING = "waiting for another run that executes it"
#: Seconds that a kernel may take to start; counted inside the chapter's limit.
KERNEL_START_SECONDS = 120
#: Kernels listen on 127.0.0.1 only; their remark on that would garble the terminal.
QUIET_KERNEL = ["--IPKernelApp.log_level=ERROR"]


@dataclass
class Outcome:
    """One true line of the ledger."""

    chapter: str
    title: str
    state: str
    seconds: float = 0.0
    executed_at: str = ""
    key: str = ""
    results: str = ""  # digest of the record, wall times left out
    peak_memory_gib: float = 0.0  # resident memory of the kernel; 0 where the system does not say
    seeds: list[int] = field(default_factory=list)
    data: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""  # what the reader of the ledger must know besides
    error: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.state in FINISHED


def reuse(task: Task, needs: Mapping[str, Outcome], store: Store) -> Outcome | None:
    """The kept chapter of this task's key as an outcome, or None when it has to be executed."""
    if not task.reuse:
        return None
    wanted = task.key({name: outcome.results for name, outcome in needs.items()})
    entry = store.find(wanted)
    return _outcome(task, "reused", wanted, entry) if entry else None


def _outcome(task: Task, state: str, wanted: str, entry: Entry, note: str = "") -> Outcome:
    about = entry.about
    record = json.loads(entry.record.read_text(encoding="utf-8"))
    return Outcome(
        chapter=task.name,
        title=task.title,
        state=state,
        seconds=about["seconds"],
        executed_at=about["executed_at"],
        key=wanted,
        results=entry.results(),
        peak_memory_gib=about.get("peak_memory_gib", 0.0),
        seeds=sorted({figure["seed"] for figure in record["figures"].values() if figure["seed"] is not None}),
        data=record["data"],
        note=note,
    )


def run_chapter(task: Task, places: Places, needed: list[Outcome], announce: Callable[[dict], None]) -> Outcome:
    """Reuse or execute one chapter. Never raises for what a notebook does: that is in the outcome."""
    needs = {outcome.chapter: outcome for outcome in needed}
    missing = [name for name, outcome in needs.items() if not outcome.ok]
    if missing:
        error = {"kind": "not run", "message": f"needs {', '.join(missing)}, which did not finish"}
        return Outcome(task.name, task.title, "not run", error=error)
    with _alone(task, needs, places, announce):
        # Kept meanwhile, it may be, by the run that this one has waited for.
        return reuse(task, needs, places.store) or _Execution(task, places, needs, announce).run()


@contextlib.contextmanager
def _alone(
    task: Task, needs: Mapping[str, Outcome], places: Places, announce: Callable[[dict], None]
) -> Iterator[None]:
    """One process at a time executes one key: what it keeps then serves the others."""
    from filelock import FileLock, Timeout

    locks = places.state / "work"
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"{task.key({name: outcome.results for name, outcome in needs.items()})}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        announce({"chapter": task.name, "state": WAITING})
        lock.acquire(poll_interval=0.2)
        announce({"chapter": task.name, "state": "starting"})
    try:
        yield
    finally:
        lock.release()


class _Failed(Exception):
    """A chapter that did not finish: its state and the ledger's words for it."""

    def __init__(self, state: str, **error: Any):
        super().__init__(error.get("message", state))
        self.state, self.error = state, error


class _Execution:
    """One chapter in a folder and an environment of its own, from its kernel's start to its place in the store."""

    def __init__(self, task: Task, places: Places, needs: Mapping[str, Outcome], announce: Callable[[dict], None]):
        self.task, self.places, self.needs, self.announce = task, places, needs, announce
        self.name = task.name
        self.key = task.key({name: outcome.results for name, outcome in needs.items()})
        self.cells = sum(cell["cell_type"] == "code" for cell in task.chapter.notebook["cells"]) + 1
        self.cell, self.peak = 0, 0.0

    def run(self) -> Outcome:
        imports.jsonschema()
        import papermill  # noqa: F401  not counted inside the chapter's limit

        self.started = time.monotonic()
        executed_at = datetime.now(UTC).isoformat(timespec="seconds")
        damage = self.places.store.damage(self.key)
        note = f"a kept execution was found damaged ({damage}), so it was executed again" if damage else ""
        try:
            with tempfile.TemporaryDirectory(
                dir=self.places.run, prefix=f"{self.name}-", ignore_cleanup_errors=True
            ) as scratch:
                entry = self._kept(Path(scratch), executed_at)
        except _Failed as problem:
            state, error = problem.state, problem.error
        except OSError as problem:
            state, error = "failed", {"cell": self.cell, "message": file_problem(problem)}
        except Exception as problem:
            state, error = "failed", {"cell": self.cell, "message": f"{type(problem).__name__}: {problem}"}
        else:
            shutil.rmtree(self.places.state / "unfinished" / self.key, ignore_errors=True)
            return _outcome(self.task, "completed", self.key, entry, note)
        error = {"kind": state} | error
        return Outcome(
            self.name, self.task.title, state, self._seconds(), executed_at, self.key, note=note, error=error
        )

    def _seconds(self) -> float:
        return round(time.monotonic() - self.started, 2)

    def _kept(self, work: Path, executed_at: str) -> Entry:
        """Execute the chapter and keep it. Raises _Failed; OSError where the disk does."""
        folders = _lay_out(work, self.task, self.places, self.needs, self.key)
        self._execute(work, folders)
        if stop := _stopped_at(work / "executed.ipynb"):
            raise _Failed("failed", **stop)
        record = work / "results" / f"{self.name}.json"
        try:
            results.check(record, self.name, self.task.parameters.get("profile", ""))
        except (OSError, ValueError) as problem:
            raise _Failed("failed", message=_why_no_record(problem)) from None
        if changed := snapshot.altered(self.task.files):
            message = f"the data file {changed} was changed while the chapter was executed; run the command again"
            raise _Failed("failed", message=message)
        seen = (work, self.places.run, self.places.client, *filter(None, [self.places.data]))
        _forget_the_machine(work / "executed.ipynb", {folder for one in seen for folder in (one, one.resolve())})
        about = {"seconds": self._seconds(), "executed_at": executed_at, "peak_memory_gib": round(self.peak, 2)}
        return self.places.store.keep(self.key, work / "executed.ipynb", record, about)

    def _execute(self, work: Path, folders: dict[str, str]) -> None:
        """Papermill over the notebook as it was planned. Raises _Failed."""
        import papermill
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from papermill.exceptions import PapermillExecutionError

        limit = self.task.limit_seconds
        source = work / "source.ipynb"
        source.write_text(self.task.chapter.text, encoding="utf-8")
        kernel = environment.of_kernel(
            self.task.threads, work / "home", self.places.project, self.places.state / "drawing"
        )
        self.kernels = forking.kernels_in(kernel, self._server())
        try:
            papermill.execute_notebook(
                str(source),
                str(work / "executed.ipynb"),
                parameters={k: v for k, v in self.task.parameters.items() if not k.endswith("_folder")} | folders,
                cwd=str(work),
                kernel_name="python3",
                kernel_manager_class=self.kernels,
                progress_bar=False,
                request_save_on_cell_execute=False,
                start_timeout=min(KERNEL_START_SECONDS, limit),
                timeout_func=self._remaining,
                shutdown_kernel="immediate",
                extra_arguments=QUIET_KERNEL,
            )
        except PapermillExecutionError as problem:
            if (
                problem.ename == terms.NOT_USABLE
            ):  # what the client brought, and no fault of the chapter: its sentence alone
                raise _Failed("failed", cell=problem.cell_index, message=problem.evalue, refused=True) from None
            raise _Failed(
                "failed",
                cell=problem.cell_index,
                message=f"{problem.ename}: {problem.evalue}",
                source="".join(problem.source),
                traceback=_last_lines("\n".join(problem.traceback)),
            ) from None
        except CellTimeoutError:
            message = f"over the chapter's limit of {limit} s"
            raise _Failed("timed out", cell=self.cell, message=message) from None
        except DeadKernelError:
            message = "the kernel ended by itself: memory, a signal or a crash"
            raise _Failed("kernel died", cell=self.cell, message=message) from None
        except BaseException:
            end_kernels(self.kernels.processes)  # one that has only just been started is not known to nbclient yet
            raise

    def _server(self) -> Path | None:
        """The server to fork this chapter's kernel from: with TensorFlow or without, as the chapter imports it."""
        if self.places.forks is None:
            return None
        heavy = self.places.forks / "heavy"
        return heavy if self.task.heavy and heavy.exists() else self.places.forks / "light"

    def _remaining(self, cell) -> float:
        """nbclient asks before each cell: what is left of the chapter's limit is the cell's limit."""
        self.cell += 1
        self.peak = max(self.peak, _peak_of_kernels(self.kernels.processes))
        state = f"executing, cell {self.cell} of {self.cells}"
        self.announce({"chapter": self.name, "state": state, "kernels": self.kernels.processes})
        return max(self.task.limit_seconds - (time.monotonic() - self.started), 0.1)


def _stopped_at(notebook: Path) -> dict[str, Any]:
    """Where an execution came to its end before the last cell, which Papermill calls completed: after sys.exit()."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    for number, cell in enumerate(code, start=1):
        allowed = "raises-exception" in cell.get("metadata", {}).get("tags", ())
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error" and (output["ename"] == "SystemExit" or not allowed):
                message = f"{output['ename']} {output['evalue']}".strip() + ": the chapter ended before its last cell"
                return {"cell": number, "message": message, "source": "".join(cell["source"])}
        if cell.get("execution_count") is None:
            return {"cell": number, "message": "was not executed: the kernel had been told to end before"}
    return {}


def _why_no_record(problem: Exception) -> str:
    if isinstance(problem, FileNotFoundError):
        return "the chapter ended without saving its record"
    return file_problem(problem) if isinstance(problem, OSError) else str(problem)


def file_problem(problem: OSError) -> str:
    """What the system says of a file or a disk, in a sentence without codes."""
    where = f"{problem.filename}: " if problem.filename else ""
    return f"{where}{problem.strerror or problem}"


def _forget_the_machine(notebook: Path, folders: Iterable[Path]) -> None:
    """Remove what was noted about this run and these folders of it."""
    content = private.kept(json.loads(notebook.read_text(encoding="utf-8")), folders)
    notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _peak_of_kernels(kernels: list[int]) -> float:
    """Largest resident memory so far (GiB) of any of these processes or one that it started; 0 where nobody says."""
    import psutil

    peak = 0.0
    for number in kernels:
        with suppress(psutil.Error):
            kernel = psutil.Process(number)
            for process in [kernel, *kernel.children(recursive=True)]:
                with suppress(OSError, StopIteration):
                    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
                    peak = max(peak, int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 2**20)
    return peak


def end_kernels(kernels: Iterable[int]) -> None:
    """End these kernels, however they were started, and those that this process has started itself."""
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline() if process.pid in kernels or process.ppid() == os.getpid() else ()
            forked = process.pid in kernels and forking.__name__ in words
            if forked or any("ipykernel" in word for word in words):
                process.kill()


def _lay_out(work: Path, task: Task, places: Places, needs: Mapping[str, Outcome], wanted: str) -> dict[str, str]:
    """Give the chapter its own folder, so that no path of this machine enters the notebook."""
    (work / "results").mkdir()
    for name, outcome in needs.items():
        entry = places.store.find(outcome.key)
        if entry is None:
            raise _Failed("failed", message=f"the record of {name} was lost or altered after it was kept; run it again")
        shutil.copyfile(entry.record, work / "results" / f"{name}.json")
    folders = {}
    declared = task.parameters
    if "results_folder" in declared:
        folders["results_folder"] = "results"
    if "client_folder" in declared and task.sees_client:
        (work / "client").symlink_to(places.client, target_is_directory=places.client.is_dir())
        folders["client_folder"] = "client"
    if "data_folder" in declared and places.data:
        # Only the data sets that the chapter declares, which are those in its key.
        (work / "data").mkdir()
        for name in task.data:
            if file := datasets.locate(name, places.data):
                (work / "data" / file.name).symlink_to(file)
        folders["data_folder"] = "data"
    if "resume_folder" in declared:
        # Not in the scratch folder, which goes when the run is interrupted: the next run of this key continues.
        unfinished = places.state / "unfinished" / wanted
        unfinished.mkdir(parents=True, exist_ok=True)
        (work / "unfinished").symlink_to(unfinished, target_is_directory=True)
        folders["resume_folder"] = "unfinished"
    return folders


def _last_lines(traceback: str, lines: int = 12) -> list[str]:
    clean = re.sub(r"\x1b\[[0-9;]*m", "", traceback)
    return [line for line in clean.splitlines() if line.strip()][-lines:]
