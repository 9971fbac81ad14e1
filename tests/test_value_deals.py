"""What a rise of recall brings, and what follows for a purchase, a team and a partner: by hand, and against the value."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from test_value_model import asset, evaluation, linked, plan_of

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.client import ThreePoint
from lepton_nb.page import decision_tables, words
from lepton_nb.valuation import decisions
from lepton_nb.value_model import World, deals, upkeep
from lepton_nb.value_model.gains import drawn_recall, recall_per_case
from lepton_nb.value_model.lines import Substitute

ROOT = Path(__file__).resolve().parent.parent
START, END = date(2025, 12, 31), date(2028, 12, 31)
YEARS = [linked(year) for year in (2026, 2027, 2028)]
#: Of 100 cases 25 are positive, a miss costs 10, 1,000 cases a year: a recall higher by 0.04 saves 100 a year.
POINTS, A_YEAR = 0.04, 100.0


def small(**changes):
    return plan_of(**{"benefits": YEARS, "evaluations": [evaluation()]} | changes)


def worth(plan, start=START, end=END, **more) -> float:
    return float(deals.worth(plan, plan.client.evaluations[0], POINTS, start, end, **more))


@pytest.fixture(scope="module")
def foundry():
    return value_model.plan(clients.load(ROOT / "clients" / "manufacturer"))


@pytest.fixture(scope="module")
def risen(foundry):
    gain = deals.decided_on(foundry, foundry.date)
    drawn = value_model.simulate(foundry, 2048)
    return deals.rise(foundry, drawn, gain, 0.02, date(2026, 12, 30))


# ---------------------------------------------------------------- what a rise brings


def test_a_rise_by_hand():
    spans = small().periods
    assert worth(small()) == pytest.approx(sum(A_YEAR * 1.1**-span.time for span in spans))
    assert worth(small(tax=0.3)) == pytest.approx(0.7 * worth(small()))
    late = worth(small(rate=0.0), start=date(2026, 6, 30))
    assert late == pytest.approx(A_YEAR * (184 / 365 + 2))


def test_two_times_after_each_other_are_the_whole_and_it_ages_as_the_gain_does():
    for plan in (small(), small(assets=[asset(half_life_years=1.0, half_life_basis="measured_drift")])):
        parts = worth(plan, end=date(2027, 3, 1)) + worth(plan, start=date(2027, 3, 1))
        assert parts == pytest.approx(worth(plan))
    group, item = plan.groups[0], plan.client.evaluations[0]
    base = value_model.group_value(plan, group)
    more = float(value_model.gain_per_case(item)) + POINTS * float(recall_per_case(item))
    assert worth(plan) == pytest.approx(float(value_model.group_value(plan, group, World(gains={"E1": more})) - base))
    assert worth(plan) < 0.6 * worth(small())


def test_a_point_has_the_same_money_as_in_the_chapter_on_metrics(foundry):
    bank = value_model.plan(clients.load(ROOT / "clients" / "bank"))
    for plan in (foundry, bank, small(evaluations=[evaluation(paired=False)])):
        for point in upkeep.points(value_model.gains(plan)):
            item = plan.evaluation(point.evaluation_id)
            if point.rate == "recall":
                assert upkeep.POINT * float(recall_per_case(item)) == pytest.approx(point.per_case)
                assert drawn_recall(item)[1] == pytest.approx(point.measured.value)


@pytest.mark.parametrize("paired", [True, False])
def test_recall_and_its_money_follow_the_drawn_cells(paired):
    item = small(evaluations=[evaluation(paired=paired)]).client.evaluations[0]
    one, other = (np.array(cells) / sum(cells) for cells in ([20, 9, 5, 66], [10, 0, 30, 60]))
    if paired:  # the same margins as pairs, in the client's order of cells
        order = [(c.y_true, c.model, c.baseline) for c in item.paired]

        def pairs(tp, fp, fn, tn):
            each = {(1, 1, 1): tp, (1, 0, 0): fn, (0, 1, 1): fp, (0, 0, 0): tn}
            return np.array([each.get(cell, 0.0) for cell in order])

        one, other = pairs(*one), pairs(*other)
    world = World(drawn={"E1.pairs" if paired else "E1.model": np.array([one, other])})
    share, recall = drawn_recall(item, world)
    assert share == pytest.approx([0.25, 0.4]) and recall == pytest.approx([0.8, 0.25])
    assert recall_per_case(item, world) == pytest.approx([2.5, 4.0])


def test_a_substitute_caps_what_the_value_counts_and_not_what_is_saved(foundry, risen):
    price = ThreePoint(*[780.0 + 50.0] * 3)
    caps = {"M1": Substitute(asset_id="M1", offer="Other", price=price, unit="per year", units=1.0)}
    plan = replace(small(rate=0.0), caps=caps)
    assert worth(plan) == pytest.approx(3 * A_YEAR) and worth(plan, capped=True) == pytest.approx(3 * 50.0)
    dear = {"M1": replace(caps["M1"], price=ThreePoint(*[2000.0] * 3))}
    assert worth(replace(plan, caps=dear), capped=True) == pytest.approx(3 * A_YEAR)
    assert 0 <= risen.counted < 0.1 * risen.likely and "M1" in foundry.caps
    assert "Hosted inspection service" in str(
        decision_tables.capped(risen.counted, risen.likely, foundry.caps["M1"], words.Money("EUR"))
    )
    assert not str(decision_tables.capped(1.0, 1.0, foundry.caps["M1"], words.Money("EUR")))


def test_a_promised_level_is_less_sure_than_promised_points(risen):
    level = risen.reaching(risen.recall.value + risen.points)
    (low, high), (lowest, highest) = deals.interval(risen.draws), deals.interval(level)
    assert lowest < low < risen.mean < high < highest and lowest < 0
    assert risen.reaching(float(risen.before[0]))[0] == 0
    on_average = (risen.recall.value + risen.points - risen.before.mean()) / risen.points
    assert level.mean() == pytest.approx(risen.mean * on_average, rel=0.02)


def test_what_is_still_to_come_falls_from_all_to_nothing(risen):
    times, left = zip(*risen.by_time, strict=True)
    assert left[0] == 1 and left[-1] == pytest.approx(0) and list(left) == sorted(left, reverse=True)
    assert risen.from_order[0] == (0.0, 1.0) and risen.from_order[-1][0] == pytest.approx(times[-1] - times[1])
    assert deals.pays_back(risen, risen.mean) is None
    assert times[1] < deals.pays_back(risen, 0.2 * risen.mean) < deals.pays_back(risen, 0.8 * risen.mean) < times[-1]


def test_the_model_is_one_whose_recall_earns_and_a_wrong_name_is_told(foundry):
    assert deals.decided_on(foundry, foundry.date, "M1").asset_id == "M1"
    with pytest.raises(ValueError, match="asset must be a model whose recall earns money: M1"):
        deals.decided_on(foundry, foundry.date, "M2")
    assert deals.decided_on(foundry, date(2040, 1, 1)) is None
    assert deals.decided_on(plan_of(benefits=[]), START) is None
    sure = evaluation(paired=False, model={"tp": 25, "fp": 9, "fn": 0, "tn": 66})
    assert deals.decided_on(small(evaluations=[sure]), START) is None


@pytest.mark.parametrize(("points", "start"), [(0.0, START), (0.5, START), (0.02, date(2029, 1, 1))])
def test_a_rise_that_leads_nowhere_is_refused(points, start):
    plan = small()
    with pytest.raises(ValueError, match="Received"):
        deals.rise(plan, value_model.simulate(plan, 1000), deals.decided_on(plan, START), points, start)


# ---------------------------------------------------------------- what is paid


def test_a_payment_costs_what_tax_leaves_of_it_and_the_limit_is_used_up(foundry, risen):
    plan = small(tax=0.3)
    assert deals.cost_of_one(plan, "M1", [START], committed=True) == pytest.approx(1 - 0.3 / 1.1)
    assert deals.cost_of_one(small(), "M1", [date(2026, 12, 31)]) == pytest.approx(1 / 1.1)
    limit, one = deals.at_most(foundry, "M1", risen.mean, [foundry.date], committed=True)
    paid = limit * deals.cost_of_one(foundry, "M1", [foundry.date], limit, committed=True)
    assert paid == pytest.approx(risen.mean, rel=1e-6) and 0.6 < one < 1
    huge, dearer = deals.at_most(plan, "M1", 50_000.0, [START], committed=True)
    assert dearer > 1 - 0.3 / 1.1, "losses put the saving of tax off"
    assert huge * deals.cost_of_one(plan, "M1", [START], huge, committed=True) == pytest.approx(50_000, rel=1e-3)


def test_quarters_end_with_the_stay():
    days = deals.quarters(date(2026, 6, 30), date(2027, 6, 30))
    assert [str(day) for day in days] == ["2026-09-30", "2026-12-30", "2027-03-30", "2027-06-30"]
    assert deals.quarters(date(2026, 6, 30), date(2026, 7, 31)) == [date(2026, 7, 31)]


def test_at_its_limit_a_team_is_worth_nothing_and_chance_and_pay_are_each_others_limit():
    crew = deals.team(small(tax=0.3), "M1", END, 12)
    assert 0 < crew.trial < crew.stay
    for chance in (0.2, 0.6, 1.0):
        pay = crew.pay(1000.0, chance)
        hire = {"works": (chance, 1000.0 - pay * crew.stay), "does not": (1 - chance, -pay * crew.trial)}
        assert decisions.decision_tree({"chance": hire}).value == pytest.approx(0, abs=1e-9)
        assert crew.least_chance(1000.0, pay) == pytest.approx(chance)
    assert crew.least_chance(1000.0, 1.001 * crew.pay(1000.0, 1.0)) is None


def test_how_long_it_takes_to_see_a_rise_follows_the_monitoring(foundry):
    gain = deals.decided_on(foundry, foundry.date)
    needed, seen = deals.months_to_see(foundry, gain, 0.02)
    rows = [row for row in foundry.client.monitoring if row.metric == "recall"]
    assert seen == 3 * np.ceil(needed / int(np.median([row.n for row in rows])))
    assert deals.months_to_see(foundry, gain, 0.06)[0] < needed
    assert deals.months_to_see(foundry, gain, deals.missed(gain)) == (None, None)
    assert deals.months_to_see(small(), value_model.gains(small())[0], 0.02)[1] is None


# ---------------------------------------------------------------- a partner


def test_two_share_halfway_between_floor_and_ceiling():
    for alone, replacing, ceiling in ((0.0, None, 100.0), (10.0, None, 100.0), (10.0, 40.0, 40.0)):
        found = deals.deal(100.0, alone, replacing)
        assert (found.floor, found.ceiling) == (alone, ceiling) and found.possible
        assert found.share == pytest.approx((alone + ceiling) / 2)


def test_a_rival_takes_the_ceiling_down_to_the_floor_and_the_share_towards_it():
    shares = [deals.deal(100.0, 10.0, None, rivals) for rivals in range(3)]
    assert [one.ceiling for one in shares] == [100.0, 10.0, 10.0]
    assert shares[0].share > shares[1].share > shares[2].share > 10
    assert deals.deal(90.0, 0.0, None, 1).share == pytest.approx(90 / 6)


def test_who_gives_up_more_than_he_is_worth_makes_no_deal():
    assert not deals.deal(100.0, 60.0, 40.0).possible
    told = str(decision_tables.deal_told(deals.deal(100.0, 60.0, 40.0), 0, "", words.Money("EUR")))
    assert "No deal" in told


def test_data_cost_what_the_client_spent_on_those_that_feed_the_model(foundry):
    anew, names = deals.data_cost(foundry, "M1")
    assert names == ("D1",) and anew > 13_440 + 62_000
    assert deals.data_cost(foundry, "M2") == (None, ())


# ---------------------------------------------------------------- what would change it


def test_where_an_assumption_turns_the_decision_the_worth_is_the_cost(foundry, risen):
    cost = 0.8 * risen.likely
    rows = deals.changes(foundry, risen, cost, str)
    assert [row.swing for row in rows] == sorted((row.swing for row in rows), reverse=True) and rows[0].swing > 0
    (miss,) = [row for row in rows if row.label.startswith("money per false negative")]
    assert (miss.at_low - cost) * (miss.at_high - cost) < 0
    assert miss.turns_at / -48 == pytest.approx(0.8)  # a found defect costs nothing: worth is in proportion to a miss
    for row in rows:
        assert row.turns_at is None or min(row.at_low, row.at_high) <= cost <= max(row.at_low, row.at_high)
    (scenario,) = [row for row in rows if row.label == "scenario"]
    assert (scenario.low_words, scenario.high_words) == ("downturn", "upside")
    assert scenario.at_low / risen.likely == pytest.approx(0.70, rel=0.02)  # a year of loss pays no tax
    assert scenario.at_high / risen.likely == pytest.approx(1.25, rel=0.02)
    assert not [row for row in deals.changes(foundry, risen, 1e9, str) if row.turns_at is not None]


# ---------------------------------------------------------------- what the page says


def told(html) -> str:
    return html._repr_mimebundle_()["text/plain"].replace(words.THIN, " ").replace("\N{NO-BREAK SPACE}", " ")


def test_sentences_of_a_purchase_follow_price_and_draws():
    money, limits = words.Money("EUR"), np.linspace(50e3, 150e3, 1001)
    found = {
        "price": 40e3,
        "limit": 100e3,
        "by_level": limits,
        "by_points": limits,
        "points": 0.02,
        "level": 0.95,
        "today": 0.93,
    }
    found |= {"today_high": 0.96, "break_even": 0.938, "back": 1.5, "end": END}
    cheap, dear = (told(decision_tables.purchase_told(found | {"price": p}, "", money)) for p in (40e3, 200e3))
    assert ": buy." in cheap and ": do not buy." in dear
    assert ": open." in told(decision_tables.purchase_told(found | {"price": 100e3}, "", money))
    assert "inside the interval" in cheap and "after 1.5 years" in cheap
    assert "above the interval" in told(decision_tables.purchase_told(found | {"break_even": 0.97}, "", money))
    assert "No recall is worth" in told(decision_tables.purchase_told(found | {"break_even": 1.2}, "", money))
    assert "No conclusion is drawn: law" in told(decision_tables.purchase_told(found, "law", money))
    assert "does not come back" in told(decision_tables.purchase_told(found | {"back": None}, "", money))


def test_sentences_of_waiting_follow_the_right_and_what_knowing_is_worth():
    money, worth_ = words.Money("EUR"), lambda value: SimpleNamespace(value=value)
    found = {"price": 100e3, "now": 5e3, "perfect": worth_(9e3), "known": worth_(3e3)}
    found |= {"right": SimpleNamespace(worth=8e3, word="wait")}
    assert "Wait: the right to buy later is worth 3 000 EUR more" in told(decision_tables.waiting_told(found, money))
    at_once = found | {"right": SimpleNamespace(worth=5e3, word="exercise now"), "perfect": worth_(100.0)}
    assert "Do not wait" in told(decision_tables.waiting_told(at_once, money))
    assert "hardly pays" in told(decision_tables.waiting_told(at_once, money))
    assert "33 %" in told(decision_tables.waiting_told(found, money))


def test_sentences_of_a_team_and_a_partner_follow_their_limits():
    money, crew = words.Money("EUR"), deals.Team(stay=2.0, trial=1.0, months=18)
    work = SimpleNamespace(mean=100e3)
    found = {"crew": crew, "work": work, "chance": 0.5, "limit": crew.pay(100e3, 0.5), "pay": 20e3, "least": 0.25}
    assert "below the 50 % assumed: hire" in told(decision_tables.team_told(found, "", money))
    assert "do not hire" in told(decision_tables.team_told(found | {"least": 0.7}, "", money))
    assert "not even certain success" in told(decision_tables.team_told(found | {"least": None}, "", money))
    assert "falls to the floor" in told(decision_tables.deal_told(deals.deal(100.0, 10.0, None, 1), 1, "", money))
    assert "collecting the data anew" in told(decision_tables.deal_told(deals.deal(100.0, 10.0, 40.0), 0, "", money))
    assert "the whole gain" in told(decision_tables.deal_told(deals.deal(100.0, 10.0), 0, "", money))


def test_every_piece_says_where_there_is_nothing_to_decide():
    money = words.Money("EUR")
    pieces = [
        decision_tables.model(None, None, money), decision_tables.limits([], 0, money), decision_tables.waiting({}, money),
        decision_tables.purchase_told({}, "", money), decision_tables.waiting_told({}, money), decision_tables.team({}, money),
        decision_tables.team_told({}, "", money), decision_tables.deal(None, 1.0, (), (), False, money),
        decision_tables.deal_told(None, 0, "", money),
    ]  # fmt: skip
    assert all("Nothing to decide on" in str(piece) for piece in pieces)


def cells() -> str:
    notebook = json.loads((ROOT / "notebooks" / "76_decisions.ipynb").read_text("utf-8"))
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("like", ["retailer", "manufacturer without a test"])
def test_the_chapter_runs_for_any_client(like, tmp_path):
    """As one script: no kernel is needed to see that it runs, and that a client without a measured recall is told so."""
    folder = tmp_path / "client"
    shutil.copytree(ROOT / "clients" / like.partition(" ")[0], folder)
    if "without" in like:
        file = folder / "benefits.csv"
        lines = [line for line in file.read_text("utf-8").splitlines() if "confusion:" not in line]
        file.write_text("\n".join(lines) + "\n", "utf-8")
    given = {"client_folder": str(folder), "results_folder": str(tmp_path), "draws": 1024}
    code = cells().replace(
        "import time\n", "".join(f"{name} = {value!r}\n" for name, value in given.items()) + "import time\n", 1
    )
    exec(compile(code, "76_decisions", "exec"), {})
    figures = json.loads((tmp_path / "decisions.json").read_text("utf-8"))["figures"]
    if "without" in like:
        assert figures["decisions"]["value"] == 0 and len(figures) == 1
    else:
        assert figures["M2_most_to_pay"]["value"] > 0 and figures["M2_most_to_pay"]["unit"] == "SEK"
