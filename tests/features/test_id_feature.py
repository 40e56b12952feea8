"""IdFeature: hashing, vocabularies, buckets, missing values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features import embed
from tests.features.looking_up import config_of

# FarmHash Fingerprint64 modulo 1000000007, as EasyRec's models have it.
CHECK_VECTOR = {
    "0": 859788559,
    "430548_1007": 594381409,
    "-1": 813956939,
    "abc": 775161712,
}

HASHED = "features { input_names: 'x' embedding_dim: 2 hash_bucket_size: 1000000007 }"
NUMBERED = "features { input_names: 'x' embedding_dim: 2 num_buckets: 10 }"
LISTED = "features { input_names: 'x' embedding_dim: 2 vocab_list: ['red', 'green', 'blue'] }"


def test_hash_agrees_with_the_published_check_vector(encoded: Any) -> None:
    found = encoded(HASHED, {"x": list(CHECK_VECTOR)})
    np.testing.assert_array_equal(found["ids"], list(CHECK_VECTOR.values()))


def test_empty_text_is_missing_and_not_hashed(encoded: Any) -> None:
    found = encoded(HASHED, {"x": ["", "abc"]})
    np.testing.assert_array_equal(found["ids"], [-1, 775161712])


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_integers_are_hashed_as_their_text_even_minus_one(encoded: Any, dtype: Any) -> None:
    found = encoded(HASHED, {"x": np.array([0, -1], dtype)})
    np.testing.assert_array_equal(found["ids"], [859788559, 813956939])


def test_hash_comes_before_vocabulary_and_buckets(encoded: Any) -> None:
    text = HASHED.replace("}", "vocab_list: 'abc' num_buckets: 3 }")
    found = encoded(text, {"x": ["abc"]})
    np.testing.assert_array_equal(found["ids"], [775161712])
    assert found["vocabulary"] == 1000000007


def test_vocabulary_comes_before_buckets(encoded: Any) -> None:
    found = encoded(LISTED.replace("}", "num_buckets: 9 }"), {"x": ["blue"]})
    assert (found["ids"], found["vocabulary"]) == ([2], 3)


def test_only_minus_one_is_missing_in_buckets_and_other_ids_out_of_range_go_to_row_0(
    encoded: Any,
) -> None:
    found = encoded(NUMBERED, {"x": np.array([3, -1, 10, -2, 9, 0])})
    np.testing.assert_array_equal(found["ids"], [3, -1, 0, 0, 9, 0])
    assert found["out_of_range"] == 2


def test_text_is_read_as_a_number_for_buckets(encoded: Any) -> None:
    found = encoded(NUMBERED, {"x": ["7", "", "-1", "12"]})
    np.testing.assert_array_equal(found["ids"], [7, -1, -1, 0])
    assert found["out_of_range"] == 1


def test_text_that_is_no_number_stops_with_the_feature_and_the_value(encoded: Any) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)seven.*encode/x"):
        encoded(NUMBERED, {"x": ["seven"]})


def test_vocabulary_gives_positions_and_counts_unknown_ids_on_row_0(encoded: Any) -> None:
    found = encoded(LISTED, {"x": ["blue", "red", "", "pink", "green", "grey"]})
    np.testing.assert_array_equal(found["ids"], [2, 0, -1, 0, 1, 0])
    assert found["out_of_range"] == 2
    assert found["vocabulary"] == 3


def test_integers_are_found_in_a_vocabulary_by_their_text(encoded: Any) -> None:
    text = "features { input_names: 'x' embedding_dim: 2 vocab_list: ['10', '-1', '30'] }"
    found = encoded(text, {"x": np.array([30, -1, 10])})
    np.testing.assert_array_equal(found["ids"], [2, 1, 0])


@pytest.mark.parametrize("content", [b"red\ngreen\nblue\n", b"red\r\ngreen\r\nblue"])
def test_vocabulary_file_gives_line_numbers(encoded: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "colours.txt"
    path.write_bytes(content)
    text = f"features {{ input_names: 'x' embedding_dim: 2 vocab_file: '{path}' }}"
    found = encoded(text, {"x": ["blue", "pink", "", "green"]})
    np.testing.assert_array_equal(found["ids"], [2, 0, -1, 1])
    assert (found["vocabulary"], found["out_of_range"]) == (3, 1)


def test_exported_model_takes_its_vocabulary_file_along(tmp_path: Path) -> None:
    path = tmp_path / "colours.txt"
    path.write_text("red\ngreen\nblue\n")
    text = f"features {{ input_names: 'x' embedding_dim: 2 vocab_file: '{path}' }}"
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.string, [None])
        vectors = embed(config_of(text), {"x": x}).groups["all"].matrix
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        expected = session.run(vectors, {x: ["blue", "", "pink"]})
        builder = v1.saved_model.Builder(str(tmp_path / "export"))
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            {"answer": v1.saved_model.predict_signature_def({"x": x}, {"vectors": vectors})},
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            main_op=v1.tables_initializer(),
        )
        builder.save()
    path.unlink()
    with tf.Graph().as_default(), v1.Session() as session:
        loaded = v1.saved_model.load(session, ["serve"], str(tmp_path / "export"))
        answer = loaded.signature_def["answer"]
        fed = {answer.inputs["x"].name: ["blue", "", "pink"]}
        np.testing.assert_array_equal(session.run(answer.outputs["vectors"].name, fed), expected)
    assert np.any(expected[0] != expected[2])
    np.testing.assert_array_equal(expected[1], [0, 0])


def test_float_with_precision_is_the_text_of_so_many_digits(encoded: Any) -> None:
    text = HASHED.replace("}", "precision: 2 }")
    found = encoded(text, {"x": np.array([1.5, 2.718, 1e9], np.float64)})
    expected = encoded(HASHED, {"x": ["1.50", "2.72", "1000000000.00"]})
    np.testing.assert_array_equal(found["ids"], expected["ids"])


def test_float_is_found_in_a_vocabulary_by_its_text(encoded: Any) -> None:
    text = "features { input_names: 'x' embedding_dim: 2 precision: 1 vocab_list: ['0.5', '8.2'] }"
    found = encoded(text, {"x": np.array([8.2, 0.5, 3], np.float32)})
    np.testing.assert_array_equal(found["ids"], [1, 0, 0])


def test_missing_id_is_the_zero_vector(look_up: Any, rows: Any) -> None:
    found = look_up(NUMBERED, {"x": np.array([3, -1, 3, 25])})
    table = found.tables["embedding/all/x"]
    np.testing.assert_array_equal(found.groups["all"], rows(table, [3, -1, 3, 0]))
    assert (found.out_of_range, found.ids_seen) == ({"x": 1}, {"x": 3})


def test_batch_without_any_value_is_all_zeros(look_up: Any) -> None:
    found = look_up(NUMBERED, {"x": np.array([-1, -1])})
    np.testing.assert_array_equal(found.groups["all"], np.zeros([2, 2]))


MISSING_INTEGERS = [
    np.array([5, np.iinfo(np.int32).min, -1], np.int32),
    np.array([5, np.iinfo(np.int64).min, -1], np.int64),
]


@pytest.mark.parametrize("column", MISSING_INTEGERS)
def test_a_missing_integer_is_no_id(encoded: Any, column: Any) -> None:
    found = encoded(HASHED, {"x": column})
    np.testing.assert_array_equal(found["ids"][1:], [-1, 813956939])
    found = encoded(NUMBERED, {"x": column})
    np.testing.assert_array_equal(found["ids"], [5, -1, -1])
    assert found["out_of_range"] == 0
    found = encoded(LISTED.replace("'red'", "'5'"), {"x": column})
    np.testing.assert_array_equal(found["ids"], [0, -1, 0])
    assert found["out_of_range"] == 1  # -1 is no entry


def test_a_missing_float_that_is_read_as_text_is_no_id(encoded: Any) -> None:
    text = HASHED.replace("}", "precision: 1 }")
    found = encoded(text, {"x": np.float32([np.nan, 1])})
    assert found["ids"][0] == -1
    assert found["ids"][1] == encoded(HASHED, {"x": ["1.0"]})["ids"][0]


@pytest.mark.parametrize("text", ["1.5", "0x1", "+1", "one", "1e0", "nan", "9" * 20])
def test_text_that_is_no_row_number_stops(encoded: Any, text: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"encode/x|feature x: an id must be"):
        encoded(NUMBERED, {"x": ["1", text]})


def test_blanks_around_a_row_number_are_ignored(encoded: Any) -> None:
    found = encoded(NUMBERED, {"x": [" 3 ", " ", "-0"]})
    np.testing.assert_array_equal(found["ids"], [3, -1, 0])
