"""The rules that look at more than one value, and the step from a :class:`Draft` to a Client.

A rule is one function in ``CHECKS`` (refuses the folder) or ``ADVICE`` (a warning, never blocks). It gets
the draft and yields problems; it looks only at what could be read, so that one mistake is reported once.
Rules on one value (percent for fraction, dates, counts, codes, …) are in ``cells.py``.

Rules 19 and 20 do not refuse the folder. Their sentences say how such an asset is shown (only salvage;
income value not recognisable), which takes a client that was read: they are warnings here, ``Asset.withheld``
carries the reason, and the value chapter withholds the conclusion for that asset alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from lepton_nb.client.cells import ASSET_ID, CURRENCIES, did_you_mean, quoted
from lepton_nb.client.reading import CLIENT_YML, Draft, Row, repeated
from lepton_nb.client.schema import (
    TABLES,
    Client,
    Counts,
    Discount,
    Evaluation,
    OutcomeValue,
    PairedCount,
    Problem,
    Tax,
)

#: What each rule is about. Numbers above 100: advice.
RULES = {
    1: "files are there, can be opened and lie in the folder",
    2: "keys, columns, ids and allowed words",
    3: "rates are fractions",
    4: "currency is an ISO 4217 code",
    5: "one currency",
    6: "probabilities of the scenarios sum to 1",
    7: "growth stays below the discount rate",
    8: "low <= mode <= high",
    9: "costs are positive",
    10: "counts add up to n",
    11: "counts are whole numbers",
    12: "the same cases have the same classes",
    13: "an evaluation has positive cases",
    14: "a score lies between 0 and 1",
    15: "a class is 0 or 1",
    16: "ids are unique",
    17: "ids refer to something",
    18: "feeds has no cycle",
    19: "a prohibited system has no value as a going asset",
    20: "an asset is under legal control",
    21: "an actual lies before the valuation date",
    24: "a correlation lies between -1 and 1",
    29: "a model is compared with a baseline",
    30: "a baseline rests on enough cases",
    34: "dates are written YYYY-MM-DD",
    35: "files are UTF-8 text, numbers are plain and in range",
    39: "paired counts agree with the confusion matrix",
    101: "the client is real",
    102: "the client reads what is applied",
    103: "owners differ",
    104: "a deployed model is monitored",
    105: "half-life within the useful life",
    106: "benefits begin with the use of the asset",
    107: "benefits end with the life of the asset",
    108: "measurements are recent",
    109: "figures lie in the time that is valued",
}

ASSETS, COSTS, BENEFITS = "assets.csv", "costs.csv", "benefits.csv"
CONFUSION, OUTCOMES, PAIRED = "metrics/confusion.csv", "metrics/outcome_value.csv", "metrics/paired_counts.csv"
ACCEPTANCE, MONITORING = "metrics/acceptance.csv", "metrics/monitoring.csv"
CELLS = ("tp", "fp", "fn", "tn")

KNOWN_INPUTS = ("volume", "unit_value", "outcome_value", "cost", "gain")
SMALLEST_BASELINE = 40  # cases; with so few or fewer the conclusion is withheld
OLDEST_METRIC = 365  # days before the valuation date
SHOWN_ALIKE = 20  # problems of one rule in one column of one file; further ones are counted


@dataclass(frozen=True)
class Report:
    """What was found in a folder: a client, or problems; and warnings, which never block."""

    client: Client | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def judge(draft: Draft) -> Report:
    """Apply every rule to what was read; a client is built only when nothing is refused."""
    problems = list(draft.problems)
    for rule in CHECKS:
        problems.extend(rule(draft))
    warnings = list(draft.warnings)
    if problems:
        return Report(None, _in_order(problems), _in_order(warnings))
    for rule in ADVICE:
        warnings.extend(rule(draft))
    client = build(draft).model_copy(update={"warnings": _in_order(warnings)})
    return Report(client, (), client.warnings)


def report_text(report: Report) -> str:
    """The findings as plain text, file by file."""
    lines = []
    for title, findings in (("problem", report.problems), ("warning", report.warnings)):
        if findings:
            lines.append(f"{len(findings)} {title}{'s' if len(findings) > 1 else ''}")
        for file in dict.fromkeys(finding.file for finding in findings):
            lines.append(f"  {file}")
            lines += [f"    {finding.sentence}" for finding in findings if finding.file == file]
    return "\n".join(lines) or "no problem, no warning"


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By file, row and rule; many alike in one column become the first ones and a count."""
    files = [CLIENT_YML, *TABLES]
    ordered = sorted(
        problems,
        key=lambda p: (files.index(p.file) if p.file in files else len(files), p.file, p.row or 0, p.rule, p.column),
    )
    totals = Counter((p.file, p.column, p.rule) for p in ordered)
    seen: Counter = Counter()
    shown = []
    for problem in ordered:
        kind = (problem.file, problem.column, problem.rule)
        seen[kind] += 1
        if seen[kind] < SHOWN_ALIKE or totals[kind] == SHOWN_ALIKE:
            shown.append(problem)
        elif seen[kind] == SHOWN_ALIKE:
            more = totals[kind] - seen[kind]
            words = f"{problem.found} (and {more} more findings of this rule in this column)"
            shown.append(problem.model_copy(update={"found": words}))
    return tuple(shown)


# --- client.yml


def scenarios(draft: Draft) -> Iterator[Problem]:
    """Rule 6: the probabilities sum to 1. Rule 16: names differ."""
    given = draft.sections.get("scenarios", ())
    total = math.fsum(scenario.p for scenario in given)
    if given and abs(total - 1) > 1e-6:
        yield draft.in_yml(("scenarios",), f"probabilities sum to {total:.6g}", 6, "they must sum to 1 (within 1e-6)")
    for index, scenario in enumerate(given):
        if scenario.name in [other.name for other in given[:index]]:
            found = f"scenario {quoted(scenario.name)} stands here twice"
            yield draft.in_yml(("scenarios", index, "name"), found, 16, "give each scenario its own name")


def discount_parts(draft: Draft) -> Iterator[Problem]:
    """Rule 2: the method has what it needs, and nothing of the other method."""
    discount: Discount | None = draft.sections.get("discount")
    if discount is None:
        return
    parts = set(discount.BUILD_UP) | {"size_premium"}
    needed, idle = ({"wacc"}, parts) if discount.method == "given" else (set(discount.BUILD_UP), {"wacc"})
    given = {name for name in discount.model_fields_set if discount[name] is not None}
    for name in sorted(needed - given):
        yield draft.in_yml(("discount", name), "is missing", 2, f"method {discount.method} needs it")
    for name in sorted(idle & given):
        remedy = "remove it, or change the method: two ways to one rate may not stand side by side"
        yield draft.in_yml(("discount", name), f"is not used by method {discount.method}", 2, remedy)
    if discount.method == "build_up" and discount.debt_to_equity and discount.pre_tax_cost_of_debt == 0:
        found = f"0 with debt_to_equity {discount.debt_to_equity:g}"
        yield draft.in_yml(("discount", "pre_tax_cost_of_debt"), found, 2, "debt has a cost; give it, or no debt")


def cost_of_capital(discount: Discount, tax: Tax) -> float | None:
    """Weighted average cost of capital per year, given or built up; None when a part is missing.

    Levered beta by Hamada (1972): beta x (1 + (1 - tax) D/E). The value chapter computes it with
    ``lepton_nb.valuation``, which this package may not import; a test holds the two together.
    """
    if discount.method == "given" or any(discount[name] is None for name in discount.BUILD_UP):
        return discount.wacc
    leverage = discount.debt_to_equity
    beta = discount.beta_unlevered * (1 + (1 - tax.rate) * leverage)
    equity = discount.risk_free + beta * discount.equity_risk_premium + discount.size_premium
    return (equity + leverage * discount.pre_tax_cost_of_debt * (1 - tax.rate)) / (1 + leverage)


def growth_below_rate(draft: Draft) -> Iterator[Problem]:
    """Rule 7: a perpetuity that grows as fast as it is discounted has no value."""
    discount, tax = draft.sections.get("discount"), draft.sections.get("tax")
    if discount is None or tax is None or discount.terminal_growth is None:
        return
    capital = cost_of_capital(discount, tax)
    if capital is None:
        return
    kinds = {row.value.kind for row in draft.rows(ASSETS)} or {"data", "model", "infrastructure"}
    rate = capital + min(discount.asset_premium[kind] for kind in kinds)
    if discount.terminal_growth >= rate:
        found = f"terminal growth {100 * discount.terminal_growth:.4g} % >= discount rate {100 * rate:.4g} %"
        yield draft.in_yml(("discount", "terminal_growth"), found, 7, "the value would be infinite; lower the growth")


def correlation_pairs(draft: Draft) -> Iterator[Problem]:
    """Rule 24: a pair is given once, and is a pair."""
    settings = draft.sections.get("monte_carlo")
    seen: set[frozenset[str]] = set()
    for index, item in enumerate(settings.correlations if settings else ()):
        pair = frozenset((item.a, item.b))
        place = ("monte_carlo", "correlations", index)
        if len(pair) == 1 and item.rho < 0:
            yield draft.in_yml(place, f"{quoted(item.a)} with itself has rho {item.rho:g}", 24, "rho must be >= 0")
        if pair in seen:
            yield draft.in_yml(place, f"{quoted(item.a)} with {quoted(item.b)} stands here twice", 24, "keep one")
        seen.add(pair)


# --- money


def one_currency(draft: Draft) -> Iterator[Problem]:
    """Rule 5: a column ``currency``, and a unit that begins with a currency's code, agree with client.yml."""
    valuation = draft.sections.get("valuation")
    if valuation is None:
        return
    for file, column in ((COSTS, "currency"), (BENEFITS, "currency"), (OUTCOMES, "unit")):
        for row in draft.rows(file):
            code = (row.value[column] or "").replace(":", " ").split(" ")[0]
            if code in CURRENCIES and code != valuation.currency:
                found = f"currency {code} differs from {valuation.currency}"
                yield row.problem(column, found, 5, "convert the money, and give the rate in the text beside it")


def in_order(draft: Draft) -> Iterator[Problem]:
    """Rule 8: three points are complete and in order."""
    for file, prefixes in ((COSTS, ("",)), (BENEFITS, ("volume_", "unit_value_")), (OUTCOMES, ("",))):
        for row in draft.rows(file):
            if file == COSTS and row.value.kind == "actual":
                continue
            for prefix in prefixes:
                points = {name: getattr(row.value, prefix + name) for name in ("low", "mode", "high")}
                yield from (row.problem(*finding) for finding in _three_points(prefix, points))
    market = draft.sections.get("market")
    for index, rate in enumerate(market.royalty_rates if market else ()):
        for column, *finding in _three_points("", rate.rate._asdict()):
            yield draft.in_yml(("market", "royalty_rates", index, column), *finding)


def _three_points(prefix: str, points: dict[str, float | None]) -> Iterator[tuple[str, str, int, str]]:
    empty = [name for name, point in points.items() if point is None]
    if 0 < len(empty) < 3:
        yield prefix + empty[0], "is empty", 8, "give low, mode and high, all three"
    for first, second in (("low", "mode"), ("mode", "high")):
        left, right = points[first], points[second]
        if left is not None and right is not None and left > right:
            found = f"{prefix}{first} {left:.10g} > {prefix}{second} {right:.10g}"
            yield prefix + first, found, 8, "need low <= mode <= high"


def actual_or_forecast(draft: Draft) -> Iterator[Problem]:
    """Rule 2: an actual has an amount, a forecast has low, mode and high, and none has both."""
    for row in draft.rows(COSTS):
        points = [name for name in ("low", "mode", "high") if row.value[name] is not None]
        paid = row.value.actual is not None
        if row.value.kind == "actual":
            if not paid:
                yield row.problem("amount", "is empty", 2, "an actual needs its amount; a plan has kind forecast")
            if points:
                yield row.problem(points[0], "is given for an actual", 2, "an actual has an amount alone")
        else:
            if not points:
                yield row.problem("low", "is empty", 2, "a forecast needs low, mode and high")
            if paid:
                yield row.problem("amount", "is given for a forecast", 2, "a forecast has low, mode and high alone")


def past_actuals(draft: Draft) -> Iterator[Problem]:
    """Rule 21: what has been paid lies before the valuation date."""
    valuation = draft.sections.get("valuation")
    for row in draft.rows(COSTS) if valuation else ():
        if row.value.kind == "actual" and row.value.date > valuation.date:
            found = f"actual dated {row.value.date} after the valuation date {valuation.date}"
            yield row.problem("date", found, 21, "make it a forecast with low, mode and high, or correct the date")


def benefits_given(draft: Draft) -> Iterator[Problem]:
    """Rule 1: assets and benefits are given; benefits may be missing for accounting alone."""
    if draft.tables.get(ASSETS) == []:
        yield Problem(file=ASSETS, row=None, column="", found="has no rows", rule=1, remedy="list at least one asset")
    valuation = draft.sections.get("valuation")
    if valuation and valuation.purpose != "accounting_only" and draft.tables.get(BENEFITS) == []:
        remedy = "give the benefits; only purpose accounting_only goes without"
        yield Problem(file=BENEFITS, row=None, column="", found="has no rows", rule=1, remedy=remedy)


def unit_value_or_link(draft: Draft) -> Iterator[Problem]:
    """Rule 2: a benefit has a unit value, or a link to an evaluation that gives it."""
    for row in draft.rows(BENEFITS):
        link = row.value.metric_link
        given = [name for name in ("low", "mode", "high") if row.value[f"unit_value_{name}"] is not None]
        if link.kind == "confusion" and given:
            remedy = "leave it empty (the evaluation gives the unit value), or write metric_link none"
            yield row.problem(f"unit_value_{given[0]}", "is given beside a link to an evaluation", 2, remedy)
        if link.kind != "confusion" and not given:
            remedy = "give the value of one unit, or link the evaluation that measures it (confusion:<evaluation_id>)"
            yield row.problem("unit_value_low", "is empty", 2, remedy)


# --- ids


def unique_ids(draft: Draft) -> Iterator[Problem]:
    """Rule 16: the key of a row comes once."""
    for file, table in TABLES.items():
        if table.key:
            yield from repeated(draft.tables.get(file, ()), table.key)


def known_assets(draft: Draft) -> Iterator[Problem]:
    """Rule 17: an asset that is named anywhere is in assets.csv."""
    known = _asset_ids(draft)
    if not known:
        return
    for file in TABLES:
        for row in draft.tables.get(file, ()):
            name = row.cells.get("asset_id", "")
            if file != ASSETS and name not in known and ASSET_ID.fullmatch(name):
                yield row.problem("asset_id", *_dangling(name, known))
    for row in draft.rows(ASSETS):
        for name in row.value.feeds:
            if name not in known:
                yield row.problem("feeds", *_dangling(name, known))
    for name in draft.predictions:
        if name not in known:
            file = f"metrics/predictions_{name}.csv"
            found, rule, remedy = _dangling(name, known)
            yield Problem(file=file, row=None, column="", found=found, rule=rule, remedy=remedy)
    market = draft.sections.get("market")
    items = {("market", "royalty_rates"): market.royalty_rates if market else ()}
    items["options",] = draft.sections.get("options", ())
    for path, entries in items.items():
        for index, entry in enumerate(entries):
            if entry.asset_id not in known:
                yield draft.in_yml((*path, index, "asset_id"), *_dangling(entry.asset_id, known))


def _asset_ids(draft: Draft) -> set[str]:
    """The ids of the register; empty when one of them is refused, since others may refer to it."""
    ids = {row.cells.get("asset_id", "") for row in draft.tables.get(ASSETS, ())}
    return ids if all(ASSET_ID.fullmatch(name) for name in ids) else set()


def _dangling(name: str, known: set[str]) -> tuple[str, int, str]:
    found = f"asset_id {quoted(name)} is not in assets.csv"
    return found, 17, did_you_mean(name, known) or "add the asset or correct the id"


def known_measurements(draft: Draft) -> Iterator[Problem]:
    """Rule 17: linked evaluations and acceptance tests exist, with a value of each outcome."""
    evaluations, accepted = draft.names(CONFUSION, "evaluation_id"), draft.names(ACCEPTANCE, "asset_id")
    if accepted and not accepted <= _asset_ids(draft):
        accepted = None  # an id in that file is refused already
    linked: dict[str, Row] = {}
    for row in draft.rows(BENEFITS):
        kind, name = row.value.metric_link
        known, file = (evaluations, CONFUSION) if kind == "confusion" else (accepted, ACCEPTANCE)
        if kind == "none" or known is None:
            continue
        if name not in known:
            found = f"{kind} {quoted(name)} is not in {file}"
            yield row.problem("metric_link", found, 17, did_you_mean(name, known) or f"add it to {file}, or write none")
        elif kind == "confusion":
            linked.setdefault(name, row)
    for file in (OUTCOMES, PAIRED):
        for row in draft.tables.get(file, ()):
            name = row.cells.get("evaluation_id")
            if evaluations is not None and name and name not in evaluations:
                found = f"evaluation {quoted(name)} is not in {CONFUSION}"
                yield row.problem("evaluation_id", found, 17, did_you_mean(name, evaluations) or "correct the id")
    if OUTCOMES in draft.unreadable:
        return
    given: dict[str, set[str]] = {name: set() for name in linked}
    for row in draft.tables.get(OUTCOMES, ()):
        given.setdefault(row.cells.get("evaluation_id", ""), set()).add(row.cells.get("outcome", ""))
    for name, outcomes in given.items():
        lacking = [outcome for outcome in CELLS if outcome not in outcomes]
        if not lacking or not outcomes <= {*CELLS} or name not in (evaluations or ()):
            continue  # a misspelt outcome is reported as such
        why = f"row {linked[name].line} of benefits.csv rests on it" if name in linked else "all four are needed"
        found = f"evaluation {quoted(name)} has no value of {', '.join(lacking)} in {OUTCOMES}"
        remedy = f"give low, mode and high of each outcome; {why}"
        row = linked.get(name)
        if row is not None:
            yield row.problem("metric_link", found, 17, remedy)
        else:
            yield Problem(file=OUTCOMES, row=None, column="outcome", found=found, rule=17, remedy=remedy)


def no_cycle(draft: Draft) -> Iterator[Problem]:
    """Rule 18: nothing feeds itself, not even by a detour. Each cycle is reported once."""
    feeds = {row.value.asset_id: row.value.feeds for row in draft.rows(ASSETS)}
    rows = {row.value.asset_id: row for row in draft.rows(ASSETS)}
    finished: set[str] = set()
    for start in feeds:
        path, stack = [start], [iter(feeds[start])]  # depth first, without recursion: registers may be long
        while stack and start not in finished:
            step = next(stack[-1], None)
            if step is None:
                finished.add(path.pop())
                stack.pop()
            elif step in path:
                cycle = " -> ".join([*path[path.index(step) :], step])
                remedy = "remove one of these feeds: value flows one way"
                yield rows[path[-1]].problem("feeds", f"{cycle} is a cycle", 18, remedy)
            elif step in feeds and step not in finished:
                path.append(step)
                stack.append(iter(feeds[step]))


def success_before_deployment(draft: Draft) -> Iterator[Problem]:
    """Rule 2: a probability of technical success belongs to what is still in development."""
    for row in draft.rows(ASSETS):
        asset = row.value
        if asset.p_technical_success is not None and (asset.deployed or asset.lifecycle_stage == "retired"):
            found = f"is given for an asset in stage {asset.lifecycle_stage}"
            yield row.problem("p_technical_success", found, 2, "leave it empty: the asset exists")


# --- evaluations


def _evaluation_rows(draft: Draft) -> dict[str, tuple[list[Row], list[Row]]]:
    """Rows of the model and of the baseline by evaluation, refused rows included."""
    groups: dict[str, tuple[list[Row], list[Row]]] = {}
    for row in draft.tables.get(CONFUSION, ()):
        if name := row.cells.get("evaluation_id"):
            groups.setdefault(name, ([], []))["asset_id" not in row.cells].append(row)
    return groups


def model_and_baseline(draft: Draft) -> Iterator[Problem]:
    """Rule 29: one row of the model and one of the baseline."""
    for name, (models, baselines) in _evaluation_rows(draft).items():
        first = (models + baselines)[0]
        if not baselines:
            remedy = "add a row without asset_id; the value of a model is the difference to what you did before"
            yield first.problem("asset_id", f"evaluation {quoted(name)}: no baseline row", 29, remedy)
        if not models:
            remedy = "give the asset_id in the model's row; only the baseline's is empty"
            yield first.problem("asset_id", f"evaluation {quoted(name)}: no row of a model", 29, remedy)
        for rows, what in ((models, "models"), (baselines, "baselines")):
            if len(rows) > 1:
                lines = " and ".join(str(row.line) for row in rows)
                found = f"evaluation {quoted(name)}: {len(rows)} {what} (rows {lines})"
                yield rows[1].problem("asset_id", found, 29, "give each comparison its own evaluation_id")


def counts_add_up(draft: Draft) -> Iterator[Problem]:
    """Rule 10: the four cells sum to n; no more answers are accepted than judged."""
    for row in draft.rows(CONFUSION):
        total = _counts(row).n
        if total != row.value.n:
            found = f"tp+fp+fn+tn = {total}, n = {row.value.n}"
            yield row.problem("n", found, 10, "correct the count that is wrong")
    for row in draft.rows(ACCEPTANCE):
        if row.value.accepted > row.value.n:
            found = f"accepted_without_edit {row.value.accepted} > n {row.value.n}"
            yield row.problem("accepted_without_edit", found, 10, "correct the count that is wrong")


def classes_agree(draft: Draft) -> Iterator[Problem]:
    """Rule 12: on the same cases both policies meet the same classes. Rule 13: there are positive cases.

    The cases are the same where the baseline's sample says so ("same …", or the model's own words), or
    where paired counts are given.
    """
    for name, model, baseline in _pairs(draft):
        if _counts(model).positives == 0:
            found = f"evaluation {quoted(name)}: no positive case (tp + fn = 0)"
            yield model.problem("tp", found, 13, "recall and value of a detection cannot be estimated; add cases")
        if baseline is None or not _same_cases(draft, name, model, baseline):
            continue
        for what, cells in (("positives", ("tp", "fn")), ("negatives", ("fp", "tn"))):
            ours, theirs = (sum(row.value[cell] for cell in cells) for row in (model, baseline))
            if ours != theirs:
                found = (
                    f'evaluation {quoted(name)}: {what} {ours} (model) and {theirs} (baseline) on "same cases" differ'
                )
                yield baseline.problem(cells[0], found, 12, "correct the counts, or describe the other cases in sample")
                break


def _pairs(draft: Draft) -> Iterator[tuple[str, Row, Row | None]]:
    """Evaluations with a sound row of the model, and that of the baseline if it is sound and adds up."""
    for name, (models, baselines) in _evaluation_rows(draft).items():
        sound = [row for row in (*models[:1], *baselines[:1]) if row.value and _counts(row).n == row.value.n]
        if models and models[0] in sound:
            yield name, models[0], baselines[0] if baselines and baselines[0] in sound else None


def _counts(row: Row) -> Counts:
    return Counts(**{cell: row.value[cell] for cell in CELLS})


def _same_cases(draft: Draft, name: str, model: Row, baseline: Row) -> bool:
    sample = baseline.value.sample.lower()
    paired = draft.names(PAIRED, "evaluation_id") or ()
    return sample.startswith("same") or sample == model.value.sample.lower() or name in paired


def paired_margins(draft: Draft) -> Iterator[Problem]:
    """Rule 39: the paired counts have 8 rows, and sum to the confusion matrix of both policies."""
    groups: dict[str, list[Row]] = {}
    for row in draft.tables.get(PAIRED, ()):
        groups.setdefault(row.cells.get("evaluation_id", ""), []).append(row)
    broken = {quoted(name) for name, *_ in _pairs(draft)} & {
        problem.found.split(": ")[0].removeprefix("evaluation ") for problem in classes_agree(draft)
    }
    for name, model, baseline in _pairs(draft):
        rows = groups.get(name, [])
        if not rows or any(row.value is None for row in rows):
            continue
        cells = {(row.value.y_true, row.value.flagged_by_model, row.value.flagged_by_baseline) for row in rows}
        if len(cells) != 8:
            found = f"evaluation {quoted(name)}: {len(cells)} of the 8 combinations"
            yield rows[0].problem("evaluation_id", found, 39, "give all 8 rows, those with count 0 too")
            continue
        if baseline is None or quoted(name) in broken or len(rows) > 8:
            continue
        for policy, side in ((model, "model"), (baseline, "baseline")):
            for cell, y_true, flagged in (("tp", 1, 1), ("fp", 0, 1), ("fn", 1, 0), ("tn", 0, 0)):
                alike = [r.value for r in rows if (r.value.y_true, r.value[f"flagged_by_{side}"]) == (y_true, flagged)]
                total = sum(item.count for item in alike)
                if total != policy.value[cell]:
                    found = f"{side} {cell} from pairs {total}, {CONFUSION} says {policy.value[cell]}"
                    yield rows[0].problem("count", found, 39, f"correct one of the two (evaluation {quoted(name)})")


#: Rules that refuse the folder. A new rule is a function above and a name here.
CHECKS = (
    scenarios,
    discount_parts,
    growth_below_rate,
    correlation_pairs,
    one_currency,
    in_order,
    actual_or_forecast,
    past_actuals,
    benefits_given,
    unit_value_or_link,
    unique_ids,
    known_assets,
    known_measurements,
    no_cycle,
    success_before_deployment,
    model_and_baseline,
    counts_add_up,
    classes_agree,
    paired_margins,
)


# --- advice: the draft is sound when these run


def synthetic(draft: Draft) -> Iterator[Problem]:
    """The client is invented."""
    if draft.sections["client"].synthetic:
        found, remedy = "true: an invented client", "every page says so; write false for a real client"
        yield draft.in_yml(("client", "synthetic"), found, 101, remedy)


def not_applied(draft: Draft) -> Iterator[Problem]:
    """Settings that are read and change nothing."""
    owners = {row.value.asset_id for row in draft.rows(ASSETS)} | (draft.names(CONFUSION, "evaluation_id") or set())
    for index, item in enumerate(draft.sections["monte_carlo"].correlations):
        unknown = [
            name
            for name in (item.a, item.b)
            if name not in KNOWN_INPUTS and name.partition(".")[0] not in owners  # asset.driver.volume names one input
        ]
        if unknown:
            found = f"{' and '.join(quoted(name) for name in unknown)}: no input of that name, not applied"
            near = did_you_mean(unknown[0], KNOWN_INPUTS) or f"known inputs: {', '.join(KNOWN_INPUTS)}"
            yield draft.in_yml(("monte_carlo", "correlations", index), found, 102, near)
    if draft.sections["discount"].terminal_growth is not None:
        found = "not applied: the value ends at the horizon"
        yield draft.in_yml(
            ("discount", "terminal_growth"), found, 102, "nothing to do; a longer horizon counts more years"
        )


def withheld(draft: Draft) -> Iterator[Problem]:
    """Rules 19 and 20: assets whose conclusion is withheld."""
    for row in draft.rows(ASSETS):
        if row.value.withheld:
            prohibited = row.value.eu_ai_act_class == "prohibited"
            column, rule = ("eu_ai_act_class", 19) if prohibited else ("legal_control", 20)
            remedy = "stop its use" if prohibited else "find the contract, licence or title"
            yield row.problem(column, f"{row.value.asset_id} is {row.value.withheld}", rule, remedy)


def single_owner(draft: Draft) -> Iterator[Problem]:
    """One owner answers for everything."""
    live = [row for row in draft.rows(ASSETS) if row.value.lifecycle_stage != "retired"]
    owners = {row.value.owner for row in live}
    if len(live) >= 3 and len(owners) == 1 and owners != {""}:
        found = f"{quoted(owners.pop())} owns all {len(live)} assets"
        yield live[0].problem(
            "owner", found, 103, "name a deputy, or give data, models and their check to different people"
        )


def unmonitored(draft: Draft) -> Iterator[Problem]:
    """A model in use without a row in monitoring.csv."""
    monitored = draft.names(MONITORING, "asset_id") or set()
    for row in draft.rows(ASSETS):
        if row.value.kind == "model" and row.value.deployed and row.value.asset_id not in monitored:
            found = f"{row.value.asset_id} is in use and not in {MONITORING}"
            yield row.problem("lifecycle_stage", found, 104, "measure it: without monitoring its decay is a guess")


def half_life(draft: Draft) -> Iterator[Problem]:
    """A half-life beyond the useful life."""
    for row in draft.rows(ASSETS):
        asset = row.value
        if asset.half_life_years is not None and asset.half_life_years > asset.useful_life_years:
            found = f"half-life {asset.half_life_years:g} years > useful life {asset.useful_life_years:g} years"
            yield row.problem("half_life_years", found, 105, "check which of the two is meant")


def outside_the_life(draft: Draft) -> Iterator[Problem]:
    """Benefits before the first day of use, or after the useful life; the first such row of a driver is named."""
    assets = {row.value.asset_id: row.value for row in draft.rows(ASSETS)}
    seen = set()
    for row in draft.rows(BENEFITS):
        asset = assets[row.value.asset_id]
        if asset.in_service_date is None or row.value.adoption == 0:
            continue
        end = _years_later(asset.in_service_date, asset.useful_life_years)
        early, late = row.value.year < asset.in_service_date.year, date(row.value.year, 12, 31) > end
        kind = (row.value.asset_id, row.value.driver_id, early)
        if (early or late) and kind not in seen:
            seen.add(kind)
            what = f"{asset.asset_id} {quoted(row.value.driver_id)}"
            if early:
                found = f"{what}: benefit of {row.value.year} before the first day of use, {asset.in_service_date}"
                yield row.problem("year", found, 106, "check the year and in_service_date")
            else:
                found = f"{what}: benefits from {row.value.year} on reach past the useful life, which ends on {end}"
                yield row.problem("year", found, 107, "check useful_life_years, or plan the replacement as a cost")


def _years_later(day: date, years: float) -> date:
    """The day ``years`` after ``day``; 29 February becomes 28 where it must; years of 365.25 days for a fraction."""
    whole = int(min(years, 1000))
    part = timedelta(days=round((min(years, 1000) - whole) * 365.25))
    year = day.year + whole
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) and not leap else day.day) + part


def old_metrics(draft: Draft) -> Iterator[Problem]:
    """Measurements more than a year before the valuation date, or after it."""
    today = draft.sections["valuation"].date
    models = [row for rows, _ in _evaluation_rows(draft).values() for row in rows]
    for row in [*models, *draft.rows(ACCEPTANCE)]:
        age = (today - row.value.evaluated_on).days
        if age > OLDEST_METRIC:
            found = f"measured on {row.value.evaluated_on}, more than 12 months before the valuation date {today}"
            yield row.problem("evaluated_on", found, 108, "measure again before relying on it")
        if age < 0:
            found = f"measured on {row.value.evaluated_on}, after the valuation date {today}"
            yield row.problem("evaluated_on", found, 108, "was it known on the valuation date? Else check both dates")


def small_baseline(draft: Draft) -> Iterator[Problem]:
    """Rule 30: a baseline of few cases."""
    for _, baselines in _evaluation_rows(draft).values():
        for row in baselines:
            if row.value.n <= SMALLEST_BASELINE:
                found = f"baseline n = {row.value.n}: interval shown, conclusion withheld"
                yield row.problem("n", found, 30, f"measure the baseline on more than {SMALLEST_BASELINE} cases")


def outside_the_time(draft: Draft) -> Iterator[Problem]:
    """Benefits and forecasts before the valuation date or after the horizon: they do not enter the value."""
    valuation = draft.sections["valuation"]
    start, end = valuation.date, _years_later(valuation.date, valuation.horizon_years)
    for row in draft.rows(BENEFITS):
        if not start.year <= row.value.year <= end.year:
            yield row.problem(
                "year", f"{row.value.year} lies outside {start} to {end}", 109, "it does not enter the value"
            )
    for row in draft.rows(COSTS):
        if row.value.kind == "forecast" and not start <= row.value.date <= end:
            yield row.problem(
                "date", f"{row.value.date} lies outside {start} to {end}", 109, "it does not enter the value"
            )


#: Rules that never block. A new one is a function above and a name here.
ADVICE = (
    synthetic,
    not_applied,
    withheld,
    single_owner,
    unmonitored,
    half_life,
    outside_the_life,
    old_metrics,
    small_baseline,
    outside_the_time,
)


# --- the client


def build(draft: Draft) -> Client:
    """The client of a draft that no rule refused."""

    def values(file: str) -> tuple:
        return tuple(row.value for row in draft.rows(file))

    return Client(
        **draft.sections,
        assets=values(ASSETS),
        costs=values(COSTS),
        benefits=values(BENEFITS),
        evaluations=tuple(_evaluation(draft, name, *rows) for name, rows in _evaluation_rows(draft).items()),
        acceptance=values(ACCEPTANCE),
        monitoring=values(MONITORING),
        usage=values("usage.csv"),
        scores=values("scores.csv"),
        predictions=tuple(draft.predictions.values()),
    )


def _evaluation(draft: Draft, name: str, models: list[Row], baselines: list[Row]) -> Evaluation:
    model, baseline = models[0], baselines[0]
    values = {r.value.outcome: r.value.value for r in draft.rows(OUTCOMES) if r.value.evaluation_id == name}
    pairs = sorted(
        (
            (r.value.y_true, r.value.flagged_by_model, r.value.flagged_by_baseline, r.value.count)
            for r in draft.rows(PAIRED)
            if r.value.evaluation_id == name
        ),
        reverse=True,
    )
    return Evaluation(
        evaluation_id=name,
        asset_id=model.value.asset_id,
        evaluated_on=model.value.evaluated_on,
        sample=model.value.sample,
        n=model.value.n,
        model=_counts(model),
        baseline=_counts(baseline),
        model_policy=model.value.policy,
        baseline_policy=baseline.value.policy,
        paired=tuple(PairedCount(y_true=y, model=m, baseline=b, count=c) for y, m, b, c in pairs) or None,
        outcome_value=OutcomeValue(**values) if values else None,
    )
