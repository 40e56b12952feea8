"""Finds the variables that training leaves unchanged (`freeze_gradient`)."""

from __future__ import annotations

import re
from typing import Any, List, Sequence, Set

from absl import logging

from easy_esmm.config.hints import did_you_mean
from easy_esmm.errors import UserError

_SHOWN = 5


def frozen_names(patterns: Sequence[str], variables: Sequence[Any]) -> Set[str]:
    """Names of the variables in which one of the regular expressions is found.

    Raises:
      UserError: a pattern is found in no name, or nothing is left to train.
    """
    names = [variable.op.name for variable in variables]
    frozen: Set[str] = set()
    for number, pattern in enumerate(patterns):
        # (EasyRec's patterns may end in the `:0` of TensorFlow's own names.)
        found = {n for n in names if re.search(pattern, n) or re.search(pattern, f"{n}:0")}
        if not found:
            raise UserError(_unmatched(number, pattern, names))
        frozen |= found
    if frozen and len(frozen) == len(set(names)):
        raise UserError("train_config.freeze_gradient: matches every variable: nothing would train")
    if frozen:
        logging.info("freeze_gradient: stay as they are: %s", ", ".join(sorted(frozen)))
    return frozen


def _unmatched(number: int, pattern: str, names: List[str]) -> str:
    hint = did_you_mean(pattern, names)
    shown = ", ".join(sorted(names)[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (
        f"train_config.freeze_gradient[{number}]: must match the name of a variable, got "
        f'"{pattern}"; {f"{hint} " if hint else ""}variables: {shown}{more}'
    )
