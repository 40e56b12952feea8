"""Lengths of embedding vectors, by how often their id occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PIECE = 1 << 16
"""Rows of a table that are read together."""
_BASE = 4


@dataclass(frozen=True)
class NormGroup:
    """Table rows whose ids occur `first` to `last` times."""

    first: int
    last: int
    rows: int
    mean: float
    """Mean Euclidean norm."""
    deviation: float
    """Standard deviation of the norms, with the divisor n."""


def norms_by_frequency(table: Array, occurrences: Array) -> List[NormGroup]:
    """Groups of rows by occurrences: 0, 1 - 3, 4 - 15, 16 - 63, ...; empty groups are left out.

    Args:
      table: [rows, dimension]; read in pieces of 65,536 rows.
      occurrences: int [rows].
    """
    sums = np.zeros((0, 3))
    for start in range(0, len(table), PIECE):
        norm = np.linalg.norm(np.asarray(table[start : start + PIECE], np.float64), axis=1)
        level = levels(occurrences[start : start + PIECE])
        size = max(len(sums), int(level.max()) + 1)
        parts = [np.bincount(level, w, minlength=size) for w in (np.ones(len(norm)), norm, norm**2)]
        sums = np.pad(sums, ((0, size - len(sums)), (0, 0))) + np.stack(parts, axis=1)
    return [_group(k, *sums[k].tolist()) for k in range(len(sums)) if sums[k, 0]]


def levels(occurrences: Array) -> Array:
    """0 for none, 1 for 1 - 3, 2 for 4 - 15, ...: int64."""
    # log2 of a power of two is exact, and of no other integer is it whole.
    doublings = np.floor(np.log2(np.maximum(occurrences, 1)))
    level: Array = np.where(occurrences > 0, 1 + doublings // 2, 0).astype(np.int64)
    return level


def _group(level: int, rows: float, norm: float, squares: float) -> NormGroup:
    first = 0 if level == 0 else _BASE ** (level - 1)
    last = 0 if level == 0 else _BASE**level - 1
    mean = norm / rows
    return NormGroup(first, last, int(rows), mean, max(0.0, squares / rows - mean**2) ** 0.5)


def group_name(of: NormGroup) -> str:
    """`0`, `1-3`, `4-15`, ..."""
    return str(of.first) if of.first == of.last else f"{of.first:,}-{of.last:,}"
