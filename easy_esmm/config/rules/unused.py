"""Settings that are legal, and without effect because of another setting: each is logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Tuple

from easy_esmm.config.early_stop import reads_max_check_steps
from easy_esmm.config.models import tower_paths
from easy_esmm.config.problems import Places, Problem
from easy_esmm.config.rules.fields import is_default, matches
from easy_esmm.config.support import field_mark
from easy_esmm.config.tower_losses import predicts_value
from easy_esmm.config.walk import settings
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.escm2_pb2 import ESCM2
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

Condition = Callable[[PipelineConfig, Any], bool]
"""Of the config and the message that holds the field: whether the field is idle."""


@dataclass(frozen=True)
class Idle:
    """Fields whose path matches `path` have no effect while `condition` holds."""

    path: str
    condition: Condition
    why: str


def idle_notes(config: PipelineConfig, places: Places) -> List[Problem]:
    """A note for each setting of `config`, as written, that has no effect.

    A value equal to the default is not worth a note.
    """
    notes: List[Problem] = []
    for setting in settings(config):
        if field_mark(setting.field) is not None or is_default(setting) or setting.index > 0:
            continue
        for idle in IDLE:
            if matches(idle.path, setting.pattern_path) and idle.condition(config, setting.owner):
                text = f"has no effect here: {idle.why}"
                notes.append(places.problem(setting.path, text))
                break
    return notes


def _is_not(*kinds: Any) -> Condition:
    return lambda _, feature: feature.feature_type not in kinds


def _is(kind: Any) -> Condition:
    return lambda _, feature: feature.feature_type == kind


def _names_columns(config: PipelineConfig, _: Any) -> bool:
    kinds = (DatasetConfig.ParquetInput, DatasetConfig.TFRecordInput)
    return config.data_config.input_type in kinds


def _separates_nothing(config: PipelineConfig, _: Any) -> bool:
    return _names_columns(config, _) and config.export_config.multi_placeholder


def _joins_columns(config: PipelineConfig, _: Any) -> bool:
    return not config.export_config.multi_placeholder


def _has_no_table(_: PipelineConfig, feature: FeatureConfig) -> bool:
    return feature.feature_type == FeatureConfig.RawFeature and feature.embedding_dim == 0


def _is_one_number(_: PipelineConfig, feature: FeatureConfig) -> bool:
    return feature.feature_type == FeatureConfig.RawFeature and feature.raw_input_dim == 1


def _every_tower_has_metrics(config: PipelineConfig, _: Any) -> bool:
    return all(tower.metrics_set for _, tower in tower_paths(config.model_config))


def _reads_no_float(config: PipelineConfig, feature: FeatureConfig) -> bool:
    data = config.data_config
    if feature.shared_names or data.auto_expand_input_fields:
        return False  # columns whose names are still to be written out
    floats = (DatasetConfig.FLOAT, DatasetConfig.DOUBLE)
    names = {column.input_name for column in data.input_fields if column.input_type in floats}
    return not names.intersection(feature.input_names)


def _is_one_combination(_: PipelineConfig, feature: FeatureConfig) -> bool:
    return feature.feature_type == _COMBO and not any(feature.combo_input_seps)


def _is_identity(_: PipelineConfig, dnn: Any) -> bool:
    return list(dnn.hidden_units) == [0]


def _imputes_nothing(_: PipelineConfig, escm2: Any) -> bool:
    return bool(escm2.estimator != ESCM2.DR)


def _compares_nothing(_: PipelineConfig, export: Any) -> bool:
    return export.exporter_type != "best" and not export.enable_early_stop


_COMPARES_NOTHING = "exporter_type is not best, and enable_early_stop is false"
_ID, _TAG, _RAW = FeatureConfig.IdFeature, FeatureConfig.TagFeature, FeatureConfig.RawFeature
_COMBO, _LOOKUP = FeatureConfig.ComboFeature, FeatureConfig.LookupFeature
_EXPR = FeatureConfig.ExprFeature
_NUMBER = "an ExprFeature is one number"
_ONLY_COMBO = "only a ComboFeature reads it"
_HASHED = "a ComboFeature is hashed"
_ONLY_RAW = "only a RawFeature reads it"
_ONLY_IDS = "a RawFeature has no ids"
_CELLS = 65536

_OF_FEATURES: Tuple[Tuple[str, Condition, str], ...] = (
    ("separator", _is(_ID), "an IdFeature is one value"),
    ("separator", _is(_EXPR), "an expression reads single numbers"),
    ("separator", _is(_COMBO), "combo_input_seps split the columns of a ComboFeature"),
    ("separator", _is_one_number, "a RawFeature of raw_input_dim 1 is one value"),
    ("kv_separator", _is_not(_TAG, _LOOKUP), "only a TagFeature and a LookupFeature read it"),
    ("max_seq_len", _is_not(_TAG), "only a TagFeature reads it"),
    ("lookup_max_sel_elem_num", _is_not(_LOOKUP), "only a LookupFeature reads it"),
    ("expression", _is_not(_EXPR), "only an ExprFeature reads it"),
    ("embedding_dim", _is(_EXPR), _NUMBER),
    ("embedding_name", _is(_EXPR), _NUMBER),
    ("initializer", _is(_EXPR), _NUMBER),
    ("combiner", _is(_ID), "an IdFeature has one value"),
    ("combiner", _is(_RAW), "a RawFeature has no ids"),
    ("combiner", _is(_EXPR), _NUMBER),
    ("combiner", _is_one_combination, "without combo_input_seps there is one combination"),
    ("combo_join_sep", _is_not(_COMBO), _ONLY_COMBO),
    ("combo_input_seps", _is_not(_COMBO), _ONLY_COMBO),
    ("precision", _is(_RAW), "a RawFeature is not read as text"),
    ("precision", _is(_EXPR), "an ExprFeature is not read as text"),
    ("precision", _reads_no_float, "the feature reads no FLOAT or DOUBLE column"),
    ("boundaries", _is_not(_RAW), _ONLY_RAW),
    ("min_val", _is_not(_RAW), _ONLY_RAW),
    ("max_val", _is_not(_RAW), _ONLY_RAW),
    ("raw_input_dim", _is_not(_RAW), _ONLY_RAW),
    ("normalizer_fn", _is_not(_RAW), _ONLY_RAW),
    ("hash_bucket_size", _is(_RAW), _ONLY_IDS),
    ("vocab_list", _is(_RAW), _ONLY_IDS),
    ("vocab_file", _is(_RAW), _ONLY_IDS),
    ("hash_bucket_size", _is(_EXPR), _NUMBER),
    ("vocab_list", _is(_EXPR), _NUMBER),
    ("vocab_file", _is(_EXPR), _NUMBER),
    ("num_buckets", _is(_EXPR), _NUMBER),
    ("vocab_list", _is(_COMBO), _HASHED),
    ("vocab_file", _is(_COMBO), _HASHED),
    ("num_buckets", _is(_COMBO), _HASHED),
    ("vocab_list", lambda _, one: bool(one.hash_bucket_size), "hash_bucket_size comes first"),
    ("vocab_file", lambda _, one: bool(one.hash_bucket_size), "hash_bucket_size comes first"),
    ("vocab_file", lambda _, one: bool(one.vocab_list), "vocab_list comes first"),
    (
        "num_buckets",
        lambda _, one: (
            one.feature_type != _RAW
            and bool(one.hash_bucket_size or one.vocab_list or one.vocab_file)
        ),
        "hash_bucket_size, vocab_list and vocab_file come first",
    ),
    ("embedding_name", _has_no_table, "without embedding_dim there is no table"),
    ("initializer", _has_no_table, "without embedding_dim there is no table"),
)

IDLE: Tuple[Idle, ...] = (
    Idle("data_config.with_header", _names_columns, "only CSV files have a header"),
    Idle("data_config.separator", _separates_nothing, "only CSV files have a separator"),
    Idle(
        "data_config.data_compression_type",
        lambda config, data: data.input_type != DatasetConfig.TFRecordInput,
        "only TFRecordInput reads it",
    ),
    Idle(
        "data_config.shuffle_buffer_size",
        lambda config, data: not data.shuffle,
        "shuffle is false",
    ),
    *(Idle(f"feature_config.features.{name}", test, why) for name, test, why in _OF_FEATURES),
    *(Idle(f"feature_configs.{name}", test, why) for name, test, why in _OF_FEATURES),
    Idle(
        "feature_config",
        lambda config, _: bool(config.feature_configs),
        "feature_configs is set, and wins",
    ),
    Idle(
        "model_config.*.*.loss_type",
        lambda _, tower: bool(tower.losses),
        "the tower has losses, and they win",
    ),
    Idle(
        "model_config.**.learn_loss_weight",
        lambda config, _: config.model_config.loss_weight_strategy == ModelConfig.Uncertainty,
        "loss_weight_strategy is Uncertainty",
    ),
    Idle("eval_config.metrics_set", _every_tower_has_metrics, "every tower has a metrics_set"),
    Idle(
        "**.auc.num_thresholds",
        lambda _, auc: auc.exact and auc.num_thresholds <= _CELLS,
        f"the estimate has {_CELLS} cells anyway",
    ),
    Idle(
        "model_config.**.in_task_space_weight",
        lambda _, tower: not tower.task_space_indicator_label,
        "the tower has no task_space_indicator_label",
    ),
    Idle(
        "model_config.**.out_task_space_weight",
        lambda _, tower: not tower.task_space_indicator_label,
        "the tower has no task_space_indicator_label",
    ),
    Idle(
        "model_config.**.use_sample_weight",
        lambda config, _: not config.data_config.sample_weight,
        "data_config.sample_weight is not set",
    ),
    Idle(
        "model_config.**.label_prior",
        lambda _, tower: predicts_value(tower),
        "a regression has no log odds",
    ),
    Idle("model_config.**.dropout_ratio", _is_identity, "hidden_units: [0] is the identity"),
    Idle("model_config.**.activation", _is_identity, "hidden_units: [0] is the identity"),
    Idle("model_config.escm2.imputation_tower", _imputes_nothing, "estimator is not DR"),
    Idle("model_config.escm2.imputation_weight", _imputes_nothing, "estimator is not DR"),
    Idle(
        "model_config.dcmt.propensity.self_normalized",
        lambda config, _: True,
        "the weights of DCMT always are",
    ),
    Idle("export_config.auto_multi_value", _joins_columns, "the only serving input is one text"),
    Idle(
        "export_config.multi_value_fields.input_name",
        lambda config, _: _joins_columns(config, _) or config.export_config.auto_multi_value,
        "auto_multi_value is set, or the only serving input is one text",
    ),
    Idle(
        "train_config.optimizer_config.moving_average_decay",
        lambda _, optimizer: not optimizer.use_moving_average,
        "use_moving_average is false",
    ),
    Idle(
        "train_config.**.warmup_learning_rate",
        lambda _, cosine: not cosine.warmup_steps,
        "warmup_steps is 0",
    ),
    Idle(
        "train_config.fine_tune_ckpt_var_map",
        lambda _, train: not train.fine_tune_checkpoint,
        "fine_tune_checkpoint is not set",
    ),
    Idle(
        "train_config.save_checkpoints_steps",
        lambda _, train: bool(train.save_checkpoints_secs),
        "save_checkpoints_secs comes first",
    ),
    Idle(
        "export_config.exports_to_keep",
        lambda _, export: export.exporter_type not in ("latest", "best"),
        "only exporter_type latest and best write several",
    ),
    Idle("export_config.best_exporter_metric", _compares_nothing, _COMPARES_NOTHING),
    Idle("export_config.metric_bigger", _compares_nothing, _COMPARES_NOTHING),
    Idle(
        "export_config.metric_bigger",
        lambda _, export: (
            export.exporter_type != "best"
            and export.enable_early_stop
            and bool(export.early_stop_func)
        ),
        "early_stop_func says it, and exporter_type is not best",
    ),
    Idle(
        "export_config.max_check_steps",
        lambda _, export: export.enable_early_stop and not reads_max_check_steps(export),
        "early_stop_func or early_stop_params say when to stop",
    ),
    Idle(
        "train_config.**.burnin_learning_rate",
        lambda _, decay: not decay.burnin_steps,
        "burnin_steps is 0",
    ),
    *(
        Idle(
            f"export_config.{name}",
            lambda _, export: not export.enable_early_stop,
            "enable_early_stop is false",
        )
        for name in ("early_stop_func", "early_stop_params", "max_check_steps")
    ),
)
