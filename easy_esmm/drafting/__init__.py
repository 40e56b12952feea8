"""Drafts a first config from a look at the data, with the reason of every guess.

Nothing in here imports TensorFlow.
"""

from __future__ import annotations

from easy_esmm.drafting.draft import Draft, draft

__all__ = ["Draft", "draft"]
