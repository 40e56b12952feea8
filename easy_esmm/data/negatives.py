"""Drops a share of the negatives of a training input: `data_config.negative_sampling`.

Whether a negative is read depends on the seed, the number of its file and its own number there
alone: the same rows are read in every epoch, by any number of readers, and after a resume. A row
that is dropped is not decoded. No TensorFlow.
"""

from __future__ import annotations

import threading
from typing import Optional

import numpy as np
from absl import logging
from numpy.typing import NDArray

from easy_esmm.config.cells import FLOATS, STRING, is_empty, parse_cell
from easy_esmm.config.negative_sampling import label_of_negatives
from easy_esmm.data.fields import Column, Fields
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.splitmix import splitmix64

Mask = NDArray[np.bool_]


class NegativeRows:
    """Tells which rows are read, and counts. Safe to share among reading threads."""

    def __init__(self, label: Column, rate: float, seed: int) -> None:
        """`label`: the column that is 0 on a negative; `rate`: share of them that is read."""
        self.label, self.rate = label, rate
        self._seed = seed
        self._lock = threading.Lock()
        self._met = self._kept = 0

    def is_drawn(self, file: int, rows: NDArray[np.int64]) -> Mask:
        """Whether each row, by its number in the file from 0, is read even if it is a negative."""
        keys = splitmix64(rows.astype(np.uint64), self._seed)
        mixed = splitmix64(keys, file)
        share: Mask = (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53 < self.rate
        return share

    def count(self, kept: Mask) -> None:
        """Counts rows."""
        with self._lock:
            self._met += len(kept)
            self._kept += int(np.count_nonzero(kept))

    def is_negative_cell(self, cell: bytes) -> bool:
        """Whether the text of the label is 0 or missing; not where it is no number."""
        kind = FLOATS[0] if self.label.type == STRING else self.label.type
        if not is_empty(kind, cell):
            value = parse_cell(kind, cell)
        elif self.label.has_default and isinstance(self.label.default, bytes):
            value = parse_cell(kind, self.label.default)
        else:
            value = self.label.default if self.label.has_default else 0
        return value is not None and value == 0

    def log_summary(self) -> None:
        """Logs how many rows were met and kept, if any was."""
        with self._lock:
            met, kept = self._met, self._kept
        if met:
            logging.info("%s", told(self, met, kept))


def told(negatives: NegativeRows, met: int, kept: int) -> str:
    """A sentence for the log."""
    return (
        f"negative_sampling: {kept:,} of {met:,} rows kept ({kept / met:.1%}): "
        f"all with '{negatives.label.name}' above 0, {negatives.rate:g} of the others"
    )


def negative_rows(config: PipelineConfig, fields: Fields) -> Optional[NegativeRows]:
    """What a training of the (resolved) config drops; None where it reads all rows."""
    sampling = config.data_config.negative_sampling
    if sampling.rate == 1:
        return None
    name = label_of_negatives(config)
    label = next(column for column in fields.labels if column.name == name)
    return NegativeRows(label, sampling.rate, sampling.seed)
