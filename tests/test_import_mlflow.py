"""``lepton-nb import mlflow``, against a real MLflow server with runs logged by MLflow's own client."""

from __future__ import annotations

import csv
import http.server
import json
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import mlflow_runs
import mlflow_server
import pytest
import requests
from typer.testing import CliRunner

from lepton_nb import cli, client, importing
from lepton_nb.client import files
from lepton_nb.importing import folder as folder_module
from lepton_nb.importing import rest, tables
from lepton_nb.importing.entries import Entry, Version, asset_id

NOBODY = {}  # an environment without user, password and token
#: What a person writes into client.yml and into the blank columns of assets.csv.
SETTINGS = {
    "name": '"Kept Ltd"', "industry": '"K64"', "country": "IT", "date": "2026-12-31", "purpose": "accounting_only",
    "basis_of_value": "value_in_use_ias36", "currency": "EUR", "price_basis": "nominal", "timing": "mid_year",
    "horizon_years": "8", "method": "given", "data": "0.01", "model": "0.02", "infrastructure": "0", "rate": "0.24",
    "tax_amortisation_benefit": "true", "tab_years": "5",
}  # fmt: skip
SAME = {
    "useful_life_years": "5", "useful_life_basis": "technical", "acquisition": "internal", "legal_control": "owned",
    "eu_ai_act_class": "minimal", "privacy_class": "none",
}  # fmt: skip


@pytest.fixture(scope="module")
def address(request, tmp_path_factory) -> Iterator[str]:
    """A server that holds the models of mlflow_runs.py."""
    import keras

    python = mlflow_server.interpreter(request.config.cache.mkdir("mlflow"))
    folder = tmp_path_factory.mktemp("mlflow")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        model.save(folder / "model.keras")
    with mlflow_server.server(python, folder) as found:
        mlflow_server.logged(python, found, folder / "model.keras")
        yield found


def table(folder: Path, file: str) -> list[dict[str, str]]:
    with (folder / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def fill_in(folder: Path) -> None:
    """What a person does with the folder: write a value after each key that is empty."""
    path = folder / "client.yml"
    text = path.read_text(encoding="utf-8")
    for key, value in SETTINGS.items():
        text = re.sub(rf"^(\s*){key}:$", rf"\g<1>{key}: {value}", text, flags=re.M)
    path.write_text(text.replace("  # wacc:", "  wacc: 0.09"), encoding="utf-8")


def untouched(folder: Path) -> bool:
    """Whether nothing was written: neither the folder nor a part of it."""
    return list(folder.iterdir()) == []


# --- what is taken


@pytest.fixture(scope="module")
def imported(address, tmp_path_factory):
    """All models but the one whose pickle is all that there is; and the folder."""
    folder = tmp_path_factory.mktemp("imported") / "client"

    done = importing.from_mlflow(address, folder, entry_only=["CON"], environment=NOBODY)
    return folder, {one.entry.asset_id: one for one in done.taken}, done


def test_each_registered_model_is_an_asset_in_the_stage_that_aliases_and_stages_say(imported):
    folder, taken, _ = imported
    rows = {row["asset_id"]: row for row in table(folder, "assets.csv")}
    stages = {name: row["lifecycle_stage"] for name, row in rows.items()}
    assert stages == {
        "C1": "deployment",  # the alias champion, on the older of two versions
        "FRAUD": "deployment",  # the stage Production
        "M_CON": "retired",  # archived
        "X": "algorithm_development",
        "SMALL": "algorithm_development",
        "KERAS": "algorithm_development",
    }
    assert taken["C1"].entry.chosen.number == 1
    assert rows["C1"]["documentation"] == "MLflow: credit-default, version 1"
    assert rows["C1"]["useful_life_years"] == "4"  # said by a tag
    assert rows["FRAUD"]["useful_life_years"] == ""  # not said, and not made up


def test_a_predictions_table_becomes_paired_counts_and_a_case(imported):
    folder, taken, _ = imported
    ours, theirs = mlflow_runs.counts(1)
    rows = [row for row in table(folder, "metrics/confusion.csv") if row["evaluation_id"] == "C1_mlflow"]
    assert [{cell: int(row[cell]) for cell in ours} for row in rows] == [ours, theirs]
    assert rows[1]["asset_id"] == "" and rows[1]["sample"] == "same cases"
    paired = [row for row in table(folder, "metrics/paired_counts.csv") if row["evaluation_id"] == "C1_mlflow"]
    assert len(paired) == 8 and sum(int(row["count"]) for row in paired) == mlflow_runs.ROWS
    data, scores = table(folder, "data/C1.csv"), table(folder, "data/C1_scores.csv")
    said = mlflow_runs.rows(1)
    assert [float(row["score"]) for row in scores] == said["score"]
    assert [int(row["target"]) for row in data] == said["target"]
    assert [float(row["amount"]) for row in data] == said["amount"]
    assert taken["C1"].case and taken["C1"].evaluation and not taken["C1"].model


def test_only_known_columns_of_a_table_are_taken(imported):
    folder, _, _ = imported
    assert not [path for path in folder.rglob("*") if path.is_file() and b"Example" in path.read_bytes()]


def test_counts_among_the_metrics_become_an_evaluation_though_the_model_is_a_pickle(imported):
    folder, taken, _ = imported
    ours, theirs = mlflow_runs.counts(3)
    rows = [row for row in table(folder, "metrics/confusion.csv") if row["evaluation_id"] == "FRAUD_mlflow"]
    assert [{cell: int(row[cell]) for cell in ours} for row in rows] == [ours, theirs]
    assert any("a pickle" in note for note in taken["FRAUD"].notes)


def test_rates_among_the_metrics_are_no_counts(imported):
    _, taken, _ = imported
    assert any("rates where counts are needed" in note for note in taken["M_CON"].notes)
    assert not taken["M_CON"].evaluation


def test_a_model_in_onnx_is_one_file_with_its_weights_and_has_its_data(imported):
    import onnx
    import onnxruntime

    folder, taken, _ = imported
    assert taken["X"].model == "models/X.onnx" and taken["X"].case
    assert [path.name for path in (folder / "models").iterdir() if path.is_dir()] == []
    model = onnx.load(str(folder / "models" / "X.onnx"))
    logged = mlflow_runs.network(400).graph.initializer
    assert [tensor.raw_data for tensor in model.graph.initializer] == [tensor.raw_data for tensor in logged]
    session = onnxruntime.InferenceSession(folder / "models" / "X.onnx", providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": [[0.1, 0.2, 0.3]]})[0].shape == (1, 1)
    case = next(line for line in (folder / "client.yml").read_text().split("  - ") if "asset_id: X" in line)
    for said in (
        'data: "data/X.csv"',
        "target: defaulted",
        "baseline_column: rule",
        'model: "models/X.onnx"',
    ):
        assert said in case


def test_a_model_without_data_is_fetched_and_said_to_have_none(imported):
    folder, taken, _ = imported
    for name, ending in (("SMALL", "onnx"), ("KERAS", "keras")):
        assert (folder / "models" / f"{name}.{ending}").is_file() and not taken[name].case
        assert any("has no data to be judged on" in note for note in taken[name].notes)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_keras_model_is_the_file_that_was_logged(imported):
    import keras

    folder, _, _ = imported
    assert keras.saving.load_model(folder / "models" / "KERAS.keras", safe_mode=True).input_shape == (None, 3)


def test_all_versions_and_metrics_stand_beside_for_people(imported):
    folder, _, _ = imported
    versions = [row for row in table(folder, "evidence/mlflow_versions.csv") if row["asset_id"] == "C1"]
    assert [(row["version"], row["aliases"], row["taken"]) for row in versions] == [
        ("1", "champion", "yes"),
        ("2", "", ""),
    ]
    metrics = {(row["asset_id"], row["version"], row["metric"]): row["value"] for row in table(folder, "evidence/mlflow_metrics.csv")}  # fmt: skip
    assert float(metrics["C1", "2", "auc"]) == pytest.approx(0.82)


def test_a_tag_that_is_nearly_known_is_named(imported):
    _, taken, _ = imported
    assert any("lepton.usefull_life" in note and 'mean "useful_life_years"' in note for note in taken["C1"].notes)


def test_nothing_else_of_tags_and_params_is_written(imported):
    folder, _, _ = imported
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"t0ken-of-a-tag" not in path.read_bytes() and b"pa55-of-a-param" not in path.read_bytes(), path


# --- what is left to a person


def test_check_finds_nothing_but_the_blanks_and_they_are_explained(imported):
    folder, _, done = imported
    problems = client.check(folder.absolute()).problems
    assert problems and all(problem.found in ("is missing", "has no rows") for problem in problems)
    text = (folder / "FILL_IN.md").read_text(encoding="utf-8")
    for problem in problems:
        assert problem.column in text and problem.file in text
    assert done.blanks == len(problems)
    for row in table(folder, "assets.csv"):
        for name in SAME.keys() - {"useful_life_years"}:
            assert row[name] == ""
    for file in ("costs.csv", "benefits.csv", "metrics/outcome_value.csv"):
        assert table(folder, file) == []


def test_once_the_blanks_are_filled_in_check_accepts_and_a_later_import_keeps_them(address, tmp_path):

    first = tmp_path / "march"
    done = importing.from_mlflow(address, first, entry_only=["CON"], same=SAME, environment=NOBODY)
    assert done.blanks == len(SETTINGS)
    fill_in(first)
    with (first / "costs.csv").open("a", encoding="utf-8") as stream:
        header = (first / "costs.csv").read_text(encoding="utf-8").strip().split(",")
        row = {"asset_id": "C1", "date": "2025-05-01", "phase": "development", "category": "labour", "amount": "100", "kind": "actual"}  # fmt: skip
        stream.write(",".join(row.get(name, "") for name in header) + "\n")
    report = client.check(first.absolute())
    assert report.problems == ()
    assert {case.asset_id: case.door for case in report.client.cases} == {"C1": "predictions", "X": "onnx"}
    assert {case.asset_id: case.split.test_share for case in report.client.cases} == {"C1": 0.8, "X": 0.5}
    by_hand = table(first, "assets.csv")
    by_hand[0]["owner"] = "Credit risk"
    with (first / "assets.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, by_hand[0])
        writer.writeheader()
        writer.writerows([*by_hand, by_hand[0] | {"asset_id": "D1", "name": "Loans", "kind": "data", "lifecycle_stage": "data_management"}])  # fmt: skip
    second = tmp_path / "june"
    done = importing.from_mlflow(address, second, keep=first, entry_only=["CON"], environment=NOBODY)
    assert done.blanks == 0
    report = client.check(second.absolute())
    assert report.problems == ()
    assets = {asset.asset_id: asset for asset in report.client.assets}
    assert assets["D1"].kind == "data" and by_hand[0]["asset_id"] in assets
    assert assets[by_hand[0]["asset_id"]].owner == "Credit risk"
    assert report.client.client.name == "Kept Ltd" and report.client.costs[0].amount.mode == 100
    assert len(report.client.cases) == 2 and len(report.client.evaluations) == 2


def test_a_sample_client_gets_the_registry_s_measurement_in_place_of_nothing_of_its_own(address, tmp_path):
    bank = Path(__file__).resolve().parent.parent / "clients" / "bank"
    out = tmp_path / "bank"
    before = client.load(bank)
    done = importing.from_mlflow(address, out, models=["credit-default"], keep=bank, environment=NOBODY)
    assert done.blanks == 0
    after = client.load(out)
    ids = [evaluation.evaluation_id for evaluation in after.evaluations]
    assert ids == [*(evaluation.evaluation_id for evaluation in before.evaluations), "C1_mlflow"]
    assert after.fingerprint("costs") == before.fingerprint("costs")
    assert after.fingerprint("tax") == before.fingerprint("tax")
    mine, theirs = (next(asset for asset in found.assets if asset.asset_id == "C1") for found in (after, before))
    assert mine.owner == theirs.owner and mine.lifecycle_stage == "deployment"


def test_what_is_kept_of_an_earlier_version_is_said(address, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    importing.from_mlflow(address, first, models=["credit-default"], environment=NOBODY)
    done = importing.from_mlflow(
        address, second, models=["credit-default"], keep=first, entry_only=["*"], environment=NOBODY
    )
    kept = [note for note in done.taken[0].notes if "kept folder" in note]
    assert len(kept) == 2 and "no case" in kept[0] and "no counts" in kept[1]
    again = importing.from_mlflow(
        address, tmp_path / "third", models=["credit-default"], keep=first, environment=NOBODY
    )
    assert not [note for note in again.taken[0].notes if "kept folder" in note]
    assert {path.name for path in (tmp_path / "third").rglob("*")} == {path.name for path in first.rglob("*")}


def test_a_folder_with_decimal_commas_gets_decimal_commas(address, tmp_path):
    keep = tmp_path / "keep"
    importing.from_mlflow(address, keep, models=["fraud"], entry_only=["*"], same=SAME, environment=NOBODY)
    fill_in(keep)
    for path in keep.rglob("*.csv"):
        path.write_text(path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    with (keep / "client.yml").open("a", encoding="utf-8") as stream:
        stream.write('csv: {separator: ";", decimal: ","}\n')
    assert client.check(keep).problems == ()
    out = tmp_path / "out"
    importing.from_mlflow(address, out, models=["credit-default"], keep=keep, same=SAME, environment=NOBODY)
    found = client.load(out)
    assert found.predictions[0].score[0] == mlflow_runs.rows(1)["score"][0]
    assert (out / "data" / "C1_scores.csv").read_text(encoding="utf-8").splitlines()[1].startswith("1;0,")


# --- which models


def test_models_can_be_chosen_by_name_and_by_experiment(address, tmp_path):
    done = importing.from_mlflow(address, tmp_path / "one", models=["fraud"], environment=NOBODY)
    assert [one.entry.name for one in done.taken] == ["fraud"]
    done = importing.from_mlflow(
        address, tmp_path / "two", experiments=["networks"], entry_only=["*"], environment=NOBODY
    )
    assert {one.entry.name for one in done.taken} == {"small", "keras", "模型 ..x"}
    assert not any(one.case or one.model for one in done.taken)


def test_pages_of_answers_are_read_to_the_end(address, tmp_path, monkeypatch):
    monkeypatch.setattr(rest, "A_PAGE", 1)
    done = importing.from_mlflow(address, tmp_path / "all", entry_only=["*"], environment=NOBODY)
    assert len(done.taken) == 6
    monkeypatch.setattr(rest, "MOST_PAGES", 2)
    with pytest.raises(importing.Unusable, match="more than 2 registered models"):
        importing.from_mlflow(address, tmp_path / "some", environment=NOBODY)
    assert not (tmp_path / "some").exists()


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"models": ["frued"]}, 'no registered model "frued". Did you mean "fraud"'),
        ({"experiments": ["nothing"]}, 'no experiment "nothing"'),
        ({"same": {"useful_life": "4"}}, 'Did you mean "useful_life_'),
        ({"models": ["fraud"], "same": {"useful_life_years": "long"}}, "useful_life_years"),
    ],
)
def test_a_wrong_choice_gets_a_sentence_and_nothing_is_written(address, tmp_path, choice, words):
    with pytest.raises(ValueError) as stop:
        importing.from_mlflow(address, tmp_path / "client", environment=NOBODY, **choice)
    assert words in str(stop.value)
    assert untouched(tmp_path)


# --- artifacts that are not read


def test_a_pickle_is_refused_with_how_to_export_and_nothing_is_written(address, tmp_path):
    result = CliRunner().invoke(
        cli.app, ["import", "mlflow", "--tracking-uri", address, "--out", str(tmp_path / "c"), "--model", "CON"]
    )
    assert result.exit_code == 2
    for words in ("CON", "a pickle, which runs any code", "skl2onnx", "--entry-only"):
        assert words in result.output
    assert untouched(tmp_path)


def test_a_table_larger_than_what_is_read_is_refused_with_the_size(address, tmp_path, monkeypatch):
    monkeypatch.setitem(files.LARGEST_FILE, ".csv", 1000)
    with pytest.raises(importing.Unusable, match=r'"predictions\.json" has more than 0 MB'):
        importing.from_mlflow(address, tmp_path / "client", models=["credit-default"], environment=NOBODY)
    assert untouched(tmp_path)


def test_a_model_larger_than_what_is_read_is_refused_with_the_size(address, tmp_path, monkeypatch):

    for most in (100, 3000):  # the model itself; its weights beside it
        monkeypatch.setitem(files.LARGEST_FILE, ".onnx", most)
        with pytest.raises(importing.Unusable, match="has more than 0 MB"):
            importing.from_mlflow(address, tmp_path / "client", models=["模型 ..x"], environment=NOBODY)
        assert untouched(tmp_path)


def test_the_command_writes_a_folder_and_says_what_is_left(address, tmp_path):
    out = tmp_path / "client"
    words = ["import", "mlflow", "--tracking-uri", address, "--out", str(out), "--model", "credit-default"]
    words += [part for name, value in SAME.items() for part in ("--asset", f"{name}={value}")]
    result = CliRunner().invoke(cli.app, words, env={"MLFLOW_TRACKING_TOKEN": "t0ken"})
    assert result.exit_code == 0, result.output
    assert "C1 (credit-default): version 1 has the alias champion: in use. Taken: counts" in result.output
    assert f"{len(SETTINGS)} values to be filled in" in result.output
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 2 and "exists and is not empty" in result.output
    result = CliRunner().invoke(cli.app, ["check", str(out)])
    assert result.exit_code == 2 and f"{len(SETTINGS)} problems" in result.output


# --- servers that are none, or ask for a password


@contextmanager
def answering(answer) -> Iterator[str]:
    """A small server whose every GET is answered by ``answer(handler)``; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def says(status: int, body: str = "", kind: str = "application/json", **headers: str):
    def answer(handler):
        handler.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body.encode())

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(401), "asks for a user and a password"),
        (says(403), "asks for a user and a password"),
        (says(200, "<html>Please log in</html>", "text/html"), "not as an MLflow server"),
        (says(200, "[1]"), "not as an MLflow server"),
        (says(404, "no such page", "text/html"), "not as an MLflow server"),
        (says(302, Location="/again"), "not as an MLflow server"),
        (says(500, "<html></html>"), "failed with 500"),
        (says(503, json.dumps({"error_code": "TEMPORARILY_UNAVAILABLE"})), "TEMPORARILY_UNAVAILABLE"),
        (says(400, json.dumps({"error_code": "BAD_REQUEST", "message": "s3cret"})), "with 400 (BAD_REQUEST)"),
        (says(200, "{}"), "no registered model"),
    ],
)
def test_what_a_server_says_becomes_a_sentence_with_exit_code_2(tmp_path, answer, words):
    with answering(answer) as address:
        result = CliRunner().invoke(
            cli.app, ["import", "mlflow", "--tracking-uri", address, "--out", str(tmp_path / "client")]
        )
    assert result.exit_code == 2
    assert words in result.output and "s3cret" not in result.output and "Traceback" not in result.output
    assert untouched(tmp_path)


def test_a_server_that_is_not_there_or_falls_silent(tmp_path, monkeypatch):
    with answering(says(200)) as gone:
        pass
    with pytest.raises(importing.Unusable, match="Nobody answers at"):
        importing.from_mlflow(gone, tmp_path / "client", environment=NOBODY)
    monkeypatch.setattr(rest, "SECONDS", (1, 0.2))
    stop = threading.Event()
    with answering(lambda handler: stop.wait(5)) as address:
        with pytest.raises(importing.Unusable, match="does not answer in time"):
            importing.from_mlflow(address, tmp_path / "client", environment=NOBODY)
        stop.set()
    assert untouched(tmp_path)


def test_an_answer_without_end_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(rest, "LARGEST_ANSWER", 1000)
    with (
        answering(says(200, json.dumps({"registered_models": ["x" * 5000]}))) as address,
        pytest.raises(importing.Unusable, match="An answer has more than"),
    ):
        importing.from_mlflow(address, tmp_path / "client", environment=NOBODY)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("sqlite:///mlflow.db", "mlflow server --backend-store-uri"),
        ("databricks", "not the address of a server"),
        ("./mlruns", "not the address of a server"),
        ("", "not the address of a server"),
        ("http://", "not the address of a server"),
        ("http://127.0.0.1:port", "not the address of a server"),
        ("http://127.0.0.1:5000/?token=s3cret", "nothing after a question mark"),
        ("ftp://ann:s3cret@host", "not the address of a server"),
    ],
)
def test_a_uri_that_is_no_server_gets_a_sentence_without_secrets(tmp_path, uri, words):
    with pytest.raises(importing.Unusable) as stop:
        importing.from_mlflow(uri, tmp_path / "client", environment=NOBODY)
    assert words in str(stop.value) and "s3cret" not in str(stop.value)
    assert untouched(tmp_path)


@contextmanager
def guarded(address: str, wanted: str) -> Iterator[str]:
    """A door before a real server that lets in who sends this word in the header Authorization."""

    def answer(handler):
        if handler.headers.get("Authorization") != wanted:
            says(401, "You are not authenticated.", "text/html")(handler)
            return
        with requests.get(address + handler.path, timeout=60) as found:
            handler.send_response(found.status_code)
            handler.send_header("Content-Type", found.headers.get("Content-Type", ""))
            handler.end_headers()
            handler.wfile.write(found.content)

    with answering(answer) as door:
        yield door


def test_user_and_password_or_a_token_open_the_door_and_are_written_nowhere(address, tmp_path):
    basic = requests.auth._basic_auth_str("ann", "s3cret")
    doors = [
        (basic, "http://", {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "s3cret"}),
        (basic, "http://ann:s3cret@", NOBODY),
        ("Bearer t0ken-s3cret", "http://", {"MLFLOW_TRACKING_TOKEN": "t0ken-s3cret"}),
    ]
    for number, (wanted, start, environment) in enumerate(doors):
        with guarded(address, wanted) as door:
            uri, out = door.replace("http://", start), tmp_path / f"client{number}"
            done = importing.from_mlflow(uri, out, models=["credit-default"], environment=environment)
            assert done.taken[0].case
            for path in out.rglob("*"):
                if path.is_file():
                    assert b"s3cret" not in path.read_bytes() and b"127.0.0.1" not in path.read_bytes(), path
            for wrong in ({}, {key: f"{value}-wr0ng" for key, value in environment.items()}):
                with pytest.raises(importing.Unusable) as stop:
                    importing.from_mlflow(door, tmp_path / "wrong", environment=wrong)
                told = str(stop.value)
                assert ("does not accept" if wrong else "asks for a user") in told
                assert "s3cret" not in told and "wr0ng" not in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["client0", "client1", "client2"]


def test_a_token_does_not_follow_to_another_host(tmp_path):
    seen = []

    def listen(handler):
        seen.append(handler.headers.get("Authorization"))
        says(200, "{}")(handler)

    with answering(listen) as other:
        other = other.replace("127.0.0.1", "localhost")
        with answering(says(302, Location=f"{other}/api")) as address, pytest.raises(importing.Unusable):
            importing.from_mlflow(address, tmp_path / "client", environment={"MLFLOW_TRACKING_TOKEN": "t0ken"})
    assert seen == [None]


# --- names and tables


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "con", "", "   ", "模型", "é", "x" * 300, "1", "-", "nul.txt"]
)
def test_any_name_becomes_an_id_that_is_a_file_name(name):
    made = asset_id(name)
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,39}", made) and made not in ("CON", "NUL")


def test_names_that_give_one_id_get_numbers(tmp_path):
    models = [{"name": name, "tags": [], "aliases": []} for name in ("a b", "A-B", "a_b" + "x" * 60, "a_b" + "x" * 61)]
    versions = [{"name": item["name"], "version": "1", "creation_timestamp": 0} for item in models]

    def answer(handler):
        key = "registered_models" if "registered" in handler.path else "model_versions"
        says(200, json.dumps({key: models if key == "registered_models" else versions}))(handler)

    with answering(answer) as address:
        done = importing.from_mlflow(address, tmp_path / "client", entry_only=["*"], environment=NOBODY)
        ids = [one.entry.asset_id for one in done.taken]
        models[0]["tags"] = models[1]["tags"] = [{"key": "lepton.asset_id", "value": "M1"}]
        with pytest.raises(importing.Unusable, match="both get the id M1"):
            importing.from_mlflow(address, tmp_path / "twice", environment=NOBODY)
        models[0]["tags"] = [{"key": "lepton.asset_id", "value": "../up"}]
        with pytest.raises(importing.Unusable, match="an id is a capital letter"):
            importing.from_mlflow(address, tmp_path / "up", environment=NOBODY)
    assert sorted(ids) == sorted(set(ids)) and {"A_B", "A_B_2"} <= set(ids) and max(map(len, ids)) <= 40
    assert [path.name for path in tmp_path.iterdir()] == ["client"]


def read(folder: Path, text: str, name: str = "predictions.csv", **said: str):
    path = folder / "table"
    path.write_text(text, encoding="utf-8")
    return tables.read(path, name, {key.replace("__", "."): value for key, value in said.items()})


def test_tables_are_read_as_csv_and_as_pandas_and_mlflow_write_json(tmp_path):
    plain = read(tmp_path, "Y_true,prediction,baseline\n1,0.25,True\n0,0.75,False\n")
    assert (plain.target, plain.score, plain.decision, plain.baseline) == ((1, 0), (0.25, 0.75), (), (1, 0))
    logged = json.dumps({"columns": ["target", "prediction"], "data": [[True, 1.0], [False, 0]]})
    assert read(tmp_path, logged, "x.json").decision == (1, 0)
    records = json.dumps([{"target": 1, "score": 0.5}, {"target": 0, "score": 0.1}])
    assert read(tmp_path, records, "x.json").score == (0.5, 0.1)
    named = read(tmp_path, "hit,p\n1,0.5\n0,0.1\n", column__target="hit", column__score="p")
    assert named.target == (1, 0) and named.score == (0.5, 0.1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("target,score\n1,1.7\n0,0.2\n", "row 2, score: score 1.7 outside 0..1"),
        ("target,score\nyes,0.7\n0,0.2\n", 'row 2, target: "yes"'),
        ("target,score\n1,\n0,0.2\n", "row 2, score"),
        ("target,score\n1,nan\n0,0.2\n", "row 2, score"),
        ("target,prediction\n2,1\n0,0\n", "row 2, target: 2"),
        ("target,score\n1,0.5\n", "has 1 rows"),
        ("target,y_true,score\n1,1,0.5\n0,0,0.1\n", 'has "target" and "y_true"'),
        ('target,score\n"1,0.5\n', "predictions.csv: the row is not CSV"),
        ("target,score,date\n1,0.5,31/12/2025\n0,0.1,1/1/2026\n", "row 2, date"),
    ],
)
def test_a_table_with_other_values_is_refused_with_its_row(tmp_path, text, words):
    with pytest.raises(importing.Unusable) as stop:
        read(tmp_path, text)
    assert words in str(stop.value)


@pytest.mark.parametrize("text", ["", "{", "null", '{"columns": 3}', '{"columns": ["a"], "data": [3]}', "[3]"])
def test_json_that_is_no_table_is_refused(tmp_path, text):
    with pytest.raises(importing.Unusable, match="cannot be read as a table"):
        read(tmp_path, text, "predictions.json")


def test_a_table_without_a_class_or_a_score_is_told_which_columns_are_known(tmp_path):
    assert "column of the true class (called target, y_true" in read(tmp_path, "a,score\n1,0.5\n0,0.1\n")
    assert "column of scores or decisions" in read(tmp_path, "a,target\n1,1\n0,0\n")


def test_a_table_with_few_rows_of_a_class_is_no_case_and_its_scores_are_kept(tmp_path):
    version = Version(number=1, stage="None", aliases=(), created=date(2026, 1, 1), run_id="r", source="", tags={})
    entry = Entry(
        name="m", asset_id="M", versions=(version,), chosen=version, stage="deployment", why="", run=None, said={}
    )
    few = tables.Predictions(file="t.csv", target=(1, 0, 0, 0), score=(0.9, 0.1, 0.2, 0.3))
    filling = folder_module.Filling(tmp_path / "client", None)
    assert filling.predictions(entry, few, 0.5) is False and filling.cases == []
    assert [row["y_true"] for row in table(tmp_path / "client", "metrics/predictions_M.csv")] == ["1", "0", "0", "0"]
    assert not (tmp_path / "client" / "data").exists()


def test_counts_say_what_is_missing_for_a_comparison(tmp_path):
    alone = read(tmp_path, "target,prediction\n1,1\n0,0\n")
    assert "what was done before" in tables.of_predictions(alone, None, "")
    scored = read(tmp_path, "target,score,baseline\n1,0.5,1\n0,0.1,0\n")
    assert "no param or metric called threshold" in tables.of_predictions(scored, None, "")
    counted = tables.of_predictions(scored, 0.5, "")
    assert counted.model == counted.baseline == {"tp": 1, "fp": 0, "fn": 0, "tn": 1}
    assert tables.of_metrics({}, "") == ""
    ours = {"tp": 3.0, "fp": 1.0, "fn": 2.0, "tn": 9.0}
    assert "count no baseline" in tables.of_metrics(ours, "")
    both = tables.of_metrics(ours | {f"baseline_{name}": value for name, value in ours.items()}, "")
    assert both.n == 15 and both.same_classes and both.paired == {}
    other = tables.of_metrics(
        ours | {"baseline_tp": 1.0, "baseline_fp": 1.0, "baseline_fn": 1.0, "baseline_tn": 1.0}, ""
    )
    assert not other.same_classes
    assert "no positive case" in tables.of_metrics(dict.fromkeys(ours, 0.0) | {f"baseline_{name}": 1.0 for name in ours}, "")  # fmt: skip


def test_an_import_that_is_ended_leaves_nothing_behind(tmp_path):
    hold = threading.Event()
    version = {"name": "m", "version": "1", "creation_timestamp": 0, "run_id": "r"}

    def answer(handler):
        if "/artifacts/" in handler.path:
            hold.wait(60)
            return
        body = {"registered_models": [{"name": "m"}], "model_versions": [version]}
        says(200, json.dumps(body | {"run": {"info": {"run_id": "r", "start_time": 0}}}))(handler)

    with answering(answer) as address:
        words = ["import", "mlflow", "--tracking-uri", address, "--out", str(tmp_path / "client")]
        command = [sys.executable, "-c", "from lepton_nb import cli; cli.main()", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(600):
            if list(tmp_path.glob(".client.*.part/assets.csv")):
                break
            time.sleep(0.1)
        assert not untouched(tmp_path)
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=60)
        hold.set()
    assert process.returncode == 143 and "Ended by SIGTERM" in told and "Traceback" not in told
    assert untouched(tmp_path)
