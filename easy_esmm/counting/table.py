"""Says what built vocabularies cover."""

from __future__ import annotations

from typing import List

from easy_esmm.counting.build import Built, BuiltAll


def lines(built: BuiltAll) -> List[str]:
    """A line for the rows and some for each vocabulary."""
    return [f"rows: {built.rows:,}", *(line for one in built.vocabularies for line in _of(one))]


def _of(one: Built) -> List[str]:
    chosen = one.chosen
    new = len(chosen.entries) - chosen.base
    share = chosen.covered / chosen.total if chosen.total else 0.0
    found = [
        f"{one.file}: {len(chosen.entries):,} lines ({chosen.base:,} of --base, {new:,} new) for "
        f"{', '.join(one.features)}",
        f"  ids in the rows: {chosen.distinct:,} different, {chosen.kept:,} kept, "
        f"{chosen.distinct - chosen.kept:,} dropped; {share:.4%} of {chosen.total:,} occurrences "
        f"are covered, the others read row 0; {one.missing:,} values missing",
    ]
    if chosen.unwritable:
        found.append(
            f"  {chosen.unwritable:,} of the ids dropped are empty or hold a line break, which no "
            "line of a file can"
        )
    return found
