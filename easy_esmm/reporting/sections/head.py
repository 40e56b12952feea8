"""The head of the page: what was evaluated, counts, warnings and the table of tasks."""

from __future__ import annotations

import math
import os
from html import escape
from typing import List, Tuple

from easy_esmm.contract import Kind, keyed
from easy_esmm.reporting import entire_space
from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.formats import count, number, ratio
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.curves import auc
from easy_esmm.reporting.measures.task_rows import TaskRows
from easy_esmm.reporting.measures.warnings import rate_ratio, warnings
from easy_esmm.reporting.shown_task import ShownTask
from easy_esmm.reporting.shown_tasks import shown_tasks

_HEAD = ["task", "rows", "positives", "AUC", "s.e.", "log loss", "NE", "pred/obs", "95 %"]


def head(of: Evaluated) -> str:
    """Title's line, counts, warnings, the table of tasks."""
    model = escape(of.config.model_config.model_class)
    step = os.path.basename(of.checkpoint).rpartition("-")[2]
    calibrated = f" Probabilities are calibrated ({escape(of.calibration)})." * bool(of.calibration)
    return "".join(
        [
            f"<p>{model}, checkpoint of step {escape(step)} in "
            f"{escape(os.path.dirname(of.checkpoint) or '.')}; rows of {escape(of.data)}."
            f"{calibrated}</p>",
            html.numbers(_counts(of)),
            _warnings(of),
            html.section(
                "tasks",
                "Tasks",
                "AUC ranks: 0.5 is chance, 1 is perfect, and s.e. is its standard error. NE is the "
                "log loss over that of always predicting the mean: below 1 beats a constant. "
                "pred/obs is mean prediction / mean label: 1 is calibrated.",
                html.table(_HEAD, _rows(of), name="Tasks") + _value_line(of) + _truth(of),
            ),
        ]
    )


def _counts(of: Evaluated) -> List[Tuple[str, str]]:
    is_family = of.rows.tasks.entire_space is not None
    return [
        (count(of.metrics.get("count/impressions")), "impressions"),
        *(entire_space.counts(of.metrics) if is_family else _positives(of)),
        *((count(column), "users") for column in _users(of)),
    ]


def _positives(of: Evaluated) -> List[Tuple[str, str]]:
    found = []
    for task in shown_tasks(of.rows.tasks):
        rows, positives = (of.metrics.get(k, math.nan) for k in (task.rows, task.positives))
        share = entire_space.share(positives, rows)
        found.append((count(positives), f"positives of {task.name}, {share} of its rows"))
    return found


def _users(of: Evaluated) -> List[float]:
    if of.rows.user is None or of.rows.has_user is None:
        return []
    return [float(len(set(of.rows.user[of.rows.has_user].tolist())))]


def _warnings(of: Evaluated) -> str:
    found = warnings(of.rows, of.tasks, of.metrics)
    items = "".join(f"<li>{escape(words)}</li>" for words in found)
    return f'<ul class="warnings" aria-label="Warnings">{items}</ul>' if found else ""


def _rows(of: Evaluated) -> List[List[str]]:
    rows = [_row(of, task) for task in of.tasks]
    return rows + [_value_row(of, task.key, task.value_title) for task in _value_tasks(of)]


def _value_tasks(of: Evaluated) -> List[ShownTask]:
    return [task for task in shown_tasks(of.rows.tasks) if task.spec.kind is Kind.VALUE]


def _row(of: Evaluated, task: TaskRows) -> List[str]:
    middle, low, high = rate_ratio(task)
    area, error = auc(task)
    return [
        task.title,
        count(len(task.label)),
        count(float((task.label > 0).sum())),
        number(area),
        number(error),
        number(of.metrics.get(keyed("log_loss", task.key))),
        number(of.metrics.get(keyed("normalized_entropy", task.key))),
        ratio(middle),
        f"{ratio(low)} to {ratio(high)}",
    ]


def _value_row(of: Evaluated, key: str, title: str) -> List[str]:
    auc_key = keyed("auc", key)
    shown = (auc_key, f"{auc_key}_se", "", "", keyed("pcoc", key))
    return [title, "", "", *(number(of.metrics.get(name)) for name in shown), ""]


def _value_line(of: Evaluated) -> str:
    names = [task.name for task in _value_tasks(of)]
    if not names:
        return ""
    if of.rows.tasks.entire_space is not None:
        return html.left_out(entire_space.VALUE_NOTE)
    return html.left_out(
        f"{', '.join(names)}: the model predicts a value, not a probability: log loss, curves, "
        "reliability and slices are shown for the other tasks."
    )


def _truth(of: Evaluated) -> str:
    known = entire_space.TRUTH
    rows = [[words, number(of.metrics[key])] for key, words in known.items() if key in of.metrics]
    return html.table(["beside the planted truth", ""], rows, name="Planted truth") if rows else ""
