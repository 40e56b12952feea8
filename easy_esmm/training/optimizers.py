"""One step of training: gradients, clipping, and the update of tables and dense variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Sequence, Tuple

import tensorflow as tf
from absl import logging

from easy_esmm.compat import v1
from easy_esmm.contract import TableRows, Tensor
from easy_esmm.protos.optimizer_pb2 import Optimizer
from easy_esmm.protos.train_pb2 import TrainConfig
from easy_esmm.training.lazy_adam import LazyAdam
from easy_esmm.training.schedules import learning_rate

# With 1.6 million rows of 18 and batches of 4096 the pass over all rows costs 30 us of CPU an
# example, as much as two towers of 360-200-80.
_MANY_ROWS = 1_000_000

# A gradient, a tf.IndexedSlices for a table, and its variable.
_Pair = Tuple[Any, Any]


@dataclass(frozen=True, eq=False)
class TrainOp:
    """One step."""

    op: Any
    """Updates every variable that the loss reaches, then adds 1 to the global step."""
    learning_rates: Dict[str, Tensor]
    """float32 scalars by name: `learning_rate`; with two optimizers `embedding_learning_rate` and
    `dense_learning_rate`."""
    gradient_norm: Tensor
    """float32 scalar: norm of the whole gradient before clipping. A table counts with the gradient
    of the rows that the batch read, each once."""


def train_op(
    config: TrainConfig,
    loss: Tensor,
    tables: Sequence[TableRows],
    dense_variables: Sequence[Any],
    global_step: Any,
) -> TrainOp:
    """The step that the config describes.

    With two optimizers the first is for the tables, the second for the rest. Variables that the
    loss does not reach stay as they are.

    Args:
      loss: float32 scalar.
      tables: what the batch read; the loss is differentiated with respect to `rows`.
      dense_variables: trainable variables that are read whole.
      global_step: int64 variable.
    """
    dense, sparse = _gradients(loss, dense_variables, tables)
    norm = tf.linalg.global_norm([gradient for gradient, _ in [*dense, *sparse]])
    if config.gradient_clipping_by_norm > 0:
        dense = _clipped(dense, norm, config.gradient_clipping_by_norm)
        sparse = _clipped(sparse, norm, config.gradient_clipping_by_norm)
    _warn_of_full_updates(config.optimizer_config[0], tables)
    if len(config.optimizer_config) == 1:
        parts = [("learning_rate", config.optimizer_config[0], [*sparse, *dense])]
    else:
        of_tables, of_rest = config.optimizer_config
        parts = [
            ("embedding_learning_rate", of_tables, sparse),
            ("dense_learning_rate", of_rest, dense),
        ]
    rates = {name: _rate(part, global_step) for name, part, _ in parts}
    updates = [
        _build(part, rates[name]).apply_gradients(pairs) for name, part, pairs in parts if pairs
    ]
    with tf.control_dependencies(updates):
        op = global_step.assign_add(1, read_value=False)
    return TrainOp(op, rates, norm)


class _DistinctRows:
    """For an optimizer of TensorFlow's: a table's gradient lists each row once."""

    def _resource_apply_sparse_duplicate_indices(
        self, grad: Tensor, handle: Any, indices: Tensor
    ) -> Any:
        # TensorFlow's own way makes the indices distinct once more.
        return self._resource_apply_sparse(grad, handle, indices)  # type: ignore[attr-defined]


class _Adam(_DistinctRows, v1.train.AdamOptimizer):  # type: ignore[misc]
    """Moments of all rows decay at every step."""


class _Adagrad(_DistinctRows, v1.train.AdagradOptimizer):  # type: ignore[misc]
    """Touches the listed rows only."""


# `adam_optimizer` and `lazy_adam_optimizer` name their variables alike, so that training can go on
# with the other one.
_BUILDERS: Dict[str, Callable[[Any, Tensor], Any]] = {
    "adam_optimizer": lambda config, rate: _Adam(
        rate, config.beta1, config.beta2, 1e-8, name="Adam"
    ),
    "lazy_adam_optimizer": lambda config, rate: LazyAdam(
        rate, config.beta1, config.beta2, 1e-8, name="Adam"
    ),
    "adagrad_optimizer": lambda config, rate: _Adagrad(
        rate, config.initial_accumulator_value, name="Adagrad"
    ),
}


def _settings(config: Optimizer) -> Any:
    """The message inside the oneof."""
    return getattr(config, config.WhichOneof("optimizer"))


def _build(config: Optimizer, rate: Tensor) -> Any:
    return _BUILDERS[config.WhichOneof("optimizer")](_settings(config), rate)


def _rate(config: Optimizer, global_step: Any) -> Tensor:
    return learning_rate(_settings(config).learning_rate, global_step)


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
    if config.WhichOneof("optimizer") == "adam_optimizer" and rows > _MANY_ROWS:
        logging.warning(
            "adam_optimizer updates all %s rows of the embedding tables at every step, so that a "
            "step costs in proportion to the vocabulary; lazy_adam_optimizer updates only the rows "
            "in the batch",
            f"{rows:,}",
        )
