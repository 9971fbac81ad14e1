"""How much the engine saves, as ratios measured side by side on one machine.

The plain way: Papermill over all chapters in turn, then ``jupyter-book build``. Beside it, the same
chapters through ``lepton-nb report``: for the first time, with nothing changed, with one figure of
``client.yml`` changed. Run it with an idle machine:

    python benchmarks/report.py [--client clients/manufacturer] [--data DIR] [--repeat 1] [--out FILE]

Prints a table and, with --out, writes it as JSON with processor and versions.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

#: What each way must reach against the plain way.
TARGETS = {"first run": 1.3, "one figure changed": 10.0, "nothing changed": 50.0}


def seconds(action) -> tuple[float, float]:
    """Wall and processor seconds of an action and of all processes that it waits for."""
    before, used = time.monotonic(), _processor_seconds()
    action()
    return time.monotonic() - before, _processor_seconds() - used


def _processor_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def plain_way(client: Path, data: Path | None, work: Path) -> None:
    """Papermill, chapter after chapter in the order of their needs, then Jupyter Book on its own."""
    import yaml

    from lepton_nb.report import chapters

    book = work / "book-source"
    book.mkdir()
    shutil.copytree(ROOT / "book", book / "book")
    for file in ("_toc.yml", "_config.yml"):
        shutil.copy(ROOT / file, book / file)
    # Pages that the engine writes itself are not there in the plain way.
    toc = yaml.safe_load((book / "_toc.yml").read_text(encoding="utf-8"))
    _drop_missing(toc, book)
    (book / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (book / "notebooks").mkdir()
    records = work / "records"
    for chapter in chapters.order(chapters.read_all(ROOT)):
        given = {"results_folder": str(records), "client_folder": str(client), "data_folder": str(data or "")}
        declared = {parameter.name for parameter in chapter.parameters}
        command = [BIN / "papermill", "--no-progress-bar", chapter.path, book / "notebooks" / chapter.path.name]
        for name, value in given.items():
            if name in declared:
                command += ["-r", name, value]
        _call(command, cwd=ROOT / "notebooks")
    config = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))
    config.setdefault("execute", {})["execute_notebooks"] = "off"
    (book / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    _call([BIN / "jupyter-book", "build", "--quiet", book], cwd=work)


def _drop_missing(node, book: Path) -> None:
    for value in list(node.values()) if isinstance(node, dict) else node:
        if isinstance(value, list):
            value[:] = [
                item
                for item in value
                if not (isinstance(item, dict) and str(item.get("file", "")).startswith("book/"))
                or (book / f"{item['file']}.md").is_file()
            ]
        if isinstance(value, dict | list):
            _drop_missing(value, book)


def _call(command, cwd: Path, **environment: str) -> None:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=os.environ | environment, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def measure(client: Path, data: Path | None) -> dict[str, tuple[float, float]]:
    """Wall and processor seconds of each way, one after the other, from an empty store."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        own = work / "clients" / client.name
        shutil.copytree(client, own)
        command = [BIN / "lepton-nb", "report", own, "--out", work / "report"] + (["--data", data] if data else [])

        def report() -> None:
            _call(command, cwd=ROOT, LEPTON_STATE=str(work / "state"))

        def change() -> None:
            file = own / "client.yml"
            text = file.read_text(encoding="utf-8")
            # The tax rate, in percent points: one figure, which the value depends on.
            changed = re.sub(r"(tax: \{rate: 0\.\d)\d?", r"\g<1>1", text)
            assert changed != text
            file.write_text(changed, encoding="utf-8")

        measured = {"plain way": seconds(lambda: plain_way(own, data, work))}
        measured["first run"] = seconds(report)
        measured["nothing changed"] = seconds(report)
        change()
        measured["one figure changed"] = seconds(report)
        return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client", type=Path, default=ROOT / "clients" / "manufacturer")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    os.environ.pop("LEPTON_DATA", None)
    runs = [measure(options.client.resolve(), options.data and options.data.resolve()) for _ in range(options.repeat)]
    rows = []
    for way in runs[0]:
        times = sorted(run[way][0] for run in runs)
        used = sorted(run[way][1] for run in runs)
        ratios = sorted(run["plain way"][0] / run[way][0] for run in runs)
        middle = len(runs) // 2
        rows.append({"way": way, "seconds": round(times[middle], 2), "processor_seconds": round(used[middle], 2),
                     "ratio": round(ratios[middle], 2), "target": TARGETS.get(way)})  # fmt: skip
    print(f"{'way':<20} {'seconds':>9} {'processor':>10} {'ratio':>8} {'target':>8}   median of {len(runs)}")
    for row in rows:
        print(
            f"{row['way']:<20} {row['seconds']:>9.2f} {row['processor_seconds']:>10.2f} {row['ratio']:>8.2f} "
            f"{row['target'] or '':>8}"
        )
    if options.out:
        from lepton_nb import processor
        from lepton_nb.report.store import versions

        about = {
            "processor": processor.name(),
            "cores": os.cpu_count(),
            "versions": versions(),
            "runs": runs,
            "rows": rows,
        }
        options.out.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
