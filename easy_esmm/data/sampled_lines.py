"""Drops lines of CSV files whose label says that they are negatives. No TensorFlow."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.data.csv_cells import split_line
from easy_esmm.data.csv_head import Layout
from easy_esmm.data.lines import UNDECODED
from easy_esmm.data.negatives import NegativeRows
from easy_esmm.protos.data_pb2 import DatasetConfig


class SampledLines:
    """The lines that stay of a block of a file's lines."""

    def __init__(
        self,
        negatives: NegativeRows,
        files: Sequence[str],
        layouts: Sequence[Layout],
        data: DatasetConfig,
    ) -> None:
        """`layouts` are those of the files."""
        self._negatives = negatives
        self._files = {path: number for number, path in enumerate(files)}
        self._places = [layout.names.index(negatives.label.name) for layout in layouts]
        self._separator = data.separator
        self._before = 1 + int(data.with_header)
        self._known: Dict[bytes, bool] = {}

    def __call__(
        self, path: str, rows: List[bytes], numbers: NDArray[np.int64]
    ) -> Tuple[List[bytes], NDArray[np.int64]]:
        """(rows, their numbers in the file from 1) without those that are dropped.

        Rows that cannot be read stay, so that they are reported, where they show it by their label.
        """
        file = self._files[path]
        kept = self._negatives.is_drawn(file, numbers - self._before)
        # Only of the others the label is looked for: 0.2 us a line where it is the first cell.
        for place in np.flatnonzero(~kept).tolist():
            kept[place] = not self._is_negative(rows[place], self._places[file])
        self._negatives.count(kept)
        return [rows[place] for place in np.flatnonzero(kept).tolist()], numbers[kept]

    def _is_negative(self, row: bytes, place: int) -> bool:
        cell = self._cell(row, place)
        if cell is None:
            return False
        if cell not in self._known:
            is_negative = self._negatives.is_negative_cell(cell)
            if len(self._known) >= _MOST_KNOWN:
                return is_negative
            self._known[cell] = is_negative
        return self._known[cell]

    def _cell(self, row: bytes, place: int) -> Optional[bytes]:
        if b'"' not in row:
            cells = row.split(self._separator.encode(), place + 1)
            return cells[place] if place < len(cells) else None
        if row.startswith(UNDECODED):
            return None
        found = split_line(row.decode(), self._separator)
        return found[place].encode() if found is not None and place < len(found) else None


_MOST_KNOWN = 1000
"""Texts of labels whose meaning is kept; they are few."""
