"""The only maker of HTML escapes everything, and writes numbers as a report needs them."""

from __future__ import annotations

import re

import browser
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


def test_two_drawings_of_one_page_share_no_identifier_and_each_says_what_it_shows():
    pages = []
    for name in ("one", "two"):
        _, axis = plots.axes(width=5.4)
        axis.plot([0, 1], [1, 2])
        pages.append(str(plots.show(plots.describe(axis, f"Line {name} rises from 1 to 2."), "Caption.", name)))
    found = [set(re.findall(r'\bid="([^"]+)"', page)) for page in pages]
    assert all(found) and not found[0] & found[1]
    used = set(re.findall(r"(?:href=\"|url\()#([^\")]+)", pages[0]))
    assert used and used <= found[0]
    assert 'aria-label="Line one rises from 1 to 2."' in pages[0] and ">Caption.</figcaption>" in pages[0]
    assert "lepton-narrow" in pages[0]
    (kept,) = render.drawings(pages[0]).values()
    assert kept[0].startswith("<svg") and kept[1] == "Caption."


def test_a_character_that_the_font_lacks_is_left_to_the_readers_fonts():
    figure, axis = plots.axes()
    axis.set_title("铸造缺陷 \U0001f600")
    shown = str(plots.show(figure, "A caption."))
    assert "铸造缺陷" in shown


def test_a_table_has_no_empty_heading_scrolls_by_keyboard_and_sums_what_it_is_told():
    rows = [{"": "a", "Paid": 1.5, "Left": 0.0, "Word": "x"}, {"": "b", "Paid": 2.0, "Left": None, "Word": ""}]
    html = str(render.table(rows, {"Paid": lambda v: f"{v:.1f}!"}, "Costs.", sums=("Paid",), unless_zero=("Left",)))
    assert "<th></th>" not in html and 'tabindex="0"' in html and 'aria-label="Costs."' in html
    assert "Left" not in html
    last = html[html.index('class="total"') :]
    assert "Total" in last and "3.5!" in last
    assert "Nobody paid." in render.table([], none="Nobody paid.") and "<table" not in render.table([])
    assert render.table(rows, columns=["Word"]).count("<th ") == 1


def test_banners_of_a_page_follow_from_the_client_and_the_data():
    data = [{"name": "faces", "source": "drawn by rule", "stand_in": True}, {"name": "mnist", "stand_in": False}]
    both = render.notices(True, data)
    assert both.count("lepton-banner") == 2 and "faces: drawn by rule." in both
    assert str(render.notices(False, data[1:])) == ""


def test_key_figures_and_sentences_are_text():
    shown = render.join(
        render.key_figures([(EVIL, EVIL, EVIL), ("Missing", None)]),
        render.sentences([EVIL, EVIL, "", None], "Findings"),
        render.sentences([], none="Nothing is withheld."),
    )
    assert "<script" not in shown and shown.count("&lt;script&gt;") == 4
    assert ">–</dd>" in shown and "Nothing is withheld." in shown


def test_thousands_are_set_apart_alike_in_sentences_and_figures():
    found = str(
        render.sentences(
            ["M1: at most 410,000 EUR, n = 1,234,567.", "worth -1,494,359 SEK", "paragraphs 65,67 and x=1,000"]
        )
    )
    assert f"410{render.THIN}000 EUR" in found and f"1{render.THIN}234{render.THIN}567." in found
    assert f"{render.MINUS}1{render.THIN}494{render.THIN}359 SEK" in found
    assert "65,67" in found and "x=1,000" in found


def test_long_addresses_may_be_broken_and_short_words_are_not():
    found = str(render.table([{"Address": "https://example.org/a_long/address?p=1&q=2", "Name": "cost_a"}]))
    assert (
        "https://<wbr>example.org/<wbr>a_<wbr>long/" in found and "p=<wbr>1&amp;<wbr>q" in found and "cost_a<" in found
    )


def test_signs_that_turn_a_text_are_named_and_endless_words_may_be_broken_in_a_table():
    html = str(render.table([{"Name": "pay\u202e001", "Word": "x" * 92}], caption="a\u2066b"))
    assert "\u202e" not in html and "\u2066" not in html and "pay[U+202E]001" in html
    assert max(map(len, re.findall("x+", html))) <= 30 and html.count("x") >= 92
    assert "1234567890123456" in render.table([{"Key": "1234567890123456"}])  # a shorter word stays whole


def test_a_table_counts_the_assets_of_a_large_group_and_a_note_does_not():
    large, small = "A + B + C + D + E + F", "A + B + C + D"
    html = str(render.table([{"Group": large, "Why": f"without {large}."}, {"Group": small, "Why": ""}]))
    assert html.count("A + B + 4 more") == 2 and f">{small}<" in html and large not in html
    assert large in render.note(large)


def test_a_page_of_its_own_runs_its_own_script_and_no_other(tmp_path):
    file = tmp_path / "page.html"
    file.write_text(render.page(EVIL, render.table([{"a": EVIL}]), "p{}"), "utf-8")
    with browser.chromium() as chromium:
        said = []
        page = chromium.new_page(color_scheme="dark")
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.dataset.theme") == "dark" and said == []
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">')")
        page.wait_for_timeout(200)
        assert page.evaluate("window.ran") is None and any("Content Security Policy" in text for text in said)
