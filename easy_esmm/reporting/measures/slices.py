"""Finds the values of features that are predicted worst, by the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, List, Mapping, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.reporting.measures.intervals import wilson
from easy_esmm.reporting.measures.task_rows import OTHER, Coded, TaskRows

Array = NDArray[Any]

LEAST_EXPECTED = 5.0
"""Values with fewer expected events are left out: they give no evidence."""
ERROR_RATE = 0.05
"""Chance that a calibrated model has any marked slice, over all slices that are examined."""


@dataclass(frozen=True)
class Slice:
    """Rows with one value of one column; counts are not weighted, rates are."""

    column: str
    value: str
    rows: int
    events: int
    predicted: float
    """Mean prediction."""
    observed: float
    """Mean label."""
    ratio: float
    """`predicted / observed`: 2 is twice too high; infinite where nothing was observed."""
    low: float
    """Ends of its 95 % interval, from Wilson's interval of the observed rate."""
    high: float
    evidence: float
    """Signed root of the deviance, in standard deviations; positive where more was observed."""


@dataclass(frozen=True, eq=False)
class Slices:
    """The slices of a task, the strongest evidence first."""

    found: List[Slice]
    looks: int
    """Slices that were examined."""
    bound: float
    """Bonferroni's: |evidence| beyond it has a chance of `ERROR_RATE` in all looks together."""


def worst_slices(task: TaskRows, columns: Mapping[str, Coded], count: int) -> Slices:
    """The `count` slices with the strongest evidence against the predictions, of all columns."""
    looked: List[Tuple[str, Coded, Array, Array]] = []
    for name, column in columns.items():
        sums = _sums(task, column)
        enough = np.flatnonzero(sums[:, 2] * _scale(sums) >= LEAST_EXPECTED)
        looked.append((name, column, sums, enough[enough != OTHER]))
    looks = sum(len(enough) for *_, enough in looked)
    found = [
        _slice(name, column.values[code], sums[code])
        for name, column, sums, enough in looked
        for code in enough[np.argsort(-np.abs(evidence(sums[enough])))[:count]].tolist()
    ]
    found.sort(key=lambda one: (-abs(one.evidence), one.column, one.value))
    return Slices(found[:count], looks, bonferroni(looks))


def bonferroni(looks: int) -> float:
    """Deviations that a normal value exceeds, either way, with a chance of `ERROR_RATE / looks`."""
    return NormalDist().inv_cdf(1 - ERROR_RATE / (2 * max(1, looks)))


def evidence(sums: Array) -> Array:
    """Signed root of twice the binomial log likelihood ratio of observed against expected events.

    sign(O - E) sqrt(2 (O ln(O / E) + (n - O) ln((n - O) / (n - E)))) with O observed, E expected
    events on n rows: about standard normal where the predictions hold, also for few events. With
    unequal weights O, E and n are brought to the effective number of rows.
    """
    scale = _scale(sums)
    rows, expected, observed = (sums[:, k] * scale for k in (1, 2, 3))
    deviance = _part(observed, expected) + _part(rows - observed, rows - expected)
    signed: Array = np.sign(observed - expected) * np.sqrt(np.maximum(2 * deviance, 0))
    return signed


def _part(observed: Array, expected: Array) -> Array:
    safe = np.where(observed > 0, observed, 1.0)
    part: Array = np.where(observed > 0, observed * np.log(safe / np.maximum(expected, 1e-300)), 0)
    return part


def _sums(task: TaskRows, column: Coded) -> Array:
    """float64 [codes, 6]: rows, four sums, positive rows.

    The sums are of weight, weight x prediction, weight x label, weight squared.
    """
    code, w = column.codes[task.inside], task.weight
    parts = (np.ones(len(w)), w, w * task.predicted, w * task.label, w * w, task.label > 0)
    size = len(column.values)
    return np.stack([np.bincount(code, weights=part, minlength=size) for part in parts], axis=1)


def _scale(sums: Array) -> Array:
    """Sum of the weights over the sum of their squares: 1 where all weights are 1."""
    scale: Array = sums[:, 1] / np.maximum(sums[:, 4], 1e-300)
    return scale


def _slice(column: str, value: str, sums: Array) -> Slice:
    rows, weight, expected, label, squares, events = sums.tolist()
    observed, predicted = label / weight, expected / weight
    low, high = (float(end) for end in wilson(np.array(observed), np.array(weight**2 / squares)))
    return Slice(
        column,
        value,
        int(rows),
        int(events),
        predicted,
        observed,
        predicted / observed if observed > 0 else float("inf"),
        predicted / high,
        predicted / low if low > 0 else float("inf"),
        float(evidence(sums[np.newaxis])[0]),
    )
