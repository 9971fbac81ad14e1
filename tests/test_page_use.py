"""Drawings of models in use hold what they are given, and a client's words as text."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib
import pytest

from lepton_nb.client import ThreePoint
from lepton_nb.page import plots, use
from lepton_nb.value_model import waiting


@pytest.fixture
def drawn(monkeypatch):
    """The figure that a drawing finished, before it became SVG."""
    kept = []
    finish = plots.show

    def keep(figure, caption, name=""):
        kept.append([[line.get_xydata() for line in axis.lines] for axis in figure.axes])
        return finish(figure, caption, name)

    monkeypatch.setattr(plots, "show", keep)
    return kept


def service(name="M1", requests=1000.0):
    return SimpleNamespace(asset_id=name, requests_a_year=requests, full_cost=ThreePoint(5, 10, 20))


def test_cost_falls_with_the_volume_and_today_is_marked(drawn):
    page = use.cost_curves([service(), service("US$ 2 vs $3")], {"M1": [7.5]}, "EUR")
    (first, _) = drawn[0]
    curve, today, bought = first
    assert curve[:, 0] * curve[:, 1] == pytest.approx(10_000)
    assert today.tolist() == [[1000, 10]] and bought.tolist() == [[1000, 7.5]]
    assert "<svg" in str(page) and matplotlib.pyplot.get_fignums() == []


def test_response_times_and_fronts_draw_every_service(drawn):
    line = waiting.example(1.5)
    use.response_curves([line], {line.name: waiting.curves(line)})
    ends = drawn[0][0]
    assert len(ends) == 4 + 2  # 1, 2, 4 and 5 servers, the busiest hour and the limit
    assert ends[-2][:, 0].tolist() == [3600 * line.arrivals] * 2
    use.speed_fronts([line], "EUR")
    assert len(drawn[1]) == 1
