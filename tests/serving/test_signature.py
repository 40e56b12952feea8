"""What a request to an exported model means."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.signature import with_defaults

TEXT = """
data_config {
  input_fields { input_name: "price" input_type: FLOAT default_val: "2.5" }
  input_fields { input_name: "rate" input_type: DOUBLE }
  input_fields { input_name: "age" input_type: INT32 default_val: "-1" }
  input_fields { input_name: "user" input_type: INT64 }
  input_fields { input_name: "item" default_val: "none" }
  input_fields { input_name: "vip" input_type: BOOL default_val: "true" }
  input_fields { input_name: "tags" default_val: "a|b" }
}
feature_config {
  features { input_names: "price" feature_type: RawFeature }
  features { input_names: "rate" feature_type: RawFeature }
  features { input_names: "age" num_buckets: 9 }
  features { input_names: "user" hash_bucket_size: 9 }
  features { input_names: "item" hash_bucket_size: 9 }
  features { input_names: "vip" hash_bucket_size: 9 }
  features { input_names: "tags" feature_type: TagFeature separator: "|" hash_bucket_size: 9 }
}
"""


def test_a_missing_value_is_the_default_of_its_column_as_in_files() -> None:
    config = text_format.Parse(TEXT, PipelineConfig())
    lowest = {dtype: np.iinfo(dtype).min for dtype in (np.int32, np.int64)}
    asked = {
        "price": tf.constant([1.0, np.nan], tf.float32),
        "rate": tf.constant([1.0, np.nan], tf.float64),
        "age": tf.constant([3, lowest[np.int32]], tf.int32),
        "user": tf.constant([3, lowest[np.int64]], tf.int64),
        "item": tf.constant(["i", ""]),
        "vip": tf.constant([True, False]),
        "tags": tf.constant(["c", ""]),
    }
    found = {name: values.numpy().tolist() for name, values in with_defaults(config, asked).items()}
    assert np.isnan(found.pop("rate")[1])
    assert found == {
        "price": [1.0, 2.5],
        "age": [3, -1],
        "user": [3, lowest[np.int64]],
        "item": [b"i", b"none"],
        "vip": [True, False],
        "tags": [b"c", b""],
    }
