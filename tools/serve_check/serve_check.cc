// Loads a SavedModel with the loader of TensorFlow Serving, replays a warm-up file, compares the
// answers with those in the file, and measures the time of each request on one thread.
//
//   serve_check FOLDER [--requests=FILE] [--seconds=1] [--relative=1e-5]
//
// --requests: default: the model's own warm-up file.
// --seconds: how long each request is repeated; 0: each is asked once, as requests that may fail are.
// --relative: how much an answer may differ from the file's. Added to it are 1e-7 of probabilities
//   (outputs with `probs` in their names), and `relative` itself of all others, such as logits.
//
// Prints a line of JSON for each request. Status 0: all equal; 1: an answer differs or a request of
// the file fails; 2: no model or no file. Made by `make serve-check`.

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "prediction_log.h"
#include "products.h"
#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/protobuf/meta_graph.pb.h"
#include "tensorflow/core/public/session_options.h"

namespace easy_esmm {
namespace {

using absl::Status;
using tensorflow::Tensor;

struct Options {
  std::string folder;
  std::string requests;
  double seconds = 1;
  double relative = 1e-5;
};

constexpr int kMaxRuns = 2000;

std::string Quoted(const std::string& text) {
  std::ostringstream quoted;
  quoted << '"';
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\') {
      quoted << '\\' << c;
    } else if (c < 0x20 || c >= 0x7f) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c);
      quoted << code;
    } else {
      quoted << c;
    }
  }
  quoted << '"';
  return quoted.str();
}

double Milliseconds(const std::chrono::steady_clock::time_point& start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// Of all threads of this process.
double CpuMilliseconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * now.tv_sec + 1e-6 * now.tv_nsec;
}

// Calls for `seconds`, at least 3 times, and prints the median and the 99th percentile of the time
// on the wall, and the median of the CPU time, which other processes change less.
template <typename Call>
Status Measure(double seconds, const std::string& name, std::ostream& out, Call call) {
  std::vector<double> times, cpu_times;
  const auto start = std::chrono::steady_clock::now();
  while (times.size() < 3 || (times.size() < kMaxRuns && Milliseconds(start) < 1000 * seconds)) {
    const auto begun = std::chrono::steady_clock::now();
    const double cpu_begun = CpuMilliseconds();
    TF_RETURN_IF_ERROR(call());
    cpu_times.push_back(CpuMilliseconds() - cpu_begun);
    times.push_back(Milliseconds(begun));
  }
  const auto at = [](std::vector<double>& sorted, double share) {
    std::sort(sorted.begin(), sorted.end());
    return sorted[std::lround(share * (sorted.size() - 1))];
  };
  out << ", " << Quoted(name + "_p50_ms") << ": " << at(times, .5) << ", "
      << Quoted(name + "_p99_ms") << ": " << at(times, .99) << ", " << Quoted(name + "_cpu_ms")
      << ": " << at(cpu_times, .5) << ", " << Quoted(name + "_runs") << ": " << times.size();
  return absl::OkStatus();
}

// A model, and how its answers are compared.
class Served {
 public:
  explicit Served(const Options& options) : options_(options) {
    session_options_.config.set_intra_op_parallelism_threads(1);
    session_options_.config.set_inter_op_parallelism_threads(1);
  }

  Status Load() {
    return tensorflow::LoadSavedModel(session_options_, tensorflow::RunOptions(), options_.folder,
                                      {"serve"}, &bundle_);
  }

  // Asks, and prints all about it but the brackets of the line.
  Status Ask(const Request& request, bool* is_equal, std::ostream& out) {
    std::vector<std::pair<std::string, Tensor>> feed;
    std::vector<std::string> keys, names;
    TF_RETURN_IF_ERROR(Resolve(request, &feed, &keys, &names));
    std::vector<Tensor> answers;
    const auto run = [&] { return bundle_.session->Run(feed, names, {}, &answers); };
    const auto start = std::chrono::steady_clock::now();
    TF_RETURN_IF_ERROR(run());
    out << ", \"first_ms\": " << Milliseconds(start) << ", \"rows\": " << Rows(answers);
    Compare(request.answers, keys, answers, is_equal, out);
    if (options_.seconds <= 0) return absl::OkStatus();
    TF_RETURN_IF_ERROR(Measure(options_.seconds, "call", out, run));
    std::unique_ptr<Products> products;
    TF_RETURN_IF_ERROR(Products::Make(bundle_.meta_graph_def.graph_def(), bundle_.session.get(),
                                      feed, names, session_options_, &products));
    if (products == nullptr) return absl::OkStatus();
    return Measure(options_.seconds, "products", out, [&] { return products->Run(); });
  }

 private:
  // Keys to tensors, as the server does it: all inputs of the signature and no others.
  Status Resolve(const Request& request, std::vector<std::pair<std::string, Tensor>>* feed,
                 std::vector<std::string>* keys, std::vector<std::string>* names) const {
    const auto& signatures = bundle_.meta_graph_def.signature_def();
    const auto found = signatures.find(request.signature);
    if (found == signatures.end()) {
      return absl::FailedPreconditionError(absl::StrCat("no signature ", request.signature));
    }
    for (const auto& input : found->second.inputs()) {
      if (!request.inputs.count(input.first)) {
        return absl::InvalidArgumentError(absl::StrCat("missing input ", input.first));
      }
    }
    for (const auto& input : request.inputs) {
      const auto known = found->second.inputs().find(input.first);
      if (known == found->second.inputs().end()) {
        return absl::InvalidArgumentError(absl::StrCat("unknown input ", input.first));
      }
      feed->emplace_back(known->second.name(), input.second);
    }
    for (const auto& output : found->second.outputs()) {
      keys->push_back(output.first);
      names->push_back(output.second.name());
    }
    return absl::OkStatus();
  }

  static int64_t Rows(const std::vector<Tensor>& answers) {
    return answers.empty() || answers[0].dims() == 0 ? 0 : answers[0].dim_size(0);
  }

  void Compare(const Tensors& wanted, const std::vector<std::string>& keys,
               const std::vector<Tensor>& answers, bool* is_equal, std::ostream& out) const {
    std::string fault;
    double largest = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto expected = wanted.find(keys[i]);
      if (expected != wanted.end()) {
        largest = std::max(largest, Difference(keys[i], expected->second, answers[i], &fault));
      } else if (!wanted.empty()) {
        fault = "the file has no answer " + keys[i];
      }
    }
    for (const auto& expected : wanted) {
      if (std::find(keys.begin(), keys.end(), expected.first) == keys.end()) {
        fault = "the model has no output " + expected.first;
      }
    }
    *is_equal = fault.empty();
    out << ", \"compared\": " << (wanted.empty() ? "false" : "true")
        << ", \"largest_difference\": " << largest;
    if (!fault.empty()) out << ", \"differs\": " << Quoted(fault);
  }

  // Scores are float32, counts int32.
  static double ValueAt(const Tensor& tensor, int64_t row) {
    return tensor.dtype() == tensorflow::DT_INT32 ? tensor.flat<int32_t>()(row)
                                                  : tensor.flat<float>()(row);
  }

  // The largest difference; `fault` says where one is too large.
  double Difference(const std::string& key, const Tensor& wanted, const Tensor& answer,
                    std::string* fault) const {
    if (wanted.dtype() != answer.dtype() || wanted.shape() != answer.shape()) {
      *fault = key + ": " + answer.DebugString(0) + " instead of " + wanted.DebugString(0);
      return 0;
    }
    const double floor =
        key.find("probs") != std::string::npos ? 1e-7 : std::max(1e-6, options_.relative);
    double largest = 0;
    for (int64_t row = 0; row < wanted.NumElements(); ++row) {
      const double w = ValueAt(wanted, row), a = ValueAt(answer, row);
      const double difference = std::fabs(w - a);
      largest = std::max(largest, difference);
      if (w != a && !(difference <= options_.relative * std::fabs(w) + floor)) {  // NaN too
        std::ostringstream text;
        text.precision(9);
        text << key << ", row " << row << ": " << a << " instead of " << w;
        *fault = text.str();
      }
    }
    return largest;
  }

  const Options options_;
  tensorflow::SessionOptions session_options_;
  tensorflow::SavedModelBundle bundle_;
};

int Run(const Options& options) {
  std::vector<Request> requests;
  Served served(options);
  const auto start = std::chrono::steady_clock::now();
  Status status = served.Load();
  const double load_ms = Milliseconds(start);
  if (status.ok()) status = ReadRequests(options.requests, &requests);
  if (status.ok() && requests.empty()) {
    status = absl::NotFoundError(absl::StrCat("no request in ", options.requests));
  }
  if (!status.ok()) {
    std::cerr << status.ToString() << std::endl;
    return 2;
  }
  std::cout << "{\"load_ms\": " << load_ms << "}" << std::endl;
  int result = 0;
  for (const Request& request : requests) {
    bool is_equal = false;
    std::ostringstream line;
    const Status answered = served.Ask(request, &is_equal, line);
    if (!answered.ok()) line << ", \"error\": " << Quoted(answered.ToString());
    std::cout << "{\"signature\": " << Quoted(request.signature) << line.str() << "}" << std::endl;
    if (!answered.ok() || !is_equal) result = 1;
  }
  return result;
}

}  // namespace
}  // namespace easy_esmm

int main(int argc, char** argv) {
  easy_esmm::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t end = argument.find('=');
    const std::string name = argument.substr(0, end);
    const std::string value = end == std::string::npos ? "" : argument.substr(end + 1);
    if (name == "--requests") {
      options.requests = value;
    } else if (name == "--seconds") {
      options.seconds = std::atof(value.c_str());
    } else if (name == "--relative") {
      options.relative = std::atof(value.c_str());
    } else if (options.folder.empty() && argument[0] != '-') {
      options.folder = argument;
    } else {
      std::cerr << "serve_check FOLDER [--requests=FILE] [--seconds=1] [--relative=1e-5], got "
                << argument << std::endl;
      return 2;
    }
  }
  if (options.requests.empty()) {
    options.requests = options.folder + "/assets.extra/tf_serving_warmup_requests";
  }
  return easy_esmm::Run(options);
}
