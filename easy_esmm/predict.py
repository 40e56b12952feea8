"""Scores rows with a checkpoint or a SavedModel.

python -m easy_esmm.predict --pipeline_config X --input_path F --output_path scores.csv
    [--checkpoint_path C | --saved_model_dir S] [--reserved_cols a,b] [--output_cols probs_cvr]
"""

from __future__ import annotations

from typing import Tuple

from easy_esmm import console, flags
from easy_esmm.errors import UserError

FLAGS = flags.define(
    *flags.CONFIG,
    "model_dir",
    "checkpoint_path",
    "saved_model_dir",
    "input_path",
    "output_path",
    "reserved_cols",
    "output_cols",
    "batch_size",
)


def main(arguments: flags.Arguments) -> None:
    """Scores and prints how many rows were written."""
    for name in ("input_path", "output_path"):
        if not FLAGS[name].value:
            raise UserError(f"--{name}: must be given")
    if FLAGS.checkpoint_path and FLAGS.saved_model_dir:
        raise UserError("--checkpoint_path and --saved_model_dir: give one of them, got both")
    pipeline = arguments.load("predict")
    console.start(pipeline.notes)
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late

    rows = training.score(
        pipeline,
        FLAGS.input_path,
        FLAGS.output_path,
        checkpoint_path=FLAGS.checkpoint_path or "",
        saved_model=FLAGS.saved_model_dir or "",
        reserved_columns=_names(FLAGS.reserved_cols),
        output_columns=_names(FLAGS.output_cols),
    )
    print(f"{rows:,} rows scored: {FLAGS.output_path}")


def _names(text: str) -> Tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
