"""Copies what some tensors need from one graph to a new one, where it may become something else."""

from __future__ import annotations

import inspect
from typing import Any, Container, Dict, Iterable, List, Mapping, Sequence, Set

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.serving.transform.variables import add_variable

Operation = Any
"""A tf.Operation."""

# Without the layer that warns of old arguments, which takes a quarter of the time of a copy.
_create = inspect.unwrap(tf.Graph.create_op)
_READS = ("ReadVariableOp", "ResourceGather")
"""Operations that only look at a variable, which no operation of a serving graph writes."""
_INPUTS = ("Placeholder", "PlaceholderWithDefault")
_NEWLY_MADE = ("_class", "_output_shapes")
"""Attributes about a graph's other nodes."""


class GraphCopy:
    """A new graph of the operations that some tensors of `source` need.

    Subclasses override `visit` to put something else in the place of an operation. Operations that
    compute the same of the same become one. Names are kept; so are variables, with the same names,
    shapes and types, but not their values.
    """

    def __init__(self, source: tf.Graph) -> None:
        self.source, self.graph = source, tf.Graph()
        self._tensors: Dict[str, Tensor] = {}
        self._operations: Dict[str, Operation] = {}
        self.operations: Set[Operation] = set()
        """Those of the source that are taken over."""
        self._same: Dict[Any, Operation] = {}
        with source.as_default():
            self._variables = {v.handle.op.name: v for v in v1.global_variables()}
        functions = v1.GraphDef(versions=source.as_graph_def().versions)
        functions.library.CopyFrom(source.as_graph_def().library)
        with self.graph.as_default():
            tf.import_graph_def(functions, name="")

    def copy(self, tensors: Sequence[Tensor], initializers: Iterable[Operation]) -> List[Tensor]:
        """The tensors in the new graph.

        Of `initializers` (of lookup tables) those are copied, and collected, whose table is needed.
        """
        asked = [tensor.op for tensor in tensors]
        assets = self.source.get_collection(v1.GraphKeys.ASSET_FILEPATHS)
        starting = _of_tables(needed(asked), initializers)
        besides = [*starting, *(tensor.op for tensor in assets)]
        given = self.begin(needed([*asked, *besides]), tensors)
        asked = [tensor.op for tensor in tensors if tensor.name not in given]
        self.operations = needed([*asked, *besides], given)
        visited = self.operations | {tensor.op for tensor in given.values()}
        # A scope apart: names of the source are taken as they are.
        with self.graph.as_default(), tf.name_scope(type(self).__name__.lower()):
            for operation in self.source.get_operations():  # in the order in which they were made
                if operation in visited:
                    self.visit(operation)
            for operation in starting:
                self._collect(v1.GraphKeys.TABLE_INITIALIZERS, self.operation(operation))
            for tensor in assets:
                self._collect(v1.GraphKeys.ASSET_FILEPATHS, self.tensor(tensor))
            return [self.tensor(tensor) for tensor in tensors]

    def begin(self, operations: Set[Operation], tensors: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """Called before the first visit, with all that `tensors` need.

        Returns, by name, tensors that `visit` puts something in the place of that needs nothing.
        """
        return {}

    def visit(self, operation: Operation) -> None:
        """Takes an operation over, after all that it reads."""
        if operation.type == "VarHandleOp":
            self.set(operation.outputs[0], self._variable(operation).handle)
            return
        controls = [self.operation(before) for before in operation.control_inputs]
        with self.graph.control_dependencies(controls):
            inputs = [self.tensor(tensor) for tensor in operation.inputs]
            made = self.make(operation, inputs, keeps_name=True)
        self._operations[operation.name] = made
        for old, new in zip(operation.outputs, made.outputs):
            self.set(old, new)

    def make(
        self, operation: Operation, inputs: Sequence[Tensor], keeps_name: bool = False
    ) -> Operation:
        """An operation of the new graph like this one, of other inputs."""
        node = operation.node_def
        attributes = {k: v for k, v in node.attr.items() if k not in _NEWLY_MADE}
        key = None
        is_free = not operation.control_inputs and operation.type not in _INPUTS
        if is_free and (operation.type in _READS or not operation.op_def.is_stateful):
            texts = sorted(
                (k, v.SerializeToString(deterministic=True)) for k, v in attributes.items()
            )
            key = operation.type, tuple(tensor.name for tensor in inputs), tuple(texts)
            if key in self._same:
                return self._same[key]
        made = _create(
            self.graph,
            operation.type,
            inputs,
            [tensor.dtype for tensor in operation.outputs],
            name=operation.name + "/" if keeps_name else operation.name,
            attrs=attributes,
        )
        for old, new in zip(operation.outputs, made.outputs):
            if keeps_name:
                new.set_shape(old.shape)
        if key is not None:
            self._same[key] = made
        return made

    def set(self, old: Tensor, new: Tensor) -> None:
        """Puts a tensor of the new graph in the place of one of the source."""
        self._tensors[old.name] = new

    def tensor(self, old: Tensor) -> Tensor:
        """What stands in the place of a tensor of the source."""
        return self._tensors[old.name]

    def operation(self, old: Operation) -> Operation:
        """What runs in the place of an operation of the source."""
        if old.name not in self._operations:
            tensors = [self.tensor(tensor) for tensor in old.outputs]
            self._operations[old.name] = tf.group(*tensors)
        return self._operations[old.name]

    def add_variable(self, name: str, shape: Any, dtype: Any) -> Any:
        """A variable of the new graph, to be loaded."""
        return add_variable(next(iter(self._variables.values())), name, shape, dtype)

    def _variable(self, handle: Operation) -> Any:
        old = self._variables[handle.name]
        return self.add_variable(old.op.name, old.shape, old.dtype)

    def _collect(self, collection: str, item: Any) -> None:
        if item not in self.graph.get_collection_ref(collection):
            self.graph.add_to_collection(collection, item)


def needed(operations: Iterable[Operation], given: Container[str] = ()) -> Set[Operation]:
    """These operations and all that run before them; `given`: names of tensors that are there."""
    found: Set[Operation] = set()
    waiting = list(operations)
    while waiting:
        operation = waiting.pop()
        if operation not in found:
            found.add(operation)
            waiting.extend(t.op for t in operation.inputs if t.name not in given)
            waiting.extend(operation.control_inputs)
    return found


def _of_tables(operations: Set[Operation], initializers: Iterable[Operation]) -> List[Operation]:
    """The initializers of the tables among the operations."""
    return [initializer for initializer in initializers if initializer.inputs[0].op in operations]
