"""Embedding tables: which feature reads which, and their variables.

Each table is one resource variable with a name of its own, so that a checkpoint can be read table
by table and one vocabulary can grow without moving the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.config.escaped_names import escaped
from easy_esmm.config.groups import tables_of
from easy_esmm.config.wide import feature_in_group
from easy_esmm.features.encoded import Encoded
from easy_esmm.features.initializers import initializer
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


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
        slot = Slot(feature, encoded, table_name(group, feature))
        if slot.table is not None:
            self._readers.setdefault(slot.table, []).append(slot)
        return slot

    def readers(self) -> List[Tuple[str, List[Slot]]]:
        """Each table's name with its slots."""
        return list(self._readers.items())


def create(name: str, slot: Slot, servers: int = 0) -> Sequence[Any]:
    """The table of that name, float32 [vocabulary, embedding_dim], as its first reader has it.

    Where there are parameter servers, it comes in up to `max_partitions` partitions, no more than
    servers, of neighbouring rows; checkpoints hold them as slices of the one table.
    """
    dimension, rows = slot.feature.embedding_dim, slot.encoded.table_rows
    partitions = max(1, min(slot.feature.max_partitions, servers, rows))
    scope = v1.get_variable_scope()
    # (A graph that is served reads its tables once for each signature.)
    with v1.variable_scope(scope, reuse=v1.AUTO_REUSE, auxiliary_name_scope=False):
        table = v1.get_variable(
            name,
            shape=[rows, dimension],
            dtype=tf.float32,
            initializer=_initializer(slot, name, partitions),
            partitioner=v1.fixed_size_partitioner(partitions) if partitions > 1 else None,
            use_resource=True,
        )
    return list(table) if partitions > 1 else [table]


def _initializer(slot: Slot, name: str, partitions: int) -> Any:
    config = slot.feature.initializer
    if partitions == 1:
        return initializer(config, name)

    def fill(shape: Any, dtype: Any, partition_info: Any) -> Any:
        # Of one seed all partitions would begin with the same rows.
        of_partition = initializer(config, f"{name}/{partition_info.var_offset[0]}")
        return of_partition(shape, dtype=dtype, partition_info=partition_info)

    return fill


def tables_of_config(config: PipelineConfig) -> Dict[str, FeatureConfig]:
    """By name of each table that a model of the config has, the first feature that reads it.

    The feature is as the group of the table has it. `config`: resolved.
    """
    features = {feature.feature_name: feature for feature in config.feature_config.features}
    groups = config.model_config.feature_groups
    found: Dict[str, FeatureConfig] = {}
    for group in groups:
        for home, name in tables_of(groups, group):
            feature = feature_in_group(config.model_config, home, features[name])
            table = table_name(home, feature)
            if table is not None:
                found.setdefault(table, feature)
    return found


def table_name(group: str, feature: FeatureConfig) -> Optional[str]:
    """`shared_embedding/<embedding_name>`, else `embedding/<group>/<feature>`.

    The group is part of the name even where the feature stands in one group only: adding it to
    another must not rename a table that is in a checkpoint.
    """
    if feature.embedding_dim == 0:
        return None
    if feature.embedding_name:
        return f"shared_embedding/{escaped(feature.embedding_name)}"
    return f"embedding/{escaped(group)}/{escaped(feature.feature_name)}"
