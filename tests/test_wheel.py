"""The wheel, outside of any clone: chapters, book and samples come with it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with what the wheel installs, the wheel built from a copy of the project."""
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("no setuptools to build with")
    folder = tmp_path_factory.mktemp("wheel")
    leave = shutil.ignore_patterns("__pycache__", ".*")
    for name in ("lepton_nb", "notebooks", "book", "clients"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=leave)
    for name in ("_toc.yml", "_config.yml", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    (folder / "source" / "notebooks" / ".ipynb_checkpoints").mkdir()
    (folder / "source" / "notebooks" / ".ipynb_checkpoints" / "x.ipynb").touch()
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, *build, "-w", str(folder), str(folder / "source")], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    shutil.rmtree(folder / "source")
    return folder / "site"


def lepton(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LEPTON_")}
    return subprocess.run(
        [sys.executable, "-m", "lepton_nb.cli", *words],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_what_a_report_is_made_from(installed):
    project = installed / "lepton_nb" / "project"
    for folder in ("notebooks", "book", "clients"):
        there = {path.relative_to(project) for path in (project / folder).rglob("*") if path.is_file()}
        listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=False)
        wanted = {Path(line) for line in listed.stdout.splitlines()}
        assert there and (not wanted or wanted <= there)
        assert not [path for path in there if any(part.startswith(".") for part in path.parts)]
    assert (project / "_toc.yml").is_file() and (project / "_config.yml").is_file()


def test_new_check_and_report_work_in_a_fresh_folder(installed, tmp_path):
    made = lepton(installed, tmp_path, "new", "mine", "--like", "bank")
    assert made.returncode == 0, made.stdout + made.stderr
    checked = lepton(installed, tmp_path, "check", "mine")
    assert checked.returncode == 0 and "No problem" in checked.stdout, checked.stdout + checked.stderr
    done = lepton(installed, tmp_path, "report", "mine", "--only", "scorecard")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "reports" / "mine" / "results" / "scorecard.json").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "reports", ".lepton"}
    refused = lepton(installed, tmp_path, "record", "reports/mine", "scorecard")
    assert refused.returncode == 2 and "clone of the project" in refused.stdout
