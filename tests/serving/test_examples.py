"""tf.Examples mean what the tensors of `serving_default` mean."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.examples import parse_examples, to_examples

TEXT = """
data_config {
  input_fields { input_name: "price" input_type: FLOAT }
  input_fields { input_name: "rate" input_type: DOUBLE }
  input_fields { input_name: "age" input_type: INT32 }
  input_fields { input_name: "user" input_type: INT64 }
  input_fields { input_name: "item" }
  input_fields { input_name: "vip" input_type: BOOL }
  input_fields { input_name: "tags" }
  input_fields { input_name: "seen" }
}
feature_config {
  features { input_names: "price" feature_type: RawFeature }
  features { input_names: "rate" feature_type: RawFeature }
  features { input_names: "age" num_buckets: 9 }
  features { input_names: "user" hash_bucket_size: 9 }
  features { input_names: "item" hash_bucket_size: 9 }
  features { input_names: "vip" hash_bucket_size: 9 }
  features { input_names: "tags" feature_type: TagFeature separator: ";|" hash_bucket_size: 9 }
  features { input_names: "seen" feature_type: SequenceFeature separator: "##" hash_bucket_size: 9 }
}
"""
LOWEST_32, LOWEST_64 = -(2**31), -(2**63)


@pytest.fixture
def config() -> PipelineConfig:
    return text_format.Parse(TEXT, PipelineConfig())


def example(**columns: List[Any]) -> bytes:
    """Serialised; the kind of a column is that of its first value."""
    made = tf.train.Example()
    for name, values in columns.items():
        feature = made.features.feature[name]
        kinds = {bytes: feature.bytes_list, int: feature.int64_list, float: feature.float_list}
        kind = kinds[type(values[0])] if values else feature.bytes_list
        kind.SetInParent()
        kind.value.extend(values)
    return made.SerializeToString()


def parsed(config: PipelineConfig, *examples: bytes) -> Dict[str, Any]:
    return {n: v.numpy() for n, v in parse_examples(config, tf.constant(list(examples))).items()}


def test_each_kind_of_column_has_its_values_and_an_absent_one_is_missing(
    config: PipelineConfig,
) -> None:
    full = example(
        price=[2.5],
        rate=[0.25],
        age=[-7],
        user=[9_007_199_254_740_993],
        item=["商品".encode()],
        vip=[1],
        tags=[b"a", b"b", b"c"],
        seen=[b"x", b"", b"y"],
    )
    found = parsed(config, full, example())
    np.testing.assert_array_equal(found["price"], np.array([2.5, np.nan], np.float32))
    np.testing.assert_array_equal(found["rate"], np.array([0.25, np.nan]))
    assert found["rate"].dtype == np.float64
    assert found["age"].tolist() == [-7, LOWEST_32]
    assert found["age"].dtype == np.int32
    assert found["user"].tolist() == [9_007_199_254_740_993, LOWEST_64]
    assert found["item"].tolist() == ["商品".encode(), b""]
    assert found["vip"].tolist() == [True, False]
    assert found["tags"].tolist() == [b"a;b;c", b""]
    assert found["seen"].tolist() == [b"x####y", b""]


def test_a_text_of_several_values_is_taken_as_it_stands(config: PipelineConfig) -> None:
    assert parsed(config, example(tags=[b"a|b;c"]))["tags"].tolist() == [b"a|b;c"]


def test_no_example_has_a_value_and_there_may_be_no_example(config: PipelineConfig) -> None:
    found = parsed(config, example(), example())
    assert found["item"].tolist() == [b"", b""]
    assert found["age"].tolist() == [LOWEST_32] * 2
    empty = parse_examples(config, tf.zeros([0], tf.string))
    assert {tuple(v.shape) for v in empty.values()} == {(0,)}


def test_matrices_are_padded_with_what_is_no_value(config: PipelineConfig) -> None:
    config.export_config.auto_multi_value = True
    found = parsed(config, example(tags=[b"a", b"b"]), example(), example(tags=[b"c"]))
    assert found["tags"].tolist() == [[b"a", b"b"], [b"", b""], [b"c", b""]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"item": [b"a", b"b"]}, "column item: an example must hold one value at most"),
        ({"age": [2**31]}, r"(?s)column age: each value must be of type INT32, got.*2147483648"),
        ({"vip": [2]}, "column vip: each value must be of type BOOL, got"),
        ({"user": [b"7"]}, r"user.*[Dd]ata types don't match"),
        ({"tags": [7]}, r"tags.*[Dd]ata types don't match"),
    ],
)
def test_what_is_of_another_type_fails_by_the_name_of_its_column(
    config: PipelineConfig, columns: Dict[str, List[Any]], message: str
) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        parsed(config, example(user=[1]), example(**columns))


def test_what_is_no_example_fails(config: PipelineConfig) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="Could not parse example"):
        parsed(config, b"no example")


@pytest.mark.parametrize("auto_multi_value", [False, True])
def test_a_request_comes_back_from_its_examples(
    config: PipelineConfig, auto_multi_value: bool
) -> None:
    config.export_config.auto_multi_value = auto_multi_value
    asked = {
        "price": np.array([2.5, np.nan], np.float32),
        "rate": np.array([0.25, np.nan]),
        "age": np.array([-7, LOWEST_32], np.int32),
        "user": np.array([9_007_199_254_740_993, LOWEST_64]),
        "item": np.array(["商品".encode(), b""], object),
        "vip": np.array([True, False]),
        "tags": np.array([b"a|b;c", b""], object),
        "seen": np.array([b"x####y", b""], object),
    }
    if auto_multi_value:
        asked["tags"] = np.array([[b"a", b"b"], [b"c", b""]], object)
        asked["seen"] = np.array([[b"x", b"", b"y"], [b"", b"", b""]], object)
    found = parsed(config, *to_examples(asked))
    assert sorted(found) == sorted(asked)
    for name, values in asked.items():
        assert found[name].dtype == values.dtype, name
        np.testing.assert_array_equal(found[name], values, name)
