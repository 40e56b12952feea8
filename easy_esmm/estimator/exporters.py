"""Exporters that run after each evaluation during training: a log line and SavedModels."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from easy_esmm.compat import estimator
from easy_esmm.data import FilesOrFrame
from easy_esmm.estimator import model_dir
from easy_esmm.evaluation.history import Evaluations
from easy_esmm.evaluation.result import one_line
from easy_esmm.observing import Observers
from easy_esmm.progress import ProgressLine
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.export import export_model
from easy_esmm.serving.warmup_rows import rows_or_none


def exporters(
    config: PipelineConfig,
    evaluations: Evaluations,
    best: Optional[str],
    rows: FilesOrFrame,
    observers: Optional[Observers] = None,
) -> List[Any]:
    """In the order in which they run.

    The final export is not among them: the Estimator's own does not happen without `num_steps`.

    Args:
      config: resolved.
      evaluations: gets each result.
      best: the metric that decides what is exported under `exporter_type: best`.
      rows: what is evaluated, for warm-up files.
      observers: are told of each result.
    """
    found: List[Any] = [EvaluationLine(evaluations, observers or Observers())]
    if config.export_config.exporter_type == "latest":
        found.append(LatestExporter(config, rows))
    if best is not None:
        found.append(BestExporter(config, rows, evaluations, best))
    return found


class EvaluationLine(estimator.Exporter):  # type: ignore[misc]
    """Adds each result to the history, prints a line and tells observers.

    The Estimator hands its result to exporters only.
    """

    name = "evaluation_line"

    def __init__(self, evaluations: Evaluations, observers: Observers) -> None:
        self._evaluations, self._observers = evaluations, observers

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> None:
        result: Dict[str, Any] = dict(eval_result)
        step = int(result["global_step"])
        self._evaluations.add(step, result)
        metrics = {name: float(value) for name, value in result.items() if name != "global_step"}
        ProgressLine().event(one_line(result), step=step, metrics=metrics)
        self._observers.on_evaluation(step, metrics)


class LatestExporter(estimator.Exporter):  # type: ignore[misc]
    """Exports the model of each evaluation."""

    name = "latest"

    def __init__(self, config: PipelineConfig, rows: FilesOrFrame) -> None:
        self._config = config
        self._rows = rows

    def __repr__(self) -> str:
        return f"LatestExporter({self._config.export_config.exports_to_keep})"

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> str:
        return _export(self._config, self._rows, checkpoint_path, export_path)


class BestExporter(estimator.Exporter):  # type: ignore[misc]
    """Exports a model that is better than all before it."""

    name = "best"

    def __init__(
        self, config: PipelineConfig, rows: FilesOrFrame, evaluations: Evaluations, metric: str
    ) -> None:
        self._config = config
        self._rows = rows
        self._evaluations = evaluations
        self._metric = metric

    def __repr__(self) -> str:
        export = self._config.export_config
        return f"BestExporter({self._metric!r}, {export.metric_bigger}, {export.exports_to_keep})"

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> Optional[str]:
        if not self._is_best(int(eval_result["global_step"])):
            return None
        folder = _export(self._config, self._rows, checkpoint_path, export_path)
        value = float(eval_result[self._metric])
        ProgressLine().event(f"exported as the best so far: {self._metric} {value:.6f}")
        return folder

    def _is_best(self, step: int) -> bool:
        """Whether the value at `step` is a number, and strictly better than all before it."""
        sign = 1 if self._config.export_config.metric_bigger else -1
        # A NaN, of an evaluation without a valid row, is worse than any number.
        values = {s: sign * v for s, v in self._evaluations.series(self._metric) if v == v}
        if step not in values:
            return False
        return all(values[step] > value for s, value in values.items() if s < step)


def _export(config: PipelineConfig, rows: FilesOrFrame, checkpoint: str, folder: str) -> str:
    return export_model(
        config,
        checkpoint,
        folder,
        pipeline_file=model_dir.pipeline_file(config.model_dir),
        warmup_rows=rows_or_none(config, rows),
        keep=config.export_config.exports_to_keep,
    )
