"""The whole way, as a person goes it: a client's folder → the command → a report in a real browser."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
from pathlib import Path

import browser
import pytest
import whole_report
from conftest import OF_SUMMARY
from test_claims import SETTINGS, check_golden
from whole_report import COMMAND, ROOT, Report, lepton

from lepton_nb.report import chapters, editions, rows


def differences(before, after, where: str = "") -> list[str]:
    """Which figures and cells of two sets of records differ, each with both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = dict.fromkeys([*before, *after])
        parts = [differences(before.get(name), after.get(name), f"{where}/{name}") for name in names]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        parts = [differences(one, two, f"{where}[{place}]") for place, (one, two) in pairs]
    else:
        return [] if before == after else [f"{where}: {before!r} became {after!r}"]
    return [line for part in parts for line in part]


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Report:
    made, _ = whole_report.whole(tmp_path_factory)
    assert made.first.returncode == 0, made.first.stdout + made.first.stderr
    return made


def test_every_chapter_is_executed_and_published(report):
    assert set(report.states().values()) == {"completed"}
    manifest = report.manifest()
    assert [line["chapter"] for line in manifest["chapters"]] != []
    for line in manifest["chapters"]:
        assert line["seconds"] > 0
        assert line["inputs"] or line["parameters"]
    assert manifest["versions"]["keras"]
    assert "manufacturer" not in report.first.stderr  # no warning, no traceback
    for chapter in report.states():
        assert (report.out / "results" / f"{chapter}.json").is_file()
    # As they are kept: what is handed over has no standard error in any case.
    kept = list((report.state / "store").rglob("executed.ipynb"))
    assert len(kept) == len(report.states())
    for path in kept:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            loud = [output for output in cell.get("outputs", []) if output.get("name") == "stderr"]
            assert not loud, f"{path.name} writes to standard error: {loud}"


def test_what_a_notebook_keeps_comes_out_as_it_is_kept(report, tmp_path_factory):
    """Golden cells of every chapter in the report; nbval asks the same where a reader opens one."""
    _, executed = whole_report.whole(tmp_path_factory)
    found = [chapter for chapter in chapters.read_all(ROOT) if chapter.name in report.states()]
    assert len(found) > 25
    for chapter in found:
        check_golden(chapter.path, whole_report.code_of(executed / f"{chapter.name}.ipynb"))


def test_the_chapters_that_nbval_leaves_to_the_summary_are_those_that_it_needs():
    found = {chapter.name: chapter for chapter in chapters.read_all(ROOT)}
    assert {found[name].path.name for name in found["summary"].needs} > OF_SUMMARY


def of_the_client(name: str) -> bool:
    """Whether a page is of the client's part, or one of two of the book."""
    return not name.startswith("chapters/") or name in ("chapters/20_mathematics.html", "chapters/80_value.html")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_site_holds_in_a_real_browser(report, scheme):
    only = {"http": lambda name: True, "file": of_the_client}[scheme]
    findings = browser.check_site(report.out / "site", scheme, only, looks=scheme == "http")
    assert findings.pages >= 5
    assert findings.problems() == []


#: Most words of the value pages of the client's part, tables and captions among them, drawings not.
MOST_WORDS = 9_000


def article(page: Path) -> str:
    """The text of a page, without what is drawn."""
    text = page.read_text("utf-8").partition("<article")[2].partition("</article>")[0]
    text = re.sub(r"<(svg|style|script).*?</\1>", " ", text, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", text.partition(">")[2]))


def check_the_clients_part(site: Path) -> None:
    """No code, no exercise, and a number of words that a person reads."""
    toc = chapters.table(ROOT / "_toc.yml")
    reporting = [d for d in (toc["root"], *editions.reports(toc)) if d.startswith("notebooks/") and d != editions.SINCE]
    own = [site / f"{d}.html" for d in reporting]
    own += (site / "notebooks").glob("*@*.html")
    for page in own:
        for word in ("Show code", "Exercises", "highlight-ipython3"):
            assert word not in page.read_text("utf-8").partition("<article")[2], (page.name, word)
    # Parted by ordinary spaces: a sum with its currency is one word.
    words = {page.stem: len(re.findall(r"[^ \n\t]+", article(page))) for page in own if page.name.startswith("8")}
    assert len(words) == 9 and sum(words.values()) < MOST_WORDS, words


def test_the_clients_part_is_short_and_has_no_code(report):
    check_the_clients_part(report.out / "site")
    assert "Show code" in (report.out / "site" / "chapters" / "80_value.html").read_text("utf-8")


def test_the_clients_edition_leaves_the_book_out_and_executes_nothing_of_it(report, tmp_path):
    done = lepton(report.state, "report", report.client, "--out", tmp_path / "own", "--edition", "client")
    assert done.returncode == 0, done.stdout + done.stderr
    ledger = json.loads((tmp_path / "own" / "ledger.json").read_text("utf-8"))
    states = {line["chapter"]: line["state"] for line in ledger["chapters"]}
    assert set(states.values()) == {"reused"} and not {"mnist", "methods", "inspection"} & states.keys()
    check_the_clients_part(tmp_path / "own" / "site")
    assert not (tmp_path / "own" / "site" / "chapters").exists()
    assert browser.check_site(tmp_path / "own" / "site", "file").problems() == []


def test_no_path_of_this_machine_is_in_the_site(report):
    words = [str(ROOT), str(report.out.parent), os.environ.get("HOME", "/root") + "/", "/tmp/"]
    for file in (report.out / "site").rglob("*"):
        if file.suffix in (".html", ".js", ".json", ".css", ".svg", ".inv", ".ipynb"):
            text = file.read_text("utf-8", errors="replace")
            for word in words:
                assert word not in text, f"{word} in {file.name}"
    for notebook in (report.out / "site").rglob("*.ipynb"):
        page = notebook.with_suffix(".html").read_text("utf-8")
        assert f'href="{notebook.name}" download' in page and "Exercises" in page, "the client's part has none"


def test_every_row_of_the_sources_opens_the_cell_where_it_works(report):
    places = rows.places(ROOT, editions.documents(chapters.table(ROOT / "_toc.yml")))
    table = (report.out / "site" / "book" / "sources.html").read_text("utf-8")
    opened = re.findall(r'href="\.\./([^"#]+\.html)#(row-s[^"]+)"', table)
    shown = re.findall(r'href="\.\./([^"#]+\.html)#(row-record-[^"]+)"', table)
    executed = report.states()  # a chapter whose extra is not installed is none of them
    wanted = [place for row in sorted(places) for place in places[row] if place.name in executed]
    assert [anchor for _, anchor in opened] == [place.anchor for place in wanted]
    assert {rows.record_anchor(name) for place in wanted for name in place.recorded} == {anchor for _, anchor in shown}
    for page, anchor in {*opened, *shown}:
        assert f'id="{anchor}"' in (report.out / "site" / page).read_text("utf-8"), f"{page} has no {anchor}"


def test_stand_ins_and_the_synthetic_client_are_named_on_the_page(report):
    pages = {path.stem: path.read_text("utf-8") for path in (report.out / "site" / "notebooks").glob("*.html")}
    assert "lepton-synthetic" in pages["80_value"]
    assert "lepton-stand-in" in pages["30_mnist"]
    for page in pages.values():
        assert "is a made-up company" in page
    assert "in place of the real set: MNIST" in pages["30_mnist"]
    assert "in place of the real set" not in pages["20_mathematics"]


def test_two_runs_of_one_client_give_equal_records(report, tmp_path):
    """All but the chapters that train for long: of those test_claims.py asks it, at sizes that take a moment."""
    long = {name.partition("_")[2] for name in SETTINGS}
    names = report.states().keys() - long
    assert {"architecture", "value", "summary", "methods", "inspection@M1"} <= names
    words = [word for name in sorted(names) for word in ("--only", name)]
    again = lepton(tmp_path / "state", "report", report.client, "--out", tmp_path / "again", *words)
    assert again.returncode == 0, again.stdout
    ledger = json.loads((tmp_path / "again" / "ledger.json").read_text("utf-8"))
    assert {line["chapter"]: line["state"] for line in ledger["chapters"]} == dict.fromkeys(names, "completed")
    before = report.records()
    for name in names:
        record = json.loads((tmp_path / "again" / "results" / f"{name}.json").read_text("utf-8"))
        record.pop("seconds")
        assert differences(before[name], record) == []


def test_a_difference_between_records_is_named():
    one = {"faces": {"figures": {"fid": {"value": 29.2, "n": 8}}, "tables": {"curve": [{"loss": 1.0}]}}}
    two = {"faces": {"figures": {"fid": {"value": 29.3, "n": 8}}, "tables": {"curve": [{"loss": 1.5}]}}}
    assert differences(one, one) == []
    assert differences(one, two) == [
        "/faces/figures/fid/value: 29.2 became 29.3",
        "/faces/tables/curve[0]/loss: 1.0 became 1.5",
    ]


def test_nothing_changed_is_seen_and_nothing_is_written(report):
    index = report.out / "site" / "index.html"
    before = index.stat().st_mtime_ns
    again = report.run()
    assert again.returncode == 0
    assert "nothing changed" in again.stdout
    assert set(report.states().values()) == {"reused"}
    assert index.stat().st_mtime_ns == before


def test_one_figure_changed_executes_only_what_depends_on_it(report):
    before = report.records()
    file = report.client / "client.yml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("tax: {rate: 0.30", "tax: {rate: 0.25"), encoding="utf-8")
    again = report.run()
    file.write_text(text, encoding="utf-8")
    assert again.returncode == 0, again.stdout
    executed = {chapter for chapter, state in report.states().items() if state == "completed"}
    readers = {chapter.name for chapter in chapters.read_all(ROOT) if "tax" in chapter.reads_client}
    assert {"value", "approaches"} <= readers and "mnist" not in readers
    assert executed == readers | {"summary"}  # which reads the records of some of them
    pages = {Path(page).name for page in report.manifest()["pages_changed"]}
    assert {"80_value", "00_summary"} <= pages
    assert not pages & {"10_architecture", "20_mathematics", "30_mnist"}
    value, old = report.records()["value"]["figures"], before["value"]["figures"]
    assert value != old


def test_the_second_client_shares_the_chapters_that_read_no_client(report):
    bank = Report(report.out.parent, "bank")
    assert bank.first.returncode == 0, bank.first.stdout
    states = bank.states()
    assert states["mathematics"] == states["mnist"] == "reused"
    assert states["value"] == states["summary"] == states["architecture"] == "completed"
    (case,) = (bank.out / "site" / "notebooks").glob("*@C1.html")
    page = case.read_text("utf-8").partition("<article")[2].partition("</article>")[0]
    check_the_clients_part(bank.out / "site")
    for word in ("credit_card_default", "scorecard_flag", "public:", "German credit", "Exercises", "import keras"):
        assert word not in page, word
    others = (page for page in (bank.out / "site").rglob("*.html") if page.stem != "90_industries")  # it shows samples
    assert "Nordhafen" not in "".join(page.read_text("utf-8") for page in others)
    assert browser.check_site(bank.out / "site", "file", of_the_client).problems() == []


def test_a_broken_client_is_refused_and_the_last_good_report_stays(report):
    index = report.out / "site" / "index.html"
    before = index.read_bytes(), report.manifest()
    file = report.client / "client.yml"
    text = file.read_text("utf-8")
    broken = text.replace("risk_free: 0.026", "risk_free: 2.6").replace("currency: EUR", "currency: Euro")
    file.write_text(broken, encoding="utf-8")
    again = report.run()
    file.write_text(text, encoding="utf-8")
    assert again.returncode == 2
    assert "0.026" in again.stdout
    assert "ISO 4217" in again.stdout
    assert "Traceback" not in again.stdout + again.stderr
    assert (index.read_bytes(), report.manifest()) == before


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (["report", "clients/nobody"], "not found"),
        (["report", "--profile", "fast"], "'quick', 'full'"),
        (["report", "--set", "mnist.epoch=3"], "no parameter 'epoch'"),
        (["report", "--set", "mnist"], "CHAPTER.PARAMETER=VALUE"),
        (["report", "--only", "minst"], 'Did you mean "mnist"'),
        (["report", "--data", "nowhere"], "does not exist"),
        (["report", "--code", "all"], "'folded', 'shown', 'none'"),
        (["check", "clients/nobody"], "not found"),
        (["new", "clients/bank"], "clients/bank"),
        (["new", "somewhere", "--like", "bakery"], "bank"),
    ],
)
def test_bad_input_gets_a_sentence_and_exit_code_2(tmp_path, words, phrase):
    done = lepton(tmp_path, *words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert phrase in re.sub(r"\s+", " ", done.stdout + done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    assert not (ROOT / "somewhere").exists()


def test_new_writes_a_template_that_passes_check(tmp_path):
    for like in ("manufacturer", "bank"):
        folder = tmp_path / like
        assert lepton(tmp_path, "new", folder, "--like", like).returncode == 0
        done = lepton(tmp_path, "check", folder)
        assert done.returncode == 0, done.stdout
        assert "No problem" in done.stdout


def test_code_none_leaves_no_code_in_the_site(report, tmp_path):
    out = tmp_path / "silent"
    done = lepton(report.state, "report", report.client, "--out", out, "--code", "none")
    assert done.returncode == 0, done.stdout
    for page in (out / "site" / "notebooks").glob("*.html"):
        assert "cell_input" not in page.read_text("utf-8")


def test_a_failing_chapter_keeps_the_last_good_report(project):
    """With a project of two small chapters: the second breaks after a first good report."""
    project.chapter("01_first.ipynb", add="record.add('x', 1, unit='1')")
    project.chapter("02_second.ipynb", "print('good')", add="record.add('y', 2, unit='1')")
    environment = os.environ | {"LEPTON_PROJECT": str(project.folder), "COLUMNS": "200"}

    def run():
        words = [str(COMMAND), "report", str(project.client), "--out", "out"]
        return subprocess.run(words, cwd=project.folder, env=environment, capture_output=True, text=True, check=False)

    good = run()
    assert good.returncode == 0, good.stdout + good.stderr
    page = project.folder / "out" / "site" / "notebooks" / "02_second.html"
    before = page.read_bytes()
    project.chapter("02_second.ipynb", "def inner():\n    raise KeyError('missing')\n\ninner()")
    bad = run()
    assert bad.returncode == 1
    assert "second: failed, code cell" in bad.stdout
    assert "KeyError: 'missing'" in bad.stdout
    assert "last good one stays" in bad.stdout
    assert page.read_bytes() == before
    ledger = json.loads((project.folder / "out" / "ledger.json").read_text("utf-8"))
    assert {line["chapter"]: line["state"] for line in ledger["chapters"]} == {"first": "reused", "second": "failed"}
