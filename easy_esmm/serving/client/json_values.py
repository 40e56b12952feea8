"""Arrays as the JSON of TensorFlow Serving's REST interface: no digit and no byte is lost.

Whole numbers stay whole, floats keep their last bit (NaN, Infinity and -Infinity are written so),
and bytes that are not UTF-8 are `{"b64": ...}`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

from easy_esmm.serving.client.cells import Array, as_array
from easy_esmm.serving.client.signatures import TensorSpec

_KINDS = {"f": "fiu", "i": "i", "b": "b"}
"""Kind of dtype -> kinds of arrays of JSON's numbers and booleans that are of it."""


def json_of(array: Array) -> Any:
    """What `json.dumps` takes: nested lists of numbers, booleans, text and b64 objects."""
    if array.dtype == object:
        return _texts(array.tolist())
    if array.dtype.kind == "f":
        # A float32 is a float64 exactly. (A whole one must not be written as an integer: the server
        # refuses those beyond 2^24.)
        return array.astype(np.float64).tolist()
    return array.tolist()


def array_of(values: Any, spec: TensorSpec) -> Array:
    """The array of an output. Raises ValueError where the values are not of its type."""
    if spec.dtype == object:
        return as_array([_bytes(value) for value in values], object)
    try:
        array = np.array(values)  # of objects, where one is null
    except ValueError as error:
        raise ValueError(f"values that are no {spec}: {error}") from error
    if array.size and array.dtype.kind not in _KINDS[spec.dtype.kind]:
        raise ValueError(f"values that are no {spec}")
    return array.astype(spec.dtype)


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(one) for one in value]
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode("ascii")}


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, dict) or not isinstance(value.get("b64"), str):
        raise ValueError(f"text that is neither a string nor a b64 object: {value!r:.60}")
    try:
        return base64.b64decode(value["b64"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"b64 that cannot be decoded: {error}") from error
