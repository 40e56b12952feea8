"""Which operations a SavedModel may hold: those that compute answers, and no others.

A SavedModel is a program: TensorFlow has operations that write files, read any file or run code,
and a graph may hold them where they run as soon as it is loaded. So a model is read as a message
first, and none of it is run unless all of its operations are in the lists here.

The check is about what a graph may do to files and processes. It does not bound the time and the
memory that a graph takes.
"""

from __future__ import annotations

import os
from typing import FrozenSet, Iterator, List

from easy_esmm.errors import UserError
from easy_esmm.serving.saved_graph import SavedGraph, read_graphs, tensor_name


def _names(text: str) -> FrozenSet[str]:
    return frozenset(text.split())


ANSWERING: FrozenSet[str] = (
    # What holds a graph together; functions are the branches of If.
    _names("""Assert Const EnsureShape Identity IdentityN If NoOp Placeholder
        PlaceholderWithDefault StatelessIf StopGradient""")
    # Weights and tables.
    | _names("GatherV2 HashTableV2 LookupTableFindV2 ReadVariableOp ResourceGather VarHandleOp")
    # Requests: serialised examples and joined rows.
    | _names("DecodeCSV ParseExampleV2")
    # Ids: text cut, joined, read as numbers, hashed, found between boundaries.
    | _names("""AsString Bucketize LowerBound RaggedCross RaggedGather ReduceJoin SparseCross
        SparseCrossV2 StaticRegexFullMatch StaticRegexReplace StringJoin StringLength StringLower
        StringSplit StringSplitV2 StringStrip StringToHashBucketFast StringToNumber Substr
        UnsortedSegmentJoin UpperBound""")
    # Lists of values: which row has which, and their sums.
    | _names("""Bincount Cumsum DenseBincount RaggedRange RaggedTensorToSparse
        RaggedTensorToTensor Range SegmentMean SegmentSum SparseTensorDenseMatMul Unique
        UnsortedSegmentSum Where""")
    # Shapes.
    | _names("""BroadcastTo ConcatV2 EnsureShape ExpandDims Fill GatherNd OneHot OnesLike Pack Pad
        PadV2 Rank Reshape Shape Size Slice Split SplitV Squeeze StridedSlice Tile Transpose Unpack
        ZerosLike""")
    # Numbers, one by one: also of functions and activations that no sample names.
    | _names("""Abs AddN AddV2 Asinh Cast Ceil ClipByValue DivNoNan Elu Erf Erfc Exp Expm1 Floor
        FloorDiv FloorMod LeakyRelu Log Log1p Maximum Minimum Mul Neg Pow RealDiv Reciprocal
        Relu Relu6 Round Rsqrt SelectV2 Selu Sigmoid Sign Softplus Softsign Sqrt Square
        SquaredDifference Sub Tanh""")
    | _names("""Equal Greater GreaterEqual IsFinite IsInf IsNan Less LessEqual LogicalAnd LogicalNot
        LogicalOr NotEqual""")
    # Products, norms, and what runs over an axis.
    | _names("""All Any ArgMax BatchMatMulV2 BiasAdd Einsum FusedBatchNormV3 LogSoftmax MatMul Max
        Mean Min Prod Softmax Sum""")
)  # fmt: skip
"""Operations without any effect but their outputs."""

_STARTING = _names("InitializeTableFromTextFileV2 LookupTableImportV2")
"""Fill vocabularies when a model is loaded; the first reads a file, of the model's assets only."""

_RESTORING = _names("AssignVariableOp RestoreV2")
"""Read the variables when a model is loaded, from the file that the loader names only."""

_SAVING = _names("MergeV2Checkpoints SaveV2 Select ShardedFilename")
"""Stand beside those in what TensorFlow's saver makes, and may only be where nothing runs them."""

_OF_TRAINING = _names("""L2Loss RandomStandardNormal RandomUniform
    StatelessRandomGetKeyCounter StatelessRandomUniformV2 TruncatedNormal VarIsInitializedOp""")
"""Also stand in exports of tf.estimator, where nothing runs them: first values and penalties."""


def require_allowed(folder: str) -> None:
    """Raises UserError for a SavedModel that may do more than answer, before any of it is run.

    The error names the operation, the node and where it stands.
    """
    found = problems(folder)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise UserError(
            f"{folder}: {found[0]}{more}. A SavedModel is a program, and this one was not loaded: "
            "export it anew with easy_esmm, or load it with TensorFlow itself if you trust it"
        )


def problems(folder: str, *, as_exported: bool = False) -> List[str]:
    """What in a SavedModel is not allowed, a sentence each; none: it may be loaded.

    Args:
      folder: of the SavedModel, which may be remote.
      as_exported: whether it must be as `export` writes it, without what only a training needs.

    Raises:
      UserError: there is no model, or its file cannot be read.
    """
    found = list(_links_out_of(folder))
    if found:
        return found
    idle = _SAVING if as_exported else _SAVING | _OF_TRAINING
    for graph in read_graphs(folder):
        where = f"in the graph with tags {', '.join(graph.tags)}: "
        for texts in (_foreign_ops(graph, idle), _foreign_files(graph)):
            found += [where + text for text in texts]
    return found


def _foreign_ops(graph: SavedGraph, idle: FrozenSet[str]) -> Iterator[str]:
    for function in graph.functions:  # which any node may call
        for node in function.node_def:
            if node.op not in ANSWERING:
                inside = f"node {node.name} of function {function.signature.name}"
                yield f"{inside} is a {node.op}, which no answer needs"
    run = graph.answering | graph.starting | graph.restoring
    elsewhere = {
        **dict.fromkeys(_STARTING, graph.answering | graph.restoring),
        **dict.fromkeys(_RESTORING, graph.answering | graph.starting),
        **dict.fromkeys(idle, run),
    }
    for node in graph.nodes.values():
        if node.op in elsewhere and node.name in elsewhere[node.op]:
            yield f"node {node.name} is a {node.op}, which must not run where it stands"
        elif node.op not in ANSWERING and node.op not in elsewhere:
            yield f"node {node.name} is a {node.op}, which no answer needs"


def _foreign_files(graph: SavedGraph) -> Iterator[str]:
    """Paths that come from the graph, where the loader must name them."""
    for node in graph.nodes.values():
        first_inputs = [tensor_name(name) for name in node.input[:2]]
        is_run = node.name in graph.restoring
        if node.op == "RestoreV2" and is_run and first_inputs[:1] != [graph.variables_file]:
            yield f"node {node.name} is a RestoreV2 of another file than the model's variables"
        is_table = node.op == "InitializeTableFromTextFileV2"
        if is_table and not {*first_inputs[1:]} & {*dict(graph.asset_files)}:
            yield f"node {node.name} reads a vocabulary that is none of the model's assets"
    for _, name in graph.asset_files:
        if name in ("", ".", "..") or name != os.path.basename(name) or "\\" in name:
            yield f"the asset {name!r} is no name of a file in the folder assets"


def _links_out_of(folder: str) -> Iterator[str]:
    """Symbolic links in a local folder that lead out of it."""
    root = os.path.realpath(folder[len("file://") :] if folder.startswith("file://") else folder)
    for parent, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(parent, name)
            target = os.path.realpath(path)
            if os.path.islink(path) and os.path.commonpath([root, target]) != root:
                yield f"{os.path.relpath(path, root)} is a link to {target}, outside of the model"
