"""Tensors as messages, beside TensorFlow's own code for the same messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.protos.prediction_pb2 import DT_FLOAT, DT_INT64, TensorProto
from easy_esmm.serving.tensors import array_of, tensor_message

ARRAYS = {
    "float32": np.array([[0.1, np.nan], [-np.inf, 1e-45]], np.float32),
    "float64": np.array([0.1, 1e300]),
    "int32": np.array([-(2**31), 7], np.int32),
    "int64": np.array([2**63 - 1, 4611686018427387905]),
    "bool": np.array([True, False]),
    "bytes": np.array([b"\xff\x00", b"", b"id"], object),
    "no rows": np.zeros([0, 3], np.float32),
    "no texts": np.zeros([0], object),
    "scalar": np.array(3, np.int64),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_tensorflow_reads_what_is_written_and_the_other_way_round(array: Any) -> None:
    theirs = tf.make_tensor_proto(array)
    read = tf.make_ndarray(type(theirs).FromString(tensor_message(array).SerializeToString()))
    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype.newbyteorder("=")
    back = array_of(TensorProto.FromString(theirs.SerializeToString()))
    np.testing.assert_array_equal(back, array)
    assert (back.shape, back.dtype) == (array.shape, array.dtype.newbyteorder("="))


def test_numbers_of_another_byte_order_are_sent_in_little_endian() -> None:
    assert array_of(tensor_message(np.array([1, 2], ">i8"))).tolist() == [1, 2]


def test_text_is_sent_as_utf8() -> None:
    assert list(tensor_message(np.array(["Zürich", ""])).string_val) == ["Zürich".encode(), b""]


def test_a_list_that_is_too_short_is_filled_up_with_its_last_value() -> None:
    message = TensorProto(dtype=DT_INT64, int64_val=[4, 7])
    message.tensor_shape.dim.add(size=4)
    assert array_of(message).tolist() == [4, 7, 7, 7]


@pytest.mark.parametrize(
    ("sizes", "values", "text"),
    [
        ([-1], [1.0], "the shape of a tensor must be known"),
        ([2], [1.0, 2.0, 3.0], "a tensor of 2 values holds 3"),
        ([2], [], "a tensor of 2 values holds 0"),
        ([2**20, 2**20], [0.0], "at most 268,435,456 values"),
    ],
)
def test_a_tensor_that_does_not_fill_its_shape_is_refused(
    sizes: Any, values: Any, text: str
) -> None:
    message = TensorProto(dtype=DT_FLOAT, float_val=values)
    for size in sizes:
        message.tensor_shape.dim.add(size=size)
    with pytest.raises(ValueError, match=text):
        array_of(message)


def test_a_type_that_no_model_of_ours_has_is_refused() -> None:
    theirs = tf.make_tensor_proto(np.array([1 + 2j]))
    with pytest.raises(ValueError, match="is none that a model of ours has"):
        array_of(TensorProto.FromString(theirs.SerializeToString()))
    with pytest.raises(ValueError, match="got complex128"):
        tensor_message(np.array([1j]))
