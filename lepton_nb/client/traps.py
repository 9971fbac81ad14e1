"""Figures that can be read and probably mean something else: each is a note, and is read as it stands.

Like ``advice.py``: a rule is a function in ``TRAPS`` that gets a sound draft and yields warnings.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches

from lepton_nb.client import privacy
from lepton_nb.client.drafts import Draft, Row, leaves
from lepton_nb.client.fields import columns, is_number
from lepton_nb.client.rules.measured import counts, evaluation_rows
from lepton_nb.client.schema import (
    ASSETS,
    BENEFITS,
    CONFUSION,
    COSTS,
    MONEY,
    MONITORING,
    OUTCOMES,
    TABLES,
    Predictions,
    Problem,
)
from lepton_nb.client.tables import has_commas, with_commas
from lepton_nb.client.words import printable, quoted
from lepton_nb.terms import OTHER_METRICS, RATES

#: Rates above which a note asks: largest usual value by section and key of client.yml.
USUAL = {
    "discount": {
        "wacc": 0.30, "risk_free": 0.15, "equity_risk_premium": 0.15, "size_premium": 0.15,
        "pre_tax_cost_of_debt": 0.30, "inflation": 0.25, "beta_unlevered": 4.0, "debt_to_equity": 9.0,
    },
    "tax": {"rate": 0.60},
}  # fmt: skip
LARGEST_PREMIUM = 0.40  # of a kind of asset or a named risk, a year
LARGEST_VOLATILITY = 2.0  # a year
HUNDREDFOLD = 100.0
SURPRISE = 4.0  # standard errors between two measurements of one thing
THOUSANDS = re.compile(r"[1-9]\d{0,2}(\.\d{3})+|[1-9]\d{0,2}\.000", re.ASCII)
_PHONE = re.compile(r"(?:\+|\b00)\d[\d /().-]{6,}\d|\b0\d{2,4}[ /.-]\d[\d ./-]{4,}\d")


def costs_once(draft: Draft) -> Iterator[Problem]:
    """Rule 113: rows of costs that repeat earlier ones, as pasting twice leaves them."""
    seen: dict[tuple, Row] = {}
    again = []
    for row in draft.rows(COSTS):
        key = tuple(sorted(row.cells.items()))
        if key in seen:
            again.append((row, seen[key]))
        seen.setdefault(key, row)
    if again:
        first, earlier = again[0]
        more = f", and {len(again) - 1} more rows repeat earlier ones" if len(again) > 1 else ""
        found = f"repeats row {earlier.line} in every cell{more}; all of them count"
        yield first.problem("", found, 113, "if a table was pasted twice, delete the copy; if not, say so in source")


def thousands(draft: Draft) -> Iterator[Problem]:
    """Rule 114: 310.000 is read as 310; a table of thousands and a table of decimals look alike."""
    for file, table in TABLES.items():
        numbers = {name: info for name, info in columns(table.type).items() if is_number(info)}
        for row in draft.rows(file):
            for name, info in numbers.items():
                text = row.cells.get(name, "")
                money = info.json_schema_extra["unit"] == MONEY
                if "." in text and THOUSANDS.fullmatch(text) and (money or text.endswith(".000")):
                    found, remedy = f"{text} is read as {float(text):.10g}", "write it without a point"
                    if has_commas(file, draft):
                        found, remedy = with_commas(found), "write it without a comma"
                    yield row.problem(name, found, 114, f"if {text.replace('.', '')} is meant, {remedy}")
    for path, text in leaves(draft.settings, ()):
        if "." in text and re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+", text, re.ASCII) and path[-1] in ("cost", "salvage"):
            found = f"{text} is read as {float(text):.10g}"
            remedy = f"if {text.replace('.', '')} is meant, write it without a point"
            yield draft.in_yml(path, found, 114, remedy)


def scored_cases(draft: Draft) -> Iterator[Problem]:
    """Rule 115: scores that are those of class 0, that are decisions, or that contradict the evaluation of their model."""
    for asset_id, cases in draft.predictions.items():
        file = f"metrics/predictions_{asset_id}.csv"
        for column, found, remedy in [*_odd_scores(cases), *_against_evaluation(draft, asset_id, cases)]:
            yield Problem(file=file, row=None, column=column, found=found, rule=115, remedy=remedy)


def _odd_scores(cases: Predictions) -> Iterator[tuple[str, str, str]]:
    if len(set(cases.score[:1000])) <= 2 and set(cases.score) <= {0.0, 1.0}:
        remedy = "give the model's probability: a threshold, a curve and a calibration need it"
        yield "score", "every score is 0 or 1: decisions, not probabilities", remedy
    area, error = auc(cases)
    if area < 0.5 - SURPRISE * error:
        remedy = "if the scores are those of class 0, write 1 minus the score"
        yield "score", f"cases of class 1 have the lower scores (AUC {area:.2f})", remedy


def auc(cases: Predictions) -> tuple[float, float]:
    """Area under the ROC curve, and its standard error where scores say nothing (Mann and Whitney)."""
    import numpy as np  # costs a tenth of a second

    score, positive = np.asarray(cases.score), np.asarray(cases.y_true, dtype=bool)
    ones, zeros = int(positive.sum()), int((~positive).sum())
    _, place, size = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(size) - (size - 1) / 2  # mean rank of equal scores
    ranks = float(middle[place][positive].sum())
    area = (ranks - ones * (ones + 1) / 2) / (ones * zeros)
    return area, math.sqrt((ones + zeros + 1) / (12 * ones * zeros))


def _against_evaluation(draft: Draft, asset_id: str, cases: Predictions) -> Iterator[tuple[str, str, str]]:
    """The share of class 1, and what a cut finds that flags as many, beside the confusion matrix."""
    for name, (models, _) in evaluation_rows(draft).items():
        if not models or models[0].value.asset_id != asset_id:
            continue
        table, n = counts(models[0]), len(cases.score)
        ones = sum(cases.y_true)
        remedy = f"check which of the two is current: both are shown as results of {asset_id}"
        if _far(ones, n, table.positives, table.n):
            found = f"{100 * ones / n:.3g} % of the cases are of class 1, {100 * table.positives / table.n:.3g} % in "
            yield "y_true", f"{found}{CONFUSION} ({quoted(name)})", remedy
            continue
        flagged = round(n * (table.tp + table.fp) / table.n)
        if not flagged:
            continue
        cut = sorted(cases.score, reverse=True)[flagged - 1]
        found_ones = sum(y for y, score in zip(cases.y_true, cases.score, strict=True) if score >= cut)
        if _far(found_ones, ones, table.tp, table.positives):
            share, other = 100 * found_ones / ones, 100 * table.tp / table.positives
            found = (
                f"a cut that flags as many finds {share:.3g} % of class 1, {CONFUSION} ({quoted(name)}) {other:.3g} %"
            )
            yield "score", found, remedy


def _far(one: int, of_one: int, other: int, of_other: int) -> bool:
    """Whether two shares differ by more than chance would have it (pooled standard error)."""
    if not of_one or not of_other:
        return False
    pooled = (one + other) / (of_one + of_other)
    error = math.sqrt(pooled * (1 - pooled) * (1 / of_one + 1 / of_other))
    return abs(one / of_one - other / of_other) > SURPRISE * error + 1e-12


def order_of_outcomes(draft: Draft) -> Iterator[Problem]:
    """Rule 116: a miss is worth no more than a detection, a false alarm no more than a case rightly left alone."""
    money: dict[str, dict[str, Row]] = {}
    for row in draft.rows(OUTCOMES):
        money.setdefault(row.value.evaluation_id, {})[row.value.outcome] = row
    for rows in money.values():
        for bad, found in _upside_down({outcome: row.value.mode for outcome, row in rows.items()}):
            yield rows[bad].problem("mode", found, 116, IS_THE_SIGN_MISSING)
    for index, case in enumerate(draft.sections.get("cases", ())):
        own = case.outcome_value
        modes = {} if own is None else {name: own[name].mode for name in ("tp", "fn", "fp", "tn")}
        for bad, found in _upside_down(modes):
            yield draft.in_yml(("cases", index, "outcome_value", bad), found, 116, IS_THE_SIGN_MISSING)


IS_THE_SIGN_MISSING = "a loss is negative: is the sign missing?"


def _upside_down(modes: dict[str, float]) -> Iterator[tuple[str, str]]:
    """Outcomes that are worse and worth more, with the finding. modes: most likely money by outcome."""
    for bad, good, words in (("fn", "tp", "a miss"), ("fp", "tn", "a false alarm")):
        if bad in modes and good in modes and modes[bad] > modes[good]:
            yield bad, f"{words} ({bad}) is worth {modes[bad]:.10g}, more than {good} {modes[good]:.10g}"


def usual_rates(draft: Draft) -> Iterator[Problem]:
    """Rule 117: rates beyond what is usual, which a misplaced point makes."""
    for name, limits in USUAL.items():
        section = draft.sections[name]
        for key, limit in limits.items():
            if section[key] is not None and section[key] > limit:
                yield _unusual(draft, (name, key), section[key], limit)
    discount = draft.sections["discount"]
    for kind, premium in discount.asset_premium.model_dump().items():
        if premium > LARGEST_PREMIUM:
            yield _unusual(draft, ("discount", "asset_premium", kind), premium, LARGEST_PREMIUM)
    for index, item in enumerate(discount.specific_premiums):
        if item.rate > LARGEST_PREMIUM:
            yield _unusual(draft, ("discount", "specific_premiums", index, "rate"), item.rate, LARGEST_PREMIUM)
    for index, option in enumerate(draft.sections.get("options", ())):
        if option.volatility > LARGEST_VOLATILITY:
            yield _unusual(draft, ("options", index, "volatility"), option.volatility, LARGEST_VOLATILITY)


def _unusual(draft: Draft, path: tuple, value: float, limit: float) -> Problem:
    found = f"{value:g} is more than {limit:g}, which is rarely exceeded"
    return draft.in_yml(path, found, 117, "is a figure before the point too many? If it is right, give its source")


def one_spelling(draft: Draft) -> Iterator[Problem]:
    """Rule 118: texts that name one thing in two ways: capitals, blanks, composed and decomposed letters."""
    for file, table in TABLES.items():
        names = [name for name in columns(table.type) if name in _NAMING]
        for name in names:
            texts: dict[str, Row] = {}
            for row in draft.rows(file):
                if text := row.cells.get(name):
                    texts.setdefault(text, row)
            for text, twin in _twins(list(texts)):
                found = f"{quoted(text)} and {quoted(twin)} (row {texts[twin].line}) read alike and are two{_how(text, twin)}"
                yield texts[text].problem(name, found, 118, "write one of them everywhere")
    named: dict[str, Row] = {}
    for row in draft.rows(ASSETS):
        if row.value.name in named:
            found = f"{row.value.asset_id} and {named[row.value.name].value.asset_id} are both named {quoted(row.value.name)}"
            yield row.problem("name", found, 118, "give each its own name: pages print it")
        named.setdefault(row.value.name, row)
    for asset_id, cases in draft.predictions.items():
        for text, twin in _twins(sorted({group for group in cases.group if group is not None})):
            found = f"groups {quoted(text)} and {quoted(twin)} read alike and are two{_how(text, twin)}"
            file = f"metrics/predictions_{asset_id}.csv"
            yield Problem(
                file=file, row=None, column="group", found=found, rule=118, remedy="write one of them everywhere"
            )


#: Columns whose texts name something that other rows name again.
_NAMING = (
    "driver_id",
    "evaluation_id",
    "unit",
    "category",
    "owner",
    "rater",
    "metric",
    "policy",
    "blocks",
    "comparable",
)


def _twins(texts: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of different texts that are the same to a reader; the later one first."""
    seen: dict[str, str] = {}
    for text in texts:
        plain = re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", text)).casefold()
        if plain in seen:
            yield text, seen[plain]
        seen.setdefault(plain, text)


def _how(text: str, twin: str) -> str:
    same = unicodedata.normalize("NFC", text) == unicodedata.normalize("NFC", twin)
    return " (one with composed, one with decomposed letters)" if same else ""


def known_metrics(draft: Draft) -> Iterator[Problem]:
    """Rule 118: the name of a metric that is nearly one that money can be computed from."""
    seen = set()
    for row in draft.rows(MONITORING):
        name = row.value.metric
        plain = re.sub(r"[\s-]+", "_", name.strip().lower())
        if name not in (*RATES, *OTHER_METRICS) and name not in seen:
            seen.add(name)
            alike = get_close_matches(plain, RATES, 1, 0.8)
            if near := plain if plain in RATES else _SYNONYMS.get(plain) or "".join(alike):
                found = f"{quoted(name)} is shown, and no money is computed from it"
                yield row.problem("metric", found, 118, f'if it is that, write "{near}"')


#: Other names of shares of cases.
_SYNONYMS = {
    "sensitivity": "recall",
    "true_positive_rate": "recall",
    "tpr": "recall",
    "hit_rate": "recall",
    "fpr": "false_alarm_rate",
    "false_positive_rate": "false_alarm_rate",
    "fall_out": "false_alarm_rate",
    "tnr": "specificity",
    "true_negative_rate": "specificity",
    "ppv": "precision",
    "positive_predictive_value": "precision",
    "acceptance_rate": "acceptance",
    "acc": "accuracy",
}


def one_size(draft: Draft) -> Iterator[Problem]:
    """Rule 120: figures of one thing that differ a hundredfold between years, as thousands beside units do."""
    series: dict[tuple, list[tuple[float, Row, str]]] = {}
    for row in draft.rows(BENEFITS):
        for name in ("volume", "unit_value"):
            points = row.value[name]
            if points is not None and points.mode:
                place = (row.value.asset_id, row.value.driver_id, name)
                series.setdefault(place, []).append((abs(points.mode), row, f"{name}_mode"))
    for row in draft.rows(COSTS):
        item = row.value
        if item.phase == "operation" and item.amount.mode:
            column = "amount" if item.kind == "actual" else "mode"
            series.setdefault((item.asset_id, item.category), []).append((item.amount.mode, row, column))
    for figures in series.values():
        middle = sorted(size for size, _, _ in figures)[len(figures) // 2]
        for size, row, column in figures:
            if not middle / HUNDREDFOLD < size < middle * HUNDREDFOLD:
                found = f"{size:.10g}, where other years have some {middle:.10g}"
                yield row.problem(column, found, 120, "are both in the same unit?")
                break


def shares_of_a_whole(draft: Draft) -> Iterator[Problem]:
    """Rule 25: highest credible shares of one driver that sum to more than the whole."""
    wholes: dict[tuple[str, int], list[Row]] = {}
    for row in draft.rows(BENEFITS):
        wholes.setdefault((row.value.driver_id, row.value.year), []).append(row)
    told = set()
    for (driver, year), rows in wholes.items():
        total = math.fsum(row.value.attribution.high for row in rows)
        if len(rows) > 1 and total > 1 + 1e-6 and driver not in told:
            told.add(driver)
            found = f"driver {quoted(driver)}, {year}: the high shares of {len(rows)} assets sum to {total:.4g}"
            yield rows[-1].problem("attribution_high", found, 25, "not all can be high at once: narrow the ranges")


def addresses_of_persons(draft: Draft) -> Iterator[Problem]:
    """Rule 119: an e-mail address or a phone number in a text that pages print. It is not repeated here."""
    for file, names in ((ASSETS, ("name", "owner", "documentation")), ("scores.csv", ("rater",)), (COSTS, ("source",))):
        for row in draft.rows(file):
            for name in names:
                text = printable(row.cells.get(name, ""))
                what = (
                    "an e-mail address"
                    if privacy.EMAIL.search(text)
                    else "a phone number"
                    if _PHONE.search(text)
                    else ""
                )
                if what:
                    yield row.problem(name, f"holds {what}, and pages print it", 119, "name the function or department")


def dates_of_the_report(draft: Draft) -> Iterator[Problem]:
    """Rule 109: a report before its valuation date. Rule 102: training that nothing decays without."""
    engagement, today = draft.sections.get("engagement"), draft.sections["valuation"].date
    if engagement and engagement.report_date and engagement.report_date < today:
        found = f"{engagement.report_date} lies before the valuation date {today}"
        yield draft.in_yml(("engagement", "report_date"), found, 109, "a value cannot be concluded before its date")
    for row in draft.rows(ASSETS):
        if row.value.retrain_every_months is not None and row.value.half_life_years is None:
            found = "nothing decays without a half-life, so training again changes costs alone"
            yield row.problem("retrain_every_months", found, 102, "give half_life_years, or leave it empty")


#: Figures that probably mean something else. A new trap is a function above and a name here.
TRAPS = (
    costs_once,
    thousands,
    scored_cases,
    order_of_outcomes,
    usual_rates,
    one_spelling,
    known_metrics,
    one_size,
    shares_of_a_whole,
    addresses_of_persons,
    dates_of_the_report,
)
