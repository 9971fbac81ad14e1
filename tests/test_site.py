"""The published site: what a browser sees, what a build rewrites, what must never be on a page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import browser
import numpy as np
import pytest
from nbformat import v4

from lepton_nb import paths, plots, render
from lepton_nb.report import publish

EVIL = "<script>alert(1)</script> {{ 7*7 }} $x$ `code` =cmd|' /C calc'!A0"


# Executed chapters, written by hand: no kernel is needed.


def text(source: str):
    return v4.new_markdown_cell(source)


def code(source: str, *outputs, tags: tuple[str, ...] = ()):
    shown = []
    for output in outputs:
        if isinstance(output, render.Html):
            shown.append(v4.new_output("execute_result", output._repr_mimebundle_(), execution_count=1))
        elif isinstance(output, str):
            shown.append(v4.new_output("stream", name="stdout", text=output))
        else:
            shown.append(output)
    return v4.new_code_cell(source, outputs=shown, execution_count=1, metadata={"tags": list(tags)} if tags else {})


def lines(seed: int = 0) -> render.Html:
    figure, axis = plots.axes()
    steps = np.arange(1, 6)
    for name, shift in (("validation", 0.0), ("training", 0.4)):
        axis.plot(steps, 99.5 - 2.0 / steps**1.3 + 0.1 * shift + 0.01 * seed, marker="o", label=name)
    axis.set_xlabel("epoch")
    axis.set_ylabel("accuracy, %")
    axis.legend()
    return plots.show(figure, "Accuracy after each epoch. n = 10 000 test images, one seed.", "curves")


def bars() -> render.Html:
    figure, axis = plots.axes(height=2.6)
    axis.barh(["Energy optimiser", "Inspection cameras", "Visual inspection"], [-0.12, 0.21, 1.26], color=plots.BLUE)
    axis.axvline(0, color=plots.GREY, linewidth=0.8)
    axis.set_xlabel("net present value, m EUR")
    return plots.show(figure, "Net present value by asset. Median of 16 384 draws; source: chapter Value.", "values")


def assets(client: str) -> render.Html:
    rows = [
        {"Asset": "Visual inspection", "Value": 1_262_000.0, "Low": 610_000.0, "High": 1_940_000.0, "Verdict": "keep"},
        {"Asset": "Inspection cameras", "Value": 214_000.0, "Low": 88_000.0, "High": 371_000.0, "Verdict": "keep"},
        {"Asset": f"Energy optimiser of {client}", "Value": -121_000.0, "Low": -410_000.0, "High": 260_000.0, "Verdict": "wait"},
        {"Asset": "Together", "Value": 1_355_000.0, "Low": 488_000.0, "High": 2_203_000.0, "Verdict": ""},
    ]  # fmt: skip
    money = {column: lambda value: render.money(value, "EUR") for column in ("Value", "Low", "High")}
    return render.table(rows, money, "Value by asset, 90 % interval. Valuation date 30 June 2026.", total=True)


PARAMETERS = code('profile: str = "quick"  # a secret default', tags=("parameters",))
INJECTED = code('client_folder = "/secret/folder"', tags=("injected-parameters",))
HIDDEN = code("hidden_marker = 1", "hidden output\n", tags=("remove-cell",))

MATHS = r"""## Formula

A dense layer is an affine map and an activation. With $\mathbf{x} \in \mathbb{R}^{n}$ and weights
$\mathbf{W} \in \mathbb{R}^{m \times n}$:

$$
\mathbf{a} = \sigma(\mathbf{W}\mathbf{x} + \mathbf{b}), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}
$$ (eq-dense)

The derivative follows from [equation](#eq-dense). The loss is the mean cross-entropy, and its gradient is short:

$$
\begin{aligned}
\mathcal{L} &= -\frac{1}{N} \sum_{i=1}^{N} \sum_{k=1}^{K} y_{ik} \log \hat{y}_{ik} \\
\frac{\partial \mathcal{L}}{\partial z_{ik}} &= \frac{1}{N}\left( \hat{y}_{ik} - y_{ik} \right)
\end{aligned}
$$ (eq-loss)

Leaky ReLU, a matrix, and a norm:

$$
f(x) = \begin{cases} x & \text{if } x > 0 \\ \alpha x & \text{otherwise} \end{cases}
\qquad
\mathbf{J} = \begin{pmatrix} \dfrac{\partial f_1}{\partial x_1} & \cdots & \dfrac{\partial f_1}{\partial x_n} \\ \vdots & \ddots & \vdots \\ \dfrac{\partial f_m}{\partial x_1} & \cdots & \dfrac{\partial f_m}{\partial x_n} \end{pmatrix}
\qquad
\lVert \mathbf{x} \rVert_2 = \sqrt{\textstyle\sum_j x_j^2}
$$

A long one has to scroll inside its own box on a telephone:

$$
\operatorname{NPV} = \sum_{t=0}^{T} \frac{B_t \cdot 2^{-t/h} - C_t}{(1+r)^{t + 1/2}} = \underbrace{-C_0}_{\text{now}} + \frac{B_1 2^{-1/h} - C_1}{(1+r)^{1.5}} + \frac{B_2 2^{-2/h} - C_2}{(1+r)^{2.5}} + \cdots + \frac{B_T 2^{-T/h} - C_T}{(1+r)^{T+1/2}}
$$

Inline there are $\hat{p} \pm z\sqrt{\hat{p}(1-\hat{p})/n}$, $\int_0^1 f(x)\,\mathrm{d}x$, $\nabla_{\boldsymbol{\theta}} \mathcal{L}$,
$\bar{x}$, $\tilde{y}$ and $\arg\max_k z_k$. Price: 5 EUR.
"""

LONG_CODE = '''inputs = keras.Input(shape=(28, 28, 1), name="image")
x = keras.layers.Conv2D(32, 3, activation="relu", name="convolution_1")(inputs)  # (batch, 26, 26, 32), a line that is long enough to need a box of its own
x = keras.layers.MaxPooling2D(2, name="pool_1")(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="class")(x), name="small")
print(model.count_params())'''

VIEW = """```mermaid
flowchart LR
  subgraph client[The client's side]
    D[(Data)] --> M{{Model}}
  end
  M -->|score| A([Application])
  A -.-> W[Monitoring]
  W --> D
```"""


def chapters(client: str = "Nordhafen Gusswerke", seed: int = 0) -> dict[str, list]:
    """The cells of each sample chapter."""
    sample = render.banner("Synthetic client.", f"{client} is made up, and so are its figures.", "synthetic")
    stand_in = render.banner("Stand-in data.", "scikit-learn's digits stand in for MNIST.", "stand-in")
    return {
        "summary": [
            text("# Summary\n\nWhat are the client's AI assets worth, and how sure is that?"),
            PARAMETERS,
            INJECTED,
            code("show_banner()", sample, tags=("hide-input",)),
            code("basis", render.definitions({"Client": client, "Valuation date": "2026-06-30", "Basis": "investment value"}), tags=("hide-input",)),
            text("## Reading the result\n\nThe inspection model carries the value ([Figure](#fig-values)); how is in [Value](80_value.ipynb)."),
            code("table(assets)", assets(client), tags=("hide-input",)),
            code("bars(assets)", bars(), tags=("hide-input",)),
            text("> A value is a range. Read the interval before the middle.\n\n## Summary\n\n- The portfolio is worth 1.36 m EUR.\n- The one assumption that matters most is the half-life of 3.5 years {cite:p}`brealey2020`."),
            HIDDEN,
        ],
        "architecture": [
            text(f"# Architecture\n\nHow do data, models and applications hang together?\n\n## Model\n\n{VIEW}\n\n| Stage | Delivers |\n|---|---|\n| Data | a checked table with an owner |\n| Model | a measured gain over the baseline |"),
            code("print(stages)", "data -> models -> applications\n"),
        ],
        "mathematics": [
            text("# Mathematics\n\nHow does a network compute, and how does it learn?\n\n" + MATHS),
            code("check()", "largest difference to automatic differentiation: 3.1e-07\n"),
        ],
        "mnist": [
            text("# MNIST\n\nHow well does a small network read digits?\n\nCovers S12, S13, S23. Minutes: quick 1, full 25."),
            PARAMETERS,
            code("banner", stand_in, tags=("hide-input",)),
            text("## Model"),
            code(LONG_CODE, "121930\n", v4.new_output("stream", name="stderr", text="/secret/path warning\n")),
            text("## Reading the result\n\nThe curves flatten early: [Figure](#fig-curves). The loss is [equation](20_mathematics.ipynb#eq-loss)."),
            code("plot(history)", lines(seed), tags=("hide-input",)),
            code("report", render.table([{"Class": str(k), "Precision": 0.991 + k / 1e4, "Recall": 0.993, "F1": 0.992, "n": 1000 + k} for k in range(10)], {c: render.percent for c in ("Precision", "Recall", "F1")}, "By class, test images."), render.note("n = 10 000; Wilson intervals in the record."), tags=("hide-input",)),
            code("print(folder)", f"read from {paths.project()}/clients/bank\n"),
            text("## Exercises\n\n1. Change the batch size to 256. What happens to the seconds?\n2. Derive the number of parameters by hand."),
        ],
        "value": [
            text("# Value\n\nWhat is each asset worth?\n\n## Formula: discounting\n\n$$\n\\operatorname{NPV} = \\sum_t \\frac{C_t}{(1+r)^t}\n$$ (eq-npv)\n\nSee [equation](#eq-npv) and the [glossary](../book/glossary.md)."),
            code("npv", assets(client), lines(), tags=("hide-input",)),
        ],
    }  # fmt: skip


def write(cells: dict[str, list], folder: Path) -> dict[str, Path]:
    """Executed notebooks as the engine hands them over."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {}
    for name, content in cells.items():
        notebook = v4.new_notebook(cells=content)
        notebook.metadata["papermill"] = {"input_path": "/secret/input.ipynb"}
        for position, cell in enumerate(notebook.cells):
            cell["id"] = f"{name}-{position}"
            cell.metadata["papermill"] = {"duration": 0.1}
        pages[name] = folder / f"{name}.ipynb"
        pages[name].write_text(json.dumps(notebook), encoding="utf-8")
    return pages


def manifest(client: str = "Nordhafen Gusswerke", chapters=("summary", "architecture", "mathematics", "mnist", "value")) -> dict:
    rows = [
        {
            "chapter": name, "title": name.capitalize(), "state": "completed" if name == "value" else "reused", "seconds": 3.25,
            "executed_at": "2026-07-01T09:30:00+00:00", "key": "0123456789abcdef" * 4, "seeds": [0], "inputs": {"client/assets": "ab" * 32},
            "data": [{"name": "mnist", "stand_in": True, "source": "scikit-learn digits", "sha256": "cd" * 32}] if name == "mnist" else [],
            "parameters": {"profile": "quick", "seed": 0, "label": client},
        }
        for name in chapters
    ]  # fmt: skip
    return {
        "project": "lepton-nb", "version": "0.1.0", "git": "1f" * 20, "profile": "quick", "seconds": 75.0,
        "client": {"name": client, "folder_name": "manufacturer", "synthetic": True}, "started": "2026-07-01T09:30:00+00:00",
        "processor": "x86-64, 2 cores", "python": "3.11.9", "versions": {"keras": "3.15.1", "numpy": "2.4.0"}, "chapters": rows, "code": "folded",
    }  # fmt: skip
