"""A comparison as tables for a terminal."""

from __future__ import annotations

import math
from typing import List, Optional

from easy_esmm.comparing.comparison import Comparison
from easy_esmm.comparing.measure import Group
from easy_esmm.comparing.statistics import Interval, Spread
from easy_esmm.reporting.text_table import aligned

LEGEND = (
    "mean (sd over seeds); below it the paired difference from the reference, with half of its "
    "95 % t-interval\n~ inside the noise: the interval holds 0; - not measured"
)


def comparison_text(comparison: Comparison) -> str:
    """All tables, their legend, and the notes."""
    several = len(comparison.seeds) > 1
    seeds = ", ".join(map(str, comparison.seeds))
    lines = [f"reference {comparison.reference}; seeds {seeds}", LEGEND]
    if not several:
        lines.append("one seed: no spread, no interval, and so nothing that is outside the noise")
    for group in comparison.groups():
        lines += ["", group.title, *aligned(_rows(comparison, group))]
    return "\n".join([*lines, "", *comparison.notes]).rstrip()


def _rows(comparison: Comparison, group: Group) -> List[List[str]]:
    rows = [["", *(measure.title for measure in group.measures)]]
    for name in comparison.names:
        spreads = [comparison.spread(name, measure.key) for measure in group.measures]
        rows.append([name, *map(spread_text, spreads)])
        differences = [comparison.difference(name, measure) for measure in group.measures]
        if any(d is not None for d in differences):
            rows.append([_head(comparison, group), *map(difference_text, differences)])
    return rows


def _head(comparison: Comparison, group: Group) -> str:
    """The first cell of the line; the seesaw's values are differences already."""
    own = any(measure.is_difference for measure in group.measures)
    return "  mean" if own else f"  - {comparison.reference}"


def spread_text(spread: Spread) -> str:
    """`0.7532 (.0035)`."""
    if not spread.count:
        return "-"
    if math.isnan(spread.deviation):
        return f"{spread.mean:.4f}"
    return f"{spread.mean:.4f} ({_short(spread.deviation)})"


def difference_text(difference: Optional[Interval]) -> str:
    """`+.0103 +-.0045`, with a ~ where that is inside the noise."""
    if difference is None:
        return ""
    sign = "-" if difference.mean < 0 else "+"
    mean = f"{sign}{_short(abs(difference.mean))}"
    if not difference.is_known:
        return mean
    mark = "~" if difference.is_noise else ""
    return f"{mark}{mean} +-{_short(difference.half_width)}"


def _short(value: float) -> str:
    """Without the zero before the point."""
    text = f"{value:.4f}"
    return text[1:] if text.startswith("0.") else text
