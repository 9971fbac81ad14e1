"""What one command has to do, checked before anything is executed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lepton_nb import client as client_package
from lepton_nb import datasets, paths, results
from lepton_nb.client.words import with_article
from lepton_nb.report import branding, cases, contents, editions, lodging, since, snapshot
from lepton_nb.report import chapters as chapter_module
from lepton_nb.report.branding import Brand
from lepton_nb.report.cases import Outline
from lepton_nb.report.chapters import Chapter, ChapterProblem, did_you_mean
from lepton_nb.report.contents import Signature
from lepton_nb.report.forms import Forms
from lepton_nb.report.store import Store, code_of, is_heavy, key

#: Parameters that a command gives itself, with the option that does.
GIVEN = {
    "client_folder": "use CLIENT",
    "data_folder": "use --data",
    "profile": "use --profile",
    "case": "name the case's own task, CHAPTER@ASSET",
}


@dataclass(frozen=True)
class Task:
    """A chapter for this report, ready to run: everything its key needs except the records of other tasks.

    name: the chapter's, or that of a case with it: ``risk_classifier@C1``. needs: names of tasks.
    """

    chapter: Chapter
    name: str
    title: str
    needs: tuple[str, ...]
    parameters: Mapping[str, Any]
    client: Mapping[str, str]
    data: Mapping[str, str]
    limit_seconds: int
    threads: int
    reuse: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)  # what the command changed of the profile
    code: Mapping[str, Any] | None = None  # what store.code_of gave when the run was planned
    files: Mapping[str, Signature] = field(default_factory=dict)  # its real data files, as they were then
    asset: str = ""  # whose case it measures; empty: the chapter itself
    door: str = ""  # how the model of that case comes in

    @property
    def file(self) -> str:
        """The name of its executed notebook."""
        path = self.chapter.path
        return f"{results.task_name(path.stem, self.asset)}{path.suffix}"

    @property
    def sees_client(self) -> bool:
        """Whether its kernel may see the client: a chapter of the book that also measures cases is the same for all."""
        return bool(self.asset) or not self.chapter.case

    @property
    def heavy(self) -> bool:
        """Whether the chapter imports Keras or TensorFlow, itself or through the package."""
        return is_heavy(self.chapter)

    def key(self, needs: Mapping[str, str]) -> str:
        return key(self.chapter, self.parameters, self.client, self.data, needs, self.threads, self.code)


@dataclass(frozen=True)
class Places:
    """Folders that a task uses. Kept apart from the task: they do not go into its key.

    client, project: the copies that kernels see, once a run has taken them; before that, the client's own folder.
    run: where this run works, removed with it. forks: the sockets of its servers of kernels; None: plain starts.
    """

    client: Path
    data: Path | None
    state: Path
    project: Path = Path()
    run: Path = Path()
    forks: Path | None = None
    shared: str = ""  # the address of a store of kept chapters that other machines use too

    @property
    def store(self) -> Store:
        return Store(self.state / "store", self.shared)


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
    edition: str = editions.BOTH
    previous: since.Previous | None = None  # the earlier report that this one leads on from
    forms: Forms = field(default_factory=Forms)
    brand: Brand | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)  # chapters whose packages are missing, and which


def plan(
    client_folder: Path,
    out: Path | None = None,
    profile: str = "quick",
    data: Path | None = None,
    only: Iterable[str] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    fresh: bool = False,
    code: str = "folded",
    edition: str = editions.BOTH,
    previous: Path | None = None,
    pdf: bool = False,
    single_file: bool = False,
) -> Plan:
    """Check everything that can be checked before a kernel starts, and say what has to be done.

    edition ``client`` plans the chapters that report, with what they need: the others are not executed. previous: the
    folder of an earlier report, from whose value a page leads to this one's. pdf: ``report.pdf`` and ``board.pdf``
    beside the site. single_file: ``report.html``.

    Raises ClientProblems, DataProblem, ChapterProblem or CompareProblem: bad input, with a sentence for each problem;
    NoBrowser where a PDF is asked for and nothing prints.
    """
    settings = settings or {}
    if profile not in chapter_module.PROFILES:
        raise ChapterProblem(f"Profile {profile!r} is not one of {', '.join(chapter_module.PROFILES)}.")
    forms = Forms(pdf, single_file)
    forms.check()
    if forms.names and (only or not _reports() or edition == editions.BOOK):
        raise ChapterProblem(
            f"{', '.join(forms.names)}: made of a whole report with a client's part; leave --only out."
        )
    state = paths.state_folder()
    contents.remember(state)
    everything = chapter_module.read_all(paths.project())
    left_out = chapter_module.without_extras(everything)
    for name in [*only, *settings]:
        if name in left_out:
            raise ChapterProblem(f"{name}: {left_out[name]}.")
    everything = tuple(chapter for chapter in everything if chapter.name not in left_out)
    company, seen = _client(client_folder)
    before = None if previous is None else since.read(previous, company.valuation.currency)
    outlines = cases.outlines(everything, company)
    if edition == editions.CLIENT:
        outlines = _reporting(outlines)
    for asset, kind in cases.unmeasured(everything, company).items():
        raise ChapterProblem(
            f"benefits.csv: measured:{asset} needs a chapter that measures {with_article(kind)}, and there is none."
        )
    chosen = _chosen(outlines, only, settings)
    folder = client_folder.resolve()
    data = data or (Path(os.environ["LEPTON_DATA"]) if os.environ.get("LEPTON_DATA") else None)
    tasks = []
    for outline in chapter_module.order(chosen):
        chapter, case = outline.chapter, outline.case
        given = settings.get(outline.name, {})
        parameters = chapter.resolve(profile, given)
        sets = _data_sets(outline)
        tasks.append(
            Task(
                chapter=chapter,
                name=outline.name,
                title=outline.title,
                needs=outline.needs,
                asset=case.asset_id if case else "",
                door=case.door if case else "",
                parameters=parameters | {"case": case.asset_id} if case else parameters,
                client=cases.fingerprints(outline, company, folder),
                # Files are looked at before they are read: an edit in between is seen as one.
                files=_data_files(sets, data),
                data={name: datasets.fingerprint(name, data or "") for name in sets},
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
    whole = len(chosen) == len(outlines)
    out = (out or Path("reports") / (folder.stem if folder.is_file() else folder.name)).resolve()
    return Plan(
        client=company,
        client_folder=folder,
        out=lodging.place(out, whole),
        profile=profile,
        places=Places(folder, data.resolve() if data else None, state, shared=paths.shared_store()),
        tasks=tuple(tasks),
        fresh=fresh,
        code=code,
        whole=whole,
        seen=seen,
        edition=edition,
        previous=before,
        forms=forms,
        brand=branding.of(company, folder),
        left_out=left_out,
    )


def _reporting(outlines: tuple[Outline, ...]) -> tuple[Outline, ...]:
    """The tasks of the client's part, as ``_toc.yml`` names it: all where it names none."""
    named = _reports()
    if not named:
        return outlines
    files = {(paths.project() / name).with_suffix(".ipynb") for name in named}
    wanted = _with_needs(outlines, [one.name for one in outlines if one.case or one.chapter.path in files])
    return tuple(outline for outline in outlines if outline.name in wanted)


def _reports() -> list[str]:
    """The documents of the client's part, the first one first; none where the project has no such part."""
    toc = chapter_module.table(paths.project() / "_toc.yml")
    found = editions.reports(toc)
    return [toc["root"], *found] if found else []


def _chosen(outlines: tuple[Outline, ...], only: Iterable[str], settings: Mapping[str, Mapping]) -> list[Outline]:
    """The tasks to run. Raises ChapterProblem for names that are not there, and for settings that nothing would use."""
    names = [outline.name for outline in outlines]
    for name in [*only, *settings]:
        if name not in names:
            raise ChapterProblem(f"No chapter {name!r}; there are {', '.join(names)}.{did_you_mean(name, names)}")
    wanted = _with_needs(outlines, only) if only else set(names)
    for name, given in settings.items():
        if name not in wanted:
            raise ChapterProblem(f"--set {name}: this run leaves the chapter out; it has {', '.join(sorted(wanted))}.")
        for parameter in given:
            if parameter.endswith("_folder") or parameter in GIVEN:
                remedy = GIVEN.get(parameter, "leave it out")
                raise ChapterProblem(f"--set {name}.{parameter}: the command itself gives this one; {remedy}.")
    return [outline for outline in outlines if outline.name in wanted]


def _client(folder: Path) -> tuple[Any, Mapping[str, Signature]]:
    """The client, and its files as they were when it was read. Raises ClientProblems."""
    for _ in range(3):
        before = snapshot.look(folder) if folder.exists() else {}
        company = client_package.load(folder)
        data = [name for case in company.cases for name in cases.files(case)]
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


def _data_sets(outline: Outline) -> tuple[str, ...]:
    """The public data sets that a task reads: of a case at most the one that it names."""
    if outline.case is None:
        return outline.chapter.reads_data
    return tuple(filter(None, [outline.case.public]))


def _data_files(sets: Iterable[str], data: Path | None) -> dict[str, Signature]:
    found = {datasets.locate(name, data or "") for name in sets}
    return {str(path.resolve()): contents.signature(path) for path in found if path}


def _with_needs(outlines: Iterable[Outline], only: Iterable[str]) -> set[str]:
    by_name = {outline.name: outline for outline in outlines}
    wanted, waiting = set(), list(only)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += by_name[name].needs
    return wanted
