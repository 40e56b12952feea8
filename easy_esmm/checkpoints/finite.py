"""Looks for NaN and infinite numbers in a checkpoint."""

from __future__ import annotations

import os
from typing import Any, List, Optional

import numpy as np

from easy_esmm.checkpoints.folder import complete
from easy_esmm.checkpoints.shapes import read_shapes
from easy_esmm.compat import v1


def not_finite(checkpoint: str) -> Optional[str]:
    """The first variable, by name, with a number that is NaN or infinite; None: all are finite.

    Reads the whole checkpoint, one variable after another. Raises UserError if it cannot be read.
    """
    names = sorted(read_shapes(checkpoint))
    reader: Any = v1.train.NewCheckpointReader(checkpoint)
    for name in names:
        values = reader.get_tensor(name)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            return name
    return None


def last_good(folder: str) -> str:
    """Which checkpoint a training that diverged can go on from, for the user."""
    there = sorted(complete(folder).items(), reverse=True)
    broken: List[str] = []
    for number, (step, path) in enumerate(there):
        if not step:
            break
        name = not_finite(path)
        if name is None:
            how = f" --checkpoint_path {path}" if number else ""
            damage = f"{', '.join(broken)}; " if broken else ""
            return f"{damage}{path} is good: --continue_train{how} goes on from there"
        broken.append(f"{os.path.basename(path)} holds NaN in {name}")
    return "; ".join([*broken, f"no good checkpoint is in {folder}: train anew"])
