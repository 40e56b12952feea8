"""The network of a config: from the columns of a batch to the model's outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

from easy_esmm import models
from easy_esmm.calibration.apply import calibrated
from easy_esmm.calibration.calibration import Calibration
from easy_esmm.contract import Group, Outputs, Tasks, Tensor
from easy_esmm.estimator.input_dropout import InputDropout
from easy_esmm.features import Embedded, UnreadableValues, embed
from easy_esmm.layers.dense import PRODUCT_DTYPES
from easy_esmm.models.model import Model
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


@dataclass(frozen=True, eq=False)
class Batch:
    """What the network makes of a batch of rows."""

    columns: Mapping[str, Tensor]
    """The input columns, as they were given."""
    embedded: Embedded
    groups: Mapping[str, Group]
    """What the model read: the features, with the outputs of attentions."""
    own_outputs: Outputs
    """The model's, which its losses are of."""
    outputs: Outputs
    """The answers: calibrated where there is a calibration, else the model's own."""


class Network:
    """The layers of a model; its variables are created by the first batch.

    One for each graph. In a graph that does not train it may be called for several batches, which
    share the variables.
    """

    def __init__(
        self,
        config: PipelineConfig,
        tasks: Tasks,
        calibration: Optional[Calibration] = None,
        servers: int = 0,
    ) -> None:
        """`config`: resolved; `tasks` and `calibration`: of its model; `servers` as for `embed`."""
        self._servers = servers
        self._config = config
        self._tasks = tasks
        self._calibration = calibration
        product_dtype = PRODUCT_DTYPES[config.train_config.compute_dtype]
        self.model: Model = models.build(config.model_config, tasks, product_dtype)
        self.dropout = InputDropout(config.model_config)

    def __call__(
        self,
        columns: Mapping[str, Tensor],
        training: bool,
        unreadable: Optional[UnreadableValues] = None,
    ) -> Batch:
        """The outputs for rows, by input column [batch] or ragged, as the input delivers them.

        `unreadable` is as for `embed`.
        """
        embedded = embed(self._config, columns, unreadable, self._servers)
        weakened = self.dropout.apply(embedded.groups, training)
        groups = self.model.attended(weakened, training)
        own = outputs = self.model.outputs(groups, training)
        if self._calibration is not None:
            outputs = calibrated(own, self._tasks, self._calibration, embedded.columns)
        return Batch(columns, embedded, groups, own, outputs)
