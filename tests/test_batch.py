"""Many clients in one run, on processes of this machine: shared chapters once, failures apart, resumable."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from typer.testing import CliRunner

from lepton_nb import cli
from lepton_nb.report import batch, planning, run

VALUE = (
    "from lepton_nb import client, results\n"
    "rate = client.load(client_folder).tax.rate\n"
    "assert rate != 0.11, 'no value at this rate'"
)
ADD = "record.add('value', 1000 * rate, unit='EUR', low=900 * rate, high=1100 * rate, interval='90 %')"


def clients(project, **rates):
    """Clients of these names with these tax rates beside the sample."""
    made = []
    for name, rate in rates.items():
        folder = project.folder / "clients" / name
        shutil.copytree(project.client, folder)
        settings = folder / "client.yml"
        text = settings.read_text(encoding="utf-8").replace("tax: {rate: 0.30", f"tax: {{rate: {rate}")
        assert f"rate: {rate}" in text
        settings.write_text(text, encoding="utf-8")
        made.append(folder)
    return made


def chapters(project, public=""):
    """A chapter of the book, which counts how often it is executed, and one of the client."""
    count = project.folder / "count"
    count.mkdir()
    project.chapter(
        "01_book.ipynb", f"import os, pathlib\npathlib.Path({str(count)!r}, str(os.getpid())).touch()", public or "1"
    )
    project.chapter("02_value.ipynb", VALUE, reads=["tax"], needs=["book"], add=ADD, limit=100)
    return lambda: len(list(count.iterdir()))


def figures(report: Path):
    found = json.loads((report / "results.json").read_text(encoding="utf-8"))["chapters"]
    return {name: {k: v for k, v in record.items() if k != "seconds"} for name, record in found.items()}


def command(*words):
    return CliRunner().invoke(cli.app, ["batch", *map(str, words)])


def test_one_clients_failure_stops_no_other_and_the_same_command_goes_on(project):
    executed = chapters(project)
    good, other, failing = clients(project, good="0.25", other="0.27", failing="0.11")
    (refused,) = clients(project, refused="7.5")
    missing = project.folder / "clients" / "missing"
    out = project.folder / "all"
    answer = command(good, refused, failing, missing, other, "--out", out)
    assert answer.exit_code == 1, answer.output
    content = json.loads((out / "clients.json").read_text(encoding="utf-8"))
    rows = {row["folder"]: row for row in content["clients"]}
    assert {name: row["state"] for name, row in rows.items()} == {
        "good": "published", "refused": "refused", "failing": "failed", "missing": "refused", "other": "published",
    }  # fmt: skip
    assert executed() == 1, "the chapter of the book serves all"
    assert (rows["good"]["value"], rows["good"]["low"], rows["good"]["interval"]) == (250.0, 225.0, "90 %")
    assert any("tax.rate" in sentence or "rate" in sentence for sentence in rows["refused"]["sentences"])
    assert "no value at this rate" in rows["failing"]["sentences"][0]
    assert not (out / "refused").exists() and not (out / "failing" / "site").exists()
    assert json.loads((out / "failing" / "ledger.json").read_text())["chapters"][1]["state"] == "failed"
    page = (out / "index.html").read_text(encoding="utf-8")
    assert 'href="good/site/index.html"' in page and "no value at this rate" in page
    assert (out / "good" / "site" / "index.html").is_file()
    table = list(csv.DictReader((out / "clients.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["state"] for row in table] == ["published", "refused", "failed", "refused", "published"]
    assert "refused" in answer.output and "no value at this rate" in answer.output

    # What came out is what a run of that client alone gives.
    plan = planning.plan(good, project.folder / "alone", fresh=True)
    assert (
        run.run(plan, 1)["value"].results
        == json.loads((out / "good" / "ledger.json").read_text())["chapters"][1]["results"]
    )

    # The failing one is repaired: only that is executed and published.
    settings = failing / "client.yml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("rate: 0.11", "rate: 0.12"), encoding="utf-8")
    again = batch.batch([good, failing, other], batch.Options(out))
    assert [row.state for row in again] == ["nothing changed", "published", "nothing changed"]
    assert [row.executed for row in again] == [0, 1, 0] and [row.value for row in again] == [250.0, 120.0, 270.0]
    assert executed() <= 2  # once more for the run of one client alone
    for name in ("good", "failing", "other"):
        assert not list((out / name).glob(".new-*")) and not (out / name / "running.json").exists()


def test_clients_of_one_name_and_reports_in_use_are_refused_alone(project):
    from filelock import FileLock

    chapters(project)
    one, two = clients(project, one="0.2", two="0.2")
    twin = shutil.copytree(one, project.folder / "elsewhere" / "one")
    out = project.folder / "all"
    (out / "two").mkdir(parents=True)
    with FileLock(out / "two" / ".lock"):
        rows = batch.batch([one, twin, two], batch.Options(out), 1)
    assert [row.state for row in rows] == ["published", "refused", "refused"]
    assert "another client of this run has the name one" in rows[1].sentences[0]
    assert "another run is writing" in rows[2].sentences[0]
    assert command(one, two, twin, "--out", out).exit_code == 2


def test_an_interrupted_batch_leaves_nothing_half_and_goes_on(project):
    executed = chapters(project, public="import time\ntime.sleep(4)")
    made = clients(project, one="0.2", two="0.21")
    out = project.folder / "all"
    words = [sys.executable, "-m", "lepton_nb.cli", "batch", *map(str, made), "--out", str(out)]
    process = subprocess.Popen(
        words, env=os.environ.copy(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    until = time.monotonic() + 100
    while not executed() and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 130 and "goes on from there" in said, said
    assert "Traceback" not in said
    assert not list((project.folder / ".lepton" / "run").glob("*/"))
    assert {row["state"] for row in json.loads((out / "clients.json").read_text())["clients"]} == {"waiting"}
    rows = batch.batch(made, batch.Options(out))
    assert [row.state for row in rows] == ["published", "published"]
    assert figures(out / "one")["value"]["figures"]["value"]["value"] == 200.0


def test_texts_that_a_spreadsheet_would_compute_stay_texts(tmp_path):
    rows = [batch.Row("one", client="=1+1", state=batch.FAILED, sentences=["-2"])]
    batch.write(rows, tmp_path, "2026-01-01T00:00:00+00:00", "quick")
    (row,) = csv.DictReader((tmp_path / "clients.csv").read_text(encoding="utf-8").splitlines())
    assert (row["client"], row["sentences"]) == ("'=1+1", "'-2")
    assert "=1+1" in (tmp_path / "index.html").read_text(encoding="utf-8")
