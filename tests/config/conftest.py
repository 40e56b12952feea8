"""A config that is right, to be spoilt by tests, and what `load` says about it then."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, Sequence

import pytest

from easy_esmm import config

BASE = """\
train_input_path: "train.csv"
eval_input_path: "test.csv"
model_dir: "model"
train_config {
  optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate { } } } }
  num_steps: 100
}
data_config {
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "user" }
  input_fields { input_name: "item" }
  input_fields { input_name: "tags" }
  input_fields { input_name: "price" input_type: FLOAT }
  label_fields: "buy"
  label_fields: "click"
}
feature_config {
  features { input_names: "user" hash_bucket_size: 100 embedding_dim: 8 }
  features { input_names: "item" hash_bucket_size: 100 embedding_dim: 8 }
  features { input_names: "tags" feature_type: TagFeature hash_bucket_size: 9 embedding_dim: 8 }
  features { input_names: "price" feature_type: RawFeature }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8, 4] } }
  }
}
"""

Problems = Callable[..., List[str]]
"""(old, new, edits=(), command="check") -> the lines of the error, without the file's folder."""
Load = Callable[..., config.Pipeline]


@pytest.fixture
def base() -> str:
    """A config without a fault."""
    return BASE


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads the base config with `old` replaced by `new`."""

    def load_changed(
        old: str = "",
        new: str = "",
        edits: Sequence[config.Edit] = (),
        command: str = "check",
    ) -> config.Pipeline:
        if BASE.count(old) != 1 and old:
            raise ValueError(f"{old!r} stands {BASE.count(old)} times in the base config")
        path = tmp_path / "x.config"
        path.write_text(BASE.replace(old, new) if old else BASE)
        return config.load(str(path), edits, command)

    return load_changed


@pytest.fixture
def problems_of(load: Load, tmp_path: Path) -> Problems:
    """The problems that `load` finds."""

    def find(
        old: str = "", new: str = "", edits: Sequence[config.Edit] = (), command: str = "check"
    ) -> List[str]:
        try:
            load(old, new, edits, command)
        except config.ConfigError as error:
            return str(error).replace(f"{tmp_path}/", "").split("\n")
        return []

    return find
