"""The chapters as they declare themselves: ``_toc.yml`` lists them, each notebook's metadata describes it."""

from __future__ import annotations

import ast
import difflib
import json
import math
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from lepton_nb import extras, paths

PROFILES = ("quick", "full")
TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list": list}
#: Draws that client.yml may ask for (lepton_nb.client.cells.Draws), and that a command may.
FEWEST_DRAWS, MOST_DRAWS = 1_000, 1_000_000
#: The largest count that a chapter takes: beyond it no memory and no patience is enough.
MOST = 10_000_000
#: Parameters without which a chapter cannot be executed for a client's case.
OF_A_CASE = ("case", "client_folder")
#: Parameters that the engine fills in where a notebook declares them.
STANDARD = ("profile", "client_folder", "data_folder", "results_folder", "case")


class ChapterProblem(ValueError):
    """A chapter, or a parameter asked for it, is not as the rules want it: one sentence."""


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: ``name: type = default  # help``."""

    name: str
    type: str
    default: Any
    help: str

    def accept(self, chapter: str, value: Any) -> Any:
        """The value, if its type is the declared one. Raises ChapterProblem. An int passes as a float."""
        wanted = TYPES[self.type]
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            try:
                value = float(value)
            except OverflowError:
                value = math.inf
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise ChapterProblem(
                f"{chapter}: parameter {self.name} = {value!r} is {type(value).__name__}, "
                f"must be {self.type} ({self.help or 'no help given'})."
            )
        if rule := self._broken_rule(value):
            raise ChapterProblem(
                f"{chapter}: parameter {self.name} = {value!r} must be {rule} ({self.help or 'no help given'})."
            )
        return value

    def _broken_rule(self, value: Any) -> str:
        """What a value of the right type must be and is not; empty where nothing is wrong."""
        numbers = value if isinstance(value, list) else [value]
        if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
            return "a finite number"
        if self.name == "seed" and not 0 <= value < 2**32:
            return "at least 0 and below 2**32"
        if self.name == "draws" or self.name.endswith("_draws"):
            least = FEWEST_DRAWS if self.default == 0 else 1
            if not (value == 0 == self.default or least <= value <= MOST_DRAWS):
                return f"{'0 or ' * (self.default == 0)}from {least} to {MOST_DRAWS}"
        counts = self.type in ("int", "float") and not self.default < 0
        if counts and value < 0:
            return "at least 0: it is a count, a rate or a size"
        if self.type == "int" and abs(value) > MOST and self.name != "seed":
            return f"at most {MOST}"
        if self.type == "list" and any(type(number) is int and abs(number) > MOST for number in value):
            return f"a list of numbers of at most {MOST}"
        if isinstance(value, str) and "\0" in value:
            return "a text without the character 0"
        return ""


@dataclass(frozen=True)
class Cover:
    """A row of the sources (book/sources.md) that a chapter makes work, and the id of the cell where it does.

    part: what of the row it is, where it is not all.
    """

    row: str
    cell: str
    part: str = ""


@dataclass(frozen=True)
class Chapter:
    """A notebook with its declared parameters, needs and reads."""

    name: str
    path: Path
    text: str = field(
        repr=False
    )  # of the file when it was read: what is executed is this, whatever becomes of the file
    title: str
    question: str
    parameters: tuple[Parameter, ...]
    needs: tuple[str, ...]
    reads_client: tuple[str, ...]
    reads_data: tuple[str, ...]
    limit_seconds: Mapping[str, int]
    profiles: Mapping[str, Mapping[str, Any]]
    pictures: tuple[str, ...] = ()  # anchors of the drawings that go on record with a full run
    case: str = ""  # kind of case (client.schema.Case) that it measures: it is executed for each case of that kind too
    covers: tuple[Cover, ...] = ()  # the rows of the sources that it makes work
    reads_samples: tuple[str, ...] = ()  # sample clients that it shows, with their cases on record
    extra: str = ""  # packages that few need (lepton_nb.extras): without them the chapter is left out

    @cached_property
    def notebook(self) -> dict[str, Any]:
        """The notebook as it was read."""
        return json.loads(self.text)

    @cached_property
    def code(self) -> str:
        """All code cells as one text, for finding imports."""
        return "\n".join("".join(cell["source"]) for cell in self.notebook["cells"] if cell["cell_type"] == "code")

    def resolve(self, profile: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters for one run: defaults, the profile's values, then those given.

        Raises ChapterProblem for an unknown name or a wrong type, before any kernel starts.
        """
        declared = {parameter.name: parameter for parameter in self.parameters}
        values = {parameter.name: parameter.default for parameter in self.parameters}
        if "profile" in declared:
            values["profile"] = profile
        for name, value in {**self.profiles.get(profile, {}), **given}.items():
            if name not in declared:
                raise ChapterProblem(
                    f"{self.name}: no parameter {name!r}; it has {', '.join(declared)}.{did_you_mean(name, declared)}"
                )
            values[name] = declared[name].accept(self.name, value)
        return values


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean "value"?`` or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f' Did you mean "{close[0]}"?' if close else ""


def listed(toc: Path) -> list[str]:
    """The files that a Jupyter Book ``_toc.yml`` names, in its order, without endings; the client's part names none anew."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key in ("root", "file"):
                if key in node:
                    found.append(node[key])
            for key, value in node.items():
                if key != "meta":
                    walk(value)
        elif isinstance(node, list):
            for item in node:
                walk(item)

    walk(table(toc))
    return found


def table(toc: Path) -> dict[str, Any]:
    """The table of contents as it is written in ``_toc.yml``."""
    return yaml.safe_load(toc.read_text(encoding="utf-8"))


def read_all(root: Path) -> tuple[Chapter, ...]:
    """Every notebook that ``_toc.yml`` lists, in its order. Raises ChapterProblem with what is wrong where."""
    chapters = []
    for entry in listed(root / "_toc.yml"):
        path = (root / entry).with_suffix(".ipynb")
        if entry.startswith("notebooks/"):
            if not path.is_file():
                raise ChapterProblem(f"_toc.yml lists {entry}, but {path.name} is not in notebooks/.")
            chapters.append(read(path))
    names = [chapter.name for chapter in chapters]
    for chapter in chapters:
        for need in chapter.needs:
            if need not in names:
                raise ChapterProblem(
                    f"{chapter.path.name}: needs {need!r}, which _toc.yml does not list.{did_you_mean(need, names)}"
                )
    order(chapters)
    return tuple(chapters)


def without_extras(chapters: Iterable[Chapter]) -> dict[str, str]:
    """Chapters that cannot be executed here, each with the reason: packages of an extra are missing, or it needs such a one."""
    left_out: dict[str, str] = {}
    for chapter in order(chapters):
        if why := extras.lacking(chapter.extra):
            left_out[chapter.name] = why
        elif needs := [need for need in chapter.needs if need in left_out]:
            left_out[chapter.name] = f"needs {needs[0]}, which {left_out[needs[0]]}"
    return left_out


def order(chapters: Iterable[Any]) -> list[Any]:
    """Chapters or tasks (anything with name and needs), each after those it needs. Raises ChapterProblem for a circle."""
    waiting = {chapter.name: chapter for chapter in chapters}
    done: list[Any] = []
    while waiting:
        ready = [c for c in waiting.values() if not set(c.needs) & waiting.keys()]
        if not ready:
            raise ChapterProblem(f"Chapters need each other in a circle: {', '.join(sorted(waiting))}.")
        for chapter in ready:
            done.append(waiting.pop(chapter.name))
    return done


def read(path: Path) -> Chapter:
    """One notebook's declaration. Raises ChapterProblem."""
    text = path.read_text(encoding="utf-8")
    try:
        notebook = json.loads(text)
        declared = notebook["metadata"].get("lepton")
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ChapterProblem(f"{path.name}: is not a notebook ({problem}). Restore it from the project.") from None
    if declared is None:
        raise ChapterProblem(f"{path.name}: its metadata has no part 'lepton' (question, needs, reads, limit_seconds).")
    sources = [(cell, "".join(cell["source"])) for cell in notebook["cells"]]
    titles = [line[2:].strip() for cell, text in sources if cell["cell_type"] == "markdown"
              for line in text.splitlines() if line.startswith("# ")]  # fmt: skip
    tagged = [text for cell, text in sources if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(titles) != 1 or len(tagged) != 1:
        raise ChapterProblem(
            f"{path.name}: found {len(titles)} titles and {len(tagged)} cells tagged 'parameters'; need one of each."
        )
    name = re.sub(r"^\d+_", "", path.stem)
    chapter = Chapter(
        name=name,
        path=path,
        text=text,
        title=titles[0],
        question=declared["question"],
        parameters=tuple(_parameters(path.name, tagged[0])),
        needs=tuple(declared.get("needs", ())),
        reads_client=tuple(declared.get("reads", {}).get("client", ())),
        reads_data=tuple(declared.get("reads", {}).get("data", ())),
        reads_samples=tuple(declared.get("reads", {}).get("samples", ())),
        limit_seconds=declared["limit_seconds"],
        profiles={profile: declared.get("profiles", {}).get(profile, {}) for profile in PROFILES},
        pictures=tuple(declared.get("pictures", ())),
        case=declared.get("case", ""),
        covers=tuple(covers(path.name, notebook)),
        extra=declared.get("extra", ""),
    )
    if chapter.extra and chapter.extra not in extras.MODULES:
        raise ChapterProblem(
            f"{path.name}: its extra {chapter.extra!r} is not one of {', '.join(extras.MODULES)}."
            f"{did_you_mean(chapter.extra, extras.MODULES)}"
        )
    if unknown := [name for name in chapter.reads_samples if name not in paths.SAMPLES]:
        raise ChapterProblem(
            f"{path.name}: reads the samples {', '.join(unknown)}; there are {', '.join(paths.SAMPLES)}."
        )
    if chapter.case and (lacking := [name for name in OF_A_CASE if name not in {p.name for p in chapter.parameters}]):
        raise ChapterProblem(
            f"{path.name}: measures cases of kind {chapter.case}, so its parameters cell needs {' and '.join(lacking)}."
        )
    for profile in PROFILES:
        chapter.resolve(profile, {})
        if not chapter.limit_seconds.get(profile, 0) > 0:
            raise ChapterProblem(f"{path.name}: limit_seconds has no positive value for profile {profile!r}.")
    return chapter


#: Where a row works that a notebook names without a cell.
READING = "## Reading the result"


def covers(file: str, notebook: Mapping[str, Any]) -> Iterable[Cover]:
    """The rows of the sources that a notebook covers: ``{"S24": "ablation: augmentation, dropout"}`` in its metadata.

    Rows in a list work where its result is read. Raises ChapterProblem for a cell that the notebook does not have.
    """
    declared = notebook["metadata"].get("lepton", {}).get("covers") or {}
    if not isinstance(declared, Mapping):
        read = (cell["id"] for cell in notebook["cells"] if "".join(cell["source"]).startswith(READING))
        declared = dict.fromkeys(declared, next(read, ""))
    ids = {cell.get("id") for cell in notebook["cells"]}
    for row, told in declared.items():
        cell, _, part = told.partition(":")
        if cell not in ids:
            raise ChapterProblem(f"{file}: covers {row} by its cell {cell!r}, and has none of that name.")
        yield Cover(row, cell, part.strip())


def _parameters(file: str, source: str) -> Iterable[Parameter]:
    """Literals only, each annotated: a value derived inside this cell would stay stale under Papermill."""
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            raise ChapterProblem(
                f"{file}: parameters cell, line {statement.lineno}: need 'name: type = literal  # help'."
            )
        name = statement.target.id
        kind = ast.unparse(statement.annotation).split("[")[0]
        try:
            default = ast.literal_eval(statement.value)
        except (ValueError, TypeError):
            raise ChapterProblem(f"{file}: parameter {name}: its default is not a literal.") from None
        if kind not in TYPES:
            raise ChapterProblem(f"{file}: parameter {name}: type {kind} is not one of {', '.join(TYPES)}.")
        parameter = Parameter(name, kind, default, comments.get(statement.lineno, ""))
        yield Parameter(name, kind, parameter.accept(file, default), parameter.help)
