"""Inspection: parts that share no piece, the simple baseline, thresholds, views, and sentences that follow their figures."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lepton_nb import casework, datasets, inspection, results
from lepton_nb.page import inspection_charts, render
from lepton_nb.valuation.performance import auc, wilson_interval

RNG = np.random.default_rng(36)


def plain(shown) -> str:
    return (
        shown._repr_mimebundle_()["text/plain"].replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")
    )


# ------------------------------------------------------------------ parts


def test_no_group_is_in_two_parts_and_classes_are_spread_evenly():
    labels, groups = np.repeat(np.arange(200) % 3 == 0, 5).astype(int), np.repeat(np.arange(200), 5)
    part = inspection.split(labels, groups, test=0.25, validation=0.15)
    assert all(len(np.unique(part[groups == group])) == 1 for group in range(200))
    shares = np.bincount(part) / len(part)
    assert shares == pytest.approx([0.6, 0.15, 0.25], abs=0.03)
    assert [labels[part == number].mean() for number in range(3)] == pytest.approx([1 / 3] * 3, abs=0.05)
    assert np.array_equal(part, inspection.split(labels, groups, 0.25, 0.15))
    assert not np.array_equal(part, inspection.split(labels, groups, 0.25, 0.15, seed=1))


def test_test_rows_that_others_fixed_stay_theirs():
    labels, groups = np.tile([0, 1], 100), np.repeat(np.arange(50), 4)
    fixed = groups >= 40
    part = inspection.split(labels, groups, fixed, validation=0.1)
    assert np.array_equal(part == 2, fixed)
    assert 0 < np.mean(part == 1) < 0.2
    assert not set(groups[part == 1]) & set(groups[part == 0])


@pytest.mark.parametrize(("test", "validation"), [(0, 0.1), (0.5, 0.5), (1.2, 0.1), (0.5, 0)])
def test_shares_that_leave_nothing_are_refused(test, validation):
    with pytest.raises(ValueError, match="below 1 together"):
        inspection.split([0, 1], [0, 1], test, validation)


def test_equal_pictures_share_a_group_and_no_others_do():
    images = np.zeros((4, 3, 3, 1), np.uint8)
    images[1, 0, 0] = images[3, 2, 2] = 1
    groups = inspection.same_picture(images[[0, 1, 0, 2, 3]])
    assert groups[0] == groups[2] == groups[3] and len(set(groups)) == 3


def test_leaked_rows_hold_siblings_of_the_judged_ones_and_as_many_rows_as_the_honest():
    part = np.repeat([0, 1, 2], [100, 20, 50])
    groups = np.concatenate([np.arange(100), np.repeat(np.arange(4), 5) + 300, np.repeat(np.arange(10), 5) + 500])
    rows, choosing, judging = inspection.leaked_rows(part, groups)
    assert len(rows) == 100 and not set(rows) & (set(choosing) | set(judging))
    assert set(groups[judging]) == set(range(500, 510)) <= set(groups[rows])
    assert set(groups[choosing]) == set(range(300, 304)) <= set(groups[rows])
    assert (part[judging] == 2).all() and (part[choosing] == 1).all()
    assert (len(choosing), len(judging)) == (12, 30)  # of five photographs, two are shown and three stay
    alone = inspection.leaked_rows(np.array([0, 0, 1, 2]), np.array([1, 2, 3, 4]))
    assert [rows.tolist() for rows in alone] == [[0, 1], [2], [3]]


# ------------------------------------------------------------------ the simple baseline


def test_outlines_tell_the_direction_of_edges_and_the_field_that_they_are_in():
    upright, flat = np.zeros((1, 16, 16, 1), np.uint8), np.zeros((1, 16, 16, 1), np.uint8)
    upright[0, :, 9:11], flat[0, 9:11] = 200, 200
    one, other = (inspection.outlines(image, cells=2, directions=4)[0] for image in (upright, flat))
    assert len(one) == 2 * 2 * (4 + 2) + 7
    fields = one[:24].reshape(4, 6), other[:24].reshape(4, 6)  # left above, right above, left below, right below
    assert fields[0][1, :4].argmax() != fields[1][2, :4].argmax()
    assert fields[0][1, 4] > fields[0][0, 4] and fields[1][2, 4] > fields[1][1, 4]  # mean brightness by field
    assert one[-1] == 200 and one[-7] == 0


def test_rims_of_one_pixel_do_not_count_as_a_difference_to_the_template():
    tiles = np.full((3, 12, 12, 2), 255, np.uint8)
    tiles[:, 4:8, :, :] = 0
    tiles[1, 8, 2:10, 0] = 0  # a rim one pixel wide
    tiles[2, 4:8, 5:8, 0] = 255  # a gap of 4×3
    found = inspection.difference_to_template(tiles)
    assert found[0].tolist() == found[1].tolist() == [0, 0, 0]
    assert found[2].tolist() == [12, 12, 2]


def test_the_baseline_never_learns_from_the_rows_that_judge():
    numbers = RNG.normal(size=(300, 3))
    labels = (numbers[:, 0] + 0.3 * RNG.normal(size=300) > 0).astype(int)
    part = np.repeat([0, 1, 2], 100)
    one = inspection.Simple.fit(numbers, labels, part)
    other = inspection.Simple.fit(numbers, np.where(part == 2, 1 - labels, labels), part)
    assert np.array_equal(one.chance, other.chance)
    assert np.mean(one.chance[part == 2].argmax(axis=1) == labels[part == 2]) > 0.85


# ------------------------------------------------------------------ decisions


def test_the_cut_lies_between_what_is_flagged_and_what_is_not():
    truth, scores = [0, 0, 1, 1], [0.1, 0.3, 0.7, 0.9]
    assert inspection.best_cut(truth, scores) == pytest.approx(0.5)
    dear_miss = {"tp": 0, "tn": 0, "fn": -100, "fp": -1}
    assert inspection.best_cut([0, 1, 0, 1], [0.1, 0.2, 0.6, 0.9], dear_miss) == pytest.approx(0.15)
    dear_alarm = {"tp": 0, "tn": 0, "fn": -1, "fp": -100}
    assert inspection.best_cut([0, 1, 0, 1], [0.1, 0.2, 0.6, 0.9], dear_alarm) == pytest.approx(0.75)
    assert inspection.best_cut([0, 1], [0.9, 0.1], dear_alarm) == np.inf


def test_both_classes_count_alike_whatever_their_shares():
    truth = np.array([0] * 2 + [1] * 98)
    scores = np.concatenate([[0.2, 0.4], np.linspace(0.3, 1, 98)])
    cut = inspection.best_cut(truth, scores)
    flagged = scores >= cut
    balanced = (flagged[truth == 1].mean() + (~flagged)[truth == 0].mean()) / 2
    assert balanced == max(
        ((scores >= c)[truth == 1].mean() + (scores < c)[truth == 0].mean()) / 2 for c in (*scores, 2.0)
    )
    assert 0.4 < cut < 0.5  # accuracy alone would flag everything: two rows in a hundred


def test_gains_are_paired_in_accuracy_and_in_money():
    truth, ours, theirs = [1, 1, 0, 0], [1, 1, 0, 1], [1, 0, 1, 1]
    assert inspection.gain(truth, ours, theirs).mean == pytest.approx(0.5)
    values = {"tp": 0, "tn": 0, "fn": -40, "fp": -4}
    assert inspection.gain(truth, ours, theirs, values, 1000).mean == pytest.approx((40 + 4) / 4 * 1000)
    assert inspection.gain([3, 5, 1], [3, 4, 1], [0, 5, 1]).mean == 0  # kinds: one right each, one both
    assert inspection.counts(truth, ours) == {"tp": 2, "fp": 1, "fn": 0, "tn": 1}


# ------------------------------------------------------------------ views


def test_views_are_all_eight_ways_to_lay_a_square_and_two_of_what_has_a_top():
    images = np.arange(2 * 9).reshape(2, 3, 3, 1).astype(np.uint8)
    eight = inspection.views(images)
    assert len({view.tobytes() for view in eight}) == len(eight) == 8
    assert np.array_equal(eight[0], images)
    assert len(inspection.views(images, upright=True)) == len(inspection.views(images[:, :2])) == 2


def test_pictures_vary_by_seed_and_epoch_alone_and_only_those_without_a_top_are_turned():
    images = RNG.integers(0, 256, (40, 12, 12, 1)).astype(np.uint8)
    one = inspection.varied(images, 1, seed=4, shift=0)
    assert np.array_equal(one, inspection.varied(images, 1, seed=4, shift=0))
    assert not np.array_equal(one, inspection.varied(images, 2, seed=4, shift=0))
    ways = {view.tobytes() for image in images for view in (v[0] for v in inspection.views(image[None]))}
    assert {image.tobytes() for image in one} <= ways
    standing = inspection.varied(images, 1, seed=4, shift=0, upright=True)
    assert all(np.array_equal(a, b) or np.array_equal(a, b[:, ::-1]) for a, b in zip(standing, images, strict=True))
    assert one.dtype == np.uint8


# ------------------------------------------------------------------ sets


def test_a_set_takes_its_areas_from_masks_and_boxes_and_a_stand_in_has_no_published_figure(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    boards = datasets.load("pcb_tiles")
    part = np.zeros(len(boards.arrays["label"]), np.uint8)
    found = inspection.InspectionSet.of(boards, "boards", part, "board")
    assert np.array_equal(found.areas.any(axis=(1, 2)), found.labels == 1)
    row = int(np.flatnonzero(found.labels)[0])
    left, top, right, bottom = boards.arrays["box"][row]
    assert found.areas[row].sum() == (min(bottom, 32) - max(top, 0)) * (min(right, 32) - max(left, 0))
    for name in ("steel_surface", "pneumonia"):
        drawn = datasets.load(name)
        made = inspection.InspectionSet.of(drawn, name, drawn.arrays["label"], "x")
        assert made.published is None and made.stand_in
        real = SimpleNamespace(name=name, title="t", stand_in=False, arrays=drawn.arrays)
        assert inspection.InspectionSet.of(real, name, drawn.arrays["label"], "x").published > 0.85


# ------------------------------------------------------------------ sentences that follow the figures


def gain(mean, low, high):
    return SimpleNamespace(mean=mean, low=low, high=high, n=100)


def line(**changes):
    start = {
        "set": "chest X-rays", "baseline": wilson_interval(80, 100), "ours": [wilson_interval(90, 100)], "together": wilson_interval(90, 100),
        "gain": gain(0.1, 0.02, 0.18), "auc": None, "baseline_auc": None, "published": 0.854, "published_auc": 0.944,
        "published_by": "someone 2023", "stand_in": False,
    }  # fmt: skip
    return start | changes


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (gain(0.1, 0.02, 0.18), "the network is right more often than the simple baseline, +10.0 (2.0 to 18.0) points"),
        (gain(0.02, -0.03, 0.07), "no difference from the simple baseline is shown, +2.0 (-3.0 to 7.0) points"),
        (gain(-0.1, -0.2, -0.01), "the simple baseline is right more often; the network gives -10.0 (-20.0 to -1.0)"),
    ],
)
def test_a_sentence_on_the_baseline_follows_the_interval(found, words):
    told = plain(render.note(inspection_charts.against_baseline(line(gain=found))))
    assert told.startswith("Chest X-rays: ") and words in told


@pytest.mark.parametrize(
    ("right", "words"),
    [(95, "is above the published 85.4 %"), (88, "is not told apart from the published 85.4 %"),
     (60, "is below the published 85.4 %")],
)  # fmt: skip
def test_a_sentence_on_the_published_figure_follows_the_interval(right, words):
    told = plain(render.note(inspection_charts.against_published(line(together=wilson_interval(right, 100)))))
    assert words in told and "someone 2023" in told


def test_nothing_is_said_of_a_published_figure_on_a_stand_in_or_where_there_is_none():
    assert inspection_charts.against_published(line(stand_in=True)) == ""
    assert inspection_charts.against_published(line(published=None)) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (gain(500, 100, 900), "Tiles: the network saves 500 EUR a year against the rule"),
        (gain(-500, -900, -100), "Tiles: the network costs 500 EUR more a year than the rule"),
        (gain(50, -100, 200), "Tiles: between the network and the rule no difference in money is shown"),
    ],
)
def test_a_sentence_on_money_follows_the_interval(found, words):
    told = inspection_charts.gain_words(found, "EUR", "a year", "tiles", "the network", "the rule")
    assert words in plain(render.note(told)).replace("1 000", "1,000")


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (gain(0.08, 0.02, 0.14), "promises too much: +8.0 (2.0 to 14.0) points, and 700 EUR per 1,000 photographs"),
        (gain(-0.08, -0.14, -0.02), "promises too little"),
        (gain(0.01, -0.05, 0.07), "A difference is not shown"),
    ],
)
def test_a_sentence_on_the_leak_follows_the_interval(points, words):
    rates = wilson_interval(80, 100), wilson_interval(88, 100)
    told = inspection_charts.leak_words(*rates, points, gain(700, 300, 1100), "EUR")
    assert words in plain(render.note(told)).replace("1 000", "1,000")


def test_a_leak_without_a_difference_in_money_is_not_given_one():
    rates, points = (wilson_interval(80, 100), wilson_interval(88, 100)), gain(0.08, 0.02, 0.14)
    told = plain(render.note(inspection_charts.leak_words(*rates, points, gain(-46, -670, 580), "EUR")))
    assert "promises too much: +8.0" in told and "no difference is shown (95 %: -670 to 580 EUR" in told


@pytest.mark.parametrize(
    ("hits", "words"),
    [(60, "more often than chance would"), (2, "it looks elsewhere"), (12, "no more often than chance")],
)
def test_a_sentence_on_where_it_looked_follows_the_interval(hits, words):
    told = inspection_charts.looking_words({"set": "tiles", "points": wilson_interval(hits, 100), "blind": 0.1})
    assert words in told


def test_tables_and_drawings_hold_what_they_are_given():
    area = auc([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.9])
    lines = [line(auc=area, baseline_auc=area), line(set="steel", published=None, stand_in=True)]
    told = plain(inspection_charts.results_tables(lines))
    assert "chest X-rays" in told and "90.0 %" in told and "85.4 %" in told and "0.944" in told
    drawn = inspection_charts.accuracies(lines, "told", "n")
    assert "<svg" in drawn and "told" in plain(drawn)
    row = {"set": "tiles", "decision": "by money", "counts": {"fn": 3, "fp": 7}, "misses": 120.0, "false_alarms": 28.0}
    assert "148 EUR" in plain(inspection_charts.money_table([row], "EUR", "told"))
    assert "<svg" in inspection_charts.money_curve([0.1, 0.5], [1.0, 2.0], [3.0, 1.0], {"here": 0.3}, "EUR", "c", "n")
    cover = SimpleNamespace(value=0.2, low=0.1, high=0.3, n=50, blind=0.05)
    looked = {"set": "tiles", "points": wilson_interval(30, 50), "blind": 0.1, "overlap": cover}
    assert "20.0 % (10.0 to 30.0)" in plain(inspection_charts.looking_table([looked], "c"))
    pictures = RNG.random((2, 8, 8))
    assert "<svg" in inspection_charts.heat_grid(pictures, pictures, pictures > 0.5, ["a", "b"], "c", "n")
    leak = {"honest": wilson_interval(80, 100), "leaked": wilson_interval(88, 100), "honest_auc": area, "leaked_auc": area,
            "points": gain(0.08, 0.02, 0.14), "money": gain(700, 300, 1100)}  # fmt: skip
    assert "in another light" in plain(inspection_charts.leak_told(leak, "EUR"))


def test_a_set_goes_on_record_with_baseline_network_gain_and_published_figure():
    record, area = results.Record("inspection"), auc([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.9])
    given = line(auc=area, baseline_auc=area, ours=[wilson_interval(90, 100), wilson_interval(94, 100)])
    runs = {("chest X-rays", number): SimpleNamespace(seconds=5.0 + number) for number in (0, 1)}
    inspection.enter(record, "chests", given, runs, [0, 1], SimpleNamespace(count_params=lambda: 1234))
    assert record["chests_accuracy"].value == pytest.approx(0.92)
    assert record["chests_together_accuracy"].value == 0.9
    assert record["chests_gain"].low == 0.02 and record["chests_auc"].n == 4
    assert record["chests_published_accuracy"].value == 0.854
    assert record.seconds == {"chests_seed0": 5.0, "chests_seed1": 6.0}


def test_a_clients_case_comes_in_the_same_form_with_its_rows_in_their_parts():
    images, labels = RNG.integers(0, 256, (60, 8, 8)).astype(np.uint8), np.tile([0, 1, 1], 20)
    groups = np.repeat(np.arange(20), 3)
    case_set = casework.images(
        images, labels, split={"by": "part", "test_share": 0.25}, together=groups, name="n", title="t", source="s",
        sha256="0", stand_in=True,
    )  # fmt: skip
    found = inspection.of_case(case_set)
    assert found.images.shape == (60, 8, 8, 1) and found.binary and found.stand_in
    for number, part in enumerate((case_set.train, case_set.validation, case_set.test)):
        rows = found.rows(number)
        assert np.array_equal(found.images[rows, ..., 0], images[part.rows])
        assert np.array_equal(found.labels[rows], labels[part.rows])
    sides = [set(groups[part.rows]) for part in (case_set.train, case_set.validation, case_set.test)]
    assert not (sides[0] & sides[2] or sides[0] & sides[1] or sides[1] & sides[2])


# ------------------------------------------------------------------ the recorded run


def test_the_recorded_run_reaches_the_published_figures_and_says_what_it_rests_on():
    record = results.recorded("inspection")
    assert record.profile == "full" and not any(data["stand_in"] for data in record.data)
    assert record["chests_auc"].low > 0.944 and record["chests_auc"].value >= 0.96
    assert record["chests_together_accuracy"].low > record["chests_published_accuracy"].value == 0.854
    assert record["steel_together_accuracy"].low > record["steel_published_accuracy"].value == 0.958
    assert record["boards_together_accuracy"].value >= 0.98 and record["steel_together_accuracy"].value >= 0.98
    for key in ("tiles", "boards", "chests", "cells"):
        assert record[f"{key}_auc"].value > record[f"{key}_baseline_auc"].value
        assert record[f"{key}_gain"].low > 0
    assert record["tiles_pointing"].low > record["tiles_pointing_blind"].value
    assert record["leak_points"].low > 0
