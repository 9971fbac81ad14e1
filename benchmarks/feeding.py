"""What an epoch costs by the way its batches reach ``fit``: as arrays, or by ``training.feed``; in turn, one process.

``busy`` ends with the last step; ``whole`` when ``fit`` is back and the next epoch may begin. The difference is time in
which no core works. ``steps`` calls ``train_on_batch`` by hand: nothing lies between the batches and the network.

    python benchmarks/feeding.py [--repeat 6] [--seconds 12]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from lepton_nb import training

keras = training.keras
BATCH = 16


class LastStep(keras.callbacks.Callback):
    """When the last step was done."""

    def on_train_batch_end(self, batch, logs=None):
        self.at = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=12.0, help="about so long is an epoch")
    asked = parser.parse_args()
    wide = keras.layers.Dense
    model = keras.Sequential([keras.Input((1000,)), wide(2000, "relu"), wide(2000, "relu"), wide(1)])
    model.compile("sgd", "mse")
    few = np.zeros((BATCH, 1000), "float32"), np.zeros((BATCH, 1), "float32")
    model.train_on_batch(*few)
    start = time.perf_counter()
    for _ in range(50):
        model.train_on_batch(*few)
    steps = max(1, int(asked.seconds * 50 / (time.perf_counter() - start)))
    inputs, targets = np.zeros((steps * BATCH, 1000), "float32"), np.zeros((steps * BATCH, 1), "float32")

    def by_hand(watch):
        for step in range(steps):
            model.train_on_batch(inputs[step * BATCH : (step + 1) * BATCH], targets[step * BATCH : (step + 1) * BATCH])
        watch.on_train_batch_end(steps)

    def arrays(watch):
        model.fit(inputs, targets, batch_size=BATCH, verbose=0, callbacks=[watch])

    def fed(watch):
        rows = training.Rows(inputs, targets, batch_size=BATCH, seed=0)
        model.fit(training.feed(rows), shuffle=False, verbose=0, callbacks=[watch])

    found = {"steps": [], "arrays": [], "feed": []}
    for _ in range(asked.repeat):
        for name, way in zip(found, (by_hand, arrays, fed), strict=True):
            watch, start = LastStep(), time.perf_counter()
            way(watch)
            found[name].append((watch.at - start, time.perf_counter() - start))
    print(
        f"{steps} steps of {BATCH} rows, {asked.repeat} epochs each, seconds\n{'':8}{'busy':>8}{'whole':>8}{'longest':>9}"
    )
    for name, times in found.items():
        busy, whole = np.mean(times, axis=0)
        print(f"{name:8}{busy:8.2f}{whole:8.2f}{max(whole for _, whole in times):9.2f}")
    ratio = np.mean(found["arrays"], axis=0)[1] / np.mean(found["feed"], axis=0)[1]
    print(f"arrays over feed: {ratio:.2f} (mean of whole epochs; TensorFlow's tuner sleeps in doubling intervals)")


if __name__ == "__main__":
    main()
