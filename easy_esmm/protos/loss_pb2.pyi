from easy_esmm.protos import support_pb2 as _support_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LossType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLASSIFICATION: _ClassVar[LossType]
    L2_LOSS: _ClassVar[LossType]
    SIGMOID_L2_LOSS: _ClassVar[LossType]
    CROSS_ENTROPY_LOSS: _ClassVar[LossType]
    SOFTMAX_CROSS_ENTROPY: _ClassVar[LossType]
    CIRCLE_LOSS: _ClassVar[LossType]
    MULTI_SIMILARITY_LOSS: _ClassVar[LossType]
    SOFTMAX_CROSS_ENTROPY_WITH_NEGATIVE_MINING: _ClassVar[LossType]
    PAIR_WISE_LOSS: _ClassVar[LossType]
    F1_REWEIGHTED_LOSS: _ClassVar[LossType]
    BINARY_FOCAL_LOSS: _ClassVar[LossType]
    PAIRWISE_FOCAL_LOSS: _ClassVar[LossType]
    PAIRWISE_LOGISTIC_LOSS: _ClassVar[LossType]
    JRC_LOSS: _ClassVar[LossType]
    ORDER_CALIBRATE_LOSS: _ClassVar[LossType]
    BINARY_CROSS_ENTROPY_LOSS: _ClassVar[LossType]
    KL_DIVERGENCE_LOSS: _ClassVar[LossType]
    PAIRWISE_HINGE_LOSS: _ClassVar[LossType]
    LISTWISE_RANK_LOSS: _ClassVar[LossType]
    LISTWISE_DISTILL_LOSS: _ClassVar[LossType]
    ZILN_LOSS: _ClassVar[LossType]
CLASSIFICATION: LossType
L2_LOSS: LossType
SIGMOID_L2_LOSS: LossType
CROSS_ENTROPY_LOSS: LossType
SOFTMAX_CROSS_ENTROPY: LossType
CIRCLE_LOSS: LossType
MULTI_SIMILARITY_LOSS: LossType
SOFTMAX_CROSS_ENTROPY_WITH_NEGATIVE_MINING: LossType
PAIR_WISE_LOSS: LossType
F1_REWEIGHTED_LOSS: LossType
BINARY_FOCAL_LOSS: LossType
PAIRWISE_FOCAL_LOSS: LossType
PAIRWISE_LOGISTIC_LOSS: LossType
JRC_LOSS: LossType
ORDER_CALIBRATE_LOSS: LossType
BINARY_CROSS_ENTROPY_LOSS: LossType
KL_DIVERGENCE_LOSS: LossType
PAIRWISE_HINGE_LOSS: LossType
LISTWISE_RANK_LOSS: LossType
LISTWISE_DISTILL_LOSS: LossType
ZILN_LOSS: LossType

class Loss(_message.Message):
    __slots__ = ("loss_type", "weight", "loss_name", "learn_loss_weight", "f1_reweighted_loss", "softmax_loss", "circle_loss", "multi_simi_loss", "binary_focal_loss", "pairwise_loss", "pairwise_focal_loss", "pairwise_logistic_loss", "jrc_loss", "pairwise_hinge_loss", "listwise_rank_loss", "listwise_distill_loss", "ziln_loss")
    LOSS_TYPE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    LOSS_NAME_FIELD_NUMBER: _ClassVar[int]
    LEARN_LOSS_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    F1_REWEIGHTED_LOSS_FIELD_NUMBER: _ClassVar[int]
    SOFTMAX_LOSS_FIELD_NUMBER: _ClassVar[int]
    CIRCLE_LOSS_FIELD_NUMBER: _ClassVar[int]
    MULTI_SIMI_LOSS_FIELD_NUMBER: _ClassVar[int]
    BINARY_FOCAL_LOSS_FIELD_NUMBER: _ClassVar[int]
    PAIRWISE_LOSS_FIELD_NUMBER: _ClassVar[int]
    PAIRWISE_FOCAL_LOSS_FIELD_NUMBER: _ClassVar[int]
    PAIRWISE_LOGISTIC_LOSS_FIELD_NUMBER: _ClassVar[int]
    JRC_LOSS_FIELD_NUMBER: _ClassVar[int]
    PAIRWISE_HINGE_LOSS_FIELD_NUMBER: _ClassVar[int]
    LISTWISE_RANK_LOSS_FIELD_NUMBER: _ClassVar[int]
    LISTWISE_DISTILL_LOSS_FIELD_NUMBER: _ClassVar[int]
    ZILN_LOSS_FIELD_NUMBER: _ClassVar[int]
    loss_type: LossType
    weight: float
    loss_name: str
    learn_loss_weight: bool
    f1_reweighted_loss: F1ReweighedLoss
    softmax_loss: _support_pb2.Foreign
    circle_loss: _support_pb2.Foreign
    multi_simi_loss: _support_pb2.Foreign
    binary_focal_loss: BinaryFocalLoss
    pairwise_loss: PairwiseLoss
    pairwise_focal_loss: PairwiseFocalLoss
    pairwise_logistic_loss: PairwiseLogisticLoss
    jrc_loss: JRCLoss
    pairwise_hinge_loss: PairwiseHingeLoss
    listwise_rank_loss: ListwiseRankLoss
    listwise_distill_loss: _support_pb2.Foreign
    ziln_loss: _support_pb2.Foreign
    def __init__(self, loss_type: _Optional[_Union[LossType, str]] = ..., weight: _Optional[float] = ..., loss_name: _Optional[str] = ..., learn_loss_weight: bool = ..., f1_reweighted_loss: _Optional[_Union[F1ReweighedLoss, _Mapping]] = ..., softmax_loss: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., circle_loss: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., multi_simi_loss: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., binary_focal_loss: _Optional[_Union[BinaryFocalLoss, _Mapping]] = ..., pairwise_loss: _Optional[_Union[PairwiseLoss, _Mapping]] = ..., pairwise_focal_loss: _Optional[_Union[PairwiseFocalLoss, _Mapping]] = ..., pairwise_logistic_loss: _Optional[_Union[PairwiseLogisticLoss, _Mapping]] = ..., jrc_loss: _Optional[_Union[JRCLoss, _Mapping]] = ..., pairwise_hinge_loss: _Optional[_Union[PairwiseHingeLoss, _Mapping]] = ..., listwise_rank_loss: _Optional[_Union[ListwiseRankLoss, _Mapping]] = ..., listwise_distill_loss: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ..., ziln_loss: _Optional[_Union[_support_pb2.Foreign, _Mapping]] = ...) -> None: ...

class PairwiseLogisticLoss(_message.Message):
    __slots__ = ("temperature", "session_name", "hinge_margin", "ohem_ratio")
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    HINGE_MARGIN_FIELD_NUMBER: _ClassVar[int]
    OHEM_RATIO_FIELD_NUMBER: _ClassVar[int]
    temperature: float
    session_name: str
    hinge_margin: float
    ohem_ratio: float
    def __init__(self, temperature: _Optional[float] = ..., session_name: _Optional[str] = ..., hinge_margin: _Optional[float] = ..., ohem_ratio: _Optional[float] = ...) -> None: ...

class PairwiseFocalLoss(_message.Message):
    __slots__ = ("gamma", "alpha", "session_name", "hinge_margin", "ohem_ratio", "temperature")
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    HINGE_MARGIN_FIELD_NUMBER: _ClassVar[int]
    OHEM_RATIO_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    gamma: float
    alpha: float
    session_name: str
    hinge_margin: float
    ohem_ratio: float
    temperature: float
    def __init__(self, gamma: _Optional[float] = ..., alpha: _Optional[float] = ..., session_name: _Optional[str] = ..., hinge_margin: _Optional[float] = ..., ohem_ratio: _Optional[float] = ..., temperature: _Optional[float] = ...) -> None: ...

class PairwiseHingeLoss(_message.Message):
    __slots__ = ("temperature", "session_name", "margin", "ohem_ratio", "label_is_logits", "use_label_margin", "use_exponent")
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    OHEM_RATIO_FIELD_NUMBER: _ClassVar[int]
    LABEL_IS_LOGITS_FIELD_NUMBER: _ClassVar[int]
    USE_LABEL_MARGIN_FIELD_NUMBER: _ClassVar[int]
    USE_EXPONENT_FIELD_NUMBER: _ClassVar[int]
    temperature: float
    session_name: str
    margin: float
    ohem_ratio: float
    label_is_logits: bool
    use_label_margin: bool
    use_exponent: bool
    def __init__(self, temperature: _Optional[float] = ..., session_name: _Optional[str] = ..., margin: _Optional[float] = ..., ohem_ratio: _Optional[float] = ..., label_is_logits: bool = ..., use_label_margin: bool = ..., use_exponent: bool = ...) -> None: ...

class ListwiseRankLoss(_message.Message):
    __slots__ = ("temperature", "session_name", "label_is_logits", "scale_logits", "transform_fn")
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    LABEL_IS_LOGITS_FIELD_NUMBER: _ClassVar[int]
    SCALE_LOGITS_FIELD_NUMBER: _ClassVar[int]
    TRANSFORM_FN_FIELD_NUMBER: _ClassVar[int]
    temperature: float
    session_name: str
    label_is_logits: bool
    scale_logits: bool
    transform_fn: str
    def __init__(self, temperature: _Optional[float] = ..., session_name: _Optional[str] = ..., label_is_logits: bool = ..., scale_logits: bool = ..., transform_fn: _Optional[str] = ...) -> None: ...

class F1ReweighedLoss(_message.Message):
    __slots__ = ("f1_beta_square", "label_smoothing")
    F1_BETA_SQUARE_FIELD_NUMBER: _ClassVar[int]
    LABEL_SMOOTHING_FIELD_NUMBER: _ClassVar[int]
    f1_beta_square: float
    label_smoothing: float
    def __init__(self, f1_beta_square: _Optional[float] = ..., label_smoothing: _Optional[float] = ...) -> None: ...

class BinaryFocalLoss(_message.Message):
    __slots__ = ("gamma", "alpha", "ohem_ratio", "label_smoothing")
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    OHEM_RATIO_FIELD_NUMBER: _ClassVar[int]
    LABEL_SMOOTHING_FIELD_NUMBER: _ClassVar[int]
    gamma: float
    alpha: float
    ohem_ratio: float
    label_smoothing: float
    def __init__(self, gamma: _Optional[float] = ..., alpha: _Optional[float] = ..., ohem_ratio: _Optional[float] = ..., label_smoothing: _Optional[float] = ...) -> None: ...

class PairwiseLoss(_message.Message):
    __slots__ = ("margin", "session_name", "temperature")
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    margin: float
    session_name: str
    temperature: float
    def __init__(self, margin: _Optional[float] = ..., session_name: _Optional[str] = ..., temperature: _Optional[float] = ...) -> None: ...

class JRCLoss(_message.Message):
    __slots__ = ("session_name", "alpha", "same_label_loss", "loss_weight_strategy")
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    SAME_LABEL_LOSS_FIELD_NUMBER: _ClassVar[int]
    LOSS_WEIGHT_STRATEGY_FIELD_NUMBER: _ClassVar[int]
    session_name: str
    alpha: float
    same_label_loss: bool
    loss_weight_strategy: str
    def __init__(self, session_name: _Optional[str] = ..., alpha: _Optional[float] = ..., same_label_loss: bool = ..., loss_weight_strategy: _Optional[str] = ...) -> None: ...
