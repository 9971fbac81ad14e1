"""The workbook: live formulas that other engines compute again, to a cent of the model, also at other settings."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import warnings
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from any_client import client_of, parts
from hypothesis import HealthCheck, Phase, given, seed, settings
from openpyxl.worksheet.formula import DataTableFormula
from pypdf import PdfReader
from test_value_model import asset, benefit, cost, evaluation, linked, make, spent

from lepton_nb import client as clients
from lepton_nb import results, value_model
from lepton_nb.client import ThreePoint
from lepton_nb.report import spreadsheet, workbook, workbook_cells, workbook_stored
from lepton_nb.value_model.replacement import kind_rate
from lepton_nb.value_model.sheets import sheets

ROOT = Path(__file__).resolve().parent.parent
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def record_of(plan, total):
    record = results.Record("value")
    record.add("value", total, plan.currency, low=0.0, high=1.0, interval="5 % to 95 %", source="=1+1")
    for name, rows in (value_model.line_tables(plan).tables() | sheets(plan)).items():
        record.add_table(name, rows)
    return {"value": record.to_dict()}


def written(name: str, path: Path):
    """The workbook of a sample and its plan."""
    plan = value_model.plan(clients.load(ROOT / "clients" / name))
    names = {asset.asset_id: asset.name for asset in plan.client.assets}
    workbook.write(path, record_of(plan, float(value_model.evaluate(plan).total)), name, names=names)
    return plan


def by_formulas(path: Path) -> dict[str, float]:
    """The summary as the package ``formulas`` computes it: group → value. It knows no what-if tables."""
    book = openpyxl.load_workbook(path)
    for sheet in book:
        for row in sheet:
            for item in row:
                if isinstance(item.value, DataTableFormula):
                    item.value = None
    path = path.with_name("without-tables.xlsx")
    book.save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the engine's own parser
        formulas = pytest.importorskip("formulas", reason="the package formulas is not installed")
        solution = formulas.ExcelModel().loads(str(path)).finish().calculate()
    cells = {}
    for name, ranges in solution.items():
        sheet, _, cell = str(name).rpartition("!")
        value = getattr(ranges, "value", None)
        if value is not None and value.shape == (1, 1) and "SUMMARY" in sheet.upper():
            cells[cell] = value[0, 0]
    book = openpyxl.load_workbook(path)
    rows = range(6, book["Summary"].max_row + 1)
    return {book["Summary"][f"A{row}"].value: float(cells[f"B{row}"]) for row in rows if f"D{row}" in cells}


#: LibreOffice computes everything when it opens a file, what-if tables too.
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""


def converted(path: Path, form: str) -> Path:
    """The workbook as LibreOffice computes and writes it: xlsx or pdf."""
    if OFFICE is None:
        pytest.skip("LibreOffice is not installed")
    out, profile = path.parent / "computed", path.parent / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS, encoding="utf-8")
    kind = {"xlsx": "xlsx:Calc MS Excel 2007 XML"}.get(form, form)
    subprocess.run(
        [OFFICE, "--headless", f"-env:UserInstallation=file://{profile}", "--convert-to", kind, "--outdir", str(out), str(path)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return out / path.with_suffix(f".{form}").name


def by_libreoffice(path: Path) -> dict[str, float]:
    """The same as LibreOffice computes it."""
    book = openpyxl.load_workbook(converted(path, "xlsx"), data_only=True)
    wrong = [
        cell.coordinate for sheet in book for row in sheet for cell in row if str(cell.value).startswith(("#", "Err:"))
    ]
    assert not wrong
    return {row[0]: row[1] for row in book["Summary"].iter_rows(min_row=6, values_only=True) if row[3] is not None}


ENGINES = [by_formulas, by_libreoffice]
engines = pytest.mark.parametrize("computed", ENGINES, ids=lambda engine: engine.__name__)


@engines
@pytest.mark.parametrize("name", ["manufacturer", "bank"])
def test_another_engine_computes_the_value_of_the_report_to_a_cent(name, computed, tmp_path):
    plan = written(name, tmp_path / "workbook.xlsx")
    found = computed(tmp_path / "workbook.xlsx")
    worth = value_model.evaluate(plan)
    assert found == pytest.approx(
        {group: float(value) for group, value in worth.groups.items()} | {"All groups": float(worth.total)}, abs=0.005
    )


# --- other settings -------------------------------------------------------------------------------------


def cell(sheet, label: str, column: int):
    """The cell of a row that begins with a label."""
    return next(row[column - 1] for row in sheet.iter_rows() if row[0].value == label)


def rows_of(sheet, **wanted):
    """Rows (by heading → cell) that have these values."""
    first, *rest = sheet.iter_rows()
    names = [str(item.value).partition(" (")[0] for item in first]
    for row in rest:
        found = dict(zip(names, row, strict=False))
        if all(found[name.replace("_", " ")].value == value for name, value in wanted.items()):
            yield found


def at_held_rates(plan, client):
    """The model at other figures, with the weights in the groups' rates and the years run as the report solved them."""
    client = changed_part(client, "valuation", loss_years="run")
    weights = {row["asset"]: row["weight"] for row in sheets(plan)["sheet_assets"]}
    changed = value_model.plan(client)
    held = [
        replace(group, rate=sum(weights[name] * kind_rate(changed, name) for name in group.assets))
        for group in changed.groups
    ]
    return value_model.evaluate(replace(changed, groups=tuple(held)))


def changed_part(client, part: str, **changes):
    return client.model_copy(update={part: getattr(client, part).model_copy(update=changes)})


def changed_rows(client, part: str, chosen, **changes):
    rows = tuple(row.model_copy(update=changes) if chosen(row) else row for row in getattr(client, part))
    return client.model_copy(update={part: rows})


def later(client, book):
    """Half a year later: other years, ages, shares of the year, charges."""
    cell(book["Settings"], "Valuation date", 2).value = datetime.date(2026, 12, 30)
    return changed_part(client, "valuation", date=datetime.date(2026, 12, 30))


def other_capital(client, book):
    """Rates and tax."""
    cell(book["Settings"], "Risk-free rate", 2).value = 0.031
    cell(book["Settings"], "Tax rate", 2).value = 0.25
    return changed_part(changed_part(client, "discount", risk_free=0.031), "tax", rate=0.25)


def other_test(client, book):
    """Four more true positives that the baseline missed, and money per miss."""
    gains = book["Gains"]
    row = next(row for row in gains.iter_rows() if row[1].value == "model true positive, baseline false negative")
    row[2].value += 4
    next(row for row in gains.iter_rows() if row[1].value == "fn")[2].value = -52.0
    (test, *others) = client.evaluations
    pairs = tuple(
        pair.model_copy(update={"count": pair.count + 4})
        if (pair.y_true, pair.model, pair.baseline) == (1, 1, 0)
        else pair
        for pair in test.paired
    )
    money = test.outcome_value.model_copy(update={"fn": ThreePoint(-60.0, -52.0, -40.0)})
    changed = test.model_copy(update={"paired": pairs, "outcome_value": money})
    return client.model_copy(update={"evaluations": (changed, *others)})


def other_use(client, book):
    """Attribution, adoption and volume of one driver, the half-life, the chance of the other model."""
    for found in rows_of(book["Benefits"], Driver="escapes_and_false_rejects"):
        found["Attribution"].value, found["Adoption"].value, found["Volume"].value = 0.7, 0.6, 3_500_000
    for found in rows_of(book["Assets"], Asset="M1"):
        found["Half-life of the gain, years"].value, found["Price of the substitute"].value = 2.0, 300_000
    for found in rows_of(book["Assets"], Asset="M2"):
        found["Chance of success"].value = 0.4
    chosen = {"volume_low": 3e6, "volume_mode": 3.5e6, "volume_high": 4e6, "attribution_one": 0.7, "adoption_one": 0.6}
    client = changed_rows(client, "benefits", lambda row: row.driver_id == "escapes_and_false_rejects", **chosen)
    client = changed_rows(client, "assets", lambda row: row.asset_id == "M1", half_life_years=2.0)
    client = changed_rows(client, "assets", lambda row: row.asset_id == "M2", p_technical_success=0.4)
    return changed_rows(client, "comparables", lambda row: row.substitute, price=300_000.0)


def other_life(client, book):
    """A longer horizon, the end of the year, a life and a first day of use, a cost and its day."""
    cell(book["Settings"], "Horizon, years", 2).value = 7
    cell(book["Settings"], "Timing", 2).value = "end"
    for found in rows_of(book["Assets"], Asset="M1"):
        found["Useful life, years"].value, found["First day of use"].value = 3.5, datetime.date(2025, 10, 15)
    for found in rows_of(book["Costs"], Asset="M2", Phase="development"):
        found["Amount"].value, found["Date"].value = 170_000, datetime.date(2026, 11, 15)
    client = changed_part(client, "valuation", horizon_years=7, timing="end")
    day = datetime.date(2025, 10, 15)
    client = changed_rows(
        client, "assets", lambda row: row.asset_id == "M1", useful_life_years=3.5, in_service_date=day
    )
    planned = {"low": 1e5, "mode": 1.7e5, "high": 2e5, "date": datetime.date(2026, 11, 15)}
    return changed_rows(client, "costs", lambda row: row.asset_id == "M2" and row.kind == "forecast", **planned)


@engines
@pytest.mark.parametrize(
    "change", [later, other_capital, other_test, other_use, other_life], ids=lambda one: one.__name__
)
def test_a_changed_input_moves_the_value_as_it_does_in_the_model(change, computed, tmp_path):
    path = tmp_path / "workbook.xlsx"
    plan = written("manufacturer", path)
    book = openpyxl.load_workbook(path)
    expected = at_held_rates(plan, change(plan.client, book))
    book.save(path)
    assert abs(float(expected.total) - float(value_model.evaluate(plan).total)) > 100
    found = computed(path)
    for group, value in expected.groups.items():
        assert found[group] == pytest.approx(float(value), abs=0.005), group


@engines
def test_a_substitute_by_volume_follows_the_volume_of_each_year(computed, tmp_path):
    path = tmp_path / "workbook.xlsx"
    every_year = changed_part(clients.load(ROOT / "clients" / "retailer"), "valuation", loss_years="run")
    plan = value_model.plan(every_year)
    workbook.write(path, record_of(plan, float(value_model.evaluate(plan).total)), "retailer")
    book = openpyxl.load_workbook(path)
    for found in rows_of(book["Benefits"], Asset="A1"):
        if found["Year"].value == 2028:
            found["Volume"].value, found["Adoption"].value = 300_000, 0.9
    for found in rows_of(book["Assets"], Asset="A1"):
        found["Price of the substitute"].value = 4_900.0
    book.save(path)
    less = {"volume_low": 2e5, "volume_mode": 3e5, "volume_high": 4e5, "adoption_one": 0.9,
            "adoption_low": None, "adoption_mode": None, "adoption_high": None}  # fmt: skip
    client = changed_rows(plan.client, "benefits", lambda row: (row.asset_id, row.year) == ("A1", 2028), **less)
    client = changed_rows(client, "comparables", lambda row: row.asset_id == "A1" and row.substitute, price=4_900.0)
    expected = at_held_rates(plan, client)
    assert abs(float(expected.groups["A1"]) - float(value_model.evaluate(plan).groups["A1"])) > 1000
    assert computed(path)["A1"] == pytest.approx(float(expected.groups["A1"]), abs=0.005)


# --- everything at once ----------------------------------------------------------------------------------


def moved(plan, scenario="", rates=0.0, lives=1.0, benefits=1.0, costs=1.0) -> float:
    """The sum of the groups as the model computes it under moves."""
    chosen = next((item for item in plan.client.scenarios if item.name == scenario), None)
    factors = {a.asset_id: chosen.multipliers(a.asset_id) if chosen else (1.0, 1.0) for a in plan.client.assets}
    world = value_model.World(
        rate_change=rates,
        half_lives={name: used.half_life * lives for name, used in plan.decays.items() if used.half_life},
        own_multipliers={name: (benefits * one, costs * two) for name, (one, two) in factors.items()},
    )
    return float(value_model.evaluate(plan, world).total)


@engines
def test_moves_of_everything_at_once_are_those_of_the_model(computed, tmp_path):
    path = tmp_path / "workbook.xlsx"
    plan = written("retailer", path)
    book = openpyxl.load_workbook(path)
    labels = {"Scenario": "price war", "Discount rates moved by": -0.01, "Half-lives times": 0.8, "Benefits times": 1.1,
              "Costs times": 0.9}  # fmt: skip
    for label, value in labels.items():
        cell(book["What if"], label, 2).value = value
    book.save(path)
    assert computed(path)["All groups"] == pytest.approx(moved(plan, "price war", -0.01, 0.8, 1.1, 0.9), abs=0.005)


@pytest.fixture(scope="module")
def retailer(tmp_path_factory):
    """The workbook of the retailer, its plan, and the file as LibreOffice computes it."""
    path = tmp_path_factory.mktemp("retailer") / "workbook.xlsx"
    plan = written("retailer", path)
    return path, plan, converted(path, "xlsx")


def test_what_if_tables_hold_the_values_under_moves(retailer):
    _, plan, computed_file = retailer
    book = openpyxl.load_workbook(computed_file, data_only=True)
    rows = [row[:6] for row in book["What if"].iter_rows(values_only=True)]
    starts = [at for at, row in enumerate(rows) if str(row[0]).startswith("Value of the groups that count")]
    scenarios, rates, factors = ([row for row in rows[at + 1 :][:6] if row[1] is not None] for at in starts)
    assert {row[0]: row[1] for row in scenarios[1:]} == pytest.approx(
        {name: moved(plan, name) for name in ("none", *(item.name for item in plan.client.scenarios))}, abs=0.005
    )
    for down, *values in rates[1:]:
        assert values == pytest.approx([moved(plan, rates=down, lives=factor) for factor in rates[0][1:]], abs=0.005)
    for down, *values in factors[1:]:
        assert values == pytest.approx([moved(plan, costs=down, benefits=one) for one in factors[0][1:]], abs=0.005)
    assert float(book["Summary"]["B11"].value) == pytest.approx(moved(plan), abs=0.005)


# --- stored values --------------------------------------------------------------------------------------


def differing(path: Path, computed_file: Path) -> tuple[int, list[str]]:
    """How many cells have a formula, or are of a what-if table; those whose stored value is not what LibreOffice computes."""
    formulas, stored, again = (
        openpyxl.load_workbook(file, data_only=values)
        for file, values in ((path, False), (path, True), (computed_file, True))
    )
    looked, found = 0, []
    for sheet in formulas:
        areas = [one.value.ref for row in sheet for one in row if isinstance(one.value, DataTableFormula)]
        tables = {one.coordinate for area in areas for row in sheet[area] for one in row}
        for one in (one for row in sheet for one in row if one.data_type == "f" or one.coordinate in tables):
            ours, theirs = (book[sheet.title][one.coordinate].value for book in (stored, again))
            looked += 1
            same = (
                ours == pytest.approx(theirs, rel=1e-9, abs=1e-6)
                if isinstance(theirs, (int, float))
                else ours == theirs
            )
            if not same and (ours, theirs) != ("", None):  # LibreOffice writes an empty text as a blank
                found.append(f"{sheet.title}!{one.coordinate}: {ours!r}, LibreOffice {theirs!r}")
    return looked, found


def test_every_formula_has_its_value_stored(retailer):
    path, _, computed_file = retailer
    looked, found = differing(path, computed_file)
    assert looked > 2000 and found == []
    summary = openpyxl.load_workbook(path, data_only=True)["Summary"]
    assert summary["E9"].value == "Weather and events by postcode; Markdown before the expiry date"
    assert summary["B2"].value == datetime.datetime(2026, 9, 30), "a day is stored as one"


def test_the_chart_keeps_what_it_draws(retailer):
    path, plan, _ = retailer
    book = openpyxl.load_workbook(path, data_only=True)
    (chart,) = book["Summary"]._charts
    for series, group in zip(chart.series, plan.groups, strict=True):
        kept = [float(point.v) for point in series.val.numRef.numCache.pt]
        top = next(row[0].row for row in book["Groups"].iter_rows() if row[1].value == group.name)
        net = [book["Groups"][f"J{row}"].value for row in range(top + 3, top + 3 + len(kept))]
        assert kept == pytest.approx(net, rel=1e-12) and any(kept)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=-2^2", 4.0), ("=2^-1*3", 1.5), ("=2-3-4", -5.0), ("=(A1+B1)*2", 6.0), ("=8/2/2", 2.0),
        ("=IF(C1=\"\",1,C1+1)", 1.0), ("=IF(B1=0,\"none\",5)", "none"), ("=\"Yes\"=D1", True), ("=D1<>\"no\"", True),
        ("=MAX(A1,C1,D1)", 3.0), ("=COUNT(A1:D1)", 1.0), ("=SUMPRODUCT((A2:A4=\"b\")*B2:B4)", 50.0),
        ("=SUMIFS(B2:B4,A2:A4,\"A\")", 10.0), ("=IFERROR(INDEX(B2:B4,MATCH(\"c\",A2:A4,0)),-1)", -1.0),
        ("=ROUND(-2.5,0)", -3.0), ("=EDATE(DATE(2024,1,31),13)", 45716.0), ("=YEAR(DATE(2024,12,31)+1)", 2025.0),
        ("=INT(-0.5)", -1.0), ("=IF(C1>5,1,0)", 1.0), ("=B1<1", True), ("=B1>=0", True), ("=YEAR(3000000)", "#NUM!"), ("=AND(1>0,2>=2)", True), ("=1/B1", "#DIV/0!"), ("=D1+1", "#VALUE!"), ("=LN(0)", "#NUM!"),
        ("=MATCH(7,B2:B4,0)", "#N/A"),
    ],
)  # fmt: skip
def test_formulas_follow_the_rules_of_a_spreadsheet(formula, value):
    """A1: 3, B1: blank, C1: an empty text, D1: "yes"; rows 2 to 4: a 10, b 20, b 30."""
    book = openpyxl.Workbook()
    for row in ((3, None, "", "yes"), ("a", 10), ("b", 20), ("b", 30)):
        book.active.append(row)
    book.active["F1"] = formula
    (found,) = workbook_stored.fill(book).values()
    assert (str(found) if isinstance(found, spreadsheet.Wrong) else found) == value


@pytest.mark.parametrize("formula", ["=OFFSET(A1,1,1)", "=A1&B1", "=[1]Other!A1", "=MATCH(1,B1:B2,1)", "=A3+1"])
def test_a_formula_that_is_not_known_is_refused_not_guessed(formula):
    book = openpyxl.Workbook()
    book.active["A2"], book.active["A3"] = formula, "=A2"
    with pytest.raises(spreadsheet.Unknown):
        workbook_stored.fill(book)


@pytest.mark.parametrize("name", ["manufacturer", "retailer"])
def test_it_prints_in_landscape_on_fewer_than_fifteen_pages(name, tmp_path):
    written(name, tmp_path / "workbook.xlsx")
    pages = PdfReader(converted(tmp_path / "workbook.xlsx", "pdf")).pages
    assert 8 <= len(pages) < 15 and all(page.mediabox.width > page.mediabox.height for page in pages)


# --- words, figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["=HYPERLINK(1)", "+49 40 1234", "-5 %", "@here", "'quoted", "plain"])
def test_words_of_a_client_are_text_as_they_were_typed(words, tmp_path):
    plan = value_model.plan(clients.load(ROOT / "clients" / "bank"))
    path = tmp_path / "workbook.xlsx"
    workbook.write(path, record_of(plan, 1.0), words)
    name = openpyxl.load_workbook(path)["Summary"]["B1"]
    assert (name.value, name.data_type) == (words, "s")
    assert name.quotePrefix == (words[0] in "=+-@")
    if OFFICE and words[0] == "=":
        computed = path.parent / "computed"
        by_libreoffice(path)
        assert openpyxl.load_workbook(computed / path.name, data_only=True)["Summary"]["B1"].value == words


def test_only_inputs_are_yellow_and_small_volumes_can_be_read(tmp_path):
    written("manufacturer", tmp_path / "workbook.xlsx")
    book = openpyxl.load_workbook(tmp_path / "workbook.xlsx")
    yellow = [
        cell for sheet in book for row in sheet for cell in row if cell.fill.fgColor.rgb.endswith(workbook_cells.INPUT)
    ]
    assert len(yellow) > 100
    assert not [cell.coordinate for cell in yellow if str(cell.value).startswith("=") and cell.data_type == "f"]
    small = [cell for row in book["Benefits"].iter_rows(min_row=2) for cell in row if cell.value == 0.025]
    assert small and all(cell.number_format.startswith("0.00") for cell in small)


def test_settings_and_values_have_names_that_an_analysts_formulas_can_call(tmp_path):
    written("bank", tmp_path / "workbook.xlsx")
    book = openpyxl.load_workbook(tmp_path / "workbook.xlsx")
    cells = {}
    for name, defined in book.defined_names.items():
        ((sheet, place),) = defined.destinations
        cells[name] = book[sheet][place.replace("$", "")]
    assert cells["tax_rate"].value == 0.33 and cells["wacc"].value == 0.095
    assert str(cells["capital"].value).startswith("=") and str(cells["value_of_group_1"].value).startswith("=L")
    assert cells["valuation_date"].parent.title == "Settings" and len(cells) > 15


def test_figures_are_those_of_the_chapters_about_the_client(tmp_path):
    record = results.Record("mnist")
    record.add("accuracy", 0.5, "fraction", n=100)
    other = results.Record("scorecard")
    other.add("score", 3.5, "score", n=3, source="=1+1")
    other.add("s06.accuracy", 0.97, "share", n=597)  # of an article of the book, tried on other data than the client's
    path = tmp_path / "workbook.xlsx"
    workbook.write(path, {"mnist": record.to_dict(), "scorecard": other.to_dict()}, "x", about={"scorecard"})
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Figures"]
    (row,) = list(book["Figures"].iter_rows(min_row=2, values_only=True))
    assert row[:4] == ("scorecard", "score", 3.5, "score") and row[9] == "=1+1"


# --- clients of other kinds -----------------------------------------------------------------------------


def retrained():
    """Two models on one data set, retrained, with whole years' costs, unpaired tests, hardware to come, a stopped year."""
    assets = [
        asset("D1", kind="data", feeds=("M1", "M2"), useful_life_years=3.3, in_service_date="2024-05-31"),
        asset("M1", half_life_years=1.5, half_life_basis="test", retrain_every_months=7, retrain_cost_low=50, retrain_cost_mode=60, retrain_cost_high=80),
        asset("M2", lifecycle_stage="algorithm_development", in_service_date=None, p_technical_success=0.6, half_life_years=2,
              useful_life_years=1.75),
        asset("I1", kind="infrastructure", feeds=("M2",)),
    ]  # fmt: skip
    benefits = [*(linked(year, attribution=0.5) for year in (2026, 2027, 2028, 2029)),
                *(benefit(year, 900, "M2", adoption=0.8) for year in (2027, 2028, 2029))]  # fmt: skip
    costs = [
        spent("2024-02-29", 500, "D1"), spent("2025-03-31", 800), cost(None, 40, year=2026), cost(None, 50, year=2027),
        cost(None, 5000, year=2028), cost("2026-09-30", 300, "M2", phase="development"),
        cost("2027-02-28", 200, "M2", phase="development"), cost("2026-12-31", 250, "I1", phase="development", category="hardware"),
        cost("2027-06-30", 20, "I1"), cost("2028-12-31", 70, "M1", phase="decommission"),
    ]  # fmt: skip
    return make(assets, benefits, costs, tax=0.3, premium={"data": 0.01, "model": 0.05, "infrastructure": 0.0},
                evaluations=[evaluation(paired=False)], valuation={"timing": "mid_year", "date": "2026-01-31"})  # fmt: skip


def bought():
    """A buyer's basis with his tax benefit, real prices at nominal rates, an accepted share, one asset prohibited."""
    assets = [asset("T1", acquisition="licensed", legal_control="licensed"), asset("X1", eu_ai_act_class="prohibited")]
    words = {"volume_low": 900, "volume_mode": 1000, "volume_high": 1200, "metric_link": "acceptance:T1"}
    benefits = [benefit(year, (0.8, 1, 1.1), "T1", **words) for year in (2026, 2027, 2028)] + [benefit(2026, 99, "X1")]
    costs = [
        cost("2026-06-30", 30, "T1"),
        cost("2026-03-31", 12, "X1", phase="decommission"),
        cost("2026-04-30", 5, "X1"),
    ]
    accepted = {
        "asset_id": "T1",
        "evaluated_on": datetime.date(2025, 6, 30),
        "n": 50,
        "accepted_without_edit": 41,
        "unit": "letters",
    }
    client = make(assets, benefits, costs, tax=0.25, premium=0.02, acceptance=[accepted],
                  valuation={"basis_of_value": "market_value", "price_basis": "real", "date": "2025-12-31"})  # fmt: skip
    client = changed_part(client, "tax", tax_amortisation_benefit=True)
    return changed_part(client, "discount", inflation=0.02)


def in_real_prices():
    """Real prices: what is written off, a loss carried forward and planned development are money of their day."""
    client = changed_part(retrained(), "valuation", price_basis="real")
    return changed_part(client, "discount", inflation=0.03)


@pytest.mark.parametrize("make_client", [retrained, bought, in_real_prices], ids=lambda one: one.__name__)
def test_clients_of_other_kinds_are_computed_to_a_cent(make_client, tmp_path):
    plan = value_model.plan(make_client())
    worth = value_model.evaluate(plan)
    workbook.write(tmp_path / "workbook.xlsx", record_of(plan, float(worth.total)), "x")
    found = by_libreoffice(tmp_path / "workbook.xlsx")
    assert found == pytest.approx(
        {g: float(v) for g, v in worth.groups.items()} | {"All groups": float(worth.total)}, abs=0.005
    )
    assert differing(tmp_path / "workbook.xlsx", tmp_path / "computed" / "workbook.xlsx")[1] == []


@pytest.mark.filterwarnings("ignore")
def test_the_stored_values_of_clients_of_any_kind_are_those_of_the_model(tmp_path):
    @seed(20261130)
    @settings(
        max_examples=12, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(parts(most=6))
    def holds(found):
        plan = value_model.plan(client_of(found))
        worth = value_model.evaluate(plan)
        path = tmp_path / "workbook.xlsx"
        workbook.write(path, record_of(plan, float(worth.total)), "x")
        summary = openpyxl.load_workbook(path, data_only=True)["Summary"]
        stored = {row[0]: row[1] for row in summary.iter_rows(min_row=6, values_only=True) if row[3] is not None}
        for group, value in worth.groups.items():
            assert stored[group] == pytest.approx(float(value), rel=1e-9, abs=0.005), group

    holds()
