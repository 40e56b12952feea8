"""What a model takes and gives, as its server tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Tuple

import numpy as np

from easy_esmm.protos import prediction_pb2 as messages

DTYPES: Dict[int, Any] = {
    messages.DT_FLOAT: np.dtype(np.float32),
    messages.DT_DOUBLE: np.dtype(np.float64),
    messages.DT_INT32: np.dtype(np.int32),
    messages.DT_INT64: np.dtype(np.int64),
    messages.DT_BOOL: np.dtype(np.bool_),
    messages.DT_STRING: np.dtype(object),
}
"""Type of a tensor -> numpy's; text is bytes."""


@dataclass(frozen=True)
class TensorSpec:
    """An input or an output."""

    dtype: Any
    """numpy's; object for text."""
    shape: Tuple[int, ...]
    """-1 for a dimension of any size."""

    def __str__(self) -> str:
        sizes = ", ".join("any" if size < 0 else str(size) for size in self.shape)
        return f"{type_name(self.dtype)}[{sizes}]"


@dataclass(frozen=True)
class Signature:
    """One way to call a model."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]

    @property
    def rows(self) -> int:
        """Rows that each request must have; -1: any number, or not the same of all inputs."""
        sizes = {spec.shape[:1] for spec in self.inputs.values()}
        (size,) = sizes.pop() if len(sizes) == 1 else (-1,)
        return size

    @property
    def of_the_user(self) -> Tuple[str, ...]:
        """The inputs of one row; the others have a row for each item."""
        if self.rows == 1:  # an export for one row at a time
            return ()
        return tuple(name for name, spec in self.inputs.items() if spec.shape[:1] == (1,))


def type_name(dtype: Any) -> str:
    """`text`, `int64`, `float32` and so on."""
    kind = np.dtype(dtype)
    return "text" if kind.kind == "O" else str(kind)


def signatures_of(message: messages.SignatureDefMap) -> Dict[str, Signature]:
    """By name: the signatures whose tensors are all of `DTYPES`."""
    return {
        name: Signature(_specs(signature.inputs), _specs(signature.outputs))
        for name, signature in sorted(message.signature_def.items())
        if all(
            tensor.dtype in DTYPES
            for tensors in (signature.inputs, signature.outputs)
            for tensor in tensors.values()
        )
    }


def _specs(tensors: Mapping[str, messages.TensorInfo]) -> Dict[str, TensorSpec]:
    return {
        name: TensorSpec(
            DTYPES[tensors[name].dtype],
            tuple(dimension.size for dimension in tensors[name].tensor_shape.dim),
        )
        for name in sorted(tensors)
    }
