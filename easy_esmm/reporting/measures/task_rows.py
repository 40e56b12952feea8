"""The rows of each task of an evaluation, with their predictions and labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List

import numpy as np
from numpy.typing import NDArray

from easy_esmm.contract import Kind
from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.reporting.shown_task import ShownTask
from easy_esmm.reporting.shown_tasks import shown_tasks

Array = NDArray[Any]

OTHER = 0
"""Code of values beyond the bound on distinct ones."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of the input, in little memory."""

    codes: Array
    """uint16 [rows]: index into `values`; `OTHER`: one that came after the last new code."""
    values: List[str]
    """Text of each code."""


@dataclass(frozen=True, eq=False)
class TaskRows:
    """The rows on which a task is observed; arrays are [rows of the task]."""

    key: str
    """Suffix of the task's metrics."""
    title: str
    events: str
    """Name of its positives: clicks, conversions."""
    inside: Array
    """int64: indices of its rows among all."""
    score: Array
    """Logits: many rows share a probability that saturates or underflows."""
    predicted: Array
    """float64 probabilities."""
    label: Array
    """float64 in [0, 1]."""
    weight: Array
    """float64, above 0."""

    def chosen(self, rows: Array) -> TaskRows:
        """The task on some of its rows, by index or mask."""
        arrays = (self.inside, self.score, self.predicted, self.label, self.weight)
        return TaskRows(self.key, self.title, self.events, *(array[rows] for array in arrays))


def task_rows(rows: RecordedRows) -> List[TaskRows]:
    """Of each task that predicts a probability; rows without weight are left out."""
    tasks = shown_tasks(rows.tasks)
    return [_task_rows(rows, task) for task in tasks if task.spec.kind is Kind.BINARY]


def without_number(rows: RecordedRows) -> int:
    """Rows of which a prediction is not a finite number."""
    outputs = [rows.predictions[task.name] for task in rows.tasks if task.kind is Kind.BINARY]
    broken = [~np.isfinite(output) for output in (*outputs, *rows.logits.values())]
    return int(np.any(broken, axis=0).sum()) if broken else 0


def _task_rows(rows: RecordedRows, task: ShownTask) -> TaskRows:
    spec, weight = task.spec, rows.weight.astype(np.float64)
    if spec.is_masked and spec.condition is not None:
        weight = weight * rows.labels[spec.condition]
    elif spec.inside_metric_name is not None:
        weight = weight * rows.inside[spec.name]
    score = rows.logits[spec.name]
    inside = np.flatnonzero((weight > 0) & np.isfinite(score))
    return TaskRows(
        task.key,
        task.title,
        task.events,
        inside,
        score[inside],
        rows.predictions[spec.name][inside].astype(np.float64),
        rows.label(spec)[inside].astype(np.float64),
        weight[inside],
    )
