"""Restores a graph that evaluates or predicts: averages as weights, and names of EasyRec."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Tuple

from easy_esmm.compat import v1
from easy_esmm.optimizers import averages
from easy_esmm.protos.train_pb2 import TrainConfig

_MOST_BYTES = 64e6
"""Of the numbers that are in memory twice more meanwhile, if no single table has more."""


def scaffold(config: TrainConfig, sources: Mapping[str, str]) -> Any:
    """For the spec of an evaluation or prediction.

    Args:
      config: where it keeps moving averages, weights are restored as these.
      sources: variable -> variable of the checkpoint, of those of another name.
    """
    if not averages.are_used(config) and not sources:
        return v1.train.Scaffold()
    return v1.train.Scaffold(saver=_Restorer(config, sources))


def saver(config: TrainConfig, sources: Mapping[str, str]) -> Any:
    """A v1 Saver over the variables of the default graph; arguments as `scaffold`'s.

    Its `restore` reads averages, and names of EasyRec, where they are asked for.
    """
    return _Restorer(config, sources)


class _Restorer(v1.train.Saver):  # type: ignore[misc]
    """Reads variables under other names, or averages over them; writes them under their own."""

    def __init__(self, config: TrainConfig, sources: Mapping[str, str]) -> None:
        super().__init__(sharded=True)
        self._uses_averages = averages.are_used(config)
        self._decay = config.optimizer_config[0].moving_average_decay
        self._sources = sources
        self._variables = v1.global_variables()

    def restore(self, sess: Any, save_path: str) -> None:
        if not self._sources:
            super().restore(sess, save_path)
        checkpoint = v1.train.NewCheckpointReader(save_path)
        values: List[Tuple[Any, Any]] = []
        for variable in self._variables:
            name = self._sources.get(variable.op.name, variable.op.name)
            if self._uses_averages and checkpoint.has_tensor(f"{name}/{averages.AVERAGE}"):
                values.append((variable, averages.averaged(checkpoint, name, self._decay)))
            elif self._sources:
                values.append((variable, checkpoint.get_tensor(name)))
            if sum(value.nbytes for _, value in values) > _MOST_BYTES:
                _assign(values, sess)
                values = []
        _assign(values, sess)


def _assign(values: Sequence[Tuple[Any, Any]], session: Any) -> None:
    """Sets variables; in one run, since a run of operations not run before costs 25 ms."""
    fed = {variable.initializer.inputs[1]: value for variable, value in values}
    session.run([variable.initializer for variable, _ in values], fed)
