"""Orders items by a formula over what a model says of them."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

import numpy as np
from numpy.typing import NDArray

from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.client.cells import Array, Values, converted, is_missing
from easy_esmm.serving.client.formula import Numbers, parse_formula, value_of
from easy_esmm.serving.client.signatures import Signature
from easy_esmm.serving.client.tables import Table
from easy_esmm.serving.names import UNREADABLE

NAMES = {"pctr": "probs_ctr", "pcvr": "probs_cvr", "pctcvr": "probs_ctcvr"}
"""Name in a formula -> output of a model whose towers are called `ctr` and `cvr`."""
_SHOWN = 3


class Score:
    """A formula over the outputs of a signature and the columns of some items."""

    def __init__(self, text: str, outputs: Mapping[str, str], items: Table) -> None:
        """`outputs`: of `outputs_of`.

        Raises UserError for a text that is no formula, a name that is none, and columns that hold
        no numbers.
        """
        self._outputs = outputs
        names = dict.fromkeys((*self._outputs, *items.columns), False)
        self._formula = parse_formula(text, {**names, **_conditions(items, self._outputs)})
        read = self._formula.columns
        both = [name for name in read if name in self._outputs and name in items.columns]
        if both:
            raise UserError(
                f"score: {both[0]} is an output of the model and a column of the items; rename the "
                "column"
            )
        self.columns = tuple(name for name in read if name in items.columns)
        """Columns of the items that it reads."""
        self._items = {name: _numbers(name, items.values(name)) for name in self.columns}
        shown = (*NAMES, *read, UNREADABLE)
        self._shown = [name for name in self._outputs if name in shown]
        self._text, self._size = text, items.size

    def ranked(
        self, outputs: Mapping[str, Array], best_first: bool, others_last: bool
    ) -> Dict[str, NDArray[Any]]:
        """The columns of `Client.rank`.

        Raises UserError if a score is not finite, unless these are wanted last.
        """
        said = {name: outputs[key] for name, key in self._outputs.items()}
        values: Dict[str, Numbers] = {
            name: np.asarray(said[name], np.float64)
            for name in self._formula.columns
            if name in said
        }
        values.update(self._items)
        scores = np.broadcast_to(value_of(self._formula, values), [self._size])
        is_finite = np.isfinite(scores)
        if not is_finite.all() and not others_last:
            raise self._not_finite(values, scores)
        places = np.arange(self._size, dtype=np.int64)
        if best_first:
            # (The highest first, equal ones in the order of the items.)
            key = np.where(is_finite, -scores, np.inf)
            places = np.argsort(key, kind="stable").astype(np.int64)
        columns = {"position": places}
        columns.update({name: said[name][places] for name in self._shown})
        return {**columns, "score": scores[places]}

    def _not_finite(self, values: Mapping[str, Numbers], scores: Numbers) -> UserError:
        wrong = np.flatnonzero(~np.isfinite(scores))
        told: List[str] = []
        for place in wrong[:_SHOWN].tolist():
            read = ", ".join(f"{name} {values[name][place]:.6g}" for name in values)
            told.append(f"item {place}: {scores[place]} of {read or 'no column'}")
        return UserError(
            f"score: {self._text!r} is not finite for {wrong.size} of {self._size} items "
            f'({"; ".join(told)}); give them values, or not_finite="last"'
        )


def nothing(signature: Signature, outputs: Mapping[str, str]) -> Dict[str, NDArray[Any]]:
    """What `Score.ranked` gives for no items."""
    shown = [name for name in (*NAMES, UNREADABLE) if name in outputs]
    said = {name: np.empty([0], signature.outputs[outputs[name]].dtype) for name in shown}
    return {"position": np.empty([0], np.int64), **said, "score": np.empty([0], np.float64)}


def expected_outputs(config: PipelineConfig) -> Dict[str, str]:
    """As `NAMES`, of a model with a CTR and a CVR tower by a resolved config.

    The model need not have them: a tower may predict a value.
    """
    model = config.model_config
    which = model.WhichOneof("model")
    message = getattr(model, which) if which else None
    expected = dict(NAMES)
    for name, tower in (("pctr", "ctr_tower"), ("pcvr", "cvr_tower")):
        if message is not None and tower in message.DESCRIPTOR.fields_by_name:
            expected[name] = f"probs_{getattr(message, tower).tower_name}"
    return expected


def outputs_of(
    signature: Signature, expected: Mapping[str, str], named: Mapping[str, str]
) -> Dict[str, str]:
    """Name in a formula -> output, of those that are `expected` and of those that were `named`.

    Raises UserError for an output that was named and is not there.
    """
    unknown = [key for key in named.values() if key not in signature.outputs]
    if unknown:
        raise UserError(
            f"outputs: the model gives {', '.join(signature.outputs)}, not {', '.join(unknown)}"
        )
    short = {n: key for n, key in {**expected, **named}.items() if key in signature.outputs}
    return {**short, **{key: key for key in signature.outputs}}


def _conditions(items: Table, outputs: Mapping[str, str]) -> Dict[str, bool]:
    """Column of the items -> whether it holds booleans."""
    return {
        name: isinstance(next(iter(column), None), (bool, np.bool_))
        for name, column in items.columns.items()
        if name not in outputs
    }


def _numbers(name: str, values: Values) -> Numbers:
    """float64 [items]: a missing number is NaN. Raises UserError for what is no number."""
    if isinstance(values, np.ndarray) and values.dtype == np.bool_:
        return values.astype(np.float64)
    cells = [np.nan if is_missing(value) else value for value in values]
    plain = [float(cell) if isinstance(cell, (bool, np.bool_)) else cell for cell in cells]
    return converted(name, plain, np.dtype(np.float64))
