"""Kernels forked from one process: the same numbers, each its own chance, and a plain start where anything fails."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from lepton_nb.report import environment, forking, planning, run

pytestmark = pytest.mark.skipif(not forking.possible(), reason="kernels are forked on Linux alone")
ROOT = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def servers(tmp_path, heavy=False, threads=1):
    """Servers over the package as it lies there; their folder, their processes, the environment of their kernels."""
    kernel = environment.of_kernel(threads, tmp_path / "home", ROOT, tmp_path / "drawing")
    with forking.servers(tmp_path / "forks", kernel, heavy) as folder:
        yield folder, kernel


def server_processes(folder):
    """The servers, of which one is the other's child; kernels that they forked lead a group of their own."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # a kernel that has just ended
            if forking.__name__ in process.cmdline() and process.cwd() == str(folder):
                found.append(process)
    return [process for process in found if os.getpgid(process.pid) == found[0].pid]


def command(tmp_path, number=0):
    return [sys.executable, "-m", "ipykernel_launcher", "-f", str(tmp_path / f"{number}.json"), "--log-level=50"]


def fork(folder, kernel, tmp_path, number=0, name="light"):
    return forking.ask(folder / name, command(tmp_path, number), kernel, str(tmp_path))


def execute(project, name, **options):
    plan = planning.plan(project.client, project.folder / name, fresh=True, **options)
    outcomes = run.run(plan, 2)
    entries = {chapter: plan.places.store.find(outcome.key) for chapter, outcome in outcomes.items()}
    return outcomes, {chapter: json.loads(entry.record.read_text()) for chapter, entry in entries.items() if entry}


LOOK = """
import json, locale, os, pathlib, sys, time
import matplotlib, matplotlib.pyplot, numpy, pandas, sklearn
from threadpoolctl import threadpool_info
own = ("HOME", "USERPROFILE", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "KERAS_HOME", "MATPLOTLIBRC", "JPY_PARENT_PID")
here = os.getcwd()
seen = {
    "environment": {name: value for name, value in os.environ.items() if name not in own},
    "own": {name: os.path.relpath(os.environ[name], here) for name in own if name in os.environ and name[0] != "J"},
    "path": [part.replace(here, "") for part in sys.path], "program": sys.executable, "flags": list(sys.flags),
    "argv": [pathlib.Path(sys.argv[0]).name, *sys.argv[3:]], "zone": time.tzname, "locale": locale.getlocale(),
    "main": __name__, "backend": matplotlib.get_backend(),
    "rc": {name: str(value) for name, value in matplotlib.rcParams.items()},
    "threads": sorted((pool["user_api"], pool["num_threads"]) for pool in threadpool_info()),
    "package": __import__("lepton_nb").__file__, "group": os.getpgid(0) == os.getpid(),
    "stopped": str(__import__("signal").getsignal(2)), "input": os.readlink("/proc/self/fd/0").startswith("/dev/null"),
}
pathlib.Path({folder!r}, {name!r} + ".json").write_text(json.dumps(seen))
"""


def test_a_forked_kernel_sees_what_a_plain_one_sees(project, monkeypatch, tmp_path):
    for number, name in enumerate(("one", "two")):
        project.chapter(
            f"0{number}_{name}.ipynb", LOOK.replace("{folder!r}", repr(str(tmp_path))).replace("{name!r}", repr(name))
        )
    seen = {}
    for way in ("plain", "forked"):
        monkeypatch.setenv(forking.CHOICE, way)
        outcomes, _ = execute(project, way)
        assert {outcome.state for outcome in outcomes.values()} == {"completed"}, outcomes
        seen[way] = json.loads((tmp_path / "one.json").read_text())
        assert outcomes["one"].peak_memory_gib > 0.01
    plain, forked = seen["plain"], seen["forked"]
    plain.pop("input"), forked.pop("input")
    assert plain == forked


DRAWS = "import numpy as np\nx = float(np.random.default_rng(3).normal(size=1000).std())\nnp.random.seed(4)\ny = np.random.random()"


def test_records_are_those_of_a_plain_start(project, monkeypatch):
    project.chapter("01_one.ipynb", DRAWS, add="record.add('x', x, unit='1')\nrecord.add('y', y, unit='1')")
    project.chapter("02_two.ipynb", add="record.add('x', 2.5, unit='1')")
    found = {}
    for way in ("plain", "forked"):
        monkeypatch.setenv(forking.CHOICE, way)
        _, records = execute(project, "out")
        found[way] = {name: {k: v for k, v in record.items() if k != "seconds"} for name, record in records.items()}
    assert found["plain"] == found["forked"]
    assert found["plain"]["one"]["figures"]["x"]["value"] > 0.9


@pytest.mark.parametrize("heavy", [False, True])
def test_each_child_has_a_random_state_of_its_own(project, tmp_path, heavy):
    draw = (
        "import os, random, secrets, uuid, tempfile, numpy\n"
        "drawn = [random.random(), numpy.random.random(), float(numpy.random.default_rng().random()), secrets.token_hex(),\n"
        "         str(uuid.uuid4()), tempfile.mktemp()]\n"
    )
    draw += "drawn += [str(os.getpid())]\nassert 'lepton_nb.report.forking' in open('/proc/self/cmdline').read()\n"
    if heavy:
        draw += (
            "import keras, tensorflow\n"
            "drawn += [float(tensorflow.random.uniform([])), float(keras.random.uniform(())),\n"
            "          float(keras.initializers.GlorotUniform()((2, 2))[0, 0]), float(tensorflow.random.get_global_generator().uniform([]))]\n"
        )
    for number, name in enumerate("abc"):
        file = str(tmp_path / f"{name}.json")
        project.chapter(
            f"0{number}_{name}.ipynb", f"{draw}import json\nopen({file!r}, 'w').write(json.dumps(drawn))", limit=300
        )
    outcomes, _ = execute(project, "out")
    assert {outcome.state for outcome in outcomes.values()} == {"completed"}, outcomes
    drawn = [json.loads((tmp_path / f"{name}.json").read_text()) for name in "abc"]
    for values in zip(*drawn, strict=True):
        assert len(set(values)) == 3, values


def test_a_chapter_outlives_its_server_and_the_next_one_is_started_plainly(project):
    # The first two have the server as their parent; one of them kills it and both go on.
    project.chapter(
        "01_kills.ipynb", "import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(1)\n1 + 1"
    )
    project.chapter("02_after.ipynb", "import os\nparent = os.getppid()", needs=["kills"])
    outcomes, records = execute(project, "out")
    assert {name: outcome.state for name, outcome in outcomes.items()} == {"kills": "completed", "after": "completed"}
    assert set(records) == {"kills", "after"}


def test_what_a_server_cannot_give_is_none(tmp_path):
    with servers(tmp_path) as (folder, kernel):
        assert fork(folder, kernel | {"OMP_NUM_THREADS": "3"}, tmp_path) is None
        assert fork(folder, kernel | {"PYTHONPATH": "/elsewhere"}, tmp_path) is None
        assert fork(folder, kernel, tmp_path / "missing") is None
        assert forking.ask(folder / "light", ["/usr/bin/other", *command(tmp_path)[1:]], kernel, str(tmp_path)) is None
        assert forking.ask(folder / "light", [sys.executable, "-m", "else"], kernel, str(tmp_path)) is None
        assert forking.ask(folder / "none", command(tmp_path), kernel, str(tmp_path)) is None
    assert fork(folder, kernel, tmp_path) is None


def test_a_server_with_more_than_one_thread_does_not_fork(tmp_path):
    with servers(tmp_path, threads=2) as (folder, kernel):
        found = fork(folder, kernel, tmp_path)
        (process,) = server_processes(folder)
        if process.num_threads() == 1:
            pytest.skip("this build of NumPy starts no threads of its own")
        assert found is None


def test_on_another_system_and_on_request_there_is_no_server(tmp_path, monkeypatch):
    monkeypatch.setenv(forking.CHOICE, "plain")
    with servers(tmp_path) as (folder, _):
        assert folder is None
    monkeypatch.delenv(forking.CHOICE)
    monkeypatch.setattr(sys, "platform", "darwin")
    with servers(tmp_path) as (folder, _):
        assert folder is None


def test_a_kernel_ends_with_the_process_that_asked_for_it_and_on_every_signal(tmp_path):
    with servers(tmp_path) as (folder, kernel):
        left, killed, ended = (fork(folder, kernel, tmp_path, number) for number in range(3))
        assert left.poll() is None and psutil.Process(left.pid).cwd() == str(tmp_path)
        process = psutil.Process(left.pid)
        left.line.close()
        process.wait(20)
        killed.kill()
        assert killed.wait(20) == 1 and killed.poll() == 1
        ended.terminate()
        assert ended.wait(20) == 1
        ended.kill()  # of what is over, nothing
        (server,) = server_processes(folder)
    server.wait(20)


def test_a_hundred_forks_leave_the_memory_flat_and_no_process(tmp_path):
    with servers(tmp_path) as (folder, kernel):
        memory = []
        for number in range(100):
            child = fork(folder, kernel, tmp_path, number)
            child.kill()
            child.wait(20)
            if number % 20 == 19:
                (server,) = server_processes(folder)
                memory.append(server.memory_info().rss / 2**20)
        assert memory[-1] - memory[0] < 4, memory
        until = time.monotonic() + 20
        while server.children() and time.monotonic() < until:
            time.sleep(0.2)
        assert not server.children()
        assert server.num_fds() < 12


def test_the_server_with_tensorflow_has_computed_nothing_and_has_no_thread(tmp_path):
    with servers(tmp_path, heavy=True) as (folder, kernel):
        child = fork(folder, kernel, tmp_path, name="heavy")
        assert child is not None
        parents = [p for p in server_processes(folder) if p.pid != child.pid]
        heavy = psutil.Process(child.pid).parent()
        assert heavy in parents and any("tensorflow" in part.path for part in heavy.memory_maps())
        assert [process.num_threads() for process in parents] == [1, 1]
        child.kill()
        child.wait(20)


def test_a_run_leaves_no_server_behind(project):
    for number, name in enumerate("ab"):
        project.chapter(f"0{number}_{name}.ipynb")
    execute(project, "out")
    assert not [p for p in psutil.Process().children(recursive=True) if forking.__name__ in p.cmdline()]
    assert not list((project.folder / ".lepton" / "run").glob("*/"))


def test_an_interrupted_cell_of_a_forked_kernel_goes_on(tmp_path):
    import asyncio

    async def interrupt(manager):
        kernels = manager(kernel_name="python3")
        await kernels.start_kernel(extra_arguments=["--IPKernelApp.log_level=ERROR"])
        client = kernels.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=60)
            client.execute("import time\nprint('on', flush=True)\ntime.sleep(300)")
            while (await client.get_iopub_msg(timeout=60))["msg_type"] != "stream":
                pass
            await kernels.interrupt_kernel()
            answer = await client.get_shell_msg(timeout=60)
            while answer["msg_type"] != "execute_reply":
                answer = await client.get_shell_msg(timeout=60)
            return answer["content"], await kernels.is_alive()
        finally:
            client.stop_channels()
            await kernels.shutdown_kernel(now=True)

    with servers(tmp_path) as (folder, kernel):
        manager = forking.kernels_in(kernel, folder / "light")
        content, alive = asyncio.run(interrupt(manager))
        assert manager.forked == [True]
    assert content["ename"] == "KeyboardInterrupt" and alive
    with contextlib.suppress(ProcessLookupError):
        os.kill(manager.processes[0], signal.SIGKILL)
        pytest.fail("the kernel is still there")
