"""Compares models on the same rows, paired by seed, with intervals of their differences.

python -m easy_esmm.compare --configs a.config,b.config --seeds 0,1,2
    [--simulate "rho=.7,conv_rate=.05"] [--reference a] [--output_dir runs/compare] [--jobs 2]
    [--data_config.num_epochs=2] ...

Trains each config with each seed, on simulated rows of that seed or on the files that the configs
name, and prints tables; writes comparison.json, comparison.csv, runs.csv and comparison.html.
A run that an earlier call finished is not repeated. Models are removed when they are evaluated.
"""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from easy_esmm import console, flags
from easy_esmm.atomic_file import atomic_write
from easy_esmm.comparing.configs import read_variants
from easy_esmm.comparing.files import write_files
from easy_esmm.comparing.job import Options, run_comparison
from easy_esmm.comparing.page import PAGE, comparison_page
from easy_esmm.comparing.statistics import require_scipy
from easy_esmm.comparing.text import comparison_text
from easy_esmm.comparing.variants import notes_of, require_comparable
from easy_esmm.errors import UserError

FLAGS = flags.define("edit_config_json", "train_input_path", "eval_input_path", "batch_size")
for _name, _default, _help in (
    ("configs", None, "the configs, with commas; NAME=FILE gives one a name"),
    ("seeds", "0,1,2", "seeds of the runs, and of the simulated rows, with commas"),
    ("simulate", None, "settings of simulated rows, such as 'rho=.7,conv_rate=.05'"),
    ("reference", None, "name of the config that the others are compared with; else the first"),
    ("output_dir", "runs/compare", "folder of results, tables and simulated rows"),
):
    absl_flags.DEFINE_string(_name, _default, _help, flag_values=FLAGS)
absl_flags.DEFINE_integer("jobs", 1, "worker processes", lower_bound=1, flag_values=FLAGS)
absl_flags.DEFINE_integer(
    "gradient_batches",
    20,
    "batches for the cosine of the losses' gradients; 0 leaves it out",
    lower_bound=0,
    flag_values=FLAGS,
)
absl_flags.DEFINE_bool("keep_models", False, "keep the models in output_dir", flag_values=FLAGS)


def main(arguments: flags.Arguments) -> None:
    """Runs what has to be run, prints the tables and writes the files."""
    require_scipy()
    variants = read_variants(FLAGS.configs or "", arguments.edits)
    require_comparable(variants)
    options = Options(
        seeds=FLAGS.seeds,
        simulate=FLAGS.simulate,
        reference=FLAGS.reference,
        output=Path(FLAGS.output_dir),
        jobs=FLAGS.jobs,
        gradient_batches=FLAGS.gradient_batches,
        keep_models=FLAGS.keep_models,
    )
    console.start(notes_of(variants))
    comparison, failures = run_comparison(variants, options)
    if comparison is not None:
        print(f"\n{comparison_text(comparison)}\n")
        page = options.output / PAGE
        with atomic_write(page) as unfinished:
            Path(unfinished).write_text(comparison_page(comparison), encoding="utf-8")
        for path in (page, *write_files(comparison, options.output)):
            print(path)
    if failures:
        raise UserError("\n".join(["not all runs succeeded:", *failures]))


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
