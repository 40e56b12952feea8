"""Counts the missing values of the input columns, and tells their shares once."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Set, Tuple

import numpy as np
import tensorflow as tf
from absl import logging

from easy_esmm.compat import v1
from easy_esmm.config.groups import features_read
from easy_esmm.contract import Tensor
from easy_esmm.data.absent_values import has_no_value
from easy_esmm.data.fields import BOOL, needed_fields
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

PREDICTION = "the prediction's input"
_NAMED = 20
_LEAST_SHARE = 0.0005
_KEY = "missing values"


class MissingValues:
    """Rows without a value, by column.

    Columns are those of features in groups, without those whose `default_val` says that no value is
    missing, and BOOL columns, where a missing value is false. A list without a value is an empty
    one.
    """

    def __init__(self, config: PipelineConfig) -> None:
        self._config = config
        self._names = _counted(config)
        self._totals = np.zeros(1 + len(self._names), np.int64)

    def of_batch(self, columns: Mapping[str, Tensor]) -> Tensor:
        """int64 [1 + columns]: rows, and those of them without a value by column.

        A value of a user counts for each of his rows.
        """
        flags = [has_no_value(self._config, columns, name) for name in self._names]
        if not flags:
            return tf.zeros([1], tf.int64)
        stacked = tf.stack(flags)
        counts = tf.math.count_nonzero(stacked, axis=1, dtype=tf.int64)
        return tf.concat([tf.shape(stacked, out_type=tf.int64)[1:], counts], axis=0)

    def clear(self) -> None:
        """Begins anew."""
        self._totals[:] = 0

    def add(self, counts: Any) -> None:
        """Adds what `of_batch` counted."""
        self._totals += counts

    def tell(self, where: str) -> None:
        """Logs the share of each column that lacks values; one that lacks them all is a warning."""
        rows, *missing = self._totals.tolist()
        found = sorted(
            (one for one in zip(self._names, missing) if one[1]), key=lambda one: -one[1]
        )
        empty = [f"column '{name}'" for name, count in found if count == rows]
        if empty:
            text = f"no value in any of the {rows:,} rows of {where}: {_listed(empty)}"
            logging.warning("%s; nothing can be learned of what is never there", text)
        some = [f"{name} {_percent(count / rows)}" for name, count in found if count < rows]
        if some:
            logging.info(
                "missing values in the %s rows of %s: %s", f"{rows:,}", where, _listed(some)
            )


class MissingValuesHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Counts missing values; tells at the end, if not told before.

    23 columns of 4096 rows take 0.24 ms of CPU, of some 150 of a training step.
    """

    def __init__(
        self, config: PipelineConfig, columns: Mapping[str, Tensor], where: str, told: Set[str]
    ) -> None:
        """`told` is shared with the hooks of a process that shall not tell again."""
        self._missing, self._where, self._told = MissingValues(config), where, told
        self._counts = self._missing.of_batch(columns)

    def begin(self) -> None:
        self._missing.clear()

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._counts)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._missing.add(run_values.results)

    def end(self, session: Any) -> None:
        if _KEY not in self._told:
            self._told.add(_KEY)
            self._missing.tell(self._where)


def _counted(config: PipelineConfig) -> Tuple[str, ...]:
    used = features_read(config.model_config)
    features = [f for f in config.feature_config.features if f.feature_name in used]
    read = {name for feature in features for name in feature.input_names}
    return tuple(
        column.name
        for column in needed_fields(config, with_labels=False).columns
        if column.name in read and not column.has_default and column.type != BOOL
    )


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= _LEAST_SHARE else "< 0.1%"


def _listed(texts: Sequence[str]) -> str:
    shown: List[str] = [*texts[:_NAMED]]
    if len(texts) > _NAMED:
        shown.append(f"and {len(texts) - _NAMED} more")
    return ", ".join(shown)
