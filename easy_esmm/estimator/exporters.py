"""Exporters that run after each evaluation during training: a log line and SavedModels."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, Optional

import tensorflow as tf

from easy_esmm.compat import estimator
from easy_esmm.estimator import model_dir
from easy_esmm.evaluation.history import Evaluations
from easy_esmm.evaluation.result import one_line
from easy_esmm.progress import ProgressLine
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.signature import serving_input_receiver_fn


def exporters(config: PipelineConfig, evaluations: Evaluations, best: Optional[str]) -> List[Any]:
    """In the order in which they run.

    The final export is not among them: the Estimator's own does not happen without `num_steps`.

    Args:
      config: resolved.
      evaluations: gets each result.
      best: the metric that decides what is exported under `exporter_type: best`.
    """
    receiver = serving_input_receiver_fn(config, model_dir.pipeline_file(config.model_dir))
    export, found = config.export_config, [EvaluationLine(evaluations)]
    if export.exporter_type == "latest":
        kept = export.exports_to_keep
        found.append(estimator.LatestExporter("latest", receiver, exports_to_keep=kept))
    if best is not None:
        found.append(BestExporter(config, evaluations, best, receiver))
    return found


class EvaluationLine(estimator.Exporter):  # type: ignore[misc]
    """Adds each result to the history, and prints a line.

    The Estimator hands its result to exporters only.
    """

    name = "evaluation_line"

    def __init__(self, evaluations: Evaluations) -> None:
        self._evaluations = evaluations

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> None:
        result: Dict[str, Any] = dict(eval_result)
        self._evaluations.add(int(result["global_step"]), result)
        ProgressLine().event(one_line(result))


class BestExporter(estimator.Exporter):  # type: ignore[misc]
    """Exports a model that is better than all before it."""

    name = "best"

    def __init__(
        self, config: PipelineConfig, evaluations: Evaluations, metric: str, receiver: Any
    ) -> None:
        self._metric = metric
        self._is_larger_better = config.export_config.metric_bigger
        self._exports_to_keep = config.export_config.exports_to_keep
        self._evaluations = evaluations
        self._receiver = receiver

    def __repr__(self) -> str:
        return f"BestExporter({self._metric!r}, {self._is_larger_better}, {self._exports_to_keep})"

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str,
        eval_result: Mapping[str, Any],
        is_the_final_export: bool,
    ) -> Any:
        if not self._is_best(int(eval_result["global_step"])):
            return None
        folder = estimator.export_saved_model(
            export_path, self._receiver, checkpoint_path=checkpoint_path
        )
        value = float(eval_result[self._metric])
        ProgressLine().event(f"exported as the best so far: {self._metric} {value:.6f}")
        self._drop_old(export_path)
        return folder

    def _is_best(self, step: int) -> bool:
        """Whether the value at `step` is a number, and strictly better than all before it."""
        sign = 1 if self._is_larger_better else -1
        # A NaN, of an evaluation without a valid row, is worse than any number.
        values = {s: sign * v for s, v in self._evaluations.series(self._metric) if v == v}
        if step not in values:
            return False
        return all(values[step] > value for s, value in values.items() if s < step)

    def _drop_old(self, folder: str) -> None:
        versions = sorted((n for n in os.listdir(folder) if n.isdigit()), key=int)
        for name in versions[: -self._exports_to_keep]:
            tf.io.gfile.rmtree(os.path.join(folder, name))
