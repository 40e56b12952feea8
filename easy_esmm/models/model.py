"""The base class of models, and their registry."""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, Tuple, Type

import tensorflow as tf

from easy_esmm import losses
from easy_esmm.compat import keras
from easy_esmm.config import models as configs
from easy_esmm.config.tower_losses import CROSS_ENTROPIES, OF_VALUES
from easy_esmm.contract import (
    Group,
    Head,
    Labels,
    LossTerm,
    Outputs,
    RowMean,
    Tasks,
    TaskSpec,
    Tensor,
)
from easy_esmm.layers.group_attention import GroupAttention
from easy_esmm.losses import negative_sampling
from easy_esmm.protos.model_pb2 import ModelConfig

_MODELS: Dict[str, Type[Model]] = {}


class Model(keras.layers.Layer):  # type: ignore[misc]
    """A network over feature groups, and its losses.

    Layers that are attributes are tracked by Keras: their kernels are regularised and the updates
    of their batch normalisation are run without a list of them. The model itself is never called
    as a layer, which would put a name scope of its own before the names of all variables.
    """

    def __init__(self, config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> None:
        """`product_dtype`: type of the factors in the matrix products of hidden layers."""
        super().__init__(name=config.model_class)
        self.parameters = configs.parameters(config)
        self.tasks = tasks
        self.product_dtype = product_dtype
        self.reduction = losses.reduction_of(config)
        self.attentions: Dict[str, List[GroupAttention]] = {
            group.group_name: [
                GroupAttention(attention, group.group_name, product_dtype)
                for attention in group.sequence_features
            ]
            for group in config.feature_groups
        }

    def attended(self, groups: Mapping[str, Group], training: bool) -> Dict[str, Group]:
        """The groups, with the outputs of their attentions (`sequence_features`) appended.

        Called before `outputs`, once in a graph that trains.
        """
        found = dict(groups)
        for name, attentions in self.attentions.items():
            for attention in attentions:
                found[name] = attention.append_to(found[name], training)
        return found

    def outputs(self, groups: Mapping[str, Group], training: bool) -> Outputs:
        """The answers to all tasks, for a batch.

        Called once in a graph that trains: a second call would double the updates of batch
        normalisation.

        Args:
          groups: what each feature group gives, by its name, with its attentions.
          training: whether dropout and batch statistics are on.
        """
        raise NotImplementedError

    def loss_terms(self, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """The summands of the objective, without regularisation: each task's own losses."""
        return tuple(term for task in self.tasks for term in self.task_terms(task, outputs, labels))

    def task_terms(self, task: TaskSpec, outputs: Outputs, labels: Labels) -> Tuple[LossTerm, ...]:
        """The losses of one task, of its label and its head."""
        return tuple(
            LossTerm(
                loss.loss_name,
                losses.build(loss, self._loss_input(task, loss.loss_type, outputs, labels)),
                task.weight * loss.weight,
                is_squared_error=loss.loss_type in OF_VALUES,
                learns_weight=loss.learn_loss_weight,
            )
            for loss in task.losses
        )

    def _loss_input(
        self, task: TaskSpec, loss_type: int, outputs: Outputs, labels: Labels
    ) -> losses.LossInput:
        observed = labels[task.name]
        head, weight = outputs.heads[task.name], observed.loss_weight
        if labels.sampling is not None:
            of_batch = self.heads_of_batch(outputs, labels)[task.name]
            if loss_type in CROSS_ENTROPIES and of_batch is not head:
                head = of_batch
            else:
                weight = negative_sampling.importance_weighted(weight, labels)
        return losses.LossInput(
            label=observed.value,
            output=head.score,
            weight=weight,
            reduction=self.reduction,
            sessions=labels.sessions,
            class_logits=head.class_logits,
            earlier=tuple(outputs.heads[name].prediction for name in task.earlier),
        )

    def heads_of_batch(self, outputs: Outputs, labels: Labels) -> Mapping[str, Head]:
        """The answers as they are among rows like those of the batch, where these are a sample.

        Those of tasks for which this does not follow are the same.
        """
        if labels.sampling is None:
            return outputs.heads
        return {**outputs.heads, **self.heads_in_sample(outputs.heads, labels.sampling.share)}

    def heads_in_sample(self, heads: Mapping[str, Head], share: float) -> Dict[str, Head]:
        """The answers as they are among rows of whose negatives `share` is kept.

        Of the tasks for which they follow from those among all rows: the first task, whose label
        tells the negatives. See `losses.negative_sampling`.
        """
        first = self.tasks.specs[0].name
        return {first: negative_sampling.in_sample(heads[first], share)}

    def row_means(self, outputs: Outputs, labels: Labels) -> Dict[str, RowMean]:
        """Means over rows by name, for TensorBoard and evaluations; none unless overridden."""
        return {}

    def regularization(self) -> Tensor:
        """Scalar float32 >= 0: `l2_regularization` times half the sum of squares of all kernels."""
        kernels = [weight for weight in self.weights if weight.name.endswith("/kernel:0")]
        return self.parameters.l2_regularization * tf.add_n([tf.nn.l2_loss(k) for k in kernels])


def register(name: str) -> Callable[[Type[Model]], Type[Model]]:
    """Makes a model known under the config's `model_class`."""

    def add(model: Type[Model]) -> Type[Model]:
        _MODELS[name] = model
        return model

    return add


def registered() -> Tuple[str, ...]:
    """Names of all models, sorted."""
    return tuple(sorted(_MODELS))


def build(config: ModelConfig, tasks: Tasks, product_dtype: tf.DType) -> Model:
    """The model of `config.model_class`, which `easy_esmm.config` has checked.

    Args:
      config: resolved.
      tasks: `easy_esmm.config.tasks.task_specs` of `config`.
      product_dtype: type of the factors in the matrix products of hidden layers.
    """
    return _MODELS[config.model_class](config, tasks, product_dtype)
