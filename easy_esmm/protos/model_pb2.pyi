from easy_esmm.protos import aitm_pb2 as _aitm_pb2
from easy_esmm.protos import backbone_pb2 as _backbone_pb2
from easy_esmm.protos import chorus_cvr_pb2 as _chorus_cvr_pb2
from easy_esmm.protos import click_space_pb2 as _click_space_pb2
from easy_esmm.protos import dcmt_pb2 as _dcmt_pb2
from easy_esmm.protos import ddpo_pb2 as _ddpo_pb2
from easy_esmm.protos import deepfm_pb2 as _deepfm_pb2
from easy_esmm.protos import delayed_feedback_pb2 as _delayed_feedback_pb2
from easy_esmm.protos import division_pb2 as _division_pb2
from easy_esmm.protos import escm2_pb2 as _escm2_pb2
from easy_esmm.protos import esmm_pb2 as _esmm_pb2
from easy_esmm.protos import esmm_aitm_pb2 as _esmm_aitm_pb2
from easy_esmm.protos import esmm_mmoe_pb2 as _esmm_mmoe_pb2
from easy_esmm.protos import esmm_ple_pb2 as _esmm_ple_pb2
from easy_esmm.protos import feature_pb2 as _feature_pb2
from easy_esmm.protos import loss_pb2 as _loss_pb2
from easy_esmm.protos import multi_task_pb2 as _multi_task_pb2
from easy_esmm.protos import multi_tower_pb2 as _multi_tower_pb2
from easy_esmm.protos import nise_pb2 as _nise_pb2
from easy_esmm.protos import support_pb2 as _support_pb2
from easy_esmm.protos import tower_pb2 as _tower_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VariationalDropoutLayer(_message.Message):
    __slots__ = ("regularization_lambda", "embedding_wise_variational_dropout")
    REGULARIZATION_LAMBDA_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_WISE_VARIATIONAL_DROPOUT_FIELD_NUMBER: _ClassVar[int]
    regularization_lambda: float
    embedding_wise_variational_dropout: bool
    def __init__(self, regularization_lambda: _Optional[float] = ..., embedding_wise_variational_dropout: bool = ...) -> None: ...

class ModelConfig(_message.Message):
    __slots__ = ("model_class", "model_name", "feature_groups", "model_params", "esmm", "esmm_mmoe", "esmm_ple", "esmm_aitm", "escm2", "dcmt", "click_space", "division", "aitm", "nise", "chorus_cvr", "ddpo", "mmoe", "dbmtl", "simple_multi_task", "ple", "wide_and_deep", "deepfm", "multi_tower", "fm", "dcn", "autoint", "dlrm", "cmbf", "uniter", "multi_tower_recall", "dssm", "mind", "dropoutnet", "metric_learning", "pdn", "dat", "dssm_senet", "parallel_dssm", "rocket_launching", "seq_att_groups", "embedding_regularization", "loss_type", "num_class", "use_embedding_variable", "ev_params", "kd", "restore_filters", "variational_dropout", "losses", "loss_weight_strategy", "backbone", "loss_reduction", "task", "delayed_feedback")
    class LossReduction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MEAN: _ClassVar[ModelConfig.LossReduction]
        SUM: _ClassVar[ModelConfig.LossReduction]
    MEAN: ModelConfig.LossReduction
    SUM: ModelConfig.LossReduction
    class LossWeightStrategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        Fixed: _ClassVar[ModelConfig.LossWeightStrategy]
        Uncertainty: _ClassVar[ModelConfig.LossWeightStrategy]
        Random: _ClassVar[ModelConfig.LossWeightStrategy]
    Fixed: ModelConfig.LossWeightStrategy
    Uncertainty: ModelConfig.LossWeightStrategy
    Random: ModelConfig.LossWeightStrategy
    MODEL_CLASS_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MODEL_PARAMS_FIELD_NUMBER: _ClassVar[int]
    ESMM_FIELD_NUMBER: _ClassVar[int]
    ESMM_MMOE_FIELD_NUMBER: _ClassVar[int]
    ESMM_PLE_FIELD_NUMBER: _ClassVar[int]
    ESMM_AITM_FIELD_NUMBER: _ClassVar[int]
    ESCM2_FIELD_NUMBER: _ClassVar[int]
    DCMT_FIELD_NUMBER: _ClassVar[int]
    CLICK_SPACE_FIELD_NUMBER: _ClassVar[int]
    DIVISION_FIELD_NUMBER: _ClassVar[int]
    AITM_FIELD_NUMBER: _ClassVar[int]
    NISE_FIELD_NUMBER: _ClassVar[int]
    CHORUS_CVR_FIELD_NUMBER: _ClassVar[int]
    DDPO_FIELD_NUMBER: _ClassVar[int]
    MMOE_FIELD_NUMBER: _ClassVar[int]
    DBMTL_FIELD_NUMBER: _ClassVar[int]
    SIMPLE_MULTI_TASK_FIELD_NUMBER: _ClassVar[int]
    PLE_FIELD_NUMBER: _ClassVar[int]
    WIDE_AND_DEEP_FIELD_NUMBER: _ClassVar[int]
    DEEPFM_FIELD_NUMBER: _ClassVar[int]
    MULTI_TOWER_FIELD_NUMBER: _ClassVar[int]
    FM_FIELD_NUMBER: _ClassVar[int]
    DCN_FIELD_NUMBER: _ClassVar[int]
    AUTOINT_FIELD_NUMBER: _ClassVar[int]
    DLRM_FIELD_NUMBER: _ClassVar[int]
    CMBF_FIELD_NUMBER: _ClassVar[int]
    UNITER_FIELD_NUMBER: _ClassVar[int]
    MULTI_TOWER_RECALL_FIELD_NUMBER: _ClassVar[int]
    DSSM_FIELD_NUMBER: _ClassVar[int]
    MIND_FIELD_NUMBER: _ClassVar[int]
    DROPOUTNET_FIELD_NUMBER: _ClassVar[int]
    METRIC_LEARNING_FIELD_NUMBER: _ClassVar[int]
    PDN_FIELD_NUMBER: _ClassVar[int]
    DAT_FIELD_NUMBER: _ClassVar[int]
    DSSM_SENET_FIELD_NUMBER: _ClassVar[int]
    PARALLEL_DSSM_FIELD_NUMBER: _ClassVar[int]
    ROCKET_LAUNCHING_FIELD_NUMBER: _ClassVar[int]
    SEQ_ATT_GROUPS_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_REGULARIZATION_FIELD_NUMBER: _ClassVar[int]
    LOSS_TYPE_FIELD_NUMBER: _ClassVar[int]
    NUM_CLASS_FIELD_NUMBER: _ClassVar[int]
    USE_EMBEDDING_VARIABLE_FIELD_NUMBER: _ClassVar[int]
    EV_PARAMS_FIELD_NUMBER: _ClassVar[int]
    KD_FIELD_NUMBER: _ClassVar[int]
    RESTORE_FILTERS_FIELD_NUMBER: _ClassVar[int]
    VARIATIONAL_DROPOUT_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    LOSS_WEIGHT_STRATEGY_FIELD_NUMBER: _ClassVar[int]
    BACKBONE_FIELD_NUMBER: _ClassVar[int]
    LOSS_REDUCTION_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    DELAYED_FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    model_class: str
    model_name: str
    feature_groups: _containers.RepeatedCompositeFieldContainer[_feature_pb2.FeatureGroupConfig]
    model_params: _multi_task_pb2.MultiTaskModel
    esmm: _esmm_pb2.ESMM
    esmm_mmoe: _esmm_mmoe_pb2.ESMM_MMoE
    esmm_ple: _esmm_ple_pb2.ESMM_PLE
    esmm_aitm: _esmm_aitm_pb2.ESMM_AITM
    escm2: _escm2_pb2.ESCM2
    dcmt: _dcmt_pb2.DCMT
    click_space: _click_space_pb2.ClickSpace
    division: _division_pb2.Division
    aitm: _aitm_pb2.AITM
    nise: _nise_pb2.NISE
    chorus_cvr: _chorus_cvr_pb2.ChorusCVR
    ddpo: _ddpo_pb2.DDPO
    mmoe: _multi_task_pb2.MMoE
    dbmtl: _multi_task_pb2.DBMTL
    simple_multi_task: _multi_task_pb2.SimpleMultiTask
    ple: _multi_task_pb2.PLE
    wide_and_deep: _deepfm_pb2.WideAndDeep
    deepfm: _deepfm_pb2.DeepFM
    multi_tower: _multi_tower_pb2.MultiTower
    fm: _support_pb2.Foreign
    dcn: _support_pb2.Foreign
    autoint: _support_pb2.Foreign
    dlrm: _support_pb2.Foreign
    cmbf: _support_pb2.Foreign
    uniter: _support_pb2.Foreign
    multi_tower_recall: _support_pb2.Foreign
    dssm: _support_pb2.Foreign
    mind: _support_pb2.Foreign
    dropoutnet: _support_pb2.Foreign
    metric_learning: _support_pb2.Foreign
    pdn: _support_pb2.Foreign
    dat: _support_pb2.Foreign
    dssm_senet: _support_pb2.Foreign
    parallel_dssm: _support_pb2.Foreign
    rocket_launching: _support_pb2.Foreign
    seq_att_groups: _containers.RepeatedCompositeFieldContainer[_feature_pb2.SeqAttGroupConfig]
    embedding_regularization: float
    loss_type: _loss_pb2.LossType
    num_class: int
    use_embedding_variable: bool
    ev_params: _support_pb2.Foreign
    kd: _containers.RepeatedCompositeFieldContainer[_support_pb2.Foreign]
    restore_filters: _containers.RepeatedScalarFieldContainer[str]
    variational_dropout: VariationalDropoutLayer
    losses: _containers.RepeatedCompositeFieldContainer[_loss_pb2.Loss]
    loss_weight_strategy: ModelConfig.LossWeightStrategy
    backbone: _backbone_pb2.BackboneTower
    loss_reduction: ModelConfig.LossReduction
    task: _tower_pb2.TaskTower
    delayed_feedback: _delayed_feedback_pb2.DelayedFeedback
    def __init__(self, model_class: _Optional[str] = ..., model_name: _Optional[str] = ..., feature_groups: _Optional[_Iterable[_Union[_feature_pb2.FeatureGroupConfig, _Mapping]]] = ..., model_params: _Optional[_Union[_multi_task_pb2.MultiTaskModel, _Mapping]] = ..., esmm: _Optional[_Union[_esmm_pb2.ESMM, _Mapping]] = ..., esmm_mmoe: _Optional[_Union[_esmm_mmoe_pb2.ESMM_MMoE, _Mapping]] = ..., esmm_ple: _Optional[_Union[_esmm_ple_pb2.ESMM_PLE, _Mapping]] = ..., esmm_aitm: _Optional[_Union[_esmm_aitm_pb2.ESMM_AITM, _Mapping]] = ..., escm2: _Optional[_Union[_escm2_pb2.ESCM2, _Mapping]] = ..., dcmt: _Optional[_Union[_dcmt_pb2.DCMT, _Mapping]] = ..., click_space: _Optional[_Union[_click_space_pb2.ClickSpace, _Mapping]] = ..., division: _Optional[_Union[_division_pb2.Division, _Mapping]] = ..., aitm: _Optional[_Union[_aitm_pb2.AITM, _Mapping]] = ..., nise: _Optional[_Union[_nise_pb2.NISE, _Mapping]] = ..., chorus_cvr: _Optional[_Union[_chorus_cvr_pb2.ChorusCVR, _Mapping]] = ..., ddpo: _Optional[_Union[_ddpo_pb2.DDPO, _Mapping]] = ..., mmoe: _Optional[_Union[_multi_task_pb2.MMoE, _Mapping]] = ..., dbmtl: _Optional[_Union[_multi_task_pb2.DBMTL, _Mapping]] = ..., simple_multi_task: _Optional[_Union[_multi_task_pb2.SimpleMultiTask, _Mapping]] = ..., ple: _Optional[_Union[_multi_task_pb2.PLE, _Mapping]] = ..., wide_and_deep: _Optional[_Union[_deepfm_pb2.WideAndDeep, _Mapping]] = ..., deepfm: _Optional[_Union[_deepfm_pb2.DeepFM, _Mapping]] = ..., multi_tower: _Optional[_Union[_multi_tower_pb2.MultiTower, _Mapping]] = ..., fm: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., dcn: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., autoint: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., dlrm: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., cmbf: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., uniter: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., multi_tower_recall: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., dssm: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., mind: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., dropoutnet: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., metric_learning: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., pdn: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., dat: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., dssm_senet: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., parallel_dssm: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., rocket_launching: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., seq_att_groups: _Optional[_Iterable[_Union[_feature_pb2.SeqAttGroupConfig, _Mapping]]] = ..., embedding_regularization: _Optional[float] = ..., loss_type: _Optional[_Union[_loss_pb2.LossType, str]] = ..., num_class: _Optional[int] = ..., use_embedding_variable: bool = ..., ev_params: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., kd: _Optional[_Iterable[_Union[_support_pb2.Foreign, _Mapping]]] = ..., restore_filters: _Optional[_Iterable[str]] = ..., variational_dropout: _Optional[_Union[VariationalDropoutLayer, _Mapping]] = ..., losses: _Optional[_Iterable[_Union[_loss_pb2.Loss, _Mapping]]] = ..., loss_weight_strategy: _Optional[_Union[ModelConfig.LossWeightStrategy, str]] = ..., backbone: _Optional[_Union[_backbone_pb2.BackboneTower, _Mapping]] = ..., loss_reduction: _Optional[_Union[ModelConfig.LossReduction, str]] = ..., task: _Optional[_Union[_tower_pb2.TaskTower, _Mapping]] = ..., delayed_feedback: _Optional[_Union[_delayed_feedback_pb2.DelayedFeedback, _Mapping]] = ...) -> None: ...
