"""Fusion: pairs, rules, networks of several senses, a table with a text, sentences that follow their figures."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lepton_nb import training  # first: it starts Keras quietly

from lepton_nb import datasets, fusion, metrics, results  # isort: skip
from lepton_nb.models import build_senses
from lepton_nb.page import fusion_charts

RNG = np.random.default_rng(38)
SHAPES = {"written": (28, 28, 1), "spoken": (40, 32, 1)}


def plain(shown) -> str:
    text = shown if isinstance(shown, str) else shown._repr_mimebundle_()["text/plain"]
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


# ------------------------------------------------------------------ pairs


def test_takes_part_the_recordings():
    take = np.tile(np.arange(50), 3)
    parts = fusion.clip_parts(take)
    assert {name: (take[rows].min(), take[rows].max()) for name, rows in parts.items()} == {
        "judge": (0, 9),
        "choose": (10, 14),
        "train": (15, 49),
    }
    assert sum(map(len, parts.values())) == 150
    with pytest.raises(ValueError, match="three takes"):
        fusion.clip_parts(np.array([0, 1]))


def test_partners_are_of_the_same_digit_and_nobody_has_two():
    labels, images = np.array([3, 3, 7]), np.repeat([3, 7, 1], 5)
    found = fusion.partners(labels, images, 2, seed=1)
    assert found.shape == (3, 2) and (images[found] == labels[:, None]).all() and len(np.unique(found)) == 6
    with pytest.raises(ValueError, match="digit 3: 2 recordings with 3 images each, but only 5"):
        fusion.partners(labels, images, 3)


def test_noise_of_an_image_has_the_spread_that_was_asked_for():
    black = np.zeros((40, 28, 28), np.uint8)
    assert fusion.pixels(black, 0.7, RNG).std() == pytest.approx(0.7, rel=0.02)
    assert fusion.pixels(black + 255, 0.0, RNG).min() == 1
    each = fusion.pixels(black, np.linspace(0, 2, 40), RNG)
    assert not each[0].any() and each[-1].std() == pytest.approx(2, rel=0.15)


@pytest.fixture(scope="module")
def material():
    images = RNG.integers(0, 255, (60, 28, 28)).astype(np.uint8)
    pictures = RNG.normal(-20, 5, (20, 2, 40, 32, 1)).astype("float32")
    return images, np.tile(np.arange(10), 6), fusion.Clips(pictures, np.tile(np.arange(10), 2))


def pairs(material, senses=("written", "spoken"), **options):
    return fusion.Pairs(*material, senses, **{"batch_size": 8, "seed": 3, "loudest": 1.0} | options)


def test_pairs_are_drawn_anew_each_epoch_and_repeat_by_seed(material):
    one, other = pairs(material), pairs(material)
    assert len(one) == 3 and [len(one[place][1]) for place in range(3)] == [8, 8, 4]
    first, again = one[0][0], other[0][0]
    assert all(np.array_equal(first[name], again[name]) for name in first)
    one.on_epoch_end()
    assert not np.array_equal(first["written"], one[0][0]["written"])
    digits = np.concatenate([one[place][1] for place in range(3)]).argmax(axis=1)
    assert np.bincount(digits).tolist() == [2] * 10
    assert len(pairs(material, repeats=3)) == 8


def test_the_image_of_a_pair_is_of_the_digit_that_is_spoken(material):
    images, labels, clips = material
    marked = np.zeros_like(images)
    marked += (labels * 25).astype(np.uint8)[:, None, None]  # each digit in a grey of its own
    given, targets = fusion.Pairs(marked, labels, clips, ("written",), batch_size=20, seed=1, loudest=0.0)[0]
    grey = given["written"][:, 14, 14, 0] * 255
    assert set(given) == {"written", "written_present"} and grey == pytest.approx(25 * targets.argmax(axis=1), abs=0.5)


def test_a_third_of_the_pairs_loses_one_sense_and_none_both(material):
    given = pairs(material, missing=0.3, repeats=50, batch_size=1000)[0][0]
    written, spoken = (given[f"{sense}_present"][:, 0] for sense in ("written", "spoken"))
    assert ((written + spoken) >= 1).all() and set(written) == {0, 1}
    assert 1 - written.mean() == pytest.approx(0.15, abs=0.04) and 1 - spoken.mean() == pytest.approx(0.15, abs=0.04)
    assert pairs(material)[0][0]["spoken_present"].all()


# ------------------------------------------------------------------ networks


def test_a_missing_sense_says_nothing_whatever_its_picture_holds_and_one_sense_is_a_plain_classifier():
    training.set_seed(1)
    model = build_senses(SHAPES, widths=(2, 4), units=4)
    written, spoken = (RNG.standard_normal((3, *shape)).astype("float32") for shape in SHAPES.values())
    without = fusion.chances(model, written=written, spoken=None)
    given = {
        "written": written,
        "written_present": np.ones((3, 1)),
        "spoken": spoken,
        "spoken_present": np.zeros((3, 1)),
    }
    assert model.predict(given, verbose=0) == pytest.approx(without, abs=1e-5)
    assert not np.allclose(without, fusion.chances(model, written=written, spoken=spoken), atol=1e-5)
    assert without.shape == (3, 10) and without.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert fusion.chances(model, written=5 * written + 3, spoken=None) == pytest.approx(without, abs=1e-3), (
        "brightness says nothing"
    )
    other = build_senses(SHAPES, widths=(2, 4), units=4)
    assert fusion.begin_with(other, [model]) == 10, "two convolutions, two normalisations and a dense layer a tower"
    assert np.array_equal(
        other.get_layer("spoken_vector").get_weights()[0], model.get_layer("spoken_vector").get_weights()[0]
    )
    assert not np.array_equal(
        other.get_layer("together").get_weights()[0], model.get_layer("together").get_weights()[0]
    )
    alone = build_senses({"spoken": SHAPES["spoken"]}, widths=(2, 4), units=4)
    assert fusion.chances(alone, spoken=spoken).shape == (3, 10)
    with pytest.raises(ValueError, match="at least one sense must be given"):
        fusion.chances(model, written=None, spoken=None)
    with pytest.raises(ValueError, match="has the sense 'spoken'"):
        fusion.chances(model, written=written)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"shapes": {}}, "at least one sense"), ({"shapes": {"a": (4, 4, 1)}}, "too small for 3 blocks"), ({"dropout": 1.0}, "below 1"),
     ({"classes": 1}, "classes")],
)  # fmt: skip
def test_bad_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_senses(**{"shapes": SHAPES} | arguments)


# ------------------------------------------------------------------ rules


def drawn(spread: float, count: int = 4000):
    """Digits, and the posterior of a sense that sees each with normal noise: (n,), (n, 10)."""
    truth = np.arange(count) % 10
    seen = np.eye(10)[truth] + spread * np.random.default_rng(int(10 * spread)).standard_normal((count, 10))
    height = seen / spread**2
    chance = np.exp(height - height.max(axis=1, keepdims=True))
    return truth, chance / chance.sum(axis=1, keepdims=True)


def test_for_independent_senses_with_honest_probabilities_nothing_beats_the_product():
    truth, one = drawn(0.6)
    _, other = drawn(0.9)
    loss = {name: metrics.losses(truth, chance).mean() for name, chance in
            {"one": one, "other": other, "product": fusion.product_rule(one, other), "mean": fusion.mean_rule(one, other)}.items()}  # fmt: skip
    assert loss["product"] < min(loss["one"], loss["other"], loss["mean"])
    joined = np.log(one) + np.log(other)
    exact = np.exp(joined - joined.max(axis=1, keepdims=True))
    assert fusion.product_rule(one, other) == pytest.approx(exact / exact.sum(axis=1, keepdims=True), abs=1e-9)


def test_a_sense_that_knows_the_prior_alone_changes_nothing():
    prior = np.array([0.7, 0.2, 0.1])
    one = np.array([[0.2, 0.5, 0.3]])
    assert fusion.product_rule(one, prior[None], prior=prior) == pytest.approx(one)
    assert fusion.product_rule(one, np.full((1, 3), 1 / 3)) == pytest.approx(one)
    assert np.isfinite(fusion.product_rule(np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]]))).all()


def test_the_interval_draws_recordings_with_all_their_pairs():
    right = np.repeat(RNG.random(200) < 0.7, 5).astype(float)
    found = fusion.over_clips(right, 5)
    assert found.n == 200 and found.method == "95 % bootstrap over recordings"
    assert found.high - found.low > 1.8 * 2 * 1.96 * np.sqrt(0.21 / 1000), "wider than for 1,000 pairs of their own"


def test_noise_is_seen_in_the_rim_of_an_image_and_in_the_quiet_of_a_sound():
    images = np.zeros((30, 28, 28), np.uint8)
    images[:, 5:23, 5:23] = RNG.integers(0, 255, (30, 18, 18))
    found = [fusion.noise_seen(fusion.pixels(images, spread, RNG), "written").mean() for spread in (0.0, 0.5, 1.0)]
    assert found == pytest.approx([0, 0.5, 1.0], abs=0.02), "the digit itself says nothing"
    quiet, loud = np.full((2, 32, 24, 1), -60.0), np.full((2, 32, 24, 1), -20.0)
    quiet[:, :16], loud[:, :16] = 0, 0
    assert fusion.noise_seen(quiet, "spoken").tolist() == [-60, -60] and fusion.noise_seen(loud, "spoken").tolist() == [
        -20,
        -20,
    ]


def test_a_temperature_that_follows_the_noise_makes_probabilities_honest_at_each():
    """A sense that is twice too sure in loud noise and honest in none."""
    noise = np.repeat([0.0, 1.0], 3000)
    truth, honest = drawn(0.7, 6000)
    too_sure = np.where(noise[:, None] > 0, honest**2 / (honest**2).sum(axis=1, keepdims=True), honest)
    found = fusion.Tempering.fit(truth, too_sure, noise)
    assert found.temperature(np.array([0.0, 1.0])) == pytest.approx([1, 2], rel=0.15)
    assert found(too_sure, noise) == pytest.approx(honest, abs=0.06)
    assert found(too_sure, noise).argmax(axis=1).tolist() == too_sure.argmax(axis=1).tolist()
    assert (found.temperature(np.array([-1e9, 1e9])) > 0).all() and np.isfinite(
        found.temperature(np.array([-1e9, 1e9]))
    ).all()


# ------------------------------------------------------------------ a table with a text


def test_films_are_parted_at_the_median_and_lose_the_year_from_their_title():
    films = {
        "item": np.arange(1, 41),
        "title": np.array([f"Film {number} ({1950 + number})" for number in range(39)] + ["Untold"]),
    }
    ratings = {"item": np.repeat(films["item"], 3), "rating": np.repeat(np.arange(40) % 5 + 1, 3)}
    found = fusion.rated_films(ratings, films, least=3)
    assert found["title"][0] == "Film 0" and found["year"][0] == 1950 and np.isnan(found["year"][-1])
    assert found["liked"].tolist() == [int(number % 5 >= 2) for number in range(40)]
    with pytest.raises(ValueError, match="at least 20 films with 4 ratings"):
        fusion.rated_films(ratings, films, least=4)


def test_a_text_that_tells_is_used_early_and_late_and_every_row_is_foretold_by_others():
    truth = np.arange(120) % 2
    texts = np.array([f"{'return of' if one else 'garden'} {RNG.integers(99)}" for one in truth])
    table = RNG.standard_normal((120, 2)) + 0.5 * truth[:, None]
    found = fusion.table_and_text(table, texts, truth, parts=3, penalties=(1.0,))
    right = {way: np.mean((chance >= 0.5) == truth) for way, chance in found.items()}
    assert (
        set(found) == {"table", "text", "early", "late"}
        and min(right["text"], right["early"], right["late"]) > 0.9 > right["table"] > 0.5
    )
    shuffled = fusion.table_and_text(
        RNG.standard_normal((120, 2)), texts, RNG.permutation(truth), parts=3, penalties=(0.01,)
    )
    assert np.mean((shuffled["early"] >= 0.5) == truth) < 0.75


# ------------------------------------------------------------------ sentences, tables, drawings


def mean(value, low, high, n=60):
    return SimpleNamespace(value=value, mean=value, low=low, high=high, n=n)


def cell(pixels, ratio, written, spoken, late, half=0.004):
    shares = {
        way: mean(share, share - 0.01, share + 0.01)
        for way, share in (("written", written), ("spoken", spoken), ("late", late))
    }
    gain = late - max(written, spoken)
    better = "written" if written >= spoken else "spoken"
    return {
        "pixels": pixels,
        "ratio": ratio,
        "shares": shares,
        "better": better,
        "gains": {"late": mean(gain, gain - half, gain + half)},
    }


GOOD = [cell(0, 40, 0.99, 0.98, 0.995), cell(2, -5, 0.7, 0.8, 0.9)]
BAD = [cell(0, 40, 0.99, 0.6, 0.97), cell(2, -5, 0.7, 0.8, 0.802)]


def test_whether_a_promise_is_kept_follows_the_figures():
    kept, broken = (" ".join(map(plain, fusion_charts.promise_told(cells, "late"))) for cells in (GOOD, BAD))
    assert (
        "Late: never more than a point below" in kept and "above the better one at 1 of 1" in kept and "+10.0" in kept
    )
    assert "at 1 of 2 pairs of levels more than a point below" in broken and "-2.0" in broken and "at 0 of 1" in broken
    assert "At no pair of levels" in " ".join(fusion_charts.promise_told(GOOD[:1], "late"))


def test_which_way_is_ahead_follows_the_intervals():
    told = fusion_charts.between_told(
        GOOD, "early fusion", "late fusion", {0: mean(0.01, 0.005, 0.015), 1: mean(0.0, -0.01, 0.01)}
    )
    assert "ahead by its interval at 1 of 2 pairs of levels, behind at 0" in told and told.endswith("ahead.")
    assert fusion_charts.between_told(GOOD, "a", "b", {0: mean(-0.01, -0.02, -0.005)}).endswith("behind.")
    assert fusion_charts.between_told(GOOD, "a", "b", {0: mean(0, -0.1, 0.1)}).endswith("neither ahead nor behind.")


def test_what_is_said_of_a_missing_sense_of_texts_and_of_money_follows_the_intervals():
    better, worse, level = mean(0.2, 0.1, 0.3), mean(-0.2, -0.3, -0.1), mean(0, -0.1, 0.1)
    told = [plain(fusion_charts.missing_told({"spoken": (gap, level)})[0]) for gap in (better, worse, level)]
    assert "is better: +20.0" in told[0] and "is worse" in told[1] and "no different as far as can be told" in told[2]
    told = [fusion_charts.text_told({"early": gap})[0] for gap in (better, worse, level)]
    assert "adds to the table" in told[0] and "takes away" in told[1] and "is not shown to add" in told[2]
    assert "saves 120 EUR on 1,000 digits" in plain(fusion_charts.money_told(better, 0.6, "EUR", "x", "y"))
    assert "no saving" in fusion_charts.money_told(level, 0.6, "EUR", "x", "y")


def test_tables_and_drawings_hold_what_they_are_given():
    assert "drawn anew" in plain(
        fusion_charts.parts_table({"train": np.arange(3), "judge": np.arange(4)}, {"train": 9, "judge": 8}, 5)
    )
    assert "99.5 %" in plain(fusion_charts.cells_table(GOOD, ("written", "late"), ("late",)))
    assert "image noise 2.0, late: 90.0" in plain(str(fusion_charts.grid_drawn(GOOD, ("written", "late"), "c", "n")))
    assert "<svg" in fusion_charts.pairs_drawn([np.zeros((28, 28))] * 2, [np.zeros((40, 32))] * 2, ["2", "5"], "c", "n")
    assert "90.0 % (80.0 to 95.0 %)" in plain(
        fusion_charts.missing_table([{"missing": "written", "early": mean(0.9, 0.8, 0.95)}], "c")
    )
    shown = plain(fusion_charts.text_table({"table": (mean(0.6, 0.5, 0.7), mean(0.65, 0.6, 0.7), None)}, "c"))
    assert "60.0 % (50.0 to 70.0 %)" in shown and "0.650 (0.600 to 0.700)" in shown


def test_levels_and_promises_go_on_record_with_their_intervals():
    record = results.Record("fusion")
    whole = [one | {"gains": {"late": fusion.over_clips(np.array([1.0, 0.0, 1.0, 1.0]), 2)},
                    "shares": {"late": fusion.over_clips(np.array([1.0, 0.0, 1.0, 1.0]), 2)}} for one in GOOD]  # fmt: skip
    fusion.enter_cells(record, whole, seed=4)
    found = record["image2_soundminus5db_late"]
    assert (
        found.value == 0.75 and found.interval == "95 % bootstrap over recordings" and found.n == 2 and found.seed == 4
    )
    assert "less spoken, the better sense" in record["image2_soundminus5db_late_gain"].note
    fusion.enter_promise(record, "late", {"worst": whole[1], "behind": [], "both": whole, "above": whole[:1]}, 2)
    assert (
        record["late_worst_gain"].note == "at 2 and -5 dB"
        and record["late_behind"].value == 0
        and record["late_both"].n == 2
    )


def test_the_stand_ins_can_be_paired(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    voices, digits = datasets.load("spoken_digits").arrays, datasets.load("mnist").arrays
    parts = fusion.clip_parts(voices["take"])
    assert fusion.partners(voices["label"][parts["judge"]], digits["y_test"], 2).shape == (len(parts["judge"]), 2)
