// Reads the requests of a warm-up file: TFRecord of tensorflow.serving.PredictionLog.
//
// The wheel holds no code for these messages, so their few fields are taken by number, as they stand
// in protos/prediction.proto.

#ifndef EASY_ESMM_PREDICTION_LOG_H_
#define EASY_ESMM_PREDICTION_LOG_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/unknown_field_set.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/tensor.pb.h"
#include "tensorflow/core/lib/io/record_reader.h"
#include "tensorflow/core/platform/env.h"
#include "tensorflow/core/platform/errors.h"

namespace easy_esmm {

using Tensors = std::map<std::string, tensorflow::Tensor>;

struct Request {
  std::string signature = "serving_default";
  Tensors inputs;
  Tensors answers;  // Empty: none are known.
};

// The texts and messages of a field.
inline absl::Status ValuesOf(const std::string& message, int number,
                                   std::vector<std::string>* values) {
  google::protobuf::UnknownFieldSet fields;
  if (!fields.ParseFromString(message)) {
    return absl::DataLossError("no message of protos/prediction.proto");
  }
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    if (field.number() == number &&
        field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
      values->emplace_back(field.length_delimited());
    }
  }
  return absl::OkStatus();
}

// A text or message that stands there once, or empty: the last of several.
inline absl::Status ValueOf(const std::string& message, int number, std::string* value) {
  std::vector<std::string> values;
  TF_RETURN_IF_ERROR(ValuesOf(message, number, &values));
  if (!values.empty()) *value = values.back();
  return absl::OkStatus();
}

// A field of type map<string, TensorProto>.
inline absl::Status TensorsOf(const std::string& message, int number, Tensors* tensors) {
  std::vector<std::string> entries;
  TF_RETURN_IF_ERROR(ValuesOf(message, number, &entries));
  for (const std::string& entry : entries) {
    std::string key, value;
    TF_RETURN_IF_ERROR(ValueOf(entry, 1, &key));
    TF_RETURN_IF_ERROR(ValueOf(entry, 2, &value));
    tensorflow::TensorProto proto;
    if (!proto.ParseFromString(value) || !(*tensors)[key].FromProto(proto)) {
      return absl::InvalidArgumentError(absl::StrCat("the tensor ", key, " cannot be read"));
    }
  }
  return absl::OkStatus();
}

inline absl::Status ParseLog(const std::string& record, Request* request) {
  std::string predict_log, asked, spec, answered;
  TF_RETURN_IF_ERROR(ValueOf(record, 6, &predict_log));
  TF_RETURN_IF_ERROR(ValueOf(predict_log, 1, &asked));
  TF_RETURN_IF_ERROR(ValueOf(predict_log, 2, &answered));
  TF_RETURN_IF_ERROR(ValueOf(asked, 1, &spec));
  TF_RETURN_IF_ERROR(ValueOf(spec, 3, &request->signature));
  TF_RETURN_IF_ERROR(TensorsOf(asked, 2, &request->inputs));
  return TensorsOf(answered, 1, &request->answers);
}

inline absl::Status ReadRequests(const std::string& path, std::vector<Request>* requests) {
  std::unique_ptr<tensorflow::RandomAccessFile> file;
  TF_RETURN_IF_ERROR(tensorflow::Env::Default()->NewRandomAccessFile(path, &file));
  tensorflow::io::SequentialRecordReader reader(file.get());
  for (;;) {
    tensorflow::tstring record;
    const absl::Status status = reader.ReadRecord(&record);
    if (absl::IsOutOfRange(status)) return absl::OkStatus();
    TF_RETURN_IF_ERROR(status);
    requests->emplace_back();
    TF_RETURN_IF_ERROR(ParseLog(std::string(record), &requests->back()));
  }
}

}  // namespace easy_esmm

#endif  // EASY_ESMM_PREDICTION_LOG_H_
