"""The first page: what was valued, the conclusion, decisions, values, what carries them, when to value again.

All from the records of the chapters that derive it; each sum links to the page of its chapter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lepton_nb.page import render, words
from lepton_nb.page.render import Html

#: Sums under this share of the value are not told.
LEAST = 0.01
#: Rows that a first page has room for; the appendix has all.
MOST_DECISIONS, MOST_ASSETS, MOST_TRIGGERS, MOST_NAME = 8, 24, 5, 34
PAGES = {
    "value": "80_value", "approaches": "81_approaches", "metric_to_money": "82_metric_to_money",
    "uncertainty": "83_uncertainty", "options": "84_options", "speed_and_cost": "85_speed_and_cost",
    "portfolio": "88_portfolio", "joint_benefit": "86_joint_benefit", "architecture": "10_architecture",
}  # fmt: skip
#: Verdicts under which the conclusion is shown as good.
POSITIVE = ("almost surely positive", "likely positive")
#: What a sum is called that is not told, and one below zero.
SMALL, SMALL_LOSS = "small", "small loss"
#: Decisions that are told however small their sums are.
ALWAYS = ("stop", "write down")
SAID = {
    "keep": "Keep", "gate": "Decide at the gate", "stop": "Stop", "write down": "Write down", "renegotiate": "Renegotiate", "retrain": "Retrain",
    "measure": "Measure more", "train less often": "Train less often", "option": "Decide on the option",
}  # fmt: skip


class Sums:
    """Money as the first page tells it: to what the range of the total allows, with a link, and nothing under 1 % of it."""

    def __init__(self, total: Mapping[str, Any], currency: str):
        self.currency, self.ends = currency, None if total["value"] is None else (total["low"], total["high"])
        least = 0.0 if total["value"] is None else LEAST * abs(total["value"])
        self.step = 0.0 if self.ends is None else self._step()
        self.least = self.step * math.ceil(max(least, self.step / 2) / self.step) if self.step else least
        self._settled: dict[float, float] = {}

    def _step(self) -> float:
        low, high = self.ends
        return 10.0 ** math.floor(math.log10((high - low) / words.STEPS)) if high > low else 0.0

    def rounded(self, amount: float) -> float:
        """The amount to the last digit that is told; as it was settled beside others, where it was."""
        if amount in self._settled:
            return self._settled[amount]
        return self.step * round(amount / self.step) if self.step else amount

    def settle(self, parts: Sequence[float], whole: float) -> None:
        """Tell these sums, wherever they stand, so that they add to ``whole``, a sum as it is told."""
        if self.step and parts:
            for part, told in zip(parts, words.apportioned(parts, whole, self.step), strict=True):
                self._settled |= {part: told, -part: -told}

    def bare(self, amount: float) -> str:
        """The sum as it is told, without its currency: beside a bar."""
        if abs(amount) < self.least:
            return SMALL if amount >= 0 else SMALL_LOSS
        return words.money(self.rounded(amount), "", within=self.ends)

    def plain(self, amount: float | None) -> str:
        """The sum in words, without a link."""
        if amount is None:
            return words.MISSING
        if abs(amount) < self.least:
            return SMALL if amount >= 0 else SMALL_LOSS
        return words.money(self.rounded(amount), self.currency, within=self.ends)

    def __call__(self, amount: float | None, chapter: str) -> Html:
        """The sum as a link to the page of the chapter that derives it."""
        return render.link(self.plain(amount), f"{PAGES[chapter]}.ipynb")

    def said(self, amount: float | None, chapter: str, most: bool = False) -> Html:
        """The sum as a link before what it is: of a small one only that it lies under the least that is told.

        most: it is a limit, which is rounded down.
        """
        least = self.step * math.floor(amount / self.step) if most and amount and self.step else amount
        told = self.plain(least)
        told = f"under {words.money(self.least, self.currency)}" if told in (SMALL, SMALL_LOSS) else told
        return render.link(told, f"{PAGES[chapter]}.ipynb")

    def range(self, ends: Any) -> str:
        """Low to high."""
        return words.money_range(ends, self.currency)


def sums_of(value: Any, currency: str) -> Sums:
    """How the first page tells money: assets add to their group, groups to the total, and what leads to the value to it.

    value: record of the value chapter.
    """
    total, sums = value.tables["total"][0], Sums(value.tables["total"][0], currency)
    largest = max((abs(amount) for _, amount in lead(value)), default=0.0) if total["value"] is not None else 0.0
    if not largest:
        return sums
    sums.step = sums.step or 10.0 ** (
        math.floor(math.log10(largest)) - 2
    )  # nothing varies: three digits of the largest
    groups = [row for row in value.tables["groups"] if row["counts"]]
    sums.settle([row["value"] for row in groups], sums.rounded(total["value"]))
    for group in groups:
        own = [row["value"] for row in value.tables["assets"] if row["group"] == group["name"]]
        sums.settle([*own, group["together"]], sums.rounded(group["value"]))
    likely = sums.rounded(total["most_likely"])
    sums.settle([amount for _, amount in lead(value)], likely)
    costs = [-value.tables["bridge"][0][name] for name in ("running", "development")]
    sums.settle(costs, sums.rounded(sum(costs)))
    sums.settle([amount for _, amount in beyond_likely(value)], sums.rounded(total["value"]) - likely)
    return sums


def lead(value: Any) -> list[tuple[str, float]]:
    """From the benefits to the value at the most likely figures: words and amount, costs negative."""
    found, total = value.tables["bridge"][0], value.tables["total"][0]
    return [
        ("benefits", found["benefits"]), ("less costs", -found["running"] - found["development"]), ("and tax", -found["tax"]),
        (", plus buyer's tax benefit", found["tax_benefit"]), (", groups without number", total["most_likely"] - found["value"]),
    ]  # fmt: skip


def beyond_likely(value: Any) -> list[tuple[str, float]]:
    """From the most likely figures to the mean of the draws: what the client's scenarios take or add, and what all else does."""
    total, scenarios = value.tables["total"][0], value.tables["scenarios"]
    by_scenario = sum(row["p"] * row["value"] for row in scenarios) - total["most_likely"] if scenarios else 0.0
    return [
        ("scenarios", by_scenario),
        ("ranges and caps", total["value"] - total["most_likely"] - by_scenario),
    ]


def scope(about: Any) -> Html:
    """What was valued, for whom, when, on which basis. about: client, valuation, engagement, assets."""
    when, made = about.valuation, about.engagement
    users = f" for {made.intended_users}" if made.intended_users else ""
    valuer = f", by {made.valuer}" if made.valuer else ""
    basis = words.label(when.basis_of_value).replace("ifrs13", "(IFRS 13)").replace("ias36", "(IAS 36)")
    return render.paragraph(
        f"{words.plural(len(about.assets), 'AI asset')} of {about.client.name}, valued on {words.date(when.date)}{valuer}{users}. "
        f"Purpose: {words.label(when.purpose)}. Basis: {basis}, after tax, {when.price_basis} {when.currency}, "
        f"{words.plural(when.horizon_years, 'year')} ahead."
    )


def conclusion(value: Any, word: str, sums: Sums) -> Html:
    """The value in one sentence: expected, range, verdict; which cases it rests on. word: the verdict on the total."""
    total = value.tables["total"][0]
    without = f"without {words.listed(map(words.groups, total['left_out']))}"
    if total["value"] is None:
        return render.banner(
            "No value is concluded.", f"The decisions below say why: {without}, for which no number is concluded."
        )
    wide = (total["high"] - total["low"]) / abs(total["value"]) if total["value"] else math.inf
    told = (
        f"{word}, probability below zero {words.chance(total['below_zero'], total['draws'])}; nine in ten from "
        f"{sums.range(total)} ({words.times(wide)} the value)"
    )
    figure = sums(total["value"], "value")
    more = f" ({_how_many(value)}, {without})" if total["left_out"] else ""
    tone = "good" if word in POSITIVE else "note" if word == "open" else "warning"
    banner = render.banner(
        "", render.join(render.plain(f"Expected value{more}: "), figure, render.plain(f"; {told}.")), tone
    )
    return render.join(banner, *(render.note(row["text"]) for row in value.tables.get("rests_on", ())))


def _how_many(value: Any) -> str:
    """How many of the valued assets are in the total."""
    groups = value.tables["groups"]
    inside, every = (
        sum(len(row["assets"]) for row in rows) for rows in ([one for one in groups if one["counts"]], groups)
    )
    return f"{inside} of {words.plural(every, 'asset')}"


def decisions(
    found: Sequence[Any], value: Any, names: Mapping[str, str], sums: Sums, most: int = MOST_DECISIONS
) -> Html:
    """What to do, for what money, by when: those with most money behind them, in the order of ``found``.

    found: decisions as ``value_model.decided`` gives them. What is small is not told, but for what is to be stopped.
    """

    def size(one: Any) -> float:
        return max(abs(one.money or 0.0), abs(one.beside or 0.0))

    certain = [one for one in found if one.word in ALWAYS]
    others = sorted(
        (one for one in found if size(one) >= sums.least and one.word not in ALWAYS), key=lambda one: -size(one)
    )
    large = [*certain, *others][:most]
    rows: dict[Any, dict[str, Any]] = {}
    for one in (one for one in found if one in large):
        what = one.what.replace("for further", f"for {words.count(one.n)} further") if one.n else one.what
        parts = [sums.said(one.money, one.page), render.plain(f"{_range_of(one, sums)} {what}")]
        if one.loses is not None:
            parts += [render.plain("; today it loses "), sums.said(one.loses, one.page)]
        if one.beside is not None:
            parts += [render.plain("; "), *_beside(one, sums), render.plain(f" {one.beside_what}")]
        if one.more is not None and value.tables["total"][0]["value"] is not None:
            parts += [render.plain("; total with it "), sums(value.tables["total"][0]["value"] + one.more, "options")]
        key = (one.about, one.day) if one.word in ALWAYS else len(rows)
        if key in rows:  # stopped and written down: one thing to decide
            before = rows[key]
            before["Decision"] = f"{before['Decision']}, {SAID[one.word].lower()}"
            before["Money"] = render.join(before["Money"], render.plain("; "), *parts)
            continue
        rows[key] = {
            "Decision": SAID[one.word], "On": spoken(one.about, value, names), "Money": render.join(*parts), "By": f"{'until ' if one.word == 'keep' else ''}{words.date(one.day)}"
        }  # fmt: skip
    left = len(found) - len(large)
    told = [f"{left} smaller: in the appendix."] if left > 0 else []
    return render.join(
        render.table(rows.values(), none="Nothing lies ahead that could be decided."), *map(render.note, told)
    )


def _beside(one: Any, sums: Sums) -> list[Html]:
    """The second sum of a decision, from its low end where it is a range."""
    high = sums.said(one.beside, one.page, one.beside_what.startswith("at most"))
    if one.beside_low is None or sums.said(one.beside_low, one.page) == high:
        return [high]
    return [sums.said(one.beside_low, one.page), render.plain(" to "), high]


def _range_of(one: Any, sums: Sums) -> str:
    """Of a payment that is an expected sum: what is planned, and between which ends it lies."""
    if one.likely is None or one.low == one.high:
        return ""
    ends = words.money_range((one.low, one.high), sums.currency)
    return f" expected (planned {words.money(one.likely, sums.currency)}, {ends})"


def short(name: str) -> str:
    """The name of an asset without what stands in brackets behind it, cut where it is long.

    >>> short("Loyalty card history (1.9 m members)")
    'Loyalty card history'
    """
    return words.elided(re.sub(r"(?<=\S)\s*\(.*\)$", "", name), MOST_NAME)


def spoken(about: str, value: Any, names: Mapping[str, str]) -> str:
    """A group by the names of what earns in it, an asset by its name."""
    if about in names:
        return short(names[about])
    earning = [row["name"] for row in value.tables["assets"] if row["group"] == about and row["earns"]]
    if not earning:
        return words.groups(about)
    told = words.listed((short(names[name]) for name in earning), most=2)
    serving = any(row["group"] == about and not row["earns"] for row in value.tables["assets"])
    return f"{told}, with what serves {'it' if len(earning) == 1 else 'them'}" if serving else told


def values(value: Any, names: Mapping[str, str], sums: Sums) -> Html:
    """Groups and their assets with one value each."""
    total, rows = value.tables["total"][0], []
    for group in value.tables["groups"]:
        own = [row for row in value.tables["assets"] if row["group"] == group["name"]]
        shown = sums(group["value"], "value") if group["counts"] else "no number"
        rows.append(
            {
                "Group, asset": f"{group['name']} {short(names[group['name']])}"
                if group["name"] in names
                else words.groups(group["name"]),
                "Value": shown,
                "Nine in ten": sums.range(group),
                "Verdict": group["verdict"],
            }
        )
        told = len(own) > 1 and group["counts"] and abs(group["value"]) >= sums.least
        for row in own if told else ():
            worth = sums(row["value"], "approaches")
            rows.append(
                {
                    "Group, asset": f"– {row['name']} {short(names[row['name']])}",
                    "Value": worth,
                    "Nine in ten": "",
                    "Verdict": "",
                }
            )
        if told and abs(group["together"]) >= 0.5:
            together = sums(group["together"], "approaches")
            rows.append(
                {
                    "Group, asset": "– together, of no asset",
                    "Value": together,
                    "Nine in ten": "",
                    "Verdict": "",
                }
            )
    left = len(rows) - MOST_ASSETS
    rows = rows[:MOST_ASSETS]
    if total["value"] is not None:
        rows.append(
            {
                "Group, asset": "Total",
                "Value": sums(total["value"], "value"),
                "Nine in ten": sums.range(total),
                "Verdict": "",
            }
        )
    more = [render.note(f"{left} more lines are in the appendix.")] if left > 0 else []
    if any(re.search(rf">(?:{SMALL}|{SMALL_LOSS})<", str(row["Value"])) for row in rows):
        more.append(render.note(f"{SMALL.capitalize()}: under {words.money(sums.least, sums.currency)}."))
    more += _given_up(value, sums)
    more += [_relieved(row, sums) for row in value.tables["groups"] if row["counts"] and _turns(row)]
    return render.join(render.table(rows, total=total["value"] is not None, none="Nothing lies ahead."), *more)


def _given_up(value: Any, sums: Sums) -> list[Html]:
    """What the total would be with the groups given up that run on at a loss, where that moves it."""
    given, total = value.figures.get("given_up"), value.tables["total"][0]["value"]
    if total is None or given is None or given.value is None or given.value - total < max(sums.least, 0.5):
        return []
    return [
        render.note(
            render.join(
                render.plain(f"{words.sentence(given.note)[:-1]} given up: "),
                sums(given.value, "value"),
                render.plain("."),
            )
        )
    ]


def _turns(row: Mapping[str, Any]) -> bool:
    """Whether the mean of a group is below zero only because a failed development saves no tax in it."""
    return row["value"] < 0 < row["value"] + row.get("relief", 0.0)


def _relieved(row: Mapping[str, Any], sums: Sums) -> Html:
    told = f"{words.groups(row['name'])}: above zero on average if a failure saved tax on the owner's other profits ("
    return render.note(render.join(render.plain(told), sums(row["relief"], "value"), render.plain("); not counted.")))


def untested(value: Any, portfolio: Any, sums: Sums) -> Html:
    """What stands in the books of groups for which no number is concluded, so that nothing tests it; nothing where there is none."""
    held, names = 0.0, []
    for group in value.tables["groups"]:
        if not group["counts"]:
            figures = (portfolio.figures.get(f"{name}_carrying_amount") for name in group["assets"])
            amount = sum(figure.value for figure in figures if figure is not None)
            held += amount
            names += [words.groups(group["name"])] if amount >= 0.5 else []
    if held < max(sums.least, 0.5):
        return render.join()
    told = f" in the books of {words.listed(names)} is untested."
    return render.note(render.join(sums(held, "portfolio"), render.plain(told)))


def outside(value: Any, sums: Sums, portfolio: Any) -> Html:
    """What is not in the number: what was spent, rights, what lies beyond, scores; and the tax by amortisation, which is in it."""
    owner = any(row == {"name": "basis", "value": "owner"} for row in value.tables["settings"])
    saved = portfolio.figures["tax_saved_on_spent"].value if owner else 0.0
    spent = value.figures["sunk"].value
    told = [sums(spent, "value")] if spent >= sums.least else []
    if told and saved >= sums.least:
        told += [
            render.plain(", but for "),
            sums(saved, "portfolio"),
            render.plain(" of tax that amortisation saves, if the tax books agree"),
        ]
    return render.paragraph(
        "Money spent", *([render.plain(" ("), *told, render.plain(")")] if told else []),
        "; rights to ", render.link("wait, expand or stop", f"{PAGES['options']}.ipynb"), "; other rates; anything after horizon or life; ",
        render.link("scores", "87_scorecard.ipynb"), "; unpriced benefits.",
    )  # fmt: skip


#: How a person says what an assumption is about: pattern of its label → words.
PLAIN = (
    (r"discount rate", "which return a year investors ask"),
    (r"half-life of the gain of (\w+)", "after how long half of the lead of {1} is gone:"),
    (r"technical success of (\w+)", "whether the development of {1} works out:"),
    (r"gain per case by the test set .*", "how much more {asset} brings than what was done before:"),
    (r"share accepted: .*", "which share of the answers of {asset} is taken unchanged:"),
    (r"money per false negative: .*", "what a case that {asset} misses costs:"),
    (r"money per false positive: .*", "what a false alarm of {asset} costs:"),
    (r"money per true (?:positive|negative): .*", "what a case that {asset} gets right brings:"),
    (r"share of positive cases in use: .*", "how many of the cases that {asset} meets are positive:"),
    (r"volume: (.*) \(.*\)", "how much of it there is a year ({1}):"),
    (r"unit value: (.*) \(.*\)", "what one unit is worth ({1}):"),
    (r"attribution: (.*) \(.*\)", "how much of the benefit is due to the model ({1}):"),
    (r"adoption: (.*) \(.*\)", "how much of it is really used ({1}):"),
    (r"(\w+) cost of (\w+): (.*)", "what {2} costs ({3}):"),
)


def in_words(row: Mapping[str, Any], metrics: Any, names: Mapping[str, str]) -> str:
    """An assumption as a person says it, with both ends. row: of the tornado; metrics: record of ``metric_to_money``.

    A test set is told by the hits that it measured, where there are any: cases that the model finds.
    """
    assets = [name for name in row["assets"] if name in names]
    asset = names[assets[0]] if len(assets) == 1 else "the model"
    recall = metrics.figures.get(f"{assets[0]}_recall") if len(assets) == 1 else None
    if row["assumption"].startswith("gain per case") and recall is not None and recall.low is not None:
        found = words.percent_range((recall.low, recall.high), 0)
        return f"what {asset} gains, by its test (it finds {found} of what matters): {_ends(row)}"
    for pattern, told in PLAIN:
        if match := re.fullmatch(pattern, row["assumption"]):
            groups = {str(at): names.get(text, text) for at, text in enumerate(match.groups(), start=1)}
            said = re.sub(r"\{(\w+)\}", lambda found, known=groups: known.get(found[1], asset), told)
            return f"{said} {_ends(row)}".replace("or no decay", "or never")
    return f"{row['assumption']}: {_ends(row)}"


#: A number as :mod:`lepton_nb.page.words` writes it.
NUMBER = re.compile(rf"{words.MINUS}?\d[\d{words.THIN}]*(?:\.\d+)?")


def _value(text: str) -> float:
    return float(text.replace(words.MINUS, "-").replace(words.THIN, ""))


def _two_digits(match: re.Match) -> str:
    return words.rounded(_value(match[0]), digits=2)


def _ends(row: Mapping[str, Any]) -> str:
    low, high = (NUMBER.sub(_two_digits, row[end]) for end in ("low", "high"))
    unit = row["unit"].partition(" (")[0]
    if row["assumption"].startswith("money per false"):  # told as a cost
        low, high = (end.removeprefix(words.MINUS) for end in (high, low))
    if unit.startswith(("share of ", "of ")) and all(
        NUMBER.fullmatch(row[end]) for end in ("low", "high")
    ):  # a volume that is a share
        low, high = (words.percent(_value(row[end]), 2) for end in ("low", "high"))
        return f"{low} to {high} {unit.removeprefix('share ')}"
    if unit == "years" and low == "1" and not any(map(str.isdigit, high)):
        unit = "year"
    if not any(map(str.isdigit, high)):
        return f"{low} {unit if any(map(str.isdigit, low)) else ''} or {high}".replace("  ", " ")
    return f"{low} to {high} {unit}".strip()


def carries(value: Any, metrics: Any, names: Mapping[str, str], sums: Sums, most: int = 3) -> Html:
    """The assumptions that carry the value, in words, with the value at both ends; lives or half-lives in place of what moves it less."""
    rows, (lasting, ends) = value.tables["tornado"][:most], _lasting(value)
    if ends is not None and len(rows) == most and _swing(rows[-1]) < abs(ends[1] - ends[0]):
        rows = rows[:-1]
    told = [
        _then(in_words(row, metrics, names), sorted((row["value_at_low"], row["value_at_high"])), sums) for row in rows
    ]
    if ends is not None and told:
        told.append(_then(lasting, ends, sums))
    base = f"Then: all else most likely ({sums.plain(value.tables['total'][0]['most_likely'])})."
    counted = {name for group in value.tables["groups"] if group["counts"] for name in group["assets"]}
    held = [
        row for row in value.tables["held"] if row["asset_id"] in counted and row["without"] >= max(sums.least, 0.5)
    ]
    named = " ".join(row["assumption"] for row in rows)
    note = [render.note(base)] if told else []
    told += [_held(row, names, sums, named) for row in sorted(held, key=lambda row: -row["without"])[:1]]
    told += [_whole(row, sums) for row in value.tables.get("whole_years", ()) if row["more"] >= max(sums.least, 0.5)]
    return render.join(*note, render.bullets(told, none="No input is uncertain."))


def _whole(row: Mapping[str, Any], sums: Sums) -> Html:
    """That running costs of the first, short year count in full, and what the value would be more if they were cut."""
    told = f"Running costs of {row['year']} count in full for {row['days']} days; "
    return render.join(
        render.plain(told), sums(row["more"], "value"), render.plain(" more if they are a whole year's.")
    )


def _then(said: str, ends: Sequence[float], sums: Sums) -> Html:
    """An assumption and the value at both its ends."""
    parts = [sums(end, "value") for end in ends]
    return render.join(render.plain(f"{words.sentence(said)} Then "), parts[0], render.plain(" to "), parts[1], render.plain("."))  # fmt: skip


def _swing(row: Mapping[str, Any]) -> float:
    return abs(row["value_at_high"] - row["value_at_low"])


def _lasting(value: Any) -> tuple[str, tuple[float, float] | None]:
    """How long the lead lasts, which no draw holds, in words, and the value at both ends; None where it is not on record.

    Of useful lives and of half-lives without a measurement, that which moves the value more.
    """
    lives = {row["years"]: row["value"] for row in value.tables.get("lives", ())}
    halves = {
        row["half_life_factor"]: row["value"] for row in value.tables.get("matrix", ()) if row["rate_change"] == 0
    }
    found = []
    if {-1.0, 1.0} <= set(lives):
        found.append(("useful lives a year shorter or longer", (lives[-1.0], lives[1.0])))
    stated = any(row["half_life"] and row["shown"] is None for row in value.tables.get("decays", ()))
    if stated and {0.5, 1.5} <= set(halves):
        found.append(
            (
                "the lead, whose half-life is not measured, fades twice as fast or a third slower",
                (halves[0.5], halves[1.5]),
            )
        )
    return max(found, key=lambda one: abs(one[1][1] - one[1][0]), default=("", None))


def _held(row: Mapping[str, Any], names: Mapping[str, str], sums: Sums, named: str = "") -> Html:
    """That the price of a substitute caps what an asset brings, and what that takes off the value.

    named: what is said above, where the substitute may be named already.
    """
    offer = "its substitute" if row["offer"] in named else short(row["offer"])
    ends = row["least"], row["most"]
    amount = words.money(ends[0], sums.currency) if ends[0] == ends[1] else words.money_range(ends, sums.currency)
    most = f"{short(names[row['asset_id']])}: held to {amount} a year by {offer}; "
    return render.join(render.plain(most), sums(row["without"], "value"), render.plain(" more without it."))


#: How an input is named that a case of this report measured.
FROM_CASE = re.compile("^test set: measured:")


def evidence(uncertainty: Any, value: Any, studies: Iterable[Any], key: Any, sums: Sums) -> Html:
    """What knowledge would change a decision, and what it may cost. key: group → its name in the record.

    studies: the decisions to measure more; what they cost is told there.
    """
    told, settled, light, withheld = [], [], [], []
    priced = {one.about: one for one in studies if one.beside is not None}
    for group in value.tables["groups"]:
        worth = uncertainty.figures.get(f"{key(group['name'])}_evpi")
        if group["verdict"] == "withheld":
            withheld.append(words.groups(group["name"]))
            continue
        if worth is None or worth.value is None:
            continue
        rows = sorted(uncertainty.tables.get(f"{key(group['name'])}_evppi", ()), key=lambda row: -row["value"])
        if not rows or " is settled" in worth.note:
            settled.append(words.groups(group["name"]))
            continue
        if worth.value < sums.least:
            light.append(words.groups(group["name"]))
            continue
        one = priced.get(group["name"])
        if one and max(one.money, one.beside) >= sums.least:
            told.append(render.plain(f"{words.groups(group['name'])}: the test cases above."))
            continue
        parts = [render.plain(f"{words.groups(group['name'])}: the {FROM_CASE.sub('test set of the case ', rows[0]['label'])}; worth at most "),
                 sums(rows[0]["value"], "uncertainty")]  # fmt: skip
        if one:
            parts += [
                render.plain(f"; {words.count(one.n)} further test cases for "),
                sums.said(one.money, "uncertainty"),
            ]
        told.append(render.join(*parts, render.plain(".")))
    if light:
        told.append(render.plain(f"Of little weight: {words.listed(light, most=6)}."))
    if withheld:
        told.append(render.plain(f"Withheld: {words.listed(withheld, most=6)}."))
    if settled:
        told.append(render.plain(f"Settled: {words.listed(settled, most=6)}."))
    return render.bullets(told, none="Nothing is uncertain.")


def value_again(found: Sequence[Any], sums: Sums) -> Html:
    """The next valuation, and what brings it forward: days, thin books, the rates that are nearest to their limit, signs.

    found: triggers as ``value_model.decided`` gives them.
    """
    dated, books, fallen, signs = (
        [one for one in found if one.kind in kinds]
        for kinds in (("day", "age", "law"), ("books",), ("metric",), ("sign",))
    )
    near = sorted(fallen, key=lambda one: (one.now - one.at) / one.now if one.now else 0.0)[: 2 if signs else 3]
    told = [*dated, *books, *near, *signs][:MOST_TRIGGERS]
    return render.bullets([render.plain(words.sentence(_trigger(one, sums))) for one in told])


def _trigger(one: Any, sums: Sums) -> str:
    day = "" if one.day is None else words.date(one.day)
    if one.kind == "day":
        return f"on {day} in any case"
    if one.kind == "age":
        return f"on {day}: the test of {one.about} is too old"
    if one.kind == "law":
        return f"on {day}: {one.at}{' for ' + one.about if one.about else ''}"
    if one.kind == "metric":
        test = "public data" if one.public else words.date(one.measured)
        remark = "" if one.measured is None else f" on {test}, n = {words.count(one.n)}"
        remark += f", {one.unit}" if one.unit else ""
        return f"when the {one.about} falls to {words.percent(one.at, 0)} ({'now ' if one.measured is None else ''}{words.percent(one.now, 0)}{remark}): it no longer pays"
    if one.at in ("fails", "succeeds"):
        return f"when {one.about.replace('technical success', 'the development')} {one.at}: {words.groups(one.now)} has another sign"
    at, about = _limit(one), one.about.replace("gain per case by the test set ", "the gain by the test ")
    if one.kind == "books":
        now, books = (
            words.money(amount, sums.currency, within=sums.ends) for amount in (one.books + one.beside, one.books)
        )
        return f"when {about} comes to {at}: {words.groups(one.now)} is worth no more than its books ({one.basis} {now} now, books {books})"
    if isinstance(one.at, str):
        return f"when {one.about} comes out at {at}: {words.groups(one.now)} has changed sign before"
    return f"when {about} comes to {at}: {words.groups(one.now)} is worth nothing"


def _limit(one: Any) -> str:
    """The figure of a trigger in two digits with its unit; a rate as the points by which it moves."""
    if isinstance(one.at, str):
        return NUMBER.sub(_two_digits, one.at)
    points = one.unit == "percentage point"
    return f"{words.number(one.at, 1, sign=True)} points" if points else words.rounded(one.at, one.unit, digits=2)
