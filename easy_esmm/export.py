"""Exports a checkpoint as a SavedModel for TensorFlow Serving, or verifies one.

python -m easy_esmm.export --pipeline_config X --export_dir E [--model_dir D]
    [--checkpoint_path newest|best|D/model.ckpt-N] [--keep 3] [--data_revision TEXT]
    [--warmup_path F] [--uncalibrated]
python -m easy_esmm.export --verify E [--checkpoint_path newest|best|D/model.ckpt-N]
    [--uncalibrated]
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from easy_esmm import console, flags
from easy_esmm.errors import UserError
from easy_esmm.reporting.text_table import aligned
from easy_esmm.serving import versions
from easy_esmm.serving.warmup_files import require_warmup_files

if TYPE_CHECKING:
    from easy_esmm.training import Verified

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
    "verify",
    "log_format",
)


def main(arguments: flags.Arguments) -> None:
    """Exports and prints the folder; or prints what was verified."""
    if FLAGS.verify:
        _verify(arguments)
        return
    pipeline = arguments.load("export")
    if not FLAGS.export_dir:
        raise UserError("--export_dir: must name the folder for the SavedModel")
    if FLAGS.keep < 0:
        raise UserError(f"--keep: must be at least 0, got {FLAGS.keep}")
    console.start(pipeline.notes)
    if FLAGS.warmup_path:
        require_warmup_files(pipeline, FLAGS.warmup_path)
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late

    folder = training.export(
        pipeline,
        FLAGS.export_dir,
        checkpoint_path=FLAGS.checkpoint_path or "",
        warmup_rows=FLAGS.warmup_path,
        keep=FLAGS.keep,
        data_revision=FLAGS.data_revision or "",
        uncalibrated=FLAGS.uncalibrated,
        files_are_checked=True,
    )
    print(f"SavedModel: {folder}")


def _verify(arguments: flags.Arguments) -> None:
    of_exports = ("model_dir", "export_dir", "asset_files", "warmup_path", "keep", "data_revision")
    for name in of_exports:
        if FLAGS[name].value:
            raise UserError(f"--{name}: has no effect beside --verify; leave it out")
    if not arguments.pipeline_config:
        config = versions.pipeline_config(FLAGS.verify, "--verify")
        arguments = replace(arguments, pipeline_config=config)
    pipeline = arguments.load("export")
    console.start()
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late

    verified = training.verify(
        pipeline,
        FLAGS.verify,
        checkpoint_path=FLAGS.checkpoint_path or "",
        uncalibrated=FLAGS.uncalibrated,
    )
    print(_report(verified))


def _report(verified: Verified) -> str:
    lines = [
        f"verified: {verified.folder}",
        "operations: those that answers need; signatures: the config's",
    ]
    if verified.checkpoint_difference is not None:
        lines.append(
            f"{FLAGS.checkpoint_path}: the same scores, largest difference "
            f"{verified.checkpoint_difference:.1e}"
        )
    if not verified.replayed:
        return "\n".join([*lines, "no warm-up file: no answer was compared, and none was timed"])
    rows = [["signature", "rows", "largest difference", "first ms", "p50 ms", "p99 ms"]]
    for one, times in verified.replayed:
        cells = [one.request.signature, str(one.rows), f"{one.largest_difference:.1e}"]
        rows.append([*cells, *(f"{ms:.2f}" for ms in (one.first_ms, times.p50, times.p99))])
    told = "answers: those of the warm-up file; times of calls from Python, on one thread:"
    return "\n".join([*lines, told, *aligned(rows)])


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
