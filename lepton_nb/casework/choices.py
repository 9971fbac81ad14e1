"""The choices of a client's recommender: events before and after the first day of the test, by a client's own names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np

from lepton_nb import terms
from lepton_nb.client import case_data
from lepton_nb.client.case_events import moment
from lepton_nb.recommendation import Events

#: Share of the events before the test that models learn from while settings are chosen on the rest.
LEARNT_BEFORE = 0.75


@dataclass(frozen=True)
class Choices:
    """Events of one case. early, cut: seconds; validation lies between them, the test from ``cut`` on."""

    asset_id: str
    name: str
    title: str
    source: str
    sha256: str
    events: Events = field(repr=False)
    early: float
    cut: float
    test_from: date
    evaluated_on: date
    repeated: int  # further events of a user and an item that he had chosen already
    stand_in: bool = False


def of_client(client: Any, folder: str | Path, asset_id: str) -> Choices:
    """The choices of one of a client's assets. Of the client only ``cases`` is read.

    A user who chose an item several times chose it when he first did. Raises ValueError for an asset without such a case,
    and where the data changed since the client was read.
    """
    found = [case for case in client.cases if case.asset_id == asset_id and case.case == "recommender"]
    if not found:
        raise ValueError(f"The client has no case of kind recommender for this asset. Received: {asset_id}")
    (case,) = found
    columns = case_data(folder, case)
    at = np.array([moment(str(text)).timestamp() for text in columns[case.time_column]])
    order = np.argsort(at, kind="stable")
    user, item = (np.array([str(one) for one in columns[name]])[order] for name in (case.user_column, case.item_column))
    _, first = np.unique(np.char.add(np.char.add(user, "\0"), item), return_index=True)
    kept = np.sort(first)
    events = Events.of(user[kept], item[kept], at[order][kept])
    cut = datetime.combine(case.test_from, time(), UTC).timestamp()
    name = Path(case.path).name
    return Choices(
        asset_id=asset_id, name=name, title=name, source=f"{terms.CLIENT_FILE}{case.path}", sha256=case.sha256,
        events=events, early=float(np.quantile(events.time[events.time < cut], LEARNT_BEFORE)), cut=cut,
        test_from=case.test_from, evaluated_on=case.evaluated_on or case.last_day, repeated=len(at) - len(kept),
    )  # fmt: skip
