"""Sentences of the chapters that teach follow their figures: the same functions, two sets of figures, two sentences."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from types import SimpleNamespace

import nbclient
import nbformat
import numpy as np
import pytest

from lepton_nb import results
from lepton_nb.page import claims, words
from lepton_nb.report import chapters, environment
from lepton_nb.valuation.performance import wilson_interval

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def of(right: int, n: int = 1000):
    return wilson_interval(right, n)


def score(value: float, half: float = 1.0):
    return SimpleNamespace(value=value, low=value - half, high=value + half)


def run(*shares: float):
    return SimpleNamespace(epochs=[SimpleNamespace(validation_accuracy=share) for share in shares])


LEVELS = (1.39, 0.69)
LENGTHS = ("a", "short", "without"), ("a", "long", "without")


def rows(short: float, long: float):
    return [
        {"network": "a", "words": name, "bleu": value, "low": value - 1, "high": value + 1}
        for name, value in (("1–8", short), ("15 and more", long))
    ]


def gradients(lstm: float, opened: float):
    return {"LSTM": lstm, "LSTM, open": opened, "RNN, ρ = 1": 1e-3}


#: What is told, of which figures: two calls of one function, and what the first and the second must say.
TWICE = {
    "tried": (claims.tried, (910, 200_000, "steps"), (200_000, 200_000, "steps"), "was not tried", "all that the article"),
    "a claim": (claims.claim, ([of(985)], 0.992), ([of(998)], 0.992), "does not hold", "of 99.2 % holds."),
    "a claim that holds": (claims.claim, ([of(900)], 0.9), ([of(960)], 0.9), "neither borne out", "of 90 % holds."),
    "of several seeds": (claims.claim, ([of(900), of(960)], 0.9), ([of(800), of(820)], 0.9), "neither", "2 seeds together"),
    "as many epochs": (claims.as_many_epochs, (run(0.3), run(0.9, 0.95), ("S13", "S12"), 200),
                       (run(0.9, 0.95), run(0.5), ("S13", "S12"), 200), "S13 is behind by 60.0 %", "S13 is ahead by 40.0 %"),
    "sureness": (claims.sureness, ({"ours": (0.9, 0.99)},), ({"ours": (0.99, 0.9)},), "more modest", "surer than"),
    "sure enough": (claims.sureness, ({"ours": (0.9, 0.901)},), ({"ours": (0.9, 0.91)},), "as sure as", "by 1.0 points"),
    "parts": (claims.parts_worth, (of(812), {"a": of(423)}), (of(812), {"a": of(813)}), "38.9 points fewer", "overlap"),
    "overtaken": (claims.overtaken, (12.0, 84.0, "A", "b"), (None, 84.0, "A", "b"), "after 12 s, 14 %", "does not pass"),
    "resolution": (claims.resolution, (of(350, 360),), (of(9950, 10_000),), "0.28 points", "0.01 points"),
    "choice": (claims.choice, ({"max": 0.2, "mean": 0.1}, "x"), ({"max": 0.1, "mean": 0.2}, "x"), "mean is", "max is"),
    "agreement": (claims.agreement, ([1e-7, 3e-7], [1e-9]), ([2e-6], [1e-9]), "3.0 · 10⁻⁷", "2.0 · 10⁻⁶"),
    "vanishing": (claims.vanishing, (gradients(1e-9, 0.3), 50), (gradients(0.2, 0.1), 50), "far less than", "keeps no more than"),
    "about as much": (claims.vanishing, (gradients(1e-3, 0.3), 50), (gradients(0.2, 0.3), 50), "about as much", "far more"),
    "learnt": (claims.learnt, ({"a": [0.9], "b": [0.3]}, {"a": 0.1, "b": 1e-9}, 40, 0.25),
               ({"a": [0.9], "b": [0.3]}, {"a": 1e-9, "b": 0.1}, 40, 0.25), "had kept more", "does not part"),
    "learnt by all": (claims.learnt, ({"a": [0.9]}, {"a": 0.1}, 40, 0.25), ({"a": [0.3]}, {"a": 0.1}, 40, 0.25),
                      "Not learnt: none", "learnt, more than halfway from guessing to always right: none"),
    "attention": (claims.attention, (score(48.4), score(25.1), (17.8, 26.8)), (score(25.5), score(25.1), (17.8, 26.8)),
                  "23.3 more with it", "shows no difference"),
    "attention that harms": (claims.attention, (score(20), score(30), (17.8, 26.8)), (score(30), score(20), (17.8, 26.8)),
                             "10.0 less", "lie 9.0"),
    "length": (claims.by_length, (rows(30, 10), {"a": "without"}), (rows(10, 30), {"a": "without"}), "falls", "rises"),
    "like length": (claims.by_length, (rows(30, 29), {"a": "without"}), (rows(30, 10), {"a": "ours"}), "not told", "Ours"),
    "two texts": (claims.two_texts, (score(55), score(2)), (score(5), score(4)), "less.", "not told apart"),
    "losses": (claims.pair_losses, ({"A": ((0.24, 10.4), LEVELS)},), ({"A": ((1.5, 0.5), LEVELS)},),
               "the discriminator is ahead", "the generator is ahead"),
    "level losses": (claims.pair_losses, ({"A": ((1.3, 0.6), LEVELS)},), ({"A": ((1.3, 0.9), LEVELS)},), "neither", "ahead"),
    "modes": (claims.modes, ({"a": np.array([8, 3]), "b": np.array([8, 8])}, {"Alone": ("a", "b")}),
              ({"a": np.array([8, 8]), "b": np.array([8, 3])}, {"Alone": ("a", "b")}), "raises", "lowers"),
    "equilibrium": (claims.equilibrium, ({"a": (1.4, 0.7)}, {"a": LEVELS}, {"a": 2.0}),
                    ({"a": (0.4, 3.0)}, {"a": LEVELS}, {"a": 2.0}), "are not enough", "modes missing: a"),
    "all is well": (claims.equilibrium, ({"a": (1.4, 0.7)}, {"a": LEVELS}, {"a": 8.0}),
                    ({"a": (1.4, 0.7)}, {"a": LEVELS}, {"a": 1.0}), "Farther off: none", "lacks modes"),
    "spreads": (claims.spreads, ({"a": 4.2}, 71.9), ({"a": 104.5}, 71.9), "nearly all alike", "as noise is"),
    "like spreads": (claims.spreads, ({"a": 70.0}, 71.9), ({"a": 50.0}, 71.9), "about as far", "closer together"),
    "density": (claims.deceived, ("density", {"real": 0.95, "noise": 1.67}, "real"),
                ("density", {"real": 0.95, "noise": 0.2}, "real"), "noise (1.67) has as much", "by none"),
    "judge": (claims.judged, ("ours", of(718)), ("ours", of(999)), "more often than not", "nearly always"),
    "a blind judge": (claims.judged, ("ours", of(500)), ("ours", of(5, 10)), "cannot tell", "is not shown"),
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
def test_a_sentence_follows_its_figures(name):
    tell, first, second, phrase, other = TWICE[name]
    told = ["\n".join(found) if isinstance(found, list) else found for found in (tell(*first), tell(*second))]
    told = [text.replace(words.THIN, " ") for text in told]
    assert phrase in told[0]
    assert other in told[1]
    assert told[0] != told[1]


def test_every_function_that_tells_is_tried_on_two_sets_of_figures():
    tried = {case[0].__name__ for case in TWICE.values()} | {"ahead"}  # told by pair_losses
    assert {name for name, found in vars(claims).items()
            if callable(found) and getattr(found, "__module__", "") == claims.__name__ and name[0] != "_"} == tried  # fmt: skip


def test_with_one_seed_a_claim_is_told_with_the_wilson_interval_of_that_network():
    told = claims.claim([of(9852, 10_000)], 0.992, "after 100 epochs").replace(words.THIN, " ")
    assert told == "98.52 % (98.26 % to 98.74 %, 95 % Wilson) after 100 epochs: the claim of 99.2 % does not hold."


# ------------------------------------------------------------------ each chapter, run at two settings

#: Two settings of each chapter, as small as it runs: all that a claim rests on differs between them.
SETTINGS = {
    "20_mathematics": ({"num_epochs": 1, "filters": 2}, {"num_epochs": 4, "filters": 4}),
    "21_recurrent": (
        {"num_networks": 1, "num_steps": 20, "distances": [2], "open_bias": -2.0},
        {"num_networks": 2, "num_steps": 60, "distances": [2, 4], "open_bias": 4.0},
    ),
    "22_adversarial": ({"num_networks": 1, "num_steps": 40}, {"num_networks": 2, "num_steps": 400}),
    "30_mnist": (
        {"train_images": 200, "s12_epochs": 2, "s13_epochs": 1, "our_epochs": 2, "folds": 2, "fold_images": 60},
        {"train_images": 600, "s12_epochs": 2, "s13_epochs": 2, "our_epochs": 4, "folds": 2, "fold_images": 60},
    ),
    "31_risk_classifier": (
        {"most_rows": 160, "article_epochs": 1, "our_epochs": 1, "trees": 5, "folds": 2},
        {"most_rows": 240, "article_epochs": 2, "our_epochs": 3, "trees": 20, "folds": 2},
    ),
    "32_text": (
        {"most_sentences": 120, "most_reviews": 120, "folds": 2, "filters": 4, "dimensions": 8, "school_epochs": 1}
        | {"ablation": False, "sentence_epochs": 1, "review_epochs": 1, "worst_typing": 0.3},
        {"most_sentences": 240, "most_reviews": 200, "folds": 2, "filters": 6, "dimensions": 12, "school_epochs": 2}
        | {"ablation": False, "sentence_epochs": 4, "review_epochs": 4, "cost_of_miss": 20.0},
    ),
    "39_triage": ({"most_rows": 200}, {"most_rows": 500, "seed": 1}),
    "33_forecasting": (
        {
            "horizons": [24],
            "beside": [],
            "units": 2,
            "epochs": 1,
            "small_epochs": 1,
            "trees": 2,
            "seed": 0,
            "short": 0.25,
        },
        {
            "horizons": [24, 48],
            "beside": [],
            "units": 4,
            "epochs": 1,
            "small_epochs": 2,
            "trees": 5,
            "seed": 1,
            "short": 0.5,
        },
    ),
    "34_autoencoder": (
        {"train_images": 300, "read_images": 200, "epochs": 2, "machine_epochs": 1, "trees": 5, "machine_rows": 900}
        | {"folds": 2, "inner_folds": 2, "test_images": 200},
        {"train_images": 700, "read_images": 700, "epochs": 6, "machine_epochs": 3, "trees": 20, "machine_rows": 1400}
        | {"folds": 2, "inner_folds": 2, "test_images": 300, "cost_of_failure": 4000.0, "alarm_share": 0.05},
    ),
    "35_recommendation": (
        {"size": 4, "epochs": 2, "seed": 0, "price": 4.0, "learnt_share": 0.8},
        {"size": 8, "epochs": 12, "seed": 1, "price": 9.0, "learnt_share": 0.7},
    ),
    "36_inspection": (
        {"shown_pictures": 64, "most_pictures": 40, "width": 2},
        {"shown_pictures": 400, "most_pictures": 120, "width": 4},
    ),
    "37_speech": (
        {"epochs": 1, "width": 2, "ratios": [0], "cost_of_error": 0.6},
        {"epochs": 3, "width": 6, "ratios": [5], "cost_of_error": 2.0},
    ),
    "38_fusion": (
        {
            "epochs": 1,
            "width": 2,
            "copies": 1,
            "image_noise": [0.5],
            "sound_ratios": [20],
            "least_ratings": 20,
            "folds": 2,
        },
        {
            "epochs": 3,
            "width": 6,
            "copies": 1,
            "image_noise": [1.0],
            "sound_ratios": [0],
            "least_ratings": 40,
            "folds": 2,
        },
    ),
    "41_alarms": (
        {"machine_rows": 1200, "old_rule": 190.0},
        {"machine_rows": 2400, "old_rule": 210.0, "cost_of_failure": 4000.0},
    ),
    "40_cifar10": (
        {"train_images": 200, "our_width": 12, "small_width": 6, "small_images": 200, "ablation_images": 200}
        | {"article_epochs": 1, "our_epochs": 1, "test_images": 200},
        {"train_images": 400, "our_width": 18, "small_width": 18, "small_images": 400, "ablation_images": 400}
        | {"article_epochs": 2, "our_epochs": 2, "test_images": 200},
    ),
    "50_translation": (
        {"train_pairs": 200, "val_pairs": 20, "test_pairs": 60, "units": 8, "article_units": 8}
        | {"article_epochs": 1, "compare_epochs": 1, "our_epochs": 1},
        {"train_pairs": 600, "val_pairs": 20, "test_pairs": 60, "units": 16, "article_units": 8}
        | {"article_epochs": 2, "compare_epochs": 3, "our_epochs": 3},
    ),
    "60_faces": (
        {"train_images": 200, "compare_images": 60, "article_steps": 2, "our_epochs": 1, "feature_epochs": 1},
        {"train_images": 300, "compare_images": 60, "article_steps": 60, "our_epochs": 3, "feature_epochs": 2},
    ),
    "71_transfer": (
        {
            "targets": ["magnetic tiles"],
            "labels": [20],
            "bought": 20,
            "side": 16,
            "steps": 4,
            "photographs": 60,
            "source_steps": 4,
        }
        | {
            "train_images": 200,
            "validation_images": 60,
            "test_images": 120,
            "teacher_epochs": 1,
            "teacher_filters": [8, 12],
        }
        | {"student_filters": [4, 6], "student_epochs": 1, "tried": [[4.0, 0.9]], "trial_images": 128, "answers": 5e9},
        {
            "targets": ["magnetic tiles", "blood cells"],
            "labels": [30],
            "bought": 30,
            "side": 16,
            "steps": 8,
            "photographs": 120,
        }
        | {"source_steps": 8, "train_images": 600, "validation_images": 100, "test_images": 300, "teacher_epochs": 2}
        | {"teacher_filters": [12, 16], "student_filters": [3, 4], "student_epochs": 2, "tried": [[2.0, 0.5]]}
        | {"trial_images": 200, "label_seconds": 60.0, "answers": 2e9, "seed": 1},
    ),
    "72_deployment": (
        {"train_images": 200, "test_images": 200, "epochs": 2, "dense_units": 32, "kept": 0.25, "rounds": 2, "calls": 5}
        | {"load_seconds": 0.2, "shares": [0.4], "together": 20, "window": 20, "samples": 40, "others": False},
        {"train_images": 600, "test_images": 300, "epochs": 5, "dense_units": 64, "kept": 0.5, "rounds": 3, "calls": 5}
        | {"load_seconds": 0.3, "shares": [0.3], "together": 20, "window": 25, "samples": 40, "others": False},
    ),
    "73_monitoring": (
        {"train_photos": 200, "epochs": 1, "test_photos": 100, "shown_tiles": 120, "width": 2, "months": 2, "runs": 2}
        | {"trees": 5, "reference_rows": 1100},
        {"train_photos": 400, "epochs": 2, "test_photos": 150, "shown_tiles": 200, "width": 3, "months": 3, "runs": 3}
        | {
            "trees": 20,
            "reference_rows": 1150,
            "month_rows": [100],
            "training_price": 500.0,
            "late_miss": 40.0,
            "seed": 1,
        },
    ),
    "74_explanation": (
        {
            "shown_pictures": 200,
            "width": 4,
            "explained_pictures": 8,
            "choosing_pictures": 6,
            "path_steps": 2,
            "patch": 16,
        }
        | {
            "stride": 16,
            "squares": 8,
            "curve_steps": 2,
            "trees": 5,
            "explained_rows": 3,
            "turned_rows": 20,
            "background": 5,
        }
        | {"orders": [2, 4], "most_columns": 1, "rounds": 1},
        {
            "shown_pictures": 900,
            "width": 8,
            "explained_pictures": 16,
            "choosing_pictures": 6,
            "path_steps": 4,
            "patch": 16,
        }
        | {
            "stride": 16,
            "squares": 8,
            "curve_steps": 4,
            "trees": 20,
            "explained_rows": 5,
            "turned_rows": 30,
            "background": 10,
        }
        | {"orders": [2, 8], "rounds": 1, "wage": 50.0},
    ),
    "76_decisions": (
        {"draws": 2048},
        {"draws": 2048, "points": 0.01, "offered": 1.2, "chance": 0.3, "alone": 5000.0, "rivals": 1, "wait_years": 2.0},
    ),
}
#: What no page says: nothing, with decimals and a unit.
ZERO = re.compile(r"(?<![\d.,])0\.0+ (%|h|hours|core-hours|Wh|min|s|ms)(?!\w)")


def executed(path: Path, settings, folder: Path) -> list[tuple[list, dict]]:
    """The code cells of a chapter executed at each setting, in one kernel, one after the other; and its record of each."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    named = {parameter.name for parameter in chapters.read(path).parameters}
    runs = []
    for number, chosen in enumerate(settings):
        given = {"results_folder": str(folder / str(number)), "precision": "float32"} | chosen
        given = "\n".join(f"{name} = {value!r}" for name, value in given.items() if name in named)
        cells = [copy.deepcopy(cell) for cell in code]
        place = next(place for place, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", ()))
        cells[place].source += "\n" + given
        runs.append(cells)
    notebook.cells = [cell for cells in runs for cell in cells]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    name = chapters.read(path).name
    records = [results.load(name, folder / str(number)).to_dict() for number in range(len(runs))]
    for record in records:
        record.pop("seconds")
    return [(notebook.cells[k * len(code) : (k + 1) * len(code)], record) for k, record in enumerate(records)]


def said(cell) -> str:
    """What a cell says to a reader without pictures."""
    # What is printed comes in as many pieces as the kernel likes; what is shown begins a line.
    texts = [out.get("text", "") or "\n" + "".join(out.get("data", {}).get("text/plain", "")) for out in cell.outputs]
    return "".join(texts).strip("\n").replace(words.THIN, " ")


def test_every_chapter_with_claims_is_run_at_two_settings():
    claiming = {path.stem for path in NOTEBOOKS.glob("*.ipynb") if '"claim"' in path.read_text(encoding="utf-8")}
    assert set(SETTINGS) == claiming and len(claiming) >= 9


#: Chapters of which the first setting is executed once more, in another kernel: the record must be the same again.
REPEATED = ("20_mathematics", "21_recurrent", "22_adversarial", "30_mnist", "36_inspection", "40_cifar10", "50_translation",
            "60_faces", "72_deployment", "76_decisions")  # fmt: skip


#: Chapters whose cells of figures worked by hand hang on no parameter of the settings.
BY_HAND = (
    "32_text",
    "33_forecasting",
    "34_autoencoder",
    "35_recommendation",
    "71_transfer",
    "73_monitoring",
    "74_explanation",
    "76_decisions",
)


def golden(path: Path) -> dict[int, str]:
    """What the cells print whose outputs are kept in the notebook, by the place of the cell among those of code."""
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return {
        place: said(cell) for place, cell in enumerate(code) if "nbval-check-output" in cell.metadata.get("tags", ())
    }


@pytest.mark.parametrize("name", SETTINGS)
def test_the_claims_of_a_chapter_follow_what_it_was_run_with_and_its_record_repeats(name, tmp_path, monkeypatch):
    """Claims are told anew at another setting; what is worked by hand comes out as it is kept in the notebook."""
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    monkeypatch.setenv("LEPTON_STATE", str(tmp_path / "state"))
    for variable, value in (environment.FIXED | dict.fromkeys(environment.THREADS, "1")).items():
        monkeypatch.setenv(variable, value)
    path = NOTEBOOKS / f"{name}.ipynb"
    (first, record), (second, other) = executed(path, SETTINGS[name], tmp_path)
    assert record != other
    if name in REPEATED:
        ((_, again),) = executed(path, SETTINGS[name][:1], tmp_path / "again")
        assert record == again
    for place, kept in golden(path).items() if name in BY_HAND else ():
        told = said(first[place]), said(second[place])
        assert kept in told or told[0] != told[1], (
            "what is worked by hand, and hangs on no setting, comes out as it is kept"
        )
    loud = [out for cell in first for out in cell.outputs if out.get("name") == "stderr"]
    assert not loud, f"a chapter writes nothing to standard error: {loud}"
    claiming = [place for place, cell in enumerate(first) if "claim" in cell.metadata.get("tags", ())]
    assert claiming
    for place in claiming:
        told = said(first[place]), said(second[place])
        assert all(told) and told[0] != told[1], first[place].source
    for cell in (*first, *second):
        assert not ZERO.search(said(cell)), said(cell)
