"""Customers of a telephone company, and whether they left: the published sample, and made-up customers in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn
from lepton_nb.datasets._tables import happens, pick, read_columns

__all__ = ["TARGET", "TELCO_CHURN"]

TARGET = "Churn"
MADE_ROWS = 2_000
SERVICES = ("OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies")


def read(path: Path) -> dict[str, np.ndarray]:
    """The columns without the customer's number; ``Churn`` is 1 or 0.

    ``TotalCharges`` is blank for the eleven customers of no full month: they have been charged nothing yet, 0.
    """
    arrays = read_columns(path, leave_out=("customerID",))
    total = np.char.strip(arrays["TotalCharges"])
    arrays["TotalCharges"] = np.where(total == "", "0", total).astype(np.float64)
    arrays[TARGET] = (arrays[TARGET] == "Yes").astype(np.int64)
    return arrays


def made_customers() -> dict[str, np.ndarray]:
    """2,000 made-up customers in the same columns; about 27 % left.

    Who pays month by month, has a fast line, and came lately is most likely to leave. Support and security hold
    customers back, but only those who have a line.
    """
    generator, n = np.random.default_rng(29), MADE_ROWS
    yes_no = {"No": 50, "Yes": 50}
    contract = pick(generator, {"Month-to-month": 55, "One year": 21, "Two year": 24}, n)
    longest = np.select([contract == "Two year", contract == "One year"], [1.7, 1.3], 0.6)
    tenure = np.minimum(np.floor(generator.gamma(1.4, 24 * longest, n)), 72).astype(np.int64)
    internet = pick(generator, {"Fiber optic": 44, "DSL": 34, "No": 22}, n)
    phone = np.where(internet == "DSL", pick(generator, {"Yes": 72, "No": 28}, n), "Yes")
    arrays = {
        "gender": pick(generator, {"Male": 50, "Female": 50}, n),
        "SeniorCitizen": pick(generator, {0: 84, 1: 16}, n),
        "Partner": pick(generator, yes_no, n),
        "Dependents": pick(generator, {"No": 70, "Yes": 30}, n),
        "tenure": tenure,
        "PhoneService": phone,
        "MultipleLines": np.where(phone == "No", "No phone service", pick(generator, {"No": 53, "Yes": 47}, n)),
        "InternetService": internet,
    }
    for service in SERVICES:
        wanted = pick(generator, {"No": 60, "Yes": 40}, n)
        arrays[service] = np.where(internet == "No", "No internet service", wanted)
    extras = sum((arrays[service] == "Yes").astype(float) for service in SERVICES)
    line = np.select([internet == "Fiber optic", internet == "DSL"], [50.0, 25.0], 0.0)
    monthly = np.round(line + 20.0 * (phone == "Yes") + 5.5 * extras + generator.normal(0, 1.5, n).clip(-1.5, 4), 2)
    monthly = np.maximum(monthly, 18.25)
    arrays |= {
        "Contract": contract,
        "PaperlessBilling": pick(generator, {"Yes": 59, "No": 41}, n),
        "PaymentMethod": pick(generator, {"Electronic check": 34, "Mailed check": 23, "Bank transfer (automatic)": 22,
                                          "Credit card (automatic)": 21}, n),
        "MonthlyCharges": monthly,
        "TotalCharges": np.round(monthly * tenure * generator.normal(1, 0.03, n), 2),
    }  # fmt: skip
    log_odds = (
        np.select([contract == "Two year", contract == "One year"], [-2.2, -1.1], 0.0)
        - 0.035 * tenure
        + np.select([internet == "Fiber optic", internet == "No"], [0.9, -0.9], 0.0)
        - 0.5 * (arrays["OnlineSecurity"] == "Yes")
        - 0.5 * (arrays["TechSupport"] == "Yes")
        + 0.4 * (arrays["PaymentMethod"] == "Electronic check")
        + 0.3 * (arrays["PaperlessBilling"] == "Yes")
        + 0.3 * arrays["SeniorCitizen"]
    )
    arrays[TARGET] = happens(generator, log_odds, 0.27)
    return arrays


_COLUMNS = {
    "gender": "<U6", "SeniorCitizen": "int64", "Partner": "<U3", "Dependents": "<U3", "tenure": "int64",
    "PhoneService": "<U3", "MultipleLines": "<U16", "InternetService": "<U11",
    **dict.fromkeys(SERVICES, "<U19"),
    "Contract": "<U14", "PaperlessBilling": "<U3", "PaymentMethod": "<U25", "MonthlyCharges": "float64",
    "TotalCharges": "float64", TARGET: "int64",
}  # fmt: skip

TELCO_CHURN = Entry(
    title="Telco customer churn",
    file="telco_customer_churn.csv.gz",
    size=153_558,
    sha256="e4156e806b077b06b8e4070b66d80f5ea32b11cc4f66aa50e0df007da4f413b4",
    source="IBM sample data set Telco Customer Churn (of a fictional company)",
    licence="unclear: sample data of IBM, published beside code under Apache 2.0",
    read=read,
    arrays={name: (dtype, (7_043,)) for name, dtype in _COLUMNS.items()},
    stand_in=StandIn.own("Made-up customers of a telephone company", made_customers),
    spoken="Telco churn",
    meanings={TARGET: "left"},
)
