"""Drafts a first config from a sample of a log, with the reason of every guess.

python -m easy_esmm.init --data log.parquet [--click click] [--conversion buy]
    [--eval_data later.parquet] [--output first.config] [--rows 20000]
    [--encoding gb18030]

The config goes to --output, or to the screen; what was guessed is printed besides. TensorFlow is
not imported.
"""

from __future__ import annotations

import os
import sys

from absl import flags as absl_flags

from easy_esmm import flags
from easy_esmm.drafting import draft
from easy_esmm.errors import UserError

FLAGS = flags.define()
for _name, _help in (
    ("data", "CSV or Parquet files to train on: globs and commas"),
    ("eval_data", "files to evaluate on, of the same form"),
    ("click", "column of the click, 0 or 1; guessed if not given"),
    ("conversion", "column of the conversion, 0 or 1; guessed if not given"),
    ("encoding", "encoding of CSV files, such as gb18030; UTF-8 or guessed if not given"),
    ("output", "file for the config, which must not be there yet"),
):
    absl_flags.DEFINE_string(_name, None, _help, flag_values=FLAGS)
absl_flags.DEFINE_integer(
    "rows", 20000, "rows to look at, from the first file", lower_bound=1, flag_values=FLAGS
)


def main(_: flags.Arguments) -> None:
    """Drafts a config, and prints what was guessed."""
    if not FLAGS.data:
        raise UserError("--data: must name the files to train on")
    if FLAGS.output and os.path.exists(FLAGS.output):
        raise UserError(f"--output: {FLAGS.output} is there already; name another")
    labels = FLAGS.click, FLAGS.conversion
    made = draft(FLAGS.data, *labels, FLAGS.eval_data, FLAGS.rows, FLAGS.output, FLAGS.encoding)
    for note in made.notes:
        print(note, file=sys.stderr)
    if not FLAGS.output:
        print(made.text, end="")
        return
    with open(FLAGS.output, "x", encoding="utf-8") as file:
        file.write(made.text)
    print(f"written: {FLAGS.output}; next: python -m easy_esmm.train --pipeline_config "
          f"{FLAGS.output}")  # fmt: skip


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
