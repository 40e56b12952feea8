"""Columns of text, side by side."""

from __future__ import annotations

import math
from typing import List, Optional, Sequence


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> List[str]:
    """A line a row: the first `left` columns flush left, the others right, two spaces between."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]


def number(value: Optional[float], digits: int = 4) -> str:
    """So many digits behind the point; `-` for what was not measured."""
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def count(value: Optional[float]) -> str:
    """`1,234`; `-` for what was not counted."""
    return "-" if value is None or math.isnan(value) else f"{value:,.0f}"
