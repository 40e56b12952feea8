"""Ranking inside users, by how many rows a user has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional

import numpy as np
from numpy.typing import NDArray

from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.rank_statistics import auc_by_group
from easy_esmm.reporting.measures.task_rows import TaskRows

Array = NDArray[Any]


@dataclass(frozen=True)
class Activity:
    """Users with `first` to `last` impressions."""

    first: int
    last: int
    users: int
    impressions: int
    """All of these users', whether or not they are rows of the task."""
    with_both: int
    """Users that have rows of both classes of the task."""
    mean: float
    """Mean AUC inside these, every user alike; NaN without any."""
    error: float
    """Standard error of the mean; NaN for fewer than two users."""


def by_activity(rows: RecordedRows, task: TaskRows) -> List[Activity]:
    """Users by the number of their impressions: 1, 2 - 3, 4 - 7, ...; empty without users.

    Rows that weigh nothing and rows that name no user do not count.
    """
    if rows.user is None or rows.has_user is None:
        return []
    counted = rows.has_user & (rows.weight > 0)
    _, number, size = np.unique(rows.user[counted], return_inverse=True, return_counts=True)
    if not len(size):
        return []
    user = np.full(len(rows.user), -1)
    user[counted] = number
    named = task.chosen(user[task.inside] >= 0)
    group = user[named.inside]
    level = np.floor(np.log2(size)).astype(int)
    return [_of_level(k, size, level, group, named) for k in np.unique(level).tolist()]


def _of_level(k: int, size: Array, level: Array, group: Array, task: TaskRows) -> Activity:
    """`size` and `level` are [users]; `group`, the user of each row of the task, indexes them."""
    inside = level[group] == k
    area, _, _ = auc_by_group(group[inside], task.score[inside], task.label[inside] > 0)
    users = level == k
    return Activity(
        first=2**k,
        last=2 ** (k + 1) - 1,
        users=int(users.sum()),
        impressions=int(size[users].sum()),
        with_both=len(area),
        mean=float(area.mean()) if len(area) else float("nan"),
        error=float(area.std(ddof=1) / np.sqrt(len(area))) if len(area) > 1 else float("nan"),
    )


def bucket_name(of: Activity) -> str:
    """`1`, `2-3`, `4-7`, ..."""
    return str(of.first) if of.first == of.last else f"{of.first:,}-{of.last:,}"


def overall(rows: RecordedRows, task: TaskRows) -> Optional[float]:
    """Mean AUC inside all users with both classes, every user alike; None without users."""
    parts = by_activity(rows, task)
    total = sum(part.with_both for part in parts)
    if not total:
        return None
    return sum(part.mean * part.with_both for part in parts if part.with_both) / total
