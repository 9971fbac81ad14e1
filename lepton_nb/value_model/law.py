"""The law and the standards that bear on a client's assets, when they begin to, and what keeping them costs by year.

The provisions and where each was read are in ``provisions``; here is who has to look at which. None of it is legal
advice: which duties fall on a client, in which role, is a lawyer's question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lepton_nb.value_model.ledger import plain
from lepton_nb.value_model.line_money import cost
from lepton_nb.value_model.lines import Plan
from lepton_nb.value_model.provisions import BINDING, PROVISIONS, Provision, Source

#: How the calendar is made. Each rule has a test; the chapter prints them all.
RULES = {
    "Who": "The EU AI Act is shown for assets that the client classes under it: all but not_ai (and outside_scope). A client "
    "seated outside the EU has its duties shown for the classes prohibited, high, limited and gpai only, because then its own "
    "file says that the Act reaches it; otherwise one sentence. Retired assets have no duties ahead.",
    "High risk": "The file does not say whether an asset is high risk by its use (Annex III) or as part of a product (Annex I), "
    "so both dates stand. A system in use before its date comes under the duties only when its design changes significantly "
    "after it; whether retraining is such a change is a judgement.",
    "Accounts": "IFRS where the basis of value or the purpose is one of financial reporting under IFRS; US GAAP for a client in "
    "the United States. Where the file does not say, the books are kept under IFRS and the page says so; if the currency is "
    "the dollar, what changes under US GAAP is named too.",
    "China": "Chinese provisions are shown to a client in China, in its currency, or with that purpose, and to nobody else.",
    "Read": "Each date carries the address at which it was read, the day, and whether the rule itself was read or a report of "
    "it. What could not be read is marked and is to be checked before anything rests on it.",
    "Scope": "Who values, for whom, on which premise, how independent, when, and within which limits is what the client's file "
    "states under engagement; the International Valuation Standards ask for it, and what is missing is shown as not stated.",
    "Cost of compliance": "The client's own forecast costs whose category speaks of compliance, conformity, audit, "
    "certification, surveillance, regulation or data protection, by calendar year, most likely figures with their range. "
    "They are running costs of the asset and already in the value; none is added here.",
}

EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT",
    "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
BASES = {
    "market_value": "market value",
    "fair_value_ifrs13": "fair value (IFRS 13)",
    "value_in_use_ias36": "value in use (IAS 36)",
    "investment_value": "investment value",
}
#: Names of rules that are for clients with a tie to China only.
OF_CHINA = frozenset({"China", "Data resources"})
#: The day on which the regulation that moved the dates was adopted.
OMNIBUS = date(2026, 7, 8)


@dataclass(frozen=True)
class Due:
    """A provision that this client has to look at, for which of its assets (none: for the client as a whole)."""

    provision: Provision
    assets: tuple[str, ...]
    in_force: bool  # on the valuation date

    @property
    def when(self) -> str:
        if self.provision.since is None:
            return "in force" if self.provision.checked != "unread" else "not checked"
        return f"since {self.provision.since}" if self.in_force else f"from {self.provision.since}"


@dataclass(frozen=True)
class Calendar:
    """What applies to one client, the earliest first, and what has to be said beside it."""

    due: tuple[Due, ...]
    sentences: tuple[str, ...]

    def of(self, law: str) -> tuple[Due, ...]:
        return tuple(item for item in self.due if item.provision.law == law)

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(dict.fromkeys(source for item in self.due for source in item.provision.sources))


def accounts(client) -> str:
    """Under which standards the client's books are read: ifrs, china, us_gaap, or ``assumed`` (IFRS, not stated)."""
    where, when = client.client, client.valuation
    if when.purpose == "cn_data_resources":
        return "china"
    if when.basis_of_value in ("fair_value_ifrs13", "value_in_use_ias36"):
        return "ifrs"
    if tied_to_china(client):
        return "china"
    if where.country == "US":
        return "us_gaap"
    return "ifrs" if when.purpose == "financial_reporting" else "assumed"


def tied_to_china(client) -> bool:
    when = client.valuation
    return client.client.country == "CN" or when.currency == "CNY" or when.purpose == "cn_data_resources"


def rules_for(client, rules: Mapping[str, str]) -> dict[str, str]:
    """The rules without those of a country to which the client has no tie."""
    return {name: words for name, words in rules.items() if name not in OF_CHINA or tied_to_china(client)}


def calendar(client) -> Calendar:
    """The provisions that apply to a client, by :data:`RULES`. Reads client, valuation and assets alone."""
    live = [asset for asset in client.assets if asset.lifecycle_stage != "retired"]
    due = []
    for provision in PROVISIONS:
        assets = _TOUCHED[provision.regime](client, provision, live)
        if assets is not None:
            in_force = provision.since is not None and provision.since <= client.valuation.date
            due.append(Due(provision, tuple(asset.asset_id for asset in assets), in_force or provision.since is None))
    due.sort(key=lambda item: item.provision.since or date.min)
    return Calendar(tuple(due), tuple(_sentences(client, live, due)))


def _under_the_act(client, provision, live):
    classes = provision.classes if client.client.country in EU else provision.classes & BINDING
    found = [asset for asset in live if asset.eu_ai_act_class in classes]
    if provision.key == "literacy" and client.client.country not in EU:
        return None
    return found or None


def _kept_by(*regimes: str, of: Callable[[Any], bool] | None = None):
    """Assets of one kind where the accounts are kept under one of these; without ``of`` the client as a whole."""

    def touched(client, provision, live):
        if accounts(client) not in regimes:
            return None
        return [] if of is None else [asset for asset in live if of(asset)] or None

    return touched


def _in_dollars(client) -> bool:
    kept = accounts(client)
    return kept == "us_gaap" or (kept == "assumed" and client.valuation.currency == "USD")


def _bought(asset) -> bool:
    return asset.acquisition in ("purchased", "licensed") and asset.kind != "infrastructure"


_IFRS = ("ifrs", "assumed")
_TOUCHED: Mapping[str, Callable] = {
    "eu_ai_act": _under_the_act,
    "outside_the_eu": lambda client, provision, live: (
        None if client.client.country in EU else [a for a in live if a.eu_ai_act_class in BINDING] or None
    ),
    "ias38_made": _kept_by(*_IFRS, of=lambda asset: asset.acquisition == "internal" and asset.kind != "infrastructure"),
    "ias38_bought": _kept_by(*_IFRS, of=_bought),
    "ifrs16": _kept_by(*_IFRS, of=lambda asset: asset.acquisition == "leased"),
    "ias16": _kept_by(*_IFRS, of=lambda asset: asset.kind == "infrastructure" and asset.acquisition != "leased"),
    "ias36": _kept_by(*_IFRS),
    "ifrs13": lambda client, provision, live: [] if client.valuation.basis_of_value == "fair_value_ifrs13" else None,
    "ivs": lambda client, provision, live: [],
    "china": lambda client, provision, live: (
        [asset for asset in live if asset.kind == "data"] if tied_to_china(client) else None
    ),
    "us_gaap": lambda client, provision, live: (
        [asset for asset in live if asset.kind == "model"] or None if _in_dollars(client) else None
    ),
}


def _sentences(client, live, due):
    act = [item for item in due if item.provision.regime == "eu_ai_act"]
    where = client.client.country
    named = [asset.asset_id for asset in live if asset.eu_ai_act_class in BINDING]
    if not act and where in EU:
        yield "No asset falls under the EU AI Act by the client's own classes."
    elif not act:
        yield (
            f"The client is seated outside the EU ({where}) and names no asset that the EU AI Act binds; should the output of "
            "one be used in the Union, the Act can reach it (Art. 2)."
        )
    elif where not in EU:
        yield (
            f"The client is seated outside the EU ({where}). The Act reaches it where its systems are put on the Union's market "
            f"or their output is used there (Art. 2); the client's own classes say so of {', '.join(named)}."
        )
    late = [item for item in act if item.provision.key in ("high_use", "high_product")]
    if late and client.valuation.date < OMNIBUS:
        yield (
            f"On the valuation date, {client.valuation.date}, the regulation that moved the dates for high-risk systems (8 July "
            "2026) was not yet adopted; the dates then in the law were 2 August 2026 (Annex III) and 2 August 2027 (Annex I)."
        )
    used = [
        asset.asset_id
        for asset in live
        if late and asset.eu_ai_act_class == "high" and asset.deployed
    ]  # fmt: skip
    if used:
        yield (
            f"{', '.join(used)}: in use before the duties apply. They then bind it only once its design is changed significantly "
            "(Art. 111(2), as reported); whether a retrained model is such a change is to be settled with a lawyer."
        )
    if accounts(client) == "assumed":
        yield "The file does not say under which standards the client reports: the books are shown under IFRS."
    if accounts(client) == "us_gaap" and not any(item.provision.law == "IAS 38" for item in due):
        yield "The client's figures point to US GAAP; the books of this page follow IFRS, which differs, and are an indication only."
    if accounts(client) == "china":
        yield "The books of this page are kept by the rules of IAS 38; where CAS 6 differs, CAS 6 holds."
    if any(item.provision.checked != "text" for item in due):
        yield "Entries that are not marked as read in the rule's own text are to be checked before anything rests on them."


NOT_STATED = "not stated"


def scope_of_work(client) -> dict[str, str]:
    """What a valuation report states of itself, from the client's file; what is missing is said to be (rule Scope)."""
    made, when = client.engagement, client.valuation
    found = {
        "Valuer": made.valuer,
        "What is valued": "the AI assets of the register by group, with what the weight of cost takes from their earnings (together)",
        "Intended users": made.intended_users,
        "Purpose": when.purpose.replace("_", " "),
        "Basis of value": BASES[when.basis_of_value],
        "Premise of value": (made.premise or "").replace("_", " "),
        "Independence": made.independence,
        "Fee": made.fee,
        "Inspection of the assets": made.inspection,
        "Valuation date": str(when.date),
        "Date of the report": str(made.report_date or ""),
        "Events after the valuation date": made.subsequent_events or "none stated",
        "Currency": when.currency,
        "Limiting conditions": "; ".join(one.rstrip(". ") for one in made.limiting_conditions),
    }
    scope = {name: words or NOT_STATED for name, words in found.items()}
    more = {"Client and market": made.background, "To be signed by": made.signatory}  # no standard asks for them
    return scope | {name: words for name, words in more.items() if words}


@dataclass(frozen=True)
class Departure:
    """Something that a standard asks for and this report does otherwise or lacks."""

    standard: str
    asks: str
    here: str


@dataclass(frozen=True)
class Standard:
    """A standard that applies to a client, and the pages of the report that meet it."""

    name: str
    asks: str
    pages: tuple[str, ...]


#: Standards by what calls for them: "" every client. Pages by the name of their chapter; summary: the first page.
_STANDARDS = (
    ("", "IVS (effective 31 January 2025) 102, 103", "basis of value, approaches", "summary", "approaches"),
    ("", "IVS 104, 105", "data and inputs, models", "summary", "value"),
    ("", "IVS 106, 210", "reporting; intangible assets", "summary", "approaches"),
    ("ifrs13", "IFRS 13", "level of each input, sensitivity at level 3", "portfolio"),
    ("ifrs", "IAS 38, IAS 36", "what is capitalised, amortised, impaired", "portfolio"),
    ("china", "Caikuai [2023] 11", "data resources in the balance sheet", "portfolio"),
    ("china", "GB/T 36344-2018", "six dimensions of data quality", "joint_benefit"),
    ("", "ISO/IEC 42001, ISO/IEC 5338", "register of resources, life cycle", "architecture"),
    ("", "NIST AI RMF 1.0", "inventory, benefits and costs, measurement", "architecture", "metric_to_money"),
    ("eu_ai_act", "Regulation (EU) 2024/1689", "class of each system, cost of compliance", "architecture"),
)  # fmt: skip


def standards(client) -> tuple[Standard, ...]:
    """The standards that apply to a client, by its basis, its accounts, its country and the classes of its assets."""
    called = {"", *(item.provision.regime for item in calendar(client).due)}
    called |= {"ifrs"} if accounts(client) in _IFRS else set()
    return tuple(Standard(name, asks, tuple(pages)) for what, name, asks, *pages in _STANDARDS if what in called)


def departures(
    client, together: Mapping[str, float] | None = None, total: float | None = None
) -> tuple[Departure, ...]:
    """What a valuer who signs has to know is otherwise, or missing, in this report (rule Scope).

    together: group → what it earns beyond the values of its assets; total: the value concluded.
    """
    found = [
        Departure("IVS 106", f"{name[0].lower()}{name[1:]} in the report", "not stated in client.yml")
        for name, words in scope_of_work(client).items()
        if words == NOT_STATED
    ]
    if not client.discount.source:
        found.append(
            Departure("IVS 103", "evidence for the discount rate", "no source is given (client.yml, discount.source)")
        )
    if not client.comparables:
        found.append(
            Departure("IVS 103", "the market approach considered", "no comparable is given; cost and income alone")
        )
    found += [
        Departure(
            "IVS 103",
            "replacement cost at the prices of the day",
            "costs as they were paid: no index of prices is given",
        ),
        Departure(
            "IVS 104",
            "inputs tested by the valuer",
            "checked for form and for agreement with each other, not against ledgers",
        ),
        Departure(
            "IVS 105",
            "the model fit for the purpose",
            "every rule is printed and has a test; the valuer's judgement is not in it",
        ),
    ]
    beyond = {name: amount for name, amount in (together or {}).items() if abs(amount) >= 0.5}
    if beyond:
        share = f", {100 * sum(beyond.values()) / total:.0f} % of it" if total else ""
        found.append(
            Departure(
                "IVS 210",
                "each intangible asset identified and valued by itself; what is left is goodwill",
                f"what the weights of cost and market take from the excess earnings of {'; '.join(beyond)} stays in the total{share}, as "
                '"together": with income alone the assets would hold it',
            )
        )
    if client.client.synthetic:
        found.append(
            Departure(
                "IVS 100", "a real subject", "the client is invented, and so are the figures that nobody measured"
            )
        )
    return tuple(found)


# --- what keeping the law costs --------------------------------------------------------------------------

#: Beginnings of a word in a cost's category, and whole names, by which it counts as one of compliance.
COMPLIANCE = ("complian", "conformity", "audit", "certif", "surveillance", "regulatory", "gdpr", "privacy")
COMPLIANCE_NAMES = ("ai_act", "data_protection", "post_market")


def is_compliance(category: str) -> bool:
    """Whether a cost's category speaks of keeping the law.

    >>> is_compliance("AI Act compliance"), is_compliance("post-market surveillance"), is_compliance("labour")
    (True, True, False)
    """
    name = plain(category)
    return any(word.startswith(COMPLIANCE) for word in name.split("_")) or any(
        part in name for part in COMPLIANCE_NAMES
    )


@dataclass(frozen=True)
class Compliance:
    """Cost of one asset's compliance in one calendar year. Money of the client, before tax."""

    asset_id: str
    year: int
    category: str
    low: float
    likely: float
    high: float


def compliance_costs(plan: Plan) -> tuple[Compliance, ...]:
    """By asset, category and year, from the client's own rows (rule Cost of compliance)."""
    found: dict[tuple[str, int, str], list[float]] = {}
    for line in plan.costs:
        if is_compliance(line.category):
            likely, mode = float(cost(plan, line)), line.amount.mode
            share = likely / mode if mode else 0.0  # of the year, and the chance of success where the cost hangs on it
            key = (line.asset_id, plan.periods[line.period].year, line.category)
            row = found.setdefault(key, [0.0, 0.0, 0.0])
            for place, amount in enumerate((line.amount.low * share, likely, line.amount.high * share)):
                row[place] += amount
    return tuple(Compliance(*key, *row) for key, row in sorted(found.items()))


def compliance_findings(plan: Plan, money: Callable[[float], str] | None = None) -> tuple[str, ...]:
    """Where duties begin and no cost is given, and where a cost is given that no date of the calendar explains.

    money: how an amount is written.
    """
    costs, found = compliance_costs(plan), []
    money = money or (lambda value: f"{value:,.0f} {plan.currency}")
    for due in calendar(plan.client).due:
        if due.provision.key not in ("high_use", "gpai") or due.provision.since > plan.horizon:
            continue
        for name in due.assets:
            paid = [row for row in costs if row.asset_id == name and row.likely > 0]
            start = max(due.provision.since, plan.date)
            if not paid:
                found.append(
                    f"{name}: duties of the EU AI Act apply from {start} and no cost of compliance is given; "
                    "the value leaves it out."
                )
                continue
            early = sum(row.likely for row in paid if row.year < start.year)
            if early and due.provision.key == "high_use":
                found.append(
                    f"{name}: {money(early)} of compliance is planned for years before its duties as a high-risk "
                    f"system apply (not before {start}): preparation, or a plan made on the earlier dates."
                )
    return tuple(found)
