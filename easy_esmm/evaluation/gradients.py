"""The cosine between the gradients of two tasks, with respect to the embeddings they share.

1: both losses move the embeddings in the same direction; 0: orthogonal; below 0: a step that lowers
one loss raises the other, the mechanism behind a seesaw between tasks.
"""

from __future__ import annotations

import math
from typing import Any, List, Optional, Sequence

import numpy as np
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import TableRows, Tasks, Tensor, WeighedLoss


class Gradients:
    """Collects the cosine of each batch: the first task's losses against all others.

    The gradients are those with respect to the rows that the batch reads from the tables that both
    losses move, each row once, weights of the losses included; regularisation is left out.
    """

    def __init__(self) -> None:
        self._cosines: List[float] = []

    def hook(
        self,
        tasks: Tasks,
        terms: Sequence[WeighedLoss],
        tables: Sequence[TableRows],
    ) -> Any:
        """An evaluation hook that feeds this from the evaluation's graph."""
        names = {loss.loss_name for loss in tasks.specs[0].losses}
        firsts = [term.contribution for term in terms if term.name in names]
        others = [term.contribution for term in terms if term.name not in names]
        cosine = cosine_of(tf.add_n(firsts), tf.add_n(others), tables) if others else None
        return _GradientHook(cosine, self._cosines)

    def mean(self) -> float:
        """Over the batches where both gradients are something; NaN for none."""
        known = [cosine for cosine in self._cosines if math.isfinite(cosine)]
        return float(np.mean(known)) if known else math.nan


def cosine_of(one: Tensor, other: Tensor, tables: Sequence[TableRows]) -> Optional[Tensor]:
    """float32 scalar: of the gradients of two scalars; None where they share no table.

    A table from which one of the gradients is zero does not count: look-ups of several tables are
    one operation, through which each loss has a gradient, of zeros, to all of them. NaN where no
    table is left.
    """
    rows = [table.rows for table in tables]
    pairs = [
        (tf.convert_to_tensor(a), tf.convert_to_tensor(b))
        for a, b in zip(tf.gradients(one, rows), tf.gradients(other, rows))
        if a is not None and b is not None
    ]
    # By table: the two squared lengths, and the product.
    sums = [tf.stack([tf.reduce_sum(x * y) for x, y in ((a, a), (b, b), (a, b))]) for a, b in pairs]
    if not sums:
        return None
    by_table = tf.stack(sums)
    is_shared = tf.reduce_all(by_table[:, :2] > 0, axis=1, keepdims=True)
    of_one, of_other, product = tf.unstack(
        tf.reduce_sum(tf.where(is_shared, by_table, tf.zeros_like(by_table)), axis=0)
    )
    return product / tf.sqrt(of_one) / tf.sqrt(of_other)


class _GradientHook(v1.train.SessionRunHook):  # type: ignore[misc]
    def __init__(self, cosine: Optional[Tensor], cosines: List[float]) -> None:
        self._cosine = cosine
        self._cosines = cosines

    def before_run(self, run_context: Any) -> Any:
        return None if self._cosine is None else v1.train.SessionRunArgs(self._cosine)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self._cosine is not None:
            self._cosines.append(float(run_values.results))
