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


def test_one_legend_serves_all_panels_and_a_number_of_servers_has_one_colour(monkeypatch):
    seen = []
    monkeypatch.setattr(plots, "show", lambda figure, caption, name="": seen.append(figure))
    names = {"M1": (1, 2, 4, 5), "M2": (1, 2, 3, 4)}
    lines = [SimpleNamespace(name=name, arrivals=1.0, target=0.1) for name in names]
    times = ([0.1, 0.2], [0.01, 0.02])
    use.response_curves(lines, {name: dict.fromkeys(counts, times) for name, counts in names.items()})
    use.cost_curves([service(), service("M2")], {"M2": [7.5]}, "EUR")  # the first is not to be bought
    waits, costs = seen
    colours = [{line.get_label(): line.get_color() for line in axis.lines} for axis in waits.axes]
    assert all(colours[0][count] == colours[1][count] for count in ("1", "2", "4"))
    assert len({colours[0]["5"], *(colours[1][count] for count in "1234")}) == 5
    for figure, words in ((waits, list("12345")), (costs, ["own", "own, today", "bought, today"])):
        (legend,) = figure.legends
        assert [text.get_text() for text in legend.get_texts()] == words
        assert not any(axis.get_legend() for axis in figure.axes)
        matplotlib.pyplot.close(figure)
