"""The graph of an exported model: all its signatures over one set of variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Sequence

import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.calibration.calibration import Calibration
from easy_esmm.checkpoints import restoring
from easy_esmm.compat import unregister_gradients, v1
from easy_esmm.config.serving_columns import user_columns
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Tensor
from easy_esmm.data.users_apart import with_users_apart
from easy_esmm.estimator.network import Network
from easy_esmm.features import UnreadableValues
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.names import DEFAULT, EXAMPLES, RANK, UNREADABLE
from easy_esmm.serving.rank import receive_ranking
from easy_esmm.serving.signature import receive_requests


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
    the same network. `rank` takes a single user beside the items, where the config says which
    columns are the user's.
    """

    def __init__(
        self,
        config: PipelineConfig,
        sources: Optional[Mapping[str, str]] = None,
        calibration: Optional[Calibration] = None,
    ) -> None:
        """`config` is resolved; `sources` as for `restoring.saver`; `calibration`: to apply."""
        self.graph = tf.Graph()
        self.user_of_item: Optional[Tensor] = None
        """int32 [items], zeros, where there is `rank`: the user of each item."""
        users = user_columns(config)
        config = with_users_apart(config, users) if users else config
        # (Custom gradients, which nobody asks for here, would hold the graph for ever.)
        with unregister_gradients(), self.graph.as_default():
            network = Network(config, task_specs(config.model_config), calibration)
            requests = receive_requests(config)
            self.signatures: Dict[str, Signature] = {
                DEFAULT: Signature(
                    requests.inputs, _answers(network, requests.columns, requests.unreadable)
                )
            }
            if requests.examples is not None:
                outputs = self.signatures[DEFAULT].outputs
                self.signatures[EXAMPLES] = Signature({EXAMPLES: requests.examples}, outputs)
            if users:
                ranking = receive_ranking(config)
                self.signatures[RANK] = Signature(
                    ranking.inputs, _answers(network, ranking.columns)
                )
                self.user_of_item = ranking.index
            self.saver = restoring.saver(config.train_config, sources or {})

    def answer(self, session: Any, asked: Mapping[str, NDArray[Any]]) -> Dict[str, NDArray[Any]]:
        """The outputs for a request to `serving_default`, by a session of `restored`."""
        signature = self.signatures[DEFAULT]
        feed = {signature.inputs[key]: values for key, values in asked.items()}
        found: Dict[str, NDArray[Any]] = session.run(dict(signature.outputs), feed)
        return found

    def restored(self, checkpoint: str) -> Any:
        """A new session with the checkpoint's values."""
        with self.graph.as_default():
            session = v1.Session(graph=self.graph, config=for_few_calls())
            self.saver.restore(session, checkpoint)
            session.run(v1.tables_initializer())
        return session


def for_few_calls() -> Any:
    """Settings of a session that is called a few times: its graph is run as it is.

    To optimise a graph at the first call of each signature takes longer than all these calls.
    """
    settings = v1.ConfigProto()
    settings.graph_options.rewrite_options.disable_meta_optimizer = True
    return settings


def _answers(
    network: Network, columns: Mapping[str, Tensor], unreadable: Sequence[Tensor] = ()
) -> Dict[str, Tensor]:
    """What a signature gives for the columns; `unreadable` is of `Requests`."""
    values = UnreadableValues()
    outputs = dict(network(columns, training=False, unreadable=values).outputs.served)
    rows = tf.shape(next(iter(outputs.values())))[0]
    return {**outputs, UNREADABLE: tf.add_n([values.count(rows), *unreadable])}
