"""How much the engine saves, as ratios measured side by side on one machine.

The plain way: Papermill over all chapters in turn, then ``jupyter-book build``. Beside it, the same
chapters through ``lepton-nb report``: for the first time, with nothing changed, with one figure of
``client.yml`` changed. With ``--times 1 2`` also for a project with every chapter twice (the second time under another
name): what the engine saves must not shrink with the number of chapters. Run it with an idle machine:

    python benchmarks/report.py [--client clients/manufacturer] [--data DIR] [--times 1] [--repeat 1] [--out FILE]

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
TARGETS = {"first run": 2.0, "one figure changed": 15.0, "nothing changed": 100.0}


def seconds(action) -> tuple[float, float]:
    """Wall and processor seconds of an action and of all processes that it waits for."""
    used, before = _processor_seconds(), time.monotonic()
    action()
    clock = time.monotonic() - before
    return clock, _processor_seconds() - used


def adopt() -> None:
    """Become the parent of what the processes that this one has started leave behind, so that its time is counted."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def _processor_seconds() -> float:
    """Of all processes that have ended."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                time.sleep(0.05)
        except ChildProcessError:
            break
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def with_chapters(folder: Path, times: int) -> Path:
    """A project whose table of contents lists every chapter so many times, each copy under a name of its own."""
    if times == 1:
        return ROOT
    import yaml

    for name in ("book", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "_config.yml", folder)
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    for part in toc["parts"]:
        listed = [entry["file"] for entry in part["chapters"] if entry["file"].startswith("notebooks/")]
        for copy in range(2, times + 1):
            part["chapters"] += [{"file": _copied(folder, file, f"_{copy}")} for file in listed]
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), encoding="utf-8")
    return folder


def _copied(folder: Path, file: str, ending: str) -> str:
    """A chapter again: its record, its equations and its figures have other names; it needs what it needed."""
    source, target = folder / f"{file}.ipynb", folder / f"{file}{ending}.ipynb"
    name = re.sub(r"^\d+_", "", source.stem)
    notebook = json.loads(source.read_text(encoding="utf-8"))
    notebook["metadata"]["lepton"].pop("case", None)  # a client's case is measured once
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            text = text.replace(f'Record("{name}"', f'Record("{name}{ending}"')
            text = text.replace(f'task_name("{name}"', f'task_name("{name}{ending}"')
        else:
            text = re.sub(r"(?<![\w/.])(eq-[\w-]+)", rf"\1{ending.replace('_', '-')}", text)
            text = re.sub(r"(?m)^(# .*)$", rf"\1 {ending[1:]}", text, count=1)
        cell["source"] = text
    target.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    return f"{file}{ending}"


def plain_way(client: Path, data: Path | None, work: Path, project: Path = ROOT) -> None:
    """Papermill, chapter after chapter in the order of their needs, then Jupyter Book on its own."""
    import yaml

    from lepton_nb.report import chapters

    book = work / "book-source"
    book.mkdir()
    shutil.copytree(project / "book", book / "book")
    for file in ("_toc.yml", "_config.yml"):
        shutil.copy(project / file, book / file)
    # Pages that the engine writes itself are not there in the plain way.
    toc = yaml.safe_load((book / "_toc.yml").read_text(encoding="utf-8"))
    _drop_missing(toc, book)
    (book / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (book / "notebooks").mkdir()
    records = work / "records"
    for chapter in chapters.order(chapters.read_all(project)):
        given = {"results_folder": str(records), "client_folder": str(client), "data_folder": str(data or "")}
        declared = {parameter.name for parameter in chapter.parameters}
        command = [BIN / "papermill", "--no-progress-bar", chapter.path, book / "notebooks" / chapter.path.name]
        for name, value in given.items():
            if name in declared:
                command += ["-r", name, value]
        _call(command, cwd=project / "notebooks", LEPTON_PROJECT=str(project))
    config = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))
    config.setdefault("execute", {})["execute_notebooks"] = "off"
    (book / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    _call([BIN / "jupyter-book", "build", "--quiet", book], cwd=work, LEPTON_PROJECT=str(project))


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


def measure(client: Path, data: Path | None, times: int = 1) -> dict[str, tuple[float, float]]:
    """Wall and processor seconds of each way, one after the other, from an empty store."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        own = work / "clients" / client.name
        shutil.copytree(client, own)
        project = with_chapters(work / "project", times)
        command = [BIN / "lepton-nb", "report", own, "--out", work / "report"] + (["--data", data] if data else [])

        def report() -> None:
            _call(command, cwd=ROOT, LEPTON_STATE=str(work / "state"), LEPTON_PROJECT=str(project))

        def change() -> None:
            file = own / "client.yml"
            text = file.read_text(encoding="utf-8")
            # The tax rate, in percent points: one figure, which the value depends on.
            changed = re.sub(r"(tax: \{rate: 0\.\d)\d?", r"\g<1>1", text)
            assert changed != text
            file.write_text(changed, encoding="utf-8")

        measured = {"plain way": seconds(lambda: plain_way(own, data, work, project))}
        measured["first run"] = seconds(report)
        measured["nothing changed"] = seconds(report)
        change()
        measured["one figure changed"] = seconds(report)
        return measured


def table(runs: list[dict[str, tuple[float, float]]], times: int) -> list[dict]:
    """The medians of some runs, printed: each way in seconds on the clock and of the processor, beside the plain way."""
    rows, middle = [], len(runs) // 2
    print(f"{'way':<20} {'seconds':>9} {'ratio':>8} {'processor':>10} {'ratio':>8} {'target':>8}   "
          f"median of {len(runs)}, each chapter {times} times")  # fmt: skip
    for way in runs[0]:
        row = {"way": way, "times": times, "target": TARGETS.get(way)}
        for at, name in enumerate(("seconds", "processor_seconds")):
            row[name] = round(sorted(run[way][at] for run in runs)[middle], 2)
            row[f"ratio_{name}"] = round(sorted(run["plain way"][at] / run[way][at] for run in runs)[middle], 2)
        rows.append(row)
        print(
            f"{way:<20} {row['seconds']:>9.2f} {row['ratio_seconds']:>8.2f} {row['processor_seconds']:>10.2f} "
            f"{row['ratio_processor_seconds']:>8.2f} {row['target'] or '':>8}"
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client", type=Path, default=ROOT / "clients" / "manufacturer")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--times", type=int, nargs="+", default=[1], help="how often each chapter is in the project")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    os.environ.pop("LEPTON_DATA", None)
    adopt()
    client, data = options.client.resolve(), options.data and options.data.resolve()
    rows, all_runs = [], {}
    for times in options.times:
        runs = [measure(client, data, times) for _ in range(options.repeat)]
        rows += table(runs, times)
        all_runs[times] = runs
    if options.out:
        from lepton_nb import processor
        from lepton_nb.report.store import versions

        about = {
            "processor": processor.name(),
            "cores": os.cpu_count(),
            "versions": versions(),
            "runs": all_runs,
            "rows": rows,
        }
        options.out.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
