"""Fixed vocabularies: a list in the config, or a file with one entry a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from easy_esmm.config.vocabulary_file import read_entries
from easy_esmm.contract import Tensor
from easy_esmm.protos.feature_pb2 import FeatureConfig


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Entries numbered from 0."""

    table: Any
    size: int

    def find(self, text: Tensor) -> Tensor:
        """int64, shape of `text`: the number of each entry; negative where it is unknown."""
        return self.table.lookup(text)


def from_list(feature: FeatureConfig) -> Vocabulary:
    """The vocabulary of `vocab_list`."""
    entries = [entry.encode() for entry in feature.vocab_list]
    initializer = tf.lookup.KeyValueTensorInitializer(
        tf.constant(entries, tf.string), tf.range(len(entries), dtype=tf.int64)
    )
    return _vocabulary(initializer, len(entries))


def from_file(feature: FeatureConfig) -> Vocabulary:
    """The vocabulary of `vocab_file`, which is an asset of the exported model."""
    initializer = tf.lookup.TextFileInitializer(
        feature.vocab_file,
        key_dtype=tf.string,
        key_index=tf.lookup.TextFileIndex.WHOLE_LINE,
        value_dtype=tf.int64,
        value_index=tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    return _vocabulary(initializer, len(read_entries(feature.vocab_file)))


def _vocabulary(initializer: Any, size: int) -> Vocabulary:
    return Vocabulary(tf.lookup.StaticHashTable(initializer, default_value=-1), size)
