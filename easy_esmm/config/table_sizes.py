"""Computes from a config how large its embedding tables are, with what the optimizer keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List

from easy_esmm.config.feature_types import type_of
from easy_esmm.config.wide import feature_in_group
from easy_esmm.protos.optimizer_pb2 import Optimizer
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_SLOTS = {
    "adagrad_optimizer": 1,
    "momentum_optimizer": 1,
    "momentumw_optimizer": 1,
}
"""Tables of moments beside each table, by optimizer; 2 for all others."""
_BYTES = 4


@dataclass(frozen=True)
class TableSize:
    """One embedding table."""

    feature: str
    """Name of the first feature that reads it."""
    rows: int
    dimension: int
    copies: int
    """Tables of that size that training keeps: itself, moments, and a moving average."""

    @property
    def bytes(self) -> int:
        """Memory in training, and size in a checkpoint, of all copies."""
        return self.rows * self.dimension * self.copies * _BYTES


def table_sizes(config: PipelineConfig) -> List[TableSize]:
    """The tables that the features of groups read, the largest first.

    Of attentions, what only they read is left out. Raises OSError where a vocabulary file cannot be
    read.
    """
    features = {f.feature_name: f for f in config.feature_config.features}
    optimizers = config.train_config.optimizer_config
    copies = 1 + (_beside(optimizers[0], config) if optimizers else 0)
    found: Dict[str, TableSize] = {}
    for group in config.model_config.feature_groups:
        for name in group.feature_names:
            feature = feature_in_group(config.model_config, group.group_name, features[name])
            table = feature.embedding_name or f"{group.group_name}/{name}"
            rows = type_of(feature).table_rows(feature)
            if rows and feature.embedding_dim and table not in found:
                found[table] = TableSize(name, rows, feature.embedding_dim, copies)
    return sorted(found.values(), key=lambda size: -size.bytes)


def _beside(optimizer: Optimizer, config: PipelineConfig) -> int:
    """Tables beside each table; none is counted where some may be frozen."""
    if config.train_config.freeze_gradient:
        return 0
    slots = _SLOTS.get(optimizer.WhichOneof("optimizer"), 2)
    return slots + (1 if optimizer.use_moving_average else 0)
