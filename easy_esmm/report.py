"""Evaluates a trained model and writes a page about it that needs no network.

python -m easy_esmm.report --model_dir D [--output D/report.html] [--pipeline_config X]
    [--checkpoint_path C] [--eval_input_path F] [--truth T] [--user_column U]
    [--uncalibrated] [--importance_rows 20000]
"""

from __future__ import annotations

import os
from dataclasses import replace

from absl import flags as absl_flags

from easy_esmm import console, flags
from easy_esmm.data import require_files
from easy_esmm.errors import UserError
from easy_esmm.reporting.place import require_place
from easy_esmm.reporting.user_column import require_user_column
from easy_esmm.simulation.truth import require_truth_file

FLAGS = flags.define(
    *flags.CONFIG,
    "model_dir",
    "checkpoint_path",
    "eval_input_path",
    "batch_size",
    "truth",
    "user_column",
    "uncalibrated",
)
absl_flags.DEFINE_string(
    "output", None, "file for the page; report.html in model_dir if not given", flag_values=FLAGS
)
absl_flags.DEFINE_integer(
    "importance_rows",
    20_000,
    "rows, the first ones, on which the importance of each feature is measured; 0: none",
    lower_bound=0,
    flag_values=FLAGS,
)


def main(arguments: flags.Arguments) -> None:
    """Evaluates, writes the page and prints its path."""
    pipeline = _with_config(arguments).load("evaluate")
    path = FLAGS.output or os.path.join(pipeline.config.model_dir, "report.html")
    require_place("--output", path)
    require_user_column(pipeline, FLAGS.user_column or "")
    console.start(pipeline.notes)
    require_files(pipeline, "eval")
    if FLAGS.truth:
        require_truth_file(FLAGS.truth)
    from easy_esmm.reporting.write import evaluate_and_report  # noqa: PLC0415 - TensorFlow, late

    evaluate_and_report(
        pipeline,
        path,
        checkpoint_path=FLAGS.checkpoint_path or "",
        truth_path=FLAGS.truth or "",
        user_column=FLAGS.user_column or "",
        uncalibrated=FLAGS.uncalibrated,
        importance_rows=FLAGS.importance_rows,
        files_are_checked=True,
    )
    print(f"report: {path}")


def _with_config(arguments: flags.Arguments) -> flags.Arguments:
    """Without --pipeline_config, the config that the training left in its model_dir."""
    if arguments.pipeline_config:
        return arguments
    if not FLAGS.model_dir:
        raise UserError("--model_dir: must name the folder of the training")
    if not os.path.isdir(FLAGS.model_dir):
        raise UserError(f"--model_dir: no such folder, got {FLAGS.model_dir}")
    path = os.path.join(FLAGS.model_dir, "pipeline.config")
    if not os.path.isfile(path):
        raise UserError(f"--model_dir: no pipeline.config in {FLAGS.model_dir}; {_advice()}")
    return replace(arguments, pipeline_config=path)


def _advice() -> str:
    inside = os.path.join(FLAGS.model_dir, "model")
    is_trained = os.path.isfile(os.path.join(inside, "pipeline.config"))
    return f"did you mean {inside}?" if is_trained else "train first"


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
