"""Tables that begin with vectors of a file: which rows, what stays, what is told and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from absl import logging

from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.compat import v1
from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.errors import UserError
from easy_esmm.features.pretrained import read_tables

# ruff: noqa: E501  (a feature a line)
CONFIG = """
model_dir: "{folder}/model"
train_config {{
  num_steps: {steps} save_checkpoints_steps: 1 write_graph: false {train}
  optimizer_config {{
    lazy_adam_optimizer {{ learning_rate {{ constant_learning_rate {{ learning_rate: {rate} }} }} }}
    use_moving_average: true moving_average_decay: 0.5
  }}
}}
data_config {{
  batch_size: 4 num_epochs: 0 shuffle: false
  input_fields {{ input_name: "buy" input_type: INT32 }}
  input_fields {{ input_name: "click" input_type: INT32 }}
  input_fields {{ input_name: "item" }}
  input_fields {{ input_name: "seen" }}
  input_fields {{ input_name: "city" }}
  input_fields {{ input_name: "shop" input_type: INT64 }}
  label_fields: "buy"
  label_fields: "click"
}}
feature_config {{
  features {{ feature_name: "item" input_names: "item" embedding_dim: 2 embedding_name: "item" hash_bucket_size: 50 embedding_init_file: "{folder}/items.txt" {of_item} }}
  features {{ feature_name: "seen" input_names: "seen" feature_type: TagFeature separator: " " embedding_dim: 2 embedding_name: "item" hash_bucket_size: 50 embedding_init_file: "{folder}/items.txt" {of_item} }}
  features {{ feature_name: "city" input_names: "city" embedding_dim: 2 vocab_list: ["Rome", "Oslo", "Bonn"] embedding_init_file: "{folder}/cities.parquet" }}
  features {{ feature_name: "shop" input_names: "shop" embedding_dim: 2 num_buckets: 4 embedding_init_file: "{folder}/shops.npy" }}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: ["item", "seen", "city", "shop"] }}
  esmm {{
    ctr_tower {{ tower_name: "ctr" label_name: "click" dnn {{ hidden_units: 4 use_bn: false }} }}
    cvr_tower {{ tower_name: "cvr" label_name: "buy" dnn {{ hidden_units: 4 use_bn: false }} }}
  }}
}}
export_config {{ exporter_type: "final" }}
"""
ROWS = pd.DataFrame(
    {
        "buy": [0, 1, 0, 0, 1, 0, 0, 0],
        "click": [1, 1, 0, 0, 1, 0, 1, 0],
        "item": ["cup", "hat", "pen", "cup", "hat", "other", "pen", "hat"],
        "seen": ["hat pen", "", "cup", "pen other", "cup", "hat", "", "pen"],
        "city": ["Rome", "Oslo", "Rome", "Paris", "Oslo", "Rome", "Oslo", "Rome"],
        "shop": [0, 1, 2, 3, 0, 1, 2, 3],
    }
)
NO_RATE = 1e-30
"""A step of this size changes no weight."""
ITEM, CITY, SHOP = "shared_embedding/item", "embedding/all/city", "embedding/all/shop"


def pipeline(
    folder: Path, steps: int = 1, rate: float = NO_RATE, of_item: str = "", train: str = ""
) -> Pipeline:
    (folder / "items.txt").write_text("cup 1 2\nhat 3 4\n")
    cities = {"id": ["Oslo", "Lima"], "vector": [[5.0, 6.0], [9.0, 9.0]]}
    pq.write_table(pa.table(cities), folder / "cities.parquet")
    np.save(folder / "shops.npy", np.float64([[7, 8], [9, 10]]))
    text = CONFIG.format(folder=folder, steps=steps, rate=rate, of_item=of_item, train=train)
    path = folder / "x.config"
    path.write_text(text)
    return configs.load(str(path))


def tables(folder: Path, step: int) -> Dict[str, Any]:
    reader = v1.train.load_checkpoint(f"{folder}/model/model.ckpt-{step}")
    return {name: reader.get_tensor(name) for name in (ITEM, CITY, SHOP)}


def row_of(item: str) -> int:
    return int(tf.strings.to_hash_bucket_fast([item], 50)[0])


def test_rows_begin_with_their_vectors_and_the_others_as_they_do_without(tmp_path: Path) -> None:
    first, plain = tmp_path / "first", tmp_path / "plain"
    first.mkdir()
    plain.mkdir()
    training.train(pipeline(first), train_rows=ROWS)
    without = pipeline(plain)
    for feature in without.config.feature_config.features:
        feature.ClearField("embedding_init_file")
    training.train(without, train_rows=ROWS)
    found, expected = tables(first, 1), tables(plain, 1)
    expected[ITEM][row_of("cup")] = 1, 2
    expected[ITEM][row_of("hat")] = 3, 4
    expected[CITY][1] = 5, 6
    expected[SHOP][:2] = (7, 8), (9, 10)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_what_a_file_covers_is_told(tmp_path: Path) -> None:
    config = pipeline(tmp_path).config
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging, "info", lambda text, *values: lines.append(text % values))
        rows = read_tables(config)
    assert {name: one.rows.tolist() for name, one in rows.items()} == {
        ITEM: sorted([row_of("cup"), row_of("hat")]),
        CITY: [1],
        SHOP: [0, 1],
    }
    assert lines == [
        f"embedding_init_file: 2 of 50 rows of {ITEM} begin with vectors of {tmp_path}/items.txt",
        f"embedding_init_file: 1 of 3 rows of {CITY} begin with vectors of "
        f"{tmp_path}/cities.parquet; 1 ids there have no row",
        f"embedding_init_file: 2 of 4 rows of {SHOP} begin with vectors of {tmp_path}/shops.npy",
    ]


def test_of_ids_in_one_bucket_the_first_counts(tmp_path: Path) -> None:
    config = pipeline(tmp_path).config
    ids = [f"x{number}" for number in range(200)]
    lines = "".join(f"{one} {number} {number}\n" for number, one in enumerate(ids))
    (tmp_path / "items.txt").write_text(lines)
    rows = read_tables(config)[ITEM]
    expected: Dict[int, int] = {}
    for number, one in enumerate(ids):
        expected.setdefault(row_of(one), number)
    assert rows.rows.tolist() == sorted(expected)
    assert rows.values[:, 0].tolist() == [expected[row] for row in sorted(expected)]


def test_a_frozen_table_stays_while_all_others_move(tmp_path: Path) -> None:
    training.train(pipeline(tmp_path, 6, 0.1, "embedding_frozen: true"), train_rows=ROWS)
    before, after = tables(tmp_path, 1), tables(tmp_path, 6)
    np.testing.assert_array_equal(after[ITEM], before[ITEM])
    assert after[ITEM][row_of("cup")].tolist() == [1, 2]
    for name in (CITY, SHOP):
        assert (after[name] != before[name]).any()


def test_a_training_goes_on_with_what_it_has_learned_and_without_the_file(tmp_path: Path) -> None:
    training.train(pipeline(tmp_path, 2, 0.1), train_rows=ROWS)
    reference = tables(tmp_path, 2)
    longer = pipeline(tmp_path, 3, NO_RATE)
    for name in ("items.txt", "cities.parquet", "shops.npy"):
        (tmp_path / name).unlink()
    training.train(longer, train_rows=ROWS, continue_train=True)
    for name, values in tables(tmp_path, 3).items():
        np.testing.assert_array_equal(values, reference[name], err_msg=name)
    assert len(list(training.predict(longer, ROWS))) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "items.txt",
            "cup 1 2 3\n",
            "must hold vectors of embedding_dim = 2 numbers, and has 3",
        ),
        ("items.txt", None, "embedding_init_file: must be an existing file"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_before_anything_is_built(
    name: str, content: Any, message: str, tmp_path: Path
) -> None:
    wrong = pipeline(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError) as error:
        training.train(wrong, train_rows=ROWS)
    text = str(error.value)
    assert "x.config:22:116: feature_config.features[0].embedding_init_file: must" in text
    assert message in text
    assert not (tmp_path / "model").exists()


def test_a_matrix_for_hashed_ids_is_refused(tmp_path: Path) -> None:
    wrong = pipeline(tmp_path)
    for feature in wrong.config.feature_config.features[:2]:
        feature.embedding_init_file = str(tmp_path / "shops.npy")
    with pytest.raises(ConfigError, match="must hold ids, since those of the feature are hashed"):
        training.train(wrong, train_rows=ROWS)


def test_a_file_of_other_ids_is_refused(tmp_path: Path) -> None:
    config = pipeline(tmp_path).config
    pq.write_table(pa.table({"id": ["Lima"], "vector": [[1.0, 2.0]]}), tmp_path / "cities.parquet")
    with pytest.raises(UserError, match=f"must hold vectors of ids of {CITY}, and has none"):
        read_tables(config)
    config.feature_config.features[3].embedding_init_file = str(tmp_path / "cities.parquet")
    config.feature_config.features[2].ClearField("embedding_init_file")
    with pytest.raises(UserError, match=r"must have whole numbers for ids, as feature shop has"):
        read_tables(config)
