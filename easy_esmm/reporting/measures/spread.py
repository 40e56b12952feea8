"""Histograms of probabilities on a logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Spread:
    """Shares by cell, float64 [cells]."""

    middles: Array
    """Geometric middle of each cell."""
    shares: Array
    """Share of the weight in each cell, summing to 1; NaN without rows."""
    mean: float
    """Mean value; NaN without rows."""


def edges(values: Array, cells: int) -> Array:
    """Ends of cells of equal width on the log scale, from the .1 to the 99.9 per cent quantile."""
    low, high = np.quantile(np.maximum(values, 1e-12), [0.001, 0.999]) if len(values) else (0.1, 1)
    ends: Array = np.geomspace(low / 1.05, max(high * 1.05, low * 1.2), cells + 1)
    return ends


def spread(values: Array, weight: Optional[Array], ends: Array) -> Spread:
    """Shares of positive values between the ends; what lies beyond is in the outer cells."""
    inner = np.searchsorted(ends[1:-1], values, side="right")
    weight = np.ones(len(values)) if weight is None else weight
    sums = np.bincount(inner, weights=weight, minlength=len(ends) - 1)
    total = weight.sum()
    nothing = np.full(len(sums), np.nan)
    return Spread(
        np.sqrt(ends[1:] * ends[:-1]),
        sums / total if total > 0 else nothing,
        float(values @ weight / total) if total > 0 else float("nan"),
    )
