"""The axis of a chart: maps values to places, and has marks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import List, Sequence, Tuple

from easy_esmm.reporting.drawing.formats import Format

_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Mark:
    """A value of the axis, and what is written there."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`, linear or logarithmic."""

    title: str
    low: float
    high: float
    marks: Tuple[Mark, ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """The place of a value: 0 at `low`, 1 at `high`; what lies outside is put on the edge."""
        low, high = self.low, self.high
        if self.is_log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, low))
        share = (value - low) / (high - low)
        return min(1.0, max(0.0, share))


def linear(title: str, values: Sequence[float], text: Format, is_from_zero: bool = True) -> Axis:
    """A linear axis around the values, its ends and marks at round numbers."""
    known = [value for value in values if math.isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    low = min(low, 0.0) if is_from_zero else low
    high = max(high, 0.0) if is_from_zero else high
    if high <= low:
        low, high = low - (0 if is_from_zero else abs(low) / 10 or 1), high + (abs(high) / 10 or 1)
    step = _step((high - low) / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = tuple(Mark(k * step, text(k * step)) for k in range(first, last + 1))
    return Axis(title, first * step, last * step, marks)


def log(title: str, values: Sequence[float], text: Format, least: float = 0.0) -> Axis:
    """A logarithmic axis around the values above `least`, its marks at 1, 2 and 5 times powers.

    Values that are not positive have no place on it and are drawn on its lower edge.
    """
    known = [value for value in values if math.isfinite(value) and value > least]
    low, high = min(known, default=0.1), max(known, default=1.0)
    if high < 2 * low:
        low, high = low / 2, high * 2
    low, high = low / 1.1, high * 1.1
    marks = _log_marks(low, high)
    return Axis(title, low, high, tuple(Mark(at, text(at)) for at in marks), is_log=True)


def numbered(title: str, labels: Sequence[str]) -> Axis:
    """An axis of places 1, 2, ..., each with its label; some are left out where they are many."""
    every = max(1, math.ceil(len(labels) / 8))
    marks = [Mark(k + 1.0, label) for k, label in enumerate(labels) if k % every == 0]
    return Axis(title, 0.5, max(1, len(labels)) + 0.5, tuple(marks))


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(k * power for k in _NICE if k * power >= least * (1 - 1e-9))


def _log_marks(low: float, high: float) -> List[float]:
    """Powers of ten inside, every so many; with 2 and 5 times them where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [k for k in range(first, last + 1) if low <= 10.0**k <= high]
    if len(powers) >= 3:
        every = math.ceil(len(powers) / 5)
        return [10.0**k for k in powers[::every]]
    digits = (1, 2, 5) if last - first <= 3 else (1, 3)
    marks = [d * 10.0**k for k in range(first, last + 1) for d in digits]
    return [mark for mark in marks if low <= mark <= high]
