"""Rows of an evaluation in host memory, for metrics that need them all at once."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Protocol, Sequence, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.contract import Tensor
from easy_esmm.metrics.streaming import variable

Array = NDArray[Any]


class Store(Protocol):
    """What becomes of the valid rows of an evaluation."""

    def clear(self) -> None:
        """Begins anew."""

    def add(self, rows: Tuple[Array, ...]) -> None:
        """Takes the valid rows of a batch, column by column."""

    def result(self) -> Any:
        """What they come to."""


class AllRows:
    """Keeps them: the result is a tuple of arrays over all rows, empty before the first batch."""

    def __init__(self) -> None:
        self._parts: List[Tuple[Array, ...]] = []

    def clear(self) -> None:
        self._parts = []

    def add(self, rows: Tuple[Array, ...]) -> None:
        self._parts.append(rows)

    def result(self) -> Tuple[Array, ...]:
        return tuple(np.concatenate(part) for part in zip(*self._parts))


class KeptRows:
    """The valid rows of one evaluation of one graph, in the process that builds the graph.

    A local variable counts batches and so tells a new evaluation (0) from the next batch of this
    one: the local initializer empties this store as it zeroes every other metric. Two evaluations
    of one graph at the same time would mix.
    """

    update: Tensor
    """Op that takes the batch in."""

    def __init__(
        self, columns: Sequence[Tensor], is_valid: Tensor, store: Optional[Store] = None
    ) -> None:
        """Hands `columns` ([batch] each) to the store where `is_valid`; None: keeps all."""
        self._store = AllRows() if store is None else store
        self._batches = variable([], tf.int64, "batches")
        inputs = [self._batches.read_value(), is_valid, *columns]
        number = tf.numpy_function(self._add, inputs, tf.int64)
        self.update = self._batches.assign(tf.ensure_shape(number, []), read_value=False)

    def read(
        self,
        function: Callable[..., Sequence[Any]],
        dtypes: Sequence[tf.DType],
    ) -> List[Tensor]:
        """Scalars function(result of the store) of `dtypes`, computed when read."""

        def result(batches: Array) -> List[Array]:
            if batches == 0:
                self._store.clear()
            outputs = function(self._store.result())
            return [np.asarray(out, t.as_numpy_dtype) for out, t in zip(outputs, dtypes)]

        scalars = tf.numpy_function(result, [self._batches.read_value()], list(dtypes))
        return [tf.ensure_shape(scalar, []) for scalar in scalars]

    def _add(self, batches: Array, is_valid: Array, *columns: Array) -> Array:
        if batches == 0:
            self._store.clear()
        # Both copy, as they must: the arrays may be views of tensors that TensorFlow frees.
        if is_valid.all():
            self._store.add(tuple(column.copy() for column in columns))
        else:
            rows = np.flatnonzero(is_valid)
            self._store.add(tuple(column.take(rows, axis=0) for column in columns))
        return np.asarray(batches + 1, np.int64)
