"""Finds what depends on variables and constants alone."""

from __future__ import annotations

from typing import Any, Iterable, Set

import tensorflow as tf

_NEVER = ("VarHandleOp", "Placeholder", "PlaceholderWithDefault", "NoOp", "Assert")


def known_tensors(graph: tf.Graph, operations: Iterable[Any]) -> Set[str]:
    """Names of the outputs of `operations` of the graph that are the same for each request.

    Values of variables are, rows of a table by constant ids too, but no handle of either.
    """
    known: Set[str] = set()
    wanted = set(operations)
    for operation in graph.get_operations():
        if operation in wanted and _is_known(operation, known):
            known.update(tensor.name for tensor in operation.outputs)
    return known


def _is_known(operation: Any, known: Set[str]) -> bool:
    if operation.type in _NEVER or operation.control_inputs or not operation.outputs:
        return False
    if any(tensor.dtype in (tf.resource, tf.variant) for tensor in operation.outputs):
        return False
    inputs = list(operation.inputs)
    if operation.type in ("ReadVariableOp", "ResourceGather"):
        if inputs[0].op.type != "VarHandleOp":
            return False
        inputs = inputs[1:]
    elif operation.op_def.is_stateful:
        return False
    return all(tensor.name in known for tensor in inputs)
