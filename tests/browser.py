"""A published site, looked at with a real browser: what it asks for, what it shows, what is broken.

``check_site(folder, "http" or "file")`` visits every page and returns what it found; ``problems()`` is empty
for a site that is as it should be.
"""

from __future__ import annotations

import gzip
import re
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1360, "height": 900}
#: What a first visit may weigh, compressed, and how far what is read may move by itself (https://web.dev/cls).
HEAVIEST, LARGEST_SHIFT = 1_000_000, 0.05


@dataclass
class Findings:
    """What is wrong with a site, by kind; ``pages`` counts the pages visited."""

    pages: int = 0
    formulas: int = 0
    foreign_requests: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)
    unrendered_formulas: list[str] = field(default_factory=list)
    broken_links: list[str] = field(default_factory=list)
    sideways: list[str] = field(default_factory=list)
    invisible: list[str] = field(default_factory=list)
    low_contrast: list[str] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    search: list[str] = field(default_factory=list)
    markup: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    heavy: list[str] = field(default_factory=list)
    moving: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        """One line for each thing that is wrong."""
        kinds = {name: value for name, value in vars(self).items() if isinstance(value, list)}
        return [f"{name}: {line}" for name, lines in kinds.items() for line in lines]


@contextmanager
def chromium() -> Iterator:
    """A browser without a window; skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra: test)")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        pytest.skip("no chromium on the path: the pages cannot be looked at")
    with playwright.sync_playwright() as runner:
        browser = runner.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(site: Path, scheme: str) -> Iterator[str]:
    """The address of a site: on a server of this machine that ends by itself, or on the disk."""
    if scheme == "file":
        yield site.resolve().as_uri() + "/"
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


#: Runs in the page, with all folded code opened: what can be seen of it.
LOOK = r"""
() => {
  const shown = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
  const words = e => (e.tagName.toLowerCase() + '.' + (e.getAttribute('class') || '') + ' ' + e.textContent.trim()).slice(0, 90);
  const article = document.querySelector('article') || document.body;
  const plain = article.cloneNode(true);
  plain.querySelectorAll('pre, code, script, style').forEach(e => e.remove());
  const raw = plain.textContent.match(/\$\$|\\\(|\\\[|\\[a-zA-Z]{2,}|\{eq\}|\{cite|\]\(#/g) || [];
  const maths = [...document.querySelectorAll('math')];
  return {
    formulas: maths.length,
    raw,
    empty: maths.filter(m => !m.children.length || !m.textContent.trim() || !shown(m) || m.querySelector('merror')).map(words),
    invisible: [...article.querySelectorAll('table, figure, figure svg, .lepton-diagram svg, img, .lepton-banner')]
      .filter(e => !shown(e) || (e.tagName === 'IMG' && !e.naturalWidth)).map(words),
    ids: [...document.querySelectorAll('[id], a[name]')].map(e => e.id || e.name),
    links: [...document.querySelectorAll('a[href], link[href], [src]')].map(e => e.getAttribute('href') || e.getAttribute('src')),
    title: (document.querySelector('h1') || document.body).textContent,
    assets: [...document.querySelectorAll('link[rel=stylesheet], script[src], img[src]')].map(e => (e.href || e.src).split('?')[0]),
    hollow: [...document.querySelectorAll('th')].filter(e => !e.textContent.trim()).map(e => 'a heading without words: ' + e.closest('tr').textContent.trim().slice(0, 60)),
    misplaced: [...document.querySelectorAll('summary p, div > style')].map(e => words(e.parentElement) + ' holds ' + e.tagName),
    running: [...document.querySelectorAll('script:not([src])')].map(words)
      .concat([...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).map(words)),
    head: Object.fromEntries([...document.querySelectorAll('meta')].map(e => [e.name || e.getAttribute('property') || e.httpEquiv, e.content])),
  };
}
"""

#: Adds up by how much what is shown moves without the reader's doing.
MOVED = """
window.moved = 0;
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.moved += e.value; })
  .observe({type: 'layout-shift', buffered: true});
"""

#: Texts whose contrast with what lies behind them is under 4.5 (3 for large ones).
CONTRAST = r"""
() => {
  const parse = c => { const n = (c.match(/[\d.]+/g) || []).map(Number); return c.startsWith('color(') ? [n[0]*255, n[1]*255, n[2]*255, n[3] ?? 1] : [n[0], n[1], n[2], n[3] ?? 1]; };
  const light = ([r, g, b]) => { const f = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const behind = e => { const layers = []; for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) layers.push(c); if (c[3] === 1) break; }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]); };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.data.trim() || e.closest('svg, script, style, noscript, dialog, .headerlink, button, template')) continue;
    const r = e.getBoundingClientRect(), s = getComputedStyle(e);
    if (!r.width || !r.height || s.visibility !== 'visible' || s.opacity === '0' || !e.checkVisibility()) continue;
    const under = behind(e), ink = over(parse(s.color), under);
    const [a, b] = [light(ink), light(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), size = parseFloat(s.fontSize);
    const enough = size >= 24 || (size >= 18.66 && s.fontWeight >= 700) ? 3 : 4.5;
    if (ratio < enough) found.push(ratio.toFixed(2) + ' ' + e.tagName.toLowerCase() + '.' + (e.getAttribute('class') || '') + ' "' + node.data.trim().slice(0, 40) + '"');
  }
  return [...new Set(found)];
}
"""

SIDEWAYS = r"""
() => {
  const root = document.documentElement, width = root.clientWidth;
  if (root.scrollWidth <= width && document.body.scrollWidth <= width) return null;
  const wide = [...document.querySelectorAll('article *')].filter(e => {
    if (e.getBoundingClientRect().right <= width + 1) return false;
    for (let p = e.parentElement; p; p = p.parentElement) if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(p).overflowX)) return false;
    return true; });
  return root.scrollWidth + ' px: ' + wide.slice(0, 3).map(e => e.tagName + '.' + (e.getAttribute('class') || '')).join(', ');
}
"""


#: Drawings that a telephone shows so small that their letters, of 9.5 points or 14 pixels, cannot be read.
TINY = r"""
() => [...document.querySelectorAll('.lepton-figure > svg, .lepton-diagram > svg')].filter(e => e.viewBox.baseVal.width).map(e => {
  const points = e.closest('.lepton-figure'), letters = points ? 9.5 * 4 / 3 : 14;
  const natural = e.viewBox.baseVal.width * (points ? 4 / 3 : 1);
  return [letters * e.getBoundingClientRect().width / natural, e.getAttribute('aria-label')];
}).filter(([size]) => size < 8.6).map(([size, name]) => size.toFixed(1) + ' px: ' + name.slice(0, 60))
"""


def check_site(
    site: Path, scheme: str = "http", only: Callable[[str], bool] = lambda name: True, looks: bool = True
) -> Findings:
    """Visit every page of a site, in both themes and on a telephone's width; scheme is ``http`` or ``file``.

    only: name of a page, as chapters/80_value.html → whether it is visited. looks: False where the other scheme has
    shown the same pages in both themes and on a telephone: only what hangs on where files come from is asked.
    """
    site = Path(site).resolve()
    findings = Findings()
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts)
    names = [name for name in names if only(name)]
    ids: dict[str, set[str]] = {}
    links: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    with chromium() as browser, served(site, scheme) as address:
        page = browser.new_page(viewport=DESK)
        page.add_init_script(MOVED)
        _listen(page, address, findings)
        for name in names:
            page.goto(address + name)
            # index.html leads on to the first page.
            page.wait_for_load_state("load")
            if name == "index.html":
                page.wait_for_url(lambda url: not url.endswith("/index.html"))
                findings.pages += 1
                continue
            page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
            moved = page.evaluate("() => window.moved")
            page.evaluate("() => document.querySelectorAll('details').forEach(e => { e.open = true; })")
            page.wait_for_function("() => document.fonts.status === 'loaded'")
            seen = page.evaluate(LOOK)
            findings.pages += 1
            findings.formulas += seen["formulas"]
            findings.unrendered_formulas += [f"{name}: {text}" for text in seen["raw"] + seen["empty"]]
            findings.invisible += [f"{name}: {text}" for text in seen["invisible"]]
            ids[name], links[name], titles[name] = set(seen["ids"]), seen["links"], seen["title"]
            _judge(site, address, name, seen, findings)
            if moved > LARGEST_SHIFT:
                findings.moving.append(f"{name}: moved by {moved:.3f}")
            if looks:
                _look(page, name, findings)
        page.close()
        findings.broken_links += list(_broken(site, ids, links))
        _check_system_theme(browser, address, names, findings)
        _check_search(browser, address, titles, findings)
    return findings


def _look(page, name: str, findings: Findings) -> None:
    """Contrast in both themes, and what a telephone shows."""
    ground = {}
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        ground[theme] = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        findings.low_contrast += [f"{name}, {theme}: {text}" for text in page.evaluate(CONTRAST)]
    if ground["light"] == ground["dark"]:
        findings.themes.append(f"{name}: the ground is {ground['light']} in both themes")
    page.set_viewport_size(PHONE)
    if wide := page.evaluate(SIDEWAYS):
        findings.sideways.append(f"{name}: {wide}")
    findings.invisible += [f"{name}, on a telephone: {text}" for text in page.evaluate(TINY)]
    page.set_viewport_size(DESK)


def _judge(site: Path, address: str, name: str, seen: dict, findings: Findings) -> None:
    """What a page's markup, its head, its weight and its stillness must be."""
    twice = [
        f"{name}: two elements are called {one!r}" for one, count in Counter(seen["ids"]).items() if one and count > 1
    ]
    findings.markup += twice + [f"{name}: {text}" for text in seen["hollow"] + seen["misplaced"] + seen["running"]]
    head = seen["head"]
    policy = head.get("Content-Security-Policy", "")
    if "default-src 'none'; script-src 'self';" not in policy or re.search(r"https?:|\*|unsafe-eval", policy):
        findings.heads.append(f"{name}: its policy is {policy!r}")
    wanted = ("description", "author", "date", "og:title", "og:description", "og:image")
    findings.heads += [f"{name}: no {one}" for one in wanted if not head.get(one)]
    card = site / Path(name).parent / head.get("og:image", "")
    if not card.is_file():
        findings.heads.append(f"{name}: its picture {head.get('og:image')!r} is not there")
    files = {site / name} | {
        site / unquote(one.removeprefix(address)) for one in seen["assets"] if one.startswith(address)
    }
    weight = sum(len(gzip.compress(file.read_bytes(), 6)) for file in files if file.is_file())
    if weight > HEAVIEST:
        findings.heavy.append(f"{name}: {weight:,} bytes on a first visit")


def _listen(page, address: str, findings: Findings) -> None:
    """Note every request to elsewhere, every failed one and every error on the console."""

    def asked(request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            findings.foreign_requests.append(f"{request.url} from {page.url}")

    def said(message) -> None:
        if message.type == "error":
            findings.console_errors.append(f"{page.url}: {message.text}")

    def answered(response) -> None:
        if response.status >= 400:
            findings.failed_requests.append(f"{response.status} {response.url}")

    def failed(request) -> None:
        # A page that leads on at once breaks off what it had begun to load.
        if request.failure != "net::ERR_ABORTED":
            findings.failed_requests.append(f"{request.failure} {request.url}")

    page.on("request", asked)
    page.on("console", said)
    page.on("response", answered)
    page.on("pageerror", lambda error: findings.console_errors.append(f"{page.url}: {error}"))
    page.on("requestfailed", failed)


def _broken(site: Path, ids: dict[str, set[str]], links: dict[str, list[str]]) -> Iterator[str]:
    """Internal links whose file or anchor is not there."""
    for name, found in links.items():
        for link in found:
            target, anchor = urldefrag(urljoin(f"http://site/{name}", link))
            parts = urlsplit(target)
            if parts.scheme != "http" or parts.netloc != "site":
                continue
            file = unquote(parts.path).lstrip("/")
            if not (site / file).is_file():
                yield f"{name}: {link}"
            elif anchor and file in ids and unquote(anchor) not in ids[file]:
                yield f"{name}: {link} (no such anchor)"


def _check_system_theme(browser, address: str, names: list[str], findings: Findings) -> None:
    """The system's choice of light or dark is followed."""
    grounds = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport=DESK, color_scheme=scheme)
        _listen(page, address, findings)
        page.goto(address + next(name for name in names if name not in ("index.html", "search.html")))
        grounds[scheme] = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        page.close()
    if grounds["light"] == grounds["dark"]:
        findings.themes.append(f"the system's theme is not followed: {grounds}")


def _check_search(browser, address: str, titles: dict[str, str], findings: Findings) -> None:
    """The search finds the page whose title holds the word."""
    name = next((name for name in sorted(titles) if name != "search.html"), None)
    words = re.findall(r"[A-Za-z]{5,}", titles.get(name or "", ""))
    if not words:
        return
    page = browser.new_page(viewport=DESK)
    _listen(page, address, findings)
    page.goto(f"{address}search.html?q={max(words, key=len)}")
    try:
        page.wait_for_selector("#search-results li a", timeout=20_000)
        page.wait_for_timeout(300)
    except Exception:
        findings.search.append(f"nothing found for {max(words, key=len)!r}, a word of the title of {name}")
    else:
        found = page.eval_on_selector_all("#search-results li a", "links => links.map(link => link.href)")
        if not any(link.partition("?")[0].partition("#")[0].endswith(name) for link in found):
            findings.search.append(f"{max(words, key=len)!r} leads to {found}, not to {name}")
    page.close()
