"""The counts that a conversion of the raw files must find, from the arrays of the simulation."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
from numpy.typing import NDArray

from easy_esmm.aliccp.fields import BY_NAME, FIELDS
from easy_esmm.simulation.id_lists import IntArray
from easy_esmm.simulation.quirks import SkeletonLines
from easy_esmm.simulation.raw_features import Features

MIN_COUNT = 12
"""The cut-off for which vocabularies are counted."""


class Tally:
    """Counts of one part's features, fed piece by piece."""

    def __init__(self) -> None:
        self.fields: Dict[str, Dict[str, int]] = {
            field.name: dict.fromkeys(("impressions", "values", "stored_values"), 0)
            for field in FIELDS
        }
        self.ids: Dict[str, IntArray] = {field.name: np.zeros(0, np.int64) for field in FIELDS}
        """By field: occurrences of each id, from the field's first one."""

    def add(self, features: Features, weight: IntArray, lines: int) -> None:
        """Counts the features of some lines, each as often as its line's weight.

        A weight is 0 for a line that is dropped, and the number of impressions of a common row.
        """
        for code, field in enumerate(FIELDS):
            own = features.code == code
            if not own.any():
                continue
            line, ids = features.line[own], features.id[own] - field.first_id
            counted = self.fields[field.name]
            is_there = np.bincount(line, minlength=lines) > 0
            counted["impressions"] += int(weight[is_there].sum())
            counted["values"] += int(weight[line].sum())
            counted["stored_values"] += int(np.count_nonzero(weight[line]))
            more = np.bincount(ids, weights=weight[line]).astype(np.int64)
            before = self.ids[field.name]
            if len(more) > len(before):
                before, more = more, before
            before[: len(more)] += more
            self.ids[field.name] = before


def counts(rows: SkeletonLines, item: IntArray, position: IntArray) -> Dict[str, int]:
    """Of one part: what is kept. `item` and `position` are of the simulation's rows."""
    kept = np.flatnonzero(rows.is_kept)
    row, common = rows.row[kept], rows.common[kept]
    labels = rows.click[kept] + 2 * rows.conversion[kept]
    used = len(np.unique(common))
    # numbers of mixed radix: what two impressions must share to be the same
    content = common * (int(item.max()) + 1) + item[row]
    digits = ((position[row], 8), (labels, 4), (rows.missing[kept], 16), (rows.planted[kept], 8))
    for digit, base in digits:
        content = content * base + digit
    return {
        "impressions": len(kept),
        "clicks": int(np.count_nonzero(labels & 1)),
        "conversions": int(np.count_nonzero(labels & 2)),
        "user_rows": used,
        "unused_common_rows": len(rows.user) - used,
        "duplicate_impressions": len(kept) - len(np.unique(content)),
    }


def field_counts(part: Tally, train: Tally, impressions: int) -> Dict[str, Dict[str, int]]:
    """By field: what a conversion of the part counts with the vocabulary of `train`."""
    result = {}
    for field in FIELDS:
        in_train, here = train.ids[field.name], part.ids[field.name]
        is_known: NDArray[np.bool_] = in_train >= MIN_COUNT
        size = min(len(here), len(is_known))
        known = int(here[:size][is_known[:size]].sum())
        own = part.fields[field.name]
        result[field.name] = {
            **own,
            "missing": impressions - own["impressions"],
            "unknown_values": own["values"] - known,
            "vocabulary": int(np.count_nonzero(is_known)),
            "distinct_ids": int(np.count_nonzero(in_train)),
        }
    return result


def dropped(rows: SkeletonLines, repeated: int, is_truncated: bool) -> Dict[str, Any]:
    """Of one part: lines that are not kept, by kind. A truncated line has too few features."""
    is_impossible = (rows.click == 0) & (rows.conversion == 1)
    return {
        "impossible": int(np.count_nonzero(is_impossible)),
        "unknown_key": int(np.count_nonzero((rows.common < 0) & ~is_impossible)),
        "repeated_key": repeated,
        "malformed": {name: int(is_truncated) for name in ("skeleton", "common")},
    }


def by_position(rows: SkeletonLines, position: IntArray) -> Dict[str, List[int]]:
    """[impressions, clicks, conversions] by raw id of field 301."""
    kept = np.flatnonzero(rows.is_kept)
    first = BY_NAME["301"].first_id
    place = position[rows.row[kept]]
    counted = _rates(place, rows, kept, int(place.max()) + 1)
    return {str(first + at): own for at, own in enumerate(counted) if own[0]}


def by_order(rows: SkeletonLines, lines: int) -> List[List[int]]:
    """[impressions, clicks, conversions] of each hundredth of the file."""
    kept = np.flatnonzero(rows.is_kept)
    return _rates(kept * 100 // lines, rows, kept, 100)


def _rates(part: IntArray, rows: SkeletonLines, kept: IntArray, parts: int) -> List[List[int]]:
    counted = [
        np.bincount(part, minlength=parts),
        np.bincount(part, weights=rows.click[kept], minlength=parts),
        np.bincount(part, weights=rows.conversion[kept], minlength=parts),
    ]
    return [[int(value) for value in own] for own in zip(*counted)]
