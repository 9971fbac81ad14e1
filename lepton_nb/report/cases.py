"""A client's cases as tasks of a report: which chapter measures which case, and what of the client it reads.

A chapter whose metadata names a kind of case (``case: risk_classifier``) is executed for the public data sets, and once
more for each case of that kind: the task ``risk_classifier@C1``. Such a task reads what the chapter declares of the
client, of parts with a row an asset only the rows of its own asset, and the files of its own case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lepton_nb import results
from lepton_nb.client.case_rows import TEST_SHARE
from lepton_nb.client.cases import CLASSIFIERS
from lepton_nb.client.words import with_article
from lepton_nb.report import contents
from lepton_nb.report.chapters import Chapter
from lepton_nb.report.store import digest

#: The part of a client by which a chapter says that it reads evaluations: measured ones too.
READS_MEASURED = "evaluations"
#: Parts of which a case is one itself, and its files: read through the case's own fingerprint.
OF_THE_CASE = ("cases", "predictions")


@dataclass(frozen=True)
class Outline:
    """What a task is before its key is known: a chapter, for the book or for one case of the client."""

    chapter: Chapter
    needs: tuple[str, ...]
    title: str
    case: Any = None  # of client.schema; None: the chapter itself

    @property
    def name(self) -> str:
        return results.task_name(self.chapter.name, self.case.asset_id if self.case else "")


def outlines(chapters: Iterable[Chapter], company: Any) -> tuple[Outline, ...]:
    """Every task of a report, each case after its chapter."""
    chapters = tuple(chapters)
    titles = {asset.asset_id: asset.name for asset in company.assets}
    measuring: dict[str, list[Outline]] = {}
    for chapter, case in _measured(chapters, company.cases):
        title = f"{chapter.title}: {titles.get(case.asset_id, case.asset_id)} ({case.asset_id})"
        measuring.setdefault(chapter.name, []).append(Outline(chapter, chapter.needs, title, case))
    cases = [one.name for found in measuring.values() for one in found]
    found: list[Outline] = []
    for chapter in chapters:
        needs = (*chapter.needs, *cases) if reads_measured(chapter) else chapter.needs
        found += [Outline(chapter, needs, chapter.title), *measuring.get(chapter.name, ())]
    return tuple(found)


def _measured(chapters: Iterable[Chapter], cases: Iterable[Any]) -> Iterator[tuple[Chapter, Any]]:
    """Each case that a chapter measures, with that chapter."""
    by_kind = {chapter.case: chapter for chapter in chapters if chapter.case}
    return ((by_kind[case.case], case) for case in cases if case.case in by_kind and measurable(case))


def measurable(case: Any) -> bool:
    """Whether a case can be measured at all: measurements without failures cannot."""
    return case.kind != "measurements" or case.target is not None


def reads_measured(chapter: Chapter) -> bool:
    """Whether a chapter takes the records of the cases: those that read the client's evaluations, and measure none."""
    return READS_MEASURED in chapter.reads_client and not chapter.case


def files(case: Any) -> list[str]:
    """The files and folders of a case in the client's folder: data, predictions, model."""
    return [name for name in ("" if case.public else case.path, case.clips, case.predictions, case.model) if name]


def fingerprints(outline: Outline, company: Any, folder: Path) -> dict[str, str]:
    """What of the client a task's key depends on, by part. A public chapter that measures cases reads no client."""
    chapter, case = outline.chapter, outline.case
    if case is None:
        return {} if chapter.case else {part: company.fingerprint(part) for part in chapter.reads_client}
    parts = [part for part in chapter.reads_client if part not in OF_THE_CASE]
    found = {part: _own(company, part, case.asset_id) for part in dict.fromkeys(["client", *parts])}
    return found | {f"case {case.asset_id}": digest([case.model_dump(mode="json"), _digests(case, folder)])}


def _own(company: Any, part: str, asset_id: str) -> str:
    """The fingerprint of a part; of one with a row an asset, of the rows of this asset."""
    rows = getattr(company, part)
    if not isinstance(rows, tuple) or not rows or not hasattr(rows[0], "asset_id"):
        return company.fingerprint(part)
    return digest([row.model_dump(mode="json") for row in rows if row.asset_id == asset_id])


def _digests(case: Any, folder: Path) -> dict[str, str]:
    """Digest of each file of a case; what a folder of images or a sheet holds is in the case's own checksum."""
    return {name: contents.file_digest(folder / name) for name in files(case) if (folder / name).is_file()}


def door(case: Any) -> str:
    """By which door the model of a case comes in, in words."""
    if case.predictions:
        if case.joined_by is None:
            return f"by the scores in {case.predictions}"
        how = f"by {case.joined_by}" if case.joined_by else "by the order of rows"
        return f"by the scores in {case.predictions}, joined {how}"
    return f"by the model in {case.model}" if case.model else "trained here"


def plans_in_words(chapters: Iterable[Chapter], company: Any) -> list[str]:
    """What each case will provide, one sentence each: measured by which chapter, on what, by which door, for which benefits."""
    by_case = {id(case): chapter for chapter, case in _measured(chapters, company.cases)}
    return [_in_words(case, by_case.get(id(case)), company) for case in company.cases]


def own_in_words(company: Any, planned: Mapping[str, Chapter], only: Iterable[str]) -> list[str]:
    """How to execute the client's own cases where only their chapter was asked for, which is on public data.

    planned: the chapters of a run by the names of its tasks; only: the names that were asked for.
    """
    found = []
    for name in only:
        chapter = planned.get(name)
        if chapter is None or not chapter.case or name != chapter.name:
            continue
        own = [results.task_name(name, case.asset_id) for case in company.cases if case.case == chapter.case]
        if missing := [task for task in own if task not in planned]:
            words = " ".join(f"--only {task}" for task in missing)
            found.append(f"{name} is the chapter on public data; the client's own case: {words}")
    return found


def _in_words(case: Any, chapter: Chapter | None, company: Any) -> str:
    if not measurable(case):
        why = "no target says which rows led to a failure, so nothing can be measured"
        return f"{case.asset_id}: {why}; its data were examined, and nothing rests on them."
    if chapter is None:
        told = f"no chapter measures {with_article(case.case)}"
        return f"{case.asset_id}: {told}; its data were examined, and nothing rests on them."
    task = results.task_name(chapter.name, case.asset_id)
    told = f"{case.asset_id}: {task} ({chapter.path.name}) will measure it on {case.path}, {door(case)}"
    if case.kind in ("measurements", "series") and case.test_from:
        what = "rows" if case.kind == "measurements" else f"steps, foretold up to {case.horizon} ahead,"
        told += f"; {what} from {case.test_from} on are the test"
    elif case.split is None and case.case in CLASSIFIERS and not case.public:
        told += (
            f"; no split is given, so {round(10 * TEST_SHARE)} in 10 rows, drawn at random class by class, are the test"
        )
    if case.texts and not case.predictions:
        told += f"; read as texts: {', '.join(case.texts)}"
    drivers = [row.driver_id for row in company.benefits if row.metric_link == ("measured", case.asset_id)]
    if drivers:
        return f"{told}; {', '.join(dict.fromkeys(drivers))} will rest on what it measures."
    if case.case in CLASSIFIERS and case.outcome_value is None:
        return (
            f"{told}; it has no money per outcome (outcome_value), so what it measures is worth nothing in the report."
        )
    return f"{told}; no benefit links to it (metric_link measured:{case.asset_id}), so it stands beside what was typed."


def unmeasured(chapters: Iterable[Chapter], company: Any) -> Mapping[str, str]:
    """Assets whose benefits rest on a case that no chapter measures, with the kind of the case."""
    known = {case.asset_id for _, case in _measured(chapters, company.cases)}
    linked = {row.metric_link.id for row in company.benefits if row.metric_link.kind == "measured"}
    return {case.asset_id: case.case for case in company.cases if case.asset_id in linked - known}
