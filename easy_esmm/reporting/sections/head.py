"""What was evaluated, on how many rows, and how well."""

from __future__ import annotations

import math
import os
from html import escape
from typing import List, Tuple

from easy_esmm.contract import Kind
from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.formats import count, number, percent, ratio
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.curves import auc
from easy_esmm.reporting.measures.task_rows import TaskRows, named_tasks
from easy_esmm.reporting.measures.warnings import rate_ratio, warnings

_HEAD = ["task", "rows", "positives", "AUC", "s.e.", "log loss", "NE", "pred/obs", "95 %"]
_TRUTH = (
    ("truth/cvr_auc_all", "CVR AUC over all impressions, against the planted rates"),
    ("truth/cvr_regret", "regret: the best possible AUC minus that"),
    ("truth/cvr_bias_ratio", "bias ratio: mean pCVR / mean true CVR, all impressions"),
)


def head(of: Evaluated) -> str:
    """Title's line, counts, warnings, the table of tasks."""
    model = escape(of.config.model_config.model_class)
    step = os.path.basename(of.checkpoint).rpartition("-")[2]
    return "".join(
        [
            f"<p>{model}, checkpoint of step {escape(step)} in "
            f"{escape(os.path.dirname(of.checkpoint) or '.')}; rows of {escape(of.data)}.</p>",
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
    rows = of.metrics.get("count/impressions", math.nan)
    return [
        (count(rows), "impressions"),
        *(_clicks(of, rows) if of.rows.tasks.entire_space else _positives(of, rows)),
        *((count(column), "users") for column in _users(of)),
    ]


def _clicks(of: Evaluated, impressions: float) -> List[Tuple[str, str]]:
    clicks, conversions = (
        of.metrics.get(f"count/{what}", math.nan) for what in ("clicks", "conversions")
    )
    return [
        (count(clicks), f"clicks, {_share(clicks, impressions)} of the impressions"),
        (count(conversions), f"conversions, {_share(conversions, clicks)} of the clicks"),
    ]


def _positives(of: Evaluated, rows: float) -> List[Tuple[str, str]]:
    found = []
    for task in of.rows.tasks:
        key = task.masked_metric_name or task.metric_name
        positives = of.metrics.get(f"count/positives_{key}", math.nan)
        share = _share(positives, of.metrics.get(f"count/rows_{key}", rows))
        found.append((count(positives), f"positives of {task.name}, {share} of its rows"))
    return found


def _users(of: Evaluated) -> List[float]:
    if of.rows.user is None or of.rows.has_user is None:
        return []
    return [float(len(set(of.rows.user[of.rows.has_user].tolist())))]


def _share(part: float, whole: float) -> str:
    return percent(part / whole) if whole else "none"


def _warnings(of: Evaluated) -> str:
    found = warnings(of.rows, of.tasks, of.metrics)
    items = "".join(f"<li>{escape(words)}</li>" for words in found)
    return f'<ul class="warnings" aria-label="Warnings">{items}</ul>' if found else ""


def _rows(of: Evaluated) -> List[List[str]]:
    return [_row(of, task) for task in of.tasks] + [
        _value_row(of, key, title) for key, title in _value_tasks(of)
    ]


def _value_tasks(of: Evaluated) -> List[Tuple[str, str]]:
    """(suffix of the metrics, title) of the tasks that predict a value."""
    family = of.rows.tasks.entire_space
    titles = {}
    if family is not None:
        titles[family.conversion.name] = "value of a click, clicked rows"
        titles[family.product.name] = "value of an impression"
    named = [task for task, *_ in named_tasks(of.rows) if task.kind is Kind.VALUE]
    return [
        (
            task.masked_metric_name or task.metric_name,
            titles.get(task.name, f"value of {task.name}"),
        )
        for task in named
    ]


def _row(of: Evaluated, task: TaskRows) -> List[str]:
    middle, low, high = rate_ratio(task)
    area, error = auc(task)
    return [
        task.title,
        count(len(task.label)),
        count(float((task.label > 0).sum())),
        number(area),
        number(error),
        number(of.metrics.get(f"log_loss_{task.key}")),
        number(of.metrics.get(f"normalized_entropy_{task.key}")),
        ratio(middle),
        f"{ratio(low)} to {ratio(high)}",
    ]


def _value_row(of: Evaluated, key: str, title: str) -> List[str]:
    shown = (f"auc_{key}", f"auc_{key}_se", "", "", f"pcoc_{key}")
    return [title, "", "", *(number(of.metrics.get(name)) for name in shown), ""]


def _value_line(of: Evaluated) -> str:
    names = [task.name for task in of.rows.tasks if task.kind is Kind.VALUE]
    if not names:
        return ""
    is_family = of.rows.tasks.entire_space is not None
    who = "The CVR tower predicts" if is_family else f"{', '.join(names)}: the model predicts"
    return html.left_out(
        f"{who} a value, not a probability: log loss, curves, reliability and "
        f"slices are shown for {'clicks alone' if is_family else 'the other tasks'}."
    )


def _truth(of: Evaluated) -> str:
    rows = [[words, number(of.metrics[key])] for key, words in _TRUTH if key in of.metrics]
    return html.table(["beside the planted truth", ""], rows, name="Planted truth") if rows else ""
