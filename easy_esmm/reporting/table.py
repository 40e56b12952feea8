"""An evaluation result as a table for a terminal."""

from __future__ import annotations

import math
from typing import List, Mapping

from easy_esmm.contract import Tasks, keyed
from easy_esmm.reporting import entire_space
from easy_esmm.reporting.shown_task import ShownTask
from easy_esmm.reporting.shown_tasks import shown_tasks
from easy_esmm.reporting.text_table import aligned, count, number

Metrics = Mapping[str, float]


def evaluation_table(tasks: Tasks, metrics: Metrics) -> str:
    """The result of `evaluate`: a row a task, then what was observed, then the truth if planted.

    Args:
      tasks: of the model that was evaluated.
      metrics: metric -> value; what is missing or NaN is shown as a dash.
    """
    shown, family = shown_tasks(tasks), tasks.entire_space
    if family is not None:
        shown += entire_space.by_common_pctr(family, metrics)
    rows = [_row(metrics, task) for task in shown]
    has_truth = "truth/impressions" in metrics
    header = ["task", "rows", "positives", "AUC", "s.e.", "optimum", "pred/obs"]
    if not has_truth:
        header.remove("optimum")
        rows = [row[:5] + row[6:] for row in rows]
    lines = aligned([header, *rows])
    lines.append("")
    if family is not None:
        lines.append(entire_space.mean_line(metrics))
    lines += [_grouped(name, metrics) for name in sorted(metrics) if _is_grouped_auc(name)]
    if any(math.isnan(value) for value in metrics.values()):
        lines.append("-: not measured, for want of rows or of one of the two classes")
    if has_truth:
        lines.append(entire_space.truth_line(metrics))
    return "\n".join(lines).rstrip()


def _row(metrics: Metrics, task: ShownTask) -> List[str]:
    return [
        task.title,
        count(metrics.get(task.rows)),
        count(metrics.get(task.positives)),
        number(metrics.get(keyed("auc", task.key))),
        number(metrics.get(f"{keyed('auc', task.key)}_se")),
        number(metrics.get(task.optimum)),
        number(metrics.get(keyed("pcoc", task.key)), digits=3),
    ]


def _is_grouped_auc(name: str) -> bool:
    return (name == "gauc" or name.startswith("gauc_")) and not name.endswith("_groups")


def _grouped(name: str, metrics: Metrics) -> str:
    groups = count(metrics.get(f"{name}_groups"))
    return f"{name}: {number(metrics[name])} over {groups} groups that hold both classes"
