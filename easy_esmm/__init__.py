"""ESMM and its relatives: conversion rates estimated over all impressions."""

from __future__ import annotations

from importlib import metadata
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "__version__":  # read when it is asked for: it costs milliseconds
        return metadata.version("easy_esmm")
    raise AttributeError(f"module 'easy_esmm' has no attribute '{name}'")
