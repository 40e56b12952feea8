"""What the benchmarks measure is what they say; how fast it is, no test asks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from benchmarks import configs, limit, table
from benchmarks.simulated_files import write_files, zipf
from benchmarks.workloads import W1, W2
from easy_esmm import data


@pytest.mark.parametrize(
    ("forward_only", "products"),
    # Eight layers; backward the gradients of eight kernels and of eight inputs.
    [(True, 8), (False, 24)],
)
def test_the_limit_is_every_product_of_both_towers(forward_only: bool, products: int) -> None:
    with tf.Graph().as_default() as graph:
        limit._products(414, 16, tf.float32, forward_only)
        flops = 0
        for op in graph.get_operations():
            if op.type == "MatMul":
                products -= 1
                rows, columns = op.outputs[0].shape.as_list()
                inner = op.inputs[0].shape.as_list()[0 if op.get_attr("transpose_a") else 1]
                flops += 2 * rows * columns * inner
    assert products == 0
    layers = 414 * 360 + 360 * 200 + 200 * 80 + 80
    assert flops == (1 if forward_only else 3) * 2 * 2 * 16 * layers


def test_workloads_have_the_shapes_of_the_docs() -> None:
    assert (W1.width, W2.width) == (414, 486)
    assert len(W1.features) == 23
    assert W1.table_rows == sum(feature.size for feature in W1.features) == 1_608_542
    larger = W1.with_vocabulary(10)
    assert 15.9e6 < larger.table_rows < 16.1e6
    assert [f.mean_values for f in W2.with_histories(2).features[-4:]] == [40, 80, 120, 260]


@pytest.mark.parametrize("workload", [W1, W2], ids=["W1", "W2"])
def test_simulated_files_can_be_read_with_the_config(workload: Any, tmp_path: Path) -> None:
    write_files(workload, tmp_path, 800, 80)
    config = configs.pipeline(workload, tmp_path, configs.Setting(batch=64, dtype="BF16", steps=9))
    columns, labels = next(iter(data.input_fn(config.config, "train")()))
    assert labels["click"].shape == [64]
    assert set(columns) >= {name for feature in workload.features for name in feature.columns}
    rows = pq.read_metadata(tmp_path / "impressions-train-0.parquet").num_rows
    assert rows == 200


def test_ids_follow_zipfs_law() -> None:
    ids = zipf(1000, 200_000, np.random.default_rng(0))
    weights = np.arange(1, 1001) ** -1.05
    share = weights / weights.sum()
    np.testing.assert_allclose(np.bincount(ids)[:10] / 200_000, share[:10], rtol=0.05)
    assert ids.max() < 1000


@pytest.mark.slow
def test_a_case_prints_figures_that_fit_each_other(tmp_path: Path) -> None:
    sizes = ["--train_rows", "4000", "--eval_rows", "400", "--warm_up", "1024", "--window", "1024"]
    command = [sys.executable, "-m", "benchmarks.case", "--workload", "W2", "--batch", "256"]
    done = subprocess.run(
        [*command, "--folder", str(tmp_path), *sizes, "--passes"],
        check=True,
        capture_output=True,
        text=True,
    )
    figures: Dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert len(figures["cpu_us"]) == len(figures["wall_us"]) == len(figures["limit_us"]) == 3
    # Tables and two moments, 4 bytes a number; towers and the rest are 3 MB.
    tables = figures["table_rows"] * 18 * 3 * 4
    assert tables < 1e9 * figures["checkpoint_gb"] < tables + 20e6
    assert figures["peak_gb"] > figures["checkpoint_gb"]
    assert set(figures["passes_us"]) == {"evaluation", "scores", "scores_to_file"}
    assert figures["workload"] in table.line(figures)
    assert len(table.passes([figures]).splitlines()) == 1
