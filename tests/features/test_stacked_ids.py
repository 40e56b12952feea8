"""Ids of many features encoded at once: as each feature by itself."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features.encoded import Encoded
from easy_esmm.features.id_feature import encode_id
from easy_esmm.features.stacked_ids import encode_stacked
from easy_esmm.protos.feature_pb2 import FeatureConfig

LOWEST_32, LOWEST_64 = np.iinfo(np.int32).min, np.iinfo(np.int64).min


def feature(name: str, **settings: Any) -> FeatureConfig:
    return FeatureConfig(feature_name=name, input_names=[name], **settings)


FEATURES = [
    feature("small", num_buckets=3),
    feature("large", num_buckets=2**40),
    feature("narrow", num_buckets=3),
    feature("other", num_buckets=7),
    feature("hashed", hash_bucket_size=5),
    feature("listed", vocab_list=["1"], num_buckets=3),
    feature("text", num_buckets=3),
    feature("alone", num_buckets=3),
    feature("number", num_buckets=3, feature_type=FeatureConfig.RawFeature),
]
COLUMNS: Dict[str, Any] = {
    # The mark of a missing value, -1, the ends of the buckets, and beyond.
    "small": np.array([LOWEST_64, -1, 0, 2, 3, -2]),
    "large": np.array([2**40, 2**40 - 1, 2**62, LOWEST_64 + 1, -1, 7]),
    "narrow": np.array([LOWEST_32, -1, 0, 2, 3, -2], np.int32),
    "other": np.array([6, 7, 2**31 - 1, LOWEST_32 + 1, 1, 1], np.int32),
    "hashed": np.arange(6),
    "listed": np.arange(6),
    "text": np.array(["", "1", "2", "9", "-1", "0"]),
    "alone": np.array([True, False] * 3),
    "number": np.arange(6),
}


@pytest.fixture(scope="module")
def stacked() -> Dict[str, Any]:
    """By name of each feature that is encoded with others: (these arrays, those by itself)."""
    with tf.Graph().as_default(), v1.Session() as session:
        columns = {name: tf.constant(values) for name, values in COLUMNS.items()}
        together = encode_stacked(FEATURES, columns)
        alone = {
            f.feature_name: encode_id(f, columns) for f in FEATURES if f.feature_name in together
        }
        return {
            name: session.run((fields(together[name]), fields(alone[name]))) for name in together
        }


def fields(encoded: Encoded) -> Dict[str, Any]:
    return {
        "ids": encoded.ids_to_read(),
        "out_of_range": encoded.out_of_range,
        "seen": encoded.ids_seen(),
        "rows": tf.constant(encoded.table_rows),
    }


@pytest.mark.parametrize("name", ["small", "large", "narrow", "other"])
def test_each_is_encoded_as_by_itself(stacked: Dict[str, Any], name: str) -> None:
    together, alone = stacked[name]
    for field, values in alone.items():
        np.testing.assert_array_equal(together[field], values, field)


def test_values_are_missing_inside_or_outside(stacked: Dict[str, Any]) -> None:
    small, _ = stacked["small"]
    assert small["ids"].tolist() == [-1, -1, 0, 2, 0, 0]
    assert (small["out_of_range"], small["seen"]) == (2, 4)


def test_others_are_left_out(stacked: Dict[str, Any]) -> None:
    assert sorted(stacked) == ["large", "narrow", "other", "small"]


def test_one_of_a_type_is_left_out() -> None:
    assert encode_stacked(FEATURES[:1], {"small": tf.constant(COLUMNS["small"])}) == {}
