"""A client that loads a service: arrivals at random that wait for nobody (open loop), or as fast as answers come (closed loop).

It runs in a process of its own, so that it does not compete with a notebook for one interpreter. In the open loop a
time of answering counts from when a request was due, not from when it could be sent: a client that waits for a slow
service would otherwise leave out just the requests that would have waited.

Needs aiohttp, of the extra ``serve``.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lepton_nb.deploy import local

OK = 200


@dataclass(frozen=True)
class Load:
    """What one run asks. rate: requests a second in the mean, at random (open loop); 0: as fast as answers come, on ``lines``.

    seconds: how long requests are sent; the first ``warm`` seconds before that are not counted. seed: of the arrivals.
    """

    rate: float = 0.0
    seconds: float = 5.0
    lines: int = 8
    seed: int = 0
    warm: float = 0.2


@dataclass(frozen=True)
class Answers:
    """What came back. Times in seconds, of the requests that were answered; refused: by status."""

    sent: int
    seconds: np.ndarray  # (answered,)
    refused: Mapping[str, int]
    span: float  # from the first counted request to the last answer

    @property
    def answered_a_second(self) -> float:
        return len(self.seconds) / self.span if self.span > 0 else 0.0

    def quantile(self, share: float) -> float:
        """Time that this share of the answers did not exceed. Raises ValueError where nothing was answered."""
        if not len(self.seconds):
            raise ValueError("Nothing was answered, so there is no time of answering.")
        return float(np.quantile(self.seconds, share))


def drive(
    address: str, kind: str, loads: Sequence[tuple[Load, Sequence[bytes]]], core: int | None = None
) -> list[Answers]:
    """Each load in turn on the service at this address, with its requests one after the other and from the start again.

    kind: media type of the requests. core: the only one that the client may use. Raises RuntimeError where the client
    fails, with what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        for place, (_, bodies) in enumerate(loads):
            (Path(folder) / str(place)).mkdir()
            for number, body in enumerate(bodies):
                (Path(folder) / str(place) / str(number)).write_bytes(body)
        asked = {"address": address, "kind": kind, "folder": folder, "loads": [vars(load) for load, _ in loads]}
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        local.on_core(process, core)
        patience = 60 + sum(load.seconds for load, _ in loads) + 30 * len(loads)
        try:
            said, wrong = process.communicate(json.dumps(asked), timeout=patience)
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        raise RuntimeError(
            f"The client of the load failed: {wrong.strip().splitlines()[-1] if wrong.strip() else 'no word'}"
        )
    return [Answers(one["sent"], np.array(one["seconds"]), one["refused"], one["span"]) for one in json.loads(said)]


# ---------------------------------------------------------------- in the client's own process


class _Run:
    """One load while it runs."""

    def __init__(self, session: Any, asked: Mapping[str, Any], load: Load, bodies: Sequence[bytes]):
        self.session, self.load, self.bodies = session, load, bodies
        self.url, self.headers = f"{asked['address']}/predict", {"content-type": asked["kind"], "accept": asked["kind"]}
        self.sent, self.seconds, self.refused = 0, [], {}
        self.last = 0.0

    async def one(self, number: int, due: float, counted: bool) -> None:
        try:
            async with self.session.post(
                self.url, data=self.bodies[number % len(self.bodies)], headers=self.headers
            ) as answer:
                await answer.read()
                status = answer.status
        except Exception as problem:  # a connection that was refused or lost is an answer too
            status = type(problem).__name__
        now = time.perf_counter()
        if counted:
            self.sent += 1
            self.last = now
            if status == OK:
                self.seconds.append(now - due)
            else:
                self.refused[str(status)] = self.refused.get(str(status), 0) + 1

    async def open_loop(self) -> float:
        gaps = np.random.default_rng(self.load.seed)
        tasks, number = set(), 0
        start = due = time.perf_counter()
        while due - start < self.load.warm + self.load.seconds:
            due += gaps.exponential(1 / self.load.rate)
            if (pause := due - time.perf_counter()) > 0.003:
                await asyncio.sleep(pause - 0.002)  # the loop's clock has steps of a millisecond
            while time.perf_counter() < due:
                await asyncio.sleep(0)
            task = asyncio.create_task(self.one(number, due, due - start >= self.load.warm))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            number += 1
        if tasks:
            await asyncio.wait(set(tasks), timeout=20)
        return start + self.load.warm

    async def closed_loop(self) -> float:
        start = time.perf_counter()
        begin, end = start + self.load.warm, start + self.load.warm + self.load.seconds

        async def line(first: int) -> None:
            number = first
            while (now := time.perf_counter()) < end:
                await self.one(number, now, now >= begin)
                number += self.load.lines

        await asyncio.gather(*(line(first) for first in range(self.load.lines)))
        return begin


async def _drive(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    import aiohttp

    found = []
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(30)) as session:
        for place, settings in enumerate(asked["loads"]):
            load, folder = Load(**settings), Path(asked["folder"]) / str(place)
            bodies = [(folder / str(number)).read_bytes() for number in range(len(list(folder.iterdir())))]
            run = _Run(session, asked, load, bodies)
            begin = await (run.open_loop() if load.rate else run.closed_loop())
            span = max(run.last - begin, 0.0)
            found.append({"sent": run.sent, "seconds": run.seconds, "refused": run.refused, "span": span})
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_drive(json.load(sys.stdin)))))
