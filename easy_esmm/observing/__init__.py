"""Who is told of a training: the manifest of the run, Prometheus, MLflow, and a user's own."""

from __future__ import annotations

from easy_esmm.observing.observer import End, Observer, Observers, Progress

__all__ = ["End", "Observer", "Observers", "Progress"]
