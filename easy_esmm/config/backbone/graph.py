"""The order of blocks, and which of them are outputs."""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

from easy_esmm.protos.backbone_pb2 import BackboneTower, Block


class Cycle(ValueError):
    """Blocks that wait for each other; `names` begin and end with the same one."""

    def __init__(self, names: List[str]) -> None:
        super().__init__(" -> ".join(names))
        self.names = names


def blocks_in_order(backbone: BackboneTower) -> Tuple[Block, ...]:
    """The blocks, each behind those that it reads or waits for, else as written; raises Cycle.

    Names of blocks that do not exist are passed over.
    """
    by_name = {block.name: block for block in backbone.blocks}
    done: Dict[str, Block] = {}
    # Blocks that have begun, each with what it still waits for: a chain of any length fits.
    begun: Dict[str, Tuple[Block, Iterator[Block]]] = {}

    def begin(block: Block) -> None:
        if block.name in begun:
            names = list(begun)
            raise Cycle([*names[names.index(block.name) :], block.name])
        if block.name not in done:
            waits_for = iter([by_name[name] for name in _waits_for(block) if name in by_name])
            begun[block.name] = block, waits_for

    for start in backbone.blocks:
        begin(start)
        while begun:
            name, (block, waits_for) = next(reversed(begun.items()))
            following = next(waits_for, None)
            if following is None:
                done[name] = block
                del begun[name]
            else:
                begin(following)
    return tuple(done.values())


def outputs(backbone: BackboneTower) -> Tuple[str, ...]:
    """Blocks whose outputs together are what the towers read, where there are no output_blocks."""
    if backbone.concat_blocks:
        return tuple(backbone.concat_blocks)
    read = {name for block in backbone.blocks for name in _waits_for(block)}
    return tuple(block.name for block in backbone.blocks if block.name not in read)


def groups_read(backbone: BackboneTower) -> Tuple[str, ...]:
    """Feature groups that blocks read, each once."""
    names = [
        one.feature_group_name
        for block in backbone.blocks
        for one in block.inputs
        if one.feature_group_name and not one.ignore_input
    ]
    return tuple(dict.fromkeys(names))


def _waits_for(block: Block) -> List[str]:
    return [one.block_name for one in block.inputs if one.block_name]
