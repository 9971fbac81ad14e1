"""How sure the value is and what it hangs on; what knowledge is worth; every rule that turns a number into a word."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nbclient
import nbformat
import numpy as np
import pytest
from test_value_model import asset, benefit, cost, evaluation, linked, make, spent

from lepton_nb import client, value_model
from lepton_nb.valuation import decisions, uncertainty
from lepton_nb.value_model import information, sensitivity
from lepton_nb.value_model.money import present_and_flows

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ("83_uncertainty", "84_options", "85_speed_and_cost")


def money(value: float) -> str:
    return f"{value:,.0f} EUR"


def simulated(*arguments, draws=4096, **named):
    plan = value_model.plan(make(*arguments, **named))
    return plan, value_model.simulate(plan, draws=draws)


@pytest.fixture(scope="module", params=["manufacturer", "bank"])
def sample(request):
    plan = value_model.plan(client.load(ROOT / "clients" / request.param))
    return request.param, plan, value_model.simulate(plan)


def of(values) -> uncertainty.Simulation:
    """A simulation of given values, in 16 blocks."""
    values = np.asarray(values, dtype=float)
    return uncertainty.Simulation(values, {}, len(values), 16, 0)


# ---------------------------------------------------------------- tails and convergence


def test_tail_of_a_uniform_value_has_its_closed_form():
    found = sensitivity.tail(uncertainty.simulate(lambda x: x["v"], {"v": uncertainty.uniform(0, 100)}, 16384, 1))
    assert found.value_at_risk.value == pytest.approx(5, abs=0.05)
    assert found.expected_shortfall.value == pytest.approx(2.5, abs=0.05)
    assert found.value_at_risk.low <= found.value_at_risk.value <= found.value_at_risk.high


def test_an_estimates_error_is_the_spread_over_the_scrambles():
    values = np.repeat(np.arange(16.0), 4)  # block j holds j
    found = sensitivity.estimate(of(values), np.mean)
    assert found.value == 7.5
    assert found.standard_error == pytest.approx(np.arange(16).std(ddof=1) / 4)


@pytest.mark.parametrize(
    ("at_risk", "shortfall", "words"),
    [
        (-5, -9, "a loss is well within reach"),
        (3, -1, "still positive"),
        (3, 0.5, "even the worst 5 %"),
        (9, 7, "even the worst 5 %"),
        (4, 4, "a single value"),
    ],
)
def test_the_tails_words_follow_its_signs(at_risk, shortfall, words):
    def number(value):
        return uncertainty.Estimate(value, 0.0, value, value, 16, "")

    found = sensitivity.Tail(0.95, number(at_risk), number(shortfall))
    assert words in sensitivity.tail_sentence("G", found, money)


def test_converged_means_errors_below_two_percent_of_the_interval():
    fine = uncertainty.simulate(lambda x: x["v"], {"v": uncertainty.uniform(0, 1)}, 16384, 1)
    coarse = of(np.random.default_rng(0).normal(size=256))
    assert sensitivity.converged(fine)[0]
    low, high = coarse.interval
    worst = max(coarse.standard_error, coarse.percentile(5).standard_error)
    assert f"is {100 * worst / (high - low):.2g} % of the 90 % interval (limit 2 %)" in sensitivity.converged(coarse)[1]
    good, words = sensitivity.converged(coarse)
    assert not good
    assert "more draws are needed" in words
    assert sensitivity.converged(of(np.ones(256)))[0]


def test_sobol_points_stand_for_more_independent_draws():
    found = sensitivity.convergence(uncertainty.simulate(lambda x: x["v"], {"v": uncertainty.normal(0, 1)}, 4096, 1))
    assert found.equivalent > 10 * found.draws
    assert found.plain_error == pytest.approx(1 / 64, rel=0.05)
    assert sensitivity.convergence(of(np.ones(256))).equivalent is None


# ---------------------------------------------------------------- shares of the variance


def test_variance_shares_of_two_independent_costs_have_their_closed_form():
    costs = [cost("2026-12-31", (50, 100, 150)), cost("2026-12-31", (0, 100, 200), category="energy")]
    plan = value_model.plan(make(benefits=[benefit(2026, 1000)], costs=costs, rate=0.0))
    found = sensitivity.variance_shares(plan, 8192)["M1"]
    assert found.indices.total["M1.operation.energy"] == pytest.approx(0.8, abs=0.01)  # (200 / 100)^2 = 4 : 1
    assert found.ranked[0] == "M1.operation.energy"
    low, high = found.interval("first", "M1.operation.energy")
    assert low < 0.8 < high
    assert "nearly additively" in found.sentence


def test_interactions_above_five_percent_are_said():
    wide = benefit(2026, (0, 10, 20), volume_low=0, volume_mode=10, volume_high=20)
    found = sensitivity.variance_shares(value_model.plan(make(benefits=[wide])), 8192)["M1"]
    assert 1 - sum(found.indices.first.values()) > 0.05
    assert "no tornado shows" in found.sentence


def test_correlations_do_not_enter_the_indices():
    wide = benefit(2026, (5, 10, 15), volume_low=5, volume_mode=10, volume_high=15)
    pairs = [{"a": "volume", "b": "unit_value", "rho": 0.9}]
    alone, tied = (
        sensitivity.variance_shares(value_model.plan(make(benefits=[wide], correlations=c)), 1024) for c in ((), pairs)
    )
    assert alone["M1"].indices.total == tied["M1"].indices.total


def test_a_value_without_ranges_has_a_sentence_and_no_indices():
    found = sensitivity.variance_shares(value_model.plan(make(benefits=[benefit(2026, 10)])))["M1"]
    assert found.indices is None
    assert found.ranked == ()
    assert "no variance to split" in found.sentence


def test_a_test_set_is_one_factor_with_the_shares_that_are_drawn():
    plan = value_model.plan(make(benefits=[linked(2026)], evaluations=[evaluation()]))
    factor = sensitivity.factors(plan)["E1"]
    shares = factor.read(np.linspace(0.001, 0.999, 999))["E1.pairs"]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    gains = value_model.gain_per_case(plan.evaluation("E1"), value_model.World(drawn={"E1.pairs": shares}))
    assert np.all(np.diff(gains) >= 0)  # ordered by the gain
    drawn = value_model.gains(plan)[0].interval
    assert (gains[49], gains[949]) == pytest.approx(drawn, abs=0.03)


def test_groups_and_total_are_split_by_their_own_factors(sample):
    _, plan, _distribution = sample
    found = sensitivity.variance_shares(plan, 1024)
    assert set(found) == {*(group.name for group in plan.groups), "total"}
    for group in plan.groups:
        for name in found[group.name].ranked:
            assert sensitivity.factors(plan)[name].assets & set(group.assets)
        value = float(value_model.evaluate(plan).groups[group.name])
        assert value == pytest.approx(value_model.evaluate(plan).groups[group.name])


def test_of_many_inputs_the_leading_are_split_and_the_others_are_one():
    some = [cost("2026-12-31", (50, 100, 150), category=f"large {n}") for n in range(10)]
    some += [cost("2026-12-31", (99, 100, 101), category=f"small {n}") for n in range(50)]
    plan = value_model.plan(make(benefits=[benefit(2026, 10_000)], costs=some, rate=0.0))
    assert len(plan.inputs) == 60 > sensitivity.MOST_FACTORS
    found = sensitivity.variance_shares(plan, 2048)["M1"]
    assert len(found.ranked) == sensitivity.MOST_FACTORS + 1
    assert set(found.ranked[:10]) == {f"M1.operation.large {n}" for n in range(10)}
    assert [found.indices.total[name] for name in found.ranked[:10]] == pytest.approx([0.1] * 10, abs=0.01)
    assert found.labels[sensitivity.OTHERS] == "the other 10 inputs together"
    assert 0 < found.indices.total[sensitivity.OTHERS] < 0.001
    distribution = value_model.simulate(plan, draws=4096)
    known = information.learning(plan, distribution, plan.groups[0], money).inputs
    assert len(known) <= sensitivity.MOST_FACTORS


def test_the_others_hold_their_share_of_the_variance():
    some = [cost("2026-12-31", (50, 100, 150), category=f"item {n}") for n in range(100)]
    plan = value_model.plan(make(benefits=[benefit(2026, 20_000)], costs=some, rate=0.0))
    found = sensitivity.variance_shares(plan, 4096)["M1"]
    assert found.ranked[0] == sensitivity.OTHERS
    assert found.indices.total[sensitivity.OTHERS] == pytest.approx(0.5, abs=0.05)  # 50 of 100 equal ones


@pytest.mark.parametrize("name", ["manufacturer", "bank", "retailer"])
def test_books_made_anew_for_what_moved_give_the_value_of_all_books(name):
    plan = value_model.plan(client.load(ROOT / "clients" / name))
    every = sensitivity.factors(plan)
    rng = np.random.default_rng(5)
    one, other = ({factor: rng.random(64) for factor in every} for _ in range(2))
    value = sensitivity._value_of(plan, plan.groups, every)

    def anew(levels):
        drawn = {}
        for factor, level in levels.items():
            drawn |= every[factor].read(level)
        world = sensitivity.scenario_world(plan, drawn)
        return sum(present_and_flows(plan, group, world)[0] for group in plan.groups)

    np.testing.assert_allclose(value(one), anew(one))
    for factor in every:
        mixed = one | {factor: other[factor]}
        np.testing.assert_allclose(value(mixed), anew(mixed), err_msg=factor)
    np.testing.assert_allclose(value(other), anew(other))


def test_errors_are_shown_for_as_many_draws_as_there_is_room_for(monkeypatch):
    plan = value_model.plan(make(benefits=[benefit(2026, (50, 100, 150))], costs=[cost("2026-12-31", (5, 10, 15))]))
    assert [step.draws for step in sensitivity.convergence_steps(plan, 5000)] == [256, 1024, 4096]
    monkeypatch.setattr(sensitivity, "MOST_NUMBERS", 1024 * len(plan.inputs))
    assert [step.draws for step in sensitivity.convergence_steps(plan, 5000)] == [256, 1024]


# ---------------------------------------------------------------- scenarios and the worst draws


def test_a_recession_raises_the_bank_and_lowers_the_foundry(sample):
    name, plan, _ = sample
    words = sensitivity.scenario_sentences(plan, value_model.scenario_values(plan), money)
    if name == "bank":
        assert any(text.startswith("recession") and "raises D1 + C1" in text for text in words)
        assert any(text.startswith("boom") and "lowers D1 + C1" in text for text in words)
    else:
        assert any(text.startswith("downturn") and "lowers D1 + M1 + I1" in text for text in words)


def test_groups_that_move_against_each_other_hedge():
    plan = value_model.plan(
        make([asset("M1"), asset("M2")], [benefit(2026, 10), benefit(2026, 10, "M2")],
             scenarios=[{"name": "slump", "p": 1, "benefit_multiplier": 1, "cost_multiplier": 1}])
    )  # fmt: skip
    base = value_model.evaluate(plan)
    moved = replace(base, groups={"M1": base.groups["M1"] * 1.5, "M2": base.groups["M2"] * 0.5})
    words = sensitivity.scenario_sentences(plan, {"slump": moved}, money)
    assert len(words) == 3
    assert "in this scenario one makes up" in words[-1]
    assert sensitivity.scenario_sentences(plan, {"slump": base}, money) == ()


def test_the_worst_draws_name_what_they_have_in_common():
    plan, distribution = simulated(
        [asset(p_technical_success=0.7, lifecycle_stage="algorithm_development", in_service_date=None)],
        [benefit(2026, (90, 100, 110))], [cost("2026-12-31", (1, 2, 3))],
    )  # fmt: skip
    rows = sensitivity.worst_draws(plan, distribution, plan.groups[0])
    assert rows[0][0] == "M1.success"
    assert rows[0][1:] == (0.0, 0.7)


# ---------------------------------------------------------------- what knowledge is worth


def risky(chance=0.5, gain=100.0, price=60.0):
    """Pay ``price`` for sure, win ``gain`` with the chance given; nothing else is uncertain."""
    return simulated(
        [asset(p_technical_success=chance, lifecycle_stage="algorithm_development", in_service_date=None)],
        [benefit(2026, gain)],
        [cost("2026-12-31", price, phase="development")],
        rate=0.0,
    )


def test_perfect_information_on_a_coin_has_its_closed_form():
    plan, distribution = risky()
    found = information.learning(plan, distribution, plan.groups[0], money)
    assert found.best == information.GATE  # a payment that may be refused: 0.5 * 100 - 60 < 0
    assert found.perfect.value == pytest.approx(0.5 * 40, rel=0.01)
    assert found.inputs[0].value == pytest.approx(found.perfect.value, rel=0.01)  # nothing else is to be known
    assert found.word == "learn first"
    assert "technical success of M1" in found.sentence
    assert "deciding to go on or to stop" in found.sentence and "over the group's life" in found.sentence


def test_a_decision_is_settled_where_knowledge_cannot_be_worth_a_hundredth_of_the_benefits():
    plan, distribution = simulated(benefits=[benefit(2026, (90, 100, 110))], costs=[cost("2026-12-31", (1, 2, 3))])
    found = information.learning(plan, distribution, plan.groups[0], money)
    assert found.perfect.value == 0
    assert found.word == "settled"
    assert "(go on) is settled" in found.sentence


def test_the_price_of_a_case_is_told_with_its_thousands_apart():
    assert information._each(1124.2) == "1\N{NARROW NO-BREAK SPACE}124"
    assert information._each(38.46) == "38.46"


def test_nothing_is_concluded_where_the_value_is_withheld():
    unclear = [asset(legal_control="unclear")]
    plan, distribution = simulated(unclear, [linked(2026)], evaluations=[evaluation()])
    found = information.learning(plan, distribution, plan.groups[0], money)
    assert found.word == "withheld"
    assert "legal control of M1 is unclear" in found.sentence
    test = information.back_tests(plan, distribution, 1.0, 10.0, money)[0]
    assert test.word == "withheld"
    assert "legal control of M1 is unclear" in test.sentence


SLUMP = [
    {"name": "slump", "p": 0.25, "benefit_multiplier": 0.2, "cost_multiplier": 1},
    {"name": "base", "p": 0.5, "benefit_multiplier": 1, "cost_multiplier": 1},
    {"name": "boom", "p": 0.25, "benefit_multiplier": 1.4, "cost_multiplier": 1},
]


def test_to_know_the_scenario_is_worth_its_closed_form():
    plan, distribution = simulated(
        benefits=[benefit(2026, 100)], costs=[cost("2026-12-31", 60)], rate=0.0, scenarios=SLUMP, draws=8192
    )
    found = information.learning(plan, distribution, plan.groups[0], money)
    (row,) = found.inputs
    # 20, 100 or 140 less 60: whoever knows of the slump stops and is spared 40 in a quarter of the cases
    assert row.name == "scenario"
    assert row.value == pytest.approx(0.25 * 40, rel=0.01)
    assert row.value == pytest.approx(found.perfect.value)
    assert 0 < row.standard_error < 1


def test_six_scenarios_out_of_order_are_told_apart_exactly():
    many = [
        {"name": f"s{place}", "p": 1 / 6, "benefit_multiplier": factor, "cost_multiplier": 1}
        for place, factor in enumerate((0.1, 2.0, 0.2, 1.9, 0.3, 1.8))
    ]
    plan, distribution = simulated(
        benefits=[benefit(2026, 100)], costs=[cost("2026-12-31", 60)], rate=0.0, scenarios=many, draws=8192
    )
    found = information.learning(plan, distribution, plan.groups[0], money)
    assert found.inputs[0].value == pytest.approx((50 + 40 + 30) / 6, rel=0.01)


def test_the_worst_draws_name_the_scenario_they_fall_into():
    plan, distribution = simulated(benefits=[benefit(2026, (90, 100, 110))], rate=0.0, scenarios=SLUMP, draws=4096)
    rows = {name: (share, usual) for name, share, usual in sensitivity.worst_draws(plan, distribution, plan.groups[0])}
    assert rows["scenario: slump"] == (1.0, 0.25)
    assert rows["scenario: boom"] == (0.0, 0.25)


def test_no_input_is_worth_more_than_all_of_them(sample):
    _, plan, distribution = sample
    for group in plan.groups:
        found = information.learning(plan, distribution, group, money)
        assert all(0 <= row.value <= found.perfect.value + 1e-9 for row in found.inputs)
        assert [row.value for row in found.inputs] == sorted((row.value for row in found.inputs), reverse=True)


def test_the_samples_teach_what_they_should(sample):
    name, plan, distribution = sample
    words = {group.name: information.learning(plan, distribution, group, money) for group in plan.groups}
    if name == "manufacturer":
        assert words["D1 + M1 + I1"].word == "settled"
        assert words["M2"].inputs[0].label == "technical success of M2"
        return
    blind_plan, blind = information.without_pairs(plan, distribution)
    pair = information.pairings(plan, distribution, blind_plan, blind)[0]
    assert (pair.verdict_with.word, pair.verdict_without.word) == ("almost surely positive", "not shown")
    assert "The paired table decides" in pair.sentence
    assert pair.equivalent_n > 5 * pair.n
    paired = information.back_tests(plan, distribution, 1.0, 5000, money)[0]
    margins = information.back_tests(blind_plan, blind, 1.0, 5000, money)[0]
    for study in (paired, margins):  # the page of the case asks another question, of a year
        assert "the decision to go on or to stop with" in study.sentence and "another question" in study.sentence
    assert "no study of any size pays above" in margins.sentence
    assert (paired.word, margins.word) == ("not worth its cost", "worth it")
    assert margins.perfect > 50 * paired.perfect


# ---------------------------------------------------------------- a larger back-test


def back_test(price, fixed_cost=0.0, label=0.01):
    """100 cases with a gain of 0.78 each behind 1,000 a year; running costs that make it a close call."""
    plan, distribution = simulated(
        benefits=[linked(2026)], costs=[cost("2026-12-31", price)], evaluations=[evaluation()], rate=0.0
    )
    return information.back_tests(plan, distribution, label, fixed_cost, money)[0], distribution


def test_the_back_test_reads_the_line_of_value_in_the_gain():
    found, distribution = back_test(700)
    assert found.scale == pytest.approx(1000, rel=1e-6)  # 1,000 cases, one year, no tax, no discount
    assert found.threshold == pytest.approx(0.7, rel=1e-6)
    assert found.explained == pytest.approx(1)
    assert found.sampling_sd == pytest.approx(
        value_model.gains(value_model.plan(make(benefits=[linked(2026)], evaluations=[evaluation()])))[0].standard_error
        * 10
    )
    direct = decisions.evsi(
        found.gain, found.gain_sd, found.sampling_sd, found.sizes[3], found.threshold, 0.0, found.scale
    )
    assert found.values[3] == pytest.approx(direct.value)
    assert list(found.values) == sorted(found.values)
    assert found.values[-1] == pytest.approx(found.perfect, rel=0.02)
    draws = distribution.groups["M1"].values
    perfect = decisions.evpi_samples({"go on": draws, "stop": np.zeros(len(draws))}).value
    assert found.perfect == pytest.approx(perfect, rel=0.05)  # normal against Dirichlet draws


@pytest.mark.parametrize(
    ("fixed", "label", "word"),
    [(0.0, 0.001, "worth it"), (1e6, 0.001, "not worth its cost"), (0.0, 50.0, "not worth its cost")],
)
def test_a_larger_back_test_is_worth_it_where_value_exceeds_cost(fixed, label, word):
    found, _ = back_test(700, fixed, label)
    assert found.word == word
    assert (found.net > 0) == (word == "worth it")
    assert (found.pays_up_to > label) == (word == "worth it")
    assert found.best_value - found.best_cost == max(np.array(found.values) - np.array(found.costs))


def test_a_benefit_without_an_evaluation_has_no_back_test():
    plan, distribution = simulated(benefits=[benefit(2026, (1, 2, 3))])
    assert information.back_tests(plan, distribution, 1.0, 0.0, money) == ()
    blind_plan, blind = information.without_pairs(plan, value_model.simulate(plan, 1000, 1))
    assert information.pairings(plan, distribution, blind_plan, blind) == ()


def test_without_pairs_changes_the_counts_alone():
    plan, _ = simulated(benefits=[linked(2026)], evaluations=[evaluation()])
    blind, _ = information.without_pairs(plan, value_model.simulate(plan, 1000, 1))
    assert blind.evaluation("E1").paired is None
    assert value_model.evaluate(blind).total == pytest.approx(value_model.evaluate(plan).total)
    assert plan.evaluation("E1").paired


@pytest.mark.parametrize(
    ("without", "words"), [("robust", "does not change the verdict"), ("fragile", "The paired table decides")]
)
def test_the_pairs_decide_where_the_verdict_differs(without, words):
    assert words in information.pairing_sentence("G", "robust", without, 100, 400)


def test_both_sides_of_a_pairing_are_read_from_their_own_draws(sample):
    _, plan, distribution = sample
    blind_plan, blind = information.without_pairs(plan, distribution)
    pairings = information.pairings(plan, distribution, blind_plan, blind)
    assert pairings
    for one in pairings:
        for side, of in ((one.with_pairs, distribution), (one.without, blind)):
            assert (side["low"], side["high"]) == of.groups[one.group].interval
        assert one.equivalent_n > one.n  # pairs say more than margins
        assert one.without["high"] - one.without["low"] >= 0.97 * (one.with_pairs["high"] - one.with_pairs["low"])


def test_back_tests_are_tried_from_a_hundred_to_a_million_cases():
    assert (information.SIZES[0], information.SIZES[-1], len(information.SIZES)) == (100, 1_000_000, 33)


def test_the_cost_of_a_label_is_taken_from_a_product_that_fits_and_from_nothing_else():
    told = spent("2025-01-01", 13440) | {"category": "labelling", "source": "38 400 x 0.35"}
    assert information.cost_per_label(make(costs=[told]))[0] == 0.35
    for wrong in ({"source": "38 400 x 0.30"}, {"source": "invoice"}, {"category": "labour"}):
        assert information.cost_per_label(make(costs=[told | wrong]))[0] is None


def test_the_inputs_are_read_in_their_own_unit(sample):
    _, plan, distribution = sample
    for name, item in plan.inputs.items():
        if item.range is not None:
            drawn = sensitivity.quantity(plan, distribution, name)
            assert item.range.low <= drawn.min() <= drawn.max() <= item.range.high
        elif item.category == "success":
            drawn = sensitivity.quantity(plan, distribution, name)
            assert drawn.mean() == pytest.approx(plan.asset(item.asset_id).p_technical_success, abs=0.01)


# ---------------------------------------------------------------- the chapters on a client that gives next to nothing

POOR = {
    "client.yml": """
schema_version: 1
client: {name: "Bare", synthetic: true, industry: "test", country: DE}
valuation: {date: 2025-12-31, purpose: management, basis_of_value: investment_value, currency: EUR, price_basis: nominal, timing: end, horizon_years: 3}
discount: {method: given, wacc: 0.1, asset_premium: {data: 0.0, model: 0.0, infrastructure: 0.0}}
tax: {rate: 0.3, tax_amortisation_benefit: false, tab_years: 5}
scenarios: [{name: base, p: 1, benefit_multiplier: 1, cost_multiplier: 1}]
monte_carlo: {draws: 1000, seed: 1}
""",
    "assets.csv": "asset_id,name,kind,lifecycle_stage,owner,in_service_date,useful_life_years,useful_life_basis,half_life_years,"
    "acquisition,legal_control,eu_ai_act_class,privacy_class\n"
    "M1,A model,model,deployment,QA,2025-01-01,3,technical,,internal,owned,minimal,none\n",
    "costs.csv": "asset_id,date,phase,category,amount,kind,low,mode,high,source\nM1,2026-12-31,operation,labour,,forecast,10,10,10,plan\n",
    "benefits.csv": "asset_id,driver_id,year,benefit_type,volume_low,volume_mode,volume_high,unit,unit_value_low,unit_value_mode,"
    "unit_value_high,attribution,adoption,metric_link,evidence\nM1,saving,2026,cost_saving,5,5,5,parts,7,7,7,1,1,none,measured\n",
}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_client_that_gives_next_to_nothing_gets_sentences(chapter, tmp_path):
    for name, text in POOR.items():
        (tmp_path / name).write_text(text.lstrip(), encoding="utf-8")
    notebook = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4)
    first = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    first.source += f"\nclient_folder = {str(tmp_path)!r}\nresults_folder = {str(tmp_path)!r}\n"
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    text = " ".join(
        output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    )  # fmt: skip
    wanted = {
        "83_uncertainty": ("nothing is uncertain", "no variance to split", "there is no back-test to enlarge"),
        "84_options": ("names none, so none is concluded", "there are no stages"),
        "85_speed_and_cost": ("no month of use", "no wait is computed"),
    }[chapter]
    for words in wanted:
        assert words in text, words
    assert "nan" not in text.lower().split()
    record = json.loads((tmp_path / f"{chapter[3:]}.json").read_text(encoding="utf-8"))
    assert all(figure["value"] is not None or figure["note"] for figure in record["figures"].values())


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ((0.75, 0.203125), "nearly additively"),
        ((0.75, 0.1875), "6 % of the variance arises only where inputs move together"),
    ],
)
def test_up_to_a_twentieth_of_interaction_the_inputs_act_additively(first, words):
    shares = SimpleNamespace(first=dict(zip("ab", first, strict=True)), total={"a": 0.7, "b": 0.3})
    told = sensitivity._shares_sentence("G", {"a": "the price", "b": "the volume"}, shares)
    assert told.startswith("G: 70 % of the variance involves the price; ") and words in told


def test_a_test_set_stands_in_the_worst_draws_at_the_level_of_its_gain():
    plan = value_model.plan(make(benefits=[linked(2026)], evaluations=[evaluation()]))
    distribution = value_model.simulate(plan, draws=2048)
    ((name, level, usual),) = sensitivity.worst_draws(plan, distribution, plan.groups[0])
    # nothing else is uncertain: the worst twentieth are those of the lowest gain, at 2.5 % on average
    assert (name, usual) == ("E1", 0.5) and level == pytest.approx(0.025, abs=0.005)


def test_a_client_of_one_group_has_no_total_beside_it_and_one_of_two_has():
    one = value_model.plan(make(benefits=[benefit(2026, (50, 100, 190))]))
    rows = [benefit(2026, (50, 100, 190), name) for name in ("M1", "M2")]
    two = value_model.plan(make([asset("M1"), asset("M2")], rows))
    assert list(sensitivity.variance_shares(one, 64)) == ["M1"]
    found = sensitivity.variance_shares(two, 64)
    assert list(found) == ["M1", "M2", "total"] and len(found["total"].labels) == 2
