"""What the tests of the training package share."""

from __future__ import annotations

import logging
from typing import Iterator, List

import pytest
from absl import logging as absl_logging


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Iterator[List[str]]:
    """What was logged as a warning."""
    found: List[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    logger = absl_logging.get_absl_logger()
    handler = Keep(logging.WARNING)
    logger.addHandler(handler)
    monkeypatch.setattr(logger, "propagate", False)
    yield found
    logger.removeHandler(handler)
