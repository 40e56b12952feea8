"""Which row of a checkpoint's table each row of a config's table begins with.

Rows belong to ids, not to line numbers: an id that is in both vocabularies keeps its row's numbers
wherever it stands, and an id that is new begins as it would in a new table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from easy_esmm.checkpoints.shapes import Shapes
from easy_esmm.checkpoints.vocabularies import Kept, Vocabulary, of_checkpoint
from easy_esmm.config.scalars import quoted

NEW = -1
"""In the place of a row: the id is new."""


@dataclass(frozen=True)
class Growth:
    """A table whose vocabulary is not the checkpoint's."""

    table: str
    feature: str
    rows_before: int
    """Rows in the checkpoint."""
    sources: NDArray[np.int64]
    """[rows]: the checkpoint's row of each row's id, or `NEW`."""
    removed: Tuple[int, bytes]
    """How many ids of the checkpoint the vocabulary does not hold, and the first of them."""
    first_moved: Optional[int]
    """The first row, from 0, whose id had another row before; None: none has."""

    @property
    def rows(self) -> int:
        """Rows in the config."""
        return len(self.sources)

    @property
    def added(self) -> int:
        """Rows of new ids."""
        return int(np.count_nonzero(self.sources == NEW))

    @property
    def keeps_row_0(self) -> bool:
        """Whether row 0, which unknown values read too, is of the same id as before."""
        return bool(self.sources[0] == 0)


def compare(table: str, feature: str, before: List[bytes], now: List[bytes]) -> Growth:
    """The growth of a table from the ids `before`, by row, to those of `now`."""
    sources = row_sources(before, now)
    kept = np.zeros(len(before), bool)
    kept[sources[sources != NEW]] = True
    gone = np.flatnonzero(~kept)
    moved = np.flatnonzero((sources != NEW) & (sources != np.arange(len(now))))
    return Growth(
        table,
        feature,
        len(before),
        sources,
        (len(gone), before[gone[0]] if len(gone) else b""),
        int(moved[0]) if len(moved) else None,
    )


def row_sources(before: Sequence[bytes], now: Sequence[bytes]) -> NDArray[np.int64]:
    """int64 [ids of `now`]: the place of each in `before`, or `NEW`."""
    found = pc.index_in(
        pa.array(now, pa.large_binary()), value_set=pa.array(before, pa.large_binary())
    )
    sources: NDArray[np.int64] = found.fill_null(NEW).to_numpy().astype(np.int64)
    return sources


def difference(kept: Kept, now: Vocabulary) -> str:
    """How the vocabulary of a config differs from the one that a checkpoint was trained with."""
    before = kept.entries()
    if before is None:
        return f"another vocabulary than in training, whose ids are not in {kept.file}"
    count = f"{len(now.entries):,} ids, {len(before):,} in training"
    pairs = enumerate(zip(before, now.entries))
    first = next((number for number, (old, new) in pairs if old != new), None)
    if first is None:
        return f"{count}; they differ from line {min(len(before), len(now.entries)) + 1:,} on"
    old, new = (quoted(one[first].decode(errors="replace")) for one in (before, now.entries))
    return f"{count}; the first difference is in line {first + 1:,}: {new}, {old} in training"


def growths(checkpoint: str, now: Mapping[str, Vocabulary]) -> Dict[str, Growth]:
    """By table, those whose vocabulary is known and not the checkpoint's."""
    kept = of_checkpoint(checkpoint) or {}
    found = {}
    for table, one in now.items():
        if table in kept and kept[table].digest != one.digest:
            before = kept[table].entries()
            if before is not None:
                found[table] = compare(table, one.feature, before, one.entries)
    return found


def table_of(variable: str, tables: Mapping[str, Any]) -> Optional[str]:
    """The table that a variable is, or is a slot or an average of; None: none of these."""
    parts = variable.split("/")
    prefixes = ("/".join(parts[:count]) for count in range(2, len(parts) + 1))
    return next((prefix for prefix in prefixes if prefix in tables), None)


def shapes_before(variables: Shapes, grown: Mapping[str, Growth]) -> Shapes:
    """The shapes that the variables have in the checkpoint, of those of `variables`."""
    shapes = {}
    for name, shape in variables.items():
        table = table_of(name, grown)
        has_rows = table is not None and shape and shape[0] == grown[table].rows
        shapes[name] = [grown[table].rows_before, *shape[1:]] if table and has_rows else shape
    return shapes
