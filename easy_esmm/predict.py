"""Scores rows with a checkpoint or a SavedModel.

python -m easy_esmm.predict --pipeline_config X --input_path F --output_path scores.csv
    [--checkpoint_path C | --saved_model_dir S] [--reserved_cols a,b] [--output_cols probs_cvr]
    [--uncalibrated]

With a SavedModel, --pipeline_config may be left out: it holds the config that it was exported with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Tuple

from easy_esmm import console, flags
from easy_esmm.config import Pipeline
from easy_esmm.data import require_files
from easy_esmm.errors import UserError
from easy_esmm.serving import versions

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
    "uncalibrated",
    "log_format",
)


_ALL = "ALL_COLUMNS"
_TYPES = ("double", "float", "string", "bigint")


def main(arguments: flags.Arguments) -> None:
    """Scores and prints how many rows were written."""
    for name in ("input_path", "output_path"):
        if not FLAGS[name].value:
            raise UserError(f"--{name}: must be given")
    if FLAGS.checkpoint_path and FLAGS.saved_model_dir:
        raise UserError("--checkpoint_path and --saved_model_dir: give one of them, got both")
    if FLAGS.saved_model_dir and not arguments.pipeline_config:
        config = versions.pipeline_config(FLAGS.saved_model_dir)
        arguments = replace(arguments, pipeline_config=config)
    pipeline = arguments.load("predict")
    console.start(pipeline.notes)
    reserved = _reserved(pipeline, FLAGS.reserved_cols)
    require_files(pipeline, "predict", FLAGS.input_path, tuple(dict.fromkeys(reserved)))
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late

    rows = training.score(
        pipeline,
        FLAGS.input_path,
        FLAGS.output_path,
        checkpoint_path=FLAGS.checkpoint_path or "",
        saved_model=FLAGS.saved_model_dir or "",
        reserved_columns=reserved,
        output_columns=_outputs(FLAGS.output_cols),
        uncalibrated=FLAGS.uncalibrated,
        files_are_checked=True,
    )
    print(f"{rows:,} rows scored: {FLAGS.output_path}")


def _reserved(pipeline: Pipeline, text: str) -> Tuple[str, ...]:
    """Columns to copy; EasyRec's word stands for all that the config declares."""
    if _names(text) != (_ALL,):
        return _names(text)
    return tuple(column.input_name for column in pipeline.config.data_config.input_fields)


def _outputs(text: str) -> Tuple[str, ...]:
    """Scores to write, none for all; EasyRec's `probs double` names the type of a column too."""
    names = (_typed(name) for name in _names(text))
    return tuple(name for name in names if name != _ALL)


def _typed(name: str) -> str:
    """The name without one of EasyRec's types behind it."""
    head, _, kind = name.rpartition(" ")
    return head.strip() if head and kind.lower() in _TYPES else name


def _names(text: str) -> Tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
