"""A cluster of processes against one process: rows a second, and AUCs on planted data by seed.

    python -m benchmarks.cluster [--seeds 1,2,3,4,5] [--rows 200000] [--clusters 1x1,2x2]

For each seed: simulates impressions, trains samples/esmm_quickstart.config on three quarters of
them in one process and on clusters of WORKERSxSERVERS, and evaluates all on the rest. The table
holds means over the seeds and, for clusters, mean differences from one process of the same seed
with their standard errors. Rows a second are those between the first and the last checkpoint: the
processes share the cores of this machine, so that nothing is gained by more of them here.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from absl import flags as absl_flags

from easy_esmm import console, flags
from easy_esmm.comparing.configs import edits_of
from easy_esmm.config import load
from easy_esmm.errors import UserError
from easy_esmm.reporting.text_table import aligned
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe
from easy_esmm.simulation.writing import write_simulation

SAMPLE = "samples/esmm_quickstart.config"
MEASURES: Tuple[str, ...] = (
    "auc_ctr",
    "auc_cvr_masked",
    "auc_ctcvr",
    "pcoc_ctr",
    "pcoc_cvr_masked",
    "pcoc_ctcvr",
)
RATE = "rows/s"
CLICK_RATE = CONVERSION_RATE = 0.1  # as in the quickstart: 500 conversions in 50,000 rows

FLAGS = flags.define()
absl_flags.DEFINE_list("seeds", ["1", "2", "3", "4", "5"], "seeds", flag_values=FLAGS)
absl_flags.DEFINE_list(
    "clusters", ["1x1", "2x2"], "workers x parameter servers of each cluster", flag_values=FLAGS
)
absl_flags.DEFINE_integer("rows", 200_000, "simulated rows of a seed", flag_values=FLAGS)
absl_flags.DEFINE_string(
    "output_dir", "runs/cluster", "folder of rows and models", flag_values=FLAGS
)


def main(_: flags.Arguments) -> None:
    """Prints the table."""
    console.start()
    ways = ["local", *FLAGS.clusters]
    results: Dict[str, List[Dict[str, float]]] = {way: [] for way in ways}
    for seed in FLAGS.seeds:
        folder = Path(FLAGS.output_dir) / f"{FLAGS.rows}-{seed}"
        _simulate(folder / "data", int(seed))
        for way in ways:
            results[way].append(_result(way, folder, int(seed)))
            print(seed, way, results[way][-1], file=sys.stderr, flush=True)
    print("\n".join(table(results)))


def table(results: Dict[str, List[Dict[str, float]]]) -> List[str]:
    """Lines: a way of training each, a measure in each column; the first way is the reference."""
    reference, *others = results
    names = [RATE, *MEASURES]
    lines = [["", *names]]
    for way in results:
        means = [statistics.fmean(run[name] for run in results[way]) for name in names]
        lines.append([way, f"{means[0]:,.0f}", *(f"{mean:.4f}" for mean in means[1:])])
    for way in others:
        shown = [difference(results[way], results[reference], name) for name in MEASURES]
        lines.append([f"{way} - {reference}", "", *shown])
    return [f"{len(results[reference])} seeds", *aligned(lines)]


def difference(
    runs: Sequence[Dict[str, float]], reference: Sequence[Dict[str, float]], name: str
) -> str:
    """The mean of the paired differences and its standard error: `+0.0012 (0.0004)`."""
    found = [run[name] - other[name] for run, other in zip(runs, reference)]
    error = statistics.stdev(found) / math.sqrt(len(found)) if len(found) > 1 else math.nan
    return f"{statistics.fmean(found):+.4f} ({error:.4f})"


def _simulate(folder: Path, seed: int) -> None:
    if folder.exists():
        return
    settings = Settings(
        rows=FLAGS.rows, click_rate=CLICK_RATE, conv_rate=CONVERSION_RATE, seed=seed
    )
    simulation = simulate(settings)
    write_simulation(simulation, describe(simulation), folder, ("csv",))


def _result(way: str, folder: Path, seed: int) -> Dict[str, float]:
    from easy_esmm import training  # noqa: PLC0415 - TensorFlow, late

    model = folder / way
    shutil.rmtree(model, ignore_errors=True)
    arguments = [
        f"--pipeline_config={SAMPLE}",
        f"--model_dir={model}",
        f"--train_input_path={folder}/data/train/*.csv",
        "--eval_input_path=",
        f"--train_config.random_seed={seed}",
        "--train_config.save_checkpoints_steps=1000000",
        "--export_config.exporter_type=none",
    ]
    program = ["easy_esmm.train"]
    if way != "local":
        workers, servers = way.split("x")
        program = ["easy_esmm.launch", f"--workers={workers}", f"--ps={servers}"]
    done = subprocess.run(
        [sys.executable, "-m", *program, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"{way}, seed {seed}: status {done.returncode}\n{done.stdout}{done.stderr}")
    changes = {
        "model_dir": str(model),
        "eval_input_path": f"{folder}/data/test/*.csv",
        "data_config.batch_size": 8192,
    }
    metrics = training.evaluate(load(SAMPLE, edits_of(changes), "evaluate"))
    trained = FLAGS.rows - round(FLAGS.rows / 4)
    return {
        RATE: trained / seconds_of_training(model),
        **{name: float(metrics[name]) for name in MEASURES},
    }


def seconds_of_training(model_dir: Path) -> float:
    """From the first to the last checkpoint of a folder."""
    times = {
        int(match.group(1)): path.stat().st_mtime
        for path in model_dir.glob("model.ckpt-*.index")
        if (match := re.search(r"-(\d+)\.index$", path.name))
    }
    return times[max(times)] - times[min(times)]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    flags.run(main, FLAGS, __doc__)
