"""The command ``lepton-nb``: a thin shell over the functions of the same names.

Exit codes: 0 done · 1 a chapter or the site did not finish, or the disk refused (a report that stood before stays) ·
2 bad input (nothing was executed, or what the client brought showed only then that it cannot be used) · 130 interrupted, 143 ended by the system (what finished is kept).
"""

from __future__ import annotations

import ast
import codecs
import shlex
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from lepton_nb.cli_endings import counted, plainly, print_problems, sentences, short
from lepton_nb.cli_options import (
    FOLDER,
    PATH,
    BookOut,
    Client,
    Code,
    CodeMode,
    Data,
    Edition,
    EditionName,
    Fresh,
    Jobs,
    Only,
    Out,
    Pdf,
    Previous,
    Profile,
    ProfileName,
    Scheduler,
    Set,
    SingleFile,
    path_of,
)
from lepton_nb.cli_serve import serve

app = typer.Typer(
    help=__doc__, add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)


importing = typer.Typer(help="Fill a client's folder from a system that knows its models.", no_args_is_help=True)
app.add_typer(importing, name="import")
app.command()(serve)


@app.command()
def report(
    client: Client = None,
    profile: Profile = ProfileName.quick,
    data: Data = None,
    out: Out = None,
    jobs: Jobs = 2,
    only: Only = [],  # noqa: B006  Typer copies it
    settings: Set = [],  # noqa: B006
    fresh: Fresh = False,
    code: Code = CodeMode.folded,
    edition: Edition = EditionName.both,
    previous: Previous = None,
    scheduler: Scheduler = "",
    pdf: Pdf = False,
    single_file: SingleFile = False,
) -> None:
    """Execute the chapters for one client and publish the report as a static site."""
    asked = {"profile": str(profile), "data": data, "only": only, "fresh": fresh, "code": str(code)}
    forms = {"edition": str(edition), "previous": previous, "pdf": pdf, "single_file": single_file}
    _report(client, out, jobs, settings, scheduler, **asked, **forms)


def _report(
    client: str | None, out: Path | None, jobs: int, settings: Iterable[str] = (), scheduler: str = "", **asked
) -> None:
    """What ``report`` and ``book`` do. asked: as ``report.planning.plan`` takes it."""
    from rich.console import Console

    from lepton_nb.report import cases, planning

    console = Console(highlight=False, soft_wrap=True)
    with sentences(console):
        plan = planning.plan(_client_folder(client), out, settings=_settings(settings), **asked)
        for warning in plan.client.warnings:
            console.print(f"note: {warning.sentence}", style="dim", markup=False)
        for name, why in plan.left_out.items():
            console.print(f"note: {name} is left out: it {why}.", style="dim", markup=False)
        for sentence in cases.own_in_words(
            plan.client, {task.name: task.chapter for task in plan.tasks}, asked.get("only", ())
        ):
            console.print(f"note: {sentence}", style="dim", markup=False)
        _run(console, plan, jobs, scheduler)


@app.command()
def batch(
    clients: Annotated[list[str], typer.Argument(help="Folders or Excel workbooks of clients.", metavar="CLIENTS...")],
    profile: Profile = ProfileName.quick,
    data: Data = None,
    out: Annotated[Path, typer.Option(help="Where the reports and the page of all clients go.", **PATH)] = Path(
        "reports"
    ),
    jobs: Jobs = 2,
    fresh: Fresh = False,
    code: Code = CodeMode.folded,
    edition: Edition = EditionName.both,
    scheduler: Scheduler = "",
    pdf: Pdf = False,
    single_file: SingleFile = False,
) -> None:
    """Make the reports of many clients in one run, with a page and a table of all of them.

    Exit code 1 where a client's report failed, else 2 where a client was refused; the others' reports are made.
    """
    from rich.console import Console

    from lepton_nb.report import batch as batches

    console = Console(highlight=False, soft_wrap=True)
    started = time.monotonic()

    def told(row) -> None:
        console.print(f"{row.folder:<24} {row.state:<16} {row.seconds:8.1f} s", markup=False)
        for sentence in row.sentences:
            console.print(f"  {sentence}", style="red", markup=False)

    with sentences(console):
        options = batches.Options(out, str(profile), data, fresh, str(code), str(edition), pdf, single_file)
        rows = batches.batch([_client_folder(client) for client in clients], options, jobs, scheduler, told)
        console.print(
            f"{counted(len(rows), 'client')}, {time.monotonic() - started:.1f} s: {short(out.resolve() / batches.PAGE)}",
            markup=False,
        )
    states = {row.state for row in rows}
    raise typer.Exit(1 if batches.FAILED in states else 2 if batches.REFUSED in states else 0)


@app.command()
def book(
    out: BookOut = Path("build/book"), profile: Profile = ProfileName.quick, data: Data = None, jobs: Jobs = 2
) -> None:
    """Build the book for readers: the sample client, code shown, in build/book."""
    _report(None, out, jobs, profile=str(profile), data=data, code="shown", edition="book")


@app.command()
def check(client: Client = None) -> None:
    """Read a client's folder and list everything that is wrong with it."""
    from rich.console import Console

    from lepton_nb import client as clients

    console = Console(highlight=False, soft_wrap=True)
    started = time.monotonic()
    with sentences(console):
        found = clients.check(_client_folder(client))
    for warning in found.warnings:
        console.print(f"note: {warning.sentence}", markup=False)
    if found.problems:
        print_problems(console, found.problems)
        raise typer.Exit(2)
    company = found.client
    for sentence in _of_cases(company):
        console.print(sentence, markup=False)
    counts = (
        counted(company.assets, "asset"),
        counted(company.costs, "cost row"),
        counted(company.benefits, "benefit row"),
        counted(company.evaluations, "evaluation"),
    )
    console.print(
        f"{company.client.name}: {', '.join(counts)}. No problem, "
        f"{counted(found.warnings, 'note')}. {time.monotonic() - started:.2f} s",
        markup=False,
    )


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.", **FOLDER)],
    like: Annotated[
        str, typer.Option(help="bank, carrier, clinic, manufacturer or retailer; blank: a form without figures")
    ] = "manufacturer",
    workbook: Annotated[bool, typer.Option("--workbook", help="One Excel file in place of a folder.")] = False,
) -> None:
    """Write a commented template of a client: a folder, or with --workbook one Excel file."""
    from rich.console import Console

    from lepton_nb import client as clients

    console = Console(highlight=False, soft_wrap=True)
    with sentences(console):
        written = shlex.quote(short(clients.new(folder, like, workbook)))
    console.print(f"{written}: written. Change it, then: lepton-nb check {written}", markup=False)


@importing.command("mlflow")
def import_mlflow(
    uri: Annotated[
        str,
        typer.Option("--tracking-uri", envvar="MLFLOW_TRACKING_URI", help="The server's address, http://HOST:PORT."),
    ],
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.", **FOLDER)] = Path("my-client"),
    keep: Annotated[
        Path | None, typer.Option(help="An earlier folder of the client: what MLflow does not say is kept.", **FOLDER)
    ] = None,
    model: Annotated[list[str], typer.Option(help="Only this registered model; repeatable.")] = [],  # noqa: B006
    experiment: Annotated[list[str], typer.Option(help="Only models of this experiment; repeatable.")] = [],  # noqa: B006
    entry_only: Annotated[
        list[str], typer.Option(metavar="MODEL", help="Read no artifact of this model; * is all; repeatable.")
    ] = [],  # noqa: B006
    asset: Annotated[
        list[str],
        typer.Option(metavar="COLUMN=VALUE", help="A column of assets.csv, the same for all models; repeatable."),
    ] = [],  # noqa: B006
) -> None:
    """Write a client's folder from the registered models of an MLflow server.

    Assets, versions, stages, counts, predictions and models (ONNX, Keras) are taken; what MLflow does not know stays
    empty, and FILL_IN.md says what a person fills in. User and password, or a token, are read from
    MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD and MLFLOW_TRACKING_TOKEN.
    """
    from rich.console import Console

    from lepton_nb import importing as imports

    console = Console(highlight=False, soft_wrap=True)
    with sentences(console):
        same = dict(_pair("--asset", word) for word in asset)
        done = imports.from_mlflow(
            uri, out, models=model, experiments=experiment, keep=keep, entry_only=entry_only, same=same
        )
        for one in done.taken:
            console.print(imports.sentence(one), markup=False)
            for note in one.notes:
                console.print(f"note: {one.entry.asset_id}: {note}.", markup=False)
        written = shlex.quote(short(done.folder))
    todo = (
        f"{counted(done.blanks, 'value')} to be filled in, see FILL_IN.md there"
        if done.blanks
        else "nothing to fill in"
    )
    console.print(f"{written}: written, {todo}. Then: lepton-nb check {written}", markup=False)


@app.command()
def compare(
    earlier: Annotated[
        Path, typer.Argument(help="The folder of the earlier report.", parser=path_of, metavar="EARLIER")
    ],
    later: Annotated[Path, typer.Argument(help="The folder of the later report.", parser=path_of, metavar="LATER")],
    out: Annotated[
        Path | None, typer.Option(help="The page. Default: compare.html in the later report.", **PATH)
    ] = None,
) -> None:
    """Compare two reports: what changed in the value, by which cause, as one page."""
    from rich.console import Console

    from lepton_nb.page import render
    from lepton_nb.report import compare as comparing

    console = Console(highlight=False, soft_wrap=True)
    page = out or later / "compare.html"
    with sentences(console):
        steps = comparing.compare(earlier, later, page)
        (old, _), (new, _) = comparing.read(earlier), comparing.read(later)
    if old["client"] != new["client"]:
        console.print(comparing.DIFFERENT.format(old["client"], new["client"]), markup=False)
    currency = new["chapters"]["value"]["figures"]["value"]["unit"]
    for row in steps:
        if abs(row["amount"]) >= 0.005:
            console.print(f"{render.number(row['amount'], 0):>14} {currency}  {row['step']}", markup=False)
    console.print(short(page), markup=False)


@app.command()
def record(
    report: Annotated[
        Path, typer.Argument(help="The folder of the finished report.", parser=path_of, metavar="REPORT")
    ],
    chapters: Annotated[list[str], typer.Argument(help="Names of its chapters.")],
) -> None:
    """Put chapters of a finished full run on real data on record, for the book to cite (book/measured/)."""
    from rich.console import Console

    from lepton_nb.report import record as recording

    console = Console(highlight=False, soft_wrap=True)
    with sentences(console):
        written = recording.record(report, chapters)
        console.print(f"{len(written)} on record: {', '.join(short(path) for path in written)}", markup=False)


@app.command()
def clean(
    unused: Annotated[
        float | None, typer.Option(min=0, help="Also drop chapters that no run has used for so many days.")
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Also drop trainings that were interrupted.")
    ] = False,
    everything: Annotated[bool, typer.Option("--everything", help="Drop all that is kept; reports stay.")] = False,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and drop nothing.")] = False,
) -> None:
    """Remove what runs have left behind, and say what is kept, with sizes. Reports and clients are never touched."""
    from rich.console import Console

    from lepton_nb import paths
    from lepton_nb.report import cleaning

    console = Console(highlight=False, soft_wrap=True)
    with sentences(console):
        state = paths.state_folder()
        cleaning.check_unused(state)
        found = cleaning.look(state, 30.0 if unused is None else unused)
        safe, trainings = [kind for kind in found if not kind.costs], found[4:5]
        chosen = (
            found
            if everything
            else [*safe, *(found[3:4] if unused is not None else ()), *(trainings if unfinished else ())]
        )
        for kind in found:
            word = "kept" if kind not in chosen else "would go" if dry else "dropped"
            costs = f" ({kind.costs} if dropped)" if kind.costs and kind not in chosen and kind.folders else ""
            size = f"{kind.bytes / 1e6:.1f} MB"
            console.print(f"{word:<9} {size:>10}  {len(kind.folders):>4}  {kind.words}{costs}", markup=False)
        if not dry:
            freed = cleaning.clean(state, chosen)
            console.print(f"{freed / 1e6:.1f} MB freed in {short(state)}.", markup=False)


# ------------------------------------------------------------------------------------------------ helpers


def _client_folder(client: str | None) -> Path:
    """The client's folder; not given: the sample. Raises ValueError where it is given and empty."""
    from lepton_nb import paths

    if client is None:
        return paths.client()
    if not client.strip():
        raise ValueError(
            "CLIENT is empty. Name the client's folder or workbook; leave the word out for the sample manufacturer."
        )
    return paths.client(client)


def _of_cases(company) -> list[str]:
    """What each case of a client will be measured by, and what will rest on it; nothing outside a project."""
    from lepton_nb import paths
    from lepton_nb.report import cases, chapters

    return cases.plans_in_words(chapters.read_all(paths.project()), company) if company.cases else []


def _pair(option: str, word: str) -> tuple[str, str]:
    name, sign, value = (part.strip() for part in word.partition("="))
    if not (name and sign and value):
        raise ValueError(f"{option} {word}: write COLUMN=VALUE, for example acquisition=internal.")
    return name, value


def _settings(words: Iterable[str]) -> dict[str, dict]:
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


def _run(console, plan, jobs: int, scheduler: str = "") -> None:
    from filelock import Timeout

    from lepton_nb.report import lodging, progress, run
    from lepton_nb.report.executing import FINISHED
    from lepton_nb.report.publish import PublishError

    run.check_folders(plan)
    stood = plan.whole and lodging.stands(plan.out)
    stays = "; the last good one stays" if stood else ""
    try:
        with progress.Progress(console, [task.name for task in plan.tasks]) as shown:
            manifest = run.report(plan, jobs, shown.watch, scheduler)
    except PublishError as problem:
        console.print(f"The site could not be built{stays}.\n{problem}", style="red", markup=False)
        raise typer.Exit(1) from None
    except Timeout:
        console.print(f"Another run is writing to {short(plan.out)}. Wait for it, or give another --out.", style="red")
        raise typer.Exit(2) from None
    for line in manifest["chapters"]:
        if line["note"]:
            console.print(f"{line['chapter']}: {line['note']}.", style="dim", markup=False)
    if scheduler and all(line["state"] == "reused" for line in manifest["chapters"]):
        words = f"note: every chapter was kept, nothing was executed: {scheduler} was not asked."
        console.print(words, style="dim", markup=False)
    failed = [line for line in manifest["chapters"] if line["state"] not in FINISHED]
    for line in failed:
        console.print(progress.explain(line), style="red", markup=False)
    if failed:
        console.print(f"No new report{stays}. The next run resumes with what finished.")
        raise typer.Exit(2 if progress.refused(failed) else 1)
    if not plan.whole:
        apart = plan.out.name == lodging.APART and lodging.stands(plan.out.parent)
        stays = f"; the report in {short(plan.out.parent)} stays as it is" if apart else ""
        console.print(f"Executed notebooks and records are in {short(plan.out)}{stays}.", markup=False)
        return
    changed = manifest["pages_changed"]
    news = f"{counted(changed, 'page')} written" if changed else "nothing changed"
    files = [short(plan.out / name) for name in ("site/index.html", *plan.forms.names)]
    console.print(f"{news}, {manifest['seconds']:.1f} s: {', '.join(files)}", markup=False)


def main() -> None:
    """Entry point of the command."""
    codecs.register_error("plainly", plainly)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="plainly")
    app(prog_name="lepton-nb")


if __name__ == "__main__":
    sys.exit(main())
