"""What a published site weighs, how still it stands, and what axe-core and html-validate find on its pages.

Every page in both themes, on a desk and on a telephone. Asked: no finding that is the project's to mend, a layout
shift under 0.05, a first visit under 1 MB compressed. The two checkers come from npm when this is called
(``--tools`` names the folder in which they are kept); nothing of them is in the project.

    python benchmarks/pages.py reports/manufacturer/site [--tools FOLDER] [--shift 5] [--only summary]
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import browser  # noqa: E402  the tests' own way to a Chromium

#: Rules of html-validate about style, not about what HTML allows.
STYLE = (
    "no-trailing-whitespace", "no-inline-style", "void-style", "attr-case", "attr-quotes", "element-case",
    "attribute-boolean-style", "attribute-empty-style", "long-title", "no-implicit-button-type", "require-sri",
    "doctype-style", "no-raw-characters", "prefer-native-element", "tel-non-breaking", "no-implicit-input-type",
)  # fmt: skip
#: Chromium's sum of layout shifts without the reader's doing.
SHIFT = """
window.shifted = 0; window.shifts = [];
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) {
  window.shifted += e.value;
  window.shifts.push(e.value.toFixed(4) + ' ' + (e.sources || []).map(s => s.node && (s.node.id || s.node.className || s.node.nodeName)).join(' | '));
} }).observe({type: 'layout-shift', buffered: true});
"""


def tools(folder: Path) -> None:
    """Install the checkers in a folder unless they are there."""
    if not (folder / "node_modules" / "axe-core").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", str(folder), "axe-core", "html-validate"], check=True)


def names_of(site: Path, only: str) -> list[str]:
    found = sorted(file.relative_to(site).as_posix() for file in site.rglob("*.html") if "_static" not in file.parts)
    return [name for name in found if only in name]


def axe(page, script: str) -> list[dict]:
    page.evaluate(script)
    return page.evaluate("() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")


def findings(chromium, address: str, names: list[str], script: str) -> dict[str, dict[str, list[str]]]:
    """Rule of axe-core → page, theme and width → the elements."""
    found: dict[str, dict[str, list[str]]] = collections.defaultdict(dict)
    for width, view in (("desk", browser.DESK), ("phone", browser.PHONE)):
        page = chromium.new_context(viewport=view, bypass_csp=True).new_page()
        for name in names:
            if name == "index.html":
                continue
            page.goto(address + name)
            page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
            for theme in ("light", "dark"):
                page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                for one in axe(page, script):
                    nodes = [f"{node['html'][:160]} ({node['target'][0]})" for node in one["nodes"]]
                    found[one["id"]][f"{name}, {theme}, {width}"] = nodes
        page.context.close()
    return found


def shifts(chromium, address: str, names: list[str], rounds: int) -> dict[str, tuple[float, list[str]]]:
    """Page and width → the largest sum of layout shifts of some first visits, and what moved."""
    worst = {}
    for name in names:
        for width, view in (("desk", browser.DESK), ("phone", browser.PHONE)):
            for _ in range(rounds):
                context = chromium.new_context(viewport=view)
                context.add_init_script(SHIFT)
                page = context.new_page()
                page.goto(address + name)
                page.wait_for_timeout(600)
                page.evaluate("() => scrollTo(0, document.body.scrollHeight / 2)")
                page.wait_for_timeout(300)
                told = (page.evaluate("() => window.shifted"), page.evaluate("() => window.shifts"))
                worst[f"{name}, {width}"] = max(worst.get(f"{name}, {width}", (0.0, [])), told)
                context.close()
    return worst


def weights(chromium, site: Path, address: str, names: list[str]) -> dict[str, tuple[int, int]]:
    """Page → bytes of a first visit as they lie there, and compressed as a server sends them."""
    weighed = {}
    for name in names:
        asked: set[str] = set()
        context = chromium.new_context(viewport=browser.DESK)
        page = context.new_page()
        page.on("request", lambda request, asked=asked: asked.add(request.url.partition("?")[0].partition("#")[0]))
        page.goto(address + name)
        page.wait_for_timeout(200)
        context.close()
        contents = [(site / url.removeprefix(address)).read_bytes() for url in asked if url.startswith(address + "")]
        weighed[name] = sum(map(len, contents)), sum(len(gzip.compress(one, 6)) for one in contents)
    return weighed


def validity(site: Path, names: list[str], folder: Path) -> dict[str, list[str]]:
    """Rule of html-validate → where it is broken."""
    rules = {"extends": ["html-validate:standard"], "rules": dict.fromkeys(STYLE, "off")}
    config = folder / ".htmlvalidate.json"
    config.write_text(json.dumps(rules))
    told = folder / "html-validate.json"  # a pipe would be cut when the tool ends
    command = [str(folder / "node_modules/.bin/html-validate"), "--config", str(config), "--formatter", "json"]
    with told.open("w") as stream:
        subprocess.run(command + [str(site / name) for name in names], stdout=stream, check=False)
    found: dict[str, list[str]] = collections.defaultdict(list)
    for file in json.loads(told.read_text(encoding="utf-8") or "[]"):
        for one in file["messages"]:
            place = Path(file["filePath"]).relative_to(site).as_posix()
            found[one["ruleId"]].append(f"{place}:{one['line']} {one['message']} {one.get('selector') or ''}"[:220])
    return found


def show(title: str, found: dict[str, list[str]], examples: int) -> None:
    print(f"\n{title}")
    for rule, told in sorted(found.items(), key=lambda item: -len(item[1])):
        print(f"  {rule}: {len(told)}")
        for line in told[:examples]:
            print(f"      {line}")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("site", type=Path)
    asked.add_argument("--tools", type=Path, default=Path(tempfile.gettempdir()) / "page_tools")
    asked.add_argument("--shift", type=int, default=2, help="first visits a page for the layout shift; 0: none")
    asked.add_argument("--only", default="", help="pages whose name holds this")
    asked.add_argument("--examples", type=int, default=2)
    given = asked.parse_args()
    site = given.site.resolve()
    tools(given.tools)
    script = (given.tools / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    names = names_of(site, given.only)
    pages = [name for name in names if name != "index.html"]
    show("html-validate", validity(site, names, given.tools), given.examples)
    with browser.chromium() as chromium, browser.served(site, "http") as address:
        found = findings(chromium, address, pages, script)
        show("axe-core (rule: elements on all pages, themes, widths)",
             {rule: [f"{where}: {one}" for where, nodes in at.items() for one in nodes] for rule, at in found.items()},
             given.examples)  # fmt: skip
        print("\nfirst visit, bytes: as they lie, compressed")
        weighed = weights(chromium, site, address, pages)
        for name in sorted(weighed, key=lambda one: -weighed[one][1])[:4]:
            print(f"  {name}: {weighed[name][0]:,} {weighed[name][1]:,}")
        if given.shift:
            print("\nlayout shift, worst of the visits")
            moved = shifts(chromium, address, pages, given.shift)
            for name in sorted(moved, key=lambda one: -moved[one][0])[:6]:
                print(f"  {name}: {moved[name][0]:.3f} {moved[name][1][:3]}")


if __name__ == "__main__":
    main()
