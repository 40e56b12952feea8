"""The input column by which a metric groups rows."""

from __future__ import annotations

from typing import Dict, Tuple

from easy_esmm.protos.eval_pb2 import EvalMetrics

GROUP_FIELDS: Dict[str, str] = {
    "gauc": "uid_field",
    "precision_at_topk": "session_id_field",
    "recall_at_topk": "session_id_field",
    "session_auc": "session_id_field",
}
"""Member of `EvalMetrics` -> its field with the name of the column."""

REQUIRED: Tuple[str, ...] = ("gauc", "session_auc")
"""Those that have no meaning without one."""


def group_column(metric: EvalMetrics) -> str:
    """Name of the column; empty where the metric reads none."""
    name = metric.WhichOneof("metric")
    return getattr(getattr(metric, name), GROUP_FIELDS[name]) if name in GROUP_FIELDS else ""
