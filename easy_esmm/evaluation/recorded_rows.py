"""Every row of an evaluation: labels, predictions and logits by task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional

from numpy.typing import NDArray

from easy_esmm.contract import Tasks, TaskSpec

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class RecordedRows:
    """Every row of an evaluation, in order; arrays are [rows], float32 unless said."""

    tasks: Tasks
    weight: Array
    """Sample weight."""
    labels: Mapping[str, Array]
    """By label column, 0 where the condition of the task is not met; see `TaskLabels.value`."""
    predictions: Mapping[str, Array]
    """By task."""
    logits: Mapping[str, Array]
    """By task that predicts a probability."""
    inside: Mapping[str, Array] = field(default_factory=dict)
    """By task with a task space: 1 inside, else 0."""
    missing: Mapping[str, Array] = field(default_factory=dict)
    """By label column, bool: whether the row has no label; none where that was not recorded."""
    user: Optional[Array] = None
    """int64, equal where rows share a user, see `metrics.groups.fingerprint`; None where the user
    was not recorded."""
    has_user: Optional[Array] = None
    """bool: whether the row names a user."""

    def label(self, task: TaskSpec) -> Array:
        """The task's labels."""
        return self.labels[task.label]
