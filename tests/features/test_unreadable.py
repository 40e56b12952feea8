"""What a feature cannot read of a request is missing, and nothing else is."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Sequence
from easy_esmm.features import UnreadableValues, encode
from easy_esmm.features.histories import without_unequal
from tests.features.looking_up import config_of, tensors

NAN, INF = float("nan"), float("inf")
LOWEST = -(2**63)


def arrays(text: str, columns: Mapping[str, Any], reads_all: bool) -> Tuple[Dict[str, Any], Any]:
    """The fields of the feature's encoding, and what could not be read by row."""
    with tf.Graph().as_default(), v1.Session() as session:
        unreadable = None if reads_all else UnreadableValues()
        given = tensors(columns)
        (feature,) = encode(config_of(text), given, unreadable).values()
        rows = len(next(iter(columns.values())))
        count = unreadable.count(tf.constant(rows)) if unreadable else tf.zeros([rows], tf.int32)
        session.run(v1.tables_initializer())
        fields = {name: value for name, value in flat(feature).items() if tf.is_tensor(value)}
        return session.run((fields, count))


def flat(feature: Any) -> Dict[str, Any]:
    """The fields, with those of a sequence's places."""
    places = vars(feature).get("places")
    return {**vars(feature), **(vars(places) if places else {})}


def feature(kind: str, names: str, settings: str) -> str:
    return f"features {{ input_names: [{names}] feature_type: {kind} {settings} }}"


ID = feature("IdFeature", "'x'", "embedding_dim: 2 num_buckets: 10")
KV = feature("TagFeature", "'x'", "embedding_dim: 2 hash_bucket_size: 10 kv_separator: ':'")
NUMBERED = feature("TagFeature", "'x'", "embedding_dim: 2 num_buckets: 10 kv_separator: ':'")
TAGS = feature("TagFeature", "'x'", "embedding_dim: 2 num_buckets: 10")
WEIGHTED = feature("TagFeature", "'x', 'w'", "embedding_dim: 2 hash_bucket_size: 10")
WEIGHTED_NUMBERS = feature("TagFeature", "'x', 'w'", "embedding_dim: 2 num_buckets: 10")
RAW = feature("RawFeature", "'x'", "")
SCALED = feature("RawFeature", "'x'", "min_val: 0 max_val: 0.5")
BUCKETS = feature("RawFeature", "'x'", "embedding_dim: 2 boundaries: [1, 2]")
PAIR = feature("RawFeature", "'x'", "raw_input_dim: 2")
LOOKUP = feature("LookupFeature", "'k', 'x'", "embedding_dim: 2 num_buckets: 10 kv_separator: ':'")
SEQUENCE = "embedding_dim: 2 separator: ';' feature_type: SequenceFeature input_names: 'x'"
IDS = f"features {{ {SEQUENCE} num_buckets: 10 }}"
NUMBERS = f"features {{ {SEQUENCE} sub_feature_type: RawFeature }}"
TUPLES = f"features {{ {SEQUENCE} sub_feature_type: RawFeature raw_input_dim: 2 }}"
INNER = (
    f"features {{ {SEQUENCE} sub_feature_type: RawFeature raw_input_dim: 2 seq_multi_sep: '/' }}"
)
LISTS = f"features {{ {SEQUENCE} sub_feature_type: RawFeature seq_multi_sep: '/' }}"
INNER_IDS = f"features {{ {SEQUENCE} num_buckets: 10 seq_multi_sep: '/' }}"
SUM = feature("ExprFeature", "'x', 'y'", "expression: 'x + y'")

CASES = [
    (
        ID,
        {"x": ["3", "x", "", "99999999999999999999", " 4 "]},
        {"x": ["3", "", "", "", "4"]},
        [0, 1, 0, 1, 0],
    ),
    (ID, {"x": [3, -7, 99]}, {"x": [3, -7, 99]}, [0, 0, 0]),
    (TAGS, {"x": ["1|b|3", "c", "4|", "0x5|6"]}, {"x": ["1|3", "", "4", "6"]}, [1, 1, 0, 1]),
    (
        KV,
        {
            "x": [
                "17:much",
                "1:2|17:nan|3:4",
                "17:inf|5:1e400",
                "17",
                "1:2:3|4:5",
                "6:",
                ":7",
                "1:1e39",
            ]
        },
        {"x": ["", "1:2|3:4", "", "", "4:5", "", ":7", ""]},
        [1, 1, 2, 1, 1, 1, 0, 1],
    ),
    (NUMBERED, {"x": ["a:1|2:3", "1.5:1"]}, {"x": ["2:3", ""]}, [1, 1]),
    (
        WEIGHTED,
        {"x": ["a|b", "c|d", "e", ""], "w": ["1|much", "1", "2", "3"]},
        {"x": ["a", "", "e", ""], "w": ["1", "", "2", ""]},
        [1, 1, 0, 1],
    ),
    (
        WEIGHTED,
        {"x": [["a", "b"], []], "w": [[INF, 2.0], []]},
        {"x": [["b"], []], "w": [[2.0], []]},
        [1, 0],
    ),
    (WEIGHTED_NUMBERS, {"x": ["a|2"], "w": ["1|3"]}, {"x": ["2"], "w": ["3"]}, [1]),
    (
        RAW,
        {"x": ["1.5", "much", "", "1e400", "nan"]},
        {"x": ["1.5", "", "", "", ""]},
        [0, 1, 0, 1, 1],
    ),
    (RAW, {"x": [1.5, INF, -INF, NAN]}, {"x": [1.5, NAN, NAN, NAN]}, [0, 1, 1, 0]),
    (RAW, {"x": np.array([1.0, 1e300])}, {"x": np.array([1.0, NAN])}, [0, 1]),
    (RAW, {"x": [9e18, 2e19, -3e38]}, {"x": [9e18, NAN, NAN]}, [0, 1, 1]),
    (KV, {"x": ["1:9e18|2:3e38", "3:-3e38"]}, {"x": ["1:9e18", ""]}, [1, 1]),
    (
        WEIGHTED,
        {"x": ["a|b", "c"], "w": ["1|3e38", "-2e19"]},
        {"x": ["a", ""], "w": ["1", ""]},
        [1, 1],
    ),
    (SCALED, {"x": [0.25, 3e38]}, {"x": [0.25, NAN]}, [0, 1]),
    (BUCKETS, {"x": np.array([1.5, 1e300, INF])}, {"x": np.array([1.5, 1e300, NAN])}, [0, 0, 1]),
    (
        PAIR,
        {"x": ["1|2", "1", "1|x", "", "1|2|3"]},
        {"x": ["1|2", "", "", "", ""]},
        [0, 1, 1, 0, 1],
    ),
    (
        LOOKUP,
        {"k": ["a", "a", "b"], "x": ["a:1|b", "a:x|a:2", "b:1:2"]},
        {"k": ["a", "a", "b"], "x": ["a:1", "a:2", ""]},
        [1, 1, 1],
    ),
    (IDS, {"x": ["1;x;3", "", "y"]}, {"x": [["1", "", "3"], [], [""]]}, [1, 0, 1]),
    (NUMBERS, {"x": ["1;much;3", "nan;2"]}, {"x": [["1", "", "3"], ["", "2"]]}, [1, 1]),
    (
        TUPLES,
        {"x": ["1;2;3;4", "1;2;3", "1;x"]},
        {"x": [["1", "2", "3", "4"], [], ["1", ""]]},
        [0, 1, 1],
    ),
    (INNER, {"x": ["1/2;3", "4/x;5/6"]}, {"x": [["1/2", ""], ["", "5/6"]]}, [1, 1]),
    (LISTS, {"x": ["1/2;3/x", "4"]}, {"x": [["1/2", ""], ["4"]]}, [1, 0]),
    (INNER_IDS, {"x": ["1/2;3/x", "4"]}, {"x": [["1/2", ""], ["4"]]}, [1, 0]),
    (
        SUM,
        {"x": ["1", "x", "3"], "y": [1.0, 2.0, INF]},
        {"x": ["1", "", "3"], "y": [1.0, 2.0, NAN]},
        [0, 1, 1],
    ),
    (
        SUM,
        {"x": [2**53 + 1, 2**53 + 1, 5], "y": np.array([1.0, 0.0, 0.5])},
        {"x": [LOWEST, LOWEST, 5], "y": np.array([NAN, NAN, 0.5])},
        [1, 1, 0],
    ),
]


@pytest.mark.parametrize(("text", "asked", "as_if", "counts"), CASES)
def test_what_cannot_be_read_is_as_if_it_were_missing(
    text: str, asked: Dict[str, Any], as_if: Dict[str, Any], counts: List[int]
) -> None:
    found, unreadable = arrays(text, asked, reads_all=False)
    expected, _ = arrays(text, as_if, reads_all=True)
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, name)
    assert unreadable.tolist() == counts


@pytest.mark.parametrize(
    "text",
    [
        feature("ComboFeature", "'x', 'y'", "embedding_dim: 2 hash_bucket_size: 10"),
        feature("IdFeature", "'x'", "embedding_dim: 2 hash_bucket_size: 10"),
    ],
)
def test_any_text_is_an_id_that_is_hashed(text: str) -> None:
    columns = {"x": ["much", "\x00", "nan"], "y": ["", "17:much", "商品"]}
    found, unreadable = arrays(text, columns, reads_all=False)
    expected, _ = arrays(text, columns, reads_all=True)
    np.testing.assert_array_equal(found["ids"], expected["ids"])
    assert unreadable.tolist() == [0, 0, 0]


def test_histories_of_unequal_length_are_empty_in_their_rows_only() -> None:
    def history(*lengths: int) -> Sequence:
        mask = tf.sequence_mask(lengths, max(lengths))
        numbers = tf.range(1, 1 + len(lengths) * max(lengths))
        values = tf.reshape(tf.cast(numbers, tf.float32), [len(lengths), max(lengths), 1])
        return Sequence(tf.where(mask[:, :, tf.newaxis], values, 0.0), mask)

    given = {"a": history(2, 3, 0, 1), "b": history(2, 1, 0, 0), "c": history(4, 4, 4, 4)}
    found, count = without_unequal(["a", "b"], given)
    assert count.numpy().tolist() == [0, 1, 0, 0]
    assert found["c"] is given["c"]
    assert found["a"].mask.numpy().tolist() == [
        [True, True],
        [False] * 2,
        [False] * 2,
        [True, False],
    ]
    assert found["b"].mask.numpy().tolist() == [[True, True], [False] * 2, [False] * 2, [False] * 2]
    assert found["a"].values.numpy()[:, :, 0].tolist() == [[1, 2], [0, 0], [0, 0], [10, 0]]
    assert found["b"].values.numpy()[:, :, 0].tolist() == [[1, 2], [0, 0], [0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("text", "column"),
    [(ID, [3, 4]), (ID.replace("num_buckets", "hash_bucket_size"), ["a", "b"])],
)
def test_ids_that_are_always_readable_cost_no_operation(text: str, column: Any) -> None:
    counts = []
    for unreadable in (None, UnreadableValues()):
        with tf.Graph().as_default() as graph:
            encode(config_of(text), tensors({"x": column}), unreadable)
            counts.append(len(graph.get_operations()))
    assert counts[0] == counts[1]
