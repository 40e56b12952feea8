from easy_esmm.protos import optimizer_pb2 as _optimizer_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DistributionStrategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NoStrategy: _ClassVar[DistributionStrategy]
    PSStrategy: _ClassVar[DistributionStrategy]
    MirroredStrategy: _ClassVar[DistributionStrategy]
    CollectiveAllReduceStrategy: _ClassVar[DistributionStrategy]
    ExascaleStrategy: _ClassVar[DistributionStrategy]
    MultiWorkerMirroredStrategy: _ClassVar[DistributionStrategy]
    SokStrategy: _ClassVar[DistributionStrategy]
    HorovodStrategy: _ClassVar[DistributionStrategy]
    EmbeddingParallelStrategy: _ClassVar[DistributionStrategy]

class ComputeDtype(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FP32: _ClassVar[ComputeDtype]
    BF16: _ClassVar[ComputeDtype]
NoStrategy: DistributionStrategy
PSStrategy: DistributionStrategy
MirroredStrategy: DistributionStrategy
CollectiveAllReduceStrategy: DistributionStrategy
ExascaleStrategy: DistributionStrategy
MultiWorkerMirroredStrategy: DistributionStrategy
SokStrategy: DistributionStrategy
HorovodStrategy: DistributionStrategy
EmbeddingParallelStrategy: DistributionStrategy
FP32: ComputeDtype
BF16: ComputeDtype

class TrainConfig(_message.Message):
    __slots__ = ("optimizer_config", "gradient_clipping_by_norm", "num_steps", "fine_tune_checkpoint", "fine_tune_ckpt_var_map", "fine_tune_by_feature", "sync_replicas", "sparse_accumulator_type", "startup_delay_steps", "save_checkpoints_steps", "save_checkpoints_secs", "keep_checkpoint_max", "save_summary_steps", "log_step_count_steps", "is_profiling", "force_restore_shape_compatible", "train_distribute", "num_gpus_per_worker", "summary_model_vars", "protocol", "inter_op_parallelism_threads", "intra_op_parallelism_threads", "tensor_fuse", "write_graph", "freeze_gradient", "incr_save_config", "enable_oss_stop_signal", "dead_line", "random_seed", "compute_dtype")
    OPTIMIZER_CONFIG_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_CLIPPING_BY_NORM_FIELD_NUMBER: _ClassVar[int]
    NUM_STEPS_FIELD_NUMBER: _ClassVar[int]
    FINE_TUNE_CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    FINE_TUNE_CKPT_VAR_MAP_FIELD_NUMBER: _ClassVar[int]
    FINE_TUNE_BY_FEATURE_FIELD_NUMBER: _ClassVar[int]
    SYNC_REPLICAS_FIELD_NUMBER: _ClassVar[int]
    SPARSE_ACCUMULATOR_TYPE_FIELD_NUMBER: _ClassVar[int]
    STARTUP_DELAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    SAVE_CHECKPOINTS_STEPS_FIELD_NUMBER: _ClassVar[int]
    SAVE_CHECKPOINTS_SECS_FIELD_NUMBER: _ClassVar[int]
    KEEP_CHECKPOINT_MAX_FIELD_NUMBER: _ClassVar[int]
    SAVE_SUMMARY_STEPS_FIELD_NUMBER: _ClassVar[int]
    LOG_STEP_COUNT_STEPS_FIELD_NUMBER: _ClassVar[int]
    IS_PROFILING_FIELD_NUMBER: _ClassVar[int]
    FORCE_RESTORE_SHAPE_COMPATIBLE_FIELD_NUMBER: _ClassVar[int]
    TRAIN_DISTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    NUM_GPUS_PER_WORKER_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_MODEL_VARS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    INTER_OP_PARALLELISM_THREADS_FIELD_NUMBER: _ClassVar[int]
    INTRA_OP_PARALLELISM_THREADS_FIELD_NUMBER: _ClassVar[int]
    TENSOR_FUSE_FIELD_NUMBER: _ClassVar[int]
    WRITE_GRAPH_FIELD_NUMBER: _ClassVar[int]
    FREEZE_GRADIENT_FIELD_NUMBER: _ClassVar[int]
    INCR_SAVE_CONFIG_FIELD_NUMBER: _ClassVar[int]
    ENABLE_OSS_STOP_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    DEAD_LINE_FIELD_NUMBER: _ClassVar[int]
    RANDOM_SEED_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_DTYPE_FIELD_NUMBER: _ClassVar[int]
    optimizer_config: _containers.RepeatedCompositeFieldContainer[_optimizer_pb2.Optimizer]
    gradient_clipping_by_norm: float
    num_steps: int
    fine_tune_checkpoint: str
    fine_tune_ckpt_var_map: str
    fine_tune_by_feature: bool
    sync_replicas: bool
    sparse_accumulator_type: str
    startup_delay_steps: float
    save_checkpoints_steps: int
    save_checkpoints_secs: int
    keep_checkpoint_max: int
    save_summary_steps: int
    log_step_count_steps: int
    is_profiling: bool
    force_restore_shape_compatible: bool
    train_distribute: DistributionStrategy
    num_gpus_per_worker: int
    summary_model_vars: bool
    protocol: str
    inter_op_parallelism_threads: int
    intra_op_parallelism_threads: int
    tensor_fuse: bool
    write_graph: bool
    freeze_gradient: _containers.RepeatedScalarFieldContainer[str]
    incr_save_config: _support_pb2.Foreign
    enable_oss_stop_signal: bool
    dead_line: str
    random_seed: int
    compute_dtype: ComputeDtype
    def __init__(self, optimizer_config: _Optional[_Iterable[_Union[_optimizer_pb2.Optimizer, _Mapping]]] = ..., gradient_clipping_by_norm: _Optional[float] = ..., num_steps: _Optional[int] = ..., fine_tune_checkpoint: _Optional[str] = ..., fine_tune_ckpt_var_map: _Optional[str] = ..., fine_tune_by_feature: bool = ..., sync_replicas: bool = ..., sparse_accumulator_type: _Optional[str] = ..., startup_delay_steps: _Optional[float] = ..., save_checkpoints_steps: _Optional[int] = ..., save_checkpoints_secs: _Optional[int] = ..., keep_checkpoint_max: _Optional[int] = ..., save_summary_steps: _Optional[int] = ..., log_step_count_steps: _Optional[int] = ..., is_profiling: bool = ..., force_restore_shape_compatible: bool = ..., train_distribute: _Optional[_Union[DistributionStrategy, str]] = ..., num_gpus_per_worker: _Optional[int] = ..., summary_model_vars: bool = ..., protocol: _Optional[str] = ..., inter_op_parallelism_threads: _Optional[int] = ..., intra_op_parallelism_threads: _Optional[int] = ..., tensor_fuse: bool = ..., write_graph: bool = ..., freeze_gradient: _Optional[_Iterable[str]] = ..., incr_save_config: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., enable_oss_stop_signal: bool = ..., dead_line: _Optional[str] = ..., random_seed: _Optional[int] = ..., compute_dtype: _Optional[_Union[ComputeDtype, str]] = ...) -> None: ...
