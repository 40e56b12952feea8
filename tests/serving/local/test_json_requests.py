"""Requests and answers in JSON as TensorFlow Serving's page "RESTful API" shows them."""

from __future__ import annotations

import json
import math
from typing import Any, Dict

import numpy as np
import pytest

from easy_esmm.serving.client.signatures import Signature, TensorSpec
from easy_esmm.serving.local.errors import Refused
from easy_esmm.serving.local.json_requests import PredictCall, answer, read_call

KINDS = {"text": object, "f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64,
         "bool": np.bool_}  # fmt: skip


def call(body: Any, **inputs: str) -> PredictCall:
    """`inputs`: name -> one of KINDS."""
    specs = {name: TensorSpec(np.dtype(KINDS[kind]), (-1,)) for name, kind in inputs.items()}
    raw = body if isinstance(body, bytes) else (
        body if isinstance(body, str) else json.dumps(body)
    ).encode()  # fmt: skip
    return read_call(raw, lambda _: Signature(specs, {}))


def refusal(body: Any, **inputs: str) -> str:
    with pytest.raises(Refused) as caught:
        call(body, **inputs)
    assert caught.value.status == 400
    return str(caught.value)


def test_three_scalar_tensors() -> None:
    found = call('{\n  "instances": [ "foo", "bar", "baz" ]\n}', x="text")
    assert found.is_by_row
    assert found.inputs["x"].tolist() == [b"foo", b"bar", b"baz"]


def test_two_tensors_of_one_by_two() -> None:
    found = call('{\n  "instances": [ [[1, 2]], [[3, 4]] ]\n}', x="f32")
    assert found.inputs["x"].dtype == np.float32
    assert found.inputs["x"].tolist() == [[[1, 2]], [[3, 4]]]


ROWS = """{
 "instances": [
   {
     "tag": "foo",
     "signal": [1, 2, 3, 4, 5],
     "sensor": [[1, 2], [3, 4]]
   },
   {
     "tag": "bar",
     "signal": [3, 4, 1, 2, 5],
     "sensor": [[4, 5], [6, 8]]
   }
 ]
}"""
COLUMNS = """{
 "inputs": {
   "tag": ["foo", "bar"],
   "signal": [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]],
   "sensor": [[[1, 2], [3, 4]], [[4, 5], [6, 8]]]
 }
}"""


@pytest.mark.parametrize("body", [ROWS, COLUMNS])
def test_rows_and_columns_of_the_page_are_the_same_tensors(body: str) -> None:
    found = call(body, tag="text", signal="i64", sensor="f32").inputs
    assert found["tag"].tolist() == [b"foo", b"bar"]
    assert found["signal"].tolist() == [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]]
    assert found["sensor"].tolist() == [[[1, 2], [3, 4]], [[4, 5], [6, 8]]]


def test_binary_values() -> None:
    body = '{"instances": [{"image": {"b64": "aW1hZ2UgYnl0ZXM="}, "caption": "seaside"}]}'
    found = call(body, image="text", caption="text").inputs
    assert found["image"].tolist() == [b"image bytes"]
    assert call('{"inputs": [{"b64": "/w=="}, "ü"]}', x="text").inputs["x"].tolist() == [
        b"\xff", "ü".encode()]  # fmt: skip


def test_floats_take_nan_and_infinity_and_whole_numbers() -> None:
    (found,) = call('{"inputs": [[1.0, -3.14, NaN, Infinity, -Infinity, 7]]}', x="f64").inputs["x"]
    assert found[:2].tolist() == [1.0, -3.14]
    assert math.isnan(found[2])
    assert found[3:].tolist() == [math.inf, -math.inf, 7.0]


def test_whole_numbers_of_19_digits_keep_them() -> None:
    (found,) = call('{"instances": [4611686018427387905]}', x="i64").inputs["x"].tolist()
    assert found == 4611686018427387905


def test_the_signature_is_named_or_the_default() -> None:
    assert call({"instances": [1], "signature_name": "rank"}, x="i64").signature_name == "rank"
    assert call({"instances": [1]}, x="i64").signature_name == ""


def test_a_single_input_may_stand_without_its_name_or_with_it() -> None:
    for body in (
        {"inputs": [1, 2]},
        {"inputs": {"x": [1, 2]}},
        {"instances": [{"x": 1}, {"x": 2}]},
    ):
        assert call(body, x="i64").inputs["x"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"{", "JSON Parse error: "),
        (b"\xff", "JSON Parse error: Invalid UTF-8 at offset: 0"),
        (b"[" * 100_000, "JSON Parse error: nested too deep"),
        (b'{"instances": [' + b"9" * 5000 + b"]}", "JSON Parse error: "),
        (b'{"inputs": ' + b"[" * 40 + b"1" + b"]" * 40 + b"}", "inputs is a plain value/list"),
        (b'{"inputs": {"y": [1e999], "x": [1]}}', "JSON Parse error: Number too big to be stored"),
        (b'{"inputs": {"x": ' + b"[" * 40 + b"1" + b"]" * 40 + b', "y": [1]}}', "a tensor may"),
        (b"[1]", "JSON Value: [1] Is not object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"signature_name": 1}, "'signature_name' key must be a string value."),
        ({"inputs": 1, "instances": 1}, "Not formatted correctly expecting only one of 'inputs'"),
        ({"instances": 1}, "Expecting 'instances' to be a list/array"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": [1]}, "instances is a plain list, but expecting list of objects as multip"),
        ({"instances": [{"x": 1}]},
         "Failed to process element: 0 of 'instances' list. JSON object: "
         '{"x": 1} keys must be equal to: x,y'),
        ({"instances": [{"x": 1, "y": 1, "z": 1}]},
         "Failed to process element: 0 of 'instances' list. JSON object: "
         '{"x": 1, "y": 1, "z": 1} keys must be equal to: x,y'),
        ({"instances": [{"x": 1, "y": 1}, 2]}, "Expecting object but got list at item 1 of input"),
        ({"instances": [{"x": 1, "y": 1}, {"x": [1], "y": 1}]},
         "Failed to process element: 1 key: x of 'instances' list. Error: INVALID_ARGUMENT: "
         "Expecting shape [] but got: [1]"),
        ({"inputs": [1]}, "inputs is a plain value/list, but expecting an object as multiple inp"),
        ({"inputs": {"x": [1]}}, "Missing named input: y in 'inputs' object."),
        ({"inputs": {"x": [1.5], "y": [1]}},
         "JSON Value: 1.5 Type: Number is not of expected type: int64"),
        ({"inputs": {"x": [None], "y": [1]}}, "JSON Value: null Type: Null is not of expected"),
        ({"inputs": {"x": [True], "y": [1]}}, "JSON Value: true Type: True is not of expected ty"),
        ({"inputs": {"x": [2**63], "y": [1]}}, "JSON Value: 9223372036854775808 Type: Number is"),
        ({"inputs": {"x": [[1], 2], "y": [1]}}, "JSON Value: 2 found at incorrect level: 2 in th"),
        ({"inputs": {"x": [1, [2]], "y": [1]}}, "Encountered list at unexpected level: 1 expecte"),
        ({"inputs": {"x": [[1], [2, 3]], "y": [1]}},
         "Encountered list at unexpected size: 2 at level: 1 expected size: 1"),
        ({"inputs": {"x": [1], "y": ["1"]}},
         'JSON Value: "1" Type: String is not of expected type: '
         "float"),
        ({"inputs": {"x": [1], "y": [2**24]}},
         "Cannot convert JSON value: 16777216 to float without loss of precision."),
        ({"inputs": {"x": [1], "y": [1e39]}}, "Cannot convert JSON value: 1e+39 to float without"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_in_the_words_of_tensorflow_serving(
    body: Any, message: str
) -> None:
    assert refusal(body, x="i64", y="f32").startswith(message)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"b64": "?"}, "Unable to base64 decode"),
        ({"b64": 1}, 'JSON Value: {"b64": 1} not formatted correctly for base64 data'),
        (1, "JSON Value: 1 Type: Number is not of expected type: string"),
    ],
)
def test_what_is_no_text_is_refused(value: Any, message: str) -> None:
    assert refusal({"inputs": {"x": [value]}}, x="text") == message


def said(by_row: bool, **outputs: Any) -> Dict[str, Any]:
    arrays = {name: np.asarray(values) for name, values in outputs.items()}
    found: Dict[str, Any] = json.loads(answer(PredictCall("", {}, by_row), arrays))
    return found


F32 = np.array([0.1, 2.0], np.float32)


def test_outputs_are_objects_by_row_and_columns_otherwise() -> None:
    assert said(True, b=F32, a=np.array([1, 2])) == {
        "predictions": [{"a": 1, "b": 0.1}, {"a": 2, "b": 2.0}]
    }
    assert said(False, b=F32, a=np.array([1, 2])) == {"outputs": {"a": [1, 2], "b": [0.1, 2.0]}}


def test_a_single_output_stands_without_its_name() -> None:
    assert said(True, b=F32) == {"predictions": [0.1, 2.0]}
    assert said(False, b=F32) == {"outputs": [0.1, 2.0]}


def test_floats_are_read_back_to_the_last_bit_and_need_no_more_digits() -> None:
    random = np.random.default_rng(1)
    floats = random.integers(0, 2**32, 2000, np.uint32).view(np.float32)
    floats = floats[np.isfinite(floats)]
    body = answer(PredictCall("", {}, True), {"x": floats})
    np.testing.assert_array_equal(np.float32(json.loads(body)["predictions"]), floats)
    assert b"0.1," in answer(PredictCall("", {}, True), {"x": F32})


def test_numbers_that_are_not_finite_are_written_as_words() -> None:
    body = answer(PredictCall("", {}, True), {"x": np.array([np.nan, -np.inf], np.float32)})
    assert json.loads(body.replace(b"NaN", b"1").replace(b"-Infinity", b"2")) == {
        "predictions": [1, 2]
    }


def test_text_is_a_string_and_bytes_where_the_name_says_so() -> None:
    raw = np.array([b"\xff"], object)
    assert said(False, x_bytes=raw, x=np.array(["ü".encode()], object)) == {
        "outputs": {"x": ["ü"], "x_bytes": [{"b64": "/w=="}]}
    }


def test_outputs_of_several_sizes_have_no_rows() -> None:
    with pytest.raises(Refused, match="inconsistent batch sizes"):
        said(True, a=F32, b=np.array([1]))
