"""A field that nobody reads is a defect: each one that a sample sets must change something.

Each schema field is tried once, in the smallest sample that sets it: another legal value must be
refused, be logged as without effect, or change the training graph, the evaluation graph, the input,
the serving signature, or what the Estimator is asked to do.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import pytest
import tensorflow as tf
from google.protobuf.message import Message

from easy_esmm import config as configs
from easy_esmm import data
from easy_esmm.compat import estimator, v1
from easy_esmm.config import ConfigError, Edit, Pipeline
from easy_esmm.config.support import is_repeated
from easy_esmm.estimator.decisive_metrics import decisive_metrics
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.estimator.model_fn import make_model_fn
from easy_esmm.estimator.specs import specs
from easy_esmm.serving.signature import receive_requests
from tests.conformance import table

OTHER_VALUES: Mapping[str, str] = {
    "PipelineConfig.model_dir": "elsewhere",
    "AUC.num_thresholds": "200000",
    "GAUC.reduction": "mean",
    "PrecisionAtTopK.session_id_field": "user",
    "RecallAtTopK.session_id_field": "user",
    "SessionAUC.session_id_field": "user",
    "DNN.activation": "tanh",
    "ESCM2.estimator": "IPS",
    "DatasetConfig.encoding": "gb18030",
    "DatasetConfig.input_type": "ParquetInput",
    "DatasetConfig.num_parallel_calls": "1",
    "DatasetConfig.prefetch_size": "1",
    "DatasetConfig.separator": ";",
    "DatasetConfig.shuffle_buffer_size": "200000",
    "ExportConfig.best_exporter_metric": "auc_ctr",
    "ExportConfig.early_stop_func": "stop_if_no_decrease",
    "ExportConfig.early_stop_params": '{"min_steps": 7}',
    "ExportConfig.exporter_type": "none",
    "F1ReweighedLoss.f1_beta_square": "3",
    "FeatureConfig.combiner": "sum",
    "FeatureConfig.embedding_name": "another",
    "FeatureConfig.expression": "age + price",
    "FeatureConfig.kv_separator": "=",
    "FeatureConfig.normalizer_fn": "sqrt",
    "FeatureConfig.separator": "+",
    "Field.default_val": "7",
    "NegativeSampling.eval_kept_share": "0.5",
    "NegativeSampling.kept_share": "0.5",
    "TrainConfig.compute_dtype": "BF16",
    "TrainConfig.dead_line": "20981231 23:59:59",
    "TrainConfig.freeze_gradient": "^ctr_tower/output/bias$",
    "ModelConfig.loss_weight_strategy": "Fixed",
    "JRCLoss.session_name": "user",
    "ListwiseRankLoss.session_name": "user",
    "PairwiseFocalLoss.session_name": "user",
    "PairwiseHingeLoss.session_name": "user",
    "PairwiseLogisticLoss.session_name": "user",
    "PairwiseLoss.session_name": "user",
    "BayesTaskTower.task_space_indicator_name": "session",
    "TaskTower.label_prior": "0.3",
    "TaskTower.task_space_indicator_name": "user",
    "TaskTower.tower_name": "another",
}
"""Values where the next number or the flipped boolean is no telling change; `Message.field`."""

SUMMARIES = {"SeqAttGroupConfig.tf_summary"}
"""Change what TensorBoard shows and nothing else: tests/estimator/test_summaries.py."""

IN_A_CLUSTER = {"FeatureConfig.max_partitions"}
"""Without effect on one machine: tests/features/test_partitions.py."""

INSIDE_PYTHON = {"DatasetConfig.max_errors", "GAUC.reduction", "SessionAUC.reduction"}
"""Read by a Python function of the graph, which a fingerprint cannot look into: tests/metrics,
tests/data."""


def fields_set(message: Message, path: str = "") -> Iterator[Tuple[str, str, Any]]:
    """(`Message.field`, path of an edit, value) of every set scalar, depth first."""
    for field, value in message.ListFields():
        name = f"{message.DESCRIPTOR.name}.{field.name}"
        here = f"{path}.{field.name}" if path else field.name
        is_list = is_repeated(field)
        for index, item in enumerate(value if is_list else [value]):
            at = f"{here}[{index}]" if is_list else here
            if field.type == field.TYPE_MESSAGE:
                yield from fields_set(item, at)
            else:
                yield name, at, item


def cases() -> List[Any]:
    """One case a schema field: the smallest sample that sets it, the path, and another value."""
    found: Dict[str, Any] = {}
    for sample, pipeline in sorted(loaded().items(), key=size):
        for name, path, value in fields_set(pipeline.written):
            if name not in found and name not in {*INSIDE_PYTHON, *SUMMARIES, *IN_A_CLUSTER}:
                other = OTHER_VALUES.get(name) or another(value)
                found[name] = pytest.param(sample, path, other, id=name)
    return list(found.values())


def loaded() -> Dict[str, Pipeline]:
    return {name: configs.load(str(table.SAMPLES / f"{name}.config")) for name in table.NAMES}


def size(item: Tuple[str, Pipeline]) -> Tuple[bool, int]:
    """Samples that borrow their features come last: they differ in the model, theirs to show."""
    sample, pipeline = item
    return table.has_borrowed_features(sample), len(pipeline.config.feature_config.features)


def another(value: Any) -> str:
    """A value near this one; text gets a suffix, which a rule may refuse."""
    if isinstance(value, bool):
        return str(not value).lower()
    if isinstance(value, int):
        return str(value + 1)
    return repr(0.75 * value or 0.001) if isinstance(value, float) else f"{value}2"


@pytest.fixture(scope="module")
def fingerprint_of(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function from a sample to its rows' folder and its parts, on rows that fit it."""
    known: Dict[str, Any] = {}

    def original(sample: str) -> Any:
        if sample not in known:
            folder = tmp_path_factory.mktemp(sample)
            table.small(sample, folder)  # writes the rows
            pipeline = on_rows(load(sample, []), folder)
            known[sample] = folder, dict(parts(pipeline))
        return known[sample]

    return original


def load(sample: str, edits: List[Edit]) -> Pipeline:
    return configs.load(str(table.SAMPLES / f"{sample}.config"), edits)


def on_rows(pipeline: Pipeline, folder: Path) -> Pipeline:
    """The pipeline on the rows in `folder`, with few of the features that it borrows."""
    config = type(pipeline.config)()
    config.CopyFrom(pipeline.config)
    if table.has_borrowed_features(Path(pipeline.path).stem):
        table.keep_few_features(config)
    for split in ("train", "eval"):
        (path,) = (p for p in folder.glob(f"*{split}.*") if not p.name.startswith("users"))
        setattr(config, f"{split}_input_path", str(path))
    return dataclasses.replace(pipeline, config=config)


def parts(pipeline: Pipeline) -> Iterator[Tuple[str, str]]:
    """Name, and a digest or a text, of everything that a run of this config would do.

    What costs least comes first: a change is found at the first part that shows it.
    """
    config = pipeline.config
    trainer = make_estimator(config)
    train_spec, eval_spec = specs(config, decisive_metrics(pipeline))
    yield "input", repr(vars(train_spec.input_fn)["_reading"]) + repr(train_spec.input_fn._data)
    run_config = {k: v for k, v in vars(trainer.config).items() if "cluster" not in k}
    yield "run config", repr(run_config)
    yield "specs", repr((train_spec.max_steps, eval_spec.steps))
    yield "hooks", repr(train_spec.hooks)
    exports = eval_spec.exporters[1:]  # behind the line of the evaluation
    yield "exports", repr(exports) + config.export_config.exporter_type
    yield "progress", repr(config.train_config.log_step_count_steps)
    yield "signature", signature(config)
    yield "train graph", graph(config, train_spec.input_fn, estimator.ModeKeys.TRAIN)
    yield "eval graph", graph(config, eval_spec.input_fn, estimator.ModeKeys.EVAL)
    yield "rows", rows(train_spec.input_fn)


def graph(config: Any, input_fn: Any, mode: str) -> str:
    """Digest of the graph of a mode, fed by placeholders of the input's types, and its metrics."""
    with tf.Graph().as_default():
        spec = tf.data.experimental.get_structure(input_fn())
    with tf.Graph().as_default() as built:
        v1.train.create_global_step()
        columns, labels = tf.nest.map_structure(placeholder, spec)
        model = make_model_fn(config)(columns, labels, mode)
        # Summaries and hooks do not train: a change in them alone is none.
        outputs = [model.loss.op.name]
        outputs += [model.train_op.name] if model.train_op is not None else []
        for value, update in model.eval_metric_ops.values():
            outputs += [value.op.name, getattr(update, "op", update).name]
        # First values count as well: of variables, and of vocabularies.
        outputs += [variable.initializer.name for variable in v1.global_variables()]
        outputs += [v1.tables_initializer().name]
        graph_def = v1.graph_util.extract_sub_graph(built.as_graph_def(), outputs)
        nodes = [strip(node) for node in graph_def.node]
    names = sorted(model.eval_metric_ops)
    return hashlib.sha256(b"".join([*nodes, repr(names).encode()])).hexdigest()


def placeholder(spec: Any) -> Any:
    if isinstance(spec, tf.RaggedTensorSpec):
        return v1.ragged.placeholder(spec.dtype, 1)
    return v1.placeholder(spec.dtype, spec.shape)


def strip(node: Any) -> bytes:
    """A node without the counters of this process: names of functions, tokens of Python's."""
    for key in ("token", "shared_name", "container", "_gradient_op_type"):
        if key in node.attr:
            del node.attr[key]
    for attribute in node.attr.values():
        if attribute.HasField("func"):
            attribute.func.name = re.sub(r"_\d+$", "", attribute.func.name)
    return bytes(node.SerializeToString(deterministic=True))


def rows(input_fn: Any) -> str:
    """Digest of the first two batches."""
    digest = hashlib.sha256()
    for element in input_fn().take(2):
        for tensor in tf.nest.flatten(element, expand_composites=True):
            digest.update(repr(tensor.numpy().tolist()).encode())
    return digest.hexdigest()


def signature(config: Any) -> str:
    with tf.Graph().as_default():
        return repr(receive_requests(config).inputs)


@pytest.mark.parametrize(("sample", "path", "other"), cases())
def test_another_value_changes_something(
    sample: str, path: str, other: str, fingerprint_of: Any
) -> None:
    folder, before = fingerprint_of(sample)
    unchanged = load(sample, [])
    try:
        changed = load(sample, [Edit("test", path, other, is_text=True)])
    except ConfigError:
        return  # refused, with its reason
    if changed.notes != unchanged.notes:
        return  # logged as without effect
    if path.endswith(("_input_path", ".fine_tune_checkpoint", ".fine_tune_ckpt_var_map")):
        assert changed.config != unchanged.config
        return  # which files are read: tests/data, tests/checkpoints/test_fine_tune.py
    changed = on_rows(changed, folder)
    problems = data.check_files(changed, "train")
    if problems:
        return  # the files do not fit it, which is said before the graph is built
    assert any(before[name] != part for name, part in parts(changed)), f"{path}: {other}"


def test_the_fingerprint_of_an_unchanged_config_is_stable(fingerprint_of: Any) -> None:
    folder, before = fingerprint_of(table.NAMES[0])
    assert dict(parts(on_rows(load(table.NAMES[0], []), folder))) == before
