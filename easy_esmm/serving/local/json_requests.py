"""Predict requests in JSON, and the answers, as TensorFlow Serving's REST interface has them.

What it refuses is refused here, in like words. Facts: its page "RESTful API" and json_tensor.cc.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.serving.client.cells import Array, as_array
from easy_esmm.serving.client.signatures import Signature, TensorSpec
from easy_esmm.serving.local.errors import Refused

_LONGEST_SHOWN = 200
_DEEPEST = 8
"""Dimensions of a tensor; numpy has a limit of its own."""
_BYTES_SUFFIX = "_bytes"
"""Of the names of outputs whose text is written as b64 objects."""


@dataclass(frozen=True, eq=False)
class PredictCall:
    """What a body asks."""

    signature_name: str
    inputs: Mapping[str, Array]
    is_by_row: bool
    """Whether it has `instances`, and its answer `predictions`; else `inputs` and `outputs`."""


def read_call(body: bytes, signature_of: Callable[[str], Signature]) -> PredictCall:
    """The call in a request's body; `signature_of` knows the signatures. Raises Refused."""
    document = _parsed(body)
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise _invalid("'signature_name' key must be a string value.")
    specs = signature_of(name).inputs
    if "instances" in document and "inputs" in document:
        raise _invalid(
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"
        )
    if "instances" in document:
        return PredictCall(name, _of_instances(document["instances"], specs), True)
    if "inputs" in document:
        return PredictCall(name, _of_inputs(document["inputs"], specs), False)
    raise _invalid("Missing 'inputs' or 'instances' key")


def answer(call: PredictCall, outputs: Mapping[str, NDArray[Any]]) -> bytes:
    """The body of the answer. A single output stands without its name."""
    columns = {name: _listed(name, outputs[name]) for name in sorted(outputs)}
    if not call.is_by_row:
        (*others, last) = columns.values()
        return _written({"outputs": columns if others else last})
    sizes = {name: array.shape[:1] for name, array in outputs.items()}
    if len(set(sizes.values())) > 1 or () in sizes.values():
        raise _invalid(f"outputs have inconsistent batch sizes: {sizes}")
    if len(columns) == 1:
        return _written({"predictions": next(iter(columns.values()))})
    rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
    return _written({"predictions": rows})


def _written(value: Any) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False, indent=1)}\n".encode()


def _parsed(body: bytes) -> Dict[str, Any]:
    if not body:
        raise _invalid("JSON Parse error: The document is empty")
    try:
        document = json.loads(body.decode(), parse_float=_finite)
    except UnicodeDecodeError as error:
        raise _invalid(f"JSON Parse error: Invalid UTF-8 at offset: {error.start}") from error
    except json.JSONDecodeError as error:
        raise _invalid(f"JSON Parse error: {error.msg} at offset: {error.pos}") from error
    except RecursionError as error:
        raise _invalid("JSON Parse error: nested too deep") from error
    except ValueError as error:  # an integer of thousands of digits
        raise _invalid(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise _invalid(f"JSON Value: {_shown(document)} Is not object")
    return document


def _finite(text: str) -> float:
    """A number; infinity is written as a word."""
    number = float(text)
    if number in (float("inf"), -float("inf")):
        raise ValueError("Number too big to be stored in double.")
    return number


def _of_instances(instances: Any, specs: Mapping[str, TensorSpec]) -> Dict[str, Array]:
    if not isinstance(instances, list):
        raise _invalid("Expecting 'instances' to be a list/array")
    if not instances:
        raise _invalid("No values in 'instances' array")
    are_objects = _is_object(instances[0])
    if not are_objects and len(specs) > 1:
        raise _invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    columns: Dict[str, List[Any]] = {name: [] for name in specs}
    for number, instance in enumerate(instances):
        if _is_object(instance) != are_objects:
            wanted, got = ("object", "list") if are_objects else ("value/list", "object")
            raise _invalid(f"Expecting {wanted} but got {got} at item {number} of input list")
        items = instance if are_objects else {next(iter(specs)): instance}
        if set(items) != set(specs):
            raise _invalid(
                f"Failed to process element: {number} of 'instances' list. JSON object: "
                f"{_shown(instance)} keys must be equal to: {','.join(sorted(specs))}"
            )
        for name, item in items.items():
            columns[name].append(item)
    return {name: _of_items(name, items, specs[name]) for name, items in columns.items()}


def _of_items(name: str, items: Sequence[Any], spec: TensorSpec) -> Array:
    """The tensor of an input, one item for each instance, all of one shape."""
    shape = _shape(items[0])
    flat: List[Any] = []
    for number, item in enumerate(items):
        try:
            own = _shape(item)
            if own != shape:
                raise _invalid(f"Expecting shape {_sizes(shape)} but got: {_sizes(own)}")
            _fill(item, 0, shape, spec.dtype, flat)
        except Refused as error:
            raise _invalid(
                f"Failed to process element: {number} key: {name} of 'instances' list. Error: "
                f"{error.code}: {error}"
            ) from None
    return as_array(flat, spec.dtype).reshape((len(items), *shape))


def _of_inputs(inputs: Any, specs: Mapping[str, TensorSpec]) -> Dict[str, Array]:
    if not _is_object(inputs):
        if len(specs) > 1:
            raise _invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        return {name: _tensor(inputs, spec) for name, spec in specs.items()}
    for name in sorted(specs):
        if name not in inputs:
            raise _invalid(f"Missing named input: {name} in 'inputs' object.")
    return {name: _tensor(inputs[name], spec) for name, spec in specs.items()}


def _tensor(value: Any, spec: TensorSpec) -> Array:
    shape = _shape(value)
    flat: List[Any] = []
    _fill(value, 0, shape, spec.dtype, flat)
    return as_array(flat, spec.dtype).reshape(shape)


def _shape(value: Any) -> Tuple[int, ...]:
    """Sizes of the lists and of the first lists in them."""
    sizes = []
    while isinstance(value, list):
        sizes.append(len(value))
        if len(sizes) > _DEEPEST:
            raise _invalid(f"a tensor may have {_DEEPEST} dimensions")
        if not value:
            break
        value = value[0]
    return tuple(sizes)


def _fill(value: Any, level: int, shape: Tuple[int, ...], dtype: Any, flat: List[Any]) -> None:
    """Appends the values of a tensor of that shape."""
    if not isinstance(value, list):
        if level != len(shape):
            raise _invalid(
                f"JSON Value: {_shown(value)} found at incorrect level: {level + 1} in the JSON "
                f"DOM. Expected at level: {len(shape)}"
            )
        flat.append(_VALUES[dtype.kind](value, dtype))
        return
    if level >= len(shape):
        raise _invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise _invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
            f"{shape[level]}"
        )
    for one in value:
        _fill(one, level + 1, shape, dtype, flat)


def _float(value: Any, dtype: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong_type(value, dtype)
    digits = np.finfo(dtype).nmant + 1
    is_integer = isinstance(value, int) and -(2**63) <= value < 2**64
    largest = 2**digits - 1 if is_integer else float(np.finfo(dtype).max)
    if (is_integer or abs(value) != float("inf")) and abs(value) > largest:
        name = "float" if dtype.itemsize == 4 else "double"
        raise _invalid(
            f"Cannot convert JSON value: {_shown(value)} to {name} without loss of precision."
        )
    return float(value)


def _integer(value: Any, dtype: Any) -> int:
    limits = np.iinfo(dtype)
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if not is_integer or not limits.min <= value <= limits.max:
        raise _wrong_type(value, dtype)
    return int(value)


def _bool(value: Any, dtype: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(value, dtype)
    return value


def _text(value: Any, dtype: Any) -> bytes:
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise _invalid("JSON Parse error: half of a surrogate pair is no text") from error
    if not isinstance(value, dict):
        raise _wrong_type(value, dtype)
    if not _is_b64(value):
        raise _invalid(f"JSON Value: {_shown(value)} not formatted correctly for base64 data")
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid("Unable to base64 decode") from error


_VALUES: Dict[str, Callable[[Any, Any], Any]] = {
    "f": _float,
    "i": _integer,
    "b": _bool,
    "O": _text,
}


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not _is_b64(value)


def _is_b64(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def _listed(name: str, array: NDArray[Any]) -> Any:
    """The values of an output as JSON has them: floats in the fewest digits of their width."""
    if array.dtype == np.float32:
        # (repr of the float64 of the same digits is these digits.)
        short = np.array([float(str(value)) for value in array.ravel()], np.float64)
        return short.reshape(array.shape).tolist()
    if array.dtype != object:
        return array.tolist()
    return _texts(array.tolist(), name.endswith(_BYTES_SUFFIX))


def _texts(value: Any, as_b64: bool) -> Any:
    if isinstance(value, list):
        return [_texts(one, as_b64) for one in value]
    return {"b64": base64.b64encode(value).decode()} if as_b64 else value.decode(errors="replace")


def _wrong_type(value: Any, dtype: Any) -> Refused:
    kinds = {dict: "Object", list: "Array", str: "String", bool: str(value), type(None): "Null"}
    kind = kinds.get(type(value), "Number")
    name = {"float32": "float", "float64": "double", "object": "string"}.get(str(dtype), str(dtype))
    return _invalid(f"JSON Value: {_shown(value)} Type: {kind} is not of expected type: {name}")


def _sizes(shape: Tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _invalid(message: str) -> Refused:
    return Refused("INVALID_ARGUMENT", message)
