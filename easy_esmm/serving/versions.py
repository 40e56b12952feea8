"""Finds a SavedModel in a folder of versions, and the config in it. Without TensorFlow."""

from __future__ import annotations

import os

from easy_esmm.errors import UserError

CONFIG_ASSET = os.path.join("assets", "pipeline.config")
"""The config that a SavedModel was exported with, below its folder."""


def newest(folder: str) -> str:
    """The newest version under `folder`, or `folder` itself where it is a SavedModel."""
    if not os.path.isdir(folder):
        return folder
    versions = [name for name in os.listdir(folder) if name.isdigit()]
    return os.path.join(folder, max(versions, key=int)) if versions else folder


def pipeline_config(folder: str, flag: str = "saved_model_dir") -> str:
    """The config that the newest SavedModel under `folder` was exported with.

    Raises:
      UserError: there is none; `flag` begins the error.
    """
    file = os.path.join(newest(folder), CONFIG_ASSET)
    if not os.path.exists(file):
        raise UserError(
            f"{flag}: {folder} has no {CONFIG_ASSET}; name the config in --pipeline_config"
        )
    return file
