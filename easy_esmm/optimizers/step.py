"""One step of training: gradients, clipping, and the update of tables and dense variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Collection, Dict, List, Sequence, Tuple

import tensorflow as tf
from absl import logging

from easy_esmm.contract import TableRows, Tensor
from easy_esmm.optimizers import averages, replicas, update_rules
from easy_esmm.optimizers.freezing import frozen_names
from easy_esmm.protos.optimizer_pb2 import Optimizer
from easy_esmm.protos.train_pb2 import TrainConfig

# With 1.6 million rows of 18 and batches of 4096 the pass over all rows costs 30 us of CPU an
# example, as much as two towers of 360-200-80.
_MANY_ROWS = 1_000_000

# CPU seconds of that pass for each number of a table: .12 s for 29 million numbers.
_SECONDS_OF_A_NUMBER = 4e-9

# A gradient, a tf.IndexedSlices for a table, and its variable.
_Pair = Tuple[Any, Any]


@dataclass(frozen=True, eq=False)
class TrainOp:
    """One step."""

    op: Any
    """Updates every variable that the loss reaches, and its moving average where that is wanted,
    then adds 1 to the global step."""
    learning_rates: Dict[str, Tensor]
    """float32 scalars by name: `learning_rate`; or, with two optimizers or a multiplier of the
    tables' rate, `embedding_learning_rate` and `dense_learning_rate`."""
    gradient_norm: Tensor
    """float32 scalar: norm of the whole gradient before clipping. A table counts with the gradient
    of the rows that the batch read, each once."""


def train_op(
    config: TrainConfig,
    loss: Tensor,
    tables: Sequence[TableRows],
    dense_variables: Sequence[Any],
    global_step: Any,
    frozen_tables: Collection[str] = (),
    *,
    trains_alone: bool = False,
) -> TrainOp:
    """The step that the config describes.

    With two optimizers the first is for the tables, the second for the rest. Variables that the
    loss does not reach, and those of `freeze_gradient`, stay as they are.

    Args:
      loss: float32 scalar.
      tables: what the batch read; the loss is differentiated with respect to `rows`.
      dense_variables: trainable variables that are read whole.
      global_step: int64 variable.
      frozen_tables: names of further variables that stay as they are.
      trains_alone: whether no other process writes to the tables, as trainers of a cluster do: lazy
        Adam may then write new rows over those that the step read.
    """
    frozen = frozen_names(
        config.freeze_gradient, [*dense_variables, *(table.table for table in tables)]
    )
    frozen |= set(frozen_tables)
    tables = [table for table in tables if table.table.op.name not in frozen]
    dense_variables = [v for v in dense_variables if v.op.name not in frozen]
    # The optimizer sums the gradients of all copies of the model.
    dense, sparse = _gradients(loss / replicas.count(), dense_variables, tables)
    norm = tf.linalg.global_norm([gradient for gradient, _ in [*dense, *sparse]])
    if config.gradient_clipping_by_norm > 0:
        dense = _clipped(dense, norm, config.gradient_clipping_by_norm)
        sparse = _clipped(sparse, norm, config.gradient_clipping_by_norm)
    _warn_of_full_updates(config.optimizer_config[0], tables)
    parts = _parts(config, dense, sparse)
    rates = {part.rate_name: part.rate(global_step) for part in parts}
    read = tables if trains_alone and replicas.count() == 1 else ()
    updates = [
        update_rules.build(part.optimizer, rates[part.rate_name], read).apply_gradients(part.pairs)
        for part in parts
        if part.pairs
    ]
    with tf.control_dependencies(updates):
        averaged = [
            averages.update(part.optimizer, part.pairs, tables, global_step)
            for part in parts
            if part.optimizer.use_moving_average and part.pairs
        ]
    with tf.control_dependencies([*updates, *averaged]):
        op = global_step.assign_add(1, read_value=False)
    return TrainOp(op, rates, norm)


@dataclass(frozen=True, eq=False)
class _Part:
    """What one optimizer updates."""

    rate_name: str
    optimizer: Optimizer
    pairs: Sequence[_Pair]
    multiplier: float = 1.0

    def rate(self, global_step: Any) -> Tensor:
        return self.multiplier * update_rules.rate(self.optimizer, global_step)


def _parts(
    config: TrainConfig, dense: Sequence[_Pair], sparse: Sequence[_Pair]
) -> Tuple[_Part, ...]:
    first, last = config.optimizer_config[0], config.optimizer_config[-1]
    if len(config.optimizer_config) == 1 and not first.HasField(
        "embedding_learning_rate_multiplier"
    ):
        return (_Part("learning_rate", first, [*sparse, *dense]),)
    multiplier = (
        first.embedding_learning_rate_multiplier
        if first.HasField("embedding_learning_rate_multiplier")
        else 1.0
    )
    return (
        _Part("embedding_learning_rate", first, sparse, multiplier),
        _Part("dense_learning_rate", last, dense),
    )


def _gradients(
    loss: Tensor, dense_variables: Sequence[Any], tables: Sequence[TableRows]
) -> Tuple[List[_Pair], List[_Pair]]:
    """Of the variables, and of the tables, that the loss reaches."""
    gradients = tf.gradients(loss, [*dense_variables, *(table.rows for table in tables)])
    count = len(dense_variables)
    dense = [(g, v) for g, v in zip(gradients[:count], dense_variables) if g is not None]
    sparse = [
        (tf.IndexedSlices(tf.convert_to_tensor(g), t.ids, tf.shape(t.table, tf.int64)), t.table)
        for g, t in zip(gradients[count:], tables)
        if g is not None
    ]
    return dense, sparse


def _clipped(pairs: Sequence[_Pair], norm: Tensor, largest: float) -> List[_Pair]:
    gradients, _ = tf.clip_by_global_norm([g for g, _ in pairs], largest, use_norm=norm)
    return [(gradient, variable) for gradient, (_, variable) in zip(gradients, pairs)]


def _warn_of_full_updates(config: Optimizer, tables: Sequence[TableRows]) -> None:
    rows = sum(table.table.shape[0] for table in tables)
    numbers = sum(table.table.shape.num_elements() for table in tables)
    lazy = update_rules.lazy_form(config)
    if lazy and rows > _MANY_ROWS:
        logging.warning(
            "%s updates all %s rows of the embedding tables at every step, about %.2g s of CPU "
            "a step whatever the batch; %s updates only the rows in the batch",
            config.WhichOneof("optimizer"),
            f"{rows:,}",
            numbers * _SECONDS_OF_A_NUMBER,
            lazy,
        )
