"""What a chapter's key is made of, and that nothing else is in it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys

import pytest

from lepton_nb.report import chapters, store


@pytest.fixture
def simple(project):
    return project.chapter("01_simple.ipynb", "from lepton_nb import results", reads=["tax"])


def key_of(path, **changes):
    arguments = {
        "parameters": {"profile": "quick", "factor": 2, "client_folder": "x"},
        "client": {"tax": "aa"},
        "data": {"mnist": "bb"},
        "needs": {"value": "cc"},
        "threads": 1,
    }
    return store.key(chapters.read(path), **(arguments | changes))


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"profile": "quick", "factor": 3}},
        {"parameters": {"profile": "full", "factor": 2}},
        {"client": {"tax": "ab"}},
        {"data": {"mnist": "stand-in"}},
        {"needs": {"value": "cd"}},
        {"threads": 2},
    ],
)
def test_everything_that_can_change_a_chapter_is_in_its_key(simple, change):
    assert key_of(simple) != key_of(simple, **change)


def test_where_things_lie_is_not_in_the_key(simple):
    elsewhere = {"profile": "quick", "factor": 2, "client_folder": "elsewhere", "results_folder": "other"}
    assert key_of(simple) == key_of(simple, parameters=elsewhere)


def test_source_and_metadata_of_the_notebook_are_in_the_key_and_outputs_are_not(simple):
    before = key_of(simple)
    notebook = json.loads(simple.read_text())
    notebook["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    notebook["metadata"]["language_info"] = {"name": "python"}
    simple.write_text(json.dumps(notebook))
    assert key_of(simple) == before
    notebook["cells"][2]["source"] = "1"
    simple.write_text(json.dumps(notebook))
    assert key_of(simple) != before


def test_only_modules_that_a_chapter_imports_are_in_its_key(monkeypatch, simple):
    before = key_of(simple)
    real = store._file_digest

    def changed(name):
        monkeypatch.setattr(store, "_file_digest", lambda path: "new" if path.name == name else real(path))

    changed("results.py")
    assert key_of(simple) != before
    changed("metrics.py")
    assert key_of(simple) == before
    monkeypatch.setattr(store, "_file_digest", real)
    assert key_of(simple) == before


def test_imports_are_followed_through_the_package():
    plots = store.imported_modules("from lepton_nb.page import plots")
    assert {"__init__.py", "page/plots.py", "page/render.py"} <= set(plots)
    assert "metrics.py" not in plots
    client = store.imported_modules("from lepton_nb.client import load")
    assert {"client/__init__.py", "client/reading.py"} <= set(client)
    inside = store.imported_modules("def late():\n    import lepton_nb.results")
    assert {"results.py", "paths.py"} <= set(inside)


def test_a_kept_chapter_is_found_under_its_key_and_replaced_whole(tmp_path):
    kept = store.Store(tmp_path / "store")
    assert kept.find("ab12") is None
    for seconds in (1.0, 2.0):
        (tmp_path / "n.ipynb").write_text("{}")
        (tmp_path / "r.json").write_text(json.dumps({"figures": {}, "seconds": {"training": seconds}}))
        kept.keep("ab12", tmp_path / "n.ipynb", tmp_path / "r.json", {"seconds": seconds, "executed_at": "now"})
    entry = kept.find("ab12")
    assert entry.about["seconds"] == 2.0
    assert [path.name for path in (tmp_path / "store" / "ab").iterdir()] == ["ab12"]


def test_wall_times_do_not_count_as_results(tmp_path):
    digests = []
    for seconds, value in ((1.0, 5), (2.0, 5), (2.0, 6)):
        folder = tmp_path / f"{seconds}-{value}"
        folder.mkdir()
        (folder / "record.json").write_text(json.dumps({"figures": {"x": value}, "seconds": {"t": seconds}}))
        digests.append(store.Entry(folder).results())
    assert digests[0] == digests[1] != digests[2]


def kept_entry(folder, key="ab12", value=1):
    store_ = store.Store(folder / "store")
    (folder / "n.ipynb").write_text('{"cells": []}', encoding="utf-8")
    (folder / "r.json").write_text(json.dumps({"figures": {"x": value}, "seconds": {}}), encoding="utf-8")
    return store_, store_.keep(key, folder / "n.ipynb", folder / "r.json", {"seconds": 1.0, "executed_at": "now"})


@pytest.mark.parametrize("file", ["record.json", "executed.ipynb", "about.json"])
@pytest.mark.parametrize("harm", ["digit", "cut", "empty", "gone", "folder"])
def test_an_entry_that_was_altered_or_cannot_be_read_is_absent_and_says_what_is_wrong(tmp_path, file, harm):
    kept, entry = kept_entry(tmp_path)
    assert kept.find("ab12") and kept.damage("ab12") == ""
    path = entry.folder / file
    text = path.read_text(encoding="utf-8")
    if harm == "digit":
        path.write_text(text.replace("1", "2", 1) if "1" in text else text + " ", encoding="utf-8")
    elif harm in ("cut", "empty"):
        path.write_text(text[: len(text) // 2 if harm == "cut" else 0], encoding="utf-8")
    else:
        path.unlink()
        if harm == "folder":
            path.mkdir()
    assert kept.find("ab12") is None
    assert file in kept.damage("ab12")
    _, again = kept_entry(tmp_path, value=2)
    assert kept.find("ab12") == again
    assert kept.damage("nothing") == ""


def test_processes_that_keep_one_key_at_once_leave_one_whole_entry_and_nothing_else(tmp_path):
    code = (
        "import json, sys, pathlib\n"
        "from lepton_nb.report import store\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "for number in range(40):\n"
        "    (folder / 'r.json').write_text(json.dumps({'figures': {}, 'seconds': {}, 'by': sys.argv[2], 'n': number}))\n"
        "    (folder / 'n.ipynb').write_text('{}')\n"
        "    store.Store(folder.parent / 'store').keep('ab12', folder / 'n.ipynb', folder / 'r.json', {'seconds': 1})\n"
    )
    running = []
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        running.append(
            subprocess.Popen([sys.executable, "-c", code, str(tmp_path / name), name], stderr=subprocess.PIPE)
        )
    for process in running:
        assert process.communicate(timeout=120)[1] == b""
        assert process.returncode == 0
    assert store.Store(tmp_path / "store").find("ab12")
    assert [path.name for path in (tmp_path / "store" / "ab").iterdir()] == ["ab12"]


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("after", [False, True])
def test_an_interrupt_while_an_entry_is_replaced_leaves_a_whole_one(tmp_path, monkeypatch, at, after):
    kept, _ = kept_entry(tmp_path)
    calls, real = [], os.rename

    def rename(source, target):
        calls.append(source)
        if len(calls) == at and not after:
            raise KeyboardInterrupt
        real(source, target)
        if len(calls) == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(store.os, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        kept_entry(tmp_path, value=2)
    assert kept.find("ab12")
    assert [path.name for path in (tmp_path / "store" / "ab").iterdir()] == ["ab12"]


def test_a_full_disk_while_an_entry_is_kept_leaves_the_old_one(tmp_path, monkeypatch):
    kept, entry = kept_entry(tmp_path)

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(store.shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        kept_entry(tmp_path, value=2)
    assert kept.find("ab12") == entry
    assert json.loads(entry.record.read_text())["figures"] == {"x": 1}
    assert [path.name for path in (tmp_path / "store" / "ab").iterdir()] == ["ab12"]


def test_the_processor_counts_where_it_chooses_the_numbers(project, monkeypatch):
    trains = project.chapter("01_trains.ipynb", "from lepton_nb import training")
    plain = project.chapter("02_plain.ipynb", "from lepton_nb import results")
    before = key_of(trains), key_of(plain)
    unit = store.processor.bfloat16_unit()
    monkeypatch.setattr(store.processor, "bfloat16_unit", lambda: "" if unit else "AMX")
    assert key_of(trains) != before[0]
    assert key_of(plain) == before[1]


def test_devices_that_are_lent_count_and_other_variables_do_not(simple, monkeypatch):
    before = key_of(simple)
    for name in ("KERAS_BACKEND", "TZ", "LC_ALL", "MATPLOTLIBRC"):
        monkeypatch.setenv(name, "other")
    assert key_of(simple) == before
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert key_of(simple) != before


def test_recorded_runs_asked_for_through_a_variable_count_all(project):
    folder = project.folder / "book" / "measured"
    through = chapters.read(project.chapter("01_a.ipynb", "for case in cases:\n    results.recorded(case)"))
    named = chapters.read(project.chapter("02_b.ipynb", "results.recorded('mnist')"))
    none = chapters.read(project.chapter("03_c.ipynb", "1"))
    runs = {path.stem for path in folder.glob("*.json")}
    assert {name for name in store.recorded_runs(through) if "." not in name} == runs
    assert {name for name in store.recorded_runs(named) if "." not in name} == {"mnist"}
    assert store.recorded_runs(none) == {}
    drawn = json.loads((folder / "mnist.json").read_text())["made"].get("pictures", ())
    assert {picture["file"] for picture in drawn} <= store.recorded_runs(named).keys()
    before = key_of(through.path)
    for path in folder.glob("*.json"):
        path.write_text(path.read_text() + " ")
    assert key_of(through.path) != before


def test_data_files_beside_imported_modules_count(monkeypatch, tmp_path, project):
    shutil.copytree(store.PACKAGE, tmp_path / "lepton_nb", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(store, "PACKAGE", tmp_path / "lepton_nb")
    path = project.chapter("01_a.ipynb", "from lepton_nb import datasets")
    before = key_of(path)
    (tmp_path / "lepton_nb" / "datasets" / "numbers.csv").write_text("1")
    with_file = key_of(path)
    (tmp_path / "lepton_nb" / "datasets" / "numbers.csv").write_text("2")
    assert len({before, with_file, key_of(path)}) == 3


def test_libraries_that_numbers_come_from_are_in_the_key_and_those_of_the_site_are_not(simple):
    said = store.code_of(chapters.read(simple))["versions"]
    assert {"numpy", "scipy", "pandas", "keras", "python"} <= set(said)
    assert not store.NOT_IN_CHAPTERS & set(said) and store.NOT_IN_CHAPTERS & set(store.versions())


def test_a_module_added_in_one_folder_is_seen(monkeypatch, tmp_path):
    """Times of folders are looked at, each of them: a module below changes the time of its own folder alone."""
    (tmp_path / "page").mkdir()
    (tmp_path / "__init__.py").touch()
    monkeypatch.setattr(store, "PACKAGE", tmp_path)
    assert store._modules() == {"__init__.py"} == store._modules()
    (tmp_path / "page" / "charts.py").touch()
    assert store._modules() == {"__init__.py", "page/charts.py"}
    (tmp_path / "page" / "notes.txt").touch()
    assert store._modules() == {"__init__.py", "page/charts.py"}
