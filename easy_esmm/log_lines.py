"""The form of the lines that programs write about their work: plain text, or JSON.

In JSON each line is one object: `time` (UTC, ISO 8601), `level`, `message`, and numbers as fields.
"""

from __future__ import annotations

import datetime
import json
import math
import sys
import threading
import traceback
from typing import Any, Mapping, Optional, TextIO

_IS_JSON = threading.Event()


def use_json(wanted: bool = True) -> None:
    """From now on lines of this process are JSON, tracebacks and Python's warnings included."""
    if not wanted:
        _IS_JSON.clear()
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
        return
    _IS_JSON.set()
    sys.excepthook = _write_traceback
    threading.excepthook = _write_traceback_of_thread


def is_json() -> bool:
    """Whether lines are JSON."""
    return _IS_JSON.is_set()


def json_line(level: str, message: str, fields: Optional[Mapping[str, Any]] = None) -> str:
    """One line without its end. NaN and infinite numbers are null, all else than ASCII is escaped.

    `level`: debug, info, warning, error or critical.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    time = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    values = {"time": time, "level": level, "message": message, **(fields or {})}
    return json.dumps(finite(values), allow_nan=False)


def finite(value: Any) -> Any:
    """The value for JSON: None for numbers that JSON lacks, text for what it has no form for."""
    if isinstance(value, Mapping):
        return {str(name): finite(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(one) for one in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else None


def write(text: str, level: str = "info", stream: Optional[TextIO] = None, **fields: Any) -> None:
    """Writes a line at once: the text, or JSON with the fields; to stderr without a stream."""
    line = json_line(level, text.strip(), fields) if is_json() else text
    out = sys.stderr if stream is None else stream
    out.write(f"{line}\n")
    out.flush()


def _write_traceback(kind: Any, error: Any, trace: Any) -> None:
    text = "".join(traceback.format_exception(kind, error, trace))
    write(f"{kind.__name__}: {error}", "critical", traceback=text)


def _write_traceback_of_thread(found: Any) -> None:
    _write_traceback(found.exc_type, found.exc_value, found.exc_traceback)
