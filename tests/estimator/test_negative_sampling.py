"""A training on a share of the unclicked rows predicts the rates that were planted on all rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Tuple

import numpy as np
import pandas as pd
import pytest

from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.config.negative_sampling import share_of_negatives

P = np.linspace(0.02, 0.3, 8)
"""Planted clicks per impression, by `item`."""
R = np.linspace(0.4, 0.1, 8)
"""Planted conversions per click."""
CONFIG = """
train_config {
  optimizer_config { adam_optimizer { learning_rate { exponential_decay_learning_rate {
    initial_learning_rate: 0.1 decay_steps: 50 decay_factor: 0.4 min_learning_rate: 0
  } } } }
  save_checkpoints_steps: 10000 log_step_count_steps: 1000 write_graph: false
}
data_config {
  batch_size: 500 num_epochs: 10 label_fields: ["click", "buy"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "item" input_type: INT32 }
  negative_sampling { SAMPLING }
}
feature_config { features { input_names: "item" num_buckets: 8 embedding_dim: 4 } }
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: "item" }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [0] } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [0] } }
  }
}
eval_config { metrics_set { auc {} } }
export_config { exporter_type: "none" }
"""


def impressions(seed: int, size: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    item = random.integers(8, size=size)
    click = random.random(size) < P[item]
    buy = click & (random.random(size) < R[item])
    return pd.DataFrame({"click": click.astype(int), "buy": buy.astype(int), "item": item})


def thinned(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """As a log that was written with a share of its unclicked rows."""
    drawn = np.random.default_rng(9).random(len(rows)) < share
    return rows[(rows["click"] > 0) | drawn].reset_index(drop=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Any, pd.DataFrame]:
    """A half of the unclicked rows is in the log, of which a fifth is read."""
    folder = tmp_path_factory.mktemp("sampled")
    sampling = "rate: 0.2 seed: 5 kept_share: 0.5 eval_kept_share: 0.5"
    text = CONFIG.replace("SAMPLING", sampling) + f'model_dir: "{folder / "model"}"'
    (folder / "x.config").write_text(text)
    pipeline = configs.load(str(folder / "x.config"))
    assert share_of_negatives(pipeline.config.data_config, training=True) == pytest.approx(0.1)
    training.train(pipeline, train_rows=thinned(impressions(1, 60_000), 0.5))
    return pipeline, impressions(2, 40_000)


def test_predictions_are_the_planted_rates(trained: Any) -> None:
    pipeline, _ = trained
    items = pd.DataFrame({"item": range(8)})
    scores = training.score_frame(pipeline, items)
    # About 60,000 / 8 rows an item: of the least clicked one 150 clicks and 735 rows without.
    error = np.sqrt(1 / (7500 * P) + 1 / (750 * (1 - P)))
    np.testing.assert_array_less(np.abs(np.log(scores["probs_ctr"] / P)), 4 * error)
    clicks = 7500 * P
    error = np.sqrt((1 - R) / (R * clicks))
    np.testing.assert_array_less(np.abs(np.log(scores["probs_cvr"] / R)), 4 * error)
    assert scores["probs_ctr"].mean() == pytest.approx(P.mean(), rel=0.04)
    assert scores["probs_ctcvr"].mean() == pytest.approx((P * R).mean(), rel=0.08)


def test_metrics_on_a_thinned_log_are_those_of_all_rows(trained: Any, tmp_path: Path) -> None:
    pipeline, rows = trained
    found = training.evaluate(pipeline, thinned(rows, 0.5))
    whole = configs.load(pipeline.path, [configs.Edit("", "data_config.negative_sampling", {})])
    expected = training.evaluate(whole, rows)
    assert found["count/clicks"] == expected["count/clicks"]
    assert found["count/impressions"] < 0.6 * expected["count/impressions"]
    for name, close in (("auc_ctr", 0.01), ("auc_ctcvr", 0.01), ("mean_pctr", 0.002)):
        assert found[name] == pytest.approx(expected[name], abs=close), name
    for name in ("pcoc_ctr", "pcoc_ctcvr"):
        assert found[name] == pytest.approx(expected[name], rel=0.03), name
        assert found[name] == pytest.approx(1, abs=0.1)
    # What is taken on clicked rows does not know of it.
    assert found["auc_cvr_masked"] == pytest.approx(expected["auc_cvr_masked"], abs=1e-6)
