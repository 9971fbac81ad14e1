"""The command on machines that are not as one would like: every failure is a sentence and the right exit code."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from lepton_nb.report import cleaning, placing, planning, publish, run, store

ROOT = Path(__file__).resolve().parent.parent


def command(project, *words, **options):
    """The command in a small project, by this interpreter; its output with single spaces."""
    environment = os.environ | {"LEPTON_PROJECT": str(project.folder), "PYTHONPATH": str(ROOT)}
    environment |= options.pop("environment", {})
    done = subprocess.run(
        [sys.executable, "-m", "lepton_nb.cli", *map(str, words)],
        cwd=project.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=300,
        **options,
    )
    done.text = re.sub(r"\s+", " ", done.stdout.decode("utf-8", errors="replace"))
    assert "Traceback" not in done.text, done.text
    return done


def only(project, *words, **options):
    return command(project, "report", project.client, "--only", "one", "--out", "out", *words, **options)


@pytest.fixture
def two(project):
    project.chapter("01_one.ipynb", add="record.add('x', factor, unit='1')")
    project.chapter("02_two.ipynb", "import time\ntime.sleep(0)")
    return project


def test_a_clone_on_a_machine_without_git_gives_a_report(two, tmp_path):
    (two.folder / ".git").mkdir()
    empty = tmp_path / "bin"
    empty.mkdir()
    done = only(two, environment={"PATH": str(empty)})
    assert done.returncode == 0, done.text


@pytest.mark.parametrize(
    ("words", "environment", "remedy"),
    [
        (["--out", "{file}"], {}, "give another --out"),
        (["--out", "{file}/below"], {}, "give another --out"),
        (["--out", "/proc/nowhere"], {}, "give another --out"),
        ([], {"LEPTON_STATE": "{file}"}, "set LEPTON_STATE"),
        ([], {"LEPTON_STATE": "/proc/nowhere"}, "set LEPTON_STATE"),
    ],
)
def test_a_folder_that_cannot_be_written_is_named_before_anything_is_executed(two, words, environment, remedy):
    file = two.folder / "file"
    file.write_text("")
    words = [word.format(file=file) for word in words]
    done = only(two, *words, environment={k: v.format(file=file) for k, v in environment.items()})
    assert done.returncode == 2
    assert "cannot be written" in done.text and remedy in done.text


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(two):
    (two.folder / "out").mkdir(mode=0o500)
    done = only(two)
    assert done.returncode == 2 and "cannot be written" in done.text


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "cp437"])
def test_a_pipe_without_the_signs_of_numbers_gets_plain_ones(two, encoding):
    text = (two.client / "client.yml").read_text("utf-8")
    (two.client / "client.yml").write_text(text.replace("risk_free: 0.026", "risk_free: 2.6"), encoding="utf-8")
    for words in (["check", two.client], ["report", two.client]):
        done = command(two, *words, environment={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
        assert done.returncode == 2 and "problem" in done.text


def test_signs_that_an_encoding_lacks_become_the_nearest_plain_ones(monkeypatch, capsysbinary):
    code = "from lepton_nb import cli; cli.app = lambda **_: print('−1\\u202f234 → 5 × ü … Ж'); cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONIOENCODING": "ascii"}, stdout=subprocess.PIPE, check=True
    )
    assert done.stdout.split() == b"-1 234 -> 5 x u ... ?".split()


def test_settings_that_nothing_would_use_are_refused(two):
    for setting in ("two.factor=3", "one.client_folder=/etc", "one.factor=-1", "one.factor=1e999"):
        done = only(two, "--set", setting)
        assert done.returncode == 2, setting
    assert not (two.folder / "out").exists()


def is_kernel(process: psutil.Process) -> bool:
    """Whether a process is a kernel: started on its own, or forked from one that has the libraries imported."""
    with suppress(psutil.Error):
        words, above = (" ".join(one.cmdline()) for one in (process, process.parent()))
        return "ipykernel" in words or ("report.forking" in words and "report.forking" in above)
    return False


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.parametrize("chapters", [1, 2])
def test_a_run_that_is_told_to_end_says_a_word_and_leaves_nothing_running(project, name, chapters):
    for number in range(chapters):
        project.chapter(f"0{number}_wait{number}.ipynb", "import time\ntime.sleep(300)", limit=400)
    running = subprocess.Popen(
        [sys.executable, "-m", "lepton_nb.cli", "report", str(project.client), "--out", "out"],
        cwd=project.folder,
        env=os.environ | {"LEPTON_PROJECT": str(project.folder), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    mine = psutil.Process(running.pid)
    end = time.monotonic() + 120
    while not any(map(is_kernel, mine.children(recursive=True))):
        assert time.monotonic() < end and running.poll() is None
        time.sleep(0.2)
    children = mine.children(recursive=True)
    running.send_signal(getattr(signal, name))
    said, _ = running.communicate(timeout=120)
    assert running.returncode == 128 + getattr(signal, name)
    assert ("Interrupted." if name == "SIGINT" else f"Ended by {name}.") in said
    assert "Traceback" not in said
    psutil.wait_procs(children, timeout=20)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert cleaning.dead_runs(project.folder / ".lepton") == []


# The report moves whole.


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def made(project):
    plan = planning.plan(project.client, project.folder / "out")
    return run.report(plan, 1)


@pytest.fixture
def finished(project):
    """A small report that stands, and a second version of one chapter ready to be executed."""
    project.chapter("01_one.ipynb", add="record.add('x', 1, unit='1')")
    project.chapter("02_two.ipynb", "print('two')", needs=["one"])
    made(project)
    project.chapter("01_one.ipynb", "print('new')", add="record.add('x', 2, unit='1')")
    return project


def test_a_report_moves_into_place_whole_or_not_at_all(finished, monkeypatch):
    out = finished.folder / "out"
    before = tree(out)
    assert ".nojekyll" in {path.name for path in (out / "site").iterdir()}

    def fails(*_, **__):
        raise publish.PublishError("no")

    def full(*_, **__):
        raise OSError(28, "No space left on device", "x")

    renames = []

    def interrupted(source, target, real=os.rename):
        renames.append(target)
        if len(renames) == 4:
            raise KeyboardInterrupt
        real(source, target)

    for where, name, instead, error in (
        (publish, "_build", fails, publish.PublishError),
        (run.workbook, "write", full, OSError),
        (run.publish, "lay_out", full, OSError),
        (placing.os, "rename", interrupted, KeyboardInterrupt),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(where, name, instead)
            with pytest.raises(error):
                made(finished)
        assert tree(out) == before, name
        assert {path.name for path in out.iterdir()} == {*(name.split("/")[0] for name in before), ".lock"}
    changed = made(finished)["pages_changed"]
    assert "notebooks/01_one" in changed
    after = tree(out)
    assert after["site/notebooks/01_one.html"] != before["site/notebooks/01_one.html"]
    assert b'"value": 2' in after["results/one.json"] and b'"value": 2' in after["results.json"]

    # A page, a record or the workbook that is gone or altered is noticed, and nothing is executed for it.
    assert made(finished)["pages_changed"] == []
    for name in ("site/notebooks/02_two.html", "results/one.json", "workbook.xlsx", "site/_static/lepton.css"):
        for harm in (Path.unlink, lambda path: path.write_text("other")):
            harm(out / name)
            again = made(finished)
            assert {line["state"] for line in again["chapters"]} == {"reused"}
            assert tree(out).keys() == after.keys()
            if name != "workbook.xlsx":
                assert (out / name).read_bytes() == after[name], name


def test_a_record_of_another_run_than_the_ledgers_is_not_put_on_record(finished):
    from lepton_nb.report.record import RecordProblem, record

    plan = planning.plan(finished.client, finished.folder / "out", profile="full", only=["one"])
    run.report(plan, 1)
    file = plan.out / "results" / "one.json"
    file.write_text(file.read_text().replace('"value": 2', '"value": 3'))
    with pytest.raises(RecordProblem, match="not that of the run in its ledger"):
        record(plan.out, ["one"])


# What is left behind.


def test_clean_drops_what_is_safe_and_says_what_it_keeps(two):
    state = two.folder / ".lepton"
    assert only(two).returncode == 0
    (entry,) = (folder for folder in (state / "store").glob("??/*"))
    dead = state / "run" / "123-dead"
    dead.mkdir()
    (dead / "file").write_bytes(b"x" * 200_000)
    half = entry.with_name(".part-x")
    half.mkdir()
    os.utime(half, (0, 0))
    lost = state / "stage" / "abc"
    lost.mkdir(parents=True)
    (lost / "report.txt").write_text(str(two.folder / "gone"))
    unfinished = state / "unfinished" / "key"
    unfinished.mkdir(parents=True)
    (unfinished / "weights").write_bytes(b"x" * 300_000)

    said = command(two, "clean", "--dry-run")
    assert said.returncode == 0 and "0.2 MB" in said.text and "would go" in said.text and dead.exists()
    said = command(two, "clean")
    assert said.returncode == 0 and "0.2 MB freed" in said.text, said.text
    assert not any(path.exists() for path in (dead, half, lost))
    assert entry.exists() and unfinished.exists()
    command(two, "clean", "--unfinished")
    assert not unfinished.exists() and entry.exists()
    command(two, "clean", "--unused", "1")
    assert entry.exists()
    os.utime(entry / "about.json", (0, 0))
    command(two, "clean", "--unused", "1")
    assert not entry.exists()
    assert only(two).returncode == 0
    (entry,) = (folder for folder in (state / "store").glob("??/*"))
    (entry / "record.json").write_text("{}")
    assert "damaged" in command(two, "clean").text
    assert not entry.exists()
    assert (two.folder / "out" / "results" / "one.json").is_file()


def test_clean_waits_for_a_living_run_and_the_next_run_sweeps_a_dead_one(two, tmp_path):
    state = tmp_path / "state"
    with cleaning.run_folder(state) as folder:
        code = f"from lepton_nb.report import cleaning; print(cleaning.dead_runs(__import__('pathlib').Path({str(state)!r})))"
        dead = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert dead.strip() == "[]"
        done = command(two, "clean", "--everything", environment={"LEPTON_STATE": str(state)})
        assert done.returncode == 2 and "Another run" in done.text
    assert not folder.exists()
    killed = (
        "import os, pathlib, sys; from lepton_nb.report import cleaning\n"
        f"with cleaning.run_folder(pathlib.Path({str(state)!r})) as folder:\n"
        "    (folder / 'file').write_text('x'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", killed], check=False)
    assert len(cleaning.dead_runs(state)) == 1
    with cleaning.run_folder(state) as folder:
        assert [path for path in (state / "run").iterdir() if path.is_dir()] == [folder]


def test_entries_of_another_version_of_the_store_do_not_stop_anything(two):
    assert only(two).returncode == 0
    (entry,) = (folder for folder in (two.folder / ".lepton" / "store").glob("??/*"))
    (entry / "about.json").write_text('{"seconds": 1.0, "executed_at": "now"}')
    assert store.Store(two.folder / ".lepton" / "store").find(entry.name) is None
    done = only(two)
    assert done.returncode == 0 and "executed again" in done.text
    shutil.rmtree(two.folder / "out")


def test_each_page_of_the_book_leads_to_its_notebook_as_it_is_beside_the_site(finished):
    out = finished.folder / "out"
    for name in ("01_one", "02_two"):
        page = (out / "site" / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
        assert f'<a href="{name}.ipynb" download>' in page
        assert (out / "site" / "notebooks" / f"{name}.ipynb").samefile(out / "notebooks" / f"{name}.ipynb")


REFUSES = """
class NotUsable(ValueError):
    pass
raise NotUsable("model.onnx: the score of test row 0 is 3117.1, outside 0..1.")
"""


def test_what_a_client_brought_that_cannot_be_used_is_its_sentence_and_code_2(project):
    project.chapter("01_case.ipynb", REFUSES)
    project.chapter("02_broken.ipynb", "import os\nos._exit(3)")
    done = command(project, "report", project.client, "--out", "there", "--only", "case")
    assert done.returncode == 2, done.text
    assert "case: model.onnx: the score of test row 0 is 3117.1, outside 0..1. No new report" in done.text
    assert "NotUsable" not in done.text and "--->" not in done.text
    both = command(project, "report", project.client, "--out", "there", "--only", "case", "--only", "broken")
    assert both.returncode == 1 and "the kernel ended by itself" in both.text


def test_a_scheduler_that_nobody_asks_is_named(project):
    project.chapter("01_first.ipynb", "1")
    words = ("report", project.client, "--out", "there", "--only", "first")
    assert command(project, *words).returncode == 0
    again = command(project, *words, "--scheduler", "tcp://127.0.0.1:9")
    assert again.returncode == 0 and "nothing was executed: tcp://127.0.0.1:9 was not asked" in again.text
