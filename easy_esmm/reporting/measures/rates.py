"""Predicted and observed rates of groups of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np
from numpy.typing import NDArray

from easy_esmm.reporting.measures.grouping import equal_count
from easy_esmm.reporting.measures.intervals import effective, wilson
from easy_esmm.reporting.measures.task_rows import TaskRows

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Rates:
    """By group, float64 [groups]; rates are means over rows by their weights."""

    rows: Array
    """Number of rows."""
    events: Array
    """Number of rows with a positive label."""
    predicted: Array
    observed: Array
    low: Array
    """Ends of the 95 % interval of the observed rate: Wilson's, with the effective rows."""
    high: Array


def rates(task: TaskRows, groups: Sequence[Array]) -> Rates:
    """The rates of groups of the task's rows, each given by the indices of its rows."""
    values = np.array([_of_group(task.chosen(group)) for group in groups]).reshape(-1, 5)
    rows, events, predicted, observed, size = values.T
    low, high = wilson(observed, size)
    return Rates(rows, events, predicted, observed, low, high)


def reliability(task: TaskRows) -> Rates:
    """Groups of equally many rows by ascending prediction: 5 to 20, by the number of positives."""
    return rates(task, equal_count(task.predicted, bins(float((task.label > 0).sum()))))


def bins(events: float) -> int:
    """Number of groups for so many events: one for each 20 events, from 5 to 20."""
    return int(min(20, max(5, events // 20)))


def _of_group(group: TaskRows) -> Sequence[float]:
    return (
        len(group.label),
        float((group.label > 0).sum()),
        float(np.average(group.predicted, weights=group.weight)),
        float(np.average(group.label, weights=group.weight)),
        effective(group.weight),
    )
