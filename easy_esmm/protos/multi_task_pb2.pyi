from easy_esmm.protos import dnn_pb2 as _dnn_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExpertTower(_message.Message):
    __slots__ = ("expert_name", "dnn")
    EXPERT_NAME_FIELD_NUMBER: _ClassVar[int]
    DNN_FIELD_NUMBER: _ClassVar[int]
    expert_name: str
    dnn: _dnn_pb2.DNN
    def __init__(self, expert_name: _Optional[str] = ..., dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ...) -> None: ...

class MMoE(_message.Message):
    __slots__ = ("experts", "expert_dnn", "num_expert", "task_towers", "l2_regularization")
    EXPERTS_FIELD_NUMBER: _ClassVar[int]
    EXPERT_DNN_FIELD_NUMBER: _ClassVar[int]
    NUM_EXPERT_FIELD_NUMBER: _ClassVar[int]
    TASK_TOWERS_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    experts: _containers.RepeatedCompositeFieldContainer[ExpertTower]
    expert_dnn: _dnn_pb2.DNN
    num_expert: int
    task_towers: _containers.RepeatedCompositeFieldContainer[_tower_pb2.TaskTower]
    l2_regularization: float
    def __init__(self, experts: _Optional[_Iterable[_Union[ExpertTower, _Mapping]]] = ..., expert_dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., num_expert: _Optional[int] = ..., task_towers: _Optional[_Iterable[_Union[_tower_pb2.TaskTower, _Mapping]]] = ..., l2_regularization: _Optional[float] = ...) -> None: ...

class ExtractionNetwork(_message.Message):
    __slots__ = ("network_name", "expert_num_per_task", "share_num", "task_expert_net", "share_expert_net")
    NETWORK_NAME_FIELD_NUMBER: _ClassVar[int]
    EXPERT_NUM_PER_TASK_FIELD_NUMBER: _ClassVar[int]
    SHARE_NUM_FIELD_NUMBER: _ClassVar[int]
    TASK_EXPERT_NET_FIELD_NUMBER: _ClassVar[int]
    SHARE_EXPERT_NET_FIELD_NUMBER: _ClassVar[int]
    network_name: str
    expert_num_per_task: int
    share_num: int
    task_expert_net: _dnn_pb2.DNN
    share_expert_net: _dnn_pb2.DNN
    def __init__(self, network_name: _Optional[str] = ..., expert_num_per_task: _Optional[int] = ..., share_num: _Optional[int] = ..., task_expert_net: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., share_expert_net: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ...) -> None: ...

class PLE(_message.Message):
    __slots__ = ("extraction_networks", "task_towers", "l2_regularization")
    EXTRACTION_NETWORKS_FIELD_NUMBER: _ClassVar[int]
    TASK_TOWERS_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    extraction_networks: _containers.RepeatedCompositeFieldContainer[ExtractionNetwork]
    task_towers: _containers.RepeatedCompositeFieldContainer[_tower_pb2.TaskTower]
    l2_regularization: float
    def __init__(self, extraction_networks: _Optional[_Iterable[_Union[ExtractionNetwork, _Mapping]]] = ..., task_towers: _Optional[_Iterable[_Union[_tower_pb2.TaskTower, _Mapping]]] = ..., l2_regularization: _Optional[float] = ...) -> None: ...

class DBMTL(_message.Message):
    __slots__ = ("bottom_dnn", "expert_dnn", "num_expert", "task_towers", "l2_regularization", "experts", "bottom_cmbf", "bottom_uniter")
    BOTTOM_DNN_FIELD_NUMBER: _ClassVar[int]
    EXPERT_DNN_FIELD_NUMBER: _ClassVar[int]
    NUM_EXPERT_FIELD_NUMBER: _ClassVar[int]
    TASK_TOWERS_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    EXPERTS_FIELD_NUMBER: _ClassVar[int]
    BOTTOM_CMBF_FIELD_NUMBER: _ClassVar[int]
    BOTTOM_UNITER_FIELD_NUMBER: _ClassVar[int]
    bottom_dnn: _dnn_pb2.DNN
    expert_dnn: _dnn_pb2.DNN
    num_expert: int
    task_towers: _containers.RepeatedCompositeFieldContainer[_tower_pb2.BayesTaskTower]
    l2_regularization: float
    experts: _containers.RepeatedCompositeFieldContainer[_support_pb2.Foreign]
    bottom_cmbf: _support_pb2.Foreign
    bottom_uniter: _support_pb2.Foreign
    def __init__(self, bottom_dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., expert_dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., num_expert: _Optional[int] = ..., task_towers: _Optional[_Iterable[_Union[_tower_pb2.BayesTaskTower, _Mapping]]] = ..., l2_regularization: _Optional[float] = ..., experts: _Optional[_Iterable[_Union[_support_pb2.Foreign, _Mapping]]] = ..., bottom_cmbf: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., bottom_uniter: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ...) -> None: ...

class SimpleMultiTask(_message.Message):
    __slots__ = ("task_towers", "l2_regularization")
    TASK_TOWERS_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    task_towers: _containers.RepeatedCompositeFieldContainer[_tower_pb2.TaskTower]
    l2_regularization: float
    def __init__(self, task_towers: _Optional[_Iterable[_Union[_tower_pb2.TaskTower, _Mapping]]] = ..., l2_regularization: _Optional[float] = ...) -> None: ...

class MultiTaskModel(_message.Message):
    __slots__ = ("l2_regularization", "outputs", "user_tower_idx_in_output", "task_towers")
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    USER_TOWER_IDX_IN_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    TASK_TOWERS_FIELD_NUMBER: _ClassVar[int]
    l2_regularization: float
    outputs: _containers.RepeatedScalarFieldContainer[str]
    user_tower_idx_in_output: int
    task_towers: _containers.RepeatedCompositeFieldContainer[_tower_pb2.BayesTaskTower]
    def __init__(self, l2_regularization: _Optional[float] = ..., outputs: _Optional[_Iterable[str]] = ..., user_tower_idx_in_output: _Optional[int] = ..., task_towers: _Optional[_Iterable[_Union[_tower_pb2.BayesTaskTower, _Mapping]]] = ...) -> None: ...
