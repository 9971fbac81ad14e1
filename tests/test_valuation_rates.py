"""Rates of return beside far ones: what is ordinary is found, what is far out spoils nothing."""

import math
import pickle

import numpy as np
import pytest

from lepton_nb.valuation import cashflows

THREE_DATES = ["2025-01-01", "2026-01-01", "2027-01-01"]


@pytest.mark.parametrize("last", [0.0, 0.3 - 0.1 - 0.2, -1e-300, -1e-13, -1e-9, -1e-6, 1e-9])
def test_a_last_flow_next_to_nothing_leaves_the_rate(last):
    assert cashflows.irr([-1000, 600, 600, last]) == pytest.approx(0.130662, abs=5e-7)
    assert len(cashflows.irr_all([-1000, 600, 600, last])) == 1


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_what_is_next_to_nothing_does_not_depend_on_the_unit_of_money(size):
    assert cashflows.irr(np.array([-1000, 600, 600, -3e-14]) * size) == pytest.approx(0.130662, abs=5e-7)


def test_a_small_flow_a_day_before_the_investment_leaves_the_rate():
    dates = ["2025-01-01", "2025-01-02", "2026-01-01", "2027-01-01"]
    found = cashflows.xirr_all([10, -1000, 600, 600], dates)
    assert found == pytest.approx((0.138706,), abs=5e-7)
    assert found.beyond == pytest.approx([365 * math.log(100)], rel=1e-3)
    assert cashflows.xirr([10, -1000, 600, 600], dates) == found[0]


def test_what_is_left_out_is_told():
    found = cashflows.irr_all([-1000, 600, 600, -1e-9])
    assert found.beyond == pytest.approx([math.log(1e-9 / 600)], rel=1e-6)
    assert cashflows.irr_all([-100, 110]).beyond == ()
    assert pickle.loads(pickle.dumps(found)).beyond == found.beyond
    several = cashflows.xirr_batch([[-1000, 600, 600, -1e-9]], [*THREE_DATES, "2028-01-01"])
    assert several.roots[0] == pytest.approx((0.130662,), abs=5e-7)
    assert several.beyond == (0,)


def test_a_far_rate_is_given_where_it_is_the_only_one():
    assert cashflows.xirr([-100, 110], ["2025-01-01", "2025-01-02"]) == pytest.approx(1.1**365 - 1, rel=1e-9)
    assert cashflows.irr([-1000, 1e-9]) == pytest.approx(-1 + 1e-12, rel=1e-15)
    with pytest.raises(cashflows.Undefined, match=r"^The rate of return lies outside"):
        cashflows.xirr([-1, 1000], ["2025-01-01", "2025-01-02"])


def test_two_ordinary_rates_are_still_two():
    with pytest.raises(cashflows.SeveralRatesOfReturn) as caught:
        cashflows.irr([-1600, 10000, -10000, 1e-12])
    assert caught.value.roots == pytest.approx((0.25, 4.0))
    assert cashflows.irr_all([-1, 1 / 0.01]) == pytest.approx((99.0,))


def _series(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Flows of all sizes that change sign often, some days apart and some years."""
    generator = np.random.default_rng(seed)
    amounts = generator.normal(size=(count, 12)) * 10 ** generator.uniform(-1, 3, (count, 12))
    amounts[generator.random((count, 12)) < 0.2] *= 1e-12
    close = generator.integers(1, 40, (count, 12))
    gaps = np.where(generator.random((count, 12)) < 0.5, close, generator.integers(100, 600, (count, 12)))
    return amounts, np.datetime64("2020-01-01") + np.cumsum(gaps, axis=1)


def test_of_ten_thousand_series_no_ordinary_rate_is_lost():
    amounts, dates = _series(seed=3, count=10_000)
    found = cashflows.xirr_batch(amounts, dates)
    logs = np.linspace(math.log(0.01), math.log(100), 300)  # rates of -99 % to 9,900 %
    years = (dates - dates[:, :1]).astype(float) / 365
    signs = np.array([np.sign(np.einsum("ij,ij->i", amounts, np.exp(-x * years))) for x in logs])
    step, series = np.nonzero(signs[1:] * signs[:-1] < 0)
    assert len(step) > 5_000
    lost = [
        (s, i)
        for s, i in zip(series, step, strict=True)
        if not any(logs[i] - 1e-9 <= math.log1p(rate) <= logs[i + 1] + 1e-9 for rate in found.roots[s])
    ]
    assert not lost
    for row in range(0, 10_000, 50):
        try:
            alone = cashflows.xirr_all(amounts[row], dates[row])
        except cashflows.Undefined:
            alone = ()
        assert alone == pytest.approx(found.roots[row])
