"""Inverse propensity weights, 1 / pCTR on clicked rows, and their effective number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence

import numpy as np
from numpy.typing import NDArray

from easy_esmm.reporting.measures.intervals import effective

Array = NDArray[Any]

FLOORS = (0.03, 0.01)


@dataclass(frozen=True, eq=False)
class Propensity:
    """The weights 1 / pCTR of the clicked rows."""

    weights: Array
    """float64 [clicked rows], above 1."""
    sample: Array
    """float64 [clicked rows]: the rows' own weights."""
    below: Dict[float, float]
    """Share of the clicked rows whose pCTR is below a floor."""
    effective: Dict[float, float]
    """Kish's effective number of rows with pCTR kept at or above a floor; 0: as it is."""
    balance: float
    """Sum of the weights over the impressions: about 1 where pCTR is calibrated on clicked rows."""
    largest: float


def propensity(
    click: Array, pctr: Array, weight: Array, floors: Sequence[float] = FLOORS
) -> Optional[Propensity]:
    """From float32 [rows]; None without a clicked row."""
    everywhere = np.where(np.isfinite(pctr), weight, 0).astype(np.float64)
    clicked = np.flatnonzero(everywhere * click > 0)
    if not len(clicked):
        return None
    own = everywhere[clicked] * click[clicked]
    pctr = np.maximum(pctr[clicked].astype(np.float64), 1e-30)
    return Propensity(
        weights=1 / pctr,
        sample=own,
        below={floor: float(own @ (pctr < floor) / own.sum()) for floor in floors},
        effective={floor: effective(own / np.maximum(pctr, floor)) for floor in (0.0, *floors)},
        balance=float(own @ (1 / pctr) / everywhere.sum()),
        largest=float(1 / pctr.min()),
    )
