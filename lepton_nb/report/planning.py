"""What one command has to do, checked before anything is executed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lepton_nb import client as client_package
from lepton_nb import datasets, paths
from lepton_nb.report import chapters as chapter_module
from lepton_nb.report import contents, lodging, snapshot
from lepton_nb.report.chapters import Chapter, ChapterProblem, did_you_mean
from lepton_nb.report.contents import Signature
from lepton_nb.report.store import Store, code_of, key


@dataclass(frozen=True)
class Task:
    """One chapter, ready to run: everything its key needs except the records of other chapters."""

    chapter: Chapter
    parameters: Mapping[str, Any]
    client: Mapping[str, str]
    data: Mapping[str, str]
    limit_seconds: int
    threads: int
    reuse: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)  # what the command changed of the profile
    code: Mapping[str, Any] | None = None  # what store.code_of gave when the run was planned
    files: Mapping[str, Signature] = field(default_factory=dict)  # its real data files, as they were then

    def key(self, needs: Mapping[str, str]) -> str:
        return key(self.chapter, self.parameters, self.client, self.data, needs, self.threads, self.code)


@dataclass(frozen=True)
class Places:
    """Folders that a task uses. Kept apart from the task: they do not go into its key.

    client, project: the copies that kernels see, once a run has taken them; before that, the client's own folder.
    run: where this run works, removed with it.
    """

    client: Path
    data: Path | None
    state: Path
    project: Path = Path()
    run: Path = Path()

    @property
    def store(self) -> Store:
        return Store(self.state / "store")


@dataclass(frozen=True)
class Plan:
    """What one command has to do, checked before anything is executed."""

    client: Any
    client_folder: Path
    out: Path
    profile: str
    places: Places
    tasks: tuple[Task, ...]
    fresh: bool
    code: str
    whole: bool  # every chapter of _toc.yml is in it
    seen: Mapping[str, Signature] = field(default_factory=dict)  # the client's files as they were read


def plan(
    client_folder: Path,
    out: Path | None = None,
    profile: str = "quick",
    data: Path | None = None,
    only: Iterable[str] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    fresh: bool = False,
    code: str = "folded",
) -> Plan:
    """Check everything that can be checked before a kernel starts, and say what has to be done.

    Raises ClientProblems, DataProblem or ChapterProblem: bad input, with a sentence for each problem.
    """
    settings = settings or {}
    if profile not in chapter_module.PROFILES:
        raise ChapterProblem(f"Profile {profile!r} is not one of {', '.join(chapter_module.PROFILES)}.")
    state = paths.state_folder()
    contents.remember(state)
    everything = chapter_module.read_all(paths.project())
    chapters = _chosen(everything, only, settings)
    company, seen = _client(client_folder)
    data = data or (Path(os.environ["LEPTON_DATA"]) if os.environ.get("LEPTON_DATA") else None)
    tasks = []
    for chapter in chapter_module.order(chapters):
        given = settings.get(chapter.name, {})
        tasks.append(
            Task(
                chapter=chapter,
                parameters=chapter.resolve(profile, given),
                client={part: company.fingerprint(part) for part in chapter.reads_client},
                # Files are looked at before they are read: an edit in between is seen as one.
                files=_data_files(chapter, data),
                data={name: datasets.fingerprint(name, data or "") for name in chapter.reads_data},
                limit_seconds=chapter.limit_seconds[profile],
                # One thread a chapter in the quick profile: chapters run side by side, and numbers
                # do not depend on how many cores there are. The full profile uses all of them.
                threads=1 if profile == "quick" else os.cpu_count() or 1,
                reuse=not fresh,
                settings=given,
                code=code_of(chapter),
            )
        )
    contents.keep(state)
    folder = client_folder.resolve()
    whole = len(chapters) == len(everything)
    out = (out or Path("reports") / (folder.stem if folder.is_file() else folder.name)).resolve()
    return Plan(
        client=company,
        client_folder=folder,
        out=lodging.place(out, whole),
        profile=profile,
        places=Places(folder, data.resolve() if data else None, state),
        tasks=tuple(tasks),
        fresh=fresh,
        code=code,
        whole=whole,
        seen=seen,
    )


def _chosen(everything: tuple[Chapter, ...], only: Iterable[str], settings: Mapping[str, Mapping]) -> list[Chapter]:
    """The chapters to run. Raises ChapterProblem for names that are not there, and for settings that nothing would use."""
    names = [chapter.name for chapter in everything]
    for name in [*only, *settings]:
        if name not in names:
            raise ChapterProblem(f"No chapter {name!r}; there are {', '.join(names)}.{did_you_mean(name, names)}")
    wanted = _with_needs(everything, only) if only else set(names)
    for name, given in settings.items():
        if name not in wanted:
            raise ChapterProblem(f"--set {name}: this run leaves the chapter out; it has {', '.join(sorted(wanted))}.")
        for parameter in given:
            if parameter.endswith("_folder") or parameter == "profile":
                option = {"client_folder": "CLIENT", "data_folder": "--data", "profile": "--profile"}.get(parameter)
                remedy = f"use {option}" if option else "leave it out"
                raise ChapterProblem(f"--set {name}.{parameter}: the command itself gives this one; {remedy}.")
    return [chapter for chapter in everything if chapter.name in wanted]


def _client(folder: Path) -> tuple[Any, Mapping[str, Signature]]:
    """The client, and its files as they were when it was read. Raises ClientProblems."""
    for _ in range(3):
        before = snapshot.look(folder) if folder.exists() else {}
        company = client_package.load(folder)
        data = [case.path for case in company.cases]
        if company.branding and company.branding.logo:
            data.append(company.branding.logo)
        seen = snapshot.look(folder, data)
        own = {name: sign for name, sign in seen.items() if name in before or not _of_case(name, data)}
        if own == before:
            return company, seen
    raise ChapterProblem(f"{folder}: is being written to all the time. Run the command again when that is over.")


def _of_case(name: str, data: list[str]) -> bool:
    """Whether a file is among the data of the cases, which are known only once the client is read."""
    return any(name == path or name.startswith(f"{path.rstrip('/')}/") for path in data)


def _data_files(chapter: Chapter, data: Path | None) -> dict[str, Signature]:
    found = {datasets.locate(name, data or "") for name in chapter.reads_data}
    return {str(path.resolve()): contents.signature(path) for path in found if path}


def _with_needs(chapters: Iterable[Chapter], only: Iterable[str]) -> set[str]:
    by_name = {chapter.name: chapter for chapter in chapters}
    wanted, waiting = set(), list(only)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += by_name[name].needs
    return wanted
