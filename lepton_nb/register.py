"""The client's asset register on the life cycle: order, findings, drawing.

The register is `assets.csv`; monitoring, evaluations and acceptance tests say what is known of each asset.
Nothing is judged by hand: a finding is a rule that the client's own entries break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from lepton_nb.page import plots

if TYPE_CHECKING:
    from lepton_nb.client import Acceptance, Asset, Evaluation, Monitoring

#: The life cycle in its order, as `lifecycle_stage` of assets.csv spells it, with the heading of its column.
STAGES = {
    "data_management": "Data\nmanagement",
    "algorithm_development": "Algorithm\ndevelopment",
    "deployment": "Deployment",
    "business_integration": "Business\nintegration",
    "monitoring_evaluation": "Monitoring and\nevaluation",
    "retired": "Retired",
}
#: Kind of asset: colour and marker. The kind is also written on the card.
KINDS = {"data": (plots.BLUE, "o"), "model": (plots.GREEN, "s"), "infrastructure": (plots.ORANGE, "D")}
PERSONAL = ("personal", "special_category", "pseudonymised")
DAYS_OF_A_YEAR = 365.25


@dataclass(frozen=True)
class Register:
    """The assets and what is on file about them on one day."""

    assets: tuple[Asset, ...]
    date: date
    monitored: frozenset[str] = frozenset()
    #: Day of the newest evaluation or acceptance test, by asset.
    evaluated: Mapping[str, date] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        assets: Iterable[Asset],
        day: date,
        monitoring: Iterable[Monitoring] = (),
        evaluations: Iterable[Evaluation] = (),
        acceptance: Iterable[Acceptance] = (),
    ) -> Register:
        """The register from the parts of a Client."""
        evaluated: dict[str, date] = {}
        for test in (*evaluations, *acceptance):
            evaluated[test.asset_id] = max(test.evaluated_on, evaluated.get(test.asset_id, test.evaluated_on))
        return cls(tuple(assets), day, frozenset(row.asset_id for row in monitoring), evaluated)

    @property
    def live(self) -> list[Asset]:
        """Everything that is not retired."""
        return [asset for asset in self.assets if asset.lifecycle_stage != "retired"]

    @property
    def in_service(self) -> list[Asset]:
        """Live models and infrastructure in one of the three stages of use."""
        return [asset for asset in self.assets if asset.deployed]

    @property
    def models_in_service(self) -> list[Asset]:
        return [asset for asset in self.in_service if asset.kind == "model"]

    def feeders(self, asset_id: str) -> list[Asset]:
        """The assets whose `feeds` names this one."""
        return [asset for asset in self.assets if asset_id in asset.feeds]

    def order(self) -> list[str]:
        """Every asset after all that feed it; ties in the order of the register."""
        place = {asset.asset_id: position for position, asset in enumerate(self.assets)}
        sorter = TopologicalSorter({name: [feeder.asset_id for feeder in self.feeders(name)] for name in place})
        sorter.prepare()
        ready, ordered = list(sorter.get_ready()), []
        while ready:
            first = min(ready, key=place.__getitem__)
            ready.remove(first)
            ordered.append(first)
            sorter.done(first)
            ready.extend(sorter.get_ready())
        return ordered

    def stage_counts(self) -> dict[str, int]:
        """Assets a stage, every stage of the life cycle included."""
        return {stage: sum(asset.lifecycle_stage == stage for asset in self.assets) for stage in STAGES}


@dataclass(frozen=True)
class Rule:
    """What a well-kept register shows, and what to do where it does not.

    examine(register) gives one pair for each case looked at: asset_id and what is wrong there, "" if nothing is.
    """

    number: int
    name: str
    broken_when: str
    remedy: str
    examine: Callable[[Register], Iterable[tuple[str, str]]]


@dataclass(frozen=True)
class Finding:
    """One rule broken by one asset; asset_id "all" where it concerns the register as a whole."""

    rule: Rule
    asset_id: str
    found: str


@dataclass(frozen=True)
class Findings:
    """All findings of a register, and how many cases each rule looked at (by rule number)."""

    rows: tuple[Finding, ...]
    examined: Mapping[int, int]

    def numbers(self, asset_id: str) -> list[int]:
        """Numbers of the rules that this asset breaks."""
        return [row.rule.number for row in self.rows if row.asset_id == asset_id]

    def broken(self, number: int) -> int:
        """How many cases break the rule of this number."""
        return sum(row.rule.number == number for row in self.rows)


def _single_owner(register: Register) -> Iterable[tuple[str, str]]:
    owners = {asset.owner.strip() for asset in register.live}
    if len(register.live) >= 3:
        yield "all", f"{min(owners)} owns all {len(register.live)} assets" if len(owners) == 1 and all(owners) else ""


def _old_test(register: Register) -> Iterable[tuple[str, str]]:
    for asset in register.models_in_service:
        if newest := register.evaluated.get(asset.asset_id):
            days = (register.date - newest).days
            yield asset.asset_id, f"newest test {newest}, {days} days before the date" if days > 365 else ""


def _life_over(register: Register) -> Iterable[tuple[str, str]]:
    for asset in register.live:
        if asset.in_service_date and asset.useful_life_years:
            years = (register.date - asset.in_service_date).days / DAYS_OF_A_YEAR
            over = years > asset.useful_life_years
            found = f"{years:.1f} years in service, useful life {asset.useful_life_years:g} years"
            yield asset.asset_id, found if over else ""


RULES = (
    Rule(
        1,
        "Prohibited practice",
        "a live asset has eu_ai_act_class prohibited",
        "Stop its use (AI Act, Article 5). It is not valued as a going asset, only by salvage.",
        lambda r: ((a.asset_id, "class prohibited" if a.eu_ai_act_class == "prohibited" else "") for a in r.live),
    ),
    Rule(
        2,
        "High-risk system",
        "a live asset has eu_ai_act_class high",
        "Show risk management, data governance, technical file, logs, human oversight and accuracy "
        "(AI Act, Articles 9 to 15; for a deployer, Article 26), and plan their cost.",
        lambda r: ((a.asset_id, "class high" if a.eu_ai_act_class == "high" else "") for a in r.live),
    ),
    Rule(
        3,
        "Legal control unclear",
        "a live asset has legal_control unclear",
        "Find the contract, licence or title. Without control it is no asset in the accounts (IAS 38.13).",
        lambda r: ((a.asset_id, "legal control unclear" if a.legal_control == "unclear" else "") for a in r.live),
    ),
    Rule(
        4,
        "Personal data",
        "privacy_class of a live asset is personal, special_category or pseudonymised",
        "Name the legal basis and keep the record of processing (GDPR, Articles 6 and 30); special categories "
        "need Article 9, high risk an impact assessment (Article 35). Outside the EU: the law that applies.",
        lambda r: (
            (a.asset_id, f"privacy class {a.privacy_class}" if a.privacy_class in PERSONAL else "") for a in r.live
        ),
    ),
    Rule(
        5,
        "No owner",
        "owner of a live asset is empty",
        "Name one person or unit that answers for it, and write it into assets.csv.",
        lambda r: ((a.asset_id, "" if a.owner.strip() else "owner empty") for a in r.live),
    ),
    Rule(
        6,
        "One owner of everything",
        "three or more live assets have one and the same owner",
        "Give models, data and the check on them to different owners: nobody should judge their own work.",
        _single_owner,
    ),
    Rule(
        7,
        "In service, without a date",
        "an asset in deployment, business integration or monitoring has no in_service_date",
        "Enter the day of first use: useful life and amortisation count from it.",
        lambda r: ((a.asset_id, "" if a.in_service_date else "in_service_date empty") for a in r.in_service),
    ),
    Rule(
        8,
        "Model not monitored",
        "a model in service has no row in metrics/monitoring.csv",
        "Measure its quality on dated samples and record value and n; decay is a guess until then.",
        lambda r: (
            (a.asset_id, "" if a.asset_id in r.monitored else "no monitoring on file") for a in r.models_in_service
        ),
    ),
    Rule(
        9,
        "Model not evaluated",
        "a model in service has neither an evaluation (metrics/confusion.csv) nor an acceptance test",
        "Test it on held-out cases beside what was done before; without a baseline its gain is unknown.",
        lambda r: ((a.asset_id, "" if a.asset_id in r.evaluated else "no test on file") for a in r.models_in_service),
    ),
    Rule(
        10,
        "Test out of date",
        "the newest test of a model in service is more than 365 days older than the valuation date",
        "Repeat the test on recent cases before the figure enters a valuation.",
        _old_test,
    ),
    Rule(
        11,
        "No probability of success",
        "a model before deployment has no p_technical_success",
        "Estimate it and say from what: later benefits are multiplied by it.",
        lambda r: (
            (a.asset_id, "" if a.p_technical_success is not None else "p_technical_success empty")
            for a in r.live
            if a.kind == "model" and not a.deployed
        ),
    ),
    Rule(
        12,
        "Own model, no data",
        "a live model of internal acquisition is fed by no data asset",
        "Enter the data it learns from, and let them feed it: origin and rights of the model rest on them.",
        lambda r: (
            (a.asset_id, "" if any(f.kind == "data" for f in r.feeders(a.asset_id)) else "no data asset feeds it")
            for a in r.live
            if a.kind == "model" and a.acquisition == "internal"
        ),
    ),
    Rule(
        13,
        "Feeds nothing",
        "live data or infrastructure with empty feeds",
        "Name what it serves, or retire it: it costs and supports no benefit on file.",
        lambda r: ((a.asset_id, "" if a.feeds else "feeds empty") for a in r.live if a.kind != "model"),
    ),
    Rule(
        14,
        "Fed by something retired",
        "a live asset is fed by a retired one",
        "Replace the source, or correct the stage of one of the two.",
        lambda r: (
            (a.asset_id, ", ".join(f.asset_id for f in gone) + " retired" if gone else "")
            for a in r.live
            for gone in [[f for f in r.feeders(a.asset_id) if f.lifecycle_stage == "retired"]]
        ),
    ),
    Rule(
        15,
        "Useful life is over",
        "a live asset has been in service longer than its useful_life_years",
        "Review the useful life with its basis, or plan the replacement.",
        _life_over,
    ),
)


def find(register: Register) -> Findings:
    """Put every rule to the register."""
    rows, examined = [], {}
    for rule in RULES:
        cases = list(rule.examine(register))
        examined[rule.number] = len(cases)
        rows += [Finding(rule, asset_id, found) for asset_id, found in cases if found]
    return Findings(tuple(rows), examined)


# The drawing. All lengths in inches, y downwards. Cards stand in columns; lines run in the gutters between
# the columns and in the gaps between the rows, so that none passes over a card. All that feed one asset
# share one lane, and meet there.
WIDTH, MARGIN, HEAD, FOOT = 7.2, 0.05, 0.56, 0.45
GUTTER, GAP, INSET, LINE, TIP = 0.28, 0.24, 0.06, 0.125, 0.06
FONT_SIZE = 7.2  # points


def _width(text: str, size: float, weight: str = "normal") -> float:
    """Width of a line of text in inches; infinite where the plots' font lacks a character."""
    family = font_manager.FontProperties(family="DejaVu Sans", weight=weight, size=size)
    font = font_manager.get_font(font_manager.findfont(family))
    if not all(font.get_char_index(ord(letter)) for letter in text):
        return float("inf")
    return text_to_path.get_text_width_height_descent(text, family, False)[0] / 72


def fit(text: str, width: float, lines: int, size: float = FONT_SIZE, weight: str = "normal") -> list[str]:
    """Break a text into at most `lines` lines of `width` inches; an ellipsis ends what does not fit.

    A text that the plots' font cannot draw gives no line at all.
    """
    if _width(text, size, weight) == float("inf"):
        return []
    rows, rest = [], " ".join(text.split())
    while rest and len(rows) < lines:
        end = len(rest)
        while end > 1 and _width(rest[:end], size, weight) > width:
            end -= 1
        if end < len(rest) and len(rows) == lines - 1:
            while end > 1 and _width(rest[:end].rstrip() + "…", size, weight) > width:
                end -= 1
            return [*rows, rest[:end].rstrip() + "…"]
        space = rest.rfind(" ", 0, end + 1)
        if end < len(rest) and space > 0:
            end = space
        rows.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return rows


def place(register: Register) -> dict[str, tuple[int, int]]:
    """Column and row of each asset: columns are stages, rows follow what feeds what, so that lines stay short."""
    cells: dict[str, tuple[int, int]] = {}
    for column, stage in enumerate(STAGES):
        members = [asset for asset in register.assets if asset.lifecycle_stage == stage]

        def height(asset: Asset) -> float:
            rows = [cells[f.asset_id][1] for f in register.feeders(asset.asset_id) if f.asset_id in cells]
            return sum(rows) / len(rows) if rows else len(register.assets)

        for row, asset in enumerate(sorted(members, key=height)):
            cells[asset.asset_id] = (column, row)
    return cells


def _line(axis: Axes, points: Sequence[tuple[float, float]], radius: float = 0.045) -> None:
    """A line with rounded corners: where lines cross they run straight, where one turns it is round."""
    corners = [
        p
        for i, p in enumerate(points)
        if i == 0 or max(abs(p[0] - points[i - 1][0]), abs(p[1] - points[i - 1][1])) > 1e-6
    ]
    vertices, codes = [corners[0]], [Path.MOVETO]
    for before, here, after in zip(corners, corners[1:], corners[2:], strict=False):

        def towards(end, here=here):
            length = max(abs(end[0] - here[0]), abs(end[1] - here[1]))
            share = min(radius / length, 0.5)
            return here[0] + share * (end[0] - here[0]), here[1] + share * (end[1] - here[1])

        vertices += [towards(before), here, towards(after)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    vertices.append(corners[-1])
    codes.append(Path.LINETO)
    axis.add_patch(PathPatch(Path(vertices, codes), facecolor="none", edgecolor=plots.GREY, linewidth=1.1))
    tip, step = corners[-1], 1 if corners[-1][0] > corners[-2][0] else -1
    axis.fill(
        [tip[0], tip[0] - step * TIP, tip[0] - step * TIP],
        [tip[1], tip[1] - 0.035, tip[1] + 0.035],
        color=plots.GREY,
        linewidth=0,
    )


def draw(register: Register, findings: Findings) -> Figure:
    """The register on the life cycle: a column a stage, a card an asset, a line for each `feeds`.

    The column of retired assets is drawn when there are any. A red triangle stands before the numbers
    of the rules that an asset breaks.
    """
    if not register.assets:
        raise ValueError("The register holds no asset to draw. Received: assets=()")
    cells = place(register)
    stages = [stage for stage in STAGES if stage != "retired" or register.stage_counts()["retired"]]
    rows = 1 + max(row for _, row in cells.values())
    lines = 3 if rows <= 8 else 2  # of a name
    tall = 0.35 + lines * LINE
    height = HEAD + rows * (tall + GAP) + FOOT
    figure, axis = plots.axes(width=WIDTH, height=height)
    figure.set_layout_engine("none")
    axis.set_position((0, 0, 1, 1))
    axis.set_axis_off()
    axis.set(xlim=(0, WIDTH), ylim=(height, 0))

    pitch = (WIDTH - 2 * MARGIN - GUTTER) / len(stages)
    card = pitch - GUTTER
    left = [MARGIN + GUTTER + pitch * column for column in range(len(stages))]
    top = [HEAD + GAP + (tall + GAP) * row for row in range(rows)]
    text = {"fontsize": FONT_SIZE, "color": plots.INK, "parse_math": False, "va": "center"}

    for column, stage in enumerate(stages):
        n = register.stage_counts()[stage]
        axis.text(left[column], 0.16, STAGES[stage], **text | {"fontweight": "bold", "linespacing": 1.15})
        axis.text(left[column], 0.38, f"n = {n}", **text)
        axis.plot([left[column], left[column] + card], [HEAD - 0.08] * 2, color=plots.GREY, linewidth=1)

    for points in routes(register, cells, left, top, card):
        _line(axis, points)

    for asset in register.assets:
        column, row = cells[asset.asset_id]
        x, y = left[column], top[row]
        colour, marker = KINDS[asset.kind]
        box = {"boxstyle": "round,pad=0,rounding_size=0.05", "linewidth": 1.2}
        axis.add_patch(FancyBboxPatch((x, y), card, tall, facecolor=(colour, 0.14), edgecolor=colour, **box))
        axis.plot(x + INSET + 0.035, y + 0.1, marker=marker, color=colour, markersize=5, linestyle="none")
        room = card - 2 * INSET - 0.12
        size = next((s for s in (FONT_SIZE, 6.2) if _width(asset.asset_id, s, "bold") <= room), 5.2)
        name = fit(asset.asset_id, room, 1, size, "bold")[0]
        axis.text(x + INSET + 0.12, y + 0.1, name, **text | {"fontweight": "bold", "fontsize": size})
        used = _width(name + " ", size, "bold")
        kind = fit(asset.kind, room - used, 1, size=6.5)[0] if room - used > 0.3 else ""
        axis.text(x + INSET + 0.12 + used, y + 0.1, kind, **text | {"fontsize": 6.5})
        for number, line in enumerate(fit(asset.name, card - 2 * INSET, lines)):
            axis.text(x + INSET, y + 0.245 + LINE * number, line, **text)
        if numbers := findings.numbers(asset.asset_id):
            axis.plot(x + INSET + 0.035, y + tall - 0.1, marker="^", color=plots.RED, markersize=5, linestyle="none")
            listed = fit(" ".join(map(str, numbers)), card - 2 * INSET - 0.12, 1)[0]
            axis.text(x + INSET + 0.12, y + tall - 0.095, listed, **text | {"fontweight": "bold"})

    legend = [(marker, colour, kind) for kind, (colour, marker) in KINDS.items()]
    legend.append(("^", plots.RED, "findings, by the number of the rule"))
    x = left[0]
    for marker, colour, label in legend:
        axis.plot(x + 0.04, height - 0.16, marker=marker, color=colour, markersize=5, linestyle="none")
        axis.text(x + 0.14, height - 0.155, label, **text)
        x += 0.14 + _width(label, FONT_SIZE) + 0.25
    return figure


def routes(
    register: Register,
    cells: Mapping[str, tuple[int, int]],
    left: Sequence[float],
    top: Sequence[float],
    card: float,
) -> list[list[tuple[float, float]]]:
    """One polyline for each pair of feeding and fed asset, from card edge to card edge, clear of all cards.

    left, top: corner of the cards by column and by row; card: width of a card. Inches.
    """
    edges = [(asset.asset_id, target) for asset in register.assets for target in asset.feeds if target in cells]

    # Which targets need a lane where: gutter g lies left of column g, gap r above row r.
    gutters: dict[int, list[str]] = {}
    gaps: dict[int, list[str]] = {}
    for source, target in edges:
        (from_column, _), (to_column, to_row) = cells[source], cells[target]
        near = to_column in (from_column, from_column + 1)
        for lanes, key in [(gutters, from_column + 1)] + ([] if near else [(gutters, to_column), (gaps, to_row)]):
            if target not in lanes.setdefault(key, []):
                lanes[key].append(target)

    def lane(lanes: list[str], target: str, room: float) -> float:
        return room * (lanes.index(target) + 1) / (len(lanes) + 1)

    between = GUTTER - 2 * TIP  # keeps the arrowheads free on both sides

    drawn = []
    for source, target in edges:
        (from_column, from_row), (to_column, to_row) = cells[source], cells[target]
        # Lines leave in the lower and arrive in the upper half of a card, so that they never run on top of each other.
        leave, arrive = top[from_row] + 0.45, top[to_row] + 0.15
        right = left[from_column] + card
        first = right + TIP + lane(gutters[from_column + 1], target, between)
        points = [(right, leave), (first, leave)]
        if to_column == from_column:
            points += [(first, arrive + 0.12), (right, arrive + 0.12)]
        elif to_column == from_column + 1:
            points += [(first, arrive), (left[to_column], arrive)]
        else:
            across = top[to_row] - lane(gaps[to_row], target, GAP)
            last = left[to_column] - GUTTER + TIP + lane(gutters[to_column], target, between)
            points += [(first, across), (last, across), (last, arrive), (left[to_column], arrive)]
        drawn.append(points)
    return drawn
