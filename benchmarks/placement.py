"""On which device each operation of a step ran, and what was copied between devices.

Read from the graphs that TensorFlow has made for the devices, one for each, which a session hands
out under `RunOptions(output_partition_graphs=True)`: they show the placement that ran, after all
that TensorFlow has merged, moved or left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence

from easy_esmm.compat import v1


@dataclass(frozen=True, order=True)
class Copy:
    """A tensor that one device sends to another in each step."""

    sender: str
    receiver: str
    """`CPU:0`, `GPU:0`."""
    tensor: str
    """Name of the operation that gives it."""
    dtype: str


def operations(graphs: Sequence[Any]) -> Dict[str, Counter[str]]:
    """By device, how many operations of each type ran there; sending and receiving is none."""
    found: Dict[str, Counter[str]] = {}
    for node in (node for graph in graphs for node in graph.node):
        if node.op.strip("_") not in ("Send", "HostSend", "Recv", "HostRecv"):
            found.setdefault(_short(node.device), Counter())[node.op] += 1
    return found


def copies(graphs: Sequence[Any]) -> List[Copy]:
    """In the order of devices and names."""
    found = []
    for node in (node for graph in graphs for node in graph.node):
        if node.op.strip("_") in ("Recv", "HostRecv"):
            devices = (_text(node, name) for name in ("send_device", "recv_device"))
            sender, receiver = (_short(device) for device in devices)
            # `edge_7_encode/user/hash`: an edge's number and the operation at its beginning.
            tensor = _text(node, "tensor_name").split("_", 2)[-1]
            dtype = v1.as_dtype(node.attr["tensor_type"].type).name
            found.append(Copy(sender, receiver, tensor, dtype))
    return sorted(one for one in found if one.sender != one.receiver)


def lines(graphs: Sequence[Any]) -> List[str]:
    """The placement as text: the types by device, then a line for each copy."""
    told = []
    for device, types in sorted(operations(graphs).items()):
        listed = ", ".join(f"{count} {kind}" for kind, count in types.most_common())
        told.append(f"{device}: {sum(types.values())} operations: {listed}")
    moved = copies(graphs)
    told.append(f"{len(moved)} copies between devices a step")
    told += [f"{one.sender} -> {one.receiver}  {one.dtype:<8} {one.tensor}" for one in moved]
    return told


def _short(device: str) -> str:
    return device.rpartition("device:")[2] or "anywhere"


def _text(node: Any, attribute: str) -> str:
    text: str = node.attr[attribute].s.decode()
    return text
