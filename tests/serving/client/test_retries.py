"""What is sent again, when, and when no more."""

from __future__ import annotations

from typing import List, Optional

import pytest

from easy_esmm.serving.client.errors import Failure
from easy_esmm.serving.client.retries import Deadline, with_retries


class Server:
    """Fails as told, on a clock of its own, on which an attempt takes .01 s."""

    def __init__(self, *failures: Failure) -> None:
        self.failures = list(failures)
        self.now = 0.0
        self.waits: List[float] = []
        self.timeouts: List[float] = []

    def ask(self, deadline: float, retries: int = 3) -> str:
        until = Deadline(deadline, lambda: self.now)
        return with_retries(self._attempt, until, retries, self._sleep)

    def _attempt(self, timeout: float) -> str:
        self.timeouts.append(timeout)
        self.now += 0.01
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def unavailable(after: Optional[float] = None) -> Failure:
    return Failure("UNAVAILABLE", "gone", True, after)


def test_waits_double_and_are_shortened_at_random() -> None:
    server = Server(*(unavailable() for _ in range(4)))
    assert server.ask(10.0, retries=4) == "answer"
    for wait, longest in zip(server.waits, (0.1, 0.2, 0.4, 0.8)):
        assert longest / 2 <= wait <= longest
    assert len({round(wait / server.waits[0], 6) for wait in server.waits}) == 4
    assert server.timeouts[0] == 10.0
    assert server.timeouts[-1] == pytest.approx(10 - sum(server.waits) - 0.04)


def test_no_wait_is_longer_than_five_seconds() -> None:
    server = Server(*(unavailable() for _ in range(12)))
    server.ask(1000.0, retries=12)
    assert all(2.5 <= wait <= 5 for wait in server.waits[6:])


def test_the_last_failure_is_told_when_retries_are_used_up() -> None:
    server = Server(unavailable(), unavailable(), Failure("UNAVAILABLE", "the last", True))
    with pytest.raises(Failure, match="the last"):
        server.ask(10.0, retries=2)
    assert len(server.timeouts) == 3


def test_what_would_fail_again_is_sent_once() -> None:
    server = Server(Failure("INVALID_ARGUMENT", "wrong", False))
    with pytest.raises(Failure, match="wrong"):
        server.ask(10.0)
    assert server.waits == []


def test_no_wait_goes_beyond_the_deadline() -> None:
    server = Server(*(unavailable() for _ in range(9)))
    with pytest.raises(Failure, match="gone"):
        server.ask(0.3, retries=9)
    assert server.now < 0.3
    with pytest.raises(Failure, match="gone"):
        Server(unavailable(after=60)).ask(10.0)


def test_a_server_that_asks_for_time_gets_it() -> None:
    server = Server(unavailable(after=2))
    server.ask(10.0)
    assert server.waits == [2]


def test_without_time_nothing_is_sent() -> None:
    server = Server()
    with pytest.raises(Failure, match="no time was left"):
        server.ask(0.0)
    assert server.timeouts == []
