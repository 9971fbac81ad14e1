"""A Dask cluster by its address: whether it is there, fits this project, and still answers.

Its workers see the state folder and the data under the same paths as this process (a shared disk, or one machine), and
have the same versions of everything: what they execute is kept under keys that name them.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from lepton_nb.report.planning import Places

#: Seconds to find the cluster and its first worker, and seconds without a worker or an answer after which it is gone.
PATIENCE = 20.0


class NoCluster(ValueError):
    """A cluster that is not there or does not fit: one sentence."""


class ClusterGone(ConnectionError):
    """A cluster that went away during a run: one sentence."""


@contextlib.contextmanager
def connected(address: str, places: Places) -> Iterator[Any]:
    """A client of the cluster. Raises NoCluster, before anything is executed."""
    import dask
    from distributed import Client

    names = ["distributed", "tornado.application", "asyncio", *logging.root.manager.loggerDict]
    loggers = [logging.getLogger(name) for name in names if name.startswith(("distributed", "tornado", "asyncio"))]
    before = [logger.level for logger in loggers]
    settings = {"distributed.comm.timeouts.connect": f"{PATIENCE}s", "distributed.admin.tick.limit": "60s"}
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: [logger.setLevel(level) for logger, level in zip(loggers, before, strict=True)])
        stack.enter_context(dask.config.set(settings))
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)  # what is wrong is said in a sentence
        try:
            client = Client(address, timeout=PATIENCE)
        except (OSError, ValueError) as problem:
            raise NoCluster(
                f"--scheduler {address}: no Dask scheduler answers there ({_short(problem)}). Start one with "
                "`dask scheduler` and its workers with `dask worker ADDRESS`, or leave --scheduler out."
            ) from None
        stack.callback(_close, client)
        client.lepton_seen = time.monotonic()
        _check(client, address, places)
        yield client


def _short(problem: Exception) -> str:
    return str(problem).splitlines()[0][:120] if str(problem) else type(problem).__name__


def _close(client: Any) -> None:
    with suppress(Exception):
        client.close(timeout=5)


def workers(client: Any) -> Mapping[str, Any] | None:
    """The workers that are there now, by address; None where the scheduler does not say.

    Raises ClusterGone where it or all of them have been gone for some time.
    """
    there: Mapping[str, Any] | None = None
    if client.status == "running":
        with suppress(Exception):  # it may go while it is asked
            there = dict(client.scheduler_info(n_workers=-1)["workers"])
    if not hasattr(client, "lepton_seen"):
        return there  # of this machine: they do not go away
    if there:
        client.lepton_seen = time.monotonic()
    elif client.status in ("closed", "closing") or time.monotonic() - client.lepton_seen > PATIENCE:
        raise ClusterGone(
            "The cluster went away while chapters were executed. What finished is kept; the same command goes on from "
            "there."
        )
    return there


def restart(client: Any, worker: str) -> None:
    """Start a worker that hangs afresh; without a word where its nanny does not answer."""
    with suppress(Exception):
        client.restart_workers([worker], timeout=5, raise_for_error=False)


def seen_by_worker(folder: str, data: str) -> dict[str, Any]:
    """What decides whether a worker may execute chapters for another process."""
    import os
    import sys

    from lepton_nb import processor
    from lepton_nb.report import environment, makers, store

    return {
        "the state folder": os.path.isdir(folder),
        "the data folder": not data or os.path.isdir(data),
        "Python": sys.version,
        "versions of libraries": store.versions(),
        "code of lepton_nb": makers.hash_of(makers.modules("lepton_nb.report.workers")),
        "environment": environment.said(),
        "processor": processor.bfloat16_unit(),
    }


def _check(client: Any, address: str, places: Places) -> None:
    """Raise NoCluster where there is no worker, or one that does not see or have what this process does."""
    until = time.monotonic() + PATIENCE
    while not workers_at_all(client):
        if time.monotonic() > until:
            raise NoCluster(f"--scheduler {address}: has no worker. Start some with `dask worker {address}`.")
        time.sleep(0.2)
    asked = str(places.run), str(places.data or "")
    mine = seen_by_worker(*asked)
    try:
        answers = client.run(seen_by_worker, *asked, on_error="return")
    except Exception as problem:
        raise NoCluster(f"--scheduler {address}: its workers do not answer ({_short(problem)}).") from None
    for worker, answer in answers.items():
        if isinstance(answer, Exception):
            raise NoCluster(
                f"--scheduler {address}: the worker {worker} has not this version of lepton-nb installed "
                f"({_short(answer)})."
            )
        if different := [name for name, value in mine.items() if answer[name] != value]:
            raise NoCluster(
                f"--scheduler {address}: the worker {worker} differs in {', '.join(different)}. Workers need this "
                "installation, LEPTON_STATE and --data under the same paths, and a processor of the same kind."
            )


def workers_at_all(client: Any) -> bool:
    """Whether the cluster has a worker."""
    return bool(client.scheduler_info(n_workers=-1)["workers"])
