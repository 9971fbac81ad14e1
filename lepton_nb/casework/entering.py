"""A judged case, written into a record: figures and tables by fixed names, whatever the door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lepton_nb.casework import money
from lepton_nb.casework.forms import LEVEL, CaseSet, Finding, Judged, PerCase, Slice

LOOKS = "in this report; looks before it are not recorded"
RESAMPLED = f"{100 * LEVEL:.0f} %, rows resampled"
INTERVAL = "90 %"


def enter(record: Any, judged: Judged, findings: Iterable[Finding] = (), prefix: str = "") -> None:
    """Write it all into a record (results.Record).

    Tables, each with the prefix: ``evaluation`` (ONE row, of a client's case: the fields of client.Evaluation, to be read
    by ``Evaluation.model_validate``), ``monitoring`` (rows as in metrics/monitoring.csv, where rows are dated), ``rates``,
    ``calibration``, ``calibration_repaired``, ``cuts``, ``profit``, ``decision_curve``, ``periods``, ``groups``,
    ``learning``, ``blocks``, ``tried``, ``findings``, ``notes``. Figures: ``n``, ``positives``, ``threshold``, ``auc``,
    ``brier``, ``calibration_error``, ``recall``, ``false_alarm_rate``, ``precision``, ``accuracy``, ``gain``,
    ``gain_by_rows``, ``gain_scaled`` (a year, or per thousand decisions), ``half_life`` (of the gain), ``a_thousand_labels``, ``further_test``, …
    Wall times go into ``record.seconds`` and the costs that follow from them into no figure, for they do not repeat.
    """
    case, source = judged.case, judged.case.source
    given = {"n": judged.n, "source": source}
    record.add(f"{prefix}n", judged.n, "test rows", source=source)
    record.add(f"{prefix}positives", judged.positives, "test rows", source=source)
    record.add(f"{prefix}looks", judged.looks, "models judged on the test rows", source=source, note=LOOKS)
    record.add(f"{prefix}threshold", judged.cutoff.value, "score", note=judged.cutoff.source, n=len(case.validation))
    for name, rate in judged.rates.items():
        _rate(record, f"{prefix}{name}", rate, source)
    for name, rate in (judged.baseline_rates or {}).items():
        _rate(record, f"{prefix}baseline_{name}", rate, source)
    for name, score, unit in (("auc", judged.auc, "area"), ("brier", judged.brier, "score within 0..1")):
        if score is None:
            record.add(
                f"{prefix}{name}",
                None,
                unit,
                note="The predictions are decisions, or the test holds under two rows of a class.",
            )
        else:
            record.add(f"{prefix}{name}", score.value, unit, low=score.low, high=score.high, interval=INTERVAL, **given)
    if judged.repair is not None:
        mended = judged.repair
        low, high = mended.interval_before
        record.add(
            f"{prefix}calibration_error", mended.error_before, "fraction", low=low, high=high, interval=RESAMPLED,
            note="ten bins of equal size", **given,
        )  # fmt: skip
        if mended.after is not None:
            low, high = mended.interval_after
            record.add(
                f"{prefix}calibration_error_repaired", mended.error_after, "fraction", low=low, high=high, interval=RESAMPLED,
                note=mended.sentence, **given,
            )  # fmt: skip
            record.add(
                f"{prefix}brier_repaired", mended.after.value, "score within 0..1", low=mended.after.low,
                high=mended.after.high, interval=INTERVAL, note=mended.sentence, **given,
            )  # fmt: skip
    scale, unit = money.scale_of(case)
    each = f"{case.currency or 'money'} per decision"
    for name, found in (("gain", judged.gain), ("gain_by_rows", judged.gain_by_rows)):
        _money(record, f"{prefix}{name}", found, each, source)
    if judged.gain is not None:
        _money(record, f"{prefix}gain_scaled", _times(judged.gain, scale), unit, source)
        record.add(f"{prefix}gain_below_zero", judged.gain.below_zero, "probability", **given)
    if judged.decay is not None:
        fall = judged.decay
        record.add(
            f"{prefix}half_life", fall.half_life if fall.shown else None, "years", low=fall.fastest, high=fall.slowest,
            interval=INTERVAL, note=fall.sentence, source=source,
        )  # fmt: skip
    if judged.learning is not None and judged.learning.a_thousand_more is not None:
        curve = judged.learning
        record.add(
            f"{prefix}a_thousand_labels", curve.a_thousand_more, curve.unit, low=curve.low, high=curve.high,
            interval=INTERVAL, note=curve.sentence, n=judged.n, source=source,
        )  # fmt: skip
        if curve.further_test is not None:
            words = "a thousand further judged rows"
            if curve.further_test == 0:
                words += ": nothing, for the test leaves no doubt which to use, the model or its baseline"
            record.add(f"{prefix}further_test", curve.further_test, curve.unit, note=words, **given)
    _tables(record, judged, tuple(findings), prefix)
    for name, seconds in (
        ("training", judged.scores.training_seconds), ("a_thousand_predictions", judged.scores.seconds_a_thousand),
    ):  # fmt: skip
        if seconds is not None:
            record.seconds[f"{prefix}{name}"] = seconds


def _times(gain: PerCase, scale: float) -> PerCase:
    return PerCase(
        value=gain.value * scale, low=gain.low * scale, high=gain.high * scale, below_zero=gain.below_zero, n=gain.n,
        method=gain.method,
    )  # fmt: skip


def _rate(record: Any, name: str, rate: Any, source: str) -> None:
    if rate is None:
        record.add(name, None, "fraction", note="There is no row to divide by.", source=source)
    else:
        record.add_rate(name, rate, interval="90 % Wilson", source=source)


def _money(record: Any, name: str, found: PerCase | None, unit: str, source: str) -> None:
    if found is None:
        record.add(name, None, unit, note="No money per outcome is known.", source=source)
    else:
        record.add(
            name, found.value, unit, low=found.low, high=found.high, interval=INTERVAL, n=found.n, source=source,
            note=found.method,
        )  # fmt: skip


def _tables(record: Any, judged: Judged, findings: tuple[Finding, ...], prefix: str) -> None:
    def put(name: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            record.add_table(f"{prefix}{name}", rows)

    if judged.case.asset_id and judged.evaluation is not None:
        put("evaluation", [judged.evaluation.model_dump(mode="json")])
    put("monitoring", monitoring(judged))
    put(
        "confusion",
        [
            {"policy": "model"} | dict(judged.confusion),
            *([{"policy": "baseline"} | dict(judged.baseline_confusion)] if judged.baseline_confusion else []),
        ],
    )
    put(
        "paired",
        [cell.model_dump(mode="json") for cell in (judged.evaluation.paired or ())] if judged.evaluation else [],
    )
    if judged.repair is not None:
        put("calibration", _bins(judged.repair.bins_before))
        put("calibration_repaired", _bins(judged.repair.bins_after))
    put("cuts", [dict(vars(cut)) for cut in judged.cuts])
    if judged.profit is not None:
        put("profit", profit_rows(judged))
    put(
        "decision_curve",
        [
            {
                "threshold": point.threshold, "model": point.net_benefit, "everybody": point.treat_all,
                "baseline": before.net_benefit,
            }
            for point, before in zip(judged.decision_curve, judged.baseline_curve, strict=True)
        ],
    )  # fmt: skip
    put("periods", [_slice(item) for item in judged.periods])
    put("groups", [_slice(item) for item in judged.groups])
    if judged.learning is not None:
        put("learning", [dict(vars(point)) for point in judged.learning.points])
    if judged.blocks is not None:
        put(
            "blocks",
            [
                {"block": name, "value": value, "unit": judged.blocks_unit}
                for name, value in judged.blocks.values.items()
            ],
        )
    put("tried", [{key: value for key, value in vars(one).items() if key != "seconds"} for one in judged.scores.tried])
    put("findings", [dict(vars(finding)) for finding in findings])
    put("notes", [{"note": note} for note in judged.notes])


def profit_rows(judged: Judged, points: int = 200) -> list[dict[str, Any]]:
    """The profit curve at no more than so many places: share flagged, money per row."""
    curve = judged.profit
    places = sorted({round(place * (len(curve.flagged) - 1) / (points - 1)) for place in range(points)})
    return [
        {"flagged": float(curve.flagged[at] / curve.n), "money": float(curve.profits[at] / curve.n)} for at in places
    ]


def _bins(bins: tuple[tuple[float, float, float, float, int], ...]) -> list[dict[str, Any]]:
    return [dict(zip(("score", "observed", "low", "high", "n"), row, strict=True)) for row in bins]


def _slice(item: Slice) -> dict[str, Any]:
    row: dict[str, Any] = {"name": item.name, "n": item.n, "positives": item.positives}
    for name, rate in (
        ("recall", item.recall),
        ("false_alarm_rate", item.false_alarms),
        ("flagged_share", item.flagged),
    ):
        for key, value in (("", "value"), ("_low", "low"), ("_high", "high")):
            row[name + key] = None if rate is None else getattr(rate, value)
    row |= {"baseline_recall": item.baseline_recall, "baseline_false_alarm_rate": item.baseline_false_alarms}
    for name, found in (("auc", item.auc), ("gain", item.gain)):
        for key, value in (("", "value"), ("_low", "low"), ("_high", "high")):
            row[name + key] = None if found is None else getattr(found, value)
    return row


def monitoring(judged: Judged) -> list[dict[str, Any]]:
    """Recall and false-alarm rate of each period, as rows of a client's monitoring file: the decay of the gain is read
    from them by the function that reads the monitored months."""
    return watched(judged.case, judged.periods)


def watched(case: CaseSet, periods: tuple[Slice, ...]) -> list[dict[str, Any]]:
    """The rows of :func:`monitoring`. A period goes by its first month."""
    rows = []
    for item in periods:
        for metric, rate, before in (
            ("recall", item.recall, item.baseline_recall),
            ("false_alarm_rate", item.false_alarms, item.baseline_false_alarms),
        ):
            if rate is not None:
                rows.append(
                    {
                        "asset_id": case.asset_id or case.name, "period": f"{item.first:%Y-%m}", "metric": metric,
                        "value": rate.value, "n": rate.n, "baseline_value": before,
                    }
                )  # fmt: skip
    return rows
