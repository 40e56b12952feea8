"""TensorFlow Serving's REST interface."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import Any, Dict, List, Mapping, Optional
from urllib.parse import quote

from google.protobuf import json_format

from easy_esmm.errors import UserError
from easy_esmm.protos import prediction_pb2 as messages
from easy_esmm.serving.client.cells import Array
from easy_esmm.serving.client.errors import Failure
from easy_esmm.serving.client.json_values import array_of, json_of
from easy_esmm.serving.client.signatures import Signature, signatures_of
from easy_esmm.serving.client.transport import ModelChoice, Transport, needs_extra

try:
    import requests
except ImportError as error:  # pragma: no cover - the tests have it
    raise needs_extra("requests", error) from error

CODES: Dict[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "CANCELLED",
    409: "ALREADY_EXISTS",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""HTTP status -> gRPC's name of the like."""
_RETRIED = (429, 503)
_LONGEST_SHOWN = 300
_READ_AT_ONCE = 1024


class RestTransport(Transport):
    """One connection for each thread, which stays open between requests."""

    def __init__(
        self,
        address: str,
        *,
        headers: Optional[Mapping[str, str]] = None,
        credentials: Any = None,
    ) -> None:
        if credentials is not None:
            raise UserError("credentials: are for gRPC; REST has https:// and headers")
        self.address = address.rstrip("/")
        self._headers = dict(headers or {})
        self._threads = threading.local()
        self._sessions: List[Any] = []
        self._lock = threading.Lock()

    def signatures(self, model: ModelChoice, timeout: float) -> Mapping[str, Signature]:
        answer = self._send("GET", f"{self._url(model)}/metadata", None, timeout)
        found = messages.SignatureDefMap()
        try:
            for name, signature in answer["metadata"]["signature_def"]["signature_def"].items():
                # (A type of tensors that is not ours is no value of the enumeration.)
                with suppress(json_format.ParseError):
                    parsed = json_format.ParseDict(
                        signature, messages.SignatureDef(), ignore_unknown_fields=True
                    )
                    found.signature_def[name].CopyFrom(parsed)
        except (KeyError, TypeError, AttributeError) as error:
            raise Failure("INTERNAL", "metadata that cannot be read", False) from error
        return signatures_of(found)

    def predict(
        self,
        model: ModelChoice,
        name: str,
        signature: Signature,
        inputs: Mapping[str, Array],
        timeout: float,
    ) -> Dict[str, Array]:
        columns = {key: json_of(array) for key, array in inputs.items()}
        body = json.dumps({"signature_name": name, "inputs": columns}, separators=(",", ":"))
        answer = self._send("POST", f"{self._url(model)}:predict", body, timeout)
        outputs: Any = answer.get("outputs")
        if len(signature.outputs) == 1:  # whose name is left out
            outputs = {next(iter(signature.outputs)): outputs}
        try:
            return {key: array_of(outputs[key], spec) for key, spec in signature.outputs.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise Failure("INTERNAL", f"an answer that cannot be read: {error}", False) from error

    def close(self) -> None:
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()

    def _url(self, model: ModelChoice) -> str:
        url = f"{self.address}/v1/models/{quote(model.name, safe='')}"
        if model.version is not None:
            return f"{url}/versions/{model.version}"
        return url if model.label is None else f"{url}/labels/{quote(model.label, safe='')}"

    def _send(self, method: str, url: str, body: Optional[str], timeout: float) -> Dict[str, Any]:
        """The JSON object that is answered. Raises Failure."""
        started = time.monotonic()
        try:
            response = self._session().request(
                method, url, data=body, timeout=timeout, allow_redirects=False, stream=True
            )
            content = _content(response, started + timeout)
        except requests.exceptions.Timeout as error:
            waited = time.monotonic() - started
            message = f"no answer within {waited:.3g} s"
            raise Failure("DEADLINE_EXCEEDED", message, False) from error
        except (
            requests.exceptions.ConnectionError,
            requests.exceptions.ChunkedEncodingError,  # it broke in the middle of an answer
        ) as error:
            waited = time.monotonic() - started
            if waited >= timeout:  # which is no Timeout where the answer had begun
                raise Failure(
                    "DEADLINE_EXCEEDED", f"no whole answer in {waited:.3g} s", False
                ) from error
            raise Failure("UNAVAILABLE", _connection_fault(error), True) from error
        except requests.exceptions.RequestException as error:
            raise Failure("INTERNAL", str(error), False) from error
        if response.status_code != 200:
            raise _failure(response, content)
        answer = _json(content)
        if not isinstance(answer, dict):
            raise Failure("INTERNAL", f"no JSON object: {_start(content)}", False)
        return answer

    def _session(self) -> Any:
        session = getattr(self._threads, "session", None)
        if session is None:
            session = requests.Session()
            session.headers.update({"Content-Type": "application/json", **self._headers})
            self._threads.session = session
            with self._lock:
                self._sessions.append(session)
        return session


def _content(response: Any, until: float) -> bytes:
    """The body. A timeout of `requests` is that of each read: one that trickles has none."""
    parts = []
    with response:
        for part in response.iter_content(_READ_AT_ONCE):
            parts.append(part)
            if time.monotonic() > until:
                raise requests.exceptions.Timeout
    return b"".join(parts)


def _failure(response: Any, content: bytes) -> Failure:
    """Of another status than 200: what the server says, and whether to try again."""
    status = response.status_code
    answer = _json(content)
    is_ours = isinstance(answer, dict) and isinstance(answer.get("error"), str)
    message = answer["error"] if is_ours else _start(content)
    code = CODES.get(status, "UNKNOWN")
    after = response.headers.get("Retry-After", "")
    wait = float(after) if after.isascii() and after.isdigit() else None
    return Failure(code, f"{message} (HTTP status {status})", status in _RETRIED, wait)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _start(content: bytes) -> str:
    text = content.decode(errors="replace")
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


def _connection_fault(error: BaseException) -> str:
    """What urllib3 means: `Connection refused` of four lines."""
    text = str(error)
    for words in ("Connection refused", "Name or service not known", "Connection reset by peer"):
        if words in text:
            return words
    if "BadStatusLine" in text:
        return "no HTTP is spoken there (if this is a gRPC port, leave out http://)"
    return text
