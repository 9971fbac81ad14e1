"""Rules on client.yml: scenarios, rates, the scorecard, options, the look."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import combinations

from lepton_nb.client.drafts import Draft
from lepton_nb.client.looks import LARGEST_LOGO, fault_of_logo
from lepton_nb.client.schema import (
    ASSETS,
    Discount,
    Problem,
    Tax,
)
from lepton_nb.client.words import quoted

LOWEST_INFLATION = -0.5  # a year


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


def _cost_of_capital(discount: Discount, tax: Tax) -> float | None:
    """As it is given or built up; None where a part is missing."""
    if discount.method == "given" or any(discount[name] is None for name in discount.BUILD_UP):
        return discount.wacc
    from lepton_nb.valuation import cashflows  # costs a third of a second

    return cashflows.wacc_build_up(
        risk_free=discount.risk_free,
        equity_risk_premium=discount.equity_risk_premium,
        unlevered_beta=discount.beta_unlevered,
        debt_to_equity=discount.debt_to_equity,
        tax=tax.rate,
        pre_tax_cost_of_debt=discount.pre_tax_cost_of_debt,
        size_premium=discount.size_premium,
    ).wacc


def growth_below_rate(draft: Draft) -> Iterator[Problem]:
    """Rule 7: a perpetuity that grows as fast as it is discounted has no value."""
    discount, tax = draft.sections.get("discount"), draft.sections.get("tax")
    if discount is None or tax is None or discount.terminal_growth is None:
        return
    capital = _cost_of_capital(discount, tax)
    if capital is None:
        return
    valuation = draft.sections.get("valuation")
    inflation = discount.inflation
    if valuation and valuation.price_basis != discount.rate_basis and inflation is not None and inflation > -1:
        factor = 1 + inflation if valuation.price_basis == "nominal" else 1 / (1 + inflation)
        capital = (1 + capital) * factor - 1  # in the prices of the valuation (Fisher)
    kinds = {row.value.kind for row in draft.rows(ASSETS)} or {"data", "model", "infrastructure"}
    rate = capital + min(discount.asset_premium[kind] for kind in kinds)
    if discount.terminal_growth >= rate:
        found = f"terminal growth {100 * discount.terminal_growth:.4g} % >= discount rate {100 * rate:.4g} %"
        yield draft.in_yml(("discount", "terminal_growth"), found, 7, "the value would be infinite; lower the growth")


def scorecard_weights(draft: Draft) -> Iterator[Problem]:
    """Rule 32: the weights sum to 1."""
    weights = draft.sections.get("scorecard_weights")
    total = math.fsum(weights.model_dump().values()) if weights else 1.0
    if abs(total - 1) > 1e-6:
        found = f"scorecard weights sum to {total:.6g}"
        yield draft.in_yml(("scorecard_weights",), found, 32, "they must sum to 1 (within 1e-6)")


def comparisons_complete(draft: Draft) -> Iterator[Problem]:
    """Rule 31: every pair of the dimensions that are compared stands there once."""
    given = draft.sections.get("scorecard_comparisons", ())
    seen: dict[frozenset[str], int] = {}
    for index, item in enumerate(given):
        pair = frozenset((item.more, item.less))
        place = ("scorecard_comparisons", index)
        if len(pair) == 1:
            yield draft.in_yml(place, f"{item.more} is compared with itself", 31, "compare two different dimensions")
        elif pair in seen:
            yield draft.in_yml(place, f"{item.more} and {item.less} stand here twice", 31, "keep one comparison")
        seen.setdefault(pair, index)
    names = sorted({name for pair in seen for name in pair})
    lacking = [pair for pair in combinations(names, 2) if frozenset(pair) not in seen]
    if lacking:
        words = ", ".join(f"{first} and {second}" for first, second in lacking)
        found = f"not compared: {words}"
        yield draft.in_yml(("scorecard_comparisons",), found, 31, "compare each pair once, or leave a dimension out")


def nominal_or_real(draft: Draft) -> Iterator[Problem]:
    """Rule 27: rates and prices speak of the same money, or the inflation between them is given."""
    valuation, discount = draft.sections.get("valuation"), draft.sections.get("discount")
    if discount and discount.inflation is not None and discount.inflation <= LOWEST_INFLATION:
        found = f"{discount.inflation:g}: prices fall by half a year or more"
        yield draft.in_yml(("discount", "inflation"), found, 27, "give the yearly change of prices, such as 0.02")
    if not valuation or not discount or valuation.price_basis == discount.rate_basis or discount.inflation is not None:
        return
    found = f"price_basis {valuation.price_basis} with {discount.rate_basis} rates"
    remedy = "give discount.inflation, or change price_basis or discount.rate_basis"
    yield draft.in_yml(("valuation", "price_basis"), found, 27, remedy)


_FAILURE = re.compile(r"fail|technical|success|development|unfinished", re.IGNORECASE)


def failure_once(draft: Draft) -> Iterator[Problem]:
    """Rule 28: a probability of technical success and a premium for failure do not stand side by side."""
    discount = draft.sections.get("discount")
    for index, premium in enumerate(discount.specific_premiums if discount else ()):
        for row in draft.rows(ASSETS) if _FAILURE.search(premium.name) else ():
            asset = row.value
            risky = asset.p_technical_success is not None and asset.p_technical_success < 1
            if risky and premium.asset_id in (None, asset.asset_id):
                found = (
                    f"{asset.asset_id} has p_technical_success {asset.p_technical_success:g} and a specific risk "
                    f"premium named {quoted(premium.name)}"
                )
                remedy = "choose one: the same risk would count twice"
                yield draft.in_yml(("discount", "specific_premiums", index), found, 28, remedy)


def reasons(draft: Draft) -> Iterator[Problem]:
    """Rule 2: what departs from the rule of the economic life has a reason."""
    valuation = draft.sections.get("valuation")
    for key, departure in (("beyond_useful_life", "keep"), ("loss_years", "run")) if valuation else ():
        reason = valuation[f"{key}_reason"]
        if valuation[key] == departure and not reason:
            found = f"is missing beside {key}: {departure}"
            yield draft.in_yml(("valuation", f"{key}_reason"), found, 2, "say why; the report prints it")
        if valuation[key] != departure and reason:
            found = f"is given with {key}: {valuation[key]}"
            yield draft.in_yml(
                ("valuation", f"{key}_reason"), found, 2, f"write {key}: {departure}, or remove the reason"
            )


def options_by_kind(draft: Draft) -> Iterator[Problem]:
    """Rule 42: each option has the keys of its kind, and no others, and brings something."""
    for index, item in enumerate(draft.sections.get("options", ())):
        needed, idle = ("salvage", "scale") if item.kind == "abandon" else ("scale", "salvage")
        if item[idle] is not None:
            why = "what stopping brings is money: write salvage" if idle == "scale" else "only abandon has one"
            yield draft.in_yml(("options", index, idle), f"is given for kind {item.kind}", 42, why)
        if item[needed] is None:
            why = "give the money that stopping brings; 0 if none" if needed == "salvage" else _SCALES[item.kind]
            yield draft.in_yml(("options", index, needed), f"is missing for kind {item.kind}", 42, why)
        elif item.kind == "expand" and item.scale <= 1:
            found = f"{item.scale:g}: nothing is added to today's 1"
            yield draft.in_yml(("options", index, "scale"), found, 42, "2 doubles today's; scale - 1 is what is added")
        elif item.kind in ("defer", "stage") and item.scale > 1:
            yield draft.in_yml(
                ("options", index, "scale"), f"{item.scale:g}: more than the whole", 42, _SCALES[item.kind]
            )


_SCALES = {
    "defer": "give the share of the group's benefits that the investment brings, at most 1",
    "stage": "give the share of the group's benefits that the stage opens, at most 1",
    "expand": "give the size afterwards as a multiple of today's, above 1",
    "switch": "give the benefits afterwards as a multiple of today's",
}


def logo(draft: Draft) -> Iterator[Problem]:
    """Rule 43: the logo is a picture inside the folder, nothing else, and not large."""
    branding = draft.sections.get("branding")
    if branding is None or branding.logo is None or draft.source is None:
        return
    place = ("branding", "logo")
    if draft.source.holder != "folder":
        yield draft.in_yml(place, "a workbook holds no logo", 43, "remove the key, or use a folder")
    elif not draft.source.has(branding.logo):
        yield draft.in_yml(place, f"{quoted(branding.logo)} is not there", 43, "put the file into the client's folder")
    else:
        try:
            data = (draft.source.root / branding.logo).read_bytes()[: LARGEST_LOGO + 1]
        except OSError as error:
            yield draft.in_yml(place, f"cannot be opened ({error.strerror})", 43, "check the file's permissions")
            return
        if fault := fault_of_logo(data, branding.logo):
            found, remedy = fault
            yield draft.in_yml(place, f"{quoted(branding.logo)} {found}", 43, remedy)
