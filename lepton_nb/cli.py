"""The command ``lepton-nb``: a thin shell over the functions of the same names.

Exit codes: 0 done · 1 a chapter or the site did not finish (the last good report stays) ·
2 bad input, nothing was executed · 130 interrupted (what finished is kept).
"""

from __future__ import annotations

import ast
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help=__doc__, add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)

Client = Annotated[
    str, typer.Argument(help="The client's folder or Excel workbook. Without it: the sample manufacturer.")
]
Profile = Annotated[str, typer.Option(help="quick: minutes on a laptop. full: the real sizes.")]
Data = Annotated[Path | None, typer.Option(help="Folder with real data sets; else LEPTON_DATA, else stand-ins.")]
Out = Annotated[Path | None, typer.Option(help="Where the report goes. Default: reports/<client>.")]
Jobs = Annotated[int, typer.Option(min=1, help="Chapters executed at the same time.")]
Only = Annotated[list[str], typer.Option(help="This chapter and those it needs; repeatable.")]
Set = Annotated[list[str], typer.Option("--set", help="CHAPTER.PARAMETER=VALUE; repeatable.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Execute every chapter again, whatever is kept.")]
Code = Annotated[str, typer.Option(help="Code in the pages: folded, shown or none.")]


@app.command()
def report(
    client: Client = "",
    profile: Profile = "quick",
    data: Data = None,
    out: Out = None,
    jobs: Jobs = 2,
    only: Only = [],  # noqa: B006  Typer copies it
    settings: Set = [],  # noqa: B006
    fresh: Fresh = False,
    code: Code = "folded",
) -> None:
    """Execute the chapters for one client and publish the report as a static site."""
    from rich.console import Console

    from lepton_nb.report import planning

    console = Console(highlight=False, soft_wrap=True)
    with _bad_input(console):
        if code not in ("folded", "shown", "none"):
            raise ValueError(f"--code {code}: must be folded, shown or none.")
        plan = planning.plan(_client_folder(client), out, profile, data, only, _settings(settings), fresh, code)
    for warning in plan.client.warnings:
        console.print(f"note: {warning.sentence}", style="dim", markup=False)
    _run(console, plan, jobs)


@app.command()
def book(out: Out = None, profile: Profile = "quick", data: Data = None, jobs: Jobs = 2) -> None:
    """Build the book for readers: the sample client, code shown, in build/book."""
    report(profile=profile, data=data, out=out or Path("build") / "book", jobs=jobs, code="shown")


@app.command()
def check(client: Client = "") -> None:
    """Read a client's folder and list everything that is wrong with it."""
    from rich.console import Console

    from lepton_nb import client as clients

    console = Console(highlight=False, soft_wrap=True)
    started = time.monotonic()
    with _bad_input(console):
        found = clients.check(_client_folder(client))
    for warning in found.warnings:
        console.print(f"note: {warning.sentence}", markup=False)
    if found.problems:
        _print_problems(console, found.problems)
        raise typer.Exit(2)
    company = found.client
    console.print(
        f"{company.client.name}: {len(company.assets)} assets, {len(company.costs)} cost rows, "
        f"{len(company.benefits)} benefit rows, {len(company.evaluations)} evaluations. No problem, "
        f"{len(found.warnings)} notes. {time.monotonic() - started:.2f} s",
        markup=False,
    )


@app.command()
def new(
    folder: Path,
    like: Annotated[str, typer.Option(help="manufacturer or bank")] = "manufacturer",
    workbook: Annotated[bool, typer.Option("--workbook", help="One Excel file in place of a folder.")] = False,
) -> None:
    """Write a commented template of a client: a folder, or with --workbook one Excel file."""
    from rich.console import Console

    from lepton_nb import client as clients

    console = Console(highlight=False, soft_wrap=True)
    with _bad_input(console):
        written = _short(clients.new(folder, like, workbook))
    console.print(f"{written}: written. Change it, then: lepton-nb check {written}", markup=False)


@app.command()
def compare(
    earlier: Path,
    later: Path,
    out: Annotated[Path | None, typer.Option(help="The page. Default: compare.html in the later report.")] = None,
) -> None:
    """Compare two reports: what changed in the value, by which cause, as one page."""
    from rich.console import Console

    from lepton_nb.page import render
    from lepton_nb.report import compare as comparing

    console = Console(highlight=False, soft_wrap=True)
    page = out or later / "compare.html"
    with _bad_input(console):
        steps = comparing.compare(earlier, later, page)
    for row in steps:
        if abs(row["amount"]) >= 0.005:
            console.print(f"{render.number(row['amount'], 0):>14}  {row['step']}", markup=False)
    console.print(_short(page), markup=False)


@app.command()
def record(report: Path, chapters: list[str]) -> None:
    """Put chapters of a finished full run on real data on record, for the book to cite (book/measured/)."""
    from rich.console import Console

    from lepton_nb.report import record as recording

    console = Console(highlight=False, soft_wrap=True)
    with _bad_input(console):
        written = recording.record(report, chapters)
        console.print(f"{len(written)} on record: {', '.join(_short(path) for path in written)}", markup=False)


# ------------------------------------------------------------------------------------------------ helpers


def _client_folder(client: str) -> Path:
    from lepton_nb import paths

    return paths.client(client)


def _settings(words: list[str]) -> dict[str, dict]:
    settings: dict[str, dict] = {}
    for word in words:
        name, sign, text = word.partition("=")
        chapter, dot, parameter = name.partition(".")
        if not sign or not dot:
            raise ValueError(f"--set {word}: write CHAPTER.PARAMETER=VALUE, for example mnist.seed=1.")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = text
        settings.setdefault(chapter, {})[parameter] = value
    return settings


@contextmanager
def _bad_input(console):
    """Turn a problem with the input into its sentences and exit code 2."""
    from lepton_nb.client import ClientProblems

    try:
        yield
    except ClientProblems as problem:
        _print_problems(console, problem.problems)
    except (ValueError, FileNotFoundError, FileExistsError, NotADirectoryError) as problem:
        console.print(str(problem), style="red", markup=False)
    else:
        return
    raise typer.Exit(2)


def _print_problems(console, problems) -> None:
    for problem in problems:
        console.print(problem.sentence, style="red", markup=False)
    console.print(f"{len(problems)} problem{'s' * (len(problems) != 1)}. Nothing was executed.", style="bold")


def _run(console, plan, jobs: int) -> None:
    from filelock import Timeout

    from lepton_nb.report import progress, run
    from lepton_nb.report.executing import FINISHED
    from lepton_nb.report.publish import PublishError

    try:
        with progress.Progress(console, [task.chapter.name for task in plan.tasks]) as shown:
            manifest = run.report(plan, jobs, shown.watch)
    except PublishError as problem:
        console.print(f"The site could not be built; the last good one stays.\n{problem}", style="red", markup=False)
        raise typer.Exit(1) from None
    except Timeout:
        console.print(f"Another run is writing to {_short(plan.out)}. Wait for it, or give another --out.", style="red")
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print("Interrupted. Chapters that finished are kept; the same command goes on from there.")
        raise typer.Exit(130) from None
    failed = [line for line in manifest["chapters"] if line["state"] not in FINISHED]
    for line in failed:
        console.print(progress.explain(line), style="red", markup=False)
    if failed:
        console.print("No new report; the last good one stays. The next run resumes with what finished.")
        raise typer.Exit(1)
    if not plan.whole:
        console.print(f"Executed notebooks and records are in {_short(plan.out)}; the site is left as it was.")
        return
    changed = manifest["pages_changed"]
    news = f"{len(changed)} pages written" if changed else "nothing changed"
    console.print(f"{news}, {manifest['seconds']:.1f} s: {_short(plan.out / 'site' / 'index.html')}", markup=False)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def main() -> None:
    """Entry point of the command."""
    app(prog_name="lepton-nb")


if __name__ == "__main__":
    sys.exit(main())
