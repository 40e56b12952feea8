"""An evaluation result as a table for a terminal."""

from __future__ import annotations

import math
from typing import List, Mapping, Optional, Tuple

from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import EntireSpaceTasks, TaskSpec
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.reporting.text_table import aligned


def evaluation_table(config: PipelineConfig, metrics: Mapping[str, float]) -> str:
    """The result of `evaluate`: a row a task, then what was observed, then the truth if planted.

    Args:
      config: resolved, for the tasks.
      metrics: metric -> value; what is missing or NaN is shown as a dash.
    """
    tasks = task_specs(config.model_config)
    rows = [
        _task(*described, metrics)
        for described in (
            _of_family(tasks.entire_space) if tasks.entire_space else map(_of_task, tasks)
        )
    ]
    if "auc_ctcvr_common_pctr" in metrics:
        title, task = "CTCVR, common pCTR", "ctcvr_common_pctr"
        rows.append(_task(title, task, "impressions", "conversions", "", metrics))
    has_truth = "truth/impressions" in metrics
    header = ["task", "rows", "positives", "AUC", "s.e.", "optimum", "pred/obs"]
    if not has_truth:
        header.remove("optimum")
        rows = [row[:5] + row[6:] for row in rows]
    lines = aligned([header, *rows])
    lines.append("")
    if tasks.entire_space is not None:
        lines.append(_mean_of_factor(metrics))
    lines += [_grouped(name, metrics) for name in sorted(metrics) if _is_grouped_auc(name)]
    if any(math.isnan(value) for value in metrics.values()):
        lines.append("-: not measured, for want of rows or of one of the two classes")
    if has_truth:
        lines.append(_truth(metrics))
    return "\n".join(lines).rstrip()


Described = Tuple[str, str, str, str, str]
"""(title, suffix of the metrics, counts of rows and of positives, optimum among the truth's)."""


def _of_family(family: EntireSpaceTasks) -> List[Described]:
    ctr, cvr, ctcvr = (
        task.metric_name for task in (family.click, family.conversion, family.product)
    )
    return [
        ("CTR, all impressions", ctr, "impressions", "clicks", "auc_ctr_optimum"),
        ("CVR, clicked rows", cvr, "clicks", "conversions", "cvr_auc_masked_optimum"),
        ("CTCVR, all impressions", ctcvr, "impressions", "conversions", "auc_ctcvr_optimum"),
    ]


def _of_task(task: TaskSpec) -> Described:
    name, rows = task.masked_metric_name, f"rows_{task.masked_metric_name}"
    if name is None:
        name, rows = task.metric_name, "impressions"
    return f"{name} (label {task.label})", name, rows, f"positives_{name}", ""


def _task(
    title: str,
    task: str,
    rows: str,
    positives: str,
    optimum: str,
    metrics: Mapping[str, float],
) -> List[str]:
    return [
        title,
        _count(metrics.get(f"count/{rows}")),
        _count(metrics.get(f"count/{positives}")),
        _number(metrics.get(f"auc_{task}")),
        _number(metrics.get(f"auc_{task}_se")),
        _number(metrics.get(f"truth/{optimum}")),
        _number(metrics.get(f"pcoc_{task}"), digits=3),
    ]


def _mean_of_factor(metrics: Mapping[str, float]) -> str:
    what, key = ("pCVR", "mean_pcvr") if "mean_pcvr_all" in metrics else ("value", "mean_value")
    means = [_number(metrics.get(f"{key}_{part}")) for part in ("all", "clicked", "unclicked")]
    return (
        f"mean {what}: {means[0]} over all impressions, {means[1]} clicked, {means[2]} not clicked"
    )


def _truth(metrics: Mapping[str, float]) -> str:
    auc, optimum, regret, bias = (
        _number(metrics.get(f"truth/{name}"))
        for name in ("cvr_auc_all", "cvr_auc_all_optimum", "cvr_regret", "cvr_bias_ratio")
    )
    return (
        f"against the planted truth, CVR over all impressions: AUC {auc} (optimum {optimum}, "
        f"regret {regret})\nbias ratio {bias}: mean pCVR / mean true CVR over all impressions"
    )


def _is_grouped_auc(name: str) -> bool:
    return name.startswith("gauc_") and not name.endswith("_groups")


def _grouped(name: str, metrics: Mapping[str, float]) -> str:
    groups = _count(metrics.get(f"{name}_groups"))
    return f"{name}: {_number(metrics[name])} over {groups} groups that hold both classes"


def _number(value: Optional[float], digits: int = 4) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _count(value: Optional[float]) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:,.0f}"
