"""Money by calendar year: the flows of a group, what each group leaves after tax, and what each driver brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.render import Html


def flow_rows(years: Sequence[Any]) -> list[dict[str, Any]]:
    """The years of a group as rows: costs and tax negative."""
    return [
        {
            "Benefits on": str(year.day) if year.share == 1 else f"{year.day} ({words.share(year.share)})",
            "Benefits": float(year.benefits), "Running": -float(year.running), "Development": -float(year.development),
            "(Written off)": float(year.amortisation), "Tax": -float(year.tax), "Net": float(year.net),
            "Factor of that day": float(year.discount_factor), "Present value": float(year.present),
        }
        for year in years
    ]  # fmt: skip


def cash_flows(group: Any, years: Sequence[Any], currency: str, value: float | None = None) -> Html:
    """The flows of a group year by year, in thousands. value: of the group, where a buyer's tax benefit is in it too."""
    present = float(sum(year.present for year in years))
    raised = value is not None and abs(value - present) > 0.5
    more = (
        f" The value is {words.money(value, currency)}: a buyer's tax benefit raises the total {words.number(value / present, 4)} times."
        if raised
        else ""
    )
    sums = ["Benefits", "Running", "Development", "(Written off)", "Tax", "Net", "Present value"]
    return render.table(
        flow_rows(years), dict.fromkeys(sums, words.thousands) | {"Factor of that day": lambda factor: words.number(factor, 4)},
        f"Group {group.name}, thousand {currency}, discount rate {words.rate(group.rate)}.{more} Source: benefits.csv, costs.csv, client.yml.",
        sums=sums, unless_zero=("Running", "Development", "(Written off)"), none=f"Group {group.name}: no money flows.",
    )  # fmt: skip


def cash_chart(flows: Mapping[str, Sequence[Any]], currency: str, caption: str, name: str = "cash") -> Html:
    """Money in and out by year of all groups together, and its running sum."""
    spans = next(iter(flows.values()), ())
    parts = {
        told: [sign * sum(float(getattr(years[at], field)) for years in flows.values()) for at in range(len(spans))]
        for told, field, sign in (("benefits", "benefits", 1), ("running costs", "running", -1),
                                  ("development", "development", -1), ("tax", "tax", -1))
    }  # fmt: skip
    parts = {told: amounts for told, amounts in parts.items() if any(amounts)}
    return plots.show(charts.cash_by_year([year.year for year in spans], parts, currency), caption, name)


def net_flows(
    flows: Mapping[str, Sequence[Any]], currency: str, planned: Mapping[str, Sequence[Any]] | None = None
) -> Html:
    """What is left of each group's benefits after costs and tax, by year. flows: group → its years; planned: without caps."""

    def row(told: str, amounts: Sequence[tuple[Any, float, float]]) -> dict[str, Any]:
        by_year = {str(year): net for year, net, _ in amounts}
        return (
            {"Group": told}
            | by_year
            | {"All years": sum(by_year.values()), "Present value": sum(one[2] for one in amounts)}
        )

    rows, capped = [], False
    for name, years in flows.items():
        free = (planned or flows)[name]
        cut = [
            (year.year, float(year.net - other.net), float(year.present - other.present))
            for year, other in zip(years, free, strict=True)
        ]
        rows.append(row(name, [(year.year, float(year.net), float(year.present)) for year in free]))
        if any(abs(net) >= 0.5 for _, net, _ in cut):
            rows.append(row(f"{name}: the cap", cut))
            capped = True
    caption = (
        f"Net of costs and tax, thousand {currency}; the first and the last year may be parts of one. Present value: at the group's rate, before "
        "a buyer's tax benefit. "
        + ("The cap: what a substitute's price keeps out of the value, and no ledger shows. " if capped else "")
        + "Source: benefits.csv, costs.csv, client.yml."
    )
    return _table(rows, ("Group",), caption, "No money flows.")


def whole_years(lines: Sequence[Any], first: Any, money: words.Money) -> Html:
    """That running costs of a whole year stand beside benefits of a part of it. lines: those costs; first: the first period."""
    if not lines:
        return render.join()
    less = sum(line.amount.mode for line in lines) * (1 - first.share)
    return render.note(
        f"{first.year}: running costs dated on its last day count in full beside benefits of {first.days} days. If they are a whole year's, "
        f"{money(less)} before tax is too much."
    )


def drivers(found: Mapping[tuple[str, str], Sequence[float]], years: Sequence[int], currency: str) -> Html:
    """What each driver of benefits brings by year. found: (asset, driver) → money of each year, before tax and costs."""
    rows = [
        {"Asset": asset, "Benefit": words.label(driver)}
        | {str(year): amount for year, amount in zip(years, amounts, strict=True)}
        | {"All years": sum(amounts)}
        for (asset, driver), amounts in found.items()
    ]  # fmt: skip
    caption = (
        f"Benefits by driver, thousand {currency}, most likely: after decay, adoption and chance of success, "
        "a substitute's cap apart; before tax and costs. Source: benefits.csv."
    )
    return _table(rows, ("Asset", "Benefit"), caption, "No benefit lies after the valuation date.")


def _table(rows: list[dict[str, Any]], named: tuple[str, ...], caption: str, none: str) -> Html:
    """A table of thousands with their sum, without years in which nothing flows."""
    sums = [name for name in (rows[0] if rows else {}) if name not in named]
    empty = [name for name in sums if name.isdigit() and all(abs(row[name]) < 0.5 for row in rows)]
    shown = [{name: value for name, value in row.items() if name not in empty} for row in rows]
    kept = [name for name in sums if name not in empty]
    return render.table(
        shown, dict.fromkeys(kept, words.thousands), caption, sums=kept if len(rows) > 1 else (), none=none
    )
