"""Kept chapters in a store that machines share: a real S3 server on this machine, and addresses that do not work."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from lepton_nb import cli, paths
from lepton_nb.report import planning, run, shared_store

ADD = "record.add('x', factor * 21, unit='1')"


@pytest.fixture
def bucket(monkeypatch):
    """The address of an empty bucket on an S3 server of this machine."""
    pytest.importorskip("s3fs", reason="the extra s3 is not installed")
    server = pytest.importorskip("moto.server", reason="the extra test is not installed")
    import boto3

    started = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="kept")
    yield "s3://kept/folder"
    started.stop()


@pytest.fixture
def memory():
    import fsspec

    system = fsspec.filesystem("memory")
    yield "memory://kept"
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def execute(project, name="out"):
    plan = planning.plan(project.client, project.folder / name)
    run.check_folders(plan)
    return plan, run.run(plan, 1)


def another_machine(project):
    """The same project without anything kept here."""
    shutil.rmtree(project.folder / ".lepton")


def test_a_chapter_that_one_machine_executed_is_reused_by_another_through_s3(project, monkeypatch, bucket):
    monkeypatch.setenv("LEPTON_STATE", bucket)
    project.chapter("01_one.ipynb", add=ADD)
    assert paths.state_folder() == project.folder / ".lepton"
    plan, outcomes = execute(project)
    assert outcomes["one"].state == "completed"
    key = outcomes["one"].key
    record = plan.places.store.find(key).record.read_bytes()
    another_machine(project)
    plan, outcomes = execute(project)
    assert outcomes["one"].state == "reused"
    assert plan.places.store.find(key).record.read_bytes() == record

    # Altered in the store: absent, executed again, and whole there afterwards.
    system, path = shared_store._open(f"{bucket}/store/{key[:2]}/{key}/record.json")
    system.pipe_file(path, record.replace(b"42", b"43"))
    another_machine(project)
    _, outcomes = execute(project)
    assert outcomes["one"].state == "completed"
    assert system.cat_file(path) == plan.places.store.find(key).record.read_bytes()

    # Half an entry, without its checksums: absent.
    system.rm_file(path.replace("record.json", "about.json"))
    another_machine(project)
    assert planning.plan(project.client, project.folder / "out").places.store.find(key) is None


def test_a_store_that_fails_meanwhile_costs_no_work_and_gets_the_chapter_later(project, monkeypatch, memory):
    monkeypatch.setenv("LEPTON_STATE", memory)
    project.chapter("01_one.ipynb", add=ADD)
    plan = planning.plan(project.client, project.folder / "out")
    opened = shared_store._open

    def broken(address):
        raise ConnectionError("no network")

    monkeypatch.setattr(shared_store, "_open", broken)
    outcomes = run.run(plan, 1)
    assert outcomes["one"].state == "completed"
    assert run.run(plan, 1)["one"].state == "reused"
    monkeypatch.setattr(shared_store, "_open", opened)
    key = outcomes["one"].key
    assert not shared_store.fetch(memory, key, project.folder)
    assert run.run(plan, 1)["one"].state == "reused"  # and brought there
    target = project.folder / "fetched"
    target.mkdir()
    assert shared_store.fetch(memory, key, target)
    assert json.loads((target / "record.json").read_text())["figures"]["x"]["value"] == 42
    assert not (plan.places.store.entry(key).folder / shared_store.MARK).exists()


@pytest.mark.parametrize(
    ("address", "phrase"),
    [
        ("nonsense://kept", "cannot be written"),
        ("http://127.0.0.1:9/kept", "cannot be written"),
        ("s3://", "cannot be written"),
    ],
)
def test_an_address_that_does_not_work_is_told_before_anything_is_executed(project, monkeypatch, address, phrase):
    if address.startswith("s3"):
        pytest.importorskip("s3fs", reason="the extra s3 is not installed")
    monkeypatch.setenv("LEPTON_STATE", address)
    project.chapter("01_one.ipynb")
    answer = CliRunner().invoke(cli.app, ["report", str(project.client), "--out", str(project.folder / "out")])
    assert answer.exit_code == 2 and phrase in answer.output and "Traceback" not in answer.output, answer.output
    assert not (project.folder / "out").exists()


def test_a_bucket_that_is_not_there_and_a_library_that_is_not_are_told(monkeypatch, bucket):
    with pytest.raises(shared_store.NoStore, match="cannot be written"):
        shared_store.check("s3://missing/folder")
    shared_store.check(bucket)

    def missing(address):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(shared_store, "_open", missing)
    with pytest.raises(shared_store.NoStore, match=r"lepton-nb\[s3\]"):
        shared_store.check(bucket)
