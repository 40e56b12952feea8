"""Trains on a cluster of processes on this machine, over loopback.

python -m easy_esmm.launch --workers 2 --ps 2 [--evaluator] --pipeline_config X
    [--max_restarts 3] [--stop_seconds 60] [flags of easy_esmm.train]

--workers counts the processes that train; the chief, which also saves and exports, is one of them.
Config and files are checked once, then each process is an `easy_esmm.train` with a TF_CONFIG of its
own. All write here, behind the name of the process, and to <model_dir>/cluster/logs/<process>.log.

A process that was killed, or that lost another one, is started again, up to --max_restarts times
each. SIGTERM and Ctrl-C let the trainers finish their step and save, then end the servers; a second
one kills all. No process outlives this one. Status 0 if all ended well; 143 or 130 after SIGTERM or
Ctrl-C; else that of the process that failed first.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

from absl import flags as absl_flags

from easy_esmm import flags, train
from easy_esmm.errors import UserError
from easy_esmm.folder_lock import locked
from easy_esmm.launching.plan import plan, tasks
from easy_esmm.launching.supervisor import Limits, Supervisor

_OWN = flags.define()
absl_flags.DEFINE_integer(
    "workers", 2, "processes that train, the chief among them", lower_bound=1, flag_values=_OWN
)
absl_flags.DEFINE_integer(
    "ps", 1, "parameter servers, which hold the variables", lower_bound=1, flag_values=_OWN
)
absl_flags.DEFINE_bool(
    "evaluator", False, "also a process that evaluates each checkpoint", flag_values=_OWN
)
absl_flags.DEFINE_integer(
    "max_restarts", 3, "restarts of one process", lower_bound=0, flag_values=_OWN
)
absl_flags.DEFINE_float(
    "stop_seconds",
    60.0,
    "seconds for a process that was asked to end, before it is killed",
    lower_bound=0.0,
    flag_values=_OWN,
)
FLAGS = flags.define()
FLAGS.append_flag_values(train.FLAGS)
FLAGS.append_flag_values(_OWN)


def main(arguments: flags.Arguments) -> None:
    """Checks once, then runs the cluster to its end; ends the process with its status."""
    pipeline = arguments.load("train")
    model_dir = pipeline.config.model_dir
    require_free(model_dir, FLAGS.continue_train)
    forwarded = train_arguments(sys.argv)
    _require_good_input(forwarded)
    if FLAGS.dry_run:
        return
    cluster = tasks(FLAGS.workers, FLAGS.ps, FLAGS.evaluator)
    folder = Path(model_dir) / "cluster"
    supervisor = Supervisor(
        plan(cluster, forwarded),
        folder / "logs",
        Limits(FLAGS.max_restarts, FLAGS.stop_seconds),
        lambda line: print(line, flush=True),
        lambda: newest_checkpoint(model_dir),
    )
    # Of a second cluster the chief alone would end, at its own lock; the others would write marks
    # into the folder of the first one.
    with locked(str(folder)):
        status = supervisor.run()
    sys.exit(status)


def train_arguments(argv: List[str]) -> Tuple[str, ...]:
    """The arguments for `easy_esmm.train`: those that are not flags of this program's own."""
    own = flags.define()
    own.append_flag_values(_OWN)
    own.set_gnu_getopt(True)
    return tuple(own(argv, known_only=True)[1:])


def require_free(model_dir: str, continue_train: bool) -> None:
    """Refuses a model_dir that holds something, before a log is written into it.

    Raises:
      UserError: it is not empty, and `continue_train` is not set.
    """
    if not continue_train and os.path.isdir(model_dir) and os.listdir(model_dir):
        raise UserError(
            f"model_dir: {model_dir} is not empty; give another --model_dir, or --continue_train "
            "to go on from its newest checkpoint"
        )


def newest_checkpoint(model_dir: str) -> str:
    """Its name, such as `model.ckpt-200`, as the file `checkpoint` tells; or `none yet`."""
    try:
        text = Path(model_dir, "checkpoint").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "none yet"
    match = re.search(r'^model_checkpoint_path: "(?:.*/)?([^"/]+)"', text, re.MULTILINE)
    return match.group(1) if match else "none yet"


def _require_good_input(forwarded: Tuple[str, ...]) -> None:
    """Checks the files in a process of its own, since that takes TensorFlow."""
    command = [sys.executable, "-m", "easy_esmm.train", *forwarded, "--dry_run"]
    environment = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
    status = subprocess.run(command, env=environment, check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
