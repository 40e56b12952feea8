"""Columns of several values as matrices: their types, their padding, and what features read."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.config.several_values import unlike_separators
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.matrices import matrix_types, to_matrix, without_padding
from easy_esmm.serving.requests import request
from easy_esmm.serving.signature import receive_requests

TEXT = """
data_config {
  input_fields { input_name: "user" }
  input_fields { input_name: "tags" }
  input_fields { input_name: "rows" }
  input_fields { input_name: "weights" }
  input_fields { input_name: "vector" }
  input_fields { input_name: "map" }
}
feature_config {
  features { input_names: "user" hash_bucket_size: 9 }
  features { input_names: "tags" feature_type: TagFeature separator: ";" hash_bucket_size: 9 }
  features { input_names: ["rows", "weights"] feature_type: TagFeature num_buckets: 9 }
  features { input_names: "vector" feature_type: RawFeature raw_input_dim: 2 }
  features { feature_name: "found" input_names: ["user", "map"] feature_type: LookupFeature
             kv_separator: ":" num_buckets: 9 }
}
export_config { auto_multi_value: true }
"""
COLUMNS = {
    "user": ["u", "v", "w"],
    "tags": ["a;b", "", "c"],
    "rows": ["1|2", "", "3"],
    "weights": ["0.5|0", "", "1.5"],
    "vector": ["1|2", "", "0|-1"],
    "map": ["u:1|v:2", "v:3", ""],
}
MATRICES = {
    "tags": [[b"a", b"b"], [b"", b""], [b"c", b""]],
    "rows": [[1, 2], [-1, -1], [3, -1]],
    "weights": [[0.5, 0], [np.nan, np.nan], [1.5, np.nan]],
    "vector": [[1, 2], [np.nan, np.nan], [0, -1]],
    "map": [[b"u:1", b"v:2"], [b"v:3", b""], [b"", b""]],
}
VALUES = {
    "tags": [[b"a", b"b"], [], [b"c"]],
    "rows": [[1, 2], [], [3]],
    "weights": [[0.5, 0], [], [1.5]],
    "vector": [[1, 2], [], [0, -1]],
    "map": [[b"u:1", b"v:2"], [b"v:3"], []],
}


@pytest.fixture
def config() -> PipelineConfig:
    config = text_format.Parse(TEXT, PipelineConfig())
    for feature in config.feature_config.features:
        feature.feature_name = feature.feature_name or feature.input_names[0]
    return config


@pytest.mark.parametrize("width", [1, 2, 3])
def test_weights_of_another_width_than_their_ids_stay_in_their_row(
    config: PipelineConfig, width: int
) -> None:
    matrices = {**MATRICES, "rows": [[1, 2], [-1, -1], [3, -1]]}
    matrices["weights"] = np.array([[1, 2, 9], [9, 9, 9], [3, 9, 9]])[:, :width].tolist()
    types = matrix_types(config)
    columns = {name: tf.constant(matrices[name], types[name]) for name in matrices}
    first = [1, 2] if width > 1 else [1, np.nan]
    found = without_padding(config, columns)["weights"]
    np.testing.assert_array_equal(found.values, [*first, 3])
    assert found.row_lengths().numpy().tolist() == [2, 0, 1]


def test_types_follow_from_the_features(config: PipelineConfig) -> None:
    assert {name: dtype.name for name, dtype in matrix_types(config).items()} == {
        "tags": "string",
        "rows": "int64",
        "weights": "float32",
        "vector": "float32",
        "map": "string",
    }


def test_column_of_unlike_readers_is_text(config: PipelineConfig) -> None:
    for name, kind in (("rows", "RawFeature"), ("vector", "TagFeature"), ("weights", "TagFeature")):
        feature = config.feature_config.features.add(input_names=[name], raw_input_dim=2)
        feature.feature_type = feature.FeatureType.Value(kind)
    types = matrix_types(config)
    assert {types[name] for name in ("rows", "vector", "weights")} == {tf.string}


def test_named_columns_alone_are_matrices(config: PipelineConfig) -> None:
    config.export_config.auto_multi_value = False
    assert matrix_types(config) == {}
    config.export_config.multi_value_fields.input_name.append("tags")
    assert list(matrix_types(config)) == ["tags"]
    config.export_config.multi_placeholder = False
    assert matrix_types(config) == {}


@pytest.mark.parametrize("name", MATRICES)
def test_text_becomes_a_matrix_with_padding(config: PipelineConfig, name: str) -> None:
    found = to_matrix(config, name, tf.constant(COLUMNS[name]))
    np.testing.assert_array_equal(found, np.array(MATRICES[name], found.dtype))


def test_lists_become_a_matrix_of_the_columns_type(config: PipelineConfig) -> None:
    found = to_matrix(config, "tags", tf.ragged.constant([[1, 2], [], [3]], dtype=tf.int64))
    np.testing.assert_array_equal(found, [[b"1", b"2"], [b"", b""], [b"3", b""]])


def test_features_read_the_values_without_the_padding(config: PipelineConfig) -> None:
    matrices = {name: tf.constant(np.array(MATRICES[name])) for name in ("rows", "tags", "map")}
    for name in ("weights", "vector"):
        matrices[name] = tf.constant(MATRICES[name], tf.float32)
    columns = without_padding(config, {**matrices, "user": tf.constant(COLUMNS["user"])})
    for name, values in VALUES.items():
        assert columns[name].to_list() == values, name
    assert columns["user"].shape == [3]


def test_a_request_and_the_signature_have_the_same_keys_and_ranks(config: PipelineConfig) -> None:
    asked = request(config, {name: tf.constant(cells) for name, cells in COLUMNS.items()})
    with tf.Graph().as_default():
        ranks = {name: t.shape.rank for name, t in receive_requests(config).inputs.items()}
    assert {name: array.ndim for name, array in asked.items()} == ranks
    assert ranks == {"user": 1, **dict.fromkeys(MATRICES, 2)}


SEQUENCES = """
data_config {
  input_fields { input_name: "texts" }
  input_fields { input_name: "rows" }
  input_fields { input_name: "numbers" }
  input_fields { input_name: "lists" }
}
feature_config {
  features { input_names: "texts" feature_type: SequenceFeature separator: ";;"
             hash_bucket_size: 9 }
  features { input_names: "rows" feature_type: SequenceFeature num_buckets: 9 }
  features { input_names: "numbers" feature_type: SequenceFeature sub_feature_type: RawFeature }
  features { input_names: "lists" feature_type: SequenceFeature num_buckets: 9 seq_multi_sep: ":" }
}
export_config { auto_multi_value: true }
"""
SEQUENCE_COLUMNS = {
    "texts": ["a;b;;;;c", "", "d"],
    "rows": ["1||2", "", "3"],
    "numbers": ["0.5||1", "", "2"],
    "lists": ["1:2||3", "", "4"],
}
SEQUENCE_MATRICES = {
    "texts": [[b"a;b", b"", b"c"], [b"", b"", b""], [b"d", b"", b""]],
    "rows": [[1, -1, 2], [-1, -1, -1], [3, -1, -1]],
    "numbers": [[0.5, np.nan, 1], [np.nan] * 3, [2, np.nan, np.nan]],
    "lists": [[b"1:2", b"", b"3"], [b"", b"", b""], [b"4", b"", b""]],
}


@pytest.fixture
def sequences() -> PipelineConfig:
    config = text_format.Parse(SEQUENCES, PipelineConfig())
    for feature in config.feature_config.features:
        feature.feature_name = feature.input_names[0]
    return config


@pytest.mark.parametrize("name", SEQUENCE_MATRICES)
def test_empty_elements_of_a_sequence_survive_in_a_matrix(
    sequences: PipelineConfig, name: str
) -> None:
    found = to_matrix(sequences, name, tf.constant(SEQUENCE_COLUMNS[name]))
    np.testing.assert_array_equal(found, np.array(SEQUENCE_MATRICES[name], found.dtype))
    others = {
        other: tf.constant(to_matrix(sequences, other, tf.constant(cells)))
        for other, cells in SEQUENCE_COLUMNS.items()
    }
    read = without_padding(sequences, others)[name]
    np.testing.assert_array_equal(read.row_lengths(), [3, 0, 1])
    np.testing.assert_array_equal(read[0], found[0])
    np.testing.assert_array_equal(read[2], found[2, :1])


def test_sequence_that_ends_with_an_empty_element_is_no_matrix(sequences: PipelineConfig) -> None:
    for name, cell in (("texts", "a;;"), ("rows", "1|-1"), ("numbers", "1|")):
        with pytest.raises(UserError, match=f"column {name} must not end with an empty element"):
            to_matrix(sequences, name, tf.constant([cell, ""]))
    empty = to_matrix(sequences, "texts", tf.constant(["", ""]))
    assert empty.shape == (2, 0)


def test_features_that_part_a_column_differently_cannot_share_a_matrix() -> None:
    text = SEQUENCES.replace("seq_multi_sep: ':'", "")
    cases = {"TagFeature separator: ';'": True, "TagFeature separator: '|'": False}
    for other, is_unlike in cases.items():
        config = text_format.Parse(text, PipelineConfig())
        text_format.Merge(
            f"feature_config {{ features {{ input_names: 'rows' feature_type: {other} }} }}", config
        )
        assert ("rows" in unlike_separators(config)) is is_unlike
