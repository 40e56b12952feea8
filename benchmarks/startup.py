"""What a training costs besides its steps; its last line of output is JSON.

    python -m benchmarks.startup --folder DIR [--repeats 3]

Runs the `train` command from outside, as a user does, on W1: 100 steps of 4096 rows, an evaluation
of 100,000 rows and an export. Measures CPU and wall seconds from the command to the end of the
first step and to its own end, fresh, with --continue_train, and with ten times the vocabulary; the
import of TensorFlow alone; and a command that is refused for a pattern that matches no file.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from benchmarks import configs, machine
from benchmarks.simulated_files import files_of
from benchmarks.workloads import W1, Workload

STEPS = 100
_EVALUATED = 100_000
_TRAIN_ROWS, _EVAL_ROWS = 400_000, 200_000

Figures = Dict[str, float]


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="files are kept there")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="also 16 million rows, 3.5 GB a save")
    args = parser.parse_args()
    print(json.dumps(measure(args.folder, args.repeats, args.large)))


def measure(folder: Path, repeats: int, large: bool) -> Dict[str, Any]:
    """By case, the figures of each repeat."""
    found: Dict[str, List[Figures]] = {}

    def note(case: str, figures: Figures) -> None:
        found.setdefault(case, []).append(figures)
        print(f"{case}: {json.dumps(figures)}", file=sys.stderr)

    workloads = [W1, W1.with_vocabulary(10)] if large else [W1]
    for _ in range(repeats):
        note("import of TensorFlow", _run([sys.executable, "-c", "import tensorflow"]))
        for workload in workloads:
            command = _command(workload, folder)
            nowhere = f"--train_input_path={folder}/nowhere-*.parquet"
            if workload is W1:
                note("refused", _run([*command, nowhere], status=2))
            note(f"{workload.name}, fresh", _run(command))
            more = f"--train_config.num_steps={2 * STEPS}"
            note(f"{workload.name}, --continue_train", _run([*command, "--continue_train", more]))
    return {"steps": STEPS, "cases": found, "machine": machine.describe()}


def _command(workload: Workload, parent: Path) -> List[str]:
    """`train` with an empty model_dir, one line of the log a step, an evaluation and an export."""
    folder = files_of(workload, parent, _TRAIN_ROWS, _EVAL_ROWS)
    pipeline = configs.pipeline(workload, folder, configs.Setting(steps=STEPS))
    shutil.rmtree(pipeline.config.model_dir, ignore_errors=True)
    return [
        *(sys.executable, "-m", "easy_esmm.train", f"--pipeline_config={pipeline.path}"),
        "--train_config.log_step_count_steps=1",
        "--export_config.exporter_type=final",
        f"--eval_config.num_examples={_EVALUATED}",
    ]


def _run(command: Sequence[str], status: int = 0) -> Figures:
    """Seconds to the first line about a step, if there is one, and to the end.

    Raises RuntimeError where the command ends with another status.
    """
    begun = time.perf_counter()
    figures: Figures = {}
    told: List[str] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        for line in process.stderr or ():
            told.append(line.decode(errors="replace"))
            if line.startswith(b"step ") and not figures:
                wall = time.perf_counter() - begun
                figures = {"first_step_cpu_s": _cpu(process.pid), "first_step_wall_s": wall}
        _, code, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode != status:
        raise RuntimeError(f"{' '.join(command)}: status {process.returncode}\n{''.join(told)}")
    figures["cpu_s"] = used.ru_utime + used.ru_stime
    figures["wall_s"] = time.perf_counter() - begun
    return figures


def _cpu(process: int) -> float:
    """CPU seconds of a running process so far, all threads."""
    user, system = _ticks(Path(f"/proc/{process}/stat").read_text())
    return (user + system) / os.sysconf("SC_CLK_TCK")


def _ticks(stat: str) -> Tuple[int, int]:
    fields = stat.rpartition(")")[2].split()  # behind the name, which may hold blanks
    return int(fields[11]), int(fields[12])


if __name__ == "__main__":
    main()
