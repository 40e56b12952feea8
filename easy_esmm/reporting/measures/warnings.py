"""Warnings at the head of a report: few events, rates that are off, rows without a prediction."""

from __future__ import annotations

from typing import List, Mapping, Sequence, Tuple

import numpy as np

from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.reporting import entire_space
from easy_esmm.reporting.measures.curves import auc
from easy_esmm.reporting.measures.intervals import Z95, Array, effective, wilson
from easy_esmm.reporting.measures.task_rows import TaskRows, without_number

FEW = 200
"""Below so many positive rows an AUC comes with its uncertainty in words."""
_OFF = 1.1
"""Rates that are off by less are not worth a warning."""
_OUT_OF_RANGE = 0.01
_HARDLY = 0.99
"""Normalised entropy from which a model says next to nothing."""
_LEAST = 20
"""Rows of either class from which that is said."""


def warnings(
    rows: RecordedRows, tasks: Sequence[TaskRows], metrics: Mapping[str, float]
) -> List[str]:
    """Sentences, the gravest first."""
    found = []
    broken = without_number(rows)
    if broken:
        found.append(f"{broken:,} rows have a prediction that is no number: they are left out.")
    for task in tasks:
        found += _of_events(task)
    for task in tasks:
        found += _of_rate(task)
    for task in tasks:
        found += _of_gain(task)
    found += entire_space.warnings(metrics)
    for name, share in metrics.items():
        if name.startswith("out_of_range/") and share > _OUT_OF_RANGE:
            feature = name.split("/", 1)[1]
            found.append(f"{share:.0%} of the ids of {feature} are outside its vocabulary.")
    return found


def rate_ratio(task: TaskRows) -> Tuple[float, float, float]:
    """Mean prediction over mean label, and the ends of its 95 % interval; NaN without rows."""
    if not len(task.label):
        return (np.nan, np.nan, np.nan)
    predicted = float(np.average(task.predicted, weights=task.weight))
    observed = float(np.average(task.label, weights=task.weight))
    low, high = wilson(np.array(observed), np.array(effective(task.weight)))
    ratio, upper = (predicted / rate if rate > 0 else np.inf for rate in (observed, float(low)))
    return ratio, predicted / float(high), upper


def _of_events(task: TaskRows) -> List[str]:
    positives = int((task.label > 0).sum())
    if not len(task.label):
        return [f"{task.title}: no such row, so there are no figures."]
    if positives in (0, len(task.label)):
        which = "every" if positives else "no"
        return [f"{task.title}: {which} row has a positive label, so there is no AUC."]
    if positives >= FEW:
        return []
    value, error = auc(task)
    known = f"{value:.3f} is known to +- {Z95 * error:.3f} (95 %)"
    if np.isnan(error):
        known = f"{value:.3f} has no known error"
    events = task.events if positives != 1 else task.events[:-1]
    return [f"{task.title}: only {positives:,} {events}: the AUC of {known}."]


def _of_gain(task: TaskRows) -> List[str]:
    positives = int((task.label > 0).sum())
    if min(positives, len(task.label) - positives) < _LEAST:
        return []
    entropy = normalized_entropy(task)
    if entropy < _HARDLY:
        return []
    how = "hardly" if entropy < 1 else "no"
    return [
        f"{task.title}: {how} better than always predicting the mean: normalised entropy "
        f"{entropy:.3f} (1 is that constant), AUC {auc(task)[0]:.3f}."
    ]


def normalized_entropy(task: TaskRows) -> float:
    """Log loss over that of the mean label; both classes must be there."""
    rate = float(np.average(task.label, weights=task.weight))
    loss: Array = np.logaddexp(0, task.score.astype(np.float64)) - task.label * task.score
    of_constant = -(rate * np.log(rate) + (1 - rate) * np.log1p(-rate))
    return float(np.average(loss, weights=task.weight) / of_constant)


def _of_rate(task: TaskRows) -> List[str]:
    ratio, low, high = rate_ratio(task)
    if not 0 < ratio < np.inf or max(ratio, 1 / ratio) < _OFF or low <= 1 <= high:
        return []
    way = "high" if ratio > 1 else "low"
    off, ends = (ratio, (low, high)) if ratio > 1 else (1 / ratio, (1 / high, 1 / low))
    return [
        f"{task.title}: predicted {off:.2f} times too {way} on average "
        f"(95 %: {ends[0]:.2f} to {ends[1]:.2f})."
    ]
