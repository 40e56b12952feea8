"""The histories of an attention, which in each row must be equally long."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List, Mapping, Tuple
from typing import Sequence as SequenceOf

import tensorflow as tf

from easy_esmm.config.escaped_names import escaped
from easy_esmm.config.groups import further_histories, histories
from easy_esmm.contract import Sequence, Tensor
from easy_esmm.protos.feature_pb2 import SeqAttGroupConfig


def compared(attention: SeqAttGroupConfig) -> Tuple[str, ...]:
    """Names of the sequences that must be equally long."""
    return (*histories(attention), *further_histories(attention))


def are_equally_long(lengths: SequenceOf[Tensor]) -> Tensor:
    """bool [rows]: whether a row's histories, of those lengths [rows] each, are equally long.

    One that is empty beside single elements is as long as they are: text cannot tell an empty
    element from none.
    """
    stacked = tf.stack(lengths)
    longest = tf.reduce_max(stacked, axis=0)
    return tf.reduce_all(tf.equal(stacked, longest) | (longest <= 1), axis=0)


def without_unequal(
    names: SequenceOf[str], sequences: Mapping[str, Sequence]
) -> Tuple[Dict[str, Sequence], Tensor]:
    """The sequences, empty in the rows in which those of `names` are not equally long.

    And int32 [batch]: 1 in these rows.
    """
    masks = [sequences[name].mask for name in names]
    fit = are_equally_long([tf.reduce_sum(tf.cast(mask, tf.int32), axis=1) for mask in masks])
    # Equally long ones fit in the shortest matrix.
    time = tf.reduce_min(tf.stack([tf.shape(mask)[1] for mask in masks]))
    cut = dict(sequences)
    for name in names:
        mask = sequences[name].mask[:, :time] & fit[:, tf.newaxis]
        values = sequences[name].values[:, :time]
        cut[name] = Sequence(tf.where(mask[:, :, tf.newaxis], values, 0.0), mask)
    return cut, tf.cast(~fit, tf.int32)


def checked(attention: SeqAttGroupConfig, sequences: Mapping[str, Sequence]) -> Dict[str, Sequence]:
    """The sequences, by name; the step stops where those of the attention do not fit together."""
    names = compared(attention)
    if len(names) == 1:
        return dict(sequences)
    # A failing op is reported by its name, which then holds a feature's.
    with tf.name_scope(f"encode/{escaped(names[0])}/"):
        lengths: List[Tensor] = [
            tf.reduce_sum(tf.cast(sequences[name].mask, tf.int32), axis=1) for name in names
        ]
        is_right = are_equally_long(lengths)
        wrong = [tf.boolean_mask(length, ~is_right)[:5] for length in lengths]
        message = (
            f"sequence_features {attention.group_name}: the histories {', '.join(names)} must be "
            "equally long in each row; feature by feature the lengths in some rows where they are "
            "not:"
        )
        check = tf.debugging.Assert(tf.reduce_all(is_right), [message, *wrong], 5)
    with tf.control_dependencies([check]):
        sure = {
            name: replace(sequences[name], values=tf.identity(sequences[name].values))
            for name in names
        }
    return {**sequences, **sure}
