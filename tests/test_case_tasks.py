"""One notebook, many tasks: a chapter that measures a kind of case, executed for the book and for each case of a client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from lepton_nb import client, datasets, paths, results
from lepton_nb.report import case_pages, cases, chapters, planning, run, staging
from lepton_nb.report import record as recording
from lepton_nb.report.chapters import ChapterProblem
from lepton_nb.report.executing import Outcome

READ = """\
from lepton_nb import client
told = "public"
if case:
    mine = next(item for item in client.load(client_folder).only("cases").cases if item.asset_id == case)
    columns = client.case_data(client_folder, mine)
    told = f"{case}: {int(columns['y'].sum())} of {len(columns['y'])}"
else:
    assert client_folder == ""
"""
EVALUATION = """
def counts(flags):
    pairs = list(zip(columns["y"], flags))
    return {name: pairs.count(key) for name, key in (("tp", (1, 1)), ("fp", (0, 1)), ("fn", (1, 0)), ("tn", (0, 0)))}
if case:
    flags = (columns["x"] < 12).astype(float)
    record.add_table("evaluation", [{
        "evaluation_id": f"measured:{case}", "asset_id": case, "evaluated_on": "2026-06-30", "sample": "rows",
        "n": len(flags), "model": counts(flags), "baseline": counts(columns["flag"]), "outcome_value": None,
    }])
"""
ADD = "record.add('told', told, unit='')\nrecord.add('factor', factor, unit='', seed=factor)"
ROOT = Path(__file__).resolve().parent.parent
ASKED = "import json, pathlib\nfound = sorted(path.stem for path in pathlib.Path(results_folder).glob('*.json'))"


def rows(positive: int, n: int = 8) -> str:
    return "y,flag,x\n" + "".join(f"{int(row < positive)},{row % 2},{3 * row}\n" for row in range(n))


@pytest.fixture
def two(project):
    """A client with two cases, a chapter that measures them, one that reads evaluations and one that does not."""
    (project.client / "data").mkdir()
    for name, positive in (("M1", 2), ("M2", 3)):
        (project.client / "data" / f"{name}.csv").write_text(rows(positive), encoding="utf-8")
    file = project.client / "client.yml"
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    found["cases"] = [
        {
            "asset_id": name,
            "case": "risk_classifier",
            "data": f"data/{name}.csv",
            "target": "y",
            "baseline_column": "flag",
        }
        for name in ("M1", "M2")
    ]
    file.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
    project.chapter("01_first.ipynb", "1")
    project.chapter(
        "31_risk.ipynb", READ, add=ADD + EVALUATION, case="risk_classifier", reads=["cases", "assets"], title="Risk"
    )
    project.chapter("80_value.ipynb", ASKED, add="record.add('found', found, unit='')", reads=["evaluations"])
    return project


def plan(project, **options):
    return planning.plan(project.client, project.folder / "out", **options)


def keys(project, **options) -> dict[str, str]:
    return {task.name: task.key({}) for task in plan(project, **options).tasks}


def changed(before: dict, after: dict) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_a_case_is_a_task_of_its_own_beside_the_chapter_of_the_book(two):
    tasks = {task.name: task for task in plan(two).tasks}
    assert list(tasks) == ["first", "risk", "risk@M1", "risk@M2", "value"]
    assert [tasks[name].parameters["case"] for name in ("risk", "risk@M1", "risk@M2")] == ["", "M1", "M2"]
    assert tasks["value"].needs == ("risk@M1", "risk@M2") and tasks["first"].needs == ()
    assert tasks["risk@M1"].file == "31_risk@M1.ipynb" and tasks["risk"].file == "31_risk.ipynb"
    assert tasks["risk@M1"].title == "Risk: Visual defect inspection model v3 (M1)" and tasks["risk"].title == "Risk"


def test_a_task_sees_the_files_of_its_own_case_alone_and_the_book_sees_no_client(two):
    before = keys(two)
    (two.client / "data" / "M1.csv").write_text(rows(4), encoding="utf-8")
    assert changed(before, keys(two)) == {"risk@M1"}
    assets = two.client / "assets.csv"
    assets.write_text(assets.read_text(encoding="utf-8").replace("Furnace energy", "Furnace power"), encoding="utf-8")
    now = keys(two)
    assert changed(before, now) == {"risk@M1", "risk@M2"}, "the name of M2 is in the key of its own case alone"
    yml = two.client / "client.yml"
    yml.write_text(yml.read_text(encoding="utf-8").replace("rate: 0.3\n", "rate: 0.31\n"), encoding="utf-8")
    assert client.load(two.client).tax.rate == 0.31 and changed(now, keys(two)) == set()
    yml.write_text(yml.read_text(encoding="utf-8").replace("Nordhafen Gusswerke", "Another foundry"), encoding="utf-8")
    assert changed(now, keys(two)) == {"risk@M1", "risk@M2"}, "no other client takes an entry of a case"


def test_predictions_of_a_case_are_copied_and_are_in_its_key_and_no_other(two):
    yml, scores = two.client / "client.yml", two.client / "data" / "scores.csv"
    found = yaml.safe_load(yml.read_text(encoding="utf-8"))
    found["cases"][0]["predictions"] = "data/scores.csv"
    found["cases"][0]["split"] = {"by": "random", "test_share": 0.5}
    yml.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
    keys_of = []
    for score in (0.1, 0.2):
        scores.write_text("score\n" + f"{score}\n" * 8, encoding="utf-8")
        keys_of.append(keys(two))
        assert "data/scores.csv" in plan(two).seen
    assert changed(*keys_of) == {"risk@M1"}


def test_a_case_on_a_public_data_set_reads_that_set_and_no_other(two):
    public = client.load(two.client).cases[0].model_copy(update={"path": "public:mnist"})
    chapter = next(task.chapter for task in plan(two).tasks if task.name == "risk")
    assert planning._data_sets(cases.Outline(chapter, (), "", public)) == ("mnist",) and cases.files(public) == []
    assert planning._data_sets(cases.Outline(chapter, (), "")) == chapter.reads_data


def test_a_command_takes_tasks_by_name(two):
    assert [task.name for task in plan(two, only=["risk@M1"]).tasks] == ["risk@M1"]
    assert [task.name for task in plan(two, only=["risk"]).tasks] == ["risk"]
    assert [task.name for task in plan(two, only=["value"]).tasks] == ["risk@M1", "risk@M2", "value"]
    found = {task.name: task for task in plan(two, settings={"risk@M1": {"factor": 7}}).tasks}
    assert found["risk@M1"].parameters["factor"] == 7 and found["risk@M2"].parameters["factor"] == 2
    with pytest.raises(ChapterProblem, match=r"No chapter 'risk@M3'.*Did you mean \"risk@M"):
        plan(two, only=["risk@M3"])
    with pytest.raises(
        ChapterProblem, match=r"--set risk\.case: the command itself gives this one; name the case's own"
    ):
        plan(two, settings={"risk": {"case": "M1"}})


def test_a_chapter_of_cases_declares_what_a_case_needs(two):
    two.chapter("32_short.ipynb", case="forecaster", parameters='profile: str = "quick"\nresults_folder: str = ""\n')
    with pytest.raises(
        ChapterProblem, match=r"32_short\.ipynb: measures cases of kind forecaster, so .* client_folder"
    ):
        plan(two)


def test_records_notebooks_and_ledger_go_by_the_tasks_name(two):
    made = plan(two)
    outcomes = run.run(made, 2)
    assert {name: outcome.state for name, outcome in outcomes.items()} == dict.fromkeys(
        ["first", "risk", "risk@M1", "risk@M2", "value"], "completed"
    )
    told = {name: _record(made, outcomes[name]) for name in ("risk", "risk@M1", "risk@M2", "value")}
    assert [told[name]["figures"]["told"]["value"] for name in ("risk", "risk@M1", "risk@M2")] == [
        "public",
        "M1: 2 of 8",
        "M2: 3 of 8",
    ]
    assert told["value"]["figures"]["found"]["value"] == ["risk@M1", "risk@M2"]
    lines = {line["chapter"]: line for line in json.loads((made.out / "ledger.json").read_text())["chapters"]}
    assert set(lines["value"]["inputs"]) == {"client: evaluations", "record: risk@M1", "record: risk@M2"}
    assert set(lines["risk@M1"]["inputs"]) == {"client: client", "client: assets", "client: case M1"}
    assert lines["risk"]["inputs"] == {} and lines["risk@M1"]["seeds"] == [2]

    (two.client / "data" / "M2.csv").write_text(rows(5), encoding="utf-8")
    again = run.run(plan(two), 2)
    assert {name for name, outcome in again.items() if outcome.state == "completed"} == {"risk@M2", "value"}


def _record(made, outcome: Outcome) -> dict:
    return json.loads(made.places.store.find(outcome.key).record.read_text(encoding="utf-8"))


def test_a_reader_has_the_cases_that_benefits_rest_on_executed_once_for_each_client(two, monkeypatch, capsys):
    assert results.measured("", two.client) == {}
    benefits = two.client / "benefits.csv"
    link = benefits.read_text(encoding="utf-8").replace("confusion:M1_vs_manual", "measured:M1")
    benefits.write_text(link, encoding="utf-8")
    found = results.measured("", two.client)
    assert set(found) == {"M1"} and found["M1"].evaluation["model"] == {"tp": 2, "fp": 2, "fn": 0, "tn": 4}
    assert "31_risk.ipynb is executed first" in capsys.readouterr().out
    asked = []

    def execute(notebook, name, parameters):
        asked.append(name)
        return results.load(name, next((paths.state_folder() / "reader").glob("*")))

    monkeypatch.setattr(results, "_execute", execute)
    assert results.measured("", two.client) == found and asked == []
    yml = two.client / "client.yml"
    yml.write_text(yml.read_text(encoding="utf-8").replace("Nordhafen Gusswerke", "Another foundry"), encoding="utf-8")
    results.measured("", two.client)
    assert asked == ["risk@M1"], "no client is shown what another's case measured"


def test_check_says_which_chapter_will_measure_a_case_and_what_rests_on_it(two):
    company = client.load(two.client)
    chapters = [task.chapter for task in plan(two).tasks if not task.asset]
    one, other = cases.plans_in_words(chapters, company)
    assert one == (
        "M1: risk@M1 (31_risk.ipynb) will measure it on data/M1.csv, trained here; no split is given, so 3 in 10 rows, drawn at "
        "random class by class, are the test; no benefit links to it (metric_link measured:M1), so it stands beside what was typed."
    )
    benefits = two.client / "benefits.csv"
    benefits.write_text(
        benefits.read_text(encoding="utf-8").replace("confusion:M1_vs_manual", "measured:M1"), encoding="utf-8"
    )
    linked = cases.plans_in_words(chapters, client.load(two.client))
    assert (
        linked[0].endswith("are the test; escapes_and_false_rejects will rest on what it measures.")
        and linked[1] == other
    )
    (alone,) = set(cases.plans_in_words([], client.load(two.client))[:1])
    assert alone == "M1: no chapter measures a risk_classifier; its data were examined, and nothing rests on them."


TOC = {
    "format": "jb-book",
    "root": "notebooks/00_summary",
    "parts": [
        {"caption": "Cases", "chapters": [{"file": "notebooks/31_risk"}]},
        {"caption": "Value", "chapters": [{"file": "notebooks/80_value"}]},
        {"caption": "About", "chapters": [{"file": "book/about"}]},
    ],
}
LISTED = {"summary": "notebooks/00_summary", "risk": "notebooks/31_risk", "value": "notebooks/80_value"}


def test_cases_have_a_part_of_their_own_before_the_value():
    longer = case_pages.with_cases(TOC, LISTED, ["summary", "risk", "risk@C1", "risk@C2", "value"])
    assert [part["caption"] for part in longer["parts"]] == ["Cases", "Measured for this client", "Value", "About"]
    assert longer["parts"][1]["chapters"] == [{"file": "notebooks/31_risk@C1"}, {"file": "notebooks/31_risk@C2"}]
    assert case_pages.with_cases(TOC, LISTED, ["summary", "risk", "value"]) == TOC


def test_the_part_of_the_cases_says_whose_data_they_are_on():
    own, public = (
        {"chapter": "risk@C1", "inputs": {"client: case C1": "1"}},
        {"chapter": "risk@C2", "inputs": {"data: tiles": "2"}},
    )
    chapter = {"chapter": "risk", "inputs": {"data: loans": "3"}}
    for lines, said in (
        ([chapter, own], "Measured for this client"),
        ([chapter, public], "Tried on public data"),
        ([own, public], "Measured for this client, or tried on public data"),
    ):
        assert case_pages.caption(lines) == said
    longer = case_pages.with_cases(TOC, LISTED, ["risk@C2"], case_pages.PUBLIC)
    assert longer["parts"][1]["caption"] == "Tried on public data"


def test_a_book_without_parts_or_without_a_value_chapter_has_its_cases_at_the_end():
    flat = {"format": "jb-book", "root": "notebooks/31_risk", "chapters": [{"file": "notebooks/40_more"}]}
    longer = case_pages.with_cases(flat, {"risk": "notebooks/31_risk"}, ["risk@C1"])
    assert longer["chapters"] == [{"file": "notebooks/40_more"}, {"file": "notebooks/31_risk@C1"}]


def test_a_page_of_a_case_has_its_own_title_and_labels_and_a_name_is_only_ever_text():
    cells = [
        {
            "cell_type": "markdown",
            "source": "# Risk\n\n$$ a $$ (eq-gain)\n\nBy [the gain](#eq-gain), [chain](20_x.ipynb#eq-gain).",
        },
        {"cell_type": "code", "source": "# not a title"},
        {"cell_type": "markdown", "source": "```python\n# a remark\n```"},
    ]
    case_pages.made_own({"cells": cells}, "C1", "Risk: <script>x</script> `a` $b$ {cite}`c` (C1)")
    assert cells[0]["source"].startswith(
        r"# Risk\: ‹script›x‹\/script› \`a\` \$b\$ \{cite\}\`c\` \(C1\)" + "\n\n$$ a $$ (eq-gain-C1)"
    )
    assert "[the gain](#eq-gain-C1), [chain](20_x.ipynb#eq-gain)" in cells[0]["source"]
    assert cells[2]["source"] == "```python\n# a remark\n```"


def test_a_page_of_a_case_leaves_out_what_speaks_of_the_public_data_alone():
    told, shown = ({"cell_type": "markdown", "source": text} for text in ("Three public sets", "# Risk"))
    notebook = {"cells": [shown, told | {"metadata": {"tags": ["book-only"]}}]}
    case_pages.made_own(notebook, "C1", "Risk (C1)")
    assert notebook["cells"] == [shown]
    for chapter in ("31_risk_classifier", "36_inspection", "41_alarms", "42_demand", "43_sounds"):
        cells = json.loads((ROOT / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
        whole = list(cells)
        page = {"cells": cells}
        case_pages.made_own(page, "C1", "Risk (C1)")
        told = "\n".join("".join(cell["source"]) for cell in page["cells"])
        for heading in ("## Setup", "## Exercises", "import keras", "leak", "recorded"):
            assert heading not in told, (chapter, heading)
        for name in chapters.read(ROOT / "notebooks" / f"{chapter}.ipynb").reads_data:
            assert name not in told and datasets.entry(name).in_words not in told, (chapter, name)
        for tag in ("book-only", "case-only"):
            assert any(tag in cell["metadata"].get("tags", ()) for cell in whole), (chapter, tag)


@pytest.mark.parametrize("door", ["trained", "predictions", "onnx"])
def test_a_page_compares_trained_models_only_where_models_were_trained(project, tmp_path, door):
    path = project.chapter("31_risk.ipynb", "1")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    compared = {"cell_type": "markdown", "id": "more", "metadata": {"tags": ["if-trained"]}, "source": "Who is ahead"}
    told = {"cell_type": "markdown", "id": "own", "metadata": {"tags": ["case-only"]}, "source": "The client's money"}
    notebook["cells"] += [compared, told]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    lines = [
        {"chapter": "risk", "title": "Risk", "door": ""},
        {"chapter": "risk@C1", "title": "Risk (C1)", "door": door},
    ]
    staging.stage_pages({"risk": path, "risk@C1": path}, {"chapters": lines}, tmp_path / "stage", "folded")
    book, case = ((tmp_path / "stage" / "notebooks" / f"31_risk{of}.ipynb").read_text("utf-8") for of in ("", "@C1"))
    assert "Who is ahead" in book and "The client's money" not in book
    assert ("Who is ahead" in case) == (door == "trained") and "The client's money" in case


def test_what_was_measured_for_one_client_does_not_go_on_record(project, tmp_path):
    project.chapter("31_risk.ipynb", "1")
    own = {"folder_name": "own", "synthetic": False}
    ledger = {"profile": "full", "client": own, "chapters": [{"chapter": "risk@M1", "state": "completed"}]}
    (tmp_path / "ledger.json").write_text(json.dumps(ledger), encoding="utf-8")
    with pytest.raises(recording.RecordProblem, match=r"risk@M1: is measured for one client.* risk on the public data"):
        recording.record(tmp_path, ["risk@M1"])


def test_names_of_tasks():
    assert results.task_name("risk", "C1") == "risk@C1" and results.task_name("risk") == "risk"
    assert case_pages.is_case("notebooks/31_risk@C1") and not case_pages.is_case("a@b/31_risk")
