"""Clusters of real trainings, started by `launch`: rows are counted, and each role is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Iterable, List

import numpy as np
import pandas as pd
import pytest

from easy_esmm.compat import v1

CLONE = Path(__file__).resolve().parents[2]
ROWS, BATCH = 160_000, 50
STEPS = ROWS // BATCH
CONFIG = f"""
train_input_path: "train.csv"
eval_input_path: "eval.csv"
model_dir: "model"
train_config {{
  optimizer_config {{ lazy_adam_optimizer {{ learning_rate {{ constant_learning_rate {{}} }} }} }}
  save_checkpoints_steps: 400
  log_step_count_steps: 20
}}
data_config {{
  with_header: true
  num_epochs: 1
  batch_size: {BATCH}
  label_fields: ["buy", "click"]
  input_fields {{ input_name: "click" input_type: INT32 }}
  input_fields {{ input_name: "buy" input_type: INT32 }}
  input_fields {{ input_name: "user" }}
}}
feature_config {{
  features {{
    input_names: "user" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 1000
  }}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: "user" }}
  esmm {{
    ctr_tower {{ tower_name: "ctr" label_name: "click" dnn {{ hidden_units: 8 use_bn: false }} }}
    cvr_tower {{ tower_name: "cvr" label_name: "buy" dnn {{ hidden_units: 8 use_bn: false }} }}
  }}
}}
"""


def write(folder: Path) -> None:
    random = np.random.default_rng(1)
    (folder / "x.config").write_text(CONFIG)
    for name, size in (("train", ROWS), ("eval", 500)):
        click = random.integers(0, 2, size)
        columns = {
            "user": random.integers(0, 500, size),
            "click": click,
            "buy": click * random.integers(0, 2, size),
        }
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)


class Launched:
    """A launcher that runs, and its lines so far."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.lines: List[str] = []
        self.numbers: Dict[str, int] = {}
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "easy_esmm.launch", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(CLONE), "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, pattern: str) -> str:
        """The next line in which the expression is found."""
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self.lines.append(line.rstrip("\n"))
            started = re.search(r"^launch +\| (\S+): process (\d+)", line)
            if started:
                self.numbers[started.group(1)] = int(started.group(2))
            if re.search(pattern, line):
                return self.lines[-1]
        raise AssertionError(f"no line with {pattern}:\n" + "\n".join(self.lines))

    def kill(self, name: str) -> None:
        os.kill(self.numbers[name], signal.SIGKILL)

    def kill_launcher(self) -> None:
        self._popen.kill()
        self._popen.communicate()

    def send(self, number: int) -> None:
        self._popen.send_signal(number)

    def end(self) -> int:
        """Reads the rest, and waits; afterwards none of its processes is there."""
        assert self._popen.stdout is not None
        self.lines += self._popen.stdout.read().splitlines()
        status = self._popen.wait()
        assert_gone(self.numbers.values())
        return status

    def found(self, pattern: str) -> List[str]:
        return [line for line in self.lines if re.search(pattern, line)]

    def text(self) -> str:
        return "\n".join(self.lines)


def assert_gone(numbers: Iterable[int]) -> None:
    give_up = time.monotonic() + 30
    while any(is_alive(number) for number in numbers):
        assert time.monotonic() < give_up


def is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(") ", 1)[1][0] not in "ZX"
    except FileNotFoundError:
        return False


def rows_told(launched: Launched) -> Dict[str, int]:
    """By trainer, as its last line says."""
    lines = (re.match(r"(\S+) +\| trained on ([\d,]+) rows", line) for line in launched.lines)
    return {m.group(1): int(m.group(2).replace(",", "")) for m in lines if m}


def step_of(line: str) -> int:
    """`worker-0 | step 1,620   loss ...`: 1620."""
    return int(line.split("| step ")[1].split()[0].replace(",", ""))


def last_step(folder: Path) -> int:
    reader = v1.train.NewCheckpointReader(v1.train.latest_checkpoint(str(folder / "model")))
    return int(reader.get_tensor("global_step"))


@pytest.mark.slow
def test_the_quickstart_trains_on_two_workers_and_two_servers_each_row_once(
    tmp_path: Path,
) -> None:
    simulate = [sys.executable, "-m", "easy_esmm.aliccp.simulate", "--output=data", "--rows=40000"]
    environment = {**os.environ, "PYTHONPATH": str(CLONE)}
    subprocess.run(simulate, cwd=tmp_path, env=environment, check=True, capture_output=True)
    launched = Launched(
        tmp_path,
        "--workers=2",
        "--ps=2",
        f"--pipeline_config={CLONE}/samples/esmm_quickstart.config",
        "--model_dir=model",
    )
    assert launched.end() == 0, launched.text()
    # 30,000 rows in halves, of 1024 rows in a batch: 15 batches each, the last one short.
    assert rows_told(launched) == {"chief": 15_000, "worker-0": 15_000}
    assert last_step(tmp_path) == 30
    assert launched.found(r"chief +\| SavedModel: ")
    assert len(launched.found(r"status 0, no restart")) == 4


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_evaluator_come_back(tmp_path: Path) -> None:
    write(tmp_path)
    launched = Launched(
        tmp_path, "--workers=2", "--ps=1", "--evaluator", "--pipeline_config=x.config"
    )
    launched.read_until(r"worker-0 +\| step")
    launched.kill("evaluator")
    launched.kill("worker-0")
    assert launched.end() == 0, launched.text()
    assert launched.found(r"worker-0: ended \(SIGKILL\): starts again, restart 1 of 3")
    assert launched.found(r"evaluator: ended \(SIGKILL\): starts again.*training is not concerned")
    # What the worker had trained on since the last checkpoint it reads again, and no more.
    assert STEPS <= last_step(tmp_path) <= STEPS + 800
    assert launched.found(r"evaluator +\| evaluation at step " + f"{last_step(tmp_path):,}:")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ps-0", "chief"])
def test_training_goes_on_from_the_checkpoint_without_a_killed_server_or_chief(
    tmp_path: Path, name: str
) -> None:
    write(tmp_path)
    launched = Launched(tmp_path, "--workers=2", "--ps=1", "--pipeline_config=x.config")
    # Well after a checkpoint, each of which is at a multiple of 400, so that the step has to fall.
    while not 100 <= step_of(launched.read_until(r"worker-0 +\| step")) % 400 <= 300:
        pass
    launched.kill(name)
    assert launched.end() == 0, launched.text()
    assert launched.found(
        rf"{name}: ended \(SIGKILL\): starts again, restart 1 of 3; all go back to the last "
        r"checkpoint, model\.ckpt-\d+"
    )
    # A worker may have come to its end before the chief is back; it is then started again.
    assert launched.found(
        r"the global step fell from about [\d,]+ to [\d,]+|training fell back to an earlier "
    )
    # A step that ran while the chief restored may belong to either side.
    assert STEPS - 2 <= last_step(tmp_path) <= STEPS + 2


@pytest.mark.slow
def test_sigterm_saves_what_is_trained_and_the_next_launch_goes_on(tmp_path: Path) -> None:
    write(tmp_path)
    arguments = ["--workers=2", "--ps=1", "--pipeline_config=x.config"]
    launched = Launched(tmp_path, *arguments)
    launched.read_until(r"worker-0 +\| step")
    launched.send(signal.SIGTERM)
    assert launched.end() == 143, launched.text()
    assert 0 < last_step(tmp_path) < STEPS
    launched = Launched(tmp_path, *arguments, "--continue_train")
    assert launched.end() == 0, launched.text()
    assert last_step(tmp_path) == STEPS


@pytest.mark.slow
def test_no_training_outlives_a_launcher_that_is_killed(tmp_path: Path) -> None:
    write(tmp_path)
    launched = Launched(tmp_path, "--workers=2", "--ps=1", "--pipeline_config=x.config")
    launched.read_until(r"chief +\| step")
    launched.kill_launcher()
    assert len(launched.numbers) == 3
    assert_gone(launched.numbers.values())
