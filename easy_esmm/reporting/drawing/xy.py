"""Charts: lines, dots with intervals and bands over two axes with a legend, and bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import Iterator, List, Sequence, Tuple

from easy_esmm.reporting.drawing import svg
from easy_esmm.reporting.drawing.axis import Axis, linear, numbered
from easy_esmm.reporting.drawing.formats import Format

HEIGHT = 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 14, 26, 44
_MARK_GAP = 8
_LABELLED = 5
"""Up to so many bars have their value above them."""
TONES = 5
"""Colours of series, from 1."""


@dataclass(frozen=True, eq=False)
class Series:
    """Points [n] of one colour; not finite ones interrupt a line."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    tone: int = 1
    """1 to `TONES`: colours that the colour-blind can tell apart, each with a dash of its own; 0:
    the line that others are compared with."""
    is_line: bool = True
    has_dots: bool = False
    is_filled: bool = False
    """Whether the space below the line is shaded."""
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    """Ends of an interval around each point, if there are any: a bar at dots, else a band."""
    notes: Sequence[str] = ()
    """Texts of the dots under the pointer."""


def chart(series: Sequence[Series], x: Axis, y: Axis, name: str) -> str:
    """The legend, where there is more than one series, and the picture."""
    legend = _legend(series) if len(series) > 1 else ""
    return legend + picture(series, x, y, name)


def picture(series: Sequence[Series], x: Axis, y: Axis, name: str) -> str:
    """The picture; `name` describes it in words."""
    parts = [*_frame(x, y)]
    for one in series:
        parts.extend(_drawn(one, x, y))
    return svg.picture(parts, HEIGHT, name)


def bars(labels: Sequence[str], values: Sequence[float], text: Format, name: str) -> str:
    """One bar per label, from 0, with its value."""
    x, y = numbered("", labels), linear("", values, text)
    parts = [*_frame(x, y)]
    width = min(0.8 * (_along(x, 2) - _along(x, 1)), 56)
    for place, (label, value) in enumerate(zip(labels, values), start=1):
        middle, top = _along(x, place), _down(y, value)
        parts.append(
            f'<rect class="mark" x="{middle - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{HEIGHT - _BOTTOM - top:.1f}" rx="2">'
            f"<title>{escape(label)}: {escape(text(value))}</title></rect>"
        )
        if len(values) <= _LABELLED:
            parts.append(svg.text(middle, top - 4, text(value), "middle", "value"))
    return svg.picture(parts, HEIGHT, name)


def _legend(series: Sequence[Series]) -> str:
    items = "".join(
        f'<li><svg class="key" viewBox="0 0 28 12" aria-hidden="true">{_key(one)}</svg>'
        f"{escape(one.name)}</li>"
        for one in series
    )
    return f'<ul class="legend">{items}</ul>'


def _key(one: Series) -> str:
    line = svg.rule(1, 6, 27, 6, f"line tone{one.tone}") if one.is_line else ""
    return line + (
        f'<circle class="dot tone{one.tone}" cx="14" cy="6" r="4"/>' if one.has_dots else ""
    )


def _frame(x: Axis, y: Axis) -> Iterator[str]:
    bottom, right = HEIGHT - _BOTTOM, svg.WIDTH - _RIGHT
    for mark in y.marks:
        at = _down(y, mark.at)
        yield svg.rule(_LEFT, at, right, at)
        yield svg.text(_LEFT - 6, at + 4, mark.text, "end")
    yield svg.rule(_LEFT, bottom, right, bottom, "axis")
    end = -math.inf
    for mark in x.marks:
        at = _along(x, mark.at)
        half = 4.8 * len(mark.text)
        middle = min(max(at, half), svg.WIDTH - half)
        if middle - half < end + _MARK_GAP:
            continue  # it would stand on its neighbour
        end = middle + half
        yield svg.rule(at, bottom, at, bottom + 4, "axis")
        yield svg.text(middle, bottom + 17, mark.text, "middle")
    yield svg.text(svg.WIDTH - _RIGHT, HEIGHT - 6, x.title, "end", "title")
    yield svg.text(2, 14, y.title, "start", "title")


def _drawn(one: Series, x: Axis, y: Axis) -> Iterator[str]:
    tone = f"tone{one.tone}"
    if len(one.low) and not one.has_dots:
        yield from _band(one, x, y, tone)
    for run in _runs(one):
        places = [(_along(x, one.x[k]), _down(y, one.y[k])) for k in run]
        path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        if one.is_filled:
            floor = HEIGHT - _BOTTOM
            shape = f"{places[0][0]:.1f},{floor} {path} {places[-1][0]:.1f},{floor}"
            yield f'<polygon class="band {tone}" points="{shape}"/>'
        if one.is_line and len(places) > 1:
            yield f'<polyline class="line {tone}" points="{path}"/>'
        if one.has_dots or len(places) == 1:
            yield from _dots(one, run, places, y, tone)


def _dots(
    one: Series, run: Sequence[int], places: Sequence[Tuple[float, float]], y: Axis, tone: str
) -> Iterator[str]:
    for k, (across, down) in zip(run, places):
        if len(one.low):
            ends = _down(y, one.low[k]), _down(y, one.high[k])
            yield svg.rule(across, ends[0], across, ends[1], f"whisker {tone}")
        note = f"<title>{escape(one.notes[k])}</title>" if len(one.notes) else ""
        yield f'<circle class="dot {tone}" cx="{across:.1f}" cy="{down:.1f}" r="4">{note}</circle>'


def _band(one: Series, x: Axis, y: Axis, tone: str) -> Iterator[str]:
    for run in _runs(one):
        there = [f"{_along(x, one.x[k]):.1f},{_down(y, one.high[k]):.1f}" for k in run]
        back = [f"{_along(x, one.x[k]):.1f},{_down(y, one.low[k]):.1f}" for k in reversed(run)]
        yield f'<polygon class="band {tone}" points="{" ".join([*there, *back])}"/>'


def _runs(one: Series) -> List[List[int]]:
    """Indices of neighbouring points that are finite."""
    runs: List[List[int]] = [[]]
    for k, (across, down) in enumerate(zip(one.x, one.y)):
        if math.isfinite(across) and math.isfinite(down):
            runs[-1].append(k)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _along(axis: Axis, value: float) -> float:
    return _LEFT + axis.place(value) * (svg.WIDTH - _LEFT - _RIGHT)


def _down(axis: Axis, value: float) -> float:
    return HEIGHT - _BOTTOM - axis.place(value) * (HEIGHT - _TOP - _BOTTOM)
