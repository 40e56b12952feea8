"""Computes once, at the export, what depends on variables and constants alone."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Mapping, Sequence, Set

import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.serving.transform.graph_copy import GraphCopy, Operation
from easy_esmm.serving.transform.known import known_tensors
from easy_esmm.serving.transform.moving import Values, load

_DTYPES = (tf.float32, tf.float64, tf.bfloat16, tf.float16, tf.int32, tf.int64, tf.bool)
_SMALL = 1024
"""Bytes up to which a value is a constant, and up to which it may be larger than its sources."""
_SCOPE = "precomputed"
_SOURCES = ("VarHandleOp", "Const")


class Precomputed(GraphCopy):
    """A graph with the results of operations in the place of these.

    They are its variables `precomputed/<name of the operation>`, or constants where they are small
    and made of constants. What is larger than the variables that it is made of is computed with
    each request, as it was.
    """

    def __init__(self, source: tf.Graph, read: Callable[[Sequence[str]], Values]) -> None:
        """`read`: from names of variables of `source` to their values."""
        super().__init__(source)
        self._read = read
        self._results: Dict[str, NDArray[Any]] = {}
        self._made_of: Dict[str, Set[Operation]] = {}
        self.values: Dict[str, NDArray[Any]] = {}
        """By name, the variables of the new graph that the source has not."""

    def begin(self, operations: Set[Operation], tensors: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """Computes what the rest of the graph reads."""
        known = known_tensors(self.source, operations)
        self._made_of = _sources(self.source, known)
        read = [tensor for operation in operations if not _is_known(operation, known)
                for tensor in operation.inputs]  # fmt: skip
        wanted = {
            tensor.name: tensor
            for tensor in (*read, *tensors)
            if tensor.name in known
            and tensor.op.type not in ("Const", "ReadVariableOp")
            and tensor.dtype in _DTYPES
        }
        for name, value in self._computed(wanted).items():
            sources = self._made_of[wanted[name].op.name]
            if value.nbytes <= _SMALL + sum(self._bytes(source) for source in sources):
                self._results[name] = value
        return {name: wanted[name] for name in self._results}

    def visit(self, operation: Operation) -> None:
        """Puts the result of an operation in its place."""
        kept = [tensor for tensor in operation.outputs if tensor.name in self._results]
        if operation in self.operations:
            super().visit(operation)
        for tensor in kept:
            self.set(tensor, self._kept(tensor))

    def _computed(self, wanted: Dict[str, Tensor]) -> Dict[str, NDArray[Any]]:
        sources = set().union(*(self._made_of[tensor.op.name] for tensor in wanted.values()))
        with self.source.as_default(), v1.Session() as session:
            variables = [self._variables[s.name] for s in sources if s.type == "VarHandleOp"]
            load(variables, self._read([variable.op.name for variable in variables]), session)
            results: Dict[str, NDArray[Any]] = session.run(wanted)
            return results

    def _kept(self, tensor: Tensor) -> Tensor:
        value, sources = self._results[tensor.name], self._made_of[tensor.op.name]
        is_constant = all(source.type == "Const" for source in sources)
        if is_constant and value.nbytes <= _SMALL:
            return tf.constant(value, tensor.dtype)
        name = f"{_SCOPE}/{tensor.op.name}"
        name += f"_{tensor.value_index}" if tensor.value_index else ""
        self.values[name] = value
        return self.add_variable(name, value.shape, tensor.dtype).value()

    def _bytes(self, source: Operation) -> int:
        if source.type == "VarHandleOp":
            variable = self._variables[source.name]
            return int(variable.shape.num_elements() * variable.dtype.size)
        constant = source.outputs[0]
        return int(constant.shape.num_elements() * constant.dtype.size)


def _is_known(operation: Operation, known: Set[str]) -> bool:
    names = [tensor.name for tensor in operation.outputs]
    return bool(names) and all(name in known for name in names)


def _sources(graph: tf.Graph, known: Iterable[str]) -> Dict[str, Set[Operation]]:
    """By name of an operation, the variables and constants that what is known is made of."""
    names = {name.split(":")[0] for name in known}
    made_of: Dict[str, Set[Operation]] = {}
    for operation in graph.get_operations():
        if operation.type in _SOURCES:
            made_of[operation.name] = {operation}
        elif operation.name in names:
            read = (made_of[tensor.op.name] for tensor in operation.inputs)
            made_of[operation.name] = set().union(*read)
    return made_of
