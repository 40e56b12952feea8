"""Constraints on single fields, as data. Messages, places and the config reference come from here.

Rules on several fields at once stand in the other files of this folder.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, List, Optional, Tuple

from google.protobuf.descriptor import FieldDescriptor

from easy_esmm.config.early_stop import LIMITS
from easy_esmm.config.functions import FunctionName
from easy_esmm.config.problems import Places, Problem
from easy_esmm.config.rules.constraints import (
    Above,
    AtLeast,
    AtMost,
    ColumnSeparator,
    Constraint,
    Expression,
    Interval,
    LocalPath,
    NotEmpty,
    OneCharacter,
    OneOf,
    ScopeName,
    TextEncoding,
    Timestamp,
)
from easy_esmm.config.scalars import show_value
from easy_esmm.config.support import (
    NO_EFFECT,
    Mark,
    field_mark,
    is_message,
    is_repeated,
    value_mark,
)
from easy_esmm.config.walk import Setting, settings


@dataclass(frozen=True)
class Rule:
    """A constraint on every field whose path matches `path`.

    In a path `*` stands for a name or a part of one, `**` for any number of names; paths bear no
    indices.
    Elements of a repeated field are checked one by one.
    """

    path: str
    constraint: Constraint
    why: str


ACTIVATIONS = (
    *("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "swish", "silu"),
    *("tanh", "sigmoid", "softplus", "softsign", "linear", "dice"),
)
"""Names of activations; each may bear the prefix `tf.nn.`."""

_FEATURE = "feature_config*.**"  # both forms, feature_configs and feature_config.features
_OPTIMIZERS = "train_config.optimizer_config"
_OPTIMIZER = f"{_OPTIMIZERS}.*"
_LOSS = "model_config.**.losses"
_MLPS = "model_config.backbone.**.*mlp"
_NETWORKS = ("model_config.**.*dnn", "model_config.**.*_expert_net", _MLPS)
_LAYER = "model_config.backbone.**.keras_layer"
_LEVEL = "model_config.*ple.extraction_networks"
_RATE = f"{_OPTIMIZER}.learning_rate"

_SHARE = Interval(0, 1)
_LEAST_SHARE = 1e-6
_FEW = Interval(1, 1000)
_BELOW_ONE = Interval(0, 1, closed="left")
_ABOVE_ZERO = Interval(0, 1, closed="right")
_INSIDE = Interval(0, 1, closed="neither")
_TABLE_ROWS = Interval(0, 10**12)
_LEAST_FLOOR = 1e-30  # see easy_esmm.losses.propensity.Clip
_REDUCTIONS = OneOf(("mean", "mean_by_sample_num", "mean_by_positive_num"))
_COMPRESSIONS = OneOf(("", "GZIP"), not_yet={"ZLIB": "use GZIP"})
_ACTIVATION = OneOf(ACTIVATIONS, not_yet={"prelu": "use leaky_relu"}, prefix="tf.nn.")
_JRC_STRATEGIES = OneOf(
    ("fixed",),
    not_yet={
        **dict.fromkeys(("random_uniform", "random_normal", "random_bernoulli"), "use fixed"),
        "uncertainty": "use fixed, or learn_loss_weight",
    },
)
_INITIALIZERS = (
    *("glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform"),
    *("lecun_normal", "random_uniform", "random_normal", "truncated_normal", "orthogonal"),
    *("variance_scaling", "identity", "zeros", "ones"),
)
_INITIALIZER = OneOf(_INITIALIZERS)
_NO_CODE = "config text is never evaluated as code"


def _each(constraint: Constraint, why: str, *paths: str) -> Tuple[Rule, ...]:
    return tuple(Rule(path, constraint, why) for path in paths)


RULES: Tuple[Rule, ...] = (
    Rule("model_dir", LocalPath(), "copy exports from there to where they are served"),
    Rule("data_config.batch_size", AtLeast(1), "a batch of no rows teaches nothing"),
    Rule("data_config.shuffle_buffer_size", AtLeast(1), "it counts rows"),
    Rule("data_config.num_parallel_calls", AtLeast(1), "it counts threads"),
    Rule("data_config.separator", ColumnSeparator(), "rows are cut at single bytes"),
    Rule("data_config.encoding", TextEncoding(), "lines and cells are cut at bytes of ASCII"),
    Rule("data_config.data_compression_type", _COMPRESSIONS, "TFRecord files are plain or gzip"),
    Rule("data_config.input_fields.input_name", NotEmpty(), "features refer to it"),
    Rule("data_config.user_rows.row_column", NotEmpty(), "impressions point to users by it"),
    Rule("data_config.user_rows.rows_together", AtLeast(1), "it counts impressions"),
    *_each(
        *(NotEmpty(), "it tells the files apart"),
        "data_config.user_rows.file_prefix",
        "data_config.user_rows.impression_file_prefix",
    ),
    *_each(
        *(ScopeName(), "it names a variable"),
        f"{_FEATURE}.embedding_name",
        f"{_FEATURE}.feature_name",
    ),
    Rule("model_config.feature_groups.group_name", ScopeName(), "it names variables"),
    Rule(
        "model_config.feature_groups.sequence_features.group_name",
        ScopeName(inside=True),
        "it names variables",
    ),
    Rule("model_config.**.tower_name", ScopeName(), "it names variables, outputs and metrics"),
    *_each(
        *(_TABLE_ROWS, "more rows fit no machine"),
        f"{_FEATURE}.hash_bucket_size",
        f"{_FEATURE}.num_buckets",
    ),
    Rule(f"{_FEATURE}.embedding_dim", Interval(0, 65536), "wider vectors fit no machine"),
    Rule(f"{_FEATURE}.separator", NotEmpty(), "values are cut at its characters"),
    Rule(
        f"{_FEATURE}.kv_separator", OneCharacter(), "an id and its weight are cut at one character"
    ),
    *_each(
        *(AtLeast(1), "it counts values"),
        f"{_FEATURE}.max_seq_len",
        f"{_FEATURE}.lookup_max_sel_elem_num",
    ),
    Rule(f"{_FEATURE}.normalizer_fn", FunctionName(), _NO_CODE),
    Rule(f"{_FEATURE}.precision", Interval(-1, 17), "a DOUBLE has no more digits"),
    Rule(f"{_FEATURE}.raw_input_dim", AtLeast(1), "a feature has at least one number"),
    Rule(
        f"{_FEATURE}.combiner", OneOf(("sum", "mean", "sqrtn")), "the ways to pool several vectors"
    ),
    Rule(f"{_FEATURE}.initializer.**.stddev", AtLeast(0), "it is a standard deviation"),
    *_each(
        *(_BELOW_ONE, "a rate of 1 removes every unit"),
        *(f"{network}.dropout_ratio" for network in _NETWORKS),
    ),
    *_each(_ACTIVATION, _NO_CODE, *(f"{network}.activation" for network in _NETWORKS)),
    Rule("model_config.backbone.**.final_activation", _ACTIVATION, _NO_CODE),
    *_each(
        *(_INITIALIZER, "the ways to draw first values"),
        f"{_MLPS}.initializer",
        f"{_LAYER}.din.attention_dnn.initializer",
        f"{_LAYER}.cross.*_initializer",
    ),
    Rule("model_config.backbone.**.hidden_units", AtLeast(1), "a layer has at least one unit"),
    Rule("model_config.backbone.blocks.name", ScopeName(), "it names variables"),
    Rule("model_config.backbone.**.input_layer.dropout_rate", _BELOW_ONE, "at 1 nothing is left"),
    *_each(
        *(_FEW, "it counts layers"),
        "model_config.backbone.**.num_steps",
        "model_config.backbone.**.num_repeat",
    ),
    *_each(
        *(_FEW, "it counts gates or experts"),
        f"{_LAYER}.mmoe.num_task",
        f"{_LAYER}.mmoe.num_expert",
    ),
    *_each(
        *(AtLeast(1), "it is divided by"),
        f"{_LAYER}.senet.reduction_ratio",
        f"{_LAYER}.senet.num_squeeze_group",
    ),
    *_each(
        *(AtLeast(1), "a layer has at least one unit"),
        f"{_LAYER}.**.project_dim",
        f"{_LAYER}.**.projection_dim",
        f"{_LAYER}.**.output_size",
        f"{_LAYER}.**.aggregation_size",
    ),
    Rule(f"{_LAYER}.din.attention_normalizer", OneOf(("softmax", "sigmoid")), "what weights are"),
    Rule(f"{_LAYER}.**.reduction_factor", Above(0), "the hidden layer has units"),
    *_each(
        *(AtLeast(1), "a gate chooses among experts"),
        "model_config.*mmoe.num_expert",
        f"{_LEVEL}.expert_num_per_task",
    ),
    Rule(f"{_LEVEL}.share_num", AtLeast(1), "tasks meet in the shared experts"),
    Rule("model_config.**.num_class", OneOf((1, 2)), "labels are 0 or 1, or one number"),
    Rule("model_config.*.wide_output_dim", AtLeast(1), "it counts columns"),
    Rule("model_config.**.losses.loss_name", ScopeName(), "it names a variable and metrics"),
    Rule(f"{_LOSS}.*.label_smoothing", _BELOW_ONE, "a share of the label"),
    Rule(f"{_LOSS}.f1_reweighted_loss.f1_beta_square", Above(0), "recall counts by it"),
    Rule(f"{_LOSS}.*.gamma", AtLeast(0), "well predicted rows count less"),
    Rule(f"{_LOSS}.binary_focal_loss.alpha", _INSIDE, "both classes count"),
    Rule(f"{_LOSS}.*.ohem_ratio", _ABOVE_ZERO, "a share of the batch, or of its pairs"),
    Rule(f"{_LOSS}.*.margin", AtLeast(0), "the positive should win"),
    Rule(f"{_LOSS}.*.temperature", Above(0), "it is divided by"),
    Rule(f"{_LOSS}.jrc_loss.alpha", _SHARE, "the shares of two parts"),
    Rule(
        f"{_LOSS}.jrc_loss.loss_weight_strategy", _JRC_STRATEGIES, "the ways to balance two parts"
    ),
    Rule("model_config.**.weight", AtLeast(0), "a negative weight would maximise the loss"),
    *_each(
        *(AtLeast(0), "as weight"),
        "model_config.**.in_task_space_weight",
        "model_config.**.out_task_space_weight",
        "model_config.*.click_masked_cvr_weight",
        "model_config.*.counterfactual_weight",
        "model_config.*.imputation_weight",
        "model_config.*.factual_weight",
        "model_config.*.agreement_weight",
        "model_config.*.unconverted_weight",
        "model_config.*.inverse_propensity_weight",
        "model_config.*.alignment_weight",
        "model_config.*.conversion_propensity_weight",
        "model_config.*.pseudo_label_weight",
        "model_config.*.entropy_weight",
        "model_config.*.largest_balance",
    ),
    Rule("model_config.**.label_prior", _INSIDE, "the log odds of 0 and 1 are infinite"),
    *_each(
        *(AtLeast(0), "it is a penalty"),
        "model_config.**.l2_regularization",
        "model_config.variational_dropout.regularization_lambda",
        "model_config.embedding_regularization",
        f"{_OPTIMIZER}.l*_reg",
    ),
    Rule(
        "model_config.*.propensity.floor",
        Interval(_LEAST_FLOOR, 1, closed="left"),
        "its inverse is the largest weight of a row",
    ),
    Rule("model_config.*.propensity.cap", _ABOVE_ZERO, "a probability"),
    Rule("data_config.conversion_delay.seconds_per_unit", Above(0), "it is a length of time"),
    *_each(
        *(Above(0), "it is a length of time"),
        "model_config.delayed_feedback.*.window_days",
        "model_config.delayed_feedback.*.mature_days",
        "model_config.delayed_feedback.*.first_mean_days",
    ),
    Rule("model_config.click_space.unclicked_rate", _SHARE, "a share of rows"),
    Rule("model_config.click_space.positive_copies", AtLeast(1), "each conversion is there"),
    Rule(
        "model_config.click_space.rejection_floor",
        Interval(_LEAST_FLOOR, 1),
        "its inverse is how many rows one may stand for",
    ),
    *_each(
        *(Interval(_LEAST_SHARE, 1), "its inverse is how many rows one stands for"),
        "data_config.negative_sampling.rate",
        "data_config.negative_sampling.kept_share",
        "data_config.negative_sampling.eval_kept_share",
    ),
    Rule("**.gauc.reduction", _REDUCTIONS, "the ways to average over users"),
    Rule("**.session_auc.reduction", _REDUCTIONS, "the ways to average over sessions"),
    Rule("**.topk", AtLeast(1), "it counts rows"),
    Rule("train_config.gradient_clipping_by_norm", AtLeast(0), "it is a norm"),
    *_each(
        *(AtLeast(1), "it counts steps"),
        "train_config.save_checkpoints_steps",
        "train_config.save_summary_steps",
        "train_config.log_step_count_steps",
        "export_config.max_check_steps",
    ),
    Rule("train_config.freeze_gradient", Expression(), "variables are found by it"),
    Rule("train_config.freeze_gradient", NotEmpty(), "it would match every variable"),
    Rule("train_config.dead_line", Timestamp(), "EasyRec's format"),
    *_each(
        *(AtLeast(0), "it counts threads"),
        "train_config.inter_op_parallelism_threads",
        "train_config.intra_op_parallelism_threads",
    ),
    *_each(
        *(_BELOW_ONE, "a moment that decays"),
        f"{_OPTIMIZER}.beta1",
        f"{_OPTIMIZER}.beta2",
    ),
    Rule(f"{_OPTIMIZER}.decay", _BELOW_ONE, "a mean that decays"),
    Rule(f"{_OPTIMIZER}.epsilon", Above(0), "it keeps a divisor from 0"),
    Rule(f"{_OPTIMIZER}.momentum_optimizer_value", _BELOW_ONE, "momentum that decays"),
    Rule(f"{_OPTIMIZER}.weight_decay", _BELOW_ONE, "at 1 a step would take the whole weight off"),
    Rule(f"{_OPTIMIZER}.learning_rate_power", AtMost(0), "rates fall"),
    Rule(
        f"{_OPTIMIZERS}.moving_average_decay",
        *(_BELOW_ONE, "at 1 the average would stay at the first value"),
    ),
    Rule(
        f"{_OPTIMIZERS}.embedding_learning_rate_multiplier",
        *(Above(0), "at 0 nothing is learned; freeze_gradient does that openly"),
    ),
    Rule(f"{_OPTIMIZER}.initial_accumulator_value", Above(0), "its root is divided by"),
    *_each(
        *(Above(0), "at 0 nothing is learned"),
        f"{_RATE}.constant_learning_rate.learning_rate",
        f"{_RATE}.*.initial_learning_rate",
        f"{_RATE}.*.learning_rate_base",
    ),
    *_each(
        *(AtLeast(0), "it is a rate"),
        f"{_RATE}.*.schedule.learning_rate",
        f"{_RATE}.*.warmup_learning_rate",
        f"{_RATE}.*.end_learning_rate",
        f"{_RATE}.*.burnin_learning_rate",
        f"{_RATE}.*.min_learning_rate",
    ),
    Rule(f"{_RATE}.*.schedule.step", AtLeast(1), "before it, initial_learning_rate holds"),
    Rule(f"{_RATE}.*.power", Above(0), "rates fall"),
    Rule(f"{_RATE}.*.decay_factor", _ABOVE_ZERO, "rates fall"),
    Rule(f"{_RATE}.transformer_*.hidden_size", AtLeast(1), "its root is divided by"),
    *_each(
        *(AtLeast(1), "it is divided by"),
        f"{_RATE}.*.total_steps",
        f"{_RATE}.*.decay_steps",
        f"{_RATE}.transformer_*.warmup_steps",
    ),
    Rule(f"{_RATE}.transformer_*.step_scaling_rate", Above(0), "it is divided by"),
    Rule(
        "export_config.exporter_type",
        *(OneOf(("final", "latest", "best", "none")), "when models are exported"),
    ),
    Rule("export_config.early_stop_func", OneOf(tuple(LIMITS)), _NO_CODE),
    Rule("export_config.best_exporter_metric", NotEmpty(), "exports are compared by it"),
    Rule("export_config.exports_to_keep", AtLeast(1), "the newest is always kept"),
)


def check_fields(message: Any, places: Places) -> Tuple[List[Problem], List[Problem]]:
    """Problems and notes of every field that `message` sets, each field by itself."""
    problems: List[Problem] = []
    notes: List[Problem] = []
    for setting in settings(message):
        mark = _mark_of(setting)
        if mark is not None and mark.kind == NO_EFFECT:
            notes.append(places.problem(setting.path, f"has no effect here: {mark.text}"))
            continue
        broken = rule_broken_by(setting)
        if broken is not None:
            problems.append(places.problem(setting.path, *broken))
    return problems, notes


def rule_broken_by(setting: Setting) -> Optional[Tuple[str, Optional[str], Optional[str]]]:
    """(rule, value, hint) of the rule that a setting by itself breaks; None where it is fine."""
    mark = _mark_of(setting)
    if mark is not None and mark.kind != NO_EFFECT:
        value = None if is_message(setting.field) else show_value(setting.field, setting.value)
        return mark.rule(), value, None
    return None if is_message(setting.field) else _broken(setting)


@cache
def rules_for(pattern_path: str) -> Tuple[Rule, ...]:
    """The rules that hold for a path without indices, in the order of the table."""
    return tuple(rule for rule in RULES if matches(rule.path, pattern_path))


@cache
def matches(pattern: str, path: str) -> bool:
    """Whether a path without indices matches a pattern (see `Rule`)."""
    return _expression(pattern).fullmatch(path) is not None


def _broken(setting: Setting) -> Optional[Tuple[str, Optional[str], Optional[str]]]:
    """Of one scalar: not finite, or against a rule."""
    value = show_value(setting.field, setting.value)
    if isinstance(setting.value, float) and not math.isfinite(setting.value):
        return "must be a finite number", value, None
    for rule in rules_for(setting.pattern_path):
        violation = rule.constraint.check(setting.value)
        if violation is not None:
            return violation.rule, value, violation.hint
    return None


def _mark_of(setting: Setting) -> Optional[Mark]:
    """The mark that a setting runs into; a value equal to the default runs into none."""
    field = setting.field
    mark = field_mark(field)
    if mark is not None:
        return None if is_default(setting) else mark
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return value_mark(field.enum_type.values_by_number[setting.value])
    return None


def is_default(setting: Setting) -> bool:
    """Whether a scalar is set to the value that it has anyway."""
    if is_message(setting.field) or is_repeated(setting.field):
        return False
    # A fresh message rather than `field.default_value`, which is not rounded to 32 bits.
    return bool(setting.value == getattr(type(setting.owner)(), setting.field.name))


@cache
def _expression(path: str) -> re.Pattern[str]:
    parts = []
    for name in path.split("."):
        one = re.escape(name).replace(r"\*", r"[^.]*") + r"\."
        parts.append(r"(?:[^.]+\.)*" if name == "**" else one)
    return re.compile("".join(parts)[: -len(r"\.")])
