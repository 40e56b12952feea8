"""Warns of implausible labels: missing, never positive, or positive against a condition.

And of sample weights that are missing.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Set, Tuple

import numpy as np
import tensorflow as tf
from absl import logging

from easy_esmm.compat import v1
from easy_esmm.contract import Kind, LabelColumn, Tasks, TaskSpec, Tensor
from easy_esmm.data.file_problems import no_weight_at_all
from easy_esmm.errors import UserError

TRAINING, EVALUATION = "the training input", "the evaluation input"

Finding = Tuple[str, str]
"""(key, text) of a warning; a key is warned of once."""


class LabelWarningHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Counts rows by their labels and weights; warns at the end, of each thing once.

    Raises UserError at the end if not one of the rows has a weight. `warned` holds the keys of
    earlier warnings, and takes those of new ones: one set for all evaluations of a process.
    """

    def __init__(
        self,
        tasks: Tasks,
        columns: Mapping[str, LabelColumn],
        where: str,
        warned: Set[str],
        weight: str = "",
    ) -> None:
        """`columns`: labels and the sample weight, whose name is `weight`; '' if there is none."""
        self._weight = weight
        self._labels = _one_task_a_label(tasks)
        self._names = tasks.columns()
        self._where, self._warned = where, warned
        counts = {"rows": tf.ones_like(columns[self._names[0]].is_missing)}
        for task in self._labels:
            is_positive = _is_positive(columns[task.label].value, task.kind)
            counts[f"positive {task.label}"] = is_positive
            if task.condition is not None:
                is_met = columns[task.condition].value > 0
                counts[f"violations {task.label}"] = is_positive & ~is_met
        counted = (*self._names, weight) if weight else self._names
        counts.update({f"missing {name}": columns[name].is_missing for name in counted})
        self._keys = tuple(counts)
        # One tensor: a step fetches one array.
        self._counts = tf.stack([tf.math.count_nonzero(flag) for flag in counts.values()])
        self._totals = np.zeros(len(counts), np.int64)

    def begin(self) -> None:
        self._totals[:] = 0

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._counts)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._totals += run_values.results

    def end(self, session: Any) -> None:
        counts = dict(zip(self._keys, self._totals.tolist()))
        if self._weight and 0 < counts["rows"] == counts[f"missing {self._weight}"]:
            rows = f"the {counts['rows']:,} rows of {self._where}"
            raise UserError(no_weight_at_all(self._weight, rows))
        for key, text in self._warnings(counts):
            if key not in self._warned:
                self._warned.add(key)
                logging.warning("%s", text)

    def _warnings(self, counts: Mapping[str, int]) -> List[Finding]:
        rows = counts["rows"]
        missing = [(name, counts[f"missing {name}"]) for name in self._names]
        positives = [(task, counts[f"positive {task.label}"]) for task in self._labels]
        weight = self._weight
        return [
            *missing_labels(missing, rows, self._where),
            *missing_weights(weight, counts.get(f"missing {weight}", 0), rows, self._where),
            *no_positives(positives, rows, self._where),
            *(
                warning
                for task, count in positives
                if task.condition is not None
                for warning in unmet_conditions(
                    task,
                    self._path(task.condition),
                    counts[f"violations {task.label}"],
                    count,
                    self._where,
                )
            ),
        ]

    def _path(self, label: str) -> str:
        return next(_label_path(task) for task in self._labels if task.label == label)


def _one_task_a_label(tasks: Tasks) -> List[TaskSpec]:
    """The tasks without those that share the label of an earlier one."""
    by_label: Dict[str, TaskSpec] = {}
    for task in tasks:
        by_label.setdefault(task.label, task)
    return list(by_label.values())


def _is_positive(column: Tensor, kind: Kind) -> Tensor:
    return tf.not_equal(column, 0) if kind is Kind.VALUE else column > 0


def _label_path(task: TaskSpec) -> str:
    """`ctr_tower.label_name`, `task_towers[0].label_name`."""
    return f"{task.path.rpartition('.')[2]}.label_name"


def missing_labels(counts: Sequence[Tuple[str, int]], rows: int, where: str) -> List[Finding]:
    """A warning for each label column that so many of the rows lack."""
    return [
        (
            f"missing {name}",
            f"{count:,} of {rows:,} rows of {where} have no value in label column '{name}', which "
            "counts as 0; fix them, or set the column's default_val to declare that it is intended",
        )
        for name, count in counts
        if count
    ]


def missing_weights(name: str, count: int, rows: int, where: str) -> List[Finding]:
    """A warning for the column of the sample weight, where so many of the rows lack it."""
    if not count:
        return []
    text = (
        f"{count:,} of {rows:,} rows of {where} have no value in column '{name}' "
        "(data_config.sample_weight), and weigh 0; fix them, or set the column's default_val to "
        "give them a weight"
    )
    return [(f"missing {name}", text)]


def no_positives(counts: Sequence[Tuple[TaskSpec, int]], rows: int, where: str) -> List[Finding]:
    """A warning where a task has not one positive label."""
    none = [
        f"in column '{task.label}' ({_label_path(task)})" for task, count in counts if not count
    ]
    if not none or not rows:
        return []
    text = f"none of the {rows:,} rows of {where} has a positive label {' or '.join(none)}"
    return [("no positives", f"{text}; nothing can be learned, or measured, of what never happens")]


def unmet_conditions(
    task: TaskSpec, condition_path: str, violations: int, positives: int, where: str
) -> List[Finding]:
    """A warning where positives do not count, for the task's condition is not met."""
    if not violations:
        return []
    label, condition = task.label, task.condition
    text = (
        f"{violations:,} rows of {where} have a positive '{label}' without a positive "
        f"'{condition}', {violations / positives:.1%} of its {positives:,} positives; these labels "
        "count as 0"
    )
    if 2 * violations > positives:
        text += (
            f"; are the two labels swapped? {condition_path} is '{condition}', "
            f"{_label_path(task)} is '{label}'"
        )
    return [(f"condition of {label}", text)]
