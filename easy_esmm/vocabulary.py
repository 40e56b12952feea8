"""Counts the ids of features and writes a vocabulary file for each, the most frequent id first.

python -m easy_esmm.vocabulary --pipeline_config X --output_dir D [--features a,b]
    [--input_path F] [--min_count 5] [--top_k N] [--base D0] [--output_config Y]

Rows are read as the features of the config read them. The first line is `<unknown>`, whose row
values outside the vocabulary read. With --base the lines of the vocabularies there stay where they
are, and new ids follow.
"""

from __future__ import annotations

from absl import flags as absl_flags
from google.protobuf import text_format

from easy_esmm import console, flags
from easy_esmm.atomic_file import atomic_write
from easy_esmm.counting.wanted import require_countable
from easy_esmm.errors import UserError
from easy_esmm.reporting.place import require_place

FLAGS = flags.define(*flags.CONFIG, "input_path", "train_input_path")
absl_flags.DEFINE_list(
    "features",
    [],
    "features, with commas; those that have a vocabulary if not given",
    flag_values=FLAGS,
)
for _name, _default, _help in (
    ("min_count", 1, "fewest occurrences of an id that gets a line"),
    ("top_k", 0, "most lines of a file, besides the first; 0: no limit"),
):
    absl_flags.DEFINE_integer(_name, _default, _help, flag_values=FLAGS)
for _name, _help in (
    ("output_dir", "folder for the vocabulary files"),
    ("base", "folder of vocabulary files whose lines stay, in front of new ones"),
    ("output_config", "file for the config with these vocabularies in their places"),
):
    absl_flags.DEFINE_string(_name, None, _help, flag_values=FLAGS)


def main(arguments: flags.Arguments) -> None:
    """Counts, writes the files and prints what they cover."""
    if not FLAGS.output_dir:
        raise UserError("--output_dir: must name the folder for the vocabulary files")
    for name, value, least in (("min_count", FLAGS.min_count, 1), ("top_k", FLAGS.top_k, 0)):
        if value < least:
            raise UserError(f"--{name}: must be at least {least}, got {value}")
    pipeline = arguments.load("predict")
    console.start(pipeline.notes)
    require_countable(pipeline, FLAGS.input_path, FLAGS.features, FLAGS.base or "")
    require_place("--output_config", FLAGS.output_config or "")
    from easy_esmm.counting.build import build, with_vocabularies  # noqa: PLC0415 - TensorFlow
    from easy_esmm.counting.table import lines  # noqa: PLC0415

    built = build(
        pipeline,
        FLAGS.output_dir,
        rows=FLAGS.input_path,
        features=FLAGS.features,
        min_count=FLAGS.min_count,
        top_k=FLAGS.top_k,
        base=FLAGS.base or "",
        is_checked=True,
    )
    for line in lines(built):
        print(line)
    if FLAGS.output_config:
        changed = with_vocabularies(pipeline.written, built.vocabularies)
        text = text_format.MessageToString(changed, as_utf8=True)
        path = FLAGS.output_config
        with atomic_write(path) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
            file.write(text)
        print(f"config: {FLAGS.output_config}")


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
