// SPDX-License-Identifier: Apache-2.0
// The sorted list of reference kernels. A new one is its file, an entry point here and one line in the list.
#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/reference/matmul.hpp"
#include "einsum/reference/pwl_attention.hpp"
#include "einsum/reference/reference.hpp"
#include "einsum/reference/softmax_attention.hpp"

namespace einloom {
namespace {

const Tensor<double>& input(const ReferenceInputs& inputs, const std::string& name) {
  const auto found = inputs.find(name);
  ensure(found != inputs.end(), "a reference kernel misses its input tensor " + name);
  return found->second;
}

Tensor<double> run_matmul(const ReferenceInputs& inputs, const ReferenceExtents&) {
  return matmul(input(inputs, "X"), input(inputs, "W"));
}

std::int64_t number(const ReferenceExtents& extents, const std::string& name) {
  const auto found = extents.find(name);
  ensure(found != extents.end(), "a reference kernel misses the parameter " + name);
  return found->second;
}

PwlAttention pwl_options(const ReferenceExtents& extents) {
  PwlAttention options;
  options.keys_per_tile = number(extents, "M0");
  options.pieces = number(extents, "PIECES");
  return options;
}

Tensor<double> run_pwl_attention(const ReferenceInputs& inputs, const ReferenceExtents& extents) {
  return pwl_attention(input(inputs, "Q"), input(inputs, "K"), input(inputs, "V"), pwl_options(extents));
}

Tensor<double> run_pwl_attention_causal(const ReferenceInputs& inputs, const ReferenceExtents& extents) {
  PwlAttention options = pwl_options(extents);
  options.causal = true;
  return pwl_attention(input(inputs, "Q"), input(inputs, "K"), input(inputs, "V"), options);
}

Tensor<double> run_softmax_attention(const ReferenceInputs& inputs, const ReferenceExtents&) {
  return softmax_attention(input(inputs, "Q"), input(inputs, "K"), input(inputs, "V"));
}

}  // namespace

const std::vector<ReferenceKernel>& all_references() {
  static const std::vector<ReferenceKernel> kReferences{
      {"matmul", "X[T,K], W[K,N] → Z[T,N]", {"W", "X"}, {"T", "N"}, &run_matmul},
      {"pwl_attention",
       "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F], M0, PIECES → O[B,H,P,F]",
       {"K", "Q", "V"},
       {"B", "H", "P", "F"},
       &run_pwl_attention},
      {"pwl_attention_causal",
       "the same; query p sees keys 0 to p",
       {"K", "Q", "V"},
       {"B", "H", "P", "F"},
       &run_pwl_attention_causal},
      {"softmax_attention",
       "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F] → O[B,H,P,F]",
       {"K", "Q", "V"},
       {"B", "H", "P", "F"},
       &run_softmax_attention},
  };
  return kReferences;
}

const ReferenceKernel* find_reference(std::string_view name) {
  const auto& all = all_references();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const ReferenceKernel& kernel) { return kernel.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const std::vector<std::string>& reference_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& kernel : all_references()) names.push_back(kernel.name);
    return names;
  }();
  return kNames;
}

}  // namespace einloom
