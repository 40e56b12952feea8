"""The warm-up file of an export."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving import warmup
from easy_esmm.serving.examples import parse_examples
from easy_esmm.serving.warmup import Answered

TEXT = """
data_config {
  input_type: CSVInput with_header: true separator: ","
  input_fields { input_name: "user" }
  input_fields { input_name: "price" input_type: FLOAT }
  input_fields { input_name: "rate" input_type: DOUBLE }
  input_fields { input_name: "tags" }
  input_fields { input_name: "click" input_type: INT32 }
  label_fields: "click"
}
feature_config {
  features { input_names: "user" hash_bucket_size: 9 }
  features { input_names: "price" feature_type: RawFeature }
  features { input_names: "rate" feature_type: RawFeature }
  features { input_names: "tags" feature_type: TagFeature separator: "|" num_buckets: 9 }
}
export_config { auto_multi_value: true user_columns: "user" }
"""
ROWS = {
    "user": np.array([b"u", b"u", b"v"], object),
    "price": np.array([1, 2, np.nan], np.float32),
    "rate": np.array([0.1, 2, 3]),
    "tags": np.array([[1, -1], [2, 3], [-1, -1]]),
}


@pytest.fixture
def config() -> PipelineConfig:
    return text_format.Parse(TEXT, PipelineConfig())


def score(columns: Mapping[str, Any]) -> Dict[str, Any]:
    """What tells which user was asked about, and the digits of the rate."""
    is_first = np.asarray(columns["user"]) == b"u"
    return {"y": is_first.astype(np.float32), "rate": np.asarray(columns["rate"])}


def requests(config: PipelineConfig) -> List[Answered]:
    signatures = ("serving_default", "examples", "rank")
    return list(warmup.requests(config, ROWS, signatures, score))


def test_each_signature_is_asked_with_1_100_and_500_rows(config: PipelineConfig) -> None:
    found = [
        (r.signature, {key: len(values) for key, values in r.inputs.items()}, len(r.answers["y"]))
        for r in requests(config)
    ]
    expected: Any = []
    for rows in (1, 100, 500):
        alike = dict.fromkeys(("user", "price", "rate", "tags"), rows)
        expected.append(("serving_default", alike, rows))
        expected.append(("examples", {"examples": rows}, rows))
        expected.append(("rank", {**alike, "user": 1}, rows))
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_few_rows_are_repeated(config: PipelineConfig) -> None:
    hundred = requests(config)[1]
    assert hundred.inputs["user"][:4].tolist() == [b"u", b"u", b"v", b"u"]
    assert hundred.inputs["tags"][:4].tolist() == [[1, -1], [2, 3], [-1, -1], [1, -1]]
    assert hundred.answers["y"][:4].tolist() == [1, 1, 0, 1]


def test_rank_asks_about_the_user_of_the_first_row(config: PipelineConfig) -> None:
    asked = requests(config)[7]
    assert (asked.signature, asked.inputs["user"].tolist()) == ("rank", [b"u"])
    assert asked.inputs["price"][:2].tolist() == [1, 2]
    assert asked.answers["y"].tolist() == [1] * 100


def test_examples_hold_what_the_rows_hold(config: PipelineConfig) -> None:
    asked = requests(config)[3]
    assert (asked.signature, asked.answers["y"].tolist()) == ("examples", [1])
    parsed = parse_examples(config, tf.constant(requests(config)[4].inputs["examples"]))
    found = getattr(parsed, "inputs", parsed)
    assert found["tags"].numpy()[:3].tolist() == [[1, -1], [2, 3], [-1, -1]]
    assert found["user"].numpy()[:3].tolist() == [b"u", b"u", b"v"]


def test_a_model_of_a_fixed_number_of_rows_is_asked_with_that_number(
    config: PipelineConfig,
) -> None:
    config.export_config.batch_size = 2
    (asked,) = warmup.requests(config, ROWS, ["serving_default"], score)
    assert asked.inputs["user"].tolist() == [b"u", b"u"]


def test_what_is_written_is_read_again_to_the_last_bit(
    config: PipelineConfig, tmp_path: Path
) -> None:
    written = requests(config)
    warmup.write(str(tmp_path), written)
    read = warmup.read(str(tmp_path))
    assert [r.signature for r in read] == [r.signature for r in written]
    for one, other in zip(read, written):
        for found, wanted in ((one.inputs, other.inputs), (one.answers, other.answers)):
            assert sorted(found) == sorted(wanted)
            for key in wanted:
                np.testing.assert_array_equal(found[key], wanted[key])
                assert found[key].dtype == wanted[key].dtype


def test_the_servers_own_messages_read_the_file(config: PipelineConfig, tmp_path: Path) -> None:
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    warmup.write(str(tmp_path), requests(config))
    path = tmp_path / "assets.extra" / "tf_serving_warmup_requests"
    read = [logs.PredictionLog.FromString(r) for r in v1.io.tf_record_iterator(str(path))]
    assert [log.WhichOneof("log_type") for log in read] == ["predict_log"] * 9
    asked = read[6].predict_log.request
    assert asked.model_spec.signature_name == "rank"
    assert sorted(asked.inputs) == ["price", "rate", "tags", "user"]
    assert tf.make_ndarray(asked.inputs["user"]).tolist() == [b"u"]
    assert tf.make_ndarray(asked.inputs["tags"]).tolist() == [[1, -1]]
    assert tf.make_ndarray(read[6].predict_log.response.outputs["y"]).tolist() == [1]


def test_no_requests_leave_no_file(tmp_path: Path) -> None:
    warmup.write(str(tmp_path), [])
    assert list(tmp_path.iterdir()) == []
    assert warmup.read(str(tmp_path)) == []


def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    warmup.write(str(tmp_path), [Answered("serving_default", ROWS, {})])
    path = tmp_path / "assets.extra" / "tf_serving_warmup_requests"
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + b"?" + whole[41:])
    with pytest.raises(
        UserError, match=r"warmup_requests: is no warm-up file .*: record 1: its da"
    ):
        warmup.read(str(tmp_path))
    path.write_bytes(whole[:-1])
    with pytest.raises(UserError, match=r"warmup_requests: is no warm-up file .*: record 1: the f"):
        warmup.read(str(tmp_path))
