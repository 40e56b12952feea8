"""ROC and precision-recall curves of the tasks."""

from __future__ import annotations

from typing import List

import numpy as np

from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.axis import linear
from easy_esmm.reporting.drawing.formats import number, percent, percent_tick, significant
from easy_esmm.reporting.drawing.xy import Series, chart
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.curves import precision_recall, roc
from easy_esmm.reporting.measures.task_rows import TaskRows

_STEADY_RECALL = 0.01
"""Precision among the first few positives is noise that would stretch the axis."""


def ranking(of: Evaluated) -> str:
    """A row of ROC curves, a row of precision and recall."""
    drawn = [draw(of, task) for draw in (_roc, _precision) for task in of.tasks]
    boxes = [box for of_task in drawn for box in of_task]
    content = html.cards(boxes, "No task has rows of both classes, so there are no curves.")
    return html.section(
        "ranking",
        "Ranking",
        "ROC: the further above the diagonal, the better the ranking. Precision-recall: of the "
        "rows ranked highest, how many are positive, against the share of all positives found so "
        "far; the dotted line is what a random ranking gives.",
        content,
    )


def _roc(of: Evaluated, task: TaskRows) -> List[str]:
    curve = roc(task)
    if curve is None:
        return []
    name = f"AUC {number(curve.area)} (s.e. {number(curve.error)})"
    shown = [
        Series(name, curve.x.tolist(), curve.y.tolist(), of.tones()[task.key]),
        Series("chance", [0, 1], [0, 1], tone=0),
    ]
    across = linear("false positive rate", [0, 1], percent_tick)
    down = linear("true positive rate", [0, 1], percent_tick)
    picture = chart(shown, across, down, f"ROC curve, {task.title}: {name}")
    return [html.card(f"ROC: {task.title}", "", picture)]


def _precision(of: Evaluated, task: TaskRows) -> List[str]:
    curve = precision_recall(task)
    if curve is None:
        return []
    base = float(np.average(task.label > 0, weights=task.weight))
    name = f"average precision {significant(curve.area)}"
    shown = [
        Series(name, curve.x.tolist(), curve.y.tolist(), of.tones()[task.key]),
        Series(f"random: {percent(base)}", [0, 1], [base, base], tone=0),
    ]
    steady = curve.y[curve.x >= _STEADY_RECALL].tolist()
    across = linear("recall", [0, 1], percent_tick)
    down = linear("precision", [*steady, base], percent_tick)
    picture = chart(shown, across, down, f"Precision over recall, {task.title}: {name}")
    return [html.card(f"Precision-recall: {task.title}", "", picture)]
