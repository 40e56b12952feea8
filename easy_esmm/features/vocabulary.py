"""Fixed vocabularies: a list in the config, or a file with one entry a line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, List, Sequence

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError
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
    """The vocabulary of `vocab_list`; UserError for a repeated entry."""
    entries = [entry.encode() for entry in feature.vocab_list]
    _refuse_repeated(feature, "vocab_list", entries)
    initializer = tf.lookup.KeyValueTensorInitializer(
        tf.constant(entries, tf.string), tf.range(len(entries), dtype=tf.int64)
    )
    return _vocabulary(initializer, len(entries))


def from_file(feature: FeatureConfig) -> Vocabulary:
    """The vocabulary of `vocab_file`, which is an asset of the exported model.

    Raises UserError where the file cannot be read, is empty or repeats an entry.
    """
    entries = _lines(feature)
    _refuse_repeated(feature, "vocab_file", entries)
    initializer = tf.lookup.TextFileInitializer(
        feature.vocab_file,
        key_dtype=tf.string,
        key_index=tf.lookup.TextFileIndex.WHOLE_LINE,
        value_dtype=tf.int64,
        value_index=tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    return _vocabulary(initializer, len(entries))


def _vocabulary(initializer: Any, size: int) -> Vocabulary:
    return Vocabulary(tf.lookup.StaticHashTable(initializer, default_value=-1), size)


def _lines(feature: FeatureConfig) -> List[bytes]:
    place = f"feature {feature.feature_name}: vocab_file"
    try:
        with tf.io.gfile.GFile(feature.vocab_file, "rb") as file:
            # TensorFlow's own reader ends a line at \n and drops every \r.
            content: bytes = file.read().replace(b"\r", b"")
    except tf.errors.OpError as error:
        raise UserError(f"{place} cannot be read: {feature.vocab_file} ({error.message})") from None
    if not content:
        raise UserError(f"{place} must hold one id a line, got an empty file: {feature.vocab_file}")
    lines = content.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _refuse_repeated(feature: FeatureConfig, field: str, entries: Sequence[bytes]) -> None:
    repeated = [entry for entry, count in Counter(entries).items() if count > 1]
    if repeated:
        raise UserError(
            f"feature {feature.feature_name}: each entry of {field} must stand once, got "
            f"{repeated[0].decode(errors='replace')!r} more than once"
        )
