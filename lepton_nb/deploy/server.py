"""A model file behind HTTP: ``/predict``, ``/health``, ``/metrics`` (Prometheus), ``/usage.csv``.

Needs the extra ``serve``. The file is opened by the door of the cases (:mod:`lepton_nb.deploy.door`); nothing that a
request holds is executed, and every refusal is a sentence: 400 and 422 what was sent is wrong, 413 too much, 415 another form, 503 the
line is full, 504 it took too long.
"""

# Annotations are no texts here: FastAPI reads them, and its own names are known inside a function only.
import contextlib
import io
import json
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lepton_nb import extras
from lepton_nb.deploy.batching import Batcher, Busy, Limits
from lepton_nb.deploy.door import JSON, NPY, Model, Refused
from lepton_nb.deploy.use import Use

NEEDED = ("fastapi", "uvicorn", "prometheus_client")
#: Upper ends of the classes of times, seconds.
TIMES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """What Prometheus reads. Its registry is its own, so that several services may live in one process."""

    def __init__(self, model: Model):
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

        self.registry = CollectorRegistry()
        own = {"registry": self.registry}
        self.answers = Counter("lepton_requests", "Requests by the status of their answer.", ["status"], **own)
        self.rows = Counter("lepton_rows", "Rows that went through the model.", **own)
        self.seconds = Histogram("lepton_request_seconds", "Time of answering.", buckets=TIMES, **own)
        self.batches = Histogram("lepton_batch_rows", "Rows that went through the model together.", buckets=ROWS, **own)
        self.busy = Counter("lepton_model_seconds", "Time that the model was at work.", **own)
        self.cores = Gauge("lepton_processor_seconds", "Processors' time of this process.", **own)
        self.line = Gauge("lepton_waiting_requests", "Requests in line.", **own)
        Info("lepton_model", "The model file.", **own).info({"file": model.name, "sha256": model.digest})

    def batch(self, rows: int, seconds: float) -> None:
        self.rows.inc(rows)
        self.batches.observe(rows)
        self.busy.inc(seconds)

    def text(self) -> bytes:
        from prometheus_client import generate_latest

        return generate_latest(self.registry)


def app(model: Model, limits: Limits | None = None, asset_id: str = "M1", watts: float = 0.0) -> Any:
    """The service as an ASGI application. asset_id: in usage.csv. watts: power of the machine, an assumption."""
    if why := extras.lacking("serve", NEEDED):
        raise ValueError(f"lepton-nb serve {why}.")
    from fastapi import FastAPI, Request, Response

    limits, metrics, use = limits or Limits(), Metrics(model), Use(watts)

    @contextlib.asynccontextmanager
    async def life(_: FastAPI):
        service.state.batcher.start()
        yield
        service.state.batcher.stop()

    # No page of documentation: it would load its scripts from another host.
    service = FastAPI(title="Lepton NB", docs_url=None, redoc_url=None, lifespan=life)
    service.state.batcher = batcher = Batcher(model.run, limits, metrics.batch)

    @service.post("/predict")
    async def predict(request: Request) -> Response:
        start = time.perf_counter()
        try:
            inputs, rows = model.rows(await _body(request, limits.body), _kind(request), limits.rows)
            outputs = await batcher.ask(inputs, rows)
            answer = _answer(model, outputs, request.headers.get("accept", ""))
        except Exception as problem:
            answer = _refusal(problem, limits)
        seconds = time.perf_counter() - start
        metrics.answers.labels(answer.status_code).inc()
        if answer.status_code == 200:
            metrics.seconds.observe(seconds)
            use.answered(seconds)
        return answer

    @service.get("/health")
    async def health() -> dict[str, Any]:
        takes = [{"name": port.name, "type": port.type, "shape": port.shape} for port in model.ports]
        return {"status": "ok", "model": model.name, "sha256": model.digest, "inputs": takes,
                "outputs": model.outputs, "most_rows": limits.rows}  # fmt: skip

    @service.get("/metrics")
    async def tell() -> Response:
        metrics.line.set(batcher.waiting)
        metrics.cores.set(time.process_time())
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    @service.get("/usage.csv")
    async def used() -> Response:
        return Response(use.csv(asset_id), media_type="text/csv")

    return service


def _kind(request: Any) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _body(request: Any, most: int) -> bytes:
    """The body, read no further than is allowed."""
    too_much = Refused(413, f"The body is larger than {most} bytes; send fewer rows at a time.")
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > most:
        raise too_much
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_much
        parts.append(part)
    return b"".join(parts)


def _answer(model: Model, outputs: list[Any], accept: str) -> Any:
    """The outputs as JSON, or the first of them in NumPy's format where that is what is accepted."""
    from fastapi import Response

    if NPY in accept and isinstance(outputs[0], np.ndarray) and outputs[0].dtype.kind in "biuf":
        stream = io.BytesIO()
        np.lib.format.write_array(stream, np.ascontiguousarray(outputs[0]), allow_pickle=False)
        return Response(stream.getvalue(), media_type=NPY)
    said = {name: _plain(output) for name, output in zip(model.outputs, outputs, strict=True)}
    return Response(json.dumps({"outputs": said}), media_type=JSON)


def _plain(output: Any) -> Any:
    """An output as JSON holds it; scores that are no number (a model may give them) become null."""
    if not isinstance(output, np.ndarray):
        return output
    if output.dtype.kind == "f" and not np.isfinite(output).all():
        return np.where(np.isfinite(output), output, None).tolist()
    return output.tolist()


def _refusal(problem: Exception, limits: Limits) -> Any:
    """The answer to a request that gets no prediction."""
    from fastapi import Response

    headers = {}
    if isinstance(problem, Refused):
        status, sentence = problem.status, problem.sentence
    elif isinstance(problem, Busy):
        status, sentence = 503, f"{limits.line} requests are in line; ask again in a second."
        headers["retry-after"] = "1"
    elif isinstance(problem, TimeoutError):
        status, sentence = 504, f"No answer within {limits.seconds:g} s; ask again with fewer rows."
    else:
        status, sentence = 500, "The model failed on these rows; the service goes on."
        print(f"lepton-nb serve: {type(problem).__name__}: {problem}", file=sys.stderr, flush=True)
    return Response(json.dumps({"error": sentence}), status, headers, JSON)


def serve(
    path: str | Path, host: str = "127.0.0.1", port: int = 8000, limits: Limits | None = None, threads: int = 1,
    asset_id: str = "M1", watts: float = 0.0, with_input: bool = False, told: Callable[[str], None] = print,
) -> None:  # fmt: skip
    """Serve a model file until the process is told to end. port 0: a free one. told: hears the address.

    with_input: also ends when standard input does, as it does when the process that started this one is gone.
    Raises ValueError, in a sentence, for a file, an asset's name or an address that cannot be used.
    """
    if why := extras.lacking("serve", NEEDED):
        raise ValueError(f"lepton-nb serve {why}.")
    if not re.fullmatch(r"[\w.-]{1,40}", asset_id):
        raise ValueError(
            f"--asset {asset_id!r}: is no asset_id; it has letters, digits, dots, hyphens and underscores."
        )
    import uvicorn

    model = Model(path, threads)
    service = app(model, limits, asset_id, watts)
    listening = _listen(host, port)
    settings = uvicorn.Config(service, log_level="warning", access_log=False, timeout_graceful_shutdown=3)
    server = uvicorn.Server(settings)
    server.capture_signals = lambda: _ends_in_order(server)
    if with_input:
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    at = listening.getsockname()
    address = f"[{at[0]}]" if ":" in at[0] else at[0]
    told(f"{model.name}: http://{address}:{at[1]} (predict, health, metrics, usage.csv)")
    server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """A socket at this address. Raises ValueError where it is taken or not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as problem:
        listening.close()
        reason = getattr(problem, "strerror", None) or problem
        raise ValueError(f"{host}, port {port}: {reason}; give another --port, 0 takes a free one.") from None
    listening.listen(1024)
    return listening


@contextlib.contextmanager
def _ends_in_order(server: Any) -> Iterator[None]:
    """A signal to end answers what is in line, and is over with that: uvicorn itself would send it once more."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_input(server: Any) -> None:
    with contextlib.suppress(OSError, ValueError):
        while sys.stdin.buffer.read(4096):
            pass
    server.should_exit = True
