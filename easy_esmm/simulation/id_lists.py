"""Weighted lists of ids, one list per owner, stored in three flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IdLists:
    """Owner i holds `ids[offsets[i]:offsets[i + 1]]`, ascending and distinct, with `weights`."""

    offsets: IntArray
    """int64 [owners + 1]."""
    ids: IntArray
    """int64, counted from 0 inside the field."""
    weights: FloatArray
    """float64, as long as `ids`."""
    size: int
    """Number of ids the field has."""

    @property
    def lengths(self) -> IntArray:
        """int64 [owners]."""
        return np.diff(self.offsets)

    @property
    def owners(self) -> IntArray:
        """int64, as long as `ids`: whose each entry is."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.lengths)

    def part(self, start: int, stop: int) -> IdLists:
        """The lists of the owners `start` to `stop - 1`."""
        offsets = self.offsets[start : stop + 1]
        inside = slice(offsets[0], offsets[-1])
        return IdLists(offsets - offsets[0], self.ids[inside], self.weights[inside], self.size)

    def weighted_sum(self, table: FloatArray) -> FloatArray:
        """float64 [owners]: sum over each list of weight * table[id]; 0 for an empty list."""
        values = self.weights * table[self.ids]
        # int64 when there is nothing to count
        sums = np.bincount(self.owners, weights=values, minlength=len(self.offsets) - 1)
        return sums.astype(np.float64)

    def expand(self, owner: IntArray) -> Tuple[IntArray, IntArray]:
        """The lists of `owner` (which may repeat), laid end to end.

        Returns the position in `owner` of each entry, and its place in `ids` and `weights`.
        """
        lengths = self.lengths[owner]
        position = np.repeat(np.arange(len(owner)), lengths)
        shift = self.offsets[owner] - (np.cumsum(lengths) - lengths)
        return position, np.arange(len(position)) + shift[position]

    def find(self, owner: IntArray, ids: IntArray) -> FloatArray:
        """float64, as long as `ids`: the weight of the id in its owner's list; NaN if absent."""
        keys = self.owners * self.size + self.ids
        wanted = owner * self.size + ids
        if not len(keys):
            return np.full(len(wanted), np.nan)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, self.weights[place], np.nan)


def from_pairs(
    owner: IntArray, ids: IntArray, owners: int, size: int, scale: Optional[Any] = None
) -> IdLists:
    """Collects (owner, id) pairs; a weight is `scale(count of the pair)`, or 1 without scale."""
    keys, counts = np.unique(owner * size + ids, return_counts=True)
    weights = np.ones(len(keys)) if scale is None else scale(counts)
    return IdLists(_offsets(keys // size, owners), keys % size, weights, size)


def from_matches(
    owner: IntArray, ids: IntArray, weights: FloatArray, owners: int, size: int
) -> IdLists:
    """Keeps the entries whose weight is not NaN; `owner` must ascend."""
    is_match = ~np.isnan(weights)
    return IdLists(_offsets(owner[is_match], owners), ids[is_match], weights[is_match], size)


def log_scaled(counts: IntArray) -> FloatArray:
    """ln(1 + count), rounded to the five decimals that are written: 0.69315, 1.09861, ..."""
    return np.round(np.log1p(counts), 5)


def _offsets(owner: IntArray, owners: int) -> IntArray:
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=owners))]).astype(np.int64)
