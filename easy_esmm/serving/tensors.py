"""Arrays as messages of `protos/prediction.proto`, and back. Without TensorFlow."""

from __future__ import annotations

import math
from typing import Any, Dict, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.protos.prediction_pb2 import (
    DT_BOOL,
    DT_DOUBLE,
    DT_FLOAT,
    DT_INT32,
    DT_INT64,
    DT_STRING,
    DataType,
    TensorProto,
)

_NUMBERS: Dict[DataType, Tuple[Any, str]] = {
    DT_FLOAT: (np.float32, "float_val"),
    DT_DOUBLE: (np.float64, "double_val"),
    DT_INT32: (np.int32, "int_val"),
    DT_INT64: (np.int64, "int64_val"),
    DT_BOOL: (np.bool_, "bool_val"),
}
"""Type -> numpy's, and the list of such values in a message."""

_MOST_VALUES = 2**28
"""Of a tensor that is read: a shape alone, in a few bytes, can ask for any amount of memory."""


def tensor_message(array: NDArray[Any]) -> TensorProto:
    """The message of float32, float64, int32, int64, bool, bytes or text (as UTF-8), of any rank.

    Raises ValueError for an array of another dtype.
    """
    message = TensorProto()
    for size in array.shape:
        message.tensor_shape.dim.add(size=size)
    if array.dtype.kind in "OSU":
        message.dtype = DT_STRING
        texts = array.astype(object).ravel()
        message.string_val.extend(t.encode() if isinstance(t, str) else t for t in texts)
        return message
    for data_type, (dtype, _) in _NUMBERS.items():
        if array.dtype.newbyteorder("=") == dtype:
            message.dtype = data_type
            little_endian = array.dtype.newbyteorder("<")
            message.tensor_content = array.astype(little_endian).tobytes()
            return message
    raise ValueError(f"a tensor is float32, float64, int32, int64, bool or text, got {array.dtype}")


def array_of(message: TensorProto) -> NDArray[Any]:
    """The array of a message: numbers in their own dtype, text as bytes of dtype object.

    Raises ValueError for a type that is not ours, a shape without a size, and values that do not
    fill the shape.
    """
    shape = [dim.size for dim in message.tensor_shape.dim]
    if message.tensor_shape.unknown_rank or min(shape, default=0) < 0:
        raise ValueError("the shape of a tensor must be known")
    count = math.prod(shape)
    if count > _MOST_VALUES:
        raise ValueError(f"a tensor has at most {_MOST_VALUES:,} values, got shape {shape}")
    return _values(message, count).reshape(shape)


def _values(message: TensorProto, count: int) -> NDArray[Any]:
    """The values in a row: as bytes, or a list, whose last value fills up what is missing."""
    if message.dtype == DT_STRING:
        dtype, listed = object, message.string_val
    elif message.dtype in _NUMBERS:
        dtype, field = _NUMBERS[message.dtype]
        if message.tensor_content:
            return _from_bytes(message.tensor_content, dtype, count)
        listed = getattr(message, field)
    else:
        raise ValueError(f"a tensor of type {message.dtype} is none that a model of ours has")
    if len(listed) > count or (count and not listed):
        raise ValueError(f"a tensor of {count} values holds {len(listed)}")
    values: NDArray[Any] = np.empty(count, dtype)
    values[: len(listed)] = listed
    if count:
        values[len(listed) :] = listed[-1]
    return values


def _from_bytes(content: bytes, dtype: Any, count: int) -> NDArray[Any]:
    little_endian = np.dtype(dtype).newbyteorder("<")
    if len(content) != count * little_endian.itemsize:
        raise ValueError(f"a tensor of {count} values holds {len(content)} bytes")
    return np.frombuffer(content, little_endian).astype(dtype)
