"""Notes on legal settings that have no effect because of another setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Tuple

from easy_esmm.config.early_stop import reads_max_check_steps
from easy_esmm.config.models import tower_paths
from easy_esmm.config.problems import Places, Problem
from easy_esmm.config.rules.data import CSV_TYPES
from easy_esmm.config.rules.fields import is_default, matches
from easy_esmm.config.rules.unused_of_features import why_unused
from easy_esmm.config.support import field_mark
from easy_esmm.config.tower_losses import predicts_value
from easy_esmm.config.walk import Setting, settings
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.escm2_pb2 import ESCM2
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

Condition = Callable[[PipelineConfig, Any], bool]
"""Of the config and the message that holds the field: whether the field is unused."""


@dataclass(frozen=True)
class Unused:
    """Fields whose path matches `path` have no effect while `condition` holds."""

    path: str
    condition: Condition
    why: str


def unused_notes(config: PipelineConfig, places: Places) -> List[Problem]:
    """A note for each setting of `config`, as written, that has no effect.

    None for a value that is the default anyway.
    """
    notes: List[Problem] = []
    for setting in settings(config):
        if field_mark(setting.field) is not None or is_default(setting):
            continue
        if setting.index > 0 and setting.field.message_type is None:
            continue  # one note for a list of values
        if isinstance(setting.owner, FeatureConfig):
            why = why_unused(config, setting.owner, setting.field.name)
        else:
            why = _why(config, setting)
        if why:
            notes.append(places.problem(setting.path, f"has no effect here: {why}"))
    return notes


def _why(config: PipelineConfig, setting: Setting) -> str:
    for rule in UNUSED:
        if matches(rule.path, setting.pattern_path) and rule.condition(config, setting.owner):
            return rule.why
    return ""


def _names_columns(config: PipelineConfig, _: Any) -> bool:
    return config.data_config.input_type not in CSV_TYPES


def _is_identity(_: PipelineConfig, dnn: Any) -> bool:
    return list(dnn.hidden_units) == [0]


def _imputes_nothing(_: PipelineConfig, escm2: Any) -> bool:
    return bool(escm2.estimator != ESCM2.DR)


def _compares_nothing(_: PipelineConfig, export: Any) -> bool:
    return export.exporter_type != "best" and not export.enable_early_stop


def _lists_experts(_: PipelineConfig, mmoe: Any) -> bool:
    return bool(mmoe.experts) and not mmoe.HasField("expert_dnn")


def _has_no_task_space(_: PipelineConfig, tower: Any) -> bool:
    return not tower.task_space_indicator_label and not tower.task_space_indicator_name


def _has_one_layer(_: PipelineConfig, mlp: Any) -> bool:
    return len(mlp.hidden_units) == 1


def _normalises_nothing(_: PipelineConfig, mlp: Any) -> bool:
    is_deep = len(mlp.hidden_units) > 1
    return not (mlp.use_final_bn or (mlp.use_bn and is_deep))


def _without(name: str) -> Condition:
    """While the message that holds the field leaves `name` unset, false or 0."""
    return lambda _, owner: not getattr(owner, name)


_HAS_EXPERT = "expert_dnn is set, and wins"
_COMPARES_NOTHING = "exporter_type is not best, and enable_early_stop is false"
_NO_TASK_SPACE = "the tower has no task_space_indicator_label"
_IDENTITY = "hidden_units: [0] is the identity"
_ONLY_LAYER = "the only layer is the last one, whose settings end in final"
_SCORES = "the last layer of an attention is linear, with a bias"
_CELLS = 65536

UNUSED: Tuple[Unused, ...] = (
    Unused(
        "model_config.seq_att_groups.seq_dnn",
        lambda _, __: True,
        "the dnn of the din_towers that reads the group scores its elements",
    ),
    Unused(
        "data_config.conversion_delay",
        lambda config, _: not config.model_config.HasField("delayed_feedback"),
        "model_config.delayed_feedback is not set",
    ),
    Unused("data_config.with_header", _names_columns, "only CSV files have a header"),
    Unused(
        "data_config.separator",
        lambda config, _: _names_columns(config, _) and config.export_config.multi_placeholder,
        "only CSV files have a separator",
    ),
    Unused(
        "data_config.data_compression_type",
        lambda _, data: data.input_type != DatasetConfig.TFRecordInput,
        "only TFRecordInput reads it",
    ),
    Unused("data_config.max_errors", _without("ignore_error"), "ignore_error is false"),
    Unused("data_config.shuffle_buffer_size", _without("shuffle"), "shuffle is false"),
    Unused(
        "feature_config",
        lambda config, _: bool(config.feature_configs),
        "feature_configs is set, and wins",
    ),
    Unused(
        "model_config.loss_type",
        lambda _, model: bool(model.losses),
        "losses stand beside it, and they win",
    ),
    Unused(
        "model_config.*.*.loss_type",
        lambda _, tower: bool(tower.losses),
        "the tower has losses, and they win",
    ),
    Unused(
        "model_config.**.learn_loss_weight",
        lambda config, _: config.model_config.loss_weight_strategy == ModelConfig.Uncertainty,
        "loss_weight_strategy is Uncertainty",
    ),
    Unused(
        "eval_config.metrics_set",
        lambda config, _: all(tower.metrics_set for _, tower in tower_paths(config.model_config)),
        "every tower has a metrics_set",
    ),
    Unused(
        "**.auc.num_thresholds",
        lambda _, auc: auc.exact and auc.num_thresholds <= _CELLS,
        f"the estimate has {_CELLS} cells anyway",
    ),
    *(
        Unused(f"model_config.**.{name}", _has_no_task_space, _NO_TASK_SPACE)
        for name in ("in_task_space_weight", "out_task_space_weight")
    ),
    Unused("model_config.mmoe.experts", lambda _, mmoe: mmoe.HasField("expert_dnn"), _HAS_EXPERT),
    Unused("model_config.mmoe.num_expert", _lists_experts, "experts says how many there are"),
    Unused(
        "model_config.**.use_sample_weight",
        lambda config, _: not config.data_config.sample_weight,
        "data_config.sample_weight is not set",
    ),
    Unused(
        "model_config.**.label_prior",
        lambda _, tower: predicts_value(tower),
        "a regression has no log odds",
    ),
    Unused("model_config.**.dropout_ratio", _is_identity, _IDENTITY),
    Unused("model_config.**.activation", _is_identity, _IDENTITY),
    *(
        Unused(f"model_config.backbone.**.{mlp}.{name}", _has_one_layer, _ONLY_LAYER)
        for mlp in ("*mlp", "attention_dnn")
        for name in ("activation", "use_bn", "use_bias")
    ),
    Unused(
        "model_config.backbone.**.*mlp.use_bn_after_activation",
        _normalises_nothing,
        "no layer has batch normalisation",
    ),
    *(
        Unused(f"model_config.backbone.**.attention_dnn.{name}", lambda _, __: True, _SCORES)
        for name in ("use_final_bn", "use_final_bias", "final_activation")
    ),
    Unused(
        "model_config.backbone.**.aggregation_size",
        lambda _, block: block.HasField("reduction_factor"),
        "reduction_factor is set, and wins",
    ),
    Unused(
        "model_config.backbone.blocks.input_concat_axis",
        lambda _, block: block.merge_inputs_into_list,
        "merge_inputs_into_list is true",
    ),
    Unused("model_config.escm2.imputation_tower", _imputes_nothing, "estimator is not DR"),
    Unused("model_config.escm2.imputation_weight", _imputes_nothing, "estimator is not DR"),
    Unused(
        "model_config.dcmt.propensity.self_normalized",
        lambda _, __: True,
        "the weights of DCMT always are",
    ),
    Unused(
        "export_config.auto_multi_value",
        _without("multi_placeholder"),
        "the only serving input is one text",
    ),
    Unused(
        "export_config.multi_value_fields.input_name",
        lambda config, _: (
            not config.export_config.multi_placeholder or config.export_config.auto_multi_value
        ),
        "auto_multi_value is set, or the only serving input is one text",
    ),
    Unused(
        "export_config.user_columns",
        _without("multi_placeholder"),
        "the only serving input is one text, so there is no signature rank",
    ),
    Unused(
        "export_config.user_columns",
        lambda _, export: export.multi_placeholder and export.batch_size > 0,
        "batch_size fixes the rows of a request, so there is no signature rank",
    ),
    Unused(
        "train_config.optimizer_config.moving_average_decay",
        _without("use_moving_average"),
        "use_moving_average is false",
    ),
    Unused("train_config.**.warmup_learning_rate", _without("warmup_steps"), "warmup_steps is 0"),
    Unused("train_config.**.burnin_learning_rate", _without("burnin_steps"), "burnin_steps is 0"),
    Unused(
        "train_config.fine_tune_by_feature",
        _without("fine_tune_checkpoint"),
        "fine_tune_checkpoint is not set",
    ),
    Unused(
        "train_config.fine_tune_by_feature",
        lambda _, train: bool(train.fine_tune_ckpt_var_map),
        "fine_tune_ckpt_var_map names what is restored",
    ),
    Unused(
        "train_config.fine_tune_ckpt_var_map",
        _without("fine_tune_checkpoint"),
        "fine_tune_checkpoint is not set",
    ),
    Unused(
        "train_config.save_checkpoints_steps",
        lambda _, train: bool(train.save_checkpoints_secs),
        "save_checkpoints_secs comes first",
    ),
    Unused(
        "export_config.exports_to_keep",
        lambda _, export: export.exporter_type not in ("latest", "best"),
        "only exporter_type latest and best write several",
    ),
    Unused("export_config.best_exporter_metric", _compares_nothing, _COMPARES_NOTHING),
    Unused("export_config.metric_bigger", _compares_nothing, _COMPARES_NOTHING),
    Unused(
        "export_config.metric_bigger",
        lambda _, export: (
            export.exporter_type != "best"
            and export.enable_early_stop
            and bool(export.early_stop_func)
        ),
        "early_stop_func decides, and exporter_type is not best",
    ),
    Unused(
        "export_config.max_check_steps",
        lambda _, export: export.enable_early_stop and not reads_max_check_steps(export),
        "early_stop_func or early_stop_params set the limit",
    ),
    *(
        Unused(f"export_config.{name}", _without("enable_early_stop"), "enable_early_stop is false")
        for name in ("early_stop_func", "early_stop_params", "max_check_steps")
    ),
)
