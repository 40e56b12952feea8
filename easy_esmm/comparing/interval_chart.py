"""Intervals of one measure, a line a config, as inline SVG; colours come from the page's style."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Callable, List, Sequence

from easy_esmm.comparing.statistics import Interval

Place = Callable[[float], float]
"""From a value to its x."""

WIDTH = 340
"""As wide as a phone."""
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
        parts.append(
            f'<line class="zero" x1="{zero:.1f}" x2="{zero:.1f}" y1="{top + 17}" y2="{top + 31}"/>'
        )
        parts += _line(line, top, place)
    parts += _axis(low, high, zero, height - 6)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(name)}">'
        + "".join(parts)
        + "</svg>"
    )


def _line(line: Line, top: float, place: Place) -> List[str]:
    found, y = line.difference, top + 24
    parts = [f'<text class="label" x="{_MARGIN}" y="{top + 13}">{escape(line.name)}</text>']
    if found.is_known:
        x1, x2 = place(found.low), place(found.high)
        parts.append(
            f'<line class="bar {line.verdict}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y}" y2="{y}"/>'
        )
        text = f"{found.mean:+.4f}, 95 % from {found.low:+.4f} to {found.high:+.4f}"
    else:
        text = f"{found.mean:+.4f}"
    parts.append(
        f'<circle class="dot {line.verdict}" cx="{place(found.mean):.1f}" cy="{y}" r="4">'
        f"<title>{escape(line.name)}: {text}</title></circle>"
    )
    parts.append(
        f'<text class="value" x="{WIDTH - _MARGIN}" y="{top + 13}" text-anchor="end">'
        f"{found.mean:+.4f}</text>"
    )
    return parts


def _axis(low: float, high: float, zero: float, y: float) -> List[str]:
    texts = [(zero, "0", "middle")]
    room = 48  # of a number and a gap
    if zero - _MARGIN > room:
        texts.append((_MARGIN, f"{low:+.3f}", "start"))
    if WIDTH - _MARGIN - zero > room:
        texts.append((WIDTH - _MARGIN, f"{high:+.3f}", "end"))
    return [
        f'<text class="tick" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{text}</text>'
        for x, text, anchor in texts
    ]
