"""Drops TFRecords of rows whose label says that they are negatives."""

from __future__ import annotations

from typing import Any, Callable, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.contract import Tensor
from easy_esmm.data.negatives import Mask, NegativeRows


class SampledRecords:
    """Which records stay of a block of a file's."""

    def __init__(
        self, negatives: NegativeRows, label: Callable[[Tensor], Tuple[Tensor, Tensor]]
    ) -> None:
        """`label`: (is every value legal, values [rows]) of records; fails as parsers do."""
        self._negatives, self._label = negatives, label

    def __call__(
        self, records: NDArray[Any], numbers: NDArray[np.int64], files: NDArray[np.int64]
    ) -> Mask:
        """Of records [n], by their numbers from 1; those that cannot be read stay, to be told."""
        if not len(records):
            return np.zeros(0, bool)
        kept = self._negatives.is_drawn(int(files[0]), numbers - 1)
        kept[~kept] = ~self._is_negative(records[~kept])
        self._negatives.count(kept)
        return kept

    def _is_negative(self, records: NDArray[Any]) -> Mask:
        """Found by halving, where a record cannot be read."""
        if len(records):
            try:
                is_legal, values = self._label(tf.constant(records))
            except (tf.errors.InvalidArgumentError, UnicodeDecodeError):
                is_legal = False
            if is_legal:
                is_negative: Mask = values.numpy() == 0
                return is_negative
        if len(records) < 2:
            return np.zeros(len(records), bool)
        half = len(records) // 2
        parts = [self._is_negative(records[:half]), self._is_negative(records[half:])]
        return np.concatenate(parts)
