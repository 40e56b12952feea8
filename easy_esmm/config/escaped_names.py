"""Names of features as parts of names in a graph, a checkpoint, or of a file."""

from __future__ import annotations

import re


def escaped(name: str) -> str:
    """The name with each character that TensorFlow refuses, and each slash, as `_x<code>_`."""
    return re.sub(r"[^A-Za-z0-9_.\-]", lambda match: f"_x{ord(match.group()):x}_", name)
