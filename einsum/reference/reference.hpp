// SPDX-License-Identifier: Apache-2.0
// Hand-written kernels by name: the independent answer a cascade that names one (`reference:`) is checked against.
// Kernels include base/ only, share no code with the cascades, and are written from the defining form in fp64.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.hpp"

namespace einloom {

using ReferenceTensors = std::map<std::string, Tensor<double>>;  // by tensor name, ranks in the kernel's order

// What a workload fixes besides its tensors. The functions throw InternalError for a name that is not set.
struct ReferenceSetting {
  std::map<std::string, std::int64_t> extents;  // ranks and whole-number parameters
  std::map<std::string, double> constants;      // real-valued parameters
  std::map<std::string, std::string> options;   // choices between forms of one mechanism

  [[nodiscard]] std::int64_t extent(const std::string& name) const;
  [[nodiscard]] double constant(const std::string& name) const;
  [[nodiscard]] const std::string& option(const std::string& name) const;
};

struct ReferenceOutput {
  std::string tensor;
  std::vector<std::string> ranks;
};

struct ReferenceKernel {
  std::string name;
  std::string description;               // one line: inputs with their ranks → outputs
  std::vector<std::string> inputs;       // tensors it reads
  std::vector<ReferenceOutput> outputs;  // a cascade may name the only output of a kernel differently
  ReferenceTensors (*run)(const ReferenceTensors& inputs, const ReferenceSetting& setting) = nullptr;
};

// All kernels, sorted by name; nullptr when there is none of that name.
[[nodiscard]] const std::vector<ReferenceKernel>& all_references();
[[nodiscard]] const ReferenceKernel* find_reference(std::string_view name);
[[nodiscard]] const std::vector<std::string>& reference_names();

// The tensor `name` of a kernel's inputs; InternalError when it is missing.
[[nodiscard]] const Tensor<double>& reference_input(const ReferenceTensors& inputs, const std::string& name);

}  // namespace einloom
