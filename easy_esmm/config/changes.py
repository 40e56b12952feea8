"""Compares two configs by what they mean for the weights of a model.

Shapes alone do not tell: with two labels, or two columns of equal types, exchanged, a checkpoint
still fits, and its weights are of something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from easy_esmm.config.groups import features_read
from easy_esmm.config.parse import parse
from easy_esmm.config.pipeline import Pipeline
from easy_esmm.config.resolve import drop_unread_groups, resolve
from easy_esmm.config.support import is_message, is_repeated
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_NAMED = {"features": "feature_name", "input_fields": "input_name"}
"""Messages in lists of which the order says nothing, and the field that tells them apart."""

_HOW_IT_LEARNS = frozenset(
    (
        *("l2_regularization", "embedding_regularization", "wide_regularization"),
        *("dense_regularization", "regularization_lambda", "kernel_regularizer"),
        *("bias_regularizer", "variational_dropout", "dropout_ratio", "dropout_rate"),
        *("feature_dropout_rate", "initializer", "kernel_initializer", "bias_initializer"),
        *("embedding_frozen",),
        *("losses", "loss_reduction", "loss_weight_strategy", "weight", "use_sample_weight"),
        *("in_task_space_weight", "out_task_space_weight", "click_masked_cvr_weight"),
        *("counterfactual_weight", "factual_weight", "agreement_weight", "imputation_weight"),
        *("unconverted_weight", "inverse_propensity_weight", "alignment_weight"),
        *("conversion_propensity_weight", "pseudo_label_weight", "entropy_weight"),
        *("largest_balance",),
        *("propensity", "warm_up_steps", "estimator", "unclicked_rate", "positive_copies"),
        *("rejection_floor", "stop_gradient", "label_prior", "metrics_set", "tf_summary"),
        *("model_name", "restore_filters", "delayed_feedback"),
    )
)
"""Fields of models, by their last name: what they change is how weights move from now on."""

_ROWS_OF_TABLES = frozenset(
    ("initializer", "embedding_init_file", "vocab_file", "vocab_list", "max_partitions")
)
"""Fields of features that shapes and vocabularies are compared for, or that new rows alone feel."""

_TOLD = ("data_config", "train_config", "feature_config", "model_config")
"""Sections of which changes are told."""
_NOT_TOLD = frozenset(
    (
        *("num_steps", "save_checkpoints_steps", "save_checkpoints_secs", "keep_checkpoint_max"),
        *("save_summary_steps", "log_step_count_steps", "write_graph", "dead_line"),
        *("fine_tune_checkpoint", "fine_tune_ckpt_var_map", "num_parallel_calls", "prefetch_size"),
        *("inter_op_parallelism_threads", "intra_op_parallelism_threads", "num_epochs"),
    )
)


@dataclass(frozen=True)
class Change:
    """A field that two configs set to different values."""

    path: str
    before: str
    after: str
    moves_meaning: bool
    """Whether weights that were trained before stand for something else afterwards."""

    def __str__(self) -> str:
        return f"{self.path}: {self.before} -> {self.after}"


def changes_since(path: str, now: Pipeline) -> List[Change]:
    """Changes from the config written at `path` to another, both resolved from what was written.

    Raises ConfigError where the file is no config any more; whether it is right does not matter.
    """
    parsed = parse(path)
    before = resolve(parsed.config, parsed.places).config
    after = resolve(now.written, now.places).config
    for config in (before, after):
        drop_unread_groups(config)
    return changes(before, after)


def changes(before: PipelineConfig, after: PipelineConfig) -> List[Change]:
    """Changes between two resolved configs, by path; of features, those that a group reads."""
    old, new = _values(before), _values(after)
    found = [
        Change(path, _shown(old, path), _shown(new, path), _moves_meaning(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]
    return [*found, *_moved_columns(before, after)]


def _moves_meaning(path: str) -> bool:
    section, *rest = path.split(".")
    names = {name.split("[")[0] for name in rest}
    if section == "feature_config":
        return not names & _ROWS_OF_TABLES
    return section == "model_config" and not names & _HOW_IT_LEARNS


def _moved_columns(before: PipelineConfig, after: PipelineConfig) -> List[Change]:
    """Of CSV files without a header, whose columns are told apart by their order alone."""
    old, new = ([f.input_name for f in c.data_config.input_fields] for c in (before, after))
    data = after.data_config
    kept_before = [name for name in old if name in new]
    kept_after = [name for name in new if name in old]
    if data.input_type != DatasetConfig.CSVInput or data.with_header or kept_before == kept_after:
        return []
    first = next(i for i, (a, b) in enumerate(zip(kept_before, kept_after)) if a != b)
    path = "data_config.input_fields (the order of columns)"
    return [Change(path, kept_before[first], kept_after[first], moves_meaning=True)]


def _values(config: PipelineConfig) -> Dict[str, Any]:
    """Path -> value of all that is set to another value than its default."""
    found: Dict[str, Any] = {}
    for section in _TOLD:
        _collect(getattr(config, section), section, found)
    unread = {f.feature_name for f in config.feature_config.features} - features_read(
        config.model_config
    )
    for name in unread:
        for path in [p for p in found if p.startswith(f"feature_config.features[{name}].")]:
            del found[path]
    return found


def _collect(message: Any, path: str, found: Dict[str, Any]) -> None:
    for field, value in message.ListFields():
        at = f"{path}.{field.name}"
        if field.name in _NOT_TOLD:
            continue
        if is_message(field):
            if field.containing_oneof is not None:
                # Which one it is tells, though all in it may have its default.
                found[f"{path}.{field.containing_oneof.name}"] = field.name
            for key, one in _elements(field, value):
                _collect(one, f"{at}{key}", found)
        elif is_repeated(field):
            found[at] = list(value)
        elif value != field.default_value:
            found[at] = value


def _elements(field: Any, value: Any) -> List[Tuple[str, Any]]:
    if not is_repeated(field):
        return [("", value)]
    name = _NAMED.get(field.name)
    return [(f"[{getattr(v, name) if name else i}]", v) for i, v in enumerate(value)]


def _shown(values: Dict[str, Any], path: str) -> str:
    value = values.get(path, "default")
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
