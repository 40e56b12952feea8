"""What crosses module borders: labels, predictions, scored tasks and loss terms.

Tensors here are TensorFlow's, of shape [batch] and dtype float32 unless said otherwise; the module
itself does not import TensorFlow, so that `config` and the command line stay quick.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple, Union

# TensorFlow's own type hints do not survive graph mode and `mypy --strict` together: said openly.
Tensor = Any


@dataclass(frozen=True, eq=False)
class Labels:
    """What was observed on a batch of impressions."""

    click: Tensor
    """1 where the impression was clicked, else 0."""
    conversion: Tensor
    """1 where it was bought (or the value of the purchase, for a regression tower), else 0.

    Zero wherever `click` is zero: a conversion without a click is impossible, is counted apart
    (`orphan_conversion`) and is not in here.
    """
    weight: Tensor
    """Sample weight, >= 0, of the metrics; ones where the config names no `sample_weight`."""
    ctr_loss_weight: Tensor
    """Weight of the row in the CTR tower's loss: sample weight times task-space weight."""
    cvr_loss_weight: Tensor
    """Weight of the row in the CVR tower's loss: sample weight times task-space weight."""
    orphan_conversion: Tensor
    """1 where the data claims a conversion without a click."""
    sessions: Mapping[str, Tensor] = field(default_factory=dict)
    """By input field that a loss reads sessions from, int64: equal where rows share a session."""


@dataclass(frozen=True, eq=False)
class Task:
    """One question put to a model on a batch, in the form every metric understands."""

    name: str
    """Suffix of the metric's key: `ctr`, `ctcvr`, `cvr_masked`, ..."""
    prediction: Tensor
    """Probability in [0, 1], or the predicted value of a regression."""
    label: Tensor
    weight: Tensor
    """Sample weight times membership: rows outside the task's space weigh 0."""
    logit: Optional[Tensor]
    """Log odds of `prediction`, exact where the probability underflows; None for a regression."""

    @property
    def score(self) -> Tensor:
        """What ranks the rows: many logits share a probability that saturates or underflows."""
        return self.prediction if self.logit is None else self.logit


@dataclass(frozen=True, eq=False)
class Predictions:
    """The three answers of an entire-space model on a batch of impressions."""

    ctr_name: str
    cvr_name: str
    ctr_logit: Tensor
    cvr_logit: Tensor
    ctcvr_logit: Tensor
    """Log odds of pCTR x pCVR in closed form (see `losses.entire_space.product_logit`)."""
    pctr: Tensor
    pcvr: Tensor
    pctcvr: Tensor
    ctr_class_logits: Optional[Tensor] = None
    """float32 [batch, 2]: logits of no click and of a click; None for a tower of one logit."""
    cvr_class_logits: Optional[Tensor] = None
    """As `ctr_class_logits`, of no conversion and of a conversion after a click."""

    def served(self) -> Dict[str, Tensor]:
        """Public outputs by their serving names; nothing else is ever exported or predicted."""
        return {
            **_logit_of(self.ctr_name, self.ctr_logit, self.ctr_class_logits),
            **_logit_of(self.cvr_name, self.cvr_logit, self.cvr_class_logits),
            f"probs_{self.ctr_name}": self.pctr,
            f"probs_{self.cvr_name}": self.pcvr,
            "probs_ctcvr": self.pctcvr,
        }

    def ctr_tasks(self, labels: Labels) -> Tuple[Task, ...]:
        """What the CTR tower answers: clicks over all impressions."""
        return (Task(self.ctr_name, self.pctr, labels.click, labels.weight, self.ctr_logit),)

    def cvr_tasks(self, labels: Labels) -> Tuple[Task, ...]:
        """What the CVR tower answers: conversions over all impressions, and over the clicked."""
        conversion, weight = labels.conversion, labels.weight
        clicked = labels.click * weight
        masked = f"{self.cvr_name}_masked"
        return (
            Task("ctcvr", self.pctcvr, conversion, weight, self.ctcvr_logit),
            Task(masked, self.pcvr, conversion, clicked, self.cvr_logit),
        )


@dataclass(frozen=True, eq=False)
class ValuePredictions:
    """As `Predictions`, for a CVR tower that predicts a value (`loss_type: L2_LOSS`)."""

    ctr_name: str
    cvr_name: str
    ctr_logit: Tensor
    pctr: Tensor
    value: Tensor
    """Predicted value of a click, unbounded, in the unit of the label."""
    expected_value: Tensor
    """pCTR times `value`: the predicted value of an impression."""
    ctr_class_logits: Optional[Tensor] = None
    """As in `Predictions`."""

    def served(self) -> Dict[str, Tensor]:
        """Public outputs by their serving names."""
        return {
            **_logit_of(self.ctr_name, self.ctr_logit, self.ctr_class_logits),
            f"probs_{self.ctr_name}": self.pctr,
            f"y_{self.cvr_name}": self.value,
            "y_ctcvr": self.expected_value,
        }

    def ctr_tasks(self, labels: Labels) -> Tuple[Task, ...]:
        """What the CTR tower answers: clicks over all impressions."""
        return (Task(self.ctr_name, self.pctr, labels.click, labels.weight, self.ctr_logit),)

    def cvr_tasks(self, labels: Labels) -> Tuple[Task, ...]:
        """Value over all impressions, and over the clicked."""
        value, weight = labels.conversion, labels.weight
        clicked = labels.click * weight
        masked = f"{self.cvr_name}_masked"
        return (
            Task("ctcvr", self.expected_value, value, weight, None),
            Task(masked, self.value, value, clicked, None),
        )


def _logit_of(name: str, logit: Tensor, class_logits: Optional[Tensor]) -> Dict[str, Tensor]:
    """A tower's logit by its serving name; of two classes, that of the positive one."""
    if class_logits is None:
        return {f"logits_{name}": logit}
    return {f"pos_logits_{name}": class_logits[:, 1]}


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
    """Scalar float32: what the loss's value is multiplied by; None where the config says it."""


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
