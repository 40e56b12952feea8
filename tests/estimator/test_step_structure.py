"""What a training step may do, told from its graph and from a trace: no clock is asked.

The cost of a step must not grow with the vocabulary, and with the features only by a few operations
each; no Python runs in it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence, Set, Tuple
from typing import Counter as Counts

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm import data
from easy_esmm.compat import estimator, v1
from easy_esmm.estimator.model_fn import make_model_fn

ROWS = 10_007  # prime: no product of other sizes; 31 impressions, 7 users
MOMENTS = {
    "lazy_adam_optimizer": 2,
    "adam_asyncw_optimizer": 2,
    "adagrad_optimizer": 1,
    "ftrl_optimizer": 2,
    "momentum_optimizer": 1,
    "rms_prop_optimizer": 2,
}
"""Of each optimizer that moves the rows of the batch only: tables beside a table."""
READS = {"ResourceGather"}
WRITES = {
    "ResourceScatterSub",
    "ResourceScatterUpdate",
    "ResourceSparseApplyAdagrad",
    "ResourceSparseApplyFtrl",
    "ResourceSparseApplyMomentum",
    "ResourceSparseApplyRMSProp",
}
# Knows the shape without reading a value.
SHAPE_ONLY = {"VariableShape"}


def config_text(folder: Path, optimizer: str, ids: int) -> str:
    """`ids` features of one id a row, and one of each other kind; all regularised and clipped."""
    names = [f"id{i}" for i in range(ids)]
    columns = "".join(f"input_fields {{ input_name: '{n}' input_type: INT64 }}\n" for n in names)
    features = "".join(
        f"features {{ input_names: '{n}' embedding_dim: 6 num_buckets: {ROWS} }}\n" for n in names
    )
    tower = "metrics_set { auc {} } dnn { hidden_units: [9, 5] use_bn: true }"
    return f"""
    train_input_path: "{folder}/impressions-*.parquet"
    train_config {{
      optimizer_config {{ {optimizer} {{ learning_rate {{ constant_learning_rate {{}} }} }} }}
      gradient_clipping_by_norm: 1 num_steps: 9
    }}
    data_config {{
      input_type: ParquetInput batch_size: 31 label_fields: ["buy", "click"]
      user_rows {{ columns: ["history", "weight"] }}
      input_fields {{ input_name: "click" input_type: INT32 }}
      input_fields {{ input_name: "buy" input_type: INT32 }}
      input_fields {{ input_name: "history" input_type: INT64 }}
      input_fields {{ input_name: "weight" input_type: FLOAT }}
      input_fields {{ input_name: "price" input_type: FLOAT }}
      {columns}
    }}
    feature_config {{
      features {{ input_names: ["history", "weight"] feature_type: TagFeature combiner: "mean"
                 embedding_dim: 6 num_buckets: {ROWS} embedding_name: "shared" }}
      features {{ feature_name: "last" input_names: "id0" combiner: "mean"
                 embedding_dim: 6 num_buckets: {ROWS} embedding_name: "shared" }}
      features {{ input_names: "price" feature_type: RawFeature embedding_dim: 6 }}
      {features}
    }}
    model_config {{
      model_class: "ESMM" embedding_regularization: 0.1
      feature_groups {{ group_name: "all"
                       feature_names: {["history", "last", "price", *names]} }}
      esmm {{
        ctr_tower {{ tower_name: "ctr" label_name: "click" {tower} }}
        cvr_tower {{ tower_name: "cvr" label_name: "buy" {tower} }}
        l2_regularization: 0.1
      }}
    }}"""


class Step:
    """The graph of a training: input, step, losses and summaries, as the Estimator runs it."""

    def __init__(self, folder: Path, optimizer: str, ids: int = 3) -> None:
        write_rows(folder, ids)
        path = folder / "esmm.config"
        path.write_text(config_text(folder, optimizer, ids))
        config = configs.load(str(path)).config
        with tf.Graph().as_default() as self.graph:
            v1.train.create_global_step()
            iterator = v1.data.make_initializable_iterator(data.input_fn(config, "train")())
            self._start = iterator.initializer
            spec = make_model_fn(config)(*iterator.get_next(), estimator.ModeKeys.TRAIN)
            self.fetches = [spec.train_op, spec.loss, v1.summary.merge_all()]
            for hook in spec.training_hooks:
                hook.begin()
                self.fetches.append(hook.before_run(None).fetches)
            self._initializers = [v1.global_variables_initializer(), v1.tables_initializer()]

    def ops(self) -> Set[Any]:
        """Every operation that a step may run."""
        flat = [f for f in tf.nest.flatten(self.fetches, expand_composites=True) if f is not None]
        return ancestors(f if isinstance(f, tf.Operation) else f.op for f in flat)

    def traced_shapes(self) -> Set[Tuple[int, ...]]:
        """Shapes of all tensors that the second step made, inside optimised graphs too."""
        options, trace = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE), v1.RunMetadata()
        with v1.Session(graph=self.graph) as session:
            session.run([*self._initializers, self._start])
            session.run(self.fetches)
            session.run(self.fetches, options=options, run_metadata=trace)
        outputs = [
            output.tensor_description.shape.dim
            for device in trace.step_stats.dev_stats
            for node in device.node_stats
            for output in node.output
        ]
        return {tuple(dim.size for dim in dims) for dims in outputs}


def write_rows(folder: Path, ids: int) -> None:
    users = {"history": [[1, 2], [], [3], [3, 1], [9], [2], [7]], "weight": [[1.0, 2.0]] * 7}
    users["weight"] = [[0.5] * len(ids) for ids in users["history"]]  # type: ignore[arg-type]
    rows: Dict[str, List[Any]] = {f"id{i}": [j * i for j in range(31)] for i in range(ids)}
    rows.update(click=[1, 0] * 15 + [1], buy=[1] + [0] * 30, price=[0.5] * 31)
    rows["user_row"] = [j % 7 for j in range(31)]
    pq.write_table(pa.table(rows), folder / "impressions-0.parquet")
    pq.write_table(pa.table(users), folder / "users-0.parquet")


def ancestors(ops: Iterable[Any]) -> Set[Any]:
    seen: Set[Any] = set()
    stack = list(ops)
    while stack:
        op = stack.pop()
        if op not in seen:
            seen.add(op)
            stack += [*(tensor.op for tensor in op.inputs), *op.control_inputs]
    return seen


def uses_of_tables(step: Step) -> Dict[str, Counts[str]]:
    """By name of each table and each of its moments: operations that take its handle."""
    found: Dict[str, Counts[str]] = {}
    for op in step.ops():
        for tensor in op.inputs:
            if tensor.dtype == tf.resource and "embedding/" in tensor.op.name:
                found.setdefault(tensor.op.name, Counter())[op.type] += 1
    return found


def kinds(uses: Dict[str, Counts[str]]) -> Set[str]:
    return set().union(*uses.values())


@pytest.mark.parametrize("optimizer", MOMENTS)
def test_tables_and_moments_are_only_gathered_from_and_scattered_to(
    tmp_path: Path, optimizer: str
) -> None:
    uses = uses_of_tables(Step(tmp_path, optimizer))
    assert len(uses) == 5 * (1 + MOMENTS[optimizer])  # three ids, the shared table, the price
    assert kinds(uses) <= READS | WRITES | SHAPE_ONLY


def test_lazy_adam_writes_new_rows_without_locking_each(tmp_path: Path) -> None:
    assert kinds(uses_of_tables(Step(tmp_path, "lazy_adam_optimizer"))) <= {
        *READS,
        *SHAPE_ONLY,
        "ResourceScatterUpdate",
    }


def test_the_check_sees_adam_run_over_all_rows(tmp_path: Path) -> None:
    uses = uses_of_tables(Step(tmp_path, "adam_optimizer"))
    assert not kinds(uses) <= READS | WRITES | SHAPE_ONLY


@pytest.mark.parametrize("optimizer", ["lazy_adam_optimizer", "adagrad_optimizer"])
def test_no_tensor_of_a_step_has_a_dimension_of_the_vocabulary(
    tmp_path: Path, optimizer: str
) -> None:
    shapes = Step(tmp_path, optimizer).traced_shapes()
    assert (31, 6 * (3 + 3)) in shapes  # the trace holds the model's input, [batch, width]
    assert not [shape for shape in shapes if ROWS in shape]


def test_the_trace_sees_adams_tensors_over_all_rows(tmp_path: Path) -> None:
    assert (ROWS, 6) in Step(tmp_path, "adam_optimizer").traced_shapes()


def test_another_feature_adds_three_reads_three_writes_and_few_operations(tmp_path: Path) -> None:
    few, more = (Step(tmp_path, "lazy_adam_optimizer", ids) for ids in (3, 8))
    counts = [Counter(op.type for op in step.ops()) for step in (few, more)]
    added: Counts[str] = counts[1] - counts[0]
    # The table and two moments, each read and written once.
    assert sum(added[kind] for kind in READS) == 5 * 3
    assert sum(added[kind] for kind in WRITES) == 5 * 3
    assert added["Unique"] == 5
    assert added["ReadVariableOp"] == 0
    # Constants cost nothing in a step.
    assert sum(added.values()) - added["Const"] <= 5 * OPERATIONS_OF_A_FEATURE


OPERATIONS_OF_A_FEATURE = 24
"""42 before ids were encoded, and Adam's formulas computed, for all features at once."""


def test_each_moment_starts_in_memory_of_its_own(tmp_path: Path) -> None:
    # TensorFlow merges equal operations unless they are stateful; variables that start from one
    # operation share its buffer, and the first step copies it.
    with Step(tmp_path, "lazy_adam_optimizer").graph.as_default():
        moments = [v for v in v1.global_variables() if "/Adam" in v.op.name and v.shape.rank]
    assert len(moments) == 2 * (5 + 2 * (3 * 2 + 2 * 2))  # five tables; a tower's layers and norms
    for moment in moments:
        source = moment.initializer.inputs[1].op
        while source.type == "Identity":
            source = source.inputs[0].op
        assert source.op_def.is_stateful, moment.op.name


def test_no_python_runs_in_a_step(tmp_path: Path) -> None:
    # The input's Python stands in functions of the dataset, which run ahead in threads.
    step = Step(tmp_path, "lazy_adam_optimizer")
    assert not python_ops(op.node_def for op in step.ops())
    functions = step.graph.as_graph_def().library.function
    assert python_ops(node for function in functions for node in function.node_def)


def python_ops(nodes: Iterable[Any]) -> Sequence[str]:
    return [node.name for node in nodes if "PyFunc" in node.op]
