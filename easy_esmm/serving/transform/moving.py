"""Moves the values of variables from one session to another."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Sequence

import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1

_LARGE = 1 << 26
"""Bytes of variables from which on they are moved by themselves."""

Values = Mapping[str, NDArray[Any]]
"""By name of a variable."""


class OldValues:
    """The values of a session's variables."""

    def __init__(self, session: Any) -> None:
        self._session = session
        # All operations at once: a session takes a graph anew that has grown.
        with session.graph.as_default():
            variables = {variable.op.name: variable for variable in v1.global_variables()}
            self._reads = {name: variable.value() for name, variable in variables.items()}
            self._deletions = {
                name: tf.raw_ops.DestroyResourceOp(resource=variable.handle)
                for name, variable in variables.items()
                if _bytes(variable) >= _LARGE
            }

    def read(self, names: Sequence[str]) -> Values:
        """The values of some variables."""
        values: Values = self._session.run({name: self._reads[name] for name in names})
        return values

    def take(self, names: Sequence[str]) -> Values:
        """As `read`; large ones are in the session no longer."""
        values = self.read(names)
        self._session.run([self._deletions[name] for name in names if name in self._deletions])
        return values

    def portions(self, variables: Sequence[Any]) -> Iterator[List[Any]]:
        """The variables: small ones together, large ones one by one."""
        small = [variable for variable in variables if _bytes(variable) < _LARGE]
        if small:
            yield small
        yield from ([variable] for variable in variables if _bytes(variable) >= _LARGE)


def load(variables: Sequence[Any], values: Values, session: Any) -> None:
    """Gives variables their values, by name."""
    initializers = [variable.initializer for variable in variables]
    feed: Dict[Any, Any] = {
        initializer.inputs[1]: values[variable.op.name]
        for initializer, variable in zip(initializers, variables)
    }
    session.run(initializers, feed)


def _bytes(variable: Any) -> int:
    return int(variable.shape.num_elements() * variable.dtype.size)
