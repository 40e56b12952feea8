"""Whether what is fast learns as well: test AUCs over whole epochs, by seed.

    python -m benchmarks.parity [--rows 400000] [--seeds 3] [--json FILE]

Trains the quickstart's model for one epoch on simulated impressions (rates raised as there, so that
the test rows hold conversions): with lazy_adam_optimizer in FP32, which everything else is compared
with, with adam_optimizer in FP32, and with lazy_adam_optimizer in BF16. Prints each run, then the
mean difference and the deviation between the seeds of the first.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from statistics import mean, stdev
from typing import Dict, List

from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.compat import v1
from easy_esmm.config import Edit, Pipeline
from easy_esmm.quickstart import CLICK_RATE, CONVERSION_RATE, SAMPLE
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe
from easy_esmm.simulation.writing import write_simulation

METRICS = ("auc_ctr", "auc_cvr_masked", "auc_ctcvr", "log_loss_ctr", "log_loss_ctcvr")
REFERENCE = "lazy_adam FP32"
VARIANTS: Dict[str, Dict[str, str]] = {
    REFERENCE: {},
    "adam FP32": {"optimizer": "adam_optimizer"},
    "lazy_adam BF16": {"train_config.compute_dtype": "BF16"},
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=400_000, help="a quarter is for the test")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=None, help="also writes the figures there")
    args = parser.parse_args()
    v1.logging.set_verbosity(v1.logging.ERROR)
    figures: Dict[str, List[Dict[str, float]]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        simulation = simulate(
            Settings(rows=args.rows, click_rate=CLICK_RATE, conv_rate=CONVERSION_RATE)
        )
        write_simulation(simulation, describe(simulation), folder / "data", ("csv",), 1, True)
        print(f"{'variant':<16}{'seed':>5}" + "".join(f"{name:>16}" for name in METRICS))
        for seed in range(1, args.seeds + 1):
            for name in VARIANTS:
                metrics = trained(folder, name, seed)
                figures[name].append({metric: metrics[metric] for metric in METRICS})
                cells = "".join(f"{metrics[metric]:>16.5f}" for metric in METRICS)
                print(f"{name:<16}{seed:>5}{cells}", flush=True)
                if args.json:
                    args.json.write_text(json.dumps({"rows": args.rows, "runs": figures}, indent=1))
    for name in VARIANTS:
        if name != REFERENCE:
            print(comparison(name, figures))


def trained(folder: Path, name: str, seed: int) -> Dict[str, float]:
    """Metrics of the test rows after one epoch."""
    pipeline = variant(folder, name, seed)
    shutil.rmtree(folder / "model", ignore_errors=True)
    training.train(pipeline)
    return training.evaluate(pipeline)


def variant(folder: Path, name: str, seed: int) -> Pipeline:
    """The sample's config on the simulated files, changed as the variant says."""
    changes = {
        "train_input_path": f"{folder}/data/train/*.csv",
        "eval_input_path": f"{folder}/data/test/*.csv",
        "model_dir": f"{folder}/model",
        "train_config.random_seed": str(seed),
        "export_config.exporter_type": "none",
        **VARIANTS[name],
    }
    text = Path(SAMPLE).read_text()
    text = text.replace("lazy_adam_optimizer", changes.pop("optimizer", "lazy_adam_optimizer"))
    path = folder / "variant.config"
    path.write_text(text)
    return configs.load(str(path), [Edit("parity", key, changes[key], True) for key in changes])


def comparison(name: str, figures: Dict[str, List[Dict[str, float]]]) -> str:
    """Mean over the seeds of the differences to the reference, metric by metric."""
    lines = []
    for metric in METRICS:
        reference = [run[metric] for run in figures[REFERENCE]]
        differences = [run[metric] - base for run, base in zip(figures[name], reference)]
        spread = stdev(reference) if len(reference) > 1 else float("nan")
        lines.append(
            f"{name} - {REFERENCE}: {metric:<16}{mean(differences):+.5f}   "
            f"(deviation between seeds {spread:.5f})"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
