"""Kills trainings at random points until they have ended, and compares the weights to the last bit.

    python -m tests.soak [--kills 300] [--seed 1]

Each training goes on after each kill. What counts is that its last checkpoint is that of a training
that nobody disturbed, that its export is there, and that nothing unfinished is left. The samples
read CSV, Parquet, TFRecord, and rows of users apart; all with dropout, evaluations, and two passes
over the input.
"""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, List

import numpy as np

from easy_esmm import training
from easy_esmm.compat import v1
from easy_esmm.config import Pipeline
from easy_esmm.estimator.model_dir import latest_step
from tests.conformance import table

SAMPLES = ("esmm_training", "esmm_quickstart", "esmm_tfrecord", "esmm_user_rows")
EPOCHS = 2
STEPS = EPOCHS * table.TRAIN_ROWS // table.BATCH
SAVED_EVERY = 5


class Kill(v1.train.SessionRunHook):  # type: ignore[misc]
    """Kills its own process so many seconds after its so many-th step, or after its last one."""

    def __init__(self, after: int, delay: float) -> None:
        self._steps_left, self._delay = after, delay

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._steps_left -= 1
        if self._steps_left == 0:
            self._start()

    def end(self, session: Any) -> None:
        if self._steps_left > 0:
            self._start()

    def _start(self) -> None:
        threading.Thread(target=self._kill, daemon=True).start()

    def _kill(self) -> None:
        time.sleep(self._delay)
        os.kill(os.getpid(), signal.SIGKILL)


def pipeline_of(sample: str, folder: Path, model_dir: str) -> Pipeline:
    pipeline = table.small(sample, folder, num_steps=0, save_checkpoints_steps=SAVED_EVERY)
    config = pipeline.config
    config.model_dir = str(folder / model_dir)
    config.data_config.num_epochs = EPOCHS
    config.export_config.Clear()
    for network in table.networks(config):
        network.dropout_ratio[:] = [0.2] * len(network.hidden_units)
    return dataclasses.replace(pipeline, config=config, written=config)


def run(sample: str, folder: Path, model_dir: str, hooks: List[Any]) -> None:
    """Trains in a process of its own, quietly; an error ends it with a trace and status 1."""
    log = folder / f"{model_dir}.log"
    with open(log, "a", encoding="utf-8") as file:
        os.dup2(file.fileno(), 2)
        goes_on = (folder / model_dir).exists()
        training.train(pipeline_of(sample, folder, model_dir), continue_train=goes_on, hooks=hooks)


def soak(sample: str, folder: Path, kills: int, seed: int) -> Counter[str]:
    """Kills trainings of the sample so many times.

    Returns:
      How many kills came between which files: what the folder held at that moment.

    Raises:
      AssertionError: a training ended with other weights, without its export, or with an error.
    """
    # A server that has imported TensorFlow once, and forks: no process waits for the import.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["easy_esmm.training", "tests.conformance.table"])
    chance = random.Random(seed)
    counts: Counter[str] = Counter()

    def ended(model_dir: str, hooks: List[Any]) -> bool:
        process = context.Process(target=run, args=(sample, folder, model_dir, hooks))
        process.start()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL), (
            f"{sample}: status {process.exitcode}; see {folder / model_dir}.log"
        )
        return process.exitcode == 0

    assert ended("whole", [])
    trainings = 0
    while counts["kills"] < kills:
        trainings += 1
        name = f"killed-{trainings}"
        while True:
            hooks = [_random_kill(chance)] if counts["kills"] < kills else []
            if ended(name, hooks):
                break
            counts["kills"] += 1
            counts[_state(folder / name)] += 1
        _require_equal(folder, name)
    counts["trainings"] = trainings
    return counts


def _random_kill(chance: random.Random) -> Kill:
    """Inside steps, around a checkpoint and its evaluation, or after the last evaluation."""
    kind = chance.random()
    if kind < 0.4:
        return Kill(chance.randrange(1, 2 * SAVED_EVERY), chance.uniform(0, 0.05))
    if kind < 0.7:
        return Kill(chance.randrange(1, 2 * SAVED_EVERY), chance.uniform(0, 2))
    return Kill(sys.maxsize, chance.uniform(0, 5))


def _state(folder: Path) -> str:
    """What was going on, as the files tell."""
    names = [path.name for path in folder.rglob("*")]
    if any("_temp" in name or ".tempstate" in name for name in names):
        return "inside the write of a checkpoint"
    if any(".unfinished-" in name for name in names):
        return "inside the export"
    if any(name.startswith("input.ended") for name in names):
        return "after the last step"
    return "between files"


def _require_equal(folder: Path, name: str) -> None:
    assert latest_step(str(folder / name)) == STEPS, name
    whole, found = (
        v1.train.load_checkpoint(str(folder / one / f"model.ckpt-{STEPS}"))
        for one in ("whole", name)
    )
    variables = whole.get_variable_to_shape_map()
    assert sorted(variables) == sorted(found.get_variable_to_shape_map()), name
    for variable in variables:
        np.testing.assert_array_equal(
            found.get_tensor(variable), whole.get_tensor(variable), err_msg=f"{name} {variable}"
        )
    (version,) = (folder / name / "export" / "final").iterdir()
    assert version.name.isdigit(), version
    left = [path.name for path in (folder / name).iterdir() if "temp" in path.name]
    assert left == [], left
    assert not (folder / name / "unfinished_training").exists()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for number, sample in enumerate(SAMPLES):
        share = arguments.kills * (number + 1) // len(SAMPLES) - arguments.kills * number // len(
            SAMPLES
        )
        with tempfile.TemporaryDirectory() as folder:
            counts = soak(sample, Path(folder), share, arguments.seed + number)
        print(f"{sample}: {', '.join(f'{what} {count}' for what, count in sorted(counts.items()))}")


if __name__ == "__main__":
    main()
