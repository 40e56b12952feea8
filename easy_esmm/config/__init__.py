"""Config text -> checked pipeline. Nothing in here imports TensorFlow."""

from __future__ import annotations

from easy_esmm.config.edit import Edit, edits_from_json
from easy_esmm.config.pipeline import Pipeline, load
from easy_esmm.config.problems import ConfigError, Problem

__all__ = ["ConfigError", "Edit", "Pipeline", "Problem", "edits_from_json", "load"]
