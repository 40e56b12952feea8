"""Small charts as inline SVG: no script, no network; colours come from the page's style."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import Callable, List, Sequence, Tuple

WIDTH, HEIGHT = 340, 190
"""As wide as a phone, so that its text is readable there; a page puts several side by side."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 12, 30

Format = Callable[[float], str]


@dataclass(frozen=True)
class Tick:
    """A mark of an axis: where, and what it says."""

    at: float
    text: str


def bars(labels: Sequence[str], values: Sequence[float], text: Format, name: str) -> str:
    """One bar a label, from 0; each says its value."""
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
            parts.append(_text(middle, above, text(value), "middle", "value"))
        if number % every == 0:
            parts.append(_text(middle, HEIGHT - _BOTTOM + 14, label, "middle"))
    return _svg(parts, name)


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
    return _svg(parts, name)


def _frame(top: float, text: Format, ticks: Sequence[Tick]) -> List[str]:
    """The grid and the axes' texts."""
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = HEIGHT - _BOTTOM - _height(share * top, top)
        kind = "axis" if share == 0 else "grid"
        parts.append(
            f'<line class="{kind}" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(_text(_LEFT - 6, y + 4, text(share * top), "end"))
    for tick in ticks:
        anchor = "start" if tick.at <= 0 else "end" if tick.at >= 1 else "middle"
        x = _LEFT + tick.at * (WIDTH - _LEFT - _RIGHT)
        parts.append(_text(x, HEIGHT - _BOTTOM + 14, tick.text, anchor))
    return parts


def _height(value: float, top: float) -> float:
    return (HEIGHT - _TOP - _BOTTOM) * value / top if top else 0.0


def _nice_top(value: float) -> float:
    """The next of 1, 2, 3, 4, 5, 6, 8, 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(k * power for k in (1, 2, 3, 4, 5, 6, 8, 10) if k * power >= value * (1 - 1e-9))


def _text(x: float, y: float, text: str, anchor: str, kind: str = "label") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _svg(parts: Sequence[str], name: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">'
        + "".join(parts)
        + "</svg>"
    )
