"""Rules on evaluations, monitoring, use and blocks of data."""

from __future__ import annotations

from collections.abc import Iterator

from lepton_nb import terms
from lepton_nb.client import shares
from lepton_nb.client.drafts import Draft, Row
from lepton_nb.client.schema import (
    ACCEPTANCE,
    BLOCKS,
    CONFUSION,
    MONITORING,
    OUTCOMES,
    PAIRED,
    TRIALS,
    USAGE,
    Counts,
    Evaluation,
    OutcomeValue,
    PairedCount,
    Problem,
    ThreePoint,
    one_or_three,
)
from lepton_nb.client.words import quoted
from lepton_nb.terms import RATES


def evaluation_rows(draft: Draft) -> dict[str, tuple[list[Row], list[Row]]]:
    """Rows of the model and of the baseline by evaluation, refused rows included."""
    groups: dict[str, tuple[list[Row], list[Row]]] = {}
    for row in draft.tables.get(CONFUSION, ()):
        if name := row.cells.get("evaluation_id"):
            groups.setdefault(name, ([], []))["asset_id" not in row.cells].append(row)
    return groups


def model_and_baseline(draft: Draft) -> Iterator[Problem]:
    """Rule 29: one row of the model and one of the baseline."""
    for name, (models, baselines) in evaluation_rows(draft).items():
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
        total = counts(row).n
        if total != row.value.n:
            found = f"tp+fp+fn+tn = {total}, n = {row.value.n}"
            yield row.problem("n", found, 10, "correct the count that is wrong")
    for row in draft.rows(ACCEPTANCE):
        if row.value.accepted > row.value.n:
            found = f"accepted_without_edit {row.value.accepted} > n {row.value.n}"
            yield row.problem("accepted_without_edit", found, 10, "correct the count that is wrong")


def shares_in_use(draft: Draft) -> Iterator[Problem]:
    """Rules 8 and 41: a share of positive cases in use stands in the model's row, and the test has both classes."""
    for row in draft.rows(CONFUSION):
        if wrong := shares.unfit(row.value):
            column, found, rule, remedy = wrong
            yield row.problem(column, found, rule, remedy)
        elif row.value.positive_share is None:
            continue
        elif row.value.asset_id is None:
            yield row.problem(shares.SHARES[0], "stands in the baseline's row", 41, "move it to the model's row")
        elif not counts(row).fp + counts(row).tn:
            found = f"{row.value.positive_share:g} beside a test without a negative case (fp + tn = 0)"
            yield row.problem(shares.SHARES[0], found, 41, "add negative cases, or leave the share empty")


def trials_have_an_error(draft: Draft) -> Iterator[Problem]:
    """Rule 10: a mean of units that differ has a standard error above 0, and comes from two units at least."""
    for row in draft.rows(TRIALS):
        if row.value.n < 2:
            remedy = "test more units; one alone says nothing of the spread"
            yield row.problem("n", f"trial {quoted(row.value.trial_id)}: n = {row.value.n}", 10, remedy)
        elif row.value.standard_error == 0:
            remedy = "give the standard deviation of the units' differences divided by the root of n"
            yield row.problem("standard_error", f"trial {quoted(row.value.trial_id)}: is 0", 10, remedy)


def classes_agree(draft: Draft) -> Iterator[Problem]:
    """Rule 12: on the same cases both policies meet the same classes. Rule 13: there are positive cases.

    The cases are the same where the baseline's sample says so ("same …", or the model's own words), or
    where paired counts are given.
    """
    for name, model, baseline in _pairs(draft):
        if counts(model).positives == 0:
            found = f"evaluation {quoted(name)}: no positive case (tp + fn = 0)"
            yield model.problem("tp", found, 13, "recall and value of a detection cannot be estimated; add cases")
        if baseline is None or not _same_cases(draft, name, model, baseline):
            continue
        for what, cells in (("positives", ("tp", "fn")), ("negatives", ("fp", "tn"))):
            ours, theirs = (sum(row.value[cell] for cell in cells) for row in (model, baseline))
            if ours != theirs:
                sample = baseline.value.sample
                own = sample.lower().startswith("same") or sample.lower() == model.value.sample.lower()
                said = f"sample says {quoted(sample)}" if own else f"{PAIRED} pairs the cases"
                found = f"evaluation {quoted(name)}: {what} {ours} (model) and {theirs} (baseline) differ, and {said}"
                yield baseline.problem(cells[0], found, 12, "correct the counts, or describe the other cases in sample")
                break


def _pairs(draft: Draft) -> Iterator[tuple[str, Row, Row | None]]:
    """Evaluations with a sound row of the model, and that of the baseline if it is sound and adds up."""
    for name, (models, baselines) in evaluation_rows(draft).items():
        sound = [row for row in (*models[:1], *baselines[:1]) if row.value and counts(row).n == row.value.n]
        if models and models[0] in sound:
            yield name, models[0], baselines[0] if baselines and baselines[0] in sound else None


def counts(row: Row) -> Counts:
    return Counts(**{cell: row.value[cell] for cell in terms.OUTCOMES})


def evaluation(draft: Draft, name: str, models: list[Row], baselines: list[Row]) -> Evaluation:
    model, baseline = models[0], baselines[0]
    money = [row.value for row in draft.rows(OUTCOMES) if row.value.evaluation_id == name]
    values = {item.outcome: item.value for item in money}
    values |= {f"{item.outcome}_evidence": item.evidence for item in money}
    share = model.value.positive_share
    if share is not None:
        times = terms.class_weights(counts(model).positives / model.value.n, share)
        values |= {item.outcome: ThreePoint(*(each * times[item.outcome] for each in item.value)) for item in money}
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
        model=counts(model),
        baseline=counts(baseline),
        model_policy=model.value.policy,
        baseline_policy=baseline.value.policy,
        paired=tuple(PairedCount(y_true=y, model=m, baseline=b, count=c) for y, m, b, c in pairs) or None,
        outcome_value=OutcomeValue(**values) if values else None,
        positive_share=share,
        share_range=one_or_three(None, *(model.value[name] for name in shares.RANGE)),
        share_source=model.value.positive_share_source,
        public=model.value.data == "public",
    )


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


def monitored_shares(draft: Draft) -> Iterator[Problem]:
    """Rule 3: a metric that is a share of cases lies between 0 and 1."""
    for row in draft.rows(MONITORING):
        for column in ("value", "baseline_value"):
            value = row.value[column]
            if row.value.metric.lower() in RATES and value is not None and not 0 <= value <= 1:
                remedy = f"write {value / 100:.10g}" if 1 < value <= 100 else "a fraction between 0 and 1 is needed"
                yield row.problem(column, f"{row.value.metric} {value:g}", 3, f"rates are fractions; {remedy}")


def percentiles(draft: Draft) -> Iterator[Problem]:
    """Rule 38: the 95th percentile of an answer's time is not below the median."""
    for row in draft.rows(USAGE):
        if row.value.p95_ms < row.value.p50_ms:
            found = f"p95 {row.value.p95_ms:g} ms < p50 {row.value.p50_ms:g} ms"
            yield row.problem("p95_ms", found, 38, "the 95th percentile is at least the median; are they swapped?")


def block_rows(draft: Draft) -> dict[tuple[str, str | None, str], list[Row]]:
    groups: dict[tuple[str, str | None, str], list[Row]] = {}
    for row in draft.rows(BLOCKS):
        groups.setdefault((row.value.asset_id, row.value.model_id, row.value.metric), []).append(row)
    return groups


def blocks_with_their_whole(draft: Draft) -> Iterator[Problem]:
    """Rule 40: all blocks together are given, on one set of test cases. Rule 16: each set of blocks once."""
    sound = all(row.value is not None for row in draft.tables.get(BLOCKS, ()))
    for (asset, _, metric), rows in block_rows(draft).items():
        seen: dict[tuple[str, ...], Row] = {}
        for row in rows:
            blocks = row.value.blocks
            if blocks in seen:
                found = f"{asset}, {metric}: the same blocks in rows {seen[blocks].line} and {row.line}"
                yield row.problem("blocks", found, 16, "keep one of them")
            seen.setdefault(blocks, row)
            if row.value.n != rows[0].value.n:
                found = f"n = {row.value.n}, row {rows[0].line} has {rows[0].value.n}"
                yield row.problem("n", found, 40, "measure every combination on the same test cases")
        names = sorted({name for blocks in seen for name in blocks})
        if sound and tuple(names) not in seen:
            found = f"{asset}, {metric}: no row with all blocks ({quoted(';'.join(names))})"
            yield rows[0].problem("blocks", found, 40, "add what is reached with all of them")
