"""The tasks of a model in the order in which pages and tables show them."""

from __future__ import annotations

from typing import List

from easy_esmm.contract import Tasks
from easy_esmm.reporting import entire_space
from easy_esmm.reporting.shown_task import ShownTask, independent


def shown_tasks(tasks: Tasks) -> List[ShownTask]:
    """Each task once."""
    family = tasks.entire_space
    return [independent(task) for task in tasks] if family is None else entire_space.shown(family)
