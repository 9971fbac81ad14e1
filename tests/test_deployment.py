"""A model on its way into use: what is opened, answered and refused, who waits with whom, what is counted, what is left out."""

from __future__ import annotations

import asyncio
import datetime
import io
import json
import pickle
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import requests

from lepton_nb import client, extras
from lepton_nb.deploy import asking, door, load, local, timing
from lepton_nb.deploy.batching import Batcher, Busy, Limits
from lepton_nb.deploy.use import COLUMNS, Use
from lepton_nb.page import deployment_charts as charts
from lepton_nb.page import words
from lepton_nb.report import chapters, planning

ROOT = Path(__file__).resolve().parent.parent
served = pytest.mark.skipif(bool(extras.lacking("serve")), reason=f"serve {extras.lacking('serve')}")
WEIGHTS = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]], np.float32)


def onnx_file(
    path: Path, takes=("n", 3), kind: str = "FLOAT", operator: str = "MatMul", domain: str = "", outside: bool = False
) -> Path:
    """rows (n, 3) → rows · WEIGHTS (n, 2), with what a file may have wrong."""
    onnx = pytest.importorskip("onnx")
    helper, value = onnx.helper, onnx.helper.make_tensor_value_info
    weights = onnx.numpy_helper.from_array(WEIGHTS, "w")
    if outside:
        weights.ClearField("raw_data")
        weights.data_location = onnx.TensorProto.EXTERNAL
        weights.external_data.add(key="location", value="../../etc/passwd")
    number = getattr(onnx.TensorProto, kind)
    steps = [] if kind == "FLOAT" else [helper.make_node("Cast", ["x"], ["f"], to=onnx.TensorProto.FLOAT)]
    steps.append(helper.make_node(operator, ["x" if kind == "FLOAT" else "f", "w"], ["y"], domain=domain))
    graph = helper.make_graph(
        steps, "g", [value("x", number, list(takes))], [value("y", onnx.TensorProto.FLOAT, ["n", 2])], [weights]
    )
    domains = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    path.write_bytes(helper.make_model(graph, opset_imports=domains, ir_version=9).SerializeToString())
    return path


def one_for_all(path: Path) -> None:
    """A model that gives one number, however many rows it is asked."""
    onnx = pytest.importorskip("onnx")
    value, float32 = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    mean = onnx.helper.make_node("ReduceMean", ["x"], ["y"], keepdims=0)
    graph = onnx.helper.make_graph([mean], "g", [value("x", float32, ["n", 3])], [value("y", float32, [])])
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(made.SerializeToString())


# ---------------------------------------------------------------- the door


@pytest.mark.parametrize(
    ("name", "make", "words_of_it"),
    [
        ("none.onnx", lambda path: None, "there is no such file"),
        ("model.pkl", lambda path: path.write_bytes(pickle.dumps([1])), "only ONNX is served"),
        ("model.keras", lambda path: path.write_bytes(b"PK"), "only ONNX is served"),
        ("model.onnx", lambda path: path.write_bytes(pickle.dumps({"a": 1})), "runs any code when it is opened"),
        ("model.onnx", lambda path: path.write_bytes(b""), "is empty"),
        ("model.onnx", lambda path: path.write_bytes(b"\x08\x07garbage"), "cannot be read as ONNX"),
        (
            "model.onnx",
            lambda path: onnx_file(path, domain="my.own", operator="Secret"),
            "which onnxruntime does not have",
        ),
        ("model.onnx", lambda path: onnx_file(path, outside=True), "keeps its weights in another file"),
        ("model.onnx", lambda path: onnx_file(path, takes=(1, 3)), "takes exactly 1 row at a time"),
        (
            "model.onnx",
            lambda path: onnx_file(path, operator="MatMul", takes=("n", 4)),
            "cannot be opened by onnxruntime",
        ),
        ("model.onnx", lambda path: one_for_all(path), r"of shape \(\) for two rows; export it"),
    ],
)
def test_a_file_that_may_not_be_served_is_refused_in_a_sentence(name, make, words_of_it, tmp_path):
    make(tmp_path / name)
    with pytest.raises(ValueError, match=words_of_it):
        door.Model(tmp_path / name)


@pytest.fixture
def model(tmp_path):
    return door.Model(onnx_file(tmp_path / "model.onnx"))


def npy(array, **options) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def test_rows_come_as_json_or_as_an_array_and_give_the_same(model):
    rows = [[1, 2, 3], [0.5, 0, -1]]
    for body, kind in ((json.dumps({"rows": rows}).encode(), door.JSON), (npy(np.array(rows)), door.NPY),
                       (json.dumps({"inputs": {"x": rows}}).encode(), door.JSON)):  # fmt: skip
        inputs, count = model.rows(body, kind, 10)
        assert count == 2 and inputs["x"].dtype == np.float32
        assert model.run(inputs)[0] == pytest.approx(np.array(rows, np.float32) @ WEIGHTS)


@pytest.mark.parametrize(
    ("body", "kind", "status", "words_of_it"),
    [
        (b"{", door.JSON, 400, "no JSON"),
        (b"[" * 100_000, door.JSON, 400, "no JSON"),
        (b"[1]", door.JSON, 422, "must be"),
        (b'{"inputs": {"z": [[1, 2, 3]]}}', door.JSON, 422, "missing or too many: x, z"),
        (b'{"rows": [[1, 2]]}', door.JSON, 422, r"must be \(rows, 3\). Received: \(1, 2\)"),
        (b'{"rows": [[1, 2, 3], [1]]}', door.JSON, 422, "different lengths"),
        (b'{"rows": [["a", "b", "c"]]}', door.JSON, 422, "takes numbers"),
        (b'{"rows": [[1, NaN, 3]]}', door.JSON, 422, "Row 0 of input 'x' holds a value that is no finite number"),
        (b'{"rows": [[1e39, 1, 3]]}', door.JSON, 422, "no finite number"),
        (b'{"rows": []}', door.JSON, 422, "must be|0 rows"),
        (b'{"rows": 3}', door.JSON, 422, "must be"),
        (json.dumps({"rows": [[1, 2, 3]] * 5}).encode(), door.JSON, 413, "5 rows; from 1 to 4"),
        (npy(np.ones((1, 3)))[:-1], door.NPY, 400, "not whole"),
        (npy(np.array([[{}, 1, 2]], object), allow_pickle=True), door.NPY, 422, "nothing that could be code"),
        (b"\x93NUMPY\x01\x00\x10\x00{broken          ", door.NPY, 400, "no array"),
        (npy(np.ones((3, 1))).replace(b"(3, 1)", b"(9**9,)"), door.NPY, 400, "array"),
        (b"x", "text/plain", 415, "must be application/json"),
        (b"x", "", 415, "missing"),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused_in_a_sentence(body, kind, status, words_of_it, model):
    with pytest.raises(door.Refused, match=words_of_it) as stop:
        model.rows(body, kind, 4)
    assert stop.value.status == status


def test_a_header_that_claims_more_than_there_is_allocates_nothing(model):
    for shape in ((99_999_999_999, 3), (-1, 3), (2**62, 4)):
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
        with pytest.raises(door.Refused, match="not whole"):
            model.rows(stream.getvalue() + bytes(12), door.NPY, 4)


def test_bytes_are_taken_as_bytes_and_nothing_else(tmp_path):
    model = door.Model(onnx_file(tmp_path / "model.onnx", kind="UINT8"))
    assert model.rows(b'{"rows": [[0, 255, 7]]}', door.JSON, 4)[0]["x"].dtype == np.uint8
    for rows in ("[[0, 256, 1]]", "[[0, -1, 1]]", "[[0.5, 1, 1]]"):
        with pytest.raises(door.Refused, match="whole numbers from 0 to 255"):
            model.rows(f'{{"rows": {rows}}}'.encode(), door.JSON, 4)


# ---------------------------------------------------------------- the line


def together(coroutine, run, limits=None, seen=None):
    async def inside():
        batcher = Batcher(
            run, limits or Limits(), lambda rows, seconds: seen.append(rows) if seen is not None else None
        )
        batcher.start()
        try:
            return await coroutine(batcher)
        finally:
            batcher.stop()

    return asyncio.run(inside())


def rows_of(*numbers: float) -> dict[str, np.ndarray]:
    return {"x": np.array(numbers, np.float32)[:, None]}


def slow(inputs):
    time.sleep(0.02)
    return [2 * inputs["x"]]


def test_each_request_gets_its_own_rows_back_whoever_it_went_with():
    async def ask(batcher):
        return await asyncio.gather(*(batcher.ask(rows_of(n, n + 0.5), 2) for n in range(20)))

    seen = []
    answers = together(ask, slow, Limits(batch=8), seen)
    for n, (output,) in enumerate(answers):
        assert output[:, 0].tolist() == [2 * n, 2 * n + 1]
    assert max(seen) == 8 and sum(seen) == 40 and len(seen) < 20


def test_with_a_batch_of_one_each_request_goes_alone_and_a_large_one_goes_whole():
    async def ask(batcher):
        return await asyncio.gather(
            batcher.ask(rows_of(1), 1), batcher.ask(rows_of(*range(9)), 9), batcher.ask(rows_of(2), 1)
        )

    seen = []
    together(ask, slow, Limits(batch=1), seen)
    assert seen == [1, 9, 1]


def test_a_full_line_refuses_and_who_waits_too_long_is_told():
    async def fill(batcher):
        return await asyncio.gather(*(batcher.ask(rows_of(n), 1) for n in range(6)), return_exceptions=True)

    found = together(fill, slow, Limits(batch=1, line=3))
    assert [type(one) for one in found].count(Busy) == 3

    def slower(inputs):
        time.sleep(0.5)
        return [inputs["x"]]

    found = together(fill, slower, Limits(batch=1, seconds=0.9))
    assert TimeoutError in [type(one) for one in found] and any(isinstance(one, list) for one in found)


def test_one_that_fails_takes_no_other_with_it():
    def run(inputs):
        time.sleep(0.01)
        if (inputs["x"] < 0).any():
            raise RuntimeError("negative")
        return [inputs["x"]]

    async def ask(batcher):
        return await asyncio.gather(*(batcher.ask(rows_of(n), 1) for n in (1, 2, -1, 3)), return_exceptions=True)

    found = together(ask, run)
    assert [str(one) if isinstance(one, Exception) else one[0][0, 0] for one in found] == [1, 2, "negative", 3]


def test_rows_of_another_form_do_not_go_together():
    async def ask(batcher):
        wide = {"x": np.ones((1, 2), np.float32)}
        return await asyncio.gather(batcher.ask(rows_of(1), 1), batcher.ask(wide, 1), batcher.ask(rows_of(2), 1))

    assert [one[0].shape for one in together(ask, slow)] == [(1, 1), (1, 2), (1, 1)]


# ---------------------------------------------------------------- the service


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    if extras.lacking("serve"):
        pytest.skip(f"serve {extras.lacking('serve')}")
    path = onnx_file(tmp_path_factory.mktemp("served") / "model.onnx")
    with local.service(path, "--rows", "8", "--body", "0.01", "--asset", "M1", "--watts", "10") as found:
        yield found


def test_the_service_answers_tells_and_refuses(address):
    rows = [[1, 2, 3], [4, 5, 6]]
    said = requests.post(f"{address}/predict", json={"rows": rows}, timeout=10)
    assert said.status_code == 200 and said.json()["outputs"]["y"] == (np.array(rows) @ WEIGHTS).tolist()
    assert asking.ask(address, np.array(rows), size=1) == pytest.approx(np.array(rows) @ WEIGHTS)
    for sent, body, kind in asking.BAD:
        found = asking.refusal(address, body, kind)
        assert 400 <= found["status"] < 500 and len(found["said"]) > 20, sent
    assert requests.post(f"{address}/predict", data=b"x" * 20_000, timeout=10).status_code == 413
    parts = (b"x" * 5000 for _ in range(4))  # no length is stated
    assert requests.post(f"{address}/predict", data=parts, timeout=10).status_code == 413
    health = requests.get(f"{address}/health", timeout=10).json()
    assert health["status"] == "ok" and health["most_rows"] == 8 and len(health["sha256"]) == 64
    assert requests.get(f"{address}/docs", timeout=10).status_code == 404


def test_metrics_are_what_prometheus_reads(address):
    parser = pytest.importorskip("prometheus_client.parser")

    def counted():
        text = requests.get(f"{address}/metrics", timeout=10).text
        found = {}
        for family in parser.text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name, sample.labels.get("status", ""), sample.labels.get("le", "")] = sample.value
        return found

    before = counted()
    requests.post(f"{address}/predict", json={"rows": [[1, 2, 3]] * 5}, timeout=10)
    requests.post(f"{address}/predict", json={"rows": [[1, 2]]}, timeout=10)
    after = counted()
    grown = {key: value - before.get(key, 0) for key, value in after.items()}
    assert grown["lepton_requests_total", "200", ""] == 1 and grown["lepton_requests_total", "422", ""] == 1
    assert grown["lepton_rows_total", "", ""] == 5 and grown["lepton_model_seconds_total", "", ""] > 0
    assert grown["lepton_batch_rows_bucket", "", "8.0"] == 1 and grown["lepton_batch_rows_bucket", "", "4.0"] == 0


def test_its_use_is_a_table_that_a_clients_folder_takes(address, tmp_path):
    requests.post(f"{address}/predict", json={"rows": [[1, 2, 3]]}, timeout=10)
    text = requests.get(f"{address}/usage.csv", timeout=10).text
    head, row = (line.split(",") for line in text.splitlines())
    assert tuple(head) == COLUMNS and row[0] == "M1" and int(row[2]) >= 1 and float(row[3]) > 0
    shutil.copytree(ROOT / "clients" / "manufacturer", tmp_path / "works")
    (tmp_path / "works" / "usage.csv").write_text(text, encoding="utf-8")
    assert not client.check(tmp_path / "works").problems
    (use,) = client.load(tmp_path / "works").usage
    assert use.requests == int(row[2]) and use.p95_ms >= use.p50_ms


def test_a_load_counts_from_when_a_request_was_due(tmp_path):
    if extras.lacking("serve"):
        pytest.skip(f"serve {extras.lacking('serve')}")
    path = onnx_file(tmp_path / "model.onnx")
    body = [asking.packed(np.ones((1, 3), np.float32))]
    with local.service(path, "--wait", "40", "--batch", "1000") as address:
        idle, pause = load.drive(address, asking.KIND, [(load.Load(20, 0.6), body), (load.Load(0, 0.4, lines=2), body)])
    assert idle.quantile(0.5) >= 0.02 and not idle.refused and 2 <= idle.sent == len(idle.seconds)
    assert pause.answered_a_second < 2 / 0.04
    port = int(address.rsplit(":", 1)[1])
    with socket.socket() as again:  # the service is gone with its block
        assert again.connect_ex(("127.0.0.1", port)) != 0
    (gone,) = load.drive(address, asking.KIND, [(load.Load(30, 0.2, warm=0.0), body)])
    assert gone.sent and not len(gone.seconds) and sum(gone.refused.values()) == gone.sent
    with pytest.raises(ValueError, match="Nothing was answered"):
        gone.quantile(0.5)


@pytest.mark.parametrize("given", [["none.onnx"], ["MODEL", "--port", "TAKEN"], ["MODEL", "--asset", "a b"]])
@served
def test_the_command_refuses_in_a_sentence_with_exit_code_2(given, tmp_path):
    path = onnx_file(tmp_path / "model.onnx")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words_given = [
            str(path) if word == "MODEL" else str(taken.getsockname()[1]) if word == "TAKEN" else word for word in given
        ]
        done = subprocess.run(
            [sys.executable, "-m", "lepton_nb.cli", "serve", *words_given], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 2 and "Traceback" not in done.stdout + done.stderr
    assert done.stdout.strip().endswith((".", "one")) and len(done.stdout.splitlines()) == 1


# ---------------------------------------------------------------- use by month


def test_months_are_counted_apart_and_quantiles_are_right_to_a_hundredth():
    now = [datetime.datetime(2026, 1, 31, 23, 0)]
    use = Use(watts=100, today=lambda: now[0])
    times = np.random.default_rng(0).lognormal(-5, 1, 4000)
    for seconds in times:
        use.answered(seconds)
    now[0] = datetime.datetime(2026, 2, 1, 1, 0)
    use.answered(0.5)
    january, february = use.rows("M1")
    assert (january["month"], january["requests"], february["requests"]) == ("2026-01", 4000, 1)
    assert january["p50_ms"] == pytest.approx(1000 * np.quantile(times, 0.5), rel=0.02)
    assert january["p95_ms"] == pytest.approx(1000 * np.quantile(times, 0.95), rel=0.02)
    assert february["p50_ms"] == pytest.approx(500, rel=0.01) and february["energy_kwh"] == pytest.approx(0.2)


def test_a_cut_keeps_what_is_allowed_and_reads_as_much_as_it_can():
    chances = np.array([[0.99, 0.01], [0.95, 0.05], [0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    truth = np.array([0, 0, 0, 1, 0])
    assert asking.cut(chances, truth, 0.0) == 0.9
    assert asking.cut(chances, truth, 0.2) == 0.7  # one of five
    assert asking.cut(chances, 1 - truth, 0.0) > 1  # the surest one is wrong


def test_an_alarm_seldom_rings_without_a_change():
    draw = np.random.default_rng(0)
    rung = []
    for _ in range(300):
        share = draw.binomial(1000, 0.03) / 1000
        rung.append(np.mean(draw.binomial(200, 0.03, 50) / 200 > asking.alarm_limit(share, 1000, 200)))
    assert np.mean(rung) < 0.003


# ---------------------------------------------------------------- time


def test_forms_are_raced_in_turns_and_a_ratio_has_an_interval_that_holds_it():
    order = []
    runners = {name: lambda x, name=name: order.append((name, len(x))) for name in ("a", "b")}
    found = timing.race(runners, np.zeros((10, 1)), rows=4, rounds=3, calls=2)
    assert order[2:] == [("a", 4), ("a", 4), ("b", 4), ("b", 4)] * 3
    assert found["a"].seconds.shape == found["a"].core_seconds.shape == (3, 2)
    draw = np.random.default_rng(0)
    weather = draw.lognormal(0, 0.5, (40, 1))  # other work slows both
    slow_one, fast_one = (
        timing.Times(base * weather * draw.lognormal(0, 0.05, (40, 10)), np.full((40, 10), base**2), 1)
        for base in (3.0, 2.0)
    )
    ratio = timing.faster(slow_one, fast_one)
    assert ratio.low < 1.5 < ratio.high and ratio.high - ratio.low < 0.2
    assert timing.faster(slow_one, fast_one, of_cores=True).value == pytest.approx(2.25)
    assert timing.Times(np.full((2, 2), 9.0), np.full((2, 2), 0.5), 64).a_core_second == 128


# ---------------------------------------------------------------- smaller networks


@pytest.fixture(scope="module")
def networks():
    shrinking = pytest.importorskip("lepton_nb.deploy.shrinking")
    from lepton_nb.models import build_mnist_article

    return shrinking, lambda units, filters: build_mnist_article(units, filters, image_shape=(14, 14, 1), classes=4)


def test_weights_that_were_left_out_stay_out_when_training_goes_on(networks):
    shrinking, build = networks
    model = build(8, (2, 3))
    before = model.get_layer("dense").kernel.numpy()
    masks = shrinking.leave_out_weights(model, 0.75)
    kernel = model.get_layer("dense").kernel.numpy()
    assert (kernel == 0).mean() == 0.75 and np.abs(before[~masks["dense"]]).max() <= np.abs(
        before[masks["dense"]]
    ).min()
    model.compile("adam", "sparse_categorical_crossentropy")
    draw = np.random.default_rng(0)
    model.fit(draw.random((32, 14, 14, 1), "float32"), draw.integers(0, 4, 32), verbose=0)
    after = model.get_layer("dense").kernel.numpy()
    assert np.all(after[~masks["dense"]] == 0) and np.any(after[masks["dense"]] != kernel[masks["dense"]])
    with pytest.raises(ValueError, match="share must be"):
        shrinking.leave_out_weights(model, 1.0)


def test_filters_that_do_nothing_can_go_without_a_trace(networks):
    shrinking, build = networks
    model, narrow = build(8, (4, 6)), build(5, (3, 4))
    draw = np.random.default_rng(0)
    for name, gone in (("convolution_1", [1]), ("convolution_2", [0, 5]), ("dense", [2, 3, 7])):
        layer = model.get_layer(name)
        kernel, bias = layer.kernel.numpy(), draw.normal(size=layer.bias.shape)
        kernel[..., gone], bias[gone] = 0, 0
        layer.kernel.assign(kernel)
        layer.bias.assign(bias)
    shrinking.leave_out_filters(model, narrow)
    images = draw.random((5, 14, 14, 1)).astype("float32")
    assert narrow.predict_on_batch(images) == pytest.approx(model.predict_on_batch(images), abs=1e-5)
    with pytest.raises(ValueError, match=r"does not fit|same chain"):
        shrinking.leave_out_filters(build(8, (4, 6)), build(9, (4, 7)))


@pytest.mark.parametrize("bits", [4, 8])
def test_a_code_is_at_most_half_a_step_off_and_zero_is_exact(bits, networks):
    values = np.random.default_rng(bits).normal(size=500)
    codes, step, zero = networks[0].quantised(values, bits)
    assert codes.min() >= 0 and codes.max() <= 2**bits - 1
    assert np.abs(step * (codes - zero) - values).max() <= step * 1.001
    assert np.median(np.abs(step * (codes - zero) - values)) <= step / 2
    assert networks[0].quantised(np.array([0.0, 1.0]), bits)[2] == 0


# ---------------------------------------------------------------- an extra


def test_an_extra_names_modules_of_packages_that_pyproject_lists():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for extra, modules in extras.MODULES.items():
        packages = [name.split(">")[0].replace("-", "_") for name in listed[extra]]
        assert set(modules) <= set(packages)
        assert f"lepton-nb[{extra}]" in listed["test"]


def test_a_chapter_whose_extra_is_missing_is_left_out_and_named(monkeypatch, tmp_path):
    monkeypatch.setenv("LEPTON_STATE", str(tmp_path / "state"))
    monkeypatch.setitem(extras.MODULES, "serve", ("no_such_package",))
    folder = ROOT / "clients" / "manufacturer"
    plan = planning.plan(folder, tmp_path / "out")
    assert plan.whole and "deployment" not in {task.name for task in plan.tasks}
    assert plan.left_out["deployment"].endswith("pip install 'lepton-nb[serve]'")
    for asked in ({"only": ["deployment"]}, {"settings": {"deployment": {"seed": 1}}}):
        with pytest.raises(chapters.ChapterProblem, match="deployment: needs no_such_package"):
            planning.plan(folder, tmp_path / "out", **asked)


# ---------------------------------------------------------------- what is told


def ratio(value: float, half: float = 0.05):
    return timing.Ratio(value, value - half, value + half, 30)


def answers(seconds: float):
    return SimpleNamespace(seconds=np.full(10, seconds), quantile=lambda share: seconds)


about = {"bytes": 100, "packed": 90, "points": 0.0, "many_ratio": ratio(1.0)}
share = SimpleNamespace(value=0.9, low=0.88, high=0.92, n=500)
#: Two calls of one function, and what each must say.
TWICE = {
    "loss": (charts.loss_told, ("A", [0.1, 0.2], 1000), ("A", [0.3], 1000), "mean of 2 seeds", "missed"),
    "gain": (charts.loss_told, ("A", [-0.1], 1000), ("A", [0.0], 1000), "gains 0.10 points", "loses no point"),
    "size": (charts.size_told, ("A", 254, 1000), ("A", 260, 1000), "reached", "missed"),
    "faster": (charts.faster_told, ("A", ratio(1.6), ratio(1.5)), ("A", ratio(1.4), ratio(1.6)), "open", "missed"),
    "pruned": (charts.pruned_told, (about, about | {"many_ratio": ratio(2)}, about), (about | {"many_ratio": ratio(0.5)}, about, about),
               "neither faster nor slower", "slower (0.50"),
    "bend": (charts.bend_told, ("A", [(10, 0.01), (20, 0.01)], 0.02, 25), ("A", [(10, 0.01), (20, 0.03)], 0.02, 25),
             "every load tried", "no longer at the next"),
    "no bend": (charts.bend_told, ("A", [(10, 0.03), (20, 0.01)], 0.02, 25), ("A", [(10, 0.01)], 0.02, 25), "even at 10", "up to 10"),
    "foreseen": (charts.foreseen_told, ([{"answers": answers(1), "foreseen": 2.0}],), ([{"answers": answers(3), "foreseen": 2.0}],),
                 "on the safe side", "too hopeful"),
    "no end": (charts.foreseen_told, ([{"answers": answers(1), "foreseen": None}],), ([{"answers": answers(1), "foreseen": 2.0}],),
               "At no load", "safe"),
    "served": (charts.served_told, (64, 90, 100, ratio(0.9)), (1, 10, 100, ratio(0.1)),
               "90 % (85 % to 95 %, 30 rounds); 80 % was the goal, reached", "missed"),
    "served, open": (charts.served_told, (64, 90, 100, ratio(0.8)), (64, 70, 100, ratio(0.7)), "open, since", "missed"),
    "layers": (charts.layers_told, ({"dense": 2.0, "other": 1.0}, {"dense": 1.0, "other": 2.0}), ({"dense": 1.0, "other": 1.0}, {"dense": 3.0, "other": 1.0}),
               "Faster with 8 bits: dense; slower: none. With 8 bits most time goes to: other, 67 %", "slower: dense"),
    "use": (charts.use_told, (share, SimpleNamespace(value=0.001, low=0.0, high=0.002, n=9), 0.9, 0.002),
            (share, SimpleNamespace(value=0.01, low=0.005, high=0.02, n=9), 0.9, 0.002), "within the", "above the"),
    "watch": (charts.watch_told, ([0.1, 0.1, 0.1, 0.3], 0.2, 2, 50), ([0.3, 0.1, 0.1, 0.1], 0.2, 2, 50),
              "in window 2 after the change, after at most 100 images; no false alarms", "is not seen"),
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
def test_what_is_told_follows_the_figures(name):
    tell, first, second, phrase, other = TWICE[name]
    said = ["\n".join(found) if isinstance(found, list) else found for found in (tell(*first), tell(*second))]
    said = [text.replace(words.THIN, " ") for text in said]
    assert phrase in said[0] and other in said[1] and said[0] != said[1]
