"""`python -m easy_esmm.aliccp.convert`: the raw Ali-CCP files to training files.

    python -m easy_esmm.aliccp.convert --skeleton sample_skeleton_train.csv
        --common common_features_train.csv --output data/train
    python -m easy_esmm.aliccp.convert --skeleton sample_skeleton_test.csv
        --common common_features_test.csv --output data/test --vocabulary data/train

Exit status: 0; 2 with a message for what a user can correct (files, flags, too many bad rows).
"""

from __future__ import annotations

import os
from pathlib import Path

from absl import flags as absl_flags

from easy_esmm import flags
from easy_esmm.aliccp.conversion.job import Job, convert
from easy_esmm.aliccp.conversion.shard_files import FORMATS, LAYOUTS
from easy_esmm.aliccp.conversion.sources import find
from easy_esmm.aliccp.conversion.statistics import format_statistics
from easy_esmm.errors import UserError

FLAGS = flags.define()
absl_flags.DEFINE_string(
    "skeleton", None, "sample_skeleton_*.csv: plain, .gz, or in a .tar.gz.", flag_values=FLAGS
)
absl_flags.DEFINE_string(
    "common", None, "common_features_*.csv: plain, .gz, or in a .tar.gz.", flag_values=FLAGS
)
absl_flags.DEFINE_string("output", None, "Folder to write to.", flag_values=FLAGS)
absl_flags.DEFINE_string(
    "vocabulary", None, "--output of the training files, for the test files.", flag_values=FLAGS
)
absl_flags.DEFINE_integer(
    "min_count", 12, "An id needs so many occurrences to get a value.", 1, flag_values=FLAGS
)
absl_flags.DEFINE_enum(
    "layout", "grouped", LAYOUTS, "User rows once, or in each impression.", flag_values=FLAGS
)
absl_flags.DEFINE_enum(
    "format", "parquet", FORMATS, "Of the flat layout; grouped is parquet.", flag_values=FLAGS
)
absl_flags.DEFINE_integer(
    "max_bad_rows", 0, "Malformed lines and unknown keys to tolerate.", 0, flag_values=FLAGS
)
absl_flags.DEFINE_integer("seed", 1, "Seed of the order of the user rows.", 0, flag_values=FLAGS)
absl_flags.DEFINE_integer(
    "shards", 0, "Files to write; 0: one per 200,000 impressions or so.", 0, 4096, flag_values=FLAGS
)
absl_flags.DEFINE_integer("workers", 0, "Processes; 0: one per core.", 0, flag_values=FLAGS)
absl_flags.DEFINE_bool(
    "overwrite", False, "Replace an earlier conversion in --output.", flag_values=FLAGS
)


def main(_: flags.Arguments) -> None:
    """Converts, and prints what was counted."""
    for name in ("skeleton", "common", "output"):
        if not FLAGS[name].value:
            raise UserError(f"--{name}: must be given")
    if FLAGS.layout == "grouped" and FLAGS.format != "parquet":
        raise UserError(f"--format {FLAGS.format}: must be parquet, unless --layout is flat")
    job = Job(
        skeleton=find("skeleton", FLAGS.skeleton, "sample_skeleton"),
        common=find("common", FLAGS.common, "common_features"),
        output=Path(FLAGS.output).absolute(),
        vocabulary=Path(FLAGS.vocabulary).absolute() if FLAGS.vocabulary else None,
        min_count=FLAGS.min_count,
        layout=FLAGS.layout,
        format=FLAGS.format,
        max_bad_rows=FLAGS.max_bad_rows,
        seed=FLAGS.seed,
        shards=FLAGS.shards,
        workers=FLAGS.workers or len(os.sched_getaffinity(0)),
        overwrite=FLAGS.overwrite,
    )
    result = convert(job)
    print(format_statistics(result))
    print(f"files     {job.output}: {len(result['files'])} shards, statistics in conversion.json")


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
