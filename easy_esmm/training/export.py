"""Export of a checkpoint on demand."""

from __future__ import annotations

import os
import tempfile

from easy_esmm.config import Pipeline
from easy_esmm.serving.export import export_model
from easy_esmm.training import model_dir
from easy_esmm.training.estimator import make_estimator


def export(pipeline: Pipeline, export_dir: str, *, checkpoint_path: str = "") -> str:
    """Exports a checkpoint to `<export_dir>/<timestamp>`, with this config in its assets.

    Args:
      pipeline: the config.
      export_dir: parent folder, which TensorFlow Serving watches.
      checkpoint_path: empty: the newest of `model_dir`.

    Returns:
      The folder of the SavedModel.
    """
    checkpoint = model_dir.checkpoint(pipeline.config.model_dir, checkpoint_path)
    with tempfile.TemporaryDirectory() as folder:
        pipeline_file = os.path.join(folder, "pipeline.config")
        model_dir.write_pipeline(pipeline, pipeline_file)
        return export_model(
            make_estimator(pipeline.config),
            pipeline.config,
            export_dir,
            pipeline_file=pipeline_file,
            checkpoint_path=checkpoint,
        )
