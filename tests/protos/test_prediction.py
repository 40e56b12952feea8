"""Messages of requests have the bytes of TensorFlow's and TensorFlow Serving's."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.protos import prediction_pb2


@pytest.mark.parametrize(
    "array",
    [
        np.array([1.5, -0.0, np.nan], np.float32),
        np.array([[1e300], [2.0]], np.float64),
        np.array([-1, 2**31 - 1], np.int32),
        np.array([-(2**63), 9_007_199_254_740_993], np.int64),
        np.array([True, False]),
        np.array([b"", b"\xff\x00", "商品".encode()], object),
        np.zeros([0], np.float32),
    ],
    ids=lambda array: str(array.dtype),
)
def test_a_tensor_is_read_as_tensorflow_writes_it(array: np.ndarray) -> None:
    theirs = tf.make_tensor_proto(array)
    ours = prediction_pb2.TensorProto.FromString(theirs.SerializeToString())
    assert ours.dtype == theirs.dtype
    assert [d.size for d in ours.tensor_shape.dim] == list(array.shape)
    back = type(theirs).FromString(ours.SerializeToString())
    found = tf.make_ndarray(back)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    types = theirs.DESCRIPTOR.fields_by_name["dtype"].enum_type
    assert prediction_pb2.DataType.Name(ours.dtype) == types.values_by_number[theirs.dtype].name
