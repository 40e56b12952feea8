"""Evaluates a checkpoint, prints a table and writes all metrics to a file.

python -m easy_esmm.evaluate --pipeline_config X [--model_dir D] [--checkpoint_path C]
    [--eval_input_path F] [--eval_result_path R] [--truth T] [--common_pctr S]
    [--report FILE.html [--user_column U]] [--uncalibrated]
"""

from __future__ import annotations

import os
from typing import Any, Dict

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
    "eval_result_path",
    "batch_size",
    "truth",
    "common_pctr",
    "report",
    "user_column",
    "uncalibrated",
    "log_format",
)


def main(arguments: flags.Arguments) -> None:
    """Evaluates and prints."""
    pipeline = arguments.load("evaluate")
    if FLAGS.user_column and not FLAGS.report:
        raise UserError("--user_column: has no effect without --report FILE, whose page reads it")
    path = os.path.join(pipeline.config.model_dir, FLAGS.eval_result_path)
    if os.path.dirname(FLAGS.eval_result_path) and not os.path.isdir(os.path.dirname(path)):
        raise UserError(f"--eval_result_path: no folder {os.path.dirname(path)}")
    require_place("--report", FLAGS.report or "")
    require_user_column(pipeline, FLAGS.user_column or "")
    console.start(pipeline.notes)
    require_files(pipeline, "eval")
    if FLAGS.truth:
        require_truth_file(FLAGS.truth)
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late
    from easy_esmm.evaluation import result  # noqa: PLC0415
    from easy_esmm.reporting.table import evaluation_table  # noqa: PLC0415
    from easy_esmm.reporting.write import evaluate_and_report  # noqa: PLC0415

    files: Dict[str, Any] = {
        "checkpoint_path": FLAGS.checkpoint_path or "",
        "truth_path": FLAGS.truth or "",
        "common_pctr_path": FLAGS.common_pctr or "",
        "uncalibrated": FLAGS.uncalibrated,
        "files_are_checked": True,
    }
    if FLAGS.report:
        user = FLAGS.user_column or ""
        metrics = evaluate_and_report(pipeline, FLAGS.report, user_column=user, **files)
    else:
        metrics = training.evaluate(pipeline, **files)
    result.write(metrics, path)
    print(evaluation_table(pipeline.tasks, metrics))
    print(f"all metrics: {path}")
    if FLAGS.report:
        print(f"report: {FLAGS.report}")


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
