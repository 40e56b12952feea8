"""Writes a SavedModel for TensorFlow Serving."""

from __future__ import annotations

from typing import Any, Optional

from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.signature import serving_input_receiver_fn


def export_model(
    trainer: Any,
    config: PipelineConfig,
    export_dir: str,
    *,
    pipeline_file: str,
    checkpoint_path: Optional[str] = None,
) -> str:
    """Exports a checkpoint to `<export_dir>/<timestamp>`.

    The folder gets its numeric name when it is whole, so that a server that watches `export_dir`
    never loads half a model.

    Args:
      trainer: the Estimator.
      config: resolved.
      export_dir: parent folder.
      pipeline_file: config as run, exported as `assets/pipeline.config`.
      checkpoint_path: None: the newest checkpoint of the Estimator.

    Returns:
      The folder of the SavedModel.
    """
    folder = trainer.export_saved_model(
        export_dir,
        serving_input_receiver_fn(config, pipeline_file),
        checkpoint_path=checkpoint_path,
    )
    return str(folder.decode() if isinstance(folder, bytes) else folder)
