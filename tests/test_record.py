"""Full runs on record, and chapters that are continued where they were interrupted."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lepton_nb import paths, results
from lepton_nb.page import render
from lepton_nb.report import planning, run, sphinx_lepton
from lepton_nb.report.record import RecordProblem, record

ADD = "record.add('right', 0.25 * factor, unit='fraction', low=0.2, high=0.75, interval='95 % Wilson', n=8, seed=0)"
RESUMES = 'profile: str = "quick"\nresults_folder: str = ""\nresume_folder: str = ""\n'

MEASURED = Path(__file__).resolve().parent.parent / "book" / "measured"


def execute(project, **options):
    """Execute the chapter ``digits`` only, so that no site is built."""
    project.chapter("09_other.ipynb")
    plan = planning.plan(project.client, project.folder / "out", only=["digits"], **options)
    return plan, run.report(plan, 1)["chapters"][0]


def test_a_full_run_goes_on_record_with_all_that_repeats_it(project):
    project.chapter("01_digits.ipynb", add=ADD + "\nrecord.seconds['training'] = 12.3", full={"factor": 1})
    execute(project, profile="full", settings={"digits": {"factor": 3}})
    (path,) = record(project.folder / "out", ["digits"])
    assert path == project.folder / "book" / "measured" / "digits.json"
    found = results.recorded("digits")
    assert found["right"].value == 0.75
    assert found.made["command"] == (
        "lepton-nb report --profile full --data FOLDER --only digits --set digits.factor=3"
    )
    assert found.made["cores"] >= 1 and found.made["versions"]["keras"] and found.made["seeds"] == [0]
    assert found.made["peak_memory_gib"] > 0.01
    assert sphinx_lepton.measured("digits", "right") == render.percent(0.75, 2)
    assert sphinx_lepton.measured("digits", "right", "range") == "20.00\u202f% to 75.00\u202f%"
    assert sphinx_lepton.measured("digits", "seconds.training") == "12\u202fs"


@pytest.mark.parametrize("name", ["wrong", "seconds.wrong"])
def test_a_figure_that_no_record_holds_is_an_error(project, name):
    project.chapter("01_digits.ipynb", add=ADD)
    execute(project, profile="full")
    record(project.folder / "out", ["digits"])
    with pytest.raises(LookupError):
        sphinx_lepton.measured("digits", name)
    with pytest.raises(LookupError, match="no recorded run"):
        sphinx_lepton.measured("nothing", name)


@pytest.mark.parametrize(
    ("profile", "add", "phrase"),
    [
        ("quick", ADD, "profile quick"),
        ("full", "record.data.append(dict(name='mnist', stand_in=True, source='', sha256=''))", "stand-ins: mnist"),
        ("full", "1 / 0", "state failed"),
    ],
)
def test_only_finished_full_runs_on_real_data_go_on_record(project, profile, add, phrase):
    project.chapter("01_digits.ipynb", add=add)
    execute(project, profile=profile)
    with pytest.raises(RecordProblem, match=phrase):
        record(project.folder / "out", ["digits"])
    assert results.recorded("digits") is None


def test_a_folder_without_a_run_and_an_unknown_chapter_are_refused(project):
    project.chapter("01_digits.ipynb", add=ADD)
    with pytest.raises(RecordProblem, match=r"ledger\.json"):
        record(project.folder, ["digits"])
    execute(project, profile="full")
    with pytest.raises(RecordProblem, match="no chapter 'digit'; there are digits"):
        record(project.folder / "out", ["digits", "digit"])
    assert not (project.folder / "book" / "measured" / "digits.json").exists()


def test_a_chapter_that_shows_a_record_is_executed_again_when_the_record_changes(project):
    project.chapter("01_digits.ipynb", 'from lepton_nb import results\nresults.recorded("digits")', add=ADD)
    execute(project, profile="full")
    assert execute(project, profile="full")[1]["state"] == "reused"
    record(project.folder / "out", ["digits"])
    file = project.folder / "book" / "measured" / "digits.json"
    plan = planning.plan(project.client, project.folder / "out", profile="full")
    before = plan.tasks[0].key({})
    content = json.loads(file.read_text("utf-8"))
    content["figures"]["right"]["value"] = 0.4
    other = file.with_name("other.json")
    other.write_text(json.dumps(content), "utf-8")
    other.replace(file)
    assert plan.tasks[0].key({}) == before  # of what was planned
    assert planning.plan(project.client, project.folder / "out", profile="full").tasks[0].key({}) != before


def test_figures_stand_beside_those_on_record(project):
    here = results.Record("digits")
    here.add("right", 0.5, "fraction", low=0.4, high=0.6, interval="95 % Wilson", n=96)
    here.seconds["training"] = 2.0
    names = {"right": "Right answers", "training": "Training", "missing": "Missing"}
    alone = str(render.beside(here, None, names))
    assert "No full run on real data is on record" in alone and "50.00" in alone
    del names["training"], names["missing"]
    there = results.Record("digits", "full", made={"date": "2026-01-01", "cores": 2, "processor": "P",
                                                   "revision": "abc", "command": "again"})  # fmt: skip
    there.add("right", 0.75, "fraction")
    both = str(render.beside(here, there, names))
    assert "75.00" in both and "Again: again" in both


def test_a_page_that_asks_a_record_for_a_name_it_does_not_hold_is_an_error_and_shows_no_dash():
    here, there = results.Record("digits"), results.Record("digits", "full")
    there.add("right", 0.75, "fraction")
    with pytest.raises(LookupError, match="'digits' has no figure 'wrong'"):
        render.beside(here, there, {"right": "Right answers", "wrong": "Wrong answers"})


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [(0.0, "fraction", "0 %"), (0.00001, "fraction", "below 0.01 %"), (0.0, "Wh", "0 Wh"), (0.0001, "Wh", "0.0001 Wh")],
)
def test_nothing_on_record_is_told_as_zero_with_decimals(value, unit, told):
    here = results.Record("digits")
    here.add("share", value, unit, low=value, high=1.0, interval="95 % Wilson")
    here.seconds["training"] = 0.04
    shown = str(render.beside(here, None, {"share": "Share", "training": "Training"})).replace("\u202f", " ")
    assert f">{told}<" in shown and f"{told} to " in shown and "0.04 s" in shown


DRAW = (
    "from lepton_nb.page import plots\n"
    "figure, axis = plots.axes()\n"
    "axis.plot([1, 2, 4])\n"
    "plots.show(figure, 'Right & \"wrong\" < 4.', 'digits-curves')"
)


def test_the_drawings_that_a_chapter_declares_go_on_record_and_stand_beside_later_runs(project):
    project.chapter("01_digits.ipynb", DRAW, add=ADD, pictures=["digits-curves"])
    execute(project, profile="full")
    record(project.folder / "out", ["digits"])
    file = project.folder / "book" / "measured" / "digits-curves.svg"
    assert ElementTree.fromstring(file.read_text("utf-8")).tag.endswith("svg")
    there = results.recorded("digits")
    (picture,) = there.made["pictures"]
    assert picture["caption"] == 'Right & "wrong" < 4.'
    assert picture["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    shown = str(render.beside(results.Record("digits"), there, {"right": "Right answers"}))
    assert "Recorded run. Right &amp; &quot;wrong&quot; &lt; 4." in shown
    assert render.drawings(shown)["recorded-digits-curves"][0] == file.read_text("utf-8")


def test_a_declared_drawing_that_was_not_made_is_refused(project):
    project.chapter("01_digits.ipynb", DRAW, add=ADD, pictures=["digits-curves", "digits-lengths"])
    execute(project, profile="full")
    with pytest.raises(RecordProblem, match=r"declares the picture 'digits-lengths'.* it has digits-curves"):
        record(project.folder / "out", ["digits"])
    assert not list((project.folder / "book" / "measured").glob("digits*"))


def test_a_report_whose_executed_notebook_is_gone_is_refused(project):
    project.chapter("01_digits.ipynb", add=ADD)
    execute(project, profile="full")
    (project.folder / "out" / "notebooks" / "01_digits.ipynb").unlink()
    with pytest.raises(RecordProblem, match=r"01_digits\.ipynb is not there"):
        record(project.folder / "out", ["digits"])


def test_drawings_on_record_are_those_that_the_records_name():
    folder = paths.measured("any").parent
    named = [
        picture
        for file in folder.glob("*.json")
        for picture in json.loads(file.read_text("utf-8"))["made"].get("pictures", ())
    ]
    assert named and {picture["file"] for picture in named} == {file.name for file in folder.glob("*.svg")}
    for picture in named:
        assert hashlib.sha256((folder / picture["file"]).read_bytes()).hexdigest() == picture["sha256"]


def test_an_interrupted_chapter_continues_and_leaves_no_half_record(project):
    step = (
        "from pathlib import Path\n"
        "kept = Path(resume_folder) / 'epoch.txt'\n"
        "begun = int(kept.read_text()) if kept.is_file() else 0\n"
        "for epoch in range(begun, 4):\n"
        "    kept.write_text(str(epoch + 1))\n"
        f"    if epoch == 1 and not Path({str(project.folder / 'go')!r}).exists():\n"
        "        import os, signal\n"
        "        os.kill(os.getpid(), signal.SIGKILL)"
    )
    project.chapter(
        "01_digits.ipynb", step, parameters=RESUMES, add="record.add('begun', begun, unit='epochs')", reads=[]
    )
    plan, line = execute(project)
    assert line["state"] == "kernel died"
    assert not list(project.folder.rglob("digits.json"))
    assert len(list((plan.places.state / "unfinished").iterdir())) == 1
    (project.folder / "go").touch()
    plan, line = execute(project)
    entry = plan.places.store.find(line["key"])
    assert json.loads(entry.record.read_text("utf-8"))["figures"]["begun"]["value"] == 2
    assert str(project.folder) not in entry.notebook.read_text("utf-8").replace(str(project.folder / "go"), "")
    assert not list((plan.places.state / "unfinished").iterdir())


@pytest.mark.parametrize("file", sorted(MEASURED.glob("*.json")), ids=lambda file: file.stem)
def test_a_record_names_no_folder_of_the_machine_that_made_it(file):
    found = re.findall(r"(?<![\w.:/])/(?:tmp|home|root|Users|work|var)/[^\s\"]*", file.read_text(encoding="utf-8"))
    assert not found
