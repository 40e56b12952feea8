"""Computes what depends on the user alone once, and gives it to the items as late as possible."""

from __future__ import annotations

from collections import Counter
from typing import Counter as Counts
from typing import Dict, List, Mapping, Optional, Sequence, Set

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.serving.transform.affine import affine_value, computed
from easy_esmm.serving.transform.graph_copy import GraphCopy, Operation
from easy_esmm.serving.transform.known import known_tensors
from easy_esmm.serving.transform.row_wise import row_wise_values
from easy_esmm.serving.transform.values import Affine, Copied, Joined, Rows, Value


class UserOnce(GraphCopy):
    """A graph in which a row that is copied is computed once.

    In the plain graph the user's row is given to the rows of the request by gathers with an index
    that is 0 everywhere. From this index on each tensor is followed: what an operation makes of
    copied rows, row by row, is copied rows again, and the operation is run on one of them. A matrix
    product of copied and other columns becomes the sum of two products. An operation that is not
    known gets all rows, as it always did: that is right, only not faster.

    Products whose sum with a bias is scaled, as by batch normalisation, have the scale in kernel
    and bias.
    """

    def __init__(self, source: tf.Graph, index: Optional[Tensor]) -> None:
        """`index`: int32 [rows], zeros; None: no signature holds a user once."""
        super().__init__(source)
        self._index = index
        self._values: Dict[str, Value] = {}
        self._known: Set[str] = set()
        self._readers: Counts[str] = Counter()

    def begin(self, operations: Set[Operation], tensors: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """Looks for what depends on variables alone, and counts who reads each tensor."""
        self._known = known_tensors(self.source, operations)
        readers = [tensor.name for operation in operations for tensor in operation.inputs]
        self._readers = Counter([*readers, *(tensor.name for tensor in tensors)])
        return {}

    def visit(self, operation: Operation) -> None:
        """Takes an operation over, on one row where all are alike."""
        values = None
        if not operation.control_inputs and not self.is_known(operation.outputs):
            values = affine_value(self, operation)
        if values is None and any(self.is_copied(tensor) for tensor in operation.inputs):
            controls = [self.operation(before) for before in operation.control_inputs]
            with self.graph.control_dependencies(controls):
                values = row_wise_values(self, operation)
        if values is None:
            super().visit(operation)
            if self._index is not None and operation is self._index.op:
                one = tf.zeros([1], self._index.dtype, name="rank/one_user")
                self._values[self._index.name] = Copied(one)
            return
        for old, value in zip(operation.outputs, values):
            if isinstance(value, Affine) and self._readers[old.name] > 1:
                value = Rows(computed(value))
            self._values[old.name] = value

    def value(self, old: Tensor) -> Value:
        """What a tensor of the source has become."""
        value = self._values.get(old.name)
        return Rows(self.tensor(old)) if value is None else value

    def is_known(self, tensors: Sequence[Tensor]) -> bool:
        """Whether tensors of the source depend on variables and constants alone."""
        return all(tensor.name in self._known for tensor in tensors)

    def is_copied(self, old: Tensor) -> bool:
        """Whether a tensor of the source has copied rows, or columns of such."""
        return isinstance(self._values.get(old.name), (Copied, Joined))

    def tensor(self, old: Tensor) -> Tensor:
        """A tensor of the source with all of its rows."""
        if old.name not in self._tensors:
            self.set(old, self.all_rows(self._values[old.name]))
        return super().tensor(old)

    def all_rows(self, value: Value) -> Tensor:
        """The tensor that a value stands for."""
        if isinstance(value, Rows):
            return value.tensor
        if isinstance(value, Affine):
            return computed(value)
        if isinstance(value, Copied):
            return tf.gather(value.one, self.index)
        parts: List[Tensor] = [self.all_rows(part) for part in value.parts]
        return tf.concat(parts, axis=1)

    @property
    def index(self) -> Tensor:
        """int32 [rows], zeros, in the new graph."""
        return super().tensor(self._index)
