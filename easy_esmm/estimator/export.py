"""Exports a checkpoint on demand."""

from __future__ import annotations

import os
import tempfile
from typing import Optional

from easy_esmm.compat import estimator
from easy_esmm.config import Pipeline
from easy_esmm.data import FilesOrFrame
from easy_esmm.estimator import checkpoint_fit, model_dir
from easy_esmm.estimator.calibrations import calibration_of
from easy_esmm.estimator.choose_checkpoint import choose_checkpoint
from easy_esmm.estimator.errors import user_errors
from easy_esmm.serving.export import export_model
from easy_esmm.serving.request_forms import Arrays
from easy_esmm.serving.warmup import SIZES
from easy_esmm.serving.warmup_files import NO_WARMUP, require_warmup_files
from easy_esmm.serving.warmup_rows import first_rows, rows_or_none


def export(
    pipeline: Pipeline,
    export_dir: str,
    *,
    checkpoint_path: str = "",
    warmup_rows: Optional[FilesOrFrame] = None,
    keep: int = 0,
    data_revision: str = "",
    uncalibrated: bool = False,
    files_are_checked: bool = False,
) -> str:
    """Exports a checkpoint to a new version under `export_dir`, with this config in its assets.

    Args:
      pipeline: the config.
      export_dir: parent folder, which TensorFlow Serving watches; local, or in any file system that
        TensorFlow knows.
      checkpoint_path: `newest` of `model_dir`, `best` (see `choose_checkpoint`), or a path; empty:
        the newest.
      warmup_rows: files or a pandas DataFrame whose first rows go into the warm-up file; `none`: no
        such file; None: `eval_input_path`, else `train_input_path`, if they can be read.
      keep: newest versions to keep; 0: all.
      data_revision: what the owner of the data calls its state, for the model card.
      uncalibrated: whether to leave the checkpoint's calibration out, if it has one.
      files_are_checked: whether the caller has checked the files of `warmup_rows`.

    Returns:
      The folder of the SavedModel.

    Raises:
      UserError: the checkpoint does not fit, or the folder cannot be written to.
    """
    config = pipeline.config
    checkpoint = choose_checkpoint(pipeline, checkpoint_path)
    sources = checkpoint_fit.require_fit(config, checkpoint, estimator.ModeKeys.PREDICT)
    calibration = None if uncalibrated else calibration_of(pipeline, checkpoint)
    with tempfile.TemporaryDirectory() as folder, user_errors(checkpoint=checkpoint):
        pipeline_file = os.path.join(folder, "pipeline.config")
        model_dir.write_pipeline(pipeline, pipeline_file)
        return export_model(
            config,
            checkpoint,
            export_dir,
            pipeline_file=pipeline_file,
            sources=sources,
            warmup_rows=_warmup_rows(pipeline, warmup_rows, files_are_checked),
            keep=keep,
            data_revision=data_revision,
            calibration=calibration,
        )


def _warmup_rows(
    pipeline: Pipeline, rows: Optional[FilesOrFrame], files_are_checked: bool
) -> Optional[Arrays]:
    config = pipeline.config
    if isinstance(rows, str) and rows == NO_WARMUP:
        return None
    if rows is None:
        return rows_or_none(config, config.eval_input_path or config.train_input_path)
    if not files_are_checked:
        require_warmup_files(pipeline, rows)
    return first_rows(config, rows, max(SIZES))
