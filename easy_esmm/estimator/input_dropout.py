"""Variational dropout of the features in each group, if it is configured."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List, Mapping

import tensorflow as tf

from easy_esmm.contract import Group, Tensor
from easy_esmm.layers.variational_dropout import VariationalDropout
from easy_esmm.losses.reduction import rows_in
from easy_esmm.protos.model_pb2 import ModelConfig


class InputDropout:
    """A layer for each feature group; without `variational_dropout` none, and no effect.

    A feature in two groups has a rate in each.
    """

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._widths: Dict[str, Mapping[str, int]] = {}
        self._layers: Dict[str, VariationalDropout] = {}

    def apply(self, groups: Mapping[str, Group], training: bool) -> Mapping[str, Group]:
        """The groups, with the features of their matrices weakened or dropped."""
        if not self._config.HasField("variational_dropout"):
            return groups
        # (A group may hold nothing but histories, and then has no matrix.)
        return {
            name: replace(group, matrix=self._layer(name, group)(group.matrix, training=training))
            if group.widths
            else group
            for name, group in groups.items()
        }

    def _layer(self, name: str, group: Group) -> VariationalDropout:
        """The layer of a group, made at its first batch."""
        if name not in self._layers:
            by_column = self._config.variational_dropout.embedding_wise_variational_dropout
            self._widths[name] = group.widths
            self._layers[name] = VariationalDropout(
                tuple(group.widths.values()), by_column, f"variational_dropout_{name}"
            )
        return self._layers[name]

    def penalty(self, batch: Tensor) -> Tensor:
        """Scalar: `regularization_lambda` x the expected number of features (or columns) kept.

        Divided by the rows of `batch`, any tensor [batch], whatever the `loss_reduction`: EasyRec
        adds it so to a summed loss as well as to a mean.
        """
        if not self._layers:
            return tf.zeros([])
        kept: List[Tensor] = [tf.reduce_sum(layer.keep) for layer in self._layers.values()]
        total = self._config.variational_dropout.regularization_lambda * tf.add_n(kept)
        return total / rows_in(batch)

    def keep_probabilities(self) -> Dict[str, Tensor]:
        """Float32 scalars by `<group>/<feature>`: the ranking of the features."""
        return {
            f"{name}/{feature}": probability
            for name, layer in self._layers.items()
            for feature, probability in zip(
                self._widths[name],
                tf.unstack(layer.keep_by_feature, num=len(self._widths[name])),
            )
        }
