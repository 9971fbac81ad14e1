"""plan → execute on Dask → keep → publish: one client's folder becomes a report."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

from filelock import FileLock

import lepton_nb
from lepton_nb import paths
from lepton_nb.report import publish, workbook
from lepton_nb.report.executing import Outcome, reuse, run_chapter
from lepton_nb.report.planning import Places, Plan, Task
from lepton_nb.report.store import Entry, digest, notebook_source, package_files, versions


def run(plan: Plan, jobs: int = 2, watch: Callable[[dict], None] = lambda event: None) -> dict[str, Outcome]:
    """Every chapter of the plan: kept ones are taken, the others executed on Dask, on local processes.

    watch is told what happens: {"chapter", "state", "seconds"}. After each chapter the ledger is on disk.
    """
    outcomes: dict[str, Outcome] = {}
    about = _about(plan)

    def finished(outcome: Outcome) -> None:
        outcomes[outcome.chapter] = outcome
        write_json(plan.out / "ledger.json", about | {"chapters": _lines(plan, outcomes)})
        watch({"chapter": outcome.chapter, "state": outcome.state, "seconds": outcome.seconds, "error": outcome.error})

    waiting = list(plan.tasks)
    for task in plan.tasks:
        if set(task.chapter.needs) <= outcomes.keys():
            needs = {name: outcomes[name] for name in task.chapter.needs}
            found = reuse(task, needs, plan.places.store)
            if found:
                waiting.remove(task)
                finished(found)
    if _is_chain(waiting):
        # One after the other in any case: a cluster would only cost its start.
        for task in waiting:
            needed = [outcomes[name] for name in task.chapter.needs]
            finished(run_chapter(task, plan.places, needed, watch))
    else:
        _run_on_dask(waiting, plan.places, outcomes, jobs, watch, finished)
    return outcomes


def _is_chain(tasks: list[Task]) -> bool:
    """Whether each of the tasks needs the one before it."""
    return all(before.chapter.name in task.chapter.needs for before, task in pairwise(tasks))


def _run_on_dask(waiting, places, outcomes, jobs, watch, finished) -> None:
    import logging

    import dask
    from distributed import Client, LocalCluster, as_completed

    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.admin.tick.limit": "60s"}
    workers = min(jobs, len(waiting))
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,  # Papermill changes the working folder of its whole process
            processes=True,
            host="127.0.0.1",
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            memory_limit=None,  # the memory is the kernels', which Dask does not see
            local_directory=str(places.state / "dask"),
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as dask_client,
    ):
        dask_client.subscribe_topic("chapters", lambda event: watch(event[1]))
        waiting = sorted(waiting, key=lambda task: -task.limit_seconds)  # the longest first
        running, chapters = as_completed(), {}

        def start() -> None:
            # One chapter a worker and no more: a short one must not be queued behind a long one.
            for task in list(waiting):
                if len(chapters) < workers and set(task.chapter.needs) <= outcomes.keys():
                    waiting.remove(task)
                    needed = [outcomes[name] for name in task.chapter.needs]
                    future = dask_client.submit(_on_worker, task, places, needed, pure=False)
                    chapters[future.key] = task.chapter
                    running.add(future)

        start()
        for future in running:
            chapter = chapters.pop(future.key)
            if future.status == "finished":
                finished(future.result())
            else:
                error = {"kind": "failed", "message": f"its worker process ended: {future.exception()}"}
                finished(Outcome(chapter.name, chapter.title, "failed", error=error))
            start()


def _on_worker(task: Task, places: Places, needed: list[Outcome]) -> Outcome:
    from distributed import get_worker

    worker = get_worker()
    return run_chapter(task, places, needed, lambda event: worker.log_event("chapters", event))


def report(plan: Plan, jobs: int = 2, watch: Callable[[dict], None] = lambda event: None) -> dict[str, Any]:
    """Run the plan and publish. Returns the manifest; ``pages_changed`` is empty when nothing had to be done.

    If a chapter did not finish, nothing is published and the last good report stays. A plan of a few
    chapters leaves executed notebooks and records, and the site as it was.
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

    with FileLock(plan.out / ".lock", timeout=0):
        outcomes = run(plan, jobs, watched)
        if warm_up.ident:
            warm_up.join()
        manifest = _manifest(plan, outcomes) | {"started": started_at}
        finished = all(outcome.ok for outcome in outcomes.values())
        if finished:
            entries = {name: plan.places.store.find(outcome.key) for name, outcome in outcomes.items()}
            _export(plan, entries)
        manifest["seconds"] = round(time.monotonic() - started, 2)
        if not finished or not plan.whole or _stands(plan.out, manifest):
            return manifest
        watch({"chapter": "site", "state": "publishing"})
        pages = {name: entry.notebook for name, entry in entries.items()}
        stage = plan.places.state / "stage" / digest(str(plan.out))[:16]
        before = time.monotonic()
        manifest["pages_changed"] = publish.publish(pages, manifest, plan.out, stage, plan.code)
        manifest["seconds"] = round(time.monotonic() - started, 2)
        write_json(plan.out / "manifest.json", manifest)
        watch({"chapter": "site", "state": "completed", "seconds": time.monotonic() - before})
        return manifest


def _about(plan: Plan) -> dict[str, Any]:
    """What runs, for whom, on what."""
    return {
        "project": "lepton-nb",
        "version": lepton_nb.__version__,
        "git": _git_revision(),
        "client": {
            "name": plan.client.client.name,
            "folder_name": plan.client_folder.name,
            "synthetic": plan.client.client.synthetic,
        },
        "profile": plan.profile,
        "code": plan.code,
        "processor": _processor(),
        "cores": os.cpu_count(),
        "versions": versions(),
    }


def _manifest(plan: Plan, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """What was run, with what, on what: the same as the page "This run" shows."""
    about = _about(plan)
    return about | {
        "chapters": _lines(plan, outcomes),
        "pages_changed": [],
        # Equal keys: the same site, page for page, but for the run's own date and seconds.
        "site_key": digest(
            [
                sorted([o.chapter, o.key, o.executed_at] for o in outcomes.values()),
                publish.fingerprint(plan.code),
                about["client"],
                plan.profile,
            ]
        ),
    }


def _stands(out: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether the site in ``out`` is already the one that the manifest would give."""
    before = read_manifest(out)
    return bool(before) and before.get("site_key") == manifest["site_key"] and (out / "site" / "index.html").is_file()


def read_manifest(out: Path) -> dict[str, Any] | None:
    """The manifest of the report that stands in ``out``, or None."""
    try:
        return json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _export(plan: Plan, entries: Mapping[str, Entry]) -> None:
    """Records and executed notebooks beside the site, for whoever wants to check a number."""
    for task in plan.tasks:
        entry = entries[task.chapter.name]
        for source, target in (
            (entry.record, plan.out / "results" / f"{task.chapter.name}.json"),
            (entry.notebook, plan.out / "notebooks" / task.chapter.path.name),
        ):
            content = source.read_bytes()
            if not target.is_file() or target.read_bytes() != content:
                target.parent.mkdir(parents=True, exist_ok=True)
                part = target.with_name(target.name + ".part")
                part.write_bytes(content)
                os.replace(part, target)
    if plan.whole:
        records = {name: json.loads(entry.record.read_text(encoding="utf-8")) for name, entry in entries.items()}
        _export_together(plan, records)


def _export_together(plan: Plan, records: Mapping[str, dict[str, Any]]) -> None:
    """Every number of the report in one file, and the workbook; left alone while no record changed."""
    client = plan.client.client.name
    everything = {"client": client, "profile": plan.profile, "chapters": records}
    target = plan.out / "results.json"
    try:
        unchanged = json.loads(target.read_text(encoding="utf-8")) == everything
    except (FileNotFoundError, json.JSONDecodeError):
        unchanged = False
    if not unchanged or not (plan.out / "workbook.xlsx").is_file():
        workbook.write(plan.out / "workbook.xlsx", records, client)
        write_json(target, everything)


def _lines(plan: Plan, outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    lines = []
    for task in plan.tasks:
        outcome = outcomes.get(task.chapter.name)
        if outcome is None:
            continue
        entry = plan.places.store.find(outcome.key) if outcome.ok else None
        record = json.loads(entry.record.read_text(encoding="utf-8")) if entry else {}
        lines.append(
            {
                "chapter": outcome.chapter,
                "title": outcome.title,
                "state": outcome.state,
                "seconds": outcome.seconds,
                "peak_memory_gib": outcome.peak_memory_gib,
                "executed_at": outcome.executed_at,
                "key": outcome.key,
                "seeds": sorted({f["seed"] for f in record.get("figures", {}).values() if f["seed"] is not None}),
                "data": record.get("data", []),
                "inputs": {f"client: {k}": v for k, v in task.client.items()}
                | {f"data: {k}": v for k, v in task.data.items()}
                | {f"record: {k}": outcomes[k].results for k in task.chapter.needs if k in outcomes},
                "parameters": {k: v for k, v in task.parameters.items() if not k.endswith("_folder")},
                "settings": dict(task.settings),
                "code": {"notebook": digest(notebook_source(task.chapter))} | package_files(task.chapter),
                "limit_seconds": task.limit_seconds,
                "threads": task.threads,
                "error": outcome.error,
            }
        )
    return lines


def write_json(path: Path, content: Any) -> None:
    """Write a file in one step: a reader never sees half of it."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, content: str) -> None:
    """Write a file in one step: a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(content, encoding="utf-8")
    os.replace(part, path)


def _git_revision() -> str | None:
    root = paths.project()
    if not (root / ".git").exists():
        return None
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
