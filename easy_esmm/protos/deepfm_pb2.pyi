from easy_esmm.protos import dnn_pb2 as _dnn_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeepFM(_message.Message):
    __slots__ = ("dnn", "final_dnn", "wide_output_dim", "wide_regularization", "dense_regularization", "l2_regularization")
    DNN_FIELD_NUMBER: _ClassVar[int]
    FINAL_DNN_FIELD_NUMBER: _ClassVar[int]
    WIDE_OUTPUT_DIM_FIELD_NUMBER: _ClassVar[int]
    WIDE_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    DENSE_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    dnn: _dnn_pb2.DNN
    final_dnn: _dnn_pb2.DNN
    wide_output_dim: int
    wide_regularization: float
    dense_regularization: float
    l2_regularization: float
    def __init__(self, dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., final_dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., wide_output_dim: _Optional[int] = ..., wide_regularization: _Optional[float] = ..., dense_regularization: _Optional[float] = ..., l2_regularization: _Optional[float] = ...) -> None: ...

class WideAndDeep(_message.Message):
    __slots__ = ("wide_output_dim", "dnn", "final_dnn", "l2_regularization")
    WIDE_OUTPUT_DIM_FIELD_NUMBER: _ClassVar[int]
    DNN_FIELD_NUMBER: _ClassVar[int]
    FINAL_DNN_FIELD_NUMBER: _ClassVar[int]
    L2_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    wide_output_dim: int
    dnn: _dnn_pb2.DNN
    final_dnn: _dnn_pb2.DNN
    l2_regularization: float
    def __init__(self, wide_output_dim: _Optional[int] = ..., dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., final_dnn: _Optional[_Union[_dnn_pb2.DNN, _Mapping]] = ..., l2_regularization: _Optional[float] = ...) -> None: ...
