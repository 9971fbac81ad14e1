"""Chapters side by side: one worker process of Dask each, watched from outside.

A worker keeps its chapter's limit itself. One that does not answer any more (stopped, hanging in a library) is ended
from here a little after the limit, with its kernel.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lepton_nb.report.executing import Outcome, end_kernels, run_chapter
from lepton_nb.report.planning import Places, Task

#: Seconds after a chapter's limit at which its worker counts as hanging; the worker needs some to tell of a time-out.
GRACE_SECONDS = 30
#: Seconds between two looks at the clock.
LOOK_SECONDS = 1.0


@dataclass
class _Running:
    task: Task
    future: Any
    since: float
    process: int = 0  # of the worker, once it has said so
    kernels: Sequence[int] = ()  # that it has started


def run(
    waiting: list[Task],
    places: Places,
    outcomes: dict[str, Outcome],
    jobs: int,
    watch: Callable[[dict], None],
    finished: Callable[[Outcome], None],
) -> None:
    """Execute the tasks, each once those it needs are in ``outcomes``, which ``finished`` fills."""
    import dask
    from distributed import Client, LocalCluster

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
            local_directory=str(places.run / "dask"),
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        _Team(client, places, outcomes, workers, watch, finished).work(waiting)


class _Team:
    """The workers of one run and what each of them does."""

    def __init__(self, client, places, outcomes, workers, watch, finished):
        self.client, self.places, self.outcomes, self.workers = client, places, outcomes, workers
        self.watch, self.finished = watch, finished
        self.running: dict[str, _Running] = {}
        client.subscribe_topic("chapters", lambda event: self._heard(event[1]))

    def _heard(self, event: dict) -> None:
        for running in self.running.copy().values():
            if running.task.name == event["chapter"]:
                running.process = event.get("process", running.process)
                running.kernels = event.get("kernels", running.kernels)
        self.watch({key: value for key, value in event.items() if key not in ("process", "kernels")})

    def work(self, tasks: list[Task]) -> None:
        waiting = sorted(tasks, key=lambda task: -task.limit_seconds)  # the longest first
        self._start(waiting)
        while self.running:
            for key in self._done():
                running = self.running.pop(key)
                self.finished(_outcome_of(running))
            for key, running in list(self.running.items()):
                if time.monotonic() - running.since > running.task.limit_seconds + GRACE_SECONDS:
                    del self.running[key]
                    _end(running.process, running.kernels)
                    running.future.release()
                    self.finished(_hanging(running))
            self._start(waiting)

    def _start(self, waiting: list[Task]) -> None:
        # One chapter a worker and no more: a short one must not be queued behind a long one.
        for task in list(waiting):
            if len(self.running) < self.workers and set(task.needs) <= self.outcomes.keys():
                waiting.remove(task)
                needed = [self.outcomes[name] for name in task.needs]
                future = self.client.submit(_on_worker, task, self.places, needed, pure=False)
                self.running[future.key] = _Running(task, future, time.monotonic())

    def _done(self) -> list[str]:
        from distributed import TimeoutError, wait

        with suppress(TimeoutError):
            futures = [running.future for running in self.running.values()]
            wait(futures, timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED")
        return [key for key, running in self.running.items() if running.future.status != "pending"]


def _outcome_of(running: _Running) -> Outcome:
    future = running.future
    if future.status == "finished":
        return future.result()
    task = running.task
    error = {"kind": "failed", "message": f"its worker process ended: {future.exception()}"}
    return Outcome(task.name, task.title, "failed", round(time.monotonic() - running.since, 2), error=error)


def _hanging(running: _Running) -> Outcome:
    task, limit = running.task, running.task.limit_seconds
    error = {"kind": "timed out", "message": f"over the chapter's limit of {limit} s, and its worker did not answer"}
    return Outcome(task.name, task.title, "timed out", round(time.monotonic() - running.since, 2), error=error)


def _end(process: int, kernels: Sequence[int]) -> None:
    """End a worker with the kernels that it started or asked for; Dask starts another worker in its place.

    process: 0 for a worker that never said which it is: then those go that the system holds stopped.
    """
    import psutil

    children = psutil.Process().children(recursive=True)
    with suppress(psutil.Error):
        workers = [child for child in children if child.pid == process]
        if not process:
            workers = [child for child in children if child.status() == psutil.STATUS_STOPPED]
        for worker in workers:
            for part in [*worker.children(recursive=True), worker]:
                with suppress(psutil.Error):
                    part.kill()
    end_kernels(kernels)


def _on_worker(task: Task, places: Places, needed: list[Outcome]) -> Outcome:
    from distributed import get_worker

    worker = get_worker()
    worker.log_event("chapters", {"chapter": task.name, "state": "starting", "process": os.getpid()})
    return run_chapter(task, places, needed, lambda event: worker.log_event("chapters", event))
