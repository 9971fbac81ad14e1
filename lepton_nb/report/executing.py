"""One chapter: reused or executed by Papermill, with one true line for the ledger.

States: completed, reused, failed (a cell raised), timed out, kernel died, not run. Papermill's own
metadata says "completed" after a timeout or a dead kernel, so it is not asked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lepton_nb.report import imports
from lepton_nb.report.planning import Places, Task
from lepton_nb.report.store import Entry, Store

FINISHED = ("completed", "reused")
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


def _outcome(task: Task, state: str, wanted: str, entry: Entry) -> Outcome:
    about = entry.about
    return Outcome(
        chapter=task.chapter.name,
        title=task.chapter.title,
        state=state,
        seconds=about["seconds"],
        executed_at=about["executed_at"],
        key=wanted,
        results=entry.results(),
        peak_memory_gib=about.get("peak_memory_gib", 0.0),
    )


def run_chapter(task: Task, places: Places, needed: list[Outcome], announce: Callable[[dict], None]) -> Outcome:
    """Reuse or execute one chapter. Never raises for what a notebook does: that is in the outcome."""
    needs = {outcome.chapter: outcome for outcome in needed}
    missing = [name for name, outcome in needs.items() if not outcome.ok]
    if missing:
        error = {"kind": "not run", "message": f"needs {', '.join(missing)}, which did not finish"}
        return Outcome(task.chapter.name, task.chapter.title, "not run", error=error)
    found = reuse(task, needs, places.store)
    if found:
        return found
    wanted = task.key({name: outcome.results for name, outcome in needs.items()})
    return _execute(task, places, needs, wanted, announce)


def _execute(task, places, needs, wanted, announce) -> Outcome:
    imports.jsonschema()
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    name, started = task.chapter.name, time.monotonic()
    executed_at = datetime.now(UTC).isoformat(timespec="seconds")
    (places.state / "run").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=places.state / "run", prefix=f"{name}-", ignore_cleanup_errors=True
    ) as scratch:
        work = Path(scratch)
        folders = _lay_out(work, task, places, needs, wanted)
        cell_count, position, memory = 0, {"index": 0}, {"peak": 0.0}

        def remaining(cell) -> float:
            # nbclient asks before each cell: what is left of the chapter's limit is the cell's limit.
            position["index"] += 1
            memory["peak"] = max(memory["peak"], _peak_of_kernels())
            announce({"chapter": name, "state": f"executing, cell {position['index']} of {cell_count}"})
            return max(task.limit_seconds - (time.monotonic() - started), 0.1)

        parameters = {k: v for k, v in task.parameters.items() if not k.endswith("_folder")} | folders
        source = json.loads(task.chapter.path.read_text(encoding="utf-8"))
        cell_count = sum(cell["cell_type"] == "code" for cell in source["cells"]) + 1
        error: dict[str, Any] = {}
        state = "completed"
        try:
            with _environment(task.threads):
                papermill.execute_notebook(
                    str(task.chapter.path),
                    str(work / "executed.ipynb"),
                    parameters=parameters,
                    cwd=str(work),
                    kernel_name="python3",
                    progress_bar=False,
                    request_save_on_cell_execute=False,
                    start_timeout=min(KERNEL_START_SECONDS, task.limit_seconds),
                    timeout_func=remaining,
                    shutdown_kernel="immediate",
                    extra_arguments=QUIET_KERNEL,
                )
            if not (work / "results" / f"{name}.json").is_file():
                state, error = "failed", {"message": "the chapter ended without saving its record"}
        except PapermillExecutionError as problem:
            state = "failed"
            error = {
                "cell": problem.cell_index,
                "message": f"{problem.ename}: {problem.evalue}",
                "source": "".join(problem.source),
                "traceback": _last_lines("\n".join(problem.traceback)),
            }
        except CellTimeoutError:
            state = "timed out"
            error = {"cell": position["index"], "message": f"over the chapter's limit of {task.limit_seconds} s"}
        except DeadKernelError:
            state = "kernel died"
            error = {"cell": position["index"], "message": "the kernel ended by itself: memory, a signal or a crash"}
        except Exception as problem:
            state = "failed"
            error = {"cell": position["index"], "message": f"{type(problem).__name__}: {problem}"}
        seconds = round(time.monotonic() - started, 2)
        if state != "completed":
            error["kind"] = state
            return Outcome(name, task.chapter.title, state, seconds, executed_at, wanted, error=error)
        _forget_the_machine(work / "executed.ipynb")
        entry = places.store.keep(
            wanted,
            work / "executed.ipynb",
            work / "results" / f"{name}.json",
            {"seconds": seconds, "executed_at": executed_at, "peak_memory_gib": round(memory["peak"], 2)},
        )
        shutil.rmtree(places.state / "unfinished" / wanted, ignore_errors=True)
    return _outcome(task, "completed", wanted, entry)


def _forget_the_machine(notebook: Path) -> None:
    """Remove what Papermill and the client note about this run: paths and times, cell by cell."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for part in (content, *content["cells"]):
        for note in ("papermill", "execution"):
            part["metadata"].pop(note, None)
    notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _peak_of_kernels() -> float:
    """Largest resident memory so far (GiB) of any process started by this one; 0 where the system does not say."""
    import psutil

    peak = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(OSError, StopIteration, psutil.Error):
            lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
            peak = max(peak, int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 2**20)
    return peak


def _lay_out(work: Path, task: Task, places: Places, needs: Mapping[str, Outcome], wanted: str) -> dict[str, str]:
    """Give the chapter its own folder, so that no path of this machine enters the notebook."""
    results = work / "results"
    results.mkdir()
    for name, outcome in needs.items():
        shutil.copyfile(places.store.find(outcome.key).record, results / f"{name}.json")
    folders = {}
    declared = task.parameters
    if "results_folder" in declared:
        folders["results_folder"] = "results"
    if "client_folder" in declared:
        (work / "client").symlink_to(places.client, target_is_directory=True)
        folders["client_folder"] = "client"
    if "data_folder" in declared and places.data:
        (work / "data").symlink_to(places.data, target_is_directory=True)
        folders["data_folder"] = "data"
    if "resume_folder" in declared:
        # Not in the scratch folder, which goes when the run is interrupted: the next run of this key continues.
        unfinished = places.state / "unfinished" / wanted
        unfinished.mkdir(parents=True, exist_ok=True)
        (work / "unfinished").symlink_to(unfinished, target_is_directory=True)
        folders["resume_folder"] = "unfinished"
    return folders


@contextmanager
def _environment(threads: int):
    """The kernel's environment for one execution: threads, and data only as the engine gives it."""
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    wanted = dict.fromkeys(limits, str(threads)) | {"PYTHONHASHSEED": "0", "LEPTON_DATA": None}
    before = {name: os.environ.get(name) for name in wanted}
    _set_environment(wanted)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _last_lines(traceback: str, lines: int = 12) -> list[str]:
    clean = re.sub(r"\x1b\[[0-9;]*m", "", traceback)
    return [line for line in clean.splitlines() if line.strip()][-lines:]
