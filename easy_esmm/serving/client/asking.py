"""Sends requests to a model: in pieces, several at a time, again where that helps, in time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Mapping, Optional

import numpy as np
from numpy.typing import NDArray

from easy_esmm.errors import UserError
from easy_esmm.serving.client.cells import Array
from easy_esmm.serving.client.errors import Failure, RequestError
from easy_esmm.serving.client.retries import Deadline, with_retries
from easy_esmm.serving.client.signatures import Signature
from easy_esmm.serving.client.transport import ModelChoice, Transport

_MAY_BE_ANOTHER = ("INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "INTERNAL")
"""What comes of asking a version that takes or gives other columns than the one before."""


class Asking:
    """A model at the other end of a transport. Threads may share one."""

    def __init__(
        self,
        transport: Transport,
        model: ModelChoice,
        *,
        retries: int,
        rows_per_request: int,
        in_flight: int,
    ) -> None:
        """As for `Client`."""
        self._transport, self._model = transport, model
        self._retries, self._rows_per_request = retries, rows_per_request
        self._pool = ThreadPoolExecutor(in_flight, thread_name_prefix="easy_esmm_client")
        self._lock = threading.Lock()
        self._signatures: Optional[Mapping[str, Signature]] = None

    def close(self) -> None:
        """Closes the connections. A request that is under way fails."""
        self._transport.close()
        self._pool.shutdown(wait=True)

    def ask(
        self,
        name: str,
        signature: Signature,
        once: Mapping[str, Array],
        each: Mapping[str, Array],
        size: int,
        until: Deadline,
    ) -> Dict[str, NDArray[Any]]:
        """The outputs [size]; `once` goes with each request as it is, `each` is cut into rows."""
        if size == 0:
            return {
                key: np.empty([0, *spec.shape[1:]], spec.dtype)
                for key, spec in signature.outputs.items()
            }
        fixed = signature.rows if not once and signature.rows > 0 else 0
        step = fixed or self._rows_per_request
        starts = range(0, size, step)

        def ask_from(start: int) -> Dict[str, Array]:
            count = min(step, size - start)
            part = {key: array[start : start + count] for key, array in each.items()}
            if count < fixed:  # the model takes so many rows and no others
                rows = np.minimum(np.arange(fixed), count - 1)
                part = {key: array[rows] for key, array in part.items()}
            outputs = self._request(name, signature, {**once, **part}, until, start, size)
            return {key: outputs[key][:count] for key in signature.outputs}

        if len(starts) == 1:
            return ask_from(0)
        pending = [self._pool.submit(ask_from, start) for start in starts]
        try:
            parts = [future.result() for future in pending]
        finally:
            for future in pending:
                future.cancel()
        return {key: np.concatenate([part[key] for part in parts]) for key in signature.outputs}

    def _request(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, Array],
        until: Deadline,
        start: int,
        size: int,
    ) -> Dict[str, Array]:
        rows = max(len(array) for array in inputs.values())

        def attempt(timeout: float) -> Dict[str, Array]:
            outputs = self._transport.predict(self._model, name, signature, inputs, timeout)
            for key, spec in signature.outputs.items():
                wanted, found = (rows, *spec.shape[1:]), outputs[key].shape
                fits = len(found) == len(wanted) and all(
                    size in (-1, one) for size, one in zip(wanted, found)
                )
                if not fits:
                    raise Failure(
                        "INTERNAL", f"{rows} rows asked, {key} {list(found)} given", False
                    )
                if outputs[key].dtype != spec.dtype:
                    is_of = f"{key} is {spec}, {outputs[key].dtype} given"
                    raise Failure("INTERNAL", is_of, False)
            return outputs

        what = f"signature {name}, rows {start} to {min(start + rows, size) - 1} of {size:,}"
        outputs: Dict[str, Array] = self._sent(attempt, until, what)
        return outputs

    def signature(self, name: str, until: Deadline) -> Signature:
        """The signature of that name. Raises UserError where the model has none."""
        known = self.signatures(until)
        if name not in known:
            raise UserError(
                f"signature: {self._model} at {self._transport.address} has "
                f"{', '.join(known) or 'none'}, not {name!r}"
            )
        return known[name]

    def signatures(self, until: Deadline) -> Mapping[str, Signature]:
        """The model's signatures by name; the server is asked once."""
        with self._lock:
            known = self._signatures
        if known is None:
            known = self._sent(
                lambda timeout: self._transport.signatures(self._model, timeout), until, "metadata"
            )
            with self._lock:
                self._signatures = known
        return known

    def _sent(self, attempt: Callable[[float], Any], until: Deadline, what: str) -> Any:
        """The answer. Raises RequestError, with the server's words and with what was asked."""
        try:
            return with_retries(attempt, until, self._retries)
        except Failure as failure:
            if failure.code in _MAY_BE_ANOTHER:
                with self._lock:
                    self._signatures = None  # the next call asks for them
            raise RequestError(
                f"{self._model} at {self._transport.address}: {failure.code}: {failure}; asked: "
                f"{what}",
                failure.code,
            ) from failure
