"""Feature columns, embedding tables, and groups of features as matrices."""

from __future__ import annotations

from easy_esmm.features import id_feature, raw_feature, tag_feature  # noqa: F401 - they register
from easy_esmm.features.embed import Embedded, embed, encode

__all__ = ["Embedded", "embed", "encode"]
