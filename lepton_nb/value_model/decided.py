"""What follows from the results, by stated rules, and when to value again.

It reads what the chapters put on record and computes nothing anew but differences and days. Money is the client's, of
today where it is a value; days are calendar days.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from lepton_nb.value_model.decay import ACCEPTED, HITS
from lepton_nb.value_model.stages import WORTH_NAMING
from lepton_nb.value_model.times import years_later
from lepton_nb.value_model.verdict import NOT_SHOWN, OLDEST_EVALUATION, VERDICTS, WITHHELD

KEEP, GATE, STOP, WRITE, RENEGOTIATE, RETRAIN, MEASURE, SPARE, OPTION = WORDS = (
    "keep", "gate", "stop", "write down", "renegotiate", "retrain", "measure", "train less often", "option",
)  # fmt: skip
#: The order in which decisions are told: what cannot wait comes first.
ORDER = (STOP, WRITE, GATE, RENEGOTIATE, OPTION, MEASURE, SPARE, RETRAIN, KEEP)
OPEN, NOT_SUPPORTED = VERDICTS[2][1], VERDICTS[3][1]
#: Share of the gain that may be lost before a model is to be trained again.
MAY_BE_LOST = 0.25
#: A rate that triggers → the names of metrics in monitoring.csv that show it.
WATCHED = {"recall": HITS, "share_accepted": ACCEPTED}
#: Years after which a value is found again in any case.
AGAIN = 1

RULES: Mapping[str, str] = {
    "Keep": f"The value of a group is at most to one half below zero, its sign is shown, and nothing bids to stop it. Until the next valuation, {AGAIN} year on.",
    "Gate": f"A payment for development lies ahead, the plan as fixed loses, and the right to refuse the payment is worth more than {WORTH_NAMING:.0%} of it. The day is that of the payment; in the total with that right the plan as fixed gives way to it. A single payment is worth making where the business after success, times its chance, is then worth more than the payment.",
    "Option": f"An option that the client names is best used at once, or the right to use it later is worth more than {WORTH_NAMING:.0%} of the value of its group: by its deadline. The money is what using it costs. Where nineteen draws in twenty stay below the level from which it is best used, at every volatility, it is not expected to be used.",
    "Stop": "A group is prohibited, or its value is not supported and no payment can be refused that would mend it; or an option to abandon brings more than going on with a group whose value is shown: what going on brings with another is open too. The money is what stopping today is worth more, else what the group loses.",
    "Write down": "The books hold more for a group than it can bring, by the test of IAS 36. The money is the loss, the day that of the valuation.",
    "Renegotiate": "Who controls an asset that a group needs is unclear: at once, and the money is what the group would be worth. Or an offer costs less than the low end of what it would end: by the end of the year.",
    "Retrain": f"Of a model in use: training each year would bring more than {WORTH_NAMING:.0%} of the value of a group with a number, or the client plans trainings. The day on which {MAY_BE_LOST:.0%} of the gain is gone by the half-life that the value uses, or the next training that the client plans. The money is what training each year would bring before its cost, or the cost of that training; beside it what the best schedule would leave more than the planned one, where that is more than {WORTH_NAMING:.0%} of the value.",
    "Train less often": "The schedule that leaves most is a rarer one than the client's. The money is what it leaves more, the day that of the next planned training.",
    "Measure": "A verdict is open, not shown, or withheld for the age of its test; or a larger back-test is worth more than it costs. The money is the cost of the study, or else what perfect knowledge is worth. The day is the year's end at which stopping would save most, else the next valuation.",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One decision: what to do (one of WORDS) with what (a group's name or an asset's), for what money, by what day.

    what: what the money is. beside: a second sum and what that is; beside_low: the low end of that where it is a range. loses:
    what doing it today would lose. n: further test cases that the money is for. likely,
    low, high: of a payment, the most likely sum and its range. more: by how much the total changes with the decision taken.
    page: the chapter that derives the money.
    """

    word: str
    about: str
    day: date
    money: float | None
    what: str
    page: str
    beside: float | None = None
    beside_what: str = ""
    beside_low: float | None = None
    loses: float | None = None
    n: int | None = None
    likely: float | None = None
    low: float | None = None
    high: float | None = None
    more: float | None = None


@dataclass(frozen=True, kw_only=True)
class Records:
    """The records that decisions read, each with ``figures`` and ``tables`` as the chapter of that name saves them."""

    value: Any
    uncertainty: Any
    options: Any
    speed_and_cost: Any
    metric_to_money: Any
    portfolio: Any


def decisions(found: Records, assets: Sequence[Any], day: date, reported: date | None = None) -> tuple[Decision, ...]:
    """Every decision that the rules give, what cannot wait first. assets: the client's; day: of the valuation; reported: of the report,
    before which nothing can be decided by it."""
    by_name = {asset.asset_id: asset for asset in assets}
    told: list[Decision] = []
    for row in found.value.tables["groups"]:
        own = [by_name[name] for name in row["assets"]]
        gates = list(_gates(found, row))
        group = _of_group(found, row, own, day)
        # What is gated alone in its group is not stopped: the payment may be refused.
        told += [*gates, *([] if group is None or (gates and group.word != KEEP) else [group])]
        if row["verdict"] != WITHHELD and (group is None or group.word not in (STOP, MEASURE)):
            told += _studies(found, row, own, day)
    told += _losses(found, day)
    told += _offers(found.speed_and_cost, day)
    told += _options(found)
    stopped = {name for one in told if one.word == STOP for name in _members(found, one.about)}
    for name, asset in by_name.items():
        if name not in stopped and (one := _retraining(found, asset, day)):
            told.append(one)
    told = [replace(one, day=max(one.day, reported or one.day)) for one in told]
    return tuple(sorted(told, key=lambda one: (ORDER.index(one.word), -abs(one.money or 0.0))))


def _members(found: Records, group: str) -> Sequence[str]:
    return next((row["assets"] for row in found.value.tables["groups"] if row["name"] == group), ())


def _of_group(found: Records, row: Mapping[str, Any], own: Sequence[Any], day: date) -> Decision | None:
    """Keep, stop, renegotiate or measure a group; None where nothing of it lies ahead."""
    name, likely, word = row["name"], row["most_likely"], row["verdict"]
    if "prohibited" in row["reason"]:
        cost = row["value"] if row["counts"] else likely
        return Decision(word=STOP, about=name, day=day, money=cost, what="what stopping costs", page="value")
    if word == WITHHELD:
        if unclear := [asset.asset_id for asset in own if asset.legal_control == "unclear"]:
            about = " and ".join(unclear)
            return Decision(word=RENEGOTIATE, about=about, day=day, money=row["value"], what="at stake", page="value")
        if "older than" in row["reason"]:
            return Decision(word=MEASURE, about=name, day=day, money=row["value"], what="at stake", page="value")
        return None
    if word == NOT_SUPPORTED:
        saved = _stops(found, name).get("today")
        page, what = ("value", "what it loses") if saved is None else ("options", "saved by stopping")
        if saved is not None and _unpriced(found, name):
            what += ", before what contracts commit"
        return Decision(
            word=STOP, about=name, day=day, money=saved or max(-row["value"], 0.0), what=what, page=page
        )  # fmt: skip
    if word in (OPEN, NOT_SHOWN):
        return next(iter(_studies(found, row, own, day)), None) or _know(found, row, day)
    if (more := _stops(found, name).get("today", 0.0)) > 0:
        return Decision(word=STOP, about=name, day=day, money=more, what="more than going on", page="options")
    return Decision(word=KEEP, about=name, day=again(day), money=row["value"], what="value", page="value")


def _stops(found: Records, group: str) -> dict[Any, float]:
    """Year (or "today") → what stopping a group then is worth."""
    return {row["year"]: row["value"] for row in found.options.tables.get("right_to_stop", ()) if row["group"] == group}


def _unpriced(found: Records, group: str) -> Sequence[str]:
    """The assets of a group that a contract binds whose end has no stated cost."""
    rows = found.options.tables.get("right_to_stop", ())
    return next((row.get("unpriced", ()) for row in rows if (row["group"], row["year"]) == (group, "today")), ())


def _by(found: Records, group: str, day: date) -> date:
    """By when something must be known: the year's end at which stopping would save most, else the next valuation."""
    stops = {year: worth for year, worth in _stops(found, group).items() if year != "today" and worth > 0}
    return date(max(stops, key=stops.get), 12, 31) if stops else again(day)


def _know(found: Records, row: Mapping[str, Any], day: date) -> Decision:
    figure = found.uncertainty.figures.get(f"{key(row['name'])}_evpi")
    worth = None if figure is None else figure.value
    return Decision(
        word=MEASURE, about=row["name"], day=_by(found, row["name"], day), money=worth, page="uncertainty",
        what="the most that knowing more is worth",
    )  # fmt: skip


def _studies(found: Records, row: Mapping[str, Any], own: Sequence[Any], day: date) -> Iterable[Decision]:
    """Back-tests on a group's models that are worth more than they cost."""
    names, figures = {asset.asset_id for asset in own}, found.uncertainty.figures
    for item in found.value.tables["gains"]:
        test = figures.get(f"{item['evaluation']}_back_test")
        if item["asset"] in names and test is not None and test.value == "worth it":
            cost, worth = (figures[f"{item['evaluation']}_back_test_{what}"] for what in ("cost", "value"))
            yield Decision(
                word=MEASURE, about=row["name"], day=_by(found, row["name"], day), money=cost.value,
                what=f"for further test cases{', at a price assumed' if 'a case, assumed' in cost.note else ''}", beside=worth.value, beside_what="worth to the decision",
                n=worth.n, page="uncertainty",
            )  # fmt: skip


def _gates(found: Records, row: Mapping[str, Any]) -> Iterable[Decision]:
    """Payments for development that are to be decided on when they fall due."""
    for stage in found.options.tables.get("stages", ()):
        loses, right = stage["as_planned"] < 0, stage["staged"]
        if stage["asset"] in row["assets"] and loses and right > WORTH_NAMING * stage["development"]:
            yield Decision(
                word=GATE, about=stage["asset"], day=date.fromisoformat(stage["first_payment"]), money=stage["payments"],
                what=f"to be paid then, or refused{_pays_if(stage)}", beside=right, beside_what="is what the right to refuse is worth", page="options",
                likely=stage["likely"], low=stage["low"], high=stage["high"], more=right - stage["as_planned"],
            )  # fmt: skip


def _pays_if(stage: Mapping[str, Any]) -> str:
    """What must be true on the day of a single payment for it to be worth making: how much more the business promises than today."""
    if not stage.get("single") or not stage.get("bought"):
        return ""
    return f": pay if its business then promises {100 * (stage['development'] / stage['bought'] - 1):.0f} % more than today"


def _options(found: Records) -> Iterable[Decision]:
    """Options that the client names, at the first volatility of each: those best used at once, or worth keeping open."""
    told, rows = set(), found.options.tables.get("options", ())
    for row in rows:
        name = row["asset"], row["kind"], row["until"]
        group = next((one for one in found.value.tables["groups"] if row["asset"] in one["assets"]), None)
        if name in told or group is None or not group["counts"] or row["kind"] == "abandon":
            continue
        told.add(name)
        if row["today"] > 0 or row["any_time"] > WORTH_NAMING * abs(group["value"]):
            every = [one for one in rows if (one["asset"], one["kind"], one["until"]) == name]
            worths = [one["any_time"] for one in every]
            yield Decision(
                word=OPTION, about=row["asset"], day=date.fromisoformat(row["until"]), money=row["cost"], page="options",
                what=f"to {row['kind']} it{_awaited(every)}", beside=max(worths), beside_low=min(worths), beside_what="is what the right is worth",
                loses=max(-row["today"], 0.0) or None,
            )  # fmt: skip


def _awaited(rows: Sequence[Mapping[str, Any]]) -> str:
    """What an option waits for, by its first volatility, and whether the draws come there at any of them; rows: at each of them."""
    first = rows[0]
    if first["best"] != "wait" or first.get("used_from") is None:
        return f", or not ({first['best']})"
    told = f" from {first['used_from']:.1f} times today's business on"
    if all(row.get("used_from") is not None and row["reached"] < row["used_from"] for row in rows):
        told += f" (95 % of draws stay below {first['reached']:.1f}: not expected)"
    return told


def _losses(found: Records, day: date) -> Iterable[Decision]:
    """Groups that stand in the books above what they can bring."""
    for row in found.value.tables["groups"]:
        loss = found.portfolio.figures.get(f"{row['name']}_impairment_loss")
        if loss is not None and loss.value > 0:
            yield Decision(
                word=WRITE, about=row["name"], day=day, money=loss.value, what="to write down",
                page="portfolio",
            )  # fmt: skip


def _offers(record: Any, day: date) -> Iterable[Decision]:
    """Offers that cost less than the low end of what they would end."""
    for name, figure in record.figures.items():
        if (match := re.fullmatch(r"(.+)_offer_(\d+)_build_or_buy", name)) and figure.value == "buy":
            price = record.figures[f"{match[1]}_offer_{match[2]}_a_year"].value
            yield Decision(
                word=RENEGOTIATE, about=match[1], day=date(day.year, 12, 31), money=price, page="speed_and_cost",
                what="a year is the price of an offer that is cheaper",
            )  # fmt: skip


def _retraining(found: Records, asset: Any, day: date) -> Decision | None:
    """By when a model that earns is to be trained again; None where decay takes nothing, or not within its life."""
    rows = [row for row in found.value.tables["benefits"] if row["asset"] == asset.asset_id and row["half_life"]]
    if not rows or not asset.in_service_date or asset.in_service_date > day:
        return None
    rows.sort(key=lambda row: row["starts"])
    beside, beside_what = None, ""
    yearly = next((row for row in found.metric_to_money.tables.get("trainings", ())
                   if row["asset"] == asset.asset_id and row["months"] == 12), {})  # fmt: skip
    if asset.retrain_every_months:
        cost = asset.retrain_cost
        anew = next((row["starts"] for row in rows if row["young"] == 0 and row["starts"] > day.isoformat()), None)
        if anew is None:
            return None
        due, money, what, page = date.fromisoformat(anew), cost.mode if cost else None, "cost of the training", "value"
        beside, beside_what, best = _other_schedule(found, asset.asset_id)
        if best is None or best > asset.retrain_every_months:
            return Decision(
                word=SPARE, about=asset.asset_id, day=due, money=beside, what=beside_what, page="metric_to_money"
            )
    else:
        lasts = rows[0]["half_life"] * math.log2(1 / (1 - MAY_BE_LOST)) - rows[0]["young"]
        due = date.fromisoformat(rows[0]["starts"]) + timedelta(days=round(365 * max(lasts, 0.0)))
        money, what, page = (
            _brought(found, asset.asset_id),
            f"more if trained each year ({yearly.get('times', 0)} times), before the cost",
            "metric_to_money",
        )
        beside = yearly.get("at_most")
        beside_what = "at most may one cost, before tax" if beside else ""
        group = next(row for row in found.value.tables["groups"] if asset.asset_id in row["assets"])
        if (
            not group["counts"]
            or money <= WORTH_NAMING * abs(group["most_likely"])
            or due.isoformat() > max(row["ends"] for row in rows)
        ):
            return None
    return Decision(
        word=RETRAIN, about=asset.asset_id, day=due, money=money, what=what, page=page, beside=beside, beside_what=beside_what
    )  # fmt: skip


def _other_schedule(found: Records, asset_id: str) -> tuple[float | None, str, int | None]:
    """What the best schedule leaves more than the planned one, at the client's own cost of a training, in words, and its months (None: never).

    No money and 0 months where it is at most one part in a hundred of the value of the asset's group.
    """
    rows = [row for row in found.metric_to_money.tables.get("trainings", ()) if row["asset"] == asset_id]
    planned = next((row for row in rows if row.get("planned") and row.get("kept") is not None), None)
    if planned is None:
        return None, "", 0
    best = max((row for row in rows if row.get("kept") is not None), key=lambda row: row["kept"])
    group = next(row for row in found.value.tables["groups"] if asset_id in row["assets"])
    more = best["kept"] - planned["kept"]
    if more <= WORTH_NAMING * abs(group["most_likely"]):
        return None, "", 0
    return more, f"more if trained every {best['months']} months", best["months"]


def _brought(found: Records, asset_id: str) -> float:
    """What training each year would bring more than never, free of charge (rule Training again)."""
    rows = found.metric_to_money.tables.get("trainings", ())
    return next((row["gained"] for row in rows if row["asset"] == asset_id and row["months"] == 12), 0.0)


def again(day: date) -> date:
    """The day of the next valuation in any case."""
    return years_later(day, AGAIN)


def key(group: str) -> str:
    """The name of a group as figures of records have it."""
    return re.sub(r"\W+", "_", group).strip("_")


# ---------------------------------------------------------------- when to value again


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What asks for a new value before the next one is due: below or at which figure, or on which day.

    kind: day, age, law, metric, sign or books. at: the threshold, a share for a metric (unit: a remark on it), for a sign or
    books the figure in ``unit`` or words. now: the same today; for a sign or books the group. books: what stands in them;
    beside: by how much that is below the recoverable amount; basis: which value that is. n, measured: cases and day of the
    test that gave ``now`` of a metric; public: that it is of public data in the client's place.
    """

    kind: str
    about: str
    page: str
    at: Any = None
    now: Any = None
    day: date | None = None
    unit: str = ""
    beside: float | None = None
    books: float | None = None
    basis: str = ""
    n: int | None = None
    measured: date | None = None
    public: bool = False


def triggers(found: Records, day: date) -> tuple[Trigger, ...]:
    """The next valuation, and what brings it forward: ages, laws, metrics, and figures that turn a sign."""
    value, told = found.value, [Trigger(kind="day", about="", page="value", day=again(day))]
    used = {row["evaluation"] for row in value.tables["benefits"] if row["evaluation"]}
    ages = {
        years_later(date.fromisoformat(row["evaluated_on"]), OLDEST_EVALUATION): row["asset"]
        for row in value.tables["gains"] if row["evaluation"] in used
    }  # fmt: skip
    if later := sorted(when for when in ages if when >= day):
        told.append(Trigger(kind="age", about=ages[later[0]], page="metric_to_money", day=later[0]))
    told += _laws(found)
    told += _falls(found)
    signs: dict[str, Trigger] = {}
    worth = {row["name"] for row in value.tables["groups"] if row["counts"] and row["value"] > 0}
    for row in (row for row in value.tables["decisive"] if row["group"] in worth):
        turns = row["turns_at"]
        at, unit = (f"{row['at']} {row['unit']}".strip(), "") if turns is None else (turns, row["unit"])
        signs.setdefault(
            row["group"],
            Trigger(kind="sign", about=row["assumption"], page="value", at=at, unit=unit, now=row["group"]),
        )
    told += signs.values()
    told += _thin(found)
    return tuple(sorted(told, key=lambda one: one.day or date.max))


def _laws(found: Records) -> Iterable[Trigger]:
    """The first day on which a law comes to bear on assets, and the first on which one does on those not told of yet."""
    laws = sorted((row["when"][5:], row["law"], row["assets"]) for row in found.portfolio.tables.get("calendar", ()) if row["when"].startswith("from "))  # fmt: skip
    told: set[str] = set()
    for day, law, assets in laws:
        if told and told.issuperset(assets.split(", ")):
            continue
        yield Trigger(kind="law", about=assets, page="portfolio", at=law, day=date.fromisoformat(day))
        if told:
            return
        told = set(assets.split(", "))


def _thin(found: Records) -> Iterable[Trigger]:
    """What would take away that the value of a group is above its books, of the group with least to lose."""
    thin = [row for row in found.portfolio.tables.get("headroom", ()) if row["thin"]]
    if thin:
        row = min(thin, key=lambda row: row["headroom"] / row["carrying"])
        yield Trigger(
            kind="books", about=row["assumption"], page="portfolio", at=row["at"], unit=row["unit"], now=row["group"], beside=row["headroom"],
            books=row["carrying"], basis=row["basis"],
        )  # fmt: skip


def _falls(found: Records) -> Iterable[Trigger]:
    """Measured rates at which a model costs more than it brings, of groups that have a value today."""
    record = found.metric_to_money
    worth = {
        name for row in found.value.tables["groups"] if row["counts"] and row["value"] > 0 for name in row["assets"]
    }
    used = {row["evaluation"] for row in found.value.tables["benefits"] if row["evaluation"]}
    days = {
        row["asset"]: date.fromisoformat(row["evaluated_on"])
        for row in found.value.tables["gains"] if row["evaluation"] in used
    }  # fmt: skip
    on_public = {row["evaluation"] for row in found.value.tables.get("rests", ()) if row["public"]}
    public = {row["asset"] for row in found.value.tables["gains"] if row["evaluation"] in on_public}
    for name, figure in record.figures.items():
        asset, _, what = name.partition("_break_even_")
        measured = record.figures.get(f"{asset}_{what}")
        pays = record.figures.get(f"{asset}_pays_{what}", figure)
        if what and asset in worth and pays.value is not None and measured is not None and measured.value > pays.value:
            about = f"{what} of {asset}".replace("_", " ")
            seen = any(f"{asset}_half_life_{metric}" in record.figures for metric in WATCHED.get(what, (what,)))
            yield Trigger(
                kind="metric", about=about, page="metric_to_money", at=pays.value, now=measured.value,
                unit="" if seen else "not monitored", n=measured.n,
                measured=days.get(asset), public=asset in public,
            )  # fmt: skip
