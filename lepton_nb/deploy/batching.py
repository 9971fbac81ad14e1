"""Requests that wait go through the model together: what came while one batch was computed is the next one."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Limits:
    """What a service takes on. Beyond it a request is refused at once, so that those in line are still answered."""

    batch: int = 32  # rows that go through the model together; a larger request goes alone
    wait: float = 0.0  # seconds that a request waits for company while the model is idle
    rows: int = 1024  # of one request
    line: int = 256  # requests in line
    body: int = 16 * 2**20  # bytes of one request
    seconds: float = 10.0  # in line, before a request is given up


class Busy(Exception):
    """The line is full."""


@dataclass
class _Asked:
    """A request in line: inputs by name, how many rows, where the answer goes."""

    inputs: Mapping[str, np.ndarray]
    rows: int
    answer: asyncio.Future

    @property
    def form(self) -> tuple:
        """What must be equal for rows to go through the model together."""
        return tuple((name, values.shape[1:], values.dtype) for name, values in self.inputs.items())


class Batcher:
    """One line, one model at work. run: inputs by name → outputs, each with an entry a row.

    done: told rows and seconds of each batch. Start it inside a running loop with :meth:`start`.
    """

    def __init__(
        self, run: Callable[[Mapping[str, np.ndarray]], list], limits: Limits, done: Callable[[int, float], None]
    ):
        self.limits, self._run, self._done = limits, run, done
        self._line: deque[_Asked] = deque()
        self._filled = asyncio.Event()
        self._pool = ThreadPoolExecutor(1, "model")
        self._task: asyncio.Task | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._work())

    def stop(self) -> None:
        """Give up what waits, and end."""
        if self._task:
            self._task.cancel()
        for asked in self._line:
            asked.answer.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """Requests in line."""
        return len(self._line)

    async def ask(self, inputs: Mapping[str, np.ndarray], rows: int) -> list[Any]:
        """The outputs for these rows. Raises Busy, TimeoutError, and what the model raises."""
        if len(self._line) >= self.limits.line:
            raise Busy
        asked = _Asked(inputs, rows, asyncio.get_running_loop().create_future())
        self._line.append(asked)
        self._filled.set()
        async with asyncio.timeout(self.limits.seconds):
            return await asked.answer

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._filled.wait()
            if self.limits.wait and sum(asked.rows for asked in self._line) < self.limits.batch:
                await asyncio.sleep(self.limits.wait)
            batch = self._next()
            if batch:
                await loop.run_in_executor(self._pool, self._compute, batch, loop)
            if not self._line:
                self._filled.clear()

    def _next(self) -> list[_Asked]:
        """The first requests in line that fit together; those that nobody waits for any more are dropped."""
        batch: list[_Asked] = []
        rows = 0
        while self._line:
            asked = self._line[0]
            if not asked.answer.done():
                if batch and (rows + asked.rows > self.limits.batch or asked.form != batch[0].form):
                    break
                batch.append(asked)
                rows += asked.rows
            self._line.popleft()
        return batch

    def _compute(self, batch: list[_Asked], loop: asyncio.AbstractEventLoop) -> None:
        """In the model's thread: a batch through the model; where it fails, each request alone."""
        start = time.perf_counter()
        try:
            answers = self._together(batch)
        except Exception:
            answers = [self._alone(asked) for asked in batch]
        seconds = time.perf_counter() - start
        loop.call_soon_threadsafe(self._hand_out, batch, answers, seconds)

    def _together(self, batch: list[_Asked]) -> list:
        if len(batch) == 1:
            return [self._run(batch[0].inputs)]
        names = batch[0].inputs
        outputs = self._run({name: np.concatenate([asked.inputs[name] for asked in batch]) for name in names})
        ends = np.cumsum([asked.rows for asked in batch])
        return [[output[end - asked.rows : end] for output in outputs] for asked, end in zip(batch, ends, strict=True)]

    def _alone(self, asked: _Asked) -> Any:
        try:
            return self._run(asked.inputs)
        except Exception as error:
            return error

    def _hand_out(self, batch: list[_Asked], answers: list, seconds: float) -> None:
        self._done(sum(asked.rows for asked in batch), seconds)
        for asked, answer in zip(batch, answers, strict=True):
            if asked.answer.done():
                continue
            if isinstance(answer, Exception):
                asked.answer.set_exception(answer)
            else:
                asked.answer.set_result(answer)
