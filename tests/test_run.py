"""The engine on real kernels, real Papermill and a real Dask cluster of two worker processes."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from conftest import PARAMETERS
from PIL import Image

from lepton_nb import client, paths
from lepton_nb.report import clusters, contents, forking, planning, run, snapshot, store, workers
from lepton_nb.report.chapters import ChapterProblem


def execute(project, jobs=2, **options):
    """Plan and run; what happened by chapter, and all that ``watch`` was told."""
    events = []
    plan = planning.plan(project.client, project.folder / "out", **options)
    return run.run(plan, jobs, events.append), events


def states(outcomes):
    return {name: outcome.state for name, outcome in outcomes.items()}


def ledger(project):
    return json.loads((project.folder / "out" / "ledger.json").read_text(encoding="utf-8"))


def test_chapters_run_side_by_side_in_two_processes_and_are_reused(project, monkeypatch):
    # Each waits until the other has begun: they finish only if both run at the same time.
    meet = (
        "import os, time, pathlib\n"
        f"folder = pathlib.Path({str(project.folder)!r})\n"
        "(folder / {me!r}).write_text(str(os.getppid()))\n"
        "while not (folder / {other!r}).exists(): time.sleep(0.05)"
    )
    project.chapter("01_one.ipynb", meet.format(me="one", other="two"), limit=50)
    project.chapter("02_two.ipynb", meet.format(me="two", other="one"), limit=50)
    monkeypatch.setenv(forking.CHOICE, "plain")
    outcomes, events = execute(project)
    assert states(outcomes) == {"one": "completed", "two": "completed"}
    parents = {(project.folder / name).read_text() for name in ("one", "two")}
    assert len(parents) == 2
    assert any("executing, cell" in event["state"] for event in events)
    assert states(execute(project)[0]) == {"one": "reused", "two": "reused"}
    assert states(execute(project, fresh=True)[0]) == {"one": "completed", "two": "completed"}


def test_short_chapters_do_not_wait_behind_a_long_one(project):
    folder = f"import time, pathlib\nfolder = pathlib.Path({str(project.folder)!r})\n"
    wait = "while not ((folder / 'b').exists() and (folder / 'c').exists()): time.sleep(0.05)\ntime.sleep(8)"
    project.chapter("01_a.ipynb", folder + wait, limit=120)
    for number, name in enumerate("bc"):
        project.chapter(f"1{number}_{name}.ipynb", folder + f"(folder / {name!r}).touch()", limit=110)
    outcomes, events = execute(project)
    assert set(states(outcomes).values()) == {"completed"}
    assert [event["chapter"] for event in events if "seconds" in event][-1] == "a"


def test_error_timeout_and_dead_kernel_are_told_apart_and_what_finished_is_kept(project):
    project.chapter("01_good.ipynb", add="record.add('x', factor * 21, unit='1')")
    project.chapter("02_raises.ipynb", "def inner():\n    return 1 / 0\n\ninner()")
    project.chapter("03_hangs.ipynb", "import time\ntime.sleep(600)", limit=40)
    project.chapter("04_dies.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    project.chapter("05_waits.ipynb", needs=["raises"])
    outcomes, _ = execute(project)
    assert states(outcomes) == {
        "good": "completed",
        "raises": "failed",
        "hangs": "timed out",
        "dies": "kernel died",
        "waits": "not run",
    }
    error = outcomes["raises"].error
    assert error["message"] == "ZeroDivisionError: division by zero"
    assert "inner()" in error["source"]
    assert any("ZeroDivisionError" in line for line in error["traceback"])
    assert "40 s" in outcomes["hangs"].error["message"]
    assert outcomes["hangs"].seconds < 120
    assert "raises" in outcomes["waits"].error["message"]
    lines = {line["chapter"]: line["state"] for line in ledger(project)["chapters"]}
    assert lines == states(outcomes)

    # The next run resumes: only what did not finish is executed again.
    project.chapter("02_raises.ipynb", "1 / 1")
    project.chapter("03_hangs.ipynb", "1", limit=40)
    project.chapter("04_dies.ipynb", "1")
    assert states(execute(project)[0]) == {
        "good": "reused",
        "raises": "completed",
        "hangs": "completed",
        "dies": "completed",
        "waits": "completed",
    }


def test_a_chapter_without_a_record_has_failed(project):
    path = project.chapter("01_silent.ipynb")
    notebook = json.loads(path.read_text())
    notebook["cells"].pop()
    path.write_text(json.dumps(notebook))
    outcomes, _ = execute(project, jobs=1)
    assert outcomes["silent"].state == "failed"
    assert "without saving its record" in outcomes["silent"].error["message"]


def test_only_what_depends_on_a_change_is_executed(project):
    project.chapter("01_rates.ipynb", reads=["tax"], add="record.add('rate', 0.3, unit='share')")
    project.chapter("02_names.ipynb", reads=["assets"])
    project.chapter("03_reader.ipynb", needs=["rates"])
    assert set(states(execute(project)[0]).values()) == {"completed"}
    file = project.client / "client.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("tax: {rate: 0.30", "tax: {rate: 0.29"), encoding="utf-8")
    outcomes, _ = execute(project)
    # The record of "rates" came out the same, so its reader need not be executed.
    assert states(outcomes) == {"rates": "completed", "names": "reused", "reader": "reused"}
    file.write_text(file.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")
    assert set(states(execute(project)[0]).values()) == {"reused"}


def test_records_reach_the_chapters_that_need_them_and_no_path_enters_a_notebook(project):
    project.chapter("01_first.ipynb", add="record.add('x', factor * 21, unit='1')")
    project.chapter(
        "02_second.ipynb",
        "from lepton_nb import results\nx = results.need('first', results_folder)['x'].value\nprint(x)",
        add="record.add('y', x + 1, unit='1')",
        needs=["first"],
    )
    plan = planning.plan(project.client, project.folder / "out", settings={"first": {"factor": 3}})
    outcomes = run.run(plan, 1)
    entry = plan.places.store.find(outcomes["second"].key)
    assert json.loads(entry.record.read_text())["figures"]["y"]["value"] == 64
    for outcome in outcomes.values():
        text = plan.places.store.find(outcome.key).notebook.read_text()
        assert str(project.folder) not in text
        assert os.environ.get("HOME", "/root") not in text


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"settings": {"first": {"factr": 3}}}, 'Did you mean "factor"'),
        ({"settings": {"first": {"factor": "three"}}}, "must be int"),
        ({"settings": {"first": {"factor": True}}}, "must be int"),
        ({"settings": {"fist": {"factor": 3}}}, 'Did you mean "first"'),
        ({"only": ["frist"]}, 'Did you mean "first"'),
        ({"profile": "fast"}, "quick, full"),
    ],
)
def test_wrong_names_and_types_are_refused_before_a_kernel_starts(project, options, phrase):
    project.chapter("01_first.ipynb")
    with pytest.raises(ChapterProblem, match=phrase):
        planning.plan(project.client, project.folder / "out", **options)
    assert not (project.folder / "out").exists()


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"parameters": "factor = 2"}, "name: type = literal"),
        ({"parameters": "factor: int = 1 + 1"}, "not a literal"),
        ({"parameters": "factor: complex = 2"}, "not one of"),
        ({"parameters": "factor: int = 'two'"}, "must be int"),
        ({"full": {"factr": 3}}, "no parameter 'factr'"),
        ({"needs": ["other"]}, "_toc.yml does not list"),
        ({"needs": ["first"]}, "circle"),
        ({"limit": 0}, "limit_seconds"),
    ],
)
def test_a_chapter_that_breaks_the_form_is_refused(project, options, phrase):
    project.chapter("01_first.ipynb", **options)
    with pytest.raises(ChapterProblem, match=phrase):
        planning.plan(project.client, project.folder / "out")


def test_only_runs_a_chapter_with_what_it_needs(project):
    for number, (name, needs) in enumerate([("a", []), ("b", ["a"]), ("c", ["b"]), ("d", [])]):
        project.chapter(f"0{number}_{name}.ipynb", needs=needs)
    plan = planning.plan(project.client, project.folder / "out", only=["b"])
    assert [task.chapter.name for task in plan.tasks] == ["a", "b"]
    assert not plan.whole


RATE = "from lepton_nb import client\nrate = client.load(client_folder).tax.rate"


def test_what_is_executed_is_what_was_planned_although_the_client_is_edited_meanwhile(project):
    file = project.client / "client.yml"
    edit = (
        "from pathlib import Path\n"
        f"file = Path({str(file)!r})\n"
        "file.write_text(file.read_text('utf-8').replace('tax: {rate: 0.30', 'tax: {rate: 0.10'), 'utf-8')"
    )
    project.chapter("01_edits.ipynb", edit)
    project.chapter(
        "02_reads.ipynb", RATE, reads=["tax"], needs=["edits"], add="record.add('rate', rate, unit='share')"
    )
    before = file.read_text("utf-8")
    rates = {}
    for name in ("planned with 0.30", "planned with 0.10", "0.30 again"):
        if name == "0.30 again":
            file.write_text(before, encoding="utf-8")
        plan = planning.plan(project.client, project.folder / "out")
        outcomes = run.run(plan, 1)
        record = plan.places.store.find(outcomes["reads"].key).record
        rates[name] = json.loads(record.read_text())["figures"]["rate"]["value"]
    assert rates == {"planned with 0.30": 0.3, "planned with 0.10": 0.1, "0.30 again": 0.3}


@pytest.mark.parametrize("what", ["client.yml", "a new file", "a file gone", "recorded run", "package"])
def test_an_edit_between_plan_and_run_is_refused_before_anything_is_executed(project, monkeypatch, tmp_path, what):
    package = tmp_path / "copy" / "lepton_nb"
    shutil.copytree(store.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(store, "PACKAGE", package)
    monkeypatch.setattr(snapshot, "PACKAGE", package)
    project.chapter("01_reads.ipynb", RATE, "from lepton_nb import results\nresults.recorded('mnist')", reads=["tax"])
    plan = planning.plan(project.client, project.folder / "out")
    edited = {
        "client.yml": project.client / "client.yml",
        "a new file": project.client / "new.csv",
        "a file gone": project.client / "usage.csv",
        "recorded run": project.folder / "book" / "measured" / "mnist.json",
        "package": package / "results.py",
    }[what]
    if what == "a file gone":
        edited.unlink()
    else:
        edited.write_text((edited.read_text("utf-8") if edited.exists() else "") + "\n", encoding="utf-8")
    with pytest.raises(snapshot.Changed, match=f"{edited.name} was changed after it had been read"):
        run.run(plan, 1)
    assert not list((project.folder / ".lepton" / "store").glob("*/*"))
    assert states(execute(project, jobs=1)[0]) == {"reads": "completed"}


def test_a_notebook_edited_after_the_plan_is_executed_as_it_was_planned(project):
    path = project.chapter("01_one.ipynb", add="record.add('x', 1, unit='1')")
    plan = planning.plan(project.client, project.folder / "out")
    path.write_text(path.read_text().replace("'x', 1", "'x', 2"))
    outcomes = run.run(plan, 1)
    record = json.loads(plan.places.store.find(outcomes["one"].key).record.read_text())
    assert record["figures"]["x"]["value"] == 1
    assert states(execute(project)[0]) == {"one": "completed"}


def test_a_data_file_edited_during_a_chapter_keeps_it_out_of_the_store(project):
    data = project.folder / "numbers.bin"
    data.write_bytes(b"1")
    project.chapter("01_reads.ipynb", f"open({str(data)!r}, 'wb').write(b'2')")
    plan = planning.plan(project.client, project.folder / "out")
    task = dataclasses.replace(plan.tasks[0], files={str(data): contents.signature(data)})
    outcomes = run.run(dataclasses.replace(plan, tasks=(task,)), 1)
    assert outcomes["reads"].state == "failed"
    assert "numbers.bin was changed while the chapter was executed" in outcomes["reads"].error["message"]
    assert not list((project.folder / ".lepton" / "store").glob("*/*"))


@pytest.mark.parametrize(
    ("cell", "phrase"),
    [
        ("import sys\nsys.exit()", "SystemExit"),
        ("import sys\nsys.exit(0)", "SystemExit 0"),
        ("raise SystemExit", "SystemExit"),
        ("import sys\nsys.exit('enough')", "SystemExit"),
    ],
)
def test_an_exit_before_the_last_cell_is_no_completion(project, cell, phrase):
    save = "from lepton_nb import results\nresults.Record('one', profile).save(results_folder)"
    project.chapter("01_one.ipynb", save, cell)
    outcomes, _ = execute(project, jobs=1)
    assert outcomes["one"].state == "failed"
    assert phrase in outcomes["one"].error["message"]


@pytest.mark.parametrize(
    ("written", "phrase"),
    [
        ('{"schema": 1}', "'chapter' is missing"),
        ("{", "is no JSON"),
        ("[]", "names no schema"),
        ('{"schema": 2}', "schema 2"),
        ('{"schema": 1, "chapter": "other", "profile": "quick", "figures": {}, "tables": {}, "data": [], "seconds": {}}',
         "is the record of chapter 'other'"),
        ('{"schema": 1, "chapter": "one", "profile": "full", "figures": {}, "tables": {}, "data": [], "seconds": {}}',
         "is the record of profile 'full'"),
        ('{"schema": 1, "chapter": "one", "profile": "quick", "figures": [], "tables": {}, "data": [], "seconds": {}}',
         "'figures' must be dict"),
        ('{"schema": 1, "chapter": "one", "profile": "quick", "figures": {"x": {"value": 1}}, "tables": {}, "data": [], '
         '"seconds": {}}', "figure 'x'"),
        ('{"schema": 1, "chapter": "one", "profile": "quick", "figures": {}, "tables": {}, "data": [{}], "seconds": {}}',
         "a data set has not the parts"),
    ],
)  # fmt: skip
def test_a_chapter_that_leaves_no_whole_record_has_failed(project, written, phrase):
    write = f"from pathlib import Path\nPath(results_folder, 'one.json').write_text({written!r})"
    path = project.chapter("01_one.ipynb", write)
    notebook = json.loads(path.read_text())
    notebook["cells"].pop()
    path.write_text(json.dumps(notebook))
    outcomes, _ = execute(project, jobs=1)
    assert outcomes["one"].state == "failed"
    assert phrase in outcomes["one"].error["message"]


def test_a_damaged_entry_is_executed_again_and_the_ledger_says_so(project):
    project.chapter("01_one.ipynb", add="record.add('x', 1, unit='1')")
    execute(project)
    (record,) = (project.folder / ".lepton" / "store").glob("*/*/record.json")
    record.write_text(record.read_text().replace('"value": 1', '"value": 7'))
    outcomes, _ = execute(project)
    assert states(outcomes) == {"one": "completed"}
    assert "record.json is not as it was kept" in ledger(project)["chapters"][0]["note"]
    assert json.loads(record.read_text())["figures"]["x"]["value"] == 1
    assert states(execute(project)[0]) == {"one": "reused"}
    assert ledger(project)["chapters"][0]["note"] == ""


def test_a_kernel_lives_in_an_environment_of_its_own(project, monkeypatch, tmp_path):
    """Whatever a user has set for himself: files in the home, and variables."""
    home = tmp_path / "home"
    for file, text in {
        ".keras/keras.json": '{"floatx": "float16", "backend": "torch"}',
        ".config/matplotlib/matplotlibrc": "text.usetex: True",
        ".ipython/profile_default/startup/00.py": "startup = 1",
        ".ipython/profile_default/ipython_kernel_config.py": "c.InteractiveShell.ast_node_interactivity = 'all'",
    }.items():
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text(text)
    own = {"HOME": str(home), "KERAS_BACKEND": "torch", "KERAS_HOME": str(home / ".keras"), "TZ": "Asia/Tokyo",
           "LC_ALL": "C", "LANG": "C", "MPLBACKEND": "TkAgg", "MATPLOTLIBRC": str(home / ".config" / "matplotlib"),
           "PYTHONSTARTUP": str(home / "x.py"), "PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "LEPTON_DATA": "/x",
           "LEPTON_PROJECT": str(project.folder), "TF_ENABLE_ONEDNN_OPTS": "0", "OMP_NUM_THREADS": "7"}  # fmt: skip
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    look = (
        "import json, os, sys, time, locale, pathlib\n"
        "import matplotlib, matplotlib.pyplot, lepton_nb\n"
        "seen = {'usetex': matplotlib.rcParams['text.usetex'], 'startup': 'startup' in globals(), 'zone': time.tzname[0],\n"
        "        'encoding': locale.getpreferredencoding(False).lower(), 'optimize': sys.flags.optimize,\n"
        "        'keras': os.path.exists(os.path.join(os.environ['KERAS_HOME'], 'keras.json')),\n"
        "        'package': pathlib.Path(lepton_nb.__file__).parts[-5:-3] == ('.lepton', 'project'),\n"
        "        'backend': matplotlib.get_backend(), 'environment': dict(os.environ)}\n"
        f"pathlib.Path({str(tmp_path / 'seen.json')!r}).write_text(json.dumps(seen))"
    )
    project.chapter("01_looks.ipynb", look)
    assert states(execute(project, jobs=1)[0]) == {"looks": "completed"}
    seen = json.loads((tmp_path / "seen.json").read_text())
    inside = seen.pop("environment")
    backend = seen.pop("backend")
    assert seen == {"usetex": False, "startup": False, "zone": "UTC", "encoding": "utf-8", "optimize": 0,
                    "keras": False, "package": True}  # fmt: skip
    assert "inline" in backend
    for name, value in own.items():
        assert inside.get(name) != value, name
    assert inside["KERAS_BACKEND"] == "tensorflow" and inside["OMP_NUM_THREADS"] == "1"
    for name in ("LEPTON_DATA", "LEPTON_PROJECT", "TF_ENABLE_ONEDNN_OPTS", "PYTHONWARNINGS"):
        assert name not in inside


def test_a_chapter_sees_only_the_data_sets_that_it_declares(project, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "mnist.npz").write_bytes(b"x")
    parameters = 'profile: str = "quick"\nresults_folder: str = ""\ndata_folder: str = ""\n'
    project.chapter(
        "01_one.ipynb",
        "import os\nassert os.listdir(data_folder) == [], os.listdir(data_folder)",
        parameters=parameters,
    )
    assert states(execute(project, jobs=1, data=data)[0]) == {"one": "completed"}


def test_a_worker_that_hangs_does_not_hold_the_run_past_its_limit(project, monkeypatch):
    monkeypatch.setattr(workers, "GRACE_SECONDS", 5)
    monkeypatch.setenv(forking.CHOICE, "plain")  # the kernel's parent is its worker
    stop = "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(600)"
    project.chapter("01_stops.ipynb", stop, limit=25)
    project.chapter("02_good.ipynb", limit=100)
    started = time.monotonic()
    outcomes, _ = execute(project)
    assert states(outcomes) == {"stops": "timed out", "good": "completed"}
    assert "did not answer" in outcomes["stops"].error["message"]
    assert time.monotonic() - started < 100


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"only": ["second"], "settings": {"first": {"factor": 3}}}, "leaves the chapter out"),
        ({"settings": {"first": {"client_folder": "/etc"}}}, "use CLIENT"),
        ({"settings": {"first": {"results_folder": "/etc"}}}, "leave it out"),
        ({"settings": {"first": {"resume_folder": "/etc"}}}, "leave it out"),
        ({"settings": {"first": {"profile": "full"}}}, "use --profile"),
        ({"settings": {"first": {"factor": -1}}}, "at least 0"),
        ({"settings": {"first": {"factor": 2**64}}}, "at most"),
        ({"settings": {"first": {"seed": -1}}}, "at least 0"),
        ({"settings": {"first": {"seed": 2**32}}}, "below"),
        ({"settings": {"first": {"rate": float("inf")}}}, "finite"),
        ({"settings": {"first": {"rate": float("nan")}}}, "finite"),
        ({"settings": {"first": {"rate": 10**400}}}, "finite"),
        ({"settings": {"first": {"rate": -0.1}}}, "at least 0"),
        ({"settings": {"first": {"steps": [1.0, float("inf")]}}}, "finite"),
    ],
)
def test_settings_that_nothing_would_use_or_that_no_chapter_can_take_are_refused(project, options, phrase):
    parameters = (
        PARAMETERS
        + "seed: int = 0\nrate: float = 0.1\nshift: float = -1.0\nsteps: list = [1.0]\nresume_folder: str = ''"
    )
    project.chapter("01_first.ipynb", parameters=parameters)
    project.chapter("02_second.ipynb")
    with pytest.raises(ChapterProblem, match=phrase):
        planning.plan(project.client, project.folder / "out", **options)
    planning.plan(project.client, project.folder / "out", settings={"first": {"shift": -3, "rate": 1, "seed": 5}})


def test_an_altered_copy_of_the_package_is_made_again_and_one_of_the_same_code_is_used_again(project):
    project.chapter("01_one.ipynb", "from lepton_nb import results")
    execute(project, jobs=1)
    (copy,) = (project.folder / ".lepton" / "project").iterdir()
    inode = (copy / "lepton_nb").stat().st_ino
    assert list((copy / "lepton_nb" / "__pycache__").glob("results.*.pyc"))
    execute(project, jobs=1, fresh=True)
    assert (copy / "lepton_nb").stat().st_ino == inode
    (copy / "lepton_nb" / "results.py").write_text("1 / 0")
    assert states(execute(project, jobs=1, fresh=True)[0]) == {"one": "completed"}
    assert [path.name for path in (project.folder / ".lepton" / "project").iterdir()] == [copy.name]


@pytest.mark.parametrize("name", ["logo.png", "brand/logo.jpg"])
def test_kernels_can_read_a_client_with_a_logo_wherever_it_lies(tmp_path, name):
    company = tmp_path / "company"
    shutil.copytree(paths.project() / "clients" / "manufacturer", company)
    (company / name).parent.mkdir(exist_ok=True)
    with Image.open(paths.project() / "clients" / "retailer" / "logo.png") as logo:
        logo.convert("RGB").save(company / name)
    settings = (company / "client.yml").read_text(encoding="utf-8")
    (company / "client.yml").write_text(f"{settings}\nbranding: {{logo: {name}}}\n", encoding="utf-8")
    _, seen = planning._client(company)
    snapshot._copy_client(company, seen, tmp_path / "copy")
    assert client.check(tmp_path / "copy").client is not None


def test_two_runs_never_execute_the_same_chapter_at_once_and_the_second_reuses(project):
    import threading

    count = project.folder / "count"
    count.mkdir()
    slow = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(count)!r}, str(os.getpid())).touch()\n"
        f"while not pathlib.Path({str(project.folder / 'go')!r}).exists(): time.sleep(0.1)"
    )
    project.chapter("01_slow.ipynb", slow, limit=100)
    plans = [planning.plan(project.client, project.folder / f"out{number}") for number in range(2)]
    found, told = {}, []

    def second():
        # In a process of its own, as another command would be: Papermill changes the working folder.
        code = (
            "import sys, json\nfrom pathlib import Path\nfrom lepton_nb.report import planning, run\n"
            "plan = planning.plan(Path(sys.argv[1]), Path(sys.argv[2]))\n"
            "outcomes = run.run(plan, 1, lambda event: print(event['state'], flush=True))\n"
        )
        words = [sys.executable, "-c", code, str(project.client), str(project.folder / "out1")]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                told.append(line.strip())
                if "waiting for another run" in line:
                    (project.folder / "go").touch()

    def watch(event):
        if event["state"].startswith("executing, cell 2") and not other.is_alive():
            other.start()

    other = threading.Thread(target=second)
    found = run.run(plans[0], 1, watch)
    other.join()
    assert states(found) == {"slow": "completed"}
    assert told[0] == "waiting for another run that executes it" and told[-1] == "reused", told
    assert len(list(count.iterdir())) == 1


@pytest.mark.parametrize("answer", [None, {}])
def test_a_scheduler_that_does_not_see_its_workers_for_a_moment_loses_no_chapter(project, monkeypatch, answer):
    asked, ask = [], clusters.workers

    def forgetful(client):
        asked.append(time.monotonic())
        # From the third question on nothing is seen, for two seconds.
        return answer if len(asked) > 3 and asked[-1] - asked[3] < 2 else ask(client)

    monkeypatch.setattr(clusters, "workers", forgetful)
    project.chapter("01_one.ipynb", "import time\ntime.sleep(6)")
    project.chapter("02_two.ipynb", "import time\ntime.sleep(6)")
    assert states(execute(project)[0]) == {"one": "completed", "two": "completed"}
    assert asked[-1] - asked[3] > 2
