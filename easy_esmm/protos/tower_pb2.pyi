from easy_esmm.protos import dnn_pb2 as _dnn_pb2
from easy_esmm.protos import eval_pb2 as _eval_pb2
from easy_esmm.protos import loss_pb2 as _loss_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Tower(_message.Message):
    __slots__ = ("input", "dnn")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    DNN_FIELD_NUMBER: _ClassVar[int]
    input: str
    dnn: _dnn_pb2.DNN
    def __init__(self, input: _Optional[str] = ..., dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ...) -> None: ...

class Head(_message.Message):
    __slots__ = ("dnn",)
    DNN_FIELD_NUMBER: _ClassVar[int]
    dnn: _dnn_pb2.DNN
    def __init__(self, dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ...) -> None: ...

class TaskTower(_message.Message):
    __slots__ = ("tower_name", "label_name", "metrics_set", "loss_type", "num_class", "dnn", "weight", "task_space_indicator_label", "in_task_space_weight", "out_task_space_weight", "losses", "use_sample_weight", "task_space_indicator_name", "task_space_indicator_value", "label_prior", "input")
    TOWER_NAME_FIELD_NUMBER: _ClassVar[int]
    LABEL_NAME_FIELD_NUMBER: _ClassVar[int]
    METRICS_SET_FIELD_NUMBER: _ClassVar[int]
    LOSS_TYPE_FIELD_NUMBER: _ClassVar[int]
    NUM_CLASS_FIELD_NUMBER: _ClassVar[int]
    DNN_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    TASK_SPACE_INDICATOR_LABEL_FIELD_NUMBER: _ClassVar[int]
    IN_TASK_SPACE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    OUT_TASK_SPACE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    USE_SAMPLE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    TASK_SPACE_INDICATOR_NAME_FIELD_NUMBER: _ClassVar[int]
    TASK_SPACE_INDICATOR_VALUE_FIELD_NUMBER: _ClassVar[int]
    LABEL_PRIOR_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    tower_name: str
    label_name: str
    metrics_set: _containers.RepeatedCompositeFieldContainer[_eval_pb2.EvalMetrics]
    loss_type: _loss_pb2.LossType
    num_class: int
    dnn: _dnn_pb2.DNN
    weight: float
    task_space_indicator_label: str
    in_task_space_weight: float
    out_task_space_weight: float
    losses: _containers.RepeatedCompositeFieldContainer[_loss_pb2.Loss]
    use_sample_weight: bool
    task_space_indicator_name: str
    task_space_indicator_value: str
    label_prior: float
    input: str
    def __init__(self, tower_name: _Optional[str] = ..., label_name: _Optional[str] = ..., metrics_set: _Optional[_Iterable[_Union[_eval_pb2.EvalMetrics, _Mapping]]] = ..., loss_type: _Optional[_Union[_loss_pb2.LossType, str]] = ..., num_class: _Optional[int] = ..., dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., weight: _Optional[float] = ..., task_space_indicator_label: _Optional[str] = ..., in_task_space_weight: _Optional[float] = ..., out_task_space_weight: _Optional[float] = ..., losses: _Optional[_Iterable[_Union[_loss_pb2.Loss, _Mapping]]] = ..., use_sample_weight: bool = ..., task_space_indicator_name: _Optional[str] = ..., task_space_indicator_value: _Optional[str] = ..., label_prior: _Optional[float] = ..., input: _Optional[str] = ...) -> None: ...

class BayesTaskTower(_message.Message):
    __slots__ = ("tower_name", "label_name", "metrics_set", "loss_type", "num_class", "dnn", "relation_tower_names", "relation_dnn", "weight", "task_space_indicator_label", "in_task_space_weight", "out_task_space_weight", "losses", "use_sample_weight", "task_space_indicator_name", "task_space_indicator_value", "use_ait_module", "ait_project_dim", "label_prior")
    TOWER_NAME_FIELD_NUMBER: _ClassVar[int]
    LABEL_NAME_FIELD_NUMBER: _ClassVar[int]
    METRICS_SET_FIELD_NUMBER: _ClassVar[int]
    LOSS_TYPE_FIELD_NUMBER: _ClassVar[int]
    NUM_CLASS_FIELD_NUMBER: _ClassVar[int]
    DNN_FIELD_NUMBER: _ClassVar[int]
    RELATION_TOWER_NAMES_FIELD_NUMBER: _ClassVar[int]
    RELATION_DNN_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    TASK_SPACE_INDICATOR_LABEL_FIELD_NUMBER: _ClassVar[int]
    IN_TASK_SPACE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    OUT_TASK_SPACE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    USE_SAMPLE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    TASK_SPACE_INDICATOR_NAME_FIELD_NUMBER: _ClassVar[int]
    TASK_SPACE_INDICATOR_VALUE_FIELD_NUMBER: _ClassVar[int]
    USE_AIT_MODULE_FIELD_NUMBER: _ClassVar[int]
    AIT_PROJECT_DIM_FIELD_NUMBER: _ClassVar[int]
    LABEL_PRIOR_FIELD_NUMBER: _ClassVar[int]
    tower_name: str
    label_name: str
    metrics_set: _containers.RepeatedCompositeFieldContainer[_eval_pb2.EvalMetrics]
    loss_type: _loss_pb2.LossType
    num_class: int
    dnn: _dnn_pb2.DNN
    relation_tower_names: _containers.RepeatedScalarFieldContainer[str]
    relation_dnn: _dnn_pb2.DNN
    weight: float
    task_space_indicator_label: str
    in_task_space_weight: float
    out_task_space_weight: float
    losses: _containers.RepeatedCompositeFieldContainer[_loss_pb2.Loss]
    use_sample_weight: bool
    task_space_indicator_name: str
    task_space_indicator_value: str
    use_ait_module: bool
    ait_project_dim: int
    label_prior: float
    def __init__(self, tower_name: _Optional[str] = ..., label_name: _Optional[str] = ..., metrics_set: _Optional[_Iterable[_Union[_eval_pb2.EvalMetrics, _Mapping]]] = ..., loss_type: _Optional[_Union[_loss_pb2.LossType, str]] = ..., num_class: _Optional[int] = ..., dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., relation_tower_names: _Optional[_Iterable[str]] = ..., relation_dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., weight: _Optional[float] = ..., task_space_indicator_label: _Optional[str] = ..., in_task_space_weight: _Optional[float] = ..., out_task_space_weight: _Optional[float] = ..., losses: _Optional[_Iterable[_Union[_loss_pb2.Loss, _Mapping]]] = ..., use_sample_weight: bool = ..., task_space_indicator_name: _Optional[str] = ..., task_space_indicator_value: _Optional[str] = ..., use_ait_module: bool = ..., ait_project_dim: _Optional[int] = ..., label_prior: _Optional[float] = ...) -> None: ...
