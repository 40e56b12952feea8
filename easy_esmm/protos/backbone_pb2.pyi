from easy_esmm.protos import dnn_pb2 as _dnn_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Input(_message.Message):
    __slots__ = ("feature_group_name", "block_name", "package_name", "use_package_input", "input_fn", "input_slice", "ignore_input")
    FEATURE_GROUP_NAME_FIELD_NUMBER: _ClassVar[int]
    BLOCK_NAME_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_NAME_FIELD_NUMBER: _ClassVar[int]
    USE_PACKAGE_INPUT_FIELD_NUMBER: _ClassVar[int]
    INPUT_FN_FIELD_NUMBER: _ClassVar[int]
    INPUT_SLICE_FIELD_NUMBER: _ClassVar[int]
    IGNORE_INPUT_FIELD_NUMBER: _ClassVar[int]
    feature_group_name: str
    block_name: str
    package_name: str
    use_package_input: bool
    input_fn: str
    input_slice: str
    ignore_input: bool
    def __init__(self, feature_group_name: _Optional[str] = ..., block_name: _Optional[str] = ..., package_name: _Optional[str] = ..., use_package_input: bool = ..., input_fn: _Optional[str] = ..., input_slice: _Optional[str] = ..., ignore_input: bool = ...) -> None: ...

class MMoELayer(_message.Message):
    __slots__ = ("num_task", "num_expert", "expert_mlp")
    NUM_TASK_FIELD_NUMBER: _ClassVar[int]
    NUM_EXPERT_FIELD_NUMBER: _ClassVar[int]
    EXPERT_MLP_FIELD_NUMBER: _ClassVar[int]
    num_task: int
    num_expert: int
    expert_mlp: _dnn_pb2.MLP
    def __init__(self, num_task: _Optional[int] = ..., num_expert: _Optional[int] = ..., expert_mlp: _Optional[_Union[_dnn_pb2.MLP, _Mapping]] = ...) -> None: ...

class SENet(_message.Message):
    __slots__ = ("reduction_ratio", "num_squeeze_group", "use_skip_connection", "use_output_layer_norm")
    REDUCTION_RATIO_FIELD_NUMBER: _ClassVar[int]
    NUM_SQUEEZE_GROUP_FIELD_NUMBER: _ClassVar[int]
    USE_SKIP_CONNECTION_FIELD_NUMBER: _ClassVar[int]
    USE_OUTPUT_LAYER_NORM_FIELD_NUMBER: _ClassVar[int]
    reduction_ratio: int
    num_squeeze_group: int
    use_skip_connection: bool
    use_output_layer_norm: bool
    def __init__(self, reduction_ratio: _Optional[int] = ..., num_squeeze_group: _Optional[int] = ..., use_skip_connection: bool = ..., use_output_layer_norm: bool = ...) -> None: ...

class AITMTower(_message.Message):
    __slots__ = ("project_dim", "stop_gradient", "transfer_mlp")
    PROJECT_DIM_FIELD_NUMBER: _ClassVar[int]
    STOP_GRADIENT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_MLP_FIELD_NUMBER: _ClassVar[int]
    project_dim: int
    stop_gradient: bool
    transfer_mlp: _dnn_pb2.MLP
    def __init__(self, project_dim: _Optional[int] = ..., stop_gradient: bool = ..., transfer_mlp: _Optional[_Union[_dnn_pb2.MLP, _Mapping]] = ...) -> None: ...

class MaskBlock(_message.Message):
    __slots__ = ("reduction_factor", "output_size", "aggregation_size", "input_layer_norm", "projection_dim")
    REDUCTION_FACTOR_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SIZE_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_SIZE_FIELD_NUMBER: _ClassVar[int]
    INPUT_LAYER_NORM_FIELD_NUMBER: _ClassVar[int]
    PROJECTION_DIM_FIELD_NUMBER: _ClassVar[int]
    reduction_factor: float
    output_size: int
    aggregation_size: int
    input_layer_norm: bool
    projection_dim: int
    def __init__(self, reduction_factor: _Optional[float] = ..., output_size: _Optional[int] = ..., aggregation_size: _Optional[int] = ..., input_layer_norm: bool = ..., projection_dim: _Optional[int] = ...) -> None: ...

class MaskNet(_message.Message):
    __slots__ = ("mask_blocks", "use_parallel", "mlp")
    MASK_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    USE_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    MLP_FIELD_NUMBER: _ClassVar[int]
    mask_blocks: _containers.RepeatedCompositeFieldContainer[MaskBlock]
    use_parallel: bool
    mlp: _dnn_pb2.MLP
    def __init__(self, mask_blocks: _Optional[_Iterable[_Union[MaskBlock, _Mapping]]] = ..., use_parallel: bool = ..., mlp: _Optional[_Union[_dnn_pb2.MLP, _Mapping]] = ...) -> None: ...

class KerasLayer(_message.Message):
    __slots__ = ("class_name", "st_params", "mask_block", "masknet", "senet", "mlp", "mmoe", "aitm")
    CLASS_NAME_FIELD_NUMBER: _ClassVar[int]
    ST_PARAMS_FIELD_NUMBER: _ClassVar[int]
    MASK_BLOCK_FIELD_NUMBER: _ClassVar[int]
    MASKNET_FIELD_NUMBER: _ClassVar[int]
    SENET_FIELD_NUMBER: _ClassVar[int]
    MLP_FIELD_NUMBER: _ClassVar[int]
    MMOE_FIELD_NUMBER: _ClassVar[int]
    AITM_FIELD_NUMBER: _ClassVar[int]
    class_name: str
    st_params: _struct_pb2.Struct
    mask_block: MaskBlock
    masknet: MaskNet
    senet: SENet
    mlp: _dnn_pb2.MLP
    mmoe: MMoELayer
    aitm: AITMTower
    def __init__(self, class_name: _Optional[str] = ..., st_params: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., mask_block: _Optional[_Union[MaskBlock, _Mapping]] = ..., masknet: _Optional[_Union[MaskNet, _Mapping]] = ..., senet: _Optional[_Union[SENet, _Mapping]] = ..., mlp: _Optional[_Union[_dnn_pb2.MLP, _Mapping]] = ..., mmoe: _Optional[_Union[MMoELayer, _Mapping]] = ..., aitm: _Optional[_Union[AITMTower, _Mapping]] = ...) -> None: ...

class Layer(_message.Message):
    __slots__ = ("keras_layer",)
    LAMBDA_FIELD_NUMBER: _ClassVar[int]
    KERAS_LAYER_FIELD_NUMBER: _ClassVar[int]
    keras_layer: KerasLayer
    def __init__(self, keras_layer: _Optional[_Union[KerasLayer, _Mapping]] = ..., **kwargs) -> None: ...

class InputLayer(_message.Message):
    __slots__ = ("do_batch_norm", "do_layer_norm", "dropout_rate", "feature_dropout_rate", "only_output_feature_list", "only_output_3d_tensor", "output_2d_tensor_and_feature_list")
    DO_BATCH_NORM_FIELD_NUMBER: _ClassVar[int]
    DO_LAYER_NORM_FIELD_NUMBER: _ClassVar[int]
    DROPOUT_RATE_FIELD_NUMBER: _ClassVar[int]
    FEATURE_DROPOUT_RATE_FIELD_NUMBER: _ClassVar[int]
    ONLY_OUTPUT_FEATURE_LIST_FIELD_NUMBER: _ClassVar[int]
    ONLY_OUTPUT_3D_TENSOR_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_2D_TENSOR_AND_FEATURE_LIST_FIELD_NUMBER: _ClassVar[int]
    do_batch_norm: bool
    do_layer_norm: bool
    dropout_rate: float
    feature_dropout_rate: float
    only_output_feature_list: bool
    only_output_3d_tensor: bool
    output_2d_tensor_and_feature_list: bool
    def __init__(self, do_batch_norm: bool = ..., do_layer_norm: bool = ..., dropout_rate: _Optional[float] = ..., feature_dropout_rate: _Optional[float] = ..., only_output_feature_list: bool = ..., only_output_3d_tensor: bool = ..., output_2d_tensor_and_feature_list: bool = ...) -> None: ...

class Block(_message.Message):
    __slots__ = ("name", "inputs", "input_concat_axis", "merge_inputs_into_list", "extra_input_fn", "layers", "input_layer", "keras_layer")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    INPUT_CONCAT_AXIS_FIELD_NUMBER: _ClassVar[int]
    MERGE_INPUTS_INTO_LIST_FIELD_NUMBER: _ClassVar[int]
    EXTRA_INPUT_FN_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    INPUT_LAYER_FIELD_NUMBER: _ClassVar[int]
    LAMBDA_FIELD_NUMBER: _ClassVar[int]
    KERAS_LAYER_FIELD_NUMBER: _ClassVar[int]
    name: str
    inputs: _containers.RepeatedCompositeFieldContainer[Input]
    input_concat_axis: int
    merge_inputs_into_list: bool
    extra_input_fn: str
    layers: _containers.RepeatedCompositeFieldContainer[Layer]
    input_layer: InputLayer
    keras_layer: KerasLayer
    def __init__(self, name: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[Input, _Mapping]]] = ..., input_concat_axis: _Optional[int] = ..., merge_inputs_into_list: bool = ..., extra_input_fn: _Optional[str] = ..., layers: _Optional[_Iterable[_Union[Layer, _Mapping]]] = ..., input_layer: _Optional[_Union[InputLayer, _Mapping]] = ..., keras_layer: _Optional[_Union[KerasLayer, _Mapping]] = ..., **kwargs) -> None: ...

class BackboneTower(_message.Message):
    __slots__ = ("packages", "blocks", "concat_blocks", "output_blocks", "top_mlp")
    PACKAGES_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    CONCAT_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    TOP_MLP_FIELD_NUMBER: _ClassVar[int]
    packages: _containers.RepeatedCompositeFieldContainer[_support_pb2.Foreign]
    blocks: _containers.RepeatedCompositeFieldContainer[Block]
    concat_blocks: _containers.RepeatedScalarFieldContainer[str]
    output_blocks: _containers.RepeatedScalarFieldContainer[str]
    top_mlp: _dnn_pb2.MLP
    def __init__(self, packages: _Optional[_Iterable[_Union[_support_pb2.Foreign, _Mapping]]] = ..., blocks: _Optional[_Iterable[_Union[Block, _Mapping]]] = ..., concat_blocks: _Optional[_Iterable[str]] = ..., output_blocks: _Optional[_Iterable[str]] = ..., top_mlp: _Optional[_Union[_dnn_pb2.MLP, _Mapping]] = ...) -> None: ...
