"""What can go wrong with a request, in words."""

from __future__ import annotations

from typing import Optional

from easy_esmm.errors import UserError


class RequestError(UserError):
    """A server refused a request, did not answer it in time, or could not be reached."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code
        """gRPC's name of the status, `NOT_FOUND` for example; of an HTTP status, the like of it."""


class Failure(Exception):
    """One attempt of a request failed; str() is the server's own message."""

    def __init__(
        self, code: str, message: str, may_retry: bool, retry_after: Optional[float] = None
    ) -> None:
        super().__init__(message)
        self.code = code
        """As in `RequestError`."""
        self.may_retry = may_retry
        """Whether the same request may be sent again, and may then succeed."""
        self.retry_after = retry_after
        """Seconds that the server asks to wait; None: it does not say."""
