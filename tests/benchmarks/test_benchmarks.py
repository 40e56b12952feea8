"""What the benchmarks measure is what they say; how fast it is, no test asks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict

import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from benchmarks import attention, bench, clock, configs, limit, table, trace
from benchmarks.results import Case
from benchmarks.simulated_files import write_files, write_text, zipf
from benchmarks.workloads import W1, W2, W3
from easy_esmm import data
from easy_esmm.compat import v1


@pytest.mark.parametrize(
    ("forward_only", "products"),
    # Eight layers; backward the gradients of eight kernels and of eight inputs.
    [(True, 8), (False, 24)],
)
def test_the_limit_is_every_product_of_both_towers(forward_only: bool, products: int) -> None:
    with tf.Graph().as_default() as graph:
        limit._products(W1, 16, tf.float32, forward_only)
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


def test_the_limit_of_attended_histories_counts_their_elements() -> None:
    with tf.Graph().as_default() as graph:
        limit._products(W3, 16, tf.float32, forward_only=True)
        products = [op for op in graph.get_operations() if op.type == "MatMul"]
    shapes = [tuple(op.inputs[0].shape.as_list()) for op in products]
    elements = 16 * 3 * 50
    assert shapes[8:] == [(elements, 36), (elements, 128), (elements, 64), (elements, 32)]
    assert shapes[0] == (16, 414 + 3 * 2 * 18)


def test_workloads_have_the_shapes_of_the_docs() -> None:
    assert (W1.width, W2.width) == (414, 486)
    assert (W3.width, W3.attended) == (414 + 108, 150)
    assert W3.table_rows == W1.table_rows  # histories read the tables of their keys
    assert len(W1.features) == 23
    assert W1.table_rows == sum(feature.size for feature in W1.features) == 1_608_542
    larger = W1.with_vocabulary(10)
    assert 15.9e6 < larger.table_rows < 16.1e6
    assert [f.mean_values for f in W2.with_histories(2).features[-4:]] == [40, 80, 120, 260]


@pytest.mark.parametrize("workload", [W1, W2, W3], ids=["W1", "W2", "W3"])
def test_simulated_files_can_be_read_with_the_config(workload: Any, tmp_path: Path) -> None:
    write_files(workload, tmp_path, 800, 80)
    config = configs.pipeline(workload, tmp_path, configs.Setting(batch=64, dtype="BF16", steps=9))
    columns, labels = next(iter(data.input_fn(config.config, "train")()))
    assert labels["click"].value.shape == [64]
    assert set(columns) >= {name for feature in workload.features for name in feature.columns}
    rows = pq.read_metadata(tmp_path / "impressions-train-0.parquet").num_rows
    assert rows == 200


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_text_beside_simulated_files_holds_their_rows(suffix: str, tmp_path: Path) -> None:
    write_files(W1, tmp_path, 40, 40)
    write_text(tmp_path, suffix)

    def rows(kind: str) -> Dict[str, Any]:
        setting = configs.Setting(batch=40, steps=1, input=kind)
        config = configs.pipeline(W1, tmp_path, setting).config
        columns, labels = next(iter(data.input_fn(config, "eval")()))
        return {**columns, "click": labels["click"].value}

    as_text = rows(suffix)
    for name, values in rows("parquet").items():
        np.testing.assert_array_equal(as_text[name], values, err_msg=name)


def test_ids_follow_zipfs_law() -> None:
    ids = zipf(1000, 200_000, np.random.default_rng(0))
    weights = np.arange(1, 1001) ** -1.05
    share = weights / weights.sum()
    np.testing.assert_allclose(np.bincount(ids)[:10] / 200_000, share[:10], rtol=0.05)
    assert ids.max() < 1000


def test_what_happens_between_windows_is_in_no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    fake = SimpleNamespace(process_time=lambda: now[0], perf_counter=lambda: 2 * now[0])
    monkeypatch.setattr(clock, "time", fake)

    def between() -> None:
        now[0] += 100

    hook = clock.StepClock(warm_up=3, window=2, between=between)
    for seconds in (9, 1, 1, 3, 4, 5, 6, 7):
        now[0] += seconds
        hook.after_run(None, None)
    assert hook.first_step_cpu == 9
    assert hook.cpu_us(batch=10) == [7 / 20 * 1e6, 11 / 20 * 1e6]
    assert hook.wall_us(batch=10) == [14 / 20 * 1e6, 22 / 20 * 1e6]
    monkeypatch.setattr(clock.os, "sched_getaffinity", lambda _: {0, 1, 5, 7})
    assert hook.utilisation() == [7 / 14 / 4, 11 / 22 / 4]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("[cpu 3MB] a/Relu = _MklNativeFusedMatMul(x, k, b)", "matrix products of the towers"),
        ("a/Relu_grad = ReluGrad(x, y)", "biases, activations and their gradients"),
        ("Gather_1 = ResourceGather(t, i)", "rows of tables and moments: gather, scatter"),
        ("g = GatherV2(t, i, axis)", "unique ids, pooling, gradient of look-ups"),
        ("M = SparseTensorDenseMatMul(i, v, s, t)", "unique ids, pooling, gradient of look-ups"),
        ("a/MatMul = Identity(x)", "all others"),
    ],
)
def test_a_traced_operation_has_the_kind_of_its_type(label: str, kind: str) -> None:
    assert trace.kind_of(label) == kind


def test_times_and_operations_of_a_trace_are_summed_by_kind() -> None:
    step = v1.RunMetadata()
    for _ in range(2):
        add = step.step_stats.dev_stats.add().node_stats.add
        add(timeline_label="m = MatMul(a)", op_start_rel_micros=2, op_end_rel_micros=9)
        add(timeline_label="c = Cast(a)", op_start_rel_micros=1, op_end_rel_micros=3)
    micros, counts = trace.by_kind([step, step])
    assert micros == {"matrix products of the towers": 28, "casts": 8}
    assert counts == {"matrix products of the towers": 4, "casts": 4}


def test_the_quick_benchmark_trains_both_workloads_and_both_types() -> None:
    assert [case[:2] for case in bench.QUICK] == [("W1", "FP32"), ("W1", "BF16"), ("W2", "FP32")]


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
    assert len(figures["cpu_us"]) == len(figures["wall_us"]) == 5
    assert len(figures["limit_us"]) == 6
    # Tables and two moments, 4 bytes a number; towers and the rest are 3 MB.
    tables = figures["table_rows"] * 18 * 3 * 4
    assert tables < 1e9 * figures["checkpoint_gb"] < tables + 20e6
    assert figures["peak_gb"] > figures["checkpoint_gb"]
    assert set(figures["passes_us"]) == {"evaluation", "scores", "scores_to_file"}
    case = Case(figures)
    assert figures["workload"] in table.line(case)
    assert len(table.passes([case]).splitlines()) == 1


@pytest.mark.parametrize("use_bn", [True, False])
def test_both_ways_to_compute_an_attention_agree(use_bn: bool) -> None:
    ways = [attention.Step(weigh, 8, use_bn) for weigh in attention._WAYS.values()]
    attention.agree(*ways)
    other = attention.Step(attention._ours, 9, use_bn)
    with pytest.raises((AssertionError, ValueError)):
        attention.agree(ways[0], other)


def test_a_trace_tells_when_one_operation_ran_alone_that_is_no_product() -> None:
    # A product 0 - 6, a cast 4 - 10, nothing until 12, a cast 12 - 20 beside a relu 16 - 20.
    spans = [("MatMul", 0, 6), ("Cast", 4, 10), ("Cast", 12, 20), ("Relu", 16, 20), ("Shape", 1, 1)]
    metadata = v1.RunMetadata()
    nodes = metadata.step_stats.dev_stats.add().node_stats
    for kind, begin, end in spans:
        nodes.add(
            timeline_label=f"x = {kind}(y)",
            all_start_micros=begin,
            op_end_rel_micros=end - begin,
        )
    found = trace.one_core_idle([metadata])
    assert found == {"casts": 8 / 20, trace.NONE: 2 / 20}
