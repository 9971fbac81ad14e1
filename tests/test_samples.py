"""The samples are whole, and what was measured in them names the record that holds it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import NormalDist

import pytest

from lepton_nb import client, value_model

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = sorted(path.parent.name for path in (ROOT / "clients").glob("*/client.yml"))
#: Standard errors in a 95 % interval, from one end to the other.
WIDTH = 2 * NormalDist().inv_cdf(0.975)
#: "FIGURE of book/measured/NAME.json" in the words of a trial's sample.
RECORD = re.compile(r"(\w+) of book/measured/(\w+)\.json")


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_trial_is_that_of_the_record_it_names(sample):
    for trial in client.load(ROOT / "clients" / sample).trials:
        named = RECORD.search(trial.sample)
        assert named, f"{trial.trial_id}: its sample names no record"
        path = ROOT / "book" / "measured" / f"{named[2]}.json"
        figure = json.loads(path.read_text(encoding="utf-8"))["figures"][named[1]]
        better = -1 if "_gain_over_" in named[1] else 1  # errors of a forecast: less is better
        assert (trial.n, trial.gain) == (figure["n"], pytest.approx(better * figure["value"], rel=1e-3))
        assert trial.standard_error == pytest.approx((figure["high"] - figure["low"]) / WIDTH, rel=1e-3)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_whole_and_something_measured_carries_it(sample):
    company = client.load(ROOT / "clients" / sample)
    parts = ("assets", "costs", "benefits", "usage", "scores", "comparables", "data_quality")
    assert not [name for name in parts if not getattr(company, name)]
    assert company.client.synthetic
    assert any(line.link != "none" for line in value_model.plan(company).benefits)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_test_on_public_data_says_so_and_so_does_the_value_that_rests_on_it(sample):
    """What a trial takes from a record of the book, and what a case of public data gave and was typed, is of public data."""
    company = client.load(ROOT / "clients" / sample)
    assert all(trial.public for trial in company.trials if RECORD.search(trial.sample))
    copied = [one for one in company.evaluations if re.search(r"full run of \w+@", one.sample)]
    assert all(one.public for one in copied)
    told = value_model.rests_on(value_model.plan(company))
    assert len(told) == len(company.trials) + len(copied)
    assert all("rests on public data in place of the client" in text for text in told)


def test_what_the_clinic_typed_is_weighted_as_its_case_is():
    company = client.load(ROOT / "clients" / "clinic")
    (typed,), (case,) = company.evaluations, company.cases
    assert (typed.share_in_use, typed.share_range) == (case.positive_share, case.share_range)
    for outcome in ("tp", "fp", "fn", "tn"):
        assert typed.stated_value[outcome] == pytest.approx(case.outcome_value[outcome])
