"""Carries the routes over HTTP by the standard library's server, a thread for each connection."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional, Tuple

from absl import logging

from easy_esmm.serving.local.errors import Refused
from easy_esmm.serving.local.routes import Routes

LARGEST_BODY = 64 * 2**20
"""Bytes."""
_IDLE_SECONDS = 60


class Server(ThreadingHTTPServer):
    """Answers until `shutdown`."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(
        self, address: Tuple[str, int], routes: Routes, largest_body: int = LARGEST_BODY
    ) -> None:
        """Listens on (host, port); port 0: any that is free, see `server_address`."""
        self.routes, self.largest_body = routes, largest_body
        self._idle = threading.Condition()
        self._busy = 0
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is the client's affair."""

    def begin(self) -> None:
        """A request is being answered."""
        with self._idle:
            self._busy += 1

    def end(self) -> None:
        """It was."""
        with self._idle:
            self._busy -= 1
            self._idle.notify_all()

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether all requests that had come were answered within that time."""
        with self._idle:
            return self._idle.wait_for(lambda: self._busy == 0, seconds)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "easy_esmm.serve"
    timeout = _IDLE_SECONDS
    # Else the header and the body go out apart, and wait 40 ms for each other on some systems.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if "Transfer-Encoding" in self.headers or self.headers.get("Content-Length", "0") != "0":
            self.close_connection = True  # a body that is not read stands before the next request
        self._answer(b"")

    def do_POST(self) -> None:
        try:
            size = self._size()
        except _BadLength as error:
            # The body is not read, and so nothing behind it can be.
            self.close_connection = True
            self._send(error.status, _error(str(error)))
            return
        body = self.rfile.read(size)
        if len(body) == size:
            self._answer(body)

    def _size(self) -> int:
        text = self.headers.get("Content-Length")
        if len(self.headers.get_all("Content-Length", [])) > 1:
            raise _BadLength(HTTPStatus.BAD_REQUEST, "Content-Length: must be given once")
        if self.headers.get("Transfer-Encoding") or text is None:
            raise _BadLength(HTTPStatus.LENGTH_REQUIRED, "a body must come with Content-Length")
        if not (text.isascii() and text.isdigit()):
            raise _BadLength(HTTPStatus.BAD_REQUEST, f"Content-Length: no number, {text[:40]!r}")
        if len(text) > 18 or int(text) > self.server.largest_body:
            raise _BadLength(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"a body may have {self.server.largest_body:,} bytes, got {text[:40]}",
            )
        if self.headers.get("Content-Encoding", "identity") != "identity":
            raise _BadLength(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a body must not be compressed")
        return int(text)

    def _answer(self, body: bytes) -> None:
        self.server.begin()
        try:
            status, content = self._answered(body)
            self._send(status, content)
        finally:
            self.server.end()

    def _answered(self, body: bytes) -> Tuple[int, bytes]:
        path = self.path.partition("?")[0]
        try:
            if self.command == "POST":
                return HTTPStatus.OK, self.server.routes.post(path, body)
            return HTTPStatus.OK, self.server.routes.get(path)
        except Refused as error:
            return error.status, _error(str(error))
        except Exception as error:  # noqa: BLE001 - a defect of ours must not end the connection
            logging.exception("%s %s", self.command, path)
            return HTTPStatus.INTERNAL_SERVER_ERROR, _error(f"{type(error).__name__}: {error}")

    def send_error(
        self, code: int, message: Optional[str] = None, explain: Optional[str] = None
    ) -> None:
        """The library's refusals (a method that is none, a line that is too long) as JSON."""
        self.close_connection = True
        self.request_version = self.protocol_version  # else nonsense is taken for HTTP/0.9
        self._send(code, _error(message or HTTPStatus(code).phrase))

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nothing for each request."""


class _BadLength(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _error(message: str) -> bytes:
    # Half of a surrogate pair, of a request's own text, is in no encoding.
    return f"{json.dumps({'error': message}, ensure_ascii=False)}\n".encode(errors="replace")
