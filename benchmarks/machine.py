"""Where a benchmark ran: machine, versions, load."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any, Dict

_TELLING_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
_PACKAGES = ("tensorflow", "tensorflow-cpu", "numpy", "pyarrow")


def describe() -> Dict[str, Any]:
    """Processor, cores, memory, versions and the load of the last minute."""
    processor = _lines("/proc/cpuinfo")
    flags = processor.get("flags", "").split()
    return {
        "processor": processor.get("model name", platform.processor()),
        "cores": len(os.sched_getaffinity(0)),
        "flags": [flag for flag in _TELLING_FLAGS if flag in flags],
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES if _version(name)},
        "load": round(os.getloadavg()[0], 1),
    }


def _lines(path: str) -> Dict[str, str]:
    """The `key : value` lines of a file; the first of each key."""
    found: Dict[str, str] = {}
    for line in Path(path).read_text().splitlines() if os.path.exists(path) else []:
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    return found


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
