"""The update rules, by the name of the config's oneof."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Sequence

from easy_esmm.compat import v1
from easy_esmm.contract import TableRows, Tensor
from easy_esmm.optimizers.lazy_adam import DistinctRows, LazyAdam
from easy_esmm.optimizers.schedules import learning_rate
from easy_esmm.optimizers.weight_decay import DecoupledWeightDecay
from easy_esmm.protos.optimizer_pb2 import Optimizer


def build(config: Optimizer, rate: Tensor, read: Sequence[TableRows] = ()) -> Any:
    """An optimizer for graphs, whose gradients of tables must list each row once.

    Args:
      config: which, with its settings.
      rate: float32 scalar.
      read: what the step read of tables that nothing but its optimizer writes to.
    """
    optimizer = _BUILDERS[config.WhichOneof("optimizer")](_settings(config), rate)
    if type(optimizer) is LazyAdam:  # not with decay, which changes the weights before
        optimizer.weights_read = {id(rows.table): rows.rows for rows in read}
    return optimizer


def rate(config: Optimizer, global_step: Any) -> Tensor:
    """float32 scalar: the learning rate that the optimizer's settings describe."""
    return learning_rate(_settings(config).learning_rate, global_step)


def lazy_form(config: Optimizer) -> Optional[str]:
    """For a rule that moves all rows of a table at every step, the one that moves the batch's."""
    return _LAZY_FORMS.get(config.WhichOneof("optimizer"))


class _Adam(DistinctRows, v1.train.AdamOptimizer):  # type: ignore[misc]
    """Moments of all rows decay at every step."""


class _AdamW(DecoupledWeightDecay, _Adam):
    """As `_Adam`; of a table, the weights of the listed rows decay."""


class _LazyAdamW(DecoupledWeightDecay, LazyAdam):
    """Touches the listed rows only."""


class _Adagrad(DistinctRows, v1.train.AdagradOptimizer):  # type: ignore[misc]
    """Touches the listed rows only."""


class _Momentum(DistinctRows, v1.train.MomentumOptimizer):  # type: ignore[misc]
    """Touches the listed rows only: the momentum of the others does not change."""


class _MomentumW(DecoupledWeightDecay, _Momentum):
    """Touches the listed rows only."""


class _RMSProp(DistinctRows, v1.train.RMSPropOptimizer):  # type: ignore[misc]
    """Touches the listed rows only: momentum and mean square of the others do not change."""


class _Ftrl(DistinctRows, v1.train.FtrlOptimizer):  # type: ignore[misc]
    """Touches the listed rows only."""


def _adam(kind: Any) -> Callable[[Any, Tensor], Any]:
    # All Adams name their variables alike, so that training can go on with another one.
    return lambda config, rate: kind(rate, config.beta1, config.beta2, 1e-8, name="Adam")


def _momentum(kind: Any) -> Callable[[Any, Tensor], Any]:
    return lambda config, rate: kind(rate, config.momentum_optimizer_value, name="Momentum")


def _decaying(plain: Callable[[Any, Tensor], Any]) -> Callable[[Any, Tensor], Any]:
    def build(config: Any, rate: Tensor) -> Any:
        optimizer = plain(config, rate)
        optimizer.weight_decay = config.weight_decay
        return optimizer

    return build


def _rms_prop(config: Any, rate: Tensor) -> Any:
    momentum = config.momentum_optimizer_value
    return _RMSProp(rate, config.decay, momentum, config.epsilon, name="RMSProp")


def _ftrl(config: Any, rate: Tensor) -> Any:
    return _Ftrl(
        rate,
        config.learning_rate_power,
        config.initial_accumulator_value,
        config.l1_reg,
        config.l2_reg,
        name="Ftrl",
        l2_shrinkage_regularization_strength=config.l2_shrinkage_reg,
    )


_BUILDERS: Dict[str, Callable[[Any, Tensor], Any]] = {
    "adam_optimizer": _adam(_Adam),
    "lazy_adam_optimizer": _adam(LazyAdam),
    "adam_async_optimizer": _adam(LazyAdam),
    "adamw_optimizer": _decaying(_adam(_AdamW)),
    "adam_asyncw_optimizer": _decaying(_adam(_LazyAdamW)),
    "adagrad_optimizer": lambda config, rate: _Adagrad(
        rate, config.initial_accumulator_value, name="Adagrad"
    ),
    "momentum_optimizer": _momentum(_Momentum),
    "momentumw_optimizer": _decaying(_momentum(_MomentumW)),
    "rms_prop_optimizer": _rms_prop,
    "ftrl_optimizer": _ftrl,
}

_LAZY_FORMS = {
    "adam_optimizer": "lazy_adam_optimizer",
    "adamw_optimizer": "adam_asyncw_optimizer",
}


def _settings(config: Optimizer) -> Any:
    """The message inside the oneof."""
    return getattr(config, config.WhichOneof("optimizer"))
