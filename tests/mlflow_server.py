"""A real MLflow server on 127.0.0.1 for a test, in an environment of its own that is made once from its lock."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "constraints-mlflow.txt"
RUNS = Path(__file__).resolve().parent / "mlflow_runs.py"
INSTALL_SECONDS, START_SECONDS, LOG_SECONDS = 170, 240, 300
#: Quiet, without reports to anybody, without workers that outlive the server.
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_DB_SDK": "false",
}


def interpreter(cache: Path) -> Path:
    """The Python of MLflow's own environment below ``cache``; it is made where it is missing. Skips where it cannot be."""
    key = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache / key
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    with FileLock(cache / f"{key}.lock"):
        if not (folder / "ready").is_file():
            install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]
            install += ["--no-deps", "--no-compile", "--only-binary", ":all:", "--requirement", LOCK]
            try:
                for command in ([sys.executable, "-m", "venv", "--clear", folder], install):
                    subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
            except subprocess.TimeoutExpired:
                pytest.skip(f"MLflow's environment was not there after {INSTALL_SECONDS} s: run the tests again later.")
            except (subprocess.CalledProcessError, OSError) as problem:
                said = (getattr(problem, "stderr", "") or str(problem)).strip().splitlines()
                pytest.skip(f"MLflow cannot be installed here ({said[-1] if said else 'no reason given'}).")
            (folder / "ready").touch()
    return python


@contextmanager
def server(python: Path, folder: Path) -> Iterator[str]:
    """A server with SQLite in ``folder``; its address. It ends with the block, and all that it started with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "./artifacts"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | SETTINGS, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(address, process, folder / "server.log")
            yield address
        finally:
            if os.name == "nt":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(address: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text(errors="replace")[-3000:]
            time.sleep(0.5)
    pytest.fail(f"MLflow's server did not answer in {START_SECONDS} s: {log.read_text(errors='replace')[-3000:]}")


def logged(python: Path, address: str, keras_file: Path) -> None:
    """Runs and models of ``mlflow_runs.py``, by MLflow's own client."""
    done = subprocess.run(
        [python, RUNS, address, keras_file],
        env=os.environ | SETTINGS,
        capture_output=True,
        text=True,
        timeout=LOG_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-3000:]
