"""What was evaluated, on how many rows, and how well."""

from __future__ import annotations

import os
from html import escape
from typing import List, Tuple

from easy_esmm.config.tasks import task_specs
from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.formats import count, number, percent, ratio
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.curves import auc
from easy_esmm.reporting.measures.rows import Task
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
    impressions, clicks, conversions = (
        of.metrics.get(f"count/{what}", float("nan"))
        for what in ("impressions", "clicks", "conversions")
    )
    return [
        (count(impressions), "impressions"),
        (count(clicks), f"clicks, {_share(clicks, impressions)} of the impressions"),
        (count(conversions), f"conversions, {_share(conversions, clicks)} of the clicks"),
        *((count(column), "users") for column in _users(of)),
    ]


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
    rows = [_row(of, task) for task in of.tasks]
    if of.rows.pcvr is None:
        name = task_specs(of.config.model_config).specs[-1].metric_name
        rows.append(_value_row(of, name, "value of a click, clicked rows"))
        rows.append(_value_row(of, "ctcvr", "value of an impression"))
    return rows


def _row(of: Evaluated, task: Task) -> List[str]:
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
    if of.rows.pcvr is not None:
        return ""
    return html.left_out(
        "The CVR tower predicts a value, not a probability: log loss, curves, reliability and "
        "slices are shown for clicks alone."
    )


def _truth(of: Evaluated) -> str:
    rows = [[words, number(of.metrics[key])] for key, words in _TRUTH if key in of.metrics]
    return html.table(["beside the planted truth", ""], rows, name="Planted truth") if rows else ""
