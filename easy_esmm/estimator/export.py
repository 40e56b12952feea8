"""Exports a checkpoint on demand."""

from __future__ import annotations

import os
import tempfile

from easy_esmm.compat import estimator
from easy_esmm.config import Pipeline
from easy_esmm.estimator import checkpoint_fit, model_dir
from easy_esmm.estimator.errors import user_errors
from easy_esmm.serving.export import export_model


def export(pipeline: Pipeline, export_dir: str, *, checkpoint_path: str = "") -> str:
    """Exports a checkpoint to `<export_dir>/<timestamp>`, with this config in its assets.

    Args:
      pipeline: the config.
      export_dir: parent folder, which TensorFlow Serving watches.
      checkpoint_path: empty: the newest of `model_dir`.

    Returns:
      The folder of the SavedModel.

    Raises:
      UserError: the checkpoint does not fit, or the folder cannot be written to.
    """
    checkpoint = checkpoint_fit.newest(pipeline.config.model_dir, checkpoint_path)
    config = pipeline.config
    sources = checkpoint_fit.require_fit(config, checkpoint, estimator.ModeKeys.PREDICT)
    with tempfile.TemporaryDirectory() as folder, user_errors():
        pipeline_file = os.path.join(folder, "pipeline.config")
        model_dir.write_pipeline(pipeline, pipeline_file)
        return export_model(
            config, checkpoint, export_dir, pipeline_file=pipeline_file, sources=sources
        )
