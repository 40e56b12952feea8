"""A value that cannot be read costs a row that value, and other rows nothing."""

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
from easy_esmm.serving.names import DEFAULT, EXAMPLES, UNREADABLE
from easy_esmm.serving.signature import LONGEST_LIST, LONGEST_TEXT
from tests.serving.test_examples import example

TEXT = """
train_input_path: "x.csv" model_dir: "x"
train_config {
  num_steps: 1
  optimizer_config { adam_optimizer { learning_rate { constant_learning_rate {} } } }
}
data_config {
  label_fields: ["click", "buy"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "user" input_type: INT64 }
  input_fields { input_name: "price" input_type: FLOAT }
  input_fields { input_name: "age" input_type: INT32 }
  input_fields { input_name: "size" }
  input_fields { input_name: "tags" }
  input_fields { input_name: "items" }
  input_fields { input_name: "times" }
  input_fields { input_name: "item" }
}
feature_config {
  features { input_names: "user" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 50 }
  features { input_names: "price" feature_type: RawFeature }
  features { input_names: "age" feature_type: IdFeature embedding_dim: 4 num_buckets: 50 }
  features { input_names: "size" feature_type: RawFeature }
  features { input_names: "tags" feature_type: TagFeature embedding_dim: 4 hash_bucket_size: 50
             kv_separator: ":" }
  features { input_names: "item" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 50
             embedding_name: "item" }
  features { input_names: "items" feature_type: SequenceFeature embedding_dim: 4
             hash_bucket_size: 50 embedding_name: "item" separator: ";" }
  features { input_names: "times" feature_type: SequenceFeature embedding_dim: 4 num_buckets: 50
             separator: ";" }
}
model_config {
  model_class: "ESMM"
  feature_groups {
    group_name: "all" feature_names: ["user", "price", "age", "size", "tags", "item"]
    sequence_features {
      group_name: "seen" seq_att_map { key: "item" hist_seq: "items" aux_hist_seq: "times" }
    }
  }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8] use_bn: false } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8] use_bn: false } }
  }
}
export_config { %s }
"""
GOOD: Dict[str, Any] = {
    "user": 7,
    "price": 2.5,
    "age": 30,
    "size": "1.5",
    "tags": "1:2|17:3",
    "items": "a;b",
    "times": "3;4",
    "item": "a",
}
DTYPES = {"user": np.int64, "price": np.float32, "age": np.int32}
LOWEST = {"user": -(2**63), "age": -(2**31)}


class Served:
    """The signatures of an untrained model."""

    def __init__(self, folder: Path, export: str = "") -> None:
        (folder / "x.config").write_text(TEXT % export)
        self.config: PipelineConfig = configs.load(str(folder / "x.config")).config
        self._serving = ServingGraph(self.config)
        with self._serving.graph.as_default():
            self._session = v1.Session()
            self._session.run([v1.global_variables_initializer(), v1.tables_initializer()])

    def __call__(self, inputs: Dict[str, Any], signature: str = DEFAULT) -> Dict[str, Any]:
        served = self._serving.signatures[signature]
        feed = {served.inputs[name]: values for name, values in inputs.items()}
        found: Dict[str, Any] = self._session.run(dict(served.outputs), feed)
        return found

    def of_rows(self, *rows: Dict[str, Any]) -> Dict[str, Any]:
        """The answers to rows, each `GOOD` with these changes."""
        full = [{**GOOD, **row} for row in rows]
        return self({n: np.array([r[n] for r in full], DTYPES.get(n, object)) for n in GOOD})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return Served(tmp_path_factory.mktemp("served"))


@pytest.mark.parametrize(
    ("bad", "as_if", "count"),
    [
        ({"tags": "17:much"}, {"tags": ""}, 1),
        ({"tags": "1:2|17:nan|17:inf|17:3"}, {}, 2),
        ({"size": "much"}, {"size": ""}, 1),
        ({"size": "1e400"}, {"size": ""}, 1),
        ({"price": np.inf}, {"price": np.nan}, 1),
        ({"times": "3;x"}, {"times": "3;"}, 1),
        ({"times": "3"}, {"times": "", "items": ""}, 1),
        ({"times": "3;4;5;6", "size": "x"}, {"times": "", "items": "", "size": ""}, 2),
        (
            {"user": LOWEST["user"], "price": np.nan, "tags": ""},
            {"user": LOWEST["user"], "price": np.nan, "tags": ""},
            0,
        ),
    ],
)
def test_a_bad_value_is_missing_in_its_row_and_counted_there(
    served: Served, bad: Dict[str, Any], as_if: Dict[str, Any], count: int
) -> None:
    found = served.of_rows({}, bad, {"item": "b"})
    expected = served.of_rows({}, as_if, {"item": "b"})
    assert found.pop(UNREADABLE).tolist() == [0, count, 0]
    assert expected.pop(UNREADABLE).tolist() == [0, 0, 0]
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, name)
        assert np.isfinite(values).all()
    alone = served.of_rows({}, {"item": "b"})
    for name, values in expected.items():
        np.testing.assert_allclose(values[[0, 2]], alone[name], rtol=1e-6)


def test_no_row_gives_no_answer(served: Served) -> None:
    found = served({n: np.array([], DTYPES.get(n, object)) for n in GOOD})
    assert {values.shape for values in found.values()} == {(0,)}


def test_a_text_that_is_too_long_is_refused_by_the_name_of_its_input(served: Served) -> None:
    served.of_rows({"item": "x" * LONGEST_TEXT})
    rule = f"input item: a text must have at most {LONGEST_TEXT} bytes"
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        served.of_rows({"item": "x" * (LONGEST_TEXT + 1)})


def test_a_list_that_is_too_long_is_refused_by_the_name_of_its_input(tmp_path: Path) -> None:
    served = Served(tmp_path, "auto_multi_value: true")
    rows: Dict[str, Any] = {n: np.array([v], DTYPES.get(n, object)) for n, v in GOOD.items()}
    rows["items"] = np.array([["a", "b"]], object)
    rows["times"] = np.array([[3, 4]])
    rows["tags"] = np.full([1, LONGEST_LIST], "1:2", object)
    assert served(rows)[UNREADABLE].tolist() == [0]
    rows["tags"] = np.full([1, LONGEST_LIST + 1], "1:2", object)
    rule = f"input tags: a row must have at most {LONGEST_LIST} values"
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        served(rows)


def test_examples_are_answered_as_the_tensors_of_the_same_rows(served: Served) -> None:
    texts = {n: [v.encode()] for n, v in GOOD.items() if isinstance(v, str)}
    numbers = {"user": [7], "price": [2.5], "age": [30]}
    bad = {**texts, **numbers, "tags": [b"17:much", b"1:2"]}
    found = served({EXAMPLES: [example(**texts, **numbers), example(**bad), example()]}, EXAMPLES)
    missing = {"size": "", "tags": "", "items": "", "times": "", "item": "", "price": np.nan}
    expected = served.of_rows({}, {"tags": "1:2"}, {**missing, **LOWEST})
    assert found.pop(UNREADABLE).tolist() == [0, 1, 0]
    for name, values in found.items():
        np.testing.assert_array_equal(values, expected[name], name)


def test_a_cell_of_a_joined_row_that_is_not_of_its_type_is_missing(tmp_path: Path) -> None:
    served = Served(tmp_path, "multi_placeholder: false")
    rows = [
        "7,2.5,30,1.5,1:2|17:3,a;b,3;4,a",
        "x,y,2147483648,z,17:much,a;b,3;4,a",
        "99999999999999999999,1e400,,,,a;b,3;4,a",
        ",,,,,a;b,3;4,a",
        "-9223372036854775807,2.5,30,1.5,1:2|17:3,a;b,3;4,a",
    ]
    found = served({"features": np.array(rows, object)})
    assert found[UNREADABLE].tolist() == [0, 5, 2, 0, 0]
    for name in ("probs_ctr", "probs_cvr", "probs_ctcvr"):
        assert found[name][1] == found[name][2] == found[name][3]
        assert found[name][0] != found[name][4]
