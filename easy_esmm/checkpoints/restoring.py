"""Restores a graph that evaluates or predicts: averages as weights, and names of EasyRec."""

from __future__ import annotations

from typing import Any, Mapping

from easy_esmm.compat import v1
from easy_esmm.optimizers import averages
from easy_esmm.protos.train_pb2 import TrainConfig


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
        for variable in self._variables:
            name = self._sources.get(variable.op.name, variable.op.name)
            # One table at a time is in memory twice more.
            if self._uses_averages and checkpoint.has_tensor(f"{name}/{averages.AVERAGE}"):
                variable.load(averages.averaged(checkpoint, name, self._decay), sess)
            elif self._sources:
                variable.load(checkpoint.get_tensor(name), sess)
