"""What a tensor of the plain graph has become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple, Union

from easy_esmm.contract import Tensor


@dataclass(frozen=True, eq=False)
class Rows:
    """The tensor itself."""

    tensor: Tensor


@dataclass(frozen=True, eq=False)
class Copied:
    """A tensor whose rows, along its first axis, are all alike: one for each row of the request."""

    one: Tensor
    """[1, ...]: that row."""


@dataclass(frozen=True, eq=False)
class Joined:
    """A matrix of parts side by side, of which some are `Copied`."""

    parts: Tuple[Union[Rows, Copied], ...]


@dataclass(frozen=True, eq=False)
class Affine:
    """inputs x kernel + shift, not yet computed."""

    inputs: Tensor
    """float32 [rows, width]."""
    kernel: Tensor
    """float32 [width, units]."""
    shift: Optional[Tensor] = None
    """float32 [units]."""


Value = Union[Rows, Copied, Joined, Affine]
