"""Chooses the ids of a vocabulary from their counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from easy_esmm.counting.counts import Counts, most_frequent_first
from easy_esmm.errors import UserError

UNKNOWN = b"<unknown>"
"""The id of the first line, whose row values outside the vocabulary read: none of the data's."""

_NO_LINE = r"\A\z|[\r\n]"


@dataclass(frozen=True)
class Chosen:
    """A vocabulary, and what of the data it covers."""

    entries: List[bytes]
    base: int
    """How many of them, the first ones, are of the vocabulary before."""
    distinct: int
    """Different ids in the data."""
    kept: int
    """How many of those the vocabulary holds."""
    total: int
    """Occurrences of ids in the data."""
    covered: int
    """Occurrences of those that the vocabulary holds."""
    unwritable: int
    """Ids that no line of a file can be: the empty text, and those with a line break."""


def choose(counts: Counts, min_count: int, top_k: int, base: Sequence[bytes]) -> Chosen:
    """The ids with at least `min_count` occurrences, the most frequent first.

    Args:
      counts: of all ids.
      min_count: at least 1.
      top_k: largest number of lines, without the first; 0: no limit. Lines of `base` all stay.
      base: the ids of a vocabulary to be grown, which keep their lines; empty: begin a new one,
        with `UNKNOWN` in its first line.

    Raises:
      UserError: the data holds `UNKNOWN` as an id.
    """
    first = list(base) or [UNKNOWN]
    room = max(top_k + 1 - len(first), 0) if top_k else None
    distinct = kept = covered = unwritable = 0
    candidates: List[Any] = []
    for part in counts.parts():
        distinct += part.num_rows
        in_base = pc.is_in(part["text"], value_set=pa.array(first, pa.large_binary()))
        known = part.filter(in_base)
        if not base and known.num_rows:
            raise UserError(
                f"the rows hold the id {UNKNOWN.decode()}, which stands for unknown ids in a new "
                "vocabulary; write the first one yourself and give it as --base"
            )
        kept += known.num_rows
        covered += pc.sum(known["count"]).as_py() or 0
        others = part.filter(pc.invert(in_base))
        has_no_line = pc.match_substring_regex(others["text"], _NO_LINE)
        unwritable += pc.sum(has_no_line).as_py() or 0
        is_new = pc.and_(pc.invert(has_no_line), pc.greater_equal(others["count"], min_count))
        candidates.append(others.filter(is_new))
        if room is not None:
            candidates = [most_frequent_first(pa.concat_tables(candidates)).slice(0, room)]
    new = most_frequent_first(pa.concat_tables(candidates))
    kept += new.num_rows
    covered += pc.sum(new["count"]).as_py() or 0
    return Chosen(
        [*first, *new["text"].to_pylist()],
        len(base),
        distinct,
        kept,
        counts.total,
        covered,
        unwritable,
    )
