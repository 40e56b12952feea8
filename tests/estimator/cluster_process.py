"""Trains as `easy_esmm.train` does, and counts each row in a variable that checkpoints hold.

python cluster_process.py CONFIG [--continue_train]

KILL="chief 12" in the environment: the chief kills itself after its 12th step, once.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm import flags, training
from easy_esmm.compat import v1
from easy_esmm.estimator import cluster

SEEN = "seen"


class SeenRows(v1.train.SessionRunHook):  # type: ignore[misc]
    """Adds 1 for each row, whose number is the only int64 column, in the step that trains on it."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def begin(self) -> None:
        operations = v1.get_default_graph().get_operations()
        batch = next(op for op in operations if op.type == "IteratorGetNext")
        (number,) = (column for column in batch.outputs if column.dtype == tf.int64)
        seen = v1.get_variable(
            SEEN,
            [self._rows],
            tf.int32,
            v1.zeros_initializer(),
            trainable=False,
            use_resource=True,
        )
        self._count = tf.raw_ops.ResourceScatterAdd(
            resource=seen.handle, indices=number, updates=tf.ones_like(number, tf.int32)
        )

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._count)


class Kill(v1.train.SessionRunHook):  # type: ignore[misc]
    """Ends the process without warning after so many steps of its own; only the first one."""

    def __init__(self, steps: int, mark: Path) -> None:
        self._left, self._mark = steps, mark

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._left -= 1
        if self._left == 0 and not self._mark.exists():
            self._mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: flags.Arguments) -> None:
    """Trains."""
    path = Path(arguments.positional[0])
    pipeline = configs.load(str(path))
    rows = sum(1 for _ in path.with_name("train.csv").open()) - 1
    hooks: list[Any] = [SeenRows(rows)]
    who, _, steps = os.environ.get("KILL", "").rpartition(" ")
    if who and who == str(cluster.role()):
        hooks.append(Kill(int(steps), path.with_name("killed")))
    training.train(pipeline, continue_train=FLAGS.continue_train, hooks=hooks)


FLAGS = flags.define("continue_train")

if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    flags.run(main, FLAGS, __doc__, positional=True)
