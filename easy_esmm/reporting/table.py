"""An evaluation result as a table for a terminal."""

from __future__ import annotations

import math
from typing import List, Mapping

from easy_esmm.config.tasks import task_specs
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.reporting import entire_space
from easy_esmm.reporting.shown_tasks import shown_tasks
from easy_esmm.reporting.text_table import aligned, count, number

Metrics = Mapping[str, float]


def evaluation_table(config: PipelineConfig, metrics: Metrics) -> str:
    """The result of `evaluate`: a row a task, then what was observed, then the truth if planted.

    Args:
      config: resolved, for the tasks.
      metrics: metric -> value; what is missing or NaN is shown as a dash.
    """
    tasks = task_specs(config.model_config)
    rows = [
        _row(metrics, task.title, task.key, task.rows, task.positives, task.optimum)
        for task in shown_tasks(tasks)
    ]
    if "auc_ctcvr_common_pctr" in metrics:
        last = shown_tasks(tasks)[-1]
        rows.append(
            _row(metrics, "CTCVR, common pCTR", "ctcvr_common_pctr", last.rows, last.positives, "")
        )
    has_truth = "truth/impressions" in metrics
    header = ["task", "rows", "positives", "AUC", "s.e.", "optimum", "pred/obs"]
    if not has_truth:
        header.remove("optimum")
        rows = [row[:5] + row[6:] for row in rows]
    lines = aligned([header, *rows])
    lines.append("")
    if tasks.entire_space is not None:
        lines.append(entire_space.mean_line(metrics))
    lines += [_grouped(name, metrics) for name in sorted(metrics) if _is_grouped_auc(name)]
    if any(math.isnan(value) for value in metrics.values()):
        lines.append("-: not measured, for want of rows or of one of the two classes")
    if has_truth:
        lines.append(entire_space.truth_line(metrics))
    return "\n".join(lines).rstrip()


def _row(
    metrics: Metrics, title: str, key: str, rows: str, positives: str, optimum: str
) -> List[str]:
    return [
        title,
        count(metrics.get(rows)),
        count(metrics.get(positives)),
        number(metrics.get(f"auc_{key}")),
        number(metrics.get(f"auc_{key}_se")),
        number(metrics.get(optimum)),
        number(metrics.get(f"pcoc_{key}"), digits=3),
    ]


def _is_grouped_auc(name: str) -> bool:
    return name.startswith("gauc_") and not name.endswith("_groups")


def _grouped(name: str, metrics: Metrics) -> str:
    groups = count(metrics.get(f"{name}_groups"))
    return f"{name}: {number(metrics[name])} over {groups} groups that hold both classes"
