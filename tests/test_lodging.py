"""Where a report may go, and what a command says of paths: no report takes the place of anything else."""

from __future__ import annotations

import json
import os
import shlex
import subprocess

import pytest
from typer.testing import CliRunner

from lepton_nb import cli, cli_endings
from lepton_nb.client.cells import Draws
from lepton_nb.report import chapters, cleaning, ledger, lodging, planning, run, writing

RUNNER = CliRunner()


@pytest.fixture
def one(project):
    project.chapter("01_one.ipynb", add="record.add('x', factor, unit='1')")
    project.chapter("02_two.ipynb")
    return project


def standing(out, name, file="manifest.json"):
    """A folder as a report of a client of that name leaves it."""
    (out / "results").mkdir(parents=True)
    (out / "results" / "one.json").write_text('{"x": 1}')
    made = {"client": {"name": name}, "chapters": []}
    writing.write_json(out / file, made | ({"files": ledger.files(out)} if file == "manifest.json" else {}))
    return out


def refused(plan):
    before = {path: path.read_bytes() for path in plan.out.rglob("*") if path.is_file()} if plan.out != "/" else {}
    with pytest.raises(lodging.NoPlace) as stop:
        run.check_folders(plan)
    assert before == {path: path.read_bytes() for path in plan.out.rglob("*") if path.is_file()}
    return str(stop.value)


@pytest.mark.parametrize("file", ["manifest.json", "ledger.json", "running.json"])
@pytest.mark.parametrize("only", [[], ["one"]])
def test_the_report_of_another_client_is_never_replaced(one, file, only):
    out = standing(one.folder / "reports" / "sample", "Another Company", file)
    said = refused(planning.plan(one.client, only=only))
    assert "Another Company" in said and "--out" in said
    done = RUNNER.invoke(cli.app, ["report", str(one.client), *[f"--only={name}" for name in only]])
    assert done.exit_code == 2 and "Another Company" in done.stdout
    assert json.loads((out / "results" / "one.json").read_text()) == {"x": 1}


def test_a_client_that_moved_or_was_renamed_is_the_same_client(one, tmp_path):
    name = planning.plan(one.client).client.client.name
    standing(one.folder / "out", name)
    moved = one.client.rename(one.folder / "moved")
    run.check_folders(planning.plan(moved, one.folder / "out"))
    lodging.note(planning.plan(moved, one.folder / "out"))
    text = (moved / "client.yml").read_text("utf-8")
    (moved / "client.yml").write_text(text.replace(name, "New Name AG"), encoding="utf-8")
    run.check_folders(planning.plan(moved, one.folder / "out"))
    moved.rename(one.folder / "elsewhere")
    assert "not of New Name AG" in refused(planning.plan(one.folder / "elsewhere", one.folder / "out"))


def test_a_few_chapters_go_beside_a_finished_report_whose_digests_still_hold(one):
    name = planning.plan(one.client).client.client.name
    out = standing(one.folder / "out", name)
    plan = planning.plan(one.client, out, only=["one"])
    assert plan.out == out / "only"
    run.check_folders(plan)
    done = RUNNER.invoke(cli.app, ["report", str(one.client), "--out", "out", "--only", "one"])
    assert done.exit_code == 0 and "out/only; the report in out stays as it is" in done.stdout, done.stdout
    assert (out / "only" / "results" / "one.json").is_file()
    assert json.loads((out / "manifest.json").read_text())["files"] == ledger.files(out)
    assert planning.plan(one.client, one.folder / "new", only=["one"]).out == one.folder / "new"


def test_a_report_does_not_go_over_what_is_no_report(one, monkeypatch, tmp_path_factory):
    full = one.folder / "photographs"
    full.mkdir()
    (full / "beach.jpg").write_text("x")
    data = tmp_path_factory.mktemp("data")
    for out, phrase in (
        (full, "beach.jpg"),
        (one.client, "own folder"),
        (one.client.parent, "holds the client"),
        (one.folder, "client"),
        (one.folder / ".lepton", "LEPTON_STATE"),
        (one.folder / ".lepton" / "store", "LEPTON_STATE"),
        (data, "--data"),
    ):
        said = refused(planning.plan(one.client, out, data=data))
        assert phrase in said and "--out" in said
    with pytest.raises(lodging.NoPlace, match="root"):
        lodging.check(planning.plan(one.client, one.folder.__class__(os.sep)))
    for good in ("new", "empty"):
        (one.folder / "empty").mkdir(exist_ok=True)
        run.check_folders(planning.plan(one.client, one.folder / good))
    (one.folder / "empty" / ".lock").write_text("")  # of a run that was stopped at once
    run.check_folders(planning.plan(one.client, one.folder / "empty"))


@pytest.mark.parametrize("words", [["clean"], ["clean", "--dry-run"], ["clean", "--everything"]])
def test_clean_announces_nothing_while_a_run_lives(one, words):
    state = one.folder / ".lepton"
    lost = state / "stage" / "abc"
    lost.mkdir(parents=True)
    with cleaning.run_folder(state):
        done = RUNNER.invoke(cli.app, words)
    assert done.exit_code == 2 and done.stdout.startswith("Another run holds") and lost.exists()
    assert "dropped" not in done.stdout and "would go" not in done.stdout and "gone" not in done.stdout


def test_a_run_holds_the_state_while_it_publishes_and_its_build_folder_is_known(one, monkeypatch):
    plan = planning.plan(one.client, one.folder / "out")
    seen = []

    def look(*_):
        with pytest.raises(cleaning.Timeout):
            cleaning.check_unused(plan.places.state)
        seen.extend(kind.folders for kind in cleaning.look(plan.places.state) if "gone" in kind.words)

    monkeypatch.setattr(run, "run", lambda *_: {})
    monkeypatch.setattr(run, "_publish", look)
    run.report(plan)
    assert seen == [()] and lodging.stage(plan.out, plan.places.state).is_dir()
    cleaning.check_unused(plan.places.state)


@pytest.mark.parametrize(
    ("name", "default", "value", "good"),
    [
        ("draws", 0, 999_999_999_999, False),
        ("draws", 0, 1_000_001, False),
        ("draws", 0, 999, False),
        ("draws", 0, 0, True),
        ("draws", 0, 1_000, True),
        ("draws", 0, 1_000_000, True),
        ("draws", 8192, 0, False),
        ("most_draws", 65536, 10**9, False),
        ("epochs", 3, 10**12, False),
        ("units", 3, 64, True),
        ("seed", 0, 2**32 - 1, True),
    ],
)
def test_counts_that_no_machine_could_take_are_refused_when_planned(name, default, value, good):
    parameter = chapters.Parameter(name, "int", default, "draws of the simulation")
    if good:
        assert parameter.accept("value", value) == value
    else:
        with pytest.raises(chapters.ChapterProblem, match=r"\n?value: parameter .* must be [^\n]*$"):
            parameter.accept("value", value)


def test_a_command_takes_the_draws_that_a_client_file_takes():
    said = f"from {chapters.FEWEST_DRAWS} to {chapters.MOST_DRAWS}"
    assert said in Draws.__metadata__[-1]


@pytest.mark.parametrize(
    "words",
    [["check", ""], ["report", ""], ["report", " "], ["new", ""], ["compare", "", "x"], ["report", "--out", ""],
     ["report", "--data", ""], ["book", "--out", ""], ["record", "", "x"]],
)  # fmt: skip
def test_an_empty_path_is_refused_and_means_no_folder(one, words):
    done = RUNNER.invoke(cli.app, words)
    assert done.exit_code == 2 and "is empty" in done.output


def test_a_client_that_is_not_found_names_the_folder_one_stands_in(one):
    done = RUNNER.invoke(cli.app, ["check", "clients/sampel"])
    assert done.exit_code == 2 and f"looked for from {one.folder}" in done.stdout.replace("\n", "")


@pytest.mark.parametrize("name", ["my client", "black & white", "it's"])
def test_the_command_that_new_prints_can_be_pasted(one, name):
    done = RUNNER.invoke(cli.app, ["new", name, "--like", "sample"])
    line = done.stdout.partition("then: ")[2]
    assert shlex.split(line) == ["lepton-nb", "check", name], done.stdout


def test_make_hands_a_client_with_blanks_over_as_one_word():
    made = (lodging.paths.BUNDLED.parent.parent / "Makefile").read_text()
    assert 'report "$(CLIENT)"' in made
    done = subprocess.run(
        ["make", "-n", "-o", ".venv/.ready", "report", "CLIENT=my & client"],
        cwd=lodging.paths.BUNDLED.parent.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 'lepton-nb report "my & client"' in done.stdout


def test_help_shows_choices_and_defaults():
    said = RUNNER.invoke(cli.app, ["report", "--help"]).stdout
    assert "quick|full" in said and "folded|shown|none" in said
    assert "build/book" in RUNNER.invoke(cli.app, ["book", "--help"]).stdout
    assert [cli_endings.counted(number, "note") for number in (0, 1, 2)] == ["0 notes", "1 note", "2 notes"]


def test_no_report_is_said_to_stay_where_none_stood(one):
    one.chapter("01_one.ipynb", "raise ValueError('no')")
    done = RUNNER.invoke(cli.app, ["report", str(one.client), "--out", "out", "--jobs", "1"])
    assert done.exit_code == 1 and "No new report. The next run" in done.stdout, done.stdout
