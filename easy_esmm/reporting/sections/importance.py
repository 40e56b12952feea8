"""Importance of the features: a table for each task."""

from __future__ import annotations

import math
from html import escape
from typing import List, Sequence

from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.formats import DASH, significant
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.importance import FeatureImportance, Lost, TaskImportance
from easy_esmm.reporting.measures.intervals import Z95

SHOWN = 15
"""Features of a task that are shown before one asks for all."""


def importance(of: Evaluated) -> str:
    """Nothing where it was not asked for."""
    if not of.importance:
        return ""
    return html.section(
        "importance",
        "Importance of features",
        "AUC that a task loses, and log loss that it gains, when the values of a feature are "
        "exchanged between the rows of a batch (permutation importance), with half a 95 % interval "
        "of the paired difference; in bold what that tells from 0. Features that say the same "
        "stand in for each other: each alone seems unimportant, both together are not. It says "
        "what this model uses, not what causes a conversion.",
        "".join(_part(task) for task in of.importance),
    )


def _part(task: TaskImportance) -> str:
    title = f"<h3>{escape(task.title)}</h3>"
    words = html.left_out(f"{task.rows:,} rows, {task.positives:,} of them positive.")
    first, more = task.features[:SHOWN], task.features[SHOWN:]
    content = title + words + _table(task, first, f"Importance for {task.title}")
    if more:
        rest = _table(task, more, f"Importance for {task.title}, further features")
        content += html.folded(f"{len(more)} further features", rest)
    return content


def _table(task: TaskImportance, features: Sequence[FeatureImportance], name: str) -> str:
    largest = max((one.auc.mean for one in task.features if one.auc.mean > 0), default=0.0)
    head = ["feature", "", "AUC lost", "+-", "log loss gained", "+-"]
    rows: List[List[str]] = [
        [
            one.inputs.name,
            _meter(one.auc.mean, largest),
            *_figures(one.auc),
            *_figures(one.log_loss),
        ]
        for one in features
    ]
    marked = [place for place, one in enumerate(features) if one.auc.is_seen]
    return html.table(head, rows, meter=1, marked=marked, name=name)


def _figures(lost: Lost) -> List[str]:
    half = Z95 * lost.error
    return [significant(lost.mean), significant(half) if lost.error > 0 else DASH]


def _meter(value: float, largest: float) -> str:
    share = max(0.0, value) / largest if largest > 0 and math.isfinite(value) else 0.0
    return f'<div style="width:{share:.1%}"></div>'
