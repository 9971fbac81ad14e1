"""The reference page of the book, made from the signatures and docstrings of the public functions.

    python -m lepton_nb.valuation._reference > book/valuation_reference.md

A test compares the page in the book with what this makes.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from typing import Any

from lepton_nb import valuation

INTRODUCTION = """# Valuation functions

Every public function of `lepton_nb.valuation`, with its equation, its units, its reference and an example that is run as a
test. All take numbers and give a number, or a result that does not change. A result carries its main number in `.value`,
its interval in `.interval` where it has one, the arguments in `.inputs`, and turns into plain values with `.to_dict()`.

Rates are fractions. Cash flows are signed: money out is negative. Costs are positive money out. What does not exist is the
exception `Undefined`, with a sentence; what does not belong is a `ValueError` that names the argument.

```python
from lepton_nb.valuation import irr, paired_gain
```

Each method at work on numbers that can be checked by hand: [The methods, each once](../notebooks/89_methods.ipynb).
"""


def page() -> str:
    """The page in MyST Markdown, grouped by module."""
    parts = [INTRODUCTION]
    for module, names in valuation.PUBLIC.items():
        found = importlib.import_module(f"lepton_nb.valuation.{module}")
        summary = inspect.getdoc(found).split("\n\n")[0].replace("\n", " ")
        parts.append(f"## {module}\n\n{summary}\n")
        for name in names.split():
            thing = getattr(found, name)
            if inspect.isfunction(thing):
                parts.append(_function(name, thing))
        results = [name for name in names.split() if dataclasses.is_dataclass(getattr(found, name))]
        if results:
            parts.append(_results(found, results))
    return "\n".join(parts)


def _function(name: str, thing: Any) -> str:
    text, _, example = inspect.getdoc(thing).partition("\n>>> ")
    text = re.sub(r":func:`([\w.]+)`", r"`\1`", text).replace("``", "`")
    text = text.replace("\nReference: ", "\n**Reference.** ")
    parts = [f"### {name}\n", f"```python\n{_signature(name, thing)}\n```\n", text.rstrip() + "\n"]
    if example:
        parts.append(f"```pycon\n>>> {example.rstrip()}\n```\n")
    return "\n".join(parts)


def _signature(name: str, thing: Any) -> str:
    """The signature on one line, or one argument a line where it is long."""
    signature = inspect.signature(thing)
    found, keyword_only = [], False
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not keyword_only:
            found.append("*")
            keyword_only = True
        text = f"{parameter.name}: {parameter.annotation}"
        found.append(text if parameter.default is inspect.Parameter.empty else f"{text} = {parameter.default!r}")
    line = f"{name}({', '.join(found)}) -> {signature.return_annotation}"
    if len(line) <= 88:
        return line
    return f"{name}(\n    " + ",\n    ".join(found) + f",\n) -> {signature.return_annotation}"


def _results(module: Any, names: list[str]) -> str:
    rows = []
    for name in names:
        thing = getattr(module, name)
        fields = ", ".join(f"`{item.name}`" for item in dataclasses.fields(thing) if item.name != "inputs")
        summary = inspect.getdoc(thing).split("\n\n")[0].replace("\n", " ").replace("``", "`").replace("|", "\\|")
        rows.append(f"| `{name}` | {summary} | {fields} |")
    return (
        f"### Results of {module.__name__.rpartition('.')[2]}\n\n| result | what it is | fields |\n|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


if __name__ == "__main__":
    print(page(), end="")
