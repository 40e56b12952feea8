"""The graph of an exported model: all its signatures over one set of variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping

import tensorflow as tf

from easy_esmm.checkpoints import restoring
from easy_esmm.compat import v1
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Tensor
from easy_esmm.estimator.network import Network
from easy_esmm.features import UnreadableValues
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.signature import receive_requests

DEFAULT = v1.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
EXAMPLES = "examples"
UNREADABLE = "unreadable_values"
"""Output, int32 [batch]: values of each row that could not be read, and count as missing."""


@dataclass(frozen=True, eq=False)
class Signature:
    """One way to call the model."""

    inputs: Mapping[str, Tensor]
    """By key."""
    outputs: Mapping[str, Tensor]
    """By key, [batch]."""


class ServingGraph:
    """Computes as `predict` does, from requests.

    `serving_default` takes a tensor for each column, `examples` serialised tf.Examples; both feed
    the same network.
    """

    def __init__(self, config: PipelineConfig) -> None:
        """`config`: resolved."""
        self._config = config
        self.graph = tf.Graph()
        with self.graph.as_default():
            network = Network(config, task_specs(config.model_config))
            requests = receive_requests(config)
            unreadable = UnreadableValues()
            outputs = dict(network(requests.columns, False, unreadable).outputs.served)
            outputs[UNREADABLE] = tf.add_n(
                [unreadable.count(tf.shape(next(iter(outputs.values())))[0]), *requests.unreadable]
            )
        self.signatures: Dict[str, Signature] = {DEFAULT: Signature(requests.inputs, outputs)}
        if requests.examples is not None:
            self.signatures[EXAMPLES] = Signature({EXAMPLES: requests.examples}, outputs)

    def restored(self, checkpoint: str, sources: Mapping[str, str]) -> Any:
        """A new session with the checkpoint's values; `sources` as for `restoring.restore`."""
        with self.graph.as_default():
            session = v1.Session(graph=self.graph)
            restoring.restore(session, checkpoint, self._config.train_config, sources)
            session.run(v1.tables_initializer())
        return session
