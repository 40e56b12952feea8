"""What a REST server may say, and what the client makes of it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np
import pytest

from easy_esmm.serving import Client, RequestError

FLOAT, TEXT, LONG = "DT_FLOAT", "DT_STRING", "DT_INT64"


def tensors(**kinds: str) -> Dict[str, Any]:
    shape = {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    return {name: {"dtype": kind, "tensor_shape": shape} for name, kind in kinds.items()}


def metadata(**outputs: str) -> Dict[str, Any]:
    signature = {
        "inputs": tensors(id=LONG, name=TEXT, price=FLOAT),
        "outputs": tensors(**outputs),
        "method_name": "tensorflow/serving/predict",
    }
    more = {"inputs": tensors(x="DT_UINT8"), "outputs": tensors(y=FLOAT)}
    by_name = {"serving_default": signature, "of_another_type": more}
    return {"metadata": {"signature_def": {"signature_def": by_name}}}


class Stub:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.outputs: Dict[str, str] = {"y": FLOAT}
        self.answers: List[Tuple[int, Any, Dict[str, str]]] = []
        self.asked: List[Tuple[str, Any, Any]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.say(200, metadata(**stub.outputs), {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.asked.append((self.path, body, self.headers))
                self.say(*stub.answers.pop(0))

            def say(self, status: int, answer: Any, headers: Dict[str, str]) -> None:
                raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(raw))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("localhost", 0), Handler)
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        self.address = f"http://localhost:{self.server.server_address[1]}/prefix/"


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.server.shutdown()
    made.server.server_close()


ROWS = [
    {"id": 4611686018427387905, "name": "ü", "price": 0.1},
    {"id": None, "name": b"\xff", "price": None},
]
OK: Dict[str, str] = {}


def test_a_request_keeps_every_digit_and_every_byte(stub: Stub) -> None:
    stub.answers = [(200, {"outputs": [0.25, 1]}, OK)]
    with Client(stub.address, model="a/b", label="x y", headers={"X-Token": "t"}) as client:
        found = client.predict(ROWS)
    ((path, body, headers),) = stub.asked
    assert path == "/prefix/v1/models/a%2Fb/labels/x%20y:predict"
    assert headers["X-Token"] == "t"
    sent = json.loads(body)
    assert sent["signature_name"] == "serving_default"
    assert sent["inputs"]["id"] == [4611686018427387905, -(2**63)]
    assert sent["inputs"]["name"] == ["ü", {"b64": "/w=="}]
    assert sent["inputs"]["price"][0] == float(np.float32(0.1))
    assert np.isnan(sent["inputs"]["price"][1])
    assert b"NaN" in body
    np.testing.assert_array_equal(found["y"], np.float32([0.25, 1]))


def test_whole_floats_are_written_with_a_point(stub: Stub) -> None:
    """The server refuses whole numbers beyond 2^24 where a float is wanted."""
    stub.answers = [(200, {"outputs": [0.5]}, OK)]
    with Client(stub.address) as client:
        client.predict([{"id": 1, "name": "", "price": 2.0**25}])
    assert b"[33554432.0]" in stub.asked[0][1]


def test_answers_of_every_type_are_read(stub: Stub) -> None:
    stub.outputs = {"f": FLOAT, "i": LONG, "t": TEXT}
    body = (
        b'{"outputs": {"f": [NaN, Infinity], "i": [4611686018427387905, 1], '
        b'"t": ["a", {"b64": "/w=="}]}}'
    )
    stub.answers = [(200, body, OK)]
    with Client(stub.address) as client:
        found = client.predict(ROWS)
    np.testing.assert_array_equal(found["f"], np.float32([np.nan, np.inf]))
    assert found["i"].tolist() == [4611686018427387905, 1]
    assert found["t"].tolist() == [b"a", b"\xff"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_after_the_time_that_it_wants(stub: Stub, status: int) -> None:
    stub.answers = [
        (status, {"error": "busy"}, {"Retry-After": "0"}),
        (200, {"outputs": [0.5, 0.5]}, OK),
    ]
    with Client(stub.address) as client:
        assert client.predict(ROWS)["y"].tolist() == [0.5, 0.5]
    stub.answers = [(status, {"error": "busy"}, {"Retry-After": "60"})]
    with Client(stub.address) as client, pytest.raises(RequestError, match="busy"):
        client.predict(ROWS)
    assert stub.answers == []


@pytest.mark.parametrize(
    ("status", "answer", "code", "message"),
    [
        (400, {"error": "bad tags"}, "INVALID_ARGUMENT", r"bad tags \(HTTP status 400\)"),
        (504, {"error": "slow"}, "DEADLINE_EXCEEDED", "slow"),
        (500, b"<html>oops</html>", "UNKNOWN", r"'<html>oops</html>' \(HTTP status 500\)"),
        (302, b"", "UNKNOWN", "HTTP status 302"),
        (200, b"<html>", "INTERNAL", "no JSON object: '<html>'"),
        (200, {"outputs": ["a", 1]}, "INTERNAL", "an answer that cannot be read: values that are"),
        (200, {"outputs": [0.5, None]}, "INTERNAL", "an answer that cannot be read"),
        (200, {"predictions": [1, 2]}, "INTERNAL", "an answer that cannot be read"),
        (200, {"outputs": [0.5]}, "INTERNAL", r"2 rows asked, y \[1\] given"),
        (200, {"outputs": [[0.5], [0.5]]}, "INTERNAL", r"2 rows asked, y \[2, 1\] given"),
    ],
)
def test_what_is_no_answer_is_told_and_not_asked_again(
    stub: Stub, status: int, answer: Any, code: str, message: str
) -> None:
    stub.answers = [(status, answer, OK)]
    with Client(stub.address) as client, pytest.raises(RequestError, match=message) as caught:
        client.predict(ROWS)
    assert caught.value.code == code
    assert len(stub.asked) == 1


def test_a_signature_of_types_that_are_not_ours_is_left_out(stub: Stub) -> None:
    with Client(stub.address) as client:
        assert list(client.signatures()) == ["serving_default"]


def answering(*pieces: bytes) -> Iterator[Tuple[str, List[int]]]:
    """The address of a server that says these, then ends the connection; how often it was asked."""
    asked: List[int] = []
    told = json.dumps(metadata(y=FLOAT)).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(1)
            for piece in pieces:
                self.wfile.write(piece)
                ended.wait(0.03 if len(pieces) > 1 else 0)

        def log_message(self, *_: Any) -> None:
            pass

    ended = threading.Event()
    server = ThreadingHTTPServer(("localhost", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}", asked
    ended.set()
    server.shutdown()
    server.server_close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    for address, asked in answering(HEAD + b'{"outputs": ['):
        with Client(address, retries=3) as client, pytest.raises(RequestError) as caught:
            client.predict(ROWS)
        assert caught.value.code == "UNAVAILABLE"
        assert len(asked) > 1  # a connection that is not taken counts as a try, too


def test_an_answer_that_trickles_has_no_longer_than_the_deadline() -> None:
    for address, asked in answering(HEAD, *[b" " * 50] * 180):
        with Client(address, deadline=1.0) as client, pytest.raises(RequestError) as caught:
            client.predict(ROWS)
        assert caught.value.code == "DEADLINE_EXCEEDED"
        assert len(asked) == 1
