"""Translation: sentences in and out, the networks against their formulas, beam search, training that can be resumed."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from lepton_nb import datasets, training, translation
from lepton_nb.datasets import multi30k
from lepton_nb.models import build_translation, build_translation_article
from lepton_nb.models.translation import BEGIN, END, NEVER, PAD, UNKNOWN, DotAttention, Translator

keras = pytest.importorskip("keras")

ENGLISH = [
    "A dog runs.",
    "Two dogs run in the park.",
    "A cat sleeps.",
    "Three cats sleep.",
    "A man waits in the street.",
]
FRENCH = ["Un chien court.", "Deux chiens courent dans le parc.", "Un chat dort.", "Trois chats dorment.",
          "Un homme attend dans la rue."]  # fmt: skip


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)


# ---------------------------------------------------------------- data


def test_stand_in_has_three_parts_without_a_common_sentence():
    arrays = datasets.load("multi30k").arrays
    assert {name: len(lines) for name, lines in arrays.items()} == {
        "en_train": 1200, "fr_train": 1200, "en_val": 200, "fr_val": 200, "en_test": 200, "fr_test": 200,
    }  # fmt: skip
    english = np.concatenate([arrays[f"en_{part}"] for part in ("train", "val", "test")])
    assert len(set(english.tolist())) == len(english)
    assert all(lines.dtype.kind == "U" for lines in arrays.values())


def test_french_of_the_stand_in_agrees():
    arrays = datasets.load("multi30k").arrays
    feminine = {forms[3] for forms in multi30k.PERSONS if forms[4] == "f"}
    for english, french in zip(arrays["en_train"], arrays["fr_train"], strict=True):
        plural = english.split()[0] in ("Two", "Three", "Four")
        assert french.split()[0] in (("Deux", "Trois", "Quatre") if plural else ("Un", "Une"))
        if plural:
            assert not {"court", "dort", "attend", "saute", "mange", "joue", "regarde", "suit"} & set(french.split())
        if {"petits", "petites"} & set(french.split()[:2]):
            assert ("petites" in french) == (french.split()[2] in feminine)
        if "scarf" in english:  # feminine; its colour follows it
            assert "une écharpe" in french and not {"vert", "bleu", "noir", "blanc"} & set(french.split())


def test_news_of_the_stand_in_have_other_words():
    news, captions = datasets.load("newstest").arrays, datasets.load("multi30k").arrays
    assert set(news["set"].tolist()) == {"newstest2014"}
    spoken = {word for line in captions["en_train"] for word in line.rstrip(".").split()}
    unseen = [word for line in news["en"] for word in line.rstrip(".").split() if word not in spoken]
    assert len(unseen) > 200


def test_table_keeps_quotation_marks_and_refuses_a_broken_row(tmp_path):
    path = tmp_path / "pairs.tsv.gz"
    path.write_bytes(gzip.compress('set\ten\tfr\na\t"Yes", he said\t« Oui »\n'.encode()))
    assert multi30k.read_table(path)["en"].tolist() == ['"Yes", he said']
    path.write_bytes(gzip.compress(b"set\ten\tfr\na\tone\tun\na\ttwo\n"))
    with pytest.raises(datasets.DataProblem, match=r"pairs.tsv.gz line 3: 3 columns expected. Found: 2"):
        multi30k.read_table(path)


# ---------------------------------------------------------------- sentences and tokens


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_pieces_give_the_text_back(kind):
    arrays = datasets.load("multi30k").arrays
    pieces = translation.Pieces([*arrays["en_train"], *arrays["fr_train"]], 200, kind)
    assert len(pieces) <= 200
    lines = arrays["fr_test"].tolist()
    tokens = pieces.encode(lines)
    assert pieces.decode(tokens) == lines
    assert min(min(line) for line in tokens) > UNKNOWN
    assert pieces.decode(pieces.encode(lines, sampling=0.2)) == lines


def test_an_unseen_letter_is_the_unknown_piece():
    assert UNKNOWN in translation.Pieces(ENGLISH, 60, "bpe").encode(["A ж."])[0]


def test_unknown_kind_of_pieces_is_refused():
    with pytest.raises(ValueError, match="kind='words'"):
        translation.Pieces(ENGLISH, 60, "words")


def test_padding():
    assert translation.padded([[5, 6, 7], [8]]).tolist() == [[5, 6, 7], [8, PAD, PAD]]
    assert translation.padded([]).shape == (0, 0)


def some_pairs(count: int = 50, seed: int = 0):
    generator = np.random.default_rng(seed)
    sources = [generator.integers(4, 9, generator.integers(1, 12)).tolist() for _ in range(count)]
    targets = [generator.integers(4, 9, generator.integers(1, 12)).tolist() for _ in range(count)]
    return sources, targets


def test_batches_hold_each_pair_once_and_are_as_many_in_each_epoch():
    sources, targets = some_pairs()
    batches = translation.Batches(lambda epoch: (sources, targets), 8, seed=3)
    counts, orders = set(), []
    for epoch in range(4):
        batches.begin(epoch)
        counts.add(len(batches))
        found = []
        for position in range(len(batches)):
            (source, before, target), same = batches[position]
            assert target is same
            assert (before[:, 0] == BEGIN).all() and len(source) == len(before) == len(target)
            for row in range(len(source)):
                given = source[row][source[row] != PAD].tolist()
                wanted = target[row][target[row] != PAD].tolist()
                assert given[-1] == wanted[-1] == END
                assert before[row][: len(wanted)].tolist() == [BEGIN, *wanted[:-1]]
                found.append((tuple(given[:-1]), tuple(wanted[:-1])))
        assert sorted(found) == sorted((tuple(s), tuple(t)) for s, t in zip(sources, targets, strict=True))
        orders.append(found)
    assert counts == {6}
    assert orders[0] != orders[1]
    again = translation.Batches(lambda epoch: (sources, targets), 8, seed=3)
    again.begin(1)
    assert np.array_equal(again[0][1], (batches.begin(1), batches[0][1])[1])


def test_batches_of_like_length_hold_little_padding():
    batches = translation.Batches(lambda epoch: some_pairs(500), 25)
    targets = np.concatenate([(batches[position][1] == PAD).ravel() for position in range(len(batches))])
    assert targets.mean() < 0.12


@pytest.mark.parametrize("size", [0, 51])
def test_impossible_batch_size_is_refused(size):
    with pytest.raises(ValueError, match=f"size={size}"):
        translation.Batches(lambda epoch: some_pairs(), size)


# ---------------------------------------------------------------- networks

VOCABULARY = 11
SOURCE = translation.padded([[4, 5, 6, END], [7, 8, END]])
BEFORE = translation.padded([[BEGIN, 9, 10, 4], [BEGIN, 5, 6]])


@pytest.fixture(scope="module")
def small() -> dict[str, Translator]:
    training.set_seed(0)
    sizes = {"dropout": 0.5, "smoothing": 0.0, "best": VOCABULARY - 3}
    made = {
        "article": build_translation_article(VOCABULARY, 8, 8, best=VOCABULARY - 3),
        "without": build_translation(VOCABULARY, 8, 2, attention=False, **sizes),
        "with": build_translation(VOCABULARY, 8, 2, **sizes),
    }
    generator = np.random.default_rng(0)
    for translator in made.values():  # weights of a size at which probabilities differ
        translator.trainee.set_weights([generator.normal(0, 0.5, w.shape) for w in translator.trainee.get_weights()])
    return made


def distributions(translator: Translator, source, before) -> np.ndarray:
    """(b, t, vocabulary) probabilities that the training sees, read from its losses."""
    many = [np.repeat(part, VOCABULARY, axis=0) for part in (source, before)]
    target = np.tile(np.arange(VOCABULARY, dtype="int32")[:, None], (len(source), before.shape[1]))
    losses = np.asarray(translator.trainee([*many, target], training=False))
    return np.exp(-losses).reshape(len(source), VOCABULARY, -1).transpose(0, 2, 1)


@pytest.mark.parametrize("name", ["article", "without", "with"])
def test_losses_are_those_of_a_distribution(small, name):
    assert np.allclose(distributions(small[name], SOURCE, BEFORE).sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["article", "without", "with"])
def test_a_step_at_a_time_gives_what_the_training_sees(small, name):
    translator = small[name]
    wanted = distributions(translator, SOURCE, BEFORE)
    encoded = [np.asarray(part) for part in keras.tree.flatten(translator.encoder(SOURCE, training=False))]
    memories, states = encoded[: translator.memories], encoded[translator.memories :]
    for position in range(3):
        token = BEFORE[:, position : position + 1]
        log, tokens, *states = map(np.asarray, translator.step([SOURCE != PAD, token, *memories, *states]))
        found = np.zeros((2, VOCABULARY))
        np.put_along_axis(found, tokens[:, 0], np.exp(log[:, 0]), axis=1)
        allowed = np.where(np.isin(np.arange(VOCABULARY), [PAD, BEGIN, UNKNOWN]), 0, wanted[:, position])
        assert np.allclose(found, allowed / allowed.sum(axis=1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("name", ["article", "without", "with"])
def test_padding_changes_nothing(small, name):
    wider = np.pad(SOURCE, ((0, 0), (0, 3)))
    assert np.allclose(distributions(small[name], SOURCE, BEFORE), distributions(small[name], wider, BEFORE), atol=1e-5)


def test_the_future_is_not_seen(small):
    changed = BEFORE.copy()
    changed[0, 3] = 8
    for translator in small.values():
        first, second = (distributions(translator, SOURCE, before)[0, :3] for before in (BEFORE, changed))
        assert np.allclose(first, second, atol=1e-6)


def test_attention_weights_sum_to_one_and_leave_padding_out(small):
    weights = np.asarray(small["with"].attention([SOURCE, BEFORE], training=False))
    assert weights.shape == (2, 4, 4)
    assert np.allclose(weights.sum(axis=-1), 1, atol=1e-5)
    assert not weights[1, :, 3].any()
    assert small["without"].attention is None


def test_attention_against_its_formula():
    generator = np.random.default_rng(1)
    queries, keys, values = (generator.normal(size=(1, length, 4)).astype("float32") for length in (2, 3, 3))
    context, weights = DotAttention(2)(queries, keys, values, mask=np.array([[True, True, False]]))
    for head in range(2):
        part = slice(2 * head, 2 * head + 2)
        raw = np.exp(queries[0, :, part] @ keys[0, :2, part].T / np.sqrt(2))
        wanted = raw / raw.sum(axis=1, keepdims=True)
        assert np.allclose(np.asarray(weights)[0, head, :, :2], wanted, atol=1e-5)
        assert np.allclose(np.asarray(context)[0, :, part], wanted @ values[0, :2, part], atol=1e-5)


def test_smoothed_loss_against_its_formula():
    training.set_seed(0)
    plain, smooth = (build_translation(VOCABULARY, 8, 2, dropout=0, smoothing=share) for share in (0.0, 0.1))
    generator = np.random.default_rng(2)
    weights = [generator.normal(0, 0.5, w.shape) for w in plain.trainee.get_weights()]
    plain.trainee.set_weights(weights)
    smooth.trainee.set_weights(weights)
    target = translation.padded([[9, 10, 4, END], [5, 6, END]])
    logs = np.log(distributions(plain, SOURCE, BEFORE))
    right = np.take_along_axis(logs, target[..., None], axis=-1)[..., 0]
    found = np.asarray(smooth.trainee([SOURCE, BEFORE, target], training=False))
    assert np.allclose(found, -(0.9 * right + 0.1 * logs.mean(axis=-1)), atol=1e-4)


def test_mean_loss_counts_no_padding():
    target = np.array([[5, 6, PAD], [7, PAD, PAD]])
    losses = np.array([[1.0, 2.0, 50.0], [3.0, 50.0, 50.0]], "float32")
    assert float(translation.mean_loss(target, losses)) == pytest.approx(2.0)


def test_scores_in_sixteen_bits_keep_the_rest_in_thirty_two():
    made = build_translation(VOCABULARY, 8, 2, dtype="mixed_bfloat16")
    assert made.trainee.get_layer("embedding").compute_dtype == "bfloat16"
    assert made.trainee.get_layer("encoder").compute_dtype == "float32"
    assert made.trainee.output.dtype == "float32"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocabulary": 4}, "vocabulary=4"),
        ({"vocabulary": 9, "units": 0}, "units=0"),
        ({"vocabulary": 9, "units": 9, "heads": 2}, "heads must divide units"),
        ({"vocabulary": 9, "dropout": 1.0}, "dropout=1.0"),
    ],
)
def test_bad_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_translation(**arguments)
    with pytest.raises(ValueError, match="embedding=0"):
        build_translation_article(10, embedding=0)


def test_the_articles_listing_does_not_run():
    """An LSTM that hands on its last state alone has no time for TimeDistributed to distribute over."""
    inputs = keras.Input((None,))
    hidden = keras.layers.LSTM(8)(keras.layers.Embedding(10, 8)(inputs))
    with pytest.raises(ValueError, match="at least 3 dimensions"):
        keras.layers.TimeDistributed(keras.layers.Dense(10))(hidden)


# ---------------------------------------------------------------- beam search


class Chain:
    """A translator whose next piece depends on the last one alone, with probabilities that a test writes down."""

    memories, states, attention = 0, 1, None

    def __init__(self, table: dict[int, dict[int, float]], best: int = 5):
        self.table, self.best = table, best
        self.encoder = self.step = self

    def predict_on_batch(self, inputs):
        if isinstance(inputs, np.ndarray):  # the encoder: a state that counts nothing
            return np.zeros((len(inputs), 1), "float32")
        _, token, state = inputs
        log = np.full((*token.shape, self.best), NEVER)
        tokens = np.full((*token.shape, self.best), 99, "int32")
        for place, last in np.ndenumerate(token):
            following = sorted(self.table.get(int(last), {END: 1.0}).items(), key=lambda item: -item[1])
            for position, (piece, chance) in enumerate(following):
                log[(*place, position)], tokens[(*place, position)] = np.log(chance), piece
        return log, tokens, state


#: Greedy takes 10 (0.6) and then no good way on; the best sentence, 0.4 · 0.9 · 1, begins with 11.
GARDEN = {BEGIN: {10: 0.6, 11: 0.4}, 10: {12: 0.35, 13: 0.33, END: 0.32}, 11: {14: 0.9, END: 0.1}}


def test_the_beam_finds_what_greedy_misses():
    assert translation.beam_search(Chain(GARDEN), [[5]], beam=1, normalisation=0) == [[10, 12]]
    assert translation.beam_search(Chain(GARDEN), [[5]], beam=2, normalisation=0) == [[11, 14]]


def test_length_normalisation_prefers_the_longer_of_two():
    table = {BEGIN: {END: 0.3, 10: 0.28, 15: 0.42}, 15: {15: 0.1, END: 0.1}, 10: {11: 0.95}, 11: {END: 0.95}}
    assert translation.beam_search(Chain(table), [[5]], beam=3, normalisation=0) == [[]]
    assert translation.beam_search(Chain(table), [[5]], beam=3, normalisation=1) == [[10, 11]]


def test_what_never_ends_is_cut_off():
    found = translation.beam_search(Chain({BEGIN: {10: 1.0}, 10: {10: 1.0}}), [[5], [5] * 7], beam=2)
    assert [len(line) for line in found] == [13, 22]  # 1.5 · (pieces + END) + 10


@pytest.mark.parametrize("beam", [0, 5])
def test_impossible_beam_is_refused(beam):
    with pytest.raises(ValueError, match=f"beam={beam}"):
        translation.beam_search(Chain({}), [[5]], beam=beam)


def test_sentences_together_are_translated_as_each_alone(small):
    sources = [[4, 5], [6, 7, 8, 9, 10], [5], [9, 9, 4]]
    together = translation.beam_search(small["with"], sources, beam=3)
    assert together == [translation.beam_search(small["with"], [source], beam=3)[0] for source in sources]
    assert together == translation.beam_search(small["with"], sources, beam=3, batch=2)
    assert translation.beam_search(small["with"], [], beam=3) == []


# ---------------------------------------------------------------- training


def tiny_training(folder="", epochs=3, rate=0.02, validate=None, every=1):
    training.set_seed(0)
    sources, targets = some_pairs(40)
    made = build_translation(VOCABULARY, 8, 2, dropout=0)
    batches = translation.Batches(lambda epoch: (sources, targets), 10)
    optimizer = keras.optimizers.Adam(rate)
    return made, translation.train(
        made, batches, epochs=epochs, optimizer=optimizer, validate=validate, every=every, resume_folder=str(folder),
        label="tiny",
    )  # fmt: skip


@pytest.fixture(scope="module")
def unbroken():
    return tiny_training()


def test_training_lowers_the_loss_and_counts_pieces(unbroken):
    _, run = unbroken
    assert [epoch.number for epoch in run.epochs] == [1, 2, 3]
    assert run.epochs[-1].loss < run.epochs[0].loss
    assert run.pieces == 3 * sum(len(line) + 1 for line in some_pairs(40)[1])
    assert run.seconds == run.epochs[-1].seconds > run.epochs[0].seconds > 0
    assert run.core_seconds == run.epochs[-1].core_seconds > run.epochs[0].core_seconds > 0


def test_validation_is_asked_for_when_due_and_at_the_end():
    asked = iter([11.0, 12.0])
    _, run = tiny_training(validate=lambda: next(asked), every=2)
    assert [epoch.bleu for epoch in run.epochs] == [None, 11.0, 12.0]


def test_an_interrupted_training_goes_on_where_it_was(unbroken, tmp_path):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # while the second epoch's validation runs
        tiny_training(tmp_path, validate=stop, every=2)
    made, run = tiny_training(tmp_path)
    assert [epoch.number for epoch in run.epochs] == [1, 2, 3]
    assert [epoch.loss for epoch in run.epochs] == pytest.approx([epoch.loss for epoch in unbroken[1].epochs], rel=1e-4)
    for found, wanted in zip(made.trainee.get_weights(), unbroken[0].trainee.get_weights(), strict=True):
        assert np.allclose(found, wanted, atol=1e-4)
    again, kept = tiny_training(tmp_path)  # finished: read back, not trained again
    assert kept == run
    assert np.array_equal(again.trainee.get_weights()[0], made.trainee.get_weights()[0])


def test_a_finished_training_of_other_length_is_not_taken_for_this_one(tmp_path):
    tiny_training(tmp_path, epochs=1)
    made, run = tiny_training(tmp_path, epochs=2)
    anew, fresh = tiny_training(epochs=2)
    assert [epoch.number for epoch in run.epochs] == [1, 2]
    assert [epoch.loss for epoch in run.epochs] == pytest.approx([epoch.loss for epoch in fresh.epochs], rel=1e-4)
    assert np.allclose(made.trainee.get_weights()[0], anew.trainee.get_weights()[0], atol=1e-4)


def test_divergence_is_noticed_and_leaves_nothing_to_resume(tmp_path):
    with pytest.raises(training.Diverged, match=r"tiny: the loss is .* in epoch \d, step \d+"):
        tiny_training(tmp_path, rate=1e30)
    assert not list(tmp_path.glob("*.weights.h5"))


def test_impossible_training_is_refused():
    with pytest.raises(ValueError, match="epochs=0"):
        tiny_training(epochs=0)


# ---------------------------------------------------------------- scores


def test_a_perfect_translation_scores_100():
    for score in (translation.bleu(FRENCH * 4, FRENCH * 4), translation.chrf(FRENCH * 4, FRENCH * 4)):
        assert (score.value, score.low, score.high, score.n) == pytest.approx((100, 100, 100, 20))
        assert "case:mixed" in score.signature


def test_bleu_by_hand():
    # 6 of 7 words, 4 of 6 pairs, 3 of 5 triples, 2 of 4 fours; as long as the reference: no penalty
    found = translation.bleu(["a b c d e x g"], ["a b c d e f g"], resamples=0)
    assert found.value == pytest.approx(100 * (6 / 7 * 4 / 6 * 3 / 5 * 2 / 4) ** 0.25, abs=1e-6)
    assert found.low == found.high == found.value


def test_interval_holds_the_score_and_repeats():
    arrays = datasets.load("multi30k").arrays
    lines, references = arrays["fr_test"][:100].tolist(), arrays["fr_test"][1:101].tolist()
    first, second = (translation.bleu(lines, references) for _ in range(2))
    assert first == second
    assert first.low < first.value < first.high


def test_scores_need_a_reference_a_translation():
    with pytest.raises(ValueError, match="2 and 1"):
        translation.bleu(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="0 and 0"):
        translation.chrf([], [])


def test_usable_by_the_rule():
    references = ["Un chien court sur la plage.", "Deux chats dorment.", "Une fille joue avec un ballon rouge."]
    ours = ["un chien court sur la plage", "Trois hommes attendent.", "Une fille joue avec un ballon rouges."]
    assert translation.usable(ours, references).tolist() == [True, False, True]
    assert translation.usable(ours, references, threshold=100).tolist() == [True, False, False]
    assert translation.plain("  L'Été,  déjà ! ") == "l été déjà"
