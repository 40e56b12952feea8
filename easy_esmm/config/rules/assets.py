"""Rules of the files that an export copies beside its graph."""

from __future__ import annotations

import os
from typing import Set

from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted

LARGEST = 1 << 30
"""Bytes: every export holds a copy."""
_OWN_ASSETS = ("pipeline.config", "model_card.json")
_OF_THE_SYSTEM = ("/boot", "/dev", "/etc", "/proc", "/run", "/sys", "/var/run")


def check_assets(report: Report) -> None:
    """Assets are readable files of different names, and none that hold a machine's secrets.

    An export is handed on, and whoever has it can read them.
    """
    names = set(_OWN_ASSETS)
    for number, path in enumerate(report.config.export_config.asset_files):
        where = f"export_config.asset_files[{number}]"
        rule = _broken_rule(path, names)
        if rule:
            report.refuse(where, rule, quoted(path))
        names.add(os.path.basename(path))


def _broken_rule(path: str, names: Set[str]) -> str:
    if not os.path.isfile(path):
        return "must be an existing file"
    found = os.path.realpath(path)
    if _is_private(found):
        to = "" if found == os.path.abspath(path) else f" ({found})"
        return (
            f"must not be a file of the system or a hidden one{to}, which may hold secrets that "
            "whoever has the export can read; copy it elsewhere if it is meant"
        )
    if not os.access(path, os.R_OK):
        return "must be a file that may be read"
    if os.path.getsize(path) > LARGEST:
        return f"must not be larger than {LARGEST} bytes: every export holds a copy"
    if os.path.basename(path) in names:
        return "must have a name of its own among the assets"
    return ""


def _is_private(path: str) -> bool:
    """Whether a file stands in a folder of the system, or it or its folder is hidden."""
    folder, name = os.path.split(path)
    is_of_system = any(f"{path}/".startswith(f"{top}/") for top in _OF_THE_SYSTEM)
    return is_of_system or name.startswith(".") or os.path.basename(folder).startswith(".")
