"""One case of the benchmark, in a process of its own; its last line of output is JSON.

    python -m benchmarks.case --workload W1 --folder DIR [--batch 4096] [--dtype FP32] ...

Trains through the code of the `train` command, from files, with checkpoints, summaries and metrics,
and measures windows of steps after a warm-up. Before the first window and after each the training
waits while the limit is measured, the matrix products alone, so that a window and the two limits
around it see the same machine; reading alone is measured at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

from benchmarks import configs, limit, passes
from benchmarks.clock import StepClock, peak_gb
from benchmarks.simulated_files import files_of, write_text
from benchmarks.workloads import WORKLOADS
from easy_esmm import training
from easy_esmm.compat import v1


def main() -> None:
    """Prints the figures of the case."""
    parser = parser_of(__doc__)
    parser.add_argument("--optimizer", default="lazy_adam_optimizer")
    parser.add_argument("--train_rows", type=int, default=400_000)
    parser.add_argument("--eval_rows", type=int, default=200_000)
    parser.add_argument("--warm_up", type=int, default=160_000, help="examples before the windows")
    parser.add_argument("--window", type=int, default=160_000, help="examples of a window")
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument(
        "--input", choices=sorted(configs.INPUTS), default="parquet", help="W1 only, if text"
    )
    parser.add_argument("--passes", action="store_true", help="also evaluation and prediction")
    args = parser.parse_args()
    if args.input != "parquet" and args.workload != "W1":
        parser.error(f"--input {args.input}: {args.workload} has list columns; take W1")
    print(json.dumps(measure(args)))


def parser_of(doc: Optional[str]) -> argparse.ArgumentParser:
    """A parser that knows what to train, for the module of this docstring."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--workload", choices=sorted(WORKLOADS), required=True)
    parser.add_argument("--folder", type=Path, required=True, help="files are kept there")
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--dtype", choices=sorted(limit.DTYPES), default="FP32")
    return parser


def measure(args: argparse.Namespace) -> Dict[str, Any]:
    """All figures of a case, by name; lists hold one figure a window or repeat."""
    imported = time.process_time()
    v1.logging.set_verbosity(v1.logging.ERROR)
    workload = WORKLOADS[args.workload]
    folder = files_of(workload, args.folder, args.train_rows, args.eval_rows)
    if args.input != "parquet":
        write_text(folder, args.input)
    warm_up, window = (max(1, n // args.batch) for n in (args.warm_up, args.window))
    steps = warm_up + window * args.windows
    setting = configs.Setting(args.batch, args.dtype, args.optimizer, steps=steps, input=args.input)
    pipeline = configs.pipeline(workload, folder, setting)
    shutil.rmtree(pipeline.config.model_dir, ignore_errors=True)
    limits: List[float] = []
    products = limit.Limit(workload, args.batch, args.dtype)
    clock = StepClock(warm_up, window, lambda: limits.append(products.cpu_us()))
    begun = time.process_time()
    training.train(pipeline, hooks=[clock])
    figures: Dict[str, Any] = {
        "workload": args.workload,
        "table_rows": workload.table_rows,
        "batch": args.batch,
        "dtype": args.dtype,
        "optimizer": args.optimizer,
        "input": args.input,
        "cpu_us": clock.cpu_us(args.batch),
        "wall_us": clock.wall_us(args.batch),
        "utilisation": clock.utilisation(),
        "limit_us": limits,
        "import_cpu_seconds": imported,
        "first_step_cpu_seconds": imported + clock.first_step_cpu - begun,
        "peak_gb": peak_gb(),
        "checkpoint_gb": _size(Path(pipeline.config.model_dir)) / 1e9,
        "reading_us": passes.reading_us(pipeline, window),
    }
    if args.passes:
        forward = limit.Limit(workload, args.batch, args.dtype, forward_only=True)
        before = forward.cpu_us()
        figures["passes_us"] = passes.measure(pipeline.path, folder, args.eval_rows)
        figures["forward_limit_us"] = (before + forward.cpu_us()) / 2
    shutil.rmtree(pipeline.config.model_dir)
    figures["load"] = os.getloadavg()[0]
    return figures


def _size(model_dir: Path) -> int:
    """Bytes of the newest checkpoint."""
    newest = max(model_dir.glob("model.ckpt-*.index"), key=lambda path: path.stat().st_mtime)
    return sum(p.stat().st_size for p in model_dir.glob(f"{newest.stem}.data*"))


if __name__ == "__main__":
    main()
