"""Axes, pictures, and HTML that lets nothing through."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import List, Optional, Tuple

import pytest

from easy_esmm.reporting.drawing import axis, html, svg
from easy_esmm.reporting.drawing.formats import percent, percent_tick, ratio, significant, tick
from easy_esmm.reporting.drawing.xy import Series, chart


def test_numbers_keep_the_digits_that_count() -> None:
    assert [percent(x) for x in (0, 0.123, 0.0123, 0.00123, 0.000123)] == [
        *("0%", "12%", "1.2%", "0.12%", "0.012%")
    ]
    assert [significant(x) for x in (0.01234, 1234.0, 0, float("nan"))] == [
        *("0.0123", "1,234", "0", "\N{EN DASH}")
    ]
    assert [percent_tick(0.05), percent_tick(0.0005), tick(0.3), tick(1500)] == [
        *("5%", "0.05%", "0.3", "1.5 k")
    ]
    assert ratio(float("inf")) == "\N{INFINITY}"


def test_a_linear_axis_ends_at_round_numbers_around_the_values() -> None:
    found = axis.linear("x", [0.13, 0.47], tick)
    assert (found.low, found.high) == (0, 0.6000000000000001)
    assert [mark.text for mark in found.marks] == ["0", "0.2", "0.4", "0.6"]
    assert found.place(0.3) == pytest.approx(0.5)
    # A single value, and none, still make an axis.
    for values in ([0.0], [], [float("nan")], [0.7, 0.7]):
        one = axis.linear("x", values, tick, is_from_zero=False)
        assert one.high > one.low


def test_a_log_axis_puts_equal_factors_at_equal_distances_and_zero_on_its_edge() -> None:
    found = axis.log("x", [0.001, 0.1], percent_tick)
    middle = found.place(0.01)
    assert middle == pytest.approx(0.5)
    assert found.place(0.1) - middle == pytest.approx(middle - found.place(0.001))
    assert found.place(0.0) == 0
    assert [mark.text for mark in found.marks] == ["0.1%", "1%", "10%"]


def test_dots_stand_where_their_values_are() -> None:
    across, down = axis.linear("x", [0, 1], tick), axis.linear("y", [0, 1], tick)
    dots = Series("s", [0, 0.5, 1], [0, 0.5, 1], is_line=False, has_dots=True)
    circles = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', chart([dots], across, down, "c"))
    xs, ys = zip(*((float(x), float(y)) for x, y in circles))
    # 340 wide with margins 48 and 14; 240 high with margins 26 and 44
    assert xs == pytest.approx([48, 187, 326])
    assert ys == pytest.approx([196, 111, 26])


def test_what_is_no_number_interrupts_a_line() -> None:
    nan = float("nan")
    across, down = axis.linear("x", [0, 5], tick), axis.linear("y", [0, 1], tick)
    line = Series("s", [0, 1, 2, 3, 4, 5], [0, 1, nan, 1, 0, 1])
    picture = chart([line], across, down, "c")
    runs = re.findall(r'<polyline[^>]*points="([^"]*)"', picture)
    assert [len(run.split()) for run in runs] == [2, 3]
    assert "nan" not in picture


def test_every_word_is_escaped() -> None:
    bad = '<script>alert("1")</script>\N{GREEK SMALL LETTER ALPHA}'
    across = axis.Axis(bad, 0, 1, (axis.Mark(0.5, bad),))
    dots = Series(bad, [0.1], [0.2], has_dots=True, notes=[bad])
    page = html.document(
        bad,
        html.section(bad, bad, bad, html.card(bad, bad, chart([dots, dots], across, across, bad)))
        + html.table([bad, bad], [[bad, bad]], name=bad)
        + html.numbers([(bad, bad)])
        + html.folded(bad, "")
        + html.left_out(bad),
    )
    assert "<script" not in page
    assert '"1"' not in page
    assert (
        page.count("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;\N{GREEK SMALL LETTER ALPHA}")
        >= 18
    )


def test_names_from_data_are_text_of_the_page_whatever_they_hold() -> None:
    bad = "</td><script>x</script>\"' ]]>-->&lt;\N{RIGHT-TO-LEFT OVERRIDE}\0\ud800\x1b\N{SNOWMAN}"
    names = (bad, bad)
    body = [
        html.numbers([names]),
        html.table(names, [names], name=bad),
        html.card(bad, bad, svg.picture([svg.text(0, 0, bad)], 10, bad)),
        html.cards([], otherwise=bad),
        html.section("part", bad, bad, ""),
        html.folded(bad, ""),
    ]
    page = html.document(bad, "".join(body))
    page.encode()
    found = _Texts()
    found.feed(page)
    shown = (
        "</td><script>x</script>\"' ]]>-->&lt;" + 4 * "\N{REPLACEMENT CHARACTER}" + "\N{SNOWMAN}"
    )
    assert "script" not in found.tags
    assert found.texts.count(shown) == 15
    assert found.attributes.count(("aria-label", shown)) == 2
    assert {name for name, _ in found.attributes} <= {
        "aria-label", "charset", "class", "content", "id", "lang", "name", "role", "scope",
        "tabindex", "text-anchor", "viewbox", "x", "y",
    }  # fmt: skip


class _Texts(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: List[str] = []
        self.attributes: List[Tuple[str, Optional[str]]] = []
        self.texts: List[str] = []

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
