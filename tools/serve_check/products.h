// The matrix products of a signature, and nothing else: the least time that an answer can take.

#ifndef EASY_ESMM_PRODUCTS_H_
#define EASY_ESMM_PRODUCTS_H_

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "prediction_log.h"
#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/node_def_builder.h"
#include "tensorflow/core/public/session.h"

namespace easy_esmm {

// `name:0` and `^name` without what stands around the name.
inline std::string NodeName(const std::string& tensor) {
  const size_t start = tensor[0] == '^' ? 1 : 0;
  return tensor.substr(start, tensor.find(':') - start);
}

// The products among the nodes that `outputs` need.
inline std::vector<const tensorflow::NodeDef*> ProductsOf(const tensorflow::GraphDef& graph,
                                                          std::vector<std::string> outputs) {
  std::map<std::string, const tensorflow::NodeDef*> nodes;
  for (const auto& node : graph.node()) nodes[node.name()] = &node;
  std::set<std::string> seen;
  std::vector<const tensorflow::NodeDef*> products;
  while (!outputs.empty()) {
    const std::string name = NodeName(outputs.back());
    outputs.pop_back();
    if (!nodes.count(name) || !seen.insert(name).second) continue;
    const tensorflow::NodeDef* node = nodes[name];
    if (node->op() == "MatMul" || node->op() == "BatchMatMulV2") products.push_back(node);
    outputs.insert(outputs.end(), node->input().begin(), node->input().end());
  }
  return products;
}

// A session that computes products of the same shapes and types.
class Products {
 public:
  // Runs the model once, to see what its products are given.
  static absl::Status Make(const tensorflow::GraphDef& model, tensorflow::Session* session,
                                 const std::vector<std::pair<std::string, tensorflow::Tensor>>& feed,
                                 const std::vector<std::string>& outputs,
                                 const tensorflow::SessionOptions& options,
                                 std::unique_ptr<Products>* made) {
    const auto products = ProductsOf(model, outputs);
    if (products.empty()) return absl::OkStatus();
    std::vector<std::string> factors;
    for (const auto* product : products) {
      factors.push_back(product->input(0));
      factors.push_back(product->input(1));
    }
    std::vector<tensorflow::Tensor> values;
    TF_RETURN_IF_ERROR(session->Run(feed, factors, {}, &values));
    made->reset(new Products);
    tensorflow::GraphDef graph;
    for (size_t i = 0; i < products.size(); ++i) {
      const std::string name = "product_" + std::to_string(i);
      for (size_t side : {0, 1}) {
        TF_RETURN_IF_ERROR((*made)->AddFactor(name + "_" + std::to_string(side),
                                              values[2 * i + side], &graph));
      }
      tensorflow::NodeDef* node = graph.add_node();
      *node = *products[i];
      node->set_name(name);
      node->clear_input();
      node->add_input(name + "_0_read");
      node->add_input(name + "_1_read");
      (*made)->targets_.push_back(name);
    }
    (*made)->session_.reset(tensorflow::NewSession(options));
    TF_RETURN_IF_ERROR((*made)->session_->Create(graph));
    return (*made)->session_->Run((*made)->factors_, {}, (*made)->initializers_, nullptr);
  }

  absl::Status Run() { return session_->Run({}, {}, targets_, nullptr); }

 private:
  // A variable, so that nothing is computed in advance or copied at each run.
  absl::Status AddFactor(const std::string& name, const tensorflow::Tensor& value,
                               tensorflow::GraphDef* graph) {
    using tensorflow::NodeDefBuilder;
    const auto type = value.dtype();
    TF_RETURN_IF_ERROR(NodeDefBuilder(name, "VarHandleOp")
                           .Attr("dtype", type)
                           .Attr("shape", value.shape())
                           .Attr("shared_name", name)
                           .Finalize(graph->add_node()));
    TF_RETURN_IF_ERROR(NodeDefBuilder(name + "_value", "Placeholder")
                           .Attr("dtype", type)
                           .Finalize(graph->add_node()));
    TF_RETURN_IF_ERROR(NodeDefBuilder(name + "_set", "AssignVariableOp")
                           .Input(name, 0, tensorflow::DT_RESOURCE)
                           .Input(name + "_value", 0, type)
                           .Attr("dtype", type)
                           .Finalize(graph->add_node()));
    TF_RETURN_IF_ERROR(NodeDefBuilder(name + "_read", "ReadVariableOp")
                           .Input(name, 0, tensorflow::DT_RESOURCE)
                           .Attr("dtype", type)
                           .Finalize(graph->add_node()));
    factors_.emplace_back(name + "_value", value);
    initializers_.push_back(name + "_set");
    return absl::OkStatus();
  }

  std::unique_ptr<tensorflow::Session> session_;
  std::vector<std::pair<std::string, tensorflow::Tensor>> factors_;
  std::vector<std::string> initializers_;
  std::vector<std::string> targets_;
};

}  // namespace easy_esmm

#endif  // EASY_ESMM_PRODUCTS_H_
