"""Evaluation metrics: (metric config, task, columns) -> eval metric, without knowledge of models.

`build` makes the metrics of a `metrics_set`, `diagnostics` those that every evaluation reports,
`exact_mean` the means of losses.
"""

from __future__ import annotations

from easy_esmm.metrics import auc as _auc  # noqa: F401  (registers itself)
from easy_esmm.metrics import errors as _errors  # noqa: F401  (registers itself)
from easy_esmm.metrics import grouped_auc as _grouped_auc  # noqa: F401  (registers itself)
from easy_esmm.metrics import max_f1 as _max_f1  # noqa: F401  (registers itself)
from easy_esmm.metrics import top_k as _top_k  # noqa: F401  (registers itself)
from easy_esmm.metrics.diagnostics import diagnostics
from easy_esmm.metrics.registry import build, register, registered
from easy_esmm.metrics.streaming import Metric, exact_mean

__all__ = ["Metric", "build", "diagnostics", "exact_mean", "register", "registered"]
