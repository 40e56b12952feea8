"""Records every evaluated row, in order, for what no streaming metric can compute."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.contract import Labels, Outputs, Tasks, Tensor
from easy_esmm.evaluation.coded_column import CodedColumn
from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.features import Embedded, TableIds, table_ids
from easy_esmm.metrics.groups import fingerprint, is_named


class RowRecorder:
    """Keeps an evaluation's rows in host memory.

    The weight, each label column, prediction and logit take 4 bytes a row (36 for an entire-space
    model); each coded column 2 bytes and at most 65,535 values; a user column 9 bytes; counted ids
    4 bytes a row of the tables.
    """

    def __init__(
        self,
        coded: Sequence[str] = (),
        user: str = "",
        *,
        counts_ids: bool = False,
        keeps_missing: bool = False,
    ) -> None:
        """Only labels and predictions by default.

        Args:
          coded: columns with one value a row, text or whole numbers, to keep.
          user: column that names the user of a row.
          counts_ids: whether to count how often each row of each table is looked up.
          keeps_missing: whether to keep which rows lack a label, in 1 byte for each label column.
        """
        self._coded = tuple(coded)
        self._user = user
        self._counts_ids = counts_ids
        self._keeps_missing = keeps_missing
        self._forget()

    @property
    def columns(self) -> Tuple[str, ...]:
        """Input columns that must be read."""
        return (*self._coded, *([self._user] if self._user else []))

    def hook(self, tasks: Tasks, embedded: Embedded, labels: Labels, outputs: Outputs) -> Any:
        """An evaluation hook that feeds this recorder from the evaluation's graph."""
        self._forget()
        self._tasks = tasks
        columns = embedded.columns
        tensors: Dict[str, Any] = {
            "rows": _of_rows(tasks, labels, outputs),
            "columns": {name: columns[name] for name in self._coded},
        }
        if self._keeps_missing:
            missing = {("missing", task.label): labels[task.name].is_missing for task in tasks}
            tensors["rows"].update(missing)
        if self._user:
            user = columns[self._user]
            tensors["rows"].update(
                {("user", ""): fingerprint(user), ("has_user", ""): is_named(user)}
            )
        if self._counts_ids:
            tables = table_ids(embedded)
            tensors["ids"] = {name: (found.ids, found.times) for name, found in tables.items()}
            self._start_counts(tables)
        return _RecordHook(tensors, self._add)

    def rows(self) -> RecordedRows:
        """The rows of the last evaluation, in their order."""
        arrays = {key: np.concatenate(parts) for key, parts in self._batches.items()}

        def by_name(kind: str) -> Dict[str, NDArray[Any]]:
            return {name: array for (found, name), array in arrays.items() if found == kind}

        return RecordedRows(
            tasks=self._tasks,
            weight=arrays["weight", ""],
            labels=by_name("label"),
            predictions=by_name("prediction"),
            logits=by_name("logit"),
            inside=by_name("inside"),
            missing=by_name("missing"),
            user=arrays.get(("user", "")),
            has_user=arrays.get(("has_user", "")),
        )

    def coded(self) -> Dict[str, Tuple[NDArray[np.uint16], List[str]]]:
        """By column, (code of each row, text of each code)."""
        return {name: column.coded() for name, column in self._columns.items()}

    def occurrences(self) -> Dict[str, NDArray[np.int32]]:
        """By table, how often each of its rows was looked up: int32 [vocabulary]."""
        return self._occurrences

    def _forget(self) -> None:
        self._batches: Dict[Tuple[str, str], List[Any]] = {}
        self._columns = {name: CodedColumn() for name in self._coded}
        self._occurrences: Dict[str, NDArray[np.int32]] = {}

    def _start_counts(self, tables: Mapping[str, TableIds]) -> None:
        for name, found in tables.items():
            self._occurrences[name] = np.zeros(found.vocabulary, np.int32)

    def _add(self, batch: Mapping[str, Any]) -> None:
        for key, values in batch["rows"].items():
            self._batches.setdefault(key, []).append(values)
        for name, values in batch["columns"].items():
            self._columns[name].add(values)
        for name, (ids, times) in batch.get("ids", {}).items():
            # Of the batch alone: a table may be much longer.
            distinct, place = np.unique(ids, return_inverse=True)
            sums = np.bincount(place, weights=times, minlength=len(distinct))
            is_row = distinct >= 0
            self._occurrences[name][distinct[is_row]] += sums[is_row].astype(np.int32)


def _of_rows(tasks: Tasks, labels: Labels, outputs: Outputs) -> Dict[Tuple[str, str], Tensor]:
    """By (kind, name of a label column or of a task)."""
    found = {("weight", ""): labels.weight}
    for task in tasks:
        head, observed = outputs.heads[task.name], labels[task.name]
        found["label", task.label] = observed.value
        if observed.is_inside is not None:
            found["inside", task.name] = observed.is_inside
        found["prediction", task.name] = head.prediction
        if head.logit is not None:
            found["logit", task.name] = head.logit
    return {key: tf.identity(tensor) for key, tensor in found.items()}


class _RecordHook(v1.train.SessionRunHook):  # type: ignore[misc]
    def __init__(self, tensors: Dict[str, Any], add: Any) -> None:
        self._tensors = tensors
        self._add = add

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._tensors)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._add(run_values.results)
