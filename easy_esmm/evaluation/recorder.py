"""Collects every evaluated row, in order, for what a streaming metric cannot compute."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.contract import Labels, Predictions, Tensor
from easy_esmm.evaluation.coded_column import CodedColumn
from easy_esmm.features import Embedded, TableIds, table_ids
from easy_esmm.metrics.groups import fingerprint, is_named


class RowRecorder:
    """Keeps an evaluation's rows in host memory.

    Labels, weights, probabilities and logits take 36 bytes a row; each coded column 2 bytes and at
    most 65,535 values; a user column 9 bytes; counted ids 4 bytes a row of the tables.
    """

    def __init__(
        self, coded: Sequence[str] = (), user: str = "", *, counts_ids: bool = False
    ) -> None:
        """Only labels and predictions by default.

        Args:
          coded: columns with one value a row, text or whole numbers, to keep.
          user: column that names the user of a row.
          counts_ids: whether to count how often each row of each table is looked up.
        """
        self._coded = tuple(coded)
        self._user = user
        self._counts_ids = counts_ids
        self._forget()

    @property
    def columns(self) -> Tuple[str, ...]:
        """Input columns that must be read."""
        return (*self._coded, *([self._user] if self._user else []))

    def hook(self, embedded: Embedded, labels: Labels, predictions: Any) -> Any:
        """An evaluation hook that feeds this recorder from the evaluation's graph."""
        self._forget()
        columns = embedded.columns
        tensors: Dict[str, Any] = {
            "rows": _of_rows(labels, predictions),
            "columns": {name: columns[name] for name in self._coded},
        }
        if self._user:
            user = columns[self._user]
            tensors["rows"].update(user=fingerprint(user), has_user=is_named(user))
        if self._counts_ids:
            tables = table_ids(embedded)
            tensors["ids"] = {name: (found.ids, found.times) for name, found in tables.items()}
            self._start_counts(tables)
        return _RecordHook(tensors, self._add)

    def rows(self) -> Dict[str, NDArray[Any]]:
        """By name, arrays [rows] in the order of the rows, float32 unless said.

        `click`, `conversion`, `weight`, `pctr`, `ctr_logit`; for a tower of probabilities `pcvr`,
        `pctcvr`, `cvr_logit`, `ctcvr_logit`; with a user column `user` (int64, see
        `metrics.groups.fingerprint`) and `has_user` (bool).
        """
        return {name: np.concatenate(parts) for name, parts in self._batches.items()}

    def coded(self) -> Dict[str, Tuple[NDArray[np.uint16], List[str]]]:
        """By column, (code of each row, text of each code)."""
        return {name: column.coded() for name, column in self._columns.items()}

    def occurrences(self) -> Dict[str, NDArray[np.int32]]:
        """By table, how often each of its rows was looked up: int32 [vocabulary]."""
        return self._occurrences

    def _forget(self) -> None:
        self._batches: Dict[str, List[Any]] = {}
        self._columns = {name: CodedColumn() for name in self._coded}
        self._occurrences: Dict[str, NDArray[np.int32]] = {}

    def _start_counts(self, tables: Mapping[str, TableIds]) -> None:
        for name, found in tables.items():
            self._occurrences[name] = np.zeros(found.vocabulary, np.int32)

    def _add(self, batch: Mapping[str, Any]) -> None:
        for name, values in batch["rows"].items():
            self._batches.setdefault(name, []).append(values)
        for name, values in batch["columns"].items():
            self._columns[name].add(values)
        for name, (ids, times) in batch.get("ids", {}).items():
            # Of the batch alone: a table may be much longer.
            distinct, place = np.unique(ids, return_inverse=True)
            sums = np.bincount(place, weights=times, minlength=len(distinct))
            is_row = distinct >= 0
            self._occurrences[name][distinct[is_row]] += sums[is_row].astype(np.int32)


def _of_rows(labels: Labels, predictions: Any) -> Dict[str, Tensor]:
    found = {
        "click": labels.click,
        "conversion": labels.conversion,
        "weight": labels.weight,
        "pctr": predictions.pctr,
        "ctr_logit": predictions.ctr_logit,
    }
    if isinstance(predictions, Predictions):
        found.update(
            pcvr=predictions.pcvr,
            pctcvr=predictions.pctcvr,
            cvr_logit=predictions.cvr_logit,
            ctcvr_logit=predictions.ctcvr_logit,
        )
    return {name: tf.identity(tensor) for name, tensor in found.items()}


class _RecordHook(v1.train.SessionRunHook):  # type: ignore[misc]
    def __init__(self, tensors: Dict[str, Any], add: Any) -> None:
        self._tensors = tensors
        self._add = add

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._tensors)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._add(run_values.results)
