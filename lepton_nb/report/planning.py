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
from lepton_nb.report.chapters import Chapter, ChapterProblem, did_you_mean
from lepton_nb.report.store import Store, key


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

    def key(self, needs: Mapping[str, str]) -> str:
        return key(self.chapter, self.parameters, self.client, self.data, needs, self.threads)


@dataclass(frozen=True)
class Places:
    """Folders that a task uses. Kept apart from the task: they do not go into its key."""

    client: Path
    data: Path | None
    state: Path

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
    everything = chapter_module.read_all(paths.project())
    names = [chapter.name for chapter in everything]
    for name in [*only, *settings]:
        if name not in names:
            raise ChapterProblem(f"No chapter {name!r}; there are {', '.join(names)}.{did_you_mean(name, names)}")
    wanted = _with_needs(everything, only) if only else set(names)
    chapters = [chapter for chapter in everything if chapter.name in wanted]

    company = client_package.load(client_folder)
    data = data or (Path(os.environ["LEPTON_DATA"]) if os.environ.get("LEPTON_DATA") else None)
    tasks = []
    for chapter in chapter_module.order(chapters):
        parameters = chapter.resolve(profile, settings.get(chapter.name, {}))
        tasks.append(
            Task(
                chapter=chapter,
                parameters=parameters,
                client={part: company.fingerprint(part) for part in chapter.reads_client},
                data={name: datasets.fingerprint(name, data or "") for name in chapter.reads_data},
                limit_seconds=chapter.limit_seconds[profile],
                # One thread a chapter in the quick profile: chapters run side by side, and numbers
                # do not depend on how many cores there are. The full profile uses all of them.
                threads=1 if profile == "quick" else os.cpu_count() or 1,
                reuse=not fresh,
                settings=settings.get(chapter.name, {}),
            )
        )
    folder = client_folder.resolve()
    return Plan(
        client=company,
        client_folder=folder,
        out=(out or Path("reports") / (folder.stem if folder.is_file() else folder.name)).resolve(),
        profile=profile,
        places=Places(folder, data.resolve() if data else None, paths.state_folder()),
        tasks=tuple(tasks),
        fresh=fresh,
        code=code,
        whole=len(chapters) == len(everything),
    )


def _with_needs(chapters: Iterable[Chapter], only: Iterable[str]) -> set[str]:
    by_name = {chapter.name: chapter for chapter in chapters}
    wanted, waiting = set(), list(only)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += by_name[name].needs
    return wanted
