"""The options that several commands take, as Typer reads them."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer


def path_of(text: str | Path) -> Path:
    """A path as given; an empty one is none, and must not mean the working folder."""
    if not str(text).strip():
        raise typer.BadParameter("the path is empty. Name a folder or file.")
    return Path(text)


class ProfileName(enum.StrEnum):
    quick = "quick"
    full = "full"


class CodeMode(enum.StrEnum):
    folded = "folded"
    shown = "shown"
    none = "none"


class EditionName(enum.StrEnum):
    both = "both"
    client = "client"


FOLDER = {"parser": path_of, "metavar": "FOLDER"}
PATH = {"parser": path_of, "metavar": "PATH"}

Client = Annotated[
    str | None, typer.Argument(help="The client's folder or Excel workbook. Without it: the sample manufacturer.")
]
Profile = Annotated[ProfileName, typer.Option(help="quick: minutes on a laptop. full: the real sizes.")]
Data = Annotated[
    Path | None, typer.Option(help="Folder with real data sets; else LEPTON_DATA, else stand-ins.", **PATH)
]
Out = Annotated[Path | None, typer.Option(help="Where the report goes. Default: reports/<client>.", **PATH)]
BookOut = Annotated[Path, typer.Option(help="Where the book goes.", **PATH)]
Jobs = Annotated[int, typer.Option(min=1, help="Chapters executed at the same time.")]
Only = Annotated[
    list[str],
    typer.Option(help="This chapter and those it needs, without pages: notebooks and records alone; repeatable."),
]
Set = Annotated[list[str], typer.Option("--set", help="CHAPTER.PARAMETER=VALUE; repeatable.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Execute every chapter again, whatever is kept.")]
Scheduler = Annotated[
    str,
    typer.Option(help="Address of a Dask cluster that executes the chapters, as tcp://HOST:8786.", metavar="ADDRESS"),
]
Code = Annotated[CodeMode, typer.Option(help="Code in the pages of the book: folded, shown or none.")]
Edition = Annotated[
    EditionName, typer.Option(help="both: the client's part and the book after it. client: without the book.")
]
Previous = Annotated[
    Path | None,
    typer.Option(help="Folder of an earlier report: a page leads from its value to this one's.", **PATH),
]
Pdf = Annotated[
    bool, typer.Option("--pdf", help="Also report.pdf and board.pdf (the summary): the client's part, by Chromium.")
]
SingleFile = Annotated[
    bool, typer.Option("--single-file", help="Also report.html: the client's part as one file to mail.")
]
