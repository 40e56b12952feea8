"""First values of embedding tables from files of vectors by id (`embedding_init_file`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Tuple

import numpy as np
import tensorflow as tf
from absl import logging
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.config.feature_types import type_of
from easy_esmm.config.vocabulary_file import read_entries
from easy_esmm.data.vectors import Vectors, read_vectors
from easy_esmm.errors import UserError
from easy_esmm.features.ids import source_of
from easy_esmm.features.tables import tables_of_config
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_NO_ROW = -1


@dataclass(frozen=True, eq=False)
class PretrainedRows:
    """The rows of a table that begin with vectors of a file."""

    rows: NDArray[np.int64]
    """[vectors], ascending, each once."""
    values: NDArray[np.float32]
    """[vectors, embedding_dim]."""


def read_tables(config: PipelineConfig) -> Dict[str, PretrainedRows]:
    """By name of each table whose feature has an `embedding_init_file`; says what it covers.

    Raises UserError for a file that `data.vectors` cannot read, or that has no id of the table.
    """
    found: Dict[str, PretrainedRows] = {}
    for table, feature in tables_of_config(config).items():
        if feature.embedding_init_file:
            found[table] = _read(table, feature)
    return found


def frozen_tables(config: PipelineConfig) -> Tuple[str, ...]:
    """Names of the tables that training leaves as the file has them (`embedding_frozen`)."""
    tables = tables_of_config(config).items()
    return tuple(t for t, f in tables if f.embedding_init_file and f.embedding_frozen)


def begin_with(tables: Mapping[str, PretrainedRows]) -> None:
    """Makes the vectors first values of the tables of this graph.

    Other rows keep the values of their initialiser.
    """
    for variable in v1.trainable_variables():
        if variable.op.name in tables:
            _begin_with(variable, tables[variable.op.name])


def _begin_with(variable: Any, pretrained: PretrainedRows) -> None:
    with tf.device(variable.device), tf.name_scope(""):
        # Not constants: a large table does not fit into the graph's definition.
        rows, values = tf.numpy_function(
            lambda: (pretrained.rows, pretrained.values), [], [tf.int64, tf.float32]
        )
        rows.set_shape([len(pretrained.rows)])
        values.set_shape(pretrained.values.shape)
        first = tf.tensor_scatter_nd_update(variable.initial_value, rows[:, tf.newaxis], values)
        first.set_shape(variable.shape)
        variable._initializer_op = tf.raw_ops.AssignVariableOp(
            resource=variable.handle, value=first
        )
        variable._initial_value = first


def _read(table: str, feature: FeatureConfig) -> PretrainedRows:
    path, size = feature.embedding_init_file, type_of(feature).table_rows(feature)
    vectors = read_vectors(path, feature.embedding_dim)
    rows = _rows_of(feature, vectors, size)
    is_known = rows != _NO_ROW
    # The first of several ids of one bucket: such files are sorted by frequency, mostly.
    taken, first = np.unique(rows[is_known], return_index=True)
    unknown, shared = int((~is_known).sum()), int(is_known.sum()) - len(taken)
    if not len(taken):
        raise UserError(f"{path}: must hold vectors of ids of {table}, and has none of {size} rows")
    logging.info(
        "embedding_init_file: %s of %s rows of %s begin with vectors of %s%s%s%s",
        f"{len(taken):,}",
        f"{size:,}",
        table,
        path,
        f"; {unknown:,} ids there have no row" if unknown else "",
        f"; {shared:,} share the bucket of an earlier one" if shared else "",
        "; they stay as they are" if feature.embedding_frozen else "",
    )
    return PretrainedRows(taken, vectors.values[is_known][first])


def _rows_of(feature: FeatureConfig, vectors: Vectors, size: int) -> NDArray[np.int64]:
    """int64 [vectors], `_NO_ROW` for ids without one."""
    if vectors.ids is None:
        rows = np.arange(len(vectors.values), dtype=np.int64)
        return np.where(rows < size, rows, _NO_ROW)
    return _MAPPINGS[source_of(feature)](feature, vectors.ids)


def _by_hash(feature: FeatureConfig, ids: NDArray[Any]) -> NDArray[np.int64]:
    with tf.Graph().as_default(), v1.Session() as session:
        given = v1.placeholder(tf.string, [None])
        buckets = tf.strings.to_hash_bucket_fast(given, feature.hash_bucket_size)
        found: NDArray[np.int64] = session.run(buckets, {given: ids})
        return found


def _by_entry(entries: Any, ids: NDArray[Any]) -> NDArray[np.int64]:
    numbers = {entry: number for number, entry in enumerate(entries)}
    return np.array([numbers.get(one, _NO_ROW) for one in ids], np.int64)


def _by_number(feature: FeatureConfig, ids: NDArray[Any]) -> NDArray[np.int64]:
    try:
        numbers = [int(one) for one in ids]
    except ValueError as error:
        raise UserError(
            f"{feature.embedding_init_file}: must have whole numbers for ids, as feature "
            f"{feature.feature_name} has num_buckets ({error})"
        ) from error
    return np.array([n if 0 <= n < feature.num_buckets else _NO_ROW for n in numbers], np.int64)


_MAPPINGS: Dict[str, Callable[[FeatureConfig, NDArray[Any]], NDArray[np.int64]]] = {
    "hash_bucket_size": _by_hash,
    "vocab_list": lambda feature, ids: _by_entry([e.encode() for e in feature.vocab_list], ids),
    "vocab_file": lambda feature, ids: _by_entry(read_entries(feature.vocab_file), ids),
    "num_buckets": _by_number,
}
