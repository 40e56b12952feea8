"""Which operations treat each row by itself, and what they make of copied rows."""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, List, Optional, Sequence

import numpy as np
import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.serving.transform.values import Affine, Copied, Joined, Rows, Value

Values = Optional[List[Value]]
Rule = Callable[[Any, Any], Values]
"""(the rewriting, an operation that reads copied rows) -> its outputs; None: it needs all rows."""


def _names(text: str) -> FrozenSet[str]:
    return frozenset(text.split())


_UNARY = _names(
    """Abs Acos AsString Asin Atan Bucketize Cast Ceil Cos Cosh Elu Erf Exp Expm1 Floor Identity
    Inv Invert IsFinite IsInf IsNan LeakyRelu Log Log1p LogSoftmax LogicalNot Neg OnesLike
    PreventGradient Reciprocal RegexFullMatch RegexReplace Relu Relu6 Rint Round Rsqrt Selu
    Sigmoid Sign Sin Sinh Snapshot Softmax Softplus Softsign Sqrt Square StaticRegexFullMatch
    StaticRegexReplace StopGradient StringLength StringLower StringStrip StringToHashBucketFast
    StringToNumber StringUpper Tan Tanh ZerosLike"""
)
"""Of one tensor with rows, whatever else they read."""
_OF_PARTS = _names("Cast Identity Relu Sigmoid StopGradient Tanh")
"""Those that may be applied to the columns of a matrix part by part."""
_BROADCAST = _names(
    """Add AddV2 Atan2 BitwiseAnd BitwiseOr Div DivNoNan Equal FloorDiv FloorMod Greater
    GreaterEqual Less LessEqual LogicalAnd LogicalOr Maximum Minimum Mod Mul MulNoNan NotEqual
    Pow RealDiv SelectV2 SquaredDifference Sub Xdivy Xlogy"""
)
"""Of several tensors whose shapes are broadcast."""
_REDUCTIONS = _names("All Any ArgMax ArgMin Max Mean Min Prod Sum")


def row_wise_values(rewrite: Any, operation: Any) -> Values:
    """The outputs of an operation that reads copied rows; None if it needs all of them."""
    rule = _RULES.get(operation.type)
    return None if rule is None else rule(rewrite, operation)


def _on_one_row(rewrite: Any, operation: Any, inputs: Sequence[Tensor]) -> Values:
    return [Copied(tensor) for tensor in rewrite.make(operation, inputs).outputs]


def _first_on_one_row(rewrite: Any, operation: Any) -> Values:
    """The rows are those of the first input; the others are parameters."""
    first, *others = operation.inputs
    value = rewrite.value(first)
    if not isinstance(value, Copied) or any(rewrite.is_copied(tensor) for tensor in others):
        return None
    inputs = [value.one, *(rewrite.tensor(tensor) for tensor in others)]
    return _on_one_row(rewrite, operation, inputs)


def _unary(rewrite: Any, operation: Any) -> Values:
    value = rewrite.value(operation.inputs[0])
    if operation.type in ("Softmax", "LogSoftmax") and operation.inputs[0].shape.rank in (None, 1):
        return None  # over the rows
    if isinstance(value, Joined) and operation.type in _OF_PARTS:
        parts: List[Any] = []
        for part in value.parts:
            tensor = part.one if isinstance(part, Copied) else part.tensor
            parts.append(type(part)(rewrite.make(operation, [tensor]).outputs[0]))
        return [Joined(tuple(parts))]
    return _first_on_one_row(rewrite, operation)


def _broadcast(rewrite: Any, operation: Any) -> Values:
    """Copied rows are broadcast by the operation itself, where others have rows of their own."""
    rank = operation.outputs[0].shape.rank
    if not rank:
        return None
    inputs: List[Tensor] = []
    have_rows = False
    for tensor in operation.inputs:
        value = rewrite.value(tensor)
        if isinstance(value, Copied):
            if tensor.shape.rank != rank:
                return None  # its rows are along another axis of the result
            inputs.append(value.one)
            continue
        if tensor.shape.rank is None:
            return None
        inputs.append(rewrite.tensor(tensor))
        have_rows = have_rows or (tensor.shape.rank == rank and tensor.shape[0] != 1)
    if not have_rows:
        return _on_one_row(rewrite, operation, inputs)
    if not any(isinstance(rewrite.value(tensor), Copied) for tensor in operation.inputs):
        return None
    return [Rows(tensor) for tensor in rewrite.make(operation, inputs).outputs]


def _concatenated(rewrite: Any, operation: Any) -> Values:
    *tensors, axis = operation.inputs
    rank = operation.outputs[0].shape.rank
    along = _constant(axis)
    if rank is None or along is None or int(along) % rank == 0:
        return None
    values = [rewrite.value(tensor) for tensor in tensors]
    if all(isinstance(value, Copied) for value in values):
        return _on_one_row(rewrite, operation, [*(v.one for v in values), rewrite.tensor(axis)])
    if rank != 2 or any(tensor.shape[1] is None for tensor in tensors):
        return None
    parts: List[Any] = []
    for tensor, value in zip(tensors, values):
        if isinstance(value, Joined):
            parts.extend(value.parts)
        elif isinstance(value, Affine):
            parts.append(Rows(rewrite.tensor(tensor)))
        else:
            parts.append(value)
    return [Joined(tuple(parts))]


def _stacked(rewrite: Any, operation: Any) -> Values:
    rank = operation.outputs[0].shape.rank
    values = [rewrite.value(tensor) for tensor in operation.inputs]
    if not rank or operation.get_attr("axis") % rank == 0:
        return None
    if not all(isinstance(value, Copied) for value in values):
        return None
    return _on_one_row(rewrite, operation, [value.one for value in values])


def _gathered(rewrite: Any, operation: Any) -> Values:
    """Of rows by copied numbers, or of columns of copied rows."""
    params, indices, axis = operation.inputs
    along = _constant(axis)
    if operation.get_attr("batch_dims") or along is None:
        return None
    of_params, of_indices = rewrite.value(params), rewrite.value(indices)
    if int(along) == 0 and isinstance(of_indices, Copied):
        inputs = [rewrite.tensor(params), of_indices.one, rewrite.tensor(axis)]
        return _on_one_row(rewrite, operation, inputs)
    is_of_columns = int(along) > 0 and isinstance(of_params, Copied)
    if not is_of_columns or rewrite.is_copied(indices):
        return None
    inputs = [of_params.one, rewrite.tensor(indices), rewrite.tensor(axis)]
    return _on_one_row(rewrite, operation, inputs)


def _second_on_one_row(rewrite: Any, operation: Any) -> Values:
    """The rows are those of the second input: keys of a table, or numbers of its rows."""
    value = rewrite.value(operation.inputs[1])
    if not isinstance(value, Copied):
        return None
    inputs = [rewrite.tensor(tensor) for tensor in operation.inputs]
    inputs[1] = value.one
    return _on_one_row(rewrite, operation, inputs)


def _table_rows(rewrite: Any, operation: Any) -> Values:
    return None if operation.get_attr("batch_dims") else _second_on_one_row(rewrite, operation)


def _multiplied(rewrite: Any, operation: Any) -> Values:
    if operation.get_attr("transpose_a"):
        return None
    return _first_on_one_row(rewrite, operation)


def _batch_multiplied(rewrite: Any, operation: Any) -> Values:
    ranks = {tensor.shape.rank for tensor in operation.inputs}
    if ranks != {3}:
        return None
    return _broadcast(rewrite, operation)


def _reduced(rewrite: Any, operation: Any) -> Values:
    axes, rank = _constant(operation.inputs[1]), operation.inputs[0].shape.rank
    if axes is None or rank is None or any(int(a) % rank == 0 for a in np.ravel(axes)):
        return None
    return _first_on_one_row(rewrite, operation)


def _sliced(rewrite: Any, operation: Any) -> Values:
    """Of columns: the first part of the slice is the whole of the rows."""
    is_whole = operation.get_attr("begin_mask") & operation.get_attr("end_mask") & 1
    changes_axes = operation.get_attr("new_axis_mask") | operation.get_attr("shrink_axis_mask")
    strides = _constant(operation.inputs[3])
    if not is_whole or changes_axes & 1 or operation.get_attr("ellipsis_mask") & 1:
        return None
    if strides is None or strides[0] != 1:
        return None
    return _first_on_one_row(rewrite, operation)


def _expanded(rewrite: Any, operation: Any) -> Values:
    axis, rank = _constant(operation.inputs[1]), operation.outputs[0].shape.rank
    if axis is None or not rank or int(axis) % rank == 0:
        return None
    return _first_on_one_row(rewrite, operation)


def _squeezed(rewrite: Any, operation: Any) -> Values:
    axes, rank = operation.get_attr("squeeze_dims"), operation.inputs[0].shape.rank
    if not axes or not rank or any(axis % rank == 0 for axis in axes):
        return None
    return _first_on_one_row(rewrite, operation)


def _reshaped(rewrite: Any, operation: Any) -> Values:
    """To a shape that only says how the columns are laid out."""
    shape, old = _constant(operation.inputs[1]), operation.inputs[0].shape
    if shape is None or not len(shape) or shape[0] != -1 or any(size <= 0 for size in shape[1:]):
        return None
    if old.rank is None or None in old[1:].as_list():
        return None
    if np.prod(shape[1:]) != np.prod(old[1:].as_list()):
        return None
    return _first_on_one_row(rewrite, operation)


def _shape(rewrite: Any, operation: Any) -> Values:
    value = rewrite.value(operation.inputs[0])
    dtype, rank = operation.outputs[0].dtype, operation.inputs[0].shape.rank
    if not isinstance(value, Copied) or not rank:
        return None
    rows = tf.shape(rewrite.index, out_type=dtype)
    shape = rows if rank == 1 else tf.concat([rows, tf.shape(value.one, dtype)[1:]], axis=0)
    return [Rows(shape)]


def _split(rewrite: Any, operation: Any) -> Values:
    """Of columns, into tensors."""
    axis, rank = _constant(operation.inputs[0]), operation.inputs[1].shape.rank
    if axis is None or not rank or int(axis) % rank == 0:
        return None
    return _second_on_one_row(rewrite, operation)


def _unstacked(rewrite: Any, operation: Any) -> Values:
    rank = operation.inputs[0].shape.rank
    if not rank or operation.get_attr("axis") % rank == 0:
        return None
    return _first_on_one_row(rewrite, operation)


def _transposed(rewrite: Any, operation: Any) -> Values:
    order = _constant(operation.inputs[1])
    if order is None or order[0] != 0:
        return None
    return _first_on_one_row(rewrite, operation)


def _padded(rewrite: Any, operation: Any) -> Values:
    paddings = _constant(operation.inputs[1])
    if paddings is None or np.any(paddings[0]):
        return None
    return _first_on_one_row(rewrite, operation)


def _handed_on(rewrite: Any, operation: Any) -> Values:
    return [rewrite.value(tensor) for tensor in operation.inputs]


def _joined_text(rewrite: Any, operation: Any) -> Values:
    values = [rewrite.value(tensor) for tensor in operation.inputs]
    ranks = {tensor.shape.rank for tensor in operation.inputs}
    if not all(isinstance(value, Copied) for value in values) or len(ranks) > 1:
        return None
    return _on_one_row(rewrite, operation, [value.one for value in values])


def _constant(tensor: Tensor) -> Any:
    """The value of a constant of the source, None of everything else."""
    return tf.get_static_value(tensor)


_RULES: Dict[str, Rule] = {
    **dict.fromkeys(_UNARY, _unary),
    **dict.fromkeys(_BROADCAST, _broadcast),
    **dict.fromkeys(_REDUCTIONS, _reduced),
    "BatchMatMulV2": _batch_multiplied,
    "BiasAdd": _first_on_one_row,
    "ConcatV2": _concatenated,
    "ExpandDims": _expanded,
    "GatherV2": _gathered,
    "IdentityN": _handed_on,
    "LookupTableFindV2": _second_on_one_row,
    "MatMul": _multiplied,
    "Pack": _stacked,
    "Pad": _padded,
    "PadV2": _padded,
    "Reshape": _reshaped,
    "ResourceGather": _table_rows,
    "Shape": _shape,
    "Split": _split,
    "Squeeze": _squeezed,
    "StridedSlice": _sliced,
    "StringJoin": _joined_text,
    "Transpose": _transposed,
    "Unpack": _unstacked,
}
