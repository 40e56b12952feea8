"""Confidence intervals of observed rates."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, Tuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

Z95 = NormalDist().inv_cdf(0.975)
"""Deviations of a two-sided 95 % interval, 1.96."""


def wilson(rate: Array, rows: Array, z: float = Z95) -> Tuple[Array, Array]:
    """Ends of Wilson's score interval of observed rates in [0, 1]; 0 and 1 without any row.

    (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n): Wilson, JASA 1927. `rows`
    may be an effective number. Rows count as independent.
    """
    rate, n = np.broadcast_arrays(np.asarray(rate, np.float64), np.asarray(rows, np.float64))
    n = np.maximum(n, 1e-300)
    # Multiplied by n / (n + z^2), so that nothing is divided by a small n.
    shrunk = n / (n + z**2)
    middle = shrunk * rate + (1 - shrunk) / 2
    half = z * np.sqrt(np.maximum(rate * (1 - rate), 0) * n + z**2 / 4) / (n + z**2)
    low, high = np.maximum(middle - half, 0), np.minimum(middle + half, 1)
    return np.where(rate <= 0, 0.0, low), np.where(rate >= 1, 1.0, high)


def effective(weight: Array) -> float:
    """The effective number of rows, (sum w)^2 / sum w^2 (Kish); 0 without any."""
    total = float(np.sum(weight))
    return total**2 / float(np.sum(np.square(weight))) if total > 0 else 0.0
