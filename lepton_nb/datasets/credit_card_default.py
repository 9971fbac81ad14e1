"""Customers with a credit card in Taiwan, and whether they paid: the real table, and made-up customers in its place.

The rule of an old scorecard stands beside it. The file has none: the rule is this project's, so that a model has
something to be compared with.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn
from lepton_nb.datasets._tables import happens, pick, read_columns

__all__ = ["CREDIT_CARD_DEFAULT", "SCORECARD", "TARGET"]

TARGET = "default_payment_next_month"
#: The rule in words, for pages that show it.
SCORECARD = "flag a customer whose last payment was two months late or more (a rule of this project, not of the file)"
MADE_ROWS = 3_000


def with_scorecard(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The table with the column ``scorecard_flag``: 1 where PAY_0, months of delay of the last payment, is 2 or more."""
    return arrays | {"scorecard_flag": (arrays["PAY_0"] >= 2).astype(np.int64)}


def read(path: Path) -> dict[str, np.ndarray]:
    """The columns without the running number, and the scorecard's flag. Amounts are in New Taiwan dollars."""
    return with_scorecard(read_columns(path, leave_out=("ID",)))


def made_customers() -> dict[str, np.ndarray]:
    """3,000 made-up customers in the same columns; about 22 % default.

    Each has a hidden strain. It makes limits small and delays likely; a delay tends to go on, month by month.
    The chance to default rises with strain, jumps with the second month of delay, and is high at both ends of the
    use of the limit: no straight line describes it.
    """
    generator, n = np.random.default_rng(17), MADE_ROWS
    strain = generator.normal(size=n)
    limit = 10_000 * np.clip(np.round(np.exp(2.4 - 0.45 * strain + 0.8 * generator.normal(size=n))), 1, 100)
    arrays = {
        "LIMIT_BAL": limit,
        "SEX": pick(generator, {1: 40, 2: 60}, n),
        "EDUCATION": pick(generator, {1: 35, 2: 47, 3: 16, 4: 2}, n),
        "MARRIAGE": pick(generator, {1: 45, 2: 54, 3: 1}, n),
        "AGE": np.clip(21 + generator.gamma(2.6, 5.6, n), 21, 79),
    }
    used = np.clip(0.35 + 0.2 * strain + 0.25 * generator.normal(size=n), 0, 1.1)
    late, delays, bills, paid = np.zeros(n), {}, {}, {}
    for month in (6, 5, 4, 3, 2, 1):  # from the oldest to the last
        slips = generator.random(n) < 1 / (1 + np.exp(2.5 - 0.9 * strain - 2.4 * (late > 0)))
        late = np.where(slips, np.minimum(late + 1, 8), 0)
        pays_in_full = generator.random(n) < 1 / (1 + np.exp(0.7 + 2.2 * (used - 0.3)))
        delays[0 if month == 1 else month] = np.where(late > 0, late, np.where(used <= 0, -2, -1 * pays_in_full))
        used = np.clip(used + 0.06 * generator.normal(size=n) + 0.03 * (late > 0), 0, 1.2)
        bills[month] = used * limit
        share = np.where(late > 0, 0.01, np.where(pays_in_full, 1.0, 0.05)) * generator.gamma(2, 0.5, n)
        paid[month] = np.minimum(share, 1.5) * bills[month]
    order = (1, 2, 3, 4, 5, 6)
    arrays |= {f"PAY_{0 if month == 1 else month}": delays[0 if month == 1 else month] for month in order}
    arrays |= {f"BILL_AMT{month}": bills[month] for month in order}
    arrays |= {f"PAY_AMT{month}": paid[month] for month in order}
    # a first slip says little, a second in a row much; both an unused card and one used up are bad signs
    signs = 0.6 * (late == 1) + 2.6 * (late >= 2) + 1.2 * ((used > 0.7) & (late > 0)) + 2.0 * (used < 0.08)
    arrays[TARGET] = happens(generator, 0.7 * strain + signs - 0.4 * np.log(limit), 0.22)
    return with_scorecard({name: np.round(column).astype(np.int64) for name, column in arrays.items()})


_COLUMNS = (
    *("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"),
    *(f"PAY_{month}" for month in (0, 2, 3, 4, 5, 6)),
    *(f"{kind}_AMT{month}" for kind in ("BILL", "PAY") for month in range(1, 7)),
    *(TARGET, "scorecard_flag"),
)

CREDIT_CARD_DEFAULT = Entry(
    title="Default of credit card clients, Taiwan 2005",
    file="credit_card_default.csv.gz",
    size=979_768,
    sha256="82a49e94ce58581a946911742eb0546a0947c7267f3ce0e1bf67a008d633e9f7",
    source="I-C. Yeh, C-H. Lien, The comparisons of data mining techniques for the predictive accuracy of probability "
    "of default of credit card clients, Expert Systems with Applications 36, 2009; UCI Machine Learning Repository",
    licence="CC BY 4.0",
    read=read,
    arrays=dict.fromkeys(_COLUMNS, ("int64", (30_000,))),
    stand_in=StandIn.own("Made-up customers with a credit card", made_customers),
    spoken="credit card default",
    meanings={
        TARGET: "did not pay in the next month",
        "scorecard_flag": "an old scorecard's rule (last payment two months late or more)",
    },
)
