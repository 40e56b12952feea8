"""Versions of installed packages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Optional


def version_of(package: str) -> Optional[str]:
    """None where it is not installed, such as of easy_esmm when it runs from its sources."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
