"""Tables and drawings of the books, the levels of inputs and the calendar of law, from typed results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.approach_tables import worth_nothing

#: Groups whose books are drawn beside their value.
MOST_GROUPS = 8


def _money(currency: str):
    return lambda value: words.money(value, currency)


def _defined(value: Any) -> float | None:
    return None if value != value else float(value)


def new_money(asked: Sequence[Any], choices: Mapping[float, Any], day: date, currency: str) -> render.Html:
    """What each group asks for, and the best choice for parts of it. ``choices``: by share of what all ask for."""
    money = _money(currency)
    rows = [
        {"Group": ask.group, "Before it earns": ask.before_it_earns, "Not covered by benefits": ask.not_covered,
         "New money": ask.spend, "Value": ask.value}
        for ask in asked
    ]  # fmt: skip
    forms = {name: money for name in (rows[0] if rows else {}) if name != "Group"}
    caption = f"New money of the twelve months after {words.date(day)}, most likely; value: mean of the draws, on the client's basis. Source: costs.csv, benefits.csv."
    asks = render.table(rows, forms, caption, none="No group has a value: there is nothing to fund.")
    rows = [
        {"Budget": words.share(part), "In money": choice.budget, "Funded": ", ".join(choice.chosen) or "none", "Spent": choice.cost,
         "Value": choice.value}
        for part, choice in choices.items()
        if choice.chosen
    ]  # fmt: skip
    caption = "The best choice of whole groups for a budget, as a share of what all ask for; budgets that fund none are left out."
    none = (
        "No budget funds a group: none that asks is worth it."
        if choices
        else "No group asks for new money: each pays for itself."
    )
    return render.join(
        asks, render.table(rows, dict.fromkeys(("In money", "Spent", "Value"), money), caption, none=none)
    )


def concentration(mixed: Any, held: Any) -> render.Html:
    """How much of the value hangs on one group, and what mixing takes away of the spread."""
    mixing = (
        "nothing varies" if mixed.diversification is None else f"{words.share(mixed.diversification)} of the spread"
    )
    return render.definitions({
        "Concentration (Herfindahl-Hirschman)": words.number(held.herfindahl),
        "As concentrated as": f"{words.number(held.effective_number, 1)} equal groups",
        "Largest share": words.share(held.largest_share),
        "Taken away by mixing": mixing,
    })  # fmt: skip


def correlations(mixed: Any, currency: str) -> render.Html:
    """How far the values of the groups move together."""
    widest = sorted(range(len(mixed.names)), key=lambda at: -mixed.deviations[at])[:COLUMNS]
    rows = [
        {"Group": mixed.names[at], **{mixed.names[other]: _defined(mixed.correlations[at][other]) for other in sorted(widest)},
         "Standard deviation": mixed.deviations[at]}
        for at in sorted(widest)
    ]  # fmt: skip
    if len(rows) < 2:
        return render.note("One group: there is no correlation to show.")
    caption = f"Correlation of the groups' simulated values, n = {words.count(mixed.draws)} draws. A dash: the value does not vary."
    if len(mixed.names) > COLUMNS:
        caption += f" The {COLUMNS} groups that vary most, of {len(mixed.names)}."
    return render.table(rows, {"Standard deviation": _money(currency)}, caption)


def treatments(assets: Sequence[Any], kept: Mapping[str, Any], currency: str) -> render.Html:
    """How each asset is booked, and what of its cost stands where."""
    rows = [
        {"Asset": asset.asset_id, "Name": asset.name, "Came by": asset.acquisition, "Standard": book.treatment.standard,
         "Intangible": book.intangible, "Machines": book.hardware, "Expensed": book.expensed}
        for asset in assets
        for book in [kept[asset.asset_id]]
    ]  # fmt: skip
    money = ("Intangible", "Machines", "Expensed")
    caption = "How each asset is booked. Actual costs to the valuation date. Source: assets.csv, costs.csv."
    return render.table(
        rows, dict.fromkeys(money, _money(currency)), caption, sums=money, none="No asset is registered."
    )


def ways(kept: Mapping[str, Any]) -> render.Html:
    """What each standard asks for under which an asset is booked, once for all its assets."""
    return render.definitions({book.treatment.standard: book.treatment.words for book in kept.values()})


#: So many rows, columns or layers are shown; the rest is summed.
ROWS, COLUMNS, LAYERS = 200, 12, 8


def bookings(kept: Mapping[str, Any], currency: str) -> render.Html:
    """Every actual cost, where it stands and why; of very many the largest, the rest summed by where they stand."""
    found = [(name, item) for name, book in kept.items() for item in book.bookings]
    shown = sorted(found, key=lambda pair: -pair[1].amount)[:ROWS]
    large, rest = {id(item) for _, item in shown}, {}
    for _, item in found:
        if id(item) not in large:
            count, amount = rest.get(item.where, (0, 0.0))
            rest[item.where] = count + 1, amount + item.amount
    rows = [
        {"Asset": name, "Date": str(item.date), "Phase": item.phase, "Category": item.category.replace("_", " "),
         "Amount": item.amount, "Where": item.where, "Why": item.reason}
        for name, item in found
        if id(item) in large
    ]  # fmt: skip
    rows += [
        {"Asset": f"{words.count(count)} smaller rows", "Amount": amount, "Where": where}
        for where, (count, amount) in rest.items()
    ]
    caption = "Actual costs and where they stand. Source: costs.csv."
    return render.table(rows, {"Amount": _money(currency)}, caption, none="No actual costs are given.")


def write_offs(
    kept: Mapping[str, Any], charges: Mapping[str, Sequence[Mapping]], day: date, currency: str
) -> render.Html:
    """Carrying amounts on the valuation date and the charge of each calendar year."""
    rows = [
        {"Asset": name, "Capitalised": book.capitalised, "In use since": str(book.in_service or "not yet"),
         "Life": words.years(book.useful_life_years), f"Left on {words.date(day)}": book.at(day).carrying_amount}
        | {str(row["year"]): row["charge"] for row in charges[name]}
        for name, book in kept.items()
        if book.capitalised
    ]  # fmt: skip
    plain = {"Asset", "In use since", "Life"}
    forms = {name: _money(currency) for name in (rows[0] if rows else {}) if name not in plain}
    caption = "Straight line from the month of use; charges by calendar year."
    return render.table(rows, forms, caption, none="Nothing is capitalised.")


def carrying(
    kept: Mapping[str, Any], charges: Mapping[str, Sequence[Mapping]], day: date, currency: str
) -> render.Html:
    """Carrying amounts at the valuation date and at the end of each year, one asset above the other."""
    held = [name for name, book in kept.items() if book.capitalised]
    if not held:
        return render.note("Nothing is capitalised.")
    figure, axis = plots.axes(height=3.0)
    labels = [str(day), *(f"end {row['year']}" for row in charges[held[0]])]
    amounts = {name: [kept[name].at(day).carrying_amount, *(row["carrying"] for row in charges[name])] for name in held}
    if len(held) > LAYERS:
        largest = sorted(held, key=lambda name: -amounts[name][0])
        others = [sum(column) for column in zip(*(amounts[name] for name in largest[LAYERS - 1 :]), strict=True)]
        amounts = {name: amounts[name] for name in largest[: LAYERS - 1]} | {f"{len(held) - LAYERS + 1} others": others}
    bottom = [0.0] * len(labels)
    for number, (name, points) in enumerate(amounts.items()):
        colour = plots.CYCLE[number % len(plots.CYCLE)]
        axis.bar(range(len(labels)), points, bottom=bottom, color=colour, label=name, width=0.6)
        bottom = [low + point for low, point in zip(bottom, points, strict=True)]
    axis.set(xticks=range(len(labels)), xticklabels=labels, ylabel=f"carrying amount ({currency})")
    axis.tick_params(axis="x", labelsize=7.5)
    axis.yaxis.set_major_formatter(lambda value, _: words.money(value, "").strip())
    axis.legend()
    return plots.show(
        figure, f"Carrying amount by asset, {currency}. Source: costs.csv, assets.csv.", "portfolio-books"
    )


def against_value(
    tests: Sequence[Any],
    left_out: Mapping[str, str],
    carrying: Mapping[str, float],
    currency: str,
    prices: Mapping[str, Any] | None = None,
) -> render.Html:
    """The books against both values, and the impairment test.

    left_out: the groups for which no number is concluded, with the reason; carrying: what stands in the books by group;
    prices: asset → its comparable prices, of assets of several that are tested.
    """
    rows = [
        {"Group": test.group, "In the books": test.carrying, "Value in use": test.result.value_in_use,
         "Fair value": test.result.fair_value_less_costs, "Above the books": max(test.result.recoverable, 0.0) - test.carrying,
         "Rate before tax": words.rate(test.rate_before_tax, why="no value"), "Loss": test.result.impairment_loss}
        for test in tests
    ]  # fmt: skip
    money = [name for name in (rows[0] if rows else {}) if name not in ("Group", "Rate before tax")]
    caption = (
        "Means of the draws. The "
        "recoverable amount is the higher of the two, and at least 0: who would lose gives the group up. Costs of disposal are taken as none."
    )
    table = render.table(rows, dict.fromkeys(money, _money(currency)), caption, none="No group to test.")
    chart = _books_chart(tests, currency) if tests else render.join()
    notes = [
        render.note(
            f"{name}: no number is concluded ({why.partition(':')[0]}), so nothing is tested; a likely loss is a sign of "
            "impairment (IAS 36.12) to be judged. "
            f"In the books: {words.money(carrying[name], currency)}."
        )
        for name, why in left_out.items()
    ]
    notes += [
        render.note(worth_nothing(test.group, "market"))
        for test in tests
        if test.result.fair_value_less_costs <= 0 < test.result.value_in_use
    ]
    if prices:
        told = words.listed(
            f"{name} ({words.plural(found.n, 'price')}, median {words.money(found.value, currency)})"
            for name, found in prices.items()
        )
        notes.append(
            render.note(
                f"{told}: comparables of one asset. Fair value is that of the whole group, by its flows; they weigh in how it is divided, on a market basis."
            )
        )
    return render.join(table, chart, *notes)


def _books_chart(tests: Sequence[Any], currency: str) -> render.Html:
    """The books beside both values, of the groups with most at stake."""
    most = sorted(tests, key=lambda test: -max(test.carrying, test.result.recoverable))[:MOST_GROUPS]
    bars = {
        "in the books": [test.carrying for test in most],
        "value in use": [test.result.value_in_use for test in most],
        "fair value": [test.result.fair_value_less_costs for test in most],
    }
    axis = charts.bars([test.group for test in most], bars, currency, "each group")
    few = "" if len(most) == len(tests) else f"; the {len(most)} groups with most at stake"
    return plots.show(axis, f"What stands in the books beside what it is worth{few}.", "books-and-value")


def headroom(found: Sequence[Any], currency: str) -> render.Html:
    """How far the books lie below what each group can bring, and which change alone takes that away."""
    rows = []
    for one in found:
        first = {
            "Group": one.group,
            "Above the books": words.money(one.above, currency),
            "Of the books": words.share(one.above / one.carrying),
        }
        turns = [turn for turn in one.turns if turn.at is not None]
        rows += [
            (first if number == 0 else dict.fromkeys(first, ""))
            | {"If this alone changes": turn.assumption, "As used": _standing(turn.used, turn.unit), "A loss begins at": _standing(turn.at, turn.unit),
               "May well come": "yes" if turn.thin else "no"}
            for number, turn in enumerate(turns)
        ] or [first | {"If this alone changes": "nothing that was looked at is enough"}]  # fmt: skip
    caption = (
        "What single change takes away that a group can bring more than stands in the books: this figure alone, all else drawn, the nearest first. "
        "May well come: inside its range, at most two points of rate, at most half a half-life."
    )
    return render.table(rows, caption=caption, none="No group is tested that has something in the books and no loss.")


def _standing(figure: float, unit: str) -> str:
    """A figure of an assumption with its unit; a rate as the points by which it moves."""
    if unit == "percentage point":
        return f"{words.number(figure, 1, sign=True)} points" if figure else "as used"
    return words.rounded(figure, unit)


def calendar(found: Any, near: date | None = None) -> render.Html:
    """What applies to the client, from when, to which assets, and how well it was read.

    near: what begins on that day or later, with what is to be said beside it; None: what has been in force before.
    """
    rows = [
        {"When": item.when, "Law or standard": f"{item.provision.law}: {item.provision.reference}", "What": item.provision.what,
         "Assets": ", ".join(item.assets) or "all", "Read": item.provision.words}
        for item in found.due
        if near is None or (item.provision.since is not None and item.provision.since >= near)
    ]  # fmt: skip
    caption = "The calendar, on the valuation date. Not legal advice."
    caption += " What has been in force for longer than a year, or without a day, is in the appendix." if near else ""
    none = (
        "No rule has come into force for these assets within a year, and none with a date lies ahead."
        if near
        else "Nothing applies."
    )
    table = render.table(rows, caption=caption, none=none)
    return render.join(table, *(render.note(sentence) for sentence in found.sentences if near))


def sources(found: Any) -> render.Html:
    """Where each provision was read, in our words, and when."""
    rows = [
        {"Law or standard": f"{item.provision.law}: {item.provision.reference}", "Says": source.says, "Address": source.address,
         "Opened": str(source.opened)}
        for item in found.due
        for source in item.provision.sources
    ]  # fmt: skip
    return render.table(rows, caption="Where it was read, in our words.", none="No source was read.")


def compliance(costs: Sequence[Any], currency: str) -> render.Html:
    """Cost of compliance by asset and calendar year, most likely with its range."""
    years = sorted({row.year for row in costs})
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for row in costs:
        line = rows.setdefault(
            (row.asset_id, row.category), {"Asset": row.asset_id, "Cost": row.category.replace("_", " ")}
        )
        line[str(row.year)] = words.estimate((row.low, row.likely, row.high), currency)
    caption = (
        "Cost of compliance by year, before tax, already in the value: most likely (low to high). Source: costs.csv."
    )
    none = "The client plans no cost whose category speaks of compliance."
    return render.table(rows.values(), caption=caption, columns=("Asset", "Cost", *map(str, years)), none=none)


def levels(found: Sequence[Any], whole: int) -> render.Html:
    """The level of each input and of the measurement."""
    rows = [{"Input": item.input, "Level": str(item.level), "Why": words.label(item.why)} for item in found]
    return render.table(
        rows, caption=f"Level of each input (IFRS 13.72). The measurement as a whole is at level {whole} (13.73)."
    )


def leases(found: Sequence[Any], currency: str) -> render.Html:
    """Payments ahead under leases, and how they are booked."""
    rows = [
        {"Asset": lease.asset_id, "Payments ahead": lease.payments, "Last payment counted on": words.missing() if lease.until is None else str(lease.until),
         "Rate": words.rate(lease.rate, why="not given"), "Liability": lease.liability, "How": lease.sentence}
        for lease in found
    ]  # fmt: skip
    caption = (
        "Leases (IFRS 16), an indication: the payments stay in the flows of the value, asset and liability stay out."
    )
    forms = dict.fromkeys(("Payments ahead", "Liability"), _money(currency))
    return render.table(rows, forms, caption, none="No asset is leased.")


def amortisation(charged: Sequence[Mapping[str, Any]], spans: Sequence[str], currency: str) -> render.Html:
    """What amortisation takes off the taxable income, by period."""
    rows = [{"Asset": row["asset"], **{year: row[year] for year in spans}} for row in charged]
    caption = "What amortisation takes off the taxable income, most likely. The first and the last period are parts of a year."
    forms = dict.fromkeys(spans, _money(currency))
    return render.table(rows, forms, caption, sums=spans, none="No amortisation lowers the tax.")


def profits(found: Sequence[Any], held: Any, currency: str) -> render.Html:
    """What the assets do to profit and cash by year, in thousands. held: what stands in the books before and after."""
    capped = any(abs(one.cash - one.counted) >= 0.5 for one in found)
    rows = [
        {"Year": str(one.year), "Benefits": one.benefits, "Running": -one.running, "Written off": -one.amortisation,
         "Before tax": one.before_tax, "Tax": -one.tax, "After tax": one.after_tax, "Capitalised": -one.development, "Cash": one.cash}
        | ({"Cash counted": one.counted} if capped else {})
        for one in found
    ]  # fmt: skip
    sums = [name for name in (rows[0] if rows else {}) if name != "Year"]
    more = f", plus the {words.money(held.closing, currency)} left in them at the end" if held.closing >= 0.5 else ""
    more += (
        f", plus {words.money(held.worn, currency)} by which rising prices lessen the charges"
        if held.worn >= 0.5
        else ""
    )
    caption = (
        f"Thousand {currency}, most likely, all groups; first and last period may be parts of a year. A failed development is written off "
        f"at its last payment, by its chance. Profit in all: cash less the {words.money(held.opening, currency)} in the books today{more}."
        + (" Counted: after a substitute's cap, as in the value." if capped else "")
    )
    return render.table(rows, dict.fromkeys(sums, words.thousands), caption, sums=sums, unless_zero=("Capitalised", "Written off"),
                        none="No money flows after the valuation date.")  # fmt: skip


def stops(found: Sequence[Any], currency: str) -> render.Html:
    """Prohibited assets: what stands in the books, what stopping costs, who needs them."""
    rows = [
        {"Asset": stop.asset_id, "In the books": stop.carrying, "Cost of stopping": stop.cost, "Salvage, net": stop.salvage,
         "Needed by": ", ".join(stop.needed_by) or "none"}
        for stop in found
    ]  # fmt: skip
    forms = dict.fromkeys(("In the books", "Cost of stopping", "Salvage, net"), _money(currency))
    caption = "Prohibited assets. What needs one of them earns nothing here, and has to be stopped or built without it."
    return render.table(rows, forms, caption, none="No asset is prohibited.")


def moves(bars: Sequence[tuple[Any, Any]], currency: str) -> render.Html:
    """Inputs moved alone: the value at both ends, and in words which way a higher input works."""
    rows = [
        {"Input": move.label, "Unit": move.unit, "Low": move.low_words, "High": move.high_words, "Value at low": bar.value_at_low,
         "Value at high": bar.value_at_high,
         "A higher input": "raises the value" if bar.value_at_high > bar.value_at_low else "lowers the value",
         "Grade": move.grade or words.missing()}
        for move, bar in bars
    ]  # fmt: skip
    caption = "The inputs that move the value of all groups that count most, each alone, all else most likely."
    forms = dict.fromkeys(("Value at low", "Value at high"), _money(currency))
    return render.table(rows, forms, caption, none="No input is uncertain.")


def data_resources(found: Sequence[Any], day: date, currency: str) -> render.Html:
    """Data resources as the Chinese provisions would show them."""
    rows = [
        {"Data": item.asset.asset_id, "Name": item.asset.name, "Spent before 2024 (not put back)": item.before,
         "Capitalised as intangible, own use": item.capitalised, f"Of which data resources, {words.date(day)}": item.carrying,
         "Legal control": item.asset.legal_control, "Personal data": item.asset.privacy_class, "Life": item.asset.useful_life_basis}
        for item in found
    ]  # fmt: skip
    forms = {
        name: _money(currency)
        for name in (rows[0] if rows else {})
        if name.startswith(("Spent", "Capitalised", "Of which"))
    }
    caption = "Data resources under the Chinese provisions, at cost: an appraised value is not booked. Source: assets.csv, costs.csv."
    return render.table(rows, forms, caption, none="No data asset is registered.")
