"""The doors of a case: the same model by predictions, ONNX, .keras and in process gives one evaluation; bad files are refused."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_cases import ENTRY, bank, loans, outcome_value, pictures, table, written
from PIL import Image
from test_client import Folder, M

from lepton_nb import casework, client, datasets
from lepton_nb.casework import doors, fitting, judging
from lepton_nb.client import case_models

PLAIN = (
    "asset_id: C1, case: risk_classifier, data: data/loans.csv, target: defaulted, baseline_column: scorecard_flag, "
    "group_column: region, block_column: branch, split: {by: day, test_from: 2025-01-01}"
)


@pytest.fixture(scope="module")
def numbers():
    """Loans with numbers alone: what a model with one input of all columns takes."""
    return {name: values for name, values in loans().items() if name not in ("sector", "exposure")}


@pytest.fixture(scope="module")
def case(numbers):
    return table(numbers)


class Evaluated:
    """An evaluation without the words that name the model, and what the curve of the scores says; scores in single
    precision move the last two by less than a thousandth."""

    def __init__(self, case, scores):
        judged = judging.judge(case, scores, learning=False, blocks=False)
        self.plain = judged.evaluation.model_dump(exclude={"model_policy"})
        self.pairs = judged.evaluation.paired
        self.figures = (judged.auc.value, judged.cutoff.value, judged.brier.value)

    def __eq__(self, other):
        return self.plain == other.plain and self.figures == pytest.approx(other.figures, abs=1e-3)

    def __repr__(self):
        return f"{self.plain['paired']} {self.figures}"


def evaluated(case, scores) -> Evaluated:
    return Evaluated(case, scores)


def saved(model, path: Path) -> Path:
    """A Keras model as a file; Keras reads its variables in a way that NumPy 2 is going to drop."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        model.save(path)
    return path


def predictions(path: Path, values, column: str = "score", **more) -> Path:
    return written(path, {**more, column: np.asarray(values)})


def all_rows(case, scores) -> np.ndarray:
    """Scores in the order of the data; training rows, which are not asked for, get a half."""
    found = np.full(case.n, 0.5)
    found[case.validation.rows], found[case.test.rows] = scores.validation, scores.test
    return found


def onnx_of(model, frame, path: Path) -> Path:
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = skl2onnx.to_onnx(model, frame[:1], options={"zipmap": False})
    path.write_bytes(made.SerializeToString())
    return path


# --- one model, every door


@pytest.fixture(scope="module")
def logistic():
    case = table()
    return case, doors.fit(case, "logistic")


def test_a_pipeline_of_scikit_learn_by_predictions_and_by_onnx_gives_the_evaluation_in_process(logistic, tmp_path):
    case, scores = logistic
    here = evaluated(case, scores)
    file = predictions(tmp_path / "scores.csv", all_rows(case, scores))
    assert evaluated(case, doors.predictions(case, file)) == here
    frame = case.train.x.astype({"income": np.float32, "load": np.float32})
    made = doors.onnx_model(case, onnx_of(scores.model, frame, tmp_path / "model.onnx"))
    assert np.abs(made.test - scores.test).max() < 1e-5
    assert evaluated(case, made) == here
    assert made.seconds_a_thousand > 0


def test_the_map_of_scores_that_skl2onnx_writes_by_default_is_read_too(case, tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    from sklearn.linear_model import LogisticRegression

    x = case.train.x.to_numpy(np.float32)
    model = LogisticRegression(max_iter=500).fit(x, case.train.y)
    made = skl2onnx.to_onnx(model, x[:1])
    (tmp_path / "model.onnx").write_bytes(made.SerializeToString())
    found = doors.onnx_model(case, tmp_path / "model.onnx")
    assert found.test == pytest.approx(model.predict_proba(case.test.x.to_numpy(np.float32))[:, 1], abs=1e-5)


@pytest.mark.parametrize(
    "kind", ["GradientBoostingClassifier", "RandomForestClassifier", "HistGradientBoostingClassifier"]
)
def test_trees_of_scikit_learn_go_out_as_the_text_says(kind, case, tmp_path):
    """The last of them only beside a protobuf below 7; where that is no longer so, the text is to be corrected."""
    pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    from google import protobuf
    from sklearn import ensemble

    long = {"max_iter": 15} if kind.startswith("Hist") else {"n_estimators": 15}
    model = getattr(ensemble, kind)(random_state=0, **long)
    model.fit(case.train.x.to_numpy(np.float32), case.train.y)
    some = case.train.x.to_numpy(np.float32)
    if kind.startswith("Hist") and int(protobuf.__version__.split(".")[0]) >= 7:
        with pytest.raises(ValueError, match="TreeEnsembleClassifier") as stop:
            onnx_of(model, some, tmp_path / "model.onnx")
        assert "got a boolean" in str(stop.value.__cause__ or stop.value.__context__)
        return
    made = doors.onnx_model(case, onnx_of(model, some, tmp_path / "model.onnx"))
    assert np.abs(made.test - model.predict_proba(case.test.x.to_numpy(np.float32))[:, 1]).max() < 1e-5


def test_a_boosting_of_lightgbm_by_onnx_gives_the_evaluation_of_its_predictions(case, tmp_path):
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is not installed")
    onnxmltools = pytest.importorskip("onnxmltools", reason="onnxmltools is not installed")
    from onnxmltools.convert.common.data_types import FloatTensorType

    x = {name: part.x.to_numpy(np.float32) for name, part in case.parts.items()}
    model = lightgbm.LGBMClassifier(n_estimators=40, num_leaves=7, n_jobs=1, verbose=-1, deterministic=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x["train"], case.train.y)
        scores = doors.given(
            case, "lightgbm", model.predict_proba(x["test"])[:, 1], model.predict_proba(x["validation"])[:, 1]
        )
        made = onnxmltools.convert_lightgbm(
            model, initial_types=[("x", FloatTensorType([None, 2]))], zipmap=False, target_opset=15
        )
    (tmp_path / "model.onnx").write_bytes(made.SerializeToString())
    file = predictions(tmp_path / "scores.csv", all_rows(case, scores).astype(np.float32))
    assert evaluated(case, doors.onnx_model(case, tmp_path / "model.onnx")) == evaluated(
        case, doors.predictions(case, file)
    )


def test_a_network_of_pytorch_by_onnx_gives_the_evaluation_of_its_predictions(case, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1), torch.nn.Sigmoid())
    asked = {name: torch.tensor(part.x.to_numpy(np.float32) / 50) for name, part in case.parts.items()}
    with torch.no_grad():
        scores = doors.given(
            case, "torch", model(asked["test"])[:, 0].numpy(), model(asked["validation"])[:, 0].numpy()
        )
    whole = torch.nn.Sequential(Divided(torch), model)
    torch.onnx.export(
        whole, (torch.zeros(3, 2),), str(tmp_path / "model.onnx"), dynamic_shapes=({0: "n"},), external_data=False
    )
    assert evaluated(case, doors.onnx_model(case, tmp_path / "model.onnx")) == evaluated(case, scores)


def Divided(torch):
    class Layer(torch.nn.Module):
        def forward(self, x):
            return x / 50

    return Layer()


@pytest.fixture(scope="module")
def network(case):
    import keras

    from lepton_nb import training

    training.set_seed(1)
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    model.fit(case.train.x.to_numpy(np.float32), case.train.y, epochs=3, verbose=0)
    return model


def test_a_network_of_keras_by_its_file_gives_the_evaluation_of_its_predictions(case, network, tmp_path):
    from lepton_nb import training

    saved(network, tmp_path / "model.keras")
    asked = [training.predict(network, part.x.to_numpy(np.float32))[:, 0] for part in (case.test, case.validation)]
    here = evaluated(case, doors.given(case, "keras", *asked))
    made = doors.keras_model(case, tmp_path / "model.keras")
    assert evaluated(case, made) == here and made.door == "keras"


def test_a_network_of_keras_exported_as_onnx_gives_the_same_evaluation(case, network, tmp_path):
    pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
    from lepton_nb import training

    asked = [training.predict(network, part.x.to_numpy(np.float32))[:, 0] for part in (case.test, case.validation)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.export(str(tmp_path / "model.onnx"), format="onnx", verbose=False)
    made = doors.onnx_model(case, tmp_path / "model.onnx")
    assert evaluated(case, made) == evaluated(case, doors.given(case, "keras", *asked))


@pytest.mark.skipif(not os.environ.get("LEPTON_DATA"), reason="LEPTON_DATA names no folder with real data")
def test_real_credit_cards_by_predictions_and_by_onnx_give_the_evaluation_in_process(tmp_path):
    case = casework.table(
        datasets.load("credit_card_default"), target="default_payment_next_month", baseline="scorecard_flag",
        money=outcome_value(), currency="TWD",
    )  # fmt: skip
    scores = doors.fit(case, "logistic")
    here = evaluated(case, scores)
    file = predictions(tmp_path / "scores.csv", all_rows(case, scores))
    assert evaluated(case, doors.predictions(case, file)) == here
    made = doors.onnx_model(case, onnx_of(scores.model, case.train.x.astype(np.float32), tmp_path / "model.onnx"))
    assert np.abs(made.test - scores.test).max() < 1e-4
    by_onnx = evaluated(case, made)
    moved = sum(abs(a.count - b.count) for a, b in zip(here.pairs, by_onnx.pairs, strict=True))
    assert moved <= 4 and by_onnx.figures == pytest.approx(here.figures, abs=1e-3)  # of 9,000, in single precision


# --- through a client's folder


def of_folder(folder: Folder) -> casework.CaseSet:
    return casework.of_client(client.load(folder.path).only("cases"), folder.path, "C1")


def test_a_clients_case_by_every_door_gives_one_evaluation(tmp_path, numbers):
    folder = bank(tmp_path / "trained", PLAIN, numbers)
    case = of_folder(folder)
    scores = doors.fit(case, "logistic")
    here = evaluated(case, scores)
    by_file = bank(tmp_path / "file", PLAIN + ", predictions: data/scores.csv", numbers)
    predictions(by_file.path / "data/scores.csv", all_rows(case, scores))
    found = of_folder(by_file)
    assert found.door == "predictions"
    assert evaluated(found, doors.scores(found)) == here
    by_model = bank(tmp_path / "model", PLAIN + ", model: data/model.onnx", numbers)
    onnx_of(scores.model, case.train.x.astype(np.float32), by_model.path / "data/model.onnx")
    found = of_folder(by_model)
    assert found.door == "onnx"
    assert evaluated(found, doors.scores(found)) == here


def linked(folder: Folder) -> Folder:
    rows = folder.rows("benefits.csv")
    at = rows[0].index("metric_link")
    return folder.write("benefits.csv", [[*row[:at], "measured:C1" if row[at].startswith("confusion:") else row[at], *row[at + 1 :]] for row in rows])  # fmt: skip


def test_predictions_are_matched_by_an_id_in_any_order(tmp_path, numbers):
    folder = bank(tmp_path, PLAIN + ", predictions: data/scores.csv, score_column: chance", numbers)
    case = table(numbers)
    values = np.linspace(0.01, 0.99, 1600).round(4)
    mixed = np.random.default_rng(0).permutation(case.test.rows)
    predictions(folder.path / "data/scores.csv", values[mixed], "chance", loan=numbers["loan"][mixed])
    found = doors.scores(of_folder(folder))
    assert found.test.tolist() == values[case.test.rows].tolist()
    assert found.validation is None


def test_predictions_of_the_last_rows_alone_are_those_of_the_test(tmp_path, numbers):
    case = table(numbers)
    file = predictions(tmp_path / "scores.csv", np.linspace(0, 1, len(case.test)))
    found = doors.predictions(case, file)
    assert found.validation is None and not found.decisions
    judged = judging.judge(case, found, learning=False, blocks=False)
    assert judged.cutoff.on == "money" and judged.cutoff.value == pytest.approx(620 / (620 + 4275))


def test_decisions_are_taken_as_decisions(tmp_path, numbers):
    case = table(numbers)
    decided = (numbers["load"] > 0.4).astype(int)
    found = doors.predictions(case, predictions(tmp_path / "d.csv", decided, "decision"))
    judged = judging.judge(case, found, learning=False, blocks=False)
    assert judged.flagged.tolist() == decided[case.test.rows].tolist()
    assert judged.auc is None and judged.brier is None and judged.cutoff.on == "decisions"


def test_predictions_may_come_as_parquet(tmp_path, numbers):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    case = table(numbers)
    values = np.linspace(0, 1, case.n)
    parquet.write_table(pyarrow.table({"score": values}), tmp_path / "scores.parquet")
    assert doors.predictions(case, tmp_path / "scores.parquet").test.tolist() == values[case.test.rows].tolist()


def test_a_change_of_the_predictions_or_the_model_changes_the_checksum(tmp_path, numbers):
    folder = bank(tmp_path, PLAIN + ", predictions: data/scores.csv", numbers)
    found = []
    for last in (0.5, 0.6, 0.5):
        predictions(folder.path / "data/scores.csv", [0.2] * 1599 + [last])
        found.append(client.load(folder.path).cases[0].sha256)
    assert found[0] == found[2] != found[1]


# --- trained here


def test_the_model_is_chosen_on_validation_rows_and_the_choice_is_told():
    case = table()
    scores = doors.trained(case, kinds=("logistic", "boosting"))
    assert {one.kind for one in scores.tried} == {"logistic", "boosting"} and sum(
        one.chosen for one in scores.tried
    ) == 1
    best = max(scores.tried, key=lambda one: one.auc)
    assert best.chosen and scores.name == best.name
    assert "test rows chose nothing" in scores.notes[0]


def test_a_small_network_learns_a_table_and_repeats_exactly():
    case = table()
    one, other = (doors.fit(case, "network", seed=2, passes=3) for _ in range(2))
    assert one.test.tolist() == other.test.tolist()
    assert fitting.log_loss(case.test.y, one.test) < 0.6


@pytest.mark.parametrize("kind", ["logistic", "boosting", "network"])
def test_pictures_are_learnt(kind):
    x, y = pictures(400)
    case = casework.images(x, y, split={"by": "random", "test_share": 0.3}, money=outcome_value())
    scores = doors.fit(case, kind, passes=4, trees=60)
    assert scores.test.shape == (len(case.test),) and scores.test.min() >= 0 and scores.test.max() <= 1
    if kind != "network":
        assert ((scores.test > 0.5) == case.test.y).mean() > 0.6


def test_training_rows_of_one_class_are_refused():
    case = table()
    ones = case.train.take(case.train.y == 1)
    with pytest.raises(ValueError, match="of one class"):
        fitting.make("logistic", ones, case.validation)


def test_a_picture_by_onnx_comes_in_the_form_that_the_input_asks_for(tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    x, y = pictures(60)
    case = casework.images(x, y, split={"by": "random", "test_share": 0.5})
    for name, shape, kind, divide in (
        ("last.onnx", [None, 16, 16, 1], onnx.TensorProto.FLOAT, 1.0),
        ("first.onnx", [None, 1, 16, 16], onnx.TensorProto.FLOAT, 1.0),
        ("flat.onnx", [None, 16, 16], onnx.TensorProto.UINT8, 255.0),
    ):
        file = brightest(onnx, tmp_path / name, shape, kind, divide)
        found = doors.onnx_model(case, file)
        assert found.test == pytest.approx(case.test.x.reshape(len(case.test), -1).max(axis=1) / 255, abs=1e-6)


def brightest(onnx, path: Path, shape, kind, divide: float = 1.0, opset: int = 13) -> Path:
    """A model that gives the brightest pixel of a picture."""
    helper = onnx.helper
    axes = list(range(1, len(shape)))
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=onnx.TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["f"], ["m"], axes=axes, keepdims=0),
        helper.make_node("Div", ["m", "d"], ["score"]),
    ]
    weights = [helper.make_tensor("d", onnx.TensorProto.FLOAT, [], [divide])]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("score", onnx.TensorProto.FLOAT, [None])], weights,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


# --- what is refused: real files, one sentence, the number of the rule


def linear(onnx, path: Path, width: int = 2, **changes) -> Path:
    """A model of one input with ``width`` columns. changes: domain of an operator, external weights, no sigmoid."""
    helper = onnx.helper
    weights = onnx.numpy_helper.from_array(np.full((width, 1), changes.get("weight", 0.01), np.float32), "w")
    if changes.get("external"):
        weights.data_location = onnx.TensorProto.EXTERNAL
        entry = weights.external_data.add()
        entry.key, entry.value = "location", "../../secret.bin"
        weights.ClearField("raw_data")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["logit"])]
    last = "logit"
    if changes.get("domain"):
        nodes.append(helper.make_node("Mine", ["logit"], ["score"], domain=changes["domain"]))
        last = "score"
    elif not changes.get("logit"):
        nodes.append(helper.make_node("Sigmoid", ["logit"], ["score"]))
        last = "score"
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [value("x", onnx.TensorProto.FLOAT, [None, width])], [value(last, onnx.TensorProto.FLOAT, [None, 1])],
        [weights],
    )  # fmt: skip
    sets = [helper.make_opsetid("", 15)] + (
        [helper.make_opsetid(changes["domain"], 1)] if changes.get("domain") else []
    )
    path.write_bytes(helper.make_model(graph, opset_imports=sets, ir_version=8).SerializeToString())
    return path


def make_onnx(**changes):
    def make(path: Path) -> None:
        linear(pytest.importorskip("onnx", reason="onnx is not installed"), path, **changes)

    return make


def keras_file(config: dict | None = None, names: tuple[str, ...] = ("config.json", "model.weights.h5")):
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as packed:
            for name in names:
                packed.writestr(name, json.dumps(config or {}) if name == "config.json" else b"0")

    return make


def lambda_network(path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2), keras.layers.Dense(1)])
    saved(model, path)


def wide_network(path: Path) -> None:
    import keras

    saved(keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)]), path)


def pickle_in_a_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("archive/data.pkl", pickle.dumps([1]))


def joblib_file(path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    joblib.dump({"a": 1}, path, compress=3)


BAD_MODELS = {
    "a pickle": ("model.pkl", lambda path: path.write_bytes(pickle.dumps([1])), 44, "runs any code when it is opened"),
    "a joblib file": ("model.joblib", joblib_file, 44, "skl2onnx"),
    "another ending": ("model.txt", lambda path: path.write_text("x"), 44, "a model is read from .onnx or .keras"),
    "a pickle named .onnx": ("model.onnx", lambda path: path.write_bytes(pickle.dumps({"a": 1})), 44, "a pickle under another name"),
    "an old pickle named .onnx": ("model.onnx", lambda path: path.write_bytes(pickle.dumps({"a": 1}, protocol=0)), 44, "a pickle under another name"),
    "a packed joblib file named .onnx": ("model.onnx", joblib_file, 44, "a pickle under another name"),
    "a file of PyTorch named .onnx": ("model.onnx", pickle_in_a_zip, 44, "a pickle under another name"),
    "a pickle named .keras": ("model.keras", lambda path: path.write_bytes(pickle.dumps([1])), 44, "a pickle under another name"),
    "nothing": ("model.onnx", lambda path: path.write_bytes(b""), 44, "is empty"),
    "no ONNX": ("model.onnx", lambda path: path.write_bytes(b"hello, this is no model"), 44, "cannot be read as ONNX"),
    "other columns": ("model.onnx", make_onnx(width=3), 44, "the case has 2 columns: income, load"),
    "weights elsewhere": ("model.onnx", make_onnx(external=True), 44, "keeps its weights in another file"),
    "an operator of one's own": ("model.onnx", make_onnx(domain="my.ops"), 44, 'the operator "Mine" of "my.ops"'),
    "no zip": ("model.keras", lambda path: path.write_bytes(b"hello, this is no model"), 44, "is no zip archive"),
    "HDF5": ("model.keras", lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(30)), 44, "HDF5"),
    "a zip of something else": ("model.keras", keras_file(names=("a.txt",)), 44, "no config.json"),
    "a lambda": ("model.keras", lambda_network, 44, '"Lambda", which runs code of its own'),
    "a class of one's own": ("model.keras", keras_file({"module": "mine.layers", "class_name": "Evil", "config": {}}), 44, "not of Keras"),
    "a function of Python": ("model.keras", keras_file({"module": "builtins", "class_name": "function", "config": "exec"}), 44, "runs code of its own"),
    "a registered class": ("model.keras", keras_file({"module": None, "class_name": "Mine", "registered_name": "pack>Mine", "config": {}}), 44, "not of Keras"),
    "a vocabulary elsewhere": ("model.keras", keras_file({"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}), 44, "vocabulary in another file"),
    "another width": ("model.keras", wide_network, 44, "the case has 2 columns"),
    "a file that is not there": ("model.onnx", lambda path: None, 1, "not found in the folder"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_MODELS)
def test_rule_44_a_model_file_that_is_not_what_it_says_is_refused(name, tmp_path, numbers):
    file, make, rule, words = BAD_MODELS[name]
    if file.endswith(".onnx"):
        pytest.importorskip("onnx", reason="onnx is not installed")
    folder = bank(tmp_path, f"{PLAIN}, model: data/{file}", numbers)
    make(folder.path / "data" / file)
    report = client.check(folder.path)
    assert [(p.column, p.rule) for p in report.problems] == [("cases.model", rule)]
    assert words in report.problems[0].sentence


def test_a_loss_of_ones_own_does_not_matter_for_it_is_not_read(case, tmp_path):
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss=keras.losses.binary_crossentropy, metrics=[keras.metrics.AUC()])
    model.predict(np.zeros((1, 2)), verbose=0)
    found = doors.keras_model(case, saved(model, tmp_path / "model.keras"))
    assert found.test.shape == (len(case.test),)


def changed_bytes(content: bytes, data) -> bytes:
    whole = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=6))
    return bytes(whole)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["onnx", "keras"]), st.data())
def test_any_damage_of_a_model_file_is_told_or_does_not_matter(tmp_path, sound_models, kind, data):
    file = tmp_path / f"model.{kind}"
    file.write_bytes(changed_bytes(sound_models[kind], data))
    with contextlib.suppress(case_models.Wrong):  # anything else fails the test
        ports = case_models.opened(file)
        case_models.fits(ports, {"income": "number", "load": "number"}, None)


@pytest.fixture(scope="module")
def sound_models(tmp_path_factory):
    import keras

    folder = tmp_path_factory.mktemp("models")
    make_onnx()(folder / "model.onnx")
    saved(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), folder / "model.keras")
    return {kind: (folder / f"model.{kind}").read_bytes() for kind in ("onnx", "keras")}


@pytest.mark.parametrize(
    "config", [[], "text", {"config": []}, {"config": {"layers": [1, {"class_name": "InputLayer", "config": 3}]}}]
)
def test_settings_of_any_form_are_told(config, tmp_path):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as packed:
        packed.writestr("config.json", json.dumps(config))
        packed.writestr("model.weights.h5", b"0")
    told = []
    try:
        told = [case_models.opened(tmp_path / "model.keras")]
    except case_models.Wrong as stop:
        told = [stop.found]
    assert told[0] == () or "cannot be read" in told[0]


def test_the_door_looks_again_before_it_opens_a_file(case, tmp_path):
    (tmp_path / "model.onnx").write_bytes(pickle.dumps([1]))
    with pytest.raises(ValueError, match="a pickle under another name"):
        doors.onnx_model(case, tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"model\.keras is not there"):
        doors.keras_model(case, tmp_path / "model.keras")


def test_a_model_that_gives_logits_is_told_what_a_score_is(case, tmp_path):
    make_onnx(logit=True, weight=1.0)(tmp_path / "model.onnx")
    with pytest.raises(ValueError, match="a logit x becomes"):
        doors.onnx_model(case, tmp_path / "model.onnx")


def test_texts_need_an_input_a_column(tmp_path):
    folder = bank(tmp_path, f"{PLAIN}, model: data/model.onnx", loans())
    make_onnx(width=4)(folder.path / "data/model.onnx")
    (problem,) = client.check(folder.path).problems
    assert 'takes numbers alone, and "sector" is a text' in problem.sentence


BAD_PREDICTIONS = {
    "another length": (lambda n: {"score": np.full(n - 7, 0.2)}, "predictions", 45, "the data have 1600 rows"),
    "no column": (lambda n: {"scores": np.full(n, 0.2)}, "predictions", 17, 'did you mean "scores"?'),
    "not a number": (lambda n: {"score": np.array(["0.2"] * (n - 1) + ["nan"])}, "predictions", 35, "row 1601"),
    "a gap": (lambda n: {"score": np.array(["0.2", ""] * (n // 2))}, "predictions", 35, "row 3"),
    "out of range": (lambda n: {"score": np.array([0.2] * (n - 1) + [1.7])}, "predictions", 14, "row 1601: score 1.7 outside 0..1"),
    "decisions of other values": (lambda n: {"decision": np.full(n, 0.5)}, "predictions", 15, "other values than 0 and 1"),
    "names of persons": (lambda n: {"customer_name": np.array(["x"] * n), "score": np.full(n, 0.2)}, "predictions", 36, "personal data"),
    "an id twice": (lambda n: {"loan": np.array(["L00000"] * n), "score": np.full(n, 0.2)}, "predictions", 16, "names a row twice"),
    "an id that is not": (lambda n: {"loan": np.array([f"X{row}" for row in range(n)]), "score": np.full(n, 0.2)}, "predictions", 17, "is not in the data"),
    "test rows that are missing": (lambda n: {"loan": loans()["loan"][:-3], "score": np.full(n - 3, 0.2)}, "predictions", 45, "no prediction for 3 test rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_PREDICTIONS)
def test_rule_45_predictions_that_do_not_fit_are_refused(name, tmp_path, numbers):
    make, key, rule, words = BAD_PREDICTIONS[name]
    folder = bank(tmp_path, f"{PLAIN}, predictions: data/scores.csv", numbers)
    written(folder.path / "data/scores.csv", make(1600))
    report = client.check(folder.path)
    assert [(p.column, p.rule) for p in report.problems] == [(f"cases.{key}", rule)]
    assert words in report.problems[0].sentence


def test_predictions_and_a_model_are_one_door_too_many(tmp_path, numbers):
    folder = bank(tmp_path, f"{PLAIN}, predictions: data/scores.csv, model: data/model.onnx", numbers)
    (problem,) = client.check(folder.path).problems
    assert problem.column == "cases.model" and "by one door" in problem.sentence


def changed(**columns):
    return lambda: loans() | columns


def in_another_order() -> dict[str, np.ndarray]:
    columns = loans()
    columns["day"][[10, 11]] = "2024-06-30", "2023-06-30"
    return columns


BAD_TABLES = {
    "one class": (changed(defaulted=np.ones(1600, int)), ENTRY, "target", 41, "every row is of one class"),
    "a column that is the target": (lambda: loans() | {"written_off": 1 - loans()["defaulted"]}, ENTRY, "target", 46, '"defaulted" and "written_off" say the same in every row'),
    "days out of order": (in_another_order, ENTRY, "split", 41, "sort the rows by day"),
    "no such amount": (loans, ENTRY.replace("amount_column: exposure", "amount_column: exposur"), "amount_column", 17, 'did you mean "exposure"?'),
    "an amount below zero": (changed(exposure=np.full(1600, -1.0)), ENTRY, "amount_column", 41, "at least 0"),
    "no such group": (loans, ENTRY.replace("group_column: region", "group_column: land"), "group_column", 17, '"land" is not a column'),
    "no such class": (loans, ENTRY + ", positive: 7", "positive", 41, "no class of the target"),
    "a test of one class": (lambda: loans() | {"defaulted": loans()["defaulted"] * (loans()["day"] < "2025-01-01")}, ENTRY, "split", 13, "the test rows hold no positive case"),
    "money upside down": (loans, ENTRY + ", outcome_value: {tp: 0, fn: [-1, -2, -3], fp: 0, tn: 0}", "outcome_value.fn", 8, "need low <= mode <= high"),
    "money that is missing": (loans, ENTRY + ", outcome_value: {tp: 0, fn: -1, fp: 0}", "outcome_value.tn", 2, "is missing"),
    "a public set that is not": (loans, ENTRY.replace("data/loans.csv", "'public:german_credits'"), "data", 17, 'did you mean "german_credit"?'),
    "a column of no public set": (loans, ENTRY.replace("data/loans.csv", "'public:german_credit'"), "target", 17, 'not in the public data set "german_credit"'),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_table_that_is_no_case_is_refused(name, tmp_path):
    make, entry, key, rule, words = BAD_TABLES[name]
    report = client.check(bank(tmp_path, entry, make()).path)
    assert [(p.column, p.rule) for p in report.problems] == [(f"cases.{key}", rule)]
    assert words in report.problems[0].sentence


def test_images_of_mixed_size_are_refused(tmp_path):
    folder = bank(
        tmp_path, "asset_id: M1, case: image_classifier, data: data/castings, positive: bad, split: {by: random, test_share: 0.3}", sample=M
    )  # fmt: skip
    for name, size in (
        ("good/a", (8, 8)),
        ("good/b", (8, 8)),
        ("good/c", (8, 8)),
        ("bad/a", (8, 8)),
        ("bad/b", (8, 8)),
        ("bad/c", (9, 8)),
    ):
        file = folder.path / "data/castings" / f"{name}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size).save(file)
    (problem,) = client.check(folder.path).problems
    assert problem.rule == 41 and "images of 2 sizes" in problem.sentence
    assert '"bad/c.jpg" 8 × 9 × 3' in problem.sentence
    Image.new("RGB", (8, 8)).save(folder.path / "data/castings/bad/c.jpg")
    case = casework.of_client(client.load(folder.path).only("cases"), folder.path, "M1")
    assert case.test.x.shape[1:] == (8, 8, 3) and case.n == 6


@pytest.mark.parametrize(("mode", "form", "shape"), [("L", "PNG", (5, 7)), ("RGB", "PNG", (5, 7, 3)), ("L", "JPEG", (5, 7)), ("RGB", "JPEG", (5, 7, 3))])  # fmt: skip
def test_the_size_of_an_image_is_read_from_its_header(mode, form, shape, tmp_path):
    from lepton_nb.client import case_images

    stream = io.BytesIO()
    Image.new(mode, (7, 5)).save(stream, form)
    (tmp_path / "x").write_bytes(stream.getvalue())
    assert case_images.size_of_image(tmp_path / "x") == shape
    (tmp_path / "x").write_bytes(stream.getvalue()[:12])
    assert case_images.size_of_image(tmp_path / "x") is None


def test_a_model_for_images_of_another_size_is_refused(tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    x, y = pictures(60)
    folder = bank(
        tmp_path, "asset_id: M1, case: image_classifier, data: data/castings.npz, model: data/model.onnx, split: {by: random, test_share: 0.5}", sample=M
    )  # fmt: skip
    np.savez_compressed(folder.path / "data/castings.npz", x=x, y=y)
    brightest(onnx, folder.path / "data/model.onnx", [None, 32, 32, 1], onnx.TensorProto.FLOAT)
    (problem,) = client.check(folder.path).problems
    assert problem.rule == 44 and "the images of the case are (n, 16, 16, 1)" in problem.sentence
    brightest(onnx, folder.path / "data/model.onnx", [None, 16, 16, 1], onnx.TensorProto.FLOAT)
    case = casework.of_client(client.load(folder.path).only("cases"), folder.path, "M1")
    assert doors.scores(case).test.shape == (30,)


def test_inputs_by_the_names_of_the_columns():
    ports = (
        case_models.Port("income", "number", (None, 1), "float"),
        case_models.Port("sector", "text", (None, 1), "string"),
    )
    case_models.fits(ports, {"income": "number", "sector": "text"}, None)
    with pytest.raises(case_models.Wrong, match="name the inputs as the columns: wage"):
        case_models.fits(ports, {"wage": "number", "sector": "text"}, None)
    with pytest.raises(case_models.Wrong, match='takes numbers as "income"'):
        case_models.fits(ports, {"income": "text", "sector": "text"}, None)
