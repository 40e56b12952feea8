"""The rows that a calibration is fitted on, and how many of them it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.errors import UserError

Array = NDArray[Any]

FEWEST = 100
"""Positives and negatives of a task, at least. The logarithm of a rate of n positives has a
standard error of 1 / sqrt(n): with fewer than 100 a calibration brings an error of more than 10 %
with it, which is that of many a model without one."""
LARGEST_LOGIT = 1000.0
"""A probability is 0 or 1 far below, also in float64."""
MOST_VALUES = 10_000
"""Of a field: its shifts are constants of the serving graph."""


@dataclass(frozen=True, eq=False)
class Observations:
    """A task's uncalibrated logits beside its labels; arrays are [rows]."""

    name: str
    title: str
    """For people: `CTR, all impressions`."""
    logit: Array
    label: Array
    """0 or 1."""
    weight: Array
    """Sample weight; 0 on rows on which the task is not observed."""


@dataclass(frozen=True, eq=False)
class Family:
    """The tasks of an entire-space model by name; the conversion has no curve of its own."""

    click: str
    product: str
    conversion: Observations
    """Weight 0 on rows without a click."""


@dataclass(frozen=True, eq=False)
class Holdout:
    """Rows that the model has not seen; arrays are [rows]."""

    tasks: Sequence[Observations]
    """Those that are calibrated."""
    value: Array
    """int64: number of the field's value; zeros without a field."""
    values: Sequence[str] = ()
    """Texts of the field's values by number; none without a field."""
    cluster: Optional[Array] = None
    """int64 from 0, equal for rows of one user; None where users are not known."""
    family: Optional[Family] = None
    """Of a model whose CVR tower predicts a probability."""


def require_evidence(tasks: Sequence[Observations]) -> None:
    """Raises UserError for tasks with too few positives or negatives; one message for all."""
    problems = []
    for task in tasks:
        if not (np.abs(task.logit) <= LARGEST_LOGIT).all():
            problems.append(
                f"{task.title}: logits must be finite numbers of at most {LARGEST_LOGIT:,.0f}; has "
                "the model diverged?"
            )
            continue
        for word, is_one in (("positive", task.label > 0), ("negative", task.label <= 0)):
            count = _effective(task.weight[is_one])
            if count < FEWEST:
                problems.append(_too_few(task, word, count))
    if problems:
        raise UserError("\n".join(problems))


def _too_few(task: Observations, word: str, count: float) -> str:
    rows = int(np.count_nonzero(task.weight))
    if not count:
        return (
            f"{task.title}: its {rows:,} rows hold no {word} label, so there is no rate to fit; "
            "are the labels in this file?"
        )
    return (
        f"{task.title}: must have at least {FEWEST} {word}s, got {count:,.0f} among {rows:,} rows; "
        f"the rate of n positives is known to 1/sqrt(n), here {count**-0.5:.0%}: give more rows"
    )


def _effective(weight: Array) -> float:
    """Rows of equal weight that would say as much: (sum w)^2 / sum w^2."""
    square = float(weight.astype(np.float64) @ weight)
    return float(weight.sum(dtype=np.float64)) ** 2 / square if square else 0.0


def require_labels(missing: Mapping[str, Tuple[int, int]]) -> None:
    """Raises UserError where labels are missing: label column -> (rows without one, rows asked)."""
    absent = [
        f"label column '{name}': {count:,} of {rows:,} rows have no value, which would count as 0 "
        "and make every rate too low; leave these rows out, or set the column's default_val"
        for name, (count, rows) in missing.items()
        if count
    ]
    if absent:
        raise UserError("\n".join(absent))
