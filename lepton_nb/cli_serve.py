"""The command ``lepton-nb serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lepton_nb.cli_endings import sentences
from lepton_nb.cli_options import path_of


def serve(
    model: Annotated[Path, typer.Argument(help="A model in ONNX.", parser=path_of, metavar="MODEL")],
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 lets in whoever reaches this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8000,
    threads: Annotated[int, typer.Option(min=1, help="Of the runtime, for one batch.")] = 1,
    batch: Annotated[
        int, typer.Option(min=1, help="Rows that go through the model together; 1: each request alone.")
    ] = 32,
    wait: Annotated[float, typer.Option(min=0, max=1000, help="Milliseconds that a request waits for company.")] = 0.0,
    rows: Annotated[int, typer.Option(min=1, help="Rows of one request, at most.")] = 1024,
    line: Annotated[int, typer.Option(min=1, help="Requests in line, at most; the next is refused (503).")] = 256,
    body: Annotated[float, typer.Option(min=0.001, help="Megabytes of one request, at most.")] = 16.0,
    seconds: Annotated[float, typer.Option(min=0.01, help="That a request waits in line, at most (504).")] = 10.0,
    asset: Annotated[str, typer.Option(help="asset_id in usage.csv.")] = "M1",
    watts: Annotated[
        float, typer.Option(min=0, help="Power of the machine, an assumption: for energy_kwh in usage.csv.")
    ] = 0.0,
    with_input: Annotated[bool, typer.Option("--with-input", help="Also end when standard input does.")] = False,
) -> None:
    """Answer requests with a model in ONNX: POST /predict, GET /health, /metrics (Prometheus), /usage.csv.

    Needs the extra serve: pip install 'lepton-nb[serve]'. A file that could run code, or is not what it says, is not opened.
    """
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    with sentences(console):
        from lepton_nb.deploy import batching, server

        limits = batching.Limits(batch, wait / 1000, rows, line, round(body * 2**20), seconds)
        server.serve(model, host, port, limits, threads, asset, watts, with_input, lambda text: print(text, flush=True))
