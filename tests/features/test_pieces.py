"""Separators are characters: those beyond ASCII are not taken for a set of their bytes."""

# ruff: noqa: RUF001  (separators of other scripts are what is tested)

from __future__ import annotations

from typing import List

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.features.pieces import pairs_of, pieces_of
from easy_esmm.protos.feature_pb2 import FeatureConfig


def split(separator: str, *texts: bytes) -> List[List[bytes]]:
    pieces: List[List[bytes]] = pieces_of(tf.constant(list(texts)), separator).to_list()
    return pieces


@pytest.mark.parametrize(
    ("separator", "text", "expected"),
    [
        ("、", "跑步、音乐", ["跑步", "音乐"]),  # the two words share bytes with the separator
        ("、", "、a、、b、", ["a", "b"]),
        ("、，", "a，b、c", ["a", "b", "c"]),
        ("|、", "a、b|c", ["a", "b", "c"]),
        ("、]^-\\", "a]b、c^d-e\\f", ["a", "b", "c", "d", "e", "f"]),
        ("\\、", "a\\b、c", ["a", "b", "c"]),
        ("é", "caf\u00e9x\u00e8", ["caf", "x\u00e8"]),
        ("、", "", []),
        ("|;", "a|b;c", ["a", "b", "c"]),
    ],
)
def test_values_are_split_at_characters(separator: str, text: str, expected: List[str]) -> None:
    assert split(separator, text.encode()) == [[piece.encode() for piece in expected]]


def test_text_that_is_not_utf8_is_split_at_whole_separators_too() -> None:
    assert split("、", b"\xff\xe3\x80\x81\xe3\x80") == [[b"\xff", b"\xe3\x80"]]
    assert split("、，", b"\xffa\xe3\x80\x81b", b"") == [[b"\xffa", b"b"], []]


def test_pairs_are_split_at_a_character() -> None:
    feature = FeatureConfig(feature_name="f", kv_separator="：")
    texts = tf.constant(["一：0.5", "：1", "a:b：2"])
    ids, weights = pairs_of(feature, texts, "x", ("id", "weight"))
    assert [text.decode() for text in ids.numpy()] == ["一", "", "a:b"]
    np.testing.assert_array_equal(weights.numpy(), [b"0.5", b"1", b"2"])


@pytest.mark.parametrize("text", ["一", "一：1：2", ""])
def test_what_is_no_pair_stops_with_the_feature(text: str) -> None:
    feature = FeatureConfig(feature_name="likes", kv_separator="：")
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature likes: each value must be"):
        pairs_of(feature, tf.constant(["a：1", text]), "x", ("id", "weight"))
