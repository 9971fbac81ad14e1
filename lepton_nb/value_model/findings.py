"""Sentences that a reader of the number must know: what was left out, what it leans on, what law asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lepton_nb.value_model import lives
from lepton_nb.value_model.laying import SERVED_UNTIL
from lepton_nb.value_model.ledger import LEASED, RENT, plain, treatment
from lepton_nb.value_model.line_money import yearly_caps
from lepton_nb.value_model.lines import STOPPED, Plan, Substitute
from lepton_nb.value_model.money import group_value, present_benefits
from lepton_nb.value_model.profits import relief
from lepton_nb.value_model.stopping import bound


def weak_share(plan: Plan) -> float | None:
    """Share of the present value of benefits that rests on experts' or vendors' figures; None without benefits."""
    by_grade = present_benefits(plan, lambda line: line.grade)
    total = sum(by_grade.values())
    return (by_grade.get("expert", 0.0) + by_grade.get("vendor", 0.0)) / total if total > 0 else None


#: On what benefits may rest, from the strongest; a client that is made up has made up his own tests too.
OWN, PUBLIC, STAND_IN, UNTESTED = "the client's own tests", "public data", "stand-ins", "no test"


def rests_on_kinds(plan: Plan) -> dict[str, float]:
    """The share of the present value of benefits that rests on each kind of test; nothing where there are no benefits."""

    def kind(line) -> str:
        if line.link == "none":
            return UNTESTED
        if line.link_id in plan.stood_in:
            return STAND_IN
        return PUBLIC if line.link_id in plan.on_public else OWN

    by_kind = present_benefits(plan, kind)
    total = sum(by_kind.values())
    return (
        {name: by_kind[name] / total for name in (OWN, PUBLIC, STAND_IN, UNTESTED) if by_kind.get(name)}
        if total > 0
        else {}
    )


def left_out(plan: Plan) -> list[str]:
    """What of the client's rows does not count, in one sentence for each row's kind and reason."""
    dropped: dict[tuple[str, str, str], list[str]] = {}
    for row in plan.left_out:
        dropped.setdefault((row.asset_id, row.what, row.reason), []).append(row.when)
    found = []
    for (asset_id, what, reason), dates in dropped.items():
        when = dates[0] if len(dates) == 1 else f"{min(dates)} to {max(dates)} ({len(dates)} rows)"
        found.append(f"{asset_id}: {what}, {when}, is left out: {reason}.")
    return found


@dataclass(frozen=True)
class Held:
    """An asset whose yearly benefit the price of a substitute caps (rule Substitution); money, most likely.

    offer: name of the substitute; least, most: what a whole year of it costs, in the years that are run; without: what
    the value of the asset's group would be more without it.
    """

    asset_id: str
    offer: str
    least: float
    most: float
    without: float


def held(plan: Plan) -> tuple[Held, ...]:
    """The assets that a substitute's price holds down, with what it takes off the value of their group."""
    found = []
    for name, substitute in plan.caps.items():
        if not plan.benefits_of.get(name):
            continue
        group = plan.group(name)
        free = replace(plan, caps={other: price for other, price in plan.caps.items() if other != name})
        more = float(group_value(free, group)) - float(group_value(plan, group))
        years = yearly_caps(plan, name)
        found.append(Held(name, substitute.offer, min(years), max(years), more))
    return tuple(found)


def last_years(plan: Plan) -> dict[str, int]:
    """The last year run of each group that is stopped early (rule Economic life)."""
    found: dict[str, int] = {}
    for row in plan.left_out:
        if row.reason == STOPPED:
            name, year = plan.group(row.asset_id).name, int(row.when[:4]) - 1
            found[name] = min(year, found.get(name, year))
    return found


def cut_short(plan: Plan) -> list[str]:
    """One sentence for each group that is stopped before its planned years are over (rule Economic life)."""
    first = plan.periods[0].year
    return [
        f"{name}: counted {f'for {year} only' if year <= first else f'to the end of {year}'}, because what follows from {year + 1} on "
        "costs more than it brings."
        for name, year in last_years(plan).items()
    ]


def unpriced_ends(plan: Plan) -> list[str]:
    """One sentence for each group that is better stopped and bound by a contract whose end has no stated cost."""
    short = last_years(plan)
    return [
        f"{group.name}: better stopped, and the life of {' and '.join(names)} is a contract: what ending it costs is not given "
        "(client.yml, options, kind abandon) and taken as nothing."
        for group in plan.groups
        if (names := bound(plan, group)) and (group.name in short or float(group_value(plan, group)) < 0)
    ]


def rents_left_out(plan: Plan) -> list[str]:
    """One sentence for each leased asset whose planned payments after the life of what it serves are left out: they may be due all the same."""
    found = []
    for asset in plan.client.assets:
        rows = [
            row for row in plan.left_out
            if row.asset_id == asset.asset_id and row.reason.startswith(SERVED_UNTIL) and row.amount
            and RENT.intersection(plain(row.what.rpartition(" cost ")[2]).split("_"))
        ]  # fmt: skip
        if rows and treatment(asset).kind == LEASED:
            rent, day = sum(row.amount for row in rows), rows[0].reason.removeprefix(SERVED_UNTIL).strip()
            found.append(
                f"{asset.asset_id}: payments under a lease of {rent:,.0f} {plan.currency} are planned after {day}, when what it serves ends, and left "
                "out. They would be due all the same if the contract cannot be ended then."
            )
    return found


def findings(plan: Plan) -> tuple[str, ...]:
    """All findings on the figures: lives that do not fit, notes of the plan, rows left out, weak evidence, unclear control."""
    found = [
        *cut_short(plan),
        *unpriced_ends(plan),
        *lives.findings(plan),
        *plan.notes,
        *rents_left_out(plan),
        *left_out(plan),
    ]
    weak = weak_share(plan)
    if weak is not None and weak > 0.5:
        found.append(f"{100 * weak:.0f} % of the present value of benefits rests on experts' or vendors' figures.")
    for asset in plan.client.assets:
        if asset.legal_control == "unclear":
            served = [name for name in plan.benefits_of if asset.asset_id in plan.needs[name]]
            words = f"{asset.asset_id}: legal control is unclear"
            if served:
                words += f", and {', '.join(served)} cannot be had without it: their value may not be recognised"
            found.append(f"{words}.")
        if asset.eu_ai_act_class == "prohibited":
            found.append(
                f"{asset.asset_id}: prohibited by the EU AI Act. It has no value as a going asset; stopping costs."
            )
    found += _undrawn_shares(plan)
    for group in plan.groups:
        if (saved := relief(plan, group)) >= 0.5:
            found.append(
                f"{group.name}: a development that fails saves no tax here, since a loss stays in its group (rule Tax). Set against other "
                f"profits of the owner it would save {saved:,.0f} {plan.currency} (present value, by its chance)."
            )
    for one in held(plan):
        price = f"{one.least:,.0f}" if one.most - one.least < 0.5 else f"{one.least:,.0f} to {one.most:,.0f}"
        most = f"{one.asset_id}: the yearly benefit counts at most {price} {plan.currency}, the price of its substitute {one.offer}"
        takes = (
            "takes nothing off the value"
            if one.without < 0.5
            else f"takes {one.without:,.0f} {plan.currency} off the value"
        )
        found.append(f"{most}; at the most likely figures that {takes}.{_undrawn(plan.caps[one.asset_id])}")
    return tuple(found)


def _undrawn_shares(plan: Plan) -> list[str]:
    """The shares of positive cases in use that a value rests on and that have no range."""
    used = {line.evaluation.evaluation_id: line.evaluation for line in plan.benefits if line.evaluation is not None}
    return [
        f"{item.asset_id}: the share of positive cases in use, {100 * item.positive_share:g} %, has no range "
        "(positive_share_low, positive_share_high beside it) and is not drawn."
        for item in used.values()
        if item.positive_share is not None and item.share_range is None
    ]


def _undrawn(substitute: Substitute) -> str:
    low, _, high = substitute.price
    return "" if low < high else " The price has no range (price_low, price_high in market.csv) and is not drawn."


def sunk_costs(client) -> dict[str, float]:
    """Money already spent, by asset: shown, never part of the forward value (rule Valuation date)."""
    spent: dict[str, float] = {}
    for row in client.costs:
        if row.kind == "actual":
            spent[row.asset_id] = spent.get(row.asset_id, 0.0) + row.amount.mode
    return spent
