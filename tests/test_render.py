"""The only maker of HTML escapes everything, and writes numbers as a report needs them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lepton_nb.page import plots, render

EVIL = '<script>alert("x")</script>&{{'


def test_whatever_a_client_types_is_text():
    parts = [
        render.table([{EVIL: EVIL, "n": 1}], caption=EVIL),
        render.banner(EVIL, EVIL, EVIL),
        render.definitions({EVIL: EVIL}),
        render.note(EVIL),
        render.figure("<svg ></svg>", EVIL, EVIL),
    ]
    for part in parts:
        assert "<script" not in part
        assert "&lt;script&gt;" in part
    with pytest.raises(TypeError, match="finished Html only"):
        render.join(parts[0], EVIL)
    assert render.join(*parts).startswith("<div")


def plain(text):
    return text.replace(render.THIN, " ").replace(render.MINUS, "-")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (render.number(1234567.891, 1), "1 234 567.9"),
        (render.number(-0.001, 2), "0.00"),
        (render.number(-1.5, 1), "-1.5"),
        (render.number(None), "–"),
        (render.number(float("nan")), "–"),
        (render.percent(0.9951), "99.5 %"),
        (render.count(60000), "60 000"),
        (render.money(1_256_000, "EUR"), "1.26 m EUR"),
        (render.money(-45_400, "EUR"), "-45 k EUR"),
        (render.money(999_600, "EUR"), "1.00 m EUR"),
        (render.money(15.194, "EUR"), "15.19 EUR"),
        (render.money(None, "EUR"), "–"),
    ],
)
def test_numbers(text, wanted):
    assert plain(text) == wanted


def test_a_table_sets_numbers_right_and_marks_the_total():
    frame = pd.DataFrame({"asset": ["M1", "total"], "value": [1.5, None], "live": [True, False]})
    html = render.table(frame, {"value": lambda v: render.money(v, "EUR")}, total=True)
    assert html.count('class="num"') == 3
    assert '<tr class="total">' in html
    assert "<td>yes</td>" in html
    assert ">–<" in html


def test_plain_text_of_html_keeps_the_words():
    bundle = render.table([{"a": "x & y", "n": 2}])._repr_mimebundle_()
    assert bundle["text/plain"].split() == ["a", "n", "x", "&", "y", "2"]


def test_a_plot_is_drawn_in_the_colour_of_the_text_and_repeats_to_the_byte():
    def draw():
        figure, axis = plots.axes()
        axis.plot([0, 1], [1, 2], label="a < b")
        axis.set_title("Title")
        plots.image(plots.axes()[1], np.eye(3))
        return plots.show(figure, "Caption, n = 2.", "example")

    first = draw()
    assert first == draw()
    assert "currentColor" in first
    assert plots.INK not in first
    assert 'id="fig-example"' in first
    assert 'aria-label="Caption, n = 2."' in first


def test_a_dollar_sign_in_a_drawing_is_a_dollar_sign_and_a_logarithmic_axis_has_readable_ticks():
    figure, axis = plots.axes()
    axis.plot([1, 1e9], [0.002, 40], label="703 $ to 5 $ per \\frac{1}{2}")
    axis.legend()
    axis.set(xscale="log", yscale="log", title="$x^2$ EUR")
    assert "currentColor" in plots.show(figure, "A caption.")
    ticks = [label.get_text() for line in (axis.xaxis, axis.yaxis) for label in line.get_ticklabels()]
    assert "10⁶" in ticks and "0.1" in ticks
    assert not [text for text in ticks if set(text) & set("$\\{}^")]
    assert not axis.title.get_parse_math()
