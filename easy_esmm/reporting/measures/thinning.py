"""Thins long series to a few points."""

from __future__ import annotations

import math
from typing import List, Sequence, Tuple

Series = Sequence[Tuple[int, float]]


def thinned(series: Series, points: int) -> Tuple[List[Tuple[float, float]], int]:
    """Means over neighbours so that at most `points` remain, and how many went into each.

    Values that are not finite are left out.
    """
    known = [(step, value) for step, value in series if math.isfinite(value)]
    every = max(1, math.ceil(len(known) / points))
    parts = [known[start : start + every] for start in range(0, len(known), every)]
    return [
        (sum(s for s, _ in part) / len(part), sum(v for _, v in part) / len(part)) for part in parts
    ], every
