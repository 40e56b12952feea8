"""Simulated impressions to a scored SavedModel, in one command: `make quickstart`.

python -m easy_esmm.quickstart [--output_dir runs/quickstart] [--rows 200000] [--seed 1]
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags as absl_flags

from easy_esmm import console, flags
from easy_esmm.config import Edit, Pipeline, load
from easy_esmm.errors import UserError
from easy_esmm.installed import tensorboard_command
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe, format_summary
from easy_esmm.simulation.writing import check_output, write_simulation

if TYPE_CHECKING:
    from easy_esmm.training import Trained

SAMPLE = "samples/esmm_quickstart.config"

# Ali-CCP has 4 % clicks and .5 % conversions per click: 50,000 test rows would hold ten
# conversions, and no figure of the table would mean anything.
CLICK_RATE = 0.1
CONVERSION_RATE = 0.1
SCORED_ROWS = 5

FLAGS = flags.define()
absl_flags.DEFINE_string(
    "output_dir", "runs/quickstart", "folder of data and model; replaced", flag_values=FLAGS
)
absl_flags.DEFINE_integer(
    "rows", 200_000, "impressions, training and test together", flag_values=FLAGS
)
absl_flags.DEFINE_integer("seed", 1, "seed of the simulation", flag_values=FLAGS)


def main(_: flags.Arguments) -> None:
    """Simulates, trains, evaluates, exports and scores; prints what came out."""
    if not Path(SAMPLE).is_file():
        raise UserError(
            f"{SAMPLE}: no such file here; run the quickstart in the folder of the project's "
            "sources, which holds it"
        )
    output = Path(FLAGS.output_dir)
    data, model_dir = output / "data", output / "model"
    _headline("Simulating impressions; rates are raised so that the test part holds conversions")
    _simulate(data)
    shutil.rmtree(model_dir, ignore_errors=True)
    _headline(f"Training, evaluating and exporting {SAMPLE}")
    pipeline = _pipeline(data, model_dir)
    console.start(pipeline.notes)
    # Late: importing TensorFlow takes 6 s, and nothing above needs it.
    from easy_esmm import training  # noqa: PLC0415
    from easy_esmm.reporting.sample_scores import sample_scores  # noqa: PLC0415
    from easy_esmm.reporting.table import evaluation_table  # noqa: PLC0415

    trained = training.train(pipeline)
    metrics = training.evaluate(pipeline, truth_path=str(data / "truth" / "test.truth.parquet"))
    _headline("Scoring rows with the exported SavedModel")
    print(sample_scores(pipeline.config, trained.saved_model or "", SCORED_ROWS))
    _headline("What the model learned, measured on rows that it has not seen")
    print(evaluation_table(pipeline.tasks, metrics))
    print()
    print(_results(model_dir, trained))


def _simulate(folder: Path) -> None:
    check_output(folder, overwrite=True)
    settings = Settings(
        rows=FLAGS.rows, click_rate=CLICK_RATE, conv_rate=CONVERSION_RATE, seed=FLAGS.seed
    )
    simulation = simulate(settings)
    summary = describe(simulation)
    files = write_simulation(simulation, summary, folder, ("csv",), 1, True)
    print(format_summary(summary, files))


def _pipeline(data: Path, model_dir: Path) -> Pipeline:
    edits = {
        "train_input_path": str(data / "train" / "*.csv"),
        "eval_input_path": str(data / "test" / "*.csv"),
        "model_dir": str(model_dir),
    }
    changes = [Edit("quickstart", path, value, is_text=True) for path, value in edits.items()]
    return load(SAMPLE, changes, "train")


def _results(model_dir: Path, trained: Trained) -> str:
    rate = trained.examples / trained.seconds
    return "\n".join(
        [
            f"trained on {trained.examples:,} rows at {rate:,.0f} examples/s",
            f"checkpoint   {model_dir}/model.ckpt-{trained.step}",
            f"SavedModel   {trained.saved_model}",
            f"TensorBoard  {tensorboard_command(str(model_dir))}",
        ]
    )


def _headline(text: str) -> None:
    print(f"\n== {text}\n", flush=True)


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
