"""The one Sphinx extension of the book: formulas, diagrams and the table of the run, drawn at build time.

Nothing here needs a network or a browser, and no page needs a script for it.

Formulas become MathML (``formulas.py``). Diagrams are drawn once, in placeholder colours that become CSS variables: one drawing, every theme.
"""

from __future__ import annotations

import hashlib
import html
import re
from importlib.metadata import version
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.math import get_node_equation_number

from lepton_nb import paths, results
from lepton_nb.page import render, words
from lepton_nb.report import formulas, markup, page_head
from lepton_nb.report.run_tables import RunDirective

logger = logging.getLogger(__name__)


# Formulas -------------------------------------------------------------------------------------------------------


def _formula(writer, node, display: bool) -> str:
    try:
        return formulas.mathml(node.astext(), display)
    except formulas.FormulaError as error:
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
        body = re.sub(r' (role|aria-roledescription)="[^"]*"', "", svg, count=2)
        body = body.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
        return [nodes.raw("", f'<div class="lepton-diagram"{style} tabindex="0">{body}</div>', format="html")]


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
        return words.seconds(record.seconds[name.removeprefix("seconds.")])
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
        formulas.math_font(sheet)
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
    app.connect("html-page-context", page_head.put, priority=900)  # after the theme, which adds scripts
    markup.setup(app)
    # Jupyter Book sets it even where the extension that knows it is left out.
    app.add_config_value("comments_config", {}, "")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
