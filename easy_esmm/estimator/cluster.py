"""Reads from TF_CONFIG which part this process has in a cluster. No TensorFlow.

    {"cluster": {"chief": ["a:2222"], "worker": ["b:2222"], "ps": ["c:2222", "d:2222"]},
     "task": {"type": "worker", "index": 0}}

The chief and the workers train, each on its own rows; the parameter servers (`ps`) hold the
variables. The evaluator is not listed: nobody connects to it.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from typing import Any, Iterator, Mapping, Optional, Tuple

from easy_esmm.config.hints import did_you_mean
from easy_esmm.config.scalars import quoted
from easy_esmm.errors import UserError

LISTED = ("chief", "worker", "ps")
KINDS = (*LISTED, "evaluator")
_VARIABLE = "TF_CONFIG"
_LAST_PORT = 65535


@dataclass(frozen=True)
class Role:
    """What this process is to the training."""

    kind: str = "local"
    """local, chief, worker, ps or evaluator; local: one process does everything."""
    index: int = 0
    """Among the processes of its kind."""
    addresses: Mapping[str, Tuple[str, ...]] = field(default_factory=dict)
    """host:port by kind, without evaluators; empty for local."""

    @property
    def is_chief(self) -> bool:
        """Whether this process writes checkpoints, the config and the final export."""
        return self.kind in ("local", "chief")

    @property
    def trainers(self) -> int:
        """Processes that read training rows: the chief and the workers."""
        return 1 + len(self.addresses.get("worker", ()))

    @property
    def servers(self) -> int:
        """Number of parameter servers; 0 for local."""
        return len(self.addresses.get("ps", ()))

    @property
    def trainer(self) -> int:
        """Number of this trainer: the chief is 0, the first worker 1."""
        return self.index + 1 if self.kind == "worker" else 0

    @property
    def shard(self) -> Tuple[int, int]:
        """(this trainer, trainers): its part of the training rows."""
        return self.trainer, self.trainers

    def __str__(self) -> str:
        return self.kind if self.is_chief else f"{self.kind} {self.index}"


def role() -> Role:
    """The role that TF_CONFIG gives to this process; local without it.

    Raises:
      UserError: TF_CONFIG describes no cluster that can train.
    """
    text = os.environ.get(_VARIABLE, "")
    if not text.strip():
        return Role()
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _error("must be JSON", text) from error
    if not isinstance(settings, dict):
        raise _error("must be a JSON object", text)
    cluster, task = settings.get("cluster"), settings.get("task")
    if not cluster and not task:
        return Role()
    if not isinstance(cluster, dict):
        raise _error('must have a "cluster", which lists addresses by kind of process', text)
    if not isinstance(task, dict):
        raise _error('must have a "task", such as {"type": "worker", "index": 0}', text)
    addresses = _addresses(cluster)
    kind, index = _kind(task), _index(task)
    if kind != "evaluator" and not addresses.get(kind):
        raise _error(f"task.type: must be listed in the cluster, which has no {kind}", kind)
    count = 1 if kind == "evaluator" else len(addresses[kind])
    if index >= count:
        there = "there is one evaluator" if kind == "evaluator" else f"{count} listed as {kind}"
        raise _error(f"task.index: must be below {count} ({there})", index)
    return Role(kind, index, addresses)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hides TF_CONFIG: an Estimator that is made inside runs in this process alone."""
    text = os.environ.pop(_VARIABLE, None)
    try:
        yield
    finally:
        if text is not None:
            os.environ[_VARIABLE] = text


def _addresses(cluster: Mapping[str, Any]) -> Mapping[str, Tuple[str, ...]]:
    found = {kind: _listed(kind, listed) for kind, listed in cluster.items()}
    if len(found.get("chief", ())) != 1:
        raise _error(
            "cluster.chief: must list one address: the process that writes checkpoints",
            list(found.get("chief", ())),
        )
    every = [(kind, address) for kind, listed in found.items() for address in listed]
    for number, (kind, address) in enumerate(every):
        if address in (other for _, other in every[:number]):
            raise _error(f"cluster.{kind}: must list each address once", address)
    return {kind: listed for kind, listed in found.items() if listed}


def _listed(kind: str, listed: Any) -> Tuple[str, ...]:
    """The addresses of a kind."""
    where = f"cluster.{kind}"
    if kind == "evaluator":
        raise _error(
            f"{where}: must be left out: nobody connects to an evaluator, which has its place "
            "in `task` alone",
            listed,
        )
    if kind == "master":
        raise _error(f"{where}: must be called chief", listed)
    if kind not in LISTED:
        raise _error(f"cluster: {_one_of(kind, LISTED)}", kind)
    # TensorFlow also takes a map of indices, for a cluster of which parts are unknown.
    if not isinstance(listed, list):
        raise _error(f"{where}: must be a list of addresses", listed)
    for number, address in enumerate(listed):
        if not _is_address(address):
            raise _error(f"{where}[{number}]: must be host:port", address)
    return tuple(listed)


def _is_address(address: Any) -> bool:
    if not isinstance(address, str):
        return False
    host, _, port = address.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) <= _LAST_PORT


def _kind(task: Mapping[str, Any]) -> str:
    kind = task.get("type")
    if kind == "master":
        raise _error("task.type: must be called chief", kind)
    if not isinstance(kind, str) or kind not in KINDS:
        raise _error(f"task.type: {_one_of(kind, KINDS)}", kind)
    return kind


def _index(task: Mapping[str, Any]) -> int:
    index = task.get("index", 0)
    if isinstance(index, str) and index.isascii() and index.isdigit():  # as some launchers have it
        index = int(index)
    if isinstance(index, int) and not isinstance(index, bool) and index >= 0:
        return index
    raise _error("task.index: must be a whole number from 0", index)


def _one_of(kind: Any, kinds: Tuple[str, ...]) -> str:
    hint: Optional[str] = did_you_mean(kind, kinds) if isinstance(kind, str) else None
    return f"must be one of {', '.join(kinds)}{f' ({hint})' if hint else ''}"


def _error(rule: str, value: Any) -> UserError:
    text = value if isinstance(value, str) else json.dumps(value)
    return UserError(f"{_VARIABLE}: {rule}, got {quoted(text)}")
