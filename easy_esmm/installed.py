"""Versions of installed packages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Optional


def tensorboard_command(folder: str) -> str:
    """What shows the curves of a training, and what to install first where it is not there."""
    command = f"tensorboard --logdir {folder}"
    return command if version_of("tensorboard") else f"pip install tensorboard && {command}"


def version_of(package: str) -> Optional[str]:
    """None where it is not installed, such as of easy_esmm when it runs from its sources."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
