"""The base config of conftest.py with another model of the family in place of ESMM."""

from __future__ import annotations

from typing import Tuple

from easy_esmm.config.models import MODELS

_ESMM = """\
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }
  esmm {
"""


def model(name: str, parameters: str) -> Tuple[str, str]:
    """(old, new) for `load` and `problems_of`; `parameters` stand in line 27."""
    new = _ESMM.replace("ESMM", name).replace("  esmm {", f"  {MODELS[name]} {{ {parameters}")
    return _ESMM, new
