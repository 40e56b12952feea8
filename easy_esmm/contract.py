"""The types that modules exchange: tasks, labels, feature groups, model outputs and loss terms.

Tensors here are TensorFlow's, of shape [batch] and dtype float32 unless said otherwise; the module
itself does not import TensorFlow, so that `config` and the command line stay quick.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Iterator, Mapping, NamedTuple, Optional, Tuple, Union

# TensorFlow's own type hints do not pass `mypy --strict` in graph mode.
Tensor = Any


def keyed(stem: str, task: str) -> str:
    """`<stem>_<task>`: public name of what belongs to a task; the stem alone for one without name.

    A single-task model's only task has none, as in EasyRec.
    """
    return f"{stem}_{task}" if task else stem


class Kind(enum.Enum):
    """What a task predicts."""

    BINARY = "binary"
    """The probability of a label that is 0 or 1."""
    VALUE = "value"
    """A number (`loss_type: L2_LOSS`, or SIGMOID_L2_LOSS for one in [0, 1])."""


@dataclass(frozen=True)
class TaskSpaceWeights:
    """Weights of rows in a task's loss by an indicator column: EasyRec's task space."""

    indicator: str
    """Label column, positive inside the task space; or with `value` an input column."""
    inside: float
    outside: float
    value: Optional[str] = None
    """What the input column has inside the task space, as text."""

    @property
    def words(self) -> str:
        """Which rows are inside, behind `rows with`."""
        return self.indicator if self.value is None else f"{self.indicator} {self.value}"

    @property
    def is_strict(self) -> bool:
        """Whether rows outside have no part in the loss: nothing is known of them."""
        return self.outside == 0


@dataclass(frozen=True, eq=False)
class TaskSpec:
    """One question about a row, from the config: its label, where the label is observed, its loss.

    Messages are those of the schema: `losses` are `Loss` with a `loss_name` each, `metrics` are
    `EvalMetrics`, `tower` is the message that describes the task's layers.
    """

    name: str
    """The tower's name, suffix of the task's outputs; empty for a single-task model's only task."""
    label: str
    """Label column."""
    kind: Kind
    losses: Tuple[Any, ...]
    """The task's own losses; none for a task that is trained through another one."""
    weight: float
    """Weight of the task's losses in the objective."""
    metrics: Tuple[Any, ...]
    metric_name: str
    """Suffix of the task's metrics: `name`, or that and `masked` where `is_masked`."""
    tower: Any
    path: str
    """Path of `tower` in the config, for messages."""
    scope: str
    """Name scope of the variables of the task's tower."""
    condition: Optional[str] = None
    """Label column that must be positive for a positive label to count (a click, for a conversion);
    rows in which it is not have the label 0."""
    is_masked: bool = False
    """Whether the label is observed only where `condition` is positive; else it is on all rows."""
    uses_sample_weight: bool = True
    """Whether `data_config.sample_weight` weighs the task's losses."""
    task_space: Optional[TaskSpaceWeights] = None
    is_share: bool = False
    """Whether the value of a VALUE task lies in [0, 1]: the tower's output is its log odds."""
    earlier: Tuple[str, ...] = ()
    """Tasks whose question comes before, of a model whose tasks are no product: the towers that it
    is related to, or else the one before it in the config."""
    inside_metric_name: Optional[str] = None
    """Suffix of the metrics that it has besides, over the rows inside a strict task space; None
    where it has none."""

    @property
    def observed_metric_name(self) -> str:
        """Suffix of its metrics over the rows on which it is observed."""
        return self.inside_metric_name or self.metric_name


@dataclass(frozen=True, eq=False)
class EntireSpaceTasks:
    """How the tasks of an entire-space model relate: `product` = `click` x `conversion`."""

    click: TaskSpec
    """On all impressions."""
    conversion: TaskSpec
    """On clicked impressions."""
    product: TaskSpec
    """Click and conversion, on all impressions."""


@dataclass(frozen=True, eq=False)
class Tasks:
    """All tasks of a model, in the order of their losses."""

    specs: Tuple[TaskSpec, ...]
    entire_space: Optional[EntireSpaceTasks] = None
    """The relation between them; None for a model whose tasks are independent questions."""

    def __iter__(self) -> Iterator[TaskSpec]:
        return iter(self.specs)

    def columns(self) -> Tuple[str, ...]:
        """The label columns that the tasks read, each once."""
        names = [spec.label for spec in self.specs]
        spaces = [spec.task_space for spec in self.specs if spec.task_space]
        names += [space.indicator for space in spaces if space.value is None]
        return tuple(dict.fromkeys(names))


class LabelColumn(NamedTuple):
    """A label column of a batch as the input delivers it."""

    value: Tensor
    """0 where the label is missing."""
    is_missing: Tensor
    """bool: where the row has no label, and the config no `default_val` for it."""


@dataclass(frozen=True, eq=False)
class TaskLabels:
    """What was observed of one task on a batch of rows."""

    value: Tensor
    """1 or 0, or the number that a value task predicts; 0 where the condition of the task is not
    met, and where the label is missing."""
    weight: Tensor
    """Sample weight, >= 0, of the task's metrics; 0 on rows on which the task is not observed."""
    loss_weight: Tensor
    """Weight of the row in the task's losses: sample weight times task-space weight."""
    is_missing: Tensor
    """bool: whether the row has no value in the label column."""
    violates_condition: Tensor
    """1 where the data has a positive label although the task's condition is not met."""
    is_inside: Optional[Tensor] = None
    """1 inside the task space, else 0; None for a task without one."""


@dataclass(frozen=True, eq=False)
class ConversionTimes:
    """When the rows of a batch were clicked and converted, in days.

    Of a row without a click, the impression stands for the click.
    """

    conversion: Tensor
    """The label of click and conversion where the conversion was observed by the cut, else 0."""
    delay: Tensor
    """From the click to that conversion, > 0; 0 where there is none."""
    elapsed: Tensor
    """From the click to the cut, >= 0."""
    since_start: Tensor
    """From the start of the rows that are new to the click; infinite where all are new."""


@dataclass(frozen=True, eq=False)
class NegativeSampling:
    """That rows with the first task's label 0 are in the batch with probability `share` only."""

    share: float
    """In (0, 1)."""
    importance: Tensor
    """Rows of the whole data that a row stands for: 1 / share for a negative, 1 for a positive."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What was observed on a batch of rows."""

    tasks: Mapping[str, TaskLabels]
    """By name of the task."""
    weight: Tensor
    """Sample weight, >= 0; ones where the config names no `sample_weight`."""
    sessions: Mapping[str, Tensor] = field(default_factory=dict)
    """By input field that a loss reads sessions from, int64: equal where rows share a session."""
    times: Optional[ConversionTimes] = None
    """In a training that corrects for late conversions."""
    sampling: Optional[NegativeSampling] = None
    """None where all rows are there. All `weight`s, which are of metrics, hold its importance;
    `loss_weight`s do not."""

    def __getitem__(self, task: str) -> TaskLabels:
        return self.tasks[task]


@dataclass(frozen=True, eq=False)
class Sequence:
    """A feature's vectors in their order, such as a history of clicks."""

    values: Tensor
    """float32 [batch, time, width]; zeros behind the end of a row's sequence."""
    mask: Tensor
    """bool [batch, time]: whether the row has an element there."""


@dataclass(frozen=True, eq=False)
class Group:
    """What a feature group gives to the network."""

    matrix: Tensor
    """float32 [batch, width]: features side by side in the order of the config."""
    widths: Mapping[str, int] = field(default_factory=dict)
    """Columns of the matrix by feature, in its order."""
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    """By feature, those that are sequences; they are no part of the matrix."""
    keys: Mapping[str, Tensor] = field(default_factory=dict)
    """By feature, float32 [batch, width]: what the group's attentions compare histories with."""
    attention_weights: Mapping[str, Tensor] = field(default_factory=dict)
    """By attention that TensorBoard shows, float32 [elements]: the weights of all elements."""


@dataclass(frozen=True, eq=False)
class Head:
    """A model's answer to one task."""

    prediction: Tensor
    """Probability in [0, 1], or the predicted value."""
    logit: Optional[Tensor] = None
    """Log odds of `prediction`, exact where the probability underflows; None for a value."""
    class_logits: Optional[Tensor] = None
    """float32 [batch, 2]: logits of label 0 and of label 1; None for a tower of one logit."""

    @property
    def score(self) -> Tensor:
        """What ranks the rows, and what losses take: the logit, or the predicted value.

        Many logits share a probability that saturates or underflows.
        """
        return self.prediction if self.logit is None else self.logit


@dataclass(frozen=True, eq=False)
class Outputs:
    """Everything that a model computes from a batch of rows."""

    heads: Mapping[str, Head]
    """By name of the task."""
    served: Mapping[str, Tensor]
    """Public outputs by their serving names; nothing else is ever exported or predicted."""
    auxiliary: Mapping[str, Tensor] = field(default_factory=dict)
    """What only the model's own losses read, by names of its own."""


def served_outputs(heads: Mapping[str, Head]) -> Dict[str, Tensor]:
    """Outputs by their serving names: `logits_<task>` and `probs_<task>`, or `y_<task>` of a value.

    A tower of two classes serves the logit of the positive one, `pos_logits_<task>`. Of a task
    without a name they are `logits` and `probs`, or `y`.
    """
    logits: Dict[str, Tensor] = {}
    predictions: Dict[str, Tensor] = {}
    for name, head in heads.items():
        if head.class_logits is not None:
            logits[keyed("pos_logits", name)] = head.class_logits[:, 1]
        elif head.logit is not None:
            logits[keyed("logits", name)] = head.logit
        predictions[keyed("y" if head.logit is None else "probs", name)] = head.prediction
    return {**logits, **predictions}


@dataclass(frozen=True, eq=False)
class ScoredTask:
    """One task's predictions beside its labels, in the form that every metric understands."""

    name: str
    """Suffix of the metric's key: `ctr`, `ctcvr`, `cvr_masked`, ...; empty for the only task."""
    prediction: Tensor
    """Probability in [0, 1], or the predicted value of a regression."""
    label: Tensor
    weight: Tensor
    """Sample weight; rows on which the task is not observed weigh 0."""
    logit: Optional[Tensor]
    """Log odds of `prediction`, exact where the probability underflows; None for a regression."""
    metrics: Tuple[Any, ...] = ()
    """The configured `EvalMetrics`."""

    @property
    def score(self) -> Tensor:
        """What ranks the rows: many logits share a probability that saturates or underflows."""
        return self.prediction if self.logit is None else self.logit


def scored_tasks(tasks: Tasks, outputs: Outputs, labels: Labels) -> Tuple[ScoredTask, ...]:
    """Every task's predictions beside its labels, in the order of the tasks."""
    scored = []
    for spec in tasks:
        head, observed = outputs.heads[spec.name], labels[spec.name]
        task = ScoredTask(
            name=spec.metric_name,
            prediction=head.prediction,
            label=observed.value,
            weight=observed.weight,
            logit=head.logit,
            metrics=spec.metrics,
        )
        scored.append(task)
        if spec.inside_metric_name is not None:
            inside = observed.weight * observed.is_inside
            scored.append(replace(task, name=spec.inside_metric_name, weight=inside))
    return tuple(scored)


@dataclass(frozen=True, eq=False)
class LossTerm:
    """One summand of the training objective."""

    name: str
    """Suffix of its name in TensorBoard and in the evaluation result."""
    value: Tensor
    """Scalar float32: a mean over the batch's impressions, or a sum under `loss_reduction: SUM`."""
    weight: Union[float, Tensor] = 1.0
    """A number, or a scalar float32 where it changes during training."""
    is_squared_error: bool = False
    """Whether it is the squared error of a value."""
    learns_weight: bool = False
    """Whether its weight is learned whatever the `loss_weight_strategy`."""


@dataclass(frozen=True, eq=False)
class RowMean:
    """A mean over rows that a model reports about itself, such as the share of clipped weights."""

    value: Tensor
    weight: Tensor
    """Weight of the row in the mean, >= 0; a mean over rows that weigh nothing is NaN."""


@dataclass(frozen=True, eq=False)
class WeighedLoss:
    """A `LossTerm` as it stands in the objective."""

    name: str
    contribution: Tensor
    """Scalar float32: the summand, its weight and what a learned weight costs included."""
    learned_weight: Optional[Tensor] = None
    """Scalar float32: what the loss's value is multiplied by; None where the config sets it."""


@dataclass(frozen=True, eq=False)
class TableRows:
    """The rows that one batch reads from one embedding table.

    The loss is differentiated with respect to `rows`; the optimizer writes the table at `ids`.
    """

    table: Any
    """The table: a resource variable of shape [vocabulary, dimension]."""
    ids: Tensor
    """int64 [unique]: each row's number, once."""
    rows: Tensor
    """float32 [unique, dimension]: the gathered rows."""
