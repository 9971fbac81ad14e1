"""German credit: 1,000 loans, good or bad, with a published price for each kind of mistake; made-up loans in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn
from lepton_nb.datasets._tables import happens, pick, read_columns

__all__ = ["COSTS", "GERMAN_CREDIT", "ORDERED", "SPOKEN", "TARGET", "in_order"]

TARGET = "bad_credit"
#: The publisher's cost matrix, in units: a bad loan that is granted costs five, a good one that is refused one.
COSTS = {"fn": 5.0, "fp": 1.0}

#: Codes of the text columns, with their shares in the made-up loans (rounded by hand).
_CODES: dict[str, dict[str, float]] = {
    "checking_status": {"A11": 27, "A12": 27, "A13": 6, "A14": 40},
    "credit_history": {"A30": 4, "A31": 5, "A32": 53, "A33": 9, "A34": 29},
    "purpose": {"A40": 24, "A41": 10, "A42": 18, "A43": 28, "A45": 2, "A46": 5, "A49": 12, "A410": 1},
    "savings": {"A61": 60, "A62": 10, "A63": 6, "A64": 5, "A65": 19},
    "employment_since": {"A71": 6, "A72": 17, "A73": 34, "A74": 18, "A75": 25},
    "personal_status_sex": {"A91": 5, "A92": 31, "A93": 55, "A94": 9},
    "other_debtors": {"A101": 91, "A102": 4, "A103": 5},
    "property": {"A121": 28, "A122": 23, "A123": 33, "A124": 16},
    "other_installment_plans": {"A141": 14, "A142": 5, "A143": 81},
    "housing": {"A151": 18, "A152": 71, "A153": 11},
    "job": {"A171": 2, "A172": 20, "A173": 63, "A174": 15},
    "telephone": {"A191": 60, "A192": 40},
    "foreign_worker": {"A201": 96, "A202": 4},
}


def read(path: Path) -> dict[str, np.ndarray]:
    """The columns as published; in place of ``credit_risk`` (1 good, 0 bad) stands ``bad_credit`` (1 bad, 0 good)."""
    arrays = read_columns(path)
    good = arrays.pop("credit_risk")
    return arrays | {TARGET: 1 - good}


def made_loans() -> dict[str, np.ndarray]:
    """1,000 made-up loans in the same columns; about 30 % are bad.

    The chance of a bad one rises with the duration and an empty account, and falls with savings, a long employment
    and a guarantor; a large amount counts only where the duration is long.
    """
    generator, n = np.random.default_rng(23), 1_000
    arrays: dict[str, np.ndarray] = {name: pick(generator, shares, n) for name, shares in _CODES.items()}
    duration = np.clip(np.round(generator.gamma(3.0, 7.0, n) / 3) * 3, 4, 72)
    amount = np.clip(np.round(duration * np.exp(4.75 + 0.55 * generator.normal(size=n))), 250, 18_424)
    arrays |= {
        "duration_months": duration.astype(np.int64),
        "credit_amount": amount.astype(np.int64),
        "installment_rate": pick(generator, {1: 14, 2: 23, 3: 16, 4: 47}, n),
        "residence_since": pick(generator, {1: 13, 2: 31, 3: 15, 4: 41}, n),
        "age": np.clip(np.round(19 + generator.gamma(2.1, 7.8, n)), 19, 75).astype(np.int64),
        "existing_credits": pick(generator, {1: 63, 2: 33, 3: 3, 4: 1}, n),
        "liable_people": pick(generator, {1: 84, 2: 16}, n),
    }

    def points(name: str, **by_code: float) -> np.ndarray:
        return np.array([by_code.get(code, 0.0) for code in arrays[name]])

    log_odds = (
        points("checking_status", A11=1.2, A12=0.8, A14=-1.0)
        + points("credit_history", A30=0.9, A31=0.9, A34=-0.8)
        + points("purpose", A40=0.5, A41=-0.7, A46=0.5)
        + points("savings", A61=0.4, A64=-0.6, A65=-0.5)
        + points("employment_since", A71=0.3, A72=0.4, A74=-0.5)
        + points("other_debtors", A102=0.4, A103=-0.8)
        + points("other_installment_plans", A141=0.4)
        + 0.9 * np.log(duration / 18)
        + 0.6 * (duration > 24) * np.log(amount / 3_000)
        - 0.3 * np.log(arrays["age"] / 33)
    )
    arrays[TARGET] = happens(generator, 1.1 * log_odds, 0.30)
    return {name: arrays[name] for name in _COLUMNS}


#: In the order of the file: numbers, and texts with their length.
_COLUMNS = {
    "checking_status": "<U3", "duration_months": "int64", "credit_history": "<U3", "purpose": "<U4",
    "credit_amount": "int64", "savings": "<U3", "employment_since": "<U3", "installment_rate": "int64",
    "personal_status_sex": "<U3", "other_debtors": "<U4", "residence_since": "int64", "property": "<U4",
    "age": "int64", "other_installment_plans": "<U4", "housing": "<U4", "existing_credits": "int64", "job": "<U4",
    "liable_people": "int64", "telephone": "<U4", "foreign_worker": "<U4", TARGET: "int64",
}  # fmt: skip

#: Columns whose codes have an order: the codes from the least to the most of it, and what each means.
ORDERED: dict[str, dict[str, str]] = {
    "checking_status": {"A11": "overdrawn", "A12": "under 200 DM", "A13": "200 DM or more", "A14": "none at this bank"},
    "credit_history": {"A30": "no credit taken", "A31": "all paid back here", "A32": "paid back so far",
                       "A33": "delays", "A34": "critical or elsewhere"},
    "savings": {"A61": "under 100 DM", "A62": "100 to 500 DM", "A63": "500 to 1,000 DM", "A64": "1,000 DM or more",
                "A65": "none known"},
    "employment_since": {"A71": "none", "A72": "under 1 year", "A73": "1 to 4 years", "A74": "4 to 7 years",
                         "A75": "7 years or more"},
    "other_debtors": {"A102": "a co-applicant", "A101": "nobody", "A103": "a guarantor"},
    "property": {"A124": "none known", "A123": "a car or other", "A122": "a savings contract", "A121": "real estate"},
    "other_installment_plans": {"A141": "at a bank", "A142": "at a shop", "A143": "none"},
}  # fmt: skip
#: Names of columns for a letter to an applicant.
SPOKEN = {
    "checking_status": "current account", "duration_months": "duration in months", "credit_history": "credits so far",
    "credit_amount": "amount in DM", "savings": "savings", "employment_since": "years in this work",
    "other_debtors": "who answers for it beside you", "property": "property", "other_installment_plans": "other instalments",
    "existing_credits": "credits at this bank",
}  # fmt: skip


def in_order(arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """These columns as numbers (n, k): codes by their place in ``ORDERED``, numbers as they are."""
    found = []
    for name in names:
        place = {code: position for position, code in enumerate(ORDERED.get(name, ()))}
        found.append([place[code] for code in arrays[name].tolist()] if place else arrays[name])
    return np.stack(found, axis=1).astype(float)


GERMAN_CREDIT = Entry(
    title="German credit (Statlog)",
    file="german_credit.csv.gz",
    size=13_038,
    sha256="2c1117fd4880e89c4285d1377e405c212949ed25d9a48b35821d5d89ab0589d8",
    source="H. Hofmann, Statlog (German Credit Data), UCI Machine Learning Repository, 1994",
    licence="CC BY 4.0",
    read=read,
    arrays={name: (dtype, (1_000,)) for name, dtype in _COLUMNS.items()},
    stand_in=StandIn.own("Made-up loans", made_loans),
    spoken="German credit",
    meanings={TARGET: "a bad loan"},
)
