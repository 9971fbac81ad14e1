"""The client's asset register on the life cycle: order, findings, drawing.

The register is `assets.csv`; monitoring, evaluations and acceptance tests say what is known of each asset.
Nothing is judged by hand: a finding is a rule that the client's own entries break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from lepton_nb.page import board, render, words

if TYPE_CHECKING:
    from lepton_nb.client import Acceptance, Asset, Evaluation, Monitoring, Trial

#: The life cycle in its order, as `lifecycle_stage` of assets.csv spells it, with the heading of its column.
STAGES = {
    "data_management": "Data management",
    "algorithm_development": "Algorithm development",
    "deployment": "Deployment",
    "business_integration": "Business integration",
    "monitoring_evaluation": "Monitoring and evaluation",
    "retired": "Retired",
}
#: Kind of asset: colour of its card; the kind is also written on it. (Okabe and Ito: safe for the colour-blind.)
KINDS = {"data": "#3a8bc9", "model": "#009e73", "infrastructure": "#e69f00"}
DAYS_OF_A_YEAR = 365.25


@dataclass(frozen=True)
class Register:
    """The assets and what is on file about them on one day."""

    assets: tuple[Asset, ...]
    date: date
    monitored: frozenset[str] = frozenset()
    #: Day of the newest evaluation, trial or acceptance test, by asset.
    evaluated: Mapping[str, date] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        assets: Iterable[Asset],
        day: date,
        monitoring: Iterable[Monitoring] = (),
        evaluations: Iterable[Evaluation] = (),
        acceptance: Iterable[Acceptance] = (),
        trials: Iterable[Trial] = (),
    ) -> Register:
        """The register from the parts of a Client."""
        evaluated: dict[str, date] = {}
        for test in (*evaluations, *acceptance, *trials):
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
        lambda r: ((a.asset_id, f"privacy class {a.privacy_class}" if a.personal else "") for a in r.live),
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
        "a model in service has no evaluation (metrics/confusion.csv), no trial and no acceptance test",
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


def drawing(register: Register, findings: Findings) -> render.Html:
    """The register on the life cycle: a column a stage, a card an asset with what it feeds and the rules it breaks.

    The column of retired assets is there when there are any; in a column, an asset comes after those that feed it.
    """
    if not register.assets:
        raise ValueError("The register holds no asset to draw. Received: assets=()")
    by_name = {asset.asset_id: asset for asset in register.assets}
    columns: dict[str, list[board.Card]] = {
        heading: [] for stage, heading in STAGES.items() if stage != "retired" or register.stage_counts()["retired"]
    }
    for asset in (by_name[asset_id] for asset_id in register.order()):
        card = board.Card(
            title=asset.asset_id,
            kind=asset.kind,
            colour=KINDS[asset.kind],
            text=asset.name,
            links=", ".join(asset.feeds),
            mark=", ".join(f"R{number}" for number in findings.numbers(asset.asset_id)),
        )
        columns[STAGES[asset.lifecycle_stage]].append(card)
    caption = (
        "The register on the life cycle. A card is an asset; → leads to what it feeds, ▲ stands before the rules that it "
        f"breaks. n = {len(register.assets)} assets; source: assets.csv and metrics/ of the client, {register.date}."
    )
    return board.board(columns, caption, "register")


def asset_rows(register: Register, findings: Findings) -> list[dict[str, str | None]]:
    """One row an asset, as a table shows it."""
    return [
        {
            "Asset": asset.asset_id,
            "Name": asset.name,
            "Kind, stage": f"{asset.kind}, {asset.lifecycle_stage.replace('_', ' ')}",
            "Owner": asset.owner,
            "In service": asset.in_service_date and str(asset.in_service_date),
            "Feeds": ", ".join(asset.feeds),
            "Rules": ", ".join(f"R{number}" for number in findings.numbers(asset.asset_id)),
        }
        for asset in register.assets
    ]


def finding_rows(findings: Findings) -> list[dict[str, str]]:
    """One row a broken rule: what was found where, and what to do."""
    rows = []
    for rule in RULES:
        found = [f"{finding.asset_id}: {finding.found}" for finding in findings.rows if finding.rule is rule]
        if found:
            rows.append({"Rule": f"R{rule.number} {rule.name}", "Found": "; ".join(found), "What to do": rule.remedy})
    return rows


def rule_rows(findings: Findings) -> list[dict[str, str | int]]:
    """One row a rule: when it is broken, in how many of the cases it looked at."""
    return [
        {"Rule": f"R{rule.number} {rule.name}", "Broken when": rule.broken_when}
        | {"Looked at": findings.examined[rule.number], "Broken": findings.broken(rule.number)}
        for rule in RULES
    ]


def learnt_from(register: Register, asset_id: str) -> list[str]:
    """Assets with personal data that feed this one, also by way of others, in the order of the register."""
    found: set[str] = set()
    waiting = [asset_id]
    while waiting:
        for feeder in register.feeders(waiting.pop()):
            if feeder.asset_id not in found:
                found.add(feeder.asset_id)
                waiting.append(feeder.asset_id)
    return [one.asset_id for one in register.assets if one.asset_id in found and one.personal]


#: What no column of a client's files asks for: it is told as not stated, and never guessed.
NOT_ASKED = {
    "Sealed where it lies, so that a copy of the disk opens nothing?": lambda asset: True,
    "Who may read it, by role?": lambda asset: True,
    "Trained under a promise (ε, δ) to each person?": lambda asset: asset.kind == "model",
}
NOT_STATED = "not stated"


def privacy_rows(register: Register) -> list[dict[str, str]]:
    """A checklist of live assets with personal data or fed by such: a line a question, as assets.csv answers it.

    No rows where there is no such asset. What the file does not say is ``not stated``.
    """
    sources = {asset.asset_id: learnt_from(register, asset.asset_id) for asset in register.live}
    concerned = [asset for asset in register.live if asset.personal or sources[asset.asset_id]]
    asked = {
        "Which personal data?": lambda a: words.label(a.privacy_class).replace(";", ", ") if a.personal else "none, as stated",
        "Fed by which assets with personal data?": lambda a: ", ".join(sources[a.asset_id]) or "none",
        "Who answers for it?": lambda a: a.owner.strip(),
        "By which right is it held?": lambda a: a.legal_control + (f", {a.licence}" if a.licence else ""),
        "Where is it described?": lambda a: a.documentation,
    }  # fmt: skip
    rows = []
    for question, answer in asked.items() if concerned else ():
        told = {asset.asset_id: answer(asset) for asset in concerned}
        rows.append({"Question": question, "Stated": _stated(told), "Not stated for": _without(told)})
    for question, meant in NOT_ASKED.items():
        if here := [asset.asset_id for asset in concerned if meant(asset)]:
            rows.append({"Question": question, "Stated": NOT_STATED, "Not stated for": ", ".join(here)})
    return rows


def _stated(told: Mapping[str, str]) -> str:
    return "; ".join(f"{asset_id}: {answer}" for asset_id, answer in told.items() if answer) or NOT_STATED


def _without(told: Mapping[str, str]) -> str:
    return ", ".join(asset_id for asset_id, answer in told.items() if not answer) or words.MISSING


def privacy_told(register: Register) -> list[str]:
    """What the checklist comes to: assets that are called free of personal data and are fed by such, else that there are none."""
    if not privacy_rows(register):
        return ["No live asset is stated to hold personal data, and none is fed by such."]
    told = []
    for asset in register.live:
        if not asset.personal and asset.kind != "infrastructure" and (fed := learnt_from(register, asset.asset_id)):
            told.append(f"{asset.asset_id} is stated to hold no personal data and is fed by {words.listed(fed)}, which do: say why nothing of a person is left in it.")  # fmt: skip
    return told or ["Each asset that is fed by personal data is stated to hold some itself."]
