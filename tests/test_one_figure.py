"""One quantity has one figure: in every record, on every page and in the workbook, for the samples and for any client.

The chapters about the client are executed in one process, as a report executes them in kernels of their own.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import warnings
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from any_client import client_of, parts
from hypothesis import HealthCheck, Phase, given, seed, settings
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from lxml import html

from lepton_nb import client as clients
from lepton_nb import results
from lepton_nb.page import first_page, words
from lepton_nb.report import workbook

ROOT = Path(__file__).resolve().parent.parent
#: In an order in which each finds what it needs.
CHAPTERS = (
    "80_value", "81_approaches", "82_metric_to_money", "83_uncertainty", "84_options", "85_speed_and_cost",
    "86_joint_benefit", "87_scorecard", "88_portfolio", "00_summary",
)  # fmt: skip
#: Less work for clients that a test makes: parameter → value, in every chapter that has it.
LIGHT = {"index_points": 64, "most_draws": 1024, "most_steps": 61}
LIGHT_ONE = {"82_metric_to_money": {"draws": 1024}, "87_scorecard": {"draws": 200}}
SAMPLES = ("manufacturer", "bank", "retailer")
#: Clients that are made, and what they have in place of the samples' names.
MADE, CURRENCY = 6, "CHF"
#: Words that only another client's page could say.
OF_OTHERS = (
    r"(?i)\b(casting|castings|foundry|loan|loans|bank|grocer\w*|retailer|furnace|Nordhafen|Lindqvist|EUR|CNY|SEK)\b"
)


# ---------------------------------------------------------------- the pages of one client


@dataclass
class Table:
    """A table of a page: heading → text of each row, with what stands above it."""

    page: str
    caption: str
    rows: list[dict[str, str]]


@dataclass
class Report:
    """What the chapters left for one client."""

    records: dict[str, results.Record]
    tables: list[Table] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)  # (page, text outside tables)
    own: dict[str, list[str]] = field(
        default_factory=dict
    )  # chapter → what its page of the client's part shows, cell by cell

    @property
    def currency(self) -> str:
        return self["value"]["value"].unit

    @property
    def first(self) -> list[str]:
        """What the first page shows in the client's part, cell by cell."""
        return self.own["00_summary"]

    def __getitem__(self, chapter: str) -> results.Record:
        return self.records[chapter]


def said(node) -> str:
    return re.sub(r"[ \n\t]+", " ", node.text_content()).strip()


def read(report: Report, page: str, markup: str) -> None:
    """Take the tables and the other text of one output."""
    tree = html.fromstring(f"<div>{markup}</div>")
    for drawing in tree.xpath("//svg|//style|//script"):
        drawing.drop_tree()
    for table in tree.xpath("//table"):
        caption = " ".join(said(node) for node in table.xpath("./caption"))
        lines = [[said(cell) for cell in row.xpath("./th|./td")] for row in table.xpath(".//tr")]
        if table.xpath("./thead") and lines:
            heads, lines = lines[0], lines[1:]
        else:
            heads = ["", *(f"column {number}" for number in range(1, max(map(len, lines), default=1)))]
        report.tables.append(Table(page, caption, [dict(zip(heads, line, strict=False)) for line in lines]))
        table.drop_tree()
    report.texts += [(page, said(node)) for node in tree.xpath("//*[not(*)]") if said(node)]


def execute(folder: Path, client_folder: str = "", light: bool = False) -> Report:
    """The chapters about the client in one process, with their records in ``folder``."""
    main = sys.modules["__main__"]
    try:
        return _execute(folder, client_folder, light)
    finally:
        sys.modules["__main__"] = main  # the shell takes its place, and processes that are started look for it


def _execute(folder: Path, client_folder: str, light: bool) -> Report:
    shell = InteractiveShell.instance()
    report = Report({})
    for chapter in CHAPTERS:
        notebook = json.loads((ROOT / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
        shell.reset(new_session=True)
        for cell in notebook["cells"]:
            source, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
            own = not {"appendix", "book-only"} & set(tags)
            shown = report.own.setdefault(chapter, [])
            if own and cell["cell_type"] == "markdown":
                shown.append(source)
            if cell["cell_type"] != "code" or "nbval-check-output" in tags:  # worked examples need no client
                continue
            with capture_output() as captured:
                done = shell.run_cell(source, store_history=False)
            if not done.success:
                raise AssertionError(f"{chapter}: {captured.stdout[-3000:]}") from (
                    done.error_in_exec or done.error_before_exec
                )
            if "parameters" in tags:
                given = {"client_folder": client_folder, "results_folder": str(folder)}
                chosen = LIGHT | LIGHT_ONE.get(chapter, {}) if light else {}
                shell.user_ns |= given | {name: value for name, value in chosen.items() if name in shell.user_ns}
            elif "remove-cell" not in tags and done.result is not None and not source.rstrip().endswith(";"):
                markup = shell.display_formatter.format(done.result)[0].get("text/html", "")
                read(report, chapter, markup)
                shown += [markup] if own else []
        name = chapter.partition("_")[2]
        report.records[name] = results.load(name, folder)
    return report


@cache
def sample(name: str, place: Path) -> Report:
    folder = place / name
    folder.mkdir()
    return execute(folder, str(ROOT / "clients" / name))


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("one_figure")


#: Words of a first page that prints on two sheets; a sum with its currency is one.
MOST_WORDS = 600


def text_of(pieces: list[str]) -> str:
    """The text of a page, drawings and addresses left out, with one space between words."""
    text = " ".join(re.sub(r"<(svg|style)\b.*?</\1>|\]\([^)]*\)", " ", piece, flags=re.S) for piece in pieces)
    return re.sub(r"[ \n\t]+", " ", unescape(re.sub(r"<[^>]+>", " ", text))).strip(" ")


def words_of(pieces: list[str]) -> list[str]:
    """The words of a page, drawings left out."""
    return [word for word in text_of(pieces).split(" ") if re.search(r"\w", word)]


#: Most words of the nine value pages of a sample's client part, and those of the foot of a page, which publication adds.
MOST_OF_VALUE, FOOT = 9_000, 25


@pytest.mark.parametrize("name", SAMPLES)
def test_the_value_pages_of_every_sample_are_short(name, place):
    """Counted as on the site (test_whole_way): whatever stands between spaces, tables and captions among it, drawings not."""
    own = {
        chapter: FOOT + len(text_of(pieces).split(" "))
        for chapter, pieces in sample(name, place).own.items()
        if chapter.startswith("8")
    }
    assert len(own) == 9 and min(own.values()) > 100
    assert sum(own.values()) < MOST_OF_VALUE, own


@pytest.mark.parametrize("name", SAMPLES)
def test_the_first_page_is_short_and_its_sums_lead_to_where_they_come_from(name, place):
    report = sample(name, place)
    assert 200 < len(words_of(report.first)) <= MOST_WORDS
    total = report["value"].tables["total"][0]
    page, linked = "".join(report.first), re.findall(r'<a href="(\d\d_\w+)\.ipynb">([^<]+)</a>', "".join(report.first))
    assert {chapter for chapter, _ in linked} <= set(CHAPTERS) and len(linked) >= 10
    for _, sum_ in (link for link in linked if re.search(r"\d|small", link[1])):  # other links are words
        found = re.fullmatch(
            rf"({words.MINUS}?[\d.{words.THIN}]+)(?:{words.THIN}([km]))?{words.THIN}{report.currency}",
            sum_.removeprefix("under "),
        )
        assert found or sum_ in (first_page.SMALL, first_page.SMALL_LOSS), sum_
        if found:
            amount = float(found[1].replace(words.MINUS, "-").replace(words.THIN, ""))
            assert abs(amount) * {"k": 1e3, "m": 1e6}.get(found[2], 1.0) >= 0.01 * abs(total["value"]), sum_
    # Figures outside the links are ranges, thresholds and the case in which all comes as most likely.
    assert "<script" not in page and report["summary"].tables["decisions"]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_bars_of_the_first_page_tell_the_amounts_of_the_text_and_add_up(name, place):
    report = sample(name, place)
    value, sums = report["value"], first_page.sums_of(report["value"], report.currency)
    found, total = value.tables["bridge"][0], value.tables["total"][0]
    bars = [sums.rounded(-found[what]) for what in ("running", "development")]
    lead, beyond = first_page.lead(value), first_page.beyond_likely(value)
    assert sum(bars) == pytest.approx(sums.rounded(dict(lead)["less costs"]))
    steps = [sums.rounded(amount) for _, amount in (*lead, *beyond)]
    assert sum(steps) == pytest.approx(sums.rounded(total["value"]), abs=1e-6 * sums.step)
    assert sums.bare(-found["running"]) and sums.currency not in sums.bare(-found["running"])


# ---------------------------------------------------------------- every figure of a quantity, wherever it is


class Figures:
    """Quantity → every figure of it with the place where it was found."""

    def __init__(self):
        self.found: dict[tuple, list[tuple[str, Any]]] = {}

    def put(self, quantity: tuple, place: str, figure: Any) -> None:
        self.found.setdefault(quantity, []).append((place, figure))

    def differing(self) -> list[str]:
        return [
            f"{' '.join(map(str, quantity))}: " + "; ".join(f"{place} has {figure!r}" for place, figure in figures)
            for quantity, figures in self.found.items()
            if not all(alike(figures[0][1], figure) for _, figure in figures)
        ]


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, bool | str) or one is None or other is None:
        return one == other
    return other == pytest.approx(one, rel=1e-9, abs=1e-6)


def of_records(report: Report) -> Figures:
    """The quantities that more than one record holds, and those that must follow from others in them."""
    found, value, uncertainty = Figures(), report["value"], report["uncertainty"]
    total = value.tables["total"][0]
    for part in ("value", "low", "high"):
        found.put(("total", part), "value.total", total[part])
        found.put(("total", part), "value.value", getattr(value["value"], part))
        found.put(("total", part), "summary.value", getattr(report["summary"]["value"], part))
    counting = [row for row in value.tables["groups"] if row["counts"]]
    found.put(("total", "most likely"), "value.total", total["most_likely"])
    found.put(("total", "most likely"), "value.most_likely", value["most_likely"].value)
    if counting:
        found.put(("total", "value"), "sum of value.groups", sum(row["value"] for row in counting))
        found.put(("total", "most likely"), "sum of value.groups", sum(row["most_likely"] for row in counting))
        found.put(("total", "below zero"), "value.total", total["below_zero"])
        found.put(("total", "below zero"), "value.below_zero", value["below_zero"].value)
        likely = next(
            row["value"] for row in value.tables["matrix"] if row["rate_change"] == 0 and row["half_life_factor"] == 1
        )
        found.put(("total", "most likely"), "value.matrix, as used", likely)
    if "total_mean" in uncertainty.figures and counting:
        found.put(("total", "value"), "uncertainty", uncertainty["total_mean"].value)
        found.put(("total", "low"), "uncertainty", uncertainty["total_mean"].low)
        found.put(("total", "high"), "uncertainty", uncertainty["total_mean"].high)
        found.put(("total", "below zero"), "uncertainty", uncertainty["total_below_zero"].value)
    lines = {row["group"]: row for row in value.tables["lines_groups"]}
    for row in value.tables["groups"]:
        name = row["name"]
        mean = uncertainty[f"{name.replace(' + ', '_')}_mean"]
        for part, figure in (("value", mean.value), ("low", mean.low), ("high", mean.high)):
            found.put((name, part), "value.groups", row[part])
            found.put((name, part), "uncertainty", figure)
        found.put((name, "below zero"), "value.groups", row["below_zero"])
        found.put((name, "below zero"), "uncertainty", uncertainty[f"{name.replace(' + ', '_')}_below_zero"].value)
        found.put((name, "verdict"), "value.groups", row["verdict"])
        found.put((name, "verdict"), "summary", report["summary"][f"verdict {name}"].value)
        found.put((name, "most likely"), "value.groups", row["most_likely"])
        found.put((name, "most likely"), "value.lines_groups", lines[name]["value"])
        found.put((name, "rate"), "value.groups", row["rate"])
        found.put((name, "rate"), "value.lines_groups", lines[name]["rate"])
        own = [item for item in value.tables["assets"] if item["group"] == name]
        found.put((name, "value"), "sum of value.assets", sum(item["value"] for item in own) + row["together"])
        base = next(
            (item[f"group {name}"] for item in value.tables["scenarios"] if item["name"] == "base"), row["most_likely"]
        )
        found.put((name, "most likely"), "value.scenarios, base", base if plain_base(value) else row["most_likely"])
    concluded = {row["asset"]: row for row in report["approaches"].tables["conclusions"]}
    for row in value.tables["assets"]:
        for part in ("value", "earned"):
            found.put((row["name"], part), "value.assets", row[part])
            found.put((row["name"], part), "approaches.conclusions", concluded[row["name"]][part])
        found.put((row["name"], "value"), "approaches", report["approaches"][f"{row['name']}_concluded"].value)
    for row in value.tables["gains"]:
        name = row["evaluation"]
        for place, figure in (
            ("value", value[f"gain {name}"]),
            ("metric_to_money", report["metric_to_money"][f"{name}_gain"]),
        ):
            found.put((name, "gain"), place, figure.value)
            found.put((name, "gain, low"), place, figure.low)
            found.put((name, "gain, high"), place, figure.high)
        for part, key in (("gain", "per_case"), ("gain, low", "low"), ("gain, high", "high")):
            found.put((name, part), "value.gains", row[key])
        found.put((name, "gain"), "metric_to_money, margins", report["metric_to_money"][f"{name}_gain_margins"].value)
        if row["a_year"] is not None:
            found.put((name, "gain a year"), "value.gains", row["a_year"])
            found.put((name, "gain a year"), "per case × cases", row["per_case"] * row["yearly_cases"])
    for row in value.tables["decays"]:
        asset = row["asset"]
        register = [
            one for one in value.tables["register"] if one["asset"] == asset and one["input"] == "half-life of the gain"
        ]
        for one in register:
            found.put((asset, "half-life"), "value.decays", row["half_life"])
            found.put((asset, "half-life"), "value.register", one["likely"])
    options = report["options"]
    for name in value.tables["groups"]:
        rights = [row["value"] for row in options.tables["right_to_stop"] if row["group"] == name["name"]]
        figure = options[f"{name['name'].replace(' + ', '_')}_right_to_stop"]
        found.put((name["name"], "right to stop"), "options", figure.value)
        found.put((name["name"], "right to stop"), "options.right_to_stop", max(rights) if rights else None)
    portfolio = report["portfolio"]
    first = {row["asset"]: row for row in reversed(portfolio.tables["amortisation"])}
    year = next(row["value"] for row in value.tables["settings"] if row["name"] == "valuation date")[:4]
    for asset, row in first.items():
        if str(row["year"]) == year and "share" in row:
            found.put((asset, "carrying amount"), "portfolio", portfolio[f"{asset}_carrying_amount"].value)
    return found


def plain_base(value: results.Record) -> bool:
    """Whether the scenario ``base`` changes nothing, so that its values are the most likely ones."""
    return value.tables["scenarios"] == [] or any(
        row["name"] == "base"
        and all(abs(row[f"group {one['name']}"] - one["most_likely"]) < 1e-6 for one in value.tables["groups"])
        for row in value.tables["scenarios"]
    )


# ---------------------------------------------------------------- what the pages say of the same quantities


def expected(report: Report) -> dict[tuple[str, str], set[str]]:
    """(label of a row, quantity) → the one text that a page may show for it."""
    value, money = report["value"], words.Money(report.currency)
    draws = value.tables["total"][0]["draws"]
    texts = {}
    for row in value.tables["groups"]:
        name, low_high = row["name"], money.range(row)
        texts[name, "value"] = (
            {money(row["value"])}
            if row["counts"]
            else {"the range, no number", "a range only", low_high, money(row["value"])}
        )
        texts[name, "range"] = {low_high}
        texts[name, "below zero"] = {words.chance(row["below_zero"], draws)}
        texts[name, "most likely"] = {money(row["most_likely"])}
        texts[name, "verdict"] = {row["verdict"]}
        texts[name, "rate"] = {words.rate(row["rate"])}
    total = value.tables["total"][0]
    if total["value"] is not None:
        for label in ("Total", "all that count"):
            texts[label, "value"] = {money(total["value"])}
            texts[label, "range"] = {money.range(total)}
            texts[label, "below zero"] = {words.chance(total["below_zero"], draws)}
            texts[label, "most likely"] = {money(total["most_likely"])}
    for row in value.tables["assets"]:
        alone = texts.get((row["name"], "value"), set())  # a group of one asset has its name
        texts[row["name"], "value"] = {money(row["value"])} | (set() if row["counts"] else {"not concluded"}) | alone
        texts[row["name"], "earned"] = {money(row["earned"])}
    for row in value.tables["gains"]:
        name = words.label(row["evaluation"])
        texts[name, "gain"] = {money(row["per_case"])}
    for row in value.tables["decays"]:
        texts[row["asset"], "half-life"] = {"no decay" if row["half_life"] is None else words.years(row["half_life"])}
    return texts


#: Heading of a column → the quantity that it shows, on every page on which the label of the row is a group or an asset.
HEADINGS = {
    "Value": "value", "Value (mean)": "value", "Mean": "value", "5 % to 95 %": "range", "P(value < 0)": "below zero",
    "Most likely figures": "most likely", "Value of its group, most likely": "", "Verdict": "verdict", "Discount rate": "rate",
    "Rate": "", "Earned": "earned", "Half-life used": "half-life",
}  # fmt: skip


def of_first_page(report: Report, row: dict[str, str]) -> list[str]:
    """Where a row of the first page does not say the value of the records, to what the range of the total allows."""
    value, label = report["value"], row["Group, asset"]
    sums = first_page.sums_of(value, report.currency)
    if label.startswith("– together"):  # what its group holds beside its assets
        return (
            []
            if row["Value"] in {sums.plain(group["together"]) for group in value.tables["groups"]}
            else [f"first page: {label}"]
        )
    name = label.split()[1] if label.startswith(words.MISSING) else label
    rows = value.tables["assets" if label.startswith(words.MISSING) else "groups"]
    known = {
        words.groups(one["name"]): one for one in (*rows, value.tables["total"][0] | {"name": "Total", "counts": True})
    }
    if name not in known:
        name = name.split()[0]  # a group of one asset is told with its name
    wanted = sums.plain(known[name]["value"]) if known[name]["counts"] else "no number"
    return [] if row["Value"] == wanted else [f"first page: {label}: {row['Value']!r}, must be {wanted!r}"]


#: Pages that show the value of every group that counts, and one that does where its value varies.
ALWAYS, VARYING = ("80_value", "00_summary"), ("83_uncertainty",)


def of_pages(report: Report, pages: tuple[str, ...] = ALWAYS) -> list[str]:
    """Where a page shows another figure for a quantity than the records hold. pages: those that must show a value."""
    texts, wrong = expected(report), []
    seen = set()
    for table in report.tables:
        for row in table.rows:
            label = row.get("Group") if "Group" in row and "Asset" not in row else next(iter(row.values()), "")
            if "Counts" in row or "Stop at the end of" in row or "Block" in row:
                continue  # other rows than one a group: posteriors, dates of stopping, blocks of data
            if "Group, asset" in row:
                wrong += of_first_page(report, row)
                continue
            for heading, text in row.items():
                quantity = HEADINGS.get(heading.replace("\N{NARROW NO-BREAK SPACE}", " "))
                if "Budget" in row or (table.page, heading) == ("81_approaches", "Rate"):
                    continue
                wanted = texts.get((label, quantity)) if quantity else None
                if not wanted:
                    continue
                plain = re.sub(r"^(.*?)([  ][kmb]n?)? ± .*$", r"\1\2", text) if "±" in text else text
                plain = (
                    plain.partition(":")[0] if quantity == "verdict" else plain
                )  # its reason follows on the first page
                seen.add((table.page, quantity))
                if not any(plain == one or (plain != text and one.startswith(plain)) for one in wanted):
                    wrong.append(
                        f"{table.page}, {table.caption[:40]!r}: {label}, {heading}: {text!r}, must be {sorted(wanted)}"
                    )
    if any(row["counts"] for row in report["value"].tables["groups"]):
        assert {(page, "value") for page in pages} <= seen, seen
    return wrong


def told(text: str) -> float | None:
    """The amount that a sum of the first page says; None for one that is not told."""
    found = re.match(rf"({words.MINUS}?[\d.,{words.THIN}]+?)(?:{words.THIN}(k|m|bn))?{words.THIN}[A-Z]{{3}}$", text)
    if found is None:
        return None
    amount = float(found[1].replace(words.MINUS, "-").replace(words.THIN, ""))
    return amount * {"k": 1e3, "m": 1e6, "bn": 1e9}.get(found[2], 1.0)


def off(parts: list[str], whole: str, least: float) -> bool:
    """Whether sums that are told do not add to the whole; what is small may come to anything under the least told."""
    if told(whole) is None or not parts:
        return False
    amounts = [told(part) for part in parts]
    small = sum(amount is None for amount in amounts)
    gap = abs(sum(amount or 0.0 for amount in amounts) - told(whole))
    return gap > small * least + 1e-6 * (1 + abs(told(whole)))


def sums_that_do_not_add(report: Report) -> list[str]:
    """Sums of the first page that do not add to the last digit: assets to groups, groups to the total, what leads to the value."""
    wrong, sums = [], first_page.sums_of(report["value"], report.currency)
    (table,) = [table for table in report.tables if "Group, asset" in (table.rows or [{}])[0]] or [None]
    rows = [] if table is None else table.rows
    groups = [
        row for row in rows if row["Nine in ten"] and row["Group, asset"] != "Total" and row["Value"] != "no number"
    ]
    total = next((row["Value"] for row in rows if row["Group, asset"] == "Total"), "")
    if len(rows) <= first_page.MOST_ASSETS and off([row["Value"] for row in groups], total, sums.least):
        wrong.append(f"groups do not add to {total}: {[row['Value'] for row in groups]}")
    for at, row in enumerate(rows):
        own = list(itertools.takewhile(lambda one: one["Group, asset"].startswith(words.MISSING), rows[at + 1 :]))
        if own and not row["Group, asset"].startswith(words.MISSING) and len(rows) <= first_page.MOST_ASSETS:
            parts = [one["Value"] for one in own]
            if off(parts, row["Value"], sums.least):
                wrong.append(f"{row['Group, asset']}: {parts} do not add to {row['Value']}")
    text = next((text for piece in report.first for text in re.findall(r"<p>Most likely: .*?</p>", piece)), "")
    steps = re.findall(r"([^<>]*)<a [^>]*>([^<]*)</a>", text)
    if steps:
        at = next(number for number, (name, _) in enumerate(steps) if name == ": ")
        first = [
            f"{words.MINUS}{amount}" if name.endswith(("less costs ", "and tax ")) else amount
            for name, amount in steps[:at]
        ]
        likely, *beyond, mean = [amount for _, amount in steps[at:]]
        wrong += [f"{first} do not add to {likely}"] if off(first, likely, sums.least) else []
        wrong += [f"{[likely, *beyond]} do not add to {mean}"] if off([likely, *beyond], mean, sums.least) else []
    return wrong


def totals_of_groups(report: Report) -> list[str]:
    """The last line of each table of asset values and of shares is its group's figure."""
    money, wrong = words.Money(report.currency), []
    groups = {row["name"]: row for row in report["value"].tables["groups"]}
    names = {words.groups(name): name for name in groups}
    seen = set()
    for table in report.tables:
        for row in table.rows:
            label = row.get("Asset") or row.get("Kind")
            if label not in names:
                continue
            group = groups[names[label]]
            if row.get("Name") == "the group" and row["Value"] != money(group["value"]):
                wrong.append(
                    f"{table.page}: assets of {label} sum to {row['Value']}, the group is {money(group['value'])}"
                )
            if row.get("Replacing it costs") == "the group" and row["Share"] != money(group["most_likely"]):
                wrong.append(
                    f"{table.page}: shares of {label} sum to {row['Share']}, the group is {money(group['most_likely'])}"
                )
            seen |= {table.page} & {"81_approaches", "86_joint_benefit"}
    several = [row for row in groups.values() if len(row["assets"]) > 1]
    if several and seen != {"81_approaches", "86_joint_benefit"}:
        wrong.append(f"sums of groups were seen on {sorted(seen)} only")
    return wrong


def one_text(report: Report) -> list[str]:
    """Rows of one label that stand under one heading on several pages say the same."""
    wrong, found = [], {}
    same = (
        "Spent so far (sunk)",
        "Half-life used",
        "Measured",
        "A year",
        "5 % to 95 % a year",
        "Stated life left",
        "Kind",
    )
    for table in report.tables:
        for row in table.rows:
            label = (
                (*list(row.values())[:2],)
                if "Counts" in row or "Monitored" in row
                else (row.get("Serves", next(iter(row.values()), "")),)
            )
            for heading in same:
                if row.get(heading, words.MISSING) != words.MISSING and not (
                    heading == "Kind" and table.page == "81_approaches"
                ):
                    key = (
                        label,
                        heading,
                        "Rate" in row and heading == "Measured",
                    )
                    found.setdefault(key, {}).setdefault(row[heading], set()).add(table.page)
    for (label, heading, _), texts in found.items():
        if len(texts) > 1 and heading in ("Half-life used", "Stated life left", "A year", "5 % to 95 % a year"):
            wrong.append(f"{label}, {heading}: {texts}")
    return wrong


#: An amount: digits, then thousands, millions or billions, of money and not of words, members, castings.
AMOUNT = re.compile(r"\d[\d.,]*\s(k|m|bn)\b(?!\s(?!to\b|and\b|or\b|as\b)[a-z]{2})")


#: Columns in which the client's own names stand.
OWN_WORDS = ("Name", "What", "Comparable", "Offer", "How")


def without_currency(report: Report) -> list[str]:
    """Amounts on the pages with no currency in their own text, their heading or the caption of their table."""
    code = report.currency
    wrong = [f"{page}: {text!r}" for page, text in report.texts if AMOUNT.search(text) and code not in text]
    for table in report.tables:
        for row in table.rows:
            wrong += [
                f"{table.page}: {heading}: {text!r}"
                for heading, text in row.items()
                if heading not in OWN_WORDS and AMOUNT.search(text) and code not in text + heading + table.caption
            ]
    return wrong


def of_workbook(report: Report, path: Path) -> list[str]:
    """Where the workbook's own figures are not those of the records: its summary and its sheet of figures."""
    records = {name: record.to_dict() for name, record in report.records.items()}
    workbook.write(path, records, "client")
    book, found, value = openpyxl.load_workbook(path), Figures(), report["value"]
    summary = {row[0]: row for row in book["Summary"].iter_rows(values_only=True)}
    for row in value.tables["groups"]:
        found.put((row["name"], "most likely"), "records", row["most_likely"])
        found.put((row["name"], "most likely"), "workbook, Summary", summary[row["name"]][2])
        found.put((row["name"], "rate"), "records", row["rate"])
    headline = summary["The report's value (mean of its draws)"][1]
    found.put(
        ("total", "value"), "records", value["value"].value if value["value"].value is not None else "not concluded"
    )
    found.put(("total", "value"), "workbook, Summary", headline)
    ends = summary["Its 5 % and 95 % points"]
    for part, end in (("low", ends[1]), ("high", ends[2])):
        found.put(("total", part), "records", getattr(value["value"], part))
        found.put(("total", part), "workbook, Summary", end)
    at = {cell.value: cell.row for cell in book["Summary"]["A"]}
    whole = next(
        text
        for name, text in ((n, r[2]) for n, r in summary.items())
        if str(name).startswith(("All groups", "All but "))
    )
    held = [
        row["most_likely"] for row in value.tables["groups"] if f"C{at[row['name']]}" in re.findall(r"C\d+", str(whole))
    ]
    if value["most_likely"].value is not None:
        found.put(("total", "most likely"), "records", value["most_likely"].value)
        found.put(("total", "most likely"), "workbook, Summary", sum(held))
    sheet = {(row[0], row[1]): row for row in book["Figures"].iter_rows(min_row=2, values_only=True)}
    for chapter, record in report.records.items():
        for name, figure in record.figures.items():
            found.put((chapter, name), "records", figure.value)
            found.put((chapter, name), "workbook, Figures", sheet[chapter, name][2])
    return found.differing()


def one_figure(report: Report, path: Path, pages: tuple[str, ...] = ALWAYS) -> None:
    """Everything of one client at once: what differs is listed with the places where it stands."""
    wrong = of_records(report).differing() + of_pages(report, pages) + totals_of_groups(report) + one_text(report)
    wrong += of_workbook(report, path) + without_currency(report) + sums_that_do_not_add(report)
    assert not wrong, "\n".join(wrong)


# ---------------------------------------------------------------- the samples and ten others


@pytest.mark.parametrize("name", SAMPLES)
def test_one_quantity_has_one_figure_on_all_pages_of_a_sample(name, place):
    one_figure(sample(name, place), place / f"{name}.xlsx", ALWAYS + VARYING)


def made(found: dict[str, Any]):
    """A client of Hypothesis under a name, a currency and a seed of its own."""
    found = found | {"valuation": found["valuation"] | {"currency": CURRENCY}}
    return client_of(found)


@pytest.mark.filterwarnings("ignore")
def test_one_quantity_has_one_figure_on_all_pages_of_clients_of_any_kind(place, monkeypatch):
    count = [0]

    @seed(20260630)
    @settings(
        max_examples=MADE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(parts(most=8))
    def holds(found):
        client = made(found)
        monkeypatch.setattr(clients, "load", lambda folder="": client)
        folder = place / f"made-{count[0]}"
        folder.mkdir()
        count[0] += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = execute(folder, str(folder), light=True)
        one_figure(report, folder / "workbook.xlsx")
        strange = [f"{page}: {text}" for page, text in all_texts(report) if re.search(OF_OTHERS, text)]
        assert not strange, strange

    holds()
    assert count[0] == MADE


def all_texts(report: Report):
    yield from report.texts
    for table in report.tables:
        yield table.page, table.caption
        for row in table.rows:
            yield from ((table.page, text) for pair in row.items() for text in pair)


# ---------------------------------------------------------------- the test itself sees a second figure


def test_a_second_figure_is_seen(place):
    report = sample("manufacturer", place)
    table = next(one for one in report.tables if one.page == "83_uncertainty" and "Mean" in (one.rows or [{}])[0])
    kept = table.rows[0]["Mean"]
    try:
        table.rows[0]["Mean"] = "1.23 m EUR"
        assert any("1.23 m EUR" in line for line in of_pages(report))
    finally:
        table.rows[0]["Mean"] = kept
    figure = report["uncertainty"].figures["total_mean"]
    report["uncertainty"].figures["total_mean"] = results.Figure(
        "total_mean", figure.value + 1, figure.unit, figure.low, figure.high
    )
    try:
        assert any(line.startswith("total value") for line in of_records(report).differing())
    finally:
        report["uncertainty"].figures["total_mean"] = figure
