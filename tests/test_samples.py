"""What the samples say that they have from a record in book/measured/ is what the record holds.

``python tests/test_samples.py`` prints the figures of each such trial as the records give them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import pytest

from lepton_nb import client, value_model

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = sorted(path.parent.name for path in (ROOT / "clients").glob("*/client.yml"))
#: Standard errors in a 95 % interval, from one end to the other.
WIDTH = 2 * NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Figure:
    """A paired figure of a record. sign: -1 where less is better."""

    record: str
    name: str
    sign: int = 1

    def row(self) -> tuple[int, float, float]:
        """n, gain and standard error, as metrics/trials.csv has them: four digits."""
        path = ROOT / "book" / "measured" / f"{self.record}.json"
        found = json.loads(path.read_text(encoding="utf-8"))["figures"][self.name]
        gain, error = self.sign * found["value"], (found["high"] - found["low"]) / WIDTH
        return found["n"], float(f"{gain:.4g}"), float(f"{error:.4g}")


FROM_RECORDS = {
    ("carrier", "F1_on_a_public_road"): Figure("forecasting", "traffic_gain_over_naive", sign=-1),
}


@pytest.mark.parametrize(("sample", "trial"), FROM_RECORDS)
def test_a_trial_is_the_figure_of_the_record_that_it_names(sample, trial):
    figure = FROM_RECORDS[sample, trial]
    (found,) = (one for one in client.load(ROOT / "clients" / sample).trials if one.trial_id == trial)
    assert (found.n, found.gain, found.standard_error) == figure.row()
    assert f"book/measured/{figure.record}.json" in found.sample and figure.name in found.sample


def test_every_trial_of_a_sample_is_held_to_a_record():
    given = {(name, one.trial_id) for name in SAMPLES for one in client.load(ROOT / "clients" / name).trials}
    assert given == set(FROM_RECORDS)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_whole_and_valued(sample):
    company = client.load(ROOT / "clients" / sample)
    parts = ("assets", "costs", "benefits", "usage", "scores", "comparables", "data_quality")
    assert not [name for name in parts if not getattr(company, name)]
    assert company.client.synthetic
    plan = value_model.plan(company)
    assert any(line.link != "none" for line in plan.benefits)  # something that was measured carries it


if __name__ == "__main__":
    for (sample, trial), figure in FROM_RECORDS.items():
        print(sample, trial, *figure.row())
    sys.exit(0)
