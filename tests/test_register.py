"""The register: its order, the findings, and a drawing that stays legible."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from lepton_nb import register
from lepton_nb.client import Asset, schema
from lepton_nb.page import plots, render
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
        "privacy_class": "none",
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
        (4, {"privacy_class": "personal"}),
        (4, {"privacy_class": "special_category"}),
        (4, {"privacy_class": "pseudonymised"}),
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
        privacy_class="personal",
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


@pytest.mark.parametrize(
    "made", [large(1), large(25), large(30), large(30, ("deployment",))], ids=["1", "25", "30", "one stage"]
)
def test_texts_stay_inside_their_card_and_lines_clear_of_all_cards(made):
    figure = register.draw(made, find(made))
    axis = figure.axes[0]
    figure.canvas.draw()
    to_data = axis.transData.inverted()

    def extent(artist):
        return artist.get_window_extent().transformed(to_data)

    cards = [patch for patch in axis.patches if hasattr(patch, "get_boxstyle")]
    boxes = [(p.get_x(), p.get_y(), p.get_x() + p.get_width(), p.get_y() + p.get_height()) for p in cards]
    assert len(boxes) == len(made.assets)
    for one, other in combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]

    texts = [extent(text) for text in axis.texts]
    for box in texts:
        assert 0 <= box.x0 <= box.x1 <= register.WIDTH
        for x0, y0, x1, y1 in boxes:
            middle = (box.y0 + box.y1) / 2
            if x0 <= box.x0 <= x1 and y0 <= middle <= y1:
                assert box.x1 <= x1
                assert y0 <= min(box.y0, box.y1) <= max(box.y0, box.y1) <= y1
    for one, other in combinations(texts, 2):
        assert (
            not one.overlaps(other)
            or min(one.x1, other.x1) - max(one.x0, other.x0) < 0.01
            or min(one.y1, other.y1) - max(one.y0, other.y0) < 0.01
        )

    lines = [patch.get_path() for patch in axis.patches if not hasattr(patch, "get_boxstyle")]
    for path in lines:
        for px, py in path.interpolated(50).vertices:
            assert not any(x0 + 1e-6 < px < x1 - 1e-6 and y0 < py < y1 for x0, y0, x1, y1 in boxes)
    plots.show(figure, "A register.", "register")


def test_every_feed_is_a_line_that_ends_at_its_two_cards():
    made = large(25)
    cells = register.place(made)
    left, top, card = [1.4 * c for c in range(6)], [1.0 * r for r in range(25)], 1.0
    lines = register.routes(made, cells, left, top, card)
    feeds = [(a.asset_id, target) for a in made.assets for target in a.feeds]
    assert len(lines) == len(feeds) > 0
    for (source, target), points in zip(feeds, lines, strict=True):
        assert points[0][0] == pytest.approx(left[cells[source][0]] + card)
        column = cells[target][0]
        expected = left[column] + card if column == cells[source][0] else left[column]
        assert points[-1][0] == pytest.approx(expected)
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points))


def test_a_register_without_assets_is_refused():
    with pytest.raises(ValueError, match="Received: assets"):
        register.draw(Register.of([], DAY), find(Register.of([], DAY)))


def test_text_of_a_client_is_drawn_as_text():
    odd = asset("M", name="$\\frac{1}{0}$ <script>alert(1)</script> -- --> 客户信用模型")
    picture = plots.show(register.draw(of(odd), find(of(odd))), "A register.", "register")
    assert isinstance(picture, render.Html)
    assert "<script" not in picture


def test_the_same_register_gives_the_same_drawing():
    assert len({plots.show(register.draw(large(7), find(large(7))), "x", "y") for _ in range(2)}) == 1


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        ("short", 2, ["short"]),
        ("", 2, []),
        ("客户", 2, []),
        ("one two three", 1, None),
        ("Donaudampfschifffahrtsgesellschaft", 3, None),
    ],
)
def test_fit_breaks_at_spaces_and_ends_with_an_ellipsis(text, lines, expected):
    rows = register.fit(text, 0.6, lines)
    assert expected is None or rows == expected
    assert len(rows) <= lines
    assert all(register._width(row, register.FONT_SIZE) <= 0.6 for row in rows)
    if expected is None and "".join(rows).replace(" ", "") != text.replace(" ", ""):
        assert rows[-1].endswith("…")


def test_the_files_and_columns_that_the_chapter_names_exist():
    notebook = json.loads((ROOT / "notebooks" / "10_architecture.ipynb").read_text(encoding="utf-8"))
    text = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    named = re.findall(r"`([\w/<>]+\.csv)`(?:: ([\w, ]+))?", text)
    types = {file: table.type for file, table in schema.TABLES.items()}
    types["metrics/predictions_<asset>.csv"] = schema.PREDICTIONS.type
    assert len(named) > 20
    for file, columns in named:
        known = set(types[file].model_fields)
        assert {word.split()[0] for word in columns.split(",") if word.strip()} <= known, f"{file}: {columns}"
