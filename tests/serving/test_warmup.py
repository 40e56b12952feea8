"""The warm-up file of an export."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping

import numpy as np
import pytest

from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.serving import warmup
from easy_esmm.serving.warmup import Answered

ROWS = {
    "user": np.array([b"u", b"u", b"v"], object),
    "price": np.array([1, 2, 3], np.float32),
    "tags": np.array([[1, -1], [2, 3], [4, -1]]),
}


def score(columns: Mapping[str, Any]) -> Dict[str, Any]:
    return {"probs_ctr": np.asarray(columns["price"]) / np.float32(10)}


def of_one_user(columns: Mapping[str, Any]) -> Dict[str, Any]:
    return {**columns, "user": columns["user"][:1]}


def requests() -> Any:
    forms = {"serving_default": lambda columns: columns, "rank": of_one_user}
    return list(warmup.with_answers(ROWS, score, forms))


def test_each_signature_is_asked_with_1_100_and_500_rows_and_few_rows_are_repeated() -> None:
    found = [(r.signature, len(r.inputs["price"]), len(r.inputs["user"])) for r in requests()]
    assert found == [
        ("serving_default", 1, 1),
        ("serving_default", 100, 100),
        ("serving_default", 500, 500),
        ("rank", 1, 1),
        ("rank", 100, 1),
        ("rank", 500, 1),
    ]
    hundred = requests()[1]
    assert hundred.inputs["user"][:4].tolist() == [b"u", b"u", b"v", b"u"]
    assert hundred.inputs["tags"][:4].tolist() == [[1, -1], [2, 3], [4, -1], [1, -1]]
    assert hundred.answers["probs_ctr"][:4].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.1])


def test_what_is_written_is_read_again_to_the_last_bit(tmp_path: Path) -> None:
    written = requests()
    warmup.write(str(tmp_path), written)
    read = warmup.read(str(tmp_path))
    assert [r.signature for r in read] == [r.signature for r in written]
    for one, other in zip(read, written):
        for found, wanted in ((one.inputs, other.inputs), (one.answers, other.answers)):
            assert sorted(found) == sorted(wanted)
            for key in wanted:
                np.testing.assert_array_equal(found[key], wanted[key])
                assert found[key].dtype == wanted[key].dtype


def test_the_servers_own_messages_read_the_file(tmp_path: Path) -> None:
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    import tensorflow as tf

    warmup.write(str(tmp_path), requests())
    path = tmp_path / "assets.extra" / "tf_serving_warmup_requests"
    read = [logs.PredictionLog.FromString(r) for r in v1.io.tf_record_iterator(str(path))]
    assert [log.WhichOneof("log_type") for log in read] == ["predict_log"] * 6
    asked = read[3].predict_log.request
    assert asked.model_spec.signature_name == "rank"
    assert sorted(asked.inputs) == ["price", "tags", "user"]
    assert tf.make_ndarray(asked.inputs["user"]).tolist() == [b"u"]
    assert tf.make_ndarray(asked.inputs["tags"]).tolist() == [[1, -1]]
    answers = read[3].predict_log.response.outputs
    assert tf.make_ndarray(answers["probs_ctr"]).tolist() == pytest.approx([0.1])


def test_no_requests_leave_no_file(tmp_path: Path) -> None:
    warmup.write(str(tmp_path), [])
    assert list(tmp_path.iterdir()) == []
    assert warmup.read(str(tmp_path)) == []


def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    request = Answered("serving_default", ROWS, {})
    warmup.write(str(tmp_path), [request])
    path = tmp_path / "assets.extra" / "tf_serving_warmup_requests"
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + b"?" + whole[41:])
    with pytest.raises(UserError, match=r"tf_serving_warmup_requests: is no warm-up file"):
        warmup.read(str(tmp_path))
    path.write_bytes(whole[:-1])
    with pytest.raises(UserError, match=r"tf_serving_warmup_requests: is no warm-up file"):
        warmup.read(str(tmp_path))
