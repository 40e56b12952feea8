"""The rows of one evaluation, and its tasks with their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

import numpy as np
from numpy.typing import NDArray

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
class Rows:
    """Every evaluated row, in order; arrays are [rows], float32 unless said."""

    click: Array
    conversion: Array
    weight: Array
    pctr: Array
    ctr_logit: Array
    pcvr: Optional[Array] = None
    """None, as the three below, for a tower that predicts a value."""
    cvr_logit: Optional[Array] = None
    pctcvr: Optional[Array] = None
    ctcvr_logit: Optional[Array] = None
    columns: Dict[str, Coded] = field(default_factory=dict)
    """Single-valued columns by name."""
    user: Optional[Array] = None
    """int64, equal where rows share a user."""
    has_user: Optional[Array] = None
    """bool: whether the row names a user."""


@dataclass(frozen=True, eq=False)
class Task:
    """One question on the rows that it is asked of; arrays are [rows of the task]."""

    key: str
    """Suffix of its metrics."""
    title: str
    events: str
    """What its positives are: clicks, conversions."""
    inside: Array
    """int64: its rows among all."""
    score: Array
    """Logits: many rows share a probability that saturates or underflows."""
    predicted: Array
    """float64 probabilities."""
    label: Array
    """float64 in [0, 1]."""
    weight: Array
    """float64, above 0."""

    def chosen(self, rows: Array) -> Task:
        """The task on some of its rows, by index or mask."""
        arrays = (self.inside, self.score, self.predicted, self.label, self.weight)
        return Task(self.key, self.title, self.events, *(array[rows] for array in arrays))


def tasks(rows: Rows, ctr_name: str, cvr_name: str) -> List[Task]:
    """CTR, clicked CVR and CTCVR; of a value tower CTR alone. Rows without weight are left out."""
    everywhere = rows.weight.astype(np.float64)
    clicked = everywhere * rows.click
    found = [
        _task(
            *(ctr_name, "CTR, all impressions", "clicks"),
            *(rows.ctr_logit, rows.pctr, rows.click, everywhere),
        )
    ]
    if rows.pcvr is not None and rows.cvr_logit is not None:
        found.append(
            _task(
                *(f"{cvr_name}_masked", "CVR, clicked rows", "conversions"),
                *(rows.cvr_logit, rows.pcvr, rows.conversion, clicked),
            )
        )
    if rows.pctcvr is not None and rows.ctcvr_logit is not None:
        found.append(
            _task(
                *("ctcvr", "CTCVR, all impressions", "conversions"),
                *(rows.ctcvr_logit, rows.pctcvr, rows.conversion, everywhere),
            )
        )
    return found


def without_number(rows: Rows) -> int:
    """Rows of which a prediction is not a finite number."""
    outputs = [rows.pctr, rows.ctr_logit, rows.pcvr, rows.cvr_logit, rows.pctcvr, rows.ctcvr_logit]
    broken = [~np.isfinite(output) for output in outputs if output is not None]
    return int(np.any(broken, axis=0).sum())


def _task(
    key: str, title: str, events: str, score: Array, predicted: Array, label: Array, weight: Array
) -> Task:
    inside = np.flatnonzero((weight > 0) & np.isfinite(score))
    return Task(
        key,
        title,
        events,
        inside,
        score[inside],
        predicted[inside].astype(np.float64),
        label[inside].astype(np.float64),
        weight[inside],
    )
