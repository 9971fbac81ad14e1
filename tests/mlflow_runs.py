"""Runs and models for the tests of the import, logged by MLflow's own client. Executed in MLflow's own environment.

python mlflow_runs.py ADDRESS KERAS_FILE
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROWS = 300
THRESHOLD = 0.4


def rows(seed: int) -> dict[str, list]:
    """Cases with a class, a score that knows something of it, and a coarse decision of before."""
    draw = random.Random(seed)
    target = [int(draw.random() < 0.3) for _ in range(ROWS)]
    score = [round(min(max(0.3 + 0.3 * y + draw.gauss(0, 0.2), 0), 1), 4) for y in target]
    return {
        "target": target,
        "score": score,
        "baseline": [int(draw.random() < 0.35 + 0.25 * y) for y in target],
        "amount": [float(draw.randint(100, 900)) for _ in target],
        "group": [draw.choice("AB") for _ in target],
        "customer_name": ["Ann Example" if y else "Bob Example" for y in target],
    }


def counts(seed: int) -> tuple[dict[str, int], dict[str, int]]:
    """What the scores from the threshold on, and the baseline, get right and wrong."""
    found = rows(seed)
    flagged = [int(score >= THRESHOLD) for score in found["score"]]
    return tuple(
        {
            "tp": sum(y and f for y, f in zip(found["target"], side, strict=True)),
            "fp": sum(not y and f for y, f in zip(found["target"], side, strict=True)),
            "fn": sum(y and not f for y, f in zip(found["target"], side, strict=True)),
            "tn": sum(not y and not f for y, f in zip(found["target"], side, strict=True)),
        }
        for side in (flagged, found["baseline"])
    )


def network(width: int):
    """An ONNX network of 3 inputs; from a width of a few hundred MLflow keeps its weights in a file of their own."""
    from onnx import TensorProto, helper

    draw = random.Random(1)
    weights = {"w": (3, width), "v": (width, 1)}
    tensors = [
        helper.make_tensor(name, TensorProto.FLOAT, shape, packed(draw, shape[0] * shape[1]), raw=True)
        for name, shape in weights.items()
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("MatMul", ["h", "v"], ["z"]),
        helper.make_node("Sigmoid", ["z"], ["y"]),
    ]
    ports = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size])] for name, size in (("x", 3), ("y", 1))
    ]
    graph = helper.make_graph(nodes, "network", *ports, initializer=tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def packed(draw: random.Random, size: int) -> bytes:
    import struct

    return struct.pack(f"<{size}f", *(draw.gauss(0, 0.1) for _ in range(size)))


def log(address: str, keras_file: Path) -> None:
    import mlflow
    import pandas
    from mlflow import MlflowClient
    from mlflow.models import Model
    from sklearn.linear_model import LogisticRegression

    mlflow.set_tracking_uri(address)
    client = MlflowClient()
    forest = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    pickled = {"name": "model", "serialization_format": "cloudpickle", "pip_requirements": ["scikit-learn"]}

    mlflow.set_experiment("risk")
    for seed in (1, 2):  # two versions, the older one in use
        with mlflow.start_run(run_name=f"credit {seed}"):
            mlflow.log_params({"threshold": THRESHOLD, "password": "pa55-of-a-param"})
            mlflow.log_metric("auc", 0.8 + seed / 100)
            mlflow.log_table(rows(seed), "predictions.json")
            mlflow.sklearn.log_model(forest, registered_model_name="credit-default", **pickled)
    client.set_registered_model_alias("credit-default", "champion", 1)
    client.set_registered_model_tag("credit-default", "lepton.asset_id", "C1")
    client.set_registered_model_tag("credit-default", "lepton.useful_life_years", "4")
    client.set_registered_model_tag("credit-default", "lepton.usefull_life", "5")
    client.set_registered_model_tag("credit-default", "token", "t0ken-of-a-tag")

    with mlflow.start_run(run_name="fraud"):
        ours, theirs = counts(3)
        names = {"tp": "true_positives", "fp": "false_positives", "fn": "false_negatives", "tn": "true_negatives"}
        mlflow.log_metrics({names[cell]: float(n) for cell, n in ours.items()})
        mlflow.log_metrics({f"baseline_{names[cell]}": float(n) for cell, n in theirs.items()})
        mlflow.sklearn.log_model(forest, registered_model_name="fraud", **pickled)
    client.transition_model_version_stage("fraud", 1, "Production")

    with mlflow.start_run(run_name="old"):
        mlflow.log_metrics({"tp": 0.94, "fp": 0.02, "fn": 0.06, "tn": 0.98})
        mlflow.log_table({"truth": [0, 1], "prediction": [0, 1]}, "predictions.json")
        mlflow.sklearn.log_model(forest, registered_model_name="CON", **pickled)
    client.transition_model_version_stage("CON", 1, "Archived")

    mlflow.set_experiment("networks")
    with TemporaryDirectory() as place, mlflow.start_run(run_name="scores"):
        found = rows(4)
        features = pandas.DataFrame({"a": found["score"], "b": found["amount"], "c": found["amount"][::-1]})
        table = features.assign(defaulted=found["target"], rule=found["baseline"])
        table.to_csv(Path(place) / "held_out.csv", index=False)
        mlflow.log_artifact(Path(place) / "held_out.csv", "tables")
        mlflow.onnx.log_model(network(400), name="model", registered_model_name="模型 ..x", pip_requirements=["onnx"])
    for name, value in (("data", "tables/held_out.csv"), ("column.target", "defaulted"), ("column.baseline", "rule")):
        client.set_model_version_tag("模型 ..x", 1, f"lepton.{name}", value)

    with mlflow.start_run(run_name="small"):
        mlflow.onnx.log_model(network(2), name="model", registered_model_name="small", pip_requirements=["onnx"])

    with TemporaryDirectory() as place, mlflow.start_run(run_name="keras") as run:
        # the layout of mlflow.keras, whose own function needs Keras in this environment
        (Path(place) / "data").mkdir()
        (Path(place) / "data" / "model.keras").write_bytes(keras_file.read_bytes())
        model = Model()
        model.add_flavor("keras", data="data", keras_version="3", keras_backend="tensorflow", save_exported_model=False)
        model.add_flavor("python_function", loader_module="mlflow.keras", data="data")
        model.save(Path(place) / "MLmodel")
        mlflow.log_artifacts(place, "model")
        client.create_registered_model("keras")
        client.create_model_version("keras", f"runs:/{run.info.run_id}/model", run.info.run_id)


def main() -> None:
    log(sys.argv[1], Path(sys.argv[2]))


if __name__ == "__main__":
    main()
