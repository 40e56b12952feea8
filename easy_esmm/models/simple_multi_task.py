"""Independent towers over shared embeddings: the plainest multi-task model.

The baseline of other multi-task models; with one tower it is a single-task model.
"""

from __future__ import annotations

from easy_esmm.models.model import register
from easy_esmm.models.multi_task import MultiTask


@register("SimpleMultiTask")
class SimpleMultiTask(MultiTask):
    """A tower for each task; the tasks meet in the embeddings, and nowhere above them."""
