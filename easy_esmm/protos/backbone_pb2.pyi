from easy_esmm.protos import dnn_pb2 as _dnn_pb2
from easy_esmm.protos import struct_pb2 as _struct_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Input(_message.Message):
    __slots__ = ("feature_group_name", "block_name", "package_name", "use_package_input", "input_fn", "input_slice", "ignore_input", "reset_input", "package_input", "package_input_fn")
    FEATURE_GROUP_NAME_FIELD_NUMBER: _ClassVar[int]
    BLOCK_NAME_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_NAME_FIELD_NUMBER: _ClassVar[int]
    USE_PACKAGE_INPUT_FIELD_NUMBER: _ClassVar[int]
    INPUT_FN_FIELD_NUMBER: _ClassVar[int]
    INPUT_SLICE_FIELD_NUMBER: _ClassVar[int]
    IGNORE_INPUT_FIELD_NUMBER: _ClassVar[int]
    RESET_INPUT_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_INPUT_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_INPUT_FN_FIELD_NUMBER: _ClassVar[int]
    feature_group_name: str
    block_name: str
    package_name: str
    use_package_input: bool
    input_fn: str
    input_slice: str
    ignore_input: bool
    reset_input: _support_pb2.Foreign
    package_input: str
    package_input_fn: str
    def __init__(self, feature_group_name: _Optional[str] = ..., block_name: _Optional[str] = ..., package_name: _Optional[str] = ..., use_package_input: bool = ..., input_fn: _Optional[str] = ..., input_slice: _Optional[str] = ..., ignore_input: bool = ..., reset_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., package_input: _Optional[str] = ..., package_input_fn: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("mask_blocks", "use_parallel", "mlp", "input_layer_norm")
    MASK_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    USE_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    MLP_FIELD_NUMBER: _ClassVar[int]
    INPUT_LAYER_NORM_FIELD_NUMBER: _ClassVar[int]
    mask_blocks: _containers.RepeatedCompositeFieldContainer[MaskBlock]
    use_parallel: bool
    mlp: _dnn_pb2.MLP
    input_layer_norm: bool
    def __init__(self, mask_blocks: _Optional[_Iterable[_Union[MaskBlock, _Mapping]]] = ..., use_parallel: bool = ..., mlp: _Optional[_Union[_dnn_pb2.MLP, _Mapping]] = ..., input_layer_norm: bool = ...) -> None: ...

class FM(_message.Message):
    __slots__ = ("use_variant",)
    USE_VARIANT_FIELD_NUMBER: _ClassVar[int]
    use_variant: bool
    def __init__(self, use_variant: bool = ...) -> None: ...

class Cross(_message.Message):
    __slots__ = ("projection_dim", "diag_scale", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer")
    PROJECTION_DIM_FIELD_NUMBER: _ClassVar[int]
    DIAG_SCALE_FIELD_NUMBER: _ClassVar[int]
    USE_BIAS_FIELD_NUMBER: _ClassVar[int]
    KERNEL_INITIALIZER_FIELD_NUMBER: _ClassVar[int]
    BIAS_INITIALIZER_FIELD_NUMBER: _ClassVar[int]
    KERNEL_REGULARIZER_FIELD_NUMBER: _ClassVar[int]
    BIAS_REGULARIZER_FIELD_NUMBER: _ClassVar[int]
    projection_dim: int
    diag_scale: float
    use_bias: bool
    kernel_initializer: str
    bias_initializer: str
    kernel_regularizer: str
    bias_regularizer: str
    def __init__(self, projection_dim: _Optional[int] = ..., diag_scale: _Optional[float] = ..., use_bias: bool = ..., kernel_initializer: _Optional[str] = ..., bias_initializer: _Optional[str] = ..., kernel_regularizer: _Optional[str] = ..., bias_regularizer: _Optional[str] = ...) -> None: ...

class DINEncoder(_message.Message):
    __slots__ = ("attention_dnn", "need_target_feature", "attention_normalizer")
    ATTENTION_DNN_FIELD_NUMBER: _ClassVar[int]
    NEED_TARGET_FEATURE_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_NORMALIZER_FIELD_NUMBER: _ClassVar[int]
    attention_dnn: _dnn_pb2.MLP
    need_target_feature: bool
    attention_normalizer: str
    def __init__(self, attention_dnn: _Optional[_Union[_dnn_pb2.MLP, _Mapping]] = ..., need_target_feature: bool = ..., attention_normalizer: _Optional[str] = ...) -> None: ...

class KerasLayer(_message.Message):
    __slots__ = ("class_name", "st_params", "periodic_embedding", "auto_dis_embedding", "fm", "mask_block", "masknet", "senet", "bilinear", "fibinet", "mlp", "din", "bst", "mmoe", "seq_aug", "aitm", "ppnet", "text_cnn", "highway", "nary_dis_embedding", "gate", "gate_nu", "dot_interaction", "overlap", "attention", "multi_head_attention", "transformer_block", "transformer", "text_encoder", "auxiliary_loss", "cross")
    CLASS_NAME_FIELD_NUMBER: _ClassVar[int]
    ST_PARAMS_FIELD_NUMBER: _ClassVar[int]
    PERIODIC_EMBEDDING_FIELD_NUMBER: _ClassVar[int]
    AUTO_DIS_EMBEDDING_FIELD_NUMBER: _ClassVar[int]
    FM_FIELD_NUMBER: _ClassVar[int]
    MASK_BLOCK_FIELD_NUMBER: _ClassVar[int]
    MASKNET_FIELD_NUMBER: _ClassVar[int]
    SENET_FIELD_NUMBER: _ClassVar[int]
    BILINEAR_FIELD_NUMBER: _ClassVar[int]
    FIBINET_FIELD_NUMBER: _ClassVar[int]
    MLP_FIELD_NUMBER: _ClassVar[int]
    DIN_FIELD_NUMBER: _ClassVar[int]
    BST_FIELD_NUMBER: _ClassVar[int]
    MMOE_FIELD_NUMBER: _ClassVar[int]
    SEQ_AUG_FIELD_NUMBER: _ClassVar[int]
    AITM_FIELD_NUMBER: _ClassVar[int]
    PPNET_FIELD_NUMBER: _ClassVar[int]
    TEXT_CNN_FIELD_NUMBER: _ClassVar[int]
    HIGHWAY_FIELD_NUMBER: _ClassVar[int]
    NARY_DIS_EMBEDDING_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    GATE_NU_FIELD_NUMBER: _ClassVar[int]
    DOT_INTERACTION_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_FIELD_NUMBER: _ClassVar[int]
    MULTI_HEAD_ATTENTION_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMER_BLOCK_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMER_FIELD_NUMBER: _ClassVar[int]
    TEXT_ENCODER_FIELD_NUMBER: _ClassVar[int]
    AUXILIARY_LOSS_FIELD_NUMBER: _ClassVar[int]
    CROSS_FIELD_NUMBER: _ClassVar[int]
    class_name: str
    st_params: _struct_pb2.Struct
    periodic_embedding: _support_pb2.Foreign
    auto_dis_embedding: _support_pb2.Foreign
    fm: FM
    mask_block: MaskBlock
    masknet: MaskNet
    senet: SENet
    bilinear: _support_pb2.Foreign
    fibinet: _support_pb2.Foreign
    mlp: _dnn_pb2.MLP
    din: DINEncoder
    bst: _support_pb2.Foreign
    mmoe: MMoELayer
    seq_aug: _support_pb2.Foreign
    aitm: AITMTower
    ppnet: _support_pb2.Foreign
    text_cnn: _support_pb2.Foreign
    highway: _support_pb2.Foreign
    nary_dis_embedding: _support_pb2.Foreign
    gate: _support_pb2.Foreign
    gate_nu: _support_pb2.Foreign
    dot_interaction: _support_pb2.Foreign
    overlap: _support_pb2.Foreign
    attention: _support_pb2.Foreign
    multi_head_attention: _support_pb2.Foreign
    transformer_block: _support_pb2.Foreign
    transformer: _support_pb2.Foreign
    text_encoder: _support_pb2.Foreign
    auxiliary_loss: _support_pb2.Foreign
    cross: Cross
    def __init__(self, class_name: _Optional[str] = ..., st_params: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., periodic_embedding: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., auto_dis_embedding: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., fm: _Optional[_Union[FM, _Mapping]] = ..., mask_block: _Optional[_Union[MaskBlock, _Mapping]] = ..., masknet: _Optional[_Union[MaskNet, _Mapping]] = ..., senet: _Optional[_Union[SENet, _Mapping]] = ..., bilinear: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., fibinet: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., mlp: _Optional[_Union[_dnn_pb2.MLP, _Mapping]] = ..., din: _Optional[_Union[DINEncoder, _Mapping]] = ..., bst: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., mmoe: _Optional[_Union[MMoELayer, _Mapping]] = ..., seq_aug: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., aitm: _Optional[_Union[AITMTower, _Mapping]] = ..., ppnet: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., text_cnn: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., highway: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., nary_dis_embedding: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., gate: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., gate_nu: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., dot_interaction: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., overlap: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., attention: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., multi_head_attention: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., transformer_block: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., transformer: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., text_encoder: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., auxiliary_loss: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., cross: _Optional[_Union[Cross, _Mapping]] = ...) -> None: ...

class RecurrentLayer(_message.Message):
    __slots__ = ("num_steps", "fixed_input_index", "keras_layer")
    NUM_STEPS_FIELD_NUMBER: _ClassVar[int]
    FIXED_INPUT_INDEX_FIELD_NUMBER: _ClassVar[int]
    KERAS_LAYER_FIELD_NUMBER: _ClassVar[int]
    num_steps: int
    fixed_input_index: int
    keras_layer: KerasLayer
    def __init__(self, num_steps: _Optional[int] = ..., fixed_input_index: _Optional[int] = ..., keras_layer: _Optional[_Union[KerasLayer, _Mapping]] = ...) -> None: ...

class RepeatLayer(_message.Message):
    __slots__ = ("num_repeat", "output_concat_axis", "keras_layer", "input_fn", "input_slice")
    NUM_REPEAT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_CONCAT_AXIS_FIELD_NUMBER: _ClassVar[int]
    KERAS_LAYER_FIELD_NUMBER: _ClassVar[int]
    INPUT_FN_FIELD_NUMBER: _ClassVar[int]
    INPUT_SLICE_FIELD_NUMBER: _ClassVar[int]
    num_repeat: int
    output_concat_axis: int
    keras_layer: KerasLayer
    input_fn: str
    input_slice: str
    def __init__(self, num_repeat: _Optional[int] = ..., output_concat_axis: _Optional[int] = ..., keras_layer: _Optional[_Union[KerasLayer, _Mapping]] = ..., input_fn: _Optional[str] = ..., input_slice: _Optional[str] = ...) -> None: ...

class Layer(_message.Message):
    __slots__ = ("keras_layer", "recurrent", "repeat")
    LAMBDA_FIELD_NUMBER: _ClassVar[int]
    KERAS_LAYER_FIELD_NUMBER: _ClassVar[int]
    RECURRENT_FIELD_NUMBER: _ClassVar[int]
    REPEAT_FIELD_NUMBER: _ClassVar[int]
    keras_layer: KerasLayer
    recurrent: RecurrentLayer
    repeat: RepeatLayer
    def __init__(self, keras_layer: _Optional[_Union[KerasLayer, _Mapping]] = ..., recurrent: _Optional[_Union[RecurrentLayer, _Mapping]] = ..., repeat: _Optional[_Union[RepeatLayer, _Mapping]] = ..., **kwargs) -> None: ...

class InputLayer(_message.Message):
    __slots__ = ("do_batch_norm", "do_layer_norm", "dropout_rate", "feature_dropout_rate", "only_output_feature_list", "only_output_3d_tensor", "output_2d_tensor_and_feature_list", "output_seq_and_normal_feature", "wide_output_dim", "concat_seq_feature")
    DO_BATCH_NORM_FIELD_NUMBER: _ClassVar[int]
    DO_LAYER_NORM_FIELD_NUMBER: _ClassVar[int]
    DROPOUT_RATE_FIELD_NUMBER: _ClassVar[int]
    FEATURE_DROPOUT_RATE_FIELD_NUMBER: _ClassVar[int]
    ONLY_OUTPUT_FEATURE_LIST_FIELD_NUMBER: _ClassVar[int]
    ONLY_OUTPUT_3D_TENSOR_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_2D_TENSOR_AND_FEATURE_LIST_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SEQ_AND_NORMAL_FEATURE_FIELD_NUMBER: _ClassVar[int]
    WIDE_OUTPUT_DIM_FIELD_NUMBER: _ClassVar[int]
    CONCAT_SEQ_FEATURE_FIELD_NUMBER: _ClassVar[int]
    do_batch_norm: bool
    do_layer_norm: bool
    dropout_rate: float
    feature_dropout_rate: float
    only_output_feature_list: bool
    only_output_3d_tensor: bool
    output_2d_tensor_and_feature_list: bool
    output_seq_and_normal_feature: bool
    wide_output_dim: int
    concat_seq_feature: bool
    def __init__(self, do_batch_norm: bool = ..., do_layer_norm: bool = ..., dropout_rate: _Optional[float] = ..., feature_dropout_rate: _Optional[float] = ..., only_output_feature_list: bool = ..., only_output_3d_tensor: bool = ..., output_2d_tensor_and_feature_list: bool = ..., output_seq_and_normal_feature: bool = ..., wide_output_dim: _Optional[int] = ..., concat_seq_feature: bool = ...) -> None: ...

class Block(_message.Message):
    __slots__ = ("name", "inputs", "input_concat_axis", "merge_inputs_into_list", "extra_input_fn", "layers", "input_layer", "keras_layer", "recurrent", "repeat", "raw_input", "embedding_layer")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    INPUT_CONCAT_AXIS_FIELD_NUMBER: _ClassVar[int]
    MERGE_INPUTS_INTO_LIST_FIELD_NUMBER: _ClassVar[int]
    EXTRA_INPUT_FN_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    INPUT_LAYER_FIELD_NUMBER: _ClassVar[int]
    LAMBDA_FIELD_NUMBER: _ClassVar[int]
    KERAS_LAYER_FIELD_NUMBER: _ClassVar[int]
    RECURRENT_FIELD_NUMBER: _ClassVar[int]
    REPEAT_FIELD_NUMBER: _ClassVar[int]
    RAW_INPUT_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_LAYER_FIELD_NUMBER: _ClassVar[int]
    name: str
    inputs: _containers.RepeatedCompositeFieldContainer[Input]
    input_concat_axis: int
    merge_inputs_into_list: bool
    extra_input_fn: str
    layers: _containers.RepeatedCompositeFieldContainer[Layer]
    input_layer: InputLayer
    keras_layer: KerasLayer
    recurrent: RecurrentLayer
    repeat: RepeatLayer
    raw_input: _support_pb2.Foreign
    embedding_layer: _support_pb2.Foreign
    def __init__(self, name: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[Input, _Mapping]]] = ..., input_concat_axis: _Optional[int] = ..., merge_inputs_into_list: bool = ..., extra_input_fn: _Optional[str] = ..., layers: _Optional[_Iterable[_Union[Layer, _Mapping]]] = ..., input_layer: _Optional[_Union[InputLayer, _Mapping]] = ..., keras_layer: _Optional[_Union[KerasLayer, _Mapping]] = ..., recurrent: _Optional[_Union[RecurrentLayer, _Mapping]] = ..., repeat: _Optional[_Union[RepeatLayer, _Mapping]] = ..., raw_input: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., embedding_layer: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., **kwargs) -> None: ...

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
