from easy_esmm.protos import propensity_pb2 as _propensity_pb2
from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ESCM2(_message.Message):
    __slots__ = ("groups", "ctr_tower", "cvr_tower", "l2_regularization", "estimator", "counterfactual_weight", "propensity", "warm_up_steps", "imputation_tower", "imputation_weight")
    class Estimator(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        IPS: _ClassVar[ESCM2.Estimator]
        DR: _ClassVar[ESCM2.Estimator]
    IPS: ESCM2.Estimator
    DR: ESCM2.Estimator
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    CTR_TOWER_FIELD_NUMBER: _ClassVar[int]
    CVR_TOWER_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    ESTIMATOR_FIELD_NUMBER: _ClassVar[int]
    COUNTERFACTUAL_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    WARM_UP_STEPS_FIELD_NUMBER: _ClassVar[int]
    IMPUTATION_TOWER_FIELD_NUMBER: _ClassVar[int]
    IMPUTATION_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    groups: _containers.RepeatedCompositeFieldContainer[_tower_pb2.Tower]
    ctr_tower: _tower_pb2.TaskTower
    cvr_tower: _tower_pb2.TaskTower
    l2_regularization: float
    estimator: ESCM2.Estimator
    counterfactual_weight: float
    propensity: _propensity_pb2.Propensity
    warm_up_steps: int
    imputation_tower: _tower_pb2.Head
    imputation_weight: float
    def __init__(self, groups: _Optional[_Iterable[_Union[_tower_pb2.Tower, _Mapping]]] = ..., ctr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., cvr_tower: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., l2_regularization: _Optional[float] = ..., estimator: _Optional[_Union[ESCM2.Estimator, str]] = ..., counterfactual_weight: _Optional[float] = ..., propensity: _Optional[_Union[_propensity_pb2.Propensity, _Mapping]] = ..., warm_up_steps: _Optional[int] = ..., imputation_tower: _Optional[_Union[_tower_pb2.Head, _Mapping]] = ..., imputation_weight: _Optional[float] = ...) -> None: ...
