"""Rows as requests: what a request cannot say is refused, and never scored as something else."""

from __future__ import annotations

import re
from typing import Any, Dict

import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.requests import JOINED_INPUT, request

TEXT = """
data_config {
  separator: ","
  input_fields { input_name: "user" }
  input_fields { input_name: "age" input_type: INT32 }
  input_fields { input_name: "tags" }
}
feature_config {
  features { input_names: "user" hash_bucket_size: 9 }
  features { input_names: "age" num_buckets: 9 }
  features { input_names: "tags" feature_type: TagFeature separator: "|;" hash_bucket_size: 9 }
}
"""


def columns(user: str = "u", tag: str = "b") -> Dict[str, Any]:
    return {
        "user": tf.constant(["v", user]),
        "age": tf.constant([3, 4]),
        "tags": tf.ragged.constant([["a", tag], []], dtype=tf.string),
    }


@pytest.fixture
def config() -> PipelineConfig:
    return text_format.Parse(TEXT, PipelineConfig())


def test_a_list_is_text_joined_by_the_first_separator(config: PipelineConfig) -> None:
    asked = request(config, columns(user="u,\n"))
    assert {name: array.tolist() for name, array in asked.items()} == {
        "user": [b"v", b"u,\n"],
        "age": [3, 4],
        "tags": [b"a|b", b""],
    }


@pytest.mark.parametrize("tag", ["b|c", ";"])
@pytest.mark.parametrize("multi_placeholder", [True, False])
def test_a_value_of_a_list_that_holds_a_separator_is_refused(
    config: PipelineConfig, tag: str, multi_placeholder: bool
) -> None:
    config.export_config.multi_placeholder = multi_placeholder
    message = rf"^a value of column tags must hold none of .*'\|;'.* got '{re.escape(tag)}'"
    with pytest.raises(UserError, match=message):
        request(config, columns(tag=tag))


def test_such_a_value_has_its_place_in_a_matrix(config: PipelineConfig) -> None:
    config.export_config.auto_multi_value = True
    asked = request(config, columns(tag="b|c"))
    assert asked["tags"].tolist() == [[b"a", b"b|c"], [b"", b""]]


def test_joined_rows_are_refused_cells_that_would_part_them(config: PipelineConfig) -> None:
    config.export_config.multi_placeholder = False
    asked = request(config, columns())
    assert asked[JOINED_INPUT].tolist() == [b"v,3,a|b", b"u,4,"]
    for user in ("a,b", "a\nb", "a\rb"):
        with pytest.raises(UserError, match=r"^a cell of column user, of joined rows, must hold"):
            request(config, columns(user=user))


def test_a_sequence_is_text_joined_by_its_whole_separator(config: PipelineConfig) -> None:
    feature = config.feature_config.features[2]
    feature.feature_type, feature.separator = feature.SequenceFeature, "||"
    lists = tf.ragged.constant([["a", "", "b"], []], dtype=tf.string)
    assert request(config, {**columns(), "tags": lists})["tags"].tolist() == [b"a||||b", b""]
    with pytest.raises(UserError, match=re.escape("must hold none of the characters '|'")):
        request(config, {**columns(), "tags": tf.ragged.constant([["a|b"], []])})
    lone = tf.ragged.constant([["a"], [""]], dtype=tf.string)
    with pytest.raises(UserError, match="column tags must not hold a list of one empty text"):
        request(config, {**columns(), "tags": lone})


def test_a_separator_beyond_ascii_is_no_set_of_bytes(config: PipelineConfig) -> None:
    config.feature_config.features[2].separator = "\u3001"
    asked = request(config, columns(tag="\u4e00"))  # shares a byte with the separator
    assert asked["tags"].tolist() == ["a\u3001\u4e00".encode(), b""]
    with pytest.raises(UserError, match="must hold none of the characters '\u3001'"):
        request(config, columns(tag="b\u3001c"))


LOWEST = -(2**63)
LISTS = """
data_config {
  separator: ","
  input_fields { input_name: "age" input_type: INT32 }
  input_fields { input_name: "price" input_type: FLOAT }
  input_fields { input_name: "tags" input_type: INT64 }
  input_fields { input_name: "weights" input_type: FLOAT }
}
feature_config {
  features { input_names: "age" num_buckets: 9 }
  features { input_names: "price" feature_type: RawFeature }
  features { input_names: ["tags", "weights"] feature_type: TagFeature hash_bucket_size: 9 }
}
export_config { %s }
"""


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", {"age": [3, -(2**31)], "tags": [b"7|8", b""], "weights": [b"0.5|2.0", b""]}),
        (
            "auto_multi_value: true",
            {"tags": [[b"7", b"8"], [b"", b""]], "weights": [[0.5, 2.0], [None, None]]},
        ),
        ("multi_placeholder: false", {JOINED_INPUT: [b"3,0.25,7|8,0.5|2.0", b",,,"]}),
    ],
)
def test_missing_values_are_missing_in_a_request(settings: str, expected: Dict[str, Any]) -> None:
    asked = request(
        text_format.Parse(LISTS % settings, PipelineConfig()),
        {
            "age": tf.constant([3, -(2**31)]),
            "price": tf.constant([0.25, float("nan")]),
            # A missing id is skipped with its weight.
            "tags": tf.ragged.constant([[7, LOWEST, 8], []], dtype=tf.int64),
            "weights": tf.ragged.constant([[0.5, 9, 2], []], dtype=tf.float32),
        },
    )
    found = {
        name: [[None if x != x else x for x in row] for row in array.tolist()]
        if name == "weights" and array.ndim > 1
        else array.tolist()
        for name, array in asked.items()
        if name in expected
    }
    assert found == expected


@pytest.mark.parametrize("text", ["nan", "0x10", "+2", "much"])
def test_text_that_is_no_number_has_no_place_in_a_matrix(text: str) -> None:
    config = text_format.Parse(LISTS % "auto_multi_value: true", PipelineConfig())
    config.data_config.input_fields[3].input_type = 2
    columns = {
        "age": tf.constant([3]),
        "price": tf.constant([0.25]),
        "tags": tf.constant(["7|8"]),
        "weights": tf.constant([f"1|{text}"]),
    }
    with pytest.raises(UserError, match=r"^column weights: each value must be a number, got '"):
        request(config, columns)
