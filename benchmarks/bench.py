"""All benchmarks: prints tables as it goes, and writes one JSON file and a line of the ledger.

    python -m benchmarks.bench [--quick] [--folder DIR] [--json FILE] [--only NAME,...]

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
from typing import Any, Callable, Dict, List, Sequence

from benchmarks import goals, ledger, machine, table
from benchmarks.results import RESULTS, Case, Run

CASES: Sequence[Sequence[str]] = (
    ("W1", "FP32", "4096", "--passes"),
    ("W1", "BF16", "4096", "--passes"),
    ("W1", "FP32", "1024"),
    ("W1", "BF16", "1024"),
    ("W1", "FP32", "4096", "--input", "csv"),
    ("W1", "FP32", "4096", "--input", "csv.gz"),
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

TRACES = (
    ("W1", "FP32", "4096"),
    ("W1", "FP32", "1024"),
    ("W1", "BF16", "4096"),
    ("W2", "FP32", "4096"),
)
"""Trainings of which single steps are traced."""

_FOLDER = "FOLDER"
"""Stands for the folder of the files."""

OTHERS: Dict[str, Sequence[str]] = {
    "startup": ("benchmarks.startup", "--folder", _FOLDER, "--repeats", "2", "--large"),
    "input_speed": ("benchmarks.input_speed",),
    "serving": ("benchmarks.serving",),
    "aliccp_conversion": ("benchmarks.aliccp_conversion", "--quick", "--rows", "1330000"),
    "attention": ("benchmarks.attention",),
    "grouped_layout": ("benchmarks.grouped_layout", "--skip_auc"),
}
"""Benchmarks with tables of their own, whose last line is JSON too."""


def main() -> None:
    """Runs the cases in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three cases, under two minutes")
    parser.add_argument("--folder", default=None, help="where the files go; kept there")
    parser.add_argument("--json", type=Path, default=None, help="default: benchmarks/results/...")
    parser.add_argument("--only", default="", help="of startup, input_speed, ...: these alone")
    args = parser.parse_args()
    kind = "quick" if args.quick else "full"
    path = args.json or RESULTS / time.strftime(f"{kind}-%Y%m%d-%H%M.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    result: Dict[str, Any] = {
        "kind": kind,
        "date": time.strftime("%Y-%m-%d"),
        "commit": ledger.commit(),
        "machine": machine.describe(),
        "cases": [],
        "traces": {},
    }
    if args.only:
        result = json.loads(path.read_text())

    def keep() -> None:
        path.write_text(json.dumps(result, indent=1) + "\n")

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.folder or temporary)
        if not args.only:
            _train(args.quick, folder, result, keep)
        names = args.only.split(",") if args.only else [] if args.quick else list(OTHERS)
        for name in names:
            print(f"\n{name}", flush=True)
            command = [str(folder) if word == _FOLDER else word for word in OTHERS[name]]
            result[name] = last_line(command, show=True)
            keep()
    result["load_at_the_end"] = machine.describe()["load"]
    keep()
    run = Run(result)
    if not args.only:
        ledger.append(run)
    print("\n" + table.passes(run.cases.values()))
    print("\n".join(goals.lines(run)) + f"\nwritten: {path}, {ledger.LEDGER}")


def _train(quick: bool, folder: Path, result: Dict[str, Any], keep: Callable[[], None]) -> None:
    """Cases, and traces of steps."""
    print(json.dumps(result["machine"]) + "\n" + table.head(), flush=True)
    for case in QUICK if quick else CASES:
        result["cases"].append(run_case(case, folder, _QUICK_FLAGS if quick else ()))
        print(table.line(Case(result["cases"][-1])), flush=True)
        keep()
    for workload, dtype, batch in () if quick else TRACES:
        print(f"\na step of {workload}, {dtype}, batch {batch}", flush=True)
        flags = ("--workload", workload, "--dtype", dtype, "--batch", batch)
        traced = last_line(["benchmarks.trace", *flags, "--folder", str(folder)], show=True)
        result["traces"][traced["case"]] = traced["kinds"]
        keep()


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
