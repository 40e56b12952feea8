"""Rows in groups of equally many, by a key."""

from __future__ import annotations

from typing import Any, List

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def equal_count(key: Array, groups: int) -> List[Array]:
    """Indices of the rows of each group, by ascending key; at most `groups` of them, none empty.

    Rows of one key stay together, so that the order of the rows does not matter.
    """
    order = np.argsort(key, kind="stable")
    ranked = key[order]
    ends = np.arange(1, groups) * len(key) // groups
    ends = np.searchsorted(ranked, ranked[ends], side="left") if len(key) else ends
    return [part for part in np.split(order, np.unique(ends)) if len(part)]
