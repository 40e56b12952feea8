"""Finds a SavedModel in a folder of versions, and the config in it. Without TensorFlow."""

from __future__ import annotations

import os
from typing import Optional

from easy_esmm.errors import UserError

CONFIG_ASSET = os.path.join("assets", "pipeline.config")
"""The config that a SavedModel was exported with, below its folder."""


LARGEST_VERSION = 2**63 - 1


def version_number(name: str) -> Optional[int]:
    """The version that a folder of this name is to a server: digits, of 63 bits; None: none."""
    is_number = (
        name.isascii() and name.isdigit() and len(name) < 100 and int(name) <= LARGEST_VERSION
    )
    return int(name) if is_number else None


def newest(folder: str) -> str:
    """The newest version under `folder`, or `folder` itself where it is a SavedModel."""
    if not os.path.isdir(folder):
        return folder
    numbers = {name: version_number(name) for name in os.listdir(folder)}
    versions = {name: number for name, number in numbers.items() if number is not None}
    return os.path.join(folder, max(versions, key=versions.__getitem__)) if versions else folder


def pipeline_config(folder: str, flag: str = "saved_model_dir") -> str:
    """The config that the newest SavedModel under `folder` was exported with.

    Raises:
      UserError: there is none; `flag` begins the error.
    """
    model = newest(folder)
    file = os.path.join(model, CONFIG_ASSET)
    if not os.path.exists(file):
        if "://" not in folder and not os.path.exists(os.path.join(model, "saved_model.pb")):
            raise UserError(f"{flag}: {folder}: no SavedModel, and no numbered folder with one")
        raise UserError(
            f"{flag}: {folder} has no {CONFIG_ASSET}; name the config in --pipeline_config"
        )
    return file
