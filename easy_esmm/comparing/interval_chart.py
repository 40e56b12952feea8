"""Intervals of one measure, a line a config, as inline SVG; colours come from the page's style."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Callable, List, Sequence

from easy_esmm.comparing.statistics import Interval
from easy_esmm.reporting.drawing.svg import WIDTH, picture, rule, text

Place = Callable[[float], float]
"""From a value to its x."""

_ROW, _TOP, _BOTTOM, _MARGIN = 34, 6, 22, 12


@dataclass(frozen=True)
class Line:
    """A config's interval."""

    name: str
    difference: Interval
    verdict: str
    """CSS class: `better`, `worse`, `other` or `noise`."""


def interval_chart(lines: Sequence[Line], name: str) -> str:
    """The chart; its axis holds 0 and all intervals."""
    ends = [0.0]
    for line in lines:
        found = line.difference
        ends += [found.low, found.high] if found.is_known else [found.mean]
    low, high = min(ends), max(ends)
    width = (high - low) or 1.0
    height = _TOP + _ROW * len(lines) + _BOTTOM

    def place(value: float) -> float:
        return _MARGIN + (value - low) / width * (WIDTH - 2 * _MARGIN)

    zero = place(0.0)
    parts = []
    for number, line in enumerate(lines):
        top = _TOP + _ROW * number
        # Not through the names.
        parts.append(rule(zero, top + 17, zero, top + 31, "axis"))
        parts += _line(line, top, place)
    parts += _axis(low, high, zero, height - 6)
    return picture(parts, height, name)


def _line(line: Line, top: float, place: Place) -> List[str]:
    found, y = line.difference, top + 24
    parts = [text(_MARGIN, top + 13, line.name)]
    words = f"{found.mean:+.4f}"
    if found.is_known:
        parts.append(rule(place(found.low), y, place(found.high), y, f"bar {line.verdict}"))
        words += f", 95 % from {found.low:+.4f} to {found.high:+.4f}"
    parts.append(
        f'<circle class="middle {line.verdict}" cx="{place(found.mean):.1f}" cy="{y}" r="4">'
        f"<title>{escape(line.name)}: {words}</title></circle>"
    )
    parts.append(text(WIDTH - _MARGIN, top + 13, f"{found.mean:+.4f}", "end", "value"))
    return parts


def _axis(low: float, high: float, zero: float, y: float) -> List[str]:
    texts = [(zero, "0", "middle")]
    room = 48  # of a number and a gap
    if zero - _MARGIN > room:
        texts.append((_MARGIN, f"{low:+.3f}", "start"))
    if WIDTH - _MARGIN - zero > room:
        texts.append((WIDTH - _MARGIN, f"{high:+.3f}", "end"))
    return [text(x, y, words, anchor, "tick") for x, words, anchor in texts]
