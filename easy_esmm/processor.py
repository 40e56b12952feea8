"""What the machine's processor can do, as Linux tells it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Optional

_CPU_INFO = Path("/proc/cpuinfo")
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}
"""Flags of x86 and of ARM processors with products in bfloat16."""


def has_bfloat16() -> Optional[bool]:
    """Whether matrix products in bfloat16 are computed by units of their own; None: unknown."""
    try:
        text = _CPU_INFO.read_text()
    except OSError:
        return None
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return None if line is None else not _BFLOAT16.isdisjoint(line[1].split())
