"""Makes of the graph of a model the one that is exported.

It computes the same in less time: what depends on a single user once, what depends on variables
alone never, and nothing that no signature asks for.
"""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.serving.transform.moving import OldValues, load
from easy_esmm.serving.transform.precomputed import Precomputed
from easy_esmm.serving.transform.user_once import UserOnce


def transformed(
    session: Any, tensors: Sequence[Tensor], index: Optional[Tensor] = None
) -> Tuple[Any, List[Tensor]]:
    """A session of a new graph that computes the tensors, and the tensors there, in their order.

    Lookup tables and asset files are taken over with what needs them; variables that nothing reads
    are left behind.

    Args:
      session: of the plain graph, with the values of its variables. It is of no use afterwards: a
        large table is let go there once it is read, so that no more than one is in memory twice.
      tensors: inputs and outputs of signatures.
      index: int32 [rows], zeros: the user's row for each row of the request; see `UserOnce`.
    """
    initializers = session.graph.get_collection(v1.GraphKeys.TABLE_INITIALIZERS)
    once = UserOnce(session.graph, index)
    moved = once.copy(tensors, initializers)
    old = OldValues(session)
    initializers = once.graph.get_collection(v1.GraphKeys.TABLE_INITIALIZERS)
    precomputed = Precomputed(once.graph, old.read)
    moved = precomputed.copy(moved, initializers)
    with precomputed.graph.as_default():
        new = v1.Session()
        new.run(v1.tables_initializer())
        made = precomputed.values
        taken = [v for v in v1.global_variables() if v.op.name not in made]
        load([v for v in v1.global_variables() if v.op.name in made], made, new)
        for together in old.portions(taken):
            load(together, old.take([variable.op.name for variable in together]), new)
    session.close()
    return new, moved
