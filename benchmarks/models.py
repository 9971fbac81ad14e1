"""How fast the networks train: items a second by precision and backend, and time to accuracy beside the articles'.

Speed: each network's training step on made-up data of the real shapes, in a process of its own for each backend of
Keras that is installed (TensorFlow, JAX, PyTorch); networks and precisions take turns within the process, and the
fastest of the repetitions counts. Time to accuracy: read from the recorded full runs in ``book/measured/``, where our
recipe and the article's ran in turn on one machine; ``lepton-nb report --profile full`` measures it again.

    python benchmarks/models.py [--repeat 5] [--networks mnist,cifar10] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
PRECISIONS = ("float32", "mixed_bfloat16")
#: Case → what its record calls the seconds of both recipes, and our seconds to the article's final result.
RECORDED = {
    "mnist": ("s12_seed0", "ours_seed0", "ours_seed0_to_s12_final_accuracy"),
    "cifar10": ("article_seed0", "ours_seed0", "small_seed0_to_article_final_accuracy"),
}


def networks(dtype: str) -> dict:
    """Case and recipe → (compiled model, one batch of inputs and targets, items a batch, name of an item)."""
    import keras
    import numpy as np

    from lepton_nb import models

    generator = np.random.default_rng(0)
    made = {}

    def images(name, model, count, shape, kind="float32"):
        pictures = generator.integers(0, 255, (count, *shape)).astype(kind)
        model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
        made[name] = (model, (pictures, generator.integers(0, 10, count)), count, "images")

    images("mnist, article", models.build_mnist_article(), 64, (28, 28, 1)) if dtype == "float32" else None
    images("mnist, ours", models.build_mnist(dtype=dtype), 128, (28, 28, 1))
    images("cifar10, article", models.build_cifar10_article(), 32, (32, 32, 3), "uint8") if dtype == "float32" else None
    images("cifar10, ours", models.build_cifar10(dtype=dtype), 256, (32, 32, 3), "uint8")
    tokens = generator.integers(4, 4000, (3, 64, 20)).astype("int32")
    translator = models.build_translation(4000, dtype=dtype)
    translator.trainee.compile(keras.optimizers.Adam(), _mean)
    made["translation, ours"] = (translator.trainee, (list(tokens), np.zeros((64, 20), "float32")), 64 * 20, "tokens")
    return made


def _mean(_, losses):
    import keras

    return keras.ops.mean(losses)


def measure(repeat: int, chosen: list[str]) -> list[dict]:
    """Items a second of each network in each precision, in this process."""
    from lepton_nb import training  # noqa: F401  starts Keras quietly

    import keras  # isort: skip

    candidates = {(name, dtype): found for dtype in PRECISIONS for name, found in networks(dtype).items()}
    candidates = {key: found for key, found in candidates.items() if not chosen or key[0].split(",")[0] in chosen}
    fastest = dict.fromkeys(candidates, float("inf"))
    for turn in range(repeat + 2):
        for key, (model, batch, _, _) in candidates.items():
            before = time.perf_counter()
            for _ in range(3):
                loss = model.train_on_batch(*batch)
            assert loss == loss, f"{key}: the loss is not a number"
            if turn >= 2:  # the first ones build the graph
                fastest[key] = min(fastest[key], (time.perf_counter() - before) / 3)
    return [
        {"network": name, "backend": keras.backend.backend(), "precision": dtype, "unit": f"{unit} a second"}
        | {"speed": candidates[name, dtype][2] / fastest[name, dtype]}
        for (name, dtype), (_, _, _, unit) in candidates.items()
    ]


def time_to_accuracy() -> list[dict]:
    """From the records: seconds of both recipes and of ours until it passes the article's final result."""
    from lepton_nb import results

    rows = []
    for case, (article, ours, past) in RECORDED.items():
        record = results.recorded(case)
        if record is None or article not in record.seconds or past not in record.seconds:
            rows.append({"case": case, "article_s": None, "ours_s": None, "ours_past_article_s": None, "ratio": None})
            continue
        seconds = record.seconds
        rows.append(
            {"case": case, "article_s": seconds[article], "ours_s": seconds[ours], "ours_past_article_s": seconds[past]}
            | {"ratio": seconds[article] / seconds[past]}
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--networks", default="")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        print(json.dumps(measure(given.repeat, [name for name in given.networks.split(",") if name])))
        return
    speeds = []
    for backend, module in BACKENDS.items():
        if find_spec(module) is None:
            print(f"{backend}: not installed, left out")
            continue
        command = [sys.executable, __file__, "--here", "--repeat", str(given.repeat), "--networks", given.networks]
        environment = os.environ | {"KERAS_BACKEND": backend}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{backend}: failed\n{done.stderr[-2000:]}")
            continue
        speeds += json.loads(done.stdout.splitlines()[-1])
    plain = {(row["network"], row["backend"]): row["speed"] for row in speeds if row["precision"] == "float32"}
    print(f"\n{'network':22}{'backend':12}{'precision':16}{'speed':>10}  {'of float32':>10}")
    for row in speeds:
        ratio = row["speed"] / plain[row["network"], row["backend"]]
        print(
            f"{row['network']:22}{row['backend']:12}{row['precision']:16}{row['speed']:10,.0f}  {ratio:9.2f}×  {row['unit']}"
        )
    times = time_to_accuracy()
    print(f"\n{'case':12}{'article':>10}{'ours':>10}{'ours past the article':>24}{'ratio':>8}   (recorded full runs)")
    for row in times:
        if row["ratio"] is None:
            print(f"{row['case']:12}no recorded run")
        else:
            print(
                f"{row['case']:12}{row['article_s']:8.0f} s{row['ours_s']:8.0f} s{row['ours_past_article_s']:22.0f} s{row['ratio']:7.1f}×"
            )
    if given.out:
        about = {"processor": platform.processor(), "cores": os.cpu_count(), "keras": metadata.version("keras")}
        given.out.write_text(json.dumps(about | {"speeds": speeds, "time_to_accuracy": times}, indent=1) + "\n")


if __name__ == "__main__":
    main()
