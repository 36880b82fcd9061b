// SPDX-License-Identifier: Apache-2.0
// Hand-written kernels by family name: the independent answer a cascade that names one (`reference:`) is checked
// against. Kernels include base/ only and share no code with the cascades.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.hpp"

namespace einloom {

using ReferenceInputs = std::map<std::string, Tensor<double>>;  // by tensor name, ranks in the kernel's order
using ReferenceExtents = std::map<std::string, std::int64_t>;   // ranks and parameters

struct ReferenceKernel {
  std::string name;
  std::string description;                // one line: inputs with their ranks → output
  std::vector<std::string> inputs;        // tensors it reads
  std::vector<std::string> output_ranks;  // of the tensor it returns
  Tensor<double> (*run)(const ReferenceInputs& inputs, const ReferenceExtents& extents) = nullptr;
};

// All kernels, sorted by name; nullptr when there is none of that name.
[[nodiscard]] const std::vector<ReferenceKernel>& all_references();
[[nodiscard]] const ReferenceKernel* find_reference(std::string_view name);
[[nodiscard]] const std::vector<std::string>& reference_names();

}  // namespace einloom
