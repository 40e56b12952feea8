"""Warm starts from other vocabularies, groups and names: rows by id, tables by feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.checkpoints import saver, vocabularies
from easy_esmm.checkpoints.fine_tune import FineTune, Plan
from easy_esmm.checkpoints.vocabularies import Vocabulary
from easy_esmm.compat import v1
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.train_pb2 import TrainConfig

BEFORE = [b"<unknown>", b"cup", b"hat"]
NOW = [b"<unknown>", b"pen", b"hat", b"cup"]
VALUES = np.float32([[0, 1], [10, 11], [20, 21]])
FIRST = -5.0
"""What a variable here begins with that takes nothing."""

CONFIG = """
feature_config {
  features { input_names: "item" embedding_dim: 2 %s }
  features { input_names: "last" embedding_dim: 2 %s }
}
model_config { feature_groups { group_name: "%s" feature_names: ["item", "last"] } }
"""


def config(group: str, item: str = "", last: str = "embedding_name: 'other'") -> PipelineConfig:
    """Two features in a group, which share a table if they say so; names as after a load."""
    found = text_format.Parse(CONFIG % (item, last, group), PipelineConfig())
    for feature in found.feature_config.features:
        feature.feature_name = feature.input_names[0]
    return found


def save(folder: Path, tables: Dict[str, List[bytes]], beside: PipelineConfig) -> str:
    """A checkpoint of tables with VALUES and a slot of twice these, and the config beside it."""
    of_tables = {name: Vocabulary("item", ids) for name, ids in tables.items()}
    vocabularies.keep(of_tables, str(folder))
    (folder / "pipeline.config").write_text(text_format.MessageToString(beside))
    with tf.Graph().as_default(), v1.Session() as session:
        for name in tables:
            for slot, factor in (("", 1), ("/Adam", 2)):
                start = v1.constant_initializer(factor * VALUES)
                v1.get_variable(name + slot, VALUES.shape, initializer=start, use_resource=True)
        saver.add_saver(TrainConfig(), of_tables)
        (own,) = v1.get_collection(v1.GraphKeys.SAVERS)
        own.build()
        session.run(v1.global_variables_initializer())
        return str(own.save(session, str(folder / "model.ckpt"), 3))


def begun(
    path: str, here: PipelineConfig, table: str, ids: List[bytes], by_feature: bool = False
) -> Tuple[Plan, Dict[str, Any]]:
    """The plan for a table of these ids, and the values that it and its slot begin with."""
    train = TrainConfig(fine_tune_checkpoint=path, fine_tune_by_feature=by_feature)
    start = FineTune(
        train,
        here.model_config,
        here.feature_config.features,
        {table: Vocabulary("item", ids)},
    )
    names = (table, f"{table}/Adam")
    plan = start.plan({**{name: [len(ids), 2] for name in names}, "dense": [1]})
    with tf.Graph().as_default(), v1.Session() as session:
        for name in names:
            first = v1.constant_initializer(FIRST)
            v1.get_variable(name, [len(ids), 2], initializer=first, use_resource=True)
        start.restore()
        session.run(v1.global_variables_initializer())
        return plan, {v.op.name: session.run(v) for v in v1.global_variables()}


def by_id(factor: int) -> Any:
    """What NOW begins with: hat and cup where they stand now, pen anew."""
    return np.float32([[0, 1], [FIRST / factor] * 2, [20, 21], [10, 11]]) * factor


def test_rows_are_taken_by_their_ids(tmp_path: Path) -> None:
    table = "embedding/all/item"
    path = save(tmp_path, {table: BEFORE}, config("all"))
    plan, values = begun(path, config("all"), table, NOW)
    np.testing.assert_array_equal(values[table], by_id(1))
    np.testing.assert_array_equal(values[f"{table}/Adam"], by_id(2))
    assert dict(plan.restored) == {}
    assert plan.by_id == ("embedding/all/item: 3 of 4 rows from embedding/all/item",)
    assert plan.missing == ("dense",)


def test_a_vocabulary_of_equal_length_is_not_taken_for_the_same_one(tmp_path: Path) -> None:
    table = "embedding/all/item"
    path = save(tmp_path, {table: BEFORE}, config("all"))
    _, values = begun(path, config("all"), table, [b"<unknown>", b"hat", b"cup"])
    np.testing.assert_array_equal(values[table], VALUES[[0, 2, 1]])


def test_a_table_whose_ids_are_gone_starts_anew_and_it_is_said(tmp_path: Path) -> None:
    tables = {"embedding/all/item": BEFORE, "shared_embedding/other": NOW[:3]}
    path = save(tmp_path, tables, config("all"))
    (tmp_path / "vocabularies" / f"{Vocabulary('item', BEFORE).digest}.txt").unlink()
    train = TrainConfig(fine_tune_checkpoint=path)
    of_tables = {name: Vocabulary("item", NOW[:3]) for name in tables}
    start = FineTune(train, config("all").model_config, (), of_tables)
    plan = start.plan({name: [3, 2] for name in tables})
    assert plan.mismatched == (
        "embedding/all/item: the ids of embedding/all/item are not kept beside it",
    )
    assert dict(plan.restored) == {"shared_embedding/other": "shared_embedding/other"}


@pytest.mark.parametrize(
    ("there", "source"),
    [
        (config("all"), "embedding/all/item"),
        (config("all", "embedding_name: 'thing'"), "shared_embedding/thing"),
    ],
)
def test_a_table_is_found_by_its_feature_under_another_name(
    tmp_path: Path, there: PipelineConfig, source: str
) -> None:
    path = save(tmp_path, {source: BEFORE, "shared_embedding/other": BEFORE}, there)
    here, table = config("user"), "embedding/user/item"
    plan, values = begun(path, here, table, NOW, by_feature=True)
    np.testing.assert_array_equal(values[table], by_id(1))
    np.testing.assert_array_equal(values[f"{table}/Adam"], by_id(2))
    assert dict(plan.moved) == {table: source, f"{table}/Adam": f"{source}/Adam"}


def test_without_the_config_beside_it_names_of_tables_tell_features(tmp_path: Path) -> None:
    path = save(tmp_path, {"embedding/all/item": BEFORE}, config("all"))
    (tmp_path / "pipeline.config").unlink()
    _, values = begun(path, config("user"), "embedding/user/item", NOW, by_feature=True)
    np.testing.assert_array_equal(values["embedding/user/item"], by_id(1))


def test_of_two_tables_of_a_feature_none_is_taken(tmp_path: Path) -> None:
    there = config("all")
    there.model_config.feature_groups.add(group_name="more", feature_names=["item"])
    tables = {"embedding/all/item": BEFORE, "embedding/more/item": BEFORE}
    path = save(tmp_path, {**tables, "shared_embedding/other": BEFORE}, there)
    start = FineTune(
        TrainConfig(fine_tune_checkpoint=path, fine_tune_by_feature=True),
        config("user").model_config,
        config("user").feature_config.features,
    )
    plan = start.plan({"embedding/user/item": [3, 2], "shared_embedding/other": [3, 2]})
    assert plan.missing == ("embedding/user/item",)
