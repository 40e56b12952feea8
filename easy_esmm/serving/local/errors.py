"""Why a request was refused: by the names that TensorFlow has for it, and their HTTP statuses."""

from __future__ import annotations

from typing import Dict

STATUSES: Dict[str, int] = {
    "CANCELLED": 408,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "RESOURCE_EXHAUSTED": 503,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
}
"""gRPC's name of a status -> TensorFlow Serving's HTTP status; 500 for all others."""


class Refused(Exception):
    """A request that gets no answer; str() is the message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """gRPC's name of the status."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUSES.get(self.code, 500)
