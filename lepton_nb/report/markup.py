"""What Sphinx's and MyST-NB's own HTML gets wrong, put right where it is written.

A summary holds words, no paragraphs, and is called what it shows. A reference is an item of a list. A heading of a
table without words is no heading.
"""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode


def _visit_hidden(writer: Any, node: HideCodeCellNode) -> None:
    writer.body.append(f'<details class="admonition hide {" ".join(node["classes"])}">\n<summary>\n')
    for state in ("collapsed", "expanded"):
        words = html.escape(node["prompt_show" if state == "collapsed" else "prompt_hide"])
        writer.body.append(f'<span class="{state} admonition-title">{words}</span>\n')
    writer.body.append("</summary>\n")


def _depart_hidden(writer: Any, node: HideCodeCellNode) -> None:
    writer.body.append("</details>\n")


def _visit_citation(writer: Any, node: nodes.citation) -> None:
    if not isinstance(node.previous_sibling(), nodes.citation):
        writer.body.append('<div role="list" class="citation-list">\n')
    writer.body.append(writer.starttag(node, "div", classes=["citation"], role="listitem"))


def _depart_citation(writer: Any, node: nodes.citation) -> None:
    writer.body.append("</div>\n")
    if not isinstance(node.next_node(descend=False, siblings=True), nodes.citation):
        writer.body.append("</div>\n")


def _visit_entry(writer: Any, node: nodes.entry) -> None:
    """A cell of a table as the theme writes it; a heading without words becomes a plain cell."""
    before = len(writer.body)
    type(writer).visit_entry(writer, node)
    if isinstance(node.parent.parent, nodes.thead) and not node.astext().strip():
        writer.body[before] = writer.body[before].replace("<th", "<td", 1)
        writer.context[-1] = writer.context[-1].replace("</th", "</td", 1)


def _depart_entry(writer: Any, node: nodes.entry) -> None:
    type(writer).depart_entry(writer, node)


def setup(app: Any) -> None:
    """Register the writers of these nodes in place of those that came with them."""
    app.add_node(HideCodeCellNode, override=True, html=(_visit_hidden, _depart_hidden))
    app.add_node(nodes.citation, override=True, html=(_visit_citation, _depart_citation))
    app.add_node(nodes.entry, override=True, html=(_visit_entry, _depart_entry))
