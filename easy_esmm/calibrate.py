"""Calibrates a checkpoint: fits curves that make its probabilities rates, and keeps them beside it.

python -m easy_esmm.calibrate --pipeline_config X --input_path holdout.csv [--model_dir D]
    [--checkpoint_path newest|best|D/model.ckpt-N] [--method auto|platt|spline|isotonic]
    [--field COLUMN] [--user_column U]

The holdout holds labels, and rows that the model was not trained on. From then on `evaluate`,
`report`, `predict` and `export` apply the calibration, unless --uncalibrated is given.
"""

from __future__ import annotations

from absl import flags as absl_flags

from easy_esmm import console, flags
from easy_esmm.data import require_files
from easy_esmm.data.files import find_files
from easy_esmm.errors import UserError

FLAGS = flags.define(*flags.CONFIG, "model_dir", "checkpoint_path", "input_path", "batch_size")
absl_flags.DEFINE_enum(
    "method",
    "auto",
    ["auto", "platt", "spline", "isotonic"],
    "what is fitted; auto: what cross-validation chooses, for each task",
    flag_values=FLAGS,
)
for _name, _help in (
    ("field", "input column whose values are calibrated apart; all rows alike if not given"),
    ("user_column", "column that names the user, whose rows are held out together"),
):
    absl_flags.DEFINE_string(_name, None, _help, flag_values=FLAGS)


def main(arguments: flags.Arguments) -> None:
    """Fits, writes the file and prints the figures before and after."""
    if not FLAGS.input_path:
        raise UserError("--input_path: must name the holdout: rows with labels, not trained on")
    pipeline = arguments.load("predict")
    console.start(pipeline.notes)
    try:
        find_files(FLAGS.input_path)
    except UserError as error:
        raise UserError(f"--input_path: {error}") from None
    require_files(pipeline, "eval", FLAGS.input_path)
    try:
        # Late: TensorFlow takes 6 s to import, and SciPy and scikit-learn are an extra.
        from easy_esmm.estimator.calibrate import calibrate  # noqa: PLC0415
        from easy_esmm.reporting.calibration_table import calibration_table  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("scipy", "sklearn"):
            raise
        raise UserError(
            "calibrate needs SciPy and scikit-learn, and one of them is absent: "
            "pip install 'easy_esmm[calibrate]'"
        ) from None

    found = calibrate(
        pipeline,
        FLAGS.input_path,
        checkpoint_path=FLAGS.checkpoint_path or "",
        method=FLAGS.method,
        field=FLAGS.field or "",
        user_column=FLAGS.user_column or "",
        files_are_checked=True,
    )
    print(calibration_table(found.fitted, found.calibration.field))
    print("all figures on rows held out: of each of five folds, the calibration of the others")
    print(f"calibration: {found.path}")


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
