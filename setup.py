"""Everything is declared in pyproject.toml; this file serves tools that still ask for setup.py."""

from __future__ import annotations

from setuptools import setup

setup()
