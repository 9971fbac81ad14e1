"""What one command has to do, said before anything is executed."""

from __future__ import annotations

import json
import os

import pytest

from lepton_nb.report import contents, planning
from lepton_nb.report.chapters import ChapterProblem


@pytest.fixture
def two(project):
    project.chapter("01_first.ipynb", "1", limit=60, full={"factor": 5}, reads=["tax"])
    project.chapter("02_second.ipynb", "2", needs=["first"], limit=90)
    return project


def plan(project, **options):
    return planning.plan(project.client, **{"out": project.folder / "out"} | options)


def test_the_quick_profile_gives_a_chapter_one_thread_and_the_full_one_all_cores(two, monkeypatch):
    assert [task.threads for task in plan(two).tasks] == [1, 1]
    for cores, threads in ((6, 6), (None, 1)):  # None: the system does not say
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        assert [task.threads for task in plan(two, profile="full").tasks] == [threads, threads]
        assert [task.threads for task in plan(two).tasks] == [1, 1]


def test_a_profile_sets_parameters_and_a_command_overrides_them(two):
    first, second = plan(two, profile="full").tasks
    assert (first.parameters["factor"], second.parameters["factor"]) == (5, 2)
    assert (first.parameters["profile"], first.settings, first.reuse) == ("full", {}, True)
    assert (first.limit_seconds, second.limit_seconds) == (60, 90)
    given = plan(two, profile="full", settings={"first": {"factor": 7}}, fresh=True)
    assert given.tasks[0].parameters["factor"] == 7 and given.tasks[0].settings == {"factor": 7}
    assert given.fresh and not any(task.reuse for task in given.tasks)
    with pytest.raises(ChapterProblem, match="Profile 'slow' is not one of"):
        plan(two, profile="slow")


def test_only_takes_a_chapter_with_what_it_needs_and_is_then_not_the_whole(two):
    assert [task.chapter.name for task in plan(two).tasks] == ["first", "second"] and plan(two).whole
    assert [task.chapter.name for task in plan(two, only=["second"]).tasks] == ["first", "second"]
    some = plan(two, only=["first"])
    assert [task.chapter.name for task in some.tasks] == ["first"] and not some.whole
    with pytest.raises(ChapterProblem, match="--set second: this run leaves the chapter out; it has first"):
        plan(two, only=["first"], settings={"second": {"factor": 1}})


def test_a_report_goes_into_a_folder_of_the_clients_name_unless_told(two):
    assert plan(two, out=None).out == two.folder / "reports" / "sample"
    assert plan(two).out == two.folder / "out"
    places = plan(two).places
    assert places.client == two.client.resolve() and places.data is None
    assert places.store.folder == places.state / "store"


def test_the_data_folder_is_the_commands_else_that_of_the_environment(two, monkeypatch, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs").mkdir()
    monkeypatch.setenv("LEPTON_DATA", str(tmp_path / "theirs"))
    assert plan(two).places.data == (tmp_path / "theirs").resolve()
    assert plan(two, data=tmp_path / "mine").places.data == (tmp_path / "mine").resolve()
    monkeypatch.setenv("LEPTON_DATA", "")
    assert plan(two).places.data is None


def test_only_the_parts_of_the_client_that_a_chapter_reads_are_in_its_key(two):
    before = plan(two)
    text = (two.client / "client.yml").read_text(encoding="utf-8")
    (two.client / "client.yml").write_text(text.replace("tax: {rate: 0.30", "tax: {rate: 0.31"), encoding="utf-8")
    after = plan(two)
    assert set(before.tasks[0].client) == {"tax"} and before.tasks[1].client == {}
    assert before.tasks[0].key({}) != after.tasks[0].key({})
    assert before.tasks[1].key({}) == after.tasks[1].key({})


def test_the_real_files_of_a_data_set_are_in_the_plan_as_they_are_now(two, monkeypatch, tmp_path):
    path = two.folder / "notebooks" / "01_first.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["metadata"]["lepton"]["reads"]["data"] = ["mnist"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    real = tmp_path / "mnist.bin"
    real.write_bytes(b"1")
    monkeypatch.setattr(planning.datasets, "locate", lambda name, folder: real if folder == tmp_path else None)
    monkeypatch.setattr(planning.datasets, "fingerprint", lambda name, folder: f"{name} in {folder or 'nothing'}")
    first, second = plan(two, data=tmp_path).tasks
    assert first.files == {str(real.resolve()): contents.signature(real)} and second.files == {}
    assert first.data == {"mnist": f"mnist in {tmp_path}"} and second.data == {}
    without = plan(two).tasks[0]
    assert without.files == {} and without.data == {"mnist": "mnist in nothing"}


def test_a_report_in_one_file_has_a_clients_part(two, monkeypatch):
    monkeypatch.setattr(planning, "_reports", lambda: ["first"])
    assert plan(two, single_file=True).whole
    for wrong in ({"edition": "book"}, {"only": ["first"]}):
        with pytest.raises(ChapterProblem, match="leave --only out"):
            plan(two, single_file=True, **wrong)
    monkeypatch.setattr(planning, "_reports", list)
    with pytest.raises(ChapterProblem, match="a whole report with a client's part"):
        plan(two, single_file=True)
