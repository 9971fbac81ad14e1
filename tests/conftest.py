"""What several test files share: a small project of its own, with chapters made for the test."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import yaml
from hypothesis import settings

from lepton_nb import results
from lepton_nb.report import chapters

ROOT = Path(__file__).resolve().parent.parent

# Examples repeat from run to run; other ones are tried with HYPOTHESIS_PROFILE=other in the environment.
settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("other", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))

PARAMETERS = 'profile: str = "quick"\nclient_folder: str = ""\nresults_folder: str = ""\nfactor: int = 2  # times\n'
CASE = 'case: str = ""  # asset whose case this is; empty: the public data sets\n'
SAVE = "from lepton_nb import results\nrecord = results.Record({name}, profile)\n{add}\nrecord.save(results_folder)"


def chapter(
    path: Path,
    *cells: str,
    needs=(),
    reads=(),
    limit=60,
    full=None,
    parameters=PARAMETERS,
    add="",
    title="",
    pictures=(),
    case="",
):
    """Write one small chapter: parameters, the cells given, and a record with what ``add`` adds. case: kind that it measures."""
    name = path.stem.split("_", 1)[1]
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["lepton"] = {
        "question": f"What does {name} do?",
        "minutes": {"quick": 1, "full": 1},
        "needs": list(needs),
        "reads": {"client": list(reads), "data": []},
        "limit_seconds": {"quick": limit, "full": limit},
        "profiles": {"full": full or {}},
        "pictures": list(pictures),
    }
    record = repr(name)
    if case:
        notebook.metadata["lepton"]["case"] = case
        parameters, record = parameters + CASE, f"results.task_name({name!r}, case)"
    notebook.cells = [
        nbformat.v4.new_markdown_cell(f"# {title or name.title()}\n\nA chapter for a test."),
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        *[nbformat.v4.new_code_cell(cell) for cell in cells],
        nbformat.v4.new_code_cell(SAVE.format(name=record, add=add)),
    ]
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{position}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


class Project:
    """A folder with ``_toc.yml``, ``_config.yml``, pages and chapters, and a client to run them for."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.client = folder / "clients" / "sample"
        shutil.copytree(ROOT / "clients" / "manufacturer", self.client)
        shutil.copy(ROOT / "_config.yml", folder)
        shutil.copytree(ROOT / "book", folder / "book")

    def chapter(self, file: str, *cells: str, **options) -> Path:
        path = chapter(self.folder / "notebooks" / file, *cells, **options)
        self.list_chapters()
        return path

    def list_chapters(self) -> None:
        files = [f"notebooks/{p.stem}" for p in sorted((self.folder / "notebooks").glob("*.ipynb"))]
        toc = {"format": "jb-book", "root": files[0], "chapters": [{"file": file} for file in files[1:]]}
        (self.folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    """An empty project, which ``lepton_nb.paths`` takes for the real one; its state is its own."""
    made = Project(tmp_path)
    monkeypatch.setenv("LEPTON_PROJECT", str(tmp_path))
    monkeypatch.delenv("LEPTON_STATE", raising=False)
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return made


#: Files that take longest, longest first: they begin first, so that none of them runs alone at the end.
LONGEST = (
    "test_whole_way.py", "test_run.py", "test_one_figure.py", "test_hand_over.py", "test_risk_classifier.py",
    "test_claims.py", "test_forking.py", "test_site.py", "test_command.py", "test_import_mlflow.py", "00_summary.ipynb",
    "22_adversarial.ipynb", "test_translation.py", "test_value_properties.py", "test_cluster.py",
    "test_batch.py", "21_recurrent.ipynb", "test_training.py", "test_cifar10.py", "test_case_tasks.py",
    "test_notebooks.py", "test_stages.py", "test_three_doors.py", "test_value_kept.py", "test_shared_store.py",
)  # fmt: skip


#: Chapters that train for long: nbval leaves them to ``test_claims.py``, which compares what the whole report printed with
#: what they keep, and executes them small as a reader does.
OF_CLAIMS = {f"{name}.ipynb" for name in (
    "30_mnist", "31_risk_classifier", "32_text", "33_forecasting", "34_autoencoder", "35_recommendation", "36_inspection",
    "37_speech", "38_fusion", "43_sounds", "40_cifar10", "50_translation", "60_faces", "70_tuning", "71_transfer",
    "72_deployment", "73_monitoring", "74_explanation", "75_privacy", "90_industries")}  # fmt: skip


#: Chapters that 00_summary needs: where nbval executes that as a reader does, it executes these, and what they keep is
#: compared in the whole report. (80_value stays: it is the one that readers open.)
OF_SUMMARY = {f"{name}.ipynb" for name in (
    "82_metric_to_money", "83_uncertainty", "84_options", "85_speed_and_cost", "87_scorecard", "88_portfolio")}  # fmt: skip


def pytest_collection_modifyitems(items) -> None:
    """The longest files first, then those of most tests; a file's own order stays. (``--no-loadscope-reorder`` keeps it.)"""
    items[:] = [item for item in items if item.path.name not in OF_CLAIMS | OF_SUMMARY]
    place = {name: number for number, name in enumerate(LONGEST)}
    count = Counter(item.path for item in items)
    items.sort(key=lambda item: (place.get(item.path.name, len(LONGEST)), -count[item.path], str(item.path)))


class OfReader:
    """What holds for each notebook that nbval executes, as a reader does: no word on standard error, and its record."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        notebook = item.path.suffix == ".ipynb"
        if notebook:
            vars(item.parent).setdefault("began", time.time())
        done = yield
        if notebook:
            loud = [out.text for out in item.test_outputs if out.get("name") == "stderr"]
            assert not loud, f"a chapter writes nothing to standard error: {loud}"
            if item.cell is [cell for cell in item.parent.nb.cells if cell.cell_type == "code"][-1]:
                name = chapters.read(item.path).name
                record = results.records_folder() / f"{name}.json"
                results.check(record, name, "quick")
                assert record.stat().st_mtime >= item.parent.began, f"{record} is of an earlier execution"
        return done


def pytest_configure(config) -> None:
    config.pluginmanager.register(OfReader())


@pytest.fixture(autouse=True)
def _no_figure_of_another_test():
    """A test that counts open figures counts its own."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
