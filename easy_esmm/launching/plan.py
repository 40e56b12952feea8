"""The processes of a local cluster: their roles, addresses, environment and command."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

CHIEF, WORKER, PS, EVALUATOR = "chief", "worker", "ps", "evaluator"
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Task:
    """One process of the cluster."""

    kind: str
    """`chief`, `worker`, `ps` or `evaluator`."""
    index: int

    @property
    def name(self) -> str:
        """`chief`, `worker-0`, `ps-1`, `evaluator`."""
        return self.kind if self.kind in (CHIEF, EVALUATOR) else f"{self.kind}-{self.index}"

    @property
    def is_trainer(self) -> bool:
        """Whether it trains on rows: the chief does, as the workers do."""
        return self.kind in (CHIEF, WORKER)


@dataclass(frozen=True)
class Launch:
    """What to start for a task."""

    task: Task
    command: Tuple[str, ...]
    restart_command: Tuple[str, ...]
    """What to start where the task ended before its work was done."""
    environment: Dict[str, str]


def tasks(workers: int, ps: int, evaluator: bool) -> Tuple[Task, ...]:
    """The cluster of so many trainers, the chief among them, and parameter servers.

    Servers come first: the trainers wait for them.
    """
    return (
        *(Task(PS, index) for index in range(ps)),
        Task(CHIEF, 0),
        *(Task(WORKER, index) for index in range(workers - 1)),
        *((Task(EVALUATOR, 0),) if evaluator else ()),
    )


def plan(cluster: Sequence[Task], train_arguments: Sequence[str]) -> Tuple[Launch, ...]:
    """What to start for each task: `easy_esmm.train` with these arguments.

    A process that is started again goes on in the model_dir, which holds a training by then.
    """
    addresses = free_addresses(cluster)
    command = (sys.executable, "-m", "easy_esmm.train", *train_arguments)
    return tuple(
        Launch(
            task=task,
            command=command,
            restart_command=(*command, "--continue_train"),
            environment={**threads_of(task, cluster), "TF_CONFIG": tf_config(task, addresses)},
        )
        for task in cluster
    )


def tf_config(task: Task, addresses: Dict[str, List[str]]) -> str:
    """TF_CONFIG of a task in JSON; `addresses` by kind, in the order of their indices."""
    return json.dumps(
        {"cluster": addresses, "task": {"type": task.kind, "index": task.index}}, sort_keys=True
    )


def free_addresses(cluster: Sequence[Task]) -> Dict[str, List[str]]:
    """Addresses on loopback by kind; an evaluator needs none.

    The ports are free now; another program could take one before its process does, which then
    ends with an error that names the port.
    """
    addresses: Dict[str, List[str]] = {}
    with contextlib.ExitStack() as held:  # all at once, so that no port is given twice
        for task in cluster:
            if task.kind != EVALUATOR:
                listener = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                listener.bind((_HOST, 0))
                address = f"{_HOST}:{listener.getsockname()[1]}"
                addresses.setdefault(task.kind, []).append(address)
    return addresses


def threads_of(task: Task, cluster: Sequence[Task]) -> Dict[str, str]:
    """TensorFlow's numbers of threads for a task, as environment variables.

    The cores are shared among the trainers, and again among the servers, which work while trainers
    wait for them. What `train_config` sets comes before these.
    """
    alike = [t for t in cluster if t.kind == task.kind or (t.is_trainer and task.is_trainer)]
    threads = str(max(1, len(os.sched_getaffinity(0)) // len(alike)))
    return {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads}
