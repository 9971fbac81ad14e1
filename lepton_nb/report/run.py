"""plan → execute on Dask → keep → publish: one client's folder becomes a report."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

from filelock import FileLock

from lepton_nb import paths
from lepton_nb.report import (
    branding,
    case_pages,
    chapters,
    cleaning,
    contents,
    editions,
    environment,
    forking,
    forms,
    ledger,
    lodging,
    placing,
    printing,
    private,
    publish,
    shared_store,
    since,
    snapshot,
    stages,
    workbook,
    workers,
    writing,
)
from lepton_nb.report.executing import Outcome, reuse, run_chapter
from lepton_nb.report.planning import Places, Plan
from lepton_nb.report.store import Entry, digest

Watch = Callable[[dict], None]
#: The ledger of the run in progress; at the end it becomes ledger.json, or goes.
RUNNING = "running.json"
#: From so many chapters on, a process that imports for all of them saves time.
WORTH_A_SERVER = 2


class Going:
    """One plan on its way: what was kept is taken, what is executed is entered, and the ledger is on disk after each.

    watch is told what happens: {"chapter", "state", "seconds"}. book: where the ledger is kept; by default
    ledger.json of the report's folder.
    """

    def __init__(self, plan: Plan, watch: Watch, book: Path | None = None, told: Mapping | None = None):
        self.plan, self.watch = plan, watch
        self.told = told or ledger.about(plan)
        self.book = book or plan.out / "ledger.json"
        self.outcomes: dict[str, Outcome] = {}
        self.waiting = list(plan.tasks)
        for task in plan.tasks:
            if set(task.needs) <= self.outcomes.keys():
                found = reuse(task, {name: self.outcomes[name] for name in task.needs}, plan.places.store)
                if found:
                    self.waiting.remove(task)
                    cleaning.used(plan.places.store, found.key)
                    self._enter(found)
        self._write_ledger()

    def finished(self, outcome: Outcome) -> None:
        """Take what became of a task."""
        self._enter(outcome)
        self._write_ledger()

    def _enter(self, outcome: Outcome) -> None:
        self.outcomes[outcome.chapter] = outcome
        event = {"chapter": outcome.chapter, "state": outcome.state, "seconds": outcome.seconds}
        self.watch(event | {"error": outcome.error, "note": outcome.note})

    def _write_ledger(self) -> None:
        writing.write_json(self.book, dict(self.told) | {"chapters": ledger.lines(self.plan, self.outcomes)})

    def work(self, folder: Path) -> workers.Work:
        """What is left to execute, with copies of what the plan was made from in this folder of the run.

        Raises snapshot.Changed where the client or the package was edited since the plan.
        """
        places = _own_places(self.plan, self.waiting, folder)
        return workers.Work(self.waiting, places, self.outcomes, self.watch, self.finished)


def run(
    plan: Plan,
    jobs: int = 2,
    watch: Watch = lambda event: None,
    book: Path | None = None,
    told: Mapping | None = None,
    scheduler: str = "",
) -> dict[str, Outcome]:
    """Every chapter of the plan: kept ones are taken, the others executed on Dask.

    scheduler: the address of a Dask cluster; empty: local processes. For watch, book, told see :class:`Going`. Raises
    snapshot.Changed where the client or the package was edited since the plan, before anything is executed, and
    clusters.NoCluster, clusters.ClusterGone.
    """
    going = Going(plan, watch, book, told)
    if not going.waiting:
        return going.outcomes
    with cleaning.run_folder(plan.places.state) as folder:
        work = going.work(folder)
        with servers(work) as work.places:
            if _is_chain(work.waiting) and not scheduler:
                # One after the other in any case: a cluster would only cost its start.
                for task in work.waiting:
                    needed = [work.outcomes[name] for name in task.needs]
                    work.finished(run_chapter(task, work.places, needed, watch))
            else:
                workers.run([work], work.places, min(jobs, len(work.waiting)), scheduler)
    return going.outcomes


@contextlib.contextmanager
def servers(work: workers.Work) -> Iterator[Places]:
    """Its places with servers to fork kernels from, where there are enough chapters for that to pay."""
    waiting, places = work.waiting, work.places
    # With more than one thread a chapter, libraries start threads when they are imported: nothing to fork from.
    if len(waiting) < WORTH_A_SERVER or waiting[0].threads > 1:
        yield places
        return
    folder = places.run / "forks"
    kernel = environment.of_kernel(waiting[0].threads, folder / "home", places.project, places.state / "drawing")
    heavy = sum(task.heavy for task in waiting) >= WORTH_A_SERVER
    with forking.servers(folder, kernel, heavy) as forks:
        yield dataclasses.replace(places, forks=forks)


def check_folders(plan: Plan) -> None:
    """Raise ValueError, before anything is executed, where report or state cannot be written or must not go."""
    lodging.check(plan)
    if plan.places.shared:
        shared_store.check(plan.places.shared)
    for folder, remedy in (
        (plan.out, "give another --out"),
        (plan.places.state, "set LEPTON_STATE to a folder of your own"),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as problem:
            raise ValueError(f"{folder}: cannot be written ({problem.strerror}); {remedy}.") from None


def _own_places(plan: Plan, waiting: list, folder: Path) -> Places:
    """Where this run works, with copies of what its plan was made from."""
    code = [task.code for task in waiting]
    copies = snapshot.take(plan.client_folder, plan.seen, code, folder, plan.places.state)
    return dataclasses.replace(plan.places, client=copies.client, project=copies.project, run=folder)


def _is_chain(tasks: list) -> bool:
    """Whether each of the tasks needs the one before it."""
    return all(before.name in task.needs for before, task in pairwise(tasks))


def report(plan: Plan, jobs: int = 2, watch: Watch = lambda event: None, scheduler: str = "") -> dict[str, Any]:
    """Run the plan and publish. Returns the manifest; ``pages_changed`` is empty when nothing had to be done.

    Site, records, notebooks, workbook, manifest and ledger move into the report's folder together or not at all. If a
    chapter did not finish, only the ledger says so and the last good report stays. A plan of a few chapters leaves
    executed notebooks and records; its folder is never that of a finished report (see lodging.place).
    """
    started = time.monotonic()
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    plan.out.mkdir(parents=True, exist_ok=True)
    warm_up = Thread(target=publish.warm_up, daemon=True)

    def watched(event: dict) -> None:
        # The site's tools take seconds to import: that happens while kernels work. Not before the first one
        # does: two threads must not import the same libraries at once.
        if plan.whole and not warm_up.ident and event["state"].startswith("executing"):
            warm_up.start()
        watch(event)

    with FileLock(plan.out / ".lock", timeout=0), cleaning.run_folder(plan.places.state):
        placing.recover(plan.out)
        if plan.whole:
            lodging.note(plan)
        running = plan.out / RUNNING
        try:
            told = ledger.about(plan)
            outcomes = run(plan, jobs, watched, running, told, scheduler)
            if warm_up.ident:
                warm_up.join()
            return conclude(plan, told, outcomes, Started(started, started_at), watch)
        finally:
            running.unlink(missing_ok=True)
            contents.keep(plan.places.state)


@dataclasses.dataclass(frozen=True)
class Started:
    """When a run began: by the clock that nobody sets, which all processes of a machine share, and by the calendar."""

    clock: float
    at: str


def conclude(
    plan: Plan,
    told: Mapping[str, Any],
    outcomes: Mapping[str, Outcome],
    started: Started,
    watch: Watch = lambda event: None,
) -> dict[str, Any]:
    """Publish what a run gave, if all of it finished and it is not published yet; the manifest.

    The ledger of the run stands in the report's folder under :data:`RUNNING`.
    """
    running = plan.out / RUNNING
    made = ledger.manifest(plan, told, outcomes) | {"started": started.at}
    made["seconds"] = round(time.monotonic() - started.clock, 2)
    if not all(outcome.ok for outcome in outcomes.values()) or (plan.whole and ledger.stands(plan.out, made)):
        os.replace(running, plan.out / "ledger.json")
        return made
    if plan.whole:
        watch({"chapter": "site", "state": "publishing"})
    before = time.monotonic()
    _publish(plan, outcomes, made, running, started.clock)
    if plan.whole:
        watch({"chapter": "site", "state": "completed", "seconds": time.monotonic() - before})
    return made


def _publish(plan: Plan, outcomes: Mapping[str, Outcome], made: dict, running: Path, started: float) -> None:
    """Stage everything that the run gives and move it into the report's folder in one go."""
    entries = {name: plan.places.store.find(outcome.key) for name, outcome in outcomes.items()}
    lost = [name for name, entry in entries.items() if entry is None]
    if lost:
        raise publish.PublishError(f"Kept chapters were lost or altered meanwhile: {', '.join(lost)}. Run it again.")
    with contextlib.ExitStack() as stack:
        if plan.whole:
            stage = stack.enter_context(stages.borrowed(plan.places.state, made, plan.out))
            pages = {name: entry.notebook for name, entry in entries.items()} | _since(plan, entries, made, stage)
            documents = publish.build(pages, made, stage, plan.code, plan.edition)
        new = stack.enter_context(placing.staged(plan.out))
        names, gone = _export(plan, entries, new), []
        shutil.copyfile(running, new / "ledger.json")
        names.append("ledger.json")
        if plan.whole:
            publish.lay_out(stage, new / "site", documents[0], new / "notebooks")
            _add_forms(plan, documents, made, new)
            made["pages_changed"] = publish.changed_pages(new / "site", plan.out / "site", documents)
            _export_together(plan, entries, made, new)
            made["files"] = ledger.files(new)
            made["seconds"] = round(time.monotonic() - started, 2)
            writing.write_json(new / "manifest.json", made)
            names = [*ledger.PARTS, *plan.forms.names, "ledger.json", "manifest.json"]
            gone = [name for name in ledger.ASKED if name not in names]
        placing.put(new, plan.out, names, gone)


def _add_forms(plan: Plan, documents: list[str], made: dict, new: Path) -> None:
    """Give the client's part its look, and write the forms that are asked for."""
    toc = chapters.table(paths.project() / "_toc.yml")
    if plan.brand:
        branding.put(new / "site", editions.client_part(toc, documents), plan.brand)
    cover, cases = forms.cover_of(plan.client, made), case_pages.caption(made.get("chapters") or ())
    try:
        made["printed_with"] = forms.make(plan.forms, new / "site", documents, toc, new, cover, plan.brand, cases)
    except printing.PrintError as problem:
        raise publish.PublishError(str(problem)) from None


def _since(plan: Plan, entries: Mapping[str, Entry], made: dict, stage: Path) -> dict[str, Path]:
    """The page on the way from an earlier report to this one, where one is given and the pages report."""
    if plan.previous is None or plan.edition == editions.BOOK:
        return {}
    file = stage / f"{since.NAME}.ipynb"
    stage.mkdir(parents=True, exist_ok=True)
    writing.write_json(file, since.notebook(plan.previous, _everything(plan, entries), made))
    return {since.NAME: file}


def _everything(plan: Plan, entries: Mapping[str, Entry]) -> dict[str, Any]:
    """Every number of the report, by chapter."""
    records = {name: json.loads(entry.record.read_text(encoding="utf-8")) for name, entry in entries.items()}
    return {"client": plan.client.client.name, "profile": plan.profile, "chapters": records}


def _export(plan: Plan, entries: Mapping[str, Entry], new: Path) -> list[str]:
    """Records and executed notebooks beside the site, for whoever wants to check a number; their names."""
    names = []
    for task in plan.tasks:
        entry = entries[task.name]
        record, notebook = f"results/{task.name}.json", f"notebooks/{task.file}"
        for name in (record, notebook):
            (new / name).parent.mkdir(exist_ok=True)
            names.append(name)
        shutil.copyfile(entry.record, new / record)
        clean = private.exported(json.loads(entry.notebook.read_text(encoding="utf-8")))
        writing.write_text(new / notebook, json.dumps(clean, indent=1, ensure_ascii=False) + "\n")
    return names


def _export_together(plan: Plan, entries: Mapping[str, Entry], made: dict, new: Path) -> None:
    """Every number of the report in one file, and the workbook, which is copied while nothing that makes it changed."""
    everything = _everything(plan, entries)
    client, records = everything["client"], everything["chapters"]
    writing.write_json(new / "results.json", everything)
    names = {asset.asset_id: asset.name for asset in plan.client.assets}
    made["workbook_key"] = digest([everything, names, publish.fingerprint_of("lepton_nb.report.workbook")])
    before, book = ledger.read_manifest(plan.out) or {}, plan.out / "workbook.xlsx"
    known = before.get("files", {}).get("workbook.xlsx")
    if before.get("workbook_key") == made["workbook_key"] and book.is_file() and contents.file_digest(book) == known:
        shutil.copyfile(book, new / "workbook.xlsx")
    else:
        about = {task.name for task in plan.tasks if task.client}
        workbook.write(new / "workbook.xlsx", records, client, about, names)
