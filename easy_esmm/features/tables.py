"""Embedding tables: which feature reads which, and their variables.

Each table is one resource variable with a name of its own, so that a checkpoint can be read table
by table and one vocabulary can grow without moving the others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features.encoded import Encoded
from easy_esmm.features.initializers import initializer
from easy_esmm.protos.feature_pb2 import FeatureConfig


@dataclass(frozen=True, eq=False)
class Slot:
    """A feature's place in a group."""

    feature: FeatureConfig
    encoded: Encoded
    table: Optional[str]
    """Name of the table it reads; None for plain numbers."""


class Tables:
    """The tables that the slots of a graph read, in the order of their first use."""

    def __init__(self) -> None:
        self._readers: Dict[str, List[Slot]] = {}

    def slot(self, group: str, feature: FeatureConfig, encoded: Encoded) -> Slot:
        """The feature's place in the group."""
        slot = Slot(feature, encoded, _table_name(group, feature))
        if slot.table is not None:
            self._readers.setdefault(slot.table, []).append(slot)
        return slot

    def readers(self) -> List[Tuple[str, List[Slot]]]:
        """Each table's name with its slots."""
        return list(self._readers.items())


def create(name: str, slot: Slot) -> Any:
    """The table of that name, float32 [vocabulary, embedding_dim], as its first reader has it."""
    dimension = slot.feature.embedding_dim
    scope = v1.get_variable_scope()
    # (A graph that is served reads its tables once for each signature.)
    with v1.variable_scope(scope, reuse=v1.AUTO_REUSE, auxiliary_name_scope=False):
        return v1.get_variable(
            name,
            shape=[slot.encoded.table_rows, dimension],
            dtype=tf.float32,
            initializer=initializer(slot.feature.initializer, dimension, name),
            use_resource=True,
        )


def escaped(name: str) -> str:
    """The name with each character that TensorFlow refuses, and each slash, as `_x<code>_`."""
    return re.sub(r"[^A-Za-z0-9_.\-]", lambda match: f"_x{ord(match.group()):x}_", name)


def _table_name(group: str, feature: FeatureConfig) -> Optional[str]:
    """`shared_embedding/<embedding_name>`, else `embedding/<group>/<feature>`.

    The group is part of the name even where the feature stands in one group only: adding it to
    another must not rename a table that is in a checkpoint.
    """
    if feature.embedding_dim == 0:
        return None
    if feature.embedding_name:
        return f"shared_embedding/{escaped(feature.embedding_name)}"
    return f"embedding/{escaped(group)}/{escaped(feature.feature_name)}"
