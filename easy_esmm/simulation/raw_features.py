"""Features of raw lines as flat arrays, and the text of the lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator
from numpy.typing import NDArray

from easy_esmm.aliccp.fields import FIELDS
from easy_esmm.simulation.id_lists import FloatArray, IdLists, IntArray


@dataclass(frozen=True, eq=False)
class Features:
    """Features of some lines, in no order; arrays [features]."""

    line: IntArray
    code: NDArray[np.int8]
    """Place in FIELDS."""
    id: IntArray
    """As written: in the range of the field."""
    weight: FloatArray

    def where(self, is_kept: NDArray[np.bool_]) -> Features:
        """Some of the features."""
        return Features(
            self.line[is_kept], self.code[is_kept], self.id[is_kept], self.weight[is_kept]
        )


def of_single(code: int, ids: IntArray) -> Features:
    """One feature a line; none where the id (from 0) is negative."""
    line = np.flatnonzero(ids >= 0)
    codes = np.full(len(line), code, np.int8)
    return Features(line, codes, ids[line] + FIELDS[code].first_id, np.ones(len(line)))


def of_lists(code: int, lists: IdLists, owner: IntArray) -> Features:
    """The list of each line's owner."""
    line, place = lists.expand(owner)
    weights = lists.weights[place] if FIELDS[code].weighted else np.ones(len(line))
    codes = np.full(len(line), code, np.int8)
    return Features(line, codes, lists.ids[place] + FIELDS[code].first_id, weights)


def together(parts: Sequence[Features]) -> Features:
    """All features of several parts."""
    return Features(
        np.concatenate([part.line for part in parts]),
        np.concatenate([part.code for part in parts]),
        np.concatenate([part.id for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )


def in_order(features: Features, random: Generator | None) -> Features:
    """Sorted by line; inside a line by field, or in a random order."""
    if random is None:
        order = np.argsort(features.line, kind="stable")
    else:
        order = np.lexsort((random.random(len(features.line)), features.line))
    return Features(*(array[order] for array in vars(features).values()))


def as_text(heads: Sequence[pa.Array], features: Features, endings: pa.Array) -> pa.Array:
    """One string a line: the columns before feature_num, then feature_num and the list.

    `features` are sorted by line; the strings end with `endings`.
    """
    prefixes = pa.array([f"{field.name}\x02" for field in FIELDS], pa.string())
    distinct, which = np.unique(features.weight, return_inverse=True)
    suffixes: List[str] = [f"\x03{_weight(weight)}" for weight in distinct.tolist()]
    words = pc.binary_join_element_wise(
        prefixes.take(pa.array(features.code)),
        pc.cast(pa.array(features.id), pa.string()),
        pa.array(suffixes, pa.string()).take(pa.array(which)),
        "",
    )
    counts = np.bincount(features.line, minlength=len(endings))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    lists = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), words), "\x01")
    numbers = pc.cast(pa.array(counts), pa.string())
    lines = pc.binary_join_element_wise(*heads, numbers, lists, ",")
    return pc.binary_join_element_wise(lines, endings, "")


def _weight(weight: float) -> str:
    return "1.0" if weight == 1 else f"{weight:.5f}"
