"""The engine on real kernels, real Papermill and a real Dask cluster of two worker processes."""

from __future__ import annotations

import json
import os

import pytest

from lepton_nb.report import planning, run
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


def test_chapters_run_side_by_side_in_two_processes_and_are_reused(project):
    # Each waits until the other has begun: they finish only if both run at the same time.
    meet = (
        "import os, time, pathlib\n"
        f"folder = pathlib.Path({str(project.folder)!r})\n"
        "(folder / {me!r}).write_text(str(os.getppid()))\n"
        "while not (folder / {other!r}).exists(): time.sleep(0.05)"
    )
    project.chapter("01_one.ipynb", meet.format(me="one", other="two"), limit=50)
    project.chapter("02_two.ipynb", meet.format(me="two", other="one"), limit=50)
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
