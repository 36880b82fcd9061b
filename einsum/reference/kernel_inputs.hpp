// SPDX-License-Identifier: Apache-2.0
// What a kernel is given: its tensors, whose extents must agree rank by rank, and its parameters, constants and
// options, each with the value that holds when the setting does not name it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "einsum/reference/reference.hpp"

namespace einloom::reference {

class KernelInputs {
 public:
  KernelInputs(const ReferenceTensors& tensors, const ReferenceSetting& setting)
      : tensors_(tensors), setting_(setting) {}

  // The tensor, its extents noted as those of `ranks`. InternalError when it is missing, has another number of ranks or
  // an extent unlike that of a tensor read before.
  const Tensor<double>& read(const std::string& name, const std::vector<std::string>& ranks);
  // nullptr when there is no such tensor.
  const Tensor<double>* read_if_present(const std::string& name, const std::vector<std::string>& ranks);

  // Extent of a rank of a tensor read before.
  [[nodiscard]] std::int64_t extent(const std::string& rank) const;
  [[nodiscard]] std::int64_t parameter(const std::string& name) const { return setting_.extent(name); }
  [[nodiscard]] std::int64_t parameter(const std::string& name, std::int64_t usual) const;
  [[nodiscard]] double constant(const std::string& name, double usual) const;
  // One of `forms`, the first when the setting names none; InternalError for any other.
  [[nodiscard]] std::string form(const std::string& option, const std::vector<std::string>& forms) const;

 private:
  const ReferenceTensors& tensors_;
  const ReferenceSetting& setting_;
  std::map<std::string, std::int64_t> extents_;
};

}  // namespace einloom::reference
