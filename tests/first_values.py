"""What the variables of a training hold before its first step, of which there is no checkpoint."""

from __future__ import annotations

from typing import Any, Dict

from easy_esmm.compat import v1


class FirstValues(v1.train.SessionRunHook):  # type: ignore[misc]
    """A hook for `training.train`; afterwards `values` is by the names of variables."""

    def __init__(self) -> None:
        self.values: Dict[str, Any] = {}

    def begin(self) -> None:
        self._read = {v.op.name: v.read_value() for v in v1.global_variables()}

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.values = session.run(self._read)
