from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EvalConfig(_message.Message):
    __slots__ = ("num_examples", "eval_interval_secs", "max_evals", "save_graph", "metrics_set", "eval_online")
    NUM_EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    EVAL_INTERVAL_SECS_FIELD_NUMBER: _ClassVar[int]
    MAX_EVALS_FIELD_NUMBER: _ClassVar[int]
    SAVE_GRAPH_FIELD_NUMBER: _ClassVar[int]
    METRICS_SET_FIELD_NUMBER: _ClassVar[int]
    EVAL_ONLINE_FIELD_NUMBER: _ClassVar[int]
    num_examples: int
    eval_interval_secs: int
    max_evals: int
    save_graph: bool
    metrics_set: _containers.RepeatedCompositeFieldContainer[EvalMetrics]
    eval_online: bool
    def __init__(self, num_examples: _Optional[int] = ..., eval_interval_secs: _Optional[int] = ..., max_evals: _Optional[int] = ..., save_graph: bool = ..., metrics_set: _Optional[_Iterable[_Union[EvalMetrics, _Mapping]]] = ..., eval_online: bool = ...) -> None: ...

class EvalMetrics(_message.Message):
    __slots__ = ("auc", "recall_at_topk", "mean_absolute_error", "mean_squared_error", "accuracy", "max_f1", "root_mean_squared_error", "gauc", "session_auc", "precision_at_topk", "recall", "precision")
    AUC_FIELD_NUMBER: _ClassVar[int]
    RECALL_AT_TOPK_FIELD_NUMBER: _ClassVar[int]
    MEAN_ABSOLUTE_ERROR_FIELD_NUMBER: _ClassVar[int]
    MEAN_SQUARED_ERROR_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_FIELD_NUMBER: _ClassVar[int]
    MAX_F1_FIELD_NUMBER: _ClassVar[int]
    ROOT_MEAN_SQUARED_ERROR_FIELD_NUMBER: _ClassVar[int]
    GAUC_FIELD_NUMBER: _ClassVar[int]
    SESSION_AUC_FIELD_NUMBER: _ClassVar[int]
    PRECISION_AT_TOPK_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    auc: AUC
    recall_at_topk: RecallAtTopK
    mean_absolute_error: MeanAbsoluteError
    mean_squared_error: MeanSquaredError
    accuracy: Accuracy
    max_f1: Max_F1
    root_mean_squared_error: RootMeanSquaredError
    gauc: GAUC
    session_auc: SessionAUC
    precision_at_topk: PrecisionAtTopK
    recall: Recall
    precision: Precision
    def __init__(self, auc: _Optional[_Union[AUC, _Mapping]] = ..., recall_at_topk: _Optional[_Union[RecallAtTopK, _Mapping]] = ..., mean_absolute_error: _Optional[_Union[MeanAbsoluteError, _Mapping]] = ..., mean_squared_error: _Optional[_Union[MeanSquaredError, _Mapping]] = ..., accuracy: _Optional[_Union[Accuracy, _Mapping]] = ..., max_f1: _Optional[_Union[Max_F1, _Mapping]] = ..., root_mean_squared_error: _Optional[_Union[RootMeanSquaredError, _Mapping]] = ..., gauc: _Optional[_Union[GAUC, _Mapping]] = ..., session_auc: _Optional[_Union[SessionAUC, _Mapping]] = ..., precision_at_topk: _Optional[_Union[PrecisionAtTopK, _Mapping]] = ..., recall: _Optional[_Union[Recall, _Mapping]] = ..., precision: _Optional[_Union[Precision, _Mapping]] = ...) -> None: ...

class AUC(_message.Message):
    __slots__ = ("num_thresholds", "exact")
    NUM_THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    num_thresholds: int
    exact: bool
    def __init__(self, num_thresholds: _Optional[int] = ..., exact: bool = ...) -> None: ...

class GAUC(_message.Message):
    __slots__ = ("uid_field", "reduction")
    UID_FIELD_FIELD_NUMBER: _ClassVar[int]
    REDUCTION_FIELD_NUMBER: _ClassVar[int]
    uid_field: str
    reduction: str
    def __init__(self, uid_field: _Optional[str] = ..., reduction: _Optional[str] = ...) -> None: ...

class SessionAUC(_message.Message):
    __slots__ = ("session_id_field", "reduction")
    SESSION_ID_FIELD_FIELD_NUMBER: _ClassVar[int]
    REDUCTION_FIELD_NUMBER: _ClassVar[int]
    session_id_field: str
    reduction: str
    def __init__(self, session_id_field: _Optional[str] = ..., reduction: _Optional[str] = ...) -> None: ...

class RecallAtTopK(_message.Message):
    __slots__ = ("topk", "session_id_field")
    TOPK_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_FIELD_NUMBER: _ClassVar[int]
    topk: int
    session_id_field: str
    def __init__(self, topk: _Optional[int] = ..., session_id_field: _Optional[str] = ...) -> None: ...

class PrecisionAtTopK(_message.Message):
    __slots__ = ("topk", "session_id_field")
    TOPK_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_FIELD_NUMBER: _ClassVar[int]
    topk: int
    session_id_field: str
    def __init__(self, topk: _Optional[int] = ..., session_id_field: _Optional[str] = ...) -> None: ...

class MeanAbsoluteError(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MeanSquaredError(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RootMeanSquaredError(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Accuracy(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Recall(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Precision(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Max_F1(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
