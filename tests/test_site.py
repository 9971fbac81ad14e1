"""The published site: what a browser sees, what a build rewrites, what must never be on a page."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from pathlib import Path

import browser
import numpy as np
import pytest
from nbformat import v4

from lepton_nb import paths
from lepton_nb.page import plots, render
from lepton_nb.report import formulas, publish, run_tables, sphinx_lepton, staging

EVIL = "</title><script>alert(1)</script> {{ 7*7 }} $x$ `code` =cmd|' /C calc'!A0"


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

LONG_CODE = """inputs = keras.Input(shape=(28, 28, 1), name="image")
x = keras.layers.Conv2D(32, 3, activation="relu", name="convolution_1")(inputs)  # (batch, 26, 26, 32), a line that is long enough to need a box of its own
x = keras.layers.MaxPooling2D(2, name="pool_1")(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="class")(x), name="small")
print(model.count_params())"""

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
            code("report", render.table([{"Class": str(k), "Precision": 0.991 + k / 1e4, "Recall": 0.993, "F1": 0.992, "n": 1000 + k} for k in range(10)], dict.fromkeys(("Precision", "Recall", "F1"), render.percent), "By class, test images."), render.note("n = 10 000; Wilson intervals in the record."), tags=("hide-input",)),
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
            cell["id"] = f"{name.replace('@', '-')}-{position}"
            cell.metadata["papermill"] = {"duration": 0.1}
        pages[name] = folder / f"{name}.ipynb"
        pages[name].write_text(json.dumps(notebook), encoding="utf-8")
    return pages


def manifest(
    client: str = "Nordhafen Gusswerke", chapters=("summary", "architecture", "mathematics", "mnist", "value")
) -> dict:
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


# The site of the samples, built once.


class Book:
    """One report of the sample chapters: its folders, its pages, what the last build changed."""

    def __init__(self, folder: Path):
        self.folder, self.out, self.work = folder, folder / "report", folder / "stage"
        self.site = self.out / "site"
        self.changed: list[str] = []

    def publish(self, cells: dict[str, list], run: dict | None = None, edition: str = "book") -> list[str]:
        pages = write(cells, self.folder / "executed")
        self.changed = publish.publish(pages, run or manifest(), self.out, self.work, edition=edition)
        return self.changed

    def page(self, name: str) -> str:
        return (self.site / f"{name}.html").read_text("utf-8")


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Book:
    made = Book(tmp_path_factory.mktemp("book"))
    made.publish(chapters())
    return made


def test_every_page_of_the_toc_is_there_and_reported(book):
    assert {"notebooks/00_summary", "notebooks/30_mnist", "book/how_to_read", "book/this_run"} <= set(book.changed)
    for page in book.changed:
        assert (book.site / f"{page}.html").is_file()
    assert "notebooks/00_summary.html" in (book.site / "index.html").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_site_in_a_real_browser(book, scheme):
    findings = browser.check_site(book.site, scheme)
    assert findings.problems() == []
    assert findings.pages == len(list(book.site.rglob("*.html")))
    assert findings.formulas >= 15


#: What a page would do if a text on it were markup: a script, a handler, a picture, a form and a frame of elsewhere.
INTRUDERS = r"""
async () => {
  const seen = [];
  addEventListener('securitypolicyviolation', e => seen.push(e.effectiveDirective));
  const script = document.createElement('script');
  script.textContent = 'window.ran = 1';
  document.body.append(script);
  const box = document.createElement('div');
  box.innerHTML = '<img src="data:," onerror="window.ran = 2"><img src="http://192.0.2.1/x.png">'
    + '<iframe src="http://192.0.2.1/"></iframe><object data="http://192.0.2.1/x"></object><base href="http://192.0.2.1/">';
  document.body.append(box);
  await fetch('http://192.0.2.1/').catch(() => {});
  await new Promise(done => setTimeout(done, 200));
  box.remove();
  return [window.ran || 0, [...new Set(seen)].sort()];
}
"""


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_site_works_under_its_policy_which_lets_nothing_else_run(book, scheme):
    with browser.chromium() as chromium, browser.served(book.site, scheme) as address:
        said: list[str] = []
        page = chromium.new_page(viewport=browser.DESK)
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{address}notebooks/30_mnist.html")
        page.click("details.hide >> nth=0 >> summary")
        assert page.locator("details.hide[open]").count() == 1 and page.is_visible("text=Hide code")
        before = page.evaluate("document.documentElement.dataset.mode")
        page.click(".theme-switch-button >> visible=true")
        assert page.evaluate("document.documentElement.dataset.mode") != before
        page.click("#pst-page-toc-nav a >> nth=1")
        assert "#" in page.url
        page.click(".search-button-field >> visible=true")
        page.fill("#pst-search-dialog input", "mathematics")
        page.press("#pst-search-dialog input", "Enter")
        page.wait_for_selector("#search-results li a", timeout=20_000)
        assert "search.html?q=mathematics" in page.url
        page.set_viewport_size(browser.PHONE)
        page.goto(f"{address}notebooks/80_value.html")
        for button, drawer in (
            (".primary-toggle", "#pst-primary-sidebar-modal"),
            (".secondary-toggle", "#pst-secondary-sidebar-modal"),
        ):
            page.click(f"{button} >> visible=true")
            page.wait_for_selector(f"{drawer}[open] a >> nth=0")
            page.keyboard.press("Escape")
        assert said == []
        ran, refused = page.evaluate(INTRUDERS)
        assert ran == 0
        assert {
            "script-src-elem",
            "script-src-attr",
            "img-src",
            "connect-src",
            "frame-src",
            "object-src",
            "base-uri",
        } <= set(refused)


#: What a reader may want to reach, and what the keyboard reaches; a place to scroll counts where there is more than is seen.
WANTED = r"""
() => [...document.querySelectorAll('a[href], button, input, summary, .lepton-table, .lepton-figure, .lepton-formula, pre')]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest('dialog:not([open])'))
  .filter(e => e.matches('a, button, input, summary') || e.scrollWidth > e.clientWidth + 1)
  .map((e, i) => { e.dataset.wanted = i; return e.outerHTML.slice(0, 120); })
"""


@pytest.mark.parametrize("name", ["notebooks/30_mnist", "notebooks/20_mathematics", "search"])
def test_the_keyboard_alone_reaches_everything(book, name):
    with browser.chromium() as chromium:
        page = chromium.new_page(viewport=browser.PHONE)
        page.goto((book.site / f"{name}.html").as_uri())
        page.wait_for_timeout(300)
        wanted = page.evaluate(WANTED)
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        reached = set()
        for _ in range(3 * len(wanted) + 20):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.dataset.wanted"))
        assert len(wanted) >= 5
        assert [text for number, text in enumerate(wanted) if str(number) not in reached] == []


def test_figures_and_equations_have_numbers_and_links(book):
    summary, mnist, value = (book.page(f"notebooks/{name}") for name in ("00_summary", "30_mnist", "80_value"))
    assert '<span class="lepton-number">Figure 1.</span> Net present value' in summary
    assert '<a class="reference internal" href="#fig-values">Figure 1</a>' in summary
    assert 'href="20_mathematics.html#equation-eq-loss">(2)</a>' in mnist
    assert 'href="#equation-eq-npv">(1)</a>' in value
    assert "<math" in value and "$$" not in value
    assert '<a class="reference internal" href="#fig-curves">Figure 1</a>' in mnist
    assert "../book/references.html#" in summary  # a citation


def test_nothing_leaks(book):
    words = ["/secret", "a secret default", "hidden_marker", "hidden output", "papermill", str(paths.project())]
    words += [str(book.folder), str(Path.home()) + "/"]
    files = [file for file in book.site.rglob("*") if file.is_file()]
    assert not [file for file in files if file.suffix in (".ipynb", ".map") or "_sources" in file.parts]
    for file in files:
        if file.suffix in (".html", ".js", ".css", ".svg", ".json", ".txt", ""):
            content = file.read_text("utf-8", errors="replace")
            assert not [word for word in words if word in content], file
    assert "read from clients/bank" in book.page("notebooks/30_mnist")


def test_the_run_is_on_its_page(book):
    page = book.page("book/this_run")
    for word in (
        "Nordhafen Gusswerke",
        "2026-07-01 09:30",
        "cdcdcdcdcdcd",
        "abababababab",
        "3.15.1",
        "stand-in",
        "reused",
    ):
        assert word in page, word


def test_only_what_changed_is_written_again(book):
    cells = chapters()
    cells["mnist"][0] = text("# MNIST\n\nHow well does a small network read digits today?")
    before = {file: file.stat().st_mtime_ns for file in (book.work / "html").rglob("*.html")}
    assert book.publish(cells, manifest() | {"seconds": 12.5}) == ["notebooks/30_mnist", "book/this_run"]
    assert "read digits today?" in book.page("notebooks/30_mnist")
    untouched = book.work / "html" / "notebooks" / "20_mathematics.html"
    assert untouched.stat().st_mtime_ns == before[untouched]
    assert book.publish(cells, manifest() | {"seconds": 12.5}) == []


WRONG = {
    r"The rule is $\nonsense{x}$ here.": r"\nonsense",
    "$$\n\\frac{1}{2\n$$": "frac",
    "See [equation](#eq-nowhere).": "eq-nowhere",
    "See {cite:p}`nobody1900`.": "nobody1900",
    "```mermaid\nflowchart XX\n  A --\n```": "mermaid",
}


def test_a_failing_build_names_every_fault_and_leaves_the_last_good_site(book):
    book.publish(chapters())
    before = {file: file.read_bytes() for file in book.site.rglob("*") if file.is_file()}
    cells = chapters()
    cells["value"] += [text(source) for source in WRONG]
    for _ in range(2):  # a second try must not pass because the first one has read the page
        with pytest.raises(publish.PublishError, match="80_value") as error:
            book.publish(cells)
        assert [fault for fault in WRONG.values() if fault not in str(error.value)] == []
    assert {file: file.read_bytes() for file in book.site.rglob("*") if file.is_file()} == before
    assert [path.name for path in book.out.iterdir()] == ["site"]


def test_a_link_to_no_figure_is_refused(tmp_path):
    cells = {"mnist": [text("# MNIST\n\nSee [Figure](#fig-nowhere).")]}
    with pytest.raises(publish.PublishError, match=r"30_mnist.*#fig-nowhere"):
        Book(tmp_path).publish(cells)


def test_stand_ins_are_named_above_the_pages_that_show_them_and_above_no_other(book):
    told = {
        name: "<strong>Stand-in data</strong>" in book.page(name)
        for name in ("notebooks/30_mnist", "notebooks/80_value", "book/how_to_read")
    }
    assert told == {"notebooks/30_mnist": True, "notebooks/80_value": False, "book/how_to_read": False}
    assert all("<strong>Sample.</strong>" in book.page(name) for name in told)


def test_a_page_that_reads_the_record_of_a_stand_in_shows_it_as_well():
    lines = [
        {"chapter": "mnist", "title": "MNIST", "data": [{"name": "mnist", "stand_in": True}]},
        {"chapter": "value", "title": "Value", "data": [], "inputs": {"record: mnist": "1", "client: assets": "2"}},
        {"chapter": "summary", "title": "Summary", "inputs": {"record: value": "3"}},
        {"chapter": "other", "title": "Other", "data": [{"name": "digits", "stand_in": False}]},
    ]
    assert staging.stand_ins({"chapters": lines}) == {key: ["MNIST"] for key in ("mnist", "value", "summary")}


def test_a_client_with_an_evil_name_is_only_ever_text(tmp_path):
    book = Book(tmp_path)
    book.publish(chapters(client=EVIL), manifest(client=EVIL))
    for file in book.site.rglob("*.html"):
        page = file.read_text("utf-8")
        assert "<script>alert" not in page
        assert "49" not in page.partition("<footer")[2]
    with browser.chromium() as chromium:
        page = chromium.new_page()
        page.on("dialog", lambda dialog: pytest.fail("a script of the client ran"))
        page.goto((book.site / "notebooks" / "00_summary.html").as_uri())
        assert page.inner_text(".lepton-client") == EVIL
        assert EVIL in page.inner_text(".bd-header-announcement")
        assert EVIL in page.inner_text("footer .lepton-footer")
        assert EVIL in page.inner_text(".lepton-table >> nth=1")
        assert EVIL in page.title()
        assert page.locator(".bd-article math").count() == 0
        page.goto((book.site / "book" / "this_run.html").as_uri())
        assert EVIL in page.inner_text(".bd-article table >> nth=0")
    assert browser.check_site(book.site, "file").problems() == []


def test_a_case_has_a_page_of_its_own_and_the_name_of_its_asset_is_only_ever_text(tmp_path):
    book, cells = Book(tmp_path), chapters()
    cells = {name: cells[name] for name in ("summary", "mathematics", "value")} | {"value@C1": cells["value"]}
    run = manifest(chapters=tuple(cells))
    run["chapters"][-1] |= {"title": f"Value: {EVIL} (C1)"}
    run["chapters"][2] |= {"inputs": {"record: value@C1": "1"}}
    run["chapters"][-1] |= {"data": [{"name": "loans", "stand_in": True, "source": "", "sha256": "ab"}]}
    assert "notebooks/80_value@C1" in book.publish(cells, run)
    assert browser.check_site(book.site, "file").problems() == []
    for file in book.site.rglob("*"):
        assert not file.is_file() or b"<script>alert" not in file.read_bytes(), file.name
    with browser.chromium() as chromium:
        page = chromium.new_page()
        page.goto((book.site / "notebooks" / "80_value@C1.html").as_uri())
        shown = f"Value: {EVIL} (C1)".translate(str.maketrans("<>'", "‹›’"))
        assert shown in page.inner_text("h1") and shown in page.title()
        parts = [part.strip() for part in page.locator(".bd-sidebar-primary p.caption").all_text_contents()]
        assert parts[parts.index("Value") - 1] == "Measured for this client"
        assert "Stand-in data" in page.inner_text(".bd-header-announcement")
        page.goto((book.site / "notebooks" / "80_value.html").as_uri())
        assert page.inner_text("h1").startswith("Value") and EVIL in page.inner_text(".bd-header-announcement")


def test_both_editions_in_a_real_browser_and_code_in_the_book_alone(tmp_path):
    book, cells = Book(tmp_path), chapters()
    cells["value"].append(code("rules", render.note("The rule of 1 %."), tags=("appendix",)))
    changed = book.publish(cells, edition="both")
    assert {"notebooks/80_value", "chapters/80_value", "notebooks/appendix", "notebooks/30_mnist"} <= set(changed)
    assert browser.check_site(book.site, "file").problems() == []
    client, whole = book.page("notebooks/80_value"), book.page("chapters/80_value")
    assert "Show code" not in client and "Show code" in whole
    assert "Method: Value" in whole and 'href="../chapters/80_value.html#equation-eq-npv">equation</a>' in client
    assert "The rule of 1" in book.page("notebooks/appendix") and "The rule of 1" not in client
    cells["since_last_report"] = [text("# Since the last report"), code("step", render.note("From 1 to 2."))]
    alone = book.publish(
        {name: cells[name] for name in ("summary", "architecture", "value", "since_last_report")}, edition="client"
    )
    assert "notebooks/since_last_report" in alone and "From 1 to 2." in book.page("notebooks/since_last_report")
    assert not [page for page in alone if page.startswith("chapters/")]
    assert "See equation and the glossary." in book.page("notebooks/80_value")


def test_some_chapters_alone_make_a_site(tmp_path):
    book = Book(tmp_path)
    cells = {name: content for name, content in chapters().items() if name in ("mnist", "mathematics")}
    assert "notebooks/00_summary" not in book.publish(cells, manifest(chapters=("mathematics", "mnist")))
    assert "notebooks/20_mathematics.html" in (book.site / "index.html").read_text("utf-8")
    assert "80_value" not in book.page("book/sources")


# Pieces.


def prepared(mode: str) -> list[dict]:
    notebook = v4.new_notebook(cells=chapters()["mnist"])
    return publish._prepare(json.loads(json.dumps(notebook)), mode)["cells"]


def test_code_is_folded_shown_or_gone():
    folded, shown, none = (prepared(mode) for mode in ("folded", "shown", "none"))
    tags = {"folded": {"hide-input"}, "none": {"remove-input"}}
    for cells, name in ((folded, "folded"), (none, "none")):
        assert all(tags[name] <= set(c["metadata"]["tags"]) for c in cells if c["cell_type"] == "code")
    assert LONG_CODE in [c["source"] for c in shown if not c["metadata"]]
    assert {c["source"] for c in none if c["cell_type"] == "code"} <= {"", "#"}, "no code is left"
    assert all(c["source"] for c in none if c.get("outputs")), "a cell without any source would lose its outputs"
    with pytest.raises(ValueError, match="Received: code='all'"):
        publish.publish({"mnist": Path("x")}, {}, Path("out"), Path("work"), "all")
    with pytest.raises(ValueError, match="Received: edition='all'"):
        publish.publish({"mnist": Path("x")}, {}, Path("out"), Path("work"), edition="all")


def test_the_runners_notes_do_not_make_a_page_new():
    notebook = json.loads(json.dumps(v4.new_notebook(cells=chapters()["mnist"])))
    first = publish._prepare(notebook, "folded")
    notebook["metadata"]["papermill"] = {"duration": 3.2}
    for cell in notebook["cells"]:
        cell["metadata"]["execution"] = {"iopub.status.busy": "2026-07-01T09:30:00Z"}
        if cell["cell_type"] == "code":
            cell["execution_count"] = 99
    assert publish._prepare(notebook, "folded") == first


def test_the_fingerprint_sees_the_mode_and_costs_no_import():
    assert publish.fingerprint("none") != publish.fingerprint("folded") == publish.fingerprint()
    assert publish.fingerprint(edition="client") != publish.fingerprint(edition="both") == publish.fingerprint()
    look = "import sys; from lepton_nb.report import publish; publish.fingerprint(); "
    look += "print(*[m for m in ('sphinx', 'jupyter_book', 'docutils', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=paths.project())
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (r"\mathbf{x} \in \mathbb{R}^{n}", "𝐱∈ℝn"),
        (r"\boldsymbol{\theta} \pm \mathcal{L}", "𝜽±ℒ"),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a=b=c"),
        (r"\begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}", "{xx>00otherwise"),
        (r"f'(x) + g''_i", "f′(x)+g′′i"),
        (r"a < b \& c", "a<b&c"),
        (r"90\,\%", "90%"),
    ],
)
def test_formulas_become_mathml(formula, shown):
    from xml.etree import ElementTree

    made = ElementTree.fromstring(formulas.mathml(formula, display=True))
    assert made.get("display") == "block"
    words = "".join(made.itertext())
    assert "".join(c for c in words if not c.isspace() and c not in "\u200b\u2061\u2009") == shown


@pytest.mark.parametrize("formula", ["", r"\foo", r"\frac{1}{", r"\begin{pmatrix} 1", r"a & b", r"\cancel{x}"])
def test_what_is_no_formula_is_refused_by_name(formula):
    with pytest.raises(formulas.FormulaError) as error:
        formulas.mathml(formula)
    assert formula in str(error.value)


def test_a_diagram_takes_the_colours_of_the_page_and_is_kept(tmp_path):
    source = "flowchart LR\n  A[Data & more] -->|x < 1| B"
    drawn = sphinx_lepton.diagram(source, tmp_path)
    assert "var(--lepton-node)" in drawn
    assert not [colour for colour in sphinx_lepton._PAINT if colour in drawn]
    assert "<script" not in drawn
    assert len(list(tmp_path.iterdir())) == 1
    assert sphinx_lepton.diagram(source, tmp_path) == drawn


@pytest.mark.parametrize(
    "label", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<b onclick=alert(1)>x</b>"]
)
def test_text_in_a_diagram_is_never_a_script(tmp_path, label):
    try:
        drawn = sphinx_lepton.diagram(f'flowchart LR\n  A["{label}"] --> B', tmp_path)
    except ValueError:
        return  # refused: as good
    assert "<script" not in drawn
    assert " on" not in drawn.partition("nodeLabel")[2].partition("</span>")[0]


def test_texts_of_the_run_are_escaped_and_missing_keys_are_no_error(tmp_path):
    for table in run_tables._RUN_TABLES.values():
        assert table({})[1] == []
        table({"chapters": [{"chapter": "mnist"}], "client": {}})
    assert html.escape(EVIL) != EVIL
