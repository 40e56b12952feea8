"""Rows of an evaluation in host memory, for metrics that need them all at once."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.contract import Tensor
from easy_esmm.metrics.streaming import variable

Array = NDArray[Any]


class KeptRows:
    """The valid rows of one evaluation of one graph, in the process that builds the graph.

    A local variable counts batches and so tells a new evaluation (0) from the next batch of this
    one: the local initializer empties this store as it zeroes every other metric. Two evaluations
    of one graph at the same time would mix.
    """

    update: Tensor
    """Op that takes the batch in."""

    def __init__(
        self, columns: Sequence[Tensor], is_valid: Tensor, limit: Optional[int] = None
    ) -> None:
        """Keeps `columns` ([batch] each) where `is_valid`; beyond `limit` rows nothing at all."""
        self._limit = limit
        self._parts: List[Tuple[Array, ...]] = []
        self._rows = 0
        self._batches = variable([], tf.int64, "batches")
        inputs = [self._batches.read_value(), is_valid, *columns]
        number = tf.numpy_function(self._add, inputs, tf.int64)
        self.update = self._batches.assign(tf.ensure_shape(number, []), read_value=False)

    def read(
        self,
        function: Callable[..., Sequence[Any]],
        tensors: Sequence[Tensor],
        dtypes: Sequence[tf.DType],
    ) -> List[Tensor]:
        """Scalars function(columns, *tensors) of `dtypes`, computed when they are read.

        `columns` is a tuple of arrays over all rows so far, None if there were more than `limit`,
        or an empty tuple before the first batch.
        """

        def result(batches: Array, *values: Array) -> List[Array]:
            outputs = function(self._columns(int(batches)), *values)
            return [np.asarray(out, t.as_numpy_dtype) for out, t in zip(outputs, dtypes)]

        scalars = tf.numpy_function(result, [self._batches.read_value(), *tensors], list(dtypes))
        return [tf.ensure_shape(scalar, []) for scalar in scalars]

    def _add(self, batches: Array, is_valid: Array, *columns: Array) -> Array:
        if batches == 0:
            self._parts, self._rows = [], 0
        self._rows += int(np.count_nonzero(is_valid))
        if self._limit is None or self._rows <= self._limit:
            # Indexing copies, as it must: the arrays may be views of tensors that TensorFlow frees.
            self._parts.append(tuple(column[is_valid] for column in columns))
        else:
            self._parts = []
        return np.asarray(batches + 1, np.int64)

    def _columns(self, batches: int) -> Optional[Tuple[Array, ...]]:
        if batches == 0:
            return ()
        if self._limit is not None and self._rows > self._limit:
            return None
        return tuple(np.concatenate(part) for part in zip(*self._parts))
