"""A Dask cluster by its address: a real scheduler and two workers, one of them killed, and clusters that are not there."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from test_batch import chapters, clients, figures
from typer.testing import CliRunner

from lepton_nb import cli
from lepton_nb.report import batch, clusters, planning, run

DASK = Path(sys.executable).parent / "dask"


class Cluster:
    """Processes of `dask scheduler` and `dask worker` on this machine."""

    def __init__(self, folder: Path):
        self.folder, self.processes = folder, []
        self.environment = os.environ | {
            "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
            "DASK_TEMPORARY_DIRECTORY": str(folder),
        }
        file = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--dashboard-address", "127.0.0.1:0",
            "--scheduler-file", str(file),
        )  # fmt: skip
        until = time.monotonic() + 100
        while time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError):
                self.address = json.loads(file.read_text(encoding="utf-8"))["address"]
                break
            time.sleep(0.1)

    def _start(self, *words: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [DASK, *words], env=self.environment, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.processes.append(process)
        return process

    def worker(self, *words: str) -> subprocess.Popen:
        return self._start("worker", self.address, "--host", "127.0.0.1", "--no-dashboard", "--nthreads", "1", *words)

    def end(self) -> None:
        for process in reversed(self.processes):
            kill(process)
            process.wait(20)


@pytest.fixture
def cluster(tmp_path_factory, project):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.end()


def kill(started: subprocess.Popen) -> None:
    """A process and all that it started, at once, as when a machine is switched off."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(started.pid)
        for part in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                part.kill()


def test_a_worker_killed_midway_costs_nothing_but_time(project, cluster):
    executed = chapters(project, public="import time\ntime.sleep(6)")
    made = clients(project, one="0.2", two="0.21", three="0.22")
    first, second = cluster.worker(), cluster.worker()
    out = project.folder / "all"
    said = []

    import threading

    def strike():
        until = time.monotonic() + 100
        while not executed() and time.monotonic() < until:
            time.sleep(0.1)
        # The chapter of the book sleeps on one of the two: that one is killed.
        state = [process for process in (first, second) if holds_chapter(project, process)]
        said.append(len(state))
        kill(state[0] if state else first)

    thread = threading.Thread(target=strike)
    thread.start()
    rows = batch.batch(made, batch.Options(out), 2, cluster.address)
    thread.join()
    assert [row.state for row in rows] == ["published"] * 3, [row.sentences for row in rows]
    assert said == [1]
    assert executed() == 2, "begun again on the other worker"
    for folder in made:
        plan = planning.plan(folder, project.folder / "single" / folder.name, fresh=True)
        run.report(plan, 1)
        assert figures(out / folder.name) == figures(plan.out)


def holds_chapter(project, worker: subprocess.Popen) -> bool:
    """Whether a worker works in a chapter's folder: Papermill changes the working folder of its process."""
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(worker.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "/book-" in process.cwd():
                    return True
    return False


def test_one_report_on_a_cluster_is_that_of_this_machine(project, cluster):
    chapters(project)
    cluster.worker()
    answer = CliRunner().invoke(
        cli.app, ["report", str(project.client), "--out", str(project.folder / "there"), "--scheduler", cluster.address]
    )
    assert answer.exit_code == 0, answer.output
    plan = planning.plan(project.client, project.folder / "here", fresh=True)
    run.report(plan, 1)
    assert figures(project.folder / "there") == figures(plan.out)


def test_a_cluster_that_is_not_there_or_has_no_worker_is_told_in_a_sentence(project, cluster, monkeypatch):
    monkeypatch.setattr(clusters, "PATIENCE", 2.0)
    chapters(project)
    for address, phrase in (
        (cluster.address, "has no worker"),
        ("tcp://127.0.0.1:9", "no Dask scheduler answers"),
        ("nonsense://", "no Dask scheduler answers"),
    ):
        for words in (["report", str(project.client)], ["batch", str(project.client)]):
            out = project.folder / "there" / words[0]
            answer = CliRunner().invoke(cli.app, [*words, "--out", str(out), "--scheduler", address])
            assert answer.exit_code == 2, answer.output
            assert phrase in answer.output and "Traceback" not in answer.output
            assert (
                not list(out.rglob("clients.json"))
                and not list(out.rglob("site"))
                and not list(out.rglob("running.json"))
            )


def test_a_cluster_whose_workers_differ_is_refused(project, cluster, monkeypatch):
    chapters(project)
    cluster.environment["CUDA_VISIBLE_DEVICES"] = "7"
    cluster.worker()
    answer = CliRunner().invoke(cli.app, ["report", str(project.client), "--scheduler", cluster.address])
    assert answer.exit_code == 2 and "differs in environment" in answer.output, answer.output


@pytest.mark.parametrize("what", ["scheduler", "workers"])
def test_a_cluster_that_goes_away_is_told_in_a_sentence_and_nothing_is_half_written(project, cluster, what):
    executed = chapters(project, public="import time\ntime.sleep(60)")
    worker = cluster.worker()
    out = project.folder / "there"
    code = (
        "import sys\nfrom lepton_nb.report import clusters\nclusters.PATIENCE = 3.0\n"
        "from lepton_nb import cli\ncli.main()"
    )
    words = [
        sys.executable,
        "-c",
        code,
        "batch",
        str(project.client),
        "--out",
        str(out),
        "--scheduler",
        cluster.address,
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until = time.monotonic() + 100
    while not executed() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    kill(worker if what == "workers" else cluster.scheduler)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 1 and "The cluster went away" in said, said
    assert "Traceback" not in said
    (report,) = [folder for folder in out.iterdir() if folder.is_dir()]
    assert not (report / "site").exists() and not (report / "running.json").exists()
    assert not list((project.folder / ".lepton" / "run").glob("*/"))
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
