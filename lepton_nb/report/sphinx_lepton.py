"""The one Sphinx extension of the book: formulas, diagrams and the table of the run, drawn at build time.

Nothing here needs a network or a browser, and no page needs a script for it.

Formulas become MathML. Three ways were tried on the 136 formulas of the mathematics chapter, and looked at:

- latex2mathml knows no ``aligned``, left raw LaTeX in five of them without a word, and writes ``\\pm`` as a letter.
- ziamath draws SVG: 852 kB where MathML takes 45, text that cannot be selected or read aloud, and
  ``\\left\\lfloor`` drawn as the word "lfloor", without a word.
- KaTeX's MathML, from the script in the wheel of sphinxcontrib-katex, run in the same small JavaScript engine
  that draws the diagrams: all of them right, real error messages, 1 ms a formula. Chosen.

Browsers draw MathML with a font that has a MATH table. STIX Two Math comes out of ziamath's wheel, is cut to
the characters that mathematics needs, and is laid into the style sheet: fonts in files of their own are refused
by some browsers when a page is opened from a disk.

Diagrams are drawn once, in placeholder colours that become CSS variables: one drawing, every theme.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import unicodedata
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.math import get_node_equation_number

from lepton_nb import paths, results
from lepton_nb.page import render

logger = logging.getLogger(__name__)

THIN = "\N{NARROW NO-BREAK SPACE}"
_ML = "{http://www.w3.org/1998/Math/MathML}"
ElementTree.register_namespace("", _ML.strip("{}"))

# Formulas -------------------------------------------------------------------------------------------------------

#: Starts of the alphabets of Unicode's mathematical letters: capital A, small a, digit 0, capital and small alpha.
#: Browsers know only mathvariant="normal", so letters of another style are written as characters of that style.
_ALPHABETS = {
    "bold": (0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2),
    "italic": (0x1D434, 0x1D44E, None, 0x1D6E2, 0x1D6FC),
    "bold-italic": (0x1D468, 0x1D482, None, 0x1D71C, 0x1D736),
    "double-struck": (0x1D538, 0x1D552, 0x1D7D8, None, None),
    "script": (0x1D49C, 0x1D4B6, None, None, None),
    "bold-script": (0x1D4D0, 0x1D4EA, None, None, None),
    "fraktur": (0x1D504, 0x1D51E, None, None, None),
    "sans-serif": (0x1D5A0, 0x1D5BA, 0x1D7E2, None, None),
    "bold-sans-serif": (0x1D5D4, 0x1D5EE, 0x1D7EC, 0x1D756, 0x1D770),
    "sans-serif-italic": (0x1D608, 0x1D622, None, None, None),
    "monospace": (0x1D670, 0x1D68A, 0x1D7F6, None, None),
}
#: Letters that Unicode had encoded before the alphabets.
_ODD_LETTERS = {
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "italic": {"h": "ℎ"},
}


class FormulaError(ValueError):
    """A formula that cannot be set: the message names what is wrong and where."""


@cache
def _katex():
    """KaTeX in a JavaScript engine: (formula, display) gives MathML."""
    import quickjs  # comes with mermaidx

    context = quickjs.Context()
    context.eval(files("sphinxcontrib").joinpath("katex.min.js").read_text(encoding="utf-8"))
    # slice(0) copies the text: the engine hands over only strings of one piece.
    return context.eval(
        "(text, display) => { try { return katex.renderToString(text, {displayMode: display, output: 'mathml', "
        "throwOnError: true, strict: false, trust: false}).slice(0) } "
        "catch (error) { return ('!' + error.message).slice(0) } }"
    )


def _styled(letter: str, style: str) -> str:
    """One letter as the character of its style, or itself where Unicode has none."""
    if letter in _ODD_LETTERS.get(style, {}):
        return _ODD_LETTERS[style][letter]
    for (first, last), start in zip(("AZ", "az", "09", "ΑΩ", "αω"), _ALPHABETS[style], strict=True):
        if start and first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return letter


@cache
def mathml(formula: str, display: bool = False) -> str:
    """LaTeX mathematics as MathML. Raises FormulaError for anything that LaTeX would not know.

    >>> mathml("x^2")
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    if not formula.strip():
        raise FormulaError("The formula is empty.")
    found = _katex()(formula, display)
    if found.startswith("!"):
        # KaTeX underlines the place with combining marks; plain text is easier to search for.
        reason = "".join(c for c in unicodedata.normalize("NFC", found[1:]) if not unicodedata.combining(c))
        raise FormulaError(f"{reason.removeprefix('KaTeX parse error: ')} Formula: {formula.strip()}")
    # KaTeX wraps the formula in <semantics> and adds its source.
    math = ElementTree.fromstring(re.search(r"<math.*</math>", found, re.S)[0])
    content = math[0][0]
    math[:] = content if content.tag == _ML + "mrow" else [content]
    for element in math.iter():
        _for_browsers(element, formula)
    return ElementTree.tostring(math, encoding="unicode")


def _for_browsers(element: ElementTree.Element, formula: str) -> None:
    """Say in style sheets and characters what browsers do not read from MathML's attributes."""
    style = element.get("mathvariant")
    if style in _ALPHABETS and element.text:
        del element.attrib["mathvariant"]
        element.text = "".join(_styled(letter, style) for letter in element.text)
    if element.tag == _ML + "menclose":
        if element.get("notation") != "box":
            raise FormulaError(f"Browsers cannot draw menclose {element.get('notation')!r}. Formula: {formula.strip()}")
        element.tag = _ML + "mrow"
        element.set("style", "border:1px solid;padding:.3em .4em")
    if element.tag in (_ML + "msup", _ML + "msubsup"):
        _lower_primes(element)
    if element.tag == _ML + "mtable":
        sides = (element.get("columnalign") or "").split()
        gaps = (element.get("columnspacing") or "").split()
        for down, row in enumerate(element.findall(_ML + "mtr")):
            for across, cell in enumerate(row.findall(_ML + "mtd")):
                side = sides[min(across, len(sides) - 1)] if sides else "center"
                gap = gaps[min(across, len(gaps)) - 1] if across and gaps else "0em" if not across else "0.8em"
                above = "0.45em" if down else "0"
                # The prefixed value also aligns what is a block; a browser without it keeps the first.
                cell.set("style", f"text-align:{side};text-align:-webkit-{side};padding:{above} 0 0 {gap}")


def _lower_primes(element: ElementTree.Element) -> None:
    """A prime is drawn raised by the font already: it stands beside its letter, not in the exponent."""
    base, *lower, upper = element
    primes = list(upper) if upper.tag == _ML + "mrow" else [upper]
    if any(prime.tag != _ML + "mo" or prime.text != "′" for prime in primes):
        return
    letter = ElementTree.Element(_ML + "mrow") if lower else element
    letter[:] = [base, *primes]
    for prime in primes:
        prime.attrib.update(lspace="0", rspace="0")
    if lower:
        element.tag = _ML + "msub"
        element[:] = [letter, *lower]
    else:
        element.tag = _ML + "mrow"


def _formula(writer, node, display: bool) -> str:
    try:
        return mathml(node.astext(), display)
    except FormulaError as error:
        logger.warning("formula: %s", error, location=node, type="lepton", subtype="formula")
        return f"<code>{html.escape(node.astext())}</code>"


def _visit_math(writer, node) -> None:
    writer.body.append(_formula(writer, node, display=False))
    raise nodes.SkipNode


def _visit_math_block(writer, node) -> None:
    writer.body.append(writer.starttag(node, "div", CLASS="lepton-equation math notranslate nohighlight"))
    writer.body.append(f'<div class="lepton-formula" tabindex="0">{_formula(writer, node, display=True)}</div>')
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append("</div>\n")
    raise nodes.SkipNode


# Characters of mathematics: Latin, accents, Greek, punctuation, letterlike, arrows, operators, brackets, shapes,
# mathematical letters.
_CHARACTERS = (
    (0x20, 0x7E), (0xA0, 0xFF), (0x300, 0x338), (0x391, 0x3F6), (0x2010, 0x2057), (0x20D0, 0x20EF), (0x2100, 0x214F),
    (0x2190, 0x22FF), (0x2308, 0x230B), (0x239B, 0x23B3), (0x23DC, 0x23E1), (0x25A0, 0x25FF), (0x27C0, 0x27FF),
    (0x2A00, 0x2AFF), (0x1D400, 0x1D7FF),
)  # fmt: skip


def _math_font(target: Path) -> None:
    """Write the style sheet that carries the font of the formulas: 0.4 s, once for a version of ziamath."""
    from fontTools import subset

    options = subset.Options(flavor="woff", hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 13, 14])
    options.layout_features = ["ssty", "dtls", "flac", "kern", "mark", "mkmk", "ccmp"]
    wheel = Path(find_spec("ziamath").origin).parent  # not imported: only its font is wanted
    font = subset.load_font(str(wheel / "fonts" / "STIXTwoMath-Regular.ttf"), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in _CHARACTERS for code in range(first, last + 1)])
    cutter.subset(font)
    file = target.with_suffix(".woff")
    subset.save_font(font, str(file), options)
    font.close()
    data = base64.b64encode(file.read_bytes()).decode()
    file.unlink()
    target.write_text(
        "/* STIX Two Math, a part of it. Copyright the STIX Fonts Project Authors; SIL Open Font License 1.1. */\n"
        '@font-face { font-family: "Lepton Math"; font-display: block; '
        f'src: url("data:font/woff;base64,{data}") format("woff"); }}\n'
    )


# Diagrams -------------------------------------------------------------------------------------------------------

#: Placeholder colours and the CSS variables they become.
_PAINT = {
    "#0a0b01": "var(--lepton-page)",
    "#0a0b02": "var(--lepton-node)",
    "#0a0b03": "var(--lepton-ink)",
    "#0a0b04": "var(--lepton-node-line)",
    "#0a0b05": "var(--lepton-line)",
    "#0a0b06": "var(--lepton-group)",
    "#0a0b07": "var(--lepton-group-line)",
}
_PAGE, _NODE, _INK, _NODE_LINE, _LINE, _GROUP, _GROUP_LINE = _PAINT
#: Which of Mermaid's colours is which of ours: all are named, or Mermaid would derive them from the placeholders.
_ROLES = {
    _PAGE: "background edgeLabelBackground sequenceNumberColor",
    _NODE: "primaryColor mainBkg actorBkg stateBkg",
    _NODE_LINE: "primaryBorderColor nodeBorder actorBorder innerEndBackground",
    _INK: "primaryTextColor secondaryTextColor tertiaryTextColor textColor nodeTextColor titleColor noteTextColor "
    "actorTextColor signalTextColor labelTextColor loopTextColor classText labelColor stateLabelColor "
    "transitionLabelColor errorTextColor",
    _LINE: "lineColor defaultLinkColor arrowheadColor actorLineColor signalColor transitionColor specialStateColor",
    _GROUP: "clusterBkg secondaryColor tertiaryColor noteBkgColor labelBoxBkgColor activationBkgColor altBackground "
    "compositeBackground compositeTitleBackground errorBkgColor",
    _GROUP_LINE: "clusterBorder secondaryBorderColor tertiaryBorderColor noteBorderColor labelBoxBorderColor "
    "activationBorderColor compositeBorder",
}
# Mermaid measures words with DejaVu Sans, which is wide: the page's own font always fits.
_THEME = {"fontFamily": "DejaVu Sans", "fontSize": "14px"}
_THEME |= {name: colour for colour, names in _ROLES.items() for name in names.split()}


def diagram(source: str, folder: Path) -> str:
    """A Mermaid diagram as SVG in the page's own colours, kept in ``folder`` under its content's hash.

    Raises ValueError when Mermaid does not understand the source.
    """
    key = hashlib.sha256(f"1\0{version('mermaidx')}\0{source}".encode()).hexdigest()[:16]
    kept = folder / f"{key}.svg"
    if kept.exists():
        return kept.read_text(encoding="utf-8")
    import mermaidx

    config = {"themeVariables": _THEME, "flowchart": {"curve": "basis", "nodeSpacing": 36, "rankSpacing": 44}}
    try:
        svg = mermaidx.render(source, theme="base", config=config).svg()
    except Exception as error:
        raise ValueError(str(error).strip().splitlines()[0]) from error
    for placeholder, variable in _PAINT.items():
        svg = svg.replace(placeholder, variable)
    svg = re.sub(r"rgba\(10, ?11, ?1, ?[\d.]+\)", _PAINT[_PAGE], svg)
    svg = re.sub(r' data-(points|look|et|id|edge)="[^"]*"', "", svg).replace(
        'font-family:"DejaVu Sans"', "font:inherit"
    )
    svg = svg.replace("my-svg", f"diagram-{key}").replace("font-family:DejaVu Sans", "font-family:inherit")
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(svg, encoding="utf-8")
    return svg


class MermaidDirective(SphinxDirective):
    """```` ```mermaid ````: the same fence that JupyterLab draws."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        source = "\n".join(self.content)
        try:
            svg = diagram(source, _cache_folder(self.env.app) / "diagrams")
        except ValueError as error:
            logger.warning("mermaid: %s", error, location=self.get_location(), type="lepton", subtype="mermaid")
            return [nodes.literal_block(source, source)]
        width = re.search(r"max-width: ?([\d.]+)px", svg)
        style = f' style="--width:{float(width[1]):.0f}px"' if width else ""
        # The words of the diagram for those who do not see it.
        words = re.sub(r"<style.*?</style>|<[^>]+>", " ", svg, flags=re.S)
        label = html.escape("Diagram: " + html.unescape(" ".join(words.split())), quote=True)
        body = svg.replace("<svg ", f'<svg aria-label="{label}" ', 1)
        return [nodes.raw("", f'<div class="lepton-diagram"{style} tabindex="0">{body}</div>', format="html")]


# The run --------------------------------------------------------------------------------------------------------


class RunDirective(SphinxDirective):
    """A part of ``run.json`` as a table: client, chapters, data, inputs, parameters or versions.

    Text from the run enters as text nodes, never as markup, so that nothing a client typed can be a tag.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        file = Path(self.env.srcdir, "run.json")
        self.env.note_dependency(str(file))
        run = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        head, rows = _RUN_TABLES[self.arguments[0]](run)
        if not rows:
            return [nodes.paragraph("", "Nothing to show for this run.")]
        return [_table(head, rows)]


def _table(head: tuple[str, ...], rows: list[tuple]) -> nodes.Node:
    """A docutils table; numbers stand to the right, hashes in code type, a row without a head is a definition."""
    group = nodes.tgroup(cols=len(rows[0]))
    group += [nodes.colspec(colwidth=1) for _ in rows[0]]

    def word(value) -> nodes.Node:
        text = "–" if value in (None, "") else str(value)
        return nodes.literal(text, text) if isinstance(value, _Code) else nodes.Text(text)

    numeric = [any(isinstance(line[column], float) for line in rows) for column in range(len(rows[0]))]

    def row(values) -> nodes.row:
        line = nodes.row()
        for value, right in zip(values, numeric, strict=True):
            entry = nodes.entry(classes=["num"] if right else [])
            if isinstance(value, float):
                value = f"{value:,.1f}".replace(",", THIN)
            if isinstance(value, list):
                entry += [nodes.paragraph("", "", word(part)) for part in value]
            else:
                entry += nodes.paragraph("", "", word(value))
            line += entry
        return line

    if any(head):
        group += nodes.thead("", row(head))
    group += nodes.tbody("", *map(row, rows))
    box = nodes.container(classes=["lepton-table"] + ([] if any(head) else ["lepton-definitions"]))
    box["support_smartquotes"] = False  # a client's text stays as it was typed
    box += nodes.table("", group)
    return box


class _Code(str):
    """Text to be shown in code type."""


def _short(hash_: str | None) -> _Code | None:
    """A hash by its first twelve characters; a stand-in's name as it is."""
    return _Code(hash_[:12] if re.fullmatch(r"[0-9a-f]{20,}", hash_) else hash_) if hash_ else None


def _client(run: dict):
    client = run.get("client") or {}
    started = str(run.get("started") or "")
    rows = [
        ("Client", client.get("name")),
        ("Data", "made up: a synthetic client" if client.get("synthetic") else "the client's own"),
        ("Profile", run.get("profile")),
        ("Started", started[:16].replace("T", " ") + (" UTC" if started.endswith(("Z", "+00:00")) else "")),
        ("Took", f"{float(run['seconds']):,.1f} s".replace(",", THIN) if run.get("seconds") is not None else None),
        ("Processor", run.get("processor")),
        ("Cores", run.get("cores")),
        ("Package", " ".join(filter(None, (run.get("project"), run.get("version")))) or None),
        ("Source state", _short(run.get("git"))),
        ("Edition", run.get("edition")),
        ("Code in the pages", run.get("code")),
    ]
    return ("", ""), [row for row in rows if row[1] not in (None, "")] if run else []


def _chapters(run: dict):
    rows = [
        (
            chapter.get("title") or chapter.get("chapter"),
            chapter.get("state"),
            float(chapter["seconds"]) if chapter.get("seconds") is not None else None,
            float(chapter["peak_memory_gib"]) if chapter.get("peak_memory_gib") else None,
            str(chapter.get("executed_at") or "")[:16].replace("T", " "),
            _short(chapter.get("key")),
        )
        for chapter in run.get("chapters") or []
    ]
    return ("Chapter", "State", "Seconds", "Memory (GiB)", "Executed", "Key"), rows


def _data(run: dict):
    rows = {
        (
            data.get("spoken") or data.get("name"),
            "stand-in" if data.get("stand_in") else "real",
            data.get("source"),
            _short(data.get("sha256")),
        ): None
        for chapter in run.get("chapters") or []
        for data in chapter.get("data") or []
    }
    return ("Data set", "Kind", "Source", "Checksum"), list(rows)


def _inputs(run: dict):
    rows: dict[tuple, list[str]] = {}
    for chapter in run.get("chapters") or []:
        for part, hash_ in (chapter.get("inputs") or {}).items():
            rows.setdefault((part, str(hash_)), []).append(str(chapter.get("title") or chapter.get("chapter")))
    return ("Input", "Checksum", "Read by"), [(p, _short(h), ", ".join(names)) for (p, h), names in rows.items()]


def _parameters(run: dict):
    rows = []
    for chapter in run.get("chapters") or []:
        values = dict(chapter.get("parameters") or {})
        if chapter.get("seeds") not in (None, [], {}):
            values["seeds in the record"] = chapter["seeds"]
        shown = [f"{name} = {_value(value)}" for name, value in values.items() if value not in (None, "")]
        if shown:
            rows.append((chapter.get("title") or chapter.get("chapter"), [_Code(text) for text in shown]))
    return ("Chapter", "Parameters"), rows


def _value(value) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)


def _versions(run: dict):
    versions = ({"Python": run["python"]} if run.get("python") else {}) | (run.get("versions") or {})
    return ("Package", "Version"), [(name, _Code(value)) for name, value in versions.items() if value]


_RUN_TABLES = {
    "client": _client,
    "chapters": _chapters,
    "data": _data,
    "inputs": _inputs,
    "parameters": _parameters,
    "versions": _versions,
}

# Recorded figures -----------------------------------------------------------------------------------------------


class MeasuredRole(SphinxRole):
    """A figure of a recorded full run in the prose: ``{measured}`mnist:ours_accuracy` ``.

    ``chapter:figure`` gives its value with the unit, ``chapter:figure:range`` its two ends,
    ``chapter:seconds.name`` a wall time. A figure that no record holds stops the build:
    what a page says was measured was measured.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        chapter, _, rest = self.text.partition(":")
        name, _, part = rest.partition(":")
        self.env.note_dependency(str(paths.measured(chapter)))
        try:
            return [nodes.Text(measured(chapter, name, part))], []
        except (LookupError, ValueError) as problem:
            message = self.inliner.reporter.error(f"measured: {self.text}: {problem}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]


def measured(chapter: str, name: str, part: str = "") -> str:
    """A recorded figure in words. Raises LookupError when there is no such record or figure."""
    record = results.recorded(chapter)
    if record is None:
        raise LookupError(f"there is no recorded run of {chapter!r}")
    if name.startswith("seconds."):
        return render.number(record.seconds[name.removeprefix("seconds.")], 0, "s")
    if name not in record.figures:
        raise LookupError(f"the record of {chapter!r} has no figure {name!r}")
    found = record.figures[name]
    if not part:
        return render.measured(found.value, found.unit)
    if part != "range" or found.low is None:
        raise LookupError(f"figure {name!r} has no part {part!r}")
    return f"{render.measured(found.low, found.unit)} to {render.measured(found.high, found.unit)}"


# Sphinx ---------------------------------------------------------------------------------------------------------


def _cache_folder(app) -> Path:
    """Where drawings and the cut font are kept between builds: beside the doctrees."""
    return Path(app.doctreedir).parent / "drawn"


def _prepare(app) -> None:
    if app.builder.format != "html":
        return
    folder = _cache_folder(app) / f"font-{version('ziamath')}-{version('fonttools')}"
    sheet = folder / "lepton-math.css"
    if not sheet.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _math_font(sheet)
    app.config.html_static_path.append(str(folder))
    app.add_css_file("lepton-math.css")


def _escape_title(app, pagename, templatename, context, doctree) -> None:
    """The search page prints the site's title, which holds the client's name, as it is; the others escape it."""
    if pagename == "search":
        context["docstitle"] = html.escape(context["docstitle"])


def _announce(app, pagename, templatename, context, doctree) -> None:
    """The line above a page: the sample on every page, stand-in data where the page shows figures from them."""
    told = context.get("lepton_stand_ins", {}).get(pagename)
    if told:
        context["theme_announcement"] = " ".join(filter(None, (context.get("theme_announcement"), told)))


def setup(app) -> dict:
    """Register the renderer of formulas, the directives, the role and the font."""
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math_block, None))
    app.add_directive("mermaid", MermaidDirective)
    app.add_directive("lepton-run", RunDirective)
    app.add_role("measured", MeasuredRole())
    app.connect("builder-inited", _prepare)
    app.connect("html-page-context", _escape_title)
    app.connect("html-page-context", _announce)
    # Jupyter Book sets it even where the extension that knows it is left out.
    app.add_config_value("comments_config", {}, "")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
