"""Keys of a client's folder that the samples leave out: what they mean when they are given."""

from __future__ import annotations

from datetime import date

import pytest
from test_client import Folder

from lepton_nb import client
from lepton_nb.client import ThreePoint


@pytest.fixture
def folder(tmp_path):
    return lambda sample="manufacturer": Folder(tmp_path, sample)


def test_what_is_left_out_keeps_the_rule(folder):
    company = client.load(folder().path)
    assert (company.valuation.beyond_useful_life, company.valuation.loss_years) == ("cut", "stop")
    assert company.engagement.valuer == "" and company.branding.logo is None
    assert company.assets[1].retrain_cost is None and company.assets[1].privacy_classes == ("none",)
    assert company.benefits[0].attribution == ThreePoint(0.9, 0.9, 0.9)


def test_engagement_and_branding_are_read(folder):
    made = folder().data("logo.png", b"\x89PNG\r\n\x1a\nx")
    made.yml(
        "options:",
        "engagement: {valuer: A firm, premise: current_use, report_date: 2026-08-01, limiting_conditions: [no visit, "
        '"figures of the client, not audited"]}\n'
        'branding: {logo: logo.png, colours: ["#1F3A5F", "#9c3d10"]}\noptions:',
    )
    company = client.load(made.path)
    assert company.engagement.report_date == date(2026, 8, 1)
    assert company.engagement.limiting_conditions == ("no visit", "figures of the client, not audited")
    assert company.branding.colours == ("#1f3a5f", "#9c3d10")


def test_departures_from_the_economic_life_have_their_reason(folder):
    made = folder().yml("  timing", "  loss_years: run\n  loss_years_reason: the contract binds until 2031\n  timing")
    assert client.load(made.path).valuation.loss_years_reason == "the contract binds until 2031"


def test_shares_and_the_cost_of_training_may_have_three_points(folder):
    made = folder().column("assets.csv", "retrain_every_months", "").column("assets.csv", "retrain_cost", "")
    for point, value in (("low", "0.7"), ("mode", "0.8"), ("high", "0.95")):
        made.column("benefits.csv", f"attribution_{point}", "").cell("benefits.csv", 3, f"attribution_{point}", value)
    made.cell("benefits.csv", 3, "attribution", "")
    made.cell("assets.csv", 3, "retrain_every_months", "6").cell("assets.csv", 3, "retrain_cost", "12000")
    company = client.load(made.path)
    assert company.benefits[1].attribution == ThreePoint(0.7, 0.8, 0.95)
    assert company.benefits[2].attribution == ThreePoint(0.9, 0.9, 0.9)
    assert company.assets[1].retrain_cost == ThreePoint(12000, 12000, 12000)
    made.cell("benefits.csv", 3, "attribution_high", "0.75")
    assert [(p.row, p.column, p.rule) for p in made.check().problems] == [(3, "attribution_mode", 8)]


def test_a_running_cost_may_be_a_whole_years_figure(folder):
    made = folder()
    rows = made.rows("costs.csv")
    line = next(n for n, row in enumerate(rows, start=1) if "operation" in row and "forecast" in row)
    made.column("costs.csv", "year", "").cell("costs.csv", line, "date", "").cell("costs.csv", line, "year", "2027")
    found = client.load(made.path).costs[line - 2]
    assert (found.year, found.date) == (2027, None)


def test_several_privacy_classes_and_an_asset_outside_the_act(folder):
    made = folder().cell("assets.csv", 2, "privacy_class", "special_category; pseudonymised")
    made.cell("assets.csv", 3, "eu_ai_act_class", "outside_scope").cell("assets.csv", 5, "acquisition", "leased")
    data, model, _, servers = client.load(made.path).assets
    assert data.privacy_classes == ("special_category", "pseudonymised") and data.personal
    assert data.privacy_class == "special_category;pseudonymised"
    assert (model.eu_ai_act_class, servers.acquisition, servers.personal) == ("outside_scope", "leased", False)


def test_money_of_an_outcome_has_a_grade_of_its_own(folder):
    made = folder().column("metrics/outcome_value.csv", "evidence", "")
    made.cell("metrics/outcome_value.csv", 2, "evidence", "expert")
    outcome = made.rows("metrics/outcome_value.csv")[1][1]
    money = client.load(made.path).evaluations[0].outcome_value
    assert [money.grade(name) for name in ("tp", "fp", "fn", "tn")].count("expert") == 1
    assert money.grade(outcome) == "expert"


def test_several_metrics_of_one_month_stand_beside_each_other(folder):
    made = folder().column("metrics/monitoring.csv", "baseline_value", "0.5").add("metrics/monitoring.csv", 2)
    made.cell("metrics/monitoring.csv", 6, "metric", "false_alarm_rate").cell(
        "metrics/monitoring.csv", 6, "value", "0.0121"
    )
    found = client.load(made.path).monitoring
    assert {(row.metric, row.baseline_value) for row in found} == {("recall", 0.5), ("false_alarm_rate", 0.5)}


def test_an_offer_may_be_a_substitute(folder):
    made = folder().cell("market.csv", 6, "substitute", "true")
    offer = client.load(made.path).comparables[4]
    assert (offer.substitute, offer.unit) == (True, "per year")


# --- the dialect of CSV files


def foreign(made: Folder, separator=";", decimal=",") -> Folder:
    """Every CSV file of the folder written with another separator and decimals after another sign."""
    for path in made.path.rglob("*.csv"):
        rows = made.rows(str(path.relative_to(made.path)))
        text = "\n".join(separator.join(foreign_cell(cell, separator, decimal) for cell in row) for row in rows)
        path.write_text(text + "\n", encoding="utf-8")
    return made


def foreign_cell(cell: str, separator: str, decimal: str) -> str:
    if cell.replace(".", "", 1).lstrip("-").isdigit():
        return cell.replace(".", decimal)
    return f'"{cell}"' if separator in cell else cell


@pytest.mark.parametrize("sample", ["manufacturer", "bank"])
@pytest.mark.parametrize(("word", "separator"), [('";"', ";"), ("tab", "\t")])
def test_a_declared_dialect_says_the_same(folder, sample, word, separator):
    made = foreign(folder(sample), separator)
    file = made.path / "client.yml"
    file.write_text(file.read_text() + f'\ncsv: {{separator: {word}, decimal: ","}}\n')
    ours, theirs = client.load(made.path), client.load(f"clients/{sample}")
    for part in type(ours).model_fields:
        if part != "warnings":
            assert ours.fingerprint(part) == theirs.fingerprint(part), part


def test_another_dialect_is_not_guessed(folder):
    report = foreign(folder()).check()
    assert {p.rule for p in report.problems} == {35}
    assert all('csv: {separator: ";", decimal: ","}' in p.sentence for p in report.problems)


def test_a_point_where_a_comma_is_declared_is_refused(folder):
    made = foreign(folder())
    file = made.path / "client.yml"
    file.write_text(file.read_text() + '\ncsv: {separator: ";", decimal: ","}\n')
    costs = made.path / "costs.csv"
    costs.write_text(costs.read_text().replace("62000", "62.000", 1))
    (problem,) = made.check().problems
    assert (problem.file, problem.row, problem.column, problem.rule) == ("costs.csv", 3, "amount", 35)
    assert "62.000 has a point" in problem.found


def test_a_file_that_is_not_written_as_declared_is_one_problem(folder):
    made = folder()
    file = made.path / "client.yml"
    file.write_text(file.read_text() + '\ncsv: {separator: ";"}\n')
    report = made.check()
    assert all("client.yml declares semicolons" in p.remedy for p in report.problems)
    assert len(report.problems) == len({p.file for p in report.problems})


def declared(made: Folder) -> Folder:
    file = made.path / "client.yml"
    file.write_text(file.read_text() + '\ncsv: {separator: ";", decimal: ","}\n')
    return made


def test_hints_follow_the_declared_dialect(folder):
    made = declared(foreign(folder()))
    costs = made.path / "costs.csv"
    costs.write_text(costs.read_text().replace("62000", "8,5%", 1).replace("95000", "1200 EUR", 1))
    said = [problem.sentence for problem in made.check().problems]
    assert len(said) == 2 and "8,5%" in said[0] and "write 0,085" in said[0], said
    costs.write_text(costs.read_text().replace("8,5%", "abc").replace("1200 EUR", "7") + "D1;2024\n")
    said = " ".join(problem.sentence for problem in made.check().problems)
    assert "such as 1200,50: a comma for decimals" in said and "with a semicolon in it" in said, said


def test_a_decimal_comma_in_client_yml_has_one_remedy(folder):
    (problem,) = folder().yml("risk_free: 0.026", 'risk_free: "0,026"').check().problems
    assert problem.remedy == "use 0.026"


@pytest.mark.parametrize("foreign_too", [False, True])
def test_a_tab_in_client_yml_is_called_a_tab_and_is_the_only_problem(folder, foreign_too):
    made = declared(foreign(folder())) if foreign_too else folder()
    (problem,) = made.yml("  currency: EUR", "\tcurrency: EUR").check().problems
    assert "tab" in problem.found and "blanks" in problem.remedy and problem.row == 8


def test_a_note_on_thousands_shows_the_number_as_it_was_written(folder):
    made = declared(foreign(folder()))
    costs = made.path / "costs.csv"
    costs.write_text(costs.read_text().replace("62000", "62,000", 1))
    (note,) = [warning for warning in made.check().warnings if warning.rule == 114]
    assert note.found == "62,000 is read as 62" and note.remedy == "if 62000 is meant, write it without a comma"
