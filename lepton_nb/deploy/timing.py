"""How fast a network answers on this processor: forms of it in turn, so that other work on the machine hits all alike."""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Runner = Callable[[np.ndarray], np.ndarray]


def onnx_runner(path: str | Path, threads: int = 1) -> Runner:
    """Inputs (n, …) → the first output of an ONNX file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda inputs: session.run(None, {name: inputs})[0]


def litert_runner(path: str | Path, threads: int = 1) -> Runner:
    """Inputs (n, …) → the output of a LiteRT file, by the package ai-edge-litert, or else by TensorFlow's copy of it."""
    from lepton_nb.deploy.exporting import quietly

    with quietly():  # TensorFlow's copy announces that it will go one day
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            from tensorflow.lite.python.interpreter import Interpreter
        interpreter = Interpreter(str(path), num_threads=threads)
        interpreter.allocate_tensors()
    given, asked = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run(inputs: np.ndarray) -> np.ndarray:
        if tuple(interpreter.get_input_details()[0]["shape"]) != inputs.shape:
            interpreter.resize_tensor_input(given, inputs.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(given, inputs)
        interpreter.invoke()
        return interpreter.get_tensor(asked)

    return run


def keras_runner(model: Any) -> Runner:
    """Inputs (n, …) → the output of a Keras network, one compiled call."""
    return model.predict_on_batch


@dataclass(frozen=True)
class Times:
    """What calls took. seconds: on the clock; core_seconds: of processors, all threads together; (rounds, calls) both.

    rows: inputs of one call. The clock is what one waits, and counts what else the machine does; processors' time is
    what one pays, and does not.
    """

    seconds: np.ndarray
    core_seconds: np.ndarray
    rows: int

    def quantile(self, share: float) -> float:
        """Seconds on the clock that this share of the calls did not exceed."""
        return float(np.quantile(self.seconds, share))

    @property
    def a_core_second(self) -> float:
        """Inputs that a second of one core answers, by the median call."""
        return self.rows / float(np.median(self.core_seconds))


@dataclass(frozen=True)
class Ratio:
    """How many times as fast, with an interval. n: rounds."""

    value: float
    low: float
    high: float
    n: int


def race(runners: Mapping[str, Runner], inputs: np.ndarray, rows: int, rounds: int, calls: int) -> dict[str, Times]:
    """Time each form of a network: in each round ``calls`` calls of each, on ``rows`` inputs of ``inputs`` (n, …)."""
    taken = {name: (np.zeros((rounds, calls)), np.zeros((rounds, calls))) for name in runners}
    pieces = [inputs[start : start + rows] for start in range(0, len(inputs) - rows + 1, rows)]
    for run in runners.values():
        run(pieces[0])  # the first call plans memory
    for number in range(rounds):
        for name, run in runners.items():
            for call in range(calls):
                piece = pieces[(number * calls + call) % len(pieces)]
                clock, core = time.perf_counter(), time.process_time()
                run(piece)
                taken[name][1][number, call] = time.process_time() - core
                taken[name][0][number, call] = time.perf_counter() - clock
    return {name: Times(*both, rows) for name, both in taken.items()}


def over(first: Sequence[float], second: Sequence[float], draws: int = 2000, seed: int = 0) -> Ratio:
    """The median of first over second, pair by pair, with a 95 % interval from drawing pairs anew."""
    ratios = np.array(first, float) / np.array(second, float)
    drawn = np.random.default_rng(seed).integers(0, len(ratios), (draws, len(ratios)))
    low, high = np.quantile(np.median(ratios[drawn], axis=1), [0.025, 0.975])
    return Ratio(float(np.median(ratios)), float(low), float(high), len(ratios))


def by_layer(path: str | Path, inputs: np.ndarray, layers: Sequence[str], calls: int = 20) -> dict[str, float]:
    """Seconds of each layer of an ONNX file, of each the least of so many calls, by the runtime's own profile.

    layers: words of which one stands in the names of an operator; what has none of them is summed under ``other``.
    """
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 3, 1
        options.enable_profiling, options.profile_file_prefix = True, str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for _ in range(calls):
            session.run(None, {session.get_inputs()[0].name: inputs})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    least: dict[str, float] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            least[event["name"]] = min(event["dur"], least.get(event["name"], math.inf))
    found = dict.fromkeys((*layers, "other"), 0.0)
    for name, microseconds in least.items():
        found[next((layer for layer in layers if layer in name), "other")] += 1e-6 * microseconds
    return found


def faster(slow: Times, fast: Times, of_cores: bool = False) -> Ratio:
    """Median time of one form over that of another, by the round, with a 95 % interval.

    Both must come from one race: the same rounds are drawn of both. of_cores: processors' time, not the clock's.

    Reference: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    taken = [times.core_seconds if of_cores else times.seconds for times in (slow, fast)]
    return over(*(np.median(seconds, axis=1) for seconds in taken))
