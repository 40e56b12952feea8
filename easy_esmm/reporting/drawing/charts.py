"""Bars and single lines as small charts: inline SVG, coloured by the page's style."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import List, Sequence, Tuple

from easy_esmm.reporting.drawing import svg
from easy_esmm.reporting.drawing.formats import Format
from easy_esmm.reporting.drawing.svg import WIDTH

HEIGHT = 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 12, 30


@dataclass(frozen=True)
class Tick:
    """A mark of an axis: its place and its text."""

    at: float
    text: str


def bars(labels: Sequence[str], values: Sequence[float], text: Format, name: str) -> str:
    """One bar per label, from 0, with its value."""
    top = _nice_top(max(values, default=0.0))
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(values))
    width = min(step * 0.8, 56)
    parts = _frame(top, text, [])
    every = max(1, math.ceil(len(labels) / 8))
    for number, (label, value) in enumerate(zip(labels, values)):
        middle = _LEFT + step * (number + 0.5)
        height = _height(value, top)
        parts.append(
            f'<rect class="mark" x="{middle - width / 2:.1f}" y="{HEIGHT - _BOTTOM - height:.1f}" '
            f'width="{width:.1f}" height="{max(height, 0):.1f}" rx="2">'
            f"<title>{escape(label)}: {escape(text(value))}</title></rect>"
        )
        if len(values) <= 5:
            above = HEIGHT - _BOTTOM - height - 4
            parts.append(svg.text(middle, above, text(value), "middle", "value"))
        if number % every == 0:
            parts.append(svg.text(middle, HEIGHT - _BOTTOM + 14, label, "middle"))
    return svg.picture(parts, HEIGHT, name)


def line(
    points: Sequence[Tuple[float, float]],
    ticks: Sequence[Tick],
    text: Format,
    name: str,
    is_from_zero: bool = True,
) -> str:
    """A line through points whose x lies in [0, 1]."""
    values = [y for _, y in points]
    top = _nice_top(max(values, default=0.0))
    bottom = 0.0 if is_from_zero else min(values, default=0.0)
    marks = [
        (_LEFT + x * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - _height(y - bottom, top - bottom))
        for x, y in points
    ]
    parts = _frame(top, text, ticks)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in marks)
    parts.append(f'<polyline class="line" points="{path}"><title>{escape(name)}</title></polyline>')
    return svg.picture(parts, HEIGHT, name)


def _frame(top: float, text: Format, ticks: Sequence[Tick]) -> List[str]:
    """The grid and the axes' texts."""
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = HEIGHT - _BOTTOM - _height(share * top, top)
        kind = "axis" if share == 0 else "grid"
        parts.append(svg.rule(_LEFT, y, WIDTH - _RIGHT, y, kind))
        parts.append(svg.text(_LEFT - 6, y + 4, text(share * top), "end"))
    for tick in ticks:
        anchor = "start" if tick.at <= 0 else "end" if tick.at >= 1 else "middle"
        x = _LEFT + tick.at * (WIDTH - _LEFT - _RIGHT)
        parts.append(svg.text(x, HEIGHT - _BOTTOM + 14, tick.text, anchor))
    return parts


def _height(value: float, top: float) -> float:
    return (HEIGHT - _TOP - _BOTTOM) * value / top if top else 0.0


def _nice_top(value: float) -> float:
    """The next of 1, 2, 3, 4, 5, 6, 8, 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(k * power for k in (1, 2, 3, 4, 5, 6, 8, 10) if k * power >= value * (1 - 1e-9))
