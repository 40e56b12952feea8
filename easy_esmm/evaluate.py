"""Evaluates a checkpoint, prints a table and writes all metrics to a file.

python -m easy_esmm.evaluate --pipeline_config X [--model_dir D] [--checkpoint_path C]
    [--eval_input_path F] [--eval_result_path R] [--truth T] [--common_pctr S]
"""

from __future__ import annotations

import os

from easy_esmm import console, flags
from easy_esmm.errors import UserError

FLAGS = flags.define(
    *flags.CONFIG,
    "model_dir",
    "checkpoint_path",
    "eval_input_path",
    "eval_result_path",
    "batch_size",
    "truth",
    "common_pctr",
)


def main(arguments: flags.Arguments) -> None:
    """Evaluates and prints."""
    pipeline = arguments.load("evaluate")
    path = os.path.join(pipeline.config.model_dir, FLAGS.eval_result_path)
    if os.path.dirname(FLAGS.eval_result_path) and not os.path.isdir(os.path.dirname(path)):
        raise UserError(f"--eval_result_path: no folder {os.path.dirname(path)}")
    console.start(pipeline.notes)
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late
    from easy_esmm.reporting.table import evaluation_table  # noqa: PLC0415
    from easy_esmm.training import result  # noqa: PLC0415

    metrics = training.evaluate(
        pipeline,
        checkpoint_path=FLAGS.checkpoint_path or "",
        truth_path=FLAGS.truth or "",
        common_pctr_path=FLAGS.common_pctr or "",
    )
    result.write(metrics, path)
    print(evaluation_table(pipeline.config, metrics))
    print(f"all metrics: {path}")


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
