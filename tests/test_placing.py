"""A report moves into its folder whole or not at all, wherever the move is stopped."""

from __future__ import annotations

import os
import shutil

import pytest

from lepton_nb.report import placing


def report(folder, word, parts=("site/index.html", "results/a.json", "workbook.xlsx", "ledger.json")):
    for part in parts:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).write_text(f"{word} {part}", encoding="utf-8")


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Stop:
    """Stands in for os.rename: one call of it is stopped, before or after it has moved something."""

    def __init__(self, monkeypatch, at, error, after):
        self.calls, self.at, self.error, self.after = 0, at, error, after
        self.real = os.rename
        monkeypatch.setattr(placing.os, "rename", self)

    def __call__(self, source, target):
        self.calls += 1
        if self.calls != self.at:
            return self.real(source, target)
        if self.after:
            self.real(source, target)
        raise self.error


@pytest.fixture
def folders(tmp_path):
    out = tmp_path / "out"
    report(out, "old")
    (out / "compare.html").write_text("mine", encoding="utf-8")
    with placing.staged(out) as new:
        report(
            new,
            "new",
            ("site/index.html", "site/page.html", "results/b.json", "workbook.xlsx", "ledger.json", "notebooks/n"),
        )
        yield out, new
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


PARTS = ["site", "results", "workbook.xlsx", "ledger.json", "notebooks"]


def test_all_parts_move_together_and_others_stay(folders):
    out, new = folders
    wanted = content(new) | {"compare.html": "mine"}
    placing.put(new, out, PARTS)
    assert content(out) == wanted


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(28, "No space left on device"), SystemExit(143)], ids=repr
)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 10))
def test_whatever_stops_the_move_brings_the_old_report_back(folders, monkeypatch, at, error, after):
    out, new = folders
    before = {name: text for name, text in content(out).items() if not name.startswith(placing.STAGED)}
    stop = Stop(monkeypatch, at, error, after)
    with pytest.raises(type(error)):
        placing.put(new, out, PARTS)
    assert stop.calls >= at
    assert content(out) == before


@pytest.mark.parametrize("at", range(1, 11))
def test_what_a_killed_process_left_is_brought_back_at_the_next_start(folders, monkeypatch, at):
    out, new = folders
    before = {name: text for name, text in content(out).items() if not name.startswith(placing.STAGED)}
    wanted = content(new) | {"compare.html": "mine"}
    with monkeypatch.context() as patched:
        patched.setattr(placing, "recover", lambda out: None)  # no time for it
        Stop(patched, at, KeyboardInterrupt(), after=True)
        with pytest.raises(KeyboardInterrupt):
            placing.put(new, out, PARTS)
    placing.recover(out)
    assert content(out) == (wanted if at == 10 else before)  # the tenth rename is the one that counts
    assert placing.recover(out) is False


def test_an_interrupt_while_the_old_report_is_brought_back_loses_nothing(folders, monkeypatch):
    out, new = folders
    before = {name: text for name, text in content(out).items() if not name.startswith(placing.STAGED)}
    for first in range(1, 7):
        with monkeypatch.context() as patched:
            patched.setattr(placing, "recover", lambda out: None)
            Stop(patched, 7, KeyboardInterrupt(), after=True)
            with pytest.raises(KeyboardInterrupt):
                placing.put(new, out, PARTS)
        with monkeypatch.context() as patched:
            Stop(patched, first, KeyboardInterrupt(), after=False)
            try:
                placing.recover(out)
            except KeyboardInterrupt:
                placing.recover(out)
        assert content(out) == before
        new.mkdir()
        report(new, "new", ("site/index.html", "results/b.json", "workbook.xlsx", "ledger.json", "notebooks/n"))
    shutil.rmtree(new)
