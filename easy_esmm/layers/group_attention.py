"""An attention of a feature group, whose output is appended to the group's matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Tuple

import tensorflow as tf

from easy_esmm.compat import keras
from easy_esmm.config.groups import further_histories, histories, keys
from easy_esmm.contract import Group, Tensor
from easy_esmm.layers.dense import Dense
from easy_esmm.layers.mlp import dnn_layers
from easy_esmm.layers.target_attention import TargetAttention, weighted_sum
from easy_esmm.protos.feature_pb2 import SeqAttGroupConfig


class GroupAttention(keras.layers.Layer):  # type: ignore[misc]
    """Attends the histories of a `sequence_features` by its key.

    It is not called as a layer, which would put a name scope of its own before its variables.
    """

    def __init__(self, config: SeqAttGroupConfig, group: str, product_dtype: tf.DType) -> None:
        """`group`: name of the feature group."""
        super().__init__(name=f"attention_{group}_{config.group_name}")
        self.config = config
        prefix = f"attention/{group}/{config.group_name}"
        self._attention = TargetAttention(
            dnn_layers(config.seq_dnn, ends_linear=True), prefix, product_dtype
        )
        self._prefix, self._product_dtype = prefix, product_dtype
        self._transforms: List[Dense] = []

    def append_to(self, group: Group, training: bool) -> Group:
        """The group with the weighted sums of its histories, and the key, behind its matrix.

        They are: the sum of the `hist_seq` side by side, that of each `aux_hist_seq`, and the key
        unless `need_key_feature` is false. A row without a history has zeros in place of sums.
        In each row the histories are equally long, or some empty and the others one long.
        """
        names = (*histories(self.config), *further_histories(self.config))
        together = [group.sequences[name] for name in names]
        compared = len(histories(self.config))
        history = _side_by_side([one.values for one in together[:compared]])
        key = _side_by_side([group.keys[name] for name in keys(self.config)])
        fitting_key, history = self._fitted(key, history)
        mask = _either([one.mask for one in together])
        weights = self._attention((fitting_key, history, mask), training=training)
        parts = [weighted_sum(weights, history)]
        parts += [weighted_sum(weights, one.values) for one in together[compared:]]
        if self.config.need_key_feature:
            parts.append(key)
        appended = _side_by_side(parts)
        shown = {self.config.group_name: tf.boolean_mask(weights, mask)}
        return replace(
            group,
            attention_weights={
                **group.attention_weights,
                **(shown if self.config.tf_summary else {}),
            },
            matrix=_side_by_side([group.matrix, appended]),
            widths={
                **group.widths,
                f"sequence_features/{self.config.group_name}": appended.shape[1],
            },
        )

    def _fitted(self, key: Tensor, history: Tensor) -> Tuple[Tensor, Tensor]:
        """Key and history of one width: see `allow_key_transform`."""
        missing = history.shape[2] - key.shape[1]
        if not missing:
            return key, history
        if missing > 0 and not self.config.transform_dnn:
            return tf.pad(key, [[0, 0], [0, missing]]), history
        if not self._transforms:  # the first batch says how wide they are
            self._transforms = [
                Dense(
                    history.shape[2],
                    self._product_dtype,
                    name=f"{self._prefix}/{part}_transform",
                )
                for part in ("key", "history")
            ]
        of_key, of_history = self._transforms
        width = history.shape[2]
        flat = tf.nn.relu(of_history(tf.reshape(history, [-1, width])))
        return tf.nn.relu(of_key(key)), tf.reshape(flat, tf.shape(history))


def _either(masks: List[Tensor]) -> Tensor:
    """Where any of them holds."""
    return masks[0] if len(masks) == 1 else tf.reduce_any(tf.stack(masks), axis=0)


def _side_by_side(parts: List[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=-1)
