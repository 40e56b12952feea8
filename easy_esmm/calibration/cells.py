"""Rows of one task, summed up in narrow cells of the logit: what curves are fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Tuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

CELLS = 2**12
"""Between the smallest and the largest logit. Cells of a fitted model are then about .005 wide, and
a rate changes by half a percent of itself inside one, around its mean."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Sums over rows that share a cell, and a value of the field if there is one; [cells] each."""

    logit: Array
    """float64: weighted mean of the rows' logits."""
    weight: Array
    """float64: sum of the weights; 0 in a cell whose rows are held out."""
    positive: Array
    """float64: sum of the weights of positives."""
    value: Array
    """int64: number of the field's value, from 0; zeros without a field."""


def cells_by_fold(
    logit: Array, label: Array, weight: Array, value: Array, fold: Array, folds: int
) -> Tuple[Cells, ...]:
    """The cells of all rows, then those without the rows of fold 0, 1, ...

    Args:
      logit: float [rows], finite.
      label: 0 or 1.
      weight: >= 0.
      value: number of the field's value.
      fold: of each row, from 0.
      folds: how many.
    """
    logit, weight = logit.astype(np.float64), weight.astype(np.float64)
    smallest, largest = logit.min(), logit.max()
    scale = (CELLS - 1) / (largest - smallest) if largest > smallest else 0.0
    key = value.astype(np.int64) * CELLS + ((logit - smallest) * scale).astype(np.int64)
    keys, number = np.unique(key, return_inverse=True)
    cells = len(keys)

    def sums(of: Array) -> Array:
        flat = np.bincount(fold * cells + number, of, folds * cells)
        return flat.reshape(folds, cells)

    weights, positives = sums(weight), sums(weight * label)
    total = weights.sum(axis=0)
    rows = np.bincount(number, minlength=cells)
    # Of rows without weight a plain mean: their cell counts for nothing, and must be finite.
    mean = np.where(
        total > 0,
        sums(weight * logit).sum(axis=0) / np.where(total > 0, total, 1.0),
        np.bincount(number, logit, cells) / rows,
    )
    every = Cells(mean, total, positives.sum(axis=0), keys // CELLS)
    return every, *(
        Cells(
            mean,
            every.weight - weights[held_out],
            every.positive - positives[held_out],
            every.value,
        )
        for held_out in range(folds)
    )
