"""Searches fields of a config for better values, with the same seeds for all.

python -m easy_esmm.tune --pipeline_config X --search 'PATH=log(1e-4,1e-2)' [--search ...]
    [--trials 30] [--seeds 1,2,3] [--metric log_loss_ctcvr] [--simulate "rho=.7"]
    [--output_dir runs/tune] [--jobs 2] [--storage URL]

PATH is as in --edit_config_json; spaces are log(a,b), uniform(a,b), int(a,b), int(a,b,step) and
choice(a,b,...). The first trial is the config as it is. Writes best.config, trials.csv and
tune.html. The same command goes on where an earlier one stopped.
"""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from easy_esmm import console, flags
from easy_esmm.comparing.configs import read_variant
from easy_esmm.comparing.job import Options, parse_seeds
from easy_esmm.comparing.simulated import parse_settings
from easy_esmm.comparing.statistics import require_scipy
from easy_esmm.comparing.variants import notes_of, require_comparable, require_same_data
from easy_esmm.data import require_input
from easy_esmm.errors import UserError
from easy_esmm.tuning.files import write_files
from easy_esmm.tuning.search import parse_search, require_valid
from easy_esmm.tuning.study import Search, measure_of, require_optuna, storage_of, tune
from easy_esmm.tuning.text import found_text

FLAGS = flags.define(*flags.CONFIG, "train_input_path", "eval_input_path", "batch_size")
absl_flags.DEFINE_multi_string(
    "search", [], "a field and the values to try, once for each field", flag_values=FLAGS
)
for _name, _default, _help in (
    ("seeds", "1,2,3", "seeds of the runs, and of the simulated rows, with commas"),
    ("metric", "", "what is made better; the log loss of the last task if not given"),
    ("simulate", None, "settings of simulated rows, such as 'rho=.7,conv_rate=.05'"),
    ("output_dir", "runs/tune", "folder of results, tables and simulated rows"),
    ("storage", "", "URL of Optuna's storage; study.db in output_dir if not given"),
):
    absl_flags.DEFINE_string(_name, _default, _help, flag_values=FLAGS)
for _name, _number, _help in (
    ("trials", 30, "trials in all, those of earlier calls and the config itself included"),
    ("jobs", 1, "worker processes, each with a trial of its own"),
):
    absl_flags.DEFINE_integer(_name, _number, _help, lower_bound=1, flag_values=FLAGS)


def main(arguments: flags.Arguments) -> None:
    """Searches, prints what was found and writes the files."""
    require_optuna()
    require_scipy()
    space = parse_search(FLAGS.search)
    seeds = parse_seeds(FLAGS.seeds)
    path = arguments.load("check").path
    variant = read_variant("start", path, arguments.edits)
    require_comparable([variant])
    measure = measure_of(variant, FLAGS.metric)
    require_valid(variant, space)
    settings = None if FLAGS.simulate is None else parse_settings(FLAGS.simulate)
    if settings is None:
        require_same_data([variant])
        require_input(variant.pipeline)
    output = Path(FLAGS.output_dir)
    options = Options(
        seeds=FLAGS.seeds,
        simulate=FLAGS.simulate,
        reference=None,
        output=output,
        jobs=FLAGS.jobs,
        gradient_batches=0,
    )
    console.start(notes_of([variant]))
    output.mkdir(parents=True, exist_ok=True)
    storage = FLAGS.storage or storage_of(output)
    search = Search(variant, space, measure, seeds, settings, options, storage)
    found = tune(search, FLAGS.trials)
    if found.best is None:
        raise UserError("no trial was complete: see the failures above")
    print(f"\n{found_text(found)}\n")
    for written in write_files(found, output):
        print(written)


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
