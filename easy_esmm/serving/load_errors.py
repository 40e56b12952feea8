"""What TensorFlow says when a SavedModel cannot be loaded, in a line."""

from __future__ import annotations

_AROUND = ("Graph execution error", "Detected at", "Node:", "[[", "Traceback", "File ")


def cause_of(error: Exception) -> str:
    """The first line of an error that tells the cause, not only where in the graph it came up."""
    lines = [line.strip() for line in str(getattr(error, "message", "") or error).splitlines()]
    causes = [line for line in lines if line and not line.startswith(_AROUND)]
    return next(iter(causes or lines), "") or type(error).__name__
