// SPDX-License-Identifier: Apache-2.0
#include "experiments/reference_lookup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"
#include "base/suggest.hpp"
#include "einsum/reference/reference.hpp"

namespace einloom {

namespace {

// Kernels check what they are given with `ensure`: to them it is an invariant, here it is the cascade's document that
// names a kernel for other tensors.
UserError mismatch(const Cascade& cascade, const ReferenceKernel& kernel, const std::string& what) {
  return UserError(Diagnostic{
      "reference-mismatch",
      fmt::format("kernel `{}` does not fit the tensors of cascade `{}`: {}", kernel.name, cascade.name(), what),
      cascade.span(),
      {},
      fmt::format("it is {}; rename the cascade's tensors and ranks, or name another kernel "
                  "by `reference:`",
                  kernel.description)});
}

// A copy whose ranks stand in the order of `ranks` (the same names).
Tensor<double> reordered(const Tensor<double>& tensor, const std::vector<std::string>& ranks) {
  if (tensor.ranks() == ranks) return tensor;
  const std::size_t count = ranks.size();
  ensure(tensor.ranks().size() == count, "the reference kernel's output has another number of ranks");
  std::vector<std::int64_t> extents(count), strides(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto found = std::find(tensor.ranks().begin(), tensor.ranks().end(), ranks[i]);
    ensure(found != tensor.ranks().end(), fmt::format("the reference kernel's output has no rank {}", ranks[i]));
    const auto from = static_cast<std::size_t>(found - tensor.ranks().begin());
    extents[i] = tensor.extents()[from];
    strides[i] = tensor.strides()[from];
  }
  Tensor<double> result(ranks, extents);
  std::vector<std::int64_t> at(count, 0);
  for (std::int64_t written = 0; written < result.size(); ++written) {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < count; ++i) offset += at[i] * strides[i];
    result.data()[written] = tensor.data()[offset];
    for (std::size_t i = count; i-- > 0;) {
      if (++at[i] < extents[i]) break;
      at[i] = 0;
    }
  }
  return result;
}

}  // namespace

ReferenceSetting reference_setting(const Cascade& cascade, const Shape& shape) {
  ReferenceSetting setting;
  setting.extents = shape.values();
  for (const ConstantDecl& constant : cascade.constants()) setting.constants[constant.name] = constant.value;
  for (const OptionDecl& option : cascade.options()) setting.options[option.name] = option.chosen;
  return setting;
}

ReferenceFunction reference_for(const Cascade& cascade) {
  const auto* kernel = find_reference(cascade.reference());
  if (kernel == nullptr) {
    Diagnostic error{
        "reference-missing",
        fmt::format("cascade `{}` names no kernel to check against; values need an independent answer", cascade.name()),
        cascade.span()};
    const std::string known = suggestion(cascade.reference(), reference_names());
    throw UserError(error.with_help(fmt::format("add `reference:` with the name of a kernel; {}", known)));
  }
  const auto run = [kernel, &cascade](const TensorStore<double>& inputs, const Shape& shape) {
    const ReferenceTensors found = kernel->run(inputs, reference_setting(cascade, shape));
    TensorStore<double> outputs;
    for (const TensorDecl& tensor : cascade.tensors()) {
      if (tensor.role != TensorRole::output) continue;
      const auto same = found.size() == 1 ? found.begin() : found.find(tensor.name);
      ensure(same != found.end(), fmt::format("the reference kernel gives no tensor {}", tensor.name));
      Tensor<double> output = reordered(same->second, tensor.ranks);
      for (std::size_t i = 0; i < tensor.ranks.size(); ++i) {
        const std::int64_t states = tensor.ranks[i] == tensor.iterative_rank ? 1 : 0;
        ensure(output.extents()[i] == shape.at(tensor.ranks[i]) + states,
               fmt::format("the reference kernel's output {} has another extent of {}", tensor.name, tensor.ranks[i]));
      }
      outputs.emplace(tensor.name, std::move(output));
    }
    return outputs;
  };
  return [kernel, &cascade, run](const TensorStore<double>& inputs, const Shape& shape) {
    try {
      return run(inputs, shape);
    } catch (const InternalError& error) {
      throw mismatch(cascade, *kernel, error.what());
    }
  };
}

}  // namespace einloom
