"""The local server over HTTP, with an exported model."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np
import pandas as pd
import pytest

from easy_esmm.serving.local.http import Server
from easy_esmm.serving.local.loaded import LoadedModel
from easy_esmm.serving.local.models import Models
from easy_esmm.serving.local.routes import Routes
from tests.serving.conftest import USER

PATH = "/v1/models/model"
ROW = {**USER, "item": "i1", "price": 2.5, "rate": 0.5, "tags": "t1;t2", "weights": "1;0.5"}
SCORES = ["logits_ctr", "logits_cvr", "probs_ctcvr", "probs_ctr", "probs_cvr"]
OUTPUTS = [*SCORES, "unreadable_values"]


@pytest.fixture(scope="module")
def models(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Models[LoadedModel]:
    """Version 1 of a folder of its own; the label `canary` has no version yet."""
    folder = tmp_path_factory.mktemp("versions")
    shutil.copytree(exported, folder / "1")
    loaded = Models(str(folder), {"stable": 1, "canary": 2}, LoadedModel)
    loaded.refresh()
    return loaded


@pytest.fixture(scope="module")
def port(models: Models[LoadedModel]) -> Iterator[int]:
    server = Server(("localhost", 0), Routes("model", models), largest_body=100_000)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()
    assert server.wait_until_idle(10)
    models.close()


def ask(
    port: int, path: str, body: Any = None, headers: Optional[Dict[str, str]] = None
) -> Tuple[int, Any]:
    """(status, JSON) of a GET, or of a POST where there is a body."""
    raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"http://localhost:{port}{path}", raw, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            assert response.headers["Content-Type"] == "application/json"
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_the_state_of_versions_is_that_of_tensorflow_serving(port: int) -> None:
    expected = {
        "model_version_status": [
            {
                "version": "1",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    for path in (PATH, f"{PATH}/versions/1", f"{PATH}/labels/stable"):
        assert ask(port, path) == (200, expected)


def test_metadata_tells_types_and_shapes(port: int) -> None:
    status, found = ask(port, f"{PATH}/metadata")
    assert status == 200
    assert found["model_spec"] == {"name": "model", "signature_name": "", "version": "1"}
    signature = found["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    user = signature["inputs"]["user"]
    assert user["dtype"] == "DT_INT64"
    assert user["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    assert sorted(signature["outputs"]) == OUTPUTS


@pytest.mark.parametrize("which", ["", "/versions/1", "/labels/stable"])
def test_rows_and_columns_have_the_same_scores(port: int, which: str) -> None:
    other = {**ROW, "item": "i2", "price": float("nan")}
    status, by_row = ask(port, f"{PATH}{which}:predict", {"instances": [ROW, other]})
    assert status == 200, by_row
    columns = {name: [ROW[name], other[name]] for name in ROW}
    _, by_column = ask(
        port, f"{PATH}{which}:predict", {"signature_name": "serving_default", "inputs": columns}
    )
    assert sorted(by_column["outputs"]) == OUTPUTS
    assert [list(row) for row in by_row["predictions"]] == [OUTPUTS] * 2
    for name in OUTPUTS:
        assert [row[name] for row in by_row["predictions"]] == by_column["outputs"][name]
    assert by_column["outputs"]["probs_ctr"][0] != by_column["outputs"]["probs_ctr"][1]


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/v1/models/half:predict", {"instances": [1]}, 404,
         "Servable not found for request: Latest(half)"),
        ("/v1/models/half", None, 404, "Servable not found for request: Latest(half)"),
        (f"{PATH}/versions/9:predict", {}, 404,
         "Servable not found for request: Specific(model, 9)"),
        (f"{PATH}/versions/9", None, 404, "Could not find any versions of model model"),
        (f"{PATH}/versions/{10**19}", None, 400, f"Failed to convert version: {10**19} to num"),
        (f"{PATH}/labels/x:predict", {}, 400, "Unrecognized servable version label: x"),
        (f"{PATH}/labels/canary:predict", {}, 404,
         "Servable not found for request: Specific(model, 2)"),
        ("/", None, 400, "Malformed request: GET /"),
        (PATH, {}, 400, f"Malformed request: POST {PATH}"),
        (f"{PATH}:predict", {"instances": [ROW], "signature_name": "x"}, 400,
         'Serving signature name: "x" not found in signature def'),
        (f"{PATH}:predict", b"{", 400, "JSON Parse error: "),
        (f"{PATH}:regress", {}, 400, "regress: the model has no such signature; use predict"),
        (f"{PATH}:predict", b" " * 200_000, 413, "a body may have 100,000 bytes, got 200000"),
    ],
)  # fmt: skip
def test_errors_are_json_with_the_status_of_tensorflow_serving(
    port: int, path: str, body: Any, status: int, message: str
) -> None:
    found, answer = ask(port, path, body)
    assert (found, list(answer)) == (status, ["error"])
    assert answer["error"].startswith(message)


def test_rows_of_several_sizes_are_told_without_places_in_the_graph(port: int) -> None:
    columns = {name: [value, value] for name, value in ROW.items()}
    columns["price"] = [1.0]
    status, answer = ask(port, f"{PATH}:predict", {"inputs": columns})
    assert status == 400, answer
    assert "{{node" not in answer["error"]
    assert "Traceback" not in answer["error"]


def raw(port: int, text: str) -> http.client.HTTPResponse:
    """The answer to a request as it is written."""
    with socket.create_connection(("localhost", port), timeout=20) as connection:
        connection.sendall(text.encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        json.loads(response.read())
        return response


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (f"POST {PATH}:predict HTTP/1.1\r\n\r\n", 411),
        (f"POST {PATH}:predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (f"POST {PATH}:predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (f"POST {PATH}:predict HTTP/1.1\r\nContent-Length: {'9' * 30}\r\n\r\n", 413),
        (f"POST {PATH}:predict HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\n", 400),
        (f"GET {PATH} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /", 200),
        (
            f"POST {PATH}:predict HTTP/1.1\r\nContent-Length: 1\r\nContent-Encoding: gzip\r\n\r\n",
            415,
        ),
        (f"DELETE {PATH} HTTP/1.1\r\n\r\n", 501),
        ("nonsense\r\n\r\n", 400),
        (f"GET /{'x' * 70_000} HTTP/1.1\r\n\r\n", 414),
    ],
)
def test_what_is_no_request_of_ours_is_answered_in_json_and_the_connection_closed(
    port: int, text: str, status: int
) -> None:
    response = raw(port, text)
    assert response.status == status
    assert response.headers["Connection"] == "close"


@pytest.mark.parametrize(
    "body",
    [
        '{"instances": [{"HALF": 1}]}',
        '{"signature_name": "HALF", "instances": [{}]}',
        json.dumps({"instances": [{**ROW, "item": "HALF"}]}),
        json.dumps({"instances": [{**ROW, "price": "HALF"}]}),
    ],
)
def test_half_of_a_surrogate_pair_is_refused_in_json(port: int, body: str) -> None:
    status, answer = ask(port, f"{PATH}:predict", body.replace("HALF", "\\ud800").encode())
    assert status == 400
    assert answer["error"]


def test_a_connection_stays_open_for_more_requests(port: int) -> None:
    connection = http.client.HTTPConnection("localhost", port, timeout=20)
    body = json.dumps({"instances": [ROW]})
    for _ in range(3):
        connection.request("POST", f"{PATH}:predict", body)
        response = connection.getresponse()
        assert response.status == 200
        response.read()
        sock = connection.sock
        assert sock is not None
    connection.close()


def test_no_request_is_dropped_while_a_newer_version_takes_over(
    port: int, models: Models[LoadedModel], exported: Path, tmp_path: Path
) -> None:
    folder = Path(models._folder)
    is_done = threading.Event()

    def keep_asking(_: int) -> int:
        count = 0
        while not is_done.is_set() or count < 3:
            status, answer = ask(port, f"{PATH}:predict", {"instances": [ROW]})
            assert status == 200, answer
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(keep_asking, number) for number in range(4)]
        try:
            shutil.copytree(exported, folder / "3.unfinished-1")
            (folder / "3.unfinished-1").rename(folder / "3")
            models.refresh()
            shutil.rmtree(folder / "3")
            models.refresh()
        finally:
            is_done.set()
        assert all(future.result(30) >= 3 for future in asking)
    assert ask(port, f"{PATH}/metadata")[1]["model_spec"]["version"] == "1"


def test_scores_are_those_of_predict(port: int, expected: pd.DataFrame) -> None:
    """By hand, as any client would ask; the first row of `log()`."""
    row = {"user": 4611686018427387905, "age": 0, "vip": True, "city": "city 0", "item": "i0",
           "price": 0.1, "rate": 1.0, "tags": "", "weights": ""}  # fmt: skip
    _, answer = ask(port, f"{PATH}:predict", {"instances": [row]})
    for name in SCORES:
        found = answer["predictions"][0][name]
        np.testing.assert_allclose(found, expected[name].iloc[0], rtol=2e-6, err_msg=name)
