"""Sums of the weights of rows by their score: exact for so many rows, beyond over cells."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.contract import ScoredTask
from easy_esmm.metrics.cells import NARROWEST, REACH
from easy_esmm.metrics.kept_rows import KeptRows
from easy_esmm.rank_statistics import sums_by_score

Array = NDArray[Any]
Rows = Tuple[Array, ...]
"""score float32, is positive bool, weight float32, each [rows]."""

EXACT_ROWS = 2**20
"""Up to so many valid rows each score has sums of its own (9 bytes a row)."""
_FOLDED_ROWS = 2**17
"""Beyond, so many rows are counted in cells at once: a call takes as long as the table is."""


def kept_sums(task: ScoredTask, cells: int) -> KeptRows:
    """Keeps the sums of the rows with `task.weight` above 0; `read` gives them as `sums_by_score`.

    Beyond `EXACT_ROWS` rows are counted in so many cells by score, as `cells.cell_counts` does.
    """
    columns = [task.score, task.label > 0, task.weight]
    return KeptRows(columns, task.weight > 0, _Sums(cells))


class _Sums:
    """A `KeptRows`' store."""

    def __init__(self, cells: int) -> None:
        self._cells, self._exact_rows = cells, EXACT_ROWS
        self.clear()

    def clear(self) -> None:
        self._parts: List[Rows] = []
        self._waiting = 0
        self._scale: Optional[Tuple[np.float32, np.float32]] = None
        self._table: Optional[Array] = None

    def add(self, rows: Rows) -> None:
        self._parts.append(rows)
        self._waiting += len(rows[0])
        if self._scale is None and len(rows[0]):
            self._scale = _scale(rows[0])
        if self._waiting > (self._exact_rows if self._table is None else _FOLDED_ROWS):
            self._fold()

    def result(self) -> Array:
        """Float64 [distinct scores, or cells, 4], by ascending score."""
        if self._table is None:
            return sums_by_score(*_weights(self._parts)) if self._parts else np.zeros((1, 4))
        self._fold()
        return self._table

    def _fold(self) -> None:
        """Counts what waits in the cells."""
        if self._table is None:
            self._table = np.zeros((self._cells, 4))
        if self._waiting and self._scale is not None:
            score, positive, negative = _weights(self._parts)
            centre, spread = self._scale
            with np.errstate(invalid="ignore"):
                place = (np.arcsinh((score - centre) / spread) + REACH) * (
                    self._cells / (2 * REACH)
                )
            is_broken = np.isnan(place)
            if is_broken.any():
                self._table[:] = np.nan
            inside = np.where(is_broken, 0, np.clip(place, 0, self._cells - 1))
            cell: NDArray[np.int64] = inside.astype(np.int64)
            for number, part in enumerate((positive, negative, positive**2, negative**2)):
                self._table[:, number] += np.bincount(cell, part, self._cells)
        self._parts, self._waiting = [], 0


def _weights(parts: List[Rows]) -> Tuple[Array, Array, Array]:
    """(score, weight as a positive, weight as a negative)."""
    score, is_positive, weight = (np.concatenate(part) for part in zip(*parts))
    weight = weight.astype(np.float64)
    return score, weight * is_positive, weight * ~is_positive


def _scale(score: Array) -> Tuple[np.float32, np.float32]:
    """Mean and deviation of the finite scores, by which cells are laid out."""
    finite = score[np.isfinite(score)]
    centre = np.float32(finite.mean()) if len(finite) else np.float32(0)
    deviation = np.float32(finite.std()) if len(finite) else np.float32(0)
    return centre, max(deviation, np.float32(NARROWEST * (1.0 + abs(centre))))
