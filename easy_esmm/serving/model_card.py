"""The model card: what an exported model is, what it was made of, and how good it was."""

from __future__ import annotations

import json
import math
import os
import platform
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, Optional

import tensorflow as tf

from easy_esmm.calibration.calibration import Calibration
from easy_esmm.config.tasks import task_specs
from easy_esmm.evaluation.history import Evaluations, evaluations_folder
from easy_esmm.installed import version_of
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.graph import Signature

CARD_ASSET = os.path.join("assets", "model_card.json")
"""Where it is, below the folder of a SavedModel."""

_ERROR = "_se"
"""Ending of a metric that is the standard error of another."""
_COUNT = "count/"


def model_card(
    config: PipelineConfig,
    checkpoint: str,
    signatures: Mapping[str, Signature],
    *,
    calibration: Optional[Calibration] = None,
    data_revision: str = "",
) -> str:
    """JSON, sorted, with a line for each value.

    Metrics are those of the evaluation during training at the checkpoint's step; there is none of a
    checkpoint that training did not evaluate.

    Args:
      config: resolved.
      checkpoint: path of the checkpoint.
      signatures: those of the export.
      calibration: that is part of the graph.
      data_revision: what the owner of the data calls its state, such as a git revision.
    """
    card = {
        "model": {
            "model_class": config.model_config.model_class,
            "tasks": [
                {"name": t.name, "label": t.label, "kind": t.kind.value}
                for t in task_specs(config.model_config)
            ],
            "features": [_feature(feature) for feature in config.feature_config.features],
            "signatures": {
                name: {
                    "inputs": _tensors(signature.inputs),
                    "outputs": _tensors(signature.outputs),
                }
                for name, signature in signatures.items()
            },
        },
        "training": {
            "checkpoint": os.path.basename(checkpoint),
            "step": _step(checkpoint),
            "written": _time(tf.io.gfile.stat(f"{checkpoint}.index").mtime_nsec / 1e9),
            "train_input_path": config.train_input_path,
            "data_revision": data_revision or None,
        },
        "evaluation": _evaluation(config, checkpoint),
        "calibration": None if calibration is None else calibration.card(),
        "export": {
            "written": _time(datetime.now(timezone.utc).timestamp()),
            "versions": {
                "easy_esmm": version_of("easy_esmm"),
                "tensorflow": version_of("tensorflow"),
                "python": platform.python_version(),
            },
        },
    }
    return json.dumps(card, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _feature(feature: FeatureConfig) -> Dict[str, Any]:
    return {
        "name": feature.feature_name,
        "type": FeatureConfig.FeatureType.Name(feature.feature_type),
        "input_names": list(feature.input_names),
        "embedding_dim": feature.embedding_dim,
    }


def _tensors(tensors: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        key: {"dtype": tensor.dtype.base_dtype.name, "shape": tensor.shape.as_list()}
        for key, tensor in tensors.items()
    }


def _evaluation(config: PipelineConfig, checkpoint: str) -> Dict[str, Any]:
    """Counts of rows and labels, and each metric with its standard error where it has one."""
    step = _step(checkpoint)
    folder = evaluations_folder(os.path.dirname(checkpoint))
    found = Evaluations.read(folder, step).at(step) if step is not None else {}
    values = {name: _number(value) for name, value in found.items()}
    counts = {n[len(_COUNT) :]: v for n, v in values.items() if n.startswith(_COUNT)}
    names: List[str] = [n for n in values if not n.startswith(_COUNT) and n != "global_step"]
    metrics = {
        name: {"value": values[name]}
        for name in names
        if not (name.endswith(_ERROR) and name[: -len(_ERROR)] in values)
    }
    for name, metric in metrics.items():
        if f"{name}{_ERROR}" in values:
            metric["standard_error"] = values[f"{name}{_ERROR}"]
    return {"eval_input_path": config.eval_input_path, "counts": counts, "metrics": metrics}


def _number(value: float) -> Any:
    """As JSON knows it: none of no valid row is null, and a count is whole."""
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _step(checkpoint: str) -> Any:
    """None of a checkpoint whose name does not tell it."""
    text = os.path.basename(checkpoint).rpartition("-")[2]
    return int(text) if text.isdigit() else None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
