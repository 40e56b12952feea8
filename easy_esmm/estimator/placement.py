"""Places the operations of a trainer of a cluster: variables on servers, the rest on itself."""

from __future__ import annotations

from typing import Any, List

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.estimator.cluster import Role


def device_fn(role: Role) -> Any:
    """For a RunConfig: the device of each operation of a chief or worker.

    Each variable goes to the server that holds the fewest bytes so far. All trainers build one
    graph, so that they find each variable at the same place. A partition is a variable of its own.
    An optimizer's slots stand beside their variable.
    """
    return v1.train.replica_device_setter(
        worker_device=f"/job:{role.kind}/task:{role.index}",
        cluster=tf.train.ClusterSpec({kind: list(of) for kind, of in role.addresses.items()}),
        ps_strategy=_FewestBytes(role.servers),
    )


def device_filters(role: Role) -> List[str]:
    """For a session: the processes that it talks to, itself and the servers.

    Without them a session waits for every process of the cluster, and one dead worker stops all.
    """
    if role.kind == "ps":
        return ["/job:ps", "/job:worker", "/job:chief"]
    return ["/job:ps", f"/job:{role.kind}/task:{role.index}"]


class _FewestBytes:
    """Chooses a server for a variable."""

    def __init__(self, servers: int) -> None:
        self._bytes = [0] * servers

    def __call__(self, op: Any) -> int:
        server = self._bytes.index(min(self._bytes))
        self._bytes[server] += _size(op)
        return server


def _size(op: Any) -> int:
    """Bytes of the variable that `op`, an operation or its NodeDef, makes."""
    if "shape" not in op.node_def.attr:
        return 0
    shape = tf.TensorShape(op.get_attr("shape"))
    return int((shape.num_elements() or 0) * tf.dtypes.as_dtype(op.get_attr("dtype")).size)
