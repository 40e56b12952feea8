"""A model that is exported once for all tests of a process that ask a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pandas as pd
import pytest

from easy_esmm import training
from easy_esmm.config import load

CONFIG = """
model_dir: "model"
train_config {
  optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate {} } } }
  num_steps: 1
}
data_config {
  input_type: ParquetInput batch_size: 8 label_fields: ["buy", "click"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "user" input_type: INT64 }
  input_fields { input_name: "age" input_type: INT32 }
  input_fields { input_name: "vip" input_type: BOOL }
  input_fields { input_name: "city" }
  input_fields { input_name: "item" }
  input_fields { input_name: "price" input_type: FLOAT }
  input_fields { input_name: "rate" input_type: DOUBLE }
  input_fields { input_name: "tags" }
  input_fields { input_name: "weights" input_type: DOUBLE }
}
feature_config {
  features { input_names: "user" embedding_dim: 4 hash_bucket_size: 1000 }
  features { input_names: "age" embedding_dim: 4 num_buckets: 90 }
  features { input_names: "vip" embedding_dim: 4 hash_bucket_size: 9 }
  features { input_names: "city" embedding_dim: 4 hash_bucket_size: 100 }
  features { input_names: "item" embedding_dim: 4 hash_bucket_size: 1000 }
  features { input_names: "price" feature_type: RawFeature min_val: 0 max_val: 100 }
  features { input_names: "rate" feature_type: RawFeature min_val: 0 max_val: 1 }
  features { input_names: "tags" input_names: "weights" feature_type: TagFeature separator: ";"
             embedding_dim: 4 hash_bucket_size: 100 }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "age", "vip", "city", "item", "price",
                                                     "rate", "tags"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: 8 use_bn: false } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: 8 use_bn: false } }
  }
}
export_config { user_columns: ["user", "age", "vip", "city"] }
"""
USER = {"user": 4611686018427387905, "age": 31, "vip": True, "city": "Zürich"}
"""An id that no float64 has."""


def log(rows: int = 40) -> pd.DataFrame:
    """Rows of the model's columns, some of them with missing values, and labels."""
    numbers = range(rows)
    return pd.DataFrame(
        {
            "click": [number % 2 for number in numbers],
            "buy": [int(number % 4 == 1) for number in numbers],
            "user": pd.array([None if n % 9 == 8 else USER["user"] + n for n in numbers], "Int64"),
            "age": pd.array([None if n % 7 == 6 else n for n in numbers], "Int32"),
            "vip": [number % 3 == 0 for number in numbers],
            "city": [None if number % 5 == 4 else f"city {number % 6}" for number in numbers],
            "item": [f"i{number}" for number in numbers],
            "price": [None if number % 8 == 7 else 0.1 + 2.7 * number for number in numbers],
            "rate": [1 / (1 + number) for number in numbers],
            "tags": [[f"t{one}" for one in range(number % 4)] for number in numbers],
            "weights": [[0.1 + one / 3 for one in range(number % 4)] for number in numbers],
        }
    )


def plain(frame: pd.DataFrame) -> List[Dict[str, Any]]:
    """The rows as dicts of Python's own values."""
    return [
        {name: None if not isinstance(v, list) and pd.isna(v) else v for name, v in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel in a folder of versions, its only one."""
    folder = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("x.config").write_text(CONFIG)
        pipeline = load("x.config")
        trained = training.train(pipeline, train_rows=log())
    assert trained.saved_model
    return folder / trained.saved_model


@pytest.fixture(scope="session")
def expected(exported: Path) -> pd.DataFrame:
    """What `predict` says of `log()`, by the checkpoint."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(exported.parents[3])
        return training.score_frame(load("x.config"), log())
