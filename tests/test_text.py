"""Texts as numbers, vectors from texts, methods that count words, sentences that follow the figures, and the networks."""

from __future__ import annotations

import itertools
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from lepton_nb import datasets, folds, text
from lepton_nb.page import render, text_charts
from lepton_nb.valuation.performance import wilson_interval

RNG = np.random.default_rng(0)
numbers = st.lists(st.lists(st.integers(1, 6), max_size=12), max_size=6)


def plain(shown: render.Html) -> str:
    return shown._repr_mimebundle_()["text/plain"].replace("\N{NARROW NO-BREAK SPACE}", " ")


def arrays(texts) -> list[np.ndarray]:
    return [np.array(one, np.int32) for one in texts]


# ------------------------------------------------------------------ words and rows


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("Don't go!", ["don't", "go", "!"]),
        ("one<br /><br/>two<br>three", ["one", "two", "three"]),
        ("10/10, snake_case … é", ["10", "/", "10", ",", "snake", "case", "…", "é"]),
        ("it’s 'quoted'", ["it’s", "'", "quoted", "'"]),
        ("", []),
    ],
)
def test_a_text_is_cut_into_words_and_signs(given, words):
    assert text.words_of(given) == words


def test_a_vocabulary_holds_frequent_words_first_and_ties_by_spelling():
    found = text.Vocabulary.of([["b", "a", "c"], ["c", "b", "c"], ["d"]], least=1)
    assert found.words == ("", "?unknown", "c", "b", "a", "d")
    assert text.Vocabulary.of([["b", "a", "c"], ["c", "b"]], least=2, most=1).words[2:] == ("b",)
    assert found.row(["a", "x", "c"]).tolist() == [4, text.UNKNOWN, 2]


@given(numbers, st.integers(2, 9))
def test_a_cut_row_keeps_short_texts_whole_and_both_ends_of_long_ones(texts, length):
    rows = text.cut_rows(arrays(texts), length)
    assert rows.shape == (len(texts), length)
    for row, one in zip(rows, texts, strict=True):
        if len(one) <= length:
            assert row.tolist() == one + [0] * (length - len(one))
        else:
            head = length - length // 2
            assert row.tolist() == one[:head] + one[len(one) - length // 2 :]


@given(numbers, st.integers(2, 6), st.integers(0, 5), st.integers(1, 4))
def test_a_passage_is_a_run_of_its_text_and_hangs_on_seed_and_epoch_alone(texts, length, seed, epoch):
    rows = text.passages(arrays(texts), length, seed, epoch)
    assert np.array_equal(rows, text.passages(arrays(texts), length, seed, epoch))
    for row, one in zip(rows, texts, strict=True):
        found = row[row > 0].tolist()
        assert len(found) == min(length, len(one))
        assert any(found == one[at : at + len(found)] for at in range(len(one) - len(found) + 1))


def test_passages_reach_every_place_of_a_text():
    one = [np.arange(2, 12, dtype=np.int32)]
    starts = {int(text.passages(one, 4, 0, epoch)[0, 0]) for epoch in range(200)}
    assert starts == set(range(2, 9))


def test_hidden_words_are_a_share_of_the_words_and_never_of_the_empty_places():
    rows = np.where(RNG.random((400, 50)) < 0.5, 7, 0)
    hidden = text.without_some(rows, 0.2, 3, 1)
    assert np.array_equal(hidden == 0, rows == 0)
    assert np.mean(hidden[rows == 7] == text.UNKNOWN) == pytest.approx(0.2, abs=0.02)
    assert np.array_equal(hidden, text.without_some(rows, 0.2, 3, 1))
    assert not np.array_equal(hidden, text.without_some(rows, 0.2, 3, 2))


# ------------------------------------------------------------------ vectors


@given(numbers, st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_co_occurrences_are_those_of_a_plain_loop(texts, window):
    expected = np.zeros((7, 7))
    for one in texts:
        for at, word in enumerate(one):
            for other in range(max(0, at - window), min(len(one), at + window + 1)):
                if other != at and word > 1 and one[other] > 1:
                    expected[word, one[other]] += 1 / abs(at - other)
    found = text.co_occurrences(arrays(texts), 7, window).toarray()
    assert np.allclose(found, expected, atol=1e-5)


def test_positive_information_is_its_formula():
    counts = np.array([[0, 0, 0, 0], [0, 4.0, 1, 2], [0, 1, 0, 3], [0, 2, 3, 1]])
    found = text.positive_information(sparse.csr_array(counts), smoothing=0.5).toarray()
    total, single = counts.sum(), counts.sum(axis=1)
    context = np.sqrt(single) / np.sqrt(single).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.maximum(0, np.log((counts / total) / np.outer(single / total, context)))
    assert np.allclose(found, np.nan_to_num(expected, nan=0.0), atol=1e-5)


def sides(count: int) -> list[np.ndarray]:
    """Texts in which words 2 and 3 stand among 6, 7, 8 and words 4 and 5 among 9, 10, 11; 12 stands nowhere."""
    found = []
    for _ in range(count):
        low, high = RNG.choice([2, 3]), RNG.choice([4, 5])
        found += [[*RNG.permutation([6, 7, 8]), low], [*RNG.permutation([9, 10, 11]), high]]
    return arrays(found)


def test_words_among_the_same_words_get_similar_vectors_and_words_that_never_stand_get_none():
    counts = text.co_occurrences(sides(200), 13, 3)
    table = again = text.learn_vectors(counts, 3, seed=0)
    assert table.dtype == np.float32 and table.shape == (13, 3)
    assert np.allclose(np.linalg.norm(table[2:12], axis=1), np.sqrt(3) / 4, atol=1e-5) and not table[[0, 1, 12]].any()
    table = table / (np.sqrt(3) / 4)
    assert table[2] @ table[3] > 0.9 and table[2] @ table[4] < 0.3
    assert np.array_equal(again, text.learn_vectors(counts, 3, seed=0))
    with pytest.raises(ValueError, match=r"dimensions must be within 1\.\.12"):
        text.learn_vectors(counts, 13)


# ------------------------------------------------------------------ methods that count words


@given(st.lists(st.text("abc", max_size=6), min_size=1, max_size=6), st.integers(1, 3), st.integers(1, 2))
@settings(deadline=None, max_examples=40)
def test_runs_are_counted_as_by_a_plain_loop(spelt, longest, least):
    texts = [list(one) for one in spelt]
    held = [Counter(tuple(one[at : at + n]) for n in range(1, longest + 1) for at in range(len(one) - n + 1))
            for one in texts]  # fmt: skip
    kept = [run for run in set().union(*held) if sum(run in one for one in held) >= least]
    counter = text.RunCounts(longest, least)
    found = counter.fit_transform(texts).toarray()
    expected = [[one[run] for run in kept] for one in held]
    assert sorted(map(tuple, found.T.tolist())) == sorted(zip(*expected, strict=True))
    assert np.array_equal(counter.transform(texts).toarray(), found)
    assert counter.transform([["d"], []]).sum() == 0


def test_runs_that_are_not_known_count_nothing():
    counter = text.RunCounts(2)
    counter.fit_transform([["not", "bad"], ["so", "bad"]])
    assert counter.transform([["so", "not", "bad"], ["bad", "so"]]).toarray().sum(axis=1).tolist() == [4, 2]


def test_ratios_change_their_sign_with_the_labels():
    counts, labels = sparse.csr_array(RNG.integers(0, 2, (30, 8)).astype(float)), np.arange(30) % 2
    assert np.allclose(text.count_ratios(counts, labels), -text.count_ratios(counts, 1 - labels))


def reviews(count: int, seed: int = 0):
    """Texts in which only the pair of words tells: "not bad" and "good" are praise."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, count)
    pairs = {1: (["not", "bad"], ["so", "good"]), 0: (["so", "bad"], ["not", "good"])}
    filler = [f"w{number}" for number in range(20)]
    texts = [
        [*generator.choice(filler, 4), *pairs[label][generator.integers(2)], *generator.choice(filler, 4)]
        for label in labels
    ]
    return [list(map(str, one)) for one in texts], labels


@pytest.mark.parametrize("weights", ["tf-idf", "ratios"])
def test_pairs_of_words_tell_what_single_words_cannot(weights):
    texts, labels = reviews(600)
    asked, truth = reviews(300, seed=1)
    alone, pairs = (
        np.mean(text.WordLine(weights, runs).fit(texts, labels).predict_proba(asked).argmax(axis=1) == truth)
        for runs in (1, 2)
    )
    assert alone < 0.65 and pairs > 0.97


def test_a_line_on_tf_idf_is_that_of_scikit_learn():
    texts, labels = reviews(200)
    found = text.WordLine("tf-idf", 2, penalties=(2.0,)).fit(texts, labels)
    pairs = lambda words: [*words, *(f"{one} {other}" for one, other in itertools.pairwise(words))]  # noqa: E731
    counter = TfidfVectorizer(analyzer=pairs, sublinear_tf=True)
    line = LogisticRegression(C=2.0, max_iter=1000, tol=1e-6).fit(counter.fit_transform(texts), labels)
    asked, _ = reviews(50, seed=2)
    # liblinear keeps the constant small too, so the two are near and not equal
    assert np.allclose(found.predict_proba(asked), line.predict_proba(counter.transform(asked)), atol=0.03)


def test_the_rows_that_choose_the_penalty_move_no_weight():
    texts, labels = reviews(300)
    check, says = reviews(100, seed=3)
    one = text.WordLine("ratios", penalties=(1.0,)).fit(texts, labels, (check, says))
    other = text.WordLine("ratios", penalties=(1.0,)).fit(texts, labels, (check, 1 - says))
    asked, _ = reviews(50, seed=2)
    assert np.array_equal(one.predict_proba(asked), other.predict_proba(asked))
    noisy = np.where(np.random.default_rng(5).random(300) < 0.4, 1 - labels, labels)
    assert text.WordLine("ratios", penalties=(1e-3, 1e3)).fit(texts, noisy, (check, says)).penalty == 1e-3


def test_a_column_beside_the_words_is_learnt_from():
    texts, _ = reviews(400)
    labels = np.random.default_rng(6).integers(0, 2, 400)
    beside = (2.0 * labels - 1)[:, None]
    found = text.WordLine("ratios").fit(texts, labels, beside=beside)
    assert np.mean(found.predict_proba(texts[:50], beside[:50]).argmax(axis=1) == labels[:50]) == 1


def test_the_texts_that_chose_the_penalty_teach_after_it_is_chosen():
    texts, labels = reviews(300)
    check, says = reviews(100, seed=3)
    line = text.WordLine("ratios", penalties=(0.1, 1.0)).fit(texts, labels, (check, says))
    again = line.refit([*texts, *check], np.concatenate([labels, says]))
    alone = text.WordLine("ratios", penalties=(line.penalty,)).refit
    with pytest.raises(AttributeError, match="penalty"):  # nothing was chosen yet
        alone(texts, labels)
    straight = text.WordLine("ratios", penalties=(line.penalty,)).fit([*texts, *check], np.concatenate([labels, says]))
    asked, _ = reviews(50, seed=2)
    assert np.array_equal(again.predict_proba(asked), straight.predict_proba(asked))


def test_methods_that_err_apart_are_better_together_and_one_that_knows_nothing_counts_little():
    generator = np.random.default_rng(4)
    labels = generator.integers(0, 2, 4_000)
    good, other, blind = (1 / (1 + np.exp(-(strength * (2 * labels - 1) + generator.normal(size=4_000))))
                          for strength in (1.0, 1.0, 0.0))  # fmt: skip
    half = np.arange(4_000) < 2_000
    right = {name: np.mean((text.together([one[half] for one in chances], labels[half])([one[~half] for one in chances]) > 0.5) == labels[~half])
             for name, chances in {"both": (good, other), "alone": (good, good), "with noise": (good, blind)}.items()}  # fmt: skip
    assert right["both"] > right["alone"] + 0.04
    assert right["with noise"] == pytest.approx(right["alone"], abs=0.01)


@pytest.mark.parametrize(
    "wrong", [{"weights": "counts"}, {"weights": "ratios", "runs": 0}, {"weights": "ratios", "penalties": ()}]
)
def test_settings_that_count_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match="weights must be tf-idf or ratios"):
        text.WordLine(**wrong)


# ------------------------------------------------------------------ leaks and typing errors


@given(numbers, numbers, st.integers(1, 5))
@settings(deadline=None, max_examples=40)
def test_a_shared_run_is_found_where_a_plain_search_finds_one(texts, others, length):
    def runs(one):
        found = {tuple(one[at : at + length]) for at in range(len(one) - length + 1)}
        return {run for run in found if text.UNKNOWN not in run}

    known = set().union(*map(runs, others))
    expected = [bool(runs(one) & known) for one in texts]
    assert text.shares_run(arrays(texts), arrays(others), length).tolist() == expected


@given(st.text("ab cd.1", max_size=30), st.floats(0, 1), st.integers(0, 99))
def test_letters_change_places_within_their_word_only(written, rate, seed):
    found = text.swap_letters(written, rate, np.random.default_rng(seed))
    assert len(found) == len(written)
    for place, sign in enumerate(written):
        if not sign.isalpha():
            assert found[place] == sign
    assert list(map(sorted, found.split())) == list(map(sorted, written.split()))


def test_the_rate_is_the_share_of_letters_that_start_a_change():
    generator = np.random.default_rng(0)
    assert text.swap_letters("unchanged text", 0, generator) == "unchanged text"
    assert text.swap_letters("abcde fg", 1, generator) == "badce gf"
    word = "ab" * 5_000
    moved = sum(a != b for a, b in zip(word, text.swap_letters(word, 0.1, generator), strict=True))
    # each change moves two letters; after one the next letter is passed over
    assert moved / len(word) == pytest.approx(2 * 0.1 / 1.1, abs=0.02)
    with pytest.raises(ValueError, match=r"within 0\.\.1"):
        text.swap_letters("a", 1.5, generator)


def test_the_strongest_runs_are_whole_and_each_stands_once():
    rows = np.array([[2, 3, 2, 3, 0], [4, 0, 0, 0, 0]])
    answers = np.zeros((2, 4, 2))
    answers[0, :, 0] = [5, 9, 6, 99]  # the last reaches beyond the text
    answers[1, :, 0] = 50
    found = text.strongest_runs(answers, rows, ["", "?", "a", "b", "c"], 2, [0], most=3)
    assert found == [[("b a", 9.0), ("a b", 6.0)]]


# ------------------------------------------------------------------ stand-ins


@pytest.mark.parametrize("name", ["rt_polarity", "imdb_reviews"])
def test_made_up_reviews_have_the_form_of_the_real_ones(name, monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    data = datasets.load(name)
    assert data.stand_in and "grammar" in data.source
    real = datasets.entry(name).arrays
    assert set(data.arrays) == set(real)
    for array, (dtype, _) in real.items():
        assert str(data.arrays[array].dtype) == dtype
    labels = data.arrays["label"]
    assert len(labels) == 1200 and 0.45 < labels.mean() < 0.55
    if name == "imdb_reviews":
        assert all(0.45 < labels[data.arrays["split"] == half].mean() < 0.55 for half in ("train", "test"))
        assert np.array_equal(data.arrays["rating"] > 5, labels == 1)


def test_pairs_of_words_tell_more_than_words_on_the_stand_in(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    data = datasets.load("rt_polarity").arrays
    texts = [text.words_of(one) for one in data["text"]]
    alone, pairs = (
        np.mean(text.WordLine("ratios", runs).fit(texts[:800], data["label"][:800]).predict_proba(texts[800:]).argmax(axis=1)
                == data["label"][800:]) for runs in (1, 2)
    )  # fmt: skip
    assert pairs > alone + 0.03


# ------------------------------------------------------------------ sentences that follow the figures


def gain(mean, low, high):
    return SimpleNamespace(mean=mean, low=low, high=high, n=100)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (gain(0.02, 0.01, 0.03), "IMDB: ours is right more often than theirs, +2.0 (1.0 to 3.0) points."),
        (gain(-0.02, -0.03, -0.01), "IMDB: ours loses to theirs, -2.0 (-3.0 to -1.0) points."),
        (gain(0.0, -0.01, 0.01), "IMDB: between ours and theirs no difference is shown, +0.0 (-1.0 to 1.0) points."),
    ],
)
def test_a_network_that_loses_is_said_to_lose(found, words):
    told = plain(render.note(text_charts.against(found, "ours", "theirs", "IMDB"))).replace("\N{MINUS SIGN}", "-")
    assert told.replace("+0.0", "0.0") == words.replace("+0.0", "0.0")


def test_who_stands_typing_errors_is_named_only_where_the_lead_is_carried():
    right = {"a": wilson_interval(60, 100), "b": wilson_interval(70, 100), "c": wilson_interval(50, 100)}
    names = dict(zip("abc", ("one", "two", "three"), strict=True))
    ahead = plain(render.note(text_charts.typing_words(0.1, right, gain(0.1, 0.05, 0.15), names)))
    assert "two is right most often, 70.0 %" in ahead and "ahead of one by" in ahead
    level = plain(render.note(text_charts.typing_words(0.1, right, gain(0.1, -0.05, 0.25), names)))
    assert "is not told apart from one" in level


@pytest.mark.parametrize(
    ("right", "how"), [(850, "above"), (700, "below"), (810, "not told apart from")], ids=["above", "below", "level"]
)
def test_a_published_figure_is_beaten_only_where_the_whole_interval_is(right, how):
    found = {"reviews": {"a": wilson_interval(500, 1000), "b": wilson_interval(right, 1000)}}
    published = {"reviews": {"Kim": 0.815, "Wang": 0.794}}
    (told,) = text_charts.published_told(found, published, {"a": "one", "b": "two"})
    assert f"two, {100 * right / 1000:.1f}".replace(".0", ".0") in told.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert f"{how} the highest published figure named here, 81.5" in told and "(Kim)" in told
    shown = plain(text_charts.rights(found, {"b": "two"}, "told", published))
    assert "published: Wang  79.4 %" in shown
    assert "published" not in plain(text_charts.rights(found, {"b": "two"}, "told"))


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([("not bad", 3.0), ("so good", 1.0)], "Of 2 runs of two words and more, 1 hold a word that turns the meaning: “not bad”."),
        ([("so good", 1.0), ("isn't bad", 4.0), ("isn't bad", 2.0)], "Of 3 runs of two words and more, 2 hold"),
        ([("so good", 2.0)], "Of 1 run of two words and more, 0 hold a word that turns the meaning."),
    ],
)  # fmt: skip
def test_words_that_turn_the_meaning_are_counted(runs, words):
    rows = [{"width": 2, "runs": runs}, {"width": 1, "runs": [("not", 0.5)]}]
    told = text_charts.turns_told(rows)
    assert words in told
    assert told.endswith(f"is to “{max(runs, key=lambda pair: pair[1])[0]}”.")


def test_tables_and_drawings_hold_what_they_are_given():
    names = {"a": "one", "b": "two"}
    ranking = folds.compare({"a": [0.8, 0.82, 0.81], "b": [0.7, 0.72, 0.74]}, 1 / 3)
    found = {"sentences": ranking.means, "reviews": {"b": wilson_interval(90, 100)}}
    told = plain(text_charts.rights(found, names, "told"))
    assert "one  81.0 % (" in told and told.count(f"  {render.MISSING}\n") == 1 and "90.0 %" in told
    assert "<svg" in text_charts.rights_drawn(found, names, "told", "n")
    pair = {"first": "one", "second": "two", "only_first": 12, "only_second": 5, "gain": gain(0.07, -0.01, 0.15)}
    assert "12  5" in plain(text_charts.alone_right([pair], "told"))
    rates, rights = [0.0, 0.1], {"a": [wilson_interval(80, 100), wilson_interval(70, 100)]}
    told = plain(text_charts.typing_table(rates, rights, {"a": gain(-0.1, -0.2, -0.05)}, names, "told"))
    assert "80.0 %  70.0 %" in told
    drawn = text_charts.typing_drawn(rates, {"a": [0.8, 0.7]}, names, "told", "n")
    assert "<svg" in drawn and "told" in plain(drawn)
    row = {"side": "praise", "width": 2, "pull": 0.5, "runs": [("not bad", 3.25)]}
    assert "not bad (3.3)" in plain(text_charts.filters_table([row], "t")) or "not bad (3.2)" in plain(
        text_charts.filters_table([row], "t")
    )


# ------------------------------------------------------------------ the networks


@pytest.fixture(scope="module")
def networks():
    from lepton_nb import training  # it starts Keras quietly
    from lepton_nb.models import build_text, build_text_article

    training.set_seed(0)
    return SimpleNamespace(ours=build_text, article=build_text_article, predict=training.predict)


def test_the_answers_of_a_filter_are_n_less_k_plus_one_and_the_weights_are_counted_by_hand(networks):
    import keras

    model = networks.article(50, dimensions=4, widths=(2, 5), filters=6)
    assert model.count_params() == 50 * 4 + (2 * 4 * 6 + 6) + (5 * 4 * 6 + 6) + (12 * 2 + 2)
    for width in (2, 5):
        answers = keras.Model(model.input, model.get_layer(f"filters_{width}").output)
        assert answers(np.ones((1, 9), np.int32)).shape == (1, 9 - width + 1, 6)
    ours = networks.ours(50, dimensions=4, tuned=10, widths=(1, 3), filters=6)
    convolutions = (4 * 6 + 6) + (3 * 4 * 6 + 6)
    assert ours.count_params() == 50 * 4 + 12 * 4 + convolutions + (12 + 4) * 2 + 2
    assert len(ours.trainable_variables) == 1 + 4 + 2  # the fixed vectors do not move


@pytest.mark.parametrize("which", ["ours", "article"])
def test_empty_places_behind_a_text_change_no_answer(networks, which):
    model = getattr(networks, which)(30, 4, widths=(1, 3), filters=5)
    for weights in model.weights:
        weights.assign(RNG.normal(size=weights.shape))
    rows = RNG.integers(1, 30, (6, 7))
    short, long = (np.pad(rows, ((0, 0), (0, more))).astype(np.int32) for more in (2, 9))
    assert np.allclose(networks.predict(model, short), networks.predict(model, long), atol=1e-6)


def test_two_channels_read_by_one_filter_are_the_filter_on_their_sum(networks):
    import keras

    model = networks.ours(30, 4, tuned=28, widths=(2,), filters=5)
    fixed, tuned = (RNG.normal(size=(30, 4)).astype("float32") for _ in range(2))
    model.get_layer("fixed").set_weights([fixed])
    model.get_layer("tuned").set_weights([tuned])
    rows = RNG.integers(1, 30, (3, 8)).astype(np.int32)
    kernel, constant = model.get_layer("filters_2").get_weights()
    channels = [sum(table[rows[:, at : at + 7]] @ kernel[at] for at in (0, 1)) for table in (fixed, tuned)]
    answers = keras.Model(model.input, model.get_layer("filters_2").output)
    assert np.allclose(answers(rows), np.maximum(0, channels[0] + channels[1] + constant), atol=1e-5)


def test_rare_words_share_one_tuned_vector_and_keep_their_own_fixed_one(networks):
    import keras

    model = networks.ours(30, 4, tuned=5, widths=(1,), filters=5)
    model.get_layer("fixed").set_weights([RNG.normal(size=(30, 4))])
    model.get_layer("tuned").set_weights([RNG.normal(size=(7, 4))])
    whole = keras.Model(model.input, model.get_layer("sum").output)(np.array([[6, 7, 29, 1]], np.int32))
    fixed, tuned = (model.get_layer(name).get_weights()[0] for name in ("fixed", "tuned"))
    assert np.allclose(whole[0], fixed[[6, 7, 29, 1]] + tuned[[6, 1, 1, 1]], atol=1e-6)


@pytest.mark.parametrize("which", ["ours", "article"])
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"vocabulary": 2}, "vocabulary must hold"),
        ({"widths": ()}, "widths must be"),
        ({"widths": (2, 2)}, "widths must be"),
        ({"filters": 0}, "filters must be at least 1. Received: filters=0"),
        ({"dimensions": 0}, "dimensions must be"),
        ({"dropout": 1.0}, "dropout must be"),
    ],
)
def test_sizes_that_make_no_network_are_refused(networks, which, wrong, told):
    with pytest.raises(ValueError, match=told):
        getattr(networks, which)(**({"vocabulary": 30} | wrong))
