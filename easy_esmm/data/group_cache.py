"""Keeps the row groups in memory that were used last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Callable, Optional

from easy_esmm.data.row_groups import RowGroup


class GroupCache:
    """The row groups used last. Threads that ask for one group wait for a single load."""

    def __init__(self, load: Callable[[int], RowGroup], capacity: int) -> None:
        """`load` reads the group of a number."""
        self._load, self._capacity = load, capacity
        self._lock = threading.Lock()
        self._slots: OrderedDict[int, _Slot] = OrderedDict()

    def get(self, group: int) -> RowGroup:
        """The row group of that number."""
        with self._lock:
            slot = self._slots.setdefault(group, _Slot())
            self._slots.move_to_end(group)
            while len(self._slots) > self._capacity:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.content is None:
                slot.content = self._load(group)
            return slot.content

    def clear(self) -> None:
        """Forgets all row groups; what is in use elsewhere stays there."""
        with self._lock:
            self._slots.clear()


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.content: Optional[RowGroup] = None
