"""Recall and precision among the k highest scores of each list."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.contract import ScoredTask, keyed
from easy_esmm.metrics.groups import fingerprint, is_named
from easy_esmm.metrics.kept_rows import KeptRows
from easy_esmm.metrics.registry import Columns, register
from easy_esmm.metrics.streaming import Metric
from easy_esmm.protos.eval_pb2 import PrecisionAtTopK, RecallAtTopK

Array = NDArray[Any]
Share = Callable[[Array, Array, Array], Array]
"""(expected hits, positives, rows within k) of each list -> its share, NaN to leave it out."""


@register("recall_at_topk")
def recall_at_topk(config: RecallAtTopK, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """`recall_at_<k>_<task>`: mean over lists of hits / positives; see `_over_lists`."""
    return _over_lists("recall", _recall, config, task, columns)


@register("precision_at_topk")
def precision_at_topk(
    config: PrecisionAtTopK, task: ScoredTask, columns: Columns
) -> Dict[str, Metric]:
    """`precision_at_<k>_<task>`: mean over lists of hits / min(k, rows); see `_over_lists`."""
    return _over_lists("precision", _precision, config, task, columns)


def _over_lists(
    name: str, share: Share, config: Any, task: ScoredTask, columns: Columns
) -> Dict[str, Metric]:
    """`<name>_at_<k>_<task>` (float64) and `..._lists` (int64: lists in the mean).

    Lists are over the rows with `task.weight` above 0 and a session that is there; beyond that
    mask weights do not count. A row is positive where its label is above 0. Exact; of rows with
    equal scores at the edge of k, each counts by its chance to be within. NaN without a list, and
    where a score is NaN.

    Keeps 13 bytes a valid row in the memory of the evaluating process, as a grouped AUC does.
    """
    key = keyed(f"{name}_at_{config.topk}", task.name)
    is_valid = task.weight > 0
    group = tf.zeros_like(task.label, tf.int64)
    if config.session_id_field:
        column = columns[config.session_id_field]
        is_valid &= is_named(column)
        group = fingerprint(column)
    with v1.name_scope(key):
        rows = KeptRows([group, task.score, task.label > 0], is_valid)
        result = partial(_result, share, config.topk)
        mean, lists = rows.read(result, [tf.float64, tf.int64])
    return {key: (mean, rows.update), key + "_lists": (lists, rows.update)}


def hits_by_list(
    k: int, group: Array, score: Array, is_positive: Array
) -> Tuple[Array, Array, Array]:
    """(expected positives among the k highest scores, positives, min(k, rows)) of each group."""
    order = np.lexsort((-score, group))
    group, score, is_positive = group[order], score[order], is_positive[order]
    is_new_group = np.append(True, group[1:] != group[:-1])
    starts = np.flatnonzero(is_new_group)
    ties = np.flatnonzero(is_new_group | np.append(True, score[1:] != score[:-1]))
    tie_rows = np.diff(np.append(ties, len(group)))
    tie_positives = np.add.reduceat(is_positive.astype(np.float64), ties)
    before = ties - starts[np.cumsum(is_new_group)[ties] - 1]  # rows of the group ahead of the tie
    chance = np.clip((k - before) / tie_rows, 0.0, 1.0)
    first_tie = np.searchsorted(ties, starts)
    hits = np.add.reduceat(chance * tie_positives, first_tie)
    positives = np.add.reduceat(tie_positives, first_tie)
    rows = np.diff(np.append(starts, len(group)))
    return hits, positives, np.minimum(rows, k)


def _recall(hits: Array, positives: Array, rows: Array) -> Array:
    return np.where(positives > 0, hits / np.maximum(positives, 1), np.nan)


def _precision(hits: Array, positives: Array, rows: Array) -> Array:
    return hits / rows


def _result(share: Share, k: int, rows: Optional[Tuple[Array, ...]]) -> Tuple[float, int]:
    if not rows or not len(rows[0]) or np.isnan(rows[1]).any():
        return np.nan, 0
    shares = share(*hits_by_list(k, *rows))
    counted = shares[~np.isnan(shares)]
    return (float(counted.mean()) if len(counted) else np.nan), len(counted)
