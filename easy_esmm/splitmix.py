"""splitmix64: the hash by which rows are ordered, partitioned and sampled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def splitmix64(key: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """The keys through splitmix64's finaliser: a permutation of the 64-bit numbers per seed."""
    mixed = key + np.uint64(0x9E3779B97F4A7C15 * (2 * seed + 1) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
