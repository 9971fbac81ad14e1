"""The register: its order, the findings, and a drawing that stays legible."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from lepton_nb import register
from lepton_nb.client import Asset, fields, schema
from lepton_nb.page import render
from lepton_nb.register import RULES, Register, find

DAY = date(2026, 6, 30)
ROOT = Path(__file__).resolve().parent.parent


def asset(asset_id: str = "M", **changes) -> Asset:
    """A model in use that breaks no rule, with the entries given instead."""
    sound = {
        "kind": "model",
        "lifecycle_stage": "deployment",
        "name": "Scoring of incoming orders",
        "owner": "Sales",
        "in_service_date": date(2025, 1, 1),
        "useful_life_years": 5.0,
        "useful_life_basis": "technical",
        "acquisition": "purchased",
        "legal_control": "owned",
        "eu_ai_act_class": "minimal",
        "privacy_classes": ("none",),
        "feeds": (),
    }
    return Asset.model_construct(asset_id=asset_id, **sound | changes)


@dataclass(frozen=True)
class Row:
    asset_id: str
    evaluated_on: date = DAY


def but(one: Asset, **changes) -> Asset:
    """The same asset with other entries."""
    return one.model_copy(update=changes)


def of(*assets: Asset, monitored="M", tested="M", tested_on=DAY) -> Register:
    return Register.of(assets, DAY, [Row(monitored)], [Row(tested, tested_on)])


def broken(*assets: Asset, **evidence) -> list[tuple[int, str]]:
    return [(finding.rule.number, finding.asset_id) for finding in find(of(*assets, **evidence)).rows]


SOUND = asset("M")
DATA = asset("D", kind="data", lifecycle_stage="data_management", feeds=("M",))


def test_a_sound_register_has_no_finding():
    assert broken(DATA, SOUND) == []


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (1, {"eu_ai_act_class": "prohibited"}),
        (2, {"eu_ai_act_class": "high"}),
        (3, {"legal_control": "unclear"}),
        (4, {"privacy_classes": ("personal",)}),
        (4, {"privacy_classes": ("special_category",)}),
        (4, {"privacy_classes": ("pseudonymised",)}),
        (4, {"privacy_classes": ("anonymous", "special_category")}),
        (5, {"owner": " "}),
        (5, {"owner": ""}),
        (7, {"in_service_date": None}),
        (11, {"lifecycle_stage": "algorithm_development", "in_service_date": None}),
        (12, {"acquisition": "internal"}),
        (15, {"useful_life_years": 1}),
    ],
)
def test_each_entry_that_breaks_a_rule_is_found_once(number, changes):
    assert broken(but(SOUND, **changes)) == [(number, "M")]


def test_evidence_that_is_missing_or_old_is_found():
    assert broken(SOUND, monitored="other") == [(8, "M")]
    assert broken(SOUND, tested="other") == [(9, "M")]
    assert broken(SOUND, tested_on=date(2025, 6, 29)) == [(10, "M")]
    assert broken(SOUND, tested_on=date(2025, 6, 30)) == []


def test_an_acceptance_test_counts_and_the_newest_test_decides():
    with_both = Register.of([SOUND], DAY, [Row("M")], [Row("M", date(2020, 1, 1))], [Row("M", date(2026, 1, 1))])
    assert find(with_both).rows == ()


def test_what_feeds_nothing_or_is_fed_by_the_retired_is_found():
    assert broken(but(DATA, feeds=()), SOUND) == [(13, "D")]
    assert broken(but(DATA, lifecycle_stage="retired"), SOUND) == [(14, "M")]


def test_one_owner_of_three_live_assets_is_found_and_of_two_is_not():
    third = but(DATA, asset_id="I", kind="infrastructure")
    assert broken(DATA, SOUND, third) == [(6, "all")]
    assert broken(DATA, SOUND, but(third, owner="IT")) == []
    assert broken(DATA, SOUND, but(third, lifecycle_stage="retired", feeds=())) == []


def test_nothing_is_asked_of_a_retired_asset():
    bad = asset(
        "X",
        lifecycle_stage="retired",
        owner="",
        in_service_date=None,
        acquisition="internal",
        legal_control="unclear",
        eu_ai_act_class="prohibited",
        privacy_classes=("personal",),
    )
    assert broken(bad) == []


def test_three_assets_without_an_owner_have_no_single_owner():
    assert {number for number, _ in broken(*(asset(name, owner="") for name in ("M", "N", "O")))} == {5, 8, 9}


def test_counts_say_how_many_cases_each_rule_looked_at():
    findings = find(of(DATA, SOUND))
    assert (findings.examined[3], findings.examined[8], findings.examined[6]) == (2, 1, 0)
    assert [rule.number for rule in RULES] == list(range(1, len(RULES) + 1)) == sorted(findings.examined)


def test_order_puts_feeders_first_and_keeps_the_register_otherwise():
    assets = [asset("Z", feeds=("A",)), asset("B"), asset("A"), asset("C", feeds=("B",))]
    assert of(*assets).order() == ["Z", "A", "C", "B"]


def test_stage_counts_cover_the_whole_life_cycle():
    counts = of(DATA, SOUND).stage_counts()
    assert list(counts) == list(register.STAGES)
    assert sum(counts.values()) == 2


# ------------------------------------------------------------------ the drawing


def plain(shown: render.Html) -> str:
    """What a reader without pictures gets."""
    return shown._repr_mimebundle_()["text/plain"]


def large(n: int, stages=tuple(register.STAGES)) -> Register:
    """A made-up client: n assets with long names, each feeding one or two later ones."""
    kinds = ("data", "data", "infrastructure", "model", "model", "model")
    assets = [
        asset(
            f"{kinds[i % 6][0].upper()}{i}" if i % 7 else f"VERY_LONG_IDENTIFIER_OF_ASSET_{i}",
            kind=kinds[i % 6],
            lifecycle_stage=stages[(i * len(stages)) // n],
            name="Forecast of spare parts and consumables for all plants in the northern region, version 12"
            if i % 2
            else "Prices",
        )
        for i in range(n)
    ]
    feeding = [
        but(a, feeds=tuple(b.asset_id for b in assets[i + 1 :: 9][:2]) if i % 3 == 0 else ())
        for i, a in enumerate(assets)
    ]
    return Register.of(feeding, DAY)


def test_each_asset_has_one_card_in_the_column_of_its_stage():
    made = large(25)
    columns = re.split(r"<small>n = (\d+)</small></div>", register.drawing(made, find(made)).data)
    counts = [int(n) for n in columns[1::2]]
    assert counts == list(made.stage_counts().values())
    assert [part.count("<li") for part in columns[2::2]] == counts


def test_a_card_says_what_its_asset_feeds_and_which_rules_it_breaks():
    drawn = plain(register.drawing(of(DATA, asset("M", owner="")), find(of(DATA, asset("M", owner="")))))
    assert "→ M" in drawn
    assert "▲ R5" in drawn
    assert "▲" not in plain(register.drawing(of(DATA, SOUND), find(of(DATA, SOUND)))).split("The register")[0]


def test_a_column_for_retired_assets_is_there_when_there_are_any():
    assert "Retired" not in register.drawing(of(DATA, SOUND), find(of(DATA, SOUND)))
    gone = but(DATA, lifecycle_stage="retired")
    assert "Retired" in register.drawing(of(gone, SOUND), find(of(gone, SOUND)))


def test_a_register_without_assets_is_refused():
    with pytest.raises(ValueError, match="Received: assets"):
        register.drawing(Register.of([], DAY), find(Register.of([], DAY)))


def test_text_of_a_client_is_drawn_as_text():
    odd = asset("M", name="$\\frac{1}{0}$ <script>alert(1)</script> -- --> 客户信用模型 \"'")
    picture = register.drawing(of(odd), find(of(odd)))
    assert isinstance(picture, render.Html)
    assert "<script" not in picture
    assert "客户信用模型" in picture


def test_the_files_and_columns_that_the_chapter_names_exist():
    notebook = json.loads((ROOT / "notebooks" / "10_architecture.ipynb").read_text(encoding="utf-8"))
    text = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    named = re.findall(r"`([\w/<>]+\.csv)`(?:: ([\w, ]+))?", text)
    types = {file: table.type for file, table in schema.TABLES.items()}
    types["metrics/predictions_<asset>.csv"] = schema.PREDICTIONS.type
    assert len(named) > 20
    for file, columns in named:
        known = set(fields.columns(types[file]))
        assert {word.split()[0] for word in columns.split(",") if word.strip()} <= known, f"{file}: {columns}"
