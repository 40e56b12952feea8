"""A first config for files that nobody has described: looks at them, guesses, and says why.

Nothing in here imports TensorFlow.
"""

from __future__ import annotations

from easy_esmm.drafting.draft import Draft, draft

__all__ = ["Draft", "draft"]
