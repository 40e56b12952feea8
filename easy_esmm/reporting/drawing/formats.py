"""Numbers as text; what is not measured is a dash."""

from __future__ import annotations

import math
from typing import Callable, Optional

Format = Callable[[float], str]

DASH = "\N{EN DASH}"


def percent(value: float) -> str:
    """`12%`, `1.2%`, `0.03%`: two digits that count."""
    if not math.isfinite(value):
        return DASH
    if value == 0 or abs(value) >= 0.0995:
        return f"{value:.0%}"
    digits = 1 if abs(value) >= 0.00995 else min(6, -2 - math.floor(math.log10(abs(value))) + 1)
    return f"{value:.{digits}%}"


def short(value: float) -> str:
    """Counts: `950`, `1.2 k`, `3 M`."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.0f}"


def number(value: Optional[float], digits: int = 4) -> str:
    """So many digits behind the point."""
    return f"{value:.{digits}f}" if value is not None and math.isfinite(value) else DASH


def significant(value: Optional[float], digits: int = 3) -> str:
    """So many digits that count, without an exponent where it is short: `0.0123`, `1,230`."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if not -5 <= power < 9:
        return f"{value:.{digits - 1}e}"
    return f"{value:,.{max(0, digits - 1 - power)}f}"


def count(value: Optional[float]) -> str:
    """`1,234`."""
    return f"{value:,.0f}" if value is not None and math.isfinite(value) else DASH


def tick(value: float) -> str:
    """For an axis: `0.06`, `150`, `1.5 k`."""
    return short(value) if abs(value) >= 1000 else f"{value:.4g}"


def percent_tick(value: float) -> str:
    """For an axis: `1%`, `0.05%`."""
    return f"{100 * value:.4g}%"


def ratio(value: float) -> str:
    """`1.05`; of a ratio without an upper bound, the sign of infinity."""
    return "\N{INFINITY}" if value == math.inf else significant(value)
