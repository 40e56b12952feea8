from easy_esmm.protos import dnn_pb2 as _dnn_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MultiTower(_message.Message):
    __slots__ = ("towers", "final_dnn", "l2_regularization", "din_towers", "bst_towers", "use_input_bn")
    TOWERS_FIELD_NUMBER: _ClassVar[int]
    FINAL_DNN_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    DIN_TOWERS_FIELD_NUMBER: _ClassVar[int]
    BST_TOWERS_FIELD_NUMBER: _ClassVar[int]
    USE_INPUT_BN_FIELD_NUMBER: _ClassVar[int]
    towers: _containers.RepeatedCompositeFieldContainer[_tower_pb2.Tower]
    final_dnn: _dnn_pb2.DNN
    l2_regularization: float
    din_towers: _containers.RepeatedCompositeFieldContainer[_tower_pb2.Tower]
    bst_towers: _containers.RepeatedCompositeFieldContainer[_support_pb2.Foreign]
    use_input_bn: bool
    def __init__(self, towers: _Optional[_Iterable[_Union[_tower_pb2.Tower, _Mapping]]] = ..., final_dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., l2_regularization: _Optional[float] = ..., din_towers: _Optional[_Iterable[_Union[_tower_pb2.Tower, _Mapping]]] = ..., bst_towers: _Optional[_Iterable[_Union[_support_pb2.Foreign, _Mapping]]] = ..., use_input_bn: bool = ...) -> None: ...
