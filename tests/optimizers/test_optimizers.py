"""Optimizers against float64 numpy, and what a step may touch."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

import numpy as np
import pytest
import tensorflow as tf
from absl import logging
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import TableRows
from easy_esmm.features import embed
from easy_esmm.optimizers import step as optimizers
from easy_esmm.protos.optimizer_pb2 import Optimizer
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.train_pb2 import TrainConfig

ROWS, WIDTH, RATE = 6, 2, 0.1

# One batch a step: repeated ids, a missing one, and rows that come back after steps of absence.
BATCHES = [[1, 2, 1], [1, -1, 3], [4, 4, 4], [2, 1, 4], [-1, -1, 3], [1, 5, 2]]


def train_config(text: str) -> TrainConfig:
    return text_format.Parse(text, TrainConfig())


def one(kind: str, settings: str = "") -> str:
    rate = f"learning_rate {{ constant_learning_rate {{ learning_rate: {RATE} }} }}"
    return f"optimizer_config {{ {kind} {{ {rate} {settings} }} }}"


def factors(step: int, batch: int) -> Any:
    """The derivative of the step's loss by each looked-up vector."""
    return np.random.default_rng(step).normal(size=(batch, WIDTH)).astype(np.float32)


class Trained:
    """A table and a dense vector, trained on a loss that is linear in both."""

    def __init__(self, config: TrainConfig, batches: Sequence[List[int]]) -> None:
        text = f"""feature_config {{ features {{ feature_name: 'x' input_names: 'x'
            embedding_dim: {WIDTH} num_buckets: {ROWS}
            initializer {{ random_normal_initializer {{ stddev: 1 }} }} }} }}
          model_config {{ feature_groups {{ group_name: 'all' feature_names: 'x' }} }}"""
        with tf.Graph().as_default(), v1.Session() as session:
            v1.set_random_seed(1)
            ids = v1.placeholder(tf.int64, [None])
            by_vector = v1.placeholder(tf.float32, [None, WIDTH])
            embedded = embed(text_format.Parse(text, PipelineConfig()), {"x": ids})
            dense = v1.get_variable("dense", [WIDTH], initializer=v1.ones_initializer())
            unreached = v1.get_variable("unreached", [3])
            loss = tf.reduce_sum(embedded.groups["all"].matrix * by_vector)
            loss += tf.reduce_sum(dense * by_vector[0])
            step = v1.train.get_or_create_global_step()
            update = optimizers.train_op(
                config, loss, embedded.tables, [dense, unreached], step, trains_alone=True
            )
            session.run(v1.global_variables_initializer())
            table = embedded.tables[0].table
            self.before, untouched = session.run([table, unreached])
            self.norms = []
            for number, batch in enumerate(batches):
                fed = {ids: batch, by_vector: factors(number, len(batch))}
                norm, _ = session.run([update.gradient_norm, update.op], fed)
                self.norms.append(norm)
            self.table, self.dense, self.step = session.run([table, dense, step])
            np.testing.assert_array_equal(session.run(unreached), untouched)
            self.names = {variable.op.name for variable in v1.global_variables()}
            self.rates = sorted(update.learning_rates)


def gradients(batches: Sequence[List[int]]) -> List[Tuple[Any, Any]]:
    """Each step's gradient of the whole table, and of the dense vector, in float64."""
    found = []
    for number, batch in enumerate(batches):
        by_vector = factors(number, len(batch)).astype(np.float64)
        table = np.zeros([ROWS, WIDTH])
        for i, row in zip(batch, by_vector):
            if i >= 0:
                table[i] += row
        found.append((table, by_vector[0]))
    return found


def adam(x: Any, steps: Sequence[Any], lazy: bool, b1: float = 0.9, b2: float = 0.999) -> Any:
    """Kingma and Ba's Algorithm 1 in its efficient form, epsilon 1e-8 outside the correction."""
    x, m, v = x.astype(np.float64), np.zeros(x.shape), np.zeros(x.shape)
    for t, g in enumerate(steps, start=1):
        rows = g.any(axis=-1) if lazy else np.ones(g.shape[:-1], bool)
        m[rows] = b1 * m[rows] + (1 - b1) * g[rows]
        v[rows] = b2 * v[rows] + (1 - b2) * g[rows] ** 2
        rate = RATE * np.sqrt(1 - b2**t) / (1 - b1**t)
        x[rows] -= rate * m[rows] / (np.sqrt(v[rows]) + 1e-8)
    return x


def adagrad(x: Any, steps: Sequence[Any], initial: float) -> Any:
    x, total = x.astype(np.float64), np.full(x.shape, initial)
    for g in steps:
        total += g**2
        x -= RATE * g / np.sqrt(total)
    return x


@pytest.mark.parametrize(
    ("kind", "lazy"), [("adam_optimizer", False), ("lazy_adam_optimizer", True)]
)
def test_adam_and_lazy_adam_follow_their_definitions(kind: str, lazy: bool) -> None:
    trained = Trained(train_config(one(kind)), BATCHES)
    of_table, of_dense = zip(*gradients(BATCHES))
    np.testing.assert_allclose(trained.table, adam(trained.before, of_table, lazy), rtol=2e-5)
    np.testing.assert_allclose(trained.dense, adam(np.ones(WIDTH), of_dense, False), rtol=2e-5)
    # Row 0 is in no batch: with no moments yet it stands still either way.
    np.testing.assert_array_equal(trained.table[0], trained.before[0])


def test_lazy_adam_leaves_absent_rows_alone_where_adam_moves_them() -> None:
    batches = [[1, 2, 3], [2, 2, 2]]
    lazy = Trained(train_config(one("lazy_adam_optimizer")), batches)
    after_one = Trained(train_config(one("lazy_adam_optimizer")), batches[:1])
    full = Trained(train_config(one("adam_optimizer")), batches)
    np.testing.assert_array_equal(lazy.table[[1, 3]], after_one.table[[1, 3]])
    assert np.abs(full.table[[1, 3]] - after_one.table[[1, 3]]).min() > 0.01


def test_lazy_adam_equals_adam_while_every_row_is_in_every_batch() -> None:
    batches = [[0, 1, 2, 3, 4, 5, 5], [5, 4, 3, 2, 1, 0, 0], [3, 1, 4, 1, 5, 2, 0]]
    lazy = Trained(train_config(one("lazy_adam_optimizer")), batches)
    full = Trained(train_config(one("adam_optimizer")), batches)
    np.testing.assert_allclose(lazy.table, full.table, rtol=1e-5)


def test_betas_of_the_config_are_used() -> None:
    of_table, _ = zip(*gradients(BATCHES))
    for kind, lazy in (("adam_optimizer", False), ("lazy_adam_optimizer", True)):
        trained = Trained(train_config(one(kind, "beta1: 0.5 beta2: 0.9")), BATCHES)
        expected = adam(trained.before, of_table, lazy, 0.5, 0.9)
        np.testing.assert_allclose(trained.table, expected, rtol=2e-5)


def adamw(x: Any, steps: Sequence[Any], lazy: bool, decay: float) -> Any:
    """Adam, and a share of the weight off: of rows with a gradient only."""
    x, m, v = x.astype(np.float64), np.zeros(x.shape), np.zeros(x.shape)
    for t, g in enumerate(steps, start=1):
        read = g.any(axis=-1)
        moved = read if lazy else np.ones(g.shape[:-1], bool)
        m[moved] = 0.9 * m[moved] + 0.1 * g[moved]
        v[moved] = 0.999 * v[moved] + 0.001 * g[moved] ** 2
        x[read] *= 1 - decay
        rate = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        x[moved] -= rate * m[moved] / (np.sqrt(v[moved]) + 1e-8)
    return x


def momentum(x: Any, steps: Sequence[Any], share: float, decay: float = 0.0) -> Any:
    x, m = x.astype(np.float64), np.zeros(x.shape)
    for g in steps:
        read = g.any(axis=-1)
        m[read] = share * m[read] + g[read]
        x[read] = (1 - decay) * x[read] - RATE * m[read]
    return x


def rms_prop(x: Any, steps: Sequence[Any], share: float, decay: float, epsilon: float) -> Any:
    x, m, square = x.astype(np.float64), np.zeros(x.shape), np.ones(x.shape)
    for g in steps:
        read = g.any(axis=-1)
        square[read] = decay * square[read] + (1 - decay) * g[read] ** 2
        m[read] = share * m[read] + RATE * g[read] / np.sqrt(square[read] + epsilon)
        x[read] -= m[read]
    return x


def ftrl(
    x: Any,
    steps: Sequence[Any],
    initial: float,
    l1: float = 0.0,
    l2: float = 0.0,
    shrinkage: float = 0.0,
    power: float = -0.5,
) -> Any:
    """McMahan et al. (KDD 2013), Algorithm 1, in TensorFlow's parameters."""
    x, z, n = x.astype(np.float64), np.zeros(x.shape), np.full(x.shape, initial)
    for g in steps:
        read = g.any(axis=-1)
        after = n[read] + g[read] ** 2
        sigma = (after**-power - n[read] ** -power) / RATE
        z[read] += g[read] + 2 * shrinkage * x[read] - sigma * x[read]
        n[read] = after
        divisor = after**-power / RATE + 2 * l2
        shrunk = np.sign(z[read]) * l1 - z[read]
        x[read] = np.where(np.abs(z[read]) > l1, shrunk / divisor, 0)
    return x


DEFINED = {
    "adam_async_optimizer": ("", lambda x, g: adam(x, g, True)),
    "adamw_optimizer": ("weight_decay: 0.05", lambda x, g: adamw(x, g, False, 0.05)),
    "adam_asyncw_optimizer": ("weight_decay: 0.05", lambda x, g: adamw(x, g, True, 0.05)),
    "momentum_optimizer": ("momentum_optimizer_value: 0.8", lambda x, g: momentum(x, g, 0.8)),
    "momentumw_optimizer": ("weight_decay: 0.05", lambda x, g: momentum(x, g, 0.9, 0.05)),
    "rms_prop_optimizer": (
        "momentum_optimizer_value: 0.7 decay: 0.8 epsilon: 0.01",
        lambda x, g: rms_prop(x, g, 0.7, 0.8, 0.01),
    ),
    "ftrl_optimizer": ("", lambda x, g: ftrl(x, g, 0.1)),
}


@pytest.mark.parametrize("kind", DEFINED)
def test_tables_and_dense_variables_follow_the_definition(kind: str) -> None:
    settings, definition = DEFINED[kind]
    trained = Trained(train_config(one(kind, settings)), BATCHES)
    of_table, of_dense = zip(*gradients(BATCHES))
    expected = definition(trained.before, of_table)
    np.testing.assert_allclose(trained.table, expected, rtol=2e-5, atol=1e-6)
    # A vector of dense gradients is a table of one row that every batch reads.
    (dense,) = definition(np.ones([1, WIDTH]), [g[np.newaxis] for g in of_dense])
    np.testing.assert_allclose(trained.dense, dense, rtol=2e-5, atol=1e-6)
    np.testing.assert_array_equal(trained.table[0], trained.before[0])


@pytest.mark.parametrize(
    ("settings", "arguments"),
    [
        ("l1_reg: 0.5", {"l1": 0.5}),
        ("l2_reg: 0.5", {"l2": 0.5}),
        ("l2_shrinkage_reg: 0.1", {"shrinkage": 0.1}),
        ("learning_rate_power: -0.3", {"power": -0.3}),
        ("initial_accumulator_value: 2", {"initial": 2.0}),
    ],
)
def test_each_setting_of_ftrl_is_used(settings: str, arguments: Dict[str, float]) -> None:
    trained = Trained(train_config(one("ftrl_optimizer", settings)), BATCHES)
    of_table, of_dense = zip(*gradients(BATCHES))
    for found, first, steps in (
        (trained.table, trained.before, of_table),
        (trained.dense, np.ones([1, WIDTH]), [g[np.newaxis] for g in of_dense]),
    ):
        expected = ftrl(first, steps, **{"initial": 0.1, **arguments}).reshape(found.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_multiplier_scales_the_rate_of_tables_alone() -> None:
    config = train_config(one("lazy_adam_optimizer"))
    config.optimizer_config[0].embedding_learning_rate_multiplier = 0.25
    trained = Trained(config, BATCHES)
    of_table, of_dense = zip(*gradients(BATCHES))
    whole = adam(trained.before, of_table, True)
    # Adam's steps do not depend on its weights: they scale with the rate.
    expected = trained.before + 0.25 * (whole - trained.before)
    np.testing.assert_allclose(trained.table, expected, rtol=2e-5)
    np.testing.assert_allclose(trained.dense, adam(np.ones(WIDTH), of_dense, False), rtol=2e-5)
    assert trained.rates == ["dense_learning_rate", "embedding_learning_rate"]


@pytest.mark.parametrize("initial", [0.1, 2.0])
def test_adagrad_follows_its_definition(initial: float) -> None:
    config = train_config(one("adagrad_optimizer", f"initial_accumulator_value: {initial}"))
    trained = Trained(config, BATCHES)
    of_table, of_dense = zip(*gradients(BATCHES))
    np.testing.assert_allclose(trained.table, adagrad(trained.before, of_table, initial), rtol=2e-5)
    np.testing.assert_allclose(trained.dense, adagrad(np.ones(WIDTH), of_dense, initial), rtol=2e-5)


def test_first_of_two_optimizers_is_for_tables_and_the_second_for_the_rest() -> None:
    config = train_config(one("adagrad_optimizer") + one("adam_optimizer"))
    trained = Trained(config, BATCHES)
    of_table, of_dense = zip(*gradients(BATCHES))
    np.testing.assert_allclose(trained.table, adagrad(trained.before, of_table, 0.1), rtol=2e-5)
    np.testing.assert_allclose(trained.dense, adam(np.ones(WIDTH), of_dense, False), rtol=2e-5)
    assert trained.rates == ["dense_learning_rate", "embedding_learning_rate"]


@pytest.mark.parametrize("count", [1, 2])
def test_global_step_counts_each_step_once(count: int) -> None:
    trained = Trained(train_config(one("lazy_adam_optimizer") * count), BATCHES)
    assert trained.step == len(BATCHES)


def test_clipping_scales_all_gradients_by_one_factor() -> None:
    trained = Trained(
        train_config(one("adagrad_optimizer") + "gradient_clipping_by_norm: 0.5"), BATCHES
    )
    norms, clipped = [], []
    for table, dense in gradients(BATCHES):
        norm = np.sqrt((table**2).sum() + (dense**2).sum())
        norms.append(norm)
        clipped.append((table * min(1, 0.5 / norm), dense * min(1, 0.5 / norm)))
    of_table, of_dense = zip(*clipped)
    np.testing.assert_allclose(trained.norms, norms, rtol=1e-5)
    assert max(norms) > 0.5
    np.testing.assert_allclose(trained.table, adagrad(trained.before, of_table, 0.1), rtol=2e-5)
    np.testing.assert_allclose(trained.dense, adagrad(np.ones(WIDTH), of_dense, 0.1), rtol=2e-5)


def test_training_can_go_on_with_another_adam() -> None:
    lazy = Trained(train_config(one("lazy_adam_optimizer")), BATCHES[:1])
    full = Trained(train_config(one("adam_optimizer")), BATCHES[:1])
    assert lazy.names == full.names
    assert {"embedding/all/x/Adam", "embedding/all/x/Adam_1", "dense/Adam"} < lazy.names
    for kind in ("adamw", "adam_async", "adam_asyncw"):
        other = Trained(train_config(one(f"{kind}_optimizer")), BATCHES[:1])
        assert other.names == lazy.names


def test_rate_of_a_step_is_the_one_before_the_step_is_counted() -> None:
    decay = """learning_rate { exponential_decay_learning_rate { initial_learning_rate: 1
        decay_steps: 1 decay_factor: 0.5 } }"""
    config = train_config(f"optimizer_config {{ adagrad_optimizer {{ {decay} }} }}")
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.get_variable("x", [], initializer=v1.zeros_initializer())
        step = v1.train.get_or_create_global_step()
        update = optimizers.train_op(config, 1.0 * x, [], [x], step)
        session.run(v1.global_variables_initializer())
        found = [session.run([update.learning_rates["learning_rate"], update.op])[0] for _ in "abc"]
        np.testing.assert_allclose(found, [1, 0.5, 0.25])
        # x = - sum of rate / sqrt(0.1 + steps)
        expected = -(1 / np.sqrt(1.1) + 0.5 / np.sqrt(2.1) + 0.25 / np.sqrt(3.1))
        np.testing.assert_allclose(session.run(x), expected, rtol=1e-6)


def ancestors(op: Any) -> Set[Any]:
    seen, stack = {op}, [op]
    while stack:
        current = stack.pop()
        for source in [*(tensor.op for tensor in current.inputs), *current.control_inputs]:
            if source not in seen:
                seen.add(source)
                stack.append(source)
    return seen


MIXED = """
feature_config {
  features { feature_name: 'a' input_names: 'a' embedding_dim: 4 num_buckets: 50 }
  features { feature_name: 'b' input_names: 'b' embedding_dim: 4 num_buckets: 50
             feature_type: TagFeature combiner: 'mean' embedding_name: 'shared' }
  features { feature_name: 'c' input_names: 'a' embedding_dim: 4 num_buckets: 50 combiner: 'mean'
             embedding_name: 'shared' }
  features { feature_name: 'd' input_names: 'd' embedding_dim: 3 feature_type: RawFeature }
}
model_config {
  embedding_regularization: 0.1
  feature_groups { group_name: 'all' feature_names: ['a', 'b', 'c', 'd'] }
}
"""


SLOTS = {
    "lazy_adam_optimizer": 2,
    "adam_async_optimizer": 2,
    "adam_asyncw_optimizer": 2,
    "adagrad_optimizer": 1,
    "momentum_optimizer": 1,
    "momentumw_optimizer": 1,
    "rms_prop_optimizer": 2,
    "ftrl_optimizer": 2,
}


def test_every_optimizer_of_the_schema_is_tested() -> None:
    every = {field.name for field in Optimizer.DESCRIPTOR.oneofs_by_name["optimizer"].fields}
    assert {*SLOTS, "adam_optimizer", "adamw_optimizer"} == every
    tested_above = {"adam_optimizer", "lazy_adam_optimizer", "adagrad_optimizer"}
    assert {*DEFINED, *tested_above} == every


@pytest.mark.parametrize("kind", SLOTS)
def test_no_operation_of_a_step_reads_or_writes_a_whole_table_or_its_moments(kind: str) -> None:
    config = train_config(one(kind) + "gradient_clipping_by_norm: 1")
    with tf.Graph().as_default():
        columns: Dict[str, Any] = {
            "a": v1.placeholder(tf.int64, [None]),
            "b": v1.placeholder(tf.string, [None]),
            "d": v1.placeholder(tf.float32, [None]),
        }
        embedded = embed(text_format.Parse(MIXED, PipelineConfig()), columns)
        loss = tf.reduce_sum(tf.square(embedded.groups["all"].matrix)) + embedded.squared_norm
        step = v1.train.get_or_create_global_step()
        update = optimizers.train_op(config, loss, embedded.tables, [], step)
        of_step = ancestors(update.op) | ancestors(loss.op) | ancestors(update.gradient_norm.op)
        found: Dict[str, Set[str]] = {}
        for op in of_step:
            for tensor in op.inputs:
                if tensor.dtype == tf.resource and "embedding/" in tensor.op.name:
                    found.setdefault(tensor.op.name, set()).add(op.type)
    assert len(found) == 3 * (1 + SLOTS[kind])
    sparse = {"ResourceGather", "ResourceScatterSub", "ResourceScatterUpdate", "VariableShape"}
    sparse |= {f"ResourceSparseApply{rule}" for rule in ("Adagrad", "Ftrl", "Momentum", "RMSProp")}
    assert set().union(*found.values()) <= sparse


def test_adam_over_many_rows_says_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    said: List[str] = []
    monkeypatch.setattr(optimizers, "_MANY_ROWS", 1000)
    monkeypatch.setattr(logging, "warning", lambda text, *args: said.append(text % args))
    under = [("adam", 1000), ("lazy_adam", 1001), ("adagrad", 1001), ("adam_asyncw", 1001)]
    for kind, rows in (*under, ("adam", 1001), ("adamw", 1001)):
        with tf.Graph().as_default():
            table = v1.get_variable("table", [rows, 1])
            ids = tf.constant([3], tf.int64)
            read = tf.gather(table, ids)
            optimizers.train_op(
                train_config(one(f"{kind}_optimizer")),
                tf.reduce_sum(read),
                [TableRows(table, ids, read)],
                [],
                v1.train.get_or_create_global_step(),
            )
    assert [text.split()[0] for text in said] == ["adam_optimizer", "adamw_optimizer"]
    assert all("all 1,001 rows" in text for text in said)
    assert all("about 4e-06 s of CPU a step" in text for text in said)  # 1,001 x 4 ns
    assert "lazy_adam_optimizer" in said[0]
    assert "adam_asyncw_optimizer" in said[1]


@pytest.mark.parametrize(
    ("kind", "trains_alone", "write"),
    [
        ("lazy_adam_optimizer", True, "ResourceScatterUpdate"),
        ("lazy_adam_optimizer", False, "ResourceScatterSub"),
        ("lazy_adam_optimizer", None, "ResourceScatterSub"),
        ("adam_asyncw_optimizer", True, "ResourceScatterSub"),
    ],
)
def test_weights_that_change_between_reading_and_update_are_not_written_over(
    kind: str, trains_alone: Optional[bool], write: str
) -> None:
    # By another trainer, which a caller that says nothing may have; or by the decay.
    said = {} if trains_alone is None else {"trains_alone": trains_alone}
    with tf.Graph().as_default() as graph:
        table = v1.get_variable("table", [ROWS, WIDTH], use_resource=True)
        ids = tf.constant([1, 2], tf.int64)
        read = TableRows(table, ids, tf.gather(table, ids))
        step = v1.train.get_or_create_global_step()
        optimizers.train_op(
            train_config(one(kind)),
            tf.reduce_sum(read.rows),
            [read],
            [],
            step,
            **said,
        )
        writers = [op for op in graph.get_operations() if "ResourceScatter" in op.type]
        assert {op.type for op in writers if op.inputs[0] is table.handle} == {write}
