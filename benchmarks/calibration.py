"""Whether calibrated rates hold, against planted truth: the table of docs/calibration.md.

    python -m benchmarks.calibration [--settings A,B,C] [--rows 4000000] [--sample FILE]

For each setting: simulates impressions, trains the sample on 400,000 of them, calibrates it on a
holdout of `--rows` rows (setting C, with a fifth of the conversions: three times as many), all rows
alike and by a field, and compares mean predictions with mean true rates on `--rows` new rows. True
rates have no noise of labels; what is left is the error of the holdout, about 1 / sqrt(its
conversions), and the sample of new rows, whose standard error is that over ten parts of them.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np
import pyarrow.parquet
from absl import flags as absl_flags
from numpy.typing import NDArray

from easy_esmm import console, flags
from easy_esmm.comparing.configs import edits_of, on_simulated_rows, read_variant
from easy_esmm.config import Edit, Pipeline, load
from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.rank_statistics import auc_with_error
from easy_esmm.reporting.text_table import aligned
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe
from easy_esmm.simulation.truth import Truth, read_truth
from easy_esmm.simulation.writing import write_simulation

TRAINED = 400_000
PARTS = 10
"""Of the new rows: shards of the simulation's test part, in turns with those of the holdout."""

SETTINGS: Dict[str, Tuple[Dict[str, Any], int]] = {
    "A": ({"rho": 0.7, "conv_rate": 0.05}, 1),
    "B": ({"rho": 0.0, "conv_rate": 0.05}, 1),
    "C": ({"rho": 0.7, "conv_rate": 0.01}, 3),
}
"""By name, what is simulated, and how many times `--rows` its holdout has."""

FLAGS = flags.define()
for _name, _default, _help in (
    ("settings", "A,B,C", "settings, with commas"),
    ("sample", "samples/esmm.config", "the model"),
    ("field", "206", "column by which the rows are calibrated too; '': none"),
    ("output_dir", "runs/calibration", "folder of rows and models"),
):
    absl_flags.DEFINE_string(_name, _default, _help, flag_values=FLAGS)
absl_flags.DEFINE_integer(
    "rows", 4_000_000, "new rows, and rows of the holdout of A and B", flag_values=FLAGS
)
absl_flags.DEFINE_integer("seed", 1, "of the simulation", flag_values=FLAGS)


class Ratio(NamedTuple):
    """Mean prediction over mean true rate, and its standard error over parts of the rows."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.error:.3f})"


def main(_: flags.Arguments) -> None:
    """Prints a table for each setting."""
    console.start()
    for name in FLAGS.settings.split(","):
        changes, times = SETTINGS[name]
        tested = FLAGS.rows * (1 + times)
        rows = TRAINED + tested
        settings = Settings(rows=rows, test_share=tested / rows, seed=FLAGS.seed, **changes)
        print(_table(name, settings, 1 + times), flush=True)


def _table(name: str, settings: Settings, turns: int) -> str:
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late
    from easy_esmm.estimator.calibrate import calibrate  # noqa: PLC0415
    from easy_esmm.evaluation.recorder import RowRecorder  # noqa: PLC0415

    folder = Path(FLAGS.output_dir) / f"{name}-{settings.rows}-{settings.seed}"
    if not (folder / "data").exists():
        simulation = simulate(settings)
        shards = turns * PARTS
        write_simulation(simulation, describe(simulation), folder / "data", ("parquet",), shards)
    files = sorted(str(path) for path in (folder / "data" / "test").glob("*.parquet"))
    new, holdout = (
        [path for number, path in enumerate(files) if (number % turns == 0) == is_new]
        for is_new in (True, False)
    )
    truth, parts = _truth(folder, files, turns)
    shutil.rmtree(folder / "model", ignore_errors=True)
    training.train(_pipeline(folder, settings))
    pipeline = _pipeline(folder, settings, batch_size=8192)

    def new_rows(uncalibrated: bool = False) -> RecordedRows:
        recorder = RowRecorder()
        training.evaluate(pipeline, ",".join(new), recorder=recorder, uncalibrated=uncalibrated)
        return recorder.rows()

    lines: List[List[str]] = []
    before = new_rows(uncalibrated=True)
    lines.append(_line("before", before, before, truth, parts))
    for field in dict.fromkeys(("", FLAGS.field)):
        found = calibrate(pipeline, ",".join(holdout), field=field)
        methods = "/".join(task.method for task in found.calibration.tasks.values())
        what = f"by {field}, {methods}" if field else f"whole, {methods}"
        lines.append(_line(what, new_rows(), before, truth, parts))
    judged = found.fitted.judged[-1]
    head = [
        f"{name}: {judged.count:,} rows in the holdout, {judged.positives:,} conversions (error of "
        f"their rate {judged.positives**-0.5:.1%}); {len(truth.click):,} new rows"
    ]
    titles = ["", "CTR", "CVR, clicked", "CTCVR", "CVR, all", "AUC: CTR", "CVR, clicked", "CTCVR"]
    return "\n".join([*head, *aligned([titles, *lines]), ""])


def _pipeline(folder: Path, settings: Settings, batch_size: int = 1024) -> Pipeline:
    variant = read_variant("calibration", FLAGS.sample, ())
    own = edits_of(
        {
            "model_dir": str(folder / "model"),
            "eval_input_path": "",
            "data_config.input_type": "ParquetInput",
            "data_config.batch_size": batch_size,
            "export_config.exporter_type": "none",
        }
    )
    simulated = on_simulated_rows(variant, str(folder / "data"), "parquet", settings)
    edits: Tuple[Edit, ...] = (*simulated, *own)
    return load(FLAGS.sample, edits, "train")


def _truth(folder: Path, files: List[str], turns: int) -> Tuple[Truth, NDArray[Any]]:
    """Of the new rows, and the part of each of them."""
    truth = read_truth(folder / "data" / "truth" / "test.truth.parquet")
    counts = [pyarrow.parquet.read_metadata(path).num_rows for path in files]
    number = np.repeat(np.arange(len(files)), counts)
    is_new = number % turns == 0
    columns = {name: values[is_new] for name, values in vars(truth).items()}
    return replace(truth, **columns), number[is_new] // turns


def _line(
    what: str, rows: RecordedRows, before: RecordedRows, truth: Truth, parts: NDArray[Any]
) -> List[str]:
    """Ratios of predictions to true rates, and what the AUCs have gained."""
    click, conversion = rows.labels["click"], rows.labels["conversion"]
    pctr, pcvr, pctcvr = (rows.predictions[name] for name in ("ctr", "cvr", "ctcvr"))
    ratios = [
        _ratio(pctr, truth.pctr, parts),
        _ratio(pcvr * click, truth.pcvr_click * click, parts),
        _ratio(pctcvr, truth.pctcvr, parts),
        _ratio(pcvr, truth.pcvr_do, parts),
    ]
    gains = [
        auc_with_error(rows.logits[task], label, weight)[0]
        - auc_with_error(before.logits[task], label, weight)[0]
        for task, label, weight in (
            ("ctr", click, None),
            ("cvr", conversion, click),
            ("ctcvr", conversion, None),
        )
    ]
    shown = [f"{gain:+.6f}" for gain in gains] if rows is not before else ["", "", ""]
    return [what, *(str(ratio) for ratio in ratios), *shown]


def _ratio(predicted: NDArray[Any], true: NDArray[Any], parts: NDArray[Any]) -> Ratio:
    sums = np.bincount(parts, predicted), np.bincount(parts, true)
    value = sums[0].sum() / sums[1].sum()
    spread = sums[0] - value * sums[1]
    error = np.sqrt(spread @ spread * PARTS / (PARTS - 1)) / sums[1].sum()
    return Ratio(float(value), float(error))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    flags.run(main, FLAGS, __doc__)
