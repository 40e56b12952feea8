"""A missing value is one and the same from a file, in a DataFrame and in a request."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from easy_esmm import config as configs
from easy_esmm import training

# ruff: noqa: E501  (a feature a line)
CONFIG = """
model_dir: "model"
train_config { optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.1 } } } } }
data_config {
  input_type: ParquetInput batch_size: 16 num_epochs: 2 label_fields: ["buy", "click"]
  input_fields { input_name: "click" input_type: INT64 }
  input_fields { input_name: "buy" input_type: INT64 }
  input_fields { input_name: "price" input_type: FLOAT }
  input_fields { input_name: "stock" input_type: INT64 }
  input_fields { input_name: "item" input_type: INT64 }
  input_fields { input_name: "tags" input_type: INT64 }
}
feature_config {
  features { input_names: "price" feature_type: RawFeature missing_indicator: true }
  features { feature_name: "band" input_names: "price" feature_type: RawFeature boundaries: 5 embedding_dim: 2 missing_indicator: true }
  features { feature_name: "left" input_names: "stock" feature_type: ExprFeature expression: "stock > 9007199254740992" missing_indicator: true }
  features { input_names: "item" hash_bucket_size: 50 embedding_dim: 2 }
  features { feature_name: "pair" input_names: ["item", "stock"] feature_type: ComboFeature hash_bucket_size: 50 embedding_dim: 2 }
  features { input_names: "tags" feature_type: TagFeature num_buckets: 9 embedding_dim: 2 combiner: "mean" }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["price", "band", "left", "item", "pair", "tags"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: 8 use_bn: false } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: 8 use_bn: false } }
  }
}
"""
BIG = 2**53
ROWS: Any = {
    "price": [0.0, None, 1.0, 7.5, None, 0.0],
    "stock": [BIG, BIG + 1, None, 3, None, 0],
    "item": [1, 2, None, 0, 1, None],
    "tags": [[1, None, 2], [], None, [3], [None], [1, 2]],
}


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(config, frame, its scores by a checkpoint)."""
    folder = tmp_path_factory.mktemp("missing")
    (folder / "x.config").write_text(CONFIG.replace('"model"', f'"{folder}/model"'))
    random = np.random.default_rng(1)
    log = pd.DataFrame({name: pd.Series(ROWS[name] * 20, dtype=object) for name in ROWS})
    for name in ("stock", "item"):
        log[name] = log[name].astype("Int64")
    log["price"] = log["price"].astype("float32")
    log["click"] = random.integers(0, 2, len(log))
    log["buy"] = log["click"] * random.integers(0, 2, len(log))
    pipeline = configs.load(str(folder / "x.config"))
    training.train(pipeline, train_rows=log)
    rows = log[:6].drop(columns=["click", "buy"])
    return pipeline, rows, training.score_frame(pipeline, rows), folder


def test_an_empty_price_is_neither_0_nor_another_number(scored: Any) -> None:
    pipeline, rows, _, _ = scored
    same = pd.concat([rows[:1]] * 3, ignore_index=True)
    same["price"] = np.float32([np.nan, 0, 1])
    scores = training.score_frame(pipeline, same)["probs_ctcvr"]
    assert len(set(scores.round(6))) == 3


def test_a_saved_model_scores_missing_values_as_a_checkpoint_does(scored: Any) -> None:
    pipeline, rows, by_checkpoint, folder = scored
    rows.to_parquet(folder / "rows.parquet")
    path = str(folder / "scores.parquet")
    saved_model = str(folder / "model" / "export" / "final")
    training.score(pipeline, str(folder / "rows.parquet"), path, saved_model=saved_model)
    by_saved_model = pd.read_parquet(path)
    for name in by_checkpoint:
        np.testing.assert_allclose(by_saved_model[name], by_checkpoint[name], rtol=1e-6)
