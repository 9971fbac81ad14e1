"""Chapters side by side, of one report or of many: one worker process of Dask each, watched from outside.

The workers are processes of this machine, or those of a cluster by its address. Which worker gets which chapter is
decided here, one chapter a worker: Papermill changes the working folder of its whole process. A worker keeps its
chapter's limit itself; one that does not answer any more (stopped, hanging in a library) is ended from here a little
after the limit, with its kernel.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from lepton_nb.report import clusters
from lepton_nb.report.executing import WAITING, Outcome, end_kernels, reuse, run_chapter
from lepton_nb.report.planning import Places, Task

#: Seconds after a chapter's limit at which its worker counts as hanging; the worker needs some to tell of a time-out.
GRACE_SECONDS = 30
#: Seconds between two looks at the clock.
LOOK_SECONDS = 1.0
#: How often a chapter is begun on a cluster whose workers end.
ATTEMPTS = 3
#: Seconds for which a worker must be missing before its chapter counts as lost: a busy scheduler may lose sight of it.
MISSING_SECONDS = 5.0


@dataclass
class Work:
    """One report's share of what is executed together.

    waiting: its tasks, each to be executed once those it needs are in outcomes, which finished fills.
    """

    waiting: list[Task]
    places: Places
    outcomes: dict[str, Outcome]
    watch: Callable[[dict], None]
    finished: Callable[[Outcome], None]


class Aside(Protocol):
    """What else is done meanwhile: publishing of finished reports, which takes processes of this machine too."""

    def running(self) -> int:
        """How many processes work at it now."""

    def over(self, work: Work) -> None:
        """All tasks of that work have an outcome."""


@dataclass
class _Running:
    work: Work
    task: Task
    future: Any
    key: str
    worker: str  # its address
    since: float
    waits: bool = False  # for another run, which executes the same
    process: int = 0  # of the worker, once it has said so
    kernels: Sequence[int] = ()  # that it has started


@dataclass
class _Nothing:
    """Nothing is done aside."""

    done: list[Work] = field(default_factory=list)

    def running(self) -> int:
        return 0

    def over(self, work: Work) -> None:
        self.done.append(work)


def run(works: Iterable[Work], run_places: Places, jobs: int, scheduler: str = "", aside: Aside | None = None) -> None:
    """Execute what each work waits for.

    works: taken one by one, when there is room for more. scheduler: the address of a Dask cluster; empty: processes of
    this machine, at most ``jobs``. Raises clusters.ClusterGone.
    """
    with _cluster(run_places, jobs, scheduler) as client:
        _Team(client, jobs, bool(scheduler), aside or _Nothing()).work(iter(works))


@contextlib.contextmanager
def _cluster(places: Places, jobs: int, scheduler: str) -> Iterator[Any]:
    if scheduler:
        with clusters.connected(scheduler, places) as client:
            yield client
        return
    import dask
    from distributed import Client, LocalCluster

    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.admin.tick.limit": "60s"}
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            memory_limit=None,  # the memory is the kernels', which Dask does not see
            local_directory=str(places.run / "dask"),
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


class _Team:
    """The workers of one run and what each of them does."""

    def __init__(self, client: Any, jobs: int, remote: bool, aside: Aside):
        self.client, self.jobs, self.remote, self.aside = client, jobs, remote, aside
        self.topic = f"chapters-{uuid.uuid4().hex}"  # a cluster may serve several runs
        self.numbers = itertools.count()
        self.running: dict[int, _Running] = {}
        self.open: list[Work] = []
        self.hanging: set[str] = set()
        self.there: Mapping[str, Any] = {}  # workers by address
        self.seen: dict[str, float] = {}
        self.made: set[str] = set()  # keys executed by this run
        self.attempts: dict[tuple[int, str], int] = {}
        client.subscribe_topic(self.topic, lambda event: self._heard(event[1]))

    def _heard(self, event: dict) -> None:
        running = self.running.get(event["number"])
        if running is None:
            return  # a late word from a worker about a chapter that is over
        running.process = event.get("process", running.process)
        running.kernels = event.get("kernels", running.kernels)
        waited, running.waits = running.waits, event["state"] == WAITING
        if waited and not running.waits:
            running.since = time.monotonic()
        running.work.watch({key: event[key] for key in ("chapter", "state", "seconds") if key in event})

    def work(self, works: Iterator[Work]) -> None:
        more = True
        while True:
            self._ask()
            busy = len(self.running) + self._start()
            while more and (self._room() > 0 or not (busy or self.open)):
                work = next(works, None)
                if work is None:
                    more = False
                elif work.waiting:
                    work.waiting.sort(key=lambda task: -task.limit_seconds)  # the longest first
                    self.open.append(work)
                    busy += self._start()
                else:
                    self.aside.over(work)
                    busy += self.aside.running()
            if not (self.running or self.open or more or self.aside.running()):
                return
            self._look()

    def _look(self) -> None:
        for number in self._done():
            running = self.running.pop(number)
            if self.remote and running.future.status != "finished" and self._again(running):
                running.work.waiting.insert(0, running.task)
            else:
                self._finished(running, _outcome_of(running))
        for number, running in list(self.running.items()):
            if not running.waits and time.monotonic() - running.since > running.task.limit_seconds + GRACE_SECONDS:
                del self.running[number]
                self._end(running)
                self._finished(running, _hanging(running))

    def _again(self, running: _Running) -> bool:
        """Whether a chapter whose worker has ended is begun again, on another one."""
        name = id(running.work), running.task.name
        self.attempts[name] = self.attempts.get(name, 1) + 1
        return self.attempts[name] <= ATTEMPTS

    def _finished(self, running: _Running, outcome: Outcome) -> None:
        if outcome.ok:
            self.made.add(running.key)
        self._enter(running.work, outcome)

    def _enter(self, work: Work, outcome: Outcome) -> None:
        work.finished(outcome)
        if not work.waiting and not any(running.work is work for running in self.running.values()):
            self.open.remove(work)
            self.aside.over(work)

    def _room(self) -> int:
        """How many chapters more can be begun now."""
        if self.remote:
            return len(self._free())
        return min(len(self._free()), self.jobs - len(self.running) - self.aside.running())

    def _free(self) -> list[str]:
        busy = {running.worker for running in self.running.values()} | self.hanging
        return [address for address in self.there if address not in busy]

    def _start(self) -> int:
        """Begin what can be begun; how many that was."""
        begun = 0
        for work in list(self.open):
            for task in list(work.waiting):
                if set(task.needs) <= work.outcomes.keys() and task in work.waiting:
                    begun += self._begin(work, task)
        return begun

    def _begin(self, work: Work, task: Task) -> bool:
        if self._room() < 1:
            return False
        needs = {name: work.outcomes[name] for name in task.needs}
        key = task.key({name: outcome.results for name, outcome in needs.items()})
        if all(outcome.ok for outcome in needs.values()):
            if any(running.key == key for running in self.running.values()):
                return False  # executed for another report: what comes out serves this one too
            kept = reuse(dataclasses.replace(task, reuse=task.reuse or key in self.made), needs, work.places.store)
            if kept:
                work.waiting.remove(task)
                self._enter(work, kept)
                return True
        work.waiting.remove(task)
        self._submit(work, task, key)
        return True

    def _submit(self, work: Work, task: Task, key: str) -> None:
        worker, number = self._free()[0], next(self.numbers)
        needed = [work.outcomes[name] for name in task.needs]
        given = task, work.places, needed, self.topic, number
        future = self.client.submit(_on_worker, *given, pure=False, workers=[worker])
        self.running[number] = _Running(work, task, future, key, worker, time.monotonic())

    def _done(self) -> list[int]:
        """Numbers of what is over: finished, failed, or on a worker that is gone."""
        until = time.monotonic() + (LOOK_SECONDS / 4 if self.aside.running() else LOOK_SECONDS)
        while time.monotonic() < until:
            if any(running.future.status != "pending" for running in self.running.values()):
                break
            time.sleep(LOOK_SECONDS / 20)
        self._ask()
        over = [number for number, running in self.running.items() if running.future.status != "pending"]
        gone = [n for n, running in self.running.items() if n not in over and self._is_missing(running)]
        for number in gone:
            self.running[number].future.cancel()
        return over + gone

    def _ask(self) -> None:
        """Which workers are there; as before where the scheduler does not say."""
        there = clusters.workers(self.client)
        if there is not None:
            self.there = there
            for address in there:
                self.seen[address] = time.monotonic()

    def _is_missing(self, running: _Running) -> bool:
        asked = max(self.seen.get(running.worker, 0.0), running.since)
        return running.worker not in self.there and time.monotonic() - asked > MISSING_SECONDS

    def _end(self, running: _Running) -> None:
        """End the worker of a chapter that is over its limit, with the kernels that it has started."""
        running.future.cancel()
        if self.remote:
            self.hanging.add(running.worker)
            clusters.restart(self.client, running.worker)
        else:
            _end(running.process, running.kernels)


def _outcome_of(running: _Running) -> Outcome:
    future, task = running.future, running.task
    if future.status == "finished":
        return future.result()
    why = future.exception() if future.status == "error" else "it is gone"
    error = {"kind": "failed", "message": f"its worker process ended: {why}"}
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


def _on_worker(task: Task, places: Places, needed: list[Outcome], topic: str, number: int) -> Outcome:
    from distributed import get_worker

    worker = get_worker()

    def tell(event: dict) -> None:
        worker.log_event(topic, event | {"number": number})

    tell({"chapter": task.name, "state": "starting", "process": os.getpid()})
    return run_chapter(task, places, needed, tell)
