"""Privacy: features that nobody learnt, the account against published figures, training, attacks, sites, seals, sentences."""

from __future__ import annotations

import csv
import io
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from test_client import Folder
from test_register import asset, of

from lepton_nb import client, extras, register, transfer
from lepton_nb.explaining import rows
from lepton_nb.page import privacy_charts as charts
from lepton_nb.page import words
from lepton_nb.privacy import accounting, federated, learning, membership, scattering, sealing
from lepton_nb.valuation.performance import wilson_interval

accounted = pytest.mark.skipif(bool(extras.lacking("privacy")), reason=f"privacy {extras.lacking('privacy')}")
DRAW = np.random.default_rng


def plain(text) -> str:
    return str(text).replace(words.THIN, " ").replace("\N{MINUS SIGN}", "-")


# ---------------------------------------------------------------- scattering


def test_the_filters_lose_little_of_what_is_there_and_invent_nothing():
    bank = scattering.filters(28)
    energy = bank.energy()
    assert bank.channels == 81 and energy.max() <= 1 + 1e-6
    places = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(bank.size)]))
    assert energy[places < 0.4].min() > 0.25, "no direction and no width of a stroke goes unseen"
    assert all(abs(wave[0, 0]) < 1e-6 for waves in bank.wavelets for wave in waves)


def test_a_channel_is_the_convolution_that_the_formula_says():
    picture = DRAW(0).random((1, 32, 32)).astype("float32")
    bank = scattering.filters(32)
    found = scattering.scattered((255 * picture).astype(np.uint8))[0]
    margin = (bank.size - 32) // 2
    padded = np.pad((255 * picture[0]).astype(np.uint8) / 255, margin, "reflect")

    def convolved(values, spectrum):
        return np.fft.ifft2(np.fft.fft2(values) * spectrum)

    once = np.abs(convolved(padded, bank.wavelets[0][3]))
    twice = np.abs(convolved(once, bank.wavelets[1][5])[::2, ::2])
    kernel = np.fft.ifft2(bank.low).real
    whole = np.abs(convolved(once, bank.low).real)[margin:-margin:4, margin:-margin:4]
    assert found[1 + 3] == pytest.approx(whole, abs=1e-5)
    smooth = convolved(twice, np.fft.fft2(4 * kernel[::2, ::2])).real
    middle = smooth[margin // 2 : -margin // 2 : 2, margin // 2 : -margin // 2 : 2]
    assert found[1 + 8 + 8 + 8 * 3 + 5] == pytest.approx(middle, abs=1e-4)


def test_moving_a_picture_changes_its_scattering_less_than_the_picture_itself():
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 8:20, 12:15], images[1, 8:20, 13:16], images[2, 12:15, 8:20] = 255, 255, 255
    found = scattering.scattered(images).reshape(3, -1)
    seen = images.reshape(3, -1).astype(float)

    def apart(of, first, second):
        return np.linalg.norm(of[first] - of[second]) / np.linalg.norm(of[first])

    assert apart(found, 0, 1) < 0.5 * apart(seen, 0, 1), "moved by one pixel"
    assert apart(found, 0, 2) > 2 * apart(found, 0, 1), "turned by a right angle it is another"
    energy = (found**2).sum(axis=1) * 16  # every sixteenth place is read
    assert (energy < 1.1 * (seen / 255) @ np.ones(784)).all(), "nothing is made louder"


def test_threads_and_pieces_change_nothing_and_a_norm_uses_one_picture_alone():
    images = DRAW(1).integers(0, 256, (30, 16, 16)).astype(np.uint8)
    one, other = scattering.scattered(images, at_once=7), scattering.scattered(images, threads=3, at_once=30)
    assert np.allclose(one, other, atol=1e-6)
    normed = scattering.group_normed(one, 27)
    assert np.allclose(scattering.group_normed(one[:1], 27), normed[:1])
    parts = normed.reshape(30, 27, -1)
    assert np.abs(parts.mean(axis=2)).max() < 1e-4 and np.abs(parts.std(axis=2) - 1).max() < 2e-2
    read = scattering.rows_of(images, 27, at_once=11)
    assert np.allclose(read[:, :-1], normed, atol=1e-4) and (read[:, -1] == 1).all()
    for bad in (lambda: scattering.filters(4), lambda: scattering.group_normed(one, 7)):
        with pytest.raises(ValueError, match="Received"):
            bad()


# ---------------------------------------------------------------- the account


@accounted
def test_without_drawing_the_account_is_the_closed_form_of_the_normal_error():
    """Balle and Wang (2018): T steps with noise s are one with s / √T, whose δ is a closed form of ε."""
    for noise, steps in ((5.0, 10), (12.0, 100)):
        mean = math.sqrt(steps) / noise
        exact = brentq(lambda e, m=mean: stats.norm.cdf(m / 2 - e / m) - math.exp(e) * stats.norm.cdf(-m / 2 - e / m) - 1e-5, 0, 50)  # fmt: skip
        assert exact <= accounting.epsilon_of(noise, 1e-5, 1, steps) <= exact * 1.001


@accounted
@pytest.mark.parametrize(
    ("noise", "rate", "steps", "published"),
    # Bu, Dong, Long and Su, Harvard Data Science Review 2(3), 2020, figure 4, moments accountant: 20 and 70 epochs.
    [(1.3, 256 / 60_000, 4688, 1.34), (0.7, 256 / 60_000, 16_406, 8.68)],
)
def test_the_account_is_within_the_published_bound_and_near_it(noise, rate, steps, published):
    assert 0.7 * published < accounting.epsilon_of(noise, 1e-5, rate, steps) < published


@accounted
def test_the_noise_that_is_taken_keeps_the_promise_and_no_more():
    noise = accounting.noise_for(3.0, 1e-5, 0.1, 60)
    assert 2.99 < accounting.epsilon_of(noise, 1e-5, 0.1, 60) <= 3.0 < accounting.epsilon_of(noise, 1e-5, 0.1, 70)
    assert accounting.epsilon_of(noise - 0.01, 1e-5, 0.1, 60) > 3.0
    for bad in ((0.0, 1e-5, 0.1, 60), (1.0, 0.0, 0.1, 60), (1.0, 1e-5, 1.5, 60), (1.0, 1e-5, 0.1, 0)):
        with pytest.raises(ValueError, match="Received"):
            accounting.noise_for(*bad)
    with pytest.raises(ValueError, match="no promise"):
        accounting.epsilon_of(0.0, 1e-5, 0.1, 1)


def test_what_may_be_found_at_most_is_the_sharper_of_both_bounds():
    assert accounting.most_found(1.0, 1e-5, 0.001) == pytest.approx(math.e * 0.001 + 1e-5)
    assert accounting.most_found(1.0, 1e-5, 0.9) == pytest.approx(1 - math.exp(-1) * (0.1 - 1e-5))


# ---------------------------------------------------------------- learning


ROWS, LABELS = learning.with_one(DRAW(2).normal(size=(60, 5))), DRAW(3).integers(0, 10, 60)


def test_the_length_of_a_pull_is_that_of_the_outer_product():
    missing = DRAW(4).normal(size=(60, 2, 10))
    lengths = learning.pull_lengths(np.linalg.norm(ROWS, axis=1), missing)
    assert lengths[7, 1] == pytest.approx(np.linalg.norm(np.outer(ROWS[7], missing[7, 1])), rel=1e-5)


def test_a_step_without_noise_is_gradient_descent_with_each_pull_cut():
    (found,) = learning.learn(ROWS, LABELS, [learning.Lesson(0.5, 0.0, 0.8)], 1.0, 1, 0, settled=1.0)
    total = np.zeros((6, 10))
    for row, label in zip(ROWS, LABELS, strict=True):
        pull = np.outer(row, np.full(10, 0.1) - np.eye(10)[label])
        total += pull * min(1, 0.8 / np.linalg.norm(pull))
    assert found == pytest.approx(-0.5 / 60 * total, abs=1e-6)


def test_one_person_moves_a_step_by_no_more_than_the_longest_pull_and_noise_has_the_size_of_the_account():
    longest, lesson = 0.3, learning.Lesson(60.0, 0.0, 0.3)
    part = np.ones((1, 60), bool)
    part[0, 5] = False  # the same but for one person, whose rate is set so that a step is the sum of pulls
    with_all, without = (
        learning.learn(ROWS, LABELS, [one], 1.0, 1, 0, settled=1.0, part=here)[0]
        for one, here in ((lesson, None), (learning.Lesson(59.0, 0.0, longest), part))
    )
    assert np.linalg.norm(with_all - without) <= longest * (1 + 1e-5)
    noisy = [learning.learn(ROWS, LABELS, [learning.Lesson(60.0, 2.0, longest)], 1.0, 1, seed, settled=1.0)[0] - with_all for seed in range(20)]  # fmt: skip
    assert np.std(noisy) == pytest.approx(2.0 * longest, rel=0.1)


def test_lines_learn_side_by_side_what_they_learn_alone_from_their_own_rows_only():
    part = membership.halves(4, 60, 0)
    together = learning.learn(ROWS, LABELS, [learning.Lesson(0.1)] * 4, 1.0, 20, 0, part=part)
    alone = learning.learn(ROWS[part[2]], LABELS[part[2]], [learning.Lesson(0.1)], 1.0, 20, 0)[0]
    assert together[2] == pytest.approx(alone, abs=1e-5)
    assert not np.allclose(together[0], together[1])


def test_each_row_is_drawn_by_itself_and_a_seed_repeats():
    def first(seed, sample):
        return learning.learn(ROWS, LABELS, [learning.Lesson(1.0, 1.0, 1.0)], sample, 3, seed)[0]

    assert np.array_equal(first(0, 0.5), first(0, 0.5)) and not np.array_equal(first(0, 0.5), first(1, 0.5))
    for bad in ({"sample": 0.0}, {"settled": 0.0}, {"lessons": [learning.Lesson(1.0, 1.0)]}):
        given = {"lessons": [learning.Lesson(1.0)], "sample": 0.5, "settled": 0.5} | bad
        with pytest.raises(ValueError, match="Received"):
            learning.learn(ROWS, LABELS, given["lessons"], given["sample"], 2, 0, settled=given["settled"])


# ---------------------------------------------------------------- attacks


def test_each_model_learns_half_and_each_row_is_in_half_of_the_models():
    member = membership.halves(6, 500, 1)
    assert (member.sum(axis=0) == 3).all() and member.sum(axis=1).min() > 150
    with pytest.raises(ValueError, match="even"):
        membership.halves(5, 10)


def test_the_attack_by_likelihood_sees_what_the_loss_alone_does_not():
    """Rows are hard or easy; having learnt one raises its log-odds a little, which only shows beside others of the same row."""
    member, draw = membership.halves(16, 400, 2), DRAW(5)
    sure = 5 * draw.normal(size=400) + 1.5 * member + 0.3 * draw.normal(size=(16, 400))
    simple = membership.found_at(membership.loss_scores(sure), member, 0.001)
    strong = membership.found_at(membership.likelihood_scores(sure, member), member, 0.001)
    assert strong.found.low > 0.5 > 0.02 > simple.found.high
    assert strong.area > 0.95 and 0.5 < simple.area < 0.65
    blind = membership.found_at(membership.likelihood_scores(sure - 1.5 * member, member), member, 0.01)
    assert blind.found.low <= 0.03 and blind.area == pytest.approx(0.5, abs=0.03)


def test_the_share_found_counts_as_worked_by_hand():
    member = np.array([[True, True, False, False], [False, True, True, False]])
    scores = np.array([[3.0, 0.5, 1.0, 0.0], [2.0, 4.0, 1.5, 0.0]])
    found = membership.found_at(scores, member, 0.25)
    assert found.found.value == 0.75  # one of four others may pass: all above 1.0 are named
    assert found.area == pytest.approx(13 / 16)
    with pytest.raises(ValueError, match="too few"):
        membership.found_at(scores, member, 0.2)


def test_log_odds_of_the_right_class():
    chance = np.array([[[0.2, 0.8], [0.9, 0.1]]])
    assert membership.sureness(chance, np.array([1, 1])) == pytest.approx(np.log([[4.0, 1 / 9]]))


# ---------------------------------------------------------------- sites


def test_each_row_has_one_site_and_sites_differ():
    labels = DRAW(6).integers(0, 10, 3000)
    found = federated.unequal(labels, 10, 0.3, 0)
    together = np.concatenate(found)
    assert len(together) == len(set(together)) > 2950
    sizes = [len(rows) for rows in found]
    assert max(sizes) > 4 * min(sizes) and min(sizes) >= 20
    even = federated.unequal(labels, 10, 1000.0, 0)
    most = [max(np.bincount(labels[rows]) / len(rows)) for rows in (*found, *even)]
    assert np.mean(most[:10]) > 2 * np.mean(most[10:])
    with pytest.raises(ValueError, match="Received"):
        federated.unequal(labels[:100], 10, 0.3)


def test_the_mean_is_weighted_by_rows_and_one_site_is_learning_alone():
    sites = [np.arange(40), np.arange(40, 60)]
    (common,) = federated.averaged(ROWS, LABELS, sites, 1, 1, 0.1, 8, 3)
    begin = np.zeros((6, 10), "float32")
    own = [federated.site_line(ROWS[here], LABELS[here], begin, 1, 0.1, 8, (3, 761, 0, number)) for number, here in enumerate(sites)]  # fmt: skip
    assert common == pytest.approx(2 / 3 * own[0] + 1 / 3 * own[1], abs=1e-6)
    assert federated.sent(begin, 2, 5) == pytest.approx(2 * 4 * 60 * 2 * 5 / 1e6)


def test_one_whole_batch_at_each_site_is_one_step_of_gradient_descent_on_all_rows():
    sites = [np.arange(25), np.arange(25, 60)]
    (common,) = federated.averaged(ROWS, LABELS, sites, 1, 1, 0.1, 100)
    (whole,) = learning.learn(ROWS, LABELS, [learning.Lesson(0.1)], 1.0, 1, 0, settled=1.0)
    assert common == pytest.approx(whole, abs=1e-6)


def test_accuracy_on_an_own_mix_by_hand():
    right, labels = np.array([True, False, True, True]), np.array([0, 0, 1, 2])
    assert federated.own_mix(right, labels, np.array([0, 0, 0, 1]), 3) == pytest.approx(0.75 * 0.5 + 0.25 * 1.0)


# ---------------------------------------------------------------- seals


@pytest.fixture
def store(tmp_path) -> sealing.SealedStore:
    pytest.importorskip("cryptography")
    return sealing.SealedStore(str(tmp_path / "store"))


KEYS = {role: bytes([number]) * 32 for number, role in enumerate(("analyst", "auditor", "owner"))}


def test_only_a_role_with_its_own_key_reads_and_the_disk_shows_nothing(store):
    store.write("a/figures", b"accuracy 0.987", {role: KEYS[role] for role in ("analyst", "owner")})
    assert store.read("a/figures", "analyst", KEYS["analyst"]) == b"accuracy 0.987"
    assert store.roles("a/figures") == ["analyst", "owner"]
    assert b"accuracy" not in store.raw("a/figures")
    for role, key, said in (("auditor", KEYS["auditor"], "may not read it"), ("owner", KEYS["auditor"], "not the key")):
        with pytest.raises(sealing.NotAllowed, match=said):
            store.read("a/figures", role, key)
    assert sealing.readable(store, ["a/figures"], KEYS) == [
        {"record": "a/figures", "analyst": True, "auditor": False, "owner": True}
    ]
    with pytest.raises(ValueError, match="for no role"):
        store.write("b", b"", {})


def test_any_byte_that_was_changed_is_refused(store):
    store.write("figures", b"0.987", {"owner": KEYS["owner"]})
    whole = store.raw("figures")
    held = json.loads(whole)
    for part in ("sealed", "nonce"):
        for place in range(0, len(held[part]), 3):
            other = "A" if held[part][place] != "A" else "B"
            spoilt = held | {part: held[part][:place] + other + held[part][place + 1 :]}
            store.system.pipe_file(store.path("figures"), json.dumps(spoilt).encode())
            with pytest.raises(sealing.Spoilt, match="not as it was written"):
                store.read("figures", "owner", KEYS["owner"])
    store.system.pipe_file(store.path("figures"), sealing.with_a_byte_changed(whole))
    with pytest.raises(sealing.Spoilt):
        store.read("figures", "owner", KEYS["owner"])
    for junk in (b"", b"[]", b'{"form": "sealed-1"}', whole[:40]):
        store.system.pipe_file(store.path("figures"), junk)
        with pytest.raises(sealing.Spoilt, match="no sealed record"):
            store.read("figures", "owner", KEYS["owner"])


def test_a_record_under_another_name_is_refused(store):
    for name in ("first", "second"):
        store.write(name, name.encode(), {"owner": KEYS["owner"]})
    store.system.pipe_file(store.path("second"), store.raw("first"))
    with pytest.raises(sealing.Spoilt):
        store.read("second", "owner", KEYS["owner"])
    for name in ("", "../out", "a//b", "."):
        with pytest.raises(ValueError, match="Received"):
            store.write(name, b"", {"owner": KEYS["owner"]})


def test_rights_are_given_renewed_and_withdrawn(store):
    store.write("figures", b"1", {"analyst": KEYS["analyst"]})
    store.allow("figures", "auditor", KEYS["auditor"], "analyst", KEYS["analyst"])
    assert store.read("figures", "auditor", KEYS["auditor"]) == b"1"
    new = b"n" * 32
    store.allow("figures", "auditor", new, "auditor", KEYS["auditor"])  # a role's key is changed
    assert store.read("figures", "auditor", new) == b"1"
    with pytest.raises(sealing.NotAllowed):
        store.read("figures", "auditor", KEYS["auditor"])
    before = json.loads(store.raw("figures"))
    store.withdraw("figures", "auditor", KEYS, by="analyst")
    assert store.roles("figures") == ["analyst"] and store.read("figures", "analyst", KEYS["analyst"]) == b"1"
    after = json.loads(store.raw("figures"))
    assert before["keys"]["analyst"] != after["keys"]["analyst"], "the key of the record is another"
    store.allow("figures", "owner", KEYS["owner"], "analyst", KEYS["analyst"])
    with pytest.raises(ValueError, match="key of owner is missing"):
        store.withdraw("figures", "auditor", {"analyst": KEYS["analyst"]}, by="analyst")
    with pytest.raises(sealing.NotAllowed):
        store.allow("figures", "auditor", new, "auditor", new)


# ---------------------------------------------------------------- the register and the files


def test_the_checklist_says_what_the_file_states_and_what_it_does_not():
    data = asset(
        "D",
        kind="data",
        privacy_classes=("personal", "pseudonymised"),
        feeds=("M",),
        legal_control="licensed",
        licence="contract 7",
    )
    told = register.privacy_rows(
        of(data, asset("M", feeds=("N",), owner=""), asset("N", documentation="card"), asset("O"))
    )
    by = {row["Question"]: row for row in told}
    assert by["Which personal data?"]["Stated"] == "D: personal, pseudonymised; M: none, as stated; N: none, as stated"
    assert by["Fed by which assets with personal data?"]["Stated"] == "D: none; M: D; N: D"
    assert by["Who answers for it?"]["Not stated for"] == "M"
    assert by["By which right is it held?"]["Stated"] == "D: licensed, contract 7; M: owned; N: owned"
    assert by["Where is it described?"] == {
        "Question": "Where is it described?",
        "Stated": "N: card",
        "Not stated for": "D, M",
    }
    assert by["Who may read it, by role?"]["Stated"] == "not stated"
    assert by["Trained under a promise (ε, δ) to each person?"]["Not stated for"] == "M, N"
    said = register.privacy_told(of(data, asset("M", feeds=("N",)), asset("N")))
    assert [text[:1] for text in said] == ["M", "N"] and "is fed by D" in said[0]
    held = asset("M", privacy_classes=("personal",))
    assert register.privacy_told(of(data, held)) == [
        "Each asset that is fed by personal data is stated to hold some itself."
    ]
    assert not register.privacy_rows(of(asset("M"))) and "No live asset" in register.privacy_told(of(asset("M")))[0]


def test_the_cost_of_a_promise_and_the_gain_of_joining_are_rows_that_a_clients_folder_takes(tmp_path):
    cost = rows.cost("M1", 2027, (1.0, 2.0, 3.0), 5000, "measured", "privacy")
    gain = transfer.benefit_row("M1", "joint_learning", 2027, "answers", [5000] * 3, [0.01, 0.02, 0.03])
    folder = Folder(tmp_path)
    for name, row in (("costs", cost), ("benefits", gain)):
        path = folder.path / f"{name}.csv"
        before = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(dict.fromkeys([*before[0], *row])), restval="")
            writer.writeheader()
            writer.writerows([*before, row])
    taken = client.load(folder.path)
    assert taken.costs[-1].category == "privacy" and taken.costs[-1].amount.mode == 10
    assert (taken.benefits[-1].driver_id, taken.benefits[-1].unit_value_mode) == ("joint_learning", 0.02)


# ---------------------------------------------------------------- what is told


def gap(value: float, half: float = 0.005) -> transfer.Gap:
    return transfer.Gap(value, value - half, value + half, 1000, 1000)


def attack(strong: float, simple: float, epsilon: float = math.inf, half: float = 0.002, test: float = 0.9):
    shares = [SimpleNamespace(value=one, low=max(0.0, one - half), high=one + half, n=900) for one in (strong, simple)]
    made = [SimpleNamespace(found=share, false_alarms=0.001, area=0.7) for share in shares]
    most = accounting.most_found(epsilon, 1e-5, 0.001)
    return {"kind": "grey levels", "epsilon": epsilon, "test": test, "most": most, "strong": made[0], "simple": made[1]}


def of_share(*rights: int):
    return [wilson_interval(right, 1000) for right in rights]


TRIED = {"tried": "a", "must": "refused", "came": "refused"}
#: Two calls of one function, and what each must say.
TWICE = {
    "costs": (charts.costs_told, ("a", 3, gap(0.02)), ("a", 3, gap(-0.02)), "A: the promise ε = 3 costs 2.0 (1.5 to 2.5)", "costs nothing; with it the line is 2.0"),
    "costs, open": (charts.costs_told, ("a", 3, gap(0.001)), ("a", 1, gap(0.02)), "not shown to cost", "ε = 1 costs"),
    "beside": (charts.beside_told, ("a", "b", 3, gap(0.02)), ("a", "b", math.inf, gap(-0.02)), "At ε = 3 a are ahead", "Without a promise a are behind b by 2.0"),
    "beside, open": (charts.beside_told, ("a", "b", 3, gap(0.001)), ("a", "b", 3, gap(0.02)), "not told apart", "ahead"),
    "trade": (charts.trade_told, ({1: of_share(500), 3: of_share(900), 8: of_share(910)},), ({1: of_share(500), 3: of_share(510), 8: of_share(910)},),
              "+40.0 points, lies between ε of 1 and 3", "+40.0 points, lies between ε of 3 and 8"),
    "one promise": (charts.trade_told, ({1: of_share(500)},), ({1: of_share(500), 3: of_share(900)},), "One promise", "largest step"),
    "attack": (charts.attack_told, (attack(0.05, 0.002),), (attack(0.002, 0.002),), "50 times what guessing", "is not shown"),
    "loss": (charts.simple_attack_told, (attack(0.05, 0.002),), (attack(0.003, 0.002),), "25 times too little", "not told apart"),
    "loss, nothing": (charts.simple_attack_told, (attack(0.05, 0.0),), (attack(0.05, 0.002),), "sees nothing of it", "times too little"),
    "bound": (charts.bound_told, ([attack(0.05, 0, 1.0), attack(0.9, 0)],), ([attack(0.001, 0, 1.0), attack(0.9, 0)],), "More than promised was found: ε = 1", "No attack found more"),
    "few": (charts.small_told, (attack(0, 0, 3, test=0.5), attack(0, 0), 200), (attack(0, 0, 3, test=0.95), attack(0, 0), 200), "costs 40.0 points", "costs no accuracy"),
    "together": (charts.together_told, (gap(0.02), 10), (gap(-0.02), 10), "stay 2.0 (1.5 to 2.5) points behind", "come 2.0"),
    "together, open": (charts.together_told, (gap(0.0), 10), (gap(0.02), 10), "not told apart", "behind"),
    "joining": (charts.joining_told, ([{"common_own": 0.9, "alone_own": 0.8}],), ([{"common_own": 0.9, "alone_own": 0.8}, {"common_own": 0.5, "alone_own": 0.8}],),
                "+10.0 points in the mean when they join, and none loses", "1 of 2 lose"),
    "weights": (charts.weights_told, (10.0, 5.0), (2.0, 5.0), "More goes over the wire than the digits themselves", "less"),
    "sealed": (charts.sealed_told, ([TRIED], [{"record": "a", "b": True, "c": False}]), ([TRIED | {"came": "read"}], [{"record": "a", "b": True}]),
               "1 of 2 pairs of role and record are open; all 1 trials", "not as it must be: a"),
    "stronger": (charts.stronger_told, (1, 3, gap(0.02), (1000, 2000, 3000), "EUR"), (1, 3, gap(-0.02), (-3000, -2000, -1000), "EUR"), "costs 2", "costs nothing more"),
    "stronger, open": (charts.stronger_told, (1, 3, gap(0.0), (-1000, 10, 1000), "EUR"), (1, 3, gap(0.02), (1, 2, 3), "EUR"), "no price", "a year more"),
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
def test_a_sentence_follows_its_figures(name):
    tell, first, second, phrase, other = TWICE[name]
    told = [plain(tell(*given)) for given in (first, second)]
    assert phrase in told[0] and other in told[1] and told[0] != told[1]


def test_every_function_that_tells_is_tried_on_two_sets_of_figures():
    tried = {case[0].__name__ for case in TWICE.values()}
    assert {name for name in vars(charts) if name.endswith("_told")} == tried


def test_tables_and_drawings_stand_one_seed_one_promise_and_none():
    one = {"a": {3.0: of_share(900), math.inf: of_share(950)}, "b": {math.inf: of_share(990)}}
    assert "ε = 3" in plain(charts.accuracy_table(one, "c")._repr_mimebundle_()["text/plain"])
    assert "<svg" in str(charts.accuracy_drawn(one, "c", "n"))
    shown = plain(
        charts.price_table(
            [{"epsilon": 3.0, "gap": gap(0.02), "errors": 20.0, "money": (1, 2, 3)}], "EUR", "c"
        )._repr_mimebundle_()["text/plain"]
    )
    assert "+2.0 (1.5 to 2.5)" in shown
    drawn = charts.rounds_drawn([1, 2], [[0.5, 0.9]], [0.95], "c", "n")
    assert "from 50.0 % after round 1 to 90.0 %" in plain(drawn)
