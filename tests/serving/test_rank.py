"""The signature `rank` answers as `serving_default` does for rows that repeat the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm.compat import v1
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.graph import ServingGraph
from tests.conformance import table
from tests.serving.serving_graphs import (
    answers,
    of_first_user,
    rows_of,
    serving_graph,
    session_of,
    user_once,
)

ITEMS = 12
CHECKED = "rank/user_once/city"


class Ranking:
    """A sample whose features read columns of both kinds, matrices among them."""

    def __init__(self, folder: Path) -> None:
        loaded = configs.load(str(table.SAMPLES / "esmm_derived_features.config")).config
        self.config = PipelineConfig()
        self.config.CopyFrom(loaded)
        self.rows = rows_of(self.config, folder, ITEMS)
        self.serving: ServingGraph = serving_graph(self.config)
        self.signature = self.serving.signatures["rank"]
        self.session = session_of(self.serving)

    def rank(self, **changed: Any) -> Dict[str, Any]:
        request = {**user_once(self.config, self.rows), **changed}
        return answers(self.session, self.signature, request)


@pytest.fixture(scope="module")
def ranking(tmp_path_factory: pytest.TempPathFactory) -> Ranking:
    return Ranking(tmp_path_factory.mktemp("rows"))


def test_the_user_stands_in_a_request_once_and_items_in_any_number(ranking: Ranking) -> None:
    shapes = {n: t.shape.as_list() for n, t in ranking.signature.inputs.items()}
    default = ranking.serving.signatures["serving_default"]
    assert {n: t.dtype for n, t in default.inputs.items()} == {
        n: t.dtype for n, t in ranking.signature.inputs.items()
    }
    assert (shapes["user"], shapes["interests"]) == ([1], [1, None])
    assert (shapes["item"], shapes["seen"]) == ([None], [None, None])
    assert ranking.signature.outputs.keys() == default.outputs.keys()


def test_answers_are_those_of_rows_that_repeat_the_user(ranking: Ranking) -> None:
    default = ranking.serving.signatures["serving_default"]
    repeated = of_first_user(ranking.config, ranking.rows)
    expected = answers(ranking.session, default, repeated)
    assert np.ptp(expected["logits_cvr"]) > 0.1
    found = ranking.rank()
    for key, values in expected.items():
        np.testing.assert_array_equal(found[key], values, err_msg=key)


def test_no_item_has_no_answer(ranking: Ranking) -> None:
    none = {name: values[:0] for name, values in ranking.rows.items()}
    items = {n: v for n, v in none.items() if ranking.signature.inputs[n].shape[0] != 1}
    assert {values.shape for values in ranking.rank(**items).values()} == {(0,)}


def test_two_users_are_refused(ranking: Ranking) -> None:
    """By the graph: Python looks at the shapes of placeholders, servers do not."""
    graph_def = ranking.serving.graph.as_graph_def()
    city = ranking.signature.inputs["city"]
    (placeholder,) = (node for node in graph_def.node if node.name == city.op.name)
    placeholder.attr["shape"].shape.CopyFrom(tf.TensorShape(None).as_proto())
    with tf.Graph().as_default(), v1.Session() as session:
        tf.import_graph_def(v1.graph_util.extract_sub_graph(graph_def, [CHECKED]), name="")
        one, two = ranking.rows["city"][:1], ranking.rows["city"][:2]
        assert session.run(f"{CHECKED}:0", {city.name: one}).tolist() == one.tolist()
        with pytest.raises(tf.errors.InvalidArgumentError, match=rf"(?s)\[2\].*\[1\].*{CHECKED}"):
            session.run(f"{CHECKED}:0", {city.name: two})


@pytest.mark.parametrize("items", [1, ITEMS - 1])
def test_columns_of_unlike_numbers_of_items_are_refused(ranking: Ranking, items: int) -> None:
    message = r"(?s)must hold a value for each item; values in the columns item, .*price.*:\] \[12 "
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        ranking.rank(price=ranking.rows["price"][:items])


def test_without_columns_of_the_user_there_is_no_such_signature(ranking: Ranking) -> None:
    config = PipelineConfig()
    config.CopyFrom(ranking.config)
    del config.export_config.user_columns[:]
    assert sorted(ServingGraph(config).signatures) == ["examples", "serving_default"]
