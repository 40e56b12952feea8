"""All benchmarks: prints tables as it goes, and writes one JSON file.

    python -m benchmarks.bench [--quick] [--folder DIR] [--json FILE]

Each case is a process of its own (see `benchmarks.case`). Times are CPU time of all threads, which
a busy machine changes less than the time on the wall; what to compare is the limit beside them, of
the same process. Nothing here fails because a machine is slow.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence

from benchmarks import machine, table

RESULTS = Path(__file__).with_name("results")

CASES: Sequence[Sequence[str]] = (
    ("W1", "FP32", "4096", "--passes"),
    ("W1", "BF16", "4096", "--passes"),
    ("W1", "FP32", "1024"),
    ("W1", "BF16", "1024"),
    ("W1-vocabulary-x10", "FP32", "4096"),
    ("W1", "FP32", "4096", "--optimizer", "adam_optimizer"),
    ("W2", "FP32", "4096", "--passes"),
    ("W2", "BF16", "4096"),
    ("W2-history-x0.5", "FP32", "4096"),
    ("W2-history-x2", "FP32", "4096"),
    ("W3", "FP32", "1024"),
    ("W3", "BF16", "1024"),
)
"""Workload, compute_dtype, batch size, and more flags of `benchmarks.case`."""

QUICK = (("W1", "FP32", "4096"), ("W1", "BF16", "4096"), ("W2", "FP32", "4096"))
_QUICK_FLAGS = ("--train_rows", "120000", "--eval_rows", "8000", "--windows", "2",
                "--warm_up", "80000", "--window", "80000")  # fmt: skip

OTHERS: Dict[str, Sequence[str]] = {
    "attention": ("benchmarks.attention",),
    "grouped_layout": ("benchmarks.grouped_layout", "--skip_auc"),
    "aliccp_conversion": ("benchmarks.aliccp_conversion", "--quick"),
}
"""Benchmarks with tables of their own, whose last line is JSON too."""


def main() -> None:
    """Runs the cases in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three cases, under two minutes")
    parser.add_argument("--folder", default=None, help="where the files go; kept there")
    parser.add_argument("--json", type=Path, default=None, help="default: benchmarks/results/...")
    args = parser.parse_args()
    kind = "quick" if args.quick else "full"
    path = args.json or RESULTS / time.strftime(f"{kind}-%Y%m%d-%H%M.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    result: Dict[str, Any] = {"kind": kind, "machine": machine.describe(), "cases": []}
    print(json.dumps(result["machine"]) + "\n" + table.head(), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.folder or temporary)
        for case in QUICK if args.quick else CASES:
            figures = run_case(case, folder, _QUICK_FLAGS if args.quick else ())
            result["cases"].append(figures)
            path.write_text(json.dumps(result, indent=1))
            print(table.line(figures), flush=True)
    for name, command in {} if args.quick else OTHERS.items():
        print(f"\n{name}", flush=True)
        result[name] = last_line([*command], show=True)
    result["load_at_the_end"] = machine.describe()["load"]
    path.write_text(json.dumps(result, indent=1))
    print(table.passes(result["cases"]) + f"\nwritten: {path}")


def run_case(case: Sequence[str], folder: Path, flags: Sequence[str]) -> Dict[str, Any]:
    """The figures of one case."""
    workload, dtype, batch, *more = case
    command = ["benchmarks.case", "--workload", workload, "--dtype", dtype, "--batch", batch]
    return last_line([*command, "--folder", str(folder), *flags, *more], show=False)


def last_line(command: List[str], *, show: bool) -> Dict[str, Any]:
    """What a module prints as its last line, from JSON; the lines before are shown or dropped."""
    lines = [""]
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        for line in process.stdout or ():
            if show and lines[-1]:
                print(lines[-1].rstrip(), flush=True)
            lines.append(line)
    if process.returncode:
        raise SystemExit(f"status {process.returncode}: python -m {' '.join(command)}")
    figures: Dict[str, Any] = json.loads(lines[-1])
    return figures


if __name__ == "__main__":
    main()
