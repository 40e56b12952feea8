"""What a model is, and the registry of models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Callable, Dict, List, Mapping, Tuple, Type, Union

import tensorflow as tf

from easy_esmm.contract import (
    Labels,
    LossTerm,
    Predictions,
    RowMean,
    Tensor,
    ValuePredictions,
)
from easy_esmm.protos.model_pb2 import ModelConfig

AnyPredictions = Union[Predictions, ValuePredictions]

_MODELS: Dict[str, Type[Model]] = {}


class Model(ABC):
    """A network over feature groups, and its losses.

    A model is built and called once per graph: a second call would double the updates of batch
    normalisation.
    """

    @abstractmethod
    def __init__(self, config: ModelConfig, product_dtype: tf.DType = tf.float32) -> None:
        """`product_dtype`: type of the factors in the matrix products of hidden layers."""

    @abstractmethod
    def predict(self, groups: Mapping[str, Tensor], training: bool) -> AnyPredictions:
        """Predictions for a batch.

        Args:
          groups: feature group's name -> float32 [batch, width].
          training: whether dropout and batch statistics are on.
        """

    @abstractmethod
    def loss_terms(self, predictions: Any, labels: Labels) -> Tuple[LossTerm, ...]:
        """The summands of the objective, without regularisation."""

    def row_means(self, predictions: Any, labels: Labels) -> Dict[str, RowMean]:
        """Means over rows by name, for TensorBoard and evaluations; none unless overridden."""
        return {}

    @abstractmethod
    def regularization(self) -> Tensor:
        """Scalar float32 >= 0, added to the training loss as it is."""

    @property
    @abstractmethod
    def updates(self) -> List[Any]:
        """Operations that each training step must run, such as moving averages."""


def register(name: str) -> Callable[[Type[Model]], Type[Model]]:
    """Makes a model known under the config's `model_class`."""

    def add(model: Type[Model]) -> Type[Model]:
        _MODELS[name] = model
        return model

    return add


def registered() -> Tuple[str, ...]:
    """Names of all models, sorted."""
    return tuple(sorted(_MODELS))


def build(config: ModelConfig, product_dtype: tf.DType = tf.float32) -> Model:
    """The model of `config.model_class`, which `easy_esmm.config` has checked."""
    return _MODELS[config.model_class](config, product_dtype)
