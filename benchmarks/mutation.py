"""What the tests notice: small faults put into the value layer and the store, one at a time; how many a test catches.

    python benchmarks/mutation.py [--mutations 200] [--seed 0] [--part 1/1] [--only decay.py] [--at worlds.py:117]

A fault is one change of one expression: a comparison, an operator, a number, a condition, the end of a slice, two
arguments in each other's place, a term left out. Words, annotations, seeds, numbers of steps and digits, what ``zip``
checks, and whether 0 itself belongs to a limit of 0 are left alone. All faults that are possible are listed and a sample is drawn
by the seed, so a run repeats; ``--part 2/4`` runs a quarter.

The tests run once without a fault, in a copy of the tree, with coverage by test; one that fails there is left out and
named. Then each fault is written into the copy, and a process forked from one that has the libraries loaded runs the
tests that reach the changed lines until one fails: the quickest of them, up to ``--patience`` processor seconds.
Hypothesis draws the same examples in every run. Caught: a test fails, the tests cannot be collected, or they take ten
times their processor time.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import fnmatch
import gc
import importlib
import os
import pickle
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MUTATED = ("lepton_nb/value_model/*.py", "lepton_nb/report/store*.py", "lepton_nb/report/planning.py")
TESTS = (
    "tests/test_value_*.py",
    "tests/test_compare.py",
    "tests/test_workbook.py",
    "tests/test_store.py",
    "tests/test_planning.py",
    "tests/test_case_tasks.py",
    "lepton_nb/value_model",
)
COMPARED = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
COMPARED |= {"in": ("not in",), "not in": ("in",), "is": ("is not",), "is not": ("is",)}
OPERATED = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "%": "*", "**": "*", "&": "|", "|": "&"}
EXCHANGED = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}
#: Calls in which the order of two arguments changes nothing, or words only.
NO_ORDER = {
    "min",
    "max",
    "gcd",
    "isclose",
    "Finding",
    "getattr",
    "print",
    "zip",
    "minimum",
    "maximum",
    "add",
    "cast",
    "_rule",
}
#: Arguments that check, label or draw, and move no figure.
NO_FIGURE = {
    "strict",
    "seed",
    "rng",
    "encoding",
    "ensure_ascii",
    "indent",
    "frozen",
    "slots",
    "kw_only",
    "repr",
    "method",
}

#: Names of constants that say how much is computed, not what.
EFFORT = ("steps", "draws", "most_factors", "most_numbers", "most_earners")


@dataclass(frozen=True)
class Fault:
    """One change: characters ``start`` to ``end`` of a file become ``text``; ``lines`` is the statement it is in."""

    path: str
    line: int
    start: int
    end: int
    text: str
    kind: str
    lines: tuple[int, int]
    names: tuple[str, ...]  # what the statement binds where it runs at import: who uses these is reached

    def apply(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]


class Finder(ast.NodeVisitor):
    """All faults that one module can be given."""

    def __init__(self, path: str, source: str):
        self.path, self.source, self.found = path, source, []
        lines = source.splitlines(keepends=True)
        self.offsets = [0]
        for line in lines:
            self.offsets.append(self.offsets[-1] + len(line))
        self.rows = [line.encode() for line in lines]
        self.lines, self.names, self.inside = (1, 1), (), False
        self.visit(ast.parse(source))

    def at(self, row: int, column: int) -> int:
        """Position in the text of what ast gives as row and column of bytes."""
        return self.offsets[row - 1] + len(self.rows[row - 1][:column].decode())

    def span(self, node) -> tuple[int, int]:
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def text(self, node) -> str:
        start, end = self.span(node)
        return self.source[start:end]

    def add(self, node, span: tuple[int, int], text: str, kind: str) -> None:
        self.found.append(Fault(self.path, node.lineno, *span, text, kind, self.lines, self.names))

    def replace(self, node, text: str, kind: str) -> None:
        self.add(node, self.span(node), text, kind)

    def between(self, left, right, old: str, new: str, kind: str) -> None:
        """Another operator between two operands; what else stands there is kept."""
        start, end = self.span(left)[1], self.span(right)[0]
        word = re.escape(old).replace(r"\ ", r"\s+")
        word = rf"\b{word}\b" if old.isidentifier() or " " in old else word
        changed = re.sub(word, new, self.source[start:end], count=1)
        self.add(left, (start, end), changed, kind)

    # -------------------------------------------------------------- where the walk goes

    def visit(self, node):
        if isinstance(node, ast.stmt):
            self.lines = self._reach(node)
            if not self.inside:
                self.names = tuple(_bound(node)) or self.names
        super().visit(node)

    def _reach(self, node) -> tuple[int, int]:
        """Lines of a statement, of its head where it has a body."""
        body = getattr(node, "body", None)
        return node.lineno, max(node.lineno, body[0].lineno - 1) if body else node.end_lineno

    def visit_FunctionDef(self, node):
        # defaults are computed at import and used in the body
        head, self.lines = self.lines, (node.body[0].lineno, node.end_lineno)
        plain = [*node.args.posonlyargs, *node.args.args]
        given = [*zip(plain[len(plain) - len(node.args.defaults) :], node.args.defaults, strict=True)]
        for one, default in (*given, *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)):
            if default is not None and one.arg not in NO_FIGURE and not one.arg.endswith(EFFORT):
                self.visit(default)
        self.lines = head
        inside, self.inside = self.inside, True
        names, self.names = self.names, ()
        for statement in node.body:
            self.visit(statement)
        self.inside, self.names = inside, names

    def visit_ClassDef(self, node):
        names = self.names
        for statement in node.body:
            self.names = names
            self.visit(statement)
            self.names = names

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.visit(node.value)

    def visit_Assign(self, node):
        named = {name.id.lower() for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        if not named & {"seed", "__all__"} and not any(name.endswith(EFFORT) for name in named):
            self.visit(node.value)

    def visit_Raise(self, node):
        """Words of an error."""

    def visit_JoinedStr(self, node):
        """Words."""

    def visit_Import(self, node):
        """Nothing to change."""

    visit_ImportFrom = visit_Import

    # -------------------------------------------------------------- the faults

    def visit_Compare(self, node):
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            old = _symbol(operator)
            # An amount is exactly 0 by chance only: there the limit itself is no fault.
            at_zero = old in {"<", "<=", ">", ">="} and any(
                isinstance(n, ast.Constant) and n.value == 0 for n in (left, right)
            )
            for new in COMPARED[old][1:] if at_zero else COMPARED[old]:
                self.between(left, right, old, new, "comparison")
        self.generic_visit(node)

    def visit_BinOp(self, node):
        old = _symbol(node.op)
        if old in OPERATED and not any(map(_is_words, (node.left, node.right))):
            self.between(node.left, node.right, old, OPERATED[old], "operator")
            if old in "+-|":
                self.replace(node, f"({self.text(node.left)})", "term left out")
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        old = _symbol(node.op)
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.between(left, right, old, "and" if old == "or" else "or", "and/or")
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.Not):
            self.replace(node, f"({self.text(node.operand)})", "not")
        elif isinstance(node.op, ast.USub):
            self.replace(node, f"({self.text(node.operand)})", "sign")
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, bool):
            self.replace(node, str(not node.value), "truth")
        elif isinstance(node.value, int):
            self.replace(node, str(node.value + 1), "number")
        elif isinstance(node.value, float):
            self.replace(node, repr(node.value * 2 if node.value else 1.0), "number")

    def visit_If(self, node):
        self._condition(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node):
        self._condition(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node):
        for test in node.ifs:
            self.replace(test, "True", "condition left out")
        self.generic_visit(node)

    def _condition(self, test) -> None:
        if not isinstance(test, ast.Compare | ast.UnaryOp):
            self.replace(test, f"not ({self.text(test)})", "condition")

    def visit_Slice(self, node):
        for end in (node.lower, node.upper):
            if end is not None and not isinstance(end, ast.Constant):
                self.replace(end, f"({self.text(end)}) + 1", "slice")
        self.generic_visit(node)

    def visit_Call(self, node):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in EXCHANGED:
            start, end = self.span(node.func)
            self.add(node, (end - len(name), end), EXCHANGED[name], "min/max")
        plain = [one for one in node.args if not isinstance(one, ast.Starred | ast.JoinedStr | ast.GeneratorExp)]
        named = [one.value for one in node.keywords if one.arg and one.arg not in NO_FIGURE]
        for values in (plain if name not in NO_ORDER else [], named):
            for one, other in pairwise(values):
                if not _alike(one, other) or self.text(one) == self.text(other):
                    continue
                (start, middle), (back, end) = self.span(one), self.span(other)
                if start < back:
                    swapped = self.text(other) + self.source[middle:back] + self.text(one)
                    self.add(node, (start, end), swapped, "arguments exchanged")
        self.visit(node.func)
        for one in node.args[:1] if name == "round" else node.args:  # not the number of digits
            self.visit(one)
        for one in node.keywords:
            if one.arg not in NO_FIGURE:
                self.visit(one.value)


def _symbol(operator) -> str:
    names = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!=", "In": "in", "NotIn": "not in"}
    names |= {"Is": "is", "IsNot": "is not", "Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "FloorDiv": "//"}
    names |= {"Mod": "%", "Pow": "**", "BitAnd": "&", "BitOr": "|", "And": "and", "Or": "or"}
    return names.get(type(operator).__name__, "")


def _is_words(node) -> bool:
    """Text, or a sum or product that holds some."""
    if isinstance(node, ast.BinOp):
        return _is_words(node.left) or _is_words(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _alike(one, other) -> bool:
    """Whether two arguments could be taken for one another: of one thing, two numbers, two names, two sums."""
    if type(one) is not type(other):
        return False
    if isinstance(one, ast.Attribute | ast.Subscript):
        return ast.dump(one.value) == ast.dump(other.value)
    return isinstance(one, ast.Name | ast.BinOp) or (isinstance(one, ast.Constant) and not isinstance(one.value, str))


def _bound(node) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return [
        name.id for target in targets if target is not None for name in ast.walk(target) if isinstance(name, ast.Name)
    ]


def faults(folder: Path, only: str = "") -> list[Fault]:
    """Every fault of every module, in the order of the text."""
    found = []
    for path in sorted(path for pattern in MUTATED for path in folder.glob(pattern)):
        if not only or fnmatch.fnmatch(path.name, only):
            made = Finder(str(path.relative_to(folder)), path.read_text(encoding="utf-8")).found
            found += sorted(set(made), key=lambda one: (one.start, one.end, one.text, one.kind))
    return found


def drawn(every, sources, number: int, seed: int) -> list[Fault]:
    """A sample without those that do not parse or mean the same as before."""
    found, order = [], random.Random(seed).sample(every, len(every))
    for fault in order:
        source = sources[fault.path]
        with contextlib.suppress(SyntaxError):
            if ast.dump(ast.parse(fault.apply(source))) != ast.dump(ast.parse(source)):
                found.append(fault)
        if len(found) == number:
            break
    return found


# ------------------------------------------------------------------ running the tests


def pytest_in(folder: Path, arguments, plugin) -> int:
    """Run pytest in this process, without a word; nothing is written but what the tests write."""
    import hypothesis
    import pytest

    hypothesis.settings.register_profile("repeats", derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("repeats")
    os.chdir(folder)
    plain = ["-q", "-p", "no:cacheprovider", "-p", "no:nbval", "-p", "no:xdist", "-o", "addopts=--doctest-modules"]
    plain += ["--assert=plain", "-W", "ignore::pytest.PytestAssertRewriteWarning"]  # plugins are loaded before the fork
    return int(pytest.main([*plain, f"--rootdir={folder}", *arguments], plugins=[plugin]))


def forked(work, limit: float | None = None):
    """What ``work`` gives in a process of its own; None where the processor time ran out or the process died."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            os.setpgid(0, 0)
            silent = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silent, stream)
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 2))
            answer = pickle.dumps(work())
            with os.fdopen(writing, "wb") as out:
                out.write(answer)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        given = answer.read()
    os.waitpid(child, 0)
    return pickle.loads(given) if given else None


class Watch:
    """Of each test: the lines it reaches, its processor time, whether it holds."""

    def __init__(self, coverage):
        self.coverage, self.groups = coverage, {}
        self.seconds, self.failed = defaultdict(float), set()

    def pytest_collection_modifyitems(self, items):
        for item in items:
            # What a fixture of a whole file makes is used by all its tests: they count as one.
            made = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
            wide = sorted(name for name, given in made.items() if given[-1].scope != "function")
            file = item.nodeid.split("::")[0]
            self.groups[item.nodeid] = f"{file} {' '.join(wide)}" if wide else item.nodeid

    def pytest_runtest_logstart(self, nodeid):
        self.coverage.switch_context(self.groups[nodeid])
        self.before = time.process_time()

    def pytest_runtest_logreport(self, report):
        if report.failed or (report.skipped and report.when == "call"):
            self.failed.add(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid):
        self.seconds[nodeid] = time.process_time() - self.before


@dataclass(frozen=True)
class Reached:
    """What the tests do without a fault."""

    groups: dict  # test -> where its lines are noted
    seconds: dict
    failed: frozenset
    lines: dict  # path -> line -> groups
    modules: tuple[str, ...]  # that the tests have loaded

    def tests(self, fault: Fault, sources: dict, patience: float) -> list[str]:
        """The quickest tests that reach a fault, as many as there is patience for, by file."""
        reached = set()
        spots = [(fault.path, *fault.lines)]
        if fault.names:  # runs at import: who uses what it binds
            word = re.compile(rf"\b({'|'.join(map(re.escape, fault.names))})\b")
            spots += [
                (path, number, number)
                for path, source in sources.items()
                for number, line in enumerate(source.splitlines(), 1)
                if word.search(line)
            ]
        for path, first, last in spots:
            for number in range(first, last + 1):
                reached |= self.lines.get(path, {}).get(number, set())
        chosen = [test for test, group in self.groups.items() if group in reached and test not in self.failed]
        cost = Counter()
        for test in chosen:
            cost[test.split("::")[0]] += self.seconds[test]
        subject = Path(fault.path).stem

        spent, kept = 0.0, []
        for test in sorted(chosen, key=self.seconds.get):
            spent += self.seconds[test]
            if kept and spent > patience:
                break
            kept.append(test)

        def order(test):
            file = test.split("::")[0]
            return subject not in file, cost[file], file, self.seconds[test]

        return sorted(kept, key=order)


def watched(folder: Path) -> Reached:
    import coverage

    tool = coverage.Coverage(
        data_file=None, include=[str(folder / pattern) for pattern in MUTATED], messages=False, config_file=False
    )
    watch = Watch(tool)
    tool.start()
    pytest_in(folder, [one for pattern in TESTS for one in _matching(folder, pattern)], watch)
    tool.stop()
    data, lines = tool.get_data(), {}
    for path in data.measured_files():
        seen = data.contexts_by_lineno(path)
        lines[str(Path(path).relative_to(folder))] = {line: set(names) - {""} for line, names in seen.items()}
    loaded = tuple(name for name in sys.modules if name.split(".")[0] not in {"lepton_nb", "tests", "__main__"})
    return Reached(watch.groups, dict(watch.seconds), frozenset(watch.failed), lines, loaded)


def _matching(folder: Path, pattern: str) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.glob(pattern))


class Chosen:
    """Run these tests in this order, and no others; say which fails first."""

    def __init__(self, tests):
        self.place, self.first, self.collected = {test: place for place, test in enumerate(tests)}, "", False

    def pytest_collection_modifyitems(self, items):
        items[:] = sorted(
            (item for item in items if item.nodeid in self.place), key=lambda item: self.place[item.nodeid]
        )
        self.collected = True

    def pytest_runtest_logreport(self, report):
        if report.failed and not self.first:
            self.first = report.nodeid


def caught(folder: Path, fault: Fault, reached: Reached, sources: dict, patience: float) -> str:
    """Which test catches a fault; empty where none does."""
    path, tests = folder / fault.path, reached.tests(fault, sources, patience)
    kept = path.stat()
    path.write_text(fault.apply(sources[fault.path]), encoding="utf-8")
    files = list(dict.fromkeys(test.split("::")[0] for test in tests))

    def work():
        sys.dont_write_bytecode = True
        if not tests:  # what runs at import is reached by every test of the module
            importlib.import_module(fault.path.removesuffix(".py").replace("/", "."))
            return 0, "", True
        chosen = Chosen(tests)
        code = pytest_in(folder, ["-x", *files], chosen)
        return code, chosen.first, chosen.collected

    limit = 30 + 10 * sum(reached.seconds[test] for test in tests)
    try:
        answer = forked(work, limit)
    finally:
        path.write_text(sources[fault.path], encoding="utf-8")
        os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    if answer is None:
        return "time ran out" if tests else "it cannot be imported"
    code, first, collected = answer
    return "" if code == 0 else first or ("a test ended the run" if collected else "the tests cannot be collected")


def difference(fault: Fault, source: str) -> str:
    """The lines before and after."""
    lines = difflib.unified_diff(source.splitlines(), fault.apply(source).splitlines(), lineterm="", n=0)
    return "\n".join("    " + line for line in list(lines)[3:])


def copied(folder: Path) -> None:
    """The tree as it is now, in another place; its files look older than any fault."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
            os.utime(folder / name, (1.6e9, 1.6e9))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", default="1/1", help="one part of the sample, as 2/4")
    parser.add_argument("--only", default="", help="modules of this name, as decay.py or s*.py")
    parser.add_argument("--at", default="", help="all faults of one line, as worlds.py:117")
    parser.add_argument("--patience", type=float, default=60.0, help="processor seconds of tests for one fault")
    parser.add_argument("--list", action="store_true", help="show the sample and run nothing")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutation-") as made:
        folder = Path(made).resolve()
        copied(folder)
        name, _, line = asked.at.partition(":")
        every = faults(folder, asked.only or name)
        sources = {str(path.relative_to(folder)): path.read_text("utf-8") for p in MUTATED for path in folder.glob(p)}
        if line:
            every = [fault for fault in every if fault.line == int(line)]
        sample = drawn(every, sources, asked.mutations, asked.seed)
        part, parts = map(int, asked.part.split("/"))
        sample = sample[part - 1 :: parts]
        print(f"{len(sample)} of {len(every)} faults, seed {asked.seed}, part {asked.part}", flush=True)
        if asked.list:
            for fault in sample:
                print(f"{fault.path}:{fault.line} {fault.kind}\n{difference(fault, sources[fault.path])}")
            return
        run(folder, sample, sources, asked.patience)


def run(folder: Path, sample, sources, patience: float) -> None:
    os.environ |= {"PYTHONPATH": str(folder), "LEPTON_STATE": str(folder / ".lepton"), "MPLBACKEND": "agg"}
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
    sys.path[:] = [str(folder), *(place for place in sys.path if Path(place or ".").resolve() != ROOT / "benchmarks")]
    start = time.monotonic()
    sys.dont_write_bytecode = False  # of the tree without a fault; what is changed is newer and compiled anew
    reached = forked(lambda: watched(folder))
    if reached is None or not reached.lines:
        sys.exit("The tests do not run without a fault: run pytest to see why.")
    took = f"{len(reached.groups)} tests, {sum(reached.seconds.values()):.0f} processor seconds"
    print(f"{took}, {time.monotonic() - start:.0f} s", flush=True)
    for test in sorted(reached.failed):
        print(f"left out, it fails or skips without a fault: {test}")
    for module in reached.modules:  # so that no fork has to load them again
        if not module.startswith(("test_", "conftest", "tensorflow", "keras", "_")):
            with contextlib.suppress(Exception):
                importlib.import_module(module)
    importlib.import_module("lepton_nb.client")
    importlib.import_module("lepton_nb.valuation")
    gc.collect()
    gc.freeze()
    survivors, done = [], Counter()
    for number, fault in enumerate(sample, 1):
        begun = time.monotonic()
        by = caught(folder, fault, reached, sources, patience)
        done[fault.path, bool(by)] += 1
        place = f"{fault.path}:{fault.line}"
        print(f"{number:4} {time.monotonic() - begun:6.1f} s  {place} {fault.kind}: {by or 'SURVIVES'}", flush=True)
        if not by:
            survivors.append(fault)
            print(difference(fault, sources[fault.path]), flush=True)
    print(f"\n{'module':42}{'faults':>8}{'caught':>8}")
    for path in sorted({path for path, _ in done}):
        print(f"{path:42}{done[path, True] + done[path, False]:8}{done[path, True]:8}")
    score = 1 - len(survivors) / max(len(sample), 1)
    print(f"\ncaught {len(sample) - len(survivors)} of {len(sample)}: {score:.1%}; {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
