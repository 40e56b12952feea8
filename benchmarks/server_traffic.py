"""What parameter servers send and receive, as the kernel counts it.

    python -m benchmarks.server_traffic --data FOLDER [--workers 2] [--ps 2] [--batch_size 1024]
        [--epochs 1]

Trains samples/esmm_quickstart.config on FOLDER/train/*.csv by `launch`, reads the counters of the
servers' connections with `ss` while it runs, and prints bytes by server. What a step costs is the
difference between two runs of different length; the rest is the checkpoints, of step 0 and of the
last step.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Tuple

from absl import flags as absl_flags

from easy_esmm import flags

FLAGS = flags.define()
absl_flags.DEFINE_string("data", None, "folder of the simulation", flag_values=FLAGS)
absl_flags.DEFINE_integer("workers", 2, "trainers", flag_values=FLAGS)
absl_flags.DEFINE_integer("ps", 2, "parameter servers", flag_values=FLAGS)
absl_flags.DEFINE_integer("epochs", 1, "passes over the rows", flag_values=FLAGS)
absl_flags.DEFINE_integer("batch_size", 1024, "rows of a step", flag_values=FLAGS)
_SERVER = re.compile(r"\| (ps-\d+): process (\d+)")
_CONNECTION = re.compile(
    r"^\S+ +\d+ +\d+ +(\S+ +\S+) .*?pid=(\d+).*?bytes_sent:(\d+).*?bytes_received:(\d+)",
    re.MULTILINE,
)


def main(_: flags.Arguments) -> None:
    """Trains, counts and prints."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        command = [
            *(sys.executable, "-m", "easy_esmm.launch"),
            f"--workers={FLAGS.workers}",
            f"--ps={FLAGS.ps}",
            "--pipeline_config=samples/esmm_quickstart.config",
            f"--model_dir={model}",
            f"--train_input_path={FLAGS.data}/train/*.csv",
            "--eval_input_path=",
            f"--batch_size={FLAGS.batch_size}",
            f"--data_config.num_epochs={FLAGS.epochs}",
            "--train_config.save_checkpoints_steps=1000000",
            "--export_config.exporter_type=none",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
            counted, printed = _count(launcher)
        if launcher.returncode:
            raise SystemExit(printed)
        steps = int(re.findall(r"model\.ckpt-(\d+)", printed)[-1])
    rows = sum(int(n.replace(",", "")) for n in re.findall(r"trained on ([\d,]+) rows", printed))
    for name, (sent, received) in sorted(counted.items()):
        print(f"{name}: sent {sent / 1e6:,.1f} MB, received {received / 1e6:,.1f} MB")
    print(f"{steps:,} steps, {rows:,} rows")


def _count(launcher: subprocess.Popen[str]) -> Tuple[Dict[str, Tuple[int, int]], str]:
    """By server: bytes sent and received; and what the launcher printed.

    Both sides open connections: a gradient travels on one that the server has opened.
    """
    lines: List[str] = []
    last: Dict[Tuple[str, str], Tuple[int, int]] = {}
    if launcher.stdout is None:
        raise ValueError("a launcher without its output")
    os.set_blocking(launcher.stdout.fileno(), False)
    while launcher.poll() is None:
        lines += launcher.stdout.readlines()
        servers = {number: name for name, number in _SERVER.findall("".join(lines))}
        found = subprocess.run(["ss", "-tinpHO"], capture_output=True, text=True, check=True)
        for ends, number, sent, received in _CONNECTION.findall(found.stdout):
            if number in servers:
                last[servers[number], ends] = int(sent), int(received)
        time.sleep(0.05)  # a poll: the counters are gone with the connection
    lines += launcher.stdout.readlines()
    total: Dict[str, Tuple[int, int]] = {}
    for (name, _), (sent, received) in last.items():
        before = total.get(name, (0, 0))
        total[name] = before[0] + sent, before[1] + received
    return total, "".join(lines)


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
