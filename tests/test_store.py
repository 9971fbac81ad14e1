"""What a chapter's key is made of, and that nothing else is in it."""

from __future__ import annotations

import json

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
