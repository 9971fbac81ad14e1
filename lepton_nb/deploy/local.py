"""A service on this machine for as long as it is needed: started, asked and ended by who needs it."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

#: Seconds that a service may take to start.
PATIENCE = 60.0


def cores() -> tuple[int, int] | None:
    """Two processor cores, for the service and for who asks it; None where the system or the machine gives no choice."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    free = sorted(os.sched_getaffinity(0))
    return (free[0], free[-1]) if len(free) > 1 else None


def on_core(process: subprocess.Popen, core: int | None) -> None:
    """Keep a process that has just begun on one core."""
    if core is not None:
        os.sched_setaffinity(process.pid, {core})


@contextlib.contextmanager
def this_thread(core: int | None) -> Iterator[None]:
    """This thread on one core for a while; None: wherever it is."""
    before = os.sched_getaffinity(0) if core is not None else set()
    try:
        if core is not None:
            os.sched_setaffinity(0, {core})
        yield
    finally:
        if core is not None:
            os.sched_setaffinity(0, before)


@contextlib.contextmanager
def service(path: str | Path, *options: str, core: int | None = None) -> Iterator[str]:
    """``lepton-nb serve`` at a free port of 127.0.0.1; gives its address. core: the only one that it may use.

    Raises RuntimeError with what it said where it does not start.
    """
    command = [sys.executable, "-m", "lepton_nb.cli", "serve", str(path), "--port", "0", "--with-input", *options]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    on_core(process, core)
    said: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_listen, args=(process, said), daemon=True)
    reader.start()
    try:
        yield _address(said)
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        process.stdout.close()


def _listen(process: subprocess.Popen, said: queue.Queue[str]) -> None:
    for line in process.stdout:
        said.put(line)
    said.put("")


def _address(said: queue.Queue[str]) -> str:
    lines = []
    while True:
        try:
            line = said.get(timeout=PATIENCE)
        except queue.Empty:
            line = ""
        lines.append(line)
        if found := re.search(r"http://\S+:\d+", line):
            return found[0]
        if not line:
            raise RuntimeError(f"lepton-nb serve did not start: {''.join(lines).strip() or 'it said nothing'}")
