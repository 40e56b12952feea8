"""Sends a request again where that is safe, and never beyond its deadline."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Callable, TypeVar

from easy_esmm.serving.client.errors import Failure

Answer = TypeVar("Answer")

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0


@dataclass(frozen=True)
class Deadline:
    """A moment by which all must be done."""

    moment: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, seconds: float) -> Deadline:
        """The moment in `seconds` from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds until then; 0 when it has passed."""
        return max(0.0, self.moment - self.clock())


def with_retries(
    attempt: Callable[[float], Answer],
    deadline: Deadline,
    retries: int,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """The answer of the first attempt that succeeds; each is given the seconds that are left.

    Between attempts it waits .1, .2, .4, ... s (5 at most), each shortened at random by up to a
    half, so that clients that failed together do not come back together; or as long as the server
    asks.

    Raises:
      Failure: of the last attempt: the retries are used up, the wait would not end in time, or
        another attempt would not be safe.
    """
    tried = 0
    while True:
        left = deadline.left
        if left <= 0:
            raise Failure("DEADLINE_EXCEEDED", "no time was left for the request", False)
        try:
            return attempt(left)
        except Failure as failure:
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2**tried) * random.uniform(0.5, 1)
            wait = max(wait, failure.retry_after or 0)
            tried += 1
            if not failure.may_retry or tried > retries or wait >= deadline.left:
                raise
            sleep(wait)
