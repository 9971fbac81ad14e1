"""From a :class:`Draft` to a Client: every rule is applied, and a client is built only when nothing is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lepton_nb.client import machines
from lepton_nb.client.advice import ADVICE
from lepton_nb.client.case_notes import CASE_NOTES
from lepton_nb.client.drafts import Draft, Row
from lepton_nb.client.files import CLIENT_YML
from lepton_nb.client.rules import CHECKS
from lepton_nb.client.rules.measured import block_rows, evaluation, evaluation_rows
from lepton_nb.client.schema import (
    ACCEPTANCE,
    ASSETS,
    BENEFITS,
    COSTS,
    MARKET,
    MONITORING,
    QUALITY,
    SCORES,
    TABLES,
    TRIALS,
    USAGE,
    CaseData,
    Client,
    Coalition,
    DataBlocks,
    OutcomeValue,
    Problem,
)
from lepton_nb.client.traps import TRAPS
from lepton_nb.terms import OUTCOMES

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
        return Report(None, _named(_in_order(problems), draft), _named(_in_order(warnings), draft))
    for rule in (*ADVICE, *TRAPS, *CASE_NOTES):
        warnings.extend(rule(draft))
    found = _named(_in_order(warnings), draft)
    return Report(build(draft).model_copy(update={"warnings": found}), (), found)


def _named(problems: tuple[Problem, ...], draft: Draft) -> tuple[Problem, ...]:
    """The problems under the names that the client gave: a Parquet file, or the sheets of a workbook."""
    labels = draft.source.labels if draft.source else {}
    if not labels:
        return problems
    pattern = re.compile("|".join(re.escape(file) for file in sorted(labels, key=len, reverse=True)))

    def named(text: str) -> str:
        return pattern.sub(lambda match: labels[match[0]], text)

    return tuple(
        problem.model_copy(
            update={
                "file": labels.get(problem.file, problem.file),
                "found": named(problem.found),
                "remedy": named(problem.remedy),
            }
        )
        for problem in problems
    )


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


def build(draft: Draft) -> Client:
    """The client of a draft that no rule refused."""

    def values(file: str) -> tuple:
        return tuple(row.value for row in draft.rows(file))

    return Client(
        **{name: section for name, section in draft.sections.items() if name not in ("cases", "csv")},
        assets=values(ASSETS),
        costs=values(COSTS),
        benefits=values(BENEFITS),
        evaluations=tuple(evaluation(draft, name, *rows) for name, rows in evaluation_rows(draft).items()),
        acceptance=values(ACCEPTANCE),
        trials=values(TRIALS),
        monitoring=values(MONITORING),
        usage=values(USAGE),
        scores=values(SCORES),
        comparables=values(MARKET),
        data_quality=values(QUALITY),
        data_blocks=tuple(_data_blocks(*key, rows) for key, rows in block_rows(draft).items()),
        cases=tuple(_with_money(draft, case) for case in draft.cases),
        predictions=tuple(draft.predictions.values()),
    )


def _data_blocks(asset_id: str, model_id: str | None, metric: str, rows: list[Row]) -> DataBlocks:
    given = sorted((row.value for row in rows), key=lambda item: (len(item.blocks), item.blocks))
    return DataBlocks(
        asset_id=asset_id,
        model_id=model_id,
        metric=metric,
        n=given[0].n,
        blocks=given[-1].blocks,
        coalitions=tuple(Coalition(blocks=item.blocks, value=item.value, rows=item.rows) for item in given),
    )


def _with_money(draft: Draft, case: CaseData) -> CaseData:
    """A case with the money per outcome, the days and the yearly decisions that it is to be judged with."""
    typed = next(
        (
            found
            for name, rows in evaluation_rows(draft).items()
            if (found := evaluation(draft, name, *rows)).asset_id == case.asset_id and found.outcome_value is not None
        ),
        None,
    )
    own = next(item.outcome_value for item in draft.sections["cases"] if item.asset_id == case.asset_id)
    money, source = None, ""
    if own is not None:
        money, source = OutcomeValue(**{name: own[name] for name in OUTCOMES}), CLIENT_YML
    elif typed is not None:
        money, source = typed.stated_value, typed.evaluation_id
    linked = {("measured", case.asset_id)} | ({("confusion", typed.evaluation_id)} if typed is not None else set())
    by_year: dict[int, float] = {}
    for row in draft.rows(BENEFITS):
        if (row.value.metric_link.kind, row.value.metric_link.id) in linked:
            volume = row.value.volume.mode * row.value.attribution.mode * row.value.adoption.mode
            by_year[row.value.year] = by_year.get(row.value.year, 0.0) + volume
    rests = any(tuple(row.value.metric_link) == ("measured", case.asset_id) for row in draft.rows(BENEFITS))
    later = max(by_year, default=None)
    valuation = draft.sections["valuation"]
    known = ([row.value for row in draft.rows(file)] for file in (ASSETS, COSTS, USAGE))
    price, price_source = machines.hour_price(case.asset_id, *known, valuation.date, valuation.currency)
    return case.model_copy(
        update={
            "outcome_value": money, "outcome_source": source, "currency": valuation.currency,
            "valuation_date": valuation.date, "yearly_cases": None if later is None else by_year[later],
            "hour_price": price, "hour_source": price_source, "rests": rests,
        }
    )  # fmt: skip
