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
    Constraint,
    Expression,
    Interval,
    LocalPath,
    NotEmpty,
    OneCharacter,
    OneOf,
    ScopeName,
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
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "swish",
    "silu",
    "tanh",
    "sigmoid",
    "softplus",
    "softsign",
    "linear",
    "dice",
)
"""Names of activations; each may bear the prefix `tf.nn.`."""

_LARGEST_TABLE = 10**12
_FEATURE = "feature_config*.**"  # both forms, feature_configs and feature_config.features
_OPTIMIZER = "train_config.optimizer_config.*"
_LOSS = "model_config.**.losses"
_NETWORKS = ("model_config.**.*dnn", "model_config.**.*_expert_net")
_LEVEL = "model_config.esmm_ple.extraction_networks"
_RATE = f"{_OPTIMIZER}.learning_rate"
_LEAST_FLOOR = 1e-30  # see easy_esmm.losses.propensity.Clip

_REDUCTIONS = OneOf(("mean", "mean_by_sample_num", "mean_by_positive_num"))

RULES: Tuple[Rule, ...] = (
    Rule("model_dir", LocalPath(), why="copy exports from there to where they are served"),
    Rule("data_config.batch_size", AtLeast(1), why="a batch of no rows teaches nothing"),
    Rule("data_config.shuffle_buffer_size", AtLeast(1), why="it counts rows"),
    Rule("data_config.num_parallel_calls", AtLeast(1), why="it counts threads"),
    Rule(
        "data_config.separator",
        OneCharacter(except_for="\"'\n\r"),
        why="rows are cut at single characters",
    ),
    Rule(
        "data_config.data_compression_type",
        OneOf(("", "GZIP"), not_yet={"ZLIB": "use GZIP"}),
        why="TFRecord files are plain or gzip",
    ),
    Rule("data_config.input_fields.input_name", NotEmpty(), why="features refer to it"),
    Rule("data_config.user_rows.row_column", NotEmpty(), why="impressions point to users by it"),
    Rule("data_config.user_rows.rows_together", AtLeast(1), why="it counts impressions"),
    Rule("data_config.user_rows.file_prefix", NotEmpty(), why="it tells the files apart"),
    Rule(
        "data_config.user_rows.impression_file_prefix", NotEmpty(), why="it tells the files apart"
    ),
    Rule(f"{_FEATURE}.embedding_name", ScopeName(), why="it names a variable"),
    Rule(f"{_FEATURE}.feature_name", ScopeName(), why="it names a variable"),
    Rule("model_config.feature_groups.group_name", ScopeName(), why="it names variables"),
    Rule("model_config.**.tower_name", ScopeName(), why="it names variables, outputs and metrics"),
    Rule(
        f"{_FEATURE}.hash_bucket_size", Interval(0, _LARGEST_TABLE), why="more rows fit no machine"
    ),
    Rule(f"{_FEATURE}.num_buckets", Interval(0, _LARGEST_TABLE), why="more rows fit no machine"),
    Rule(f"{_FEATURE}.separator", NotEmpty(), why="values are cut at its characters"),
    Rule(
        f"{_FEATURE}.kv_separator",
        OneCharacter(),
        why="an id and its weight are cut at one character",
    ),
    Rule(f"{_FEATURE}.max_seq_len", AtLeast(1), why="it counts values"),
    Rule(f"{_FEATURE}.lookup_max_sel_elem_num", AtLeast(1), why="it counts values"),
    Rule(f"{_FEATURE}.normalizer_fn", FunctionName(), why="config text is never evaluated as code"),
    Rule(f"{_FEATURE}.precision", Interval(-1, 17), why="a DOUBLE has no more digits"),
    Rule(f"{_FEATURE}.raw_input_dim", AtLeast(1), why="a feature has at least one number"),
    Rule(
        f"{_FEATURE}.combiner",
        OneOf(("sum", "mean", "sqrtn")),
        why="the ways to pool several vectors",
    ),
    Rule(f"{_FEATURE}.initializer.**.stddev", AtLeast(0), why="it is a standard deviation"),
    *(
        Rule(
            f"{network}.dropout_ratio",
            Interval(0, 1, closed="left"),
            why="a rate of 1 removes every unit",
        )
        for network in _NETWORKS
    ),
    *(
        Rule(
            f"{network}.activation",
            OneOf(
                ACTIVATIONS,
                not_yet={"prelu": "use leaky_relu"},
                prefix="tf.nn.",
            ),
            why="config text is never evaluated as code",
        )
        for network in _NETWORKS
    ),
    Rule("model_config.*mmoe.num_expert", AtLeast(1), why="a gate chooses among experts"),
    Rule(f"{_LEVEL}.expert_num_per_task", AtLeast(1), why="a gate chooses among experts"),
    Rule(f"{_LEVEL}.share_num", AtLeast(1), why="tasks meet in the shared experts"),
    Rule("model_config.**.num_class", OneOf((1, 2)), why="labels are 0 or 1, or one number"),
    Rule("model_config.**.losses.loss_name", ScopeName(), why="it names a variable and metrics"),
    Rule(f"{_LOSS}.*.label_smoothing", Interval(0, 1, closed="left"), why="a share of the label"),
    Rule(f"{_LOSS}.f1_reweighted_loss.f1_beta_square", Above(0), why="recall counts by it"),
    Rule(f"{_LOSS}.binary_focal_loss.gamma", AtLeast(0), why="well predicted rows count less"),
    Rule(
        f"{_LOSS}.binary_focal_loss.alpha",
        Interval(0, 1, closed="neither"),
        why="both classes count",
    ),
    Rule(
        f"{_LOSS}.binary_focal_loss.ohem_ratio",
        Interval(0, 1, closed="right"),
        why="a share of the batch",
    ),
    Rule(f"{_LOSS}.pairwise_loss.margin", AtLeast(0), why="the positive should win"),
    Rule(f"{_LOSS}.pairwise_loss.temperature", Above(0), why="it is divided by"),
    Rule(f"{_LOSS}.jrc_loss.alpha", Interval(0, 1), why="the shares of two parts"),
    Rule(
        f"{_LOSS}.jrc_loss.loss_weight_strategy",
        OneOf(
            ("fixed",),
            not_yet={
                "random_uniform": "use fixed",
                "random_normal": "use fixed",
                "random_bernoulli": "use fixed",
                "uncertainty": "use fixed, or learn_loss_weight",
            },
        ),
        why="the ways to balance two parts",
    ),
    Rule("model_config.**.weight", AtLeast(0), why="a negative weight would maximise the loss"),
    Rule("model_config.**.in_task_space_weight", AtLeast(0), why="as weight"),
    Rule("model_config.**.out_task_space_weight", AtLeast(0), why="as weight"),
    Rule(
        "model_config.**.label_prior",
        Interval(0, 1, closed="neither"),
        why="the log odds of 0 and 1 are infinite",
    ),
    Rule("model_config.**.l2_regularization", AtLeast(0), why="it is a penalty"),
    Rule(
        "model_config.variational_dropout.regularization_lambda",
        AtLeast(0),
        why="it is a penalty",
    ),
    Rule("model_config.embedding_regularization", AtLeast(0), why="it is a penalty"),
    Rule("model_config.*.click_masked_cvr_weight", AtLeast(0), why="as weight"),
    Rule("model_config.*.counterfactual_weight", AtLeast(0), why="as weight"),
    Rule("model_config.*.imputation_weight", AtLeast(0), why="as weight"),
    Rule("model_config.*.factual_weight", AtLeast(0), why="as weight"),
    Rule("model_config.*.agreement_weight", AtLeast(0), why="as weight"),
    Rule(
        "model_config.*.propensity.floor",
        Interval(_LEAST_FLOOR, 1, closed="left"),
        why="its inverse is the largest weight of a row",
    ),
    Rule("model_config.*.propensity.cap", Interval(0, 1, closed="right"), why="a probability"),
    Rule("model_config.click_space.unclicked_rate", Interval(0, 1), why="a share of rows"),
    Rule("model_config.click_space.positive_copies", AtLeast(1), why="each conversion is there"),
    Rule(
        "model_config.click_space.rejection_floor",
        Interval(_LEAST_FLOOR, 1),
        why="its inverse is how many rows one may stand for",
    ),
    Rule("**.gauc.reduction", _REDUCTIONS, why="the ways to average over users"),
    Rule("**.session_auc.reduction", _REDUCTIONS, why="the ways to average over sessions"),
    Rule("**.topk", AtLeast(1), why="it counts rows"),
    Rule("train_config.gradient_clipping_by_norm", AtLeast(0), why="it is a norm"),
    Rule("train_config.save_checkpoints_steps", AtLeast(1), why="it counts steps"),
    Rule("train_config.freeze_gradient", Expression(), why="variables are found by it"),
    Rule("train_config.freeze_gradient", NotEmpty(), why="it would match every variable"),
    Rule("train_config.dead_line", Timestamp(), why="EasyRec's format"),
    Rule("train_config.save_summary_steps", AtLeast(1), why="it counts steps"),
    Rule("train_config.log_step_count_steps", AtLeast(1), why="it counts steps"),
    Rule("train_config.inter_op_parallelism_threads", AtLeast(0), why="it counts threads"),
    Rule("train_config.intra_op_parallelism_threads", AtLeast(0), why="it counts threads"),
    Rule(f"{_OPTIMIZER}.beta1", Interval(0, 1, closed="left"), why="a moment that decays"),
    Rule(f"{_OPTIMIZER}.beta2", Interval(0, 1, closed="left"), why="a moment that decays"),
    Rule(f"{_OPTIMIZER}.decay", Interval(0, 1, closed="left"), why="a mean that decays"),
    Rule(f"{_OPTIMIZER}.epsilon", Above(0), why="it keeps a divisor from 0"),
    Rule(
        f"{_OPTIMIZER}.momentum_optimizer_value",
        Interval(0, 1, closed="left"),
        why="momentum that decays",
    ),
    Rule(
        f"{_OPTIMIZER}.weight_decay",
        Interval(0, 1, closed="left"),
        why="at 1 a step would take the whole weight off",
    ),
    Rule(f"{_OPTIMIZER}.learning_rate_power", AtMost(0), why="rates fall"),
    Rule(f"{_OPTIMIZER}.l*_reg", AtLeast(0), why="it is a penalty"),
    Rule(
        "train_config.optimizer_config.moving_average_decay",
        Interval(0, 1, closed="left"),
        why="at 1 the average would stay at the first value",
    ),
    Rule(
        "train_config.optimizer_config.embedding_learning_rate_multiplier",
        Above(0),
        why="at 0 nothing is learned; freeze_gradient does that openly",
    ),
    Rule(f"{_OPTIMIZER}.initial_accumulator_value", Above(0), why="its root is divided by"),
    Rule(f"{_RATE}.constant_learning_rate.learning_rate", Above(0), why="at 0 nothing is learned"),
    Rule(f"{_RATE}.*.initial_learning_rate", Above(0), why="at 0 nothing is learned"),
    Rule(f"{_RATE}.*.learning_rate_base", Above(0), why="at 0 nothing is learned"),
    Rule(f"{_RATE}.*.schedule.learning_rate", AtLeast(0), why="it is a rate"),
    Rule(f"{_RATE}.*.schedule.step", AtLeast(1), why="before it, initial_learning_rate holds"),
    Rule(f"{_RATE}.*.total_steps", AtLeast(1), why="it is divided by"),
    Rule(f"{_RATE}.*.warmup_learning_rate", AtLeast(0), why="it is a rate"),
    Rule(f"{_RATE}.*.end_learning_rate", AtLeast(0), why="it is a rate"),
    Rule(f"{_RATE}.*.power", Above(0), why="rates fall"),
    Rule(f"{_RATE}.transformer_*.hidden_size", AtLeast(1), why="its root is divided by"),
    Rule(f"{_RATE}.transformer_*.warmup_steps", AtLeast(1), why="it is divided by"),
    Rule(f"{_RATE}.transformer_*.step_scaling_rate", Above(0), why="it is divided by"),
    Rule(f"{_RATE}.*.decay_steps", AtLeast(1), why="it is divided by"),
    Rule(
        f"{_RATE}.*.decay_factor",
        Interval(0, 1, closed="right"),
        why="rates fall",
    ),
    Rule(f"{_RATE}.*.burnin_learning_rate", AtLeast(0), why="it is a rate"),
    Rule(f"{_RATE}.*.min_learning_rate", AtLeast(0), why="it is a rate"),
    Rule(
        "export_config.exporter_type",
        OneOf(("final", "latest", "best", "none")),
        why="when models are exported",
    ),
    Rule(
        "export_config.early_stop_func",
        OneOf(tuple(LIMITS)),
        why="config text is never evaluated as code",
    ),
    Rule("export_config.max_check_steps", AtLeast(1), why="it counts steps"),
    Rule("export_config.best_exporter_metric", NotEmpty(), why="exports are compared by it"),
    Rule("export_config.exports_to_keep", AtLeast(1), why="the newest is always kept"),
)


def check_fields(message: Any, places: Places) -> Tuple[List[Problem], List[Problem]]:
    """Problems and notes of every field that `message` sets, each field by itself."""
    problems: List[Problem] = []
    notes: List[Problem] = []
    for setting in settings(message):
        mark = _mark_of(setting)
        if mark is not None and mark.kind == NO_EFFECT:
            notes.append(places.problem(setting.path, f"has no effect here: {mark.text}"))
        elif mark is not None:
            value = None if is_message(setting.field) else show_value(setting.field, setting.value)
            problems.append(places.problem(setting.path, mark.rule(), value))
        elif not is_message(setting.field):
            problems.extend(_broken(setting, places))
    return problems, notes


@cache
def rules_for(pattern_path: str) -> Tuple[Rule, ...]:
    """The rules that hold for a path without indices, in the order of the table."""
    return tuple(rule for rule in RULES if matches(rule.path, pattern_path))


@cache
def matches(pattern: str, path: str) -> bool:
    """Whether a path without indices matches a pattern (see `Rule`)."""
    return _expression(pattern).fullmatch(path) is not None


def _broken(setting: Setting, places: Places) -> List[Problem]:
    """Problems of one scalar: not finite, or against a rule."""
    value = show_value(setting.field, setting.value)
    if isinstance(setting.value, float) and not math.isfinite(setting.value):
        return [places.problem(setting.path, "must be a finite number", value)]
    for rule in rules_for(setting.pattern_path):
        violation = rule.constraint.check(setting.value)
        if violation is not None:
            return [places.problem(setting.path, violation.rule, value, violation.hint)]
    return []


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
