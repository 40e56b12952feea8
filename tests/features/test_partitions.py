"""Tables in partitions: the rows, gradients and checkpoints are those of the whole table."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.checkpoints import saver
from easy_esmm.compat import v1
from easy_esmm.features import gather, tables
from easy_esmm.optimizers import step as optimizers
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.train_pb2 import TrainConfig

ROWS = 7
BATCHES = [[0, 6, 3], [3, 2, 5, 0], [4], [6, 1]]
LAZY_ADAM = "lazy_adam_optimizer"
OPTIMIZERS = [
    LAZY_ADAM,
    "adam_optimizer",
    "adagrad_optimizer",
    "momentumw_optimizer",
    "rms_prop_optimizer",
    "ftrl_optimizer",
]


class Encoded:
    table_rows = ROWS


def table(partitions: int, servers: int) -> List[Any]:
    feature = FeatureConfig(embedding_dim=2, max_partitions=partitions)
    slot: Any = tables.Slot(feature, Encoded(), "t")  # type: ignore[arg-type]
    return list(tables.create("embedding/t", slot, servers))


def config(optimizer: str) -> TrainConfig:
    text = f"""optimizer_config {{ {optimizer} {{
      learning_rate {{ constant_learning_rate {{ learning_rate: 0.1 }} }} }}
      use_moving_average: true moving_average_decay: 0.8 }}"""
    return text_format.Parse(text, TrainConfig())


def trained(
    optimizer: str, partitions: int, folder: Path, batches: Any, start: str = ""
) -> Tuple[str, int]:
    """A checkpoint after a step a batch, on from `start`; and the number of variables."""
    with tf.Graph().as_default(), v1.Session() as session:
        parts = table(partitions, servers=9)
        ids = v1.placeholder(tf.int64, [None])
        rows, read = gather._read(parts, ids)
        loss = tf.reduce_sum(
            tf.square(rows - tf.range(2.0)) * tf.cast(ids + 1, tf.float32)[:, None]
        )
        step = v1.train.get_or_create_global_step()
        update = optimizers.train_op(config(optimizer), loss, read, [], step)
        saver.add_saver(config(optimizer), {})
        writer = v1.get_collection(v1.GraphKeys.SAVERS)[0]
        writer.build()
        session.run(v1.global_variables_initializer())
        for part, values in zip(parts, np.split(first_values(), np.cumsum(sizes(parts))[:-1])):
            part.load(values, session)
            average = [
                v
                for v in v1.global_variables()
                if v.op.name == f"{part.op.name}/ExponentialMovingAverage"
            ]
            for variable in average:
                variable.load(values, session)
        if start:
            writer.restore(session, start)
        for batch in batches:
            session.run(update.op, {ids: batch})
        count = len(v1.global_variables())
        return str(writer.save(session, str(folder / f"p{partitions}.ckpt"))), count


def first_values() -> Any:
    return np.linspace(-1, 1, ROWS * 2, dtype=np.float32).reshape(ROWS, 2)


def sizes(parts: List[Any]) -> List[int]:
    return [int(part.shape[0]) for part in parts]


def values(checkpoint: str) -> Any:
    reader = v1.train.NewCheckpointReader(checkpoint)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


@pytest.mark.parametrize(
    ("partitions", "servers", "expected"),
    [(1, 9, [7]), (3, 9, [3, 2, 2]), (3, 2, [4, 3]), (100, 9, [1] * 7), (3, 0, [7])],
)
def test_a_table_has_up_to_max_partitions_no_more_than_servers_or_rows(
    partitions: int, servers: int, expected: List[int]
) -> None:
    with tf.Graph().as_default():
        assert sizes(table(partitions, servers)) == expected


def test_partitions_start_with_rows_of_their_own() -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        parts = table(2, 2)
        session.run(v1.global_variables_initializer())
        first, second = session.run(parts)
    assert not np.any(first[:3] == second)


def test_rows_come_in_the_order_of_their_ids() -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        parts = table(3, 3)
        session.run(v1.global_variables_initializer())
        for part, given in zip(parts, np.split(first_values(), [3, 5])):
            part.load(given, session)
        for ids in ([], [6], [4, 0, 6, 2, 3]):
            rows, _ = gather._read(parts, tf.constant(ids, tf.int64))
            np.testing.assert_array_equal(session.run(rows), first_values()[ids])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_and_its_checkpoint_do_not_depend_on_partitions(
    optimizer: str, tmp_path: Path
) -> None:
    whole, variables = trained(optimizer, 1, tmp_path, BATCHES)
    parted, more_variables = trained(optimizer, 3, tmp_path, BATCHES)
    assert more_variables > variables
    expected, found = values(whole), values(parted)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, name)
    assert np.any(expected["embedding/t"] != first_values())


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (3, 2)])
def test_training_goes_on_with_other_partitions(before: int, after: int, tmp_path: Path) -> None:
    start, _ = trained(LAZY_ADAM, before, tmp_path, BATCHES[:2])
    (tmp_path / "on").mkdir()
    resumed, _ = trained(LAZY_ADAM, after, tmp_path / "on", BATCHES[2:], start)
    (tmp_path / "whole").mkdir()
    whole, _ = trained(LAZY_ADAM, 1, tmp_path / "whole", BATCHES)
    expected = values(whole)
    for name, value in values(resumed).items():
        np.testing.assert_array_equal(value, expected[name], name)
