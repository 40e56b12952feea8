"""Checkpoints in pieces are TensorFlow's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.checkpoints import saver, vocabularies
from easy_esmm.checkpoints.vocabularies import Vocabulary
from easy_esmm.compat import v1
from easy_esmm.protos.train_pb2 import TrainConfig

SIZES = {"a": 100, "b": 300, "c": 20, "d": 30, "e": 250}  # numbers of 4 bytes
PIECES = [["a"], ["b"], ["c", "d"], ["e"]]  # of 400 bytes, or one larger variable


def built() -> Any:
    for name, size in SIZES.items():
        v1.get_variable(name, [size], initializer=v1.random_normal_initializer(), use_resource=True)
    saver.add_saver(TrainConfig(keep_checkpoint_max=2), {})
    (added,) = v1.get_collection(v1.GraphKeys.SAVERS)
    added.build()
    return added


def written(graph: Any) -> List[List[str]]:
    """Names of the variables of each piece."""
    writes = [op for op in graph.get_operations() if op.type == "SaveV2"]
    return [[n.decode() for n in tf.get_static_value(op.inputs[1])] for op in writes]


@pytest.mark.parametrize(("piece_bytes", "pieces"), [(400, PIECES), (1 << 20, [list(SIZES)])])
def test_what_is_saved_in_pieces_is_restored_by_any_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int, pieces: List[List[str]]
) -> None:
    monkeypatch.setattr(saver, "_PIECE_BYTES", piece_bytes)
    with tf.Graph().as_default() as graph, v1.Session() as session:
        own = built()
        assert written(graph) == pieces
        session.run(v1.global_variables_initializer())
        values: Dict[str, np.ndarray] = session.run({v.op.name: v for v in v1.global_variables()})
        path = own.save(session, str(tmp_path / "model.ckpt"), global_step=7)
        session.run(v1.global_variables_initializer())
        own.restore(session, path)
        restored = session.run({v.op.name: v for v in v1.global_variables()})
    reader = v1.train.load_checkpoint(path)
    for name, value in values.items():
        np.testing.assert_array_equal(reader.get_tensor(name), value)
        np.testing.assert_array_equal(restored[name], value)
    names = {p.name for p in tmp_path.iterdir()} - {"checkpoint", "model.ckpt-7.meta"}
    count = len(pieces)
    data = {f"model.ckpt-7.data-{i:05d}-of-{count:05d}" for i in range(count)}
    assert names == {"model.ckpt-7.index", *data}  # no litter


def test_a_piece_is_read_after_the_one_before_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saver, "_PIECE_BYTES", 400)
    with tf.Graph().as_default() as graph:
        built()
        first, second, *_ = [op for op in graph.get_operations() if op.type == "SaveV2"]
        values = second.inputs[3].op
        while values.type != "ReadVariableOp":
            (values,) = (tensor.op for tensor in values.inputs)
        assert first in values.control_inputs


def test_old_checkpoints_are_removed_with_all_their_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "_PIECE_BYTES", 400)
    with tf.Graph().as_default(), v1.Session() as session:
        own = built()
        session.run(v1.global_variables_initializer())
        for step in (1, 2, 3):
            own.save(session, str(tmp_path / "model.ckpt"), global_step=step)
    assert {p.name.split(".")[1] for p in tmp_path.glob("model.*")} == {"ckpt-2", "ckpt-3"}


@pytest.mark.parametrize("partitions", [1, 3])
def test_rows_of_a_grown_vocabulary_find_their_partition(tmp_path: Path, partitions: int) -> None:
    name, values = "embedding/all/item", np.arange(8, dtype=np.float32).reshape(4, 2)

    def table(ids: List[bytes], start: Any, parts: int) -> Any:
        vocabulary = {name: Vocabulary("item", ids)}
        vocabularies.keep(vocabulary, str(tmp_path))
        v1.get_variable("dense", [3], initializer=v1.constant_initializer(7.0), use_resource=True)
        v1.get_variable(
            name,
            [len(ids), 2],
            initializer=start,
            partitioner=v1.fixed_size_partitioner(parts) if parts > 1 else None,
            use_resource=True,
        )
        saver.add_saver(TrainConfig(), vocabulary)
        (added,) = v1.get_collection(v1.GraphKeys.SAVERS)
        added.build()
        return added

    with tf.Graph().as_default(), v1.Session() as session:
        own = table([b"u", b"a", b"b", b"c"], v1.constant_initializer(values), 1)
        session.run(v1.global_variables_initializer())
        path = own.save(session, str(tmp_path / "model.ckpt"), global_step=7)
    with tf.Graph().as_default(), v1.Session() as session:
        grown = [b"u", b"c", b"x", b"b", b"a", b"y"]
        table(grown, v1.constant_initializer(-1.0), partitions).restore(session, path)
        found = {v.op.name: session.run(v) for v in v1.global_variables()}
    np.testing.assert_array_equal(found.pop("dense"), [7, 7, 7])
    new = [-1.0, -1.0]
    wanted = [values[0], values[3], new, values[2], values[1], new]
    np.testing.assert_array_equal(np.concatenate([found[one] for one in sorted(found)]), wanted)
    assert len(found) == partitions
