"""Digests that are remembered are always those of what the file holds now."""

from __future__ import annotations

import hashlib
import json
import os
import time

import pytest

from lepton_nb.report import contents


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(contents, "_digests", {})
    monkeypatch.setattr(contents, "_said", {})
    monkeypatch.setattr(contents, "_new", False)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def old(path, monkeypatch):
    """Let the clock say that the file was written long ago."""
    later = time.time_ns() + 10 * contents.TICK_NS
    monkeypatch.setattr(contents.time, "time_ns", lambda: later)


def test_a_file_is_read_once_while_it_stays_as_it_is(tmp_path, monkeypatch):
    file = tmp_path / "a.py"
    file.write_text("one", encoding="utf-8")
    old(file, monkeypatch)
    assert contents.file_digest(file) == sha("one")
    monkeypatch.setattr(contents.hashlib, "file_digest", None)  # would fail if it were called
    assert contents.file_digest(file) == sha("one")


@pytest.mark.parametrize("keep_times", [False, True])
def test_an_edit_of_equal_length_is_seen_even_when_the_time_is_set_back(tmp_path, monkeypatch, keep_times):
    file = tmp_path / "a.py"
    file.write_text("one", encoding="utf-8")
    before = os.stat(file)
    old(file, monkeypatch)
    assert contents.file_digest(file) == sha("one")
    time.sleep(0.02)
    file.write_text("two", encoding="utf-8")
    if keep_times:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert contents.file_digest(file) == sha("two")


def test_a_file_written_a_moment_ago_is_read_again_each_time(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("one", encoding="utf-8")
    assert contents.file_digest(file) == sha("one")
    assert str(file) not in contents._digests


def test_what_is_known_survives_the_process_and_a_broken_memory_is_none(tmp_path, monkeypatch):
    file, state = tmp_path / "a.py", tmp_path / "state"
    file.write_text("import os", encoding="utf-8")
    old(file, monkeypatch)
    contents.file_digest(file)
    contents.said_in(file)
    contents.keep(state)
    contents._digests.clear()
    contents._said.clear()
    contents.remember(state)
    assert contents._digests[str(file)][1] == sha("import os")
    assert contents.said_in(file).imports == ("os",)
    whole = (state / "contents.json").read_text(encoding="utf-8")
    for broken in ("", whole[:-9], "[]", '{"digests": 3, "said": {}}', json.dumps({"digests": {"x": 1}, "said": {}})):
        (state / "contents.json").write_text(broken, encoding="utf-8")
        contents._digests.clear()
        contents.remember(state)
        assert contents.file_digest(file) == sha("import os")


def test_a_folder_that_cannot_be_written_is_no_hindrance(tmp_path, monkeypatch):
    file = tmp_path / "a.py"
    file.write_text("1", encoding="utf-8")
    old(file, monkeypatch)
    contents.file_digest(file)
    contents.keep(file)  # a file where a folder should be
    assert contents.file_digest(file) == sha("1")


@pytest.mark.parametrize(
    ("source", "recorded"),
    [
        ("results.recorded('mnist')", ("mnist",)),
        ("results.recorded(\n    'mnist')\nresults.recorded('faces')", ("faces", "mnist")),
        ("for case in cases:\n    results.recorded(case)", ("*",)),
        ("results.recorded('mnist')\nfound = map(results.recorded, cases)", ("*", "mnist")),
        ("from lepton_nb.results import recorded", ("*",)),
        ("from lepton_nb.results import recorded as r\nr('mnist')", ("*",)),
        ("getattr(results, 'recorded')(x)", ("*",)),
        ("x = recorded_runs", ()),
    ],
)
def test_recorded_runs_that_a_source_shows_are_seen(source, recorded):
    assert contents.said(source).recorded == recorded


def test_imports_are_seen_in_every_form():
    source = "import a.b\nfrom c import d\nfrom . import e\nfrom ..f import g\nimport_module('h.i')\n__import__('j')"
    assert set(contents.said(source).imports) == {"a.b", "c", "c.d", ".", ".e", "..f", "..f.g", "h.i", "j"}
