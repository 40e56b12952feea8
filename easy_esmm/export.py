"""Exports a checkpoint as a SavedModel for TensorFlow Serving.

python -m easy_esmm.export --pipeline_config X --export_dir E [--model_dir D]
    [--checkpoint_path newest|best|D/model.ckpt-N] [--keep 3] [--data_revision TEXT]
    [--warmup_path F] [--uncalibrated]
"""

from __future__ import annotations

from easy_esmm import console, flags
from easy_esmm.errors import UserError

FLAGS = flags.define(
    *flags.CONFIG,
    "model_dir",
    "checkpoint_path",
    "export_dir",
    "asset_files",
    "warmup_path",
    "keep",
    "data_revision",
    "uncalibrated",
)


def main(arguments: flags.Arguments) -> None:
    """Exports and prints the folder."""
    pipeline = arguments.load("export")
    if not FLAGS.export_dir:
        raise UserError("--export_dir: must name the folder for the SavedModel")
    if FLAGS.keep < 0:
        raise UserError(f"--keep: must be at least 0, got {FLAGS.keep}")
    console.start(pipeline.notes)
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late

    folder = training.export(
        pipeline,
        FLAGS.export_dir,
        checkpoint_path=FLAGS.checkpoint_path or "",
        warmup_rows=FLAGS.warmup_path,
        keep=FLAGS.keep,
        data_revision=FLAGS.data_revision or "",
        uncalibrated=FLAGS.uncalibrated,
    )
    print(f"SavedModel: {folder}")


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
