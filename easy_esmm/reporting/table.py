"""An evaluation result as a table for a terminal."""

from __future__ import annotations

import math
from typing import List, Mapping, Optional

from easy_esmm.config.towers import towers
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.reporting.text_table import aligned


def evaluation_table(config: PipelineConfig, metrics: Mapping[str, float]) -> str:
    """The result of `evaluate`: a row a task, then what was observed, then the truth if planted.

    Args:
      config: resolved, for the names of the towers.
      metrics: metric -> value; what is missing or NaN is shown as a dash.
    """
    ctr_tower, cvr_tower = towers(config.model_config)
    ctr, cvr = ctr_tower.tower_name, f"{cvr_tower.tower_name}_masked"
    rows = [
        _task("CTR, all impressions", ctr, "impressions", "clicks", metrics, "auc_ctr_optimum"),
        _task("CVR, clicked rows", cvr, "clicks", "conversions", metrics, "cvr_auc_masked_optimum"),
        _task(
            "CTCVR, all impressions",
            "ctcvr",
            "impressions",
            "conversions",
            metrics,
            "auc_ctcvr_optimum",
        ),
    ]
    if "auc_ctcvr_common_pctr" in metrics:
        title, task = "CTCVR, common pCTR", "ctcvr_common_pctr"
        rows.append(_task(title, task, "impressions", "conversions", metrics, ""))
    has_truth = "truth/impressions" in metrics
    header = ["task", "rows", "positives", "AUC", "s.e.", "optimum", "pred/obs"]
    if not has_truth:
        header.remove("optimum")
        rows = [row[:5] + row[6:] for row in rows]
    lines = aligned([header, *rows])
    lines.append("")
    lines.extend(_entire_space(metrics, has_truth))
    return "\n".join(lines)


def _task(
    title: str,
    task: str,
    rows: str,
    positives: str,
    metrics: Mapping[str, float],
    optimum: str,
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


def _entire_space(metrics: Mapping[str, float], has_truth: bool) -> List[str]:
    what, key = ("pCVR", "mean_pcvr") if "mean_pcvr_all" in metrics else ("value", "mean_value")
    means = [_number(metrics.get(f"{key}_{part}")) for part in ("all", "clicked", "unclicked")]
    lines = [
        f"mean {what}: {means[0]} over all impressions, {means[1]} clicked, {means[2]} not clicked"
    ]
    lines += [_grouped(name, metrics) for name in sorted(metrics) if _is_grouped_auc(name)]
    if any(math.isnan(value) for value in metrics.values()):
        lines.append("-: not measured, for want of rows or of one of the two classes")
    if has_truth:
        auc, optimum, regret, bias = (
            _number(metrics.get(f"truth/{name}"))
            for name in ("cvr_auc_all", "cvr_auc_all_optimum", "cvr_regret", "cvr_bias_ratio")
        )
        lines.append(
            f"against the planted truth, CVR over all impressions: AUC {auc} (optimum {optimum}, "
            f"regret {regret})\nbias ratio {bias}: mean pCVR / mean true CVR over all impressions"
        )
    return lines


def _is_grouped_auc(name: str) -> bool:
    return name.startswith("gauc_") and not name.endswith("_groups")


def _grouped(name: str, metrics: Mapping[str, float]) -> str:
    groups = _count(metrics.get(f"{name}_groups"))
    return f"{name}: {_number(metrics[name])} over {groups} groups that hold both classes"


def _number(value: Optional[float], digits: int = 4) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _count(value: Optional[float]) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:,.0f}"
