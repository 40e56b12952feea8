"""What each task loses when the values of a feature are exchanged between rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Tuple

import numpy as np

from easy_esmm.estimator.importance import Permuted, PermutedInputs
from easy_esmm.rank_statistics import auc_difference
from easy_esmm.reporting.measures.intervals import Z95, Array
from easy_esmm.reporting.measures.task_rows import TaskRows, task_rows


@dataclass(frozen=True)
class Lost:
    """A loss of quality, above 0 where the feature helps, with the standard error of its pairs."""

    mean: float
    error: float

    @property
    def is_seen(self) -> bool:
        """Whether its 95 % interval leaves 0 out; not where there is no error."""
        return math.isfinite(self.error) and abs(self.mean) > Z95 * self.error


@dataclass(frozen=True)
class FeatureImportance:
    """Of one feature, or of a group."""

    inputs: PermutedInputs
    auc: Lost
    """AUC as it is minus AUC with the values exchanged; NaN without rows of both classes."""
    log_loss: Lost
    """Log loss with the values exchanged minus log loss as it is."""


@dataclass(frozen=True)
class TaskImportance:
    """Of all features for one task, the most important first."""

    title: str
    rows: int
    positives: int
    features: Tuple[FeatureImportance, ...]


def importance(permuted: Permuted) -> Tuple[TaskImportance, ...]:
    """By task that predicts a probability."""
    plain = task_rows(permuted.plain)
    exchanged = [(inputs, task_rows(rows)) for inputs, rows in permuted.exchanged]
    found = []
    for number, task in enumerate(plain):
        features = [_of(inputs, task, tasks[number]) for inputs, tasks in exchanged]
        features.sort(key=lambda one: -_order(one))
        positives = int((task.label > 0).sum())
        found.append(TaskImportance(task.title, len(task.label), positives, tuple(features)))
    return tuple(found)


def _order(one: FeatureImportance) -> float:
    return one.auc.mean if math.isfinite(one.auc.mean) else one.log_loss.mean


def _of(inputs: PermutedInputs, task: TaskRows, other: TaskRows) -> FeatureImportance:
    # A row without a finite logit in one of the two makes no pair.
    _, here, there = np.intersect1d(task.inside, other.inside, True, return_indices=True)
    task, other = task.chosen(here), other.chosen(there)
    auc = auc_difference(task.score, other.score, task.label, task.weight)
    more = _cross_entropy(other) - _cross_entropy(task)
    return FeatureImportance(inputs, Lost(*auc), Lost(*_mean_with_error(more, task.weight)))


def _cross_entropy(task: TaskRows) -> Array:
    score = task.score.astype(np.float64)
    found: Array = np.logaddexp(0, score) - task.label * score
    return found


def _mean_with_error(values: Array, weight: Array) -> Tuple[float, float]:
    """Weighted mean, and its error: sum w^2 (x - mean)^2 / (W^2 - sum w^2)."""
    if not len(values):
        return math.nan, math.nan
    total, squares = weight.sum(), np.square(weight)
    mean = float(weight @ values / total)
    freedom = total**2 - squares.sum()
    if not freedom > 0:
        return mean, math.nan
    return mean, math.sqrt(float(squares @ np.square(values - mean) / freedom))
