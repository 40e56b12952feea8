"""Options and fixtures of the whole suite."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Iterator, List

import pytest
from absl import logging as absl_logging

# Before anything imports TensorFlow: its C++ side prints some 10 lines a process otherwise.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# TensorFlow 2.15 warns of its own tf.estimator, some 20 times a training.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


VERSION_DEPENDENT = re.compile(
    r"tests/(compat|config|golden|protos)/"
    r"|tests/data/test_parquet\.py"
    r"|tests/(estimator/test_model_fn|optimizers/test_optimizers)\.py"
    r"|tests/test_(commands|config_reference)\.py"
    r"|tests/conformance/test_samples\.py.*\[esmm_all_features"
)
"""Tests with the marker `versions`: each package that differs by Python is used once in earnest."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Marks them, before -m chooses."""
    for item in items:
        if VERSION_DEPENDENT.match(item.nodeid):
            item.add_marker(pytest.mark.versions)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--aliccp-sample DIR`."""
    parser.addoption(
        "--aliccp-sample",
        metavar="DIR",
        help="a folder with some real Ali-CCP rows, to bring them through train and predict once",
    )


@pytest.fixture(scope="session")
def aliccp_sample(request: pytest.FixtureRequest) -> Path:
    """The folder of real Ali-CCP rows; without the option, the test that asks is skipped."""
    folder = request.config.getoption("--aliccp-sample")
    if folder is None:
        pytest.skip("needs real Ali-CCP rows: pytest --aliccp-sample DIR")
    path = Path(folder)
    if not path.is_dir():
        raise pytest.UsageError(f"--aliccp-sample {folder}: no such folder")
    return path.resolve()


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
