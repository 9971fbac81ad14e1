"""How much of the bare runtime's throughput is left over HTTP: one image a request, and many.

    nice python benchmarks/serving.py MODEL.onnx [--seconds 5] [--images 64] [--batch 32]

MODEL takes bytes (n, 28, 28, 1), as the chapter on deployment exports it. The service has one core, who asks it another.
Asked are the bare runtime in a process of its own, then the service without a pause on 16 lines by the client of the
package and, where it is installed, by wrk (Debian's package of that name).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from lepton_nb.deploy import asking, load, local, timing

WRK = """wrk.method = "POST"
wrk.headers["Content-Type"] = "{kind}"
wrk.headers["Accept"] = "{kind}"
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
"""


def with_wrk(address: str, body: bytes, seconds: int, core: int | None) -> float | None:
    """Requests a second by wrk; None where it is not installed."""
    if not shutil.which("wrk"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "body").write_bytes(body)
        script = Path(folder) / "ask.lua"
        script.write_text(WRK.format(kind=asking.KIND, body=Path(folder) / "body"))
        command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-s", str(script), f"{address}/predict"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        local.on_core(process, core)
        said = process.communicate()[0]
    if "Non-2xx" in said:
        raise SystemExit(said)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", said)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32)
    asked = parser.parse_args()
    images = np.random.default_rng(0).integers(0, 256, (asked.images * 4, 28, 28, 1), dtype=np.uint8)
    cores = local.cores() or (None, None)
    if cores[0] is not None:
        os.sched_setaffinity(0, {cores[0]})
    run = {"bare": timing.onnx_runner(asked.model)}
    bare = {
        rows: timing.race(run, images, rows, 20, max(1, 1000 // rows))["bare"].a_core_second
        for rows in (1, asked.images)
    }
    with local.service(asked.model, "--batch", str(asked.batch), core=cores[0]) as address:
        for rows in (1, asked.images):
            body = asking.packed(images[:rows])
            (ours,) = load.drive(address, asking.KIND, [(load.Load(0.0, asked.seconds, 16), [body])], cores[1])
            found = {"client": ours.answered_a_second, "wrk": with_wrk(address, body, asked.seconds, cores[1])}
            for name, a_second in found.items():
                if a_second is not None:
                    left = rows * a_second / bare[rows]
                    print(
                        f"{rows} images a request, {name}: {rows * a_second:,.0f} images a second, {left:.0%} of {bare[rows]:,.0f}"
                    )


if __name__ == "__main__":
    main()
