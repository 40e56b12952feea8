"""Resolves the metrics of the best export and of early stopping to names of the evaluation."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import List, Optional, Sequence

from absl import logging

from easy_esmm.compat import estimator
from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.config.early_stop import EarlyStop, early_stop
from easy_esmm.config.hints import did_you_mean
from easy_esmm.config.scalars import quoted
from easy_esmm.config.tasks import PRODUCT
from easy_esmm.estimator.dry_build import dry_build

ANY_AUC = "auc"
"""EasyRec's default, which in a model of several tasks names no metric."""


@dataclass(frozen=True)
class DecisiveMetrics:
    """What to compare; None where nothing is."""

    best: Optional[str] = None
    """Metric of the best export."""
    stop: Optional[EarlyStop] = None

    @property
    def is_any(self) -> bool:
        """Whether evaluations decide anything."""
        return self.best is not None or self.stop is not None


def decisive_metrics(pipeline: Pipeline) -> DecisiveMetrics:
    """The metrics of the best export and of the early stop, by the evaluation's names.

    Raises:
      ConfigError: the evaluation has no metric of that name.
    """
    export = pipeline.config.export_config
    wants_best, stop = export.exporter_type == "best", early_stop(export)
    if not wants_best and stop is None:
        return DecisiveMetrics()
    names = ["loss", *dry_build(pipeline.config, estimator.ModeKeys.EVAL).metrics]
    best = None
    if wants_best:
        path = "export_config.best_exporter_metric"
        best = _named(export.best_exporter_metric, names, path, pipeline)
    if stop is not None:
        has_own = stop.metric != export.best_exporter_metric
        path = f"export_config.{'early_stop_params' if has_own else 'best_exporter_metric'}"
        stop = dataclasses.replace(stop, metric=_named(stop.metric, names, path, pipeline))
    return DecisiveMetrics(best, stop)


def best_metric(pipeline: Pipeline) -> str:
    """The evaluation's name of `best_exporter_metric`, whatever is exported.

    Raises ConfigError: the evaluation has no metric of that name.
    """
    names = ["loss", *dry_build(pipeline.config, estimator.ModeKeys.EVAL).metrics]
    path = "export_config.best_exporter_metric"
    return _named(pipeline.config.export_config.best_exporter_metric, names, path, pipeline)


def _named(wanted: str, names: Sequence[str], path: str, pipeline: Pipeline) -> str:
    name = resolve_name(wanted, names)
    if name is None:
        rule = f"must be a metric of the evaluation ({', '.join(sorted(names))})"
        hint = did_you_mean(wanted, names)
        raise ConfigError([pipeline.problem(path, rule, quoted(wanted), hint)])
    if name != wanted:
        logging.info("%s: %s stands for %s here", path, wanted, name)
    return name


def resolve_name(wanted: str, names: Sequence[str]) -> Optional[str]:
    """The metric of that name, where there is one.

    For `auc` that of an entire-space model's product, or else the last tower's.

    Args:
      wanted: the name in the config.
      names: metrics in the order of the towers.
    """
    if wanted in names:
        return wanted
    if wanted != ANY_AUC:
        return None
    aucs: List[str] = [n for n in names if n.startswith("auc_") and not n.endswith("_se")]
    of_product = f"auc_{PRODUCT}"
    return of_product if of_product in aucs else aucs[-1] if aucs else None
