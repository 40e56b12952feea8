"""Columns of text, side by side."""

from __future__ import annotations

from typing import List, Sequence


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
